/* media.c - files: what Meta's double has, takes and gives; the program's files over a kill.
 *
 * The double knows a file for every media id: the first bytes of a JPEG and "file <id>". Uploads get the ids up1, up2,
 * ... An id with "big" in it is 2,000 bytes longer. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "io/crypto.h"
#include "sim/sim.h"

static int64_t upload_n, resolve_n, download_n;

void media_reset(void)
{
	upload_n = resolve_n = download_n = 0;
}

int64_t media_count(struct str what)
{
	if (str_eqc(what, "uploads"))
		return upload_n;
	if (str_eqc(what, "resolves"))
		return resolve_n;
	if (str_eqc(what, "downloads"))
		return download_n;
	fail("nothing is counted as meta.%.*s", STRF(what));
}

void media_content(struct str id, struct sbuf *to)
{
	sbuf_add(to, "\xff\xd8\xff\xe0", 4);
	sbuf_printf(to, "file %.*s", STRF(id));
	for (int i = 0; i < 200 && str_find(id, STR("big")) >= 0; i++)
		sbuf_text(to, "..........");
}

static void resolve(struct str id, struct sbuf *body)
{
	AUTO(sbuf_release) struct sbuf bytes = SBUF(64 * KIB);
	char hex[2 * SHA256_BYTES + 1];

	resolve_n++;
	media_content(id, &bytes);
	crypto_sha256_hex(sbuf_view(&bytes), hex);
	sbuf_printf(
		body,
		"{\"messaging_product\":\"whatsapp\",\"url\":\"https://lookaside.fbsbx.com/file/"
		"%.*s\",\"mime_type\":\"image/jpeg\",\"sha256\":\"%s\",\"file_size\":%zu,\"id\":"
		"\"%.*s\"}",
		STRF(id), hex, bytes.n, STRF(id));
}

/* Reads the file as libcurl would: in pieces, to its end. */
static void upload(const struct call_out *c, struct sbuf *body)
{
	const struct http_form *f = c->request->form;
	char piece[700];
	int64_t at = 0;
	size_t n;

	do {
		struct err e = { 0 };

		if (f->source(f->source_arg, at, piece, sizeof(piece), &n, &e) != RC_OK)
			fail("the file cannot be read: %s", e.text);
		at += (int64_t)n;
	} while (n > 0);
	if (at != f->file_bytes)
		fail("the file has %lld bytes, not %lld", (long long)at, (long long)f->file_bytes);
	sbuf_printf(body, "{\"id\":\"up%lld\"}", (long long)++upload_n);
}

/* A form as the JSON object that conditions and doubles read: its fields, and its file as {field, name, type, bytes}. A field
 * that holds an object is one. */
struct json *media_form_json(const struct http_form *f)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * MIB);
	struct json *ret = NULL;
	struct jsonw w;

	jsonw_init(&w, &text);
	jsonw_object(&w);
	for (size_t i = 0; i < f->field_count; i++) {
		if (f->fields[i].value[0] == '{')
			jsonw_kraw(&w, f->fields[i].name, str_of(f->fields[i].value));
		else
			jsonw_ktext(&w, f->fields[i].name, f->fields[i].value);
	}
	jsonw_kobject(&w, "file");
	jsonw_ktext(&w, "field", f->file_field != NULL ? f->file_field : "file");
	jsonw_ktext(&w, "name", f->file_name);
	jsonw_ktext(&w, "type", f->file_type);
	jsonw_ki64(&w, "bytes", f->file_bytes);
	jsonw_end(&w);
	jsonw_end(&w);
	if (json_parse(sbuf_view(&text), &ret, NULL) != RC_OK)
		fail("a form that cannot be read");
	return ret;
}

bool media_answer(const struct call_out *c, struct sbuf *body)
{
	ptrdiff_t question = str_find(c->path, STR("?phone_number_id="));
	struct str rest;

	if (c->request->form != NULL && str_ends(c->path, STR("/media"))) {
		upload(c, body);
		return true;
	}
	if (strcmp(c->method, "GET") != 0)
		return false;
	if (str_starts(c->path, STR("/file/"))) {
		download_n++;
		media_content(str_sub(c->path, 6, SIZE_MAX), body);
		return true;
	}
	if (question < 0)
		return false;
	rest = str_sub(c->path, 0, (size_t)question);
	while (str_chr(rest, '/') >= 0)
		rest = str_sub(rest, (size_t)str_chr(rest, '/') + 1, SIZE_MAX);
	resolve(rest, body);
	return true;
}

