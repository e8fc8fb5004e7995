# How a check is written, wherever one is given: what cannot be read is refused, and is never a name.
# shellcheck disable=SC2030,SC2031 # tests are subshells

load ../lib/base
bats_require_minimum_version 1.5.0

setup_file() {
	use_applets
	cd "$BATS_FILE_TMPDIR" || return
	cat >users.sql <<-'SQL'
		CREATE TABLE users (id integer);
		INSERT INTO users VALUES (1), (2), (3);
		CREATE TABLE none (id integer);
		CREATE TABLE "users>0" (id integer);
		CREATE TABLE "say ""Us ers""" (id integer);
		INSERT INTO "say ""Us ers""" VALUES (1);
	SQL
	seedonce -q --create-db --name base --sql users.sql sqlite:full.db
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
	export PGBOX_JOURNAL=$BATS_TEST_TMPDIR/journal.db DATABASE_URL=sqlite:full.db
	LOG=$BATS_TEST_TMPDIR/log
}

# Each of these has something wrong: an operator, a side that is missing, a blank in a bare name.
WRONG=('rows=users==5' 'rows=users=>5' 'rows=users<>0' 'rows=users!=0' 'rows=users>' 'rows=users =' 'rows=>0' 'rows=<5'
	'rows=users>-1' 'rows=users>many' 'rows=users>0 ;' 'rows=users 5' 'rows=users gt 0' 'rows=users≥1' 'rows>0' 'rows users'
	'rows=count(users)>0' "rows='users'>0" 'rows="users>0' 'rows=a.b.users' 'rows= ' 'table=users>0' 'table=users > 0'
	'table=users=1' 'table=users, none' 'table=' 'table=."x"' 'extension=postgis>3' 'extension=postgis=3.4' 'extension=x>=new'
	'migrated=alembic==4f2a' 'migrated=alembic>=4f2a' 'seeded>base')
WRONG_PLACES=('backup=/backups>26h' 'backup=/backups<=26h' 'backup=/backups=26h' 'backup=/backups 26h' 'backup=/backups<'
	'backup=<26h' 'backup=/backups<soon' 'disk=/data>90%' 'disk=/data<=90%' 'disk=/data=90' 'disk=/data 90%' 'disk=/data<'
	'disk=/data<90 %' 'connections>90%' 'connections<=90%' 'connections=90%' 'connections 90' 'connections<' 'lag>10s'
	'lag<=10s' 'lag=10s' 'lag<10 s' 'lag<')

@test "waitdb: a check that cannot be read is 64 at once" {
	local check
	for check in "${WRONG[@]}" "${WRONG_PLACES[@]}"; do
		run -64 timeout 10 waitdb --timeout 5s --for "$check"
		[[ $output == *"is written"* || $output == *"unknown check"* ]]
	done
}

@test "healthz: it is a no that says how the check is written, in the variable too" {
	local check
	for check in 'rows=users==5' 'table=users>0' "${WRONG_PLACES[@]}"; do
		run -1 healthz "$check"
		[[ $output == *"is written"* ]]
		HEALTHZ_CHECKS=$'ready\n  '"$check" run -1 healthz
		[[ $output == *"is written"* ]]
	done
}

@test "--url is about the checks of the variable, too, and goes before its checks" {
	unset DATABASE_URL
	HEALTHZ_CHECKS=$'table=users\nrows=users>2' run -0 healthz --url sqlite:full.db
	[[ $output == *"[+]table=users ok"*"[+]rows=users>2 ok"* ]]
	HEALTHZ_CHECKS=table=nosuch run -1 healthz --url sqlite:full.db
	[[ $output == *"[-]table=nosuch failed"* ]]
	run -1 healthz table=users --url sqlite:full.db
	[[ $output == *"no database given for the first checks: --url goes before its checks"* ]]
	run -64 waitdb --timeout 2s --for table=users --url sqlite:full.db
	run -0 healthz file=full.db --url sqlite:full.db table=users
	DATABASE_URL=sqlite:full.db run -1 healthz table=users --url sqlite:other.db
	[[ $output == *"ready on sqlite:other.db failed"* && $output == *"[+]table=users on sqlite:full.db ok"* ]]
	run -1 healthz table=users
	[[ $output == *"no database given: pass a URL"* ]]
}

