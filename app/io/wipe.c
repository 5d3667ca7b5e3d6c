/* wipe.c - see wipe.h. Offsets and sizes: SQLite's "Database File Format", sections 1.3 to 1.6. */
#include "io/wipe.h"

#define PAGE_MIN 512
#define PAGE_MAX 65536
#define HEADER   100 /* of the file, on page 1 */
#define PAGES_MAX   \
	((int64_t)1 \
	 << 24) /* below it the first byte of an overflow page is 0, of a b-tree page never */
#define LOCK_BYTE    ((int64_t)1 << 30) /* its page is never used */
#define FREE_AT      32                 /* first trunk of the free list */
#define RESERVED_AT  20
#define CELL_LEAST   4
#define FREE_BLOCK   4 /* next, size */
#define TRUNK_HEADER 8 /* next, count */

enum page_type { INDEX_INNER = 2, TABLE_INNER = 5, INDEX_LEAF = 10, TABLE_LEAF = 13 };

struct page {
	int64_t number;
	uint8_t *p;
	uint8_t *used; /* one byte a byte: somebody reads it */
};

struct wiping {
	struct db *db;
	int64_t pages; /* of the file */
	size_t size, usable;
	uint8_t *free_map; /* a bit a page: 1 in the list of free pages */
	struct page page, tail;
	struct wipe *w;
};

static uint32_t get2(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static int64_t get4(const uint8_t *p)
{
	return (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | p[3];
}

static bool is_free(const struct wiping *x, int64_t page)
{
	return (x->free_map[page >> 3] >> (page & 7) & 1) != 0;
}

static enum rc read_page(struct wiping *x, int64_t number, struct page *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct str data;

	TRY(stmt_begin(x->db, Q_WIPE_PAGE, &s, e));
	stmt_bind_i64(&s, "page", number);
	TRY(stmt_next(&s, e));
	data = stmt_str(&s, "data");
	if (data.n != x->size)
		return FAIL(e, RC_INVALID, "page %lld has %zu bytes", (long long)number, data.n);
	memcpy(ret->p, data.p, x->size);
	ret->number = number;
	return RC_OK;
}

static enum rc write_page(struct wiping *x, const struct page *g, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(x->db, Q_WIPE_PAGE_PUT, &s, e));
	stmt_bind_i64(&s, "page", g->number);
	stmt_bind_blob(&s, "data", str_n((const char *)g->p, x->size));
	x->w->wiped++;
	return stmt_run(&s, e);
}

/* Zeroes [from, to). True: something else was there. */
static bool zero(uint8_t *p, size_t from, size_t to)
{
	bool was = false;

	for (size_t i = from; i < to; i++) {
		was = was || p[i] != 0;
		p[i] = 0;
	}
	return was;
}

/* ---- the list of free pages ---- */

/* Marks the leaves of the list. Its trunks begin like overflow pages; what they held before is zeroed here. */
static enum rc read_free(struct wiping *x, struct err *e)
{
	int64_t trunk, steps = 0;

	TRY(read_page(x, 1, &x->page, e));
	x->usable = x->size - x->page.p[RESERVED_AT];
	trunk = get4(x->page.p + FREE_AT);
	while (trunk > 0 && trunk <= x->pages && steps++ < x->pages) {
		size_t n;

		TRY(read_page(x, trunk, &x->page, e));
		n = (size_t)get4(x->page.p + 4);
		if (n > x->usable / 4 - 2)
			return FAIL(e, RC_INVALID, "the list of free pages is damaged");
		for (size_t i = 0; i < n; i++) {
			int64_t leaf = get4(x->page.p + TRUNK_HEADER + 4 * i);

			if (leaf > 0 && leaf <= x->pages)
				x->free_map[leaf >> 3] |= (uint8_t)(1 << (leaf & 7));
		}
		if (zero(x->page.p, TRUNK_HEADER + 4 * n, x->usable))
			TRY(write_page(x, &x->page, e));
		trunk = get4(x->page.p);
	}
	return RC_OK;
}

/* ---- pages of tables and indexes ---- */

/* 0: not whole. */
static size_t varint(const uint8_t *p, size_t left, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 9 && i < left; i++) {
		if (i == 8) {
			*ret = v << 8 | p[i];
			return 9;
		}
		v = v << 7 | (p[i] & 0x7f);
		if ((p[i] & 0x80) == 0) {
			*ret = v;
			return i + 1;
		}
	}
	return 0;
}

struct cell {
	size_t bytes;     /* in the page */
	int64_t overflow; /* first page of the rest; 0: none */
	size_t rest;
};

static size_t local_of(const struct wiping *x, enum page_type type, uint64_t payload)
{
	size_t most = type == TABLE_LEAF ? x->usable - 35 : (x->usable - 12) * 64 / 255 - 23;
	size_t least = (x->usable - 12) * 32 / 255 - 23;
	size_t k;

	if (payload <= most)
		return (size_t)payload;
	k = least + (size_t)((payload - least) % (x->usable - 4));
	return k <= most ? k : least;
}

