/* Unit tests of envcheck/audit: what is found in an environment, and what is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/container.h"
#include "envcheck/audit.h"
#include "envcheck/env_value.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))
#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }
#define NONE (const char *const[]){ NULL }

/* A system without a container: its paths lead to an empty folder. */
#define BARE "bare"

/* What an audit is asked. */
struct question {
	const char *const *env;
	const char *example;        /* the text of a spec's file, or NULL */
	const char *const *require; /* or NULL */
	const char *group;          /* or NULL */
	const char *root;           /* NULL: BARE */
	const char *allowed;        /* or NULL */
	bool production;
};

/* The environment as audit.h takes it, which may not change it. */
static char **env_of(const char *const *env, struct strs *copy)
{
	static char *none[] = { NULL };

	for (; *env; env++)
		strs_add(copy, *env);
	return copy->n ? copy->v : none;
}

static void make_spec(struct envspec *spec, const struct question *q)
{
	struct buf error = BUF_INIT;
	int rc = 0;

	if (q->example) {
		put_text("example", q->example);
		rc = envspec_read(spec, "example", NULL, &error);
	}
	for (size_t i = 0; !rc && q->require && q->require[i]; i++)
		rc = envspec_require(spec, q->require[i], &error);
	if (!rc && q->group)
		rc = envspec_group(spec, q->group, &error);
	if (rc)
		fail_msg("%s", error.data);
	buf_free(&error);
}

static void ask(struct audit *a, const struct question *q)
{
	struct surroundings s = { .root = q->root ? q->root : BARE, .production = q->production };
	struct envspec spec = ENVSPEC_INIT;
	struct strs env = { 0 };

	s.env = env_of(q->env, &env);
	if (q->allowed)
		strs_add(&s.allowed, q->allowed);
	make_spec(&spec, q);
	audit_run(a, &spec, &s);
	strs_free(&s.allowed);
	strs_free(&env);
	envspec_free(&spec);
}

static const char *const levels[] = { "error", "warning", "allowed" };

/* `NAME error code` of each problem, with commas between them. The caller frees it. */
static char *found_by(const struct question *q)
{
	struct buf text = BUF_INIT;
	struct audit a;

	ask(&a, q);
	for (size_t i = 0; i < a.problems.n; i++) {
		const struct problem *p = &a.problems.v[i];

		buf_printf(&text, "%s%s %s %s", i ? ", " : "", p->name, levels[p->level], p->code);
	}
	audit_free(&a);
	return buf_detach(&text);
}

static void assert_found(const struct question *q, const char *wanted)
{
	char *found = found_by(q);

	if (strcmp(found, wanted) != 0)
		fail_msg("found '%s', not '%s'", found, wanted);
	free(found);
}

#define ASSERT_FOUND(wanted, ...) assert_found(&(struct question){ __VA_ARGS__ }, wanted)

/* The sentence of the first problem. The caller frees it. */
static char *first_text(const struct question *q)
{
	struct audit a;
	char *text;

	ask(&a, q);
	assert_true(a.problems.n > 0);
	text = xstrdup(a.problems.v[0].text);
	audit_free(&a);
	return text;
}

/* --- set or not --- */

static void nothing_is_found_where_nothing_is_wrong(void **state)
{
	(void)state;
	ASSERT_FOUND("", .env = NONE);
	ASSERT_FOUND("", .env = LIST("PATH=/bin", "HOME=/", "LANG=C", "PS1=$ "), .production = true);
	ASSERT_FOUND("", .env = LIST("A=1", "B=x y", "C=a'b"), .require = LIST("A:int", "B", "C"));
}

static void what_is_required_must_be_there(void **state)
{
	(void)state;
	ASSERT_FOUND("A error missing, B error empty, C error blank", .env = LIST("B=", "C= \t"),
	             .require = LIST("A", "B", "C"));
	ASSERT_FOUND("A error missing, D error blank", .env = LIST("C=", "D=  "), .example = "A=1\nC=\nD=\n");
	ASSERT_FOUND("", .env = LIST("A=1"), .example = "A=x\n# B=x\nC=\n# optional\nD=x\n");
}

static void a_missing_one_is_told_what_it_should_be(void **state)
{
	char *text;

	(void)state;
	text = first_text(&(struct question){ .env = NONE, .require = LIST("PORT:port") });
	assert_string_equal(text, "is required, but not set: set it to a port: a number from 1 to 65535");
	free(text);
	text = first_text(&(struct question){ .env = NONE, .require = LIST("API_TOKEN") });
	assert_holds(text, "or API_TOKEN_FILE");
	free(text);
	text = first_text(&(struct question){ .env = LIST("DATABSE_URL=x"), .require = LIST("DATABASE_URL") });
	assert_holds(text, "DATABSE_URL is, which looks like a misspelling");
	free(text);
}

static void values_are_of_their_type(void **state)
{
	(void)state;
	ASSERT_FOUND("A error type, C error type", .env = LIST("A=x", "B=7", "C=nobody"),
	             .require = LIST("A:int", "B:int", "C:email"));
	ASSERT_FOUND("PORT error type", .env = LIST("PORT=x"), .example = "# @type=port\nPORT=80\n");
	/* A guessed type is a warning, and only where the example is of it. */
	ASSERT_FOUND("PORT warning type", .env = LIST("PORT=x", "N=x", "F=x", "HOST=a b"),
	             .example = "PORT=80\nN=1\nF=true\nHOST=a://b\n");
	ASSERT_FOUND("", .env = LIST("SITE_URL=sqlite:///x"), .example = "SITE_URL=postgres://u@h/d\n");
	ASSERT_FOUND("PGPORT error type, POSTGRES_PORT error type", .env = LIST("PGPORT=abc", "POSTGRES_PORT=99999"));
	/* Kubernetes links a service called postgres so; libpq takes a port per host. */
	ASSERT_FOUND("", .env = LIST("PGPORT=5432,5433", "POSTGRES_PORT=tcp://10.96.0.7:5432"));
	ASSERT_FOUND("", .env = LIST("A="), .example = "# @type=int @optional\nA=\n");
}

