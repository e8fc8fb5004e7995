# S3: what may stand in a key, and how little of a slow or endless server is put up with.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/roundtrip
load ../lib/pgbackup
load ../lib/s3

setup_file() {
	command -v python3 >/dev/null || skip 'no python3 to serve S3 with'
	export BATS_TEST_TIMEOUT=300
	[ -z "${SOAK-}" ] || BATS_TEST_TIMEOUT=900
	use_applets
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE t (a)")
db.commit()' "$BATS_FILE_TMPDIR/small.db"
}

setup() {
	backup_folder
	s3_scripted
	export DATABASE_URL=sqlite:///$BATS_FILE_TMPDIR/small.db TMPDIR=$BATS_TEST_TMPDIR
}

teardown() {
	s3_end
}

backups() {
	pgbackup list --remote --json | wc -l
}

# Not a request so far.
nothing_sent() {
	[ ! -s "$S3/requests" ]
}

@test "a prefix with . or .. between slashes is refused, before anything is sent" {
	local prefix
	for prefix in . .. ./shop ../shop x/../y x/./y x/.. x/. /./x/ ..//x; do
		S3_PREFIX=$prefix exits 78 pgbackup run
		says S3_PREFIX
		S3_PREFIX=$prefix exits 78 pgbackup list --remote
		S3_PREFIX=$prefix exits 78 pgrestore plan latest --remote
	done
	nothing_sent
	S3_ENDPOINT=$S3_ENDPOINT/.. exits 78 pgbackup list --remote
	S3_ENDPOINT=$S3_ENDPOINT/x/../y exits 78 pgbackup list --remote
	nothing_sent
}

@test "an operand with . or .. in its key, or with a bucket that cannot be, is 64" {
	local url
	for url in s3://bucket/.. s3://bucket/../x/y s3://bucket/x/../../other/y s3://bucket/./x s3://bucket/x/. \
		s3://bucket/x/ s3://../x s3://./x s3://b/x "s3://buc ket/x"; do
		exits 64 pgrestore plan "$url"
	done
	nothing_sent
}

@test "any other byte in a prefix is sent as it is signed, and found again" {
	local prefix
	for prefix in ... '..x/x..//%2e%2e/%2F' 'a b+c%25&d?e#f/q'"'"'q"q' '\<>;:@$,=!*()[]{}|^`~' $'tab\tx/line\nx/\x01\x7f' 'é-日本'; do
		S3_PREFIX=$prefix exits 0 pgbackup run
		equals "$(S3_PREFIX=$prefix backups)" 1
		S3_PREFIX=$prefix exits 0 pgbackup verify --remote
		S3_PREFIX=$prefix exits 0 pgrestore plan latest --remote "sqlite:$BATS_TEST_TMPDIR/new.db"
		rm -r "$BACKUP_DIR"
	done
}

@test "a NAME of dots is written so that it stays one, and what lies under a NAME is listed, verified, restored and pruned" {
	exits 0 pgbackup run "..=$DATABASE_URL"
	exits 0 pgbackup run "shop=$DATABASE_URL"
	exits 0 pgbackup run "shop=$DATABASE_URL"
	equals "$(grep -c '/\.\.\?/' "$S3/requests")" 0
	equals "$(backups)" 3
	exits 0 pgbackup verify --remote --all
	exits 0 pgbackup verify --remote shop/small.db
	exits 0 pgrestore plan shop/small.db --remote "sqlite:$BATS_TEST_TMPDIR/new.db"
	S3_KEEP_LAST=1 S3_KEEP_MIN=1 exits 0 pgbackup prune --remote
	equals "$(backups)" 2
}

@test "below a folder that is no NAME lies another prefix, which is not this one's" {
	S3_PREFIX=one/more exits 0 pgbackup run
	S3_PREFIX=one exits 0 pgbackup list --remote --json
	equals "$(S3_PREFIX=one backups)" 0
	S3_PREFIX=one exits 66 pgrestore plan latest --remote
	S3_PREFIX=one exits 66 pgbackup verify --remote
	S3_PREFIX=one S3_KEEP_LAST=1 S3_KEEP_MIN=0 exits 0 pgbackup prune --remote
	equals "$(S3_PREFIX=one/more backups)" 1
}