/* False: it does not fit into the page. */
static bool read_cell(const struct wiping *x, enum page_type type, size_t at, struct cell *ret)
{
	const uint8_t *p = x->page.p;
	size_t head = type == INDEX_INNER || type == TABLE_INNER ? 4 : 0, n, local;
	uint64_t payload = 0, rowid;

	*ret = (struct cell){ 0 };
	if (at + head >= x->usable)
		return false;
	n = varint(p + at + head, x->usable - at - head, &payload);
	if (n == 0)
		return false;
	head += n;
	if (type == TABLE_INNER) {
		ret->bytes = head;
		return true;
	}
	if (type == TABLE_LEAF) {
		n = varint(p + at + head, x->usable - at - head, &rowid);
		if (n == 0)
			return false;
		head += n;
	}
	if (payload > INT32_MAX)
		return false;
	local = local_of(x, type, payload);
	ret->bytes = head + local;
	if (local < payload) {
		if (at + ret->bytes + 4 > x->usable)
			return false;
		ret->overflow = get4(p + at + ret->bytes);
		ret->rest = (size_t)payload - local;
		ret->bytes += 4;
	}
	if (ret->bytes < CELL_LEAST)
		ret->bytes = CELL_LEAST;
	return at + ret->bytes <= x->usable;
}

/* Behind the end of a long text stands what its last page held before. */
static enum rc wipe_tail(struct wiping *x, const struct cell *c, struct err *e)
{
	size_t each = x->usable - 4, left = c->rest;
	int64_t at = c->overflow;

	while (at > 0 && at <= x->pages && left > 0) {
		TRY(read_page(x, at, &x->tail, e));
		if (left <= each)
			return zero(x->tail.p, 4 + left, x->usable) ? write_page(x, &x->tail, e)
								    : RC_OK;
		left -= each;
		at = get4(x->tail.p);
	}
	return RC_OK;
}

static bool mark(struct wiping *x, size_t from, size_t n)
{
	if (from > x->usable || n > x->usable - from)
		return false;
	memset(x->page.used + from, 1, n);
	return true;
}

/* Gaps between cells are a list in the page: links and sizes stay. */
static bool mark_blocks(struct wiping *x, size_t first)
{
	size_t at = first;

	while (at != 0) {
		size_t next;

		if (!mark(x, at, FREE_BLOCK))
			return false;
		next = get2(x->page.p + at);
		if (next != 0 && next <= at)
			return false;
		at = next;
	}
	return true;
}

/* True: understood; `used` covers all that is read. Ends of long texts are wiped in passing. */
static enum rc cover(struct wiping *x, size_t start, bool *ret, struct err *e)
{
	const uint8_t *p = x->page.p + start;
	enum page_type type = (enum page_type)p[0];
	size_t head = type == INDEX_INNER || type == TABLE_INNER ? 12 : 8, n = get2(p + 3);

	memset(x->page.used, 0, x->size);
	*ret = mark(x, 0, start + head) && mark(x, start + head, 2 * n) &&
	       mark_blocks(x, get2(p + 1));
	for (size_t i = 0; *ret && i < n; i++) {
		size_t at = get2(p + head + 2 * i);
		struct cell c;

		*ret = at >= start + head + 2 * n && read_cell(x, type, at, &c) &&
		       mark(x, at, c.bytes);
		if (*ret && c.overflow != 0)
			TRY(wipe_tail(x, &c, e));
	}
	return RC_OK;
}

static enum rc wipe_tree(struct wiping *x, size_t start, struct err *e)
{
	bool understood, changed = false;

	TRY(cover(x, start, &understood, e));
	if (!understood)
		return RC_OK;
	for (size_t i = 0; i < x->usable; i++) {
		if (x->page.used[i] == 0 && x->page.p[i] != 0) {
			x->page.p[i] = 0;
			changed = true;
		}
	}
	return changed ? write_page(x, &x->page, e) : RC_OK;
}

static bool is_tree(uint8_t type)
{
	return type == INDEX_INNER || type == TABLE_INNER || type == INDEX_LEAF ||
	       type == TABLE_LEAF;
}

static enum rc wipe_one(struct wiping *x, int64_t number, struct err *e)
{
	size_t start = number == 1 ? HEADER : 0;

	if (number == LOCK_BYTE / (int64_t)x->size + 1)
		return RC_OK;
	TRY(read_page(x, number, &x->page, e));
	if (is_free(x, number))
		return zero(x->page.p, 0, x->size) ? write_page(x, &x->page, e) : RC_OK;
	return is_tree(x->page.p[start]) ? wipe_tree(x, start, e) : RC_OK;
}

/* ---- a piece of the file ---- */

static enum rc wipe_range(struct wiping *x, int64_t count, struct err *e)
{
	int64_t to = i64_min(x->w->from + count, x->pages + 1);

	TRY(read_free(x, e));
	for (int64_t i = x->w->from; i < to; i++)
		TRY(wipe_one(x, i, e));
	x->w->from = to > x->pages ? 0 : to;
	return RC_OK;
}

enum rc wipe_pages(struct db *db, struct wipe *w, int64_t count, struct err *e)
{
	struct wiping x = { .db = db, .w = w };
	int64_t size;
	uint8_t *all;
	enum rc rc;

	ASSERT(w->from > 0 && count > 0);
	TRY(db_pragma_i64(db, "page_count", &x.pages, e));
	TRY(db_pragma_i64(db, "page_size", &size, e));
	if (x.pages >= PAGES_MAX)
		return FAIL(e, RC_LIMIT, "the database has %lld pages", (long long)x.pages);
	ASSERT(size >= PAGE_MIN && size <= PAGE_MAX);
	x.size = (size_t)size;
	all = mem_new(1, 3 * x.size + (size_t)(x.pages / 8) + 1);
	x.page = (struct page){ .p = all, .used = all + x.size };
	x.tail.p = all + 2 * x.size;
	x.free_map = all + 3 * x.size;
	db_allow_pages(db, true);
	rc = wipe_range(&x, count, e);
	db_allow_pages(db, false);
	mem_free(all);
	return rc;
}
