/* load_tls.c - see load_tls.h. */
#include "load_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>

#include "util.h"

struct load_tls {
	mbedtls_ssl_context ssl;
	const int *fd;
};

static mbedtls_ssl_config config;
static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;

void load_tls_start(void)
{
	psa_crypto_init();
	mbedtls_ssl_config_init(&config);
	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&drbg);
	if (mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0) ||
	    mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT,
					MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT))
		die("tls cannot start");
	mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_NONE); /* loopback, own certificate */
	mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &drbg);
}

static int bio_send(void *ctx, const unsigned char *p, size_t n)
{
	ssize_t sent = send(*((struct load_tls *)ctx)->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	return sent >= 0 ? (int)sent : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : -1;
}

static int bio_recv(void *ctx, unsigned char *p, size_t n)
{
	ssize_t got = recv(*((struct load_tls *)ctx)->fd, p, n, MSG_DONTWAIT);

	return got >= 0 ? (int)got : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : -1;
}

struct load_tls *load_tls_new(const int *fd)
{
	struct load_tls *t = xalloc(sizeof *t);

	mbedtls_ssl_init(&t->ssl);
	t->fd = fd;
	if (mbedtls_ssl_setup(&t->ssl, &config) || mbedtls_ssl_set_hostname(&t->ssl, "localhost"))
		die("tls cannot set up a connection");
	mbedtls_ssl_set_bio(&t->ssl, t, bio_send, bio_recv, NULL);
	return t;
}

void load_tls_free(struct load_tls *t)
{
	if (!t)
		return;
	mbedtls_ssl_free(&t->ssl);
	free(t);
}

int load_tls_handshake(struct load_tls *t, bool *ret_write)
{
	int rc = mbedtls_ssl_handshake(&t->ssl);

	*ret_write = rc == MBEDTLS_ERR_SSL_WANT_WRITE;
	return !rc ? 1 : rc == MBEDTLS_ERR_SSL_WANT_READ || *ret_write ? 0 : -1;
}

static ssize_t result(int rc)
{
	if (rc >= 0)
		return rc;
	if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	errno = rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
				|| rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
#endif
			? EAGAIN
			: EPROTO;
	return -1;
}

ssize_t load_tls_send(struct load_tls *t, const void *p, size_t n)
{
	return result(mbedtls_ssl_write(&t->ssl, p, n));
}

ssize_t load_tls_recv(struct load_tls *t, void *p, size_t n)
{
	int rc = mbedtls_ssl_read(&t->ssl, p, n);

#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
	while (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) /* more may be in its buffer */
		rc = mbedtls_ssl_read(&t->ssl, p, n);
#endif
	return result(rc);
}
