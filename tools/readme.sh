#!/bin/sh
# Writes each applet's --help into README.md, between the lines "<!-- help: NAME -->" and "<!-- end -->".
# usage: tools/readme.sh [--check] [PGBOX]      --check: change nothing, fail when the README differs
set -eu

[ "${1-}" = --check ] && check=1 && shift || check=
pgbox=${1:-./pgbox}
readme=README.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT

inside=
while IFS= read -r line; do
    case $line in
    '<!-- help: '*' -->')
        name=${line#'<!-- help: '}
        name=${name%' -->'}
        printf '%s\n```\n' "$line"
        "$pgbox" "$name" --help
        echo '```'
        inside=1
        ;;
    '<!-- end -->') inside= && echo "$line" ;;
    *) [ -n "$inside" ] || printf '%s\n' "$line" ;;
    esac
done <$readme >"$new"

# Each applet of ours has a section.
for name in $("$pgbox" --list); do
    case $name in pg_dump | pg_dumpall | pg_restore | psql) continue ;; esac
    grep -q "^<!-- help: $name -->\$" "$new" || { echo "readme.sh: README.md has no help of $name" >&2; exit 1; }
done

if [ -n "$check" ]; then
    diff -u $readme "$new" || { echo "readme.sh: the options in README.md are not those of --help: run 'make docs'" >&2; exit 1; }
elif ! cmp -s $readme "$new"; then
    cat "$new" >$readme
fi
