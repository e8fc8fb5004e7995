/* probe - asks many checks side by side, each once, under one deadline. */
#include "check/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/net.h"
#include "base/proc.h"
#include "base/status.h"
#include "db/url.h"

#define HERE_MAX 8    /* checks that are asked in this process: the last words are made anew for each */
#define WORDS_MAX 4096 /* bytes of a finding's words that a child sends */
#define REAP_MS 50

/* The checks of one target, or of one place. */
struct group {
	size_t first;      /* its first check; the others have the same target */
	pid_t pid;         /* 0: not started, or reaped */
	int fd;            /* what it says; -1: nothing more */
	struct buf said;   /* the beginning of a reply */
};

/* What a child sends for each check, followed by `words` bytes. */
struct reply {
	size_t check, words;
	enum verdict verdict;
	enum connect_state reach;
	int64_t value, ms, at;
};

static const struct check *check_of(const struct probe *p, size_t i)
{
	return &p->checks->v[i];
}

static bool same_group(const struct probe *p, size_t first, size_t i)
{
	const struct check *a = check_of(p, first), *b = check_of(p, i);

	return i == first || (check_is_of_db(a) && check_is_of_db(b) && a->target == b->target);
}

static bool is_first(const struct probe *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_group(p, j, i))
			return false;
	return true;
}

/* --- asking --- */

/* Whether a hung mount may hold it where no signal reaches. */
static bool is_on_disk(const struct checks *checks, size_t i)
{
	const struct check *check = &checks->v[i];

	return check->kind->on_disk ||
	       (check_is_of_db(check) && checks->targets[check->target].kind == TARGET_SQLITE);
}

static bool is_any_given(const struct probe *p)
{
	for (size_t i = 0; i < p->checks->n; i++)
		if (p->answers[i].given)
			return true;
	return false;
}

static void ask_one(struct probe *p, size_t i)
{
	struct answer *a = &p->answers[i];
	int64_t began = clock_ms();

	if (!clock_left(p->deadline) && !checks_is_lost(p->checks, i)) {
		finding_set(&a->finding, UNKNOWN,
		            is_any_given(p) ? "deadline: the checks before it took all the time"
		                            : "deadline: there was no time to ask");
		a->given = true;
		return;
	}
	checks_ask(p->checks, i, p->deadline, &a->finding);
	a->given = true;
	a->ms = clock_ms() - began;
	a->at = clock_wall();
}

static void ask_here(struct probe *p)
{
	for (size_t i = 0; i < p->checks->n; i++) {
		const char *words = p->last_words ? p->last_words(p, p->arg) : "";

		proc_alarm(clock_left(p->deadline) + PROBE_GRACE_MS, NO, STDOUT_FILENO, words);
		ask_one(p, i);
	}
	proc_alarm(0, NO, -1, "");
	checks_rest(p->checks);
}

/* All that is asked is one server. */
static bool can_ask_here(const struct probe *p)
{
	for (size_t i = 0; i < p->checks->n; i++)
		if (!same_group(p, 0, i) || is_on_disk(p->checks, i))
			return false;
	return p->checks->n <= HERE_MAX;
}

/* --- in a child --- */

static void send_answer(int fd, const struct probe *p, size_t i)
{
	const struct answer *a = &p->answers[i];
	size_t words = a->finding.why.len < WORDS_MAX ? a->finding.why.len : WORDS_MAX;
	struct reply r;
	struct buf b = BUF_INIT;

	memset(&r, 0, sizeof(r)); /* the gaps, too */
	r.check = i;
	r.words = words;
	r.verdict = a->finding.verdict;
	r.reach = a->finding.reach;
	r.value = a->finding.value;
	r.ms = a->ms;
	r.at = a->at;
	buf_add(&b, &r, sizeof(r));
	buf_add(&b, a->finding.why.data, words);
	file_write(fd, b.data, b.len);
	buf_free(&b);
}

