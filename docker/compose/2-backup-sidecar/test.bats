# An app, a static service in a scratch image, and a sidecar that backs their database up: from a copied folder to
# backups that were made, asked for, restored, and brought in from elsewhere.

bats_require_minimum_version 1.5.0

load ../../../tests/docker/lib

setup_file() {
	cp -r "$BATS_TEST_DIRNAME" "$BATS_FILE_TMPDIR/wepppy"
	docker_begin "$BATS_FILE_TMPDIR/wepppy"
	cd "$STACK" || return
	export PORT=
	sed "s/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=$(openssl rand -hex 16)/" "$STACK/.env.example" >"$STACK/.env"
	backup_volume
	compose up -d --build
}

setup() {
	cd "$STACK" || return
}

teardown_file() {
	cd "$STACK" || return
	docker_end
}

# ask [NAME] SQL
ask() {
	local name=postgres
	[ $# = 1 ] || { name=$1; shift; }
	docker exec "$(id_of "$name")" psql -X -q -A -t -U wepppy -d wepppy -c "$1"
}

# runs NUMBER: the app sees so many; run_make makes one.
runs() {
	[ "$(http GET)" = "{\"runs\":$1}" ]
}

run_make() {
	http POST >/dev/null
}

http() {
	docker exec "$(id_of app)" python -c 'import sys, urllib.request as u
data = b"watershed=Blackwood" if sys.argv[1] == "POST" else None
print(u.urlopen("http://127.0.0.1:8000/", data).read().decode().strip())' "$1"
}

# backups: how many there are, by the sidecar's own list
backups() {
	compose exec -T postgres-backup /pgbox pgbackup list --json | grep -c '"database":"wepppy"'
}

@test "the first start: all get healthy, and the first backup is made at once" {
	wait_until 60 is healthy app
	wait_until 30 is healthy status
	wait_until 30 is healthy postgres-backup
	wait_until 30 is healthy postgres
	[ "$(backups)" = 1 ]
	# Not of the empty database.
	compose exec -T postgres-backup /pgbox pgbackup list --json | grep '"tables":2'
	run -0 compose exec -T postgres-backup /pgbox pgbackup list
	[[ "$output" =~ wepppy-[0-9]{8}-[0-9]{6}\.dump ]]
	runs 0
	run_make && run_make
	runs 2
}

@test "a snapshot without waiting for a day, beside the daemon's" {
	run -0 compose run --rm postgres-backup pgbackup run
	[ "$(backups)" = 2 ]
	compose exec -T postgres-backup /pgbox pgbackup status
}

@test "a restarted sidecar makes no further backup: the day counts from the last" {
	compose restart postgres-backup
	wait_until 20 logged postgres-backup 'next run'
	[ "$(backups)" = 2 ]
}

@test "the drill: what was lost comes back, the new state is kept, and undo returns to it" {
	ask 'delete from runs'
	run_make
	runs 1
	compose stop app
	run -0 written 'run --rm restore plan latest --replace'
	run -1 compose run --rm restore latest
	run -0 written "run --rm restore latest --replace --verify 'rows=runs'"
	# The app that was stopped has stayed so.
	is exited app
	compose start app
	wait_until 30 runs 2
	run -0 written 'run --rm restore undo'
	wait_until 10 runs 1
}

@test "a drill that touches nothing: into a database of its own" {
	run -0 written 'run --rm restore latest --into drill'
	[ "$(docker exec "$(id_of postgres)" psql -XqAt -U wepppy -d drill -c 'select count(*) from runs')" = 2 ]
	runs 1
	ask 'drop database drill'
}

@test "an app that is broken, and its schema gone: backups are made, the restore works, and starts nothing" {
	compose run --rm postgres-backup pgbackup run
	printf '%s\n' 'services:' '  app: {command: ["false"], restart: "no"}' >broken.yaml
	compose -f compose.yaml -f compose.prod.yaml -f broken.yaml rm -sf app postgres-backup
	compose -f compose.yaml -f compose.prod.yaml -f broken.yaml up -d
	wait_until 30 is healthy postgres-backup
	is exited app
	ask 'drop schema public cascade'
	run -0 written "run --rm restore latest --replace --verify 'rows=runs'"
	is exited app
	[ "$(ask 'select count(*) from runs')" = 1 ]
	rm broken.yaml
	compose up -d
	wait_until 30 is healthy app
	runs 1
}

@test "the backups survive down -v, and so do the runs" {
	compose down --volumes --timeout 1
	written 'up -d postgres'
	run -0 written 'run --rm restore latest'
	written 'up -d'
	wait_until 30 is healthy app
	runs 1
}

@test "each service stops within two seconds" {
	[ "$(stops app)" = 0 ]
	[ "$(stops status)" = 143 ]
	[ "$(stops postgres-backup)" = 143 ]
	ask checkpoint
	[ "$(stops postgres)" = 0 ]
	compose up -d
	wait_until 30 is healthy app
	runs 1
}

@test "a .sql dump of a bare server is brought in" {
	container metal -e POSTGRES_USER=wepppy -e POSTGRES_PASSWORD="$(sed -n 's/^POSTGRES_PASSWORD=//p' "$STACK/.env")" \
		postgres:15
	docker network connect --alias metal "${PROJECT}_default" "$(id_of metal)"
	compose run --rm -e PGHOST=metal postgres-backup waitdb
	ask metal "create table runs (id bigint generated always as identity primary key, watershed text not null,
		started timestamptz not null default now());
		insert into runs (watershed) select 'Metal ' || g from generate_series(1, 7) g"
	docker exec "$(id_of metal)" pg_dump -U wepppy -d wepppy >"$BATS_FILE_TMPDIR/wepppy.sql"
	run -0 compose run --rm -T restore - --replace <"$BATS_FILE_TMPDIR/wepppy.sql"
	wait_until 10 runs 7
	run_make
	runs 8
}

@test "a server elsewhere: without the service postgres all the rest works as it did" {
	sed -i 's/^COMPOSE_PROFILES=.*/COMPOSE_PROFILES=/; s/^POSTGRES_HOST=.*/POSTGRES_HOST=metal/' "$STACK/.env"
	docker rm -f "$(id_of postgres)" >/dev/null
	compose up -d
	wait_until 30 is healthy app
	runs 7
	wait_until 30 is healthy status
	run -0 compose run --rm postgres-backup pgbackup run
	[[ "$output" == *metal* ]]
}

@test "in dev the backups are files of this machine" {
	sed -i 's/^COMPOSE_FILE=.*/COMPOSE_FILE=compose.yaml:compose.dev.yaml/' "$STACK/.env"
	install -d -o 1000 -g 1000 "$STACK/.docker-data/postgres-backups"
	compose up -d postgres-backup
	wait_until 30 is healthy postgres-backup
	cd "$STACK/.docker-data/postgres-backups/wepppy"
	sha256sum -c -- *.sha256
	[ "$(head -c 5 latest)" = PGDMP ]
	[ "$(stat -L -c %u latest)" = 1000 ]
}
