# pgbackup and S3: what a strict server sees, and what comes of one that fails.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/roundtrip
load ../lib/pgbackup
load ../lib/s3

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to serve S3 with'
	export BATS_TEST_TIMEOUT=120
	use_applets
	# 12 MB that do not pack: three parts.
	python3 - "$BATS_FILE_TMPDIR/big.db" "$BATS_FILE_TMPDIR/small.db" <<-'END'
		import os, sqlite3, sys
		for path, rows in (sys.argv[1], 3500), (sys.argv[2], 1):
		    db = sqlite3.connect(path)
		    db.execute("CREATE TABLE t (a)")
		    db.executemany("INSERT INTO t VALUES (?)", ((os.urandom(3500),) for _ in range(rows)))
		    db.commit()
	END
}

setup() {
	backup_folder
	s3_scripted
	export DATABASE_URL=sqlite:///$BATS_FILE_TMPDIR/big.db TMPDIR=$BATS_TEST_TMPDIR
}

teardown() {
	s3_end
}

small() {
	export DATABASE_URL=sqlite:///$BATS_FILE_TMPDIR/small.db
}

# other: an SQLite file of the same name, in another place.
other() {
	mkdir "$BATS_TEST_TMPDIR/other"
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("CREATE TABLE other (a)")' \
		"$BATS_TEST_TMPDIR/other/small.db"
	export DATABASE_URL=sqlite:///$BATS_TEST_TMPDIR/other/small.db
}

# renamed DIR NAME: the only backup there has that name, and is owed to the bucket.
renamed() {
	local suffix name
	name=$(basename "$1"/small.db/small.db-*.db.zst)
	if [ "$name" != "$2" ]; then
		sed -i "s/$name/$2/g" "$1/small.db/$name".{json,sha256}
		for suffix in '' .json .sha256; do
			mv "$1/small.db/$name$suffix" "$1/small.db/$2$suffix"
		done
	fi
	BACKUP_DIR=$1 journal_sql "UPDATE files SET remote = 'owed', path = 'small.db/$2'"
}

# What is in the bucket is what is in the folder.
bucket_is_whole() {
	exits 0 pgbackup verify --remote --all
	equals "$(pgbackup list --remote --json | jq -r .sha256 | sort)" \
		"$(pgbackup list --json | jq -r .sha256 | sort)"
}

@test "a backup is uploaded in parts, data first and manifest last, each with its own signed hash" {
	exits 0 pgbackup run
	says "uploaded"
	bucket_is_whole
	equals "$(requests '^part ')" 3
	equals "$(grep -E '^(finish|put) ' "$S3/requests" | sed 's/.*\.db\.zst//' | tr '\n' ' ')" ' .sha256 .json '
}

@test "a small one goes in one request" {
	small
	exits 0 pgbackup run
	equals "$(requests '^start')" 0
	bucket_is_whole
}

@test "files may hold what the variables would" {
	local name
	small
	for name in S3_BUCKET S3_ENDPOINT AWS_SECRET_ACCESS_KEY; do
		printf '%s\n' "${!name}" >"$BATS_TEST_TMPDIR/$name"
		export "${name}_FILE=$BATS_TEST_TMPDIR/$name"
		unset "$name"
	done
	exits 0 pgbackup run
	bucket_is_whole
}

@test "what passes is tried again, and only the part that failed" {
	local fault
	for fault in 'part 500' 'part 503' 'part 429' 'part reset' 'start 503' 'finish 500' 'head 500' 'put reset' \
		'uploads truncated' 'start truncated'; do
		# shellcheck disable=SC2086 # two words
		s3_fault $fault
	done
	exits 0 pgbackup run
	bucket_is_whole
	equals "$(requests '^part [^!]*$')" 3
	equals "$(requests '^part .*!')" 4
}

@test "a 200 that is an error, a cut-off answer and one that is lost do not make a finished upload of it, or undo one" {
	s3_fault finish 200error
	s3_fault finish truncated
	exits 0 pgbackup run
	bucket_is_whole
	: >"$S3/requests"
	s3_fault finish lost
	exits 0 pgbackup run
	bucket_is_whole
}

@test "an ETag that is none is no reason to fail, but to read the object back" {
	s3_fault part wrongetag 2
	exits 0 pgbackup run
	bucket_is_whole
	s3_fault finish wrongetag
	: >"$S3/requests"
	exits 0 pgbackup run
	equals "$(requests '^get .*db.zst$')" 1
	bucket_is_whole
}

