/* wait - polls a check until it holds. */
#include "check/wait.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/proc.h"
#include "base/status.h"
#include "check/probe.h"

#define KNOCK_MS 20
#define EAGER_MS 50
#define EAGER_FOR_MS 10000
#define PATIENT_MS 250
#define RARE_MS 1000
#define GUARD_MS 200
#define REMIND_MS 10000 /* the reason is told again so often */
#define CHANGE_MS 1000  /* reasons that differ by their words alone come one by one */
#define TOLD_MAX 100    /* as many of those as are told */

/* How long to pause before the next try. *eager_until is when the server's first
 * answer will be 10 s old; 0: it has not answered yet. */
static int64_t pause_after(const struct finding *f, int64_t *eager_until)
{
	switch (f->reach) {
	case CONNECT_REFUSED:
		*eager_until = 0;
		return KNOCK_MS;
	case CONNECT_NO_NAME:
	case CONNECT_DENIED:
	case CONNECT_NO_DATABASE:
		return RARE_MS;
	default:
		if (!*eager_until)
			*eager_until = clock_after(EAGER_FOR_MS);
		return clock_left(*eager_until) ? EAGER_MS : PATIENT_MS;
	}
}

static void arm(int64_t deadline, char *words)
{
	static char *line;

	proc_alarm(0, TIMED_OUT, -1, "");
	free(line);
	line = msg_line(MSG_ERROR, "%s", words);
	free(words);
	proc_alarm(deadline == CLOCK_NEVER ? 0 : clock_left(deadline) + GUARD_MS, TIMED_OUT, STDERR_FILENO,
	           line);
}

void wait_guard(int64_t deadline)
{
	arm(deadline, xstrdup("gave up waiting: no answer in time"));
}

/* The guard's message is that of the wait itself, with what is known so far. */
static void guard(const struct checks *c, size_t i, const struct wait *w, const char *why)
{
	const char *place = checks_target(c, i);

	if (w->deadline != CLOCK_NEVER)
		arm(w->deadline, xasprintf("%s%sgave up waiting for %s: %s", place, *place ? ": " : "",
		                           c->v[i].shown, why));
}

/* --- what is told --- */

/* The reasons that have been told. */
struct telling {
	struct strs told;
	int64_t at; /* when the last was */
	enum connect_state reach;
	enum verdict verdict;
};

static bool is_news(const struct telling *t, const struct finding *f)
{
	int64_t since = clock_ms() - t->at;

	if (!t->told.n || f->reach != t->reach || f->verdict != t->verdict || since >= REMIND_MS)
		return true;
	return since >= CHANGE_MS && t->told.n < TOLD_MAX && !strs_has(&t->told, f->why.data);
}

static void tell(struct telling *t, const struct checks *c, size_t i, const struct wait *w,
                 const struct finding *f)
{
	bool news = is_news(t, f);

	w->tell(c, i, f, !news);
	if (!news)
		return;
	if (f->verdict != PASS)
		guard(c, i, w, f->why.data);
	if (!strs_has(&t->told, f->why.data))
		strs_add(&t->told, f->why.data);
	t->at = clock_ms();
	t->reach = f->reach;
	t->verdict = f->verdict;
}

/* --- waiting --- */

static void ask(struct checks *c, size_t i, const struct wait *w, struct finding *f)
{
	bool created;

	checks_ask(c, i, checks_soon(w->deadline), f);
	if (w->create && f->reach == CONNECT_NO_DATABASE) {
		size_t t = c->v[i].target;

		if (db_create(&c->dbs[t], &c->targets[t], w->deadline, &created) == CONNECTED) {
			checks_ask(c, i, checks_soon(w->deadline), f);
			return;
		}
		buf_cut(&f->why, 0);
		buf_printf(&f->why, "cannot create the database: %s", db_error(&c->dbs[t]));
		f->reach = c->dbs[t].reach;
		f->final = db_final(&c->dbs[t]);
		f->lasting = c->dbs[t].lasting;
		f->certain = c->dbs[t].certain;
	}
}

/* Asks once more. What was found before stands where the deadline left no time to find anything else. */
static void ask_again(struct checks *c, size_t i, const struct wait *w, struct finding *f)
{
	int64_t given = clock_left(w->deadline);
	struct finding next = FINDING_INIT;

	ask(c, i, w, &next);
	if (next.verdict == UNKNOWN && given < DB_CUT_MS && !clock_left(w->deadline) && f->why.len) {
		finding_free(&next);
		return;
	}
	finding_free(f);
	*f = next;
}

static int poll_until(struct checks *c, size_t i, const struct wait *w, struct telling *t,
                      struct finding *f)
{
	int64_t eager_until = 0, final_since = 0;

	for (;;) {
		int64_t pause;

		ask_again(c, i, w, f);
		tell(t, c, i, w, f);
		if (f->verdict == PASS)
			return 0;
		if (!f->final)
			final_since = 0;
		else if (!final_since)
			final_since = clock_ms();
		if (f->final && f->certain)
			return f->final;
		if (f->final && clock_ms() - final_since >= w->grace)
			return f->final;

		pause = pause_after(f, &eager_until);
		if (f->final && pause > w->grace - (clock_ms() - final_since))
			pause = w->grace - (clock_ms() - final_since);
		clock_sleep(pause, w->deadline);
		if (!clock_left(w->deadline))
			return f->final && f->lasting ? f->final : TIMED_OUT;
	}
}

int wait_poll(struct checks *c, size_t i, const struct wait *w, struct finding *f)
{
	struct telling t = { .verdict = PASS };
	int rc;

	buf_cut(&f->why, 0);
	guard(c, i, w, probe_silence(c, i));
	rc = poll_until(c, i, w, &t, f);
	strs_free(&t.told);
	return rc;
}
