# pgrestore: the database with one of everything comes back, in every mode: into this major alike, into newer ones with the
# same objects and rows.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/roundtrip
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=300
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg BEFORE=$BATS_FILE_TMPDIR/before.sql DUMP=$BATS_FILE_TMPDIR/whole.dump
	server_make "$SERVER"
	server_start "$SERVER"
	roundtrip_fill "$SERVER" whole
	roundtrip_dump "$(url whole)" "$BEFORE"
	archive whole "$DUMP" --statistics
	archive whole "$DUMP.sql" --format=plain
	archive whole "$DUMP.tar" --format=tar
	archive whole "$DUMP.d" --format=directory --compress=zstd
}

teardown_file() {
	local dir
	server_stop "$SERVER"
	for dir in "$BATS_FILE_TMPDIR"/newer*; do
		[ ! -d "$dir" ] || server_stop "$dir"
	done
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
	drop_copy
}

# The copy's subscriptions must go before it can.
drop_copy() {
	local db sub
	for db in $(databases); do
		[ "$db" != whole ] || continue
		sql postgres "select subname from pg_subscription where subdbid = (select oid from pg_database where datname = '$db')" |
			while read -r sub; do sql "$db" "drop subscription \"$sub\""; done
		drop "$db"
	done
}

# alike: the copy is what was backed up; it goes.
alike() {
	roundtrip_dump "$(url copy)" "$BATS_TEST_TMPDIR/after.sql"
	diff -a "$BEFORE" "$BATS_TEST_TMPDIR/after.sql"
	drop_copy
}

# comes_back OPTION...: made from nothing.
comes_back() {
	exits 0 pgrestore "$@" "$(url copy)"
	says_not 'not analyzed'
	says_not error
	alike
}

@test "create: custom, tar, directory, SQL; one job or two" {
	comes_back "$DUMP"
	comes_back "$DUMP" --jobs 2
	comes_back "$DUMP.tar"
	comes_back "$DUMP.d" --jobs 2
	# pg_dump 18 writes options of subscriptions that servers before 16 do not know: the script has none there.
	comes_back "$DUMP.sql"
}

@test "fill: in one transaction, and with two jobs beside" {
	local source
	for source in "$DUMP" "$DUMP.d" "$DUMP.sql"; do
		sql postgres 'create database copy template template0'
		comes_back "$source"
	done
	sql postgres 'create database copy template template0'
	comes_back "$DUMP" --jobs 2
}

@test "--replace, one job or two" {
	local jobs
	for jobs in 1 2; do
		made copy 3
		comes_back "$DUMP" --replace --drop-old --jobs "$jobs"
	done
	made copy 3
	comes_back "$DUMP.sql" --replace --drop-old
}

@test "--clean over a copy of itself, and once more" {
	exits 0 pgrestore "$DUMP" "$(url copy)"
	exits 0 pgrestore "$DUMP" --clean "$(url copy)"
	# An identity's sequence that is made anew gets the default privileges of its table's owner, as PostgreSQL has it.
	sql copy 'alter default privileges for role rt_owner revoke usage on sequences from "rt quo""te"'
	comes_back "$DUMP" --clean
}

@test "--clean over another database" {
	made copy 3
	exits 0 pgrestore "$DUMP" --clean "$(url copy)"
	sql copy 'drop table t'
	alike
}

@test "--into" {
	exits 0 pgrestore "$DUMP" --into copy "$(url whole)"
	alike
	exits 0 pgrestore "$DUMP.sql" --into copy "$(url whole)"
	alike
}

@test "pgbackup's own, with what belongs to the database: its name, settings and privileges" {
	exits 0 pgbackup run --roles no --url "$(url whole)"
	exits 0 pgrestore latest:whole --into copy "$(url whole)"
	alike
	equals "$(field whole .tables)" "$(jq .tables "$(newest whole).json")"
}

@test "no statistics, schema first and rows after" {
	exits 0 pgrestore "$DUMP" --into copy --schema-only "$(url whole)"
	equals "$(diff <(roundtrip_counts "$(url whole)" | grep -vE '^(large object|comment of pg_largeobject)') \
		<(roundtrip_counts "$(url copy)" | grep -vE '^(large object|comment of pg_largeobject)'))" ''
}

