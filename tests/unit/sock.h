/* sock.h - raw TCP for tests: what libraries hide (half requests, early closes) is what we want to
 * see. */
#ifndef SOCK_H
#define SOCK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/base.h"

static inline int sock_listen(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0);
	ASSERT(listen(fd, 64) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static inline int sock_connect(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t)port) };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
	ASSERT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
	return fd;
}

static inline bool sock_send(int fd, const char *text)
{
	size_t n = strlen(text);
	return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Reads until `until` is in the text, the peer closes, or five seconds of silence. NUL-terminated.
 */
static inline size_t sock_read(int fd, char *to, size_t max, const char *until)
{
	size_t n = 0;
	to[0] = '\0';
	while (n + 1 < max) {
		ssize_t got = recv(fd, to + n, max - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
		to[n] = '\0';
		if (until != NULL && strstr(to, until) != NULL)
			break;
	}
	return n;
}

static inline bool sock_closed(int fd, int wait_ms)
{
	char c;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (poll(&p, 1, wait_ms) != 1)
		return false;
	return recv(fd, &c, 1, MSG_DONTWAIT) <= 0;
}

#endif
