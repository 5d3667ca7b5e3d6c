/* test_guard.c - waiting grows with failures; a person is not locked out by another's tries; checks run one by one. */
#include "api/guard.h"

#include "base/clock.h"
#include "base/thr.h"
#include "t.h"

static struct guard g;

static int64_t try_at(const char *account, const char *client, int64_t now_ms)
{
	return guard_begin(&g, str_of(account), str_of(client), now_ms);
}

TEST(guard_slows_down_after_five_failures)
{
	int64_t now_ms = 1000000, wait;

	guard_init(&g);
	for (int i = 0; i < 6; i++)
		CHECK_I64("free", try_at("ana", "192.0.2.1", now_ms), 0);
	CHECK_I64("sixth", try_at("ana", "192.0.2.1", now_ms), 2000);
	CHECK_I64("not counted while waiting", try_at("ana", "192.0.2.1", now_ms + 1), 1999);
	CHECK_I64("over", try_at("ana", "192.0.2.1", now_ms + 2000), 0);
	CHECK_I64("doubled", try_at("ana", "192.0.2.1", now_ms + 2000), 4000);
	CHECK_I64("from elsewhere", try_at("ana", "192.0.2.2", now_ms + 2000), 0);
	CHECK_I64("another person", try_at("beto", "192.0.2.1", now_ms + 2000), 0);
	for (int i = 0; i < 40; i++) {
		wait = try_at("ana", "192.0.2.1", now_ms);
		now_ms += wait;
	}
	wait = try_at("ana", "192.0.2.1", now_ms);
	CHECK_I64("capped", wait > 0 ? wait : try_at("ana", "192.0.2.1", now_ms), 15 * MINUTE_MS);
	CHECK_I64("forgotten", try_at("ana", "192.0.2.1", now_ms + HOUR_MS + 1), 0);
	guard_destroy(&g);
}

TEST(guard_starts_afresh_after_a_right_password)
{
	guard_init(&g);
	for (int i = 0; i < 6; i++)
		(void)try_at("ana", "192.0.2.1", 1000000);
	guard_passed(&g, STR("ana"), STR("192.0.2.1"));
	for (int i = 0; i < 6; i++)
		CHECK_I64("free", try_at("ana", "192.0.2.1", 1000000), 0);
	CHECK(try_at("ana", "192.0.2.1", 1000000) > 0);
	guard_destroy(&g);
}

TEST(guard_slows_an_address_that_tries_many_names)
{
	char name[16];

	guard_init(&g);
	for (int i = 0; i < 21; i++) {
		(void)snprintf(name, sizeof(name), "name%d", i);
		CHECK_I64(name, try_at(name, "192.0.2.1", 1000000), 0);
	}
	CHECK_I64("another name", try_at("name99", "192.0.2.1", 1000000), 2000);
	CHECK_I64("another address", try_at("name99", "192.0.2.9", 1000000), 0);
	guard_destroy(&g);
}

TEST(guard_slows_an_account_that_many_addresses_try_for_seconds_only)
{
	char client[32];
	int64_t now_ms = 1000000, wait = 0;

	guard_init(&g);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(client, sizeof(client), "198.51.100.%d", i);
		wait = try_at("ana", client, now_ms);
		now_ms += wait;
	}
	CHECK_I64("capped", wait, 30 * SECOND_MS);
	guard_destroy(&g);
}

TEST(guard_keeps_the_worst_when_flooded_with_names)
{
	char client[32];

	guard_init(&g);
	for (int i = 0; i < 6; i++)
		(void)try_at("ana", "192.0.2.1", 1000000);
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(client, sizeof(client), "2001:db8::%d", i);
		(void)try_at(client, client, 1000000);
	}
	CHECK(try_at("ana", "192.0.2.1", 1000000) > 0);
	guard_destroy(&g);
}

static _Atomic int inside, most, refused;

static void check_body(void *arg)
{
	int n;

	(void)arg;
	for (int i = 0; i < 50; i++) {
		if (!guard_enter(&g)) {
			atomic_fetch_add(&refused, 1);
			continue;
		}
		n = atomic_fetch_add(&inside, 1) + 1;
		if (n > atomic_load(&most))
			atomic_store(&most, n);
		atomic_fetch_sub(&inside, 1);
		guard_leave(&g);
	}
}

TEST(guard_lets_one_check_run_at_a_time)
{
	struct thr threads[8] = { 0 };

	guard_init(&g);
	EACH (t, threads)
		MUST(thr_start(t, "check", check_body, NULL, &t_err));
	EACH (t, threads)
		thr_join(t);
	CHECK_I64("at once", atomic_load(&most), GUARD_CHECKS);
	CHECK_I64("nobody refused", atomic_load(&refused), 0);
	guard_destroy(&g);
}
