/* weak_secret - whether a secret is one that somebody could guess. */
#include "envcheck/weak_secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/text.h"

#define RUN_MAX 64       /* letters in a row; more are no words */
#define WORD_TELLS 4     /* a phrase has a word of this many letters at least */
#define BEGINNING 10     /* letters of a key that show what kind it is: github_pat */
#define SIGNING_LEAST 32 /* characters: RFC 7518, 3.2, wants as many bytes as the hash has */
#define LEAST 8          /* NIST SP 800-63B, 5.1.1.2 */

/* Words that ask for another value, whatever else is in it; _ is any separator. As found in
 * the .env.example files of real projects. */
static const char *const requests[] = {
	"changeme",       "change_me",
	"changethis",     "change_this",
	"changeit",       "change_it",
	"change_in",      "change_before",
	"change_later",   "change_your",
	"change_to",      "change_for",
	"please_change",  "must_change",
	"be_changed",     "replaceme",
	"replace_me",     "replace_with",
	"replace_this",   "replace_in",
	"replace_by",     "replace_before",
	"replace_for",    "replace_on",
	"replace_only",   "be_replaced",
	"tobemodified",   "be_modified",
	"fill_me",        "fill_in",
	"fill_this",      "insert_your",
	"insert_here",    "insert_a",
	"put_your",       "put_a",
	"put_here",       "enter_your",
	"enter_a",        "set_me",
	"set_this",       "set_your",
	"edit_me",        "update_me",
	"goes_here",      "your_own",
	"your_secret",    "your_key",
	"your_password",  "your_api",
	"your_token",     "placeholder",
	"generate_me",    "generate_with",
	"generate_one",   "generate_this",
	"generate_your",  "generate_by",
	"generate_using", "generate_random",
	"generate_via",   "generate_new",
	"generate_it",    "generated_by",
	"generated_with", "to_generate",
	"be_generated",   "openssl_rand",
	"openssl_genrsa", "rand_hex",
	"rand_base64",    "use_openssl",
	"urandom",        "uuidgen",
	"pwgen",          "token_hex",
	"token_urlsafe",  "keygen",
	"paste_your",     "paste_here",
	"paste_a",        "add_your",
	"type_your",      "provide_your",
	"supply_your",    "use_your",
	"use_a",          "to_be_set",
	"be_filled",      "to_be_defined",
	"be_defined",     "not_set",
	"must_be",        "should_be",
	"see_readme",     "see_the",
	"ask_the",        NULL,
};

/* Words that say of a secret that it is none. */
static const char *const denials[] = {
	"insecure",   "not_secure", "notsecure",  "unsafe",       "not_for_production",
	"do_not_use", "dont_use",   "not_a_real", "not_a_secret", "for_development",
	"example",    "dummy",      "fixme",      "todo",         "lorem_ipsum",
	"redacted",   NULL,
};

/* Values that everybody tries first, without separators. Phrases of the words below need
 * not be here. */
static const char *const defaults[] = {
	"abc123", "admin1", "asdf", "correcthorsebatterystaple", "dragon", "empty", "false", "hunter2",
	"iloveyou", "keyboardcat", "letmein", "minio123", "monkey", "nil", "none", "null", "pa55word",
	"pass1", "qwerty", "qwertz", "azerty", "shhh", "shhhh", "shhhhh", "toor", "true", "undefined",
	"welcome", "xxx", "foo", "bar", "foobar", "dev", "key", "pwd", "tbd", "test", "pass", "user",
	"root", "demo", NULL,
};

/* A value of nothing but these is a phrase that describes a secret, and no secret:
 * my-super-secret-jwt-token-with-at-least-32-characters-long. */
