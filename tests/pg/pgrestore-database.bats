# pgrestore and pgbackup: what a database has besides its content comes back with a database that is made: encoding, locale
# provider, rights, settings, connection limit, comment; and what a server cannot give is refused, with a way to say yes.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup
load ../lib/pgrestore

# on_newer COMMAND...: with the newest major that is here, and its server; else with the file's own.
on_newer() {
	PG_BIN=$NEWER_BIN SERVER=$NEWER "$@"
}

setup_file() {
	export BATS_TEST_TIMEOUT=180
	use_applets
	restore_folder
	export SERVER=$BATS_FILE_TMPDIR/pg NEWER=$BATS_FILE_TMPDIR/pg NEWER_BIN=$PG_BIN
	server_make "$SERVER"
	server_start "$SERVER"
	local newer bin
	for newer in 18 17; do
		[ "$newer" -gt "$(major)" ] || continue
		bin=$(servers_bin "$newer") || continue
		NEWER_BIN=$bin NEWER=$BATS_FILE_TMPDIR/newer
		(
			export PG_BIN=$bin BATS_RUN_TMPDIR=$BATS_FILE_TMPDIR/run
			mkdir "$BATS_RUN_TMPDIR"
			chmod 755 "$BATS_RUN_TMPDIR"
			server_make "$NEWER"
			server_start "$NEWER"
		)
		break
	done
	on_newer sql postgres 'create role app login' 'create role guest' 'create role "odd ""role"'
	[ "$SERVER" = "$NEWER" ] || sql postgres 'create role app login' 'create role guest' 'create role "odd ""role"'
}

teardown_file() {
	server_stop "$SERVER"
	[ "$NEWER" = "$SERVER" ] || server_stop "$NEWER"
}

setup() {
	restore_folder
	mkdir -p "$BACKUP_DIR"
	sql postgres "update pg_database set datistemplate = false where datname !~ '^template[01]$'"
	only
	[ "$NEWER" = "$SERVER" ] || on_newer only
	FILE=$BATS_TEST_TMPDIR/app.dump
}

newer_major() {
	PG_BIN=$NEWER_BIN major
}

# locale DATABASE: encoding, provider and all that it is made of.
locale() {
	sql postgres "select pg_encoding_to_char(encoding), coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'), datcollate, datctype,
		coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), to_jsonb(d) ->> 'daticurules'
		from pg_database d where datname = '$1'"
}

# dress DATABASE: what it has besides its content and its locale.
dress() {
	sql postgres "select pg_get_userbyid(datdba), array(select a::text from unnest(datacl) a order by 1), datacl is null, datconnlimit,
			datistemplate, shobj_description(d.oid, 'pg_database') from pg_database d where datname = '$1'" \
		"select setrole::regrole, unnest(setconfig) from pg_db_role_setting s join pg_database d on d.oid = setdatabase
			where datname = '$1' order by 1, 2"
}

# dressed: a database app that has everything.
dressed() {
	made app 3
	sql postgres 'alter database app owner to app' 'alter database app connection limit 42' \
		"comment on database app is 'it''s a \"comment\" \\ of
two lines; 🐘'" 'revoke all on database app from public' 'grant connect on database app to guest with grant option' \
		'grant create on database app to "odd ""role"' 'revoke temporary on database app from app' \
		"alter database app set search_path = \"odd, Schema\", \"\$user\", public" "alter database app set work_mem = '7MB'" \
		"alter database app set app.tenant = 'it''s; \\ \$\$ \"x\"'" "alter database app set app.empty = ''" \
		"alter role guest in database app set statement_timeout = '5s'" \
		"alter role \"odd \"\"role\" in database app set search_path = ''"
}

