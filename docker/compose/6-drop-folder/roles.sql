-- Run once by the image of PostgreSQL, when the server is new. The app's role is no superuser: it makes its database
-- itself, as db-restore makes those that it swaps in. The superuser has no password any more and is thus, over the network,
-- nobody; in the container of db: psql -U postgres.
\getenv password POSTGRES_PASSWORD
CREATE ROLE assessment LOGIN CREATEDB PASSWORD :'password';
ALTER ROLE postgres PASSWORD NULL;
