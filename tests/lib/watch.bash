# What the tests of `pgrestore watch` share, behind base.bash, pgbackup.bash and pgrestore.bash: the watcher
# in the background, what is dropped for it, and an engine whose containers it stops.

# watch_suite: what a file's tests share: a server, and a database `source` as an archive, as SQL, as SQL that does not
# end, and junk; all are $DUMP with a suffix.
watch_suite() {
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg DUMP=$BATS_FILE_TMPDIR/new.dump
	server_make "$SERVER"
	server_start "$SERVER"
	made source 5
	archive source "$DUMP"
	archive source "$DUMP.sql" --format=plain
	with_at_end 'SELECT pg_sleep(60);' "$DUMP.sql" >"$DUMP.slow"
	echo junk >"$DUMP.junk"
}

# watch_begin: what each test begins with: a folder, and a database `app` that is to be replaced.
watch_begin() {
	restore_folder
	watch_folder
	only source
	made app 1
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# watch_folder: a folder of the test's own; files settle soon.
watch_folder() {
	local name
	for name in "${!RESTORE_@}" "${!DOCKER_@}"; do
		unset "$name"
	done
	export BOX=$BATS_TEST_TMPDIR/box
	export RESTORE_WATCH_DIR=$BOX/incoming RESTORE_SETTLE=200ms DOCKER_HOST=unix://$BATS_TEST_TMPDIR/engine/socket
	export RESTORE_POLL_INTERVAL=1s RESTORE_STATE_DIR=$BOX/state
	LOG=$BATS_TEST_TMPDIR/watch.log
	: >"$LOG"
}

# watch_start [ARGUMENT...]: its pid is in WATCH; it is ready. WATCHER: a command in front, which must exec it.
WATCHER=()
watch_start() {
	local lines
	lines=$(grep -c "watching '" "$LOG" || true)
	"${WATCHER[@]}" pgrestore watch "$@" >>"$LOG" 2>&1 </dev/null 3>&- 9>&- &
	WATCH=$!
	echo "$WATCH" >"$BATS_TEST_TMPDIR/watch.pid"
	wait_until 30 more_watches "$lines" || { cat "$LOG"; return 1; }
}

more_watches() {
	[ "$(grep -c "watching '" "$LOG")" -gt "$1" ] || pid_gone "$WATCH"
}

# watch_ends STATUS [SECONDS]
watch_ends() {
	wait_until "${2:-10}" pid_gone "$WATCH"
	status=0
	wait "$WATCH" || status=$?
	equals "$status" "$1"
}

# watch_stop: it is told to while it has nothing to do.
watch_stop() {
	kill "$WATCH"
	watch_ends 143 2
}

# watch_kill [alone]: with all that it has started, by their pids; or so that they must notice by themselves.
watch_kill() {
	local pids
	pids=$(descendants "$WATCH")
	kill -KILL "$WATCH" 2>/dev/null || true
	# shellcheck disable=SC2086 # a list
	[ "${1:-}" = alone ] || kill -KILL $pids 2>/dev/null || true
	wait "$WATCH" 2>/dev/null || true
	# shellcheck disable=SC2086
	wait_until 10 all_gone $pids
}

all_gone() {
	local pid
	for pid in "$@"; do
		dead "$pid" || return 1
	done
}

descendants() {
	local child
	for child in $(pgrep -P "$1" || true); do
		echo "$child"
		descendants "$child"
	done
}

# watch_clear: for teardown.
watch_clear() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*.pid; do
		[ -e "$file" ] || continue
		kill -KILL "$(cat "$file")" 2>/dev/null || true
		wait "$(cat "$file")" 2>/dev/null || true
	done
}

# deliver FILE [NAME]: it is there as a whole at once.
deliver() {
	local name=${2:-${1##*/}}
	cp "$1" "$BOX/incoming/.$name"
	mv "$BOX/incoming/.$name" "$BOX/incoming/$name"
}

# lands done|failed NAME [SECONDS]: it comes to be there, with its log.
lands() {
	wait_until "${3:-30}" test -e "$BOX/$1/$2" && [ -s "$BOX/$1/$2.log" ] && return
	echo "not in $1: $2"
	find "$BOX"
	cat "$LOG"
	return 1
}

# logged NAME WORDS: in the log beside a file that has landed.
logged() {
	grep -qF -- "$2" "$BOX"/*/"$1.log" && return
	echo "not in the log of $1: $2"
	cat "$BOX"/*/"$1.log"
	return 1
}

said() {
	wait_until 10 grep -qF -- "$1" "$LOG" && return
	echo "not said: $1"
	cat "$LOG"
	return 1
}

# --- an engine ---

# engine_start JSON: of its containers, see engine.py.
engine_start() {
	ENGINE=$BATS_TEST_TMPDIR/engine
	mkdir -p "$ENGINE"
	echo "$1" >"$ENGINE/containers"
	: >"$ENGINE/requests"
	"$ROOT/tests/servers/engine.py" "$ENGINE" </dev/null >"$ENGINE/log" 2>&1 3>&- 9>&- &
	echo $! >"$BATS_TEST_TMPDIR/engine.pid"
	wait_until 10 test -S "$ENGINE/socket"
}

# asked [stop|start]: what was stopped and started, in order, in one line.
asked() {
	sed -n "s|^POST /containers/\(.*\)/\(${1:-.*}\)$|\2 \1|p" "$ENGINE/requests" | paste -sd' '
}

# up: the containers that run, in one line.
up() {
	sed -n 's/^\([^ ]*\) .* up$/\1/p' "$ENGINE/state" | sort | paste -sd' '
}
