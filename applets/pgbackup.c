/*
 * pgbackup - backups that are whole, read back, recorded and kept.
 *
 * In place of a loop around pg_dump: nothing carries a backup's name until it has been
 * read back and is on the disk, nothing is deleted but for what a newer verified
 * backup makes superfluous, and what is due follows from the journal, not from when
 * the container was started.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backup/backup.h"
#include "backup/foreign_settings.h"
#include "backup/notify.h"
#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/show.h"
#include "base/teller.h"
#include "envcheck/volume.h"
#include "opt/opt.h"
#include "repo/dir_lock.h"
#include "repo/folder_repo.h"
#include "repo/freshness.h"
#include "repo/prune.h"
#include "repo/rebuild.h"
#include "repo/report.h"
#include "repo/verify.h"
#include "restore/drill_into.h"
#include "schedule/daemon.h"

static struct {
	const char *dir, *format, *compress, *check, *roles, *cron, *zone, *into, *as_superuser, *encryption, *volume,
	           *search_path;
	struct strs urls, databases, exclude, first;
	bool all, dry_run, json, remote;
	long jobs;
	int64_t lock_wait, busy_wait, wait, every, max_age;
	struct retention keep;
} o = {
	.dir = "/backups", .format = "custom", .compress = "zstd:3", .check = "read", .roles = "yes", .as_superuser = "no",
	.volume = "no", .jobs = 1, .lock_wait = 60000, .busy_wait = 60000, .wait = 30000, .keep = { .min = 3 },
};

static void tell(enum msg_level level, const char *words, void *arg);

static const struct teller teller = { .say = tell };

static struct notify notify = { .outcome = RESULTS_INIT, .tell = &teller };

static const struct opt opts[] = {
	TEXT('d', "dir", "BACKUP_DIR", "DIR", &o.dir, "the folder of the backups"),
	WORD(0, "require-volume", "BACKUP_REQUIRE_VOLUME", "yes|no", &o.volume,
	     "exit 78 where DIR is lost with the container, because no volume is mounted there"),
	LIST(0, "url", "BACKUP_URLS", "[NAME=]URL", &o.urls,
	     "back up this server or SQLite file; may be given more than once"),
	LIST_SPLIT(0, "database", "BACKUP_DATABASES", ", ", "DB", &o.databases,
	     "the databases wanted of each server, * for all; several in the variable are parted by commas or blanks"),
	FLAG('a', "all", &o.all, "every database of each server; verify: every backup"),
	LIST_SPLIT(0, "exclude", "BACKUP_EXCLUDE", ", ", "PATTERN", &o.exclude,
	     "leave out databases whose name matches (* ? []); parted as well"),
	WORD(0, "format", "BACKUP_FORMAT", "custom|plain|directory", &o.format, "pg_dump's format"),
	TEXT(0, "compress", "BACKUP_COMPRESS", "METHOD[:N]", &o.compress,
	     "zstd, gzip or lz4, and its level; none"),
	NUMBER('j', "jobs", "BACKUP_JOBS", "N", &o.jobs,
	     "dump N tables at a time; above 1 the format is directory"),
	WORD(0, "verify", "BACKUP_VERIFY", "read|restore", &o.check,
	     "how a new backup is checked: read back in full, or also restored"),
	WORD(0, "verify-as-superuser", "BACKUP_VERIFY_AS_SUPERUSER", "yes|no", &o.as_superuser,
	     "restore tests: run the database's own code as the login, even as a superuser"),
	TEXT(0, "search-path", "BACKUP_SEARCH_PATH", "SCHEMAS", &o.search_path,
	     "restore tests: as pgrestore's option"),
	WORD(0, "encryption", "BACKUP_ENCRYPTION", "none", &o.encryption,
	     "none: plain backups are meant, though a variable of another tool asks for encryption"),
	WORD(0, "roles", "BACKUP_ROLES", "yes|no", &o.roles, "dump roles and tablespaces, too"),
	TIME(0, "wait", "BACKUP_WAIT", &o.wait, "how long a run waits for the server"),
	LIST(0, "wait-for", "BACKUP_WAIT_FOR", "CHECK", &o.first,
	     "a database's first backup waits until CHECK (see waitdb) holds, for --wait at most"),
	TIME(0, "lock-wait", "BACKUP_LOCK_WAIT", &o.lock_wait, "how long it waits for the lock of a table"),
	TIME(0, "busy-wait", "BACKUP_BUSY_WAIT", &o.busy_wait,
	     "how long it waits for another run of the folder or database"),
	COARSE_TIME(0, "every", "BACKUP_INTERVAL|BACKUP_INTERVAL_SECONDS", &o.every,
	            "daemon: run at this interval: 24h, 30m; 1 to 59 wants a unit"),
	TEXT(0, "cron", "BACKUP_CRON|SCHEDULE|CRON_SCHEDULE", "TEXT", &o.cron,
	     "daemon: run at these times: five fields, @daily, @every 6h"),
	TEXT(0, "time-zone", "CRON_TZ", "ZONE", &o.zone, "the zone of --cron and of days; else TZ, else UTC"),
	NUMBER(0, "keep-last", "BACKUP_KEEP_LAST", "N", &o.keep.last, "keep the newest N"),
	NUMBER(0, "keep-hourly", "BACKUP_KEEP_HOURLY", "N", &o.keep.hourly, "the last of each hour, N of them"),
	NUMBER(0, "keep-daily", "BACKUP_KEEP_DAILY", "N", &o.keep.daily, "of each day"),
	NUMBER(0, "keep-weekly", "BACKUP_KEEP_WEEKLY", "N", &o.keep.weekly, "of each ISO week"),
	NUMBER(0, "keep-monthly", "BACKUP_KEEP_MONTHLY", "N", &o.keep.monthly, "of each month"),
	NUMBER(0, "keep-yearly", "BACKUP_KEEP_YEARLY", "N", &o.keep.yearly, "of each year"),
	NUMBER(0, "keep-days", "BACKUP_KEEP_DAYS|BACKUP_RETENTION_DAYS", "N", &o.keep.days,
	     "all of the N days before the newest"),
	NUMBER(0, "keep-min", "BACKUP_KEEP_MIN", "N", &o.keep.min, "never fewer than the newest N"),
	SECRET(0, "webhook", "WEBHOOK_URL", "URL", &notify.webhook, "post the result of every run there, as JSON"),
	SECRET(0, "webhook-error", "WEBHOOK_ERROR_URL", "URL", &notify.webhook_error,
	       "post the results of runs there that were not good in every part"),
	SECRET(0, "healthchecks", "HEALTHCHECKS_URL", "URL", &notify.healthchecks,
	       "ping it as healthchecks.io has it: /start, success, /fail with the log's end"),
	TEXT(0, "metrics", "METRICS_FILE", "FILE", &notify.metrics, "write metrics for Prometheus there"),
	COARSE_TIME(0, "max-age", "BACKUP_MAX_AGE", &o.max_age,
	            "status: the greatest age that is fine; 0: 26h or twice the interval, the larger"),
	SECRET(0, "into", NULL, "URL", &o.into, "verify: also restore it into a new database there"),
	FLAG('n', "dry-run", &o.dry_run, "prune: only say what would be deleted"),
	FLAG(0, "remote", &o.remote, "list, verify, prune: those in S3_BUCKET"),
	FLAG(0, "json", &o.json, "list, status: one JSON object a line"),
	OPT_TABLE_END
};

static const char about[] =
	"Backs databases up with PostgreSQL's own pg_dump (SQLite files with SQLite's\n"
	"online backup), reads every backup back, and keeps a record.\n"
	"\n"
	"  run [DB|URL|NAME=URL]...   one run now; else of what the environment names\n"
	"  (nothing)                  a daemon when a schedule is set, else one run\n"
	"  list [DB]...               the backups in the folder\n"
	"  status [DB]...             0 when every database has a fresh verified backup:\n"
	"                             for a health check\n"
	"  verify [BACKUP|DB]...      read backups again in full; else the newest of each\n"
	"  prune                      delete what no --keep rule keeps; runs do it, too\n"
	"  sync                       rebuild the record from the manifests\n"
	"\n"
	"A backup is DIR/DB/DB-YYYYMMDD-HHMMSS.dump (UTC), with a manifest (.json) and a\n"
	"checksum (.sha256) beside it; NAME=URL puts a server's under DIR/NAME. Roles are\n"
	"in DIR/.globals. Nothing has its final name until it was read back and is on\n"
	"the disk. Without any --keep rule nothing is ever deleted.\n"
	"\n"
	"With S3_BUCKET each backup is then uploaded, too, compared there, and pruned by\n"
	"S3_KEEP_* alone; what fails is tried again by the next run. With BACKUP_DIR set\n"
	"empty it streams there and is no file here. S3_PREFIX S3_ENDPOINT S3_REGION\n"
	"AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY and more, also as _FILE: see the README.\n"
	"\n"
	"The daemon's first interval run is at once, later ones follow from the last\n"
	"success, also over restarts. A run that failed is tried again after 1, 2, 4 ...\n"
	"60 minutes. SIGUSR1 makes it run now; SIGTERM stops it within two seconds.";

static const char notes[] =
	"examples:\n"
	"  pgbackup run                             the database of DATABASE_URL or PG*\n"
	"  BACKUP_INTERVAL=24h BACKUP_KEEP_DAYS=7 pgbackup\n"
	"  pgbackup run users=env:USERS_URL shop=env:SHOP_URL\n"
	"  pgbackup --cron 'CRON_TZ=Europe/Berlin 0 3 * * *' --all --keep-daily 7\n"
	"  pgbackup verify --into env:SCRATCH_URL app\n"
	"\n"
	"exit codes: 0 done; 1 failed (status: not fine); 3 some databases failed, or\n"
	"were not uploaded; 64 wrong call; 65 a backup is damaged; 66 no such backup;\n"
	"69 no answer, or a server newer than the engine; 73 no space, or the folder is\n"
	"not writable; 75 locked by another run, or a table is; 77 refused; 78 wrong\n"
	"variable.";

static struct schedule schedule;
static struct bucket remote;
static struct sources sources;

/* --- messages --- */

