# pgbackup where there is no room: file systems that are full at any page, have no inode left, or cannot be written to.
# shellcheck disable=SC2030,SC2031 # tests are subshells

load ../lib/base
load ../lib/trials
load ../lib/seedonce
load ../lib/pgbackup

setup_file() {
	use_applets
	SERVER=$BATS_FILE_TMPDIR/pg LITE=$BATS_FILE_TMPDIR/notes.db
	export SERVER LITE
	server_make "$SERVER"
	server_start "$SERVER"
}

teardown_file() {
	server_stop "$SERVER" || true
}

# One megabyte of a dump comes from some two megabytes of these rows.
GROW='insert into t select i, md5(i::text) || md5((i * 7)::text) from generate_series(1, 30000) i'

setup() {
	backup_folder
	unset DATABASE_URL
	DISK=$BATS_TEST_TMPDIR/disk
	BACKUP_DIR=$DISK/backups
	[ "$(id -u)" = 0 ] || skip "needs root, for a file system of its own"
	mkdir "$DISK"
}

teardown() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
	done
	while mountpoint -q "$DISK" 2>/dev/null; do
		umount "$DISK" || umount -l "$DISK"
	done
}

# --- file systems ---

# small_disk: one in memory, at DISK, that has room for now.
small_disk() {
	mount -t tmpfs -o size=64m,nr_inodes=1000 pgbox-test "$DISK" 2>/dev/null || skip "cannot mount a file system here"
}

# leave PAGES: so many pages of 4096 bytes are free there; leave_inodes N: so many files.
leave() {
	local used
	used=$(df --output=used -B 4096 "$DISK" | tail -n 1)
	mount -o "remount,size=$(((used + $1) * 4096))" "$DISK"
}

leave_inodes() {
	local used
	used=$(df --output=iused "$DISK" | tail -n 1)
	mount -o "remount,nr_inodes=$((used + $1))" "$DISK"
}

room_again() {
	mount -o remount,size=64m,nr_inodes=1000 "$DISK"
}

# --- databases ---

# small_database NAME: DATABASE_URL with a few rows, so that its first backups are small.
small_database() {
	fresh_database "$1"
	db 'create table t (i int, x text)' 'insert into t select i, i::text from generate_series(1, 10) i'
	RUN=(pgbackup --roles no --keep-last 1 --keep-min 1)
	FOLDER=$1
}

# small_file: the same in SQLite.
small_file() {
	rm -f "$LITE"
	python3 - "$LITE" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("create table t (i integer primary key, x text)")
		db.execute("insert into t values (1, 'one')")
		db.commit()
	END
	RUN=(pgbackup --url "sqlite:$LITE" --keep-last 1 --keep-min 1)
	FOLDER=notes.db
}

grow_file() {
	lite "$LITE" "insert into t (x) with recursive n (i) as (select 1 union all select i + 1 from n where i < $1)
		select hex(randomblob(80)) from n"
}

# two_older: a folder with two backups, of which no run here keeps more than one.
two_older() {
	exits 0 "${RUN[@]}" --keep-last 0 run
	exits 0 "${RUN[@]}" --keep-last 0 run
	equals "$(backups "$FOLDER")" 2
	OLDER=$(find "$BACKUP_DIR/$FOLDER" -name '*-*' | sort)
	BEFORE=$BATS_TEST_TMPDIR/before
	rm -rf "$BEFORE"
	cp -a "$BACKUP_DIR" "$BEFORE"
}

# again: the folder as it was with those two.
again() {
	room_again
	rm -rf "$BACKUP_DIR"
	cp -a "$BEFORE" "$BACKUP_DIR"
}

# --- what must hold ---

# tried COMMAND...: runs it; ENDED is its status, WORDS what it said.
tried() {
	ENDED=0
	WORDS=$(timeout 60 "$@" 2>&1 3>&-) || ENDED=$?
	echo "status $ENDED: $WORDS"
}

# No older one is lost or touched, and what has a final name is whole.
older_are_whole() {
	local file
	for file in $OLDER; do
		cmp <(cd "$BEFORE/$FOLDER" && contents "${file##*/}") <(cd "$BACKUP_DIR/$FOLDER" && contents "${file##*/}")
	done
	all_are_whole
}

contents() {
	if [ -d "$1" ]; then cat "$1"/*; else cat "$1"; fi
}

all_are_whole() {
	local sums
	exits 0 pgbackup -q verify --all
	for sums in "$BACKUP_DIR"/*/*.sha256; do
		(cd "${sums%/*}" && sha256sum --quiet -c "${sums##*/}")
	done
}

