# One command in the background, for the files that watch it while it runs.

# in_background COMMAND...: its words in $LOG, its pid in $JOB. ends STATUS waits for it.
in_background() {
	LOG=$BATS_TEST_TMPDIR/log
	"$@" >"$LOG" 2>&1 3>&- 9>&- &
	JOB=$!
	echo "$JOB" >>"$BATS_TEST_TMPDIR/started"
}

ends() {
	local status=0
	wait "$JOB" || status=$?
	tail -n 30 "$LOG"
	[ "$status" -eq "$1" ]
}

# It says so within ten seconds.
says() {
	wait_until 10 grep -qiF -- "$1" "$LOG"
}
