# pgrestore: create, fill, --replace, --clean, --into, undo; what goes wrong leaves everything as it was.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/jobs
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg KEPT=$BATS_FILE_TMPDIR/backups
	server_make "$SERVER"
	server_start "$SERVER"
	made app 3
	sql app 'create view v as select a from t' 'create table other as select 1 b' 'create index on t (a)' 'analyze t'
	BACKUP_DIR=$KEPT exits 0 pgbackup run --roles no --url "$(url app)"
	BACKUP_DIR=$KEPT/sql exits 0 pgbackup run --roles no --format plain --url "$(url app)"
	content app >"$BATS_FILE_TMPDIR/content"
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	cp -a "$KEPT" "$BACKUP_DIR"
	only
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# like_the_backup [DATABASE]
like_the_backup() {
	diff "$BATS_FILE_TMPDIR/content" <(content "${1:-app}")
}

# changed_app: what the backup is of, but newer: with rows of its own, and a table that the backup lacks.
changed_app() {
	made app 9
	sql app 'create table newer as select 1 n'
}

# broken: an archive that fails at its end, in BROKEN: a constraint that its rows break.
broken() {
	local db=broken_source
	BROKEN=$BATS_TEST_TMPDIR/broken.dump
	made "$db" 3
	sql "$db" 'create table zz (a int)' 'insert into zz values (1)' \
		'create function is_two(int) returns boolean language sql immutable as $$select $1 = 2$$' \
		'create table checked (a int check (a > 0))' 'alter table zz add constraint two check (public.is_two(a)) not valid' \
		"set session_replication_role = replica" 'create table parent (a int primary key)' \
		'create table child (a int references parent)' "insert into child values (1)" 2>/dev/null || true
	"$PG_BIN/psql" -X -q -d "$(url "$db")" -c 'set session_replication_role = replica; insert into child values (1)'
	archive "$db" "$BROKEN"
	archive "$db" "$BROKEN.sql" --format=plain
	drop "$db"
}

# --- create and fill ---

@test "a missing database is made as the manifest says, or plainly without one; its comment is not pgbox's" {
	sql postgres "create role somebody" "create database latin owner somebody encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'
		template template0"
	sql latin "create table t as select 1 a"
	DATABASE_URL=$(url latin) exits 0 pgbackup run --roles no
	sql latin 'comment on database latin is null'
	drop latin
	DATABASE_URL=$(url latin) exits 0 pgrestore latest
	equals "$(sql latin "select pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba),
		shobj_description(oid, 'pg_database') from pg_database where datname = 'latin'")" 'LATIN1|C|C|somebody|'
	DATABASE_URL=$(url plain) exits 0 pgrestore "$(newest latin)" "$(url plain)"
	equals "$(rows plain)" 1
	drop latin plain
	sql postgres 'drop role somebody'
	# An owner that the server lacks is not in the way.
	DATABASE_URL=$(url latin) exits 0 pgrestore latest --no-owner
	equals "$(rows latin)" 1
}

@test "create: it fails, and there is no database" {
	broken
	refused 1 '' pgrestore "$BROKEN"
	says 'foreign key'
	refused 1 '' pgrestore "$BROKEN.sql"
	refused 1 '' pgrestore "$BROKEN" --jobs 2
	refused 1 '' pgrestore latest --verify 'rows=t>=4'
	refused 1 '' pgrestore "$BROKEN" --into new
	equals "$(databases)" ''
}

@test "fill: it is one transaction; what fails leaves it empty, and nobody saw half of it" {
	local oid
	broken
	made app 0
	oid=$(sql postgres "select oid from pg_database where datname = 'app'")
	refused 1 app pgrestore "$BROKEN"
	says 'nothing has changed'
	refused 1 app pgrestore "$BROKEN.sql"
	refused 1 app pgrestore latest --verify 'rows=t>=4'
	exits 0 isempty
	exits 0 pgrestore latest
	like_the_backup
	equals "$(sql postgres "select oid from pg_database where datname = 'app'")" "$oid"
	equals "$(databases)" app
}

