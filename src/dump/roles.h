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

/* Adds the roles that the statement names, but for PUBLIC, CURRENT_USER and the like. */
void roles_named(const char *statement, size_t len, struct strs *roles);

/* Returns the statement without those roles: "" when it names no others, unless it makes sense without one (a
 * schema is the session's then, SET gives the session back its own role); NULL when it names none of them.
 * The caller frees it. */
char *roles_without(const char *statement, size_t len, const struct strs *roles);

#endif
