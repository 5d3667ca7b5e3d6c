/* sqlgen.c - turns db/queries and db/migrations into C tables. Host program, C library only.
 *
 *	sqlgen QUERIES MIGRATIONS OUT.h OUT.c
 *
 * A query file holds named statements; its name without .sql is the prefix of their names:
 *
 *	-- name: message_insert
 *	-- One line of purpose.
 *	-- in: company_id content
 *	-- out: id
 *	-- scan: why it may read many rows       (optional)
 *	INSERT INTO message (company_id, content) VALUES (@company_id, @content) RETURNING id;
 *
 * @names become ?N by their place in `-- in:`, so binding is by position and still checked by name.
 * A migration file is NNNN_word.sql, numbered from 1 without gaps; its text is taken as it is.
 * Long file: a host tool is one file without a project header.
 * Outputs are written only when they change. Mistakes: file:line: text, exit 1. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX   64
#define QUERIES_MAX 2048
#define FILES_MAX   512

struct text {
	char *p;
	size_t n;
	size_t cap;
};

struct query {
	char *name;
	char *file;
	int line;
	char *in[NAMES_MAX];
	bool used[NAMES_MAX];
	int in_count;
	char *out[NAMES_MAX];
	int out_count;
	bool scan;
	bool purpose;
	struct text sql;
};

struct migration {
	int number;
	char *name;
	char *sql;
};

/* Where we are in a query file. */
struct reader {
	const char *file;
	const char *module;
	const char *p;
	int line;
};

static struct query queries[QUERIES_MAX];
static int query_count;
static struct migration migrations[FILES_MAX];
static int migration_count;

