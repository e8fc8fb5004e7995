# pgrestore into SQLite files: SOAK=1 for the full random series.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/trials
load ../lib/roundtrip
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=300
	use_applets
	restore_folder
	export BACKUP=$BATS_FILE_TMPDIR/backup.db
	fill_lite "$BACKUP" 2 20000
}

setup() {
	restore_folder
	DIR=$BATS_TEST_TMPDIR/data
	mkdir "$DIR"
	LIVE=$DIR/live.db
	export DATABASE_URL=sqlite:$LIVE
}

teardown() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
	done
}

# fill_lite FILE GENERATION ROWS [wal]
fill_lite() {
	rm -f "$1"
	python3 - "$@" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		if len(sys.argv) > 4:
		    db.execute("pragma journal_mode = wal")
		db.execute("create table whole (generation int)")
		db.execute("insert into whole values (?)", (sys.argv[2],))
		db.execute("create table a (i integer primary key, x text)")
		db.executemany("insert into a values (?, hex(randomblob(50)))", ((i,) for i in range(int(sys.argv[3]))))
		db.execute("create table z (i)")
		db.execute("insert into z values (?)", (int(sys.argv[3]),))
		db.commit()
	END
}

# statements FILE SQL...: each of them; the file is made where it is missing.
statements() {
	python3 - "$@" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		for sql in sys.argv[2:]:
		    db.execute(sql)
	END
}

# what_it_is FILE: generation, whether it is whole and sound.
what_it_is() {
	lite "$1" "select generation, (select count(*) from a) = (select i from z), (select integrity_check from pragma_integrity_check)
		from whole"
}

kept() {
	find "$DIR" -name '*_before_*' ! -name '*-wal' ! -name '*-shm'
}

state() {
	(cd "$DIR" && find . -printf '%p %m %U %G %s\n' | sort && find . -type f ! -name '*-shm' -exec md5sum {} + | sort)
}

# untouched STATUS COMMAND...
untouched() {
	local before want=$1
	shift
	before=$(state)
	exits "$want" "$@"
	equals "$(state)" "$before"
}

@test "missing: it is made, whole, and nothing is beside it; a missing folder is 73" {
	exits 0 pgrestore "$BACKUP"
	equals "$(sqlite_hashes "$LIVE")" "$(sqlite_hashes "$BACKUP")"
	equals "$(ls "$DIR")" live.db
	exits 73 pgrestore "$BACKUP" "sqlite:$DIR/no/where.db"
	equals "$(ls "$DIR")" live.db
}

@test "empty, by bytes or by tables: it is filled, and there is nothing to keep" {
	: >"$LIVE"
	exits 0 pgrestore "$BACKUP"
	equals "$(what_it_is "$LIVE")" '2|1|ok'
	rm "$LIVE"
	python3 -c 'import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute("create table t (a)"); d.execute("drop table t")' "$LIVE"
	exits 0 pgrestore "$BACKUP"
	equals "$(what_it_is "$LIVE")" '2|1|ok'
	equals "$(ls "$DIR")" live.db
}

@test "not empty: 1 and not a byte is another; plan says the same" {
	fill_lite "$LIVE" 1 5
	untouched 1 pgrestore "$BACKUP"
	says --replace
	untouched 1 pgrestore plan "$BACKUP"
	untouched 0 pgrestore plan "$BACKUP" --replace
}

@test "--replace keeps the old content, and the file's owner and mode" {
	local old
	fill_lite "$LIVE" 1 5
	old=$(sqlite_hashes "$LIVE")
	chmod 604 "$LIVE"
	[ "$(id -u)" != 0 ] || chown nobody "$LIVE"
	exits 0 pgrestore "$BACKUP" --replace
	equals "$(sqlite_hashes "$LIVE")" "$(sqlite_hashes "$BACKUP")"
	equals "$(stat -c %a "$LIVE")" 604
	[ "$(id -u)" != 0 ] || equals "$(stat -c %U "$LIVE")" nobody
	equals "$(kept | wc -l)" 1
	says "$(kept)"
	[[ $(kept) =~ live\.db_before_[0-9]{8}_[0-9]{6}$ ]]
	equals "$(sqlite_hashes "$(kept)")" "$old"
	# Who could not read the one cannot read the other.
	[ $((0$(stat -c %a "$(kept)") & ~0604)) -eq 0 ]
}

