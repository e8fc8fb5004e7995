/* Unit tests of db/url. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "db/url.h"

struct want {
	const char *text, *user, *password, *host, *port, *path;
	bool lenient;
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void assert_parts(const struct want *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct want *w = &want[i];
		const char *why = "";
		struct url u;
		bool ok = url_parse(&u, w->text, &why);

		if (!ok || !same(u.user, w->user) || !same(u.password, w->password) ||
		    !same(u.host, w->host) || !same(u.port, w->port) || !same(u.path, w->path) ||
		    u.lenient != w->lenient)
			fail_msg("%s: ok %d, user %s, password %s, host %s, port %s, path %s, lenient %d; %s",
			         w->text, ok, u.user, u.password, u.host, u.port, u.path, u.lenient, why);
		url_free(&u);
	}
}

#define ASSERT_PARTS(table) assert_parts(table, sizeof(table) / sizeof(*(table)))

static void the_parts_of_a_strict_url_are_decoded(void **state)
{
	static const struct want table[] = {
		{ "u:p@h:5432/db", "u", "p", "h", "5432", "db", false },
		{ "u@h/db", "u", NULL, "h", NULL, "db", false },
		{ "h", NULL, NULL, "h", NULL, NULL, false },
		{ "h/", NULL, NULL, "h", NULL, NULL, false },
		{ "h:/db", NULL, NULL, "h", NULL, "db", false },
		{ "", NULL, NULL, NULL, NULL, NULL, false },
		{ "/db", NULL, NULL, NULL, NULL, "db", false },
		{ "u@/db", "u", NULL, NULL, NULL, "db", false },
		{ ":5433/db", NULL, NULL, NULL, "5433", "db", false },
		{ "u:@h", "u", NULL, "h", NULL, NULL, false },
		{ ":p@h", NULL, "p", "h", NULL, NULL, false },
		{ "a%40b:p%3A%2F%23%25@h/d%20b", "a@b", "p:/#%", "h", NULL, "d b", false },
		{ "u:p%40ss%3Aw%2Fo%23rd%251@h:1/db", "u", "p@ss:w/o#rd%1", "h", "1", "db", false },
		{ "u:p:w@h", "u", "p:w", "h", NULL, NULL, false },
		{ "u:p#w@h", "u", "p#w", "h", NULL, NULL, false },
		{ "u:p@h/a/b", "u", "p", "h", NULL, "a/b", false },
		{ "u:p@h.example.org:65535/db", "u", "p", "h.example.org", "65535", "db", false },
	};

	(void)state;
	ASSERT_PARTS(table);
}

static void hosts_may_be_lists_addresses_and_sockets(void **state)
{
	static const struct want table[] = {
		{ "h1:1,h2:2/db", NULL, NULL, "h1,h2", "1,2", "db", false },
		{ "h1,h2:2", NULL, NULL, "h1,h2", ",2", NULL, false },
		{ "h1,h2", NULL, NULL, "h1,h2", NULL, NULL, false },
		{ "[::1]:5432/db", NULL, NULL, "::1", "5432", "db", false },
		{ "u:p@[fe80::1%25eth0]/db", "u", "p", "fe80::1%eth0", NULL, "db", false },
		{ "[::1],h:2/db", NULL, NULL, "::1,h", ",2", "db", false },
		{ "u@%2Fvar%2Frun:5433/db", "u", NULL, "/var/run", "5433", "db", false },
		{ "127.0.0.1:1", NULL, NULL, "127.0.0.1", "1", NULL, false },
		{ "my_host-1.x/db", NULL, NULL, "my_host-1.x", NULL, "db", false },
	};

	(void)state;
	ASSERT_PARTS(table);
}

static void a_password_that_is_not_encoded_is_read_right(void **state)
{
	static const struct want table[] = {
		{ "u:p@ss:w/o#rd%1@h:5432/db", "u", "p@ss:w/o#rd%1", "h", "5432", "db", true },
		{ "u:p@ss/w#rd%@h/db", "u", "p@ss/w#rd%", "h", NULL, "db", true },
		{ "u:p@ss@h", "u", "p@ss", "h", NULL, NULL, true },
		{ "u:100%@h/db", "u", "100%", "h", NULL, "db", true },
		{ "u:p%zz@h/db", "u", "p%zz", "h", NULL, "db", true },
		{ "u:pa?ss@h/db", "u", "pa?ss", "h", NULL, "db", true },
		{ "u:p?a=b@h/db", "u", "p?a=b", "h", NULL, "db", true },
		{ "u:123/w@h:1/db", "u", "123/w", "h", "1", "db", true },
		{ "u:1/w@h@h:1/db", "u", "1/w@h", "h", "1", "db", true },
		{ "u:@@h/db", "u", "@", "h", NULL, "db", true },
		{ "u:a b@@h/db", "u", "a b@", "h", NULL, "db", true },
		{ "u:/?#[]@@[::1]:1/db", "u", "/?#[]@", "::1", "1", "db", true },
		/* What is encoded besides is then meant as it stands. */
		{ "u:p@ss%40@h/db", "u", "p@ss%40", "h", NULL, "db", true },
	};

	(void)state;
	ASSERT_PARTS(table);
}