/* --- marks --- */

static void what_an_env_file_leaves_in_a_value_is_found(void **state)
{
	static const struct {
		const char *value, *found;
	} table[] = {
		{ "A=\"x\"", "A error quotes" }, { "A='x'", "A error quotes" }, { "A=\"", "" }, { "A=\"x'", "" },
		{ "A=it's", "" }, { "A=x\r", "A error space" }, { "A=x\r\ny", "" }, { "A=x\r\ny\r\n", "" }, { "A=x\r\n", "A error space" },
		{ "A=x ", "A error space" }, { "A=\tx", "A error space" }, { "A=x\n", "A error space" },
		{ "A=x\ny\n", "" }, { "A=a b", "" }, { "A=${X}", "A error unexpanded" },
		{ "A=http://${HOST}:80", "A error unexpanded" }, { "A=${X:-y}", "A error unexpanded" },
		{ "A=$X", "A error unexpanded" }, { "A=$(openssl rand -hex 8)", "A error unexpanded" },
		{ "A=$x", "" }, { "A=a$X", "" }, { "A=${x}", "" }, { "A=${X", "" }, { "A=$5", "" }, { "A=$$X", "" },
		{ "A='x' 'y'", "" }, { "A=\"a\", \"b\"", "" }, { "A=\"say \\\"x\\\"\"", "A error quotes" },
		{ "A='self'", "" }, { "A=\"x\"\r", "A error space" }, { "A=\"${X}\"", "A error quotes, A error unexpanded" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++)
		ASSERT_FOUND(table[i].found, .env = LIST(table[i].value), .require = LIST("A"));
	ASSERT_FOUND("", .env = LIST("A=\"x\""), .require = LIST("A:json"));
}

static void what_should_have_been_taken_out_or_resolved_is_found(void **state)
{
	(void)state;
	ASSERT_FOUND("A error comment, POSTGRES_USER error comment, SECRET_KEY error comment",
	             .env = LIST("A=app # the owner", "POSTGRES_USER=app # the owner", "SECRET_KEY=# generate with openssl"),
	             .require = LIST("A"));
	ASSERT_FOUND("OTHER warning comment, REST warning unexpanded", .env = LIST("OTHER=app # the owner", "REST=op://v/i/f"));
	ASSERT_FOUND("", .env = LIST("A=[x] # note"), .example = "A='[my] # note'\n");
	ASSERT_FOUND("API_TOKEN error unexpanded, DATABASE_URL error unexpanded, POSTGRES_USER error unexpanded, "
	             "SECRET_KEY error unexpanded",
	             .env = LIST("SECRET_KEY=op://vault/item/field", "DATABASE_URL=mysql://app:op:%2F%2Fx@db/app",
	                         "POSTGRES_USER={{ user }}", "API_TOKEN=${token}"));
	ASSERT_FOUND("API_TOKEN error file", .env = LIST("API_TOKEN=/run/secrets/token"));
	ASSERT_FOUND("", .env = LIST("DB_SECRET_ARN=arn:aws:secretsmanager:eu-west-1:1:secret:x"));
}

static void a_secret_with_a_scheme_is_judged(void **state)
{
	(void)state;
	ASSERT_FOUND("API_TOKEN error weak, JWT_SECRET error weak, SECRET_KEY error weak, SMTP_PASSWORD error weak",
	             .env = LIST("SECRET_KEY=changeme://x", "API_TOKEN=https://app:changeme@h/", "JWT_SECRET=aX9://kq2Lw8Zt",
	                         "SMTP_PASSWORD=smtp://pass"), .production = true);
	ASSERT_FOUND("API_TOKEN error weak", .env = LIST("API_TOKEN=https://example.com/your-token"), .production = true);
	ASSERT_FOUND("", .env = LIST("SMTP_PASSWORD=aX9://kq2Lw8Zt", "API_TOKEN=https://hooks.shop.org/x8Kq92LmZpW7"),
	             .production = true);
}

static void what_names_no_database_is_no_database_url(void **state)
{
	static const char *const bad[] = { "foo", "db:5432", "postgres:/app", "postgres//app@db/app" };
	static const char *const paths[] = { "local.db", "./dev.sqlite", "/data/app", ":memory:" };
	static const char *const good[] = { "sqlite:app.db", "file:./dev.db", "mysql://db/app", "jdbc:sqlite:app.db",
		                            "host=db user=app", "libsql://db.turso.io", "Server=db;Database=app" };
	char *entry;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		entry = xasprintf("DATABASE_URL=%s", bad[i]);
		ASSERT_FOUND("DATABASE_URL error type", .env = LIST(entry));
		free(entry);
	}
	for (size_t i = 0; i < LENGTH(good); i++) {
		entry = xasprintf("DATABASE_URL=%s", good[i]);
		ASSERT_FOUND("", .env = LIST(entry));
		free(entry);
	}
	for (size_t i = 0; i < LENGTH(paths); i++) {
		entry = xasprintf("DATABASE_URL=%s", paths[i]);
		ASSERT_FOUND("DATABASE_URL warning type", .env = LIST(entry));
		free(entry);
	}
}

