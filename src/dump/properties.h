/*
 * properties - what a database is besides its content: encoding, locale, owner, rights, settings,
 * connection limit and comment.
 *
 * pg_dump keeps them in archive entries of their own (pg_dump.c, dumpDatabase), which pg_restore
 * only runs with --create and under the old name; plain SQL lacks them, so the manifest has them
 * too. Their SQL is never run: it is read into values, and what is run is written from those.
 */
#ifndef DUMP_PROPERTIES_H
#define DUMP_PROPERTIES_H

#include "db/db.h"
#include "dump/manifest.h"

/* A GRANT, or a REVOKE, on the database; in their order, on top of the server's defaults. */
struct database_right {
	bool grant, option; /* option: WITH GRANT OPTION */
	unsigned privileges; /* RIGHT_... */
	char *role;          /* NULL: PUBLIC */
};

enum { RIGHT_CREATE = 1, RIGHT_CONNECT = 2, RIGHT_TEMPORARY = 4, RIGHT_ALL = 7 };

/* ALTER DATABASE SET, or ALTER ROLE ... IN DATABASE SET. */
struct database_setting {
	char *role;         /* NULL: everybody */
	char *name;
	struct strs values; /* several of a setting that is a list, else one */
};

/* Texts are owned and NULL where nothing is known. */
struct properties {
	char *encoding;                /* pg_encoding_to_char: UTF8 */
	char *provider;                /* libc, icu, builtin */
	char *collate, *ctype;         /* LC_COLLATE, LC_CTYPE */
	char *locale, *rules;          /* of icu and builtin; of icu */
	char *tablespace, *owner, *comment;
	char *client_encoding;         /* what the backup's text is in */
	long connection_limit;         /* -1: none */
	bool is_template;
	struct database_right *rights;
	size_t n_rights;
	struct database_setting *settings;
	size_t n_settings;
};

#define PROPERTIES_INIT { .connection_limit = -1 }

/* Fills in what the manifest says of the locale provider of db's database, and with all of its
 * rights and settings too. 0, or -1 with the words in db_error. */
int properties_look(struct db *db, int64_t deadline, bool all, struct manifest *m);

/* Reads what a manifest has. properties_free after all of these. */
void properties_of_manifest(struct properties *p, const struct manifest *m);

/* Returns whether the database can be created in its tablespace on db's server. Where not, it is in
 * pg_default, and the message says so, with the tablespace's name. */
bool properties_has_tablespace(const struct properties *p, struct db *db);
#define PROPERTIES_NO_TABLESPACE \
	"tablespace '%s' does not exist, or this role may not use it: the database is in pg_default"

/* Reads the entries of an archive. 0, or BAD_DATA with a sentence in error. */
int properties_of_archive(struct properties *p, const char *path, struct buf *error);

/* Adds what the statements of such entries say; others are skipped. */
void properties_parse(struct properties *p, const char *sql);

/* "UTF8, builtin C.UTF-8". The caller frees it. */
char *properties_form(const struct properties *p);

/* Adds the roles that rights and settings name. */
void properties_roles(const struct properties *p, struct strs *roles);

/* Leaves out the rights and settings of those roles. */
void properties_without(struct properties *p, const struct strs *roles);

/* Leaves the owner out; the owner's rights become role's, who restores. */
void properties_disown(struct properties *p, const char *role);

/* Leaves out rights, settings, connection limit and comment. */
void properties_bare(struct properties *p);

/* What properties_bare would leave out, for a message; "" for nothing. The caller frees it. */
char *properties_words(const struct properties *p);

/* properties_make.c */

/* Why a server of that version has no such locale, or NULL. */
const char *properties_too_new(const struct properties *p, int version);

struct properties_how {
	const char *tail;  /* SQL that is appended to the statement */
	bool near;         /* where the server cannot, the nearest locale that it has */
	struct buf *note;  /* gets what is not the same */
};

/*
 * Makes database name on db's server with the encoding, locale and tablespace. 0; UNAVAILABLE when the server
 * cannot, DENIED, CANNOT_WRITE or NO, with a sentence in error.
 */
int properties_create(const struct properties *p, struct db *db, const char *name,
                      const struct properties_how *how, struct buf *error);

/* Tries each setting on db's server, in a transaction that is rolled back: those that the server or
 * the role refuses are problems, or with near left out and notes. Roles in missing may not be there
 * yet. */
void properties_try(struct properties *p, struct db *db, bool near, const struct strs *missing,
                    struct strs *problems, struct strs *notes);

/* Gives database name rights, settings and connection limit. 0, or -1 with the words in db_error. */
int properties_apply(const struct properties *p, struct db *db, const char *name);

void properties_free(struct properties *p);

#endif
