/* routes.c - the whole attack surface of the program on one screen. First fitting row wins; literal segments stand
 * before parameters. The hot path stands first. */
#include "api/handlers.h"

#define BOTH  (WEB_MAIN | WEB_HOOKS)
#define SMALL (16 * KIB)

/* Method, path, handler, who (with scope), where, longest body, tag, summary */
#define ANYONE(m, p, fn, w, tag, s)                                    \
	{                                                              \
		m, p, fn, WHO_ANYONE, SCOPE_COUNT, w, 0, false, tag, s \
	}
/* A way in: the handler checks a password or a link. */
#define DOOR(p, fn, s)                                                                     \
	{                                                                                  \
		"POST", p, fn, WHO_ANYONE, SCOPE_COUNT, WEB_MAIN, SMALL, true, "People", s \
	}
#define SIGNED(m, p, fn, body, s)                                                   \
	{                                                                           \
		m, p, fn, WHO_SIGNED, SCOPE_COUNT, BOTH, body, false, "Webhooks", s \
	}
#define TOKEN(m, p, fn, sc, w, b, tag, s)                            \
	{                                                            \
		m, p, fn, WHO_TOKEN, SCOPE_##sc, w, b, false, tag, s \
	}
/* Changes nothing that the audit log is for. */
#define QUIET(m, p, fn, sc, w, b, tag, s)                           \
	{                                                           \
		m, p, fn, WHO_TOKEN, SCOPE_##sc, w, b, true, tag, s \
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

	QUIET("POST", "/api/v1/messages", message_post, MESSAGES_SEND, BOTH, API_BODY_MAX,
	      "Messages", "Send a message"),
	TOKEN("GET", "/api/v1/messages", message_list, MESSAGES_READ, BOTH, 0, "Messages",
	      "Messages, newest first"),
	TOKEN("GET", "/api/v1/messages/search", message_search_get, MESSAGES_READ, WEB_MAIN, 0,
	      "Messages", "Messages with all of these words, newest first"),
	TOKEN("GET", "/api/v1/messages/{id}", message_get, MESSAGES_READ, BOTH, 0, "Messages",
	      "One message with its history"),
	QUIET("POST", "/api/v1/media", media_post, MESSAGES_SEND, BOTH, MEDIA_BODY_MAX, "Messages",
	      "Take in a file"),
	TOKEN("GET", "/api/v1/media/{id}", media_get, MESSAGES_READ, BOTH, 0, "Messages",
	      "The bytes of a file"),
	TOKEN("GET", "/api/v1/conversations", conversation_list, MESSAGES_READ, BOTH, 0, "Messages",
	      "Conversations, newest first"),
	TOKEN("GET", "/api/v1/conversations/unread", conversation_unread_get, MESSAGES_READ,
	      WEB_MAIN, 0, "Messages", "How much is unread"),
	TOKEN("GET", "/api/v1/conversations/{id}", conversation_get, MESSAGES_READ, BOTH, 0,
	      "Messages", "One conversation"),
	TOKEN("GET", "/api/v1/conversations/{id}/messages", conversation_messages_get,
	      MESSAGES_READ, BOTH, 0, "Messages", "Messages of a conversation, newest first"),
	QUIET("POST", "/api/v1/conversations/{id}/read", conversation_read_post, CONVERSATIONS,
	      BOTH, SMALL, "Messages", "Mark a conversation as read"),
	TOKEN("GET", "/api/v1/contacts", contact_list, MESSAGES_READ, BOTH, 0, "Messages",
	      "People and groups, newest first"),
	TOKEN("PATCH", "/api/v1/contacts/{id}", contact_patch, MESSAGES_SEND, BOTH, SMALL,
	      "Messages", "Name a contact, or note its wish about advertising"),
	TOKEN("POST", "/api/v1/contacts/{id}/merge", contact_merge_post, MESSAGES_SEND, BOTH, SMALL,
	      "Messages", "Two contacts are one person"),
	TOKEN("POST", "/api/v1/contacts/{id}/unmerge", contact_unmerge_post, MESSAGES_SEND, BOTH,
	      SMALL, "Messages", "Undo a merge"),
	TOKEN("POST", "/api/v1/conversations/{id}/assign", conversation_assign_post, CONVERSATIONS,
	      BOTH, SMALL, "Messages", "Say who works on a conversation"),
	TOKEN("POST", "/api/v1/conversations/{id}/status", conversation_status_post, CONVERSATIONS,
	      BOTH, SMALL, "Messages", "Open, pending, resolved or snoozed"),
	TOKEN("POST", "/api/v1/conversations/{id}/labels", conversation_labels_post, CONVERSATIONS,
	      BOTH, SMALL, "Messages", "Set the labels of a conversation"),
	QUIET("POST", "/api/v1/conversations/{id}/presence", conversation_presence_post,
	      CONVERSATIONS, WEB_MAIN, SMALL, "Messages", "Say that one looks at it or types"),
	TOKEN("GET", "/api/v1/labels", label_list, MESSAGES_READ, BOTH, 0, "Messages",
	      "Labels in use"),
	TOKEN("GET", "/api/v1/quick-answers", quick_list, MESSAGES_READ, WEB_MAIN, 0, "Messages",
	      "Texts that people use again and again"),
	TOKEN("POST", "/api/v1/quick-answers", quick_post, CONVERSATIONS, WEB_MAIN, SMALL,
	      "Messages", "Make a quick answer"),
	TOKEN("PATCH", "/api/v1/quick-answers/{id}", quick_patch, CONVERSATIONS, WEB_MAIN, SMALL,
	      "Messages", "Change a quick answer"),
	TOKEN("DELETE", "/api/v1/quick-answers/{id}", quick_delete, CONVERSATIONS, WEB_MAIN, SMALL,
	      "Messages", "Throw a quick answer away"),
	TOKEN("GET", "/api/v1/contacts/{id}", contact_get, MESSAGES_READ, BOTH, 0, "Messages",
	      "A person and their addresses"),
	TOKEN("GET", "/api/v1/whatsapp/stream", stream_get, MESSAGES_READ, BOTH, 0, "Messages",
	      "Server-sent events"),

	QUIET("POST", "/query", lookup_query_post, LOOKUPS, BOTH, SMALL, "Lookups",
	      "Ask the default lookup connector"),
	TOKEN("GET", "/api/v1/lookups", lookup_list, LOOKUPS, BOTH, 0, "Lookups",
	      "The lookup connectors and how they do"),
	QUIET("POST", "/api/v1/lookups/{connector}", lookup_post, LOOKUPS, BOTH, SMALL, "Lookups",
	      "Ask a lookup connector"),

	TOKEN("GET", "/api/queue-monitor/stats", monitor_stats_get, QUEUES_READ, BOTH, 0,
	      "Queue monitor", "Counters"),
	TOKEN("POST", "/api/queue-monitor/pause", monitor_pause_post, QUEUES_CONTROL, BOTH, SMALL,
	      "Queue monitor", "Pause"),
	TOKEN("POST", "/api/queue-monitor/resume", monitor_resume_post, QUEUES_CONTROL, BOTH, SMALL,
	      "Queue monitor", "Resume"),
	TOKEN("DELETE", "/api/queue-monitor/clear", monitor_clear_delete, QUEUES_CLEAR, BOTH, SMALL,
	      "Queue monitor", "Discard all jobs that wait"),

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
	TOKEN("POST", "/api/v1/queues/{queue}/clear", queue_clear_post, QUEUES_CLEAR, BOTH, SMALL,
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
	TOKEN("GET", "/api/v1/status", status_get, STATUS, BOTH, 0, "Operating",
	      "State of every part"),
	TOKEN("GET", "/api/v1/incidents", status_incidents_get, STATUS, BOTH, 0, "Operating",
	      "What a person should know"),

	ANYONE("GET", "/api/v1/session", session_get, WEB_MAIN, "People",
	       "Who calls, their rights and their CSRF token"),
	DOOR("/api/v1/session", session_post, "Log in"),
	TOKEN("DELETE", "/api/v1/session", session_delete, SELF, WEB_MAIN, SMALL, "People",
	      "Log out"),
	DOOR("/api/v1/setup", setup_post, "Make the first owner, with the link printed at start"),
	DOOR("/api/v1/invitation", invitation_post, "Choose a password, with an invitation link"),
	TOKEN("GET", "/api/v1/me", me_get, SELF, WEB_MAIN, 0, "People", "One's own account"),
	TOKEN("PATCH", "/api/v1/me", me_patch, SELF, WEB_MAIN, SMALL, "People",
	      "Change one's own name or language"),
	TOKEN("PUT", "/api/v1/me/password", me_password_put, SELF, WEB_MAIN, SMALL, "People",
	      "Change one's own password"),
	TOKEN("POST", "/api/v1/me/totp", me_totp_post, SELF, WEB_MAIN, SMALL, "People",
	      "Begin a second factor"),
	TOKEN("POST", "/api/v1/me/totp/confirm", me_totp_confirm_post, SELF, WEB_MAIN, SMALL,
	      "People", "Confirm the second factor with its first code"),
	TOKEN("DELETE", "/api/v1/me/totp", me_totp_delete, SELF, WEB_MAIN, SMALL, "People",
	      "Take the second factor away"),
	TOKEN("GET", "/api/v1/me/sessions", me_sessions_get, SELF, WEB_MAIN, 0, "People",
	      "Where one is logged in"),
	TOKEN("DELETE", "/api/v1/me/sessions/{session}", me_session_delete, SELF, WEB_MAIN, SMALL,
	      "People", "End one of them"),
	TOKEN("GET", "/api/v1/users", user_list, USERS, WEB_MAIN, 0, "People", "Accounts"),
	TOKEN("POST", "/api/v1/users", user_post, USERS, WEB_MAIN, SMALL, "People",
	      "Make an account, with a password or an invitation link"),
	TOKEN("GET", "/api/v1/users/{id}", user_get, USERS, WEB_MAIN, 0, "People", "One account"),
	TOKEN("PATCH", "/api/v1/users/{id}", user_patch, USERS, WEB_MAIN, SMALL, "People",
	      "Change name, role, language; disable or enable"),
	TOKEN("POST", "/api/v1/users/{id}/reset", user_reset_post, USERS, WEB_MAIN, SMALL, "People",
	      "End password and sessions; a link or a new password takes their place"),
	TOKEN("DELETE", "/api/v1/users/{id}/totp", user_totp_delete, USERS, WEB_MAIN, SMALL,
	      "People", "Take somebody's second factor away"),
	TOKEN("GET", "/api/v1/users/{id}/sessions", user_sessions_get, USERS, WEB_MAIN, 0, "People",
	      "Where somebody is logged in"),
	TOKEN("DELETE", "/api/v1/users/{id}/sessions/{session}", user_session_delete, USERS,
	      WEB_MAIN, SMALL, "People", "End one of them"),
	TOKEN("GET", "/api/v1/audit", audit_list, AUDIT, WEB_MAIN, 0, "People",
	      "Who changed what, newest first"),
	TOKEN("GET", "/api/v1/audit/verify", audit_verify_get, AUDIT, WEB_MAIN, 0, "People",
	      "Whether the audit log is whole"),
	TOKEN("GET", "/api/v1/backups", backup_api_list, SETTINGS, WEB_MAIN, 0, "Operating",
	      "Backups, newest first, and what is being done"),
	TOKEN("POST", "/api/v1/backups", backup_api_post, SETTINGS, WEB_MAIN, SMALL, "Operating",
	      "Make a backup now"),
	TOKEN("POST", "/api/v1/backups/{name}/verify", backup_verify_post, SETTINGS, WEB_MAIN,
	      SMALL, "Operating", "Check a backup by restoring it to a scratch file"),

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
