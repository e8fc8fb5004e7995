# pgbackup: as whom the code of a database runs when a backup of it is restored as a test.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/pgbackup

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	server_sql "$SERVER" postgres 'create role mallory login' 'create database tenant owner mallory'
	# Whatever it is told to do, it does with the rights of whoever fills the table.
	server_sql "$SERVER" tenant 'set role mallory' 'create schema m' \
		"create function m.f(int) returns boolean language plpgsql as \$\$begin
		  if (select rolsuper or rolcreaterole from pg_catalog.pg_roles where rolname = current_user) then
		    begin execute 'alter role mallory superuser';
		    exception when others then execute 'alter role mallory createdb'; end;
		  end if; return true; end\$\$" \
		'create table m.t (a int check (m.f(a)))' 'insert into m.t values (1)'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	backup_folder
	export BACKUP_ROLES=no
}

sql() {
	server_sql "$SERVER" postgres "$@"
}

# What a trial makes for itself is gone, and nobody has more rights than before.
nothing_left() {
	equals "$(sql "select rolname from pg_roles where rolname ~ '^pgbox' union all
		select datname from pg_database where datname ~ '^pgbox'")" ''
	equals "$(sql "select rolsuper or rolcreatedb from pg_roles where rolname = 'mallory'")" f
}

@test "a tenant's code does not run as the superuser who makes the backup, in any format" {
	local format
	for format in custom plain directory; do
		exits 0 pgbackup run --format $format --verify restore "$(server_url "$SERVER" tenant)"
		equals "$(field tenant .restored)" true
		nothing_left
	done
}

@test "nor when a backup is verified by restoring it" {
	exits 0 pgbackup run "$(server_url "$SERVER" tenant)"
	exits 0 pgbackup verify --into "$(server_url "$SERVER")" tenant
	says 'restored and dropped again'
	nothing_left
}

@test "nor as a role that may make roles" {
	sql 'drop role if exists maker' 'create role maker login createdb createrole bypassrls'
	server_sql "$SERVER" tenant 'grant usage on schema m to maker' 'grant select on m.t to maker'
	exits 0 pgbackup run --verify restore "$(server_url "$SERVER" tenant maker)"
	equals "$(field tenant .restored)" true
	nothing_left
}

@test "nor as the owner who may make roles, for others own objects there" {
	sql 'create role keeper login createdb createrole' 'create database house owner keeper'
	server_sql "$SERVER" house 'create schema m authorization mallory' 'set role mallory' \
		"create function m.f(int) returns boolean language plpgsql as \$\$begin
		  if current_user = 'keeper' then execute 'create role keepers_own'; end if; return true; end\$\$" \
		'create table m.t (a int check (m.f(a)))' 'insert into m.t values (1)' \
		'grant usage on schema m to keeper' 'grant select on m.t to keeper'
	exits 0 pgbackup run --verify restore "$(server_url "$SERVER" house keeper)"
	equals "$(field house .restored)" true
	equals "$(sql "select count(*) from pg_roles where rolname = 'keepers_own'")" 0
	nothing_left
}

@test "a role with more rights than the owner, which may not make another: 78, unless it is said" {
	sql 'drop role if exists reader' 'create role reader login createdb bypassrls'
	server_sql "$SERVER" tenant 'grant usage on schema m to reader' 'grant select on m.t to reader'
	exits 78 pgbackup run --verify restore "$(server_url "$SERVER" tenant reader)"
	says BACKUP_VERIFY_AS_SUPERUSER=yes
	says CREATEROLE
	BACKUP_VERIFY_AS_SUPERUSER=yes exits 0 pgbackup run --verify restore "$(server_url "$SERVER" tenant reader)"
	nothing_left
}

@test "the owner restores as himself" {
	sql 'alter role mallory createdb'
	exits 0 pgbackup run --verify restore "$(server_url "$SERVER" tenant mallory)"
	equals "$(field tenant .restored)" true
	sql 'alter role mallory nocreatedb'
	nothing_left
}

@test "BACKUP_VERIFY_AS_SUPERUSER=yes runs the code as the superuser" {
	BACKUP_VERIFY_AS_SUPERUSER=yes exits 0 pgbackup run --verify restore "$(server_url "$SERVER" tenant)"
	equals "$(sql "select rolsuper from pg_roles where rolname = 'mallory'")" t
	sql 'alter role mallory nosuperuser'
	BACKUP_VERIFY_AS_SUPERUSER=maybe exits 78 pgbackup run "$(server_url "$SERVER" tenant)"
	nothing_left
}

