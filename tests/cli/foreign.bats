# Variables of other backup tools: none that names a database or a password, or says what is kept or encrypted,
# is ignored without a word. The folder cannot be made, so that 73 is what comes after everything was understood.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib/base
load ../lib/pgbackup

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
}

setup() {
	local name
	backup_folder
	for name in "${!DB_@}" "${!DB01_@}" "${!GPG_@}" "${!AGE_@}" "${!DATABASE@}" PASSPHRASE DBLIST REMOVE_BEFORE MIN_SAVED_FILE; do
		unset "$name"
	done
	export BACKUP_DIR=/dev/null/backups POSTGRES_HOST=127.0.0.1 POSTGRES_PORT=1 POSTGRES_USER=app POSTGRES_PASSWORD=x
}

# refused OURS VARIABLE=VALUE...: pgbackup ends with 78 and names the first variable and ours.
refused() {
	local ours=$1
	shift
	exits 78 env "$@" pgbackup run
	says "${1%%=*}"
	says "$ours"
}

# warned WORDS VARIABLE=VALUE...: it goes on with a warning about the first variable.
warned() {
	local words=$1
	shift
	exits 73 env "$@" pgbackup run
	says "warning: ${1%%=*} is set"
	says "$words"
}

# unsaid VARIABLE=VALUE...: it goes on and says nothing of the first variable.
unsaid() {
	exits 73 env "$@" pgbackup run
	says_not "${1%%=*}"
}

@test "a database that another tool's variable names is not replaced by a default" {
	local name
	for name in POSTGRES_DATABASE POSTGRES_DBNAME POSTGRES_DB_NAME POSTGRESQL_DATABASE PG_DATABASE DB01_NAME DB_NAME \
		DB_DATABASE POSTGRES_DATABASE_FILE; do
		refused "set POSTGRES_DB" "$name=shop"
	done
	refused "set BACKUP_DATABASES" DBLIST='gis data'
	refused "set BACKUP_DATABASES" POSTGRES_BACKUP_ALL=true
	refused "set BACKUP_DATABASES" POSTGRES_CLUSTER=TRUE
	refused "set BACKUP_DATABASES" POSTGRES_MULTIPLE_DATABASES=users,shop
	refused "set BACKUP_DATABASES" BACKUP_DATABASE=shop
	# In the server's own container the socket is right.
	exits 73 env -u POSTGRES_HOST POSTGRES_HOSTNAME=db POSTGRES_DB=shop pgbackup run
	says "warning: POSTGRES_HOSTNAME is set, but pgbox does not read it: set POSTGRES_HOST"
	exits 73 env -u POSTGRES_HOST DB_HOST=db POSTGRES_DB=shop pgbackup run
	says_not DB_HOST
	exits 73 env -u POSTGRES_USER DB_USER=shop POSTGRES_DB=shop pgbackup run
	says_not DB_USER
	exits 78 env -u POSTGRES_USER POSTGRES_USERNAME=db POSTGRES_DB=shop pgbackup run
	says "set POSTGRES_USER"
	exits 78 env -u POSTGRES_PASSWORD POSTGRES_PASS=Wq7rT2 POSTGRES_DB=shop pgbackup run
	says "set POSTGRES_PASSWORD"
	says_not Wq7rT2
}

@test "a database that another variable's URL names is not replaced by a default" {
	local name url=postgresql+asyncpg://app:Wq7rT2@db:5432/shop
	for name in POSTGRES_URL POSTGRES_PRISMA_URL PG_URL DB_URL DATABASE_URI SQLALCHEMY_DATABASE_URI; do
		refused "set POSTGRES_DB" "$name=$url?ssl=true"
		says_not Wq7rT2
		unsaid "$name=$url" POSTGRES_DB=app
	done
	refused "set POSTGRES_DB" SPRING_DATASOURCE_URL=jdbc:postgresql://db/shop
	unsaid POSTGRES_URL=postgres://app:Wq7rT2@127.0.0.1/app
	unsaid DB_URL=mysql://app:x@db/shop
	unsaid POSTGRES_URL=http://db:5432/shop
	exits 78 env -u POSTGRES_HOST -u POSTGRES_USER -u POSTGRES_PASSWORD -u POSTGRES_PORT POSTGRES_URL=$url waitdb
	says "POSTGRES_URL is set, but pgbox does not read it: use DATABASE_URL"
	says_not Wq7rT2
}

@test "what an app says of a database of another kind is no matter of ours" {
	unsaid DB_DATABASE=shop DB_CONNECTION=mysql DB_HOST=mysql
	unsaid DB_DATABASE=/app/database.sqlite DB_CONNECTION=sqlite
	unsaid DATABASE_NAME=strapi DATABASE_CLIENT=mysql
	unsaid DB_NAME=shop DB_PORT=3306
	refused "set POSTGRES_DB" DB_DATABASE=shop DB_CONNECTION=pgsql
	refused "set POSTGRES_DB" DB_NAME=shop DB_ENGINE=django.db.backends.postgresql
}

