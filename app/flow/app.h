/* app.h - what one running Totem is made of: passed to every unit of work and every handler, so that two can live in
 * one process (tests). Filled by flow/supervise.c (server), the simulator, the tests and the CLI. */
#ifndef FLOW_APP_H
#define FLOW_APP_H

#include "base/mtx.h"
#include "store/clock_known.h"
#include "store/store.h"

struct config;
struct outside;
struct state;
struct posting;
struct sse;
struct lookups;
struct backup_run;
struct erase_wipe;

struct app {
	struct store *store;
	struct outside *outside; /* breakers and rates of all targets */
	struct posting *posting; /* own posts to Chatwoot that are under way */
	struct sse *sse;         /* NULL without a server */
	struct lookups *
		lookups; /* questions to foreign systems and their sessions; NULL: none can be asked */
	const char *data_dir;
	const char *
		hook_client_cn; /* name that Meta's client certificate must have; NULL: not asked */
	const char *config_file; /* NULL: none */
	const char *const *args; /* settings from the command line */
	size_t arg_count;
	uint8_t seal_key[32];
	int64_t started_ms;
	int64_t agents_held_ms; /* webhooks of agents wait until then (chatwoot_catch_hold); atomic */
	struct mtx config_lock; /* LOCK_CONFIG */
	struct config *config;
	uint64_t config_reloads; /* begun so far; atomic */
	bool stopping;           /* set with __atomic_store_n */
	/* Memory of the layer above (api/state.c), made at its first request; released by app_release. */
	struct state *api;
	void (*api_release)(struct state *s);
	/* Duplicate checks by provider id and by content (levels 1 and 2 of pipelines.md): how many were found; atomic. */
	int64_t duplicate_ids, duplicate_contents;
	/* Written by the janitor; read with __atomic_load_n. */
	bool disk_low; /* less than JANITOR_DISK_MIN free: nothing new is taken in (503, readyz) */
	int64_t disk_free_bytes; /* at the last look; 0: not looked yet */
	bool damaged;            /* see flow/damage/damage.h; atomic */
	bool damage_told;        /* somebody declares it; atomic */
	struct store *spool; /* takes webhooks in while `damaged`; NULL: there is none; atomic */
	struct backup_run *backups; /* NULL without a server */
	/* The janitor's own. */
	bool clock_seen;
	int64_t clock_offset_ms; /* wall minus monotonic clock at the last look */
	int64_t clock_asked_us; /* monotonic: when the kernel was asked last who keeps the clock; 0: never */
	int64_t clock_kept_us; /* the newest look that found it kept, or the first one */
	int clock_told; /* 1: an incident is open, -1: none is, 0: an earlier life may have left one */
	int64_t clock_back_ms; /* it went back: until when the incident is open; 0: it did not */
	struct clock_known clock_known; /* until when it was believed (flow/clock/clockdoubt.h) */
	bool clock_known_read;
	bool clock_doubted;      /* retention waits */
	bool clock_sure;         /* looked at and not doubted; for other threads, by __atomic */
	int clock_doubt_told;    /* as clock_told */
	int64_t clock_doubt_us;  /* the last look, monotonic */
	int64_t clock_stored_us; /* when clock_known was written last; 0: never */
	int64_t clock_pull_until_us; /* so long waits of an earlier clock are looked for (flow/clock/clockback.h) */
	int64_t clock_pulled_us;
	bool erased_looked;        /* nobody is left who was erased before (flow/erase/erased.h) */
	int64_t janitor_minute_ms; /* when retention ran last */
	uint64_t pulse_hash;       /* of what pages were told of the queues last */
	int64_t pulse_minute;      /* whose counters are kept */
	bool disk_untold;          /* the incident of a full disk found no room yet */
	bool wal_alarm;            /* an incident of a too long log is open */
	bool chatwoot_asked;       /* for what agents wrote before this start */
	int64_t people_after, files_after; /* up to which contact and file retention has looked */
	int erasing;                       /* requests that erase somebody now; atomic */
	int64_t wipe_again_ms;             /* it failed: not before then */
	struct erase_wipe *wiping; /* NULL: nothing to overwrite (flow/erase/erase_wipe.c) */
};

#endif
