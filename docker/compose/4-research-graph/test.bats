# The research graph: pgvector, Redis, Django and nginx, from nothing, with secrets in files, and each part failing.

bats_require_minimum_version 1.5.0

load ../../../tests/docker/lib

setup_file() {
	docker_begin
	export PORT='' ALLOWED_HOSTS=nginx BACKUP_HEALTH_INTERVAL=500ms SECRETS_DIR=$BATS_FILE_TMPDIR/secrets
	mkdir -m 755 "$SECRETS_DIR"
	local name
	for name in db_password secret_key admin_password; do
		openssl rand -hex 32 >"$SECRETS_DIR/$name"
	done
	backup_volume
	compose build
}

teardown_file() {
	docker_end
}

# get PATH: what nginx answers.
get() {
	docker exec "$(id_of web)" python -c "
import urllib.request
print(urllib.request.urlopen('http://nginx/$1').read().decode())"
}

query() {
	docker exec "$(id_of db)" psql -X -q -A -t -v ON_ERROR_STOP=1 -U graph -d graph -c "$1"
}

# ill SERVICE LINE: its health is bad now, for a reason that begins like that.
ill() {
	run -1 compose exec -T "$1" "${3:-/pgbox}" healthz
	[[ $output == *"$2"* ]] || { echo "$output"; return 1; }
}

healthy() {
	compose exec -T "$1" "${2:-/pgbox}" healthz -q
}

@test "an app without a database waits, is not healthy, and stops at once" {
	compose up -d cache web
	wait_until 20 logged web 'waiting for'
	[ "$(health web)" = starting ]
	ill web '[?]migrated=django@/app' pgbox
	[ "$(stops web)" = 143 ]
}

@test "a database that is ready is not one that is migrated" {
	compose up -d db
	wait_until 30 is healthy db
	compose run --rm -T --no-deps --entrypoint healthz web ready extension=vector extension=pg_trgm redis=cache:6379
	run -1 compose run --rm -T --no-deps --entrypoint healthz web ready migrated=django@/app
	[[ $output == *'[+]ready ok'* && $output == *'[-]migrated'* ]]
}

@test "from nothing, all services get healthy, and two replicas make the data and the superuser once" {
	compose up -d --scale web=2
	wait_until 60 is healthy web
	wait_until 30 is healthy web-2
	wait_until 20 is healthy nginx
	is healthy cache
	[ "$({ log web; log web-2; } | grep -c 'Installed 3 object')" = 1 ]
	[ "$({ log web; log web-2; } | grep -c 'Superuser created')" = 1 ]
	[ "$(query 'select count(*) from research_publication') $(query 'select username from auth_user where is_superuser')" = '3 admin' ]
	compose up -d --scale web=1 web
}

@test "an app that is killed while it loads its data loads them at its next start" {
	compose up -d --scale web=1
	compose run --rm -T --no-deps --entrypoint seedonce web --name base --reset
	docker exec -d "$(id_of db)" psql -X -q -U graph -d graph -c 'begin; lock table research_publication; select pg_sleep(60)'
	wait_until 10 eval '[ "$(query "select count(*) from pg_locks where mode = '"'AccessExclusiveLock'"'")" -gt 0 ]'
	compose up -d --force-recreate --no-deps --scale web=1 web
	wait_until 30 logged web "running seed 'base'"
	docker kill "$(id_of web)" >/dev/null
	query "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock%'"
	compose up -d --scale web=1
	wait_until 60 is healthy web
	[ "$(query 'select count(*) from research_publication')" = 3 ]
}

@test "pg_trgm finds what is misspelt, pgvector what is near, and Redis keeps the answer" {
	[ "$(get 'search?q=colaboration')" = '["Graphs of collaboration"]' ]
	[ "$(get near/1)" = '["Random graphs", "Soil in the Karoo"]' ]
	[[ $(get '') == *Karoo* ]]
	docker exec "$(id_of cache)" redis-cli keys '*titles*' | grep titles
}

