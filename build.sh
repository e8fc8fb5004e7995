#!/bin/sh
# Builds pgbox on Debian 12 or newer: pinned sources -> verified -> static libraries -> make.
# The libraries are built once, into a cache outside the tree; see help() below and sources.lock.
set -eu

help() {
    cat <<'HELP'
usage: ./build.sh [--target x86_64|aarch64] [VERB] [MAKE ARGUMENT...]
       ./build.sh --prefix | --update-lock | --audit | --help

Builds ./pgbox, a static binary, from the sources that sources.lock pins.
Packages that are missing are installed when run as root; otherwise the
command that installs them is printed.

VERB     (none)        build ./pgbox (./pgbox-aarch64 for the other target)
         demo          build, then show it working
         test          build, then run the tests
         lint bench soak majors size fuzz reproducible docker arm64 rootfs
                       build, then make that target
         libs          only the libraries

--target CPU           the CPU to build for (this machine's); Docker's names,
                       amd64 and arm64, are known too
--prefix               print the folder of the libraries, building nothing
--update-lock          pin the newest versions that the suites named in
                       sources.lock have, and say what changed
--audit                compare sources.lock with what Debian has now, security
                       updates included: newer versions, and security patches
                       that are not in pgbox; exit 3 if there are any
--help                 this text

Cache:   ${XDG_CACHE_HOME:-~/.cache}/pgbox: downloads and finished libraries,
         safe to delete. With a full cache no network is needed.
Environment:
         PGBOX_DEBIAN_MIRROR   where Debian's sources come from (apt's mirror)
HELP
}

# What each purpose needs beyond a minimal Debian.
packages() {
    case $1 in
    build)
        echo gcc make binutils libc6-dev bison flex perl xz-utils bzip2 ca-certificates
        [ "$target" = "$machine" ] || echo "gcc-$arch-linux-gnu libc6-dev-$debian_arch-cross"
        ;;
    demo) ;;
    test) echo bats parallel clang libcmocka-dev libclang-rt-dev libpq-dev libsqlite3-dev libexpat1-dev libcurl4-openssl-dev libssl-dev \
        zlib1g-dev libzstd-dev liblz4-dev postgresql postgresql-postgis postgresql-postgis-scripts pgbouncer redis-server \
        python3 openssl jq procps zstd lz4 util-linux iproute2 e2fsprogs \
        python3-django python3-psycopg2 alembic python3-flask-migrate ;;
    lint) packages test && echo shellcheck clang-tidy ;;
    bench) echo postgresql postgresql-contrib python3 ;;
    soak) packages test ;;
    majors) packages test && echo patchelf ;;
    arm64) packages test && echo qemu-user-static ;;
    docker) echo bats parallel openssl patchelf runc iptables iproute2 mmdebstrap eatmydata busybox-static qemu-user-static ;;
    fuzz) echo clang libclang-rt-dev libpq-dev libsqlite3-dev libexpat1-dev libcurl4-openssl-dev libssl-dev zlib1g-dev libzstd-dev liblz4-dev ;;
    esac
}

say() { echo "build.sh: $*" >&2; }
warn() { say "$@"; }
die() { say "$@"; exit 1; }

# Installs the packages given that are not here, or says how.
need() {
    missing=''
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=''
        [ "$status" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    install="apt-get install -y --no-install-recommends$missing"
    [ "$(id -u)" = 0 ] || die "packages are missing; install them as root and run this again:
    $install"
    say "installing$missing"
    # The package lists may be absent or older than the mirror.
    $install >"$state/log" 2>&1 || { apt-get update && $install; } >"$state/log" 2>&1 || {
        tail -n 5 "$state/log" >&2
        die "cannot install$missing"
    }
}

# A build is named by everything that goes into it: the sources, the recipe, the compiler.
prefix() {
    command -v "$target-linux-gnu-gcc" >/dev/null || die "$target-linux-gnu-gcc is missing; ./build.sh installs it"
    key=$({ lock_lines | cut -d ' ' -f 1-4 | sort -u; cat tools/libs.sh; "$target-linux-gnu-gcc" -dumpfullversion; } |
        sha256sum | cut -c 1-16)
    echo "$cache/$target-$key"
}

# Builds the libraries unless a finished build is there. A folder gets its name only when it is complete.
libs() {
    [ ! -d "$prefix" ] || return 0
    exec 9>"$cache/lock"
    flock -n 9 || { say "waiting for another build"; flock 9; }
    if [ ! -d "$prefix" ]; then
        rm -rf "$cache"/unfinished-*
        sources_fetch
        say "building the libraries for $target (once, some minutes)"
        # An empty environment: no CFLAGS, MAKEFLAGS or CONFIG_SITE of the caller's gets into the libraries.
        env -i PATH="$PATH" HOME="$HOME" tools/libs.sh "$target" "$sources" "$cache/unfinished-$target" >&2
        mv "$cache/unfinished-$target" "$prefix"
    fi
    exec 9>&-
}

update_lock() {
    lock_updated >"$state/lock"
    if cmp -s "$state/lock" "$lock"; then
        say "sources.lock is up to date"
    else
        diff "$lock" "$state/lock" || true
        cp "$state/lock" "$lock.tmp"
        mv "$lock.tmp" "$lock"
    fi
}

cd "$(dirname "$0")"
unset MAKEFLAGS MFLAGS MAKELEVEL
lock=sources.lock
[ -n "${XDG_CACHE_HOME:-${HOME-}}" ] || die "set HOME or XDG_CACHE_HOME: the libraries are kept there"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgbox
sources=$cache/sources
machine=$(uname -m)
target=$machine
verb=all

while [ $# -gt 0 ]; do
    case $1 in
    --target) [ $# -gt 1 ] || die "--target needs x86_64 or aarch64"; target=$2; shift ;;
    --target=*) target=${1#*=} ;;
    --help | -h) help; exit ;;
    --prefix | --update-lock | --audit) verb=$1 ;;
    demo | test | lint | bench | soak | majors | size | fuzz | reproducible | docker | arm64 | rootfs | libs) verb=$1; shift; break ;;
    *=*) break ;;
    *) die "unknown argument '$1'; see ./build.sh --help" ;;
    esac
    shift
done
case $target in
amd64) target=x86_64 ;;
arm64) target=aarch64 ;;
esac
case $target in
x86_64) arch=x86-64 debian_arch=amd64 ;;
aarch64) arch=aarch64 debian_arch=arm64 ;;
*) die "unknown target '$target': x86_64 or aarch64" ;;
esac

command -v dpkg-query >/dev/null || die "this needs Debian 12 or newer"
. tools/sources.sh
mkdir -p "$cache"
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
trap 'exit 130' INT TERM HUP

case $verb in
--update-lock) update_lock; exit ;;
--audit) lock_audit; exit ;;
--prefix) prefix; exit ;;
esac

# shellcheck disable=SC2046 # a list
need $(packages build) $(packages "$verb")
prefix=$(prefix)
libs
[ "$verb" != libs ] || exit 0
make -j"$(nproc)" TARGET="$target" DEPS="$prefix" all "$@"
[ "$verb" = all ] || make TARGET="$target" DEPS="$prefix" "$verb" "$@"
