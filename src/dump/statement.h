/*
 * statement - what a statement of a dump is about: its schema, extension, tablespaces, what it
 * drops.
 *
 * By its words, as pg_dump and people write them: blanks, comments and capitals do not matter, names may
 * be quoted (PostgreSQL's documentation, 4.1). Nothing is checked that the server checks.
 */
#ifndef DUMP_STATEMENT_H
#define DUMP_STATEMENT_H

#include <stdbool.h>

#include "base/buf.h"

/* Returns the schema that CREATE SCHEMA makes, when it makes nothing else; NULL for others. The caller
 * frees it. */
char *statement_schema(const char *statement);

/* Returns the schema in which CREATE makes a table, view, sequence, function, procedure, type, domain or
 * aggregate, when its name says so; NULL for others. The caller frees it. */
char *statement_place(const char *statement);

/* Returns the schema that a statement changes without making it: ALTER SCHEMA ... OWNER TO, GRANT and
 * REVOKE ... ON SCHEMA (of several the first). NULL for others. The caller frees it. */
char *statement_on_schema(const char *statement);

/* Returns the extension that CREATE EXTENSION makes; NULL for others. *schema is the one that it names, or
 * NULL. The caller frees both. */
char *statement_extension(const char *statement, char **schema);

/* Returns whether the roles that a statement names (dump/roles) are to own something: OWNER TO, CREATE SCHEMA
 * AUTHORIZATION. */
bool statement_gives(const char *statement);

/* Adds the settings that a statement sets: SET name of the session, and those of CREATE FUNCTION and
 * PROCEDURE. What has another form after SET (ROLE, TIME ZONE) may be among them. */
void statement_settings(const char *statement, struct strs *names);

/* Adds the tablespaces that a statement names, but for the database's own ('') and pg_default: SET
 * default_tablespace and temp_tablespaces, TABLESPACE name of CREATE and ALTER. */
void statement_tablespaces(const char *statement, struct strs *names);

/* Returns the statement without its tablespaces, "" where nothing is left; NULL when it names none. The
 * caller frees it. */
char *statement_without_tablespaces(const char *statement);

/* Returns whether a statement runs in no transaction (PreventInTransactionBlock in PostgreSQL's source):
 * VACUUM, CREATE INDEX CONCURRENTLY, ... */
bool statement_stands_alone(const char *statement);

/* Returns whether a statement drops something, as pg_dump --clean writes them (also constraints, defaults
 * and large objects; a view that is part of a circle loses its query first: createDummyViewAsClause). */
bool statement_drops(const char *statement);

#endif
