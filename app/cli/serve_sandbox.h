/* serve_sandbox.h - shuts the server in its own folders, as its settings name them. */
#ifndef CLI_SERVE_SANDBOX_H
#define CLI_SERVE_SANDBOX_H

#include "flow/supervise.h"

/* Before any thread. Setting `sandbox` false: nothing. What the kernel does not have is left out; what it has is said in
 * the log. */
enum rc serve_sandbox(const struct supervise_options *o, struct err *e) MUST_CHECK;

#endif
