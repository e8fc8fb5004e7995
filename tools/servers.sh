#!/bin/sh
# Makes the PostgreSQL servers that the tests run against, one per major, from the Debian suite that has it. See help().
#
# A server is its packages' files unpacked into a folder: no installation, no root, no daemon, nothing of the machine
# changes. Its programs name the folder's own dynamic loader and library folders, so they are ordinary executables that
# any user can run with paths of the machine; PostgreSQL finds its other files relative to its programs.
set -eu

help() {
    cat <<'HELP'
usage: tools/servers.sh MAJOR...
       tools/servers.sh --bin MAJOR
       tools/servers.sh --help

Makes a PostgreSQL of each MAJOR, unless it is there: 13, 15, 17 or 18, the
last three with PostGIS, the last two with pgvector. Needs patchelf.

--bin MAJOR            print the folder of that server's programs; exit 1, and
                       say why, if it has not been made
--help                 this text

Cache:   ${XDG_CACHE_HOME:-~/.cache}/pgbox/servers, safe to delete; with root,
         if it is closed to nobody, as whom the servers run, then
         /var/cache/pgbox/servers. With a full cache no network is needed.
         It cannot be moved.
Environment:
         PGBOX_DEBIAN_MIRROR   where Debian's packages come from (apt's mirror)
         PGBOX_DEBIAN_ARCHIVE  where the suites come from that have left it
HELP
}

say() { echo "servers.sh: $*" >&2; }
warn() { say "$@"; }
die() { say "$@"; exit 1; }

# Sets the suite, and the packages wanted of it.
major_known() {
    case $1 in
    13) suite=bullseye extras='' ;;
    15) suite=bookworm extras='postgis-3 postgis-3-scripts' ;;
    17) suite=trixie extras='postgis-3 postgis-3-scripts pgvector' ;;
    18) suite=forky extras='postgis-3 postgis-3-scripts pgvector' ;;
    *) die "there is no PostgreSQL '$1' here: 13, 15, 17 or 18" ;;
    esac
    wanted=postgresql-$1
    for extra in $extras; do
        wanted="$wanted postgresql-$1-$extra"
    done
}

# PostgreSQL refuses to run as root, and the user it then runs as may have no way into root's home.
servers_folder() {
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/pgbox
    mkdir -p "$folder"
    [ "$(id -u)" != 0 ] || setpriv --reuid=nobody --regid=nogroup --clear-groups test -x "$folder" ||
        folder=/var/cache/pgbox
    mkdir -p "$folder/servers"
    echo "$folder/servers"
}

# A server is named by what made it.
server_folder() { echo "$servers/$1-$(sha256sum <tools/servers.sh | cut -c 1-8)"; }

# Reads the index of the suite: from the machine's mirror, or from the archive.
suite_read() {
    mirror=$(debian_mirror)
    security=$(debian_security_mirror)
    suite_read_from "$mirror" "$security" && return
    archive=${PGBOX_DEBIAN_ARCHIVE-}
    if [ -n "$archive" ]; then
        suite_read_from "$archive" "${archive%/}-security" && return
    fi
    warn "Debian's $suite cannot be had:"
    grep '^[EW]:' "$state/log" | head -n 3 >&2
    return 1
}

# Security updates count: they bring the minor releases that dump and restore alike. The testing suite has none.
suite_read_from() {
    rm -rf "${state:?}/$suite"
    mkdir -p "$state/$suite/lists/partial" "$state/$suite/cache/archives/partial"
    trusted='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    echo "deb $trusted $1 $suite main" >"$state/$suite/list"
    [ "$suite" = forky ] || echo "deb $trusted $2 $suite-security main" >>"$state/$suite/list"
    server_apt apt-get update --error-on=any >"$state/log" 2>&1
}

# An apt to which nothing is installed, so that it names every package that the wanted ones need.
server_apt() {
    program=$1
    shift
    : >"$state/$suite/status"
    debian_apt "$suite" "$program" -oDir::State::Status="$state/$suite/status" -oAPT::Default-Release= \
        -oAPT::Install-Recommends=false "$@"
}

