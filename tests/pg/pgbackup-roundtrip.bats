# Round trip: a database with every kind of object is backed up, restored and dumped again, and the dumps are equal.
# Restored with the tools of the server's own major where they can read it, otherwise with ours.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/roundtrip
load ../lib/pgbackup

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg BEFORE=$BATS_FILE_TMPDIR/before.sql
	server_make "$SERVER"
	server_start "$SERVER"
	roundtrip_fill "$SERVER" whole
	roundtrip_dump "$(server_url "$SERVER" whole)" "$BEFORE"
}

teardown_file() {
	server_stop "$SERVER"
	[ ! -d "$BATS_FILE_TMPDIR/newer" ] || server_stop "$BATS_FILE_TMPDIR/newer"
}

# What the database holds, C functions and languages among it, only a superuser can restore.
setup() {
	backup_folder
	export BACKUP_VERIFY_AS_SUPERUSER=yes
}

teardown() {
	drop_copy
}

# The copy's subscriptions must go before it can.
drop_copy() {
	local sub
	[ "$(server_sql "$SERVER" postgres "select 1 from pg_database where datname = 'copy'")" ] || return 0
	server_sql "$SERVER" postgres "select subname from pg_subscription
		where subdbid = (select oid from pg_database where datname = 'copy')" |
		while read -r sub; do server_sql "$SERVER" copy "drop subscription \"$sub\""; done
	server_sql "$SERVER" postgres 'drop database copy'
}

# Archive version 1.16 is read by 17 and newer.
restore_archive() {
	local program=pg_restore
	[ "$(major)" -lt 17 ] || program=$PG_BIN/pg_restore
	timeout 60 "$program" --exit-on-error -d "$(server_url "$SERVER" copy)" "$1"
}

# Servers before 17 do not know transaction_timeout.
restore_sql() {
	unpacked "$1" >"$BATS_TEST_TMPDIR/copy.sql"
	[ "$(major)" -ge 17 ] || sed -i '/^SET transaction_timeout = 0;$/d' "$BATS_TEST_TMPDIR/copy.sql"
	timeout 60 "$PG_BIN/psql" -X -q -o /dev/null -v ON_ERROR_STOP=1 -d "$(server_url "$SERVER" copy)" \
		-f "$BATS_TEST_TMPDIR/copy.sql" >/dev/null 2>&1
}

# comes_back SUFFIX OPTION...: the backup that is made so ends in SUFFIX, is whole again in a copy and says so of itself.
comes_back() {
	local suffix=$1 data
	shift
	exits 0 pgbackup run --roles no "$@" "$(server_url "$SERVER" whole)"
	data=$(newest whole)
	[[ $data == *"$suffix" ]] || { echo "$data is not $suffix"; return 1; }
	drop_copy
	server_sql "$SERVER" postgres 'create database copy template template0'
	if [[ $suffix == .sql* ]]; then
		restore_sql "$data"
	else
		restore_archive "$data"
	fi
	roundtrip_dump "$(server_url "$SERVER" copy)" "$BATS_TEST_TMPDIR/after.sql"
	cmp "$BEFORE" "$BATS_TEST_TMPDIR/after.sql"
	(cd "$BACKUP_DIR/whole" && sha256sum --quiet -c "${data##*/}.sha256")
	exits 0 pgbackup verify --into "$(server_url "$SERVER")" whole
	says 'verified, restored and dropped again'
	equals "$(server_sql "$SERVER" postgres "select count(*) from pg_database where datname ~ 'pgbox'")" 0
}

@test "the dump that all are compared with holds every kind of object" {
	local word
	for word in TABLE VIEW INDEX FUNCTION TRIGGER POLICY PUBLICATION AGGREGATE DOMAIN 'EVENT TRIGGER' \
		'TEXT SEARCH CONFIGURATION' 'FOREIGN TABLE' 'MATERIALIZED VIEW' SEQUENCE COLLATION OPERATOR; do
		grep -q "^CREATE \(UNLOGGED \|UNIQUE \)\?$word " "$BEFORE" || { echo "no $word"; false; }
	done
	grep -q 'lowrite' "$BEFORE"
}

