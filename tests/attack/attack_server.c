/* attack_server.c - small server for the attack tests. Not part of Totem.
 *
 *   attack_server option=value...     CivetWeb options, unknown ones are left out
 *
 * Prints "ports <plain> <tls>" (tls is 0 without ssl_certificate), then serves
 * until its standard input is closed.
 *
 *   /echo    reads the body, answers with its length (400 if it is broken)
 *   /big     8 MiB
 *   /huge    64 MiB
 *   /detach  event stream with one event every 100 ms; handed over to an own
 *            thread if the library can, else it keeps its worker
 *   /whoami  common name of the client certificate, or "-"
 *   others   "ok"
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "civetweb.h"

static atomic_int stopping;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };
	nanosleep(&t, NULL);
}

/* One buffer, one write; the connection line follows the client's wish */
static void answer(struct mg_connection *conn, const char *status, const char *body)
{
	char buf[512];
	int n = snprintf(buf, sizeof(buf), "HTTP/1.1 %s\r\nContent-Length: %u\r\n\r\n%s", status,
			 (unsigned)strlen(body), body);
	mg_write(conn, buf, (size_t)n);
}

static int on_any(struct mg_connection *conn, void *arg)
{
	(void)arg;
	answer(conn, "200 OK", "ok");
	return 200;
}

static int on_echo(struct mg_connection *conn, void *arg)
{
	char buf[4096];
	long total = 0;
	int n;

	(void)arg;
	while ((n = mg_read(conn, buf, sizeof(buf))) > 0) {
		total += n;
	}
	if (n < 0) {
		answer(conn, "400 Bad Request", "broken body");
		return 400;
	}
	snprintf(buf, sizeof(buf), "length=%ld", total);
	answer(conn, "200 OK", buf);
	return 200;
}

static int on_big(struct mg_connection *conn, void *arg)
{
	static char body[64 * 1024 * 1024];
	size_t size = (arg != NULL) ? sizeof(body) : 8388608;
	char head[80];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n\r\n",
			 (unsigned long)size);

	mg_write(conn, head, (size_t)n);
	mg_write(conn, body, size);
	return 200;
}

static int on_whoami(struct mg_connection *conn, void *arg)
{
	char cn[128] = "-";

	(void)arg;
#if defined(MG_HAS_CLIENT_CERT_CN)
	if (mg_get_client_cert_cn(conn, cn, sizeof(cn)) < 0) {
		strcpy(cn, "-");
	}
#endif
	answer(conn, "200 OK", cn);
	return 200;
}

static const char sse_head[] = "HTTP/1.1 200 OK\r\n"
			       "Content-Type: text/event-stream\r\n"
			       "Connection: close\r\n\r\n";
static const char sse_event[] = "data: tick\n\n";

#if defined(MG_HAS_DETACH)
#define MAX_STREAMS 256
static struct mg_detached *streams[MAX_STREAMS];
static size_t sent[MAX_STREAMS]; /* of the present event */
static int num_streams;

