# pgrestore: SQL that wants more than SQL. No command runs, no file is read or written, nothing stays in the database.
# SOAK=1 for all tricks in all ways; else every third of each list, from a random one on, in one way each.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/trials
load ../lib/pgbackup
load ../lib/pgrestore

setup_file() {
	export BATS_TEST_TIMEOUT=240
	use_applets
	restore_folder
	# Whatever a hostile file gets hold of would be one of these; the server may not write there.
	export SERVER=$BATS_FILE_TMPDIR/pg DEN=$BATS_FILE_TMPDIR/den
	server_make "$SERVER" 'max_prepared_transactions = 5'
	server_start "$SERVER"
	make_den
	made target 0
}

teardown_file() {
	server_stop "$SERVER"
}

setup() {
	restore_folder
	sql postgres 'alter database target connection limit -1'
	sql target "set client_min_messages = warning" "drop schema public cascade" "create schema public"
	forget_prepared
	only target
	rm -f "$DEN"/{ran,out}
	DATABASE_URL=$(url target)
	export DATABASE_URL
	export HOME=$DEN PSQLRC=$DEN/rc PGPASSFILE=$DEN/pass PSQL_HISTORY=$DEN/history PSQL_EDITOR=$DEN/run \
		EDITOR=$DEN/run VISUAL=$DEN/run PAGER=$DEN/run PSQL_PAGER=$DEN/run PSQL_WATCH_PAGER=$DEN/run SHELL=$DEN/run
}

# A folder with a program that leaves a trace, a file that is worth reading, and one of SQL.
make_den() {
	mkdir "$DEN"
	printf '%s\n' '#!/bin/sh' "echo ran >>'$DEN/ran'" 'cat' >"$DEN/run"
	chmod +x "$DEN/run"
	echo 'top secret words' >"$DEN/secret"
	echo 'create table included (a int);' >"$DEN/more.sql"
	echo "\\! $DEN/run" >"$DEN/rc"
	cp "$DEN/more.sql" "$BATS_FILE_TMPDIR/more.sql"
}

# den_untouched FILE: since it was written nothing ran, nothing was written there or beside it, and no secret was printed.
den_untouched() {
	local found
	found=$(find "$DEN" "$BATS_TEST_TMPDIR" -newer "$1" -print)
	[ -z "$found" ] || { echo "written: $found"; return 1; }
	says_not 'top secret'
}

# target_empty: as it was made, and nothing beside it.
target_empty() {
	equals "$(sql target "select (select count(*) from pg_class where oid >= 16384) + (select count(*) from pg_proc
			where oid >= 16384) + (select count(*) from pg_largeobject_metadata) + (select count(*) from pg_prepared_xacts)" \
		"select string_agg(datname, ' ') from pg_database where oid >= 16384")" $'0\ntarget'
}

# hostile STATUSES NAME: the SQL on the input fails with one of the statuses, and nothing has happened. It is restored as a
# file into an empty database or a new one, packed, or from stdin: in turn, with SOAK in all of these ways.
hostile() {
	local want=$1 file=$BATS_TEST_TMPDIR/$2.sql how ways=(fill stdin packed fill stdin new)
	cat >"$file"
	zstd -q -f "$file"
	touch "$file.zst"
	TURN=$((${TURN:-0} + 1))
	# A role that may make no databases has no new one.
	[[ $DATABASE_URL != *lowly* ]] || unset 'ways[5]'
	[ -n "${SOAK:-}" ] || ways=("${ways[TURN % ${#ways[@]}]}")
	cd "$BATS_TEST_TMPDIR" || return
	for how in "${ways[@]}"; do
		status=0
		case $how in
		fill) output=$(timeout 20 pgrestore "$file" 2>&1 </dev/null 3>&-) || status=$? ;;
		new) output=$(timeout 20 pgrestore "$file" "$(url new)" 2>&1 </dev/null 3>&-) || status=$? ;;
		stdin) output=$(timeout 20 pgrestore - 2>&1 <"$file" 3>&-) || status=$? ;;
		packed) output=$(timeout 20 pgrestore "$file.zst" 2>&1 </dev/null 3>&-) || status=$? ;;
		esac
		[[ " $want " == *" $status "* ]] || { echo "$how: status $status: $output"; return 1; }
		[[ $output == *'pgrestore: error: '* ]] || { echo "$how: no error"; return 1; }
		den_untouched "$file.zst" || { echo "$how: the den is not as it was: $output"; return 1; }
		target_empty || { echo "$how: the target is not as it was: $output"; return 1; }
	done
}