@test "fill: a backup of nothing takes away a seed's marker, which would say that all is there" {
	made nothing
	BACKUP_DIR=$BATS_TEST_TMPDIR/nothing exits 0 pgbackup run --roles no --url "$(url nothing)"
	seedonce -q --name base "$(url nothing)" -- true
	BACKUP_DIR=$BATS_TEST_TMPDIR/nothing exits 0 pgrestore latest "$(url nothing)"
	equals "$(sql nothing "select to_regclass('pgbox.seed') is null")" t
}

@test "fill with --jobs: beside, then swapped in" {
	made app 0
	exits 0 pgrestore latest --jobs 2
	like_the_backup
	not grep -q _restore_ <<<"$(databases)"
	broken
	made app 0
	refused 1 app pgrestore "$BROKEN" --jobs 2
}

@test "not empty: 1, what is there is named, and so is the way; not a row has changed" {
	local how
	changed_app
	for how in '' '--jobs 2' '--no-owner' '--roles skip' '--analyze no' '--verify rows=t'; do
		# shellcheck disable=SC2086 # words
		refused 1 app pgrestore latest $how
		says 'not empty'
		says '--replace'
	done
	BACKUP_DIR=$BACKUP_DIR/sql refused 1 app pgrestore latest
	refused 1 app pgrestore plan latest
	# A single function is not nothing.
	made app 0
	sql app 'create function f() returns int language sql as $$select 1$$'
	refused 1 app pgrestore latest
	says 'public.f'
}

# --- replace ---

@test "--replace: the backup is in its place, the old one beside; undo swaps back, and back again" {
	local old new
	changed_app
	old=$(content app)
	exits 0 pgrestore latest --replace
	like_the_backup
	equals "$(befores | wc -l)" 1
	says "'$(befores)'"
	says 'pgrestore undo'
	equals "$(content "$(befores)")" "$old"
	exits 0 pgrestore undo
	equals "$(content app)" "$old"
	equals "$(befores | wc -l)" 1
	like_the_backup "$(befores)"
	says "'$(befores)'"
	exits 0 pgrestore undo "$(url app)"
	like_the_backup
	equals "$(content "$(befores)")" "$old"
	exits 0 pgrestore undo --url "$(url app)"
	equals "$(content app)" "$old"
	new=$(databases)
	# Once more: there are two to go back to, and the newest is it.
	sql app 'insert into t values (10)'
	exits 0 pgrestore latest --replace
	equals "$(befores | wc -l)" 2
	exits 0 pgrestore undo
	equals "$(rows app)" 10
	equals "$(wc -w <<<"$(databases)")" 3
	equals "$(wc -w <<<"$new")" 2
}

@test "undo with nothing to go back to: 66; another database's is not taken" {
	changed_app
	made appx 1
	DATABASE_URL=$(url appx) exits 0 pgrestore latest:app "$(url appx)" --replace
	refused 66 app pgrestore undo
	one_sentence
	sql postgres 'create database app_before_' 'create database app_before_20260101_00000' 'create database app_before_x'
	refused 66 app pgrestore undo
	refused 66 '' pgrestore undo "$(url nowhere)"
	exits 66 pgrestore undo "sqlite:$BATS_TEST_TMPDIR/x.db"
}

@test "undo of a database that is gone puts the old one there" {
	changed_app
	exits 0 pgrestore latest --replace
	drop app
	exits 0 pgrestore undo
	equals "$(rows app)" 9
	equals "$(databases)" app
}

@test "--drop-old: the old one goes at the end, not before, and not when it fails" {
	changed_app
	broken
	refused 1 app pgrestore "$BROKEN" --replace --drop-old
	refused 1 app pgrestore latest --replace --drop-old --verify 'rows=t>=4'
	exits 0 pgrestore latest --replace --drop-old --verify 'rows=t>=3'
	like_the_backup
	equals "$(databases)" app
	refused 66 app pgrestore undo
}

