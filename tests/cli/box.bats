# The box itself: finding an applet, and what pgbox can do without one.

load ../lib/base
bats_require_minimum_version 1.5.0

setup_file() {
	use_applets
}

# The applets that are ours: not the four programs of PostgreSQL's.
ours() {
	pgbox --list | grep -v '^p[gs]_\?\(dump\|dumpall\|restore\|ql\)$'
}

# same_as WANTED: what `run` printed.
same_as() {
	[ "$output" = "$1" ] || { diff <(echo "$1") <(echo "$output"); return 1; }
}

pgbox() {
	"$PGBOX" "$@"
}

# --- applets ---

@test "the applets are listed one a line, sorted, and the list names the first four of them" {
	run -0 pgbox --list
	same_as "$(printf '%s\n' "${lines[@]}" | LC_ALL=C sort -u)"
	for applet in isempty journal seedonce waitdb pg_dump pg_dumpall pg_restore psql; do
		grep -qx "$applet" <<<"$output"
	done
}

@test "every applet's help starts with its usage, fits 80 columns and says its exit codes" {
	for applet in $(ours); do
		run -0 --separate-stderr pgbox "$applet" --help
		[[ $output == "usage: $applet "* ]]
		[ -z "$stderr" ]
		[ "$(wc -L <<<"$output")" -le 80 ]
		[[ $output == *"exit codes: 0 "* ]]
		[[ $output == *"  -h, --help"* ]]
		same_as "$(pgbox "$applet" -h)"
	done
}

# status_of APPLET STATUS: what it exits with in place of that; healthz knows only 0 and 1.
status_of() {
	if [ "$1" = healthz ]; then echo 1; else echo "$2"; fi
}

@test "an unknown option is 64 and one line, for every applet" {
	for applet in $(ours); do
		run "-$(status_of "$applet" 64)" --separate-stderr pgbox "$applet" --no-such-option
		[ "$stderr" = "$applet: error: unknown option '--no-such-option': see $applet --help" ]
		run "-$(status_of "$applet" 64)" --separate-stderr pgbox "$applet" -Z
		[ "$stderr" = "$applet: error: unknown option '-Z': see $applet --help" ]
	done
}

@test "help that cannot be written is 73 and one line, for every applet" {
	for applet in $(ours); do
		run "-$(status_of "$applet" 73)" --separate-stderr sh -c '"$0" "$1" --help >/dev/full' "$PGBOX" "$applet"
		[ "$stderr" = "$applet: error: cannot write to standard output: No space left on device" ]
		run "-$(status_of "$applet" 73)" --separate-stderr sh -c '"$0" "$1" --help >&-' "$PGBOX" "$applet"
		[ "$stderr" = "$applet: error: cannot write to standard output: Bad file descriptor" ]
	done
}

@test "an applet runs by its symlink, by a path and by pgbox's first argument" {
	want=$(pgbox waitdb --help)
	[ "$(waitdb --help)" = "$want" ]
	[ "$("$BATS_FILE_TMPDIR/bin/waitdb" --help)" = "$want" ]
	cd "$BATS_FILE_TMPDIR/bin"
	[ "$(./waitdb --help)" = "$want" ]
}

@test "a renamed binary is still pgbox, and one named like an applet is that" {
	cp "$PGBOX" "$BATS_TEST_TMPDIR/pgbox-1.2"
	run -0 "$BATS_TEST_TMPDIR/pgbox-1.2" --list
	same_as "$(pgbox --list)"
	[ "$("$BATS_TEST_TMPDIR/pgbox-1.2" waitdb --help)" = "$(waitdb --help)" ]
	mv "$BATS_TEST_TMPDIR/pgbox-1.2" "$BATS_TEST_TMPDIR/isempty"
	[ "$("$BATS_TEST_TMPDIR/isempty" --help)" = "$(isempty --help)" ]
}

@test "an empty argv is answered, not crashed on" {
	command -v perl >/dev/null || skip "no perl"
	run perl -e 'exec { $ARGV[0] } ()' "$PGBOX"
	[ "$status" -lt 126 ]
}

# --- without an applet ---

