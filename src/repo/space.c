/* space - whether a folder has room for the next backup. */
#include "repo/space.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/size.h"
#include "base/status.h"
#include "repo/folder.h"

int space_check(const char *dir, const struct newest *last, struct buf *error)
{
	int64_t space = folder_space(dir);
	char *need = size_text(last->bytes), *left = size_text(space);
	int rc = 0;

	if (space >= 0 && space < last->bytes) {
		buf_printf(error, "no space left: the last backup has %s, '%s' has %s free", need,
		           dir, left);
		rc = CANNOT_WRITE;
	}
	free(need);
	free(left);
	return rc;
}
