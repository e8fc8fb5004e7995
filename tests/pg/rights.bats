# What a database's owner can make run when somebody with more rights looks at, restores or seeds his database.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore
load ../lib/evil

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
	exits 1 pgrestore latest --clean --data-only "$(url names)"
	says 'rows are there already'
	sql names "truncate $name" "truncate $odd"
	exits 0 pgrestore latest --clean --data-only "$(url names)"
	exits 0 pgrestore latest --clean "$(url names)"
	equals "$(sql names "select count(*) from $name" "select count(*) from $odd" 'select count(*) from p.ran')" $'1\n1\n0'
	drop names
}

# hostile_view DATABASE: a view v of mallory's that anybody who reads it makes leave a trace, by COPY TO PROGRAM where he may.
hostile_view() {
	made "$1" 0
	sql postgres "alter database \"$1\" owner to mallory"
	sql "$1" 'create schema m authorization mallory' 'set role mallory' \
		"create function m.f() returns boolean language plpgsql as \$\$begin
		  execute format('copy (select 1) to program %L', 'cat >$BATS_FILE_TMPDIR/pg/ran'); return true; end\$\$" \
		'create view m.v as select 1 as a where m.f()' 'create materialized view m.mv as select 1 as a' \
		'create table m.t (a int)' 'insert into m.t values (1), (2)' \
		'create view m.alembic_version as select $$a$$::text as version_num where m.f()'
	rm -f "$SERVER/ran"
}

not_ran() {
	[ ! -e "$SERVER/ran" ] || { echo 'the function ran'; false; }
}

@test "rows= and migrated= of a view are refused, and do not run its functions; rows-of-view= does" {
	hostile_view views
	exits 64 waitdb --timeout 5s --for rows=m.v "$(url views)"
	says rows-of-view
	exits 1 healthz --url "$(url views)" rows=m.v
	says 'is a view'
	exits 1 healthz --url "$(url views)" rows=m.mv
	says 'is a materialized view'
	exits 1 healthz --url "$(url views)" migrated=alembic:m.alembic_version=a
	says 'is a view'
	exits 64 isempty --table m.v --rows "$(url views)"
	exits 69 seedonce --name s --unless rows=m.v "$(url views)" -- false
	not_ran
	exits 0 isempty --table m.none "$(url views)"
	exits 1 isempty --table m.v "$(url views)"
	exits 0 healthz --url "$(url views)" 'rows=m.t=2' rows-of-view=m.mv 'rows-of-view=m.t<3' table=m.v
	not_ran
	exits 0 healthz --url "$(url views)" rows-of-view=m.v
	[ -e "$SERVER/ran" ]
	rm "$SERVER/ran"
	exits 64 waitdb --for 'rows-of-view=m.v>' "$(url views)"
	drop views
}

@test "rows= counts what the role may see, whatever the database's row_security" {
	made secured 0
	sql postgres 'create role looker login' 'alter database secured set row_security = off'
	sql secured 'create table t as select generate_series(1, 5) a' 'alter table t enable row level security' \
		'create policy few on t using (a < 3)' 'grant select on t to looker'
	exits 0 healthz --url "$(url secured looker)" 'rows=t=2'
	exits 0 healthz --url "$(url secured)" 'rows=t=5'
	drop secured
	sql postgres 'drop role looker'
}

@test "rows= does not follow a partitioned table to where its foreign parts lead; migrated= calls no cast" {
	made parts 0
	sql parts 'create extension postgres_fdw' 'create table p (a int) partition by list (a)' \
		'create table p1 partition of p for values in (1)' 'insert into p values (1)'
	exits 0 healthz --url "$(url parts)" 'rows=p=1'
	sql parts "create server s foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1')" \
		'create table sub partition of p for values in (2) partition by list (a)' \
		'create foreign table f partition of sub for values in (2) server s'
	exits 1 healthz --url "$(url parts)" 'rows=p=1'
	says 'foreign tables'
	sql parts 'create schema drizzle' 'create type odd as (a int)' \
		"create function cast_it(odd) returns bigint language plpgsql as \$\$begin raise 'it ran'; end\$\$" \
		'create cast (odd as bigint) with function cast_it(odd)' \
		"create table drizzle.__drizzle_migrations as select 1 as id, 'x'::text as hash, row(1)::odd as created_at"
	exits 1 healthz --url "$(url parts)" migrated=drizzle
	says 'not built in'
	says_not 'it ran'
	drop parts
}

@test "seedonce does not write to a marker table whose owner put code of his into it" {
	local part
	for part in 'alter table pgbox.seed add check (m.g())' 'alter table pgbox.seed add note text default m.g()::text' \
		'alter table pgbox.seed add note boolean generated always as (m.g()) stored' \
		'create index on pgbox.seed (m.h(name)) where m.g()' 'create table pgbox.child () inherits (pgbox.seed)' \
		"alter table pgbox.seed add check (query_to_xml('select m.g()', true, true, '') is not null)" \
		'create domain pgbox.d as text check (m.g()); alter table pgbox.seed alter version type pgbox.d'; do
		hostile_view marked
		sql marked 'set role mallory' \
			"create function m.g() returns boolean language plpgsql immutable as \$\$begin
			  if (select rolsuper from pg_roles where rolname = current_user) then return m.f(); end if; return true; end\$\$" \
			"create function m.h(text) returns boolean language sql immutable as 'select m.g()'"
		exits 0 seedonce --name before "$(url marked mallory)" -- true
		exits 0 seedonce --name by_root "$(url marked)" -- true
		sql marked 'set role mallory' "$part"
		exits 77 seedonce --name after "$(url marked)" -- true
		says 'refusing'
		exits 0 seedonce --name his "$(url marked mallory)" -- true
		not_ran
	done
	drop marked
}

@test "plan says as whom a backup's code runs, and an owner can restore it as himself" {
	hostile_view code
	sql code 'create table public.t (a int check (a > 0))' 'alter table public.t owner to mallory' 'create extension postgres_fdw'
	exits 0 pgbackup run "$(url code)"
	exits 0 pgrestore plan latest --replace "$(url code)"
	says 'as postgres, a superuser'
	sql postgres 'drop database if exists own' 'create database own owner mallory' 2>/dev/null
	sql own 'create extension postgres_fdw'
	exits 0 pgrestore plan latest:code --no-owner "$(url own mallory)"
	says 'as mallory'
	says_not 'a superuser'
	exits 0 pgrestore latest:code --no-owner "$(url own mallory)"
	equals "$(sql own "select tableowner from pg_tables where tablename = 't' and schemaname = 'public'")" mallory
	not_ran
	drop own code
}
