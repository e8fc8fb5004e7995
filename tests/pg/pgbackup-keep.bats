# pgbackup: which backups are kept, which are suspect or damaged, and what list, status and sync say.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a subshell

load ../lib/base
load ../lib/pgbackup

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	export SERVER=$BATS_FILE_TMPDIR/pg
	server_make "$SERVER"
	server_start "$SERVER"
	server_sql "$SERVER" postgres 'create database app' 'create database "app-staging"' 'create database app_' \
		'create database other'
	server_sql "$SERVER" app 'create table t as select generate_series(1, 100) a'
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	backup_folder
	export BACKUP_ROLES=no
	DATABASE_URL=$(server_url "$SERVER" app)
	export DATABASE_URL
}

# The files of a folder that are not `latest`, with their hashes.
content() {
	(cd "$BACKUP_DIR" && find "$@" -type f ! -path '*/.pgbox/*' -exec sha256sum '{}' + | LC_ALL=C sort -k 2)
}

# aged DAYS...: backups of app that were made so many days (and a minute) ago, negative for days to come; known to the
# journal. The one that they are copies of is deleted.
aged() {
	local days at old name new now
	now=$(date +%s)
	exits 0 pgbackup run
	old=$(newest app)
	for days in "$@"; do
		at=$((now - days * 86400 - 60))
		name=app-$(date -u -d "@$at" +%Y%m%d-%H%M%S).dump
		new=$BACKUP_DIR/app/$name
		cp "$old" "$new"
		jq --arg at "$(date -u -d "@$at" +%Y-%m-%dT%H:%M:%S.000Z)" --arg name "$name" \
			'.file = $name | .started = $at | .finished = $at | .verified = $at' "$old.json" >"$new.json"
		sed "s/${old##*/}/$name/" "$old.sha256" >"$new.sha256"
	done
	rm "$old"*
	exits 0 pgbackup sync
}

# The days of app's backups, oldest last, as days ago.
days_left() {
	local at
	pgbackup list --json | jq -r .started | sort -r | while read -r at; do
		echo $((($(date +%s) - $(date -d "$at" +%s)) / 86400))
	done | paste -sd' '
}

# --- rules ---

@test "without a rule nothing is deleted, and prune says so" {
	for _ in 1 2 3 4 5; do
		BACKUP_KEEP_MIN=1 BACKUP_KEEP_LAST=0 exits 0 pgbackup run
	done
	equals "$(backups app)" 5
	exits 0 pgbackup prune
	says 'no --keep or BACKUP_KEEP_* rule is set'
	equals "$(backups app)" 5
}

@test "a run deletes what no rule keeps, all three files of it, and latest stays whole" {
	local last
	export BACKUP_KEEP_LAST=2 BACKUP_KEEP_MIN=1
	for _ in 1 2 3 4 5; do
		exits 0 pgbackup run
	done
	says 'no rule keeps it'
	equals "$(find "$BACKUP_DIR/app" -type f | wc -l)" 6
	last=$(newest app)
	[ -s "$last" ]
	equals "$last" "$(find "$BACKUP_DIR/app" -name '*.dump' | LC_ALL=C sort | tail -n 1)"
	exits 0 pgbackup verify --all
}

@test "never fewer than the newest three, whatever the rules" {
	for _ in 1 2 3 4 5; do
		BACKUP_KEEP_LAST=1 exits 0 pgbackup run
	done
	equals "$(backups app)" 3
}

@test "a run that fails deletes nothing" {
	for _ in 1 2 3; do
		exits 0 pgbackup run
	done
	content >"$BATS_TEST_TMPDIR/before"
	server_sql "$SERVER" postgres "alter database app connection limit 0" "create role nobody_$$ login"
	DATABASE_URL=$(server_url "$SERVER" app "nobody_$$") BACKUP_KEEP_LAST=1 BACKUP_KEEP_MIN=1 \
		exits 69 pgbackup run --wait 0 || status=99
	server_sql "$SERVER" postgres "alter database app connection limit -1"
	equals "$status" 69
	content | diff "$BATS_TEST_TMPDIR/before" -
}

