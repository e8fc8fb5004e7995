/*
 * pgrestore - put a backup back, and lose nothing if it fails.
 *
 * Nothing is touched before the backup has been read in full and everything that can
 * be known to fail has been looked for. What is there is not dropped: the backup goes
 * into a database beside it, which is swapped in when it is whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backup/safety.h"
#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/progress.h"
#include "base/show.h"
#include "base/size.h"
#include "base/teller.h"
#include "check/check.h"
#include "opt/opt.h"
#include "repo/folder.h"
#include "repo/report.h"
#include "restore/apply.h"
#include "restore/forecast.h"
#include "restore/input.h"
#include "restore/record.h"
#include "restore/sqlite.h"
#include "restore/undo.h"
#include "schedule/zone.h"
#include "watch/docker_json.h"
#include "watch/state_dir.h"
#include "watch/watch.h"
#include "watch/watch_check.h"
#include "watch/watch_file.h"

static struct {
	const char *dir, *url, *into, *roles, *verify, *analyze, *stage, *locale, *settings, *encoding, *search_path;
	struct strs listed, tables; /* as given, and each */
	bool status, replace, clean, drop_old, schema_only, data_only, no_owner, no_tablespaces, json, remote, stream;
	long jobs;
	int64_t wait;
} o = { .dir = "/backups", .roles = "fail", .analyze = "yes", .locale = "exact", .settings = "exact", .jobs = 1, .wait = 30000 };

/* What `watch` is told beside that. */
static struct watch w = { .dir = "/restore/incoming", .settle = 5000, .poll = 30000, .state = STATE_DIR_DEFAULT,
                         .limit = 43200000, .containers = { .healthy = 120000 } };

#define LOG_IN_MS 5000