static void what_goes_before_or_between_may_end_in_a_blank(void **state)
{
	(void)state;
	ASSERT_FOUND("", .env = LIST("EMAIL_SUBJECT_PREFIX=[Shop] ", "LIST_SEPARATOR=, ", "INDENT=  "),
	             .require = LIST("EMAIL_SUBJECT_PREFIX", "LIST_SEPARATOR", "INDENT"));
}

static void quotes_and_blanks_that_the_example_has_are_the_values(void **state)
{
	static const char example[] = "A=\"[My shop] \"\nB=\"'self' https://cdn\"\nC=\" \"\nD='\"$user\"'\nE=x\n";

	(void)state;
	ASSERT_FOUND("", .env = LIST("A=[Shop] ", "B='x'", "C= ", "D=\"$user\"", "E=x"), .example = example);
	ASSERT_FOUND("A error space, B error quotes, C error space, D error quotes, E error blank",
	             .env = LIST("A= [Shop]", "B=\"x\"", "C=x\t\n ", "D='x'", "E= "),
	             .example = "A=\"[My shop] \"\nB=\"'self'\"\nC=x\nD='\"$user\"'\nE=x\n");
}

static void a_value_with_marks_is_not_judged_further(void **state)
{
	(void)state;
	ASSERT_FOUND("A error quotes", .env = LIST("A=\"1\""), .require = LIST("A:int"));
	ASSERT_FOUND("API_TOKEN error space", .env = LIST("API_TOKEN=secret\r"), .require = LIST("API_TOKEN"),
	             .production = true);
}

static void of_what_nobody_asked_for_only_secrets_and_urls_are_looked_at(void **state)
{
	(void)state;
	ASSERT_FOUND("", .env = LIST("OTHER='x'", "MORE=x "));
	ASSERT_FOUND("API_TOKEN error quotes", .env = LIST("API_TOKEN='k3h9zQ1xVb7m'"));
	ASSERT_FOUND("USERS_DB error space", .env = LIST("USERS_DB=postgres://u:k3h9zQ1xVb7m@h/d\r"));
	ASSERT_FOUND("PGUSER error space", .env = LIST("PGUSER=app "));
}

/* --- files --- */

static void files_of_secrets_are_looked_into(void **state)
{
	(void)state;
	put_text("good", "k3h9zQ1xVb7m\n");
	put_text("newlines", "k3h9zQ1xVb7m\n\n");
	put_text("windows", "k3h9zQ1xVb7m\r\n");
	put_text("empty", "");
	put_text("newline", "\n");
	put_text("weak", "change_me\n");
	put("binary", "a\0b", 3);
	mkdir("folder", 0755);
	for (const char *const *file = LIST("good", "newlines", "windows", "weak"); *file; file++)
		chmod(*file, 0600);
	ASSERT_FOUND("", .env = LIST("API_TOKEN_FILE=good"), .require = LIST("API_TOKEN"));
	ASSERT_FOUND("API_TOKEN error space", .env = LIST("API_TOKEN_FILE=newlines"), .require = LIST("API_TOKEN"));
	ASSERT_FOUND("API_TOKEN error space", .env = LIST("API_TOKEN_FILE=windows"), .require = LIST("API_TOKEN"));
	ASSERT_FOUND("API_TOKEN warning weak", .env = LIST("API_TOKEN_FILE=weak"), .require = LIST("API_TOKEN"));
	for (const char *const *file = LIST("empty", "newline", "binary", "folder", "nowhere", "good/x", "/dev/null"); *file; file++) {
		char *entry = xasprintf("API_TOKEN_FILE=%s", *file);

		ASSERT_FOUND("API_TOKEN_FILE error file", .env = LIST(entry), .require = LIST("API_TOKEN"));
		ASSERT_FOUND("API_TOKEN_FILE error file", .env = LIST(entry));
		free(entry);
	}
	ASSERT_FOUND("", .env = LIST("LOG_FILE=nowhere", "SSL_CERT_FILE=folder"));
	ASSERT_FOUND("DATABASE_URL_FILE error file", .env = LIST("DATABASE_URL_FILE=nowhere"));
}

static void a_variable_and_its_file_exclude_each_other(void **state)
{
	(void)state;
	put_text("good", "k3h9zQ1xVb7m\n");
	chmod("good", 0600);
	ASSERT_FOUND("API_TOKEN error twice", .env = LIST("API_TOKEN=k3h9zQ1xVb7m", "API_TOKEN_FILE=good"),
	             .require = LIST("API_TOKEN"));
	/* Compose sets what its user left out to nothing. */
	ASSERT_FOUND("", .env = LIST("API_TOKEN=", "API_TOKEN_FILE=good"), .require = LIST("API_TOKEN"));
	ASSERT_FOUND("", .env = LIST("API_TOKEN=k3h9zQ1xVb7m", "API_TOKEN_FILE="), .require = LIST("API_TOKEN"));
}

static void what_ends_in_file_may_be_a_variable_of_its_own(void **state)
{
	(void)state;
	ASSERT_FOUND("", .env = LIST("LOG=info", "LOG_FILE=/nowhere"), .example = "LOG=info\nLOG_FILE=/x\n");
	ASSERT_FOUND("", .env = LIST("LOG=info", "LOG_FILE=/nowhere"), .example = "LOG=info\n");
	ASSERT_FOUND("", .env = LIST("LOG_FILE=/nowhere"), .example = "# LOG=info\n");
	ASSERT_FOUND("LOG error missing", .env = LIST("LOG_FILE=/nowhere"), .example = "LOG=info\nLOG_FILE=/x\n");
	ASSERT_FOUND("LOG_FILE error file", .env = LIST("LOG_FILE=/nowhere"), .example = "LOG=info\n");
}

