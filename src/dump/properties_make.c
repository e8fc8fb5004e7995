/* properties_make - makes a database that has the properties of another. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "dump/properties.h"
#include "dump/properties_parts.h"

#define MAKE_MS 600000 /* CREATE DATABASE may wait for a checkpoint */
#define ASK_MS 30000

static bool is_text(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

/* --- encoding and locale --- */

/* The part of a CREATE DATABASE that can be told in several ways. */
struct locale_form {
	const char *provider, *collate, *ctype, *locale, *rules; /* NULL: not told */
};

const char *properties_too_new(const struct properties *p, int version)
{
	if (is_text(p->provider, "builtin") && version < 170000)
		return "the locale provider 'builtin' needs PostgreSQL 17";
	if (is_text(p->provider, "icu") && version < 150000)
		return "a database with the locale provider 'icu' needs PostgreSQL 15";
	if (is_text(p->provider, "builtin") && is_text(p->locale, "PG_UNICODE_FAST") && version < 180000)
		return "the locale PG_UNICODE_FAST needs PostgreSQL 18";
	if (p->rules && version < 160000)
		return "ICU_RULES need PostgreSQL 16";
	return NULL;
}

/* A server may know no such locale; another version, no such option. */
static bool is_about_form(const char *sqlstate)
{
	static const char *const states[] = { "22023", "42809", "0A000", "42601", "42704", "22P02" };

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (strcmp(states[i], sqlstate) == 0)
			return true;
	return false;
}

static void add_option(struct server *pg, struct buf *sql, const char *option, const char *value)
{
	if (!value)
		return;
	buf_printf(sql, " %s ", option);
	server_literal(pg, sql, value);
}

/* Before 15 there are no providers but libc. */
static void add_form(struct server *pg, struct buf *sql, const struct locale_form *f)
{
	bool builtin = is_text(f->provider, "builtin");

	if (f->provider && server_version(pg) >= 150000)
		buf_printf(sql, " LOCALE_PROVIDER %s",
		           builtin ? "builtin" : is_text(f->provider, "icu") ? "icu" : "libc");
	add_option(pg, sql, "LC_COLLATE", f->collate);
	add_option(pg, sql, "LC_CTYPE", f->ctype);
	add_option(pg, sql, builtin ? "BUILTIN_LOCALE" : "ICU_LOCALE", f->locale);
	add_option(pg, sql, "ICU_RULES", f->rules);
}

/* What is not known is as the server has it by itself. */
static int try_form(const struct properties *p, struct db *db, const char *name, const char *tail,
                    const struct locale_form *f)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_puts(&sql, "CREATE DATABASE ");
	server_identifier(&db->pg, &sql, name);
	buf_puts(&sql, " TEMPLATE template0");
	add_option(&db->pg, &sql, "ENCODING", p->encoding ? p->encoding : "UTF8");
	add_form(&db->pg, &sql, f);
	buf_puts(&sql, tail);
	rc = server_query(&db->pg, sql.data, NULL, 0, clock_after(MAKE_MS), NULL);
	buf_free(&sql);
	return rc;
}

/* The nearest that servers have: the same without what is new; for the other providers, whose
 * locales know more than C, one of libc's that does; then the server's own, and C. */
static size_t nearer(const struct properties *p, int version, struct locale_form *forms)
{
	static const char *const utf8[] = { "C.UTF-8", "C.utf8" };
	bool libc = !p->provider || is_text(p->provider, "libc"), c = is_text(p->locale, "C");
	struct properties plain = *p;
	size_t n = 0;

	plain.rules = NULL;
	if (p->rules && !properties_too_new(&plain, version))
		forms[n++] = (struct locale_form){ p->provider, p->collate, p->ctype, p->locale, NULL };
	if (is_text(p->provider, "builtin") && version >= 170000)
		forms[n++] = (struct locale_form){ p->provider, p->collate, p->ctype, "C.UTF-8", NULL };
	for (size_t i = 0; i < 2 && !libc && !c && is_text(p->encoding, "UTF8"); i++)
		forms[n++] = (struct locale_form){ "libc", utf8[i], utf8[i], NULL, NULL };
	if (!libc && !c && p->collate)
		forms[n++] = (struct locale_form){ "libc", p->collate, p->ctype, NULL, NULL };
	if (!c)
		forms[n++] = (struct locale_form){ 0 };
	forms[n++] = (struct locale_form){ "libc", "C", "C", NULL, NULL };
	return n;
}

