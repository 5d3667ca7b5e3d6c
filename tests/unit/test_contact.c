/* test_contact.c - variants of numbers, aliases, and who is found by which. */
#include "store/contact.h"

#include "store_tx.h"

TEST(spellings_of_one_number_meet)
{
	static const struct {
		const char *why, *phone, *match;
	} ROWS[] = {
		{ "Brazil with the ninth digit", "5511987654321", "551187654321" },
		{ "Brazil without it stays", "551187654321", "551187654321" },
		{ "a landline of Brazil stays", "551133334444", "551133334444" },
		{ "13 digits whose fifth is no 9", "5511887654321", "5511887654321" },
		{ "Mexico with the 1", "5215512345678", "525512345678" },
		{ "Mexico without it", "525512345678", "525512345678" },
		{ "Argentina with the 9", "5491123456789", "541123456789" },
		{ "Argentina without it", "541123456789", "541123456789" },
		{ "Germany stays", "4915112345678", "4915112345678" },
		{ "a plus is dropped", "+5511987654321", "551187654321" },
		{ "no number stays", "abc", "abc" },
		{ "14 digits of Brazil stay", "55119876543210", "55119876543210" },
		{ "Mexico: 521 with nine digits stays", "521551234567", "521551234567" },
		{ "nothing", "", "" },
	};
	char text[32];

	EACH (r, ROWS) {
		contact_match(str_of(r->phone), text, sizeof(text));
		CHECK_STR(r->why, text, r->match);
	}
	contact_match(STR("5511987654321"), text, 8);
	CHECK_STR("too long for the buffer", text, "");
}

static int64_t resolve(struct tx *tx, const char *phone, const char *user, const char *name)
{
	const struct contact_who who = { str_of(phone), str_of(user), str_of(name) };
	int64_t id = 0;

	MUST(contact_resolve(tx, 1, &who, &id, &t_err));
	return id;
}

TX_TEST(a_person_is_found_by_every_spelling)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct contact_who bare = { .phone = STR("551187654321") };
	int64_t id = resolve(tx, "5511987654321", NULL, "Ana");
	int64_t found = 0;
	struct contact c;

	CHECK_I64("again", resolve(tx, "5511987654321", NULL, NULL), id);
	CHECK_I64("other spelling", resolve(tx, "551187654321", NULL, NULL), id);
	CHECK_I64("with a plus", resolve(tx, "+5511987654321", NULL, NULL), id);
	CHECK_I64("a user id joins", resolve(tx, "5511987654321", "BR.1", NULL), id);
	CHECK_I64("and finds alone", resolve(tx, NULL, "BR.1", NULL), id);
	CHECK(resolve(tx, "5511900000000", NULL, NULL) != id);
	MUST(contact_find(tx->db, 1, &bare, &found, &t_err));
	CHECK_I64("find", found, id);
	MUST(contact_load(tx->db, id, &a, &c, &t_err));
	CHECK_SPAN("name", c.name, STR("Ana"));
	CHECK_SPAN("book", c.aliases,
		   STR("[{\"kind\":\"phone\",\"alias\":\"551187654321\"},{\"kind\":\"phone\","
		       "\"alias\":\"5511987654321\"},"
		       "{\"kind\":\"user\",\"alias\":\"BR.1\"}]"));
}

TX_TEST(a_name_is_kept_when_it_is_new_or_changed)
{
	static const struct {
		const char *why, *given, *kept;
	} ROWS[] = {
		{ "none yet", NULL, NULL },      { "first", "Ana", "Ana" },
		{ "none given", NULL, "Ana" },   { "empty is none", "", "Ana" },
		{ "changed", "Ana B", "Ana B" },
	};

	EACH (r, ROWS) {
		AUTO(arena_release) struct arena a = ARENA(64 * KIB);
		struct contact c;

		MUST(contact_load(tx->db, resolve(tx, "4915112345678", "DE.1", r->given), &a, &c,
				  &t_err));
		CHECK_SPAN(r->why, c.name, str_of(r->kept));
	}
}

TX_TEST(the_user_id_is_stronger_than_the_number)
{
	int64_t by_phone = resolve(tx, "4915112345678", NULL, "old owner");
	int64_t by_user = resolve(tx, NULL, "DE.2", "new owner");

	CHECK(by_phone != by_user);
	CHECK_I64("both", resolve(tx, "4915112345678", "DE.2", NULL), by_user);
	CHECK_I64("the number alone stays where it was", resolve(tx, "4915112345678", NULL, NULL),
		  by_phone);
}

TX_TEST(companies_do_not_share_people)
{
	const struct contact_who who = { .phone = STR("4915112345678") };
	int64_t id = resolve(tx, "4915112345678", NULL, NULL);
	int64_t other = id;

	CHECK_I64("not there", contact_find(tx->db, 2, &who, &other, NULL), RC_ABSENT);
	CHECK_I64("untouched", other, id);
}

TX_TEST(a_contact_needs_a_key)
{
	static char longest[200];
	const struct contact_who nobody = { .name = STR("x") };
	const struct contact_who nul = { .phone = STR("49\0"
						      "151") };
	struct contact_who big = { .user_id = { longest, sizeof(longest) } };
	int64_t id = 0;

	memset(longest, 'x', sizeof(longest));
	CHECK_I64("none", contact_resolve(tx, 1, &nobody, &id, NULL), RC_INVALID);
	CHECK_I64("NUL", contact_resolve(tx, 1, &nul, &id, NULL), RC_INVALID);
	CHECK_I64("too long", contact_resolve(tx, 1, &big, &id, NULL), RC_INVALID);
}
