# The stack of this folder on a real engine: a watched restore under an app that writes all the time, and SIGKILL of the
# restorer at random moments: SOAK=1 for the full series.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../../../tests/docker/lib
load ../../../tests/lib/trials

setup_file() {
	export BATS_TEST_TIMEOUT=180
	[ -z "${SOAK:-}" ] || BATS_TEST_TIMEOUT=3600
	docker_begin
	export DATA=$BATS_FILE_TMPDIR/data PORT='' RESTORE_SETTLE=200ms DOCKER_SOCKET=${DOCKER_HOST:-unix:///var/run/docker.sock}
	DOCKER_SOCKET=${DOCKER_SOCKET#unix://}
	SECRET_KEY=$(openssl rand -hex 32) POSTGRES_PASSWORD=$(openssl rand -hex 32)
	export SECRET_KEY POSTGRES_PASSWORD
	unset DATABASE_URL
	mkdir -p "$DATA/backups" "$DATA/restore/incoming" "$DATA/state"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$DATA"
	chown -R 1000:1000 "$DATA/backups" "$DATA/restore" "$DATA/state"
	compose up -d --build --wait db web
	# What is going to be restored is of an older release: each time the app migrates it.
	compose exec -T web flask db downgrade 4f2a81d60c11
	sql_app 'create table whole (generation int)' 'insert into whole values (2)' \
		"create table a as select i, md5(i::text) x from generate_series(1, 20000) i" 'create index on a (x)'
	compose run --rm -T --no-deps db-backup run
	cp "$DATA"/backups/assessment/assessment-*.dump "$BATS_FILE_TMPDIR/new.dump"
	compose exec -T web flask db upgrade
	sql_app 'update whole set generation = 1' 'delete from a where i > 1'
	compose up -d --wait
	stranger -d --name "$PROJECT-client" --network "${PROJECT}_default" "$PROJECT-web" -c "$client" >/dev/null
}

teardown_file() {
	docker_end
}

# A client of the app, who adds something all the time; in the log is what the app has confirmed.
client='
import json, time, urllib.request

while True:
    title = str(time.time())
    body = json.dumps({"title": title, "score": 1}).encode()
    request = urllib.request.Request("http://web:5000/", body, {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=5).read()
        print("confirmed", title, flush=True)
    except OSError:
        pass
    time.sleep(0.05)
'

# stranger DOCKER-RUN-ARGUMENT...: Python in a container that is none of the stack's. What Compose has built is
# labelled as the project's, and so would be a container of it.
stranger() {
	docker run --pull never --label com.docker.compose.project=other --entrypoint python "$@"
}

# python NETWORK SCRIPT ARGUMENT...: as a stranger on that network of the stack.
python() {
	stranger --rm -i --network "${PROJECT}_$1" "$PROJECT-web" -c "${@:2}"
}

# sql_in DATABASE SQL...
sql_in() {
	local db=$1
	shift
	docker exec "$(id_of db)" psql -X -q -A -t -v ON_ERROR_STOP=1 -U assessment -d "$db" "${@/#/-c}"
}

sql_app() {
	sql_in assessment "$@"
}

# old_ones: the databases that restores have replaced or left behind.
old_ones() {
	sql_in postgres "select datname from pg_database where datname ~ '^assessment_'"
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

# writes: the app answers, and what it lists has come in just now.
writes() {
	docker exec "$(id_of web)" python -c '
import json, time, urllib.request
rows = json.load(urllib.request.urlopen("http://127.0.0.1:5000/", timeout=5))
raise SystemExit(not rows or time.time() - float(rows[-1]["title"]) > 2)' 2>/dev/null
}

# old_app: generation 1 again, and nothing beside it.
old_app() {
	local db
	for db in $(old_ones); do
		sql_in postgres "drop database \"$db\" with (force)"
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
	# It is of an older release.
	equals "$(log web | grep -c 'Running upgrade 4f2a81d60c11 -> 9c01b7e3d522')" 2
	# Nothing else was.
	equals "$(docker inspect -f '{{.RestartCount}}' "$(id_of db)")" 0
	# What the app has confirmed until it was stopped is in the old database, which is kept.
	equals "$(old_ones | wc -l)" 1
	[[ $(old_ones) = assessment_before_* ]]
	log client | sed -n 's/^confirmed //p' | sort >"$BATS_TEST_TMPDIR/confirmed"
	test "$(wc -l <"$BATS_TEST_TMPDIR/confirmed")" -gt 1
	{
		sql_in "$(old_ones)" 'select title from assessment'
		sql_app 'select title from assessment'
	} | sort >"$BATS_TEST_TMPDIR/kept"
	equals "$(comm -23 "$BATS_TEST_TMPDIR/confirmed" "$BATS_TEST_TMPDIR/kept")" ''
}

@test "the role of app, backups and restores is no superuser, and the superuser has no way in over the network" {
	equals "$(sql_app 'select rolsuper or rolcreaterole or rolreplication from pg_roles where rolname = current_user')" f
	python default "$logged_in" db assessment <<<"$POSTGRES_PASSWORD"
	not python default "$logged_in" db postgres <<<"$POSTGRES_PASSWORD"
}

logged_in='
import psycopg, sys

psycopg.connect(host=sys.argv[1], user=sys.argv[2], dbname="postgres", password=sys.stdin.readline().strip())
'

@test "the proxy lets nothing through but that, and reaches no network" {
	local address
	python docker "$asked" <<-END
		403 GET containers/$PROJECT-db-1/json
		403 GET containers/$PROJECT-other-web-1/json
		403 POST containers/$PROJECT-other-web-1/stop
		403 POST containers/other-web-1/start
		403 GET images/json
		403 GET info
		403 GET version
		403 GET containers/$PROJECT-web-1/archive?path=/
		403 GET containers/json/../../info
		200 GET containers/json
		403 POST containers/json
		200 GET containers/$PROJECT-web-1/json
		403 GET containers/$PROJECT-web-1/stop
		304 POST containers/$PROJECT-web-1/start
		403 DELETE containers/$PROJECT-web-1/start
	END
	# Of other projects nothing is listed, whatever is asked for.
	python docker "$listed" '?all=1' >"$BATS_TEST_TMPDIR/names"
	equals "$(cat "$BATS_TEST_TMPDIR/names")" \
		"$(printf "/$PROJECT-%s-1\n" db db-backup db-restore docker-proxy web)"
	equals "$(python docker "$listed" '?filters=%7B%22name%22:%5B%22client%22%5D%7D')" "$(cat "$BATS_TEST_TMPDIR/names")"
	address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(id_of web)")
	python default "$connected" "$address" 5000
	run python docker "$connected" "$address" 5000
	[[ $output == *'Network is unreachable'* ]]
	python docker "$connected" docker-proxy 2375
	not python default "$connected" docker-proxy 2375
}

asked='
import http.client, sys

for line in sys.stdin:
    want, method, path = line.split()
    connection = http.client.HTTPConnection("docker-proxy", 2375, timeout=5)
    connection.request(method, "/" + path)
    got = connection.getresponse().status
    if got != int(want):
        sys.exit(f"{got}, not {line}")
'
listed='
import json, sys, urllib.request

rows = json.load(urllib.request.urlopen("http://docker-proxy:2375/containers/json" + sys.argv[1]))
print("\n".join(sorted(row["Names"][0] for row in rows)))
'
connected='
import socket, sys

socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)
'

@test "one that was made anew under another id while the restorer was dead is started all the same" {
	local events=$BATS_TEST_TMPDIR/events pid
	old_app
	docker events --since "$(date +%s)" --filter "container=$(id_of web)" --filter event=die >"$events" 3>&- &
	pid=$!
	deliver anew.dump
	# It is killed between the app's end and the swap, which follows at once.
	wait_until 60 test -s "$events" || { kill "$pid"; return 1; }
	docker kill -s KILL "$(id_of db-restore)" >/dev/null
	kill "$pid"
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
