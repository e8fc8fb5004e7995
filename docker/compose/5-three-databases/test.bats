# Three databases on one server: bootstrapped once, migrated by Drizzle, apart from each other, backed up, and one of
# them restored.

bats_require_minimum_version 1.5.0

load ../../../tests/docker/lib

NAMES='users workstation syncstation'

# In a copied folder: bootstrap files and migrations come and go. The secrets are made as the README says.
setup_file() {
	cp -r "$BATS_TEST_DIRNAME" "$BATS_FILE_TMPDIR/three"
	docker_begin "$BATS_FILE_TMPDIR/three"
	export PORT=''
	cd "$STACK" || return
	sed -n '/^    mkdir/,/^    docker/s/^    //p' README.md | grep -v '^docker' >"$BATS_FILE_TMPDIR/secrets.sh"
	sh -eu "$BATS_FILE_TMPDIR/secrets.sh"
	sed -i 's/\(interval[:=] *\)10s/\11s/' compose.yaml Dockerfile
	backup_volume
	compose build
}

setup() {
	cd "$STACK" || return
}

teardown_file() {
	cd "$STACK" || return
	docker_end
}

# service NAME [NAME OF A NEW ROW]: what it counts.
service() {
	docker exec "$(id_of "$1")" node -e '
const body = process.argv[1];
fetch("http://127.0.0.1:3000/", body ? { method: "POST", body } : {}).then((r) => r.text()).then(console.log)' "${2-}"
}

# counts USERS WORKSTATION SYNCSTATION: so many rows are there for the api.
counts() {
	[ "$(service api)" = "{\"syncstation\":$3,\"users\":$1,\"workstation\":$2}" ]
}

# as LOGIN DATABASE SQL: over the network, as the role of secrets/LOGIN_url.
as() {
	local url
	url=$(cat "secrets/$1_url")
	docker exec "$(id_of db)" psql -X -q -A -t -c "$3" "${url%/*}/$2" 2>&1
}

# ill SERVICE LINE: its health is bad now, for a reason that begins like that.
ill() {
	run -1 compose exec -T "$1" healthz
	[[ $output == *"$2"* ]] || { echo "$output"; return 1; }
}

healthy() {
	compose exec -T "$1" healthz -q
}

bootstrap() {
	compose run --rm -T bootstrap "$@"
}

forget() {
	bootstrap seedonce --name cluster --reset
}

# The sessions that the services keep in the databases but NAME.
sessions() {
	sql db postgres "select datname, pid, backend_start from pg_stat_activity
		where application_name = 'postgres.js' and datname <> '$1' order by 2"
}

@test "without a server the services wait, and stop at once" {
	compose up -d --no-deps users api
	wait_until 20 logged users 'waiting for'
	wait_until 20 logged api 'waiting for'
	[ "$(health users) $(health api)" = 'starting starting' ]
	ill api '[?]migrated=drizzle@/app/drizzle/workstation'
	[ "$(stops users) $(stops api)" = '143 143' ]
}

@test "without its secrets, or with another's, the bootstrap makes nothing" {
	mv secrets/users_url secrets/kept
	: >secrets/users_url
	run -78 bootstrap
	[[ $output == *USERS_URL* ]]
	cp secrets/backup_url secrets/users_url
	run -1 bootstrap
	[[ $output == *'the URLs must be'* ]]
	[ "$(sql db postgres "select count(*) from pg_roles where rolname ~ '^(svc_|backup)'")" = 0 ]
	mv secrets/kept secrets/users_url
	forget
}

@test "a bootstrap that fails half-way says where, nothing starts behind it, and it runs again" {
	compose rm -sf users api
	echo 'select 1/0;' >bootstrap/25_broken.sql
	run ! compose up -d
	[[ $output == *'"bootstrap" didn'*'complete successfully: exit 1'* ]]
	log bootstrap | grep 'error: .*25_broken.sql:1: ERROR:  division by zero'
	[ "$(state users)" = created ]
	sql db postgres "select 'there' from pg_roles where rolname = 'svc_users'" | grep there
	# It was tried again, and then given up.
	wait_until 60 is exited bootstrap
	[ "$(exit_code bootstrap)" = 1 ]
	logged bootstrap 'attempt 4'
	run ! logged bootstrap 'attempt 5'
	rm bootstrap/25_broken.sql
}

