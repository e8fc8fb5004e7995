# pgrestore: what the server or a role refuses is not damage: its exit code, and what to do about it.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	sql postgres 'create role plain login' 'create role other login' 'create role maker login createrole createdb'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	only
	mkdir "$BACKUP_DIR"
	sql postgres 'create database src'
	FILE=$BATS_TEST_TMPDIR/src.dump
	WANT=$(url dst plain)
}

# given SQL...: the archive FILE and the script FILE.sql of a database with all that, and an empty database dst of plain's.
given() {
	sql src "$@" 2>/dev/null
	archive src "$FILE"
	# Owners are looked at beforehand.
	archive src "$FILE.sql" --format=plain --no-owner
	target
}

# target [OWNER]: an empty database dst.
target() {
	drop dst
	sql postgres "create database dst owner ${1:-plain}"
}

# never_says WORD: as says.
never_says() {
	not grep -q -F -- "$1" <<<"$output"
}

# --- what is damage, and what is not ---

@test "a statement that fails is 1, what the server lacks 69, a right that is missing 77; from an archive, SQL, packed or piped" {
	given 'create table parent (a int primary key)' 'create table child (a int references parent)' \
		'set session_replication_role = replica' 'insert into child values (1)'
	refused 1 dst pgrestore "$FILE" "$(url dst)"
	says 'foreign key'
	refused 1 dst pgrestore "$FILE.sql" "$(url dst)"
	gzip -k "$FILE.sql"
	refused 1 dst pgrestore "$FILE.sql.gz" "$(url dst)"
	refused 1 dst pgrestore - "$(url dst)" <"$FILE.sql"
	refused 1 '' pgrestore "$FILE" --into new "$(url dst)"
	refused 1 dst pgrestore - "$(url dst)" <<<'create table t (a int); select 1/0;'
	says 'division by zero'
	refused 1 dst pgrestore - "$(url dst)" <<<'create table t (a int primary key deferrable initially deferred); insert into t values (1), (1);'
	refused 69 dst pgrestore - "$(url dst)" <<<'create table t (a int); create extension no_such_extension;'
	refused 77 dst pgrestore - "$WANT" <<<"create table t (a int); select pg_read_file('PG_VERSION');"
	never_says pg_read_all_data
}

@test "rows that are cut off, or have no form, are still damage" {
	target
	refused 65 dst pgrestore - "$(url dst)" <<<$'create table t (a int);\ncopy t from stdin;\n1\n2'
	says 'cut off'
	refused 65 dst pgrestore - "$(url dst)" <<<$'create table t (a int, b int);\ncopy t from stdin;\n1\n\\.\n'
}

@test "a pg_restore that is killed is not a damaged backup" {
	local pid
	given "create function slow(int) returns boolean language plpgsql immutable as \$\$begin
			if current_database() = 'dst' then perform pg_sleep(60); end if; return true; end\$\$" \
		'create table t (a int check (slow(a)))' 'insert into t values (1)'
	pgrestore "$FILE" "$(url dst)" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	pid=$!
	wait_until 30 eval "[ -n \"\$(sql postgres \"select 1 from pg_stat_activity where query ~ '^COPY' and datname = 'dst'\")\" ]"
	kill -KILL "$(pgrep -P "$pid")"
	status=0
	wait "$pid" || status=$?
	output=$(cat "$BATS_TEST_TMPDIR/out")
	equals "$status" 1
	says 'killed'
}

# --- large objects ---

@test "a backup by pg_read_all_data that may not read a large object is 77, and says whose it takes" {
	[ "$(sql postgres 'show server_version_num')" -ge 140000 ] || skip 'the role is of 14'
	sql src "select lo_from_bytea(0, 'hello')" 'create table t as select 1 a'
	sql postgres 'create role backup login' 'grant pg_read_all_data to backup'
	exits 77 pgbackup run --roles no "$(url src backup)"
	says lo_compat_privileges
	exits 77 pgbackup run --roles no --jobs 2 "$(url src backup)"
	says lo_compat_privileges
	sql postgres 'alter role backup set lo_compat_privileges = on'
	exits 0 pgbackup run --roles no "$(url src backup)"
	exits 0 pgrestore latest "$(url dst)"
	equals "$(sql dst "select convert_from(lo_get(oid), 'UTF8') from pg_largeobject_metadata")" hello
	sql postgres 'drop role backup'
}

# --- what a plain role may not restore ---

