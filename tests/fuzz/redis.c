/* Fuzzes what check/check_service makes of a Redis server's answer: it passes only by a line that is +PONG, and quotes
 * only what stands in a line that begins with a minus. */
#include "fuzz.h"

#include "base/banned.h"
#include "check/kinds.h"

/* Whether one of the lines, each ended by CR LF, is that text, or begins with it. */
static int has_line(const char *at, const char *end, const char *text, int whole)
{
	size_t len = strlen(text);
	const char *eol;

	for (; (eol = memmem(at, (size_t)(end - at), "\r\n", 2)); at = eol + 2)
		if ((size_t)(eol - at) >= len && memcmp(at, text, len) == 0 && (!whole || (size_t)(eol - at) == len))
			return 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct finding f = FINDING_INIT;
	char *answer = malloc(len + 1); /* as net_talk ends it */
	int pong, bad;

	MUST(answer);
	memcpy(answer, data, len);
	answer[len] = '\0';
	pong = has_line(answer, answer + len, "+PONG", 1);
	bad = has_line(answer, answer + len, "-", 0);
	redis_judge(answer, len, &f);
	MUST((f.verdict == PASS) == pong);
	if (!pong) {
		MUST(f.verdict == FAIL && f.why.len);
		MUST(bad == (strncmp(f.why.data, "answered: ", 10) == 0));
		MUST(!strpbrk(f.why.data, "\r\n"));
	}
	finding_free(&f);
	free(answer);
	return 0;
}
