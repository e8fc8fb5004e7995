/* verify - reads backups that are there again, in full. */
#include "repo/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/size.h"
#include "base/status.h"
#include "dump/readback.h"
#include "dump/readback_pipe.h"
#include "repo/folder.h"
#include "repo/report.h"

/* One backup that is being verified. */
struct reading {
	const struct verify *v;
	const char *path;
	struct manifest m;
	struct progress progress;
	struct hash hash;     /* of what came from the bucket, and */
	struct readback_pipe reader; /* who reads it */
};

static void on_bytes(void *arg, size_t bytes)
{
	struct reading *r = arg;

	r->progress.done += (int64_t)bytes;
	if (r->v->progress)
		r->v->progress(&r->progress);
}

static int compare(void *arg, struct buf *error)
{
	struct reading *r = arg;

	return archive_compare(r->path, &r->m, on_bytes, r, error);
}

static bool is_roles(const struct manifest *m)
{
	return strcmp(m->kind, "roles") == 0;
}

static void tell_result(const struct reading *r, int rc, bool restored, const struct buf *error)
{
	char *size = size_text(r->m.bytes);
	char *words = rc ? xstrdup(error->data)
	                 : xasprintf("%s: %s, verified%s", r->progress.database, size,
	                             restored && !is_roles(&r->m) ? ", restored and dropped again" : "");

	if (r->v->progress)
		r->v->progress(NULL);
	r->v->tell(rc ? MSG_ERROR : MSG_INFO, words);
	free(words);
	free(size);
}

int verify_local(const struct verify *v, struct catalog *c, const char *manifest)
{
	char *path, *scratch = xasprintf("%s/.pgbox", v->dir);
	const char *name;
	struct reading r = { .v = v, .progress = { .phase = "check" } };
	struct buf error = BUF_INIT;
	int rc = archive_read(manifest, &r.m, &path, &error);

	name = path + strlen(v->dir) + 1;
	r.path = path;
	r.progress.database = name;
	r.progress.total = r.m.bytes;
	if (!rc)
		rc = readback(&(struct readback){ .path = path, .kind = r.m.kind, .scratch = scratch, .keep_fd = -1,
		                                   .meanwhile = compare, .arg = &r }, &error);
	if (catalog_is_open(c) && (rc == DONE || rc == BAD_DATA))
		catalog_judge(c, name, !rc, rc ? error.data : NULL);
	if (!rc && v->restore && !is_roles(&r.m))
		rc = v->restore(v->arg, name, path, &r.m, &error);
	tell_result(&r, rc, v->restore, &error);
	free(path);
	free(scratch);
	manifest_free(&r.m);
	buf_free(&error);
	return rc;
}

int verify_locals(const struct verify *v, struct catalog *c, int n, char *const *words, bool all)
{
	struct strs manifests = { 0 };
	struct buf error = BUF_INIT;
	int rc = report_choose(c, n, words, all, &manifests, &error);

	if (rc)
		v->tell(MSG_ERROR, error.data);
	for (size_t i = 0; i < manifests.n && error.len == 0; i++) {
		int one = verify_local(v, c, manifests.v[i]);

		rc = one ? one : rc;
	}
	strs_free(&manifests);
	buf_free(&error);
	return rc;
}

/* --- in the bucket --- */

static int take(void *arg, const char *bytes, size_t len)
{
	struct reading *r = arg;

	hash_add(&r->hash, bytes, len);
	readback_pipe_add(&r->reader, bytes, len);
	on_bytes(r, len);
	return 0;
}

static int read_object(struct reading *r, struct remote *remote, const char *path, const char *scratch,
                       struct buf *error)
{
	char *key = xasprintf("%s%s", remote->prefix, path), text[HASH_TEXT];
	unsigned char digest[HASH_BYTES];
	struct buf verdict = BUF_INIT;
	int rc = readback_pipe_start(&r->reader, r->progress.database, r->m.kind, scratch, error), read;

