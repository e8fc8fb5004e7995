# The backups' folder, its journal and the backups in it when somebody else may write to them: nothing outside is
# read, written or deleted, nothing waits for ever, and nothing of theirs steers a terminal.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to make SQLite files with'
	export BATS_TEST_TIMEOUT=120
	use_applets
}

# statements FILE SQL...: runs them in a database, which is made where it is missing.
statements() {
	python3 - "$@" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		for sql in sys.argv[2:]:
		    db.execute(sql)
		db.commit()
	END
}

setup() {
	backup_folder
	unset METRICS_FILE "${!RESTORE_@}"
	cd "$BATS_TEST_TMPDIR" || return
	LITE=$BATS_TEST_TMPDIR/app.db
	statements "$LITE" 'create table t (a)' "insert into t values ('x')"
	export DATABASE_URL=sqlite:///$LITE
	printf 'not yours' >victim
	mkdir outside
	printf kept >outside/file
}

# Nothing outside of the folder has changed.
untouched() {
	equals "$(cat victim)" 'not yours'
	equals "$(ls outside)" file
	equals "$(cat outside/file)" kept
}

# forge PATH [DATABASE]: the journal names that as an old, verified backup.
forge() {
	python3 - "$BACKUP_DIR/.pgbox/journal.db" "$1" "${2:-app.db}" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("insert into files (dir, run, path, kind, database, bytes, sha256, verified, made, tables, suspect)"
		           " select dir, 777, ?, kind, ?, 1, sha256, verified, 1000, tables, 0 from files limit 1", sys.argv[2:])
		db.commit()
	END
}

# --- symlinks ---

@test "lock, journal and the folder of both: no symlink in their place is followed" {
	exits 0 pgbackup run
	mv "$BACKUP_DIR/.pgbox/lock" .
	ln -s ../../victim "$BACKUP_DIR/.pgbox/lock"
	exits 73 pgbackup run
	says 'symlink'
	exits 73 pgbackup prune --keep-last 1
	rm "$BACKUP_DIR/.pgbox/lock"
	# A journal of another folder would be written to.
	mv "$BACKUP_DIR/.pgbox/journal.db" theirs.db
	ln -s ../../theirs.db "$BACKUP_DIR/.pgbox/journal.db"
	sha256sum theirs.db >before
	exits 0 pgbackup run
	says 'symlink'
	exits 1 pgbackup status
	exits 66 "$PGBOX" journal "$BACKUP_DIR"
	sha256sum --quiet -c before
	rm "$BACKUP_DIR/.pgbox/journal.db"
	mv "$BACKUP_DIR/.pgbox" outside/.pgbox
	ln -s ../outside/.pgbox "$BACKUP_DIR/.pgbox"
	(cd outside/.pgbox && find . -type f -exec sha256sum {} +) >before
	exits 73 pgbackup run
	exits 73 pgbackup sync
	(cd outside/.pgbox && sha256sum --quiet -c ../../before)
	rm -r outside/.pgbox
	untouched
}

# In the background: as soon as a backup is on its way, links to the victim under the names of its sums and manifest.
plant='
import os, re, sys, time
folder = sys.argv[1]
end = time.time() + 60
print("ready", flush=True)
while time.time() < end:
    for stamp in {m.group(1) for m in map(re.compile("(app.db-[0-9]+-[0-9]+)[.]db.*[.]part$").match, os.listdir(folder)) if m}:
        for suffix in (".db.sha256.part", ".db.json.part", ".db.zst.sha256.part", ".db.zst.json.part"):
            try:
                os.symlink("../../victim", os.path.join(folder, stamp + suffix))
            except FileExistsError:
                pass
'

@test "sums and manifests: a symlink that somebody is quick to put there is not written through" {
	local pid compress
	statements "$LITE" 'create table big (a)' 'insert into big values (randomblob(5000000))'
	mkdir -p "$BACKUP_DIR/app.db"
	for compress in none zstd; do
		python3 -c "$plant" "$BACKUP_DIR/app.db" >planting 3>&- &
		pid=$!
		wait_until 20 grep -q ready planting
		status=0
		timeout 60 pgbackup run -q --compress $compress 2>said || status=$?
		kill "$pid"
		wait "$pid" || true
		# Whoever is quick enough for every try has the run fail.
		[[ $status = [01] || $status = 73 ]]
		untouched
	done
	exits 0 pgbackup run
	untouched
	equals "$(find "$BACKUP_DIR/app.db" -type l)" "$BACKUP_DIR/app.db/latest"
}

