/* secrecy - what a URL says about encryption. */
#include "db/secrecy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define WORD 32

/* libpq's modes, the weakest first (PostgreSQL docs, 'SSL Mode Descriptions'). */
static const char *const modes[] = {
	NULL, "disable", "allow", "prefer", "require", "verify-ca", "verify-full"
};

enum { NOTHING, DISABLE, ALLOW, PREFER, REQUIRE, VERIFY_CA, VERIFY_FULL };

struct word {
	const char *text;
	int mode;
};

/* As plain() writes them. */
static const struct word values[] = {
	{ "disable", DISABLE },      { "disabled", DISABLE },       { "false", DISABLE },
	{ "0", DISABLE },            { "off", DISABLE },            { "no", DISABLE },
	{ "none", DISABLE },         { "allow", ALLOW },            { "prefer", PREFER },
	{ "preferred", PREFER },     { "require", REQUIRE },        { "required", REQUIRE },
	{ "true", REQUIRE },         { "1", REQUIRE },              { "on", REQUIRE },
	{ "yes", REQUIRE },          { "noverify", REQUIRE },       { "verifyca", VERIFY_CA },
	{ "verifyfull", VERIFY_FULL }, { "verifyidentity", VERIFY_FULL }, { NULL, NOTHING },
};

/* Prisma's; which mode it goes with says another parameter. */
static const struct word accepts[] = {
	{ "strict", VERIFY_FULL }, { "acceptinvalidcerts", NOTHING }, { NULL, NOTHING },
};

/* JDBC's classes; others are code that nobody has here. */
static const struct word factories[] = {
	{ "orgpostgresqlsslnonvalidatingfactory", REQUIRE }, { "orgpostgresqlssllibpqfactory", NOTHING },
	{ NULL, NOTHING },
};

static const struct {
	const char *key;
	const struct word *words;
} spoken[] = {
	{ "ssl", values },       { "tls", values },        { "sslmode", values },  { "tlsmode", values },
	{ "usessl", values },    { "usetls", values },     { "requiressl", values }, { "encrypt", values },
	{ "secure", values },
	{ "sslaccept", accepts }, { "sslfactory", factories },
};

/* Other spellings of libpq's keywords: SQLx's ssl-root-cert, JDBC's channelBinding. */
static const struct {
	const char *plain, *key;
} keywords[] = {
	{ "sslrootcert", "sslrootcert" },       { "sslca", "sslrootcert" },
	{ "sslcert", "sslcert" },               { "sslkey", "sslkey" },
	{ "sslpassword", "sslpassword" },       { "sslcrl", "sslcrl" },
	{ "sslcrldir", "sslcrldir" },           { "sslcertmode", "sslcertmode" },
	{ "sslsni", "sslsni" },                 { "sslnegotiation", "sslnegotiation" },
	{ "sslminprotocolversion", "ssl_min_protocol_version" },
	{ "sslmaxprotocolversion", "ssl_max_protocol_version" },
	{ "channelbinding", "channel_binding" }, { "gssencmode", "gssencmode" },
	{ "requireauth", "require_auth" },
};

/* About TLS by their names, and yet no demand. */
static const char *const harmless[] = { "sslresponsetimeout", "sslcompression", "uselibpqcompat" };

/* Small letters and digits alone: VERIFY_FULL, verify-full and VerifyFull are one word. */
static void plain(const char *text, char word[WORD * 2])
{
	size_t n = 0;

	for (; *text && n < WORD * 2 - 1; text++)
		if (isalnum((unsigned char)*text))
			word[n++] = (char)tolower((unsigned char)*text);
	word[n] = '\0';
}

static const struct word *find(const struct word *words, const char *value)
{
	char word[WORD * 2];

	plain(value, word);
	while (words->text && strcmp(words->text, word) != 0)
		words++;
	return words->text ? words : NULL;
}

static const char unknown_value[] =
	"a parameter about TLS has a value that pgbox does not know: use sslmode=disable, allow, prefer, "
	"require, verify-ca or verify-full";

static int take_mode(struct secrecy *s, const struct word *words, const char *value, const char **why)
{
	const struct word *w = find(words, value);

	if (!w) {
		*why = unknown_value;
		return -1;
	}
	s->refused = s->refused || w->mode == DISABLE;
	s->wanted = w->mode > s->wanted ? w->mode : s->wanted;
	return 1;
}

static bool sounds_secret(const char *word)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		if (strcmp(harmless[i], word) == 0)
			return false;
	return strstr(word, "ssl") || strstr(word, "tls") || strstr(word, "encrypt") ||
	       strstr(word, "cert") || strstr(word, "secure") || strstr(word, "rejectunauthorized");
}

int secrecy_take(struct secrecy *s, struct conninfo *c, const char *key, const char *value, const char **why)
{
	char word[WORD * 2];

	plain(key, word);
	/* No mode at all, as libpq has it. */
	if (strcmp(key, "sslmode") == 0 && !*value)
		return 1;
	for (size_t i = 0; i < sizeof(spoken) / sizeof(*spoken); i++)
		if (strcmp(spoken[i].key, word) == 0)
			return take_mode(s, spoken[i].words, value, why);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strcmp(keywords[i].plain, word) == 0) {
			conninfo_set(c, keywords[i].key, value);
			return 1;
		}
	if (conninfo_known(key) || !sounds_secret(word))
		return 0;
	*why = "a parameter about TLS is not one that pgbox knows: use sslmode, sslrootcert, sslcert and "
	       "sslkey";
	return -1;
}

int secrecy_settle(const struct secrecy *s, struct conninfo *c, const char **why)
{
	if (s->refused && s->wanted >= REQUIRE) {
		*why = "its parameters ask for an encrypted connection and for a plain one: keep one of them";
		return -1;
	}
	if (s->wanted)
		conninfo_set(c, "sslmode", modes[s->wanted]);
	return 0;
}

int secrecy_read(const struct url *u, struct conninfo *c, const char **why)
{
	struct secrecy s = { 0 };

	for (size_t i = 0; i < u->keys.n; i++)
		if (secrecy_take(&s, c, u->keys.v[i], u->values.v[i], why) < 0)
			return -1;
	return secrecy_settle(&s, c, why);
}

bool secrecy_asked(const struct url *u)
{
	struct conninfo c = { 0 };
	const char *why;
	bool asked = secrecy_read(u, &c, &why) != 0 || c.n;

	conninfo_free(&c);
	return asked;
}

int secrecy_complete(struct conninfo *c, const char **why)
{
	const char *own = conninfo_get(c, "sslmode"), *mode = own ? own : getenv("PGSSLMODE");
	const struct word *w = mode ? find(values, mode) : NULL;

	if (w)
		conninfo_set(c, "sslmode", modes[w->mode]);
	if (!own || w)
		return 0;
	*why = unknown_value;
	return -1;
}