static void a_secret_file_for_everybody_is_a_warning(void **state)
{
	(void)state;
	put_text("open", "k3h9zQ1xVb7m\n");
	chmod("open", 0644);
	ASSERT_FOUND("API_TOKEN_FILE warning mode", .env = LIST("API_TOKEN_FILE=open"), .require = LIST("API_TOKEN"));
	ASSERT_FOUND("", .env = LIST("TITLE_FILE=open"), .require = LIST("TITLE"));
}

static void a_spec_may_name_the_file_instead(void **state)
{
	(void)state;
	put_text("weak", "change_me\n");
	chmod("weak", 0600);
	ASSERT_FOUND("DB_PASSWORD warning weak", .env = LIST("DB_PASSWORD_FILE=weak"),
	             .example = "DB_PASSWORD_FILE=/run/secrets/db\n");
	ASSERT_FOUND("DB_PASSWORD_FILE error missing", .env = NONE, .example = "DB_PASSWORD_FILE=/run/secrets/db\n");
}

static void a_file_counts_as_set(void **state)
{
	(void)state;
	put_text("key", "k3h9zQ1xVb7m\n");
	chmod("key", 0600);
	ASSERT_FOUND("", .env = LIST("AWS_ACCESS_KEY_ID=AKIA3H9ZQ1XVB7M", "AWS_SECRET_ACCESS_KEY_FILE=key"));
	ASSERT_FOUND("A error type", .env = LIST("A_FILE=key"), .require = LIST("A:int"));
}

/* --- secrets --- */

static void weak_secrets_are_errors_in_production_unless_allowed(void **state)
{
	(void)state;
	ASSERT_FOUND("API_TOKEN warning weak", .env = LIST("API_TOKEN=change_me"), .require = LIST("API_TOKEN"));
	ASSERT_FOUND("API_TOKEN error weak", .env = LIST("API_TOKEN=change_me"), .require = LIST("API_TOKEN"),
	             .production = true);
	ASSERT_FOUND("API_TOKEN allowed weak", .env = LIST("API_TOKEN=change_me"), .require = LIST("API_TOKEN"),
	             .production = true, .allowed = "API_TOKEN");
	ASSERT_FOUND("POSTGRES_PASSWORD error weak", .env = LIST("POSTGRES_PASSWORD=postgres"), .production = true);
	ASSERT_FOUND("PGPASSWORD error weak", .env = LIST("PGUSER=inventory", "PGPASSWORD=inventory"),
	             .production = true);
}

static void the_examples_value_is_weak_where_it_is_a_secret(void **state)
{
	(void)state;
	ASSERT_FOUND("API_TOKEN error weak", .env = LIST("API_TOKEN=k3h9zQ1xVb7m", "NAME=shop"),
	             .example = "API_TOKEN=k3h9zQ1xVb7m\nNAME=shop\n", .production = true);
	ASSERT_FOUND("", .env = LIST("API_TOKEN=k3h9zQ1xVb7m"), .production = true,
	             .example = "# @public\nAPI_TOKEN=k3h9zQ1xVb7m\n");
	ASSERT_FOUND("TITLE error weak", .env = LIST("TITLE=change_me", "SUBTITLE=x"), .production = true,
	             .example = "# @sensitive\nTITLE=\n# @sensitive\nSUBTITLE=\n");
}

static void a_placeholder_in_what_is_no_secret_is_a_warning(void **state)
{
	(void)state;
	ASSERT_FOUND("TENANT_ID warning placeholder", .env = LIST("TENANT_ID=your-tenant-id", "APP=todo"),
	             .example = "TENANT_ID=your-tenant-id\nAPP=todo\n", .production = true);
	ASSERT_FOUND("", .env = LIST("TENANT_ID=your-tenant-id"));
}

static void numbers_and_labels_are_no_weak_secrets(void **state)
{
	(void)state;
	ASSERT_FOUND("", .env = LIST("ACCESS_TOKEN_EXPIRE_MINUTES=30", "PASSWORD_RESET_TIMEOUT=60", "SORT_KEY=name",
	                             "SECRET_KEY_LENGTH=8", "GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D"),
	             .production = true);
	ASSERT_FOUND("CACHE_KEY warning weak", .env = LIST("CACHE_KEY=change_me"), .production = true);
	ASSERT_FOUND("", .production = true,
	             .env = LIST("TOKEN_SYMBOL=ETH", "TOKEN_DECIMALS=18", "LLM_MAX_TOKEN=4096", "MAX_TOKENS=128000"));
	ASSERT_FOUND("API_TOKEN error weak, DB_PASSWORD error weak, DB_SECRET error weak", .production = true,
	             .env = LIST("DB_PASSWORD=1234", "DB_SECRET=123456", "API_TOKEN=12345678"));
}

static void a_switch_is_no_secret_unless_the_spec_says_so(void **state)
{
	(void)state;
	ASSERT_FOUND("", .production = true,
	             .env = LIST("USE_REFRESH_TOKEN=true", "VALIDATE_TOKEN=False", "USE_SECRETS=yes", "REQUIRE_PASSWORD=1",
	                         "ALLOW_EMPTY_PASSWORD=no", "CHECK_TOKEN=on", "VERIFY_SECRET=off", "ASK_PASS=0"));
	ASSERT_FOUND("", .production = true, .env = LIST("USE_TOKEN=true"), .require = LIST("USE_TOKEN"));
	ASSERT_FOUND("DOOR_PASS error weak", .production = true, .env = LIST("DOOR_PASS=yes"),
	             .example = "# @sensitive\nDOOR_PASS=\n");
	ASSERT_FOUND("JWT_SECRET error weak, POSTGRES_PASSWORD error weak", .production = true,
	             .env = LIST("POSTGRES_PASSWORD=true", "JWT_SECRET=true"));
}

