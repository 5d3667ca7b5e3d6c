/* store_tx.h - tests of one table: the body runs inside of one transaction on a fresh database.
 *
 *	TX_TEST(a_read_conversation_has_nothing_unread)
 *	{
 *		MUST(conversation_read(tx, id, &t_err));
 *	}
 *
 * tx->now_ms is T_NOW and may be moved on. Tests of several transactions use tx_open and tx_run. */
#ifndef STORE_TX_H
#define STORE_TX_H

#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/message/message.h"
#include "store/store.h"
#include "store/target.h"
#include "t.h"
#include "tables.h"

#define T_NOW ((int64_t)1767607200000) /* 2026-01-05T10:00:00Z */

typedef void tx_body(struct tx *tx);

static inline int64_t tx_clock(void)
{
	return T_NOW;
}

UNUSED static struct store *tx_open(void)
{
	char path[512];
	const struct store_options o = {
		.path = path, .migrate = true, .now_ms = T_NOW, .clock = tx_clock
	};
	struct store *st = NULL;

	(void)snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(tables_put(path, T_NOW, &t_err));
	MUST(store_open(&o, &st, &t_err));
	return st;
}

/* A function pointer does not fit in void *. */
struct tx_call {
	tx_body *body;
};

static inline enum rc tx_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct tx_call *call = arg;

	(void)e;
	call->body(tx);
	return RC_OK;
}

UNUSED static void tx_run(struct store *st, tx_body *body)
{
	struct tx_call call = { body };

	MUST(store_write(st, STORE_NORMAL, tx_unit, &call, &t_err));
}

#define TX_TEST(sentence)                           \
	static void sentence##_body(struct tx *tx); \
	TEST(sentence)                              \
	{                                           \
		struct store *st = tx_open();       \
		tx_run(st, sentence##_body);        \
		store_close(st);                    \
	}                                           \
	static void sentence##_body(struct tx *tx)

/* Rows that others refer to. */
struct tx_ids {
	int64_t channel, contact, conversation;
};

UNUSED static struct tx_ids tx_conversation(struct tx *tx, const char *phone)
{
	const struct contact_who who = { .phone = str_of(phone), .name = STR("Ana") };
	struct tx_ids ids = { 0 };

	MUST(target_resolve(tx, "channel", STR("main"), &ids.channel, &t_err));
	MUST(contact_resolve(tx, 1, &who, &ids.contact, &t_err));
	MUST(conversation_resolve(tx, 1, ids.channel, ids.contact, str_of(phone), &ids.conversation,
				  &t_err));
	return ids;
}

/* A text of that conversation, not stored yet; `meta`: the provider's id, NULL: none. */
UNUSED static struct message tx_text(const struct tx_ids *ids, bool outbound, const char *meta)
{
	return (struct message){
		.company_id = 1,
		.conversation_id = ids->conversation,
		.channel_id = ids->channel,
		.outbound = outbound,
		.status = MESSAGE_PENDING,
		.type = "text",
		.sender_type = outbound ? "crm_agent" : "customer",
		.source = outbound ? "api" : "customer",
		.meta_message_id = str_of(meta),
		.wa_id = STR("4915112345678"),
		.content = STR("oi"),
	};
}

UNUSED static int64_t tx_text_add(struct tx *tx, const struct tx_ids *ids, bool outbound,
				  const char *meta)
{
	struct message m = tx_text(ids, outbound, meta);

	MUST(message_add(tx, &m, &t_err));
	return m.id;
}

UNUSED static struct message tx_message(struct tx *tx, int64_t id, struct arena *a)
{
	struct message m = { 0 };

	MUST(message_load(tx->db, id, a, &m, &t_err));
	return m;
}

#endif
