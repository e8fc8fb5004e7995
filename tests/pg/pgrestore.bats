# pgrestore: what a SOURCE may be, which database it goes to, and what is no backup at all.
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
	made other 7
	BACKUP_DIR=$KEPT exits 0 pgbackup run app other --url "$(url app)"
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	cp -a "$KEPT" "$BACKUP_DIR"
	only app other
	DATABASE_URL=$(url app)
	export DATABASE_URL
}

# public_of DATABASE: the schema's owner and rights.
public_of() {
	sql "$1" "select nspowner::regrole, has_schema_privilege('stranger', oid, 'usage'), has_schema_privilege('stranger', oid, 'create')
		from pg_namespace where nspname = 'public'"
}

# becomes ROWS SOURCE...: each of them, put into a new database, has so many.
becomes() {
	local want=$1 source
	shift
	for source in "$@"; do
		drop new
		exits 0 pgrestore "$source" --into new
		equals "$(rows new)" "$want" || { echo "from $source"; return 1; }
	done
}

# --- pgbackup's ---

@test "a file, its manifest, its name, latest and latest:DB are the same backup" {
	local data
	data=$(newest app)
	becomes 3 "$data" "$data.json" "$data.sha256" "${data##*/}" "app/${data##*/}" latest:app "$BACKUP_DIR/app/latest"
	becomes 7 latest:other "$(newest other)"
	cd "$BACKUP_DIR/app"
	becomes 3 "${data##*/}" "./${data##*/}"
}

@test "latest is of the database that the environment names; of one folder, the only one" {
	sql app 'insert into t values (4)'
	exits 0 pgbackup run app
	exits 0 pgrestore latest --into new
	equals "$(rows new)" 4
	sql app 'delete from t where a = 4'
	drop new
	unset DATABASE_URL
	exits 64 pgrestore latest "$(url new)"
	says 'latest:DATABASE'
	rm -r "$BACKUP_DIR/other"
	exits 0 pgrestore latest "$(url new)"
	equals "$(rows new)" 4
	exits 66 pgrestore latest:other "$(url new2)"
	equals "$(databases)" 'app new other'
}

@test "a moment is the newest backup then, in the zone of TZ; a date is its end" {
	local old data moment
	old=$(newest app)
	# Made a day and two days before, as far as anybody can tell.
	for n in 1 2; do
		moment=2026-01-0$((3 - n))T23:30:00.000Z
		data=$BACKUP_DIR/app/app-2026010$((3 - n))-233000.dump
		sql app "insert into t values ($n)"
		archive app "$data"
		jq --arg at "$moment" --arg file "${data##*/}" --arg sum "$(sha256sum <"$data" | cut -d' ' -f1)" \
			--argjson bytes "$(stat -c %s "$data")" \
			'.started = $at | .finished = $at | .verified = $at | .file = $file | .sha256 = $sum | .bytes = $bytes' \
			"$old.json" >"$data.json"
		sed "s/^[0-9a-f]* .*/$(sha256sum <"$data" | cut -d' ' -f1)  ${data##*/}/" "$old.sha256" >"$data.sha256"
	done
	sql app 'delete from t' 'insert into t select generate_series(1, 3)'
	exits 0 pgbackup sync
	becomes 4 @2026-01-02 @2026-01-02T23:30 @2026-01-02T23:30:00Z @2026-06-01
	becomes 5 @2026-01-01 @2026-01-01T23:30 @2026-01-02T23:29:59Z @2026-01-02T12:00
	becomes 3 "@$(date -u +%Y-%m-%d)"
	# Half past eight in the morning of the third, in Tokyo.
	TZ=Asia/Tokyo becomes 5 @2026-01-03T08:29
	TZ=Asia/Tokyo becomes 4 @2026-01-03T08:30
	TZ=Asia/Tokyo becomes 4 @2026-01-03T08:30Z
	drop new
	refused 66 '' pgrestore @2025-12-31 --into new
	one_sentence
	for moment in @ @yesterday @2026 @2026-13-01 @2026-01-32 @2026-01-02T25:00 @2026-01-02T10 @2026-01-02x @2026-02-31; do
		refused 64 '' pgrestore "$moment" --into new
		one_sentence
	done
}

@test "a number is a run of the journal" {
	local run
	run=$(journal_sql "select run from files where database = 'other' and gone is null")
	becomes 7 "$run"
	run=$(journal_sql "select run from files where database = 'app' and gone is null")
	becomes 3 "$run"
	drop new
	refused 66 '' pgrestore 4711 "$(url new)"
	says '4711'
}