# copies DATABASE: an archive of ours, packed; a tar archive of the server's own pg_dump; plain SQL of pgbackup.
copies() {
	"$PGBOX" pg_dump -Fc -f "$BATS_TEST_TMPDIR/custom.dump" "$(url "$1")"
	gzip -kc "$BATS_TEST_TMPDIR/custom.dump" >"$BATS_TEST_TMPDIR/packed.dump"
	"$PG_BIN/pg_dump" -Ft -f "$BATS_TEST_TMPDIR/own.dump" -h "$SERVER" -p "$(cat "$SERVER/port")" -U postgres "$1"
	exits 0 pgbackup run --format plain "$(url "$1")"
	ls -d "$BATS_TEST_TMPDIR"/{packed,own}.dump "$(newest "$1")"
}

# --- rights and settings ---

@test "owner, rights, connection limit, comment and settings come back with a database that is dropped and restored" {
	local before file
	dressed
	before=$(dress app)
	[[ $before == *42* && $before == *search_path=* && $before == *app.empty=* ]]
	for file in $(copies app); do
		echo "of $file"
		drop app
		exits 0 pgrestore "$file" "$(url app)"
		equals "$(dress app)" "$before"
		equals "$(PGOPTIONS='-c search_path=public' sql app 'select count(*) from t')" 3
	done
	exits 0 pgrestore - "$(url stdin)" <"$BATS_TEST_TMPDIR/packed.dump"
	equals "$(dress stdin)" "$before"
}

@test "they come back by --into, and from a newer server as well" {
	local before
	on_newer dressed
	before=$(on_newer dress app)
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(on_newer url app)"
	exits 0 pgrestore "$FILE" --into other --locale near "$(url app)"
	equals "$(dress other)" "$before"
}

@test "a template is one again, and a database that has nothing of all this gets nothing" {
	made app 1
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	exits 0 pgrestore "$FILE" "$(url plain)"
	equals "$(dress plain)" 'postgres|{}|t|-1|f|'
	sql postgres 'alter database app is_template true' 'revoke all on database app from public, postgres'
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	exits 0 pgrestore "$FILE" "$(url copy)"
	equals "$(dress copy)" 'postgres|{}|f|-1|t|'
	exits 0 pgbackup run --format plain "$(url app)"
	exits 0 pgrestore latest --into sql "$(url app)"
	equals "$(dress sql)" 'postgres|{}|f|-1|t|'
}

@test "--replace keeps what the replaced database has, and a database that is there keeps its own, which is said" {
	dressed
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	made other 1
	sql postgres 'alter database other connection limit 7' "alter database other set work_mem = '9MB'"
	exits 0 pgrestore "$FILE" --replace "$(url other)"
	equals "$(dress other)" 'postgres|{}|t|7|f|
-|work_mem=9MB'
	made empty
	exits 0 pgrestore "$FILE" "$(url empty)"
	says 'keeps its own rights and settings'
	says 'search_path'
	equals "$(dress empty)" 'postgres|{}|t|-1|f|'
}

@test "--settings none leaves them out" {
	dressed
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	exits 0 pgrestore plan "$FILE" "$(url other)"
	says 'as:      UTF8, libc C.UTF-8, with rights, connection limit, comment, search_path'
	exits 0 pgrestore "$FILE" --settings none "$(url other)"
	equals "$(dress other)" 'app|{}|t|-1|f|'
}

@test "a role that rights or settings name and that is missing is said: refused, made, left out, or with --no-owner not needed" {
	local file
	sql postgres 'create role gone' 'create role lost'
	made app 3
	sql postgres 'alter database app owner to gone' 'grant create on database app to lost' "alter role gone in database app set work_mem = '7MB'" \
		"alter database app set work_mem = '8MB'"
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	exits 0 pgbackup run --format plain "$(url app)"
	cp "$(newest app)" "$BATS_TEST_TMPDIR/app.sql.zst"
	cp "$(newest app).json" "$BATS_TEST_TMPDIR/app.sql.zst.json"
	drop app
	sql postgres 'drop role gone' 'drop role lost'
	for file in "$FILE" "$BATS_TEST_TMPDIR/app.sql.zst"; do
		refused 69 '' pgrestore "$file" "$(url app)"
		says 'role gone: is missing'
		exits 0 pgrestore "$file" --roles skip "$(url app)"
		says 'role gone: is missing'
		[[ $(dress app) == postgres*'-|work_mem=8MB' && $(dress app) != *gone* ]]
		drop app
		exits 0 pgrestore "$file" --roles create "$(url app)"
		[[ $(dress app) == gone'|'*lost=C/gone*'-|work_mem=8MB'*'gone|work_mem=7MB' ]]
		drop app
		sql postgres 'drop role gone' 'drop role lost'
	done
	exits 0 pgrestore "$FILE" --no-owner "$(url app)"
	says 'role gone: is missing'
	says 'role lost: is missing: its rights and settings in the database are left out'
}

