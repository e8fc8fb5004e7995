/* audit_value - what is wrong with the value of one variable. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/text.h"
#include "envcheck/audit.h"
#include "envcheck/audit_parts.h"
#include "envcheck/leftover.h"
#include "envcheck/weak_secret.h"

/* --- set or not --- */

/* What is said of one that is not there. */
static void say_missing(const struct auditing *a, const struct subject *subject)
{
	size_t len = 0;
	const char *misspelt = audit_misspelt(a, subject->name, &len);
	const char *wants = vartype_wants(&subject->var->type);

	if (misspelt)
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "missing",
		            "is required, but not set: %.*s is, which "
		            "looks like a misspelling of it",
		            (int)len, misspelt);
	else if (subject->secret)
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "missing",
		            "is required, but not set: set it, or %s_FILE to the path of a file that holds "
		            "it",
		            subject->name);
	else
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "missing",
		            "is required, but not set%s%s", wants ? ": set it to " : "", wants ? wants : "");
}

static bool is_blank(const char *value)
{
	return *value && !value[strspn(value, " \t\r\n")];
}

/* What is put between or before other text may begin or end in a blank: Django's EMAIL_SUBJECT_PREFIX. */
static bool may_have_edge(const char *name)
{
	static const char *const ends[] = { "PREFIX", "SUFFIX", "SEPARATOR", "DELIMITER", "DELIM", "INDENT",
		                            "PROMPT", "GLUE",   "PADDING",   "PS1",       NULL };

	for (size_t i = 0; ends[i]; i++)
		if (text_ends_with_nocase(name, ends[i]))
			return true;
	return false;
}

static const char *example_of(const struct subject *subject)
{
	return subject->var ? subject->var->example : NULL;
}

/* Whether a secret's value says that there is none. */
static bool is_none(const struct subject *subject, const char *value)
{
	return subject->secret && !(subject->var && subject->var->hidden) && weak_is_none(value);
}

/* Not set at all would be as well; but who needs it reads the word as the secret, perhaps. */
static void say_none(const struct auditing *a, const struct subject *subject)
{
	bool required = subject->var && subject->var->required;

	if (required)
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "empty",
		            "is required, but set to a word for no value, such as null or none");
	else if (weak_is_signing_key(subject->name))
		audit_weak_as(a, subject->name, PROBLEM_WARNING, "",
		              "is a word for no value, such as null or none");
}

/* Whether there is a value to look at; says so where there should be. */
static bool has_value(const struct auditing *a, const struct subject *subject, const char *value)
{
	bool required = subject->var && subject->var->required;

	if (!value && required)
		say_missing(a, subject);
	else if (value && !*value && required)
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "empty",
		            "is required, but empty: Compose sets it so when ${%s} is not set where it is "
		            "read",
		            subject->name);
	else if (value && is_none(subject, value))
		say_none(a, subject);
	else if (value && is_blank(value) && !may_have_edge(subject->name) &&
	         !(example_of(subject) && is_blank(example_of(subject))))
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "blank",
		            "is set to nothing but blanks");
	else
		return value && *value;
	return false;
}

/* --- marks of how it came here --- */

/* One pair around the whole of it, which the example does not have itself: two quoted words are no
 * quoted value, and 'self' and 'none' are words of a Content-Security-Policy. */
static bool has_quotes(const char *value, const char *example)
{
	size_t len = strlen(value);
	char quote = *value;

	if (len < 2 || (quote != '"' && quote != '\'') || value[len - 1] != quote)
		return false;
	if (example && *example && (*example == quote || example[strlen(example) - 1] == quote))
		return false;
	if (strcmp(value, "'self'") == 0 || strcmp(value, "'none'") == 0)
		return false;
	for (size_t i = 1; i + 1 < len; i++)
		if (value[i] == quote && value[i - 1] != '\\')
			return false;
	return true;
}

/* A carriage return at the end of a value of one line. Inside, where it ends lines, whoever reads
 * several takes it: a PEM has them on Windows. */
