/* Unit tests of dump/roles. */
#include <stdlib.h>
#include <string.h>

#include "dump/lex.h"
#include "unit.h"

#include "base/banned.h"
#include "dump/roles.h"

/* The roles of a statement, with commas between them. */
static char *roles_of(const char *statement)
{
	struct strs roles = { 0 };
	struct buf text = BUF_INIT;

	roles_named(statement, strlen(statement), &roles);
	for (size_t i = 0; i < roles.n; i++)
		buf_printf(&text, "%s%s", i ? "," : "", roles.v[i]);
	strs_free(&roles);
	return buf_detach(&text);
}

static void the_roles_that_a_statement_names(void **state)
{
	static const struct {
		const char *statement, *roles;
	} cases[] = {
		{ "GRANT SELECT ON TABLE s.t TO app;", "app" },
		{ "GRANT SELECT(a),UPDATE(\"b TO c\") ON TABLE s.t TO app WITH GRANT OPTION;", "app" },
		{ "GRANT ALL ON FUNCTION s.f(a integer, b text) TO \"a \"\"role\"\"\";", "a \"role\"" },
		{ "REVOKE ALL ON TABLE \"moved FROM old\" FROM PUBLIC;", "" },
		{ "GRANT SELECT ON TABLE \"a TO b\" TO \"public\";", "public" },
		{ "ALTER TABLE s.\"x OWNER TO y\" OWNER TO boss;", "boss" },
		{ "ALTER TABLE ONLY s.t ADD CONSTRAINT c CHECK ((a ~~ 'x TO y'::text));", "" },
		{ "ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 1;", "" },
		{ "ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA s GRANT SELECT ON TABLES TO reader;", "maker,reader" },
		{ "ALTER DEFAULT PRIVILEGES FOR ROLE maker REVOKE ALL ON FUNCTIONS FROM PUBLIC;", "maker" },
		{ "CREATE POLICY p ON public.t TO app USING ((EXTRACT(year FROM c) = (2026)::numeric));", "app" },
		{ "CREATE POLICY p ON public.t USING ((EXTRACT(year FROM c) = (2026)::numeric));", "" },
		{ "CREATE POLICY \"to TO x\" ON t AS RESTRICTIVE FOR SELECT TO a, \"b, c\", d USING (true);", "a,b, c,d" },
		{ "CREATE POLICY p ON t TO a USING ((EXISTS ( SELECT 1\n   FROM public.u\n  WHERE (u.id = t.id))));", "a" },
		{ "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN GRANT x TO y; END $$;", "" },
		{ "COMMENT ON TABLE t IS 'GRANT ALL ON x TO y;';", "" },
		{ "-- GRANT x TO y\n\nGRANT ALL ON SCHEMA s TO z;", "z" },
		/* As people write. */
		{ "grant select on t to GROUP Staff, \"Boss\"\twith grant option;", "staff,Boss" },
		{ "GRANT /* TO x */ ALL ON t\nTO a -- b\n, c GRANTED BY d;", "a,c,d" },
		{ "GRANT reader, writer TO app;", "reader,writer,app" },
		{ "REVOKE ADMIN OPTION FOR reader FROM app CASCADE;", "reader,app" },
		{ "ALTER POLICY p ON t TO a, current_user;", "a" },
		{ "ALTER POLICY p ON t RENAME TO q;", "" },
		{ "ALTER TABLE t RENAME TO u;", "" },
		{ "ALTER DEFAULT PRIVILEGES FOR USER maker GRANT ALL ON TABLES TO PUBLIC;", "maker" },
		{ "SET SESSION AUTHORIZATION 'it''s me';", "it's me" },
		{ "SET SESSION AUTHORIZATION DEFAULT;", "" },
		{ "SET LOCAL ROLE boss;", "boss" },
		{ "SET role_x = 1;", "" },
		{ "SET ROLE NONE;", "" },
		{ "CREATE SCHEMA s AUTHORIZATION boss;", "boss" },
		{ "create schema if not exists authorization boss;", "boss" },
		{ "CREATE USER MAPPING IF NOT EXISTS FOR app SERVER s OPTIONS (user 'x');", "app" },
		{ "CREATE USER MAPPING FOR PUBLIC SERVER s;", "" },
		{ "ALTER USER MAPPING FOR app SERVER s OPTIONS (SET user 'x');", "app" },
		{ "ALTER ROLE app SET search_path = s;", "app" },
		{ "ALTER ROLE ALL SET search_path = s;", "" },
		{ "COMMENT ON ROLE app IS 'x TO y';", "app" },
		{ "REASSIGN OWNED BY a, b TO c;", "a,b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *roles = roles_of(cases[i].statement);

		assert_string_equal(roles, cases[i].roles);
		free(roles);
	}
}

static void the_statements_of_a_script(void **state)
{
	static const char script[] = "-- one; two\nGRANT a ON \"x;\" TO b;\n"
	                             "CREATE POLICY p ON t USING ((a = ';'::text));\n"
	                             "CREATE FUNCTION f() AS $x$ ; $x$; SELECT E'\\';'; SELECT $1;\nrest";
	const char *at = script;

	(void)state;
	assert_int_equal(lex_statement(at), strlen("-- one; two\nGRANT a ON \"x;\" TO b;\n"));
	at += lex_statement(at);
	assert_int_equal(lex_statement(at), strlen("CREATE POLICY p ON t USING ((a = ';'::text));\n"));
	at += lex_statement(at);
	assert_int_equal(lex_statement(at), strlen("CREATE FUNCTION f() AS $x$ ; $x$;"));
	at += lex_statement(at);
	assert_int_equal(lex_statement(at), strlen(" SELECT E'\\';';"));
	at += lex_statement(at);
	assert_int_equal(lex_statement(at), strlen(" SELECT $1;\n"));
	at += lex_statement(at);
	assert_int_equal(lex_statement(at), strlen("rest"));
	assert_int_equal(lex_statement(at + 4), 0);
}

static void without(const char *statement, const char *left)
{
	struct strs gone = { 0 };
	char *rest;

	strs_add(&gone, "gone");
	strs_add(&gone, "lost \"one\"");
	rest = roles_without(statement, strlen(statement), &gone);
	if (left)
		assert_string_equal(rest, left);
	else
		assert_null(rest);
	free(rest);
	strs_free(&gone);
}

static void roles_that_are_gone_are_left_out(void **state)
{
	(void)state;
	without("GRANT ALL ON t TO gone;", "");
	without("GRANT ALL ON t TO \"lost \"\"one\"\"\";", "");
	without("GRANT ALL ON gone TO app;", NULL);
	without("ALTER TABLE t OWNER TO gone;", "");
	without("ALTER DEFAULT PRIVILEGES FOR ROLE gone GRANT ALL ON TABLES TO app;", "");
	without("ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT ALL ON TABLES TO gone;", "");
	without("ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT ALL ON TABLES TO other;", NULL);
	without("CREATE POLICY p ON t TO gone USING ((a\n FROM b));\n", "");
	/* What is restrictive stays so for those that are left. */
	without("CREATE POLICY p ON t AS RESTRICTIVE TO gone, app USING (true);\n",
	        "CREATE POLICY p ON t AS RESTRICTIVE TO app USING (true);\n");
	without("CREATE POLICY p ON t TO a, gone, \"b c\" WITH CHECK (true);",
	        "CREATE POLICY p ON t TO a, \"b c\" WITH CHECK (true);");
	without("CREATE POLICY p ON t TO PUBLIC USING (true);", NULL);
	without("SELECT 1;", NULL);
	without("GRANT ALL ON t TO app GRANTED BY gone;", "GRANT ALL ON t TO app;");
	without("GRANT gone, app TO other;", "GRANT app TO other;");
	without("GRANT app TO gone;", "");
	without("SET SESSION AUTHORIZATION 'gone';", "SET SESSION AUTHORIZATION DEFAULT;");
	without("SET ROLE gone;", "SET ROLE NONE;");
	without("CREATE SCHEMA s AUTHORIZATION gone;", "CREATE SCHEMA s;");
	without("CREATE SCHEMA IF NOT EXISTS s authorization gone CREATE TABLE t ();",
	        "CREATE SCHEMA IF NOT EXISTS s CREATE TABLE t ();");
	without("CREATE SCHEMA AUTHORIZATION gone;", "CREATE SCHEMA gone;");
	without("CREATE SCHEMA gone;", NULL);
	without("CREATE USER MAPPING FOR gone SERVER s;", "");
	without("ALTER USER gone WITH PASSWORD 'x';", "");
	without("ALTER POLICY p ON t TO app, GONE;", "ALTER POLICY p ON t TO app;");
}

/* A statement as it stands in memory of its own, before what the sanitizers guard. */
static void assert_safe(const char *statement)
{
	char *copy = xstrdup(statement);
	struct strs roles = { 0 }, gone = { 0 };
	size_t len = lex_statement(copy), all = strlen(copy);

	strs_add(&gone, "gone");
	for (size_t n = 0; n <= all; n++) {
		roles_named(copy, n, &roles);
		free(roles_without(copy, n, &gone));
	}
	assert_true(len <= all);
	strs_free(&roles);
	strs_free(&gone);
	free(copy);
}

static void nothing_behind_a_statement_is_read(void **state)
{
	static const char *const statements[] = {
		"REVOKE ALL ON TABLE public.t FROM ", "REVOKE ALL ON TABLE public.t FROM \n", "REVOKE ALL ON t FROM",
		"GRANT a TO gone,", "GRANT a TO gone, ", "GRANT a TO --", "GRANT a TO \"", "GRANT a TO \"gone", "GRANT a TO $x$",
		"ALTER TABLE t OWNER TO", "ALTER DEFAULT PRIVILEGES FOR ROLE", "ALTER DEFAULT PRIVILEGES FOR ROLE gone GRANT",
		"ALTER DEFAULT PRIVILEGES FOR ROLE GRANT , TO , gone GRANT ALL ON TABLES TO gone;",
		"CREATE POLICY p ON t TO ", "-- ", "GRANT a TO E'", "GRANT a TO E'\\", "(", "GRANT a TO gone;\nGRANT b TO gone;",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++)
		assert_safe(statements[i]);
}

static void a_list_without_a_role_names_none(void **state)
{
	char *roles;

	(void)state;
	without("REVOKE ALL ON TABLE t FROM ;", NULL);
	without("REVOKE ALL ON TABLE t FROM \n", NULL);
	roles = roles_of("REVOKE ALL ON TABLE t FROM -- gone\n;");
	assert_string_equal(roles, "");
	free(roles);
	roles = roles_of("GRANT ALL ON t TO \"--\", a;");
	assert_string_equal(roles, "--,a");
	free(roles);
	roles = roles_of("ALTER DEFAULT PRIVILEGES FOR ROLE x REVOKE ALL ON TABLES FROM y;");
	assert_string_equal(roles, "x,y");
	free(roles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_roles_that_a_statement_names),
		cmocka_unit_test(the_statements_of_a_script),
		cmocka_unit_test(roles_that_are_gone_are_left_out),
		cmocka_unit_test(nothing_behind_a_statement_is_read),
		cmocka_unit_test(a_list_without_a_role_names_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
