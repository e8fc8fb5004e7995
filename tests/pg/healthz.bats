# healthz against real servers: every check of a database holding and failing, and what a run leaves behind.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/trials
bats_require_minimum_version 1.5.0

setup_file() {
	export BATS_TEST_TIMEOUT=$((SOAK ? 900 : 120))
	use_applets
	export PG=$BATS_FILE_TMPDIR/pg STANDBY=$BATS_FILE_TMPDIR/standby SMALL=$BATS_FILE_TMPDIR/small
	server_make "$PG" "log_connections = on" "wal_receiver_status_interval = 1"
	echo 'local replication all trust' >>"$PG/data/pg_hba.conf"
	server_start "$PG"
	server_sql "$PG" postgres "create role app login password 'secret'" "create role stranger login" \
		"create database app" "create database other"
	server_sql "$PG" app "create table users (id int)" "insert into users values (1), (2)"
	server_sql "$PG" other "create table thing ()"
	server_make "$SMALL" "max_connections = 13" "superuser_reserved_connections = 3" "max_wal_senders = 0"
	URL=$(server_url "$PG" app) OTHER=$(server_url "$PG" other) SOCKET="postgres:///app?host=$PG&port=$(cat "$PG/port")&user=postgres"
	export URL OTHER SOCKET
}

teardown_file() {
	server_stop "$STANDBY"
	server_stop "$SMALL"
	server_stop "$PG"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	: >started
}

teardown() {
	local pid
	while read -r pid; do
		kill -CONT "$pid" 2>/dev/null || true
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

# holds CHECK and fails CHECK WORDS, for $URL.
holds() {
	exits 0 healthz --url "$URL" "$1"
	says "[+]$1 ok"
}

fails() {
	exits 1 healthz --url "$URL" "$1"
	says "[-]$1 failed: $2"
}

is_unknown() {
	exits 1 healthz --url "$URL" "$1"
	says "[?]$1 unknown: $2"
}

# new_log: what the log of $PG has to say from here on is printed by log_since.
new_log() {
	LOG_AT=$(stat -c %s "$PG/log")
}

log_since() {
	tail -c +$((LOG_AT + 1)) "$PG/log"
}

logins() {
	log_since | grep -c 'connection authorized.*application_name=healthz' || true
}

# --- what holds ---

@test "each check of a database holds, and fails with its reason" {
	holds ready
	holds writable
	holds table=users
	holds 'rows=users>=2'
	holds 'query=select count(*) = 2 from users'
	holds 'extension=plpgsql>=1.0'
	holds connections
	holds lag
	says "a primary, which has none"
	seedonce -q --name base "$URL" -- true
	holds seeded=base
	fails standby "the server is not in recovery"
	fails table=nobody "there is no such table"
	fails 'rows=users>=3' "2 of 3 rows"
	fails 'query=select false' "the query's answer is false"
	is_unknown 'query=select nonsense' 'column "nonsense" does not exist'
	# libpq would give its answer again and again
	is_unknown 'query=copy users to stdout' 'COPY to or from the client is no query: use SELECT'
	exits 1 healthz --url "$URL" 'query=COPY users TO STDOUT' table=users
	says "[+]table=users ok"
	fails extension=nonsense "not installed, and the server does not ship it"
	fails seeded=other "not seeded"
	fails 'connections<1' "1 of "
	server_sql "$PG" app "alter database app set default_transaction_read_only = on"
	fails writable "default_transaction_read_only is on"
	server_sql "$PG" app "set default_transaction_read_only = off" "alter database app reset default_transaction_read_only"
}

@test "a login that is refused is a no, tried once for all checks of that database, and says no password" {
	new_log
	exits 1 healthz --url "$(server_url "$PG" app app:n0tthisone)" ready table=users connections rows=users
	says "failed: 1 failed, 3 unknown of 4"
	says '[-]ready failed: password authentication failed for user "app"'
	says '[?]table=users unknown: password authentication failed'
	says_not n0tthisone
	wait_until 5 eval '[ "$(log_since | grep -c "password authentication failed")" -eq 1 ]'
	exits 1 healthz --url "$(server_url "$PG" nowhere)"
	says '[-]ready failed: database "nowhere" does not exist'
	exits 1 healthz --url "$(server_url "$PG" app app)"
	says '[-]ready failed: the server asks for a password'
}

@test "checks of one database share one login" {
	new_log
	exits 0 healthz --url "$URL" ready table=users rows=users connections lag 'query=select 1' extension=plpgsql writable
	equals "$(logins)" 1
	exits 0 healthz --url "$URL" ready table=users rows=users connections lag 'query=select 1' extension=plpgsql writable \
		lag connections ready
	equals "$(logins)" 2
	exits 0 healthz --url "$URL" ready table=users --url "$OTHER" ready table=thing --for rows=thing\>=0
	equals "$(logins)" 4
}

@test "several databases are told apart, and the variables may name them" {
	export OTHER
	exits 1 env HEALTHZ_CHECKS=$'ready\nurl=env:OTHER\nready\ntable=users' DATABASE_URL="$URL" healthz
	says "healthz check failed: 1 failed of 3"
	says "[+]ready on postgres@127.0.0.1:$(cat "$PG/port")/app ok"
	says "[-]table=users on postgres@127.0.0.1:$(cat "$PG/port")/other failed: there is no such table"
	exits 1 env HEALTHZ_CHECKS=$'ready\nurl=env:OTHER\nready\ntable=users' DATABASE_URL="$URL" healthz --json
	jq -e --arg id "postgres@127.0.0.1:$(cat "$PG/port")/other" '.checks["database:table"][0]
		| .componentId == $id and .status == "fail"' <<<"$output"
}

# --- connections ---

# occupy DATABASE-URL N: so many sessions of psql, until the test ends.
occupy() {
	local before
	before=$(server_sql "$SMALL" postgres "select count(*) from pg_stat_activity where application_name = 'psql'")
	for ((i = 0; i < $2; i++)); do
		"$PG_BIN/psql" -Xq "$1" <hold >/dev/null 2>&1 3>&- &
		echo $! >>started
		disown
	done
	wait_until 20 eval '[ "$(server_sql "$SMALL" postgres "select count(*) from pg_stat_activity
		where application_name = '"'psql'"'")" -eq '$((before + $2))' ]'
}

