# healthz without a server: what it says and how it ends, and everything that does not answer.

load ../lib/base
load ../lib/jobs
bats_require_minimum_version 1.5.0

setup_file() {
	export BATS_TEST_TIMEOUT=60
	use_applets
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	: >a.db
	: >here
	: >started
}

teardown() {
	local pid
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null || true
	done <started
}

# odd KIND WHERE: something of odd.py, up.
odd() {
	python3 "$ROOT/tests/servers/unresponsive.py" "$@" >odd.out 2>&1 3>&- &
	echo $! >>started
	disown
	wait_until 10 grep -q up odd.out
}

# The deadline of these tests, and what a run may take beyond it.
DEADLINE=500
SLACK=300

# late COMMAND...: runs it; it must end with 1, in time, with all that it says read to the end. Its words are in output.
late() {
	local began
	began=$(date +%s%N)
	exits 1 "$@"
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -le $((DEADLINE + SLACK)) ] && return
	echo "$took ms: $*"
	return 1
}

healthz_late() {
	late healthz --timeout "${DEADLINE}ms" "$@"
}

# --- the answer ---

@test "healthy is 0, anything else 1: a no, a wrong call, a wrong variable" {
	exits 0 healthz --url sqlite:a.db
	exits 0 healthz file=here
	exits 0 healthz --help
	exits 1 healthz file=nowhere
	exits 1 healthz
	says "no database given"
	exits 1 healthz --nope
	exits 1 healthz --url
	exits 1 healthz raedy
	says "unknown check 'raedy'"
	exits 1 healthz table --url sqlite:a.db
	exits 1 healthz --timeout 0 file=here
	exits 1 healthz --timeout soon file=here
	exits 1 env HEALTHZ_TIMEOUT=soon healthz file=here
	exits 1 env PGBOX_LOG=xml healthz file=here
	exits 1 env PGBOX_LOG=xml "$PGBOX" healthz file=here
	exits 1 env HEALTHZ_CHECKS=file=here HEALTHZ_CHECKS_FILE=here healthz
	exits 1 env DATABASE_URL=mysql://u@h/db healthz
	exits 1 bash -c 'healthz file=here >/dev/full'
}

# verdict_of COMMAND...: its standard output.
verdict_of() {
	run -1 --separate-stderr "$@"
	[ -n "$stderr" ]
}

@test "a wrong call and a wrong variable have a verdict, too" {
	for words in --nope "--nope --json" "--json --nope" "--json --timeout soon" "raedy --json" "--json --timeout 0 file=here"; do
		# shellcheck disable=SC2086 # words
		verdict_of healthz $words
		case $words in
		*--json*)
			jq -e '.status == "fail" and (.output | startswith("nothing was asked: "))' <<<"$output"
			equals "$(jq -r .output <<<"$output")" "nothing was asked: ${stderr#healthz: error: }"
			;;
		*) equals "$output" "healthz check failed: nothing was asked" ;;
		esac
		# shellcheck disable=SC2086 # words
		verdict_of healthz -q $words
		equals "$output" ""
	done
	verdict_of env PGBOX_LOG=xml healthz --json file=here
	jq -e '.status == "fail"' <<<"$output"
	verdict_of env DATABASE_URL='postgres://u:s3cret"@h:x/d' healthz --json
	jq -e '.status == "fail"' <<<"$output"
	[[ $output != *s3cret* ]]
	run -0 --separate-stderr healthz --json --url sqlite:a.db
	equals "${#lines[@]}" 1
	run -0 --separate-stderr bash -c 'healthz --json --nope; true'
	equals "${#lines[@]}" 1
}

@test "a signal ends it with 1, too" {
	port=$(free_port)
	odd silent "$port"
	for checks in "--url=postgres://u@127.0.0.1:$port/db" "tcp=127.0.0.1:1 redis=127.0.0.1:$port"; do
		# shellcheck disable=SC2086 # words
		background it healthz --timeout 30s $checks
		wait_until 10 connected "$port"
		kill -TERM "$PID"
		ended it 1
		wait_until 10 not_connected "$port"
		# bash starts what runs in the background with QUIT ignored
		for signal in QUIT USR1 USR2 ALRM XCPU XFSZ IO RTMAX; do
			# shellcheck disable=SC2086 # words
			background it env --default-signal=QUIT healthz --timeout 30s $checks
			wait_until 10 connected "$port"
			kill -"$signal" "$PID"
			ended it 1
			wait_until 10 not_connected "$port"
		done
	done
}