@test "--replace that fails leaves the old one, and nothing beside it" {
	changed_app
	broken
	refused 1 app pgrestore "$BROKEN" --replace
	refused 1 app pgrestore "$BROKEN" --replace --jobs 2
	refused 1 app pgrestore "$BROKEN.sql" --replace
	refused 1 app pgrestore latest --replace --verify 'rows=t>=4'
	refused 1 app pgrestore latest --replace --verify 'table=newer'
	refused 1 app pgrestore latest --replace --verify 'query=select false'
	PGRESTORE_VERIFY='rows=t>=4' refused 1 app pgrestore latest --replace
	says 'rows=t>=4'
}

@test "--replace of a database that is missing or empty is a restore like others" {
	exits 0 pgrestore latest --replace
	like_the_backup
	equals "$(databases)" app
	made app 0
	exits 0 pgrestore latest --replace
	like_the_backup
	equals "$(databases | tr ' ' '\n' | grep -c _restore_)" 0
}

@test "--replace with plain SQL, a directory and two jobs, a tar, and from stdin" {
	local dir=$BATS_TEST_TMPDIR
	made app 3
	sql app 'create view v as select a from t' 'create table other as select 1 b' 'create index on t (a)'
	archive app "$dir/d" --format=directory
	archive app "$dir/tar" --format=tar
	archive app "$dir/sql" --format=plain
	for source in "$dir/d" "$dir/tar" "$dir/sql"; do
		changed_app
		exits 0 pgrestore "$source" --replace --drop-old --jobs 2
		like_the_backup
	done
	changed_app
	exits 0 pgrestore - --replace --drop-old <"$dir/sql"
	like_the_backup
	equals "$(databases)" app
}

@test "clients that are connected are cut off only by the swap, and come back to the new one" {
	changed_app
	"$PG_BIN/psql" -X -q "$(url app)" -c 'begin; select count(*) from t; select pg_sleep(60)' >/dev/null 2>&1 3>&- &
	PID=$!
	wait_until 10 connected app
	broken
	exits 1 pgrestore "$BROKEN" --replace
	kill -0 "$PID"
	exits 0 pgrestore latest --replace
	wait_until 10 pid_gone "$PID"
	like_the_backup
}

connected() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where datname = '$1' and query ~ 'pg_sleep'")" -gt 0 ]
}

# --- clean ---

# safety: the backup that --clean has made.
safety() {
	echo "$BACKUP_DIR/before-clean/app/$(readlink "$BACKUP_DIR/before-clean/app/latest")"
}

@test "--clean: what the backup has is made anew in place, after a backup; what it has not is left" {
	local oid before
	changed_app
	before=$(content app)
	oid=$(sql postgres "select oid from pg_database where datname = 'app'")
	exits 0 pgrestore latest --clean
	says 'a backup of it first'
	equals "$(rows app)" 3
	equals "$(sql app 'select n from newer')" 1
	equals "$(sql postgres "select oid from pg_database where datname = 'app'")" "$oid"
	equals "$(databases)" app
	equals "$(backups app)" 1
	says "$(safety)"
	exits 0 pgrestore "$(safety)" --replace --drop-old
	equals "$(content app)" "$before"
}

@test "--clean that fails is rolled back, and says where the safety backup is" {
	changed_app
	broken
	refused 1 app pgrestore "$BROKEN" --clean
	says "$(safety)"
	says 'nothing has changed'
	# A view on what is to be dropped.
	sql app 'create view in_the_way as select a from t'
	refused 1 app pgrestore latest:app --clean
	says in_the_way
}

