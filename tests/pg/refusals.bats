# What a server or a pooler refuses for good ends the waiting at once, with the reason and 69; what may pass does not.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pooler
load ../lib/pgbackup

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	backup_folder
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	server_sql "$SERVER" postgres "create role app login createdb password 'secret'" 'create role maker login createdb'
	if [ -n "$(find_pgbouncer)" ]; then
		pooler_start transaction
		POOLER=postgres://postgres@127.0.0.1:$(cat "$BATS_FILE_TMPDIR/transaction/port")/postgres
	fi
	URL=$(server_url "$SERVER")
	APP=$(server_url "$SERVER" postgres app:secret)
	export POOLER URL APP
}

teardown_file() {
	pooler_stop transaction
	server_stop "$SERVER"
}

# for_good URL WORDS: every applet ends soon, with WORDS.
for_good() {
	exits 69 timeout 10 waitdb "$1"
	says "$2"
	exits 69 timeout 10 seedonce "$1" -- true
	says "$2"
	exits 69 timeout 10 isempty "$1"
	says "$2"
	exits 69 timeout 10 pgbackup run --dir "$BATS_TEST_TMPDIR/backups" "$1"
	says "$2"
	exits 69 timeout 10 pgrestore undo "$1"
	says "$2"
	exits 1 timeout 10 healthz --url "$1"
	says "$2"
	exits 1 timeout 10 waitdb --once "$1"
	says "$2"
}

@test "a setting that the server does not know, or whose value it refuses" {
	for_good "$URL?options=-c%20nonsense=1" nonsense
	exits 69 timeout 10 waitdb "$URL?options=-c%20work_mem=much"
	says work_mem
	exits 69 timeout 10 waitdb "$URL?options=-c%20max_connections=5"
	says max_connections
	exits 69 timeout 10 waitdb "$URL?options=--nonsense"
	PGOPTIONS='-c nonsense=1' exits 69 timeout 10 waitdb "$URL"
}

@test "a database that nobody may enter is 69 after the grace" {
	server_sql "$SERVER" postgres 'create database closed allow_connections false'
	exits 69 timeout 10 waitdb --auth-grace 300ms "$(server_url "$SERVER" closed)"
	says 'not currently accepting connections'
	exits 69 timeout 10 pgbackup run --dir "$BATS_TEST_TMPDIR/backups" "$(server_url "$SERVER" closed)"
	says 'not currently accepting connections'
}

@test "a parameter without a value is not one, for pg_dump neither" {
	exits 0 timeout 30 pgbackup run --dir "$BATS_TEST_TMPDIR/backups" \
		"$URL?channel_binding=&connect_timeout=&sslmode=&target_session_attrs=&requirepeer=&service="
	exits 0 timeout 30 pgrestore "$BATS_TEST_TMPDIR/backups/postgres/latest" --into empty "$URL?channel_binding=&gssencmode="
}

@test "a pooler that refuses options" {
	[ -n "${POOLER:-}" ] || skip 'no PgBouncer here'
	for_good "$POOLER?options=-c%20geqo=off" "'options'"
	PGOPTIONS='-c geqo=off' exits 69 timeout 10 waitdb "$POOLER"
	says options
	exits 69 timeout 10 waitdb "$POOLER?max_protocol_version=latest"
	says "'max_protocol_version'"
	exits 69 timeout 10 waitdb "$POOLER?replication=database"
	says "'replication'"
	exits 0 timeout 10 waitdb "$POOLER"
	pooler_stop transaction
	exits 124 waitdb --timeout 500ms "$POOLER?options=-c%20geqo=off"
	pooler_start transaction
}

@test "a way to log in that the server does not offer" {
	exits 69 timeout 10 waitdb "$APP?require_auth=md5"
	says require_auth
	exits 69 timeout 10 waitdb "$URL?require_auth=scram-sha-256"
	says require_auth
	exits 0 timeout 10 waitdb "$APP?require_auth=scram-sha-256"
	[ "$(waitdb -q "$APP?require_auth=md5" 2>&1 | wc -l)" = 1 ]
	# 18 speaks it.
	[ "$(server_sql "$SERVER" postgres 'show server_version_num')" -lt 180000 ] || return 0
	exits 69 timeout 10 waitdb "$URL?min_protocol_version=3.2"
	says min_protocol_version
}

@test "a server that hangs up where TLS is begun at once, or that is run by another user" {
	exits 69 timeout 10 waitdb "$URL?sslnegotiation=direct&sslmode=require"
	says "'sslnegotiation'"
	exits 69 timeout 10 waitdb "postgres://postgres@/postgres?host=$SERVER&port=$(cat "$SERVER/port")&requirepeer=nosuch"
	says "'requirepeer'"
	exits 0 timeout 10 waitdb "$URL?requirepeer=nosuch"
}

@test "--create-db where the template's collation has changed: 69 at once, with the server's hint" {
	case $("$PG_BIN/postgres" --version) in *' 15.'* | *' 16.'*) ;; *) skip "the catalog has these columns in 15 and 16" ;; esac
	server_sql "$SERVER" postgres "create database icu template template0 locale_provider icu icu_locale 'en' locale 'C'"
	server_sql "$SERVER" postgres "update pg_database t set datcollversion = '0', datlocprovider = i.datlocprovider,
		daticulocale = i.daticulocale from pg_database i where i.datname = 'icu' and t.datname = 'template1'"
	for applet in waitdb seedonce; do
		[ $applet = waitdb ] && set -- || set -- -- true
		exits 69 timeout 10 $applet --create-db "$(server_url "$SERVER" new)" "$@"
		says 'collation version mismatch'
		says 'REFRESH COLLATION VERSION'
	done
	server_sql "$SERVER" postgres "update pg_database set datcollversion = null, datlocprovider = 'c', daticulocale = null
		where datname = 'template1'"
}

@test "--create-db by a role that may not enter postgres: through template1" {
	server_sql "$SERVER" postgres 'revoke connect on database postgres from public'
	exits 0 timeout 10 waitdb --create-db "$(server_url "$SERVER" made maker)"
	server_sql "$SERVER" template1 'revoke connect on database template1 from public'
	exits 77 timeout 30 waitdb --create-db --auth-grace 300ms "$(server_url "$SERVER" made2 maker)"
	says 'template1'
	server_sql "$SERVER" template1 'grant connect on database postgres, template1 to public'
}

@test "--create-db while somebody uses the template: waits" {
	server_sql "$SERVER" template1 'select pg_sleep(60)' >/dev/null 2>&1 3>&- &
	wait_until 10 in_use
	timeout 50 waitdb --create-db "$(server_url "$SERVER" later)" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	job=$!
	wait_until 20 grep -q 'being accessed' "$BATS_TEST_TMPDIR/log"
	server_sql "$SERVER" postgres "select pg_terminate_backend(pid) from pg_stat_activity
		where datname = 'template1' and query ~ 'pg_sleep.60'"
	wait $job
}

in_use() {
	[ -n "$(server_sql "$SERVER" postgres "select pid from pg_stat_activity where datname = 'template1' and query ~ 'pg_sleep.60'")" ]
}