# Downloads what holds the servers' programs, libraries and data. Left out: Perl, JIT compilation, and all that a
# whole Debian would need besides.
server_download() {
    # shellcheck disable=SC2086 # a list
    server_apt apt-get install -s $wanted >"$state/plan" 2>"$state/log" || return 1
    packages=$(awk '$1 == "Inst" && $2 ~ /^(lib|zlib1g|proj-data|postgresql-(client-)?[0-9])/ &&
        $2 !~ /^lib(llvm|z3-|perl|c-)|-perl$/ { print $2 }' "$state/plan")
    mkdir "$state/download"
    # shellcheck disable=SC2086 # a list
    (cd "$state/download" && server_apt apt-get download $packages) >"$state/log" 2>&1
}

server_unpack() {
    mkdir -m 755 "$root"
    for package in "$state"/download/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    cd "$root/usr/lib/postgresql/$major/lib"
    rm -rf bitcode llvmjit*
    cd "$root/usr/share"
    rm -rf doc man locale lintian bug
    # What PostGIS's installation would do.
    cd "postgresql/$major/extension"
    for control in *-3.control; do
        [ ! -f "$control" ] || ln -s "$control" "${control%-3.control}.control"
    done
    # Where PROJ, in usr/lib/CPU-linux-gnu, looks for its data.
    ln -s ../share "$root/usr/lib/share"
    cd "$here"
}

# Ties the programs to the libraries unpacked beside them, for the folder's name to be.
server_tie() {
    loader=$(find "$root" -path '*-linux-gnu/ld-linux*.so.*' | head -n 1)
    [ -n "$loader" ] || die "found no dynamic loader in $suite's libc6"
    cpu=${loader%/*} cpu=${cpu##*/} path=''
    for dir in "usr/lib/$cpu" "lib/$cpu" usr/lib lib "usr/lib/$cpu/blas" "usr/lib/$cpu/lapack"; do
        path="$path:\$ORIGIN/../../../../../$dir"
    done
    for program in "$root/usr/lib/postgresql/$major/bin"/*; do
        if [ -f "$program" ] && ! [ -L "$program" ]; then
            # An rpath, not a runpath: it also holds for the libraries that the libraries need.
            patchelf --set-interpreter "$(server_folder "$major")${loader#"$root"}" --force-rpath \
                --set-rpath "${path#:}" "$program"
        fi
    done
}

# Holds if each program, and each extension, finds all its libraries, and finds them in the folder.
server_check() {
    cd "$root/usr/lib/postgresql/$major/lib"
    for program in postgres initdb pg_ctl pg_isready pg_basebackup psql createdb pg_dump pg_restore pg_dumpall pgbench
    do
        "$loader" "../bin/$program" --version >/dev/null || die "$major's $program does not run"
        LD_TRACE_LOADED_OBJECTS=1 "$loader" "../bin/$program"
    done >"$state/loaded"
    for extension in *.so; do
        LD_TRACE_LOADED_OBJECTS=1 LD_PRELOAD=./$extension "$loader" ../bin/postgres
    done >>"$state/loaded"
    cd "$here"
    strays=$(awk -v root="$root/" '/=>/ && !index($0, "=> " root) { print $1 }' "$state/loaded" | sort -u)
    [ -z "$strays" ] || die "PostgreSQL $major lacks $(echo "$strays" | tr '\n' ' ')"
}

# Makes the server; its folder gets its name only when it is whole.
server_make() {
    say "making PostgreSQL $major from Debian's $suite (once)"
    state=$servers/unfinished
    root=$state/root
    rm -rf "$state"
    mkdir "$state"
    suite_read || die "no PostgreSQL $major without it"
    server_download || {
        grep '^E:' "$state/log" >&2 || tail -n 3 "$state/log" >&2
        die "cannot get PostgreSQL $major from Debian's $suite"
    }
    server_unpack
    server_tie
    server_check
    mv "$root" "$(server_folder "$major")"
    rm -rf "$state"
}

umask 022
cd "$(dirname "$0")/.."
here=$PWD
export LC_ALL=C
# shellcheck disable=SC1091 # another file
. tools/sources.sh

bin=false
case ${1-} in
--help | -h) help; exit ;;
--bin) bin=true; shift; [ $# -eq 1 ] || die "--bin needs one MAJOR; see tools/servers.sh --help" ;;
-*) die "unknown option '$1'; see tools/servers.sh --help" ;;
'') help >&2; exit 1 ;;
esac
for major in "$@"; do
    major_known "$major"
done
servers=$(servers_folder)

missing=''
for major in "$@"; do
    [ -d "$(server_folder "$major")" ] || missing="$missing $major"
done
if $bin; then
    [ -z "$missing" ] || die "there is no PostgreSQL $1 here; tools/servers.sh $1 makes it"
    echo "$(server_folder "$1")/usr/lib/postgresql/$1/bin"
    exit
fi
[ -n "$missing" ] || exit 0

for program in apt-get dpkg-deb patchelf; do
    command -v $program >/dev/null || die "$program is missing: this needs Debian 12 or newer, and its patchelf"
done
exec 9>"$servers/lock"
flock -n 9 || { say "waiting for another run"; flock 9; }
trap 'rm -rf "$servers/unfinished"' EXIT
trap 'exit 130' INT TERM HUP
for major in $missing; do
    major_known "$major"
    [ -d "$(server_folder "$major")" ] || server_make
done
