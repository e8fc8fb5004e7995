/* notify - tells others how a run went. */
#include "backup/notify.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/metrics.h"
#include "base/banned.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/status.h"
#include "base/teller.h"
#include "ext/http.h"
#include "ext/lite.h"

#define TAIL 10000    /* bytes of the log: what every healthchecks server takes */
#define PAUSE_MS 1000 /* between two tries, doubled with each */
#define SLACK_MS 500  /* for a sender to say why it failed */
#define TOKEN 10      /* a part of a URL of so many bytes may be one */

static bool is_set(const char *text)
{
	return text && *text;
}

/* --- URLs --- */

static const char *host_of(const char *url)
{
	const char *rest = skip_prefix(url, "https://");

	return rest ? rest : skip_prefix(url, "http://");
}

/* The host alone: everything else may be a token. The caller frees it. */
static char *shown(const char *url)
{
	const char *host = host_of(url), *at;
	size_t len = strcspn(host, "/?#");

	at = memrchr(host, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return xstrndup(host, len);
}

/* Whatever quotes the URL, or a part of it that looks like a token, in a message. */
static void hide(const char *url)
{
	struct strs parts = { 0 };
	const char *host = host_of(url), *at = memrchr(host, '@', strcspn(host, "/?#"));

	if (strlen(host) > strcspn(host, "/?#") + 1 || at)
		msg_secret(url);
	if (at) {
		char *user = xstrndup(host, (size_t)(at - host));

		strs_split(&parts, user, ":");
		for (size_t i = 0; i < parts.n; i++)
			msg_secret(parts.v[i]);
		strs_free(&parts);
		free(user);
	}
	strs_split(&parts, host + strcspn(host, "/?#"), "/?#&=");
	for (size_t i = 0; i < parts.n; i++)
		if (strlen(parts.v[i]) >= TOKEN)
			msg_secret(parts.v[i]);
	strs_free(&parts);
}

static int check_url(const char *name, const char *url, struct buf *error)
{
	const char *host = is_set(url) ? host_of(url) : "x";

	if (!host || !strcspn(host, "/?#") || strpbrk(host, " \t\r\n")) {
		buf_printf(error, "%s: not a URL that begins with http:// or https://", name);
		return BAD_CONFIG;
	}
	if (is_set(url))
		hide(url);
	return 0;
}

int notify_check(const struct notify *n, struct buf *error)
{
	int rc = check_url("WEBHOOK_URL", n->webhook, error);

	if (!rc)
		rc = check_url("WEBHOOK_ERROR_URL", n->webhook_error, error);
	return rc ? rc : check_url("HEALTHCHECKS_URL", n->healthchecks, error);
}

/* The ping of that kind ("", "/start", "/fail"): in front of the query. The caller frees it. */
static char *ping_url(const char *url, const char *kind)
{
	size_t len = strcspn(url, "?#"), end = len;

	while (end && url[end - 1] == '/')
		end--;
	return xasprintf("%.*s%s%s", (int)(*kind ? end : len), url, kind, url + len);
}

/* --- sending --- */

/* One message, and the process that sends it: the resolver of the C library blocks, and
 * several servers are told side by side. */
struct post {
	const char *name; /* of the variable */
	char *url;        /* owned */
	const char *type, *body;
	bool once;        /* not tried again */
	pid_t pid;        /* 0: none */
	int said;         /* what it has to say; -1: none */
};

/* Why it could not be told; nothing: it was, or whether it was will never be known. A
 * server that is restarting may answer in a moment; what was refused stays so. */
static void try_post(const struct post *p, int64_t deadline, struct buf *why)
{
	struct http_question q = { .method = "POST", .url = p->url, .type = p->type, .body = p->body,
		                   .deadline = deadline };

	for (int64_t pause = PAUSE_MS;; pause *= 2) {
		struct buf answer = BUF_INIT;
		long code = 0;
		int rc = http_ask(&q, &code, &answer, why);

		buf_free(&answer);
		if (!rc && code >= 200 && code < 300)
			return;
		if (!rc)
			buf_printf(why, "answered %ld%s", code,
			           code >= 300 && code < 400 ? ", a redirect, which is not followed: set the "
			                                       "URL that it leads to" : "");
		if (p->once || (!rc && code < 500 && code != 429) || clock_left(deadline) <= pause)
			return;
		clock_sleep(pause, deadline);
		buf_cut(why, 0);
	}
}

static void start_post(struct post *p, int64_t deadline)
{
	struct buf why = BUF_INIT;
	pid_t parent = getpid();
	int ends[2];

	p->said = -1;
	if (pipe(ends) != 0)
		return;
	p->pid = fork();
	if (p->pid == 0) {
		proc_die_with_parent(parent);
		proc_default_signals();
		try_post(p, deadline, &why);
		msg_mask(&why);
		_exit(write(ends[1], why.data, why.len) < 0);
	}
	close(ends[1]);
	p->said = ends[0];
}

/* Reads what the sender says, until it ends or the deadline has passed. */
static bool hear(const struct post *p, int64_t deadline, struct buf *why)
{
	struct pollfd poller = { .fd = p->said, .events = POLLIN };
	ssize_t n = 1;

	while (n > 0 && poll(&poller, 1, clock_poll(deadline)) > 0) {
		n = read(p->said, buf_room(why, 1024), 1024);
		why->len += n > 0 ? (size_t)n : 0;
		why->data[why->len] = '\0';
	}
	return n == 0;
}

static void end_post(const struct notify *n, struct post *p, int64_t deadline)
{
	struct buf why = BUF_INIT, words = BUF_INIT;
	char *host = shown(p->url);

	if (p->pid < 0 || p->said < 0)
		buf_puts(&why, "no process can be made");
	else if (!hear(p, deadline + SLACK_MS, &why))
		buf_puts(&why, "no answer in time");
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (p->said >= 0)
		close(p->said);
	if (why.len) {
		buf_printf(&words, "%s: %s could not be told: %s", p->name, host, why.data);
		teller_say(n->tell, MSG_WARNING, words.data);
	}
	buf_free(&words);
	buf_free(&why);
	free(host);
	free(p->url);
}

static void post_all(const struct notify *n, struct post *posts, size_t count, int64_t ms)
{
	int64_t deadline = clock_after(ms);

	for (size_t i = 0; i < count; i++)
		start_post(&posts[i], deadline);
	for (size_t i = 0; i < count; i++)
		end_post(n, &posts[i], deadline);
}

/* --- what is told --- */

/* What a webhook gets; ?1 are the results. `text` is what Slack and
 * Mattermost show, `content` what Discord does. */
static const char body_sql[] =
	"WITH d AS (SELECT value ->> 'database' AS database, value ->> 'error' AS error,"
	"  value ->> 'bytes' AS bytes FROM json_each(?1)),"
	" one AS (SELECT ifnull((SELECT group_concat(database, ', ') FROM d"
	"   WHERE database <> '.globals' AND database NOT GLOB '*/.globals'), '') AS databases,"
	"  (SELECT ifnull(sum(bytes), 0) FROM d) AS bytes,"
	"  coalesce((SELECT error FROM d WHERE error IS NOT NULL LIMIT 1), ?8) AS error),"
	" line AS (SELECT *, printf('pgbackup on %s: %s: %s, %d byte%s in %s s', ?3,"
	"  iif(databases = '', 'run', databases), ?4, bytes, iif(bytes = 1, '', 's'), ?5)"
	"  || iif(?4 = 'done', '', ': ' || ifnull(error, '')) AS words FROM one)"
	" SELECT json_object('applet', 'pgbackup', 'host', ?3, 'database', databases, 'status', ?4,"
	" 'exit_code', json(?2), 'bytes', bytes, 'seconds', json(?5), 'started', ?6, 'finished', ?7,"
	" 'error', iif(?4 = 'done', NULL, error), 'next_run', ?9, 'databases', json(?1),"
	" 'text', words, 'content', words) FROM line";

/* The first error that was said: there are some that are of no database. The caller frees it. */
static char *first_error(const char *tail)
{
	const char *at = skip_prefix(tail, "error: ") ? tail : strstr(tail, "\nerror: ");

	if (!at)
		return NULL;
	at = skip_prefix(at + (*at == '\n'), "error: ");
	return xstrndup(at, strcspn(at, "\n"));
}

static const char *status_word(int status)
{
	return status == DONE ? "done" : status == PARTLY ? "partly" : "failed";
}

/* The caller frees it. */
static char *webhook_body(const struct notify *n, const struct ran *r, int64_t ended, const char *tail)
{
	int64_t ms = ended > n->began ? ended - n->began : 0;
	char host[256] = "", code[16];
	char *results = results_json(&n->outcome), *error = first_error(tail);
	char *seconds = xasprintf("%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
	char *began = clock_iso(n->began), *finished = clock_iso(ended);
	char *next = r->next ? clock_iso(r->next) : NULL, *body = NULL;
	const char *params[] = { results, code, host, status_word(r->status), seconds, began, finished,
		                 error, next };
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	gethostname(host, sizeof(host) - 1);
	snprintf(code, sizeof(code), "%d", r->status);
	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite, body_sql, params, 9, &rows) == 0 && rows_get(&rows, 0, 0))
		body = xstrdup(rows_text(&rows, 0, 0));
	rows_free(&rows);
	lite_free(&lite);
	free(results), free(error), free(seconds), free(began), free(finished), free(next);
	return body ? body : xstrdup("{}");
}

