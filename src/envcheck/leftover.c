/* leftover - what should have been taken out of a value, or put in its place. */
#include "envcheck/leftover.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/text.h"

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
#define SEALED_LEAST 100 /* bytes of what a key server has encrypted; random keys are shorter */

/* What a reference begins with, in any case: of 1Password, HashiCorp Vault and vals, AWS, Google Cloud,
 * Azure, Bitwarden, Doppler, Infisical, CloudFormation, Home Assistant, sops, Jasypt, Spring, dotenvx,
 * ejson, Ansible, berglas, Conjur, chamber, and keyrings. */
static const struct beginning {
	const char *text;
	bool secret; /* only in a secret */
} beginnings[] = {
	{ "op://", false }, { "<path:", false }, { "vault:", false }, { "hashivault:", false },
	{ "hcvault:", false }, { "ref+", false },
	{ "secretref+", false }, { "ssm:", true }, { "aws-ssm:", false }, { "awsssm:", false },
	{ "aws:ssm:", false },
	{ "awsps:", false }, { "parameterstore:", false }, { "secretsmanager:", false }, { "aws-sm:", false },
	{ "awssm:", false }, { "asm://", false }, { "awssecret:", false }, { "awssecrets:", false },
	{ "aws-secretsmanager:", false }, { "aws-secret:", false }, { "{{resolve:", false }, { "arn:", true },
	{ "sm://", true }, { "gcp-sm:", false }, { "gcpsm:", false }, { "gsm:", false },
	{ "gcpsecrets:", false },
	{ "gcp-secret:", false }, { "gcpsecretmanager:", false }, { "secretmanager:", false },
	{ "projects/", true },
	{ "akv:", false }, { "akvs:", false }, { "kv://", true }, { "keyvault:", false }, { "azkv:", false },
	{ "azurekeyvault:", false }, { "azurekms:", false }, { "@microsoft.keyvault(", false },
	{ "bws:", false }, { "bw://", false },
	{ "bitwarden:", false }, { "doppler:", false }, { "infisical:", false }, { "keeper:", false },
	{ "lastpass:", false }, { "lpass:", false }, { "lp://", true }, { "dashlane:", false },
	{ "dl://", true },
	{ "proton-pass:", false }, { "pass://", true }, { "gopass:", false }, { "keyring:", false },
	{ "keychain:", false }, { "keepass:", false }, { "secret://", true }, { "secrets://", true },
	{ "secret:", true }, { "secrets:", true }, { "docker-secret:", true }, { "k8s:", true },
	{ "kubernetes:", true },
	{ "file:", true }, { "env:", true }, { "sops:", false }, { "berglas://", false },
	{ "conjur:", false },
	{ "cyberark:", false }, { "chamber:", false }, { "delinea:", false }, { "akeyless:", false },
	{ "varlock(", false },
	{ "yandexlockbox:", false }, { "exec:", true }, { "cmd:", true },
	{ "!ref ", false }, { "!sub ", false }, { "!getatt ", false }, { "!importvalue ", false },
	{ "!secret ", false }, { "!vault ", false }, { "!env ", false }, { "!env_var ", false },
	{ "!reference ", false },
	{ "enc[", false }, { "enc(", false }, { "{cipher}", false }, { "encrypted:", true },
	{ "ej[1:", false },
	{ "$ansible_vault;", false }, { "-----begin age encrypted", false },
	{ "-----begin pgp message", false },
	{ "secretkeyref", true }, { "valuefrom:", true }, { "process.env.", true },
	{ "import.meta.env.", true },
	{ "os.environ", true }, { "os.getenv(", true }, { "getenv(", true }, { "env(", true },
	{ "data.aws_", true },
	{ "var.", true }, { "local.", true }, { "module.", true },
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A byte of a letter in UTF-8 beyond ASCII counts, too. */
static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* --- comments --- */

/* Whether #, // or ;, which stands at `at` after a blank or at the beginning, begins a comment. */
static bool begins_comment(const char *at, bool secret)
{
	const char *rest = *at == '#'                   ? at + strspn(at, "#")
	                   : strncmp(at, "//", 2) == 0 ? at + 2
	                   : *at == ';'                ? at + 1
	                                               : NULL;

	if (!rest || (*at != '#' && !is_blank(*rest)))
		return false;
	if (secret && (!*rest || is_blank(*rest) || is_letter(*rest)))
		return true;
	return is_blank(*rest) && *at == '#' && is_letter(rest[strspn(rest, " \t(\"'")]);
}

/* A number or a switch with a # after it: nothing but a comment can follow. */
static bool is_simple_with_comment(const char *value)
{
	static const char *const switches[] = { "true", "false", "yes", "no", "on", "off", NULL };
	size_t n = strspn(value, "0123456789.");
	const char *end;

	for (size_t i = 0; switches[i] && !n; i++)
		if (strncasecmp(value, switches[i], strlen(switches[i])) == 0)
			n = strlen(switches[i]);
	end = value + n + strspn(value + n, " \t");
	return n && end > value + n && *end == '#';
}

bool leftover_comment(const char *value, bool secret)
{
	if (strchr(value, '\n'))
		return false;
	if (is_simple_with_comment(value))
		return true;
	/* #general and #fff are names. */
	if (begins_comment(value, secret) && strpbrk(value, " \t"))
		return true;
	for (const char *at = value; *at; at++)
		if (is_blank(*at) && begins_comment(at + 1, secret))
			return true;
	return false;
}

/* --- references --- */

/* vault:8200 is a host and its port. */
static bool begins(const char *value, const char *text)
{
	size_t len = strlen(text);

	return strncasecmp(value, text, len) == 0 &&
	       !(text[len - 1] == ':' && isdigit((unsigned char)value[len]));
}

/* Whether the whole of it stands between two marks. */
static bool is_between(const char *value, const char *open, const char *close)
{
	size_t len = strlen(value), from = strlen(open), to = strlen(close);

	return len > from + to && strncmp(value, open, from) == 0 && text_ends_with(value, close);
}

/* ${name}, #{name}, $[name]: nothing but a name or path between them. */
static bool is_named(const char *value)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/- ()~',";
	bool braces =
		is_between(value, "${", "}") || is_between(value, "#{", "}") || is_between(value, "#{", "}#");
	size_t n = strspn(value + (braces ? 2 : 0), plain);

	return (braces && n && value[2 + n] == '}') || is_between(value, "$[[", "]]");
}

