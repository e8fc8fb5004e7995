# pgrestore --replace: what the new database has of the old one, and what cannot be replaced; names of all kinds.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/jobs
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg DUMP=$BATS_FILE_TMPDIR/t.dump
	server_make "$SERVER" 'max_prepared_transactions = 5' 'wal_level = logical'
	server_start "$SERVER"
	made source 3
	archive source "$DUMP"
	sql postgres 'create role owner' 'create role guest' 'create role "odd ""role"' 'create role limited login'
}

teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/disk" || umount -l "$BATS_TEST_TMPDIR/disk"
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
	forget_prepared
	sql postgres 'alter role limited nocreatedb'
	only source
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# dress: all that belongs to the database but what is in it.
dress() {
	sql postgres "select pg_get_userbyid(datdba), datacl, datconnlimit, pg_encoding_to_char(encoding), datcollate, datctype,
			spcname, shobj_description(d.oid, 'pg_database'), datallowconn, datistemplate
			from pg_database d join pg_tablespace t on t.oid = dattablespace where datname = 'app'" \
		"select setrole::regrole, setconfig from pg_db_role_setting s join pg_database d on d.oid = setdatabase
			where datname = 'app' order by 1"
}

# keeps: --replace, undo and once more: nothing of the dress has changed, and it fits.
keeps() {
	local before
	before=$(dress)
	exits 0 pgrestore "$DUMP" --replace
	equals "$(dress)" "$before"
	equals "$(rows app)" 3
	exits 0 pgrestore undo
	says "app: the old database is back; the one that was there is 'app_before_"
	equals "$(dress)" "$before"
	exits 0 pgrestore undo
	equals "$(dress)" "$before"
	equals "$(rows app)" 3
}

@test "owner, privileges, connection limit and comment are carried over" {
	made app 1
	sql postgres 'alter database app owner to owner' 'alter database app connection limit 42' \
		"comment on database app is 'it''s a \"comment\" \\ of
two lines 🐘'" 'revoke all on database app from public' 'grant connect, temporary on database app to guest with grant option' \
		'grant create on database app to "odd ""role"' 'revoke temporary on database app from owner'
	keeps
	sql postgres 'alter database app connection limit 0'
	keeps
	sql postgres 'comment on database app is null' 'alter database app connection limit -1'
	keeps
}

@test "without privileges of its own it gets none" {
	made app 1
	keeps
	equals "$(sql postgres "select datacl from pg_database where datname = 'app'")" ''
}

# A session in COPY whose client stalls: since PostgreSQL 15 every DROP DATABASE waits for it.
stall() {
	mkfifo "$BATS_TEST_TMPDIR/rows"
	exec 7<>"$BATS_TEST_TMPDIR/rows"
	"$PG_BIN/psql" -X -q "$(url source)" -c 'create temp table half (a int)' -c 'copy half from stdin' \
		<&7 >/dev/null 2>&1 3>&- &
	STALLED=$!
	wait_until 10 counts 1 "query like 'copy half%' and wait_event = 'ClientRead'"
}

# counts N CONDITION: there are so many such sessions.
counts() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where $2 and pid <> pg_backend_pid()")" = "$1" ]
}

@test "a drop that is broken off has cost the old database: nobody is sent to undo, and the next restore drops it" {
	[ "$("$PG_BIN/postgres" -V | grep -oE '[0-9]+' | head -n 1)" -ge 15 ] || skip 'no drop waits before 15'
	made app 1
	stall
	pgrestore "$DUMP" --replace --drop-old >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 7>&- &
	wait_until 30 counts 1 "query like 'DROP DATABASE%' and wait_event = 'ProcSignalBarrier'"
	wait_until 30 grep -q "waiting to drop .*pid .*in COPY" "$BATS_TEST_TMPDIR/out"
	sql postgres "select pg_cancel_backend(pid) from pg_stat_activity where query like 'DROP DATABASE%' and pid <> pg_backend_pid()"
	wait $!
	kill -0 "$STALLED"
	kill "$STALLED"
	output=$(cat "$BATS_TEST_TMPDIR/out")
	says 'canceling statement due to user request'
	says 'cannot be used any more: the next restore drops it'
	says_not undo
	equals "$(rows app)" 3
	exits 66 pgrestore undo
	exits 0 pgrestore "$DUMP" --replace --drop-old
	not grep -q _before_ <<<"$(databases)"
}

