# An SQLite file that cannot be used: each applet says why, at once where waiting cannot help, and what is made beside
# it belongs to whoever owns the database.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to make SQLite files with'
	export BATS_TEST_TIMEOUT=120
	use_applets
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	FILE_DB=$PWD/data/app.db
	export DATABASE_URL=sqlite:$FILE_DB BACKUP_DIR=$PWD/backups
	mkdir -m 777 backups
}

# database [MODE]: a database with a table, which everybody may write to, in a fresh folder of that kind.
database() {
	rm -rf data
	mkdir -m 777 data
	python3 - "$FILE_DB" "${1:-delete}" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("pragma journal_mode = " + sys.argv[2])
		db.execute("create table t (a)")
		db.execute("insert into t values (1)")
	END
	chmod 666 "$FILE_DB"
}

other_user() {
	[ "$(id -u)" = 0 ] || skip 'only root can run as two users'
	USER_B=(setpriv --reuid=65534 --regid=65534 --clear-groups)
}

# Before a command: its folder `data` is a read-only mount.
read_only() {
	unshare --mount true 2>/dev/null || skip 'needs the right to mount'
	MOUNTED=(unshare --mount sh -c 'mount --bind data data && mount -o remount,ro,bind data && exec "$@"' -)
}

# no_write WORDS COMMAND...: before healthz, waitdb and seedonce: each says so, and waits no longer than it should.
no_write() {
	local words=$1
	shift
	exits 1 "$@" healthz writable
	says "$words"
	exits 73 "$@" waitdb --for writable --timeout 200ms
	says "$words"
	exits 73 "$@" waitdb --for writable --auth-grace 100ms
	says "$words"
	exits 73 "$@" seedonce --timeout 200ms -- touch ran
	says "$words"
	[ ! -e ran ]
}

# --- writable ---

@test "writable: a file of mode 444 fails, with who owns it" {
	other_user
	local mode
	for mode in delete wal; do
		database "$mode"
		chmod 444 "$FILE_DB"
		no_write 'belongs to uid 0 (mode 0444)' "${USER_B[@]}"
	done
}

@test "writable: a folder that may not be written to fails, and a journal that is kept there does" {
	other_user
	database
	chmod 755 data
	no_write "cannot write to folder '$PWD/data'" "${USER_B[@]}"
	: >"$FILE_DB-journal"
	no_write "cannot write to '$FILE_DB-journal'" "${USER_B[@]}"
	chmod 666 "$FILE_DB-journal"
	exits 0 "${USER_B[@]}" healthz writable
}

@test "writable: a read-only mount fails, of the folder and of all but the file" {
	read_only
	database
	no_write 'read-only file system' "${MOUNTED[@]}"
	exits 1 unshare --mount sh -c 'mount --bind data data && mount --bind data/app.db data/app.db &&
		mount -o remount,ro,bind data && exec healthz writable'
	says 'SQLite keeps its journal there'
}

@test "writable: an immutable file fails" {
	database
	chattr +i "$FILE_DB" 2>/dev/null || skip 'no immutable files here'
	run healthz writable
	chattr -i "$FILE_DB"
	[ "$status" -eq 1 ]
	[[ $output == *immutable* ]]
}

@test "writable: a WAL of another user's fails, one in a folder that is read-only does not" {
	other_user
	database wal
	python3 - "$FILE_DB" <<-'END' || true
		import os, sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("insert into t values (2)")
		os._exit(0)
	END
	chmod 644 "$FILE_DB"-*
	chmod 755 data
	no_write "cannot write to '$FILE_DB-" "${USER_B[@]}"
	chmod 666 "$FILE_DB"-*
	exits 0 "${USER_B[@]}" healthz writable
}

