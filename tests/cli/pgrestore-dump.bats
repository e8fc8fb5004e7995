# SQL of an SQLite database (sqlite3's .dump) is a backup like its file: recognised, staged, checked, swapped in.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/roundtrip
load ../lib/pgbackup
load ../lib/pgrestore
load ../lib/watch

setup_file() {
	command -v sqlite3 >/dev/null || skip 'no sqlite3 to dump with'
	command -v python3 >/dev/null || skip 'no python3 to read SQLite files with'
	export BATS_TEST_TIMEOUT=120
	use_applets
	restore_folder
	export SOURCE=$BATS_FILE_TMPDIR/source.db DUMP=$BATS_FILE_TMPDIR/app.sql
	sqlite3 "$SOURCE" <<-'SQL'
		CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT DEFAULT "dq", data BLOB);
		INSERT INTO parent VALUES (7, 'a;b''c' || char(10) || 'COMMIT;' || char(10) || '-- x', X'00FF');
		INSERT INTO parent (name) VALUES ('ünï 🐘'), (NULL);
		CREATE TABLE child (parent INT REFERENCES parent (id), half GENERATED ALWAYS AS (parent / 2));
		CREATE INDEX child_parent ON child (parent);
		CREATE VIEW names AS SELECT name FROM parent;
		CREATE TRIGGER keep AFTER INSERT ON parent WHEN new.id > 1000 BEGIN
			UPDATE child SET parent = CASE WHEN parent = 1 THEN 2 ELSE 3 END; DELETE FROM child WHERE parent = -1;
		END;
		CREATE TABLE [odd; "name] ("a;b", PRIMARY KEY ("a;b")) WITHOUT ROWID;
		INSERT INTO "odd; ""name" VALUES ('/* -- ');
		CREATE VIRTUAL TABLE words USING fts5(t);
		INSERT INTO words VALUES ('hello world');
		CREATE VIRTUAL TABLE places USING rtree(id, a, b);
		INSERT INTO places VALUES (1, 2, 3);
		ANALYZE;
	SQL
	sqlite3 "$SOURCE" .dump >"$DUMP"
}

setup() {
	restore_folder
	cd "$BATS_TEST_TMPDIR" || return
	mkdir data
	LIVE=$PWD/data/live.db
	export DATABASE_URL=sqlite:$LIVE
}

teardown() {
	watch_clear
}

# same: what is in LIVE is what was dumped, and can be used.
same() {
	sqlite3 "$LIVE" .dump >now.sql
	cmp "$DUMP" now.sql
	equals "$(sqlite3 "$LIVE" "SELECT count(*) FROM words WHERE words MATCH 'hello'")" 1
	equals "$(sqlite3 "$LIVE" 'PRAGMA integrity_check')" ok
}

# hostile LINE...: a dump with these in it, as hostile.sql.
hostile() {
	printf '%s\n' 'PRAGMA foreign_keys=OFF;' 'BEGIN TRANSACTION;' 'CREATE TABLE t(a);' "$@" 'COMMIT;' >hostile.sql
}

# refused CODE: by a restore of hostile.sql; nothing is made, here or elsewhere.
refused() {
	rm -f "$LIVE"
	exits "$1" pgrestore hostile.sql
	[ ! -e "$LIVE" ]
	[ ! -e evil.db ]
}

@test "a dump becomes a database, packed in any way and from stdin, and plan names it" {
	local file
	gzip -c "$DUMP" >app.sql.gz
	zstd -q "$DUMP" -o app.sql.zst
	lz4 -q "$DUMP" app.sql.lz4
	exits 0 pgrestore plan "$DUMP"
	says '.dump'
	[ ! -e "$LIVE" ]
	for file in "$DUMP" app.sql.gz app.sql.zst app.sql.lz4; do
		rm -f "$LIVE"
		exits 0 pgrestore "$file"
		same
		rm -f "$LIVE"
		exits 0 pgrestore - <"$file"
		same
	done
	equals "$(ls data)" live.db
}

