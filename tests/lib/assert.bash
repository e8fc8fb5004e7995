# What a command that was run must have done. base.bash brings it.

# exits STATUS COMMAND...: runs it and wants that status; its words are in output.
exits() {
	local want=$1
	shift
	status=0
	output=$(timeout 60 "$@" 2>&1 3>&-) || status=$?
	[ "$status" -eq "$want" ] && return
	echo "status $status, not $want: $*"
	echo "$output"
	return 1
}

# says WORDS / says_not WORDS: what was just run did, or did not, print them.
says() {
	[[ $output == *"$1"* ]] && return
	echo "not said: $1"
	echo "$output"
	return 1
}

says_not() {
	[[ $output != *"$1"* ]] && return
	echo "said: $1"
	echo "$output"
	return 1
}

# equals ACTUAL WANTED
equals() {
	[ "$1" = "$2" ] && return
	echo "not '$2' but '$1'"
	return 1
}
