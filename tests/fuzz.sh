#!/bin/bash
# tests/fuzz.sh SECONDS|NUMBERx PROGRAM...: each target for so long, or for so many inputs, two at a time, from its corpus
# (tests/fuzz/corpus/NAME) and the golden payloads of its language (tests/golden).
# By time it explores: another seed each time, and what it finds is kept for the next run. By number it repeats: one seed,
# nothing kept, so that a change of the code is judged and not the luck of the day; REPEAT_S ends the slow targets.
# New inputs and crashes go to build/fuzz-runs/NAME. Last line: N passed, N failed.
set -u
export REPEAT_S=20 # seconds
cd "$(dirname "$0")/.." || exit 2
amount=$1
shift
[ $# -gt 0 ] || { echo 'no fuzz target has that name'; echo '0 passed, 1 failed'; exit 1; }
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}

one() { # amount program
	local name dir golden bounds
	name=$(basename "$2") dir=build/fuzz-runs/$(basename "$2")
	golden=tests/golden/$(sed 's/^fuzz_//; s/_hook$//' <<<"$name")
	[ -d "$golden" ] || golden=
	case $1 in
	*x) bounds=(-runs="${1%x}" -max_total_time="$REPEAT_S" -seed=1); rm -rf "$dir/new" ;;
	*) bounds=(-max_total_time="$1") ;;
	esac
	mkdir -p "$dir/new" "$dir/crash" "tests/fuzz/corpus/$name"
	if "$2" "${bounds[@]}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -artifact_prefix="$dir/crash/" \
		"$dir/new" "tests/fuzz/corpus/$name" ${golden:+"$golden"} >"$dir/log" 2>&1; then
		echo "ok   $name $(awk '/number_of_executed_units/ { print $2 }' "$dir/log") runs"
	else
		echo "FAIL $name: $dir/log"
		grep -aE 'ERROR|SUMMARY|bug at|Test unit written' "$dir/log" | head -n 5
	fi
}
export -f one
out=$(printf '%s\n' "$@" | xargs -P 2 -I{} bash -c 'one "$0" "$1"' "$amount" {})
echo "$out"
passed=$(grep -c '^ok ' <<<"$out") failed=$(($# - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
