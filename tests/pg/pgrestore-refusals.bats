# pgrestore: what the server or a role refuses is not damage: its exit code, and what to do about it.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib
load ../seedonce
load ../pgbackup
load ../pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	sql postgres 'create role plain login' 'create role other login' 'create role maker login createrole'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	only
	sql postgres 'create database src'
	FILE=$BATS_TEST_TMPDIR/src.dump
	WANT=$(url dst plain)
}

# given SQL...: the archive FILE and the script FILE.sql of a database with all that, and an empty database dst of plain's.
given() {
	sql src "$@" 2>/dev/null
	archive src "$FILE"
	archive src "$FILE.sql" --format=plain
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
	refused 77 dst pgrestore - "$WANT" <<<"create table t (a int); create role somebody;"
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
