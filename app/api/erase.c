/* erase.c - the rights of one person: everything about them, and nothing any more. */
#include "api/audit_row.h"
#include "api/handlers.h"
#include "api/view.h"
#include "base/log.h"
#include "flow/backup/backup_run.h"
#include "flow/backup/backup_s3.h"
#include "flow/erase/erase.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/sse.h"
#include "store/access/audit.h"
#include "store/conversation/contact.h"
#include "store/retention/erasure.h"

/* Copies of the database beside it, before an upgrade (io/migrate.h) and before a restore (flow/backup/restore.h). */
static enum rc copy_found(void *arg, const struct folder_entry *x, struct err *e)
{
	struct str name = str_of(x->name);

	(void)e;
	if (str_starts(name, STR("totem.db.before-")) || str_starts(name, STR("before-restore-")))
		jsonw_str(arg, name);
	return RC_OK;
}

/* All of them, also those whose manifest cannot be read. */
static enum rc backup_found(void *arg, const struct folder_entry *x, struct err *e)
{
	(void)e;
	if (x->is_folder && backup_name_ok(str_of(x->name)))
		jsonw_str(arg, str_of(x->name));
	return RC_OK;
}

/* Those made until now hold the person still. */
static void backups_write(struct call *c, struct jsonw *w)
{
	struct err e = { .rc = RC_OK };
	char folder[FOLDER_PATH_MAX];

	jsonw_karray(w, "backups");
	if (c->app->data_dir != NULL && backup_run_folder(c->app, folder, &e) == RC_OK &&
	    file_exists(folder) && folder_each(folder, backup_found, w, &e) != RC_OK)
		log_err(LOG_WARN, "erase.backups_not_listed", &e);
	err_clear(&e);
	jsonw_end(w);
	jsonw_karray(w, "copies");
	if (c->app->data_dir != NULL && folder_each(c->app->data_dir, copy_found, w, &e) != RC_OK)
		log_err(LOG_WARN, "erase.copies_not_listed", &e);
	jsonw_end(w);
}

/* The store keeps its own, and is not asked now: it may be far away. What is on sticks nobody here knows. */
static void store_told(struct call *c, struct jsonw *w)
{
	struct s3_target t;
	struct err none = { .rc = RC_OK };

	jsonw_kobject(w, "store");
	if (backup_s3_target(c->config->settings, &t, &none) == RC_OK) {
		jsonw_kstr(w, "url", t.url);
		jsonw_ki64(w, "keeps", setting_i64(c->config->settings, "backup_s3_keep"));
	}
	jsonw_end(w);
}

/* The name of whoever asks. */
static enum rc asker(struct call *c, struct str *ret, struct err *e)
{
	struct audit who = { .actor = STR_NONE };
	struct db *db = store_reader(c->app->store);
	enum rc rc = audit_row_actor(c, db, c->q->arena, &who, e);

	store_reader_done(c->app->store, db);
	*ret = who.actor;
	return rc;
}

/* Pages that show the person look again; nothing of it is kept. */
static void tell_pages(struct call *c, const struct contact *k)
{
	AUTO(sbuf_release) struct sbuf frame = SBUF(KIB);
	struct jsonw w;

	if (c->app->sse == NULL)
		return;
	sbuf_text(&frame, "event: erased\ndata: ");
	jsonw_init(&w, &frame);
	jsonw_object(&w);
	view_id(&w, "contact_id", k->created_ms, k->id);
	jsonw_end(&w);
	sbuf_text(&frame, "\n\n");
	if (sbuf_ok(&frame))
		sse_shout(c->app->sse, c->who.company_id, sbuf_view(&frame));
}

void erase_contact_delete(struct call *c)
{
	struct erasure_ask ask = { .company_id = c->who.company_id };
	struct err e = { .rc = RC_OK };
	struct erase_report r;
	struct jsonw w;
	struct contact k;

	if (!contact_of_path(c, &k))
		return;
	ask.contact_id = k.id;
	if (asker(c, &ask.by, &e) != RC_OK || erase_contact(c->app, &ask, &r, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	log_event(LOG_INFO, "contact.erased", "messages", LOG_I64(r.messages), NULL);
	tell_pages(c, &k);
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "erasure_id", r.id);
	jsonw_ki64(&w, "messages", r.messages);
	jsonw_ki64(&w, "deliveries", r.deliveries);
	jsonw_ki64(&w, "dead_letters", r.letters);
	jsonw_ki64(&w, "files", r.files);
	jsonw_ki64(&w, "conversations", r.conversations);
	jsonw_ktext(&w, "state", r.rows_left ? "rows" : "pages");
	backups_write(c, &w);
	store_told(c, &w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
