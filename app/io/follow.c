/* follow.c - see follow.h. */
#include "io/follow.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX (16 * KIB)
#define READ_MAX (16 * KIB)

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum rc dial(const char *address, int *ret_fd, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	const char *colon = strrchr(address, ':');
	struct str host = str_n(address, colon != NULL ? (size_t)(colon - address) : 0);
	struct addrinfo *to = NULL;
	char name[64];
	int fd = -1;

	if (host.n > 2 && host.p[0] == '[')
		host = str_sub(host, 1, host.n - 2);
	if (colon == NULL || !str_copy(host, name, sizeof(name)) ||
	    getaddrinfo(name, colon + 1, &hints, &to) != 0)
		return FAIL(e, RC_INVALID, "%s is no address", address);
	fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(to);
	if (fd < 0)
		return FAIL(e, RC_RETRY, "%s cannot be reached: %m", address);
	*ret_fd = fd;
	return RC_OK;
}

static enum rc ask(int fd, const struct follow *f, struct err *e)
{
	AUTO(sbuf_release) struct sbuf q = SBUF(HEAD_MAX);
	size_t at = 0;

	sbuf_printf(&q, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n%s\r\n",
		    f->path, f->address, f->headers);
	if (!sbuf_ok(&q))
		return FAIL(e, RC_INVALID, "the request is too long");
	while (at < q.n) {
		ssize_t n = send(fd, q.p + at, q.n - at, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return FAIL(e, RC_RETRY, "%s hung up: %m", f->address);
		at += n > 0 ? (size_t)n : 0;
	}
	return RC_OK;
}

/* Some more bytes onto `in`. */
static enum rc more(int fd, const struct follow *f, struct sbuf *in, struct err *e)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, (int)i64_min(f->silence_ms, INT32_MAX));
		char *room;
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return FAIL(e, RC_RETRY, "%s is silent", f->address);
		room = sbuf_room(in, READ_MAX);
		if (room == NULL)
			return FAIL(e, RC_LIMIT, "a line of %s is longer than %zu bytes",
				    f->address, FOLLOW_LINE_MAX);
		n = read(fd, room, READ_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FAIL(e, RC_RETRY, "%s closed the connection", f->address);
		sbuf_added(in, (size_t)n);
		return RC_OK;
	}
}

/* Cuts `n` bytes off the front. */
static void consume(struct sbuf *in, size_t n)
{
	memmove(in->p, in->p + n, in->n - n);
	in->n -= n;
}

static enum rc read_head(int fd, const struct follow *f, struct sbuf *in, struct err *e)
{
	ptrdiff_t end;
	struct str status;

	while ((end = str_find(sbuf_view(in), STR("\r\n\r\n"))) < 0)
		TRY(more(fd, f, in, e));
	status = str_sub(sbuf_view(in), 9, 3);
	if (!str_eqc(status, "200"))
		return FAIL(e, RC_REFUSED, "%s answered with status %.*s", f->address,
			    STRF(status));
	consume(in, (size_t)end + 4);
	return RC_OK;
}

enum rc follow_run(const struct follow *f, follow_line *line, void *arg, struct err *e)
{
	AUTO(sbuf_release) struct sbuf in = SBUF(FOLLOW_LINE_MAX + READ_MAX);
	AUTO(fd_close) int fd = -1;

	TRY(dial(f->address, &fd, e));
	TRY(ask(fd, f, e));
	TRY(read_head(fd, f, &in, e));
	for (;;) {
		struct str rest = sbuf_view(&in), one;
		ptrdiff_t end;

		while ((end = str_chr(rest, '\n')) >= 0) {
			one = str_sub(rest, 0, (size_t)end);
			rest = str_sub(rest, (size_t)end + 1, rest.n);
			if (!line(arg, str_ends(one, STR("\r")) ? str_sub(one, 0, one.n - 1) : one))
				return RC_OK;
		}
		consume(&in, in.n - rest.n);
		TRY(more(fd, f, &in, e));
	}
}
