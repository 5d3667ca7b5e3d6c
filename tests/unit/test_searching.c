/* test_searching.c - what people type is found: accents, case, numbers, beginnings; what is gone or changed is not. */
#include "store/search/search.h"

#include "base/enc.h"
#include "people.h"

static struct box b;

static void send(const char *to, const char *text)
{
	CHECK_I64(text,
		  box_call(&b, "POST", "/api/v1/messages",
			   arena_printf(&b.arena, "{\"to\":\"%s\",\"text\":\"%s\"}", to, text)),
		  202);
}

static enum rc fill_unit(struct tx *tx, void *arg, struct err *e)
{
	return search_fill(tx, arg, e);
}

static void fill(void)
{
	bool more = true;

	while (more)
		MUST(store_write(b.app.store, STORE_NORMAL, fill_unit, &more, &t_err));
}

static enum rc exec_unit(struct tx *tx, void *arg, struct err *e)
{
	return db_exec(tx->db, arg, e);
}

static void by_hand(const char *sql)
{
	char text[400];

	(void)snprintf(text, sizeof(text), "%s", sql);
	MUST(store_write(b.app.store, STORE_NORMAL, exec_unit, text, &t_err));
}

static const char *percent(const char *text)
{
	AUTO(sbuf_release) struct sbuf s = SBUF(1024);

	enc_percent(&s, str_of(text));
	return arena_dup(&b.arena, sbuf_view(&s));
}

static int64_t found(const char *typed)
{
	AUTO(json_freep) struct json *root = NULL;

	CHECK_I64(typed,
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/messages/search?q=%s", percent(typed)),
			   NULL),
		  200);
	MUST(json_parse(box_body(&b), &root, &t_err));
	return json_count(json_get(root, "data"));
}

static int64_t listed(const char *query)
{
	AUTO(json_freep) struct json *root = NULL;

	CHECK_I64(query,
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/conversations?%s", query),
			   NULL),
		  200);
	MUST(json_parse(box_body(&b), &root, &t_err));
	return json_count(json_get(root, "data"));
}

static int64_t people(const char *typed)
{
	AUTO(json_freep) struct json *root = NULL;

	CHECK_I64(typed,
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/contacts?search=%s", percent(typed)),
			   NULL),
		  200);
	MUST(json_parse(box_body(&b), &root, &t_err));
	return json_count(json_get(root, "data"));
}

TEST(search_finds_what_people_type)
{
	static const struct {
		const char *typed;
		int64_t n;
	} CASES[] = {
		{ "ramon", 1 },
		{ "RAM\u00d3N", 1 },
		{ "canci\u00f3n", 1 },
		{ "cancion", 1 },
		{ "can", 1 },
		{ "ca", 0 },
		{ "pedido 48213", 1 },
		{ "482", 1 },
		{ "213", 0 },
		{ "48213 pedido", 1 },
		{ "pedido ramon", 0 },
		{ "S\u00e3o", 1 },
		{ "sao paulo", 1 },
		{ "\"pedido", 1 },
		{ "pedido\" OR \"x", 0 },
		{ "NOT pedido", 0 },
		{ "*", 0 },
		{ "", 0 },
		{ "   ", 0 },
		{ "%' --", 0 },
		{ "\U0001F600", 0 },
	};

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	send("+59171234567", "Hola Ram\u00f3n, tu canci\u00f3n");
	send("+59171234568", "Su pedido 48213 est\u00e1 listo");
	send("+5511987654321", "Entrega em S\u00e3o Paulo");
	CHECK_I64("not yet", found("ramon"), 0);
	CHECK_I64("told so", box_get_i64(&b, "not_indexed_yet"), 3);
	fill();
	EACH (t, CASES)
		CHECK_I64(t->typed, found(t->typed), t->n);
	box_close(&b);
}

/* As people write numbers, and as they look for them. */
TEST(search_finds_numbers)
{
	static const struct {
		const char *typed;
		int64_t n;
	} CASES[] = {
		{ "1500", 1 },
		{ "1.500", 1 },
		{ "1,500", 1 },
		{ "1500 kg", 1 },
		{ "kg 1500", 1 },
		{ "150", 1 },
		{ "1501", 0 },
		{ "2345,90", 1 },
		{ "2.345,90", 1 },
		{ "2345", 1 },
		{ "R$ 2345", 1 },
		{ "A-0001234567", 1 },
		{ "0001234567", 1 },
		{ "1234567", 1 },
		{ "0981234999", 2 },
		{ "0981 234 999", 2 },
		{ "981234999", 2 },
		{ "981 234", 2 },
		{ "234 999", 2 },
		{ "0981234999 casa", 1 },
		{ "981\u00a0234", 2 },
		{ "0982234999", 0 },
		{ "34191790010104351004791020270008584410000000000", 1 },
		{ "750", 1 }, /* "x750ml" */
		{ "casa\u00a0grande", 1 },
		{ "casa\U0001F600grande", 1 },
		{ "12 34 56 78 91 23 45 67 89 12 34 56 78 91 23 45 67 89 12 34 56 78 91 23 45 67 "
		  "89",
		  0 },
	};

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	send("+59171234567",
	     "El cami\u00f3n llev\u00f3 1.500 kg, factura A-0001234567 por R$ 2.345,90");
	send("+59171234568", "50 tijolos x750ml, tel 0981 234 999, casa grande");
	send("+59171234568", "(+595) 981 234\u2011999");
	send("+5511987654321", "boleto 34191.79001 01043.510047 91020.270008 5 84410000000000");
	fill();
	EACH (t, CASES)
		CHECK_I64(t->typed, found(t->typed), t->n);
	box_close(&b);
}

