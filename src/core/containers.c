/* containers - stops those that use a database, and starts exactly those again. */
#include "core/containers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "core/docker.h"

#define ASK_MS 20000      /* for an answer of the engine's */
#define STOP_MS 10000     /* what it gives a container, unless that says otherwise */
#define STOP_SLACK_MS 30000
#define MADE_ANEW_MS 15000 /* that a container may be missing while it is made anew */
#define RETRY_MS 3000     /* for an engine that is out of order for a moment */
#define LOOK_MS 300
#define NOW "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

static void tell(const struct containers *c, enum msg_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(const struct containers *c, enum msg_level level, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&words, format, args);
	va_end(args);
	c->tell(level, words.data, c->arg);
	buf_free(&words);
}

static bool is_ending(const struct containers *c)
{
	return c->stopping && *c->stopping;
}

bool containers_wanted(const struct containers *c)
{
	return c->stop.n || c->start.n || (c->host && *c->host) || access(DOCKER_SOCKET, W_OK) == 0;
}

/* What the engine lets a container be called; so it needs no encoding in a path. */
static bool is_name(const char *name)
{
	if (!isalnum((unsigned char)*name))
		return false;
	while (*name && (isalnum((unsigned char)*name) || strchr("_.-", *name)))
		name++;
	return !*name;
}

int containers_check(const struct containers *c, struct buf *error)
{
	const struct strs *const lists[] = { &c->stop, &c->start };
	struct docker d;
	int rc;

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (!is_name(lists[l]->v[i])) {
				buf_printf(error, "%s: '%s' is no container's name",
				           l ? "RESTORE_START_CONTAINERS" : "RESTORE_STOP_CONTAINERS",
				           msg_word(lists[l]->v[i]));
				return BAD_CONFIG;
			}
	rc = docker_open(&d, c->host, error);
	docker_free(&d);
	return rc;
}

/* --- which there are, and in which order --- */

enum column { NAME, ID, RUNS, PROJECT, SERVICE, DEPENDS, LABELLED, SELF };

/* ?1 is the engine's list, ?2 this host's name, which in a container is the beginning of its id
 * unless somebody has set another. A name with a second slash is that of a legacy link. */
static const char list_sql[] =
	"WITH every AS (SELECT"
	"  (SELECT substr(n.value, 2) FROM json_each(c.value, '$.Names') n"
	"    WHERE n.value NOT GLOB '/*/*' LIMIT 1) AS name,"
	"  c.value ->> '$.Id' AS id, c.value ->> '$.State' IN ('running', 'restarting') AS runs,"
	"  ifnull(c.value ->> '$.Labels.\"com.docker.compose.project\"', '') AS project,"
	"  ifnull(c.value ->> '$.Labels.\"com.docker.compose.service\"', '') AS service,"
	"  ifnull(c.value ->> '$.Labels.\"com.docker.compose.depends_on\"', '') AS depends,"
	"  c.value ->> '$.Labels.\"" CONTAINERS_LABEL "\"' AS label FROM json_each(?1) c),"
	" own AS (SELECT id, project FROM every WHERE length(?2) >= 12 AND substr(id, 1, length(?2)) = ?2)"
	" SELECT name, id, runs, project, service, depends,"
	"  label IS NOT NULL AND lower(label) NOT IN ('false', 'no', '0')"
	"   AND project IS ifnull((SELECT nullif(project, '') FROM own), project),"
	"  id IN (SELECT id FROM own)"
	" FROM every WHERE name IS NOT NULL ORDER BY name";

/* All containers, and in which row each is to be stopped. */
struct fleet {
	struct docker docker;
	struct rows rows; /* columns as above */
	long *place;
};

static const char *cell(const struct fleet *f, size_t i, enum column column)
{
	const char *text = rows_get(&f->rows, i, column);

	return text ? text : "";
}

/* Compose writes `service:condition:restart` for each, with commas. */
static bool depends_on(const struct fleet *f, size_t i, size_t on)
{
	const char *service = cell(f, on, SERVICE), *at = cell(f, i, DEPENDS);
	size_t len = strlen(service);

	if (!len || !*cell(f, i, PROJECT) || strcmp(cell(f, i, PROJECT), cell(f, on, PROJECT)) != 0)
		return false;
	for (; *at; at += strcspn(at, ","), at += *at == ',')
		if (strncmp(at, service, len) == 0 && strchr(":,", at[len]))
			return true;
	return false;
}

