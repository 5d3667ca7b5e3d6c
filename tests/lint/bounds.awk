# Tables of db/schema.sql that db/README.md does not say the bound of, and rows there of tables that are gone.
FILENAME ~ /schema\.sql$/ && /^CREATE (VIRTUAL )?TABLE/ {
	name = $0
	sub(/^CREATE (VIRTUAL )?TABLE /, "", name)
	gsub(/"/, "", name)
	sub(/[ (].*/, "", name)
	table[name] = FNR
}
FILENAME ~ /README\.md$/ && /^## / { inside = /bounds each table/ }
FILENAME ~ /README\.md$/ && inside && /^\| `/ {
	split($0, cell, "|")
	if (cell[3] ~ /^[ \t]*$/) print FILENAME ":" FNR ": bounds: the row says nothing"
	rest = cell[2]
	while (match(rest, /`[^`]*`/)) {
		said[substr(rest, RSTART + 1, RLENGTH - 2)] = FNR
		rest = substr(rest, RSTART + RLENGTH)
	}
}
END {
	for (n in table) if (!(n in said)) print "db/schema.sql:" table[n] ": bounds: nothing says what bounds " n
	for (n in said) if (!(n in table)) print "db/README.md:" said[n] ": bounds: there is no table " n
}
