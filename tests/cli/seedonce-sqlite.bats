# seedonce on SQLite: no server, the same promises.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153 # seeds expand their own variables; tests are subshells

load ../lib/base
load ../lib/trials
load ../lib/seedonce

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to read SQLite files with'
	use_applets
	make_seeds
}

setup() {
	FILE_DB=$BATS_TEST_TMPDIR/app.db
	DATABASE_URL=sqlite:///$FILE_DB
	LOG=$BATS_TEST_TMPDIR/log
	export DATABASE_URL
}

teardown() {
	clear_rooms
}

rows() {
	lite "$FILE_DB" "$1"
}

state() {
	rows "select state from pgbox_seed where name = '${1:-default}'"
}

empty_file() {
	: >"$FILE_DB"
}

seed_log() {
	echo "echo ran >>'$LOG'"
}

# Leaves a marker `running` that nobody stands behind.
interrupt() {
	room interrupted
	background interrupted seedonce "$@" -- gate "$ROOM"
	in_room
	kill -KILL "$PID"
	kill -KILL -- "-$(cat "$ROOM/pid")"
	wait_until 10 dead "$(cat "$ROOM/pid")"
	rm "$ROOM/pid" "$BATS_TEST_TMPDIR/interrupted.runner"
}

# --- the file ---

@test "whoever may write the database may take its lock, also one that root took before" {
	[ "$(id -u)" = 0 ] || skip "only root can leave a file to another user"
	local user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	exits 0 seedonce --create-db -- true
	chown nobody "$FILE_DB" "${FILE_DB%/*}"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	rm "$FILE_DB".pgbox-lock
	exits 0 seedonce --name by-root -- true
	exits 0 "${user[@]}" "$BATS_FILE_TMPDIR/bin/seedonce" --name by-nobody -- true
}

@test "a missing file is waited for and stays missing, and --create-db makes it" {
	exits 124 seedonce --timeout 500ms -- sh -c "$(seed_log)"
	says app.db
	[ ! -e "$FILE_DB" ]
	equals "$(runs_of "$LOG")" 0
	exits 124 seedonce --timeout 500ms --status
	exits 0 seedonce --create-db -- sh -c "$(seed_log)"
	exits 0 seedonce --create-db -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
	equals "$(rows 'pragma integrity_check')" ok
}

@test "--create-db in a folder that is missing is an error, and nothing runs" {
	DATABASE_URL=sqlite:///$BATS_TEST_TMPDIR/no/app.db
	run timeout 20 seedonce --create-db --timeout 1 -- sh -c "$(seed_log)"
	[ "$status" -ne 0 ]
	equals "$(runs_of "$LOG")" 0
	[ ! -e "$BATS_TEST_TMPDIR/no" ]
}

@test "a file that is no database is left as it is, and nothing runs" {
	head -c 5000 /dev/urandom >"$FILE_DB"
	cp "$FILE_DB" "$LOG.before"
	run timeout 20 seedonce --timeout 1 --create-db -- sh -c "$(seed_log)"
	[ "$status" -ne 0 ]
	cmp "$FILE_DB" "$LOG.before"
	equals "$(runs_of "$LOG")" 0
}

@test "a relative path, blanks and unicode in it" {
	cd "$BATS_TEST_TMPDIR"
	DATABASE_URL='sqlite:///it is ü.db' exits 0 seedonce --create-db -- true
	[ -e 'it is ü.db' ]
	exits 0 seedonce 'sqlite:it is ü.db' --status
	exits 0 seedonce 'file:it is ü.db' -- false
}

@test "a file that may not be written to is an error, and nothing runs" {
	empty_file
	exits 0 seedonce --name before -- true
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_FILE_TMPDIR"
	chmod 444 "$FILE_DB"
	run timeout 20 "${UNPRIVILEGED[@]}" seedonce --timeout 1 -- sh -c "$(seed_log)"
	[ "$status" -ne 0 ]
	equals "$(runs_of "$LOG")" 0
}

