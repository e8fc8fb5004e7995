# pgbackup on SQLite: a backup is the database at one moment, whatever else goes on.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/roundtrip
load ../lib/pgbackup

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to make SQLite files with'
	export BATS_TEST_TIMEOUT=120
	use_applets
}

setup() {
	backup_folder
	LITE=$BATS_TEST_TMPDIR/app.db
	export DATABASE_URL=sqlite:///$LITE
	: >"$BATS_TEST_TMPDIR/started"
}

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

# The newest backup of app.db, unpacked, as COPY.
unpack() {
	COPY=$BATS_TEST_TMPDIR/copy.db
	unpacked "$(newest app.db)" >"$COPY"
}

# python NAME SCRIPT ARGUMENT...: in the background, its pid in PID; it says "ready" in NAME.out.
python() {
	local name=$1 script=$2
	shift 2
	python3 -u -c "$script" "$@" >"$BATS_TEST_TMPDIR/$name.out" 2>&1 3>&- &
	PID=$!
	echo "$PID" >>"$BATS_TEST_TMPDIR/started"
	wait_until 20 grep -q ready "$BATS_TEST_TMPDIR/$name.out"
}

# Two tables at both ends of the file that hold the same number at every commit.
writer='
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
db.execute("PRAGMA journal_mode = " + sys.argv[2])
db.execute("PRAGMA synchronous = OFF")
db.executescript("CREATE TABLE a (n); INSERT INTO a VALUES (0); CREATE TABLE pad (b);")
db.executescript("BEGIN; " + "INSERT INTO pad VALUES (randomblob(1000000));" * 40 + "COMMIT;")
db.executescript("CREATE TABLE b (n); INSERT INTO b VALUES (0);")
print("ready")
while True:
    db.executescript("BEGIN IMMEDIATE; UPDATE a SET n = n + 1; UPDATE b SET n = n + 1; COMMIT;")
'

# Holds the write lock until it is killed.
holder='
import signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
db.execute("CREATE TABLE held (a)")
print("ready")
signal.pause()
'

# --- whole ---

@test "everything that SQLite holds comes back, whatever packs it" {
	local compress suffix
	roundtrip_lite "$LITE"
	sqlite_hashes "$LITE" >"$BATS_TEST_TMPDIR/before"
	while read -r compress suffix; do
		exits 0 pgbackup run --compress "$compress"
		[[ $(newest app.db) == *"/app.db-"????????-??????"$suffix" ]]
		unpack
		sqlite_hashes "$COPY" | cmp "$BATS_TEST_TMPDIR/before" -
		(cd "$BACKUP_DIR/app.db" && sha256sum --quiet -c "$(readlink latest).sha256")
		exits 0 pgbackup verify --into "sqlite:///$BATS_TEST_TMPDIR/trial.db"
		says 'verified, restored and dropped again'
		[ ! -e "$BATS_TEST_TMPDIR/trial.db" ]
	done <<-'END'
		zstd .db.zst
		zstd:9 .db.zst
		gzip .db.gz
		lz4 .db.lz4
		none .db
	END
	equals "$(backups app.db)" 5
}

@test "rows that are only in the WAL are in the backup, and the WAL is not" {
	roundtrip_lite "$LITE" wal
	[ -s "$LITE-wal" ]
	sqlite_hashes "$LITE" >"$BATS_TEST_TMPDIR/before"
	exits 0 pgbackup run --compress none
	equals "$(find "$BACKUP_DIR" -name '*-wal' -o -name '*-shm' -o -name '*-journal' | wc -l)" 0
	sqlite_hashes "$(newest app.db)" | cmp "$BATS_TEST_TMPDIR/before" -
	sqlite_hashes "$LITE" | cmp "$BATS_TEST_TMPDIR/before" -
}

@test "the manifest says what is in it" {
	roundtrip_lite "$LITE"
	exits 0 pgbackup run
	equals "$(field app.db '"\(.database) \(.kind) \(.compression) \(.server) \(.encoding)"')" \
		'app.db sqlite zstd:3 SQLite UTF-8'
	[[ $(field app.db .engine) == 'SQLite 3.'* ]]
	equals "$(field app.db .bytes)" "$(stat -c %s "$(newest app.db)")"
	equals "$(field app.db .sha256)" "$(sha256sum <"$(newest app.db)" | cut -d' ' -f1)"
	equals "$(field app.db .database_bytes)" "$(stat -c %s "$LITE")"
	equals "$(field app.db .tables)" "$(grep -c '^CREATE \(VIRTUAL \)\?TABLE' "$ROOT/tests/roundtrip/sqlite.sql")"
	equals "$(field app.db '.started <= .finished and .verified != null and .suspect == false')" true
}

@test "modes are 0600 and 0700, also with an open umask" {
	roundtrip_lite "$LITE"
	(umask 0 && exits 0 pgbackup run)
	equals "$(find "$BACKUP_DIR" -type f ! -perm 600)" ''
	equals "$(find "$BACKUP_DIR" -type d ! -perm 700)" ''
}

# --- one moment ---

# While the writer writes, each backup holds one of its commits.
one_moment() {
	local before
	python writer "$writer" "$LITE" "$1"
	for _ in 1 2 3; do
		before=$(lite "$LITE" 'select n from a')
		exits 0 pgbackup run --compress lz4
		wait_until 20 moved_on "$before"
		unpack
		equals "$(lite "$COPY" 'select a.n = b.n from a, b')" 1
		equals "$(lite "$COPY" 'pragma integrity_check')" ok
		[ "$(lite "$COPY" 'select n from a')" -ge "$before" ]
		rm -f "$COPY"*
	done
	kill -0 "$PID"
}