/* One that others depend on, at any distance, comes behind all of them. */
static void put_in_order(struct fleet *f)
{
	bool moved = true;

	f->place = xcalloc(f->rows.n + 1, sizeof(*f->place));
	/* A circle, which Compose refuses, must not turn here for ever. */
	for (size_t round = 0; round < f->rows.n && moved; round++) {
		moved = false;
		for (size_t i = 0; i < f->rows.n; i++)
			for (size_t k = 0; k < f->rows.n; k++)
				if (i != k && depends_on(f, i, k) && f->place[k] <= f->place[i]) {
					f->place[k] = f->place[i] + 1;
					moved = true;
				}
	}
}

static int fleet_read(struct fleet *f, struct buf *error)
{
	char host[256] = "";
	struct buf json = BUF_INIT;
	struct lite lite = LITE_INIT;
	int rc = docker_list(&f->docker, clock_after(ASK_MS), &json, error);
	const char *params[] = { json.data, host };

	gethostname(host, sizeof(host) - 1);
	if (!rc && (lite_open(&lite, ":memory:", LITE_CREATE, 0) != 0 ||
	            lite_query(&lite, list_sql, params, 2, &f->rows) != 0)) {
		buf_printf(error, "the engine's list of containers cannot be read: %s", lite.error.data);
		rc = UNAVAILABLE;
	}
	put_in_order(f);
	lite_free(&lite);
	buf_free(&json);
	return rc == NO_INPUT ? UNAVAILABLE : rc;
}

static void fleet_free(struct fleet *f)
{
	docker_free(&f->docker);
	rows_free(&f->rows);
	free(f->place);
}

static bool fleet_has(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->rows.n; i++)
		if (strcmp(cell(f, i, NAME), name) == 0)
			return true;
	return false;
}

/* --- stopping --- */

/* One value of an inspected container; NULL: it has none. The caller frees it. */
static char *value_of(const char *json, const char *path)
{
	const char *params[] = { json, path };
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	char *value = NULL;

	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite, "SELECT ?1 ->> ?2 WHERE json_valid(?1)", params, 2, &rows) == 0 &&
	    rows_get(&rows, 0, 0))
		value = xstrdup(rows_get(&rows, 0, 0));
	rows_free(&rows);
	lite_free(&lite);
	return value;
}

static bool is_chosen(const struct containers *c, const struct fleet *f, size_t i)
{
	return strs_has(&c->stop, cell(f, i, NAME)) || rows_true(&f->rows, i, LABELLED);
}

static int check_all_there(const struct containers *c, const struct fleet *f, struct buf *error)
{
	const struct strs *const lists[] = { &c->stop, &c->start };

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			if (!fleet_has(f, lists[l]->v[i])) {
				buf_printf(error, "%s: there is no container '%s': nothing was touched",
				           l ? "RESTORE_START_CONTAINERS" : "RESTORE_STOP_CONTAINERS",
				           lists[l]->v[i]);
				return NO_INPUT;
			}
	return 0;
}

/* What stopping would do for ever must not happen. */
static int check_one(const struct fleet *f, size_t i, struct buf *error)
{
	struct buf json = BUF_INIT;
	char *removed = NULL;
	int rc;

	if (rows_true(&f->rows, i, SELF)) {
		buf_printf(error, "container '%s' is the one that restores: it cannot stop itself", cell(f, i, NAME));
		return BAD_CONFIG;
	}
	rc = docker_inspect(&f->docker, cell(f, i, NAME), clock_after(ASK_MS), &json, error);
	if (!rc)
		removed = value_of(json.data, "$.HostConfig.AutoRemove");
	if (removed && strcmp(removed, "1") == 0) {
		buf_printf(error, "container '%s' is deleted when it stops (--rm), and could not be started again: "
		           "nothing was touched", cell(f, i, NAME));
		rc = BAD_CONFIG;
	}
	free(removed);
	buf_free(&json);
	return rc;
}

