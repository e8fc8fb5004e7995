# pgrestore: roles that are missing, owners, and extensions that are there, are missing, or are not this role's to make.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=180
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg DUMP=$BATS_FILE_TMPDIR/roles.dump POSTGIS=$BATS_FILE_TMPDIR/postgis.dump
	server_make "$SERVER"
	server_start "$SERVER"
	sql postgres 'create role limited login' 'create role maker login createdb'
	make_owned
	make_postgis
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
	only
	forget_roles
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# A database that names roles wherever a dump does; they are gone afterwards.
make_owned() {
	sql postgres 'create role r_owner' 'create role "r ""grantee, \x"' 'create role r_policy' 'create role r_default' \
		'create role r_member' 'create database source owner r_owner'
	sql source 'create schema s authorization r_owner' 'create table s.t as select generate_series(1, 3) a' \
		'create table t as select generate_series(1, 3) a' \
		'alter table s.t owner to r_owner' 'grant select on s.t to "r ""grantee, \x"' 'grant insert on s.t to public' \
		'grant usage on schema s to "r ""grantee, \x" with grant option' \
		'create policy p on s.t to r_policy using (true)' \
		'alter default privileges for role r_default in schema s grant select on tables to r_member' \
		'create function s.f() returns int language sql as $$select 1$$' 'alter function s.f() owner to r_owner' \
		"comment on table s.t is 'GRANT ALL ON x TO r_owner;'" 'create table s.words (x text)' \
		"insert into s.words values ('GRANT ALL ON t TO r_owner;'), ('ALTER TABLE t OWNER TO r_owner;')"
	archive source "$DUMP"
	archive source "$DUMP.sql" --format=plain
	drop source
	forget_roles
}

ROLES='r "grantee, \x
r_default
r_member
r_owner
r_policy'

roles() {
	sql postgres "select rolname from pg_roles where rolname ~ '^r[ _]' order by rolname collate \"C\""
}

forget_roles() {
	"$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$SERVER" -p "$(cat "$SERVER/port")" -U postgres -d postgres <<-'END'
		select format('drop role %I', rolname) from pg_roles where rolname ~ '^r[ _]' \gexec
	END
}

# What is in a database of PostGIS: its tables, a row of the user's in one that the extension owns, and a topology.
make_postgis() {
	sql postgres 'create database gis'
	if ! sql gis 'create extension postgis' 'create extension postgis_topology' 2>/dev/null; then
		drop gis
		return
	fi
	sql gis "insert into spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)
			select 990001, 'mine', 990001, srtext, proj4text from spatial_ref_sys where srid = 4326" \
		'create table shores (id int primary key, g geometry(Point, 4326), mine geometry(Point, 990001))' \
		'insert into shores select i, st_setsrid(st_makepoint(i, i), 4326), st_setsrid(st_makepoint(1, i), 990001)
			from generate_series(1, 50) i' 'create index on shores using gist (g)' \
		"select topology.createtopology('topo', 4326, 0.5)" \
		"select topology.addtopogeometrycolumn('topo', 'public', 'shores', 'tg', 'POINT')" >/dev/null
	archive gis "$POSTGIS"
	archive gis "$POSTGIS.sql" --format=plain
	hashes gis >"$POSTGIS.hashes"
	drop gis
}

# hashes DATABASE: what came along of all that.
hashes() {
	sql "$1" "select md5(string_agg(s::text, ',' order by id)) from shores s" "select * from spatial_ref_sys where srid = 990001" \
		'select count(*) from spatial_ref_sys' 'select name, srid, precision from topology.topology order by 1' \
		'select layer_id, table_name, feature_column from topology.layer order by 1' \
		"select extname from pg_extension order by 1" "select count(*) from topo.node" "select tablename from pg_tables
			where schemaname not in ('pg_catalog', 'information_schema') order by schemaname, tablename"
}

needs_postgis() {
	[ -e "$POSTGIS" ] || skip "PostgreSQL $(major) has no PostGIS here"
}

# --- roles ---

