/* Unit tests of dump/properties: what the statements of an archive and a manifest's JSON say. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "dump/properties.h"

static void forms_of_all_versions_are_read(void **state)
{
	static const struct {
		const char *sql, *form;
	} cases[] = {
		{ "CREATE DATABASE a WITH TEMPLATE = template0 ENCODING = 'UTF8' LC_COLLATE = 'C' LC_CTYPE = 'C.UTF-8';\n",
		  "UTF8, libc C (LC_CTYPE C.UTF-8)" },
		{ "--\n-- Name: a; Type: DATABASE\n--\n\nCREATE DATABASE \"a \"\" b\" WITH TEMPLATE = template0 ENCODING = "
		  "'LATIN1' LOCALE = 'de_DE';\n", "LATIN1, libc de_DE" },
		{ "CREATE DATABASE a WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = icu LOCALE = 'C'"
		  " ICU_LOCALE = 'en-US' ICU_RULES = '&a < ''g''';", "UTF8, icu en-US with ICU rules" },
		{ "CREATE DATABASE a WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = builtin LOCALE = 'C'"
		  " BUILTIN_LOCALE = 'C.UTF-8' TABLESPACE = \"t s\";", "UTF8, builtin C.UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct properties p = PROPERTIES_INIT;
		char *form;

		properties_parse(&p, cases[i].sql);
		form = properties_form(&p);
		assert_string_equal(form, cases[i].form);
		free(form);
		properties_free(&p);
	}
}

static void rights_and_settings_are_read(void **state)
{
	struct properties p = PROPERTIES_INIT;

	(void)state;
	properties_parse(&p, "SET client_encoding = 'SQL_ASCII';\n\\connect -reuse-previous=on \"dbname='a;b'\"\n"
	                 "ALTER DATABASE a OWNER TO \"the \"\"owner\";\nCOMMENT ON DATABASE a IS E'it''s a \\\\ ;';\n"
	                 "ALTER DATABASE a CONNECTION LIMIT = 42;\nALTER DATABASE a IS_TEMPLATE = true;\n"
	                 "ALTER DATABASE a SET search_path TO '$user', 'b''c';\n"
	                 "ALTER ROLE r IN DATABASE a SET \"app.x\" TO '';\n"
	                 "REVOKE CONNECT,TEMPORARY ON DATABASE a FROM PUBLIC;\n"
	                 "GRANT ALL ON DATABASE a TO \"public\" WITH GRANT OPTION;\n"
	                 "DROP DATABASE b; ALTER SYSTEM SET x TO 'y'; GRANT SELECT ON t TO r;\n");
	assert_string_equal(p.client_encoding, "SQL_ASCII");
	assert_string_equal(p.owner, "the \"owner");
	assert_string_equal(p.comment, "it's a \\ ;");
	assert_int_equal(p.connection_limit, 42);
	assert_true(p.is_template);
	assert_int_equal(p.n_settings, 2);
	assert_null(p.settings[0].role);
	assert_int_equal(p.settings[0].values.n, 2);
	assert_string_equal(p.settings[0].values.v[1], "b'c");
	assert_string_equal(p.settings[1].role, "r");
	assert_string_equal(p.settings[1].name, "app.x");
	assert_string_equal(p.settings[1].values.v[0], "");
	assert_int_equal(p.n_rights, 2);
	assert_false(p.rights[0].grant);
	assert_null(p.rights[0].role);
	assert_int_equal(p.rights[0].privileges, RIGHT_CONNECT | RIGHT_TEMPORARY);
	assert_true(p.rights[1].grant && p.rights[1].option);
	assert_string_equal(p.rights[1].role, "public");
	properties_free(&p);
}

static void what_is_cut_off_or_odd_is_left_out(void **state)
{
	static const char *const odd[] = {
		"", ";", "CREATE DATABASE", "CREATE DATABASE a WITH TEMPLATE", "CREATE DATABASE a WITH ENCODING =",
		"ALTER DATABASE a SET", "ALTER DATABASE a SET x", "ALTER DATABASE a SET x TO", "ALTER DATABASE a SET x TO DEFAULT;",
		"ALTER ROLE r IN DATABASE", "GRANT", "GRANT ALL ON DATABASE a TO", "REVOKE ALL ON DATABASE a FROM ,",
		"GRANT , ON DATABASE a TO b;", "ALTER DATABASE a SET x TO 'un", "COMMENT ON DATABASE a IS", "\\connect", "--",
		"ALTER DATABASE a SET \"", "COMMENT ON DATABASE a IS E'\\", "GRANT FLY ON DATABASE a TO b;",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct properties p = PROPERTIES_INIT;

		properties_parse(&p, odd[i]);
		assert_int_equal(p.n_rights, 0);
		assert_null(p.encoding);
		properties_free(&p);
	}
}

static void a_manifest_says_the_same(void **state)
{
	char json[] = "{\"comment\": \"a 'b'\", \"connection_limit\": 7, \"template\": true, \"tablespace\": \"ts\","
	              "\"acl\": [{\"role\": null, \"privilege\": \"CONNECT\", \"grantable\": true},"
	              " {\"role\": \"r\", \"privilege\": \"FLY\", \"grantable\": false}],"
	              "\"settings\": [{\"role\": null, \"setting\": \"search_path=\\\"a, \\\"\\\"b\\\", \\\"$user\\\", public\"},"
	              " {\"role\": \"r\", \"setting\": \"x.y=a, b = c\"}, {\"role\": null, \"setting\": \"search_path=\"}]}";
	struct manifest m = { .properties = json, .owner = (char[]){ "o" } };
	struct properties p = PROPERTIES_INIT;
	struct strs gone = { 0 };

	(void)state;
	properties_of_manifest(&p, &m);
	assert_string_equal(p.comment, "a 'b'");
	assert_int_equal(p.connection_limit, 7);
	assert_true(p.is_template);
	/* What the server gives by itself goes first. */
	assert_int_equal(p.n_rights, 3);
	assert_int_equal(p.rights[0].privileges, RIGHT_ALL);
	assert_string_equal(p.rights[1].role, "o");
	assert_true(p.rights[2].grant && p.rights[2].option && !p.rights[2].role);
	assert_int_equal(p.n_settings, 3);
	assert_int_equal(p.settings[0].values.n, 3);
	assert_string_equal(p.settings[0].values.v[0], "a, \"b");
	assert_string_equal(p.settings[0].values.v[2], "public");
	assert_int_equal(p.settings[1].values.n, 1);
	assert_string_equal(p.settings[1].values.v[0], "a, b = c");
	assert_string_equal(p.settings[2].values.v[0], "");
	properties_disown(&p, "me");
	assert_string_equal(p.rights[1].role, "me");
	strs_split(&gone, "r me", " ");
	properties_without(&p, &gone);
	strs_free(&gone);
	assert_int_equal(p.n_rights, 2);
	assert_int_equal(p.n_settings, 2);
	properties_free(&p);
	m.properties = (char[]){ "[1, 2" };
	properties_of_manifest(&p, &m);
	m.properties = (char[]){ "{\"acl\": 5, \"settings\": {\"a\": 1}}" };
	properties_of_manifest(&p, &m);
	assert_int_equal(p.n_rights + p.n_settings, 0);
	properties_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_all_versions_are_read),
		cmocka_unit_test(rights_and_settings_are_read),
		cmocka_unit_test(what_is_cut_off_or_odd_is_left_out),
		cmocka_unit_test(a_manifest_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
