# The assessment app in development, on SQLite, and beside it in production, on PostgreSQL, from the same image.

bats_require_minimum_version 1.5.0

load ../../../tests/docker/lib

setup_file() {
	docker_begin
	export PORT='' BACKUP_INTERVAL_SECONDS=2 BACKUP_KEEP_DAYS=7 RESTORE_DIR=$BATS_FILE_TMPDIR/restore
	unset DATABASE_URL
	mkdir -m 755 "$RESTORE_DIR"
	backup_volume
	docker volume create "$PROJECT-prod-backups" >/dev/null
	grep -q '^    docker volume create assessment-backups$' "$STACK/README.md"
	sed "s/change_me/$(openssl rand -hex 32)/" "$STACK/.env.production.example" >"$BATS_FILE_TMPDIR/env"
	compose build
	prod --profile postgres build
}

teardown_file() {
	docker_end
}

# prod ARGUMENT...: compose on the production file. Its containers are prod-web, prod-db ... to the helpers.
prod() {
	BACKUP_VOLUME=$PROJECT-prod-backups compose --project-name "$PROJECT-prod" -f "$STACK/compose.prod.yaml" --env-file "${ENV_FILE:-$BATS_FILE_TMPDIR/env}" "$@"
}

# ask SERVICE CODE: Python in that container, with `call` to ask the app.
ask() {
	docker exec "$(id_of "$1")" python -c "
import json, urllib.request
def call(body=None):
    request = urllib.request.Request('http://127.0.0.1:5000/', body and json.dumps(body).encode(), {'Content-Type': 'application/json'})
    return json.load(urllib.request.urlopen(request))
$2"
}

add() {
	ask "$1" "call({'title': '$2', 'score': 7})"
}

sql_prod() {
	docker exec "$(id_of prod-db)" psql -X -q -U assessment -d assessment -c "$1"
}

titles() {
	ask "$1" "print(*(row['title'] for row in call()))"
}

# snapshots SUFFIX COUNT compose|prod: at least so many backups there have that kind.
snapshots() {
	[ "$("$3" exec -T backup /pgbox pgbackup list --json | grep -c "$1\"")" -ge "$2" ]
}

@test "development: the SQLite file is made, migrated and served, and its snapshots are compressed" {
	compose up -d
	wait_until 30 is healthy web
	logged web 'Running upgrade 4f2a81d60c11 -> 9c01b7e3d522'
	add web algebra
	[ "$(titles web)" = algebra ]
	wait_until 20 is healthy backup
	wait_until 20 snapshots .db.zst 2 compose
}

@test "production: the app waits for a server that is not there yet" {
	prod up -d --scale web=2 web
	wait_until 20 logged prod-web 'waiting'
	[ "$(state prod-web)" = running ]
	[ "$(health prod-web)" = starting ]
}

@test "production: the database is made, migrated by one of two replicas at a time, and served" {
	prod --profile postgres up -d --scale web=2
	wait_until 60 is healthy prod-web
	wait_until 30 is healthy prod-web-2
	is healthy prod-db
	# Both ran the seed, and the second found nothing to do.
	[ "$({ log prod-web; log prod-web-2; } | grep -c 'Running upgrade 4f2a81d60c11')" = 1 ]
	add prod-web geometry
	[ "$(titles prod-web-2)" = geometry ]
	prod up -d --scale web=1 web
}

@test "production: snapshots are made on schedule, compressed and verified" {
	wait_until 30 is healthy prod-backup
	wait_until 20 snapshots .dump 2 prod
	prod exec -T backup /pgbox pgbackup verify
	prod exec -T backup /pgbox pgbackup status
}

@test "production: secrets that nobody has set are refused before anything else" {
	ENV_FILE=$STACK/.env.production.example run -78 prod run --rm -T --no-deps web
	[[ $output == *'SECRET_KEY: is still the example'* ]]
	[[ $output == *'DATABASE_URL: has a password that is a placeholder'* ]]
}

@test "a migration that fails stops the new version, and the old one stays healthy" {
	cp -r "$STACK/migrations/versions" "$BATS_FILE_TMPDIR/"
	printf '%s\n' 'revision = "aaaa00000001"' 'down_revision = "9c01b7e3d522"' \
		'def upgrade(): raise RuntimeError("no such luck")' >"$BATS_FILE_TMPDIR/versions/broken.py"
	local mount=$BATS_FILE_TMPDIR/versions:/app/migrations/versions:ro kind
	for kind in compose prod; do
		run -1 $kind run --rm -T --no-deps -v "$mount" web
		[[ $output == *'no such luck'* && $output != *'Listening at'* ]]
		run -1 $kind run --rm -T --no-deps -v "$mount" --entrypoint healthz web migrated=alembic@/app/migrations
		[[ $output == *'[-]migrated'*aaaa00000001* ]]
	done
	prod exec -T web healthz migrated=alembic@/app/migrations
	[ "$(titles prod-web)" = geometry ]
}

@test "a restart migrates nothing and loses nothing" {
	compose restart web
	prod restart web
	wait_until 30 is healthy web
	wait_until 30 is healthy prod-web
	[ "$(titles web) $(titles prod-web)" = 'algebra geometry' ]
}

