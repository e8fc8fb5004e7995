#!/bin/sh
# Makes stand-ins for the public images that the tests use, for an engine that reaches no registry. See help().
#
# They bear the public names and behave as those do where a user would see it: first boot, paths, variables, volumes.
# What is in them are Debian's packages; the servers are those of tools/servers.sh. Recipes are in tests/docker/images.
set -eu

help() {
    cat <<'HELP'
usage: tests/docker/engine.sh tests/docker/images.sh [NAME...]
       tests/docker/images.sh --list | --help
       tests/docker/engine.sh tests/docker/images.sh --remove

Sees to it that the images NAME, or all, are there. One that is there is taken;
otherwise it is pulled; if it cannot be, or in CI, a stand-in is made. A
stand-in is made anew when its recipe has changed.

--list                 print the names
--remove               remove the stand-ins
--help                 this text

Environment:
         CI                    when set, nothing is pulled
         PGBOX_DEBIAN_MIRROR   where Debian's packages come from (apt's mirror)
HELP
}

say() { echo "images.sh: $*" >&2; }
warn() { say "$@"; }
die() { say "$@"; exit 1; }

# What is made of what: NAME RECIPE PARENT MAJOR.
images() {
    cat <<'LIST'
debian:bookworm-slim debian - bookworm
debian:trixie-slim debian - trixie
alpine:3.22 alpine - -
postgres:15 postgres debian:bookworm-slim 15
postgres:17 postgres debian:bookworm-slim 17
postgres:18 postgres debian:bookworm-slim 18
postgis/postgis:17-3.5 postgis postgres:17 17
postgis/postgis:18-3.6 postgis postgres:18 18
pgvector/pgvector:pg17 pgvector postgres:17 17
pgvector/pgvector:pg18 pgvector postgres:18 18
python:3.13 python debian:trixie-slim -
node:22 node debian:trixie-slim -
redis:8 redis debian:trixie-slim -
nginx:1.26 nginx debian:trixie-slim -
LIST
}

# Sets recipe, parent and version of an image, and its hash: of all that goes into it.
image_known() {
    line=$(images | awk -v n="$1" '$1 == n')
    [ -n "$line" ] || die "there is no recipe for '$1'; see --list"
    read -r _ recipe parent version <<LINE
$line
LINE
    hash=$({
        echo "$line"
        [ "$parent" = - ] || (image_known "$parent" && echo "$hash")
        sed -n "/^make_$recipe() /,/^}/p" tests/docker/images.sh
        [ ! -d "tests/docker/images/$recipe" ] || find "tests/docker/images/$recipe" -type f | sort | xargs sha256sum
        [ "$recipe" != postgres ] || cat tools/servers.sh
        [ "$recipe" != node ] || cat "$certificates"
    } | sha256sum | cut -c 1-16)
}

# Prints the hash in the label of a stand-in, "public" for another image, and nothing if there is none.
image_label() {
    docker image inspect -f '{{with index .Config.Labels "pgbox.stand-in"}}{{.}}{{else}}public{{end}}' "$1" 2>/dev/null
}

image_make() {
    image_known "$1"
    case $(image_label "$1") in
    public | "$hash") return ;;
    esac
    [ -n "${CI-}" ] || $unreachable || { image_pull "$1" && return; }
    if [ "$parent" != - ]; then
        (image_make "$parent")
    fi
    say "making a stand-in for $1 (once)"
    "make_$recipe" "$1" >"$state/image.log" 2>&1 || {
        tail -n 20 "$state/image.log" >&2
        die "cannot make a stand-in for $1"
    }
}

image_pull() {
    say "pulling $1"
    docker pull -q "$1" >/dev/null 2>"$state/log" && return
    say "cannot pull it: $(tail -n 1 "$state/log")"
    unreachable=true
    return 1
}

# build NAME [OPTION...]: from the context on stdin.
build() {
    name=$1; shift
    docker build -q --label "pgbox.stand-in=$hash" -t "$name" "$@" -
}

recipe_context() { tar -C "tests/docker/images/$recipe" -c . | build "$@"; }

make_python() { recipe_context "$@"; }
make_redis() { recipe_context "$@"; }
make_nginx() { recipe_context "$@"; }

