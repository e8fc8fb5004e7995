/*
 * check - one question about a database or its surroundings: name[=argument].
 *
 * waitdb polls checks until they hold, healthz asks each once, seedonce decides
 * by one. A check that cannot tell is unknown, and unknown is never a pass.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "check/kind.h"

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

/* Asks a check about a session that the caller holds, in its transaction. */
void check_ask_db(const struct check *check, struct db *db, int64_t deadline, struct finding *f);

/* Whether the check is one of a database, and so may be asked of any target. */
bool check_is_of_db(const struct check *check);

/* The kind that text, name[=argument], names; NULL: there is none. */
const struct check_kind *check_kind_of(const char *text);

/* Reads a single check of a database, without a target. */
int check_read(struct check *check, const char *text, struct buf *error);

/* The same of an option's value, which the variable may have set: it is named in front, and is
 * BAD_CONFIG then. */
int check_read_option(struct check *check, const char *text, const char *option, const char *variable,
                      struct buf *error);

void check_free(struct check *check);

#endif
