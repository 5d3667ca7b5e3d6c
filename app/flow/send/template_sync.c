/* template_sync.c - kind `templates.sync` of upkeep: reads the list of an account's templates page by page.
 *
 * A page is one unit. What the complete list does not name is forgotten only after its last page, so that a
 * fault in between leaves what was known. Our own address with Meta's cursor, never Meta's `next` address: the token
 * goes nowhere else. Periodic, and asked for by the API, by webhooks and by a send that names an unknown template. */
#include "flow/send/template_sync.h"

#include "base/log.h"
#include "flow/upkeep_kinds.h"
#include "io/http.h"
#include "peer/meta/meta_template.h"
#include "store/channel/wa_template.h"

#define PAGES_MAX 200 /* 6000 templates (meta-cloud-api.md 3.5) are 120 pages */

int64_t template_sync_every(const struct config *c, const struct channel *ch)
{
	(void)c;
	return ch->token.n > 0 && ch->waba_id.n > 0 ? ch->template_every_ms : 0;
}

enum rc template_sync_want(struct tx *tx, const struct channel *ch, struct err *e)
{
	return chore_want(tx, &(struct chore){ .kind = TEMPLATE_SYNC_KIND, .ref = ch->id }, 0, NULL,
			  e);
}

struct page {
	const struct channel *ch;
	const struct meta_template_page *p;
	int64_t begun_ms;
};

static enum rc page_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct page *g = arg;

	for (size_t i = 0; i < g->p->count; i++) {
		const struct meta_template *m = &g->p->rows[i];
		const struct wa_template t = { .company_id = g->ch->company_id,
					       .waba_id = g->ch->waba_id,
					       .name = m->name,
					       .language = m->language,
					       .meta_id = m->id,
					       .status = m->status,
					       .category = m->category,
					       .quality = m->quality,
					       .reason = m->reason,
					       .components = m->components };

		TRY(wa_template_put(tx, &t, e));
	}
	return g->p->after.n == 0 ? wa_template_listed(tx, g->ch->waba_id, g->begun_ms, e) : RC_OK;
}

static enum rc ask(struct upkeep_run *u, struct str after, struct meta_template_page *ret,
		   struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	struct http_answer ans = HTTP_ANSWER;
	struct http_header header = { "Authorization", NULL };
	char *bearer = arena_printf(&u->w->arena, "Bearer %.*s", STRF(u->channel->token));
	enum rc rc;

	if (bearer == NULL)
		return FAIL(e, RC_LIMIT, "no room for the token");
	header.value = bearer;
	TRY(meta_template_url(u->channel->base_url, u->channel->version, u->channel->waba_id, after,
			      &url, e));
	rc = http_do(u->w->http,
		     &(struct http_request){ .method = "GET",
					     .url = sbuf_c(&url),
					     .headers = &header,
					     .header_count = 1,
					     .timeout_ms = u->channel->timeout_ms },
		     &ans, e);
	if (rc == RC_OK)
		rc = meta_template_decode(ans.status, sbuf_view(&ans.body), &u->w->arena, ret, e);
	http_answer_release(&ans);
	return rc;
}

enum rc template_sync_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct page g = { .ch = u->channel, .begun_ms = u->now_ms };
	struct meta_template_page page = { 0 };
	int64_t n = 0;

	(void)ret_next_ms;
	if (u->channel->waba_id.n == 0 || u->channel->token.n == 0)
		return FAIL(e, RC_INVALID, "the channel has no waba_id or no token");
	for (int i = 0; i < PAGES_MAX; i++) {
		struct str after = page.after;

		TRY(ask(u, after, &page, e));
		if (page.after.n > 0 && str_eq(page.after, after))
			return FAIL(e, RC_INVALID, "Meta's list of templates does not end");
		g.p = &page;
		TRY(store_write(u->w->app->store, STORE_NORMAL, page_unit, &g, e));
		n += (int64_t)page.count;
		if (page.after.n == 0) {
			log_event(LOG_INFO, "templates.synced", "channel", u->channel->slug,
				  "count", LOG_I64(n), NULL);
			return RC_OK;
		}
	}
	return FAIL(e, RC_LIMIT, "more than %d pages of templates", PAGES_MAX);
}
