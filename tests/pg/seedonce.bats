# seedonce on PostgreSQL: what a seed may count on.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153 # seeds expand their own variables; tests are subshells

load ../lib/base
load ../lib/seedonce

setup_file() {
	use_applets
	make_seeds
	SERVER=$BATS_FILE_TMPDIR/pg
	export SERVER
	server_make "$SERVER" "max_prepared_transactions = 5"
	server_start "$SERVER"
	server_sql "$SERVER" postgres 'create role web login' 'create role mallory login'
}

teardown_file() {
	server_stop "$SERVER"
}

# Each test has a database of its own.
setup() {
	fresh_database "t$BATS_TEST_NUMBER"
	LOG=$BATS_TEST_TMPDIR/log
}

teardown() {
	clear_rooms
}

# A seed command that writes a line to LOG.
seed_log() {
	echo "echo ran >>'$LOG'"
}

as_web() {
	server_url "$SERVER" "$DB" web
}

# Leaves a marker `running` that nobody stands behind.
interrupt() {
	room interrupted
	background interrupted seedonce "$@" -- gate "$ROOM"
	in_room
	kill -KILL "$PID"
	kill -KILL -- "-$(cat "$ROOM/pid")"
	wait_until 10 no_sessions
	rm "$ROOM/pid" "$BATS_TEST_TMPDIR/interrupted.runner"
}

# --- SQL files ---

@test "an SQL file runs once, and the marker row says so" {
	sql_file seed.sql 'create table t (a int);' 'insert into t values (1);'
	exits 0 seedonce --sql "$FILE"
	exits 0 seedonce --sql "$FILE"
	says 'is done since'
	equals "$(db 'select count(*) from t')" 1
	equals "$(marker)" 'done'
	equals "$(attempt)" 1
	exits 0 waitdb --once --for seeded
}

@test "a directory's .sql, .sql.gz and .sql.zst files run sorted by name, and no others" {
	sql_file d/b.sql.txt 'no sql'
	sql_file d/README 'no sql'
	sql_file d/1-t.sql 'create table t (a text, n serial);'
	sql_file d/B.sql "insert into t values ('gz');"
	gzip "$FILE"
	zstd_seed >"$BATS_TEST_TMPDIR/d/a.sql.zst"
	sql_file d/9.sql "insert into t values ('9');"
	exits 0 seedonce --sql "$BATS_TEST_TMPDIR/d"
	equals "$(db 'select string_agg(a, $$ $$ order by n) from t')" '9 gz zst'
}

@test "several --sql run in the order given" {
	sql_file b.sql 'create table t (a text, n serial);'
	sql_file a.sql "insert into t values ('a');"
	sql_file d/1.sql "insert into t values ('d');"
	cd "$BATS_TEST_TMPDIR"
	exits 0 seedonce --sql b.sql --sql d --sql a.sql
	equals "$(db 'select string_agg(a, $$$$ order by n) from t')" da
}

@test "a missing file, a missing directory and one without SQL are exit 66, and nothing ran" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	sql_file seed.sql 'create table t ();'
	for path in missing.sql missing/ empty; do
		exits 66 seedonce --sql "$FILE" --sql "$BATS_TEST_TMPDIR/$path"
		says "$BATS_TEST_TMPDIR/$path"
	done
	exits 0 isempty
}

@test "a statement that fails is named with file and line, nothing is left, and it runs again" {
	sql_file d/1.sql 'create table t ();'
	sql_file d/2.sql 'select 1;' 'insert into nowhere values (1);'
	exits 1 seedonce --sql "$BATS_TEST_TMPDIR/d"
	says '2.sql:2: ERROR:'
	says nowhere
	equals "$(db "select to_regclass('t') is null")" t
	exits 1 seedonce --status
	echo 'select 1;' >"$FILE"
	exits 0 seedonce --sql "$BATS_TEST_TMPDIR/d"
}

@test "nobody sees a part of an SQL seed or its marker while it runs" {
	sql_file seed.sql 'create table t ();' 'select pg_advisory_lock(1);'
	db 'select pg_advisory_lock(1), pg_sleep(60)' >/dev/null 2>&1 3>&- &
	wait_until 10 has_advisory 1 t
	background seed seedonce --sql "$FILE"
	wait_until 10 has_advisory 1 f
	equals "$(db "select to_regclass('t') is null and not exists (select from pgbox.seed)")" t
	exits 1 seedonce --status
	db "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%60%'
		and pid <> pg_backend_pid()" >/dev/null
	ended seed 0
	equals "$(marker)" 'done'
}

@test "\\i, \\copy, COPY data and a last statement without semicolon work in a file" {
	sql_file more.sql 'create table t (a int);'
	printf '1\n2\n' >"$BATS_TEST_TMPDIR/data"
	sql_file seed.sql '\ir more.sql' "\\copy t from '$BATS_TEST_TMPDIR/data'" \
		'\copy t from stdin' 3 '\.' 'copy t from stdin;' 4 '\.' 'insert into t values (5)'
	exits 0 seedonce --sql "$FILE"
	equals "$(db 'select sum(a) from t')" 15
}

@test "a plain dump is a seed" {
	db 'create table t (a int primary key, b text)' "insert into t values (1, 'x;y'), (2, null)"
	"$PG_BIN/pg_dump" "$DATABASE_URL" >"$BATS_TEST_TMPDIR/dump.sql"
	db 'drop table t'
	exits 0 seedonce --sql "$BATS_TEST_TMPDIR/dump.sql"
	equals "$(db 'select count(*) from t')" 2
	equals "$(marker)" 'done'
}

@test "a plain dump of pgbox's own pg_dump is a seed, also for a server older than that" {
	db 'create table t (a int primary key, b text)' "insert into t values (1, 'x;y'), (2, null)"
	"$PGBOX" pg_dump "$DATABASE_URL" >"$BATS_TEST_TMPDIR/dump.sql"
	db 'drop table t'
	exits 0 seedonce --sql "$BATS_TEST_TMPDIR/dump.sql"
	equals "$(db 'select count(*) from t')" 2
}

