# pgrestore watch: what is taken from the folder and when, where it goes, what is kept of it, and how the watcher ends.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore
load ../lib/watch

setup_file() {
	export BATS_TEST_TIMEOUT=120
	export LITE=$BATS_FILE_TMPDIR/new.db
	watch_suite
	gzip -k "$DUMP.sql" && zstd -q "$DUMP.sql" && gzip -k "$DUMP"
	python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("create table t (a)")
db.execute("insert into t values (5)"); db.commit()' "$LITE"
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	watch_begin
	unset DOCKER_HOST
}

teardown() {
	watch_clear
}

# app_has N: rows.
app_has() {
	[ "$(rows app)" = "$1" ]
}

@test "SQL and archives, packed or not and whatever their name, take the place of the database; each with its log" {
	local file n=0
	watch_start
	for file in "$DUMP" "$DUMP.gz" "$DUMP.sql" "$DUMP.sql.gz" "$DUMP.sql.zst"; do
		only source
		made app 1
		n=$((n + 1))
		deliver "$file" "backup-$n"
		lands 'done' "backup-$n"
		equals "$(rows app)" 5
		equals "$(rows "$(befores)")" 1
		logged "backup-$n" 'restored from'
		logged "backup-$n" "'backup-$n' is restored"
	done
	equals "$(find "$BOX/incoming" "$BOX/.processing" -type f)" ''
	equals "$(stat -c %a "$BOX/done/backup-1.log")" 600
	watch_stop
}

@test "folders that somebody has deleted are made anew" {
	watch_start
	said watching
	rmdir "$BOX/.processing" "$BOX/done" "$BOX/failed"
	deliver "$DUMP" one.dump
	lands 'done' one.dump
	equals "$(rows app)" 5
	watch_stop
}

@test "an SQLite file goes to RESTORE_SQLITE_PATH, told by its content, and SQL to the server all the same" {
	export RESTORE_SQLITE_PATH=$BATS_TEST_TMPDIR/live.db
	lite_rows() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("select * from t").fetchall())' "$1"; }
	python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("create table t (a)"); db.commit()' "$RESTORE_SQLITE_PATH"
	watch_start
	deliver "$LITE" one.dump
	lands 'done' one.dump
	equals "$(lite_rows "$RESTORE_SQLITE_PATH")" '[(5,)]'
	equals "$(rows app)" 1
	gzip -c "$LITE" >"$BATS_TEST_TMPDIR/two.db.gz"
	deliver "$BATS_TEST_TMPDIR/two.db.gz"
	lands 'done' two.db.gz
	deliver "$DUMP.sql" three.db
	lands 'done' three.db
	equals "$(rows app)" 5
}

@test "what is damaged, no backup, or of the wrong kind fails, says why beside it, and nothing is touched" {
	watch_start
	head -c 300 "$DUMP.gz" >"$BATS_TEST_TMPDIR/cut.gz"
	echo 'shopping list' >"$BATS_TEST_TMPDIR/list.txt"
	: >"$BATS_TEST_TMPDIR/empty.sql"
	deliver "$BATS_TEST_TMPDIR/cut.gz"
	deliver "$BATS_TEST_TMPDIR/list.txt"
	deliver "$BATS_TEST_TMPDIR/empty.sql"
	deliver "$LITE"
	lands failed cut.gz
	lands failed list.txt
	lands failed empty.sql
	lands failed new.db
	logged cut.gz damaged
	logged new.db 'the target is'
	logged list.txt "'list.txt' is not restored: exit status"
	equals "$(rows app)" 1
	equals "$(befores)" ''
	# And it goes on.
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(rows app)" 5
}

@test "a file that is still being written is not taken, however long it pauses" {
	watch_start
	exec 7>"$BOX/incoming/slow.dump"
	head -c 500 "$DUMP" >&7
	deliver "$DUMP" other.dump
	lands 'done' other.dump
	test -e "$BOX/incoming/slow.dump"
	tail -c +501 "$DUMP" >&7
	exec 7>&-
	lands 'done' slow.dump
}

