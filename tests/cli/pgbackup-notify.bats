# What pgbackup tells others of a run: webhooks, healthchecks, metrics; and that none of them can spoil a backup.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export WEB=$BATS_FILE_TMPDIR/web
	mkdir "$WEB"
	"$ROOT/tests/servers/web.py" "$WEB" </dev/null >"$WEB/log" 2>&1 3>&- &
	echo $! >"$WEB/pid"
	wait_until 10 test -e "$WEB/port"
	SITE=http://127.0.0.1:$(cat "$WEB/port")
	export SITE
}

teardown_file() {
	touch "$WEB/stop"
	kill "$(cat "$WEB/pid")"
}

setup() {
	backup_folder
	unset WEBHOOK_URL WEBHOOK_ERROR_URL HEALTHCHECKS_URL METRICS_FILE WEBHOOK_URL_FILE
	export DATABASE_URL=sqlite:$BATS_TEST_TMPDIR/app.db
	python3 - "$BATS_TEST_TMPDIR/app.db" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("create table t (a)")
		db.commit()
	END
	: >"$WEB/requests"
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/pid" ] || kill -KILL "$(cat "$BATS_TEST_TMPDIR/pid")" 2>/dev/null || true
}

# told FILTER: of all requests, by jq.
told() {
	jq -r "$1" "$WEB/requests"
}

# told_of PATH FILTER: of the JSON body of the only request for it.
told_of() {
	jq -r "select(.path == \"$1\") | .body | fromjson | $2" "$WEB/requests"
}

paths() {
	told .path | paste -sd' '
}

ago() {
	echo $(($(date +%s%N) / 1000000 - $1))
}

now() {
	ago 0
}

# metric NAME: its value, labels and all.
metric() {
	sed -n "s/^pgbackup_$1 //p" "$BATS_TEST_TMPDIR/m.prom"
}

@test "a good run is posted to WEBHOOK_URL as JSON, and WEBHOOK_ERROR_URL hears nothing" {
	WEBHOOK_URL=$SITE/hook WEBHOOK_ERROR_URL=$SITE/error exits 0 pgbackup run
	equals "$(paths)" /hook
	equals "$(told '.method + " " + .type')" 'POST application/json'
	equals "$(told_of /hook '[.applet, .database, .status, .exit_code, .error, .next_run] | @json')" \
		'["pgbackup","app.db","done",0,null,null]'
	equals "$(told_of /hook .bytes)" "$(stat -c %s "$(newest app.db)")"
	equals "$(told_of /hook '.databases | length')" 1
	equals "$(told_of /hook '.databases[0] | [.database, .target, .status, .tables, .error] | @json')" \
		"[\"app.db\",\"$DATABASE_URL\",\"done\",1,null]"
	equals "$BACKUP_DIR/$(told_of /hook '.databases[0].file')" "$(newest app.db)"
	equals "$(told_of /hook '.seconds >= 0 and (.started < .finished)')" true
	[[ $(told_of /hook .text) == 'pgbackup on '*': app.db: done, '*' bytes in '* ]]
	equals "$(told_of /hook '.text == .content')" true
}

@test "a failed run is posted to both, with the error; one of which a part failed is, too" {
	rm "$BATS_TEST_TMPDIR/app.db"
	WEBHOOK_URL=$SITE/hook WEBHOOK_ERROR_URL=$SITE/error exits 69 pgbackup run
	equals "$(told .path | sort | paste -sd' ')" '/error /hook'
	equals "$(told_of /error '[.status, .exit_code, .bytes, .databases[0].status] | @json')" '["failed",69,0,"failed"]'
	[[ $(told_of /error .error) == *'No such file'* ]]
	equals "$(told_of /error .error)" "$(told_of /error '.databases[0].error')"
	: >"$WEB/requests"
	lite_file "$BATS_TEST_TMPDIR/good.db"
	WEBHOOK_ERROR_URL=$SITE/error exits 3 pgbackup run "good=sqlite:$BATS_TEST_TMPDIR/good.db" "bad=$DATABASE_URL"
	equals "$(told_of /error '[.status, .exit_code, .database, (.databases | map(.status))] | @json')" \
		'["partly",3,"good/good.db, bad/app.db",["done","failed"]]'
}

lite_file() {
	python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("create table t (a)"); db.commit()' "$1"
}

@test "an error that is of no database is posted as well" {
	mkdir "$BACKUP_DIR" "$BACKUP_DIR/.pgbox"
	exec 9>"$BACKUP_DIR/.pgbox/lock"
	flock 9
	BACKUP_BUSY_WAIT=0 WEBHOOK_URL=$SITE/hook exits 75 pgbackup run
	equals "$(told_of /hook '[.database, .status, .exit_code] | @json')" '["","failed",75]'
	[[ $(told_of /hook .error) == *'is locked by another run'* ]]
}

