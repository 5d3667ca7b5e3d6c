/* embed.c - host tool: a folder becomes a C table of files (io/asset.h).
 *
 *   embed OUT.c DIR PREFIX [DIR PREFIX]...
 *
 * Every regular file below DIR gets a row "PREFIX/<relative path>", its content type by suffix and
 * an FNV-1a hash of its bytes; where FILE.gz stands beside FILE, its bytes are taken instead and the row says so; rows are sorted by path in byte order. Files and folders that begin
 * with a dot are left out. OUT.c is written only when it changes, so that make does not rebuild for
 * nothing; the same input gives the same bytes. Ends with 1 and a sentence on any error. */
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EMBED_FILES_MAX 1024
#define EMBED_PATH_MAX  1024
#define EMBED_FILE_MAX  (16 * 1024 * 1024)
#define EMBED_LINE      96

struct file {
	char path[EMBED_PATH_MAX]; /* below the folder, begins with '/' */
	char *bytes;
	size_t n;
	uint64_t hash;  /* of the bytes as they are */
	size_t plain_n; /* their length */
	bool gzip;      /* `bytes` are compressed */
};

static struct file *files[EMBED_FILES_MAX];
static size_t file_count;

static void die(const char *what, const char *which)
{
	fprintf(stderr, "embed: %s: %s\n", which, what);
	exit(1);
}

/* The whole file, or NULL when it is not there. */
static char *slurp(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return NULL;
	size_t cap = 64 * 1024;
	size_t n = 0;
	char *p = malloc(cap);
	for (;;) {
		if (p == NULL)
			die("no memory", path);
		n += fread(p + n, 1, cap - n, f);
		if (n < cap)
			break;
		cap *= 2;
		p = realloc(p, cap);
	}
	if (ferror(f) != 0)
		die("cannot be read", path);
	fclose(f);
	*ret_n = n;
	return p;
}

static void join_path(char *to, const char *a, const char *b)
{
	int n = snprintf(to, EMBED_PATH_MAX, "%s/%s", a, b);
	if (n < 0 || n >= EMBED_PATH_MAX)
		die("path is too long", b);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text);
	size_t m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static uint64_t fnv(const char *bytes, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The compressed form, when the build made one. */
static void take_packed(struct file *f, const char *path)
{
	char packed[EMBED_PATH_MAX];
	size_t n = 0;
	int length = snprintf(packed, sizeof packed, "%s.gz", path);
	char *bytes = length > 0 && length < EMBED_PATH_MAX ? slurp(packed, &n) : NULL;
	if (bytes == NULL)
		return;
	free(f->bytes);
	f->bytes = bytes;
	f->n = n;
	f->gzip = true;
}

static void add_file(const char *path, const char *relative)
{
	struct file *f = calloc(1, sizeof *f);
	if (f == NULL || file_count == EMBED_FILES_MAX)
		die("too many files", path);
	memcpy(f->path, relative, strlen(relative) + 1);
	for (const char *c = relative; *c != '\0'; c++) {
		if (*c <= ' ' || *c == '"' || *c == '\\' || *c == '*' || *c == 127)
			die("name has a character that a URL path should not have", path);
	}
	f->bytes = slurp(path, &f->n);
	if (f->bytes == NULL || f->n > EMBED_FILE_MAX)
		die("cannot be read, or too large", path);
	f->hash = fnv(f->bytes, f->n);
	f->plain_n = f->n;
	take_packed(f, path);
	files[file_count++] = f;
}

static void walk(const char *folder, const char *relative, int depth)
{
	DIR *dir = opendir(folder);
	if (dir == NULL || depth > 16)
		die("folder cannot be read", folder);
	for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
		char path[EMBED_PATH_MAX];
		char below[EMBED_PATH_MAX];
		struct stat st;
		if (d->d_name[0] == '.' || ends_with(d->d_name, ".gz"))
			continue;
		join_path(path, folder, d->d_name);
		join_path(below, relative, d->d_name);
		if (stat(path, &st) != 0)
			die("cannot be read", path);
		if (S_ISDIR(st.st_mode))
			walk(path, below, depth + 1);
		else if (S_ISREG(st.st_mode))
			add_file(path, below);
	}
	closedir(dir);
}

