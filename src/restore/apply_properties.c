/* apply_properties - what a database that is restored into gets besides its content. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "dump/properties_parts.h"
#include "restore/apply.h"
#include "restore/apply_parts.h"

#define ASK_MS 30000

static int ask(struct apply *p, const char *sql, const char *a, struct rows *rows)
{
	return server_query(&p->shadow.db.pg, sql, &a, a ? 1 : 0, clock_after(ASK_MS), rows);
}

static const char *own_name(const struct apply *p)
{
	return conninfo_get(&p->target->conninfo, "dbname");
}

static bool is_made(const struct apply *p)
{
	return p->mode == APPLY_CREATE;
}

/* --- the backup's --- */

/* An archive's own entries come before the manifest, which is of the same moment, but not everywhere. */
static int read_backup(struct apply *p, struct buf *error)
{
	struct properties *of = &p->properties;
	int rc = 0;

	if (p->r->content != FORMAT_SQL)
		rc = properties_of_archive(of, p->r->path, error);
	if (!rc && !of->encoding && p->m)
		properties_of_manifest(of, p->m);
	if (!rc && p->r->content == FORMAT_SQL)
		of->client_encoding = format_encoding(p->r->path);
	return rc;
}

/* --- the encoding --- */

static bool is_any_bytes(const char *encoding)
{
	return encoding && strcasecmp(encoding, "SQL_ASCII") == 0;
}

/* SQL_ASCII has the number 0 and many spellings (encnames.c); as the encoding of text it is none. */
static int check_name(struct apply *p, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = ask(p, "SELECT n > 0, n = 0 FROM pg_catalog.pg_char_to_encoding($1) AS n", p->encoding,
	             &rows);
	bool known = rows_true(&rows, 0, 0), raw = rows_true(&rows, 0, 1);

	rows_free(&rows);
	if (rc || known)
		return 0;
	if (raw)
		buf_puts(error, "--encoding: SQL_ASCII says nothing about the text: name its encoding (UTF8, "
		         "LATIN1 ...), or leave --encoding out to create an SQL_ASCII database");
	else
		buf_printf(error, "--encoding: the server has no encoding '%s'", p->encoding);
	return BAD_USAGE;
}

/* Where nothing but the encoding is known, C fits it. */
static void choose_form(struct apply *p)
{
	struct properties *of = &p->properties;

	if (!of->collate) {
		manifest_set(&of->provider, "libc");
		manifest_set(&of->collate, "C");
		manifest_set(&of->ctype, "C");
	}
	if (p->encoding || !of->encoding)
		manifest_set(&of->encoding, p->encoding ? "UTF8" : "SQL_ASCII");
}

/* COPY stores text of no known encoding as it is, unchecked (copyfromparse.c): into a database of
 * another encoding it may only come in one that the server converts from. */
static int choose_encoding(struct apply *p, const char *target, struct strs *problems, struct buf *error)
{
	struct properties *of = &p->properties;
	bool raw = is_any_bytes(of->client_encoding);

	p->r->encoding = NULL;
	if (p->encoding && !raw) {
		buf_printf(error, "--encoding: only for backups of SQL_ASCII databases; this one is in %s",
		           of->client_encoding ? of->client_encoding : "the client's encoding");
		return BAD_USAGE;
	}
	if (!raw)
		return 0;
	if (is_made(p))
		choose_form(p);
	p->r->encoding = p->encoding ? p->encoding : is_any_bytes(of->encoding) ? NULL : of->encoding;
	if (!is_made(p) && !p->r->encoding && target && !is_any_bytes(target))
		strs_printf(problems, "encoding: the backup is in SQL_ASCII (bytes of any encoding), "
		            "database '%s' in %s: name the encoding of its text with --encoding (UTF8, "
		            "LATIN1 ...), or restore into a new database (--into)", own_name(p), target);
	return p->encoding ? check_name(p, error) : 0;
}

/* --- the target's --- */

/* With what servers since 9.2 have. */
static const char *find_form(int version)
{
#define FORM(provider, locale)                                                                     \
	"SELECT pg_encoding_to_char(encoding), " provider ", datcollate, datctype, " locale          \
	" FROM pg_catalog.pg_database WHERE datname = $1"
#define NAMED "CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END"
	if (version >= 170000)
		return FORM(NAMED, "datlocale");
	return version >= 150000 ? FORM(NAMED, "daticulocale") : FORM("'libc'", "NULL");
}

static int read_target(struct apply *p, struct properties *found)
{
	struct rows rows = { 0 };
	int rc = ask(p, find_form(server_version(&p->shadow.db.pg)), own_name(p), &rows);
	char **fields[] = { &found->encoding, &found->provider, &found->collate, &found->ctype,
		            &found->locale };

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields) && !rc; i++)
		manifest_set(fields[i], rows_get(&rows, 0, i));
	rows_free(&rows);
	return rc;
}