@test "what is not there: 66 and a sentence" {
	local word
	for word in nowhere nowhere.dump /nowhere/x.dump latest:nowhere ./app-x.dump; do
		refused 66 app pgrestore "$word" --replace
		one_sentence
	done
	BACKUP_DIR=/nowhere refused 66 app pgrestore latest --replace
	one_sentence
}

@test "list is what pgbackup lists" {
	equals "$(timeout 20 pgrestore list)" "$(timeout 20 pgbackup list)"
	equals "$(timeout 20 pgrestore list --json)" "$(timeout 20 pgbackup list --json)"
	equals "$(timeout 20 pgrestore list --json | jq -s length)" 3
	BACKUP_DIR=/nowhere exits 66 pgrestore list
}

# --- everybody's ---

# packed_files FILE: the file in all the ways that can be told from outside.
packed_files() {
	gzip -k "$1"
	zstd -q "$1"
	lz4 -q "$1" "$1.lz4"
}

@test "custom archives, whatever packs them and whatever they are called" {
	local method file
	for method in none gzip:9 lz4 zstd:1; do
		file=$BATS_TEST_TMPDIR/${method%:*}.sql
		archive app "$file" --compress="$method"
		becomes 3 "$file"
	done
	cp "$BATS_TEST_TMPDIR/gzip.sql" "$BATS_TEST_TMPDIR/a b'\"x"
	becomes 3 "$BATS_TEST_TMPDIR/a b'\"x"
	packed_files "$BATS_TEST_TMPDIR/none.sql"
	becomes 3 "$BATS_TEST_TMPDIR"/none.sql.{gz,zst,lz4}
}

@test "tar and directory archives, and the server's own pg_dump's" {
	local dir=$BATS_TEST_TMPDIR/x
	mkdir "$dir"
	archive app "$dir/a.tar" --format=tar
	archive app "$dir/d" --format=directory --compress=zstd
	archive app "$dir/g" --format=directory --compress=gzip
	becomes 3 "$dir/a.tar" "$dir/d" "$dir/g/"
	packed_files "$dir/a.tar"
	becomes 3 "$dir"/a.tar.{gz,zst,lz4}
	"$PG_BIN/pg_dump" -Fc -f "$dir/own.dump" "$(url app)"
	"$PG_BIN/pg_dump" -Ft -f "$dir/own.tar" "$(url app)"
	"$PG_BIN/pg_dump" -Fd -f "$dir/own.d" "$(url app)"
	"$PG_BIN/pg_dump" -f "$dir/own.sql" "$(url app)"
	becomes 3 "$dir"/own.{dump,tar,d,sql}
	BACKUP_FORMAT=directory exits 0 pgbackup run app
	becomes 3 latest:app
}

@test "plain SQL, packed or not, of pg_dump's and of pgbackup's" {
	local dir=$BATS_TEST_TMPDIR/x compress
	mkdir "$dir"
	archive app "$dir/a.sql" --format=plain
	packed_files "$dir/a.sql"
	archive app "$dir/inserts.sql" --format=plain --inserts
	becomes 3 "$dir"/a.sql{,.gz,.zst,.lz4} "$dir/inserts.sql"
	for compress in none gzip lz4 zstd; do
		exits 0 pgbackup run --format plain --compress "$compress" app
		becomes 3 latest:app
	done
}

@test "SQL by hand: comments first, no newline last, a byte order mark, CRLF, COPY data, quotes of all kinds" {
	local dir=$BATS_TEST_TMPDIR
	printf '%s\n' '/* first' '-- */ -- second' '' 'CREATE TABLE t (a int);' 'INSERT INTO t VALUES (1)' >"$dir/a.sql"
	truncate -s -1 "$dir/a.sql"
	printf '\357\273\277create table t (a int);\r\ninsert into t values (1);\r\n' >"$dir/b.sql"
	printf '%s\n' 'create table t (a text);' 'copy t from stdin;' '\! x' '\\copy' '\.' \
		"insert into t values ('\\! false'), (E'it''s \\\\! \\' false'), (\$\$ \\! \$\$), (\$a\$ \\connect \$\$ \$a\$);" \
		'create table "\! x" (a int);' '/* \! x /* \! */ */ -- \! x' >"$dir/c.sql"
	printf '%s\n' 'BEGIN;' 'create table t as select 1 a;' 'COMMIT;' >"$dir/d.sql"
	becomes 1 "$dir/a.sql" "$dir/b.sql" "$dir/d.sql"
	becomes 6 "$dir/c.sql"
	equals "$(sql new "select string_agg(a, ',' order by a collate \"C\") from t")" \
		" \\! , \\connect \$\$ ,! x,\\! false,\\copy,it's \\! ' false"
}

