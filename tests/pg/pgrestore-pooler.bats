# pgrestore behind PgBouncer, which keeps sessions open in the databases that were used.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore
load ../lib/pooler

setup_file() {
	export BATS_TEST_TIMEOUT=120
	[ -n "$(find_pgbouncer)" ] || skip 'no PgBouncer here'
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg DUMP=$BATS_FILE_TMPDIR/t.dump
	server_make "$SERVER"
	server_start "$SERVER"
	made source 3
	archive source "$DUMP"
	"$PG_BIN/pg_dump" -f "$DUMP.sql" "$(url source)"
	pooler_start session
	pooler_start transaction
}

teardown_file() {
	pooler_stop session
	pooler_stop transaction
	server_stop "$SERVER"
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
}

# pooled MODE DATABASE: its URL by way of that pooler.
pooled() {
	echo "postgres://postgres@127.0.0.1:$(cat "$BATS_FILE_TMPDIR/$1/port")/$2"
}

@test "create, fill, replace, undo, clean and SQL, behind session and transaction pooling" {
	local mode how
	for mode in session transaction; do
		only source
		exits 0 pgrestore "$DUMP" "$(pooled "$mode" app)"
		equals "$(rows app)" 3
		for how in "$DUMP --replace" "$DUMP --replace --jobs 2" "$DUMP.sql --replace --drop-old" "$DUMP --clean"; do
			sql app 'delete from t'
			# shellcheck disable=SC2086 # words
			exits 0 pgrestore $how "$(pooled "$mode" app)"
			equals "$(rows app)" 3
		done
		exits 0 pgrestore undo "$(pooled "$mode" app)"
		equals "$(rows app)" 0
		not grep -q _restore_ <<<"$(databases)"
	done
}

# clean_connections DATABASE: each of the pooler's connections there has only the settings that a new one has, and
# nothing else that a session can hold.
clean_connections() {
	local n pids=()
	for n in 1 2 3; do
		"$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$(pooled transaction "$1")" -c begin \
			-c "select name, setting from pg_settings where source = 'session' and name not in ('application_name',
				'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'default_transaction_read_only',
				'in_hot_standby', 'search_path', 'IntervalStyle', 'is_superuser', 'transaction_read_only', 'transaction_isolation')" \
			-c "select 'search_path', s from current_setting('search_path') s where s <> '\"\$user\", public'" \
			-c "select 'role', current_user where current_user <> 'postgres'" \
			-c "select 'prepared', name from pg_prepared_statements where from_sql" \
			-c "select 'lock', objid from pg_locks where locktype = 'advisory'" \
			-c "select 'temporary', relname from pg_class where relpersistence = 't'" \
			-c "select 'off' where current_setting('default_transaction_read_only') <> 'off'" \
			-c 'select from pg_sleep(0.1)' -c commit >"$BATS_TEST_TMPDIR/seen.$n" 2>&1 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ -z "$(sort -u "$BATS_TEST_TMPDIR"/seen.* | sed '/^$/d')" ] && return
	echo "left in a connection to $1:"
	sort -u "$BATS_TEST_TMPDIR"/seen.*
	return 1
}

# stays_clean DATABASE STATUS COMMAND...
stays_clean() {
	local db=$1
	shift
	echo "# $*"
	exits "$@"
	clean_connections "$db"
}

# marked FILE END: SQL that sets and keeps all sorts of things.
marked() {
	printf '%s\n' "set search_path = ''; set row_security = off; set session authorization owner;" \
		"set statement_timeout = '1h'; prepare p as select 1; select pg_catalog.pg_advisory_lock(7);" \
		'create temp table gone (); listen n;' "$2" >"$1"
}

@test "nothing that a restore, a backup or a seed sets stays in a pooled connection, well ended or not" {
	local sql=$BATS_TEST_TMPDIR/marked.sql
	only source
	sql postgres 'drop role if exists owner' 'create role owner'
	made app
	stays_clean app 0 pgrestore "$DUMP.sql" "$(pooled transaction app)"
	equals "$(rows app)" 3
	stays_clean app 0 pgrestore "$DUMP" --clean "$(pooled transaction app)"
	stays_clean app 0 pgrestore "$DUMP" --clean --jobs 2 "$(pooled transaction app)"
	says 'restored by one job'
	stays_clean app 0 pgrestore "$DUMP" --into other "$(pooled transaction app)"
	clean_connections other
	clean_connections postgres
	stays_clean app 0 pgbackup run "$(pooled transaction app)"
	stays_clean app 0 pgrestore "$DUMP.sql" --replace --drop-old "$(pooled transaction app)"
	stays_clean postgres 0 pgbackup verify --into "$(pooled transaction postgres)"
	exits 0 isempty --schema nowhere "$(pooled transaction app)"
	stays_clean app 0 waitdb --for 'rows=t' "$(pooled transaction app)"
	made empty
	marked "$sql" 'select 1;'
	stays_clean empty 0 seedonce --sql "$sql" "$(pooled transaction empty)"
	stays_clean empty 0 seedonce --name loose --sql "$sql" --no-transaction "$(pooled transaction empty)"
	only source
	made empty
	marked "$sql" 'select 1/0;'
	stays_clean empty 1 pgrestore "$sql" "$(pooled transaction empty)"
	stays_clean empty 1 seedonce --sql "$sql" "$(pooled transaction empty)"
	stays_clean empty 1 seedonce --name loose --sql "$sql" --no-transaction "$(pooled transaction empty)"
}
