/*
 * seedonce - run a seed exactly once per database, however many replicas start.
 *
 * Three things make it so: a lock that lives as long as the seed does, a marker
 * row in the database itself, so that it is wiped with the volume and travels in
 * dumps, and, for SQL files, one transaction around both the files and the row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/show.h"
#include "base/teller.h"
#include "check/wait.h"
#include "opt/opt.h"
#include "repo/journal.h"
#include "seed/decision.h"
#include "seed/seed_run.h"
#include "seed/turn.h"

#define NAME_MAX_BYTES 255
#define SCHEMA_MAX_BYTES 63 /* NAMEDATALEN - 1: PostgreSQL would cut it off */

static struct {
	const char *url, *name, *unless, *verify, *schema, *version, *interrupted, *change;
	struct strs sql;
	bool bare, create, always, status, reset, mark;
	int64_t timeout, lock_timeout;
} o = { .name = "default", .interrupted = "", .change = "warn", .timeout = 60000, .lock_timeout = 600000 };

static const struct opt opts[] = {
	SECRET(0, "url", NULL, "URL", &o.url, "the database, in place of the operand"),
	TEXT('n', "name", NULL, "NAME", &o.name, "which seed this is"),
	LIST(0, "sql", NULL, "PATH", &o.sql,
	     "the seed is this file or directory (.sql .sql.gz .sql.zst, by name); may be "
	     "given more than once"),
	FLAG(0, "no-transaction", &o.bare, "run SQL files one by one instead of all in one transaction"),
	SECRET(0, "unless", "SEEDONCE_UNLESS", "CHECK", &o.unless,
	       "without a marker: take the seed for done where CHECK holds"),
	SECRET(0, "verify", "SEEDONCE_VERIFY", "CHECK", &o.verify,
	       "the seed has failed unless CHECK holds after it"),
	WORD(0, "on-interrupted", "SEEDONCE_ON_INTERRUPTED", "fail|rerun|verify", &o.interrupted,
	     "when an earlier run was stopped half-way: exit 70, run again, or take it for done "
	     "where --verify holds [default fail; with --always rerun]"),
	TEXT(0, "version", "SEEDONCE_VERSION", "TEXT", &o.version,
	     "the seed's version; --sql has its files' SHA-256 besides"),
	WORD(0, "on-change", "SEEDONCE_ON_CHANGE", "warn|ignore|fail|rerun", &o.change,
	     "when a seed that is done has changed since"),
	FLAG(0, "always", &o.always, "run at every start, one replica at a time (migrations)"),
	TIME(0, "lock-timeout", "SEEDONCE_LOCK_TIMEOUT", &o.lock_timeout,
	     "how long to wait while another runner seeds"),
	TIME('t', "timeout", "SEEDONCE_TIMEOUT", &o.timeout, "how long to wait for the database"),
	TEXT(0, "schema", "SEEDONCE_SCHEMA", "SCHEMA", &o.schema,
	     "keep the marker in SCHEMA.pgbox_seed instead of pgbox.seed"),
	FLAG(0, "create-db", &o.create, "create the database when it is missing"),
	FLAG(0, "status", &o.status, "show the marker: 0 done, 1 not"),
	FLAG(0, "mark", &o.mark, "write the marker without running anything"),
	FLAG(0, "reset", &o.reset, "remove the marker: the seed runs at the next start"),
	OPT_TABLE_END
};

static const char about[] =
	"Runs a seed exactly once per database: SQL files, or COMMAND. Replicas that\n"
	"start at the same time wait for the one that runs it. A marker row in the\n"
	"database (pgbox.seed; in SQLite pgbox_seed) says that it is done.\n"
	"\n"
	"SQL files run in one transaction with the marker, their own BEGIN and COMMIT\n"
	"left out: all of it is there, or nothing. A COMMAND that fails runs again at the\n"
	"next start. One that a signal ended (also one passed on, or out of memory), or\n"
	"that exits with 129 to 159, was interrupted: the next start exits 70 and does\n"
	"not run it, see --on-interrupted. It gets SEEDONCE_NAME and SEEDONCE_ATTEMPT.\n"
	"\n"
	"--then NEXT... is run in seedonce's place afterwards: same pid, stdin, signals.\n"
	"A lone word --then ends the seed COMMAND. CHECK is one of waitdb's about a\n"
	"database. URL is found as by waitdb.";