static void a_word_for_no_value_is_none(void **state)
{
	(void)state;
	ASSERT_FOUND("", .env = LIST("REDIS_PASSWORD=null", "MAIL_PASSWORD=NULL", "API_TOKEN=None", "X_SECRET=undefined"),
	             .production = true);
	ASSERT_FOUND("", .env = LIST("REDIS_PASSWORD=null"), .example = "REDIS_PASSWORD=null\n", .production = true);
	ASSERT_FOUND("REDIS_PASSWORD error empty", .env = LIST("REDIS_PASSWORD=null"), .require = LIST("REDIS_PASSWORD"));
	ASSERT_FOUND("SECRET_KEY warning weak", .env = LIST("SECRET_KEY=null"), .production = true);
	ASSERT_FOUND("", .env = LIST("LOG=none"), .require = LIST("LOG"));
}

static void a_key_that_opens_nothing_may_be_a_word(void **state)
{
	static const char example[] = "ROUTING_KEY=orders\nDEFAULT_SORT_KEY=created_at\nSSL_KEY=certs/server.key\n";

	(void)state;
	ASSERT_FOUND("", .env = LIST("ROUTING_KEY=orders", "DEFAULT_SORT_KEY=created_at", "SSL_KEY=certs/server.key"),
	             .example = example, .production = true);
	ASSERT_FOUND("CACHE_KEY warning weak", .env = LIST("CACHE_KEY=change_me"), .example = "CACHE_KEY=change_me\n",
	             .production = true);
	ASSERT_FOUND("API_KEY error weak, MAPS_KEY error weak, SECRET_SORT_KEY error weak", .production = true,
	             .env = LIST("API_KEY=orders", "MAPS_KEY=AIzaSyD4k3h9zQ1xVb7mTq2LwE8rYc5", "SECRET_SORT_KEY=x"),
	             .example = "API_KEY=orders\nMAPS_KEY=AIzaSyD4k3h9zQ1xVb7mTq2LwE8rYc5\nSECRET_SORT_KEY=x\n");
}

static void the_password_in_a_url_is_a_secret(void **state)
{
	(void)state;
	ASSERT_FOUND("DATABASE_URL error weak", .env = LIST("DATABASE_URL=postgres://postgres:postgres@db/app"),
	             .production = true);
	ASSERT_FOUND("USERS_DB_URL error weak", .production = true,
	             .env = LIST("USERS_DB_URL=postgres://svc:change-this-svc-users@db/users"));
	ASSERT_FOUND("DATABASE_URL error weak", .env = LIST("DATABASE_URL=postgres://a:k3h9zQ1x@db/app"),
	             .example = "DATABASE_URL=postgres://b:k3h9zQ1x@localhost/app\n", .production = true);
	ASSERT_FOUND("BROKER error weak", .env = LIST("BROKER=amqp://guest:guest@mq:5672/"), .production = true);
	ASSERT_FOUND("", .env = LIST("DATABASE_URL=postgres://app:k3h9zQ1x@db/app", "R=redis://cache:6379/0"),
	             .production = true);
	/* A path, and no password. */
	ASSERT_FOUND("", .env = LIST("APP_URL=http://minio:9000/@x"), .example = "APP_URL=http://localhost\n",
	             .production = true);
	ASSERT_FOUND("APP_URL error weak", .env = LIST("APP_URL=http://a:change_me@minio:9000/x"), .production = true,
	             .example = "APP_URL=http://localhost\n");
	ASSERT_FOUND("EMAIL_URL warning type, EMAIL_URL error weak", .env = LIST("EMAIL_URL=smtp://me@shop.org:change_me@mail:587"), .example = "EMAIL_URL=smtp://localhost\n",
	             .production = true);
	ASSERT_FOUND("DATABASE_URL warning encoding", .env = LIST("DATABASE_URL=postgres://app:k3/9z@Q1x%@db/app"));
	ASSERT_FOUND("DATABASE_URL error type", .env = LIST("DATABASE_URL=postgres://app:k3h9zQ1x@db:port/app"));
}

/* pgbox and libpq read a password, a host and the rest from there, too. */
static void a_login_in_a_query_or_a_conninfo_string_is_looked_at(void **state)
{
	static const char *const weak[] = {
		"DATABASE_URL=host=db user=a password=postgres dbname=x", "DATABASE_URL=postgres://a@db/x?password=postgres",
		"DATABASE_URL=host=db user=svc_shop password='svc_shop'", "DATABASE_URL=jdbc:postgresql://db/x?user=a&password=postgres",
		"DATABASE_URL=postgres://db/x?user=svc_shop&password=svc_shop",
	};
	static const char *const local[] = {
		"DATABASE_URL=host=localhost user=a password=k3h9zQ1x dbname=d", "DATABASE_URL=postgres://a:k3h9zQ1x@/d?host=localhost",
		"DATABASE_URL=hostaddr=127.0.0.1 user=a", "DATABASE_URL=jdbc:postgresql://localhost/d?user=a",
	};

	(void)state;
	mkdir("in", 0755);
	put_text("in/.dockerenv", "");
	for (size_t i = 0; i < sizeof(weak) / sizeof(*weak); i++)
		ASSERT_FOUND("DATABASE_URL error weak", .env = LIST(weak[i]), .production = true);
	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++) {
		ASSERT_FOUND("DATABASE_URL warning localhost", .env = LIST(local[i]), .root = "in");
		ASSERT_FOUND("DATABASE_URL warning disagree", .env = LIST(local[i], "POSTGRES_HOST=db", "POSTGRES_USER=a"));
		ASSERT_FOUND("DATABASE_URL warning disagree", .env = LIST(local[i], "PGUSER=other"));
	}
	ASSERT_FOUND("SPRING_DATASOURCE_URL error weak", .production = true,
	             .env = LIST("SPRING_DATASOURCE_URL=jdbc:mysql://db/x?user=root&password=root"));
	ASSERT_FOUND("DATABASE_URL error weak", .example = "DATABASE_URL=host=h user=u password=k3h9zQ1x\n",
	             .env = LIST("DATABASE_URL=host=db user=a password=k3h9zQ1x"), .production = true);
	ASSERT_FOUND("", .env = LIST("DATABASE_URL=host=db user=a password=k3h9zQ1x dbname=d", "PGUSER=a", "POSTGRES_HOST=DB"),
	             .production = true, .root = "in");
	/* Its ?user= is no login, and these are no such strings. */
	ASSERT_FOUND("", .env = LIST("SITE_URL=http://web/?user=a&password=postgres&host=localhost", "A=host=localhost password=x"),
	             .example = "SITE_URL=http://x\nA=b\n", .production = true, .root = "in");
}