@test "days, weeks and months over real backups of other days; prune --dry-run only says it" {
	aged 0 1 2 3 10 40 400
	content >"$BATS_TEST_TMPDIR/before"
	exits 0 pgbackup prune --keep-min 1 --keep-days 3 --dry-run
	equals "$(grep -c '^keep ' <<<"$output")" 3
	equals "$(grep -c '^delete ' <<<"$output")" 4
	equals "$(grep -cE '\(.+\)$' <<<"$output")" 7
	content | diff "$BATS_TEST_TMPDIR/before" -
	exits 0 pgbackup prune --keep-min 1 --keep-daily 3 --keep-days 11
	equals "$(days_left)" '0 1 2 3 10'
	BACKUP_KEEP_DAILY=2 BACKUP_KEEP_MIN=1 exits 0 pgbackup prune
	equals "$(days_left)" '0 1'
}

@test "years: the newest of each, and the oldest while there are too few" {
	aged 0 1 400 401 800
	exits 0 pgbackup prune --keep-min 1 --keep-yearly 9 --dry-run
	equals "$(grep -c '^delete ' <<<"$output")" "$(days_lost_by_year 0 1 400 401 800)"
	exits 0 pgbackup prune --keep-min 1 --keep-yearly 9
	[[ $(days_left) == '0 '*' 800' ]]
}

# How many of those backups are not the newest of their year; the oldest of all is not counted.
days_lost_by_year() {
	local day year seen='' lost=0 oldest=${*: -1}
	for day in "$@"; do
		year=$(date -u -d "$day days ago 60 seconds ago" +%Y)
		[[ $seen != *" $year "* || $day = "$oldest" ]] || lost=$((lost + 1))
		seen+=" $year "
	done
	echo "$lost"
}

@test "the clock was set back: nothing is deleted" {
	aged -2 1 2 3
	exits 0 pgbackup prune --keep-min 1 --keep-last 1
	equals "$(backups app)" 4
	BACKUP_KEEP_MIN=1 BACKUP_KEEP_LAST=1 exits 0 pgbackup run
	equals "$(backups app)" 5
}

# --- what is not touched ---

@test "retention touches no other database's backups, nor what it does not know" {
	for _ in 1 2; do
		exits 0 pgbackup run app app-staging app_ other
		exits 0 pgbackup run app="$DATABASE_URL"
	done
	echo mine >"$BACKUP_DIR/app/hand.dump"
	echo mine >"$BACKUP_DIR/app/app-20200101-000000.dump"
	mkdir "$BACKUP_DIR/app/app-20200101-000000.dir"
	cp "$(newest other)" "$BACKUP_DIR/app/app-20200102-000000.dump"
	sed 's/other-[0-9]*-[0-9]*/app-20200102-000000/; s/"other"/"app"/' "$(newest other).json" \
		>"$BACKUP_DIR/app/app-20200102-000000.dump.json"
	content app-staging app_ other app/app app/hand.dump app/app-2020* >"$BATS_TEST_TMPDIR/before"
	BACKUP_KEEP_LAST=1 BACKUP_KEEP_MIN=1 exits 0 pgbackup run
	equals "$(find "$BACKUP_DIR/app" -maxdepth 1 -name 'app-*.dump.json' ! -name 'app-2020*' | wc -l)" 1
	content app-staging app_ other app/app app/hand.dump app/app-2020* | diff "$BATS_TEST_TMPDIR/before" -
	[ -d "$BACKUP_DIR/app/app-20200101-000000.dir" ]
}

@test "verify: a damaged backup is 65, is marked, is counted no more and is not deleted" {
	local damaged
	for _ in 1 2 3 4; do
		exits 0 pgbackup run
	done
	damaged=$(newest app)
	flip "$damaged"
	exits 65 pgbackup verify
	says "${damaged##*/}"
	equals "$(pgbackup list --json | jq -r 'select(.state == "damaged").path')" "app/${damaged##*/}"
	exits 0 pgbackup status
	exits 0 pgbackup prune --keep-last 2 --keep-min 1
	equals "$(backups app)" 3
	[ -e "$damaged" ]
	exits 0 pgbackup list
	says damaged
}

