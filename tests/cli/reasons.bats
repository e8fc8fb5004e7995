# The last reason that there was is what is told at the deadline, and once in a while before.

load ../lib/base

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
}

setup() {
	export HOME=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	[ -z "${LOCKER:-}" ] || kill "$LOCKER"
}

# refusing SQLSTATE WORDS [LOGINS]: URL is that of a server that refuses so many logins, and then is silent.
refusing() {
	rm -f port
	mkfifo server
	python3 "$ROOT/tests/servers/refusing.py" port "$@" <server 3>&- &
	# shellcheck disable=SC2034 # it ends with us
	exec {SERVER}>server
	rm server
	wait_until 10 test -s port
	URL=postgres://u@127.0.0.1:$(cat port)/d
}

# locked: x.db, by another process that writes.
locked() {
	python3 - <<-'END' 3>&- &
		import os, sqlite3, time
		c = sqlite3.connect("x.db", isolation_level=None)
		c.execute("create table t (a)")
		c.execute("begin exclusive")
		os.mknod("locked")
		time.sleep(60)
	END
	LOCKER=$!
	wait_until 10 test -e locked
}

@test "what a server said before it fell silent is told at the deadline" {
	refusing XX000 'Tenant or user not found' 3
	exits 124 waitdb --timeout 900ms "$URL"
	says 'Tenant or user not found'
	says_not 'no answer'
}

@test "what a server says at each login is told by every applet" {
	refusing XX000 'Tenant or user not found'
	exits 124 waitdb --timeout 1s "$URL"
	says 'gave up waiting for ready: Tenant or user not found'
	exits 124 seedonce --timeout 1s "$URL" -- true
	says 'gave up waiting: Tenant or user not found'
	exits 69 isempty --timeout 1s "$URL"
	says 'Tenant or user not found'
	exits 69 pgbackup run --dir backups --wait 1s "$URL"
	says 'Tenant or user not found'
	says_not 'no answer'
	exits 69 pgrestore undo --wait 1s "$URL"
	says 'Tenant or user not found'
	says_not 'no answer'
	exits 1 healthz --url "$URL"
	says 'Tenant or user not found'
	exits 1 waitdb --once "$URL"
}

@test "of several hosts the answer of the last is told, and ends the waiting" {
	refusing 57P03 'starting up'
	local starting=${URL#*@}
	refusing 28P01 'wrong password'
	exits 77 waitdb --timeout 20s --auth-grace 300ms "postgres://u@${starting%/d},${URL#*@}"
	says 'wrong password'
	exits 124 waitdb --timeout 500ms --auth-grace 100ms "postgres://u@${starting%/d},127.0.0.1:1/d"
	says 'starting up'
}

@test "a server that falls silent while pgbackup or pgrestore wait does not take its reason along" {
	refusing XX000 'Tenant or user not found' 2
	exits 69 pgbackup run --dir backups --wait 900ms "$URL"
	says 'Tenant or user not found'
	says_not 'no answer'
	refusing XX000 'Tenant or user not found' 2
	exits 69 pgrestore undo --wait 900ms "$URL"
	says 'Tenant or user not found'
	says_not 'no answer'
	refusing XX000 'Tenant or user not found' 1
	exits 69 pgrestore undo --wait 1500ms "$URL"
	says 'no answer in time; before that: Tenant or user not found'
}

@test "an SQLite file that is locked is told as that, by every applet" {
	locked
	exits 124 waitdb --timeout 700ms sqlite:x.db
	says 'gave up waiting for ready: database is locked'
	exits 124 waitdb --timeout 700ms --for table=t sqlite:x.db
	says 'database is locked'
	exits 124 waitdb --any --timeout 700ms --for table=t --for writable sqlite:x.db
	says 'database is locked'
	says_not 'host name'
	exits 124 seedonce --timeout 700ms sqlite:x.db -- true
	says 'database is locked'
	exits 1 healthz --timeout 700ms --url sqlite:x.db
	says 'database is locked'
	exits 1 healthz --timeout 700ms --url sqlite:x.db table=t writable 'query=select 1'
	says 'database is locked'
	says_not 'file system'
	exits 69 isempty --timeout 700ms sqlite:x.db
	says 'database is locked'
	exits 1 waitdb --once --timeout 700ms sqlite:x.db
	says 'database is locked'
}

# grow: another row in x.db five times a second, for three seconds.
grow() {
	python3 - <<-'END'
		import sqlite3, time
		c = sqlite3.connect("x.db", isolation_level=None)
		c.execute("pragma journal_mode = wal")
		c.execute("create table t (a)")
		for i in range(15):
		    c.execute("insert into t values (1)")
		    time.sleep(0.2)
	END
}

@test "a reason is told when it changes, but not with each number, and again every ten seconds" {
	grow 3>&- &
	exits 0 waitdb --timeout 10s --for table=t sqlite:x.db
	exits 124 waitdb --timeout 2500ms --for 'rows=t>=100' sqlite:x.db
	local told
	told=$(grep -c 'info: .*of 100 rows' <<<"$output")
	[ "$told" -ge 2 ]
	[ "$told" -le 3 ]
	exits 124 waitdb -q --timeout 200ms --for 'rows=t>=100' sqlite:x.db
	equals "$(wc -l <<<"$output")" 1
	if [ -n "${SOAK:-}" ]; then
		exits 124 waitdb --timeout 21s postgres://u@127.0.0.1:1/d
		equals "$(grep -c 'info: .*connection refused' <<<"$output")" 3
		exits 124 seedonce --timeout 11s postgres://u@127.0.0.1:1/d -- true
		equals "$(grep -c 'info: .*connection refused' <<<"$output")" 2
		exits 124 waitdb -q --timeout 11s postgres://u@127.0.0.1:1/d
		equals "$(wc -l <<<"$output")" 1
	fi
}