@test "two of one second do not overwrite what was kept" {
	local n
	for n in 1 3 4; do
		[ -e "$LIVE" ] || fill_lite "$LIVE" 1 5
		lite "$LIVE" "update whole set generation = $n"
		exits 0 pgrestore "$BACKUP" --replace
	done
	equals "$(kept | wc -l)" 3
	equals "$(kept | sort | while read -r file; do lite "$file" 'select generation from whole'; done | sort | paste -sd' ')" '1 3 4'
}

@test "the round-trip database comes back, packed in any way, from pgbackup and from stdin; with a WAL, too" {
	local source=$BATS_TEST_TMPDIR/all.db file
	roundtrip_lite "$source"
	gzip -k "$source"
	zstd -q "$source"
	lz4 -q "$source" "$source.lz4"
	for file in "$source" "$source.gz" "$source.zst" "$source.lz4"; do
		rm -f "$LIVE"
		exits 0 pgrestore "$file"
		equals "$(sqlite_hashes "$LIVE")" "$(sqlite_hashes "$source")"
		exits 0 pgrestore - --replace <"$file"
		equals "$(sqlite_hashes "$LIVE")" "$(sqlite_hashes "$source")"
	done
	exits 0 pgbackup run all="sqlite:$source"
	rm -f "$LIVE"
	exits 0 pgrestore latest
	equals "$(sqlite_hashes "$LIVE")" "$(sqlite_hashes "$source")"
	rm "$LIVE"
	fill_lite "$LIVE" 1 5 wal
	exits 0 pgrestore "$source" --replace
	equals "$(sqlite_hashes "$LIVE" | grep -v journal)" "$(sqlite_hashes "$source")"
}

@test "a damaged backup is 65, whatever packs it, and nothing is touched" {
	fill_lite "$LIVE" 1 5
	cp "$BACKUP" "$BATS_TEST_TMPDIR/bad.db"
	truncate -s -4096 "$BATS_TEST_TMPDIR/bad.db"
	untouched 65 pgrestore "$BATS_TEST_TMPDIR/bad.db" --replace
	cp "$BACKUP" "$BATS_TEST_TMPDIR/bad2.db"
	dd if=/dev/urandom of="$BATS_TEST_TMPDIR/bad2.db" bs=1024 seek=8 count=16 conv=notrunc status=none
	untouched 65 pgrestore "$BATS_TEST_TMPDIR/bad2.db" --replace
	zstd -q -f "$BACKUP" -o "$BATS_TEST_TMPDIR/bad.zst"
	flip "$BATS_TEST_TMPDIR/bad.zst"
	untouched 65 pgrestore "$BATS_TEST_TMPDIR/bad.zst" --replace
	gzip -c "$BACKUP" | head -c 10000 >"$BATS_TEST_TMPDIR/bad.gz"
	untouched 65 pgrestore "$BATS_TEST_TMPDIR/bad.gz" --replace
	equals "$(kept)" ''
}

@test "locked by another: 75, nothing is touched, nothing is left" {
	fill_lite "$LIVE" 1 5
	python3 - "$LIVE" "$BATS_TEST_TMPDIR/locked" 3>&- <<-'END' &
		import sqlite3, sys, time
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("begin exclusive")
		open(sys.argv[2], "w").close()
		time.sleep(60)
	END
	echo $! >"$BATS_TEST_TMPDIR/locker.pid"
	wait_until 10 test -e "$BATS_TEST_TMPDIR/locked"
	exits 75 pgrestore "$BACKUP" --replace --wait 1s
	kill "$(cat "$BATS_TEST_TMPDIR/locker.pid")"
	wait_until 10 pid_gone "$(cat "$BATS_TEST_TMPDIR/locker.pid")"
	equals "$(what_it_is "$LIVE")" '1|1|ok'
	equals "$(kept)" ''
	exits 0 pgrestore "$BACKUP" --replace
	equals "$(what_it_is "$LIVE")" '2|1|ok'
}