connected() {
	[ -n "$(ss -Htn state established "( dport = :$1 )")" ]
}

not_connected() {
	! connected "$1"
}

@test "the first line is the verdict, then a line for each check in the order given" {
	exits 1 healthz --url sqlite:a.db ready file=here table=users query=nonsense file=nowhere
	mapfile -t lines <<<"$output"
	equals "${lines[0]}" "healthz check failed: 2 failed, 1 unknown of 5"
	[[ ${lines[1]} =~ ^'[+]ready ok '[0-9]+ms$ ]]
	[[ ${lines[2]} =~ ^'[+]file=here ok '[0-9]+ms$ ]]
	equals "${lines[3]}" "[-]table=users failed: there is no such table"
	[[ ${lines[4]} == "[?]query=nonsense unknown: "*"nonsense"* ]]
	equals "${lines[5]}" "[-]file=nowhere failed: No such file or directory"
	equals "${#lines[@]}" 6
	exits 0 healthz --url sqlite:a.db ready file=here
	equals "${output%%$'\n'*}" "healthz check passed"
}

@test "without a check it is ready, and -q says nothing" {
	exits 0 healthz --url sqlite:a.db
	says "[+]ready ok"
	exits 0 env DATABASE_URL=sqlite:a.db healthz
	exits 1 healthz --url sqlite:nowhere.db
	says "[-]ready failed: SQLite file 'nowhere.db': No such file"
	[ ! -e nowhere.db ]
	exits 0 healthz -q --url sqlite:a.db
	equals "$output" ""
	exits 1 healthz -q --url sqlite:nowhere.db
	equals "$output" ""
}

@test "a url is about the checks behind it, and several are told apart" {
	lite a.db "create table a (x)"
	: >b.db
	exits 1 healthz --url sqlite:a.db table=a --url sqlite:b.db table=a
	says "[+]table=a on sqlite:a.db ok"
	says "[-]table=a on sqlite:b.db failed: there is no such table"
	exits 1 healthz --for ready --url sqlite:b.db table=a
	says "no database given"
	exits 1 env B=sqlite:b.db HEALTHZ_CHECKS=$'url=sqlite:a.db\nready\ntable=a\n\nurl=env:B\nready\ntable=a\nfile=here\n' healthz
	says "failed: 1 failed of 5"
	says "[+]ready on sqlite:b.db ok"
	exits 0 env HEALTHZ_CHECKS=file=nowhere healthz file=here
	says_not nowhere
}

@test "lines of the variable may be indented, commented or end in blanks" {
	: >here
	exits 0 env HEALTHZ_CHECKS=$'  file=here \t\n# file=nowhere\n   \n\t# file=nowhere\n disk=/\r\n' healthz
	says "[+]file=here ok"
	says "[+]disk=/ ok"
	[[ $output != *nowhere* ]]
}

@test "a database in a check's place is told where it belongs" {
	for word in postgres://u:s3cret@h/db env:DATABASE_URL sqlite:a.db host=db url=sqlite:a.db; do
		status=0
		output=$(healthz ready "$word" 2>&1) || status=$?
		equals "$status" 1
		[[ $word == url=* ]] || says "give it with --url"
		says_not s3cret
	done
}

@test "a warning comes behind the verdict" {
	exits 1 healthz --timeout 100ms --url 'postgres://u:p@ss#w%rd@127.0.0.1:1/db'
	[[ $output == "healthz check failed"*"warning:"*"percent-encoded"* ]]
	for part in 'p@ss' 'w%rd'; do
		says_not "$part"
	done
}

@test "no password shows in text or JSON" {
	for format in "" --json; do
		for check in redis=redis://:s3cret@127.0.0.1:1 http=http://u:s3cret@127.0.0.1:1/ tcp=u:s3cret@127.0.0.1:1 \
			"--url=postgres://u:s3cret@127.0.0.1:1/d?sslmode=disable"; do
			# shellcheck disable=SC2086 # words
			exits 1 healthz $format --timeout 300ms "$check"
			says_not s3cret
			says ailed
		done
	done
}

# --- JSON ---

