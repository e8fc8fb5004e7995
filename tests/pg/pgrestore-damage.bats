# pgrestore: backups that are damaged, cut off or none at all are refused before anything is touched. SOAK=1 for the full
# series.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/trials
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=600
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg KEPT=$BATS_FILE_TMPDIR/kept
	server_make "$SERVER"
	server_start "$SERVER"
	made app 3
	# Enough that nearly all of an archive is data.
	sql app 'create table words as select i, md5(i::text) x from generate_series(1, 20000) i' \
		"select lo_from_bytea(0, decode(repeat('00ff41', 3000), 'hex'))" >/dev/null
	make_backups
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	BACKUP_DIR=$KEPT
	only app
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

make_backups() {
	local format
	for format in custom plain directory; do
		BACKUP_DIR=$KEPT/$format exits 0 pgbackup run --roles no --format "$format" "$(url app)"
		BACKUP_DIR=$KEPT/gzip-$format exits 0 pgbackup run --roles no --format "$format" --compress gzip "$(url app)"
		BACKUP_DIR=$KEPT/lz4-$format exits 0 pgbackup run --roles no --format "$format" --compress lz4 "$(url app)"
		BACKUP_DIR=$KEPT/none-$format exits 0 pgbackup run --roles no --format "$format" --compress none "$(url app)"
	done
}

# flip_at FILE OFFSET BIT
flip_at() {
	python3 - "$@" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2]))
		    byte = f.read(1)[0]
		    f.seek(-1, 1)
		    f.write(bytes([byte ^ 1 << int(sys.argv[3])]))
	END
}

# a_file PATH: it, or one of a folder's, in FILE.
a_file() {
	local files
	FILE=$1
	if [ -d "$1" ]; then
		files=("$1"/*)
		FILE=${files[RANDOM % ${#files[@]}]}
	fi
}

# server_untouched: nobody has made a database, or an object.
server_untouched() {
	equals "$(sql postgres 'select string_agg(oid || datname, $$ $$ order by oid) from pg_database')" "$DATABASES"
}

@test "a bit flipped anywhere in any kind of backup: 65, before the target is touched" {
	local n kinds copy folder size offset bit
	random_series
	kinds=("$KEPT"/*)
	DATABASES=$(sql postgres 'select string_agg(oid || datname, $$ $$ order by oid) from pg_database')
	for ((n = 0; n < $(rounds 200); n++)); do
		folder=${kinds[n % ${#kinds[@]}]}
		copy=$BATS_TEST_TMPDIR/copy
		rm -rf "$copy"
		cp -a "$folder" "$copy"
		BACKUP_DIR=$copy
		a_file "$(newest app)"
		size=$(stat -c %s "$FILE")
		[ "$size" -gt 0 ] || continue
		offset=$((RANDOM * 32768 + RANDOM)) bit=$((RANDOM % 8))
		offset=$((offset % size))
		echo "round $n: ${folder##*/} ${FILE##*/} byte $offset of $size, bit $bit"
		flip_at "$FILE" "$offset" "$bit"
		case $((n % 3)) in
		0) exits 65 pgrestore latest --replace ;;
		1) exits 65 pgrestore "$(newest app)" "$(url new)" ;;
		2) exits 65 pgrestore plan latest --replace ;;
		esac
		one_sentence
		server_untouched
	done
}

