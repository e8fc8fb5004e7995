/*
 * grant - the roles that the statements of a dump name: owners, rights, policies.
 *
 * The forms are pg_dump's (dumputils.c; pg_dump.c, dumpPolicy; pg_backup_archiver.c,
 * _getObjectDescription): the roles stand behind the first TO or FROM that is neither in
 * quotes nor in brackets, and behind FOR ROLE.
 */
#ifndef CORE_GRANT_H
#define CORE_GRANT_H

#include "base/buf.h"

/* The bytes of the next piece of SQL: a word, something quoted, a comment, or one character; 0 at
 * the end. */
size_t grant_piece(const char *at);

/* The bytes of the first statement in a script, comments before it, its semicolon and the
 * line end included; what is behind the last one counts as one; 0 at the end. */
size_t grant_statement(const char *sql);

/* The name that stands there, quoted or not, and in *len the bytes that it takes. The caller frees
 * it. */
char *grant_name(const char *at, size_t *len);

/* Adds the roles that the statement names, but for PUBLIC. */
void grant_roles(const char *statement, size_t len, struct strs *roles);

/* The statement without those roles, "" when it names no others, NULL when it names none of
 * them. The caller frees it. */
char *grant_without(const char *statement, size_t len, const struct strs *roles);

#endif