@test "a file that changes role, search_path and timeouts is recorded all the same" {
	sql_file seed.sql 'set role web;' 'set search_path = nowhere;' 'set statement_timeout = 1;'
	exits 0 seedonce --sql "$FILE"
	equals "$(marker)" 'done'
}

@test "ON_ERROR_STOP off in a file does not make a failed seed a done one" {
	sql_file seed.sql '\set ON_ERROR_STOP off' 'create table t ();' 'select 1/0;' 'select 1;'
	run seedonce --sql "$FILE"
	[ "$status" -ne 0 ]
	says 'division by zero'
	equals "$(db "select to_regclass('t') is null")" t
	exits 1 seedonce --status
}

@test "a constraint that fails only at COMMIT fails the seed and leaves nothing" {
	sql_file seed.sql 'create table t (a int unique deferrable initially deferred);' \
		'insert into t values (1), (1);'
	exits 1 seedonce --sql "$FILE"
	says 'duplicate key'
	equals "$(db "select to_regclass('t') is null")" t
	exits 1 seedonce --status
}

@test "a file's own BEGIN and COMMIT are dropped: it runs once, and all of it is one transaction" {
	local n=0 sql atomic="as 'select 1';" # from 14 on, a body may be SQL that has its own begin and end
	[ "$(db 'show server_version_num')" -lt 140000 ] || atomic='begin atomic select 1; end;'
	for sql in 'begin; create table t%(); commit;' 'START TRANSACTION; create table t%(); END' \
		'/* a */ begin work; -- b' 'set client_min_messages = warning; begin isolation level serializable; commit work;' \
		'begin; create table t%(); commit; begin; create table u%(); commit;' \
		"begin; do 'begin null; end'; create function f%() returns int language sql $atomic commit;" \
		'begin; savepoint a; create table t%(); rollback to a; release a; commit;'; do
		n=$((n + 1))
		case $sql in '/*'*) sql+=$'\ncreate table t%(); commit;' ;; esac
		sql_file "$n.sql" "${sql//%/$n}"
		exits 0 seedonce --name "n$n" --sql "$FILE"
		exits 0 seedonce --name "n$n" --sql "$FILE"
		says 'is done since'
	done
	# Nothing of it stays when what follows the bracket fails.
	sql_file fails.sql 'begin; create table v (); commit;' 'select 1/0;'
	exits 1 seedonce --name fails --sql "$FILE"
	equals "$(db "select to_regclass('v') is null")" t
	sql_file copy.sql 'begin;' 'create table c (a text);' 'copy c from stdin;' 'commit;' 'rollback;' '\.' \
		"insert into c values ('; commit;');" 'commit;'
	gzip -k "$FILE"
	exits 0 seedonce --name copy --sql "$FILE.gz"
	equals "$(db 'select count(*) from c')" 3
}

@test "a file that would end the transaction otherwise is refused before anything is sent" {
	local n=0 sql
	for sql in 'rollback;' 'create table t%(); commit;' 'create table t%(); commit and chain;' 'rollback and chain;' \
		'create table t%(); commit\; begin;' 'create table t%(); end' 'abort; create table t%();' \
		'create table t%(); commit; begin;' 'create table t%(); \c' 'begin; commit; commit;' 'begin; create table t%();' \
		'begin; create table t%(); prepare transaction $$x$$;' 'select 1 as a \gset \\ commit;' 'commit \g' \
		'rollback\; create table t%()\; commit\; select 1/0;'; do
		n=$((n + 1))
		sql_file "$n.sql" "do \$\$begin raise warning 'was sent'; end\$\$;" "${sql//%/$n}"
		exits 65 seedonce --name "n$n" --sql "$FILE"
		says "$n.sql:2"
		says transaction
		says_not 'was sent'
		equals "$(db "select to_regclass('t$n') is null")" t
		exits 1 seedonce --name "n$n" --status
		says none
		sql_file "$n.sql" "create table t$n();"
		exits 0 seedonce --name "n$n" --sql "$FILE"
	done
}

@test "what psql runs in backticks is run once, and not at all where the file is refused" {
	sql_file once.sql "\\set a \`echo ran >>$BATS_TEST_TMPDIR/ran\`" 'create table t ();'
	exits 0 seedonce --sql "$FILE"
	equals "$(cat "$BATS_TEST_TMPDIR/ran")" ran
	sql_file not.sql "\\set a \`echo ran >>$BATS_TEST_TMPDIR/ran\`" 'rollback;'
	exits 65 seedonce --name other --sql "$FILE"
	equals "$(cat "$BATS_TEST_TMPDIR/ran")" ran
}

@test "what cannot be known beforehand is stopped before it ends the transaction" {
	local n=0 sql
	sql_file inner.inc 'commit;'
	for sql in '\if true' "\\ir inner.inc" "select 'commit' \\gexec"; do
		n=$((n + 1))
		sql_file "$n.sql" "create table t$n ();" "$sql" 'commit;' 'create table u ();'
		exits 65 seedonce --name "n$n" --sql "$FILE"
		says 'would end the transaction'
		equals "$(db "select to_regclass('t$n') is null and to_regclass('u') is null")" t
		exits 1 seedonce --name "n$n" --status
		says none
	done
}

