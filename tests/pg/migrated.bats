# migrated=: against databases that alembic, Flask-Migrate and Django themselves have migrated, and against tables as
# drizzle makes them. Random histories are compared with what the tools have left to do.
# shellcheck disable=SC2016,SC2030,SC2031 # $0 is for bash; each test is a subshell

load ../lib/base
bats_require_minimum_version 1.5.0

setup_file() {
	export BATS_TEST_TIMEOUT=180
	use_applets
	export PG=$BATS_FILE_TMPDIR/pg
	server_make "$PG"
	server_start "$PG"
}

teardown_file() {
	server_stop "$PG"
}

# Two databases of the test's own, $PG_URL and $LITE_URL; the test is in a folder of its own.
setup() {
	DB=t$BATS_TEST_NUMBER
	server_sql "$PG" postgres "create database $DB"
	PG_URL=$(server_url "$PG" "$DB")
	PG_URL=${PG_URL/postgres:/postgresql:}
	LITE_URL=sqlite:///$BATS_TEST_TMPDIR/app.db
	lite "select 1"
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	server_sql "$PG" postgres "drop database if exists $DB with (force)"
}

lite() {
	/usr/bin/python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
	for sql in sys.argv[2:]: db.execute(sql)' "$BATS_TEST_TMPDIR/app.db" "$@"
}

# both SQL...: in both databases.
both() {
	server_sql "$PG" "$DB" "$@"
	lite "$@"
}

# holds CHECK: in both databases.
holds() {
	local url
	for url in "$PG_URL" "$LITE_URL"; do
		run -0 waitdb --once "$url" --for "migrated=$1"
	done
}

# lacks CHECK PATTERN: in neither, and that is why.
lacks() {
	local url
	for url in "$PG_URL" "$LITE_URL"; do
		run -1 waitdb --once "$url" --for "migrated=$1"
		[[ $output == *": no migrated=$1: "$2 ]]
	done
}

# --- alembic ---

# A project in the folder `alembic`, with a configuration for either database.
alembic_project() {
	alembic init alembic >/dev/null
	sed "s|^sqlalchemy.url.*|sqlalchemy.url = $PG_URL|" alembic.ini >pg.ini
	sed "s|^sqlalchemy.url.*|sqlalchemy.url = $LITE_URL|" alembic.ini >lite.ini
}

# revision ID [OPTION...]: a new one, after the head.
revision() {
	alembic -c lite.ini revision -m step --rev-id "$@" >/dev/null 2>&1
}

# to UPGRADE|DOWNGRADE TARGET: both databases.
to() {
	alembic -c pg.ini "$@" >/dev/null 2>&1
	alembic -c lite.ini "$@" >/dev/null 2>&1
}

@test "alembic: one revision after another, and back" {
	alembic_project
	revision 4f2a
	revision 9c01
	lacks alembic "alembic has applied nothing: there is no table alembic_version"
	lacks alembic@alembic "alembic has applied nothing: there is no table alembic_version"
	to upgrade 4f2a
	holds alembic
	holds alembic=4f2a
	lacks alembic=9c01 "alembic at 4f2a, want 9c01"
	lacks alembic@alembic "alembic at 4f2a, want 9c01"
	to upgrade head
	holds alembic=9c01
	holds alembic@alembic
	holds alembic@alembic/versions/
	lacks alembic=4f2a "alembic at 9c01, want 4f2a"
	to downgrade -1
	lacks alembic@alembic "alembic at 4f2a, want 9c01"
	to downgrade base
	lacks alembic "alembic has applied nothing"
	lacks alembic@alembic "alembic at nothing, want 9c01"
}

@test "alembic: branches are all wanted, a merge in their place, and what only depends on them" {
	alembic_project
	revision a000
	revision b111
	revision c111 --head a000 --splice
	to upgrade b111
	lacks alembic@alembic "alembic at b111, want b111, c111"
	to upgrade heads
	holds alembic@alembic
	holds alembic=b111,c111
	holds alembic=c111
	lacks alembic=b111,c112 "alembic at b111, c111, want b111, c112"
	alembic -c lite.ini merge heads --rev-id d111 -m join >/dev/null
	lacks alembic@alembic "alembic at b111, c111, want d111"
	to upgrade head
	holds alembic@alembic
	revision e000 --head base --branch-label cache --depends-on d111
	to upgrade heads
	holds alembic@alembic
	revision f111 --head d111
	lacks alembic@alembic "alembic at e000, want e000, f111"
	to upgrade heads
	holds alembic@alembic
}