static void an_at_sign_in_the_query_does_not_split(void **state)
{
	static const struct want table[] = {
		{ "u:p@h/db?application_name=a@b", "u", "p", "h", NULL, "db", false },
		{ "u:p@ss@h/db?application_name=a@b", "u", "p@ss", "h", NULL, "db", true },
		{ "u:p/w@h/db?application_name=a@b", "u", "p/w", "h", NULL, "db", true },
		{ "h/db?application_name=a@b", NULL, NULL, "h", NULL, "db", false },
		{ "u:p?w@h/db?application_name=a@b", "u", "p?w", "h", NULL, "db", true },
	};
	const char *why;
	struct url u;

	(void)state;
	ASSERT_PARTS(table);
	assert_true(url_parse(&u, "u:p@ss@h/db?application_name=a@b&x=1", &why));
	assert_int_equal(u.keys.n, 2);
	assert_string_equal(u.values.v[0], "a@b");
	url_free(&u);
}

static void the_query_is_decoded_in_order(void **state)
{
	const char *why;
	struct url u;

	(void)state;
	assert_true(url_parse(&u, "h/db?sslmode=require&options=-c%20a%3Db&empty=&sslmode=disable",
	                      &why));
	assert_int_equal(u.keys.n, 4);
	assert_int_equal(u.values.n, 4);
	assert_string_equal(u.keys.v[1], "options");
	assert_string_equal(u.values.v[1], "-c a=b");
	assert_string_equal(u.values.v[2], "");
	assert_string_equal(u.keys.v[3], "sslmode");
	assert_string_equal(u.values.v[3], "disable");
	url_free(&u);
	assert_true(url_parse(&u, "h/db?", &why));
	assert_int_equal(u.keys.n, 0);
	url_free(&u);
}

static void what_is_no_url_is_refused_without_a_word_of_it(void **state)
{
	static const char *const bad[] = {
		"h:0/db", "h:65536/db", "h:x/db", "h:1:2/db", "u:p@h:99999/db", "u:p@h:x", "h1,/db", ",",
		"h b/db", "[::1/db", "[::1]x/db", "h/d#b", "h/d%zz", "h/%00", "a@b@", "@#",
		"u:p@h/db?sslmode", "u:p@h/db?=x", "u:p@h/db?a b=c", "h/db?x=%0", "h/db?x=%00", "h!/db",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *why = NULL;
		struct url u;

		if (url_parse(&u, bad[i], &why))
			fail_msg("%s: read: user %s, password %s, host %s, port %s, path %s", bad[i],
			         u.user, u.password, u.host, u.port, u.path);
		assert_holds(why, "host:port/database");
		url_free(&u);
	}
}

static void coding_there_and_back_changes_nothing(void **state)
{
	char all[256], *coded, *back;

	(void)state;
	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	coded = url_encode(all);
	assert_int_equal(strspn(coded, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                               "0123456789-._~%"), strlen(coded));
	back = url_decode(coded, strlen(coded));
	assert_string_equal(back, all);
	free(coded);
	free(back);
}

static void malformed_percent_sequences_do_not_decode(void **state)
{
	static const char *const bad[] = { "%", "a%", "%4", "%g0", "%0g", "%00", "x%00y", "%%41" };
	char *cut;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(url_decode(bad[i], strlen(bad[i])));
	/* The length counts, not the NUL. */
	assert_null(url_decode("%41", 2));
	cut = url_decode("%41%42", 3);
	assert_string_equal(cut, "A");
	free(cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_of_a_strict_url_are_decoded),
		cmocka_unit_test(hosts_may_be_lists_addresses_and_sockets),
		cmocka_unit_test(a_password_that_is_not_encoded_is_read_right),
		cmocka_unit_test(an_at_sign_in_the_query_does_not_split),
		cmocka_unit_test(the_query_is_decoded_in_order),
		cmocka_unit_test(what_is_no_url_is_refused_without_a_word_of_it),
		cmocka_unit_test(coding_there_and_back_changes_nothing),
		cmocka_unit_test(malformed_percent_sequences_do_not_decode),
	};

	return unit_run("url", tests, NULL, NULL);
}