# Either it says that there is no room, and all is as it was; or there was enough for a backup: then a newer one is
# whole, and without its record (which is said once) nothing is pruned. Reading an SQLite backup back takes room, so
# there is some again behind this.
full_or_done() {
	nothing_half_made
	room_again
	case $ENDED in
	73)
		[[ $WORDS == *"pgbackup: error: "* ]]
		equals "$(backups "$FOLDER")" 2
		older_are_whole
		;;
	0)
		all_are_whole
		if [[ $WORDS == *"nothing is pruned"* ]]; then
			equals "$(grep -c 'nothing is pruned' <<<"$WORDS")" 1
			equals "$(backups "$FOLDER")" 3
			older_are_whole
		else
			# Where its pruning could not be recorded, it says so.
			[ "$(backups "$FOLDER")" -eq 1 ] || [[ $WORDS == *"not pruned"* ]]
		fi
		;;
	*) return 1 ;;
	esac
}

# With room the next run works, leaves nothing half made, and counts and prunes what there is. What was not recorded, as
# was said, is unknown to it without sync.
works_again() {
	room_again
	[[ $WORDS != *"is not recorded"* ]] || exits 0 pgbackup sync
	exits 0 "${RUN[@]}" run
	nothing_half_made
	equals "$(backups "$FOLDER")" 1
	all_are_whole
	equals "$(journal_sql "select count(*) from runs where status = 'running'")" 0
}

# pages_of COMMAND...: how many it takes with room enough, in PAGES.
pages_of() {
	local before after
	before=$(df --output=used -B 4096 "$DISK" | tail -n 1)
	exits 0 "$@"
	after=$(df --output=used -B 4096 "$DISK" | tail -n 1)
	# shellcheck disable=SC2034 # the tests read it
	PAGES=$((after - before))
}

# each_room LEAST MOST STEP: runs once with every so many pages free; counts how they ended in FULL, UNRECORDED, FINE.
each_room() {
	local pages
	FULL=0 UNRECORDED=0 FINE=0
	for ((pages = $1; pages <= $2; pages += $3)); do
		again
		leave "$pages"
		echo "$pages pages free"
		tried "${RUN[@]}" run
		full_or_done
		case $ENDED:$WORDS in
		73:*) FULL=$((FULL + 1)) ;;
		*"nothing is pruned"*) UNRECORDED=$((UNRECORDED + 1)) ;;
		*) FINE=$((FINE + 1)) ;;
		esac
		works_again
	done
	echo "# $FULL full, $UNRECORDED not recorded, $FINE fine" >&3
}

# --- tests ---

@test "a disk that is full anywhere in a dump: exit 73, older backups intact, nothing pruned" {
	local n formats=(custom plain directory)
	random_series
	small_disk
	small_database dumps
	two_older
	db "$GROW"
	for ((n = 0; n < $(rounds 60); n++)); do
		RUN=(pgbackup --roles no --keep-last 1 --keep-min 1 --format "${formats[n % 3]}")
		again
		leave $((RANDOM % 250))
		tried "${RUN[@]}" run
		equals "$ENDED" 73
		[[ $WORDS == *[Nn]"o space left"* ]]
		full_or_done
		works_again
	done
}

@test "a disk that is full at each page behind the dump: sums, manifest, links and journal" {
	small_disk
	small_database tails
	db "$GROW"
	two_older
	pages_of "${RUN[@]}" --keep-last 0 run
	each_room $((PAGES - 2)) $((PAGES + ${SOAK:+8} + 6)) 1
	[ "$FULL" -gt 0 ]
	[ "$UNRECORDED" -gt 0 ]
	[ "$FINE" -gt 0 ]
}

@test "a disk that is full anywhere in the backup of an SQLite file: exit 73, older backups intact, nothing pruned" {
	local n
	random_series
	small_disk
	small_file
	two_older
	grow_file 6000
	for ((n = 0; n < $(rounds 60); n++)); do
		again
		leave $((RANDOM % 500))
		tried "${RUN[@]}" run
		full_or_done
		works_again
	done
}

@test "a disk that is full at each page of a small SQLite file's backup" {
	small_disk
	small_file
	two_older
	each_room 0 $((${SOAK:+14} + 10)) 1
	[ "$FULL" -gt 0 ]
	[ "$FINE" -gt 0 ]
}

