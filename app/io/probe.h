/* probe.h - looks at the machine for totem check and totem doctor. Nothing is changed. */
#ifndef IO_PROBE_H
#define IO_PROBE_H

#include "base/err.h"
#include "base/sbuf.h"

#define PROBE_TEXT_MAX 128

/* Used life of the disk below the folder, in percent: eMMC (in steps of ten, for everybody), NVMe and SATA (root only).
 * Over 100: it lives longer than promised. False: the disk does not say, or not to this user. */
bool probe_wear(const char *folder, char ret_disk[PROBE_TEXT_MAX], int *ret_percent);
/* Its parts: what a disk answers, as bytes. */
#define PROBE_SMART_BYTES 512
bool probe_wear_emmc(struct str life_time, int *ret_percent); /* "0x01 0x02" */
bool probe_wear_nvme(const uint8_t log[PROBE_SMART_BYTES], int *ret_percent);
bool probe_wear_sata(const uint8_t data[PROBE_SMART_BYTES], int *ret_percent);
bool probe_read_only(const char *folder);
/* Whether the kernel's clock is kept by a time service; false: it cannot be told. */
bool probe_clock_kept(bool *ret_kept);
/* Whether this process could listen at an address of the setting `listen` ("127.0.0.1:8080", "[::]:80", "80"); the port is
 * opened for a moment. NO_ADDRESS: no interface of this machine has it, or the name is unknown. */
enum probe_listen {
	PROBE_LISTEN_FREE,
	PROBE_LISTEN_TAKEN,
	PROBE_LISTEN_NO_ADDRESS,
	PROBE_LISTEN_NO_RIGHT
};
enum probe_listen probe_listen(struct str address);
/* Names of programs other than `totem` that have the file open, at most a few; how many. As far as /proc shows them. */
int probe_openers(const char *path, char ret_names[PROBE_TEXT_MAX]);
/* RC_RETRY: the name is not known now. */
enum rc probe_resolve(const char *host, struct err *e) MUST_CHECK;
/* What a program of this machine writes to stdout; nothing when there is none. words: NULL-terminated, constants. */
void probe_output(const char *const *words, struct sbuf *to);
/* Permission bits for group and others; -1: it is not there. */
int probe_foreign_bits(const char *path);

#endif