@test "connections: of those that an app may have, whoever asks, and none left is a no" {
	server_start "$SMALL"
	server_sql "$SMALL" postgres "create role app login password 'secret'" "create role stranger login"
	mkfifo hold
	exec 9<>hold
	local all=10 mine
	URL=$(server_url "$SMALL" postgres stranger)
	fails 'connections<10' "1 of $all used (10%)"
	holds 'connections<11%'
	# 5 of others, and 1 that asks
	occupy "$(server_url "$SMALL" postgres stranger)" 2
	occupy "$(server_url "$SMALL")" 3
	for mine in stranger postgres app:secret; do
		URL=$(server_url "$SMALL" postgres "$mine")
		fails 'connections<60' "6 of $all used (60%)"
		holds 'connections<61'
		holds connections
	done
	occupy "$(server_url "$SMALL" postgres stranger)" 4
	fails connections "$all of $all used (100%)"
	occupy "$(server_url "$SMALL")" 1
	exits 1 healthz --url "$URL" ready connections writable
	says "failed: 2 failed, 1 unknown of 3"
	says "[-]ready failed: remaining connection slots are reserved"
	says "[-]connections failed: remaining connection slots are reserved"
	URL=$(server_url "$SMALL")
	fails connections "1"
	says "of $all used (1"
	says ": those reserved for superusers are in use, too"
	server_sql "$SMALL" postgres "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'psql'
		and pid <> pg_backend_pid()" >/dev/null
	exec 9>&-
	server_stop "$SMALL"
}

