# Clients that vanish with their host send no farewell: their sessions stay in COPY, and every DROP DATABASE waits for
# them. The server is told to probe ours; those of dead runs are ended, and what is waited for is said.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/trials
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=150
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg DUMP=$BATS_FILE_TMPDIR/t.dump
	server_make "$SERVER"
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
}

teardown() {
	local pid
	for pid in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$pid" ] || kill -KILL "$(cat "$pid")" 2>/dev/null || true
	done
}

# started NAME COMMAND...: in the background; its words are in NAME.log.
started() {
	local name=$1
	shift
	"$@" >"$BATS_TEST_TMPDIR/$name.log" 2>&1 </dev/null 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/$name.pid"
}

# ended NAME STATUS [SECONDS]
ended() {
	local status=0 pid
	pid=$(cat "$BATS_TEST_TMPDIR/$1.pid")
	wait_until "${3:-60}" pid_gone "$pid" || { cat "$BATS_TEST_TMPDIR/$1.log"; return 1; }
	wait "$pid" || status=$?
	rm "$BATS_TEST_TMPDIR/$1.pid"
	[ "$status" = "$2" ] || { cat "$BATS_TEST_TMPDIR/$1.log"; equals "$status" "$2"; }
}

# ghost DATABASE SQL: a session there, in COPY in a transaction that SQL has begun, whose client stalls for ever.
ghost() {
	local pipe=$BATS_TEST_TMPDIR/ghost
	mkfifo "$pipe"
	exec {GHOST}<>"$pipe"
	echo "begin; $2; create temp table g (a text); copy g from stdin;" >&"$GHOST"
	started ghost "$PG_BIN/psql" -X -q -f "$pipe" "$(url "$1")?application_name=ghost"
	wait_until 20 in_copy
}

in_copy() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where application_name = 'ghost' and wait_event = 'ClientRead'
		and state = 'active'")" -gt 0 ]
}

says_soon() {
	wait_until 30 grep -qF -- "$2" "$BATS_TEST_TMPDIR/$1.log" && return
	echo "not said: $2"
	cat "$BATS_TEST_TMPDIR/$1.log"
	return 1
}

# probed QUERY: the kernel probes the client of the session that runs it within 10 s; it would not in two hours.
probed() {
	local port
	wait_until 20 runs "$1" || { echo "nobody runs $1"; return 1; }
	port=$(port_of "$1")
	ss -Htno "sport = :$(cat "$SERVER/port") and dport = :$port" | grep -q 'timer:(keepalive,[0-9.]*\(ms\|sec\),' && return
	ss -Htno "sport = :$(cat "$SERVER/port") and dport = :$port"
	return 1
}

port_of() {
	sql postgres "select client_port from pg_stat_activity where query like '$1' and state = 'active'
		and application_name <> 'psql' limit 1"
}

runs() {
	[ -n "$(port_of "$1")" ]
}

# runs_lock: somebody has locked t.
runs_lock() {
	[ "$(sql locked "select count(*) from pg_locks where relation = 't'::regclass and mode = 'AccessExclusiveLock'")" -gt 0 ]
}

# freed QUERY: that session is ended.
freed() {
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where query like '$1' and application_name <> 'psql'"
}

@test "the server probes the sessions of pg_dump, pg_restore and psql" {
	local sql=$BATS_TEST_TMPDIR/slow.sql
	echo "select 'slow', pg_sleep(100);" >"$sql"
	made app
	started seed seedonce --sql "$sql" "$(url app)"
	probed "select ''slow''%"
	freed "select ''slow''%"
	started loose seedonce --name loose --sql "$sql" --no-transaction "$(url app)"
	probed "select ''slow''%"
	freed "select ''slow''%"
	started restore pgrestore "$sql" "$(url app)"
	probed "select ''slow''%"
	freed "select ''slow''%"
	ended restore 69
	made locked 3
	started lock "$PG_BIN/psql" -X -q "$(url locked)" -c 'begin; lock table t; select pg_sleep(100)'
	wait_until 20 runs_lock
	started dump pgbackup run "$(url locked)"
	probed 'LOCK TABLE%'
	made slow
	sql slow "create function f() returns bool language sql as 'select pg_sleep(case current_database() when ''slow'' then 0
		else 60 end) is not null'" 'create table s (a int check (f()))' 'insert into s values (1)'
	archive slow "$BATS_TEST_TMPDIR/slow.dump"
	started archive pgrestore "$BATS_TEST_TMPDIR/slow.dump" --into slower "$(url postgres)"
	probed 'COPY public.s %'
}