@test "--clean with --jobs has no transaction: what fails is said to be half restored, with the way back" {
	local before
	changed_app
	broken
	before=$(content app)
	exits 0 pgrestore plan "$BROKEN" --clean
	says_not 'not one transaction'
	exits 0 pgrestore plan "$BROKEN" --clean --jobs 2
	says 'not one transaction'
	exits 1 pgrestore "$BROKEN" --clean --jobs 2
	says 'half restored'
	says "$(safety)"
	exits 0 pgrestore "$(safety)" --replace
	equals "$(content app)" "$before"
}

@test "--clean without a safety backup is not done" {
	changed_app
	mkdir "$BATS_TEST_TMPDIR/taken"
	cp "$(newest app)" "$BATS_TEST_TMPDIR/a.dump"
	: >"$BATS_TEST_TMPDIR/file"
	refused 73 app pgrestore "$BATS_TEST_TMPDIR/a.dump" --clean -d "$BATS_TEST_TMPDIR/file/x"
	says 'nothing was touched'
	refused 73 app pgrestore plan "$BATS_TEST_TMPDIR/a.dump" --clean -d "$BATS_TEST_TMPDIR/file/x"
	says 'there is no folder'
}

@test "--clean of an empty or a missing database is a restore like others" {
	local file
	file=$(newest app)
	made app 0
	exits 0 pgrestore "$file" --clean
	like_the_backup
	drop app
	exits 0 pgrestore "$file" --clean
	like_the_backup
}

# --- into, and parts ---

@test "--into makes a new database, and never touches one that is there" {
	changed_app
	exits 0 pgrestore latest --into new
	like_the_backup new
	refused 1 new pgrestore latest --into new
	refused 1 app pgrestore latest --into app
	refused 1 app pgrestore latest --into new --verify 'rows=t>=4'
	exits 0 pgrestore latest --into $'odd "name\' \\ \n--x=1'
	equals "$(sql postgres "select count(*) from pg_database where datname = E'odd \"name'' \\\\ \\n--x=1'")" 1
	equals "$(rows app)" 9
}

@test "parts: into a new database, or with --clean into the one that is there" {
	exits 0 pgrestore latest:app --into one --tables t
	equals "$(sql one "select string_agg(relname, ' ' order by relname) from pg_class where relkind in ('r', 'v')
		and relnamespace = 'public'::regnamespace")" t
	equals "$(rows one)" 3
	exits 0 pgrestore latest:app --into two --tables t,other
	equals "$(sql two "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")" 2
	exits 0 pgrestore latest:app --into bare --schema-only
	equals "$(rows bare)" 0
	equals "$(sql bare 'select count(*) from v')" 0
	exits 0 pgrestore latest:app "$(url bare)" --clean --data-only
	equals "$(rows bare)" 3
	changed_app
	exits 0 pgrestore "$(newest app)" --clean --tables t
	equals "$(rows app)" 3
	equals "$(sql app 'select n from newer')" 1
	equals "$(sql app "select to_regclass('public.other')")" ''
	# A table that the backup has not is no success.
	drop none
	refused 66 app pgrestore "$(newest app)" --into none --tables nonsense
}

@test "what is for archives is refused for SQL: 64" {
	local option
	changed_app
	for option in '--clean' '--into new --tables t' '--into new --schema-only' '--into new --data-only' '--no-owner'; do
		# shellcheck disable=SC2086 # words
		BACKUP_DIR=$BACKUP_DIR/sql refused 64 app pgrestore latest:app $option
		one_sentence
	done
}

# --- statistics, plan ---

analyzed() {
	[ "$(sql "$1" "select count(*) from pg_stats where tablename = 't'")" -gt 0 ]
}

@test "--analyze yes is the default; no leaves it, unless statistics came along" {
	exits 0 pgrestore latest --into yes
	analyzed yes
	exits 0 pgrestore latest --into no --analyze no
	PGRESTORE_ANALYZE=no exits 0 pgrestore latest --into env
	if [ "$(major)" -lt 18 ]; then
		not analyzed no
		not analyzed env
	else
		analyzed no
	fi
}

