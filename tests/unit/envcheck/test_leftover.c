/* Unit tests of envcheck/leftover: comments and references that are left in a value, and what only looks like them. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "envcheck/leftover.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static void a_comment_is_found_in_any_value(void **state)
{
	static const char *const values[] = {
		"# generate with openssl", "app # the owner", "app\t# the owner", "5432 # (the default)", "#  later", "x ## note",
		"app # \xc3\xa4ndern", "app # \"the owner\"", "5 # 10 in production", "5 #10", "true #why", "0.5\t# 1",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		if (!leftover_comment(values[i], false) || !leftover_comment(values[i], true))
			fail_msg("not found: %s", values[i]);
}

static void in_a_secret_any_sign_after_a_blank_begins_a_comment(void **state)
{
	static const char *const values[] = { "k3h9zQ1xVb7m #generate", "k3h9zQ1xVb7m #", "#set me later", "k3h9zQ1xVb7m // dev",
		                              "k3h9zQ1xVb7m ; the key" };

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		if (!leftover_comment(values[i], true))
			fail_msg("not found: %s", values[i]);
		if (leftover_comment(values[i], false))
			fail_msg("found: %s", values[i]);
	}
}

static void other_uses_of_the_sign_are_no_comments(void **state)
{
	static const char *const values[] = {
		"#general", "#fff", "Room #3", "Room # 3", "1px solid #fff", "https://x.org/#top", "a#b # ", "\\u@\\h # ",
		"5pm # 3", "on call # 3", "line\n# a comment in a file\n", "k3h#9zQ1", "#k3h9zQ1xVb7m", "",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		if (leftover_comment(values[i], false))
			fail_msg("found: %s", values[i]);
	assert_false(leftover_comment("k3h#9zQ1", true));
	assert_false(leftover_comment("#k3h9zQ1xVb7m", true));
	assert_false(leftover_comment("-----BEGIN X-----\nab # c\n", true));
}

static void references_are_found_in_any_value(void **state)
{
	static const char *const values[] = {
		"op://vault/item/field", "OP://v/i", "vault:secret/data/app#key", "vault://a/b", "bws://1-2-3", "ref+awsssm://x",
		"@Microsoft.KeyVault(SecretUri=x)", "!Ref Secret", "!ImportValue x", "!vault |", "doppler://x/y",
		"infisical://a", "gcp-sm://p/s", "{{resolve:ssm:key}}", "ENC[AES256_GCM,data:a]", "{cipher}a", "akv://v/s",
		"$ANSIBLE_VAULT;1.1;AES256", "${{ vars.NAME }}", "${{Redis.REDIS_URL}}",
		"<path:secret/data/x#y>",
		"awsssm:///app/key", "EJ[1:k:n:b]", "enc(k3h9)", "hashivault:a", "aws-secretsmanager:a", "gcp-secret:a", "gsm:a",
		"keyvault:a", "azurekms:a", "bitwarden:a", "keeper:a", "gopass:a", "sops:a", "conjur:a", "chamber:a",
		"varlock(a)", "!secret a", "!env_var a", "-----BEGIN AGE ENCRYPTED FILE-----", "-----BEGIN PGP MESSAGE-----",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		if (!leftover_reference(values[i], false) || !leftover_reference(values[i], true))
			fail_msg("not found: %s", values[i]);
}

static void what_may_be_the_value_itself_is_a_reference_in_a_secret_only(void **state)
{
	static const char *const values[] = {
		"file:///run/secrets/key", "env:OTHER", "arn:aws:secretsmanager:eu-west-1:1:secret:app", "ssm:/app/key",
		"secret://app/key", "projects/1/secrets/app/versions/latest", "{{ secret_key }}", "{{ .Values.key }}", "${key}",
		"#{key}#", "<%= key %>", "`openssl rand -hex 32`", "%SECRET_KEY%", "__SECRET_KEY__", "@@SECRET_KEY@@",
		"secretKeyRef", "process.env.KEY", "kubernetes:x",
		"azkeyvault://x/y", "aws-secrets+json://eu/x", "cred://app", "${file(./secret.txt)}", "${ssm:/app/key~true}",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		if (!leftover_reference(values[i], true))
			fail_msg("not found: %s", values[i]);
		if (leftover_reference(values[i], false))
			fail_msg("found: %s", values[i]);
	}
}

static void addresses_and_secrets_are_no_references(void **state)
{
	static const char *const values[] = {
		"vault:8200", "otpauth://totp/x?secret=k3h9", "https://vault.example.org", "infisical:8080", "aX9://kq2Lw8Zt", "vaulted-ceiling", "__dunder__x",
		"projects/app", "AgBy3i4OJSWK", "%41%42", "$2b$12$C6UzMDM.H6dfI/f/IKxGhu", "{\"type\":\"service_account\"}",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		if (leftover_reference(values[i], true))
			fail_msg("found: %s", values[i]);
}

static void a_mounted_secrets_path_is_no_secret(void **state)
{
	(void)state;
	assert_true(leftover_path("/run/secrets/db_password"));
	assert_true(leftover_path("/var/run/secrets/app/key"));
	assert_true(leftover_path("@/run/secrets/key"));
	assert_false(leftover_path("/qW8/run/secrets/x"));
	assert_false(leftover_path("run/secrets/x"));
}

/* The same keys in every run: xorshift64*. */
static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

static void no_random_key_has_anything_left_over(void **state)
{
	uint64_t seed = 20261130;

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		size_t len = 12 + draw(&seed) % 40;
		char key[64];

		for (size_t c = 0; c < len; c++)
			key[c] = (char)('!' + draw(&seed) % ('~' - '!' + 1));
		key[len] = '\0';
		if (leftover_comment(key, true) || leftover_reference(key, true) || leftover_path(key))
			fail_msg("found: %s", key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comment_is_found_in_any_value),
		cmocka_unit_test(in_a_secret_any_sign_after_a_blank_begins_a_comment),
		cmocka_unit_test(other_uses_of_the_sign_are_no_comments),
		cmocka_unit_test(references_are_found_in_any_value),
		cmocka_unit_test(what_may_be_the_value_itself_is_a_reference_in_a_secret_only),
		cmocka_unit_test(addresses_and_secrets_are_no_references),
		cmocka_unit_test(a_mounted_secrets_path_is_no_secret),
		cmocka_unit_test(no_random_key_has_anything_left_over),
	};

	return unit_run("leftover", tests, NULL, NULL);
}
