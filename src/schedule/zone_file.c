/* zone_file - whether a zone's file can be given to the C library (RFC 9636, 3). */
#include "schedule/zone_file.h"

#include <stdint.h>
#include <string.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/file.h"

#define HEADER 44
#define MAX_BYTES (1 << 20)
#define TYPE 6 /* bytes: the offset, whether it is summer time, the place of its name */

/* The counts of a header, in its order. */
enum { ISUT, ISSTD, LEAPS, TIMES, TYPES, CHARS, COUNTS };

static size_t count_at(const char *header, int which)
{
	const unsigned char *at = (const unsigned char *)header + 20 + 4L * which;

	return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* The bytes of the block at `bytes`, whose times have that many; 0 when the rest is shorter, or no block
 * begins there. */
static size_t block_length(const char *bytes, size_t len, size_t time_bytes)
{
	const size_t each[COUNTS] = { 1, 1, time_bytes + 4, time_bytes + 1, TYPE, 1 };
	size_t total = HEADER;

	if (len < HEADER || memcmp(bytes, "TZif", 4) != 0)
		return 0;
	for (int i = 0; i < COUNTS; i++)
		total += each[i] * count_at(bytes, i);
	return total <= len ? total : 0;
}

/* Whether each time has one of the block's types, each type has a name in it, and the last name ends. */
static bool refers_inside(const char *block, size_t time_bytes)
{
	size_t times = count_at(block, TIMES), types = count_at(block, TYPES), chars = count_at(block, CHARS);
	const unsigned char *index = (const unsigned char *)block + HEADER + times * time_bytes;
	const unsigned char *type = index + times, *names = type + types * TYPE;

	if (!types || !chars || names[chars - 1])
		return false;
	for (size_t i = 0; i < times; i++)
		if (index[i] >= types)
			return false;
	for (size_t i = 0; i < types; i++)
		if (type[i * TYPE + TYPE - 1] >= chars)
			return false;
	return true;
}

/* Whether what follows the last block is one line between two line ends. */
static bool is_footer(const char *bytes, size_t len)
{
	return len >= 2 && bytes[0] == '\n' && memchr(bytes + 1, '\n', len - 1) == bytes + len - 1 &&
	       !memchr(bytes, '\0', len);
}

bool zone_file_valid(const char *bytes, size_t len)
{
	size_t first = block_length(bytes, len, 4), second;

	if (!first)
		return false;
	if (bytes[4] == '\0')
		return first == len && refers_inside(bytes, 4);
	second = block_length(bytes + first, len - first, 8);
	return second && refers_inside(bytes + first, 8) &&
	       is_footer(bytes + first + second, len - first - second);
}

bool zone_file_is(const char *path)
{
	struct buf content = BUF_INIT;
	bool valid = file_read_regular(path, &content, MAX_BYTES) == 0 && zone_file_valid(content.data, content.len);

	buf_free(&content);
	return valid;
}
