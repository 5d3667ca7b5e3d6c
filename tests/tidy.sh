#!/bin/bash
# tests/tidy.sh FILE...: clang-tidy with .clang-tidy and build/compile_commands.json. Last line: N passed, N failed (files).
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -gt 0 ] || { echo '0 passed, 1 failed'; exit 1; }

one() {
	local out
	out=$(clang-tidy -p build --quiet "$1" 2>/dev/null)
	if grep -qE ': (warning|error):' <<<"$out"; then
		echo "FAIL $1"
		echo "$out"
	else
		echo "ok   $1"
	fi
}
export -f one
# A lane that cannot fail is worse than none: a planted fault must be found first.
mkdir -p build/tidy
printf '/* planted */\nint f(int *p);\nint f(int *p)\n{\n\tp = 0;\n\treturn *p;\n}\n' >build/tidy/planted.c
clang-tidy --quiet build/tidy/planted.c -- 2>/dev/null | grep -q 'clang-analyzer-core.NullDereference' ||
	{ echo 'the planted fault was not found'; echo '0 passed, 1 failed'; exit 1; }
out=$(printf '%s\n' "$@" | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} bash -c 'one "$0"' {})
grep -v '^ok ' <<<"$out"
passed=$(grep -c '^ok ' <<<"$out") failed=$(($# - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