@test "what a killed restore left is dropped with the session that is still in it" {
	local left=app_restore_20200101_000000
	made app 3
	sql postgres "create database $left" "comment on database $left is 'pgbox: being restored'"
	ghost "$left" 'create table x ()'
	exits 0 timeout 50 pgrestore "$DUMP" --replace --drop-old "$(url app)"
	says "dropped '$left'"
	equals "$(databases)" 'app source'
}

@test "a drop that another's session holds up is said, and goes on when that has gone" {
	[ "$(sql postgres 'show server_version_num')" -ge 150000 ] || skip 'nothing waits for it there'
	made app 3
	ghost source 'select 1'
	started restore pgrestore "$DUMP" --replace --drop-old "$(url app)"
	says_soon restore "waiting to drop database 'app_before_"
	says_soon restore '(source, postgres, ghost, from 127.0.0.1)'
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ghost'"
	ended restore 0
	equals "$(databases)" 'app source'
}

@test "a drop that is held up for good ends after a minute, names the session, and is made up for" {
	[ -n "${SOAK:-}" ] || skip 'SOAK=1 runs it: it takes a minute'
	[ "$(sql postgres 'show server_version_num')" -ge 150000 ] || skip 'nothing waits for it there'
	made app 3
	ghost source 'select 1'
	started restore pgrestore "$DUMP" --replace --drop-old "$(url app)"
	ended restore 0 120
	grep -q 'warning: .*cannot drop database.*pg_terminate_backend' "$BATS_TEST_TMPDIR/restore.log"
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ghost'"
	exits 66 pgrestore undo "$(url app)"
	exits 0 pgrestore "$DUMP" --replace --drop-old "$(url app)"
	equals "$(databases)" 'app source'
}

@test "seedonce says that it waits for what a dead run left, and no longer than --lock-timeout" {
	local sql=$BATS_TEST_TMPDIR/seed.sql
	echo 'create table seeded ();' >"$sql"
	made app
	exits 0 seedonce --name first --sql "$sql" "$(url app)"
	ghost app "insert into pgbox.seed (name, state, attempt, started) values ('second', 'running', 1, now())"
	echo 'create table seeded_too ();' >"$sql"
	exits 75 seedonce --name second --sql "$sql" --lock-timeout 2s "$(url app)"
	says 'waiting for pid '
	says 'pg_terminate_backend'
	started seed seedonce --name second --sql "$sql" "$(url app)"
	says_soon seed 'waiting for pid '
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ghost'"
	ended seed 0
	equals "$(sql app "select to_regclass('seeded_too') is not null")" t
}

@test "a server that reads nothing for half a minute has not vanished" {
	[ -n "${SOAK:-}" ] || skip 'SOAK=1 runs it: it takes half a minute'
	local sql=$BATS_TEST_TMPDIR/long.sql pid
	{
		echo 'create table long (a text); copy long from stdin;'
		head -c 60000000 /dev/zero | tr '\0' x | fold -w 1000
		printf '\n%s\n' '\.'
	} >"$sql"
	made app
	started restore pgrestore "$sql" "$(url app)"
	wait_until 20 runs 'copy long%'
	pid=$(sql postgres "select pid from pg_stat_activity where query like 'copy long%'")
	kill -STOP "$pid"
	pause 32000
	kill -CONT "$pid"
	ended restore 0
}
