/* faultvfs.c - see the header. Writes go through at once; what they overwrite since the last sync is kept by
 * sector, so that a cut can put it back. One mutex guards everything: this is a test disk, not a fast one. */
#include "faultvfs.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/db.h"

#define SECTOR    512
#define FILES_MAX 4096

/* One path. Survives its closing. */
struct disk_file {
	char *path;
	int64_t size;        /* now */
	int64_t synced_size; /* at the last sync */
	int32_t *slot;       /* sector -> place in old, plus 1; 0: unchanged since the last sync */
	size_t slots;
	uint8_t *old;    /* contents of changed sectors at the last sync */
	int64_t *sector; /* which they are */
	size_t changed;
	size_t room;
};

struct shim {
	sqlite3_file base;
	struct disk_file *disk; /* NULL: temporary file without a name, passed through */
	sqlite3_file *real;
};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct disk_file files[FILES_MAX];
static size_t file_count;
static struct fault now;
static struct fault_counts counts;
static bool off;
static sqlite3_vfs shim_vfs;
static sqlite3_io_methods shim_io;

static sqlite3_vfs *real_vfs(void)
{
	return shim_vfs.pAppData;
}

static sqlite3_file *real_of(sqlite3_file *f)
{
	struct shim *s = (struct shim *)(void *)f;

	return s->real;
}

static struct disk_file *disk_of(sqlite3_file *f)
{
	struct shim *s = (struct shim *)(void *)f;

	return s->disk;
}

static struct disk_file *track(const char *path)
{
	struct disk_file *d;
	struct stat st;

	for (size_t i = 0; i < file_count; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	ASSERT(file_count < FILES_MAX);
	d = &files[file_count++];
	d->path = mem_dup(path, strlen(path));
	d->size = stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
	d->synced_size = d->size;
	return d;
}

static void forget_changes(struct disk_file *d)
{
	for (size_t i = 0; i < d->changed; i++)
		d->slot[d->sector[i]] = 0;
	d->changed = 0;
	d->synced_size = d->size;
}

/* Keeps what sectors [from, to) hold, unless it is kept already. */
static int keep_old(struct disk_file *d, sqlite3_file *real, int64_t from, int64_t to)
{
	if ((size_t)to > d->slots) {
		size_t slots = (size_t)to * 2;

		d->slot = mem_grow(d->slot, slots * sizeof(*d->slot));
		memset(d->slot + d->slots, 0, (slots - d->slots) * sizeof(*d->slot));
		d->slots = slots;
	}
	for (int64_t i = from; i < to; i++) {
		int rc;

		if (d->slot[i] != 0)
			continue;
		if (d->changed == d->room) {
			d->room = d->room * 2 + 64;
			d->old = mem_grow(d->old, d->room * SECTOR);
			d->sector = mem_grow(d->sector, d->room * sizeof(*d->sector));
		}
		rc = real->pMethods->xRead(real, d->old + d->changed * SECTOR, SECTOR, i * SECTOR);
		if (rc != SQLITE_OK &&
		    rc != SQLITE_IOERR_SHORT_READ) /* short: the rest is zeroed */
			return rc;
		d->sector[d->changed] = i;
		d->slot[i] = (int32_t)++d->changed;
	}
	return SQLITE_OK;
}

static bool hits(int64_t n, int64_t at)
{
	return at > 0 && (n == at || (now.lasting && n > at));
}

static int fail(int code)
{
	counts.failed++;
	return code;
}

static int write_locked(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	struct disk_file *d = disk_of(f);
	sqlite3_file *real = real_of(f);
	int64_t grows = i64_max(0, at + n - d->size);
	int rc;

	counts.writes++;
	if (now.power_at_write > 0 && counts.writes >= now.power_at_write)
		off = true;
	if (off || hits(counts.writes, now.fail_write))
		return fail(SQLITE_IOERR_WRITE);
	if (now.full_after > 0 && counts.grown_bytes + grows > now.full_after)
		return fail(SQLITE_FULL);
	if (hits(counts.writes, now.short_write)) {
		n /= 2;
		grows = i64_max(0, at + n - d->size);
	}
	rc = keep_old(d, real, at / SECTOR, (at + n + SECTOR - 1) / SECTOR);
	if (rc == SQLITE_OK)
		rc = real->pMethods->xWrite(real, p, n, at);
	if (rc != SQLITE_OK)
		return rc;
	counts.grown_bytes += grows;
	d->size += grows;
	return hits(counts.writes, now.short_write) ? fail(SQLITE_IOERR_WRITE) : SQLITE_OK;
}

static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int rc;

	if (disk_of(f) == NULL)
		return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
	pthread_mutex_lock(&guard);
	rc = write_locked(f, p, n, at);
	pthread_mutex_unlock(&guard);
	return rc;
}

static int truncate_locked(sqlite3_file *f, sqlite3_int64 size)
{
	struct disk_file *d = disk_of(f);
	sqlite3_file *real = real_of(f);
	int rc;

	counts.truncates++;
	if (off || hits(counts.truncates, now.fail_truncate))
		return fail(SQLITE_IOERR_TRUNCATE);
	rc = keep_old(d, real, size / SECTOR, (d->size + SECTOR - 1) / SECTOR);
	if (rc == SQLITE_OK)
		rc = real->pMethods->xTruncate(real, size);
	if (rc == SQLITE_OK)
		d->size = size;
	return rc;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc;

	if (disk_of(f) == NULL)
		return real_of(f)->pMethods->xTruncate(real_of(f), size);
	pthread_mutex_lock(&guard);
	rc = truncate_locked(f, size);
	pthread_mutex_unlock(&guard);
	return rc;
}

