/* apply - how a backup gets into its database. */
#include "restore/apply.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/teller.h"
#include "db/emptiness.h"
#include "repo/select.h"
#include "restore/apply_parts.h"
#include "restore/restore_check.h"
#include "restore/restore_rights.h"
#include "restore/restore_run.h"

const char *apply_words(enum apply_mode mode)
{
	static const char *const words[] = {
		[APPLY_CREATE] = "make the database",
		[APPLY_FILL] = "fill the empty database",
		[APPLY_REPLACE] = "replace the database",
		[APPLY_CLEAN] = "drop and make anew what the backup has",
	};

	return words[mode];
}

/* Several jobs have no transaction, and what is verified afterwards cannot be taken back, nor what
 * was damaged on its way. Then an empty database is better filled beside, in a copy of it, where
 * this role may. */
static bool fills_beside(struct apply *p)
{
	struct buf why = BUF_INIT;
	bool may = shadow_check_swap(&p->shadow, &why) == 0;
	char *words;

	if (!may && p->r->jobs > 1) {
		words = xasprintf("--jobs: it is filled by one, in one transaction: %s", why.data);
		teller_say(p->finish.tell, MSG_INFO, words);
		free(words);
		p->r->jobs = 1;
	}
	buf_free(&why);
	return p->download || (may && (p->r->jobs > 1 || p->finish.check));
}

static int is_empty(const struct apply *p, const char *database, struct buf *error)
{
	return emptiness_check(p->target, database, clock_within(p->finish.wait), error);
}

/* The sessions of several jobs would share a pooler's connections, and each might leave what it set in
 * another's. */
static void limit_jobs(struct apply *p)
{
	if (p->r->jobs <= 1 || !p->shadow.db.pg.pooled)
		return;
	teller_say(p->finish.tell, MSG_WARNING,
	           "--jobs: restored by one job, because the connection goes through a "
	               "pooler");
	p->r->jobs = 1;
}

static int choose_mode(struct apply *p, struct buf *error)
{
	int rc;

	limit_jobs(p);
	p->mode = p->shadow.exists ? APPLY_CLEAN : APPLY_CREATE;
	if (p->shadow.exists && p->into) {
		buf_printf(error, "database '%s' is there already: --into makes a new one", p->into);
		return NO;
	}
	if (p->clean || !p->shadow.exists)
		return 0;
	rc = is_empty(p, NULL, error);
	if (rc == NO && !p->replace)
		buf_puts(error, ": say --replace to put the backup in its place (the old one is kept), or "
		         "--clean");
	if (rc && (rc != NO || !p->replace))
		return rc;
	buf_cut(error, 0);
	p->was_empty = !rc && fills_beside(p);
	p->mode = !rc && !p->was_empty ? APPLY_FILL : APPLY_REPLACE;
	return 0;
}

int apply_look(struct apply *p, struct db *db, struct strs *problems, struct strs *notes, struct buf *error)
{
	bool beside, fresh;
	int rc = shadow_open(&p->shadow, p->target, clock_within(p->finish.wait), error);

	p->shadow.tell = p->finish.tell;
	rc = rc ? rc : choose_mode(p, error);
	rc = rc ? rc : apply_properties(p, problems, notes, error);
	/* Only now: a role or database may have a timeout for idle sessions. */
	if (!rc && p->shadow.exists)
		rc = db_reopen(db, p->target, clock_within(p->finish.wait), error);
	if (rc)
		return rc;
	beside = p->mode == APPLY_CREATE || p->mode == APPLY_REPLACE;
	fresh = beside && !p->was_empty;
	p->r->clean = p->mode == APPLY_CLEAN;
	rc = restore_check(p->r, fresh ? &p->shadow.db : db, fresh, problems, notes, error);
	if (p->r->clean && p->r->jobs > 1)
		strs_add(notes, "--clean with --jobs is not one transaction: if it fails, the database is "
		         "half restored");
	if (!rc)
		apply_settings(p, problems, notes);
	if (!rc && beside)
		rc = p->mode == APPLY_REPLACE ? shadow_check_swap(&p->shadow, error)
		                              : shadow_check_create(&p->shadow, error);
	if (rc && error->len && beside) {
		strs_add(problems, error->data);
		buf_cut(error, 0);
	}
	if (!error->len && problems->n) {
		buf_printf(error, "%s: nothing was touched", p->target->shown);
		rc = rc ? rc : UNAVAILABLE;
	}
	return rc;
}

/* What must be right of a restored database before anybody sees it. */
static int finish(const struct apply *p, const struct target *target, struct buf *error)
{
	struct finish s = p->finish;

	if (p->mode == APPLY_CLEAN) /* beside what is put back there may be more */
		s.tables = -1;
	if (p->r->toc.statistics && p->r->server_version >= 180000)
		s.analyze = false;
	return finish_database(&s, target, error);
}

/* How things stand from now on, for whoever ends this by a signal. */
static void stands(const struct apply *p, const char *words, const char *name)
{
	char *line = xasprintf("%s: ended by a signal: %s%s", p->target->shown, words, name);

	p->stands(line);
	free(line);
}

