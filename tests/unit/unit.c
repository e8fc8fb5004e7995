/* unit - what the unit tests share. */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sanitizer/lsan_interface.h>

#include "unit.h"

#include "base/banned.h"
#include "base/file.h"
#include "base/proc.h"

static char folder[PATH_MAX];

int scratch_make(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/pgbox-unit-XXXXXX", parent ? parent : "/tmp");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int scratch_remove(void **state)
{
	(void)state;
	return chdir("/") || nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void put(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static char *content(FILE *file)
{
	struct buf b = BUF_INIT;
	char bytes[4096];
	size_t n;

	rewind(file);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add(&b, bytes, n);
	fclose(file);
	return buf_detach(&b);
}

/* What a program that ends has not freed is no leak; the sanitizer asks here. */
static bool is_child;

int __lsan_is_turned_off(void)
{
	return is_child;
}

struct outcome call(int (*f)(void *), void *arg)
{
	FILE *out = tmpfile(), *err = tmpfile();
	struct outcome o;
	int status;
	pid_t pid;

	assert_non_null(out);
	assert_non_null(err);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		is_child = true;
		close(STDIN_FILENO);
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		exit(f(arg));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	o.status = proc_status(status);
	o.out = content(out);
	o.err = content(err);
	return o;
}

void outcome_free(struct outcome *o)
{
	free(o->out);
	free(o->err);
}
