-- The roles of the URLs that the services have, with their passwords. Run again, it gives them new ones.

-- What is secret stays out of the server's log, and out of this one where a statement fails.
set log_statement = 'none';
set log_min_duration_statement = -1;
set log_min_error_statement = 'panic';
set client_min_messages = 'warning';
\set VERBOSITY terse

\getenv users USERS_URL
\getenv workstation WORKSTATION_URL
\getenv syncstation SYNCSTATION_URL
\getenv backup BACKUP_URL

create temp table login as
    select part[1] as role, part[2] as password
    from unnest(array[:'users', :'workstation', :'syncstation', :'backup']) url,
        regexp_match(url, '^postgres(?:ql)?://(svc_users|svc_workstation|svc_syncstation|backup):(\w+)@') part;
do $$ begin
    if (select count(distinct role) from login) < 4 then
        raise 'the URLs must be postgres://ROLE:PASSWORD@db/... of svc_users, svc_workstation, svc_syncstation and backup, with letters and digits in the password';
    end if;
end $$;

select format('create role %I login', role) from login where role not in (select rolname from pg_roles) \gexec
select format('alter role %I password %L', role, password) from login \gexec
grant pg_read_all_data to backup;