@test "a damaged or cut-off packed file is exit 65 and nothing is left" {
	local good=$BATS_TEST_TMPDIR/good.sql.gz n
	for ((n = 0; n < 20000; n++)); do echo "insert into t values ('$n $RANDOM');"; done |
		{ echo 'create table t (a text);' && cat; } | gzip >"$good"
	n=$(stat -c %s "$good")
	head -c $((n / 2)) "$good" >"$BATS_TEST_TMPDIR/cut.sql.gz"
	head -c $((n - 4)) "$good" >"$BATS_TEST_TMPDIR/short.sql.gz"
	cp "$good" "$BATS_TEST_TMPDIR/flip.sql.gz"
	printf '\377\377\377\377' |
		dd of="$BATS_TEST_TMPDIR/flip.sql.gz" bs=1 seek=$((n / 2)) conv=notrunc status=none
	zstd_seed | head -c 30 >"$BATS_TEST_TMPDIR/cut.sql.zst"
	db 'create schema before'
	for file in cut.sql.gz short.sql.gz flip.sql.gz cut.sql.zst; do
		exits 65 seedonce --sql "$BATS_TEST_TMPDIR/$file"
		says "$file"
		equals "$(db "select to_regclass('t') is null")" t
		exits 1 seedonce --status
		says none
	done
	exits 0 seedonce --sql "$good"
	equals "$(db 'select count(*) from t')" 20000
}

@test "an SQL seed whose own process is killed leaves nothing and runs again" {
	sql_file seed.sql 'create table t ();' 'select pg_sleep(20);'
	background a seedonce --sql "$FILE"
	wait_until 10 is_sleeping
	pkill -KILL -P "$PID"
	ended a 1
	says 'signal 9'
	exits 1 seedonce --status
	says none
	sql_file seed.sql 'create table t ();'
	exits 0 seedonce --sql "$FILE"
}

@test "--no-transaction can CREATE DATABASE and \\connect, and runs once" {
	sql_file seed.sql "create database other_$DB;" "\\connect other_$DB" 'create table t ();'
	exits 0 seedonce --no-transaction --sql "$FILE"
	exits 0 seedonce --no-transaction --sql "$FILE"
	says 'is done since'
	equals "$(server_sql "$SERVER" "other_$DB" "select to_regclass('t')")" t
	equals "$(marker)" 'done'
}

@test "--no-transaction that fails is failed, keeps what it did, and runs again" {
	sql_file seed.sql 'create table if not exists t (a int);' 'insert into t values (1);' 'select 1/0;'
	exits 1 seedonce --no-transaction --sql "$FILE"
	says 'division by zero'
	equals "$(marker)" failed
	exits 1 seedonce --no-transaction --sql "$FILE"
	equals "$(db 'select count(*) from t')" 2
	equals "$(attempt)" 2
}

@test "--no-transaction with a damaged file is exit 65" {
	head -c 20 /dev/urandom >"$BATS_TEST_TMPDIR/x"
	echo 'select 1;' | gzip | head -c 24 >"$BATS_TEST_TMPDIR/cut.sql.gz"
	exits 65 seedonce --no-transaction --sql "$BATS_TEST_TMPDIR/cut.sql.gz"
	exits 1 seedonce --status
}

@test "--no-transaction that was killed half-way is exit 70" {
	sql_file seed.sql 'create table t ();' 'select pg_sleep(60);'
	background a seedonce --no-transaction --sql "$FILE"
	wait_until 10 is_sleeping
	kill -KILL "$PID"
	pkill -KILL -P "$PID" || true
	db "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
		and pid <> pg_backend_pid()" >/dev/null
	exits 70 seedonce --no-transaction --sql "$FILE"
}

# --- commands ---

@test "a command runs once, and knows its name and attempt" {
	exits 0 seedonce --name first -- sh -c 'echo "$SEEDONCE_NAME $SEEDONCE_ATTEMPT"'
	says 'first 1'
	exits 0 seedonce --name first -- sh -c 'echo "$SEEDONCE_NAME $SEEDONCE_ATTEMPT"'
	says_not 'first '
	equals "$(marker first)" 'done'
}

@test "a command that fails is recorded as failed, exit 1 with its status, and runs again" {
	exits 1 seedonce -- sh -c 'exit 37' --then echo started
	says 37
	says_not started
	equals "$(marker)" failed
	exits 1 seedonce --status
	exits 1 seedonce -- no-such-command
	says no-such-command
	says 127
	exits 0 seedonce -- sh -c 'echo "attempt $SEEDONCE_ATTEMPT"'
	says 'attempt 3'
	equals "$(marker)" 'done'
}

@test "two seeds of one database do not wait for each other" {
	room one
	background one seedonce --name one -- gate "$ROOM"
	in_room
	exits 0 seedonce --name two --lock-timeout 0 -- true
	touch "$ROOM/go"
	ended one 0
}

@test "--unless that holds adopts the seed, and one that does not runs it" {
	exits 0 seedonce --unless table=public.t -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
	db 'create table t ()'
	exits 0 seedonce --name b --unless table=public.t -- sh -c "$(seed_log)"
	says 'taken for done'
	exits 0 seedonce --name b -- sh -c "$(seed_log)"
	says adopted
	equals "$(runs_of "$LOG")" 1
	equals "$(marker b)" adopted
	exits 0 seedonce --name b --status
	exits 0 waitdb --once --for seeded=b
}

@test "--unless with an operator counts rows, and warns when a table of nearly that name is there" {
	db 'create table users ()'
	db 'insert into users default values'
	exits 0 seedonce --name a --unless 'rows=users>0' -- sh -c "$(seed_log)"
	exits 0 seedonce --name b --unless 'rows=users = 1' -- sh -c "$(seed_log)"
	exits 64 seedonce --name c --unless 'rows=users==1' -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 0
	exits 0 seedonce --name d --unless table=Users -- sh -c "$(seed_log)"
	says "warning"
	says "'public.users'"
}

@test "--unless is not asked once there is a marker" {
	run seedonce -- false
	db 'create table t ()'
	exits 0 seedonce --unless table=t -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
	exits 0 seedonce --unless 'query=select 1/0' -- false
}

@test "--unless that cannot tell is exit 69, and nothing runs" {
	exits 69 seedonce --unless 'query=select nonsense' -- sh -c "$(seed_log)"
	says nonsense
	equals "$(runs_of "$LOG")" 0
	exits 1 seedonce --status
	says none
}