@test "connections: those reserved since 16 are not an app's" {
	[ "$("$PG_BIN/postgres" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')" -ge 16 ] || skip "before PostgreSQL 16"
	server_start "$SMALL" -c reserved_connections=2
	URL=$(server_url "$SMALL")
	fails 'connections<5' "1 of 8 used (13%)"
	server_stop "$SMALL"
}

# --- lag ---

# What SQL says on the standby.
standby_says() {
	[ "$(server_sql "$STANDBY" app "$1")" = "$2" ]
}

replayed_all() {
	local lsn
	lsn=$(server_sql "$PG" app "select pg_current_wal_flush_lsn()")
	wait_until 20 standby_says "select pg_last_wal_replay_lsn() >= '$lsn' and exists (select from pg_stat_wal_receiver
		where pid is not null)" t
}

@test "lag: none when all is replayed, however long ago; else the time since; and not for ever without a primary" {
	mkdir "$STANDBY"
	[ "$(id -u)" != 0 ] || chown nobody "$STANDBY"
	"${UNPRIVILEGED[@]}" "$PG_BIN/pg_basebackup" -h "$PG" -p "$(cat "$PG/port")" -U postgres -D "$STANDBY/data" \
		-R -c fast --no-sync
	echo "unix_socket_directories = '$STANDBY'" >>"$STANDBY/data/postgresql.conf"
	free_port >"$STANDBY/port"
	server_start "$STANDBY"
	URL=$(server_url "$STANDBY" app stranger)
	server_sql "$PG" app "insert into users values (3)"
	replayed_all
	holds standby
	wait_until 5 standby_says "select clock_timestamp() - pg_last_xact_replay_timestamp() > '300 ms'" t
	holds 'lag<100ms'
	says "0s behind"
	exits 0 healthz --json --url "$URL" lag
	jq -e '.checks["database:lag"][0] | .observedValue == 0 and .observedUnit == "s"' <<<"$output"

	server_sql "$STANDBY" app "select pg_wal_replay_pause()"
	wait_until 5 standby_says "select pg_is_wal_replay_paused()" t
	server_sql "$PG" app "insert into users values (4)"
	wait_until 10 standby_says "select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()" t
	wait_until 5 standby_says "select clock_timestamp() - pg_last_xact_replay_timestamp() > '1100 ms'" t
	fails 'lag<1s' ""
	says "s behind"
	says_not "not connected"
	holds lag
	server_sql "$STANDBY" app "select pg_wal_replay_resume()"
	replayed_all
	holds 'lag<1s'

	# started anew, it has replayed more than it has received since
	server_stop "$STANDBY"
	server_start "$STANDBY"
	replayed_all
	holds 'lag<1s'

	server_stop "$PG"
	wait_until 10 standby_says "select count(pid) from pg_stat_wal_receiver" 0
	server_start "$PG"
	server_sql "$PG" app "insert into users values (5)"
	replayed_all
	server_stop "$PG"
	wait_until 10 standby_says "select count(pid) from pg_stat_wal_receiver" 0
	wait_until 5 standby_says "select clock_timestamp() - pg_last_xact_replay_timestamp() > '1100 ms'" t
	fails 'lag<1s' ""
	says "behind, and not connected to a primary"
	server_stop "$STANDBY"
	server_start "$PG"
}

# --- servers that are not ready ---

is_starting() {
	exits 1 healthz --url "$1"
	says "[-]ready failed: the database system is starting up"
}

