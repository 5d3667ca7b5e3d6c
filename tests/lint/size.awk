# size.awk - functions of at most 70 lines, files of at most 500. After lex.awk.
# Exceptions carry their reason: in or above the function, / * long: why * /; in the opening comment, "Long file: why".
function end_of_file() {
	if (file != "" && lines > 500 && !long_file) print file ":" lines ": file: " lines " lines, at most 500"
}
FNR == 1 {
	end_of_file()
	file = FILENAME; long_file = 0; inside = 0; opening = 1; excuse = 0
}
{ lines = FNR; lex($0) }
opening && /Long file: [^ ]/ { long_file = 1 }
opening && /\*\// { opening = 0 }
/\/\* long: [^ ]/ { excuse = 1 }
!inside && /^\{/ { inside = 1; from = FNR; next }
inside && /^\}/ {
	inside = 0
	if (FNR - from - 1 > 70 && !excuse && $0 !~ /;/) finding("function: " FNR - from - 1 " lines, at most 70")
	excuse = 0
}
END { end_of_file() }
