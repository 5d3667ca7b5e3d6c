#!/bin/bash
# Runs test programs one after the other and sums their closing lines: N passed, N failed.
#   tests/unit.sh PROGRAM...
# A program's output is shown only when something failed. One that dies without a closing line counts as a failure.
set -u
cd "$(dirname "$0")/.." || exit 2

passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ $# -eq 0 ]; then
	echo "no test program has that name"
	failed=1
fi
for program in "$@"; do
	"$program" >"$log" 2>&1 </dev/null
	rc=$?
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	p=0 f=0
	[ -n "$line" ] && read -r p _ f _ <<<"$line"
	if [ -z "$line" ] || { [ $rc -ne 0 ] && [ "$f" -eq 0 ]; }; then f=$((f + 1)); fi
	passed=$((passed + p)) failed=$((failed + f))
	if [ "$f" -ne 0 ]; then
		echo "--- $program (exit $rc)"
		cat "$log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