@test "JSON is a health+json object with the checks by component and measurement" {
	exits 1 healthz --json --url sqlite:a.db ready table=users file=here file=nowhere disk=/ "disk=$PWD<1%" query=nonsense
	equals "$(wc -l <<<"$output")" 1
	jq -e '.status == "fail" and .output == "3 failed, 1 unknown of 7" and (.checks | keys | all(test("^[a-z]+:[a-zA-Z]+$")))
		and (.checks["database:ready"][0] | .status == "pass" and .componentType == "datastore" and .componentId == "sqlite:a.db"
			and .observedUnit == "ms" and (.time | test("^20.*Z$")) and (has("output") | not))
		and (.checks["database:table"][0] | .status == "fail" and .check == "table=users"
			and .output == "there is no such table")
		and (.checks["file:presence"] | length == 2)
		and (.checks["disk:utilization"][1] | .status == "fail" and .observedUnit == "percent" and .observedValue >= 1
			and .componentId == env.PWD and .componentType == "system")
		and (.checks["database:query"][0] | .status == "fail" and (.output | startswith("unknown: ")))' <<<"$output"
	exits 0 healthz --json --url sqlite:a.db
	jq -e '.status == "pass" and (has("output") | not) and (has("notes") | not)' <<<"$output"
}

# --- no more than Docker keeps ---

# two_hundred: checks, of which a quarter fails at great length, with umlauts where a cut may fall.
two_hundred() {
	CHECKS=()
	for i in {1..200}; do
		case $((i % 4)) in
		0) CHECKS+=("file=nowhere/$i/$(printf 'ü%.0s' {1..300})") ;;
		*) CHECKS+=("file=$PWD/here") ;;
		esac
	done
}

@test "two hundred checks say 4096 bytes at most, failures first, cut between characters" {
	two_hundred
	exits 1 healthz --timeout 20s "${CHECKS[@]}"
	[ "$(printf '%s\n' "$output" | wc -c)" -le 4096 ]
	[ "$(printf '%s\n' "$output" | wc -c)" -gt 3500 ]
	iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null
	equals "${output%%$'\n'*}" "healthz check failed: 50 failed of 200"
	equals "$(grep -c '^\[-\]' <<<"$output")" 50
	says "...: No such file" || says "... failed: No such file"
	shown=$(grep -c '^\[+\]' <<<"$output" || true)
	equals "$(tail -n 1 <<<"$output")" "and $((150 - shown)) more: $((150 - shown)) ok"
}

@test "two hundred checks are valid JSON of 4096 bytes at most" {
	two_hundred
	exits 1 healthz --json --timeout 20s "${CHECKS[@]}"
	[ "$(printf '%s\n' "$output" | wc -c)" -le 4096 ]
	jq -e '.status == "fail" and .output == "50 failed of 200" and (.checks["file:presence"] | length >= 10)
		and (.notes[0] | test("more checks"))' <<<"$output"
	jq -e '[.checks["file:presence"][].status] | unique == ["fail"]' <<<"$output"
}

@test "where few processes or descriptors may be had, checks take turns" {
	[ -z "${EMULATED-}" ] || skip "the emulator has a thread of its own, and descriptors"
	two_hundred
	for i in "${!CHECKS[@]}"; do
		CHECKS[i]=file=here
	done
	(ulimit -n 20 && exits 0 healthz --timeout 20s "${CHECKS[@]}")
	[ "$(id -u)" = 0 ] || skip "only root is free of the limits of this user's other processes"
	cp "$PGBOX" healthz
	chmod 755 . healthz
	exits 0 setpriv --reuid=54321 --clear-groups prlimit --nproc=2 ./healthz -q --timeout 20s "${CHECKS[@]/here//}"
	exits 1 setpriv --reuid=54321 --clear-groups prlimit --nproc=1 ./healthz file=/ disk=/
	says "[?]file=/ unknown: Resource temporarily unavailable"
}

# --- what does not answer ---

@test "a server that never answers, talks garbage or closes in its startup is no pass, in time, with the reason" {
	port=$(free_port)
	odd silent "$port"
	healthz_late --url "postgres://u@127.0.0.1:$port/db" ready writable
	says "[-]ready failed: no answer in time"
	says "[?]writable unknown: no answer in time"
	healthz_late redis="127.0.0.1:$port"
	says "[-]redis=127.0.0.1:$port failed: no answer in time"
	healthz_late http="http://127.0.0.1:$port/"
	says "timed out"

	port=$(free_port)
	odd garbage "$port"
	for mode in prefer disable; do
		healthz_late --url "postgres://u@127.0.0.1:$port/db?sslmode=$mode" ready table=x
		says "[-]ready failed: "
		says_not "deadline"
	done
	healthz_late redis="127.0.0.1:$port"
	says "did not answer PONG"
	healthz_late http="http://127.0.0.1:$port/"

	port=$(free_port)
	odd closing "$port"
	healthz_late --url "postgres://u@127.0.0.1:$port/db"
	says "closed the connection unexpectedly"
}

