/* loop.h - what stops two machines that answer each other (pipelines.md, Loops 4): the hop counter and the breaker of one
 * conversation. Who counts as a machine: who says so (sender.type ai, a hop), and a program without a name that writes to a
 * conversation within LOOP_RUN_MS after a workflow was asked about it: it answers for that workflow, so a bot that answers
 * back is stopped although the workflow posts like any program. A program that writes where no workflow runs is no machine,
 * however much it writes. */
#ifndef FLOW_LOOP_H
#define FLOW_LOOP_H

#include "flow/send.h"

/* Longer than workflows run; what comes later is taken for a program's own. */
#define LOOP_RUN_MS (2 * MINUTE_MS)

/* Somebody writes by hand: an agent, the page, a named agent of the CRM. A program without a name is none. */
bool loop_is_person(const struct send_new *n);

/* Inside a unit, before the message is made: counts it if a machine wrote it, and gives it at least the hop that an answer
 * to the workflow has. n->conversation_id has to be set. RC_REFUSED: too many hops, too many messages, or automation is
 * stopped; *ret_loop: because of a loop, else because a person has the conversation. */
enum rc loop_admit(struct tx *tx, const struct config *c, struct send_new *n, bool *ret_loop,
		   struct err *e) MUST_CHECK;

/* Inside a unit: stops the automation of a conversation for automation_off_minutes and tells a person; while it is stopped
 * already the end moves, in steps of 20 s. */
enum rc loop_stop(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
	MUST_CHECK;

#endif
