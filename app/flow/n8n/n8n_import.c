/* n8n_import.c - kinds `n8n.echo` and `n8n.dni` of upkeep: puts one of our workflows (packaging/n8n, embedded) into an n8n by
 * its public API, activates it, and points the target at it.
 *
 * Every step may be repeated: the workflow is found again by its name, credentials are made anew and the old ones are taken
 * away at the end. What n8n refuses ends as state `failed` with a sentence; an n8n that is not there is tried again. The
 * workflow gets an API token of its own, which may only look things up. */
#include "base/enc.h"
#include "base/log.h"
#include "flow/n8n/n8n_import.h"
#include "flow/outside/outside.h"
#include "flow/upkeep_kinds.h"
#include "io/asset.h"
#include "io/crypto.h"
#include "io/http.h"
#include "peer/n8n/n8n_api.h"
#include "store/n8n_import.h"
#include "store/setting/setting.h"
#include "store/access/token.h"

#define BODY_MAX  (512 * KIB)
#define PAGES_MAX 20
#define CALL_MS   30000
#define SECRET_NAME \
	"X-Totem-Token" /* header that a webhook of ours checks when none was configured */

struct importing {
	struct upkeep_run *u;
	const struct n8n_target *t;
	struct n8n_import row, old;
	struct str file, name, path; /* of the workflow */
	struct str origin;
	struct str answer;
	enum n8n_door door;
	struct str door_a, door_b;
	char secret[2 * 24 + 1]; /* made here; "": the configured one */
	char token[TOKEN_TEXT_MAX];
	int64_t token_id;
	bool use;
	bool refused;  /* n8n says no: trying again changes nothing */
	char why[200]; /* for people */
};

static struct arena *arena_of(struct importing *x)
{
	return &x->u->w->arena;
}

static enum rc refuse(struct importing *x, const char *why, struct err *e)
{
	x->refused = true;
	(void)snprintf(x->why, sizeof(x->why), "%s", why); /* cut is fine */
	return FAIL(e, RC_REFUSED, "%s", x->why);
}

/* ---- calls ---- */

/* RC_OK: 2xx, x->answer is the body. */
static enum rc call(struct importing *x, const char *method, struct str path, struct str body,
		    struct err *e)
{
	struct http_answer ans = HTTP_ANSWER;
	struct http_header headers[2] = {
		{ "X-N8N-API-KEY", arena_dup(arena_of(x), x->t->api_key) },
		{ "Content-Type", "application/json" },
	};
	char *url = arena_printf(arena_of(x), "%.*s/api/v1%.*s", STRF(x->origin), STRF(path));
	enum rc rc;

	if (url == NULL || headers[0].value == NULL)
		return FAIL(e, RC_LIMIT, "no room for the request");
	rc = http_do(x->u->w->http,
		     &(struct http_request){ .method = method,
					     .url = url,
					     .headers = headers,
					     .header_count = body.p != NULL ? 2 : 1,
					     .body = body,
					     .timeout_ms = CALL_MS },
		     &ans, e);
	if (rc == RC_OK) {
		x->answer = arena_str(arena_of(x), sbuf_view(&ans.body));
		if (x->answer.p == NULL)
			rc = FAIL(e, RC_LIMIT, "no room for the answer");
		else if (ans.status >= 500 || ans.status == 429)
			rc = FAIL(e, RC_RETRY, "n8n answered HTTP %d", ans.status);
		else if (ans.status < 200 || ans.status > 299) {
			n8n_api_refusal(ans.status, x->answer, x->why, sizeof(x->why));
			x->refused = true;
			rc = FAIL(e, RC_REFUSED, "%s", x->why);
		}
	} else if (rc == RC_UNKNOWN) {
		err_clear(e);
		rc = FAIL(e, RC_RETRY, "n8n did not answer");
	}
	http_answer_release(&ans);
	return rc;
}

static enum rc post_id(struct importing *x, const char *path, struct str body, struct str *ret_id,
		       struct err *e)
{
	TRY(call(x, "POST", str_of(path), body, e));
	if (n8n_api_id(x->answer, arena_of(x), ret_id, e) != RC_OK)
		return refuse(x, "n8n's answer has no id: is this the address of n8n?", e);
	return RC_OK;
}

/* ---- steps ---- */

static enum rc find_workflow(struct importing *x, struct str *ret_id, struct err *e)
{
	struct str next = STR_NONE;

	*ret_id = STR_NONE;
	for (int page = 0; page < PAGES_MAX; page++) {
		AUTO(sbuf_release) struct sbuf path = SBUF(4 * KIB);
		struct err why = { .rc = RC_OK };
		enum rc rc;

		sbuf_text(&path, "/workflows?limit=250");
		if (next.n > 0) {
			sbuf_text(&path, "&cursor=");
			enc_percent(&path, next);
		}
		TRY(call(x, "GET", sbuf_view(&path), STR_NONE, e));
		next = STR_NONE;
		rc = n8n_api_find(x->answer, x->name, arena_of(x), ret_id, &next, &why);
		if (rc == RC_OK)
			return RC_OK;
		if (rc != RC_ABSENT)
			return refuse(x, "n8n's answer is no list: is this the address of n8n?", e);
		if (next.n == 0)
			return RC_OK;
	}
	return RC_OK;
}

