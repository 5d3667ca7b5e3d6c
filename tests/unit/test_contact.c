/* test_contact.c - variants of numbers, aliases, and who is found by which. */
#include "store/conversation/contact.h"

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
	const struct contact_who who = { .phone = str_of(phone),
					 .user_id = str_of(user),
					 .name = str_of(name) };
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

TX_TEST(aliases_that_are_shown_together_are_one_person)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t by_phone = resolve(tx, "4915112345678", NULL, "by phone");
	int64_t by_user = resolve(tx, NULL, "DE.2", "by user id");
	struct contact gone;

	CHECK(by_phone != by_user);
	CHECK_I64("the older one stays", resolve(tx, "4915112345678", "DE.2", NULL), by_phone);
	CHECK_I64("the user id alone", resolve(tx, NULL, "DE.2", NULL), by_phone);
	MUST(contact_load(tx->db, by_user, &a, &gone, &t_err));
	CHECK_I64("leads there", gone.merged_into, by_phone);
	CHECK_SPAN("has no spelling", gone.aliases, STR("[]"));
}

static int64_t resolve_all(struct tx *tx, const struct contact_who *who)
{
	int64_t id = 0;

	MUST(contact_resolve(tx, 1, who, &id, &t_err));
	return id;
}

TX_TEST(four_spellings_of_four_contacts_become_one)
{
	int64_t id = resolve_all(tx, &(struct contact_who){ .lid = STR("99") });

	CHECK(resolve_all(tx, &(struct contact_who){ .parent_user_id = STR("BR.ENT.1") }) > id);
	CHECK(resolve(tx, "5511987654321", NULL, NULL) > id);
	CHECK(resolve(tx, NULL, "BR.1", NULL) > id);
	CHECK_I64("all",
		  resolve_all(tx, &(struct contact_who){ .phone = STR("551187654321"),
							 .user_id = STR("BR.1"),
							 .parent_user_id = STR("BR.ENT.1"),
							 .lid = STR("99") }),
		  id);
	CHECK_I64("phone", resolve(tx, "5511987654321", NULL, NULL), id);
	CHECK_I64("parent",
		  resolve_all(tx, &(struct contact_who){ .parent_user_id = STR("BR.ENT.1") }), id);
}

TX_TEST(a_group_is_a_contact_of_its_own)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t person = resolve(tx, "5511987654321", NULL, NULL);
	int64_t group = resolve_all(tx, &(struct contact_who){ .group_id = STR("Y2Fr"),
							       .phone = STR("5511987654321"),
							       .name = STR("Vizinhos") });
	struct contact c;

	CHECK(group != person);
	CHECK_I64("again", resolve_all(tx, &(struct contact_who){ .group_id = STR("Y2Fr") }),
		  group);
	MUST(contact_load(tx->db, group, &a, &c, &t_err));
	CHECK(c.group);
	CHECK_SPAN("book", c.aliases, STR("[{\"kind\":\"group\",\"alias\":\"Y2Fr\"}]"));
}

TX_TEST(a_number_change_joins_old_and_new)
{
	static const struct {
		const char *why, *old_phone, *old_user, *new_phone, *new_user;
	} ROWS[] = {
		{ "a new number", "5511900000001", NULL, "5511900000002", NULL },
		{ "a new user id", NULL, "BR.11", NULL, "BR.12" },
		{ "both", "5511900000003", "BR.13", "5511900000004", "BR.14" },
	};

	EACH (r, ROWS) {
		const struct contact_who before = { .phone = str_of(r->old_phone),
						    .user_id = str_of(r->old_user) };
		const struct contact_who now = { .phone = str_of(r->new_phone),
						 .user_id = str_of(r->new_user) };
		int64_t id = 0, old = resolve_all(tx, &before), new = resolve_all(tx, &now);

		CHECK(old != new);
		MUST(contact_move(tx, 1, &before, &now, &id, &t_err));
		CHECK_I64(r->why, id, old);
		CHECK_I64("old spelling", resolve_all(tx, &before), old);
		CHECK_I64("new spelling", resolve_all(tx, &now), old);
		MUST(contact_move(tx, 1, &before, &now, &id, &t_err));
		CHECK_I64("told again", id, old);
	}
}