# What the slim images leave out is left out; what waits for the disk does not.
make_debian() {
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    mirror=$(debian_mirror)
    security=$(debian_security_mirror)
    mmdebstrap --variant=minbase --include=tzdata,eatmydata --hook-dir=/usr/share/mmdebstrap/hooks/eatmydata \
        --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        "$version" "$state/root.tar" \
        "deb [signed-by=$keyring] $mirror $version main" "deb [signed-by=$keyring] $security $version-security main"
    docker import -c 'CMD ["bash"]' -c "LABEL pgbox.stand-in=$hash" "$state/root.tar" "$1"
    rm "$state/root.tar"
}

make_alpine() {
    busybox=$(command -v busybox) || die "busybox-static is missing; ./build.sh docker installs it"
    ! readelf -l "$busybox" | grep -q INTERP || die "$busybox is not static: install busybox-static"
    root=$state/alpine/root
    mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/usr/bin" "$root/var"
    cp "$busybox" "$root/bin/busybox"
    for applet in $("$busybox" --list); do
        [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
    done
    chmod 1777 "$root/tmp"
    printf '%s\n' 'root:x:0:0:root:/:/bin/sh' 'nobody:x:65534:65534:nobody:/:/sbin/nologin' >"$root/etc/passwd"
    printf '%s\n' 'root:x:0:root' 'nobody:x:65534:' >"$root/etc/group"
    cp tests/docker/images/alpine/Dockerfile "$state/alpine/"
    tar -C "$state/alpine" -c . | build "$@"
}

# npm, unlike apt, goes out by TLS.
make_node() {
    tar --transform "s,^${certificates#/}\$,certificates," -c -C "$here/tests/docker/images/node" . -C / "${certificates#/}" |
        build "$@"
}

# The folder of a server, and what in it belongs to the extensions that have images of their own.
server_known() {
    tools/servers.sh "$version"
    server=$(tools/servers.sh --bin "$version")
    server=${server%/usr/lib/postgresql/*}
    library=usr/lib/postgresql/$version/lib
    scripts=usr/share/postgresql/$version
}

# server_context FOLDER TAR-ARGUMENT...: the recipe, and files of the server under FOLDER.
server_context() {
    below=$1; shift
    tar --transform "flags=rh;s,^\(usr\|etc\|lib\|lib64\)/,$below/\1/," -c -C "$here/tests/docker/images/$recipe" . -C "$server" "$@"
}

make_postgres() {
    server_known
    case $version in
    1[0-7]) data=/var/lib/postgresql/data volume=$data ;;
    *) data=/var/lib/postgresql/$version/docker volume=/var/lib/postgresql ;;
    esac
    # shellcheck disable=SC2046 # a list
    server_context server --exclude="$library/*postgis*" --exclude="$library/address*" --exclude="$library/vector*" \
        --exclude="$scripts/extension/*postgis*" --exclude="$scripts/extension/address*" \
        --exclude="$scripts/extension/vector*" --exclude="$scripts/contrib" $(ls "$server") |
        build "$@" --build-arg "MAJOR=$version" --build-arg "FOLDER=$server" \
            --build-arg "PGDATA=$data" --build-arg "VOLUME=$volume"
}

# make_extensions NAME PATTERN...: the image of its parent, with these added.
make_extensions() {
    name=$1; shift
    server_known
    (cd "$server" && for pattern in "$@"; do
        find "$library" "$scripts/extension" -name "$pattern"
    done) >"$state/extension"
    server_context extensions -T "$state/extension" |
        build "$name" --build-arg "BASE=$parent" --build-arg "FOLDER=$server"
}

make_postgis() { make_extensions "$1" '*postgis*' 'address*'; }
make_pgvector() { make_extensions "$1" 'vector*'; }

remove() {
    docker image ls -q --no-trunc --filter label=pgbox.stand-in | sort -u | xargs -r docker image rm -f >/dev/null
}

# Two runs would make each other's images.
lock() {
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/pgbox
    mkdir -p "$folder"
    exec 8>"$folder/images.lock"
    flock -n 8 || { say "waiting for another run"; flock 8; }
}

umask 022
cd "$(dirname "$0")/../.."
here=$PWD
export LC_ALL=C
# shellcheck disable=SC1091 # another file
. tools/sources.sh
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
trap 'exit 130' INT TERM HUP
unreachable=false
certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}

case ${1-} in
--help | -h) help; exit ;;
--list) images | cut -d ' ' -f 1; exit ;;
--remove) remove; exit ;;
-*) help >&2; exit 1 ;;
'')
    # shellcheck disable=SC2046 # a list
    set -- $(images | cut -d ' ' -f 1)
    ;;
esac
lock
for name in "$@"; do
    image_make "$name"
done