@test "a setting that the server does not have, or the role may not set, is refused, or left out by --settings near" {
	made app 3
	sql postgres 'create role maker login createdb' "alter database app set log_statement = 'ddl'" \
		"alter database app set work_mem = '8MB'"
	"$PGBOX" pg_dump -Fc --no-owner -f "$FILE" "$(url app)"
	refused 69 '' pgrestore "$FILE" --no-owner "$(url new maker)"
	says 'log_statement'
	says '--settings near'
	exits 69 pgrestore plan "$FILE" --no-owner "$(url new maker)"
	exits 0 pgrestore "$FILE" --no-owner --settings near "$(url new maker)"
	says 'log_statement'
	equals "$(dress new)" 'maker|{}|t|-1|f|
-|work_mem=8MB'
	only
	[ "$(major)" -lt 17 ] && [ "$NEWER" != "$SERVER" ] || skip 'one server has what the other has'
	on_newer made app 3
	on_newer sql postgres "alter database app set transaction_timeout = '1h'"
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(on_newer url app)"
	refused 69 '' pgrestore "$FILE" "$(url new)"
	says 'transaction_timeout'
	exits 0 pgrestore "$FILE" --settings near "$(url new)"
	says 'transaction_timeout'
}

@test "what a manifest or an archive says of a database is never run as SQL" {
	made app 3
	# shellcheck disable=SC2016
	sql postgres 'create role "x; create role pwned; --"' \
		'grant create on database app to "x; create role pwned; --"' \
		"comment on database app is '''; create role pwned; --'" \
		"alter database app set search_path = 'a\"; create role pwned; --', 'b'"
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	exits 0 pgbackup run --format plain "$(url app)"
	exits 0 pgrestore "$FILE" "$(url one)"
	equals "$(dress one)" "$(dress app)"
	exits 0 pgrestore latest --into two "$(url app)"
	equals "$(dress two)" "$(dress app)"
	equals "$(sql postgres "select count(*) from pg_roles where rolname = 'pwned'")" 0
	jq '.properties.settings[0].setting = "search_path=x; create role pwned" | .properties.acl[0].privilege = "ALL ON DATABASE x TO y; --"
		| .properties.connection_limit = "1; create role pwned"' "$(newest app).json" >"$BATS_TEST_TMPDIR/json"
	cp "$BATS_TEST_TMPDIR/json" "$(newest app).json"
	exits 0 pgrestore latest --into three "$(url app)"
	equals "$(sql postgres "select count(*) from pg_roles where rolname = 'pwned'")" 0
	only
	sql postgres 'drop role "x; create role pwned; --"'
}

@test "values of settings are in the manifest of plain SQL alone, and list --json does not show them" {
	made app 1
	sql postgres "alter database app set app.secret = 'hush-hush'"
	exits 0 pgbackup run "$(url app)"
	equals "$(field app 'has("properties")')" false
	exits 0 pgbackup run --format plain "$(url app)"
	[[ $(field app '.properties.settings[0].setting') == *hush-hush* ]]
	equals "$(stat -c %a "$(newest app).json")" 600
	exits 0 pgbackup list --json
	says_not hush-hush
}

# --- locales ---

# lowers DATABASE: whether it knows that é is the small É.
lowers() {
	sql "$1" "select lower('É') = 'é'"
}