static enum rc token_unit(struct tx *tx, void *arg, struct err *e)
{
	struct importing *x = arg;
	char name[80];

	(void)snprintf(name, sizeof(name), "n8n %s: %.*s", x->t->slug, STRF(x->row.workflow));
	return token_create(tx, x->t->company_id, str_of(name), SCOPE_BIT(SCOPE_LOOKUPS), x->token,
			    &x->token_id, e);
}

static enum rc make_api_credential(struct importing *x, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(16 * KIB);
	char value[TOKEN_TEXT_MAX + 8];
	enum rc rc;

	TRY(store_write(x->u->w->app->store, STORE_NORMAL, token_unit, x, e));
	(void)snprintf(value, sizeof(value), "Bearer %s", x->token);
	rc = n8n_api_credential("Totem API", N8N_DOOR_HEADER, STR("Authorization"), str_of(value),
				&body, e);
	if (rc == RC_OK)
		rc = post_id(x, "/credentials", sbuf_view(&body), &x->row.api_credential, e);
	crypto_zero(value, sizeof(value));
	return rc;
}

static enum rc make_door_credential(struct importing *x, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(16 * KIB);

	if (x->door == N8N_DOOR_NONE)
		return RC_OK;
	TRY(n8n_api_credential("Totem webhook", x->door, x->door_a, x->door_b, &body, e));
	return post_id(x, "/credentials", sbuf_view(&body), &x->row.door_credential, e);
}

static enum rc put_workflow(struct importing *x, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	const struct n8n_api_fill fill = { .box = n8n_target_origin(x->t->reply_url),
					   .door = x->door,
					   .door_id = x->row.door_credential,
					   .api_id = x->row.api_credential };
	struct str id;

	TRY(n8n_api_workflow(x->file, &fill, &body, e));
	TRY(find_workflow(x, &id, e));
	if (id.n == 0)
		return post_id(x, "/workflows", sbuf_view(&body), &x->row.workflow_id, e);
	x->row.workflow_id = id;
	return call(x, "PUT", str_of(arena_printf(arena_of(x), "/workflows/%.*s", STRF(id))),
		    sbuf_view(&body), e);
}

static enum rc switch_workflow(struct importing *x, const char *how, struct err *e)
{
	return call(x, "POST",
		    str_of(arena_printf(arena_of(x), "/workflows/%.*s/%s", STRF(x->row.workflow_id),
					how)),
		    STR_NONE, e);
}

/* Off and on: what runs is what was last switched on, not what was last written. */
static enum rc activate(struct importing *x, struct err *e)
{
	TRY(switch_workflow(x, "deactivate", e));
	return switch_workflow(x, "activate", e);
}

/* ---- the end ---- */

struct stale {
	struct importing *x;
	struct tx *tx;
	char name[80];
};

static enum rc stale_row(void *arg, const struct token *t, struct err *e)
{
	struct stale *s = arg;

	if (t->revoked_ms != 0 || t->id == s->x->token_id || !str_eqc(t->name, s->name))
		return RC_OK;
	return token_revoke(s->tx, t->id, e);
}

/* Tokens of earlier imports. */
static enum rc revoke_stale(struct tx *tx, struct importing *x, struct err *e)
{
	struct stale s = { .x = x, .tx = tx };

	(void)snprintf(s.name, sizeof(s.name), "n8n %s: %.*s", x->t->slug, STRF(x->row.workflow));
	return token_each(tx->db, stale_row, &s, e);
}

static enum rc put_setting(struct tx *tx, struct importing *x, const char *name, struct str value,
			   struct err *e)
{
	char key[100];

	(void)snprintf(key, sizeof(key), "n8n.%s.%s", x->t->slug, name); /* fits */
	return setting_put(tx, x->u->w->app->seal_key, str_of(key), value, e);
}

static enum rc done_unit(struct tx *tx, void *arg, struct err *e)
{
	struct importing *x = arg;

	if (x->secret[0] != '\0') {
		TRY(put_setting(tx, x, "header_name", STR(SECRET_NAME), e));
		TRY(put_setting(tx, x, "header_value", str_of(x->secret), e));
	}
	if (x->use)
		TRY(put_setting(tx, x, "url", x->row.webhook_url, e));
	TRY(revoke_stale(tx, x, e));
	return n8n_import_put(tx, &x->row, e);
}

static enum rc row_unit(struct tx *tx, void *arg, struct err *e)
{
	return n8n_import_put(tx, arg, e);
}

/* Those of the import before: nobody uses them any more. One that stays does no harm. */
static void drop_old_credentials(struct importing *x)
{
	const struct str ids[] = { x->old.door_credential, x->old.api_credential };
	struct err e = { .rc = RC_OK };

	for (size_t i = 0; i < COUNT(ids); i++) {
		char *path = arena_printf(arena_of(x), "/credentials/%.*s", STRF(ids[i]));

		if (ids[i].n == 0 || path == NULL)
			continue;
		if (call(x, "DELETE", str_of(path), STR_NONE, &e) != RC_OK)
			log_err(LOG_DEBUG, "n8n.credential_stays", &e);
		err_clear(&e);
	}
}

