# pgbackup as a daemon: what it is told, when it runs, how it waits and ends, and who it shares with. SOAK=1 for the full
# series.
# shellcheck disable=SC2030,SC2031 # tests are subshells

load ../lib/base
load ../lib/trials
load ../lib/pgbackup

setup_file() {
	use_applets
	SERVER=$BATS_FILE_TMPDIR/pg
	export SERVER
	server_make "$SERVER"
	server_start "$SERVER"
	server_sql "$SERVER" postgres 'create database app'
	server_sql "$SERVER" app 'create table a as select generate_series(1, 1000) i'
}

teardown_file() {
	server_stop "$SERVER" || true
}

setup() {
	backup_folder
	export BACKUP_ROLES=no
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
	LOG=$BATS_TEST_TMPDIR/log
	: >"$LOG"
}

teardown() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
	done
	go_on
}

# --- the daemon in the background ---

# daemon COMMAND...: starts it; PID is its own, LOG gets what it says.
daemon() {
	"$@" >>"$LOG" 2>&1 </dev/null 3>&- &
	PID=$!
	echo "$PID" >"$BATS_TEST_TMPDIR/$PID.pid"
}

# says_soon WORDS [SECONDS]: in its log.
says_soon() {
	wait_until "${2:-10}" grep -qF -- "$1" "$LOG" && return
	echo "not said: $1"
	cat "$LOG"
	return 1
}

# ends STATUS [SECONDS]: it has been told to, and does so within them.
ends() {
	local began
	began=$(date +%s%N)
	ENDED=0
	wait_until 20 pid_gone "$PID"
	wait "$PID" || ENDED=$?
	TOOK=$((($(date +%s%N) - began) / 1000000))
	rm -f "$BATS_TEST_TMPDIR/$PID.pid"
	[ "$ENDED" -eq "$1" ] && [ "$TOOK" -le $((${2:-2} * 1000)) ] && return
	echo "status $ENDED after $TOOK ms"
	cat "$LOG"
	return 1
}

# The moments of `the next run is at`, in seconds since 1970, one a line.
next_runs() {
	local at
	sed -n 's/.*the next run is at \([0-9TZ:-]*\).*/\1/p' "$LOG" | while read -r at; do date -d "$at" +%s; done
}

# next_in LEAST MOST: the last such moment is that many seconds away.
next_in() {
	local away
	away=$(($(next_runs | tail -n 1) - $(date +%s)))
	[ "$away" -ge "$1" ] && [ "$away" -le "$2" ] && return
	echo "the next run is $away s away, not $1 to $2"
	return 1
}

worker() {
	pgrep -P "$PID"
}

has_worker() {
	worker >/dev/null
}

# How many runs the journal says are done; has_done NUMBER: so many.
runs_done() {
	journal_sql "select count(*) from runs where part_of is null and status = 'done'" 2>/dev/null || echo 0
}

has_done() {
	[ "$(runs_done)" -ge "$1" ]
}

# --- a table that keeps dumps waiting ---

stand_still() {
	"$PG_BIN/psql" -X -q "$DATABASE_URL" -c 'begin; lock table a in access exclusive mode; select pg_sleep(60)' \
		>/dev/null 2>&1 3>&- &
	echo "$!" >"$BATS_TEST_TMPDIR/blocker.pid"
	wait_until 10 table_is_locked
}

table_is_locked() {
	[ "$(server_sql "$SERVER" app "select count(*) from pg_locks where relation = 'a'::regclass
		and mode = 'AccessExclusiveLock' and granted")" -gt 0 ]
}

go_on() {
	server_sql "$SERVER" app "select pg_terminate_backend(pid) from pg_stat_activity
		where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()" >/dev/null
}

# dumps_waiting NUMBER: so many dumps of the database wait for the table.
dumps_waiting() {
	[ "$(server_sql "$SERVER" app "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
		and query like 'LOCK TABLE%' and datname = 'app'")" -eq "$1" ]
}

# --- what it is told ---

