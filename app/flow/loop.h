/* loop.h - what stops two machines that answer each other (pipelines.md, Loops 4): the hop counter and the breaker of one
 * conversation. Who says that it is a machine (sender.type ai, a hop) is counted by messages. Whoever does not (a program
 * without a name, a named agent of the CRM, a user of Chatwoot: any of them may be a bot) is counted by turns: its first
 * message after the customer wrote. So a loop is found however slow it is and whoever is in it, while a campaign, or an
 * order's thirty lines, are one turn or none. The bounds are settings (automatic_per_*, turns_per_*); no two people reach those
 * of turns: one every ten seconds for a whole hour, one a minute for more than eight hours. A program's turn within LOOP_RUN_MS after a workflow was asked is taken for the
 * workflow's answer: it counts as a message of a machine too, and gets its hop. The page and the command line are never
 * refused. */
#ifndef FLOW_LOOP_H
#define FLOW_LOOP_H

#include "flow/send/send.h"

/* Longer than workflows run; what comes later is taken for a program's own. */
#define LOOP_RUN_MS (2 * MINUTE_MS)

/* Somebody writes by hand: an agent, the page, a named agent of the CRM. A program without a name is none. */
bool loop_is_person(const struct send_new *n);

/* Inside a unit, before the message is made: counts it if a machine wrote it, and gives it at least the hop that an answer
 * to the workflow has. n->conversation_id has to be set. RC_REFUSED: too many hops, too many messages, or automation is
 * stopped; *ret_loop: because of a loop, else because a person has the conversation. */
enum rc loop_admit(struct tx *tx, const struct config *c, struct send_new *n, bool *ret_loop,
		   struct err *e) MUST_CHECK;

/* Inside a unit, before an answer is made. RC_REFUSED: both sides say the same since repeated_turns (conversation_repeat.h). */
enum rc loop_repeats(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
	MUST_CHECK;
/* Inside a unit, before the rows of a Chatwoot user's message are made: counts its turn, if it is one. RC_REFUSED: one too many;
 * the caller goes on with loop_stop. */
enum rc loop_turn(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
	MUST_CHECK;

/* Inside a unit: stops the automation of a conversation for automation_off_minutes and tells a person, with the bound that was reached; until the day ends if that
 * was full. While it is stopped already nothing happens: who tries again and again makes a stop no longer. A person's silence
 * that is longer stays theirs. */
enum rc loop_stop(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
	MUST_CHECK;

#endif