static int make_nearer(const struct properties *p, struct db *db, const char *name, const char *tail,
                       struct buf *note)
{
	struct locale_form forms[8];
	size_t n = nearer(p, server_version(&db->pg), forms);
	int rc = -1;

	for (size_t i = 0; i < n && rc; i++) {
		struct properties made = { .encoding = p->encoding,
			                   .provider = (char *)(uintptr_t)forms[i].provider,
			                   .collate = (char *)(uintptr_t)forms[i].collate,
			                   .locale = (char *)(uintptr_t)forms[i].locale };
		char *words = properties_form(&made), *wanted = properties_form(p);

		rc = try_form(p, db, name, tail, &forms[i]);
		if (!rc)
			buf_printf(note, "this server has no %s: the database is created as %s%s",
			           wanted, words,
			           forms[i].collate ? "" : ", with the server's own locale");
		free(words);
		free(wanted);
		if (rc && !is_about_form(db_sqlstate(db)))
			break;
	}
	return rc;
}

/* A folder of the machine's; and CREATE on it must have been granted. */
bool properties_has_tablespace(const struct properties *p, struct db *db)
{
	struct rows rows = { 0 };
	const char *params[] = { p->tablespace };
	static const struct sql find = { .pg = "SELECT has_tablespace_privilege(spcname, 'CREATE')"
		                               " FROM pg_tablespace WHERE spcname = $1" };
	bool may;

	if (!p->tablespace || is_text(p->tablespace, "pg_default"))
		return true;
	may = db_read(db, find, params, 1, clock_after(ASK_MS), &rows) == 0 && rows_true(&rows, 0, 0);
	rows_free(&rows);
	return may;
}

static char *tail_with_tablespace(const struct properties *p, struct db *db, const char *tail,
                                  struct buf *note)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, tail);
	if (p->tablespace && !is_text(p->tablespace, "pg_default")) {
		if (properties_has_tablespace(p, db)) {
			buf_puts(&sql, " TABLESPACE ");
			server_identifier(&db->pg, &sql, p->tablespace);
		} else {
			buf_printf(note, PROPERTIES_NO_TABLESPACE, p->tablespace);
		}
	}
	return buf_detach(&sql);
}

static int failed(const struct properties *p, struct db *db, const char *why, bool near, struct buf *error)
{
	const char *state = why ? "22023" : db_sqlstate(db);
	char *wanted = properties_form(p);
	int rc = NO;

	if (is_about_form(state)) {
		buf_printf(error, "%s: cannot create the database as %s: %s%s", db->target->shown, wanted,
		           why ? why : db_error(db),
		           near ? "" : ": use --locale near for the nearest that this server has");
		rc = UNAVAILABLE;
	} else if (strcmp(state, "42501") == 0) {
		buf_printf(error, "%s: cannot create a database (the role needs CREATEDB): %s",
		           db->target->shown,
		           db_error(db));
		rc = DENIED;
	} else {
		buf_printf(error, "%s: cannot create a database: %s", db->target->shown, db_error(db));
		rc = db_failure(db);
	}
	free(wanted);
	return rc;
}

int properties_create(const struct properties *p, struct db *db, const char *name,
                      const struct properties_how *how, struct buf *error)
{
	const char *why = properties_too_new(p, server_version(&db->pg));
	const struct locale_form same = { p->provider, p->collate, p->ctype, p->locale, p->rules };
	char *all = tail_with_tablespace(p, db, how->tail, how->note);
	int rc = why ? -1 : try_form(p, db, name, all, &same);

	/* Of what is nothing known of, any locale will do. */
	if (rc && (how->near || !p->collate) && (why || is_about_form(db_sqlstate(db)))) {
		rc = make_nearer(p, db, name, all, how->note);
		why = NULL;
	}
	if (rc)
		rc = failed(p, db, why, how->near, error);
	free(all);
	return rc;
}

/* --- settings --- */

static void add_set(struct server *pg, struct buf *sql, const struct database_setting *s)
{
	buf_puts(sql, " SET ");
	server_identifier(pg, sql, s->name);
	for (size_t i = 0; i < s->values.n; i++) {
		buf_puts(sql, i ? ", " : " TO ");
		server_literal(pg, sql, s->values.v[i]);
	}
}

