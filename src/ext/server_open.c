/* server_open - logs in to a server, and finds out why it cannot. */
#include "ext/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/file.h"
#include "ext/errtext.h"
#include "ext/refusal.h"
#include "ext/server_parts.h"

static const char *const socket_dirs[] = { "/var/run/postgresql", "/tmp", NULL };

static char *socket_path(const char *dir, const char *port)
{
	return xasprintf("%s/.s.PGSQL.%s", dir, port);
}

static const char *port_of(const struct conninfo *c)
{
	const char *port = conninfo_get(c, "port");

	return port ? port : "5432";
}

static const char *host_of(const struct conninfo *c)
{
	const char *host = conninfo_get(c, "hostaddr");

	if (!host)
		host = conninfo_get(c, "host");
	for (size_t i = 0; !host && socket_dirs[i]; i++) {
		char *path = socket_path(socket_dirs[i], port_of(c));

		if (file_exists(path))
			host = socket_dirs[i];
		free(path);
	}
	return host ? host : "127.0.0.1";
}

/* Whether anybody listens, without a word to them. */
static enum connect_state knock(struct server *pg, const struct conninfo *c, int64_t deadline)
{
	const char *host = host_of(c);
	enum connect_state reach;
	int fd;

	buf_cut(&pg->error, 0);
	if (strchr(host, ','))
		return CONNECT_FAILED;
	if (*host == '/' || *host == '@') {
		char *path = socket_path(host, port_of(c));

		buf_printf(&pg->error, "socket '%s': ", path);
		reach = net_connect_unix(path, &fd, &pg->error);
		free(path);
	} else {
		reach = net_resolve(&pg->addrs, host, port_of(c), &pg->error);
		if (reach == CONNECTED)
			reach = net_connect(&pg->addrs, deadline, &fd, &pg->error);
	}
	if (reach == CONNECTED)
		close(fd);
	return reach;
}

/* How far a login without any password gets. */
static enum connect_state try_without_password(const struct conninfo *c, int64_t deadline, char sqlstate[6])
{
	struct server pg = SERVER_INIT;
	struct conninfo bare = { 0 };
	enum connect_state reach;

	pg.trial = true;
	conninfo_copy(&bare, c);
	conninfo_set(&bare, "password", NULL);
	conninfo_set(&bare, "passfile", "/dev/null/none"); /* of a device libpq would warn */
	reach = server_open(&pg, &bare, deadline);
	memcpy(sqlstate, pg.sqlstate, sizeof(pg.sqlstate));
	server_free(&pg);
	conninfo_free(&bare);
	return reach;
}

/* With direct TLS a server that has none hangs up like one that does not know it. */
static void leave_out(struct conninfo *c, const char *key)
{
	conninfo_set(c, key, NULL);
	if (strcmp(key, "sslnegotiation") == 0) {
		conninfo_set(c, "sslmode", "prefer");
		conninfo_set(c, "sslrootcert", NULL);
	}
}

/* Whether a login gets further without the suspect, and after that, when the server may just have come up,
 * fails with it as before. Passwords are not risked for it: require_auth may stand there to protect them. */
static bool is_to_blame(const struct server *pg, const struct refusal_suspect *s, const struct conninfo *c,
                        int64_t deadline)
{
	const char *variable = getenv(s->variable);
	char *kept = variable ? xstrdup(variable) : NULL, state[6];
	struct conninfo less = { 0 };
	enum connect_state without;

	conninfo_copy(&less, c);
	leave_out(&less, s->key);
	unsetenv(s->variable);
	without = try_without_password(&less, deadline, state);
	if (kept)
		setenv(s->variable, kept, 1);
	conninfo_free(&less);
	free(kept);
	return (without == CONNECTED || without == CONNECT_DENIED || without == CONNECT_NO_DATABASE) &&
	       try_without_password(c, deadline, state) == CONNECT_FAILED && strcmp(state, pg->sqlstate) == 0;
}

/* A failure that says nothing by its SQLSTATE, or has none. */
static enum connect_state find_to_blame(struct server *pg, const struct conninfo *c, int64_t deadline)
{
	for (const struct refusal_suspect *s = refusal_suspects; s->key && !pg->trial; s++)
		if (refusal_is_set(s, c) && is_to_blame(pg, s, c, deadline)) {
			buf_printf(&pg->error,
			           ": the connection's parameter '%s' is refused: change it, or leave it out",
			           s->key);
			return CONNECT_INVALID;
		}
	return CONNECT_FAILED;
}

