# Backups without a volume: in a container of its own file system they go with it.

bats_require_minimum_version 1.5.0

load lib

setup_file() {
	export BATS_TEST_TIMEOUT=300
	docker_begin
	mkdir -m 777 "$BATS_FILE_TMPDIR/data"
	chmod 755 "$BATS_FILE_TMPDIR"
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("create table t (a)")' "$BATS_FILE_TMPDIR/data/app.db"
	chmod 666 "$BATS_FILE_TMPDIR/data/app.db"
}

teardown_file() {
	docker_end
}

# backup DOCKER-RUN-ARGUMENT...: one run in a new container; its words are in output.
backup() {
	run box -e DATABASE_URL=sqlite:/data/app.db -v "$BATS_FILE_TMPDIR/data:/data" "$@" "$PGBOX_IMAGE" pgbackup run
	echo "$output"
}

@test "on the container's own layer: a warning, and with BACKUP_REQUIRE_VOLUME exit 78, in status 1" {
	backup
	[ "$status" = 0 ]
	[[ $output == *"warning: '/backups' is on the container's own file system"* ]]
	backup -e BACKUP_REQUIRE_VOLUME=yes
	[ "$status" = 78 ]
	[[ $output == *"'/backups'"*"a restart will not help"* ]]
	backup -e BACKUP_DIR=/backups/deeper/still
	[ "$status" = 0 ]
	[[ $output == *"warning: '/backups/deeper/still' is on the container's own"* ]]
	container alone -e DATABASE_URL=sqlite:/data/app.db -e BACKUP_INTERVAL=24h -v "$BATS_FILE_TMPDIR/data:/data" \
		"$PGBOX_IMAGE" pgbackup
	wait_until 20 logged alone 'next run'
	run docker exec "$(id_of alone)" /pgbox pgbackup status
	[ "$status" = 0 ]
	[[ $output == *"warning: '/backups' is on"* ]]
	run docker exec -e BACKUP_REQUIRE_VOLUME=yes "$(id_of alone)" /pgbox pgbackup status
	[ "$status" = 1 ]
}

@test "on a tmpfs: the same, and with the root read-only, too" {
	backup --tmpfs /backups:uid=65532
	[ "$status" = 0 ]
	[[ $output == *"'/backups' is in the container's memory"* ]]
	backup --read-only --tmpfs /backups:uid=65532 -e BACKUP_REQUIRE_VOLUME=yes
	[ "$status" = 78 ]
}

@test "on a volume, or a folder of the host: not a word" {
	docker volume create "$PROJECT-kept" >/dev/null
	backup -v "$PROJECT-kept:/backups" -e BACKUP_REQUIRE_VOLUME=yes
	[ "$status" = 0 ]
	[[ $output != *"volume"* ]]
	mkdir -m 777 "$BATS_TEST_TMPDIR/host"
	chmod 755 "$BATS_TEST_TMPDIR"
	backup -v "$BATS_TEST_TMPDIR/host:/backups" -e BACKUP_DIR=/backups/app -e BACKUP_REQUIRE_VOLUME=yes
	[ "$status" = 0 ]
	[[ $output != *"file system"* ]]
}
