/* cmd_restore.c - totem restore: a backup takes the place of what is in the data folder. The server must not run. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/unpacked.h"
#include "flow/backup/restore.h"
#include "io/file.h"
#include "io/jsonw.h"

/* A backup brings back who was erased behind it. */
static void print_erased(const struct restore_report *r)
{
	char at[CLOCK_TEXT_MAX];

	clock_text(r->info.created_ms, at);
	if (!r->erased_known)
		(void)printf("There is no list of erased people here or beside the backup: whoever "
			     "was erased after\n%s on the old box is back; erase them again.\n",
			     at);
	else if (r->erased > 0)
		(void)printf("%lld contacts were erased after this backup: the next start erases "
			     "them again.\n",
			     (long long)r->erased);
}

/* What was received comes back by itself; what was sent does not, so that nothing leaves twice. */
static void print_since(const struct restore_report *r)
{
	(void)printf("What was received since comes back from there when the server starts.\n");
	if (r->sends_known && r->sent_since + r->waited_since > 0)
		(void)printf("Messages of yours since then that are in that folder only: %lld "
			     "left, %lld still waited\nand are not sent: write those again.\n",
			     (long long)r->sent_since, (long long)r->waited_since);
}

/* Without it a new box with Chatwoot receives and sends nothing, and nobody knows why. */
static void print_paused(const struct restore_report *r)
{
	char at[CLOCK_TEXT_MAX];

	clock_text(r->info.created_ms, at);
	(void)printf("NOTHING IS SENT YET: the queues messages and orchestrator-inbound are "
		     "paused.\n");
	if (r->waiting > 0)
		(void)printf("%lld sends waited in the backup and may have left since.\n",
			     (long long)r->waiting);
	if (r->chatwoot)
		(void)printf("What agents wrote in Chatwoot since %s may have left already, and "
			     "nothing here\ntells what: a minute after the start it waits in queue "
			     "messages.\n",
			     at);
	(void)printf("Look at queue messages, cancel what was sent, then:\n"
		     "  totem queue resume messages; totem queue resume orchestrator-inbound\n"
		     "If the old box was stopped before this backup was made, nothing left since: "
		     "resume them\nright after the start (or restore with --resume).\n");
}

static void print_report(const struct cli *c, const struct restore_report *r)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(8 * KIB);
	struct jsonw w;

	if (c->json) {
		jsonw_init(&w, &b);
		jsonw_object(&w);
		jsonw_ktext(&w, "name", r->info.name);
		jsonw_ktime(&w, "created_at", r->info.created_ms);
		jsonw_ki64(&w, "rows", r->info.rows);
		jsonw_ki64(&w, "media_files", r->info.media_files);
		jsonw_kbool(&w, "key_restored", r->key_restored);
		jsonw_kbool(&w, "has_key", r->has_key);
		jsonw_kbool(&w, "key_fits", r->key_fits);
		jsonw_ki64(&w, "waiting_sends", r->waiting);
		jsonw_kbool(&w, "sends_paused", r->paused);
		jsonw_kbool(&w, "chatwoot_unknown", r->chatwoot);
		jsonw_kbool(&w, "erased_known", r->erased_known);
		jsonw_ki64(&w, "erased_since", r->erased);
		if (r->sends_known) {
			jsonw_ki64(&w, "sent_since", r->sent_since);
			jsonw_ki64(&w, "waited_since", r->waited_since);
		}
		jsonw_ktext(&w, "kept", r->kept);
		jsonw_ktext(&w, "config", r->config[0] != '\0' ? r->config : NULL);
		jsonw_end(&w);
		(void)printf("%s\n", sbuf_c(&b));
		return;
	}
	(void)printf("restored %s: %lld rows, %lld media files\nwhat was there is in %s\n",
		     r->info.name, (long long)r->info.rows, (long long)r->info.media_files,
		     r->kept);
	if (!r->has_key)
		(void)printf(
			"There is no key file: enter all secrets again (totem config list).\n");
	else if (!r->key_fits)
		(void)printf("totem.key here opens none of the secrets: enter them again (totem "
			     "config list).\n");
	if (r->config[0] != '\0')
		(void)printf("The old box' settings file is %s: compare it with yours.\n",
			     r->config);
	print_since(r);
	if (r->paused)
		print_paused(r);
	print_erased(r);
	(void)printf("Start the server now (systemctl start totem.socket totem).\n");
}

