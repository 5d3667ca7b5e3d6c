/* routes.c - the whole attack surface of the program on one screen. First fitting row wins; literal segments stand
 * before parameters. The hot path stands first. */
#include "api/handlers.h"

#define BOTH  (WEB_MAIN | WEB_HOOKS)
#define SMALL (16 * KIB)

/* Method, path, handler, who (with scope), where, longest body, tag, summary */
#define ANYONE(m, p, fn, w, tag, s)                             \
	{                                                       \
		m, p, fn, WHO_ANYONE, SCOPE_COUNT, w, 0, tag, s \
	}
#define SIGNED(m, p, fn, body, s)                                            \
	{                                                                    \
		m, p, fn, WHO_SIGNED, SCOPE_COUNT, BOTH, body, "Webhooks", s \
	}
#define TOKEN(m, p, fn, sc, w, b, tag, s)                     \
	{                                                     \
		m, p, fn, WHO_TOKEN, SCOPE_##sc, w, b, tag, s \
	}

static const struct route ROUTES[] = {
	SIGNED("POST", "/webhooks/whatsapp", hook_meta_post, HOOK_BODY_MAX,
	       "Webhook of the WhatsApp Cloud API, any channel"),
	SIGNED("POST", "/webhooks/whatsapp/{channel}", hook_meta_post, HOOK_BODY_MAX,
	       "Webhook of the WhatsApp Cloud API"),
	SIGNED("GET", "/webhooks/whatsapp", hook_meta_get, 0,
	       "Handshake of the Cloud API, any channel"),
	SIGNED("GET", "/webhooks/whatsapp/{channel}", hook_meta_get, 0,
	       "Handshake of the Cloud API"),
	SIGNED("POST", "/webhooks/chatwoot/{bridge}", hook_chatwoot_post, HOOK_BODY_MAX,
	       "Webhook of Chatwoot"),
	SIGNED("POST", "/webhooks/chatwoot/{bridge}/{secret}", hook_chatwoot_post, HOOK_BODY_MAX,
	       "Webhook of Chatwoot before 4.13: secret in the path"),

	TOKEN("POST", "/api/v1/messages", message_post, MESSAGES_SEND, BOTH, API_BODY_MAX,
	      "Messages", "Send a message"),
	TOKEN("GET", "/api/v1/messages", message_list, MESSAGES_READ, BOTH, 0, "Messages",
	      "Messages, newest first"),
	TOKEN("GET", "/api/v1/messages/{id}", message_get, MESSAGES_READ, BOTH, 0, "Messages",
	      "One message with its history"),
	TOKEN("GET", "/api/v1/conversations", conversation_list, MESSAGES_READ, BOTH, 0, "Messages",
	      "Conversations, newest first"),
	TOKEN("GET", "/api/v1/conversations/{id}", conversation_get, MESSAGES_READ, BOTH, 0,
	      "Messages", "One conversation"),
	TOKEN("GET", "/api/v1/conversations/{id}/messages", conversation_messages_get,
	      MESSAGES_READ, BOTH, 0, "Messages", "Messages of a conversation, newest first"),
	TOKEN("POST", "/api/v1/conversations/{id}/read", conversation_read_post, MESSAGES_READ,
	      BOTH, SMALL, "Messages", "Mark a conversation as read"),
	TOKEN("GET", "/api/v1/contacts/{id}", contact_get, MESSAGES_READ, BOTH, 0, "Messages",
	      "A person and their addresses"),
	TOKEN("GET", "/api/v1/whatsapp/stream", stream_get, MESSAGES_READ, BOTH, 0, "Messages",
	      "Server-sent events"),

	TOKEN("POST", "/query", lookup_query_post, LOOKUPS, BOTH, SMALL, "Lookups",
	      "Ask the default lookup connector"),
	TOKEN("GET", "/api/v1/lookups", lookup_list, LOOKUPS, BOTH, 0, "Lookups",
	      "The lookup connectors and how they do"),
	TOKEN("POST", "/api/v1/lookups/{connector}", lookup_post, LOOKUPS, BOTH, SMALL, "Lookups",
	      "Ask a lookup connector"),

	TOKEN("GET", "/api/queue-monitor/stats", monitor_stats_get, QUEUES_READ, BOTH, 0,
	      "Queue monitor", "Counters"),
	TOKEN("POST", "/api/queue-monitor/pause", monitor_pause_post, QUEUES_CONTROL, BOTH, SMALL,
	      "Queue monitor", "Pause"),
	TOKEN("POST", "/api/queue-monitor/resume", monitor_resume_post, QUEUES_CONTROL, BOTH, SMALL,
	      "Queue monitor", "Resume"),
	TOKEN("DELETE", "/api/queue-monitor/clear", monitor_clear_delete, QUEUES_CONTROL, BOTH,
	      SMALL, "Queue monitor", "Discard all jobs that wait"),

	TOKEN("GET", "/api/v1/queues", queue_list, QUEUES_READ, BOTH, 0, "Queues",
	      "All queues with their counters"),
	TOKEN("GET", "/api/v1/queues/{queue}", queue_get, QUEUES_READ, BOTH, 0, "Queues",
	      "One queue"),
	TOKEN("PATCH", "/api/v1/queues/{queue}", queue_limits_patch, QUEUES_CONTROL, BOTH, SMALL,
	      "Queues", "Change the limits of a queue"),
	TOKEN("POST", "/api/v1/queues/{queue}/pause", queue_pause_post, QUEUES_CONTROL, BOTH, SMALL,
	      "Queues", "Pause a queue, for ever or until a time"),
	TOKEN("POST", "/api/v1/queues/{queue}/resume", queue_resume_post, QUEUES_CONTROL, BOTH,
	      SMALL, "Queues", "Resume a queue"),
	TOKEN("POST", "/api/v1/queues/{queue}/drain", queue_drain_post, QUEUES_CONTROL, BOTH, SMALL,
	      "Queues", "Run what is there, then pause"),
	TOKEN("POST", "/api/v1/queues/{queue}/clear", queue_clear_post, QUEUES_CONTROL, BOTH, SMALL,
	      "Queues", "Discard the jobs that wait"),
	TOKEN("GET", "/api/v1/queues/{queue}/jobs", job_list, QUEUES_READ, BOTH, 0, "Queues",
	      "Unfinished jobs, oldest first"),
	TOKEN("GET", "/api/v1/queues/{queue}/jobs/{id}", job_get, QUEUES_READ, BOTH, 0, "Queues",
	      "One unfinished job"),
	TOKEN("POST", "/api/v1/queues/{queue}/jobs/{id}/run-now", job_run_post, QUEUES_CONTROL,
	      BOTH, SMALL, "Queues", "Make a job due now"),
	TOKEN("POST", "/api/v1/queues/{queue}/jobs/{id}/cancel", job_cancel_post, QUEUES_CONTROL,
	      BOTH, SMALL, "Queues", "Cancel a job that waits"),

	TOKEN("GET", "/api/v1/channels", channel_list, QUEUES_READ, BOTH, 0, "Channels",
	      "All channels and what is known of them"),
	TOKEN("GET", "/api/v1/channels/{channel}", channel_get, QUEUES_READ, BOTH, 0, "Channels",
	      "One channel with its journal"),
	TOKEN("POST", "/api/v1/channels/{channel}/check", channel_check_post, QUEUES_CONTROL, BOTH,
	      SMALL, "Channels", "Ask the provider now how the channel is"),
	TOKEN("POST", "/api/v1/channels/{channel}/pause", channel_pause_post, QUEUES_CONTROL, BOTH,
	      SMALL, "Channels", "Hold all sends of a channel, for ever or until a time"),
	TOKEN("POST", "/api/v1/channels/{channel}/resume", channel_resume_post, QUEUES_CONTROL,
	      BOTH, SMALL, "Channels", "Send again"),

	TOKEN("GET", "/api/v1/dead-letters", letter_list, QUEUES_READ, BOTH, 0, "Dead letters",
	      "Dead letters, newest first"),
	TOKEN("POST", "/api/v1/dead-letters/retry", letter_retry_many_post, QUEUES_CONTROL, BOTH,
	      SMALL, "Dead letters", "Retry all that a filter matches, or count them"),
	TOKEN("GET", "/api/v1/dead-letters/{id}", letter_get, QUEUES_READ, BOTH, 0, "Dead letters",
	      "One dead letter with its history"),
	TOKEN("POST", "/api/v1/dead-letters/{id}/retry", letter_retry_post, QUEUES_CONTROL, BOTH,
	      API_BODY_MAX + SMALL, "Dead letters", "Retry one, edited or as it is"),
	TOKEN("POST", "/api/v1/dead-letters/{id}/discard", letter_discard_post, QUEUES_CONTROL,
	      BOTH, SMALL, "Dead letters", "Throw one away"),

	TOKEN("GET", "/api/v1/deliveries", delivery_list, QUEUES_READ, BOTH, 0, "Deliveries",
	      "Raw webhook requests"),
	TOKEN("POST", "/api/v1/deliveries/replay", delivery_replay_many_post, QUEUES_CONTROL, BOTH,
	      SMALL, "Deliveries", "Process a range of time again, or count it"),
	TOKEN("GET", "/api/v1/deliveries/{id}", delivery_get, QUEUES_READ, BOTH, 0, "Deliveries",
	      "One request with its body"),
	TOKEN("POST", "/api/v1/deliveries/{id}/replay", delivery_replay_post, QUEUES_CONTROL, BOTH,
	      SMALL, "Deliveries", "Process one request again"),

	TOKEN("GET", "/api/v1/settings", setting_list, SETTINGS, WEB_MAIN, 0, "Operating",
	      "All settings"),
	TOKEN("PUT", "/api/v1/settings", setting_patch, SETTINGS, WEB_MAIN, API_BODY_MAX,
	      "Operating", "Change settings"),
	TOKEN("PATCH", "/api/v1/settings", setting_patch, SETTINGS, WEB_MAIN, API_BODY_MAX,
	      "Operating", "Change settings"),
	TOKEN("GET", "/api/v1/tokens", token_list, SETTINGS, WEB_MAIN, 0, "Operating",
	      "API tokens"),
	TOKEN("POST", "/api/v1/tokens", token_post, SETTINGS, WEB_MAIN, SMALL, "Operating",
	      "Make an API token"),
	TOKEN("DELETE", "/api/v1/tokens/{id}", token_delete, SETTINGS, WEB_MAIN, SMALL, "Operating",
	      "Revoke an API token"),
	TOKEN("GET", "/api/v1/status", status_get, QUEUES_READ, BOTH, 0, "Operating",
	      "State of every part"),
	TOKEN("GET", "/api/v1/incidents", status_incidents_get, QUEUES_READ, BOTH, 0, "Operating",
	      "What a person should know"),

	ANYONE("GET", "/healthz", health_get, BOTH, "Operating", "The process is alive"),
	ANYONE("GET", "/readyz", health_ready_get, BOTH, "Operating",
	       "The box can accept and commit"),
	ANYONE("GET", "/metrics", metrics_get, BOTH, "Operating",
	       "Prometheus text; from other machines with a token of scope metrics"),
	ANYONE("GET", "/openapi.json", openapi_get, BOTH, "Operating", "This document"),
	ANYONE("GET", "/docs", page_docs_get, WEB_MAIN, NULL, "This document as a page"),
	ANYONE("GET", "/", page_get, WEB_MAIN, NULL, "The page"),
	ANYONE("GET", "/a/{hash}/{file*}", page_asset_get, WEB_MAIN, NULL, "Files of the page"),
};

const struct route *route_table(size_t *ret_count)
{
	*ret_count = COUNT(ROUTES);
	return ROUTES;
}
