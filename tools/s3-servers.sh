#!/bin/sh
# Makes the S3 servers that the tests run against, from the Debian suite that has each, and a client. See help().
#
# A server is its packages' files unpacked into a folder, as in tools/servers.sh: no installation, no root, nothing of
# the machine changes. It runs under the dynamic loader and with the libraries unpacked beside it.
set -eu

help() {
    cat <<'HELP'
usage: tools/s3-servers.sh [ceph] [moto] [rclone] [swift]
       tools/s3-servers.sh --bin NAME
       tools/s3-servers.sh --help

Makes what S3 is tested against (all four), unless it is there: Ceph's
radosgw, which needs no cluster when it keeps all in a file of SQLite's, and
which checks signatures, as OpenStack's Swift does; moto, a server of Python's;
and rclone, as a client.

--bin NAME             print the folder of its programs; exit 1, and say why,
                       if it has not been made
--help                 this text

Cache:   ${XDG_CACHE_HOME:-~/.cache}/pgbox/s3, safe to delete. With a full
         cache no network is needed.
Environment:
         PGBOX_DEBIAN_MIRROR   where Debian's packages come from (apt's mirror)
HELP
}

say() { echo "s3-servers.sh: $*" >&2; }
warn() { say "$@"; }
die() { say "$@"; exit 1; }

# Sets the suite, the packages wanted of it, the programs, and the options with which each says that it runs.
server_known() {
    suite=trixie try=--help
    case $1 in
    ceph) wanted=radosgw programs='radosgw radosgw-admin' ;;
    moto) wanted='python3-moto python3-flask python3-flask-cors' programs=python3 try='-m moto.server --help' ;;
    swift) wanted='swift-proxy swift-account swift-container swift-object' programs=python3 try='-m swift.cli.info --help' ;;
    rclone) suite=sid wanted=rclone programs=rclone ;;
    *) die "there is no '$1' here: ceph, moto, swift or rclone" ;;
    esac
}

# A server is named by what made it; it takes the place of the one before.
server_folder() { echo "$servers/$1-$(sha256sum <tools/s3-servers.sh | cut -c 1-8)"; }

# An apt to which nothing is installed, so that it names every package that the wanted ones need.
server_apt() {
    : >"$state/$suite/status"
    what=$1
    shift
    debian_apt "$suite" "$what" -oDir::State::Status="$state/$suite/status" -oAPT::Default-Release= \
        -oAPT::Install-Recommends=false "$@"
}

server_download() {
    # shellcheck disable=SC2086 # a list
    server_apt apt-get install -s $wanted >"$state/plan" 2>"$state/log" || return 1
    packages=$(awk '$1 == "Inst" && $2 !~ /^(tar|dpkg|debconf|openssl|adduser|passwd|base-passwd)$/ { print $2 }' \
        "$state/plan")
    mkdir "$state/download"
    # shellcheck disable=SC2086 # a list
    (cd "$state/download" && server_apt apt-get download $packages) >"$state/log" 2>&1
}

# A Debian of today keeps everything below usr; the loader's own name is the one in lib64.
server_unpack() {
    mkdir "$root"
    for package in "$state"/download/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale"
}

# A program's command: what it is run by must not depend on the machine's own libraries.
server_tie() {
    loader=$(find "$root" -path '*-linux-gnu/ld-linux*.so.*' | head -n 1)
    [ -n "$loader" ] || die "found no dynamic loader in $suite's libc6"
    libraries=${loader%/*} libraries=${libraries#"$root"}
    # shellcheck disable=SC2016 # for the command
    {
        echo '#!/bin/sh'
        echo 'root=${0%/*}'
        echo 'export PYTHONHOME="$root/usr" PYTHONDONTWRITEBYTECODE=1'
        printf 'exec "$root%s" --library-path "$root%s:$root%s/ceph" "$root/usr/bin/%s" "$@"\n' "${loader#"$root"}" \
            "$libraries" "$libraries" "$1"
    } >"$root/$1"
    chmod 755 "$root/$1"
}

# Makes the server; its folder gets its name only when it runs.
server_make() {
    say "making $1 from Debian's $suite (once)"
    root=$state/root
    rm -rf "$root" "$state/download"
    debian_update "$suite" || die "no $1 without it"
    server_download || {
        grep '^E:' "$state/log" >&2 || tail -n 3 "$state/log" >&2
        die "cannot get $1 from Debian's $suite"
    }
    server_unpack
    for name in $programs; do
        server_tie "$name"
        # shellcheck disable=SC2086 # words
        "$root/$name" $try >/dev/null 2>"$state/log" || die "$1 does not run: $(tail -n 1 "$state/log")"
    done
    rm -rf "$servers/$1"-*
    mv "$root" "$(server_folder "$1")"
}

umask 022
cd "$(dirname "$0")/.."
export LC_ALL=C
# shellcheck disable=SC1091 # another file
. tools/sources.sh

bin=false
case ${1-} in
--help | -h) help; exit ;;
--bin) bin=true; shift; [ $# -eq 1 ] || die "--bin needs one NAME; see tools/s3-servers.sh --help" ;;
-*) die "unknown option '$1'; see tools/s3-servers.sh --help" ;;
'') set -- ceph moto rclone swift ;;
esac
servers=${XDG_CACHE_HOME:-$HOME/.cache}/pgbox/s3
mkdir -p "$servers"
missing=''
for name in "$@"; do
    server_known "$name"
    [ -d "$(server_folder "$name")" ] || missing="$missing $name"
done
if $bin; then
    [ -z "$missing" ] || die "there is no $1 here; tools/s3-servers.sh $1 makes it"
    server_folder "$1"
    exit
fi
[ -n "$missing" ] || exit 0

for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null || die "$tool is missing: this needs Debian 12 or newer"
done
exec 9>"$servers/lock"
flock -n 9 || { say "waiting for another run"; flock 9; }
state=$servers/unfinished
rm -rf "$state"
mkdir "$state"
trap 'rm -rf "$state"' EXIT
trap 'exit 130' INT TERM HUP
for server in $missing; do
    server_known "$server"
    [ -d "$(server_folder "$server")" ] || server_make "$server"
done