@test "a file whose last writer was killed in its transaction is ready, rolled back, and seeded" {
	local mode
	for mode in delete wal; do
		rm -f "$FILE_DB"*
		killed_writer "$mode"
		exits 0 waitdb --timeout 2
		exits 1 isempty
		exits 0 seedonce --timeout 2 --verify 'query=select count(*) = 1 from t' -- true
	done
}

# Leaves table t with one row, and a transaction that was to bring more.
killed_writer() {
	python3 - "$FILE_DB" "$1" <<-'END' || true
		import os, signal, sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("pragma journal_mode = " + sys.argv[2])
		db.execute("pragma cache_size = 1")
		db.execute("create table t (a)")
		db.execute("insert into t values ('kept')")
		db.execute("begin")
		for i in range(2000):
		    db.execute("insert into t values (?)", ("lost" * 100,))
		os.kill(os.getpid(), signal.SIGKILL)
	END
	[ -s "$FILE_DB-journal" ] || [ -s "$FILE_DB-wal" ]
}

# --- SQL files ---

@test "SQL files run once, sorted by name, plain and packed, and the marker says so" {
	sql_file d/1.sql 'create table t (a text);'
	sql_file d/2.sql "insert into t values ('gz; -- no comment');"
	gzip "$FILE"
	zstd_seed >"$BATS_TEST_TMPDIR/d/3.sql.zst"
	exits 0 seedonce --create-db --sql "$BATS_TEST_TMPDIR/d"
	exits 0 seedonce --sql "$BATS_TEST_TMPDIR/d"
	says 'is done since'
	equals "$(rows 'select group_concat(a) from t')" 'gz; -- no comment,zst'
	equals "$(state)" 'done'
	exits 0 waitdb --once --for seeded
	exits 0 isempty --ignore t
}

@test "a statement that fails is named with file and line, and nothing is left" {
	empty_file
	sql_file d/1.sql 'create table t (a int);'
	sql_file d/2.sql 'select 1;' '' 'insert into nowhere values (1);'
	exits 1 seedonce --sql "$BATS_TEST_TMPDIR/d"
	says 2.sql
	says 'line 3'
	says nowhere
	exits 1 seedonce --status
	equals "$(rows "select count(*) from sqlite_master where name = 't'")" 0
	echo >"$FILE"
	exits 0 seedonce --sql "$BATS_TEST_TMPDIR/d"
}

@test "triggers, strings and comments with semicolons in a file are read as SQLite reads them" {
	sql_file seed.sql '-- a; comment' 'create table t (a text); /* ; */' \
		'create trigger g after insert on t begin update t set a = a || 1; update t set a = a || 2; end;' \
		"insert into t values (';')"
	exits 0 seedonce --create-db --sql "$FILE"
	equals "$(rows 'select a from t')" ';12'
}

@test "a file's own BEGIN and COMMIT are dropped, as in what sqlite3 .dump writes" {
	empty_file
	sql_file dump.sql 'PRAGMA foreign_keys=OFF;' 'BEGIN TRANSACTION;' 'CREATE TABLE t(a);' "INSERT INTO t VALUES('; commit;');" \
		'CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 1; SELECT CASE 1 WHEN 1 THEN 2 END; END;' 'COMMIT;'
	exits 0 seedonce --sql "$FILE"
	exits 0 seedonce --sql "$FILE"
	equals "$(rows 'select count(*) from t')" 1
	sql_file two.sql 'begin immediate; create table u(a); end;' 'begin; create table [v;](a); commit transaction;'
	exits 0 seedonce --name two --sql "$FILE"
	sql_file fails.sql 'begin; create table w(a); commit;' 'nonsense;'
	exits 1 seedonce --name fails --sql "$FILE"
	equals "$(rows "select count(*) from sqlite_master where name = 'w'")" 0
}