@test "--verify that does not hold fails the seed: a command runs again, SQL leaves nothing" {
	exits 1 seedonce --verify 'rows=public.t>=2' -- sh -c "$(seed_log)"
	says 'rows=public.t>=2'
	equals "$(marker)" failed
	sql_file seed.sql 'create table t (a int);' 'insert into t values (1);'
	exits 1 seedonce --name sql --verify 'rows=public.t>=2' --sql "$FILE"
	equals "$(db "select to_regclass('t') is null")" t
	exits 1 seedonce --name sql --status
	echo 'insert into t values (2);' >>"$FILE"
	exits 0 seedonce --name sql --verify 'rows=public.t>=2' --sql "$FILE"
	exits 0 seedonce --verify 'rows=public.t>=2' -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 2
}

@test "an interrupted command is exit 70, which says when, at every start" {
	interrupt
	equals "$(marker)" running
	for _ in 1 2; do
		exits 70 seedonce -- sh -c "$(seed_log)" --then echo started
		says "$(db "select date_trunc('second', started) from pgbox.seed")"
		says_not started
	done
	equals "$(runs_of "$LOG")" 0
	run waitdb --once --for seeded
	[ "$status" -ne 0 ]
}

# interrupted NAME COMMAND...: the seed ended by a signal, so that no later start runs it.
interrupted() {
	says 'interrupted'
	equals "$(marker "$1")" running
	exits 70 seedonce --name "$@"
	equals "$(runs_of "$LOG")" 0
}

@test "a command that is killed is interrupted, by whomever, and also what its shell ran" {
	local how
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db
	exits 1 seedonce --name alone -- sh -c 'kill -KILL $$'
	says 'signal 9'
	interrupted alone -- sh -c "$(seed_log)"
	exits 0 journal
	says 'interrupted'
	exits 1 seedonce --name inner -- sh -c 'sh -c "kill -KILL \$\$"; exit $?'
	says 'status 137'
	interrupted inner -- sh -c "$(seed_log)"
	for how in 129 130 143 159; do
		exits 1 seedonce --name "s$how" -- sh -c "exit $how"
		interrupted "s$how" -- sh -c "$(seed_log)"
	done
	for how in 2 128 160 255; do
		exits 1 seedonce --name "s$how" -- sh -c "exit $how"
		equals "$(marker "s$how")" failed
	done
}

@test "a command that ends by a forwarded signal is interrupted" {
	local signal
	for signal in TERM INT HUP; do
		background "$signal" env --default-signal=INT seedonce --name "$signal" -- \
			sh -c "touch '$LOG.$signal'; exec sleep 60"
		wait_until 10 test -e "$LOG.$signal"
		kill "-$signal" "$PID"
		ended "$signal" "$((128 + $(kill -l "$signal")))"
		interrupted "$signal" -- sh -c "$(seed_log)"
	done
}

@test "a psql that is killed in files without a transaction is interrupted" {
	sql_file seed.sql 'create table if not exists t ();' 'select pg_sleep(60);'
	background a seedonce --no-transaction --sql "$FILE"
	wait_until 10 is_sleeping
	pkill -KILL -P "$PID"
	ended a 1
	equals "$(marker)" running
	exits 70 seedonce --no-transaction --sql "$FILE"
	db "select pg_terminate_backend(pid) from pg_stat_activity where query ~ '^select pg_sleep'" >/dev/null
	wait_until 10 no_sleeper
	background b seedonce --name b --no-transaction --sql "$FILE"
	wait_until 10 is_sleeping
	kill -TERM "$PID"
	ended b 143
	exits 70 seedonce --name b --no-transaction --sql "$FILE"
}

@test "a killed command runs again with --on-interrupted rerun, and with --always" {
	exits 1 seedonce -- sh -c 'kill -KILL $$'
	exits 0 seedonce --on-interrupted rerun -- sh -c "$(seed_log)"
	exits 1 seedonce --name always --always -- sh -c 'kill -KILL $$'
	exits 0 seedonce --name always --always -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 2
}

@test "--on-interrupted rerun runs it again" {
	interrupt
	SEEDONCE_ON_INTERRUPTED=rerun exits 0 seedonce -- sh -c 'echo "attempt $SEEDONCE_ATTEMPT"'
	says 'attempt 2'
	equals "$(marker)" 'done'
}

@test "--on-interrupted verify adopts what is whole and runs again what is not" {
	interrupt
	exits 0 seedonce --on-interrupted verify --verify 'query=select true' -- false
	says 'taken for done'
	exits 0 seedonce --reset
	interrupt
	exits 0 seedonce --on-interrupted verify --verify table=public.t -- \
		psql -X "$DATABASE_URL" -c 'create table t ()'
	equals "$(marker)" 'done'
	exits 0 seedonce --reset
	interrupt
	exits 69 seedonce --on-interrupted verify --verify 'query=select nonsense' -- true
	equals "$(marker)" running
}

@test "--mark and --reset settle an interrupted seed" {
	interrupt
	exits 0 seedonce --mark
	exits 0 seedonce -- false
	exits 0 seedonce --reset
	exits 0 seedonce --reset
	exits 0 seedonce -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
}

@test "--mark, --reset and --status while a runner is at work do not disturb it" {
	room a
	background a seedonce -- gate "$ROOM"
	in_room
	exits 75 seedonce --mark
	exits 75 seedonce --reset
	exits 1 seedonce --status
	says running
	touch "$ROOM/go"
	ended a 0
	exits 0 seedonce --status
	says 'done'
}

