# isempty: what counts as something, what does not, and that an error is never an answer.

load ../lib/base
bats_require_minimum_version 1.5.0

setup_file() {
	export BATS_TEST_TIMEOUT=60
	use_applets
	export PG=$BATS_FILE_TMPDIR/pg
	server_make "$PG"
	server_start "$PG"
	server_sql "$PG" postgres "create role app login password 'secret'" "create role stranger login"
}

teardown_file() {
	server_stop "$PG"
}

# An empty database of the test's own: $DB, $URL.
setup() {
	DB=t$BATS_TEST_NUMBER
	URL=$(server_url "$PG" "$DB")
	server_sql "$PG" postgres "create database $DB"
}

teardown() {
	server_sql "$PG" postgres "drop database if exists $DB with (force)"
}

sql() {
	server_sql "$PG" "$DB" "$@"
}

# lone NAME SQL...: after the SQL the database is not empty, because of NAME alone.
lone() {
	local name=$1
	shift
	run -0 isempty "$URL"
	sql "$@"
	run -1 isempty "$URL"
	[[ $output == *": not empty: $name" ]]
}

lite() {
	python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
	for sql in sys.argv[2:]: db.execute(sql)' "$@"
}

# --- what does not count ---

@test "a fresh database is empty" {
	run -0 isempty "$URL"
	[[ $output == *"/$DB: empty" ]]
}

# Debian's PostgreSQL 13 comes without it.
needs_postgis() {
	[ "$(sql "select count(*) from pg_available_extensions where name = 'postgis'")" = 1 ] ||
		skip "this server has no PostGIS"
}

@test "PostGIS with its topology and tiger schemas is empty, a table with a geometry is not" {
	needs_postgis
	sql "create extension postgis" "create extension postgis_topology" "create extension fuzzystrmatch" \
		"create extension postgis_tiger_geocoder" "create extension postgis_raster"
	lone "table public.places" "create table places (id int, at geometry(point, 4326))"
}

@test "a topology that somebody made with PostGIS is not empty" {
	needs_postgis
	sql "create extension postgis" "create extension postgis_topology"
	run -0 isempty "$URL"
	sql "select topology.createtopology('streets', 4326)" >/dev/null
	run -1 isempty "$URL"
	[[ $output == *"not empty: "*" streets."* ]]
}

@test "every extension that the server ships is empty" {
	local name
	for name in hstore citext ltree pg_trgm pgcrypto pg_stat_statements tablefunc cube isn intarray \
		postgres_fdw '"uuid-ossp"' unaccent dict_int; do
		sql "create extension if not exists $name cascade"
	done
	isempty "$URL"
}

@test "an extension in a schema of its own is empty, and so are lone schemas" {
	sql "create schema tools" "create extension hstore schema tools" "create schema nothing"
	isempty "$URL"
}

@test "the marker of seedonce does not count, wherever it is kept" {
	sql "create schema ops"
	seedonce --mark "$URL"
	seedonce --mark --schema ops "$URL"
	seedonce --status "$URL"
	isempty "$URL"
}

@test "a table of the user's beside the marker counts" {
	seedonce --mark "$URL"
	lone "table pgbox.other" "create table pgbox.other (id int)"
}

@test "temporary tables of other sessions do not count" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$PG_BIN/psql" -X -q -h "$PG" -p "$(cat "$PG/port")" -U postgres -d "$DB" \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	exec 9>"$BATS_TEST_TMPDIR/in"
	printf '%s\n' 'create temporary table scratch (id int);' '\echo made' >&9
	wait_until 10 grep -q made "$BATS_TEST_TMPDIR/out"
	isempty "$URL"
	exec 9>&-
	wait $!
}

# --- what counts ---

@test "a lone table is not empty" {
	lone "table public.t" "create table t (id int generated always as identity, kind serial)"
}

@test "a lone table in another schema is not empty" {
	lone "table deep.t" "create schema deep" "create table deep.t ()"
}

@test "a lone partitioned table is not empty" {
	lone "partitioned table public.t" "create table t (id int) partition by range (id)"
}

@test "a lone view is not empty" {
	lone "view public.v" "create view v as select 1 as one"
}

@test "a lone materialised view is not empty" {
	lone "materialised view public.m" "create materialized view m as select 1 as one"
}

@test "a lone sequence is not empty" {
	lone "sequence public.s" "create sequence s"
}

@test "a lone foreign table is not empty" {
	lone "foreign table public.f" "create extension file_fdw" "create server files foreign data wrapper file_fdw" \
		"create foreign table f (line text) server files options (filename '/dev/null')"
}

@test "a lone enum is not empty" {
	lone "type public.mood" "create type mood as enum ('fine')"
}

@test "a lone domain is not empty" {
	lone "type public.plz" "create domain plz as text check (length(value) = 5)"
}

@test "a lone composite type is not empty" {
	lone "type public.pair" "create type pair as (a int, b int)"
}

