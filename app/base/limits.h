/* limits.h - every ceiling of the program, one line each, with its reason.
 * Sizes include the terminating NUL only where the line says so. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "base/base.h"

/* HTTP in */
#define WEB_HEADERS_MAX 64u /* CivetWeb's table; more are refused by the gate */
#define WEB_PATH_MAX    512u
#define WEB_QUERY_MAX   4096u
#define HOOK_BODY_MAX   (3 * MIB + 64 * KIB) /* Meta: up to 3 MB in one POST (overview, 2026-04-29) */
/* Evolution inlines files as base64: 20 MB of file and what stands around it. Body, copy of the base64 and items
 * have to fit into WORK_ARENA_MAX */
#define EVOLUTION_BODY_MAX   (30 * MIB)
#define API_BODY_MAX         (256 * KIB)
#define MEDIA_FORM_ROOM      (64 * KIB) /* what multipart/form-data may add to a file */
#define MEDIA_BODY_MAX       (2147483647 + MEDIA_FORM_ROOM) /* highest media_file_max_bytes */
#define WEB_RESPONSE_MAX     (8 * MIB)                      /* one buffer, one write */
#define WEB_HEADER_VALUE_MAX 1024u

/* HTTP out */
#define HTTP_ANSWER_MAX         (1 * MIB) /* a peer's answer; more is a verdict, not memory */
#define HTTP_CONNECT_TIMEOUT_MS 5000
#define HTTP_TIMEOUT_MS         30000
#define HTTP_URL_MAX            2048u

/* JSON */
#define JSON_DEPTH_MAX  64      /* set at build time of cJSON too */
#define JSON_VALUES_MAX 600000u /* keys too; a 3 MB hook has 250000; 64 bytes each */

/* Store */
#define STORE_BATCH_UNITS_MAX 512u   /* units in one group commit */
#define STORE_BATCH_MS_MAX    20     /* and how long one may grow */
#define STORE_QUEUE_MAX       20000u /* units waiting for the writer; beyond: 503 */
#define STORE_GATHER_US       200    /* stack.md 2.3: +25 % throughput at 64 connections */
#define STORE_READERS_MAX     512u
#define WAL_AUTOCHECKPOINT    1000     /* pages; larger costs p99 (stack.md finding 10) */
#define WAL_JOURNAL_LIMIT     67108864 /* keep the file: a growing WAL costs twice a reused one */
#define WAL_ALARM_BYTES \
	(256 * (int64_t)MIB) /* longer: a reader holds it up; a person should know */
#define DISK_REFUSE_BYTES \
	(64 * (int64_t)MIB) /* less free: the box takes nothing in before it could lose it */
#define DISK_RESUME_BYTES (80 * (int64_t)MIB) /* and takes in again */

/* Queues */
#define QUEUE_MEMORY_MAX 100000u /* jobs of one queue held in memory; the rest waits on disk */
#define QUEUE_NAME_MAX   48u
#define QUEUE_COUNT_MAX  64u
#define JOB_PAYLOAD_MAX  (256 * KIB)
#define JOB_ERROR_MAX    400u
#define JOB_BATCH_MAX    512u
#define JOB_CRASH_MAX    10   /* process deaths with the job marked as running */
#define QUEUE_REFILL     2000 /* jobs read from disk at once */
#define JOB_RETRY_CAP_MS (15 * MINUTE_MS)

/* WhatsApp */
#define WA_TEXT_MAX      4096u /* Graph API: text.body, characters (3.2) */
#define WA_ID_MAX        256u  /* wamid */
#define WA_ADDRESS_MAX   160u  /* phone, wa_id or BSUID (CC. + 128) */
#define WA_TYPE_MAX      64u   /* word for the type of a message; longer: "unknown" */
#define META_UPDATES_MAX 1000u /* updates in one POST (1.4); we accept more, and count */

/* Streams */
#define SSE_CLIENTS_MAX  2000u
#define SSE_BUFFER_MAX   (256 * KIB) /* unsent bytes of one client; beyond: dropped, it resumes */
#define SSE_HEARTBEAT_MS 15000
#define SSE_REPLAY_MAX   5000u /* events replayed on a resume in one go */

/* Loops and floods (pipelines.md) */
#define LOOP_HOP_MAX             5
#define AUTOMATIC_PER_MINUTE_MAX 20

#define IDEMPOTENCY_TTL_MS  DAY_MS
#define IDEMPOTENCY_KEY_MAX 255u
#define LIST_LIMIT_DEFAULT  50
#define LIST_LIMIT_MAX      500

#endif
