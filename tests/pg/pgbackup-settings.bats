# pgbackup: where its settings come from, what becomes of a password, and the progress bar.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/jobs
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
	server_sql "$SERVER" postgres "create role app login password '${RAW//\'/\'\'}'" 'create database app owner app'
	server_sql "$SERVER" app 'set role app' 'create table t as select generate_series(1, 100) a' \
		"create table big as select md5(i::text) a, md5(i::text || 'x') b from generate_series(1, 150000) i"
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	backup_folder
	: >"$BATS_TEST_TMPDIR/started"
}

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

# Every piece of four characters of both forms of the password.
pieces() {
	local word i
	for word in "$RAW" "$CODED"; do
		for ((i = 0; i + 4 <= ${#word}; i++)); do
			echo "${word:i:4}"
		done
	done
}

# no_secret FILE...: none of the pieces is in any of the files, nor in what was just said.
no_secret() {
	[ $# -gt 0 ]
	if grep -aFl -f <(pieces) "$@" /dev/stdin <<<"$output"; then
		return 1
	fi
}

# A backup has been made by role app, and nothing of its password is in any file of the folder, unpacked, too.
made_in_secret() {
	local file
	equals "$(field app .target)" "app@127.0.0.1:$PORT/app"
	while read -r file; do
		unpacked "$file" >"$BATS_TEST_TMPDIR/unpacked.${file//\//_}"
	done < <(find "$BACKUP_DIR" -type f)
	timeout 60 pg_restore -f "$BATS_TEST_TMPDIR/unpacked.sql" "$(newest app)"
	no_secret "$BATS_TEST_TMPDIR"/unpacked.*
	rm -r "$BACKUP_DIR" "$BATS_TEST_TMPDIR"/unpacked.*
}

# --- where the target comes from ---

@test "a password of odd characters logs in by URL, conninfo, PG* and POSTGRES_*, and is written nowhere" {
	local url
	for url in "postgres://app:$RAW@127.0.0.1:$PORT/app" "postgres://app:$CODED@127.0.0.1:$PORT/app" \
		"postgresql+psycopg2://app:$CODED@127.0.0.1:$PORT/app?schema=public"; do
		DATABASE_URL=$url exits 0 pgbackup run
		made_in_secret
		exits 0 pgbackup run "$url"
		made_in_secret
	done
	BACKUP_URLS="app=postgres://app:$CODED@127.0.0.1:$PORT/app" exits 0 pgbackup run
	mv "$BACKUP_DIR/app/app" "$BACKUP_DIR/app2" && rm -r "$BACKUP_DIR/app" && mv "$BACKUP_DIR/app2" "$BACKUP_DIR/app"
	made_in_secret
	PGHOST=127.0.0.1 PGPORT=$PORT PGUSER=app PGDATABASE=app PGPASSWORD=$RAW exits 0 pgbackup run
	made_in_secret
	POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$PORT POSTGRES_USER=app POSTGRES_PASSWORD=$RAW exits 0 pgbackup run
	made_in_secret
}

@test "each variable may come from a file: folder, URL, passwords, URLs" {
	cd "$BATS_TEST_TMPDIR"
	echo "postgres://app:$CODED@127.0.0.1:$PORT/app" >url
	echo "$RAW" >password
	echo "$BACKUP_DIR" >dir
	DATABASE_URL_FILE=url exits 0 pgbackup run
	made_in_secret
	PGHOST=127.0.0.1 PGPORT=$PORT PGUSER=app PGDATABASE=app PGPASSWORD_FILE=password exits 0 pgbackup run
	made_in_secret
	POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$PORT POSTGRES_USER=app POSTGRES_PASSWORD_FILE=password exits 0 pgbackup run
	made_in_secret
	BACKUP_URLS_FILE=url exits 0 pgbackup run
	made_in_secret
	unset BACKUP_DIR
	DATABASE_URL_FILE=url BACKUP_DIR_FILE=dir exits 0 pgbackup run
	BACKUP_DIR=$(<dir)
	export BACKUP_DIR
	made_in_secret
}

@test "a variable and its file, a file that is not there: 78, and nothing is made" {
	cd "$BATS_TEST_TMPDIR"
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
	echo "$BACKUP_DIR" >dir
	BACKUP_DIR_FILE=dir exits 78 pgbackup run
	says BACKUP_DIR_FILE
	DATABASE_URL_FILE=dir exits 78 pgbackup run
	says DATABASE_URL_FILE
	BACKUP_COMPRESS_FILE=nowhere exits 78 pgbackup run
	says BACKUP_COMPRESS_FILE
	[ ! -e "$BACKUP_DIR" ]
}

@test "no target at all says what to set: 78" {
	exits 78 pgbackup run
	says DATABASE_URL
}

# --- a password while it runs ---

holds_lock() {
	[ "$(server_sql "$SERVER" app "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted
		and relation = 't'::regclass")" -gt 0 ]
}

# The process and all below it, a pid a line.
family_of() {
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do
		family_of "$child"
	done
}

dump_waits() {
	[ "$(server_sql "$SERVER" app "select count(*) from pg_locks where not granted and relation = 't'::regclass")" -gt 0 ]
}

@test "no password on a command line, neither its own nor its children's" {
	local pid n=0
	server_sql "$SERVER" app 'begin; lock table t; select pg_sleep(60)' >/dev/null 2>&1 3>&- &
	echo "$!" >>"$BATS_TEST_TMPDIR/started"
	wait_until 10 holds_lock
	background job pgbackup run --into "postgres://app:$CODED@127.0.0.1:$PORT/app" "postgres://app:$CODED@127.0.0.1:$PORT/app"
	wait_until 20 dump_waits
	output=''
	for pid in $(family_of "$PID"); do
		output+=$(tr '\0' '\n' <"/proc/$pid/cmdline")
		n=$((n + 1))
	done
	[ "$n" -ge 3 ]
	no_secret /dev/null
	server_sql "$SERVER" app "select pg_terminate_backend(pid) from pg_locks where mode = 'AccessExclusiveLock' and granted
		and relation = 't'::regclass"
	ended job 0
	made_in_secret
}

@test "what fails does not say the password either" {
	local url port
	port=$(free_port)
	for url in "postgres://app:$RAW@127.0.0.1:$port/app" "postgres://app:$CODED@127.0.0.1:$port/app" \
		"postgres://app:x$RAW@127.0.0.1:$PORT/app" "postgres://app:$CODED@127.0.0.1:$PORT/nowhere" \
		"app:$CODED@127.0.0.1:$PORT/app" "postgres:/app:$CODED@127.0.0.1:$PORT/app" \
		"x y=postgres://app:$CODED@127.0.0.1:$PORT/app"; do
		status=0
		output=$(timeout 60 pgbackup run --wait 0 "$url" 2>&1) || status=$?
		[ "$status" -ge 64 ] || { echo "status $status"; false; }
		no_secret /dev/null
		[ ! -e "$BACKUP_DIR" ] || find "$BACKUP_DIR" -type f -print0 >"$BATS_TEST_TMPDIR/files"
	done
	xargs -0 cat <"$BATS_TEST_TMPDIR/files" >"$BATS_TEST_TMPDIR/all"
	[ -s "$BATS_TEST_TMPDIR/all" ]
	no_secret "$BATS_TEST_TMPDIR/all"
	for url in "$CODED" "postgres://app:$CODED@h/d"; do
		exits 64 pgbackup "$url"
		no_secret /dev/null
	done
	BACKUP_FORMAT=$RAW exits 78 pgbackup run
}

# --- the other settings ---

@test "two different schedules are 78, one said twice is not" {
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
	BACKUP_INTERVAL=24h BACKUP_CRON='0 3 * * *' exits 78 pgbackup
	says 'leave one of them'
	exits 78 pgbackup --every 1h --cron @daily
	BACKUP_INTERVAL=24h BACKUP_INTERVAL_SECONDS=3600 exits 78 pgbackup
	says BACKUP_INTERVAL_SECONDS
	BACKUP_CRON=@daily SCHEDULE=@hourly exits 78 pgbackup
	BACKUP_CRON='0 3 * *' exits 78 pgbackup
	BACKUP_CRON='61 3 * * *' exits 78 pgbackup
	CRON_TZ=Nowhere/Town BACKUP_CRON='0 3 * * *' exits 78 pgbackup
	says 'Nowhere/Town'
	[ ! -e "$BACKUP_DIR" ]
	BACKUP_INTERVAL=24h BACKUP_INTERVAL_SECONDS=86400 SCHEDULE='' exits 0 pgbackup run
	BACKUP_CRON=@daily SCHEDULE=@daily exits 0 pgbackup run
}

@test "variables that disagree, and values that mean nothing, are 78 and are named" {
	local setting
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
	BACKUP_KEEP_DAYS=7 BACKUP_RETENTION_DAYS=8 exits 78 pgbackup run
	says BACKUP_RETENTION_DAYS
	for setting in BACKUP_FORMAT=tar BACKUP_COMPRESS=zstd:23 BACKUP_COMPRESS=gzip:0 BACKUP_COMPRESS=bzip2 BACKUP_JOBS=-1 \
		BACKUP_JOBS=two BACKUP_LOCK_WAIT=5x BACKUP_KEEP_LAST=-1 BACKUP_KEEP_DAYS=7d BACKUP_ROLES=maybe \
		BACKUP_VERIFY=never BACKUP_INTERVAL=often BACKUP_DIR= BACKUP_MAX_AGE=1.5d; do
		exits 78 env "$setting" pgbackup run
		says "${setting%%=*}"
	done
	BACKUP_FORMAT=plain BACKUP_JOBS=2 exits 78 pgbackup run
	[ ! -e "$BACKUP_DIR" ]
	exits 64 pgbackup run --format tar
	exits 64 pgbackup backup
	exits 64 pgbackup sync app
	exits 64 pgbackup run --nonsense
	BACKUP_KEEP_DAYS=7 BACKUP_RETENTION_DAYS=7 exits 0 pgbackup run
}

@test "a misspelt variable is pointed out" {
	DATABASE_URL=$(server_url "$SERVER" app) BACKUP_KEEP_DIALY=7 BACKUP_RETENTION_DAY=7 exits 0 pgbackup run
	says 'BACKUP_KEEP_DIALY is set, but nothing reads it: did you mean BACKUP_KEEP_DAILY?'
	says 'did you mean BACKUP_RETENTION_DAYS?'
	DATABASE_URL=$(server_url "$SERVER" app) BACKUP_KEEP_DAILY=7 exits 0 pgbackup run
	says_not 'did you mean'
}

# --- on a terminal ---

# on_terminal ROWS COMMAND...: what it writes to a terminal of so many columns, in output; its status.
on_terminal() {
	output=$(python3 - "$@" <<-'END'
		import fcntl, os, pty, struct, sys, termios

		pid, fd = pty.fork()
		if pid == 0:
		    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
		    os.execvp(sys.argv[2], sys.argv[2:])
		while True:
		    try:
		        data = os.read(fd, 65536)
		    except OSError:
		        break
		    sys.stdout.buffer.write(data)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	)
}

@test "on a terminal a bar moves up to 100 %, within one line, and clears itself" {
	local percents
	on_terminal 70 timeout 60 pgbackup run --jobs 2 "$(server_url "$SERVER" app)"
	percents=$(tr '\r' '\n' <<<"$output" | sed -n 's/^app \[[#.]*\] *\([0-9]*\) %.*/\1/p')
	[ "$(wc -l <<<"$percents")" -ge 2 ] || { echo "$output" | cat -v; false; }
	equals "$(head -n 1 <<<"$percents" | awk '{ print ($1 < 100) }')" 1
	equals "$(sort -n <<<"$percents" | paste -sd' ')" "$(paste -sd' ' <<<"$percents")"
	equals "$(tail -n 1 <<<"$percents")" 100
	says 'app '
	# Drawn over, not wrapped; the last bar is wiped before the line of the result.
	equals "$(tr '\r' '\n' <<<"$output" | sed 's/\x1b\[K//g' | grep '%' | awk 'length > 69' | wc -l)" 0
	[[ $output == *$'\r\033[K'pgbackup:\ info:* ]]
}

@test "no bar in a pipe, nor with --quiet" {
	local url
	url=$(server_url "$SERVER" app)
	exits 0 pgbackup run "$url"
	says_not '%'
	says_not $'\r'
	on_terminal 70 timeout 60 pgbackup run -q "$url"
	equals "$output" ''
}
