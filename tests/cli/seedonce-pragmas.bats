# PRAGMAs and text of SQL seeds for SQLite: what has no effect in a transaction is run before it, or reported.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to read SQLite files with'
	use_applets
}

setup() {
	FILE_DB=$BATS_TEST_TMPDIR/app.db
	export DATABASE_URL=sqlite:///$FILE_DB
	SEED=$BATS_TEST_TMPDIR/seed
	mkdir "$SEED"
}

# file NAME LINE...: of the seed.
file() {
	printf '%s\n' "${@:2}" >"$SEED/$1"
}

seeded() {
	exits 0 seedonce --create-db --sql "$SEED" "$@"
}

rows() {
	lite "$FILE_DB" "$1"
}

absent() {
	equals "$(rows "select count(*) from sqlite_master where name = '$1'")" 0
}

tables='CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p INT REFERENCES parent (id));'

@test "PRAGMAs at the beginning of a file have their effect: WAL, page size, auto_vacuum, encoding" {
	file a.sql '-- a seed' 'PRAGMA page_size=8192;' 'pragma main.auto_vacuum (2) ;' "PRAGMA encoding = 'UTF-16le';" \
		'/* fast */ PRAGMA journal_mode=WAL;' 'PRAGMA synchronous = NORMAL; PRAGMA user_version = 7;' 'BEGIN;' \
		'CREATE TABLE t (a);' "INSERT INTO t VALUES ('ü');" 'COMMIT;'
	seeded
	says_not warning
	equals "$(rows 'pragma page_size')" 8192
	equals "$(rows 'pragma auto_vacuum')" 2
	equals "$(rows 'pragma encoding')" UTF-16le
	equals "$(rows 'pragma journal_mode')" wal
	equals "$(rows 'pragma user_version')" 7
	equals "$(rows 'select a from t')" ü
}

@test "of any file, packed, too; after a statement they are left out, and that is reported" {
	file a.sql 'CREATE TABLE t (a);' 'PRAGMA page_size=8192;'
	file b.sql 'PRAGMA journal_mode=WAL;' 'CREATE TABLE u (a);' 'PRAGMA synchronous=OFF;'
	gzip "$SEED/b.sql"
	seeded
	says 'a.sql:2: PRAGMA page_size=8192 is left out'
	says 'b.sql.gz:3: PRAGMA synchronous=OFF is left out'
	equals "$(rows 'pragma journal_mode')" wal
	equals "$(rows 'pragma page_size')" 4096
}

@test "a byte order mark is a blank: PRAGMAs, BEGIN and COMMIT after it are what they are" {
	local bom=$'\357\273\277'
	file a.sql "${bom}PRAGMA page_size=8192;"$'\r' $'PRAGMA journal_mode=WAL;\r' $'CREATE TABLE t (a);\r'
	file b.sql "${bom}BEGIN;" 'CREATE TABLE u (a);' 'COMMIT;' "${bom}BEGIN; CREATE TABLE v (a); COMMIT;"
	seeded
	says_not warning
	equals "$(rows 'pragma page_size')" 8192
	equals "$(rows 'pragma journal_mode')" wal
	file a.sql "${bom}COMMIT;" 'CREATE TABLE w (a);'
	exits 65 seedonce --name second --sql "$SEED"
	says 'nothing was run'
	absent w
}

@test "wal_checkpoint cannot run in a transaction: at the beginning it is run, elsewhere left out and reported" {
	file a.sql 'PRAGMA journal_mode=WAL;' 'PRAGMA wal_checkpoint;' 'CREATE TABLE t (a);' 'PRAGMA wal_checkpoint(TRUNCATE);' \
		'PRAGMA wal_checkpoint;'
	seeded
	says 'a.sql:4: PRAGMA wal_checkpoint(TRUNCATE) is left out'
	says 'a.sql:5: PRAGMA wal_checkpoint is left out'
	says_not 'a.sql:2'
}

@test "foreign_keys=ON: a row that violates one fails the seed, and leaves nothing" {
	local value
	for value in '=ON' '= 1' '(true)' "='yes'"; do
		rm -f "$FILE_DB"
		file a.sql "PRAGMA foreign_keys$value;" "$tables" 'INSERT INTO child VALUES (5);'
		exits 1 seedonce --create-db --sql "$SEED"
		says 'FOREIGN KEY'
		absent child
	done
	file a.sql 'PRAGMA foreign_keys=OFF;' "$tables" 'INSERT INTO child VALUES (5);'
	seeded
}

