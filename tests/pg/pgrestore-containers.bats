# pgrestore watch and containers, against a scripted engine: exactly those that ran are stopped, in order, and whatever
# happens exactly those run again. SOAK=1 for the full random series.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/trials
load ../lib/pgbackup
load ../lib/pgrestore
load ../lib/watch

setup_file() {
	export BATS_TEST_TIMEOUT=120
	[ -z "${SOAK:-}" ] || BATS_TEST_TIMEOUT=1800
	watch_suite
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	watch_begin
}

teardown() {
	watch_clear
}

# shop: a Compose project whose web and worker need api, which needs db; and others.
shop() {
	engine_start '[
		{"name": "shop-db-1", "running": true, "project": "shop", "service": "db"},
		{"name": "shop-api-1", "running": true, "project": "shop", "service": "api", "depends_on": "db:service_healthy:false"},
		{"name": "shop-web-1", "running": true, "project": "shop", "service": "web",
			"depends_on": "redis:service_started:false,api:service_started:true"},
		{"name": "shop-worker-1", "running": false, "project": "shop", "service": "worker", "depends_on": "api:service_started:true"},
		{"name": "other-web-1", "running": true, "project": "other", "service": "web", "depends_on": "api:service_started:true"},
		{"name": "other-api-1", "running": true, "project": "other", "service": "api"}]'
}

# owed: what the journal says is to be started.
owed() {
	lite "$BOX/state/journal.db" 'select name from stops where started is null order by id'
}

is_asked() {
	[ "$(asked)" = "$1" ]
}

# stuck: a restore is in the middle of it.
stuck() {
	deliver "$DUMP.slow" slow.sql
	wait_until 20 sleeps
}

sleeps() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where query ilike '%pg_sleep(60)%' and state = 'active'
		and pid <> pg_backend_pid()")" -gt 0 ]
}

@test "those that run are stopped before the swap, dependents first, and started in the other order; no other is touched" {
	shop
	export RESTORE_STOP_CONTAINERS='shop-api-1, shop-worker-1,shop-web-1'
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(asked)" 'stop shop-web-1 stop shop-api-1 start shop-api-1 start shop-web-1'
	equals "$(up)" 'other-api-1 other-web-1 shop-api-1 shop-db-1 shop-web-1'
	equals "$(rows app)" 5
	equals "$(owed)" ''
	logged new.dump "container 'shop-worker-1' does not run: it is left so"
	logged new.dump "stopped container 'shop-web-1'"
	logged new.dump "started container 'shop-web-1' again"
	# List, inspect, stop and start are all that it needs.
	equals "$(grep -vE '^(GET /containers/(json\?all=1|[a-z0-9-]+/json)|POST /containers/[a-z0-9-]+/(stop|start))$' "$ENGINE/requests" || true)" ''
}

@test "what is stopped is noted first, and nothing is stopped before the backup is restored beside" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-api-1
	touch "$ENGINE/hang-stop-shop-api-1"
	watch_start
	deliver "$DUMP.junk" junk.sql
	lands failed junk.sql
	equals "$(asked)" ''
	deliver "$DUMP"
	wait_until 10 is_asked 'stop shop-api-1'
	equals "$(owed)" shop-api-1
	equals "$(rows app)" 1
	equals "$(rows "$(databases | tr ' ' '\n' | grep '^app_restore_')")" 5
	rm "$ENGINE/hang-stop-shop-api-1"
	lands 'done' new.dump
	equals "$(owed)" ''
}

