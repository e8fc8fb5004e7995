# seedonce and its server, killed at random moments: SOAK=1 for the full series.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153 # seeds expand their own variables; tests are subshells

load ../lib/base
load ../lib/trials
load ../lib/seedonce

setup_file() {
	use_applets
	make_seeds
	SERVER=$BATS_FILE_TMPDIR/pg
	export SERVER
	server_make "$SERVER"
	server_start "$SERVER"
	make_sql_seed
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	DB=
	LOG=$BATS_TEST_TMPDIR/log
}

teardown() {
	clear_rooms
}

# --- the seeds ---

# Four files, four tables, 4000 rows; nothing in it minds to be run twice.
make_sql_seed() {
	local dir=$BATS_FILE_TMPDIR/sql n
	mkdir "$dir"
	for n in 1 2 3 4; do
		cat >"$dir/$n.sql" <<-END
			create table if not exists part_$n (a int);
			insert into part_$n select generate_series(1, 500);
			select pg_sleep(0.02);
			insert into part_$n select generate_series(501, 1000);
		END
	done
	SQL_SEED=$dir
	export SQL_SEED
}

# moment: waits for a random part of TOOK and a bit.
moment() {
	pause $((RANDOM % (TOOK * 11 / 10 + 5)))
}

# begin ROUND COMMAND...: in a fresh database, as a background process named `first`.
begin() {
	[ -z "$DB" ] || server_sql "$SERVER" postgres "drop database $DB with (force)"
	fresh_database "$1"
	shift
	: >"$LOG"
	rm -rf "$LOG.busy"
	background first "$@"
}

# --- what must hold ---

# Of the four tables there are all or none, and with them the marker.
whole_or_nothing() {
	local tables
	tables=$(db "select count(*) from pg_class where relname like 'part\\__'")
	case $tables in
	0) ;;
	4) seeded_once ;;
	*) echo "half there: $tables tables"; return 1 ;;
	esac
}

seeded_once() {
	equals "$(db "select count(*) from (select a from part_1 union all select a from part_2
		union all select a from part_3 union all select a from part_4) x")" 4000
	equals "$(marker)" 'done'
}

# --- killing seedonce ---

# Takes the first runner, which is dead, off the books; its status is in status.
reap_first() {
	status=0
	wait "$PID" 2>/dev/null || status=$?
	rm -f "$BATS_TEST_TMPDIR/first.runner"
}

@test "SIGKILL of seedonce at random moments: an SQL seed is never half there and never twice there" {
	local n
	random_series
	fresh_database warm
	took seedonce --sql "$SQL_SEED"
	for ((n = 1; n <= $(rounds 100); n++)); do
		echo "round $n"
		begin "k$n" seedonce --sql "$SQL_SEED"
		moment
		# Sometimes its psql dies as well, and sometimes it is left to itself.
		[ $((RANDOM % 2)) -eq 0 ] || pkill -KILL -P "$PID" || true
		kill -KILL "$PID" 2>/dev/null || true
		reap_first
		whole_or_nothing
		exits 0 seedonce -q --sql "$SQL_SEED"
		seeded_once
		exits 0 seedonce -q --sql "$SQL_SEED"
		seeded_once
	done
}

@test "SIGKILL of seedonce at random moments: a command is done only if it ended, and never runs beside itself" {
	local n
	random_series
	fresh_database warm2
	took seedonce -- work "$LOG"
	for ((n = 1; n <= $(rounds 100); n++)); do
		echo "round $n"
		begin "c$n" seedonce -q -- work "$LOG"
		moment
		kill -KILL "$PID" 2>/dev/null || true
		reap_first
		# Sometimes at once one comes that does not mind what became of the first.
		if [ $((RANDOM % 2)) -eq 0 ]; then
			another_comes 10ms
			command_ran_well marker
			another_comes 10s
			command_ran_well marker
			[ "$status" -ne 75 ]
		fi
		exits 0 seedonce -q --on-interrupted rerun -- work "$LOG"
		equals "$(lines_of overlap)" 0
		equals "$(tail -n 1 "$LOG")" end
	done
}

@test "while an orphaned seed lives nobody else starts it: 75, and 70 once it is gone" {
	fresh_database orphan
	room a
	background a seedonce -- bash -c "gate '$ROOM'; true"
	in_room
	kill -KILL "$PID"
	exits 75 seedonce --lock-timeout 200ms -- work "$LOG"
	# Its leader dies too, and leaves a child.
	kill -KILL "$(ps -o ppid= "$(cat "$ROOM/pid")" | tr -d ' ')"
	exits 75 seedonce --lock-timeout 200ms -- work "$LOG"
	exits 75 seedonce --lock-timeout 200ms --on-interrupted rerun -- work "$LOG"
	background b seedonce -- work "$LOG"
	wait_until 10 waits b
	kill -KILL "$(cat "$ROOM/pid")"
	rm "$ROOM/pid"
	ended b 70
	[ ! -e "$LOG" ]
}

@test "an SQL seed whose seedonce was killed goes on alone, and who waits finds it done" {
	fresh_database alone
	sql_file seed.sql 'create table t (a int);' 'select pg_advisory_lock(1);' 'insert into t values (1);'
	"$PG_BIN/psql" -X -q "$DATABASE_URL" -c 'select pg_advisory_lock(1), pg_sleep(60)' >/dev/null 2>&1 3>&- &
	wait_until 10 has_advisory 1 t
	background a seedonce --sql "$FILE"
	wait_until 10 has_advisory 1 f
	kill -KILL "$PID"
	exits 75 seedonce --lock-timeout 200ms --sql "$FILE"
	background b seedonce --sql "$FILE"
	wait_until 10 waits b
	db "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%'
		and pid <> pg_backend_pid()" >/dev/null
	ended b 0
	equals "$(db 'select count(*) from t')" 1
	equals "$(attempt)" 1
}

# --- killing the server ---

# crash: the postmaster and all its backends die at one blow, or it quits at once;
# then it starts again.
crash() {
	local postmaster children
	postmaster=$(cat "$SERVER/pid")
	children=$(pgrep -P "$postmaster") || true
	if [ $((RANDOM % 2)) -eq 0 ]; then
		# shellcheck disable=SC2086 # a list
		kill -KILL "$postmaster" $children 2>/dev/null || true
	else
		kill -QUIT "$postmaster"
	fi
	wait_until 20 pid_gone "$postmaster"
	server_start "$SERVER"
}

# The first runner ends by itself, and soon; its status is in status.
first_ends() {
	wait_until 15 pid_gone "$PID"
	reap_first
}

@test "the server is killed at random moments: an SQL seed is never half there and never twice there" {
	local n first
	random_series
	fresh_database warm3
	took seedonce --sql "$SQL_SEED"
	for ((n = 1; n <= $(rounds 100); n++)); do
		echo "round $n"
		begin "s$n" seedonce --sql "$SQL_SEED"
		moment
		crash
		whole_or_nothing
		first_ends
		first=$status
		whole_or_nothing
		[ "$first" -ne 0 ] || seeded_once
		exits 0 seedonce -q --sql "$SQL_SEED"
		seeded_once
	done
}

@test "the server is killed at random moments: a command is done only if it ended, and never runs beside itself" {
	local n
	random_series
	fresh_database warm4
	took seedonce -- work "$LOG"
	for ((n = 1; n <= $(rounds 100); n++)); do
		echo "round $n"
		begin "d$n" seedonce -q -- work "$LOG"
		moment
		crash
		another_comes 10ms
		command_ran_well marker
		first_ends
		command_ran_well marker
		[ "$status" -ne 0 ] || equals "$(marker)" 'done'
	done
}
