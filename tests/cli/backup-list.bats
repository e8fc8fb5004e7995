# What lists and status are about, what they cannot read, and what messages call the backup that was given.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup

setup_file() {
	use_applets
}

setup() {
	backup_folder
	unset DATABASE_URL
	cd "$BATS_TEST_TMPDIR" || return
	one app.db
	one shop.db
	exits 0 pgbackup -q run sqlite:app.db sqlite:shop.db users=sqlite:app.db
}

one() {
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("create table t (a)")' "$1"
}

# as_nobody COMMAND...: as somebody who has no right to the folder; applets by way of a copy that may be run.
as_nobody() {
	"${AS_NOBODY[@]}" "$@"
}

# refuses COMMAND...: as nobody, 66 or 73 and the folder's name with the reason.
refuses() {
	run as_nobody "$@"
	echo "$output"
	[ "$status" -eq 66 ] || [ "$status" -eq 73 ]
	[[ $output == *"$UNREADABLE"*"ermission denied"* ]]
}

open_ways() {
	[ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
	local folder=$BATS_TEST_TMPDIR
	while [ "$folder" != / ]; do
		[ -n "$(find "$folder" -maxdepth 0 -perm -005)" ] || chmod o+rx "$folder" || skip "cannot open $folder"
		folder=$(dirname "$folder")
		[ "$folder" != /tmp ] || break
	done
	cp "$PGBOX" "$BATS_TEST_TMPDIR/pgbox"
	chmod 755 "$BATS_TEST_TMPDIR/pgbox"
	AS_NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups "$BATS_TEST_TMPDIR/pgbox")
}

@test "a folder that may not be read, or not be searched, is no empty one: list, verify, sync and latest say so" {
	local mode
	open_ways
	UNREADABLE=$BACKUP_DIR
	for mode in 700 711 744; do
		chmod "$mode" "$BACKUP_DIR"
		refuses pgbackup list
		refuses pgbackup list --json
		refuses pgbackup verify --all
		refuses pgbackup sync
		refuses pgrestore list
		refuses pgrestore plan latest sqlite:new.db
		exits 1 "${AS_NOBODY[@]}" pgbackup status
		says "$BACKUP_DIR/.pgbox/journal.db': Permission denied (this runs as uid 65534)"
		says_not 'nothing was ever backed up'
		exits 66 "${AS_NOBODY[@]}" pgbackup prune
		says "Permission denied"
	done
	chmod 755 "$BACKUP_DIR"
	exits 1 "${AS_NOBODY[@]}" pgbackup status
	says "$BACKUP_DIR/.pgbox/journal.db': Permission denied (this runs as uid 65534)"
	exits 66 "${AS_NOBODY[@]}" journal "$BACKUP_DIR"
	says "Permission denied (this runs as uid 65534)"
	exits 66 journal "$BATS_TEST_TMPDIR/nowhere.db"
	says "No such file"
}

@test "the folder of one database that may not be read: the others are listed, and it is 66" {
	open_ways
	chmod 755 "$BACKUP_DIR" "$BACKUP_DIR"/app.db "$BACKUP_DIR"/users
	chmod 644 "$BACKUP_DIR"/app.db/*.json
	UNREADABLE=$BACKUP_DIR/shop.db
	refuses pgbackup list
	[[ $output == *app.db/app.db-* ]]
	refuses pgrestore list
	refuses pgbackup list shop.db
	[[ $output != *"no backup of"* ]]
	# The only one that can be seen need not be the only one.
	rm -r "$BACKUP_DIR/users"
	refuses pgrestore plan latest sqlite:new.db
}

@test "list and status take databases, by their folder or without the name of their target" {
	exits 0 pgbackup list shop.db
	says shop.db/shop.db-
	says_not app.db
	exits 0 pgbackup list app.db
	says ' app.db/app.db-'
	says ' users/app.db/app.db-'
	exits 0 pgbackup list users/app.db shop.db
	equals "$(wc -l <<<"$output")" 3
	exits 0 pgrestore list --json shop.db
	equals "$(jq -r .path <<<"$output" | cut -d / -f 1)" shop.db
	exits 66 pgbackup list nonsense
	says "no backup of 'nonsense'"
	exits 0 pgbackup status shop.db
	says shop.db
	says_not app.db
	exits 1 pgbackup status shop.db nonsense
	says 'nonsense: failed'
	rm "$BACKUP_DIR"/shop.db/*.json
	exits 1 pgbackup status shop.db
	exits 0 pgbackup status app.db
	exits 64 pgbackup prune app.db
}

# names WANTED COMMAND...: it fails and calls the backup that, and no file of its own.
names() {
	local wanted=$1
	shift
	run "$@"
	echo "$output"
	[ "$status" -eq 65 ]
	[[ $output == *"$wanted"* ]]
	[[ $output != *readback-* ]]
}

@test "messages about standard input, a pipe and what was unpacked name what was given" {
	printf 'PK\003\004' >zip
	gzip -k zip
	head -c 3000 app.db >cut.db
	gzip -k cut.db
	mkfifo pipe
	names 'standard input' pgrestore - sqlite:new.db </dev/null
	names 'standard input' pgrestore - sqlite:new.db <zip
	names 'standard input' pgrestore plan - sqlite:new.db <zip.gz
	names 'standard input' pgrestore - sqlite:new.db <cut.db
	names 'standard input' pgrestore - sqlite:new.db <cut.db.gz
	names 'cut.db.gz' pgrestore cut.db.gz sqlite:new.db
	cat zip >pipe &
	names "'pipe'" pgrestore pipe sqlite:new.db
	exits 0 bash -c 'pgrestore - sqlite:new.db <app.db'
	says "restored from 'standard input'"
}
