/* channel_test.c - see channel_test.h. */
#include "flow/channel/channel_test.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "io/http.h"

#define TEST_TIMEOUT_MS 15000

const char *channel_test_word(enum channel_test_found f)
{
	switch (f) {
	case CHANNEL_TEST_UNSET:
		return "not tested";
	case CHANNEL_TEST_FINE:
		return "fine";
	case CHANNEL_TEST_UNREACHED:
		return "not reached";
	case CHANNEL_TEST_CERTIFICATE:
		return "certificate refused";
	case CHANNEL_TEST_FOREIGN:
		return "answered by something else";
	case CHANNEL_TEST_CLIENT_CERT:
		return "asks for a client certificate";
	}
	BUG("unknown finding");
}

/* Digits, as Meta sends them. */
static void challenge(char to[20])
{
	uint32_t r;

	crypto_random((uint8_t *)&r, sizeof(r));
	(void)snprintf(to, 20, "1%09u", r % 1000000000u);
}

static void url_escaped(struct sbuf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';

		if (plain)
			sbuf_char(to, (char)c);
		else
			sbuf_printf(to, "%%%02X", c);
	}
}

static void badge(const uint8_t seal_key[32], struct str challenge,
		  char ret_text[2 * SHA256_BYTES + 1])
{
	const struct str parts[] = { STR("self test of the public address 1"), challenge };
	uint8_t mac[SHA256_BYTES];

	crypto_hmac_sha256_parts(str_n((const char *)seal_key, 32), parts, COUNT(parts), mac);
	enc_hex(mac, sizeof(mac), ret_text);
}

bool channel_test_is_own(const uint8_t seal_key[32], struct str challenge, struct str header)
{
	char wanted[2 * SHA256_BYTES + 1];

	if (header.n == 0)
		return false;
	badge(seal_key, challenge, wanted);
	return crypto_equal(header, str_of(wanted));
}

/* Only TLS that Totem ends itself asks for client certificates. */
static bool wants_client_cert(const struct http_answer *ans, const struct settings *s,
			      const char *url)
{
	return setting_str(s, "tls_client_ca").n > 0 && setting_str(s, "tls_cert").n > 0 &&
	       setting_str(s, "hooks_listen").n > 0 && ans->connected &&
	       strncmp(url, "https:", 6) == 0;
}

static void judge(enum rc rc, const struct http_answer *ans, const char *wanted, bool wants_cert,
		  struct channel_test *ret)
{
	ret->cert_ends_ms = ans->cert_ends_ms;
	ret->refused = ans->refused;
	if (ans->cert_refused)
		ret->found = CHANNEL_TEST_CERTIFICATE;
	else if (rc != RC_OK)
		ret->found = wants_cert ? CHANNEL_TEST_CLIENT_CERT : CHANNEL_TEST_UNREACHED;
	else if (ans->status == 200 && str_eqc(sbuf_view(&ans->body), wanted))
		ret->found = CHANNEL_TEST_FINE;
	else
		ret->found = CHANNEL_TEST_FOREIGN;
	if (ret->found == CHANNEL_TEST_FOREIGN && ans->status == 200)
		(void)snprintf(ret->text, sizeof(ret->text), "HTTP 200, but not our answer");
	else if (ret->found == CHANNEL_TEST_FOREIGN)
		(void)snprintf(ret->text, sizeof(ret->text), "HTTP %d", ans->status);
}

void channel_test_run(struct upkeep_run *u, struct str hook_url, struct channel_test *ret)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	struct http_answer ans = HTTP_ANSWER;
	struct err why = { 0 };
	char wanted[20], own[2 * SHA256_BYTES + 1];
	const struct http_header header = { CHANNEL_TEST_HEADER, own };
	enum rc rc;

	*ret = (struct channel_test){ .found = CHANNEL_TEST_UNSET };
	if (hook_url.n == 0 || u->channel->verify_token.n == 0)
		return;
	challenge(wanted);
	sbuf_printf(&url,
		    "%.*s/%s?hub.mode=subscribe&hub.challenge=%s&hub.verify_token=", STRF(hook_url),
		    u->channel->slug, wanted);
	url_escaped(&url, u->channel->verify_token);
	badge(u->w->app->seal_key, str_of(wanted), own);
	rc = http_do(u->w->http,
		     &(struct http_request){ .method = "GET",
					     .url = sbuf_c(&url),
					     .headers = &header,
					     .header_count = 1,
					     .timeout_ms = TEST_TIMEOUT_MS,
					     .look_at_cert = true,
					     .answer_max = 64 * KIB },
		     &ans, &why);
	(void)snprintf(ret->text, sizeof(ret->text), "%.190s", why.text);
	judge(rc, &ans, wanted, wants_client_cert(&ans, u->config->settings, sbuf_c(&url)), ret);
	http_answer_release(&ans);
}