@test "healthchecks: /start, then success or /fail, with the end of the log; in front of a query" {
	HEALTHCHECKS_URL=$SITE/ping/some-uuid exits 0 pgbackup run
	equals "$(paths)" '/ping/some-uuid/start /ping/some-uuid'
	equals "$(told '.method' | sort -u)" POST
	[[ $(told 'select(.path == "/ping/some-uuid") | .body') == 'info: sqlite:'*'1 table in'* ]]
	: >"$WEB/requests"
	rm "$BATS_TEST_TMPDIR/app.db"
	HEALTHCHECKS_URL="$SITE/slug/?create=1" exits 69 pgbackup run
	equals "$(paths)" '/slug/start?create=1 /slug/fail?create=1'
	[[ $(told 'select(.path | startswith("/slug/fail")) | .body') == 'error: '*'No such file'* ]]
}

@test "what the run has done is told even when it is killed" {
	PIPE=$BATS_TEST_TMPDIR/held.db
	lite_file "$PIPE"
	python3 - "$PIPE" "$BATS_TEST_TMPDIR" <<-'END' >/dev/null 2>&1 3>&- &
		import os, sqlite3, sys, time
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("begin exclusive")
		open(sys.argv[2] + "/held", "w").close()
		while not os.path.exists(sys.argv[2] + "/go"):
		    time.sleep(0.02)
	END
	wait_until 10 test -e "$BATS_TEST_TMPDIR/held"
	WEBHOOK_URL=$SITE/hook HEALTHCHECKS_URL=$SITE/ping pgbackup run "good=$DATABASE_URL" "held=sqlite:$PIPE" \
		>"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	PID=$!
	echo "$PID" >"$BATS_TEST_TMPDIR/pid"
	wait_until 20 grep -q 'good/app.db' "$BATS_TEST_TMPDIR/log"
	kill -KILL "$(pgrep -P "$PID")"
	wait "$PID" || status=$?
	touch "$BATS_TEST_TMPDIR/go"
	equals "$status" 1
	equals "$(told_of /hook '[.status, .database, .databases[0].status] | @json')" '["failed","good/app.db","done"]'
	[[ $(told_of /hook .error) == 'the run was killed'* ]]
	equals "$(told .path | sort | paste -sd' ')" '/hook /ping/fail /ping/start'
}

@test "a server that refuses, errs or redirects is a warning, without the token, and the backup is good" {
	local path
	for path in /code/404 /code/410; do
		WEBHOOK_URL="$SITE$path/s3cr3t-t0k3n?key=hidden-value-1" exits 0 pgbackup run
		says "warning: WEBHOOK_URL: 127.0.0.1:${SITE##*:} could not be told: answered ${path#/code/}"
		says_not s3cr3t-t0k3n
		says_not hidden-value-1
	done
	equals "$(told .path | wc -l)" 2
	WEBHOOK_URL=$SITE/redirect/s3cr3t-t0k3n exits 0 pgbackup run
	says 'answered 302, a redirect, which is not followed'
	says_not s3cr3t-t0k3n
	not grep -q landed "$WEB/requests"
	HEALTHCHECKS_URL=http://user:pa55w0rd@127.0.0.1:1/s3cr3t-t0k3n exits 0 pgbackup run
	says 'HEALTHCHECKS_URL: 127.0.0.1:1 could not be told'
	says_not s3cr3t-t0k3n
	says_not pa55w0rd
	equals "$(backups app.db)" 4
}

@test "a server that is down for a moment is told again" {
	WEBHOOK_URL=$SITE/after/2/503/x exits 0 pgbackup run
	says_not warning
	equals "$(told .path | wc -l)" 3
}

@test "servers that never answer cost five seconds before and ten after a run, all together" {
	local began
	began=$(now)
	WEBHOOK_URL=$SITE/hang/1 WEBHOOK_ERROR_URL=$SITE/hang/2 HEALTHCHECKS_URL=$SITE/hang/3 exits 0 pgbackup run
	[ "$(ago "$began")" -ge 14000 ]
	[ "$(ago "$began")" -lt 18000 ]
	says 'WEBHOOK_URL: 127.0.0.1'
	says 'HEALTHCHECKS_URL: 127.0.0.1'
	equals "$(backups app.db)" 1
	equals "$(paths | tr ' ' '\n' | sort | xargs)" '/hang/1 /hang/3 /hang/3/start'
}

@test "SIGTERM does not wait for them" {
	local began
	WEBHOOK_URL=$SITE/hang/4 pgbackup run >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	PID=$!
	echo "$PID" >"$BATS_TEST_TMPDIR/pid"
	wait_until 10 grep -q hang/4 "$WEB/requests"
	began=$(now)
	kill "$PID"
	wait "$PID" || status=$?
	equals "$status" 143
	[ "$(ago "$began")" -lt 1500 ]
	equals "$(backups app.db)" 1
}

