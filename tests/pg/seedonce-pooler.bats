# seedonce behind PgBouncer: in session and in transaction mode all is as without it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153 # seeds expand their own variables; tests are subshells

load ../lib/base
load ../lib/seedonce
load ../lib/pooler

setup_file() {
	[ -n "$(find_pgbouncer)" ] || skip 'no PgBouncer here'
	use_applets
	make_seeds
	SERVER=$BATS_FILE_TMPDIR/pg
	export SERVER
	server_make "$SERVER"
	server_start "$SERVER"
	local mode
	for mode in session transaction statement; do pooler_start "$mode"; done
}

teardown_file() {
	local mode
	for mode in session transaction statement; do pooler_stop "$mode"; done
	server_stop "$SERVER"
}

setup() {
	LOG=$BATS_TEST_TMPDIR/log
}

teardown() {
	clear_rooms
}

# behind MODE: a fresh database, with DATABASE_URL by way of that pooler.
behind() {
	echo "in $1 mode"
	MODE=$1
	fresh_database "t${BATS_TEST_NUMBER}_$1"
	DATABASE_URL=postgres://postgres@127.0.0.1:$(cat "$BATS_FILE_TMPDIR/$1/port")/$DB
	rm -f "$LOG" "$LOG".*
}

each_mode() {
	local mode
	for mode in session transaction; do
		behind "$mode"
		"$@"
	done
}

# --- what holds ---

@test "an SQL seed and a command run once" {
	each_mode run_once
}

run_once() {
	sql_file seed.sql 'create table t (a int);' 'insert into t values (1);' '\copy t from stdin' 2 '\.'
	for _ in 1 2; do
		exits 0 seedonce --sql "$FILE"
		exits 0 seedonce --name command --unless table=nothing --verify table=t -- sh -c "echo ran >>'$LOG'"
	done
	equals "$(db 'select count(*) from t')" 2
	equals "$(runs_of "$LOG")" 1
	exits 0 seedonce --status
	exits 0 waitdb --once --for seeded=command
	exits 0 seedonce --name adopted --unless table=t -- false
}

@test "seeds that fail are rolled back, or failed, and run again" {
	each_mode fail_first
}

fail_first() {
	sql_file seed.sql 'create table t ();' 'select 1/0;'
	exits 1 seedonce --sql "$FILE"
	equals "$(db "select to_regclass('t') is null")" t
	sql_file seed.sql 'create table t ();' 'commit;'
	exits 65 seedonce --sql "$FILE"
	equals "$(db "select to_regclass('t') is null")" t
	exits 1 seedonce --name command -- false
	equals "$(marker command)" failed
	exits 0 seedonce --name command -- true
}

@test "of 10 processes at once one runs the seed, and the others exit 0 after it" {
	each_mode ten_at_once
}

ten_at_once() {
	local n
	for n in 0 1 2 3 4 5 6 7 8 9; do
		background "r$n" seedonce -- sh -c "sleep 0.3; echo ran >>'$LOG'"
	done
	for n in 0 1 2 3 4 5 6 7 8 9; do ended "r$n" 0; done
	equals "$(runs_of "$LOG")" 1
}

@test "of 10 processes at once one runs the SQL files" {
	each_mode ten_files_at_once
}

ten_files_at_once() {
	local n
	sql_file seed.sql 'create table t (a int);' 'select pg_sleep(0.3);' 'insert into t values (1);'
	for n in 0 1 2 3 4 5 6 7 8 9; do background "r$n" seedonce --sql "$FILE"; done
	for n in 0 1 2 3 4 5 6 7 8 9; do ended "r$n" 0; done
	equals "$(db 'select count(*) from t')" 1
}

@test "of 40 processes, twice as many as the pool has connections, one runs the seed" {
	each_mode forty_at_once
}

forty_at_once() {
	local n
	for ((n = 0; n < 40; n++)); do
		background "r$n" seedonce -- sh -c "sleep 0.9; echo ran >>'$LOG'"
	done
	for ((n = 0; n < 40; n++)); do ended "r$n" 0; done
	equals "$(runs_of "$LOG")" 1
}

@test "--always runs at every start, one at a time" {
	each_mode always
}

always() {
	local n
	for n in 0 1 2 3 4; do
		background "r$n" seedonce --always -- \
			sh -c "mkdir '$LOG.busy' || echo overlap >>'$LOG'; sleep 0.05; rmdir '$LOG.busy'; echo ran >>'$LOG'"
	done
	for n in 0 1 2 3 4; do ended "r$n" 0; done
	equals "$(cat "$LOG")" "$(yes ran | head -n 5)"
}

@test "a runner that waits too long is exit 75, also while only the orphaned seed lives, and then it is 70" {
	each_mode orphan
}

orphan() {
	room "$MODE"
	background a seedonce -- gate "$ROOM"
	in_room
	exits 75 seedonce --lock-timeout 200ms -- false
	says "pid $(lock_holder)"
	kill -KILL "$PID"
	exits 75 seedonce --lock-timeout 200ms -- false
	kill -KILL "$(cat "$ROOM/pid")"
	rm "$ROOM/pid"
	exits 70 seedonce --lock-timeout 10 -- false
}

@test "the lock's server connection is cut: the seed is gone within 2 s, the marker stays running" {
	each_mode cut_server
}

cut_server() {
	room "$MODE"
	background a seedonce -- stubborn "$ROOM"
	in_room
	db "select pg_terminate_backend($(lock_holder))" >/dev/null
	wait_until 2 pid_gone "$PID"
	ended a 69
	wait_until 1 dead "$(cat "$ROOM/pid")"
	wait_until 1 dead "$(cat "$ROOM/child")"
	equals "$(marker)" running
	exits 70 seedonce -- false
}

@test "the pooler dies: the seed is gone within 2 s, the marker stays running" {
	each_mode lose_pooler
}

lose_pooler() {
	room "$MODE"
	background a seedonce -- stubborn "$ROOM"
	in_room
	pooler_stop "$MODE"
	wait_until 2 pid_gone "$PID"
	ended a 69
	wait_until 1 dead "$(cat "$ROOM/child")"
	equals "$(marker)" running
	pooler_start "$MODE"
	exits 70 seedonce -- false
}

@test "nothing that seedonce sets stays behind in a pooled connection" {
	behind transaction
	sql_file seed.sql 'create table t ();'
	exits 0 seedonce --sql "$FILE"
	exits 0 seedonce --name command -- true
	local n plain
	plain=$(db "$(settings)")
	for n in 1 2 3 4 5 6; do
		"$PG_BIN/psql" -X -q -A -t "$DATABASE_URL" -c begin -c "$(settings)" -c 'select pg_sleep(0.3)' -c commit \
			>"$LOG.$n" 2>&1 3>&- &
	done
	wait
	for n in 1 2 3 4 5 6; do equals "$(head -n 1 "$LOG.$n")" "$plain"; done
}

settings() {
	echo "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in
		('search_path', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
		'transaction_timeout', 'default_transaction_read_only', 'client_connection_check_interval')" |
		tr '\n\t' '  '
}

@test "statement mode is refused in clear words, and nothing runs" {
	behind statement
	sql_file seed.sql 'create table t ();'
	exits 69 seedonce --sql "$FILE" --then echo started
	says 'statement pooling'
	says 'session and transaction poolers'
	says_not started
	exits 69 seedonce -- sh -c "echo ran >>'$LOG'"
	[ ! -e "$LOG" ]
	equals "$(db "select to_regclass('t') is null and to_regnamespace('pgbox') is null")" t
}
