/* Fuzzes dump/manifest: what was read is written and read again as the same. */
#include "fuzz.h"

#include "base/banned.h"
#include "base/status.h"
#include "dump/manifest.h"

static void again(const struct manifest *m)
{
	char *text = manifest_text(m), *second;
	struct buf error = BUF_INIT;
	struct manifest copy;

	MUST(manifest_parse(&copy, text, "again", &error) == 0);
	second = manifest_text(&copy);
	MUST(strcmp(text, second) == 0);
	manifest_free(&copy);
	free(text);
	free(second);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = input_text(data, len);
	struct buf error = BUF_INIT;
	struct manifest m;
	int rc = manifest_parse(&m, text, "input", &error);

	MUST(rc == 0 || rc == BAD_DATA);
	MUST((rc == 0) == (error.len == 0));
	if (rc == 0)
		again(&m);
	manifest_free(&m);
	buf_free(&error);
	free(text);
	return rc ? -1 : 0;
}
