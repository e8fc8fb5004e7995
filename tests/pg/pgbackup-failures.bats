# pgbackup: what can go wrong, each with its exit code and its words; what must not go wrong.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/seedonce
load ../lib/pgbackup

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER" "wal_level = replica" "max_wal_senders = 5"
	echo 'local replication all trust' >>"$SERVER/data/pg_hba.conf"
	server_start "$SERVER"
	PORT=$(cat "$SERVER/port")
	export PORT
	server_sql "$SERVER" postgres "create role app login password 'right'" 'create role plain login' \
		'create database app owner app' 'create database other'
	server_sql "$SERVER" app 'set role app' 'create table a as select generate_series(1, 1000) i' \
		'create table z as select 1 i'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	backup_folder
	export BACKUP_ROLES=no
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
	: >"$BATS_TEST_TMPDIR/started"
}

teardown() {
	local pid
	clear_rooms
	release
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

sql() {
	server_sql "$SERVER" app "$@"
}

# No backup, nor a part of one.
nothing_made() {
	[ ! -d "$BACKUP_DIR" ] || equals "$(find "$BACKUP_DIR" ! -type d ! -path '*/.pgbox/*')" ''
}

# hold TABLE: locks it, for a minute or until release. A dump begins with its snapshot and a lock on each table.
hold() {
	sql "begin; lock table $1; select pg_sleep(60)" >/dev/null 2>&1 3>&- &
	echo "$!" >>"$BATS_TEST_TMPDIR/started"
	wait_until 10 is_held "$1"
}

is_held() {
	[ "$(holder "$1")" ]
}

holder() {
	sql "select pid from pg_locks where relation = '$1'::regclass and mode = 'AccessExclusiveLock' and granted
		and database = (select oid from pg_database where datname = 'app')"
}

release() {
	sql "select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock' and granted
		and database = (select oid from pg_database where datname = 'app')" >/dev/null
}

# is_waited_for [DIR]: a dump waits for table z, at the server of DIR.
is_waited_for() {
	[ "$(server_sql "${1:-$SERVER}" app "select count(*) from pg_locks where not granted
		and relation = 'z'::regclass")" -gt 0 ]
}

# --- the server ---

@test "nobody answers: 69, and it was waited for that long" {
	DATABASE_URL=postgres://app@127.0.0.1:$(free_port)/app exits 69 pgbackup run --wait 1500ms
	says 'connection refused; waiting up to 1500ms'
	nothing_made
	exits 1 pgbackup status
	says 'connection refused'
}

@test "a server that comes up meanwhile is backed up" {
	local late=$BATS_FILE_TMPDIR/late
	server_make "$late"
	DATABASE_URL=$(server_url "$late")
	background late pgbackup run --wait 40s
	wait_until 10 grep -q 'waiting up to' "$BATS_TEST_TMPDIR/late.out"
	server_start "$late"
	ended late 0
	server_stop "$late"
}

@test "a wrong password, a missing role, a database that lets nobody in: 77 at once; a missing database: 69" {
	local began
	began=$(date +%s)
	exits 77 pgbackup run "postgres://app:wrong@127.0.0.1:$PORT/app"
	says 'password authentication failed'
	equals "$(grep -c 'password authentication failed' <<<"$output")" 1
	exits 77 pgbackup run "postgres://norole@127.0.0.1:$PORT/app"
	server_sql "$SERVER" other 'revoke connect on database other from public'
	exits 77 pgbackup run "$(server_url "$SERVER" other plain)"
	says 'permission denied'
	exits 69 pgbackup run "$(server_url "$SERVER" nowhere)"
	says 'does not exist'
	[ $(($(date +%s) - began)) -lt 20 ]
	nothing_made
}

# A real server behind a proxy that changes its number alone.
@test "a server newer than the engine: 69, with both versions" {
	local url
	[ "$(major)" -ge 17 ] || skip 'it would not know what a newer one knows'
	python3 -u - "$PORT" >"$BATS_TEST_TMPDIR/port" 2>/dev/null 3>&- <<-'END' &
		import socket, sys, threading
		front = socket.create_server(("127.0.0.1", 0))
		print(front.getsockname()[1])
		def pump(a, b, major):
		    while data := a.recv(65536):
		        at = data.find(b"server_version\0") + 15
		        b.sendall(data[:at] + b"99" + data[at + 2:] if major and at > 14 else data)
		    b.shutdown(socket.SHUT_WR)
		while True:
		    a, b = front.accept()[0], socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		    for ends in (a, b, False), (b, a, True):
		        threading.Thread(target=pump, args=ends, daemon=True).start()
	END
	echo "$!" >>"$BATS_TEST_TMPDIR/started"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/port"
	url="postgres://postgres@127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")/app?sslmode=disable"
	exits 69 pgbackup run "$url"
	says 'PostgreSQL 99.'
	says "$(pg_dump --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1)"
	nothing_made
}

