/* watch - restores what is dropped into a folder. */
#include "watch/watch.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/status.h"
#include "base/teller.h"
#include "envcheck/volume.h"
#include "repo/journal_runs.h"
#include "watch/watch_check.h"
#include "watch/watch_file.h"

#define LOCK_MS 10000     /* a killed watch's restore may be ending */

/* --- what an earlier one left --- */

static void put_left(struct watching *s)
{
	struct strs left = { 0 };

	inbox_left(&s->inbox, &left);
	for (size_t i = 0; i < left.n; i++) {
		bool done = journal_runs_was_done(&s->journal, WATCH_APPLET, path_base(left.v[i]), s->w->dir);

		watching_open_log(s, left.v[i]);
		if (done)
			watching_sayf(s, MSG_INFO, "'%s' was restored", path_base(left.v[i]));
		else
			watching_sayf(s, MSG_WARNING, "the restore of '%s' was broken off: the database is "
			              "what it was before, or is replaced as a whole (pgrestore undo swaps "
			              "it back); drop the file again to restore it",
			     path_base(left.v[i]));
		watching_close_log(s);
		free(inbox_put(&s->inbox, left.v[i], done));
	}
	strs_free(&left);
}

/* A journal that lies in the drop folder, as it did once. */
static void adopt(struct watching *s)
{
	struct buf error = BUF_INIT;

	if (state_dir_adopt(&s->place, s->inbox.base, s->w->dir, &s->journal, &error) != 0)
		watching_sayf(s, MSG_WARNING, "cannot take over the journal in '%s/.pgbox': %s: delete it",
		              s->inbox.base, error.data);
	else if (s->place.leftover)
		watching_sayf(s, MSG_INFO, "the journal in '%s/.pgbox' is now '%s'",
		              s->inbox.base, s->place.journal);
	buf_free(&error);
}

static void recover(struct watching *s)
{
	if (watching_open_journal(s) == 0) {
		adopt(s);
		s->owed = containers_start(&s->w->containers, &s->journal, 0, false);
		state_dir_remove_old(&s->place, s->inbox.base);
	}
	put_left(s);
	journal_runs_interrupt(&s->journal, WATCH_APPLET, s->w->dir);
	journal_free(&s->journal);
}

/* --- waiting --- */

/* The folder may have been made anew: the same one is only watched once (inotify_add_watch(2)). */
static void wait_for_news(struct watching *s, int64_t deadline)
{
	struct pollfd p = { .fd = s->events, .events = POLLIN };
	char events[4096];

	if (s->events >= 0)
		inotify_add_watch(s->events, s->w->dir,
		                  IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF |
		                          IN_MOVE_SELF);
	if (poll(&p, 1, clock_poll(deadline)) > 0)
		while (read(s->events, events, sizeof(events)) > 0)
			;
}

/* What could not be started is tried again now and then. */
static void pay_debts(struct watching *s)
{
	if (s->owed <= 0)
		return;
	proc_hold(&s->signal);
	if (watching_open_journal(s) == 0)
		s->owed = containers_start(&s->w->containers, &s->journal, 0, false);
	journal_free(&s->journal);
	proc_hold(NULL);
}

static int loop(struct watching *s)
{
	int64_t again, look_at = clock_after(s->w->poll);

	while (!s->signal) {
		const char *name = inbox_look(&s->inbox, &again);

		if (name) {
			proc_hold(&s->signal);
			watch_file(s, name);
			proc_hold(NULL);
			continue;
		}
		if (!clock_left(look_at)) {
			pay_debts(s);
			look_at = clock_after(s->w->poll);
		}
		wait_for_news(s, again < look_at ? again : look_at);
	}
	return BY_SIGNAL + s->signal;
}

/* --- the whole --- */

static void tell_holder(const char *holder, void *arg)
{
	const struct watching *s = arg;
	teller_sayf(s->w->tell, MSG_INFO, "waiting for another watch: %s", holder);
}

/* Without a journal nobody could know which containers to start again. */
static int check_journal(struct watching *s, struct buf *error)
{
	int rc = watching_open_journal(s);

	if (rc && containers_wanted(&s->w->containers))
		buf_printf(error, "containers are to be stopped, and which must be in a journal: %s",
		           s->journal.error.len ? s->journal.error.data : "its folder is missing");
	else if (rc)
		teller_say(s->w->tell, MSG_WARNING,
		           s->journal.error.len ? s->journal.error.data : "there is no journal");
	journal_free(&s->journal);
	return error->len ? CANNOT_WRITE : 0;
}

/* A container that is made again, as by an update, would not know which others it has stopped. */
static void tell_fate(const struct watching *s)
{
	char *folder = path_folder(s->place.journal);
	const char *fate = volume_fate(folder);
	char *words = fate ? xasprintf("the folder of the journal, '%s', %s: mount a volume there, or "
	                               "containers that are stopped then may stay so", folder, fate) : NULL;

	if (words)
		teller_say(s->w->tell, MSG_WARNING, words);
	free(words);
	free(folder);
}

/* What it says is believed: which containers to start. Where none are stopped it is only a record. */
static int find_journal(struct watching *s, struct buf *error)
{
	struct buf warning = BUF_INIT;
	int rc = state_dir_find(&s->place, s->w->journal, s->w->state, error);

	if (!rc)
		rc = state_dir_check(&s->place, &warning, error);
	if (!rc && containers_wanted(&s->w->containers))
		tell_fate(s);
	if (warning.len)
		teller_say(s->w->tell, MSG_WARNING, warning.data);
	buf_free(&warning);
	if (rc && !containers_wanted(&s->w->containers)) {
		teller_say(s->w->tell, MSG_WARNING, error->data);
		buf_cut(error, 0);
		rc = 0;
	}
	s->w->journal = s->place.journal;
	return rc ? rc : check_journal(s, error);
}

/* Where a volume is missing the folder is made in the container, and nobody drops anything there. */
static void tell_missing(const struct watching *s)
{
	char *words = file_exists(s->w->dir) ? NULL : xasprintf("no folder '%s' found, so it is made: is a "
	                                                        "mount missing?",
	                                                        s->w->dir);

	if (words)
		teller_say(s->w->tell, MSG_WARNING, words);
	free(words);
}

static int start(struct watching *s, struct buf *error)
{
	int rc = containers_check(&s->w->containers, error);

	tell_missing(s);

	if (!rc)
		rc = inbox_open(&s->inbox, error);
	if (!rc)
		rc = dir_lock_take(&s->lock, s->inbox.base, clock_after(LOCK_MS), tell_holder, s, error);
	if (rc)
		return rc;
	return find_journal(s, error);
}

int watch_run(struct watch *w, struct buf *error)
{
	struct watching s = { .w = w, .inbox = { .dir = w->dir, .settle = w->settle, .tell = w->tell },
		           .lock = { .fd = -1 }, .journal = JOURNAL_INIT, .events = -1, .log = -1 };
	struct teller log = { .say = watching_say, .arg = &s };
	int rc;

	w->containers.dir = w->dir;
	w->containers.tell = &log;
	w->containers.stopping = &s.signal;
	rc = start(&s, error);
	if (!rc) {
		s.events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		proc_hold(&s.signal);
		recover(&s);
		proc_hold(NULL);
		watch_check_warn(w);
		teller_sayf(w->tell, MSG_INFO, "watching '%s'", w->dir);
		rc = loop(&s);
	}
	if (s.events >= 0)
		close(s.events);
	dir_lock_release(&s.lock);
	inbox_free(&s.inbox);
	state_dir_free(&s.place);
	return rc;
}