static const struct opt opts[] = {
	SECRET(0, "url", NULL, "URL", &o.url, "the database, in place of the operand"),
	TEXT('d', "dir", "BACKUP_DIR", "DIR", &o.dir, "the folder of pgbackup's backups"),
	FLAG(0, "remote", &o.remote, "the backups in S3_BUCKET, in place of those in the folder"),
	FLAG(0, "replace", &o.replace, "put it in the place of a database that is not empty"),
	FLAG(0, "drop-old", &o.drop_old, "with --replace: drop the old database at the end"),
	FLAG(0, "clean", &o.clean,
	     "drop and recreate what the backup has, in the database itself, in one transaction unless "
	     "--jobs is given, after a backup of it"),
	TEXT(0, "into", NULL, "NEWDB", &o.into, "restore into a new database of that name"),
	NUMBER('j', "jobs", "PGRESTORE_JOBS", "N", &o.jobs, "restore N tables at a time"),
	LIST(0, "tables", NULL, "T,T...", &o.listed, "only these tables; with --into or --clean"),
	FLAG(0, "schema-only", &o.schema_only, "no rows; with --into or --clean"),
	FLAG(0, "data-only", &o.data_only, "only rows; with --into or --clean"),
	FLAG(0, "no-owner", &o.no_owner, "everything belongs to the role that restores"),
	FLAG(0, "no-tablespaces", &o.no_tablespaces, "everything goes into the database's own tablespace"),
	WORD(0, "roles", "PGRESTORE_ROLES", "fail|create|skip", &o.roles,
	     "what to do about roles that are missing"),
	WORD(0, "locale", "PGRESTORE_LOCALE", "exact|near", &o.locale,
	     "create a database with the backup's locale, or with the nearest that the server has"),
	WORD(0, "settings", "PGRESTORE_SETTINGS", "exact|near|none", &o.settings,
	     "give a created database the backup's rights and settings, those that are possible, or none"),
	TEXT(0, "encoding", "PGRESTORE_ENCODING", "NAME", &o.encoding,
	     "read the text of a SQL_ASCII backup as UTF8, LATIN1 ...; a created database is UTF8"),
	TEXT(0, "search-path", "PGRESTORE_SEARCH_PATH", "SCHEMAS", &o.search_path,
	     "let the backup's functions find names in these schemas while they are restored"),
	TEXT(0, "verify", "PGRESTORE_VERIFY", "CHECK", &o.verify,
	     "what must hold of the restored database, as for waitdb"),
	WORD(0, "analyze", "PGRESTORE_ANALYZE", "yes|no", &o.analyze,
	     "run ANALYZE, unless statistics came along"),
	TEXT(0, "stage", "PGRESTORE_STAGE", "DIR", &o.stage,
	     "where what is packed, of stdin or of S3 is put; else in the backups' folder, else TMPDIR"),
	FLAG(0, "stream", &o.stream,
	     "restore what is in S3 as it comes, and compare it at the end, as where there is no room for it"),
	TIME(0, "wait", "PGRESTORE_WAIT", &o.wait, "how long to wait for the server"),
	FLAG(0, "json", &o.json, "list: one JSON object a line"),
	FLAG(0, "status", &o.status, "watch: check a watcher that runs, and what it needs: exit 0 or 1"),
	TEXT(0, "watch-dir", "RESTORE_WATCH_DIR", "DIR", &w.dir, "watch: where backups are dropped"),
	TIME(0, "settle", "RESTORE_SETTLE", &w.settle, "watch: a file that has been still for so long is whole"),
	TIME(0, "poll", "RESTORE_POLL_INTERVAL", &w.poll, "watch: look so often, whatever the kernel tells"),
	TIME(0, "restore-timeout", "RESTORE_TIMEOUT", &w.limit, "watch: give a file up after this long"),
	LIST_SPLIT(0, "allow", "RESTORE_ALLOW_DATABASES", ", ", "DB", &w.allowed,
	           "watch: also restore a file into one of these databases, if it names it"),
	TEXT(0, "state-dir", "RESTORE_STATE_DIR", "DIR", &w.state,
	     "watch: keep the journal in this folder, which nobody else may write to"),
	TEXT(0, "state-file", "RESTORE_STATE_FILE", "FILE", &w.journal, "watch: keep the journal in this file instead"),
	TEXT(0, "sqlite", "RESTORE_SQLITE_PATH", "FILE", &w.sqlite, "watch: where SQLite files go"),
	LIST_SPLIT(0, "stop", "RESTORE_STOP_CONTAINERS", ", ", "NAME", &w.containers.stop,
	           "watch: stop these containers meanwhile; and those labelled " DOCKER_JSON_LABEL),
	LIST_SPLIT(0, "start", "RESTORE_START_CONTAINERS", ", ", "NAME", &w.containers.start,
	           "watch: start these as well after a good restore"),
	TIME(0, "healthy", "RESTORE_HEALTHY_WAIT", &w.containers.healthy, "watch: wait so long until they are healthy"),
	TEXT(0, "docker-host", "DOCKER_HOST", "URL", &w.containers.host,
	     "watch: the engine, unix:///PATH or tcp://HOST:PORT; else its usual socket"),
	OPT_TABLE_END
};

static const char about[] =
	"Restores a backup: what pgbackup or pg_dump made (custom, tar, directory, SQL),\n"
	"an SQLite file or the output of sqlite3's .dump; packed with gzip, zstd or lz4\n"
	"or not. The format is detected from the content.\n"
	"\n"
	"SOURCE is a file or folder, - (stdin), s3://BUCKET/KEY, or of pgbackup's:\n"
	"latest, latest:DB, @2026-11-21 or @2026-11-21T02:00 (the newest then), or a run\n"
	"of the journal; with --remote those of them that are in S3_BUCKET.\n"
	"\n"
	"  SOURCE [URL]        restore it\n"
	"  plan SOURCE [URL]   say what would happen, and what would fail\n"
	"  undo [URL]          swap back what --replace has replaced\n"
	"  list [DB]...        the backups in the folder\n"
	"  watch [URL]         restore what is dropped into a folder, with --replace\n"
	"\n"
	"A database that is missing is made; an empty one is filled in one transaction;\n"
	"one that is not is left alone (exit 1) unless --replace: the backup is restored\n"
	"beside it and swapped in when it is whole; sessions are ended, and who logs in\n"
	"just then must try again. The old one stays, as DB_before_TIME, until dropped\n"
	"or undone. URL is as for waitdb; its database is the backup's unless given here.";