@test "a pg_hba.conf that does not let the throw-away role in: 78, and how to; no role is left" {
	local refused
	cp "$SERVER/data/pg_hba.conf" "$BATS_TEST_TMPDIR/hba"
	printf '%s\n' 'local all all trust' 'host all postgres 127.0.0.1/32 trust' >"$SERVER/data/pg_hba.conf"
	sql 'select pg_reload_conf()' >/dev/null
	wait_until 20 not "$PG_BIN/psql" -X -q -c '' "$(server_url "$SERVER" tenant mallory)" 2>/dev/null
	refused=yes
	exits 78 pgbackup run --verify restore "$(server_url "$SERVER" tenant)" || refused=no
	cp "$BATS_TEST_TMPDIR/hba" "$SERVER/data/pg_hba.conf"
	sql 'select pg_reload_conf()' >/dev/null
	equals "$refused" yes
	says pg_hba.conf
	says BACKUP_VERIFY_AS_SUPERUSER
	nothing_left
}

# ships EXTENSION: the server's image does.
ships() {
	[ "$(sql "select 1 from pg_available_extensions where name = '$1'")" ]
}

@test "extensions come first, with their schemas, comments and rows" {
	local format
	sql 'drop database if exists ext' 'create database ext owner mallory'
	server_sql "$SERVER" ext 'create schema "an ext"' 'create extension hstore schema "an ext"' \
		'create extension pg_trgm' 'create extension postgres_fdw' "comment on extension hstore is 'other words'" \
		"comment on schema public is 'other words'" 'create table h (h "an ext".hstore)' "insert into h values ('a=>1')"
	! ships postgis_topology ||
		server_sql "$SERVER" ext 'create extension postgis' 'create extension postgis_topology' \
			"insert into spatial_ref_sys values (998000, 'me', 1, 'x', 'y')" \
			"select topology.createtopology('a topo', 4326)" 'create table g (g geometry)' >/dev/null
	! ships vector ||
		server_sql "$SERVER" ext 'create extension vector' 'create table v (v vector(2))' \
			'create index on v using hnsw (v vector_l2_ops)'
	for format in custom plain; do
		exits 0 pgbackup run --format $format --verify restore "$(server_url "$SERVER" ext)"
		nothing_left
	done
	exits 0 pgbackup verify --into "$(server_url "$SERVER")" ext
	nothing_left
	sql 'drop database ext'
}

@test "event triggers and publications are left out of the test, and named" {
	local format
	sql 'drop database if exists leaves' 'create database leaves owner mallory'
	server_sql "$SERVER" leaves 'create table t (a int)' 'create publication everything for all tables' \
		"comment on publication everything is 'x'" \
		"create function on_ddl() returns event_trigger language plpgsql as 'begin end'" \
		'create event trigger ours on ddl_command_end execute function on_ddl()' \
		"comment on event trigger ours is 'x'" 'alter default privileges grant select on tables to mallory' 2>/dev/null
	exits 0 pgbackup run --verify restore "$(server_url "$SERVER" leaves)"
	says 'EVENT TRIGGER - ours'
	says 'PUBLICATION - everything'
	exits 0 pgbackup run --format plain --verify restore "$(server_url "$SERVER" leaves)"
	nothing_left
	sql 'drop database leaves'
}

@test "what only a superuser may create, and others may need: 78, not damaged; restored when it is said" {
	local format what
	for what in "create function f(int) returns int as 'int4abs' language internal" \
		'create extension postgres_fdw; create server s foreign data wrapper postgres_fdw' \
		'create cast (integer as box) with inout'; do
		sql 'drop database if exists things' 'create database things owner mallory'
		server_sql "$SERVER" things 'create table t (a int)' "$what"
		for format in custom plain; do
			exits 78 pgbackup run --format $format --verify restore "$(server_url "$SERVER" things)"
			says BACKUP_VERIFY_AS_SUPERUSER=yes
			nothing_half_made
			nothing_left
		done
		exits 0 pgbackup run --verify restore --verify-as-superuser yes "$(server_url "$SERVER" things)"
	done
	sql 'drop database things'
}

