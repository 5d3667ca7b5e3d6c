#!/bin/bash
# Runs sets of suites and sums them: the last line is N passed, N failed.
#
#   tests/run.sh test | check | asan | tsan | STAGE...
#
# A stage is a command whose last line "N passed, N failed" counts; without one its exit code counts as one.
# Its output goes to build/test-logs/STAGE.log. A failing stage does not stop the others.
set -u
cd "$(dirname "$0")/.." || exit 2
export T_SLOW=${T_SLOW:-1} LC_ALL=C.UTF-8
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/tsan.supp}
unset MAKEFLAGS MFLAGS MAKELEVEL
make=(make --no-print-directory -k)

# stage                command
stage() {
	case $1 in
	build)            "${make[@]}" all ;;
	web)              "${make[@]}" web-check ;;
	e2e)              "${make[@]}" e2e ;;
	lint)             "${make[@]}" lint ;;
	unit)             mkdir -p build/threaded && T_THREADED=$PWD/build/threaded "${make[@]}" unit ;;
	scenario)         "${make[@]}" scenario ;;
	golden)           "${make[@]}" golden ;;
	peers)            "${make[@]}" V=release check-peers ;;
	integration)      "${make[@]}" integration ;;
	attack)           "${make[@]}" attack ;;
	deb)              "${make[@]}" check-deb ;;
	asan-unit)        "${make[@]}" V=asan unit ;;
	asan-scenario)    "${make[@]}" V=asan scenario ;;
	asan-integration) "${make[@]}" V=asan integration ARGS=--short ;;
	# A race needs a second thread: those programs which had one in the stage "unit" (all, when it did not run).
	tsan-unit)        "${make[@]}" V=tsan unit ONLY="$(ls build/threaded 2>/dev/null | tr '\n' ' ')" ;;
	tsan-scenario)    "${make[@]}" V=tsan scenario ;;
	tsan-integration) "${make[@]}" V=tsan integration ARGS=--short ;;
	clang)            "${make[@]}" clang ;;
	tidy)             "${make[@]}" tidy ;;
	cppcheck)         "${make[@]}" cppcheck ;;
	fuzz)             "${make[@]}" fuzz N=40000x ;;
	crash)            "${make[@]}" crash N=100 ;;
	crash-sends)      "${make[@]}" crash N=30 ARGS=--sends ;;
	bench)            "${make[@]}" bench ARGS=--smoke ;;
	*)                echo "no such stage: $1"; return 2 ;;
	esac
}

stages=()
for word in "${@:-test}"; do
	case $word in
	# golden is a part of unit; the simulator has one thread, so its races are looked for only in `make tsan`
	test) stages+=(build web e2e lint unit scenario peers integration attack deb asan-unit asan-scenario asan-integration
		tsan-unit tsan-integration clang tidy cppcheck fuzz crash crash-sends bench) ;;
	check) stages+=(lint unit scenario) ;;
	asan) stages+=(asan-unit asan-scenario) ;;
	tsan) stages+=(tsan-unit tsan-scenario) ;;
	*) stages+=("$word") ;;
	esac
done

logs=build/test-logs
mkdir -p "$logs"
rm -rf build/threaded # what another run left says nothing of this one's programs
passed=0 failed=0 bad=()
for s in "${stages[@]}"; do
	begin=$SECONDS
	stage "$s" >"$logs/$s.log" 2>&1 </dev/null
	rc=$?
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$logs/$s.log" | tail -n 1)
	if [ -n "$line" ]; then
		read -r p _ f _ <<<"$line"
	else
		p=$((rc == 0)) f=0
	fi
	# A suite that ends badly without a failed check has failed all the same.
	if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
	passed=$((passed + p)) failed=$((failed + f))
	printf '%-18s %6d passed %4d failed %5d s' "$s" "$p" "$f" $((SECONDS - begin))
	if [ "$f" -ne 0 ]; then
		printf '   %s' "$logs/$s.log"
		bad+=("$s")
	fi
	printf '\n'
done
for s in ${bad[@]+"${bad[@]}"}; do
	printf '\n--- end of %s\n' "$logs/$s.log"
	tail -n 15 "$logs/$s.log" | cut -c 1-300
done
printf '\n%d seconds\n' "$SECONDS"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
