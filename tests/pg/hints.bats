# What people are told on the way: how far a restore is, which backups there are, and which option a seed needs.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	made app 3
	sql app 'create table big as select i, md5(i::text) from generate_series(1, 200000) i'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	export BACKUP_ROLES=no
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# on_terminal COMMAND...: its stderr is a terminal; all that it draws is in output.
on_terminal() {
	run timeout 60 python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a restore shows on a terminal how far it is, of archives, folders, SQL, and with jobs" {
	local format
	for format in custom directory plain; do
		rm -rf "$BACKUP_DIR"
		exits 0 pgbackup -q run --format "$format" --compress none
		on_terminal pgrestore latest --replace --drop-old
		[[ $output =~ app\ \[#*\.*\]\ +[0-9]+\ %\ restore.*public\.(big|t) ]]
	done
	rm -rf "$BACKUP_DIR"
	exits 0 pgbackup -q run
	on_terminal pgrestore latest --replace --drop-old --jobs 2
	[[ $output =~ app\ \[#*\.*\]\ +[0-9]+\ %\ restore ]]
	on_terminal pgrestore latest --replace --drop-old -q
	[[ $output != *%* ]]
	exits 0 pgrestore latest --replace --drop-old
	says_not %
}

@test "a restore that takes its time says so in a log, too" {
	[ -n "${SOAK:-}" ] || skip "the first line comes after ten seconds: SOAK=1"
	echo 'create table t (a int); select pg_sleep(12);' >"$BATS_TEST_TMPDIR/slow.sql"
	exits 0 pgrestore "$BATS_TEST_TMPDIR/slow.sql" --into slow
	says 'slow: restoring: '
}

@test "latest for a database that has no backup names those that have" {
	made shop 1
	exits 0 pgbackup -q run app shop
	exits 64 pgrestore plan latest "$(url app_copy)"
	says "no backup of 'app_copy'"
	says latest:DATABASE
	says 'app, shop'
	says_not 'give a URL'
	exits 64 pgrestore plan @2030-01-01 "$(url app_copy)"
	says 'app, shop'
	exits 0 pgrestore plan latest:app "$(url app_copy)"
}

@test "a seed that cannot run in a transaction is pointed at --no-transaction" {
	local statement
	cd "$BATS_TEST_TMPDIR"
	for statement in 'create database other' 'vacuum' 'create index concurrently on big (i)' 'drop database nonsense' \
		'do $$ begin commit; end $$'; do
		echo "$statement;" >seed.sql
		exits 1 seedonce --sql seed.sql
		says --no-transaction
	done
	printf '\\connect postgres\n' >seed.sql
	exits 65 seedonce --sql seed.sql
	says --no-transaction
	# Elsewhere it would not help.
	echo 'select 1 / 0;' >seed.sql
	exits 1 seedonce --sql seed.sql
	says_not --no-transaction
	echo 'vacuum nonsense;' >seed.sql
	exits 1 seedonce --no-transaction --sql seed.sql
	says_not --no-transaction
}
