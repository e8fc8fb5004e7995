/*
 * envcheck - look the environment over before the app does.
 *
 * An app finds out about a wrong variable one at a time, at the first request that needs it, or
 * never: a secret that is still the example's works. This says all at once, before it starts,
 * and shows no value while it does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/file.h"
#include "base/show.h"
#include "envcheck/audit.h"
#include "opt/opt.h"

static struct {
	struct strs specs, required, groups, allowed;
	const char *env, *init;
	bool strict, export, json;
} o;

static const struct opt opts[] = {
	LIST(0, "spec", "ENVCHECK_SPEC", "FILE", &o.specs,
	     "the variables that the app knows: its .env.example; may be given more than once"),
	LIST(0, "require", "ENVCHECK_REQUIRE", "NAME[:TYPE]", &o.required,
	     "NAME must be set, and be of TYPE; may be given more than once"),
	LIST(0, "group", "ENVCHECK_GROUP", "A,B,C", &o.groups,
	     "all of these are set, or none; may be given more than once"),
	TEXT(0, "env", "ENVCHECK_ENV", "NAME", &o.env,
	     "the environment's name: in production weak secrets are errors"),
	LIST_SPLIT(0, "allow-weak", "ENVCHECK_ALLOW_WEAK", ", ", "NAME", &o.allowed,
	           "NAME's secret may be weak; may be given more than once"),
	FLAG(0, "strict", &o.strict, "warnings are problems, too"),
	FLAG(0, "export", &o.export, "give COMMAND each NAME that came from NAME_FILE"),
	FLAG(0, "json", &o.json, "print what was found as one JSON object on stdout"),
	TEXT(0, "init", NULL, "FILE", &o.init, "print a first spec made from FILE, and do nothing else"),
	OPT_TABLE_END
};

static const char about[] =
	"Checks the variables that an app is about to be started with, tells every\n"
	"problem at once, sorted by name, and then runs COMMAND in its place: same pid,\n"
	"stdin, signals, exit status. No value is ever shown, nor a part or its length.\n"
	"\n"
	"What the app needs is said by --spec and --require. FILE is an .env.example as\n"
	"it is: each NAME=value in it is required, unless its value is empty, its line\n"
	"is commented out or its comment says `optional`. Decorators of @env-spec in\n"
	"comments say more: # @required @optional @sensitive @public @type=port. None is\n"
	"read without --spec. Whatever the spec, the variables that pgbox knows\n"
	"(DATABASE_URL, PG*, POSTGRES_*), other URLs of databases and all that sounds\n"
	"like a secret are looked at, too.\n"
	"\n"
	"NAME may be set by NAME_FILE, the name of a file that holds the value, as the\n"
	"official images have it.\n"
	"\n"
	"types (options in brackets):\n"
	"  string(minLength=8,maxLength=99,matches=^[a-z]+$)     enum(one,two)   bool\n"
	"  int(min=1,max=9)  float  port  duration  bytes        base64(bytes=32)  hex\n"
	"  host  email  url(https)  postgres-url  redis-url      json  uuid  cron  tz\n"
	"  path  file  dir           something, a file, a directory is there\n"
	"\n"
	"errors: required and missing, empty or blank; not of its type; both NAME and\n"
	"NAME_FILE; a NAME_FILE that is missing, empty, a directory or unreadable; quotes\n"
	"and comments that docker --env-file keeps, blanks or a CR at the end, ${X} that\n"
	"nothing expanded, references (op://, vault:, ARNs) that nothing resolved, a\n"
	"secret that is the path of one; half of a group, or of a login at S3; a volume\n"
	"at the place where images of PostgreSQL 18 keep no data. Weak secrets, in\n"
	"production: the example's value, placeholders (change_me), defaults (postgres),\n"
	"less than 8 characters, or 32 in a signing key.\n"
	"warnings: weak secrets elsewhere; a database URL with localhost in a container;\n"
	"DATABASE_URL and PG* or POSTGRES_* that disagree; a password in a URL that is\n"
	"not percent-encoded; a secret file that everybody may read, outside of\n"
	"/run/secrets; a name one edit away from a known one that is not set; change_me\n"
	"and the like in what is no secret; a comment or a reference in any other\n"
	"variable; what is not of the type that an example has.";

static const char notes[] =
	"The environment is --env, else APP_ENV, NODE_ENV, FLASK_ENV, DJANGO_ENV,\n"
	"RAILS_ENV or ENVIRONMENT, the first that is set; production, prod and live are\n"
	"production.\n"
	"\n"
	"examples:\n"
	"  envcheck --spec .env.example -- gunicorn app\n"
	"  envcheck --require PORT:port --require 'SECRET_KEY:string(minLength=50)'\n"
	"  envcheck --spec .env.schema --env production --export -- node server.js\n"
	"  envcheck --init .env.example > .env.schema\n"
	"\n"
	"exit codes: 0 no problems; 64 wrong call or spec; 66 the spec is missing; 78\n"
	"problems; 126, 127 COMMAND does not run, is not found.";

/* --- the spec --- */

