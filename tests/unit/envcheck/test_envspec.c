/* Unit tests of envcheck/envspec: what a spec says, and a first spec from an example. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "envcheck/decorator.h"
#include "envcheck/envspec.h"
#include "envcheck/envspec_parts.h"

/* --- examples as repositories have them --- */

static const char django[] =
	"# Copy to .env and fill in.\n"
	"\n"
	"# -- Django --\n"
	"DJANGO_SETTINGS_MODULE=config.settings.production\n"
	"DJANGO_DEBUG=False\n"
	"DJANGO_SECRET_KEY='django-insecure-#k3y$with(signs)'   # python manage.py generate_key\n"
	"DJANGO_ALLOWED_HOSTS=localhost,127.0.0.1,[::1]\n"
	"DATABASE_URL=postgres://app:app@db:5432/app\n"
	"REDIS_URL=redis://redis:6379/0\n"
	"CELERY_BROKER_URL=${REDIS_URL}\n"
	"\n"
	"# -- Mail --\n"
	"EMAIL_HOST=smtp.example.com\n"
	"EMAIL_PORT=587\n"
	"EMAIL_HOST_USER=\n"
	"EMAIL_HOST_PASSWORD=\n"
	"DEFAULT_FROM_EMAIL=\"Shop <shop@example.com>\"\n"
	"# optional: errors go to the log without it\n"
	"SENTRY_DSN=https://key@sentry.example.com/1\n"
	"#DJANGO_ADMIN_URL=admin/\n";

static const char flask[] =
	"export FLASK_APP=app:create_app\n"
	"export FLASK_ENV=development\n"
	"export SECRET_KEY=change-me\n"
	"export SQLALCHEMY_DATABASE_URI=\"postgresql+psycopg2://app:s3cret@localhost/app\"\n"
	"export MAX_CONTENT_LENGTH=16777216\n"
	"# export SERVER_NAME=localhost:5000\n";

static const char next[] =
	"# Since the \".env\" file is gitignored, this one shows what is in it.\n"
	"\n"
	"# Prisma\n"
	"# https://www.prisma.io/docs/reference/database-reference/connection-urls#env\n"
	"DATABASE_URL=\"postgresql://postgres:password@localhost:5432/web?schema=public\"\n"
	"\n"
	"# Next Auth\n"
	"# You can generate a new secret on the command line with:\n"
	"# openssl rand -base64 32\n"
	"# @see https://next-auth.js.org/configuration/options#secret\n"
	"# NEXTAUTH_SECRET=\"\"\n"
	"NEXTAUTH_URL=\"http://localhost:3000\"\n"
	"NEXT_PUBLIC_MAPS_KEY=\"pk.1234\"\n"
	"DISCORD_CLIENT_ID=\"\"\n"
	"DISCORD_CLIENT_SECRET=\"\" # not optional in production\n";

static const char laravel[] =
	"APP_NAME=\"My Shop\"\r\n"
	"APP_ENV=local\r\n"
	"APP_KEY=base64:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg=\r\n"
	"APP_DEBUG=true\r\n"
	"APP_URL=http://localhost\r\n"
	"# APP_MAINTENANCE_STORE=database\r\n"
	"\r\n"
	"DB_CONNECTION=pgsql\r\n"
	"DB_PORT=5432\r\n"
	"DB_PASSWORD=null\r\n"
	"SESSION_LIFETIME=120\r\n"
	"MAIL_FROM_NAME=\"${APP_NAME}\"\r\n"
	"VITE_PUSHER_APP_KEY=\"${PUSHER_APP_KEY}\"";

static const char rails[] =
	"# RAILS_ENV=production bin/rails db:prepare\n"
	"RAILS_MASTER_KEY=\n"
	"SECRET_KEY_BASE=0123456789abcdef0123456789abcdef\n"
	"RAILS_MAX_THREADS=5\n"
	"JWT_PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----\n"
	"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n"
	"-----END PRIVATE KEY-----\"\n"
	"PGPASSWORD: hunter2\n"
	"ACCESS_TOKEN_EXPIRE_MINUTES: 30\n";

static const char schema[] =
	"# The shop's environment.\n"
	"# @currentEnv=$APP_ENV @defaultRequired=false\n"
	"# @generateTypes(lang=ts, path=./env.d.ts)\n"
	"# ---\n"
	"\n"
	"# Where it runs\n"
	"# @required @type=enum(development, staging, production)\n"
	"APP_ENV=development\n"
	"\n"
	"# @type=port @required=forEnv(production, staging) # only behind the proxy\n"
	"PORT=3000\n"
	"# @sensitive @type=string(minLength=5, startsWith=\"sk_\") @example=\"sk_live x\"\n"
	"# @docs(\"Keys, and more\", https://example.com/keys) then words # @type=bool\n"
	"STRIPE=\n"
	"WORKERS=4 # @type=int @required\n"
	"PUBLIC_TOKEN=x # @public\n"
	"DSN=exec(\"op read dsn\") # @required\n"
	"OTHER=1\n";

/* --- helpers --- */

/* `NAME flags type`: r required, s sensitive, p public. */
static char *shown(const struct envspec *s)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < s->n; i++) {
		const struct envvar *var = &s->v[i];
		char *type = var->type.kind ? vartype_text(&var->type) : NULL;
		const char *flags[] = { var->required ? "r" : "", var->sensitive ? "s" : "", var->public ? "p" : "" };

		buf_printf(&b, "%s%s", i ? "\n" : "", var->name);
		if (var->required || var->sensitive || var->public)
			buf_printf(&b, " %s%s%s", flags[0], flags[1], flags[2]);
		if (type)
			buf_printf(&b, " %s", type);
		free(type);
	}
	return buf_detach(&b);
}