# alone KIND: that backup without manifest and sums, in ALONE.
alone() {
	local data
	BACKUP_DIR=$KEPT/$1
	data=$(newest app)
	ALONE=$BATS_TEST_TMPDIR/alone.${data##*.}
	rm -rf "$ALONE"
	cp -a "$data" "$ALONE"
	# A folder's sums are beside it; what is in it must not tell either.
}

# data_range FILE: where the compressed data of the table words begins and how long it is, as read by its largest block.
data_range() {
	python3 - "$1" <<-'END'
		import os, sys
		size = os.path.getsize(sys.argv[1])
		# The first eighth has the table of contents; the last bytes may be the empty rest of it.
		print(size // 4, size // 2)
	END
}

# flips KIND: random ones in its data are all found without its manifest.
flips() {
	local n start length offset bit
	for ((n = 0; n < $(rounds 200) / 4; n++)); do
		alone "$1"
		FILE=$ALONE
		[ ! -d "$ALONE" ] || FILE=$(find "$ALONE" -type f -size +40k | head -n 1)
		read -r start length < <(data_range "$FILE")
		offset=$((start + (RANDOM * 32768 + RANDOM) % length)) bit=$((RANDOM % 8))
		echo "round $n: $1 ${FILE##*/} byte $offset, bit $bit"
		flip_at "$FILE" "$offset" "$bit"
		exits 65 pgrestore "$ALONE" "$(url new)"
		one_sentence
		says_not 'cannot be known'
		server_untouched
	done
}

@test "without a manifest every flip in the data of our zstd and of gzip is found" {
	local kind
	random_series
	DATABASES=$(sql postgres 'select string_agg(oid || datname, $$ $$ order by oid) from pg_database')
	for kind in custom gzip-custom directory gzip-directory plain gzip-plain; do
		flips "$kind"
	done
}

@test "what nothing can tell of is said to be so: lz4, another tool's zstd, and no compression" {
	local kind file=$BATS_TEST_TMPDIR/own
	for kind in lz4-custom none-custom lz4-directory none-directory; do
		alone "$kind"
		exits 0 pgrestore "$ALONE" --into "new_$kind"
		says 'cannot be known'
	done
	for kind in custom gzip-custom directory gzip-directory; do
		alone "$kind"
		exits 0 pgrestore "$ALONE" --into "new_$kind"
		says_not 'cannot be known'
	done
	only app
	if [ "$(major)" -ge 16 ]; then
		"$PG_BIN/pg_dump" -Fc --compress=zstd -f "$file.dump" "$(url app)"
		exits 0 pgrestore "$file.dump" --into new
		says 'cannot be known'
		drop new
	fi
	"$PGBOX" pg_dump -Fp -f "$file.sql" "$(url app)"
	zstd -q --no-check "$file.sql" -o "$file.sql.zst"
	exits 0 pgrestore "$file.sql.zst" --into new
	says 'cannot be known'
	drop new
	lz4 -q --no-frame-crc "$file.sql" "$file.sql.lz4"
	exits 0 pgrestore "$file.sql.lz4" --into new
	says 'cannot be known'
	drop new
	# With its manifest everything is known.
	BACKUP_DIR=$KEPT/lz4-custom exits 0 pgrestore latest --into new
	says_not 'cannot be known'
	drop new
}

@test "cut off anywhere: 65, before the target is touched" {
	local n kinds data size keep
	random_series
	kinds=("$KEPT"/*)
	DATABASES=$(sql postgres 'select string_agg(oid || datname, $$ $$ order by oid) from pg_database')
	for ((n = 0; n < $(rounds 200); n++)); do
		alone "$(basename "${kinds[n % ${#kinds[@]}]}")"
		FILE=$ALONE
		if [ -d "$ALONE" ]; then FILE=$(find "$ALONE" -type f -size +1k | sort | tail -n $((n % 2 + 1)) | head -n 1); fi
		size=$(stat -c %s "$FILE")
		keep=$(((RANDOM * 32768 + RANDOM) % size))
		# pg_restore has no need of the end of a file; what is missing there is nothing.
		[ $((n % 4)) -ne 0 ] || keep=$((size - 1 - RANDOM % 64))
		echo "round $n: ${ALONE##*/} ${FILE##*/} $keep of $size"
		truncate -s "$keep" "$FILE"
		if [ "${kinds[n % ${#kinds[@]}]}" = "$KEPT/none-directory" ]; then
			# Nothing says how long a file of these is.
			timeout 60 pgrestore plan "$ALONE" "$(url new)" 2>&1 | grep -qE 'cannot be known|damaged|cannot be read|cut off'
			continue
		fi
		exits 65 pgrestore "$ALONE" "$(url new)"
		one_sentence
		server_untouched
	done
}

@test "SQL of pg_dump's that is cut off between two statements is still cut off" {
	local file=$BATS_TEST_TMPDIR/cut.sql lines n
	"$PGBOX" pg_dump -f "$BATS_TEST_TMPDIR/whole.sql" "$(url app)"
	lines=$(grep -n '^COPY\|^ALTER\|^CREATE' "$BATS_TEST_TMPDIR/whole.sql" | cut -d: -f1)
	for n in $lines; do
		head -n $((n - 1)) "$BATS_TEST_TMPDIR/whole.sql" >"$file"
		refused 65 '' pgrestore "$file" "$(url new)"
		says 'cut off'
		gzip -f "$file"
		refused 65 '' pgrestore "$file.gz" "$(url new)"
	done
}

@test "SQL by hand that is cut off within the rows of a COPY: 65" {
	local file=$BATS_TEST_TMPDIR/cut.sql n
	printf '%s\n' 'create table t (a text);' 'copy t from stdin;' one 'two and more' '\.' >"$BATS_TEST_TMPDIR/whole.sql"
	for n in 44 47 50 56 61 62; do
		head -c "$n" "$BATS_TEST_TMPDIR/whole.sql" >"$file"
		refused 65 '' pgrestore "$file" "$(url new)"
		says 'the file ends within its data'
		gzip -f "$file"
		refused 65 '' pgrestore "$file.gz" "$(url new)"
	done
	# Nothing but the last line end, or not even that.
	for n in 63 64; do
		head -c "$n" "$BATS_TEST_TMPDIR/whole.sql" >"$file"
		exits 0 pgrestore "$file" "$(url new)"
		equals "$(rows new)" 2
		drop new
	done
}

@test "a folder that lacks one of its files: 65" {
	local file
	alone gzip-directory
	for file in "$ALONE"/*; do
		mv "$file" "$BATS_TEST_TMPDIR/away"
		refused 65 '' pgrestore "$ALONE" "$(url new)"
		mv "$BATS_TEST_TMPDIR/away" "$file"
	done
	exits 0 pgrestore "$ALONE" --into new
	drop new
}

@test "a folder with an empty file, a gzip of nothing, or damage at the beginning of one: 65" {
	local file kind
	made none 0
	sql none 'create table t (a int)' "select lo_create(0)" "select lo_from_bytea(0, 'abc')" >/dev/null
	for kind in gzip zstd lz4 none; do
		archive none "$BATS_TEST_TMPDIR/none" --format=directory --compress="$kind"
		exits 0 pgrestore "$BATS_TEST_TMPDIR/none" --into new
		drop new
		rm -r "$BATS_TEST_TMPDIR/none"
	done
	archive none "$BATS_TEST_TMPDIR/none" --format=directory --inserts
	exits 0 pgrestore "$BATS_TEST_TMPDIR/none" --into new
	drop new none
	for kind in gzip-directory none-directory directory lz4-directory; do
		alone "$kind"
		for file in "$ALONE"/*; do
			[[ ${file##*/} != blob_* || $file == *.gz ]] || continue
			cp "$file" "$BATS_TEST_TMPDIR/kept"
			: >"$file"
			refused 65 '' pgrestore "$ALONE" "$(url new)"
			one_sentence
			cp "$BATS_TEST_TMPDIR/kept" "$file"
		done
	done
	alone gzip-directory
	for file in "$ALONE"/*.gz; do
		cp "$file" "$BATS_TEST_TMPDIR/kept"
		: | gzip >"$file"
		[[ ${file##*/} == blob_* ]] || refused 65 '' pgrestore "$ALONE" "$(url new)"
		for n in 0 1 2 3 11 12; do
			cp "$BATS_TEST_TMPDIR/kept" "$file"
			flip_at "$file" "$n" 7
			refused 65 '' pgrestore "$ALONE" "$(url new)"
		done
		cp "$BATS_TEST_TMPDIR/kept" "$file"
	done
}

