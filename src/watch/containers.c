/* containers - stops those that use a database, and starts exactly those again. */
#include "watch/containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/journal_stops.h"
#include "watch/docker.h"
#include "watch/docker_json.h"

#define ASK_MS 20000      /* for an answer of the engine's */
#define STOP_SLACK_MS 30000
#define MADE_ANEW_MS 15000 /* that a container may be missing while it is made anew */
#define RETRY_MS 3000     /* for an engine that is out of order for a moment */
#define LOOK_MS 300

static bool is_ending(const struct containers *c)
{
	return c->stopping && *c->stopping;
}

bool containers_wanted(const struct containers *c)
{
	return c->stop.n || c->start.n || (c->host && *c->host) || access(DOCKER_SOCKET, W_OK) == 0;
}

int containers_check(const struct containers *c, struct buf *error)
{
	const struct strs *const lists[] = { &c->stop, &c->start };
	struct docker d;
	int rc;

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (!docker_is_name(lists[l]->v[i])) {
				buf_printf(error, "%s: '%s' is not a container's name",
				           l ? "RESTORE_START_CONTAINERS" : "RESTORE_STOP_CONTAINERS",
				           msg_word(lists[l]->v[i]));
				return BAD_CONFIG;
			}
	rc = docker_open(&d, c->host, error);
	docker_free(&d);
	return rc;
}

/* --- which there are --- */

/* The engine, and what it lists. */
struct engine {
	struct docker docker;
	struct docker_json fleet;
};

static const char *name_of(const struct engine *e, size_t i)
{
	return docker_json_get(&e->fleet, i, DOCKER_JSON_NAME);
}

/* The rest of this file calls them by their names, which come from the engine, too. */
static int list(struct engine *e, struct buf *error)
{
	int64_t deadline = clock_after(ASK_MS);
	char host[256] = "";
	struct buf json = BUF_INIT;
	int rc = docker_list(&e->docker, deadline, &json, error);

	gethostname(host, sizeof(host) - 1);
	if (!rc)
		rc = docker_json_read(&e->fleet, json.data, host, deadline, error);
	buf_free(&json);
	return rc == NO_INPUT ? UNAVAILABLE : rc;
}

static int inspect(const struct docker *d, const char *name, struct docker_json_state *s, struct buf *error)
{
	struct buf json = BUF_INIT;
	int rc = docker_inspect(d, name, clock_after(ASK_MS), &json, error);

	docker_json_inspect(s, json.data);
	buf_free(&json);
	return rc;
}

static void engine_free(struct engine *e)
{
	docker_free(&e->docker);
	docker_json_free(&e->fleet);
}

/* --- stopping --- */

static bool is_chosen(const struct containers *c, const struct engine *e, size_t i)
{
	return docker_is_name(name_of(e, i)) &&
	       (strs_has(&c->stop, name_of(e, i)) || rows_true(&e->fleet.rows, i, DOCKER_JSON_LABELLED));
}

static int check_all_there(const struct containers *c, const struct engine *e, struct buf *error)
{
	const struct strs *const lists[] = { &c->stop, &c->start };

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (docker_json_find(&e->fleet, lists[l]->v[i]) < 0) {
				buf_printf(error, "%s: no container '%s' found: nothing was touched",
				           l ? "RESTORE_START_CONTAINERS" : "RESTORE_STOP_CONTAINERS",
				           lists[l]->v[i]);
				return NO_INPUT;
			}
	return 0;
}

/* What stopping would do for ever must not happen. */
static int check_one(const struct engine *e, size_t i, struct buf *error)
{
	struct docker_json_state state;
	int rc;

	if (rows_true(&e->fleet.rows, i, DOCKER_JSON_SELF)) {
		buf_printf(error, "container '%s' is the one that restores: it cannot stop itself",
		           name_of(e, i));
		return BAD_CONFIG;
	}
	rc = inspect(&e->docker, name_of(e, i), &state, error);
	if (!rc && state.removed) {
		buf_printf(error, "container '%s' is deleted when it stops (--rm), and could not be started "
		           "again: nothing was touched", name_of(e, i));
		rc = BAD_CONFIG;
	}
	docker_json_state_free(&state);
	return rc;
}

static int note_plan(struct journal *j, int64_t run, const struct engine *e, const bool *wanted)
{
	struct journal_stop *stops = xcalloc(e->fleet.rows.n + 1, sizeof(*stops));
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < e->fleet.rows.n; i++)
		if (wanted[i])
			stops[n++] = (struct journal_stop){ name_of(e, i),
				                            docker_json_get(&e->fleet, i, DOCKER_JSON_ID),
				                            e->fleet.place[i] };
	rc = journal_stops_plan(j, run, stops, n);
	free(stops);
	return rc;
}