@test "latest, a time, a name and a database read the manifests that they need, and no more" {
	local name i
	for i in 1 2 3 4 5; do
		exits 0 pgbackup run
	done
	name=$(pgbackup list --remote --json | sed -n 2p | jq -r .file)
	for i in latest latest:small.db small.db "$name" "small.db/$name" @2100-01-01; do
		: >"$S3/requests"
		exits 0 pgrestore plan "$i" --remote "sqlite:$BATS_TEST_TMPDIR/new.db"
		equals "$(requests '^get .*json')" 2
	done
	says "$(pgbackup list --remote --json | tail -n 1 | jq -r .file)"
	: >"$S3/requests"
	exits 0 pgbackup verify --remote
	equals "$(requests '^get .*json')" 1
	: >"$S3/requests"
	exits 66 pgrestore plan @2001-01-01 --remote "sqlite:$BATS_TEST_TMPDIR/new.db"
	equals "$(requests '^get .*json')" 1
}

@test "one manifest that is broken or archived is named and left out; the others count" {
	local newest
	exits 0 pgbackup run
	exits 0 pgbackup run
	newest=$(pgbackup list --remote --json | tail -n 1 | jq -r .file)
	s3_fault get archived
	exits 0 pgbackup list --remote
	says InvalidObjectState
	s3_fault get archived
	exits 0 pgrestore plan latest --remote "sqlite:$BATS_TEST_TMPDIR/new.db"
	says "$newest.json: cannot read it: InvalidObjectState"
	s3_fault get archived
	exits 1 pgbackup verify --remote
	says InvalidObjectState
	s3_fault get archived
	S3_KEEP_LAST=1 S3_KEEP_MIN=1 exits 0 pgbackup prune --remote
	equals "$(backups)" 2
}

@test "S3_STORAGE_CLASS is for the data: manifests and sums are in the standard class" {
	export S3_STORAGE_CLASS=GLACIER
	exits 0 pgbackup run
	equals "$(requests '^put .*\.zst class=GLACIER$')" 1
	equals "$(requests '^put .*\.\(json\|sha256\)$')" 2
	equals "$(requests 'class=')" 1
}

@test "a server that gives a byte per connection is given up" {
	exits 0 pgbackup run
	s3_fault get byte 1000
	SECONDS=0
	exits 69 pgrestore plan latest --remote "sqlite:$BATS_TEST_TMPDIR/new.db"
	[ "$SECONDS" -lt 60 ]
	[ "$(requests '^get .*json !byte')" -lt 10 ]
}

@test "a list that always goes on with the same page is given up at once" {
	exits 0 pgbackup run
	s3_fault list again 1000000
	exits 69 pgbackup list --remote
	says 'the same page again and again'
	equals "$(requests '^list.*again')" 2
}

@test "no redirect is followed" {
	exits 0 pgbackup run
	echo "$S3_ENDPOINT/elsewhere" >"$S3/redirect"
	s3_fault list redirect 20
	exits 78 pgbackup list --remote
	equals "$(requests elsewhere)" 0
}

@test "a download has no more bytes than were announced, whatever the server sends" {
	local key
	exits 0 pgbackup run
	key=$(sed -n 's/^put \(.*\.zst\)$/\1/p' "$S3/requests")
	mkdir "$BATS_TEST_TMPDIR/stage"
	ulimit -f 2048
	s3_fault get endless 1000
	exits 65 pgrestore plan latest --remote --stage "$BATS_TEST_TMPDIR/stage" "sqlite:$BATS_TEST_TMPDIR/new.db"
	says 'more than the'
	exits 65 pgrestore plan "s3://bucket/$key" --stage "$BATS_TEST_TMPDIR/stage" "sqlite:$BATS_TEST_TMPDIR/new.db"
	exits 65 pgbackup verify --remote
	equals "$(find "$BATS_TEST_TMPDIR/stage" -type f | wc -l)" 0
}

# given_up STATUS COMMAND...: with that status, within three minutes.
given_up() {
	local want=$1
	shift
	status=0
	output=$(timeout 200 "$@" 2>&1 3>&-) || status=$?
	says 'too slow'
	equals "$status" "$want"
}

@test "a server that drips is given up: lists, manifests, data, uploads" {
	[ -n "${SOAK-}" ] || skip 'takes six minutes: SOAK=1'
	exits 0 pgbackup run
	s3_fault list drip 2
	given_up 69 pgbackup list --remote
	s3_fault get drip 2
	given_up 69 pgrestore plan latest --remote "sqlite:$BATS_TEST_TMPDIR/new.db"
	s3_fault put drip 2
	given_up 3 pgbackup run
}