moved_on() {
	[ "$(lite "$LITE" 'select n from a')" -gt "$1" ]
}

@test "a backup is one moment of a WAL database that is written all the time" {
	one_moment wal
}

@test "a backup is one moment of a rollback journal's database that is written all the time" {
	one_moment delete
}

# --- what fails, and how ---

@test "locked by a writer: 75, nothing is left, and the next run is fine" {
	roundtrip_lite "$LITE"
	lite "$LITE" 'pragma journal_mode = delete'
	python holder "$holder" "$LITE"
	exits 75 pgbackup run --busy-wait 1s
	says 'locked'
	equals "$(find "$BACKUP_DIR" -type f ! -path '*/.pgbox/*')" ''
	kill "$PID"
	wait_until 10 pid_gone "$PID"
	exits 0 pgbackup run
}

@test "a writer in a WAL database locks nobody out" {
	roundtrip_lite "$LITE"
	python holder "$holder" "$LITE"
	exits 0 pgbackup run --busy-wait 1s
	unpack
	equals "$(lite "$COPY" "select count(*) from sqlite_master where name = 'held'")" 0
}

@test "another run has the file: 75, from another folder, too" {
	roundtrip_lite "$LITE"
	BACKUP_DIR=$BATS_TEST_TMPDIR/other exits 0 pgbackup run
	[ -e "$LITE.pgbackup-lock" ]
	exec 8<"$LITE.pgbackup-lock"
	flock 8
	exits 75 pgbackup run --busy-wait 300ms 8>&-
	says 'waiting for another run'
	says 'another run holds it'
	exec 8>&-
	exits 0 pgbackup run
}

@test "a missing file is 69 and is not made" {
	local file
	exits 69 pgbackup run --wait 0
	says "$LITE"
	for file in "$LITE" "$LITE-wal" "$LITE-journal" "$LITE.pgbackup-lock"; do
		[ ! -e "$file" ]
	done
	equals "$(find "$BACKUP_DIR" -type f ! -path '*/.pgbox/*')" ''
	exits 1 pgbackup status
}

@test "a damaged file is 65, and leaves the good backups alone" {
	roundtrip_lite "$LITE"
	exits 0 pgbackup run
	# Its first B-tree pages; the header stays.
	dd if=/dev/zero of="$LITE" bs=8192 seek=1 count=8 conv=notrunc status=none
	exits 65 pgbackup run
	says "$LITE"
	equals "$(backups app.db)" 1
	nothing_half_made
	exits 0 pgbackup verify --all
}

@test "a file that is no database is 65" {
	printf 'not a database, but long enough for the header of one: %0200d' 0 >"$LITE"
	exits 65 pgbackup run
	equals "$(find "$BACKUP_DIR" -type f ! -path '*/.pgbox/*')" ''
}

@test "a flipped byte is found by verify, whatever packs it" {
	local compress data
	roundtrip_lite "$LITE"
	for compress in zstd gzip lz4 none; do
		exits 0 pgbackup run --compress "$compress"
		data=$(newest app.db)
		exits 0 pgbackup verify "$data"
		flip "$data"
		exits 65 pgbackup verify "$data"
		says "${data##*/}"
	done
	exits 1 pgbackup status
}

@test "a file that only root may write beside, and only read, is backed up all the same" {
	[ "$(id -u)" = 0 ] || skip 'only root can make files of two users'
	roundtrip_lite "$LITE"
	lite "$LITE" 'pragma journal_mode = delete'
	chmod 644 "$LITE"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	mkdir "$BACKUP_DIR"
	chown nobody "$BACKUP_DIR"
	exits 0 "${UNPRIVILEGED[@]}" "$PGBOX" pgbackup run
	sqlite_hashes "$LITE" >"$BATS_TEST_TMPDIR/before"
	unpack
	sqlite_hashes "$COPY" | cmp "$BATS_TEST_TMPDIR/before" -
}

@test "verify --into a file that is there: refused, and the file is as it was" {
	roundtrip_lite "$LITE"
	exits 0 pgbackup run
	sha256sum "$LITE" >"$BATS_TEST_TMPDIR/sum"
	exits 73 pgbackup verify --into "$DATABASE_URL"
	says "$LITE"
	sha256sum --quiet -c "$BATS_TEST_TMPDIR/sum"
}

# --- names ---

@test "relative paths, odd names and NAME=URL have folders of their own" {
	cd "$BATS_TEST_TMPDIR"
	roundtrip_lite 'my app.db'
	roundtrip_lite $'new\nline "ü.db'
	exits 0 pgbackup run 'sqlite:///my app.db' $'sqlite:new\nline "ü.db' 'job=sqlite:///my app.db'
	[ -s "$(newest my%20app.db)" ]
	[ -s "$(newest job/my%20app.db)" ]
	equals "$(field new%0Aline%20%22%C3%BC.db .database)" $'new\nline "ü.db'
	equals "$(field job/my%20app.db .job)" job
	equals "$(find "$BACKUP_DIR" -name '*.json' | wc -l)" 3
	exits 78 pgbackup run 'sqlite:///my app.db' "sqlite:///$PWD/my app.db"
	says 'share the folder'
}

@test "the journal can be lost: sync finds every backup again" {
	roundtrip_lite "$LITE"
	exits 0 pgbackup run
	exits 0 pgbackup run
	rm "$BACKUP_DIR"/.pgbox/journal.db*
	exits 0 pgbackup sync
	equals "$(pgbackup list --json | jq -r .state | sort | uniq -c | tr -s ' ')" ' 2 verified'
}