@test "a corrupt target is moved away, with its -wal; without --replace it is left" {
	head -c 20000 /dev/urandom >"$LIVE"
	echo wal >"$LIVE-wal"
	untouched 1 pgrestore "$BACKUP"
	exits 0 pgrestore "$BACKUP" --replace
	equals "$(what_it_is "$LIVE")" '2|1|ok'
	equals "$(stat -c %s "$(kept)")" 20000
	equals "$(cat "$(kept)-wal")" wal
	[ ! -s "$LIVE-wal" ]
	# Pages inside are not what they should be.
	rm -r "$DIR" && mkdir "$DIR"
	fill_lite "$LIVE" 1 3000
	dd if=/dev/zero of="$LIVE" bs=4096 seek=1 count=1 conv=notrunc status=none
	exits 0 pgrestore "$BACKUP" --replace
	equals "$(what_it_is "$LIVE")" '2|1|ok'
	equals "$(kept | wc -l)" 1
}

@test "a stale -wal, -shm or -journal beside a missing file: refused, and left" {
	local suffix
	for suffix in wal journal shm; do
		echo stale >"$LIVE-$suffix"
		untouched 1 pgrestore "$BACKUP"
		says "$LIVE-$suffix"
		untouched 1 pgrestore "$BACKUP" --replace
		rm "$LIVE-$suffix"
	done
}

@test "no kind for the other: an archive into SQLite is 64; options that are PostgreSQL's are, too" {
	local option
	printf 'PGDMP' >"$BATS_TEST_TMPDIR/x.dump"
	echo 'select 1;' >"$BATS_TEST_TMPDIR/x.sql"
	fill_lite "$LIVE" 1 5
	untouched 64 pgrestore "$BATS_TEST_TMPDIR/x.sql" --replace
	for option in --clean '--into x' '--clean --tables t' '--jobs 2 --clean'; do
		# shellcheck disable=SC2086 # words
		untouched 64 pgrestore "$BACKUP" $option
	done
}

@test "--verify is asked of the backup: what fails leaves the file, and nothing beside it" {
	fill_lite "$LIVE" 1 5
	untouched 1 pgrestore "$BACKUP" --replace --verify 'rows=a>=20001'
	says 'rows=a'
	PGRESTORE_VERIFY='table=nowhere' untouched 1 pgrestore "$BACKUP" --replace
	exits 0 pgrestore "$BACKUP" --replace --verify 'rows=a>=20000'
	equals "$(what_it_is "$LIVE")" '2|1|ok'
}

# readers_and_writers WAL: some of each, until DIR/stop is there; what is neither old nor new is a line in BAD.
readers_and_writers() {
	cat >"$BATS_TEST_TMPDIR/clients.py" <<-'END'
		import os, sqlite3, sys, threading
		file, folder = sys.argv[1:]
		bad, seen = [], set()

		def run(writes):
		    n = 0
		    while not os.path.exists(folder + "/stop"):
		        n += 1
		        try:
		            db = sqlite3.connect(f"file:{file}?mode=rw", uri=True, timeout=20, isolation_level=None)
		            for _ in range(3):
		                if writes:
		                    db.execute("begin immediate")
		                    db.execute("insert into a (x) values ('new')")
		                    db.execute("update z set i = (select count(*) from a)")
		                    db.execute("commit")
		                row = db.execute("select generation, (select count(*) from a) = (select i from z), (select count(*) from a) > 4 from whole").fetchall()
		                seen.add(row[0][0])
		                if len(row) != 1 or row[0][1:] != (1, 1):
		                    bad.append(repr(row))
		            db.close()
		        except sqlite3.OperationalError as e:
		            if "locked" not in str(e) and "schema has changed" not in str(e):
		                bad.append(str(e))
		        except sqlite3.Error as e:
		            bad.append(str(e))

		threads = [threading.Thread(target=run, args=(i < 2,)) for i in range(5)]
		[t.start() for t in threads]
		open(folder + "/started", "w").close()
		[t.join() for t in threads]
		open(folder + "/bad", "w").write("".join(line + "\n" for line in bad))
		open(folder + "/seen", "w").write(" ".join(map(str, sorted(seen))))
	END
	rm -f "$BATS_TEST_TMPDIR"/{stop,started,bad,seen}
	python3 "$BATS_TEST_TMPDIR/clients.py" "$LIVE" "$BATS_TEST_TMPDIR" 3>&- &
	CLIENTS=$!
	echo "$CLIENTS" >"$BATS_TEST_TMPDIR/clients.pid"
	wait_until 20 test -e "$BATS_TEST_TMPDIR/started"
}