static void read_spec(struct envspec *s, const char *text, const char *env)
{
	struct buf error = BUF_INIT;

	put_text("spec", text);
	if (envspec_read(s, "spec", env, &error) != DONE || *error.data)
		fail_msg("%s: %s", text, error.data);
	buf_free(&error);
}

static void assert_spec_in(const char *env, const char *text, const char *wanted)
{
	struct envspec s = ENVSPEC_INIT;
	char *found;

	read_spec(&s, text, env);
	found = shown(&s);
	if (strcmp(found, wanted) != 0)
		fail_msg("'%s' says '%s', not '%s'", text, found, wanted);
	free(found);
	envspec_free(&s);
}

static void assert_spec(const char *text, const char *wanted)
{
	assert_spec_in(NULL, text, wanted);
}

static void assert_refused(const char *text, const char *sentence)
{
	struct envspec s = ENVSPEC_INIT;
	struct buf error = BUF_INIT;

	put_text("spec", text);
	if (envspec_read(&s, "spec", NULL, &error) != BAD_USAGE || !strstr(error.data, sentence))
		fail_msg("'%s' is refused with '%s', not '%s'", text, error.data, sentence);
	assert_lacks(error.data, "hunter2");
	buf_free(&error);
	envspec_free(&s);
}

/* The warnings, each without the path, with ~ between them. */
static void assert_warns(const char *text, const char *wanted)
{
	struct envspec s = ENVSPEC_INIT;
	struct buf b = BUF_INIT;

	read_spec(&s, text, NULL);
	for (size_t i = 0; i < s.warnings.n; i++) {
		const char *rest = skip_prefix(s.warnings.v[i], "'spec', line ");

		assert_non_null(rest);
		buf_printf(&b, "%s%s", i ? "~" : "", rest);
	}
	if (strcmp(b.data, wanted) != 0)
		fail_msg("'%s' warns '%s', not '%s'", text, b.data, wanted);
	buf_free(&b);
	envspec_free(&s);
}

static void assert_example(const char *text, const char *name, const char *wanted)
{
	struct envspec s = ENVSPEC_INIT;
	const struct envvar *var;

	read_spec(&s, text, NULL);
	var = envspec_find(&s, name);
	assert_non_null(var);
	if (wanted)
		assert_string_equal(var->example, wanted);
	else
		assert_null(var->example);
	envspec_free(&s);
}

/* --- plain examples --- */

static void in_a_plain_example_what_has_a_value_is_required(void **state)
{
	(void)state;
	assert_spec("AA=1\nBB=\nCC=''\nDD\n#EE=1\nFF=' '\n", "AA r\nBB\nCC\nDD\nEE\nFF r");
	assert_spec("AA=null\nBB='null'\nCC=undefined\nDD=(null)\nEE=nullable\n", "AA\nBB r\nCC\nDD\nEE r");
	assert_spec("", "");
}

static void a_comment_makes_it_optional(void **state)
{
	(void)state;
	assert_spec("# Optional.\nAA=1\nBB=1 # optional, for tests\n# (optionally)\n# more\nCC=1\nDD=1\n",
	            "AA\nBB\nCC\nDD r");
	assert_spec("# Not optional\nAA=1\nBB=1 # isn't optional\nCC=1 # non-optional\nDD=1 # optionals\n",
	            "AA r\nBB r\nCC r\nDD r");
	assert_spec("# optional\n\nAA=1\n# optional\n# ---\nBB=1\n", "AA r\nBB r");
	/* Of the one that is commented out, not of the one below; but of the same name it is. */
	assert_spec("# optional\n# AB=1\nBB=1\n# optional\n# CC=1\nCC=2\n", "AB\nBB r\nCC");
}

static void examples_of_frameworks_are_read(void **state)
{
	(void)state;
	assert_spec(django, "DJANGO_SETTINGS_MODULE r\nDJANGO_DEBUG r\nDJANGO_SECRET_KEY rs\n"
	            "DJANGO_ALLOWED_HOSTS r\nDATABASE_URL r\nREDIS_URL r\nCELERY_BROKER_URL r\nEMAIL_HOST r\n"
	            "EMAIL_PORT r\nEMAIL_HOST_USER\nEMAIL_HOST_PASSWORD s\nDEFAULT_FROM_EMAIL r\nSENTRY_DSN\n"
	            "DJANGO_ADMIN_URL");
	assert_spec(flask, "FLASK_APP r\nFLASK_ENV r\nSECRET_KEY rs\nSQLALCHEMY_DATABASE_URI r\n"
	            "MAX_CONTENT_LENGTH r\nSERVER_NAME");
	assert_spec(next, "DATABASE_URL r\nNEXTAUTH_SECRET s\nNEXTAUTH_URL r\nNEXT_PUBLIC_MAPS_KEY r\n"
	            "DISCORD_CLIENT_ID\nDISCORD_CLIENT_SECRET s");
	assert_spec(laravel, "APP_NAME r\nAPP_ENV r\nAPP_KEY rs\nAPP_DEBUG r\nAPP_URL r\n"
	            "APP_MAINTENANCE_STORE\nDB_CONNECTION r\nDB_PORT r\nDB_PASSWORD s\nSESSION_LIFETIME r\n"
	            "MAIL_FROM_NAME r\nVITE_PUSHER_APP_KEY r");
	assert_spec(rails, "RAILS_MASTER_KEY s\nSECRET_KEY_BASE rs\nRAILS_MAX_THREADS r\nJWT_PRIVATE_KEY rs\n"
	            "PGPASSWORD rs\nACCESS_TOKEN_EXPIRE_MINUTES r");
	assert_warns(next, "");
}