@test "alembic: an older image's files do not know the database's revision" {
	alembic_project
	revision 4f2a
	revision 9c01
	to upgrade head
	rm alembic/versions/9c01*
	lacks alembic@alembic "alembic at 9c01, which no file here knows, want 4f2a"
}

@test "alembic: an id of its own may be shortened, a name that somebody gave may not" {
	both "create table alembic_version (version_num varchar(32))" \
		"insert into alembic_version values ('4f2a6b7c8d9e'), ('0010_more')"
	holds alembic=4f2a
	holds alembic=4f2a6b7c8d9e
	lacks alembic=4f2 "alembic at *, want 4f2"
	holds alembic=0010_more
	lacks alembic=0010 "alembic at *, want 0010"
	lacks alembic=4f2b "alembic at *, want 4f2b"
	lacks alembic=4f2a6b7c8d9e0 "alembic at *, want 4f2a6b7c8d9e0"
}

@test "alembic: the version table may have another name and schema" {
	alembic_project
	sed -i 's/context.configure($/&version_table="audit_version",/' alembic/env.py
	revision 4f2a
	to upgrade head
	holds alembic:audit_version@alembic
	lacks alembic@alembic "alembic has applied nothing: there is no table alembic_version"
	server_sql "$PG" "$DB" "create schema audit" "alter table audit_version set schema audit"
	run -1 waitdb --once "$PG_URL" --for migrated=alembic:audit_version@alembic
	[[ $output == *"there is one in schema audit: migrated=alembic:audit.audit_version" ]]
	run -0 waitdb --once "$PG_URL" --for migrated=alembic:audit.audit_version@alembic
	run -0 waitdb --once "$PG_URL?options=-csearch_path%3Daudit" --for migrated=alembic:audit_version@alembic
}

@test "alembic: what the files do not say is no pass" {
	alembic_project
	revision 4f2a
	to upgrade head
	mkdir empty
	lacks alembic@nowhere "there is no folder 'nowhere'"
	lacks alembic@empty "'empty' has no revisions: *"
	cp -r alembic/versions computed
	sed -i "s/^revision = .*/revision = '4f' + '2a'/" computed/*.py
	lacks alembic@computed "'computed/4f2a_step.py': its revision is not written out"
	cp -r alembic/versions cut
	echo "x = '" >>cut/4f2a_step.py
	lacks alembic@cut "'cut/4f2a_step.py': line *: a string does not end"
	cp -r alembic/versions twice
	cp twice/4f2a_step.py twice/copy.py
	lacks alembic@twice "the revision '4f2a' is in two files, *"
	cp -r alembic/versions torn
	sed -i "s/^down_revision = .*/down_revision = 'gone'/" torn/4f2a_step.py
	lacks alembic@torn "no file has the revision 'gone', which 'torn/4f2a_step.py' needs"
	cp -r alembic/versions helped
	echo "x = 1" >helped/helper.py
	lacks alembic@helped "'helped/helper.py': its revision and down_revision are not written out"
	holds alembic@alembic
}

@test "alembic: folders below versions/ count too" {
	alembic_project
	revision 4f2a
	revision 9c01
	mkdir alembic/versions/2026
	mv alembic/versions/9c01_step.py alembic/versions/2026
	to upgrade head
	lacks alembic@alembic "alembic at 4f2a, want 9c01"
	# Several version_locations have a folder above them all, with other files.
	mkdir -p project/users project/shop
	mv alembic/versions/4f2a_step.py project/users
	mv alembic/versions/2026/9c01_step.py project/shop
	echo "revision = 'of the app'" >project/main.py
	lacks alembic@project "alembic at 4f2a, want 9c01"
	rm project/shop/9c01_step.py
	holds alembic@project
}

