/*
 * target - the database that an applet works on, and where its name came from.
 */
#ifndef DB_TARGET_H
#define DB_TARGET_H

#include "base/buf.h"
#include "ext/server.h"

enum target_kind { TARGET_PG, TARGET_SQLITE };

struct target {
	enum target_kind kind;
	struct conninfo conninfo; /* TARGET_PG */
	char *path;               /* TARGET_SQLITE */
	char *service;            /* TARGET_PG: where the conninfo is from the service file; its name */
	char *served;             /* and the database that is meant by that name alone, or NULL */
	bool named;               /* the database was named, and not taken for the user's */
	char *shown;              /* user@host:port/db or sqlite:path; never a secret */
	struct strs warnings;     /* what the user should hear, for msg_each() */
};

/*
 * Finds the target. text is a URL, a conninfo string, or env:NAME for what the
 * variable NAME (or its _FILE) holds; NULL means the environment: DATABASE_URL,
 * else PG*, else POSTGRES_HOST/PORT/USER/PASSWORD/DB with the official image's
 * defaults. The families do not mix.
 *
 * 0, or BAD_USAGE (text is wrong) or BAD_CONFIG (a variable is wrong, or nothing
 * is set) with a sentence in error that quotes no part of the text. Passwords
 * found are registered with msg_secret(). target_free after both.
 */
int target_find(struct target *t, const char *text, struct buf *error);

/* Where the environment names a target. */
enum target_family { TARGET_NOWHERE, TARGET_URL, TARGET_LIBPQ, TARGET_IMAGE };

/* Which of them target_find reads; nothing is looked into. */
enum target_family target_family(void);

/* Makes the environment's target that of PostgreSQL's own programs, which read PG* alone: DATABASE_URL,
 * POSTGRES_* and the _FILE twins become PG*, unless argv names a host, a conninfo string or a URL: no
 * password is for another server than its own. 0, or BAD_CONFIG with a message in error where
 * DATABASE_URL or POSTGRES_* cannot be read. */
int target_export(char *const *argv, struct strs *warnings, struct buf *error);

/* The same from the environment alone, for a caller that names the databases itself: that other
 * programs' variables name another is a warning then, and no error (db/foreign). */
int target_find_server(struct target *t, struct buf *error);

/* Makes t the same server's database of that name, without warnings. target_free after it. */
void target_copy(struct target *t, const struct target *from, const char *database);

/* Makes it another database of the same server. */
void target_use(struct target *t, const char *database);

/* Makes it log in as another user, with that password and with nothing else that the former login
 * had: client certificate, password file, options. */
void target_login(struct target *t, const char *user, const char *password);

/* Of a PostgreSQL target, makes it the database that is meant: into (NULL: none is said), else its
 * own, else the backup's (NULL: nobody knows). Where its own is another than the backup's, somebody
 * must have said so: with meant false that is BAD_USAGE with a sentence in error. */
int target_choose(struct target *t, const char *into, const char *backup, bool meant, struct buf *error);

/* The same for a file that somebody drops: where the backup's database is one of those allowed, it is
 * that one; else it must be t's own where nobody has named t's. BAD_USAGE with a message in error that
 * has both names. target_choose is called after it. */
int target_admit(struct target *t, const struct strs *allowed, const char *backup, struct buf *error);

/* Takes the variables that name a database away from libpq, which would fill a
 * URL's gaps from them. All targets must have been found before; commands that
 * are exec'ed still get them (env_original). */
void target_isolate(void);

void target_free(struct target *t);

#endif