@test "a file system without inodes: exit 73, older backups intact, nothing pruned" {
	local n format full=0
	small_disk
	small_database inodes
	two_older
	for format in custom directory; do
		for ((n = 0; n <= 7; n++)); do
			RUN=(pgbackup --roles no --keep-last 1 --keep-min 1 --format "$format")
			again
			leave_inodes "$n"
			echo "$n inodes free, $format"
			tried "${RUN[@]}" run
			full_or_done
			[ "$ENDED" -eq 0 ] || full=$((full + 1))
			works_again
		done
	done
	[ "$full" -gt 0 ]
	equals "$ENDED" 0
}

@test "roles that find no room: the databases that did are kept, and the exit says partly" {
	local pages status_of=()
	small_disk
	small_database roles
	two_older
	RUN=(pgbackup --keep-last 0)
	exits 0 "${RUN[@]}" run
	rm -rf "$BEFORE"
	cp -a "$BACKUP_DIR" "$BEFORE"
	for ((pages = 0; pages <= 20; pages++)); do
		again
		leave "$pages"
		echo "$pages pages free"
		tried "${RUN[@]}" run
		nothing_half_made
		room_again
		older_are_whole
		status_of[ENDED]=1
		case $ENDED in 0 | 3 | 73) ;; *) return 1 ;; esac
	done
	echo "${!status_of[*]}"
	equals "$ENDED" 0
	[ -n "${status_of[73]}" ]
	[ -n "${status_of[3]}" ]
}

@test "a journal on a full disk of its own: the backup is made, it is said once, and nothing is pruned" {
	small_disk
	BACKUP_DIR=$BATS_TEST_TMPDIR/roomy
	export PGBOX_JOURNAL=$DISK/journal.db
	small_database journals
	exits 0 "${RUN[@]}" --keep-last 0 run
	exits 0 "${RUN[@]}" --keep-last 0 run
	for pages in 0 1 2 3; do
		leave "$pages"
		# Space that the file has inside of it is no room for its rollback journal.
		tried "${RUN[@]}" run
		[ "$ENDED" -eq 0 ]
		nothing_half_made
		all_are_whole
		[[ $WORDS == *"journal '$DISK/journal.db': "*"nothing is pruned"* ]] || break
		equals "$(grep -c 'journal.db' <<<"$WORDS")" 1
		equals "$(backups journals)" $((3 + pages))
	done
	[ "$pages" -gt 0 ]
	room_again
	exits 0 "${RUN[@]}" sync
	exits 0 "${RUN[@]}" run
	equals "$(backups journals)" 1
}

# fill: takes every byte that is left there.
fill() {
	dd if=/dev/zero of="$DISK/fill$1" bs=512 2>/dev/null || true
}

@test "a disk without a byte left: the run and status say what to do, and pgbackup prune makes room" {
	small_disk
	small_file
	grow_file 6000
	two_older
	exits 0 "${RUN[@]}" --keep-last 0 run
	# One that somebody else has deleted would be noted in the journal first.
	rm "$(find "$BACKUP_DIR/$FOLDER" -name '*.json' | sort | head -n 1)"
	fill 1
	tried "${RUN[@]}" run
	equals "$ENDED" 73
	[[ $WORDS == *"pgbackup prune"* ]]
	equals "$(grep -c 'pgbackup prune' <<<"$WORDS")" 1
	exits 0 pgbackup status
	says 'no space left'
	says_not running
	fill 2
	exits 0 pgbackup prune --keep-last 1 --keep-min 1 --dry-run
	equals "$(backups "$FOLDER")" 2
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	equals "$(backups "$FOLDER")" 1
	rm "$DISK"/fill*
	exits 0 "${RUN[@]}" run
	equals "$(backups "$FOLDER")" 1
	equals "$(journal_sql "select count(*) from files where gone is null")" 1
	all_are_whole
}

@test "a disk without an inode left: pgbackup prune makes room, and records it" {
	small_disk
	small_file
	two_older
	leave_inodes 0
	tried "${RUN[@]}" run
	equals "$ENDED" 73
	[[ $WORDS == *"pgbackup prune"* ]]
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	says_not 'not recorded'
	equals "$(backups "$FOLDER")" 1
	room_again
	equals "$(journal_sql "select count(*) from files where gone is null")" 1
}

@test "a run that fills the disk itself is recorded as failed, with the reason" {
	small_disk
	small_database filled
	two_older
	db "$GROW"
	leave 100
	tried "${RUN[@]}" run
	equals "$ENDED" 73
	exits 0 pgbackup status
	says 'its last run: failed: '
	says 'o space left'
	exits 0 journal "$BACKUP_DIR"
	says failed
	says_not running
}