/* --- hosts and agreement --- */

static void localhost_is_a_warning_in_a_container_only(void **state)
{
	static const char url[] = "DATABASE_URL=postgres://app:k3h9zQ1x@localhost/app";

	(void)state;
	mkdir("docker", 0755);
	put_text("docker/.dockerenv", "");
	ASSERT_FOUND("", .env = LIST(url));
	ASSERT_FOUND("DATABASE_URL warning localhost", .env = LIST(url), .root = "docker");
	ASSERT_FOUND("DATABASE_URL warning localhost", .env = LIST(url, "KUBERNETES_SERVICE_HOST=10.0.0.1"));
	ASSERT_FOUND("DATABASE_URL warning localhost", .root = "docker",
	             .env = LIST("DATABASE_URL=postgres://app:k3h9zQ1x@db,127.0.0.1/app"));
	ASSERT_FOUND("PGHOST warning localhost, R warning localhost", .root = "docker",
	             .env = LIST("PGHOST=::1", "R=redis://LOCALHOST:6379"));
	ASSERT_FOUND("", .root = "docker",
	             .env = LIST("DATABASE_URL=postgres://app:k3h9zQ1x@db/app", "SITE_URL=http://localhost:3000"));
	/* The server's own container. */
	ASSERT_FOUND("", .root = "docker", .env = LIST(url, "PG_MAJOR=17", "PGDATA=/var/lib/postgresql/data"));
}

static void the_url_and_the_variables_beside_it_should_agree(void **state)
{
	static const char url[] = "DATABASE_URL=postgresql+asyncpg://app:k3h9zQ1x@DB:5432/shop";
	char *text;

	(void)state;
	put_text("user", "other\n");
	ASSERT_FOUND("", .env = LIST(url, "POSTGRES_HOST=db", "PGUSER=app", "POSTGRES_DB=shop", "POSTGRES_PORT=5433"));
	ASSERT_FOUND("DATABASE_URL warning disagree", .env = LIST(url, "POSTGRES_HOST=db2"));
	ASSERT_FOUND("DATABASE_URL warning disagree", .env = LIST(url, "PGDATABASE=Shop"));
	ASSERT_FOUND("DATABASE_URL warning disagree", .env = LIST(url, "POSTGRES_USER_FILE=user"));
	ASSERT_FOUND("", .env = LIST("DATABASE_URL=postgres://u@localhost/d", "PGHOST=127.0.0.1"));
	ASSERT_FOUND("", .env = LIST("DATABASE_URL=sqlite:///x", "POSTGRES_HOST=db"));
	ASSERT_FOUND("", .env = LIST(url, "POSTGRES_HOST=", "POSTGRES_USER="));
	text = first_text(&(struct question){ .env = LIST(url, "POSTGRES_USER=postgres", "PGDATABASE=x") });
	assert_holds(text, "the user of POSTGRES_USER, the database of PGDATABASE");
	free(text);
}

/* --- groups and names --- */

static void groups_are_set_as_a_whole_or_not_at_all(void **state)
{
	(void)state;
	ASSERT_FOUND("", .env = NONE, .group = "A,B,C");
	ASSERT_FOUND("", .env = LIST("A=1", "B=2", "C=3"), .group = "A,B,C");
	ASSERT_FOUND("A error group, C error group", .env = LIST("B=2", "C="), .group = "A,B,C");
}

static void half_a_login_at_a_storage_is_found(void **state)
{
	(void)state;
	ASSERT_FOUND("AWS_SECRET_ACCESS_KEY error group", .env = LIST("AWS_ACCESS_KEY_ID=AKIA3H9ZQ1XVB7M"));
	ASSERT_FOUND("AWS_ACCESS_KEY_ID error group", .env = LIST("AWS_SECRET_ACCESS_KEY=k3h9zQ1xVb7m"));
	ASSERT_FOUND("AWS_SECRET_KEY error group", .env = LIST("AWS_ACCESS_KEY=AKIA3H9ZQ1XVB7M", "AWS_SECRET_KEY="));
	ASSERT_FOUND("BACKUP_S3_ACCESS_KEY error group", .env = LIST("BACKUP_S3_SECRET_KEY=k3h9zQ1xVb7m"));
	ASSERT_FOUND("AWS_SECRET_ACCESS_KEY error group", .env = LIST("AWS_ACCESS_KEY_ID=AKIA3H9ZQ1XVB7M"),
	             .group = "AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY");
	ASSERT_FOUND("AWS_SECRET_ACCESS_KEY error group", .env = LIST("AWS_ACCESS_KEY_ID=AKIA3H9ZQ1XVB7M",
	                                                              "AWS_SECRET_ACCESS_KEY=null"));
	ASSERT_FOUND("", .env = LIST("S3_ACCESS_KEY=store", "S3_SECRET=k3h9zQ1xVb7m"));
	ASSERT_FOUND("", .env = LIST("S3_KEY=store", "S3_SECRET_KEY=k3h9zQ1xVb7m"));
	ASSERT_FOUND("", .env = LIST("AWS_ACCESS_KEY=AKIA3H9ZQ1XVB7M", "AWS_SECRET=k3h9zQ1xVb7m"));
	ASSERT_FOUND("", .env = LIST("R2_ACCESS_KEY_ID=k3h9zQ1xVb7m", "R2_ACCESS_KEY_SECRET=k3h9zQ1xVb7mTq2L"));
	ASSERT_FOUND("S3_SECRET_KEY error group", .env = LIST("S3_ACCESS_KEY=store", "S3_SECRET_NAME=k3h9zQ1xVb7m"));
	ASSERT_FOUND("MINIO_ROOT_PASSWORD error group", .env = LIST("MINIO_ROOT_USER=store"));
	ASSERT_FOUND("", .env = LIST("AWS_ACCESS_KEY_ID=AKIA3H9ZQ1XVB7M", "AWS_SECRET_KEY=k3h9zQ1xVb7m"));
	ASSERT_FOUND("", .env = LIST("DJANGO_SECRET_KEY=k3h9zQ1xVb7mTq2LwE8rYc5pAs4DfG6j", "UNSPLASH_ACCESS_KEY=k3h9zQ1xVb7m"));
}