end_clients() {
	touch "$BATS_TEST_TMPDIR/stop"
	wait_until 60 pid_gone "$CLIENTS"
	sort "$BATS_TEST_TMPDIR/bad" | uniq -c | head -n 5
	[ ! -s "$BATS_TEST_TMPDIR/bad" ]
}

@test "readers and writers of a live file see the old one or the new one, and nothing between" {
	local mode
	for mode in '' wal; do
		rm -rf "$DIR" && mkdir "$DIR"
		# shellcheck disable=SC2086 # nothing or a word
		fill_lite "$LIVE" 1 5 $mode
		readers_and_writers
		exits 0 pgrestore "$BACKUP" --replace
		equals "$(lite "$LIVE" 'select generation from whole')" 2
		wait_until 10 grown
		end_clients
		equals "$(<"$BATS_TEST_TMPDIR/seen")" '1 2'
		equals "$(lite "$LIVE" 'select integrity_check from pragma_integrity_check')" ok
		equals "$(what_it_is "$(kept)")" '1|1|ok'
	done
}

grown() {
	[ "$(lite "$LIVE" 'select i from z')" -gt 20005 ]
}

# busy_writer MODE: makes LIVE and writes to it, number by number, until DIR/stop is there; what it was told is in is in
# DIR/told then.
busy_writer() {
	cat >"$BATS_TEST_TMPDIR/writer.py" <<-'END'
		import os, sqlite3, sys
		file, folder, mode = sys.argv[1:]
		db = sqlite3.connect(file, timeout=60, isolation_level=None)
		db.execute("pragma journal_mode = " + mode)
		db.execute("begin")
		db.execute("create table a (i integer primary key, x text)")
		db.executemany("insert into a (x) values (?)", (("x" * 200,) for _ in range(30000)))
		db.execute("commit")
		n, told = 10 ** 6, []
		while not os.path.exists(folder + "/stop"):
		    n += 1
		    try:
		        db.execute("insert into a values (?, 'new')", (n,))
		        told.append(n)
		    except sqlite3.OperationalError as e:
		        if "locked" not in str(e):
		            raise
		    if len(told) == 20:
		        open(folder + "/started", "w").close()
		open(folder + "/told", "w").write(" ".join(map(str, told)))
	END
	rm -f "$BATS_TEST_TMPDIR"/{stop,started,told}
	python3 "$BATS_TEST_TMPDIR/writer.py" "$LIVE" "$BATS_TEST_TMPDIR" "$1" 3>&- &
	WRITER=$!
	echo "$WRITER" >"$BATS_TEST_TMPDIR/writer.pid"
	wait_until 20 test -e "$BATS_TEST_TMPDIR/started"
}

# in_neither OLD: what the writer was told is in, and is neither there nor in LIVE.
in_neither() {
	python3 - "$BATS_TEST_TMPDIR/told" "$LIVE" "$1" <<-'END'
		import sqlite3, sys
		missing = set(map(int, open(sys.argv[1]).read().split()))
		assert len(missing) > 20
		for file in sys.argv[2:]:
		    missing -= {row[0] for row in sqlite3.connect(file).execute("select i from a")}
		print(*sorted(missing))
	END
}

@test "what a busy writer was told is written is in the new file or in the kept one, whatever its journal" {
	local mode n
	for mode in wal delete persist truncate; do
		for ((n = 0; n < $(rounds 20); n++)); do
			rm -rf "$DIR" && mkdir "$DIR"
			busy_writer "$mode"
			exits 0 pgrestore "$BACKUP" --replace --wait 2m
			touch "$BATS_TEST_TMPDIR/stop"
			wait_until 60 pid_gone "$WRITER"
			equals "$(lite "$(kept)" 'select integrity_check from pragma_integrity_check')" ok
			equals "$(in_neither "$(kept)")" ''
		done
	done
}

