/* backups.c - /api/v1/backups: what is there, what is being done, make one, check one. Restoring is a command, because
 * the server must not run then. */
#include "api/handlers.h"
#include "api/takeaway.h"
#include "flow/backup/backup_run.h"
#include "flow/backup/backup_tar.h"
#include "io/file.h"

#define LISTED    200
#define STICK_MAX (4 * KIB)

static void info_write(struct jsonw *w, const struct backup_info *i)
{
	jsonw_object(w);
	jsonw_ktext(w, "name", i->name);
	jsonw_ktime(w, "created_at", i->created_ms);
	jsonw_ktext(w, "state", backup_mark_name(i->mark));
	jsonw_ktime(w, "verified_at", i->mark == BACKUP_VERIFIED ? i->checked_ms : 0);
	jsonw_ktime(w, "checked_at", i->checked_ms);
	jsonw_ktext(w, "check", i->check_text[0] != '\0' ? i->check_text : NULL);
	jsonw_ki64(w, "took_ms", i->took_ms);
	jsonw_ki64(w, "database_bytes", i->database_bytes);
	jsonw_ki64(w, "rows", i->rows);
	jsonw_ki64(w, "media_files", i->media_files);
	jsonw_ki64(w, "media_bytes", i->media_bytes);
	jsonw_kbool(w, "has_key", i->sealed_key);
	jsonw_ktext(w, "program", i->program);
	jsonw_end(w);
}

static void state_write(struct jsonw *w, const struct backup_state *s)
{
	jsonw_kobject(w, "state");
	jsonw_kbool(w, "busy", s->busy);
	jsonw_kbool(w, "checking", s->checking);
	jsonw_ktext(w, "step", s->busy || s->checking ? s->what : NULL);
	jsonw_ki64(w, "at", s->at);
	jsonw_ki64(w, "of", s->of);
	jsonw_ktime(w, "last_success_at", s->last_ok_ms);
	jsonw_ktime(w, "last_failure_at", s->last_fail_ms);
	jsonw_ktext(w, "error", s->error[0] != '\0' ? s->error : NULL);
	jsonw_ktime(w, "next_at", s->next_ms);
	jsonw_end(w);
}

/* What the copy to a stick left (cli/cmd_backup.c): {"state","text","at"}. */
static void stick_write(struct call *c, struct jsonw *w)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(STICK_MAX);
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];

	if (folder_join(c->app->data_dir, "backup-stick.json", path, &e) != RC_OK ||
	    file_read(path, &b, &e) != RC_OK || json_parse(sbuf_view(&b), &root, &e) != RC_OK) {
		jsonw_kraw(w, "stick", STR_NONE);
		return;
	}
	jsonw_kobject(w, "stick");
	jsonw_kstr(w, "state", json_get_str(root, "state"));
	jsonw_kstr(w, "detail", json_get_str(root, "detail"));
	jsonw_kstr(w, "at", json_get_str(root, "at"));
	jsonw_end(w);
}

void backup_api_list(struct call *c)
{
	struct backup_info *all = arena_alloc(c->q->arena, LISTED * sizeof(*all));
	struct backup_state state = { .busy = false };
	char folder[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	size_t n = 0;

	if (all == NULL) {
		problem(c, 503, "busy", "No memory for this request.");
		return;
	}
	if (backup_run_folder(c->app, folder, &e) != RC_OK ||
	    backup_list(folder, all, LISTED, &n, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	if (c->app->backups != NULL)
		backup_run_state(c->app->backups, &state);
	answer_rows_begin(c, &w);
	for (size_t i = 0; i < n; i++)
		info_write(&w, &all[i]);
	jsonw_end(&w);
	jsonw_ktext(&w, "next", NULL);
	jsonw_ktext(&w, "folder", folder);
	state_write(&w, &state);
	stick_write(c, &w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

/* Whether the thread took it; else the problem is answered. */
static void ask(struct call *c, const char *verify)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	if (c->app->backups == NULL) {
		problem(c, 503, "no-server", "Only a running server does this; use totem backup.");
		return;
	}
	if (backup_run_ask(c->app->backups, verify, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "status", "started");
	jsonw_end(&w);
	answer_json(c, 202, &w);
}

void backup_api_post(struct call *c)
{
	ask(c, NULL);
}

void backup_verify_post(struct call *c)
{
	struct str name = c->q->param[0];
	struct backup_info info;
	char folder[FOLDER_PATH_MAX], text[BACKUP_NAME_MAX];
	struct err e = { .rc = RC_OK };

	if (!backup_name_ok(name) || !str_copy(name, text, sizeof(text)) ||
	    backup_run_folder(c->app, folder, &e) != RC_OK ||
	    backup_info_get(folder, text, &info, &e) != RC_OK) {
		problem(c, 404, "not-found", "There is no backup with this name.");
		return;
	}
	ask(c, text);
}

/* ---- taking one away ---- */

static enum rc tar_write(void *what, struct tempo *pace, web_sink_fn *sink, void *sink_arg,
			 struct err *e)
{
	return backup_tar_write(what, pace, sink, sink_arg, e);
}

static void tar_close(void *what)
{
	backup_tar_close(what);
}

static void download_answer(struct call *c, struct backup_tar *tar)
{
	const struct backup_info *info = backup_tar_info(tar);
	const struct takeaway t = { .name = info->name,
				    .bytes = backup_tar_bytes(tar),
				    .what = tar,
				    .write = tar_write,
				    .close = tar_close };
	const char *state = backup_mark_name(info->mark);

	if (takeaway_answer(c, &t))
		web_header(c->r, "X-Backup-State", str_of(state));
}

void backup_download_get(struct call *c)
{
	struct backup_tar *tar = NULL;
	struct err e = { .rc = RC_OK };
	char folder[FOLDER_PATH_MAX], name[BACKUP_NAME_MAX];

	if (!takeaway_begin(c, "backups.download"))
		return;
	if (!str_copy(c->q->param[0], name, sizeof(name)))
		name[0] = '\0';
	if (backup_run_folder(c->app, folder, &e) == RC_OK &&
	    backup_tar_open(folder, name, &tar, &e) == RC_OK) {
		download_answer(c, tar);
		return;
	}
	takeaway_end(c->app);
	if (e.rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no backup with this name.");
	else if (e.rc == RC_REFUSED || e.rc == RC_CONFLICT)
		problem(c, 409, "conflict", e.text);
	else
		problem_err(c, &e);
}