@test "the image's temporary server and one that is starting up are not ready" {
	local late=$BATS_TEST_TMPDIR/late
	chmod 755 "$BATS_TEST_TMPDIR"
	server_make "$late"
	server_start "$late" -c listen_addresses=''
	exits 1 healthz --url "postgres:///postgres?host=$late&port=$(cat "$late/port")&user=postgres" ready writable
	says "[-]ready failed: the image is still initialising"
	says "[-]writable failed: the image is still initialising"
	server_stop "$late"
	"${UNPRIVILEGED[@]}" touch "$late/data/recovery.signal"
	server_launch "$late" -c "restore_command=until test -e $BATS_TEST_TMPDIR/gate; do sleep 0.02; done; false"
	wait_until 10 is_starting "$(server_url "$late")"
	touch "$BATS_TEST_TMPDIR/gate"
	wait_until 20 healthz -q --url "$(server_url "$late")"
	server_stop "$late"
	exits 1 healthz --url "$(server_url "$late")"
	says "onnection refused"
}

# timed MILLISECONDS COMMAND...: ends with 1, no later than 300 ms after that.
timed() {
	local began limit=$1
	shift
	began=$(date +%s%N)
	exits 1 "$@"
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -le $((limit + 300)) ] || { echo "$took ms"; return 1; }
}

@test "a query that takes too long is unknown in time, and is stopped on the server" {
	timed 700 healthz --timeout 700ms --url "$URL" table=users 'query=select pg_sleep(60)' table=nobody
	says "[+]table=users ok"
	says "[?]query=select pg_sleep(60) unknown: "
	says "[?]table=nobody unknown: deadline: the checks before it took all the time"
	wait_until 5 eval '[ "$(server_sql "$PG" app "select count(*) from pg_stat_activity where application_name = '"'healthz'"'")" -eq 0 ]'
}

@test "a server that is stopped in its tracks is a no in time, and hides nothing of another" {
	local stopped=$BATS_TEST_TMPDIR/stopped
	chmod 755 "$BATS_TEST_TMPDIR"
	server_make "$stopped"
	server_start "$stopped"
	cat "$stopped/pid" >>started
	kill -STOP "$(cat "$stopped/pid")"
	timed 500 healthz --timeout 500ms --url "$(server_url "$stopped")" ready lag
	says "[-]ready failed: no answer in time"
	timed 500 healthz --timeout 500ms --url "$(server_url "$stopped")" --url "$URL" ready table=nobody
	says "failed: 2 failed of 3"
	says "[-]table=nobody on postgres@127.0.0.1:$(cat "$PG/port")/app failed: there is no such table"
	kill -CONT "$(cat "$stopped/pid")"
	server_stop "$stopped"
}

# --- what is left behind ---

no_healthz_sessions() {
	[ "$(server_sql "$PG" app "select count(*) from pg_stat_activity where application_name = 'healthz'")" -eq 0 ]
}

# its_healthz LIMIT: how many processes of it there are with that limit, which no other test has: a command line shows
# nothing behind --url.
its_healthz() {
	pgrep -cf "healthz --timeout $1 " || true
}

@test "a thousand runs leave no connection, no file, no process and no complaint in the server's log" {
	local n limit=$((10000 + $$ % 50000))ms
	n=$(rounds 1000)
	mkdir empty
	cd empty
	new_log
	for ((i = 0; i < n; i++)); do
		case $((i % 4)) in
		0) healthz --timeout "$limit" -q --url "$URL" ;;
		1) healthz --timeout "$limit" -q --url "$SOCKET" ready writable ;;
		2) healthz --timeout "$limit" -q --url "$URL" ready table=users --url "$OTHER" table=thing disk=/ file=. ;;
		3) TMPDIR=$PWD HOME=$PWD healthz --timeout "$limit" -q --json --url "$URL" ready connections lag ;;
		esac
	done
	wait_until 10 no_healthz_sessions
	equals "$(ls -A)" ''
	equals "$(its_healthz "$limit")" 0
	[ "$(logins)" -ge "$n" ]
	equals "$(log_since | grep -vE 'LOG:  (connection (received|authenticated|authorized)|checkpoint|disconnection)' |
		grep -E 'ERROR|FATAL|PANIC|WARNING|LOG:' || true)" ''
}
