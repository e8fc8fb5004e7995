# The applets against a real server, once through.

load ../lib

setup_file() {
	use_applets
	server_make "$BATS_FILE_TMPDIR/pg"
	server_start "$BATS_FILE_TMPDIR/pg"
	DATABASE_URL=$(server_url "$BATS_FILE_TMPDIR/pg")
	export DATABASE_URL
}

teardown_file() {
	server_stop "$BATS_FILE_TMPDIR/pg"
}

@test "a fresh database is ready, empty, seeded once, and then not empty" {
	waitdb
	isempty
	echo 'create table users (id int)' >"$BATS_TEST_TMPDIR/seed.sql"
	seedonce --sql "$BATS_TEST_TMPDIR/seed.sql"
	run isempty
	[ "$status" -eq 1 ]
	run seedonce --sql "$BATS_TEST_TMPDIR/seed.sql" --then echo started
	[ "${lines[-1]}" = started ]
}

@test "what was seeded is backed up, lost, and put back" {
	export BACKUP_DIR=$BATS_TEST_TMPDIR/backups
	pgbackup run
	pgbackup verify
	psql -X -q -d "$DATABASE_URL" -c 'drop table users'
	pgrestore latest --replace
	waitdb --timeout 1s --for table=users --for seeded
	pgrestore latest --into copy
	waitdb --timeout 1s --for table=users "$(server_url "$BATS_FILE_TMPDIR/pg" copy)"
	journal "$BACKUP_DIR" | grep -c restore
}
