# pgrestore behind PgBouncer, which keeps sessions open in the databases that were used.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib
load ../seedonce
load ../pgbackup
load ../pgrestore
load ../pooler

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