@test "custom archives come back, whatever packs them" {
	comes_back .dump --format custom --compress gzip
	comes_back .dump --format custom --compress lz4
	comes_back .dump --format custom --compress none
	comes_back .dump --format custom --compress zstd:9
}

@test "the default is a custom archive, zstd, level 3" {
	comes_back .dump
	equals "$(field whole '"\(.kind) \(.compression)"')" 'custom zstd:3'
	# What pgbackup says of it is what the archive itself says.
	timeout 60 pg_restore -l "$(newest whole)" >"$BATS_TEST_TMPDIR/toc"
	grep -q 'Compression: zstd' "$BATS_TEST_TMPDIR/toc"
	equals "$(sed -n 's/^; *Dump Version: \([0-9.]*\)-.*/\1/p' "$BATS_TEST_TMPDIR/toc")" \
		"$(field whole .archive_version)"
}

@test "directories that two jobs dump come back, whatever packs them" {
	comes_back .dir --jobs 2 --compress gzip
	comes_back .dir --jobs 2 --compress lz4
	comes_back .dir --jobs 2 --compress none
	comes_back .dir --jobs 2 --compress zstd:9
}

@test "plain SQL comes back, whatever packs it" {
	comes_back .sql.gz --format plain --compress gzip
	comes_back .sql.lz4 --format plain --compress lz4
	comes_back .sql --format plain --compress none
	comes_back .sql.zst --format plain --compress zstd:9
}

@test "--verify restore restores each new backup, and its manifest says so" {
	exits 0 pgbackup run --roles no --verify restore "$(server_url "$SERVER" whole)"
	equals "$(field whole .restored)" true
	exits 0 pgbackup run --roles no "$(server_url "$SERVER" whole)"
	equals "$(field whole .restored)" false
}

@test "a subscription does not stop a trial restore, in any format" {
	server_sql "$SERVER" postgres 'drop database if exists sub' 'create database sub'
	server_sql "$SERVER" sub "create table t (a int)" \
		"create subscription s connection 'dbname=d' publication p with (connect = false, slot_name = none)" 2>/dev/null
	exits 0 pgbackup run --roles no --verify restore "$(server_url "$SERVER" sub)"
	# pg_dump 18 writes options of subscriptions that servers before 16 do not know.
	[ "$(major)" -lt 16 ] ||
		exits 0 pgbackup run --roles no --format plain --verify restore "$(server_url "$SERVER" sub)"
	equals "$(server_sql "$SERVER" postgres "select count(*) from pg_database where datname ~ 'pgbox'")" 0
	server_sql "$SERVER" sub 'drop subscription s'
}

@test "it restores into 18 with nothing lost" {
	local bin newer=$BATS_FILE_TMPDIR/newer
	[ "$(major)" -lt 18 ] || skip 'this is 18'
	bin=$("$ROOT/tools/servers.sh" --bin 18 2>/dev/null) || skip 'there is no PostgreSQL 18 here'
	exits 0 pgbackup run --roles no "$(server_url "$SERVER" whole)"
	(
		export PG_BIN=$bin BATS_RUN_TMPDIR=$BATS_FILE_TMPDIR
		server_make "$newer"
		server_start "$newer"
		roundtrip_roles "$newer"
		server_sql "$newer" postgres 'create database copy template template0'
	)
	timeout 60 pg_restore --exit-on-error -d "$(server_url "$newer" copy)" "$(newest whole)"
	PG_BIN=$bin
	diff <(roundtrip_counts "$(server_url "$SERVER" whole)") <(roundtrip_counts "$(server_url "$newer" copy)")
	diff <(roundtrip_hashes "$(server_url "$SERVER" whole)") <(roundtrip_hashes "$(server_url "$newer" copy)")
}
