/* sse_client.c - the bytes of one client of the event stream: sent at once, or kept until the socket takes them. */
#include "io/sse_priv.h"

#include <sys/epoll.h>

void sse_client_free(struct client *c)
{
	web_stream_close(c->stream);
	sbuf_release(&c->unsent);
	atomic_fetch_sub(&c->sse->accepted, 1);
	mem_free(c);
}

void sse_client_drop(struct client *c)
{
	/* Closing takes the descriptor out of epoll; the struct goes in the next sweep. */
	web_stream_close(c->stream);
	c->stream = NULL;
}

static void poll_for(struct client *c, bool out)
{
	if (c->stream == NULL || c->polls_out == out)
		return;
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | (out ? EPOLLOUT : 0),
				  .data.ptr = c };
	if (epoll_ctl(c->sse->epoll_fd, EPOLL_CTL_MOD, web_stream_fd(c->stream), &ev) != 0)
		sse_client_drop(c);
	else
		c->polls_out = out;
}

/* Bytes behind what is already waiting; order is kept. */
void sse_client_send(struct client *c, struct str bytes, int64_t now_ms)
{
	while (bytes.n > 0 && c->unsent.n == 0 && c->stream != NULL) {
		ptrdiff_t put = web_stream_send(c->stream, bytes.p, bytes.n);
		if (put < 0)
			sse_client_drop(c);
		if (put <= 0)
			break;
		bytes = str_sub(bytes, (size_t)put, bytes.n);
	}
	if (bytes.n == 0 || c->stream == NULL)
		return;
	if (c->unsent.n == 0)
		c->moved_ms = now_ms;
	sbuf_str(&c->unsent, bytes);
	if (!sbuf_ok(&c->unsent))
		sse_client_drop(c);
	poll_for(c, true);
}

void sse_client_flush(struct client *c, int64_t now_ms)
{
	size_t done = 0;
	while (done < c->unsent.n && c->stream != NULL) {
		ptrdiff_t put = web_stream_send(c->stream, c->unsent.p + done, c->unsent.n - done);
		if (put < 0)
			sse_client_drop(c);
		if (put <= 0)
			break;
		done += (size_t)put;
	}
	if (done == 0 || c->stream == NULL)
		return;
	c->moved_ms = now_ms;
	c->unsent.n -= done;
	if (c->unsent.n > 0) {
		memmove(c->unsent.p, c->unsent.p + done, c->unsent.n);
		return;
	}
	sbuf_release(&c->unsent);
	poll_for(c, false);
	c->sse->more = true; /* it may have missed events while it was full */
}
