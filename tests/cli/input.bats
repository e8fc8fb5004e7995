# What is wrong with a call, a variable or a file: the exit code, and exactly one
# clear line that names where the mistake is and never what may be a secret.

load ../lib/base
bats_require_minimum_version 1.5.0

setup_file() {
	use_applets
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unset PGBOX_LOG PGBOX_JOURNAL
}

# refuses STATUS LINE COMMAND...: exits so, with that one line alone, but for what is said of a restart.
refuses() {
	local want=$1 line=$2
	shift 2
	run timeout 10 "$@"
	output=$(grep -v ': info: exit 78: a restart will not help' <<<"$output" || true)
	[ "$status" -eq "$want" ] && [ "$output" = "$line" ] && return
	printf 'status %s, not %s: %s\nsaid:   %s\nwanted: %s\n' "$status" "$want" "$*" "$output" "$line"
	return 1
}

# --- URLs ---

@test "a URL that is none is 64 as an operand or option and 78 as a variable" {
	known="not a database URL: pgbox knows postgres://, postgresql://, postgis://, sqlite:, file:, key=value and env:NAME"
	for applet in waitdb isempty "seedonce --status"; do
		# shellcheck disable=SC2086 # words
		{
			refuses 64 "${applet% *}: error: URL: $known" $applet mysql://u:s3cret@h/db
			refuses 64 "${applet% *}: error: URL: $known" $applet --url mysql://u:s3cret@h/db
			refuses 78 "${applet% *}: error: DATABASE_URL: $known" \
				env DATABASE_URL=mysql://u:s3cret@h/db $applet
			refuses 78 "${applet% *}: error: OTHER: $known" env OTHER=mysql://u:s3cret@h/db $applet env:OTHER
		}
	done
}

@test "a server URL with a wrong port, host or query is refused without a word of it" {
	for url in postgres://u:s3cret@h:x/db postgres://u:s3cret@h:99999/db postgres://u:s3cret@h:0/db \
		'postgres://u:s3cret@h a/db' 'postgres://u:s3cret@h/db?sslmode'; do
		refuses 64 "isempty: error: URL: cannot read the URL: it is not user:password@host:port/database (percent-encode what is special)" \
			isempty "$url"
	done
}

@test "a URL without a user is an error that says what to set" {
	refuses 64 "isempty: error: URL names no user: write it as postgres://USER@HOST/DATABASE" \
		isempty postgres://h/db
	refuses 78 "isempty: error: PGHOST/PGDATABASE names no user: set PGUSER" \
		env PGHOST=h PGDATABASE=db isempty
}

@test "nothing that names a database is 78 and says what to set" {
	for applet in waitdb isempty "seedonce --status"; do
		# shellcheck disable=SC2086 # words
		refuses 78 "${applet% *}: error: no database given: pass a URL, or set DATABASE_URL, or PGHOST, PGUSER and PGDATABASE, or POSTGRES_HOST, POSTGRES_USER and POSTGRES_DB" $applet
	done
}

@test "an empty DATABASE_URL is 78, never another database" {
	for applet in waitdb isempty "seedonce --status"; do
		# shellcheck disable=SC2086 # words
		refuses 78 "${applet% *}: error: DATABASE_URL is empty: set it to a URL such as postgres://USER@HOST/DATABASE, or unset it" \
			env DATABASE_URL= PGHOST=127.0.0.1 PGUSER=u $applet
	done
}

@test "a database given twice is 64" {
	for applet in isempty "seedonce --status"; do
		# shellcheck disable=SC2086 # words
		refuses 64 "${applet% *}: error: the database is given twice: as an operand and by --url" \
			$applet --url sqlite:a.db sqlite:b.db
	done
}

@test "once takes a wrong target for pg_isready's 3" {
	run -3 waitdb --once mysql://h
	[ "${#lines[@]}" -eq 1 ]
}

# --- variables and their files ---

@test "a variable and its file both set is 78" {
	refuses 78 "waitdb: error: both DATABASE_URL and DATABASE_URL_FILE are set: unset one" \
		env DATABASE_URL=sqlite:a.db DATABASE_URL_FILE=/x waitdb
	refuses 78 "waitdb: error: both WAITDB_TIMEOUT and WAITDB_TIMEOUT_FILE are set: unset one" \
		env WAITDB_TIMEOUT=1s WAITDB_TIMEOUT_FILE=/x waitdb sqlite:a.db
	refuses 78 "isempty: error: both PGPASSWORD and PGPASSWORD_FILE are set: unset one" \
		env PGHOST=h PGUSER=u PGPASSWORD=s3cret PGPASSWORD_FILE=/x isempty
	refuses 78 "pgbox: error: both PGBOX_LOG and PGBOX_LOG_FILE are set: unset one" \
		env PGBOX_LOG=text PGBOX_LOG_FILE=/x waitdb sqlite:a.db
}

