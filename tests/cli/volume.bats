# Backups without a volume, in the file systems that engines mount as a container's own. tests/docker/volume.bats has real
# containers.

load ../lib/base

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root, for file systems of its own"
	use_applets
	make_contained
	export ROOM=$BATS_TEST_TMPDIR/room
	mkdir "$ROOM"
	contained true 2>/dev/null || skip "cannot mount an overlay here"
}

# contained COMMANDS: a shell's, in mounts of its own, with an overlay as root in ROOM; `box` runs pgbox in it.
make_contained() {
	cat >"$BATS_FILE_TMPDIR/bin/contained" <<-'END'
		#!/bin/bash
		if [ -z "$INSIDE" ]; then INSIDE=1 exec unshare -m "$0" "$@"; fi
		set -e
		cd "$ROOM"
		mkdir -p layers root volume
		mount -t tmpfs none layers
		mkdir layers/{lower,upper,work}
		mount -t overlay overlay -o lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work root
		cd root
		mkdir proc data backups
		cp "$PGBOX" pgbox
		mount --rbind /proc proc
		python3 -c 'import sqlite3; sqlite3.connect("data/app.db").execute("create table t (a)")'
		box() { chroot . /pgbox "$@"; }
		export DATABASE_URL=sqlite:/data/app.db
		eval "$1"
	END
	chmod +x "$BATS_FILE_TMPDIR/bin/contained"
}

@test "a folder on an overlay root: a warning, in status too; with BACKUP_REQUIRE_VOLUME 78, and 1" {
	exits 0 contained 'box pgbackup run && box pgbackup status'
	equals "$(grep -c "warning: '/backups' is on the container's own file system" <<<"$output")" 2
	exits 78 contained 'BACKUP_REQUIRE_VOLUME=yes box pgbackup run'
	says 'a restart will not help'
	exits 78 contained 'BACKUP_INTERVAL=1h box pgbackup --require-volume yes'
	exits 1 contained 'box pgbackup -q run; BACKUP_REQUIRE_VOLUME=yes box pgbackup status'
}

@test "a volume on an overlay root: nothing; a tmpfs there: in memory" {
	exits 0 contained 'mount --bind ../volume backups; BACKUP_REQUIRE_VOLUME=yes box pgbackup run'
	says_not 'not on a volume'
	exits 78 contained 'mount -t tmpfs none backups; BACKUP_REQUIRE_VOLUME=yes box pgbackup run'
	says "'/backups' is in the container's memory"
}

@test "a volume without a name: a warning, and no more where one is required; an emptyDir: 78" {
	export ID=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	exits 0 contained 'mkdir -p ../volumes/$ID/_data; mount --bind ../volumes/$ID/_data backups
		BACKUP_REQUIRE_VOLUME=yes box pgbackup run'
	says "warning: '/backups' is on a volume without a name"
	says 'mount a named volume'
	exits 78 contained 'mkdir -p ../kubernetes.io~empty-dir/b; mount --bind ../kubernetes.io~empty-dir/b backups
		BACKUP_REQUIRE_VOLUME=yes box pgbackup run'
	says 'lost with the pod'
}

@test "a watcher that is to stop containers, and whose journal would go with its own: a warning" {
	local watch='mkdir incoming; RESTORE_WATCH_DIR=/incoming RESTORE_STATE_DIR=/state timeout $SECONDS_MOST chroot . /pgbox \
		pgrestore watch'
	SECONDS_MOST=5 exits 124 contained "export RESTORE_STOP_CONTAINERS=web DOCKER_HOST=unix:///none; $watch"
	says "the folder of the journal, '/state', is on the container's own file system"
	SECONDS_MOST=1 exits 124 contained "export RESTORE_STOP_CONTAINERS=web DOCKER_HOST=unix:///none
		mkdir -m 700 ../state state; mount --bind ../state state; $watch"
	says_not 'the folder of the journal'
}

@test "outside of a container: nothing, also where a volume is required" {
	export BACKUP_DIR=$BATS_TEST_TMPDIR/backups DATABASE_URL=sqlite:$BATS_TEST_TMPDIR/app.db
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("create table t (a)")' "$BATS_TEST_TMPDIR/app.db"
	exits 0 pgbackup --require-volume yes run
	says_not volume
}
