# Targets: where the database's name comes from, how it is read, and that its
# password is never shown.
# shellcheck disable=SC2016,SC2030,SC2031 # each test is a subshell; $ is for sh

load ../lib/base
load ../lib/background
bats_require_minimum_version 1.5.0

# The worst password, as it is and percent-encoded.
RAW='p@ss:w/o#rd%1'
CODED='p%40ss%3Aw%2Fo%23rd%251'

setup_file() {
	export BATS_TEST_TIMEOUT=90
	use_applets
	unset SSL_CERT_FILE SSL_CERT_DIR
	export PG=$BATS_FILE_TMPDIR/pg TLS=$BATS_FILE_TMPDIR/tls CA=$BATS_FILE_TMPDIR/ca
	export PGBOX_JOURNAL=$BATS_FILE_TMPDIR/journal.db
	export SEEDONCE_TIMEOUT=5s WAITDB_TIMEOUT=5s WAITDB_AUTH_GRACE=0
	export HOME=$BATS_FILE_TMPDIR/home
	mkdir "$HOME" "$CA"
	server_make "$PG" "unix_socket_directories = '$PG, /tmp'"
	server_start "$PG"
	server_sql "$PG" postgres "create role app login createdb password '$RAW'" "create database app owner app" \
		"grant create on database app to app" "create role plain login"
	make_certificates
	server_make "$TLS" "ssl = on" "ssl_cert_file = '$CA/server.crt'" "ssl_key_file = '$CA/server.key'"
	server_start "$TLS"
	P=$(cat "$PG/port")
	export P
}

teardown_file() {
	server_stop "$TLS"
	server_stop "$PG"
}

# A CA, and a certificate of it for db.test alone.
make_certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=pgbox test CA' \
		-keyout "$CA/ca.key" -out "$CA/ca.crt"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=db.test' \
		-keyout "$CA/server.key" -out "$CA/server.csr"
	printf 'subjectAltName=DNS:db.test\n' >"$CA/server.ext"
	openssl x509 -req -in "$CA/server.csr" -CA "$CA/ca.crt" -CAkey "$CA/ca.key" -CAcreateserial -days 2 \
		-extfile "$CA/server.ext" -out "$CA/server.crt"
	chmod 755 "$CA"
	chmod 600 "$CA/server.key"
	[ "$(id -u)" != 0 ] || chown nobody "$CA/server.key"
} 2>/dev/null

# What was just run said one thing, but for what is said of a restart.
one_message() {
	[ "$(grep -cv ': info: exit 78: a restart will not help' <<<"$output")" -eq 1 ]
}

setup() {
	: >"$BATS_TEST_TMPDIR/started"
}

