/*
 * kind - the table of check kinds, shared by the files that define them.
 */
#ifndef CHECK_KIND_H
#define CHECK_KIND_H

#include "check/check.h"

struct url;

enum check_arg {
	ARG_NONE,
	ARG_TEXT,     /* needed */
	ARG_PORT,     /* HOST:PORT */
	ARG_REDIS,    /* HOST[:PORT] or a URL: redis:// rediss:// unix:// */
	ARG_WEB,      /* an http or https URL */
	ARG_OPTIONAL, /* a name */
	ARG_TABLE,    /* [schema.]name */
	ARG_ROWS,     /* [schema.]name[>=N], and > = < <= */
	ARG_VERSION,  /* name[>=version] */
	ARG_PERCENT,  /* none but <PCT */
	ARG_TIME,     /* none but <TIME */
	ARG_PATH_PERCENT, /* PATH[<PCT] */
	ARG_PATH_TIME,    /* PATH[<TIME] */
	ARG_TOOL      /* a migration tool and more: migration_valid() */
};

struct check_kind {
	const char *name;
	enum check_arg arg;
	const char *usage; /* for errors: table=[schema.]name */
	/* Exactly one of the two. Each sets verdict and why; reach and final only
	 * when they are not REACHED and 0. */
	void (*of_db)(const struct check *check, struct db *db, int64_t deadline,
	              struct finding *f);
	void (*of_place)(const struct check *check, int64_t deadline, struct finding *f);

	int64_t below;    /* the default of what follows < */
	const char *unit; /* of finding.value: percent, s */
	/* What it measures (draft-inadarei-api-health-check, measurementName); NULL: of a place
	 * responseTime, of a database the kind's name. */
	const char *measure;
	bool on_disk;     /* it looks at files: a mount that hangs holds it past any signal */
};

#define NO_TARGET SIZE_MAX /* check.target of one that is about no database */

/* The kind that text, name[=argument], names; NULL: there is none. */
const struct check_kind *check_kind_of(const char *text);

/* Judges what a Redis server answered to AUTH and PING, or to PING alone: at most its first error
 * is quoted. */
void redis_judge(const char *answer, size_t len, struct finding *f);

/* check_db.c */
void check_ready(const struct check *, struct db *, int64_t, struct finding *);
void check_writable(const struct check *, struct db *, int64_t, struct finding *);
void check_standby(const struct check *, struct db *, int64_t, struct finding *);
void check_table(const struct check *, struct db *, int64_t, struct finding *);
void check_rows(const struct check *, struct db *, int64_t, struct finding *);
void check_rows_of_view(const struct check *, struct db *, int64_t, struct finding *);
void check_query(const struct check *, struct db *, int64_t, struct finding *);
void check_extension(const struct check *, struct db *, int64_t, struct finding *);
void check_seeded(const struct check *, struct db *, int64_t, struct finding *);

/* check_server.c */
void check_connections(const struct check *, struct db *, int64_t, struct finding *);
void check_lag(const struct check *, struct db *, int64_t, struct finding *);

void check_migrated(const struct check *, struct db *, int64_t, struct finding *); /* migration.c */

/* Whether arg is one that check_tcp, check_http or check_redis can ask. */
bool tcp_valid(const char *arg);
bool http_valid(const char *arg);
bool redis_valid(const char *arg);

/* The :// behind a scheme at the beginning of text, or NULL. */
const char *place_scheme_end(const char *text);

/* Returns whether a URL names exactly one host. */
bool place_has_host(const struct url *u);

/* A descriptor that is connected to host and port, or -1 with the finding set. */
int place_dial(const char *host, const char *port, int64_t deadline, struct finding *f);

/* FAIL with how far it came, and error, which may be empty. */
void place_not_reached(struct finding *f, enum reach reach, const struct buf *error);

/* check_place.c */
void check_tcp(const struct check *, int64_t, struct finding *);
void check_http(const struct check *, int64_t, struct finding *);
void check_file(const struct check *, int64_t, struct finding *);
void check_disk(const struct check *, int64_t, struct finding *);

void check_redis(const struct check *, int64_t, struct finding *); /* check_redis.c */

/* check_backup.c */
void check_backup(const struct check *, int64_t, struct finding *);

#endif
