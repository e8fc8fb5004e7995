# pgrestore: what plain SQL names - objects to drop, databases, roles, extensions - is known before it is run.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=180
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	sql postgres 'create role limited login'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
	only
	sql postgres 'drop role if exists gone' 'drop role if exists "Lost ""one"""' 2>/dev/null
	DATABASE_URL=$(url app)
	export DATABASE_URL
	SQL=$BATS_TEST_TMPDIR/dump.sql
}

# varied DATABASE: one with much that a dump drops in ways of its own.
varied() {
	made "$1" 3
	sql "$1" 'create schema s' 'create table s.parent (id serial primary key, word text default $$x$$) partition by range (id)' \
		'create table s.child partition of s.parent for values from (1) to (9)' 'insert into s.parent values (1)' \
		'create table other (id int references s.parent)' 'create domain d as int check (value > 0)' 'create type mood as enum ($$a$$)' \
		'create function f(a d) returns int language sql as $$select 1$$' 'create view v as select * from s.parent' \
		'create view circle as select 1 a' 'create view round as select * from circle' \
		'create or replace view circle as select a from round' 'create sequence q' 'create index on t (a)' \
		'create trigger tr before update on t for each row execute function suppress_redundant_updates_trigger()' \
		'create rule r as on delete to t do nothing' 'create policy p on t using (true)' 'create extension hstore' \
		'create cast (mood as int) with inout' 'create operator === (leftarg = int, rightarg = int, function = int4eq)' \
		'create aggregate total (int) (sfunc = int4pl, stype = int)' 'create publication pub for table t' \
		'create foreign data wrapper w' 'create server srv foreign data wrapper w' \
		'create user mapping for limited server srv' 'create text search dictionary dict (template = simple)' \
		'create statistics st on id, word from s.child' 'create collation c from "C"' \
		'select lo_from_bytea(4711, $$large$$)' >/dev/null
}

# refused_or STATUS OTHER DATABASE COMMAND...
refused_or() {
	local one=$1 other=$2
	shift 2
	refused "$one" "$@" || refused "$other" "$@"
}

# --- DROP ---

@test "pg_dump --clean without --if-exists goes into a new and into an empty database; what is skipped is counted" {
	local how
	varied source
	archive source "$SQL" --format=plain --clean
	for how in '' '--if-exists'; do
		# shellcheck disable=SC2086 # words
		archive source "$SQL" --format=plain --clean $how
		drop app
		exits 0 pgrestore plan "$SQL"
		says 'what is not there is skipped'
		exits 0 pgrestore "$SQL"
		diff <(content source) <(content app)
		made app
		exits 0 pgrestore "$SQL"
		diff <(content source) <(content app)
	done
	exits 0 pgrestore "$SQL" --replace --drop-old
	diff <(content source) <(content app)
	drop app
	gzip -k "$SQL"
	exits 0 pgrestore - <"$SQL.gz"
	exits 0 pgrestore "$SQL.gz" --into new
	diff <(content source) <(content new)
}

@test "a DROP that fails for another reason than that nothing is there is an error, and so is a wrong ALTER" {
	made app
	cat >"$SQL" <<-'END'
		create table a (id int primary key);
		create table b (id int references a);
		drop table a;
	END
	refused_or 1 65 app pgrestore "$SQL"
	says 'other objects depend on it'
	echo "alter table nothing add column a text default ' DROP ';" >"$SQL"
	refused_or 1 65 app pgrestore "$SQL"
	says 'nothing'
	# What extensions brought is no reason to fail: old dumps drop public and plpgsql.
	sql app 'create extension hstore'
	printf '%s\n' 'DROP EXTENSION plpgsql;' 'DROP SCHEMA public;' 'CREATE SCHEMA public;' \
		"COMMENT ON SCHEMA public IS 'standard public schema';" 'CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;' \
		'create table public.t as select generate_series(1, 3) a;' >"$SQL"
	exits 0 pgrestore "$SQL"
	equals "$(rows app) $(sql app "select count(*) from pg_extension where extname in ('hstore', 'plpgsql')")" '3 2'
}

# --- databases and backslash commands ---

