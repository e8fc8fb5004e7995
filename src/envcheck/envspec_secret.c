/*
 * envspec_secret - what sounds or looks like a secret.
 *
 * Of names, the last word tells most: SECRET_KEY is one, SECRET_KEY_LENGTH is not.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "envcheck/envspec.h"
#include "envcheck/envspec_parts.h"

#define KEY_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
#define WORD_BYTES KEY_ALPHABET "."
#define KEY_BYTES 24   /* shorter words of letters and digits are rather names */
#define MIXED_BYTES 10 /* shorter ones may be anything */
#define SMALL_RUN 3    /* small letters in a row: words have more */
#define SAID_BYTES 4   /* of a password in a sentence */
#define COUNT_DIGITS 6 /* of a number that counts something: MAX_TOKEN=128000 */
#define URL_BYTES 2048 /* nobody's name and password are longer */

/* What a secret is called. `last`: only at the end, for CACHE_KEY_PREFIX and PASS_RATE. `glued`:
 * also the end of a longer word, as in PGPASSWORD. */
static const struct {
	const char *word;
	bool last, glued;
} secrets[] = {
	{ "SECRET", false, true }, { "SECRETS", false, false }, { "PASSWORD", false, true },
	{ "PASSWORDS", false, false }, { "PASSWD", false, true }, { "PASSPHRASE", false, true },
	{ "PASS", true, false }, { "PWD", true, false }, { "PW", true, false },
	{ "TOKEN", false, true }, { "APIKEY", false, true }, { "SECRETKEY", false, true },
	{ "KEY", true, false }, { "KEYS", true, false }, { "SALT", true, false },
	{ "PEPPER", true, false }, { "PGPASS", true, false }, { "PASSWORT", false, true },
	{ "KENNWORT", false, true },
};

/* The last word of names that speak of a secret and hold none. */
static const char *const harmless[] = {
	"FILE", "PATH", "DIR", "DIRECTORY", "URL", "URI", "ENDPOINT", "HOST", "PORT", "ID", "NAME", "USER",
	"USERNAME", "EMAIL", "TYPE", "KIND", "FORMAT", "ENCODING", "ALGORITHM", "ALG", "ALGO", "METHOD",
	"LENGTH", "LEN", "SIZE", "MIN", "MAX", "COUNT", "LIMIT", "BUDGET", "ROUNDS", "ITERATIONS",
	"EXPIRE", "EXPIRES", "EXPIRY", "EXPIRATION", "TTL", "LIFETIME", "LIFESPAN", "AGE", "TIMEOUT",
	"LEEWAY", "INTERVAL", "DURATION", "MS", "SECONDS", "MINUTES", "HOURS", "DAYS", "IN", "AT",
	"ENABLED", "DISABLED", "REQUIRED", "ALLOWED", "ROTATION", "POLICY", "RULES", "REGEX", "PATTERN",
	"VALIDATORS", "HASHERS", "HASHER", "PREFIX", "SUFFIX", "HEADER", "HEADERS", "FIELD", "COOKIE",
	"LOCATION", "ISSUER", "AUDIENCE", "SCOPE", "SCOPES", "REALM", "CLASS", "BACKEND", "PROVIDER",
	"STORE", "MANAGER", "ENGINE", "VERSION", "REGION", "PROMPT", "HINT", "RESET", "LOGIN", "SYMBOL",
	"DECIMALS", "ADDRESS", "MODE", "LABEL", "TITLE", "SOURCE", "STRATEGY", "ARN", "REF", "REFERENCE",
};

/* What makes the rest something for everybody's eyes: prefixes of what a bundler hands to browsers
 * (Next.js, Nuxt, Expo, SvelteKit, Vite, Create React App and Gatsby document them), keys that are
 * public, or that open nothing. */
static const char *const public_words[] = {
	"NEXT_PUBLIC", "NUXT_PUBLIC", "EXPO_PUBLIC", "VITE", "REACT_APP", "GATSBY", "PUBLIC_KEY",
	"PUBLISHABLE_KEY", "PUB_KEY", "ANON_KEY", "SITE_KEY", "PRIMARY_KEY", "FOREIGN_KEY",
	"PARTITION_KEY",
};

static bool same_word(const char *word, size_t len, const char *other)
{
	return strlen(other) == len && strncasecmp(word, other, len) == 0;
}

static bool has_word(const char *name, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = name; (at = strcasestr(at, word)); at++)
		if ((at == name || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[len]))
			return true;
	return false;
}

static bool is_secret_word(const char *word, size_t len, bool last)
{
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		size_t n = strlen(secrets[i].word);

		if (secrets[i].last && !last)
			continue;
		if (same_word(word, len, secrets[i].word) ||
		    (secrets[i].glued && len > n && strncasecmp(word + len - n, secrets[i].word, n) == 0))
			return true;
	}
	return false;
}