static int stop_one(const struct containers *c, const struct engine *e, size_t i, struct buf *error)
{
	const char *name = name_of(e, i);
	struct docker_json_state state;
	int rc = inspect(&e->docker, name, &state, error);

	if (!rc)
		rc = docker_stop(&e->docker, name, clock_after(state.grace + STOP_SLACK_MS), error);
	if (!rc)
		teller_sayf(c->tell, MSG_INFO, "stopped container '%s'", name);
	docker_json_state_free(&state);
	return rc;
}

/* Row by row. */
static int stop_wanted(const struct containers *c, const struct engine *e, const bool *wanted,
                       struct buf *error)
{
	int rc = 0;

	for (long place = 0; place <= (long)e->fleet.rows.n && !rc; place++)
		for (size_t i = 0; i < e->fleet.rows.n && !rc; i++)
			if (wanted[i] && e->fleet.place[i] == place)
				rc = stop_one(c, e, i, error);
	return rc;
}

static int choose(const struct containers *c, const struct engine *e, bool *wanted, bool aloud,
                  struct buf *error)
{
	int rc = check_all_there(c, e, error);

	for (size_t i = 0; i < e->fleet.rows.n && !rc; i++) {
		wanted[i] = is_chosen(c, e, i) && rows_true(&e->fleet.rows, i, DOCKER_JSON_RUNS);
		if (aloud && is_chosen(c, e, i) && !wanted[i])
			teller_sayf(c->tell, MSG_INFO, "container '%s' does not run: it is left so",
			            name_of(e, i));
		if (wanted[i])
			rc = check_one(e, i, error);
	}
	return rc;
}

/* Asks for the list, and makes room for which of them are wanted. */
static int open_engine(const struct containers *c, struct engine *e, bool (*go_on)(void *arg), void *arg,
                       bool **wanted, struct buf *error)
{
	int rc = docker_open(&e->docker, c->host, error);

	e->docker.go_on = go_on;
	e->docker.arg = arg;
	if (!rc)
		rc = list(e, error);
	*wanted = xcalloc(e->fleet.rows.n + 1, sizeof(**wanted));
	return rc;
}

static bool is_going_on(void *arg)
{
	return !is_ending(arg);
}

int containers_look(const struct containers *c, struct buf *error)
{
	struct engine e = { 0 };
	bool *wanted;
	int rc = open_engine(c, &e, is_going_on, (void *)c, &wanted, error);

	if (!rc)
		rc = choose(c, &e, wanted, false, error);
	free(wanted);
	engine_free(&e);
	return rc;
}

int containers_stop(const struct containers *c, struct journal *j, int64_t run,
                    bool (*go_on)(void *arg), void *arg, struct buf *error)
{
	struct engine e = { 0 };
	bool *wanted;
	int rc = open_engine(c, &e, go_on, arg, &wanted, error);

	if (!rc)
		rc = choose(c, &e, wanted, true, error);
	if (!rc && note_plan(j, run, &e, wanted) != 0) {
		buf_printf(error, "which containers to start again cannot be noted, so none is stopped: %s",
		           j->error.len ? j->error.data : "there is no journal");
		rc = CANNOT_WRITE;
	}
	if (!rc)
		rc = stop_wanted(c, &e, wanted, error);
	free(wanted);
	engine_free(&e);
	return rc;
}

/* --- starting --- */

/* One that Compose is just making anew is missing for a moment. */
static int start_one(const struct containers *c, const struct docker *d, const char *name, struct buf *error)
{
	int64_t missing = clock_after(MADE_ANEW_MS), failing = clock_after(RETRY_MS);
	int rc;

	while ((rc = docker_start(d, name, clock_after(ASK_MS), error)) != 0) {
		if (is_ending(c) || !clock_left(rc == NO_INPUT ? missing : failing))
			break;
		clock_sleep(LOOK_MS, CLOCK_NEVER);
		buf_cut(error, 0);
	}
	return rc;
}

static void start_owed(const struct containers *c, const struct docker *d, struct journal *j, const char *id,
                       const char *name)
{
	struct buf error = BUF_INIT;
	int rc = start_one(c, d, name, &error);

	if (!rc) {
		journal_stops_end(j, id, NULL);
		teller_sayf(c->tell, MSG_INFO, "started container '%s' again", name);
	} else if (rc == NO_INPUT && !is_ending(c)) {
		journal_stops_end(j, id, error.data);
		teller_sayf(c->tell, MSG_ERROR,
		            "container '%s' was stopped for a restore and is no more: it is not "
		     "started again", name);
	} else {
		teller_sayf(c->tell, MSG_ERROR,
		            "container '%s' cannot be started again: %s; it will be tried again",
		     name, error.data);
	}
	buf_free(&error);
}

/* One without a health check is healthy when it runs. What it is instead, in state; the caller
 * frees it. */