@test "stdin, of every kind; nothing of it stays behind, wherever it was put" {
	local file stage=$BATS_TEST_TMPDIR/stage
	archive app "$BATS_TEST_TMPDIR/a.sql" --format=plain
	archive app "$BATS_TEST_TMPDIR/a.dump"
	archive app "$BATS_TEST_TMPDIR/a.tar" --format=tar
	gzip -k "$BATS_TEST_TMPDIR"/a.*
	for file in "$BATS_TEST_TMPDIR"/a.*; do
		drop new
		exits 0 pgrestore - "$(url new)" <"$file"
		equals "$(rows new)" 3
		equals "$(find "$BACKUP_DIR/.pgbox" -name 'readback*')" ''
	done
	becomes 3 - < <(cat "$BATS_TEST_TMPDIR/a.dump")
	mkdir "$stage"
	PGRESTORE_STAGE=$stage becomes 3 - <"$BATS_TEST_TMPDIR/a.dump.gz"
	equals "$(ls "$stage")" ''
	chmod 500 "$stage"
	drop new
	exits 65 pgrestore - "$(url new)" </dev/null
	says 'empty'
	equals "$(databases)" 'app other'
}

@test "a file that can be told from others only by its content is not taken for another" {
	local file=$BATS_TEST_TMPDIR/x.dump
	archive app "$file" --format=plain
	becomes 3 "$file"
	archive app "$BATS_TEST_TMPDIR/y.sql.gz"
	becomes 3 "$BATS_TEST_TMPDIR/y.sql.gz"
}

# --- which database ---

@test "no URL: the backup's database where the environment names a server only" {
	sql postgres 'drop database other'
	unset DATABASE_URL
	PGHOST=127.0.0.1 PGPORT=$(cat "$SERVER/port") PGUSER=postgres exits 0 pgrestore latest:other
	equals "$(rows other)" 7
}

@test "no URL: another database in the environment than in the manifest is 64, and both are named" {
	made third 0
	DATABASE_URL=$(url third) refused 64 third pgrestore latest:app
	says "'app'"
	says "'third'"
	unset DATABASE_URL
	PGHOST=127.0.0.1 PGPORT=$(cat "$SERVER/port") PGUSER=postgres PGDATABASE=third refused 64 third pgrestore latest:app
	POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=$(cat "$SERVER/port") POSTGRES_USER=postgres POSTGRES_DB=third \
		refused 64 third pgrestore "$(newest app)" --replace
	# It is meant when it is said.
	exits 0 pgrestore latest:app "$(url third)"
	equals "$(rows third)" 3
	sql postgres 'drop database third'
	exits 0 pgrestore latest:app --url "$(url third)"
	DATABASE_URL=$(url third) exits 0 pgrestore latest:app env:DATABASE_URL --replace
	refused 64 third pgrestore latest:app "$(url third)" --url "$(url third)"
	sql postgres "drop database \"$(befores third)\"" 'drop database third'
}

@test "wrong calls are 64, before anything is touched" {
	local -a calls=(
		'' 'latest:app --replace --clean' 'latest:app --replace --into x' 'latest:app --clean --into x'
		'latest:app --drop-old' 'latest:app --clean --drop-old' 'latest:app --tables t' 'latest:app --schema-only'
		'latest:app --data-only' 'latest:app --replace --tables t' 'latest:app --replace --schema-only'
		'latest:app --replace --data-only' 'latest:app --into x --schema-only --data-only' 'latest:app --roles all'
		'latest:app --analyze maybe' 'latest:app --jobs x' 'latest:app --nonsense' 'latest:app --verify'
		'latest:app --into x --verify nonsense=1' 'latest:app --into x --verify rows=' 'a b c d'
	)
	local call
	for call in "${calls[@]}"; do
		# shellcheck disable=SC2086 # words
		refused 64 app pgrestore $call
	done
	PGRESTORE_ROLES=all refused 78 app pgrestore latest:app --replace
	PGRESTORE_JOBS=x refused 78 app pgrestore latest:app --replace
	PGRESTORE_VERIFY=nonsense=1 refused 78 app pgrestore latest:app --replace
}