static bool ends_in_return(const char *value)
{
	size_t len = strcspn(value, "\n");

	return len && value[len - 1] == '\r' && (!value[len] || !value[len + 1]);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* A blank at an end where the example has none. */
static bool has_edge(const char *value, const char *example)
{
	char last = value[strlen(value) - 1];
	bool shipped = example && *example;

	return (is_space(*value) && !(shipped && is_space(*example))) ||
	       (is_space(last) && !(shipped && is_space(example[strlen(example) - 1])));
}

/* The text of a name between ${ and } or :, in capitals, as variables are written. */
static bool is_reference(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return n && !isdigit((unsigned char)*text) && text[n] && strchr("}:-?+", text[n]) &&
	       strchr(text + n, '}');
}

/* ${NAME}, or $NAME or $(command) alone. */
static bool is_unexpanded(const char *value)
{
	size_t len = strlen(value);

	for (const char *at = value; (at = strstr(at, "${")); at += 2)
		if (is_reference(at + 2))
			return true;
	return len > 1 && *value == '$' &&
	       ((value[1] == '(' && value[len - 1] == ')') ||
	        (isupper((unsigned char)value[1]) &&
	         !value[1 + strspn(value + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")]));
}

static bool is_of_kind(const struct subject *subject, const char *type)
{
	char *text = subject->var ? vartype_text(&subject->var->type) : NULL;
	bool is = text && strncmp(text, type, strlen(type)) == 0;

	free(text);
	return is;
}

/* A line end at the end; a value of several lines may end in one. */
static bool ends_line(const char *value)
{
	size_t len = strlen(value);

	return value[len - 1] == '\n' && strchr(value, '\n') == value + len - 1;
}

#define COMMENT \
	"has a comment in its value: what reads this file does not take it out; write it on a line of its own"
#define REFERENCE \
	"is a reference, or an encrypted form, that nothing has resolved: start the app by the program " \
	"that does, " \
	"or set the value itself"

void audit_stranger(const struct auditing *a, const char *name, const char *value)
{
	if (leftover_comment(value, false))
		problem_add(a->problems, name, PROBLEM_WARNING, "comment", COMMENT);
	if (leftover_reference(value, false))
		problem_add(a->problems, name, PROBLEM_WARNING, "unexpanded", REFERENCE);
}

/* What should have been resolved, or taken out. Where the example has the same, it is meant. */
static void judge_leftovers(const struct auditing *a, const struct subject *subject, const char *value)
{
	const char *example = example_of(subject);
	bool strict = subject->secret || audit_is_own(subject->name);

	if (leftover_comment(value, strict) && !(example && leftover_comment(example, strict)))
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "comment", COMMENT);
	if (is_unexpanded(value))
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "unexpanded",
		            "still has a $ reference in it, which nothing has expanded: env files are not "
		            "read by a "
		            "shell; write what it stands for");
	else if ((leftover_reference(value, subject->secret) &&
	          !(example && !subject->secret && leftover_reference(example, false))) ||
	         (audit_is_own(subject->name) && leftover_template(value)))
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "unexpanded", REFERENCE);
	else if (subject->secret && leftover_path(value))
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "file",
		            "is the path of a mounted secret, and not the secret: set %s_FILE to it, or read "
		            "the file",
		            subject->name);
}

/* What an env file that was read by other rules than it was written for leaves in a value.
 * Whether there is anything. */
static bool has_marks(const struct auditing *a, const struct subject *subject,
                      const struct env_value *setting)
{
	const char *value = setting->value, *name = subject->name;
	const char *example = example_of(subject);
	size_t before = a->problems->n;

	if (ends_in_return(value))
		problem_add(a->problems, name, PROBLEM_ERROR, "space",
		            "ends in a carriage return: the file it comes from has the line ends of Windows; "
		            "save it "
		            "with those of Unix");
	else if (ends_line(value) && !setting->mounted)
		problem_add(a->problems, name, PROBLEM_ERROR, "space", "ends in a line end: take it away");
	else if (has_edge(value, example) && !may_have_edge(name))
		problem_add(a->problems, name, PROBLEM_ERROR, "space",
		            "begins or ends with a blank: take it away");
	if (has_quotes(value, example) && !is_of_kind(subject, "json"))
		problem_add(a->problems, name, PROBLEM_ERROR, "quotes",
		            "has quotes around it, which `docker run --env-file` leaves there: take them out "
		            "of the file");
	judge_leftovers(a, subject, value);
	return a->problems->n > before;
}

/* --- files --- */

/* Whether the value can be looked at. */
static bool file_is_fine(const struct auditing *a, const struct subject *subject,
                         const struct env_value *setting)
{
	const char *fault = env_value_fault(setting);
	char *twin = xasprintf("%s_FILE", subject->name);

	if (setting->twice)
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "twice",
		            "is set, and so is %s: unset one", twin);
	else if (fault)
		problem_add(a->problems, twin, PROBLEM_ERROR, "file", "%s", fault);
	else if (setting->file == FILE_FINE && setting->open && !setting->mounted && subject->secret)
		problem_add(a->problems, twin, PROBLEM_WARNING, "mode",
		            "names a secret that everybody may read: chmod 600, or 640 with the app's group");
	free(twin);
	return !setting->twice && !fault;
}