# says_sized: what plan says of the room that is needed, which is in the manifest.
says_sized() {
	grep -qE '^needs:   about [0-9.]+ [kMG]?B, ' <<<"$output"
}

@test "plan says what would happen, with the same refusals, and touches nothing" {
	local file
	file=$(newest app)
	refused 0 '' pgrestore plan latest
	says "$file"
	says '2 tables'
	says_sized
	says 'make the database'
	made app 0
	refused 0 app pgrestore plan "$file"
	says 'fill'
	changed_app
	refused 0 app pgrestore plan latest --replace
	says 'replace'
	refused 0 app pgrestore plan latest --clean
	refused 0 app pgrestore plan latest --into new
	refused 1 app pgrestore plan latest
	refused 66 app pgrestore plan latest:nowhere
	refused 64 app pgrestore plan latest --replace --clean
	equals "$(backups app)" 1
	equals "$(find "$BACKUP_DIR" -name 'readback*')" ''
	timeout 20 pgrestore plan latest --replace 2>"$BATS_TEST_TMPDIR/err" >/dev/null
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
}

# --- leftovers ---

# filling: the side database is there.
filling() {
	[ "$(sql postgres "select count(*) from pg_database where datname ~ '^app_restore_'")" -gt 0 ]
}

@test "what a killed restore left is named and dropped at the next start, and not what another one fills" {
	local file=$BATS_TEST_TMPDIR/slow.sql left
	changed_app
	printf '%s\n' 'create table t as select 1 a;' 'select pg_sleep(20);' >"$file"
	background run pgrestore "$file" --replace
	wait_until 20 filling
	DB=postgres wait_until 20 side_sleeps
	left=$(databases | tr ' ' '\n' | grep app_restore_)
	# While it runs another one leaves it alone.
	exits 0 pgrestore latest --replace --drop-old
	says_not "'$left'"
	[[ $(databases) == *"$left"* ]]
	kill -KILL "$PID"
	wait "$PID" || true
	rm "$BATS_TEST_TMPDIR/run.runner"
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where datname = '$left'" >/dev/null
	wait_until 10 nobody_in "$left"
	like_the_backup
	exits 0 pgrestore latest --replace --drop-old
	says "dropped '$left'"
	equals "$(databases)" app
	# Not ours: no comment that says so.
	sql postgres 'create database app_restore_20260101_000000'
	exits 0 pgrestore latest --replace --drop-old
	equals "$(databases)" 'app app_restore_20260101_000000'
}

side_sleeps() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where datname ~ '^app_restore_' and query ~ 'pg_sleep'")" -gt 0 ]
}

nobody_in() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where datname = '$1'")" -eq 0 ]
}

@test "TERM ends it within two seconds, with 143, and nothing is left" {
	local before
	changed_app
	printf '%s\n' 'create table t as select 1 a;' 'select pg_sleep(20);' >"$BATS_TEST_TMPDIR/slow.sql"
	before=$(server_state app)
	background run pgrestore "$BATS_TEST_TMPDIR/slow.sql" --replace
	wait_until 20 side_sleeps
	kill -TERM "$PID"
	wait_until 3 pid_gone "$PID"
	ended run 143
	equals "$(server_state app)" "$before"
}

@test "TERM while nothing else runs for it says in what state things are" {
	local before
	changed_app
	before=$(rows app)
	background run pgrestore latest --replace --verify 'query=select pg_sleep(20) is null'
	wait_until 20 side_sleeps
	kill -TERM "$PID"
	ended run 143
	says "ended by a signal: it is as it was; the next restore drops, if it was begun, app_restore_"
	equals "$(rows app)" "$before"
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where query ~ 'pg_sleep' and pid <> pg_backend_pid()" >/dev/null
	background run pgrestore latest --clean --verify 'query=select pg_sleep(20) is null'
	wait_until 20 app_sleeps
	kill -HUP "$PID"
	ended run 129
	says 'ended by a signal: what was restored is there'
	equals "$(rows app)" 3
}