@test "the secrets are in files alone" {
	compose exec -T web cat /proc/1/environ | tr '\0' '\n' >"$BATS_TEST_TMPDIR/app"
	grep SECRET_KEY_FILE= "$BATS_TEST_TMPDIR/app"
	docker inspect "$(id_of web)" "$(id_of db)" "$(id_of backup)" >"$BATS_TEST_TMPDIR/containers"
	{ log web; log db; log backup; } >"$BATS_TEST_TMPDIR/logs"
	cat "$SECRETS_DIR"/* >"$BATS_TEST_TMPDIR.secrets"
	run -1 grep -rqFf "$BATS_TEST_TMPDIR.secrets" "$BATS_TEST_TMPDIR"
	# Not for want of looking: the app has them.
	compose exec -T web cat /run/secrets/secret_key | cmp - "$SECRETS_DIR/secret_key"
}

@test "the superuser logs in with the password of its file" {
	compose exec -T web python -c "
import django; django.setup()
from django.contrib.auth import authenticate
assert authenticate(username='admin', password=open('/run/secrets/admin_password').read().strip())
assert not authenticate(username='admin', password='admin')"
}

@test "secrets that are weak or empty are refused before anything else" {
	local weak=$BATS_TEST_TMPDIR/weak
	cp -r "$SECRETS_DIR" "$weak"
	echo django-insecure-change-me-in-production >"$weak/secret_key"
	: >"$weak/db_password"
	SECRETS_DIR=$weak run -78 compose run --rm -T --no-deps web
	[[ $output == *'SECRET_KEY'* && $output == *'POSTGRES_PASSWORD'* ]]
}

@test "each service has a limit of memory and of processor time" {
	local name
	for name in db cache web nginx backup; do
		run -0 docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}' "$(id_of $name)"
		[[ $output =~ ^[1-9][0-9]+\ [1-9][0-9]+$ ]]
	done
}

@test "a migration that is missing shows in the app's health; the next start applies it, and seeds nothing again" {
	compose exec -T web python manage.py migrate -v 0 research 0001
	query 'delete from auth_user; delete from research_publication where id = 3'
	ill web '[-]migrated=django@/app failed' pgbox
	[[ $output == *'[+]http'* && $output == *0002_search* ]]
	healthy db
	compose restart web
	wait_until 40 is healthy web
	[ "$(query 'select count(*) from auth_user') $(query 'select count(*) from research_publication')" = '0 2' ]
}

@test "an extension that is dropped shows in the database's health" {
	query 'drop extension pg_trgm cascade'
	ill db '[-]extension=pg_trgm failed'
	query 'create extension pg_trgm; create index publication_title on research_publication using gin (title gin_trgm_ops)'
	healthy db
}

@test "Redis that is gone shows in the app's health, and what it knew comes back with it" {
	docker exec "$(id_of cache)" redis-cli set queued embedding
	[ "$(stops cache)" = 0 ]
	ill web '[-]redis=cache:6379' pgbox
	[[ $output == *'[+]migrated'* ]]
	compose start cache
	wait_until 20 is healthy cache
	[ "$(docker exec "$(id_of cache)" redis-cli get queued)" = embedding ]
	healthy web pgbox
}

@test "nginx is healthy with the app, and only then" {
	healthy nginx
	[ "$(stops web)" = 0 ]
	ill nginx '[-]http=http://127.0.0.1/ failed'
	compose start web
	wait_until 40 is healthy web
	wait_until 10 healthy nginx
}

@test "backups are due at night; one that is asked for makes the sidecar healthy" {
	wait_until 20 logged backup 'the next run is at'
	log backup | grep 'the next run is at .*T03:00:00Z'
	[ "$(health backup)" = starting ]
	compose kill -s USR1 backup
	wait_until 30 is healthy backup
	compose exec -T backup /pgbox pgbackup list | grep graph
	compose exec -T backup /pgbox pgbackup prune --dry-run
}

@test "a backup brings vectors and indexes back" {
	query 'delete from research_publication'
	written 'run --rm restore latest --replace'
	[ "$(get near/1)" = '["Random graphs"]' ]
	[ "$(query "select count(*) from pg_indexes where indexname in ('publication_title', 'publication_embedding')")" = 2 ]
	healthy db
	healthy web pgbox
}

@test "with an app that is broken, and after down -v, the restore is the same" {
	local broken=$BATS_TEST_TMPDIR/broken.yaml
	printf '%s\n' 'services:' '  web: {entrypoint: ["false"], restart: "no"}' >"$broken"
	compose -f "$STACK/compose.yaml" -f "$broken" up -d --force-recreate web backup
	wait_until 20 logged backup 'the next run is at'
	query 'drop schema public cascade'
	written 'run --rm restore latest --replace'
	is exited web
	[ "$(query 'select count(*) from research_publication')" = 2 ]
	compose down --volumes --timeout 1
	written 'up -d db'
	written 'run --rm restore latest'
	[ "$(query 'select count(*) from research_publication')" = 2 ]
	compose up -d
	wait_until 60 is healthy web
	[ "$(get near/1)" = '["Random graphs"]' ]
}

@test "each service stops within two seconds" {
	local service
	for service in nginx web backup cache db; do
		echo "$service: $(stops "$service")" || return 1
	done | tee "$BATS_TEST_TMPDIR/codes"
	[ "$(sort "$BATS_TEST_TMPDIR/codes" | xargs)" = 'backup: 143 cache: 0 db: 0 nginx: 0 web: 0' ]
}