static void tell(enum msg_level level, const char *words, void *arg)
{
	(void)arg;
	progress_clear();
	msg(level, "%s", words);
	results_say(&notify.outcome, level, words);
}

/* Ends where rc is one that stops all. */
static void must(int rc, struct buf *error)
{
	if (rc)
		die(rc, "%s", error->data);
	buf_free(error);
}

/* --- what is configured --- */

/* The same, after what is not yet an error. */
static void heed(const struct strs *warnings, int rc, struct buf *error)
{
	msg_each(MSG_WARNING, warnings);
	must(rc, error);
}

static int find_sources(const struct strs *words, struct buf *error)
{
	if (o.all)
		strs_add(&o.databases, "*");
	sources.exclude = o.exclude;
	return sources_read(&sources, words, &o.urls, &o.databases, error);
}

static void read_sources(int argc, char **argv)
{
	struct strs words = { 0 };
	struct buf error = BUF_INIT;

	for (int i = 0; i < argc; i++)
		strs_add(&words, argv[i]);
	heed(&sources.warnings, find_sources(&words, &error), &error);
	strs_free(&words);
}

static void read_schedule(void)
{
	struct strs warnings = { 0 };
	struct buf error = BUF_INIT;

	heed(&warnings, schedule_choose(&schedule, o.every, o.cron, o.zone, &warnings, &error), &error);
	strs_free(&warnings);
}