/* A scripted answer that has a body goes where the program wants it. */
enum rc media_sink(const struct http_request *q, struct http_answer *ans, struct err *e)
{
	struct str b = sbuf_view(&ans->body);
	enum rc rc;

	if (q->sink == NULL || ans->status / 100 != 2)
		return RC_OK;
	rc = b.n > 0 ? q->sink(q->sink_arg, b.p, b.n, e) : RC_OK;
	ans->sunk_bytes = rc == RC_OK ? (int64_t)b.n : 0;
	sbuf_reset(&ans->body);
	return rc;
}

void media_hook_body(struct jsonw *w, const struct words *words)
{
	AUTO(sbuf_release) struct sbuf bytes = SBUF(64 * KIB);
	AUTO(sbuf_release) struct sbuf base64 = SBUF(100);
	struct str id = word_value(words, "media");
	uint8_t digest[SHA256_BYTES];

	media_content(word_there(words, "wrong") ? STR("another") : id, &bytes);
	crypto_sha256(sbuf_view(&bytes), digest);
	enc_base64(&base64, digest, sizeof(digest));
	jsonw_ktext(w, "type", "image");
	jsonw_kobject(w, "image");
	jsonw_kstr(w, "id", id);
	jsonw_ktext(w, "mime_type", "image/jpeg");
	jsonw_kstr(w, "sha256", sbuf_view(&base64));
	jsonw_kstr(w, "caption", word_value(words, "text"));
	jsonw_end(w);
}

/* ---- the folder ---- */

typedef void entry_fn(const char *path, const char *to);

static void each_entry(const char *dir, const char *to, entry_fn *fn)
{
	char path[SIM_PATH_MAX * 2], other[SIM_PATH_MAX * 2];
	DIR *d = opendir(dir);
	const struct dirent *at;

	while (d != NULL && (at = readdir(d)) != NULL) {
		if (strcmp(at->d_name, ".") == 0 || strcmp(at->d_name, "..") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, at->d_name);
		(void)snprintf(other, sizeof(other), "%s/%s", to != NULL ? to : "", at->d_name);
		fn(path, to != NULL ? other : NULL);
	}
	if (d != NULL)
		(void)closedir(d);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void copy_entry(const char *path, const char *to)
{
	if (is_folder(path)) {
		if (mkdir(to, 0700) != 0)
			fail("cannot make %s", to);
		each_entry(path, to, copy_entry);
	} else if (link(path, to) != 0) { /* files are written once: a second name is a copy */
		fail("cannot copy %s", path);
	}
}

void media_folder_copy(const char *from, const char *to)
{
	char path[SIM_PATH_MAX * 2], other[SIM_PATH_MAX * 2];

	(void)snprintf(path, sizeof(path), "%s/media", from);
	(void)snprintf(other, sizeof(other), "%s/media", to);
	if (is_folder(path))
		copy_entry(path, other);
}

static void remove_entry(const char *path, const char *to)
{
	(void)to;
	if (is_folder(path)) {
		each_entry(path, NULL, remove_entry);
		(void)rmdir(path);
	} else {
		(void)unlink(path);
	}
}

void media_folder_remove(const char *dir)
{
	char path[SIM_PATH_MAX * 2];

	(void)snprintf(path, sizeof(path), "%s/media", dir);
	remove_entry(path, NULL);
}

static int64_t found_files;

static void count_entry(const char *path, const char *to)
{
	(void)to;
	if (is_folder(path))
		each_entry(path, NULL, count_entry);
	else
		found_files++;
}

/* Files of the program, temporary ones included. */
int64_t media_folder_count(const char *dir)
{
	char path[SIM_PATH_MAX * 2];

	found_files = 0;
	(void)snprintf(path, sizeof(path), "%s/media", dir);
	each_entry(path, NULL, count_entry);
	return found_files;
}
