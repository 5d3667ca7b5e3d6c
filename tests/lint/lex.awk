# lex.awk - parts C text for the other lints: lex(line) sets CODE (strings emptied, comments gone),
# STRINGS (contents of the string literals, one after the other, each ended by \001) and SLASHES (a // comment).
# For mawk: no intervals, no gensub.
function lex(line,   i, c, n, two) {
	CODE = ""; STRINGS = ""; SLASHES = 0
	n = length(line)
	for (i = 1; i <= n; i++) {
		c = substr(line, i, 1)
		if (IN_COMMENT) {
			if (c == "*" && substr(line, i + 1, 1) == "/") { IN_COMMENT = 0; i++ }
			continue
		}
		two = substr(line, i, 2)
		if (two == "/*") { IN_COMMENT = 1; i++; continue }
		if (two == "//") { SLASHES = 1; return }
		if (c == "'") {
			for (i++; i <= n && substr(line, i, 1) != "'"; i++)
				if (substr(line, i, 1) == "\\") i++
			CODE = CODE "' '"
			continue
		}
		if (c == "\"") {
			for (i++; i <= n && substr(line, i, 1) != "\""; i++) {
				if (substr(line, i, 1) == "\\") { STRINGS = STRINGS substr(line, i, 1); i++ }
				STRINGS = STRINGS substr(line, i, 1)
			}
			STRINGS = STRINGS "\001"
			CODE = CODE "\"\""
			continue
		}
		CODE = CODE c
	}
}
FNR == 1 { IN_COMMENT = 0 }
function finding(text) { print FILENAME ":" FNR ": " text }