static const char notes[] =
	"examples:\n"
	"  pgrestore latest                            into the database it came from\n"
	"  pgrestore latest --replace --verify 'rows=users>=1'\n"
	"  pgrestore /restore/app.sql.gz postgres://app@db/app\n"
	"  pgrestore @2026-11-21T02:00 --into app_yesterday\n"
	"  pgrestore undo\n"
	"\n"
	"exit codes: 0 restored, without any error; 1 not empty, or it failed; 64 wrong\n"
	"call; 65 the backup is damaged, or none; 66 no such backup; 69 no server, or it\n"
	"lacks an extension; 73 no space; 75 in use; 77 refused; 78 wrong variable.";

/* What is restored, from where, to where. */
static struct {
	struct input input;
	struct restore r;
	struct target target;
	struct sqlite_file lite;
	struct apply apply;
	struct check verify;
	struct record record;
} job = { .input = INPUT_INIT, .record = RECORD_INIT };

static const char *database(void)
{
	return conninfo_get(&job.target.conninfo, "dbname");
}

/* The sentence is error's; what was staged goes. */
static _Noreturn void fail(int status, struct buf *error)
{
	struct buf left = BUF_INIT;

	input_rename(&job.input, error);
	record_end(&job.record, "failed", error->data);
	input_free(&job.input);
	if (apply_discard(&job.apply, &left) != 0)
		msg(MSG_WARNING, "%s", left.data);
	apply_free(&job.apply);
	msg_each(MSG_WARNING, &job.r.made_roles);
	die(status, "%s", error->data);
}

/* --- the backup --- */

static void read_backup(const char *word)
{
	struct buf error = BUF_INIT;
	bool named = job.target.kind == TARGET_PG && job.target.named;
	int rc = input_read(&job.input, word, o.dir, o.stage, named ? database() : NULL, &error);

	msg_each(MSG_WARNING, &job.input.fetch.warnings);
	if (rc)
		fail(rc, &error);
	if (job.input.unknown)
		msg(MSG_WARNING, "'%s' has no manifest, and its format no checksum: whether it is undamaged "
		    "cannot be known", job.input.name);
	if (job.input.fetch.streams)
		msg(MSG_INFO, "'%s' is restored as it comes, and compared before it takes the place of anything",
		    job.input.name);
	job.r.path = job.input.head ? job.input.head : job.input.data;
	job.r.pipe = job.input.head ? job.input.data : NULL;
	job.r.content = job.input.content;
	job.r.toc = job.input.toc;
	job.input.toc = (struct toc){ 0 };
	buf_free(&error);
}

/* --- the target --- */

static const char *made_of(void)
{
	return job.input.has_manifest && job.input.m.database ? job.input.m.database : job.r.toc.database;
}

static void find_target(const char *url)
{
	struct buf error = BUF_INIT;
	int rc = target_find(&job.target, url, &error);

	if (rc)
		die(rc, "%s", error.data);
	msg_each(MSG_WARNING, &job.target.warnings);
}

static void choose_database(bool explicit_url)
{
	struct buf error = BUF_INIT;

	if (w.restore && target_admit(&job.target, &w.allowed, made_of(), &error) != 0)
		die(BAD_USAGE, "%s", error.data);
	if (target_choose(&job.target, o.into, made_of(), explicit_url || !job.input.has_manifest, &error) != 0)
		die(BAD_USAGE, "%s", error.data);
	if (job.target.kind == TARGET_PG)
		msg_at_signal("%s: ended by a signal: nothing was touched", job.target.shown);
}

/* --- what may be done --- */

