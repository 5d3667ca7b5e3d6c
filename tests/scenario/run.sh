#!/bin/bash
# tests/scenario/run.sh SIMULATOR FILE.scn...: runs the scenarios; last line: N passed, N failed.
# Few files or none is a failure: nobody would notice that they went away.
set -u
program=$1
shift
if [ $# -lt 30 ]; then
	echo "only $# scenarios: where are the others?"
	echo "0 passed, 1 failed"
	exit 1
fi
exec "$program" "$@"
