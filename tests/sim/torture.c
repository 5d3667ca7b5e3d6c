/* torture.c - a busy script, killed at random moments (any reading of the clock: before and after each commit, inside
 * calls to peers), while peers fail now and then. Afterwards the world is asked:
 *
 *   - every webhook that was answered 200 became one message; every send that was answered 202 exists once
 *   - nothing was sent twice at Meta, nothing stands twice in Chatwoot
 *   - what Meta has is known: after its statuses nothing that was sent is `unknown`
 *   - the numbers of all queues add up (after each start and at the end)
 *
 * Peers repeat what was not answered, as the real ones do. */
#include <stdarg.h>

#include "sim/sim.h"

#define EVENTS    16
#define CUSTOMERS 3
#define KILLS_MAX 8
#define KILL_SPAN 120 /* readings of the clock between two kills, at most */
/* The sanitizers' builds are many times slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHARE 10
#else
#define SHARE 1
#endif
#define FAULTS         12 /* percent of the calls */
#define SETTLE_MS      (8 * HOUR_MS)
#define NAME_MAX_BYTES 96

static uint32_t roll(uint32_t n)
{
	sim.random ^= sim.random << 13;
	sim.random ^= sim.random >> 17;
	sim.random ^= sim.random << 5;
	return sim.random % n;
}

static const char *name(const char *fmt, ...) PRINTF(1, 2);
static const char *name(const char *fmt, ...)
{
	char text[NAME_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return arena_dup(&sim.arena, str_of(text));
}

static const char *customer(int i)
{
	return name("55119999900%02d", i % CUSTOMERS);
}

static void customer_writes(int i)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(64 * KIB);

	meta_text_body(&body, str_of(customer(i)), str_of(name("wamid.in.%d", i)),
		       str_of(name("in %d", i)), STR_NONE);
	for (;;) {
		int status = hook_meta(sbuf_view(&body));

		if (!sim.crashed && status == 200)
			return;
		if (!sim.crashed)
			fail("the webhook was answered %d", status);
		box_revive();
	}
}

static void page_sends(int i)
{
	struct step s = { .line = sim.line };

	s.text = arena_dup(&sim.arena,
			   str_of(name("app POST /api/v1/messages {\"to\":\"%s\",\"text\":\"api "
				       "%d\"} key=k%d -> 202",
				       customer(i), i, i)));
	for (;;) {
		step_exec(&s, 0);
		if (!sim.crashed)
			return;
		box_revive();
	}
}

/* An agent answers in a conversation that exists at Chatwoot. False: there is none yet. */
static bool agent_answers(int i)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(64 * KIB);
	int64_t conversation = peers_conversation_of(str_of(customer(i)));
	struct words w;
	int status;

	if (conversation == 0)
		return false;
	words_of(arena_dup(&sim.arena,
			   str_of(name("hook chatwoot message id=%lld conversation=%lld "
				       "text=\"agent %d\" contact=wa:%s",
				       (long long)peers_agent_says(conversation,
								   str_of(name("agent %d", i))),
				       (long long)conversation, i, customer(i)))),
		 &w);
	chatwoot_message_body(&body, &w);
	do {
		box_revive();
		status = hook_chatwoot(sbuf_view(&body), str_of(name("d-%d-%u", i, roll(1000000))));
	} while (sim.crashed);
	if (status != 200)
		fail("Chatwoot's webhook was answered %d", status);
	return true;
}

/* Statuses that Meta owes, some of them. */
static void meta_tells(bool all)
{
	for (;;) {
		AUTO(sbuf_release) struct sbuf body = SBUF(64 * KIB);

		if ((!all && roll(3) == 0) || !peers_status_due(&body))
			return;
		while (hook_meta(sbuf_view(&body)) != 200 || sim.crashed)
			box_revive();
	}
}

static void next_kill(int *kills)
{
	if (sim.kill_in <= 0 && *kills > 0) {
		--*kills;
		sim.kill_in = 1 + roll(KILL_SPAN);
	}
}

static void check_db(const char *sql, const char *wanted)
{
	AUTO(sbuf_release) struct sbuf got = SBUF(64 * KIB);

	door_select(str_of(sql), &got);
	if (!str_eqc(sbuf_view(&got), wanted))
		fail("%s: wanted %s, got %.*s", sql, wanted, STRF(sbuf_view(&got)));
}

