# Names of tests in tests/TRAPS.md that do not exist. Finds them below the current folder.
function exists(f,   line, r) { r = (getline line <f) >= 0; close(f); return r }
function holds(f, word,   line, found) {
	while ((getline line <f) > 0) if (index(line, word)) found = 1
	close(f)
	return found
}
/^\|/ {
	text = $0
	while (match(text, /`(golden|scenario|unit|integration)\/[^`]*`/)) {
		name = substr(text, RSTART + 1, RLENGTH - 2)
		text = substr(text, RSTART + RLENGTH)
		n = split(name, part, " ")
		file = "tests/" part[1]
		if (part[1] ~ /^golden/) file = file ".json"
		if (part[1] ~ /^scenario/) file = file ".scn"
		if (!exists(file) || (n > 1 && !holds(file, "(" part[2] ")") && !holds(file, "def " part[2] "(")))
			print FILENAME ":" FNR ": trap: there is no test " name
	}
}