@test "what a killed restore has left is dropped, with its session, before anything is stopped" {
	shop
	sql postgres 'create database app_restore_20260101_000000'
	sql postgres "comment on database app_restore_20260101_000000 is 'pgbox: being restored'"
	mkfifo "$BATS_TEST_TMPDIR/rows"
	exec 7<>"$BATS_TEST_TMPDIR/rows"
	"$PG_BIN/psql" -X -q "$(url app_restore_20260101_000000)" -c 'create table half (a int)' -c 'copy half from stdin' \
		<&7 >/dev/null 2>&1 3>&- 9>&- &
	echo $! >"$BATS_TEST_TMPDIR/ghost.pid"
	wait_until 10 copies
	export RESTORE_STOP_CONTAINERS=shop-web-1
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(databases | grep -c _restore_)" 0
	equals "$(grep -oE "dropped '|stopped container" "$LOG" | paste -sd' ')" "dropped ' stopped container"
}

copies() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where query ilike 'copy half%'")" = 1 ]
}

@test "a named container that does not exist stops the restore before anything is touched" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-web-1,shop-wep-1
	watch_start
	deliver "$DUMP"
	lands failed new.dump
	logged new.dump "RESTORE_STOP_CONTAINERS: no container 'shop-wep-1' found: nothing was touched"
	equals "$(asked)" ''
	watch_stop
	RESTORE_STOP_CONTAINERS=shop-web-1 RESTORE_START_CONTAINERS=nobody watch_start
	deliver "$DUMP" second.dump
	lands failed second.dump
	logged second.dump "RESTORE_START_CONTAINERS: no container 'nobody' found"
	equals "$(asked)" ''
	equals "$(rows app)" 1
}

@test "one that stopping would delete is refused" {
	engine_start '[{"name": "a", "running": true}, {"name": "b", "running": true, "remove": true}]'
	export RESTORE_STOP_CONTAINERS=a,b
	watch_start
	deliver "$DUMP"
	lands failed new.dump
	logged new.dump "container 'b' is deleted when it stops (--rm)"
	equals "$(asked)" ''
}

@test "labelled ones are stopped as well; false is none" {
	engine_start '[{"name": "a", "running": true, "labels": {"pgbox.restore.stop": ""}},
		{"name": "b", "running": true, "labels": {"pgbox.restore.stop": "true"}, "project": "other", "service": "b"},
		{"name": "c", "running": true, "labels": {"pgbox.restore.stop": "False"}},
		{"name": "d", "running": true}]'
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(asked)" 'stop a stop b start b start a'
}

@test "in a container of a project only labelled ones of that project are stopped, and never the own one" {
	unshare --uts true 2>/dev/null || skip "needs the right to have a host name of its own"
	engine_start '[{"name": "me", "running": true, "project": "p", "id": "abcdef0123456789"},
		{"name": "a", "running": true, "labels": {"pgbox.restore.stop": "true"}, "project": "p"},
		{"name": "b", "running": true, "labels": {"pgbox.restore.stop": "true"}, "project": "q"}]'
	# shellcheck disable=SC2034 # watch_start reads it
	WATCHER=(unshare --uts bash -c 'hostname abcdef012345; exec "$@"' --)
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(asked)" 'stop a start a'
	watch_stop
	RESTORE_STOP_CONTAINERS=me watch_start
	deliver "$DUMP" second.dump
	lands failed second.dump
	logged second.dump "container 'me' is the one that restores"
	equals "$(asked)" 'stop a start a'
}

@test "RESTORE_START_CONTAINERS are started behind a good restore, and not behind another" {
	engine_start '[{"name": "web", "running": true}, {"name": "extra", "running": false}]'
	export RESTORE_STOP_CONTAINERS=web RESTORE_START_CONTAINERS=extra
	watch_start
	with_at_end 'SELECT 1/0;' "$DUMP.sql" >"$BATS_TEST_TMPDIR/bad.sql"
	deliver "$BATS_TEST_TMPDIR/bad.sql"
	lands failed bad.sql
	equals "$(asked)" ''
	equals "$(up)" web
	deliver "$DUMP"
	lands 'done' new.dump
	equals "$(up)" 'extra web'
	equals "$(asked)" 'stop web start web start extra'
}