@test "a database of the provider builtin comes back as one, or is refused where the server has none" {
	local before file
	[ "$(newer_major)" -ge 17 ] || skip 'no server here has it'
	on_newer sql postgres "create database app template template0 encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'"
	on_newer sql app 'create table t as select generate_series(1, 3) a'
	before=$(on_newer locale app)
	for file in $(on_newer copies app); do
		on_newer drop app
		exits 0 pgrestore "$file" "$(on_newer url app)"
		equals "$(on_newer locale app)" "$before"
		equals "$(on_newer lowers app)" t
	done
	exits 0 pgrestore "$BATS_TEST_TMPDIR/custom.dump" --into other "$(on_newer url app)"
	equals "$(on_newer locale other)" "$before"
	BACKUP_VERIFY=restore exits 0 pgbackup run "$(on_newer url app)"
	[ "$(major)" -lt 17 ] || return 0
	for file in "$BATS_TEST_TMPDIR/custom.dump" "$(newest app)"; do
		refused 69 '' pgrestore "$file" "$(url app)"
		says builtin
		says '--locale near'
		exits 69 pgrestore plan "$file" "$(url app)"
		exits 0 pgrestore "$file" --locale near "$(url app)"
		says builtin
		equals "$(lowers app)" t
		drop app
	done
	exits 0 pgbackup verify --into "$(url)" app
	says 'has no UTF8, builtin C.UTF-8'
}

@test "a database of ICU comes back as one, with its rules, or is refused where the server has none" {
	local before file rules='' as=icu_locale
	[ "$(newer_major)" -ge 15 ] || skip 'no server here has it'
	[ "$(newer_major)" -lt 16 ] || rules="icu_rules '&a < g'"
	on_newer sql postgres "create database app template template0 encoding 'UTF8' locale 'C' locale_provider icu $as 'en-US' $rules"
	on_newer sql app 'create table t as select generate_series(1, 3) a'
	before=$(on_newer locale app)
	for file in $(on_newer copies app); do
		on_newer drop app
		exits 0 pgrestore "$file" "$(on_newer url app)"
		equals "$(on_newer locale app)" "$before"
	done
	equals "$(on_newer lowers app)" t
	[ "$(major)" -lt 16 ] && [ -n "$rules" ] || return 0
	refused 69 '' pgrestore "$BATS_TEST_TMPDIR/custom.dump" "$(url app)"
	says '--locale near'
	exits 0 pgrestore "$BATS_TEST_TMPDIR/custom.dump" --locale near "$(url app)"
	equals "$(lowers app)" t
}

@test "a locale that the server does not have is refused, and --locale near takes the server's own" {
	made app 3
	exits 0 pgbackup run --format plain "$(url app)"
	jq '.collate = "tlh_QO.utf8" | .ctype = "tlh_QO.utf8"' "$(newest app).json" >"$BATS_TEST_TMPDIR/json"
	cp "$BATS_TEST_TMPDIR/json" "$(newest app).json"
	drop app
	refused 69 '' pgrestore latest "$(url app)"
	says tlh_QO.utf8
	says '--locale near'
	exits 0 pgrestore latest --locale near "$(url app)"
	says tlh_QO.utf8
	equals "$(locale app)" 'UTF8|c|C.UTF-8|C.UTF-8||'
}

@test "a database that is there keeps its locale, which is said" {
	sql postgres "create database app template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
	sql app 'create table t as select generate_series(1, 3) a'
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	made other
	exits 0 pgrestore "$FILE" "$(url other)"
	says "stays UTF8, libc C.UTF-8; the backup's was UTF8, libc C"
	exits 0 pgrestore "$FILE" --replace "$(url other)"
	says 'stays UTF8, libc C.UTF-8'
	equals "$(locale other)" 'UTF8|c|C.UTF-8|C.UTF-8||'
}

# --- encodings ---

# ascii DATABASE: one of bytes that no encoding is known of, with an é of LATIN1.
ascii() {
	drop "$1"
	sql postgres "create database $1 template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'"
	sql "$1" 'create table t (a text)' "insert into t values (convert_from('\\xe9', 'SQL_ASCII'))"
}

