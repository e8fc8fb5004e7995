/* dump - makes the data of one backup. */
#include "dump/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "dump/properties.h"
#include "ext/litecheck.h"

#define LOOK_TICKS 4 /* of dump/program.h: not quite a second */
#define ASK_MS 60000 /* for each question to the server; sizes of many files take a while */

static bool is_pg(const struct dump *d)
{
	return d->target->kind == TARGET_PG;
}

char *dump_suffix(const struct dump *d)
{
	static const char *const suffixes[] = { [DUMP_CUSTOM] = ".dump", [DUMP_DIRECTORY] = ".dir" };

	if (is_pg(d) && d->format != DUMP_PLAIN)
		return xstrdup(suffixes[d->format]);
	return xasprintf("%s%s", is_pg(d) ? ".sql" : ".db", packing_suffix(&d->packing));
}

/* --- PostgreSQL: what the server says --- */

/* What a table is for the count: of a user's, and not an extension's. */
#define USER_RELATIONS                                                                             \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                           \
	" WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')"                             \
	"  AND n.nspname !~ '^pg_(toast|temp)'"                                                    \
	"  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass"         \
	"   AND e.objid = c.oid AND e.deptype = 'e')"

static const char find_facts[] =
	"SELECT current_setting('server_version'), pg_encoding_to_char(d.encoding), d.datcollate,"
	" d.datctype, pg_get_userbyid(d.datdba), pg_database_size(d.oid),"
	" (SELECT count(*) " USER_RELATIONS " AND c.relkind IN ('r', 'p')),"
	" (SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint " USER_RELATIONS
	"  AND c.relkind = 'r'),"
	" (SELECT count(*) FROM pg_largeobject_metadata), pg_is_in_recovery(),"
	" d.datname FROM pg_database d WHERE d.datname = current_database()";

static const char find_extensions[] = "SELECT extname, extversion FROM pg_extension ORDER BY 1";

static int64_t number(const struct rows *rows, size_t column)
{
	const char *text = rows_text(rows, 0, column);

	return text ? atoll(text) : 0;
}

static int ask(struct dump *d, const char *sql, struct rows *rows)
{
	return server_query(&d->db.pg, sql, NULL, 0, clock_after(ASK_MS), rows);
}

/* The first words of `15.18 (Debian 15.18-0+deb12u1)`. */
static char *server_name(const char *version)
{
	return xasprintf("PostgreSQL %.*s", (int)strcspn(version, " "), version);
}

static void take_facts(struct manifest *m, const struct rows *rows)
{
	char *server = server_name(rows_text(rows, 0, 0));

	manifest_set(&m->server, server);
	manifest_set(&m->encoding, rows_get(rows, 0, 1));
	manifest_set(&m->collate, rows_get(rows, 0, 2));
	manifest_set(&m->ctype, rows_get(rows, 0, 3));
	manifest_set(&m->owner, rows_get(rows, 0, 4));
	m->database_bytes = number(rows, 5);
	m->tables = number(rows, 6);
	m->rows = number(rows, 7);
	m->large_objects = number(rows, 8);
	manifest_set(&m->database, rows_get(rows, 0, 10));
	free(server);
}

static int look_extensions(struct dump *d, struct manifest *m)
{
	struct rows rows = { 0 };
	int rc = ask(d, find_extensions, &rows);

	for (size_t i = 0; i < rows.n; i++) {
		strs_add(&m->extensions, rows_text(&rows, i, 0));
		strs_add(&m->extension_versions, rows_text(&rows, i, 1));
	}
	rows_free(&rows);
	return rc;
}

/* What tells the server from others; not everywhere is everybody allowed to ask. */
static int look_system(struct dump *d, struct manifest *m)
{
	struct rows rows = { 0 };
	int rc = 0;

	if (server_version(&d->db.pg) >= 90600)
		rc = ask(d, "SELECT CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
		         " THEN (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) END", &rows);
	manifest_set(&m->system_id, rows_get(&rows, 0, 0));
	rows_free(&rows);
	return rc;
}

