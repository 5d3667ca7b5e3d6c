# symbols.awk - names of external symbols, and who uses them. Input: symbols.allow, then `nm -A -g` of all objects
# ("path/file.o:address T name" or "path/file.o: U name").
# A symbol starts with its file's name; a handler of api is <noun>_<method>. A file part_more.c may use part_; a file of many (messages.c) the single noun.
FILENAME ~ /symbols\.allow$/ {
	if ($0 ~ /^#/ || NF == 0) next
	for (i = 2; i <= NF; i++) allowed[$1, $i] = 1
	next
}
{
	path = $0; sub(/\.o:.*/, "", path)
	file = path; sub(/.*\//, "", file)
	name = $NF; kind = $(NF - 1)
	if (kind == "U") { used[name] = 1; next }
	if (kind !~ /^[TDBRCV]$/ || name == "main" || name ~ /^(__|_GLOBAL|\.)/) next
	where[name] = path; which[name] = file
}
function fits(name, prefix) { return name == prefix || index(name, prefix "_") == 1 }
END {
	for (name in where) {
		file = which[name]; part = file; sub(/_.*/, "", part); noun = file; sub(/s$/, "", noun)
		word = name; sub(/_.*/, "_", word)
		handler = where[name] ~ /^app\/api\// && name ~ /_(get|post|put|patch|delete|list|stream)$/
		if (!handler && !fits(name, file) && !fits(name, part) && !fits(name, noun) && !((file, word) in allowed) && !((file, name) in allowed))
			print where[name] ".c:1: symbol: " name " does not start with " file "_"
		if (!(name in used) && !((file, "unused:" name) in allowed))
			print where[name] ".c:1: unused: " name " is used by no other file: static, or gone"
	}
}
