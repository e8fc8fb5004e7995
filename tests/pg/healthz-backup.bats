# healthz backup=DIR and disk=: after pgbackup's real runs, without a journal, and on what may not be written to.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/trials
load ../lib/pgbackup
bats_require_minimum_version 1.5.0

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	server_sql "$SERVER" postgres "create database app" "create database shop"
	server_sql "$SERVER" app "create table t as select generate_series(1, 100) a"
	server_sql "$SERVER" shop "create table t as select 1 a"
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	backup_folder
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
}

both() {
	exits 0 pgbackup run app shop
}

# Every name, size and moment below the folder: what may not change.
state() {
	find "$BACKUP_DIR" -printf '%p %s %T@ %m\n' | sort
}

# holds and fails WORDS: backup=, which changes nothing; LIMIT is added to the check.
LIMIT=

holds() {
	local before
	before=$(state)
	exits 0 healthz "backup=$BACKUP_DIR$LIMIT"
	[ -z "${1-}" ] || says "$1"
	equals "$(state)" "$before"
}

fails() {
	local before
	before=$(state)
	exits 1 healthz "backup=$BACKUP_DIR$LIMIT"
	says "[-]backup=$BACKUP_DIR$LIMIT failed: $1"
	equals "$(state)" "$before"
}

is_unknown() {
	exits 1 healthz --timeout "${2-3s}" "backup=$BACKUP_DIR$LIMIT"
	says "[?]backup=$BACKUP_DIR$LIMIT unknown: "
	says "$1"
}

# made FOLDER AGO: the newest backup of it is as old as that, in the journal and in its manifest.
made() {
	local file ms
	file=$(newest "$1")
	ms=$((($(date +%s) - $2) * 1000))
	journal_sql "update files set made = $ms where path = '$1/${file##*/}'" 2>/dev/null || true
	jq --arg at "$(date -u -d "@$((ms / 1000))" +%FT%T.000Z)" '.started = $at' "$file.json" >"$file.new"
	mv "$file.new" "$file.json"
}

# The same with and without the journal.
each_way() {
	"$@"
	mv "$BACKUP_DIR/.pgbox" "$BATS_TEST_TMPDIR/away"
	"$@"
	mv "$BATS_TEST_TMPDIR/away" "$BACKUP_DIR/.pgbox"
}

@test "a folder without a backup is a no, and so is none" {
	fails "No such file or directory"
	mkdir "$BACKUP_DIR"
	fails "nothing has been backed up yet"
	mkdir -p "$BACKUP_DIR/app" "$BACKUP_DIR/.globals"
	echo x >"$BACKUP_DIR/app/app.dump"
	fails "nothing has been backed up yet"
	BACKUP_DIR=$BACKUP_DIR/app/app.dump fails "Not a directory"
}

@test "fresh verified backups of every database hold, with and without the journal" {
	both
	each_way holds "2 databases, "
	LIMIT='<1h'
	each_way holds
	cd "$BACKUP_DIR"
	exits 0 healthz 'backup=.<1d'
	exits 0 healthz --json "backup=$BACKUP_DIR/"
	jq -e --arg dir "$BACKUP_DIR/" '.checks["backup:age"][0] | .componentId == $dir and .componentType == "system"
		and .observedUnit == "s" and .observedValue < 100' <<<"$output"
}

@test "the oldest of the databases' newest backups decides, and is named" {
	both
	made shop 7200
	each_way holds "2 databases, 2h old at most"
	LIMIT='<2h'
	each_way fails "shop: too old: "
	says_not "app:"
	LIMIT='<121m'
	each_way holds
	LIMIT=
	made app 97200
	each_way fails "app: too old: "
	says "27h old"
	says_not "shop:"
	exits 0 pgbackup run app
	each_way holds
}

@test "only verified backups that are there count" {
	both
	made app 300
	both
	journal_sql "update files set verified = null where path like 'app/%' and made = (select max(made) from files where path like 'app/%')"
	LIMIT='<2m'
	fails "app: too old: "
	LIMIT=
	holds "5m old at most"
	flip "$(newest shop)"
	exits 65 pgbackup verify shop
	LIMIT='<1h'
	holds
	journal_sql "update files set verified = null where path like 'shop/%'"
	fails "shop: failed: no verified backup"
}