@test "a restore that fails, or an engine that cannot stop one, leaves all running that ran" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-web-1,shop-api-1
	watch_start
	with_at_end 'SELECT 1/0;' "$DUMP.sql" >"$BATS_TEST_TMPDIR/bad.sql"
	deliver "$BATS_TEST_TMPDIR/bad.sql"
	lands failed bad.sql
	logged bad.sql 'division by zero'
	equals "$(up)" 'other-api-1 other-web-1 shop-api-1 shop-db-1 shop-web-1'
	touch "$ENGINE/fail-stop-shop-api-1"
	deliver "$DUMP"
	lands failed new.dump
	logged new.dump 'the engine answered 500 to POST /containers/shop-api-1/stop: cannot stop container: a reason'
	equals "$(up)" 'other-api-1 other-web-1 shop-api-1 shop-db-1 shop-web-1'
	equals "$(owed)" ''
	equals "$(rows app)" 1
}

@test "an engine that does not answer fails the restore, and is none of the watcher's end" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-web-1
	touch "$ENGINE/down"
	watch_start
	deliver "$DUMP"
	lands failed new.dump
	logged new.dump 'the engine answered 503'
	kill "$(cat "$BATS_TEST_TMPDIR/engine.pid")"
	deliver "$DUMP" second.dump
	lands failed second.dump
	logged second.dump "engine/socket' does not answer"
	not grep -q 'ended by a signal' "$LOG"
	equals "$(rows app)" 1
}

@test "an engine whose answers do not end fails the restore, and is none of the watcher's end" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-web-1
	watch_start
	head -c 65536 /dev/zero | tr '\0' '[' >"$ENGINE/endless"
	deliver "$DUMP"
	lands failed new.dump
	logged new.dump 'the answer is longer than 16777216 bytes'
	if [ -n "${SOAK:-}" ]; then
		printf ' ' >"$ENGINE/endless"
		deliver "$DUMP" slow.dump
		lands failed slow.dump 60
		logged slow.dump 'does not answer: Operation timed out'
	fi
	rm "$ENGINE/endless"
	deliver "$DUMP" good.dump
	lands 'done' good.dump
}

@test "one that was made anew under another id is found by its name; one that is no more is said, and forgotten" {
	engine_start '[{"name": "a", "running": true}, {"name": "b", "running": true}]'
	export RESTORE_STOP_CONTAINERS=a,b
	touch "$ENGINE/anew-a" "$ENGINE/lose-b"
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump 40
	equals "$(up)" a
	logged new.dump "container 'b' was stopped for a restore and is no more"
	equals "$(owed)" ''
}

@test "one that cannot be started is tried again until it runs" {
	engine_start '[{"name": "a", "running": true}]'
	export RESTORE_STOP_CONTAINERS=a
	touch "$ENGINE/fail-start-a"
	watch_start
	deliver "$DUMP"
	lands 'done' new.dump 40
	logged new.dump "container 'a' cannot be started again: the engine answered 500"
	equals "$(owed)" a
	rm "$ENGINE/fail-start-a"
	wait_until 20 is_up a
	wait_until 5 nothing_owed
}

is_up() {
	[ "$(up)" = "$1" ]
}

nothing_owed() {
	[ -z "$(owed)" ]
}

@test "it waits until they are healthy, those that others depend on first; and no longer than RESTORE_HEALTHY_WAIT" {
	engine_start '[{"name": "api", "running": true, "project": "p", "service": "api", "health": true},
		{"name": "web", "running": true, "project": "p", "service": "web", "depends_on": "api:service_healthy:false"}]'
	export RESTORE_STOP_CONTAINERS=web,api
	watch_start
	deliver "$DUMP"
	wait_until 20 is_asked 'stop web stop api start api'
	wait_until 10 inspected_since_start api
	equals "$(asked)" 'stop web stop api start api'
	equals "$(rows app)" 5
	touch "$ENGINE/healthy-api"
	lands 'done' new.dump
	equals "$(asked)" 'stop web stop api start api start web'
	watch_stop
	rm "$ENGINE/healthy-api"
	RESTORE_HEALTHY_WAIT=500ms watch_start
	deliver "$DUMP" second.dump
	lands 'done' second.dump
	logged second.dump "warning: container 'api' is started, but starting"
	equals "$(up)" 'api web'
}

