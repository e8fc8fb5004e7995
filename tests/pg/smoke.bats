# The applets against a real server, once through.

load ../lib/base

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

@test "psql and pg_dump by name go where the other applets go" {
	local port
	port=$(cat "$BATS_FILE_TMPDIR/pg/port")
	psql -X -q -c 'create database app'
	DATABASE_URL=$(server_url "$BATS_FILE_TMPDIR/pg" app)
	[ "$(psql -X -At -c 'select current_database() || current_user')" = apppostgres ]
	pg_dump -s | grep -q 'PostgreSQL database dump'
	# A database by its name is another of the same server's.
	[ "$(psql -X -At -c 'select current_database()' postgres)" = postgres ]
	unset DATABASE_URL
	export POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$port POSTGRES_USER=postgres POSTGRES_DB=app
	[ "$(psql -X -At -c 'select current_database()')" = app ]
	# PG* alone, with a file.
	echo app >"$BATS_TEST_TMPDIR/db"
	[ "$(PGHOST=$BATS_FILE_TMPDIR/pg PGPORT=$port PGUSER=postgres PGDATABASE_FILE=$BATS_TEST_TMPDIR/db \
		psql -X -At -c 'select current_database()')" = app ]
	# What the command line names is not mixed with it.
	run psql -X -At -c 'select 1' -h 127.0.0.1 -p 1
	[[ $status -eq 2 && $output == *"port 1 failed"* ]]
	POSTGRES_PASSWORD=geheim run psql -X -At -c '\getenv p PGPASSWORD' -c "select ':p'" "$(server_url "$BATS_FILE_TMPDIR/pg")"
	[[ $status -eq 0 && $output != *geheim* ]]
	POSTGRES_DB='' POSTGRES_DATABASE=other run psql -X -c 'select 1'
	[[ $status -eq 78 && $output == *POSTGRES_DATABASE* ]]
	psql --version
}