/* Standbys can export snapshots since 10. */
static int take_snapshot(struct dump *d, bool standby)
{
	struct rows rows = { 0 };
	int rc;

	if (standby && server_version(&d->db.pg) < 100000)
		return 0;
	rc = ask(d, "SELECT pg_export_snapshot()", &rows);
	if (rows_get(&rows, 0, 0))
		d->snapshot = xstrdup(rows_text(&rows, 0, 0));
	rows_free(&rows);
	return rc;
}

/* The transaction outlives the dump; no default of the database's may end it. */
static int begin(struct dump *d)
{
	static const struct {
		const char *sql;
		int since;
	} steps[] = {
		{ "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0 },
		{ "SET LOCAL search_path = pg_catalog", 0 },
		/* Of SQL_ASCII nothing can be converted. */
		{ "SELECT set_config('client_encoding', CASE current_setting('server_encoding') WHEN 'SQL_ASCII'"
		  " THEN 'SQL_ASCII' ELSE 'UTF8' END, true)", 0 },
		{ "SET LOCAL statement_timeout = 0", 0 },
		/* As session.h has them. */
		{ "SET LOCAL tcp_keepalives_idle = 10", 0 },
		{ "SET LOCAL tcp_keepalives_interval = 5", 0 },
		{ "SET LOCAL tcp_keepalives_count = 3", 0 },
		{ "SET LOCAL idle_in_transaction_session_timeout = 0", 90600 },
		{ "SET LOCAL transaction_timeout = 0", 170000 },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !rc; i++)
		if (server_version(&d->db.pg) >= steps[i].since)
			rc = ask(d, steps[i].sql, NULL);
	return rc;
}

static int look_pg(struct dump *d, struct manifest *m, struct buf *error)
{
	int server = server_version(&d->db.pg), engine = engine_version();
	struct rows rows = { 0 };
	int rc;

	m->server_version = server;
	if (server / 10000 > engine / 10000) {
		buf_printf(error, "%s: the server is PostgreSQL %d.%d, newer than the engine of this "
		           "pgbox, %d.%d: get a pgbox that has PostgreSQL %d",
		           d->target->shown, server / 10000, server % 10000, engine / 10000,
		           engine % 10000, server / 10000);
		return UNAVAILABLE;
	}
	rc = begin(d) || ask(d, find_facts, &rows) || rows.n != 1;
	if (!rc)
		take_facts(m, &rows);
	rc = rc || look_system(d, m) || properties_look(&d->db, clock_after(ASK_MS), d->format == DUMP_PLAIN, m) ||
	     look_extensions(d, m) || take_snapshot(d, rows_true(&rows, 0, 9));
	rows_free(&rows);
	if (!rc)
		return 0;
	buf_printf(error, "%s: cannot look at the database: %s", d->target->shown, db_error(&d->db));
	return strcmp(db_sqlstate(&d->db), "42501") == 0 ? DENIED : UNAVAILABLE;
}

/* --- PostgreSQL: pg_dump --- */

/* Statistics can be restored since 18. Being verbose it names the table that it is at,
 * but would also write comments into plain SQL. */
static void arguments(const struct dump *d, const char *path, struct strs *args)
{
	static const char *const formats[] = { "custom", "directory", "plain" };
	char *packing = packing_text(&d->packing);

	strs_add(args, "pg_dump");
	strs_add(args, "--no-password");
	strs_printf(args, "--format=%s", formats[d->format]);
	strs_printf(args, "--compress=%s", packing);
	if (!d->streams)
		strs_printf(args, "--file=%s", path);
	strs_printf(args, "--lock-wait-timeout=%lld", (long long)d->lock_wait);
	if (d->snapshot)
		strs_printf(args, "--snapshot=%s", d->snapshot);
	if (d->format == DUMP_DIRECTORY)
		strs_printf(args, "--jobs=%ld", d->jobs);
	if (d->format != DUMP_PLAIN)
		strs_add(args, "--verbose");
	if (d->format != DUMP_PLAIN && server_version(&d->db.pg) >= 180000)
		strs_add(args, "--statistics");
	free(packing);
}

/* pg_dump.c: `dumping contents of table "%s.%s"`. */
static void hear(const char *line, void *arg)
{
	struct dump *d = arg;
	const char *name = skip_prefix(line, "dumping contents of table \"");

	if (!name)
		return;
	buf_cut(&d->table, 0);
	buf_puts(&d->table, name);
	buf_cut(&d->table, d->table.len ? d->table.len - 1 : 0);
}

/* Who blocks a session of ours that waits for a lock, and what that one waits for itself. */
static const char find_blocker[] =
	"SELECT 'pid ' || a.pid || ' (' || coalesce(a.usename, '')"
	"  || coalesce(', ' || nullif(a.application_name, ''), '')"
	"  || coalesce(', from ' || host(a.client_addr), '') || ', ' || coalesce(a.state, 'busy')"
	"  || coalesce(' since ' || date_trunc('second', a.xact_start), '') || ')'"
	"  || coalesce(' on ' || (SELECT l.relation::regclass::text FROM pg_locks l"
	"   WHERE l.pid = w.pid AND NOT l.granted AND l.locktype = 'relation' LIMIT 1), '')"
	"  || coalesce(', which waits for pid ' || (SELECT string_agg(p::text, ', ')"
	"   FROM unnest(pg_blocking_pids(a.pid)) p), '')"
	" FROM pg_stat_activity w, unnest(pg_blocking_pids(w.pid)) b, pg_stat_activity a"
	" WHERE w.datname = current_database() AND w.pid <> pg_backend_pid()"
	"  AND w.application_name = current_setting('application_name')"
	"  AND w.query LIKE 'LOCK TABLE %' AND a.pid = b LIMIT 1";

/* Asked while pg_dump waits: afterwards nobody knows. */
static void look_for_blocker(struct dump *d)
{
	struct rows rows = { 0 };

	if (server_version(&d->db.pg) < 90600 || ask(d, "SELECT pg_stat_clear_snapshot()", NULL) != 0)
		return;
	if (ask(d, find_blocker, &rows) == 0 && rows_get(&rows, 0, 0)) {
		buf_cut(&d->blocker, 0);
		buf_puts(&d->blocker, rows_get(&rows, 0, 0));
	}
	rows_free(&rows);
}

/* All tables are locked before the first is dumped. */
static void on_tick(void *arg)
{
	struct dump *d = arg;

	if (!d->table.len && d->ticks++ % LOOK_TICKS == 0)
		look_for_blocker(d);
	if (d->tick)
		d->tick(d->table.len ? d->table.data : NULL, d->arg);
}

/* pg_backup_archiver.c, WriteHead: PGDMP and three bytes of version. */
static void read_archive_version(const char *path, struct manifest *m)
{
	char *toc = xasprintf("%s/toc.dat", path), *version;
	unsigned char head[8] = { 0 };
	int fd = beneath_open_regular(file_is_dir(path) ? toc : path);

	if (fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
	    memcmp(head, "PGDMP", 5) == 0) {
		version = xasprintf("%d.%d", head[5], head[6]);
		manifest_set(&m->archive_version, version);
		free(version);
	}
	if (fd >= 0)
		close(fd);
	free(toc);
}

static void set_engine(struct manifest *m, const char *program)
{
	char *text = xasprintf("%s %d.%d", program, engine_version() / 10000, engine_version() % 10000);

	manifest_set(&m->engine, text);
	free(text);
}

static void take_warnings(struct manifest *m, const struct tool *t)
{
	for (size_t i = 0; i < t->warnings.n; i++)
		strs_add(&m->warnings, t->warnings.v[i]);
}

static int make_pg(struct dump *d, const char *path, struct manifest *m, struct buf *error)
{
	static const char *const kinds[] = { "custom", "directory", "plain" };
	struct strs args = { 0 };
	struct tool t = {
		.job = { .program = pg_dump_main, .conninfo = &d->target->conninfo, .args = &args,
		         .output = d->streams ? d->output : -1, .keep_fd = d->keep_fd },
		.line = hear, .tick = on_tick, .arg = d,
	};
	int rc = 0;

	manifest_set(&m->kind, kinds[d->format]);
	set_engine(m, "pg_dump");
	arguments(d, path, &args);
	if (tool_run(&t) != 0) {
		buf_printf(error, "%s: ", d->target->shown);
		rc = tool_explain(&t, error);
		if (t.lock_timeout && d->blocker.len)
			buf_printf(error, "; it was held up by %s", d->blocker.data);
	}
	take_warnings(m, &t);
	if (!d->streams)
		read_archive_version(path, m);
	tool_free(&t);
	strs_free(&args);
	return rc;
}

/* --- PostgreSQL: pg_dumpall --- */

/* Packs what comes through the pipe into path. */
static int pack_pipe(const struct dump *d, int from, const char *path, struct buf *error)
{
	static const struct packing zstd = { .method = PACK_ZSTD, .level = 3 };
	int to = d->streams ? fcntl(d->output, F_DUPFD_CLOEXEC, 3)
	                    : beneath_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int rc = to < 0 || pack_copy(from, to, &zstd, NULL, NULL) != 0 ? -1 : 0;

	if (rc)
		buf_printf(error, "cannot write '%s': %s", path ? path : "the roles", file_reason(errno));
	if (to >= 0)
		close(to);
	close(from);
	return rc ? CANNOT_WRITE : 0;
}

static bool may_read_passwords(struct dump *d)
{
	struct rows rows = { 0 };
	bool may = ask(d, "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')",
	               &rows) == 0 && rows_true(&rows, 0, 0);

	rows_free(&rows);
	return may;
}

static int run_dumpall(struct dump *d, struct tool *t, const char *path, struct buf *error)
{
	int ends[2], messages, rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		buf_printf(error, "cannot make a pipe: %s", strerror(errno));
		return CANNOT_RUN;
	}
	t->job.output = ends[1];
	rc = tool_start(t, &messages, &pid);
	close(ends[1]);
	if (rc) {
		close(ends[0]);
		return tool_explain(t, error);
	}
	rc = pack_pipe(d, ends[0], path, error);
	tool_wait(t, messages, pid);
	if (!rc && t->status) {
		buf_printf(error, "%s: ", d->target->shown);
		rc = tool_explain(t, error);
	}
	return rc;
}

