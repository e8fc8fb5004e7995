# pgbackup and S3 with a server to back up: streams without a folder, and real S3 servers.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/s3

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to serve S3 with'
	export BATS_TEST_TIMEOUT=120
	use_applets
	SERVER=$BATS_FILE_TMPDIR/server
	export SERVER
	server_make "$SERVER"
	server_start "$SERVER"
	server_sql "$SERVER" postgres "CREATE DATABASE app"
	# Some 8 MB that hardly pack: two parts.
	server_sql "$SERVER" app "CREATE TABLE t AS SELECT i, md5(i::text) || md5((-i)::text) AS m
		FROM generate_series(1, 200000) i" "CREATE TABLE u (a int)" "SELECT lo_from_bytea(0, 'large')" >/dev/null
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	backup_folder
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
}

teardown() {
	s3_end
	server_sql "$SERVER" postgres 'DROP DATABASE IF EXISTS again'
}

# No folder, and nowhere else to put anything.
nowhere() {
	export BACKUP_DIR='' TMPDIR=/nonexistent
}

rows_of() {
	server_sql "$SERVER" "$1" 'SELECT count(*), md5(string_agg(m, NULL ORDER BY i)) FROM t'
}

comes_back() {
	TMPDIR=$BATS_TEST_TMPDIR exits 0 pgrestore latest:app --remote --into again
	equals "$(rows_of again)" "$(rows_of app)"
	equals "$(server_sql "$SERVER" again 'SELECT count(*) FROM pg_largeobject_metadata')" 1
	server_sql "$SERVER" postgres 'DROP DATABASE again'
}

@test "without a folder a backup streams into the bucket, read back on the way, and comes back" {
	s3_scripted
	nowhere
	exits 0 pgbackup run
	says 's3://bucket/pre/fix/app/app-'
	equals "$(requests '^part .*app-')" 2
	exits 0 pgbackup verify
	equals "$(pgbackup list --json | jq -r 'select(.kind == "custom") | .state, .archive_version, .tables')" \
		"$(printf '%s\n' verified 1.16 2)"
	# The data, then its sum, then the manifest.
	equals "$(sed -nE 's/^(finish|put) .*app-.*\.dump/\1 /p' "$S3/requests" | tr '\n' ' ')" 'finish  put .sha256 put .json '
	comes_back
}

@test "whatever packs it" {
	local options
	s3_scripted
	nowhere
	for options in '--compress gzip' '--compress lz4' '--compress none' '--format plain' \
		'--format plain --compress gzip'; do
		# shellcheck disable=SC2086 # several words
		exits 0 pgbackup run --roles no $options
		comes_back || {
			# Plain SQL goes into one transaction, and large objects with it.
			echo "with $options"
			return 1
		}
	done
	exits 0 pgbackup verify --all
	equals "$(pgbackup list --json | wc -l)" 5
}

@test "a stream goes on over faults that pass, sending again the part that failed" {
	s3_scripted
	nowhere
	s3_fault part reset
	s3_fault part 503
	s3_fault finish 200error
	exits 0 pgbackup run --roles no
	exits 0 pgbackup verify
	equals "$(requests '^part [^!]*$')" 2
}

@test "a dump that fails leaves nothing in the bucket" {
	s3_scripted
	nowhere
	server_sql "$SERVER" postgres "DROP ROLE IF EXISTS app" "CREATE ROLE app LOGIN PASSWORD 'secret'"
	DATABASE_URL=$(server_url "$SERVER" app app:secret)
	exits 77 pgbackup run
	says 'permission denied'
	equals "$(requests '^start')" 1
	equals "$(requests '^finish')" 0
	equals "$(requests '^put')" 0
	requests '^abort' | grep -qx '[12]'
	server_sql "$SERVER" postgres "DROP ROLE app"
}

@test "an upload that is refused ends the dump, and nothing is left" {
	s3_scripted
	nowhere
	s3_fault part 403 9
	exits 77 pgbackup run --roles no
	says 'AccessDenied: not you'
	equals "$(pgbackup list --json)" ''
	equals "$(server_sql "$SERVER" postgres "SELECT count(*) FROM pg_stat_activity WHERE datname = 'app'")" 0
}

@test "what the server has damaged on the way is no backup" {
	s3_scripted
	nowhere
	s3_fault part damaged
	s3_fault finish wrongetag
	exits 65 pgbackup run --roles no
	says 'what the server has is not what was sent'
	requests '^delete .*app-' | grep -qx '[12]'
	equals "$(pgbackup list --json)" ''
}

@test "a stream is suspect beside its predecessor in the bucket" {
	s3_scripted
	nowhere
	exits 0 pgbackup run --roles no
	server_sql "$SERVER" postgres 'CREATE DATABASE kept TEMPLATE app'
	server_sql "$SERVER" app 'DROP TABLE t, u'
	exits 0 pgbackup run --roles no
	server_sql "$SERVER" postgres 'DROP DATABASE app' 'ALTER DATABASE kept RENAME TO app'
	says 'suspect: it has no tables, the one before had 2'
}

@test "what needs a folder says so" {
	s3_scripted
	nowhere
	exits 78 pgbackup run --format directory
	exits 78 pgbackup run --verify restore
	S3_BUCKET='' exits 78 pgbackup run
	says 'BACKUP_DIR is empty, and there is no S3_BUCKET'
}

@test "a folder of files is uploaded, and comes back" {
	s3_scripted
	exits 0 pgbackup run --format directory --jobs 2
	comes_back
}