@test "what the server has damaged is found and deleted, said with exit 3, and uploaded by the next run" {
	# One ETag that looks right would hide it; the parts' are checked against what was sent.
	s3_fault part damaged
	s3_fault finish wrongetag
	exits 3 pgbackup run
	says 'what the server has is not what was sent'
	says 'the next run uploads'
	equals "$(requests '^delete .*db.zst$')" 1
	equals "$(pgbackup list --remote --json)" ''
	exits 0 pgbackup run
	equals "$(pgbackup list --remote --json | wc -l)" 2
	bucket_is_whole
}

@test "another server's backup of the same name is left as it is, and said with exit 3" {
	local theirs=$BATS_TEST_TMPDIR/theirs name
	small
	BACKUP_DIR=$theirs exits 0 pgbackup run
	name=$(basename "$theirs"/small.db/small.db-*.db.zst)
	other
	S3_BUCKET='' exits 0 pgbackup run
	renamed "$BACKUP_DIR" "$name"
	exits 3 pgbackup run
	says "/small.db/$name: there is another backup of that name, which is left as it is"
	says '1 backup is only in the folder'
	BACKUP_DIR=$theirs exits 0 pgbackup verify --remote --all
	equals "$(pgbackup list --remote --json | jq -r .sha256 | grep -cxF "$(jq -r .sha256 "$theirs/small.db/$name.json")")" 1
}

@test "a stream whose name another has taken meanwhile fails, and leaves it as it is" {
	local theirs=$BATS_TEST_TMPDIR/theirs key job status=0
	small
	S3_BUCKET='' BACKUP_DIR=$theirs exits 0 pgbackup run
	other
	s3_fault start 503 4
	BACKUP_DIR='' PGBOX_JOURNAL=/dev/null/journal pgbackup run >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	job=$!
	wait_until 10 grep -q '^start ' "$S3/requests"
	key=$(sed -n 's/^start \([^ ]*\).*/\1/p' "$S3/requests" | head -n 1)
	renamed "$theirs" "${key##*/}"
	small
	BACKUP_DIR=$theirs exits 0 pgbackup run
	wait "$job" || status=$?
	grep -F 'there is another backup of that name, which is left as it is' "$BATS_TEST_TMPDIR/log"
	equals "$status" 65
	exits 0 pgbackup verify --remote --all
	equals "$(pgbackup list --remote --json | wc -l)" 2
}

@test "what the bucket still lacks is not pruned here, until it is there or there is no bucket any more" {
	small
	export BACKUP_KEEP_LAST=1 BACKUP_KEEP_MIN=1
	s3_fault put 403 3
	for _ in 1 2 3; do
		exits 3 pgbackup run
	done
	equals "$(backups small.db)" 3
	exits 0 pgbackup prune --dry-run
	says 'the bucket lacks it'
	exits 0 pgbackup run
	equals "$(pgbackup list --remote --json | wc -l)" 4
	exits 0 pgbackup run
	equals "$(backups small.db)" 1
	s3_end
	exits 3 pgbackup run
	exits 3 pgbackup run
	equals "$(backups small.db)" 2
	S3_BUCKET='' exits 0 pgbackup prune
	equals "$(backups small.db)" 1
}

@test "when the bucket stays out of reach the local backup is kept, and owed" {
	small
	s3_fault put 500 100
	exits 3 pgbackup run
	says 'InternalError'
	says '(tried 6 times)'
	says '1 backup is only in the folder'
	equals "$(backups small.db)" 1
	journal_sql "SELECT remote FROM files" | grep -x owed
	s3_end
	exits 3 pgbackup run
	equals "$(backups small.db)" 2
	journal_sql "SELECT count(*) FROM files WHERE remote = 'owed'" | grep -x 2
}

@test "status says what is owed, and is not fine when the bucket has fallen too far behind" {
	small
	exits 0 pgbackup run
	exits 0 pgbackup status
	says_not 'not in'
	s3_fault put 403
	exits 3 pgbackup run
	exits 0 pgbackup status
	says '; 1 backup is not in s3://bucket/pre/fix yet, where the newest is'
	equals "$(pgbackup status --json | jq -r '.ok, .owed')" "$(printf '%s\n' true 1)"
	journal_sql "UPDATE files SET made = made - 100000000 WHERE remote <> 'owed'"
	exits 1 pgbackup status
	says '27h old: too old'
	equals "$(pgbackup status --json | jq -r '.ok, .owed')" "$(printf '%s\n' false 1)"
	S3_BUCKET='' exits 0 pgbackup status
	exits 0 pgbackup run
	exits 0 pgbackup status
	says_not 'not in'
}