@test "a changed SQL file warns once done, and --on-change ignores, fails or runs it" {
	sql_file seed.sql 'create table if not exists t (a int);' 'insert into t values (1);'
	exits 0 seedonce --sql "$FILE"
	exits 0 seedonce --on-change fail --sql "$FILE"
	echo 'insert into t values (2);' >>"$FILE"
	exits 0 seedonce --sql "$FILE"
	says 'warning: '
	says changed
	exits 0 seedonce --on-change ignore --sql "$FILE" --then echo started
	says_not changed
	says started
	exits 65 seedonce --on-change fail --sql "$FILE" --then echo started
	says changed
	says_not started
	equals "$(db 'select count(*) from t')" 1
	SEEDONCE_ON_CHANGE=rerun exits 0 seedonce --sql "$FILE"
	exits 0 seedonce --on-change rerun --sql "$FILE"
	equals "$(db 'select count(*) from t')" 3
	equals "$(attempt)" 2
}

@test "a changed --version warns once done, and --on-change ignores, fails or runs it" {
	exits 0 seedonce --version 1 -- sh -c "$(seed_log)"
	exits 0 seedonce --version 1 --on-change fail -- sh -c "$(seed_log)"
	exits 0 seedonce --version 2 -- sh -c "$(seed_log)"
	says changed
	exits 0 seedonce --version 2 --on-change ignore -- sh -c "$(seed_log)"
	says_not changed
	exits 65 seedonce --version 2 --on-change fail -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
	exits 0 seedonce --version 2 --on-change rerun -- sh -c "$(seed_log)"
	exits 0 seedonce --version 2 --on-change rerun -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 2
	exits 0 seedonce --status
	says 'version 2'
}

@test "--always runs at every start, one at a time" {
	local n
	echo '[ ! -e "$1.in" ] || echo overlap >>"$1"; touch "$1.in"; sleep 0.05; rm "$1.in"; echo ran >>"$1"' \
		>"$BATS_TEST_TMPDIR/migrate"
	for n in 1 2 3 4 5 6 7 8; do
		background "m$n" seedonce --always -- sh "$BATS_TEST_TMPDIR/migrate" "$LOG"
	done
	for n in 1 2 3 4 5 6 7 8; do ended "m$n" 0; done
	equals "$(cat "$LOG")" "$(yes ran | head -n 8)"
	exits 1 seedonce --always -- false
	exits 0 seedonce --always -- true
}

@test "--always runs again after it was interrupted" {
	interrupt --always
	exits 0 seedonce --always -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
}

@test "--status shows the marker and runs nothing" {
	exits 1 seedonce --status
	says none
	exits 0 isempty
	exits 0 seedonce --version v9 -- true
	exits 0 seedonce --status
	says 'done, attempt 1'
	says v9
	exits 1 seedonce --name other --status
}

@test "--create-db makes the missing database first" {
	DATABASE_URL=$(server_url "$SERVER" "new_$DB")
	exits 0 seedonce --create-db -- true
	exits 0 seedonce --status
}

@test "names with quotes, blanks, unicode and SQL in them are just names" {
	local name=$'o\'brien "x" $1 %s \\ ünï 🐘; drop table t' url
	db 'create schema "Sch""ema é"' 'create database "d ""b'"'"' ü"'
	exits 0 seedonce --name "$name" --schema 'Sch"ema é' -- sh -c 'printf %s "$SEEDONCE_NAME"'
	says "$name"
	exits 0 seedonce --name "$name" --schema 'Sch"ema é' -- false
	equals "$(db 'select name from "Sch""ema é".pgbox_seed')" "$name"
	exits 0 waitdb --once --for "seeded=$name"
	url=$(server_url "$SERVER" 'd%20%22b%27%20%C3%BC')
	sql_file "it's a \"seed\" ü.sql" 'create table t ();'
	exits 0 seedonce "$url" --sql "$FILE"
	exits 0 seedonce "$url" --status
	server_sql "$SERVER" postgres 'drop database "d ""b'"'"' ü"'
}

# --- --then ---

@test "--then gets seedonce's pid, stdin and place, after SQL" {
	sql_file seed.sql 'create table t ();'
	echo 'for the app' >"$BATS_TEST_TMPDIR/in"
	seedonce --sql "$FILE" --then sh -c 'echo "$$ $(cat)"; exit 7' \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	status=0
	wait $! || status=$?
	equals "$status" 7
	equals "$(cat "$BATS_TEST_TMPDIR/out")" "$! for the app"
}

@test "--then keeps its arguments as they are" {
	exits 0 seedonce -q -- true --then printf '[%s]' '$x' 'a b' $'new\nline' '' '*' --then --sql
	equals "$output" $'[$x][a b][new\nline][][*][--then][--sql]'
	exits 0 seedonce -q -- true --then printf '[%s]' '$x' ''
	equals "$output" '[$x][]'
}

@test "--then gets no descriptors, no changed environment and no ignored signals of ours" {
	local plain show='ls /proc/$$/fd; grep -E "Sig(Blk|Ign)" /proc/self/status; env | sort | cksum'
	plain=$(timeout 60 env -u _ sh -c "$show" 2>&1 3>&-)
	exits 0 env -u _ seedonce -q -- true --then sh -c "$show"
	equals "$output" "$plain"
}


@test "signals reach what --then started" {
	background app seedonce -- true --then sh -c "trap 'echo got it; exit 3' TERM; touch '$LOG'; while :; do sleep 0.05; done"
	wait_until 10 test -e "$LOG"
	kill -TERM "$PID"
	ended app 3
	says 'got it'
}

@test "a --then that is not found is 127, one that does not run is 126" {
	exits 127 seedonce -- true --then no-such-command
	touch "$BATS_TEST_TMPDIR/plain"
	exits 126 seedonce -- true --then "$BATS_TEST_TMPDIR/plain"
}

# --- places and privileges ---

@test "--schema keeps the marker there" {
	db 'create schema other'
	exits 0 seedonce --schema other -- sh -c "$(seed_log)"
	exits 0 seedonce --schema other -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
	equals "$(db 'select state from other.pgbox_seed')" 'done'
	equals "$(db "select to_regnamespace('pgbox') is null")" t
	exits 0 seedonce --schema other --status
	exits 1 seedonce --status
	exits 0 waitdb --once --for seeded
}