bool leftover_template(const char *value)
{
	return is_between(value, "{{", "}}") || is_named(value) || is_between(value, "<%", "%>") ||
	       (is_between(value, "`", "`") && strchr(value, ' '));
}

/* secrets://, azkeyvault://, aws-secrets+json://: the scheme names a store of secrets. */
static bool is_of_store(const char *value)
{
	static const char *const words[] = { "secret", "vault", "cred", "password", "keychain", NULL };
	const char *end = strstr(value, "://");
	size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._");
	const char *at;

	for (size_t i = 0; end == value + n && words[i]; i++)
		if ((at = strcasestr(value, words[i])) && at < end)
			return true;
	return false;
}

/* %NAME%, @@NAME@@, __NAME__ and @NAME@ in capitals, as scripts replace them. */
static bool is_marked(const char *value)
{
	size_t marks = strspn(value, "%@_"), name = strspn(value + marks, CAPITALS), len = strlen(value);

	return marks && marks <= 2 && name >= 3 && len >= 2 * marks + 3 && value[len - 1] == *value &&
	       !value[marks + name + strspn(value + marks + name, "%@_")];
}

/* projects/ID/secrets/NAME of Google Cloud, and nothing else that begins so. */
static bool is_wanted(const struct beginning *b, const char *value)
{
	return strcmp(b->text, "projects/") != 0 || strstr(value, "/secrets/");
}

/* What kubeseal (Ag...) and AWS KMS (AQICAH...) have encrypted, in base64. */
static bool is_sealed(const char *value)
{
	size_t len = strlen(value);

	return len >= SEALED_LEAST && strspn(value, BASE64) == len &&
	       (skip_prefix(value, "AQICAH") ||
	        (skip_prefix(value, "Ag") && len >= 3 * (size_t)SEALED_LEAST));
}

bool leftover_reference(const char *value, bool secret)
{
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if ((secret || !beginnings[i].secret) && begins(value, beginnings[i].text) &&
		    is_wanted(&beginnings[i], value))
			return true;
	/* Of GitHub's workflows and of Railway. */
	return is_between(value, "${{", "}}") || (secret && (leftover_template(value) || is_marked(value) ||
	                                                     is_sealed(value) || is_of_store(value)));
}

bool leftover_path(const char *value)
{
	static const char *const folders[] = { "/run/secrets/", "/var/run/secrets/", "/etc/secrets/",
		                               "/secrets/",     "/mnt/secrets",      "/vault/secrets/" };

	value += *value == '@' || *value == '<';
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (skip_prefix(value, folders[i]) && !strpbrk(value, " \n"))
			return true;
	return false;
}