@test "what the journal calls verified and is not there, or has lost bytes since, does not count" {
	both
	rm "$(newest app)"
	each_way fails "app: failed: no verified backup"
	both
	truncate -s 10 "$(newest app)"
	each_way fails "app: failed: no verified backup"
	exits 1 pgbackup status
	rm "$(newest app)"
	both
	each_way holds
	mv "$BACKUP_DIR/.pgbox" "$BATS_TEST_TMPDIR/away"
	truncate -s -1 "$(newest app)"
	fails "app: failed: no verified backup"
	for manifest in "$BACKUP_DIR"/shop/*.json; do
		echo '{' >"$manifest"
	done
	fails "app: failed: no verified backup; shop: failed: no verified backup"
}

@test "a manifest that does not say that it was verified is none" {
	both
	mv "$BACKUP_DIR/.pgbox" "$BATS_TEST_TMPDIR/away"
	jq 'del(.verified)' "$(newest app).json" >"$BATS_TEST_TMPDIR/json"
	cp "$BATS_TEST_TMPDIR/json" "$(newest app).json"
	fails "app: failed: no verified backup"
}

@test "a backup from the future says nothing of today" {
	both
	made app -86400
	each_way fails "app: failed: no verified backup"
	both
	mv "$BACKUP_DIR/.pgbox" "$BATS_TEST_TMPDIR/away"
	holds
}

@test "a database whose last run failed counts, one that is no longer backed up does not" {
	both
	exits 3 pgbackup run app nowhere
	fails "nowhere: failed: no verified backup; its last run: failed"
	says_not shop
	exits 0 pgbackup run app
	made shop 864000
	holds "1 database,"
}

@test "status says the same" {
	both
	made shop 97200
	exits 1 pgbackup status
	equals "$(grep '^shop:' <<<"$output")" "$(fails "shop" && grep -o 'shop: too old.*' <<<"$output")"
}

@test "a journal elsewhere is found where pgbackup finds it" {
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/elsewhere.db
	both
	[ ! -e "$BACKUP_DIR/.pgbox/journal.db" ]
	exits 3 pgbackup run app nowhere
	fails "nowhere: failed: no verified backup"
	PGBOX_JOURNAL=$BATS_TEST_TMPDIR/none.db holds "2 databases"
	# one that knows other things only
	PGBOX_JOURNAL=$BATS_TEST_TMPDIR/other.db exits 0 seedonce -- true
	[ -e "$BATS_TEST_TMPDIR/other.db" ]
	PGBOX_JOURNAL=$BATS_TEST_TMPDIR/other.db holds "2 databases"
}

@test "it works on a read-only mount, and through a symlink" {
	both
	made shop 7200
	unshare -rm true 2>/dev/null || skip "no mounts here"
	exits 0 unshare -rm bash -c 'mount --bind "$BACKUP_DIR" "$BACKUP_DIR" && mount -o remount,bind,ro "$BACKUP_DIR" &&
		! touch "$BACKUP_DIR/x" 2>/dev/null && healthz "backup=$BACKUP_DIR<3h" && ! healthz "backup=$BACKUP_DIR<2h"'
	says "[+]backup="
	says "shop: too old"
	ln -s "$BACKUP_DIR" "$BATS_TEST_TMPDIR/link"
	exits 0 healthz "backup=$BATS_TEST_TMPDIR/link"
}

@test "what cannot be read is unknown: no rights, a locked, torn or foreign journal; and nothing is repaired" {
	both
	local journal=$BACKUP_DIR/.pgbox/journal.db before
	python3 - "$journal" "$BATS_TEST_TMPDIR/locked" <<-'END' 3>&- &
		import sqlite3, sys, time
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("begin exclusive")
		open(sys.argv[2], "w").close()
		time.sleep(60)
	END
	local holder=$!
	wait_until 10 test -e "$BATS_TEST_TMPDIR/locked"
	is_unknown "database is locked" 400ms
	kill "$holder"
	wait "$holder" || true
	holds

	# As a writer leaves it that is killed in its transaction: the old pages are in the journal of the journal.
	python3 - "$journal" <<-'END'
		import os, shutil, sqlite3, sys
		path = sys.argv[1]
		db = sqlite3.connect(path, isolation_level=None)
		db.execute("pragma cache_size = 1")
		db.execute("begin immediate")
		db.execute("update runs set error = hex(randomblob(3000))")
		db.execute("update files set reason = hex(randomblob(9000))")
		for end in "", "-journal":
		    shutil.copy(path + end, path + ".torn" + end)
		db.execute("rollback")
		db.close()
		for end in "", "-journal":
		    os.replace(path + ".torn" + end, path + end)
	END
	[ -s "$journal-journal" ]
	before=$(state)
	is_unknown "journal"
	equals "$(state)" "$before"
	exits 0 pgbackup list
	holds

	journal_sql "pragma user_version = 99"
	is_unknown "a newer pgbox"
	echo "no database at all, and long enough not to be taken for an empty one" >"$journal"
	is_unknown "not a database"

	[ "$(id -u)" = 0 ] || return 0
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	exits 1 setpriv --reuid=nobody --regid=nogroup --clear-groups "$PGBOX" healthz "backup=$BACKUP_DIR"
	says "unknown: Permission denied"
	chmod 755 "$BACKUP_DIR"
	exits 1 setpriv --reuid=nobody --regid=nogroup --clear-groups "$PGBOX" healthz "backup=$BACKUP_DIR"
	says "journal.db': Permission denied"
}

@test "a hundred databases' backups are judged without a journal within a second" {
	local i
	both
	mv "$BACKUP_DIR/.pgbox" "$BATS_TEST_TMPDIR/away"
	for i in {1..100}; do
		mkdir "$BACKUP_DIR/d$i"
		for at in 20200101-000000 20210101-000000 20220101-000000; do
			cp "$(newest app)" "$BACKUP_DIR/d$i/d$i-$at.dump"
			jq --arg file "d$i-$at.dump" --arg db "d$i" '.file = $file | .database = $db' "$(newest app).json" \
				>"$BACKUP_DIR/d$i/d$i-$at.dump.json"
		done
	done
	took healthz "backup=$BACKUP_DIR"
	[ "$TOOK" -le 1000 ] || { echo "$TOOK ms"; false; }
	holds "102 databases"
}