static void the_examples_value_is_kept(void **state)
{
	struct envspec s = ENVSPEC_INIT;

	(void)state;
	assert_example(django, "DJANGO_SECRET_KEY", "django-insecure-#k3y$with(signs)");
	assert_example(laravel, "APP_URL", "http://localhost");
	assert_example(laravel, "DB_PASSWORD", NULL);
	assert_example(next, "NEXTAUTH_SECRET", NULL);
	assert_example("#AB=1\n", "AB", "1");
	read_spec(&s, django, NULL);
	assert_string_equal(s.path, "spec");
	assert_int_equal(envspec_find(&s, "DATABASE_URL")->line, 8);
	assert_null(envspec_find(&s, "DATABASE_UR"));
	assert_null(envspec_find(&s, "DATABASE_URLS"));
	envspec_free(&s);
}

static void of_a_name_that_comes_twice_the_last_counts(void **state)
{
	(void)state;
	assert_spec("AA=1\nBB=1\nAA=\n", "BB r\nAA");
	assert_warns("AA=hunter2\nBB=1\nAA=\n", "1: AA comes again below: the last one counts");
	assert_spec("#AB=1\nAB=2\n#AB=3\n", "AB r");
	assert_example("#AB=1\nAB=2\n#AB=3\n", "AB", "2");
	assert_warns("#AB=1\nAB=2\n#AB=3\n#CD=1\n#CD=2\n", "");
	assert_example("#CD=1\n#CD=2\n", "CD", "1");
}

/* --- decorators --- */

static void decorators_say_what_a_variable_is(void **state)
{
	(void)state;
	assert_spec(schema, "APP_ENV r enum(development,staging,production)\nPORT port\n"
	            "STRIPE s string(minLength=5,startsWith=sk_)\nWORKERS r int\nPUBLIC_TOKEN p\nDSN r\nOTHER");
	assert_warns(schema, "");
	assert_example(schema, "STRIPE", "sk_live x");
	assert_example(schema, "DSN", NULL);
	assert_example(schema, "PORT", "3000");
}

static void an_environment_may_require_more(void **state)
{
	static const char text[] = "# @required=forEnv(production, staging)\nAA=\n# @optional=forEnv(dev)\nBB=\n"
	                           "# @required=not(forEnv(test))\nCC=\n# @sensitive={enabled=forEnv(prod)}\nDD=\n";

	(void)state;
	assert_spec_in("production", text, "AA r\nBB r\nCC r\nDD s");
	assert_spec_in("prod", text, "AA r\nBB r\nCC r\nDD s");
	assert_spec_in("Staging", text, "AA r\nBB r\nCC r\nDD p");
	assert_spec_in("development", text, "AA\nBB\nCC r\nDD p");
	assert_spec_in("test", text, "AA\nBB r\nCC\nDD p");
	assert_spec_in(NULL, text, "AA\nBB r\nCC r\nDD p");
}

static void the_header_speaks_for_all(void **state)
{
	(void)state;
	assert_spec("# @defaultRequired=true\n\nAA=\n# @optional\nBB=\n#CC=\n", "AA r\nBB\nCC");
	assert_spec("# @defaultRequired\n\nAA=\n", "AA r");
	assert_spec("# @defaultRequired=false\n# ---\nAA=1\n# @required\nBB=\n", "AA\nBB r");
	assert_spec("# @defaultRequired=infer\n\nAA=1\nBB=\n# optional\nCC=1\n", "AA r\nBB\nCC");
	assert_spec("# @defaultSensitive=true\n\nAA=x\nPORT=80\nDEBUG=true\n# @type=int\nBB=\n# @public\nCC=x\n",
	            "AA rs\nPORT r\nDEBUG r\nBB int\nCC rp");
	assert_spec("# @defaultSensitive=false\n\nAA=x\nAPI_KEY=x\n", "AA r\nAPI_KEY rs");
	assert_spec("# @defaultSensitive=inferFromPrefix(PUBLIC_)\n\nPUBLIC_A=x\nBB=x\n# @sensitive\nPUBLIC_C=x\n",
	            "PUBLIC_A rp\nBB rs\nPUBLIC_C rs");
	assert_spec("# words\n# @defaultRequired=true\n\n# and more\n# ---\n# @optional\nAA=\nBB=\n", "AA\nBB r");
}

static void types_go_before_names(void **state)
{
	(void)state;
	/* A name that sounds like a secret, of what is none. */
	assert_spec("# @type=int\nTOKEN=\n# @type=bool\nPASSWORD=\n# @type=path\nTLS_KEY=\n# @type=string\nKEY=\n",
	            "TOKEN int\nPASSWORD bool\nTLS_KEY path\nKEY s string");
	assert_spec("PASSWORD=false\nTLS_KEY=/etc/tls/key.pem\nSSH_KEY=./id\n", "PASSWORD r\nTLS_KEY r\nSSH_KEY r");
	assert_spec("# @type=int @sensitive\nPIN=\n# @sensitive=false\nSECRET=x\n", "PIN s int\nSECRET rp");
}

