# What the S3 tests share, behind base.bash and pgbackup.bash: servers, and a bucket to look into.

# No variable of the caller's decides for the tests.
s3_settings() {
	local name
	for name in "${!S3_@}" "${!AWS_@}"; do
		unset "$name"
	done
	export S3_ENDPOINT=http://127.0.0.1:$1 S3_BUCKET=bucket S3_PREFIX=pre/fix S3_PART_SIZE=5M
	export AWS_ACCESS_KEY_ID=AKEY AWS_SECRET_ACCESS_KEY='se/cr+et='
}

# s3_scripted [CERTIFICATE]: the strict server of s3.py, in S3, a folder of the test's own; it ends with the test.
s3_scripted() {
	s3_run python3 "$ROOT/tests/servers/s3.py" "$BATS_TEST_TMPDIR/s3" AKEY 'se/cr+et=' "$@"
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

# s3_need NAME...: the programs of tools/s3-servers.sh. In CI, or with PGBOX_S3_SERVERS, they are made where they are
# missing, and the test fails where they cannot be; elsewhere it is skipped. s3_bin NAME: their folder.
s3_need() {
	local name
	if [ -n "${CI-}${PGBOX_S3_SERVERS-}" ]; then
		"$ROOT/tools/s3-servers.sh" "$@" || return 1
	fi
	for name in "$@"; do
		s3_bin "$name" >/dev/null 2>&1 || skip "no $name here; tools/s3-servers.sh makes it"
	done
}

s3_bin() {
	"$ROOT/tools/s3-servers.sh" --bin "$1"
}

# s3_moto / s3_swift / s3_ceph: a real server in S3, a folder, with an empty bucket.
s3_moto() {
	local bin port
	s3_need moto rclone
	bin=$(s3_bin moto)
	port=$(free_port)
	s3_run "$bin/python3" -m moto.server -H 127.0.0.1 -p "$port"
	s3_settings "$port"
	s3_bucket
}

s3_swift() {
	local bin
	s3_need swift rclone
	bin=$(s3_bin swift)
	s3_run "$bin/python3" "$ROOT/tests/servers/openstack.py" "$BATS_TEST_TMPDIR/s3" AKEY 'se/cr+et='
	wait_until 20 test -e "$S3/port"
	s3_settings "$(cat "$S3/port")"
	s3_bucket
}

# radosgw without a cluster: all is in a file of SQLite's. Not for uploads in parts: what it was sent so it gives back
# otherwise, to rclone as well, so parts are as large as all that the tests send.
s3_ceph() {
	local bin port common
	s3_need ceph rclone
	bin=$(s3_bin ceph)
	port=$(free_port)
	S3=$BATS_TEST_TMPDIR/s3
	common=(--no-mon-config -n client.rgw -c "$S3/conf" --rgw-backend-store dbstore --dbstore-db-dir "$S3")
	mkdir "$S3"
	: >"$S3/conf"
	# Now and then it does not end although it is done: what counts is what it says.
	timeout -s KILL 10 "$bin/radosgw-admin" "${common[@]}" --rgw-config-store dbstore \
		--dbstore-config-uri "file:$S3/config.db" user create --uid test --display-name test \
		--access-key AKEY --secret 'se/cr+et=' >"$S3/made" 2>&1 || grep -q '"access_key": "AKEY"' "$S3/made"
	s3_run "$bin/radosgw" "${common[@]}" -f --rgw-frontends "beast endpoint=127.0.0.1:$port" --rgw-data "$S3" \
		--log-file "$S3/log" --run-dir "$S3" --admin-socket '' --keyring /dev/null
	s3_settings "$port"
	export S3_PART_SIZE=512M
	s3_bucket
}

# s3_run COMMAND...: in the background, until the test ends.
s3_run() {
	S3=$BATS_TEST_TMPDIR/s3
	mkdir -p "$S3"
	"$@" >"$S3/out" 2>&1 3>&- &
	echo $! >"$S3/pid"
	disown
}

# s3_bucket: makes it, once the server answers.
s3_bucket() {
	local rclone
	rclone=$(s3_bin rclone)/rclone
	wait_until 20 s3_bucket_once "$rclone"
}

s3_bucket_once() {
	RCLONE_CONFIG='' timeout 10 "$1" mkdir --retries 1 --low-level-retries 1 \
		":s3,provider=Other,access_key_id=AKEY,secret_access_key='$AWS_SECRET_ACCESS_KEY',endpoint='$S3_ENDPOINT':bucket" \
		>"$S3/rclone" 2>&1
}
