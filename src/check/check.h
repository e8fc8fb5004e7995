/*
 * check - one question about a database or its surroundings: name[=argument].
 *
 * waitdb polls checks until they hold, healthz asks each once, seedonce decides
 * by one. A check that cannot tell is unknown, and unknown is never a pass.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "check/comparison.h"
#include "db/finding.h"

/* What --help says of them, in every applet that has them. */
#define CHECKS_HELP                                                                          \
	"checks:\n"                                                                          \
	"  ready  writable  standby     logged in; not read-only; in recovery\n"             \
	"  table=[SCHEMA.]NAME          the table exists\n"                                  \
	"  rows=[SCHEMA.]NAME[>=N]      it has at least N (1) rows; > = < <= too\n"          \
	"  rows-of-view=NAME[>=N]       the same of a view, whose functions run as you\n"    \
	"  query=SQL                    the first value is true, non-zero or non-empty\n"    \
	"  extension=NAME[>=VERSION]    the extension is installed\n"                        \
	"  migrated=TOOL[=REV or @DIR]  alembic, django or drizzle is at REV, or has\n"            \
	"                               applied all that the files below DIR name\n"             \
	"  seeded[=NAME]                seedonce has finished NAME\n"                        \
	"  connections[<PCT]            used of those an app may have are below PCT (90%)\n" \
	"  lag[<TIME]                   a standby is behind by less than TIME (30s)\n"       \
	"  tcp=HOST:PORT                somebody listens\n"                                  \
	"  http=URL[=CODES]             answers 2xx or 3xx, or one of CODES\n"               \
	"  redis=HOST:PORT or URL       answers PONG; redis:// rediss:// unix://\n"          \
	"  file=PATH                    exists\n"                                            \
	"  disk=PATH[<PCT]              bytes and inodes used are below PCT (90%)\n"         \
	"  backup=DIR[<AGE]             pgbackup's newest, of each database of its last\n"   \
	"                               run, is younger than AGE (26h)\n"                   \
	"Names are not folded to lower case. A NAME or PATH with blanks or operators goes\n" \
	"in double quotes: 'rows=\"Us ers\">=3'."

/* A table of the check kinds: see check_kinds.h. */
struct check_kind;

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

/* Checks in the order given, and the targets they look at. */
struct checks {
	struct check *v;
	size_t n;
	struct target *targets;
	struct db *dbs; /* one session per target, opened when first needed */
	size_t targets_n;
	bool once; /* a server that could not be logged in to is not tried again */
	struct strs warnings;
};

/*
 * Reads checks. lines are checks, or `url=TARGET` that applies to the checks
 * after it; checks before the first `url=` apply to each of urls, or to the
 * environment's target when there is none. A target without a check gets
 * `fallback`. Blanks around a line do not count, nor do lines of blanks or that begin with #. 0, or BAD_USAGE/BAD_CONFIG with a sentence in error.
 */
int checks_read(struct checks *c, const struct strs *lines, const struct strs *urls,
                const char *fallback, struct buf *error);

/* What checks_read returned, as an exit code and message that blame the variable where one of its lines
 * cannot be read: lines are what it holds. */
int checks_blame(int rc, const struct strs *lines, const char *variable, struct buf *error);

/* Reads checks that are all asked of the database of target, which is copied, or of elsewhere.
 * 0, or BAD_USAGE with a sentence in error. checks_free after both. */
int checks_read_of(struct checks *c, const struct strs *lines, const struct target *target,
                   struct buf *error);

/* Asks check i. The session stays open for the next call, but for one with a
 * server that is about to restart. */
void check_ask(struct checks *c, size_t i, int64_t deadline, struct finding *f);

/* Whether its server was tried in vain, so that check_ask knows at once. */
bool check_is_lost(const struct checks *c, size_t i);

/* The deadline of one look among many: that one, or 3 s from now. */
int64_t check_soon(int64_t deadline);

/* Closes the sessions; a check that is asked again opens them anew. */
void checks_rest(struct checks *c);

/* Asks a check about a session that the caller holds, in its transaction. */
void check_ask_db(const struct check *check, struct db *db, int64_t deadline, struct finding *f);

/* Where check i looks: its target as shown, or "" when its argument says it. */
const char *check_place(const struct checks *c, size_t i);

/* Whether the check is one of a database, and so may be asked of any target. */
bool check_is_of_db(const struct check *check);

/* Reads a single check of a database, without a target. */
int check_read(struct check *check, const char *text, struct buf *error);

/* The same of an option's value, which the variable may have set: it is named in front, and is
 * BAD_CONFIG then. */
int check_read_option(struct check *check, const char *text, const char *option, const char *variable,
                      struct buf *error);

void check_free(struct check *check);
void checks_free(struct checks *c);

#endif
