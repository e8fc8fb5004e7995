/* Unit tests of what the marker of a seed means for a start of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "seed/decision.h"

static struct buf told = BUF_INIT; /* each line with its level before it */

static void tell(enum msg_level level, const char *line, void *arg)
{
	(void)arg;
	buf_printf(&told, "%s %s\n", level == MSG_ERROR ? "error" : level == MSG_WARNING ? "warning" : "info", line);
}

static const struct teller teller = { .say = tell };

/* A check that finds what its argument says. */
static void answer(const void *arg, struct db *db, int64_t deadline, struct finding *f)
{
	(void)db;
	(void)deadline;
	finding_set(f, *(const enum verdict *)arg, "because");
	f->near = true;
}

static const enum verdict verdicts[] = { PASS, FAIL, UNKNOWN };
static const struct seed_check holds = { "c", answer, &verdicts[PASS] };
static const struct seed_check fails = { "c", answer, &verdicts[FAIL] };
static const struct seed_check unclear = { "c", answer, &verdicts[UNKNOWN] };

static struct target target = { .shown = (char *)"t" };

static struct seed seed_of(const char *on_interrupted, const char *on_change)
{
	return (struct seed){ .target = &target, .name = "s", .on_interrupted = on_interrupted, .on_change = on_change,
		              .tell = &teller };
}

/* Fails unless the seed is decided so, with that code and those lines. */
static void assert_decides(const struct seed *s, const struct marker *m, enum decision wanted, int code,
                           const char *lines)
{
	struct db db = DB_INIT;
	int rc = 0;

	buf_cut(&told, 0);
	assert_int_equal(decision_of(s, &db, m, &rc), wanted);
	assert_int_equal(rc, code);
	assert_string_equal(told.data, lines);
	db_free(&db);
}

static void without_a_marker_unless_decides(void **state)
{
	const struct marker none = { .state = MARKER_NONE };
	struct seed s = seed_of("fail", "warn");

	(void)state;
	assert_decides(&s, &none, DECISION_RUN, 0, "");
	s.unless = &holds;
	assert_decides(&s, &none, DECISION_ADOPT, 0, "");
	s.unless = &fails;
	assert_decides(&s, &none, DECISION_RUN, 0, "warning t: c does not hold: because\n");
	s.unless = &unclear;
	assert_decides(&s, &none, DECISION_STOP, UNAVAILABLE, "error t: c cannot be checked: because\n");
}

static void a_seed_that_is_done_does_not_run_again(void **state)
{
	const struct marker done = { .state = MARKER_DONE, .started = (char *)"10:00", .finished = (char *)"11:00" };
	const struct marker adopted = { .state = MARKER_ADOPTED, .started = (char *)"10:00" };
	struct seed s = seed_of("fail", "warn");

	(void)state;
	s.unless = &unclear;
	assert_decides(&s, &done, DECISION_SKIP, 0, "info t: seed 's' is done since 11:00\n");
	assert_decides(&s, &adopted, DECISION_SKIP, 0, "info t: seed 's' is adopted since 10:00\n");
	s.always = true;
	assert_decides(&s, &done, DECISION_RUN, 0, "");
}

static void what_a_changed_seed_does_is_said_beforehand(void **state)
{
	const struct marker old = { .state = MARKER_DONE, .version = (char *)"1", .started = (char *)"10:00" };
	static const struct {
		const char *word;
		enum decision decision;
		int code;
		const char *line;
	} table[] = {
		{ "ignore", DECISION_SKIP, 0, "info t: seed 's' is done since 10:00\n" },
		{ "rerun", DECISION_RUN, 0, "" },
		{ "warn", DECISION_SKIP, 0,
		  "warning t: seed 's' has changed since it ran; it is not run again (--on-change rerun would)\n" },
		{ "fail", DECISION_STOP, BAD_DATA, "error t: seed 's' has changed since it ran (--on-change fail)\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct seed s = seed_of("fail", table[i].word);

		s.marker.version = (char *)"2";
		assert_decides(&s, &old, table[i].decision, table[i].code, table[i].line);
	}
}

static void an_interrupted_seed_stops_unless_told_otherwise(void **state)
{
	const struct marker m = { .state = MARKER_RUNNING, .attempt = 3, .host = (char *)"h", .started = (char *)"10:00" };
	static const char again[] = "warning t: seed 's' was interrupted in attempt 3: running it again\n";
	struct seed s = seed_of("fail", "warn");

	(void)state;
	assert_decides(&s, &m, DECISION_STOP, BROKEN_OFF,
	               "error t: seed 's' was interrupted: it began at 10:00 on h (attempt 3) and did not end: look at "
	               "the data, then use --on-interrupted rerun, --mark or --reset\n");
	s = seed_of("rerun", "warn");
	assert_decides(&s, &m, DECISION_RUN, 0, again);
	s = seed_of("verify", "warn");
	s.verify = &holds;
	assert_decides(&s, &m, DECISION_ADOPT, 0, "");
	s.verify = &unclear;
	assert_decides(&s, &m, DECISION_STOP, UNAVAILABLE, "error t: c cannot be checked: because\n");
	s.verify = &fails;
	buf_cut(&told, 0);
	assert_int_equal(decision_of(&s, &(struct db)DB_INIT, &m, &(int){ 0 }), DECISION_RUN);
	assert_holds(told.data, "does not hold");
	assert_holds(told.data, again);
}

static void a_seed_that_failed_runs_again(void **state)
{
	const struct marker m = { .state = MARKER_FAILED, .attempt = 2 };
	struct seed s = seed_of("fail", "fail");

	(void)state;
	s.unless = &holds;
	assert_decides(&s, &m, DECISION_RUN, 0, "info t: seed 's' failed in attempt 2: running it again\n");
}

static int forget(void **state)
{
	(void)state;
	buf_free(&told);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_marker_unless_decides),
		cmocka_unit_test(a_seed_that_is_done_does_not_run_again),
		cmocka_unit_test(what_a_changed_seed_does_is_said_beforehand),
		cmocka_unit_test(an_interrupted_seed_stops_unless_told_otherwise),
		cmocka_unit_test(a_seed_that_failed_runs_again),
	};

	return unit_run("decision", tests, NULL, forget);
}
