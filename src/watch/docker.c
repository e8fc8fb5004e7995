/* docker - the few questions to the Docker Engine's API. */
#include "watch/docker.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/status.h"
#include "ext/http.h"
#include "ext/lite.h"

int docker_open(struct docker *d, const char *host, struct buf *error)
{
	const char *where = host && *host ? host : "unix://" DOCKER_SOCKET, *rest;

	*d = (struct docker){ 0 };
	if ((rest = skip_prefix(where, "unix://")) && *rest == '/') {
		d->socket = xstrdup(rest);
		d->base = xstrdup("http://localhost");
	} else if (((rest = skip_prefix(where, "tcp://")) || (rest = skip_prefix(where, "http://"))) &&
	           *rest && !strpbrk(rest, "@? \t\r\n")) {
		d->base = xasprintf("http://%.*s", (int)strcspn(rest, "/"), rest);
	} else {
		buf_puts(error, "DOCKER_HOST: neither unix:///PATH nor tcp://HOST:PORT; TLS and ssh are not "
		                "spoken here");
		return BAD_CONFIG;
	}
	return 0;
}

#define NAME_MOST 255
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool docker_is_name(const char *name)
{
	return *name && strchr(LETTERS, *name) && strlen(name) <= NAME_MOST &&
	       !name[strspn(name, LETTERS "_.-")];
}

/* The engine's own words: {"message": "..."}. */
static void add_reason(struct buf *error, const char *answer)
{
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite, "SELECT ?1 ->> '$.message' WHERE json_valid(?1)", &answer, 1, &rows) == 0 &&
	    rows_get(&rows, 0, 0))
		buf_printf(error, ": %s", rows_get(&rows, 0, 0));
	rows_free(&rows);
	lite_free(&lite);
}

/* 304: it was so already. */
static int ask(const struct docker *d, const char *method, const char *path, int64_t deadline,
               struct buf *answer, struct buf *error)
{
	char *url = xasprintf("%s%s", d->base, path);
	struct http_question q = { .method = method, .url = url, .socket = d->socket,
		                   .deadline = deadline, .go_on = d->go_on, .arg = d->arg };
	struct buf words = BUF_INIT;
	long code = 0;
	int rc = 0;

	if (http_ask(&q, &code, answer, &words) != 0) {
		buf_printf(error, "the engine at '%s' does not answer: %s", d->socket ? d->socket : d->base,
		           words.data);
		rc = UNAVAILABLE;
	} else if (code != 304 && (code < 200 || code > 299)) {
		buf_printf(error, "the engine answered %ld to %s %s", code, method, path);
		add_reason(error, answer->data);
		rc = code == 404 ? NO_INPUT : UNAVAILABLE;
	}
	buf_free(&words);
	free(url);
	return rc;
}

int docker_list(const struct docker *d, int64_t deadline, struct buf *json, struct buf *error)
{
	return ask(d, "GET", "/containers/json?all=1", deadline, json, error);
}

/* NULL with a message in error when it is not a name. The caller frees it. */
static char *path_of(const char *name, const char *what, struct buf *error)
{
	struct buf path = BUF_INIT;

	if (!docker_is_name(name)) {
		buf_printf(error, "'%s' is not a container's name", name);
		return NULL;
	}
	buf_puts(&path, "/containers/");
	http_encode(&path, name, false);
	buf_printf(&path, "/%s", what);
	return buf_detach(&path);
}

/* Frees the path. */
static int post(const struct docker *d, char *path, int64_t deadline, struct buf *error)
{
	struct buf answer = BUF_INIT;
	int rc = path ? ask(d, "POST", path, deadline, &answer, error) : NO_INPUT;

	buf_free(&answer);
	free(path);
	return rc;
}

int docker_inspect(const struct docker *d, const char *name, int64_t deadline, struct buf *json,
                   struct buf *error)
{
	char *path = path_of(name, "json", error);
	int rc = path ? ask(d, "GET", path, deadline, json, error) : NO_INPUT;

	free(path);
	return rc;
}

int docker_stop(const struct docker *d, const char *name, int64_t deadline, struct buf *error)
{
	return post(d, path_of(name, "stop", error), deadline, error);
}

int docker_start(const struct docker *d, const char *name, int64_t deadline, struct buf *error)
{
	return post(d, path_of(name, "start", error), deadline, error);
}

void docker_free(struct docker *d)
{
	free(d->socket);
	free(d->base);
	*d = (struct docker){ 0 };
}