@test "a tar archive that is cut off anywhere: 65, and soon" {
	local size n
	archive app "$BATS_TEST_TMPDIR/whole.tar" --format=tar
	size=$(stat -c %s "$BATS_TEST_TMPDIR/whole.tar")
	for n in 2000 $((size / 3)) $((size / 2)) $((size - 1500)) $((size - 1100)); do
		head -c "$n" "$BATS_TEST_TMPDIR/whole.tar" >"$BATS_TEST_TMPDIR/cut.tar"
		refused 65 '' timeout 20 pgrestore "$BATS_TEST_TMPDIR/cut.tar" "$(url new)"
	done
	exits 0 pgrestore "$BATS_TEST_TMPDIR/whole.tar" --into new
	drop new
}

@test "a NUL byte in a dump: 65, packed or not" {
	local file=$BATS_TEST_TMPDIR/nul.sql
	"$PGBOX" pg_dump -f "$file" "$(url app)"
	printf '\0' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") / 2)) conv=notrunc status=none
	refused 65 '' pgrestore "$file" "$(url new)"
	says 'NUL'
	zstd -q "$file"
	refused 65 '' pgrestore "$file.zst" "$(url new)"
	says 'NUL'
}

@test "a dump that speaks of others in its rows is PostgreSQL's; comments may nest" {
	local file=$BATS_TEST_TMPDIR/words.sql
	made words 0
	sql words 'create table d (x text)' "comment on table d is 'MySQL dump, -- MariaDB dump'" \
		"insert into d values (E'-- PostgreSQL database cluster dump\\n-- MySQL dump 10')" >/dev/null
	"$PGBOX" pg_dump --inserts -f "$file" "$(url words)"
	exits 0 pgrestore "$file" --into new
	drop new words
	printf '/* /* a */ b */ create table t as select 7 a;\n' >"$file"
	exits 0 pgrestore "$file" --into new
	equals "$(rows new)" 1
	drop new
}