@test "plan says what a file with its own database, or a backslash command, will end with" {
	local how
	made source 3
	for how in --create '--create --clean' '--create --clean --if-exists'; do
		# shellcheck disable=SC2086 # words
		archive source "$SQL" --format=plain $how
		gzip -kf "$SQL"
		refused 64 '' pgrestore plan "$SQL"
		says '--create'
		refused 64 '' pgrestore "$SQL"
		refused 64 '' pgrestore plan "$SQL.gz" --into new
		refused 64 '' pgrestore - <"$SQL.gz"
	done
	printf '%s\n' 'create table t (a int);' '\connect other' >"$SQL"
	refused 64 '' pgrestore plan "$SQL"
	says 'several databases'
	printf '%s\n' 'create table t (a int);' '\i other.sql' >"$SQL"
	refused 65 '' pgrestore plan "$SQL"
	says '\i'
	# What only looks like one.
	printf '%s\n' "create table t as select 1 a; -- \\connect" "copy t from stdin;" '2' '\.' "insert into t values (3); comment on table t is '" \
		'\connect other' "create database x;';" 'create function f() returns int language sql as $$ select 1 -- \! ' '$$;' >"$SQL"
	exits 0 pgrestore plan "$SQL"
	exits 0 pgrestore "$SQL"
	equals "$(rows app)" 3
}

@test "plan says what runs in no transaction, or ends the one that all is in" {
	local file=$BATS_TEST_TMPDIR/own.sql line
	for line in 'VACUUM (analyze) t;' 'create unique index concurrently i on t (a);' 'reindex database app;'; do
		printf '%s\n' 'create table t (a int);' "/* once */ $line" >"$file"
		made app 0
		refused 1 app pgrestore plan "$file"
		says 'runs in none'
		refused 1 app pgrestore "$file"
		says 'runs in none'
	done
	for line in 'rollback;' 'commit and chain;' "prepare transaction 'x';"; do
		printf '%s\n' 'create table t (a int);' "$line" >"$file"
		refused 65 app pgrestore plan "$file"
		says 'ends its transaction'
		refused 65 app pgrestore - <"$file"
		says 'ends its transaction'
	done
	printf '%s\n' 'begin;' 'create table vacuum (a int);' 'create index concurrently_i on vacuum (a);' 'commit;' \
		"select 'vacuum; rollback;';" >"$file"
	exits 0 pgrestore plan "$file"
	exits 0 pgrestore "$file"
	equals "$(sql app 'select count(*) from vacuum')" 0
}

@test "an encoding whose letters hold backslashes, and strings with escapes, are read as psql reads them" {
	printf 'set client_encoding = %s;\ncreate table t as select %s a;\n' "'SJIS'" "$(printf "'\\203\\134'")" >"$SQL"
	exits 0 pgrestore plan "$SQL"
	exits 0 pgrestore "$SQL"
	equals "$(sql app 'select a from t')" ソ
	drop app
	printf '%s\n' 'SET standard_conforming_strings = off;' 'SET escape_string_warning = off;' "create table t as select 'it\\'s \\! x' a;" >"$SQL"
	exits 0 pgrestore "$SQL"
	equals "$(sql app 'select a from t')" "it's ! x"
}

# --- roles ---

# gone_roles: dumps that name roles in every way, of which `gone` and `Lost "one"` are missing afterwards.
gone_roles() {
	sql postgres 'create role gone' 'create role "Lost ""one"""'
	made source 3
	sql source 'alter table t owner to gone' 'create schema s authorization "Lost ""one"""' 'create table s.t as select 1 a' \
		'grant select on t to gone, limited' 'revoke all on t from gone' 'grant select on s.t to "Lost ""one"""' \
		'alter default privileges for role gone grant select on tables to limited' \
		'create policy p on t to gone using (true)' 'create policy two on t to limited, gone using (true)' \
		'create foreign data wrapper w' 'create server srv foreign data wrapper w' 'create user mapping for gone server srv' \
		'grant select on t to gone with grant option' 'set role gone; grant select on t to limited; reset role' \
		"create table words as select 'ALTER TABLE t OWNER TO gone;' a"
	archive source "$SQL" --format=plain
	archive source "$SQL.dump"
	archive source "$SQL.auth" --format=plain --use-set-session-authorization
	cat >"$SQL.own" <<-'END'
		create schema "Mine" authorization gone; create schema authorization gone;
		create table "Mine".t as select generate_series(1, 3) a;
		create table public.t as select * from "Mine".t;
		alter table "Mine".t
		  owner to gone; -- theirs
		grant select /* only */ on "Mine".t to Gone, limited with grant option;
		grant gone to limited;
		alter policy p on t to gone;
		set role gone; create table public.made as select 1 a; reset role;
	END
	sed -i '/alter policy/d' "$SQL.own"
	drop source
	sql postgres 'drop role gone' 'drop role "Lost ""one"""'
}

