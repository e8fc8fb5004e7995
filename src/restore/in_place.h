/*
 * in_place - what --clean and --data-only send in place of pg_restore's statements.
 *
 * Names and statements are foreign text: they are quoted by the library, as strings, wherever they
 * are part of a block of PL/pgSQL.
 */
#ifndef RESTORE_IN_PLACE_H
#define RESTORE_IN_PLACE_H

struct pg_conn;

/* Of a statement of pg_restore --clean that drops something: one that takes what is not there, or
 * goes with something else, for dropped; "" for the schema public, which is kept. Of one that makes a
 * transform: one that replaces it. NULL for others. The caller frees it. */
char *in_place_drop(struct pg_conn *conn, const char *statement);

/*
 * Runs a statement of plain SQL that drops something (pg_dump --clean, with or without --if-exists) in a
 * savepoint. Returns "" when it was dropped, was not there, or goes with something else: also a schema or an
 * extension that something else needs, or that is not this role's, and the schema public, which is kept.
 * NULL: it drops nothing, or failed for another reason, and is to be sent. The caller frees it.
 */
char *in_place_try(struct pg_conn *conn, const char *statement);

/* Of a COPY: one that fails where the table has rows already, which would be there twice; but not of
 * an extension's own table. NULL for others. The caller frees it. */
char *in_place_fill(struct pg_conn *conn, const char *statement);

#endif