@test "missing roles: each is named once, beforehand, with what may be done; nothing is touched" {
	local name how
	sql postgres 'create database app'
	for how in '' '--roles fail' '--jobs 2' '--into new'; do
		# shellcheck disable=SC2086 # words
		refused 69 app pgrestore "$DUMP" $how
		while IFS= read -r name; do
			equals "$(grep -cF "role $name: is missing" <<<"$output")" 1
		done <<<"$ROLES"
		says '--roles create'
		says '--roles skip'
	done
	refused 69 app pgrestore plan "$DUMP"
	# Those that are there are not missing.
	sql postgres 'create role r_owner' 'create role r_policy'
	refused 69 app pgrestore "$DUMP"
	says_not 'role r_owner'
	says 'role r_member'
}

@test "--roles create: they are made, and may not log in" {
	exits 0 pgrestore "$DUMP" --roles create
	equals "$(roles)" "$ROLES"
	equals "$(sql postgres "select count(*) from pg_roles where rolname ~ '^r[ _]' and (rolcanlogin or rolsuper)")" 0
	equals "$(sql app "select tableowner from pg_tables where schemaname = 's' and tablename = 't'")" r_owner
	equals "$(sql app "select has_table_privilege('r \"grantee, \\x', 's.t', 'select')")" t
	equals "$(sql app "select count(*) from pg_policies where 'r_policy' = any (roles)")" 1
	equals "$(sql app 'select count(*) from pg_default_acl')" 1
	only
	forget_roles
	PGRESTORE_ROLES=create exits 0 pgrestore "$DUMP" --jobs 2
	equals "$(roles)" "$ROLES"
}

@test "--roles create: those that were made stay when the rest fails, which is said" {
	local name
	exits 1 pgrestore "$DUMP" --roles create --verify 'rows=t>=9'
	while IFS= read -r name; do
		says "role $name: was made, and stays"
	done <<<"$ROLES"
	equals "$(roles)" "$ROLES"
	exits 1 pgrestore "$DUMP" --roles create --verify 'rows=t>=9'
	says_not 'was made'
}

@test "--roles skip: none is made; what would be theirs is the restoring role's, all else is there, and what was left out is said" {
	local how
	for how in '' '--jobs 2'; do
		only
		# shellcheck disable=SC2086 # words
		exits 0 pgrestore "$DUMP" --roles skip $how
		equals "$(roles)" ''
		equals "$(sql app "select tableowner from pg_tables where schemaname = 's' and tablename = 't'")" postgres
		equals "$(sql app "select has_table_privilege('limited', 's.t', 'insert')")" t
		equals "$(sql app "select string_agg(x, ' ' order by x) from s.words")" \
			'ALTER TABLE t OWNER TO r_owner; GRANT ALL ON t TO r_owner;'
		equals "$(sql app "select obj_description('s.t'::regclass)")" 'GRANT ALL ON x TO r_owner;'
		# Errors that are left out on purpose are listed.
		says r_policy
	done
	only
	sql postgres 'create role r_owner' 'create role r_member' 'create role r_default'
	exits 0 pgrestore "$DUMP" --roles skip
	equals "$(sql app "select tableowner from pg_tables where schemaname = 's' and tablename = 't'")" r_owner
	equals "$(sql app 'select count(*) from pg_default_acl')" 1
}

@test "--no-owner: all is the restoring role's; owners are not needed, those that have rights are" {
	sql postgres 'create role "r ""grantee, \x"' 'create role r_policy' 'create role r_default' 'create role r_member'
	exits 0 pgrestore "$DUMP" --no-owner
	equals "$(sql app "select distinct tableowner from pg_tables where schemaname in ('s', 'public')")" postgres
	forget_app_roles
	refused 69 app pgrestore "$DUMP" --no-owner --into new
	says_not 'role r_owner'
	says 'role r_policy'
	exits 0 pgrestore "$DUMP" --no-owner --roles skip --into new
}

forget_app_roles() {
	drop app
	forget_roles
	sql postgres 'create database app'
}