static void check_options(void)
{
	bool partly = o.listed.n || o.schema_only || o.data_only;
	struct buf error = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < o.listed.n; i++)
		strs_split(&o.tables, o.listed.v[i], ",");
	if ((o.listed.n && !o.tables.n) || (o.into && !*o.into))
		die(BAD_USAGE, "--tables or --into has no name behind it");
	if (o.replace + o.clean + (o.into != NULL) > 1)
		die(BAD_USAGE, "--replace, --clean and --into exclude each other");
	if (o.drop_old && !o.replace)
		die(BAD_USAGE, "--drop-old needs --replace");
	if (o.schema_only && o.data_only)
		die(BAD_USAGE, "--schema-only and --data-only leave nothing");
	if (partly && !o.into && !o.clean)
		die(BAD_USAGE, "a part of a backup goes into a new database (--into) or into the one that is "
		    "there (--clean)");
	if (o.jobs < 1)
		o.jobs = 1;
	if (o.verify)
		rc = check_read_option(&job.verify, o.verify, "--verify", "PGRESTORE_VERIFY", &error);
	if (rc)
		die(rc, "%s", error.data);
	buf_free(&error);
}

static void check_content(void)
{
	struct buf error = BUF_INIT;
	int rc;

	job.r.jobs = o.jobs;
	job.r.clean = o.clean;
	job.r.schema_only = o.schema_only, job.r.data_only = o.data_only;
	job.r.no_owner = o.no_owner, job.r.search_path = o.search_path;
	job.r.no_tablespaces = o.no_tablespaces;
	job.r.tables = &o.tables;
	job.r.roles = strcmp(o.roles, "create") == 0 ? ROLES_CREATE
	              : strcmp(o.roles, "skip") == 0 ? ROLES_SKIP : ROLES_FAIL;
	rc = restore_suits(&job.r, job.input.name, &job.target, o.into, &error);
	if (rc)
		die(rc, "%s", error.data);
	o.jobs = job.r.jobs;
}

static void at_signal(const char *words)
{
	msg_at_signal("%s", words);
}

/* Everything that can be known beforehand. */
static enum apply_mode prepare(struct db *db)
{
	bool counts = job.input.has_manifest && !o.tables.n && !o.data_only && job.r.content != FORMAT_SQL;
	struct strs problems = { 0 }, notes_ = { 0 };
	struct buf error = BUF_INIT;
	int rc;

	job.apply = (struct apply){
		.target = &job.target, .r = &job.r, .m = job.input.has_manifest ? &job.input.m : NULL,
		.into = o.into, .replace = o.replace, .clean = o.clean, .drop_old = o.drop_old,
		.near_locale = strcmp(o.locale, "near") == 0, .encoding = o.encoding, .properties = PROPERTIES_INIT,
		.settings = strcmp(o.settings, "exact") == 0 ? SETTINGS_EXACT
		            : strcmp(o.settings, "near") == 0 ? SETTINGS_NEAR : SETTINGS_NONE,
		.finish = { .tables = counts ? job.input.m.tables : -1, .wait = o.wait, .tell = &teller_msg,
		            .analyze = strcmp(o.analyze, "yes") == 0 && !o.schema_only, .search_path = o.search_path,
		            .check = o.verify ? &job.verify : NULL }, .record = &job.record, .shadow = SHADOW_INIT,
		.download = job.input.head ? &job.input.fetch.download : NULL, .stands = at_signal, .ready = watch_ready,
	};
	rc = apply_look(&job.apply, db, &problems, &notes_, &error);
	msg_each(MSG_INFO, &notes_);
	msg_each(MSG_ERROR, &problems);
	if (rc)
		fail(rc, &error);
	strs_free(&notes_);
	strs_free(&problems);
	return job.apply.mode;
}

static int plan(void)
{
	struct db db = DB_INIT;
	char *size = size_text(job.input.head ? job.input.m.bytes : folder_size(job.input.path));
	struct buf error = BUF_INIT;
	enum apply_mode mode;
	int rc;

	show("backup:  %s (%s, %s)\n", job.input.name, format_name(job.r.content), size);
	if (job.r.toc.server)
		show("made of: PostgreSQL %s by pg_dump %s, %lld table%s\n", job.r.toc.server,
		       job.r.toc.program, (long long)job.r.toc.tables, plural(job.r.toc.tables));
	forecast_need(job.input.has_manifest ? &job.input.m : NULL);
	show("target:  %s\n", job.target.shown);
	fflush(stdout);
	if (job.target.kind == TARGET_PG)
		mode = prepare(&db);
	else if ((rc = sqlite_check(&job.lite, &error)) != 0)
		fail(rc, &error);
	else
		mode = file_exists(job.target.path) ? APPLY_REPLACE : APPLY_CREATE;
	if (mode == APPLY_CLEAN && safety_check(o.dir, &teller_msg) != DONE)
		die(CANNOT_WRITE, "%s: could not be backed up, and would not be touched", job.target.shown);
	forecast_apply(&job.apply, mode, &job.target, job.r.superuser);
	db_free(&db);
	free(size);
	return DONE;
}