@test "a database's folder, its backups, manifests and latest: no symlink is followed" {
	local data
	mkdir "$BACKUP_DIR"
	ln -s ../outside "$BACKUP_DIR/app.db"
	exits 73 pgbackup run
	says 'symlink'
	untouched
	rm "$BACKUP_DIR/app.db"
	exits 0 pgbackup run
	data=$(newest app.db)
	mv "$data" elsewhere
	ln -s ../../elsewhere "$data"
	exits 66 pgbackup verify
	exits 66 pgrestore latest sqlite:new.db
	exits 66 pgrestore "$data" sqlite:new.db
	exits 66 pgrestore "backups/app.db/${data##*/}" sqlite:new.db
	says 'symlink'
	exits 1 pgbackup status
	not test -e new.db
	# latest leads to a name beside it, or nowhere.
	rm "$data"
	mv elsewhere "$data"
	exits 0 pgrestore "$BACKUP_DIR/app.db/latest" sqlite:new.db
	rm new.db
	cp "$data" elsewhere
	ln -sfn ../../elsewhere "$BACKUP_DIR/app.db/latest"
	exits 66 pgrestore "$BACKUP_DIR/app.db/latest" sqlite:new.db
	# What is no part of the folder may be a symlink, as ever.
	ln -s elsewhere link
	exits 0 pgrestore link sqlite:new.db
}

@test "the folder itself may be a symlink, another user's, and writable by a group" {
	mkdir real
	chmod 2775 real
	[ "$(id -u)" != 0 ] || chown 1000:1000 real
	ln -s real "$BACKUP_DIR"
	exits 0 pgbackup run
	says_not warning
	exits 0 pgbackup status
	exits 0 pgbackup verify
	exits 0 pgrestore latest sqlite:new.db
	(cd real && exits 0 pgrestore app.db/latest sqlite:other.db)
	chmod 777 real
	exits 0 pgbackup run
	says 'every user'
}

@test "METRICS_FILE: its part is a new file, whatever is there" {
	unshare --fork --pid true 2>/dev/null || skip 'may not make a pid namespace'
	mkdir metrics
	ln -s ../victim metrics/x.prom.1.part
	exits 0 unshare --fork --pid --kill-child "$PGBOX" pgbackup run --metrics metrics/x.prom
	untouched
	grep -q '^pgbackup_last_run_success 1$' metrics/x.prom
	equals "$(stat -c %a metrics/x.prom)" 644
	equals "$(ls metrics)" x.prom
}

# --- paths ---

@test "prune deletes nothing outside of a database's folder, whatever the journal names" {
	local path
	mkdir -p outside.dump/sub "$BACKUP_DIR"
	printf '{}' >outside.dump.json
	printf '{}' >outside/file.json
	for _ in 1 2 3; do exits 0 pgbackup run -q; done
	mkdir -p "$BACKUP_DIR/other"
	for path in notes other/other-20200101-000000.dump .pgbox/lock app.db/notes; do
		[ -e "$BACKUP_DIR/$path" ] || printf x >"$BACKUP_DIR/$path"
		printf '{}' >"$BACKUP_DIR/$path.json"
	done
	for path in ../outside.dump "$PWD/outside.dump" app.db/../../outside.dump ../outside/file notes ./notes \
		app.db/../notes other/other-20200101-000000.dump app.db/notes; do
		forge "$path"
	done
	forge .pgbox/lock .pgbox
	forge ../outside/app-20200101-000000.dump ../outside
	exits 0 pgbackup prune --keep-last 1 --keep-min 1 --dry-run
	says_not outside
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	says "names '../outside.dump', which is not a backup of this folder"
	says_not 'deleted ../'
	equals "$(backups app.db)" 2 # one, and the notes'
	test -d outside.dump/sub
	for path in notes other/other-20200101-000000.dump .pgbox/lock app.db/notes; do
		test -e "$BACKUP_DIR/$path"
	done
	rm outside/file.json
	untouched
	# Said once.
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	says_not outside
}

@test "a run's number restores only what is in the folder" {
	exits 0 pgbackup run
	statements other.db 'create table other (a)'
	forge ../other.db
	exits 66 pgrestore 777 sqlite:new.db
	not test -e new.db
}

# --- what is no file ---