static const char vocabulary[] =
	" a above access account actual admin administrator aes after an and any anything api app "
	"application at auth authentication aws azure backend bar base baz be before bit bits blah "
	"bot bucket by byte bytes cambiar change changed changeme changethis char character "
	"characters chars clave client code company compose config container contrasena cookie "
	"correct credential credentials crypto cryptographic cryptographically csrf custom data "
	"database db default demo deploy deploying deployment dev develop development django do "
	"docker dont dummy email en encryption enough ensure enter env environment ever example "
	"express fake fastapi fernet fill fixme flask foo for from frontend geheim generate "
	"generated get good great guess guest hard hash hello here hmac host http https id "
	"immediately in insecure insert instance internal is it jwt keep key keys laravel least "
	"length local localhost locally login long longer mail main make master me min minimum minio "
	"mock mongo mongodb more motdepasse must my mysql name need needs never new next nextauth no "
	"node not now of old on one only openssl or our own owner pass passphrase passwd password "
	"passwords passwort pepper personal pg placeholder please postgres postgresql private prod "
	"produccion production project public put pw pwd rabbitmq rails random randomly real really "
	"redis refresh replace replaced root safe salt sample secret secreto secrets secure secured "
	"seed senha server service session set sha shared should sign signature signing site smtp so "
	"some something spring sql sqlite stack staging storage string strong stub supabase super "
	"supersecret superuser sure svc system temp temporary test tester testing text than that the "
	"there this tmp to todo token tokens too top total ultra under unique unsafe update updated "
	"url usar use user username using value very weak web webapp webhook whatever whichever with "
	"world you your ";

/* --- words --- */

/* The words that count as known for one value. */
struct words {
	struct strs own; /* of the variable's name, user and database, in small letters */
};

static char *lower(const char *text)
{
	char *copy = xstrdup(text);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

/* Adds the runs of letters in text. */
static void words_add(struct words *w, const char *text)
{
	char *copy = text ? lower(text) : NULL, *at = copy;

	while (at && *at) {
		size_t n = 0;

		while (isalpha((unsigned char)at[n]))
			n++;
		if (n > 1) {
			char end = at[n];

			at[n] = '\0';
			strs_add(&w->own, at);
			at[n] = end;
		}
		at += n ? n : 1;
	}
	free(copy);
}

static bool words_have(const struct words *w, const char *word, size_t len)
{
	char text[RUN_MAX + 3];

	for (size_t i = 0; i < w->own.n; i++)
		if (strlen(w->own.v[i]) == len && strncmp(w->own.v[i], word, len) == 0)
			return true;
	text[0] = text[len + 1] = ' ';
	memcpy(text + 1, word, len);
	text[len + 2] = '\0';
	return strstr(vocabulary, text);
}

/* Whether a run of small letters is words and nothing else, written together or not;
 * *longest grows to the longest of them. */
static bool run_is_words(const struct words *w, const char *run, size_t len, size_t *longest)
{
	size_t best[RUN_MAX + 1] = { 0 }; /* to here it is words: the longest's length, else 0 */

	if (len > RUN_MAX)
		return false;
	for (size_t end = 1; end <= len; end++)
		for (size_t from = 0; from < end; from++) {
			size_t before = from ? best[from] : 1, n = end - from;

			if (!before || !words_have(w, run + from, n))
				continue;
			n = n > before ? n : before;
			best[end] = n > best[end] ? n : best[end];
		}
	*longest = best[len] > *longest ? best[len] : *longest;
	return best[len];
}

/* Whether all letters of the text, which are small ones, are in words. */
static bool is_phrase(const struct words *w, const char *text)
{
	size_t longest = 0, letters = 0, digits = 0;

	while (*text) {
		size_t n = 0;

		while (isalpha((unsigned char)text[n]))
			n++;
		if (n && !run_is_words(w, text, n, &longest))
			return false;
		letters += n;
		digits += !n && isdigit((unsigned char)*text);
		text += n ? n : 1;
	}
	return longest >= WORD_TELLS && letters >= digits;
}

/* --- placeholders --- */

static bool is_separator(char c)
{
	return c && strchr("-_. \t", c);
}

/* How much of text the marker is; 0: it does not stand here. */
static size_t marker_length(const char *text, const char *marker)
{
	const char *at = text;

	for (; *marker; marker++) {
		if (*marker != '_' ? *at != *marker : !is_separator(*at))
			return 0;
		for (at++; *marker == '_' && is_separator(*at); at++)
			;
	}
	return isalnum((unsigned char)*at) ? 0 : (size_t)(at - text);
}

/* changeme123 and ChangeMe! are changeme, too. */
static bool begins_with_change(const char *text)
{
	const char *rest = skip_prefix(text, "changeme");

	rest = rest ? rest : skip_prefix(text, "changethis");
	rest = rest ? rest : skip_prefix(text, "replaceme");
	return rest && !isalpha((unsigned char)*rest) && strlen(rest) <= 8;
}

static bool has_marker(const char *text, const char *const *markers)
{
	for (const char *at = text; *at; at++) {
		if (at > text && isalnum((unsigned char)at[-1]))
			continue;
		for (size_t i = 0; markers[i]; i++)
			if (marker_length(at, markers[i]))
				return true;
	}
	return false;
}

/* your-..., ...-here. */
static bool is_addressed(const char *text)
{
	const char *rest = skip_prefix(text, "your");
	size_t len = strlen(text);

	return (rest && is_separator(*rest)) ||
	       (len > 5 && text_ends_with(text, "here") && is_separator(text[len - 5]));
}

/* Whether all of it is words, with numbers that stand alone. */
static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool between = i > 0 && isalpha((unsigned char)text[i - 1]);

		if (isdigit((unsigned char)text[i]) ? between : !isalpha((unsigned char)text[i]) &&
		                                                !strchr("-_.,' ", text[i]))
			return false;
	}
	return true;
}