@test "a lone range type is not empty" {
	lone "type public.span" "create type span as range (subtype = inet)"
}

@test "a lone function is not empty" {
	lone "function public.one" "create function one() returns int language sql as 'select 1'"
}

@test "a lone procedure, and a lone aggregate, is not empty" {
	lone "function public.nothing" "create procedure nothing() language sql as ''"
	sql "drop procedure nothing()"
	lone "function public.total" "create aggregate total (int) (sfunc = int4pl, stype = int)"
}

@test "a lone large object is not empty" {
	lone "large object 4711" "select lo_create(4711)"
}

@test "names with blanks, quotes and capitals are named" {
	lone 'table My Schema.it'\''s "T"' 'create schema "My Schema"' 'create table "My Schema"."it'\''s ""T""" ()'
}

@test "of several objects one is named and the others are hinted at" {
	sql "create table b ()" "create table a ()"
	run -1 isempty "$URL"
	[[ $output == *"not empty: table public.a and more" ]]
}

@test "a role without any right sees what is there" {
	sql "create schema closed" "revoke all on schema closed from public" \
		"create table closed.t (id int)" "revoke all on closed.t from public"
	run -1 isempty "$(server_url "$PG" "$DB" stranger)"
	[[ $output == *"not empty: table closed.t" ]]
	run -1 isempty --table closed.t "$(server_url "$PG" "$DB" stranger)"
	sql "drop schema closed cascade" "select lo_create(12)" >/dev/null
	run -1 isempty "$(server_url "$PG" "$DB" stranger)"
	[[ $output == *"large object 12" ]]
}

@test "a role that may not use public sees what is there" {
	sql "create table t (id int)" "revoke all on schema public from public"
	run -1 isempty "$(server_url "$PG" "$DB" stranger)"
	[[ $output == *"table public.t" ]]
}

@test "tables and functions that shadow the catalog neither mislead it nor run" {
	sql "alter database $DB set search_path = public, pg_catalog"
	sql "create table pg_class (relname text)" \
		"create function public.array_position(name[], name) returns int language plpgsql as 'begin raise exception \$\$ran\$\$; end'"
	run -1 isempty "$URL"
	[[ $output == *"table public.pg_class and more" ]]
	run -1 isempty --table public.pg_class "$URL"
	run -0 isempty --table public.pg_class --rows "$URL"
}

# --- options ---

@test "--schema looks only there" {
	sql "create schema a" "create schema b" "create table a.t ()"
	run -1 isempty --schema a "$URL"
	run -0 isempty --schema b "$URL"
	run -0 isempty --schema public --schema b "$URL"
	run -1 isempty --schema b --schema a "$URL"
}

@test "--ignore passes over names and SCHEMA.NAMEs that match" {
	sql "create table audit_log ()" "create schema audit" "create table audit.rows ()"
	run -1 isempty --ignore 'audit_*' "$URL"
	run -1 isempty --ignore 'audit.*' "$URL"
	run -0 isempty --ignore 'audit_*' --ignore 'audit.*' "$URL"
	run -1 isempty --ignore 'audit' "$URL"
	run -0 isempty --ignore 'public.audit_lo[gh]' --ignore 'rows' "$URL"
	ISEMPTY_IGNORE='audit?*' run -0 isempty "$URL"
}

@test "--ignore-migrations passes over the tables of migration tools alone" {
	local name
	for name in alembic_version django_migrations schema_migrations flyway_schema_history \
		_prisma_migrations knex_migrations; do
		sql "create table $name (id serial primary key)"
	done
	run -1 isempty "$URL"
	run -0 isempty --ignore-migrations "$URL"
	sql "create table users ()"
	run -1 isempty --ignore-migrations "$URL"
	[[ $output == *"not empty: table public.users" ]]
}

@test "--table asks for one table, whatever else is there" {
	sql "create table other ()" "create schema app" 'create table app."Users" (id int)'
	run -0 isempty --table users "$URL"
	run -0 isempty --table app.users "$URL"
	run -1 isempty --table app.Users "$URL"
	[[ $output == *"app.Users"* ]]
	run -0 isempty --table Users "$URL"
	sql "alter database $DB set search_path = app"
	run -1 isempty --table Users "$URL"
}

@test "--rows asks for rows too, and cannot tell without the right to read" {
	sql "create table users (id int)"
	run -1 isempty --table users "$URL"
	run -0 isempty --table users --rows "$URL"
	run -0 isempty --table missing --rows "$URL"
	sql "insert into users values (1)"
	run -1 isempty --table users --rows "$URL"
	run -77 isempty --table users --rows "$(server_url "$PG" "$DB" stranger)"
	run -1 isempty --table users "$(server_url "$PG" "$DB" stranger)"
}

@test "a missing database is empty only with --missing-ok" {
	run -69 isempty "$(server_url "$PG" nowhere)"
	[[ $output == *"nowhere"* ]]
	run -0 isempty --missing-ok "$(server_url "$PG" nowhere)"
}

