/* handlers.h - every handler of the route table, by file. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/route.h"

/* hooks.c */
route_fn hook_meta_get, hook_meta_post, hook_chatwoot_post;
/* hooks_evolution.c */
route_fn hook_evolution_post;
/* messages.c */
route_fn message_post, message_get, message_list;
void message_of_conversation(struct call *c, int64_t conversation_id);
/* conversations.c */
route_fn conversation_list, conversation_get, conversation_messages_get, conversation_read_post,
	conversation_typing_post, contact_get, contact_list, contact_patch, contact_merge_post,
	contact_unmerge_post;
/* reveal.c */
route_fn contact_reveal_post;
/* The contact of the path, if it is the caller's; else the problem is answered. */
struct contact;
bool contact_of_path(struct call *c, struct contact *ret);
/* media.c */
route_fn media_post, media_get;
/* The conversation of the path, if it is the caller's; else the problem is answered. */
struct conversation;
bool conversation_of_path(struct call *c, struct conversation *ret);
/* desk.c, presence.c, search.c, quick.c */
route_fn conversation_assign_post, conversation_status_post, conversation_labels_post,
	conversation_presence_post, conversation_unread_get, label_list, colleague_list,
	message_search_get;
/* timeline.c, history.c */
route_fn message_timeline_get, queue_history_get, receipt_list, receipt_get, receipt_item_list,
	recovered_list;
/* calls.c */
route_fn call_list, call_totals_get;
route_fn quick_list, quick_post, quick_patch, quick_delete;
/* stream.c */
route_fn stream_get;
/* monitor.c */
route_fn monitor_stats_get, monitor_pause_post, monitor_resume_post, monitor_clear_delete;
/* queues.c */
route_fn queue_list, queue_get, queue_pause_post, queue_resume_post, queue_drain_post,
	queue_clear_post, queue_limits_patch;
/* jobs.c */
route_fn job_list, job_get, job_run_post, job_cancel_post;
/* channels.c */
route_fn channel_list, channel_get, channel_check_post, channel_connect_post, channel_pause_post,
	channel_resume_post;
/* message_acts.c */
route_fn message_cancel_post, message_resolve_post, message_resend_post, message_read_post,
	message_revoke_post, message_edit_post;
/* Marks the customer's newest message as read, or shows typing; false: the problem is answered. */
struct conversation;
bool message_conversation_act(struct call *c, const struct conversation *v, bool typing);
/* Members of the message in an open object: expiry, attempts before and after it, notes. */
struct db;
struct jsonw;
struct message;
enum rc message_write_plan(struct db *db, const struct message *m, struct jsonw *w, struct err *e)
	MUST_CHECK;
/* GET /api/v1/messages?sending=...; false: that was not asked. */
bool message_unsettled(struct call *c);
/* templates.c */
route_fn template_list, template_sync_post;
/* letters.c */
route_fn letter_list, letter_reasons_get, letter_get, letter_retry_post, letter_retry_many_post;
route_fn letter_discard_post;
/* deliveries.c */
route_fn delivery_list, delivery_get, delivery_replay_post, delivery_replay_many_post;
/* settings.c, tokens.c, status.c */
route_fn setting_list, setting_patch;
struct setting_change {
	struct str key, value;
};
/* Checks all, writes all in one unit, takes them up. False: the problem is answered, nothing was written (or, when
 * only taking them up failed, everything). */
bool setting_apply(struct call *c, const struct setting_change *changes, size_t n);
route_fn token_list, token_post, token_delete;
route_fn status_get, status_incidents_get;
/* machine.c */
route_fn about_get, certificate_list, log_list;
/* conversation_acts.c */
route_fn conversation_state_get, conversation_handover_post, conversation_attributes_patch;
/* chatwoot.c, support_agents.c */
route_fn chatwoot_list, chatwoot_get, chatwoot_setup_post;
route_fn support_agent_list, support_agent_post, support_agent_delete;
/* n8n_workflows.c */
route_fn n8n_workflow_list, n8n_workflow_post;
/* orchestrator.c */
route_fn orchestrator_reply_post;
/* lookups.c */
route_fn lookup_query_post, lookup_post, lookup_list;
/* session.c, enter.c, users.c, me.c, audits.c */
/* setup.c: how far the first run is */
route_fn setup_get, setup_test_post;
route_fn session_get, session_post, session_delete, setup_post, invitation_post;
route_fn user_list, user_get, user_post, user_patch, user_reset_post, user_totp_delete,
	user_sessions_get, user_session_delete;
route_fn me_get, me_patch, me_password_put, me_totp_post, me_totp_confirm_post, me_totp_delete,
	me_sessions_get, me_session_delete;
route_fn audit_list, audit_verify_get;
/* erase.c */
route_fn erase_contact_delete;
/* person.c */
route_fn person_holdings_get, person_export_get;
/* erasures.c */
route_fn retention_list, erasure_list;
/* backups.c */
route_fn backup_api_list, backup_api_post, backup_verify_post, backup_download_get;
/* health.c, metrics.c */
route_fn health_get, health_ready_get, metrics_get;
/* openapi.c, page.c */
route_fn openapi_get, page_get, page_docs_get, page_asset_get;

#endif