static void read_remote(void)
{
	struct buf error = BUF_INIT;

	if (!remote.on)
		heed(&remote.warnings, bucket_open(&remote, &error), &error);
}

static void need_remote(void)
{
	read_remote();
	if (!remote.on)
		die(BAD_CONFIG, *o.dir ? "there is no bucket: set S3_BUCKET"
		                       : "BACKUP_DIR is empty, and there is no S3_BUCKET: set one of them");
}

/* Without a folder there is but the bucket. */
static void use_bucket(void)
{
	need_remote();
	o.dir = remote.name;
	o.remote = true;
}

/* What the variables of other backup tools ask for is not ignored in silence. */
static void look_at_foreign(bool named)
{
	struct strs warnings = { 0 };
	struct buf error = BUF_INIT;
	struct foreign_settings f = {
		.keep = o.dir == remote.name ? &remote.keep : &o.keep,
		.databases = named || o.databases.n || o.urls.n, .scheduled = schedule.kind != SCHEDULE_NONE,
		.bucket = remote.on, .plain = o.encryption && *o.encryption,
	};

	heed(&warnings, foreign_settings_judge(&f, &warnings, &error), &error);
	strs_free(&warnings);
}

/* A bucket is not lost with the container. 0 or BAD_CONFIG. */
static int look_at_folder(struct buf *error)
{
	return o.remote ? 0 : volume_look(o.dir, strcmp(o.volume, "yes") == 0, remote.on, &teller, error);
}