static int by_path(const void *a, const void *b)
{
	const struct file *const *x = a;
	const struct file *const *y = b;
	return strcmp((*x)->path, (*y)->path);
}

static const char *content_type(const char *path)
{
	static const char *const types[][2] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".mjs", "text/javascript; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".map", "application/json" },
		{ ".webmanifest", "application/manifest+json" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".md", "text/markdown; charset=utf-8" },
		{ ".xml", "application/xml" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
		{ ".webp", "image/webp" },
		{ ".ico", "image/vnd.microsoft.icon" },
		{ ".woff2", "font/woff2" },
		{ ".mp3", "audio/mpeg" },
		{ ".ogg", "audio/ogg" },
	};
	const char *dot = strrchr(path, '.');
	for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	}
	return "application/octet-stream";
}

/* String literals: they compile ten times faster than lists of numbers. Octal escapes have a fixed
 * length, '?' is escaped because of trigraphs. */
static void write_bytes(FILE *out, size_t row, const struct file *f)
{
	fprintf(out, "/* %s */\nstatic const char data_%zu[] =", f->path, row);
	for (size_t i = 0; i < f->n || i == 0; i++) {
		unsigned char c = f->n > 0 ? (unsigned char)f->bytes[i] : 0;
		if (i % EMBED_LINE == 0)
			fputs(i == 0 ? "\n\t\"" : "\"\n\t\"", out);
		if (f->n == 0)
			break;
		if (c == '"' || c == '\\' || c == '?' || c < ' ' || c > '~')
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputs("\";\n\n", out);
}

static void write_table(FILE *out)
{
	fputs("/* Made by app/tools/embed.c. Do not edit. */\n#include \"io/asset.h\"\n\n", out);
	for (size_t i = 0; i < file_count; i++)
		write_bytes(out, i, files[i]);
	fputs("const struct asset assets[] = {\n", out);
	for (size_t i = 0; i < file_count; i++)
		fprintf(out,
			"\t{ \"%s\", \"%s\", \"%016" PRIx64 "\", { data_%zu, %zu }, %s, %zu },\n",
			files[i]->path, content_type(files[i]->path), files[i]->hash, i,
			files[i]->n, files[i]->gzip ? "true" : "false", files[i]->plain_n);
	if (file_count == 0)
		fputs("\t{ NULL, NULL, NULL, { NULL, 0 }, false, 0 },\n",
		      out); /* C has no empty arrays */
	fprintf(out, "};\nconst size_t assets_count = %zu;\n", file_count);
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t n = 0;
	size_t old_n = 0;
	if (argc < 4 || argc % 2 != 0)
		die("usage: embed OUT.c DIR PREFIX [DIR PREFIX]...", "arguments");
	for (int i = 2; i < argc; i += 2)
		walk(argv[i], argv[i + 1], 0);
	qsort(files, file_count, sizeof(struct file *), by_path);
	FILE *memory = open_memstream(&text, &n);
	if (memory == NULL)
		die("no memory", argv[1]);
	write_table(memory);
	if (fclose(memory) != 0)
		die("no memory", argv[1]);
	char *old = slurp(argv[1], &old_n);
	bool same = old != NULL && old_n == n && memcmp(old, text, n) == 0;
	free(old);
	if (!same) {
		FILE *out = fopen(argv[1], "wb");
		if (out == NULL || fwrite(text, 1, n, out) != n || fclose(out) != 0)
			die("cannot be written", argv[1]);
	}
	free(text);
	for (size_t i = 0; i < file_count; i++) {
		free(files[i]->bytes);
		free(files[i]);
	}
	return 0;
}
