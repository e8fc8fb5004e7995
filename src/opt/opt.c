/* opt - reads the options of an applet. */
#include "opt/opt.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/file.h"
#include "base/near.h"
#include "base/text.h"
#include "opt/opt_help.h"
#include "opt/opt_table.h"

#define OPTIONS_MAX 64

extern char **environ;

/* One pass over a command line. */
struct opt_walk {
	const struct applet *applet;
	bool apply;             /* false: only look for --help and mistakes */
	const void *seen[OPTIONS_MAX]; /* destinations that the command line set */
	size_t seen_n;
};

/* --- values --- */

static bool number_parse(const char *text, long *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtol(text, &end, 10);
	return errno == 0 && *end == '\0';
}

/* Stores value, or returns what it should have been. */
static const char *store(const struct opt *o, const char *value)
{
	switch (o->type) {
	case OPT_TEXT:
		if (o->words && !text_has_word(o->words, '|', value))
			return o->words;
		*o->to.text = xstrdup(value);
		return NULL;
	case OPT_NUMBER:
		return number_parse(value, o->to.number) ? NULL : "a number such as 3";
	case OPT_TIME:
		return duration_parse(value, o->to.ms) ? NULL : "a time such as 500ms, 30s, 2m, 1h, 7d";
	case OPT_LIST: {
		char *item = xasprintf("%s%s", o->prefix ? o->prefix : "", value);

		strs_add(o->to.list, item);
		free(item);
		return NULL;
	}
	default:
		*o->to.flag = true;
		return NULL;
	}
}

/* Whether the unit of the value is in the name of where it comes from: BACKUP_INTERVAL_SECONDS. */
static bool names_unit(const char *origin)
{
	return text_ends_with(origin, "_SECONDS");
}

static void store_or_die(const struct opt *o, const char *origin, const char *value, int status)
{
	const char *wanted = store(o, value);

	if (o->coarse && duration_lacks_unit(value) && !names_unit(origin))
		die(status, "%s: '%s' has no unit and would be seconds: write %sh, %sm or %ss", origin, value,
		    value, value, value);
	if (wanted && o->secret)
		die(status, "%s: the value is not %s", origin, wanted);
	if (wanted)
		die(status, "%s: '%s' is not %s%s", origin, msg_word(value),
		    o->words ? "one of " : "", wanted);
}

/* --- the command line --- */

static void wipe(char *text)
{
	memset(text, 0, strlen(text));
}

