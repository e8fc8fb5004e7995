/*
 * kind - what a kind of check is, and a check of it.
 */
#ifndef CHECK_KIND_H
#define CHECK_KIND_H

#include "check/comparison.h"
#include "db/finding.h"

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
	ARG_TOOL      /* a migration tool and more: migrated_valid() */
};

struct check;

struct check_kind {
	const char *name;
	enum check_arg arg;
	const char *usage; /* for errors: table=[schema.]name */
	/* Exactly one of the two. Each sets verdict and why; reach and final only
	 * when they are not CONNECTED and 0. */
	void (*of_db)(const struct check *check, struct db *db, int64_t deadline,
	              struct finding *f);
	void (*of_service)(const struct check *check, int64_t deadline, struct finding *f);

	int64_t below;    /* the default of what follows < */
	const char *unit; /* of finding.value: percent, s */
	/* What it measures (draft-inadarei-api-health-check, measurementName); NULL: of a service
	 * responseTime, of a database the kind's name. */
	const char *measure;
	bool on_disk;     /* it looks at files: a mount that hangs holds it past any signal */
};

#define NO_TARGET SIZE_MAX /* check.target of one that is about no database */

struct check {
	const struct check_kind *kind;
	char *shown;          /* name=argument without secrets */
	char *arg;            /* what follows the =, without blanks around it, or NULL */
	char *schema, *name;  /* of table=, rows=; schema NULL: the search_path's; name: a path, too */
	enum sign sign;       /* of rows=, extension=; SIGN_NONE: none */
	char *bound;          /* what follows the sign, or NULL: rows, or a version */
	int64_t below;        /* what follows <, or the kind's default: a percentage, or ms */
	size_t target;        /* index into checks.targets; SIZE_MAX: none needed */
};

#endif
