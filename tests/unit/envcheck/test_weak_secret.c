/* Unit tests of envcheck/weak_secret: what people leave in, and what they must not be blamed for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "envcheck/weak_secret.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* The words for a value of a variable, "" where it is not weak. The caller frees it. */
static char *words_about(const char *value, const struct weak_about *about)
{
	struct buf why = BUF_INIT;
	bool weak = weak_find(value, about, &why);

	assert_true(weak == (why.len > 0));
	return buf_detach(&why);
}

static void assert_weak(const char *name, const char *value, const char *part)
{
	struct weak_about about = { .name = name };
	char *words = words_about(value, &about);

	if (!*words || !strstr(words, part))
		fail_msg("%s=%s: '%s', not '%s'", name, value, words, part);
	free(words);
}

static void assert_strong(const char *name, const char *value)
{
	struct weak_about about = { .name = name };
	char *words = words_about(value, &about);

	if (*words)
		fail_msg("%s=%s: '%s'", name, value, words);
	free(words);
}

static void placeholders_of_real_examples_are_found(void **state)
{
	static const char *const values[] = {
		"change_me", "CHANGE_ME", "Change-Me", "change.me", "change me", "changeme", "ChangeMe!",
		"CHANGEME123", "changethis", "change-this-in-production", "change-this-svc-users",
		"please-change-me", "change_me_password", "change-in-production",
		"change-this-secret-before-deploying", "django-insecure-abcdefgh",
		"django-insecure-$v^z8(k1=!x*0b#q@r+t&y%u2w3e4n5m6p7s8d9f0g1h2j3k4l", "your-secret-key-here",
		"your_jwt_secret", "YOUR_API_KEY", "your-256-bit-secret", "your-production-secret-key-here",
		"your-super-secret-jwt-token-with-at-least-32-characters-long", "put_your_key_here",
		"replace_me", "replace-with-a-long-random-secret", "REPLACE_WITH_STRONG_SECRET_32_CHARS",
		"replace_with_secure_generated_key_at_least_32_chars", "todo", "TODO: set this", "<secret>",
		"<your key>", "<generate with openssl rand -hex 32>", "[your-key]", "{{ secret }}",
		"xxxxxxxxxxxx", "sk-xxxxxxxxxxxxxxxx", "xxxx xxxx xxxx xxxx", "sk-...", "example",
		"wJalrXUtnFEMI-example", "placeholder", "some-placeholder-value", "insert-here",
		"dev-secret-key-not-for-production", "api-key-goes-here", "key_here",
		"dev-secret-change-me", "tobemodified", "toBeModified1, toBeModified", "generate_me_with_openssl_rand_hex_64",
		"use_openssl_rand_base64_32_to_generate", "openssl rand -hex 32", "head -c 32 /dev/urandom", "to-be-generated",
		"paste-your-key", "GENERATE_USING_uuidgen", "generate-random-key-9Kq81LmZx7", "not_set", "hs_jwt_super_secret_change_in_production_2024", "dummy-key-1234",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		assert_weak("API_TOKEN", values[i], "placeholder");
}

static void defaults_and_phrases_that_everybody_tries_are_found(void **state)
{
	static const char *const values[] = {
		"postgres", "Postgres", "password", "Password1", "PASSWORD123!", "passw0rd", "p@ssw0rd",
		"P@ssw0rd123", "secret", "s3cr3t", "admin", "admin123", "root", "test", "secure_password_123",
		"strong-secure-password", "mysecretpassword", "my-super-secret-jwt-key", "supersecret",
		"super_secret_signing_key", "minioadmin", "keyboard cat", "letmein", "default", "none", "null",
		"local-dev-secret-key", "test_secret_key_for_testing_only", "my_app_secret_key", "dev-secret",
		"this-is-a-very-long-and-secure-secret-key-of-at-least-32-bytes", "topsecret", "hunter2",
		"get_the_secret_of_above_key", "generate_a_new_key", "RANDOM_STRING", "smtpPassword", "secret1234", "my-secret-pw",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		assert_weak("API_TOKEN", values[i], "tries first");
}

static void too_little_variety_is_found(void **state)
{
	static const char *const values[] = {
		"aaaaaaaa", "00000000000000000000000000000000", "abababababababab", "abcabcabcabc", "12345678",
		"1234567890", "0123456789abcdef0123456789abcdef", "abcdefghijklmnop", "qwertyuiop", "87654321",
		"1111111122222222", "qwerty123456", "--------", "********", "1111",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		assert_weak("DB_PASSWORD", values[i], "variety");
}

static void short_ones_are_found_where_the_length_is_a_choice(void **state)
{
	(void)state;
	assert_weak("DB_PASSWORD", "k3/9zQ", "too short: 8");
	assert_strong("DB_PASSWORD", "k3/9zQ1x");
	assert_weak("SECRET_KEY", "k3h9zQ1xVb7mTq2LwE8rYc5", "32 characters");
	assert_weak("APP_JWT_SECRET", "k3h9zQ1xVb7mTq2LwE8rYc5", "32 characters");
	assert_strong("SECRET_KEY", "k3h9zQ1xVb7mTq2LwE8rYc5pAs4DfG6j");
	assert_strong("AWS_SECRET_KEY", "k3h9zQ1xVb7mTq2LwE8rYc5");
	assert_strong("STRIPE_SECRET_KEY", "k3h9zQ1xVb7mTq2LwE8rYc5");
	assert_strong("GOOGLE_CLIENT_SECRET", "k3h9zQ1xVb7mTq2LwE8rYc5");
	/* Services give these out as they are: 20 characters, 16 characters. */
	assert_strong("REVERB_APP_SECRET", "k9s2v8x1qlw0mzn4hbty");
	assert_strong("PUSHER_APP_SECRET", "8a6b1e0e2c2d4f6a7b8c");
	assert_strong("FLICKR_TOKEN_SECRET", "8a6b1e0e2c2d4f6a");
	assert_weak("APP_SECRET", "k3h9zQ1xVb7mTq2LwE8rYc5", "32 characters");
	assert_weak("app_session_secret", "k3h9zQ1xVb7mTq2LwE8rYc5", "32 characters");
}

static void what_stands_beside_a_secret_counts(void **state)
{
	struct weak_about about = { .name = "POSTGRES_PASSWORD", .user = "inventory", .database = "stock_db" };
	char *words;

	(void)state;
	words = words_about("inventory", &about);
	assert_holds(words, "name of the user");
	free(words);
	words = words_about("Stock_DB", &about);
	assert_holds(words, "name of the user");
	free(words);
	words = words_about("inventory_password", &about);
	assert_holds(words, "tries first");
	free(words);
	words = words_about("inventory-Kq7zPw2m", &about);
	assert_string_equal(words, "");
	free(words);
	assert_weak("CLOUDINARY_API_SECRET", "cloudinary-secret-key", "tries first");
	assert_strong("OTHER_API_SECRET", "cloudinary-secret-key");
}

static void the_value_that_ships_is_weak_whatever_it_looks_like(void **state)
{
	struct weak_about about = { .name = "SECRET_KEY", .example = "k3h9zQ1xVb7mTq2LwE8rYc5pAs4DfG6j" };
	char *words = words_about("k3h9zQ1xVb7mTq2LwE8rYc5pAs4DfG6j", &about);

	(void)state;
	assert_holds(words, "example's");
	free(words);
	words = words_about("K3h9zQ1xVb7mTq2LwE8rYc5pAs4DfG6j", &about);
	assert_string_equal(words, "");
	free(words);
}

static void a_label_is_only_a_placeholder_or_the_example(void **state)
{
	struct weak_about about = { .name = "APP_NAME", .example = "shop", .label = true };
	static const struct {
		const char *value, *part;
	} table[] = {
		{ "shop", "example's" }, { "change_me", "placeholder" }, { "admin", "" }, { "aaaa", "" }, { "x", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		char *words = words_about(table[i].value, &about);

		assert_true(*table[i].part ? strstr(words, table[i].part) != NULL : !*words);
		free(words);
	}
}

static void what_was_never_filled_in_is_told_from_words_that_are_meant(void **state)
{
	static const char *const unfilled[] = {
		"your-tenant-id", "your-domain.example.com", "change_me", "CHANGEME", "bucket_name_here", "<region>",
		"replace-me", "<your domain>",
	};
	static const char *const filled[] = {
		"Your shop", "todo", "example.com", "dummy", "insecure", "shop", "Everything is here", "[a, b]", "{}",
		"https://change_me/x", "changes", "yours", "where", "'unsafe-inline'", "<b>hi</b>",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(unfilled); i++)
		if (!weak_is_unfilled(unfilled[i]))
			fail_msg("%s is filled", unfilled[i]);
	for (size_t i = 0; i < LENGTH(filled); i++)
		if (weak_is_unfilled(filled[i]))
			fail_msg("%s is not filled", filled[i]);
}

static void real_secrets_are_left_alone(void **state)
{
	static const char *const values[] = {
		"Tr0ub4dor&3xyz", "vague-otter-lifts-purple-kettle", "7f9c24e8-3b1a-4d6e-9a57-0c2b8e41d3aa",
		"AKIAIOSFODNN7QWERTZU", "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n",
		"{\"type\":\"service_account\",\"private_key_id\":\"9f8e7d6c5b4a39281706\"}",
		"xoxb-2048163264-4096819216-QmVuY2htYXJrMTIz", "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN",
		"SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf", "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
		"todoist-9f2Kq81LmZx", "exampleton9Kq81LmZx7", "yourself9Kq81LmZx7Pw", "changement9Kq81LmZx7",
		"Pa$$w0rd-of-9Kq81LmZx7", "correct horse battery kettle",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		assert_strong("API_TOKEN", values[i]);
}

/* --- random keys --- */

/* The same keys in every run: xorshift64*. */
static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

static void no_random_key_is_called_weak(void **state)
{
	static const struct {
		const char *letters;
		size_t length, keys;
	} kinds[] = {
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 43, 30000 },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 43, 30000 },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 22, 30000 },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 16, 30000 },
		{ "0123456789abcdef", 64, 30000 },
		{ "0123456789abcdef", 32, 30000 },
		{ "0123456789ABCDEF", 16, 30000 },
		{ "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)", 50, 20000 }, /* Django */
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32, 20000 },
		{ "abcdefghijklmnopqrstuvwxyz", 16, 20000 },
		{ "0123456789", 20, 20000 },
		{ "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
		  20, 30000 },
	};
	struct weak_about about = { .name = "API_TOKEN", .user = "app", .database = "shop" };
	uint64_t seed = 20261121;

	(void)state;
	for (size_t k = 0; k < LENGTH(kinds); k++)
		for (size_t i = 0; i < kinds[k].keys; i++) {
			size_t n = strlen(kinds[k].letters);
			struct buf why = BUF_INIT;
			char key[65];

			for (size_t c = 0; c < kinds[k].length; c++)
				key[c] = kinds[k].letters[draw(&seed) % n];
			key[kinds[k].length] = '\0';
			if (weak_find(key, &about, &why))
				fail_msg("%s: %s", key, why.data);
			buf_free(&why);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placeholders_of_real_examples_are_found),
		cmocka_unit_test(defaults_and_phrases_that_everybody_tries_are_found),
		cmocka_unit_test(too_little_variety_is_found),
		cmocka_unit_test(short_ones_are_found_where_the_length_is_a_choice),
		cmocka_unit_test(what_stands_beside_a_secret_counts),
		cmocka_unit_test(the_value_that_ships_is_weak_whatever_it_looks_like),
		cmocka_unit_test(a_label_is_only_a_placeholder_or_the_example),
		cmocka_unit_test(what_was_never_filled_in_is_told_from_words_that_are_meant),
		cmocka_unit_test(real_secrets_are_left_alone),
		cmocka_unit_test(no_random_key_is_called_weak),
	};

	return unit_run("weak_secret", tests, NULL, NULL);
}