@test "a file that would end the transaction otherwise is refused before anything is run" {
	local n=0 sql
	empty_file
	for sql in 'commit;' 'end' 'rollback;' 'create table t%(a); commit; begin;' 'create table t%(a); commit' \
		'begin; create table t%(a);' 'begin; create table t%(a); rollback transaction;' 'begin; commit; end;'; do
		n=$((n + 1))
		sql_file "$n.sql" '-- first' "${sql//%/$n}"
		exits 65 seedonce --name "n$n" --sql "$FILE"
		says "$n.sql"
		says 'line '
		exits 1 seedonce --name "n$n" --status
		says none
		equals "$(rows "select count(*) from sqlite_master where name = 't$n'")" 0
	done
}

@test "a damaged or cut-off packed file is exit 65 and nothing is left" {
	local file n
	empty_file
	{
		echo 'create table t (a text);'
		for ((n = 0; n < 20000; n++)); do echo "insert into t values ('$n $RANDOM');"; done
	} | gzip >"$BATS_TEST_TMPDIR/good.sql.gz"
	n=$(stat -c %s "$BATS_TEST_TMPDIR/good.sql.gz")
	head -c $((n / 2)) "$BATS_TEST_TMPDIR/good.sql.gz" >"$BATS_TEST_TMPDIR/cut.sql.gz"
	head -c $((n - 4)) "$BATS_TEST_TMPDIR/good.sql.gz" >"$BATS_TEST_TMPDIR/short.sql.gz"
	zstd_seed | head -c 30 >"$BATS_TEST_TMPDIR/cut.sql.zst"
	for file in cut.sql.gz short.sql.gz cut.sql.zst; do
		exits 65 seedonce --sql "$BATS_TEST_TMPDIR/$file"
		says "$file"
		exits 1 seedonce --status
		equals "$(rows "select count(*) from sqlite_master where name = 't'")" 0
	done
	exits 0 seedonce --sql "$BATS_TEST_TMPDIR/good.sql.gz"
	equals "$(rows 'select count(*) from t')" 20000
}

@test "--no-transaction runs what cannot run in one, and fails as a command does" {
	sql_file seed.sql 'create table t (a);' 'pragma journal_mode = wal;' 'vacuum;' 'begin; insert into t values (1); commit;'
	exits 0 seedonce --create-db --no-transaction --sql "$FILE"
	exits 0 seedonce --no-transaction --sql "$FILE"
	equals "$(rows 'select count(*) from t')" 1
	sql_file bad.sql 'insert into t values (2);' 'nonsense;'
	exits 1 seedonce --name bad --no-transaction --sql "$FILE"
	equals "$(state bad)" failed
}

# --- commands and decisions ---

@test "a command runs once, knows its name and attempt, and may write to the file" {
	empty_file
	exits 1 seedonce -- sh -c 'exit 37' --then echo started
	says 37
	says_not started
	equals "$(state)" failed
	exits 1 healthz seeded
	says '[-]seeded failed: the seed failed: seedonce --status says when'
	printf '%s\n' 'import sqlite3, sys' 'db = sqlite3.connect(sys.argv[1])' \
		'db.execute("create table t (a)")' 'db.commit()' >"$BATS_TEST_TMPDIR/seed.py"
	exits 0 seedonce -- sh -c 'echo "$SEEDONCE_NAME $SEEDONCE_ATTEMPT"; exec python3 "$0" "$1"' \
		"$BATS_TEST_TMPDIR/seed.py" "$FILE_DB"
	says 'default 2'
	exits 0 seedonce -- false
	equals "$(state)" 'done'
}

@test "--unless adopts, --verify must hold, --status, --mark and --reset" {
	empty_file
	exits 1 seedonce --verify table=t -- true
	equals "$(state)" failed
	lite "$FILE_DB" 'create table t (a)'
	exits 0 seedonce --name b --unless table=t -- false
	equals "$(state b)" adopted
	exits 69 seedonce --name c --unless 'query=select nonsense' -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 0
	exits 1 seedonce --name c --status
	exits 0 seedonce --name c --mark
	exits 0 seedonce --name c -- false
	exits 0 seedonce --name c --reset
	exits 0 seedonce --name c --verify 'rows=t>=0' -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
	exits 64 seedonce --schema x -- true
}

