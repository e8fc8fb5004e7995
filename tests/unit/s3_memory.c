/* s3_memory - a server of S3 in the test's own memory, and a clock that does not wait. */
#include "s3_memory_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"

#define PLANS_MAX 40

struct memory memory;

static struct memory_plan plans[PLANS_MAX];
static size_t plan_count;
static struct buf lines = BUF_INIT;
static int64_t skipped; /* ms by which clock_sleep has moved the clock */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, clock_mutex = PTHREAD_MUTEX_INITIALIZER;

/* The linker sends the calls of these here. */
int __wrap_http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct buf *error);
void __wrap_clock_sleep(int64_t ms, int64_t deadline);
int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_after(int64_t ms);
int64_t __wrap_clock_left(int64_t deadline);
int64_t __real_clock_ms(void);

/* --- the clock --- */

static void skip(int64_t ms, bool rest)
{
	pthread_mutex_lock(&clock_mutex);
	skipped += ms;
	if (rest && memory.rested < sizeof(memory.rests) / sizeof(*memory.rests))
		memory.rests[memory.rested++] = ms;
	pthread_mutex_unlock(&clock_mutex);
}

void __wrap_clock_sleep(int64_t ms, int64_t deadline)
{
	(void)deadline;
	skip(ms, true);
}

int64_t __wrap_clock_ms(void)
{
	int64_t now = __real_clock_ms();

	pthread_mutex_lock(&clock_mutex);
	now += skipped;
	pthread_mutex_unlock(&clock_mutex);
	return now;
}

int64_t __wrap_clock_after(int64_t ms)
{
	return ms <= 0 ? CLOCK_NEVER : __wrap_clock_ms() + ms;
}

int64_t __wrap_clock_left(int64_t deadline)
{
	int64_t now = __wrap_clock_ms();

	return deadline > now ? deadline - now : 0;
}

/* --- what is planned --- */

void memory_plan(const struct memory_plan *plan)
{
	if (plan_count == PLANS_MAX)
		abort();
	plans[plan_count] = *plan;
	plans[plan_count++].times += !plan->times;
}

/* The next plan for a request; it is used up. to is NULL where there is none. */
static struct memory_plan next_plan(const char *line)
{
	for (size_t i = 0; i < plan_count; i++)
		if (plans[i].times && skip_prefix(line, plans[i].to)) {
			plans[i].times--;
			return plans[i];
		}
	return (struct memory_plan){ 0 };
}

static void obey(const struct memory_plan *p, struct http_answer *a, const struct http_request *r)
{
	skip(p->takes, false);
	if (p->before)
		p->before();
	if (!p->code || p->works)
		memory_answer(a, r);
	if (!p->code)
		return;
	strs_free(&a->headers);
	strs_split(&a->headers, p->headers ? p->headers : "", NULL);
	memory_say(a, p->code, p->body ? p->body : "");
}

/* As ext/http gives it: to take where there is one, in pieces, else it stays in the answer. */
static int give_body(const struct http_request *r, struct http_answer *a, size_t len)
{
	struct buf all = a->body;

	if (!r->take || !(r->only ? a->code == r->only : a->code >= 200 && a->code < 300)) {
		buf_cut(&a->body, len);
		return 0;
	}
	a->body = (struct buf)BUF_INIT;
	for (size_t at = 0, n; at < len && !a->stopped; at += n) {
		n = len - at < (len + 1) / 2 ? len - at : (len + 1) / 2;
		a->stopped = r->take(r->arg, all.data + at, n) != 0;
	}
	buf_free(&all);
	return a->stopped ? -1 : 0;
}

static void keep_request(const struct http_request *r)
{
	struct memory_request *q;

	if (!skip_prefix(r->url, MEMORY_BASE))
		abort();
	memory.asked = xrealloc(memory.asked, (memory.n + 1) * sizeof(*memory.asked));
	q = &memory.asked[memory.n++];
	*q = (struct memory_request){ .body = BUF_INIT };
	q->line = xasprintf("%s %s", r->method, r->url + strlen(MEMORY_BASE));
	for (size_t i = 0; i < r->headers.n; i++)
		strs_add(&q->headers, r->headers.v[i]);
	buf_add(&q->body, r->body ? r->body : "", r->len);
}

static int exchange(const struct http_request *r, struct http_answer *a, struct buf *error)
{
	struct memory_plan p;
	size_t len;
	int rc;

	keep_request(r);
	p = next_plan(memory.asked[memory.n - 1].line);
	if (p.untrusted) {
		a->untrusted = true;
		buf_puts(error, "unable to get local issuer certificate");
		return -1;
	}
	obey(&p, a, r);
	len = p.cut && p.bytes < a->body.len ? p.bytes : a->body.len;
	rc = give_body(r, a, len);
	if (rc) {
		buf_puts(error, "taken enough");
	} else if (p.cut) {
		buf_puts(error, "the connection broke");
		a->passing = true;
		rc = -1;
	}
	return rc;
}

int __wrap_http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct buf *error)
{
	int rc;

	(void)h;
	pthread_mutex_lock(&mutex);
	rc = exchange(r, a, error);
	pthread_mutex_unlock(&mutex);
	return rc;
}

/* --- what was asked --- */

const char *memory_lines(void)
{
	buf_cut(&lines, 0);
	for (size_t i = 0; i < memory.n; i++)
		buf_printf(&lines, "%s\n", memory.asked[i].line);
	return lines.data;
}

const char *memory_header(size_t request, const char *name)
{
	struct http_answer a = { 0 };

	if (request >= memory.n)
		abort();
	a.headers = memory.asked[request].headers;
	return http_header(&a, name);
}

int memory_empty(void **state)
{
	(void)state;
	memory_forget();
	for (size_t i = 0; i < memory.n; i++) {
		free(memory.asked[i].line);
		strs_free(&memory.asked[i].headers);
		buf_free(&memory.asked[i].body);
	}
	free(memory.asked);
	buf_free(&lines);
	plan_count = 0;
	memory = (struct memory){ .page = 1000 };
	return 0;
}

struct s3 memory_s3(void)
{
	return (struct s3){ .bucket = "box",
		            .region = "r",
		            .base = xstrdup("http://h/box"),
		            .place = xstrdup("h/box"),
		            .keys = { "id", "secret", "r" } };
}
