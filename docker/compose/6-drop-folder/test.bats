# The stack of this folder on a real engine: a watched restore under an app that writes all the time, and SIGKILL of the
# restorer at random moments: SOAK=1 for the full series.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../../../tests/docker/lib
load ../../../tests/seedonce

setup_file() {
	export BATS_TEST_TIMEOUT=180
	[ -z "${SOAK:-}" ] || BATS_TEST_TIMEOUT=3600
	docker_begin
	export DATA=$BATS_FILE_TMPDIR/data RESTORE_SETTLE=200ms DOCKER_SOCKET=${DOCKER_HOST:-unix:///var/run/docker.sock}
	DOCKER_SOCKET=${DOCKER_SOCKET#unix://}
	mkdir -p "$DATA/secrets" "$DATA/backups" "$DATA/restore/incoming"
	printf 'a secret' >"$DATA/secrets/db_password"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$DATA" "$DATA/secrets"
	chown -R 1000:1000 "$DATA/backups" "$DATA/restore"
	compose up -d --wait db
	sql_app 'create table visits (at timestamptz not null default now())' 'create table whole (generation int)' \
		'insert into whole values (2)' "create table a as select i, md5(i::text) x from generate_series(1, 20000) i" \
		'create index on a (x)'
	compose run --rm -T db-backup run
	cp "$DATA"/backups/app/app-*.dump "$BATS_FILE_TMPDIR/new.dump"
	sql_app 'update whole set generation = 1' 'delete from a where i > 1'
	compose up -d --wait
}

teardown_file() {
	docker_end
}

sql_app() {
	docker exec "$(id_of db)" psql -X -q -A -t -v ON_ERROR_STOP=1 -U app -d app "${@/#/-c}"
}

# deliver NAME: as a user of the host would.
deliver() {
	cp "$BATS_FILE_TMPDIR/new.dump" "$DATA/restore/incoming/.$1"
	chown 1000:1000 "$DATA/restore/incoming/.$1"
	mv "$DATA/restore/incoming/.$1" "$DATA/restore/incoming/$1"
}

landed() {
	[ -e "$DATA/restore/done/$1" ] || [ -e "$DATA/restore/failed/$1" ]
}

# writes: the app does, just now.
writes() {
	[ "$(sql_app "select count(*) from visits where at > now() - interval '2 s'" 2>/dev/null || echo 0)" -gt 0 ]
}

# old_app: generation 1 again, and nothing beside it.
old_app() {
	local db
	for db in $(docker exec "$(id_of db)" psql -X -A -t -U app -d postgres \
		-c "select datname from pg_database where datname ~ '^app_'"); do
		docker exec "$(id_of db)" psql -X -q -U app -d postgres -c "drop database \"$db\" with (force)"
	done
	sql_app 'update whole set generation = 1' 'delete from a where i > 1'
}

whole() {
	case $(sql_app 'select generation, (select count(*) from a) from whole') in
	'1|1' | '2|20000') ;;
	*) return 1 ;;
	esac
}

@test "a dropped backup is restored with the app stopped meanwhile; it runs again, is healthy, and writes" {
	local before
	wait_until 20 writes
	before=$(docker inspect -f '{{.State.StartedAt}}' "$(id_of web)")
	deliver first.dump
	wait_until 60 landed first.dump
	cat "$DATA/restore/"*/first.dump.log
	test -e "$DATA/restore/done/first.dump"
	equals "$(sql_app 'select generation, (select count(*) from a) from whole')" '2|20000'
	not equals "$(docker inspect -f '{{.State.StartedAt}}' "$(id_of web)")" "$before"
	is healthy web
	wait_until 20 writes
	grep -q "stopped container '$PROJECT-web-1'" "$DATA/restore/done/first.dump.log"
	# Nothing else was.
	equals "$(docker inspect -f '{{.RestartCount}}' "$(id_of db)")" 0
	# What the app has written until it was stopped is in the old database, which is kept.
	equals "$(docker exec "$(id_of db)" psql -X -A -t -U app -d postgres \
		-c "select count(*) from pg_database where datname ~ '^app_before_'")" 1
}

@test "the proxy lets nothing through but that, and reaches no network" {
	local path
	for path in containers/$PROJECT-db-1/json images/json info version "containers/$PROJECT-web-1/archive?path=/" containers/json/../../info; do
		proxied 403 "$path"
	done
	proxied 200 containers/json
	proxied 200 "containers/$PROJECT-web-1/json"
	# GET is no way to stop it.
	proxied 403 "containers/$PROJECT-web-1/stop"
}

# proxied CODE PATH
proxied() {
	docker run --rm --pull never --network "${PROJECT}_docker" --entrypoint /pgbox "$PGBOX_IMAGE" \
		waitdb -q --once --for "http=http://docker-proxy:2375/$2=$1" || { echo "not $1: $2"; return 1; }
}

@test "one that was made anew under another id while the restorer was dead is started all the same" {
	old_app
	deliver anew.dump
	wait_until 30 is exited web
	docker kill -s KILL "$(id_of db-restore)" >/dev/null
	compose up --no-start --force-recreate --no-deps web
	equals "$(state web)" created
	compose up -d --no-deps db-restore
	wait_until 30 is healthy web
	wait_until 30 landed anew.dump
	whole
	wait_until 20 writes
}

@test "SIGKILL of the restorer at random moments: afterwards the app runs, and the database is whole, old or new" {
	local n began took old=0 new=0
	random_series
	began=$(date +%s%N)
	deliver took.dump
	wait_until 60 landed took.dump
	took=$((($(date +%s%N) - began) / 1000000))
	for ((n = 0; n < $(rounds 50); n++)); do
		old_app
		deliver "n$n.dump"
		pause $((RANDOM % (took * 11 / 10)))
		docker kill -s KILL "$(id_of db-restore)" >/dev/null
		docker start "$(id_of db-restore)" >/dev/null
		wait_until 60 landed "n$n.dump"
		wait_until 30 is healthy web
		wait_until 20 writes
		whole
		case $(sql_app 'select generation from whole') in
		1) old=$((old + 1)) ;;
		2) new=$((new + 1)) ;;
		esac
	done
	echo "# $old times the old one, $new times the new one" >&3
}

not() {
	! "$@" >/dev/null
}

@test "SIGTERM ends restorer and backups within two seconds" {
	equals "$(stops db-restore)" 143
	equals "$(stops db-backup)" 143
}
