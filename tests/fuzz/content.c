/* Fuzzes dump/format: any file is of a kind that has a name, or is refused with a reason. */
#include "fuzz.h"

#include "base/banned.h"
#include "base/status.h"
#include "dump/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf error = BUF_INIT;
	enum format content;
	bool packed;
	char path[64];
	int fd = input_file(data, len, path), rc = format_look(path, &content, &packed, &error);

	MUST(rc == DONE || rc == BAD_DATA);
	MUST((rc == DONE) == (error.len == 0));
	if (rc == DONE)
		MUST(format_name(content) && content != FORMAT_DIRECTORY);
	if (format_is_dump(path))
		MUST(rc != DONE || content == FORMAT_SQL);
	buf_free(&error);
	close(fd);
	return 0;
}