static int shim_sync(sqlite3_file *f, int flags)
{
	struct disk_file *d = disk_of(f);
	int rc = SQLITE_OK;

	(void)flags; /* a sync of this disk is the bookkeeping: a real one would only cost time */
	if (d == NULL)
		return rc;
	pthread_mutex_lock(&guard);
	counts.syncs++;
	if (now.power_at_sync > 0 && counts.syncs >= now.power_at_sync)
		off = true;
	if (off || hits(counts.syncs, now.fail_sync))
		rc = fail(SQLITE_IOERR_FSYNC);
	else
		forget_changes(d);
	pthread_mutex_unlock(&guard);
	return rc;
}

static int shim_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int shim_file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), ret);
}

static int shim_lock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int shim_check_lock(sqlite3_file *f, int *ret)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), ret);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int shim_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int shim_character(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int shim_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, ret);
}

static int shim_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void shim_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int shim_shm_unmap(sqlite3_file *f, int remove_it)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), remove_it);
}

static int shim_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *f, int flags,
		     int *ret_flags)
{
	struct shim *s = (struct shim *)(void *)f;
	int rc;

	(void)v;
	s->base.pMethods = NULL;
	s->real = (sqlite3_file *)(void *)(s + 1);
	s->disk = NULL;
	rc = real_vfs()->xOpen(real_vfs(), name, s->real, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	if (name != NULL && (flags & SQLITE_OPEN_DELETEONCLOSE) == 0) {
		pthread_mutex_lock(&guard);
		s->disk = track(name);
		pthread_mutex_unlock(&guard);
	}
	s->base.pMethods = &shim_io;
	return SQLITE_OK;
}

static int shim_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
	int rc;

	(void)v;
	pthread_mutex_lock(&guard);
	if (off) {
		rc = fail(SQLITE_IOERR_DELETE);
	} else {
		struct disk_file *d = track(name);

		rc = real_vfs()->xDelete(real_vfs(), name, sync_dir);
		d->size = 0;
		forget_changes(d);
	}
	pthread_mutex_unlock(&guard);
	return rc;
}

void faultvfs_start(void)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);

	if (shim_vfs.zName == NULL) {
		shim_io = (sqlite3_io_methods){
			.iVersion = 2, /* without memory-mapped reads */
			.xClose = shim_close,
			.xRead = shim_read,
			.xWrite = shim_write,
			.xTruncate = shim_truncate,
			.xSync = shim_sync,
			.xFileSize = shim_file_size,
			.xLock = shim_lock,
			.xUnlock = shim_unlock,
			.xCheckReservedLock = shim_check_lock,
			.xFileControl = shim_control,
			.xSectorSize = shim_sector,
			.xDeviceCharacteristics = shim_character,
			.xShmMap = shim_shm_map,
			.xShmLock = shim_shm_lock,
			.xShmBarrier = shim_shm_barrier,
			.xShmUnmap = shim_shm_unmap,
		};
		shim_vfs = *real; /* paths, random numbers and time are the real one's */
		shim_vfs.pNext = NULL;
		shim_vfs.pAppData = real;
		shim_vfs.zName = "fault";
		shim_vfs.szOsFile = (int)sizeof(struct shim) + real->szOsFile;
		shim_vfs.xOpen = shim_open;
		shim_vfs.xDelete = shim_delete;
		ASSERT(sqlite3_vfs_register(&shim_vfs, 0) == SQLITE_OK);
	}
	db_set_vfs("fault");
	faultvfs_set(&(struct fault){ 0 });
}

void faultvfs_set(const struct fault *f)
{
	pthread_mutex_lock(&guard);
	now = *f;
	counts = (struct fault_counts){ 0 };
	off = false;
	pthread_mutex_unlock(&guard);
}

struct fault_counts faultvfs_counts(void)
{
	struct fault_counts c;

	pthread_mutex_lock(&guard);
	c = counts;
	pthread_mutex_unlock(&guard);
	return c;
}

bool faultvfs_power_is_off(void)
{
	bool is;

	pthread_mutex_lock(&guard);
	is = off;
	pthread_mutex_unlock(&guard);
	return is;
}

/* xorshift64*; the seed may be 0. */
static bool coin(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return ((*state * 0x2545f4914f6cdd1dULL) >> 63) != 0;
}

static void cut_file(struct disk_file *d, enum faultvfs_cut how, uint64_t *state)
{
	int64_t size = d->synced_size;
	int fd = open(d->path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return; /* never made, or renamed since */
	for (size_t i = 0; i < d->changed; i++) {
		int64_t at = d->sector[i] * SECTOR;

		if (how == FAULTVFS_MIX && coin(state)) {
			size = i64_max(size, i64_min(d->size, at + SECTOR)); /* survives */
			continue;
		}
		ASSERT(pwrite(fd, d->old + i * SECTOR, SECTOR, at) == SECTOR);
	}
	ASSERT(ftruncate(fd, size) == 0);
	close(fd);
	d->size = size;
	forget_changes(d);
}

void faultvfs_cut(enum faultvfs_cut how, uint64_t seed)
{
	uint64_t state = seed * 2 + 1;
	char shm[4096];

	pthread_mutex_lock(&guard);
	for (size_t i = 0; i < file_count; i++) {
		if (how != FAULTVFS_KEEP)
			cut_file(&files[i], how, &state);
		forget_changes(&files[i]);
		snprintf(shm, sizeof(shm), "%s-shm",
			 files[i].path); /* memory does not outlive power */
		(void)unlink(shm);
	}
	pthread_mutex_unlock(&guard);
	faultvfs_set(&(struct fault){ 0 });
}