static int run(struct db *db, const char *sql)
{
	return server_query(&db->pg, sql, NULL, 0, clock_after(ASK_MS), NULL);
}

/* To this role, where it is a database's: whose owner may not be this role. */
static int try_setting(struct db *db, const struct database_setting *s, const struct strs *missing,
                       struct buf *words)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_puts(&sql, "ALTER ROLE ");
	if (s->role && !strs_has(missing, s->role)) {
		server_identifier(&db->pg, &sql, s->role);
		buf_puts(&sql, " IN DATABASE ");
		server_identifier(&db->pg, &sql, server_database(&db->pg));
	} else {
		buf_puts(&sql, "CURRENT_USER");
	}
	add_set(&db->pg, &sql, s);
	rc = run(db, "BEGIN READ WRITE") || run(db, sql.data);
	if (rc)
		buf_puts(words, db_error(db));
	run(db, "ROLLBACK");
	buf_free(&sql);
	return rc;
}

void properties_try(struct properties *p, struct db *db, bool near, const struct strs *missing,
                    struct strs *problems, struct strs *notes)
{
	for (size_t i = 0; i < p->n_settings;) {
		struct database_setting *s = &p->settings[i];
		struct buf words = BUF_INIT;
		const char *of = s->role ? " for role " : "", *role = s->role ? s->role : "";
		int rc = try_setting(db, s, missing, &words);

		if (rc && near)
			strs_printf(notes, "setting %s%s%s is left out: %s", s->name, of, role, words.data);
		else if (rc)
			strs_printf(problems, "setting %s%s%s of the database: %s: use --settings near to "
			            "leave out what is not possible, or --settings none",
			            s->name, of, role, words.data);
		if (rc && near)
			properties_drop_setting(p, i);
		else
			i++;
		buf_free(&words);
	}
}

/* --- applying --- */

static void add_right(struct server *pg, struct buf *sql, const struct database_right *r, const char *name)
{
	static const char *const names[] = { "CREATE", "CONNECT", "TEMPORARY" };
	bool some = false;

	buf_puts(sql, r->grant ? "GRANT " : r->option ? "REVOKE GRANT OPTION FOR " : "REVOKE ");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (r->privileges & (1U << i)) {
			buf_printf(sql, "%s%s", some ? ", " : "", names[i]);
			some = true;
		}
	buf_puts(sql, " ON DATABASE ");
	server_identifier(pg, sql, name);
	buf_puts(sql, r->grant ? " TO " : " FROM ");
	if (r->role)
		server_identifier(pg, sql, r->role);
	else
		buf_puts(sql, "PUBLIC");
	buf_puts(sql, r->grant && r->option ? " WITH GRANT OPTION" : "");
}

static void add_setting(struct server *pg, struct buf *sql, const struct database_setting *s,
                        const char *name)
{
	if (s->role) {
		buf_puts(sql, "ALTER ROLE ");
		server_identifier(pg, sql, s->role);
		buf_puts(sql, " IN");
	} else {
		buf_puts(sql, "ALTER");
	}
	buf_puts(sql, " DATABASE ");
	server_identifier(pg, sql, name);
	add_set(pg, sql, s);
}

static int alter(struct db *db, const char *name, const char *what)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_puts(&sql, "ALTER DATABASE ");
	server_identifier(&db->pg, &sql, name);
	buf_puts(&sql, what);
	rc = run(db, sql.data);
	buf_free(&sql);
	return rc;
}

int properties_apply(const struct properties *p, struct db *db, const char *name)
{
	char *limit = xasprintf(" CONNECTION LIMIT %ld", p->connection_limit);
	int rc = 0;

	for (size_t i = 0; i < p->n_rights + p->n_settings && !rc; i++) {
		struct buf sql = BUF_INIT;

		if (i < p->n_rights)
			add_right(&db->pg, &sql, &p->rights[i], name);
		else
			add_setting(&db->pg, &sql, &p->settings[i - p->n_rights], name);
		rc = run(db, sql.data);
		buf_free(&sql);
	}
	rc = rc || alter(db, name, limit) || (p->is_template && alter(db, name, " IS_TEMPLATE true"));
	free(limit);
	return rc ? -1 : 0;
}
