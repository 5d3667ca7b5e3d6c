/* inherit.c - see inherit.h. The sockets stay open here; whoever uses one gets a descriptor of its own. */
#include "io/inherit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define FDS_MAX  16

/* Called by CivetWeb (vendor/civetweb/patches/0012). */
int mg_inherited_socket(const struct sockaddr *address);

int inherit_count(void)
{
	int64_t pid, n;

	if (!str_i64(str_of(getenv("LISTEN_PID")), 1, INT32_MAX, &pid) ||
	    pid != (int64_t)getpid() || !str_i64(str_of(getenv("LISTEN_FDS")), 1, FDS_MAX, &n))
		return 0;
	return (int)n;
}

static bool address_of(int fd, struct sockaddr_storage *ret)
{
	socklen_t n = sizeof(*ret);
	int listening = 0;
	socklen_t bytes = sizeof(listening);

	return getsockname(fd, (struct sockaddr *)ret, &n) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &bytes) == 0 && listening != 0;
}

void inherit_address(int i, char ret_text[64])
{
	struct sockaddr_storage a = { 0 };
	char host[INET6_ADDRSTRLEN] = "";

	ret_text[0] = '\0';
	if (!address_of(FIRST_FD + i, &a))
		return;
	if (a.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)&a;

		if (inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)) != NULL)
			(void)snprintf(ret_text, 64, "%s:%d", host, ntohs(in->sin_port));
	} else if (a.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)&a;

		if (inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host)) != NULL)
			(void)snprintf(ret_text, 64, "[%s]:%d", host, ntohs(in->sin6_port));
	}
}

static bool same(const struct sockaddr_storage *is, const struct sockaddr *wanted)
{
	const struct sockaddr_in *a = (const void *)is, *b = (const void *)wanted;
	const struct sockaddr_in6 *c = (const void *)is, *d = (const void *)wanted;

	if (is->ss_family != wanted->sa_family)
		return false;
	if (is->ss_family == AF_INET)
		return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
	return is->ss_family == AF_INET6 && c->sin6_port == d->sin6_port &&
	       memcmp(&c->sin6_addr, &d->sin6_addr, sizeof(c->sin6_addr)) == 0;
}

int mg_inherited_socket(const struct sockaddr *address)
{
	for (int i = 0; i < inherit_count(); i++) {
		struct sockaddr_storage a = { 0 };

		if (address_of(FIRST_FD + i, &a) && same(&a, address))
			return fcntl(FIRST_FD + i, F_DUPFD_CLOEXEC, FIRST_FD);
	}
	return -1;
}
