/* cmd_backup.c - totem backup and totem verify: work on the files, beside a running server or without one. */
#include "base/clock.h"
#include "base/enc.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/unpacked.h"
#include "flow/backup/backup_s3.h"
#include "flow/clock/clockdoubt.h"
#include "flow/supervise_key.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/jsonw.h"

#define LISTED 200

static void info_json(struct jsonw *w, const struct backup_info *i)
{
	jsonw_object(w);
	jsonw_ktext(w, "name", i->name);
	jsonw_ktime(w, "created_at", i->created_ms);
	jsonw_ktext(w, "state", backup_mark_name(i->mark));
	jsonw_ktime(w, "verified_at", i->mark == BACKUP_VERIFIED ? i->checked_ms : 0);
	jsonw_ktext(w, "check", i->check_text[0] != '\0' ? i->check_text : NULL);
	jsonw_ki64(w, "database_bytes", i->database_bytes);
	jsonw_ki64(w, "rows", i->rows);
	jsonw_ki64(w, "media_files", i->media_files);
	jsonw_ki64(w, "media_bytes", i->media_bytes);
	jsonw_ki64(w, "media_bad", i->media_bad);
	jsonw_ki64(w, "media_mended", i->media_mended);
	jsonw_ki64(w, "took_ms", i->took_ms);
	jsonw_kbool(w, "sealed_key", i->sealed_key);
	jsonw_end(w);
}

static void print_info(const struct cli *c, const char *word, const struct backup_info *i)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	struct jsonw w;

	if (c->json) {
		jsonw_init(&w, &b);
		info_json(&w, i);
		(void)printf("%s\n", sbuf_c(&b));
		return;
	}
	(void)printf("%s %s: database %lld MiB, %lld rows, %lld media files, %lld.%lld s\n", word,
		     i->name, (long long)(i->database_bytes / (int64_t)MIB), (long long)i->rows,
		     (long long)i->media_files, (long long)(i->took_ms / 1000),
		     (long long)(i->took_ms % 1000 / 100));
	if (i->check_text[0] != '\0')
		(void)printf("%s\n", i->check_text);
	if (i->media_mended > 0)
		(void)printf("%lld damaged or missing media files were put back from the backups\n",
			     (long long)i->media_mended);
	if (i->media_bad > 0)
		(void)printf("%lld media files of the box are damaged or missing, the first: "
			     "media/%s\n",
			     (long long)i->media_bad, i->media_first);
	if (!i->sealed_key)
		(void)printf("The key file is not in it (no passphrase is set): keep totem.key "
			     "elsewhere, or\n"
			     "    totem config set backup_passphrase -\n");
}

static void plan_of(struct place *p, struct progress *say, struct backup_plan *ret)
{
	*ret = (struct backup_plan){ .data_dir = p->data,
				     .folder = p->backups,
				     .config_file = p->options.config_file,
				     .passphrase = sbuf_view(&p->passphrase),
				     .say = progress_step,
				     .say_arg = say };
}

static const char *word_of(const struct backup_info *i)
{
	switch (i->mark) {
	case BACKUP_MADE:
		return i->check_text[0] != '\0' ? "made and read back, not restored:" : "made";
	case BACKUP_VERIFIED:
		return "made and verified by restoring it:";
	case BACKUP_FAILED:
		break;
	}
	return "failed:";
}

/* As the server does: by a clock that is days ahead of what the box knows no backup is old. */
static enum rc rotate(const struct place *p, int64_t now_ms, struct err *e)
{
	char path[FOLDER_PATH_MAX];
	struct db *db = NULL;
	bool doubted = true;
	int removed;
	enum rc rc;

	TRY(folder_join(p->data, "totem.db", path, e));
	TRY(db_open(path, DB_READER, &db, e));
	rc = clockdoubt_of(db, now_ms, &doubted, e);
	db_close(db);
	if (rc != RC_OK || doubted)
		return rc;
	return backup_rotate(p->backups, setting_i64(p->settings, "backup_keep"),
			     setting_i64(p->settings, "backup_keep_weeks"), now_ms, &removed, e);
}

static enum rc make(const struct cli *c, struct place *p, const struct backup_plan *plan,
		    struct err *e)
{
	struct backup_info info;
	bool damaged;
	enum rc rc;