@test "seedonce: nothing is seeded by a check that cannot be read: 64, 78 from the variable" {
	local check
	for check in "${WRONG[@]}"; do
		run -64 seedonce --unless "$check" -- touch "$LOG"
		run -64 seedonce --verify "$check" -- touch "$LOG"
		SEEDONCE_UNLESS=$check run -78 seedonce -- touch "$LOG"
		[[ $output == *SEEDONCE_UNLESS* ]]
	done
	[ ! -e "$LOG" ]
	run -1 seedonce --status
}

@test "pgrestore: --verify that cannot be read is 64 before anything else" {
	run -64 pgrestore --verify 'rows=users=>1' none.db sqlite:new.db
	PGRESTORE_VERIFY='table=users>0' run -78 pgrestore none.db sqlite:new.db
	[ ! -e new.db ]
}

@test "isempty: --table takes a name and no comparison" {
	local name
	for name in 'users>0' 'users > 0' 'users=1' 'us ers' 'users>=1'; do
		run -64 isempty --table "$name"
		run -64 isempty --rows --table "$name"
	done
	run -1 isempty --rows --table users
	run -1 isempty --table '"users>0"'
	run -0 isempty --rows --table '"users>0"'
}

@test "rows: all five operators, with and without blanks around them" {
	local check
	for check in 'rows=users' 'rows=users>2' 'rows=users > 2' 'rows=users>=3' 'rows=users =3' 'rows = users<= 3' \
		'rows=users<4' 'rows=none=0' 'rows=none<1' 'rows=main.users>=3' ' rows=users>0 '; do
		run -0 waitdb --once --for "$check"
	done
	for check in 'rows=users>3' 'rows=users >= 4' 'rows=users=2' 'rows=users=4' 'rows=users<3' 'rows=users<=2' \
		'rows=none' 'rows=none>0' 'rows=missing=0' 'rows=missing<5'; do
		run -1 waitdb --once --for "$check"
	done
	run -1 healthz 'rows=users<3' 'rows=users=2' 'rows=users>5'
	[[ $output == *'3 rows or more, not < 3'* && $output == *'3 rows or more, not = 2'* && $output == *'3 rows, not > 5'* ]]
}

@test "a name in double quotes may hold anything" {
	run -0 waitdb --once --for 'table="users>0"' --for 'rows="users>0"=0' --for 'rows="say ""Us ers"""=1' \
		--for 'table=main."say ""Us ers"""'
	run -1 waitdb --once --for 'rows="users>0"'
	mkdir "$BATS_TEST_TMPDIR/My Files<1%"
	run -0 healthz "disk=\"$BATS_TEST_TMPDIR/My Files<1%\"<100%"
	run -0 healthz "disk=\"$BATS_TEST_TMPDIR/My Files<1%\" < 100%"
}

@test "--unless 'rows=users>0' takes a full database for seeded, and seeds an empty one" {
	local name=0 check
	for check in 'rows=users>0' 'rows=users > 2' 'rows=users=3' 'rows=users>=1'; do
		run -0 seedonce --name "n$((++name))" --unless "$check" -- touch "$LOG"
		[[ $output == *"taken for done"* ]]
	done
	[ ! -e "$LOG" ]
	run -0 seedonce --name empty --unless 'rows=none>0' -- touch "$LOG"
	[[ $output == *"rows=none>0 does not hold: 0 rows, not > 0"* ]]
	[ -e "$LOG" ]
}

@test "isempty: a view is refused by a way out that isempty has" {
	lite() { python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])' "$@"; }
	command -v python3 >/dev/null || skip 'no python3 to make a view with'
	lite view.db 'create view v as select 1 a'
	run isempty --table v --rows sqlite:view.db
	[ "$status" -ge 64 ]
	[[ $output == *"name a table, or use the check rows-of-view= of waitdb, healthz or seedonce"* ]]
}