@test "a template stays one, and its old one can be dropped" {
	made app 1
	sql postgres 'alter database app is_template true'
	keeps
	exits 0 pgrestore "$DUMP" --replace --drop-old
	says_not warning
	equals "$(sql postgres "select datistemplate from pg_database where datname = 'app'")" t
	equals "$(befores | wc -l)" 1
	sql postgres "do \$\$ declare d text; begin for d in select datname from pg_database where datname ~ '^app' loop
		execute format('alter database %I is_template false', d); end loop; end \$\$"
}

@test "a database whose owner has nothing, and one that nobody may enter, stay so" {
	made app 1
	sql postgres 'revoke all on database app from public, postgres'
	keeps
}

@test "settings of the database, and of roles in it, are carried over as they are" {
	made app 1
	sql postgres "alter database app set search_path = public, \"a b\", \"quo\"\"te\", '\$user', \"it's, so\"" \
		"alter database app set work_mem = '5MB'" "alter database app set datestyle = 'SQL, DMY'" \
		"alter database app set timezone = 'Asia/Tokyo'" "alter database app set \"my.setting\" = 'it''s = \"so\" \\ , %L'" \
		"alter database app set statement_timeout = '1h'" "alter database app set temp_tablespaces = ''" \
		"alter database app set default_transaction_isolation = 'repeatable read'" \
		"alter role guest in database app set search_path = 'x y', public" \
		"alter role guest in database app set application_name = ''" \
		"alter role \"odd \"\"role\" in database app set work_mem = '7MB'"
	keeps
	equals "$(sql app 'show search_path')" 'public, "a b", "quo""te", "$user", "it'"'"'s, so"'
	sql postgres "alter database app set search_path = ''"
	keeps
}

@test "settings that would stop a restore do not" {
	made app 1
	sql postgres 'alter database app set default_transaction_read_only = on' "alter database app set statement_timeout = '1ms'" \
		"alter database app set role = guest" "alter database app set row_security = off" \
		"alter role postgres in database app set search_path = nowhere"
	keeps
}

@test "encoding and locale are carried over, other than those of the backup and of the server" {
	sql postgres "create database app encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0"
	sql app 'create table t ()'
	keeps
}

@test "an ICU locale and its rules are carried over" {
	[ "$(major)" -ge 15 ] || skip 'PostgreSQL 15 made these'
	local icu="select datlocprovider, to_jsonb(d) -> 'datlocale', to_jsonb(d) -> 'daticulocale', to_jsonb(d) -> 'daticurules'
		from pg_database d where datname = 'app'" before rules=''
	[ "$(major)" -lt 16 ] || rules="icu_rules '&a < g'"
	sql postgres "create database app locale_provider icu icu_locale 'de-u-co-phonebk' $rules template template0"
	sql app 'create table t ()'
	before=$(sql postgres "$icu")
	keeps
	equals "$(sql postgres "$icu")" "$before"
}

@test "the tablespace is carried over" {
	local dir=$BATS_FILE_TMPDIR/space
	mkdir "$dir"
	[ "$(id -u)" != 0 ] || chown nobody "$dir"
	sql postgres "create tablespace \"the space\" location '$dir'"
	sql postgres 'create database app tablespace "the space"'
	sql app 'create table t ()'
	keeps
	drop app "$(befores)"
	sql postgres 'drop tablespace "the space"'
}

# --- what cannot be replaced ---