static _Noreturn void work(struct probe *p, size_t first, int fd)
{
	for (size_t i = first; i < p->checks->n; i++) {
		if (!same_group(p, first, i))
			continue;
		ask_one(p, i);
		send_answer(fd, p, i);
	}
	checks_rest(p->checks);
	_exit(DONE);
}

/* Says of those of a group that have no answer why they will have none. */
static void give_up(struct probe *p, size_t first, const char *why)
{
	for (size_t i = first; i < p->checks->n; i++)
		if (same_group(p, first, i) && !p->answers[i].given)
			finding_set(&p->answers[i].finding, UNKNOWN, "%s", why);
}

/* False, with errno, when there is no descriptor or process to be had. */
static bool start(struct probe *p, struct group *g)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	g->pid = fork();
	if (g->pid == 0) {
		proc_die_with_parent(parent);
		proc_no_standard_files();
		close(ends[0]);
		work(p, g->first, ends[1]);
	}
	if (g->pid < 0) {
		int err = errno;

		close(ends[0]);
		close(ends[1]);
		g->pid = 0;
		errno = err;
		return false;
	}
	close(ends[1]);
	g->fd = ends[0];
	fcntl(g->fd, F_SETFL, O_NONBLOCK);
	return true;
}

/* --- what they say --- */

static void take_reply(struct probe *p, const struct reply *r, const char *words)
{
	struct answer *a = &p->answers[r->check];

	finding_set(&a->finding, r->verdict, "%.*s", (int)r->words, words);
	a->finding.reach = r->reach;
	a->finding.value = r->value;
	a->given = true;
	a->ms = r->ms;
	a->at = r->at;
}

static void take_records(struct probe *p, struct group *g)
{
	struct reply r;
	size_t taken = 0;

	while (g->said.len - taken >= sizeof(r)) {
		memcpy(&r, g->said.data + taken, sizeof(r));
		if (g->said.len - taken < sizeof(r) + r.words)
			break;
		take_reply(p, &r, g->said.data + taken + sizeof(r));
		taken += sizeof(r) + r.words;
	}
	if (taken) {
		struct buf rest = BUF_INIT;

		buf_add(&rest, g->said.data + taken, g->said.len - taken);
		buf_free(&g->said);
		g->said = rest;
	}
}

static void listen_to(struct probe *p, struct group *g)
{
	ssize_t n;

	while ((n = read(g->fd, buf_room(&g->said, 4096), 4096)) > 0) {
		g->said.len += (size_t)n;
		g->said.data[g->said.len] = '\0';
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		take_records(p, g);
		return;
	}
	close(g->fd);
	g->fd = -1;
	take_records(p, g);
	give_up(p, g->first, "the process that asked ended without an answer");
}

/* Waits for those who have more to say, and hears them. */
static void listen_once(struct probe *p, struct group *groups, size_t n, int64_t end)
{
	struct pollfd *polls = xcalloc(n + 1, sizeof(*polls));
	size_t *of = xcalloc(n + 1, sizeof(*of)), open = 0;

	for (size_t i = 0; i < n; i++)
		if (groups[i].fd >= 0) {
			of[open] = i;
			polls[open++] = (struct pollfd){ .fd = groups[i].fd, .events = POLLIN };
		}
	if (poll(polls, (nfds_t)open, clock_poll(end)) > 0)
		for (size_t i = 0; i < open; i++)
			if (polls[i].revents)
				listen_to(p, &groups[of[i]]);
	free(polls);
	free(of);
}

/* Takes notice of those that have ended. How many have not. */
static size_t bury(struct group *groups, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (groups[i].pid && waitpid(groups[i].pid, NULL, WNOHANG) != 0)
			groups[i].pid = 0;
		left += groups[i].pid != 0;
	}
	return left;
}

static size_t talking(const struct group *groups, size_t n)
{
	size_t open = 0;

	for (size_t i = 0; i < n; i++)
		open += groups[i].fd >= 0;
	return open;
}

/* Starts as many as may run, and the others as those end, until all have said everything, or
 * until a little after the deadline. */
