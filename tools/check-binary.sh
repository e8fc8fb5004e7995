#!/bin/sh
# Checks that a linked pgbox is what it claims to be: a stripped, hardened static PIE of a decent size.
# usage: tools/check-binary.sh BINARY UNSTRIPPED
set -eu

binary=$1 unstripped=$2
limit=7340032
failures=0

holds() {
    what=$1; shift
    "$@" || { echo "check-binary: $binary: $what" >&2; failures=$((failures + 1)); }
}
# shellcheck disable=SC2317 # called through holds
has() { echo "$1" | grep -q -e "$2"; }
# shellcheck disable=SC2317
lacks() { ! has "$@"; }

header=$(readelf -h "$binary")
segments=$(readelf -lW "$binary")
dynamic=$(readelf -dW "$binary")
sections=$(readelf -SW "$binary")
symbols=$(nm "$unstripped")
objdump=objdump
! readelf -h "$binary" | grep -q AArch64 || objdump=aarch64-linux-gnu-objdump
start=$($objdump -d --no-show-raw-insn --disassemble=main "$unstripped")

holds 'not position independent (ET_DYN)' has "$header" 'Type: *DYN'
holds 'not marked as PIE' has "$dynamic" 'FLAGS_1.* PIE'
holds 'wants an interpreter' lacks "$segments" INTERP
holds 'wants a shared library' lacks "$dynamic" NEEDED
holds 'has text relocations' lacks "$dynamic" TEXTREL
holds 'no RELRO' has "$segments" GNU_RELRO
holds 'no immediate binding' has "$dynamic" BIND_NOW
holds 'no GNU_STACK segment' has "$segments" GNU_STACK
holds 'executable stack' lacks "$segments" 'GNU_STACK.* RWE '
holds 'writable code' lacks "$segments" 'LOAD.* RWE '
holds 'not stripped' lacks "$sections" '\.symtab\|\.debug_'
holds 'carries a build id' lacks "$sections" build-id
holds 'no stack protector' has "$symbols" ' __stack_chk_fail$'
holds 'no branch protection' has "$start" 'endbr64\|paciasp\|bti'
holds "larger than $limit bytes" test "$(stat -c %s "$binary")" -le "$limit"
exit "$((failures > 0))"
