-- A queue's delayed jobs in the order in which they are due. A job that is for now has due_ms 0 and is not in it, so that who writes
-- only such jobs pays nothing. 40: QUEUE_ID_BITS of app/store/queue/queue_priv.h.
CREATE INDEX jobs_delayed ON jobs(id >> 40, due_ms) WHERE due_ms > 0;
