# waitdb and isempty without a server: refused ports, SQLite files, other checks, and
# the command at the end.

load ../lib/base
bats_require_minimum_version 1.5.0

setup_file() {
	use_applets
	free_port >"$BATS_FILE_TMPDIR/port"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	REFUSED=postgres://u:s3cret@127.0.0.1:$(cat "$BATS_FILE_TMPDIR/port")/db
	export PGBOX_JOURNAL=$PWD/journal.db
}

# sql FILE SQL: runs it with pgbox alone, for a machine without sqlite3.
sql() {
	echo "$2" >statement.sql
	seedonce -q --create-db --name "$RANDOM$RANDOM" --sql statement.sql "sqlite:$1"
}

milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

# --- waiting ---

@test "a refused port is waited for until the deadline: 124, with the last reason" {
	start=$(milliseconds)
	run -124 waitdb "$REFUSED" --timeout 300ms
	took=$(($(milliseconds) - start))
	[ "$took" -ge 300 ]
	[ "$took" -lt 1500 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == "waitdb: info: u@127.0.0.1:"*"/db: waiting for ready: "*"onnection refused" ]]
	[[ ${lines[1]} == "waitdb: error: u@127.0.0.1:"*"/db: gave up waiting for ready: "*"onnection refused" ]]
}

@test "a host name that does not resolve is waited for until the deadline" {
	run -124 waitdb postgres://u@nowhere.invalid/db --timeout 300ms
	[[ ${lines[-1]} == "waitdb: error: "* ]]
}

@test "no password shows for a wrong or a right URL, encoded or not" {
	for password in 'p@ss:w/o#rd%1' 'p%40ss%3Aw%2Fo%23rd%251'; do
		for url in "postgres://u:$password@127.0.0.1:1/db" "postgres://u:$password@127.0.0.1:x/db" \
			"postgres://u:$password@/db?host=127.0.0.1&port=1" "mysql://u:$password@h/db"; do
			for applet in "waitdb -v --timeout 60ms" "waitdb --once" "isempty --timeout 60ms" \
				"seedonce -v --timeout 60ms --status"; do
				# shellcheck disable=SC2086 # words
				run env PGBOX_LOG=json $applet "$url"
				[ "$status" -ne 0 ]
				for part in 'p@ss' 'w/o' 'rd%1' 'p%40ss' 'w%2Fo' 'rd%251' ':w'; do
					[[ $output != *"$part"* ]]
				done
			done
		done
	done
}

@test "no password shows in the command line once waitdb runs" {
	[ -z "${EMULATED-}" ] || skip "the command line is the emulator's"
	waitdb "$REFUSED" --url "$REFUSED" --url="$REFUSED" --timeout 10s 2>log 3>&- &
	wait_until 5 grep -q waiting log
	tr '\0' ' ' </proc/$!/cmdline >cmdline
	kill $!
	grep -q waitdb cmdline
	run ! grep -q s3cret cmdline log
}

@test "SIGTERM ends the waiting at once with 143" {
	waitdb "$REFUSED" --timeout 1m 2>log 3>&- &
	wait_until 5 grep -q waiting log
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 143 ]
}

@test "once is one try, with pg_isready's codes" {
	: >a.db
	run -0 waitdb --once sqlite:a.db
	run -1 waitdb --once --for table=t sqlite:a.db
	run -2 waitdb --once "$REFUSED"
	run -2 waitdb --once postgres://u@nowhere.invalid/db
	run -3 waitdb --once
}

@test "all checks must hold, or any" {
	: >here
	run -124 waitdb --for file=here --for file=nowhere --timeout 100ms
	[[ ${lines[-1]} == "waitdb: error: gave up waiting for file=nowhere: No such file or directory" ]]
	run -0 waitdb --any --for file=nowhere --for file=here --timeout 5s
	run -124 waitdb --any --for file=nowhere --for file=nowhere2 --timeout 100ms
}