@test "missing roles of plain SQL are named beforehand, as those of archives; --roles skip and create do as they say" {
	local file
	gone_roles
	gzip -k "$SQL"
	for file in "$SQL" "$SQL.dump" "$SQL.auth" "$SQL.gz"; do
		refused 69 '' pgrestore plan "$file"
		says 'role gone: is missing'
		says 'role Lost "one": is missing'
		says '--roles skip'
		refused 69 '' pgrestore "$file"
		exits 0 pgrestore plan "$file" --roles skip
		exits 0 pgrestore "$file" --roles skip
		says 'role gone: is missing'
		equals "$(sql app "select string_agg(distinct tableowner, ' ') from pg_tables where schemaname in ('s', 'public')")" postgres
		equals "$(sql app "select string_agg(polname || polroles::regrole[]::text, ' ') from pg_policy")" 'two{limited}'
		equals "$(sql app "select has_table_privilege('limited', 't', 'select'), a from words")" 't|ALTER TABLE t OWNER TO gone;'
		equals "$(sql app 'select count(*) from pg_default_acl, pg_user_mappings')" 0
		equals "$(sql postgres "select count(*) from pg_roles where rolname ~* 'gone|lost'")" 0
		drop app
		# Its roles would make what is theirs themselves, and those that are made have no rights.
		[ "$file" != "$SQL.auth" ] || continue
		exits 0 pgrestore "$file" --roles create
		equals "$(sql app "select tableowner from pg_tables where schemaname = 'public' and tablename = 't'")" gone
		equals "$(sql app "select has_table_privilege('Lost \"one\"', 's.t', 'select')")" t
		drop app
		sql postgres 'drop role gone' 'drop role "Lost ""one"""'
	done
	exits 0 pgrestore - --roles skip <"$SQL.gz"
	made app 9
	PGRESTORE_ROLES=skip exits 0 pgrestore "$SQL" --replace --drop-old
	equals "$(rows app)" 3
}

@test "roles in a file of somebody's own, who writes otherwise; those that it makes itself are not missing" {
	gone_roles
	refused 69 '' pgrestore plan "$SQL.own"
	exits 0 pgrestore "$SQL.own" --roles skip
	equals "$(rows app) $(sql app "select string_agg(nspname::text, ',' order by 1) from pg_namespace where nspname in ('Mine', 'gone')")" \
		'3 Mine,gone'
	equals "$(sql app "select has_table_privilege('limited', '\"Mine\".t', 'select'), count(*) from made")" 't|1'
	drop app
	cat >"$SQL" <<-'END'
		create role r_own;
		do $$ begin create role r_do; exception when duplicate_object then null; end $$;
		create table t as select generate_series(1, 3) a;
		alter table t owner to r_own;
		grant select on t to r_do;
	END
	exits 0 pgrestore plan "$SQL"
	exits 0 pgrestore "$SQL"
	equals "$(rows app)" 3
	drop app
	sql postgres 'drop role r_own' 'drop role r_do'
}

@test "plain SQL whose owners this role may not act for, or whose extension it may not make, is refused beforehand" {
	made source 3
	archive source "$SQL" --format=plain
	sql source 'create extension file_fdw' 'alter table t owner to limited'
	archive source "$SQL.fdw" --format=plain
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$SQL"
	says 'role postgres'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore "$SQL"
	DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$SQL.fdw"
	says 'file_fdw'
	sed 's/file_fdw/hshore/g' "$SQL.fdw" >"$SQL.no"
	refused 69 app pgrestore plan "$SQL.no"
	says 'does not ship'
	refused 69 app pgrestore "$SQL.no"
	# Hosting providers have rules of their own.
	sed -i '/^COMMENT ON EXTENSION/d' "$SQL.fdw"
	sql postgres 'create role rds_superuser'
	DATABASE_URL=$(url app limited) refused 77 app pgrestore "$SQL.fdw"
	DATABASE_URL=$(url app limited) exits 0 pgrestore plan "$SQL.fdw"
	sql postgres 'drop role rds_superuser'
}