	TRY(backup_make(plan, clock_now_ms(), &info, &damaged, e));
	/* Beside a server the server would do it within minutes; who asks here wants to know. */
	if (cli_option(c, "no-check") == NULL) {
		rc = backup_verify(plan, info.name, clock_now_ms(), &info, e);
		if (rc != RC_OK && rc != RC_CONFLICT)
			return rc;
		err_clear(e); /* the server checks another one just now, and this one next */
	}
	print_info(c, word_of(&info), &info);
	if (cli_option(c, "to") != NULL)
		return RC_OK; /* somebody else's folder is not rotated */
	return rotate(p, info.created_ms, e);
}

static void print_list(const struct cli *c, const struct backup_info *all, size_t n)
{
	static const char *const TITLES[] = {
		"name", "made", "state", "MiB", "rows", "media", "key"
	};
	AUTO(sbuf_release) struct sbuf b = SBUF(256 * KIB);
	char at[CLOCK_TEXT_MAX];
	struct cli_table t;
	struct jsonw w;

	cli_table_begin(&t, TITLES, COUNT(TITLES));
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_karray(&w, "data");
	for (size_t i = 0; i < n; i++) {
		clock_text(all[i].created_ms, at);
		cli_table_text(&t, all[i].name);
		cli_table_text(&t, at);
		cli_table_text(&t, backup_mark_name(all[i].mark));
		cli_table_i64(&t, all[i].database_bytes / (int64_t)MIB);
		cli_table_i64(&t, all[i].rows);
		cli_table_i64(&t, all[i].media_files);
		cli_table_text(&t, all[i].sealed_key ? "sealed" : "left out");
		info_json(&w, &all[i]);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	if (c->json)
		(void)printf("%s\n", sbuf_c(&b));
	else
		cli_table_print(&t);
	sbuf_release(&t.cells);
}

static enum rc list(const struct cli *c, const struct place *p, struct err *e)
{
	struct backup_info *all = mem_new(LISTED, sizeof(*all));
	size_t n = 0;
	enum rc rc = backup_list(p->backups, all, LISTED, &n, e);

	if (rc == RC_OK)
		print_list(c, all, n);
	mem_free(all);
	return rc;
}

static enum rc copy(const struct cli *c, const struct backup_plan *plan, struct err *e)
{
	struct backup_info newest;
	const char *to = cli_word(c, 1);

	TRY(backup_newest(plan->folder, clock_now_ms(), &newest, e));
	TRY(backup_copy_out(plan, newest.name, to, e));
	print_info(c, "copied and read back", &newest);
	return RC_OK;
}

/* ---- a stick ---- */

#define STICK_FOLDER "totem-backups"
#define STICK_MARK   "totem-box"
#define STICK_STATE  "backup-stick.json"
#define STICK_FRESH  HOUR_MS /* an older newest backup is followed by a new one */

/* For the page: leave it in, pull it out, or why not. */
static enum rc stick_state(const struct place *p, const char *state, const char *detail,
			   struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	char path[FOLDER_PATH_MAX];
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "state", state);
	jsonw_ktext(&w, "detail", detail);
	jsonw_ktime(&w, "at", clock_now_ms());
	jsonw_end(&w);
	TRY(folder_join(p->data, STICK_STATE, path, e));
	return file_write(path, sbuf_view(&b), 0600, e);
}

/* Only this box can make it, so a stranger's stick gets nothing. */
static enum rc stick_word(const struct place *p, char ret_hex[2 * SHA256_BYTES + 1], struct err *e)
{
	uint8_t key[CRYPTO_KEY_BYTES], mac[SHA256_BYTES];

	TRY(supervise_key(p->data, true, key, e));
	crypto_hmac_sha256(str_n((const char *)key, sizeof(key)), STR("stick of this box"), mac);
	crypto_zero(key, sizeof(key));
	enc_hex(mac, sizeof(mac), ret_hex);
	return RC_OK;
}

static enum rc stick_prepare(const struct place *p, const char *point, struct err *e)
{
	char folder[FOLDER_PATH_MAX], mark[FOLDER_PATH_MAX], hex[2 * SHA256_BYTES + 1];