@test "a check may come from the environment, one a line" {
	: >here
	WAITDB_FOR=$'file=here\nfile=nowhere' run -124 waitdb --timeout 100ms
	[[ ${lines[-1]} == *file=nowhere* ]]
	WAITDB_FOR=file=nowhere run -0 waitdb --for file=here --timeout 100ms
}

@test "waiting ends soon after the check comes true" {
	waitdb --for file=flag --timeout 10s 2>log 3>&- &
	wait_until 5 grep -q waiting log
	: >flag
	start=$(milliseconds)
	wait $!
	[ $(($(milliseconds) - start)) -lt 1000 ]
	[ "$(wc -l <log)" -eq 2 ]
}

@test "tcp waits for a listener" {
	command -v python3 >/dev/null || skip "no python3"
	port=$(free_port)
	waitdb --for "tcp=127.0.0.1:$port" --timeout 10s 2>log 3>&- &
	waiter=$!
	wait_until 5 grep -q waiting log
	python3 -c "import socket, time; s = socket.create_server(('127.0.0.1', $port)); time.sleep(20)" 3>&- &
	listener=$!
	wait "$waiter"
	grep -qx "waitdb: info: tcp=127.0.0.1:$port" log
	kill "$listener"
}

# --- SQLite ---

@test "a missing SQLite file is waited for and never made" {
	run -69 waitdb sqlite:///missing.db --timeout 10s --auth-grace 100ms
	[[ ${lines[-1]} == "waitdb: error: sqlite:missing.db: ready cannot come true: SQLite file 'missing.db': No such file or directory" ]]
	run -124 waitdb sqlite:missing.db --timeout 100ms
	run -69 isempty sqlite:missing.db
	run -0 isempty --missing-ok sqlite:missing.db
	run ! seedonce sqlite:missing.db --timeout 100ms -- true
	[ ! -e missing.db ]
}

@test "a missing SQLite file is made with --create-db" {
	run -0 waitdb --create-db "sqlite:///made.db"
	[ -e made.db ]
	run -0 waitdb "sqlite:///$PWD/made.db"
	run -0 isempty "sqlite:made.db"
}

@test "a file that is no database is never ready and never empty" {
	echo "this is text, and long enough that it cannot be taken for an SQLite database" >text.db
	run -65 waitdb sqlite:text.db --timeout 10s
	[[ ${lines[-1]} == *"not a database"* ]]
	run -65 isempty sqlite:text.db
	run ! isempty sqlite:.
	[ "$status" -ge 64 ]
}

@test "isempty: nothing is empty, a table or a view is not, and is named" {
	: >a.db
	run -0 isempty sqlite:a.db
	[ "$output" = "isempty: info: sqlite:a.db: empty" ]
	sql a.db "create view v as select 1"
	run -1 isempty sqlite:a.db
	[ "$output" = "isempty: info: sqlite:a.db: not empty: view main.v" ]
	sql a.db "create table t (x)"
	run -1 isempty sqlite:a.db
	[ "$output" = "isempty: info: sqlite:a.db: not empty: table main.t and more" ]
	run -1 isempty -q sqlite:a.db
	[ -z "$output" ]
}

@test "isempty: pgbox's own marker and what is ignored do not count" {
	sql a.db "select 1"
	run -0 isempty sqlite:a.db
	sql a.db "create table alembic_version (x)"
	run -1 isempty sqlite:a.db
	run -0 isempty --ignore-migrations sqlite:a.db
	sql a.db "create table tmp_1 (x)"
	run -1 isempty --ignore-migrations sqlite:a.db
	run -0 isempty --ignore-migrations --ignore 'tmp_*' sqlite:a.db
	ISEMPTY_IGNORE=$'alembic*\nmain.tmp_?' run -0 isempty sqlite:a.db
}