@test "a role that may not create the schema is told both ways out, and both work" {
	exits 77 seedonce "$(as_web)" -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 0
	says 'CREATE SCHEMA pgbox AUTHORIZATION "web"'
	says '--schema'
	db 'create schema web authorization web'
	exits 0 seedonce "$(as_web)" --schema web -- sh -c "$(seed_log)"
	db 'CREATE SCHEMA pgbox AUTHORIZATION "web"'
	exits 0 seedonce "$(as_web)" -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 2
}

@test "a role that may create schemas needs no more" {
	db "grant create on database $DB to web"
	exits 0 seedonce "$(as_web)" -- true
	exits 0 seedonce "$(as_web)" -- false
	exits 0 seedonce "$(as_web)" --reset
	# To another role, superusers too, the first comer is a stranger.
	exits 77 seedonce -- true
}

@test "a marker of another role, who is nobody here, is refused" {
	db "grant create on database $DB to mallory, web"
	exits 0 seedonce "$(server_url "$SERVER" "$DB" mallory)" -- true
	refused 'owned by mallory'
	db 'alter schema pgbox owner to postgres'
	refused 'owned by mallory'
	db 'alter schema pgbox owner to mallory' 'alter table pgbox.seed owner to postgres'
	refused mallory
	db 'alter schema pgbox owner to postgres' \
		'grant usage on schema pgbox to web' 'grant all on pgbox.seed to web'
	exits 0 seedonce "$(as_web)" -- false
}

# refused WORDS: the marker is not believed, nor is anything run.
refused() {
	exits 77 seedonce "$(as_web)" -- sh -c "$(seed_log)"
	says "$1"
	exits 77 seedonce "$(as_web)" --status
	run waitdb --once "$(as_web)" --for seeded
	[ "$status" -ne 0 ]
	equals "$(runs_of "$LOG")" 0
}

@test "a marker table of the database's owner is believed by every role" {
	db "alter database $DB owner to mallory"
	exits 0 seedonce "$(server_url "$SERVER" "$DB" mallory)" -- true
	db 'grant usage on schema pgbox to web' 'grant select on pgbox.seed to web'
	exits 0 seedonce "$(as_web)" -- false
}

@test "a marker table with a trigger, a rule or row security, or a view, is refused" {
	db "grant create on database $DB to web"
	exits 0 seedonce "$(as_web)" -- true
	db 'create function f() returns trigger language plpgsql as $$begin return new; end$$' \
		'create trigger t before update on pgbox.seed for each row execute function f()'
	refused trigger
	db 'drop trigger t on pgbox.seed' \
		'create rule r as on insert to pgbox.seed do instead nothing'
	refused rule
	db 'drop rule r on pgbox.seed' 'alter table pgbox.seed enable row level security'
	refused 'row security'
	db 'alter table pgbox.seed rename to old' 'create view pgbox.seed as select * from pgbox.old' \
		'alter view pgbox.seed owner to web'
	refused 'not a plain table'
	db 'drop view pgbox.seed' 'alter table pgbox.old disable row level security' \
		'alter table pgbox.old rename to seed'
	exits 0 seedonce "$(as_web)" -- false
}

@test "functions and tables planted in public do not reach seedonce's own SQL" {
	db 'grant create on schema public to mallory' 'set role mallory' \
		"create table public.log (a text); grant insert on public.log to public" \
		"create function public.txid_current() returns bigint language plpgsql as
			\$\$begin insert into public.log values (current_user); return 1; end\$\$" \
		"create function public.pg_try_advisory_xact_lock(bigint) returns boolean language plpgsql as
			\$\$begin insert into public.log values (current_user); return true; end\$\$" \
		'create table public.pg_class (like pg_catalog.pg_class)' \
		'reset role' "alter database $DB set search_path = public, pg_catalog"
	sql_file seed.sql 'select 1;'
	exits 0 seedonce -- true
	exits 0 seedonce --name sql --sql "$FILE"
	equals "$(db 'select count(*) from public.log')" 0
}

@test "a read-only database is waited for, and nothing runs" {
	db "alter database $DB set default_transaction_read_only = on"
	exits 124 seedonce --timeout 1 -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 0
}

# --- the lock ---

@test "of 50 processes on a fresh database one runs the seed, and the others exit 0 after it" {
	local n pids=() status=0
	for ((n = 0; n < 50; n++)); do
		seedonce -q -- sh -c "$(seed_log); psql -X -q '$DATABASE_URL' -c 'create table t ()'" \
			--then psql -X -q "$DATABASE_URL" -c 'select from t' >/dev/null 2>>"$LOG.err" </dev/null 3>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do wait "$n" || status=$?; done
	cat "$LOG.err"
	equals "$status" 0
	equals "$(runs_of "$LOG")" 1
}

@test "of 50 processes on a fresh database one runs the SQL files" {
	local n pids=() status=0
	sql_file seed.sql 'create table t (a int);' 'select pg_sleep(0.2);' 'insert into t values (1);'
	for ((n = 0; n < 50; n++)); do
		seedonce -q --sql "$FILE" >/dev/null 2>>"$LOG.err" </dev/null 3>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do wait "$n" || status=$?; done
	cat "$LOG.err"
	equals "$status" 0
	equals "$(db 'select count(*) from t')" 1
}

@test "twenty seeds of different names start on a fresh database at once" {
	local n pids=() status=0
	for ((n = 0; n < 20; n++)); do
		seedonce -q --name "s$n" -- true 2>>"$LOG.err" </dev/null 3>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do wait "$n" || status=$?; done
	cat "$LOG.err"
	equals "$status" 0
	equals "$(db "select count(*) from pgbox.seed where state = 'done'")" 20
}

@test "a runner that waits too long is exit 75 and names the holder" {
	room a
	background a seedonce -- gate "$ROOM"
	in_room
	exits 75 seedonce --lock-timeout 300ms -- sh -c "$(seed_log)" --then echo started
	says "pid $(lock_holder)"
	says_not started
	equals "$(runs_of "$LOG")" 0
	touch "$ROOM/go"
	ended a 0
}