@test "pgbox alone, --help and -h name every applet and fit 80 columns" {
	run -0 --separate-stderr pgbox
	[ -z "$stderr" ]
	[[ $output == "usage: pgbox APPLET"* ]]
	[ "$(wc -L <<<"$output")" -le 80 ]
	for applet in $(pgbox --list); do
		grep -q "^  $applet " <<<"$output"
	done
	same_as "$(pgbox --help)"
	same_as "$(pgbox -h)"
}

@test "help and version are words, too, and every applet tells its version" {
	run -0 pgbox help
	same_as "$(pgbox --help)"
	run -0 pgbox help seedonce
	same_as "$(seedonce --help)"
	run -64 pgbox help nosuch
	run -0 pgbox version
	same_as "$(pgbox --version)"
	run -0 pgbox -V
	same_as "$(pgbox --version)"
	for applet in $(ours); do
		for word in --version -V version; do
			run -0 "$applet" "$word"
			same_as "$(pgbox --version)"
		done
		run -0 "$applet" help
		same_as "$("$applet" --help)"
	done
}

@test "one operand too many is one" {
	run -64 envcheck nosuch
	[[ $output == *": 1 operand is too many ("* ]]
	run -64 journal a b
	[[ $output == *": 2 operands are too many: "* ]]
}

@test "an unknown applet or option is 64 and one line" {
	run -64 pgbox nosuch
	same_as "pgbox: error: unknown applet 'nosuch': pgbox --list names them"
	for option in --nosuch -x --install --completion '--completion zsh' ''; do
		# shellcheck disable=SC2086 # words
		run -64 pgbox ${option:-"''"}
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "pgbox: error: unknown "* ]]
	done
}

@test "a forgotten applet or a mistyped option does not show a password" {
	for words in "postgres://u:s3cret@h/db" "--urll=postgres://u:s3cret@h" "--u:s3cret@h" \
		"waitdb --urll=postgres://u:s3cret@h" "waitdb --url:postgres://u:s3cret@h" \
		"waitdb --for postgres://u:s3cret@h/db" "waitdb --timeout postgres://u:s3cret@h/db" \
		"isempty --table" "isempty mysql://u:s3cret@h/db" \
		"seedonce --on-change postgres://u:s3cret@h" "journal postgres://u:s3cret@h" \
		"seedonce --unless u:s3cret@h sqlite:x -- true" "journal --last u:s3cret@h"; do
		# shellcheck disable=SC2086 # words
		run -64 pgbox $words
		[ "${#lines[@]}" -eq 1 ]
		[[ $output != *s3cret* ]]
	done
}

@test "what pgbox prints about itself is 73 and one line where it cannot be written" {
	for option in --help --list --version --licenses '--completion bash'; do
		# shellcheck disable=SC2086 # words
		run -73 sh -c 'exec "$0" "$@" >/dev/full' "$PGBOX" $option
		same_as "pgbox: error: cannot write to standard output: No space left on device"
		# shellcheck disable=SC2086
		run -73 sh -c 'exec "$0" "$@" >&-' "$PGBOX" $option
		same_as "pgbox: error: cannot write to standard output: Bad file descriptor"
	done
}

@test "the version names pgbox and every library that is linked in, as pinned" {
	run -0 pgbox --version
	[ "${lines[0]}" = "pgbox $(cat "$ROOT/VERSION")" ]
	for library in musl zlib zstd lz4 openssl sqlite curl postgresql ca-certificates; do
		grep -qE "^$library [0-9][0-9.]+$" <<<"$output"
	done
	while read -r name version _; do
		case $name in '#'* | '') continue ;; esac
		grep -qF "$name $version" <<<"$output"
	done <"$ROOT/sources.lock"
}

@test "the licences of all that is linked in can be read" {
	run -0 pgbox --licenses
	for library in $(pgbox --version | tail -n +2 | cut -d ' ' -f 1); do
		grep -q "^===== $library [0-9]" <<<"$output"
	done
	[[ $output == *"PostgreSQL Global Development Group"* ]]
	[[ $output == *"Apache License"* ]]
	[[ $output == *"Rich Felker"* ]]
}

# --- --install ---

