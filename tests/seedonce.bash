# What the seedonce tests share: seeds that wait to be told, words about what ran,
# and random trials that can be repeated.

# --- assertions ---

# exits STATUS COMMAND...: runs it like `run` and wants that status.
exits() {
	local want=$1
	shift
	run timeout 60 "$@"
	[ "$status" -eq "$want" ] && return
	echo "status $status, not $want: $*"
	echo "$output"
	return 1
}

# says WORDS / says_not WORDS: what was just run did, or did not, print them.
says() {
	[[ $output == *"$1"* ]] && return
	echo "not said: $1"
	echo "$output"
	return 1
}

says_not() {
	[[ $output != *"$1"* ]] && return
	echo "said: $1"
	echo "$output"
	return 1
}

# equals ACTUAL WANTED
equals() {
	[ "$1" = "$2" ] && return
	echo "not '$2' but '$1'"
	return 1
}

# --- random trials ---

# Seeds RANDOM, from SEED if that is set, and says with what. Call it in the test's
# own shell: bash seeds RANDOM anew in every subshell.
random_series() {
	SEED=${SEED:-$RANDOM}
	RANDOM=$SEED
	echo "# seed $SEED" >&3
}

# rounds FULL: how many of them to run here.
rounds() {
	if [ -n "${SOAK:-}" ]; then echo "$1"; else echo $((($1 + 9) / 10)); fi
}

# pause MILLISECONDS: the random moment of a trial, never a wait for something.
pause() {
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

# --- seeds ---

# Writes the commands that the tests use as seeds into the folder of the applets:
#   gate DIR     says in DIR/pid that it runs, then waits for DIR/go (a minute)
#   stubborn DIR the same, deaf to SIGTERM, with a child that is deaf too
make_seeds() {
	local bin=$BATS_FILE_TMPDIR/bin
	cat >"$bin/gate" <<-'END'
		#!/bin/bash
		echo $$ >"$1/pid.new" && mv "$1/pid.new" "$1/pid"
		for ((i = 0; i < 3000; i++)); do
			[ ! -e "$1/go" ] || { rm -f "$1/pid"; exit "${2:-0}"; }
			sleep 0.02
		done
	END
	cat >"$bin/stubborn" <<-'END'
		#!/bin/bash
		trap '' TERM
		sleep 60 &
		echo $! >"$1/child"
		exec gate "$1"
	END
	chmod +x "$bin/gate" "$bin/stubborn"
}

# room NAME: a fresh folder for a seed that waits; its path is in ROOM.
room() {
	ROOM=$BATS_TEST_TMPDIR/$1
	rm -rf "$ROOM"
	mkdir -m 777 "$ROOM"
}

# in_room [DIR]: waits until its seed runs.
in_room() {
	wait_until 20 test -e "${1:-$ROOM}/pid"
}

# Ends what a failed test left in its rooms, by the process group of the seed.
clear_rooms() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*/pid; do
		[ -e "$file" ] || continue
		kill -KILL -- "-$(ps -o pgid= "$(cat "$file")" | tr -d ' ')" 2>/dev/null || true
	done
	for file in "$BATS_TEST_TMPDIR"/*.runner; do
		[ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
	done
}

# background NAME COMMAND...: runs it; its pid is in PID and is waited for with
# `ended`, what it says goes to NAME.out.
background() {
	local name=$1
	shift
	"$@" >"$BATS_TEST_TMPDIR/$name.out" 2>&1 </dev/null 3>&- &
	PID=$!
	echo "$PID" >"$BATS_TEST_TMPDIR/$name.runner"
}

# ended NAME STATUS: waits for it and wants that status; its words are in output.
ended() {
	local file=$BATS_TEST_TMPDIR/$1.runner
	status=0
	wait_until 60 pid_gone "$(cat "$file")"
	wait "$(cat "$file")" || status=$?
	rm "$file"
	output=$(<"$BATS_TEST_TMPDIR/$1.out")
	[ "$status" -eq "$2" ] && return
	echo "status $status, not $2: $1"
	echo "$output"
	return 1
}

# sql_file NAME SQL...: a file of the test, its path in FILE.
sql_file() {
	FILE=$BATS_TEST_TMPDIR/$1
	shift
	mkdir -p "${FILE%/*}"
	printf '%s\n' "$@" >"$FILE"
}

# runs_of FILE: how often seeds have written a line there.
runs_of() {
	wc -l 2>/dev/null <"$1" || echo 0
}

# A zstd frame of: insert into t values ('zst');
zstd_seed() {
	base64 -d <<<'X2YWx1ZXMgKCd6c3QnKTsKLCuwvw=='
}

# --- SQLite ---

# lite FILE SQL: rows of an SQLite file, columns parted by |.
lite() {
	python3 - "$@" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect("file:" + sys.argv[1] + "?mode=rw", uri=True, timeout=20)
		for row in db.execute(sys.argv[2]).fetchall():
		    print("|".join("" if cell is None else str(cell) for cell in row))
		db.commit()
	END
}