@test "into every newer major: no error, the same objects, the same rows; archive and SQL" {
	local newer bin dir n=0
	for newer in 15 17 18; do
		[ "$newer" -gt "$(major)" ] || continue
		bin=$(servers_bin "$newer") || continue
		dir=$BATS_FILE_TMPDIR/newer$newer n=$((n + 1))
		(
			export PG_BIN=$bin BATS_RUN_TMPDIR=$BATS_FILE_TMPDIR/runs$newer
			mkdir "$BATS_RUN_TMPDIR"
			chmod 755 "$BATS_RUN_TMPDIR"
			server_make "$dir"
			server_start "$dir"
			roundtrip_roles "$dir"
		)
		exits 0 pgrestore "$DUMP" "$(server_url "$dir" copy)"
		echo "into $newer"
		diff <(roundtrip_counts "$(url whole)") <(PG_BIN=$bin roundtrip_counts "$(server_url "$dir" copy)")
		diff <(roundtrip_hashes "$(url whole)") <(PG_BIN=$bin roundtrip_hashes "$(server_url "$dir" copy)")
		exits 0 pgrestore "$DUMP.sql" "$(server_url "$dir" sql)"
		diff <(roundtrip_hashes "$(url whole)") <(PG_BIN=$bin roundtrip_hashes "$(server_url "$dir" sql)")
		(
			export PG_BIN=$bin
			server_sql "$dir" postgres 'create database jobs' && server_sql "$dir" jobs 'create table t ()'
		)
		exits 0 pgrestore "$DUMP" --replace --jobs 2 "$(server_url "$dir" jobs)"
		diff <(roundtrip_hashes "$(url whole)") <(PG_BIN=$bin roundtrip_hashes "$(server_url "$dir" jobs)")
		server_stop "$dir"
	done
	[ "$n" -gt 0 ] || skip 'there is no newer PostgreSQL here'
}

@test "a dump of 18 restores into an older server when its objects allow: archive and SQL" {
	local bin dir=$BATS_FILE_TMPDIR/newer-18 file=$BATS_TEST_TMPDIR/simple
	[ "$(major)" -lt 18 ] || skip 'this is 18'
	bin=$(servers_bin 18) || skip 'there is no PostgreSQL 18 here'
	(
		export PG_BIN=$bin BATS_RUN_TMPDIR=$BATS_FILE_TMPDIR/runs-18
		mkdir "$BATS_RUN_TMPDIR"
		chmod 755 "$BATS_RUN_TMPDIR"
		server_make "$dir"
		server_start "$dir"
		server_sql "$dir" postgres 'create database simple'
		server_sql "$dir" simple "create table t (id int primary key, name text not null default 'x', at timestamptz)" \
			'create index on t (name)' "insert into t select i, 'n' || i from generate_series(1, 1000) i" \
			'create table child (t int not null references t, n numeric(10, 2) check (n > 0))' \
			'insert into child values (1, 2.50)' 'create view v as select name, count(*) from t group by name' \
			'create sequence s start 5' 'analyze' \
			'create function f(int) returns int language sql immutable as $$select $1 + 1$$' \
			'create materialized view m as select count(*) from t' "select nextval('s')" >/dev/null
		"$PGBOX" pg_dump --statistics -Fc -f "$file.dump" "$(server_url "$dir" simple)"
		"$PGBOX" pg_dump --statistics -f "$file.sql" "$(server_url "$dir" simple)"
		"$bin/pg_dump" -f "$file.own.sql" "$(server_url "$dir" simple)"
		"$bin/pg_dump" -Fc -f "$file.own.dump" "$(server_url "$dir" simple)"
		roundtrip_hashes "$(server_url "$dir" simple)" >"$BATS_TEST_TMPDIR/hashes"
		server_stop "$dir"
	)
	for suffix in dump sql own.sql own.dump; do
		exits 0 pgrestore "$file.$suffix" "$(url copy)"
		diff "$BATS_TEST_TMPDIR/hashes" <(roundtrip_hashes "$(url copy)")
		# They did not come along.
		[ "$(sql copy "select count(*) from pg_stats where tablename = 't'")" -gt 0 ]
		drop_copy
	done
}