# planned WORD [OPTION...]: plan and restore of FILE by plain are refused before anything is touched, and say so.
planned() {
	local word=$1
	shift
	refused 69 dst pgrestore plan "$FILE" "$@" "$WANT"
	says "$word"
	never_says pg_read_all_data
	refused 69 dst pgrestore "$FILE" "$@" "$WANT"
	says "$word"
}

# planned_sql WORD: the same of FILE.sql, dumped without owners.
planned_sql() {
	archive src "$FILE.sql" --format=plain --no-owner
	refused 69 dst pgrestore plan "$FILE.sql" "$WANT"
	says "$1"
	never_says pg_read_all_data
	refused 69 dst pgrestore - "$WANT" <"$FILE.sql"
	says "$1"
}

@test "default privileges of another role: in the plan, with or without --no-owner, also of SQL" {
	given 'create table t (a int)' 'alter table t owner to plain' \
		'alter default privileges for role other grant select on tables to plain'
	planned 'role other: default privileges'
	planned 'role other: default privileges' --no-owner
	planned_sql 'role other: default privileges'
	sql postgres 'grant other to plain'
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
	sql postgres 'revoke other from plain'
}

@test "publications FOR ALL TABLES or of a schema: in the plan, also of SQL; of a table they are restored" {
	given 'create table t (a int)' 'create publication q for table t'
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
	given 'create publication "p for all" for all tables'
	planned 'PUBLICATION "p for all": only a superuser' --no-owner
	planned_sql 'PUBLICATION "p for all": only a superuser'
	[ "$(sql postgres 'show server_version_num')" -ge 150000 ] || return 0
	given 'drop publication "p for all"' 'create publication s for tables in schema public'
	planned 'only a superuser may publish a schema' --no-owner
	planned_sql 'only a superuser may publish a schema'
	exits 0 pgrestore "$FILE" "$(url dst)"
}

@test "event triggers and operator classes: in the plan, also of SQL; not those that are not restored" {
	given 'create table t (a int)' "create function f() returns event_trigger language plpgsql as 'begin end'" \
		'alter function f() owner to plain' 'alter table t owner to plain' \
		'create event trigger et on ddl_command_start execute function f()'
	planned 'EVENT TRIGGER et: only a superuser' --no-owner
	planned_sql 'EVENT TRIGGER et: only a superuser'
	exits 0 pgrestore "$FILE" --tables t --into new "$(url dst)"
	given 'drop event trigger et' 'create operator class oc for type int using btree as function 1 btint4cmp(int, int)'
	planned 'only a superuser may create an operator' --no-owner
}

@test "comments on what is another's are left out, counted and named: archive, SQL, plan" {
	given 'create extension pg_trgm' 'create extension citext' "comment on schema public is 'mine'"
	target other
	sql dst 'create extension pg_trgm' 'grant all on schema public to plain'
	sql postgres 'grant create on database dst to plain'
	exits 0 pgrestore plan "$FILE" --no-owner "$WANT"
	says '2 comments are left out, which only the owner may change: '
	says 'EXTENSION pg_trgm'
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
	target other
	sql dst 'create extension pg_trgm' 'grant all on schema public to plain'
	sql postgres 'grant create on database dst to plain'
	exits 0 pgrestore "$FILE.sql" "$WANT"
	says '2 comments are left out, which only the owner may change: '
	says 'EXTENSION pg_trgm'
	equals "$(sql dst "select obj_description(oid, 'pg_extension') is not null from pg_extension where extname = 'citext'")" t
	# Who may, does.
	target
	sql dst 'create extension pg_trgm' "comment on extension pg_trgm is 'else'"
	exits 0 pgrestore "$FILE.sql" "$(url dst)"
	never_says 'left out'
	equals "$(sql dst "select obj_description('public'::regnamespace, 'pg_namespace')")" mine
	# Old dumps have one on what every new database has.
	exits 0 pgrestore - --into new "$(url dst maker)" <<<"create table t (a int); COMMENT ON EXTENSION plpgsql IS 'x';"
	says '1 comment is left out'
	says 'EXTENSION plpgsql'
}

@test "--roles create by a role that may not: in the plan; by one that may, the new roles own what is theirs" {
	sql postgres 'create role gone' 'grant create on database src to gone'
	given 'drop schema public' 'create schema s authorization gone' 'create table s.t as select 1 a' 'alter table s.t owner to gone'
	sql src 'drop schema s cascade'
	sql postgres 'revoke create on database src from gone' 'drop role gone'
	planned 'role gone: is missing, and this role may not create roles' --roles create
	target maker
	exits 0 pgrestore "$FILE" --roles create "$(url dst maker)"
	equals "$(sql dst "select pg_get_userbyid(relowner) from pg_class where oid = 's.t'::regclass")" gone
	drop dst
	sql postgres 'drop role gone'
}

