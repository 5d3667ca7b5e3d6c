/* template_use.c - see template_use.h. */
#include "flow/send/template_use.h"

#include "base/clock.h"
#include "base/limits.h"
#include "peer/meta/meta_template.h"

/* Sources: meta-cloud-api.md 1.7 and 4.2 (132001, 132015, 132016). A word that we do not know is Meta's to judge. */
static const struct {
	const char *status, *why;
} UNUSABLE[] = {
	{ "PENDING", "Meta has not approved it yet." },
	{ "IN_APPEAL", "Its rejection is being appealed; it is not approved." },
	{ "REJECTED", "Meta rejected it." },
	{ "PAUSED", "Meta paused it, because customers rated it badly; it comes back by itself." },
	{ "DISABLED", "Meta disabled it, because customers rated it badly again and again." },
	{ "LIMIT_EXCEEDED", "The account has too many templates; it is not approved." },
	{ "ARCHIVED", "It is archived." },
	{ "LOCKED", "Meta locked it." },
	{ "DELETED", "It was deleted." },
	{ "PENDING_DELETION", "It is being deleted." },
};

const char *template_unusable(struct str status)
{
	for (size_t i = 0; i < COUNT(UNUSABLE); i++)
		if (str_eqc(status, UNUSABLE[i].status))
			return UNUSABLE[i].why;
	return NULL;
}

static enum rc not_listed(struct db *db, const struct channel *ch, const struct wa_template_key *k,
			  struct template_use *ret, struct err *e)
{
	int64_t synced_ms;
	char at[CLOCK_TEXT_MAX];

	TRY(wa_template_synced_ms(db, ch->waba_id, &synced_ms, e));
	if (synced_ms == 0)
		return RC_OK;
	clock_text(synced_ms, at);
	ret->verdict = TEMPLATE_UNKNOWN;
	(void)snprintf(
		ret->why, sizeof(ret->why),
		"The account has no template %.*s in %.*s (list of %s; it is being fetched again).",
		(int)size_min(k->name.n, 60), k->name.p, (int)size_min(k->language.n, 15),
		k->language.p, at);
	return RC_OK;
}

static void judge(const struct wa_template *t, const struct json *content, struct template_use *ret)
{
	AUTO(json_freep) struct json *components = NULL;
	const char *why = template_unusable(t->status);
	struct err e = { 0 };

	ret->marketing = str_eqc(t->category, "MARKETING");
	if (why != NULL) {
		ret->verdict = TEMPLATE_UNUSABLE;
		(void)snprintf(ret->why, sizeof(ret->why), "This template cannot be sent: %s%s%.*s",
			       why, t->reason.n > 0 ? " " : "", (int)size_min(t->reason.n, 100),
			       t->reason.p != NULL ? t->reason.p : "");
		return;
	}
	if (t->components.n == 0 || json_parse(t->components, &components, NULL) != RC_OK)
		return;
	if (meta_template_fits(components, content, &ret->bad, &e) != RC_OK) {
		ret->verdict = TEMPLATE_WRONG;
		(void)snprintf(ret->why, sizeof(ret->why), "%s", e.text);
		return;
	}
	meta_template_text(components, content, &ret->text);
}

enum rc template_use_check(struct db *db, const struct channel *ch, const struct json *content,
			   struct template_use *ret, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	const struct wa_template_key k = { .waba_id = ch->waba_id,
					   .name = json_get_str(content, "name"),
					   .language =
						   json_str(json_path(content, "language.code")) };
	struct wa_template t;
	enum rc rc;

	*ret = (struct template_use){ .verdict = TEMPLATE_FITS, .text = SBUF(64 * KIB) };
	if (ch->waba_id.n == 0)
		return RC_OK;
	rc = wa_template_find(db, &k, &a, &t, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return not_listed(db, ch, &k, ret, e);
	}
	TRY(rc);
	judge(&t, content, ret);
	return RC_OK;
}
