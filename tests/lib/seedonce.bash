# What the seedonce tests share: seeds that wait to be told, and what is known of what ran.

# shellcheck source=tests/lib/jobs.bash
. "${BASH_SOURCE[0]%/*}/jobs.bash"

# --- seeds ---

# Writes the commands that the tests use as seeds into the folder of the applets:
#   gate DIR     says in DIR/pid that it runs, then waits for DIR/go (a minute)
#   stubborn DIR the same, deaf to SIGTERM, with a child that is deaf too
#   work LOG     notes its start and end, and there alone can two of them meet; what
#                it does is done by a child of its own
make_seeds() {
	local bin=$BATS_FILE_TMPDIR/bin
	cat >"$bin/gate" <<-'END'
		#!/bin/bash
		# A shell forgets an INT that comes as its child ends, unless it is trapped.
		trap 'exit 1' INT
		echo $$ >"$1/pid.new" && mv "$1/pid.new" "$1/pid"
		for ((i = 0; i < 3000; i++)); do
			[ ! -e "$1/go" ] || { rm -f "$1/pid"; exit "${2:-0}"; }
			sleep 0.02
		done
	END
	cat >"$bin/stubborn" <<-'END'
		#!/bin/bash
		trap '' TERM
		sleep 60 &
		echo $! >"$1/child"
		exec gate "$1"
	END
	cat >"$bin/work" <<-'END'
		#!/bin/bash
		echo start >>"$1"
		mkdir "$1.busy" || echo overlap >>"$1"
		bash -c 'for i in 1 2 3 4 5 6; do sleep 0.02; done'
		rmdir "$1.busy"
		echo end >>"$1"
	END
	chmod +x "$bin/gate" "$bin/stubborn" "$bin/work"
}

# room NAME: a fresh folder for a seed that waits; its path is in ROOM.
room() {
	ROOM=$BATS_TEST_TMPDIR/$1
	rm -rf "$ROOM"
	mkdir -m 777 "$ROOM"
}

# in_room [DIR]: waits until its seed runs.
in_room() {
	wait_until 20 test -e "${1:-$ROOM}/pid"
}

# Ends what a failed test left in its rooms, by the process group of the seed.
clear_rooms() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*/pid; do
		[ -e "$file" ] || continue
		kill -KILL -- "-$(ps -o pgid= "$(cat "$file")" | tr -d ' ')" 2>/dev/null || true
	done
	for file in "$BATS_TEST_TMPDIR"/*.runner; do
		[ -e "$file" ] || continue
		kill -KILL "$(cat "$file")" 2>/dev/null || true
		wait "$(cat "$file")" 2>/dev/null || true
	done
}

# waits NAME: it has said that it waits for another runner.
waits() {
	grep -q 'waiting for another runner' "$BATS_TEST_TMPDIR/$1.out"
}

# sql_file NAME SQL...: a file of the test, its path in FILE.
sql_file() {
	FILE=$BATS_TEST_TMPDIR/$1
	shift
	mkdir -p "${FILE%/*}"
	printf '%s\n' "$@" >"$FILE"
}

lines_of() {
	grep -c "$1" "$LOG" || true
}

# command_ran_well STATE-COMMAND: `work` never ran twice, nor beside itself, and is
# done only if it ended.
command_ran_well() {
	local starts ends state
	starts=$(lines_of start) ends=$(lines_of end)
	state=$("$1" 2>/dev/null || true)
	equals "$(lines_of overlap)" 0
	[ "$starts" -le 1 ] || { echo "ran $starts times"; return 1; }
	[ "$state" != 'done' ] || [ "$ends" -eq 1 ] || { echo "done, but ended $ends times"; return 1; }
	echo "$starts starts, $ends ends, $state"
}

# Another replica comes at once and does not wait long.
another_comes() {
	status=0
	output=$(timeout 20 seedonce -q --lock-timeout "$1" -- work "$LOG" 2>&1 3>&-) || status=$?
	case $status in
	0 | 70 | 75) ;;
	*) echo "status $status"; echo "$output"; return 1 ;;
	esac
}

# runs_of FILE: how often seeds have written a line there.
runs_of() {
	wc -l 2>/dev/null <"$1" || echo 0
}

# A zstd frame of: insert into t values ('zst');
zstd_seed() {
	base64 -d <<<'KLUv/QRY8QAAaW5zZXJ0IGludG8gdCB2YWx1ZXMgKCd6c3QnKTsKMQPOwQ=='
}

# --- PostgreSQL: server SERVER, database DB ---

# fresh_database NAME: makes it, as DB and DATABASE_URL.
fresh_database() {
	DB=$1
	DATABASE_URL=$(server_url "$SERVER" "$DB")
	export DB DATABASE_URL
	server_sql "$SERVER" postgres "create database $DB"
}

db() {
	server_sql "$SERVER" "$DB" "$@"
}

# The state of a marker, and its attempt.
marker() {
	db "select state from pgbox.seed where name = '${1:-default}'"
}

attempt() {
	db "select attempt from pgbox.seed where name = '${1:-default}'"
}

# Sessions of seedonce in this database, psql's for SQL files included.
sessions() {
	db "select count(*) from pg_stat_activity where application_name = 'seedonce'
		and datname = current_database()"
}

no_sessions() {
	[ "$(sessions)" -eq 0 ]
}

# The backend that holds the seed lock.
lock_holder() {
	db "select pid from pg_locks where locktype = 'advisory' and granted
		and database = (select oid from pg_database where datname = current_database())"
}

# has_advisory KEY t|f: somebody holds, or waits for, this small key.
has_advisory() {
	[ "$(db "select count(*) from pg_locks where locktype = 'advisory' and objid = $1
		and granted = '$2'")" -gt 0 ]
}

# An SQL seed has come to its pg_sleep().
is_sleeping() {
	[ "$(db "select count(*) from pg_stat_activity where query ~ '^ *select pg_sleep' and state = 'active'
		and datname = current_database() and pid <> pg_backend_pid()")" -gt 0 ]
}