	TRY(folder_join(point, STICK_FOLDER, folder, e));
	TRY(file_mkdir(folder, 0700, e));
	TRY(folder_join(folder, STICK_MARK, mark, e));
	TRY(stick_word(p, hex, e));
	TRY(file_write(mark, str_of(hex), 0600, e));
	(void)printf("%s is a stick of this box now: plug it in and the newest backup is copied.\n",
		     point);
	return RC_OK;
}

static enum rc stick_check(const struct place *p, const char *folder, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	struct err why = { .rc = RC_OK };
	char mark[FOLDER_PATH_MAX], hex[2 * SHA256_BYTES + 1];

	TRY(folder_join(folder, STICK_MARK, mark, e));
	TRY(stick_word(p, hex, e));
	if (file_read(mark, &b, &why) != RC_OK ||
	    !crypto_equal(str_trim(sbuf_view(&b)), str_of(hex)))
		return FAIL(e, RC_REFUSED,
			    "this stick was not prepared for this box (totem backup stick DIR "
			    "--prepare)");
	return RC_OK;
}

static enum rc stick_fill(const struct backup_plan *plan, const char *folder, struct err *e)
{
	struct err none = { .rc = RC_OK };
	struct backup_info newest;
	bool damaged;
	int64_t now_ms = clock_now_ms();
	enum rc rc = backup_newest(plan->folder, now_ms, &newest, &none);

	if (rc != RC_OK && rc != RC_ABSENT)
		return FAIL(e, rc, "%s", none.text);
	if (rc == RC_ABSENT || newest.created_ms > now_ms ||
	    now_ms - newest.created_ms > STICK_FRESH)
		TRY(backup_make(plan, clock_now_ms(), &newest, &damaged, e));
	return backup_copy_out(plan, newest.name, folder, e);
}

static enum rc stick(const struct cli *c, const struct place *p, const struct backup_plan *plan,
		     struct err *e)
{
	struct err untold = { .rc = RC_OK };
	char folder[FOLDER_PATH_MAX];
	enum rc rc;

	if (cli_option(c, "prepare") != NULL)
		return stick_prepare(p, cli_word(c, 1), e);
	TRY(folder_join(cli_word(c, 1), STICK_FOLDER, folder, e));
	rc = stick_check(p, folder, e);
	if (rc == RC_OK) {
		TRY(stick_state(p, "copying", "Leave the stick in.", e));
		rc = stick_fill(plan, folder, e);
	}
	if (rc == RC_OK)
		return stick_state(p, "done", "The backup is on the stick: pull it out.", e);
	if (stick_state(p, "failed", e->text, &untold) != RC_OK)
		log_err(LOG_WARN, "stick.not_told", &untold);
	return rc;
}

/* ---- a store ---- */

static enum rc send_or_fetch(const struct cli *c, const char *verb, const struct place *p,
			     const struct backup_plan *plan, struct err *e)
{
	const char *given = cli_word(c, 1);
	struct backup_info info;
	struct s3_target t;
	char name[BACKUP_NAME_MAX];

	TRY(backup_s3_target(p->settings, &t, e));
	if (strcmp(verb, "fetch") == 0) {
		TRY(file_mkdir(plan->folder, 0700, e));
		TRY(backup_s3_fetch(plan, &t, given != NULL ? given : "", name, e));
		(void)printf("fetched %s into %s: totem restore %s\n", name, plan->folder, name);
		return RC_OK;
	}
	if (given != NULL)
		return backup_s3_send(plan, &t, given, e);
	TRY(backup_newest(plan->folder, clock_now_ms(), &info, e));
	TRY(backup_s3_send(plan, &t, info.name, e));
	print_info(c, "sent", &info);
	return RC_OK;
}