static struct backup read_backup(bool named)
{
	struct buf error = BUF_INIT;
	struct backup b = {
		.outcome = &notify.outcome,
		.dir = o.dir, .sources = &sources, .jobs = o.jobs, .lock_wait = o.lock_wait,
		.busy_wait = o.busy_wait, .wait = o.wait, .first = o.first, .restore = strcmp(o.check, "restore") == 0,
		.as_login = strcmp(o.as_superuser, "yes") == 0, .search_path = o.search_path,
		.roles = strcmp(o.roles, "yes") == 0, .keep = o.keep, .remote = &remote, .tell = &teller,
		.progress = progress_is_shown() ? report_progress : NULL,
	};

	read_remote();
	look_at_foreign(named);
	must(look_at_folder(&error), &error);
	must(notify_check(&notify, &error), &error);
	if (!packing_parse(o.compress, &b.packing))
		die(BAD_CONFIG, "--compress or BACKUP_COMPRESS: zstd, zstd:1 to zstd:22, gzip:1 to gzip:9, "
		    "lz4:1 to lz4:12, or none");
	b.format = strcmp(o.format, "plain") == 0 ? DUMP_PLAIN : DUMP_CUSTOM;
	b.format = strcmp(o.format, "directory") == 0 ? DUMP_DIRECTORY : b.format;
	must(backup_check(&b, &error), &error);
	return b;
}

/* --- run, and the daemon --- */

static int work(void *arg)
{
	return backup_run(arg);
}

static void clean(void *arg, int signal)
{
	char *words = signal == SIGKILL ? xstrdup("the run was killed: was it out of memory?")
	                                : xasprintf("the run was stopped by signal %d", signal);
	const struct backup *b = arg;

	teller_say(&teller, MSG_ERROR, words);
	free(words);
	backup_recover(b->dir, &teller);
}

static int supervise(struct backup *b, const char *scope, int64_t due)
{
	b->scope = scope;
	b->due = due;
	notify_start(&notify);
	return daemon_supervise(work, clean, b);
}

static void tell_end(int status, int64_t next, void *arg)
{
	const struct backup *b = arg;
	char *subject = sources_about(b->sources);

	notify_end(&notify, &(struct ran){ .status = status, .next = next, .dir = b->dir, .about = subject });
	free(subject);
}

static int run_once(int argc, char **argv)
{
	struct backup b;
	int rc;

	read_sources(argc, argv);
	read_schedule();
	b = read_backup(argc);
	rc = supervise(&b, argc ? CATALOG_CHOSEN : CATALOG_SCHEDULED, clock_wall());
	tell_end(rc, 0, &b);
	return rc;
}

static int run_slot(int64_t slot, void *arg)
{
	return supervise(arg, CATALOG_SCHEDULED, slot);
}

static void remember(struct run_history *h, void *arg)
{
	const struct backup *b = arg;
	char *subject = sources_about(b->sources);

	catalog_remember(b->dir, subject, h);
	free(subject);
}

static void tell_due(int64_t due, void *arg)
{
	char *when = clock_iso(due);

	(void)arg;
	msg(MSG_INFO, "the next run is at %.19sZ", when);
	free(when);
}

