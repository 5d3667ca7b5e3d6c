/* inherit.h - listening sockets that a service manager holds and hands to each new process (sd_listen_fds(3)), so that a
 * restart refuses nobody: while no process is there, connections wait in the socket's queue. */
#ifndef IO_INHERIT_H
#define IO_INHERIT_H

#include "base/base.h"

/* How many were given to this process; 0 without a service manager. */
int inherit_count(void);
/* "127.0.0.1:8080" of the i-th one, "" when it is none that can be told. */
void inherit_address(int i, char ret_text[64]);

#endif
