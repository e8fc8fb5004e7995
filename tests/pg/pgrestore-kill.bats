# pgrestore --replace killed at random moments, under clients that reconnect and write in a loop: SOAK=1 for the full series.
# shellcheck disable=SC2030,SC2031 # tests are subshells

load ../lib/base
load ../lib/trials
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=1800
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg DUMP=$BATS_FILE_TMPDIR/new.dump
	make_clients
	server_make "$SERVER" 'max_connections = 100'
	server_start "$SERVER"
	# Half a database is one without the last of its tables, its rows or its indexes.
	sql postgres 'create database source'
	sql source 'create table whole (generation int)' "insert into whole values (2)" 'create table log (who int, at bigint)' \
		'create table a as select i, md5(i::text) x from generate_series(1, 10000) i' 'create index on a (x)' \
		'create table z as select i from generate_series(1, 1000) i' 'alter table z add primary key (i)'
	archive source "$DUMP"
	archive source "$DUMP.sql" --format=plain
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

teardown() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
	done
}

# clients N DIR: so many on one database, over and over: log in, read what it is, write a line, leave; until DIR/stop is
# there. What no client may ever see is a line in DIR/bad: a database that is not whole, a login that is refused because it
# is missing or closed, a line that was written and answered and is in neither database. DIR/seen has how often each
# generation was seen.
make_clients() {
	cat >"$BATS_FILE_TMPDIR/bin/clients" <<-'END'
		#!/usr/bin/env python3
		import os, socket, struct, sys, threading, time

		count, folder, path, database = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
		lock, seen, bad, lost = threading.Lock(), {}, [], {}

		class Gone(Exception):
		    pass

		class Refused(Exception):
		    pass

		class Client:
		    def __init__(self):
		        self.s = socket.socket(socket.AF_UNIX)
		        self.s.settimeout(60)
		        self.s.connect(path)
		        self.f = self.s.makefile("rb")
		        words = b"user\0postgres\0database\0" + database.encode() + b"\0\0"
		        self.s.sendall(struct.pack("!ii", len(words) + 8, 196608) + words)
		        self.until_ready()

		    def until_ready(self):
		        rows, error = [], None
		        while True:
		            head = self.f.read(5)
		            if len(head) < 5:
		                raise Refused(error) if error else Gone("closed")
		            kind, size = head[:1], struct.unpack("!i", head[1:])[0]
		            body = self.f.read(size - 4)
		            if kind == b"E":
		                fields = {p[:1]: p[1:].decode() for p in body.split(b"\0") if p}
		                error = " ".join(fields.get(name, "") for name in (b"C", b"M", b"D"))
		            elif kind == b"D":
		                row, at = [], 2
		                for _ in range(struct.unpack("!h", body[:2])[0]):
		                    n = struct.unpack("!i", body[at:at + 4])[0]
		                    row.append(None if n < 0 else body[at + 4:at + 4 + n].decode())
		                    at += 4 + max(n, 0)
		                rows.append(row)
		            elif kind == b"Z":
		                if error:
		                    raise Refused(error)
		                return rows

		    def ask(self, sql):
		        text = sql.encode() + b"\0"
		        self.s.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
		        return self.until_ready()

		def look(client, me, n):
		    rows = client.ask("select string_agg(generation::text, ','), (select count(*) from a), (select count(*) from z), "
		                      "(select count(*) from pg_index where indrelid in ('a'::regclass, 'z'::regclass)) from whole")
		    generation = rows[0][0]
		    with lock:
		        seen[generation] = seen.get(generation, 0) + 1
		    wanted = {"1": ["1", "1", "1", "0"], "2": ["2", "10000", "1000", "2"]}
		    if rows[0] != wanted.get(generation):
		        with lock:
		            bad.append(f"client {me} sees {rows[0]}")
		    client.ask(f"insert into log values ({me}, {n})")

		def run(me):
		    n = 0
		    while not os.path.exists(folder + "/stop"):
		        n += 1
		        try:
		            client = Client()
		            for _ in range(1 + n % 3):
		                look(client, me, n)
		            client.s.close()
		        except (Gone, ConnectionError) as e:
		            with lock:
		                lost["gone"] = lost.get("gone", 0) + 1
		        except Refused as e:
		            words = str(e)
		            with lock:
		                lost[words[:5]] = lost.get(words[:5], 0) + 1
		                # 57P01: ended by an administrator, which a swap does. A login that has waited for the rename finds
		                # that the name is another database's now (postinit.c), and has to be tried again.
		                if not words.startswith("57P01") and "just been dropped or renamed" not in words:
		                    bad.append(f"client {me}: {words}")
		        except OSError as e:
		            with lock:
		                bad.append(f"client {me}: {e!r}")

		threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
		for t in threads:
		    t.start()
		for t in threads:
		    t.join()
		for name, lines in ("bad", bad), ("seen", [f"{k} {v}" for k, v in seen.items()]), ("lost", [f"{k} {v}" for k, v in lost.items()]):
		    with open(f"{folder}/{name}", "w") as f:
		        f.writelines(line + "\n" for line in lines)
	END
	chmod +x "$BATS_FILE_TMPDIR/bin/clients"
}

