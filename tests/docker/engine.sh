#!/bin/sh
# Runs a command beside a Docker engine: the one that runs on this machine or, where none does, one of its own. See help().
#
# The programs are those of Debian's trixie, whatever Debian this is: unpacked into a folder, nothing is installed. They
# need no more than the libc of Debian 12; only runc does, which therefore comes with iptables from this machine's Debian.
set -eu

help() {
    cat <<'HELP'
usage: tests/docker/engine.sh COMMAND [ARG...]
       tests/docker/engine.sh --start | --stop | --help

Runs COMMAND with `docker`, its buildx and its Compose in PATH and a Docker
engine that they reach. An engine that answers is taken as it is; otherwise one
is started, as root, and ended after COMMAND.

--start                start that engine and leave it running, for each COMMAND
                       to find; print what a shell evals to reach it as well
--stop                 end it
--help                 this text

Cache:   ${XDG_CACHE_HOME:-~/.cache}/pgbox/docker: the programs, and all that
         the engine keeps: images, layers, volumes. Safe to delete once it is
         stopped. With a full cache no network is needed.
Environment:
         DOCKER_HOST           the engine to use, as for docker
         PGBOX_DEBIAN_MIRROR   where Debian's packages come from (apt's mirror)
HELP
}

say() { echo "engine.sh: $*" >&2; }
warn() { say "$@"; }
die() { say "$@"; exit 1; }

suite=trixie
packages='docker.io docker-cli docker-compose docker-buildx containerd tini'

# The programs are named by what they are of.
programs_folder() { echo "$cache/programs-$(echo "$suite $packages" | sha256sum | cut -c 1-8)"; }

programs_make() {
    say "unpacking Docker from Debian's $suite (once)"
    debian_update "$suite" || die "no Docker without it"
    rm -rf "$cache"/programs-* "$cache/unfinished"
    mkdir -p "$state/download" "$cache/unfinished"
    # shellcheck disable=SC2086 # a list
    (cd "$state/download" && debian_apt "$suite" apt-get download $packages) >"$state/log" 2>&1 || {
        grep '^E:' "$state/log" >&2
        die "cannot download Docker from Debian's $suite"
    }
    for package in "$state"/download/*.deb; do
        dpkg-deb -x "$package" "$cache/unfinished"
    done
    rm -rf "$cache/unfinished/usr/share"
    mkdir "$cache/unfinished/config"
    printf '{"cliPluginsExtraDirs": ["%s"]}\n' "$programs/usr/libexec/docker/cli-plugins" \
        >"$cache/unfinished/config/config.json"
    mv "$cache/unfinished" "$programs"
}

# The programs first in PATH. What Compose or buildx lacks of a client that is here is no question then.
programs_use() {
    [ -d "$programs" ] || programs_make
    PATH=$programs/usr/bin:$programs/usr/sbin:$PATH
    DOCKER_CONFIG=$programs/config
    export PATH DOCKER_CONFIG
}

answers() { timeout 20 docker version >/dev/null 2>&1; }

has_plugins() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

# As far as the machine's way out lets packets through.
mtu() { ip route get 198.51.100.1 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | { read -r dev && cat "/sys/class/net/$dev/mtu"; } || echo 1500; }

engine_start() {
    [ "$(id -u)" = 0 ] || die "no Docker engine answers, and only root can start one"
    for program in runc iptables ip; do
        command -v $program >/dev/null || die "$program is missing; ./build.sh docker installs it"
    done
    echo '{}' >"$cache/daemon.json"
    # A session of its own, and not with &: what a shell starts so ignores SIGINT, and so would all containers.
    setsid --fork dockerd --config-file "$cache/daemon.json" --data-root "$cache/data" --exec-root "$run" \
        --host "$DOCKER_HOST" --pidfile "$run/pid" --mtu "$(mtu)" --shutdown-timeout 5 --log-level warn \
        </dev/null >"$cache/log" 2>&1 9>&-
    for _ in $(seq 300); do
        ! answers || return 0
        ! grep -q '^failed to start' "$cache/log" || break
        sleep 0.1
    done
    tail -n 5 "$cache/log" >&2
    engine_stop
    die "the Docker engine does not start; see $cache/log"
}

engine_stop() {
    pid=$(cat "$run/pid" 2>/dev/null) || return 0
    kill -TERM "$pid" 2>/dev/null || { rm -f "$run/pid"; return 0; }
    for _ in $(seq 600); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    ip link delete docker0 2>/dev/null || true
}

# shellcheck disable=SC2317 # called by a trap
clean_up() {
    rm -rf "$state"
    ! $own || engine_stop
}

umask 022
here=$(cd "$(dirname "$0")/../.." && pwd)
back=$PWD
cd "$here"
# shellcheck disable=SC1091 # another file
. tools/sources.sh
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgbox/docker
# Short, for the names of sockets; an engine of another cache is another engine.
run=/run/pgbox-docker-$(echo "$cache" | sha256sum | cut -c 1-8)
mkdir -p "$cache"
programs=$(programs_folder)
state=$(mktemp -d)
own=false
trap 'clean_up' EXIT
trap 'exit 130' INT TERM HUP

case ${1-} in
--help | -h) help; exit ;;
--stop) engine_stop; exit ;;
--start) ;;
'' | -*) help >&2; exit 1 ;;
esac

# What COMMAND may do with the engine depends on whose it is.
PGBOX_ENGINE=found
export PGBOX_ENGINE
if [ "${DOCKER_HOST-}" != "unix://$run/docker.sock" ] && answers; then
    has_plugins || programs_use
else
    DOCKER_HOST=unix://$run/docker.sock
    PGBOX_ENGINE=own
    export DOCKER_HOST
    programs_use
    mkdir -p "$run"
    exec 9>"$cache/lock"
    flock 9
    if ! answers; then
        engine_start
        own=true
    fi
    exec 9>&-
fi
if [ "$1" = --start ]; then
    own=false
    printf "export %s\n" "DOCKER_HOST='${DOCKER_HOST-}'" "DOCKER_CONFIG='${DOCKER_CONFIG-}'" "PATH='$PATH'"
    exit
fi
status=0
(cd "$back" && "$@") || status=$?
exit "$status"