/* A box that comes from a version without these forms: found by the old words meanwhile, by the new ones after. */
TEST(search_does_old_messages_anew)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	send("+59171234567", "llegaron 1.500 kg");
	send("+59171234567", "sin numeros");
	fill();
	by_hand("DELETE FROM message_search; INSERT INTO message_search(rowid, content) SELECT id, "
		"content "
		"FROM whatsapp_messages; UPDATE search_place SET old_form_id = message_id");
	CHECK_I64("old form", found("1500"), 0);
	CHECK_I64("old words", found("llegaron 500"), 1);
	fill();
	CHECK_I64("new form", found("1500"), 1);
	CHECK_I64("its words", found("llegaron 500"), 1);
	CHECK_I64("the other", found("numeros"), 1);
	box_close(&b);
}

TEST(search_forgets_what_is_changed_or_gone)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	send("+59171234567", "naranjas frescas");
	send("+59171234567", "manzanas frescas");
	fill();
	CHECK_I64("both", found("frescas"), 2);
	by_hand("UPDATE whatsapp_messages SET content = 'peras frescas' WHERE content = 'naranjas "
		"frescas'");
	fill();
	CHECK_I64("old word", found("naranjas"), 0);
	CHECK_I64("new word", found("peras"), 1);
	by_hand("DELETE FROM jobs; DELETE FROM message_statuses; "
		"DELETE FROM whatsapp_messages WHERE content LIKE 'peras%'");
	CHECK_I64("at once", found("peras"), 0);
	fill();
	CHECK_I64("still", found("peras"), 0);
	CHECK_I64("the other", found("frescas"), 1);
	box_close(&b);
}

TEST(search_of_names_and_numbers)
{
	static const struct {
		const char *query;
		int64_t n;
	} CASES[] = {
		{ "search=jose", 1 },
		{ "search=NU%C3%91EZ", 1 },
		{ "search=nunez", 1 },
		{ "search=%C3%BA%C3%B1ez", 1 },
		{ "search=71234567", 1 },
		{ "search=%2B591%207123-4567", 1 },
		{ "search=1234", 2 },
		{ "search=99971234567",
		  0 }, /* its last six digits are somebody's, the whole is nobody's */
		{ "search=071234567", 1 }, /* as it is dialled inside the country */
		{ "search=07123%204567", 1 },
		{ "search=0712", 2 },
		{ "search=0059171234567", 1 },
		{ "search=061234567", 0 },
		{ "search=zzz", 0 },
		{ "search=%22%22%22", 0 },
		{ "search=71&limit=5", 2 },
		{ "search=1234&unread=true", 0 },
		{ "search=1234&status=open", 2 },
		{ "search=1234&status=resolved", 0 },
		{ "channel=main", 3 },
	};
	static const struct {
		const char *typed;
		int64_t n;
	} PEOPLE[] = {
		{ "071234567", 1 },
		{ "+591 7123-4567", 1 },
		{ "0712", 2 },
		{ "061234567", 0 },
	};

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	send("+59171234567", "x");
	send("+59171234568", "x");
	send("+5511987654321", "x");
	by_hand("UPDATE contacts SET name = 'Jos\u00e9 N\u00fa\u00f1ez' WHERE id = 1");
	fill();
	EACH (t, CASES)
		CHECK_I64(t->query, listed(t->query), t->n);
	EACH (t, PEOPLE)
		CHECK_I64(t->typed, people(t->typed), t->n);
	by_hand("UPDATE contacts SET name = 'Mar\u00eda' WHERE id = 1");
	fill();
	CHECK_I64("renamed", listed("search=nunez"), 0);
	CHECK_I64("renamed", listed("search=maria"), 1);
	CHECK_I64("unknown channel", box_call(&b, "GET", "/api/v1/conversations?channel=x", NULL),
		  422);
	CHECK_I64("no account", box_call(&b, "GET", "/api/v1/conversations?assigned=x", NULL), 422);
	box_close(&b);
}

TEST(search_goes_on_where_it_stopped)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	for (int i = 0; i < 5; i++)
		send("+59171234567", arena_printf(&b.arena, "repetido n%d", i));
	fill();
	CHECK_I64("page", box_call(&b, "GET", "/api/v1/messages/search?q=repetido&limit=2", NULL),
		  200);
	CHECK_STR("newest", box_get(&b, "data.0.content"), "repetido n4");
	CHECK_I64("next",
		  box_call(&b, "GET",
			   arena_printf(&b.arena,
					"/api/v1/messages/search?q=repetido&limit=2&after=%s",
					box_get(&b, "next")),
			   NULL),
		  200);
	CHECK_STR("older", box_get(&b, "data.0.content"), "repetido n2");
	box_close(&b);
}

TEST(search_in_a_conversation_finds_its_own_only)
{
	const char *id;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	for (int i = 0; i < 3; i++)
		send("+59171234567", arena_printf(&b.arena, "repetido n%d", i));
	send("+59170000001", "repetido ah\u00ed");
	fill();
	CHECK_I64("all", box_call(&b, "GET", "/api/v1/messages/search?q=repetido", NULL), 200);
	CHECK_STR("newest", box_get(&b, "data.0.content"), "repetido ah\u00ed");
	id = arena_printf(&b.arena, "/api/v1/messages/search?q=repetido&conversation_id=%s",
			  box_get(&b, "data.2.conversation_id"));
	CHECK_I64("in one", box_call(&b, "GET", id, NULL), 200);
	CHECK_STR("newest", box_get(&b, "data.0.content"), "repetido n2");
	CHECK_STR("oldest", box_get(&b, "data.2.content"), "repetido n0");
	CHECK_STR("no more", box_get(&b, "data.3.id"), "");
	box_close(&b);
}
