#!/bin/bash
# tests/compdb.sh 'COMPILER FLAGS' FLAGS_FILE SOURCE...: prints compile_commands.json.
set -eu
command=$1 more=$(cat "$2")
shift 2
first=yes
printf '['
for f in "$@"; do
	[ $first = yes ] || printf ','
	first=no
	inc=''
	case $f in tests/peers/* | tests/bench/*) inc=' -Itests/peers' ;; esac
	printf '\n{ "directory": "%s", "file": "%s", "command": "%s%s %s -c %s" }' "$PWD" "$f" "$command" "$inc" "$more" "$f"
done
printf '\n]\n'