/* Less what glibc does not distinguish: en_US.UTF-8 is en_US.utf8. */
static bool is_same_form(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += *a == '-';
		b += *b == '-';
		if (strncasecmp(a, b, 1) != 0)
			return false;
		if (!*a)
			return true;
	}
}

/* A database that is there keeps what it is and has. */
static void note_kept(struct apply *p, const struct properties *found, struct strs *notes)
{
	char *own = properties_form(found), *was = properties_form(&p->properties);
	char *words = properties_words(&p->properties);

	if (p->properties.encoding && !is_same_form(own, was))
		strs_printf(notes, "the database stays %s; the backup's was %s", own, was);
	if (*words && p->mode == APPLY_FILL)
		strs_printf(notes, "the database keeps its own rights and settings; the backup has %s: to "
		            "get them, drop the empty database first", words);
	free(own);
	free(was);
	free(words);
}

/* --- both --- */

/* What cannot be is said before anything is made. */
static void check_form(struct apply *p, struct strs *problems)
{
	const char *why = properties_too_new(&p->properties, server_version(&p->shadow.db.pg));

	if (why && !p->near_locale)
		strs_printf(problems, "locale: %s: use --locale near for the nearest that this server has",
		            why);
}

/* Who restores owns it then, and has what the owner had. */
static void disown(struct apply *p)
{
	struct rows rows = { 0 };

	ask(p, "SELECT current_user", NULL, &rows);
	if (rows_get(&rows, 0, 0))
		properties_disown(&p->properties, rows_get(&rows, 0, 0));
	rows_free(&rows);
}

/* Said once, and beforehand. */
static void leave_tablespace(struct apply *p, struct strs *notes)
{
	struct properties *of = &p->properties;
	bool has = properties_has_tablespace(of, &p->shadow.db);

	if (!has && !p->r->no_tablespaces)
		strs_printf(notes, PROPERTIES_NO_TABLESPACE, of->tablespace);
	if (!has || p->r->no_tablespaces)
		manifest_set(&of->tablespace, NULL);
	for (size_t i = of->n_settings; p->r->no_tablespaces && i-- > 0;)
		if (strcmp(of->settings[i].name, "default_tablespace") == 0 ||
		    strcmp(of->settings[i].name, "temp_tablespaces") == 0)
			properties_drop_setting(of, i);
}

int apply_properties(struct apply *p, struct strs *problems, struct strs *notes, struct buf *error)
{
	struct properties found = PROPERTIES_INIT;
	int rc = read_backup(p, error);

	if (!rc && p->shadow.exists && read_target(p, &found) != 0) {
		buf_printf(error, "%s: cannot look at the database: %s",
		           p->target->shown, db_error(&p->shadow.db));
		rc = UNAVAILABLE;
	}
	rc = rc ? rc : choose_encoding(p, found.encoding, problems, error);
	if (!rc && p->shadow.exists)
		note_kept(p, &found, notes);
	properties_free(&found);
	if (rc || !is_made(p))
		return rc;
	check_form(p, problems);
	leave_tablespace(p, notes);
	if (p->settings == SETTINGS_NONE)
		properties_bare(&p->properties);
	if (p->r->no_owner) {
		disown(p);
	} else {
		properties_roles(&p->properties, &p->r->database_roles);
		if (p->properties.owner)
			strs_add(&p->r->database_roles, p->properties.owner);
	}
	return 0;
}

/* With --no-owner roles need not be there. */
static void leave_out_absent(struct apply *p, struct strs *notes)
{
	struct strs named = { 0 }, absent = { 0 };

	properties_roles(&p->properties, &named);
	for (size_t i = 0; i < named.n; i++) {
		struct rows rows = { 0 };

		if (ask(p, "SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", named.v[i], &rows) == 0 &&
		    !rows.n) {
			strs_add(&absent, named.v[i]);
			strs_printf(notes, "role %s: is missing: its rights and settings in the database are "
			            "left out",
			            named.v[i]);
		}
		rows_free(&rows);
	}
	properties_without(&p->properties, &absent);
	strs_free(&named);
	strs_free(&absent);
}

void apply_settings(struct apply *p, struct strs *problems, struct strs *notes)
{
	if (!is_made(p))
		return;
	if (p->r->no_owner)
		leave_out_absent(p, notes);
	else if (p->r->roles == ROLES_SKIP)
		properties_without(&p->properties, &p->r->missing_roles);
	properties_try(&p->properties, &p->shadow.db, p->settings == SETTINGS_NEAR, &p->r->missing_roles,
	               problems, notes);
}
