/* stream - a backup that goes to the bucket as it is made. */
#include "backup/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/status.h"
#include "dump/readback_pipe.h"
#include "repo/folder.h"
#include "restore/fetch.h"

#define NAMES_MAX 60 /* seconds that a name may be moved on by */
#define WORDS_MAX 4000

/* What the second process says, twice: when all is there, and when it is an object. */
struct verdict {
	int rc;
	int64_t bytes;
	char sha256[HASH_TEXT];
	char version[16];      /* of an archive, else "" */
	char words[WORDS_MAX]; /* why not */
};

/* The second process, as the first one has it. */
struct pump {
	pid_t pid;
	int to;     /* what the dump writes goes there */
	int answer; /* of verdicts */
	int go;     /* a byte: make the object */
};

/* --- the second process --- */

struct taking {
	struct upload upload;
	struct readback_pipe reader;
	unsigned char head[8];
	size_t seen;
};

/* pg_backup_archiver.c, WriteHead: PGDMP and three bytes of version. */
static void take_head(struct taking *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && t->seen < sizeof(t->head); i++)
		t->head[t->seen++] = (unsigned char)bytes[i];
}

static int take_all(struct taking *t, int from, struct buf *error)
{
	static char bytes[65536];
	ssize_t n;
	int rc = 0;

	while (!rc && ((n = read(from, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))) {
		if (n < 0)
			continue;
		take_head(t, bytes, (size_t)n);
		readback_pipe_add(&t->reader, bytes, (size_t)n);
		rc = upload_add(&t->upload, bytes, (size_t)n, error);
	}
	return rc;
}

static void say(int answer, int rc, const struct taking *t, const struct buf *error)
{
	struct verdict v = { .rc = rc, .bytes = t->upload.bytes };

	memcpy(v.sha256, t->upload.sha256, sizeof(v.sha256));
	if (memcmp(t->head, "PGDMP", 5) == 0)
		snprintf(v.version, sizeof(v.version), "%d.%d", t->head[5], t->head[6]);
	snprintf(v.words, sizeof(v.words), "%s", error->data);
	file_write(answer, &v, sizeof(v));
}

static const char *scratch_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

static const char *kind_of(const struct stream *s)
{
	if (s->roles)
		return "roles";
	if (s->dump->target->kind == TARGET_SQLITE)
		return "sqlite";
	return s->dump->format == DUMP_PLAIN ? "plain" : "custom";
}

/* The connection is the first one's; a journal is nobody's here. */
static _Noreturn void be_pump(const struct stream *s, const char *path, const char *id, const int fds[3])
{
	struct taking t = { .reader = READBACK_PIPE_INIT };
	struct buf error = BUF_INIT, left = BUF_INIT;
	char byte, *name = xasprintf("%s/%s", s->remote->name, path);
	int rc;

	s->remote->s3.http.curl = NULL;
	s->remote->begun = NULL;
	bucket_begin(s->remote, &t.upload, path, s->dump_bytes);
	t.upload.id = xstrdup(id);
	rc = readback_pipe_start(&t.reader, name, kind_of(s), scratch_folder(), &error);
	rc = rc ? rc : take_all(&t, fds[0], &error);
	/* A dump that nobody takes any more ends. */
	close(fds[0]);
	rc = rc ? rc : upload_flush(&t.upload, NULL, &error);
	rc = rc ? rc : readback_pipe_end(&t.reader, &error);
	say(fds[1], rc, &t, &error);
	/* Waits also when it failed: the first process reaps only what it has asked. */
	if (read(fds[2], &byte, 1) == 1 && !rc) {
		rc = bucket_check_free(s->remote, path, t.upload.sha256, &error);
		rc = rc ? rc : upload_end(&t.upload, &error);
		say(fds[1], rc, &t, &error);
	}
	readback_pipe_free(&t.reader);
	upload_free(&t.upload, &left);
	_exit(0);
}

/* --- the first one --- */

static int pump_start(struct pump *p, const struct stream *s, const char *path, const char *id,
                      struct buf *error)
{
	int data[2], answer[2], go[2];
	pid_t parent = getpid();

	*p = (struct pump){ .to = -1, .answer = -1, .go = -1 };
	if (pipe2(data, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0 ||
	    (p->pid = fork()) < 0) {
		buf_printf(error, "cannot start a process: %s", strerror(errno));
		return CANNOT_RUN;
	}
	if (p->pid == 0) {
		proc_die_with_parent(parent);
		close(data[1]);
		close(answer[0]);
		close(go[1]);
		be_pump(s, path, id, (int[]){ data[0], answer[1], go[0] });
	}
	close(data[0]);
	close(answer[1]);
	close(go[0]);
	p->to = data[1];
	p->answer = answer[0];
	p->go = go[1];
	return DONE;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void pump_free(struct pump *p)
{
	shut(&p->to);
	shut(&p->go);
	shut(&p->answer);
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
}

static int hear(const struct pump *p, struct verdict *v, struct buf *error)
{
	size_t got = 0;
	ssize_t n = 1;

	while (got < sizeof(*v) && n != 0)
		if ((n = read(p->answer, (char *)v + got, sizeof(*v) - got)) > 0)
			got += (size_t)n;
		else if (n < 0 && errno != EINTR)
			break;
	if (got < sizeof(*v)) {
		buf_puts(error, "the process that uploads was killed");
		return NO;
	}
	v->words[WORDS_MAX - 1] = '\0';
	buf_puts(error, v->words);
	return v->rc;
}

/* A copy of an SQLite database, which goes the way of a dump. */
static int copy_lite(struct stream *s, struct manifest *m, struct buf *error)
{
	static const struct packing plain = { .method = PACK_NONE };
	struct fetch f = FETCH_INIT;
	char *path = NULL;
	int fd, rc = fetch_folder(&f, scratch_folder(), error);

	if (!rc) {
		path = xasprintf("%s/copy.part", f.folder);
		rc = dump_make(s->dump, path, m, error);
	}
	if (!rc) {
		fd = beneath_open_regular(path);
		if (fd < 0 || pack_copy(fd, s->dump->output, &plain, NULL, NULL) != 0) {
			buf_printf(error, "cannot read '%s': %s", path, strerror(errno));
			rc = NO;
		}
		if (fd >= 0)
			close(fd);
	}
	free(path);
	fetch_free(&f);
	return rc;
}

static int write_dump(struct stream *s, struct manifest *m, struct buf *error)
{
	if (s->dump->target->kind == TARGET_SQLITE)
		return copy_lite(s, m, error);
	return s->roles ? dump_globals(s->dump, NULL, m, error) : dump_make(s->dump, NULL, m, error);
}

/* What failed first is what counts: the upload, whose end the dump hears as a broken pipe. */
static int run(struct stream *s, struct pump *p, struct manifest *m, struct buf *error)
{
	struct buf words = BUF_INIT, dumped = BUF_INIT;
	struct verdict v;
	int made, rc;

	s->dump->output = p->to;
	made = write_dump(s, m, &dumped);
	shut(&p->to);
	rc = made > BY_SIGNAL ? made : hear(p, &v, &words);
	if (made && (!rc || rc == BAD_DATA || made > BY_SIGNAL)) {
		rc = made;
		buf_puts(error, dumped.data);
	} else {
		buf_puts(error, words.data);
	}
	if (!rc) {
		m->bytes = v.bytes;
		manifest_set(&m->sha256, v.sha256);
		if (*v.version)
			manifest_set(&m->archive_version, v.version);
	}
	buf_free(&words);
	buf_free(&dumped);
	return rc;
}

static int finish(struct stream *s, const struct pump *p, const char *path, struct manifest *m,
                  struct buf *error)
{
	struct newest last = { 0 };
	struct verdict v;
	int rc = file_write(p->go, "y", 1) == 0 ? hear(p, &v, error) : NO;

	if (!rc && s->judge)
		rc = repo_newest(&s->remote->repo, s->folder, m->system_id, &last, error);
	if (rc)
		return rc;
	if (s->judge)
		s->judge(m, &last);
	manifest_set(&m->file, path_base(path));
	m->verified = m->finished = clock_wall();
	rc = bucket_put_manifest(s->remote, path, m, error);
	/* Another server has put its data there meanwhile. */
	s->made = rc != BAD_DATA;
	return rc;
}

/* The next second's where one of that moment is there, or on its way, whatever its kind. */
static int find_name(const struct stream *s, int64_t moment, char **path, struct buf *error)
{
	char *suffix = s->roles ? xstrdup(".sql.zst") : dump_suffix(s->dump), stamp[16];
	time_t seconds = (time_t)(moment / 1000);
	size_t taken = 1;
	int rc = 0;

	*path = NULL;
	for (int i = 0; i < NAMES_MAX && !rc && taken; i++, seconds++) {
		struct s3_objects found = { 0 };
		struct tm at;
		char *prefix;

		gmtime_r(&seconds, &at);
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &at);
		prefix = xasprintf("%s%s/%s-%s.", s->remote->prefix, s->folder, s->base, stamp);
		rc = s3_list(&s->remote->s3, prefix, &found, error);
		taken = found.n;
		free(*path);
		*path = xasprintf("%s/%s-%s%s", s->folder, s->base, stamp, suffix);
		s3_objects_free(&found);
		free(prefix);
	}
	free(suffix);
	if (!rc && taken) {
		buf_printf(error, "%s/%s: a minute of backups is there already", s->remote->name, s->folder);
		rc = LOCKED;
	}
	return rc;
}

int stream_backup(struct stream *s, struct manifest *m, char **path, struct buf *error)
{
	struct bucket *r = s->remote;
	struct buf left = BUF_INIT;
	struct pump p = { .to = -1, .answer = -1, .go = -1 };
	char *key = NULL, *id = NULL;
	int rc = find_name(s, m->started, path, error);

	s->dump_bytes = m->database_bytes;
	s->made = false;
	s->dump->streams = true;
	if (!rc) {
		key = xasprintf("%s%s", r->prefix, *path);
		rc = s3_start(&r->s3, key, &id, error);
	}
	if (!rc && r->begun)
		r->begun(key, id, r->arg);
	rc = rc ? rc : pump_start(&p, s, *path, id, error);
	rc = rc ? rc : run(s, &p, m, error);
	rc = rc ? rc : finish(s, &p, *path, m, error);
	pump_free(&p);
	/* Where the second process could not do it any more. */
	if (rc && id)
		s3_abort(&r->s3, key, id, &left);
	if (rc && s->made)
		bucket_take_back(r, *path, m->sha256, &left);
	buf_free(&left);
	free(id);
	free(key);
	return rc;
}
