# pgrestore: schemas that are there already, and those that only an extension of the backup needs.
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
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# shelves: a database with a table in public, and one in a schema of its own with rights and a comment.
shelves() {
	made shelves 3
	sql shelves 'create schema app' 'create table app.books (id int primary key)' 'insert into app.books values (1), (2)' \
		'grant usage on schema app to limited' "comment on schema app is 'the books'"
}

# books DATABASE
books() {
	sql "$1" 'select count(*) from app.books'
}

@test "pg_dump --schema=public makes a schema that every database has: SQL, custom, tar, directory" {
	local format dump=$BATS_TEST_TMPDIR/public
	shelves
	for format in plain custom tar directory; do
		archive shelves "$dump.$format" --format=$format --schema=public
		drop app
		exits 0 pgrestore plan "$dump.$format"
		exits 0 pgrestore "$dump.$format"
		equals "$(rows app)" 3
		made app
		exits 0 pgrestore "$dump.$format"
		equals "$(rows app)" 3
	done
	drop app
	exits 0 pgrestore "$dump.directory" --jobs 2
	exits 0 pgrestore "$dump.custom" --replace --drop-old --jobs 2
	drop app
	gzip "$dump.plain"
	exits 0 pgrestore - <"$dump.plain.gz"
	equals "$(rows app)" 3
}

@test "the schema public keeps the rights that every database's has, whatever drops it" {
	shelves
	archive shelves "$BATS_TEST_TMPDIR/c.sql" --format=plain --schema=public --clean
	archive shelves "$BATS_TEST_TMPDIR/c.dump" --schema=public
	exits 0 pgrestore "$BATS_TEST_TMPDIR/c.sql"
	equals "$(rows app) $(sql app "select has_schema_privilege('limited', 'public', 'usage')")" '3 t'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/c.dump" --clean
	equals "$(rows app) $(sql app "select has_schema_privilege('limited', 'public', 'usage')")" '3 t'
}

@test "a database that only has an empty schema: the backup's is filled, with its rights and comment" {
	local format
	shelves
	for format in custom plain directory; do
		BACKUP_DIR=$BACKUP_DIR/$format exits 0 pgbackup run --roles no --format "$format" --url "$(url shelves)"
		made app
		sql app 'create schema app'
		BACKUP_DIR=$BACKUP_DIR/$format exits 0 pgrestore plan latest:shelves "$(url app)"
		says 'schema app: is there already'
		BACKUP_DIR=$BACKUP_DIR/$format exits 0 pgrestore latest:shelves "$(url app)"
		equals "$(books app)" 2
		equals "$(sql app "select obj_description('app'::regnamespace), has_schema_privilege('limited', 'app', 'usage')")" \
			'the books|t'
	done
	# A file of somebody's own, who writes otherwise.
	made app
	sql app 'create schema "the App"'
	cat >"$BATS_TEST_TMPDIR/own.sql" <<-'END'
		create  schema /* ours */ "the App"; -- and more
		CREATE SCHEMA two CREATE TABLE t (a int);
		create table "the App".t as select 1 a;
	END
	exits 0 pgrestore "$BATS_TEST_TMPDIR/own.sql"
	equals "$(sql app 'select count(*) from "the App".t, two.t')" 0
}

@test "an empty schema of somebody else's is used by a role that may create in it; its owner, comment and rights stay" {
	local how
	shelves
	archive shelves "$BATS_TEST_TMPDIR/s.dump"
	archive shelves "$BATS_TEST_TMPDIR/s.sql" --no-owner --format=plain
	for how in 's.dump --no-owner' s.sql; do
		drop app
		sql postgres 'create database app owner limited'
		sql app 'create schema app' 'grant usage, create on schema app to limited' "comment on schema app is 'mine'"
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app limited) exits 0 pgrestore plan "$BATS_TEST_TMPDIR"/$how
		says 'schema app: is there already'
		says 'comment and rights'
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app limited) exits 0 pgrestore "$BATS_TEST_TMPDIR"/$how
		equals "$(books app)" 2
		equals "$(sql app "select obj_description('app'::regnamespace)")" mine
	done
}

@test "a schema that is there keeps its owner where the backup's is missing, or is none that this role may act for" {
	local dump=$BATS_TEST_TMPDIR/owned
	made source 3
	sql postgres 'create role "made it"'
	sql source 'alter schema public owner to "made it"' 'alter table t owner to limited' 'grant all on schema public to limited'
	archive source "$dump.sql" --format=plain
	archive source "$dump.dump"
	# As servers before 15 have it, whose public belongs to the superuser.
	sed 's/OWNER TO "made it"/OWNER TO postgres/; /^GRANT.*SCHEMA public/d; /^REVOKE.*SCHEMA public/d' "$dump.sql" >"$dump.old.sql"
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore plan "$dump.old.sql"
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$dump.old.sql"
	equals "$(rows app)" 3
	drop source app
	sql postgres 'drop role "made it"'
	exits 0 pgrestore "$dump.sql" --into sql
	exits 0 pgrestore "$dump.dump" --into custom
	equals "$(rows sql) $(rows custom)" '3 3'
}

@test "an empty schema in which this role may not create is named before anything is touched" {
	local how
	shelves
	archive shelves "$BATS_TEST_TMPDIR/s.dump"
	archive shelves "$BATS_TEST_TMPDIR/s.sql" --no-owner --format=plain
	sql postgres 'create database app owner limited'
	sql app 'create schema app'
	for how in 's.dump --no-owner' s.sql; do
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$BATS_TEST_TMPDIR"/$how
		says 'schema app'
		says 'GRANT'
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app limited) refused 69 app pgrestore "$BATS_TEST_TMPDIR"/$how
	done
	# The one that every database has, too.
	archive shelves "$BATS_TEST_TMPDIR/t.sql" --no-owner --format=plain --table=t
	made app
	sql app 'revoke create on schema public from public'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$BATS_TEST_TMPDIR/t.sql"
	says 'schema public'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore "$BATS_TEST_TMPDIR/t.sql"
}

