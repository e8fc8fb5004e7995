/*
 * guest - a throw-away role, as which the code of a restored database runs.
 *
 * A database's own code (CHECK constraints, defaults, generated columns, index expressions,
 * triggers) runs when it is restored, as whoever restores it. SET ROLE and SET SESSION
 * AUTHORIZATION do not contain it: any function can RESET them. So who has more rights than the
 * database's owner makes a role that has none but on a scratch database, and logs in as that.
 */
#ifndef RESTORE_GUEST_H
#define RESTORE_GUEST_H

#include "db/db.h"

/* A role and the password it logs in with; name NULL: none. guest_free after it. */
struct guest {
	char *name, *password;
};

/* What the role of a session may do, compared with a database's owner. */
struct guest_rights {
	bool superuser;
	bool makes_roles; /* it is a superuser, or has CREATEROLE */
	bool wider;       /* it has an attribute or is a member of a role that the owner has or is not */
};

/* Finds that out; an owner that the server does not have, or NULL, has no rights. 0, or -1 with
 * db_error. */
int guest_rights(struct db *db, const char *owner, int64_t deadline, struct guest_rights *r);

/*
 * Makes a role of that name, with LOGIN, a random password (only its verifier is sent) and a
 * comment that says that it is ours. Where db's role is not a superuser, it becomes a member, so
 * that it may give it a database. 0, or -1 with db_error.
 */
int guest_make(struct guest *g, struct db *db, const char *name, int64_t deadline);

/* Makes t the database of that name on from's server, with the guest's login in place of from's
 * (also of its client certificate and password file). target_free after it. */
void guest_target(const struct guest *g, const struct target *from, const char *database,
                  struct target *t);

/* Drops the role, and what else it may have made in the session's database or been granted. 0, or
 * -1 with db_error: the role may no longer log in then, if that could be arranged. */
int guest_drop(struct db *db, const char *name, int64_t deadline);

/* Drops roles of ours whose names are prefix and then `NUMBER_NUMBER`, that no session has for its
 * application_name, and whose database of the same name is gone. Failures are left to the next. */
void guest_drop_stale(struct db *db, const char *prefix, int64_t deadline);

void guest_free(struct guest *g);

#endif