# no_again: nothing was made of it, and nothing is left.
no_again() {
	equals "$(server_sql "$SERVER" postgres "SELECT datname FROM pg_database WHERE datname ~ 'again'")" ''
	equals "$(find "$BATS_TEST_TMPDIR" -name 'fetched-*')" ''
}

@test "with --stream a backup is restored as it comes, over lines that break, and also in the place of another" {
	s3_scripted
	exits 0 pgbackup run --roles no
	: >"$S3/requests"
	exits 0 pgrestore latest:app --remote --stream --into again
	says 'is restored as it comes'
	equals "$(requests '^get .*dump$')" 2
	equals "$(rows_of again)" "$(rows_of app)"
	server_sql "$SERVER" again 'DELETE FROM t'
	s3_fault get truncated 4
	exits 0 pgrestore latest:app --remote --stream --replace --drop-old "$(server_url "$SERVER" again)"
	equals "$(rows_of again)" "$(rows_of app)"
	# An empty one is not filled before it is known.
	server_sql "$SERVER" again 'DROP TABLE t, u' 'SELECT lo_unlink(oid) FROM pg_largeobject_metadata' >/dev/null
	exits 0 pgrestore latest:app --remote --stream "$(server_url "$SERVER" again)"
	equals "$(rows_of again)" "$(rows_of app)"
	exits 0 pgrestore plan latest:app --remote --stream --replace "$(server_url "$SERVER" again)"
	says 'replace the database'
	exits 64 pgrestore latest:app --remote --stream --clean "$(server_url "$SERVER" again)"
	says 'make room for it'
	server_sql "$SERVER" postgres 'DROP DATABASE again'
}

@test "a table of contents that is larger than what is read of it first is read on" {
	s3_scripted
	server_sql "$SERVER" app "DO \$\$BEGIN EXECUTE format('COMMENT ON TABLE u IS %L', repeat('x', 2000000)); END\$\$"
	exits 0 pgbackup run --roles no
	server_sql "$SERVER" app 'COMMENT ON TABLE u IS NULL'
	: >"$S3/requests"
	exits 0 pgrestore latest:app --remote --stream --into again
	equals "$(requests '^get .*dump$')" 3
	equals "$(server_sql "$SERVER" again "SELECT length(obj_description('u'::regclass))")" 2000000
	equals "$(rows_of again)" "$(rows_of app)"
}

@test "what comes otherwise than its manifest says is dropped again, and what broke off says why" {
	s3_scripted
	exits 0 pgbackup run --roles no
	s3_fault get damaged 99
	exits 65 pgrestore latest:app --remote --stream --into again
	says 'is damaged: it has more than the'
	no_again
	s3_end
	rm -r "$S3"
	s3_scripted
	exits 0 pgbackup run --roles no
	local url
	url=$(pgbackup list --remote --json | jq -r .path | tail -n 1)
	# The manifest and the beginning come; then nothing more.
	s3_fault get none 2
	s3_fault get 403
	exits 77 pgrestore "$url" --stream --into again
	says 'AccessDenied: not you'
	no_again
	exits 0 pgbackup run --roles no --format plain
	exits 64 pgrestore latest:app --remote --stream --into again
	says 'only an archive in custom format'
}

@test "where there is no room to fetch it, it is restored as it comes; what cannot be says so" {
	local cramped=(unshare -m sh -c 'mount -t tmpfs -o size=2m none "$PGRESTORE_STAGE" && exec "$@"' --)
	export PGRESTORE_STAGE=$BATS_TEST_TMPDIR/stage
	mkdir "$PGRESTORE_STAGE"
	"${cramped[@]}" true 2>/dev/null || skip "needs the right to mount a file system"
	s3_scripted
	exits 0 pgbackup run --roles no
	exits 0 "${cramped[@]}" pgrestore latest:app --remote --into again
	says 'is restored as it comes'
	equals "$(rows_of again)" "$(rows_of app)"
	exits 0 pgbackup run --roles no --format plain
	exits 73 "${cramped[@]}" pgrestore latest:app --remote --into again2
	says 'no space to fetch it'
}

# in_parts: on a real server, from the upload to the restore; two parts each.
in_parts() {
	exits 0 pgbackup run
	exits 0 pgbackup verify --remote --all
	nowhere
	S3_KEEP_LAST=1 S3_KEEP_MIN=1 exits 0 pgbackup run
	says 'deleted s3://bucket/pre/fix/app/app-'
	exits 0 pgbackup verify --all
	equals "$(pgbackup list --json | jq -r .kind | sort | tr '\n' ' ')" 'custom roles '
	comes_back
}

@test "moto: uploaded and streamed in parts, listed, verified, pruned, restored" {
	s3_moto
	in_parts
}

@test "Swift: signed as it wants, uploaded and streamed in parts, listed, verified, pruned, restored" {
	s3_swift
	in_parts
	AWS_SECRET_ACCESS_KEY=wrongwrong exits 77 pgbackup list
	says 'SignatureDoesNotMatch'
}

# Its uploads in parts are its own trouble: tests/lib/s3.bash says which.
@test "Ceph: signed as it wants, uploaded in one piece, listed, verified, pruned, restored" {
	s3_ceph
	exits 0 pgbackup run
	exits 0 pgbackup run
	exits 0 pgbackup verify --remote --all
	S3_KEEP_LAST=1 S3_KEEP_MIN=1 exits 0 pgbackup prune --remote
	says 'deleted s3://bucket/pre/fix/app/app-'
	equals "$(pgbackup list --remote --json | wc -l)" 2
	comes_back
	AWS_SECRET_ACCESS_KEY=wrongwrong exits 77 pgbackup list --remote
	says 'SignatureDoesNotMatch'
}