# start_clients N [DATABASE] / stop_clients: SEEN is then what they saw.
start_clients() {
	DEN=$BATS_TEST_TMPDIR/clients
	rm -rf "$DEN"
	mkdir "$DEN"
	clients "$1" "$DEN" "$SERVER/.s.PGSQL.$(cat "$SERVER/port")" "${2:-app}" 3>&- &
	CLIENTS=$!
	echo "$CLIENTS" >"$BATS_TEST_TMPDIR/clients.pid"
	wait_until 20 working
}

working() {
	[ "$(sql app 'select count(*) from log' 2>/dev/null || echo 0)" -gt 20 ]
}

stop_clients() {
	touch "$DEN/stop"
	wait_until 60 pid_gone "$CLIENTS"
	wait "$CLIENTS"
	if [ -s "$DEN/bad" ]; then
		sort "$DEN/bad" | uniq -c | sort -rn | head -n 10
		return 1
	fi
	SEEN=$(cut -d' ' -f1 "$DEN/seen" | sort | paste -sd' ')
}

# old_app: generation 1.
old_app() {
	only source
	sql postgres 'create database app connection limit 90'
	sql app 'create table whole (generation int)' "insert into whole values (1)" 'create table log (who int, at bigint)' \
		'create table a as select 1 i' 'create table z as select 1 i'
}

# generation DATABASE
generation() {
	sql "$1" 'select generation from whole'
}

# open_and_whole: app is there, it can be logged in to, and it is one of the two as they were.
open_and_whole() {
	local now
	equals "$(sql postgres "select datallowconn, datconnlimit from pg_database where datname = 'app'")" 't|90'
	now=$(sql app "select generation, (select count(*) from a), (select count(*) from z), (select count(*) from pg_index
		where indrelid in ('a'::regclass, 'z'::regclass)) from whole")
	case $now in
	'1|1|1|0' | '2|10000|1000|2') ;;
	*) echo "not whole: $now"; return 1 ;;
	esac
	if [[ $now == 2* ]]; then
		equals "$(generation "$(befores)")" 1
		equals "$(sql postgres "select datallowconn from pg_database where datname = '$(befores)'")" t
	else
		equals "$(befores)" ''
	fi
}

# settled: nobody works on behalf of a restore any more.
settled() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where application_name ~ 'pgrestore|pg_restore|psql'
		and pid <> pg_backend_pid()")" -eq 0 ]
}

# strike MOMENT-MS COMMAND...: kills it and all that it has started, each by its pid, at once.
strike() {
	local ms=$1 pids
	shift
	"$@" >"$BATS_TEST_TMPDIR/words" 2>&1 </dev/null 3>&- &
	PID=$!
	echo "$PID" >"$BATS_TEST_TMPDIR/run.pid"
	pause "$ms"
	pids=$(descendants "$PID")
	# Alone: its children must notice by themselves; or with them, before or after it.
	# shellcheck disable=SC2086 # a list
	case $((RANDOM % 3)) in
	0) kill -KILL "$PID" ;;
	1) kill -KILL $pids "$PID" ;;
	2) kill -KILL "$PID" $pids ;;
	esac 2>/dev/null || true
	wait_until 10 pid_gone "$PID"
	wait "$PID" 2>/dev/null || true
}

descendants() {
	local child
	for child in $(pgrep -P "$1" || true); do
		echo "$child"
		descendants "$child"
	done
}

