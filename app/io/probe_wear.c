/* probe_wear.c - how much of a disk's life is used, asked from the disk itself. Nothing is changed on it. See probe.h. */
#include "io/probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io/file.h"

#define PATH_BYTES  512
#define LAYERS_MAX  4    /* encryption on a volume on a mirror on a disk */
#define TIMEOUT_MS  3000 /* a disk that sleeps */
#define LIFE_IS_OUT 100

/* ---- what they say ---- */

/* eMMC 5.1: 0x01 is up to 10 %, 0x0b beyond its life. Two kinds of cells; the worse one counts. */
bool probe_wear_emmc(struct str life_time, int *ret_percent)
{
	struct str rest = str_trim(life_time), word;
	uint64_t v, worst = 0;

	while (str_cut(&rest, ' ', &word)) {
		if (str_starts(word, STR("0x")) && str_u64_hex(str_sub(word, 2, word.n), &v) &&
		    v <= 11)
			worst = v > worst ? v : worst;
	}
	*ret_percent = (int)worst * 10;
	return worst > 0;
}

static bool is_blank(const uint8_t *p)
{
	for (size_t i = 0; i < PROBE_SMART_BYTES; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

/* NVM Express base specification, SMART / health log: byte 0 critical warnings, byte 5 percentage used (to 255). */
bool probe_wear_nvme(const uint8_t log[PROBE_SMART_BYTES], int *ret_percent)
{
	const uint8_t worn = 1u << 0 | 1u << 2 | 1u << 3; /* no spare, unreliable, read only */

	if (is_blank(log))
		return false; /* no disk has no temperature */
	*ret_percent = log[5];
	if ((log[0] & worn) != 0 && *ret_percent < LIFE_IS_OUT)
		*ret_percent = LIFE_IS_OUT;
	return true;
}

/* ATA SMART data: 30 attributes of 12 bytes from byte 2 (id, flags, value, ...); the last byte makes the sum zero. What
 * these attributes count differs, but their value goes from 100 (new) to 0 with all makers. */
bool probe_wear_sata(const uint8_t data[PROBE_SMART_BYTES], int *ret_percent)
{
	static const uint8_t TELL[] = { 231, 233, 202, 169, 177, 173 }; /* the plainest first */
	uint8_t sum = 0;

	for (size_t i = 0; i < PROBE_SMART_BYTES; i++)
		sum = (uint8_t)(sum + data[i]);
	if (sum != 0 || is_blank(data))
		return false;
	for (size_t k = 0; k < COUNT(TELL); k++) {
		for (size_t i = 0; i < 30; i++) {
			const uint8_t *at = data + 2 + i * 12;

			if (at[0] == TELL[k] && at[3] >= 1 && at[3] <= 100) {
				*ret_percent = 100 - at[3];
				return true;
			}
		}
	}
	return false;
}

/* ---- asking ---- */

static bool ask_emmc(const char *disk, int *ret_percent)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "/sys/block/%s/device/life_time", disk);
	return file_read(path, &b, NULL) == RC_OK && probe_wear_emmc(sbuf_view(&b), ret_percent);
}

static int open_device(const char *name)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "/dev/%s", name);
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Get Log Page 0x02 of the controller ("nvme0" of nvme0n1). */
static bool ask_nvme(const char *disk, int *ret_percent)
{
	_Alignas(4096) uint8_t log[PROBE_SMART_BYTES] = { 0 };
	struct nvme_admin_cmd cmd = { .opcode = 0x02,
				      .nsid = 0xffffffff,
				      .addr = (uint64_t)(uintptr_t)log,
				      .data_len = sizeof(log),
				      .cdw10 = 0x02 | (sizeof(log) / 4 - 1) << 16,
				      .timeout_ms = TIMEOUT_MS };
	char name[PROBE_TEXT_MAX];
	int fd;
	bool ok;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(4 + strspn(disk + 4, "0123456789")), disk);
	fd = open_device(name);
	if (fd < 0)
		return false;
	ok = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd) == 0;
	close(fd);
	return ok && probe_wear_nvme(log, ret_percent);
}

/* SMART READ DATA through ATA PASS-THROUGH (16) of SAT. */
static bool ask_sata(const char *disk, int *ret_percent)
{
	uint8_t data[PROBE_SMART_BYTES] = { 0 }, sense[32];
	uint8_t cdb[16] = { 0x85, 4 << 1, 0x0e, 0, 0xd0, 0, 1, 0, 0, 0, 0x4f, 0, 0xc2, 0, 0xb0, 0 };
	struct sg_io_hdr io = { .interface_id = 'S',
				.dxfer_direction = SG_DXFER_FROM_DEV,
				.cmd_len = sizeof(cdb),
				.cmdp = cdb,
				.dxferp = data,
				.dxfer_len = sizeof(data),
				.sbp = sense,
				.mx_sb_len = sizeof(sense),
				.timeout = TIMEOUT_MS };
	int fd = open_device(disk);
	bool ok;

	if (fd < 0)
		return false;
	ok = ioctl(fd, SG_IO, &io) == 0 && (io.info & SG_INFO_OK_MASK) == SG_INFO_OK;
	close(fd);
	return ok && probe_wear_sata(data, ret_percent);
}

/* ---- which disk ---- */

/* "dm-0", "md127": what lies below; of a mirror the first one. */
static bool go_down(char name[PROBE_TEXT_MAX])
{
	char path[PATH_BYTES];
	struct dirent *d;
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/sys/class/block/%s/slaves", name);
	dir = opendir(path);
	while (dir != NULL && !found && (d = readdir(dir)) != NULL)
		found = d->d_name[0] != '.' && str_copy(str_of(d->d_name), name, PROBE_TEXT_MAX);
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

/* A partition lies in the folder of its disk. */
static bool disk_of(char name[PROBE_TEXT_MAX])
{
	char path[PATH_BYTES], real[PATH_MAX];
	char *slash;

	(void)snprintf(path, sizeof(path), "/sys/class/block/%s/partition", name);
	if (!file_exists(path))
		return true;
	(void)snprintf(path, sizeof(path), "/sys/class/block/%s", name);
	if (realpath(path, real) == NULL || (slash = strrchr(real, '/')) == NULL)
		return false;
	*slash = '\0';
	slash = strrchr(real, '/');
	return slash != NULL && str_copy(str_of(slash + 1), name, PROBE_TEXT_MAX);
}

static bool block_name(const char *folder, char ret[PROBE_TEXT_MAX])
{
	char path[PATH_BYTES], real[PATH_MAX];
	const char *slash;
	struct stat st;

	if (stat(folder, &st) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev),
		       minor(st.st_dev));
	if (realpath(path, real) == NULL || (slash = strrchr(real, '/')) == NULL)
		return false;
	return str_copy(str_of(slash + 1), ret, PROBE_TEXT_MAX);
}

bool probe_wear(const char *folder, char ret_disk[PROBE_TEXT_MAX], int *ret_percent)
{
	static const struct {
		const char *prefix;
		bool (*ask)(const char *disk, int *ret_percent);
	} KINDS[] = { { "mmcblk", ask_emmc }, { "nvme", ask_nvme }, { "sd", ask_sata } };

	if (!block_name(folder, ret_disk))
		return false;
	for (int i = 0; i < LAYERS_MAX; i++) {
		if (!disk_of(ret_disk))
			return false;
		for (size_t k = 0; k < COUNT(KINDS); k++) {
			if (str_starts(str_of(ret_disk), str_of(KINDS[k].prefix)))
				return KINDS[k].ask(ret_disk, ret_percent);
		}
		if (!go_down(ret_disk))
			return false;
	}
	return false;
}
