/* box.c - the program as one process: start, kill, work.
 *
 * A kill copies the database and its log as they are on the disk into a new folder: exactly what a process finds that
 * starts after kill -9. The old process is then let run to where it can be freed; nothing that it does counts. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/config.h"
#include "flow/handlers.h"
#include "flow/janitor.h"
#include "flow/media/media_store.h"
#include "flow/outage.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "sim/sim.h"
#include "store/channel/channel_state.h"
#include "store/message/message.h"
#include "store/access/token.h"
#include "tables.h"

#define DEPTHS 2

struct box {
	struct supervise *supervise;
	struct app *app;
	char dir[SIM_PATH_MAX];
	struct worker workers[DEPTHS][QUEUE_COUNT];
	int64_t janitor_ms;
};

static char next_dir[SIM_PATH_MAX];
static int dirs;

static void must(enum rc rc, const struct err *e, const char *what)
{
	if (rc != RC_OK)
		fail("%s: %s", what, e->text);
}

/* What started a retry curve with 512 of 1024 lies exactly on it. */
static uint32_t middle_random(void)
{
	static uint32_t found;

	for (uint32_t s = 1; found == 0; s++) {
		uint32_t x = s;

		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		if (x % 1024 == 512)
			found = s;
	}
	return found;
}

static enum rc recover_unit(struct tx *tx, void *arg, struct err *e)
{
	int64_t count;

	(void)arg;
	return message_recover(tx, store_boot(tx->store), &count, e);
}

static enum rc token_unit(struct tx *tx, void *arg, struct err *e)
{
	int64_t id;

	(void)arg;
	return token_create(tx, 1, STR("simulator"), (1u << SCOPE_COUNT) - 1, sim.token, &id, e);
}

/* A seed gives the same run again. */
static void start_worker(struct worker *w, struct app *app, enum queue_id q)
{
	worker_init(w, app, q);
	w->random = sim.random * 2654435761u + (uint32_t)q + 1;
	w->random |= w->random == 0;
}

static void open_in(const char *dir)
{
	struct box *b = mem_new(1, sizeof(*b));
	const struct supervise_options o = { .data_dir = b->dir };
	struct err e = { 0 };

	sim.box = b;
	(void)snprintf(b->dir, sizeof(b->dir), "%s", dir);
	must(supervise_open(&o, &b->supervise, &e), &e, "start");
	b->app = supervise_app(b->supervise);
	/* as supervise_open does for a server, whose writer is a thread */
	must(store_write(b->app->store, STORE_NORMAL, recover_unit, NULL, &e), &e, "recovery");
	must(media_recover(b->app, &e), &e, "recovery of files");
	must(outage_begin(b->app, sim.now_ms, &e), &e, "receipt");
	for (int d = 0; d < DEPTHS; d++) {
		for (int q = 0; q < QUEUE_COUNT; q++)
			start_worker(&b->workers[d][q], b->app, (enum queue_id)q);
	}
	b->janitor_ms = sim.now_ms;
	if (sim.token[0] == '\0')
		must(store_write(b->app->store, STORE_NORMAL, token_unit, NULL, &e), &e, "token");
}

void box_open(void)
{
	char dir[SIM_PATH_MAX];

	char path[SIM_PATH_MAX * 2];
	struct err e = { 0 };

	(void)snprintf(dir, sizeof(dir), "%.300s/%d", sim.root, ++dirs);
	(void)snprintf(path, sizeof(path), "%s/totem.db", dir);
	must(file_mkdir(dir, 0700, &e), &e, "folder");
	must(tables_put(path, sim.now_ms, &e), &e, "tables");
	sim.token[0] = '\0';
	open_in(dir);
}

