# What a container's health costs, and says.

bats_require_minimum_version 1.5.0

load lib

setup_file() {
	docker_begin
	container db -e POSTGRES_PASSWORD=secret postgres:17
	DATABASE_URL=postgres://postgres:secret@db/postgres
	export DATABASE_URL
	bare_make "$BATS_FILE_TMPDIR/bare"
	printf '%s\n' "FROM $PGBOX_IMAGE" 'COPY bare /' \
		"HEALTHCHECK --interval=250ms --retries=1 --timeout=5s CMD [\"/pgbox\", \"healthz\", \"-q\"]" \
		>"$BATS_FILE_TMPDIR/Dockerfile"
	docker build -q -t "$PROJECT-health" "$BATS_FILE_TMPDIR" >/dev/null
	box -e DATABASE_URL "$PGBOX_IMAGE" waitdb -q
}

teardown_file() {
	docker_end
}

@test "a container is healthy while its database answers, and only then" {
	container app -e DATABASE_URL "$PROJECT-health" waitdb --timeout 0 postgres://u@nobody.invalid/d
	wait_until 20 is healthy app
	docker pause "$(id_of db)" >/dev/null
	wait_until 20 is unhealthy app
	docker unpause "$(id_of db)" >/dev/null
	wait_until 20 is healthy app
	[ "$(stops app)" = 143 ]
}

@test "a thousand checks leave no line in the server's log" {
	sql db postgres "do 'begin raise log ''here''; end'"
	wait_until 10 logged db here
	box --entrypoint /bare --user 0 --cap-add SYS_ADMIN --security-opt apparmor=unconfined -e DATABASE_URL \
		"$PROJECT-health" 65534 1000 /pgbox healthz -q
	sql db postgres "do 'begin raise log ''there''; end'"
	wait_until 10 logged db there
	[ "$(log db | sed '1,/here/d; /there/,$d' | grep -v 'CONTEXT:\|STATEMENT:\|checkpoint')" = '' ]
}

# An orphan of a check that the engine has ended is the postmaster's child then, who takes one that a signal has ended for
# a crashed server process.
@test "a check that takes too long in the server's own container does the server no harm" {
	printf '%s\n' 'FROM postgres:17' 'COPY pgbox /' \
		'HEALTHCHECK --interval=200ms --retries=100 --timeout=1s CMD ["/pgbox", "healthz", "ready", "query=select true from pg_sleep(2)", "disk=/"]' \
		>"$BATS_TEST_TMPDIR/Dockerfile"
	cp "$PGBOX" "$BATS_TEST_TMPDIR/pgbox"
	docker build -q -t "$PROJECT-slow" "$BATS_TEST_TMPDIR" >/dev/null
	container slow -e POSTGRES_PASSWORD=secret "$PROJECT-slow"
	wait_until 60 sql slow postgres 'create table t ()'
	wait_until 30 timed_out slow 3
	# And one that is told to stop, or is killed.
	docker exec "$(id_of slow)" sh -c '/pgbox healthz -q -t 30s ready "query=select true from pg_sleep(20)" disk=/ &
		until grep -q . /proc/$!/task/$!/children; do sleep 0.1; done; kill -KILL $!; wait $! || true'
	sql slow postgres 'select from t'
	run ! grep -E 'terminated by signal|terminating any other|untracked child' <(log slow)
}

# timed_out NAME NUMBER: so many of the last checks were ended by the engine.
timed_out() {
	[ "$(docker inspect -f '{{json .State.Health.Log}}' "$(id_of "$1")" | grep -o 'exceeded timeout' | wc -l)" -ge "$2" ]
}
