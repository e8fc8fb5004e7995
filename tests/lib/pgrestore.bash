# What the pgrestore tests share, behind base.bash and pgbackup.bash: what must not have changed, and
# databases that can be told apart.

# Variables of the caller's that would decide for the tests; backups are in a folder of the test's own.
restore_folder() {
	local name
	backup_folder
	for name in "${!PGRESTORE_@}" TMPDIR; do
		unset "$name"
	done
}

# sql DATABASE SQL...: rows, as superuser.
sql() {
	server_sql "$SERVER" "$@"
}

# url [DATABASE [USER]]: on the file's server.
url() {
	server_url "$SERVER" "$@"
}

# made DATABASE ROWS: a new one, with a table t of so many rows.
made() {
	drop "$1"
	sql postgres "create database \"$1\""
	[ "${2:-0}" -eq 0 ] || sql "$1" "create table t as select generate_series(1, $2) a"
}

# drop DATABASE...: those that are there.
drop() {
	local db
	for db in "$@"; do
		sql postgres 'set client_min_messages = warning' "drop database if exists \"${db//\"/\"\"}\""
	done
}

# forget_prepared: rolls back what was prepared and never ended.
forget_prepared() {
	local db gid
	sql postgres 'select database, gid from pg_prepared_xacts' | while IFS='|' read -r db gid; do
		sql "$db" "rollback prepared '$gid'"
	done
}

# only DATABASE...: drops all others that tests have made, whatever they are called.
only() {
	"$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$SERVER" -p "$(cat "$SERVER/port")" -U postgres -d postgres <<-END
		select format('drop database %I with (force)', datname) from pg_database
		where datname not in ('postgres', 'template0', 'template1', '${1:-}', '${2:-}') \gexec
	END
}

# rows DATABASE: how many t has, or why it has none, whatever the database has set.
rows() {
	PGOPTIONS='-c search_path=public -c statement_timeout=0 -c role=none' sql "$1" 'select count(*) from t' 2>&1
}

# databases: their names, in one line, without the server's own.
databases() {
	sql postgres "select string_agg(datname, ' ' order by datname collate \"C\") from pg_database
		where datname not in ('postgres', 'template0', 'template1')"
}

# befores [DATABASE]: those that --replace has kept.
befores() {
	sql postgres "select datname from pg_database where datname ~ '^${1:-app}_before_[0-9]{8}_[0-9]{6}\$' order by 1"
}

# content DATABASE: what pg_dump writes of it.
content() {
	"$PGBOX" pg_dump --restrict-key=content "$(url "$1")"
}

# server_state [DATABASE]: every database and role with all that the server keeps of it, and that database's content.
server_state() {
	sql postgres "select d, shobj_description(d.oid, 'pg_database') from (select oid, datname, datdba, encoding, datcollate,
			datctype, datallowconn, datconnlimit, dattablespace, datacl from pg_database) d order by 1" \
		'select * from pg_db_role_setting order by 1, 2' 'select rolname from pg_roles order by 1'
	[ -z "${1:-}" ] || content "$1"
}

# refused STATUS DATABASE COMMAND...: exits so, and nothing on the server is another; of that database, which may be '',
# not even its rows.
refused() {
	local want=$1 db=$2 before after
	shift 2
	before=$(server_state "$db")
	exits "$want" "$@" || return
	after=$(server_state "$db")
	[ "$before" = "$after" ] && return
	echo "not left alone by: $*"
	diff <(echo "$before") <(echo "$after")
}

# one_sentence: what was just run said one line, and that is an error.
one_sentence() {
	equals "$(wc -l <<<"$output")" 1
	[[ $output == 'pgrestore: error: '* ]] || { echo "$output"; return 1; }
}

# archive DATABASE FILE [OPTION...]: a dump of it by our pg_dump, custom unless the options say otherwise.
archive() {
	local db=$1 file=$2
	shift 2
	"$PGBOX" pg_dump --format=custom --file="$file" "$@" "$(url "$db")"
}

# servers_bin MAJOR: the programs of that PostgreSQL, when tools/servers.sh has made it.
servers_bin() {
	"$ROOT/tools/servers.sh" --bin "$1" 2>/dev/null
}

# with_at_end STATEMENT FILE: a plain dump with one more statement, before the lines that end it.
with_at_end() {
	awk -v statement="$1" '{ line[NR] = $0 } /database dump complete/ { at = NR - 1 }
		END { for (i = 1; i <= NR; i++) { if (i == at) print statement; print line[i] } }' "$2"
}