@test "a marker says that a file has arrived: .ok, or a .sha256 that it matches; they go with it" {
	export RESTORE_SETTLE=1h
	watch_start
	cp "$DUMP" "$BOX/incoming/a.dump"
	cp "$DUMP.sql" "$BOX/incoming/b.sql"
	cp "$DUMP.gz" "$BOX/incoming/c.gz"
	touch "$BOX/incoming/a.dump.ok"
	lands 'done' a.dump
	test -e "$BOX/done/a.dump.ok"
	(cd "$BOX/incoming" && sha256sum b.sql >b.sql.sha256)
	lands 'done' b.sql
	test -e "$BOX/done/b.sql.sha256"
	sha256sum <<<other >"$BOX/incoming/c.gz.sha256"
	deliver "$DUMP" d.dump
	touch "$BOX/incoming/d.dump.ok"
	lands 'done' d.dump
	test -e "$BOX/incoming/c.gz"
}

@test "a .sha256 that does not match, or is none, fails the file once it has settled" {
	watch_start
	sha256sum <<<other >"$BOX/incoming/a.dump.sha256"
	echo garbage >"$BOX/incoming/b.dump.sha256"
	deliver "$DUMP" a.dump
	deliver "$DUMP" b.dump
	lands failed a.dump
	lands failed b.dump
	logged a.dump 'it is not what its .sha256 says'
	logged b.dump 'is not what sha256sum writes'
	equals "$(rows app)" 1
}

@test "a manifest that is dropped with it is heeded: pgbackup's own set, and one of another database" {
	exits 0 pgbackup run source --url "$(url source)"
	local data set
	data=$(newest source)
	watch_start "$(url app)"
	for set in "$data.json" "$data.sha256" "$data"; do
		deliver "$set" "${set##*/}"
	done
	lands 'done' "${data##*/}"
	test -e "$BOX/done/${data##*/}.json"
	equals "$(rows app)" 5
	watch_stop
	# Without a URL on the command line it must be the one that it came from.
	deliver "$data.json"
	watch_start
	deliver "$data"
	lands failed "${data##*/}"
	logged "${data##*/}" "the backup is of database 'source', the environment names 'app'"
}

@test "symlinks, folders, hidden files and those of copying programs are left alone" {
	mkdir -p "$BOX/incoming/folder"
	ln -s "$DUMP" "$BOX/incoming/link.dump"
	cp "$DUMP" "$BOX/incoming/.hidden"
	cp "$DUMP" "$BOX/incoming/x.part"
	cp "$DUMP" "$BOX/incoming/y.sql~"
	: >"$BOX/incoming/Thumbs.db"
	: >"$BOX/incoming/.DS_Store"
	echo '[.ShellClassInfo]' >"$BOX/incoming/Desktop.ini"
	watch_start
	said "link.dump' is a symlink, not a file: it is left alone"
	said "folder' is a folder, not a file: it is left alone"
	deliver "$DUMP" real.dump
	lands 'done' real.dump
	equals "$(find "$BOX/incoming" -mindepth 1 -printf '%f\n' | sort | paste -sd' ')" '.DS_Store .hidden Desktop.ini Thumbs.db folder link.dump x.part y.sql~'
	equals "$(grep -c 'left alone' "$LOG")" 2
}

@test "one at a time, in order of arrival" {
	local n
	mkdir -p "$BOX/incoming"
	# By their names they would be the other way round.
	for n in 3 2 1; do
		made "d$n" "$n"
		archive "d$n" "$BOX/incoming/.d$n"
		mv "$BOX/incoming/.d$n" "$BOX/incoming/file$n"
	done
	watch_start
	lands 'done' file1
	equals "$(rows app)" 1
	equals "$(sed -n "s/.*info: '\(file.\)' is restored/\1/p" "$LOG" | paste -sd' ')" 'file3 file2 file1'
	equals "$(grep -c ': restoring' <(sed -n '/restoring/,/is restored/p' "$LOG"))" 3
}