static bool is_healthy(const struct docker *d, const char *name, char **state)
{
	struct buf ignored = BUF_INIT;
	struct docker_json_state s;
	bool healthy;

	inspect(d, name, &s, &ignored);
	healthy = s.runs && (!s.health || !*s.health || strcmp(s.health, "none") == 0 ||
	                     strcmp(s.health, "healthy") == 0);
	*state = xstrdup(!s.known ? "not there" : !s.runs ? "not running" : s.health ? s.health : "running");
	buf_free(&ignored);
	docker_json_state_free(&s);
	return healthy;
}

static void wait_until_healthy(const struct containers *c, const struct docker *d, const char *name,
                               int64_t deadline)
{
	char *state;

	while (!is_healthy(d, name, &state)) {
		if (is_ending(c) || !clock_left(deadline)) {
			teller_sayf(c->tell, MSG_WARNING, "container '%s' is started, but %s", name, state);
			break;
		}
		free(state);
		clock_sleep(LOOK_MS, deadline);
	}
	free(state);
}

/* Several watchers may share a journal; what one has stopped whose folder is no more is ours. */
static bool is_ours(const struct containers *c, const struct rows *owed, size_t i)
{
	const char *dir = rows_get(owed, i, STOP_DIR);

	return !dir || !c->dir || strcmp(dir, c->dir) == 0 || !file_is_dir(dir);
}

static bool is_known(const struct containers *c, const struct engine *e, const char *name)
{
	long i = docker_json_find(&e->fleet, name);

	return strs_has(&c->stop, name) || strs_has(&c->start, name) ||
	       (i >= 0 && is_chosen(c, e, (size_t)i));
}

/* What an adopted journal says may be anybody's. False: it is not started. */
static bool may_start(const struct containers *c, struct engine *e, struct journal *j,
                      const struct rows *owed, size_t i)
{
	const char *id = rows_get(owed, i, STOP_ID), *name = rows_get(owed, i, STOP_NAME);
	struct buf error = BUF_INIT;
	bool listed = true, may = docker_is_name(name);

	if (may && rows_true(owed, i, STOP_ADOPTED)) {
		if (!e->fleet.place)
			listed = list(e, &error) == 0;
		may = is_known(c, e, name);
	}
	if (!may && !listed) {
		teller_sayf(c->tell, MSG_ERROR,
		            "container '%s' cannot be started again: %s; it will be tried again",
		     name, error.data);
	} else if (!may) {
		journal_stops_end(j, id, "not one of this watcher's containers");
		teller_sayf(c->tell, MSG_ERROR,
		            "the journal names a container '%s', which is not one of this watcher's: "
		     "it is not started",
		     name);
	}
	buf_free(&error);
	return may;
}

/* Others may need them to be healthy: the next row has to wait. */
static void start_row(const struct containers *c, struct engine *e, struct journal *j,
                      const struct rows *owed, size_t from, size_t to)
{
	int64_t deadline;

	for (size_t i = from; i < to; i++)
		if (is_ours(c, owed, i) && may_start(c, e, j, owed, i))
			start_owed(c, &e->docker, j, rows_get(owed, i, STOP_ID),
			           rows_get(owed, i, STOP_NAME));
	deadline = clock_within(c->healthy);
	for (size_t i = from; i < to; i++)
		if (journal_stops_is_started(j, rows_get(owed, i, STOP_ID)))
			wait_until_healthy(c, &e->docker, rows_get(owed, i, STOP_NAME), deadline);
}

static long count_owed(const struct containers *c, struct journal *j)
{
	struct rows left = { 0 };
	long n = -1;

	if (journal_stops_owed(j, &left) == 0) {
		n = 0;
		for (size_t i = 0; i < left.n; i++)
			n += is_ours(c, &left, i);
	}
	rows_free(&left);
	return n;
}

long containers_start(const struct containers *c, struct journal *j, int64_t run, bool good)
{
	struct buf error = BUF_INIT;
	struct rows owed = { 0 };
	struct engine e = { 0 };

	/* Those that were not stopped come last. */
	for (size_t i = 0; good && i < c->start.n; i++)
		journal_stops_add(j, run, c->start.v[i]);
	if (journal_stops_owed(j, &owed) != 0)
		return -1;
	if (docker_open(&e.docker, c->host, &error) == 0)
		for (size_t from = 0, to; from < owed.n; from = to) {
			for (to = from + 1; to < owed.n; to++)
				if (strcmp(rows_text(&owed, to, STOP_PLACE),
				           rows_text(&owed, from, STOP_PLACE)) != 0)
					break;
			start_row(c, &e, j, &owed, from, to);
		}
	engine_free(&e);
	rows_free(&owed);
	buf_free(&error);
	return count_owed(c, j);
}