@test "alembic: a Flask app migrated by Flask-Migrate" {
	cat >app.py <<-'PY'
		import os
		from flask import Flask
		from flask_sqlalchemy import SQLAlchemy
		from flask_migrate import Migrate
		app = Flask(__name__)
		app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["APP_URL"]
		db = SQLAlchemy(app)
		Migrate(app, db)
		class User(db.Model):
		    id = db.Column(db.Integer, primary_key=True)
	PY
	flask_db() {
		APP_URL=$PG_URL FLASK_APP=app /usr/bin/python3 -m flask db "$@" >/dev/null 2>&1
	}
	flask_db init
	flask_db migrate -m users
	run -1 waitdb --once "$PG_URL" --for migrated=alembic@migrations
	flask_db upgrade
	run -0 waitdb --once "$PG_URL" --for migrated=alembic@migrations
	flask_db revision -m more
	run -1 waitdb --once "$PG_URL" --for migrated=alembic@migrations
	flask_db upgrade
	run -0 waitdb --once "$PG_URL" --for migrated=alembic@migrations
}

@test "alembic: of random histories exactly those hold that upgrade has nothing left to do of" {
	run -0 /usr/bin/python3 -W ignore "$ROOT/tests/migrated/alembic_histories.py" "$PGBOX" "$BATS_TEST_TMPDIR/histories" 60
	echo "$output"
}

# --- django ---

# A project with an app in a nested folder, shop, and one with a label of its own, store/warehouse.
django_project() {
	mkdir -p site/project/apps/shop/migrations site/store/migrations
	touch site/project/__init__.py site/project/apps/__init__.py site/project/apps/shop/{__init__,migrations/__init__}.py \
		site/store/{__init__,migrations/__init__}.py
	cat >site/project/settings.py <<-'PY'
		import os
		SECRET_KEY = "x"
		INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "project.apps.shop", "store"]
		DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "USER": "postgres",
		                         "PORT": os.environ["APP_PORT"], "NAME": os.environ["APP_DB"]}}
		if os.environ["APP_PORT"] == "lite":
		    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["APP_DB"]}}
	PY
	cat >site/store/apps.py <<-'PY'
		from django.apps import AppConfig

		class StoreConfig(AppConfig):
		    name = "store"
		    label = "warehouse"
	PY
}

# admin PORT DATABASE COMMAND...
admin() {
	APP_PORT=$1 APP_DB=$2 PYTHONPATH=site PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 -W ignore -m django "${@:3}" --settings=project.settings >/dev/null
}

# migrate [APP [NAME]]: both databases.
migrate() {
	admin "$(cat "$PG/port")" "$DB" migrate "$@"
	admin lite app.db migrate "$@"
}

# step APP NAME: one more migration.
step() {
	admin lite app.db makemigrations --empty "$1" --name "$2"
}

@test "django: all migrations of all apps, in nested folders and under labels of their own" {
	django_project
	step shop initial
	step warehouse initial
	lacks django "django has applied nothing: there is no table django_migrations"
	migrate shop
	lacks django@site "django: 1 of 2 migrations is missing: warehouse.0001_initial"
	migrate
	holds django
	holds django@site
	holds django@site/project/apps/shop/migrations
	step shop add
	step shop more
	step warehouse more
	lacks django@site "django: 3 of 5 migrations are missing: shop.0002_add, shop.0003_more, warehouse.0002_more"
	lacks django@site/store "django: 1 of 2 migrations is missing: warehouse.0002_more"
	migrate shop 0002
	lacks django=shop.0003_more "django at shop.0002_add, want shop.0003_more"
	holds django=shop.0002_add,warehouse.0001_initial
	holds django=shop.0002
	lacks django=shop.0002_ad "django at shop.0002_add, want shop.0002_ad"
	lacks django=other.0001 "django at nothing, want other.0001"
	migrate
	holds django@site
	holds django@/usr/lib/python3/dist-packages/django/contrib/auth
	migrate shop zero
	lacks django@site "django: 3 of 5 migrations are missing: shop.0001_initial, shop.0002_add, shop.0003_more"
}

@test "django: an older image's files pass on a newer database, as in Django" {
	django_project
	step shop initial
	step shop add
	migrate
	rm site/project/apps/shop/migrations/0002*
	holds django@site
}