@test "verify --into by a plain role names what it lacks, and nothing of dumps" {
	sql postgres 'create database scratch owner other' 'alter role other createdb'
	sql src 'create function f() returns int language internal as $$pg_backend_pid$$' 'create table t (a int)'
	exits 0 pgbackup run --roles no "$(url src)"
	exits 77 pgbackup verify --into "$(url scratch other)" src
	says 'lacks a right'
	never_says pg_read_all_data
	sql postgres 'alter role other nocreatedb'
}

@test "a schema in which the role, or an owner, may not create: in the plan, also of SQL" {
	[ "$(sql postgres 'show server_version_num')" -ge 150000 ] || skip 'everybody may, in public'
	given 'create table t (a int)'
	target other
	planned 'schema public: this role may not create objects in it' --no-owner
	planned_sql 'schema public: this role may not create objects in it'
	sql dst 'grant create on schema public to plain'
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
	# What others are to own.
	sql postgres 'create role gone'
	given 'alter table t owner to gone'
	sql src 'drop table t'
	sql postgres 'drop role gone'
	target maker
	refused 69 dst pgrestore plan "$FILE" --roles create "$(url dst maker)"
	says 'schema public: role gone, which objects in it belong to, may not create in it'
	exits 0 pgrestore "$FILE" --roles skip "$(url dst maker)"
	exits 0 pgrestore "$FILE" --replace --roles create "$(url dst)"
	sql dst 'drop table t'
	sql postgres 'drop role gone'
}

@test "functions in C, base types and foreign servers: in the plan" {
	given 'create function g() returns int language internal as $$pg_backend_pid$$' \
		"create function h() returns int language sql as 'select 1 /* LANGUAGE c */'" 'create type c as (a int)' 'create type e as enum ()'
	planned 'FUNCTION public.g: only a superuser may create it in a language' --no-owner
	planned_sql 'FUNCTION public.g: only a superuser may create it in a language'
	given 'drop function g()'
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
	given 'create type b'
	planned 'TYPE public.b: only a superuser' --no-owner
	given 'drop type b' 'create extension postgres_fdw' 'create server s foreign data wrapper postgres_fdw'
	sql dst 'create extension postgres_fdw'
	planned 'SERVER s: a foreign server takes USAGE' --no-owner
	sql dst 'grant usage on foreign data wrapper postgres_fdw to plain'
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
}

@test "leakproof functions, casts between types of every database and a superuser's settings: in the plan, also of SQL" {
	given "create function f() returns int language sql leakproof as 'select 1'"
	planned 'FUNCTION public.f: only a superuser may define a leakproof function' --no-owner
	planned_sql 'FUNCTION public.f: only a superuser may define a leakproof function'
	given 'drop function f()' 'create cast (varchar as int) with inout as implicit'
	planned 'CAST (character varying AS integer): a cast takes the owner' --no-owner
	planned_sql 'CAST (character varying AS integer): a cast takes the owner'
	given 'drop cast (varchar as int)' \
		"create function g() returns int language sql set session_replication_role = replica as 'select 1'"
	planned 'setting session_replication_role: ' --no-owner
	planned_sql 'setting session_replication_role: '
	refused 69 dst pgrestore plan - "$WANT" <<<'SET Session_Replication_Role TO replica; create table t (a int);'
	says 'setting session_replication_role: '
	# What looks like these, and is a plain role's.
	given 'drop function g()' 'create type mood as enum ()' 'create cast (varchar as mood) with inout as implicit' \
		"create function h() returns int language sql set search_path = public as 'select 1 /* set log_statement = 1 LEAKPROOF */'"
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
	target
	exits 0 pgrestore - "$WANT" <<<"set time zone 'UTC'; set local search_path = public; create function f(\"leakproof\" int) returns int
		not leakproof language sql as 'select 1';"
}

@test "a setting that was granted to the role, or a role whose rights it has but to which it may give nothing" {
	[ "$(sql postgres 'show server_version_num')" -ge 160000 ] || skip 'grants of settings are of 15, SET of 16'
	target
	sql postgres 'grant set on parameter session_replication_role to plain'
	exits 0 pgrestore - "$WANT" <<<'set session_replication_role = replica; create table t (a int);'
	sql postgres 'revoke set on parameter session_replication_role from plain'
	given 'create table t (a int)' 'alter table t owner to other'
	archive src "$FILE.sql" --format=plain
	sql postgres 'grant other to plain with inherit true, set false'
	planned 'objects belong to role other'
	refused 69 dst pgrestore plan "$FILE.sql" "$WANT"
	says 'objects belong to role other'
	exits 0 pgrestore "$FILE" --no-owner "$WANT"
	sql postgres 'revoke other from plain'
}