@test "a tablespace that is full: what is left beside is named each time, and goes when there is room" {
	local disk=$BATS_TEST_TMPDIR/disk left
	mkdir "$disk"
	mount -t tmpfs -o size=30m pgbox-test "$disk" 2>/dev/null || skip 'cannot mount a file system here'
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	mkdir "$disk/space"
	[ "$(id -u)" != 0 ] || chown nobody "$disk/space"
	made huge
	sql huge "create table t as select generate_series(1, 400000) a, repeat('x', 40) b"
	archive huge "$BATS_TEST_TMPDIR/huge.dump"
	sql postgres "create tablespace small location '$disk/space'" 'create database app tablespace small'
	sql app 'create table t as select 1 a'
	exits 73 pgrestore "$BATS_TEST_TMPDIR/huge.dump" --replace
	left=$(databases | tr ' ' '\n' | grep app_restore_) || skip 'this server could drop it'
	says "make room on the server's disk, and then DROP DATABASE \"$left\""
	exits 73 pgrestore "$BATS_TEST_TMPDIR/huge.dump" --replace
	says "make room on the server's disk, and then DROP DATABASE \"$left\""
	equals "$(rows app)" 1
	mount -o remount,size=200m "$disk"
	exits 0 pgrestore "$BATS_TEST_TMPDIR/huge.dump" --replace --drop-old
	says "dropped '$left'"
	only source
	sql postgres 'drop tablespace small'
}

@test "prepared transactions, a subscription, a logical slot: refused beforehand, and named" {
	made app 1
	sql app 'begin' 'insert into t values (2)' "prepare transaction 'p'"
	refused 1 app pgrestore "$DUMP" --replace
	says 'prepared transactions'
	refused 1 app pgrestore plan "$DUMP" --replace
	sql app "rollback prepared 'p'"
	# Those of another database are not in the way.
	made apart 1
	sql apart "select pg_create_logical_replication_slot('apart', 'test_decoding')" >/dev/null
	sql apart 'begin' 'insert into t values (2)' "prepare transaction 'p'"
	exits 0 pgrestore "$DUMP" --replace --drop-old
	sql apart "rollback prepared 'p'" "select pg_drop_replication_slot('apart')" >/dev/null

	sql app "create subscription s connection 'dbname=d' publication p with (connect = false, slot_name = none)" 2>/dev/null
	refused 1 app pgrestore "$DUMP" --replace
	says 'subscriptions'
	sql app 'drop subscription s'
	sql app "select pg_create_logical_replication_slot('slot', 'test_decoding')" >/dev/null
	refused 1 app pgrestore "$DUMP" --replace
	says 'replication slots'
	sql app "select pg_drop_replication_slot('slot')" >/dev/null
	exits 0 pgrestore "$DUMP" --replace --drop-old
	equals "$(databases)" 'apart app source'
}

@test "undo of or to a database with prepared transactions: refused at once, and named" {
	local before
	made app 1
	exits 0 pgrestore "$DUMP" --replace
	before=$(befores)
	sql app 'begin' 'insert into t values (2)' "prepare transaction 'p'"
	refused 1 app pgrestore undo
	says "database 'app' has prepared transactions"
	sql app "rollback prepared 'p'"
	sql "$before" 'begin' 'insert into t values (2)' "prepare transaction 'p'"
	refused 1 app pgrestore undo
	says "database '$before' has prepared transactions"
	sql "$before" "commit prepared 'p'"
	exits 0 pgrestore undo
	equals "$(rows app)" 2
}

@test "the same as --clean says it can do" {
	made app 1
	sql app "select pg_create_logical_replication_slot('slot', 'test_decoding')" >/dev/null
	exits 0 pgrestore "$DUMP" --clean
	equals "$(rows app)" 3
	sql app "select pg_drop_replication_slot('slot')" >/dev/null
}

@test "sessions that this role may not end: 75 or 77, nothing has changed" {
	[ -n "${SOAK:-}" ] || skip 'it waits half a minute for them: with SOAK=1'
	sql postgres 'alter role limited createdb' 'create database app owner limited'
	sql app 'set role limited' 'create table t (a int)'
	"$PG_BIN/psql" -X -q "$(url app)" -c 'select pg_sleep(60)' >/dev/null 2>&1 3>&- &
	PID=$!
	wait_until 10 sleeps
	DATABASE_URL=$(url app limited) refused 75 app pgrestore "$DUMP" --no-owner --replace
	kill -0 "$PID"
	kill "$PID"
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where query ~ 'pg_sleep' and pid <> pg_backend_pid()" >/dev/null
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$DUMP" --no-owner --replace --drop-old
	drop app
	sql postgres 'alter role limited nocreatedb'
}