app_sleeps() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where datname = 'app' and query ~ 'pg_sleep'")" -gt 0 ]
}

@test "each restore is in the journal, what failed too" {
	local n
	changed_app
	n=$(journal_sql 'select count(*) from runs')
	exits 0 pgrestore latest --replace --drop-old
	[ "$(journal_sql 'select count(*) from runs')" -gt "$n" ]
	equals "$(journal_sql 'select applet || status from runs order by id desc limit 1')" pgrestoredone
	exits 1 pgrestore latest --replace --verify 'rows=t>=4'
	equals "$(journal_sql 'select applet || status from runs order by id desc limit 1')" pgrestorefailed
	exits 0 pgbackup status
	exits 0 pgrestore list
}

@test "SQL in which words of pg_dump's own stand is all sent" {
	printf '%s\n' 'create table logs (q text);' \
		"insert into logs values ('see pg_catalog.pg_restore_relation_stats( in the manual'), ('b');" \
		"create function f() returns text language sql as \$\$ select 'pg_catalog.pg_restore_attribute_stats(' \$\$;" \
		>"$BATS_TEST_TMPDIR/words.sql"
	exits 0 pgrestore "$BATS_TEST_TMPDIR/words.sql" "$(url words)"
	equals "$(sql words 'select count(*) from logs' 'select f() is not null')" $'2\nt'
	drop words
}

@test "an empty database that somebody else fills meanwhile is left to them" {
	printf '%s\n' 'create table k1 (a int);' 'select pg_sleep(30);' 'create table k2 (a int);' >"$BATS_TEST_TMPDIR/slow.sql"
	drop app
	sql postgres 'create database app'
	background run pgrestore "$BATS_TEST_TMPDIR/slow.sql"
	wait_until 20 sleeps
	sql app 'create table users (n text)' "insert into users values ('precious')"
	sql postgres "select pg_cancel_backend(pid) from pg_stat_activity where query = 'select pg_sleep(30);'" >/dev/null
	wait "$PID" || true
	equals "$(sql app 'table users')" precious
	sed -i 's/pg_sleep(30)/pg_sleep(3)/' "$BATS_TEST_TMPDIR/slow.sql"
	sql app 'drop table users'
	# With --verify it is filled beside.
	background run pgrestore "$BATS_TEST_TMPDIR/slow.sql" --verify 'query=select true'
	wait_until 20 sleeps
	sql app 'create table users (n text)' "insert into users values ('precious')"
	status=0
	wait "$PID" || status=$?
	equals "$status" 1
	grep -q 'table public.users' "$BATS_TEST_TMPDIR/run.out"
	equals "$(sql app 'table users')" precious
	only app
	drop app
}

sleeps() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where query ~ '^select pg_sleep'")" = 1 ]
}

@test "what seedonce has left in an empty database makes way for the backup's own" {
	local how
	made app 3
	echo 'select 1;' >"$BATS_TEST_TMPDIR/seed.sql"
	archive app "$BATS_TEST_TMPDIR/without.dump"
	exits 0 seedonce --name own --sql "$BATS_TEST_TMPDIR/seed.sql"
	archive app "$BATS_TEST_TMPDIR/with.dump"
	"$PG_BIN/pg_dump" -f "$BATS_TEST_TMPDIR/with.sql" "$(url app)"
	sql postgres 'create role poor login'
	for how in without.dump with.dump with.sql; do
		drop app
		sql postgres 'create database app owner poor'
		DATABASE_URL=$(url app poor) exits 0 seedonce --name other --sql "$BATS_TEST_TMPDIR/seed.sql"
		DATABASE_URL=$(url app poor) exits 0 isempty
		if [[ $how == *.dump ]]; then
			DATABASE_URL=$(url app poor) exits 0 pgrestore "$BATS_TEST_TMPDIR/$how" --no-owner
		else
			exits 0 pgrestore "$BATS_TEST_TMPDIR/$how"
		fi
		equals "$(rows app)" 3
		[ "$how" = without.dump ] || equals "$(sql app 'select name from pgbox.seed')" own
		[ "$how" != without.dump ] || equals "$(sql app "select to_regclass('pgbox.seed') is null")" t
	done
	drop app
	sql postgres 'drop role poor'
}