@test "an interrupted command is exit 70, and --on-interrupted reruns or verifies" {
	empty_file
	interrupt
	equals "$(state)" running
	exits 70 seedonce -- sh -c "$(seed_log)" --then echo started
	says "$(rows 'select started from pgbox_seed')"
	says_not started
	run waitdb --once --for seeded
	[ "$status" -ne 0 ]
	exits 0 seedonce --on-interrupted verify --verify 'query=select 1' -- false
	exits 0 seedonce --reset
	interrupt
	exits 0 seedonce --on-interrupted rerun -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 1
	interrupt --name always --always
	exits 0 seedonce --name always --always -- true
}

@test "a seed that has changed warns, and --on-change ignores, fails or runs it" {
	sql_file seed.sql 'create table if not exists t (a);' 'insert into t values (1);'
	exits 0 seedonce --create-db --sql "$FILE"
	echo >>"$FILE"
	exits 0 seedonce --sql "$FILE"
	says changed
	exits 0 seedonce --on-change ignore --sql "$FILE"
	says_not changed
	exits 65 seedonce --on-change fail --sql "$FILE"
	exits 0 seedonce --on-change rerun --sql "$FILE"
	exits 0 seedonce --on-change rerun --sql "$FILE"
	equals "$(rows 'select count(*) from t')" 2
}

@test "a marker table with a trigger, or a view in its place, is refused" {
	empty_file
	exits 0 seedonce -- true
	lite "$FILE_DB" 'create trigger g after update on pgbox_seed begin select 1; end'
	exits 77 seedonce -- sh -c "$(seed_log)"
	says trigger
	lite "$FILE_DB" 'drop trigger g'
	lite "$FILE_DB" 'alter table pgbox_seed rename to old'
	lite "$FILE_DB" 'create view pgbox_seed as select * from old'
	exits 77 seedonce -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 0
}

@test "names with quotes, blanks, unicode and SQL in them are just names" {
	local name=$'o\'brien "x" $1 %s ?1 ünï 🐘; drop table t'
	empty_file
	exits 0 seedonce --name "$name" -- sh -c 'printf %s "$SEEDONCE_NAME"'
	says "$name"
	equals "$(rows 'select name from pgbox_seed')" "$name"
	exits 0 seedonce --name "$name" -- false
}

@test "--then keeps pid, stdin, arguments and status" {
	empty_file
	echo 'for the app' >"$BATS_TEST_TMPDIR/in"
	seedonce -- sh -c 'exit 0' --then sh -c 'printf "[%s]" $$ "$@" "$(cat)"; exit 7' sh '$x' 'a b' $'new\nline' '' \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	status=0
	wait $! || status=$?
	equals "$status" 7
	equals "$(cat "$BATS_TEST_TMPDIR/out")" "[$!]"$'[$x][a b][new\nline][][for the app]'
}

@test "a copy of the file stays seeded, and a new one is seeded again" {
	exits 0 seedonce --create-db -- sh -c "$(seed_log)"
	cp "$FILE_DB" "$BATS_TEST_TMPDIR/copy.db"
	exits 0 seedonce "sqlite:///$BATS_TEST_TMPDIR/copy.db" -- false
	rm "$FILE_DB"
	exits 0 seedonce --create-db -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 2
}

# --- the lock ---

@test "of 20 processes on a missing file one runs the seed, and the others exit 0 after it" {
	local n
	for ((n = 0; n < 20; n++)); do
		background "r$n" seedonce --create-db -- sh -c "sleep 0.2; $(seed_log)"
	done
	for ((n = 0; n < 20; n++)); do ended "r$n" 0; done
	equals "$(runs_of "$LOG")" 1
}

@test "of 20 processes on a missing file one runs the SQL files" {
	local n
	sql_file seed.sql 'create table t (a);' "$(count 300000)" 'insert into t values (1);'
	for ((n = 0; n < 20; n++)); do background "r$n" seedonce --create-db --sql "$FILE"; done
	for ((n = 0; n < 20; n++)); do ended "r$n" 0; done
	equals "$(rows 'select count(*) from t')" 1
}