@test "a name that is taken gets the moment in front; nothing that has landed is overwritten" {
	watch_start
	deliver "$DUMP" app.dump
	lands 'done' app.dump
	deliver "$DUMP.sql" app.dump
	wait_until 20 landed_twice
	cmp "$BOX/done/app.dump" "$DUMP"
	cmp "$BOX"/done/2*-app.dump "$DUMP.sql"
}

landed_twice() {
	[ "$(find "$BOX/done" -name '*app.dump.log' | wc -l)" -eq 2 ]
}

@test "events that never come are made up for by looking: here the folder is made anew" {
	watch_start
	rm -r "$BOX/incoming"
	mkdir "$BOX/incoming"
	deliver "$DUMP" late.dump
	lands 'done' late.dump
}

@test "SIGTERM ends it at once while it waits" {
	watch_start
	watch_stop
}

# slow_restore: one that is in the middle of it for a minute.
slow_restore() {
	with_at_end 'SELECT pg_sleep(60);' "$DUMP.sql" >"$BATS_TEST_TMPDIR/slow.sql"
	deliver "$BATS_TEST_TMPDIR/slow.sql"
	wait_until 20 sleeps
}

sleeps() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where query ilike '%pg_sleep(60)%' and state = 'active'
		and pid <> pg_backend_pid()")" -gt 0 ]
}

@test "SIGTERM during a restore ends it, too: the database is as it was, and the file has failed" {
	watch_start
	slow_restore
	kill "$WATCH"
	watch_ends 143 10
	equals "$(rows app)" 1
	lands failed slow.sql 1
	logged slow.sql 'told to stop meanwhile; drop it again'
	equals "$(lite "$BOX/state/journal.db" "select status from runs where applet = 'watch'")" interrupted
}

@test "SIGKILL during a restore: the next watcher says so, puts the file with the failed ones, and takes the next" {
	watch_start
	slow_restore
	watch_kill
	test -e "$BOX/.processing/slow.sql"
	equals "$(rows app)" 1
	watch_start
	lands failed slow.sql
	logged slow.sql "the restore of 'slow.sql' was broken off"
	# The server notices only now that nobody waits for it.
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where query ilike '%pg_sleep(60)%'
		and pid <> pg_backend_pid()"
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(rows app)" 5
	# What the killed one had made beside is dropped.
	wait_until 20 nothing_beside
}

nothing_beside() {
	not grep -q _restore_ <<<"$(databases)"
}

@test "a restore that is killed alone has failed, and the watcher goes on" {
	watch_start
	slow_restore
	kill -KILL "$(pgrep -P "$WATCH")"
	lands failed slow.sql
	logged slow.sql 'the restore was killed by signal 9: was it out of memory?'
	equals "$(rows app)" 1
	deliver "$DUMP"
	lands 'done' new.dump
}

@test "of two watchers of one folder the second gives up" {
	watch_start
	exits 75 pgrestore watch
	says 'is locked by another run'
}

@test "the journal: beside the folder, or what RESTORE_STATE_FILE names" {
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(lite "$BOX/state/journal.db" "select applet, name, status from runs order by id" | cut -d'|' -f1,3 | paste -sd' ')" \
		'watch|done pgrestore|done'
	watch_stop
	export RESTORE_STATE_FILE=$BATS_TEST_TMPDIR/state.db
	watch_start
	deliver "$DUMP" second.dump
	lands 'done' second.dump
	equals "$(lite "$RESTORE_STATE_FILE" "select name, status from runs where applet = 'watch'")" 'second.dump|done'
	watch_stop
	echo 'no database' >"$RESTORE_STATE_FILE"
	watch_start
	said 'warning: journal'
	deliver "$DUMP" third.dump
	lands 'done' third.dump
}

@test "modes that are no replacement are refused at the start" {
	exits 64 pgrestore watch --clean
	exits 64 pgrestore watch --tables t
	RESTORE_SETTLE=soon exits 78 pgrestore watch
	DOCKER_HOST=ssh://host exits 78 pgrestore watch
	RESTORE_STOP_CONTAINERS='a/b' exits 78 pgrestore watch
}
