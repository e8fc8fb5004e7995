/* Unit tests of dump/statement. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "dump/statement.h"

static void expect(char *found, const char *wanted)
{
	if (wanted && found)
		assert_string_equal(found, wanted);
	else
		assert_true(!wanted && !found);
	free(found);
}

static void the_schema_that_is_made(void **state)
{
	(void)state;
	expect(statement_schema("CREATE SCHEMA public;\n\n"), "public");
	expect(statement_schema("-- a comment\ncreate  schema /* ; */ if not exists App"), "app");
	expect(statement_schema("CREATE SCHEMA \"The \"\"App\" AUTHORIZATION boss;"), "The \"App");
	expect(statement_schema("CREATE SCHEMA AUTHORIZATION boss;"), "boss");
	/* What is made in it must be made. */
	expect(statement_schema("CREATE SCHEMA s CREATE TABLE t (a int);"), NULL);
	expect(statement_schema("CREATE SCHEMA"), NULL);
	expect(statement_schema("CREATE SCHEMAS s;"), NULL);
	expect(statement_schema("SELECT 'CREATE SCHEMA s';"), NULL);
}

static void where_something_is_made(void **state)
{
	(void)state;
	expect(statement_place("CREATE TABLE app.books (id int);"), "app");
	expect(statement_place("CREATE UNLOGGED TABLE IF NOT EXISTS \"The App\" . t ();"), "The App");
	expect(statement_place("CREATE OR REPLACE FUNCTION s.f() RETURNS int AS $$ CREATE TABLE x.y $$;"), "s");
	expect(statement_place("create materialized view s.v as select * from t.u;"), "s");
	expect(statement_place("CREATE TABLE books (id int);"), NULL);
	expect(statement_place("CREATE INDEX i ON s.t (a);"), NULL);
	expect(statement_place("CREATE TABLE"), NULL);
}

static void the_schema_that_is_changed(void **state)
{
	(void)state;
	expect(statement_on_schema("ALTER SCHEMA s OWNER TO boss;"), "s");
	expect(statement_on_schema("ALTER SCHEMA s RENAME TO t;"), NULL);
	expect(statement_on_schema("COMMENT ON TABLE s.t IS 'ON SCHEMA s';"), NULL);
	expect(statement_on_schema("GRANT USAGE ON SCHEMA s TO app;"), "s");
	expect(statement_on_schema("revoke all on schema s from public;"), "s");
	expect(statement_on_schema("GRANT SELECT ON TABLE s.t TO app;"), NULL);
}

static void the_extension_and_its_schema(void **state)
{
	char *schema;

	(void)state;
	expect(statement_extension("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA heroku_ext;", &schema), "uuid-ossp");
	expect(schema, "heroku_ext");
	expect(statement_extension("create extension hstore version '1.8' schema \"S\" cascade;", &schema), "hstore");
	expect(schema, "S");
	expect(statement_extension("CREATE EXTENSION hstore;", &schema), "hstore");
	expect(schema, NULL);
	expect(statement_extension("COMMENT ON EXTENSION hstore IS '';", &schema), NULL);
	expect(schema, NULL);
}

static void what_drops_something(void **state)
{
	static const char *const drops[] = {
		"DROP TABLE public.t;", "drop extension hstore;", "ALTER TABLE ONLY public.t DROP CONSTRAINT t_pkey;",
		"ALTER TABLE IF EXISTS public.\"T x\" ALTER COLUMN id DROP DEFAULT;", "ALTER TABLE t ALTER id DROP IDENTITY;",
		"ALTER DOMAIN public.d DROP CONSTRAINT c;", "ALTER PUBLICATION p DROP TABLE ONLY public.t;",
		"SELECT pg_catalog.lo_unlink('4711');", "CREATE OR REPLACE VIEW public.v AS\nSELECT\n    NULL::integer AS a;",
	};
	static const char *const others[] = {
		"ALTER TABLE t ADD COLUMN a text DEFAULT ' DROP ';", "COMMENT ON TABLE t IS 'DROP TABLE t';",
		"ALTER TABLE \"DROP\" OWNER TO app;", "CREATE OR REPLACE VIEW v AS\nSELECT 1;", "DROPS;",
		"ALTER TABLE t ALTER COLUMN \"DROP\" SET DEFAULT 1;", "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(drops) / sizeof(*drops); i++)
		assert_true(statement_drops(drops[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(statement_drops(others[i]));
}

/* The tablespaces, with commas between them, and the statement without them. */
static void tablespaces(const char *statement, const char *names, const char *rest)
{
	struct strs found = { 0 };
	struct buf text = BUF_INIT;

	statement_tablespaces(statement, &found);
	for (size_t i = 0; i < found.n; i++)
		buf_printf(&text, "%s%s", i ? "," : "", found.v[i]);
	assert_string_equal(text.data, names);
	expect(statement_without_tablespaces(statement), rest);
	strs_free(&found);
	buf_free(&text);
}

static void the_tablespaces_that_a_statement_names(void **state)
{
	(void)state;
	tablespaces("SET default_tablespace = fast;", "fast", "");
	tablespaces("SET default_tablespace = '';", "", NULL);
	tablespaces("SET default_tablespace = pg_default;", "", NULL);
	tablespaces("set local default_tablespace to 'The Fast';", "The Fast", "");
	tablespaces("SET temp_tablespaces = a, 'b c';", "a,b c", "");
	tablespaces("SET default_table_access_method = heap;", "", NULL);
	tablespaces("CREATE TABLE t (a int) TABLESPACE fast;", "fast", "CREATE TABLE t (a int) ;");
	tablespaces("CREATE TABLE tablespace (tablespace text, tablespace_x int);", "", NULL);
	tablespaces("CREATE TABLE t (a int PRIMARY KEY USING INDEX TABLESPACE quick, b int) TABLESPACE fast AS SELECT tablespace FROM x;",
	            "quick,fast", "CREATE TABLE t (a int PRIMARY KEY , b int)  AS SELECT tablespace FROM x;");
	tablespaces("CREATE INDEX i ON t USING btree (a) TABLESPACE fast WHERE tablespace = 'x';", "fast",
	            "CREATE INDEX i ON t USING btree (a)  WHERE tablespace = 'x';");
	tablespaces("CREATE INDEX ON tablespace (a);", "", NULL);
	tablespaces("ALTER TABLE t SET TABLESPACE fast;", "fast", "");
	tablespaces("ALTER TABLE t ADD COLUMN tablespace text;", "", NULL);
	tablespaces("ALTER TABLE t ADD PRIMARY KEY (a) USING INDEX TABLESPACE fast;", "fast",
	            "ALTER TABLE t ADD PRIMARY KEY (a) ;");
	tablespaces("COMMENT ON TABLE t IS 'TABLESPACE x';", "", NULL);
	tablespaces("CREATE FUNCTION f() AS $$ CREATE TABLE t () TABLESPACE x $$;", "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema_that_is_made),
		cmocka_unit_test(where_something_is_made),
		cmocka_unit_test(the_schema_that_is_changed),
		cmocka_unit_test(the_extension_and_its_schema),
		cmocka_unit_test(what_drops_something),
		cmocka_unit_test(the_tablespaces_that_a_statement_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
