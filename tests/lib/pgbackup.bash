# What the pgbackup tests share, behind base.bash: a folder of backups, and looking into it.

# Variables of the caller's that would decide for the tests; BACKUP_DIR is a folder of the test's own.
backup_folder() {
	local name
	for name in "${!BACKUP_@}" "${!CRON_@}" SCHEDULE PGBOX_JOURNAL PGBOX_LOG TZ; do
		unset "$name"
	done
	export BACKUP_DIR=$BATS_TEST_TMPDIR/backups
}

# newest FOLDER: the data that its `latest` points to.
newest() {
	echo "$BACKUP_DIR/$1/$(readlink "$BACKUP_DIR/$1/latest")"
}

# backups FOLDER: how many there are.
backups() {
	find "$BACKUP_DIR/$1" -maxdepth 1 -name '*.json' | wc -l
}

# field FOLDER FILTER: of the newest backup's manifest, by jq.
field() {
	jq -r "$2" "$(newest "$1").json"
}

# unpacked FILE: its content, by the tools that its name asks for.
unpacked() {
	case $1 in
	*.zst) zstd -q -d -c "$1" ;;
	*.gz) gzip -d -c "$1" ;;
	*.lz4) lz4 -q -d -c "$1" ;;
	*) cat "$1" ;;
	esac
}

# No backup of it was left half made: nothing but what pgbackup keeps for itself, and whole backups.
nothing_half_made() {
	equals "$(find "$BACKUP_DIR" -name '*.part' -o -path '*/.pgbox/readback-*')" ''
}

# flip FILE: another byte in its middle.
flip() {
	python3 - "$1" <<-'END'
		import os, sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(os.path.getsize(sys.argv[1]) // 2)
		    byte = f.read(1)[0]
		    f.seek(-1, 1)
		    f.write(bytes([byte ^ 0x40]))
	END
}

# not COMMAND...: for what must fail; a bare ! is nothing to bats.
not() {
	! "$@"
}

# journal_sql SQL: rows of the folder's journal.
journal_sql() {
	lite "$BACKUP_DIR/.pgbox/journal.db" "$1"
}

# major: of the server that the tests run against.
major() {
	"$PG_BIN/postgres" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/'
}
