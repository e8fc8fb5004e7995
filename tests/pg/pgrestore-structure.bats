# pgrestore: archives whose structure is damaged, and archives made to break what reads them. pg_restore takes some of them
# for whole; here they are refused before anything is touched.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore
load ../lib/watch
load ../lib/s3

setup_file() {
	export BATS_TEST_TIMEOUT=300
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg KEPT=$BATS_FILE_TMPDIR/kept
	server_make "$SERVER"
	server_start "$SERVER"
	made app 3
	sql app "select lo_from_bytea(0, decode(repeat('00ff41', 3000), 'hex'))" >/dev/null
	mkdir "$KEPT"
	archive app "$KEPT/custom"
	archive app "$KEPT/tar" --format=tar
	archive app "$KEPT/directory" --format=directory
	archive app "$KEPT/plain" --format=plain
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	only app
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

teardown() {
	s3_end
	watch_clear
}

damage() {
	python3 "$ROOT/tests/lib/archive.py" "$@"
}

# damaged FORMAT DAMAGE [ARGUMENT]: that archive, damaged so, in FILE.
damaged() {
	local format=$1 kind=$2
	shift 2
	FILE=$BATS_TEST_TMPDIR/$format
	rm -rf "$FILE"
	cp -a "$KEPT/$format" "$FILE"
	if [ -d "$FILE" ]; then damage "$kind" "$FILE/toc.dat" "$@"; else damage "$kind" "$FILE" "$@"; fi
}

# not_taken FILE: by none of the ways to restore it.
not_taken() {
	refused 65 app pgrestore "$1" --replace
	one_sentence
	exits 65 pgrestore plan "$1" --replace
	one_sentence
}

@test "a damaged header or table of contents: 65, whatever the format, and the database is untouched" {
	local format kind kinds
	for format in custom tar directory; do
		kinds=('count 0' fewer null 'month 12')
		[ $format != custom ] || kinds+=('count -1' 'count -2147483647' null-server 'day 32' 'day 0' 'second 61' 'year 0' \
			'number 0' 'number 1000000000')
		for kind in "${kinds[@]}"; do
			echo "$format: $kind"
			# shellcheck disable=SC2086 # with its argument
			damaged "$format" $kind
			exits 65 pgrestore "$FILE" --replace
			one_sentence
			says 'is damaged'
		done
		damaged "$format" day 1
		exits 0 pgrestore plan "$FILE" --replace
	done
	equals "$(befores)" ''
	equals "$(rows app)" 3
}

@test "line ends converted to CR LF: 65 from a file, a plan, stdin and in packed form, and the cause is named" {
	local format
	for format in custom tar directory; do
		damaged "$format" crlf
		not_taken "$FILE"
		says 'docker exec -t'
	done
	damaged custom crlf
	refused 65 app pgrestore - --replace <"$FILE"
	says 'docker exec -t'
	gzip -k "$FILE" && zstd -q "$FILE" && lz4 -q "$FILE" "$FILE.lz4"
	for format in gz zst lz4; do
		not_taken "$FILE.$format"
		says 'docker exec -t'
	done
	damaged custom count 0
	rm -f "$FILE".*
	gzip -k "$FILE" && zstd -q "$FILE" && lz4 -q "$FILE" "$FILE.lz4"
	for format in gz zst lz4; do
		exits 65 pgrestore "$FILE.$format" --replace
	done
	# What was compressed before it was converted; in so much there are line ends.
	head -c 30000 /dev/urandom | base64 | gzip | sed 's/$/\r/' >"$FILE.gz"
	not_taken "$FILE.gz"
	says 'docker exec -t'
}

@test "bytes after the last entry, or after the last block of data: 65" {
	local format
	damaged custom trailing
	not_taken "$FILE"
	damaged directory trailing
	not_taken "$FILE"
	for format in custom tar; do
		cat "$KEPT/$format" "$KEPT/$format" >"$BATS_TEST_TMPDIR/twice"
		not_taken "$BATS_TEST_TMPDIR/twice"
	done
	head -c 4096 /dev/zero | cat "$KEPT/tar" - >"$BATS_TEST_TMPDIR/filled"
	exits 0 pgrestore plan "$BATS_TEST_TMPDIR/filled" --replace
	damaged custom chunk -5
	not_taken "$FILE"
}

@test "in the drop folder a damaged archive fails, and the next file is restored" {
	watch_folder
	unset DOCKER_HOST
	watch_start
	damaged custom crlf
	deliver "$FILE" crlf.dump
	lands failed crlf.dump
	logged crlf.dump 'docker exec -t'
	gzip "$FILE"
	deliver "$FILE.gz" crlf.gz
	lands failed crlf.gz
	damaged tar count 0
	deliver "$FILE" none.tar
	lands failed none.tar
	made more 7
	archive more "$BATS_TEST_TMPDIR/more.dump"
	deliver "$BATS_TEST_TMPDIR/more.dump"
	lands 'done' more.dump
	equals "$(rows app)" 7
	watch_stop
	only app
}

# kept FILE: it is the newest backup in the folder and in the bucket, with a manifest that says of it what it should.
kept() {
	local manifest sum
	exits 0 pgbackup run --roles no "$(url app)"
	manifest=$(newest app).json
	sum=$(sha256sum <"$1")
	python3 - "$manifest" "${sum%% *}" "$(stat -c %s "$1")" <<-'END'
		import json, sys
		path, sha, size = sys.argv[1:]
		m = json.load(open(path))
		m["sha256"], m["bytes"] = sha, int(size)
		open(path, "w").write(json.dumps(m))
	END
	cp "$1" "$(newest app)"
	mkdir -p "$S3/instead"
	cp "$manifest" "${manifest%.json}" "$S3/instead"
}

@test "a manifest that is right does not make a damaged archive whole, here and in a bucket" {
	local kind
	s3_scripted
	for kind in 'count 0' crlf; do
		# shellcheck disable=SC2086 # with its argument
		damaged custom $kind
		kept "$FILE"
		exits 65 pgbackup verify app
		exits 65 pgbackup verify --remote app
		refused 65 app pgrestore latest --replace
		refused 65 app pgrestore latest --remote --replace
		refused 65 app pgrestore latest --remote --stream --replace
	done
}

@test "SQL of pg_dump's with CR LF or a byte order mark is restored; cut off it is not, packed or not" {
	local kind file=$BATS_TEST_TMPDIR/dump.sql lines
	made rows 0
	sql rows 'create table a (x text primary key)' "insert into a values (E'one\\ntwo'), ('three')" \
		'create table b (y int)' 'insert into b select generate_series(1, 40)' 'create index on b (y)' >/dev/null
	archive rows "$BATS_TEST_TMPDIR/lf" --format=plain
	sed 's/$/\r/' "$BATS_TEST_TMPDIR/lf" >"$BATS_TEST_TMPDIR/crlf"
	printf '\357\273\277' | cat - "$BATS_TEST_TMPDIR/lf" >"$BATS_TEST_TMPDIR/mark"
	printf '\357\273\277' | cat - "$BATS_TEST_TMPDIR/crlf" >"$BATS_TEST_TMPDIR/both"
	for kind in lf crlf mark both; do
		echo "$kind"
		cp "$BATS_TEST_TMPDIR/$kind" "$file"
		exits 0 pgrestore "$file" --into new
		equals "$(sql new 'select count(*), min(x) from a' 'select count(*) from b' "select count(*) from pg_indexes where
			schemaname = 'public'")" $'2|one\ntwo\n40\n2'
		drop new
		# Its first table is whole, the others are missing.
		lines=$(grep -n -m1 '^\\\.' "$file" | cut -d: -f1)
		head -n "$lines" "$BATS_TEST_TMPDIR/$kind" >"$file"
		refused 65 app pgrestore "$file" --replace
		says 'cut off'
		rm -f "$file".*
		gzip -k "$file" && zstd -q "$file"
		refused 65 '' pgrestore "$file.gz" "$(url new)"
		refused 65 '' pgrestore "$file.zst" "$(url new)"
		refused 65 '' pgrestore - "$(url new)" <"$file"
	done
	drop rows
}

@test "the last line of a dump in a row of its data is not the end of the dump" {
	local file=$BATS_TEST_TMPDIR/quoting.sql
	made rows 0
	sql rows 'create table a (x text)' "insert into a values ('-- PostgreSQL database dump complete')" \
		'create table b as select 1 y' >/dev/null
	archive rows "$file" --format=plain
	exits 0 pgrestore "$file" --into new
	drop new
	sed -i '/^\\\./q' "$file"
	refused 65 '' pgrestore "$file" "$(url new)"
	says 'cut off'
	drop rows
}

@test "pg_dumpall's files with CR LF or a byte order mark are known as such, and text in UTF-16 by its name" {
	local file=$BATS_TEST_TMPDIR/all.sql
	"$PGBOX" pg_dumpall -f "$file" -d "$(url postgres)"
	sed 's/$/\r/' "$file" >"$file.crlf"
	printf '\357\273\277' | cat - "$file" >"$file.mark"
	printf '\357\273\277' | cat - "$file.crlf" >"$file.both"
	gzip -k "$file.both"
	for file in "$file".*; do
		refused 64 '' pgrestore "$file" "$(url new)"
		says 'pg_dumpall'
	done
	{ printf '\377\376' && iconv -t UTF-16LE "$KEPT/plain"; } >"$BATS_TEST_TMPDIR/utf16"
	refused 65 '' pgrestore "$BATS_TEST_TMPDIR/utf16" "$(url new)"
	says 'UTF-16'
}

@test "a role named -- owns, is granted and gone: created, skipped or an error, and a REVOKE without a role is none" {
	local file=$BATS_TEST_TMPDIR/dashes.dump
	made rows 2
	sql postgres 'create role "--"' 'create role "a, ""b"' >/dev/null
	sql rows 'alter table t owner to "--"' 'create table u (a int)' 'grant select on u to "--", "a, ""b"' \
		'create policy p on u to "--", public using (true)' >/dev/null
	archive rows "$file"
	exits 0 pgrestore "$file" --into new
	equals "$(sql new "select tableowner from pg_tables where tablename = 't'")" --
	drop new rows
	sql postgres 'drop role "--"' 'drop role "a, ""b"'
	refused 69 '' pgrestore "$file" "$(url new)"
	says 'role --: is missing'
	exits 0 pgrestore "$file" --into new --roles skip
	equals "$(rows new)" 2
	drop new
	exits 0 pgrestore "$file" --into new --roles create
	equals "$(sql new "select tableowner from pg_tables where tablename = 't'" \
		"select has_table_privilege('a, \"b', 'u', 'select')")" $'--\nt'
	drop new
	sql postgres 'drop role "--"' 'drop role "a, ""b"'
	damage revoke "$file" --
	refused 1 '' pgrestore "$file" "$(url new)" --roles skip
}

# peak COMMAND...: runs it as exits 0 does; the most memory that one of its processes had, in MiB, is in PEAK.
peak() {
	local want=$1 file=$BATS_TEST_TMPDIR/peak
	shift
	exits "$want" python3 -c 'import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
sys.exit(status)' "$file" "$@"
	PEAK=$(cat "$file")
}

@test "an archive of 700 bytes takes no memory for what it claims: 65" {
	local file=$BATS_TEST_TMPDIR/bomb n
	for n in 100000000 2147483647 20000000; do
		damage bomb "$file" $n
		peak 65 pgrestore plan "$file" "$(url new)"
		[ "$PEAK" -lt 100 ]
		says 'is damaged'
	done
	# What pg_dump numbers so in a part of a large database.
	damage bomb "$file" 2000000
	peak 0 pgrestore "$file" "$(url new)" --roles create
	[ "$PEAK" -lt 200 ]
	drop new
	for n in 0 -5 4294967296 99999999999 x; do
		damage dependency "$file" $n
		refused 65 '' pgrestore "$file" "$(url new)"
	done
	gzip -f "$file"
	refused 65 '' pgrestore "$file.gz" "$(url new)"
	damaged custom chunk 2147483647
	peak 65 pgrestore plan "$FILE" --replace
	[ "$PEAK" -lt 100 ]
}

@test "a tar archive whose sizes are negative, no numbers or beyond its end: 65 at once, and the next file is restored" {
	local size file=$BATS_TEST_TMPDIR/loop.tar
	watch_folder
	unset DOCKER_HOST
	watch_start
	for size in -0000002000 -0000001000 00000000-01 77777777777 0x000000200; do
		python3 - "$KEPT/tar" "$file" "$size" <<-'END'
			import sys
			source, path, size = sys.argv[1:]
			data = bytearray(open(source, "rb").read())
			data[124:136] = size.encode().ljust(12, b"\0")
			data[148:156] = b" " * 8
			data[148:156] = b"%06o\0 " % sum(data[:512])
			open(path, "wb").write(data)
		END
		refused 65 app timeout 20 pgrestore "$file" --replace
		one_sentence
	done
	deliver "$file"
	lands failed loop.tar
	deliver "$KEPT/custom"
	lands 'done' custom
	watch_stop
	only app
}

@test "what makes pg_restore crash is damage: 65" {
	local format
	for format in custom tar directory; do
		damaged "$format" missing
		[ $format != custom ] || exits 139 "$PGBOX" pg_restore --list "$FILE"
		refused 65 app pgrestore "$FILE" --replace
	done
}

@test "--tables follows a chain of dependencies in time that grows as it does" {
	local file=$BATS_TEST_TMPDIR/chain
	damage chain "$file" 30000
	exits 0 timeout 20 pgrestore plan "$file" --tables t --into new --roles skip
}

@test "rows of an extension's table that are left out are counted without being kept" {
	local file=$BATS_TEST_TMPDIR/rows.dump folder
	folder=$("$PG_BIN/pg_config" --sharedir 2>/dev/null)/extension
	[ -w "$folder" ] || skip "no extension can be put into $folder"
	echo "default_version = '1'" >"$folder/pgbox_rows.control"
	echo "CREATE TABLE counted (a text); SELECT pg_catalog.pg_extension_config_dump('counted', '');" \
		>"$folder/pgbox_rows--1.sql"
	made rows 0
	sql rows 'create extension pgbox_rows' "insert into counted select repeat('x', 1000) from generate_series(1, 100000)" >/dev/null
	archive rows "$file"
	sql postgres 'create role counter login createdb' 'create database new owner counter' >/dev/null
	sql new 'create extension pgbox_rows' >/dev/null
	mkdir "$BACKUP_DIR" # for the backup that comes before --clean
	peak 0 pgrestore plan "$file" "$(url new counter)" --clean --data-only
	says '100000 rows of its table counted are left out'
	[ "$PEAK" -lt 60 ]
	drop new rows
	sql postgres 'drop role counter'
	rm "$folder/pgbox_rows.control" "$folder/pgbox_rows--1.sql"
}

@test "an archive of an empty database is restored, in every format" {
	local format
	made empty 0
	for format in custom tar directory; do
		archive empty "$BATS_TEST_TMPDIR/empty" --format=$format
		exits 0 pgrestore "$BATS_TEST_TMPDIR/empty" --into new
		rm -r "$BATS_TEST_TMPDIR/empty"
		drop new
	done
}

@test "archives of every pg_dump here are restored, schema or rows alone, written to a pipe or not" {
	local major bin option file=$BATS_TEST_TMPDIR/own
	for major in 13 15 17 18; do
		bin=$(servers_bin "$major") || continue
		[ "$major" -ge "$(major)" ] || continue
		echo "pg_dump $major"
		for option in '' --schema-only; do
			# shellcheck disable=SC2086 # may be none
			"$bin/pg_dump" -Fc $option "$(url app)" >"$file"
			exits 0 pgrestore plan "$file" "$(url new)"
			# shellcheck disable=SC2086
			"$bin/pg_dump" -Fc $option -f "$file" "$(url app)"
			exits 0 pgrestore plan "$file" "$(url new)"
		done
	done
}
