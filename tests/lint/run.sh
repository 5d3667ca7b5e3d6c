#!/bin/bash
# The rules of the house. tests/lint/run.sh [FOLDER with the objects of a build]
# Each rule first has to find what is planted for it (tests/lint/planted/RULE, a small tree with a file `expect`),
# then must find nothing in the tree. Last line: N passed, N failed.
# shellcheck disable=SC2046,SC2044  # names in this tree have no blanks
set -u
LINT=$(cd "$(dirname "$0")" && pwd)
cd "$LINT/../.." || exit 2
ROOT=$PWD
OBJECTS=${1:-build/debug}
export LC_ALL=C

passed=0 failed=0
pass() { passed=$((passed + 1)); }
flunk() { # what, output
	failed=$((failed + 1))
	echo "--- $1"
	[ -z "${2:-}" ] || head -n 60 <<<"$2"
}

# Each prints findings as file:line: text, for the tree in the current folder.
sources() { find "$@" \( -name '*.c' -o -name '*.h' \) ! -path '*/planted/*' 2>/dev/null | sort; }
rule_layers() { awk -f "$LINT/layers.awk" app/LAYERS $(sources app); }
rule_text() { awk -f "$LINT/lex.awk" -f "$LINT/text.awk" $(sources app tests); }
rule_size() { awk -f "$LINT/lex.awk" -f "$LINT/size.awk" $(sources app tests); }
rule_format() {
	command -v clang-format >/dev/null || { echo "clang-format:0: is not installed"; return; }
	sources app tests | xargs clang-format --dry-run 2>&1 | grep -aE '^[^ ]+:[0-9]+:[0-9]+: ' |
		awk -F: '!seen[$1]++ { print $1 ":" $2 ": format: make format" }' | sort
}
# Places of one machine, in any text file.
rule_places() {
	find . \( -name .git -o -name build -o -name planted -o -name golden -o -name corpus -o -name __pycache__ \) -prune -o -type f -size -300k -print |
		xargs grep -InE '(^|[^A-Za-z0-9_.$/}-])/(root|home/[a-z]+)/' 2>/dev/null | grep -v 'tests/lint/run.sh' |
		sed 's/^\.\///; s/:\([0-9]*\):.*/:\1: place: a folder of one machine/'
}
rule_shell() {
	command -v shellcheck >/dev/null || { echo "shellcheck:0: is not installed"; return; }
	find . \( -name build -o -name planted -o -name .git \) -prune -o -name '*.sh' -print | sort |
		xargs -r shellcheck -x -S warning -f gcc 2>/dev/null | sed 's/^\.\///'
}
rule_sql() { # one table, one place: migrations are strict, queries are one statement (sqlgen checks the form)
	for f in db/migrations/*.sql; do
		[ -e "$f" ] && awk '
			{ line = $0; sub(/--.*/, "", line) }
			line ~ /^CREATE TABLE/ { at = FNR; open = 1 }
			open && line ~ /;[ \t]*$/ { if (line !~ /STRICT/) print FILENAME ":" at ": sql: the table is not STRICT"; open = 0 }
			line ~ /(^|[^A-Z_])(BEGIN|COMMIT|ROLLBACK|PRAGMA|VACUUM)[ ;]/ && !/TRIGGER/ && !trigger { print FILENAME ":" FNR ": sql: a migration runs inside a transaction of ours" }
			line ~ /CREATE TRIGGER/ { trigger = 1 } line ~ /^END;/ { trigger = 0 }' "$f"
	done
}
# A database that has a migration refuses the program when that reads otherwise now (io/migrate.h). `make schema` adds lines
# for new ones and changes none.
rule_released() {
	local f sum
	for f in db/migrations/*.sql; do
		sum=$(awk -v f="$f" '$2 == f { print $1 }' db/migrations.sum 2>/dev/null)
		if [ -z "$sum" ]; then
			echo "$f:1: released: not in db/migrations.sum: make schema"
		elif [ "$sum" != "$(sha256sum <"$f" | cut -d ' ' -f 1)" ]; then
			echo "$f:1: released: changed; databases that have it would refuse the program: put it back and add a new one"
		fi
	done
}
rule_symbols() {
	local objects
	objects=$(find "$OBJECTS/gen" -name '*.o' 2>/dev/null)
	for c in $(find app -name '*.c' ! -path 'app/tools/*' | sort); do
		if [ -e "$OBJECTS/${c%.c}.o" ]; then
			objects="$objects $OBJECTS/${c%.c}.o"
		else
			echo "$c:1: symbol: was not compiled, so not looked at"
		fi
	done
	[ -n "$objects" ] || return
	# What only tests use is used: their sources count as text.
	# shellcheck disable=SC2086
	nm -A -g $objects 2>/dev/null | sed "s|^$OBJECTS/||" | awk -f "$LINT/symbols.awk" "$LINT/symbols.allow" - | sort |
		while IFS= read -r line; do
			case $line in
			*': unused: '*)
				name=${line#*: unused: }
				grep -rqw --include='*.c' --include='*.h' "${name%% *}" tests 2>/dev/null && continue
				;;
			esac
			echo "$line"
		done
}

# Tests that tests/TRAPS.md names have to exist.
rule_traps() { [ ! -e tests/TRAPS.md ] || awk -f "$LINT/traps.awk" tests/TRAPS.md; }

# What bounds each table stands in db/README.md.
rule_bounds() { awk -f "$LINT/bounds.awk" db/schema.sql db/README.md; }

RULES='layers text size format places shell sql released symbols traps bounds'

# A planted tree: every line of `expect` must be among the findings, and nothing else.
self_test() { # rule folder
	local found wanted
	cd "$2" || return 1
	if [ -e compile ]; then
		rm -rf "$ROOT/build/lint-planted" && mkdir -p "$ROOT/build/lint-planted"
		OBJECTS=$ROOT/build/lint-planted
		for c in $(find app -name '*.c'); do
			mkdir -p "$OBJECTS/$(dirname "$c")"
			cc -c -o "$OBJECTS/${c%.c}.o" "$c" || true
		done
	fi
	found=$("rule_$1" 2>&1 | sort)
	wanted=$(sort expect)
	cd "$ROOT" || exit 2
	[ "$found" = "$wanted" ] && return 0
	diff <(echo "$wanted") <(echo "$found") | sed 's/^</missed:/; s/^>/too much:/; /^[0-9-]/d'
	return 1
}

for rule in $RULES; do
	dir=$LINT/planted/$rule
	if [ ! -e "$dir/expect" ]; then
		flunk "$rule: nothing is planted for it"
	elif out=$(self_test "$rule" "$dir"); then
		pass
	else
		flunk "$rule: self test" "$out"
	fi
	out=$("rule_$rule")
	if [ -z "$out" ]; then pass; else flunk "$rule: $(wc -l <<<"$out") findings" "$out"; fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
