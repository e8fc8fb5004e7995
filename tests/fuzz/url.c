/*
 * Fuzzes db/url and, through it, how db/target reads a text.
 *
 * No sentence of an error holds a digit, so a digit in one came from the input: that
 * is how a leaked part of a password is noticed.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/msg.h"
#include "db/target.h"
#include "db/url.h"

extern char **environ;

/* The linker sends target.c's calls here: a list of every password ever tried would
 * only grow. */
/* An empty password read as it stands is none where it is read strictly. */
static void same_parts(const struct url *a, const struct url *b)
{
	MUST(same(a->user, b->user));
	MUST(same(a->password && *a->password ? a->password : NULL, b->password));
	MUST(same(a->host, b->host));
	MUST(same(a->port, b->port));
	MUST(same(a->path, b->path));
	MUST(a->keys.n == b->keys.n);
	for (size_t i = 0; i < a->keys.n; i++)
		MUST(same(a->keys.v[i], b->keys.v[i]) && same(a->values.v[i], b->values.v[i]));
}

static void add_encoded(struct buf *b, const char *before, const char *part)
{
	char *encoded = part ? url_encode(part) : NULL;

	if (part)
		buf_printf(b, "%s%s", before, encoded);
	free(encoded);
}

/* Written anew with everything encoded, a URL reads the same, and strictly. */
static void comes_back(const struct url *u)
{
	struct buf text = BUF_INIT;
	struct url again;
	const char *why;

	if ((u->host && strchr(u->host, ',')) || (u->port && strchr(u->port, ',')))
		return;
	add_encoded(&text, "", u->user);
	if (u->password && *u->password)
		add_encoded(&text, ":", u->password);
	if (u->user || u->password)
		buf_putc(&text, '@');
	add_encoded(&text, "", u->host);
	add_encoded(&text, ":", u->port);
	add_encoded(&text, "/", u->path);
	for (size_t i = 0; i < u->keys.n; i++) {
		buf_printf(&text, "%c%s", i ? '&' : '?', u->keys.v[i]);
		add_encoded(&text, "=", u->values.v[i]);
	}
	MUST(url_parse(&again, text.data, &why));
	MUST(!again.lenient);
	same_parts(u, &again);
	url_free(&again);
	buf_free(&text);
}

static void any_text(const char *text)
{
	const char *why = NULL;
	struct url u;

	if (url_parse(&u, text, &why)) {
		if (u.lenient) {
			char *literal = xasprintf("%s@", u.password ? u.password : "");

			MUST(u.host && strstr(text, literal));
			free(literal);
		}
		comes_back(&u);
	} else {
		MUST(why && !why[strcspn(why, DIGITS)]);
		MUST(!u.user && !u.password && !u.host && !u.keys.n);
	}
	url_free(&u);
}

static void reads_password(const char *written, const char *meant)
{
	char *text = xasprintf("user:%s@host.example:5432/db?application_name=a@b", written);
	const char *why;
	struct url u;

	MUST(url_parse(&u, text, &why));
	MUST(same(u.user, "user") && same(u.password, meant) && same(u.host, "host.example"));
	MUST(same(u.port, "5432") && same(u.path, "db") && u.keys.n == 1);
	url_free(&u);
	free(text);
}

/* Any password is read right when it is encoded, and as it stands when no % or ?
 * makes it ambiguous. */
static void any_password(const char *password)
{
	char *encoded = url_encode(password);

	if (*password) {
		reads_password(encoded, password);
		if (!strpbrk(password, "%?"))
			reads_password(password, password);
	}
	free(encoded);
}

static void no_digit_but_counts(const struct strs *warnings)
{
	for (size_t i = 0; i < warnings->n; i++) {
		const char *digit = warnings->v[i] + strcspn(warnings->v[i], DIGITS);

		MUST(!*digit || skip_prefix(digit + strspn(digit, DIGITS), " unknown"));
	}
}

/* What is shown holds the password only where a name holds it too. */
static void shows_no_password(const struct target *t)
{
	static const char *const names[] = { "user", "host", "hostaddr", "port", "dbname", "service" };
	const char *password = conninfo_get(&t->conninfo, "password");

	if (!password || strlen(password) < 4 || !strstr(t->shown, password) ||
	    strstr("local:5432", password)) /* the defaults */
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *name = conninfo_get(&t->conninfo, names[i]);

		if (name && strstr(name, password))
			return;
	}
	/* user:p@host read as user, and `r@h` as the password: names side by side. */
	MUST(strpbrk(password, "@:/"));
}

static void any_target(const char *text)
{
	struct buf error = BUF_INIT;
	struct target t;
	int rc = target_find(&t, text, &error);

	if (rc == 0) {
		MUST(t.shown && !error.len);
		MUST(t.kind == TARGET_SQLITE ? t.path && *t.path : conninfo_get(&t.conninfo, "dbname") ||
		                                                   conninfo_get(&t.conninfo, "service"));
		shows_no_password(&t);
		no_digit_but_counts(&t.warnings);
	} else {
		MUST(error.len);
		/* A service that is not there is named. */
		MUST(skip_prefix(text, "env:") || strstr(text, "service") || !error.data[strcspn(error.data, DIGITS)]);
	}
	target_free(&t);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char *no_variables[1];
	char *text = input_text(data, len), *url = xasprintf("postgres://%s", text);

	environ = no_variables;
	any_text(text);
	any_password(text);
	any_target(text);
	any_target(url);
	free(url);
	free(text);
	return 0;
}
