-- One for each service, which its role owns.
select format('create database %I owner %I', name, 'svc_' || name)
from unnest(array['users', 'workstation', 'syncstation']) name
where name not in (select datname from pg_database) \gexec
