/* bucket - backups in a bucket: which one, and what is put there. */
#include "repo/bucket.h"

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
#define MEBIBYTE (1 << 20)
#define STALE_MS 86400000
#define READ_SIZE 65536

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
	buf_puts(error, "S3_PREFIX: it cannot have '.' or '..' between slashes: servers and proxies take them out, and "
	         "then the backups are elsewhere; leave them out");
	return BAD_CONFIG;
}

/* Without the slashes around it. */
static void set_prefix(struct remote *r, const char *prefix)
{
	char *copy;

	prefix += strspn(prefix, "/");
	copy = xstrdup(prefix);
	while (*copy && copy[strlen(copy) - 1] == '/')
		copy[strlen(copy) - 1] = '\0';
	r->prefix = xasprintf("%s%s", copy, *copy ? "/" : "");
	r->name = xasprintf("s3://%s%s%s", r->s3.bucket, *copy ? "/" : "", copy);
	free(copy);
}

int remote_open(struct remote *r, struct buf *error)
{
	const char *bucket, *prefix;
	int rc;

	*r = (struct remote){ 0 };
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

int remote_open_url(struct remote *r, const char *url, const char **key, struct buf *error)
{
	const char *rest = skip_prefix(url, "s3://"), *slash = rest ? strchr(rest, '/') : NULL;
	int rc;

	*r = (struct remote){ .on = true, .part = PART };
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
		buf_puts(error, "s3://BUCKET/KEY: the key cannot have '.' or '..' between slashes, or end with a slash");
		return BAD_USAGE;
	}
	rc = s3_open(&r->s3, r->bucket, error);
	if (!rc)
		set_prefix(r, "");
	return rc;
}

void remote_free(struct remote *r)
{
	s3_free(&r->s3);
	free(r->bucket);
	free(r->prefix);
	free(r->name);
	strs_free(&r->warnings);
	*r = (struct remote){ 0 };
}

/* --- putting --- */

/* Large enough that they suffice, and all of one size: some servers want that. */
static size_t part_size(const struct remote *r, int64_t bytes)
{
	int64_t least = bytes / (S3_PARTS_MAX - 1) / MEBIBYTE * MEBIBYTE + MEBIBYTE;

	return bytes > (int64_t)r->part * (S3_PARTS_MAX - 1) ? (size_t)least : r->part;
}

void remote_begin(struct remote *r, struct upload *u, const char *path, int64_t bytes)
{
	char *key = xasprintf("%s%s", r->prefix, path);

	upload_start(u, &r->s3, key, part_size(r, bytes));
	u->begun = r->begun;
	u->arg = r->arg;
	free(key);
}