@test "django: a squashed migration, before it is applied, afterwards, and without what it replaced" {
	local shop=site/project/apps/shop/migrations
	django_project
	step shop initial
	step shop add
	migrate
	step shop third
	step shop fourth
	admin lite app.db squashmigrations shop 0003 --noinput
	# Applied in part: Django goes on with what is left of the old ones.
	lacks django@site "django: 2 of 4 migrations are missing: shop.0003_third, shop.0004_fourth"
	migrate shop 0003
	lacks django@site "django: 1 of 2 migrations is missing: shop.0004_fourth"
	server_sql "$PG" "$DB" "delete from django_migrations where name like '%squashed%'"
	lite "delete from django_migrations where name like '%squashed%'"
	lacks django@site "django: 1 of 2 migrations is missing: shop.0004_fourth"
	migrate
	holds django@site
	holds django=shop.0001_squashed_0003_third
	rm $shop/0001_initial.py $shop/0002_add.py $shop/0003_third.py
	holds django@site
	sed -i '/^ *replaces = /d' $shop/0001_squashed_0003_third.py
	holds django@site
	both "delete from django_migrations where name = '0001_squashed_0003_third'"
	lacks django@site "django: 1 of 2 migrations is missing: shop.0001_squashed_0003_third"
}

@test "django: a squashed migration on a fresh database" {
	django_project
	step shop initial
	step shop add
	admin lite app.db squashmigrations shop 0002 --noinput
	step shop third
	migrate contenttypes
	lacks django@site "django: 2 of 2 migrations are missing: shop.0001_squashed_0002_add, shop.0002_third"
	migrate
	holds django@site
}