static void check_world(const char *kinds)
{
	char why[160];

	for (int i = 0; i < EVENTS; i++) {
		const char *in = name("in %d", i), *api = name("api %d", i),
			   *agent = name("agent %d", i);

		if (kinds[i] == 'c') {
			check_db(name("SELECT count(*) FROM whatsapp_messages WHERE content = '%s'",
				      in),
				 "1");
			check_db(name("SELECT count(*) FROM whatsapp_messages WHERE content = 'eco "
				      "%s'",
				      in),
				 "1");
			if (peers_chatwoot_copies_of(str_of(in)) != 1)
				fail("Chatwoot has %d copies of %s",
				     peers_chatwoot_copies_of(str_of(in)), in);
		}
		if (kinds[i] == 'p')
			check_db(name("SELECT count(*) FROM whatsapp_messages WHERE content = '%s'",
				      api),
				 "1");
		if (kinds[i] == 'a')
			check_db(name("SELECT count(*) FROM whatsapp_messages WHERE content = '%s'",
				      agent),
				 "1");
		if (peers_meta_sends_of(str_of(api)) > 1 ||
		    peers_meta_sends_of(str_of(agent)) > 1 ||
		    peers_meta_sends_of(str_of(name("eco %s", in))) > 1)
			fail("a message was sent twice: event %d", i);
	}
	if (peers_count(STR("meta.twice")) != 0 || peers_count(STR("chatwoot.twice")) != 0)
		fail("something stands twice at a peer: %s", peers_twice());
	/* what Meta has is known here: as many settled as sent */
	check_db("SELECT count(*) FROM whatsapp_messages WHERE direction = 'outbound' AND "
		 "meta_message_id IS NOT NULL",
		 name("%lld", (long long)peers_count(STR("meta.sends"))));
	check_db("SELECT count(*) FROM whatsapp_messages WHERE sending = 'sending'", "0");
	check_db("SELECT queue, reason, error, attempts FROM dead_letters", "nothing");
	if (!box_idle(why, sizeof(why)))
		fail("something is pending: %s", why);
	prove();
}

/* One event of a random kind, remembered by its letter. */
static char event(int i)
{
	switch (roll(4)) {
	case 0:
		page_sends(i);
		return 'p';
	case 1:
		return agent_answers(i) ? 'a' : '-';
	default:
		customer_writes(i);
		return 'c';
	}
}

static void standing(const char *text)
{
	struct words w;

	words_of(text, &w);
	net_default(&w, text);
}

static void one_round(uint32_t seed)
{
	static const char *const USE[] = {
		"use meta chatwoot n8n",          "set channel.main.recipient_every_ms 100",
		"set automatic_per_minute 1000",  "set automatic_per_hour 60000",
		"set automatic_per_day 60000",    "set takeover_minutes 0",
		"set queue.messages.attempts 50", "set queue.orchestrator-inbound.attempts 50"
	};
	char kinds[EVENTS];
	int kills = KILLS_MAX;

	sim.random = seed * 2654435761u | 1u;
	peers_reset();
	box_open();
	for (size_t i = 0; i < COUNT(USE); i++) {
		struct step s = { .line = sim.line, .text = arena_dup(&sim.arena, str_of(USE[i])) };

		step_exec(&s, 0);
	}
	net_faults(FAULTS);
	for (int i = 0; i < EVENTS; i++) {
		next_kill(&kills);
		kinds[i] = event(i);
		advance_to(sim.now_ms + 1 + roll(2000));
		meta_tells(false);
	}
	while (kills > 0) {
		next_kill(&kills);
		advance_to(sim.now_ms + 1 + roll(20000));
	}
	sim.kill_in = 0;
	net_faults(0);
	settle(sim.now_ms + SETTLE_MS);
	meta_tells(true);
	settle(sim.now_ms + SETTLE_MS);
	check_world(kinds);
	box_close();
}

void torture(int64_t rounds, int64_t seed)
{
	standing("default meta -> works");
	standing("default chatwoot -> works");
	standing("default n8n -> works");
	sim.jitter = true;
	box_close();
	for (int64_t r = 0; r < (rounds + SHARE - 1) / SHARE; r++) {
		note("round with seed %lld", (long long)(seed + r));
		sim.line = (int)(seed + r); /* a failure names the seed */
		one_round((uint32_t)(seed + r));
		arena_reset(&sim.arena);
		sim.step_count = 0;
	}
	box_open();
}