static const char notes[] =
	"examples:\n"
	"  seedonce --unless table=public.users -- python manage.py loaddata base\n"
	"  seedonce --sql /seed --verify 'rows=users>=3' --then gunicorn app\n"
	"  seedonce --always --name migrate -- python manage.py migrate\n"
	"  seedonce --create-db sqlite:////data/app.db -- flask seed --then flask run\n"
	"\n"
	"exit codes: 0 done, now or before; 1 the seed failed; 64 wrong call; 65 a\n"
	"damaged or changed seed, or one that commits by itself; 66 no such SQL file; 69\n"
	"database refuses; 70 an earlier run was interrupted; 73 cannot write; 75\n"
	"another runner holds the lock; 77 no right; 78 wrong variable; 124 no database\n"
	"in time; 126, 127 NEXT does not run, is not found; 128+n stopped by signal n.";

/* --- what the run works with --- */

static struct checks checks;  /* ready and writable, about the target */
static struct check unless, verify; /* of the options */
static struct seed_check unless_holds, verify_holds;
static struct db db;          /* for markers and checks */
static struct journal journal;
static struct seed seed;
static struct lock lock;

static int64_t soon(void)
{
	return clock_after(SEED_ASK_MS);
}

static const char *shown(void)
{
	return seed.target->shown;
}

/* The journal is reported once and never stops anything. */
static void journaled(int rc)
{
	if (rc < 0)
		msg(MSG_WARNING, "%s: going on without it", journal.error.data);
}

static void ask_check(const void *check, struct db *session, int64_t deadline, struct finding *f)
{
	check_ask_db(check, session, deadline, f);
}

static struct run record(const char *status)
{
	return (struct run){ .applet = "seedonce", .name = o.name, .target = shown(),
		.status = status, .sha256 = seed.marker.sha256, .attempt = seed.marker.attempt };
}

/* --- reading the command line --- */

/* Cuts the seed's command at a lone --then; returns what comes after, or NULL. */
static char **split_then(char **command)
{
	for (; command && *command; command++) {
		if (strcmp(*command, "--then") == 0) {
			*command = NULL;
			return command + 1;
		}
	}
	return NULL;
}

static void read_check(struct check *check, const char *text, const char *option, const char *variable)
{
	struct buf error = BUF_INIT;
	int rc = text ? check_read_option(check, text, option, variable, &error) : 0;

	if (rc)
		die(rc, "%s", error.data);
	if (text && !check_is_of_db(check))
		die(BAD_USAGE, "%s: check '%s' is not one about a database", option, check->shown);
}

/* Sorts `-- COMMAND --then NEXT` and `--then NEXT` out. Returns NEXT. */
static char **read_command(char **command)
{
	char **then;

	if (command && strcmp(command[-1], "--then") == 0)
		return command;
	then = split_then(command);
	if (then && !*then)
		die(BAD_USAGE, "no command after --then");
	seed.command = command && *command ? command : NULL;
	return then;
}

static void read_call(int argc, char **argv, struct strs *urls)
{
	bool asks = o.status || o.reset || o.mark;

	if (argc && o.url)
		die(BAD_USAGE, "the database is given twice: as an operand and by --url");
	if (argc || o.url)
		strs_add(urls, argc ? argv[0] : o.url);
	if (o.status + o.reset + o.mark > 1)
		die(BAD_USAGE, "--status, --reset and --mark exclude each other");
	if (asks && seed.command)
		die(BAD_USAGE, "--status, --reset and --mark run no command");
	if (!asks && o.sql.n && seed.command)
		die(BAD_USAGE, "--sql and a seed COMMAND exclude each other; a command to run "
		    "afterwards stands behind --then");
	if (!asks && !o.sql.n && !seed.command)
		die(BAD_USAGE, "nothing to seed with: give --sql PATH or -- COMMAND");
	if (o.bare && !o.sql.n)
		die(BAD_USAGE, "--no-transaction is about --sql");
	if (!*o.name || strlen(o.name) > NAME_MAX_BYTES)
		die(BAD_USAGE, "--name has 1 to %d bytes", NAME_MAX_BYTES);
	if (o.schema && (!*o.schema || strlen(o.schema) > SCHEMA_MAX_BYTES))
		die(BAD_USAGE, "--schema has 1 to %d bytes", SCHEMA_MAX_BYTES);
	if (strcmp(o.interrupted, "verify") == 0 && !o.verify)
		die(BAD_USAGE, "--on-interrupted verify needs --verify CHECK");
	if (!*o.interrupted)
		o.interrupted = o.always ? "rerun" : "fail";
	read_check(&unless, o.unless, "--unless", "SEEDONCE_UNLESS");
	read_check(&verify, o.verify, "--verify", "SEEDONCE_VERIFY");
}

