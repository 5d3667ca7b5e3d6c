/* probe_listen.c - whether a server could listen at an address. */
#include <errno.h>
#include <netdb.h>
#include <unistd.h>

#include "io/probe.h"

static enum probe_listen verdict_of(int error)
{
	if (error == EADDRINUSE)
		return PROBE_LISTEN_TAKEN;
	return error == EACCES || error == EPERM ? PROBE_LISTEN_NO_RIGHT : PROBE_LISTEN_NO_ADDRESS;
}

/* As the server does it: a port that another one left a moment ago is free. */
static enum probe_listen try_one(const struct addrinfo *a)
{
	int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum probe_listen p = PROBE_LISTEN_FREE;

	if (fd < 0)
		return PROBE_LISTEN_NO_ADDRESS;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 1) != 0)
		p = verdict_of(errno);
	(void)close(fd);
	return p;
}

/* Of a name the server takes the IPv4 address, and one of IPv6 only where there is no other. */
static bool look_up(const char *host, const char *port, struct addrinfo **ret)
{
	static const int FAMILIES[] = { AF_INET, AF_INET6 };
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };

	for (size_t i = 0; i < COUNT(FAMILIES); i++) {
		hints.ai_family = FAMILIES[i];
		if (getaddrinfo(host, port, &hints, ret) == 0)
			return true;
	}
	return false;
}

enum probe_listen probe_listen(struct str address)
{
	char text[PROBE_TEXT_MAX * 2], *port;
	struct addrinfo *found = NULL;
	const char *host = text;
	enum probe_listen p;

	if (str_starts(address, STR("+")))
		address = str_sub(address, 1, address.n);
	if (!str_copy(address, text, sizeof(text)))
		return PROBE_LISTEN_NO_ADDRESS;
	port = strrchr(text, ':');
	if (port != NULL)
		*port++ = '\0';
	if (text[0] == '[') {
		text[strcspn(text, "]")] = '\0';
		host = text + 1;
	}
	if (!look_up(port != NULL ? host : "0.0.0.0", port != NULL ? port : text, &found))
		return PROBE_LISTEN_NO_ADDRESS;
	p = try_one(found);
	freeaddrinfo(found);
	return p;
}