@test "a folder that is mounted read-only: status, journal, list and prune --dry-run work, prune is 73" {
	small_disk
	small_file
	two_older
	mount -o remount,ro "$DISK"
	exits 0 pgbackup status
	exits 0 journal "$BACKUP_DIR"
	exits 0 pgbackup list
	exits 0 pgbackup prune --keep-last 1 --keep-min 1 --dry-run
	says delete
	exits 73 pgbackup prune --keep-last 1 --keep-min 1
	says 'ead-only file system'
	mount -o remount,rw "$DISK"
	older_are_whole
}

@test "a journal that another program holds locked: prune deletes by what can be read, and says what is not recorded" {
	[ -n "${SOAK:-}" ] || skip "it waits half a minute for the lock: SOAK=1"
	small_disk
	small_file
	two_older
	python3 - "$BACKUP_DIR/.pgbox/journal.db" "$BATS_TEST_TMPDIR/locked" <<-'END' 3>&- &
		import sqlite3, sys, time
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("begin immediate")
		open(sys.argv[2], "w")
		time.sleep(60)
	END
	echo "$!" >"$BATS_TEST_TMPDIR/locker.pid"
	wait_until 20 test -e "$BATS_TEST_TMPDIR/locked"
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	says 'is not recorded'
	equals "$(backups "$FOLDER")" 1
}

@test "a folder that cannot be written to: exit 73, with the reason" {
	small_disk
	small_database readonly
	two_older
	mount -o remount,ro "$DISK"
	tried "${RUN[@]}" run
	equals "$ENDED" 73
	[[ $WORDS == *"ead-only file system"* ]]
	mount -o remount,rw "$DISK"
	older_are_whole
	works_again
}

# The kernel makes a damaged file system read-only, whoever writes there.
damage() {
	local disk
	disk=$(findmnt -n -o SOURCE "$DISK")
	echo pgbox-test >"/sys/fs/ext4/${disk##*/}/trigger_fs_error"
}

disk_of_blocks() {
	truncate -s 96M "$BATS_TEST_TMPDIR/image"
	mkfs.ext4 -q "$BATS_TEST_TMPDIR/image" 2>/dev/null || skip "there is no mkfs.ext4"
	mount -o loop,errors=remount-ro "$BATS_TEST_TMPDIR/image" "$DISK" 2>/dev/null || skip "cannot mount an image here"
	[ -w "/sys/fs/ext4/$(basename "$(findmnt -n -o SOURCE "$DISK")")/trigger_fs_error" ] ||
		skip "this kernel cannot damage a file system on purpose"
}

dump_waits() {
	[ "$(db "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
		and application_name = 'pgbackup'")" -gt 0 ]
}

table_is_locked() {
	[ "$(db "select count(*) from pg_locks where relation = 't'::regclass
		and mode = 'AccessExclusiveLock' and granted")" -gt 0 ]
}

@test "a disk that turns read-only in the middle: exit 73, older backups intact" {
	local pid
	disk_of_blocks
	small_database midway
	two_older
	db "$GROW"
	"$PG_BIN/psql" -X -q "$DATABASE_URL" -c 'begin; lock table t in access exclusive mode; select pg_sleep(60)' \
		>/dev/null 2>&1 3>&- &
	echo "$!" >"$BATS_TEST_TMPDIR/blocker.pid"
	wait_until 10 table_is_locked
	"${RUN[@]}" run >"$BATS_TEST_TMPDIR/run.out" 2>&1 3>&- &
	pid=$!
	echo "$pid" >"$BATS_TEST_TMPDIR/run.pid"
	wait_until 10 dump_waits
	damage
	db "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%'
		and pid <> pg_backend_pid()" >/dev/null
	wait_until 20 pid_gone "$pid"
	ENDED=0
	wait "$pid" || ENDED=$?
	cat "$BATS_TEST_TMPDIR/run.out"
	equals "$ENDED" 73
	grep -q 'ead-only file system' "$BATS_TEST_TMPDIR/run.out"
	[ "$(backups midway)" -eq 2 ]
	# Mounted anew it is as good as before, and the next run tidies up.
	umount "$DISK"
	e2fsck -fy "$BATS_TEST_TMPDIR/image" >/dev/null 2>&1 || true
	mount -o loop "$BATS_TEST_TMPDIR/image" "$DISK"
	older_are_whole
	exits 0 "${RUN[@]}" run
	nothing_half_made
	equals "$(backups midway)" 1
}
