/* meta_health.h - asking Meta how a number, its token and its webhooks are: addresses and answers. Pure.
 *
 * Contract: meta-cloud-api.md 3.8; error bodies 4.1. All text is borrowed from the arena. */
#ifndef PEER_META_HEALTH_H
#define PEER_META_HEALTH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sbuf.h"

enum meta_question {
	META_ASK_NUMBER,        /* id: phone number id */
	META_ASK_SUBSCRIBED,    /* id: WABA id; the apps that get its webhooks */
	META_ASK_TOKEN,         /* id: none; `token` is what is asked about */
	META_ASK_SUBSCRIPTIONS, /* id: app id; needs an app token (app id | app secret) */
};

/* RC_INVALID names the part. `token` only for META_ASK_TOKEN: the address holds it, never log it. */
struct meta_asked {
	enum meta_question what;
	struct str base, version, id, token;
};
enum rc meta_health_url(const struct meta_asked *q, struct sbuf *to, struct err *e) MUST_CHECK;

/* An error answer of the Graph API. code -1: none could be read. */
struct meta_refusal {
	int64_t code, subcode;
	struct str message; /* Meta's own words, for people; may be cut */
};

/* Each decoder: RC_OK; RC_REFUSED: Meta answered with an error, *ret_no is filled; RC_INVALID: no answer of Meta's. */
struct meta_number {
	struct str display_phone_number, verified_name, status, quality_rating, name_status,
		code_verification_status, throughput, platform_type, limit, can_send;
	struct str health;       /* health_status, compact JSON */
	struct str callback;     /* where the number's webhooks go in the end; none: not said */
	struct str override_uri; /* of number or account, none: the app's address counts */
	int on_biz_app;          /* 1, 0, or -1: not said */
};
enum rc meta_health_number(struct str body, struct arena *a, struct meta_number *ret,
			   struct meta_refusal *ret_no, struct err *e) MUST_CHECK;

struct meta_subscribed {
	int apps;
	bool ours; /* the app with this id is among them; with an unknown id: any is */
	struct str override_uri; /* of our app's subscription */
};
enum rc meta_health_subscribed(struct str body, struct str app_id, struct arena *a,
			       struct meta_subscribed *ret, struct meta_refusal *ret_no,
			       struct err *e) MUST_CHECK;

struct meta_token {
	struct str app_id;
	bool valid;
	int64_t expires_ms, data_expires_ms; /* 0: never */
	struct str scopes;                   /* JSON array */
	bool may_send, may_manage; /* whatsapp_business_messaging, whatsapp_business_management */
};
enum rc meta_health_token(struct str body, struct arena *a, struct meta_token *ret,
			  struct meta_refusal *ret_no, struct err *e) MUST_CHECK;

struct meta_subscription {
	bool found, active; /* object whatsapp_business_account */
	struct str callback;
	struct str fields; /* JSON array of names */
	bool messages;     /* the field that matters is among them */
};
enum rc meta_health_subscriptions(struct str body, struct arena *a, struct meta_subscription *ret,
				  struct meta_refusal *ret_no, struct err *e) MUST_CHECK;

/* Share of a limit that is used, in percent, and when there is room again. From x-business-use-case-usage and
 * x-app-usage (4.3): {"<id>":[{"type","call_count","total_cputime","total_time","estimated_time_to_regain_access"}]}
 * or the inner object by itself. Unreadable: zeros. */
struct meta_usage {
	int percent;       /* the highest of all */
	int64_t regain_ms; /* 0: not said. Meta counts in minutes */
};
void meta_health_usage(struct str header, struct meta_usage *ret);

#endif
