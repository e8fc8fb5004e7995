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

# s3_program NAME: the folder of its programs, which are made once; not there: the test is skipped.
s3_program() {
	if [ -n "${PGBOX_S3_SERVERS-}" ]; then
		"$ROOT/tools/s3-servers.sh" "$1" >&2
	fi
	"$ROOT/tools/s3-servers.sh" --bin "$1" 2>/dev/null || skip "no $1 here; tools/s3-servers.sh makes it"
}

# s3_moto / s3_ceph: a real server in S3, a folder, with an empty bucket.
s3_moto() {
	local bin port
	bin=$(s3_program moto)
	port=$(free_port)
	S3=$BATS_TEST_TMPDIR/s3
	mkdir "$S3"
	"$bin/moto" -H 127.0.0.1 -p "$port" >"$S3/log" 2>&1 3>&- &
	echo $! >"$S3/pid"
	disown
	s3_settings "$port"
	wait_until 20 s3_bucket
}

# radosgw without a cluster: all is in a file of SQLite's. What it is sent in parts it does not give back as it
# was (rclone sees that, too), so that is not done here.
s3_ceph() {
	local bin port common
	bin=$(s3_program ceph)
	port=$(free_port)
	S3=$BATS_TEST_TMPDIR/s3
	mkdir "$S3"
	: >"$S3/conf"
	common=(--no-mon-config -n client.rgw -c "$S3/conf" --rgw-backend-store dbstore --dbstore-db-dir "$S3")
	s3_settings "$port"
	export S3_PART_SIZE=512M
	"$bin/radosgw-admin" "${common[@]}" --rgw-config-store dbstore --dbstore-config-uri "file:$S3/config.db" user create \
		--uid test --display-name test --access-key AKEY --secret "$AWS_SECRET_ACCESS_KEY" >"$S3/log" 2>&1
	"$bin/radosgw" "${common[@]}" -f --rgw-frontends "beast endpoint=127.0.0.1:$port" --rgw-data "$S3" \
		--log-file "$S3/log" --run-dir "$S3" --admin-socket '' --keyring /dev/null >"$S3/out" 2>&1 3>&- &
	echo $! >"$S3/pid"
	disown
	wait_until 20 s3_bucket
}

s3_bucket() {
	RCLONE_CONFIG='' timeout 10 "$(s3_program rclone)/rclone" mkdir --retries 1 --low-level-retries 1 \
		":s3,provider=Other,access_key_id=AKEY,secret_access_key='$AWS_SECRET_ACCESS_KEY',endpoint='$S3_ENDPOINT':bucket" \
		>"$S3/rclone" 2>&1
}
