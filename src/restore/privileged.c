/* privileged - what of a backup only a superuser, or a role with certain rights, may restore. */
#include "restore/privileged.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/clock.h"
#include "dump/lex.h"

#define ASK_MS 30000
#define SUPERUSER "restore as a superuser"
#define LEAKPROOF "only a superuser may define a leakproof function: " SUPERUSER
#define UNTRUSTED "only a superuser may create it in a language that is not trusted: " SUPERUSER

enum need {
	NEEDS_SUPERUSER,
	NEEDS_MEMBER,     /* of the role that it is FOR */
	NEEDS_FOR_ALL,    /* a superuser, if it is for all tables or those of a schema */
	NEEDS_SUBSCRIBER, /* since 16 pg_create_subscription, before a superuser */
	NEEDS_WRAPPER,    /* USAGE on the foreign-data wrapper that it names */
	NEEDS_TRUST,      /* a superuser, if it is in a language that is not trusted */
	NEEDS_LEAKPROOF,  /* a superuser, if it is said to leak nothing */
	NEEDS_TYPE,       /* one of the two types, or a superuser if it converts without a function */
	NEEDS_DERIVED,    /* a superuser, unless the type is made of others */
	NEEDS_OWN /* an extension is checked by restore/restore_check, a mapping by its server */
};

/* Entries by their type (pg_dump.c), and the statements that make them. */
static const struct kind {
	const char *type, *statement;
	enum need need;
	bool leaf; /* nothing depends on it */
	const char *advice;
} kinds[] = {
	{ "EVENT TRIGGER", "CREATE EVENT TRIGGER", NEEDS_SUPERUSER, true,
	  "only a superuser may create an event trigger: " SUPERUSER },
	{ "PUBLICATION TABLES IN SCHEMA", "ALTER PUBLICATION", NEEDS_FOR_ALL, true,
	  "only a superuser may publish a schema: " SUPERUSER },
	{ "PUBLICATION TABLE", NULL, NEEDS_OWN, true, NULL },
	{ "PUBLICATION", "CREATE PUBLICATION", NEEDS_FOR_ALL, true,
	  "only a superuser may create a publication FOR ALL TABLES, others need CREATE on the "
	  "database: " SUPERUSER },
	{ "SUBSCRIPTION", "CREATE SUBSCRIPTION", NEEDS_SUBSCRIBER, true,
	  "a subscription takes a superuser, or pg_create_subscription (PostgreSQL 16 and "
	  "newer): " SUPERUSER },
	{ "USER MAPPING", "CREATE USER MAPPING", NEEDS_OWN, true,
	  "a user mapping takes the foreign server's owner, or USAGE on it for the role itself: " SUPERUSER },
	{ "DEFAULT ACL", "ALTER DEFAULT PRIVILEGES", NEEDS_MEMBER, true,
	  "default privileges of a role are set by it, its members or a superuser: restore as one of them" },
	{ "EXTENSION", "CREATE EXTENSION", NEEDS_OWN, false,
	  "only a superuser may create an extension that is not trusted: " SUPERUSER ", or into a database "
	                                                                             "that has it" },
	{ "FOREIGN DATA WRAPPER", "CREATE FOREIGN DATA WRAPPER", NEEDS_SUPERUSER, false,
	  "only a superuser may create a foreign-data wrapper: " SUPERUSER },
	{ "SERVER", "CREATE SERVER", NEEDS_WRAPPER, false,
	  "a foreign server takes USAGE on its wrapper: " SUPERUSER },
	{ "FUNCTION", "CREATE FUNCTION", NEEDS_TRUST, false, UNTRUSTED },
	{ "FUNCTION", "CREATE OR REPLACE FUNCTION", NEEDS_TRUST, false, UNTRUSTED },
	{ "FUNCTION", "CREATE FUNCTION", NEEDS_LEAKPROOF, false, LEAKPROOF },
	{ "FUNCTION", "CREATE OR REPLACE FUNCTION", NEEDS_LEAKPROOF, false, LEAKPROOF },
	{ "CAST", "CREATE CAST", NEEDS_TYPE, false,
	  "a cast takes the owner of one of its types, and a superuser WITHOUT FUNCTION: " SUPERUSER },
	{ "PROCEDURE", "CREATE PROCEDURE", NEEDS_TRUST, false, UNTRUSTED },
	{ "PROCEDURE", "CREATE OR REPLACE PROCEDURE", NEEDS_TRUST, false, UNTRUSTED },
	{ "TYPE", "CREATE TYPE", NEEDS_DERIVED, false,
	  "only a superuser may create a base type: " SUPERUSER },
	{ "ACCESS METHOD", "CREATE ACCESS METHOD", NEEDS_SUPERUSER, false,
	  "only a superuser may create an access method: " SUPERUSER },
	{ "OPERATOR CLASS", "CREATE OPERATOR CLASS", NEEDS_SUPERUSER, false,
	  "only a superuser may create an operator class: " SUPERUSER },
	{ "OPERATOR FAMILY", "CREATE OPERATOR FAMILY", NEEDS_SUPERUSER, false,
	  "only a superuser may create an operator family: " SUPERUSER },
	{ "TEXT SEARCH PARSER", "CREATE TEXT SEARCH PARSER", NEEDS_SUPERUSER, false,
	  "only a superuser may create a text search parser: " SUPERUSER },
	{ "TEXT SEARCH TEMPLATE", "CREATE TEXT SEARCH TEMPLATE", NEEDS_SUPERUSER, false,
	  "only a superuser may create a text search template: " SUPERUSER },
};

