/* download - a backup that is restored as it comes from the bucket. */
#include "restore/download.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "ext/hash.h"

#define WORDS_MAX 2000
#define PATIENCE_MS 3000 /* for the words of a download whose reader has failed */

/* What the process says when it has ended. */
struct poured {
	int rc;
	int64_t bytes;
	char sha256[HASH_TEXT];
	char words[WORDS_MAX];
};

int download_suits(struct download *f, struct manifest *m, struct buf *error)
{
	int rc = bucket_manifest(&f->remote, f->key, m, error);

	if (!rc && (strcmp(m->kind, "custom") != 0 || !m->sha256)) {
		buf_printf(error, "s3://%s/%s: only an archive in custom format can be restored as it comes",
		           f->remote.s3.bucket, f->key);
		rc = BAD_USAGE;
	}
	f->bytes = rc ? 0 : m->bytes;
	return rc;
}

int download_open(struct download *f, const char *folder, struct buf *error)
{
	f->pipe = xasprintf("%s/pipe", folder);
	return beneath_mkfifo(f->pipe) == 0 ? 0 : file_cannot(error, "make", f->pipe);
}

/* --- the head --- */

struct heading {
	int fd;
	int64_t left;
};

static int take_head(void *arg, const char *bytes, size_t len)
{
	struct heading *h = arg;
	size_t n = (int64_t)len < h->left ? len : (size_t)h->left;

	h->left -= (int64_t)n;
	return file_write(h->fd, bytes, n) != 0 || !h->left;
}

int download_head(struct download *f, int64_t bytes, char **path, struct buf *error)
{
	struct heading h = { .fd = memfd_create("head", MFD_CLOEXEC), .left = bytes };
	struct buf words = BUF_INIT;
	int rc = h.fd < 0 ? file_cannot(error, "hold", "the beginning of the backup")
	                  : s3_get(&f->remote.s3, f->key, INT64_MAX, take_head, &h, &words);

	if (rc == -1 && !h.left)
		rc = 0;
	else if (rc && h.fd >= 0)
		buf_puts(error, words.data);
	if (f->head >= 0)
		close(f->head);
	f->head = h.fd;
	/* The programs that read it are children, and close what is not theirs. */
	proc_keep(h.fd);
	*path = xasprintf("/proc/self/fd/%d", h.fd);
	buf_free(&words);
	return rc == -1 ? CANNOT_WRITE : rc;
}

/* --- all of it --- */

struct pouring {
	int to; /* -1: its reader has had enough */
	struct hash hash;
	int64_t bytes;
};

/* What its reader does not want is read all the same: nothing else tells that it is whole. */
static int take(void *arg, const char *bytes, size_t len)
{
	struct pouring *p = arg;

	hash_add(&p->hash, bytes, len);
	p->bytes += (int64_t)len;
	if (p->to >= 0 && file_write(p->to, bytes, len) != 0) {
		close(p->to);
		p->to = -1;
	}
	return 0;
}

static _Noreturn void be_pourer(struct download *f, int answer)
{
	struct pouring p = { .to = -1 };
	unsigned char digest[HASH_BYTES];
	struct buf error = BUF_INIT;
	struct poured said = { 0 };

	signal(SIGPIPE, SIG_IGN);
	f->remote.s3.http.curl = NULL; /* the connection is the first process's */
	hash_start(&p.hash);
	p.to = beneath_open(f->pipe, O_WRONLY, 0);
	said.rc = p.to < 0 ? file_cannot(&error, "open", f->pipe)
	                   : s3_get(&f->remote.s3, f->key, f->bytes, take, &p, &error);
	said.bytes = p.bytes;
	hash_end(&p.hash, digest);
	hash_text(digest, said.sha256);
	snprintf(said.words, sizeof(said.words), "%s", error.data);
	/* Before the end of the pipe is seen: its reader's failure has its reason then. */
	file_write(answer, &said, sizeof(said));
	_exit(0);
}

static void stop(struct download *f)
{
	if (f->answer >= 0)
		close(f->answer);
	f->answer = -1;
	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	f->pid = 0;
}

int download_pour(struct download *f, struct buf *error)
{
	pid_t parent = getpid();
	int answer[2];

	stop(f);
	if (pipe2(answer, O_CLOEXEC) != 0 || (f->pid = fork()) < 0) {
		buf_printf(error, "cannot start a process: %s", strerror(errno));
		return CANNOT_RUN;
	}
	if (f->pid == 0) {
		proc_die_with_parent(parent);
		close(answer[0]);
		be_pourer(f, answer[1]);
	}
	close(answer[1]);
	f->answer = answer[0];
	return 0;
}

/* One whose reader never came waits for it still. */
static bool hear(const struct download *f, int wait, struct poured *said)
{
	struct pollfd p = { .fd = f->answer, .events = POLLIN };
	int n;

	while ((n = poll(&p, 1, wait)) < 0 && errno == EINTR)
		;
	return n > 0 && read(f->answer, said, sizeof(*said)) == (ssize_t)sizeof(*said);
}

static int compare(const struct download *f, const struct manifest *m, const struct poured *said,
                   struct buf *error)
{
	if (said->bytes == m->bytes && strcmp(said->sha256, m->sha256) == 0)
		return 0;
	buf_printf(error, "s3://%s/%s is damaged: its %s is not the one of its manifest",
	           f->remote.s3.bucket, f->key,
	           said->bytes == m->bytes ? "sha256" : "size");
	return BAD_DATA;
}

int download_poured(struct download *f, const struct manifest *m, int restored, struct buf *error)
{
	struct buf words = BUF_INIT;
	struct poured said = { 0 };
	int rc = restored;

	if (!hear(f, restored ? PATIENCE_MS : -1, &said)) {
		if (!restored)
			buf_puts(&words, "the process that downloads was killed");
		rc = restored ? restored : NO;
	} else if (said.rc) {
		said.words[WORDS_MAX - 1] = '\0';
		buf_puts(&words, said.words);
		rc = said.rc;
	} else if (compare(f, m, &said, &words) != 0) {
		rc = BAD_DATA;
	}
	if (words.len) {
		buf_cut(error, 0);
		buf_puts(error, words.data);
	}
	buf_free(&words);
	stop(f);
	return rc;
}

void download_free(struct download *f)
{
	stop(f);
	if (f->head >= 0) {
		proc_keep(-1);
		close(f->head);
	}
	bucket_free(&f->remote);
	free(f->key);
	free(f->pipe);
	*f = (struct download)DOWNLOAD_INIT;
}