@test "after a runner that failed the next one runs the seed" {
	room a
	background a seedonce -- gate "$ROOM" 1
	in_room
	background b seedonce -- sh -c "$(seed_log)"
	wait_until 10 waits b
	touch "$ROOM/go"
	ended a 1
	ended b 0
	equals "$(runs_of "$LOG")" 1
}

@test "CREATE INDEX CONCURRENTLY is held up neither by the runner nor by those who wait" {
	index_while_seeding
}

@test "nor is it where the database makes every transaction serializable" {
	db "alter database $DB set default_transaction_isolation = 'serializable'"
	index_while_seeding
}

# The view takes state and backend_xmin one after the other: who begins to ask between them seems to hold one.
nobody_holds_a_snapshot() {
	[ "$(db "select count(*) from pg_stat_activity where state = 'idle in transaction'
		and (backend_xmin is not null or backend_xid is not null)
		and datname = current_database()")" = 0 ]
}

index_while_seeding() {
	local n
	db 'create table other as select generate_series(1, 1000) a'
	room a
	background a seedonce -- gate "$ROOM"
	in_room
	for n in 1 2 3; do background "w$n" seedonce -- false; done
	for n in 1 2 3; do wait_until 10 waits "w$n"; done
	for n in 1 2 3 4 5; do
		wait_until 5 nobody_holds_a_snapshot
		PGOPTIONS='-c statement_timeout=5000' db "create index concurrently on other (a)"
	done
	equals "$(db "select backend_xmin is null and state = 'idle in transaction'
		from pg_stat_activity where pid = $(lock_holder)")" t
	touch "$ROOM/go"
	ended a 0
	for n in 1 2 3; do ended "w$n" 0; done
}

@test "timeouts that the database sets for idle or long sessions do not cost the lock" {
	local name
	for name in statement_timeout idle_in_transaction_session_timeout idle_session_timeout transaction_timeout; do
		[ "$(db "select count(*) from pg_settings where name = '$name'")" = 1 ] || continue
		db "alter database $DB set $name = '300ms'"
	done
	exits 0 seedonce -- sleep 0.9
	equals "$(marker)" 'done'
}

@test "a seed that failed has left nobody behind when the lock is free" {
	cat >"$BATS_TEST_TMPDIR/leader" <<-'END'
		#!/bin/sh
		sh -c 'trap "" TERM; echo $$ >"$0"; exec sleep 60' "$1" >/dev/null 2>&1 &
		until [ -s "$1" ]; do :; done
		exit 3
	END
	chmod +x "$BATS_TEST_TMPDIR/leader"
	exits 1 seedonce -- "$BATS_TEST_TMPDIR/leader" "$BATS_TEST_TMPDIR/left"
	dead "$(cat "$BATS_TEST_TMPDIR/left")"
	equals "$(marker)" failed
}

@test "a signal that the seed outlives is not lost: the seed is done, and what comes then is not started" {
	room a
	background a seedonce -- sh -c 'trap "" TERM; exec gate "$0"' "$ROOM" --then echo started
	in_room
	kill -TERM "$PID"
	touch "$ROOM/go"
	ended a 143
	says_not started
	equals "$(marker)" 'done'
}

@test "a file that turns AUTOCOMMIT off and commits by itself is refused" {
	printf '%s\n' '\set AUTOCOMMIT off' 'create table x (a int);' 'commit;' 'insert into x values (2);' \
		>"$BATS_TEST_TMPDIR/off.sql"
	exits 65 seedonce --sql "$BATS_TEST_TMPDIR/off.sql"
	says 'would end the transaction'
	equals "$(db "select to_regclass('x') is null")" t
}

@test "a daemon that the seed left behind does not keep the lock" {
	exits 0 seedonce --always -- sh -c "sleep 30 >/dev/null 2>&1 & echo \$! >'$LOG'"
	exits 0 seedonce --always --lock-timeout 1 -- true
	kill "$(cat "$LOG")"
}

# --- lost locks and signals ---

# cut NAME: ends the connection that holds the lock, and wants the runner gone in 2 s.
cut() {
	local began
	began=$(date +%s%N)
	db "select pg_terminate_backend($(lock_holder))" >/dev/null
	ended "$1" "$2"
	TOOK=$((($(date +%s%N) - began) / 1000000))
	[ "$TOOK" -le 2000 ] || { echo "took $TOOK ms"; return 1; }
}

@test "the lock's connection is cut: the command and its children are gone within 2 s, the marker stays running" {
	room a
	background a seedonce -- stubborn "$ROOM"
	in_room
	cut a 69
	says lost
	wait_until 2 dead "$(cat "$ROOM/pid")"
	wait_until 2 dead "$(cat "$ROOM/child")"
	equals "$(marker)" running
	exits 70 seedonce -- true
}

@test "the lock's connection is cut: an SQL seed is stopped and leaves nothing" {
	sql_file seed.sql 'create table t ();' 'select pg_sleep(30);'
	background a seedonce --sql "$FILE"
	wait_until 10 is_sleeping
	cut a 69
	wait_until 5 no_sessions
	equals "$(db "select to_regclass('t') is null")" t
	exits 1 seedonce --status
	says none
}

@test "TERM, INT and HUP reach the seed's process group, and seedonce ends by them" {
	local signal
	for signal in TERM INT HUP; do
		room "$signal"
		# A shell's background job has INT ignored, and so would be what it starts.
		background "$signal" env --default-signal=INT seedonce --name "$signal" -- \
			bash -c "env --default-signal=INT gate '$ROOM' & trap 'wait; exit 1' $signal; wait"
		in_room
		kill "-$signal" "$PID"
		ended "$signal" "$((128 + $(kill -l "$signal")))"
		wait_until 2 dead "$(cat "$ROOM/pid")"
		equals "$(marker "$signal")" failed
	done
}

