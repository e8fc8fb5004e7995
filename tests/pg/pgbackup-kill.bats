# pgbackup, its processes, its server and its network, cut off at random moments: SOAK=1 for the full series.
# shellcheck disable=SC2030,SC2031 # tests are subshells

load ../lib/base
load ../lib/jobs
load ../lib/trials
load ../lib/pgbackup

setup_file() {
	use_applets
	backup_folder
	SERVER=$BATS_FILE_TMPDIR/pg LITE=$BATS_FILE_TMPDIR/notes.db TEMPLATE=$BATS_FILE_TMPDIR/template
	export SERVER LITE TEMPLATE
	make_tools
	# The last one wins; who cuts a network needs one that is not the loopback.
	server_make "$SERVER" "listen_addresses = '*'" "shared_buffers = 64MB"
	echo "host all all $NET.0/24 trust" >>"$SERVER/data/pg_hba.conf"
	server_start "$SERVER"
	server_sql "$SERVER" postgres 'create database app' 'create database small'
	server_sql "$SERVER" app "create table a as select i, md5(i::text) x, md5((i * 7)::text) y
		from generate_series(1, 100000) i" 'create table b as select i, x from a where i < 50000'
	server_sql "$SERVER" small "create table s as select generate_series(1, 1000) i"
	python3 - "$LITE" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("create table note (id integer primary key, text)")
		db.executemany("insert into note values (?, hex(randomblob(60)))", ((i,) for i in range(60000)))
		db.commit()
	END
	export BACKUP_DIR=$TEMPLATE
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
	for n in 0 1 2 3; do
		choose "$n"
		exits 0 "${RUN[@]}"
	done
}

teardown_file() {
	server_stop "$SERVER" || true
}

setup() {
	backup_folder
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
}

teardown() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
	done
}

NET=10.213.57

# --- tools ---

