#!/bin/sh
# Runs a command on a kernel that runs programs for aarch64: by itself, or by qemu as it is set up here, or by qemu set up
# for as long as the command runs, which takes root.
# usage: tests/arm64.sh COMMAND [ARG...]
set -eu

rules=/usr/lib/binfmt.d/qemu-aarch64.conf
folder=/proc/sys/fs/binfmt_misc
mounted=false registered=false

# shellcheck disable=SC2317 # called by a trap
clean_up() {
    ! $registered || echo -1 >"$folder/qemu-aarch64"
    ! $mounted || umount "$folder"
}

die() { echo "arm64.sh: $*" >&2; exit 1; }

trap 'clean_up' EXIT
trap 'exit 130' INT TERM HUP
if [ "$(uname -m)" != aarch64 ] && ! grep -qs enabled $folder/qemu-aarch64; then
    [ "$(id -u)" = 0 ] || die "programs for aarch64 do not run here, and only root can let them: see binfmt_misc"
    [ -e $rules ] || die "$rules is missing; ./build.sh arm64 installs it"
    if ! [ -e $folder/register ]; then
        mount -t binfmt_misc binfmt_misc $folder || die "the kernel has no binfmt_misc"
        mounted=true
    fi
    # As Debian's own: opened once, so that containers have it too, and with argv[0] as it was.
    cat $rules >$folder/register
    registered=true
fi
if [ "$(uname -m)" != aarch64 ]; then
    EMULATED=1
    export EMULATED
fi
status=0
"$@" || status=$?
exit "$status"