static int add_file(struct upload *u, const char *path, struct buf *error)
{
	char bytes[READ_SIZE];
	int fd = beneath_open_regular(path), rc = 0;
	ssize_t n = fd < 0 ? -1 : 0;

	while (!rc && fd >= 0 && ((n = read(fd, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)))
		rc = n > 0 ? upload_add(u, bytes, (size_t)n, error) : 0;
	if (!rc && n < 0) {
		buf_printf(error, "cannot read '%s': %s", path, file_reason(errno));
		rc = NO_INPUT;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int remote_check_free(struct remote *r, const char *path, const char *sha256, struct buf *error)
{
	char *key = xasprintf("%s%s", r->prefix, path);
	struct buf words = BUF_INIT;
	struct manifest m;
	int rc = remote_manifest(r, key, &m, &words);

	if (rc && rc != NO_INPUT) {
		buf_puts(error, words.data);
	} else if (!rc && (!m.sha256 || strcmp(m.sha256, sha256) != 0)) {
		buf_printf(error, "%s/%s: there is another backup of that name, which is left as it is: give each server an "
		           "S3_PREFIX of its own", r->name, path);
		rc = BAD_DATA;
	} else {
		rc = 0;
	}
	manifest_free(&m);
	buf_free(&words);
	free(key);
	return rc;
}

/* Another one's upload under the same key may have ended between ours and its manifest. */
static int check_arrived(struct remote *r, const char *path, const struct manifest *m, struct buf *error)
{
	char *key = xasprintf("%s%s", r->prefix, path), *etag = NULL;
	int64_t bytes = -1;
	int rc = s3_head(&r->s3, key, &bytes, &etag, error);

	if (!rc && bytes != m->bytes) {
		buf_printf(error, "%s/%s: it was replaced meanwhile: give each server an S3_PREFIX of its own", r->name,
		           path);
		rc = BAD_DATA;
	}
	free(etag);
	free(key);
	return rc;
}

/* sha256 NULL: whatever it has. */
static int put_file(struct remote *r, const char *file, const char *path, const char *sha256,
                    struct buf *error)
{
	struct buf left = BUF_INIT;
	struct upload u;
	int rc;

	remote_begin(r, &u, path, archive_size(file));
	rc = add_file(&u, file, error);
	rc = rc ? rc : upload_flush(&u, sha256, error);
	rc = rc || !sha256 ? rc : remote_check_free(r, path, sha256, error);
	rc = rc ? rc : upload_end(&u, error);
	upload_free(&u, &left);
	buf_free(&left);
	return rc;
}

static int put_folder(struct remote *r, const char *folder, const char *path, struct buf *error)
{
	static const char *const all[] = { "", NULL };
	struct strs files = { 0 };
	int rc = 0;

	if (file_list(folder, all, &files) != 0) {
		buf_printf(error, "cannot read '%s': %s", folder, strerror(errno));
		rc = NO_INPUT;
	}
	for (size_t i = 0; i < files.n && !rc; i++) {
		char *to = xasprintf("%s/%s", path, file_base(files.v[i]));

		rc = put_file(r, files.v[i], to, NULL, error);
		free(to);
	}
	strs_free(&files);
	return rc;
}

static int put_text(struct remote *r, const char *path, const char *suffix, const char *text,
                    struct buf *error)
{
	char *key = xasprintf("%s%s%s", r->prefix, path, suffix);
	int rc = s3_put_small(&r->s3, key, text, strlen(text), error);

	free(key);
	return rc;
}

static int put_sums(struct remote *r, const char *root, const char *path, struct buf *error)
{
	char *file = xasprintf("%s/%s.sha256", root, path);
	struct buf text = BUF_INIT;
	int rc;

	if (file_read(file, &text, PART) != 0) {
		buf_printf(error, "cannot read '%s': %s", file, strerror(errno));
		rc = NO_INPUT;
	} else {
		rc = put_text(r, path, ".sha256", text.data, error);
	}
	buf_free(&text);
	free(file);
	return rc;
}

static int put_json(struct remote *r, const char *path, const struct manifest *m, struct buf *error)
{
	char *text = manifest_text(m);
	int rc = put_text(r, path, ".json", text, error);

	free(text);
	return rc;
}

int remote_put(struct remote *r, const char *root, const char *path, const struct manifest *m,
               struct buf *error)
{
	char *file = xasprintf("%s/%s", root, path);
	bool folder = file_is_dir(file);
	int rc = remote_check_free(r, path, m->sha256, error);

	if (!rc)
		rc = folder ? put_folder(r, file, path, error) : put_file(r, file, path, m->sha256, error);
	rc = rc ? rc : put_sums(r, root, path, error);
	rc = rc ? rc : put_json(r, path, m, error);
	rc = rc || folder ? rc : check_arrived(r, path, m, error);
	free(file);
	return rc;
}

int remote_put_manifest(struct remote *r, const char *path, const struct manifest *m, struct buf *error)
{
	char *line = xasprintf("%s  %s\n", m->sha256, m->file);
	int rc = put_text(r, path, ".sha256", line, error);

	free(line);
	rc = rc ? rc : put_json(r, path, m, error);
	return rc ? rc : check_arrived(r, path, m, error);
}

/* --- what dead runs left --- */

/* FOLDER/BASE-YYYYMMDD-HHMMSS.what, or a file below that. */
bool remote_is_named(const char *path)
{
	char *folder = xstrdup(path), *slash;
	bool ours = false;

	while (!ours && (slash = strrchr(folder, '/'))) {
		*slash = '\0';
		ours = archive_is_named(folder, slash + 1);
	}
	free(folder);
	return ours;
}

int remote_sweep(struct remote *r, size_t *n, struct buf *error)
{
	struct s3_uploads u = { 0 };
	int rc = s3_uploads(&r->s3, r->prefix, &u, error);

	*n = 0;
	for (size_t i = 0; i < u.keys.n && !rc; i++) {
		const char *path = skip_prefix(u.keys.v[i], r->prefix);
		int64_t begun = 0;

		if (!path || !remote_is_named(path) || !clock_iso_parse(u.begun.v[i], &begun) ||
		    begun > clock_wall() - STALE_MS)
			continue;
		rc = s3_abort(&r->s3, u.keys.v[i], u.ids.v[i], error);
		*n += !rc;
	}
	s3_uploads_free(&u);
	return rc;
}
