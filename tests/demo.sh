#!/bin/sh
# Shows the main jobs working: an app's first boot, its second, one with the volume
# wiped, and one after a seed that was killed half-way; then backups. On SQLite, and then on
# PostgreSQL where a server can be started. Each command is printed before it is
# run; the exit status is not 0 when a step is not as expected.
#
# usage: tests/demo.sh PGBOX
set -eu

pgbox=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
server=''
trap 'clean_up' EXIT
trap 'exit 130' INT TERM HUP

clean_up() {
	if [ -n "$server" ]; then
		kill -INT "$server" 2>/dev/null || true
		wait "$server" || true
	fi
	rm -rf "$work"
}

say() { printf '\n# %s\n' "$*"; }

# step STATUS TEXT COMMAND: runs the shell command; it must end with STATUS, and
# print TEXT (empty: whatever it likes).
step() {
	printf '$ %s\n' "$3"
	status=0
	sh -c "$3" >"$work/out" 2>&1 || status=$?
	sed 's/^/  /' "$work/out"
	if [ "$status" != "$1" ]; then
		echo "demo: expected exit status $1, got $status" >&2
		exit 1
	fi
	if [ -n "$2" ] && ! grep -q -F -e "$2" "$work/out"; then
		echo "demo: expected to read '$2'" >&2
		exit 1
	fi
}

boot="waitdb --create-db && seedonce --unless table=users --sql seed --then echo 'the app starts'"

# first_boots WIPE: WIPE is the command that wipes the volume.
first_boots() {
	say "first boot: the database is waited for, made, found empty and seeded; the app starts"
	step 0 ready 'waitdb --create-db'
	step 0 empty 'isempty'
	step 0 'the app starts' "$boot"
	step 1 'table' 'isempty'
	step 0 '' "waitdb --for seeded --for 'rows=users>=3'"

	say "second boot: nothing is left to do"
	step 0 'is done since' "$boot"

	say "third boot, with the volume wiped: the marker went with it, so it is seeded again"
	step 0 '' "$1"
	step 0 'running seed' "$boot"

	say "a seed command that is killed half-way is noticed at the next start, not taken for done"
	step 137 '' "seedonce --name big -- sh -c 'kill -9 \$PPID'"
	step 70 'was interrupted' "seedonce --name big -- echo seeding"
	step 0 'running it again' "seedonce --name big --on-interrupted rerun -- echo seeding"
}

# backups: of the database that the boots left.
backups() {
	say "a backup: dumped, read back, summed, on the disk, and only then given its name"
	step 0 'tables in' 'pgbackup run'
	step 0 'OK' 'cd "$BACKUP_DIR"/*/ && sha256sum -c ./*.sha256'
	step 0 'verified' 'pgbackup list'
	step 0 'ok:' 'pgbackup status'

	say "three more, and a rule that keeps one: never fewer than BACKUP_KEEP_MIN stay"
	for _ in 1 2 3; do
		step 0 '' 'pgbackup run --quiet'
	done
	step 0 'delete' 'pgbackup prune --dry-run --keep-last 1 --keep-min 2'

	say "a flipped byte is found"
	step 0 '' "printf X | dd of=\"\$(readlink -f \"\$BACKUP_DIR\"/*/latest)\" bs=1 seek=300 conv=notrunc status=none"
	step 65 'damaged' 'pgbackup verify'
	unset BACKUP_DIR
}

on_sqlite() {
	say "SQLite, the embedded default"
	echo '$ export DATABASE_URL=sqlite:app.db'
	export DATABASE_URL=sqlite:app.db
	first_boots 'rm app.db'
	BACKUP_DIR=$work/backups-sqlite
	export BACKUP_DIR
	backups
}

pg_bin() {
	for dir in "${PG_BIN:-}" /usr/lib/postgresql/*/bin; do
		[ ! -x "$dir/initdb" ] || found=$dir
	done
	echo "${found:-}"
}

as_server_user() {
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
	fi
	exec "$@"
}

on_postgresql() {
	bin=$(pg_bin)
	if [ -z "$bin" ]; then
		say "PostgreSQL: no server is installed here, so this part is left out"
		return
	fi
	say "PostgreSQL: a private server, started while waitdb waits"
	mkdir "$work/pg"
	chmod 755 "$work"
	[ "$(id -u)" != 0 ] || chown nobody "$work/pg"
	(as_server_user "$bin/initdb" -D "$work/pg/data" -U app -A trust --no-sync) >"$work/log"
	echo "listen_addresses = ''" >>"$work/pg/data/postgresql.conf"
	as_server_user "$bin/postgres" -D "$work/pg/data" -k "$work/pg" >"$work/log" 2>&1 &
	server=$!
	echo "\$ export DATABASE_URL='host=$work/pg user=app dbname=shop'"
	export DATABASE_URL="host=$work/pg user=app dbname=shop"
	first_boots "psql -q 'host=$work/pg user=app dbname=postgres' -c 'drop database shop' -c 'create database shop'"
	BACKUP_DIR=$work/backups
	export BACKUP_DIR
	backups
}

mkdir "$work/seed"
cp "$here"/demo/*.sql "$work/seed/"
cd "$work"
mkdir "$work/bin"
"$pgbox" --install "$work/bin"
PATH=$work/bin:$PATH
PGBOX_JOURNAL=$work/journal.db
export PATH PGBOX_JOURNAL
on_sqlite
on_postgresql
say "what was done, from the journal"
step 0 'interrupted' 'journal'
say "the demo went as it should"