@test "the server's own data is damaged: 65, and the good backups stay" {
	local dir=$BATS_FILE_TMPDIR/damaged file
	server_make "$dir"
	server_start "$dir"
	server_sql "$dir" postgres 'create table broken as select generate_series(1, 1000)' checkpoint
	file=$dir/data/$(server_sql "$dir" postgres "select pg_relation_filepath('broken')")
	DATABASE_URL=$(server_url "$dir")
	exits 0 pgbackup run
	server_stop "$dir"
	printf '%0200d' 0 | dd of="$file" bs=1 seek=8192 conv=notrunc status=none
	server_start "$dir"
	exits 65 pgbackup run
	says "the server's own data is damaged"
	says 'invalid page'
	nothing_half_made
	equals "$(backups postgres)" 1
	server_stop "$dir"
}

# --- rights ---

@test "a table that the role may not read: 77, named, with what to grant" {
	sql 'create table secret ()'
	exits 77 pgbackup run "postgres://app:right@127.0.0.1:$PORT/app"
	says 'permission denied for table secret'
	says pg_read_all_data
	nothing_made
	sql 'drop table secret'
}

@test "rows that a policy would hide are not left out in silence: 77" {
	sql 'create table guarded as select 1 i' 'alter table guarded enable row level security' 'grant select on guarded to app'
	exits 77 pgbackup run "postgres://app:right@127.0.0.1:$PORT/app"
	says 'row-level security'
	nothing_made
	sql 'drop table guarded'
}

@test "a trial restore that the role may not make: 77; the backup itself is fine" {
	exits 0 pgbackup run
	exits 77 pgbackup verify --into "postgres://app:right@127.0.0.1:$PORT/app"
	says CREATEDB
	exits 0 pgbackup verify
}

# --- what is set on roles and databases ---

# waits_for SECONDS: so long has a dump waited for table z.
waits_for() {
	[ "$(sql "select count(*) from pg_locks join pg_stat_activity using (pid) where not granted
		and relation = 'public.z'::regclass and clock_timestamp() - query_start > '$1 seconds'")" -gt 0 ]
}

@test "timeouts and other settings of the role or the database do not break a dump" {
	local setting
	hold z
	for setting in "statement_timeout = '1s'" "lock_timeout = '1ms'" "idle_in_transaction_session_timeout = '1s'" \
		'default_transaction_read_only = on' "default_transaction_isolation = 'serializable'" "search_path = ''" \
		'row_security = off' "client_encoding = 'LATIN1'" 'standard_conforming_strings = off' \
		"datestyle = 'SQL, DMY'" "session_replication_role = replica"; do
		server_sql "$SERVER" postgres "alter role postgres in database app set $setting"
	done
	[ "$(major)" -lt 17 ] ||
		server_sql "$SERVER" postgres "alter role postgres in database app set transaction_timeout = '1s'"
	background run pgbackup run --jobs 2
	status=0
	wait_until 20 waits_for 1.5 || status=timeout
	release
	[ "$status" = timeout ] || ended run 0 || true
	server_sql "$SERVER" postgres 'alter role postgres in database app reset all'
	equals "$status" 0
	equals "$(field app .tables)" 2
	equals "$(timeout 60 pg_restore --data-only --table a -f - "$(newest app)" | grep -cxE '[0-9]+')" 1000
}

# --- the folder ---

