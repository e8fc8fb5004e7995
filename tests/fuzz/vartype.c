/*
 * Fuzzes envcheck/vartype: any type with any options judges any value, shows nothing of it, and is read again as it was.
 *
 * The input is the type and the value; a ~ in the value stands for a secret.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/status.h"
#include "envcheck/vartype.h"

#define SECRET "Tr0ub4dor-hunter2"

static char *with_secret(const char *text)
{
	struct buf b = BUF_INIT;

	for (; *text; text++)
		if (*text == '~')
			buf_puts(&b, SECRET);
		else
			buf_putc(&b, *text);
	return buf_detach(&b);
}

static void judge(const struct vartype *t, const char *value)
{
	struct buf why = BUF_INIT;
	int rc = vartype_judge(t, value, &why);

	MUST(rc == 0 || (rc == -1 && why.len));
	MUST(!strstr(why.data, SECRET));
	buf_free(&why);
}

static void again(const struct vartype *t)
{
	char *text = vartype_text(t), *second;
	struct buf error = BUF_INIT;
	struct vartype copy;

	MUST(vartype_read(&copy, text, &error) == 0);
	second = vartype_text(&copy);
	MUST(strcmp(text, second) == 0);
	vartype_free(&copy);
	free(text);
	free(second);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *type = input_next(&data, &len), *text = input_next(&data, &len), *value = with_secret(text);
	struct buf error = BUF_INIT;
	struct vartype t;
	int rc = vartype_read(&t, type, &error);

	MUST((rc == 0 || rc == BAD_USAGE) && (rc == 0) == (error.len == 0));
	/* What is in an option may be shown. */
	if (rc == 0 && !strstr(type, SECRET))
		judge(&t, value);
	/* An option with quotes inside has no form that is read as it was. */
	if (rc == 0 && !strpbrk(type, "\"'`"))
		again(&t);
	vartype_guess(text, value);
	vartype_free(&t);
	buf_free(&error);
	free(type);
	free(text);
	free(value);
	return rc ? -1 : 0;
}
