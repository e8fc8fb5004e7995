/*
 * roles - the roles that the statements of a dump name: owners, rights, policies.
 *
 * They stand behind words of the statement's own, in no brackets: GRANT and REVOKE, ALTER DEFAULT
 * PRIVILEGES, OWNER TO, policies, SET SESSION AUTHORIZATION and SET ROLE, CREATE SCHEMA AUTHORIZATION, user
 * mappings. pg_dump's forms are in dumputils.c, pg_dump.c and pg_backup_archiver.c.
 */
#ifndef DUMP_ROLES_H
#define DUMP_ROLES_H

#include "base/buf.h"

/* The bytes of the next piece of SQL: a word, something quoted, a comment, or one character; 0 at
 * the end. */
size_t grant_piece(const char *at);

/* The bytes of the first statement in a script, comments before it, its semicolon and the
 * line end included; what is behind the last one counts as one; 0 at the end. */
size_t grant_statement(const char *sql);

/* The name that stands there, quoted or not (in small letters then, as PostgreSQL has it), and in *len the bytes that it takes. The caller frees
 * it. */
char *grant_name(const char *at, size_t *len);

/* Adds the roles that the statement names, but for PUBLIC, CURRENT_USER and the like. */
void grant_roles(const char *statement, size_t len, struct strs *roles);

/* Returns the statement without those roles: "" when it names no others, unless it makes sense without one (a
 * schema is the session's then, SET gives the session back its own role); NULL when it names none of them.
 * The caller frees it. */
char *grant_without(const char *statement, size_t len, const struct strs *roles);

#endif