@test "no server is 69, a wrong password 77; neither is shown" {
	exits 69 timeout 10 pgrestore latest:app "postgres://postgres:sesame@127.0.0.1:$(free_port)/app" --wait 0
	exits 69 timeout 10 pgrestore latest:app "postgres://postgres:sesame@127.0.0.1:$(free_port)/app" --wait 200ms
	says_not sesame
	sql postgres "create role app login password 'right'"
	exits 77 pgrestore latest:app "postgres://app:sesame@127.0.0.1:$(cat "$SERVER/port")/new"
	says_not sesame
	sql postgres 'drop role app'
}

@test "a password is in no argument, no message and no file, even while it runs" {
	local raw='se=s/am%e' file=$BATS_TEST_TMPDIR/slow.sql pid
	sql postgres "create role app login createdb superuser password '$raw'"
	printf '%s\n' 'create table t as select 1 a;' "select pg_sleep(2) /* here */;" >"$file"
	made slow 0
	DATABASE_URL=postgres://app:se%3Ds%2Fam%25e@127.0.0.1:$(cat "$SERVER/port")/slow \
		background run pgrestore -v "$file"
	wait_until 20 sleeping slow
	for pid in $PID $(pgrep -P "$PID") $(pgrep -P "$(pgrep -P "$PID" | head -n 1)" || true); do
		tr '\0' '\n' <"/proc/$pid/cmdline" >>"$BATS_TEST_TMPDIR/cmdlines"
	done
	grep -q pgrestore "$BATS_TEST_TMPDIR/cmdlines"
	not grep -qE 'se=s|se%3Ds|am%e' "$BATS_TEST_TMPDIR/cmdlines"
	ended run 0
	says_not 'se=s'
	says_not 'se%3Ds'
	drop new
	exits 0 pgrestore latest:app -v --into new "postgres://app:se%3Ds%2Fam%25e@127.0.0.1:$(cat "$SERVER/port")/slow"
	exits 0 pgrestore latest:app -v --clean "postgres://app:se%3Ds%2Fam%25e@127.0.0.1:$(cat "$SERVER/port")/new"
	says_not 'se=s'
	not grep -raE 'se=s/am%e|se%3Ds' "$BACKUP_DIR"
	drop new slow
	sql postgres 'drop role app'
}

# sleeping DATABASE: an SQL file has come to its pg_sleep there, or beside it.
sleeping() {
	[ "$(sql postgres "select count(*) from pg_stat_activity where query ~ '^select pg_sleep' and datname ~ '^$1'
		and state = 'active'")" -gt 0 ]
}

@test "a database that has lost its schema public gets it back as a new one has it" {
	local want how
	sql postgres 'drop role if exists stranger' 'create role stranger'
	made lost 3
	exits 0 pgbackup run lost --roles no
	archive lost "$BATS_TEST_TMPDIR/t.dump"
	archive lost "$BATS_TEST_TMPDIR/t.sql" --format=plain
	archive lost "$BATS_TEST_TMPDIR/t.tar" --format=tar
	want=$(public_of lost)
	for how in "latest:lost --replace" latest:lost "$BATS_TEST_TMPDIR/t.dump" "$BATS_TEST_TMPDIR/t.sql" \
		"$BATS_TEST_TMPDIR/t.sql --replace" "$BATS_TEST_TMPDIR/t.tar --clean" "$BATS_TEST_TMPDIR/t.dump --jobs 2"; do
		sql lost 'drop schema public cascade' 2>/dev/null
		# What seedonce leaves is no content.
		sql lost 'create schema if not exists pgbox'
		# shellcheck disable=SC2086 # words
		exits 0 pgrestore $how "$(url lost)"
		equals "$(rows lost)" 3
		equals "$(public_of lost)" "$want"
	done
	# pg_dump makes it where it is not as it was.
	sql lost 'alter schema public owner to stranger'
	archive lost "$BATS_TEST_TMPDIR/own.dump"
	sql lost 'drop schema public cascade' 2>/dev/null
	exits 0 pgrestore "$BATS_TEST_TMPDIR/own.dump" "$(url lost)"
	equals "$(sql lost "select nspowner::regrole from pg_namespace where nspname = 'public'")" stranger
	# With --schema it makes it itself.
	archive lost "$BATS_TEST_TMPDIR/only.dump" --schema=public
	archive lost "$BATS_TEST_TMPDIR/only.sql" --schema=public --format=plain
	for how in "$BATS_TEST_TMPDIR/only.dump" "$BATS_TEST_TMPDIR/only.sql"; do
		sql lost 'drop schema public cascade' 2>/dev/null
		exits 0 pgrestore "$how" "$(url lost)"
		equals "$(rows lost)" 3
	done
	drop lost
	sql postgres 'drop role stranger'
}
