# Random trials that can be repeated.

# Seeds RANDOM, from SEED if that is set, and says with what. Call it in the test's
# own shell: bash seeds RANDOM anew in every subshell.
random_series() {
	SEED=${SEED:-$RANDOM}
	RANDOM=$SEED
	echo "# seed $SEED" >&3
}

# rounds FULL: how many of them to run here.
rounds() {
	if [ -n "${SOAK:-}" ]; then echo "$1"; else echo $((($1 + 19) / 20)); fi
}

# pause MILLISECONDS: the random moment of a trial, never a wait for something.
pause() {
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

# took COMMAND...: how long it takes undisturbed, in ms, in TOOK.
took() {
	local began
	began=$(date +%s%N)
	"$@" 2>/dev/null
	# shellcheck disable=SC2034 # the tests read it
	TOOK=$((($(date +%s%N) - began) / 1000000))
}