@test "roles are missing when plain SQL is verified by a restore, which needs none of them" {
	sql postgres 'create role gone'
	made source 3
	sql source 'alter table t owner to gone' 'create policy p on t to gone using (true)' 'grant select on t to gone'
	for format in plain custom; do
		exits 0 pgbackup run --roles no --format "$format" --url "$(url source)"
		sql source 'alter table t owner to postgres' 'drop policy p on t' 'revoke all on t from gone'
		sql postgres 'drop role gone'
		exits 0 pgbackup verify --into "$(url postgres)"
		BACKUP_VERIFY_AS_SUPERUSER=yes exits 0 pgbackup verify --into "$(url postgres)"
		sql postgres 'create role gone'
		sql source 'alter table t owner to gone' 'create policy p on t to gone using (true)' 'grant select on t to gone'
		rm -rf "$BACKUP_DIR"
	done
	drop source
	sql postgres 'drop role gone'
}

# --- tablespaces ---

# in_tablespace: a database whose objects, and one that is itself, are in a tablespace that is gone afterwards.
in_tablespace() {
	mkdir "$SERVER/space"
	[ "$(id -u)" != 0 ] || chown nobody "$SERVER/space"
	sql postgres "create tablespace \"The fast\" location '$SERVER/space'"
	made source 3
	sql source 'alter table t set tablespace "The fast"' 'create table u (id int primary key using index tablespace "The fast")' \
		'create materialized view m tablespace "The fast" as select 1 a' 'create index on t (a) tablespace "The fast"' \
		'create table part (id int) partition by list (id) tablespace "The fast"'
	for format in plain custom tar directory; do
		archive source "$SQL.$format" --format=$format
	done
	sql postgres 'create database whole tablespace "The fast"'
	sql whole 'create table t as select generate_series(1, 3) a' 'alter database whole set default_tablespace = "The fast"'
	exits 0 pgbackup run --roles no --url "$(url whole)"
	drop source whole
	sql postgres 'drop tablespace "The fast"'
	rmdir "$SERVER/space"
}

@test "a missing tablespace is named beforehand, and --no-tablespaces does without: SQL, custom, tar, directory" {
	local format
	in_tablespace
	gzip -k "$SQL.plain"
	for format in plain custom tar directory plain.gz; do
		refused 69 '' pgrestore plan "$SQL.$format"
		says 'tablespace The fast: is missing'
		says '--no-tablespaces'
		refused 69 '' pgrestore "$SQL.$format"
		exits 0 pgrestore plan "$SQL.$format" --no-tablespaces
		exits 0 pgrestore "$SQL.$format" --no-tablespaces
		equals "$(rows app) $(sql app 'select count(*) from m')" '3 1'
		drop app
	done
	exits 0 pgrestore "$SQL.custom" --no-tablespaces --jobs 2
	exits 0 pgrestore "$SQL.custom" --no-tablespaces --clean
	exits 0 pgrestore "$SQL.custom" --into new --tables m --no-tablespaces
	refused 69 '' pgrestore plan "$SQL.custom" --into other --tables m
	cat >"$SQL" <<-'END'
		set default_tablespace to gone;
		create table t (a int primary key using index tablespace gone) tablespace gone;
		insert into t values (1), (2), (3);
		create index on t (a) tablespace gone where a > 1;
		alter table t set tablespace gone;
	END
	drop app
	refused 69 '' pgrestore plan "$SQL"
	exits 0 pgrestore - --no-tablespaces <"$SQL"
	equals "$(rows app)" 3
	# The database's own: it is in pg_default then, which is said beforehand.
	DATABASE_URL=$(url whole) exits 0 pgrestore plan latest:whole
	says "tablespace 'The fast'"
	DATABASE_URL=$(url whole) exits 0 pgrestore latest:whole
	says "tablespace 'The fast'"
	equals "$(rows whole | tail -n 1)" 3
	drop whole
	DATABASE_URL=$(url whole) exits 0 pgrestore latest:whole --no-tablespaces
	says_not 'The fast'
	equals "$(sql whole 'select count(*) from pg_db_role_setting, t')" 0
}

@test "a tablespace that this role may not use is named beforehand" {
	mkdir "$SERVER/own"
	[ "$(id -u)" != 0 ] || chown nobody "$SERVER/own"
	sql postgres "create tablespace own location '$SERVER/own'"
	made source 3
	sql source 'alter table t owner to limited' 'alter table t set tablespace own'
	archive source "$SQL.dump"
	archive source "$SQL" --format=plain
	sql postgres 'create database app owner limited'
	for file in "$SQL" "$SQL.dump"; do
		DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$file"
		says 'tablespace own'
		says 'GRANT CREATE'
	done
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$SQL" --no-tablespaces
	sql postgres 'grant create on tablespace own to limited'
	made app
	sql postgres 'alter database app owner to limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$SQL.dump"
	drop app source
	sql postgres 'drop tablespace own'
}
