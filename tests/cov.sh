#!/bin/bash
# tests/cov.sh FOLDER: lines and branches that the last run of a coverage build executed, per file of app/.
set -eu
find "$1" -path '*/app/*' -name '*.gcda' | sort | xargs -r gcov -b -n 2>/dev/null | awk '
	function show(name, l, lc, b, bc) {
		return sprintf("%-34s %6.1f %% of %5d lines %6.1f %% of %5d branches", name, l, lc, b, bc)
	}
	/^File / { file = $2; gsub(/\047/, "", file); mine = file ~ /^app\// && !(file in lines) ; next }
	mine && /^Lines executed/ { split($0, p, /[:%]/); n = $NF; lines[file] = p[2]; count[file] = n }
	mine && /^Taken at least once/ { split($0, p, /[:%]/); taken[file] = p[2]; branches[file] = $NF; mine = 0 }
	END {
		for (f in lines) {
			print show(f, lines[f], count[f], taken[f], branches[f]) | "sort"
			split(f, p, "/"); k = p[2]
			L[k] += lines[f] * count[f]; LC[k] += count[f]; B[k] += taken[f] * branches[f]; BC[k] += branches[f]
			tl += lines[f] * count[f]; tlc += count[f]; tb += taken[f] * branches[f]; tbc += branches[f]
		}
		close("sort")
		print ""
		for (k in L) if (LC[k] > 0) print show("app/" k, L[k] / LC[k], LC[k], BC[k] ? B[k] / BC[k] : 100, BC[k])
		if (tlc > 0) print show("all", tl / tlc, tlc, tbc ? tb / tbc : 100, tbc)
	}'