static void a_name_one_edit_away_from_a_known_one_is_pointed_out(void **state)
{
	(void)state;
	ASSERT_FOUND("DATABSE_URL warning unknown", .env = LIST("DATABSE_URL=x"));
	ASSERT_FOUND("PG_HOST warning unknown", .env = LIST("PG_HOST=db"));
	ASSERT_FOUND("POSTGRES_PASWORD_FILE warning unknown", .env = LIST("POSTGRES_PASWORD_FILE=/dev/null"));
	ASSERT_FOUND("SENTRY_DNS warning unknown", .env = LIST("SENTRY_DNS=x"), .example = "# SENTRY_DSN=\n");
	/* Of a required one the missing name says it. */
	ASSERT_FOUND("SENTRY_DSN error missing", .env = LIST("SENTRY_DNS=x"), .require = LIST("SENTRY_DSN"));
	/* No misspellings: the known one is set; numbered ones; short ones; two edits. */
	ASSERT_FOUND("", .env = LIST("DATABASE_URL=sqlite:///x", "DATABASE_URLS=x"));
	ASSERT_FOUND("", .env = LIST("NODE_HOST_2=x", "SORT=x", "DATABAES_UR=x", "datbase_url=x"),
	             .example = "# NODE_HOST_1=x\n# PORT=x\n");
}

static void what_is_no_name_is_never_repeated(void **state)
{
	struct audit a;
	char *json;
	struct strs env = { 0 };
	struct surroundings s = { .root = BARE };
	struct envspec spec = ENVSPEC_INIT;

	(void)state;
	s.env = env_of(LIST("MIIEvQIBADANBgkqhkiG9w0B=", "DATABAS_url=x", "=x", "PGHOSTs=x", "1PGHOST=x", "noequals",
	                    "postgres://u:pw@h/d?token=x", "MIIEvQTOKEN=x", "abc_S3_SECRET_KEY=x", "lb/3S3_ACCESS_KEY=k3h9zQ1x"), &env);
	audit_run(&a, &spec, &s);
	assert_int_equal(a.problems.n, 0);
	json = audit_json(&a, &s);
	assert_string_equal(json, "{\"status\":\"pass\",\"production\":false,\"variables\":0,\"problems\":[]}");
	free(json);
	audit_free(&a);
	strs_free(&env);
}

/* --- the image's volume --- */

/* A folder with a mount table of one line more. */
static void put_mount(const char *root, const char *point)
{
	char *folder = xasprintf("%s/proc", root), *self = xasprintf("%s/proc/self", root);
	char *path = xasprintf("%s/mountinfo", self), *text;

	mkdir(root, 0755);
	mkdir(folder, 0755);
	mkdir(self, 0755);
	text = xasprintf("27 1 254:0 / / rw - ext4 /dev/vda rw\n"
	                 "30 27 254:0 /volumes/x%%/_data %s rw,relatime shared:9 - ext4 /dev/vda rw\n", point);
	put_text(path, text);
	free(folder);
	free(self);
	free(path);
	free(text);
}

