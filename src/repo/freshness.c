/* freshness - whether the newest verified backup of a database is young enough. */
#include "repo/freshness.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/size.h"
#include "repo/space.h"

int64_t freshness_limit(const struct schedule *s)
{
	int64_t gap = s->kind == SCHEDULE_NONE ? 0 : schedule_gap(s, clock_wall());

	return 2 * gap > FRESHNESS_MS ? 2 * gap : FRESHNESS_MS;
}

void freshness_judge(struct catalog *c, const struct rows *last, size_t row, int64_t limit,
                     struct freshness *f)
{
	*f = (struct freshness){ .root = c->root, .folder = rows_get(last, row, 0),
	                         .run = rows_get(last, row, 1), .error = rows_get(last, row, 2) };
	catalog_newest(c, f->folder, NULL, clock_wall() + CLOCK_TOLERANCE_MS, &f->newest);
	f->age = clock_wall() - f->newest.made;
	f->fresh = f->newest.made && f->age < limit;
}

char *freshness_text(const struct freshness *f)
{
	char *age = clock_age(f->age), *size = size_text(f->newest.bytes);
	struct buf text = BUF_INIT, space = BUF_INIT;

	if (!f->newest.made)
		buf_printf(&text, "%s: failed: no verified backup", f->folder);
	else
		buf_printf(&text, "%s: %s: %s, %s old", f->folder, f->fresh ? "ok" : "too old", size, age);
	if (f->newest.suspect)
		buf_puts(&text, "; suspect beside the one before it, so nothing is pruned");
	if (strcmp(f->run, "done") != 0)
		buf_printf(&text, "; its last run: %s%s%s", f->run, *f->error ? ": " : "", f->error);
	/* The runs that have failed for it may not have been recorded. */
	if (f->newest.made && space_check(f->root, &f->newest, &space) != 0)
		buf_printf(&text, "; %s: the next run will fail", space.data);
	buf_free(&space);
	free(size);
	free(age);
	return buf_detach(&text);
}