@test "the variables of people's Compose files set the schedule" {
	local set every
	for set in BACKUP_INTERVAL_SECONDS=86400 BACKUP_INTERVAL=24h BACKUP_INTERVAL=86400 BACKUP_INTERVAL=1d \
		'SCHEDULE=@every 24h'; do
		rm -rf "$BACKUP_DIR"
		: >"$LOG"
		daemon env "$set" pgbackup
		case $set in
		# A schedule waits for its time where an interval does not.
		SCHEDULE*) ;;
		*) says_soon "1 table in" ;;
		esac
		says_soon "the next run is at"
		next_in 86390 86400
		kill -TERM "$PID"
		ends 143
	done
	every=$(date -u -d 'tomorrow 00:00' +%s)
	for set in SCHEDULE=@daily CRON_SCHEDULE=@daily BACKUP_CRON=@daily 'SCHEDULE=0 0 * * *' 'BACKUP_CRON=0 0 * * *' \
		'CRON_SCHEDULE=CRON_TZ=UTC 0 0 * * *'; do
		rm -rf "$BACKUP_DIR"
		: >"$LOG"
		daemon env "$set" pgbackup
		says_soon "the next run is at"
		equals "$(next_runs | tail -n 1)" "$every"
		equals "$(runs_done)" 0
		kill -TERM "$PID"
		ends 143
	done
}

@test "an interval and a cron schedule, or two intervals, are one too many; a wrong one is named" {
	exits 78 env BACKUP_INTERVAL=1h BACKUP_CRON='0 3 * * *' pgbackup
	exits 78 env BACKUP_INTERVAL=1h BACKUP_INTERVAL_SECONDS=60 pgbackup
	exits 78 env SCHEDULE='0 3 * * *' BACKUP_CRON='0 4 * * *' pgbackup
	exits 78 env BACKUP_CRON='0 25 * * *' pgbackup
	says "hour '25'"
	exits 78 env BACKUP_INTERVAL=daily pgbackup
	says BACKUP_INTERVAL
	exits 78 pgbackup daemon
	says "needs a schedule"
	[ ! -e "$BACKUP_DIR" ]
}

@test "an interval of 1 to 59 without a unit is refused: nobody means seconds" {
	local set
	for set in BACKUP_INTERVAL=24 BACKUP_INTERVAL=1 BACKUP_INTERVAL=059 BACKUP_MAX_AGE=26 'SCHEDULE=@every 6' \
		'BACKUP_CRON=@EVERY 30'; do
		exits 78 env "$set" pgbackup
		says "has no unit"
	done
	echo 24 >"$BATS_TEST_TMPDIR/interval"
	exits 78 env BACKUP_INTERVAL_FILE="$BATS_TEST_TMPDIR/interval" pgbackup
	says "BACKUP_INTERVAL: '24' has no unit and would be seconds: write 24h"
	exits 64 pgbackup --every 24
	exits 64 pgbackup status --max-age 26
	[ ! -e "$BACKUP_DIR" ]
	daemon env BACKUP_INTERVAL_SECONDS=24 BACKUP_KEEP_DAYS=7 pgbackup
	says_soon "a backup every 24s"
	kill -TERM "$PID"
	ends 143
}

@test "without a schedule it is one run; without a rule it says that nothing is ever deleted" {
	exits 0 pgbackup
	equals "$(backups app)" 1
	daemon env BACKUP_INTERVAL=1h pgbackup
	says_soon "a backup every 1h, and all are kept: no BACKUP_KEEP_* rule is set, nothing is ever deleted"
	kill -TERM "$PID"
	ends 143
}

# --- when it runs ---

@test "the first interval run is at once, after waiting for a server that comes up later" {
	local late=$BATS_TEST_TMPDIR/late
	server_make "$late"
	chmod 755 "$BATS_TEST_TMPDIR"
	DATABASE_URL=$(server_url "$late" postgres)
	daemon pgbackup --every 1h --wait 30s
	says_soon "waiting up to"
	server_launch "$late"
	cp "$late/pid" "$BATS_TEST_TMPDIR/late.pid"
	says_soon "0 tables in" 30
	says_soon "the next run is at"
	next_in 3570 3600
	kill -TERM "$PID"
	ends 143
	server_stop "$late"
	equals "$(runs_done)" 1
}