# byte DATABASE: what is stored of it.
byte() {
	sql "$1" "select encode(convert_to(a, pg_encoding_to_char(d.encoding)), 'hex') from t, pg_database d where datname = '$1'"
}

@test "a SQL_ASCII database comes back as one" {
	local file before
	ascii app
	before=$(locale app)
	equals "$(byte app)" e9
	for file in $(copies app); do
		echo "of $file"
		drop app
		exits 0 pgrestore "$file" "$(url app)"
		equals "$(locale app)" "$before"
		equals "$(byte app)" e9
	done
	BACKUP_VERIFY=restore exits 0 pgbackup run "$(url app)"
	exits 0 pgrestore latest --into other "$(url app)"
	equals "$(locale other)" "$before"
	"$PGBOX" pg_dump "$(url app)" | gzip >"$BATS_TEST_TMPDIR/foreign.sql.gz"
	exits 0 pgrestore - "$(url stdin)" <"$BATS_TEST_TMPDIR/foreign.sql.gz"
	equals "$(locale stdin)" "$before"
	equals "$(byte stdin)" e9
}

@test "a SQL_ASCII backup does not go into a database of another encoding, but in the one that is said" {
	local file
	ascii app
	made other 1
	for file in $(copies app); do
		echo "of $file"
		made empty
		refused 69 empty pgrestore "$file" "$(url empty)"
		says SQL_ASCII
		says --encoding
		exits 0 pgrestore "$file" --encoding LATIN1 "$(url empty)"
		equals "$(byte empty)" c3a9
	done
	refused 69 other pgrestore "$file" --replace "$(url other)"
	exits 0 pgrestore "$file" --replace --encoding LATIN1 "$(url other)"
	equals "$(byte other)" c3a9
	exits 0 pgrestore "$file" --encoding LATIN1 "$(url new)"
	equals "$(locale new)" 'UTF8|c|C|C||'
	equals "$(byte new)" c3a9
	drop new
	refused 65 '' pgrestore "$file" --encoding UTF8 "$(url new)"
	refused 64 '' pgrestore "$file" --encoding KLINGON "$(url new)"
	says KLINGON
	made empty
	for file in $(copies app); do
		refused 64 empty pgrestore "$file" --encoding sql-ascii "$(url empty)"
		says 'leave --encoding out'
	done
	made other 1
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url other)"
	refused 64 '' pgrestore "$FILE" --encoding LATIN1 "$(url new)"
}

@test "SQL that becomes SQL_ASCII on its way stores no bytes that the database's encoding does not have" {
	printf '%s\n' 'create table t (a text);' "$(printf '%70000s' '' | tr ' ' '-')" "set client_encoding to 'sql_ascii';" \
		'copy t from stdin;' $'\xe9' '\.' >"$BATS_TEST_TMPDIR/late.sql"
	made app
	refused 65 app pgrestore "$BATS_TEST_TMPDIR/late.sql" "$(url app)"
	says client_encoding
	sed 's/^set client_encoding.*//; s/from stdin/from stdin (encoding sql_ascii)/' "$BATS_TEST_TMPDIR/late.sql" >"$BATS_TEST_TMPDIR/copy.sql"
	refused 65 app pgrestore "$BATS_TEST_TMPDIR/copy.sql" "$(url app)"
	says client_encoding
	exits 65 seedonce --sql "$BATS_TEST_TMPDIR/late.sql" "$(url app)"
	says client_encoding
	equals "$(sql app "select count(*) from pg_class where relname = 't'")" 0
}

@test "a backup in UTF8 goes into databases of other encodings as the server converts it" {
	made app
	sql app 'create table t (a text)' "insert into t values ('é')"
	"$PGBOX" pg_dump -Fc -f "$FILE" "$(url app)"
	sql postgres "create database latin template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'"
	exits 0 pgrestore "$FILE" "$(url latin)"
	says 'stays LATIN1'
	equals "$(byte latin)" e9
}