sleeps() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where datname = 'app' and query ~ 'pg_sleep'")" -gt 0 ]
}

# --- permission poor roles ---

@test "a role that may not: named before the start, with what it may do instead" {
	made app 1
	sql postgres 'grant create on database app to limited'
	sql app 'grant all on schema public to limited'
	DATABASE_URL=$(url app limited) refused 77 app pgrestore "$DUMP" --no-owner --replace
	says 'does not own'
	says 'postgres'
	DATABASE_URL=$(url app limited) refused 77 app pgrestore plan "$DUMP" --no-owner --replace
	sql postgres 'alter database app owner to limited'
	DATABASE_URL=$(url app limited) refused 77 app pgrestore "$DUMP" --no-owner --replace
	says CREATEDB
	says --clean
	# What is named works.
	sql app 'alter table t owner to limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$DUMP" --no-owner --clean
	equals "$(rows app)" 3
	drop app
	DATABASE_URL=$(url app limited) refused 77 '' pgrestore "$DUMP" --no-owner
	says CREATEDB
	DATABASE_URL=$(url app limited) refused 77 '' pgrestore plan "$DUMP" --no-owner
	DATABASE_URL=$(url app limited) refused 77 '' pgrestore "$DUMP" --no-owner --into new
	# Empty, made by somebody else for it.
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$DUMP" --no-owner
	equals "$(sql app "select tableowner from pg_tables where tablename = 't'")" limited
}

@test "what --clean may not read or drop is named before the start" {
	made app 1
	sql app 'grant all on schema public to limited'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$DUMP" --no-owner --clean
	says 'public.t: this role may not read it'
	says 'public.t: this role does not own it'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore "$DUMP" --no-owner --clean
	sql app 'grant select on t to limited' 'create table other ()' 'create table another ()'
	DATABASE_URL=$(url app limited) refused 69 app pgrestore plan "$DUMP" --no-owner --clean
	says 'public.another (and 1 more): this role may not read it'
	says 'public.t: this role does not own it'
	sql app 'drop table other, another' 'alter table t owner to limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore plan "$DUMP" --no-owner --clean
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$DUMP" --no-owner --clean
	equals "$(rows app)" 3
	# Nothing of it is in the backup.
	sql app 'create table other ()' 'grant select on other to limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$DUMP" --no-owner --clean
}

@test "several jobs where nothing may be made beside: one does it" {
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) exits 0 pgrestore "$DUMP" --no-owner --jobs 2
	says '--jobs: it is filled by one'
	equals "$(rows app)" 3
	equals "$(databases)" 'app source'
}

@test "objects of others, without superuser: named before the start, with --no-owner" {
	sql postgres 'create database app owner limited'
	DATABASE_URL=$(url app limited) exits 69 pgrestore "$DUMP"
	says 'role postgres'
	says --no-owner
	equals "$(sql app "select count(*) from pg_class where relname = 't'")" 0
}

@test "settings that only a superuser may carry over are named before the start" {
	sql postgres 'alter role limited createdb' 'create database app owner limited' \
		"alter role guest in database app set work_mem = '5MB'" 'alter database app set session_replication_role = replica'
	sql app 'set role limited' 'create table t (a int)'
	status=0
	output=$(DATABASE_URL=$(url app limited) timeout 60 pgrestore plan "$DUMP" --no-owner --replace 2>&1 3>&-) || status=$?
	[ "$status" -ne 0 ] || { echo "$output"; false; }
	DATABASE_URL=$(url app limited) refused "$status" app pgrestore "$DUMP" --no-owner --replace
	sql postgres 'alter role limited nocreatedb'
}

# --- names ---