/* LANGUAGE c, internal, or one whose name ends in a u (plpython3u), outside of quotes. */
static bool is_untrusted(const char *at)
{
	size_t len;

	for (; (len = lex_piece(at)) > 0; at += len) {
		const char *name = len == strlen("LANGUAGE") ? lex_after(at, "LANGUAGE") : NULL;
		char *language = name ? lex_name(name, &len) : NULL;
		bool untrusted = language &&
		                 (strcasecmp(language, "c") == 0 || strcasecmp(language, "internal") == 0 ||
		                  (skip_prefix(language, "pl") && language[strlen(language) - 1] == 'u'));

		free(language);
		if (untrusted)
			return true;
		len = name ? strlen("LANGUAGE") : len;
	}
	return false;
}

/* LEAKPROOF, but NOT LEAKPROOF, outside of quotes; a body that is no string is not read. */
static bool is_leakproof(const char *at)
{
	size_t len;

	for (; (len = lex_piece(at)) > 0; at += len) {
		if (lex_after(at, "BEGIN ATOMIC") == NULL && lex_after(at, "NOT LEAKPROOF") == NULL &&
		    lex_after(at, "LEAKPROOF") == NULL)
			continue;
		return lex_after(at, "LEAKPROOF") != NULL;
	}
	return false;
}

/* Whether a statement of a kind needs anything: of most functions and types there is nothing to say. */
static bool is_meant(const struct kind *k, const char *rest)
{
	if (k->need == NEEDS_TRUST)
		return is_untrusted(rest);
	if (k->need == NEEDS_LEAKPROOF)
		return is_leakproof(rest);
	return k->need != NEEDS_DERIVED || !lex_after(lex_after_name(rest), "AS");
}

/* Of a statement. *rest is what follows the words. */
static const struct kind *kind_of(const char *statement, const char **rest)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].statement && (*rest = lex_after(statement, kinds[i].statement)) != NULL &&
		    is_meant(&kinds[i], *rest))
			return &kinds[i];
	return NULL;
}

/* Subscriptions and privileges have options of pg_restore's. */
static bool is_leaf(const struct kind *k)
{
	return k->leaf && k->need != NEEDS_MEMBER && k->need != NEEDS_SUBSCRIBER;
}

bool privileged_is_leaf(const char *line)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (toc_is(line, kinds[i].type))
			return is_leaf(&kinds[i]);
	return toc_is(line, "COMMENT - EVENT TRIGGER") || toc_is(line, "COMMENT - PUBLICATION");
}