__attribute__((noreturn, format(printf, 3, 4))) static void die(const char *file, int line,
								const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void *must(void *p)
{
	if (p == NULL)
		die("sqlgen", 0, "no memory");
	return p;
}

static char *dup_n(const char *p, size_t n)
{
	char *s = must(malloc(n + 1));

	memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

static void add_n(struct text *t, const char *p, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = (t->n + n + 1) * 2;
		t->p = must(realloc(t->p, t->cap));
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(buf))
		die("sqlgen", 0, "a line of output is longer than %zu bytes", sizeof(buf));
	add_n(t, buf, (size_t)n);
}

/* Whole file or NULL when it is not there. */
static char *slurp(const char *path, size_t *ret_n)
{
	struct text t = { 0 };
	FILE *f = fopen(path, "rb");
	char buf[8192];
	size_t n;

	if (f == NULL)
		return NULL;
	add_n(&t, "", 0);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		add_n(&t, buf, n);
	if (ferror(f))
		die(path, 0, "cannot be read");
	fclose(f);
	if (strlen(t.p) != t.n)
		die(path, 0, "holds a NUL byte");
	if (ret_n != NULL)
		*ret_n = t.n;
	return t.p;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted names of the folder's .sql files. */
static int list(const char *folder, char **names)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (d == NULL)
		die(folder, 0, "%s", strerror(errno));
	while ((entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len < 5 ||
		    strcmp(entry->d_name + len - 4, ".sql") != 0)
			continue;
		if (n == FILES_MAX)
			die(folder, 0, "more than %d files", FILES_MAX);
		names[n++] = dup_n(entry->d_name, len);
	}
	closedir(d);
	qsort(names, (size_t)n, sizeof(*names), by_name);
	return n;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The words of a comment line; a leading @ is allowed, a lone - means none. */
static int words(const struct reader *r, const char *p, size_t n, char **ret_words)
{
	int count = 0;
	size_t i = 0;

	for (;;) {
		size_t from;

		while (i < n && isspace((unsigned char)p[i]))
			i++;
		if (i == n)
			return count;
		if (p[i] == '-' && count == 0 && i + 1 == n)
			return 0;
		if (p[i] == '@')
			i++;
		from = i;
		while (i < n && word_char(p[i]))
			i++;
		if (i == from || (i < n && !isspace((unsigned char)p[i])))
			die(r->file, r->line,
			    "names are letters, digits and _, with blanks between");
		if (count == NAMES_MAX)
			die(r->file, r->line, "more than %d names", NAMES_MAX);
		ret_words[count] = dup_n(p + from, i - from);
		for (int k = 0; k < count; k++)
			if (strcmp(ret_words[k], ret_words[count]) == 0)
				die(r->file, r->line, "%s is named twice", ret_words[k]);
		count++;
	}
}

static bool tagged(const char *p, size_t n, const char *tag, size_t *ret_skip)
{
	*ret_skip = strlen(tag);
	return n >= *ret_skip && memcmp(p, tag, *ret_skip) == 0;
}

static struct query *start_query(const struct reader *r, const char *p, size_t n)
{
	struct query *q = &queries[query_count];
	size_t module_n = strlen(r->module);
	char *found[NAMES_MAX];

	if (query_count == QUERIES_MAX)
		die(r->file, r->line, "more than %d queries", QUERIES_MAX);
	if (words(r, p, n, found) != 1)
		die(r->file, r->line, "-- name: takes one name");
	q->name = found[0];
	q->file = dup_n(r->file, strlen(r->file));
	q->line = r->line;
	if (strncmp(q->name, r->module, module_n) != 0 || q->name[module_n] != '_' ||
	    q->name[module_n + 1] == '\0')
		die(r->file, r->line, "%s must start with %s_, as the file does", q->name,
		    r->module);
	for (int i = 0; i < query_count; i++)
		if (strcmp(queries[i].name, q->name) == 0)
			die(r->file, r->line, "%s is already at %s:%d", q->name, queries[i].file,
			    queries[i].line);
	query_count++;
	return q;
}

/* One comment line above the statement. */
static void head_line(const struct reader *r, struct query **q, const char *p, size_t n)
{
	size_t skip;

	if (tagged(p, n, "-- name:", &skip)) {
		if (*q != NULL)
			die(r->file, r->line, "%s has no statement", (*q)->name);
		*q = start_query(r, p + skip, n - skip);
	} else if (*q == NULL) {
		return; /* comment between queries */
	} else if (tagged(p, n, "-- in:", &skip)) {
		if ((*q)->in_count > 0)
			die(r->file, r->line, "second -- in: line");
		(*q)->in_count = words(r, p + skip, n - skip, (*q)->in);
	} else if (tagged(p, n, "-- out:", &skip)) {
		if ((*q)->out_count > 0)
			die(r->file, r->line, "second -- out: line");
		(*q)->out_count = words(r, p + skip, n - skip, (*q)->out);
	} else if (tagged(p, n, "-- scan:", &skip)) {
		(*q)->scan = true;
	} else if (n > 3) {
		(*q)->purpose = true;
	}
}

/* Replaces @name by ?N; *p stands on the @. */
static const char *parameter(const struct reader *r, struct query *q, const char *p)
{
	const char *from = p + 1;
	size_t n = 0;

	while (word_char(from[n]))
		n++;
	for (int i = 0; i < q->in_count; i++)
		if (strlen(q->in[i]) == n && memcmp(q->in[i], from, n) == 0) {
			q->used[i] = true;
			add(&q->sql, "?%d", i + 1);
			return from + n;
		}
	die(r->file, r->line, "@%.*s is not in the -- in: line of %s", (int)n, from, q->name);
}

/* Copies text in quotes; a doubled quote stays inside because it starts another one. */
static const char *quoted(struct reader *r, struct query *q, const char *p)
{
	const char *from = p;
	char quote = *p++;

	while (*p != '\0' && *p != quote)
		if (*p++ == '\n')
			r->line++;
	if (*p == '\0')
		die(r->file, r->line, "%c is not closed", quote);
	add_n(&q->sql, from, (size_t)(p + 1 - from));
	return p + 1;
}

/* The statement up to its semicolon. Comments are left out. */
static void statement(struct reader *r, struct query *q)
{
	const char *p = r->p;

	while (*p != ';') {
		if (*p == '\0')
			die(r->file, r->line, "%s does not end with a semicolon", q->name);
		if (*p == '\n')
			r->line++;
		if (*p == '\'' || *p == '"') {
			p = quoted(r, q, p);
		} else if (p[0] == '-' && p[1] == '-') {
			if (strncmp(p, "-- name:", 8) == 0)
				die(r->file, r->line, "%s does not end with a semicolon", q->name);
			while (*p != '\0' && *p != '\n')
				p++;
		} else if (p[0] == '/' && p[1] == '*') {
			die(r->file, r->line, "comments start with --");
		} else if (*p == '@') {
			p = parameter(r, q, p);
		} else if (*p == '?' || (*p == ':' && word_char(p[1])) || *p == '$') {
			die(r->file, r->line, "parameters are written @name");
		} else {
			add_n(&q->sql, p++, 1);
		}
	}
	r->p = p + 1;
	for (int i = 0; i < q->in_count; i++)
		if (!q->used[i])
			die(q->file, q->line, "%s does not use @%s", q->name, q->in[i]);
	if (!q->purpose)
		die(q->file, q->line, "%s has no line of purpose", q->name);
	while (q->sql.n > 0 && isspace((unsigned char)q->sql.p[q->sql.n - 1]))
		q->sql.p[--q->sql.n] = '\0';
}

static void read_queries(const char *file, const char *module)
{
	char *text = slurp(file, NULL);
	struct reader r = { .file = file, .module = module, .p = text, .line = 1 };
	struct query *q = NULL;

	if (text == NULL)
		die(file, 0, "%s", strerror(errno));
	while (*r.p != '\0') {
		size_t n = strcspn(r.p, "\n");

		if (*r.p == '\n') {
			r.line++;
			r.p++;
		} else if (isspace((unsigned char)*r.p)) {
			r.p++;
		} else if (r.p[0] == '-' && r.p[1] == '-') {
			head_line(&r, &q, r.p, n);
			r.p += n;
		} else if (q != NULL) {
			statement(&r, q);
			q = NULL;
		} else {
			die(file, r.line, "statement without a -- name: line");
		}
	}
	if (q != NULL)
		die(file, q->line, "%s has no statement", q->name);
	free(text);
}

static void read_migration(const char *file, const char *name)
{
	struct migration *m = &migrations[migration_count];
	const char *p = name;

	for (; isdigit((unsigned char)*p); p++)
		m->number = m->number * 10 + (*p - '0');
	if (p - name != 4 || *p != '_' || p[1] == '.')
		die(file, 1, "migrations are named NNNN_word.sql");
	if (m->number != migration_count + 1)
		die(file, 1, "migrations count from 0001 without gaps: %04d is next",
		    migration_count + 1);
	m->name = dup_n(name, strlen(name) - 4);
	m->sql = slurp(file, NULL);
	if (m->sql == NULL)
		die(file, 0, "%s", strerror(errno));
	migration_count++;
}

static void literal(struct text *t, const char *s)
{
	add(t, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '\n')
			add(t, "%s", s[1] != '\0' ? "\\n\"\n\t\t\"" : "\\n");
		else if (*s == '"' || *s == '\\')
			add(t, "\\%c", *s);
		else if (*s == '?')
			add(t, "\\?"); /* no trigraphs */
		else if ((unsigned char)*s < 32 && *s != '\t')
			add(t, "\\%03o", (unsigned)*s);
		else
			add_n(t, s, 1);
	}
	add(t, "\"");
}

static void constant(struct text *t, const char *name)
{
	add(t, "Q_");
	for (; *name != '\0'; name++)
		add(t, "%c", toupper((unsigned char)*name));
}

static void name_array(struct text *t, int i, const char *which, char **names, int count)
{
	if (count == 0)
		return;
	add(t, "static const char *const %s_%d[] = {", which, i);
	for (int k = 0; k < count; k++)
		add(t, " \"%s\",", names[k]);
	add(t, " };\n");
}

static void name_list(struct text *t, const char *field, char **names, int count)
{
	add(t, "\t\t.%s = \"", field);
	for (int k = 0; k < count; k++)
		add(t, "%s%s", k > 0 ? " " : "", names[k]);
	add(t, "\",\n");
}

static void make_header(struct text *t)
{
	add(t, "/* queries.h - made by app/tools/sqlgen.c from db/queries. */\n"
	       "#ifndef GEN_QUERIES_H\n#define GEN_QUERIES_H\n\n#include <stdbool.h>\n\nenum query "
	       "{\n");
	for (int i = 0; i < query_count; i++) {
		add(t, "\t");
		constant(t, queries[i].name);
		add(t, ",\n");
	}
	add(t,
	    "\tQ_COUNT\n};\n\n"
	    "/* Names in order: what io/db.c compares with. */\n"
	    "struct query_names {\n"
	    "\tint in_count;\n\tint out_count;\n"
	    "\tconst char *const *in;\n\tconst char *const *out;\n"
	    "\tbool scan; /* declared to read many rows */\n};\n\n"
	    "extern const struct query_names query_names[Q_COUNT > 0 ? Q_COUNT : 1];\n\n#endif\n");
}

static void make_source(struct text *t)
{
	add(t, "/* queries.c - made by app/tools/sqlgen.c from db/queries and db/migrations. */\n"
	       "#include \"io/db.h\"\n#include \"io/migrate.h\"\n\n");
	for (int i = 0; i < query_count; i++) {
		name_array(t, i, "in", queries[i].in, queries[i].in_count);
		name_array(t, i, "out", queries[i].out, queries[i].out_count);
	}
	add(t, "\nconst struct query_names query_names[Q_COUNT > 0 ? Q_COUNT : 1] = {\n");
	for (int i = 0; i < query_count; i++) {
		const struct query *q = &queries[i];

		add(t, "\t{ .in_count = %d, .out_count = %d", q->in_count, q->out_count);
		if (q->in_count > 0)
			add(t, ", .in = in_%d", i);
		if (q->out_count > 0)
			add(t, ", .out = out_%d", i);
		add(t, ", .scan = %s },\n", q->scan ? "true" : "false");
	}
	add(t, "};\n\nstatic const struct query_info infos[Q_COUNT > 0 ? Q_COUNT : 1] = {\n");
	for (int i = 0; i < query_count; i++) {
		add(t, "\t{\n\t\t.name = \"%s\",\n\t\t.sql =\n\t\t", queries[i].name);
		literal(t, queries[i].sql.p);
		add(t, ",\n");
		name_list(t, "in", queries[i].in, queries[i].in_count);
		name_list(t, "out", queries[i].out, queries[i].out_count);
		add(t, "\t\t.file = \"%s:%d\",\n\t},\n", queries[i].file, queries[i].line);
	}
	add(t,
	    "};\n\nconst struct query_info *query_info(enum query q)\n{\n"
	    "\tASSERT((unsigned)q < (unsigned)Q_COUNT);\n\treturn &infos[q];\n}\n\n"
	    "static const struct migration migrations[%d] = {\n",
	    migration_count > 0 ? migration_count : 1);
	for (int i = 0; i < migration_count; i++) {
		add(t, "\t{\n\t\t.number = %d,\n\t\t.name = \"%s\",\n\t\t.sql =\n\t\t",
		    migrations[i].number, migrations[i].name);
		literal(t, migrations[i].sql);
		add(t, ",\n\t},\n");
	}
	add(t,
	    "};\n\nconst struct migration *migrate_table(size_t *ret_count)\n{\n"
	    "\t*ret_count = %d;\n\treturn migrations;\n}\n",
	    migration_count);
}

static void write_changed(const char *path, const struct text *t)
{
	char *tmp = must(malloc(strlen(path) + 5));
	size_t old_n = 0;
	char *old = slurp(path, &old_n);
	FILE *f;

	if (old == NULL || old_n != t->n || memcmp(old, t->p, old_n) != 0) {
		snprintf(tmp, strlen(path) + 5, "%s.new", path);
		f = fopen(tmp, "wb");
		if (f == NULL || fwrite(t->p, 1, t->n, f) != t->n || fclose(f) != 0 ||
		    rename(tmp, path) != 0)
			die(path, 0, "cannot be written: %s", strerror(errno));
	}
	free(old);
	free(tmp);
}

static char *join(const char *folder, const char *name)
{
	size_t n = strlen(folder) + strlen(name) + 2;
	char *path = must(malloc(n));

	snprintf(path, n, "%s/%s", folder, name);
	return path;
}

int main(int argc, char **argv)
{
	static char *names[FILES_MAX];
	struct text header = { 0 };
	struct text source = { 0 };
	int n;

	if (argc != 5) {
		fprintf(stderr, "usage: sqlgen QUERIES MIGRATIONS OUT.h OUT.c\n");
		return 2;
	}
	n = list(argv[1], names);
	for (int i = 0; i < n; i++)
		read_queries(join(argv[1], names[i]), dup_n(names[i], strlen(names[i]) - 4));
	n = list(argv[2], names);
	for (int i = 0; i < n; i++)
		read_migration(join(argv[2], names[i]), names[i]);
	make_header(&header);
	make_source(&source);
	write_changed(argv[3], &header);
	write_changed(argv[4], &source);
	return 0;
}
