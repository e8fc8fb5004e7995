# Runs whose process died, told from runs that go on: in journal, pgbackup status, the next restore and seedonce --status.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/seedonce
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	make_seeds
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	made app 3
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	export BACKUP_ROLES=no
	DATABASE_URL=$(url app)
	export DATABASE_URL
	exits 0 pgbackup run
}

teardown() {
	clear_rooms
}

# last: the status of the last run that is a restore, or a part of a backup.
last() {
	journal --json "$BACKUP_DIR" | jq -rs '[.[] | select(.name != "chosen")] | last | .status'
}

last_is() {
	equals "$(last)" "$1"
}

in_journal() {
	journal "$BACKUP_DIR" | grep -q "$1.*running"
}

@test "a backup: running while it is made, interrupted once it was killed" {
	local blocker
	"$PG_BIN/psql" -X -q "$DATABASE_URL" -c 'begin; lock table t; select pg_sleep(30)' >/dev/null 2>&1 3>&- &
	blocker=$!
	echo "$blocker" >"$BATS_TEST_TMPDIR/blocker.runner"
	wait_until 20 locked
	background run pgbackup run
	wait_until 20 last_is running
	exits 0 pgbackup status
	says 'its last run: running'
	# The supervisor dies first, so that it cannot tidy up, and takes its children along.
	kill -KILL "$PID"
	wait_until 20 last_is interrupted
	exits 0 pgbackup status
	says 'its last run: interrupted: killed'
	says_not running
	exits 0 pgbackup status --json
	equals "$(jq -r .last_run <<<"$output")" interrupted
	exits 0 healthz "backup=$BACKUP_DIR"
	equals "$(journal_sql "select count(*) from runs where status = 'running'")" 2
}

locked() {
	[ "$(sql app "select count(*) from pg_locks where relation = 't'::regclass and granted
		and mode = 'AccessExclusiveLock'")" -gt 0 ]
}

@test "a restore: running while it goes on, interrupted once it was killed, and recorded so by the next" {
	background one pgrestore latest --replace --verify "query=select pg_sleep(20) is not null"
	wait_until 20 in_journal app_restore
	equals "$(last)" running
	kill -KILL "$PID"
	wait_until 20 last_is interrupted
	equals "$(journal_sql "select count(*) from runs where status = 'running'")" 1
	exits 0 pgrestore latest --replace
	equals "$(journal_sql "select group_concat(status, ' ') from runs where applet = 'pgrestore'")" 'interrupted done'
}

@test "a restore of an SQLite file that was killed is recorded as interrupted by the next" {
	local file=$BATS_TEST_TMPDIR/notes.db
	: >"$file"
	lite "$file" 'create table t (a)'
	export DATABASE_URL=sqlite:$file
	exits 0 pgbackup run
	lite "$BACKUP_DIR/.pgbox/journal.db" "insert into runs (applet, name, target, started, status)
		values ('pgrestore', 'notes.db', (select target from runs where name = 'notes.db'), '2026-01-01', 'running')"
	equals "$(last)" interrupted
	exits 0 pgrestore latest:notes.db --replace
	equals "$(journal_sql "select group_concat(status, ' ') from runs where applet = 'pgrestore'")" 'interrupted done'
}

@test "a journal that cannot be written tells the dead from the living as well" {
	[ "$(id -u)" = 0 ] || skip "needs root, for a file system of its own"
	lite "$BACKUP_DIR/.pgbox/journal.db" "insert into runs (applet, name, started, status)
		values ('pgrestore', 'x', '2026-01-01', 'running')"
	mount --bind "$BACKUP_DIR" "$BACKUP_DIR" 2>/dev/null || skip "cannot mount here"
	mount -o remount,ro,bind "$BACKUP_DIR"
	run journal "$BACKUP_DIR"
	umount "$BACKUP_DIR"
	[ "$status" -eq 0 ]
	says 'interrupted'
}

@test "seedonce --status: running while the seed lives, if alone, and interrupted after that" {
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db
	room a
	background a seedonce --name s -- gate "$ROOM"
	in_room
	exits 1 seedonce --name s --status
	says "'s': running"
	kill -KILL "$PID"
	exits 1 seedonce --name s --status
	says "'s': running"
	kill -KILL "$(cat "$ROOM/pid")"
	wait_until 20 seed_is interrupted
	exits 0 journal "$PGBOX_JOURNAL"
	says interrupted
	exits 1 healthz --url "$DATABASE_URL" seeded=s
}

seed_is() {
	seedonce --name s --status | grep -q "'s': $1"
}
