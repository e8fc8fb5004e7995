# Commands that run in the background, each by a name of its own.

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
