/* cmd_prove.c - totem prove: is anything missing? Reads the tables themselves, beside a running
 * server too; each line is one statement and so one snapshot. */
#include "base/enc.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "store/audit.h"
#include "store/message.h"
#include "store/queue.h"

struct proof {
	struct cli_table table;
	struct jsonw json;
	bool broken;
	struct audit_proof audit;
};

struct line {
	const char *what;
	int64_t accepted, done, discarded, dead, open;
	bool ok;
};

static void add_line(struct proof *p, const struct line *l)
{
	cli_table_text(&p->table, l->what);
	cli_table_i64(&p->table, l->accepted);
	cli_table_i64(&p->table, l->done);
	cli_table_i64(&p->table, l->discarded);
	cli_table_i64(&p->table, l->dead);
	cli_table_i64(&p->table, l->open);
	cli_table_text(&p->table, l->ok ? "ok" : "WRONG");
	jsonw_object(&p->json);
	jsonw_ktext(&p->json, "what", l->what);
	jsonw_ki64(&p->json, "accepted", l->accepted);
	jsonw_ki64(&p->json, "done", l->done);
	jsonw_ki64(&p->json, "discarded", l->discarded);
	jsonw_ki64(&p->json, "dead", l->dead);
	jsonw_ki64(&p->json, "open", l->open);
	jsonw_kbool(&p->json, "ok", l->ok);
	jsonw_end(&p->json);
	p->broken = p->broken || !l->ok;
}

static enum rc prove_queues(struct db *db, struct proof *p, struct err *e)
{
	for (int q = 0; q < QUEUE_COUNT; q++) {
		struct err why = { .rc = RC_OK };
		struct queue_counts n = { 0 };
		enum rc rc = queue_prove(db, (enum queue_id)q, &n, &why);

		if (rc != RC_OK && rc != RC_CONFLICT)
			return FAIL(e, rc, "%s", why.text);
		add_line(p, &(struct line){ queue_name((enum queue_id)q), n.accepted, n.done,
					    n.discarded, n.dead, n.waiting, rc == RC_OK });
	}
	return RC_OK;
}

/* Every outbound message is in exactly one state of its way. */
static enum rc prove_messages(struct db *db, struct proof *p, struct err *e)
{
	struct message_counts n;

	TRY(message_prove(db, &n, e));
	add_line(p, &(struct line){ "messages out", n.outbound, n.settled, n.cancelled, n.unknown,
				    n.queued + n.sending,
				    n.outbound == n.settled + n.cancelled + n.unknown + n.queued +
							  n.sending });
	add_line(p, &(struct line){ "messages in", n.inbound, n.inbound, 0, 0, 0, true });
	return RC_OK;
}

/* A delivery and its job are stored together, so the queue has accepted at least as many as there ever were. */
static enum rc prove_deliveries(struct db *db, struct proof *p, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t newest, kept, aside, accepted;

	TRY(stmt_begin(db, Q_PROVE_DELIVERIES, &s, e));
	TRY(stmt_next(&s, e));
	newest = stmt_i64(&s, "newest");
	kept = stmt_i64(&s, "kept");
	aside = stmt_i64(&s, "put_aside");
	accepted = stmt_i64(&s, "accepted");
	add_line(p, &(struct line){ "deliveries", newest, kept - aside, newest - kept, aside, 0,
				    newest <= accepted });
	return RC_OK;
}

/* Each row of the audit log fits the one before it. */
static enum rc prove_audit(struct db *db, struct proof *p, struct err *e)
{
	TRY(audit_prove(db, &p->audit, e));
	add_line(p, &(struct line){ "audit log", p->audit.rows, p->audit.rows, 0, 0, 0,
				    p->audit.broken_id == 0 });
	return RC_OK;
}

static enum rc open_db(const struct cli *c, struct db **ret, struct err *e)
{
	const struct supervise_options o = { .data_dir = c->data_dir,
					     .config_file = c->config_file,
					     .args = c->sets,
					     .arg_count = c->set_count };
	char folder[SUPERVISE_PATH_MAX], path[SUPERVISE_PATH_MAX];

	TRY(supervise_folder(&o, folder, e));
	TRY(supervise_file(folder, "totem.db", path, e));
	if (!file_exists(path))
		return FAIL(e, RC_ABSENT, "%s is not there", path);
	return db_open(path, DB_READER, ret, e);
}

static enum rc prove_all(struct db *db, struct proof *p, struct err *e)
{
	TRY(prove_queues(db, p, e));
	TRY(prove_messages(db, p, e));
	TRY(prove_deliveries(db, p, e));
	return prove_audit(db, p, e);
}

int cmd_prove(struct cli *c)
{
	static const char *const TITLES[] = { "what", "accepted", "done", "discarded",
					      "dead", "open",     "" };
	AUTO(sbuf_release) struct sbuf text = SBUF(64 * KIB);
	struct proof p = { .broken = false };
	char head[2 * SHA256_BYTES + 1];
	struct err e = { .rc = RC_OK };
	struct db *db;
	enum rc rc;

	log_set_level(LOG_ERROR);
	if (c->word_count > 0)
		return cli_usage(c, "prove takes options only");
	if (open_db(c, &db, &e) != RC_OK)
		return cli_fail(&e);
	cli_table_begin(&p.table, TITLES, COUNT(TITLES));
	jsonw_init(&p.json, &text);
	jsonw_object(&p.json);
	jsonw_karray(&p.json, "data");
	rc = prove_all(db, &p, &e);
	db_close(db);
	jsonw_end(&p.json);
	enc_hex(p.audit.head, SHA256_BYTES, head);
	jsonw_ktext(&p.json, "audit_head", head);
	jsonw_kbool(&p.json, "ok", rc == RC_OK && !p.broken);
	jsonw_end(&p.json);
	if (c->json) {
		(void)printf("%s\n", sbuf_c(&text));
		sbuf_release(&p.table.cells);
	} else {
		cli_table_print(&p.table);
		if (p.audit.broken_id != 0)
			(void)printf("the audit log was changed at row %lld\n",
				     (long long)p.audit.broken_id);
		(void)printf("audit log ends with %s\n", head);
		(void)printf("%s\n",
			     p.broken ? "WRONG: see the lines above" : "nothing is missing");
	}
	if (rc != RC_OK)
		return cli_fail(&e);
	return p.broken ? 1 : 0;
}