/* What is kept belongs to how often something is added. */
static void tell_plan(void)
{
	char *every = schedule.kind == SCHEDULE_EVERY ? duration_text(schedule.every) : NULL;
	char *when = every ? xasprintf("every %s", every) : xasprintf("at '%s'", o.cron);

	if (!o.remote)
		msg(MSG_INFO, "a backup %s%s", when,
		    retention_is_on(&o.keep) ? "" : ", and all are kept: no BACKUP_KEEP_* rule is set, nothing is ever deleted");
	if (remote.on && !retention_is_on(&remote.keep))
		msg(MSG_INFO, "a backup %s, and all in the bucket are kept: no S3_KEEP_* rule is set, nothing is ever "
		    "deleted there", when);
	free(every);
	free(when);
}

static int run_daemon(void)
{
	struct backup b;
	struct daemon d = { .schedule = &schedule, .run = run_slot, .remember = remember,
		            .ran = tell_end, .waits = tell_due, .arg = &b };

	read_schedule();
	if (schedule.kind == SCHEDULE_NONE)
		die(BAD_CONFIG, "a daemon needs a schedule: set BACKUP_INTERVAL or BACKUP_CRON");
	read_sources(0, NULL);
	b = read_backup(false);
	tell_plan();
	return daemon_loop(&d);
}

/* --- the others --- */

static void open_catalog(struct catalog *c, bool create)
{
	if (!file_is_dir(o.dir))
		die(NO_INPUT, "there is no folder '%s': set BACKUP_DIR or --dir", o.dir);
	if (catalog_open(c, o.dir, create) != 0)
		msg(MSG_WARNING, "%s", c->journal.error.len ? c->journal.error.data : "there is no journal yet");
}

static int list(const struct report_only *only)
{
	struct buf error = BUF_INIT;
	int rc = report_backups(o.remote ? NULL : o.dir, only, o.json, &teller, &error);

	must(error.len ? rc : 0, &error);
	return rc;
}

/* What the environment says is to be backed up; NULL where it says nothing. */
static char *configured(void)
{
	struct strs none = { 0 };
	struct buf error = BUF_INIT;
	char *subject = find_sources(&none, &error) == 0 ? sources_about(&sources) : NULL;

	buf_free(&error);
	return subject;
}

/* Without a journal, as in a container without a volume, the manifests tell. */
static void glance(struct catalog *c)
{
	struct buf error = BUF_INIT;

	catalog_free(c);
	if (catalog_imagine(c, remote.name) != 0)
		die(NO, "%s", c->journal.error.data);
	must(rebuild_glance(c, &remote.repo, &error) ? NO : 0, &error);
}

static int status(const struct report_only *only)
{
	struct buf error = BUF_INIT;
	int64_t limit;
	struct catalog c;
	char *subject;
	int rc;

	read_schedule();
	read_remote();
	must(look_at_folder(&error) ? NO : 0, &error);
	limit = o.max_age ? o.max_age : freshness_limit(&schedule);
	rc = catalog_open(&c, o.dir, false);
	if (o.remote && (rc || !catalog_knows(&c)))
		glance(&c);
	else if (rc)
		die(NO, "%s", c.journal.error.len ? c.journal.error.data
		                                  : "there is no journal: nothing was ever backed up here");
	subject = configured();
	rc = report_status(&c, subject, remote.on && !o.remote ? remote.name : NULL, limit, only, o.json);
	free(subject);
	catalog_free(&c);
	return rc;
}

static void tell_holder(const char *holder, void *arg)
{
	(void)arg;
	msg(MSG_INFO, "waiting for another run: %s", holder);
}

static void lock_folder(struct dir_lock *l)
{
	struct buf error = BUF_INIT;

	must(dir_lock_take(l, o.dir, clock_within(o.busy_wait), tell_holder, NULL, &error), &error);
}

static void print_verdict(const char *path, bool keep, const char *reason)
{
	show("%-6s  %s  (%s)\n", keep ? "keep" : "delete", path, reason);
}

/* What is pruned in the folder goes by its journal. */
static void open_folder(struct repo *r, struct catalog *c, struct dir_lock *lock)
{
	open_catalog(c, false);
	if (!catalog_is_open(c))
		die(NO_INPUT, "without a journal nothing is deleted: pgbackup sync makes one");
	read_remote();
	o.keep.owed = remote.on;
	/* A folder that cannot be written to can be looked at all the same. */
	if (!o.dry_run)
		lock_folder(lock);
	folder_repo(r, o.dir, c);
}