# count N: SQL that takes a while.
count() {
	echo "with recursive c(x) as (select 1 union all select x + 1 from c where x < $1) select max(x) from c;"
}

@test "one who waits too long is exit 75 and names the lock's file, also under another path to the database" {
	empty_file
	room a
	background a seedonce -- gate "$ROOM"
	in_room
	exits 75 seedonce --lock-timeout 200ms -- sh -c "$(seed_log)"
	says app.db
	exits 75 seedonce "sqlite:///$BATS_TEST_TMPDIR/./a/../app.db" --lock-timeout 200ms -- sh -c "$(seed_log)"
	ln -s app.db "$BATS_TEST_TMPDIR/link.db"
	exits 75 seedonce "sqlite:///$BATS_TEST_TMPDIR/link.db" --lock-timeout 200ms -- sh -c "$(seed_log)"
	exits 75 seedonce --reset
	touch "$ROOM/go"
	ended a 0
	equals "$(runs_of "$LOG")" 0
}

@test "--always runs at every start, one at a time" {
	local n
	empty_file
	for n in 1 2 3 4 5 6; do
		background "r$n" seedonce --always -- \
			sh -c "mkdir '$LOG.busy' || echo overlap >>'$LOG'; sleep 0.05; rmdir '$LOG.busy'; echo ran >>'$LOG'"
	done
	for n in 1 2 3 4 5 6; do ended "r$n" 0; done
	equals "$(cat "$LOG")" "$(yes ran | head -n 6)"
}

@test "while an orphaned seed lives nobody else starts it: 75, and 70 once it is gone" {
	empty_file
	room a
	background a seedonce -- bash -c "gate '$ROOM'; true"
	in_room
	kill -KILL "$PID"
	exits 75 seedonce --lock-timeout 200ms -- sh -c "$(seed_log)"
	kill -KILL "$(ps -o ppid= "$(cat "$ROOM/pid")" | tr -d ' ')"
	exits 75 seedonce --lock-timeout 200ms --on-interrupted rerun -- sh -c "$(seed_log)"
	kill -KILL "$(cat "$ROOM/pid")"
	rm "$ROOM/pid"
	exits 70 seedonce --lock-timeout 10 -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 0
}

@test "a killed command is interrupted: exit 70 at the next start, and runs again with --always" {
	empty_file
	exits 1 seedonce --name alone -- sh -c 'kill -KILL $$'
	equals "$(state alone)" running
	exits 70 seedonce --name alone -- sh -c "$(seed_log)"
	exits 1 seedonce --name inner -- sh -c 'exit 137'
	exits 70 seedonce --name inner -- sh -c "$(seed_log)"
	room a
	background a seedonce --name stopped -- gate "$ROOM"
	in_room
	kill -TERM "$PID"
	ended a 143
	exits 70 seedonce --name stopped -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 0
	exits 1 seedonce --name always --always -- sh -c 'kill -TERM $$'
	exits 0 seedonce --name always --always -- sh -c "$(seed_log)"
	exits 0 seedonce --name alone --on-interrupted rerun -- sh -c "$(seed_log)"
	equals "$(runs_of "$LOG")" 2
}

@test "TERM reaches the seed's process group, and an SQL seed ends by it with nothing left" {
	empty_file
	room a
	background a seedonce -- bash -c "gate '$ROOM' & trap 'wait; exit 1' TERM; wait"
	in_room
	kill -TERM "$PID"
	ended a 143
	wait_until 2 dead "$(cat "$ROOM/pid")"
	sql_file seed.sql 'create table t (a);' "$(count 300000000)"
	background b seedonce --name sql --sql "$FILE"
	wait_until 10 test -e "$FILE_DB-journal"
	kill -TERM "$PID"
	ended b 143
	exits 1 seedonce --name sql --status
	equals "$(rows "select count(*) from sqlite_master where name = 't'")" 0
}