@test "a pipe is read as - is" {
	local file=$BATS_TEST_TMPDIR/piped.dump
	archive app "$file"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	cat "$file" >"$BATS_TEST_TMPDIR/fifo" 3>&- &
	exits 0 pgrestore "$BATS_TEST_TMPDIR/fifo" --into new
	equals "$(rows new)" 3
	drop new
}

@test "a manifest that cannot be read: 65, and no backup is taken for undamaged; a link leads to it" {
	cp -a "$KEPT/none-custom" "$BATS_TEST_TMPDIR/mixed"
	export BACKUP_DIR=$BATS_TEST_TMPDIR/mixed
	exits 0 pgrestore "$BACKUP_DIR/app/latest" --into new
	says_not 'cannot be known'
	drop new
	flip "$(newest app)"
	refused 65 '' pgrestore "$BACKUP_DIR/app/latest" "$(url new)"
	echo '{ "broken' >"$(newest app).json"
	refused 65 '' pgrestore "$(newest app)" "$(url new)"
	one_sentence
}

@test "a sha256 beside a backup without manifest is compared; a path that is not there is named" {
	alone none-custom
	(cd "$BATS_TEST_TMPDIR" && sha256sum "${ALONE##*/}" >"$ALONE.sha256")
	exits 0 pgrestore "$ALONE" --into new
	says_not 'cannot be known'
	drop new
	flip "$ALONE"
	refused 65 '' pgrestore "$ALONE" "$(url new)"
	echo nonsense >"$ALONE.sha256"
	refused 65 '' pgrestore "$ALONE" "$(url new)"
	refused 66 '' pgrestore ./no/such.dump "$(url new)"
	says "./no/such.dump'"
	says_not 'pgbackup list'
}

@test "another file under a backup's name is not that backup" {
	cp -a "$KEPT/custom" "$BATS_TEST_TMPDIR/mixed"
	export BACKUP_DIR=$BATS_TEST_TMPDIR/mixed
	made tiny 1
	archive tiny "$(newest app)"
	refused 65 app pgrestore latest --replace
	one_sentence
	echo '{}' >"$(newest app).json"
	drop tiny
}

# nothing FILE: it is refused as no backup, as a file and from stdin, in one sentence.
nothing() {
	echo "$1"
	refused 65 '' pgrestore "$1" "$(url new)"
	one_sentence
	refused 65 '' pgrestore - "$(url new)" <"$1"
	one_sentence
}