@test "a bootstrap that is stopped ends at once; one that was killed half-way is not run blindly again" {
	echo 'select pg_sleep(60);' >bootstrap/25_slow.sql
	local asleep="select pid from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()"
	sleeps() { sql db postgres "$asleep" | grep -q .; }
	compose up -d bootstrap
	wait_until 20 sleeps
	[ "$(stops bootstrap)" = 143 ]
	run -70 bootstrap
	forget
	compose up -d bootstrap
	wait_until 20 sleeps
	docker kill "$(id_of bootstrap)"
	sql db postgres "select pg_terminate_backend(pid) from ($asleep) a"
	rm bootstrap/25_slow.sql
	run -70 bootstrap
	[[ $output == *--on-interrupted* ]]
	forget
}

@test "two bootstraps at once: one runs, the other finds it done" {
	compose rm -sf bootstrap
	compose up -d --scale bootstrap=2 bootstrap
	wait_until 30 is exited bootstrap
	wait_until 30 is exited bootstrap-2
	[ "$(exit_code bootstrap) $(exit_code bootstrap-2)" = '0 0' ]
	{ log bootstrap; log bootstrap-2; } >"$BATS_TEST_TMPDIR/logs"
	[ "$(grep -c "running seed 'cluster'" "$BATS_TEST_TMPDIR/logs")" = 1 ]
	[ "$(grep -c "seed 'cluster' is done since" "$BATS_TEST_TMPDIR/logs")" = 1 ]
	compose rm -sf bootstrap
}

@test "then all get healthy, and each serves its own database" {
	local name
	# It has tried in vain so far, and would try again in some minutes.
	docker rm -f "$(id_of backup)"
	compose up -d --scale users=2
	for name in $NAMES users-2 api backup db; do
		wait_until 60 is healthy "$name"
	done
	logged bootstrap "seed 'cluster' is done since"
	# Both replicas ran the migrations in turn; the second had nothing to do.
	[ "$(as users users 'select count(*) from drizzle.__drizzle_migrations')" = 1 ]
	[ "$(service users Ada)" = '{"users":1}' ]
	[ "$(service users-2 Grace)" = '{"users":2}' ]
	[ "$(service workstation 'Episode 1')" = '{"workstation":1}' ]
	[ "$(service syncstation 'Take 1')" = '{"syncstation":1}' ]
	counts 2 1 1
	compose up -d --scale users=1
}

@test "a restart makes nothing anew and loses nothing" {
	compose restart bootstrap users db
	wait_until 30 is healthy users
	wait_until 10 counts 2 1 1
	logged bootstrap "seed 'cluster' is done since"
}

@test "each role owns its database and gets into no other" {
	local name other
	for name in $NAMES; do
		[ "$(sql db postgres "select datdba::regrole from pg_database where datname = '$name'")" = "svc_$name" ]
		for other in $NAMES postgres template1; do
			if [ "$name" = "$other" ]; then
				run -0 as "$name" "$other" 'create table own (); drop table own'
			else
				run -2 as "$name" "$other" 'select 1'
				[[ $output == *'permission denied for database'* ]]
			fi
		done
	done
	[ "$(sql db postgres "select count(*) from pg_roles where rolname ~ '^(svc_|backup)' and
		(rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)")" = 0 ]
}

@test "the role of the backups reads all three and writes nothing" {
	local name
	for name in $NAMES; do
		run -0 as backup "$name" 'select count(*) from drizzle.__drizzle_migrations'
		run -1 as backup "$name" 'delete from drizzle.__drizzle_migrations'
		[[ $output == *'permission denied'* ]]
		run -1 as backup "$name" 'create table public.own ()'
	done
}

