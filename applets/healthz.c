/*
 * healthz - is it healthy? For Docker's HEALTHCHECK and Kubernetes' exec probes.
 *
 * Each check is asked once, all side by side under one deadline, and the answer is the
 * exit status: 0 or 1 and nothing else, because Docker reserves the others. What is said
 * besides is for whoever looks at the container: no more than Docker keeps.
 */
#include <stdio.h>
#include <string.h>

#include "base/banned.h"
#include "check/health.h"
#include "opt/opt.h"

static struct {
	struct strs checks;
	int64_t timeout;
	bool json;
} o = { .timeout = 3000 };

static bool verdict_given;

static const struct opt opts[] = {
	LIST(0, "for", "HEALTHZ_CHECKS", "CHECK", &o.checks,
	     "the same as the operand; in the variable one a line, with url=URL lines for --url"),
	LIST_AS(0, "url", "url=", "URL", &o.checks, "the database that the checks after it are about"),
	TIME('t', "timeout", "HEALTHZ_TIMEOUT", &o.timeout,
	     "what has not answered by then is unknown; keep it below the container's own"),
	FLAG(0, "json", &o.json, "one line of health+json"),
	OPT_TABLE_END
};

static const char about[] =
	"Asks each CHECK (`ready`) once, all at the same time, and says whether all hold:\n"
	"a line for the verdict and one for each check, at most 4096 bytes. What cannot\n"
	"be told is unknown, and that is not healthy. The database is found as by\n"
	"waitdb; --url, and url= in HEALTHZ_CHECKS, is about the checks behind it.\n"
	"\n"
	CHECKS_HELP;

static const char notes[] =
	"examples:\n"
	"  healthz\n"
	"  healthz ready table=public.users 'disk=/data<85%'\n"
	"  healthz --url env:USERS_URL ready writable --url env:SYNC_URL 'lag<10s'\n"
	"  healthz --timeout 2s --json http=http://127.0.0.1:8000/ redis=cache:6379\n"
	"\n"
	"exit codes: 0 healthy; 1 not, or not known, or a wrong call or variable.";

/* For the timer of probe_run, too. */
static const char *words_of(const struct probe *p, void *arg)
{
	static struct buf words = BUF_INIT;

	(void)arg;
	buf_cut(&words, 0);
	if (msg_limit == MSG_ERROR)
		return words.data;
	if (o.json)
		health_json(p, &words);
	else
		health_text(p, &words);
	return words.data;
}

static bool has_word(char *const *argv, const char *word)
{
	for (; *argv && strcmp(*argv, "--") != 0; argv++)
		if (strcmp(*argv, word) == 0)
			return true;
	return false;
}

/* Whoever reads the verdict gets one of a wrong call, too; the error on stderr says more. */
static void refused(char *const *argv, const char *why)
{
	struct buf words = BUF_INIT;

	if (verdict_given || msg_limit == MSG_ERROR || has_word(argv, "-q") || has_word(argv, "--quiet"))
		return;
	health_refused(o.json || has_word(argv, "--json"), why, &words);
	fputs(words.data, stdout);
	fflush(stdout);
	buf_free(&words);
}

static int run(int argc, char **argv, char ***command)
{
	const struct strs no_urls = { 0 };
	struct buf error = BUF_INIT;
	struct checks c;
	struct probe p = { .checks = &c, .last_words = words_of };
	int rc;

	(void)argc, (void)argv, (void)command;
	if (!o.timeout)
		die(BAD_USAGE, "--timeout: a healthcheck needs one");
	p.deadline = clock_after(o.timeout);
	rc = checks_read(&c, &o.checks, &no_urls, "ready", &error);
	if (rc)
		die(rc, "%s", error.data);
	probe_run(&p);
	rc = health_status(&p);
	verdict_given = true;
	fputs(words_of(&p, NULL), stdout);
	fflush(stdout);
	/* Behind the verdict, which is what is looked at first. */
	msg_each(MSG_WARNING, &c.warnings);
	probe_free(&p);
	checks_free(&c);
	strs_free(&o.checks);
	buf_free(&error);
	return rc;
}

const struct applet applet_healthz = {
	.name = "healthz",
	.brief = "say whether databases, servers, disks and backups are healthy",
	.synopsis = "[CHECK]... [--url URL [CHECK]...]... [options]",
	.about = about,
	.opts = opts,
	.notes = notes,
	.max_operands = -1,
	.operands = &o.checks,
	.yes_or_no = true,
	.refused = refused,
	.run = run,
};