/* --- doing it --- */

/* The watch's, or beside the backups, where they are. */
static void open_journal(void)
{
	char *beside = xasprintf("%s/" JOURNAL_BESIDE, o.dir);

	if (record_open(&job.record, w.restore ? w.journal : beside) != 0)
		msg(MSG_WARNING, "%s", job.record.journal.error.data);
	free(beside);
}

static int restore_pg(void)
{
	int64_t began = clock_ms();
	struct buf error = BUF_INIT;
	struct db db = DB_INIT;
	enum apply_mode mode = prepare(&db);
	int rc;

	job.r.progress.name = database();
	open_journal();
	/* Before any application is stopped: it may take its time. */
	record_clear(&job.record, &job.apply.shadow, job.target.shown, &teller_msg);
	if (mode == APPLY_CLEAN && safety_backup(o.dir, &job.target, o.wait, &teller_msg) != DONE)
		die(CANNOT_WRITE, "%s: could not be backed up, so nothing was touched", job.target.shown);
	if (mode == APPLY_CREATE || mode == APPLY_REPLACE) {
		db_free(&db);
		rc = apply_beside(&job.apply, &error);
	} else {
		rc = apply_inside(&job.apply, &db, &error);
	}
	if (rc)
		fail(rc, &error);
	record_end(&job.record, "done", NULL);
	msg(MSG_INFO, "%s: restored from '%s' in %.1f s", job.target.shown, job.input.name,
	    (double)(clock_ms() - began) / 1000);
	db_free(&db);
	apply_free(&job.apply);
	buf_free(&error);
	return DONE;
}

static int restore_lite(void)
{
	struct buf error = BUF_INIT;
	struct target copy = { .kind = TARGET_SQLITE, .path = job.input.data, .shown = job.input.name };
	struct finish s = { .tables = -1, .wait = o.wait, .check = o.verify ? &job.verify : NULL };
	char *before;
	int rc;

	rc = finish_database(&s, &copy, &error);
	if (!rc)
		rc = sqlite_check(&job.lite, &error);
	if (!rc)
		rc = watch_ready(&error);
	if (rc)
		fail(rc, &error);
	open_journal();
	record_start(&job.record, path_base(job.target.path), job.target.shown, job.input.m.sha256);
	rc = sqlite_restore(&job.lite, job.r.path, &before, &error);
	if (rc)
		fail(rc, &error);
	record_end(&job.record, "done", NULL);
	msg(MSG_INFO, "%s: restored from '%s'%s%s", job.target.shown, job.input.name,
	    before ? "; the old database is " : "", before ? before : "");
	free(before);
	return DONE;
}

/* --- which of them --- */

static void read_all(int argc, char **argv)
{
	const char *url = argc > 1 ? argv[1] : o.url;

	if (argc > 2)
		die(BAD_USAGE, "one backup and one database, not more: see pgrestore --help");
	if (!argc)
		die(BAD_USAGE, "which backup? a file, latest, @2026-11-21, - : see pgrestore --help");
	if (argc > 1 && o.url)
		die(BAD_USAGE, "the database is given twice: as an operand and by --url");
	check_options();
	find_target(url);
	job.lite = (struct sqlite_file){ job.target.path, o.replace, o.drop_old, o.wait };
	job.input.remote = o.remote;
	job.input.lite = job.target.kind == TARGET_SQLITE;
	job.input.fetch.streams = o.stream;
	job.input.show = job.r.progress.show = progress_is_shown() ? report_progress : NULL;
	job.r.progress.line = &teller_msg;
	read_backup(argv[0]);
	choose_database(url != NULL);
	check_content();
}

