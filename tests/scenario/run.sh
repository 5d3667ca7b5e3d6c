#!/bin/bash
# tests/scenario/run.sh SIMULATOR FILE.scn...: runs the scenarios, a share of them on each core; last line: N passed, N failed.
# Few files or none is a failure: nobody would notice that they went away. So is a simulator that dies without a closing line.
set -u
program=$1
shift
if [ $# -lt 30 ]; then
	echo "only $# scenarios: where are the others?"
	echo "0 passed, 1 failed"
	exit 1
fi

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
cores=$(nproc) files=("$@")
if [ "$cores" -gt 30 ]; then cores=30; fi # none without a share
for ((core = 0; core < cores; core++)); do
	share=()
	for ((i = core; i < ${#files[@]}; i += cores)); do share+=("${files[i]}"); done
	"$program" "${share[@]}" >"$logs/$core" 2>&1 &
done
wait

passed=0 failed=0
for ((core = 0; core < cores; core++)); do
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$logs/$core" | tail -n 1)
	p=0 f=1
	[ -n "$line" ] && read -r p _ f _ <<<"$line"
	passed=$((passed + p)) failed=$((failed + f))
	grep -avE '^[0-9]+ passed, [0-9]+ failed' "$logs/$core"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