@test "writable: a full disk fails, and each applet that must write ends with 73" {
	unshare --mount true 2>/dev/null || skip 'needs the right to mount'
	mkdir -m 777 data
	MOUNTED=(unshare --mount bash -c 'mount -t tmpfs -o size=128k none data && cp old.db data/app.db &&
		{ dd if=/dev/zero of=data/fill bs=1k 2>/dev/null || :; } && "$@"' -)
	local mode
	for mode in delete wal; do
		database "$mode"
		mv "$FILE_DB" old.db
		no_write 'No space left' "${MOUNTED[@]}"
	done
	rm old.db
	: >old.db
	exits 73 "${MOUNTED[@]}" seedonce --create-db --timeout 200ms -- touch ran
	says 'is full'
	exits 0 "${MOUNTED[@]}" waitdb
}

@test "writable: it passes where it can be written, and leaves nothing" {
	local mode
	for mode in delete wal; do
		database "$mode"
		exits 0 healthz ready writable
		exits 0 waitdb --for writable
		equals "$(ls data)" app.db
	done
}

# --- what waiting cannot mend ---

# every CODE WORDS [COMMAND...]: before each applet: it ends with that code at once, and says why.
every() {
	local code=$1 words=$2 start=$SECONDS
	shift 2
	exits "$code" "$@" waitdb
	says "$words"
	exits "$code" "$@" seedonce -- touch ran
	says "$words"
	exits "$code" "$@" isempty --missing-ok
	says "$words"
	exits "$code" "$@" pgbackup run
	says "$words"
	exits 1 "$@" healthz
	says "$words"
	[ ! -e ran ]
	[ $((SECONDS - start)) -lt 15 ]
}

@test "a directory, a pipe or a device in the file's place is 69 at once" {
	mkdir -p data/app.db
	every 69 'it is a directory'
	exits 69 waitdb --create-db
	says 'it is a directory'
	rmdir data/app.db
	mkfifo data/app.db
	every 69 'not a regular file'
	exits 69 isempty sqlite:/dev/null
	exits 69 waitdb sqlite:/dev/null/app.db
	says "'/dev/null' is a file, not a folder"
}

@test "a directory, a symlink or a pipe in the place of what SQLite keeps beside a file is 69 at once" {
	local suffix
	for suffix in wal shm journal; do
		database "$([ "$suffix" = journal ] || echo wal)"
		mkdir "$FILE_DB-$suffix"
		exits 1 healthz writable
		says "'$FILE_DB-$suffix' beside it is a directory"
		exits 69 waitdb
		exits 69 pgbackup run
	done
	every 69 'is a directory'
	rmdir "$FILE_DB-journal"
	ln -s "$PWD/nowhere" "$FILE_DB-journal"
	every 69 'is a symlink'
	rm "$FILE_DB-journal"
	mkfifo "$FILE_DB-journal"
	every 69 'not a regular file'
	# Of what a link leads to, too.
	ln -s "$FILE_DB" link.db
	exits 69 waitdb sqlite:link.db
}

@test "a file that is not a database is 65 at once: noise, text, an encrypted one" {
	mkdir data
	head -c 8192 /dev/urandom >"$FILE_DB"
	every 65 'not a database'
	printf 'text, and long enough that it cannot be taken for an SQLite database: %0100d' 0 >"$FILE_DB"
	every 65 'not a database'
}

@test "a missing folder is named, and ends the waiting with 69, with --create-db with 73" {
	local start=$SECONDS
	exits 69 waitdb --timeout 200ms
	says "no folder '$PWD/data' found"
	exits 69 waitdb --auth-grace 100ms
	exits 69 seedonce --timeout 200ms -- true
	exits 69 pgbackup run
	says "no folder '$PWD/data' found"
	exits 69 isempty
	exits 73 waitdb --create-db --timeout 200ms
	says "no folder '$PWD/data' found"
	exits 73 seedonce --create-db --timeout 200ms -- true
	[ ! -e data ]
	[ $((SECONDS - start)) -lt 15 ]
}

@test "a folder of another user's is 77 and named, one that no file may be made in 73" {
	other_user
	database
	chmod 700 data
	exits 77 "${USER_B[@]}" waitdb --timeout 200ms
	says "cannot enter folder '$PWD/data'"
	exits 77 "${USER_B[@]}" seedonce --timeout 200ms --create-db -- true
	exits 77 "${USER_B[@]}" pgbackup run
	says "cannot enter folder '$PWD/data'"
	exits 77 "${USER_B[@]}" isempty
	chmod 755 data
	chmod 600 "$FILE_DB"
	exits 77 "${USER_B[@]}" pgbackup run
	says "cannot read '$FILE_DB'"
	exits 77 "${USER_B[@]}" waitdb --timeout 200ms
	rm "$FILE_DB"
	exits 73 "${USER_B[@]}" waitdb --create-db --timeout 200ms
	says "cannot write to folder '$PWD/data'"
}

@test "a WAL database on a read-only volume: each applet says what a WAL needs" {
	read_only
	database wal
	exits 73 "${MOUNTED[@]}" waitdb --timeout 200ms
	says 'WAL mode'
	exits 73 "${MOUNTED[@]}" seedonce --timeout 200ms -- true
	says 'WAL mode'
	exits 73 "${MOUNTED[@]}" pgbackup run
	says 'WAL mode'
	exits 73 "${MOUNTED[@]}" isempty
	exits 1 "${MOUNTED[@]}" healthz
	says 'WAL mode'
	database
	exits 0 "${MOUNTED[@]}" pgbackup run
}

@test "a file that is not there yet is waited for, and found" {
	mkdir data
	waitdb --timeout 30s 2>log 3>&- &
	wait_until 20 grep -q 'No such file' log
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("create table t (a)")' "$FILE_DB"
	wait "$!"
}

@test "a database that is locked is waited for, and says so" {
	database
	python3 - "$FILE_DB" 3>&- <<-'END' &
		import sqlite3, sys, time
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("begin exclusive")
		open("locked", "w").close()
		time.sleep(60)
	END
	local pid=$!
	wait_until 20 test -e locked
	exits 1 healthz writable --timeout 20s
	says locked
	kill "$pid"
	exits 0 waitdb --for writable
}

# --- owner and mode of what is made ---

# owned FILE...: uid, gid and mode of each.
owned() {
	stat -c '%u:%g %a' "$@" | sort -u
}

# folder OWNER MODE: an empty one.
folder() {
	rm -rf data
	mkdir data
	chown "$1" data
	chmod "$2" data
}

@test "a database that root makes belongs to the folder's owner, its lock and its journals, too" {
	other_user
	local mode
	for mode in 755:644 700:600 2775:664 1777:644; do
		folder 1234:2345 "${mode%:*}"
		exits 0 waitdb --create-db
		equals "$(owned data/app.db)" "1234:2345 ${mode#*:}"
		exits 0 seedonce -- python3 -c 'import sqlite3, sys, os
db = sqlite3.connect(sys.argv[1], isolation_level = None)
db.execute("pragma journal_mode = wal")
db.execute("create table t (a)")
os._exit(0)' "$FILE_DB"
		equals "$(owned data/app.db*)" "1234:2345 ${mode#*:}"
		[ -e "$FILE_DB.pgbox-lock" ]
		exits 0 pgbackup run
		equals "$(owned data/app.db*)" "1234:2345 ${mode#*:}"
		[ -e "$FILE_DB.pgbackup-lock" ]
		rm -r backups/*
	done
	# Also where a link leads to.
	folder 1234:2345 755
	mkdir elsewhere
	chown 77:88 elsewhere
	ln -s "$PWD/elsewhere/real.db" data/app.db
	exits 0 seedonce --create-db -- true
	equals "$(owned elsewhere/*)" '77:88 644'
}

@test "a restore over what is no database any more keeps its owner and mode; a new file has the folder's" {
	other_user
	database
	cp "$FILE_DB" backup.db
	folder 1234:2345 755
	exits 0 pgrestore backup.db
	equals "$(owned data/*)" '1234:2345 644'
	# Header gone, encrypted, and in the middle.
	for at in 0 4096; do
		folder 1234:2345 755
		cp backup.db "$FILE_DB"
		dd if=/dev/urandom of="$FILE_DB" bs=4096 count=1 seek=$((at / 4096)) conv=notrunc status=none
		chown 77:88 "$FILE_DB"
		chmod 660 "$FILE_DB"
		exits 0 pgrestore backup.db --replace
		equals "$(owned data/*)" '77:88 660'
		equals "$(find data -name '*_before_*' | wc -l)" 1
	done
	folder 1234:2345 700
	: >"$FILE_DB"
	chown 77:88 "$FILE_DB"
	chmod 640 "$FILE_DB"
	exits 0 pgrestore backup.db
	equals "$(owned data/*)" '77:88 640'
}

@test "pgrestore and its plan say beforehand that the file, its folder or the mount may not be written to" {
	other_user
	read_only
	local mode
	database
	cp "$FILE_DB" backup.db
	for mode in delete wal; do
		database "$mode"
		chmod 444 "$FILE_DB"
		exits 73 "${USER_B[@]}" pgrestore plan backup.db --replace
		says 'belongs to uid 0 (mode 0444)'
		exits 73 "${USER_B[@]}" pgrestore backup.db --replace
		chmod 666 "$FILE_DB"
		chmod 755 data
		exits 73 "${USER_B[@]}" pgrestore plan backup.db --replace
		says "folder '$PWD/data'"
	done
	rm data/*
	exits 73 "${USER_B[@]}" pgrestore plan backup.db
	exits 73 "${MOUNTED[@]}" pgrestore plan backup.db
	says 'read-only file system'
	rmdir data
	exits 73 pgrestore plan backup.db
	says "no folder '$PWD/data' found"
	mkdir -p data/app.db
	exits 69 pgrestore backup.db --replace
	says 'it is a directory'
}

@test "a watcher's SQLite file that cannot be restored is found before something is dropped" {
	mkdir state incoming
	export RESTORE_WATCH_DIR=$PWD/incoming RESTORE_STATE_DIR=$PWD/state RESTORE_SQLITE_PATH=$FILE_DB
	exits 1 pgrestore watch --status
	says "[-]database failed: no folder '$PWD/data' found"
	exits 1 env -u RESTORE_SQLITE_PATH pgrestore watch --status
	says "[-]database failed: no folder '$PWD/data' found"
	mkdir -p data/app.db
	exits 1 pgrestore watch --status
	says 'it is a directory'
	rmdir data/app.db
	exits 1 pgrestore watch --status
	says '[+]database ok'
	other_user
	chmod 555 incoming
	exits 1 "${USER_B[@]}" pgrestore watch --status
	says "[-]folder failed: cannot read and write in the folder '$PWD/incoming': Permission denied"
	says "[-]database failed: cannot write to folder '$PWD/data'"
}