	hash_start(&r->hash);
	rc = rc ? rc : s3_get(&remote->s3, key, r->m.bytes, take, r, error);
	read = rc ? 0 : readback_pipe_end(&r->reader, &verdict);
	hash_end(&r->hash, digest);
	hash_text(digest, text);
	if (!rc && strcmp(text, r->m.sha256) != 0) {
		buf_printf(error, "'%s' is damaged: its sha256 is not the one of its manifest", r->progress.database);
		rc = BAD_DATA;
	} else if (!rc && read) {
		buf_puts(error, verdict.data);
		rc = read;
	}
	readback_pipe_free(&r->reader);
	buf_free(&verdict);
	free(key);
	return rc;
}

/* Where an SQLite database may be unpacked. */
static const char *scratch_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

int verify_remote(const struct verify *v, struct remote *remote, const struct remote_backup *b)
{
	char *name = xasprintf("%s/%s", remote->name, b->path);
	struct reading r = { .v = v, .m = b->m, .reader = READBACK_PIPE_INIT,
		             .progress = { .database = name, .phase = "check", .total = b->m.bytes } };
	struct buf error = BUF_INIT;
	int rc;

	if (b->bytes != b->m.bytes) {
		buf_printf(&error, "'%s' has %lld byte%s in place of %lld", name, (long long)b->bytes, plural(b->bytes),
		           (long long)b->m.bytes);
		rc = b->bytes < 0 ? NO_INPUT : BAD_DATA;
	} else if (strcmp(b->m.kind, "directory") == 0) {
		buf_printf(&error, "'%s' is a directory, which is not read on the way: fetch it with pgrestore plan",
		           name);
		rc = BAD_USAGE;
	} else {
		rc = read_object(&r, remote, b->path, scratch_folder(), &error);
	}
	tell_result(&r, rc, false, &error);
	buf_free(&error);
	free(name);
	return rc;
}

/* `s3://BUCKET/PREFIX/PATH`, as list has it, is the path alone. */
static int cut_names(const struct remote *r, int n, char **words, struct buf *error)
{
	for (int i = 0; i < n; i++) {
		char *rest = words[i] + strlen(r->name);

		if (skip_prefix(words[i], r->name) && *rest == '/') {
			words[i] = rest + 1;
		} else if (skip_prefix(words[i], "s3://")) {
			buf_printf(error, "that is not in %s, which S3_BUCKET and S3_PREFIX name", r->name);
			return BAD_USAGE;
		}
	}
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* By their names alone. The caller frees *chosen, a flag for each name. */
static int choose_names(const struct remote_names *names, const char *shown, int n, char **words, bool all,
                        bool **chosen, struct buf *error)
{
	struct strs paths = { 0 }, found = { 0 };
	int rc;

	*chosen = xcalloc(names->n + 1, sizeof(**chosen));
	for (size_t i = 0; i < names->n; i++)
		strs_printf(&paths, "%s.json", names->v[i].path);
	rc = report_choose_among(&paths, "", shown, n, words, all, &found, error);
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), compare_texts);
	for (size_t i = 0; i < paths.n && found.n; i++)
		(*chosen)[i] = bsearch(&paths.v[i], found.v, found.n, sizeof(*found.v), compare_texts) != NULL;
	strs_free(&paths);
	strs_free(&found);
	return rc;
}

int verify_remotes(const struct verify *v, struct remote *r, int n, char **words, bool all)
{
	struct remote_backups list = { 0 };
	struct remote_names names = { 0 };
	struct buf error = BUF_INIT;
	bool *chosen = NULL;
	int rc = cut_names(r, n, words, &error);

	rc = rc ? rc : remote_names(r, NULL, &names, &error);
	rc = rc ? rc : choose_names(&names, r->name, n, words, all, &chosen, &error);
	rc = rc ? rc : remote_read(r, &names, chosen, &list, v->tell, &error);
	if (!rc && !list.n && !list.bad) {
		buf_printf(&error, "there is no backup in '%s'", r->name);
		rc = NO_INPUT;
	}
	if (rc)
		v->tell(MSG_ERROR, error.data);
	rc = rc ? rc : list.bad;
	for (size_t i = 0; i < list.n; i++) {
		int one = verify_remote(v, r, &list.v[i]);

		rc = one ? one : rc;
	}
	remote_backups_free(&list);
	remote_names_free(&names);
	free(chosen);
	buf_free(&error);
	return rc;
}