/* "FOLDER/NAME" or a name in the usual folder. */
static enum rc find_backup(const char *word, const struct place *p, struct restore_plan *plan,
			   char folder[FOLDER_PATH_MAX], struct err *e)
{
	struct str path = str_of(word);
	const char *slash;

	while (path.n > 1 && str_ends(path, STR("/")))
		path.n--;
	slash = memrchr(path.p, '/', path.n);
	if (slash == NULL) {
		plan->folder = p->backups;
		plan->name = word;
		return RC_OK;
	}
	if (!str_copy(str_n(path.p, (size_t)(slash - path.p)), folder, FOLDER_PATH_MAX))
		return FAIL(e, RC_INVALID, "the path is too long");
	plan->folder = folder[0] != '\0' ? folder : "/";
	plan->name = slash + 1;
	return RC_OK;
}

/* The lock is held. */
static enum rc run(const struct cli *c, const struct place *p, struct restore_plan *plan,
		   struct restore_report *ret, struct err *e)
{
	AUTO(unpacked_end) struct unpacked u = { .lock = -1 };

	if (unpacked_wanted(cli_word(c, 0))) {
		plan->say(plan->say_arg, "unpacking the archive", 0, 5);
		TRY(unpacked_begin(p, cli_word(c, 0), &u, e));
		plan->folder = u.folder;
		plan->name = u.name;
	}
	return restore_run(plan, clock_now_ms(), ret, e);
}

static enum rc restore(struct cli *c, struct place *p, struct restore_report *ret, struct err *e)
{
	char lock[FOLDER_PATH_MAX], folder[FOLDER_PATH_MAX], name[BACKUP_NAME_MAX];
	struct err held = { .rc = RC_OK };
	struct progress say;
	struct restore_plan plan = { .data_dir = p->data,
				     .passphrase = sbuf_view(&p->passphrase),
				     .without_key = cli_option(c, "without-key") != NULL,
				     .resume = cli_option(c, "resume") != NULL,
				     .say = progress_step,
				     .say_arg = &say };
	int fd = -1;
	enum rc rc;

	progress_begin(&say, c->json);
	TRY(find_backup(cli_word(c, 0), p, &plan, folder, e));
	if (!str_copy(str_n(plan.name, strcspn(plan.name, "/")), name, sizeof(name)) &&
	    !unpacked_wanted(plan.name))
		return FAIL(e, RC_ABSENT, "there is no backup with this name");
	plan.name = name;
	TRY(file_mkdir(p->data, 0700, e));
	TRY(folder_join(p->data, "totem.lock", lock, e));
	rc = file_lock(lock, &fd, &held);
	if (rc != RC_OK)
		return FAIL(e, rc,
			    "Totem runs on %.120s: stop it first (systemctl stop "
			    "totem.socket totem)",
			    p->data);
	rc = run(c, p, &plan, ret, e);
	file_unlock(fd);
	return rc;
}

int cmd_restore(struct cli *c)
{
	struct restore_report *r;
	struct err e = { .rc = RC_OK };
	struct place p;
	enum rc rc;

	log_set_level(LOG_ERROR);
	if (c->word_count != 1)
		return cli_usage(c, "which backup? (totem backup list)");
	if (place_begin(c, &p, &e) != RC_OK)
		return cli_fail(&e);
	r = mem_new(1, sizeof(*r));
	rc = restore(c, &p, r, &e);
	if (rc == RC_OK)
		print_report(c, r);
	mem_free(r);
	place_end(&p);
	return rc == RC_OK ? 0 : cli_fail(&e);
}
