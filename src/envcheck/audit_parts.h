/*
 * audit_parts - what the files of audit share.
 */
#ifndef ENVCHECK_AUDIT_PARTS_H
#define ENVCHECK_AUDIT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "envcheck/problem.h"

struct envspec;
struct envvar;
struct surroundings;

struct auditing {
	struct problems *problems; /* what is found */
	size_t *judged;            /* how many variables were looked at */
	const struct envspec *spec;
	const struct surroundings *s;
	bool container; /* this is one */
	bool server;    /* this is an image of PostgreSQL itself */
};

/* A variable that is looked at. */
struct subject {
	const char *name;
	const struct envvar *var; /* NULL: not in the spec */
	bool secret;
};

/* audit_names.c: what names are known, and those that nobody knows. Whether it is set and not empty, itself
 * or through NAME_FILE. */
bool audit_is_set(const struct auditing *a, const char *name);

/* Whether the spec or pgbox knows the name. */
bool audit_is_known(const struct auditing *a, const char *name);

/* Whether it is one of audit_names. */
bool audit_is_own(const char *name);

/* How long the name in an entry NAME=value of the environment is; 0 where it is none as
 * variables have them, capitals, digits and _. An env file with a value of several lines, or a
 * URL on a line of its own, leaves a piece of that value as a "name", which must not be
 * repeated. */
size_t audit_name_length(const char *entry);

/* The names that pgbox knows; ends in NULL. */
extern const char *const audit_names[];

/* Adds the names that are set and look like a misspelling of a known one. */
void audit_unknown(const struct auditing *a);

/* The name that is set, is not known, and is one edit away from this one, which is not set;
 * NULL: none. It points into the environment and ends at its =; *len is its length. */
const char *audit_misspelt(const struct auditing *a, const char *name, size_t *len);

/* audit_groups.c: adds those that are not set beside others that they belong to. */
void audit_groups(const struct auditing *a);

/* audit_weak.c: adds that a secret is weak: an error in production, a warning elsewhere, allowed where the
 * user said so. what stands before why: "" or "its password ". */
void audit_weak(const struct auditing *a, const char *name, const char *what, const char *why);

/* The same where the level does not hang on what the environment is for. */
void audit_weak_as(const struct auditing *a, const char *name, enum problem_level level, const char *what,
                   const char *why);

/* audit_value.c: one variable. */
void audit_subject(const struct auditing *a, const struct subject *subject);

/* Warns of a comment or a reference in a variable of which nothing is known. */
void audit_stranger(const struct auditing *a, const char *name, const char *value);

/* audit_url.c: URLs of databases and their like. Whether value looks like one. */
bool audit_is_server_url(const char *value);

/* Whether the value of DATABASE_URL is a conninfo string, host=... user=..., which pgbox and libpq
 * take in its place; of any other name it is not. */
bool audit_is_conninfo(const char *name, const char *value);

/* Whether value is the address of a server or a web page, of which only a part may be secret. */
bool audit_is_address(const char *value);

/* Whether a value is the path of an SQLite file, which Drizzle and others take: ./dev.db, local.db, :memory:.
 */
bool audit_is_file(const char *value);

/* Whether value may name a database to some program: a URL, scheme:path, or key=value pairs. */
bool audit_is_database(const char *value);

/* Judges the password and the host of a URL or such a string; nothing when it is none. example may
 * be NULL. Whether it has a password. */
bool audit_url(const struct auditing *a, const char *name, const char *value, const char *example);

/* A host that stands alone: PGHOST. */
void audit_host(const struct auditing *a, const char *name, const char *value);

/* Compares DATABASE_URL with POSTGRES_* and PG*. */
void audit_agreement(const struct auditing *a);

#endif