/* The thread that owns the detached streams (a real one would use epoll) */
static void *stream_thread(void *arg)
{
	(void)arg;
	while (!stopping) {
		int i;
		pthread_mutex_lock(&lock);
		for (i = 0; i < num_streams; i++) {
			char in[64];
			int n, r;
			do {
				r = mg_detached_recv(streams[i], in, sizeof(in));
			} while (r > 0);
			n = (r < 0) ? -1
				    : mg_detached_send(streams[i], sse_event + sent[i],
						       sizeof(sse_event) - 1 - sent[i]);
			if (n < 0) {
				mg_detached_close(streams[i]);
				num_streams--;
				streams[i] = streams[num_streams];
				sent[i] = sent[num_streams];
				i--;
			} else {
				sent[i] = (sent[i] + (size_t)n) % (sizeof(sse_event) - 1);
			}
		}
		pthread_mutex_unlock(&lock);
		sleep_ms(100);
	}
	pthread_mutex_lock(&lock);
	while (num_streams > 0) {
		mg_detached_close(streams[--num_streams]);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}
#endif

static int on_detach(struct mg_connection *conn, void *arg)
{
	(void)arg;
	mg_write(conn, sse_head, sizeof(sse_head) - 1);
#if defined(MG_HAS_DETACH)
	pthread_mutex_lock(&lock);
	if (!stopping && (num_streams < MAX_STREAMS)) {
		struct mg_detached *d = mg_detach(conn);
		if (d != NULL) {
			sent[num_streams] = 0;
			streams[num_streams++] = d;
		}
	}
	pthread_mutex_unlock(&lock);
#else
	while (!stopping && (mg_write(conn, sse_event, sizeof(sse_event) - 1) > 0)) {
		sleep_ms(100);
	}
#endif
	return 200;
}

/* Messages of the library: on standard output, marked. Standard error shows
 * only what goes past this callback. */
static int on_message(const struct mg_connection *conn, const char *message)
{
	(void)conn;
	printf("log %s\n", message);
	fflush(stdout);
	return 1;
}

static int is_known(const char *name)
{
	const struct mg_option *o = mg_get_valid_options();
	for (; o->name != NULL; o++) {
		if (!strcmp(o->name, name)) {
			return 1;
		}
	}
	return 0;
}

/* As a service manager hands a listening socket over. */
int mg_inherited_socket(const struct sockaddr *address)
{
	const char *given = getenv("ATTACK_LISTEN_FD");
	struct sockaddr_in is;
	socklen_t n = sizeof(is);

	if (given == NULL || getsockname(atoi(given), (struct sockaddr *)&is, &n) != 0 ||
	    is.sin_port != ((const struct sockaddr_in *)(const void *)address)->sin_port)
		return -1;
	return dup(atoi(given));
}

/* Absent without its patch. */
extern int mg_reload_tls(struct mg_context *ctx) __attribute__((weak));

int main(int argc, char **argv)
{
	const char *options[128];
	struct mg_callbacks callbacks;
	struct mg_context *ctx;
	struct mg_server_port ports[4];
	int i, n = 0, plain = 0, tls = 0;
	char c;
#if defined(MG_HAS_DETACH)
	pthread_t thread;
#endif

	for (i = 1; (i < argc) && (n < 120); i++) {
		char *eq = strchr(argv[i], '=');
		if (eq != NULL) {
			*eq = 0;
			if (is_known(argv[i])) {
				options[n++] = argv[i];
				options[n++] = eq + 1;
			}
		}
	}
	options[n] = NULL;

	memset(&callbacks, 0, sizeof(callbacks));
	callbacks.log_message = on_message;
	mg_init_library(MG_FEATURES_SSL);
	ctx = mg_start(&callbacks, NULL, options);
	if (ctx == NULL) {
		printf("no start\n");
		return 1;
	}
	mg_set_request_handler(ctx, "/echo", on_echo, NULL);
	mg_set_request_handler(ctx, "/big", on_big, NULL);
	mg_set_request_handler(ctx, "/huge", on_big, ctx);
	mg_set_request_handler(ctx, "/whoami", on_whoami, NULL);
	mg_set_request_handler(ctx, "/detach", on_detach, NULL);
	mg_set_request_handler(ctx, "/", on_any, NULL);

	n = mg_get_server_ports(ctx, 4, ports);
	for (i = 0; i < n; i++) {
		*(ports[i].is_ssl ? &tls : &plain) = ports[i].port;
	}
#if defined(MG_HAS_DETACH)
	pthread_create(&thread, NULL, stream_thread, NULL);
#endif
	printf("ports %d %d\n", plain, tls);
	fflush(stdout);

	while (read(0, &c, 1) > 0) { /* 'r': new certificates */
		if (c == 'r' && mg_reload_tls != NULL)
			(void)mg_reload_tls(ctx);
	}

	pthread_mutex_lock(&lock);
	stopping = 1;
	pthread_mutex_unlock(&lock);
#if defined(MG_HAS_DETACH)
	pthread_join(thread, NULL);
#endif
	mg_stop(ctx);
	mg_exit_library();
	return 0;
}