TX_TEST(a_move_whose_addresses_belong_to_three_contacts)
{
	const struct contact_who before = { .phone = STR("5511900000001") };
	const struct contact_who now = { .phone = STR("5511900000002"), .user_id = STR("BR.9") };
	int64_t newer = resolve(tx, "5511900000002", NULL, NULL);
	int64_t old = resolve(tx, "5511900000001", "BR.9", NULL), id = 0;

	CHECK(newer < old);
	MUST(contact_move(tx, 1, &before, &now, &id, &t_err));
	CHECK_I64("one", id, newer);
	CHECK_I64("all", resolve(tx, "5511900000001", NULL, NULL), newer);
}

TX_TEST(a_name_given_by_a_person_stays_in_front)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t id = resolve(tx, "4915112345678", NULL, "profile");
	struct contact c;
	const struct {
		const char *why, *book, *given, *profile, *shown;
	} rows[] = {
		{ "the profile", NULL, NULL, "one", "one" },
		{ "the address book before it", "book", NULL, "two", "book" },
		{ "a person before both", "book", "given", "three", "given" },
		{ "not any more", "book", NULL, "four", "book" },
		{ "nor in the book", NULL, NULL, "five", "five" },
	};

	EACH (r, rows) {
		MUST(contact_set_book_name(tx, id, str_of(r->book), &t_err));
		MUST(contact_set_given_name(tx, id, str_of(r->given), &t_err));
		CHECK_I64("same", resolve(tx, "4915112345678", NULL, r->profile), id);
		MUST(contact_load(tx->db, id, &a, &c, &t_err));
		CHECK_SPAN(r->why, c.name, str_of(r->shown));
		CHECK_SPAN(r->why, c.profile_name, str_of(r->profile));
	}
}

TX_TEST(the_later_wish_about_advertising_counts)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t id = resolve(tx, "4915112345678", NULL, NULL);
	struct contact c;

	MUST(contact_set_marketing(tx, id, "stop", 2000, &t_err));
	MUST(contact_set_marketing(tx, id, "resume", 1000, &t_err));
	MUST(contact_load(tx->db, id, &a, &c, &t_err));
	CHECK_SPAN("an older one changes nothing", c.marketing, STR("stop"));
	MUST(contact_set_marketing(tx, id, "resume", 3000, &t_err));
	MUST(contact_load(tx->db, id, &a, &c, &t_err));
	CHECK_SPAN("a later one does", c.marketing, STR("resume"));
	CHECK_I64("when", c.marketing_ms, 3000);
}

static enum rc count_row(void *arg, const struct contact *c, struct err *e)
{
	int *n = arg;

	(void)e;
	CHECK_I64("merged ones are not listed", c->merged_into, 0);
	(*n)++;
	return RC_OK;
}

TX_TEST(the_list_finds_names_and_addresses)
{
	static const struct {
		const char *why, *search, *kind, *marketing;
		int n;
	} ROWS[] = {
		{ "all", NULL, NULL, NULL, 3 },
		{ "a part of a name", "an", NULL, NULL, 1 },
		{ "a part of a number", "1112", NULL, NULL, 1 },
		{ "groups", NULL, "group", NULL, 1 },
		{ "the stop list", NULL, NULL, "stop", 1 },
		{ "nobody", "xyz", NULL, NULL, 0 },
	};
	int64_t ana = resolve(tx, "551111122223", NULL, "Ana");

	(void)resolve(tx, "551144455556", NULL, "Rui");
	(void)resolve(tx, NULL, "BR.7", NULL);
	(void)resolve(tx, "551144455556", "BR.7", NULL);
	(void)resolve_all(tx, &(struct contact_who){ .group_id = STR("g") });
	MUST(contact_set_marketing(tx, ana, "stop", 1, &t_err));
	EACH (r, ROWS) {
		const struct contact_filter f = { .company_id = 1,
						  .search = str_of(r->search),
						  .kind = str_of(r->kind),
						  .marketing = str_of(r->marketing),
						  .limit = 10 };
		int n = 0;

		MUST(contact_each(tx->db, &f, count_row, &n, &t_err));
		CHECK_I64(r->why, n, r->n);
	}
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
