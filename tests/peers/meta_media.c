/* meta_media.c - files at the Meta double: upload, resolve (addresses that end), download, delete; kept in memory.
 *
 * Misbehaves on order (double.h) as all calls do, and in its own ways: `wrong_hash` (resolve tells another checksum),
 * `elsewhere` (resolve names a host that is not Meta's), `expired` (the address has ended), `wrong_bytes`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meta.h"

#define FILES_MAX 256

struct file {
	char id[24], mime[120], name[200], hex[65];
	char *bytes;
	size_t n;
	int64_t until_ms; /* of its newest address */
	int downloads;
	bool uploaded; /* by the business; else a customer's */
};

struct meta_files {
	struct file file[FILES_MAX];
	size_t n;
	long long uploads, resolves, downloads, deletes;
};

static struct meta_files *files_of(struct meta *t)
{
	if (!t->files)
		t->files = xalloc(sizeof *t->files);
	return t->files;
}

static struct file *find(struct meta *t, const char *id, size_t id_n)
{
	struct meta_files *f = files_of(t);

	for (size_t i = 0; i < f->n; i++) {
		if (strlen(f->file[i].id) == id_n && !memcmp(f->file[i].id, id, id_n))
			return &f->file[i];
	}
	return NULL;
}

static struct file *keep(struct meta *t, const char *bytes, size_t n, const char *mime)
{
	struct meta_files *f = files_of(t);
	struct file *x = &f->file[f->n < FILES_MAX ? f->n++ : FILES_MAX - 1];

	free(x->bytes);
	*x = (struct file){ .bytes = xcopy(bytes, n), .n = n };
	snprintf(x->id, sizeof x->id, "%llu",
		 100000000000000ull + rnd(&t->d.rnd) % 899999999999999ull);
	snprintf(x->mime, sizeof x->mime, "%s", mime);
	sha256_hex(bytes, n, x->hex);
	return x;
}

/* A customer's file for a webhook that the test makes itself: its id and both forms of the checksum. */
bool meta_media_control(struct meta *t, const struct mini_req *req, const char *verb)
{
	struct buf b = { 0 };
	char mime[120] = "application/octet-stream";
	uint8_t raw[32];

	if (strcmp(verb, "file"))
		return false;
	query_get(req->query, "mime", mime, sizeof mime);
	struct file *f = keep(t, req->body, req->body_n, mime);
	for (size_t i = 0; i < sizeof raw; i++) {
		unsigned v = 0;
		sscanf(f->hex + 2 * i, "%2x", &v);
		raw[i] = (uint8_t)v;
	}
	buf_printf(&b, "{\"id\":\"%s\",\"sha256_hex\":\"%s\",\"sha256\":\"", f->id, f->hex);
	base64(&b, raw, sizeof raw);
	buf_printf(&b, "\",\"bytes\":%zu}", f->n);
	dbl_json(&t->d, req->conn, 200, &b);
	buf_free(&b);
	return true;
}

/* ---- upload ---- */

static const char *after(const char *at, const char *end, const char *what, size_t n)
{
	for (; at + n <= end; at++) {
		if (!memcmp(at, what, n))
			return at;
	}
	return NULL;
}

struct part {
	char name[40], filename[200], type[120];
	const char *bytes;
	size_t n;
};

static void quoted(const char *head, const char *key, char *out, size_t size)
{
	const char *at = strstr(head, key);
	size_t n;

	out[0] = '\0';
	if (!at)
		return;
	at += strlen(key);
	n = strcspn(at, "\"");
	snprintf(out, size, "%.*s", (int)n, at);
}

/* The next part behind *at; false at the last boundary or when it is malformed. */
static bool next_part(const char **at, const char *end, const char *mark, struct part *ret)
{
	size_t mark_n = strlen(mark);
	const char *head = after(*at, end, mark + 2, mark_n - 2), *body, *stop;
	char text[1500];

	if (!head)
		return false;
	head += mark_n - 2;
	if (head + 2 > end || head[0] == '-')
		return false;
	body = after(head, end, "\r\n\r\n", 4);
	stop = body ? after(body + 4, end, mark, mark_n) : NULL;
	if (!stop || (size_t)(body - head) >= sizeof text)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)(body - head), head);
	quoted(text, "; name=\"", ret->name, sizeof ret->name);
	quoted(text, "; filename=\"", ret->filename, sizeof ret->filename);
	ret->type[0] = '\0';
	if (strstr(text, "Content-Type: "))
		sscanf(strstr(text, "Content-Type: ") + 14, "%119[^\r\n]", ret->type);
	ret->bytes = body + 4;
	ret->n = (size_t)(stop - ret->bytes);
	*at = stop;
	return true;
}

/* What the real one says it takes (3.4); a bare audio/ogg is not among it. */
static bool type_taken(const char *mime)
{
	static const char *const taken[] = {
		"audio/aac",  "audio/mp4",    "audio/mpeg", "audio/amr",  "audio/ogg; codecs=opus",
		"audio/opus", "application/", "text/plain", "image/jpeg", "image/png",
		"image/webp", "video/mp4",    "video/3gpp",
	};

	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		if (!strncmp(mime, taken[i], strlen(taken[i])))
			return true;
	}
	return false;
}