/* The roles are the server's, not the database's that was looked at to get there. */
static void forget_database(struct manifest *m)
{
	manifest_set(&m->database, NULL);
	manifest_set(&m->owner, NULL);
	strs_free(&m->extensions);
	strs_free(&m->extension_versions);
	m->tables = m->rows = m->large_objects = m->database_bytes = 0;
}

int dump_globals(struct dump *d, const char *path, struct manifest *m, struct buf *error)
{
	struct strs args = { 0 };
	struct buf database = BUF_INIT;
	struct tool t = {
		.job = { .program = pg_dumpall_main, .conninfo = &d->target->conninfo,
		         .args = &args, .keep_fd = d->keep_fd },
	};
	int rc;

	manifest_set(&m->kind, "roles");
	manifest_set(&m->compression, "zstd:3");
	set_engine(m, "pg_dumpall");
	strs_add(&args, "pg_dumpall");
	strs_add(&args, "--globals-only");
	strs_add(&args, "--no-password");
	/* A name with an = in it would be read as a conninfo string. */
	conninfo_quote(&database, "dbname", m->database);
	strs_printf(&args, "--database=%s", database.data);
	forget_database(m);
	if (!may_read_passwords(d)) {
		strs_add(&args, "--no-role-passwords");
		strs_add(&m->warnings, "the roles' passwords are not in it: only a superuser, or a member of "
		         "pg_read_all_data, may read them");
	}
	rc = run_dumpall(d, &t, path, error);
	take_warnings(m, &t);
	tool_free(&t);
	strs_free(&args);
	buf_free(&database);
	return rc;
}

