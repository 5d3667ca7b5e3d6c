/* test_fault.c - the store on a disk that fails: writes, syncs, truncations, no room, power cuts. The load and its
 * books: fault_ledger.h. */
#include "fault_ledger.h"

#define THREADS 4
#define CUTS    12 /* power cuts at syncs, and as many at writes */

/* ---- in one thread ---- */

static int refused, shown;

static void survive(const struct fault *f)
{
	static struct ledger l;

	disk++;
	begin(&l);
	load_some(&l, 4);
	faultvfs_set(f);
	load_some(&l, 16);
	check_alive(&l);
	check_file(&l, true);
	store_close(l.st);
	l.st = open_disk();
	check_file(&l, true);
	check_counts(&l);
	store_close(l.st);
	refused += l.refused;
	shown += l.shown;
}

/* How many calls of each kind the load makes. */
static struct fault_counts rehearse(void)
{
	struct fault_counts c;
	static struct ledger l;

	faultvfs_start();
	disk++;
	begin(&l);
	load_some(&l, 4);
	faultvfs_set(&(struct fault){ 0 });
	load_some(&l, 16);
	c = faultvfs_counts();
	store_close(l.st);
	return c;
}

static void check_told(void)
{
	CHECK(refused > 0);
	CHECK(shown > 0);
}

TEST(a_write_that_fails_harms_its_own_transaction_only)
{
	struct fault_counts c = rehearse();

	for (int64_t n = 1; n <= c.writes; n += n < 8 ? 1 : c.writes / 20 + 1) {
		survive(&(struct fault){ .fail_write = n });
		survive(&(struct fault){ .short_write = n });
	}
	for (int64_t n = 1; n <= c.writes; n += c.writes / 15 + 1)
		survive(&(struct fault){ .fail_write = n, .lasting = true });
	check_told();
}

TEST(a_sync_that_fails_promises_nothing)
{
	struct fault_counts c = rehearse();

	for (int64_t n = 1; n <= c.syncs; n += c.syncs / 15 + 1) {
		survive(&(struct fault){ .fail_sync = n });
		survive(&(struct fault){ .fail_sync = n, .lasting = true });
	}
	check_told();
}

TEST(a_full_disk_refuses_and_takes_again_when_there_is_room)
{
	struct fault_counts c = rehearse();

	for (int64_t bytes = 1; bytes < c.grown_bytes; bytes += c.grown_bytes / 20 + 1)
		survive(&(struct fault){ .full_after = bytes });
	check_told();
}

TEST(a_truncation_that_fails_at_the_end_of_the_program_loses_nothing)
{
	static struct ledger l;

	faultvfs_start();
	for (int64_t n = 1; n <= 2; n++) {
		disk++;
		begin(&l);
		load_some(&l, 16);
		faultvfs_set(&(struct fault){ .fail_truncate = n, .lasting = true });
		store_close(l.st);
		faultvfs_set(&(struct fault){ 0 });
		l.st = open_disk();
		check_file(&l, true);
		check_counts(&l);
		store_close(l.st);
	}
}

TEST(after_a_power_cut_at_any_sync_or_write_all_that_was_promised_is_there)
{
	struct fault_counts c = rehearse();
	static struct ledger l;
	uint64_t seed = 0;

	for (int64_t n = 1; n <= c.syncs + CUTS; n += n < c.syncs ? c.syncs / CUTS + 1 : 1) {
		for (int how = FAULTVFS_DROP; how <= FAULTVFS_KEEP; how++) {
			disk++;
			begin(&l);
			load_some(&l, 4);
			faultvfs_set(n <= c.syncs
					     ? &(struct fault){ .power_at_sync = n }
					     : &(struct fault){ .power_at_write = (n - c.syncs) *
										  c.writes / 40 });
			load_some(&l, 16);
			store_abandon(l.st);
			faultvfs_cut((enum faultvfs_cut)how, ++seed);
			l.st = open_disk();
			CHECK(store_was_unclean(l.st));
			check_file(&l, false);
			check_counts(&l);
			store_close(l.st);
		}
	}
}

/* ---- with the writer thread ---- */

struct sender {
	struct thr thr;
	struct ledger *l;
	int rounds;
	bool works;
};

static void sender_run(void *arg)
{
	struct sender *s = arg;

	for (int i = 0; i < s->rounds; i++) {
		(void)receive(s->l);
		if (s->works)
			work(s->l);
	}
}

static void load_threads(struct ledger *l)
{
	struct sender s[THREADS];

	for (int i = 0; i < THREADS; i++) {
		s[i] = (struct sender){ .l = l,
					.rounds = 20,
					.works = i == 0 }; /* a batch queue has one worker */
		MUST(thr_start(&s[i].thr, "sender", sender_run, &s[i], &t_err));
	}
	for (int i = 0; i < THREADS; i++)
		thr_join(&s[i].thr);
}

TEST(many_writers_on_a_failing_disk_get_true_answers)
{
	static const struct fault FAULTS[] = {
		{ .fail_write = 90 },    { .fail_write = 200, .lasting = true },
		{ .fail_sync = 10 },     { .fail_sync = 20, .lasting = true },
		{ .full_after = 40000 }, { .full_after = 150000 },
	};
	static struct ledger l;

	faultvfs_start();
	EACH (f, FAULTS) {
		disk++;
		begin(&l);
		MUST(store_run(l.st, &t_err));
		faultvfs_set(f);
		load_threads(&l);
		CHECK(l.refused > 0);
		check_alive(&l);
		check_file(&l, true);
		store_close(l.st);
		l.st = open_disk();
		check_file(&l, true);
		store_close(l.st);
	}
}

TEST(a_power_cut_under_many_writers_keeps_what_was_acknowledged)
{
	static struct ledger l;

	faultvfs_start();
	for (int i = 1; i <= 12; i++) {
		disk++;
		begin(&l);
		MUST(store_run(l.st, &t_err));
		faultvfs_set(&(struct fault){ .power_at_sync = i * 3 });
		load_threads(&l);
		CHECK(faultvfs_power_is_off());
		store_close(
			l.st); /* threads cannot be abandoned; without power nothing of it reaches the disk */
		faultvfs_cut(i % 2 == 0 ? FAULTVFS_DROP : FAULTVFS_MIX, (uint64_t)i);
		l.st = open_disk();
		CHECK(store_was_unclean(l.st));
		check_file(&l, false);
		store_close(l.st);
	}
}
