/* wait - polls a check until it holds. */
#include "core/wait.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/proc.h"
#include "base/status.h"

#define KNOCK_MS 20
#define EAGER_MS 50
#define EAGER_FOR_MS 10000
#define PATIENT_MS 250
#define RARE_MS 1000
#define GUARD_MS 200

/* How long to pause before the next try. *eager_until is when the server's first
 * answer will be 10 s old; 0: it has not answered yet. */
static int64_t pause_after(const struct finding *f, int64_t *eager_until)
{
	switch (f->reach) {
	case REACH_REFUSED:
		*eager_until = 0;
		return KNOCK_MS;
	case REACH_NO_NAME:
	case REACH_DENIED:
	case REACH_NO_DATABASE:
		return RARE_MS;
	default:
		if (!*eager_until)
			*eager_until = clock_after(EAGER_FOR_MS);
		return clock_left(*eager_until) ? EAGER_MS : PATIENT_MS;
	}
}

void wait_guard(int64_t deadline)
{
	static char *line;

	free(line);
	line = msg_line(MSG_ERROR, "gave up: a host name did not resolve in time");
	proc_alarm(deadline == CLOCK_NEVER ? 0 : clock_left(deadline) + GUARD_MS, TIMED_OUT,
	           STDERR_FILENO, line);
}

static void ask(struct checks *c, size_t i, const struct wait *w, struct finding *f)
{
	bool created;

	check_ask(c, i, check_soon(w->deadline), f);
	if (w->create && f->reach == REACH_NO_DATABASE) {
		size_t t = c->v[i].target;

		if (db_create(&c->dbs[t], &c->targets[t], w->deadline, &created) == REACHED) {
			check_ask(c, i, check_soon(w->deadline), f);
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

int wait_for(struct checks *c, size_t i, const struct wait *w, struct finding *f)
{
	enum reach last_reach = REACHED;
	enum verdict last_verdict = PASS;
	int64_t eager_until = 0, final_since = 0;

	for (;;) {
		int64_t pause;

		ask(c, i, w, f);
		w->tell(c, i, f, f->reach == last_reach && f->verdict == last_verdict);
		if (f->verdict == PASS)
			return 0;
		last_reach = f->reach;
		last_verdict = f->verdict;

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