static enum rc steps(struct importing *x, struct err *e)
{
	struct app *app = x->u->w->app;

	TRY(make_door_credential(x, e));
	TRY(make_api_credential(x, e));
	TRY(put_workflow(x, e));
	TRY(activate(x, e));
	x->row.state = STR("done");
	x->row.detail = STR_NONE;
	x->row.webhook_url = str_of(
		arena_printf(arena_of(x), "%.*s/webhook/%.*s", STRF(x->origin), STRF(x->path)));
	TRY(store_write(app->store, STORE_NORMAL, done_unit, x, e));
	drop_old_credentials(x);
	log_event(LOG_INFO, "n8n.imported", "target", x->t->slug, "workflow",
		  arena_dup(arena_of(x), x->row.workflow), NULL);
	return config_reload(app, e);
}

/* ---- the beginning ---- */

static void choose_door(struct importing *x)
{
	uint8_t random[24];

	switch (x->t->auth) {
	case N8N_AUTH_NONE:
		x->door = N8N_DOOR_NONE;
		return;
	case N8N_AUTH_BASIC:
		x->door = N8N_DOOR_BASIC;
		x->door_a = x->t->username;
		x->door_b = x->t->password;
		return;
	case N8N_AUTH_JWT:
		x->door = N8N_DOOR_JWT;
		x->door_b = x->t->jwt_secret;
		return;
	case N8N_AUTH_HEADER:
		break;
	}
	x->door = N8N_DOOR_HEADER;
	x->door_a = x->t->header_name;
	x->door_b = x->t->header_value;
	if (x->door_a.n > 0)
		return;
	crypto_random(random, sizeof(random));
	enc_hex(random, sizeof(random), x->secret);
	x->door_a = STR(SECRET_NAME);
	x->door_b = str_of(x->secret);
}

static enum rc prepare(struct importing *x, struct err *e)
{
	AUTO(sbuf_release) struct sbuf file = SBUF(BODY_MAX);
	char *path = arena_printf(arena_of(x), "/n8n/%.*s.json", STRF(x->row.workflow));
	const struct asset *a = path != NULL ? asset_find(path) : NULL;

	if (a == NULL)
		return refuse(x, "there is no workflow of this name", e);
	if (x->t->api_key.n == 0)
		return refuse(x, "the setting api_key is missing", e);
	x->origin = n8n_target_origin(x->t->api_url.n > 0 ? x->t->api_url : x->t->url);
	if (x->origin.n == 0)
		return refuse(x, "neither api_url nor url is an address", e);
	if (n8n_target_origin(x->t->reply_url).n == 0)
		return refuse(x, "the setting reply_url (this box as n8n sees it) is missing", e);
	TRY(asset_plain(a, &file, e));
	x->file = arena_str(arena_of(x), sbuf_view(&file));
	if (x->file.p == NULL)
		return FAIL(e, RC_LIMIT, "no room for the workflow");
	choose_door(x);
	return n8n_api_file(x->file, arena_of(x), &x->name, &x->path, e);
}

static enum rc load_row(struct importing *x, struct err *e)
{
	struct db *db = store_reader(x->u->w->app->store);
	enum rc rc = n8n_import_get(db, x->t->id, x->row.workflow, arena_of(x), &x->old, e);

	store_reader_done(x->u->w->app->store, db);
	if (rc == RC_ABSENT)
		err_clear(e);
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* What stands in the row while it is not done: the ids of before stay known. */
static enum rc write_trouble(struct importing *x, const char *state, const char *why, struct err *e)
{
	struct n8n_import row = x->old;

	row.target_id = x->t->id;
	row.workflow = x->row.workflow;
	row.state = str_of(state);
	row.detail = str_of(why);
	return store_write(x->u->w->app->store, STORE_NORMAL, row_unit, &row, e);
}

enum rc n8n_import_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct importing x = { .u = u,
			       .t = config_n8n(u->config, u->ref),
			       .use = json_get_bool(u->args, "use", true) };
	struct err why = { .rc = RC_OK };
	enum rc rc;

	*ret_next_ms = 0;
	if (x.t == NULL)
		return RC_OK; /* the target is gone */
	x.row = (struct n8n_import){ .target_id = x.t->id,
				     .workflow = json_get_str(u->args, "workflow") };
	TRY(load_row(&x, e));
	rc = prepare(&x, &why);
	if (rc == RC_OK)
		rc = steps(&x, &why);
	crypto_zero(x.token, sizeof(x.token));
	if (rc == RC_OK)
		return RC_OK;
	if (x.refused)
		return write_trouble(&x, "failed", x.why, e);
	TRY(write_trouble(&x, "waiting", why.text, e));
	*e = why;
	return rc;
}

const char *n8n_import_kind(struct str workflow)
{
	if (str_eqc(workflow, "echo"))
		return "n8n.echo";
	return str_eqc(workflow, "dni") ? "n8n.dni" : NULL;
}