teardown() {
	local pid
	touch "$BATS_TEST_TMPDIR/gate"
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

# --- secrecy ---

# Every piece of four characters of both forms of the password.
pieces() {
	local word i
	for word in "$RAW" "$CODED"; do
		for ((i = 0; i + 4 <= ${#word}; i++)); do
			echo "${word:i:4}"
		done
	done
}

# no_secret FILE...: none of the pieces is in any of the files.
no_secret() {
	if grep -aFl -f <(pieces) "$@"; then
		return 1
	fi
}

# What `run` or a job has printed holds none of them.
quiet_about_it() {
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/output"
	no_secret "$BATS_TEST_TMPDIR/output"
}

# The process and all below it, a pid a line.
family_of() {
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do
		family_of "$child"
	done
}

# family_quiet PID COUNT: at least COUNT processes, none with a piece in its command line.
family_quiet() {
	local pid n=0
	for pid in $(family_of "$1"); do
		tr '\0' '\n' <"/proc/$pid/cmdline" >"$BATS_TEST_TMPDIR/cmdline.$pid"
		n=$((n + 1))
	done
	[ "$n" -ge "$2" ]
	no_secret "$BATS_TEST_TMPDIR"/cmdline.*
}

# The two forms of the good URL; broken ones; each a line.
good_urls() {
	echo "postgres://app:$RAW@127.0.0.1:$P/app"
	echo "postgres://app:$CODED@127.0.0.1:$P/app"
	echo "postgresql+asyncpg://app:$RAW@127.0.0.1:$P/app?schema=public"
	echo "postgres://app:$CODED@127.0.0.1:$P/app?sslmode=disable&connection_limit=5"
	echo "host=127.0.0.1 port=$P user=app password='$RAW' dbname=app"
	echo "postgres://app@127.0.0.1:$P/app?password=$CODED"
}

# Each leads to a server or to nobody, and to no login.
bad_urls() {
	local port
	port=$(free_port)
	echo "postgres://app:$RAW@127.0.0.1:$port/app"
	echo "postgres://app:$CODED@127.0.0.1:$port/app"
	echo "postgres://app:$RAW@127.0.0.1:$P/nowhere"
	echo "postgres://app:$CODED@127.0.0.1:$P/nowhere"
	echo "postgres://app:x$RAW@127.0.0.1:$P/app"
	echo "postgres://app:x$CODED@127.0.0.1:$P/app"
	echo "postgres://app:${RAW}2@127.0.0.1:$P/app"
	echo "postgres://norole:$RAW@127.0.0.1:$P/app"
	echo "postgres://app:$RAW@127.0.0.1:$P/app?sslmode=require"
	echo "postgres://app:$RAW@127.0.0.1:$P/app?options=-c%20nonsense%3D1"
	echo "host=127.0.0.1 port=$P user=app password='x$RAW' dbname=app"
}

# Each cannot be read.
unreadable_urls() {
	echo "postgres://app:$RAW@127.0.0.1:notaport/app"
	echo "postgres://app:$CODED@127.0.0.1:notaport/app"
	echo "postgres://app:$RAW@127.0.0.1:99999/app"
	echo "postgres://app:$RAW@127.0.0.1 $P/app"
	echo "postgres://app:$CODED@127.0.0.1:$P/app?sslmode=nonsense"
	echo "host=127.0.0.1 port=$P user=app password='$RAW' dbname=app sslmode=nonsense"
	echo "postgres://app:$RAW"
	echo "postgres:app:$RAW@127.0.0.1:$P/app"
	echo "mysql://app:$RAW@127.0.0.1:$P/app"
	echo "app:$RAW@127.0.0.1:$P/app"
	echo "$RAW"
	echo "$CODED"
	echo "host=127.0.0.1 password=$RAW nonsense=1"
	echo "host=127.0.0.1 password='$RAW"
	echo "sqlite://$RAW@127.0.0.1/app"
	echo "//app:$RAW@127.0.0.1/app"
	echo "postgres//app:$RAW@127.0.0.1/app"
	echo "env:$RAW"
}

# each_applet STATUSES URL: waitdb, waitdb --once, isempty and seedonce exit with one of
# the statuses, without a word of the password, in both formats of messages.
each_applet() {
	local wanted=" $1 " url=$2 call
	echo 'select 1' >"$BATS_TEST_TMPDIR/seed.sql"
	for call in "waitdb -v" "waitdb -v --url" "isempty -v" "isempty -v --url" "seedonce -v --sql $BATS_TEST_TMPDIR/seed.sql" \
		"seedonce -v --sql $BATS_TEST_TMPDIR/seed.sql --url" "seedonce --status"; do
		# shellcheck disable=SC2086 # words
		run $call "$url"
		echo "$call: $status: $output"
		[[ $wanted == *" $status "* ]]
		quiet_about_it
	done
	PGBOX_LOG=json PLACE=$url run waitdb -v env:PLACE
	[[ "$wanted 78 " == *" $status "* ]]
	quiet_about_it
	DATABASE_URL=$url run isempty -v
	[[ "$wanted 78 " == *" $status "* ]]
	quiet_about_it
}

@test "the worst password works in every form of URL, through every applet, and is not shown" {
	local url
	isempty "$(server_url "$PG" app)"
	while read -r url; do
		echo "$url"
		each_applet "0" "$url"
	done < <(good_urls)
	[ "$(server_sql "$PG" app "select count(*) from pgbox.seed")" = 1 ]
	no_secret "$PGBOX_JOURNAL"*
	run journal
	[[ $output == *seedonce*"app@127.0.0.1:$P/app"* ]]
	quiet_about_it
	run journal --json
	quiet_about_it
	no_secret <("$PG_BIN/pg_dump" -h "$PG" -p "$P" -U postgres app)
}

@test "wrong URLs end in an error that shows nothing of the password" {
	local url
	export SEEDONCE_TIMEOUT=200ms WAITDB_TIMEOUT=200ms
	while read -r url; do
		echo "$url"
		each_applet "1 69 77 124" "$url"
	done < <(bad_urls)
	no_secret "$PGBOX_JOURNAL"*
}

@test "unreadable URLs end in an error that shows nothing of them" {
	local url
	while read -r url; do
		echo "$url"
		each_applet "64 78" "$url"
		one_message
	done < <(unreadable_urls)
}

@test "a password that is not percent-encoded gets one warning, an encoded one none" {
	run -0 waitdb "postgres://app:$RAW@127.0.0.1:$P/app"
	[ "$(grep -c 'warning: .*percent-encoded' <<<"$output")" -eq 1 ]
	run -0 waitdb "postgres://app:$CODED@127.0.0.1:$P/app"
	[[ $output != *warning* ]]
}

@test "the server's words are masked where they hold the password" {
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db
	server_sql "$PG" app "create function tell() returns int language plpgsql as 'begin raise using message = \$\$it is $RAW or $CODED\$\$; end'"
	run -124 waitdb --timeout 300ms "postgres://app:$CODED@127.0.0.1:$P/app" --for 'query=select tell()'
	[[ $output == *"it is *** or ***"* ]]
	quiet_about_it
	echo 'select tell();' >"$BATS_TEST_TMPDIR/seed.sql"
	run -1 seedonce --name tell --sql "$BATS_TEST_TMPDIR/seed.sql" "postgres://app:$CODED@127.0.0.1:$P/app"
	quiet_about_it
	run -1 seedonce --name tell2 --no-transaction --sql "$BATS_TEST_TMPDIR/seed.sql" "postgres://app:$CODED@127.0.0.1:$P/app"
	quiet_about_it
	no_secret "$PGBOX_JOURNAL"*
}

@test "while waitdb waits the password is in no command line" {
	local url port
	port=$(free_port)
	for url in "postgres://app:$RAW@127.0.0.1:$port/app" "postgres://app:$CODED@127.0.0.1:$port/app" \
		"host=127.0.0.1 port=$port user=app password='$RAW'"; do
		in_background waitdb "$url"
		says "connection refused"
		family_quiet "$JOB" 1
		kill "$JOB"
		ends 143
		in_background waitdb --any --url "$url" --for ready --url="$url" --for ready \
			--for "redis=redis://:$CODED@127.0.0.1:$port" --for="http=http://app:$CODED@127.0.0.1:$port/"
		says "connection refused"
		wait_until 5 family_quiet "$JOB" 5
		kill "$JOB"
		ends 143
		no_secret "$LOG"
	done
}

@test "behind pgbox's own name, too, it is in no command line" {
	in_background "$PGBOX" waitdb "postgres://app:$RAW@127.0.0.1:$(free_port)/app"
	says "connection refused"
	family_quiet "$JOB" 1
}

@test "while a seed command runs it is in no command line" {
	local url fifo=$BATS_TEST_TMPDIR/fifo round=0
	mkfifo "$fifo"
	for url in "postgres://app:$RAW@127.0.0.1:$P/app" "postgres://app:$CODED@127.0.0.1:$P/app"; do
		round=$((round + 1))
		in_background seedonce --name "command$round" "$url" -- sh -c 'echo begun; read -r line <"$0"; echo "$line"' "$fifo"
		says begun
		family_quiet "$JOB" 2
		echo over >"$fifo"
		ends 0
		grep -qx over "$LOG"
		no_secret "$LOG" "$PGBOX_JOURNAL"*
	done
}

@test "while an SQL seed runs it is in no command line" {
	local url round=0 option
	server_sql "$PG" app "create table gate (n int)" "grant select on gate to app"
	for option in --always --no-transaction; do
		for url in "postgres://app:$RAW@127.0.0.1:$P/app" "postgres://app:$CODED@127.0.0.1:$P/app"; do
			round=$((round + 1))
			echo "do \$\$ begin raise warning 'begun';
				while not exists (select from gate where n = $round) loop perform pg_sleep(0.02); end loop; end \$\$;" \
				>"$BATS_TEST_TMPDIR/seed.sql"
			in_background seedonce --name "sql$round" $option --sql "$BATS_TEST_TMPDIR/seed.sql" "$url"
			says begun
			family_quiet "$JOB" 2
			server_sql "$PG" app "insert into gate values ($round)"
			ends 0
			no_secret "$LOG" "$PGBOX_JOURNAL"*
		done
	done
}

# --- where the target comes from ---

# seen WORDS COMMAND...: it succeeds and names that target.
seen() {
	local words=$1
	shift
	run -0 "$@"
	[[ $output == *"$words: ready"* ]]
}

@test "no target is 78 and says what may be set" {
	run -78 waitdb
	[[ $output == *DATABASE_URL*PGHOST*POSTGRES_HOST* ]]
}

@test "the order is operand, DATABASE_URL, PG*, POSTGRES_*" {
	export POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$P POSTGRES_USER=app POSTGRES_PASSWORD=$RAW POSTGRES_DB=app
	seen "app@127.0.0.1:$P/app" waitdb
	export PGHOST=127.0.0.1 PGPORT=$P PGUSER=plain PGDATABASE=app
	seen "plain@127.0.0.1:$P/app" waitdb
	export DATABASE_URL=postgres://postgres@127.0.0.1:$P/app
	seen "postgres@127.0.0.1:$P/app" waitdb
	seen "postgres@127.0.0.1:$P/template1" waitdb "postgres://postgres@127.0.0.1:$P/template1"
	seen "postgres@127.0.0.1:$P/template1" waitdb --url "postgres://postgres@127.0.0.1:$P/template1"
}

@test "an empty DATABASE_URL is an error, not the next family" {
	export PGHOST=127.0.0.1 PGPORT=$P PGUSER=postgres
	DATABASE_URL='' run -78 waitdb
	[[ $output == *DATABASE_URL* ]]
	one_message
	run -64 waitdb ''
}

@test "the families do not mix" {
	PGPASSWORD=$RAW run -77 waitdb "postgres://app@127.0.0.1:$P/app"
	PGPASSWORD=$RAW DATABASE_URL=postgres://app@127.0.0.1:$P/app run -77 waitdb
	POSTGRES_PASSWORD=$RAW run -77 waitdb "postgres://app@127.0.0.1:$P/app"
	POSTGRES_PASSWORD=$RAW PGHOST=127.0.0.1 PGPORT=$P PGUSER=app run -77 waitdb
	PGPASSWORD=$RAW POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$P POSTGRES_USER=app run -77 waitdb
	PGPASSWORD=$RAW PGHOST=127.0.0.1 PGPORT=$P PGUSER=app run -0 waitdb
	POSTGRES_PASSWORD=$RAW POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$P POSTGRES_USER=app run -0 waitdb
}

@test "PGHOST, PGPORT, PGUSER and PGDATABASE fill no gap of a URL" {
	export PGHOST=192.0.2.1 PGHOSTADDR=192.0.2.1 PGPORT=1 PGDATABASE=nowhere PGUSER=norole PGSERVICE=none
	seen "plain@127.0.0.1:$P/app" waitdb "postgres://plain@127.0.0.1:$P/app"
	seen "plain@local:$P/app" waitdb "postgres://plain@:$P/app"
	seen "postgres@127.0.0.1:$P/postgres" waitdb "postgres://postgres@127.0.0.1:$P"
	run -64 waitdb "postgres://127.0.0.1:$P/app"
	run -124 waitdb --timeout 100ms "postgres://plain@127.0.0.1/app" --for ready
	[[ $output == *"plain@127.0.0.1:5432/app"* ]]
	unset PGSERVICE PGHOSTADDR PGDATABASE
	export POSTGRES_HOST=127.0.0.1 PGHOST=127.0.0.1 PGPORT=$P PGUSER=postgres POSTGRES_DB=nowhere POSTGRES_PORT=1
	seen "postgres@127.0.0.1:$P/postgres" waitdb
}

@test "PG*: no user is an error that names PGUSER, and the operating system's user is none" {
	PGHOST=127.0.0.1 PGPORT=$P run -78 waitdb
	[[ $output == *PGUSER* ]]
	USER=postgres LOGNAME=postgres PGHOST=127.0.0.1 PGPORT=$P run -78 waitdb
	run -64 waitdb "postgres://127.0.0.1:$P/app"
	[[ $output == *"no user"* ]]
	run -64 waitdb "host=127.0.0.1 port=$P dbname=app"
	[[ $output == *"user="* ]]
}

@test "PG*: the database is named as the user, a lone PGPASSWORD or PGPORT names none" {
	PGHOST=127.0.0.1 PGPORT=$P PGUSER=postgres seen "postgres@127.0.0.1:$P/postgres" waitdb
	PGPASSWORD=x PGPORT=$P run -78 waitdb
	[[ $output == *"no database given"* ]]
}

@test "PGSERVICE names a service of the service file" {
	printf '[mine]\nhost=127.0.0.1\nport=%s\nuser=plain\ndbname=app\n' "$P" >"$BATS_TEST_TMPDIR/services"
	PGSERVICE=mine PGSERVICEFILE=$BATS_TEST_TMPDIR/services seen "service=mine" waitdb
}

@test "a service is a target like any other: its host is waited for, its database made, backed up and masked" {
	export PGSERVICEFILE=$BATS_TEST_TMPDIR/services
	printf '[late]\nhost=%s\nport=%s\nuser=postgres\ndbname=fresh\npassword=hidden\n' "$PG" "$P" >"$PGSERVICEFILE"
	server_stop "$PG"
	waitdb --create-db --timeout 40s service=late >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	job=$!
	wait_until 10 grep -q 'waiting for ready' "$BATS_TEST_TMPDIR/log"
	server_start "$PG"
	wait $job
	server_sql "$PG" fresh 'create table t as select 1 a'
	PGSERVICE=late run -0 pgbackup run --dir "$BATS_TEST_TMPDIR/backups"
	[[ $output == *"service=late: "* ]]
	[ "$(env PGSERVICE=late psql -Atc 'select current_database()')" = fresh ]
	run -0 pgrestore "$BATS_TEST_TMPDIR/backups/fresh/latest" --replace service=late
	run -0 pgrestore undo service=late
	server_sql "$PG" postgres 'drop database fresh' "$(server_sql "$PG" postgres "select format('drop database %I', datname)
		from pg_database where datname ~ '^fresh_before'")"
}

@test "what is missing is named where a login fails for it" {
	run -77 waitdb "postgres://app@127.0.0.1:$P/app?passfile=/no/pass"
	[[ $output == *"/no/pass"* ]]
	run -0 waitdb "postgres://plain@127.0.0.1:$P/app?passfile=/no/pass"
	run -0 waitdb "$(tls db.test "sslmode=require&sslcert=/no/client.crt&sslkey=/no/client.key")"
	PGSSLCERT=/no/client.crt run -0 waitdb "$(tls db.test sslmode=require)"
}

@test "POSTGRES_*: user and database default as in the official image" {
	POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$P seen "postgres@127.0.0.1:$P/postgres" waitdb
	POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$P POSTGRES_USER=app POSTGRES_PASSWORD=$RAW seen "app@127.0.0.1:$P/app" waitdb
	POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$P POSTGRES_DB=app seen "postgres@127.0.0.1:$P/app" waitdb
	POSTGRES_PASSWORD=any POSTGRES_PORT=$P seen "postgres@local:$P/postgres" waitdb
}

@test "without a host: the socket in /tmp, else 127.0.0.1" {
	seen "plain@local:$P/app" waitdb "postgres://plain@/app?port=$P"
	seen "plain@local:$P/app" waitdb "postgres:///app?user=plain&port=$P"
	seen "plain@local:$P/app" waitdb "user=plain dbname=app port=$P"
	waitdb "user=plain dbname=app port=$P" --for 'query=select inet_server_addr() is null'
	local port
	port=$(cat "$TLS/port")
	waitdb "postgres://postgres@/postgres?port=$port" --for "query=select host(inet_server_addr()) = '127.0.0.1'"
}

@test "a socket directory stands in the host, encoded, or in host=" {
	waitdb "postgres://plain@${PG//\//%2F}:$P/app" --for 'query=select inet_server_addr() is null'
	waitdb "postgres://plain@/app?host=$PG&port=$P" --for 'query=select inet_server_addr() is null'
	waitdb "host=$PG port=$P user=plain dbname=app" --for 'query=select inet_server_addr() is null'
	PGHOST=$PG PGPORT=$P PGUSER=plain PGDATABASE=app waitdb --for 'query=select inet_server_addr() is null'
	POSTGRES_HOST=$PG POSTGRES_PORT=$P POSTGRES_USER=plain POSTGRES_DB=app waitdb --for 'query=select inet_server_addr() is null'
}

@test "conninfo strings are read as libpq reads them" {
	seen "plain@127.0.0.1:$P/app" waitdb "host=127.0.0.1 port=$P user=plain dbname=app"
	seen "plain@127.0.0.1:$P/app" waitdb "hostaddr = 127.0.0.1 port = '$P' user='plain' dbname='a\\pp'"
	seen "plain@127.0.0.1:$P/app" waitdb --url "host=127.0.0.1 port=$P user=plain dbname=app application_name=mine"
	run -64 waitdb "host=127.0.0.1 user=plain nonsense=1"
	run -64 waitdb "host='127.0.0.1"
}

@test "driver suffixes, postgis:// and capitals are PostgreSQL" {
	local scheme
	for scheme in postgres postgresql postgis postgresql+asyncpg postgresql+psycopg2 postgresql+psycopg postgres+pg8000 \
		POSTGRESQL Postgres; do
		run -0 waitdb "$scheme://plain@127.0.0.1:$P/app"
		[[ $output != *warning* ]]
	done
	for scheme in mysql redis http postgresqlx jdbc; do
		run -64 waitdb "$scheme://plain@127.0.0.1:$P/app"
	done
}

@test "unknown parameters are dropped with one warning that names the usual ones" {
	run -0 waitdb "postgres://plain@127.0.0.1:$P/app?schema=public&pgbouncer=true&connection_limit=1&poolMode=x&application_name=x"
	[ "$(grep -c warning <<<"$output")" -eq 1 ]
	[[ $output == *"schema, pgbouncer, connection_limit, 1 unknown"* ]]
	run -0 waitdb "postgres://plain@127.0.0.1:$P/app?application_name=x&connect_timeout=5"
	[[ $output != *warning* ]]
	run -0 isempty --table none "postgres://plain@127.0.0.1:$P/app?schema=public"
	[ "$(grep -c warning <<<"$output")" -eq 1 ]
	run -0 seedonce --mark --name p "postgres://postgres@127.0.0.1:$P/template1?schema=public"
	[ "$(grep -c warning <<<"$output")" -eq 1 ]
	run -0 seedonce --reset --name p "postgres://postgres@127.0.0.1:$P/template1"
}

@test "several hosts are tried in turn" {
	waitdb "postgres://plain@127.0.0.1:$(free_port),127.0.0.1:$P/app"
	waitdb "host=127.0.0.1,127.0.0.1 port=$(free_port),$P user=plain dbname=app"
}

@test "env:NAME is what the variable, or its file, holds" {
	PLACE=postgres://plain@127.0.0.1:$P/app seen "plain@127.0.0.1:$P/app" waitdb env:PLACE
	PLACE=postgres://plain@127.0.0.1:$P/app seen "plain@127.0.0.1:$P/app" waitdb --url env:PLACE --for ready
	echo "postgres://plain@127.0.0.1:$P/app" >"$BATS_TEST_TMPDIR/url"
	PLACE_FILE=$BATS_TEST_TMPDIR/url seen "plain@127.0.0.1:$P/app" waitdb env:PLACE
	PLACE_FILE=$BATS_TEST_TMPDIR/url run -1 isempty env:PLACE
	run -78 waitdb env:PLACE
	[[ $output == *PLACE* ]]
	PLACE='' run -78 waitdb env:PLACE
	PLACE=nonsense run -78 waitdb env:PLACE
	[[ $output == *PLACE* ]]
	[[ $output != *nonsense* ]]
}

# --- secrets in files ---

@test "each variable may come from a file, with exactly one newline cut off" {
	local file=$BATS_TEST_TMPDIR/secret
	printf '%s\n' "$RAW" >"$file"
	PGHOST=127.0.0.1 PGPORT=$P PGUSER=app PGPASSWORD_FILE=$file run -0 waitdb
	POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$P POSTGRES_USER=app POSTGRES_PASSWORD_FILE=$file run -0 waitdb
	printf '%s' "$RAW" >"$file"
	PGHOST=127.0.0.1 PGPORT=$P PGUSER=app PGPASSWORD_FILE=$file run -0 waitdb
	printf '%s\n\n' "$RAW" >"$file"
	PGHOST=127.0.0.1 PGPORT=$P PGUSER=app PGPASSWORD_FILE=$file run -77 waitdb
	quiet_about_it
	printf '%s\r\n' "$RAW" >"$file"
	PGHOST=127.0.0.1 PGPORT=$P PGUSER=app PGPASSWORD_FILE=$file run -77 waitdb
	quiet_about_it
	printf 'postgres://app:%s@127.0.0.1:%s/app\n' "$RAW" "$P" >"$file"
	DATABASE_URL_FILE=$file seen "app@127.0.0.1:$P/app" waitdb
	quiet_about_it
	echo app >"$BATS_TEST_TMPDIR/user"
	echo 127.0.0.1 >"$BATS_TEST_TMPDIR/host"
	printf '%s\n' "$RAW" >"$file"
	POSTGRES_HOST_FILE=$BATS_TEST_TMPDIR/host POSTGRES_PORT=$P POSTGRES_USER_FILE=$BATS_TEST_TMPDIR/user \
		POSTGRES_PASSWORD_FILE=$file seen "app@127.0.0.1:$P/app" waitdb
}

@test "a variable and its file at once is 78, whichever they are" {
	local name
	for name in DATABASE_URL PGPASSWORD PGHOST POSTGRES_PASSWORD POSTGRES_DB WAITDB_TIMEOUT; do
		echo x >"$BATS_TEST_TMPDIR/x"
		run -78 env POSTGRES_HOST=127.0.0.1 "$name=x" "${name}_FILE=$BATS_TEST_TMPDIR/x" waitdb
		[[ $output == *"both $name and ${name}_FILE"* ]]
		one_message
	done
}

@test "a missing, unreadable or empty secret file, a directory or a NUL in it is 78, in one line" {
	local file=$BATS_TEST_TMPDIR/secret
	DATABASE_URL_FILE=$file run -78 waitdb
	[[ $output == *"DATABASE_URL_FILE"*"$file"* ]]
	one_message
	mkdir "$file"
	DATABASE_URL_FILE=$file run -78 waitdb
	[[ $output == *"DATABASE_URL_FILE"*"$file"* ]]
	: >"$file.empty"
	DATABASE_URL_FILE=$file.empty run -78 waitdb
	printf 'postgres://x\0y@z/w' >"$file.nul"
	DATABASE_URL_FILE=$file.nul run -78 waitdb
	PGHOST=x PGUSER=x PGPASSWORD_FILE=$file.none run -78 waitdb
	PLACE_FILE=$file.none run -78 isempty env:PLACE
	PLACE_FILE=$file.none run -78 seedonce --status env:PLACE
	echo postgres://x >"$file.closed"
	chmod 000 "$file.closed"
	chmod 755 "$BATS_TEST_TMPDIR"
	cp "$PGBOX" "$BATS_FILE_TMPDIR/pgbox"
	DATABASE_URL_FILE=$file.closed run -78 "${UNPRIVILEGED[@]}" "$BATS_FILE_TMPDIR/pgbox" waitdb
	[[ $output == *"DATABASE_URL_FILE"*"ermission denied"* ]]
}

@test "a secret that was put where a file's name belongs is not shown" {
	DATABASE_URL_FILE="postgres://app:$RAW@127.0.0.1:$P/app" run -78 waitdb
	quiet_about_it
	[[ $output == *DATABASE_URL_FILE* ]]
	PGHOST=127.0.0.1 PGUSER=app PGPASSWORD_FILE=$CODED run -78 waitdb
	quiet_about_it
	POSTGRES_HOST=127.0.0.1 POSTGRES_PASSWORD_FILE=$RAW run -78 isempty
	quiet_about_it
	PLACE_FILE="postgres://app:$CODED@127.0.0.1:$P/app" run -78 seedonce --status env:PLACE
	quiet_about_it
}

@test "a URL in the wrong place on the command line is not shown" {
	local url=postgres://app:$RAW@127.0.0.1:$P/app call
	for call in "$PGBOX" "waitdb --timeout" "waitdb -t" "waitdb --for" "waitdb --nonsense" \
		"waitdb --for ready=x" "waitdb --for tcp=x --timeout 1ms --auth-grace" "isempty $url" "isempty --rows" "seedonce --unless" \
		"seedonce --on-change" "seedonce --on-interrupted" "seedonce --lock-timeout" "journal" "journal -n" "journal --last" \
		"journal --url"; do
		# shellcheck disable=SC2086 # words
		run $call "$url"
		[ "$status" -ne 0 ]
		echo "$call: $output"
		quiet_about_it
	done
	for call in "waitdb --timeout=" "waitdb --" "waitdb -" "waitdb --once=" "waitdb --nonsense=" "-" "--"; do
		# shellcheck disable=SC2086 # words
		run "$PGBOX" $call"$url"
		[ "$status" -ne 0 ]
		quiet_about_it
	done
	WAITDB_TIMEOUT=$url run -78 waitdb "sqlite:$BATS_TEST_TMPDIR/x"
	quiet_about_it
	WAITDB_FOR=$url run waitdb "sqlite:$BATS_TEST_TMPDIR/x"
	quiet_about_it
	PGBOX_LOG=$url run -78 waitdb
	quiet_about_it
	run -124 waitdb --timeout 100ms --for "redis=:$RAW@127.0.0.1:$(free_port)"
	quiet_about_it
}

@test "the file of a variable that is not looked at is not opened" {
	PGPASSWORD_FILE=/no/such/file run -0 waitdb "postgres://plain@127.0.0.1:$P/app"
	DATABASE_URL=postgres://plain@127.0.0.1:$P/app POSTGRES_PASSWORD_FILE=/no/such/file run -0 waitdb
}

# --- TLS ---

# tls HOST [PARAMETERS]: a URL of the TLS server, which has no such name in any DNS.
tls() {
	echo "postgres://postgres@$1:$(cat "$TLS/port")/postgres?hostaddr=127.0.0.1${2:+&$2}"
}

ENCRYPTED='query=select ssl from pg_stat_ssl where pid = pg_backend_pid()'

@test "ssl=true means sslmode=require" {
	run -0 waitdb "$(tls db.test ssl=true)" --for "$ENCRYPTED"
	[[ $output != *warning* ]]
	run -77 waitdb "postgres://plain@127.0.0.1:$P/app?ssl=true"
	[[ $output == *SSL* ]]
	run -77 waitdb "postgres://plain@127.0.0.1:$P/app?sslmode=require"
	run -124 waitdb --timeout 100ms "$(tls db.test sslmode=disable)" --for "$ENCRYPTED"
	run -0 waitdb "$(tls db.test)" --for "$ENCRYPTED"
}

@test "a URL that asks for encryption in another driver's words gets it, or is refused" {
	local words plain
	plain=postgres://plain@127.0.0.1:$P/app
	for words in ssl=require ssl=verify-full tls=true ssl=1 sslmode=no-verify sslMode=REQUIRE ssl-mode=required sslaccept=strict \
		'ssl=true&sslmode=prefer' sslfactory=org.postgresql.ssl.NonValidatingFactory; do
		echo "$words"
		run -77 waitdb "$plain?$words"
		[[ $output == *SSL* || $output == *certificate* ]]
	done
	# No public authority signs for it (libpq docs, sslrootcert).
	run -64 waitdb "$plain?ssl=verify-ca"
	[[ $output == *sslrootcert* ]]
	for words in ssl=require ssl=no-verify sslmode=no-verify ssl_mode=Required "ssl=verify-full&ssl-ca=$CA/ca.crt" \
		"sslaccept=strict&sslRootCert=$CA/ca.crt"; do
		echo "$words"
		run -0 waitdb "$(tls db.test "$words")" --for "$ENCRYPTED"
		[[ $output != *warning* ]]
	done
	PGSSLMODE=no-verify run -0 waitdb "$(tls db.test)" --for "$ENCRYPTED"
	run -77 waitdb "$(tls other.test "ssl=verify_full&ssl-ca=$CA/ca.crt")"
	for words in ssl=false ssl=disable tls=0; do
		run -124 waitdb --timeout 100ms "$(tls db.test "$words")" --for "$ENCRYPTED"
	done
	for words in ssl=maybe ssl= sslmode=nonsense 'ssl=true&sslmode=disable' tlsCAFile=/x sslfactory=com.x.Y encryption=on \
		sslaccept=maybe; do
		echo "$words"
		run -64 waitdb "$plain?$words"
		[[ $output == *TLS* || $output == *encrypted* ]]
		DATABASE_URL="$plain?$words" run -78 isempty
		DATABASE_URL="$plain?$words" run -78 envcheck --require DATABASE_URL
		[[ $output == *'DATABASE_URL: cannot be used'* ]]
		run ! healthz --url "$plain?$words"
	done
	DATABASE_URL="$plain?ssl=require" run -0 envcheck --require DATABASE_URL
	run -64 waitdb --for 'redis=redis://127.0.0.1:1?ssl=true'
}

@test "verify-full works with sslrootcert, PGSSLROOTCERT, SSL_CERT_FILE and a root.crt at home" {
	local url
	url=$(tls db.test sslmode=verify-full)
	run -0 waitdb "$url&sslrootcert=$CA/ca.crt" --for "$ENCRYPTED"
	PGSSLROOTCERT=$CA/ca.crt run -0 waitdb "$url" --for "$ENCRYPTED"
	SSL_CERT_FILE=$CA/ca.crt run -0 waitdb "$url" --for "$ENCRYPTED"
	SSL_CERT_FILE=$CA/ca.crt PGSSLMODE=verify-full run -0 waitdb "$(tls db.test)" --for "$ENCRYPTED"
	mkdir "$HOME/.postgresql"
	cp "$CA/ca.crt" "$HOME/.postgresql/root.crt"
	run -0 waitdb "$url" --for "$ENCRYPTED"
	rm -r "$HOME/.postgresql"
	SSL_CERT_FILE=$CA/ca.crt run -0 isempty "$url"
	SSL_CERT_FILE=$CA/ca.crt run -0 seedonce --mark "$url"
	SSL_CERT_FILE=$CA/ca.crt run -0 seedonce --reset "$url"
}

@test "verify-full: a wrong host name is 77" {
	run -77 waitdb "$(tls other.test "sslmode=verify-full&sslrootcert=$CA/ca.crt")"
	[[ $output == *"db.test"*"other.test"* ]]
	SSL_CERT_FILE=$CA/ca.crt run -77 isempty "$(tls other.test sslmode=verify-full)"
	run -0 waitdb "$(tls other.test "sslmode=verify-ca&sslrootcert=$CA/ca.crt")"
}

@test "verify-full: a CA that nobody named is 77" {
	run -77 waitdb "$(tls db.test sslmode=verify-full)"
	[[ $output == *certificate* ]]
	PGSSLMODE=verify-full run -77 isempty "$(tls db.test)"
	HOME=/nowhere run -77 waitdb "$(tls db.test sslmode=verify-full)"
	env -u HOME "$PGBOX" waitdb -q "$(tls db.test sslmode=verify-full)" 2>/dev/null || [ $? -eq 77 ]
}

@test "verify-full: a CA file that is missing or empty is an error, not no check" {
	run -64 waitdb "$(tls db.test "sslmode=verify-full&sslrootcert=/no/such/file")"
	: >"$BATS_TEST_TMPDIR/empty.crt"
	SSL_CERT_FILE=$BATS_TEST_TMPDIR/empty.crt run -77 waitdb "$(tls db.test sslmode=verify-full)"
	SSL_CERT_FILE=/no/such/file run -77 waitdb "$(tls db.test sslmode=verify-full)"
}

@test "a client's key that cannot be used ends the waiting at once" {
	local key=$BATS_TEST_TMPDIR/key
	cp "$CA/server.key" "$key"
	chmod 644 "$key"
	run -69 waitdb --auth-grace 5s "$(tls db.test "sslmode=require&sslcert=$CA/server.crt&sslkey=$key")"
	[[ $output == *"private key"* ]]
	[[ $output == *"'sslcert' is refused"* ]]
	echo nonsense >"$key"
	chmod 600 "$key"
	run -69 waitdb --auth-grace 5s "$(tls db.test "sslmode=require&sslcert=$CA/server.crt&sslkey=$key")"
}

@test "verify-full: the bundle compiled in is used where no file is, and does not know a private CA" {
	unshare --mount true 2>/dev/null || skip "needs mount namespaces"
	local alone='for f in /etc/ssl /etc/pki; do test ! -d $f || mount -t tmpfs none $f; done; exec "$@"'
	run -77 unshare --mount sh -c "$alone" - waitdb "$(tls db.test sslmode=verify-full)"
	[[ $output == *"certificate verify failed"* ]]
	SSL_CERT_FILE=$CA/ca.crt run -0 unshare --mount sh -c "$alone" - waitdb "$(tls db.test sslmode=verify-full)"
}
