/* dump_globals - the roles and tablespaces of a server, by pg_dumpall. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/status.h"
#include "dump/dump.h"
#include "dump/dump_parts.h"

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
	bool may = dump_ask(d, "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')",
	               &rows) == 0 && rows_true(&rows, 0, 0);

	rows_free(&rows);
	return may;
}

static int run_dumpall(struct dump *d, struct program *t, const char *path, struct buf *error)
{
	int ends[2], messages, rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		buf_printf(error, "cannot make a pipe: %s", strerror(errno));
		return CANNOT_RUN;
	}
	t->job.output = ends[1];
	rc = program_start(t, &messages, &pid);
	close(ends[1]);
	if (rc) {
		close(ends[0]);
		return program_explain(t, error);
	}
	rc = pack_pipe(d, ends[0], path, error);
	program_wait(t, messages, pid);
	if (!rc && t->status) {
		buf_printf(error, "%s: ", d->target->shown);
		rc = program_explain(t, error);
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
	struct program t = {
		.job = { .program = pg_dumpall_main, .conninfo = &d->target->conninfo,
		         .args = &args, .keep_fd = d->keep_fd },
	};
	int rc;

	manifest_set(&m->kind, "roles");
	manifest_set(&m->compression, "zstd:3");
	dump_set_engine(m, "pg_dumpall");
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
	dump_take_warnings(m, &t);
	program_free(&t);
	strs_free(&args);
	buf_free(&database);
	return rc;
}
