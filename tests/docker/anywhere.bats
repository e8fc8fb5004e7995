# pgbox dropped into any image works there with nothing to lean on: no shell, no /proc, no /tmp, no users, nothing that
# can be written but its volume.

load lib

setup_file() {
	docker_begin
	container db -e POSTGRES_PASSWORD=secret postgis/postgis:17-3.5
	local context=$BATS_FILE_TMPDIR/context image
	mkdir -p "$context/backups" "$context/seed"
	bare_make "$context/bare"
	cp "$PGBOX" "$context/pgbox"
	cp "$ROOT"/tests/demo/*.sql "$context/seed/"
	for image in scratch alpine:3.22 debian:bookworm-slim postgis/postgis:18-3.6; do
		drop_into "$image" "$PROJECT-${image%%[:/]*}"
	done
	wait_until 60 sql db postgres 'select 1'
	wait_until 60 box "$PROJECT-scratch" waitdb --once -q postgres://postgres:secret@db/postgres
}

teardown_file() {
	docker_end
}

# drop_into IMAGE NAME: an image NAME that is IMAGE with pgbox in it, and without users and folders to write in.
drop_into() {
	{
		echo "FROM $1"
		echo 'COPY bare pgbox /'
		echo 'COPY seed /seed'
		echo 'COPY --chown=65534:65534 backups /backups'
		[ "$1" = scratch ] || echo 'RUN rm -rf /etc/passwd /etc/group /tmp /var/tmp'
		echo 'ENTRYPOINT ["/pgbox"]'
	} >"$BATS_FILE_TMPDIR/context/Dockerfile"
	docker build -q -t "$2" "$BATS_FILE_TMPDIR/context" >/dev/null
}

# bare NAME UID OPTION... -- COMMAND...: the commands in the image NAME, as tests/docker/bare.c runs them.
bare() {
	local image=$PROJECT-$1 uid=$2 options=()
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	box --entrypoint /bare --user 0 --cap-add SYS_ADMIN --security-opt apparmor=unconfined --read-only --dns-search . \
		-v /backups "${options[@]}" "$image" "$uid" 1 "$@"
}

# every_applet IMAGE: each starts, and says what it is for.
every_applet() {
	local applet words=()
	# shellcheck disable=SC2054 # the comma is a word of bare's
	for applet in $("$PGBOX" --list); do
		words+=(, /pgbox "$applet" --help)
	done
	bare "$1" 65534 -- "${words[@]:1}" >"$BATS_TEST_TMPDIR/help"
	[ "$(grep -ci '^usage:' "$BATS_TEST_TMPDIR/help")" -eq "$("$PGBOX" --list | wc -l)" ]
}

# a_life IMAGE: a first boot, a second, a backup, a loss and a restore, as root and as nobody, with and without TZ.
a_life() {
	local uid zone db
	for uid in 0 65534; do
		for zone in '' Europe/Berlin; do
			db=life_$1_${uid}_${#zone}
			bare "$1" $uid ${zone:+-e TZ=$zone} -e DATABASE_URL="postgres://postgres:secret@db/$db" -- \
				/pgbox envcheck --require DATABASE_URL:postgres-url , \
				/pgbox waitdb --create-db --timeout 20s , \
				/pgbox isempty , \
				/pgbox seedonce --sql /seed , \
				/pgbox seedonce --sql /seed , \
				=1 /pgbox isempty , \
				/pgbox pgbackup run , \
				/pgbox pgbackup verify , \
				/pgbox pgbackup status , \
				/pgbox healthz ready seeded backup=/backups disk=/backups tcp=db:5432 , \
				/pgbox psql -X -q -c 'drop table users cascade' "postgres://postgres:secret@db/$db" , \
				/pgbox pgrestore latest --replace , \
				/pgbox waitdb --timeout 5s --for 'rows=users>=3' , \
				/pgbox pg_dump -f /backups/plain.sql -d "postgres://postgres:secret@db/$db" , \
				/pgbox pg_dumpall --globals-only -f /backups/globals.sql -d "postgres://postgres:secret@db/$db" , \
				/pgbox pg_restore -l -f /backups/toc "/backups/$db/latest" , \
				/pgbox journal /backups
			[ "$(sql db "$db" 'select count(*) from users')" = 3 ]
		done
	done
}

# The same of a file, which is on the only volume.
a_life_of_a_file() {
	local uid
	for uid in 0 65534; do
		bare "$1" $uid -e DATABASE_URL=sqlite:/backups/app.db -e BACKUP_DIR=/backups/kept -- \
			/pgbox waitdb --create-db , \
			/pgbox isempty , \
			/pgbox seedonce -- /pgbox --list , \
			/pgbox pgbackup run , \
			/pgbox pgbackup verify , \
			/pgbox healthz ready seeded backup=/backups/kept , \
			/pgbox pgrestore latest --replace , \
			/pgbox healthz seeded
	done
}

@test "every applet runs in a scratch image" {
	every_applet scratch
}

@test "every applet runs in a busybox image" {
	every_applet alpine
}

@test "every applet runs in a Debian image" {
	every_applet debian
}

@test "every applet runs in a PostGIS image" {
	every_applet postgis
}

@test "a database is seeded, backed up and restored from a scratch image" {
	a_life scratch
}

@test "an SQLite file is seeded, backed up and restored in a scratch image" {
	a_life_of_a_file scratch
}

@test "a database is seeded, backed up and restored from a busybox image" {
	a_life alpine
}

@test "a database is seeded, backed up and restored from a Debian image" {
	a_life debian
}

@test "a database is seeded, backed up and restored from a PostGIS image" {
	a_life postgis
}
