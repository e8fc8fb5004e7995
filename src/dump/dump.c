/* dump - makes the data of one backup. */
#include "dump/dump.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "dump/dump_parts.h"

#define LOOK_TICKS 4 /* of dump/program.h: not quite a second */

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

	if (server_version(&d->db.pg) < 90600 || dump_ask(d, "SELECT pg_stat_clear_snapshot()", NULL) != 0)
		return;
	if (dump_ask(d, find_blocker, &rows) == 0 && rows_get(&rows, 0, 0)) {
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

static int make_pg(struct dump *d, const char *path, struct manifest *m, struct buf *error)
{
	static const char *const kinds[] = { "custom", "directory", "plain" };
	struct strs args = { 0 };
	struct program t = {
		.job = { .program = pg_dump_main, .conninfo = &d->target->conninfo, .args = &args,
		         .output = d->streams ? d->output : -1, .keep_fd = d->keep_fd },
		.line = hear, .tick = on_tick, .arg = d,
	};
	int rc = 0;

	manifest_set(&m->kind, kinds[d->format]);
	dump_set_engine(m, "pg_dump");
	arguments(d, path, &args);
	if (program_run(&t) != 0) {
		buf_printf(error, "%s: ", d->target->shown);
		rc = program_explain(&t, error);
		if (t.lock_timeout && d->blocker.len)
			buf_printf(error, "; it was held up by %s", d->blocker.data);
	}
	dump_take_warnings(m, &t);
	if (!d->streams)
		read_archive_version(path, m);
	program_free(&t);
	strs_free(&args);
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
	return is_pg(d) ? dump_look_pg(d, m, error) : dump_look_sqlite(d, m, error);
}

int dump_make(struct dump *d, const char *path, struct manifest *m, struct buf *error)
{
	char *packing = packing_text(&d->packing);
	int rc;

	manifest_set(&m->compression, packing);
	rc = is_pg(d) ? make_pg(d, path, m, error) : dump_make_sqlite(d, path, m, error);
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
