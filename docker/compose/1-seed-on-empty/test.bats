# A site that builds its tables at the first boot of an empty database, and never again: from a folder that somebody
# copied to a running site, and through what goes wrong on the way.

bats_require_minimum_version 1.5.0

load ../../../tests/docker/lib

setup_file() {
	cp -r "$BATS_TEST_DIRNAME" "$BATS_FILE_TMPDIR/wow"
	docker_begin "$BATS_FILE_TMPDIR/wow"
	cp "$STACK/.env.example" "$STACK/.env"
	export PORT=
	compose build
}

teardown_file() {
	docker_end
}

# fresh [ARGUMENT...]: the stack is started on an empty volume.
fresh() {
	compose down --volumes --timeout 0
	compose up -d "$@"
}

# The seed's files are in a folder of the host, $STACK/files, where the test can take them away.
files_outside() {
	mkdir -p "$STACK/files"
	cp "$STACK"/data/* "$STACK/files"
	printf '%s\n' 'services:' '  web:' '    environment: {WOW_DATA: /files}' '    volumes: ["./files:/files:ro"]' \
		>"$STACK/compose.override.yaml"
}

# ask SQL
ask() {
	docker exec "$(id_of db)" psql -X -q -A -t -U wow -d wow -c "$1"
}

counted() {
	[ "$(ask "select count(*) from $1" 2>&1)" = "$2" ]
}

# seeds NUMBER: how often all that web has logged says that a seed was done.
seeds() {
	[ "$(compose logs web | grep -c 'dbtool: built 3 portfolios')" = "$1" ]
}

restarted() {
	[ "$(docker inspect -f '{{.RestartCount}}' "$(id_of web)")" -ge "$1" ]
}

# servers NUMBER: so many replicas have become the server.
servers() {
	[ "$(compose logs web | grep -c 'Listening at')" = "$1" ]
}

@test "an .env that was copied and not filled in is told all at once" {
	run -78 compose run --rm --no-deps web true
	[[ "$output" == *'SECRET_KEY: is required'* ]]
	[[ "$output" == *'POSTGRES_PASSWORD: is required'* ]]
	sed -i "s/^SECRET_KEY=.*/SECRET_KEY=$(openssl rand -hex 32)/; s/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=$(openssl rand -hex 16)/" \
		"$STACK/.env"
	run -0 compose run --rm --no-deps web true
}

@test "of the bucket's three variables there are all, or none" {
	run -78 compose run --rm --no-deps -e AWS_ACCESS_KEY=AKIA5RN2Q8ZJ web true
	[[ "$output" == *'AWS_SECRET_KEY: is not set, but'* && "$output" == *'OCA_S3_BUCKET: is not set, but'* ]]
	[[ "$output" != *AKIA5RN2Q8ZJ* ]]
	run -0 compose run --rm --no-deps -e AWS_ACCESS_KEY=AKIA5RN2Q8ZJ -e AWS_SECRET_KEY=pW81kz3QfLr7 -e OCA_S3_BUCKET=oca \
		web true
}

@test "the first boot waits for db, seeds, and becomes the server" {
	fresh
	wait_until 60 is healthy web
	seeds 1
	# .env has localhost.
	grep -q '^DATABASE_URL=.*@localhost/' "$STACK/.env"
	run -0 docker exec "$(id_of web)" cat /proc/1/cmdline
	[[ "$output" == *gunicorn* ]]
	run -0 docker exec "$(id_of web)" python -c \
		'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8000/").read().decode())'
	[[ "$output" == *'"landlord": "Plaza Holdings", "buildings": 1, "units": 140, "centre": "POINT(-73.9394 40.7496)"'* ]]
	wait_until 20 is healthy db
}

@test "a restart skips the seed, and so does a new container" {
	compose restart --timeout 5 web
	wait_until 30 is healthy web
	seeds 1
	compose up -d --force-recreate --no-deps web
	wait_until 30 is healthy web
	seeds 0
	run -0 compose run --rm web seedonce --status
}

@test "both services stop within two seconds, and start again without a seed" {
	[ "$(stops web)" = 0 ]
	ask checkpoint
	[ "$(stops db)" = 0 ]
	compose up -d
	wait_until 30 is healthy web
	seeds 0
}

@test "a wiped volume seeds again, as soon as the seed no longer fails: the restart policy tries" {
	files_outside
	rm "$STACK/files/registrations.csv"
	fresh
	wait_until 60 restarted 2
	log web | grep -q "FileNotFoundError.*registrations.csv"
	log web | grep -q 'seedonce: error: .*status 1'
	counted wow_portfolios 0
	cp "$STACK/data/registrations.csv" "$STACK/files/"
	wait_until 60 is healthy web
	seeds 1
	counted wow_portfolios 3
}

@test "a seed that was killed is not taken for done, nor run again before somebody says so" {
	files_outside
	rm "$STACK/files/registrations.csv"
	mkfifo -m 644 "$STACK/files/registrations.csv"
	# Empty again, which is quicker than a new volume.
	compose run --rm web seedonce --reset
	ask 'drop table wow_portfolios, wow_registrations, wow_buildings'
	compose up -d --force-recreate --no-deps web
	wait_until 60 counted wow_buildings 6
	# The sentinel is there, and nothing is in it.
	counted wow_portfolios 0
	docker kill "$(id_of web)" >/dev/null
	[ "$(exit_code web)" = 137 ]
	rm "$STACK/files/registrations.csv"
	cp "$STACK/data/registrations.csv" "$STACK/files/"
	compose up -d
	wait_until 30 restarted 1
	wait_until 30 logged web 'interrupted'
	run -70 compose run --rm web seedonce --unless table=public.wow_portfolios -- python dbtool.py builddb
	counted wow_portfolios 0
	SEEDONCE_ON_INTERRUPTED=rerun compose up -d
	wait_until 60 is healthy web
	seeds 1
	counted wow_portfolios 3
}

@test "of twenty replicas that start at once one seeds" {
	# Twenty health checks a second would need more of this machine than all the rest.
	printf '%s\n' 'services:' '  web:' '    healthcheck: {disable: true}' >"$STACK/compose.override.yaml"
	fresh --scale web=20
	wait_until 90 servers 20
	seeds 1
	counted wow_portfolios 3
}