@test "an empty file that somebody fills while the restore waits for it is left alone" {
	statements "$LIVE" 'create table gone (a)' 'drop table gone'
	python3 - "$LIVE" "$BATS_TEST_TMPDIR" 3>&- <<-'END' &
		import os, sqlite3, sys, time
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("begin immediate")
		open(sys.argv[2] + "/locked", "w").close()
		while not os.path.exists(sys.argv[1] + ".part"):
		    time.sleep(0.01)
		db.execute("create table precious as select 1 a")
		time.sleep(0.2)
		db.execute("commit")
	END
	echo $! >"$BATS_TEST_TMPDIR/locker.pid"
	wait_until 10 test -e "$BATS_TEST_TMPDIR/locked"
	exits 1 pgrestore "$BACKUP"
	says 'not empty any more'
	equals "$(lite "$LIVE" 'select a from precious')" 1
	equals "$(ls "$DIR")" live.db
}

@test "two restores of one file: one of them, and then the other" {
	fill_lite "$LIVE" 1 5
	: >"$LIVE.part"
	exec 9<"$LIVE.part"
	flock 9
	exits 75 pgrestore "$BACKUP" --replace
	says 'another restore'
	exec 9<&-
	exits 0 pgrestore "$BACKUP" --replace
	equals "$(what_it_is "$LIVE")" '2|1|ok'
	equals "$(find "$DIR" -name '*.part*')" ''
}

@test "--drop-old keeps nothing; links are followed, also to where nothing is yet" {
	fill_lite "$LIVE" 1 5
	exits 0 pgrestore "$BACKUP" --replace --drop-old
	equals "$(what_it_is "$LIVE")" '2|1|ok'
	equals "$(ls "$DIR")" live.db
	mkdir "$DIR/real"
	rm "$LIVE"
	ln -s real/app.db "$LIVE"
	exits 0 pgrestore "$BACKUP"
	[ -L "$LIVE" ]
	equals "$(what_it_is "$DIR/real/app.db")" '2|1|ok'
	exits 0 pgrestore "$BACKUP" --replace
	[ -L "$LIVE" ]
	equals "$(kept)" "$(echo "$DIR"/real/app.db_before_*)"
	equals "$(ls "$DIR")" "live.db${IFS:2:1}real"
}

@test "pages of any size go into a database with pages of another, with a WAL, and open, too" {
	local size own backup=$BATS_TEST_TMPDIR/pages.db
	for own in 512 4096 65536; do
		rm -f "$backup"
		statements "$backup" "pragma page_size = $own" 'create table a (x)' \
			"insert into a (rowid, x) values (7, 'seven'), (9, 'nine')"
		for size in 512 1024 4096 65536; do
			rm -rf "$DIR" && mkdir "$DIR"
			statements "$LIVE" "pragma page_size = $size" 'pragma journal_mode = wal' 'create table old (x)'
			exits 0 pgrestore "$backup" --replace
			equals "$(lite "$LIVE" 'select group_concat(rowid || x) from a')" '7seven,9nine'
			equals "$(lite "$LIVE" 'pragma journal_mode')" wal
			equals "$(find "$DIR" -name '*.part*')" ''
		done
	done
}

@test "SIGKILL at random moments: the old one or the new one, whole, and the next one gets through" {
	local n old=0 new=0 mode
	random_series
	fill_lite "$LIVE" 1 5
	took pgrestore -q "$BACKUP" --replace
	for ((n = 0; n < $(rounds 100); n++)); do
		rm -rf "$DIR" && mkdir "$DIR"
		mode=
		[ $((n % 2)) -eq 0 ] || mode=wal
		# shellcheck disable=SC2086 # nothing or a word
		[ $((n % 5)) -eq 4 ] || fill_lite "$LIVE" 1 5 $mode
		pgrestore -q "$BACKUP" --replace >/dev/null 2>&1 3>&- &
		echo $! >"$BATS_TEST_TMPDIR/run.pid"
		pause $((RANDOM % (TOOK * 11 / 10 + 2)))
		kill -KILL "$(cat "$BATS_TEST_TMPDIR/run.pid")" 2>/dev/null || true
		wait_until 10 pid_gone "$(cat "$BATS_TEST_TMPDIR/run.pid")"
		if [ -e "$LIVE" ]; then
			case $(what_it_is "$LIVE") in
			'1|1|ok') old=$((old + 1)) ;;
			'2|1|ok') new=$((new + 1)) ;;
			*) what_it_is "$LIVE"; false ;;
			esac
		else
			equals $((n % 5)) 4
		fi
		exits 0 pgrestore "$BACKUP" --replace
		equals "$(what_it_is "$LIVE")" '2|1|ok'
		equals "$(find "$DIR" -name '*.part*')" ''
	done
	echo "# $old times the old one, $new times the new one" >&3
}

