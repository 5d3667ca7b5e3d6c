/* topic.h - publishing: one event row and one job per consumer group, in the caller's transaction.
 * Jobs refer to the event (job.ref = event id); order key = conversation id. */
#ifndef STORE_TOPIC_H
#define STORE_TOPIC_H

#include "store/queue/queue.h"

enum topic {
#define TOPIC(name, text) TOPIC_##name,
#define GROUP(topic, queue, kind)
#include "store/queue/topic.def"
#undef TOPIC
#undef GROUP
	TOPIC_COUNT
};

struct topic_event {
	int64_t id;
	enum topic topic;
	int64_t company_id;
	int64_t okey; /* conversation id */
	int64_t ref;  /* message id or 0 */
	int64_t hop;
	int64_t created_ms;
	enum job_prio prio; /* publishing only */
	int64_t lane; /* publishing only: target id of the group's kind when the caller knows it (channel); 0: looked up */
	int64_t due_ms; /* publishing only; 0: now */
	struct str correlation;
	struct str payload; /* JSON or none */
	bool tried; /* publishing only; an earlier life may have told it: the jobs count as tried (`recovered`) */
};

const char *topic_name(enum topic t);
/* Inserts the event; adds one job to each switched-on group of the topic; wakes the event stream. */
enum rc topic_publish(struct tx *tx, struct topic_event *ev, struct err *e)
	MUST_CHECK; /* sets ev->id */
/* The same, but nothing at all while no group of the topic is on: for topics that only groups read. */
enum rc topic_publish_if_read(struct tx *tx, struct topic_event *ev, struct err *e) MUST_CHECK;
/* What a batch needs to know of an event's message, in one read. RC_ABSENT: event or message is gone. */
struct topic_brief {
	int64_t message_id, conversation_id, timestamp;
	bool outbound;
	bool act; /* an edit, a revoke, a reaction or a system message: nothing new to read, no open window */
};
enum rc topic_message(struct db *db, int64_t event_id, struct topic_brief *ret, struct err *e)
	MUST_CHECK;
/* Strings are put into the arena. */
enum rc topic_load(struct db *db, int64_t id, struct arena *a, struct topic_event *ret,
		   struct err *e) MUST_CHECK;
/* Which target of a kind a group serves: set by flow/config when settings change. 0: the group is off and gets no
 * jobs (groups with kind NULL are always on). Kind "channel" needs no call: the lane comes with the event. */
void topic_group_target(struct queues *qs, enum queue_id group, int64_t target_id);
int64_t topic_group_target_get(struct queues *qs, enum queue_id group); /* the first */
/* The same for a group whose targets all get every event, each with a job and an order of its own (a target that is
 * down holds up only itself). At most QUEUE_TARGETS_MAX; more are left out. */
void topic_group_targets(struct queues *qs, enum queue_id group, const int64_t *target_ids,
			 size_t n);
/* Those that it serves now; none: it is off, or of kind NULL or "channel". Gives how many. */
size_t topic_group_targets_get(struct queues *qs, enum queue_id group,
			       int64_t ret[QUEUE_TARGETS_MAX]);

/* For the event stream: events of a company after an id, oldest first. */
typedef enum rc topic_each_fn(void *arg, const struct topic_event *ev, struct err *e);
enum rc topic_each_after(struct db *db, int64_t company_id, int64_t after_id, int limit,
			 topic_each_fn *fn, void *arg, struct err *e) MUST_CHECK;
enum rc topic_last_id(struct db *db, int64_t *ret, struct err *e) MUST_CHECK;
enum rc topic_first_id(struct db *db, int64_t *ret, struct err *e)
	MUST_CHECK; /* oldest kept; 0: none */
/* Deletes events older than before_ms that no job refers to; at most `limit`. */
enum rc topic_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count, struct err *e)
	MUST_CHECK;

#endif
