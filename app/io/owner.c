/* owner.c - see owner.h. The numbers are the kernel's ABI: include/uapi/linux/capability.h. */
#include "io/owner.h"

#include <dirent.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEPTH     2 /* the folder, and those in it: a restore makes them all */
#define PATH_SIZE 1024

/* The kernel takes the rights over files away with the identity: back, for passphrase files and sticks that are root's. */
static void keep_rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, rights) != 0)
		return;
	for (size_t i = 0; i < COUNT(rights); i++)
		rights[i].effective = rights[i].permitted;
	(void)syscall(SYS_capset, &head, rights); /* without them: what the owner may */
}

void owner_follow(const char *folder)
{
	int dumpable = prctl(PR_GET_DUMPABLE);
	struct stat st;

	if (geteuid() != 0 || stat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid == 0)
		return;
	(void)setfsgid(st.st_gid);
	(void)setfsuid(st.st_uid);
	keep_rights();
	if (dumpable == 1) /* a change of identity ends it; nothing secret came with this one */
		(void)prctl(PR_SET_DUMPABLE, 1);
}

static void dir_close(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static bool look(const char *folder, uid_t owner, int depth, char *ret_path, size_t size)
{
	AUTO(dir_close) DIR *d = opendir(folder);
	struct stat st;

	if (d == NULL)
		return false;
	for (const struct dirent *x = readdir(d); x != NULL; x = readdir(d)) {
		char path[PATH_SIZE];
		int n = snprintf(path, sizeof(path), "%s/%s", folder, x->d_name);

		if (x->d_name[0] == '.' || n < 0 || n >= (int)sizeof(path) ||
		    lstat(path, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) ||
		    strcmp(x->d_name, "lost+found") == 0) /* root's in each file system */
			continue;
		if (st.st_uid != owner) {
			(void)snprintf(ret_path, size, "%s", path);
			return true;
		}
		if (S_ISDIR(st.st_mode) && depth > 1 &&
		    look(path, owner, depth - 1, ret_path, size))
			return true;
	}
	return false;
}

bool owner_other(const char *folder, char *ret_path, size_t size)
{
	struct stat st;

	return stat(folder, &st) == 0 && look(folder, st.st_uid, DEPTH, ret_path, size);
}