@test "what ours say decides, with a warning; what agrees does no harm" {
	warned "POSTGRES_DB decides" POSTGRES_DATABASE=shop POSTGRES_DB=app
	warned "POSTGRES_PASSWORD decides" POSTGRES_PASS=other POSTGRES_DB=app
	warned "set POSTGRES_DB" POSTGRES_DATABASE=app
	warned "the list of databases decides" POSTGRES_DATABASE=shop BACKUP_DATABASES=a,b
	warned "BACKUP_DATABASES" DBLIST='gis data' BACKUP_DATABASES=gis,data
	unsaid DB_NAME=app
	unsaid DB_NAME=shop POSTGRES_DB=app
	unsaid DB_PASSWORD=y POSTGRES_DB=app
	unsaid POSTGRES_BACKUP_ALL=false
	unsaid POSTGRES_DATABASE='**None**'
}

@test "all applets find the same: no other database is waited for, seeded or called healthy" {
	exits 78 env POSTGRES_DATABASE=shop waitdb --timeout 1s
	exits 3 env POSTGRES_DATABASE=shop waitdb --once
	exits 78 env POSTGRES_DATABASE=shop isempty
	exits 78 env POSTGRES_DATABASE=shop seedonce -- true
	exits 1 env POSTGRES_DATABASE=shop healthz
	says "set POSTGRES_DB"
	exits 78 env PGHOST=127.0.0.1 PGPORT=1 PGUSER=app PG_DATABASE=shop waitdb --timeout 1s
	says "set PGDATABASE"
	exits 2 env DATABASE_URL=postgres://app:x@127.0.0.1:1/app POSTGRES_DATABASE=shop waitdb --once
	says "DATABASE_URL decides"
	exits 2 env POSTGRES_DATABASE=shop waitdb --once postgres://app:x@127.0.0.1:1/app
	says_not POSTGRES_DATABASE
	exits 2 env PGHOST=127.0.0.1 PGPORT=1 PGUSER=postgres POSTGRES_DB=app waitdb --once
	says "set PGDATABASE"
	exits 78 env -u POSTGRES_HOST -u POSTGRES_USER -u POSTGRES_PASSWORD -u POSTGRES_PORT DB01_HOST=db waitdb
	says "DB01_HOST is set, but pgbox does not read it: use POSTGRES_HOST"
}

@test "who asks for encryption gets no plain backup without having said so" {
	local name
	for name in PASSPHRASE PASSPHRASE_FILE GPG_PASSPHRASE GPG_PUBLIC_KEY_RING CIPHER_PASS DB_DUMP_ENCRYPTION AGE_PASSPHRASE \
		AGE_PUBLIC_KEYS ENCRYPTION_PASSWORD DB01_ENCRYPT DEFAULT_ENCRYPT_PASSPHRASE PGBK_CIPHER_PASS \
		BACKUP_AGE_RECIPIENTS BACKUP_AGE_PUBLIC_KEY BACKUP_GPG_PUBLIC_KEY BACKUP_ENCRYPTION_ENABLED PGP_PUBLIC_KEY; do
		refused "BACKUP_ENCRYPTION=none" "$name=Wq7rT2" POSTGRES_DB=app
		says_not Wq7rT2
		unsaid "$name=Wq7rT2" POSTGRES_DB=app BACKUP_ENCRYPTION=none
	done
	exits 78 env PASSPHRASE=x POSTGRES_DB=app BACKUP_INTERVAL=1h pgbackup
	says "BACKUP_ENCRYPTION=none"
	unsaid DB_DUMP_ENCRYPTION=False POSTGRES_DB=app
	unsaid PASSPHRASE= POSTGRES_DB=app
	warned "not encrypted" RESTIC_PASSWORD=x POSTGRES_DB=app
	exits 78 env BACKUP_ENCRYPTION=gpg POSTGRES_DB=app pgbackup run
}

@test "what another tool's rule would keep is not deleted; without rules of ours it is a warning" {
	export POSTGRES_DB=app
	warned "until then nothing is deleted" REMOVE_BEFORE=30
	warned "set BACKUP_KEEP_MIN" MIN_SAVED_FILE=20
	warned "BACKUP_KEEP_DAYS decides" REMOVE_BEFORE=30 BACKUP_KEEP_DAYS=7
	refused "set BACKUP_KEEP_DAYS" REMOVE_BEFORE=30 BACKUP_KEEP_LAST=3
	refused "set BACKUP_KEEP_WEEKLY" BACKUP_KEEP_WEEKS=4 BACKUP_KEEP_DAYS=7
	refused "set BACKUP_KEEP_MONTHLY" BACKUP_KEEP_MONTHS=6 BACKUP_KEEP_DAYS=7
	refused "set BACKUP_KEEP_MIN" MIN_SAVED_FILE=20 BACKUP_KEEP_DAYS=7
	refused "set BACKUP_KEEP_DAYS" DELETE_OLDER_THAN='30 days ago' BACKUP_KEEP_LAST=3
	refused "set BACKUP_KEEP_LAST" BACKUP_KEEP_MINS=1440 BACKUP_KEEP_DAYS=7
	warned "BACKUP_KEEP_MIN decides" MIN_SAVED_FILE=2 BACKUP_KEEP_DAYS=7
	unsaid REMOVE_BEFORE=0
	warned "this is one run" BACKUP_CRON_EXPRESSION=@daily
	warned "nothing is uploaded" AWS_S3_BUCKET_NAME=b
}