static void decorators_above_a_commented_out_variable_go_on(void **state)
{
	(void)state;
	/* To the entry right below, as env-spec has it; to itself when there is none. */
	assert_spec("# @type=port\n# AB=1\nCD=2\n", "AB\nCD r port");
	assert_spec("# @type=port\n# AB=1\n# CD=3\nEF=2\n", "AB\nCD\nEF r port");
	assert_spec("# @type=port @required\n# AB=1\n\nCD=2\n", "AB r port\nCD r");
	assert_spec("# @type=port\nCD=2\n# AB=1\n", "CD r port\nAB");
	assert_spec("# @type=port\n# AB=1\nAB=2\n", "AB r port");
	assert_spec("# AB=1 # @type=port\nCD=2\n", "AB port\nCD r");
}

static void brackets_may_stay_open_over_lines(void **state)
{
	(void)state;
	assert_spec("# @type=enum(\n#   one,\n#   two, # the other\n# ) @required\nAA=\n", "AA r enum(one,two)");
	/* Never closed: the lines below are their own. */
	assert_warns("# @import(./x, pick=[\n# @required\nAA=\n",
	             "3: @import is not known here and changes nothing");
	assert_spec("# @import(./x, pick=[\n# @required\nAA=\n", "AA r");
	assert_spec("# @import(./x, pick=[\n# words @required\nAA=\n", "AA");
}

static void what_is_not_understood_is_said(void **state)
{
	(void)state;
	assert_warns("# @requird\nAA=1\n", "2: @requird is not known: did you mean @required?");
	assert_warns("# @required=eq($BB, hunter2)\nAA=1\n",
	             "2: the value of @required cannot be told here: true, false and forEnv(...) can");
	assert_warns("# @nonsense\nAA=1 # @optional\n", "2: @nonsense is not known here and changes nothing");
	assert_warns("# @nonsense\nAA=1\n", "");
	assert_warns("# @see https://example.com\n# @todo more\nAA=1\n", "");
	assert_warns("# @defaultRequired=true\nAA=1\n", "2: @defaultRequired belongs to the header: a blank "
	             "line or a divider (# ---) ends that");
	assert_warns("# @required\n\nAA=1\n", "1: @required belongs to no variable: there is a blank line or a "
	             "divider below it");
	assert_warns("# @type=array(int)\nAA=1\n", "2: the type array is not checked");
	assert_spec("# @required\nAA= # @required=eq($BB, c)\n", "AA r");
	assert_spec("# @required=eq($BB, c)\nAA=1\n# @required=eq($BB, c)\nCC=\n", "AA r\nCC");
}

static void a_type_that_is_none_is_refused(void **state)
{
	(void)state;
	assert_refused("AA=1\n# @type=prot\nBB=hunter2\n", "'spec', line 3: the type of BB: ");
	assert_refused("# @type=enum\nBB=hunter2\n", "'spec', line 2: the type of BB: ");
}

static void a_regular_expression_may_be_a_call(void **state)
{
	(void)state;
	assert_spec("# @type=string(matches=regex(\"^a,b$\", \"i\"), minLength=2)\nAA=\n",
	            "AA string(matches=/^a,b$/i,minLength=2)");
	assert_spec("# @type=string(matches=regex(\"^sk-\"))\nAA=\n", "AA string(matches=/^sk-/)");
}

static void decorators_are_taken_apart(void **state)
{
	struct strs comments = { 0 }, parts = { 0 };
	struct decorators d = { 0 };
	char *inside;

	(void)state;
	strs_add(&comments, "@a @b=1 words @c=\"x \\\" y\" @d=f(1, \")\") @e(x) # @f");
	strs_add(&comments, "no @g");
	strs_add(&comments, "@a=it's @h=don't");
	decorators_read(&d, &comments);
	assert_int_equal(d.n, 7);
	assert_null(d.v[0].value);
	assert_string_equal(d.v[1].value, "1");
	assert_string_equal(d.v[2].value, "x \" y");
	assert_true(d.v[2].quoted);
	assert_string_equal(d.v[3].value, "f(1, \")\")");
	assert_false(d.v[3].call);
	assert_string_equal(d.v[4].value, "x");
	assert_true(d.v[4].call);
	assert_string_equal(decorators_find(&d, "a")->value, "it's");
	assert_string_equal(decorators_find(&d, "h")->value, "don't");
	assert_null(decorators_find(&d, "f"));
	assert_null(decorators_find(&d, "g"));
	inside = decorator_call(d.v[3].value, "f");
	decorator_split(&parts, inside);
	assert_int_equal(parts.n, 2);
	assert_string_equal(parts.v[1], ")");
	assert_null(decorator_call(d.v[3].value, "g"));
	free(inside);
	strs_free(&parts);
	strs_free(&comments);
	decorators_free(&d);
}

/* --- files --- */

static void what_cannot_be_read_is_told_apart(void **state)
{
	struct envspec s = ENVSPEC_INIT;
	struct buf error = BUF_INIT, big = BUF_INIT;

	(void)state;
	assert_int_equal(envspec_read(&s, "none", NULL, &error), NO_INPUT);
	assert_holds(error.data, "cannot read 'none': No such file");
	buf_cut(&error, 0);
	assert_int_equal(envspec_init("none", &big, &error), NO_INPUT);
	assert_string_equal(big.data, "");
	buf_cut(&error, 0);
	mkdir("folder", 0700);
	assert_int_equal(envspec_read(&s, "folder", NULL, &error), NO_INPUT);
	assert_refused("AA=1\nhunter2!\n", "'spec', line 2: neither NAME=value nor a comment");
	assert_refused("AA='hunter2\n", "'spec', line 1: the single quote in which the value of AA begins");
	for (int i = 0; i < 5000; i++)
		buf_printf(&big, "N%d=1\n", i);
	assert_refused(big.data, "'spec' has more than 4096 names");
	for (int i = 0; i < 50000; i++)
		buf_puts(&big, "# comment\n");
	assert_refused(big.data, "'spec' has more than 256 KiB");
	buf_free(&big);
	buf_free(&error);
	envspec_free(&s);
}