@test "policies name roles and more; those of several lines and of several roles lose only the missing ones" {
	made app 3
	sql postgres 'create role gone' 'create role app_role'
	sql app 'create table "moved FROM old" (a int)' 'grant select on "moved FROM old" to app_role' \
		'alter table t enable row level security' 'create table u (a int)' \
		"create policy year on t to app_role using (extract(year from now()) > 2000)" \
		'create policy lines on t to gone using (exists (select 1 from u where u.a = t.a))' \
		'create policy strict on t as restrictive to gone, app_role using (a > 1)'
	archive app "$BATS_TEST_TMPDIR/p.dump"
	drop app
	exits 0 pgrestore "$BATS_TEST_TMPDIR/p.dump"
	drop app
	sql postgres 'drop role gone'
	refused 69 '' pgrestore "$BATS_TEST_TMPDIR/p.dump"
	equals "$(grep -c 'is missing' <<<"$output")" 1
	exits 0 pgrestore "$BATS_TEST_TMPDIR/p.dump" --roles skip
	equals "$(sql app "select polname, polpermissive, polroles::regrole[] from pg_policy order by 1")" \
		$'strict|f|{app_role}\nyear|t|{app_role}'
	drop app
	exits 0 pgrestore "$BATS_TEST_TMPDIR/p.dump" --roles create
	equals "$(sql app 'select count(*) from pg_policy' "select count(*) from pg_roles where rolname ~ 'c\)'")" $'3\n0'
	drop app
	sql postgres 'drop role gone' 'drop role app_role'
}

@test "a role that may not make roles says so, and nothing is touched" {
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore "$DUMP" --no-owner --roles create
	says 'r_policy'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$DUMP" --no-owner --roles skip
	equals "$(sql app "select distinct tableowner from pg_tables where schemaname in ('s', 'public')")" limited
}

@test "SQL whose roles are missing is refused, as an archive is, and leaves nothing" {
	sql postgres 'create database app'
	refused 69 app pgrestore "$DUMP.sql"
	says 'role r_policy: is missing'
	drop app
	refused 69 '' pgrestore "$DUMP.sql"
}

# --- extensions ---

@test "an extension that the server does not ship is named before the start" {
	local control=$BATS_TEST_TMPDIR/x.dump
	made app 3
	sql app 'create extension hstore'
	archive app "$BATS_TEST_TMPDIR/x.sql" --format=plain
	archive app "$control"
	# The same archive, of an extension with a name as long that nobody ships.
	LC_ALL=C sed -i 's/hstore/hshore/g' "$control"
	refused 69 app pgrestore "$control" --replace
	says 'hshore'
	says 'does not ship'
	refused 69 app pgrestore "$control" --into new
	refused 69 '' pgrestore plan "$control" --into new
	exits 0 pgrestore "$control" "$(url new)" --into new2 --tables t
}

@test "trusted extensions are a database owner's to make, others only a superuser's, which is said before" {
	made app 3
	sql app 'create extension hstore' 'alter table t owner to limited'
	archive app "$BATS_TEST_TMPDIR/trusted.dump"
	sql app 'create extension file_fdw'
	archive app "$BATS_TEST_TMPDIR/not.dump"
	drop app
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore "$BATS_TEST_TMPDIR/not.dump" --no-owner
	says 'file_fdw'
	says 'superuser'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$BATS_TEST_TMPDIR/trusted.dump" --no-owner
	equals "$(rows app)" 3
	equals "$(sql app "select count(*) from pg_extension where extname = 'hstore'")" 1
}

@test "an extension that is there is kept, with what is in it; --clean does not drop it" {
	local oid
	made app 3
	sql app 'create extension hstore' "comment on extension hstore is 'ours'" 'create table pairs (h hstore)' \
		"insert into pairs values ('a=>1')"
	archive app "$BATS_TEST_TMPDIR/h.dump"
	drop app
	sql postgres 'create database app'
	sql app 'create extension hstore'
	oid=$(sql app "select oid from pg_extension where extname = 'hstore'")
	exits 0 pgrestore "$BATS_TEST_TMPDIR/h.dump"
	equals "$(sql app 'select h from pairs')" '"a"=>"1"'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/h.dump" --clean
	equals "$(sql app "select oid from pg_extension where extname = 'hstore'")" "$oid"
	says 'is there already and is kept'
	# What uses it, and is not in the backup, is still there.
	sql app 'create table mine (h hstore)'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/h.dump" --clean
	equals "$(sql app 'select count(*) from mine')" 0
}