# strike WHOM SIGNAL MOMENT COMMAND...: starts it as the leader of a session, sends the signal to WHOM at the MOMENT
# and waits for its end; its exit status is the command's, or 128 and a signal. WHOM is top, worker (its child), tool (a
# grandchild, pg_dump or pg_restore), all of them with their groups, group (top's), or none. A MOMENT is ms:N, or
# event:N, when as many names have come and gone in the folders under BACKUP_DIR. Where $STRUCK is set it says there how
# many ms after being struck it ended (-1: it was not), how many ms all took, and how many events there were.
#
# proxy PORT FILE: forwards connections to the server's port; FILE gets its own. Killed, it resets them all; stopped,
# it freezes them.
make_tools() {
	cat >"$BATS_FILE_TMPDIR/bin/strike" <<-'END'
		#!/usr/bin/env python3
		import ctypes, os, select, signal, struct, subprocess, sys, time

		whom, number, moment = sys.argv[1], getattr(signal, "SIG" + sys.argv[2]), sys.argv[3]
		how, n = moment.split(":")
		n, events, struck_at = int(n), 0, None
		libc = ctypes.CDLL(None)
		watch = libc.inotify_init1(os.O_NONBLOCK)
		for folder, _, _ in os.walk(os.environ["BACKUP_DIR"]):
		    libc.inotify_add_watch(watch, folder.encode(), 0x3c0)  # moved, created, deleted

		def children(pid):
		    try:
		        with open(f"/proc/{pid}/task/{pid}/children") as f:
		            return [int(word) for word in f.read().split()]
		    except OSError:
		        return []

		def send(pid):
		    try:
		        os.kill(pid, number)
		    except OSError:
		        pass

		def strike(top):
		    workers = children(top)
		    tools = [tool for worker in workers for tool in children(worker)]
		    rest = [child for tool in tools for child in children(tool)]
		    if whom == "all":
		        for pid in [top] + workers + tools:
		            send(-pid)
		    elif whom == "group":
		        send(-top)
		    else:
		        for pid in {"top": [top], "worker": workers, "tool": tools}[whom]:
		            send(pid)
		        return bool({"top": [top], "worker": workers, "tool": tools}[whom])
		    return True

		began = time.monotonic()
		child = subprocess.Popen(sys.argv[4:], start_new_session=True, close_fds=True)
		due = began + n / 1000 if how == "ms" else began + 60
		while child.poll() is None:
		    left = due - time.monotonic() if struck_at is None and whom != "none" else 1
		    select.select([watch], [], [], max(0, min(left, 0.002)))
		    try:
		        data, at = os.read(watch, 65536), 0
		        while at < len(data):
		            at += 16 + struct.unpack_from("iIII", data, at)[3]
		            events += 1
		    except BlockingIOError:
		        pass
		    now = time.monotonic()
		    if struck_at is None and whom != "none" and (now >= due or how == "event" and events >= n):
		        if child.poll() is None and strike(child.pid):
		            struck_at = now
		        elif now >= due or how == "event":
		            due, how = now + 0.005, "ms"
		ended = time.monotonic()
		if "STRUCK" in os.environ:
		    with open(os.environ["STRUCK"], "w") as f:
		        after = -1 if struck_at is None else int((ended - struck_at) * 1000)
		        f.write(f"{after} {int((ended - began) * 1000)} {events}\n")
		sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
	END
	cat >"$BATS_FILE_TMPDIR/bin/proxy" <<-'END'
		#!/usr/bin/env python3
		import os, selectors, socket, struct, sys

		def linger(s):
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		    return s

		door = socket.create_server(("127.0.0.1", 0))
		with open(sys.argv[2] + ".new", "w") as f:
		    f.write(str(door.getsockname()[1]))
		os.rename(sys.argv[2] + ".new", sys.argv[2])
		eyes, other = selectors.DefaultSelector(), {}
		eyes.register(door, selectors.EVENT_READ)
		while True:
		    for key, _ in eyes.select():
		        if key.fileobj is door:
		            a = linger(door.accept()[0])
		            b = linger(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
		            other[a], other[b] = b, a
		            eyes.register(a, selectors.EVENT_READ)
		            eyes.register(b, selectors.EVENT_READ)
		            continue
		        a = key.fileobj
		        if a not in other:
		            continue
		        try:
		            data = a.recv(65536)
		            other[a].sendall(data)
		        except OSError:
		            data = b""
		        if not data:
		            b = other.pop(a)
		            del other[b]
		            for s in a, b:
		                eyes.unregister(s)
		                s.close()
	END
	chmod +x "$BATS_FILE_TMPDIR/bin/strike" "$BATS_FILE_TMPDIR/bin/proxy"
}

# choose N [OPTION...]: the run of that number, in RUN: each format has its turn.
choose() {
	local n=$1
	shift
	RUN=(pgbackup -q --wait 2s "$@")
	case $((n % 4)) in
	0) RUN+=(--database app --database small run) ;;
	1) RUN+=(--database app --database small --jobs 2 run) ;;
	2) RUN+=(--database app --database small --format plain run) ;;
	3) RUN+=(--url "sqlite:$LITE" run) ;;
	esac
}

# measure OPTION...: how long each kind of run takes undisturbed, and how many events it makes, in TIMES and EVENTS.
measure() {
	local n
	for n in 0 1 2 3; do
		choose "$n" "$@"
		STRUCK=$BATS_TEST_TMPDIR/struck exits 0 strike none KILL ms:0 "${RUN[@]}"
		read -r _ "TIMES[n]" "EVENTS[n]" <"$BATS_TEST_TMPDIR/struck"
	done
	echo "runs of ${TIMES[*]} ms, ${EVENTS[*]} events"
}

# moment N: a random one of that run, in MOMENT.
moment() {
	local n=$(($1 % 4))
	if [ $((RANDOM % 2)) -eq 0 ]; then
		MOMENT=ms:$((RANDOM % (TIMES[n] * 11 / 10 + 5)))
	else
		MOMENT=event:$((RANDOM % (EVENTS[n] + 1)))
	fi
}

