load lib
setup_file() { docker_begin; container db -e POSTGRES_PASSWORD=x postgres:18; }
teardown_file() { docker_end; }
@test "x" {
	box -e DATABASE_URL=postgres://postgres:x@db/postgres "$PGBOX_IMAGE" waitdb
	box -e DATABASE_URL=postgres://postgres:x@db/postgres "$PGBOX_IMAGE" isempty
	[ "$(stops db)" = 0 ]
}