@test "django: what the files do not say is no pass" {
	local shop=site/project/apps/shop/migrations
	django_project
	step shop initial
	migrate
	holds django@site
	mkdir empty
	lacks django@empty "'empty' has no migrations of Django: *"
	lacks django@nowhere "there is no folder 'nowhere'"
	cp -r site computed
	echo "    replaces = [('shop', x) for x in ()]" >>computed/project/apps/shop/migrations/0001_initial.py
	lacks django@computed "*0001_initial.py': what it replaces is not written out"
	cp -r site none
	echo "x = 1" >none/project/apps/shop/migrations/helper.py
	lacks django@none "*helper.py': it has no class Migration, or several"
	cp -r site other
	mv other/project/apps/shop/migrations other/project/apps/shop/db_migrations
	lacks django@other "*0001_initial.py' is a migration outside of a folder named migrations with an __init__.py"
	cp -r site bare
	rm bare/project/apps/shop/migrations/__init__.py
	lacks django@bare "*0001_initial.py' is a migration outside of a folder named migrations with an __init__.py"
	cp -r site same
	mkdir same/more
	cp -r same/project/apps/shop same/more/shop
	lacks django@same "two apps have the same label: *"
	mkdir -p site/venv/lib/site-packages/x/migrations site/.git/x/migrations
	cp $shop/*.py site/venv/lib/site-packages/x/migrations
	cp $shop/*.py site/.git/x/migrations
	holds django@site
}

@test "django: of random apps exactly those hold that migrate has nothing left to do of" {
	run -0 /usr/bin/python3 -W ignore "$ROOT/tests/migrated/django_histories.py" "$PGBOX" "$BATS_TEST_TMPDIR/histories" 60
	echo "$output"
}

# --- drizzle: files and tables as drizzle-kit 0.31 and 1.0 and drizzle-orm of the same age leave them ---

# journal WHEN TAG...: a drizzle folder with those migrations, a second apart.
journal() {
	local when=$1 entries='' tag
	mkdir -p drizzle/meta
	for tag in "${@:2}"; do
		entries+="${entries:+, }{\"idx\": 0, \"version\": \"7\", \"when\": $when, \"tag\": \"$tag\", \"breakpoints\": true}"
		echo "create table t${tag#*_} ();" >"drizzle/$tag.sql"
		when=$((when + 1000))
	done
	echo "{\"version\": \"7\", \"dialect\": \"postgresql\", \"entries\": [$entries]}" >drizzle/meta/_journal.json
}

# Drizzle's tables in both databases; SQLite's has ids of NULL, as there.
drizzle_tables() {
	server_sql "$PG" "$DB" "create schema drizzle" "create table drizzle.__drizzle_migrations (
		id serial primary key, hash text not null, created_at bigint$1)"
	lite "create table __drizzle_migrations (id serial primary key, hash text not null, created_at numeric$1)"
}

# applied FILE WHEN [NAME]: a row for it.
applied() {
	local hash columns values
	hash=$(sha256sum "$1" | cut -d ' ' -f 1)
	columns="hash, created_at${3:+, name}" values="'$hash', $2${3:+, '$3'}"
	server_sql "$PG" "$DB" "insert into drizzle.__drizzle_migrations ($columns) values ($values)"
	lite "insert into __drizzle_migrations ($columns) values ($values)"
}

@test "drizzle: all of the journal" {
	journal 1795269044016 0000_first 0001_second 0002_third 0003_fourth 0004_fifth
	run -1 waitdb --once "$PG_URL" --for migrated=drizzle@drizzle
	[[ $output == *"drizzle has applied nothing: there is no table drizzle.__drizzle_migrations" ]]
	drizzle_tables ''
	lacks drizzle "drizzle has applied nothing"
	applied drizzle/0000_first.sql 1795269044016
	holds drizzle
	lacks drizzle@drizzle "drizzle: 4 of 5 migrations are missing: 0001_second, 0002_third, 0003_fourth, ..."
	applied drizzle/0001_second.sql 1795269045016
	applied drizzle/0002_third.sql 1795269046016
	applied drizzle/0003_fourth.sql 1795269047016
	lacks drizzle@drizzle "drizzle: 1 of 5 migrations is missing: 0004_fifth"
	applied drizzle/0004_fifth.sql 1795269048016
	holds drizzle@drizzle
	# An older image: more is applied than it knows.
	journal 1795269044016 0000_first 0001_second
	holds drizzle@drizzle
}

@test "drizzle: one that drizzle passes over, for it came late from a branch, is missing" {
	journal 1795269044016 0000_first 0001_second 0002_third
	drizzle_tables ''
	applied drizzle/0000_first.sql 1795269044016
	applied drizzle/0002_third.sql 1795269046016
	lacks drizzle@drizzle "drizzle: 1 of 3 migrations is missing: 0001_second (older than what was run last: *)"
}

@test "drizzle: a row is one migration, whether by its moment or its hash" {
	journal 1795269044016 0000_first 0001_second
	cp drizzle/0000_first.sql drizzle/0001_second.sql
	drizzle_tables ''
	applied drizzle/0000_first.sql 5
	lacks drizzle@drizzle "drizzle: 1 of 2 migrations is missing: 0001_second"
	applied drizzle/0001_second.sql 1795269045016
	holds drizzle@drizzle
	echo "-- edited" >>drizzle/0001_second.sql
	holds drizzle@drizzle
	echo "-- edited" >>drizzle/0000_first.sql
	lacks drizzle@drizzle "drizzle: 1 of 2 migrations is missing: 0000_first*"
}

@test "drizzle: by hash, by moment or, since 1.0, by name" {
	journal 1795269044016 0000_first
	drizzle_tables ''
	applied drizzle/0000_first.sql 1795269044016
	holds "drizzle=$(sha256sum drizzle/0000_first.sql | cut -c 1-64)"
	holds "drizzle=$(sha256sum drizzle/0000_first.sql | cut -c 1-8)"
	holds drizzle=1795269044016
	lacks drizzle=0123456789abcdef "drizzle: 0123456789abcdef is not applied"
	lacks drizzle=0000_first "drizzle's table has no names here: give the SHA-256 of 0000_first.sql, or @DIR"
}

@test "drizzle: a folder each, as since 1.0" {
	mkdir -p drizzle/20261121135044_first drizzle/20261121135045_second
	echo "create table a ();" >drizzle/20261121135044_first/migration.sql
	echo "create table b ();" >drizzle/20261121135045_second/migration.sql
	mkdir -p drizzle/archive/20261121135046_third
	touch drizzle/20261121135044_first/snapshot.json drizzle/archive/20261121135046_third/migration.sql
	drizzle_tables ', name text, applied_at timestamp'
	applied drizzle/20261121135044_first/migration.sql 1795269044000 20261121135044_first
	lacks drizzle@drizzle "drizzle: 1 of 2 migrations is missing: 20261121135045_second"
	holds drizzle=20261121135044_first
	lacks drizzle=20261121135045_second "drizzle: 20261121135045_second is not applied"
	applied drizzle/20261121135045_second/migration.sql 1795269045000 20261121135045_second
	holds drizzle@drizzle
	# Renamed: drizzle would run it again.
	mv drizzle/20261121135045_second drizzle/20261121135045_other
	lacks drizzle@drizzle "drizzle: 1 of 2 migrations is missing: 20261121135045_other"
}

@test "drizzle: folders of 1.0 over a table from before" {
	mkdir -p drizzle/20261121135044_first drizzle/20261121135044_second
	echo "create table a ();" >drizzle/20261121135044_first/migration.sql
	echo "create table b ();" >drizzle/20261121135044_second/migration.sql
	drizzle_tables ''
	applied drizzle/20261121135044_second/migration.sql 1795269044516
	lacks drizzle@drizzle "drizzle: 1 of 2 migrations is missing: 20261121135044_first"
	applied drizzle/20261121135044_first/migration.sql 1795269044016
	holds drizzle@drizzle
	# Edited since: the moment is left, to the second, for a folder's name says no more.
	rm -r drizzle/20261121135044_first
	echo "-- edited" >>drizzle/20261121135044_second/migration.sql
	holds drizzle@drizzle
	mv drizzle/20261121135044_second drizzle/20261121135045_second
	lacks drizzle@drizzle "drizzle: 1 of 1 migrations is missing: 20261121135045_second"
}

@test "drizzle: what the files do not say is no pass" {
	journal 1795269044016 0000_first
	drizzle_tables ''
	applied drizzle/0000_first.sql 1795269044016
	mkdir empty
	lacks drizzle@empty "'empty' has no migrations of drizzle: *"
	lacks drizzle@nowhere "there is no folder 'nowhere'"
	mv drizzle/0000_first.sql drizzle/lost.sql
	lacks drizzle@drizzle "cannot read 'drizzle/0000_first.sql': No such file or directory"
	mv drizzle/lost.sql drizzle/0000_first.sql
	holds drizzle@drizzle
	echo '{"entries": []}' >drizzle/meta/_journal.json
	lacks drizzle@drizzle "'drizzle' has no migrations of drizzle: *"
	echo '{"entries": [{"tag": "0000_first"}]}' >drizzle/meta/_journal.json
	lacks drizzle@drizzle "'drizzle/meta/_journal.json': entry 0 has no tag or no time"
	echo '{"entries": [{' >drizzle/meta/_journal.json
	lacks drizzle@drizzle "'drizzle/meta/_journal.json': malformed JSON"
}

@test "drizzle: the table may have another name and schema" {
	journal 1795269044016 0000_first
	drizzle_tables ''
	applied drizzle/0000_first.sql 1795269044016
	server_sql "$PG" "$DB" "create schema app" "alter table drizzle.__drizzle_migrations rename to moves"
	run -0 waitdb --once "$PG_URL" --for migrated=drizzle:moves@drizzle
	run -1 waitdb --once "$PG_URL" --for migrated=drizzle@drizzle
	server_sql "$PG" "$DB" "alter table drizzle.moves set schema app"
	run -0 waitdb --once "$PG_URL" --for migrated=drizzle:app.moves@drizzle
}

# --- all ---

@test "a login that may not read the table cannot tell" {
	both "create table alembic_version (version_num varchar(32))" "insert into alembic_version values ('4f2a')"
	server_sql "$PG" "$DB" "create role reader$DB login"
	run -1 waitdb --once "$(server_url "$PG" "$DB" "reader$DB")" --for migrated=alembic
	[[ $output == *"permission denied for table alembic_version"* ]]
	server_sql "$PG" "$DB" "grant select on alembic_version to reader$DB"
	run -0 waitdb --once "$(server_url "$PG" "$DB" "reader$DB")" --for migrated=alembic
	server_sql "$PG" "$DB" "drop owned by reader$DB" "drop role reader$DB"
}

@test "waitdb waits until the migrations have run" {
	alembic_project
	revision 4f2a
	touch log
	(
		wait_until 20 grep -q "waiting for migrated" log
		alembic -c pg.ini upgrade head
	) >/dev/null 2>&1 3>&- &
	local migration=$!
	run -0 bash -c 'exec waitdb "$0" --timeout 30s --for migrated=alembic@alembic -- echo started 2>log' "$PG_URL"
	wait "$migration"
	[ "$output" = started ]
}