@test "an empty schema in which this role may not create, and into which nothing comes, is no obstacle" {
	local how
	made source 3
	sql source 'create schema extensions' 'create extension hstore schema extensions'
	archive source "$BATS_TEST_TMPDIR/e.dump"
	archive source "$BATS_TEST_TMPDIR/e.sql" --no-owner --format=plain
	for how in 'e.dump --no-owner' e.sql; do
		drop app
		sql postgres 'create database app owner limited'
		sql app 'create schema extensions' 'create extension hstore' 'grant all on schema public to limited'
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app limited) exits 0 pgrestore plan "$BATS_TEST_TMPDIR"/$how
		says 'schema extensions: is there already'
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app limited) exits 0 pgrestore "$BATS_TEST_TMPDIR"/$how
		equals "$(rows app)" 3
	done
}

@test "--clean: a schema with another table, or an extension, in it is kept with that, and what the backup has is new" {
	local dump=$BATS_TEST_TMPDIR/s.dump
	shelves
	archive shelves "$dump"
	archive shelves "$dump.public" --schema=public
	made app 9
	sql app 'create table more as select 7 a' 'create extension hstore' 'create schema app' \
		'create table app.other as select 8 a' 'create table app.books (wrong text)'
	exits 0 pgrestore "$dump.public" --clean
	equals "$(rows app)" 3
	exits 0 pgrestore "$dump" --clean
	equals "$(rows app) $(books app)" '3 2'
	equals "$(sql app 'select m.a, o.a from more m, app.other o' 'select extname from pg_extension where extname = $$hstore$$')" \
		$'7|8\nhstore'
	exits 0 pgrestore "$dump" --clean --jobs 2
	equals "$(rows app) $(books app)" '3 2'
	# One that is missing is made, and one that has nothing else is made anew.
	sql app 'drop schema app cascade'
	exits 0 pgrestore "$dump" --clean
	exits 0 pgrestore "$dump" --clean
	equals "$(rows app) $(books app)" '3 2'
}

@test "CREATE EXTENSION of one that is there, in a file of somebody's own: it is kept, as IF NOT EXISTS would" {
	printf '%s\n' 'create extension "hstore";' 'CREATE EXTENSION plpgsql;' "create table words as select 'a=>1'::hstore a;" \
		>"$BATS_TEST_TMPDIR/own.sql"
	made app
	sql app 'create extension hstore'
	exits 0 pgrestore plan "$BATS_TEST_TMPDIR/own.sql"
	says 'extension hstore: is there already and is kept'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/own.sql"
	equals "$(sql app "select a -> 'a' from words")" 1
	# A new database has some, too.
	drop app
	exits 0 pgrestore "$BATS_TEST_TMPDIR/own.sql"
	equals "$(sql app "select a -> 'a' from words")" 1
}

@test "the schema of an extension is missing in the backup (--exclude-schema): it is made, and said" {
	local format dump=$BATS_TEST_TMPDIR/x how
	made source 3
	sql source 'create schema heroku_ext' 'create extension hstore schema heroku_ext' 'create schema "O ther"' \
		'create extension citext schema "O ther"' 'create table words (a "O ther".citext)'
	for format in plain custom tar directory; do
		archive source "$dump.$format" --format=$format --exclude-schema=heroku_ext --exclude-schema='"O ther"'
		drop app
		exits 0 pgrestore plan "$dump.$format"
		says 'schema heroku_ext'
		says 'extension hstore'
		exits 0 pgrestore "$dump.$format"
		equals "$(sql app "select string_agg(extname || ' in ' || extnamespace::regnamespace, ', ' order by 1) from pg_extension
			where extname in ('hstore', 'citext')")" 'citext in "O ther", hstore in heroku_ext'
	done
	# Where the extension is, its schema need not be the same.
	made app
	sql app 'create extension hstore'
	exits 0 pgrestore "$dump.custom"
	equals "$(sql app "select count(*) from pg_namespace where nspname = 'heroku_ext'")" 0
	# A role that may not make it says why.
	drop app
	sql postgres 'create database app'
	sql app 'grant create on schema public to limited'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$dump.plain"
	says 'extension'
}

@test "the schema of a table is missing in the backup (--table), or in the database (--tables): it is made, and said" {
	local format
	shelves
	for format in plain custom; do
		archive shelves "$BATS_TEST_TMPDIR/one.$format" --format=$format --table=app.books
		drop app
		exits 0 pgrestore plan "$BATS_TEST_TMPDIR/one.$format"
		says 'schema app'
		exits 0 pgrestore "$BATS_TEST_TMPDIR/one.$format"
		equals "$(books app)" 2
	done
	archive shelves "$BATS_TEST_TMPDIR/all.dump"
	made app 1
	exits 0 pgrestore plan "$BATS_TEST_TMPDIR/all.dump" --clean --tables app.books
	says 'schema app'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/all.dump" --clean --tables app.books
	equals "$(books app) $(rows app)" '2 1'
	# Code of the backup, or an extension, may make it.
	drop app
	printf '%s\n' 'do $$ begin create schema made; end $$;' 'create table made.t (a int);' \
		'create table public.t as select generate_series(1, 3) a;' >"$BATS_TEST_TMPDIR/own.sql"
	exits 0 pgrestore "$BATS_TEST_TMPDIR/own.sql"
	equals "$(rows app)" 3
}