/* <secret>, [secret], {{secret}}: around plain words. */
static bool is_bracketed(const char *text)
{
	static const char pairs[] = "<>[]{}";
	size_t len = strlen(text), depth = 0;
	const char *pair = *text ? strchr(pairs, *text) : NULL;

	while (pair && len > 2 * depth + 2 && text[depth] == *pair && text[len - 1 - depth] == pair[1])
		depth++;
	return depth && is_plain(text + depth, len - 2 * depth);
}

/* Four of x in a row, and little else: xxxx-xxxx, sk_test_xxxxxxxx. */
static bool is_crossed_out(const char *text)
{
	size_t crosses = 0, others = 0;

	for (const char *c = text; *c; c++) {
		crosses += *c == 'x';
		others += *c != 'x' && isalnum((unsigned char)*c);
	}
	return strstr(text, "xxxx") && crosses >= others;
}

/* sk-..., eyJ...: a beginning, and the rest left out. */
static bool is_left_open(const char *text)
{
	return strlen(text) <= BEGINNING + 3 && text_ends_with(text, "...");
}

static bool is_placeholder(const char *text)
{
	return has_marker(text, requests) || has_marker(text, denials) || begins_with_change(text) ||
	       is_addressed(text) || is_bracketed(text) || is_crossed_out(text) || is_left_open(text);
}

bool weak_is_unfilled(const char *value)
{
	char *text = lower(value);
	/* With blanks it is a sentence: Your shop. */
	bool unfilled = (*text == '<' && is_bracketed(text)) ||
	                (!strpbrk(text, " /") && (has_marker(text, requests) || begins_with_change(text) ||
	                                          is_addressed(text)));

	free(text);
	return unfilled;
}

/* --- defaults --- */

/* Digits and signs that stand for letters, between letters: p@ssw0rd, s3cr3t. */
static void read_signs(char *text)
{
	static const char signs[] = "0134578@$!", letters[] = "oieastbasi";

	for (char *c = text + 1; *text && *c && c[1]; c++) {
		const char *sign = strchr(signs, *c);

		if (sign && isalpha((unsigned char)c[-1]) &&
		    (isalpha((unsigned char)c[1]) || strchr(signs, c[1])))
			*c = letters[sign - signs];
	}
}

static bool is_listed(const char *text)
{
	struct buf joined = BUF_INIT;
	bool found = false;

	for (; *text; text++)
		if (!is_separator(*text))
			buf_putc(&joined, *text);
	while (joined.len && strchr("!?", joined.data[joined.len - 1]))
		buf_cut(&joined, joined.len - 1);
	for (size_t i = 0; defaults[i] && !found; i++)
		found = strcmp(defaults[i], joined.data) == 0;
	buf_free(&joined);
	return found;
}

/* The text is in small letters; it is changed. */
static bool is_default(char *text, const struct weak_about *about)
{
	struct words words = { { 0 } };
	bool found;

	words_add(&words, about->name);
	words_add(&words, about->user);
	words_add(&words, about->database);
	found = is_listed(text) || is_phrase(&words, text);
	if (!found) {
		read_signs(text);
		found = is_listed(text) || is_phrase(&words, text);
	}
	strs_free(&words.own);
	return found;
}

/* --- variety --- */

static size_t distinct(const char *text)
{
	bool seen[256] = { false };
	size_t n = 0;

	for (; *text; text++) {
		n += !seen[(unsigned char)*text];
		seen[(unsigned char)*text] = true;
	}
	return n;
}