@test "PostGIS into a database that has none of it: create, replace, SQL" {
	needs_postgis
	exits 0 pgrestore "$POSTGIS"
	diff "$POSTGIS.hashes" <(hashes app)
	exits 0 pgrestore "$POSTGIS" --replace --drop-old --jobs 2
	diff "$POSTGIS.hashes" <(hashes app)
	drop app
	sql postgres 'create database app'
	exits 0 pgrestore "$POSTGIS"
	diff "$POSTGIS.hashes" <(hashes app)
	drop app
	exits 0 pgrestore "$POSTGIS.sql"
	diff "$POSTGIS.hashes" <(hashes app)
}

@test "PostGIS into a database that has created it already, as images do: it is empty, and is filled" {
	needs_postgis
	sql postgres 'create database app'
	sql app 'create extension postgis' 'create extension postgis_topology' 'create extension fuzzystrmatch' \
		'create extension postgis_tiger_geocoder' 2>/dev/null || true
	exits 0 isempty
	exits 0 pgrestore "$POSTGIS"
	says 'is there already and is kept'
	diff <(grep -vE 'fuzzy|tiger' "$POSTGIS.hashes") <(hashes app | grep -xFf "$POSTGIS.hashes")
}

@test "PostGIS with --clean, over a copy of itself" {
	needs_postgis
	exits 0 pgrestore "$POSTGIS"
	exits 0 pgrestore "$POSTGIS" --clean
	diff "$POSTGIS.hashes" <(hashes app)
}

@test "PostGIS as the database's owner, who is no superuser: only into what has it, which is said" {
	needs_postgis
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore "$POSTGIS" --no-owner
	says postgis
	says superuser
	sql app 'create extension postgis' 'create extension postgis_topology'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$POSTGIS" --no-owner
	equals "$(sql app 'select count(*) from shores')" 50
	equals "$(sql app "select tableowner from pg_tables where tablename = 'shores'")" limited
	# What it may not write is counted, and a superuser brings it as it says.
	equals "$(sql app 'select count(*) from spatial_ref_sys where srid = 990001')" 0
	says 'extension postgis: 1 row of its table spatial_ref_sys is left out'
	says 'extension postgis_topology: 1 row of its table topology is left out'
	exits 0 pgrestore "$POSTGIS" --clean --data-only --tables spatial_ref_sys
	exits 0 pgrestore "$POSTGIS" --clean --data-only --tables topology
	exits 0 pgrestore "$POSTGIS" --clean --data-only --tables layer
	diff "$POSTGIS.hashes" <(hashes app)
}

@test "PostGIS from SQL as the database's owner, who may not write its tables: in the plan" {
	needs_postgis
	local dump=$BATS_TEST_TMPDIR/gis.sql
	grep -v ' OWNER TO ' "$POSTGIS.sql" >"$dump"
	sql postgres 'create database app owner limited'
	sql app 'create extension postgis' 'create extension postgis_topology'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$dump"
	says 'table public.spatial_ref_sys: belongs to an extension'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore "$dump"
	says 'table public.spatial_ref_sys: belongs to an extension'
}

@test "PostGIS as an owner who may write its tables: all of it, whatever rows were in the way" {
	needs_postgis
	sql postgres 'create database app owner limited'
	sql app 'create extension postgis' 'create extension postgis_topology' \
		"insert into spatial_ref_sys select 990001, 'other', 1, srtext, proj4text from spatial_ref_sys where srid = 4326" \
		'grant insert, delete on spatial_ref_sys, topology.topology, topology.layer to limited' \
		'grant usage, update on topology.topology_id_seq to limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$POSTGIS" --no-owner
	says_not 'of its table'
	diff "$POSTGIS.hashes" <(hashes app)
}

@test "PostGIS from an archive without rows of its tables: nothing is said of them" {
	needs_postgis
	made app 3
	sql app 'create extension postgis' 'alter table t owner to limited'
	archive app "$BATS_TEST_TMPDIR/plain.dump"
	drop app
	sql postgres 'create database app owner limited'
	sql app 'create extension postgis'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$BATS_TEST_TMPDIR/plain.dump"
	says_not 'of its table'
	equals "$(rows app)" 3
}
