/* sandbox.h - what this process may still do once it knows its settings: only its own folders (Landlock), no other
 * programs, no kernel doors that it never uses (seccomp). For the calling thread and all that it starts later: so before
 * any other thread. There is no way back. Kernels without one of them go without it. */
#ifndef IO_SANDBOX_H
#define IO_SANDBOX_H

#include "base/err.h"

struct sandbox {
	const char *const *write; /* folders with everything below: read, write, make, remove */
	size_t write_count;
	const char *const *read; /* files or folders: read */
	size_t read_count;
};

struct sandbox_report {
	bool landlock, seccomp;
	int landlock_abi; /* 0: the kernel has none */
};

/* Paths that are not there are passed over. RC_IO: the kernel has it and refuses; nothing may rely on it then. */
enum rc sandbox_enter(const struct sandbox *s, struct sandbox_report *ret, struct err *e)
	MUST_CHECK;

#endif