@test "a folder that may not be written: 73, with the uid" {
	[ "$(id -u)" = 0 ] || skip 'only root can make a folder that it may not write to'
	mkdir "$BACKUP_DIR"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR" "$BACKUP_DIR"
	exits 73 "${UNPRIVILEGED[@]}" "$PGBOX" pgbackup run
	says 'Permission denied'
	says "uid $(id -u nobody)"
	exits 73 pgbackup run --dir /proc/nowhere
	exits 73 pgbackup run --dir "$ROOT/VERSION"
}

# small_folder SCRIPT: runs it, in a mount namespace of its own, where the folder has 300 kB.
small_folder() {
	[ "$(id -u)" = 0 ] || skip 'only root can mount'
	unshare -m true 2>/dev/null || skip 'no mounts here'
	mkdir -p "$BACKUP_DIR"
	timeout 60 unshare -m bash -c "mount -t tmpfs -o size=300k none '$BACKUP_DIR' || exit 99; $1" 2>&1
}

@test "a folder that is full: 73, the old backups stay, nothing half is left" {
	sql 'create table if not exists big as select md5(i::text) from generate_series(1, 20000) i'
	output=$(small_folder "cp -r /proc/self/status \"\$BACKUP_DIR/mine\"
		pgbackup run --url '$(server_url "$SERVER" postgres)' || exit 98
		pgbackup run --compress none; echo \"status \$?\"
		find \"\$BACKUP_DIR\" -type f -printf '%P\n'; pgbackup verify --all; echo \"verified \$?\"")
	sql 'drop table big'
	says 'No space left'
	says 'status 73'
	says 'verified 0'
	says 'postgres/postgres-'
	says_not '.part'
	says_not "'app/app-"
}

@test "a read-only file system: 73" {
	output=$(small_folder "mount -o remount,ro '$BACKUP_DIR'; pgbackup run; echo \"status \$?\"")
	says 'Read-only file system'
	says 'status 73'
}

# --- others at work ---

@test "another run has the folder: 75, saying who; one that waits long enough gets it" {
	mkdir -p "$BACKUP_DIR"
	hold z
	background first pgbackup run
	wait_until 20 is_waited_for
	exits 75 pgbackup run --busy-wait 300ms other
	says 'waiting for another run: pid '
	says 'is locked by another run'
	exits 75 pgbackup run --busy-wait 0 other
	background second pgbackup run --busy-wait 60s other
	wait_until 20 grep -q 'waiting for another run' "$BATS_TEST_TMPDIR/second.out"
	release
	ended first 0
	ended second 0
	equals "$(backups app)/$(backups other)" 1/1
}

@test "another folder's run has the database: 75, saying who; other databases are free" {
	local holder
	hold z
	background first pgbackup run
	wait_until 20 is_waited_for
	holder=$(sql "select pid from pg_locks where locktype = 'advisory' and granted")
	exits 75 pgbackup run --dir "$BATS_TEST_TMPDIR/second" --busy-wait 300ms
	says "another run holds it: pid $holder"
	exits 0 pgbackup run --dir "$BATS_TEST_TMPDIR/second" --busy-wait 300ms other
	exits 3 pgbackup run --dir "$BATS_TEST_TMPDIR/second" --busy-wait 300ms app other
	release
	ended first 0
	exits 0 pgbackup run --dir "$BATS_TEST_TMPDIR/second"
}

@test "a table stays locked: 75 after --lock-wait, naming the blocker's pid, user and table" {
	hold z
	BACKUP_LOCK_WAIT=500ms exits 75 pgbackup run
	says "pid $(holder z) (postgres"
	says ' on public.z'
	nothing_made
	release
	exits 0 pgbackup run
}

@test "a table that is locked for a while is waited for" {
	hold z
	background wait pgbackup run --lock-wait 60s
	wait_until 20 is_waited_for
	release
	ended wait 0
}

