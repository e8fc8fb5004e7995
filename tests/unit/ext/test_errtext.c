/* Unit tests of ext/errtext. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "ext/errtext.h"

/* From a copy of its exact size: what is read past its end is seen. */
static void assert_taken(const char *message, const char *sqlstate, const char *words)
{
	char *copy = xstrdup(message), state[6] = "?";
	struct buf text = BUF_INIT;

	errtext_take(copy, state, &text);
	assert_string_equal(state, sqlstate);
	assert_string_equal(text.data, words);
	buf_free(&text);
	free(copy);
}

static void the_code_is_found_in_any_language(void **state)
{
	(void)state;
	assert_taken("connection to server at \"h\" failed: FATAL:  28P01: password authentication failed\nLOCATION: x\n",
	             "28P01", "password authentication failed");
	assert_taken("FATAL:  3D000: no database\n", "3D000", "no database");
	assert_taken("d\303\251tail:  x: FATALE:  57P03: attendez", "57P03", "attendez");
}

static void of_several_hosts_the_last_that_has_a_code_counts(void **state)
{
	(void)state;
	assert_taken("connection to server at \"a\" failed: FATAL:  57P03: starting up\nLOCATION:  x\n"
	             "connection to server at \"b\" failed: FATAL:  28P01: wrong password\n",
	             "28P01", "wrong password");
	assert_taken("connection to server at \"a\" failed: FATAL:  57P03: starting up\n"
	             "connection to server at \"b\" failed: Connection refused\n\tIs it running?\n",
	             "57P03", "starting up");
	assert_taken("connection to server at \"a\" failed: FATAL:  3D000: database \"x:  28P01: y\" does not exist\n",
	             "3D000", "database \"x:  28P01: y\" does not exist");
}

static void what_has_no_code_stays_as_it_is(void **state)
{
	(void)state;
	assert_taken("", "", "");
	assert_taken("could not connect\n\tIs the server running?\n", "", "could not connect\n\tIs the server running?");
	assert_taken("E:  28p01: small", "", "E:  28p01: small");
	assert_taken("E:  28P012: long", "", "E:  28P012: long");
	assert_taken("E:  ", "", "E:");
}

static void a_message_may_end_with_its_code(void **state)
{
	(void)state;
	assert_taken("E:  28P01:", "28P01", "");
	assert_taken("E:  28P01:x", "28P01", "x");
	assert_taken("E:  28P01: ", "28P01", "");
}

static void a_fault_of_tls_is_not_a_name_nor_a_broken_socket(void **state)
{
	(void)state;
	assert_true(errtext_is_tls("connection to server at \"h\" (::1), port 1 failed: server does not support SSL, but SSL "
	                           "was required\n"));
	assert_true(errtext_is_tls("connection to server at \"h\" failed: Connection refused\n\tIs it?\n"
	                           "connection to server at \"i\" failed: root certificate file \"x\" does not exist"));
	assert_false(errtext_is_tls("connection to server at \"SSL.certificate\", port 1 failed: Connection refused\n\tSSL?"));
	assert_false(errtext_is_tls("could not translate host name \"SSL\" to address: Name does not resolve"));
	assert_false(errtext_is_tls("connection to server at \"h\" failed: SSL SYSCALL error: EOF detected"));
	assert_false(errtext_is_tls("connection to server at \"h\" failed: could not send SSL negotiation packet: Broken pipe"));
	assert_false(errtext_is_tls("connection to server at \"h\" failed: SSL error: unexpected eof while reading"));
	assert_false(errtext_is_tls(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_is_found_in_any_language),
		cmocka_unit_test(of_several_hosts_the_last_that_has_a_code_counts),
		cmocka_unit_test(what_has_no_code_stays_as_it_is),
		cmocka_unit_test(a_message_may_end_with_its_code),
		cmocka_unit_test(a_fault_of_tls_is_not_a_name_nor_a_broken_socket),
	};

	return unit_run("errtext", tests, NULL, NULL);
}
