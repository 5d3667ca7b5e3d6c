# Names of tests in tests/TRAPS.md that do not exist. Finds them below the current folder.
function exists(f,   line, r) { r = (getline line <f) >= 0; close(f); return r }
function holds(f, word,   line, found) {
	while ((getline line <f) > 0) if (index(line, word)) found = 1
	close(f)
	return found
}
# A row "| R7 | ..." is of a rule: the name or one of the first lines of each of its tests bears it.
function bears(file, word, rule,   line, n, found, digits) {
	digits = substr(rule, 2)
	if ((file " " word) ~ ("[ _/-]r0?" digits "([^0-9]|$)")) return 1
	while (n++ < 3 && (getline line <file) > 0) if (line ~ ("(^|[^A-Za-z0-9])" rule "([^0-9]|$)")) found = 1
	close(file)
	return found
}
/^\| R[0-9]+ \|/ {
	rule = $2
	ruled[rule] = FNR
	rules = FILENAME
	if (!/`(golden|scenario|unit|integration)\//) print FILENAME ":" FNR ": trap: " rule " has no test"
}
END {
	for (i = 1; rules != "" && i <= 24; i++)
		if (!(("R" i) in ruled)) print rules ":1: trap: R" i " has no row"
}
!/^\| R[0-9]+ \|/ { rule = "" }
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
		else if (rule != "" && !bears(file, n > 1 ? part[2] : "", rule))
			print FILENAME ":" FNR ": trap: " name " does not say " rule
	}
}