static int note_plan(struct journal *j, int64_t run, const struct fleet *f, const bool *wanted)
{
	char *id = xasprintf("%lld", (long long)run);
	int rc = journal_query(j, "BEGIN IMMEDIATE", NULL, 0, NULL);

	for (size_t i = 0; i < f->rows.n && !rc; i++) {
		char *place = xasprintf("%ld", f->place[i]);
		const char *params[] = { id, cell(f, i, NAME), cell(f, i, ID), place };

		if (wanted[i])
			rc = journal_query(j, "INSERT INTO stops (run, name, container, place, planned)"
			                   " VALUES (?1, ?2, ?3, ?4, " NOW ")", params, 4, NULL);
		free(place);
	}
	if (!rc)
		rc = journal_query(j, "COMMIT", NULL, 0, NULL);
	free(id);
	return rc;
}

static int stop_one(const struct containers *c, const struct fleet *f, size_t i, struct buf *error)
{
	struct buf json = BUF_INIT;
	const char *name = cell(f, i, NAME);
	int64_t grace = STOP_MS;
	char *seconds = NULL;
	int rc = docker_inspect(&f->docker, name, clock_after(ASK_MS), &json, error);

	if (!rc && (seconds = value_of(json.data, "$.Config.StopTimeout")))
		grace = atoll(seconds) * 1000;
	if (!rc)
		rc = docker_stop(&f->docker, name, clock_after(grace + STOP_SLACK_MS), error);
	if (!rc)
		tell(c, MSG_INFO, "stopped container '%s'", name);
	free(seconds);
	buf_free(&json);
	return rc;
}

/* Row by row. */
static int stop_wanted(const struct containers *c, const struct fleet *f, const bool *wanted, struct buf *error)
{
	int rc = 0;

	for (long place = 0; place <= (long)f->rows.n && !rc; place++)
		for (size_t i = 0; i < f->rows.n && !rc; i++)
			if (wanted[i] && f->place[i] == place)
				rc = stop_one(c, f, i, error);
	return rc;
}

static int choose(const struct containers *c, const struct fleet *f, bool *wanted, struct buf *error)
{
	int rc = check_all_there(c, f, error);

	for (size_t i = 0; i < f->rows.n && !rc; i++) {
		wanted[i] = is_chosen(c, f, i) && rows_true(&f->rows, i, RUNS);
		if (is_chosen(c, f, i) && !wanted[i])
			tell(c, MSG_INFO, "container '%s' does not run: it is left so", cell(f, i, NAME));
		if (wanted[i])
			rc = check_one(f, i, error);
	}
	return rc;
}

int containers_stop(const struct containers *c, struct journal *j, int64_t run,
                    bool (*go_on)(void *arg), void *arg, struct buf *error)
{
	struct fleet f = { 0 };
	bool *wanted = NULL;
	int rc = docker_open(&f.docker, c->host, error);

	f.docker.go_on = go_on;
	f.docker.arg = arg;
	if (!rc)
		rc = fleet_read(&f, error);
	if (!rc) {
		wanted = xcalloc(f.rows.n + 1, sizeof(*wanted));
		rc = choose(c, &f, wanted, error);
	}
	if (!rc && note_plan(j, run, &f, wanted) != 0) {
		buf_printf(error, "which containers to start again cannot be noted, so none is stopped: %s",
		           j->error.len ? j->error.data : "there is no journal");
		rc = CANNOT_WRITE;
	}
	if (!rc)
		rc = stop_wanted(c, &f, wanted, error);
	free(wanted);
	fleet_free(&f);
	return rc;
}

/* --- starting --- */

static void mark(struct journal *j, const char *id, const char *gone)
{
	const char *params[] = { id, gone };

	journal_query(j, "UPDATE stops SET started = " NOW ", gone = ?2 WHERE id = ?1", params, 2, NULL);
}

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
		mark(j, id, NULL);
		tell(c, MSG_INFO, "started container '%s' again", name);
	} else if (rc == NO_INPUT && !is_ending(c)) {
		mark(j, id, error.data);
		tell(c, MSG_ERROR, "container '%s' was stopped for a restore and is no more: it is not started again", name);
	} else {
		tell(c, MSG_ERROR, "container '%s' cannot be started again: %s; it will be tried again", name, error.data);
	}
	buf_free(&error);
}

