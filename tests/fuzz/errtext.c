/* Fuzzes ext/errtext: a code is five letters or digits of the message, the words are a part of it. */
#include "fuzz.h"

#include "base/banned.h"
#include "ext/errtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = input_text(data, len), state[6] = "?";
	struct buf words = BUF_INIT;

	errtext_take(text, state, &words);
	MUST(strlen(state) == 0 || strlen(state) == 5);
	MUST(strstr(text, state));
	MUST(strstr(text, words.data));
	MUST(!*state || !strchr(words.data, '\n'));
	buf_free(&words);
	free(text);
	return 0;
}
