/* load_body.c - see load_body.h. */
#include "load_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/md.h>

#include "util.h"

#define SEQ_DIGITS 12
#define ID_HEAD    "wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYFD"
#define ID_TAIL    "ABCAA=="

struct template
{
	char *bytes;
	size_t n, body, sig, text_seq, id_seq, hashed; /* offsets into bytes */
	mbedtls_md_context_t state; /* inner hash after key pad and body up to `hashed` */
};
struct load_body {
	struct template *templates;
	int templates_n;
	size_t max;
	mbedtls_md_context_t outer, work;
	char run[9]; /* makes the ids of two runs different */
};

static void md_open(mbedtls_md_context_t *ctx)
{
	mbedtls_md_init(ctx);
	if (mbedtls_md_setup(ctx, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0) ||
	    mbedtls_md_starts(ctx))
		die("sha256 is missing");
}

static void md_pad(mbedtls_md_context_t *ctx, const char *secret, uint8_t pad)
{
	uint8_t block[64] = { 0 };
	size_t n = strlen(secret);

	if (n > sizeof block)
		die("--secret is longer than %zu", sizeof block);
	memcpy(block, secret, n);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] ^= pad;
	mbedtls_md_update(ctx, block, sizeof block);
}

static void body_write(struct load_body *b, const struct load_shape *s, int i, struct buf *out)
{
	static const char filler[] =
		"Hola, quisiera saber si mi pedido ya sali\\u00f3 hacia "
		"M\\u00e1laga y a qu\\u00e9 hora llega, gracias \\ud83d\\ude0a "
		"http:\\/\\/tienda.example.test\\/pedido ";
	unsigned who = (unsigned)(i % s->customers);
	size_t tail_n = 200;

	buf_printf(
		out,
		"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"%s\",\"changes\":[{"
		"\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"
		"\"display_phone_number\":\"5511400000000\",\"phone_number_id\":\"%s\"},"
		"\"contacts\":[{"
		"\"profile\":{\"name\":\"Cliente %u N\\u00fa\\u00f1ez\"},\"wa_id\":\"55119%08u\"}],"
		"\"messages\":[{\"from\":\"55119%08u\",\"timestamp\":\"%lld\",\"type\":\"text\","
		"\"text\":{\"body\":\"",
		s->waba, s->phone_id, who, who, who, (long long)time(NULL));
	/* whole fillers, then letters: an escape must not be cut */
	while (out->n + sizeof filler - 1 + tail_n < (size_t)s->size)
		buf_puts(out, filler);
	while (out->n + 120 < (size_t)s->size) /* what follows is 120 bytes */
		buf_puts(out, "x");
	buf_puts(out, " pedido ");
	buf_printf(out, "%0*d\"},\"id\":\"" ID_HEAD "%s", SEQ_DIGITS, 0, b->run);
	buf_printf(out, "%0*d" ID_TAIL "\"}]},\"field\":\"messages\"}]}]}", SEQ_DIGITS, 0);
}

static size_t offset_of(const char *text, const char *part, size_t after)
{
	const char *p = strstr(text, part);

	if (!p)
		die("template without %s", part);
	return (size_t)(p - text) + after;
}

static void template_make(struct load_body *b, const struct load_shape *s, int i)
{
	struct template *t = &b->templates[i];
	struct buf all = { 0 }, body = { 0 };

	body_write(b, s, i, &body);
	buf_printf(&all,
		   "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: facebookexternalua\r\n"
		   "Content-Type: application/json\r\nContent-Length: %zu\r\n"
		   "X-Hub-Signature-256: sha256=%064d\r\n\r\n",
		   s->path, s->host, body.n, 0);
	t->body = all.n;
	t->sig = offset_of(all.p, "sha256=", 7);
	t->text_seq = t->body + offset_of(body.p, " pedido 0000", 8);
	t->id_seq = t->body + offset_of(body.p, ID_HEAD, strlen(ID_HEAD) + 8);
	buf_put(&all, body.p, body.n);
	t->bytes = all.p;
	t->n = all.n;
	t->hashed = t->text_seq;
	md_open(&t->state);
	md_pad(&t->state, s->secret, 0x36);
	mbedtls_md_update(&t->state, (const uint8_t *)t->bytes + t->body, t->hashed - t->body);
	if (t->n > b->max)
		b->max = t->n;
	buf_free(&body);
}

struct load_body *load_body_new(const struct load_shape *s)
{
	struct load_body *b = xalloc(sizeof *b);

	if (strlen(ID_HEAD) + 8 + SEQ_DIGITS + strlen(ID_TAIL) != LOAD_WAMID_N)
		die("LOAD_WAMID_N is not %zu", strlen(ID_HEAD) + 8 + SEQ_DIGITS + strlen(ID_TAIL));
	snprintf(b->run, sizeof b->run, "%08llX",
		 (unsigned long long)((uint64_t)wall_ms() * 2654435761u & 0xffffffffu));
	b->templates_n = s->templates;
	b->templates = xalloc((size_t)s->templates * sizeof *b->templates);
	md_open(&b->outer);
	md_pad(&b->outer, s->secret, 0x5c);
	md_open(&b->work);
	for (int i = 0; i < s->templates; i++)
		template_make(b, s, i);
	return b;
}

size_t load_body_max(const struct load_body *b)
{
	return b->max;
}

static void digits(char *out, uint64_t v)
{
	for (int i = SEQ_DIGITS; i--; v /= 10)
		out[i] = (char)('0' + v % 10);
}

size_t load_body_write(struct load_body *b, uint64_t seq, char *out, char wamid[LOAD_WAMID_N + 1])
{
	static const char hex[] = "0123456789abcdef";
	struct template *t = &b->templates[seq % (uint64_t)b->templates_n];
	uint8_t mac[32];

	memcpy(out, t->bytes, t->n);
	digits(out + t->text_seq, seq);
	digits(out + t->id_seq, seq);
	mbedtls_md_clone(&b->work, &t->state);
	mbedtls_md_update(&b->work, (const uint8_t *)out + t->hashed, t->n - t->hashed);
	mbedtls_md_finish(&b->work, mac);
	mbedtls_md_clone(&b->work, &b->outer);
	mbedtls_md_update(&b->work, mac, sizeof mac);
	mbedtls_md_finish(&b->work, mac);
	for (size_t i = 0; i < sizeof mac; i++) {
		out[t->sig + 2 * i] = hex[mac[i] >> 4];
		out[t->sig + 2 * i + 1] = hex[mac[i] & 15];
	}
	memcpy(wamid, out + t->id_seq - strlen(ID_HEAD) - 8, LOAD_WAMID_N);
	wamid[LOAD_WAMID_N] = '\0';
	return t->n;
}