# hit WHOM SIGNAL: strikes the chosen run; ENDED is its status, WORDS what it said, AFTER how many ms it took to end then,
# or -1 when it had ended before.
hit() {
	echo "$1 $2 $MOMENT: ${RUN[*]}"
	ENDED=0
	WORDS=$(STRUCK=$BATS_TEST_TMPDIR/struck timeout 100 strike "$1" "$2" "$MOMENT" "${RUN[@]}" 2>&1 3>&-) || ENDED=$?
	read -r AFTER _ <"$BATS_TEST_TMPDIR/struck"
	echo "status $ENDED, $AFTER ms: $WORDS"
}

# --- what must hold ---

# What is under a final name is whole, by pgbackup and by sha256sum.
sound() {
	local sums
	exits 0 pgbackup -q verify --all
	for sums in "$BACKUP_DIR"/*/*.sha256 "$BACKUP_DIR"/.globals/*.sha256; do
		[ -e "$sums" ] || continue
		(cd "${sums%/*}" && sha256sum --quiet -c "${sums##*/}") || return 1
	done
}

# Nothing without a final name is left, and what has one has all three.
tidy() {
	local data
	nothing_half_made
	for data in "$BACKUP_DIR"/*/*-*-* "$BACKUP_DIR"/.globals/*-*-*; do
		case $data in *'*'*) ;; *.json | *.sha256)
			[ -e "${data%.*}" ] || { echo "alone: $data"; return 1; } ;;
		*)
			[ -e "$data.json" ] || { echo "no manifest: $data"; return 1; }
			[ -e "$data.sha256" ] || { echo "no sums: $data"; return 1; }
			;;
		esac
	done
}

# No run is said to go on, and what the last of them did is what is said: interrupted, or that it had ended.
journal_is_true() {
	equals "$(journal_sql "select count(*) from runs where status = 'running'")" 0
	equals "$(journal_sql "select count(*) from runs where status not in ('done', 'failed', 'partly', 'interrupted')")" 0
	# A run that is done has no part that is not.
	equals "$(journal_sql "select count(*) from runs r join runs p on p.part_of = r.id
		where r.status = 'done' and p.status <> 'done'")" 0
}

# A folder with an older backup of everything, as OLDER says.
fresh_folder() {
	rm -rf "$BACKUP_DIR"
	cp -a "$TEMPLATE" "$BACKUP_DIR"
	OLDER=$(find "$BACKUP_DIR" -name '*.json' | sort)
}

older_are_there() {
	local manifest
	for manifest in $OLDER; do
		[ -e "$manifest" ] || { echo "lost: $manifest"; return 1; }
	done
}

# --- SIGKILL ---

@test "SIGKILL at random moments: nothing half has a final name, no older backup is lost, the next run cleans up" {
	local n whom interrupted=0
	random_series
	fresh_folder
	measure
	for ((n = 0; n < $(rounds 100); n++)); do
		echo "round $n"
		fresh_folder
		choose "$n"
		moment "$n"
		whom=(top worker all tool)
		hit "${whom[RANDOM % 4]}" KILL
		older_are_there
		sound
		exits 0 "${RUN[@]}"
		older_are_there
		tidy
		sound
		journal_is_true
		interrupted=$((interrupted + $(journal_sql "select count(*) from runs where part_of is null and status = 'interrupted'")))
	done
	# Were it none, the series would have seen nothing.
	[ "$interrupted" -gt 0 ]
}

@test "SIGKILL at random moments of runs that prune: never fewer backups than the rule keeps" {
	local n whom folder
	random_series
	fresh_folder
	measure --keep-last 2 --keep-min 1
	measure --keep-last 2 --keep-min 1
	for ((n = 0; n < $(rounds 100); n++)); do
		echo "round $n"
		choose "$n" --keep-last 2 --keep-min 1
		moment "$n"
		whom=(top worker all tool)
		hit "${whom[RANDOM % 4]}" KILL
		for folder in app small notes.db .globals; do
			[ "$(backups $folder)" -ge 2 ] || { echo "too few: $folder"; return 1; }
		done
		sound
		exits 0 "${RUN[@]}"
		tidy
		sound
		journal_is_true
		if [ $((n % 4)) -eq 3 ]; then folder=notes.db; else folder=app; fi
		equals "$(backups $folder)" 2
		equals "$(journal_sql "select count(*) from files where gone is null and database = '$folder'")" 2
	done
}

@test "SIGKILL of its child alone: the run itself says so, cleans up at once and records it" {
	local n
	random_series
	fresh_folder
	measure
	for ((n = 0; n < $(rounds 40); n++)); do
		echo "round $n"
		fresh_folder
		choose "$n"
		MOMENT=ms:$((RANDOM % (TIMES[n % 4] * 8 / 10)))
		hit worker KILL
		[ "$AFTER" -ge 0 ] || continue
		older_are_there
		sound
		tidy
		journal_is_true
		[ "$ENDED" -ne 0 ] || continue
		equals "$ENDED" 1
		[[ $WORDS == *killed* ]]
	done
}

# --- SIGTERM ---

@test "SIGTERM at random moments: it ends within 2 s with 143, leaves nothing, and the journal says interrupted" {
	local n whom signals signal interrupted=0
	random_series
	fresh_folder
	measure
	for ((n = 0; n < $(rounds 50); n++)); do
		echo "round $n"
		fresh_folder
		choose "$n"
		moment "$n"
		whom=(top top group all)
		signals=(TERM TERM INT)
		signal=${signals[RANDOM % 3]}
		hit "${whom[RANDOM % 4]}" "$signal"
		[ "$AFTER" -ge 0 ] || continue
		older_are_there
		tidy
		sound
		journal_is_true
		[ "$ENDED" -ne 0 ] || continue
		[ "$AFTER" -le 2000 ]
		case $signal in TERM) equals "$ENDED" 143 ;; INT) equals "$ENDED" 130 ;; esac
		interrupted=$((interrupted + $(journal_sql "select count(*) from runs where part_of is null and status = 'interrupted'")))
		equals "$(journal_sql "select count(*) from runs where status in ('failed', 'partly')")" 0
	done
	[ "$interrupted" -gt 0 ]
}

# --- the server ---

# crash: it dies at one blow, or quits at once; then it starts again.
crash() {
	local postmaster children
	postmaster=$(cat "$SERVER/pid")
	children=$(pgrep -P "$postmaster") || true
	if [ $((RANDOM % 2)) -eq 0 ]; then
		# shellcheck disable=SC2086 # a list
		kill -KILL "$postmaster" $children 2>/dev/null || true
	else
		kill -QUIT "$postmaster"
	fi
	wait_until 20 pid_gone "$postmaster"
	server_start "$SERVER"
}

# start_run: the chosen run in the background; its pid is in PID.
start_run() {
	"${RUN[@]}" >"$BATS_TEST_TMPDIR/run.out" 2>&1 </dev/null 3>&- &
	PID=$!
	echo "$PID" >"$BATS_TEST_TMPDIR/run.pid"
}

# run_ends SECONDS: by itself, within them; ENDED is its status, WORDS what it said.
run_ends() {
	wait_until "$1" pid_gone "$PID"
	ENDED=0
	wait "$PID" || ENDED=$?
	WORDS=$(<"$BATS_TEST_TMPDIR/run.out")
	echo "status $ENDED: $WORDS"
}

# It may have ended well, or have lost the server: nothing else, and never without a word.
lost_or_done() {
	case $ENDED in
	0) return ;;
	3 | 69) [ -n "$WORDS" ] ;;
	*) return 1 ;;
	esac
}

@test "the server restarts at random moments: the run ends with its words, older backups are whole" {
	local n lost=0
	random_series
	fresh_folder
	measure
	for ((n = 0; n < $(rounds 20); n++)); do
		echo "round $n"
		fresh_folder
		choose $((n % 3))
		start_run
		pause $((RANDOM % (TIMES[n % 3] * 9 / 10)))
		crash
		run_ends 30
		lost_or_done
		[ "$ENDED" -eq 0 ] || lost=$((lost + 1))
		older_are_there
		tidy
		sound
		journal_is_true
	done
	exits 0 "${RUN[@]}"
	echo "# $lost of $n lost the server" >&3
}

# --- the network ---

# through_proxy: DATABASE_URL goes through one; its pid is in PROXY.
through_proxy() {
	local file=$BATS_TEST_TMPDIR/proxy.port
	rm -f "$file"
	proxy "$(cat "$SERVER/port")" "$file" 3>&- &
	PROXY=$!
	disown
	echo "$PROXY" >"$BATS_TEST_TMPDIR/proxy.pid"
	wait_until 10 test -s "$file"
	DATABASE_URL=postgres://postgres@127.0.0.1:$(cat "$file")/app
}

@test "connections are reset at random moments: the run ends by itself with its words, and leaves nothing" {
	local n
	random_series
	fresh_folder
	measure
	for ((n = 0; n < $(rounds 20); n++)); do
		echo "round $n"
		fresh_folder
		through_proxy
		choose $((n % 3))
		start_run
		pause $((RANDOM % (TIMES[n % 3] * 9 / 10)))
		kill -KILL "$PROXY"
		run_ends 30
		lost_or_done
		older_are_there
		tidy
		sound
		journal_is_true
	done
}

# dump_waits DATABASE: for the lock of a table. table_is_locked DATABASE: it will have to.
dump_waits() {
	[ "$(server_sql "$SERVER" "$1" "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
		and application_name = 'pgbackup' and datname = current_database()")" -gt 0 ]
}

table_is_locked() {
	[ "$(server_sql "$SERVER" "$1" "select count(*) from pg_locks where relation = 'a'::regclass
		and mode = 'AccessExclusiveLock' and granted")" -gt 0 ]
}

# stand_still DATABASE: its table is locked, so that a dump of it waits.
stand_still() {
	"$PG_BIN/psql" -X -q "$(server_url "$SERVER" "$1")" \
		-c 'begin; lock table a in access exclusive mode; select pg_sleep(60)' >/dev/null 2>&1 3>&- &
	echo "$!" >"$BATS_TEST_TMPDIR/blocker.$1.pid"
	wait_until 10 table_is_locked "$1"
}

# go_on DATABASE: ends that.
go_on() {
	server_sql "$SERVER" "$1" "select pg_terminate_backend(pid) from pg_stat_activity
		where query like '%pg_sleep(60)%' and datname = current_database() and pid <> pg_backend_pid()" >/dev/null
}

@test "a network that swallows everything: SIGTERM ends the run within 2 s, and nothing is left" {
	local n began took
	random_series
	for ((n = 0; n < $(rounds 20); n++)); do
		echo "round $n"
		fresh_folder
		through_proxy
		choose $((n % 3))
		# The dump stands still at a table's lock until nothing comes through any more.
		stand_still app
		start_run
		wait_until 10 dump_waits app
		kill -STOP "$PROXY"
		go_on app
		[ $((RANDOM % 2)) -eq 0 ] || pause $((RANDOM % 500))
		began=$(date +%s%N)
		kill -TERM "$PID"
		run_ends 10
		took=$((($(date +%s%N) - began) / 1000000))
		kill -KILL "$PROXY"
		kill -CONT "$PROXY" 2>/dev/null || true
		equals "$ENDED" 143
		[ "$took" -le 2000 ] || { echo "took $took ms"; return 1; }
		older_are_there
		tidy
		sound
		journal_is_true
		equals "$(journal_sql "select status from runs where part_of is null order by id desc limit 1")" interrupted
		server_sql "$SERVER" postgres "select pg_terminate_backend(pid) from pg_stat_activity
			where application_name = 'pgbackup'" >/dev/null
	done
}

# A network of two: the server's end is in this namespace, the run's in that of the process NS.
make_network() {
	unshare --net sleep 600 3>&- &
	NS=$!
	disown
	echo "$NS" >"$BATS_TEST_TMPDIR/ns.pid"
	wait_until 10 other_network
	CABLE=pgb$((RANDOM % 9000 + 1000))
	ip link add "$CABLE" type veth peer name eth0 netns "$NS"
	ip addr add "$NET.1/24" dev "$CABLE"
	ip link set "$CABLE" up
	nsenter --net --target "$NS" ip addr add "$NET.2/24" dev eth0
	nsenter --net --target "$NS" ip link set eth0 up
	DATABASE_URL=postgres://postgres@$NET.1:$(cat "$SERVER/port")/app
}

other_network() {
	[ "$(readlink "/proc/$NS/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

@test "the network is cut at random moments: runs end by themselves within 40 s, and leave nothing" {
	local n began lost=0 pids=() dirs=()
	[ "$(id -u)" = 0 ] || skip "needs root, for a network that can be cut"
	unshare --net true 2>/dev/null || skip "cannot make a network namespace here"
	random_series
	make_network
	# Side by side: each waits for its timeouts. Half of them stand still then, waiting for the server to speak.
	for ((n = 0; n < $(rounds 20); n++)); do
		server_sql "$SERVER" postgres "create database cut_$n template app"
		dirs+=("$BATS_TEST_TMPDIR/cut_$n")
		cp -a "$TEMPLATE" "${dirs[n]}"
	done
	for ((n = 0; n < ${#dirs[@]}; n++)); do
		[ $((n % 2)) -eq 0 ] || stand_still "cut_$n"
		RUN=(pgbackup -q -d "${dirs[n]}" --wait 2s --database "cut_$n" --jobs $((n / 2 % 2 + 1)) run)
		nsenter --net --target "$NS" "${RUN[@]}" >"$BATS_TEST_TMPDIR/cut_$n.out" 2>&1 </dev/null 3>&- &
		pids+=($!)
		echo "$!" >"$BATS_TEST_TMPDIR/cut_$n.pid"
		[ $((n % 2)) -eq 0 ] || wait_until 10 dump_waits "cut_$n"
	done
	pause $((RANDOM % 100))
	began=$SECONDS
	if [ $((RANDOM % 2)) -eq 0 ]; then
		ip link set "$CABLE" down
	else
		nsenter --net --target "$NS" ip link set eth0 down
	fi
	for ((n = 0; n < ${#pids[@]}; n++)); do
		PID=${pids[n]} BACKUP_DIR=${dirs[n]}
		wait_until $((40 + began - SECONDS)) pid_gone "$PID" || { echo "still runs: cut_$n"; return 1; }
		cp "$BATS_TEST_TMPDIR/cut_$n.out" "$BATS_TEST_TMPDIR/run.out"
		run_ends 1
		lost_or_done
		[ "$ENDED" -eq 0 ] || lost=$((lost + 1))
		[ $((n % 2)) -eq 0 ] || [ "$ENDED" -ne 0 ]
		OLDER=$(cd "$TEMPLATE" && find . -name '*.json' -printf "$BACKUP_DIR/%P\n")
		older_are_there
		tidy
		sound
		journal_is_true
	done
	ip link del "$CABLE"
	[ "$lost" -gt 0 ]
	for ((n = 1; n < ${#pids[@]}; n += 2)); do go_on "cut_$n"; done
}
