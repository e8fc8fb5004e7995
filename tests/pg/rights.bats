# What a database's owner can make run when somebody with more rights looks at, restores or seeds his database.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib
load ../seedonce
load ../pgbackup
load ../pgrestore
load ../evil

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	sql postgres 'create role mallory login'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	export BACKUP_ROLES=no
}

@test "an owner's search_path finds nothing of his for backups and restores, in any mode" {
	local mode
	evil_database "$SERVER" path mallory
	sql path 'set search_path = pg_catalog' 'create table public.t as select 1 as a' 'create schema ext' \
		'create extension hstore schema ext' 'create table public.h (h ext.hstore)' 'alter table public.t owner to mallory'
	exits 0 pgbackup run "$(url path)"
	for mode in '--replace' '--clean' '--clean --tables t' '--clean --data-only --tables h' '--into path_new' '--replace --drop-old'; do
		drop path_new
		# shellcheck disable=SC2086 # several words
		exits 0 pgrestore plan latest $mode "$(url path)"
		# shellcheck disable=SC2086
		exits 0 pgrestore latest $mode "$(url path)"
		nobody_ran "$SERVER" path
	done
	drop path path_new
}

@test "nor for checks, isempty and seedonce" {
	evil_database "$SERVER" path mallory
	sql path 'set search_path = pg_catalog' 'create table public.t as select 1 as a' \
		'create table public.alembic_version as select text $$4f2a$$ as version_num'
	exits 0 healthz --url "$(url path)" ready writable table=t 'rows=t>=1' 'migrated=alembic=4f2a' connections
	exits 1 isempty "$(url path)"
	exits 1 isempty --table t --rows "$(url path)"
	exits 0 seedonce --name s "$(url path)" -- true
	exits 0 healthz --url "$(url path)" seeded=s
	exits 0 seedonce --name s2 --unless rows=t "$(url path)" -- false
	nobody_ran "$SERVER" path
	drop path
}

@test "names of tables and types are data for --clean and --data-only" {
	local name='"a$pgbox_clean$::text OPERATOR(p.+)1)THEN END IF;END--"' odd='"it'\''s \ $$ ""q"" x"'
	sql postgres 'drop database if exists names' 'create database names owner mallory'
	sql names 'set role mallory' 'create schema p' 'create table p.ran (as_whom text)' \
		'create function p.f(text, int) returns oid language plpgsql as $$begin
		  insert into p.ran values (current_user); return 0; end$$' \
		'create operator p.+ (leftarg = text, rightarg = int, function = p.f)' \
		"create table $name (a int)" "insert into $name values (1)" "create table $odd (a int)" \
		"insert into $odd values (1)" "create type \"r'; \$pgbox_do\$ drop\" as range (subtype = integer)" 2>/dev/null
	exits 0 pgbackup run "$(url names)"
	exits 65 pgrestore latest --clean --data-only "$(url names)"
	says 'rows are there already'
	sql names "truncate $name" "truncate $odd"
	exits 0 pgrestore latest --clean --data-only "$(url names)"
	exits 0 pgrestore latest --clean "$(url names)"
	equals "$(sql names "select count(*) from $name" "select count(*) from $odd" 'select count(*) from p.ran')" $'1\n1\n0'
	drop names
}