@test "status: where nothing has ever reached the bucket, what has been owed for too long is not fine" {
	small
	s3_fault put 403
	exits 3 pgbackup run
	exits 0 pgbackup status
	says 'where there is none'
	journal_sql "UPDATE files SET made = made - 100000000"
	s3_fault uploads 403
	exits 3 pgbackup run
	BACKUP_MAX_AGE=30h exits 0 pgbackup status
	exits 1 pgbackup status
	says '2 backups are not in s3://bucket/pre/fix yet, where there is none: too old'
}

@test "status without a folder and a journal goes by the newest manifests in the bucket" {
	small
	export BACKUP_DIR='' PGBOX_JOURNAL=/dev/null/journal
	exits 1 pgbackup status
	says 'nothing has been backed up yet'
	exits 0 pgbackup run
	exits 0 pgbackup run
	: >"$S3/requests"
	exits 0 pgbackup status
	says 'small.db: ok: '
	equals "$(requests '^get')" 1
	BACKUP_MAX_AGE=1ms exits 1 pgbackup status
	says 'too old'
	s3_fault list 403
	exits 1 pgbackup status
	says 'AccessDenied'
}

@test "no secret and no signature is in a message, and a wrong key is refused at once" {
	small
	export AWS_SECRET_ACCESS_KEY=quite+wrong/secret AWS_SESSION_TOKEN=tokentoken
	exits 3 pgbackup run -v
	says 'SignatureDoesNotMatch'
	says_not 'quite+wrong'
	says_not 'tokentoken'
	says_not 'Signature='
	equals "$(requests '^uploads')" 1
}

@test "a clock that is off is told apart from a wrong key" {
	small
	s3_fault uploads skew 9
	exits 3 pgbackup run
	says 'RequestTimeTooSkewed'
	says '59 minutes behind the server'
}

@test "an upload that a killed run has left is ended by the next one" {
	s3_fault part hang
	timeout -s KILL 3 pgbackup run || true
	equals "$(requests '^start')" 1
	exits 0 pgbackup run
	says 'ended 1 upload that an interrupted run had left'
	equals "$(requests '^abort')" 1
	bucket_is_whole
}

@test "a failed upload is ended at once" {
	s3_fault part 403
	exits 3 pgbackup run
	says 'AccessDenied: not you'
	equals "$(requests '^abort')" 1
}

@test "of others' uploads only those are ended that are named as ours and a day old" {
	touch "$S3/old"
	s3_fault part hang
	timeout -s KILL 3 pgbackup run || true
	rm -r "$S3/old" "$BACKUP_DIR"
	exits 0 pgbackup run
	equals "$(requests '^abort')" 1
	s3_fault part hang
	timeout -s KILL 3 pgbackup run || true
	rm -r "$BACKUP_DIR"
	exits 0 pgbackup run
	equals "$(requests '^abort')" 1
}

@test "the bucket has its own retention, by its manifests alone, and never below its minimum" {
	small
	export S3_KEEP_LAST=1 S3_KEEP_MIN=2
	for _ in 1 2 3 4; do
		exits 0 pgbackup run
	done
	says 'deleted s3://bucket/pre/fix/small.db/'
	equals "$(pgbackup list --remote --json | wc -l)" 2
	equals "$(backups small.db)" 4
	# The journal is of no concern.
	rm -r "$BACKUP_DIR"
	exits 0 pgbackup run
	equals "$(pgbackup list --remote --json | wc -l)" 2
	pgbackup list --remote --json | jq -r .file | grep -x "$(basename "$(newest small.db)")"
}

@test "a backup whose data is not what its manifest says is listed as damaged, and does not verify" {
	exits 0 pgbackup run
	s3_fault put damaged
	small
	exits 0 pgbackup run
	exits 65 pgbackup verify --remote small.db
	says 'damaged'
	exits 0 pgbackup verify --remote big.db
}

@test "lines that break while a backup is read are gone on with where they broke" {
	exits 0 pgbackup run
	# The first two are the manifest's.
	s3_fault get truncated 3
	exits 0 pgbackup verify --remote
	says 'verified'
}

