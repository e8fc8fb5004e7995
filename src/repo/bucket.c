/* bucket - backups in a bucket: which one, and what is put there. */
#include "repo/bucket_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/file.h"
#include "base/near.h"
#include "base/status.h"
#include "repo/folder.h"

#define PART (16 << 20)
#define PART_MAX (5LL << 30)

/* --- settings --- */

static const char *const names[] = {
	"S3_BUCKET", "S3_PREFIX", "S3_ENDPOINT", "S3_REGION", "S3_PATH_STYLE", "S3_STORAGE_CLASS", "S3_SSE",
	"S3_PART_SIZE", "S3_CA_FILE", "S3_KEEP_LAST", "S3_KEEP_HOURLY", "S3_KEEP_DAILY", "S3_KEEP_WEEKLY",
	"S3_KEEP_MONTHLY", "S3_KEEP_YEARLY", "S3_KEEP_DAYS", "S3_KEEP_MIN",
};

#define NAMES (sizeof(names) / sizeof(*names))

static bool is_known(const char *name)
{
	for (size_t i = 0; i < NAMES; i++) {
		const char *rest = skip_prefix(name, names[i]);

		if (rest && (!*rest || strcmp(rest, "_FILE") == 0))
			return true;
	}
	return false;
}

/* A keep rule that is misspelt would keep nothing, or delete nothing, without a word. */
static void check_names(struct strs *warnings)
{
	for (char **v = env_original(); v && *v; v++) {
		char *name = xstrndup(*v, strcspn(*v, "="));

		for (size_t i = 0; i < NAMES && skip_prefix(name, "S3_") && !is_known(name); i++)
			if (near_enough(name, names[i])) {
				strs_printf(warnings, "%s is unknown: is %s meant?", name, names[i]);
				break;
			}
		free(name);
	}
}

static int get_count(const char *name, long *count, struct buf *error)
{
	const char *text;
	int rc = env_get(name, &text, error);

	if (rc || !text || !*text)
		return rc;
	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 9) {
		buf_printf(error, "%s: it is a number, 0 or more", name);
		return BAD_CONFIG;
	}
	*count = atol(text);
	return 0;
}

static int get_keep(struct retention *k, struct buf *error)
{
	int rc = get_count("S3_KEEP_LAST", &k->last, error);

	k->min = 3;
	rc = rc ? rc : get_count("S3_KEEP_HOURLY", &k->hourly, error);
	rc = rc ? rc : get_count("S3_KEEP_DAILY", &k->daily, error);
	rc = rc ? rc : get_count("S3_KEEP_WEEKLY", &k->weekly, error);
	rc = rc ? rc : get_count("S3_KEEP_MONTHLY", &k->monthly, error);
	rc = rc ? rc : get_count("S3_KEEP_YEARLY", &k->yearly, error);
	rc = rc ? rc : get_count("S3_KEEP_DAYS", &k->days, error);
	return rc ? rc : get_count("S3_KEEP_MIN", &k->min, error);
}

/* `16M`, `16MiB`, `1G` or bytes; a bare 16 is a mistake, and found as one. */
static int get_part(size_t *part, struct buf *error)
{
	static const char *const units[] = { "", "k", "m", "g" };
	const char *text;
	size_t digits, unit = 0;
	int64_t bytes;
	int rc = env_get("S3_PART_SIZE", &text, error);

	*part = PART;
	if (rc || !text || !*text)
		return rc;
	digits = strspn(text, "0123456789");
	bytes = digits && digits < 12 ? atoll(text) : -1;
	for (size_t i = 1; i < 4; i++)
		if ((text[digits] | 0x20) == *units[i])
			unit = i;
	text += digits + (unit > 0);
	if (bytes < 0 || (*text && (!unit || (strcmp(text, "iB") != 0 && strcmp(text, "B") != 0))))
		bytes = -1;
	for (; unit && bytes > 0 && bytes <= PART_MAX; unit--)
		bytes *= 1024;
	if (bytes < UPLOAD_PART_MIN || bytes > PART_MAX) {
		buf_puts(error, "S3_PART_SIZE: it is 5M to 5G, as 16M");
		return BAD_CONFIG;
	}
	*part = (size_t)bytes;
	return 0;
}

static int check_prefix(const char *prefix, struct buf *error)
{
	if (s3_key_is_plain(prefix))
		return 0;
	buf_puts(error, "S3_PREFIX: it cannot have '.' or '..' between slashes: servers and proxies take "
	                "them out, and "
	         "then the backups are elsewhere; leave them out");
	return BAD_CONFIG;
}

static const struct repo_ops ops = {
	.list = bucket_list, .read = bucket_read, .state = bucket_state, .check = bucket_check,
	.remove = bucket_remove,
};

/* Without the slashes around it. */
static void set_prefix(struct bucket *r, const char *prefix)
{
	char *copy;

	prefix += strspn(prefix, "/");
	copy = xstrdup(prefix);
	while (*copy && copy[strlen(copy) - 1] == '/')
		copy[strlen(copy) - 1] = '\0';
	r->prefix = xasprintf("%s%s", copy, *copy ? "/" : "");
	r->name = xasprintf("s3://%s%s%s", r->s3.bucket, *copy ? "/" : "", copy);
	r->before = xasprintf("%s/", r->name);
	r->repo = (struct repo){ .ops = &ops, .name = r->name, .before = r->before, .shared = true };
	free(copy);
}

int bucket_open(struct bucket *r, struct buf *error)
{
	const char *bucket, *prefix;
	int rc;

	*r = (struct bucket){ 0 };
	check_names(&r->warnings);
	rc = env_get("S3_BUCKET", &bucket, error);
	if (rc || !bucket || !*bucket)
		return rc;
	r->on = true;
	rc = env_get("S3_PREFIX", &prefix, error);
	rc = rc || !prefix ? rc : check_prefix(prefix, error);
	rc = rc ? rc : get_part(&r->part, error);
	rc = rc ? rc : get_keep(&r->keep, error);
	rc = rc ? rc : s3_open(&r->s3, bucket, error);
	if (!rc)
		set_prefix(r, prefix ? prefix : "");
	return rc;
}

int bucket_open_url(struct bucket *r, const char *url, const char **key, struct buf *error)
{
	const char *rest = skip_prefix(url, "s3://"), *slash = rest ? strchr(rest, '/') : NULL;
	int rc;

	*r = (struct bucket){ .on = true, .part = PART };
	if (!slash || slash == rest || !slash[1]) {
		buf_puts(error, "a backup in S3 is s3://BUCKET/KEY");
		return BAD_USAGE;
	}
	r->bucket = xstrndup(rest, (size_t)(slash - rest));
	*key = slash + 1;
	if (!s3_bucket_is_valid(r->bucket)) {
		buf_printf(error, "s3://BUCKET/KEY: '%s' is not the name of a bucket", r->bucket);
		return BAD_USAGE;
	}
	if (!s3_key_is_plain(*key) || (*key)[strlen(*key) - 1] == '/') {
		buf_puts(error, "s3://BUCKET/KEY: the key cannot have '.' or '..' between slashes, or end "
		                "with a slash");
		return BAD_USAGE;
	}
	rc = s3_open(&r->s3, r->bucket, error);
	if (!rc)
		set_prefix(r, "");
	return rc;
}

void bucket_free(struct bucket *r)
{
	s3_free(&r->s3);
	free(r->bucket);
	free(r->prefix);
	free(r->name);
	free(r->before);
	strs_free(&r->warnings);
	*r = (struct bucket){ 0 };
}