/* libpq goes on without a file that is not there: here it is what was missed. */
static void name_missing(struct server *pg, const struct conninfo *c, const char *key, const char *variable)
{
	const char *path = conninfo_get(c, key) ? conninfo_get(c, key) : getenv(variable);

	if (path && *path && access(path, R_OK) != 0)
		buf_printf(&pg->error, ": cannot read %s '%s': %s", key, path, strerror(errno));
}

static enum connect_state lack_password(struct server *pg, const struct conninfo *c)
{
	buf_cut(&pg->error, 0);
	buf_puts(&pg->error, "the server asks for a password and none is set");
	name_missing(pg, c, "passfile", "PGPASSFILE");
	return CONNECT_DENIED;
}

static enum connect_state why_failed(struct server *pg, const struct conninfo *c, int64_t deadline)
{
	enum connect_state reach;
	struct buf said = BUF_INIT;

	errtext_take(PQerrorMessage(pg->conn), pg->sqlstate, &pg->error);
	if (pg->sqlstate[0]) {
		reach = refusal_reach(pg->sqlstate);
		if (strcmp(pg->sqlstate, "28000") == 0)
			name_missing(pg, c, "sslcert", "PGSSLCERT");
		return reach == CONNECT_FAILED ? find_to_blame(pg, c, deadline) : reach;
	}
	if (PQconnectionNeedsPassword(pg->conn))
		return lack_password(pg, c);
	buf_puts(&said, pg->error.data);
	reach = knock(pg, c, deadline);
	if (reach == CONNECTED || reach == CONNECT_FAILED) {
		buf_cut(&pg->error, 0);
		buf_puts(&pg->error, said.data);
		reach = !errtext_is_tls(said.data) ? find_to_blame(pg, c, deadline)
		        : pg->trial                ? CONNECT_FAILED
		                                   : CONNECT_DENIED;
	}
	if (reach == CONNECT_DENIED)
		name_missing(pg, c, "sslcert", "PGSSLCERT");
	buf_free(&said);
	return reach;
}

static void ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/* Starts libpq on its way with what pgbox adds to the caller's parameters. */
static PGconn *start(const struct conninfo *c)
{
	struct conninfo full = { 0 };
	PGconn *conn;

	for (size_t i = 0; i < c->n; i++)
		conninfo_set(&full, c->keys[i], c->values[i]);
	if (!conninfo_get(c, "hostaddr"))
		conninfo_set(&full, "host", host_of(c));
	conn = full.n ? PQconnectStartParams((const char *const *)full.keys,
	                                     (const char *const *)full.values, 0)
	              : NULL;
	conninfo_free(&full);
	if (conn) {
		PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
		PQsetNoticeReceiver(conn, ignore_notice, NULL);
	}
	return conn;
}

static enum connect_state finish(struct server *pg, const struct conninfo *c, int64_t deadline)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (PQstatus(pg->conn) != CONNECTION_BAD && want != PGRES_POLLING_OK) {
		if (want == PGRES_POLLING_FAILED)
			break;
		if (!server_wait_socket(pg->conn, want == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		                 deadline)) {
			buf_cut(&pg->error, 0);
			buf_puts(&pg->error, "no answer in time");
			return CONNECT_SILENT;
		}
		want = PQconnectPoll(pg->conn);
	}
	if (PQstatus(pg->conn) == CONNECTION_OK) {
		PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
		return CONNECTED;
	}
	return why_failed(pg, c, deadline);
}

enum connect_state server_open(struct server *pg, const struct conninfo *c, int64_t deadline)
{
	enum connect_state before = pg->reach;

	server_close(pg);
	pg->lost = false;
	if (before == CONNECT_REFUSED || before == CONNECT_NO_NAME || before == CONNECT_SILENT) {
		pg->reach = knock(pg, c, deadline);
		if (pg->reach != CONNECTED && pg->reach != CONNECT_FAILED && !pg->error.len)
			buf_puts(&pg->error, connect_state_text(pg->reach));
		if (pg->reach != CONNECTED && pg->reach != CONNECT_FAILED)
			return pg->reach;
	}
	pg->conn = start(c);
	if (!pg->conn) {
		buf_cut(&pg->error, 0);
		buf_puts(&pg->error, "out of memory");
		return pg->reach = CONNECT_FAILED;
	}
	pg->reach = finish(pg, c, deadline);
	if (pg->reach != CONNECTED)
		server_close(pg);
	if (pg->reach != CONNECTED && !pg->error.len)
		buf_puts(&pg->error, connect_state_text(pg->reach));
	return pg->reach;
}
