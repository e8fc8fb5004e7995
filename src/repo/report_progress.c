/* report_progress - how far a database is, on a terminal. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/progress.h"
#include "base/size.h"
#include "repo/report.h"

/* What pgrestore does is all of its bar, one after the other. */
static bool is_one_way(const struct progress *p)
{
	return strcmp(p->phase, "read") == 0 || strcmp(p->phase, "restore") == 0;
}

/* The dump counts for four fifths of the bar, its check for the rest. */
void report_progress(const struct progress *p)
{
	struct buf what = BUF_INIT;
	bool dumping = p && strcmp(p->phase, "dump") == 0;
	int part, percent = 100;
	char *size;

	if (!p) {
		progress_clear();
		return;
	}
	part = p->total > 0 ? (int)(p->done >= p->total ? 99 : p->done * 100 / p->total) : 0;
	if (strcmp(p->phase, "done") != 0)
		percent = dumping ? part * 4 / 5 : strcmp(p->phase, "check") == 0 ? 80 + part / 5
		          : !is_one_way(p) ? 99 : p->total ? part : -1;
	size = size_text(p->done);
	buf_printf(&what, "%s %s%s%s", p->phase, size, p->table ? " " : "", p->table ? p->table : "");
	progress_draw(p->database, percent, what.data);
	buf_free(&what);
	free(size);
}
