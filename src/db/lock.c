/* lock - one runner per database and name. */
#include "db/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "ext/hash.h"

static bool is_pg(const struct lock *l)
{
	return l->target->kind == TARGET_PG;
}

static const char *const words[] = { [LOCK_SEED] = "seed", [LOCK_BACKUP] = "backup" };
static const char *const suffixes[] = { [LOCK_SEED] = "pgbox-lock",
	                                [LOCK_BACKUP] = "pgbackup-lock" };

/* The key is drawn from the name alone: advisory locks are per database. */
static char *key_of(enum lock_kind kind, const char *name)
{
	unsigned char digest[HASH_BYTES];
	struct hash h;
	int64_t key;

	hash_start(&h);
	hash_add(&h, "pgbox ", 6);
	hash_add(&h, words[kind], strlen(words[kind]));
	hash_add(&h, " ", 1);
	hash_add(&h, name, strlen(name));
	hash_end(&h, digest);
	memcpy(&key, digest, sizeof(key));
	return xasprintf("%" PRId64, key);
}

/* Beside the file itself, however it is named: through a symlink, by a relative
 * path, or before it is there. */
static char *lock_path(enum lock_kind kind, const char *path)
{
	char *folder = path_folder(path);
	char *file = realpath(path, NULL), *real = realpath(folder, NULL), *lock;

	if (file)
		lock = xasprintf("%s.%s", file, suffixes[kind]);
	else
		lock = xasprintf("%s/%s.%s", real ? real : folder, path_base(path), suffixes[kind]);
	free(file);
	free(real);
	free(folder);
	return lock;
}

void lock_init(struct lock *l, enum lock_kind kind, const struct target *target, const char *name)
{
	*l = (struct lock){ .kind = kind, .db = DB_INIT, .fd = -1, .target = target };
	if (!is_pg(l)) {
		l->path = lock_path(kind, target->path);
		return;
	}
	l->key = key_of(kind, name);
}

/* --- PostgreSQL --- */

static int failed(struct lock *l, struct buf *error)
{
	buf_printf(error, "%s: cannot take the %s lock: %s", l->target->shown,
	           words[l->kind], db_error(&l->db));
	return l->db.reach == CONNECTED ? UNAVAILABLE : connect_state_status(l->db.reach);
}

static int try_pg(struct lock *l, int64_t deadline, struct buf *error)
{
	struct rows rows = { 0 };
	int rc;

	if (!db_is_open(&l->db) && db_open(&l->db, l->target, DB_WRITE, deadline) != CONNECTED)
		return failed(l, error);
	if (server_begin(&l->db.pg, l->kind == LOCK_BACKUP ? "READ ONLY" : "READ WRITE", true,
	                 deadline) ||
	    server_query(&l->db.pg, "SELECT pg_try_advisory_xact_lock($1::bigint)",
	             (const char *const *)&l->key, 1, deadline, &rows))
		rc = failed(l, error);
	else if (!rows_true(&rows, 0, 0))
		rc = LOCKED;
	else
		/* A lock that a timeout could end is none. */
		rc = server_settle(&l->db.pg, true, deadline) ? failed(l, error) : 0;
	rows_free(&rows);
	if (rc)
		server_rollback(&l->db.pg);
	else
		l->fd = server_socket(&l->db.pg);
	return rc;
}

static void holder_pg(struct lock *l, int64_t deadline, struct buf *who)
{
	static const struct sql find = {
		.pg = "SELECT 'pid ' || a.pid || coalesce(' from ' || host(a.client_addr), '')"
		      "  || coalesce(', since ' || date_trunc('second', a.xact_start), '')"
		      " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
		      " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
		      "  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
		      "  AND (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint",
	};
	struct rows rows = { 0 };

	if (db_read(&l->db, find, (const char *const *)&l->key, 1, deadline, &rows) == 0 && rows.n)
		buf_puts(who, rows_text(&rows, 0, 0));
	rows_free(&rows);
}

/* A standby has the locks of its own sessions alone. */
static bool is_held_pg(struct lock *l, int64_t deadline, bool *known)
{
	static const struct sql find = {
		.pg = "SELECT NOT pg_is_in_recovery(), EXISTS (SELECT 1 FROM pg_locks l"
		      " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
		      "  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
		      "  AND (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint)",
	};
	struct rows rows = { 0 };
	bool held;

	*known = (db_is_open(&l->db) || db_open(&l->db, l->target, DB_READ, deadline) == CONNECTED) &&
	         db_read(&l->db, find, (const char *const *)&l->key, 1, deadline, &rows) == 0 &&
	         rows_true(&rows, 0, 0);
	held = *known && rows_true(&rows, 0, 1);
	rows_free(&rows);
	return held;
}

/* --- SQLite --- */

/* Who may use the database may take its lock: a new file gets the database's owner and
 * mode, as SQLite's own do. flock(2) asks for no more than reading. Never through a
 * symlink: whoever may write beside the database could have root make any file. */
static int open_file(struct lock *l)
{
	int fd;

	beneath_guard_beside(l->path);
	fd = beneath_open_regular(l->path);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = beneath_open(l->path, O_RDONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 && errno == EEXIST)
		return beneath_open_regular(l->path);
	/* Where it cannot be given away it is a lock all the same. */
	if (fd >= 0)
		file_take_after(fd, l->target->path);
	return fd;
}

static int try_file(struct lock *l, struct buf *error)
{
	int fd = open_file(l);

	if (fd < 0) {
		buf_printf(error, "cannot open the lock file '%s': %s", l->path, file_reason(errno));
		return CANNOT_WRITE;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		l->fd = fd;
		return 0;
	}
	close(fd);
	return LOCKED;
}

static bool is_held_file(struct lock *l, bool *known)
{
	bool held;
	int fd;

	beneath_guard_beside(l->path);
	fd = beneath_open_regular(l->path);
	*known = fd >= 0 || errno == ENOENT;
	held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
	if (fd >= 0)
		close(fd);
	return held;
}

/* --- both --- */

bool lock_is_held(struct lock *l, int64_t deadline, bool *known)
{
	return is_pg(l) ? is_held_pg(l, deadline, known) : is_held_file(l, known);
}

int lock_try(struct lock *l, int64_t deadline, struct buf *error)
{
	return is_pg(l) ? try_pg(l, deadline, error) : try_file(l, error);
}

void lock_holder(struct lock *l, int64_t deadline, struct buf *who)
{
	if (is_pg(l))
		holder_pg(l, deadline, who);
	else
		buf_printf(who, "the lock on '%s'", l->path);
}

void lock_rest(struct lock *l)
{
	db_close(&l->db);
}

bool lock_alive(struct lock *l)
{
	return l->fd >= 0 && (!is_pg(l) || server_alive(&l->db.pg));
}

void lock_free(struct lock *l)
{
	if (is_pg(l)) {
		server_rollback(&l->db.pg);
	} else if (l->fd >= 0) {
		flock(l->fd, LOCK_UN);
		close(l->fd);
	}
	db_free(&l->db);
	free(l->key);
	free(l->path);
	*l = (struct lock){ .db = DB_INIT, .fd = -1 };
}
