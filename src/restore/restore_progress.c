/* restore_progress - tells how far a restore is. */
#include "restore/restore_progress.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/size.h"
#include "repo/folder.h"

#define FIRST_MS 10000
#define PAUSE_MS 30000

static void tell_line(struct restore_progress *h, const struct progress *p)
{
	char *done = size_text(p->done), *total = size_text(p->total);
	struct buf words = BUF_INIT;

	buf_printf(&words, "%s: restoring: %s", h->database, done);
	if (p->total)
		buf_printf(&words, " of %s, %d %%", total, (int)(p->done * 100 / p->total));
	if (*p->table)
		buf_printf(&words, ", now table %s", p->table);
	teller_say(h->tell.line, MSG_INFO, words.data);
	h->next = clock_after(PAUSE_MS);
	buf_free(&words);
	free(done);
	free(total);
}

/* Rows that come out of a pipe or of a packed text have no position: then there is but how much was sent. */
void restore_progress_tick(struct restore_progress *h)
{
	struct buf table = BUF_INIT;
	struct progress p = { .database = h->database, .phase = "restore", .total = h->total };

	if (!h->meter)
		return;
	p.done = meter_read(h->meter);
	if (!p.done && meter_sent(h->meter)) {
		p.done = meter_sent(h->meter);
		p.total = 0;
	}
	p.done = p.total && p.done > p.total ? p.total : p.done;
	meter_table(h->meter, &table);
	p.table = table.data;
	if (h->tell.show)
		h->tell.show(&p);
	else if (!clock_left(h->next))
		tell_line(h, &p);
	buf_free(&table);
}

void restore_progress_begin(struct restore_progress *h, const struct restore_progress_tell *tell,
                            const char *database, const char *path)
{
	int64_t bytes;

	*h = (struct restore_progress){ .tell = *tell,
		                        .database = tell->name ? tell->name : database,
		                        .next = clock_after(FIRST_MS) };
	if (!tell->show && !tell->line)
		return;
	bytes = folder_size(path);
	h->meter = meter_make();
	h->total = bytes > 0 ? bytes : 0;
	restore_progress_tick(h);
}

void restore_progress_end(struct restore_progress *h)
{
	/* A line that is cleared is drawn again at once: the last says how far it came, however short a
	 * restore is. */
	if (h->meter && h->tell.show)
		h->tell.show(NULL);
	restore_progress_tick(h);
	if (h->meter && h->tell.show)
		h->tell.show(NULL);
	meter_free(h->meter);
	h->meter = NULL;
}
