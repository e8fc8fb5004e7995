/*
 * Fuzzes what the Docker Engine answers: the list of containers, one container, and names.
 *
 * The first byte chooses which; the rest is the answer.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "ext/http.h"
#include "watch/docker.h"
#include "watch/docker_json.h"

#define HOST "0123456789ab"
#define DAY_MS 86400000

/* Nobody is stopped before those that depend on it, unless they depend on each other. */
static void is_in_order(const struct docker_json *f)
{
	for (size_t i = 0; i < f->rows.n; i++) {
		const char *name = docker_json_get(f, i, DOCKER_JSON_NAME);
		long found = docker_json_find(f, name);

		MUST(found >= 0 && (size_t)found <= i);
		MUST(!strchr(name, '/'));
		MUST(f->place[i] >= 0);
		MUST(f->place[i] == 0 || f->rows.n > 1);
		for (enum docker_json_column c = DOCKER_JSON_NAME; c <= DOCKER_JSON_SELF; c++)
			MUST(docker_json_get(f, i, c));
	}
	MUST(docker_json_find(f, "/") == -1);
}

static void list(const char *json)
{
	struct buf error = BUF_INIT;
	struct docker_json f;
	int rc = docker_json_read(&f, json, HOST, clock_after(2000), &error);

	MUST(rc == 0 || rc == UNAVAILABLE);
	MUST((rc == 0) == (error.len == 0));
	if (rc == 0)
		is_in_order(&f);
	else
		MUST(!f.rows.n && !f.place);
	docker_json_free(&f);
	buf_free(&error);
}

static void one(const char *json)
{
	struct docker_json_state s;

	docker_json_inspect(&s, json);
	MUST(s.grace >= 0 && s.grace <= DAY_MS);
	MUST(s.known || (!s.runs && !s.removed && !s.health));
	docker_json_state_free(&s);
}

/* What may be a name needs no encoding, and leads nowhere else in a path. */
static void name(const char *text)
{
	struct buf encoded = BUF_INIT;

	http_encode(&encoded, text, false);
	MUST(!strpbrk(encoded.data, "/?#@ "));
	if (docker_is_name(text))
		MUST(same(encoded.data, text) && *text != '.' && strlen(text) < 256);
	buf_free(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (!len)
		return 0;
	text = input_text(data + 1, len - 1);
	switch (*data) {
	case 'l': list(text); break;
	case 'i': one(text); break;
	default: name(text); break;
	}
	free(text);
	return 0;
}