@test "--wait-for: a first backup waits for its app's data, also for a database that is still to be made" {
	server_sql "$SERVER" postgres 'drop database if exists late'
	DATABASE_URL=$(server_url "$SERVER" late)
	daemon env BACKUP_INTERVAL=24h BACKUP_WAIT=60s BACKUP_WAIT_FOR=$'table=public.t\n  rows=public.t>2' pgbackup
	says_soon 'the first backup waits'
	server_sql "$SERVER" postgres 'create database late'
	server_sql "$SERVER" late 'create table t as select generate_series(1, 3) i'
	says_soon 'the next run is at' 30
	equals "$(field late .tables)" 1
	kill -TERM "$PID"
	ends 143
}

@test "--wait-for: what does not come true only delays the first backup, and no later one" {
	export BACKUP_WAIT=1s BACKUP_WAIT_FOR=table=public.none
	exits 0 pgbackup run
	says 'table=public.none does not hold'
	says 'backing up all the same'
	equals "$(backups app)" 1
	exits 0 pgbackup run
	says_not 'waits'
	equals "$(backups app)" 2
	BACKUP_WAIT_FOR='rows=a>>1' exits 78 pgbackup run
	says BACKUP_WAIT_FOR
}

@test "a server that is down is tried again after a minute, and after two" {
	DATABASE_URL=postgres://postgres@127.0.0.1:$(free_port)/app
	daemon pgbackup --every 1h --wait 200ms
	says_soon "the next run is at"
	next_in 55 60
	equals "$(journal_sql "select status from runs where part_of is null")" failed
	# The minute is not waited for: the journal remembers an end of two minutes ago.
	kill -TERM "$PID"
	ends 143
	journal_sql "update runs set finished = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-61 seconds') where finished is not null"
	: >"$LOG"
	daemon pgbackup --every 1h --wait 200ms
	says_soon "the next run is at"
	next_in 115 120
	equals "$(journal_sql "select count(distinct due) from runs where part_of is null")" 1
	kill -TERM "$PID"
	ends 143
}

# interrupt: kills or ends the daemon at a random moment, every other time of a run.
interrupt() {
	if [ $((RANDOM % 2)) -eq 0 ]; then
		pause $((RANDOM % 2500))
	else
		wait_until 10 has_worker
		pause $((RANDOM % 60))
	fi
	if [ $((RANDOM % 2)) -eq 0 ]; then
		kill -KILL "$PID"
		ends 137
	else
		kill -TERM "$PID"
		ends 143
	fi
}

@test "a restart neither repeats a run nor skips one" {
	local n
	random_series
	for ((n = 0; n < $(rounds 20) + 8; n++)); do
		daemon pgbackup --every 2s --wait 1s
		interrupt
	done
	# Now it is left alone for two runs.
	n=$(runs_done)
	daemon pgbackup --every 2s --wait 1s
	wait_until 15 has_done $((n + 2))
	kill -TERM "$PID"
	ends 143
	journal_sql "select id, due, status, started, finished from runs where part_of is null"
	journal_sql "select run, path, made from files"
	# All are of one grid, each later than the one before: none was repeated.
	equals "$(journal_sql "select count(*) from (select due - lag(due) over (order by id) as step from runs
		where part_of is null and status = 'done') where step <= 0 or step % 2000 <> 0")" 0
	# One backup a slot, whatever was killed in it.
	equals "$(journal_sql "select count(*) from (select run.due from files f join runs part on part.id = f.run
		join runs run on run.id = part.part_of group by run.due having count(*) > 1)")" 0
	equals "$(journal_sql "select count(*) from files")" "$(backups app)"
	equals "$(journal_sql "select count(*) from runs where part_of is null and status not in ('done', 'interrupted')")" 0
	[ "$(runs_done)" -ge 3 ]
	# Nothing was skipped while somebody was there: the last two are neighbours.
	equals "$(journal_sql "select max(due) - min(due) from (select due from runs where part_of is null
		and status = 'done' order by id desc limit 2)")" 2000
}

@test "SIGUSR1 runs at once, and the interval follows from there" {
	exits 0 pgbackup run
	daemon pgbackup --every 1h
	says_soon "the next run is at"
	equals "$(runs_done)" 1
	kill -USR1 "$PID"
	wait_until 10 has_done 2
	kill -TERM "$PID"
	ends 143
	equals "$(backups app)" 2
}