@test "foreign_keys=ON at the end, or after OFF: all of them are checked before the COMMIT" {
	file a.sql 'PRAGMA foreign_keys=OFF;' 'BEGIN TRANSACTION;' "$tables" 'INSERT INTO child VALUES (5);' 'COMMIT;' \
		'PRAGMA foreign_keys=ON;'
	exits 1 seedonce --create-db --sql "$SEED"
	says "table 'child'"
	absent child
	file b.sql 'INSERT INTO parent VALUES (5);'
	seeded
	rm "$FILE_DB" "$SEED"/*
	file a.sql "$tables" 'INSERT INTO child VALUES (5);' 'PRAGMA foreign_keys=ON;'
	exits 1 seedonce --create-db --sql "$SEED"
	file b.sql 'INSERT INTO parent VALUES (5);'
	seeded
}

@test "a seed without its journal could not be rolled back: OFF and MEMORY are left out, and reported" {
	local mode
	for mode in OFF memory; do
		rm -f "$FILE_DB"
		file a.sql "PRAGMA journal_mode = $mode;" 'CREATE TABLE t (a);' 'INSERT INTO t VALUES (1);' 'INSERT INTO nowhere VALUES (1);'
		exits 1 seedonce --create-db --sql "$SEED"
		says "a.sql:1: PRAGMA journal_mode = $mode is left out"
		absent t
		equals "$(rows 'pragma integrity_check')" ok
	done
}

@test "a file that would be refused changes nothing, its PRAGMAs included" {
	file a.sql 'PRAGMA journal_mode=WAL;' 'CREATE TABLE t (a);' 'COMMIT;'
	exits 65 seedonce --create-db --sql "$SEED"
	equals "$(rows 'pragma journal_mode')" delete
}

@test "a PRAGMA in a text, a comment or a trigger is none; one that asks, or works in a transaction, is run" {
	file a.sql "CREATE TABLE t (a); INSERT INTO t VALUES ('x; PRAGMA journal_mode=WAL;');" '-- PRAGMA journal_mode=WAL;' \
		'PRAGMA foreign_keys;' 'PRAGMA user_version=3;' 'PRAGMA table_info(t);'
	seeded
	says_not warning
	equals "$(rows 'pragma journal_mode')" delete
	equals "$(rows 'pragma user_version')" 3
}

@test "a comment of SQLite's holds no other one: what follows it is read" {
	file a.sql '/* a /* b */ PRAGMA journal_mode=WAL;' '/* c /* d */ BEGIN;' 'CREATE TABLE t (a);' '/* e /* */ COMMIT;'
	seeded
	equals "$(rows 'pragma journal_mode')" wal
	file a.sql '/* a /* b */ CREATE TABLE u (a);' 'COMMIT;'
	exits 65 seedonce --name second --sql "$SEED"
	absent u
}

@test "without a transaction PRAGMAs are run where they stand" {
	file a.sql 'CREATE TABLE t (a);' 'PRAGMA journal_mode=WAL;'
	seeded --no-transaction
	equals "$(rows 'pragma journal_mode')" wal
	# The marker's table does not fix the size of the pages before.
	rm "$FILE_DB"*
	file a.sql 'PRAGMA page_size=8192;' 'PRAGMA auto_vacuum=2;' "PRAGMA encoding='UTF-16le';" 'CREATE TABLE t (a);' 'PRAGMA temp_store=2;'
	seeded --no-transaction
	says_not warning
	equals "$(rows 'pragma page_size')" 8192
	equals "$(rows 'pragma auto_vacuum')" 2
	equals "$(rows 'pragma encoding')" UTF-16le
}

@test "text that is not UTF-8 is 65 before a statement is sent, with its line, in every mode" {
	local option
	file a.sql 'CREATE TABLE t (a);' "INSERT INTO t VALUES ('ünï 🐘');"
	printf "INSERT INTO t VALUES ('caf\351');\n" >>"$SEED/a.sql"
	for option in '' --no-transaction; do
		rm -f "$FILE_DB"
		# shellcheck disable=SC2086 # nothing or a word
		exits 65 seedonce --create-db $option --sql "$SEED"
		says 'a.sql: line 3: byte 0xe9 is not valid UTF-8'
		absent t
	done
	iconv -f LATIN1 -t UTF-8 <<<"$(printf "CREATE TABLE t (a); INSERT INTO t VALUES ('caf\351');")" >"$SEED/a.sql"
	rm -f "$FILE_DB"
	seeded
	equals "$(rows 'select a from t')" café
}

@test "sqlite3's .dump is a seed" {
	command -v sqlite3 >/dev/null || skip 'no sqlite3 to dump with'
	sqlite3 "$BATS_TEST_TMPDIR/source.db" "$tables INSERT INTO child VALUES (1); CREATE INDEX i ON child (p);"
	sqlite3 "$BATS_TEST_TMPDIR/source.db" .dump >"$SEED/a.sql"
	seeded
	says_not warning
	equals "$(rows 'select p from child')" 1
}
