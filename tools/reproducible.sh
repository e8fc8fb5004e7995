#!/bin/sh
# Builds everything anew, the libraries too, in another folder, with an empty cache (only the downloads are shared),
# another time zone, locale and umask, and compares that binary with the one that is there.
# usage: tools/reproducible.sh [x86_64|aarch64]
set -eu

target=${1:-$(uname -m)}
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgbox
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# build FOLDER: leaves FOLDER/tree/pgbox*
build() {
    mkdir -p "$1/tree" "$1/cache/pgbox"
    cp -R VERSION Makefile build.sh sources.lock tools src applets "$1/tree/"
    cp -R "$cache/sources" "$1/cache/pgbox/sources"
    XDG_CACHE_HOME="$1/cache" "$1/tree/build.sh" --target "$target" >"$1/log" 2>&1 || {
        tail -n 20 "$1/log" >&2
        exit 1
    }
}

(export TZ=Pacific/Auckland LC_ALL=C.UTF-8; umask 077; build "$scratch/a/longer/way")
set -- pgbox
[ "$target" = "$(uname -m)" ] || set -- "pgbox-$target"
sha256sum "$1" "$scratch/a/longer/way/tree/$1"
cmp "$1" "$scratch/a/longer/way/tree/$1"
echo "reproducible: both builds are the same, byte for byte"