@test "a secret file that cannot be read is 78 and says why" {
	refuses 78 "waitdb: error: DATABASE_URL_FILE: cannot read '/nowhere': No such file or directory" \
		env DATABASE_URL_FILE=/nowhere waitdb
	refuses 78 "waitdb: error: DATABASE_URL_FILE: cannot read '/dev': Is a directory" \
		env DATABASE_URL_FILE=/dev waitdb
	refuses 78 "isempty: error: POSTGRES_PASSWORD_FILE: cannot read '/nowhere': No such file or directory" \
		env POSTGRES_HOST=h POSTGRES_PASSWORD_FILE=/nowhere isempty
	printf 'a\0b' >nul
	refuses 78 "waitdb: error: DATABASE_URL_FILE: './nul' holds a NUL byte" env DATABASE_URL_FILE=./nul waitdb
	head -c 70000 /dev/zero | tr '\0' x >big
	refuses 78 "waitdb: error: DATABASE_URL_FILE: cannot read './big': File too large" \
		env DATABASE_URL_FILE=./big waitdb
	refuses 78 "waitdb: error: env:OTHER: neither OTHER nor OTHER_FILE is set" waitdb env:OTHER
}

@test "a secret file that this user may not read is 78 and says so" {
	[ ${#UNPRIVILEGED[@]} -gt 0 ] || skip "needs root, to be somebody else"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	(umask 077 && echo postgres://u:s3cret@h/db >secret)
	cp "$PGBOX" waitdb
	refuses 78 "waitdb: error: DATABASE_URL_FILE: cannot read './secret': Permission denied" \
		env DATABASE_URL_FILE=./secret "${UNPRIVILEGED[@]}" ./waitdb
}

@test "one newline of a secret file is cut off, and no more" {
	printf 'sqlite:a.db\n' >one
	printf 'sqlite:a.db\n\n' >two
	: >a.db
	DATABASE_URL_FILE=one run -0 waitdb
	DATABASE_URL_FILE=two run -124 waitdb --timeout 50ms
}

# --- values ---

@test "a bad duration is 64 as an option and 78 as a variable, and names its origin" {
	for bad in 5x -1 1.5s '' 1m30s ' 1s'; do
		[ -n "$bad" ] && refuses 78 "waitdb: error: WAITDB_TIMEOUT: '$(shown "$bad")' is not a time such as 500ms, 30s, 2m, 1h, 7d" \
			env WAITDB_TIMEOUT="$bad" waitdb sqlite:a.db
		refuses 64 "waitdb: error: --timeout: '$(shown "$bad")' is not a time such as 500ms, 30s, 2m, 1h, 7d" \
			waitdb --timeout "$bad" sqlite:a.db
	done
	refuses 64 "waitdb: error: -t: '5x' is not a time such as 500ms, 30s, 2m, 1h, 7d" waitdb -t5x sqlite:a.db
	refuses 64 "waitdb: error: --auth-grace: 'x' is not a time such as 500ms, 30s, 2m, 1h, 7d" \
		waitdb --auth-grace x sqlite:a.db
	refuses 78 "seedonce: error: SEEDONCE_LOCK_TIMEOUT: 'x' is not a time such as 500ms, 30s, 2m, 1h, 7d" \
		env SEEDONCE_LOCK_TIMEOUT=x seedonce --status sqlite:a.db
	refuses 64 "waitdb: error: --timeout needs a value: TIME" waitdb --timeout
}

# What a message shows of a wrong value: plain words alone.
shown() {
	if [[ $1 =~ ^[A-Za-z0-9_.-]*$ ]]; then echo "$1"; else echo ...; fi
}

@test "an empty variable for a number or a time counts as unset" {
	WAITDB_TIMEOUT='' run -0 waitdb --for file=/
}

@test "a bad number or word names what it may be" {
	refuses 64 "journal: error: --last: 'many' is not a number such as 3" journal --last many
	refuses 64 "journal: error: -n: '-3' is not a number such as 3" journal -n -3
	refuses 64 "seedonce: error: --on-change: 'explode' is not one of warn|ignore|fail|rerun" \
		seedonce --on-change explode sqlite:a.db -- true
	refuses 78 "seedonce: error: SEEDONCE_ON_CHANGE: 'explode' is not one of warn|ignore|fail|rerun" \
		env SEEDONCE_ON_CHANGE=explode seedonce sqlite:a.db -- true
	refuses 78 "pgbox: error: PGBOX_LOG: 'xml' is neither text nor json" env PGBOX_LOG=xml journal
}

@test "a wrong check is 64 and names how it is written" {
	checks="the checks are ready, writable, standby, table, rows, rows-of-view, query, extension, migrated, seeded, connections,"
	checks+=" lag, tcp, http, redis, file, disk, backup"
	refuses 64 "waitdb: error: unknown check 'raedy': $checks" waitdb --for raedy sqlite:a.db
	refuses 64 "waitdb: error: check 'table' is written table=[schema.]name; a name with blanks or operators goes in double quotes" \
		waitdb --for table= sqlite:a.db
	refuses 64 "waitdb: error: check 'rows' is written rows=[schema.]name[>=N] (or > = < <=); a name with blanks or operators goes in double quotes" \
		waitdb --for 'rows=t>=x' sqlite:a.db
	refuses 64 "waitdb: error: check 'tcp' is written tcp=HOST:PORT" waitdb --for tcp=host
	refuses 64 "waitdb: error: check 'redis' is written redis=HOST:PORT, redis=redis://HOST, redis=rediss://HOST (TLS) or redis=unix:///SOCKET" waitdb --for redis=h:port
	refuses 64 "seedonce: error: --unless: unknown check 'nope': $checks" seedonce --unless nope sqlite:a.db -- true
	refuses 64 "seedonce: error: --verify: check 'file=/x' is not one about a database" \
		seedonce --verify file=/x sqlite:a.db -- true
	refuses 64 "isempty: error: --table: not [SCHEMA.]NAME; a name with blanks or operators goes in double quotes" isempty --table '' sqlite:a.db
}

# --- combinations ---

@test "a check, an address or a command in the place of a database says where it belongs" {
	refuses 64 "waitdb: error: 'tcp' is a check, not a database: give it with --for tcp=..." waitdb tcp=db:5432
	refuses 64 "waitdb: error: 'ready' is a check, not a database: give it with --for ready" waitdb ready
	for applet in waitdb isempty; do
		run -64 "$applet" localhost:5432
		[[ $output == *"write HOST:PORT as postgres://USER@HOST:PORT/DATABASE"* ]]
	done
	run -64 waitdb postgres://app@127.0.0.1:1/app gunicorn app
	[[ $output == *"a command goes after --"* ]]
	run -64 seedonce postgres://app@127.0.0.1:1/app echo hi
	[[ $output == *"put -- before a command"* ]]
	run -64 isempty postgres://app@127.0.0.1:1/app more
	[[ $output != *"put --"* ]]
}

@test "too many operands and a command without words are 64" {
	refuses 64 "isempty: error: 2 operands are too many: see isempty --help" isempty sqlite:a sqlite:b
	refuses 64 "journal: error: 2 operands are too many: see journal --help" journal x y
	refuses 64 "waitdb: error: no command after --" waitdb sqlite:a.db --
	refuses 64 "seedonce: error: no command after --" seedonce sqlite:a.db --
	refuses 64 "seedonce: error: no command after --then" seedonce sqlite:a.db --then
	refuses 64 "seedonce: error: no command after --then" seedonce sqlite:a.db -- true --then
	refuses 64 "waitdb: error: --once takes no value" waitdb --once=1 sqlite:a.db
	refuses 64 "isempty: error: --rows needs --table" isempty --rows sqlite:a.db
}

@test "seedonce wants something to seed with, and only one of it" {
	refuses 64 "seedonce: error: nothing to seed with: give --sql PATH or -- COMMAND" seedonce sqlite:a.db
	refuses 64 "seedonce: error: --sql and a seed COMMAND exclude each other; a command to run afterwards stands behind --then" \
		seedonce --sql x.sql sqlite:a.db -- true
	refuses 64 "seedonce: error: --status, --reset and --mark exclude each other" \
		seedonce --status --reset sqlite:a.db
	refuses 64 "seedonce: error: --status, --reset and --mark run no command" seedonce --mark sqlite:a.db -- true
	refuses 64 "seedonce: error: --on-interrupted verify needs --verify CHECK" \
		seedonce --on-interrupted verify sqlite:a.db -- true
	: >a.db
	refuses 64 "seedonce: error: --schema: SQLite has no schemas" seedonce --schema s sqlite:a.db -- true
}

# --- files ---

@test "SQL that does not exist is 66, and the database is not touched" {
	for options in "" --create-db; do
		# shellcheck disable=SC2086 # words
		{
			refuses 66 "seedonce: error: cannot read SQL file '/nowhere': No such file or directory" \
				seedonce $options --sql /nowhere sqlite:new.db
			mkdir -p empty
			refuses 66 "seedonce: error: directory 'empty' holds no .sql, .sql.gz or .sql.zst file" \
				seedonce $options --sql empty sqlite:new.db
		}
		[ ! -e new.db ]
	done
}

@test "a journal that is not there, or is none, is 66 and one line" {
	refuses 66 "journal: error: journal '/nowhere/journal.db': No such file or directory" \
		env PGBOX_JOURNAL=/nowhere/journal.db journal
	echo "not a database, but long enough to be taken for the beginning of one at first sight" >garbage
	refuses 66 "journal: error: journal 'garbage': file is not a database" env PGBOX_JOURNAL=garbage journal
	[ ! -e /nowhere ]
}

@test "output that cannot be written is 73 and one line" {
	: >a.db
	run -73 --separate-stderr sh -c 'seedonce --status sqlite:a.db >/dev/full'
	[ "$stderr" = "seedonce: error: cannot write to standard output: No space left on device" ]
	PGBOX_JOURNAL=$PWD/j.db seedonce -q sqlite:a.db -- true
	PGBOX_JOURNAL=$PWD/j.db run -73 --separate-stderr sh -c 'journal >/dev/full'
	[ "$stderr" = "journal: error: cannot write to standard output: No space left on device" ]
	PGBOX_JOURNAL=$PWD/j.db run -73 --separate-stderr sh -c 'journal >&-'
	[ "$stderr" = "journal: error: cannot write to standard output: Bad file descriptor" ]
}

# --- messages ---

@test "every message is applet: level: text" {
	: >a.db
	for words in "waitdb --for file=/ -v" "isempty sqlite:a.db" "isempty mysql://" "journal x" \
		"waitdb sqlite:missing.db --timeout 60ms -v" "seedonce -v sqlite:a.db -- true"; do
		# shellcheck disable=SC2086 # words
		run env WAITDB_TIMEOT=1 SEEDONCE_TIMEOT=1 PGBOX_JOURNAL="$PWD/j.db" $words
		[ -n "$output" ]
		run ! grep -vE "^${words%% *}: (error|warning|info|debug): [^[:cntrl:]]+$" <<<"$output"
	done
}

@test "PGBOX_LOG=json makes every line an object with time, applet, level and message" {
	export PGBOX_LOG=json
	: >a.db
	# shellcheck disable=SC2089 # a quote and a backslash to be told, not to quote
	for words in "waitdb --for file=/ -v" "isempty sqlite:a.db" "isempty mysql://" "nosuch" \
		'waitdb sqlite:mis\sing".db --timeout 60ms -v' "seedonce -v sqlite:a.db -- true" \
		"waitdb --"$'\xff\xfe'"x"; do
		# shellcheck disable=SC2086,SC2090 # words
		"$PGBOX" $words 2>log || true
		python3 - log <<-'END'
			import json, re, sys
			lines = open(sys.argv[1], encoding="utf-8", errors="strict").read().splitlines()
			assert lines
			for line in map(json.loads, lines):
			    assert list(line) == ["time", "applet", "level", "message"], line
			    assert line["level"] in ("error", "warning", "info", "debug"), line
			    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]), line
		END
	done
}

