# text.awk - what may not stand in a C file. After lex.awk. FILENAME is relative to the root.
BEGIN {
	n = split("strcpy strcat stpcpy sprintf vsprintf gets strncpy strncat alloca atoi atol atoll atof sscanf fscanf " \
		"vsscanf vfscanf strtok gmtime localtime ctime asctime mktime mktemp tmpnam tempnam rand srand drand48 " \
		"system popen", w, " ")
	for (i = 1; i <= n; i++) banned[w[i]] = "everywhere"
	n = split("sleep usleep nanosleep", w, " ")
	for (i = 1; i <= n; i++) banned[w[i]] = "waiting"
	n = split("malloc calloc realloc strdup strndup free", w, " ")
	for (i = 1; i <= n; i++) banned[w[i]] = "memory"
	n = split("clock_gettime gettimeofday time", w, " ")
	for (i = 1; i <= n; i++) banned[w[i]] = "clock"
}
FNR == 1 {
	is_app = FILENAME ~ /^app\//
	is_tool = FILENAME ~ /^app\/tools\//
	apart = FILENAME ~ /^tests\/(peers|bench|attack)\// # programs of their own, without base.h
	low = FILENAME ~ /^app\/(base|io|tools)\//
	sql_home = FILENAME ~ /^app\/io\/(db|migrate)\.c$/ || FILENAME ~ /^app\/tools\//
	name = FILENAME
	sub(/.*\//, "", name)
	if (index($0, "/* " name " - ") != 1)
		finding("opening: the first line is \"/* " name " - what it is\"")
}
{
	lex($0)
	if (SLASHES) finding("comment: // is for drafts")
	if (CODE ~ /typedef[ \t]+(struct|union|enum)/ && CODE !~ /\(/) finding("typedef: structs and enums are named as such")
	if (is_app && !sql_home && STRINGS ~ /(^|[^A-Z_])(SELECT|INSERT (OR [A-Z]+ )?INTO|UPDATE [a-z_]+ SET|DELETE FROM|CREATE (TABLE|INDEX|UNIQUE|TRIGGER|VIEW)|DROP (TABLE|INDEX)|ALTER TABLE|PRAGMA|BEGIN IMMEDIATE|ROLLBACK|SAVEPOINT|VACUUM|ORDER BY) /)
		finding("sql: statements live in db/queries")
	rest = CODE
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		before = substr(rest, RSTART - 1, 1)
		word = substr(rest, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", word)
		rest = substr(rest, RSTART + RLENGTH)
		if (!(word in banned) || before == "." || before == ">") continue
		why = banned[word]
		if (why == "everywhere" && !apart) finding("banned: " word)
		else if (!is_app || is_tool) continue
		else if (why == "waiting") finding("banned: " word " (wait for an event, with a deadline)")
		else if (why == "memory" && !low) finding("banned: " word " (memory comes from the arena)")
		else if (why == "clock" && FILENAME != "app/base/clock.c") finding("banned: " word " (time is a parameter)")
	}
}
