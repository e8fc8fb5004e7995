# pgrestore: what is told when the server goes away while a database is made or swapped, and that nothing of ours ends a
# session after it has said that it is done.

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=180
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg DUMP=$BATS_FILE_TMPDIR/t.dump
	server_make "$SERVER" 'allow_system_table_mods = on'
	server_start "$SERVER"
	made source 3
	archive source "$DUMP"
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
	only source
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# soak WORD...: those, in a long run.
soak() {
	[ -z "${SOAK:-}" ] || echo "$@"
}

# --- a server that goes away ---

# cut TEXT [WORDS]: DATABASE_URL is that of a relay which cuts all connections when a client sends TEXT, once.
cut() {
	rm -f "$BATS_TEST_TMPDIR/port"
	mkfifo "$BATS_TEST_TMPDIR/relay"
	python3 "$ROOT/tests/servers/cut.py" "$BATS_TEST_TMPDIR/port" "$(cat "$SERVER/port")" "$@" \
		<"$BATS_TEST_TMPDIR/relay" 3>&- &
	exec {RELAY}>"$BATS_TEST_TMPDIR/relay"
	rm "$BATS_TEST_TMPDIR/relay"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/port"
	DATABASE_URL=postgres://postgres@127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")/app
}

# lost_at TEXT COMMAND...: both ways of going away end in 69, with the reason.
lost_at() {
	local text=$1
	shift
	cut "$text" 'the server is shut down'
	exits 69 "$@"
	says 'the server is shut down'
	says_not 'invalid socket'
	exec {RELAY}>&-
	cut "$text"
	exits 69 "$@"
	says 'server closed the connection'
	says_not 'invalid socket'
	says_not 'no connection to the server'
	exec {RELAY}>&-
}

@test "a server that goes while a database is made, filled, dressed or swapped in is 69, with its reason" {
	made app 1
	sql postgres 'alter database app set work_mem = 1234' 'alter database app connection limit 9'
	for text in CREATE_DATABASE $(soak SET_work_mem CONNECTION_LIMIT_9 COMMENT_ON_DATABASE_app) _RENAME_TO_; do
		text=${text//_/ }
		echo "# $text"
		lost_at "$text" pgrestore "$DUMP" --replace
		equals "$(rows app)" 1
	done
}

@test "a server that goes while a missing database is made is 69" {
	for text in CREATE_DATABASE $(soak _RENAME_TO_); do
		text=${text//_/ }
		echo "# $text"
		drop app
		lost_at "$text" pgrestore "$DUMP"
	done
	drop app
	lost_at 'select 4711' pgrestore "$DUMP" --verify 'query=select 4711'
}

@test "a server that goes while undo swaps is 69" {
	made app 1
	pgrestore "$DUMP" --replace
	lost_at ' RENAME TO ' pgrestore undo
	equals "$(rows app)" 3
}

@test "a server that goes while the restore is in place is 69" {
	made app 0
	lost_at 'COPY public.t' pgrestore "$DUMP"
	equals "$(rows app | grep -c 'does not exist')" 1
	"$PGBOX" pg_dump "$(url source)" >"$BATS_TEST_TMPDIR/t.sql"
	lost_at 'CREATE TABLE public.t' pgrestore "$BATS_TEST_TMPDIR/t.sql"
}

# --- sessions that are ended too late ---

# slow: pg_stat_activity takes a second, and then sees who is there, with names of a second ago.
slow() {
	sql postgres "set allow_system_table_mods = on; create or replace function pg_catalog.a_second() returns int
			language sql volatile as 'select null::int from pg_sleep(1)'" \
		"set allow_system_table_mods = on; do \$\$ begin execute 'create or replace view pg_catalog.pg_stat_activity as '
			|| replace(pg_get_viewdef('pg_catalog.pg_stat_activity'), 'pg_stat_get_activity(NULL::integer)',
				'pg_stat_get_activity(pg_catalog.a_second())'); end \$\$"
}

quick() {
	sql postgres "set allow_system_table_mods = on; create or replace function pg_catalog.a_second() returns int
			language sql volatile as 'select null::int'"
}

# struck_not COMMAND...: who comes after it is not ended, whereas a session in the database, of which the swap waits for
# the end, is.
struck_not() {
	local session=''
	if [ "$(sql postgres "select count(*) from pg_database where datname = 'app'")" = 1 ]; then
		sql app 'select pg_sleep(60)' >/dev/null 2>&1 3>&- &
		session=$!
		wait_until 10 is_asleep
	fi
	exits 0 "$@"
	sql app 'select pg_sleep(1.2)'
	[ -z "$session" ] || ! wait "$session"
}

is_asleep() {
	[ "$(sql postgres "select count(*) from pg_stat_get_activity(null) where query ~ 'pg_sleep.60'")" -ge 1 ]
}

@test "whoever comes after a restore, an undo or a --drop-old is not ended by what was left of it" {
	made app 1
	slow
	struck_not pgrestore "$DUMP" --replace
	if [ -n "${SOAK:-}" ]; then
		struck_not pgrestore undo
		struck_not pgrestore "$DUMP" --replace --drop-old
	fi
	drop app
	struck_not pgrestore "$DUMP"
	quick
}
