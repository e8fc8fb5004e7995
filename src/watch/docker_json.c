/* docker_json - what the Docker Engine says about its containers. */
#include "watch/docker_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "ext/lite.h"

#define MOST 10000          /* containers */
#define DEPENDS_MOST 65536  /* bytes of one's dependencies */
#define GRACE_MS 10000      /* what the engine gives a container, unless that says otherwise */
#define GRACE_MOST 86400000 /* -1 means for ever there */

/* ?1 is the list, ?2 this host's name, which in a container is the beginning of its id
 * unless somebody has set another. A name with a second slash is that of a legacy link. */
static const char list_sql[] =
	"WITH every AS (SELECT"
	"  (SELECT substr(n.value, 2) FROM json_each(c.value, '$.Names') n"
	"    WHERE n.value GLOB '/*' AND n.value NOT GLOB '/*/*' LIMIT 1) AS name,"
	"  c.value ->> '$.Id' AS id, c.value ->> '$.State' IN ('running', 'restarting') AS runs,"
	"  ifnull(c.value ->> '$.Labels.\"com.docker.compose.project\"', '') AS project,"
	"  ifnull(c.value ->> '$.Labels.\"com.docker.compose.service\"', '') AS service,"
	"  ifnull(c.value ->> '$.Labels.\"com.docker.compose.depends_on\"', '') AS depends,"
	"  c.value ->> '$.Labels.\"" DOCKER_JSON_LABEL "\"' AS label FROM json_each(?1) c"
	"  WHERE c.type = 'object' LIMIT ?3),"
	" own AS (SELECT id, project FROM every WHERE length(?2) >= 12"
	" AND substr(id, 1, length(?2)) = ?2 LIMIT 1)"
	" SELECT name, id, runs, project, service, depends,"
	"  label IS NOT NULL AND lower(label) NOT IN ('false', 'no', '0')"
	"   AND project IS ifnull((SELECT nullif(project, '') FROM own), project),"
	"  id IN (SELECT id FROM own)"
	" FROM every WHERE name IS NOT NULL ORDER BY name";

const char *docker_json_get(const struct docker_json *f, size_t i, enum docker_json_column column)
{
	const char *text = rows_get(&f->rows, i, column);

	return text ? text : "";
}

/* Compose writes `service:condition:restart` for each, with commas. */
static bool depends_on(const struct docker_json *f, size_t i, size_t on)
{
	const char *service = docker_json_get(f, on, DOCKER_JSON_SERVICE),
		   *at = docker_json_get(f, i, DOCKER_JSON_DEPENDS);
	const char *project = docker_json_get(f, i, DOCKER_JSON_PROJECT);
	size_t len = strlen(service);

	if (!len || !*at || !*project || strcmp(project, docker_json_get(f, on, DOCKER_JSON_PROJECT)) != 0)
		return false;
	for (; *at; at += strcspn(at, ","), at += *at == ',')
		if (strncmp(at, service, len) == 0 && strchr(":,", at[len]))
			return true;
	return false;
}

/* One that others depend on, at any distance, follows all of them. False: the deadline passed. */
static bool put_in_order(struct docker_json *f, int64_t deadline)
{
	bool moved = true;

	f->place = xcalloc(f->rows.n + 1, sizeof(*f->place));
	/* A circle, which Compose refuses, must not turn here for ever. */
	for (size_t round = 0; round < f->rows.n && moved; round++) {
		moved = false;
		for (size_t i = 0; i < f->rows.n; i++) {
			if (!*docker_json_get(f, i, DOCKER_JSON_DEPENDS))
				continue;
			if (!clock_left(deadline))
				return false;
			for (size_t k = 0; k < f->rows.n; k++)
				if (i != k && depends_on(f, i, k) && f->place[k] <= f->place[i]) {
					f->place[k] = f->place[i] + 1;
					moved = true;
				}
		}
	}
	return true;
}

static int check_size(const struct docker_json *f, struct buf *error)
{
	if (f->rows.n > MOST) {
		buf_printf(error, "the engine lists more than %d containers", MOST);
		return UNAVAILABLE;
	}
	for (size_t i = 0; i < f->rows.n; i++)
		if (strlen(docker_json_get(f, i, DOCKER_JSON_DEPENDS)) > DEPENDS_MOST) {
			buf_puts(error, "the engine lists a container with too long a list of dependencies");
			return UNAVAILABLE;
		}
	return 0;
}

int docker_json_read(struct docker_json *f, const char *json, const char *host, int64_t deadline,
                     struct buf *error)
{
	char *most = xasprintf("%d", MOST + 1);
	const char *params[] = { json, host, most };
	struct lite lite = LITE_INIT;
	int rc = 0;

	*f = (struct docker_json){ 0 };
	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0)
		lite_deadline(&lite, &deadline);
	if (!lite.db || lite_query(&lite, list_sql, params, 3, &f->rows) != 0) {
		buf_printf(error, "cannot read the engine's list of containers: %s", lite.error.data);
		rc = UNAVAILABLE;
	}
	rc = rc ? rc : check_size(f, error);
	if (!rc && !put_in_order(f, deadline)) {
		buf_puts(error, "the engine's list of containers takes too long to sort");
		rc = UNAVAILABLE;
	}
	if (rc)
		docker_json_free(f);
	lite_free(&lite);
	free(most);
	return rc;
}

long docker_json_find(const struct docker_json *f, const char *name)
{
	for (size_t i = 0; i < f->rows.n; i++)
		if (strcmp(docker_json_get(f, i, DOCKER_JSON_NAME), name) == 0)
			return (long)i;
	return -1;
}

void docker_json_free(struct docker_json *f)
{
	rows_free(&f->rows);
	free(f->place);
	*f = (struct docker_json){ 0 };
}

/* --- one container --- */

static const char inspect_sql[] =
	"SELECT ?1 ->> '$.HostConfig.AutoRemove' IS 1, ?1 ->> '$.State.Running' IS 1,"
	" CAST(?1 ->> '$.Config.StopTimeout' AS INTEGER), ?1 ->> '$.State.Health.Status'"
	" WHERE iif(json_valid(?1), json_type(?1), '') = 'object'";

static int64_t grace_of(const char *seconds)
{
	long long n = seconds ? atoll(seconds) : 0;

	if (!seconds)
		return GRACE_MS;
	return n < 0 || n > GRACE_MOST / 1000 ? GRACE_MOST : n * 1000;
}

void docker_json_inspect(struct docker_json_state *s, const char *json)
{
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	const char *health;

	*s = (struct docker_json_state){ .grace = GRACE_MS };
	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite, inspect_sql, &json, 1, &rows) == 0 && rows.n) {
		s->known = true;
		s->removed = rows_true(&rows, 0, 0);
		s->runs = rows_true(&rows, 0, 1);
		s->grace = grace_of(rows_get(&rows, 0, 2));
		health = rows_get(&rows, 0, 3);
		s->health = health ? xstrdup(health) : NULL;
	}
	rows_free(&rows);
	lite_free(&lite);
}

void docker_json_state_free(struct docker_json_state *s)
{
	free(s->health);
	*s = (struct docker_json_state){ 0 };
}
