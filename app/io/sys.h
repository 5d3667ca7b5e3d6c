/* sys.h - process and kernel: signals, notify socket of the service manager, memory, processors. */
#ifndef IO_SYS_H
#define IO_SYS_H

#include "base/err.h"

enum sys_signal { SYS_STOP, SYS_RELOAD };

/* Blocks TERM, INT, HUP, (ignores PIPE) in this and all later threads; call before any thread. */
void sys_signals_block(void);
enum sys_signal sys_signal_wait(void);
/* As above with a deadline; false when it passed. */
bool sys_signal_wait_ms(int64_t ms, enum sys_signal *ret);
/* sd_notify protocol: sends `state` ("READY=1") to $NOTIFY_SOCKET; no-op without one. */
void sys_notify(const char *state);
int64_t sys_rss_bytes(void);
int64_t sys_open_files(void);
/* Memory that the kernel would give without swapping; 0: it does not say. */
int64_t sys_memory_available(void);
int sys_cpus(void);
/* Raises RLIMIT_NOFILE to the hard limit. */
void sys_raise_file_limit(void);
/* SIGTERM for this process when the one that started it ends (tests). */
void sys_die_with_parent(void);
/* Median of `rounds` 4 KiB append + fdatasync in `folder`, microseconds. */
enum rc sys_probe_fsync(const char *folder, int rounds, int64_t *ret_us, struct err *e) MUST_CHECK;

#endif