@test "the passwords are in files alone: in no container's settings, no log, and not in the server's" {
	sql db postgres "alter system set log_statement = 'all'" 'alter system set log_min_duration_statement = 0' \
		'select pg_reload_conf()'
	forget
	echo "select format('alter role %I passwort %L', role, password) from login \\gexec" >bootstrap/15_broken.sql
	run -1 bootstrap
	[[ $output == *'option "passwort"'* ]]
	echo "$output" >"$BATS_TEST_TMPDIR/all"
	rm bootstrap/15_broken.sql
	bootstrap
	sql db postgres 'alter system reset all' 'select pg_reload_conf()'
	docker inspect "$(id_of db)" "$(id_of users)" "$(id_of api)" "$(id_of backup)" "$(id_of bootstrap)" \
		>>"$BATS_TEST_TMPDIR/all"
	compose logs --no-color >>"$BATS_TEST_TMPDIR/all" 2>&1
	grep -q 'LOG: .*pgbox' "$BATS_TEST_TMPDIR/all"
	grep -ho '[0-9a-f]\{48\}' secrets/* | cut -c 1-16 >"$BATS_TEST_TMPDIR.passwords"
	[ "$(wc -l <"$BATS_TEST_TMPDIR.passwords")" = 5 ]
	run -1 grep -Ff "$BATS_TEST_TMPDIR.passwords" "$BATS_TEST_TMPDIR/all"
	compose exec -T users cat /run/secrets/users_url | grep -qFf "$BATS_TEST_TMPDIR.passwords"
}

@test "a new password is brought in by running the bootstrap again" {
	# Into the same file, for that is what the containers see.
	echo "postgres://svc_users:$(openssl rand -hex 24)@db/users" >secrets/users_url
	run -2 as users users 'select 1'
	[[ $output == *'password authentication failed'* ]]
	ill api '[?]migrated=drizzle@/app/drizzle/users'
	[[ $output == *'password authentication failed'* && $output == *'[+]migrated=drizzle@/app/drizzle/workstation'* ]]
	forget
	bootstrap
	as users users 'select 1'
	compose restart users api
	wait_until 30 is healthy users
	wait_until 30 is healthy api
	counts 2 1 1
}

@test "health names the database that is missing" {
	sql db postgres 'alter database workstation allow_connections false' \
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = 'workstation'" \
		'alter database workstation rename to gone'
	ill api '[?]migrated=drizzle@/app/drizzle/workstation on svc_workstation@db:5432/workstation unknown: database'
	[[ $output == *'database "workstation" does not exist'* ]]
	[ "$(grep -c '^\[+\]migrated' <<<"$output")" = 2 ]
	run -1 compose exec -T workstation healthz
	healthy users
	healthy syncstation
	sql db postgres 'alter database gone rename to workstation' 'alter database workstation allow_connections true'
	wait_until 10 healthy workstation
	wait_until 10 healthy api
}

@test "health names the URL that is wrong, and waitdb waits for no less than all three" {
	local wrong=postgres://svc_syncstation:wrong@db/syncstation
	wrong() { compose run --rm -T --no-deps -e SYNCSTATION_URL_FILE= -e SYNCSTATION_URL=$wrong "$@"; }
	run -1 wrong --entrypoint healthz api
	[[ $output == *'[?]migrated=drizzle@/app/drizzle/syncstation on svc_syncstation@db:5432/syncstation unknown: '* ]]
	[[ $output == *'password authentication failed for user "svc_syncstation"'* ]]
	[ "$(grep -c '^\[+\]migrated' <<<"$output")" = 2 ]
	run -77 wrong -e WAITDB_AUTH_GRACE=0 api
	[[ $output == *syncstation* && $output == *'password authentication failed'* ]]
}

@test "a migration that is missing shows in the health of its service, and the next start runs it" {
	as syncstation syncstation 'alter table entries drop taken;
		delete from drizzle.__drizzle_migrations m
		where created_at = (select max(created_at) from drizzle.__drizzle_migrations)'
	ill syncstation '[-]migrated=drizzle@/app/drizzle/syncstation failed: drizzle: 1 of 2 migrations is missing: 0001_taken'
	ill api '[-]migrated=drizzle@/app/drizzle/syncstation'
	wait_until 20 is unhealthy syncstation
	healthy users
	compose restart syncstation
	wait_until 30 is healthy syncstation
	[ "$(as syncstation syncstation 'select count(taken) from entries')" = 1 ]
	wait_until 30 healthy api
}

@test "a migration that fails stops the new version, and the old one serves on" {
	cp -r drizzle "$BATS_TEST_TMPDIR/"
	cd "$BATS_TEST_TMPDIR/drizzle/users"
	echo 'alter table accounts add email text; select 1/0;' >0001_email.sql
	sed -i 's/\("breakpoints": true\)/&}, {"idx": 1, "version": "7", "when": 9999999999999, "tag": "0001_email", \1/' meta/_journal.json
	cd "$STACK"
	new() { compose run --rm -T --no-deps -v "$BATS_TEST_TMPDIR/drizzle:/app/drizzle:ro" "$@"; }
	run -1 new users
	[[ $output == *'division by zero'* && $output == *"seed 'migrate' failed"* ]]
	run -1 new --entrypoint healthz users migrated=drizzle@/app/drizzle/users
	[[ $output == *0001_email* ]]
	healthy users
	[ "$(service users)" = '{"users":2}' ]
}

@test "a backup has the three databases, and the roles" {
	local name
	compose exec -T backup /pgbox pgbackup run
	compose exec -T backup /pgbox pgbackup list --json >"$BATS_TEST_TMPDIR/list"
	for name in $NAMES; do
		grep "\"database\":\"$name\"" "$BATS_TEST_TMPDIR/list" | grep verified
	done
	[ "$(grep -o '"database":"[^"]*"' "$BATS_TEST_TMPDIR/list" | sort -u | wc -l)" = 3 ]
	compose exec -T backup /pgbox pgbackup status
	docker cp -L "$(id_of backup):/backups/.globals/latest" "$BATS_TEST_TMPDIR/globals.zst"
	zstd -dcq "$BATS_TEST_TMPDIR/globals.zst" >"$BATS_TEST_TMPDIR/globals"
	for name in svc_users svc_workstation svc_syncstation backup; do
		grep "^CREATE ROLE $name;" "$BATS_TEST_TMPDIR/globals"
		grep -c "^ALTER ROLE $name WITH NOSUPERUSER .* PASSWORD 'SCRAM-SHA-256" "$BATS_TEST_TMPDIR/globals"
	done
}

@test "one of the three comes back while the other two serve on, and undo returns" {
	local before
	service workstation 'Episode 2'
	service users Edsger
	counts 3 2 1
	healthy backup /pgbox
	before=$(sessions workstation)
	[[ $before == *users* && $before == *syncstation* ]]
	compose run --rm -T restore plan latest:workstation --replace
	run -1 compose run --rm -T restore latest:workstation
	[[ $output == *--replace* ]]
	compose run --rm -T restore latest:workstation --replace
	[ -z "$(comm -23 <(sort <<<"$before") <(sessions workstation | sort))" ]
	wait_until 10 counts 3 1 1
	service workstation 'Episode 2, once more'
	run -2 as users workstation 'select 1'
	[[ $output == *'permission denied for database'* ]]
	[ "$(sql db postgres "select datdba::regrole from pg_database where datname = 'workstation'")" = svc_workstation ]
	compose exec -T backup /pgbox pgbackup run
	# Also while the service is stopped, which it stays.
	compose stop workstation
	compose run --rm -T -e POSTGRES_DB=workstation restore undo
	is exited workstation
	compose start workstation
	wait_until 30 healthy workstation
	wait_until 30 healthy api
	counts 3 2 1
}

@test "each service stops within two seconds" {
	local service
	for service in api $NAMES backup; do
		echo "$service: $(stops "$service")" || return 1
	done | tee "$BATS_TEST_TMPDIR/codes"
	sql db postgres checkpoint
	echo "db: $(stops db)" | tee -a "$BATS_TEST_TMPDIR/codes"
	[ "$(sort "$BATS_TEST_TMPDIR/codes" | xargs)" = 'api: 0 backup: 143 db: 0 syncstation: 0 users: 0 workstation: 0' ]
}

@test "a new server gets its databases back from the backups" {
	compose down --volumes --timeout 1
	compose up bootstrap
	[ "$(exit_code bootstrap)" = 0 ]
	local name
	for name in $NAMES; do
		compose run --rm -T restore "latest:$name"
	done
	compose up -d
	wait_until 60 is healthy api
	counts 3 2 1
	run -2 as users syncstation 'select 1'
}
