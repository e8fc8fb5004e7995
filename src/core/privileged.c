/* privileged - what of a backup only a superuser, or a role with certain rights, may restore. */
#include "core/privileged.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "core/grant.h"
#include "ext/script.h"

#define ASK_MS 30000
#define SUPERUSER "restore as a superuser"

enum need {
	NEEDS_SUPERUSER,
	NEEDS_MEMBER,     /* of the role that the entry names last */
	NEEDS_FOR_ALL,    /* a superuser, if it is FOR ALL TABLES */
	NEEDS_SUBSCRIBER, /* since 16 pg_create_subscription, before a superuser */
	NEEDS_OWN         /* an extension is checked with the others (core/restore), a mapping by its server */
};

/* Entries by their type (pg_dump.c), and the statements that make them. */
static const struct kind {
	const char *type, *statement;
	enum need need;
	bool leaf; /* nothing depends on it */
	const char *advice;
} kinds[] = {
	{ "EVENT TRIGGER", "CREATE EVENT TRIGGER ", NEEDS_SUPERUSER, true,
	  "only a superuser may create an event trigger: " SUPERUSER },
	{ "PUBLICATION TABLES IN SCHEMA", "ALTER PUBLICATION ", NEEDS_SUPERUSER, true,
	  "only a superuser may publish a schema: " SUPERUSER },
	{ "PUBLICATION TABLE", NULL, NEEDS_OWN, true, NULL },
	{ "PUBLICATION", "CREATE PUBLICATION ", NEEDS_FOR_ALL, true,
	  "only a superuser may create a publication FOR ALL TABLES, others need CREATE on the database: " SUPERUSER },
	{ "SUBSCRIPTION", "CREATE SUBSCRIPTION ", NEEDS_SUBSCRIBER, true,
	  "a subscription takes a superuser, or pg_create_subscription (PostgreSQL 16 and newer): " SUPERUSER },
	{ "USER MAPPING", "CREATE USER MAPPING ", NEEDS_OWN, true,
	  "a user mapping takes the foreign server's owner, or USAGE on it for the role itself: " SUPERUSER },
	{ "DEFAULT ACL", "ALTER DEFAULT PRIVILEGES ", NEEDS_MEMBER, true,
	  "default privileges of a role are set by it, its members or a superuser: restore as one of them" },
	{ "EXTENSION", "CREATE EXTENSION ", NEEDS_OWN, false,
	  "only a superuser may create an extension that is not trusted: " SUPERUSER ", or into a database that has it" },
	{ "FOREIGN DATA WRAPPER", "CREATE FOREIGN DATA WRAPPER ", NEEDS_SUPERUSER, false,
	  "only a superuser may create a foreign-data wrapper: " SUPERUSER },
	{ "SERVER", "CREATE SERVER ", NEEDS_OWN, false, "a foreign server takes USAGE on its wrapper: " SUPERUSER },
	{ "ACCESS METHOD", "CREATE ACCESS METHOD ", NEEDS_SUPERUSER, false,
	  "only a superuser may create an access method: " SUPERUSER },
	{ "OPERATOR CLASS", "CREATE OPERATOR CLASS ", NEEDS_SUPERUSER, false,
	  "only a superuser may create an operator class: " SUPERUSER },
	{ "OPERATOR FAMILY", "CREATE OPERATOR FAMILY ", NEEDS_SUPERUSER, false,
	  "only a superuser may create an operator family: " SUPERUSER },
	{ "TEXT SEARCH PARSER", "CREATE TEXT SEARCH PARSER ", NEEDS_SUPERUSER, false,
	  "only a superuser may create a text search parser: " SUPERUSER },
	{ "TEXT SEARCH TEMPLATE", "CREATE TEXT SEARCH TEMPLATE ", NEEDS_SUPERUSER, false,
	  "only a superuser may create a text search template: " SUPERUSER },
};

static const struct kind *kind_of(const char *line)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (toc_is(line, kinds[i].type))
			return &kinds[i];
	return NULL;
}

bool privileged_is_leaf(const char *line)
{
	static const char *const comments[] = { "COMMENT - EVENT TRIGGER", "COMMENT - PUBLICATION" };
	const struct kind *k = kind_of(line);

	for (size_t i = 0; i < sizeof(comments) / sizeof(*comments); i++)
		if (toc_is(line, comments[i]))
			return true;
	/* Subscriptions and privileges have options of pg_restore's. */
	return k && k->leaf && k->need != NEEDS_MEMBER && k->need != NEEDS_SUBSCRIBER;
}

const char *privileged_advice(const char *statement)
{
	const char *at = script_first_word(statement);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].statement && skip_prefix(at, kinds[i].statement))
			return kinds[i].advice;
	return NULL;
}

/* --- the plan --- */

/* What a role may do, and the roles of the server. */
struct rights {
	bool all;        /* it is a superuser, or a provider decides */
	bool subscribes;
	struct strs roles, usable;
};

static int read_rights(struct db *db, struct rights *r)
{
	static const struct sql find = {
		.pg = "SELECT r.rolname, pg_has_role(r.oid, 'USAGE'), r.rolsuper AND r.rolname = current_user"
		      " OR r.rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin',"
		      "  'neon_superuser', 'supabase_admin', 'doadmin', 'avnadmin')"
		      " FROM pg_catalog.pg_roles r",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, find, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n; i++) {
		strs_add(&r->roles, rows_text(&rows, i, 0));
		if (rows_true(&rows, i, 1))
			strs_add(&r->usable, rows_text(&rows, i, 0));
		r->all = r->all || rows_true(&rows, i, 2);
	}
	r->subscribes = strs_has(&r->usable, "pg_create_subscription");
	rows_free(&rows);
	return rc;
}

