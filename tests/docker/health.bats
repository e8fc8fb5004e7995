# What a container's health costs, and says.

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