@test "--data-only adds to empty tables only" {
	made app 3
	archive app "$BATS_TEST_TMPDIR/t.dump"
	exits 1 pgrestore "$BATS_TEST_TMPDIR/t.dump" --clean --data-only
	says 'rows are there already'
	equals "$(rows app)" 3
	sql app 'truncate t'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/t.dump" --clean --data-only
	equals "$(rows app)" 3
	drop app
}

@test "a role or database that is read-only by default, or soon cut off, is restored all the same" {
	local how
	made app 3
	archive app "$BATS_TEST_TMPDIR/t.dump"
	"$PG_BIN/pg_dump" -f "$BATS_TEST_TMPDIR/t.sql" "$(url app)"
	sql app 'create role hasty login createdb' 'alter table t owner to hasty'
	sql postgres 'alter database app owner to hasty' \
		'alter role hasty set default_transaction_read_only = on' "alter role hasty set statement_timeout = '50ms'"
	[ "$(major)" -lt 14 ] || sql postgres "alter role hasty set idle_session_timeout = '50ms'"
	for how in '--replace' '--replace --jobs 2' --clean; do
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app hasty) exits 0 pgrestore "$BATS_TEST_TMPDIR/t.dump" $how --no-owner
		equals "$(rows app)" 3
	done
	sed -i '/OWNER TO/d' "$BATS_TEST_TMPDIR/t.sql"
	DATABASE_URL=$(url app hasty) exits 0 pgrestore "$BATS_TEST_TMPDIR/t.sql" --replace
	equals "$(rows app)" 3
	only
	sql postgres 'drop owned by hasty' 'drop role hasty'
}

@test "what is no call: empty names, one word too many, a name that is too long" {
	made app 3
	archive app "$BATS_TEST_TMPDIR/t.dump"
	exits 64 pgrestore "$BATS_TEST_TMPDIR/t.dump" --clean --tables ''
	exits 64 pgrestore "$BATS_TEST_TMPDIR/t.dump" --clean --tables ,
	exits 64 pgrestore "$BATS_TEST_TMPDIR/t.dump" --into ''
	exits 64 pgrestore "$BATS_TEST_TMPDIR/t.dump" "$(url a)" "$(url b)"
	exits 64 pgrestore undo "$(url a)" "$(url b)"
	exits 64 pgrestore "$BATS_TEST_TMPDIR/t.dump" "$(url "$(printf 'x%.0s' {1..64})")"
	equals "$(rows app)" 3
	only app
}

@test "--tables: all that belongs to a table comes with it" {
	drop app
	sql postgres 'create database app'
	sql app 'create function trg() returns trigger language plpgsql as $$begin return new; end$$' \
		'create table o (id int primary key)' \
		"create table p (id serial primary key, b text unique default 'd', o int references o, c int check (c > 0))" \
		'create index p_c on p (c)' 'create table q (id int generated by default as identity primary key, p int references p)' \
		'create trigger tr before insert on p for each row execute function trg()' "comment on column p.b is 'words'" \
		'grant select on p to public' "insert into p (b) values ('x'), ('y')" 'create statistics st on id, c from p' \
		'create table "p two" (a int primary key)'
	archive app "$BATS_TEST_TMPDIR/parts.dump"
	table_p app >"$BATS_TEST_TMPDIR/p"
	# Who refers to it would lose that: nothing changes.
	exits 1 pgrestore "$BATS_TEST_TMPDIR/parts.dump" --clean --tables p
	table_p app | diff "$BATS_TEST_TMPDIR/p" -
	sql app 'drop table q' "delete from p where b = 'x'" 'drop index p_c'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/parts.dump" --clean --tables p
	table_p app | diff "$BATS_TEST_TMPDIR/p" -
	equals "$(sql app "insert into p (b) values ('z') returning id")" 3
	# Into a new database, less what needs more than that; the others are named.
	exits 0 pgrestore "$BATS_TEST_TMPDIR/parts.dump" --into new --tables p
	says 'left out, as it needs what is not restored: FK CONSTRAINT public p p_o_fkey'
	says 'left out, as it needs what is not restored: TRIGGER public p tr'
	table_p new | diff <(grep -v -e p_o_fkey -e tr "$BATS_TEST_TMPDIR/p") -
	drop new
	exits 0 pgrestore "$BATS_TEST_TMPDIR/parts.dump" --into new --tables p,o,q
	equals "$(sql new "select count(*) from pg_constraint where contype = 'f'")" 2
	equals "$(sql new "select string_agg(relname, ' ' order by relname) from pg_class where relkind = 'r'
		and relnamespace = 'public'::regnamespace")" 'o p q'
	drop app new
}