@test "SIGKILL at random moments of --replace under 20 clients: the old one is whole and open, or the new one" {
	local n old=0 new=0 commands=('pgrestore -q DUMP --replace' 'pgrestore -q DUMP --replace --jobs 2' 'pgrestore -q DUMP.sql --replace')
	local -a command
	random_series
	old_app
	start_clients 20
	took pgrestore -q "$DUMP" --replace
	stop_clients
	for ((n = 0; n < $(rounds 100); n++)); do
		old_app
		read -ra command <<<"${commands[n % 3]}"
		command[2]=${command[2]/DUMP/$DUMP}
		start_clients 20
		# Half of them at the end, where the swap is.
		if [ $((RANDOM % 2)) -eq 0 ]; then
			moment=$((RANDOM % (TOOK * 11 / 10)))
		else
			moment=$((TOOK * 7 / 10 + RANDOM % (TOOK * 5 / 10)))
		fi
		echo "round $n: $moment of $TOOK ms: ${command[*]}"
		strike "$moment" "${command[@]}"
		wait_until 40 settled
		open_and_whole
		stop_clients
		if [ "$(generation app)" = 1 ]; then
			old=$((old + 1))
			equals "$SEEN" 1
		else
			new=$((new + 1))
		fi
		# The next one clears up and gets through.
		exits 0 pgrestore "$DUMP" --replace
		equals "$(generation app)" 2
		not grep -q _restore_ <<<"$(databases)"
	done
	echo "# $old times the old one, $new times the new one" >&3
}

@test "nobody is struck: 20 clients see the old one and then the new one, and nothing between; so with undo" {
	random_series
	old_app
	start_clients 20
	exits 0 pgrestore "$DUMP" --replace
	wait_until 10 seen_new
	exits 0 pgrestore undo
	exits 0 pgrestore undo
	stop_clients
	equals "$SEEN" '1 2'
	equals "$(generation app)" 2
	# What the clients wrote before the swap is in the old one.
	[ "$(sql "$(befores)" 'select count(*) from log')" -gt 0 ]
}

seen_new() {
	[ "$(sql app 'select count(*) from log')" -gt 20 ]
}

@test "SIGKILL at random moments of undo: the one or the other, open, and undo can be said again" {
	local n
	random_series
	for ((n = 0; n < $(rounds 50); n++)); do
		old_app
		exits 0 pgrestore "$DUMP" --replace
		[ -n "${TOOK:-}" ] || { took pgrestore -q undo; exits 0 pgrestore undo; }
		equals "$(generation app)" 2
		start_clients 5
		strike $((RANDOM % TOOK)) pgrestore -q undo
		wait_until 40 settled
		stop_clients
		equals "$(sql postgres "select count(*) from pg_database where datname ~ '^app' and datallowconn")" 2
		case $(generation app) in
		1) equals "$(generation "$(befores)")" 2 ;;
		2) equals "$(generation "$(befores)")" 1 ;;
		*) false ;;
		esac
		exits 0 pgrestore undo
	done
}

@test "SIGKILL at random moments while a missing database is made: it is not there, or it is whole" {
	local n
	random_series
	only source
	DATABASE_URL=$(url app) took pgrestore -q "$DUMP"
	for ((n = 0; n < $(rounds 50); n++)); do
		only source
		strike $((RANDOM % (TOOK * 11 / 10))) pgrestore -q "$DUMP"
		wait_until 40 settled
		if [ "$(sql postgres "select count(*) from pg_database where datname = 'app'")" = 1 ]; then
			equals "$(sql app 'select generation, (select count(*) from a), (select count(*) from z) from whole')" '2|10000|1000'
			drop app
		fi
		exits 0 pgrestore "$DUMP"
		not grep -q _restore_ <<<"$(databases)"
	done
}

@test "SIGKILL at random moments of filling an empty database: it is empty, or it is whole" {
	local n source
	random_series
	old_app
	drop app
	sql postgres 'create database app'
	took pgrestore -q "$DUMP"
	for ((n = 0; n < $(rounds 50); n++)); do
		only source
		sql postgres 'create database app'
		source=$DUMP
		[ $((n % 2)) -eq 0 ] || source=$DUMP.sql
		strike $((RANDOM % (TOOK * 11 / 10))) pgrestore -q "$source"
		wait_until 40 settled
		if ! isempty -q; then
			equals "$(sql app 'select generation, (select count(*) from a), (select count(*) from z) from whole')" '2|10000|1000'
		fi
	done
}

@test "SIGKILL at random moments of --clean: the one or the other, and the safety backup is whole" {
	local n
	random_series
	old_app
	took pgrestore -q "$DUMP" --clean
	for ((n = 0; n < $(rounds 50); n++)); do
		old_app
		strike $((RANDOM % (TOOK * 11 / 10))) pgrestore -q "$DUMP" --clean
		wait_until 40 settled
		open_and_whole_in_place
		exits 0 pgbackup -q prune --dry-run || true
		[ ! -d "$BACKUP_DIR/app" ] || exits 0 pgbackup -q verify --all
	done
}

open_and_whole_in_place() {
	case $(sql app 'select generation, (select count(*) from a), (select count(*) from z) from whole') in
	'1|1|1' | '2|10000|1000') ;;
	*) echo "not whole"; return 1 ;;
	esac
}