@test "what belongs to the owner of whatever database it is in goes into a new one, made by a plain role" {
	[ "$(sql postgres 'show server_version_num')" -ge 140000 ] || skip 'pg_database_owner is of 14'
	sql postgres 'alter role plain createdb'
	given 'create schema s authorization pg_database_owner' 'create table s.t as select 1 a' 'alter table s.t owner to pg_database_owner'
	exits 0 pgrestore plan "$FILE" --into new "$WANT"
	exits 0 pgrestore "$FILE" --into new "$WANT"
	equals "$(sql new "select pg_get_userbyid(relowner) from pg_class where oid = 's.t'::regclass")" pg_database_owner
	drop new
	exits 0 pgrestore "$FILE" "$WANT"
	exits 0 pgrestore "$FILE" --replace --drop-old "$WANT"
	sql postgres 'alter role plain nocreatedb'
}

@test "a file that makes roles, by a role that may not: in the plan" {
	target
	refused 69 dst pgrestore plan - "$WANT" <<<'create table t (a int); create role somebody; alter table t owner to somebody;'
	says 'role somebody: the file makes it, and this role may not create roles'
	refused 69 dst pgrestore - "$WANT" <<<'create table t (a int); create role somebody;'
	says 'role somebody: the file makes it, and this role may not create roles'
}

@test "a backup of a newer server: said in the plan, and where a statement is not understood" {
	local version
	version=$(sql postgres 'show server_version')
	given 'create table t (a int)' 'create view v as select 1 a'
	LC_ALL=C sed "s/$version/99${version:2}/; s/CREATE VIEW public/CREATE VIEX public/" "$FILE" >"$FILE.new"
	exits 0 pgrestore plan "$FILE.new" "$(url dst)"
	says 'the backup is of PostgreSQL 99'
	refused 1 dst pgrestore "$FILE.new" "$(url dst)"
	says 'hint: the backup is of PostgreSQL 99'
	exits 0 pgrestore plan "$FILE" "$(url dst)"
	never_says 'the backup is of'
}

# --- rows alone ---

# emptied: the database dst has the tables of FILE, of plain's, and no rows.
emptied() {
	target
	exits 0 pgrestore "$FILE" --schema-only --no-owner --into made "$WANT" || return
	drop dst
	sql postgres 'alter database made rename to dst' 'alter database dst owner to plain'
}

@test "--data-only fills tables in the order of their references, whatever they are called, one job or several" {
	sql postgres 'alter role plain createdb'
	given 'create table users (id int primary key)' 'create table comments (id int primary key, by int references users)' \
		'create table answers (id int primary key, to_comment int references comments, after int references answers)' \
		'create table parts (id int primary key, u int references users) partition by range (id)' \
		'create table aa_part partition of parts for values from (0) to (10)' 'create table aa_refers (p int references parts)' \
		'insert into users values (1)' 'insert into comments values (1, 1)' 'insert into answers values (2, 1, 3), (3, 1, null)' \
		'insert into parts values (1, 1)' 'insert into aa_refers values (1)'
	emptied
	exits 0 pgrestore "$FILE" --clean --data-only "$WANT"
	equals "$(sql dst 'select count(*) from answers' 'select count(*) from aa_refers')" $'2\n1'
	emptied
	exits 0 pgrestore "$FILE" --clean --data-only --jobs 2 "$WANT"
	emptied
	exits 0 pgrestore "$FILE" --clean --data-only --tables answers,comments,users "$WANT"
	emptied
	archive src "$BATS_TEST_TMPDIR/inserts.dump" --inserts
	exits 0 pgrestore "$BATS_TEST_TMPDIR/inserts.dump" --clean --data-only "$WANT"
	equals "$(sql dst 'select count(*) from answers' "select count(*) from pg_constraint where condeferrable")" $'2\n0'
	# A tar archive is read in its own order.
	emptied
	archive src "$BATS_TEST_TMPDIR/rows.tar" --format=tar
	exits 0 pgrestore "$BATS_TEST_TMPDIR/rows.tar" --clean --data-only "$WANT"
	equals "$(sql dst 'select count(*) from answers' "select count(*) from pg_constraint where condeferrable")" $'2\n0'
	# What is referred to is not there.
	emptied
	refused 1 dst pgrestore "$FILE" --clean --data-only --tables comments "$WANT"
	says 'restore that table as well'
	sql postgres 'alter role plain nocreatedb'
}