@test "a FIFO in the place of any file of the folder is waited for by nobody" {
	local file data
	exits 0 pgbackup run
	data=$(newest app.db)
	mkfifo "$BACKUP_DIR/app.db/app.db-20200101-000000.db.zst.json" "$BACKUP_DIR/.pgbox/readback-x.db"
	exits 0 pgbackup run
	exits 0 pgbackup list
	says 'not a regular file'
	exits 65 pgbackup verify --all
	exits 65 pgbackup sync
	exits 0 healthz "backup=$BACKUP_DIR"
	PGBOX_JOURNAL=$PWD/none/none exits 0 healthz "backup=$BACKUP_DIR"
	exits 0 pgrestore latest sqlite:new.db
	for file in "$data" "$data.json" "$data.sha256" "$BACKUP_DIR/.pgbox/lock" "$BACKUP_DIR/.pgbox/journal.db"; do
		mv "$file" aside
		mkfifo "$file"
		status=0
		timeout 20 pgbackup verify "${data##*/}" >said 2>&1 || status=$?
		[[ $status != 124 ]]
		timeout 20 pgrestore "$data" sqlite:other.db >said 2>&1 || status=$?
		[[ $status != 124 ]]
		timeout 20 pgbackup run >said 2>&1 || status=$?
		[[ $status != 124 ]]
		timeout 20 pgbackup status >said 2>&1 || status=$?
		[[ $status != 124 ]]
		mv aside "$file"
	done
	# The sums and the manifest beside a file that somebody names.
	cp "$data" plain.zst
	mkfifo plain.zst.sha256 plain.zst.json
	exits 65 pgrestore plain.zst sqlite:third.db
	rm plain.zst.json
	exits 65 pgrestore plain.zst sqlite:third.db
	rm plain.zst.sha256
	exits 0 pgrestore plain.zst sqlite:third.db
	# A pipe that is the backup itself goes on working.
	mkfifo pipe
	cat "$data" >pipe 3>&- &
	exits 0 pgrestore pipe sqlite:fourth.db
}

@test "seedonce's lock beside an SQLite file: a FIFO or symlink there is refused at once" {
	mkfifo "$LITE.pgbox-lock"
	exits 73 seedonce --name a -- true
	says 'not a regular file'
	rm "$LITE.pgbox-lock"
	ln -s victim "$LITE.pgbox-lock"
	exits 73 seedonce --name a -- true
	untouched
}

# --- what is in a journal ---

@test "a journal with a trigger, a view or another index of somebody else's is not used, and sync makes a new one" {
	local sql
	# A table of theirs is left alone.
	exits 0 pgbackup run
	statements "$BACKUP_DIR/.pgbox/journal.db" 'create table theirs (a)'
	exits 0 pgbackup status
	for sql in "create trigger more after insert on runs begin insert into runs (applet, started, status)
		with recursive n (i) as (select 1 union all select i + 1 from n) select 'x', i, 'x' from n; end" \
		'create view more as select 1' \
		"create index more on runs (abs(id))" 'drop table uploads'; do
		statements "$BACKUP_DIR/.pgbox/journal.db" "$sql"
		exits 0 timeout 40 "$PGBOX" pgbackup run
		says "pgbox's"
		exits 1 timeout 40 "$PGBOX" pgbackup status
		exits 0 pgbackup sync
		exits 0 pgbackup status
	done
	# In the place of one of ours.
	statements "$BACKUP_DIR/.pgbox/journal.db" 'drop table uploads' 'create view uploads as
		with recursive n (i) as (select 1 union all select i + 1 from n) select i as place, i as key, i as upload from n'
	exits 0 timeout 40 "$PGBOX" pgbackup run
	says 'view'
}

@test "a journal of huge values takes no memory, and sync makes a new one" {
	local journal=$BACKUP_DIR/.pgbox/journal.db bounded=(prlimit --as=400000000 "$PGBOX") sql
	exits 0 pgbackup run
	for sql in "update runs set error = hex(zeroblob(30000000)), about = hex(zeroblob(30000000))" \
		"update files set database = hex(zeroblob(30000000))" \
		"with recursive n (i) as (select 1 union all select i + 1 from n where i < 150) insert into files
		(run, path, kind, database, bytes, sha256, dir) select 1, 'x' || i, 'custom', hex(zeroblob(500000)), 1, 'x', '.' from n"; do
		statements "$journal" "$sql"
		case $sql in
		*runs*) exits 66 "${bounded[@]}" journal "$journal" ;;
		*) exits 1 "${bounded[@]}" pgbackup prune --keep-last 1 ;;
		esac
		says 'larger values'
		exits 0 "${bounded[@]}" pgbackup sync
		says 'moved aside'
		exits 0 pgbackup status
	done
}

