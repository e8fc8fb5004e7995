/* Unit tests of base/utf8. */
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/buf.h"
#include "base/show.h"
#include "base/utf8.h"

/* The bytes of a code point as RFC 3629 says; 0 for what has none. */
static size_t encode(unsigned long point, char text[5])
{
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len; i-- > 1; point >>= 6)
		text[i] = (char)(0x80 | (point & 0x3f));
	text[0] = (char)(leads[len] | point);
	text[len] = '\0';
	return len;
}

static void every_code_point_is_a_sequence_but_surrogates(void **state)
{
	char text[5];

	(void)state;
	for (unsigned long point = 1; point <= 0x10ffff; point++) {
		size_t len = encode(point, text);

		if (point >= 0xd800 && point <= 0xdfff)
			len = 0;
		if (utf8_sequence(text) != len)
			fail_msg("U+%04lX: %zu", point, utf8_sequence(text));
	}
	for (unsigned long point = 0x110000; point < 0x200000; point += 0x111) {
		encode(point, text);
		assert_int_equal(utf8_sequence(text), 0);
	}
}

static void what_is_overlong_cut_off_or_no_lead_is_none(void **state)
{
	static const char *const bad[] = {
		"\200", "\277", "\300\200", "\301\277", "\340\200\200", "\340\237\277",
		"\360\200\200\200", "\360\217\277\277", "\303", "\303x", "\342\202", "\342x\254",
		"\360\237\230", "\360\237x\200", "\365\200\200\200", "\376", "\377",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(utf8_sequence(bad[i]), 0);
}

static void what_is_cut_ends_where_a_character_ends(void **state)
{
	(void)state;
	assert_int_equal(utf8_cut("abc", 10), 3);
	assert_int_equal(utf8_cut("abc", 2), 2);
	assert_int_equal(utf8_cut("a\303\274b", 2), 1);
	assert_int_equal(utf8_cut("a\303\274b", 3), 3);
	assert_int_equal(utf8_cut("\377\377", 1), 1);
	assert_int_equal(utf8_cut("", 5), 0);
}

static void what_a_terminal_obeys_is_blanked(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "plain \303\244 \342\202\254 \360\237\230\200", "plain \303\244 \342\202\254 \360\237\230\200" },
		{ "\033[31m\r\n\t\177", " [31m    " },
		{ "a\302\200b\302\233c\302\237d\302\240e", "a b c d\302\240e" },
		{ "a\233b\237c\351d", "a b c\351d" },
		{ "\342\200\216\342\200\217\330\234|\342\200\252\342\200\256|\342\201\246\342\201\251", "   |  |  " },
		{ "\342\200\215\342\200\220\342\200\257\342\201\245\342\201\252",
		  "\342\200\215\342\200\220\342\200\257\342\201\245\342\201\252" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = BUF_INIT;

		utf8_blank(&b, cases[i].text);
		assert_string_equal(b.data, cases[i].shown);
		buf_free(&b);
	}
	assert_int_equal(utf8_point("\360\237\230\200"), 0x1f600);
	assert_int_equal(utf8_point("\302\200"), 0x80);
}

static int print_shown(void *arg)
{
	(void)arg;
	show("%s: %d\n", "a\nb\033", 1);
	show("part %s", "\342\200\256");
	show("\n");
	show_json("{\"a\":\"\303\244\302\233\177\342\200\256\351\"}");
	return 0;
}

static void what_is_shown_is_one_line_and_json_stays_json(void **state)
{
	struct outcome o = call(print_shown, NULL);

	(void)state;
	assert_string_equal(o.out, "a b : 1\npart  \n{\"a\":\"\303\244\\u009b\\u007f\\u202e?\"}\n");
	outcome_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_a_sequence_but_surrogates),
		cmocka_unit_test(what_is_overlong_cut_off_or_no_lead_is_none),
		cmocka_unit_test(what_a_terminal_obeys_is_blanked),
		cmocka_unit_test(what_is_shown_is_one_line_and_json_stays_json),
		cmocka_unit_test(what_is_cut_ends_where_a_character_ends),
	};

	return unit_run("utf8", tests, NULL, NULL);
}
