# As PID 1 of a container: it ends when it is told to, with the status that the README promises, and buries the dead.

bats_require_minimum_version 1.5.0

load lib

setup_file() {
	docker_begin
	container db -e POSTGRES_PASSWORD=secret postgres:17 -c log_statement=all
	printf '%s\n' 'FROM alpine:3.22' 'COPY pgbox /bin/' 'RUN ["pgbox", "--install", "/bin"]' >"$BATS_FILE_TMPDIR/Dockerfile"
	cp "$PGBOX" "$BATS_FILE_TMPDIR/"
	docker build -q -t "$PROJECT-shell" "$BATS_FILE_TMPDIR" >/dev/null
	DATABASE_URL=postgres://postgres:secret@db/postgres
	export DATABASE_URL
	box -e DATABASE_URL "$PGBOX_IMAGE" waitdb -q
}

teardown_file() {
	docker_end
}

# ours NAME ARGUMENT...: an applet in the background, from the image of pgbox; shell: from one that has a shell.
ours() {
	container "$1" -e DATABASE_URL "$PGBOX_IMAGE" "${@:2}"
}

shell() {
	container "$1" -e DATABASE_URL "$PROJECT-shell" "${@:2}"
}

# Nothing in the container is a zombie. Asked from within: docker top leaves them out.
buried() {
	local states
	states=$(box --pid "container:$(id_of "$1")" alpine:3.22 ps -o pid,stat) || return 1
	grep -q '^ *1 ' <<<"$states"
	! grep -q ' Z' <<<"$states"
}

@test "waitdb that waits is stopped at once" {
	ours waiting waitdb --timeout 0 postgres://u@nobody.invalid/d
	wait_until 10 logged waiting waiting
	[ "$(stops waiting)" = 143 ]
}

@test "a backup daemon that waits for its time is stopped at once" {
	ours idle pgbackup --every 1h
	wait_until 20 logged idle 'next run'
	[ "$(stops idle)" = 143 ]
}

@test "a backup daemon in the middle of a dump is stopped, and leaves no file" {
	sql db postgres 'create table big as select g, md5(g::text) from generate_series(1, 100000) g'
	docker volume create "$PROJECT-dumps" >/dev/null
	# The dump waits for the lock of the table.
	docker exec -d "$(id_of db)" psql -X -q -U postgres -c 'begin; lock table big; select pg_sleep(60)'
	wait_until 10 locked
	container dumping -e DATABASE_URL -v "$PROJECT-dumps:/backups" "$PGBOX_IMAGE" pgbackup --every 1h
	wait_until 20 logged db 'LOCK TABLE'
	[ "$(stops dumping)" = 143 ]
	run box -v "$PROJECT-dumps:/backups" "$PROJECT-shell" find /backups -name 'postgres-*'
	[ -z "$output" ]
	sql db postgres 'select pg_terminate_backend(pid) from pg_stat_activity where query ~ $$^begin; lock$$' 'drop table big'
}

locked() {
	[ "$(sql db postgres "select count(*) from pg_locks where relation = 'big'::regclass and mode = 'AccessExclusiveLock'")" -gt 0 ]
}

@test "a seed that runs is stopped with seedonce, which says by what" {
	shell seeding seedonce --name long -- sh -c 'echo begun; exec sleep 1000'
	wait_until 20 logged seeding begun
	[ "$(stops seeding)" = 143 ]
}

@test "seedonce that waits for another's seed is stopped at once" {
	shell first seedonce --name queue -- sh -c 'echo begun; exec sleep 1000'
	wait_until 20 logged first begun
	ours second seedonce --name queue -- /pgbox --list
	wait_until 20 logged second 'waiting for another runner'
	[ "$(stops second)" = 143 ]
	[ "$(stops first)" = 143 ]
}

@test "the app that waitdb became is process 1, and its signals are its own" {
	shell app waitdb -- sh -c 'trap "exit 7" TERM; echo pid $$; while :; do sleep 0.05; done'
	wait_until 20 logged app 'pid 1'
	[ "$(stops app)" = 7 ]
}

@test "what a seed leaves behind is buried" {
	shell orphans seedonce --name orphans -- sh -c '(sh -c "sleep 0.1 & exit" &); sleep 0.5; echo looked; exec sleep 1000'
	wait_until 20 logged orphans looked
	wait_until 5 buried orphans
	[ "$(stops orphans)" = 143 ]
}

@test "a daemon that has dumped has no dead children" {
	ours reaper pgbackup --every 1h
	wait_until 20 logged reaper 'next run'
	buried reaper
	docker kill -s USR1 "$(id_of reaper)" >/dev/null
	wait_until 20 eval '[ "$(log reaper | grep -c "next run")" -ge 2 ]'
	buried reaper
	[ "$(stops reaper)" = 143 ]
}

@test "the exit codes are the container's" {
	run -0 box -e DATABASE_URL "$PGBOX_IMAGE" isempty
	sql db postgres 'create table t ()'
	run -1 box -e DATABASE_URL "$PGBOX_IMAGE" isempty
	run -64 box "$PGBOX_IMAGE" isempty --no-such
	run -69 box "$PGBOX_IMAGE" waitdb --auth-grace 0 postgres://postgres:secret@db/nosuch
	run -77 box "$PGBOX_IMAGE" waitdb --auth-grace 0 postgres://postgres:wrong@db/postgres
	run -78 box -e DATABASE_URL -e WAITDB_TIMEOUT=soon "$PGBOX_IMAGE" waitdb
	run -124 box "$PGBOX_IMAGE" waitdb --timeout 200ms postgres://u@nobody.invalid/d
	run -127 box -e DATABASE_URL "$PGBOX_IMAGE" waitdb -- /nosuch
	run -5 box -e DATABASE_URL "$PROJECT-shell" waitdb -- sh -c 'exit 5'
	run -2 box "$PGBOX_IMAGE" waitdb --once postgres://u@nobody.invalid/d
}