@test "verify: each kind of damage is found, in each format" {
	local data format file
	for format in custom directory plain; do
		exits 0 pgbackup run --format "$format"
		data=$(newest app) file=$data
		cp -a "$data" "$BATS_TEST_TMPDIR/whole"
		[ ! -d "$data" ] || file=$(find "$data" -name '*.dat.zst' | head -n 1)
		flip "$file"
		exits 65 pgbackup verify "$data"
		truncate -s -1 "$file"
		exits 65 pgbackup verify "$data"
		rm "$file"
		exits "$([ -d "$data" ] && echo 65 || echo 66)" pgbackup verify "$data"
		rm -rf "$data"
		cp -a "$BATS_TEST_TMPDIR/whole" "$data"
		rm -r "$BATS_TEST_TMPDIR/whole"
		exits 0 pgbackup verify "$data"
	done
	echo '{' >"$data.json"
	exits 65 pgbackup verify "$data"
}

@test "verify takes the newest, a database's newest, or the one that is named; all with --all" {
	exits 0 pgbackup run app other
	flip "$(newest app)"
	exits 0 pgbackup run app
	exits 0 pgbackup verify
	exits 0 pgbackup verify app
	exits 65 pgbackup verify --all
	exits 65 pgbackup verify --all app
	exits 0 pgbackup verify --all other
	exits 0 pgbackup verify "$(basename "$(newest app)")" "app/$(basename "$(newest app)")"
	exits 66 pgbackup verify nowhere
}

# --- suspect ---

# A backup of a table of 3000 rows, behind which one alone is to be kept.
three_thousand() {
	server_sql "$SERVER" other 'drop table if exists t' \
		'create table t as select i, md5(i::text) from generate_series(1, 3000) i'
	export BACKUP_KEEP_LAST=1 BACKUP_KEEP_MIN=1
	DATABASE_URL=$(server_url "$SERVER" other)
	exits 0 pgbackup run
	says_not suspect
}

# after_suspect STATEMENT: a backup behind it is suspect, is kept, and pauses the pruning until one is not.
after_suspect() {
	three_thousand
	server_sql "$SERVER" other "$1"
	exits 0 pgbackup run
	says 'warning: other: suspect'
	equals "$(backups other)" 2
	equals "$(field other '.suspect and (.warnings[0] | startswith("suspect"))')" true
	exits 0 pgbackup prune
	equals "$(backups other)" 2
	exits 0 pgbackup status
	equals "$(grep -c suspect <<<"$output")" 1
	equals "$(pgbackup list --json | jq -s -c 'map(.suspect)')" '[false,true]'
}

then_fine() {
	exits 0 pgbackup run
	says_not suspect
	equals "$(backups other)" 1
	exits 0 pgbackup status
	says_not suspect
}

@test "no tables where there were some: suspect, kept, and nothing is pruned until there are some again" {
	after_suspect 'drop table t'
	exits 0 pgbackup run
	says 'still has no tables'
	equals "$(backups other)" 3
	server_sql "$SERVER" other 'create table t as select md5(i::text) from generate_series(1, 3000) i'
	then_fine
}

@test "less than half of the size: suspect, kept, and nothing is pruned until one is not" {
	after_suspect 'delete from t where i > 1200'
	then_fine
}

@test "more than half of the size is no reason for suspicion" {
	three_thousand
	server_sql "$SERVER" other 'delete from t where i > 1800'
	exits 0 pgbackup run
	says_not suspect
	equals "$(backups other)" 1
}

@test "another format is no reason for suspicion" {
	server_sql "$SERVER" other 'drop table if exists t' \
		'create table t as select md5(i::text) from generate_series(1, 3000) i'
	DATABASE_URL=$(server_url "$SERVER" other)
	exits 0 pgbackup run --compress none --format plain
	exits 0 pgbackup run
	says_not suspect
}

# --- the journal ---

@test "the journal is deleted: nothing is pruned before sync, which finds every backup" {
	for _ in 1 2 3; do
		exits 0 pgbackup run
	done
	rm "$BACKUP_DIR"/.pgbox/journal.db*
	exits 66 pgbackup prune --keep-last 1 --keep-min 1
	says 'pgbackup sync'
	exits 1 pgbackup status
	equals "$(pgbackup list --json 2>/dev/null | jq -r .state | sort -u)" unknown
	exits 0 pgbackup sync
	equals "$(pgbackup list --json | jq -r .state | sort -u)" verified
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	equals "$(backups app)" 1
}