@test "a backup comes back from the bucket by its address, as the latest, and into a folder with room" {
	exits 0 pgbackup run
	local url
	url=$(pgbackup list --remote --json | jq -r .path)
	rm -r "$BACKUP_DIR"
	exits 0 pgrestore "$url" "sqlite:$BATS_TEST_TMPDIR/one.db"
	exits 0 pgrestore latest --remote "sqlite:$BATS_TEST_TMPDIR/two.db"
	exits 0 pgrestore latest:big.db --remote "sqlite:$BATS_TEST_TMPDIR/three.db"
	sqlite_hashes "$BATS_FILE_TMPDIR/big.db" >"$BATS_TEST_TMPDIR/hashes"
	sqlite_hashes "$BATS_TEST_TMPDIR/one.db" | cmp "$BATS_TEST_TMPDIR/hashes" -
	sqlite_hashes "$BATS_TEST_TMPDIR/two.db" | cmp "$BATS_TEST_TMPDIR/hashes" -
	exits 66 pgrestore latest:other --remote "sqlite:$BATS_TEST_TMPDIR/four.db"
	exits 66 pgrestore s3://bucket/nothing "sqlite:$BATS_TEST_TMPDIR/four.db"
	exits 64 pgrestore s3://bucket "sqlite:$BATS_TEST_TMPDIR/four.db"
	equals "$(find "$TMPDIR" -name 'fetched-*')" ''
}

@test "settings that are none are said before anything is done" {
	S3_PART_SIZE=16 exits 78 pgbackup run
	says 'S3_PART_SIZE: it is 5M to 5G'
	AWS_SECRET_ACCESS_KEY='' exits 78 pgbackup run
	says 'AWS_SECRET_ACCESS_KEY is not set'
	AWS_ACCESS_KEY_ID=account:user exits 78 pgbackup run
	says 'AWS_ACCESS_KEY_ID: only letters'
	says_not 'account'
	S3_KEEP_LAST=-1 exits 78 pgbackup run
	says 'S3_KEEP_LAST'
	S3_BUCKET='no/bucket' exits 78 pgbackup run
	says 'no name of a bucket'
	S3_PATH_STYLE=maybe exits 78 pgbackup run
	says 'S3_PATH_STYLE'
	S3_ENDPOINT=ftp://host exits 78 pgbackup run
	says 'S3_ENDPOINT'
	small
	S3_KEEP_LATS=3 exits 0 pgbackup run
	says 'S3_KEEP_LATS is unknown: is S3_KEEP_LAST meant?'
	S3_BUCKET='' exits 78 pgbackup list --remote
	says 'set S3_BUCKET'
}

@test "with S3_PATH_STYLE=0 the bucket is in the name of the host" {
	export S3_ENDPOINT=http://localhost:${S3_ENDPOINT##*:} S3_PATH_STYLE=0
	exits 0 pgbackup run
	bucket_is_whole
	equals "$(requests '^host bucket$')" $(($(wc -l <"$S3/requests") / 2))
	S3_BUCKET=other exits 3 pgbackup run
	says 'NoSuchBucket'
}

# secured CERTIFICATE: the strict server again, with that one.
secured() {
	s3_end
	rm -r "$S3"
	s3_scripted "$CA/$1.pem"
	export S3_ENDPOINT=https://localhost:${S3_ENDPOINT##*:} S3_CA_FILE=$CA/ca.pem
}

# certificates: a CA, and of it one that is good, one of another host and one that has expired.
certificates() {
	CA=$BATS_TEST_TMPDIR/ca
	mkdir "$CA"
	(
		cd "$CA" || exit
		openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=test CA' -keyout ca.key -out ca.pem
		: >index.txt
		printf '%s\n' '[ca]' 'default_ca = c' '[c]' 'database = index.txt' 'new_certs_dir = .' 'rand_serial = yes' \
			'default_md = sha256' 'policy = p' 'copy_extensions = copy' 'unique_subject = no' '[p]' 'commonName = supplied' >ca.conf
		certificate good localhost 20991231235959Z
		certificate other elsewhere.example 20991231235959Z
		certificate expired localhost 20200201000000Z
	) >"$BATS_TEST_TMPDIR/openssl" 2>&1
}

# certificate NAME HOST END
certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -keyout "$1.key" -out "$1.csr"
	openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.crt" -startdate 20200101000000Z \
		-enddate "$3" -notext
	cat "$1.key" "$1.crt" >"$1.pem"
}

@test "TLS: a CA of one's own by S3_CA_FILE; an unknown one, another's name and an old certificate are refused at once" {
	local began=$SECONDS
	small
	certificates
	secured good
	exits 0 pgbackup run
	bucket_is_whole
	S3_CA_FILE='' exits 3 pgbackup run
	says 'unable to get local issuer certificate'
	says 'S3_CA_FILE'
	S3_CA_FILE=$CA/none.pem exits 3 pgbackup run
	says "none.pem"
	secured other
	exits 3 pgbackup run
	says "matches target hostname 'localhost'"
	says_not S3_CA_FILE
	secured expired
	exits 3 pgbackup run
	says 'certificate has expired'
	[ ! -e "$S3/requests" ]
	[ $((SECONDS - began)) -lt 20 ]
}