@test "a misspelt variable is warned of with the name that was meant" {
	WAITDB_TIMEOT=1s run -0 waitdb --for file=/
	[ "${lines[0]}" = "waitdb: warning: WAITDB_TIMEOT is set, but nothing reads it: did you mean WAITDB_TIMEOUT?" ]
	PGBOX_JORNAL=x run -0 waitdb --for file=/
	[ "${lines[0]}" = "waitdb: warning: PGBOX_JORNAL is set, but nothing reads it: did you mean PGBOX_JOURNAL?" ]
	WAITDB_SOMETHING_ELSE=1 SEEDONCE_TIMEOT=x run -0 waitdb --for file=/
	[[ $output != *warning* ]]
}

@test "a misspelt option is told the one that was meant" {
	refuses 64 "waitdb: error: unknown option '--timeuot': did you mean --timeout?" waitdb --timeuot 1s
	refuses 64 "seedonce: error: unknown option '--unles': did you mean --unless?" seedonce --unles=x
}

@test "quiet says nothing but errors, verbose says more" {
	run -0 waitdb -q --for file=/
	[ -z "$output" ]
	run -124 waitdb -q --for file=/nowhere --timeout 50ms
	[ "${#lines[@]}" -eq 1 ]
	run -124 waitdb --for file=/nowhere --timeout 200ms
	less=${#lines[@]}
	run -124 waitdb -v --for file=/nowhere --timeout 200ms
	[ "${#lines[@]}" -gt "$less" ]
}

@test "help does not show what the environment holds" {
	for applet in waitdb isempty seedonce journal; do
		DATABASE_URL=s3cret WAITDB_FOR=s3cret SEEDONCE_UNLESS=s3cret SEEDONCE_VERIFY=s3cret \
			SEEDONCE_VERSION=s3cret ISEMPTY_IGNORE=s3cret PGPASSWORD=s3cret WAITDB_TIMEOUT=s3cret \
			PGBOX_JOURNAL=s3cret run -0 "$applet" --help
		[[ $output != *s3cret* ]]
	done
}
