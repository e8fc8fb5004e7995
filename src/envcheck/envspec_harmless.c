/*
 * envspec_harmless - whether a value may be copied for everybody to read.
 *
 * Nothing tells a password from a word by its bytes alone. So this is the other way round: what is
 * plainly a switch, a number, an address, a path or a few words may be shown, under a name that
 * says of no secret; all else may not. An example lost costs little.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "envcheck/envspec.h"
#include "envcheck/envspec_parts.h"
#include "envcheck/weak_secret.h"

/* What may stand between the words of a value. Other signs are rather a password's. */
#define BETWEEN " \t\n-_./:,;@+%=?&<>()[]{}'\"$*|\\"
#define WORD_LETTERS 24  /* no word is longer */
#define SHORT 4          /* any mixture of so few is one: v1, 4o, S3 */
#define MIXTURES 2       /* of those in a value: more are groups of a key */
#define NUMBER_DIGITS 10
#define PORT_DIGITS 5

/* The last word of names whose value opens something, beyond those of envspec_is_secret: here one
 * too many costs only an example. `glued`: also the end of a longer word, as in PGPASS. */
static const struct {
	const char *word;
	bool glued;
} openers[] = {
	{ "PASS", true },        { "PWD", true },         { "AUTH", false },     { "AUTHORIZATION", false },
	{ "CREDENTIAL", true },  { "CREDENTIALS", true }, { "CRED", false },     { "CREDS", false },
	{ "PIN", false },        { "OTP", false },        { "PSK", false },      { "BEARER", false },
	{ "JWT", false },        { "COOKIE", false },     { "MNEMONIC", false }, { "SEED", false },
	{ "LICENSE", false },    { "LICENCE", false },    { "MDP", false },      { "MOTDEPASSE", false },
	{ "CONTRASENA", false }, { "CLAVE", false },      { "SENHA", false },    { "WACHTWOORD", false },
	{ "HASLO", false },
};

/* Whether a name's last word is one of those. */
static bool opens(const char *name)
{
	size_t end = strlen(name), from, n;

	for (from = end; from && !strchr("_.-", name[from - 1]);)
		from--;
	for (size_t i = 0; i < sizeof(openers) / sizeof(*openers); i++) {
		n = strlen(openers[i].word);
		if ((end - from == n || (openers[i].glued && end - from > n)) &&
		    strncasecmp(name + end - n, openers[i].word, n) == 0)
			return true;
	}
	return false;
}

/* What a word is made of. */
struct letters {
	size_t upper, lower, digits, runs; /* of digits */
	size_t humps;                      /* capitals behind a small letter */
};

static void count_letters(const char *word, size_t len, struct letters *l)
{
	for (size_t i = 0; i < len; i++) {
		bool digit = isdigit((unsigned char)word[i]), upper = isupper((unsigned char)word[i]);

		l->digits += digit;
		l->upper += upper;
		l->lower += !digit && !upper;
		l->runs += digit && !(i && isdigit((unsigned char)word[i - 1]));
		l->humps += upper && i && islower((unsigned char)word[i - 1]);
	}
}

/* Whether letters and digits are a word or a number, and not drawn by lot. */
static bool is_word(const char *word, size_t len, size_t *mixtures)
{
	struct letters l = { 0 };
	bool one_case;

	count_letters(word, len, &l);
	if (l.digits == len)
		return len <= NUMBER_DIGITS;
	if (len <= SHORT)
		return !l.digits || ++*mixtures <= MIXTURES;
	if (!l.digits)
		return len <= WORD_LETTERS && l.humps <= 3;
	one_case = !l.upper || !l.lower || (l.upper == 1 && isupper((unsigned char)*word));
	return one_case && len <= WORD_LETTERS && l.digits <= 4 && l.digits <= l.upper + l.lower &&
	       l.runs <= 2;
}

/* Whether a : in the value stands before a port, a path or a //, or by something that is quoted:
 * behind any other may be the password of the user in front of it. */
static bool is_plain_colon(const char *value, const char *colon)
{
	const char *behind = colon + 1;
	size_t digits = strspn(behind, "0123456789");

	if (colon > value && strchr("\"'", colon[-1]))
		return true;
	if (digits)
		return digits <= PORT_DIGITS && (!behind[digits] || strchr("/,;: ])?\"'", behind[digits]));
	return !*behind || strchr("/.\"'[{$:", *behind);
}

/* Whoever knows a webhook's address may use it. */
static bool is_webhook(const char *name, const char *value)
{
	return strcasestr(name, "WEBHOOK") && strstr(value, "://");
}

static bool is_path(const char *value)
{
	return *value == '/' || skip_prefix(value, "./") || skip_prefix(value, "../");
}

/* Whether there is nothing but words, numbers and what stands between them. */
static bool is_worded(const char *value)
{
	const char *at = skip_prefix(value, "sqlite:");
	size_t mixtures = 0;

	at = at ? at : skip_prefix(value, "file:");
	for (at = at ? at : value; *at;) {
		const char *end = at;

		while (isalnum((unsigned char)*end) || *end & 0x80)
			end++;
		if (end > at && !is_word(at, (size_t)(end - at), &mixtures))
			return false;
		if (end == at && (!strchr(BETWEEN, *at) || (*at == ':' && !is_plain_colon(value, at))))
			return false;
		at = end > at ? end : at + 1;
	}
	return true;
}

bool envspec_is_harmless(const char *name, const char *value)
{
	if (!*value || !value[1] || envspec_is_switch(value) || weak_is_none(value) ||
	    weak_is_unfilled(value))
		return true;
	return (is_path(value) || !opens(name)) && !is_webhook(name, value) && is_worded(value);
}