@test "a journal is made for its owner alone, whatever the umask" {
	umask 000
	PGBOX_JOURNAL=$PWD/j.db exits 0 seedonce --name a -- true
	equals "$(stat -c %a j.db)" 600
	exits 0 pgbackup run
	equals "$(stat -c %a "$BACKUP_DIR/.pgbox/journal.db")" 600
}

# --- a journal beside a database that names another file ---

# super FILE VICTIM: a database, and beside it a hot rollback journal that names the victim as its super-journal.
super() {
	python3 - "$1" "$(realpath "$2")" <<-'END'
		import os, sqlite3, struct, sys
		out, victim = sys.argv[1], sys.argv[2].encode()
		db = sqlite3.connect(out)
		db.executescript("create table if not exists s (a); insert into s values ('x')")
		db.close()
		magic, nonce = bytes.fromhex("d9d505f920a163d7"), 0x12345678
		page = open(out, "rb").read(4096)
		total = nonce
		for i in range(len(page) - 200, 0, -200):
		    total = (total + page[i]) & 0xffffffff
		head = magic + struct.pack(">5I", 1, nonce, os.path.getsize(out) // 4096, 512, 4096)
		record = struct.pack(">I", 1) + page + struct.pack(">I", total)
		words = sum(b if b < 128 else b - 256 for b in victim) & 0xffffffff
		tail = struct.pack(">I", 0x40000000 // 4096 + 1) + victim + struct.pack(">2I", len(victim), words) + magic
		with open(out + "-journal", "wb") as f:
		    f.write(head.ljust(512, b"\0") + record + tail)
	END
}

@test "a rollback journal that names another file deletes nothing" {
	mkdir source
	super source/copy.db victim
	exits 65 pgrestore source/copy.db sqlite:new.db
	says 'super-journal'
	not test -e new.db
	untouched
	# Beside a live database, as beside a backup.
	super "$LITE" victim
	pgbackup run || true
	untouched
	super "$LITE" victim
	exits 0 pgrestore list
	timeout 20 pgrestore source/copy.db "sqlite:$LITE" --replace || true
	timeout 20 waitdb --timeout 1s || true
	timeout 20 isempty || true
	untouched
}

# --- terminals ---

@test "control characters of others reach no terminal, and JSON keeps them escaped" {
	local word bytes
	exits 0 pgbackup run
	# ESC, CSI as C1, a right-to-left override, an isolate and a mark.
	bytes=$(printf 'a\033[31m\302\2332J\342\200\256\342\201\246\342\200\217b')
	statements "$BACKUP_DIR/.pgbox/journal.db" "update runs set target = '$bytes', error = '$bytes', status = 'failed'"
	python3 - "$(newest app.db).json" "$bytes" <<-'END'
		import json, sys
		m = json.load(open(sys.argv[1]))
		m["server"] = m["target"] = sys.argv[2]
		json.dump(m, open(sys.argv[1], "w"), ensure_ascii=False)
	END
	for word in "journal $BACKUP_DIR" "journal $BACKUP_DIR --json" 'pgbackup list' 'pgbackup list --json' \
		'pgbackup status' 'pgbackup status --json' "healthz backup=$BACKUP_DIR" 'pgrestore list'; do
		# shellcheck disable=SC2086 # words
		timeout 20 "$PGBOX" $word >shown 2>&1 || true
		test -s shown
		not grep -qP '\x1b|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]' shown
		[[ $word != *--json ]] || jq -e . <shown >/dev/null
	done
	"$PGBOX" journal "$BACKUP_DIR" --json | jq -e --arg bytes "$bytes" 'select(.error == $bytes)' >/dev/null
	exits 64 pgbackup "$bytes"
	not grep -qP '\x1b|\xc2\x9b' <<<"$output"
	exits 66 pgrestore "./$bytes"
	not grep -qP '\x1b|\xc2\x9b|\xe2\x80\xae' <<<"$output"
	PGBOX_LOG=json exits 66 pgrestore "./$bytes"
	jq -e . <<<"$output" >/dev/null
}

# --- memory ---

@test "what is in memory goes into no core file, and the command's limit is its own" {
	ulimit -S -c 8
	exits 0 seedonce --name a -- bash -c 'ulimit -c; grep "core file" /proc/$PPID/limits'
	[[ $output == *8*'core file size        0 '* ]]
	exits 0 waitdb -q -- bash -c 'ulimit -c'
	equals "$output" 8
	exits 0 waitdb -q -- python3 -c 'import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))'
	equals "$output" 1
}