/* --- secrets --- */

/* What another variable of the same thing says: POSTGRES_USER beside POSTGRES_PASSWORD. */
static const char *beside(const struct auditing *a, const char *name, const char *other)
{
	const char *end = strstr(name, "PASSWORD");
	const char *value;
	char *full;

	if (!end || end[8])
		return NULL;
	full = xasprintf("%.*s%s", (int)(end - name), name, other);
	value = env_lookup(a->s->env, full);
	free(full);
	return value;
}

/* What only a decorator calls a secret may be a name as well; so may a KEY that no spec has:
 * SORT_KEY. There a short or plain word is nothing to complain about. */
static bool may_be_label(const struct subject *subject)
{
	static const char *const words[] = { "SECRET", "PASS", "TOKEN", NULL };

	if (subject->var || !envspec_is_secret(subject->name))
		return !envspec_is_secret(subject->name);
	for (size_t i = 0; words[i]; i++)
		if (strcasestr(subject->name, words[i]))
			return false;
	return true;
}

/* Whether the value shows that it is no secret after all: a switch, a count, a sort key. Not where
 * the spec itself says that it is one, or where pgbox knows it. */
static bool is_plain(const struct subject *subject, const char *value)
{
	return !(subject->var && subject->var->hidden) && !audit_is_own(subject->name) &&
	       !weak_is_signing_key(subject->name) && envspec_is_plain(subject->name, value);
}

/* whole: false where only a part of it may be secret, as of an address: then a placeholder is weak,
 * and a short or plain word is not. */
static void judge_secret(const struct auditing *a, const struct subject *subject, const char *value,
                         bool whole)
{
	bool plain = is_plain(subject, value);
	struct weak_about about = {
		.name = subject->name,
		.example = plain ? NULL : example_of(subject),
		.user = beside(a, subject->name, "USER"),
		.database = beside(a, subject->name, skip_prefix(subject->name, "PG") ? "DATABASE" : "DB"),
		.label = plain || !whole || may_be_label(subject),
	};
	struct buf why = BUF_INIT;

	if (weak_find(value, &about, &why) && plain)
		audit_weak_as(a, subject->name, PROBLEM_WARNING, "", why.data);
	else if (why.len)
		audit_weak(a, subject->name, "", why.data);
	buf_free(&why);
}

/* --- the whole --- */

/* A type that is only guessed, by the name and an example that is of it, is worth a warning. A
 * URL of one kind in the example may be one of another elsewhere; what is only a number or a
 * switch there need not be one. */