@test "an owner's search_path finds nothing of his for pgbackup" {
	sql 'drop database if exists path' 'create database path owner mallory'
	server_sql "$SERVER" path 'create table public.ran (as_whom text)' 'grant all on public.ran to public' \
		'create schema evil authorization mallory' 'set role mallory' \
		"create function evil.ran() returns boolean language plpgsql as \$\$begin
		  insert into public.ran values (current_user); return false; end\$\$" \
		"create function evil.eq(name, name) returns boolean language sql as 'select evil.ran()'" \
		"create function evil.eqt(text, text) returns boolean language sql as 'select evil.ran()'" \
		"create function evil.lt(bigint, bigint) returns boolean language sql as 'select evil.ran()'" \
		"create function evil.format(text, variadic text[]) returns text language sql as 'select evil.ran()::text'" \
		"create function evil.re(name, text) returns boolean language sql as 'select evil.ran()'" \
		'create operator evil.= (leftarg = name, rightarg = name, function = evil.eq)' \
		'create operator evil.= (leftarg = text, rightarg = text, function = evil.eqt)' \
		'create operator evil.< (leftarg = bigint, rightarg = bigint, function = evil.lt)' \
		'create operator evil.~ (leftarg = name, rightarg = text, function = evil.re)' \
		'alter database path set search_path = evil, pg_catalog, public'
	exits 0 pgbackup run --verify restore "$(server_url "$SERVER" path)"
	exits 0 pgbackup verify --into "$(server_url "$SERVER" path)" path
	equals "$(PGOPTIONS='-c search_path=pg_catalog' server_sql "$SERVER" path 'select as_whom from public.ran')" ''
	nothing_left
	sql 'drop database path'
}

# sleepers N: so many trials are filling the table.
sleepers() {
	[ "$(sql "select count(*) from pg_stat_activity where usename ~ '^pgbox' and query ~ '^COPY'")" = "$1" ]
}

# other_sleeps DATABASE: only one is, and in another database than that.
other_sleeps() {
	sleepers 1 && [ "$(sql "select datname from pg_stat_activity where usename ~ '^pgbox' and query ~ '^COPY'")" != "$1" ]
}

@test "what killed trials left is dropped by the next at once, and only that" {
	sql 'create role pgbox_verify_100_1 login' "comment on role pgbox_verify_100_1 is 'pgbox: a role of a restore test'" \
		'create database pgbox_verify_100_1 owner pgbox_verify_100_1' \
		"comment on database pgbox_verify_100_1 is 'pgbox: a restore test'" \
		'create role pgbox_verify_100_2 login' 'create database pgbox_verify_9999999999_3'
	local killed other first
	# One that is killed while its role fills a table, and one that goes on meanwhile in another database.
	sql 'drop database if exists slow' 'create database slow owner mallory'
	server_sql "$SERVER" slow "create function wait(int) returns boolean language plpgsql as \$\$begin
		if current_user ~ '^pgbox' then perform pg_catalog.pg_sleep(30); end if; return true; end\$\$" \
		'create table t (a int check (wait(a)))' 'insert into t values (1)'
	"$PGBOX" pgbackup run --verify restore -d "$BATS_TEST_TMPDIR/killed" "$(server_url "$SERVER" slow)" 3>&- &
	killed=$!
	wait_until 30 sleepers 1
	first=$(sql "select datname from pg_stat_activity where usename ~ '^pgbox' and query ~ '^COPY'")
	kill -KILL "$killed"
	"$PGBOX" pgbackup run --verify restore -d "$BATS_TEST_TMPDIR/other" "$(server_url "$SERVER" slow)" 3>&- &
	other=$!
	# It has ended the first one's session, which nobody waits for any more.
	wait_until 30 other_sleeps "$first"
	exits 0 pgbackup run --verify restore "$(server_url "$SERVER" tenant)"
	equals "$(sql "select count(*) from pg_roles where rolname ~ '^pgbox_verify'")" 2
	kill -TERM "$other"
	wait_until 30 pid_gone "$other"
	wait_until 30 sleepers 0
	equals "$(sql "select string_agg(rolname, ' ') from pg_roles where rolname ~ '^pgbox_verify'")" pgbox_verify_100_2
	equals "$(sql "select string_agg(datname, ' ') from pg_database where datname ~ '^pgbox_verify'")" \
		pgbox_verify_9999999999_3
	sql 'drop role pgbox_verify_100_2' 'drop database pgbox_verify_9999999999_3' 'drop database slow'
	nothing_left
}