static void several_files_and_requests_add_up(void **state)
{
	struct envspec s = ENVSPEC_INIT;
	struct buf error = BUF_INIT;
	char *found;

	(void)state;
	assert_int_equal(envspec_require(&s, "CC:port", &error), DONE);
	assert_int_equal(envspec_require(&s, "DD", &error), DONE);
	read_spec(&s, "AA=1\nBB=1\n# @type=int\nCC=\n# @type=int\nDD=\n", NULL);
	read_spec(&s, "# @type=int\nAA=\n# @type=bool\nDD=\n# @type=bool\nCC=\n", NULL);
	assert_int_equal(envspec_require(&s, "AA", &error), DONE);
	assert_int_equal(envspec_require(&s, "BB:enum(a,b)", &error), DONE);
	assert_int_equal(envspec_require(&s, "API_KEY", &error), DONE);
	found = shown(&s);
	assert_string_equal(found, "CC r port\nDD r bool\nAA r int\nBB r enum(a,b)\nAPI_KEY rs");
	assert_int_equal(envspec_find(&s, "API_KEY")->line, 0);
	assert_null(envspec_find(&s, "AA")->example);
	free(found);
	envspec_free(&s);
	buf_free(&error);
}

static void assert_bad(int (*add)(struct envspec *, const char *, struct buf *), const char *text,
                       const char *said)
{
	struct envspec s = ENVSPEC_INIT;
	struct buf error = BUF_INIT;

	if (add(&s, text, &error) != BAD_USAGE || !strstr(error.data, said) || strstr(error.data, "hunter2"))
		fail_msg("%s: '%s', not '%s'", text, error.data, said);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.groups_n, 0);
	buf_free(&error);
	envspec_free(&s);
}

static void a_request_is_a_name_and_a_type(void **state)
{
	(void)state;
	assert_bad(envspec_require, "", "the name of a variable is missing");
	assert_bad(envspec_require, ":port", "the name of a variable is missing");
	assert_bad(envspec_require, "AA=hunter2", "AA=... has a value: only the name is wanted");
	assert_bad(envspec_require, "AA hunter2", "what stands behind AA belongs to no name of a variable");
	assert_bad(envspec_require, "AA:", "the type of AA: ");
	assert_bad(envspec_require, "AA:prot", "the type of AA: ");
}

static void a_group_has_two_names_or_more(void **state)
{
	struct envspec s = ENVSPEC_INIT;
	struct buf error = BUF_INIT;
	char *found;

	(void)state;
	read_spec(&s, "S3_BUCKET=x\n", NULL);
	assert_int_equal(envspec_group(&s, "S3_BUCKET,S3_KEY , S3_SECRET", &error), DONE);
	assert_int_equal(envspec_group(&s, "AA,BB,", &error), DONE);
	found = shown(&s);
	assert_string_equal(found, "S3_BUCKET r\nS3_KEY s\nS3_SECRET s\nAA\nBB");
	assert_int_equal(s.groups_n, 2);
	assert_int_equal(s.groups[0].n, 3);
	assert_string_equal(s.groups[0].v[1], "S3_KEY");
	assert_int_equal(s.groups[1].n, 2);
	free(found);
	envspec_free(&s);
	buf_free(&error);
	assert_bad(envspec_group, "", "a group has two names");
	assert_bad(envspec_group, "AA", "a group has two names");
	assert_bad(envspec_group, "AA,AA", "a group has two names");
	assert_bad(envspec_group, "AA BB", "have commas between them");
	assert_bad(envspec_group, "AA,BB=hunter2", "BB=... has a value");
	assert_bad(envspec_group, "AA,'hunter2'", "the name of a variable is missing");
}

/* --- secrets --- */