@test "production: .sql, .sql.gz, .dump and .dump.gz are restored under the running app" {
	local db file
	db=$(id_of prod-db)
	docker exec "$db" pg_dump -U assessment assessment >"$RESTORE_DIR/app.sql"
	docker exec "$db" pg_dump -U assessment -Fc assessment >"$RESTORE_DIR/app.dump"
	gzip -k "$RESTORE_DIR/app.sql" "$RESTORE_DIR/app.dump"
	for file in app.sql app.sql.gz app.dump app.dump.gz; do
		add prod-web lost
		[ "$(titles prod-web)" = 'geometry lost' ]
		prod run --rm -T restore "/restore/$file" --replace --drop-old
		[ "$(titles prod-web)" = geometry ]
	done
}

@test "development: .db and .db.gz are restored under the running app" {
	local file
	ask web "
import sqlite3, sys
with sqlite3.connect('/data/assessment.db') as live, sqlite3.connect('/tmp/app.db') as copy: live.backup(copy)"
	docker cp "$(id_of web):/tmp/app.db" "$RESTORE_DIR/"
	gzip -k "$RESTORE_DIR/app.db"
	for file in app.db app.db.gz; do
		add web lost
		[ "$(titles web)" = 'algebra lost' ]
		compose run --rm -T restore "/restore/$file" --replace
		[ "$(titles web)" = algebra ]
	done
}

@test "the newest snapshots come back, and that can be undone" {
	local before
	compose stop backup
	prod stop backup
	compose run --rm -T backup pgbackup run
	prod run --rm -T backup pgbackup run
	add web newer
	add prod-web newer
	compose run --rm -T restore latest --replace
	prod run --rm -T restore latest --replace
	[ "$(titles web) $(titles prod-web)" = 'algebra geometry' ]
	before=$(ask web "import glob; print(max(glob.glob('/data/*_before_*')))")
	compose run --rm -T restore "$before" --replace
	prod run --rm -T restore undo
	[ "$(titles web), $(titles prod-web)" = 'algebra newer, geometry newer' ]
}

@test "an app that is broken: backups are made, and a dropped schema comes back without the app" {
	local kind broken=$BATS_FILE_TMPDIR/broken.yaml
	printf '%s\n' 'services:' '  web: {entrypoint: ["false"], restart: "no"}' >"$broken"
	compose -f "$STACK/compose.yaml" -f "$broken" up -d --force-recreate web backup
	prod --profile postgres -f "$broken" up -d --force-recreate web backup
	for kind in compose prod; do
		wait_until 30 snapshots '' 1 $kind
	done
	compose stop backup
	prod stop backup
	sql_prod 'drop schema public cascade'
	compose run --rm -T --no-deps --entrypoint python web -c \
		"import sqlite3; sqlite3.connect('/data/assessment.db').execute('drop table assessment')"
	compose run --rm -T restore latest --replace
	prod run --rm -T restore latest --replace
	is exited web
	is exited prod-web
	compose up -d web
	prod up -d web
	wait_until 30 is healthy web
	wait_until 30 is healthy prod-web
	[ "$(titles web), $(titles prod-web)" = 'algebra newer, geometry newer' ]
}

@test "the backups survive down -v, and bring back what it deleted" {
	compose down --volumes --timeout 1
	prod --profile postgres down --volumes --timeout 1
	compose up -d --wait web
	compose run --rm -T restore latest --replace
	prod --profile postgres up -d db
	prod run --rm -T restore latest
	prod --profile postgres up -d web
	wait_until 30 is healthy web
	wait_until 30 is healthy prod-web
	[ "$(titles web), $(titles prod-web)" = 'algebra newer, geometry newer' ]
	compose up -d
	prod --profile postgres up -d
}

@test "what cannot be restored leaves the database as it was" {
	head -c -50 "$RESTORE_DIR/app.dump.gz" >"$RESTORE_DIR/torn.dump.gz"
	head -c -50 "$RESTORE_DIR/app.db.gz" >"$RESTORE_DIR/torn.db.gz"
	run -65 prod run --rm -T restore /restore/torn.dump.gz --replace
	run -65 compose run --rm -T restore /restore/torn.db.gz --replace
	run -1 prod run --rm -T restore /restore/app.sql.gz
	[[ $output == *--replace* ]]
	run -1 compose run --rm -T restore /restore/app.db
	[[ $output == *--replace* ]]
	run -66 prod run --rm -T restore /restore/nosuch.sql --replace
	run ! prod run --rm -T restore /restore/app.db --replace
	run ! compose run --rm -T restore /restore/app.dump --replace
	[ "$(titles web), $(titles prod-web)" = 'algebra newer, geometry newer' ]
}

@test "each service stops within two seconds" {
	local service
	compose start backup
	prod start backup
	for service in web prod-web prod-db backup prod-backup; do
		echo "$service: $(stops "$service")" || return 1
	done | tee "$BATS_TEST_TMPDIR/codes"
	[ "$(sort "$BATS_TEST_TMPDIR/codes" | xargs)" = 'backup: 143 prod-backup: 143 prod-db: 0 prod-web: 0 web: 0' ]
}
