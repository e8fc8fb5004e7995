# waitdb: what it waits for, how it ends, and that a command takes its place.
# shellcheck disable=SC2016,SC2030,SC2031,SC2094 # each test is a subshell; $ is for sh

load ../lib/base
load ../lib/background
bats_require_minimum_version 1.5.0

setup_file() {
	export BATS_TEST_TIMEOUT=$((SOAK ? 900 : 90))
	use_applets
	export PG=$BATS_FILE_TMPDIR/pg STANDBY=$BATS_FILE_TMPDIR/standby LATE=$BATS_FILE_TMPDIR/late
	server_make "$PG"
	echo 'local replication all trust' >>"$PG/data/pg_hba.conf"
	server_start "$PG"
	server_sql "$PG" postgres "create role app login password 'secret'" "create role stranger login" \
		"create database app" "create database other"
	server_sql "$PG" app "create table users (id int)" "insert into users values (1), (2)" \
		"create schema shop" 'create table shop."Orders" ()' "create view seen as select 1"
	server_sql "$PG" other "create table thing ()"
	server_make "$LATE"
	URL=$(server_url "$PG" app)
	export URL
}

teardown_file() {
	server_stop "$STANDBY"
	server_stop "$LATE"
	server_stop "$PG"
}

teardown() {
	local pid
	touch "$BATS_TEST_TMPDIR/gate" "$BATS_TEST_TMPDIR/started"
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# holds CHECK and fails CHECK, for $URL.
holds() {
	run -0 waitdb "$URL" --for "$1"
}

fails() {
	run -124 waitdb "$URL" --timeout 200ms --for "$1"
	[[ $output == *"gave up waiting for ${1%%=*}"* ]]
}

refused_url() {
	echo "postgres://postgres@127.0.0.1:$(free_port)/postgres"
}

# A listener that never says a word; sets $PORT.
silent_listener() {
	PORT=$(free_port)
	python3 -c 'import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))): time.sleep(80)' "$PORT" 3>&- &
	echo $! >>"$BATS_TEST_TMPDIR/started"
	wait_until 10 listening "$PORT"
}

listening() {
	(exec 8<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Starts $LATE so that it is `starting up` until $BATS_TEST_TMPDIR/gate appears.
start_recovering() {
	chmod 755 "$BATS_TEST_TMPDIR"
	"${UNPRIVILEGED[@]}" touch "$LATE/data/recovery.signal"
	server_launch "$LATE" -c "restore_command=until test -e $BATS_TEST_TMPDIR/gate; do sleep 0.02; done; false"
}

late_url() {
	server_url "$LATE"
}

# --- ready, and the ends of waiting ---

@test "without a check it waits for a login and an answered query" {
	in_background waitdb "$(late_url)"
	says "connection refused"
	server_start "$LATE"
	ends 0
	[[ $(tail -n 1 "$LOG") == *": ready" ]]
	server_stop "$LATE"
	run -0 --separate-stderr waitdb "$URL"
	[ -z "$output" ]
}

@test "refused, starting up and ready are one line each" {
	in_background waitdb "$(late_url)"
	says "connection refused"
	start_recovering
	says "starting up"
	touch "$BATS_TEST_TMPDIR/gate"
	ends 0
	[ "$(wc -l <"$LOG")" -eq 3 ]
	server_stop "$LATE"
}

@test "a role at its connection limit is waited for" {
	server_sql "$PG" postgres "create role one login connection limit 1"
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$PG_BIN/psql" -X -q "$(server_url "$PG" app one)" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	local session=$!
	exec 9>"$BATS_TEST_TMPDIR/in"
	printf '%s\n' '\echo in' >&9
	wait_until 10 grep -q in "$BATS_TEST_TMPDIR/out"
	in_background waitdb "$(server_url "$PG" app one)"
	says "too many connections"
	exec 9>&-
	wait "$session"
	ends 0
}

@test "the deadline is 124, in time, with the last reason" {
	local start
	start=$(now_ms)
	run -124 waitdb --timeout 400ms "$(refused_url)"
	[[ ${lines[-1],,} == *"gave up waiting for ready: connection refused"* ]]
	[ $(($(now_ms) - start)) -ge 400 ]
	[ $(($(now_ms) - start)) -lt 1400 ]
}

@test "the deadline holds with a server that accepts and says nothing" {
	local start
	silent_listener
	start=$(now_ms)
	run -124 waitdb --timeout 400ms "postgres://postgres@127.0.0.1:$PORT/postgres"
	[[ $output == *"no answer in time"* ]]
	[ $(($(now_ms) - start)) -lt 1400 ]
	run -124 waitdb --timeout 400ms --for "http=http://127.0.0.1:$PORT/"
	run -124 waitdb --timeout 400ms --for "redis=127.0.0.1:$PORT"
	[ $(($(now_ms) - start)) -lt 4200 ]
}

@test "the deadline names the check that did not come true" {
	run -124 waitdb "$URL" --timeout 300ms --for ready --for table=nowhere.x
	[[ $output == *": ready"* ]]
	[[ ${lines[-1]} == *"table=nowhere.x: there is no such table"* ]]
	WAITDB_TIMEOUT=200ms run -124 waitdb "$(refused_url)"
}

@test "-q leaves only the error, -v says each try" {
	run -124 waitdb -q --timeout 300ms "$(refused_url)"
	[ "${#lines[@]}" -eq 1 ]
	run -0 waitdb -q "$URL"
	[ -z "$output" ]
	run -124 waitdb -v --timeout 300ms "$(refused_url)"
	[ "${#lines[@]}" -gt 5 ]
}

@test "a wrong password ends with 77 after the grace, and knocks once a second" {
	local start before
	before=$(grep -c 'password authentication failed' "$PG/log" || true)
	start=$(now_ms)
	run -77 waitdb --auth-grace 2s "$(server_url "$PG" app app:wrong)"
	[ $(($(now_ms) - start)) -ge 2000 ]
	[ $(($(now_ms) - start)) -lt 4000 ]
	[[ $output == *"password authentication failed"* ]]
	[ $(($(grep -c 'password authentication failed' "$PG/log") - before)) -le 4 ]
	[ "${#lines[@]}" -eq 2 ]
}

@test "no password where one is needed ends with 77" {
	run -77 waitdb --auth-grace 0 "$(server_url "$PG" app app)"
	[[ $output == *"password"* ]]
}

@test "a missing database ends with 69, a missing role with 77, after the grace" {
	run -69 waitdb --auth-grace 300ms "$(server_url "$PG" nowhere)"
	[[ $output == *'database "nowhere" does not exist'* ]]
	run -77 waitdb --auth-grace 300ms "$(server_url "$PG" app norole)"
	[[ $output == *'role "norole" does not exist'* ]]
	WAITDB_AUTH_GRACE=0 run -69 waitdb "$(server_url "$PG" nowhere)"
}

@test "a role and a database that appear within the grace are waited for" {
	in_background waitdb "$(server_url "$PG" soon soon)"
	says 'role "soon" does not exist'
	server_sql "$PG" postgres "create role soon login"
	says 'database "soon" does not exist'
	server_sql "$PG" postgres "create database soon"
	ends 0
}

@test "the grace begins anew when the reason went away in between" {
	local start
	server_sql "$PG" postgres "create role flaky login password 'x'" "create database flaky"
	server_sql "$PG" flaky "revoke connect on database flaky from public"
	start=$(now_ms)
	in_background waitdb --auth-grace 2s --for table=later "$(server_url "$PG" flaky flaky)"
	says "permission denied for database"
	server_sql "$PG" postgres "grant connect on database flaky to public"
	says "there is no such table"
	server_sql "$PG" postgres "revoke connect on database flaky from public" \
		"select pg_terminate_backend(pid) from pg_stat_activity where usename = 'flaky'" >/dev/null
	start=$(now_ms)
	ends 77
	[ $(($(now_ms) - start)) -ge 1900 ]
}

@test "--once has the codes of pg_isready" {
	run -0 waitdb --once "$URL"
	run -1 waitdb --once "$(server_url "$PG" app app:wrong)"
	run -1 waitdb --once "$(server_url "$PG" nowhere)"
	run -1 waitdb --once "$URL" --for table=nowhere.x
	run -2 waitdb --once "$(refused_url)"
	run -3 waitdb --once
	run -3 waitdb --once mysql://root@127.0.0.1/db
	silent_listener
	run -2 waitdb --once --timeout 300ms "postgres://postgres@127.0.0.1:$PORT/postgres"
	start_recovering
	wait_until 10 listening "$(cat "$LATE/port")"
	run -1 waitdb --once "$(late_url)"
	touch "$BATS_TEST_TMPDIR/gate"
	waitdb "$(late_url)"
	server_stop "$LATE"
}

@test "--once tries a CMD only when it is ready" {
	run -0 waitdb --once "$URL" -- echo started
	[ "${lines[-1]}" = started ]
	run -2 waitdb --once "$(refused_url)" -- echo started
	[[ $output != *started* ]]
}

@test "a wrong call is 64, a wrong variable 78, each one line" {
	run -64 waitdb --nonsense
	[ "${#lines[@]}" -eq 1 ]
	local check
	for check in nonsense =x table table= table=s. rows= 'rows=t>=x' 'rows=t>=' query extension 'extension=>=1' \
		ready=yes tcp http redis file=; do
		run -64 waitdb "$URL" --for "$check"
		[ "${#lines[@]}" -eq 1 ]
	done
	run -64 waitdb --timeout 1parsec "$URL"
	run -64 waitdb --timeout -1s "$URL"
	run -64 waitdb "$URL" --
	run -78 waitdb
	WAITDB_TIMEOUT=never run -78 waitdb "$URL"
	[[ $output == *WAITDB_TIMEOUT* ]]
}

# --- the checks ---

@test "writable: not where transactions are read-only by default" {
	holds writable
	URL=$(server_url "$PG" other)
	server_sql "$PG" postgres "alter database other set default_transaction_read_only = on"
	fails writable
	[[ $output == *default_transaction_read_only* ]]
	server_sql "$PG" postgres "alter database other reset default_transaction_read_only"
	holds writable
}

@test "standby: holds on a real one, which is ready and not writable until it is promoted" {
	fails standby
	mkdir "$STANDBY"
	[ "$(id -u)" != 0 ] || chown nobody "$STANDBY"
	"${UNPRIVILEGED[@]}" "$PG_BIN/pg_basebackup" -h "$PG" -p "$(cat "$PG/port")" -U postgres -D "$STANDBY/data" \
		-R -c fast --no-sync
	echo "unix_socket_directories = '$STANDBY'" >>"$STANDBY/data/postgresql.conf"
	free_port >"$STANDBY/port"
	server_launch "$STANDBY"
	URL=$(server_url "$STANDBY" app)
	holds standby
	holds ready
	holds table=users
	fails writable
	[[ $output == *recovery* ]]
	in_background waitdb "$URL" --for writable
	says recovery
	"${UNPRIVILEGED[@]}" "$PG_BIN/pg_ctl" -s -W -D "$STANDBY/data" promote
	ends 0
	fails standby
	server_stop "$STANDBY"
}

@test "table: by the search_path, by its schema, literally, views too" {
	holds table=users
	holds table=public.users
	holds table=seen
	holds table=shop.Orders
	holds table=pg_catalog.pg_class
	fails table=Users
	fails table=Orders
	fails table=shop.orders
	fails table=nowhere.users
	fails "table=users;"
	[[ $output == *"there is no such table"* && $output != *"but there is"* ]]
	PGOPTIONS='-c search_path=shop' run -0 waitdb "$URL" --for table=Orders
	PGOPTIONS='-c search_path=shop' run -124 waitdb "$URL" --timeout 200ms --for table=users
}

@test "a table that is not there names the one that is meant: other case, or another schema" {
	fails table=Users
	[[ $output == *"there is no such table, but there is 'public.users'"* ]]
	fails rows=public.USERS
	[[ $output == *"'public.users'"* ]]
	fails 'rows=orders>0'
	[[ $output == *"'shop.Orders'"* ]]
	fails table=Shop.Orders
	[[ $output == *"'shop.Orders'"* ]]
	run -1 healthz --url "$URL" table=Users
	[[ $output == *"'public.users'"* ]]
	run -0 isempty --table Users "$URL"
	[[ $output == *"warning"*"'public.users'"* ]]
}

@test "table: waits for a table that is made, not for one that is not committed" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$PG_BIN/psql" -X -q "$URL" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	local session=$!
	exec 9>"$BATS_TEST_TMPDIR/in"
	printf '%s\n' 'begin; create table slowly ();' '\echo made' >&9
	wait_until 10 grep -q made "$BATS_TEST_TMPDIR/out"
	fails table=slowly
	in_background waitdb "$URL" --for table=slowly
	says "there is no such table"
	echo 'commit;' >&9
	ends 0
	exec 9>&-
	wait "$session"
}

@test "table: a role without any right sees it, and rows says that it may not read" {
	server_sql "$PG" app "create schema closed" "revoke all on schema closed from public" \
		"create table closed.t (id int)" "revoke all on closed.t from public"
	URL=$(server_url "$PG" app stranger)
	holds table=closed.t
	run -77 waitdb "$URL" --auth-grace 100ms --for rows=closed.t
	[[ $output == *"permission denied"* ]]
}

@test "rows: at least one, or as many as asked for" {
	holds rows=users
	holds 'rows=users>=2'
	holds 'rows=public.users>=0'
	fails 'rows=users>=3'
	[[ $output == *"2 of 3 rows"* ]]
	fails rows=shop.Orders
	fails rows=nowhere.x
	holds 'rows=users>1'
	holds 'rows=users = 2'
	holds 'rows=public.users<=2'
	holds 'rows=shop.Orders<1'
	holds 'rows="shop"."Orders"=0'
	fails 'rows=users>2'
	fails 'rows=users<2'
	fails 'rows=users=1'
	in_background waitdb "$(server_url "$PG" other)" --for rows=thing
	says "0 of 1 row"
	server_sql "$PG" other "insert into thing default values"
	ends 0
}

@test "query: true, non-zero or non-empty holds; false, zero, null, empty and no row do not" {
	local sql
	for sql in "select true" "select 3" "select -0.5" "select 'x'" "select count(*) = 2 from users" "values (1), (0)" \
		"select 'f '" "table seen"; do
		holds "query=$sql"
	done
	for sql in "select false" "select 0" "select 0.0" "select null" "select ''" "select 1 where false"; do
		fails "query=$sql"
	done
}

@test "query: never writes, and a wrong one is waited on with the server's words" {
	fails "query=create table written () "
	[[ $output == *"read-only transaction"* ]]
	fails "query=with w as (insert into users values (3) returning id) select * from w"
	fails "query=commit; create table written ()"
	fails "query=selekt"
	[[ $output == *'syntax error'* ]]
	[ -z "$(server_sql "$PG" app "select 1 from pg_class where relname = 'written'")" ]
	holds 'query=select count(*) = 2 from users'
}

@test "query: sees the user's search_path; pgbox's own statements do not" {
	holds "query=select current_setting('search_path') like '%public%'"
	holds "query=select application_name = 'waitdb' from pg_stat_activity where pid = pg_backend_pid()"
}

@test "extension: installed, at a version, shipped, not shipped" {
	server_sql "$PG" app "create extension hstore version '1.4'"
	holds extension=hstore
	holds 'extension=hstore>=1.4'
	holds 'extension=hstore>=1.3.9'
	fails 'extension=hstore>=1.10'
	[[ $output == *"version 1.4 is installed"* ]]
	fails extension=pg_trgm
	[[ $output == *"not installed; the server ships "*'CREATE EXTENSION "pg_trgm"'* ]]
	run -69 waitdb "$URL" --auth-grace 100ms --for extension=nosuch
	[[ $output == *"does not ship it"* ]]
}

@test "seeded: by name, and any" {
	URL=$(server_url "$PG" other)
	fails seeded
	seedonce --mark --name base "$URL"
	holds seeded
	holds seeded=base
	fails seeded=demo
	seedonce --reset --name base "$URL"
	fails seeded
}

@test "tcp: somebody listens, no database needed" {
	run -0 waitdb --for "tcp=127.0.0.1:$(cat "$PG/port")"
	run -124 waitdb --timeout 200ms --for "tcp=127.0.0.1:$(free_port)"
	[[ ${output,,} == *"connection refused"* ]]
	silent_listener
	run -0 waitdb --for "tcp=127.0.0.1:$PORT"
}

@test "http: 2xx and 3xx, or the codes that are listed" {
	local port
	port=$(free_port)
	python3 -c 'import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
	def do_GET(self):
		self.send_response(int(self.path[1:4])); self.send_header("Location", "/500"); self.end_headers()
	def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()' "$port" 3>&- &
	echo $! >>"$BATS_TEST_TMPDIR/started"
	local url=http://127.0.0.1:$port
	run -0 waitdb --for "http=$url/200"
	run -0 waitdb --for "http=$url/204?page=1"
	run -0 waitdb --for "http=$url/302"
	run -124 waitdb --timeout 200ms --for "http=$url/404"
	[[ $output == *"answered 404"* ]]
	run -0 waitdb --for "http=$url/404=404"
	run -0 waitdb --for "http=$url/401=200,401"
	run -124 waitdb --timeout 200ms --for "http=$url/200=404,503"
	run -124 waitdb --timeout 200ms --for "http=http://127.0.0.1:$(free_port)/"
	in_background waitdb --for "http=http://user:hushhush@127.0.0.1:$port/503"
	says "answered 503"
	! grep -q hushhush "$LOG" "/proc/$JOB/cmdline" || false
}

@test "redis: a real one answers PONG, with and without a password" {
	local port closed
	port=$(free_port)
	closed=$(free_port)
	in_background redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$BATS_TEST_TMPDIR"
	run -0 waitdb --for "redis=127.0.0.1:$port"
	run -0 waitdb --for "redis=redis://127.0.0.1:$port/0"
	run -124 waitdb --timeout 300ms --for "redis=127.0.0.1:$(free_port)"
	in_background redis-server --port "$closed" --bind 127.0.0.1 --save '' --dir "$BATS_TEST_TMPDIR" --requirepass 'p@ss w/o#rd'
	run -0 waitdb --for "tcp=127.0.0.1:$closed"
	run -124 waitdb --timeout 300ms --for "redis=127.0.0.1:$closed"
	[[ $output == *NOAUTH* ]]
	run -0 waitdb --for "redis=redis://:p%40ss%20w%2Fo%23rd@127.0.0.1:$closed"
	run -0 waitdb --for "redis=redis://default:p%40ss%20w%2Fo%23rd@127.0.0.1:$closed/1"
	[[ $output != *p%40ss* ]]
	run -124 waitdb --timeout 300ms --for "redis=redis://:wrongone@127.0.0.1:$closed"
	[[ $output == *WRONGPASS* ]]
	[[ $output != *wrongone* ]]
	run -124 waitdb --timeout 300ms --for "redis=127.0.0.1:$(cat "$PG/port")"
}

@test "file: exists" {
	run -124 waitdb --timeout 100ms --for "file=$BATS_TEST_TMPDIR/flag"
	in_background waitdb --for "file=$BATS_TEST_TMPDIR/flag"
	says "waiting for file="
	touch "$BATS_TEST_TMPDIR/flag"
	ends 0
}

# --- several ---

@test "several URLs are all waited for" {
	in_background waitdb "$URL" "$(late_url)"
	says "connection refused"
	server_start "$LATE"
	ends 0
	[ "$(grep -c ': ready$' "$LOG")" -eq 2 ]
	server_stop "$LATE"
	run -124 waitdb --timeout 200ms "$URL" "$(refused_url)"
}

@test "a check after several URLs is asked of each" {
	run -0 waitdb "$URL" "$(server_url "$PG" other)" --for ready --for query='select 1'
	[ "$(grep -c 'ready$' <<<"$output")" -eq 2 ]
	run -124 waitdb --timeout 200ms "$URL" "$(server_url "$PG" other)" --for table=users
}

@test "--url applies to the checks after it" {
	local other
	other=$(server_url "$PG" other)
	run -0 waitdb --url "$URL" --for table=users --url "$other" --for table=thing
	run -124 waitdb --timeout 200ms --url "$other" --for table=users --url "$URL" --for table=thing
	DATABASE_URL=$URL run -0 waitdb --for table=users --url "$other" --for table=thing
	run -0 waitdb "$URL" --for table=users --url "$other"
	[[ ${lines[-1]} == *"/other: ready" ]]
}

@test "checks come from WAITDB_FOR, and the command line's are used in its place" {
	WAITDB_FOR=table=users run -0 waitdb "$URL"
	[[ $output == *"table=users"* ]]
	WAITDB_FOR=table=nowhere.x run -124 waitdb --timeout 200ms "$URL"
}

@test "--any is content with one" {
	run -0 waitdb --any "$(refused_url)" "$URL"
	run -0 waitdb "$URL" --any --for table=nowhere.x --for table=users
	run -124 waitdb --timeout 300ms --any "$(refused_url)" "$(refused_url)"
	in_background waitdb --any "$(refused_url)" "$(server_url "$PG" nowhere)" --for "file=$BATS_TEST_TMPDIR/flag"
	says "connection refused"
	touch "$BATS_TEST_TMPDIR/flag"
	ends 0
}

@test "--any: a final no of one does not stop the others" {
	in_background waitdb --auth-grace 0 --any "$(server_url "$PG" nowhere)" "$(late_url)"
	says "does not exist"
	server_start "$LATE"
	ends 0
	server_stop "$LATE"
}

@test "--any leaves no process behind, neither at its end nor beside CMD" {
	run -0 waitdb --any --timeout 3s "$(refused_url)" "$URL" -- sh -c 'read -r children </proc/$$/task/$$/children; echo "children: $children"'
	[ "${lines[-1]}" = "children: " ]
	in_background waitdb --any "$(refused_url)" "$(refused_url)"
	says "connection refused"
	local children
	children=$(pgrep -P "$JOB")
	[ "$(wc -w <<<"$children")" -eq 2 ]
	kill -TERM "$JOB"
	ends 143
	local child
	for child in $children; do
		wait_until 5 pid_gone "$child"
	done
}

# --- creating ---

@test "--create-db makes the missing database, whatever its name" {
	run -0 waitdb --create-db "$(server_url "$PG" made)"
	run -0 waitdb --create-db "$(server_url "$PG" made)"
	run -0 waitdb --create-db "$(server_url "$PG" '%22we%20ird%22-db')"
	[ "$(server_sql "$PG" postgres "select count(*) from pg_database where datname in ('made', '\"we ird\"-db')")" = 2 ]
}

@test "--create-db by ten at once" {
	local i pids=()
	for i in {1..10}; do
		waitdb --create-db "$(server_url "$PG" crowd)" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
}

@test "--create-db without the right to is 77 after the grace" {
	run -77 waitdb --create-db --auth-grace 300ms "$(server_url "$PG" notmine stranger)"
	[[ $output == *"permission denied to create database"* ]]
}

@test "--create-db makes an SQLite file; without it a missing one is never made" {
	local file=$BATS_TEST_TMPDIR/app.db
	run -69 waitdb --auth-grace 200ms "sqlite:$file"
	run -69 waitdb --auth-grace 0 "sqlite:$file" --for table=users
	run -1 waitdb --once "sqlite:$file"
	[ ! -e "$file" ]
	run -0 waitdb --create-db "sqlite:$file"
	[ -f "$file" ]
	run -0 waitdb "sqlite:$file"
	run -73 waitdb --create-db --auth-grace 0 "sqlite:$BATS_TEST_TMPDIR/no/such/dir.db"
}

# --- the command ---

@test "CMD keeps the pid" {
	in_background waitdb -q "$URL" -- sh -c 'echo $$'
	ends 0
	[ "$(cat "$LOG")" = "$JOB" ]
}

@test "CMD keeps stdin, to the last byte" {
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	waitdb "$URL" -- cat <"$BATS_TEST_TMPDIR/bytes" | cmp - "$BATS_TEST_TMPDIR/bytes"
}

@test "CMD keeps its arguments" {
	waitdb -q "$URL" -- printf '%s|' '$x' 'a  b' $'two\nlines' '' '*' '--' '--for' $'\xff"'\'\\ >"$BATS_TEST_TMPDIR/out"
	printf '%s|' '$x' 'a  b' $'two\nlines' '' '*' '--' '--for' $'\xff"'\'\\ | cmp - "$BATS_TEST_TMPDIR/out"
}

@test "CMD's status is the status" {
	run -0 waitdb "$URL" -- true
	run -42 waitdb "$URL" -- sh -c 'exit 42'
	run -143 waitdb "$URL" -- sh -c 'kill -TERM $$'
	run -137 waitdb "$URL" -- sh -c 'kill -KILL $$'
	run -127 waitdb "$URL" -- /no/such/command
	run -127 waitdb "$URL" -- no-such-command
	run -126 waitdb "$URL" -- /etc/hostname
}

@test "CMD gets signals, with the actions that waitdb was started with" {
	in_background waitdb "$URL" -- sh -c 'trap "echo got TERM; exit 9" TERM; echo up; while :; do sleep 0.02; done'
	says up
	kill -TERM "$JOB"
	ends 9
	grep -q 'got TERM' "$LOG"
	grep -E '^Sig(Blk|Ign)' /proc/self/status >"$BATS_TEST_TMPDIR/before"
	waitdb -q "$URL" -- grep -E '^Sig(Blk|Ign)' /proc/self/status | cmp - "$BATS_TEST_TMPDIR/before"
	(
		trap '' HUP USR1 PIPE ALRM
		grep -E '^Sig(Blk|Ign)' /proc/self/status >"$BATS_TEST_TMPDIR/before"
		waitdb -q "$URL" -- grep -E '^Sig(Blk|Ign)' /proc/self/status | cmp - "$BATS_TEST_TMPDIR/before"
	)
}

@test "CMD's own time is not limited by the deadline" {
	run -0 waitdb --timeout 300ms "$URL" -- sh -c 'sleep 0.9; echo alive'
	[ "${lines[-1]}" = alive ]
}

@test "CMD gets the environment as it was, and no descriptor of ours" {
	export DATABASE_URL=$URL PGUSER=postgres PGPASSWORD=kept PGHOST=kept POSTGRES_DB=kept
	env | grep -v '^_=' | sort >"$BATS_TEST_TMPDIR/before"
	waitdb -q -- env | grep -v '^_=' | sort | cmp - "$BATS_TEST_TMPDIR/before"
	sh -c 'ls /proc/$$/fd; :' | wc -l >"$BATS_TEST_TMPDIR/before"
	waitdb -q -- sh -c 'ls /proc/$$/fd; :' | wc -l | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "CMD does not run when the database is not there" {
	run -124 waitdb --timeout 100ms "$(refused_url)" -- touch "$BATS_TEST_TMPDIR/ran"
	run -69 waitdb --auth-grace 0 "$(server_url "$PG" nowhere)" -- touch "$BATS_TEST_TMPDIR/ran"
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "waitdb without a URL waits for nothing but its checks, then runs CMD" {
	run -0 waitdb --for file=/ -- echo on
	[ "${lines[-1]}" = on ]
}

# --- signals ---

# A waitdb that is PID 1 of a pid namespace; its pid outside in $INIT.
as_init() {
	unshare --fork --pid --mount-proc true 2>/dev/null || skip "needs pid namespaces"
	in_background env --default-signal=INT unshare --fork --pid --mount-proc "$BATS_FILE_TMPDIR/bin/waitdb" "$@"
	says "waiting for"
	INIT=$(pgrep -P "$JOB" -x waitdb)
	grep -q $'^NSpid:.*\t1$' "/proc/$INIT/status"
}

# stops SIGNAL STATUS: $INIT ends by it, at once.
stops() {
	local start
	start=$(now_ms)
	kill "-$1" "$INIT"
	ends "$2"
	[ $(($(now_ms) - start)) -lt 500 ]
}

@test "as PID 1 it stops on SIGTERM at once with 143, on SIGINT with 130" {
	as_init "$(refused_url)"
	stops TERM 143
	as_init "$(refused_url)"
	stops INT 130
}

@test "as PID 1 with --any it stops at once while a server is silent" {
	silent_listener
	as_init --any "$(refused_url)" "postgres://postgres@127.0.0.1:$PORT/postgres"
	stops TERM 143
}

@test "as PID 1 it stops at once during a pause after a refused login" {
	as_init "$(server_url "$PG" app app:wrong)"
	stops TERM 143
}

@test "as PID 1 its CMD is PID 1" {
	unshare --fork --pid --mount-proc true 2>/dev/null || skip "needs pid namespaces"
	run -0 unshare --fork --pid --mount-proc "$BATS_FILE_TMPDIR/bin/waitdb" -q "$URL" -- sh -c 'echo $$'
	[ "$output" = 1 ]
}

@test "elsewhere SIGTERM, SIGINT and SIGHUP end it with 128 + n" {
	local signal
	for signal in 15:TERM 2:INT 1:HUP; do
		in_background env --default-signal=INT "$BATS_FILE_TMPDIR/bin/waitdb" "$(refused_url)"
		says "connection refused"
		kill "-${signal#*:}" "$JOB"
		ends $((128 + ${signal%:*}))
	done
}

# --- the official image's first boot ---

# first_boot: what docker-library/postgres' entrypoint does, with pauses of random
# length; $STATE says `init` until the real server is started.
first_boot() {
	echo init >"$STATE"
	rm -rf "$LATE/data"
	"${UNPRIVILEGED[@]}" cp -a "$BATS_RUN_TMPDIR/cluster" "$LATE/data"
	printf '%s\n' "fsync = off" "unix_socket_directories = '$LATE'" "listen_addresses = '*'" >>"$LATE/data/postgresql.conf"
	sleep "0.0$((RANDOM % 10))"
	server_launch "$LATE" -c listen_addresses=''
	wait_until 30 "$PG_BIN/pg_isready" -q -h "$LATE" -p "$(cat "$LATE/port")"
	server_sql "$LATE" postgres "create database app"
	wait_until 10 grep -qE 'initialising|does not exist' "$LOG"
	sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
	server_sql "$LATE" app "create table users (id int)" "insert into users values (1)"
	sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
	"${UNPRIVILEGED[@]}" "$PG_BIN/pg_ctl" -s -w -D "$LATE/data" -m fast stop
	sleep "0.0$((RANDOM % 10))"
	echo real >"$STATE"
	server_launch "$LATE"
}

@test "the official image's first boot: never ready early through the socket" {
	local i database rounds=5
	[ -z "${SOAK:-}" ] || rounds=50
	SEED=${SEED:-$RANDOM}
	RANDOM=$SEED
	echo "# seed $SEED" >&3
	STATE=$BATS_TEST_TMPDIR/state
	server_stop "$LATE"
	for ((i = 0; i < rounds; i++)); do
		echo init >"$STATE"
		database=$([ $((i % 2)) = 0 ] && echo postgres || echo app)
		in_background waitdb -v "postgres://postgres@/$database?host=$LATE&port=$(cat "$LATE/port")" -- cat "$STATE"
		first_boot
		ends 0
		[ "$(tail -n 1 "$LOG")" = real ]
		server_stop "$LATE"
	done
}

@test "no check about a database holds on the image's temporary server" {
	local check
	server_stop "$LATE"
	server_launch "$LATE" -c listen_addresses=''
	wait_until 30 "$PG_BIN/pg_isready" -q -h "$LATE" -p "$(cat "$LATE/port")"
	for check in ready writable table=pg_class 'query=select 1' extension=plpgsql; do
		run -1 waitdb --once --for "$check" "postgres://postgres@/postgres?host=$LATE&port=$(cat "$LATE/port")"
		[[ $output == *"still initialising"* ]]
	done
	server_stop "$LATE"
}

# --- names ---

# A name server for one name: nothing, a wrong address or the right one, as the file
# says.
name_server() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 53))
while True:
	q, who = s.recvfrom(512)
	end = 12
	while q[end]: end += q[end] + 1
	name = q[12:end + 1]; kind = q[end + 2]; state = open(sys.argv[2]).read().strip()
	found = state != "none"
	answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(state) if found and kind == 1 else b""
	head = q[:2] + (b"\x81\x80" if found else b"\x81\x83") + b"\0\1\0" + (b"\1" if answer else b"\0") + b"\0\0\0\0"
	s.sendto(head + name + q[end + 1:end + 5] + answer, who)' "$1" "$2" 3>&- &
	echo $! >>"$BATS_TEST_TMPDIR/started"
}

@test "a name that does not resolve yet, or moves, is resolved anew" {
	local address=127.53.$((RANDOM % 250)).1 state=$BATS_TEST_TMPDIR/state
	[ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null || skip "needs root and mount namespaces"
	echo none >"$state"
	name_server "$address" "$state"
	echo "nameserver $address" >"$BATS_TEST_TMPDIR/resolv.conf"
	in_background unshare --mount sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' "$BATS_TEST_TMPDIR/resolv.conf" \
		waitdb "postgres://postgres@database.test:$(cat "$PG/port")/app"
	says "waiting for"
	run ! grep -qi refused "$LOG"
	echo 127.53.0.99 >"$state"
	says "connection refused"
	echo 127.0.0.1 >"$state"
	ends 0
}

# --- SQLite ---

lite() {
	python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
	for sql in sys.argv[2:]: db.execute(sql)' "$@"
}

@test "SQLite: the checks of a database" {
	local file=$BATS_TEST_TMPDIR/app.db
	lite "$file" "create table Users (id int)" "insert into users values (1), (2)" "create view seen as select 1"
	URL=sqlite:$file
	holds ready
	holds writable
	holds table=users
	holds table=seen
	fails table=nothing
	holds 'rows=Users>=2'
	fails 'rows=Users>=3'
	holds 'query=select count(*) = 2 from users'
	fails 'query=select 0'
	fails 'query=insert into users values (3) returning 1'
	fails 'query=selekt'
	holds 'query=select count(*) = 2 from users'
	fails standby
	run -69 waitdb --auth-grace 0 "$URL" --for extension=postgis
	fails seeded
	seedonce --mark "$URL"
	holds seeded
}

@test "SQLite: a file that appears within the grace is waited for" {
	local file=$BATS_TEST_TMPDIR/app.db
	in_background waitdb "sqlite:$file" --for table=users
	says "No such file"
	lite "$file" "create table other (id int)"
	says "there is no such table"
	lite "$file" "create table users (id int)"
	ends 0
}

@test "SQLite: writable waits while another process writes" {
	local file=$BATS_TEST_TMPDIR/app.db
	mkfifo "$BATS_TEST_TMPDIR/hold"
	lite "$file" "create table users (id int)"
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute("begin immediate")
open(sys.argv[1] + ".held", "w").close(); open(sys.argv[2]).read()' "$file" "$BATS_TEST_TMPDIR/hold" 3>&- &
	local holder=$!
	wait_until 10 test -e "$file.held"
	run -0 waitdb "sqlite:$file"
	in_background waitdb "sqlite:$file" --for writable
	says "waiting for writable"
	: >"$BATS_TEST_TMPDIR/hold"
	wait "$holder"
	ends 0
}

@test "SQLite: a file that is no database is 65 at once, with the reason" {
	local file=$BATS_TEST_TMPDIR/text.db
	yes 'not a database' 2>/dev/null | head -c 8192 >"$file"
	run -65 waitdb "sqlite:$file"
	[[ $output == *"not a database"* ]]
}