/* Adds the entry's type and name, or of default privileges their role, each role once. */
static void add_problem(struct strs *problems, const struct strs *roles, const char *line)
{
	const struct kind *k = kind_of(line);
	char *owner = toc_owner(line, roles), *problem;
	const char *text = toc_text(line);
	size_t len = strlen(text), end = strlen(owner);

	if (k->need == NEEDS_MEMBER)
		problem = xasprintf("role %s: %s", owner, k->advice);
	else
		problem = xasprintf("%.*s: %s", (int)(end && len > end ? len - end - 1 : len), text, k->advice);
	if (!strs_has(problems, problem))
		strs_add(problems, problem);
	free(problem);
	free(owner);
}

/* pg_dump.c, dumpPublication: CREATE PUBLICATION name FOR ALL TABLES WITH ... */
static bool is_for_all(const char *statement)
{
	const char *at = skip_prefix(script_first_word(statement), "CREATE PUBLICATION ");
	size_t len = 0;

	free(at ? grant_name(at, &len) : NULL);
	return at && skip_prefix(at + len, " FOR ALL ");
}

/* Of the publications, which do not say in the table of contents what they are for. */
static int check_publication(const char *path, const char *line, bool *for_all, struct buf *error)
{
	char *list = xasprintf("%s\n", line);
	struct buf script = BUF_INIT;
	int rc = toc_ask(path, "--file=-", NULL, list, &script, error);
	size_t len;

	for (const char *at = script.data; !rc && (len = grant_statement(at)) > 0; at += len)
		*for_all = *for_all || is_for_all(at);
	buf_free(&script);
	free(list);
	return rc;
}

/* Default privileges name their role last. */
static bool is_others(const struct rights *r, const char *line)
{
	char *owner = toc_owner(line, &r->roles);
	bool others = strs_has(&r->roles, owner) && !strs_has(&r->usable, owner);

	free(owner);
	return others;
}

static int check_entry(const struct rights *r, const char *path, const char *line, bool bare, bool *refused,
                       struct buf *error)
{
	const struct kind *k = kind_of(line);

	*refused = false;
	if (!k || k->need == NEEDS_OWN || (bare && (k->need == NEEDS_MEMBER || k->need == NEEDS_SUBSCRIBER)))
		return 0;
	if (k->need == NEEDS_FOR_ALL)
		return check_publication(path, line, refused, error);
	*refused = k->need == NEEDS_MEMBER ? is_others(r, line) : k->need != NEEDS_SUBSCRIBER || !r->subscribes;
	return 0;
}

int privileged_check(struct db *db, const char *path, const struct strs *lines, bool bare, struct strs *problems,
                     struct buf *error)
{
	struct rights r = { 0 };
	int rc = read_rights(db, &r);

	for (size_t i = 0; i < lines->n && !rc && !r.all; i++) {
		bool refused;

		rc = check_entry(&r, path, lines->v[i], bare, &refused, error);
		if (refused)
			add_problem(problems, &r.roles, lines->v[i]);
	}
	strs_free(&r.roles);
	strs_free(&r.usable);
	return rc ? -1 : 0;
}

/* --- comments --- */

int privileged_comments(struct db *db, bool fresh, struct strs *list)
{
	/* Since 15 the database's owner owns schema public, too (pg_database_owner). */
	static const struct sql of_new = {
		.pg = "SELECT u.name FROM (VALUES ('EXTENSION plpgsql', 0), ('SCHEMA public', 150000)) u(name, since)"
		      " WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
		      "  AND (since = 0 OR current_setting('server_version_num')::int < since)",
	};
	static const struct sql of_this = {
		.pg = "SELECT 'EXTENSION ' || extname FROM pg_catalog.pg_extension WHERE NOT pg_has_role(extowner, 'USAGE')"
		      " UNION ALL SELECT 'SCHEMA ' || nspname FROM pg_catalog.pg_namespace"
		      " WHERE NOT pg_has_role(nspowner, 'USAGE')",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, fresh ? of_new : of_this, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n; i++)
		strs_add(list, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc ? -1 : 0;
}

bool privileged_is_comment(const struct strs *list, const char *line)
{
	const char *on = toc_is(line, "COMMENT -");

	for (size_t i = 0; on && i < list->n; i++) {
		const char *rest = skip_prefix(on, list->v[i]);

		if (rest && (!*rest || *rest == ' '))
			return true;
	}
	return false;
}

char *privileged_commented(const struct strs *list, const char *statement)
{
	static const char *const types[] = { "EXTENSION", "SCHEMA" };
	const char *on = skip_prefix(script_first_word(statement), "COMMENT ON ");

	for (size_t i = 0; on && i < sizeof(types) / sizeof(*types); i++) {
		const char *at = skip_prefix(on, types[i]);
		char *name, *full;
		size_t len;

		if (!at || *at++ != ' ')
			continue;
		name = grant_name(at, &len);
		full = xasprintf("%s %s", types[i], name);
		free(name);
		if (strs_has(list, full))
			return full;
		free(full);
	}
	return NULL;
}
