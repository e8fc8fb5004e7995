# A server that answers as no PostgreSQL does, by malice or because something else listens there: no applet crashes, and
# none seeds, backs up or restores anything.

load ../lib/base

setup_file() {
	use_applets
}

setup() {
	export BACKUP_DIR=$BATS_TEST_TMPDIR/backups PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal BACKUP_BUSY_WAIT=500ms
	mkdir "$BACKUP_DIR"
	printf 'create table t ();\n' >"$BATS_TEST_TMPDIR/seed.sql"
}

# odd MODE [VERSION]: its URL in DATABASE_URL.
odd() {
	"$ROOT/tests/servers/odd.py" "$@" >"$BATS_TEST_TMPDIR/port" 3>&- &
	ODD=$!
	wait_until 20 test -s "$BATS_TEST_TMPDIR/port"
	DATABASE_URL=postgres://u@127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")/d
	export DATABASE_URL
}

end() {
	kill -KILL "$ODD"
	wait "$ODD" 2>/dev/null || true
}

# survives COMMAND...: it ends by itself, within time. Its status is in status.
survives() {
	status=0
	timeout -s KILL 60 "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || status=$?
	[ "$status" -lt 128 ] && return
	echo "status $status: $* ($DATABASE_URL)"
	cat "$BATS_TEST_TMPDIR/out"
	return 1
}

# denies COMMAND...: and does not say that all is well.
denies() {
	survives "$@"
	[ "$status" != 0 ] && return
	echo "content: $*"
	cat "$BATS_TEST_TMPDIR/out"
	return 1
}

every_applet() {
	survives isempty
	survives isempty --table t --rows
	survives waitdb --timeout 200ms --auth-grace 0
	survives healthz --timeout 1s table=t rows=t 'query=select 1' extension=postgis seeded migrated=alembic migrated=django \
		migrated=drizzle connections lag writable standby
	denies seedonce --timeout 1s --lock-timeout 500ms --sql "$BATS_TEST_TMPDIR/seed.sql"
	survives seedonce --timeout 1s --status
	denies pgbackup run
	denies pgrestore "$BATS_TEST_TMPDIR/seed.sql" --wait 1s
	denies pgrestore undo --wait 1s
}

@test "rows of NULLs, no rows, no columns: nothing crashes" {
	local mode
	for mode in nulls narrow ${SOAK:+rows nothing}; do
		echo "$mode"
		odd "$mode"
		every_applet
		end
	done
}

@test "texts where numbers belong, tags alone, errors without a code, junk: nothing crashes" {
	local mode
	for mode in texts junk ${SOAK:+commands refuses}; do
		echo "$mode"
		odd "$mode" 13.4
		every_applet
		end
	done
}