bool envspec_is_secret(const char *name)
{
	bool found = false;
	size_t len;

	/* The shell's, of folders. */
	if (strcmp(name, "PWD") == 0 || strcmp(name, "OLDPWD") == 0 || skip_prefix(name, "PUBLIC_"))
		return false;
	for (size_t i = 0; i < sizeof(public_words) / sizeof(*public_words); i++)
		if (has_word(name, public_words[i]))
			return false;
	for (const char *word = name; *word; word += len + strspn(word + len, "_.-")) {
		bool last;

		len = strcspn(word, "_.-");
		last = !word[len + strspn(word + len, "_.-")];
		for (size_t i = 0; last && i < sizeof(harmless) / sizeof(*harmless); i++)
			if (same_word(word, len, harmless[i]))
				return false;
		found = found || is_secret_word(word, len, last);
	}
	return found;
}

/* --- values --- */

bool envspec_is_switch(const char *value)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

/* The last word of a name, or the one before it; its length goes to *len, 0: there is none. */
static const char *word_from_end(const char *name, bool before, size_t *len)
{
	size_t end = strlen(name), from = end;

	while (from && name[from - 1] != '_')
		from--;
	if (before) {
		end = from ? from - 1 : 0;
		for (from = end; from && name[from - 1] != '_';)
			from--;
	}
	*len = end - from;
	return name + from;
}

static bool ends_in_key(const char *name)
{
	size_t len;
	const char *word = word_from_end(name, false, &len);

	return same_word(word, len, "KEY") || same_word(word, len, "KEYS");
}

/* Whether the name is that of what somebody types or signs with: a number may be its value, and
 * then it is a bad one. */