@test "what is no backup at all: 65 and a sentence" {
	local dir=$BATS_TEST_TMPDIR file
	mkdir "$dir/folder"
	refused 65 '' pgrestore "$dir/folder" "$(url new)"
	says 'toc.dat'
	: >"$dir/empty"
	gzip -c "$dir/empty" >"$dir/empty.gz"
	zstd -q -c "$dir/empty" >"$dir/empty.zst"
	lz4 -q -c "$dir/empty" >"$dir/empty.lz4"
	for file in "$dir"/empty*; do
		nothing "$file"
		says 'empty'
	done
	printf '%s\n' '-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)' '--' '-- Host: localhost    Database: app' \
		'/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;' 'DROP TABLE IF EXISTS `t`;' >"$dir/mysql"
	printf '%s\n' '/*M!999999\- enable the sandbox mode */ ' '-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB' 'USE `app`;' >"$dir/mariadb"
	gzip -k "$dir/mysql"
	for file in "$dir"/mysql "$dir"/mysql.gz "$dir"/mariadb; do
		nothing "$file"
		says 'MySQL'
	done
	echo 'Dear reader, this is no SQL.' >"$dir/letter"
	echo '-- only a comment' >"$dir/comment"
	printf '\n\n  \n' >"$dir/blank"
	echo '{"a": 1}' >"$dir/json"
	printf 'a,b\n1,2\n' >"$dir/csv"
	printf '#!/bin/sh\nexit 0\n' >"$dir/script"
	head -c 100000 /dev/urandom >"$dir/random"
	head -c 4096 /dev/zero >"$dir/zeros"
	printf 'PGDMP' >"$dir/magic"
	printf 'PGDMP\001\020\000\004\010\001\001\001' >"$dir/head"
	printf 'SQLite format 3\000' >"$dir/lite"
	printf '\037\213' >"$dir/gz"
	printf '\050\265\057\375' >"$dir/zst"
	printf '\004\042\115\030' >"$dir/lz4"
	(cd "$dir" && tar cf other.tar csv && python3 -c 'import zipfile; zipfile.ZipFile("zip", "w").writestr("a", "b")')
	for file in letter comment blank json csv script random zeros magic head gz zst lz4 other.tar zip; do
		nothing "$dir/$file"
		gzip -c "$dir/$file" >"$dir/packed-$file"
		nothing "$dir/packed-$file"
	done
	exits 65 pgrestore "$dir/lite" "$(url new)"
	xz -k "$dir/csv" 2>/dev/null && nothing "$dir/csv.xz" && says 'unpack it first'
	equals "$(databases)" app
}

@test "a whole server's SQL, and an SQLite file for a server: 64 and what to do" {
	local file=$BATS_TEST_TMPDIR/all.sql
	"$PGBOX" pg_dumpall -f "$file" -d "$(url postgres)"
	refused 64 '' pgrestore "$file" "$(url new)"
	says 'pg_dumpall'
	gzip "$file"
	refused 64 '' pgrestore "$file.gz" "$(url new)"
	"$PGBOX" pg_dumpall --globals-only -f "$BATS_TEST_TMPDIR/roles.sql" -d "$(url postgres)"
	refused 64 '' pgrestore "$BATS_TEST_TMPDIR/roles.sql" "$(url new)"
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("create table t (a)")' "$BATS_TEST_TMPDIR/x.db"
	refused 64 '' pgrestore "$BATS_TEST_TMPDIR/x.db" "$(url new)"
	exits 64 pgrestore "$KEPT/custom/app/latest" "sqlite:$BATS_TEST_TMPDIR/x.db"
}

@test "a directory archive that names files outside of it is refused" {
	local dir=$BATS_TEST_TMPDIR/d name
	made app 3
	"$PG_BIN/pg_dump" -Fd -Z 0 -f "$dir" "$(url app)"
	name=$(grep -lx 3 "$dir"/[0-9]*.dat)
	printf '1\n\\.\n\n\n' >"$BATS_TEST_TMPDIR/host-secret"
	python3 - "$dir/toc.dat" "${name##*/}" <<-'END'
		import sys
		path, old = sys.argv[1], sys.argv[2].encode()
		new = b"../host-secret"
		toc = open(path, "rb").read()
		at = toc.index(old)
		open(path, "wb").write(toc[:at - 4] + len(new).to_bytes(4, "little") + new + toc[at + len(old):])
	END
	exits 65 pgrestore "$dir" "$(url outside)"
	says 'host-secret'
	equals "$(sql postgres "select count(*) from pg_database where datname ~ 'outside'")" 0
	drop app
}