@test "--data-only of tables in a circle: their owner defers the foreign keys, which are checked, and are as they were; others are told before" {
	sql postgres 'alter role plain createdb'
	given 'create table a (id int primary key, b int)' 'create table b (id int primary key, a int references a)' \
		'alter table a add foreign key (b) references b' 'create table c (id int primary key, d int)' \
		'create table d (id int primary key, c int references c deferrable)' 'alter table c add foreign key (d) references d' \
		'begin; insert into a values (1, null); insert into b values (1, 1); update a set b = 1; commit' \
		'begin; insert into c values (1, null); insert into d values (1, 1); update c set d = 1; commit'
	emptied
	exits 0 pgrestore "$FILE" --clean --data-only "$WANT"
	equals "$(sql dst 'select count(*) from a, b, c, d' 'select count(*) from pg_constraint where condeferrable')" $'1\n1'
	emptied
	refused 1 dst pgrestore "$FILE" --clean --data-only --tables a,c,d "$WANT"
	says 'foreign key'
	emptied
	archive src "$BATS_TEST_TMPDIR/rows.dump" --data-only
	exits 0 pgrestore "$BATS_TEST_TMPDIR/rows.dump" --clean "$WANT"
	emptied
	sql dst 'grant all on all tables in schema public to other'
	refused 69 dst pgrestore plan "$FILE" --clean --data-only "$(url dst other)"
	says 'in a circle'
	sql postgres 'alter role plain nocreatedb'
}

# --- functions that need a search_path ---

# finds_names FILE: its restore fails with a hint, and succeeds with --search-path.
finds_names() {
	target
	refused 1 dst pgrestore "$1" "$(url dst)" || return
	says --search-path || return
	PGRESTORE_SEARCH_PATH=app,public exits 0 pgrestore "$1" "$(url dst)" || return
	target
	exits 0 pgrestore "$1" --search-path 'app, public' "$(url dst)"
}

@test "functions that find names by search_path only: a hint, and --search-path; in a check, generated column, domain, default" {
	sql postgres 'alter database src set search_path = app, public'
	sql src 'create schema app' 'create table app.allowed as select 1 id' \
		'create function app.two() returns int language sql immutable as $$select 2$$' \
		'create function public.checks(int) returns boolean language plpgsql immutable
			as $$begin return exists (select from allowed where id = $1); end$$' \
		'create function public.doubles(int) returns int language sql immutable as $$select $1 * two()$$'
	given 'create table public.t (a int check (public.checks(a)))' 'insert into t values (1)'
	finds_names "$FILE"
	given 'drop table t' 'create table t (a int, b int generated always as (public.doubles(a)) stored)' 'insert into t values (1)'
	finds_names "$FILE.sql"
	given 'drop table t' 'create domain d as int check (public.checks(value))' 'create table t (a d)' 'insert into t values (1)'
	finds_names "$FILE"
	BACKUP_VERIFY=restore exits 1 pgbackup run --roles no "$(url src)"
	says --search-path
	BACKUP_VERIFY=restore BACKUP_SEARCH_PATH=app,public exits 0 pgbackup run --roles no "$(url src)"
	exits 1 pgbackup verify --into "$(url postgres)"
	says --search-path
	exits 0 pgbackup verify --into "$(url postgres)" --search-path app,public
}

@test "an index or a materialized view that needs a search_path: before 17 --search-path does, since then the hint says that it cannot" {
	sql postgres 'alter database src set search_path = app, public'
	sql src 'create schema app' 'create table app.allowed as select 1 id' \
		'create function public.checks(int) returns boolean language plpgsql immutable
			as $$begin return exists (select from app.allowed where id = $1); end$$' \
		'create table t (a int)' 'insert into t values (1)' 'create index on t (public.checks(a))' \
		'create or replace function public.checks(int) returns boolean language plpgsql immutable
			as $$begin return exists (select from allowed where id = $1); end$$'
	given 'create materialized view m as select 1'
	if [ "$(sql postgres 'show server_version_num')" -lt 170000 ]; then
		finds_names "$FILE"
		never_says 'not analyzed'
	else
		refused 1 dst pgrestore "$FILE" --search-path app "$(url dst)"
		says 'PostgreSQL 17'
	fi
}
