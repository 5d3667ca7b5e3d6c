/* sandbox.c - see sandbox.h. The numbers are the kernel's ABI: include/uapi/linux/landlock.h, seccomp.h, filter.h. */
#include "io/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Landlock; older headers do not have it ---- */

#define LL_CREATE        444
#define LL_ADD_RULE      445
#define LL_RESTRICT_SELF 446
#define LL_VERSION       1u /* flag of LL_CREATE: which ABI */
#define LL_PATH_BENEATH  1

#define FS_EXECUTE     (1ull << 0)
#define FS_WRITE_FILE  (1ull << 1)
#define FS_READ_FILE   (1ull << 2)
#define FS_READ_DIR    (1ull << 3)
#define FS_REMOVE_DIR  (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_CHAR   (1ull << 6)
#define FS_MAKE_DIR    (1ull << 7)
#define FS_MAKE_REG    (1ull << 8)
#define FS_MAKE_SOCK   (1ull << 9)
#define FS_MAKE_FIFO   (1ull << 10)
#define FS_MAKE_BLOCK  (1ull << 11)
#define FS_MAKE_SYM    (1ull << 12)
#define FS_REFER       (1ull << 13) /* ABI 2: renames between folders */
#define FS_TRUNCATE    (1ull << 14) /* ABI 3 */

#define FS_ALL_2 ((1ull << 14) - 1)
#define FS_READ  (FS_READ_FILE | FS_READ_DIR)
#define FS_FILE  (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE) /* what makes sense for a file */
#define FS_OWN                                                                                  \
	(FS_READ | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | \
	 FS_REFER | FS_TRUNCATE)

struct ll_ruleset {
	uint64_t handled_fs;
};
struct ll_path {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum rc allow(int ruleset, const char *path, uint64_t what, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_PATH | O_CLOEXEC);
	struct ll_path rule = { .allowed = what, .parent = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return RC_OK;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= FS_FILE;
	return syscall(LL_ADD_RULE, ruleset, LL_PATH_BENEATH, &rule, 0) == 0
		       ? RC_OK
		       : FAIL(e, RC_IO, "Landlock does not take %.150s: %m", path);
}

static enum rc landlock(const struct sandbox *s, struct sandbox_report *ret, struct err *e)
{
	long abi = syscall(LL_CREATE, NULL, 0, LL_VERSION);
	uint64_t all = FS_ALL_2 | (abi >= 3 ? FS_TRUNCATE : 0);
	struct ll_ruleset attr = { .handled_fs = all };
	AUTO(fd_close) int ruleset = -1;

	ret->landlock_abi = abi > 0 ? (int)abi : 0;
	if (abi < 2) /* ABI 1 forbids every rename between folders */
		return RC_OK;
	ruleset = (int)syscall(LL_CREATE, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return FAIL(e, RC_IO, "Landlock: %m");
	for (size_t i = 0; i < s->write_count; i++)
		TRY(allow(ruleset, s->write[i], FS_OWN & all, e));
	for (size_t i = 0; i < s->read_count; i++)
		TRY(allow(ruleset, s->read[i], FS_READ, e));
	if (syscall(LL_RESTRICT_SELF, ruleset, 0) != 0)
		return FAIL(e, RC_IO, "Landlock: %m");
	ret->landlock = true;
	return RC_OK;
}

/* ---- seccomp ---- */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* Never used here, and what a hole in a parser would be used for. Answer: EPERM. */
static const int FORBIDDEN[] = {
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_setns,
	SYS_unshare,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_acct,
	SYS_quotactl,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_open_by_handle_at,
	SYS_name_to_handle_at,
	SYS_personality,
	SYS_vhangup,
	SYS_syslog,
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	SYS_mknodat,
	SYS_setuid,
	SYS_setgid,
	SYS_setgroups,
};

#ifdef ARCH
#define X32 \
	0x40000000u /* x86: the same calls under other numbers (asm/unistd.h, __X32_SYSCALL_BIT); elsewhere none */
#define ROWS (5 + COUNT(FORBIDDEN) + 2)

static enum rc seccomp(struct sandbox_report *ret, struct err *e)
{
	struct sock_filter f[ROWS];
	struct sock_fprog program = { .filter = f };
	size_t n = 0, deny = ROWS - 1;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, arch));
	/* Another architecture's numbers (32-bit programs) mean other calls. */
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	f[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, (uint8_t)(deny - n - 1),
					    0);
	n++;
	for (size_t i = 0; i < COUNT(FORBIDDEN); i++, n++)
		f[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						    (uint32_t)FORBIDDEN[i], (uint8_t)(deny - n - 1),
						    0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	ASSERT(n == ROWS);
	program.len = (unsigned short)n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		return errno == ENOSYS || errno == EINVAL ? RC_OK : FAIL(e, RC_IO, "seccomp: %m");
	ret->seccomp = true;
	return RC_OK;
}
#else
static enum rc seccomp(struct sandbox_report *ret, struct err *e)
{
	(void)ret;
	(void)e;
	return RC_OK; /* the numbers of this processor's calls are not in the table */
}
#endif

enum rc sandbox_enter(const struct sandbox *s, struct sandbox_report *ret, struct err *e)
{
	*ret = (struct sandbox_report){ .landlock = false };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return FAIL(e, RC_IO, "no_new_privs: %m");
	TRY(landlock(s, ret, e));
	return seccomp(ret, e);
}
