/* fuzz_operate.c - what operating a box reads from others: a write-ahead log, lists of a store, forwarded headers, lists of
 * media in a backup, text for the mask, archives. The first byte chooses. */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/forward.h"
#include "cli/cli.h"
#include "cli/mask.h"
#include "flow/backup/backup.h"
#include "io/crypto.h"
#include "io/tar.h"
#include "io/walscan.h"
#include "peer/s3.h"

/* main.c is not linked. */
const struct cli_command main_commands[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum rc any_file(void *arg, const struct backup_media_file *f, struct err *e)
{
	(void)arg;
	(void)e;
	/* Whatever a list says, its paths stay below the media folder. */
	ASSERT(f->path[0] != '/' && strstr(f->path, "..") == NULL);
	ASSERT(strlen(f->sha256) == 64 && f->bytes >= 0);
	return RC_OK;
}

static void as_file(struct str bytes, bool wal)
{
	struct err e = { .rc = RC_OK };
	struct walscan w;
	char path[40];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (wal && walscan_read(path, &w, &e) == RC_OK)
			ASSERT(w.commits <= w.frames);
		if (!wal && backup_media_each(path, any_file, NULL, &e) != RC_OK)
			ASSERT(e.rc != RC_OK);
	}
	close(fd);
}

static void list(struct str s)
{
	struct sbuf key = SBUF(4096);
	struct str rest = s;

	while (s3_list_key(&rest, &key))
		ASSERT(rest.n < s.n);
	if (s3_list_more(s, &key))
		ASSERT(key.n <= s.n);
	sbuf_release(&key);
}

static void mask(struct str s)
{
	struct sbuf out = SBUF(1 << 20);

	mask_text(s, &out);
	sbuf_release(&out);
}

/* Heads get their right sum, or nothing would get behind it. */
static void resum(char *p, size_t n)
{
	for (size_t at = 0; at + 512 <= n; at += 512) {
		char *h = p + at, text[8];
		unsigned sum = 8 * ' ';

		if (memcmp(h + 257, "ustar", 5) != 0)
			continue;
		for (int i = 0; i < 512; i++)
			sum += i >= 148 && i < 156 ? 0 : (unsigned char)h[i];
		(void)snprintf(text, sizeof(text), "%06o", sum);
		memcpy(h + 148, text, 7);
		h[155] = ' ';
	}
}

static void walk(struct tar_in *t)
{
	struct tar_entry x;
	int64_t before = -1;
	char room[700];
	size_t got;

	while (tar_next(t, &x, NULL) == RC_OK) {
		int64_t all = 0;

		ASSERT(t->next > before && x.bytes >= 0 && x.bytes <= t->file.bytes);
		before = t->next;
		do {
			if (tar_read(t, room, sizeof(room), &got, NULL) != RC_OK)
				return;
			all += (int64_t)got;
		} while (got > 0);
		ASSERT(all == (x.folder ? 0 : x.bytes));
	}
}

static void archive(struct str bytes)
{
	char *copy = mem_new(1, bytes.n + 1);
	struct tar_in t = { .file = { .open = true,
				      .fd = memfd_create("fuzz", MFD_CLOEXEC),
				      .bytes = (int64_t)bytes.n } };

	if (bytes.n > 0)
		memcpy(copy, bytes.p, bytes.n);
	resum(copy, bytes.n);
	if (t.file.fd >= 0 && write(t.file.fd, copy, bytes.n) == (ssize_t)bytes.n)
		walk(&t);
	if (t.file.fd >= 0)
		close(t.file.fd);
	mem_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = str_n((const char *)data + (n > 0), n > 0 ? n - 1 : 0), word;

	if (n == 0)
		return 0;
	switch (data[0] % 6) {
	case 0:
		as_file(rest, true);
		break;
	case 1:
		as_file(rest, false);
		break;
	case 2:
		list(rest);
		break;
	case 3:
		mask(rest);
		break;
	case 5:
		archive(rest);
		break;
	default:
		if (str_cut(&rest, '\n', &word))
			(void)forward_trusts(word, rest);
		break;
	}
	return 0;
}