@test "SIGUSR1 while it runs is not lost and does not hurt" {
	stand_still
	daemon pgbackup --every 1h
	wait_until 10 dumps_waiting 1
	kill -USR1 "$PID"
	go_on
	wait_until 10 has_done 2
	kill -TERM "$PID"
	ends 143
}

# --- how it ends ---

@test "SIGTERM while it waits, and while it dumps, ends it within 2 s with 143" {
	daemon pgbackup --every 1h
	says_soon "the next run is at"
	kill -TERM "$PID"
	ends 143
	rm -rf "$BACKUP_DIR"
	stand_still
	daemon pgbackup --every 1h
	wait_until 10 dumps_waiting 1
	kill -TERM "$PID"
	ends 143
	nothing_half_made
	equals "$(journal_sql "select status from runs where part_of is null")" interrupted
	# The server does not go on with it, either.
	wait_until 5 dumps_waiting 0
}

# as_init: a pid namespace with the daemon as its pid 1; INIT is that pid, seen from here.
as_init() {
	daemon unshare --pid --fork --kill-child -- "$@"
	wait_until 10 has_worker
	INIT=$(worker)
}

@test "as pid 1 it does the same" {
	[ "$(id -u)" = 0 ] || skip "needs root, for a pid namespace"
	unshare --pid --fork true 2>/dev/null || skip "cannot make a pid namespace here"
	as_init pgbackup --every 1h
	says_soon "the next run is at"
	kill -TERM "$INIT"
	ends 143
	rm -rf "$BACKUP_DIR"
	: >"$LOG"
	stand_still
	as_init pgbackup --every 1h
	wait_until 10 dumps_waiting 1
	kill -TERM "$INIT"
	ends 143
	nothing_half_made
	equals "$(journal_sql "select status from runs where part_of is null")" interrupted
}

@test "its child is killed as for want of memory: it says so, cleans up, and tries again in a minute" {
	stand_still
	daemon pgbackup --every 1h
	wait_until 10 dumps_waiting 1
	kill -KILL "$(worker)"
	says_soon "killed"
	says_soon "the next run is at"
	next_in 55 60
	nothing_half_made
	equals "$(journal_sql "select group_concat(status) from runs where part_of is null")" interrupted
	kill -TERM "$PID"
	ends 143
	go_on
	# The next daemon makes up for it.
	daemon pgbackup --every 1h
	wait_until 10 has_done 1
	kill -TERM "$PID"
	ends 143
}

# --- who it shares with ---

@test "two daemons on one folder: one at a time, the other waits" {
	stand_still
	daemon pgbackup --every 1h
	wait_until 10 dumps_waiting 1
	first=$PID
	daemon pgbackup --every 1h --busy-wait 20s
	says_soon "waiting for another run"
	dumps_waiting 1
	go_on
	wait_until 10 has_done 2
	kill -TERM "$PID"
	ends 143
	PID=$first
	kill -TERM "$PID"
	ends 143
}

@test "another run of the folder, or from another folder of the database: 75 when it is not willing to wait" {
	stand_still
	daemon pgbackup --every 1h
	wait_until 10 dumps_waiting 1
	took pgbackup run --busy-wait 1s || true
	[ "$TOOK" -ge 1000 ]
	exits 75 pgbackup run --busy-wait 200ms
	says "locked by another run"
	exits 75 pgbackup -d "$BATS_TEST_TMPDIR/other" run --busy-wait 1s
	says "another run holds it: pid "
	exits 75 pgbackup -d "$BATS_TEST_TMPDIR/other" run --busy-wait 0s
	dumps_waiting 1
	# A database beside it is free.
	exits 0 pgbackup -d "$BATS_TEST_TMPDIR/other" run "$(server_url "$SERVER" postgres)"
	go_on
	wait_until 10 has_done 1
	exits 0 pgbackup -d "$BATS_TEST_TMPDIR/other" run --busy-wait 0s
	kill -TERM "$PID"
	ends 143
}