const char *privileged_advice(const char *statement)
{
	const char *rest;
	const struct kind *k = kind_of(statement, &rest);

	return k ? k->advice : NULL;
}

/* --- the plan --- */

/* What a role may do. */
struct role_rights {
	bool all;            /* it is a superuser, or a provider decides */
	bool subscribes;
	struct strs foreign; /* the roles that it may not act for, */
	struct strs wrappers; /* and the foreign-data wrappers that it may not use */
};

/* The roles of hosting providers who let their customers do what else takes a superuser. */
#define PROVIDERS                                                                                            \
	"('rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin', 'neon_superuser',"     \
	" 'supabase_admin', 'doadmin', 'avnadmin')"

int privileged_has_provider(struct db *db, bool *has)
{
	struct rows rows = { 0 };
	int rc = db_read(db,
	                 (struct sql){ .pg = "SELECT FROM pg_catalog.pg_roles WHERE rolname IN " PROVIDERS },
	                 NULL, 0, clock_after(ASK_MS), &rows);

	*has = rows.n > 0;
	rows_free(&rows);
	return rc;
}

static int read_rights(struct db *db, struct role_rights *r)
{
	static const struct sql find = {
		.pg = "SELECT r.rolname, pg_has_role(r.oid, 'USAGE'), r.rolsuper AND r.rolname = current_user"
		      " OR r.rolname IN " PROVIDERS
		      " FROM pg_catalog.pg_roles r",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, find, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n; i++) {
		const char *name = rows_text(&rows, i, 0);

		if (!rows_true(&rows, i, 1))
			strs_add(&r->foreign, name);
		else if (strcmp(name, "pg_create_subscription") == 0)
			r->subscribes = true;
		r->all = r->all || rows_true(&rows, i, 2);
	}
	rows_free(&rows);
	rc = rc ? rc : db_read(db, (struct sql){ .pg = "SELECT fdwname FROM"
	                                               " pg_catalog.pg_foreign_data_wrapper"
	                                               " WHERE NOT has_foreign_data_wrapper_privilege(oid,"
	                                               " 'USAGE')" },
	                       NULL, 0, clock_after(ASK_MS), &rows);
	for (size_t i = 0; i < rows.n; i++)
		strs_add(&r->wrappers, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc;
}

/* ALTER DEFAULT PRIVILEGES FOR ROLE name, ...: the first. The caller frees it. */
static char *role_of(const char *rest)
{
	const char *at = lex_after(rest, "FOR ROLE");
	size_t len;

	at = at ? at : lex_after(rest, "FOR USER");
	return at ? lex_name(at, &len) : xstrdup("");
}

/* CREATE PUBLICATION name FOR ALL TABLES, FOR TABLES IN SCHEMA; ALTER PUBLICATION name ADD TABLES IN
 * SCHEMA. */
static bool is_for_all(const char *rest)
{
	const char *what = lex_after_name(rest);

	return lex_after(what, "FOR ALL") || lex_after(what, "FOR TABLES IN SCHEMA") ||
	       lex_after(what, "ADD TABLES IN SCHEMA");
}

/* CREATE SERVER name ... FOREIGN DATA WRAPPER name. */
static bool is_barred(const struct role_rights *r, const char *rest)
{
	bool barred = false;
	size_t len;

	for (const char *at = rest; (len = lex_piece(at)) > 0; at += len) {
		const char *wrapper = len == strlen("FOREIGN") ? lex_after(at, "FOREIGN DATA WRAPPER") : NULL;
		char *name = wrapper ? lex_name(wrapper, &(size_t){ 0 }) : NULL;

		barred = barred || (name && strs_has(&r->wrappers, name));
		free(name);
	}
	return barred;
}

/* The two types of CREATE CAST (source AS target), as they stand there. The caller frees them. */
static void types_of(const char *rest, char *types[2])
{
	struct buf text[2] = { BUF_INIT, BUF_INIT };
	const char *at = *rest == '(' ? rest + 1 : "";
	int depth = 0, which = 0;
	size_t len;

	for (; (len = lex_piece(at)) > 0 && (*at != ')' || depth); at += len) {
		depth += (*at == '(') - (*at == ')');
		if (!depth && len == 2 && lex_after(at, "AS"))
			which = 1;
		else
			buf_add(&text[which], at, len);
	}
	for (int i = 0; i < 2; i++) {
		buf_trim(&text[i]);
		types[i] = buf_detach(&text[i]);
	}
}

/* Types that every database has are the first superuser's; of others it is not known who will own them. What
 * cannot be asked is sent. */
static bool is_cast_barred(struct db *db, const char *rest)
{
	static const char find[] =
		"SELECT FROM pg_catalog.pg_type s, pg_catalog.pg_type t"
		" WHERE s.oid = to_regtype($1) AND t.oid = to_regtype($2)"
		"  AND s.typnamespace = 'pg_catalog'::regnamespace"
		" AND t.typnamespace = 'pg_catalog'::regnamespace";
	struct rows rows = { 0 };
	char *types[2];
	bool barred;

	types_of(rest, types);
	barred = server_query(&db->pg, find, (const char *const *)types, 2, clock_after(ASK_MS),
	                      &rows) == 0 &&
	         rows.n;
	rows_free(&rows);
	free(types[0]);
	free(types[1]);
	for (size_t len; !barred && (len = lex_piece(rest)) > 0; rest += len)
		barred = lex_after(rest, "WITHOUT FUNCTION") != NULL;
	return barred;
}

static bool is_refused(struct db *db, const struct role_rights *r, const struct kind *k, const char *rest)
{
	char *role;
	bool foreign;

	switch (k->need) {
	case NEEDS_OWN:
		return false;
	case NEEDS_FOR_ALL:
		return is_for_all(rest);
	case NEEDS_WRAPPER:
		return is_barred(r, rest);
	case NEEDS_TYPE:
		return is_cast_barred(db, rest);
	case NEEDS_SUBSCRIBER:
		return !r->subscribes;
	case NEEDS_MEMBER:
		role = role_of(rest);
		foreign = strs_has(&r->foreign, role);
		free(role);
		return foreign;
	default:
		return true;
	}
}

/* [schema.]name as it stands there. The caller frees it. */
static char *name_at(const char *at)
{
	struct buf name = BUF_INIT;

	buf_add(&name, at, (size_t)(lex_after_name(at) - at));
	buf_trim(&name);
	return buf_detach(&name);
}

/* (source AS target). The caller frees it. */
static char *brackets_at(const char *rest)
{
	return xstrndup(rest, strcspn(rest, ")") + (strchr(rest, ')') != NULL));
}

/* Names what it is, or whose default privileges they are, each once. */
static void add_problem(struct strs *problems, const struct kind *k, const char *rest)
{
	bool role = k->need == NEEDS_MEMBER;
	char *name = role ? role_of(rest) : k->need == NEEDS_TYPE ? brackets_at(rest) : name_at(rest);
	char *problem = xasprintf("%s %s: %s", role ? "role" : k->type, name, k->advice);

	if (!strs_has(problems, problem))
		strs_add(problems, problem);
	free(problem);
	free(name);
}

int privileged_check(struct db *db, const struct strs *statements, bool bare, struct strs *problems)
{
	struct role_rights r = { 0 };
	int rc = read_rights(db, &r);

	for (size_t i = 0; i < statements->n && !rc && !r.all; i++) {
		const char *rest;
		const struct kind *k = kind_of(statements->v[i], &rest);

		if (k && !(bare && k->leaf && !is_leaf(k)) && is_refused(db, &r, k, rest))
			add_problem(problems, k, rest);
	}
	strs_free(&r.foreign);
	strs_free(&r.wrappers);
	return rc ? -1 : 0;
}

const char *privileged_usable(struct db *db)
{
	return server_version(&db->pg) >= 160000
	               ? "SELECT rolname FROM pg_catalog.pg_roles WHERE pg_has_role(oid, 'USAGE')"
	                 " AND pg_has_role(oid, 'SET')"
	               : "SELECT rolname FROM pg_catalog.pg_roles WHERE pg_has_role(oid, 'USAGE')";
}

/* --- settings --- */

int privileged_settings(struct db *db, const struct strs *settings, struct strs *problems)
{
	static const char first[] = "SELECT name FROM pg_catalog.pg_settings WHERE context = 'superuser'"
		" AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE (rolsuper AND rolname = current_user)"
		"  OR rolname IN " PROVIDERS ")";
	bool grants = server_version(&db->pg) >= 150000;
	char *sql = xasprintf("%s%s", first, grants ? " AND NOT has_parameter_privilege(name, 'SET')" : "");
	struct rows rows = { 0 };
	int rc = settings->n ? db_read(db, (struct sql){ .pg = sql }, NULL, 0, clock_after(ASK_MS), &rows)
	                     : 0;

	for (size_t i = 0; i < rows.n; i++)
		if (strs_has(settings, rows_text(&rows, i, 0)))
			strs_printf(problems, "setting %s: the backup, or a function in it, sets it, which "
			            "only a superuser may: "
			            SUPERUSER "%s", rows_text(&rows, i, 0), grants ? ", or GRANT SET ON "
			                                                             "PARAMETER" : "");
	rows_free(&rows);
	free(sql);
	return rc ? -1 : 0;
}

int privileged_rows(struct db *db, const struct strs *tables, struct strs *problems)
{
	static const struct sql find = {
		.pg = "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
		      " FROM pg_catalog.pg_class c"
		      " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
		      " JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass"
		      " AND d.objid = c.oid"
		      "  AND d.deptype = 'e'"
		      " WHERE c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, 'INSERT')",
	};
	struct rows rows = { 0 };
	int rc = tables->n ? db_read(db, find, NULL, 0, clock_after(ASK_MS), &rows) : 0;

	for (size_t i = 0; i < rows.n; i++)
		if (strs_has(tables, rows_text(&rows, i, 0)))
			strs_printf(problems, "table %s: belongs to an extension, and this role may not "
			            "write to it: GRANT INSERT, or dump with --format=custom, of which such "
			            "rows are left out", rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc ? -1 : 0;
}

/* --- schemas --- */

/* Who may create in a schema may own what is in it (ALTER TABLE, its notes). Of roles that are still to be
 * made what PUBLIC may. */
static int check_owners(struct db *db, const char *schema, const struct strs *owners, struct strs *problems)
{
	static const struct sql find = {
		.pg = "SELECT rolname FROM pg_catalog.pg_roles"
		      " WHERE has_schema_privilege(oid, quote_ident($1), 'CREATE')"
		      " OR has_schema_privilege('public', quote_ident($1), 'CREATE')",
	};
	struct rows rows = { 0 };
	struct strs may = { 0 };
	int rc = db_read(db, find, &schema, 1, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n; i++)
		strs_add(&may, rows_text(&rows, i, 0));
	for (size_t i = 0; i < owners->n && !rc; i++)
		if (!strs_has(&may, owners->v[i]))
			strs_printf(problems, "schema %s: role %s, which objects in it belong to, may not "
			            "create in it: grant it CREATE on the schema, or restore as a superuser "
			            "or with --no-owner", schema, owners->v[i]);
	rows_free(&rows);
	strs_free(&may);
	return rc;
}

int privileged_places(struct db *db, const struct strs *schemas, const struct strs *made,
                      const struct strs *owners, struct strs *problems)
{
	static const struct sql find = {
		.pg = "SELECT nspname, has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace"
		      " WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, find, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n && !rc; i++) {
		const char *schema = rows_text(&rows, i, 0);

		if (!strs_has(schemas, schema) || strs_has(made, schema))
			continue;
		if (!rows_true(&rows, i, 1))
			strs_printf(problems, "schema %s: this role may not create objects in it: grant it "
			            "CREATE on the schema, or restore as the database's owner", schema);
		/* Which is in which is not known. */
		else if (schemas->n == 1)
			rc = check_owners(db, schema, owners, problems);
	}
	rows_free(&rows);
	return rc;
}