static void run_all(struct probe *p, struct group *groups, size_t n)
{
	int64_t end = clock_after(clock_left(p->deadline) + PROBE_GRACE_MS);
	size_t next = 0;

	do {
		size_t running = bury(groups, n);
		int why;

		while (next < n && start(p, &groups[next])) {
			running++;
			next++;
		}
		why = errno;
		if (talking(groups, n))
			listen_once(p, groups, n, end);
		else if (next < n && running)
			clock_sleep(1, end); /* they have said all and are about to make room */
		else if (next < n)
			give_up(p, groups[next++].first, strerror(why));
	} while ((next < n || talking(groups, n)) && clock_left(end));
}

/* Zombies would be pid 1's to bury, and many a container's does not know how. One that
 * is stuck in the kernel does not end yet: a kill gets it out of more places, but not of all. */
static void reap(struct group *groups, size_t n)
{
	int64_t kill_at = clock_after(REAP_MS / 2), end = clock_after(REAP_MS);

	for (size_t i = 0; i < n; i++)
		if (groups[i].pid && groups[i].fd >= 0)
			proc_end(groups[i].pid);
	while (bury(groups, n) && clock_left(end)) {
		for (size_t i = 0; i < n && !clock_left(kill_at) && proc_may_orphan(); i++)
			if (groups[i].pid && groups[i].fd >= 0)
				kill(groups[i].pid, SIGKILL);
		clock_sleep(1, end);
	}
}

static void ask_in_children(struct probe *p)
{
	struct group *groups = xcalloc(p->checks->n + 1, sizeof(*groups));
	size_t n = 0;

	for (size_t i = 0; i < p->checks->n; i++)
		if (is_first(p, i))
			groups[n++] = (struct group){ .first = i, .fd = -1, .said = BUF_INIT };
	run_all(p, groups, n);
	reap(groups, n);
	for (size_t i = 0; i < n; i++) {
		if (groups[i].fd >= 0)
			close(groups[i].fd);
		buf_free(&groups[i].said);
	}
	free(groups);
}

/* --- silence --- */

/* Whether one of the hosts, h1,h2, is a name. */
static bool has_name(const char *hosts)
{
	bool found = false;

	while (*hosts && !found) {
		size_t len = strcspn(hosts, ",");
		char *host = xstrndup(hosts, len);

		found = !net_is_address(host);
		free(host);
		hosts += len + (hosts[len] == ',');
	}
	return found;
}

static bool is_resolved(const struct checks *checks, size_t i)
{
	const struct check *check = &checks->v[i];
	const struct conninfo *c;
	const char *text, *why;
	struct url u;
	bool found;

	if (check_is_of_db(check)) {
		c = &checks->targets[check->target].conninfo;
		text = conninfo_get(c, "host");
		return text && !conninfo_get(c, "hostaddr") && has_name(text);
	}
	text = strstr(check->arg, "://");
	found = url_parse(&u, text ? text + 3 : check->arg, &why) && u.host && has_name(u.host);
	url_free(&u);
	return found;
}

const char *probe_silence(const struct checks *checks, size_t i)
{
	if (is_on_disk(checks, i))
		return "the file system does not answer";
	return is_resolved(checks, i) ? "the host name did not resolve in time" : "no answer in time";
}

/* --- all of it --- */

void probe_run(struct probe *p)
{
	p->answers = xcalloc(p->checks->n + 1, sizeof(*p->answers));
	p->checks->once = true;
	for (size_t i = 0; i < p->checks->n; i++) {
		p->answers[i].finding = (struct finding)FINDING_INIT;
		p->answers[i].at = clock_wall();
		finding_set(&p->answers[i].finding, UNKNOWN, "deadline: %s", probe_silence(p->checks, i));
	}
	if (can_ask_here(p))
		ask_here(p);
	else
		ask_in_children(p);
}

void probe_free(struct probe *p)
{
	for (size_t i = 0; p->answers && i < p->checks->n; i++)
		finding_free(&p->answers[i].finding);
	free(p->answers);
	p->answers = NULL;
}
