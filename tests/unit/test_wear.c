/* test_wear.c - what disks say of their age, byte by byte. */
#include "t.h"

#include "io/probe.h"

TEST(wear_of_emmc_is_the_worse_of_two)
{
	static const struct {
		const char *text;
		bool ok;
		int percent;
	} CASES[] = {
		{ "0x01 0x02\n", true, 20 }, { "0x0b 0x01", true, 110 },
		{ "0x00 0x00", false, 0 },   { "", false, 0 },
		{ "0x0c 0xff", false, 0 },   { "1 2", false, 0 },
	};

	EACH (t, CASES) {
		int percent = -1;

		CHECK_I64(t->text, probe_wear_emmc(str_of(t->text), &percent), t->ok);
		if (t->ok)
			CHECK_I64(t->text, percent, t->percent);
	}
}

TEST(wear_of_nvme_is_a_byte_and_warnings)
{
	static const struct {
		const char *why;
		uint8_t warnings, used;
		int percent;
	} CASES[] = {
		{ "new", 0, 0, 0 },
		{ "used", 0, 37, 37 },
		{ "hot, nothing else", 1 << 1, 3, 3 },
		{ "no spare", 1 << 0, 3, 100 },
		{ "unreliable", 1 << 2, 3, 100 },
		{ "read only", 1 << 3, 120, 120 },
		{ "beyond all", 0, 255, 255 },
	};
	uint8_t log[PROBE_SMART_BYTES] = { 0 };
	int percent = -1;

	CHECK(!probe_wear_nvme(log, &percent));
	EACH (t, CASES) {
		log[0] = t->warnings;
		log[1] = 0x2c; /* 300 K */
		log[2] = 0x01;
		log[5] = t->used;
		CHECK_I64(t->why, probe_wear_nvme(log, &percent), true);
		CHECK_I64(t->why, percent, t->percent);
	}
}

static void attribute(uint8_t *data, int at, uint8_t id, uint8_t value)
{
	uint8_t sum = 0;

	data[2 + at * 12] = id;
	data[2 + at * 12 + 3] = value;
	for (size_t i = 0; i < PROBE_SMART_BYTES - 1; i++)
		sum = (uint8_t)(sum + data[i]);
	data[PROBE_SMART_BYTES - 1] = (uint8_t)(0x100 - sum);
}

TEST(wear_of_sata_is_what_an_attribute_lacks_to_100)
{
	uint8_t data[PROBE_SMART_BYTES] = { 0 };
	int percent = -1;

	CHECK(!probe_wear_sata(data, &percent));
	attribute(data, 0, 9, 99); /* hours: says nothing of wear */
	CHECK(!probe_wear_sata(data, &percent));
	attribute(data, 29, 177, 96);
	CHECK(probe_wear_sata(data, &percent));
	CHECK_I64("wear levelling", percent, 4);
	attribute(data, 3, 231, 30);
	CHECK(probe_wear_sata(data, &percent));
	CHECK_I64("life left goes first", percent, 70);
	attribute(data, 3, 231, 200); /* no share of anything */
	CHECK(probe_wear_sata(data, &percent));
	CHECK_I64("the other one then", percent, 4);
	data[100]++;
	CHECK(!probe_wear_sata(data, &percent)); /* the sum is wrong */
}

TEST(wear_of_no_disk_is_not_known)
{
	char disk[PROBE_TEXT_MAX];
	int percent;

	CHECK(!probe_wear("/proc", disk, &percent));
	CHECK(!probe_wear("/nothing/here", disk, &percent));
}
