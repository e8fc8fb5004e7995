#!/usr/bin/env bash
# The rooms of the house, top to bottom: a file may include and call what is in its own room or in one further down, never
# what is further up, and no two files call or include each other in a circle. What is printed breaks that.
# usage: tests/rooms.sh RULE [OBJECTS]    in the folder that holds src/ and applets/
#   RULE     includes | calls | circles | statics | tags
#   OBJECTS  the folder of the object files, as src/ROOM/FILE.o
set -u

rooms='main applets watch page backup restore check migrated repo s3 seed dump age envcheck db schedule opt ext base'

rule=${1:?} objects=${2:-.build/lint/cc}

# Writes `FROM TO NAME` for each quoted include.
included() {
	local folders=()
	[ ! -d applets ] || folders=(applets)
	find src "${folders[@]}" -name '*.[ch]' -exec awk '/^#include "/ {
		split($0, quoted, "\"")
		from = FILENAME; sub(/^src\//, "", from)
		to = quoted[2]; sub(/^(\.\.\/)+/, "", to)
		print from, to, to }' {} +
}

# Writes `FROM TO NAME` for each function and variable of TO's object that FROM's wants.
called() {
	find src applets -name '*.c' -printf '%p\n' | sed "s|.*|$objects/&|; s/c\$/o/" | xargs nm -A -P | awk -v folder="$objects/" '
		{
			file = substr($1, length(folder) + 1); sub(/:$/, "", file); sub(/\.o$/, ".c", file); sub(/^src\//, "", file)
			if ($3 == "U") wants[file " " $2]
			else if ($3 ~ /^[A-Z]$/) home[$2] = file
		}
		END {
			for (want in wants) {
				split(want, part, " ")
				if (part[2] in home && home[part[2]] != part[1]) print part[1], home[part[2]], part[2]
			}
		}'
}

# Of `FROM TO NAME` those whose TO is in a room above FROM's, or in none.
up() {
	sort | awk -v rooms="$rooms" '
		BEGIN { n = split(rooms, name, " "); for (i = 1; i <= n; i++) rank[name[i]] = i }
		function room(file) { sub(/\/.*/, "", file); sub(/\.[ch]$/, "", file); return file }
		!(room($1) in rank) { print $1 ": is in no room"; next }
		!(room($2) in rank) { print $2 ": is in no room"; next }
		rank[room($1)] > rank[room($2)] { print $1 " -> " $2 ": " $3 " (" room($2) " is above " room($1) ")" }'
}

# Of `FROM TO NAME` the circles.
circles() {
	awk '$1 != $2 { print $1, $2 }' | sort -u | tsort 2>&1 >/dev/null | sed 's/^tsort: -: input contains a loop:/a circle:/; s/^tsort: //'
}

# What stands in a file of code, as `FILE NAME`: the static functions and variables.
static_names() {
	find src applets -name '*.[ch]' -exec awk '/^static / {
		line = $0; sub(/[[(=;].*/, "", line); sub(/[ \t]+$/, "", line)
		n = split(line, word, /[ *]+/); print FILENAME, word[n] }' {} +
}

statics() {
	awk 'NR == FNR { extern[$1] = $2; next }
		$2 in extern { print $1 ": static " $2 " bears the name of what is in " extern[$2] }' \
		<(called | awk '{ print $3, $2 }' | sort -u) <(static_names | sort -u)
}

tags() {
	find src applets -name '*.[ch]' -exec grep -oHE '\<struct [a-z0-9_]+ \{' {} + | awk -F: '
		{ split($2, word, " "); where[word[2]] = where[word[2]] " " $1; times[word[2]]++ }
		END { for (tag in times) if (times[tag] > 1) print "struct " tag ":" where[tag] }' | sort
}

case $rule in
includes) included | up ;;
calls) called | up ;;
circles)
	called | circles
	# A source may include the header of one that includes its own: only headers are in circles.
	included | grep -E '^[^ ]+\.h [^ ]+\.h ' | circles
	;;
statics) statics ;;
tags) tags ;;
*) echo "unknown rule $rule" ;;
esac