/* What has become of the one before. */
static void leave(struct apply *p, const char *before, struct buf *error)
{
	bool drop = p->drop_old, dropped;
	char *words = NULL;

	if (p->was_empty)
		drop = is_empty(p, before, error) == 0;
	drop = drop && before;
	dropped = drop && shadow_drop(&p->shadow, before, error) == 0;
	if (dropped)
		words = xasprintf("dropped '%s'", before);
	else if (drop && !shadow_is_whole(&p->shadow, before))
		words = xasprintf("the old database, '%s', cannot be used any more: the next restore drops "
		                  "it", before);
	else if (before)
		words = xasprintf("the old database is '%s': pgrestore undo swaps it back", before);
	if (words)
		teller_say(p->finish.tell, MSG_INFO, words);
	if (error->len)
		teller_say(p->finish.tell, MSG_WARNING, error->data);
	buf_cut(error, 0);
	free(words);
}

static int get_ready(const struct apply *p, struct buf *error)
{
	return p->ready ? p->ready(error) : 0;
}

static int run(struct apply *p, const struct target *target, struct buf *error)
{
	int rc = restore_run(p->r, target, error);
	char *words = rc ? NULL : restore_rights_left_out(p->r);

	if (words)
		teller_say(p->finish.tell, MSG_INFO, words);
	free(words);
	return rc;
}

static int make(struct apply *p, struct buf *error)
{
	struct buf note = BUF_INIT;
	int rc = shadow_create(&p->shadow, &p->properties, p->was_empty, p->near_locale, &note, error);

	if (!rc && note.len)
		teller_say(p->finish.tell, MSG_WARNING, note.data);
	buf_free(&note);
	return rc;
}

/* Makes the database beside, empty but for what the target's own had. */
static int begin_beside(struct apply *p, struct buf *error)
{
	int rc;

	shadow_plan(&p->shadow);
	stands(p, "it is as it was; the next restore drops, if it was begun, ", p->shadow.name);
	record_start(p->record, p->shadow.name, p->target->shown, p->m ? p->m->sha256 : NULL);
	/* One of them may be the new database's owner. */
	rc = restore_make_roles(p->r, &p->shadow.db, error);
	return rc ? rc : make(p, error);
}

/* What comes as it is downloaded is compared when all of it has come. */
static int fill_beside(struct apply *p, struct buf *error)
{
	int rc;

	if (!p->download)
		return run(p, &p->shadow.at, error);
	rc = download_pour(p->download, error);
	return rc ? rc : download_poured(p->download, p->m, run(p, &p->shadow.at, error), error);
}

/* All that must hold before it is swapped in. */
static int finish_beside(struct apply *p, struct buf *error)
{
	int rc = finish(p, &p->shadow.at, error);

	if (!rc)
		rc = shadow_dress(&p->shadow, &p->properties, error);
	if (!rc)
		rc = get_ready(p, error);
	/* What was empty may have been filled by somebody else meanwhile. */
	return !rc && p->was_empty ? is_empty(p, NULL, error) : rc;
}

static int swap_in(struct apply *p, struct buf *error)
{
	char *before = NULL;
	int rc = shadow_swap(&p->shadow, &before, error);

	if (!rc) {
		stands(p, "the backup is in its place", "");
		leave(p, before, error);
	}
	free(before);
	return rc;
}

int apply_beside(struct apply *p, struct buf *error)
{
	int rc = begin_beside(p, error);

	if (!rc)
		rc = fill_beside(p, error);
	if (!rc)
		rc = finish_beside(p, error);
	stands(p, "it is as it was, or the backup is in its place and the old one beside it", "");
	return rc ? rc : swap_in(p, error);
}

int apply_inside(struct apply *p, struct db *db, struct buf *error)
{
	int rc;

	record_start(p->record, conninfo_get(&p->target->conninfo, "dbname"), p->target->shown,
	             p->m ? p->m->sha256 : NULL);
	p->r->one_transaction = p->r->jobs == 1;
	rc = get_ready(p, error);
	if (rc)
		return rc;
	rc = restore_make_roles(p->r, db, error);
	db_close(db);
	stands(p, "whether before the end of the restore or after is not known", "");
	if (!rc)
		rc = run(p, p->target, error);
	if (rc)
		buf_puts(error, !p->r->one_transaction ? "; the database is half restored"
		                : p->r->lost ? "; whether before its end or after is not known: look at the "
		                               "database"
		                             : "; nothing has changed");
	stands(p, "what was restored is there, but was not looked over", "");
	if (!rc && (rc = finish(p, p->target, error)) != 0)
		buf_puts(error, "; what was restored is there all the same");
	if (rc && p->mode == APPLY_CLEAN)
		buf_puts(error, "; the backup from before is the newest in " SELECT_SAFETY);
	return rc;
}

int apply_discard(struct apply *p, struct buf *error)
{
	return shadow_discard(&p->shadow, error);
}

void apply_free(struct apply *p)
{
	shadow_free(&p->shadow);
	properties_free(&p->properties);
}