static void a_volume_that_misses_the_data_of_postgresql_18_is_found(void **state)
{
	static const struct {
		const char *point, *major, *data;
		bool missed;
	} table[] = {
		{ "/var/lib/postgresql/data", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/18/docker", true },
		{ "/var/lib/postgresql/data", "PG_MAJOR=19", "PGDATA=/var/lib/postgresql/19/docker", true },
		{ "/var/lib/postgresql/data", "PG_MAJOR=18", "X=", true },
		{ "/var/lib/postgresql/data/pg\\040data", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/18/docker", true },
		{ "/var/lib/postgresql", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/18/docker", false },
		{ "/var/lib/postgresql/18/docker", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/18/docker", false },
		{ "/var/lib/postgresql/database", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/18/docker", false },
		{ "/var/lib/postgresql/data", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/data", false },
		{ "/var/lib/postgresql/data", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/data/18", false },
		{ "/var/lib/postgresql/data/wal", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/data", false },
		{ "/var/lib/postgresql/data/pg\\040data", "PG_MAJOR=18", "PGDATA=/var/lib/postgresql/data/pg data/x", false },
		{ "/var/lib/postgresql/data", "PG_MAJOR=17", "PGDATA=/var/lib/postgresql/data", false },
		{ "/var/lib/postgresql/data", "PG_MAJOR=17", "PGDATA=/elsewhere", false },
		{ "/var/lib/postgresql/data", "X=", "PGDATA=/elsewhere", false },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		put_mount("mounted", table[i].point);
		ASSERT_FOUND(table[i].missed ? "PGDATA error volume" : "", .root = "mounted",
		             .env = LIST(table[i].major, table[i].data));
	}
	ASSERT_FOUND("", .env = LIST("PG_MAJOR=18"), .root = BARE);
}

static void a_container_is_known_by_what_it_has(void **state)
{
	static char *const none[] = { NULL };
	static char variable[] = "container=podman";
	static char *const podman[] = { variable, NULL };

	(void)state;
	mkdir("cgroup", 0755);
	mkdir("cgroup/proc", 0755);
	mkdir("cgroup/proc/1", 0755);
	put_text("cgroup/proc/1/cgroup", "12:pids:/docker/0123abc\n");
	mkdir("none", 0755);
	mkdir("none/proc", 0755);
	mkdir("none/proc/1", 0755);
	put_text("none/proc/1/cgroup", "0::/\n");
	mkdir("podman", 0755);
	mkdir("podman/run", 0755);
	put_text("podman/run/.containerenv", "");
	assert_true(container_detect("cgroup", none));
	assert_true(container_detect("podman", none));
	assert_true(container_detect("none", podman));
	assert_false(container_detect("none", none));
	assert_false(container_detect(BARE, none));
}

/* --- the whole --- */

static void problems_are_sorted_by_name_and_counted(void **state)
{
	struct question q = { .env = LIST("API_TOKEN=change_me", "M='1'", "Z=x"), .require = LIST("Z:int", "B", "M", "API_TOKEN") };
	struct surroundings s = { .root = BARE };
	struct audit a;
	char *json;

	(void)state;
	assert_found(&q, "API_TOKEN warning weak, B error missing, M error quotes, Z error type");
	ask(&a, &q);
	assert_int_equal(a.judged, 4);
	assert_int_equal(problem_count(&a.problems, PROBLEM_ERROR), 3);
	assert_int_equal(problem_count(&a.problems, PROBLEM_WARNING), 1);
	json = audit_json(&a, &s);
	assert_holds(json, "{\"status\":\"fail\",\"production\":false,\"variables\":4,\"problems\":[{\"name\":\"API_TOKEN\","
	             "\"level\":\"warning\",\"code\":\"weak\",\"message\":\"is a placeholder");
	assert_holds(json, "{\"name\":\"Z\",\"level\":\"error\",\"code\":\"type\",\"message\":\"is not a whole number\"}]}");
	free(json);
	audit_free(&a);
}

static int make_bare(void **state)
{
	return scratch_make(state) || mkdir(BARE, 0755);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_where_nothing_is_wrong),
		cmocka_unit_test(what_is_required_must_be_there),
		cmocka_unit_test(a_missing_one_is_told_what_it_should_be),
		cmocka_unit_test(values_are_of_their_type),
		cmocka_unit_test(what_an_env_file_leaves_in_a_value_is_found),
		cmocka_unit_test(what_should_have_been_taken_out_or_resolved_is_found),
		cmocka_unit_test(a_secret_with_a_scheme_is_judged),
		cmocka_unit_test(what_names_no_database_is_no_database_url),
		cmocka_unit_test(what_goes_before_or_between_may_end_in_a_blank),
		cmocka_unit_test(quotes_and_blanks_that_the_example_has_are_the_values),
		cmocka_unit_test(a_value_with_marks_is_not_judged_further),
		cmocka_unit_test(of_what_nobody_asked_for_only_secrets_and_urls_are_looked_at),
		cmocka_unit_test(files_of_secrets_are_looked_into),
		cmocka_unit_test(a_variable_and_its_file_exclude_each_other),
		cmocka_unit_test(what_ends_in_file_may_be_a_variable_of_its_own),
		cmocka_unit_test(a_secret_file_for_everybody_is_a_warning),
		cmocka_unit_test(a_spec_may_name_the_file_instead),
		cmocka_unit_test(a_file_counts_as_set),
		cmocka_unit_test(weak_secrets_are_errors_in_production_unless_allowed),
		cmocka_unit_test(the_examples_value_is_weak_where_it_is_a_secret),
		cmocka_unit_test(a_placeholder_in_what_is_no_secret_is_a_warning),
		cmocka_unit_test(numbers_and_labels_are_no_weak_secrets),
		cmocka_unit_test(a_switch_is_no_secret_unless_the_spec_says_so),
		cmocka_unit_test(a_word_for_no_value_is_none),
		cmocka_unit_test(a_key_that_opens_nothing_may_be_a_word),
		cmocka_unit_test(the_password_in_a_url_is_a_secret),
		cmocka_unit_test(a_login_in_a_query_or_a_conninfo_string_is_looked_at),
		cmocka_unit_test(localhost_is_a_warning_in_a_container_only),
		cmocka_unit_test(the_url_and_the_variables_beside_it_should_agree),
		cmocka_unit_test(groups_are_set_as_a_whole_or_not_at_all),
		cmocka_unit_test(half_a_login_at_a_storage_is_found),
		cmocka_unit_test(a_name_one_edit_away_from_a_known_one_is_pointed_out),
		cmocka_unit_test(what_is_no_name_is_never_repeated),
		cmocka_unit_test(a_volume_that_misses_the_data_of_postgresql_18_is_found),
		cmocka_unit_test(a_container_is_known_by_what_it_has),
		cmocka_unit_test(problems_are_sorted_by_name_and_counted),
	};

	return unit_run("audit", tests, make_bare, scratch_remove);
}
