/* Unit tests of base/teller. */
#include "unit.h"

#include "base/banned.h"
#include "base/buf.h"
#include "base/teller.h"

static void note(enum msg_level level, const char *text, void *arg)
{
	buf_printf(arg, "%d %s\n", (int)level, text);
}

static void it_gets_the_text_its_level_and_its_own_argument(void **state)
{
	struct buf noted = BUF_INIT;
	const struct teller teller = { .say = note, .arg = &noted };

	(void)state;
	teller_say(&teller, MSG_WARNING, "100%s");
	teller_sayf(&teller, MSG_INFO, "%d of %s", 3, "four");
	assert_string_equal(noted.data, "1 100%s\n2 3 of four\n");
	buf_free(&noted);
}

static void there_may_be_none(void **state)
{
	(void)state;
	teller_say(NULL, MSG_ERROR, "x");
	teller_sayf(NULL, MSG_ERROR, "%s", "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gets_the_text_its_level_and_its_own_argument),
		cmocka_unit_test(there_may_be_none),
	};

	return unit_run("teller", tests, NULL, NULL);
}
