/* s3 - one bucket of a server that speaks S3: which one, and as whom. */
#include "s3/s3.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/msg.h"
#include "base/status.h"

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static int get(const char *name, const char **value, struct buf *error)
{
	int rc = env_get(name, value, error);

	if (*value && !**value)
		*value = NULL;
	return rc;
}

static int get_flag(const char *name, bool *flag, struct buf *error)
{
	static const char *const words[] = { "false", "true", "no", "yes", "0", "1", "off", "on" };
	const char *value;
	int rc = get(name, &value, error);

	if (rc || !value)
		return rc;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*flag = i % 2;
			return 0;
		}
	buf_printf(error, "%s: true or false", name);
	return BAD_CONFIG;
}

static int get_keys(struct s3 *s, struct buf *error)
{
	int rc = get("AWS_ACCESS_KEY_ID", &s->keys.id, error);

	rc = rc ? rc : get("AWS_SECRET_ACCESS_KEY", &s->keys.secret, error);
	rc = rc ? rc : get("AWS_SESSION_TOKEN", &s->token, error);
	if (rc)
		return rc;
	if (!s->keys.id || !s->keys.secret) {
		buf_printf(error, "S3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or their _FILE: %s is not set",
		           s->keys.id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
		return BAD_CONFIG;
	}
	/* libcurl (lib/http_aws_sigv4.c) writes other ones as %XX, which no server takes for them. */
	if (strspn(s->keys.id, ALPHANUMERIC "-._~") != strlen(s->keys.id)) {
		buf_puts(error, "AWS_ACCESS_KEY_ID: only letters, digits, - . _ and ~ can be sent: make another key");
		return BAD_CONFIG;
	}
	msg_secret(s->keys.secret);
	if (s->token)
		msg_secret(s->token);
	s->keys.region = s->region;
	return 0;
}

bool s3_key_is_plain(const char *key)
{
	while (*key) {
		size_t len = strcspn(key, "/");

		if (len && len <= 2 && strspn(key, ".") >= len)
			return false;
		key += len + (key[len] == '/');
	}
	return true;
}

/* A name that can stand in a URL's host and path ('Bucket naming rules'; old ones have capitals
 * and underscores). */
bool s3_bucket_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len >= 3 && len <= 255 && name[0] != '.' && name[0] != '-' &&
	       strspn(name, ALPHANUMERIC "._-") == len;
}

/* A certificate for *.HOST does not cover a bucket that has a dot in it. */
static int make_base(struct s3 *s, const char *endpoint, bool path_style, struct buf *error)
{
	const char *rest, *scheme = "https://";
	char *host;

	if (endpoint && (rest = skip_prefix(endpoint, "http://"))) {
		scheme = "http://";
		endpoint = rest;
	} else if (endpoint && (rest = skip_prefix(endpoint, "https://"))) {
		endpoint = rest;
	}
	if (endpoint && (!*endpoint || strpbrk(endpoint, "@?# \t\r\n\\") || strstr(endpoint, "://") ||
	                 !s3_key_is_plain(endpoint))) {
		buf_puts(error, "S3_ENDPOINT: it is https://HOST[:PORT], or http:// for a server nearby");
		return BAD_CONFIG;
	}
	host = endpoint ? xstrdup(endpoint) : xasprintf("s3.%s.amazonaws.com", s->region);
	while (*host && host[strlen(host) - 1] == '/')
		host[strlen(host) - 1] = '\0';
	s->place = path_style || strchr(s->bucket, '.') ? xasprintf("%s/%s", host, s->bucket)
	                                                : xasprintf("%s.%s", s->bucket, host);
	s->base = xasprintf("%s%s", scheme, s->place);
	free(host);
	return 0;
}

int s3_open(struct s3 *s, const char *bucket, struct buf *error)
{
	static const char *const regions[] = { "S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION" };
	const char *endpoint = NULL;
	bool path_style;
	int rc = 0;

	*s = (struct s3){ .bucket = bucket };
	if (!s3_bucket_is_valid(bucket)) {
		buf_printf(error, "'%s' is no name of a bucket", bucket);
		return BAD_CONFIG;
	}
	for (size_t i = 0; i < sizeof(regions) / sizeof(*regions) && !rc && !s->region; i++)
		rc = get(regions[i], &s->region, error);
	s->region = s->region ? s->region : "us-east-1";
	if (!rc && strspn(s->region, ALPHANUMERIC "-_") != strlen(s->region)) {
		buf_puts(error, "S3_REGION: it is a word as us-east-1");
		rc = BAD_CONFIG;
	}
	rc = rc ? rc : get("S3_ENDPOINT", &endpoint, error);
	path_style = endpoint;
	rc = rc ? rc : get_flag("S3_PATH_STYLE", &path_style, error);
	rc = rc ? rc : get("S3_STORAGE_CLASS", &s->storage_class, error);
	rc = rc ? rc : get("S3_SSE", &s->sse, error);
	rc = rc ? rc : get("S3_CA_FILE", &s->ca_file, error);
	rc = rc ? rc : get_keys(s, error);
	return rc ? rc : make_base(s, endpoint, path_style, error);
}

void s3_free(struct s3 *s)
{
	http_free(&s->http);
	free(s->base);
	free(s->place);
	*s = (struct s3){ 0 };
}