@test "what a -wal or a hot -journal beside the backup holds belongs to it, and its folder is left alone" {
	local mode before source=$BATS_TEST_TMPDIR/source
	for mode in wal delete; do
		rm -rf "$source" "$LIVE"
		mkdir "$source"
		python3 - "$source" "$mode" <<-'END'
			import os, shutil, sqlite3, sys
			folder, mode = sys.argv[1:]
			db = sqlite3.connect(folder + "/first.db", isolation_level=None)
			db.execute("pragma journal_mode = " + mode)
			db.execute("pragma cache_size = 5")
			db.execute("create table a (x)")
			db.execute("insert into a values ('in')")
			db.execute("begin")
			db.executemany("insert into a values (?)", (("x" * 500,) for _ in range(500)))
			# Of a WAL all is to be seen, of a transaction that a journal undoes nothing.
			if mode == "wal":
			    db.execute("commit")
			for suffix in ("", "-wal", "-journal"):
			    if os.path.exists(folder + "/first.db" + suffix):
			        shutil.copy(folder + "/first.db" + suffix, folder + "/copy.db" + suffix)
			db.close()
		END
		before=$(cd "$source" && md5sum copy*)
		exits 0 pgrestore "$source/copy.db"
		equals "$(lite "$LIVE" 'select count(*) from a')" "$([ $mode = wal ] && echo 501 || echo 1)"
		equals "$(cd "$source" && md5sum copy*)" "$before"
	done
}

# In front of a command: makes it process 1 of its own.
CONTAINER=(unshare --fork --pid --kill-child)

@test "two runs of one pid that share a folder: each restores its own backup, and what a killed one left is cleared away" {
	local n other=$BATS_TEST_TMPDIR/other.db stage=$BATS_TEST_TMPDIR/stage
	"${CONTAINER[@]}" true 2>/dev/null || skip 'may not make a pid namespace'
	mkdir "$stage"
	fill_lite "$other" 7 40000
	for ((n = 0; n < 10; n++)); do
		rm -rf "$DIR" && mkdir "$DIR"
		# The first reads on while the second begins.
		{ cat "$other" && wait_until 20 test -e "$DIR/second.db"; } |
			timeout 30 "${CONTAINER[@]}" "$PGBOX" pgrestore -q - "sqlite:$LIVE" --stage "$stage" 3>&- &
		wait_until 10 find_staged "$stage"
		exits 0 "${CONTAINER[@]}" "$PGBOX" pgrestore - "sqlite:$DIR/second.db" --stage "$stage" <"$BACKUP"
		wait "$!"
		equals "$(what_it_is "$LIVE")" '7|1|ok'
		equals "$(what_it_is "$DIR/second.db")" '2|1|ok'
		equals "$(ls "$stage")" ''
	done
	# Killed: its file stays, until the next run.
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	"$PGBOX" pgrestore -q - "sqlite:$LIVE" --stage "$stage" <>"$BATS_TEST_TMPDIR/pipe" 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/run.pid"
	wait_until 10 find_staged "$stage"
	kill -KILL "$!"
	wait_until 10 pid_gone "$!"
	find_staged "$stage"
	exits 0 pgrestore "$BACKUP" "sqlite:$DIR/third.db" --stage "$stage"
	equals "$(ls "$stage")" ''
}

find_staged() {
	[ -n "$(ls "$1")" ]
}
