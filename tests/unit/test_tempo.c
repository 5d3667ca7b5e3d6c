/* test_tempo.c - long work that makes room: when it rests, when it ends; and the long reads it is used for. */
#include "t.h"

#include "io/crypto.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/sys.h"

#define LONG_AGO 1 /* microseconds: it has worked since the machine started */

TEST(tempo_ends_when_it_is_told_to)
{
	bool stop = false;
	struct tempo p = { .percent = 100, .stop = &stop };

	CHECK(tempo_step(NULL));
	CHECK(tempo_step(&p));
	stop = true;
	CHECK(!tempo_step(&p));
}

/* A rest is at most 100 ms, but it begins a new stretch: `from_us` tells. */
TEST(tempo_rests_only_for_somebody)
{
	int64_t commits = 7;
	struct tempo p = { .percent = 99, .others = &commits, .from_us = LONG_AGO, .seen = 7 };

	for (int i = 0; i < 3; i++) {
		p.from_us = LONG_AGO;
		CHECK(tempo_step(&p));
		CHECK_I64("still theirs", p.seen, 7);
		CHECK(p.from_us > LONG_AGO);
	}
	commits++;
	p.from_us = LONG_AGO;
	CHECK(tempo_step(&p));
	CHECK_I64("made room once", p.seen, 8);
}

TEST(the_rest_grows_with_what_was_lost_to_others)
{
	CHECK_I64("half", tempo_rest_us(50, 4000, 0), 4000);
	CHECK_I64("a third", tempo_rest_us(25, 4000, 0), 12000);
	CHECK_I64("pushed off for 2 ms", tempo_rest_us(50, 4000, 2000), 4000 + 8 * 2000);
	CHECK_I64("clocks that disagree", tempo_rest_us(50, 4000, -5), 4000);
	CHECK_I64("not for ever", tempo_rest_us(1, 4000, 90000), TEMPO_REST_MAX_MS * 1000);
}

TEST(long_files_are_read_with_their_sum_and_stay_or_go)
{
	struct err e = { .rc = RC_OK };
	struct file_sum kept, gone;
	char path[FOLDER_PATH_MAX], sum[SUM_TEXT];
	bool stop = true;
	struct tempo stopped = { .percent = 50, .stop = &stop };

	MUST(crypto_start(&t_err));
	MUST(folder_join(t_dir(), "long", path, &t_err));
	MUST(file_write(path, STR("hola"), 0600, &t_err));
	crypto_sha256_hex(STR("hola"), sum);
	MUST(folder_sum_file_kept(path, NULL, &kept, &t_err));
	MUST(folder_warm_file(path, NULL, &t_err));
	folder_cool_file(path);
	MUST(folder_sum_file(path, NULL, &gone, &t_err));
	CHECK_STR("kept", kept.sha256, sum);
	CHECK_STR("gone", gone.sha256, sum);
	CHECK_I64("bytes", kept.bytes, 4);
	CHECK_I64("stopped", folder_warm_file(path, &stopped, &e), RC_RETRY);
	CHECK_I64("not there", folder_warm_file(t_dir(), NULL, &e), RC_OK); /* a folder: no harm */
	MUST(file_remove(path, &t_err));
	CHECK_I64("absent", folder_warm_file(path, NULL, &e), RC_ABSENT);
	folder_cool_file(path);
	CHECK(sys_memory_available() > (int64_t)MIB);
}