static void read_seed(void)
{
	struct buf error = BUF_INIT;
	int rc = o.status || o.reset ? DONE : seed_load(&seed, &o.sql, &error);

	if (rc)
		die(rc, "%s", error.data);
	seed.name = o.name;
	seed.schema = o.schema;
	seed.one_transaction = !o.bare;
	verify_holds = (struct seed_check){ .shown = verify.shown, .ask = ask_check, .arg = &verify };
	unless_holds = (struct seed_check){ .shown = unless.shown, .ask = ask_check, .arg = &unless };
	seed.verify = o.verify ? &verify_holds : NULL;
	seed.unless = o.unless ? &unless_holds : NULL;
	seed.always = o.always;
	seed.on_interrupted = o.interrupted;
	seed.on_change = o.change;
	seed.marker.version = o.version ? xstrdup(o.version) : NULL;
	seed.marker.attempt = 1;
	seed.lock = &lock;
	seed.tell = &teller_msg;
	seed.patience = o.lock_timeout;
}

/* --- the database --- */

static void tell_waiting(const struct checks *c, size_t i, const struct finding *f, bool again)
{
	if (f->verdict != PASS)
		msg(again ? MSG_DEBUG : MSG_INFO, "%s: waiting for the database: %s",
		    checks_target(c, i), f->why.data);
}

/* Waits until the target may be written to. 0, or an exit code, said. */
static int reach_database(const struct strs *urls)
{
	struct strs wanted = { 0 };
	struct wait w = { .grace = 15000, .create = o.create, .tell = tell_waiting };
	struct finding f = FINDING_INIT;
	struct buf error = BUF_INIT;
	int rc;

	strs_split(&wanted, o.status ? "ready" : "ready\nwritable", NULL);
	rc = checks_read(&checks, &wanted, urls, "ready", &error);
	strs_free(&wanted);
	if (rc)
		die(rc, "%s", error.data);
	msg_each(MSG_WARNING, &checks.warnings);
	seed.target = &checks.targets[0];
	if (o.schema && seed.target->kind == TARGET_SQLITE)
		die(BAD_USAGE, "--schema: SQLite has no schemas");
	w.deadline = clock_after(o.timeout);
	wait_guard(w.deadline);
	for (size_t i = 0; i < checks.n && !rc; i++)
		rc = wait_poll(&checks, i, &w, &f);
	wait_guard(CLOCK_NEVER);
	checks_rest(&checks);
	if (rc)
		msg(MSG_ERROR, "%s: %s%s", shown(), rc == TIMED_OUT ? "gave up waiting: " : "",
		    f.why.data);
	finding_free(&f);
	return rc;
}

/* --- doing --- */

static int adopt(void)
{
	struct run r = record("adopted");
	struct buf error = BUF_INIT;
	int64_t id;
	int rc = db_reopen(&db, seed.target, soon(), &error);

	if (!rc)
		rc = marker_adopt(&db, seed_key(&seed), &seed.marker, soon(), &error);
	if (rc)
		msg(MSG_ERROR, "%s", error.data);
	else
		msg(MSG_INFO, "%s: seed '%s' is taken for done", shown(), o.name);
	if (!rc)
		journaled(journal_start(&journal, &r, &id));
	buf_free(&error);
	return rc;
}

