/*
 * waitdb - wait until a database is ready, then run a command.
 *
 * "Ready" means a login and an answered query, not an open port: a server in
 * recovery accepts connections and refuses sessions, and the official image
 * first runs a temporary server that is stopped again.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/proc.h"
#include "check/wait.h"
#include "opt/opt.h"

#define ANY_MS 500

static struct {
	struct strs checks;
	int64_t timeout, grace;
	bool any, once, create;
} o = { .timeout = 60000, .grace = 15000 };

static const struct opt opts[] = {
	LIST(0, "for", "WAITDB_FOR", "CHECK", &o.checks,
	     "wait until CHECK holds; all of them when given more than once"),
	LIST_AS(0, "url", "url=", "URL", &o.checks, "the database that the checks after it are about"),
	FLAG(0, "any", &o.any, "one CHECK that holds is enough"),
	TIME('t', "timeout", "WAITDB_TIMEOUT", &o.timeout, "give up after this long; 0 never does"),
	TIME(0, "auth-grace", "WAITDB_AUTH_GRACE", &o.grace,
	     "how long a wrong password, a missing role or database may last"),
	FLAG(0, "create-db", &o.create, "create the database when it is missing"),
	FLAG(0, "once", &o.once, "try once and exit with pg_isready's 0, 1, 2 or 3"),
	OPT_TABLE_END
};

static const char about[] =
	"Waits until the database answers a query (check `ready`), or until other checks\n"
	"hold, then runs COMMAND in its place: same pid, stdin, signals, exit status.\n"
	"\n"
	"URL is postgres://USER:PASSWORD@HOST:PORT/DATABASE, sqlite:///FILE, a conninfo\n"
	"string or env:NAME; without one: DATABASE_URL, else PG*, else POSTGRES_*. Each\n"
	"variable may be set through NAME_FILE instead.\n"
	"\n"
	"The reason for waiting is reported when it changes, and every ten seconds. What\n"
	"can never come true ends the waiting at once: a parameter of the connection\n"
	"that libpq, the server or a pooler refuses, a certificate file that is missing.\n"
	"\n"
	CHECKS_HELP;

static const char notes[] =
	"examples:\n"
	"  waitdb && exec gunicorn app\n"
	"  waitdb --for writable --for table=public.users -- gunicorn app\n"
	"  waitdb --url env:USERS_URL --for ready --for redis=cache:6379 --timeout 2m\n"
	"\n"
	"exit codes: 0 ready; 64 wrong call; 65 not an SQLite database; 69 no such\n"
	"database, or the server refuses for good; 73 the SQLite file cannot be written;\n"
	"77 login refused; 78 wrong variable; 124 timeout; 126, 127 COMMAND does not run,\n"
	"is not found; 128+n stopped by signal n. With --once: 0 ready, 1 the server\n"
	"answers but is not ready, 2 no answer, 3 no target to try.";

static void tell(const struct checks *c, size_t i, const struct finding *f, bool again)
{
	enum msg_level level = again ? MSG_DEBUG : MSG_INFO;
	const char *place = checks_target(c, i), *shown = c->v[i].shown;

	if (f->verdict == PASS)
		msg(MSG_INFO, "%s%s%s", place, *place ? ": " : "", shown);
	else
		msg(level, "%s%swaiting for %s: %s", place, *place ? ": " : "", shown, f->why.data);
}

static int wait_one(struct checks *c, size_t i, const struct wait *w)
{
	const char *place = checks_target(c, i), *shown = c->v[i].shown;
	struct finding f = FINDING_INIT;
	int rc = wait_poll(c, i, w, &f);

	if (rc == TIMED_OUT)
		msg(MSG_ERROR, "%s%sgave up waiting for %s: %s", place, *place ? ": " : "", shown,
		    f.why.data);
	else if (rc)
		msg(MSG_ERROR, "%s%s%s cannot come true: %s", place, *place ? ": " : "", shown,
		    f.why.data);
	finding_free(&f);
	return rc;
}

static int wait_all(struct checks *c, const struct wait *w)
{
	int rc = 0;

	for (size_t i = 0; i < c->n && !rc; i++)
		rc = wait_one(c, i, w);
	return rc;
}

/* One child per check, so that none holds up another; the first to succeed wins, and
 * none is left to the command. */
static int wait_any(struct checks *c, const struct wait *w)
{
	pid_t *pids = xcalloc(c->n, sizeof(*pids));
	int rc = TIMED_OUT, status;
	pid_t parent = getpid();

	/* The guards of the children come first. */
	wait_guard(w->deadline == CLOCK_NEVER ? CLOCK_NEVER : w->deadline + ANY_MS);
	for (size_t i = 0; i < c->n; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die(NO, "cannot fork");
		if (pids[i] == 0) {
			proc_die_with_parent(parent);
			_exit(wait_one(c, i, w));
		}
	}
	while (rc && wait(&status) > 0)
		rc = proc_status(status);
	for (size_t i = 0; i < c->n; i++)
		kill(pids[i], SIGKILL);
	while (wait(&status) > 0)
		;
	free(pids);
	return rc;
}

/* pg_isready's codes: 0 accepting, 1 rejecting, 2 no response. */
static int try_once(struct checks *c)
{
	struct finding f = FINDING_INIT;
	int worst = 0;

	for (size_t i = 0; i < c->n; i++) {
		const char *place = checks_target(c, i);
		int rc;

		checks_ask(c, i, checks_soon(clock_after(o.timeout)), &f);
		rc = f.verdict == PASS ? 0 : f.reach == CONNECT_NO_NAME || f.reach == CONNECT_REFUSED ||
		                             f.reach == CONNECT_SILENT ? 2 : 1;
		if (rc)
			msg(MSG_INFO, "%s%sno %s: %s", place, *place ? ": " : "", c->v[i].shown,
			    f.why.data);
		if (o.any && rc == 0) {
			worst = 0;
			break;
		}
		worst = rc > worst ? rc : worst;
	}
	finding_free(&f);
	return worst;
}

static int run(int argc, char **argv, char ***command)
{
	const struct strs urls = { .v = argv, .n = (size_t)argc };
	struct wait w = { .grace = o.grace, .create = o.create, .tell = tell };
	struct buf error = BUF_INIT;
	struct checks c;
	int rc = checks_blame(checks_read(&c, &o.checks, &urls, "ready", &error), &o.checks, "WAITDB_FOR", &error);

	(void)command;
	if (rc && o.once) {
		msg(MSG_ERROR, "%s", error.data);
		return 3;
	}
	if (rc)
		die(rc, "%s", error.data);
	msg_each(MSG_WARNING, &c.warnings);
	w.deadline = clock_after(o.timeout);
	wait_guard(w.deadline);
	rc = o.once ? try_once(&c) : o.any ? wait_any(&c, &w) : wait_all(&c, &w);
	checks_free(&c);
	strs_free(&o.checks);
	buf_free(&error);
	return rc;
}

const struct applet applet_waitdb = {
	.name = "waitdb",
	.brief = "wait until a database is ready, then run a command",
	.synopsis = "[URL...] [--for CHECK]... [options] [-- COMMAND [ARG...]]",
	.about = about,
	.opts = opts,
	.notes = notes,
	.max_operands = -1,
	.takes_command = true,
	.run = run,
};