static int print_init(void)
{
	struct buf text = BUF_INIT, error = BUF_INIT;
	int rc = envspec_init(o.init, &text, &error);

	if (rc)
		die(rc, "%s", error.data);
	fputs(text.data, stdout);
	buf_free(&text);
	return DONE;
}

static void read_spec(struct envspec *spec, const char *env)
{
	struct buf error = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < o.required.n && !rc; i++)
		rc = envspec_require(spec, o.required.v[i], &error);
	if (rc)
		die(rc, "--require: %s", error.data);
	for (size_t i = 0; i < o.specs.n && !rc; i++)
		rc = envspec_read(spec, o.specs.v[i], env, &error);
	if (rc)
		die(rc, "%s", error.data);
	for (size_t i = 0; i < o.groups.n && !rc; i++)
		rc = envspec_group(spec, o.groups.v[i], &error);
	if (rc)
		die(rc, "--group: %s", error.data);
	msg_each(MSG_WARNING, &spec->warnings);
}

/* A spec that lies there unused is worth a word; taking it unasked would be a surprise. */
static void point_out_spec(void)
{
	static const char *const files[] = { ".env.schema", ".env.example", ".env.sample", NULL };

	if (o.specs.n || o.required.n)
		return;
	for (size_t i = 0; files[i]; i++)
		if (file_exists(files[i])) {
			msg(MSG_INFO, "there is a %s here: --spec %s checks what it asks for", files[i],
			    files[i]);
			return;
		}
}

/* --- the answer --- */

static char *count_text(size_t n, const char *one, const char *more)
{
	return n == 1 ? xasprintf("1 %s", one) : xasprintf("%zu %s", n, more);
}

static void print_problems(const struct audit *a)
{
	for (size_t i = 0; i < a->problems.n; i++) {
		const struct problem *p = &a->problems.v[i];

		msg(p->level == PROBLEM_ERROR ? MSG_ERROR : MSG_WARNING, "%s: %s", p->name, p->text);
	}
}

/* The last line. */
static int conclude(const struct audit *a, bool production)
{
	size_t errors = problem_count(&a->problems, PROBLEM_ERROR);
	size_t warnings = problem_count(&a->problems, PROBLEM_WARNING);
	char *problems = count_text(errors, "problem", "problems");
	char *warned = count_text(warnings, "warning", "warnings");
	char *variables = count_text(a->judged, "variable", "variables");
	bool bad = errors || (o.strict && warnings);

	if (!a->judged)
		msg(MSG_WARNING, "nothing was checked: --spec and --require say what the app needs");
	msg(bad ? MSG_ERROR : MSG_INFO, "%s%s%s%s in %s%s", errors ? problems : "", errors && warnings ? ", " : "",
	    warnings ? warned : "", errors || warnings ? "" : "no problems", variables,
	    production ? ", for production" : "");
	free(problems);
	free(warned);
	free(variables);
	return bad ? BAD_CONFIG : DONE;
}

/* --- --export --- */

static void export_files(const struct envspec *spec)
{
	struct strs names = { 0 };

	audit_known(spec, &names);
	for (size_t i = 0; i < names.n; i++) {
		struct env_value setting;

		audit_read(spec, env_original(), names.v[i], &setting);
		if (setting.file == FILE_FINE) {
			char *twin = xasprintf("%s_FILE", names.v[i]);

			env_export(names.v[i], setting.value);
			env_forget(twin);
			msg(MSG_DEBUG, "%s: taken from the file of %s", names.v[i], twin);
			free(twin);
		}
		if (setting.file == FILE_STREAM)
			msg(MSG_WARNING, "%s_FILE: is no regular file, and left to the command", names.v[i]);
		env_value_free(&setting);
	}
	strs_free(&names);
}

/* --- the whole --- */

static int run(int argc, char **argv, char ***command)
{
	struct surroundings s = { .env = env_original(), .root = "", .allowed = o.allowed };
	struct envspec spec = ENVSPEC_INIT;
	const char *env = o.env && *o.env ? o.env : audit_environment(env_original());
	struct audit audit;
	int rc;

	(void)argc, (void)argv;
	if (o.init && *command)
		die(BAD_USAGE, "--init prints a spec, and runs no command");
	if (o.init)
		return print_init();
	if (o.export && !*command)
		die(BAD_USAGE, "--export needs a command that gets the variables: -- COMMAND");
	read_spec(&spec, env);
	point_out_spec();
	s.production = audit_is_production(env);
	audit_run(&audit, &spec, &s);
	if (o.json) {
		char *json = audit_json(&audit, &s);

		show_json(json);
		free(json);
	} else {
		print_problems(&audit);
	}
	rc = conclude(&audit, s.production);
	if (!rc && o.export)
		export_files(&spec);
	audit_free(&audit);
	envspec_free(&spec);
	return rc;
}

const struct applet applet_envcheck = {
	.name = "envcheck",
	.brief = "check the environment before the app does, then run it",
	.synopsis = "[--spec FILE]... [options] [-- COMMAND [ARG...]]",
	.about = about,
	.opts = opts,
	.notes = notes,
	.max_operands = 0,
	.reports = true,
	.takes_command = true,
	.run = run,
};