static const struct opt *find_long(const struct applet *a, const char *name, size_t len)
{
	const struct opt *o;

	for OPT_EACH(a, o)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct opt *find_letter(const struct applet *a, char letter)
{
	const struct opt *o;

	for OPT_EACH(a, o)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

static _Noreturn void die_unknown(const struct applet *a, const char *name, size_t len)
{
	char *word = xstrndup(name, len);
	const struct opt *o;

	for OPT_EACH(a, o)
		if (near_enough(word, o->name))
			die(BAD_USAGE, "unknown option '--%s': did you mean --%s?", word, o->name);
	die(BAD_USAGE, "unknown option '--%s': see %s --help", msg_word(word), a->name);
}

static void see(struct opt_walk *w, const void *destination)
{
	if (w->seen_n < OPTIONS_MAX)
		w->seen[w->seen_n++] = destination;
}

static void apply(struct opt_walk *w, const struct opt *o, const char *origin, char *value)
{
	if (!w->apply && o->to.flag != &opt_wants_help)
		return;
	store_or_die(o, origin, value, BAD_USAGE);
	/* --url says whose the checks of the variable are, and is none itself. */
	if (!o->prefix)
		see(w, o->to.flag);
	if (o->secret)
		wipe(value);
}

/* Reads argv[i], an option, and its value. Returns how many words it took. */
static int take_long(struct opt_walk *w, char **argv)
{
	char *name = argv[0] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct opt *o = find_long(w->applet, name, len);
	char origin[64], none[1] = "";

	if (!o)
		die_unknown(w->applet, name, len);
	snprintf(origin, sizeof(origin), "--%s", o->name);
	if (o->type == OPT_FLAG && equals)
		die(BAD_USAGE, "%s takes no value", origin);
	if (o->type != OPT_FLAG && !equals && !argv[1])
		die(BAD_USAGE, "%s needs a value: %s", origin, o->arg);
	apply(w, o, origin, o->type == OPT_FLAG ? none : equals ? equals + 1 : argv[1]);
	return o->type == OPT_FLAG || equals ? 1 : 2;
}

static int take_letters(struct opt_walk *w, char **argv)
{
	char none[1] = "";
	bool attached;

	for (char *at = argv[0] + 1; *at; at++) {
		const struct opt *o = find_letter(w->applet, *at);
		char origin[3] = { '-', *at, '\0' };

		if (!o)
			die(BAD_USAGE, "unknown option '%s': see %s --help", origin, w->applet->name);
		if (o->type == OPT_FLAG) {
			apply(w, o, origin, none);
			continue;
		}
		if (!at[1] && !argv[1])
			die(BAD_USAGE, "%s needs a value: %s", origin, o->arg);
		attached = at[1]; /* apply() may wipe it */
		apply(w, o, origin, attached ? at + 1 : argv[1]);
		return attached ? 1 : 2;
	}
	return 1;
}

static bool begins_command(const struct applet *a, const char *word)
{
	return strcmp(word, OPT_COMMAND) == 0 || (a->then && strcmp(word, a->then) == 0);
}

/* Puts one in front of argv behind the n that are there, or into the applet's list.
 * Returns how many are in front. */
static int take_operand(struct opt_walk *w, char **argv, int n, char *word)
{
	char *copy = xstrdup(word);

	wipe(word);
	if (!w->applet->operands) {
		argv[n] = copy;
		return n + 1;
	}
	strs_add(w->applet->operands, copy);
	see(w, w->applet->operands);
	free(copy);
	return n;
}

/* Walks the options up to `--`. Operands gather at the front of argv when
 * w->apply is set. Returns their number; *end is the index of `--` or argc. */
static int walk(struct opt_walk *w, int argc, char **argv, int *end)
{
	int operands = 0, i = 1;

	while (i < argc && !begins_command(w->applet, argv[i])) {
		if (strncmp(argv[i], "--", 2) == 0) {
			i += take_long(w, argv + i);
		} else if (argv[i][0] == '-' && argv[i][1]) {
			i += take_letters(w, argv + i);
		} else {
			operands = w->apply ? take_operand(w, argv, operands, argv[i]) : operands + 1;
			i++;
		}
	}
	*end = i;
	return operands;
}

/* --- the environment --- */

static bool was_seen(const struct opt_walk *w, const struct opt *o)
{
	for (size_t i = 0; i < w->seen_n; i++)
		if (w->seen[i] == o->to.flag)
			return true;
	return false;
}

/* 24h and 86400 are the same time. */
static bool same_value(const struct opt *o, const char *a, const char *b)
{
	int64_t x, y;

	if (o->type == OPT_TIME && duration_parse(a, &x) && duration_parse(b, &y))
		return x == y;
	return strcmp(a, b) == 0;
}

/* The value of the variables that set an option, and the name of the one that does.
 * Several of them must agree. */
static const char *value_of(const struct opt *o, char **origin)
{
	const char *names = o->env, *found = NULL;
	char *name;

	*origin = NULL;
	while ((name = opt_next_name(&names))) {
		struct buf error = BUF_INIT;
		const char *value;

		if (env_get(name, &value, &error) != 0)
			die(BAD_CONFIG, "%s", error.data);
		if (value && *value && found && *found && !same_value(o, value, found))
			die(BAD_CONFIG, "%s and %s are set and differ: leave one of them", *origin, name);
		if (!value || (found && *found)) {
			free(name);
			continue;
		}
		free(*origin);
		*origin = name;
		found = value;
	}
	return found;
}

/* An empty number or time counts as unset: Compose passes `X=` for a variable
 * that its user left out. An empty text is a value. */
static void read_environment(const struct opt_walk *w)
{
	const struct opt *o;

	for OPT_EACH(w->applet, o) {
		const char *value;
		char *origin;

		if (!o->env || was_seen(w, o))
			continue;
		value = value_of(o, &origin);
		if (value && o->type == OPT_LIST)
			strs_split(o->to.list, value, o->split);
		else if (value && (*value || (o->type == OPT_TEXT && !o->words)))
			store_or_die(o, origin, value, BAD_CONFIG);
		free(origin);
	}
}

/* Whether an environment entry `NAME=value` or `NAME_FILE=value` names env. */
static bool entry_names(const char *entry, const char *env)
{
	const char *rest = skip_prefix(entry, env);

	return rest && (*rest == '=' || strncmp(rest, "_FILE=", 6) == 0);
}

static const char *const general[] = { "PGBOX_JOURNAL", "PGBOX_LOG", NULL };

/* Warns of one variable with the applet's or pgbox's prefix that nobody reads. */
static void check_spelling(const struct applet *a, const char *entry)
{
	char *word = xstrndup(entry, strcspn(entry, "="));
	char *nearest = NULL, *name;
	const struct opt *o;

	for (size_t i = 0; general[i]; i++) {
		if (entry_names(entry, general[i]))
			goto out;
		if (near_enough(word, general[i]) && !nearest)
			nearest = xstrdup(general[i]);
	}
	for OPT_EACH(a, o) {
		const char *names = o->env ? o->env : "";

		while ((name = opt_next_name(&names))) {
			bool known = entry_names(entry, name);
			bool nearer = near_enough(word, name) &&
			              (!nearest || near_distance(word, name) < near_distance(word, nearest));

			free(nearer ? nearest : name);
			if (nearer)
				nearest = name;
			if (known)
				goto out;
		}
	}
	if (nearest)
		msg(MSG_WARNING, "%s is set, but nothing reads it: did you mean %s?", word, nearest);
out:
	free(nearest);
	free(word);
}

static bool has_our_prefix(const struct applet *a, const char *entry)
{
	size_t len = strlen(a->name);

	return skip_prefix(entry, "PGBOX_") || (a->prefix && skip_prefix(entry, a->prefix)) ||
	       (strncasecmp(entry, a->name, len) == 0 && entry[len] == '_');
}

static void check_environment(const struct applet *a)
{
	for (char **entry = environ; *entry; entry++)
		if (has_our_prefix(a, *entry))
			check_spelling(a, *entry);
}

/* --- the whole --- */

int opt_parse(const struct applet *a, int argc, char **argv, char ***command)
{
	struct opt_walk w = { .applet = a };
	int end, operands;
	bool dashes;

	walk(&w, argc, argv, &end);
	if (opt_wants_help) {
		opt_help(a);
		msg_check_stdout();
		exit(DONE);
	}
	w.apply = true;
	operands = walk(&w, argc, argv, &end);
	dashes = end < argc;
	msg_limit = opt_is_quiet ? MSG_ERROR : opt_is_verbose ? MSG_DEBUG : MSG_INFO;
	read_environment(&w);
	check_environment(a);

	*command = NULL;
	if (dashes && a->takes_command)
		*command = argv + end + 1;
	else if (dashes)
		for (end++; end < argc; end++)
			operands = take_operand(&w, argv, operands, argv[end]);
	if (*command && !**command)
		die(BAD_USAGE, "no command after %s", (*command)[-1]);
	if (a->max_operands >= 0 && operands > a->max_operands)
		die(BAD_USAGE, "%d operand%s too many%s: see %s --help", operands,
		    operands == 1 ? " is" : "s are",
		    a->takes_command && !*command ? " (put -- before a command)" : "", a->name);
	argv[operands] = NULL;
	return operands;
}