static int restore(int argc, char **argv)
{
	int rc;

	read_all(argc, argv);
	rc = job.target.kind == TARGET_PG ? restore_pg() : restore_lite();
	restore_free(&job.r);
	input_free(&job.input);
	return rc;
}

/* url: of the database, where it is another. */
static int restore_dropped(char *path, char *url)
{
	char *argv[] = { path, url, NULL };

	if (url)
		o.url = NULL;
	return restore(url ? 2 : 1, argv);
}

/* The database itself may be missing: a restore makes it. */
static int log_in(struct buf *error)
{
	struct shadow shadow = SHADOW_INIT;
	struct target target;
	int rc = target_find(&target, o.url, error);

	if (rc && w.sqlite && *w.sqlite) {
		buf_cut(error, 0);
		rc = 0;
	} else if (!rc && target.kind == TARGET_PG) {
		rc = shadow_open(&shadow, &target, clock_within(LOG_IN_MS), error);
	} else if (!rc) {
		rc = watch_check_file(target.path, error);
	}
	shadow_free(&shadow);
	target_free(&target);
	return rc;
}

static int watch_status(void)
{
	struct strs lines = { 0 };
	int rc = watch_check_status(&w, &lines);

	for (size_t i = 0; i < lines.n; i++)
		show("%s\n", lines.v[i]);
	strs_free(&lines);
	return rc;
}

static int watch(int argc, char **argv)
{
	struct buf error = BUF_INIT;
	int rc;

	if (argc)
		o.url = argv[0];
	o.replace = true;
	check_options();
	w.restore = restore_dropped, w.tell = &teller_msg, w.database = log_in;
	if (o.status) {
		proc_yes_or_no();
		return watch_status();
	}
	rc = watch_run(&w, &error);
	if (error.len)
		die(rc, "%s", error.data);
	return rc;
}

static int undo(int argc, char **argv)
{
	struct buf error = BUF_INIT;
	char *current;
	int rc;

	find_target(argc ? argv[0] : o.url);
	if (argc > 1)
		die(BAD_USAGE, "undo takes one URL");
	msg_at_signal("%s: ended by a signal: look which of the two is in its place", job.target.shown);
	rc = undo_database(&job.target, o.wait, &current, &error);
	if (rc)
		fail(rc, &error);
	msg(MSG_INFO, "%s: the old database is back%s%s%s", job.target.shown, current ? "; the one that was there is '" : "",
	    current ? current : "", current ? "': pgrestore undo swaps again" : "");
	free(current);
	return DONE;
}

static int list(int argc, char **argv)
{
	const struct report_only only = { argc, argv };
	struct buf error = BUF_INIT;
	int rc = report_backups(o.remote ? NULL : o.dir, &only, o.json, &teller_msg, &error);

	if (error.len)
		die(rc, "%s", error.data);
	return rc;
}

static int run(int argc, char **argv, char ***command)
{
	struct buf error = BUF_INIT;
	int rc;

	(void)command, umask(077);
	beneath_guard(o.dir);
	if (zone_use_own(&error) != 0)
		msg(MSG_WARNING, "the time zone: %s: moments are UTC", error.data);
	buf_free(&error);
	if (argc && strcmp(argv[0], "list") == 0)
		return list(argc - 1, argv + 1);
	if (argc && strcmp(argv[0], "undo") == 0)
		return undo(argc - 1, argv + 1);
	if (argc && strcmp(argv[0], "watch") == 0)
		return watch(argc - 1, argv + 1);
	if (!argc || strcmp(argv[0], "plan") != 0)
		return restore(argc, argv);
	read_all(argc - 1, argv + 1);
	rc = plan();
	restore_free(&job.r);
	input_free(&job.input);
	return rc;
}

const struct applet applet_pgrestore = {
	.name = "pgrestore",
	.brief = "put a backup back, and lose nothing if it fails",
	.synopsis = "SOURCE | plan SOURCE | undo | list | watch  [URL] [options]",
	.about = about,
	.opts = opts,
	.notes = notes,
	.max_operands = 3,
	.run = run,
};