@test "isempty: a sentinel table is missing, there, or without rows" {
	sql a.db "create table t (x)"
	run -0 isempty --table nope sqlite:a.db
	run -1 isempty --table t sqlite:a.db
	run -0 isempty --table t --rows sqlite:a.db
	sql a.db "insert into t values (1)"
	run -1 isempty --table t --rows sqlite:a.db
	run -1 isempty --table main.T --rows sqlite:a.db
}

@test "waitdb: tables, rows, queries and seeds of SQLite can be waited for" {
	sql a.db "create table t (x); insert into t values (1), (2)"
	run -0 waitdb sqlite:a.db --for table=t --for 'rows=t>=2' --for 'query=select x from t' --for writable
	run -124 waitdb sqlite:a.db --for 'rows=t>=3' --timeout 100ms
	[[ ${lines[-1]} == *"2 of 3 rows" ]]
	run -124 waitdb sqlite:a.db --for seeded=base --timeout 100ms
	seedonce -q --name base sqlite:a.db -- true
	run -0 waitdb sqlite:a.db --for seeded=base --for seeded
	run -124 waitdb sqlite:a.db --for 'query=delete from t returning 1' --timeout 100ms
	run -0 waitdb sqlite:a.db --for 'rows=t>=2'
}

@test "one command may look at several databases" {
	sql a.db "create table a (x)"
	sql b.db "create table b (x)"
	run -0 waitdb --url sqlite:a.db --for table=a --url sqlite:b.db --for table=b --timeout 1s
	run -124 waitdb --url sqlite:a.db --for table=a --url sqlite:b.db --for table=a --timeout 100ms
	[[ ${lines[-1]} == *"sqlite:b.db: gave up waiting for table=a"* ]]
	run -0 waitdb sqlite:a.db sqlite:b.db
}

# --- the command ---

@test "the command gets its words, stdin and environment as they are" {
	# shellcheck disable=SC2016 # not expanded, that is the point
	run -0 waitdb -q --for file=/ -- printf '[%s]' '$x' 'a  b' $'two\nlines' '' --help
	[ "$output" = $'[$x][a  b][two\nlines][][--help]' ]
	[ "$(echo in | waitdb -q --for file=/ -- cat)" = in ]
	: >a.db
	DATABASE_URL=sqlite:a.db PGPASSWORD=kept run -0 waitdb -q -- sh -c 'echo $DATABASE_URL $PGPASSWORD'
	[ "$output" = "sqlite:a.db kept" ]
}

@test "the command keeps waitdb's pid, and its status is waitdb's" {
	run -7 waitdb -q --for file=/ -- sh -c 'exit 7'
	run -143 waitdb -q --for file=/ -- sh -c 'kill -TERM $$'
	bash -c 'echo $$; exec waitdb -q --for file=/ -- sh -c "echo \$\$"' >pids
	[ "$(sort -u pids | wc -l)" -eq 1 ]
}

@test "the command is found in PATH, and the signals have their default actions" {
	printf '#!/bin/sh\necho ran\n' >mine
	chmod +x mine
	PATH=$PWD:$PATH run -0 waitdb -q --for file=/ -- mine
	[ "$output" = ran ]
	run -0 env --default-signal waitdb -q --for file=/ -- grep -E '^Sig(Ign|Blk)' /proc/self/status
	# Signals 32 and 33 are the C library's own.
	run ! grep -v '[08]0000000$' <<<"$output"
}

@test "a command that does not run is 126, one that is not there is 127" {
	: >file
	run -126 waitdb -q --for file=/ -- ./file
	[ "$output" = "waitdb: error: cannot run './file': Permission denied" ]
	run -127 waitdb -q --for file=/ -- no-such-command
	[ "$output" = "waitdb: error: cannot run 'no-such-command': No such file or directory" ]
}

@test "the command is not run when the waiting failed" {
	run -124 waitdb --for file=nowhere --timeout 50ms -- touch ran
	run -64 waitdb --for nope -- touch ran
	[ ! -e ran ]
}
