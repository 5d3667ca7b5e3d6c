/* owner.h - whose files are made. */
#ifndef IO_OWNER_H
#define IO_OWNER_H

#include "base/base.h"

/* Of root only: what this process makes from here on belongs to the owner of that folder, as if the owner had made it (the
 * kernel's identity for files; all else that root may stays). Otherwise a restore or a setting by root would leave files
 * that the service cannot open. Nothing happens when the folder is not there, is root's, or the kernel does not know its
 * owner (a container's own numbers). For the calling thread and all that it starts later: so before any other thread. */
void owner_follow(const char *folder);
/* A file of the folder, or of a folder in it, that belongs to somebody else than the folder. */
bool owner_other(const char *folder, char *ret_path, size_t size);

#endif