@test "the journal is damaged: the backup is made, it is said once, and nothing is deleted" {
	exits 0 pgbackup run
	rm -f "$BACKUP_DIR"/.pgbox/journal.db*
	printf 'not a journal %0500d' 0 >"$BACKUP_DIR/.pgbox/journal.db"
	BACKUP_KEEP_LAST=1 BACKUP_KEEP_MIN=1 exits 0 pgbackup run
	equals "$(grep -c 'nothing is pruned' <<<"$output")" 1
	equals "$(backups app)" 2
	exits 1 pgbackup status
}

@test "sync adopts nothing foreign" {
	local data name
	exits 0 pgbackup run
	exits 0 pgbackup run other
	data=$(newest app)
	# A copy in another folder, one beside it, a dump by hand, a manifest of nothing and somebody else's JSON.
	mkdir "$BACKUP_DIR/copies"
	cp "$data"* "$BACKUP_DIR/copies"
	cp "$data"* "$BACKUP_DIR/other"
	cp "$data" "$BACKUP_DIR/app/app-20200101-000000.dump"
	cp "$data.json" "$BACKUP_DIR/app/app-20200101-000000.dump.json"
	timeout 60 pg_dump -f "$BACKUP_DIR/app/app-20200102-000000.dump" "$DATABASE_URL"
	echo '{"a": 1}' >"$BACKUP_DIR/app/settings.json"
	content >"$BATS_TEST_TMPDIR/before"
	rm "$BACKUP_DIR"/.pgbox/journal.db*
	exits 65 pgbackup sync
	says 'speaks of another file'
	says_not 'settings.json'
	equals "$(journal_sql 'select count(*) from files where gone is null')" 2
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	content | diff "$BATS_TEST_TMPDIR/before" -
}

@test "sync marks what is damaged and what is gone" {
	local gone
	exits 0 pgbackup run
	gone=$(newest app)
	exits 0 pgbackup run
	rm "$gone"*
	flip "$(newest app)"
	exits 65 pgbackup sync
	says 'is not there any more'
	equals "$(pgbackup list --json | jq -r .state)" damaged
	exits 1 pgbackup status
}

@test "another place for the journal is no difference" {
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/elsewhere.db BACKUP_KEEP_LAST=1 BACKUP_KEEP_MIN=1
	exits 0 pgbackup run
	exits 0 pgbackup run
	[ ! -e "$BACKUP_DIR/.pgbox/journal.db" ]
	equals "$(backups app)" 1
	cd "$BACKUP_DIR"
	BACKUP_DIR=. exits 0 pgbackup status
	BACKUP_DIR=../nowhere exits 1 pgbackup status
}

# --- list and status ---

@test "list --json is one object a line, with what the manifest has" {
	exits 0 pgbackup run
	exits 0 pgbackup run x="$DATABASE_URL" --format directory
	timeout 60 pgbackup list --json >"$BATS_TEST_TMPDIR/list"
	equals "$(wc -l <"$BATS_TEST_TMPDIR/list")" 2
	equals "$(jq -r .path "$BATS_TEST_TMPDIR/list" | paste -sd' ')" \
		"app/$(basename "$(newest app)") x/app/$(basename "$(newest x/app)")"
	equals "$(jq -c 'select(.job == null) | del(.path, .state)' "$BATS_TEST_TMPDIR/list")" \
		"$(jq -c 'del(.pgbox_backup)' "$(newest app).json")"
	exits 66 pgbackup list --dir "$BATS_TEST_TMPDIR/nowhere"
}

@test "status: nothing yet, fresh, too old, deleted by hand, failed" {
	exits 1 pgbackup status
	mkdir "$BACKUP_DIR"
	exits 1 pgbackup status
	exits 0 pgbackup run
	exits 0 pgbackup status
	says 'app: ok'
	equals "$(pgbackup status --json | jq -c '[.database, .ok, .last_run]')" '["app",true,"done"]'
	wait_until 10 too_old
	BACKUP_MAX_AGE=1h exits 0 pgbackup status
	rm "$(newest app)"
	exits 1 pgbackup status
	says 'no verified backup'
	exits 0 pgbackup run
	exits 0 pgbackup status
}

too_old() {
	! output=$(timeout 10 pgbackup status --max-age 1s) && says 'too old'
}

