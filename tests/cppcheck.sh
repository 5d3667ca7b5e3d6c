#!/bin/bash
# tests/cppcheck.sh FILE...: cppcheck over our code. Last line: N passed, N failed (a finding is a failure).
set -u
cd "$(dirname "$0")/.." || exit 2
mkdir -p build/cppcheck
# varFuncNullUB: NULL is a pointer in POSIX; log_event is declared with sentinel, compilers check it.
# preprocessorErrorDirective: libraries' configuration is not given to it.
# uninitvar in file.c: &extra is where read() writes to.
# internalAstError: its parser gives up (2.10 on statement expressions); the others see that file.
# missingInclude: system and library headers are not given to it; unusedFunction: the lint of symbols knows better.
check() {
	cppcheck --quiet --enable=warning,performance,portability --inline-suppr --std=c11 -D_GNU_SOURCE -D__GNUC__ \
		--suppress=missingInclude --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		--suppress=toomanyconfigs --suppress=internalAstError --suppress=uninitvar:app/io/file.c --suppress=varFuncNullUB --suppress=preprocessorErrorDirective --suppress=unmatchedSuppression -Iapp -Ibuild -j "$(getconf _NPROCESSORS_ONLN)" \
		--template='{file}:{line}: {severity}: {message} [{id}]' "$@" 2>&1
}
printf '#include <stdlib.h>\nint f(void)\n{\n\tint a[3] = { 0 };\n\treturn a[3];\n}\n' >build/cppcheck/planted.c
check build/cppcheck/planted.c | grep -q arrayIndexOutOfBounds ||
	{ echo 'the planted fault was not found'; echo '0 passed, 1 failed'; exit 1; }
out=$(check --cppcheck-build-dir=build/cppcheck "$@")
failed=0
if [ -n "$out" ]; then
	echo "$out"
	failed=$(grep -c '^[^ ].*: ' <<<"$out")
fi
echo "$# passed, $failed failed"
[ "$failed" -eq 0 ]
