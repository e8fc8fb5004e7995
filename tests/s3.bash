# What the S3 tests share, behind lib.bash, seedonce.bash and pgbackup.bash: servers, and a bucket to look into.

# No variable of the caller's decides for the tests.
s3_settings() {
	local name
	for name in "${!S3_@}" "${!AWS_@}"; do
		unset "$name"
	done
	export S3_ENDPOINT=http://127.0.0.1:$1 S3_BUCKET=bucket S3_PREFIX=pre/fix S3_PART_SIZE=5M
	export AWS_ACCESS_KEY_ID=AKEY AWS_SECRET_ACCESS_KEY='se/cr+et='
}

# The strict server of s3-server.py, in S3, a folder of the test's own; it ends with the test.
s3_scripted() {
	S3=$BATS_TEST_TMPDIR/s3
	mkdir "$S3"
	python3 "$ROOT/tests/s3-server.py" "$S3" AKEY 'se/cr+et=' >"$S3/log" 2>&1 3>&- &
	echo $! >"$S3/pid"
	disown
	wait_until 10 test -e "$S3/port"
	s3_settings "$(cat "$S3/port")"
}

s3_end() {
	[ ! -e "$S3/pid" ] || kill "$(cat "$S3/pid")" 2>/dev/null || true
}

# s3_fault OPERATION FAULT [COUNT]: from now on.
s3_fault() {
	echo "$@" >>"$S3/faults"
}

# requests PATTERN: how many there were, of the strict server.
requests() {
	grep -c -e "$1" "$S3/requests" || true
}