/* One without a health check is healthy when it runs. What it is instead, in state; the caller
 * frees it. */
static bool is_healthy(const struct docker *d, const char *name, char **state)
{
	struct buf json = BUF_INIT, ignored = BUF_INIT;
	bool runs, healthy = false;
	char *running = NULL, *status = NULL;

	if (docker_inspect(d, name, clock_after(ASK_MS), &json, &ignored) == 0) {
		running = value_of(json.data, "$.State.Running");
		status = value_of(json.data, "$.State.Health.Status");
	}
	runs = running && strcmp(running, "1") == 0;
	healthy = runs && (!status || !*status || strcmp(status, "none") == 0 || strcmp(status, "healthy") == 0);
	*state = xstrdup(!running ? "not there" : !runs ? "not running" : status ? status : "running");
	free(running);
	free(status);
	buf_free(&ignored);
	buf_free(&json);
	return healthy;
}

static void wait_until_healthy(const struct containers *c, const struct docker *d, const char *name,
                               int64_t deadline)
{
	char *state;

	while (!is_healthy(d, name, &state)) {
		if (is_ending(c) || !clock_left(deadline)) {
			tell(c, MSG_WARNING, "container '%s' is started, but %s", name, state);
			break;
		}
		free(state);
		clock_sleep(LOOK_MS, deadline);
	}
	free(state);
}

/* Others may need them to be healthy: the next row has to wait. */
static void start_row(const struct containers *c, const struct docker *d, struct journal *j,
                      const struct rows *owed, size_t from, size_t to)
{
	int64_t deadline;

	for (size_t i = from; i < to; i++)
		start_owed(c, d, j, rows_get(owed, i, 0), rows_get(owed, i, 1));
	deadline = clock_within(c->healthy);
	for (size_t i = from; i < to; i++) {
		const char *id = rows_get(owed, i, 0);
		struct rows rows = { 0 };

		if (journal_query(j, "SELECT 1 FROM stops WHERE id = ?1 AND started IS NOT NULL AND gone IS NULL",
		                  &id, 1, &rows) == 0 && rows.n)
			wait_until_healthy(c, d, rows_get(owed, i, 1), deadline);
		rows_free(&rows);
	}
}

/* Those that were not stopped come last. */
static void owe_others(const struct containers *c, struct journal *j, int64_t run)
{
	char *id = xasprintf("%lld", (long long)run);

	for (size_t i = 0; i < c->start.n; i++) {
		const char *params[] = { id, c->start.v[i] };

		journal_query(j, "INSERT INTO stops (run, name, place, planned) SELECT ?1, ?2, -1, " NOW
		              " WHERE NOT EXISTS (SELECT * FROM stops WHERE run = ?1 AND name = ?2)",
		              params, 2, NULL);
	}
	free(id);
}

static const char owed_sql[] = "SELECT id, name, place FROM stops WHERE started IS NULL ORDER BY place DESC, id DESC";

long containers_start(const struct containers *c, struct journal *j, int64_t run, bool good)
{
	struct buf error = BUF_INIT;
	struct rows owed = { 0 }, left = { 0 };
	struct docker d;
	long n = -1;

	if (good)
		owe_others(c, j, run);
	if (journal_query(j, owed_sql, NULL, 0, &owed) != 0)
		return -1;
	if (docker_open(&d, c->host, &error) == 0)
		for (size_t from = 0, to; from < owed.n; from = to) {
			for (to = from + 1; to < owed.n; to++)
				if (strcmp(rows_get(&owed, to, 2), rows_get(&owed, from, 2)) != 0)
					break;
			start_row(c, &d, j, &owed, from, to);
		}
	if (journal_query(j, owed_sql, NULL, 0, &left) == 0)
		n = (long)left.n;
	docker_free(&d);
	rows_free(&owed);
	rows_free(&left);
	buf_free(&error);
	return n;
}
