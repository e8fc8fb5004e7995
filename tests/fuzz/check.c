/*
 * Fuzzes the reading of checks, one and several with their targets.
 *
 * As in url.c a digit in an error came from the input, but for the name of an
 * unknown check, which is quoted when it is a plain word.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/text.h"
#include "check/checks.h"
#include "check/kinds.h"

#define BLANKS " \t\r\n"

extern char **environ;

/* user:password@ of a place does not show, nor what a query says to redis; a path has none, but may be called URL. */
static void shows_no_password(const struct check *c, const char *text)
{
	const char *at = strrchr(c->shown, '@');

	if (c->kind->arg == ARG_REDIS && text_ends_with(c->shown, "?***"))
		MUST(strchr(text, '?'));
	else if (check_is_of_db(c) || c->kind->on_disk || !strchr(text, '@'))
		MUST(check_is_of_db(c) || strstr(text, "://") || same(c->shown, text));
	else
		MUST(at && at - c->shown >= 3 && memcmp(at - 3, "***", 3) == 0);
}

static void trimmed_check(const char *text, const char *given)
{
	struct buf error = BUF_INIT;
	struct check c;
	int rc = check_read(&c, given, &error);

	if (rc == 0) {
		MUST(c.kind && c.shown && !error.len);
		MUST((c.sign == SIGN_NONE) == !c.bound && (!c.bound || *c.bound));
		MUST(!c.schema || (*c.schema && *c.name));
		shows_no_password(&c, text);
		MUST(c.below >= 0 && (!c.below || c.kind->below));
		if (c.arg)
			MUST(strlen(c.arg) < strlen(text) && strstr(text, c.arg));
	} else {
		char *name = xstrndup(text, strcspn(text, "=<>!" BLANKS));

		MUST(rc == BAD_USAGE && error.len);
		MUST(same(msg_word(name), name) || !error.data[strcspn(error.data, DIGITS)]);
		free(name);
	}
	check_free(&c);
	buf_free(&error);
}

/* Blanks around a check make no difference. */
static void one_check(const char *given)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, given + strspn(given, BLANKS));
	buf_trim(&text);
	trimmed_check(text.data, given);
	buf_free(&text);
}

/* Every check of a database has a target, and every target a check. */
static void all_have_targets(const struct checks *c)
{
	for (size_t i = 0; i < c->n; i++)
		MUST(check_is_of_db(&c->v[i]) ? c->v[i].target < c->targets_n && *checks_target(c, i)
		                              : !*checks_target(c, i));
	for (size_t t = 0; t < c->targets_n; t++) {
		size_t i = 0;

		while (i < c->n && c->v[i].target != t)
			i++;
		MUST(i < c->n);
	}
}

static void several_checks(const char *text, const char *url)
{
	struct strs lines = { 0 }, urls = { 0 };
	struct buf error = BUF_INIT;
	struct checks c;
	int rc;

	strs_split(&lines, text, NULL);
	if (url)
		strs_add(&urls, url);
	rc = checks_read(&c, &lines, &urls, "ready", &error);
	MUST(rc == 0 || rc == BAD_USAGE || rc == BAD_CONFIG);
	MUST((rc == 0) == (error.len == 0));
	if (rc == 0)
		all_have_targets(&c);
	checks_free(&c);
	strs_free(&lines);
	strs_free(&urls);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char *no_variables[1];
	char *text = input_text(data, len);

	environ = no_variables;
	one_check(text);
	several_checks(text, NULL);
	several_checks(text, "sqlite:x");
	free(text);
	return 0;
}