@test "-q says nothing" {
	run -0 isempty -q "$URL"
	[ -z "$output" ]
	sql "create table t ()"
	run -1 isempty -q "$URL"
	[ -z "$output" ]
}

@test "what it says goes to stderr" {
	run -0 --separate-stderr isempty "$URL"
	[ -z "$output" ]
}

# --- an error is never an answer ---

@test "nobody there, no right and a wrong call are 64 and more" {
	run -69 isempty "postgres://postgres@127.0.0.1:$(free_port)/$DB"
	run -69 isempty --missing-ok "postgres://postgres@127.0.0.1:$(free_port)/$DB"
	run -77 isempty "$(server_url "$PG" "$DB" app:wrong)"
	run -77 isempty --missing-ok "$(server_url "$PG" "$DB" app:wrong)"
	run -0 isempty "$(server_url "$PG" "$DB" app:secret)"
	run -77 isempty "$(server_url "$PG" "$DB" norole@127.0.0.1)"
	run -64 isempty --rows "$URL"
	run -64 isempty --nonsense "$URL"
	run -64 isempty "$URL" "$URL"
	run -64 isempty --url "$URL" "$URL"
	run -64 isempty mysql://root@127.0.0.1/db
	run -64 isempty --timeout soon "$URL"
	run -78 isempty
	DATABASE_URL='' run -78 isempty
	ISEMPTY_TIMEOUT=soon run -78 isempty "$URL"
}

@test "a server that does not answer is an error in time" {
	local port start=$SECONDS
	port=$(free_port)
	python3 -c 'import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))): time.sleep(60)' "$port" 3>&- &
	wait_until 10 bash -c "exec 8<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
	run -69 isempty --timeout 500ms "postgres://postgres@127.0.0.1:$port/$DB"
	kill $!
	[ $((SECONDS - start)) -lt 15 ]
}

# --- SQLite ---

@test "SQLite: a new file is empty, a table or view is not, its own tables and the marker do not count" {
	local file=$BATS_TEST_TMPDIR/app.db
	: >"$file"
	run -0 isempty "sqlite:$file"
	seedonce --mark "sqlite:$file"
	lite "$file" "create table t (id integer primary key autoincrement)" "insert into t default values" "drop table t"
	run -0 isempty "sqlite:///$file"
	lite "$file" "create view v as select 1"
	run -1 isempty "sqlite:$file"
	[[ $output == *"not empty: view main.v" ]]
	lite "$file" "create table \"it's\" (id int)"
	run -1 isempty "file:$file"
	[[ $output == *"not empty: table main.it's and more" ]]
	run -0 isempty --ignore 'main.*' "file://$file"
}

@test "SQLite: --table and --rows" {
	local file=$BATS_TEST_TMPDIR/app.db
	lite "$file" "create table Users (id int)"
	run -0 isempty --table missing "sqlite:$file"
	run -1 isempty --table users "sqlite:$file"
	run -0 isempty --table users --rows "sqlite:$file"
	lite "$file" "insert into users values (1)"
	run -1 isempty --table users --rows "sqlite:$file"
	run -0 isempty --ignore Users --ignore-migrations "sqlite:$file"
}

@test "SQLite: a missing file is an error, is empty with --missing-ok, and is never made" {
	local file=$BATS_TEST_TMPDIR/missing.db
	run -69 isempty "sqlite:$file"
	[[ $output == *"$file"* ]]
	run -0 isempty --missing-ok "sqlite:$file"
	run -69 isempty "sqlite:$BATS_TEST_TMPDIR/no/such/dir.db"
	run -0 find "$BATS_TEST_TMPDIR" -name '*.db*'
	[ -z "$output" ]
}

@test "SQLite: a file that is no database is an error" {
	local file=$BATS_TEST_TMPDIR/text.db
	yes 'not a database' 2>/dev/null | head -c 8192 >"$file"
	run -65 isempty "sqlite:$file"
	run -65 isempty --missing-ok "sqlite:$file"
	mkdir "$BATS_TEST_TMPDIR/dir.db"
	run isempty "sqlite:$BATS_TEST_TMPDIR/dir.db"
	[ "$status" -ge 64 ]
}

@test "SQLite: a file that is being written is read, and its WAL counts" {
	local file=$BATS_TEST_TMPDIR/wal.db
	mkfifo "$BATS_TEST_TMPDIR/gate"
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("pragma journal_mode=wal"); db.execute("create table t (id int)")
db.execute("begin immediate"); db.execute("insert into t values (1)")
open(sys.argv[1] + ".held", "w").close(); open(sys.argv[2]).read()' "$file" "$BATS_TEST_TMPDIR/gate" 3>&- &
	wait_until 10 test -e "$file.held"
	run -1 isempty "sqlite:$file"
	run -0 isempty --table t --rows "sqlite:$file"
	: >"$BATS_TEST_TMPDIR/gate"
	wait $!
}