static int run_seed(void)
{
	struct run r = record("running");
	struct buf why = BUF_INIT;
	int64_t began = clock_ms(), id;
	const char *bad;
	int rc = seed_prepare(&seed, &db, soon(), &why);

	if (rc) {
		msg(MSG_ERROR, "%s", why.data);
		buf_free(&why);
		return rc;
	}
	/* The session would only be idle while the seed runs. */
	db_close(&db);
	journaled(journal_start(&journal, &r, &id));
	msg(MSG_INFO, "%s: running seed '%s' (attempt %ld)", shown(), o.name, seed.marker.attempt);
	rc = seed_run(&seed, &why);
	bad = seed.interrupted ? "interrupted" : "failed";
	if (rc)
		msg(MSG_ERROR, "%s: seed '%s' %s: %s", shown(), o.name, bad, why.data);
	else
		msg(MSG_INFO, "%s: seed '%s' is done after %.1f s", shown(), o.name,
		    (double)(clock_ms() - began) / 1000);
	journaled(journal_finish(&journal, id, rc ? bad : "done", rc ? why.data : NULL));
	buf_free(&why);
	/* A seed that ended well all the same is done; what was to stop is this process. */
	return !rc && seed.signal ? BY_SIGNAL + seed.signal : rc;
}

static int act(void)
{
	struct run r = record("running");
	struct marker m;
	int rc = seed_read(&seed, &db, &m);
	enum decision what = rc ? DECISION_STOP : decision_of(&seed, &db, &m, &rc);

	journaled(journal_interrupted(&journal, &r));
	seed.marker.attempt = m.attempt + 1;
	marker_free(&m);
	return what == DECISION_RUN ? run_seed() : what == DECISION_ADOPT ? adopt() : rc;
}

static int run_once(void)
{
	int rc;

	lock_init(&lock, LOCK_SEED, seed.target, o.name);
	rc = turn_take(&seed, &db);
	if (!rc && lock.fd >= 0) {
		journaled(journal_open(&journal, JOURNAL_DEFAULT, true));
		rc = act();
		journal_free(&journal);
	}
	lock_free(&lock);
	return rc;
}

/* --- --status, --reset, --mark --- */

static int show_status(void)
{
	struct marker m;
	int rc = seed_read(&seed, &db, &m);

	if (rc)
		return rc;
	show("%s: seed '%s': %s", shown(), o.name, seed_state(&seed, &m, soon()));
	if (m.state != MARKER_NONE)
		show(", attempt %ld, began %s on %s, ended %s%s%s", m.attempt, m.started, m.host,
		       m.finished ? m.finished : "never", m.version ? ", version " : "",
		       m.version ? m.version : "");
	show("\n");
	rc = m.state == MARKER_DONE || m.state == MARKER_ADOPTED ? DONE : NO;
	marker_free(&m);
	return rc;
}

static int reset(struct buf *error)
{
	bool removed;
	int rc = db_reopen(&db, seed.target, soon(), error);

	if (!rc)
		rc = marker_remove(&db, seed_key(&seed), soon(), &removed, error);
	if (!rc)
		msg(MSG_INFO, "%s: seed '%s': %s", shown(), o.name,
		    removed ? "the marker is removed" : "there was no marker");
	return rc;
}

/* Changes the marker by hand, while no runner is at work. */
static int change_marker(void)
{
	struct buf error = BUF_INIT;
	int rc;

	lock_init(&lock, LOCK_SEED, seed.target, o.name);
	rc = lock_try(&lock, soon(), &error);
	if (rc == LOCKED)
		turn_holder(&seed, MSG_ERROR, "not while there is");
	if (!rc)
		rc = o.reset ? reset(&error) : adopt();
	if (error.len)
		msg(MSG_ERROR, "%s", error.data);
	lock_free(&lock);
	buf_free(&error);
	return rc;
}

static int run(int argc, char **argv, char ***command)
{
	struct strs urls = { 0 };
	char **then = read_command(*command);
	int rc;

	db = (struct db)DB_INIT;
	journal = (struct journal)JOURNAL_INIT;
	read_call(argc, argv, &urls);
	read_seed();
	rc = reach_database(&urls);
	if (!rc)
		rc = o.status ? show_status() : o.reset || o.mark ? change_marker() : run_once();
	*command = then;
	db_free(&db);
	check_free(&unless);
	check_free(&verify);
	checks_free(&checks);
	marker_free(&seed.marker);
	strs_free(&seed.files);
	strs_free(&urls);
	strs_free(&o.sql);
	return rc;
}

const struct applet applet_seedonce = {
	.name = "seedonce",
	.brief = "run a seed exactly once per database",
	.synopsis = "[URL] [options] (--sql PATH... | -- COMMAND...) [--then NEXT...]",
	.about = about,
	.opts = opts,
	.notes = notes,
	.max_operands = 1,
	.takes_command = true,
	.then = "--then",
	.run = run,
};
