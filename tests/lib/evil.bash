# A database whose owner wants to know who looks in: functions and operators of his are found before the server's own.

# evil_database DIR DATABASE OWNER: makes it. Whoever runs one of his leaves a row in public.ran, or fails.
evil_database() {
	server_sql "$1" postgres 'set client_min_messages = warning' "drop database if exists $2" "create database $2 owner $3"
	server_sql "$1" "$2" 'create table public.ran (as_whom text, what text)' 'grant all on public.ran to public' \
		"create schema evil authorization $3" 'grant usage on schema evil to public' >/dev/null
	"$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$1" -p "$(cat "$1/port")" -U "$3" -d "$2" <<-'SQL'
		set search_path = pg_catalog;
		create function evil.ran(what text) returns void language plpgsql set search_path = pg_catalog
			as $$begin insert into public.ran values (current_user, what); end$$;
		do $do$
		declare o record; n int := 0; body text;
		begin
			for o in select oprname, oprleft::regtype l, oprright::regtype r, oprresult::regtype t from pg_operator
				where oprnamespace = 'pg_catalog'::regnamespace and oprkind = 'b' and oprleft = any (array['name', 'text', 'oid', '"char"', 'int8', 'int4', 'bool']::regtype[]::oid[])
				 and oprright = any (array['name', 'text', 'oid', '"char"', 'int8', 'int4', 'bool']::regtype[]::oid[])
			loop
				n := n + 1;
				body := format('begin perform evil.ran(%L); return null; end', o.oprname);
				execute format('create function evil.o%s(%s, %s) returns %s language plpgsql as %L', n, o.l, o.r, o.t, body);
				execute format('create operator evil.%s (leftarg = %s, rightarg = %s, function = evil.o%s)', o.oprname, o.l, o.r, n);
			end loop;
			for o in select proname, pg_get_function_identity_arguments(p.oid) a, prorettype::regtype t, proretset from pg_proc p
				where pronamespace = 'pg_catalog'::regnamespace and prokind = 'f' and provariadic = 0
				 and proname = any (string_to_array('format quote_literal quote_ident lower substr split_part length left
				  pg_has_role has_table_privilege has_schema_privilege has_sequence_privilege has_tablespace_privilege
				  to_regclass to_regtype current_setting pg_get_userbyid shobj_description pg_encoding_to_char set_config md5
				  pg_try_advisory_lock pg_try_advisory_xact_lock pg_database_size current_database current_schemas
				  pg_is_in_recovery txid_current clock_timestamp date_trunc string_to_array concat to_jsonb', null))
				 and not exists (select from pg_type where oid = any (p.proargtypes::oid[] || p.prorettype) and typtype = 'p')
			loop
				body := format('begin perform evil.ran(%L); return%s; end', o.proname, case when o.proretset then '' else ' null' end);
				execute format('create function evil.%I(%s) returns %s %s language plpgsql as %L', o.proname, o.a,
					case when o.proretset then 'setof' else '' end, o.t, body);
			end loop;
		end $do$;
	SQL
	server_sql "$1" "$2" "alter database $2 set search_path = evil, pg_catalog, public"
}

# nobody_ran DIR DATABASE: his functions.
nobody_ran() {
	equals "$(PGOPTIONS='-c search_path=pg_catalog' server_sql "$1" "$2" 'select distinct * from public.ran')" ''
}