@test "URLs are read from files, too, and what is none is 78 and not quoted" {
	echo "$SITE/from-a-file" >"$BATS_TEST_TMPDIR/url"
	WEBHOOK_URL_FILE=$BATS_TEST_TMPDIR/url exits 0 pgbackup run
	equals "$(paths)" /from-a-file
	local url
	for url in hooks.example.org/s3cr3t ftp://x/s3cr3t 'http:///s3cr3t' 'http://x y/s3cr3t'; do
		HEALTHCHECKS_URL=$url exits 78 pgbackup run
		says 'HEALTHCHECKS_URL: not a URL'
		says_not s3cr3t
	done
	WEBHOOK_URL='' HEALTHCHECKS_URL='' METRICS_FILE='' exits 0 pgbackup run
}

@test "the daemon tells when the next run is due" {
	WEBHOOK_URL=$SITE/hook METRICS_FILE=$BATS_TEST_TMPDIR/m.prom BACKUP_INTERVAL=6h pgbackup >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	PID=$!
	echo "$PID" >"$BATS_TEST_TMPDIR/pid"
	wait_until 10 grep -q hook "$WEB/requests"
	wait_until 10 grep -q 'the next run is at' "$BATS_TEST_TMPDIR/log"
	kill "$PID"
	wait "$PID" || true
	equals "$(told_of /hook '.next_run[:19]')" "$(sed -n 's/.*the next run is at \(.*\)Z$/\1/p' "$BATS_TEST_TMPDIR/log")"
	equals "$(date -u -d "@$(metric next_run_timestamp_seconds)" +%FT%T)" "$(told_of /hook '.next_run[:19]')"
}

@test "METRICS_FILE: Prometheus' text, replaced as a whole, readable by all; kept true by runs that fail" {
	export METRICS_FILE=$BATS_TEST_TMPDIR/m.prom
	exits 0 pgbackup run
	prometheus_reads
	equals "$(stat -c %a "$METRICS_FILE")" 644
	equals "$(metric last_run_success)" 1
	equals "$(metric 'database_last_run_success{database="app.db"}')" 1
	equals "$(metric 'last_success_size_bytes{database="app.db"}')" "$(stat -c %s "$(newest app.db)")"
	equals "$(metric 'last_success_tables{database="app.db"}')" 1
	equals "$(metric 'backups{database="app.db"}')" 1
	local made inode
	made=$(metric 'last_success_timestamp_seconds{database="app.db"}')
	[ "${made%.*}" -ge "$(($(date +%s) - 60))" ]
	inode=$(stat -c %i "$METRICS_FILE")
	ln "$METRICS_FILE" "$METRICS_FILE.old"
	mv "$BATS_TEST_TMPDIR/app.db" "$BATS_TEST_TMPDIR/away.db"
	exits 69 pgbackup run
	prometheus_reads
	not test "$(stat -c %i "$METRICS_FILE")" = "$inode"
	equals "$(metric last_run_success)" 0
	equals "$(metric 'database_last_run_success{database="app.db"}')" 0
	equals "$(metric 'last_success_timestamp_seconds{database="app.db"}')" "$made"
	equals "$(find "$BATS_TEST_TMPDIR" -name '*.part')" ''
}

@test "METRICS_FILE where it cannot be written is a warning; without a journal it says so" {
	METRICS_FILE=$BATS_TEST_TMPDIR/no/m.prom exits 0 pgbackup run
	says "warning: cannot write the metrics to '$BATS_TEST_TMPDIR/no/m.prom'"
	echo garbage >"$BACKUP_DIR/.pgbox/journal.db"
	METRICS_FILE=$BATS_TEST_TMPDIR/m.prom exits 0 pgbackup run
	equals "$(metric journal_up)" 0
	equals "$(metric last_run_success)" 1
}

@test "a database's name is escaped as Prometheus wants it" {
	local name='a"b\c'
	lite_file "$BATS_TEST_TMPDIR/odd.db"
	METRICS_FILE=$BATS_TEST_TMPDIR/m.prom exits 0 pgbackup run "odd=sqlite:$BATS_TEST_TMPDIR/odd.db"
	prometheus_reads
	equals "$(metric 'backups{database="odd\/odd.db"}')" 1
	mv "$BATS_TEST_TMPDIR/odd.db" "$BATS_TEST_TMPDIR/$name"
	METRICS_FILE=$BATS_TEST_TMPDIR/m.prom exits 0 pgbackup run "sqlite:$BATS_TEST_TMPDIR/$name"
	prometheus_reads
}

# Every line is a comment or a sample as the format has it, and no metric is typed twice.
prometheus_reads() {
	python3 - "$BATS_TEST_TMPDIR/m.prom" <<-'END'
		import re, sys
		typed = set()
		for line in open(sys.argv[1]):
		    assert line.endswith("\n"), line
		    if line.startswith("# TYPE "):
		        name = line.split()[2]
		        assert name not in typed and line.split()[3] == "gauge", line
		        typed.add(name)
		    elif not line.startswith("# HELP "):
		        m = re.fullmatch(r'([a-z_]+)(\{database="(?:[^"\\\n]|\\["\\n])*"\})? [0-9.]+\n', line)
		        assert m and m.group(1) in typed, line
	END
}