@test "TERM to an SQL seed rolls it back" {
	sql_file seed.sql 'create table t ();' 'select pg_sleep(30);'
	background a seedonce --sql "$FILE"
	wait_until 10 is_sleeping
	kill -TERM "$PID"
	ended a 143
	wait_until 5 no_sleeper
	exits 1 seedonce --status
	says none
	equals "$(db "select to_regclass('t') is null")" t
}

no_sleeper() {
	! is_sleeping
}

@test "TERM to one who waits for the lock ends it at once, and the runner goes on" {
	room a
	background a seedonce -- gate "$ROOM"
	in_room
	background b seedonce -- false
	wait_until 10 waits b
	kill -TERM "$PID"
	ended b 143
	touch "$ROOM/go"
	ended a 0
}

@test "as PID 1 of a container TERM reaches the seed's process group" {
	unshare --fork --pid --mount-proc true 2>/dev/null || skip 'no right to make a pid namespace'
	local init
	room a
	background a unshare --fork --pid --mount-proc seedonce -- bash -c "sh -c 'trap \"touch $ROOM/termed; exit 1\" TERM; touch $ROOM/ready; while :; do sleep 0.02; done' & trap 'wait; exit 1' TERM; wait"
	wait_until 10 test -e "$ROOM/ready"
	init=$(cat "/proc/$PID/task/$PID/children")
	kill -TERM "${init%% *}"
	ended a 143
	[ -e "$ROOM/termed" ]
}

@test "as PID 1 of a container TERM ends a wait for the lock at once" {
	unshare --fork --pid --mount-proc true 2>/dev/null || skip 'no right to make a pid namespace'
	local init
	room a
	background a seedonce -- gate "$ROOM"
	in_room
	background b unshare --fork --pid --mount-proc seedonce -- false
	wait_until 10 waits b
	init=$(cat "/proc/$PID/task/$PID/children")
	kill -TERM "${init%% *}"
	ended b 143
	touch "$ROOM/go"
	ended a 0
}

# --- copies ---

@test "a database copied by CREATE DATABASE ... TEMPLATE stays seeded" {
	exits 0 seedonce -- true
	wait_until 5 no_sessions
	server_sql "$SERVER" postgres "create database copy_$DB template $DB"
	exits 0 seedonce "$(server_url "$SERVER" "copy_$DB")" -- false
	says 'is done since'
}

@test "a database restored from a dump stays seeded" {
	sql_file seed.sql 'create table t ();'
	exits 0 seedonce --sql "$FILE"
	server_sql "$SERVER" postgres "create database copy_$DB"
	"$PGBOX" pg_dump "$DATABASE_URL" | "$PG_BIN/psql" -X -q "$(server_url "$SERVER" "copy_$DB")"
	exits 0 seedonce "$(server_url "$SERVER" "copy_$DB")" --sql "$FILE"
	says 'is done since'
}

@test "a database that was dropped and made anew is seeded again" {
	exits 0 seedonce -- sh -c "$(seed_log)"
	wait_until 5 no_sessions
	server_sql "$SERVER" postgres "drop database $DB" "create database $DB"
	exits 0 seedonce -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 2
}

# --- the journal ---

@test "the journal has a row for each run, with its end" {
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db
	run seedonce --name j -- sh -c 'exit 5'
	exits 0 seedonce --name j -- true
	exits 0 seedonce --name j -- true
	interrupt --name k
	exits 0 seedonce --name k --on-interrupted rerun -- true
	exits 0 seedonce --name l --unless 'query=select true' -- false
	exits 0 journal --json
	equals "$(jq -r '[.applet, .name, .status, .attempt, (.finished != null)] | join(" ")' <<<"$output")" \
		"$(printf '%s\n' 'seedonce j failed 1 true' 'seedonce j done 2 true' \
			'seedonce k interrupted 1 false' 'seedonce k done 2 true' 'seedonce l adopted 1 true')"
	says "127.0.0.1:$(cat "$SERVER/port")/$DB"
	says 'status 5'
}

# journal_unusable PATH: it is said once, in one line that names it, and the seed runs.
journal_unusable() {
	PGBOX_JOURNAL=$1 exits 0 "${UNPRIVILEGED[@]}" seedonce --name "${1//\//_}" -- true
	equals "$(grep -c 'journal ' <<<"$output")" 1
	says "warning: journal '$1'"
	equals "$(marker "${1//\//_}")" 'done'
}

@test "a journal that cannot be used is said once, and the seed runs" {
	local d=$BATS_TEST_TMPDIR/j
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.."
	mkdir -m 777 "$d" "$d/folder.db" && mkdir -m 555 "$d/closed"
	journal_unusable "$d/missing/journal.db"
	journal_unusable "$d/closed/journal.db"
	journal_unusable "$d/folder.db"
	head -c 20000 /dev/urandom >"$d/noise.db" && chmod 666 "$d/noise.db"
	journal_unusable "$d/noise.db"
	PGBOX_JOURNAL=$d/good.db exits 0 "${UNPRIVILEGED[@]}" seedonce -- true
	cp "$d/good.db" "$d/readonly.db" && chmod 444 "$d/readonly.db"
	journal_unusable "$d/readonly.db"
	cp "$d/good.db" "$d/newer.db" && lite "$d/newer.db" 'pragma user_version = 99' && chmod 666 "$d/newer.db"
	journal_unusable "$d/newer.db"
	{ head -c 4096 "$d/good.db" && head -c 12288 /dev/urandom; } >"$d/torn.db" && chmod 666 "$d/torn.db"
	journal_unusable "$d/torn.db"
	: >"$d/unreadable.db" && chmod 0 "$d/unreadable.db"
	journal_unusable "$d/unreadable.db"
}

@test "without PGBOX_JOURNAL and the default folder nothing is said" {
	[ ! -e /var/lib/pgbox ] || skip 'there is a default folder here'
	exits 0 seedonce -- true
	says_not journal
}
