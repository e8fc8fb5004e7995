# The image for arm64, cross-built, and run by qemu where the machine is another.

load lib

setup_file() {
	docker_begin
	container db -e POSTGRES_PASSWORD=secret -v "$ROOT/tests/demo:/seed:ro" postgres:18
	"$ROOT/build.sh" --target aarch64 libs
	"$ROOT/tests/docker/pgbox.sh" "$PROJECT-arm64" aarch64
}

teardown_file() {
	docker_end
}

# arm64 ARGUMENT...: an applet in it, as run.sh would run any.
arm64() {
	network
	"$ROOT/tests/arm64.sh" timeout 120 docker run --rm --pull never --platform linux/arm64 --network "$PROJECT" \
		-e DATABASE_URL=postgres://postgres:secret@db/app -v "$PROJECT-kept:/backups" -v "$ROOT/tests/demo:/seed:ro" \
		"$PROJECT-arm64" "$@" 3>&-
}

@test "the image is for arm64, and has the binary that is cross-built here" {
	[ "$(docker image inspect -f '{{.Os}}/{{.Architecture}}' "$PROJECT-arm64")" = linux/arm64 ]
	local id
	id=$(docker create --platform linux/arm64 "$PROJECT-arm64")
	docker cp -q "$id:/pgbox" "$BATS_TEST_TMPDIR/"
	docker rm "$id" >/dev/null
	readelf -h "$BATS_TEST_TMPDIR/pgbox" | grep -q 'Machine: *AArch64'
}

@test "a database is made, seeded, backed up and restored from it" {
	arm64 waitdb --create-db -- /pgbox seedonce --sql /seed --then /pgbox pgbackup run
	[ "$(sql db app 'select count(*) from users')" = 3 ]
	sql db app 'drop table users cascade'
	arm64 pgrestore latest --replace
	[ "$(sql db app 'select count(*) from users')" = 3 ]
}