static void write_metrics(const struct notify *n, const struct ran *r, int64_t ended)
{
	struct metrics m = { .began = n->began, .ended = ended, .next = r->next, .good = r->status == DONE };
	struct buf error = BUF_INIT;
	struct catalog c;

	catalog_open(&c, r->dir, false);
	if (metrics_write(n->metrics, &m, &c, r->about, &error) != 0)
		teller_say(n->tell, MSG_WARNING, error.data);
	catalog_free(&c);
	buf_free(&error);
}

void notify_start(struct notify *n)
{
	struct post start = { .name = "HEALTHCHECKS_URL", .type = "text/plain", .once = true };

	results_open(&n->outcome);
	if (is_set(n->healthchecks)) {
		start.url = ping_url(n->healthchecks, "/start");
		post_all(n, &start, 1, NOTIFY_START_MS);
	}
	n->began = clock_wall();
}

void notify_end(struct notify *n, const struct ran *r)
{
	int64_t ended = clock_wall();
	char *tail = results_tail(&n->outcome, TAIL), *body = webhook_body(n, r, ended, tail);
	bool good = r->status == DONE;
	struct post posts[3];
	size_t count = 0;

	if (is_set(n->metrics))
		write_metrics(n, r, ended);
	if (is_set(n->webhook))
		posts[count++] = (struct post){ .name = "WEBHOOK_URL", .url = xstrdup(n->webhook),
			                        .type = "application/json", .body = body };
	if (is_set(n->webhook_error) && !good)
		posts[count++] = (struct post){ .name = "WEBHOOK_ERROR_URL", .url = xstrdup(n->webhook_error),
			                        .type = "application/json", .body = body };
	if (is_set(n->healthchecks))
		posts[count++] = (struct post){ .name = "HEALTHCHECKS_URL",
			                        .type = "text/plain",
			                        .body = tail,
			                        .url = ping_url(n->healthchecks, good ? "" : "/fail") };
	/* Who is told to stop has no time for this. */
	if (r->status <= BY_SIGNAL)
		post_all(n, posts, count, NOTIFY_END_MS);
	else
		for (size_t i = 0; i < count; i++)
			free(posts[i].url);
	results_close(&n->outcome);
	free(body);
	free(tail);
}