static void names_sound_like_secrets(void **state)
{
	static const char *const secrets[] = {
		"SECRET", "SECRET_KEY", "SECRET_KEY_BASE", "DJANGO_SECRET_KEY", "APP_KEY", "APP_KEYS", "API_KEY",
		"APIKEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "PASSWORD", "DB_PASSWORD", "PGPASSWORD",
		"DB_PASS", "MYSQL_PWD", "REDIS_PASSWD", "SSH_PASSPHRASE", "TOKEN", "GITHUB_TOKEN", "AUTHTOKEN",
		"accessToken", "dbPassword", "secret-key", "spring.datasource.password", "JWT_PRIVATE_KEY",
		"PASSWORD_SALT", "ENCRYPTION_KEY", "NEXTAUTH_SECRET", "WEBHOOK_SECRETS", "INVITE_TOKEN",
		"REPUBLIC_KEY", "LOG_PUBLIC_ACCESS_TOKEN",
	};
	static const char *const others[] = {
		"", "_", "PORT", "DATABASE_URL", "PWD", "OLDPWD", "MAX_TOKENS", "OPENAI_MAX_TOKENS", "MONKEY",
		"KEYCLOAK_HOST", "KEY_ID", "AWS_ACCESS_KEY_ID", "SECRET_NAME", "SECRETS_DIR", "COMPASS", "BYPASS",
		"PASSENGER", "PASS_RATE", "KEY_STYLE", "POSTGRES_PASSWORD_FILE", "TLS_KEY_PATH", "TOKEN_URL",
		"PASSWORD_MIN_LENGTH",
		"ACCESS_TOKEN_EXPIRE_MINUTES", "JWT_TOKEN_LOCATION", "CACHE_KEY_PREFIX", "PUBLIC_KEY",
		"STRIPE_PUBLISHABLE_KEY", "NEXT_PUBLIC_MAPS_KEY", "VITE_API_KEY", "REACT_APP_KEY", "PUBLIC_API_KEY",
		"RECAPTCHA_SITE_KEY", "SUPABASE_ANON_KEY", "KEYS_ENABLED", "SECRETARY", "TOKENIZER",
		"MONKEYS", "BASALT", "RAINPASS", "PEPPERS",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (!envspec_is_secret(secrets[i]))
			fail_msg("%s is no secret", secrets[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (envspec_is_secret(others[i]))
			fail_msg("%s is a secret", others[i]);
}

static void assert_redacted(const char *text, const char *wanted)
{
	struct buf b = BUF_INIT;
	bool found = envspec_redact(&b, text);

	if (strcmp(b.data, wanted) != 0 || found != (strcmp(text, wanted) != 0))
		fail_msg("'%s' becomes '%s', not '%s'", text, b.data, wanted);
	buf_free(&b);
}

static void texts_lose_their_secrets(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_redacted("postgres://app:s3cret@db/app", "postgres://app:...@db/app");
	assert_redacted("postgres://app:p@ss:w/o#rd@db/app", "postgres://app:...@db/app");
	assert_redacted("postgres://app@db/app, redis://:x@r", "postgres://app@db/app, redis://:...@r");
	assert_redacted("postgres://db:5432/app?password=s3cret", "postgres://db:5432/app?password=...");
	assert_redacted("host=db password='a b' user=x", "host=db password='...' user=x");
	assert_redacted("{\"password\": \"s3cret\", \"user\": \"x\"}", "{\"password\": \"...\", \"user\": \"x\"}");
	assert_redacted("# SECRET_KEY = one two three", "# SECRET_KEY = ...");
	assert_redacted("say DB_PASSWORD=x (or API_KEY=y) first", "say DB_PASSWORD=... (or API_KEY=...) first");
	assert_redacted("as in aB3dE6gH9jK2mN5pQ8sT1vW4 here", "as in ... here");
	assert_redacted("0123456789abcdef01234567", "...");
	assert_redacted("sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4", "...");
	assert_redacted("SECRET_KEY=$(openssl rand -hex 32)", "SECRET_KEY=$(openssl rand -hex 32)");
	assert_redacted("postgres://${USER}:${PASSWORD}@db/${DB}", "postgres://${USER}:${PASSWORD}@db/${DB}");
	assert_redacted("PASSWORD=<your password>", "PASSWORD=<your password>");
	assert_redacted("Password: at least 12 characters", "Password: at least 12 characters");
	assert_redacted("https://docs.example.com/Guides/Setup-Your-Server-2024#x",
	                "https://docs.example.com/Guides/Setup-Your-Server-2024#x");
	assert_redacted("THE_NAME_OF_A_VARIABLE_WITH_S3", "THE_NAME_OF_A_VARIABLE_WITH_S3");
	assert_redacted("123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000");
	assert_redacted("the password is Zq8LEAKpw9x.", "the password is ....");
	assert_redacted("Passwort ist hunter2, (pw: 'letmein')", "Passwort ist ..., (pw: '...')");
	assert_redacted("admin token: s3cret", "admin token: ...");
	assert_redacted("it was Zq8LEAKpw9x in May", "it was ... in May");
	assert_redacted("the password is required, the token is JWT, key: see https://a.example/b1",
	                "the password is required, the token is JWT, key: see https://a.example/b1");
	assert_redacted("OAuth2Client, Base64Encoder, s3://bucket/v1", "OAuth2Client, Base64Encoder, s3://bucket/v1");
	assert_redacted("", "");
	assert_true(envspec_redact(&b, "-----BEGIN EC PRIVATE KEY-----"));
	buf_free(&b);
}

/* --- a first spec --- */

/* The whole of it. */
static void assert_made(const char *text, const char *wanted)
{
	struct buf b = BUF_INIT, error = BUF_INIT;

	put_text("example", text);
	if (envspec_init("example", &b, &error) != DONE)
		fail_msg("%s: %s", text, error.data);
	if (strcmp(b.data, wanted) != 0)
		fail_msg("'%s' becomes '%s', not '%s'", text, b.data, wanted);
	buf_free(&b);
	buf_free(&error);
}

/* With a header of its own in front. */
static void assert_init(const char *text, const char *wanted)
{
	char *whole = xasprintf("# What the environment must hold, for pgbox envcheck --spec.\n"
	                        "# @defaultSensitive=false\n# ---\n\n%s", wanted);

	assert_made(text, whole);
	free(whole);
}

static void a_first_spec_has_the_examples_comments_order_and_values(void **state)
{
	(void)state;
	assert_init("# My app\n\n# ---- Web ----\n\n# where\nPORT=3000 # inside\nexport NAME = \"a b\"\nLAST=x",
	            "# My app\n\n# ---- Web ----\n\n# where\n# @required @type=port\nPORT=3000 # inside\n"
	            "# @required\nNAME='a b'\n# @required\nLAST=x\n");
	assert_init("\357\273\277# My app  \r\nAA=\r\n", "# My app\n# @optional\nAA=\n");
	assert_init("AA=\"x\ny'z\\\\\"\n# end\n", "# @required\nAA=\"x\\ny'z\\\\\"\n# end\n");
	assert_init("AA: \"#\"\nBB='$X'\nCC=$X\n",
	            "# @required\nAA='#'\n# @required\nBB='$X'\n# @required\nCC='$X'\n");
	assert_init("# Optional\nAA=2\n", "# Optional\n# @optional @type=int\nAA=2\n");
	/* A switch, perhaps: no number then. */
	assert_init("DEBUG=0\nMAIL_USE_TLS=1\n", "# @required\nDEBUG=0\n# @required\nMAIL_USE_TLS=1\n");
	assert_init("", "");
}

static void what_was_commented_out_becomes_optional(void **state)
{
	(void)state;
	assert_init("# why\n#SENTRY_DSN=\n# WORKERS=4\n", "# why\n# @optional @type=url\nSENTRY_DSN=\n"
	            "# @optional @type=int\nWORKERS=4\n");
	/* There is one already. */
	assert_init("AB=x\n#AB='y z'\n", "# @required\nAB=x\n#AB='y z'\n");
	assert_init("AB=x\nCD=\nAB=y\n", "AB=x\n# @optional\nCD=\n# @required\nAB=y\n");
	/* It has the decorators of the one below above it. */
	assert_init("#AB=x\n# @type=port\n#CD=y\n#EF=z\nGH=\n",
	            "# @optional\nAB=x\n# @type=port\n#CD=y\n#EF=z\n# @optional\nGH=\n");
	assert_init("# @type=port\n#CD=y\n#EF=z\n\n", "# @type=port\n# @optional\nCD=y\n# @optional\nEF=z\n\n");
}

static void a_first_spec_guesses_types_that_fit(void **state)
{
	(void)state;
	assert_init("FROM_EMAIL='Shop <shop@example.com>'\n", "# @required\nFROM_EMAIL='Shop <shop@example.com>'\n");
	assert_init("DEBUG=true\nPORT=http\nSITE_URL=<your url>\nDATABASE_URL=postgres://db/app\n",
	            "# @required @type=bool\nDEBUG=true\n# @required\nPORT=http\n# @required @type=url\n"
	            "SITE_URL='<your url>'\n# @required @type=postgres-url\nDATABASE_URL=postgres://db/app\n");
}

static void a_first_spec_has_no_secrets(void **state)
{
	(void)state;
	assert_init("SECRET_KEY=s3cret # or x\n#API_KEY='s3cret'\nDATABASE_URL=postgres://a:s3cret@db/a\n",
	            "# @required @sensitive\nSECRET_KEY= # or x\n# @optional @sensitive\nAPI_KEY=\n"
	            "# @required @type=postgres-url\nDATABASE_URL=\n");
	assert_init("# SECRET_KEY = the old s3cret\n# secret_key=s3cret\nSECRET_KEY=s3cret # was TOKEN=s3cret\n"
	            "#SECRET_KEY=s3cret\n", "# SECRET_KEY = ...\n# secret_key=...\n# @required @sensitive\n"
	            "SECRET_KEY= # was TOKEN=...\n#SECRET_KEY=\n");
	assert_init("DB_PASSWORD=s3cret\nDB_PASSWORD=true\n#DB_PASSWORD=s3cret\n",
	            "DB_PASSWORD=\n# @required @public @type=bool\nDB_PASSWORD=true\n#DB_PASSWORD=\n");
	assert_init("API_KEY=1234\n", "# @required @sensitive\nAPI_KEY=\n");
	/* It would be a variable that is commented out. */
	assert_init("# API_KEY=\"s3cret\" was it\nAA=\n", "# ...\n# @optional\nAA=\n");
	assert_init("CERT=\"-----BEGIN PRIVATE KEY-----\nabc\n\"\n", "# @required\nCERT=\n");
}

static void a_first_spec_has_only_harmless_values(void **state)
{
	static const char *const copied[] = {
		"A=true", "A=null", "A=8000", "A=-1", "A=3.14", "A=7d", "A=10MB", "A=localhost", "A=db:5432",
		"A=db-1.eu-west-1.example.com", "A=10.0.0.0/8,::1", "A=http://localhost:3000/api/v1",
		"A=redis://cache:6379/0", "A=file:./dev.db", "A='postgresql://db/app?sslmode=disable'", "A=production",
		"A=en_US.UTF-8", "A=gpt-4o", "A='My Shop'", "A=/var/lib/app", "A=utf8mb4", "A='*'", "A=sha256",
		"A='Shop <shop@example.com>'", "A=argon2id", "A='0 3 * * *'", "A='${HOST}:${PORT}'",
		"A=your-domain.org", "A=django.core.cache.backends.redis.RedisCache", "A=2024-01-31",
		"GOOGLE_APPLICATION_CREDENTIALS=/run/secrets/gcp.json", "SMTP_AUTH=true", "AUTH_URL=https://auth.example.com/login",
		"WEBHOOK_PORT=9000", "RECAPTCHA_BYPASS=false", "A='{\"a\": [1, \"b\"]}'",
	};
	static const char *const left[] = {
		"PGPASS=abc", "ADMIN_PASSWORT=abc", "CREDENTIALS=u:pw", "DBPASS=abc", "AUTH='Basic dXNlcjpwdzEyMw=='",
		"SLACK_WEBHOOK=https://hooks.slack.com/services/T0/B0/abc", "WEBHOOK_URL=https://chat.example.com/h/abc",
		"A=https://hooks.slack.com/services/T00000000/B00000000/AbCdEfGh1jKlMn", "A=Zq8LEAKpw9x", "A=u:pw",
		"A=https://discord.com/api/webhooks/123456789012345678/abc", "A=x#9!p", "PIN=1234", "A=sesame:123456@db",
		"A=ab12-cd34-ef56-gh78", "A=https://user@host/x?sig=aB3dE6gH9", "A=abcdefghijklmnopqrstuvwxyzabcdef",
		"A=0123456789abcdef", "A=12345678901234", "JWT=eyJhbGciOi.eyJzdWI.abc", "A='Driver={x};Pwd=abc'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied) + sizeof(left) / sizeof(*left); i++) {
		bool is_left = i >= sizeof(copied) / sizeof(*copied);
		const char *line = is_left ? left[i - sizeof(copied) / sizeof(*copied)] : copied[i];
		struct buf b = BUF_INIT, error = BUF_INIT;
		const char *last;

		put_text("example", line);
		assert_int_equal(envspec_init("example", &b, &error), DONE);
		buf_trim(&b);
		last = strrchr(b.data, '\n') + 1;
		if (is_left ? last[strlen(last) - 1] != '=' : strcmp(last, line) != 0)
			fail_msg("'%s' becomes '%s'", line, last);
		buf_free(&b);
		buf_free(&error);
	}
}

static void what_is_decorated_stays_so(void **state)
{
	(void)state;
	assert_made("# @defaultRequired=false\n\n# @type=int @public\nAPI_KEY=1\nBB=x # @required\n",
	            "# @defaultRequired=false\n\n# @type=int @public\n# @optional\nAPI_KEY=1\nBB=x # @required\n");
	assert_init("# @required @docs(\n#   token=b)\n# token=c\nAA=\n",
	            "# @required @docs(\n#   token=b)\n# token=...\nAA=\n");
	assert_init("AA=exec('x y') # @optional\n", "AA=exec('x y') # @optional\n");
	assert_init("# @example=aB3dE6gH9jK2mN5pQ8sT1vW4 @required\nKEY=x # @sensitive\n",
	            "# @example=aB3dE6gH9jK2mN5pQ8sT1vW4 @required\nKEY= # @sensitive\n");
	assert_init("# @required=eq($A, b)\nKEY=x\n", "# @required=eq($A, b)\n# @required @sensitive\nKEY=\n");
}

/* What an example and the first spec of it say, but for types and examples. */
static void assert_same_meaning(const char *text)
{
	struct envspec a = ENVSPEC_INIT, b = ENVSPEC_INIT;
	struct buf made = BUF_INIT, error = BUF_INIT;

	read_spec(&a, text, NULL);
	assert_int_equal(envspec_init("spec", &made, &error), DONE);
	read_spec(&b, made.data, NULL);
	assert_int_equal(b.warnings.n, 0);
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++) {
		const struct envvar *var = envspec_find(&b, a.v[i].name);

		assert_non_null(var);
		if (var->required != a.v[i].required || var->sensitive != a.v[i].sensitive)
			fail_msg("%s is another in\n%s", var->name, made.data);
		if (var->example)
			assert_string_equal(var->example, a.v[i].example);
		if (a.v[i].sensitive)
			assert_null(var->example);
	}
	assert_lacks(made.data, "insecure");
	assert_lacks(made.data, "hunter2");
	assert_lacks(made.data, ":app@");
	assert_lacks(made.data, "MIIE");
	buf_free(&made);
	buf_free(&error);
	envspec_free(&a);
	envspec_free(&b);
}

static void a_first_spec_reads_back_to_the_same_meaning(void **state)
{
	(void)state;
	assert_same_meaning(django);
	assert_same_meaning(flask);
	assert_same_meaning(next);
	assert_same_meaning(laravel);
	assert_same_meaning(rails);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_a_plain_example_what_has_a_value_is_required),
		cmocka_unit_test(a_comment_makes_it_optional),
		cmocka_unit_test(examples_of_frameworks_are_read),
		cmocka_unit_test(the_examples_value_is_kept),
		cmocka_unit_test(of_a_name_that_comes_twice_the_last_counts),
		cmocka_unit_test(decorators_say_what_a_variable_is),
		cmocka_unit_test(an_environment_may_require_more),
		cmocka_unit_test(the_header_speaks_for_all),
		cmocka_unit_test(types_go_before_names),
		cmocka_unit_test(decorators_above_a_commented_out_variable_go_on),
		cmocka_unit_test(brackets_may_stay_open_over_lines),
		cmocka_unit_test(what_is_not_understood_is_said),
		cmocka_unit_test(a_type_that_is_none_is_refused),
		cmocka_unit_test(a_regular_expression_may_be_a_call),
		cmocka_unit_test(decorators_are_taken_apart),
		cmocka_unit_test(what_cannot_be_read_is_told_apart),
		cmocka_unit_test(several_files_and_requests_add_up),
		cmocka_unit_test(a_request_is_a_name_and_a_type),
		cmocka_unit_test(a_group_has_two_names_or_more),
		cmocka_unit_test(names_sound_like_secrets),
		cmocka_unit_test(texts_lose_their_secrets),
		cmocka_unit_test(a_first_spec_has_the_examples_comments_order_and_values),
		cmocka_unit_test(what_was_commented_out_becomes_optional),
		cmocka_unit_test(a_first_spec_guesses_types_that_fit),
		cmocka_unit_test(a_first_spec_has_no_secrets),
		cmocka_unit_test(a_first_spec_has_only_harmless_values),
		cmocka_unit_test(what_is_decorated_stays_so),
		cmocka_unit_test(a_first_spec_reads_back_to_the_same_meaning),
	};

	return unit_run("envspec", tests, scratch_make, scratch_remove);
}