static bool is_typed(const char *name)
{
	static const char *const ends[] = { "PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "PWD", "PW",
		                            "SECRET", "KEY", NULL };
	size_t len;
	const char *word = word_from_end(name, false, &len);

	for (size_t i = 0; ends[i]; i++) {
		size_t n = strlen(ends[i]);

		if (len >= n && strncasecmp(word + len - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

/* Whether all that sounds like a secret in the name is KEY: SORT_KEY, and not API_KEY. */
static bool is_bare_key(const char *name)
{
	static const char *const kinds[] = {
		"API",      "PRIVATE", "ACCESS",  "ENCRYPTION", "ENCRYPT", "DECRYPTION", "CRYPTO",
		"CIPHER",   "SIGNING", "SIGN",    "SIGNATURE",  "AUTH",    "JWT",        "APP",
		"MASTER",   "SESSION", "HMAC",    "SERVICE",    "ROLE",    "ADMIN",      "WEBHOOK",
		"LICENSE",  "FERNET",  "AES",     "RSA",        "SSH",     "DEPLOY",     "COOKIE",
		"SECURITY", "SHARED",  "ACCOUNT", "STORAGE",
	};
	size_t len, words = 0, secrets_n = 0;
	const char *before = word_from_end(name, true, &len);

	if (!ends_in_key(name))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (same_word(before, len, kinds[i]))
			return false;
	for (const char *word = name; *word; word += len + strspn(word + len, "_.-"), words++) {
		len = strcspn(word, "_.-");
		secrets_n += is_secret_word(word, len, !word[len]);
	}
	return words > 1 && secrets_n == 1;
}

/* --- texts --- */

/* The name that sounds like a secret in front of the = (or the : behind a quote, in JSON) at
 * `at`, or NULL. */
static const char *secret_name(const char *text, const char *at)
{
	const char *end = at, *from;
	char *name;
	bool found;

	while (end > text && strchr(" \t", end[-1]))
		end--;
	if (*at == ':' && (end == text || !strchr("\"'", end[-1])))
		return NULL;
	if (end > text && strchr("\"'", end[-1]))
		end--;
	for (from = end; from > text && strchr(WORD_BYTES, from[-1]);)
		from--;
	name = xstrndup(from, (size_t)(end - from));
	found = envspec_is_secret(name);
	free(name);
	return found ? from : NULL;
}

static bool is_placeholder(const char *at)
{
	if (*at == '$')
		return at[1] == '(' || at[1] == '{';
	return *at == '<' && at[strcspn(at, ">\n")] == '>';
}

/* The bytes of the password in a URL whose :// is at `at`, and where it begins; 0 for none. The
 * last @ before the path ends it: it may hold others. */
static size_t url_password(const char *at, const char **password)
{
	const char *user = at + 3, *end = user, *colon, *sign;

	while (*end && end - user < URL_BYTES && !strchr(" \t\n\"'`<>", *end))
		end++;
	sign = end;
	while (sign > user && sign[-1] != '@')
		sign--;
	colon = sign > user ? memchr(user, ':', (size_t)(sign - 1 - user)) : NULL;
	if (!colon)
		return 0;
	*password = colon + 1;
	return is_placeholder(colon + 1) ? 0 : (size_t)(sign - 1 - *password);
}

/* Whether the word looks drawn by lot, as API keys do. Names are all in capitals, hosts in small
 * letters; a UUID is rather an account's. */
static bool is_drawn(const char *word, size_t len)
{
	bool upper = false, lower = false, digit = false, hex = true;

	for (size_t i = 0; i < len; i++) {
		upper = upper || isupper((unsigned char)word[i]);
		lower = lower || islower((unsigned char)word[i]);
		digit = digit || isdigit((unsigned char)word[i]);
		hex = hex && isxdigit((unsigned char)word[i]);
	}
	return len >= KEY_BYTES && digit && (hex || (upper && lower));
}

bool envspec_is_plain(const char *name, const char *value)
{
	size_t digits = strspn(value, "0123456789");

	if (envspec_is_switch(value) || (digits == 1 && !value[1] && *value <= '1'))
		return true;
	if (!value[digits] && digits <= COUNT_DIGITS && !is_typed(name))
		return true;
	return is_bare_key(name) && !is_drawn(value, strlen(value));
}

/* The bytes of what is set for a name, behind its =, and where it begins. `whole`: the text is
 * that and nothing else. Else brackets at its end are the text's. */
static size_t set_value(const char *at, bool whole, const char **from)
{
	size_t len;

	*from = at + strspn(at, " \t");
	if (is_placeholder(*from))
		return 0;
	if (whole)
		return strcspn(*from, "\n");
	if (**from && strchr("\"'`", **from)) {
		const char ends[] = { **from, '\n', '\0' };

		return strcspn(++*from, ends);
	}
	len = strcspn(*from, " \t\n\"'`");
	while (len && strchr(")]}", (*from)[len - 1]))
		len--;
	return len;
}

/* What a word behind `the password is` could be: it has more than small letters and a capital
 * at its beginning, or than capitals. */
static bool is_telling(const char *word, size_t len)
{
	bool lower = false, inner = false, other = false;

	for (size_t i = 0; i < len; i++) {
		lower = lower || islower((unsigned char)word[i]);
		inner = inner || (i && isupper((unsigned char)word[i]));
		other = other || isdigit((unsigned char)word[i]) || strchr("!#$%^&*+=@~", word[i]);
	}
	return len >= SAID_BYTES && (other || (lower && inner)) && !is_placeholder(word);
}

/* The bytes of what a sentence that has a secret's name at `at` says of it, and where they begin;
 * 0 for none: `the password is Zq8x`, `Passwort: 'abc'`. */
static size_t said_value(const char *at, const char **from)
{
	static const char *const links[] = { "is ", "was ", "ist ", "=> ", "-> ", NULL };
	size_t len = strspn(at, KEY_ALPHABET);
	const char *value = at + len, *link = NULL;

	if (!is_secret_word(at, len, true))
		return 0;
	if (*value == ':' && value[1] == ' ')
		link = value + 1;
	for (size_t i = 0; *value == ' ' && links[i] && !link; i++)
		link = skip_prefix(value + strspn(value, " "), links[i]);
	if (!link)
		return 0;
	value = link + strspn(link, " \t");
	if (*value && strchr("\"'`", *value)) {
		*from = value + 1;
		return strcspn(*from, (const char[]){ *value, '\n', '\0' });
	}
	*from = value;
	for (len = strcspn(value, " \t\n\"'`<>"); len && strchr(".,;:!?)]}", value[len - 1]);)
		len--;
	return is_telling(value, len) && !memmem(value, len, "://", 3) ? len : 0;
}

/* Whether a word of a sentence looks drawn by lot though it is short: no word, and no name such as
 * OAuth2Client, changes between capitals, small letters and digits all the time. */
static bool is_mixed(const char *word, size_t len)
{
	bool upper = false, digit = false;
	size_t small = 0, longest = 0;

	for (size_t i = 0; i < len; i++) {
		upper = upper || isupper((unsigned char)word[i]);
		digit = digit || isdigit((unsigned char)word[i]);
		small = islower((unsigned char)word[i]) ? small + 1 : 0;
		longest = small > longest ? small : longest;
	}
	return len >= MIXED_BYTES && upper && digit && longest && longest <= SMALL_RUN;
}

/* The bytes of a secret that begins at or right behind `at`, and where; 0 for none. */
static size_t secret_at(const char *text, const char *at, const char **from)
{
	const char *name;
	size_t len;

	if (strncmp(at, "://", 3) == 0 && (len = url_password(at, from)))
		return len;
	if ((*at == '=' || *at == ':') && (name = secret_name(text, at)))
		return set_value(at + 1, name == text + strspn(text, "# \t"), from);
	if (at > text && (isalnum((unsigned char)at[-1]) || strchr("_-", at[-1])))
		return 0;
	if ((len = said_value(at, from)))
		return len;
	*from = at;
	len = strspn(at, KEY_ALPHABET);
	return is_drawn(at, len) || is_mixed(at, strcspn(at, "_-") < len ? 0 : len) ? len : 0;
}

bool envspec_redact(struct buf *b, const char *text)
{
	bool found = strstr(text, "PRIVATE KEY") != NULL;

	for (const char *at = text; *at;) {
		const char *from = at;
		size_t len = secret_at(text, at, &from);

		if (len) {
			buf_add(b, at, (size_t)(from - at));
			buf_puts(b, "...");
			at = from + len;
			found = true;
		} else {
			buf_putc(b, *at++);
		}
	}
	return found;
}