@test "status: 26 hours, or twice the interval" {
	aged 1
	exits 0 pgbackup run
	rm "$(newest app)"*
	BACKUP_INTERVAL=3d exits 0 pgbackup status
	aged 4
	exits 0 pgbackup run
	rm "$(newest app)"*
	rm "$BACKUP_DIR"/app/*"$(date -u -d '1 day ago' +%Y%m%d)"*
	BACKUP_INTERVAL=1d exits 1 pgbackup status
	BACKUP_CRON='0 3 * * 0' exits 0 pgbackup status
	exits 1 pgbackup status
}

@test "status: the last run failed, which is said; the backup before it still counts while it is fresh" {
	exits 0 pgbackup run
	exits 69 env BACKUP_DATABASES=gone pgbackup run
	exits 1 env BACKUP_DATABASES=gone pgbackup status
	says 'gone: failed'
	says 'does not exist'
	says_not 'app'
	# What is configured here is another matter; who has nothing configured hears of the last run.
	exits 0 pgbackup status
	says_not 'gone'
	exits 1 env -u DATABASE_URL pgbackup status
	says 'gone: failed'
	exits 3 env BACKUP_DATABASES='gone,app' pgbackup run
	exits 1 env BACKUP_DATABASES='gone,app' pgbackup status
	says 'app: ok'
	exits 0 env BACKUP_DATABASES='app' pgbackup run
	exits 0 pgbackup status
	says_not gone
	# A database that was chosen on the command line is not one of those that are to be backed up.
	exits 0 pgbackup run other
	exits 0 pgbackup status
	says_not other
}

# A server with a database app of its own. Copies of one cluster have one number, so it is made anew.
second_server() {
	mkdir "$BATS_TEST_TMPDIR/run"
	BATS_RUN_TMPDIR=$BATS_TEST_TMPDIR/run server_make "$BATS_TEST_TMPDIR/second"
	server_start "$BATS_TEST_TMPDIR/second"
	server_sql "$BATS_TEST_TMPDIR/second" postgres 'create database app'
	server_sql "$BATS_TEST_TMPDIR/second" app 'create table s as select 1 a'
}

@test "another server's database of that name counts for nothing, and is not pruned" {
	local theirs
	second_server
	exits 0 pgbackup run
	theirs=$(newest app)
	for _ in 1 2 3; do
		exits 0 pgbackup run --keep-last 1 --keep-min 1 "$(server_url "$BATS_TEST_TMPDIR/second" app)"
		says_not suspect
	done
	server_stop "$BATS_TEST_TMPDIR/second"
	equals "$(backups app)" 2
	[ -f "$theirs" ]
	exits 0 pgbackup prune --keep-last 1 --keep-min 1
	equals "$(backups app)" 2
}

@test "whose databases a run was about decides what the daemon remembers" {
	exits 0 pgbackup run
	timeout 60 pgbackup --every 1h >"$BATS_TEST_TMPDIR/mine" 2>&1 3>&- &
	wait_until 20 grep -q 'the next run is at' "$BATS_TEST_TMPDIR/mine"
	kill %1
	wait %1 || true
	equals "$(backups app)" 1
	BACKUP_DATABASES='app,other' timeout 60 pgbackup --every 1h >"$BATS_TEST_TMPDIR/more" 2>&1 3>&- &
	wait_until 20 grep -q 'the next run is at' "$BATS_TEST_TMPDIR/more"
	kill %2
	wait %2 || true
	equals "$(backups app)/$(backups other)" 2/1
}

@test "a journal that is damaged is moved aside by sync, and made anew" {
	exits 0 pgbackup run
	head -c 24576 /dev/urandom >"$BACKUP_DIR/.pgbox/journal.db"
	exits 1 pgbackup status
	exits 0 pgbackup run
	says 'not recorded'
	exits 0 pgbackup sync
	says 'moved aside'
	[ -f "$BACKUP_DIR/.pgbox/journal.db.damaged" ]
	exits 0 pgbackup status
	equals "$(pgbackup list --json | jq -s -r 'map(.state) | unique[]')" verified
}

@test "a folder that is away for a while takes nothing from the journal" {
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db
	exits 0 pgbackup run
	mv "$BACKUP_DIR" "$BACKUP_DIR.away"
	mkdir "$BACKUP_DIR"
	exits 1 pgbackup status
	exits 0 pgbackup run
	rm -r "$BACKUP_DIR"
	mv "$BACKUP_DIR.away" "$BACKUP_DIR"
	exits 0 pgbackup status
	exits 0 pgbackup run
	equals "$(pgbackup list --json | jq -s -r 'map(.state) | unique[]')" verified
}