static void remove_dir(const char *dir)
{
	char path[SIM_PATH_MAX * 2];
	struct dirent *f;
	DIR *d;

	media_folder_remove(dir);
	d = opendir(dir);
	while (d != NULL && (f = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, f->d_name);
		if (f->d_name[0] != '.')
			(void)unlink(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
}

static void copy(const char *name, const char *to_dir)
{
	char from[SIM_PATH_MAX * 2], to[SIM_PATH_MAX * 2], part[64 * 1024];
	FILE *in, *out;
	size_t n;

	(void)snprintf(from, sizeof(from), "%s/%s", sim.box->dir, name);
	(void)snprintf(to, sizeof(to), "%s/%s", to_dir, name);
	in = fopen(from, "rbe");
	if (in == NULL)
		return;
	out = fopen(to, "wbe");
	if (out == NULL)
		fail("cannot write %s", to);
	while ((n = fread(part, 1, sizeof(part), in)) > 0) {
		if (fwrite(part, 1, n, out) != n)
			fail("cannot write %s", to);
	}
	(void)fclose(in);
	if (fclose(out) != 0)
		fail("cannot write %s", to);
}

void box_kill(void)
{
	static const char *const FILES[] = { "totem.db", "totem.db-wal", "totem.key" };

	if (sim.crashed)
		return;
	note("killed");
	(void)snprintf(next_dir, sizeof(next_dir), "%.300s/%d", sim.root, ++dirs);
	if (mkdir(next_dir, 0700) != 0)
		fail("cannot make %s", next_dir);
	for (size_t i = 0; i < COUNT(FILES); i++)
		copy(FILES[i], next_dir);
	media_folder_copy(sim.box->dir, next_dir);
	sim.crashed = true;
}

void box_close(void)
{
	struct box *b = sim.box;

	for (int d = 0; d < DEPTHS; d++) {
		for (int q = 0; q < QUEUE_COUNT; q++)
			worker_release(&b->workers[d][q]);
	}
	supervise_close(b->supervise);
	remove_dir(b->dir);
	mem_free(b);
	sim.box = NULL;
}

void box_revive(void)
{
	if (!sim.crashed)
		return;
	box_close(); /* in its abandoned folder */
	sim.crashed = false;
	open_in(next_dir);
	prove();
}

struct app *box_app(void)
{
	return sim.box->app;
}

const char *box_database(char path[SIM_PATH_MAX])
{
	(void)snprintf(path, SIM_PATH_MAX, "%.380s/totem.db", sim.box->dir);
	return path;
}

int64_t box_files(void)
{
	return media_folder_count(sim.box->dir);
}

struct set_work {
	struct str key, value;
	const uint8_t *seal;
};

static enum rc set_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct set_work *s = arg;

	return setting_put(tx, s->seal, s->key, s->value, e);
}

void box_set(struct str key, struct str value)
{
	struct app *app = box_app();
	struct set_work s = { key, value, app->seal_key };
	struct err e = { 0 };

	must(store_write(app->store, STORE_NORMAL, set_unit, &s, &e), &e, "set");
	must(config_reload(app, &e), &e, "set");
}

struct fact_work {
	enum channel_fact fact;
	int64_t ms;
};

static enum rc fact_of_target(struct tx *tx, int64_t id, const struct fact_work *f, struct err *e)
{
	int64_t was;

	TRY(channel_fact_get_i64(tx->db, id, f->fact, 0, &was, e));
	return was == 0 ? RC_OK : channel_fact_set_i64(tx, id, f->fact, f->ms, e);
}

static enum rc fact_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(config_putp) const struct config *c = config_get(box_app());

	for (size_t i = 0; i < c->chatwoot_count; i++)
		TRY(fact_of_target(tx, c->chatwoots[i].id, arg, e));
	for (size_t i = 0; i < c->channel_count; i++)
		TRY(fact_of_target(tx, c->channels[i].id, arg, e));
	return RC_OK;
}

void box_fact(const char *name, int64_t ms)
{
	struct fact_work f = { .ms = ms };
	struct err e = { 0 };

	while (f.fact < CHANNEL_FACTS && strcmp(channel_fact_name(f.fact), name) != 0)
		f.fact++;
	if (f.fact == CHANNEL_FACTS)
		fail("no fact %s", name);
	must(store_write(box_app()->store, STORE_NORMAL, fact_unit, &f, &e), &e, "fact");
}

bool box_work_once(int depth)
{
	bool any = false;

	for (int q = 0; q < QUEUE_COUNT && !sim.crashed; q++) {
		struct worker *w = &sim.box->workers[depth][q];

		if (!sim.jitter)
			w->random = middle_random();
		any |= work_one(w, sim.now_ms) == RC_OK;
	}
	return any;
}

int64_t box_next_due(void)
{
	return queue_next_due(store_queues(box_app()->store), sim.now_ms);
}

void box_janitor(void)
{
	if (sim.now_ms - sim.box->janitor_ms < SECOND_MS)
		return;
	sim.box->janitor_ms = sim.now_ms;
	janitor_one(box_app(), sim.now_ms);
}

bool box_idle(char *why, size_t max)
{
	struct queue_counts c;

	for (int q = 0; q < QUEUE_COUNT; q++) {
		if (q == QUEUE_UPKEEP) /* what comes again is never at its end */
			continue;
		queue_get_counts(store_queues(box_app()->store), (enum queue_id)q, sim.now_ms, &c);
		if (c.waiting + c.delayed + c.running > 0) {
			(void)snprintf(why, max,
				       "queue %s: %lld waiting, %lld delayed, %lld running",
				       queue_name((enum queue_id)q), (long long)c.waiting,
				       (long long)c.delayed, (long long)c.running);
			return false;
		}
	}
	return true;
}