/* abcabcabc: the same piece again and again. */
static bool repeats(const char *text, size_t len)
{
	for (size_t period = 1; period <= len / 2; period++)
		if (strncmp(text, text + period, len - period) == 0)
			return true;
	return false;
}

/* Whether b follows a, or a follows b, in the alphabet or on a keyboard. */
static bool are_neighbours(char a, char b)
{
	static const char rows[] = "1234567890 qwertyuiop asdfghjkl zxcvbnm";
	const char *at = strchr(rows, tolower((unsigned char)a));

	b = (char)tolower((unsigned char)b);
	a = (char)tolower((unsigned char)a);
	return (isalnum((unsigned char)a) && (a == b || a + 1 == b || a - 1 == b)) ||
	       (at && *at && b != ' ' && (at[1] == b || (at > rows && at[-1] == b)));
}

/* 12345678, abcdefgh, qwerty123456: three steps of four lead to a neighbour. */
static bool is_run(const char *text, size_t len)
{
	size_t steps = 0;

	for (size_t i = 1; i < len; i++)
		steps += are_neighbours(text[i - 1], text[i]);
	return len > 3 && steps * 4 >= (len - 1) * 3;
}

static bool lacks_variety(const char *text)
{
	size_t len = strlen(text);

	return distinct(text) * 4 < (len < 24 ? len : 24) || (len > 3 && repeats(text, len)) ||
	       is_run(text, len);
}

/* --- the whole --- */

static bool is_same(const char *value, const char *name)
{
	return name && *name && strcasecmp(value, name) == 0;
}

bool weak_find(const char *value, const struct weak_about *about, struct buf *why)
{
	bool signing = about->name && weak_is_signing_key(about->name);
	const char *words = NULL;
	char *text = lower(value);

	if (about->example && *about->example && strcmp(value, about->example) == 0)
		words = "is still the example's, which everybody can read";
	else if (is_placeholder(text))
		words = "is a placeholder that was never replaced";
	else if (about->label)
		words = NULL;
	else if (is_same(value, about->user) || is_same(value, about->database))
		words = "is the name of the user or the database again";
	else if (lacks_variety(value))
		words = "has too little variety";
	else if (is_default(text, about))
		words = "is one that everybody tries first";
	else if (signing && strlen(value) < SIGNING_LEAST)
		words = "is too short for a signing key, which needs 32 characters";
	else if (strlen(value) < LEAST)
		words = "is too short: 8 characters are the least";
	if (words)
		buf_puts(why, words);
	free(text);
	return words;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcasecmp(name, *names) == 0)
			return true;
	return false;
}

bool weak_is_none(const char *value)
{
	static const char *const words[] = { "null", "(null)", "(empty)", "none", "undefined", NULL };

	return is_one_of(value, words);
}

bool weak_is_signing_key(const char *name)
{
	/* Whole names: a service gives out the PUSHER_APP_SECRET as long as it likes. */
	static const char *const own[] = {
		"JWT_SECRET", "JWT_SECRET_KEY", "JWT_KEY", "JWT_ACCESS_SECRET", "JWT_REFRESH_SECRET",
		"SESSION_SECRET", "SESSION_KEY", "SESSION_SECRET_KEY", "COOKIE_SECRET", "SIGNING_KEY",
		"SIGNING_SECRET", "SECRET_KEY_BASE", "NEXTAUTH_SECRET", "CSRF_SECRET", "HMAC_SECRET",
		"HMAC_KEY", "DJANGO_SECRET_KEY", "FLASK_SECRET_KEY", "APP_SECRET_KEY", "APP_SECRET",
		"DJANGO_SECRET", "FLASK_SECRET", "TOKEN_SECRET", "TOKEN_SECRET_KEY", "ACCESS_TOKEN_SECRET",
		"REFRESH_TOKEN_SECRET", "JWT_TOKEN_SECRET", "BETTER_AUTH_SECRET", NULL,
	};
	static const char *const bare[] = { "SECRET_KEY", "AUTH_SECRET", "SECRET", NULL };
	static const char *const prefixes[] = { "APP_", "SERVER_", "BACKEND_", "WEB_", "AUTH_", NULL };

	for (size_t i = 0; prefixes[i]; i++)
		if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0 &&
		    is_one_of(name + strlen(prefixes[i]), own))
			return true;
	return is_one_of(name, own) || is_one_of(name, bare);
}