static int prune(void)
{
	struct dir_lock lock = { .fd = -1 };
	struct catalog c = { .journal = JOURNAL_INIT };
	struct buf error = BUF_INIT;
	struct repo folder;
	struct prune p = { .dry = o.dry_run, .verdict = print_verdict, .tell = &teller };
	int rc;

	read_schedule();
	if (o.remote)
		need_remote();
	p.keep = o.remote ? &remote.keep : &o.keep;
	p.repo = o.remote ? &remote.repo : &folder;
	if (!retention_is_on(p.keep))
		msg(MSG_WARNING, "no %s rule is set: nothing is deleted", o.remote ? "S3_KEEP_*" : "--keep or BACKUP_KEEP_*");
	if (!o.remote)
		open_folder(&folder, &c, &lock);
	rc = prune_all(&p, &error);
	if (rc)
		msg(MSG_ERROR, "%s", error.data);
	dir_lock_release(&lock);
	catalog_free(&c);
	buf_free(&error);
	return rc;
}

static int sync_journal(void)
{
	struct dir_lock lock;
	struct catalog c;
	int rc;

	if (!file_is_dir(o.dir))
		die(NO_INPUT, "there is no folder '%s': set BACKUP_DIR or --dir", o.dir);
	lock_folder(&lock);
	if (catalog_open_anew(&c, o.dir, &teller) != 0)
		die(CANNOT_WRITE, "%s", c.journal.error.data);
	rc = rebuild_all(&c, &teller);
	dir_lock_release(&lock);
	catalog_free(&c);
	return rc;
}

static int verify(int argc, char **argv)
{
	struct drill_into drill = { .url = o.into, .as_login = strcmp(o.as_superuser, "yes") == 0,
		                    .search_path = o.search_path, .wait = o.wait, .tell = &teller };
	struct verify v = { .restore = o.into ? drill_into : NULL, .arg = &drill, .tell = &teller,
		            .progress = progress_is_shown() ? report_progress : NULL };
	struct choice what = { .n = argc, .words = argv, .all = o.all };
	bool bucket = o.remote || (argc && skip_prefix(argv[0], "s3://"));
	struct catalog c = { .journal = JOURNAL_INIT };
	struct repo folder;
	int rc;

	if (bucket)
		need_remote();
	else
		open_catalog(&c, false);
	folder_repo(&folder, o.dir, &c);
	rc = verify_backups(&v, bucket ? &remote.repo : &folder, &what);
	catalog_free(&c);
	return rc;
}

/* --- which of them --- */

static int dispatch(const char *verb, int argc, char **argv)
{
	const struct report_only only = { argc, argv };

	if (strcmp(verb, "run") == 0)
		return run_once(argc, argv);
	if (strcmp(verb, "verify") == 0)
		return verify(argc, argv);
	if (strcmp(verb, "list") == 0)
		return list(&only);
	if (strcmp(verb, "status") == 0)
		return status(&only);
	if (argc)
		die(BAD_USAGE, "this takes no operand: see pgbackup --help");
	if (strcmp(verb, "daemon") == 0)
		return run_daemon();
	if (strcmp(verb, "prune") == 0)
		return prune();
	if (strcmp(verb, "sync") == 0)
		return sync_journal();
	die(BAD_USAGE, "'%s' is none of run, list, status, verify, prune and sync: to back up a database "
	    "say pgbackup run DATABASE", msg_word(verb));
}

static int run(int argc, char **argv, char ***command)
{
	(void)command;
	umask(077);
	if (!*o.dir)
		use_bucket();
	else
		beneath_guard(o.dir);
	if (argc)
		return dispatch(argv[0], argc - 1, argv + 1);
	return o.every || (o.cron && *o.cron) ? run_daemon() : run_once(0, NULL);
}

const struct applet applet_pgbackup = {
	.name = "pgbackup",
	.brief = "back databases up, verify and keep the backups",
	.synopsis = "[run|list|status|verify|prune|sync] [OPERAND...] [options]",
	.about = about,
	.opts = opts,
	.notes = notes,
	.prefix = "BACKUP_",
	.max_operands = -1,
	.run = run,
};