# A proxy that lets the third connection, pg_dump's, wait for the file "go".
@test "dump and manifest are of one moment, that at which it began" {
	local url
	python3 -u - "$PORT" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/port" 2>/dev/null 3>&- <<-'END' &
		import os, socket, sys, threading, time
		port, folder = int(sys.argv[1]), sys.argv[2]
		front = socket.create_server(("127.0.0.1", 0))
		print(front.getsockname()[1])
		def pump(a, b):
		    while data := a.recv(65536):
		        b.sendall(data)
		    b.shutdown(socket.SHUT_WR)
		for n in range(1, 100):
		    a = front.accept()[0]
		    if n == 3:
		        open(folder + "/third", "w").close()
		        while not os.path.exists(folder + "/go"):
		            time.sleep(0.02)
		    b = socket.create_connection(("127.0.0.1", port))
		    for ends in (a, b), (b, a):
		        threading.Thread(target=pump, args=ends, daemon=True).start()
	END
	echo "$!" >>"$BATS_TEST_TMPDIR/started"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/port"
	url="postgres://postgres@127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")/app?sslmode=disable"
	background run pgbackup run "$url"
	wait_until 20 test -e "$BATS_TEST_TMPDIR/third"
	sql 'insert into a values (-1)' 'create table later ()' 'select lo_create(0)'
	touch "$BATS_TEST_TMPDIR/go"
	ended run 0
	sql 'delete from a where i = -1' 'drop table later' 'select lo_unlink(oid) from pg_largeobject_metadata'
	timeout 60 pg_restore -f "$BATS_TEST_TMPDIR/sql" "$(newest app)"
	equals "$(grep -cE '^CREATE TABLE|^-1$|lo_create' "$BATS_TEST_TMPDIR/sql")" 2
	equals "$(field app '"\(.tables) \(.large_objects)"')" '2 0'
}

# --- standbys ---

standby() {
	local dir=$BATS_FILE_TMPDIR/standby
	mkdir "$dir"
	[ "$(id -u)" != 0 ] || chown nobody "$dir"
	(cd / && timeout 60 "${UNPRIVILEGED[@]}" "$PG_BIN/pg_basebackup" -h "$SERVER" -p "$PORT" -U postgres -c fast -X stream -R \
		-D "$dir/data") >/dev/null
	{
		echo "unix_socket_directories = '$dir'"
		echo 'max_standby_streaming_delay = 0'
		echo 'hot_standby_feedback = off'
	} >>"$dir/data/postgresql.conf"
	free_port >"$dir/port"
	server_start "$dir"
	echo "$dir"
}

# same_place DIR: the standby has replayed all that the primary has.
same_place() {
	[ "$(server_sql "$1" app "select pg_last_wal_replay_lsn() >= '$(sql 'select pg_current_wal_flush_lsn()')'")" = t ]
}

# The process that is furthest down: pg_dump.
dump_of() {
	local child
	child=$(pgrep -P "$1" | tail -n 1)
	if [ "$child" ]; then dump_of "$child"; else echo "$1"; fi
}

# A dump of the standby that waits for what is locked on the primary, behind its snapshot and the lock of table a.
dump_waits() {
	hold z
	sql 'create table flush ()' 'drop table flush'
	wait_until 20 same_place "$1"
	background run pgbackup run
	wait_until 20 is_waited_for "$1"
}

conflict_is_told() {
	ended run 1
	says 'conflict with recovery'
	says hot_standby_feedback
	nothing_half_made
	equals "$(backups app)" 2
}

@test "a standby can be dumped; conflicts with recovery are told apart, with the way out" {
	local standby pid
	standby=$(standby)
	sql 'create table c as select generate_series(1, 1000) i'
	wait_until 20 same_place "$standby"
	DATABASE_URL=$(server_url "$standby" app)
	exits 0 pgbackup run
	equals "$(field app .tables)" 3
	exits 0 pgbackup run --jobs 2

	dump_waits "$standby"
	sql 'begin; lock table a; commit' 'create table flush ()' 'drop table flush'
	conflict_is_told
	release

	# Rows go that it still has to read; the lock of z must be gone for the vacuum to do that.
	dump_waits "$standby"
	pid=$(dump_of "$PID")
	kill -STOP "$pid"
	release
	wait_until 10 not is_held z
	sql 'delete from c' 'vacuum c'
	wait_until 20 same_place "$standby"
	kill -CONT "$pid"
	conflict_is_told
	server_stop "$standby"
	sql 'drop table c'
}
