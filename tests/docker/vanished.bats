# A container that is killed in the middle of COPY, and whose network goes with it: nobody tells the server, which would
# keep the session for two hours, and with it every DROP DATABASE.

bats_require_minimum_version 1.5.0

load lib

setup_file() {
	export BATS_TEST_TIMEOUT=300
	docker_begin
	container db -e POSTGRES_PASSWORD=secret postgres:17
	DATABASE_URL=postgres://postgres:secret@db/app
	export DATABASE_URL
	mkdir "$BATS_FILE_TMPDIR/in"
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_FILE_TMPDIR/in"
	{
		echo 'create table big (a int, b text);'
		echo 'copy big from stdin;'
		awk 'BEGIN { for (i = 0; i < 1500000; i++) print i "\tsome text to make it long enough" }'
		echo '\.'
	} >"$BATS_FILE_TMPDIR/in/big.sql"
	chmod 644 "$BATS_FILE_TMPDIR/in/big.sql"
	box -e DATABASE_URL "$PGBOX_IMAGE" waitdb -q --create-db
}

teardown_file() {
	docker_end
}

# ours NAME ARGUMENT...: an applet in the background, with the files.
ours() {
	container "$1" -e DATABASE_URL -v "$BATS_FILE_TMPDIR/in:/in:ro" "$PGBOX_IMAGE" "${@:2}"
}

now() {
	box -e DATABASE_URL -v "$BATS_FILE_TMPDIR/in:/in:ro" "$PGBOX_IMAGE" "$@"
}

copying() {
	[ "$(sql db postgres "select count(*) from pg_stat_activity where state = 'active' and query ilike 'copy %big%'")" -gt 0 ]
}

stalled() {
	[ "$(sql db postgres "select count(*) from pg_stat_activity where state = 'active' and query ilike 'copy %big%'
		and wait_event = 'ClientRead'")" -gt 0 ]
}

quiet() {
	! copying
}

# vanishes NAME: in the middle of its COPY; the server hears nothing of it.
vanishes() {
	wait_until 60 copying
	docker pause "$(id_of "$1")" >/dev/null
	wait_until 60 stalled
	docker network disconnect -f "$PROJECT" "$(id_of "$1")"
	docker kill "$(id_of "$1")" >/dev/null
	docker rm -f "$(id_of "$1")" >/dev/null
	stalled
}

@test "a seed whose container was killed in COPY runs at the next start, within a minute" {
	ours seeding seedonce --sql /in/big.sql
	vanishes seeding
	run -0 now seedonce --sql /in/big.sql
	[ "$(sql db app 'select count(*) from big')" = 1500000 ]
	sql db postgres 'create database gone'
	timeout 30 docker exec "$(id_of db)" psql -X -q -U postgres -c 'drop database gone'
}

@test "a restore whose container was killed in COPY leaves nothing that the next but one does not clear away" {
	ours restoring pgrestore /in/big.sql --replace
	vanishes restoring
	run -0 now pgrestore /in/big.sql --replace --drop-old
	wait_until 60 quiet
	run -0 now pgrestore /in/big.sql --replace --drop-old
	[ "$(sql db postgres "select count(*) from pg_database where datname like 'app\\_%'")" = 0 ]
	[ "$(sql db app 'select count(*) from big')" = 1500000 ]
}