/* --- SQLite --- */

static int look_lite(struct dump *d, struct manifest *m, struct buf *error)
{
	char *real = realpath(d->target->path, NULL);
	struct rows rows = { 0 };
	int rc = lite_query(&d->db.lite,
	                    "SELECT sqlite_version(), (SELECT encoding FROM pragma_encoding),"
	                    " page_count * page_size FROM pragma_page_count, pragma_page_size",
	                    NULL, 0, &rows);

	if (rc) {
		buf_printf(error, "%s: %s", d->target->shown, db_error(&d->db));
	} else {
		char *engine = xasprintf("SQLite %s", rows_get(&rows, 0, 0));

		manifest_set(&m->engine, engine);
		manifest_set(&m->server, "SQLite");
		manifest_set(&m->system_id, real ? real : d->target->path);
		manifest_set(&m->encoding, rows_get(&rows, 0, 1));
		manifest_set(&m->database, file_base(d->target->path));
		m->database_bytes = number(&rows, 2);
		free(engine);
	}
	rows_free(&rows);
	free(real);
	return rc ? UNAVAILABLE : 0;
}

static int pack_file(const char *from_path, const char *to_path, const struct packing *p)
{
	int from = beneath_open_regular(from_path);
	int to = beneath_open(to_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int rc = from < 0 || to < 0 ? -1 : pack_copy(from, to, p, NULL, NULL), err = errno;

	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	errno = err;
	return rc;
}

/* SQLite would also write into a file that somebody else has made. */
static int make_file(const char *path)
{
	int fd = beneath_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	return fd < 0 ? -1 : close(fd);
}

/* A copy is whole before it is packed. */
static int make_lite(struct dump *d, const char *path, struct manifest *m, struct buf *error)
{
	char *copy = d->packing.method == PACK_NONE
	                     ? xstrdup(path)
	                     : xasprintf("%.*s.copy.part", (int)(strlen(path) - strlen(".part")), path);
	struct buf words = BUF_INIT;
	int rc = 0;

	manifest_set(&m->kind, "sqlite");
	if (make_file(copy) != 0) {
		rc = file_cannot(error, "make", copy);
	} else if (lite_backup(&d->db.lite, copy) != 0) {
		buf_printf(error, "%s: cannot copy: %s", d->target->shown, db_error(&d->db));
		rc = lite_is_busy(&d->db.lite) ? LOCKED
		     : lite_is_full(&d->db.lite) ? CANNOT_WRITE
		     : lite_is_corrupt(&d->db.lite) ? BAD_DATA : NO;
	} else if (lite_check(copy, &m->tables, &m->rows, &words) != 0) {
		buf_printf(error, "%s: the database is damaged: %s", d->target->shown, words.data);
		rc = BAD_DATA;
	} else if (strcmp(copy, path) != 0 && pack_file(copy, path, &d->packing) != 0) {
		rc = file_cannot(error, "write", path);
	}
	if (strcmp(copy, path) != 0)
		file_remove(copy);
	buf_free(&words);
	free(copy);
	return rc;
}

/* --- both --- */

int dump_open(struct dump *d, int64_t deadline, struct buf *error)
{
	d->db = (struct db)DB_INIT;
	d->table = d->blocker = (struct buf)BUF_INIT;
	d->snapshot = NULL;
	return db_reopen(&d->db, d->target, deadline, error);
}

int dump_look(struct dump *d, struct manifest *m, struct buf *error)
{
	manifest_set(&m->target, d->target->shown);
	manifest_set(&m->pgbox, PGBOX_VERSION);
	return is_pg(d) ? look_pg(d, m, error) : look_lite(d, m, error);
}

int dump_make(struct dump *d, const char *path, struct manifest *m, struct buf *error)
{
	char *packing = packing_text(&d->packing);
	int rc;

	manifest_set(&m->compression, packing);
	rc = is_pg(d) ? make_pg(d, path, m, error) : make_lite(d, path, m, error);
	db_close(&d->db);
	free(packing);
	return rc;
}

void dump_free(struct dump *d)
{
	db_free(&d->db);
	buf_free(&d->table);
	buf_free(&d->blocker);
	free(d->snapshot);
	d->snapshot = NULL;
}