# table_p DATABASE: what it is made of.
table_p() {
	sql "$1" 'select conname from pg_constraint where conrelid = $$p$$::regclass order by 1' \
		'select indexrelid::regclass from pg_index where indrelid = $$p$$::regclass order by indexrelid::regclass::text' \
		'select tgname from pg_trigger where not tgisinternal' 'select relacl, col_description(oid, 2) from pg_class where oid = $$p$$::regclass' \
		'select adnum, pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = $$p$$::regclass order by 1' 'select stxname from pg_statistic_ext' \
		'select * from p order by id' 'select last_value, is_called from p_id_seq'
}

@test "an empty database keeps what was made in it, whether it is filled or filled beside" {
	local how
	made app 3
	archive app "$BATS_TEST_TMPDIR/t.dump"
	"$PG_BIN/pg_dump" -f "$BATS_TEST_TMPDIR/t.sql" "$(url app)"
	sql postgres 'create role guest_role' 'create role plain login createdb'
	for how in t.dump t.sql 't.dump --jobs 2' 't.sql --verify rows=t>=3' 't.dump --verify rows=t>=3'; do
		drop app
		sql postgres 'create database app owner plain'
		sql app 'grant create on schema public to guest_role' 'alter default privileges grant select on tables to guest_role' \
			'create publication pub' 'create extension dblink' 'grant create on schema public to plain'
		exits 0 isempty
		# shellcheck disable=SC2086 # words
		DATABASE_URL=$(url app) exits 0 pgrestore "$BATS_TEST_TMPDIR/"$how
		equals "$(rows app)" 3
		equals "$(sql app "select has_schema_privilege('guest_role', 'public', 'create')" 'select count(*) from pg_publication' \
			"select count(*) from pg_extension where extname = 'dblink'" 'select count(*) from pg_default_acl')" $'t\n1\n1\n1'
		only app
	done
	drop app
	sql postgres 'drop role guest_role' 'drop role plain'
}

@test "what has the name of a leftover, but not of a time, is nobody's to drop" {
	made app 3
	archive app "$BATS_TEST_TMPDIR/t.dump"
	sql postgres 'create database app_restore_notes connection limit 7919'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/t.dump" --replace --drop-old
	only app app_restore_notes
}

@test "--clean waits for clients' locks for a while, not for ever" {
	made app 3
	archive app "$BATS_TEST_TMPDIR/t.dump"
	[ -n "${SOAK:-}" ] || skip 'it waits for half a minute: with SOAK=1'
	background holder "$PG_BIN/psql" -X -q -c 'begin' -c 'select * from t' -c 'select pg_sleep(120)' "$(url app)"
	wait_until 20 sleeps
	exits 75 pgrestore "$BATS_TEST_TMPDIR/t.dump" --clean
	says 'locked'
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where query ~ '^select pg_sleep'" >/dev/null
	equals "$(rows app)" 3
}