@test "over a database that is not empty: 1, or --replace, which keeps the old one, its owner and its mode" {
	local mode
	for mode in delete wal; do
		rm -f data/*
		sqlite3 "$LIVE" "PRAGMA journal_mode = $mode; CREATE TABLE old (a)" >/dev/null
		chmod 604 "$LIVE"
		exits 1 pgrestore "$DUMP"
		exits 1 pgrestore "$DUMP" --replace --verify 'rows=parent>=99'
		equals "$(sqlite3 "$LIVE" .tables)" old
		exits 0 pgrestore "$DUMP" --replace --verify 'rows=parent>=3'
		same
		equals "$(stat -c %a "$LIVE")" 604
		equals "$(sqlite3 data/live.db_before_????????_?????? .tables)" old
	done
}

@test "undo swaps an SQLite file with the newest one that was kept, and again" {
	sqlite3 "$LIVE" 'CREATE TABLE old (a)'
	chmod 604 "$LIVE"
	exits 66 pgrestore undo
	exits 0 pgrestore "$DUMP" --replace
	exits 0 pgrestore undo
	equals "$(sqlite3 "$LIVE" .tables)" old
	equals "$(stat -c %a "$LIVE")" 604
	equals "$(find data -name '*_before_*' | wc -l)" 1
	exits 0 pgrestore undo "sqlite:$LIVE"
	same
	# What was moved away because it was no database stays away.
	head -c 5000 /dev/urandom >"$LIVE"
	exits 0 pgrestore "$DUMP" --replace
	exits 65 pgrestore undo
	says 'not a sound database'
	same
}

@test "CR LF, a byte order mark, a comment before it, PRAGMAs after it, .recover's and Python's are read, too" {
	sed 's/$/\r/' "$DUMP" >crlf.sql
	exits 0 pgrestore crlf.sql
	rm "$LIVE"
	{ printf '\357\273\277-- of production\n/* WARNING */\n' && cat "$DUMP" && echo 'PRAGMA user_version=5;'; } >more.sql
	exits 0 pgrestore more.sql
	same
	equals "$(sqlite3 "$LIVE" 'PRAGMA user_version')" 5
	rm "$LIVE"
	printf '%s\n' '.dbconfig defensive off' 'BEGIN;' 'PRAGMA writable_schema = on;' "PRAGMA encoding = 'UTF-8';" \
		'CREATE TABLE t(a);' "INSERT OR IGNORE INTO t VALUES('it''s');" 'PRAGMA writable_schema = off;' 'COMMIT;' >recovered.sql
	exits 0 pgrestore recovered.sql
	equals "$(sqlite3 "$LIVE" 'SELECT a FROM t')" "it's"
	sqlite3 plain.db 'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (5)'
	python3 -c 'import sqlite3; print("\n".join(sqlite3.connect("plain.db").iterdump()))' >python.sql
	exits 0 pgrestore python.sql --replace
	equals "$(sqlite3 "$LIVE" 'SELECT id FROM t')" 5
}

@test "cut off anywhere, or ended by ROLLBACK, it is 65, and nothing is touched" {
	local size at
	size=$(stat -c %s "$DUMP")
	sqlite3 "$LIVE" 'CREATE TABLE old (a)'
	for at in 24 25 26 43 44 200 $((size / 2)) $((size - 9)) $((size - 3)) $((size - 2)); do
		head -c "$at" "$DUMP" >cut.sql
		exits 65 pgrestore cut.sql --replace
		exits 65 pgrestore plan cut.sql --replace
	done
	gzip -c "$DUMP" | head -c 700 >cut.sql.gz
	exits 65 pgrestore cut.sql.gz --replace
	sed 's/^COMMIT;$/ROLLBACK; -- due to errors/' "$DUMP" >rolled.sql
	exits 65 pgrestore rolled.sql --replace
	says ROLLBACK
	{ cat "$DUMP" && printf '%s\n' 'BEGIN TRANSACTION;' 'CREATE TABLE more(a);'; } >two.sql
	exits 65 pgrestore two.sql --replace
	equals "$(sqlite3 "$LIVE" .tables)" old
	equals "$(ls data)" live.db
}