# inspected_since_start NAME: three times.
inspected_since_start() {
	[ "$(sed "0,\\|/$1/start|d" "$ENGINE/requests" | grep -c "/$1/json")" -ge 3 ]
}

@test "SIGTERM during a restore: no container was touched, and the database is as it was" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-web-1,shop-api-1
	watch_start
	stuck
	kill "$WATCH"
	watch_ends 143 10
	equals "$(asked)" ''
	equals "$(rows app)" 1
	lands failed slow.sql 1
}

@test "SIGTERM while a container takes its time to stop: it is not waited for" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-web-1,shop-api-1
	touch "$ENGINE/hang-stop-shop-api-1"
	watch_start
	deliver "$DUMP"
	wait_until 10 is_asked 'stop shop-web-1 stop shop-api-1'
	kill "$WATCH"
	watch_ends 143 8
	lands failed new.dump 1
	equals "$(asked)" 'stop shop-web-1 stop shop-api-1 start shop-api-1 start shop-web-1'
	equals "$(rows app)" 1
}

@test "SIGKILL with containers stopped: the next watcher starts them, before all else; also when the engine comes later" {
	shop
	export RESTORE_STOP_CONTAINERS=shop-web-1,shop-api-1
	touch "$ENGINE/hang-stop-shop-api-1"
	watch_start
	deliver "$DUMP"
	wait_until 20 is_asked 'stop shop-web-1 stop shop-api-1'
	watch_kill
	rm "$ENGINE/hang-stop-shop-api-1"
	wait_until 10 is_up 'other-api-1 other-web-1 shop-db-1'
	equals "$(owed | paste -sd' ')" 'shop-api-1 shop-web-1'
	# As after a reboot: the engine is up behind us, and what is configured now is none of its business.
	touch "$ENGINE/down"
	RESTORE_STOP_CONTAINERS='' watch_start
	said "container 'shop-api-1' cannot be started again"
	rm "$ENGINE/down"
	wait_until 30 nothing_owed
	equals "$(up)" 'other-api-1 other-web-1 shop-api-1 shop-db-1 shop-web-1'
	equals "$(rows app)" 1
	lands failed new.dump
}

@test "without a journal nothing is stopped: it does not even begin" {
	shop
	echo garbage >"$BATS_TEST_TMPDIR/state"
	RESTORE_STATE_FILE=$BATS_TEST_TMPDIR/state RESTORE_STOP_CONTAINERS=shop-web-1 exits 73 pgrestore watch
	says 'containers are to be stopped, and which must be in a journal'
	equals "$(asked)" ''
}

@test "SIGKILL at random moments: afterwards all run that ran, and the database is whole, the old or the new" {
	local n before how=(all alone)
	random_series
	shop
	before=$(up)
	export RESTORE_STOP_CONTAINERS=shop-web-1,shop-api-1
	watch_start
	began=$(date +%s%N)
	deliver "$DUMP" first.dump
	lands 'done' first.dump
	TOOK=$((($(date +%s%N) - began) / 1000000))
	for ((n = 0; n < $(rounds 50); n++)); do
		only source
		made app 1
		deliver "$DUMP" "n$n.dump"
		pause $((RANDOM % (TOOK * 11 / 10)))
		watch_kill "${how[RANDOM % 2]}"
		watch_start
		wait_until 40 nothing_owed
		wait_until 40 landed_somewhere "n$n.dump"
		equals "$(up)" "$before"
		case $(rows app) in
		1) equals "$(befores)" '' ;;
		5) equals "$(rows "$(befores)")" 1 ;;
		*) rows app; return 1 ;;
		esac
	done
}

landed_somewhere() {
	[ -e "$BOX/done/$1" ] || [ -e "$BOX/failed/$1" ]
}
