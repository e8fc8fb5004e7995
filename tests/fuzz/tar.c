/*
 * Fuzzes dump/readback on what it reads itself: tar archives header by header, SQL to its last line. It ends, and says
 * why it refuses.
 *
 * The first byte of the input says the kind.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/status.h"
#include "dump/program.h"
#include "dump/readback.h"

int __wrap_program_start(struct program *t, int *messages, pid_t *pid);
void __wrap_program_wait(struct program *t, int messages, pid_t pid);

/* pg_restore finds nothing wrong. */
int __wrap_program_start(struct program *t, int *messages, pid_t *pid)
{
	t->error = (struct buf)BUF_INIT;
	t->status = 0;
	*messages = -1;
	*pid = 1;
	return 0;
}

void __wrap_program_wait(struct program *t, int messages, pid_t pid)
{
	(void)t, (void)messages, (void)pid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const kinds[] = { "tar", "plain", "text", "roles" };
	struct buf error = BUF_INIT;
	char path[64];
	int fd, rc;

	if (!len)
		return 0;
	fd = input_file(data + 1, len - 1, path);
	rc = readback(&(struct readback){ .path = path, .kind = kinds[data[0] & 3], .scratch = "/nonexistent",
	                                  .keep_fd = -1 }, &error);
	MUST(rc == DONE || rc == BAD_DATA);
	MUST((rc == DONE) == (error.len == 0));
	readback_has_checksum(path);
	buf_free(&error);
	close(fd);
	return 0;
}
