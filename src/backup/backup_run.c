/* backup_run - the state of a run, which all its databases share. */
#include "backup/backup_run.h"

#include <stdarg.h>
#include <string.h>

#include "base/banned.h"
#include "base/teller.h"

void backup_run_tell(const struct backup_run *r, enum msg_level level, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&words, format, args);
	va_end(args);
	teller_say(r->b->tell, level, words.data);
	buf_free(&words);
}

/* A journal that fails is told once, and stops nothing. */
int backup_run_noted(struct backup_run *r, int rc)
{
	if (rc < 0 && !r->told && r->catalog.journal.error.len) {
		backup_run_tell(r, MSG_WARNING, "%s: this run is not recorded, and nothing is pruned; later, "
		                "pgbackup sync makes up for it", r->catalog.journal.error.data);
		r->told = true;
		r->again = !lite_is_busy(&r->catalog.journal.lite);
	}
	return rc;
}

void backup_run_retry_journal(struct backup_run *r)
{
	if (!r->again || catalog_is_open(&r->catalog) || catalog_reopen(&r->catalog) != 0 || r->id)
		return;
	backup_run_noted(r, catalog_run(&r->catalog, r->b->scope, r->about, r->b->due, &r->id));
}

bool backup_run_has_remote(const struct backup_run *r)
{
	return r->b->remote && r->b->remote->on;
}

bool backup_run_is_bucket(const struct backup_run *r)
{
	return backup_run_has_remote(r) && strcmp(r->b->dir, r->b->remote->name) == 0;
}

void backup_run_count(struct backup_run *r, int rc, bool roles, const struct buf *error)
{
	if (rc && !r->bad) {
		r->status = rc;
		buf_puts(&r->error, error->data);
	}
	r->bad += rc != 0;
	r->good += !rc && !roles;
}