@test "a dump goes into no PostgreSQL database, and PostgreSQL's into no SQLite file: 64, by name" {
	exits 64 pgrestore "$DUMP" postgres://u@127.0.0.1:1/db
	says 'SQL of an SQLite database'
	gzip -c "$DUMP" >app.sql.gz
	exits 64 pgrestore plan app.sql.gz postgres://u@127.0.0.1:1/db
	says 'SQL of an SQLite database'
	printf '%s\n' -- '-- PostgreSQL database dump' -- '' 'BEGIN;' 'select 1;' 'COMMIT;' -- \
		'-- PostgreSQL database dump complete' -- >pg.sql
	exits 64 pgrestore pg.sql
	says 'SQL of pg_dump'
	for option in --clean '--into x' --schema-only '--clean --tables t' --no-owner; do
		# shellcheck disable=SC2086 # words
		exits 64 pgrestore "$DUMP" $option
	done
	[ ! -e "$LIVE" ]
}

@test "what a hostile dump tries reaches no other file, and is not restored" {
	hostile "ATTACH 'evil.db' AS e;" 'CREATE TABLE e.t(a);'
	refused 65
	hostile "VACUUM INTO 'evil.db';"
	refused 1
	hostile "SELECT load_extension('./evil.so');"
	refused 1
	hostile "INSERT INTO t SELECT readfile('/etc/passwd');"
	refused 1
	hostile '.shell touch evil.db'
	refused 65
	hostile '.output evil.db'
	refused 65
	hostile 'PRAGMA writable_schema=ON;' "INSERT INTO sqlite_schema VALUES('table','x','x',1,'CREATE TABLE x(a)');"
	refused 65
	hostile 'PRAGMA writable_schema=ON;' 'DELETE FROM sqlite_schema;'
	refused 65
	hostile 'COMMIT;' "VACUUM INTO 'evil.db';" 'BEGIN;'
	refused 1
	# A trigger of its own does nothing meanwhile.
	hostile 'CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END;' 'INSERT INTO t VALUES(1);'
	exits 0 pgrestore hostile.sql
	equals "$(sqlite3 "$LIVE" 'SELECT count(*) FROM t')" 1
}

@test "a long comment and many semicolons in a trigger are read once" {
	{ printf 'BEGIN TRANSACTION;\nCREATE TABLE t(a);\nCREATE /*' && head -c 8000000 /dev/zero | tr '\0' a &&
		printf '*/ TRIGGER g AFTER INSERT ON t BEGIN\n' && yes 'SELECT 1;' | head -n 80000 && printf 'END;\nCOMMIT;\n'; } >long.sql
	exits 0 timeout 40 pgrestore long.sql
	equals "$(sqlite3 "$LIVE" "SELECT name FROM sqlite_schema WHERE type = 'trigger'")" g
}

@test "a comment of SQLite's holds no other one: what follows it is restored" {
	hostile '/* a /* b */ CREATE TABLE u(a);' "INSERT INTO u VALUES('/* /* --');"
	exits 0 pgrestore hostile.sql
	equals "$(sqlite3 "$LIVE" 'SELECT a FROM u')" '/* /* --'
}

@test "a statement that fails is 1, with its line" {
	hostile '' 'INSERT INTO t VALUES(1);' 'INSERT INTO nowhere VALUES(1);'
	refused 1
	says 'line 6: no such table: nowhere'
}

@test "dropped into the folder it goes to RESTORE_SQLITE_PATH; without one it is refused by name" {
	watch_folder
	unset DOCKER_HOST
	export RESTORE_SQLITE_PATH=$PWD/data/dropped.db
	sqlite3 "$RESTORE_SQLITE_PATH" 'CREATE TABLE old (a)'
	mkdir -p "$BOX"
	DATABASE_URL=postgres://u@127.0.0.1:1/db watch_start
	gzip -c "$DUMP" >app.sql.gz
	deliver app.sql.gz
	lands 'done' app.sql.gz
	LIVE=$RESTORE_SQLITE_PATH
	same
	equals "$(sqlite3 data/dropped.db_before_????????_?????? .tables)" old
	head -c 300 "$DUMP" >cut.sql
	deliver cut.sql
	lands failed cut.sql
	logged cut.sql 'cut off'
	watch_stop
	unset RESTORE_SQLITE_PATH
	DATABASE_URL=postgres://u@127.0.0.1:1/db watch_start
	deliver "$DUMP"
	lands failed app.sql
	logged app.sql 'SQL of an SQLite database'
	watch_stop
}
