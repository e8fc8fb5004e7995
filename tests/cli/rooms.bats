#!/usr/bin/env bats
# The rule that keeps the rooms in order (tests/rooms.sh), against small houses in which something is wrong.

setup() {
	rules=$BATS_TEST_DIRNAME/../rooms.sh
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p src/base src/db src/repo applets
	file base/low.h 'int low(void);'
	file base/low.c '#include "base/low.h"' 'int low(void) { return 1; }'
	file db/high.h '#include "base/low.h"' 'int high(void);'
	file db/high.c '#include "db/high.h"' 'static int own; int high(void) { return low() + own; }'
	file repo/top.c '#include "db/high.h"' 'struct top { int a; }; int top(void) { return high(); }'
}

# file ROOM/NAME LINE...: a file of that house.
file() {
	local name=$1
	shift
	printf '%s\n' "$@" >"src/$name"
}

# finds RULE TEXT...: the rule finds one thing, of which each TEXT is a part; without a TEXT it finds nothing.
finds() {
	local rule=$1 source part
	shift
	for source in src/*/*.c; do
		mkdir -p "objects/${source%/*}"
		cc -w -Isrc -c -o "objects/${source%.c}.o" "$source"
	done
	output=$("$rules" "$rule" objects 2>&1)
	[ $# -gt 0 ] || [ -z "$output" ] || { echo "found: $output"; return 1; }
	for part; do
		[[ $output == *"$part"* ]] || { echo "found: $output, wanted: $part"; return 1; }
	done
}

@test "a house in order breaks no rule" {
	local rule
	for rule in includes calls circles statics tags; do
		finds "$rule"
	done
}

@test "an include of a room further up is found" {
	file base/low.c '#include "db/high.h"' 'int low(void) { return 1; }'
	finds includes 'base/low.c -> db/high.h'
}

@test "a call of a room further up is found, without an include of it" {
	file base/low.c 'int high(void); int low(void) { return high(); }'
	finds includes
	finds calls 'base/low.c -> db/high.c: high'
}

@test "a use of a variable of a room further up is found" {
	file db/high.c 'int level; int high(void) { return 0; }'
	file base/low.c 'extern int level; int low(void) { return level; }'
	finds calls 'base/low.c -> db/high.c: level'
}

@test "a file in no room is found" {
	mkdir src/attic
	file attic/old.c '#include "base/low.h"' 'int old(void) { return low(); }'
	finds includes 'attic/old.c: is in no room'
	finds calls 'attic/old.c: is in no room'
}

@test "two files of one room that call each other are found, and three in a circle" {
	file db/near.c 'int high(void); int near(void) { return high(); }'
	finds circles
	file db/high.c 'int near(void); int high(void) { return near(); }'
	finds circles 'a circle:' db/high.c db/near.c
	file db/high.c 'int third(void); int high(void) { return third(); }'
	file db/third.c 'int near(void); int third(void) { return near(); }'
	finds circles 'a circle:' db/high.c db/near.c db/third.c
}

@test "headers that include each other are found" {
	file base/low.h '#include "base/other.h"'
	file base/other.h '#pragma once' '#include "base/low.h"'
	sed -i '1i #pragma once' src/base/low.h
	finds circles 'a circle:' base/low.h base/other.h
}

@test "a static function or variable that bears an extern's name is found" {
	file repo/top.c 'static int low(int a) { return a; } int top(void) { return low(1); }'
	finds statics 'src/repo/top.c: static low bears the name of what is in base/low.c'
	file repo/top.c 'static const int low[] = { 1 }; int top(void) { return low[0]; }'
	finds statics 'src/repo/top.c: static low'
}

@test "a struct's tag that stands twice is found" {
	file base/low.c 'struct top { int b; }; int low(void) { return 1; }'
	finds tags 'struct top: ' src/base/low.c src/repo/top.c
}
