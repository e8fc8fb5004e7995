#!/usr/bin/env bash
# The rules of the house, each a few lines: what a rule prints breaks it. Speaks TAP. The compilers' and clang-tidy's
# part is in lint.mk.
# usage: tests/lint.sh [PGBOX]
set -u
cd "$(dirname "$0")/.." || exit 1

pgbox=${1:-./pgbox}
# Everything that is or would be committed, with and without what is no text of ours.
mapfile -t files < <(git ls-files -co --exclude-standard | while read -r file; do [ -f "$file" ] && echo "$file"; done)
mapfile -t texts < <(printf '%s\n' "${files[@]}" | grep -v '^tests/fuzz/corpus/')
mapfile -t scripts < <({ grep -lE '^#!.*[/ ](ba)?sh' "${texts[@]}"; printf '%s\n' "${texts[@]}" | grep -E '\.(sh|bash|bats)$'; } | sort -u)
sources=(src/*.c src/*/*.c applets/*.c)
code=("${sources[@]}" src/*/*.h applets/*.h)
total=0 failures=0

# rule SENTENCE COMMAND...: holds when the command prints nothing.
rule() {
	local sentence=$1 found
	shift
	found=$("$@" 2>&1)
	total=$((total + 1))
	if [ -z "$found" ]; then
		echo "ok $total - $sentence"
	else
		echo "not ok $total - $sentence"
		echo "# ${found//$'\n'/$'\n# '}"
		failures=$((failures + 1))
	fi
}

# The headers of the C library, POSIX and Linux; all others are somebody else's.
libc='(sys|netinet|arpa|linux)/.*|(assert|ctype|dirent|errno|fcntl|fnmatch|ftw|glob|grp|inttypes|limits|locale|math)\.h'
libc+='|(netdb|poll|pthread|pwd|regex|sched|setjmp|signal|spawn|std(arg|atomic|bool|def|int|io|lib|noreturn))\.h'
libc+='|(string|strings|syslog|termios|time|unistd|utime|wchar|wctype)\.h'

# libpq's is in two: the seams of engine.c are calls of libpq's themselves.
wrappers() {
	grep -nE '^#include <' "${code[@]}" | grep -vE "<($libc)>" | grep -vE '^src/ext/[a-z_]*(\.c|_parts\.h):'
	grep -ohE '^#include <.*>' src/ext/*.c src/ext/*_parts.h | grep -vE "<($libc)>" | sort | uniq -d | grep -v '<libpq-fe.h>'
}

banned() {
	local file
	for file in "${sources[@]}"; do
		awk '/^#include "base\/banned.h"/ { at = FNR }
			/^#include </ && at { print FILENAME ":" FNR ": a system header behind banned.h" }
			END { if (!at) print FILENAME ": does not include banned.h" }' "$file"
	done
}

# --- names and sizes ---

names() {
	local objects=("${sources[@]/#/.build/lint/cc/}")
	nm -A --defined-only "${objects[@]/%.c/.o}" | grep -E ' [A-Za-z] (pg_|PQ|progname$)'
	grep -nw progname "${code[@]}"
}

# The linker wraps what is not there without a word.
wraps() {
	local name
	while read -r name; do
		grep -qE "\b$name\(" src/*/*.h || echo "$name: no header has it"
	done < <(sed -nE 's/^(FUZZ|UNIT)_WRAP[A-Za-z0-9_]* *:?= *//p' tests/mk/*.mk | tr ' ' '\n')
}

functions() {
	awk '/^{/ { start = FNR } /^}/ && start { if (FNR - start > 60) print FILENAME ":" start ": " FNR - start " lines"; start = 0 }' \
		"${sources[@]}"
}

lengths() {
	wc -l "${code[@]}" | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }'
}

todos() {
	grep -nE '\b(TODO|FIXME|XXX)\b' "${texts[@]}" | grep -vE '^tests/lint\.sh:|TODO: [^ ]+ [^ ]+ [^ ]+'
}

# --- SQL ---

# A dollar quote ends at its tag, and a quote of ours at the first in what it holds. dump/lex reads them.
quotes() {
	grep -nE '"[^"]*\$[A-Za-z_0-9]*\$' "${sources[@]}" | grep -vE '\^\[|\+\$|\{[0-9,]+\}\$'
	grep -nE '"(ALTER|CLOSE|COMMENT|COPY|CREATE|DELETE|DO|DROP|EXECUTE|GRANT|INSERT|REVOKE|SELECT|SET|UPDATE) ([^"\\]|\\.)*('"'"'|\\")%[^ ]*s' "${sources[@]}"
}

# --- texts ---

help_width() {
	local applet
	for applet in $("$pgbox" --list); do
		case $applet in pg_dump | pg_dumpall | pg_restore | psql) continue ;; esac
		"$pgbox" "$applet" --help | awk -v applet="$applet" 'length > 80 { print applet ": " length " columns: " $0 }'
	done
}

blanks() {
	grep -nE '[[:blank:]]+$' "${texts[@]}"
}

# Where a machine keeps things, or where it gets them from, is no business of the tree's.
machines() {
	grep -nE '(^|[^A-Za-z0-9_.)}/$-])/(wor[k]|roo[t]|hom[e])\b' "${texts[@]}"
	grep -nE '\b[a-z0-9.-]+\.(debia[n]|ubunt[u])\.(org|com)\b|\bpypi\.or[g]\b|\bregistry\.npmj[s]' "${texts[@]}"
}

# Tests wait for things. A longer sleep stands for something that never ends.
sleeps() {
	grep -nE '\bsleep [1-9](\.[0-9]+)?\b' "${texts[@]}" | grep -E '^[^:]*\.(bats|bash):'
}

# SC2016: text in single quotes is for another shell. SC2154: bats sets status, output and stderr.
shells() {
	shellcheck -x -f gcc -e SC2016,SC2154 "${scripts[@]}"
}

rule "no file includes what is in a room above its own (tests/rooms.sh)" tests/rooms.sh includes
rule "no file calls what is in a room above its own" tests/rooms.sh calls
rule "no files call or include each other in a circle" tests/rooms.sh circles
rule "no static function or variable bears the name of an extern" tests/rooms.sh statics
rule "no struct's tag stands twice" tests/rooms.sh tags
rule "each third-party header is included by one file of src/ext" wrappers
rule "banned.h is included everywhere, behind the system's headers" banned
rule "no name of ours is one of PostgreSQL's" names
rule "each function that a test wraps is there" wraps
rule "no function has more than 60 lines" functions
rule "no file has more than 600 lines" lengths
rule "foreign text is quoted in SQL by the library, as a parameter or by format()" quotes
rule "what is left to do has its reason" todos
rule "the help fits 80 columns" help_width
rule "the README has the options of --help" tools/readme.sh --check "$pgbox"
rule "no line ends in blanks" blanks
rule "no file names a machine's folders or a registry's host" machines
rule "no test sleeps where it could wait" sleeps
rule "shellcheck finds nothing" shells
echo "1..$total"
[ "$failures" = 0 ]