@test "--install makes one symlink per applet, which is found from anywhere" {
	run -73 pgbox --install "$BATS_TEST_TMPDIR/new"
	[ ! -e "$BATS_TEST_TMPDIR/new" ]
	mkdir "$BATS_TEST_TMPDIR/new"
	run -0 pgbox --install "$BATS_TEST_TMPDIR/new"
	[ -z "$output" ]
	[ "$(ls "$BATS_TEST_TMPDIR/new")" = "$(pgbox --list)" ]
	for applet in $(pgbox --list); do
		[ "$(readlink "$BATS_TEST_TMPDIR/new/$applet")" = "$(realpath "$PGBOX")" ]
	done
	run -0 pgbox --install "$BATS_TEST_TMPDIR/new"
	[ -z "$output" ]
}

@test "--install leaves what is there alone, says so, and installs the others" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	echo mine >"$BATS_TEST_TMPDIR/bin/psql"
	ln -s elsewhere "$BATS_TEST_TMPDIR/bin/waitdb"
	run -73 pgbox --install "$BATS_TEST_TMPDIR/bin"
	same_as "pgbox: error: cannot make '$BATS_TEST_TMPDIR/bin/psql': File exists
pgbox: error: cannot make '$BATS_TEST_TMPDIR/bin/waitdb': File exists"
	[ "$(cat "$BATS_TEST_TMPDIR/bin/psql")" = mine ]
	[ "$(readlink "$BATS_TEST_TMPDIR/bin/waitdb")" = elsewhere ]
	[ -L "$BATS_TEST_TMPDIR/bin/isempty" ]
	[ -L "$BATS_TEST_TMPDIR/bin/seedonce" ]
}

@test "--install where nothing can be made is 73 and one line" {
	run -73 pgbox --install /dev/null/bin
	same_as "pgbox: error: '/dev/null/bin': Not a directory: make the folder first, or correct the path"
}

# --- --completion ---

# completes WORD...: what bash offers for the last of the words.
completes() {
	bash --norc -c '
		eval "$("$1" --completion bash)"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_pgbox
		printf "%s\n" "${COMPREPLY[@]}"' - "$PGBOX" "$@"
}

@test "the completion is valid bash and is bound to pgbox and its applets" {
	run -0 pgbox --completion bash
	bash -n <<<"$output"
	run bash --norc -c 'eval "$("$0" --completion bash)"; complete -p pgbox waitdb seedonce' "$PGBOX"
	[ "${#lines[@]}" -eq 3 ]
}

@test "the completion offers applets and their options" {
	run -0 completes pgbox wai
	same_as waitdb
	run -0 completes waitdb --time
	same_as --timeout
	run -0 completes pgbox isempty --ig
	same_as "--ignore
--ignore-migrations"
	run -0 completes /usr/local/bin/seedonce --on-c
	same_as --on-change
	run -0 completes pgbox --li
	same_as "--list
--licenses"
}

@test "the completion offers every option that the help describes" {
	for applet in $(ours); do
		run -0 completes "$applet" --
		for option in $("$PGBOX" "$applet" --help | sed -n 's/^  ..[, ] \(--[a-z-]*\).*/\1/p'); do
			grep -qx -e "$option" <<<"$output"
		done
	done
}

# --- PostgreSQL's programs ---

@test "the linked PostgreSQL programs answer by name and by symlink with one version" {
	for name in pg_dump pg_dumpall pg_restore psql; do
		run -0 pgbox "$name" --version
		[[ $output == "$name (PostgreSQL) 18."* ]]
		same_as "$("$BATS_FILE_TMPDIR/bin/$name" --version)"
		[[ ${output##* } == "$(pgbox --version | sed -n 's/^postgresql //p')" ]]
		run -0 pgbox "$name" --help
		[[ $output == *"$name "* ]]
	done
}

@test "the linked PostgreSQL programs keep their own exit codes and messages" {
	run -1 pgbox pg_dump --no-such-option
	[[ ${lines[0]} == "pg_dump: unrecognized option: no-such-option" ]]
	run -2 pgbox psql -X -d "postgres://u@127.0.0.1:1/db" -c 'select 1'
	[[ $output == *"port 1 failed: Connection refused"* ]]
}
