/* provider_meta.c - the Cloud API of Meta as a provider: glue between the neutral model and peer/meta/meta_send.h. */
#include "flow/send/provider.h"

#include "peer/meta/meta_send.h"

static bool meta_ready(const struct channel *c, const char **ret_why)
{
	*ret_why = "the channel has no token or no phone number id";
	return c->token.n > 0 && c->phone_number_id.n > 0;
}

/* All of wa_content.def is Meta's but polls. */
static const char *meta_cannot(struct str type, const struct json *content)
{
	(void)content;
	return str_eqc(type, "poll") ? "The Cloud API has no polls." : NULL;
}

static enum rc address(const struct channel *c, struct arena *arena, struct provider_request *r,
		       struct err *e)
{
	char *bearer = arena_printf(arena, "Bearer %.*s", STRF(c->token));

	if (bearer == NULL)
		return FAIL(e, RC_LIMIT, "no room for the token");
	provider_request_header(r, "Authorization", bearer);
	provider_request_header(r, "Content-Type", "application/json");
	return meta_send_url(c->base_url, c->version, c->phone_number_id, &r->url, e);
}

static enum rc meta_build(const struct outgoing *o, struct provider_request *r, struct err *e)
{
	char *tag = arena_printf(o->arena, "%.*s-%lld", STRF(o->tag), (long long)o->leaves);
	struct meta_message m = { .type = o->type,
				  .content = o->content,
				  .files = o->files,
				  .file_count = o->file_count,
				  .reply_to = o->m->reply_to };

	if (tag == NULL)
		return FAIL(e, RC_LIMIT, "no room for the tag");
	m.tag = str_of(tag);
	meta_send_address(o->m->wa_id, &m);
	TRY(address(o->channel, o->arena, r, e));
	return meta_send_message(&m, &r->body, e);
}

static const char *meta_cannot_act(enum act_kind kind)
{
	switch (kind) {
	case ACT_READ:
	case ACT_TYPING:
		return NULL;
	case ACT_REVOKE:
		return "The Cloud API cannot delete a message that was sent.";
	case ACT_EDIT:
		return "The Cloud API cannot change a message that was sent.";
	case ACT_KINDS:
		break;
	}
	BUG("unknown act");
}

static enum rc meta_build_act(const struct act *a, struct provider_request *r, struct err *e)
{
	TRY(address(a->channel, a->arena, r, e));
	return meta_send_read(a->m->meta_message_id, a->kind == ACT_TYPING, &r->body, e);
}

const struct provider provider_meta = {
	.name = "meta",
	.window = true,
	.ready = meta_ready,
	.cannot = meta_cannot,
	.build = meta_build,
	.judge = meta_send_judge,
	.cannot_act = meta_cannot_act,
	.build_act = meta_build_act,
	.judge_act = meta_send_judge_act,
};
