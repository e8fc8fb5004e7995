/* tar - the headers of a tar archive. */
#include "dump/tar.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/status.h"
#include "dump/format.h"

#define SIZE_AT 124
#define SIZE_LEN 12
#define SUM_AT 148
#define SUM_LEN 8

/* GNU tar's and PostgreSQL's form for what has more digits than fit (src/port/tar.c,
 * print_tar_number): a byte 0x80, and the number in base 256. */
static int64_t base_256(const unsigned char *field, size_t len)
{
	int64_t number = 0;

	for (size_t i = 1; i < len; i++) {
		if (number > INT64_MAX >> 8)
			return -1;
		number = number << 8 | field[i];
	}
	return number;
}

/* Octal digits, with blanks before and blanks or NULs after them; -1 for anything else. */
static int64_t number_of(const char *field, size_t len)
{
	int64_t number = 0;
	size_t i = 0, digits;

	if ((unsigned char)*field == 0x80)
		return base_256((const unsigned char *)field, len);
	while (i < len && field[i] == ' ')
		i++;
	for (digits = i; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		number = number << 3 | (field[i] - '0');
	if (i == digits)
		return -1;
	for (; i < len; i++)
		if (field[i] && field[i] != ' ')
			return -1;
	return number;
}

/* The sum of a header's bytes, its checksum taken for blanks. */
static bool has_sum(const char *header)
{
	int64_t sum = 0;

	for (size_t i = 0; i < TARFILE_BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : (unsigned char)header[i];
	return sum == number_of(header + SUM_AT, SUM_LEN);
}

int64_t tar_size(const char *header)
{
	return has_sum(header) ? number_of(header + SIZE_AT, SIZE_LEN) : -1;
}

static const char zeros[TARFILE_BLOCK];

/* Whether nothing but zeros comes from there on, to which tar fills its last record. */
static bool is_empty(int fd, int64_t at)
{
	char block[TARFILE_BLOCK];
	ssize_t n;

	while ((n = pread(fd, block, TARFILE_BLOCK, at)) > 0 && memcmp(block, zeros, (size_t)n) == 0)
		at += n;
	return n == 0;
}

/* Whether the headers lead to the block of zeros, and nothing follows. Each step is at least one block
 * forward. */
static bool is_whole(int fd, int64_t bytes)
{
	char block[TARFILE_BLOCK];
	int64_t at = 0;

	while (bytes - at >= TARFILE_BLOCK && pread(fd, block, TARFILE_BLOCK, at) == TARFILE_BLOCK) {
		int64_t size;

		if (memcmp(block, zeros, TARFILE_BLOCK) == 0)
			return is_empty(fd, at);
		size = tar_size(block);
		at += TARFILE_BLOCK;
		if (size < 0 || size > bytes - at)
			return false;
		at += (size + TARFILE_BLOCK - 1) / TARFILE_BLOCK * TARFILE_BLOCK;
	}
	return false;
}

int tar_check(const char *path, struct buf *error)
{
	int fd = beneath_open_regular(path);
	struct stat st;
	bool whole = fd >= 0 && fstat(fd, &st) == 0 && is_whole(fd, st.st_size);

	if (fd >= 0)
		close(fd);
	if (!whole) {
		buf_printf(error, "'%s' is damaged or cut off", path);
		format_explain_damage(path, error);
	}
	return whole ? DONE : BAD_DATA;
}
