# What the bats files share: the binary under its names, real servers that are
# private to one file, and waiting for things instead of sleeping.
#
# A file calls `load ../lib/base` and starts its servers in setup_file. Everything lives
# in BATS_FILE_TMPDIR and ends in teardown_file, by process id.

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
PGBOX=${PGBOX:-$ROOT/pgbox}
PG_BIN=${PG_BIN:-$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}

# shellcheck source=tests/lib/assert.bash
. "${BASH_SOURCE[0]%/*}/assert.bash"

# The applets by name, first in PATH; no variable of the caller's names a database.
use_applets() {
	export PATH=$BATS_FILE_TMPDIR/bin:$PATH
	mkdir -p "$BATS_FILE_TMPDIR/bin"
	"$PGBOX" --install "$BATS_FILE_TMPDIR/bin"
	local name
	for name in "${!PG@}" "${!POSTGRES_@}" "${!DATABASE_URL@}" "${!SEEDONCE_@}" "${!WAITDB_@}"; do
		case $name in PGBOX | PG_BIN) ;; *) unset "$name" ;; esac
	done
	export PGBOX PG_BIN ROOT
}

# In front of a command: makes it run as a user that PostgreSQL's server accepts,
# which root is not. An array, so that $! is the command's own pid.
UNPRIVILEGED=()
[ "$(id -u)" != 0 ] || UNPRIVILEGED=(setpriv --reuid=nobody --regid=nogroup --clear-groups)

# A port that nobody listens on, outside the kernel's range for outgoing ones.
free_port() {
	local port
	while port=$((10000 + RANDOM % 20000)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# wait_until SECONDS COMMAND...: polls it 50 times a second. Where the clock leaps, as on a virtual machine that was
# paused, the seconds are not over before it was polled a few times for each.
wait_until() {
	local end=$(($(date +%s%N) + $1 * 1000000000)) polls=$(($1 * 5))
	shift
	until "$@"; do
		[ $((polls--)) -gt 0 ] || [ "$(date +%s%N)" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# server_make DIR [LINE...]: a cluster in DIR/data, its socket in DIR, superuser
# `postgres`, trust on the socket and scram on 127.0.0.1 for role `app` alone; the
# lines go to postgresql.conf. initdb runs once for all files.
server_make() {
	local dir=$1 template=$BATS_RUN_TMPDIR/cluster lock
	shift
	# Files that run side by side wait for the first.
	exec {lock}>"$template.lock"
	flock "$lock"
	if ! [ -d "$template" ]; then
		mkdir "$template.new"
		chmod 755 "$BATS_RUN_TMPDIR"
		[ "$(id -u)" != 0 ] || chown nobody "$template.new"
		"${UNPRIVILEGED[@]}" "$PG_BIN/initdb" -D "$template.new" -U postgres -A trust -E UTF8 \
			--locale=C.UTF-8 --no-sync >/dev/null
		mv "$template.new" "$template"
	fi
	exec {lock}>&-
	mkdir -p "$dir"
	chmod 755 "$BATS_FILE_TMPDIR"
	[ "$(id -u)" != 0 ] || chown nobody "$dir"
	"${UNPRIVILEGED[@]}" cp -a "$template" "$dir/data"
	{
		echo "fsync = off"
		echo "log_min_messages = info"
		echo "unix_socket_directories = '$dir'"
		echo "listen_addresses = '127.0.0.1'"
		echo "max_connections = 150"
		echo "password_encryption = 'scram-sha-256'"
		printf '%s\n' "$@"
	} >>"$dir/data/postgresql.conf"
	printf '%s\n' 'local all all trust' 'host all app 127.0.0.1/32 scram-sha-256' \
		'host all all 127.0.0.1/32 trust' >"$dir/data/pg_hba.conf"
	free_port >"$dir/port"
}

# server_start DIR [POSTGRES-OPTION...]: starts it in the background and waits until
# it accepts logins; the log is DIR/log. server_stop DIR [SIGNAL] ends it.
server_start() {
	local try
	for try in 1 2 3; do
		server_launch "$@"
		wait_until 30 server_answers_or_died "$1" || break
		server_answers "$1" && return
		# Another test's server was quicker.
		grep -q 'Address already in use' "$1/log" || break
		free_port >"$1/port"
	done
	echo "the server does not start (try $try): $(tail -n 5 "$1/log")"
	return 1
}

server_answers() {
	"$PG_BIN/pg_isready" -q -h "$1" -p "$(cat "$1/port")"
}

server_answers_or_died() {
	server_answers "$1" || ! kill -0 "$(cat "$1/pid")" 2>/dev/null
}

# The same without the waiting.
server_launch() {
	local dir=$1
	shift
	"${UNPRIVILEGED[@]}" "$PG_BIN/postgres" -D "$dir/data" -p "$(cat "$dir/port")" "$@" \
		</dev/null >>"$dir/log" 2>&1 3>&- &
	echo $! >"$dir/pid"
	disown
}

server_stop() {
	local pid
	pid=$(cat "$1/pid" 2>/dev/null) || return 0
	kill "-${2:-INT}" "$pid" 2>/dev/null || return 0
	wait_until 30 pid_gone "$pid"
}

pid_gone() {
	! kill -0 "$1" 2>/dev/null
}

# server_url DIR [DATABASE [USER[:PASSWORD]]]: over TCP.
server_url() {
	echo "postgres://${3:-postgres}@127.0.0.1:$(cat "$1/port")/${2:-postgres}"
}

# server_sql DIR DATABASE SQL...: as superuser, over the socket; unaligned rows.
server_sql() {
	local dir=$1 db=$2
	shift 2
	"$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$dir" -p "$(cat "$dir/port")" -U postgres -d "$db" \
		"${@/#/-c}"
}

# dead PID: ended, even if nobody has taken notice of that yet.
dead() {
	local state
	state=$(ps -o state= -p "$1") || return 0
	[ "$state" = Z ]
}

# --- SQLite ---

# lite FILE SQL: rows of an SQLite file, columns parted by |.
lite() {
	python3 - "$@" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect("file:" + sys.argv[1] + "?mode=rw", uri=True, timeout=20)
		for row in db.execute(sys.argv[2]).fetchall():
		    print("|".join("" if cell is None else str(cell) for cell in row))
		db.commit()
	END
}
