# pgbackup: what it writes, what it says of it, and which databases it takes.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/pgbackup

# One that shells, URLs, conninfo strings and files all would read otherwise; and percent-encoded.
RAW=$'p@ss:/%#&$\'"\\ ü'
CODED='p%40ss%3A%2F%25%23%26%24%27%22%5C%20%C3%BC'

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	PORT=$(cat "$SERVER/port")
	export PORT
	server_sql "$SERVER" postgres "create role app login password '${RAW//\'/\'\'}'" \
		'create database app owner app' "create database other" 'create role plain login'
	server_sql "$SERVER" app 'set role app' 'create table t as select generate_series(1, 100) a'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	backup_folder
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
	: >"$BATS_TEST_TMPDIR/started"
}

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

# --- the folder ---

@test "a backup is data, a manifest and a checksum, under the database's name and the moment in UTC" {
	local data
	TZ=Asia/Tokyo exits 0 pgbackup run
	data=$(newest app)
	[[ $data =~ /app/app-[0-9]{8}-[0-9]{6}\.dump$ ]]
	equals "$(find "$BACKUP_DIR/app" ! -type d -printf '%f\n' | LC_ALL=C sort)" \
		"$(printf '%s\n' "${data##*/}" "${data##*/}.json" "${data##*/}.sha256" latest)"
	equals "$(find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort | paste -sd' ')" \
		'.globals .pgbox app'
	equals "$(basename "$data")" "app-$(field app .started | sed 's/[-:]//g; s/T/-/; s/\..*//').dump"
	[ "$(date -d "$(field app .started)" +%s)" -gt $(($(date +%s) - 60)) ]
	(cd "$BACKUP_DIR/app" && sha256sum --strict -c ./*.sha256)
	(cd "$BACKUP_DIR/.globals" && sha256sum --strict -c ./*.sha256)
}

@test "files are 0600 and folders 0700, with an open umask and in a directory backup, too" {
	(umask 0 && exits 0 pgbackup run --jobs 2)
	equals "$(find "$BACKUP_DIR" -type f ! -perm 600)" ''
	equals "$(find "$BACKUP_DIR" -type d ! -perm 700)" ''
	(cd "$BACKUP_DIR/app" && sha256sum --strict -c ./*.sha256)
	equals "$(sha256sum "$(newest app).sha256" | cut -d' ' -f1)" "$(field app .sha256)"
}

@test "two backups of one second do not overwrite each other, and latest is the newer" {
	local first
	exits 0 pgbackup run
	first=$(newest app)
	sha256sum "$first" >"$BATS_TEST_TMPDIR/sum"
	exits 0 pgbackup run
	exits 0 pgbackup run
	equals "$(backups app)" 3
	[[ $(newest app) > $first ]]
	sha256sum --quiet -c "$BATS_TEST_TMPDIR/sum"
}

@test "its output is one line of each database, on stderr, without colours or a bar" {
	timeout 60 pgbackup run >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	equals "$(wc -l <"$BATS_TEST_TMPDIR/err")" 2
	grep -qE "^pgbackup: info: postgres@127\.0\.0\.1:$PORT/app: [0-9.]+ k?B(ytes)?|bytes, 1 table in [0-9.]+ s: $BACKUP_DIR" \
		"$BATS_TEST_TMPDIR/err"
	not grep -q $'[\r\033]' "$BATS_TEST_TMPDIR/err"
}

# --- the manifest ---

facts() {
	server_sql "$SERVER" facts "$@"
}

@test "each field of the manifest is what the server says" {
	server_sql "$SERVER" postgres "create database facts owner app encoding 'LATIN1' template template0
		lc_collate 'C' lc_ctype 'C'"
	facts 'create extension hstore' 'create extension pg_trgm' 'create table plain (a int primary key)' \
		'create table parted (a int) partition by range (a)' \
		'create table part partition of parted for values from (0) to (9)' \
		'create unlogged table u ()' 'create view v as select 1' 'create materialized view m as select 1' \
		'insert into plain select generate_series(1, 1000)' 'analyze plain' 'select lo_create(0), lo_create(0)' >/dev/null
	exits 0 pgbackup run --compress gzip:5 job="$(server_url "$SERVER" facts)"
	jq -e . "$(newest job/facts).json" >/dev/null
	equals "$(field job/facts .pgbox_backup)" 1
	equals "$(field job/facts .database)" facts
	equals "$(field job/facts .job)" job
	equals "$(field job/facts .target)" "postgres@127.0.0.1:$PORT/facts"
	equals "$(field job/facts .file)" "$(basename "$(newest job/facts)")"
	equals "$(field job/facts .kind)" custom
	equals "$(field job/facts .compression)" gzip:5
	equals "$(field job/facts .archive_version)" \
		"$(od -An -tu1 -j5 -N2 "$(newest job/facts)" | awk '{ print $1 "." $2 }')"
	equals "$(field job/facts .bytes)" "$(stat -c %s "$(newest job/facts)")"
	equals "$(field job/facts .sha256)" "$(sha256sum <"$(newest job/facts)" | cut -d' ' -f1)"
	equals "$(field job/facts '.started <= .finished and .started <= .verified')" true
	equals "$(field job/facts '.restored or .suspect')" false
	equals "$(field job/facts .pgbox)" "$("$PGBOX" --version | awk 'NR == 1 { print $2 }')"
	equals "$(field job/facts .engine)" "$(pg_dump --version | sed 's/ (PostgreSQL)//; s/ (Debian.*//')"
	equals "$(field job/facts .server)" "PostgreSQL $(facts 'show server_version' | cut -d' ' -f1)"
	equals "$(field job/facts .system_id)" "$(facts 'select system_identifier from pg_control_system()')"
	equals "$(field job/facts .server_version)" "$(facts 'show server_version_num')"
	[ "$(field job/facts .database_bytes)" -gt 1000000 ]
	equals "$(field job/facts '"\(.encoding) \(.collate) \(.ctype) \(.locale_provider)"')" 'LATIN1 C C libc'
	equals "$(field job/facts .owner)" app
	equals "$(field job/facts .tables)" 4
	equals "$(field job/facts .rows_estimate)" 1000
	equals "$(field job/facts .large_objects)" 2
	equals "$(field job/facts '.extensions | to_entries | map("\(.key)|\(.value)") | join("\n")')" \
		"$(facts 'select extname, extversion from pg_extension order by extname collate "C"')"
	equals "$(field job/facts '.warnings | length')" 0
	# There is no field that nobody has looked at here.
	equals "$(field job/facts length)" 32
}

@test "an ICU database says so" {
	[ "$(major)" -ge 15 ] || skip 'databases have a locale provider since 15'
	server_sql "$SERVER" postgres "create database icu template template0 locale_provider icu icu_locale 'de'"
	exits 0 pgbackup run --verify restore "$(server_url "$SERVER" icu)"
	equals "$(field icu '"\(.locale_provider) \(.locale)"')" 'icu de'
}

@test "pg_dump's warnings are in the manifest and are said" {
	server_sql "$SERVER" postgres 'create database broken'
	server_sql "$SERVER" broken 'create operator <%> (leftarg = int, rightarg = int, function = int4eq)' \
		"update pg_operator set oprcom = 99999 where oprname = '<%>'"
	exits 0 pgbackup run "$(server_url "$SERVER" broken)"
	says 'warning: broken: could not find operator with OID 99999'
	equals "$(field broken '.warnings[]')" 'could not find operator with OID 99999'
}

@test "archives have statistics from servers that can restore them, 18 and newer" {
	local want=0
	[ "$(major)" -lt 18 ] || want=1
	server_sql "$SERVER" app 'analyze t'
	exits 0 pgbackup run
	equals "$(timeout 60 pg_restore -l "$(newest app)" | grep -c 'STATISTICS DATA public t ')" "$want"
}

# --- which databases ---

# The databases of which there are backups, relative to the folder.
made() {
	(cd "$BACKUP_DIR" && find . -name '*.json' ! -path '*/.globals/*' -printf '%h\n' | sed 's/^\.\///' |
		LC_ALL=C sort -u | paste -sd' ')
}

@test "--all: not templates, nor what nobody may connect to or is half dropped, nor what pgrestore and trials left" {
	local name all=$BATS_FILE_TMPDIR/all
	server_make "$all"
	server_start "$all"
	for name in app app_before_20260101_101010 app_before_20260101 xapp_before_20260101_1010101 \
		pgbox_verify_1_2 pgbox_verify_app; do
		server_sql "$all" postgres "create database $name"
	done
	server_sql "$all" postgres 'create database tpl is_template true' 'create database closed allow_connections false' \
		'create database half_dropped' "update pg_database set datconnlimit = -2 where datname = 'half_dropped'"
	exits 0 pgbackup run --all --url "$(server_url "$all")"
	equals "$(made)" 'app app_before_20260101 pgbox_verify_app postgres xapp_before_20260101_1010101'
	rm -r "$BACKUP_DIR"
	BACKUP_DATABASES='*' BACKUP_EXCLUDE='*app_*, postgre?' DATABASE_URL=$(server_url "$all") exits 0 pgbackup run
	equals "$(made)" 'app pgbox_verify_app'
	server_stop "$all"
}

@test "a list of databases, an operand in its place, and what is excluded" {
	BACKUP_DATABASES='app, other' exits 0 pgbackup run
	equals "$(made)" 'app other'
	rm -r "$BACKUP_DIR"
	BACKUP_DATABASES='app,other' BACKUP_EXCLUDE='a*' exits 0 pgbackup run
	equals "$(made)" other
	rm -r "$BACKUP_DIR"
	BACKUP_DATABASES='app' exits 0 pgbackup run other
	equals "$(made)" other
	rm -r "$BACKUP_DIR"
	exits 0 pgbackup run --database app --database other
	equals "$(made)" 'app other'
}

@test "nothing left to back up is no success" {
	status=0
	output=$(timeout 60 pgbackup run --all --exclude '*' 2>&1) || status=$?
	[ "$status" -ne 0 ]
	says 'pgbackup: error: '
}

@test "several servers, with and without names; a name alone chooses" {
	BACKUP_URLS="one=$(server_url "$SERVER" app)"$'\n'"two=$(server_url "$SERVER" other)"$'\n'$(server_url "$SERVER" app)
	export BACKUP_URLS
	exits 0 pgbackup run
	equals "$(made)" 'app one/app two/other'
	equals "$(find "$BACKUP_DIR" -name .globals | wc -l)" 1
	rm -r "$BACKUP_DIR"
	exits 0 pgbackup run two
	equals "$(made)" two/other
	[ -d "$BACKUP_DIR/two/.globals" ]
	rm -r "$BACKUP_DIR"
}

@test "a target may be the name of a variable, with and without a name of its own" {
	export OTHER
	OTHER=$(server_url "$SERVER" other)
	exits 0 pgbackup run env:OTHER
	equals "$(made)" other
	exits 0 pgbackup run x=env:OTHER
	equals "$(made)" 'other x/other'
	BACKUP_URLS=y=env:OTHER exits 0 pgbackup run
	equals "$(made)" 'other x/other y/other'
}

@test "two targets that share a folder are 78, and nothing is made" {
	local url
	url=$(server_url "$SERVER" other)
	exits 78 pgbackup run "$DATABASE_URL" "postgres://plain@127.0.0.1:$PORT/app"
	says "share the folder 'app'"
	exits 78 pgbackup run one="$DATABASE_URL" one="$url"
	exits 78 pgbackup run app="$url" "$DATABASE_URL"
	exits 78 pgbackup run --all --url "$DATABASE_URL" --url "$url"
	exits 78 pgbackup run --database app --database app
	[ ! -e "$BACKUP_DIR" ]
	exits 0 pgbackup run a="$DATABASE_URL" b="$DATABASE_URL"
}

@test "one database that fails does not stop the others, nor the roles: 3" {
	exits 3 pgbackup run nowhere app other
	says '"nowhere" does not exist'
	equals "$(made)" 'app other'
	[ -s "$(newest .globals)" ]
	exits 3 pgbackup run --wait 0 x="postgres://postgres@127.0.0.1:$(free_port)/x" y="$DATABASE_URL"
	says 'connection refused'
	exits 69 pgbackup run nowhere
}

@test "names: none leaves its folder, hides, or takes another's; the manifest has it as it is" {
	local name names=$BATS_FILE_TMPDIR/names n=0
	local -a odd=('a b' 'a/b' 'a%2Fb' ../../escaped .hidden .globals globals -x --all UPPER upper latest .. '*' x.dir
		x.part X.globals 'host=x' "$(printf 'x%.0s' {1..63})" "$(printf '🐘%.0s' {1..15})" $'new\nline "q\' \\' 'a=b' ünï)
	server_make "$names"
	server_start "$names"
	for name in "${odd[@]}"; do
		server_sql "$names" postgres "create database \"${name//\"/\"\"}\""
	done
	exits 0 pgbackup run --all --exclude postgres --url "$(server_url "$names")"
	equals "$(find "$BACKUP_DIR" -mindepth 3 ! -path '*/.pgbox/*' | wc -l)" 0
	[ ! -e "$BACKUP_DIR/../../escaped" ]
	equals "$(find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 | LC_ALL=C grep -vE '/([A-Za-z0-9_%][A-Za-z0-9._%-]*|\.globals|\.pgbox)$')" ''
	equals "$(find "$BACKUP_DIR" -name '*.json' ! -path '*/.globals/*' -exec jq '.database' '{}' + | LC_ALL=C sort)" \
		"$(printf '%s\0' "${odd[@]}" | jq -Rs 'split("\u0000")[] | select(. != "")' | LC_ALL=C sort)"
	exits 0 pgbackup status
	equals "$(wc -l <<<"$output")" "${#odd[@]}"
	for name in "${odd[@]}"; do
		exits 0 pgbackup verify -- "$name"
		n=$((n + 1))
	done
	equals "$n" "${#odd[@]}"
	equals "$(pgbackup list --json | jq -r 'select(.kind == "custom") | .state' | grep -c verified)" "${#odd[@]}"
	rm "$BACKUP_DIR"/.pgbox/journal.db*
	exits 0 pgbackup sync
	equals "$(pgbackup list --json | jq -r 'select(.kind == "custom") | .state' | grep -c verified)" "${#odd[@]}"
	server_stop "$names"
}

@test "a name with a blank, a slash or an equals sign can be an operand" {
	server_sql "$SERVER" postgres 'create database "a b/c=d"'
	exits 0 pgbackup run 'a b/c=d'
	equals "$(field a%20b%2Fc%3Dd .database)" 'a b/c=d'
}

# --- roles ---

@test "roles: with passwords as superuser, and restorable" {
	local fresh=$BATS_FILE_TMPDIR/fresh
	exits 0 pgbackup run
	unpacked "$(newest .globals)" >"$BATS_TEST_TMPDIR/roles.sql"
	grep -q "ROLE app .*PASSWORD 'SCRAM-SHA-256" "$BATS_TEST_TMPDIR/roles.sql"
	equals "$(field .globals '"\(.kind) \(.database) \(.warnings | length)"')" 'roles null 0'
	server_make "$fresh"
	server_start "$fresh"
	sed '/^CREATE ROLE postgres;$/d' "$BATS_TEST_TMPDIR/roles.sql" |
		timeout 60 "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$fresh" -p "$(cat "$fresh/port")" -U postgres -f -
	equals "$(server_sql "$fresh" postgres 'select rolpassword from pg_authid where rolname = $$app$$')" \
		"$(server_sql "$SERVER" postgres 'select rolpassword from pg_authid where rolname = $$app$$')"
	server_stop "$fresh"
}

@test "roles: without passwords as anybody else, which is said; or left out" {
	exits 0 pgbackup run "postgres://app:$CODED@127.0.0.1:$PORT/app"
	says "the roles' passwords are not in it"
	equals "$(field .globals '.warnings | length')" 1
	unpacked "$(newest .globals)" >"$BATS_TEST_TMPDIR/roles.sql"
	grep -q 'ROLE app ' "$BATS_TEST_TMPDIR/roles.sql"
	not grep -q PASSWORD "$BATS_TEST_TMPDIR/roles.sql"
	rm -r "$BACKUP_DIR"
	BACKUP_ROLES=no exits 0 pgbackup run
	[ ! -e "$BACKUP_DIR/.globals" ]
}

@test "roles: with passwords for pg_read_all_data, which may read them" {
	[ "$(major)" -ge 14 ] || skip 'there is no such role before 14'
	server_sql "$SERVER" app 'grant pg_read_all_data to plain'
	exits 0 pgbackup run "$(server_url "$SERVER" app plain)"
	server_sql "$SERVER" app 'revoke pg_read_all_data from plain'
	equals "$(field .globals '.warnings | length')" 0
	unpacked "$(newest .globals)" >"$BATS_TEST_TMPDIR/roles.sql"
	grep -q "ROLE app .*PASSWORD 'SCRAM-SHA-256" "$BATS_TEST_TMPDIR/roles.sql"
}