static void judge_guess(const struct auditing *a, const struct subject *subject, const char *value)
{
	const char *guess = vartype_guess(subject->name, subject->var->example);
	struct buf why = BUF_INIT;
	struct vartype type;

	if (!guess || strcmp(guess, "int") == 0 || strcmp(guess, "bool") == 0)
		return;
	if (vartype_read(&type, strstr(guess, "-url") ? "url" : guess, &why) == 0 &&
	    vartype_judge(&type, value, &why) != 0)
		problem_add(a->problems, subject->name, PROBLEM_WARNING, "type",
		            "%s, as the example's value is", why.data);
	vartype_free(&type);
	buf_free(&why);
}

/* Ports that pgbox itself reads, and the name that frameworks have for it. A list goes with a list of hosts
 * (libpq, 'port'). */
static bool is_port(const char *name, const char *value)
{
	return (strcmp(name, "PGPORT") == 0 || strcmp(name, "POSTGRES_PORT") == 0 ||
	        strcmp(name, "DB_PORT") == 0) &&
	       !strchr(value, ',') && !strstr(value, "://");
}

static bool is_of_type(const struct subject *subject, const char *value, struct buf *why)
{
	struct vartype port = { 0 };
	bool fits;

	if (subject->var && subject->var->type.kind)
		return vartype_judge(&subject->var->type, value, why) == 0;
	if (!is_port(subject->name, value))
		return true;
	vartype_read(&port, "port", why);
	fits = vartype_judge(&port, value, why) == 0;
	vartype_free(&port);
	return fits;
}

/* Whether it is of the type that the spec gives it, or pgbox. */
static bool judge_type(const struct auditing *a, const struct subject *subject, const char *value)
{
	const struct envvar *var = subject->var;
	struct buf why = BUF_INIT;
	bool fits = is_of_type(subject, value, &why);

	if (fits && !(var && var->type.kind) && strcmp(subject->name, "DATABASE_URL") == 0 &&
	    !audit_is_database(value)) {
		fits = false;
		buf_puts(&why, "is not the URL of a database: postgres://USER:PASSWORD@HOST:PORT/NAME, or "
		               "sqlite:///FILE");
	}
	if (!fits)
		problem_add(a->problems, subject->name, PROBLEM_ERROR, "type", "%s", why.data);
	else if (!(var && var->type.kind) && strcmp(subject->name, "DATABASE_URL") == 0 &&
	         audit_is_file(value))
		problem_add(a->problems, subject->name, PROBLEM_WARNING, "type",
		            "is a path, which only some programs take: write sqlite:///FILE for pgbox and "
		            "the others");
	else if (var && !var->type.kind && var->example && !subject->secret)
		judge_guess(a, subject, value);
	buf_free(&why);
	return fits;
}

static void judge_value(const struct auditing *a, const struct subject *subject,
                        const struct env_value *setting)
{
	const char *value = setting->value;

	if (has_marks(a, subject, setting) || !judge_type(a, subject, value))
		return;
	if (strstr(value, "://") || audit_is_conninfo(subject->name, value)) {
		if (!audit_url(a, subject->name, value, example_of(subject)) && subject->secret)
			judge_secret(a, subject, value, !audit_is_address(value));
	} else if (subject->secret)
		judge_secret(a, subject, value, true);
	else if (subject->var && weak_is_unfilled(value))
		problem_add(a->problems, subject->name, PROBLEM_WARNING, "placeholder",
		            "looks like a placeholder that was never replaced");
	audit_host(a, subject->name, value);
}

void audit_subject(const struct auditing *a, const struct subject *subject)
{
	struct env_value setting;

	audit_read(a->spec, a->s->env, subject->name, &setting);
	/* What only the app may read counts as set. */
	if (file_is_fine(a, subject, &setting) && setting.file != FILE_STREAM &&
	    has_value(a, subject, setting.value))
		judge_value(a, subject, &setting);
	env_value_free(&setting);
}