# each STATUSES: the tricks on the input, one on each line, in which ~ is the den and ¶ a new line. Each comes behind
# something that would stay, and in front of more of it.
each() {
	local want=$1 line n=0 first
	random_series
	first=$((RANDOM % 3))
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		n=$((n + 1))
		[ -n "${SOAK:-}" ] || [ $((n % 3)) -eq "$first" ] || continue
		line=${line//'~'/$DEN}
		hostile "$want" "trick$n" < <(printf '%s\n' 'create table stays (a int);' "${line//'¶'/$'\n'}" \
			'create table stays_too (a int);') || { echo "trick $n: $line"; return 1; }
		rm -f "$BATS_TEST_TMPDIR"/trick*
	done
	[ "$n" -gt 0 ]
}

@test "commands of the shell" {
	each 65 <<-'END'
		\! ~/run
		\!~/run
		  	\! ~/run
		select 1 \! ~/run
		select 1; \! ~/run
		select 1;\! ~/run
		\echo `~/run`
		\qecho `~/run`
		\warn `~/run`
		\set x `~/run`
		\set x `~/run` ¶\echo :x
		\if `~/run` ¶\endif
		\if false ¶\elif `~/run` ¶\endif
		\if false ¶\! ~/run ¶\endif
		\prompt `~/run` x
		\setenv PAGER ~/run
		\setenv X `~/run`
		\pset pager always ¶select 1;
		\pset pager_min_lines `~/run`
		\cd `~/run`
		\x `~/run`
		\encoding `~/run`
		\timing `~/run`
		\d `~/run`
		\h `~/run`
		\? `~/run`
		\bind `~/run` \g
		\parse `~/run`
		\getenv x HOME
		\restrict `~/run` ¶\! ~/run
		\unrestrict `~/run` ¶\! ~/run
		\p \! ~/run
		\r \! ~/run
		\echo hello
		\\ \! ~/run
	END
}

@test "pipes" {
	each 65 <<-'END'
		select 'x' \g |~/run
		select 'x' \g | ~/run
		select 'x' \g (format=csv) |~/run
		select 'x' \gx |~/run
		\o |~/run
		\out |~/run ¶select 1;
		\w |~/run
		\write |~/run
		\copy stays from program '~/run'
		\copy stays to program '~/run'
		\copy (select 1) to program '~/run'
		\COPY stays from program '~/run'
		select '~/run' as x \gset ¶\! :x
		select '\! ~/run' \gexec
		select 'create table made (a int)' \gexec
		select 1 \watch 0.1
		select 1 \watch c=2 i=0.1
		select 1 \gdesc
		select 1, 2, 3 \crosstabview
		select 1 as x \gset
		select 1 as "ON_ERROR_STOP" \gset
	END
}

@test "files" {
	each 65 <<-'END'
		\i ~/more.sql
		\include ~/more.sql
		\ir ~/more.sql
		\ir ../more.sql
		\include_relative ../more.sql
		\i /dev/stdin
		\o ~/out
		\o ~/out ¶select 1; ¶\o
		\w ~/out
		\g ~/out
		select 1 \g ~/out
		select 1 \gx ~/out
		\s ~/out
		\copy stays from '~/secret'
		\copy stays to '~/out'
		\copy (select 1) to ~/out
		\copy stays from stdin¶1¶\.
		\e
		\e ~/more.sql
		\edit ~/secret 1
		\ef
		\ef pg_catalog.now
		\ev pg_catalog.pg_roles
		\sf pg_catalog.now
		\cd ~
		\cd /¶\ir tmp/x
		\lo_import ~/secret
		\lo_import '~/secret' 'a comment'
		\lo_export 1 ~/out
		\lo_unlink 1
		\lo_list
		\setenv PSQL_HISTORY ~/out
		\log ~/out
		\dt¶\o ~/out
	END
}

@test "other databases, other users, other sessions" {
	each '64 65' <<-'END'
		\c postgres
		\connect postgres
		\connect 'dbname=postgres'
		\connect -reuse-previous=on "dbname='postgres'"
		\c - postgres
		\c "host=/tmp"
		\password
		\password postgres
		\conninfo
		\errverbose
		\q
		\quit
		\startpipeline
		\endpipeline
		\unset ON_ERROR_STOP¶select 1/0;
		\set ON_ERROR_STOP off¶select 1/0;
		\set ON_ERROR_ROLLBACK on¶select 1/0;
		\set AUTOCOMMIT off
		\set SINGLELINE on
		\set ECHO all
		\set QUIET off
		\a
		\unknown_command
		\
	END
}

@test "\\connect is 64, and the way by database is named" {
	local word
	for word in '\connect other' '\c other' '\connect -reuse-previous=on "dbname='"'other'"'"'; do
		hostile 64 connects < <(printf '%s\n' 'create table stays (a int);' "$word" 'create table stays_too (a int);')
		says 'several databases'
	done
	archive target "$BATS_TEST_TMPDIR/c.sql" --format=plain --create
	refused 64 target pgrestore "$BATS_TEST_TMPDIR/c.sql"
	says '--create'
}

@test "what only looks as if it were inside something" {
	each '1 65' <<-'END'
		copy stays from stdin;¶1¶\.¶\! ~/run
		copy stays from stdin;¶\.¶\copy stays from program '~/run'
		copy stays from stdin csv;¶1¶\.¶\! ~/run
		copy stays from stdin with (format csv);¶"¶\.¶"¶\! ~/run
		select 'it''s' \! ~/run
		select 'x\' \! ~/run
		select E'x\'' \! ~/run
		set standard_conforming_strings = off; select 'x\'; \! ~/run
		set standard_conforming_strings = off; select 'x\' \! ~/run¶';
		select $$ x $$ \! ~/run
		select $a$ $b$ $a$ \! ~/run
		select "x\" \! ~/run
		/* x */ \! ~/run
		/* /* x */ */ \! ~/run
		-- x¶\! ~/run
		select 1 -- x¶\! ~/run
		select (1 \! ~/run¶);
		create function f() returns int language sql begin atomic; \! ~/run¶end;
		select U&'x' \! ~/run
		select :{?x} \! ~/run
		select :'x' \! ~/run
		select :"x"; \! ~/run
		select 1 \; \! ~/run
		select 1 \;¶\! ~/run
		\restrict key¶\! ~/run
		\restrict key¶\unrestrict key¶\! ~/run
		\restrict key¶\unrestrict other¶\! ~/run
		\restrict¶\! ~/run
		\restrict key \! ~/run¶\! ~/run
		\unrestrict key¶\! ~/run
	END
}

# A line that psql would print its variables into, but not a command.
@test "variables of psql's are nothing to SQL that is restored, and never its environment's words" {
	each '1 65' <<-'END'
		select :nothing;
		select :{?nothing} :nothing;
		select :'nothing'::int;
	END
}

@test "at the end of a file without a newline, on the first line, behind a byte order mark, in CRLF" {
	hostile 65 first < <(printf '\\! %s/run' "$DEN")
	hostile 65 last < <(printf 'create table stays (a int);\n\\! %s/run' "$DEN")
	hostile 65 joined < <(printf 'create table stays (a int)\\! %s/run' "$DEN")
	hostile 65 g < <(printf 'create table stays (a int);\n\\g |%s/run' "$DEN")
	hostile 65 mark < <(printf '\357\273\277\\! %s/run\n' "$DEN")
	hostile 65 crlf < <(printf 'create table stays (a int);\r\n\\! %s/run\r\n' "$DEN")
	hostile 65 cr < <(printf 'create table stays (a int);\r\\! %s/run\r' "$DEN")
	hostile 65 feed < <(printf 'create table stays (a int);\n\f\v\\! %s/run' "$DEN")
	hostile 65 unended < <(printf 'create table stays (a int);\ncopy stays from stdin;\n1\n\\! %s/run' "$DEN")
	hostile 65 restricted < <(printf 'create table stays (a int);\n\\restrict x\n\\! %s/run' "$DEN")
	hostile 65 nul < <(printf 'create table stays (a int);\n\\\000! %s/run\n' "$DEN")
}

ENDINGS=$(cat <<-'END'
	end; select 1/0;
	commit work; select 1/0;
	commit transaction; select 1/0;
	commit and chain; select 1/0;
	/* x */ commit; select 1/0;
	/* /* x */ */ commit; select 1/0;
	/* /* */ x */ commit; select 1/0;
	commit\; begin; select 1/0;
	commit\; create table stays_also (a int)\; begin; select 1/0;
	select 1\; commit\; begin;¶select 1/0;
	begin\; commit; select 1/0;
	start transaction\; end; select 1/0;
	savepoint x; rollback to x\; commit; select 1/0;
	prepare x as select 1\; commit; select 1/0;
	create role evil\; commit\; begin; select 1/0;
	end and chain; select 1/0;
	rollback; create table stays_also (a int); select 1/0;
	abort; create table stays_also (a int); select 1/0;
	rollback and chain; create table stays_also (a int); commit and chain; select 1/0;
	prepare transaction 'kept';
	prepare transaction 'kept'; select 1/0;
	commit; select 1/0;
	COMMIT;¶BEGIN;¶select 1/0;
	do $$begin commit; end$$; select 1/0;
	create procedure p() language plpgsql as $$begin commit; end$$; call p(); select 1/0;
END
)

@test "what ends the transaction leaves nothing, beside and inside" {
	each '1 65' <<<"$ENDINGS"
	equals "$(sql postgres "select count(*) from pg_roles where rolname = 'evil'")" 0
	as_lowly each '1 65 69' <<<"$ENDINGS"
	equals "$(sql postgres "select count(*) from pg_roles where rolname = 'evil'")" 0
}

# as_lowly COMMAND...: with the URL of a role that may make no databases.
as_lowly() {
	sql postgres 'create role lowly login' 'grant create on database target to lowly'
	sql target 'grant all on schema public to lowly'
	DATABASE_URL=$(url target lowly) "$@"
	sql target 'revoke all on schema public from lowly'
	sql postgres 'revoke create on database target from lowly' 'drop role lowly'
}

@test "COPY with a program or a file is the server's affair, and it says so" {
	as_lowly each '65 77' <<-'END'
		copy stays from program '~/run';
		copy stays to program '~/run';
		copy stays from '~/secret';
		copy stays to '~/out';
		select pg_read_file('~/secret');
		select lo_import('~/secret');
	END
	as_lowly exits 77 pgrestore - <<<"create table stays (a int); copy stays from program 'true';"
	says 'program'
}

@test "the same in the place of a database that is there: it stays, and nothing is beside it" {
	local word before
	made full 3
	before=$(server_state full)
	for word in "\\! $DEN/run" 'end; select 1/0;' "select 1 \\g |$DEN/run" "prepare transaction 'kept';" 'select 1/0;' \
		'commit and chain; select 1/0;'; do
		printf '%s\n' 'create table stays (a int);' "$word" >"$BATS_TEST_TMPDIR/x.sql"
		status=0
		output=$(pgrestore "$BATS_TEST_TMPDIR/x.sql" --replace "$(url full)" 2>&1) || status=$?
		[[ ' 1 65 ' == *" $status "* ]] || { echo "status $status: $output"; return 1; }
		equals "$(server_state full)" "$before"
	done
	drop full
}

@test "an archive whose names are hostile is no script" {
	local name
	name=$'x\n\\! '$DEN$'/run\n--'
	made names 0
	sql names "create schema \"$name\"" "create table \"$name\".\"$name\" (\"$name\" int)" \
		"create function \"$name\".\"$name\"() returns text language sql as 'select \$\$\\! $DEN/run\$\$'" \
		"comment on schema \"$name\" is '$name'" "insert into \"$name\".\"$name\" values (1)"
	archive names "$BATS_TEST_TMPDIR/a.dump"
	archive names "$BATS_TEST_TMPDIR/a.tar" --format=tar
	for name in a.dump a.tar; do
		drop new
		exits 0 pgrestore "$BATS_TEST_TMPDIR/$name" "$(url new)"
		equals "$(content new | md5sum)" "$(content names | md5sum)"
		[ ! -e "$DEN/ran" ]
	done
	drop new names
}