@test "one that hangs does not hide what others say" {
	port=$(free_port)
	odd silent "$port"
	healthz_late --url "postgres://u@127.0.0.1:$port/db" ready --url sqlite:a.db table=x --url postgres://u@127.0.0.1:1/d \
		ready redis="127.0.0.1:$port" file=here
	says "failed: 4 failed of 5"
	says "[-]table=x on sqlite:a.db failed: there is no such table"
	says "[-]ready on u@127.0.0.1:1/d failed: connection refused"
	says "[+]file=here ok"
}

@test "children end with their parent" {
	port=$(free_port)
	odd silent "$port"
	background it healthz --timeout 30s redis="127.0.0.1:$port" tcp=127.0.0.1:1
	wait_until 10 connected "$port"
	kill -KILL "$PID"
	wait_until 5 not_connected "$port"
}

# apart COMMAND...: in name spaces of its own, as root there; 99 where that cannot be.
apart() {
	unshare --user --map-root-user --mount --net true 2>/dev/null || skip "no name spaces here"
	unshare --user --map-root-user --mount --net bash -euc 'for lib in base jobs trials; do . "$ROOT/tests/lib/$lib.bash"; done
		'"$(declare -f odd late healthz_late teardown); DEADLINE=$DEADLINE SLACK=$SLACK"'
		trap teardown EXIT
		'"$1" 2>&1
}

@test "a name that no name server resolves is unknown, in time, with the reason" {
	run -0 apart '
		ip link set lo up
		echo "nameserver 127.0.0.1" >resolv.conf
		mount --bind resolv.conf "$(readlink -f /etc/resolv.conf)"
		odd names 53
		healthz_late --url postgres://u@db.example/app ready table=x
		says "[?]ready unknown: deadline: the host name"
		healthz_late --json --url postgres://u@db.example/app
		jq -e ".status == \"fail\"" <<<"$output"
		healthz_late redis=cache.example:6379
		says "[?]redis=cache.example:6379 unknown: deadline: the host name"
		healthz_late http=http://web.example/
		healthz_late --url postgres://u@db.example/app ready table=x --url sqlite:a.db table=y file=here
		says "failed: 1 failed, 2 unknown of 4"
		says "[?]table=x on u@db.example:5432/app unknown: deadline: the host name"
		says "[-]table=y on sqlite:a.db failed: there is no such table"
		says "[+]file=here ok"'
}

@test "a mount that hangs is unknown, in time, with the reason, and hides nothing" {
	[ -e /dev/fuse ] || skip "no FUSE here"
	run -0 apart '
		mkdir hung
		odd mount "$PWD/hung"
		for check in "disk=hung" "file=hung/x" "backup=hung" "--url=sqlite:hung/a.db"; do
			healthz_late "$check"
			says "unknown: deadline: the file system does not answer"
		done
		healthz_late disk=hung file=here disk=/ "disk=/<1"
		says "failed: 1 failed, 1 unknown of 4"
		says "[?]disk=hung unknown: deadline: the file system does not answer"
		says "[+]disk=/ ok"
		says "[-]disk=/<1 failed: "'
}

# --- disks ---

@test "a disk is as full as df says, in bytes and in inodes" {
	run -0 apart '
		mkdir disk
		mount -t tmpfs -o size=1000k,nr_inodes=200 none disk
		cd disk
		mkdir room
		: >started
		exits 0 healthz disk=room
		head -c 900k /dev/zero >fill
		pcent=$(df --output=pcent room | tail -n 1 | tr -d " %")
		exits 0 healthz "disk=room<$((pcent + 1))"
		says "$pcent% of bytes"
		exits 1 healthz "disk=room<$pcent%"
		says "[-]disk=room<$pcent% failed: $pcent% of bytes, "
		exits 1 healthz disk=room
		head -c 200k /dev/zero >>fill 2>/dev/null || true
		exits 1 healthz disk=room
		says "100% of bytes"
		exits 1 healthz disk=room "disk=room<100"
		says "2 failed of 2"
		rm fill
		exits 0 healthz disk=room
		touch room/{1..190}
		exits 1 healthz disk=room
		says "$(df --output=ipcent room | tail -n 1 | tr -d " ") of inodes"
		exits 1 healthz --json disk=room
		jq -e ".checks[\"disk:utilization\"][0].observedValue > 90" <<<"$output"'
	exits 1 healthz disk=nowhere
	says "[-]disk=nowhere failed: No such file or directory"
}