# one_dump: no more than one is at work in the database; its sessions that wait for a table or copy one are pg_dump's.
one_dump() {
	local now
	now=$(server_sql "$SERVER" app "select count(*) from pg_stat_activity where datname = 'app' and state = 'active'
		and (query like 'LOCK TABLE%' or query like 'COPY %')")
	[ "$now" -le 1 ] || { echo "$now dumps at once"; return 1; }
}

# three_wait: three of the four runs say that they do.
three_wait() {
	[ "$(cat "$BATS_TEST_TMPDIR"/d?.log | grep -c 'waiting for another run')" -eq 3 ]
}

@test "runs from four folders at once: never two dumps of a database at the same time" {
	local n pids=()
	stand_still
	for n in 1 2 3 4; do
		pgbackup -d "$BATS_TEST_TMPDIR/d$n" run --busy-wait 30s >"$BATS_TEST_TMPDIR/d$n.log" 2>&1 3>&- &
		pids+=($!)
		echo "$!" >"$BATS_TEST_TMPDIR/d$n.pid"
	done
	wait_until 10 three_wait
	wait_until 10 dumps_waiting 1
	go_on
	for n in "${pids[@]}"; do
		until pid_gone "$n"; do one_dump; done
		wait "$n"
	done
	for n in 1 2 3 4; do
		BACKUP_DIR=$BATS_TEST_TMPDIR/d$n
		equals "$(backups app)" 1
	done
}

# --- what it costs ---

# spent PID: clock ticks, and voluntary and other context switches.
spent() {
	local stat switches
	stat=$(<"/proc/$1/stat")
	# shellcheck disable=SC2086 # words
	set -- "$1" ${stat##*) }
	switches=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$1/status")
	echo "$((${13} + ${14})) $switches"
}

@test "idle it has at most 8 MiB and does nothing at all" {
	local before after memory
	daemon pgbackup --every 1h
	says_soon "the next run is at"
	memory=$(awk '/VmRSS/ { print $2 }' "/proc/$PID/status")
	[ "$memory" -le 8192 ] || { echo "$memory kB"; return 1; }
	before=$(spent "$PID")
	pause 3100
	after=$(spent "$PID")
	echo "from $before to $after"
	equals "${after% *}" "${before% *}"
	# Once a second would be three.
	[ $((${after#* } - ${before#* })) -le 3 ]
	kill -TERM "$PID"
	ends 143
}

# --- time zones ---

# An unknown zone: cron needs it, an interval does not.
@test "an unknown time zone is an error where cron needs it, and a warning elsewhere" {
	exits 78 env CRON_TZ=Europe/Berlun BACKUP_CRON='0 3 * * *' pgbackup
	says Europe/Berlun
	exits 78 env TZ=Europe/Berlun BACKUP_CRON='0 3 * * *' pgbackup
	exits 78 env BACKUP_CRON='CRON_TZ=Europe/Berlun 0 3 * * *' pgbackup
	exits 0 env TZ=Europe/Berlun pgbackup run
	says "warning"
	says Europe/Berlun
	daemon env TZ=Europe/Berlun pgbackup --every 1h
	says_soon Europe/Berlun
	says_soon "the next run is at"
	kill -TERM "$PID"
	ends 143
}

@test "in an image that holds nothing but pgbox, Europe/Berlin is known all the same" {
	local image=$BATS_TEST_TMPDIR/image want
	[ "$(id -u)" = 0 ] || skip "needs root, for chroot"
	mkdir "$image"
	cp "$PGBOX" "$image/pgbox"
	want=$(date -d 'TZ="Europe/Berlin" tomorrow 03:00' +%s)
	[ $((want - $(date +%s))) -le 86400 ] || want=$(date -d 'TZ="Europe/Berlin" today 03:00' +%s)
	for zone in CRON_TZ=Europe/Berlin TZ=Europe/Berlin; do
		: >"$LOG"
		daemon env "$zone" BACKUP_DIR=/backups chroot "$image" /pgbox pgbackup --cron '0 3 * * *'
		says_soon "the next run is at"
		equals "$(next_runs | tail -n 1)" "$want"
		kill -TERM "$PID"
		ends 143
	done
	exits 78 env TZ=Europe/Berlun BACKUP_DIR=/backups chroot "$image" /pgbox pgbackup --cron '0 3 * * *'
}
