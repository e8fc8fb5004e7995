/* Fuzzes duration_parse of base/clock against a second opinion, and back. */
#include "fuzz.h"

#include "base/banned.h"
#include "base/clock.h"

/* The same by another way: -1 when text is no duration. */
static int64_t second_opinion(const char *text)
{
	size_t digits = strspn(text, DIGITS);
	const char *unit = text + digits;
	int64_t ms = 0, factor;

	if (!digits)
		return -1;
	if (!*unit || same(unit, "s"))
		factor = 1000;
	else if (same(unit, "ms"))
		factor = 1;
	else if (same(unit, "m"))
		factor = 60 * 1000;
	else if (same(unit, "h"))
		factor = 60 * 60 * 1000;
	else if (same(unit, "d"))
		factor = 24 * 60 * 60 * 1000;
	else
		return -1;
	for (size_t i = 0; i < digits; i++)
		if (__builtin_mul_overflow(ms, 10, &ms) || __builtin_add_overflow(ms, text[i] - '0', &ms))
			return -1;
	return __builtin_mul_overflow(ms, factor, &ms) ? -1 : ms;
}

static void comes_back(int64_t ms)
{
	char *text = duration_text(ms);
	int64_t again = -1;

	MUST(duration_parse(text, &again));
	MUST(again == ms);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = input_text(data, len);
	int64_t ms = -7, wanted = second_opinion(text);
	uint64_t number = 0;

	if (duration_parse(text, &ms)) {
		MUST(ms == wanted);
		comes_back(ms);
	} else {
		MUST(wanted == -1);
		MUST(ms == -7);
	}
	memcpy(&number, data, len < sizeof(number) ? len : sizeof(number));
	comes_back((int64_t)(number >> 1));
	free(text);
	return 0;
}