void meta_media_upload(struct meta *t, const struct mini_req *req)
{
	struct rule rule = dbl_rule(&t->d, req, NULL);
	char type[200] = "", mark[120] = "";
	const char *at = req->body, *end = req->body + req->body_n;
	struct part p, file = { .bytes = NULL };
	bool product = false;
	struct buf b = { 0 };

	if (dbl_refused(&t->d, req, &rule))
		return;
	mini_header(req, "content-type", type, sizeof type);
	if (strstr(type, "boundary="))
		snprintf(mark, sizeof mark, "\r\n--%.90s", strstr(type, "boundary=") + 9);
	while (mark[0] && next_part(&at, end, mark, &p)) {
		if (!strcmp(p.name, "messaging_product"))
			product = p.n == 8 && !memcmp(p.bytes, "whatsapp", 8);
		if (!strcmp(p.name, "file"))
			file = p;
	}
	if (!product || !file.bytes || !type_taken(file.type)) {
		meta_refuse(t, req, 400, 100,
			    !product      ? "(#100) Missing messaging_product"
			    : !file.bytes ? "(#100) The parameter file is required"
					  : "(#100) Param file must be a file with one of the "
					    "following types");
		return;
	}
	struct file *f = keep(t, file.bytes, file.n, file.type);
	snprintf(f->name, sizeof f->name, "%s", file.filename);
	f->uploaded = true;
	files_of(t)->uploads++;
	buf_printf(&b, "{\"id\":\"%s\"}", f->id);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, &rule);
	buf_free(&b);
}

/* ---- resolve, download, delete ---- */

static void resolve(struct meta *t, const struct mini_req *req, struct file *f)
{
	struct rule rule = dbl_rule(&t->d, req, NULL);
	char phone[60] = "", hex[65];
	struct buf b = { 0 };

	if (dbl_refused(&t->d, req, &rule))
		return;
	if (query_get(req->query, "phone_number_id", phone, sizeof phone) &&
	    strcmp(phone, t->cfg->phone_id)) {
		meta_refuse(t, req, 400, 100, "Unsupported get request. Object does not exist");
		return;
	}
	files_of(t)->resolves++;
	f->until_ms = wall_ms() + t->url_ms;
	snprintf(hex, sizeof hex, "%s", f->hex);
	if (dbl_word(&rule, "wrong_hash"))
		hex[0] = hex[0] == '0' ? '1' : '0';
	buf_printf(&b,
		   "{\"messaging_product\":\"whatsapp\",\"url\":\"http:\\/\\/127.0.0.%d:%d\\/"
		   "lookaside\\/"
		   "%s?ext=%lld\",\"mime_type\":\"%s\",\"sha256\":\"%s\",\"file_size\":%zu,"
		   "\"id\":\"%s\"}",
		   dbl_word(&rule, "elsewhere") ? 2 : 1, t->port, f->id,
		   (long long)(f->until_ms / 1000), f->mime, hex, f->n, f->id);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, &rule);
	buf_free(&b);
}

static void download(struct meta *t, const struct mini_req *req, const char *id)
{
	struct rule rule = dbl_rule(&t->d, req, NULL);
	struct file *f = find(t, id, strlen(id));

	if (dbl_refused(&t->d, req, &rule))
		return;
	if (!f || wall_ms() > f->until_ms || dbl_word(&rule, "expired")) {
		dbl_text(&t->d, req->conn, 404, "text/plain", "URL signature expired");
		return;
	}
	f->downloads++;
	files_of(t)->downloads++;
	char *bytes = xcopy(f->bytes, f->n);
	if (dbl_word(&rule, "wrong_bytes") && f->n)
		bytes[f->n - 1] ^= 1;
	dbl_reply(&t->d, req->conn, 200, f->mime, NULL, bytes, f->n, &rule);
	free(bytes);
}

static void delete (struct meta *t, const struct mini_req *req, struct file *f)
{
	struct rule rule = dbl_rule(&t->d, req, NULL);

	if (dbl_refused(&t->d, req, &rule))
		return;
	files_of(t)->deletes++;
	f->id[0] = '\0';
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, "{\"success\":true}", 16, &rule);
}

bool meta_media_request(struct meta *t, const struct mini_req *req, const char *rest)
{
	bool get = !strcmp(req->method, "GET");
	struct file *f = find(t, rest, strcspn(rest, "/"));

	if (get && !strncmp(req->path, "/lookaside/", 11)) {
		download(t, req, req->path + 11);
		return true;
	}
	if (!f || strchr(rest, '/') || (!get && strcmp(req->method, "DELETE")))
		return false;
	if (get)
		resolve(t, req, f);
	else
		delete (t, req, f);
	return true;
}

void meta_media_state(struct meta *t, struct buf *out)
{
	const struct meta_files *f = files_of(t);

	buf_printf(out,
		   ",\"uploads\":%lld,\"resolves\":%lld,\"downloads\":%lld,\"deletes\":%lld,"
		   "\"files\":[",
		   f->uploads, f->resolves, f->downloads, f->deletes);
	for (size_t i = 0; i < f->n; i++) {
		const struct file *x = &f->file[i];

		buf_printf(out,
			   "%s{\"id\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\",\"uploaded\":%s,"
			   "\"downloads\":%d,\"mime\":",
			   i ? "," : "", x->id, x->n, x->hex, x->uploaded ? "true" : "false",
			   x->downloads);
		buf_json(out, x->mime, false);
		buf_puts(out, ",\"name\":");
		buf_json(out, x->name, false);
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

void meta_media_reset(struct meta *t)
{
	struct meta_files *f = files_of(t);

	for (size_t i = 0; i < f->n; i++)
		free(f->file[i].bytes);
	memset(f, 0, sizeof *f);
}
