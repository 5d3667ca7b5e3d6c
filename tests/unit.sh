#!/bin/bash
# Runs test programs, one on each core, and sums their closing lines: N passed, N failed.
#   tests/unit.sh PROGRAM...
# A program's output is shown only when something failed. One that dies without a closing line counts as a failure.
set -u
cd "$(dirname "$0")/.." || exit 2

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export logs
if [ $# -eq 0 ]; then
	echo "no test program has that name"
	echo "0 passed, 1 failed"
	exit 1
fi

one() { # program
	"$1" >"$logs/${1##*/}" 2>&1 </dev/null
	echo "$?" >"$logs/${1##*/}.exit"
}
export -f one
# shellcheck disable=SC2016  # expanded there
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'one "$0"' {}

passed=0 failed=0
for program in "$@"; do
	log=$logs/${program##*/}
	rc=$(cat "$log.exit")
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	p=0 f=0
	[ -n "$line" ] && read -r p _ f _ <<<"$line"
	if [ -z "$line" ] || { [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; }; then f=$((f + 1)); fi
	passed=$((passed + p)) failed=$((failed + f))
	if [ "$f" -ne 0 ]; then
		echo "--- $program (exit $rc)"
		cat "$log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