static int at_store(struct cli *c, const char *verb)
{
	struct err e = { .rc = RC_OK };
	struct backup_plan plan;
	struct progress say;
	struct place p;
	enum rc rc;

	if (c->word_count > 2)
		return cli_usage(c, "one name");
	if (place_begin(c, &p, &e) != RC_OK)
		return cli_fail(&e);
	progress_begin(&say, c->json);
	plan_of(&p, &say, &plan);
	rc = send_or_fetch(c, verb, &p, &plan, &e);
	place_end(&p);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

int cmd_backup(struct cli *c)
{
	const char *verb = cli_word(c, 0), *to = cli_option(c, "to");
	struct tempo pace = { .percent = 100 };
	bool to_disk;
	struct err e = { .rc = RC_OK };
	struct backup_plan plan;
	struct progress say;
	struct place p;
	enum rc rc;

	log_set_level(LOG_ERROR);
	if (verb == NULL)
		verb = "make";
	if (strcmp(verb, "send") == 0 || strcmp(verb, "fetch") == 0)
		return at_store(c, verb);
	to_disk = strcmp(verb, "copy") == 0 || strcmp(verb, "stick") == 0;
	if ((strcmp(verb, "make") != 0 && strcmp(verb, "list") != 0 && !to_disk) ||
	    to_disk != (c->word_count == 2) || c->word_count > 2)
		return cli_usage(c, "make, list, copy, stick, send or fetch?");
	if (place_begin(c, &p, &e) != RC_OK)
		return cli_fail(&e);
	progress_begin(&say, c->json);
	plan_of(&p, &say, &plan);
	if (cli_option(c, "fast") == NULL) {
		tempo_low_priority();
		pace.percent = (int)setting_i64(p.settings, "backup_pace");
		plan.pace = &pace;
	}
	if (to != NULL)
		plan.folder = to;
	if (strcmp(verb, "list") == 0)
		rc = list(c, &p, &e);
	else if (strcmp(verb, "copy") == 0)
		rc = copy(c, &plan, &e);
	else if (strcmp(verb, "stick") == 0)
		rc = stick(c, &p, &plan, &e);
	else
		rc = make(c, &p, &plan, &e);
	place_end(&p);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

/* ---- verify ---- */

/* An archive that was downloaded. */
static enum rc verify_tar(const struct cli *c, const struct place *p, struct backup_plan *plan,
			  struct err *e)
{
	AUTO(unpacked_end) struct unpacked u = { .lock = -1 };
	struct backup_info info;

	TRY(unpacked_begin(p, cli_word(c, 0), &u, e));
	plan->folder = u.folder;
	TRY(backup_verify(plan, u.name, clock_now_ms(), &info, e));
	print_info(c, "is whole:", &info);
	return RC_OK;
}

/* Of a list that is not empty; one that a clock ahead made only where there is no other. */
static const char *newest_of(const struct backup_info *all, size_t n, int64_t now_ms)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].created_ms <= now_ms)
			return all[i].name;
	}
	return all[0].name;
}

static enum rc verify(const struct cli *c, const struct place *p, struct backup_plan *plan,
		      struct err *e)
{
	if (cli_word(c, 0) != NULL && unpacked_wanted(cli_word(c, 0)))
		return verify_tar(c, p, plan, e);

	struct backup_info *all = mem_new(LISTED, sizeof(*all)), info;
	const char *name = cli_word(c, 0);
	bool every = cli_option(c, "all") != NULL;
	size_t n = 0;
	enum rc rc = backup_list(plan->folder, all, LISTED, &n, e);

	if (rc == RC_OK && name == NULL && n == 0)
		rc = FAIL(e, RC_ABSENT, "there is no backup in %.150s yet: totem backup",
			  plan->folder);
	if (rc == RC_OK && name == NULL && !every)
		name = newest_of(all, n, clock_now_ms());
	for (size_t i = 0; rc == RC_OK && i < (every ? n : 1); i++) {
		rc = backup_verify(plan, name != NULL ? name : all[i].name, clock_now_ms(), &info,
				   e);
		if (rc == RC_OK)
			print_info(c, "is whole:", &info);
	}
	mem_free(all);
	return rc;
}

int cmd_verify(struct cli *c)
{
	const char *from = cli_option(c, "from");
	struct err e = { .rc = RC_OK };
	struct backup_plan plan;
	struct progress say;
	struct place p;
	enum rc rc;

	log_set_level(LOG_ERROR);
	if (c->word_count > 1 || (c->word_count == 1 && cli_option(c, "all") != NULL))
		return cli_usage(c, "one name, or --all");
	if (place_begin(c, &p, &e) != RC_OK)
		return cli_fail(&e);
	progress_begin(&say, c->json);
	plan_of(&p, &say, &plan);
	if (from != NULL)
		plan.folder = from;
	rc = verify(c, &p, &plan, &e);
	place_end(&p);
	return rc == RC_OK ? 0 : cli_fail(&e);
}