# --- killed at random moments ---

# killed COMMAND...: in the background, by SIGKILL, at a random part of TOOK.
killed() {
	background first "$@"
	pause $((RANDOM % (TOOK * 11 / 10 + 5)))
	kill -KILL "$PID" 2>/dev/null || true
	wait "$PID" 2>/dev/null || true
	rm -f "$BATS_TEST_TMPDIR/first.runner"
}

@test "SIGKILL at random moments: an SQL seed is never half there and never twice there" {
	local n
	random_series
	for n in 1 2 3 4; do
		sql_file "d/$n.sql" "create table if not exists part_$n (a);" \
			"insert into part_$n with recursive c(x) as (select 1 union all select x + 1 from c where x < 5000) select x from c;" \
			"$(count 20000)"
	done
	took seedonce --create-db --sql "$BATS_TEST_TMPDIR/d"
	for ((n = 1; n <= $(rounds 100); n++)); do
		echo "round $n"
		rm -f "$FILE_DB" "$FILE_DB"-*
		empty_file
		killed seedonce --sql "$BATS_TEST_TMPDIR/d"
		case $(rows "select count(*) from sqlite_master where name like 'part_%'") in
		0) ;;
		4) equals "$(state)" 'done' ;;
		*) echo 'half there'; return 1 ;;
		esac
		exits 0 seedonce --sql "$BATS_TEST_TMPDIR/d"
		equals "$(rows 'select count(*) from (select a from part_1 union all select a from part_2
			union all select a from part_3 union all select a from part_4)')" 20000
		equals "$(rows 'pragma integrity_check')" ok
	done
}

@test "SIGKILL at random moments: a command is done only if it ended, and never runs beside itself" {
	local n
	random_series
	empty_file
	took seedonce -- work "$LOG"
	for ((n = 1; n <= $(rounds 100); n++)); do
		echo "round $n"
		rm -rf "$FILE_DB" "$FILE_DB"-* "$LOG" "$LOG.busy"
		empty_file
		: >"$LOG"
		killed seedonce -- work "$LOG"
		# Sometimes at once one comes that does not mind what became of the first.
		if [ $((RANDOM % 2)) -eq 0 ]; then
			another_comes 10ms
			command_ran_well state
			another_comes 10s
			command_ran_well state
			[ "$status" -ne 75 ]
		fi
		exits 0 seedonce --on-interrupted rerun -- work "$LOG"
		equals "$(lines_of overlap)" 0
		equals "$(tail -n 1 "$LOG")" end
	done
}

# --- the journal ---

# journal_of N: N rows, all done, in a whole file.
journal_of() {
	equals "$(lite "$PGBOX_JOURNAL" 'select count(*), count(distinct name), min(status), max(status) from runs')" \
		"$1|$1|done|done"
	equals "$(lite "$PGBOX_JOURNAL" 'pragma integrity_check')" ok
}

# How many writers: two hundred, or forty.
writers() {
	if [ -n "${SOAK:-}" ]; then echo 200; else echo 40; fi
}

@test "a crowd of writers to one journal, on as many files, loses nothing" {
	local n count
	count=$(writers)
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db
	mkdir "$BATS_TEST_TMPDIR/dbs"
	for ((n = 0; n < count; n++)); do
		background "w$n" seedonce --create-db "sqlite:///$BATS_TEST_TMPDIR/dbs/$n.db" --name "s$n" -- true
	done
	for ((n = 0; n < count; n++)); do
		ended "w$n" 0
		says_not journal
	done
	journal_of "$count"
}

@test "a crowd of seeds of one file loses nothing, in the file nor in the journal" {
	local n count
	count=$(writers)
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db
	empty_file
	for ((n = 0; n < count; n++)); do background "w$n" seedonce --name "s$n" -- true; done
	for ((n = 0; n < count; n++)); do
		ended "w$n" 0
		says_not journal
	done
	journal_of "$count"
	equals "$(rows "select count(*) from pgbox_seed where state = 'done'")" "$count"
}
