/* load_tls.h - the client side of TLS for the load generator; the server is not verified. */
#ifndef BENCH_LOAD_TLS_H
#define BENCH_LOAD_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct load_tls;

void load_tls_start(void);
struct load_tls *load_tls_new(const int *fd); /* reads the descriptor through the pointer */
void load_tls_free(struct load_tls *t);
/* 1 done, 0 waits for the socket (*ret_write: for writing), -1 broken. */
int load_tls_handshake(struct load_tls *t, bool *ret_write);
/* Like send() and recv(): -1 with errno EAGAIN when the socket must be waited for. */
ssize_t load_tls_send(struct load_tls *t, const void *p, size_t n);
ssize_t load_tls_recv(struct load_tls *t, void *p, size_t n);

#endif