@test "names of 63 bytes, of elephants, with quotes and newlines: each can be replaced, undone and dropped" {
	local name before names=("a$(printf '€%.0s' {1..20})" $'new\nline "q\' \\' '-x')
	[ -z "${SOAK:-}" ] || names+=("$(printf 'x%.0s' {1..63})" "$(printf '🐘%.0s' {1..15})" 'a b=c' "%s';--")
	for name in "${names[@]}"; do
		sql postgres "create database \"${name//\"/\"\"}\""
		DATABASE_URL=$(url "$(encoded "$name")")
		export DATABASE_URL
		made_in "$name" 5
		exits 0 pgrestore "$DUMP" --replace
		equals "$(rows_in "$name")" 3
		before=$(sql postgres "select datname from pg_database where datname ~ '_before_[0-9]{8}_[0-9]{6}\$'")
		[ "$(LC_ALL=C; echo "${#before}")" -le 63 ]
		equals "$(sql postgres "select count(*) from pg_database where datname ~ '_before_' and
			starts_with(E'$(escaped "$name")', regexp_replace(datname, '(_[0-9a-f]{6})?_before_.*', ''))")" 1
		exits 0 pgrestore undo
		equals "$(rows_in "$name")" 5
		exits 0 pgrestore undo
		equals "$(rows_in "$name")" 3
		exits 0 pgrestore "$DUMP" --clean
		only source "${name//\'/\'\'}"
		exits 0 pgrestore "$DUMP" --replace --drop-old
		equals "$(sql postgres 'select count(*) from pg_database where oid >= 16384')" 2
		only source
	done
}

encoded() {
	python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$1"
}

escaped() {
	python3 -c 'import sys; print(sys.argv[1].replace("\\", "\\\\").replace("\x27", "\\\x27").replace("\n", "\\n"))' "$1"
}

# in_named NAME SQL...: in a database whose name psql would take for something else.
in_named() {
	local url
	url=$(url "$(encoded "$1")")
	shift
	"$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$url" "${@/#/-c}"
}

made_in() {
	in_named "$1" "create table t as select generate_series(1, $2) a"
}

rows_in() {
	in_named "$1" 'select count(*) from t'
}

@test "two names that are cut to the same do not get into each other's way" {
	local a b
	a=$(printf 'x%.0s' {1..60})aaa
	b=$(printf 'x%.0s' {1..60})bbb
	made "$a" 1
	made "$b" 2
	exits 0 pgrestore "$DUMP" --replace "$(url "$a")"
	exits 66 pgrestore undo "$(url "$b")"
	equals "$(rows "$b")" 2
	equals "$(rows "$a")" 3
}

# sessions N CONDITION: so many fulfil it.
sessions() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and $2")" = "$1" ]
}

@test "restores of one database in one second, side by side: all end, each keeps its predecessor" {
	local n pids=() swapped=0
	made app 1
	background holder in_named postgres 'begin' "comment on database app is 'held'" 'select pg_sleep(60)'
	wait_until 20 sessions 1 "query = 'select pg_sleep(60)'"
	for n in {1..6}; do
		background "run$n" pgrestore "$DUMP" --replace
		pids+=("$PID")
	done
	wait_until 60 sessions 6 "wait_event_type = 'Lock' and query like 'ALTER DATABASE %app% RENAME%'"
	sql postgres "select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)'"
	for n in {1..6}; do
		wait_until 60 pid_gone "${pids[n - 1]}"
		status=0
		wait "${pids[n - 1]}" || status=$?
		rm "$BATS_TEST_TMPDIR/run$n.runner"
		[[ $status =~ ^(0|75)$ ]] || { cat "$BATS_TEST_TMPDIR/run$n.out"; false; }
		swapped=$((swapped + (status == 0)))
	done
	equals "$(rows app)" 3
	equals "$(databases | grep -o _before_ | wc -l)" "$swapped"
	not grep -q _restore_ <<<"$(databases)"
}

@test "the database that others log in to first can be replaced, too" {
	sql postgres 'create table t (a int)'
	refused 1 postgres pgrestore "$DUMP" "$(url postgres)"
	exits 0 pgrestore "$DUMP" --replace "$(url postgres)"
	equals "$(rows postgres)" 3
	exits 0 pgrestore undo "$(url postgres)"
	equals "$(rows postgres)" 0
	sql postgres 'drop table t'
	only source
}
