/* cmd_prove.c - totem prove: is anything missing? Reads the tables themselves, beside a running
 * server too; each line is one statement and so one snapshot. */
#include "base/enc.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/finding.h"
#include "flow/damage/damage.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "store/access/audit.h"
#include "store/message/message.h"
#include "store/queue/queue.h"

/* What people read; the JSON stays as it is in every language. */
enum word {
	W_WHAT,
	W_ACCEPTED,
	W_DONE,
	W_DISCARDED,
	W_DEAD,
	W_OPEN,
	W_STATE,
	W_FINE,
	W_WRONG,
	W_MESSAGES_OUT,
	W_MESSAGES_IN,
	W_DELIVERIES,
	W_AUDIT,
	W_AUDIT_BROKEN,
	W_AUDIT_HEAD,
	W_ALL_THERE,
	W_NOT_ALL,
	W_NOT_PROVEN,
	W_CURE,
	W_COUNT
};

static const char *const WORDS[W_COUNT][LANG_COUNT] = {
	[W_WHAT] = { "what", "qué", "o quê" },
	[W_ACCEPTED] = { "accepted", "aceptados", "aceitos" },
	[W_DONE] = { "done", "hechos", "feitos" },
	[W_DISCARDED] = { "discarded", "descartados", "descartados" },
	[W_DEAD] = { "dead", "muertos", "mortos" },
	[W_OPEN] = { "open", "abiertos", "abertos" },
	[W_STATE] = { "", "", "" },
	[W_FINE] = { "ok", "bien", "ok" },
	[W_WRONG] = { "WRONG", "MAL", "ERRADO" },
	[W_MESSAGES_OUT] = { "messages out", "mensajes enviados", "mensagens enviadas" },
	[W_MESSAGES_IN] = { "messages in", "mensajes recibidos", "mensagens recebidas" },
	[W_DELIVERIES] = { "deliveries", "webhooks recibidos", "webhooks recebidos" },
	[W_AUDIT] = { "audit log", "registro de auditoría", "registro de auditoria" },
	[W_AUDIT_BROKEN] = { "the audit log was changed at row",
			     "el registro de auditoría fue alterado en la fila",
			     "o registro de auditoria foi alterado na linha" },
	[W_AUDIT_HEAD] = { "audit log ends with", "el registro de auditoría termina en",
			   "o registro de auditoria termina em" },
	[W_ALL_THERE] = { "nothing is missing", "no falta nada", "não falta nada" },
	[W_NOT_ALL] = { "WRONG: see the lines above", "MAL: vea las líneas de arriba",
			"ERRADO: veja as linhas acima" },
	[W_NOT_PROVEN] = { "WRONG: nothing is proven, the database could not be read to its end",
			   "MAL: no queda probado nada, la base de datos no se pudo leer hasta el "
			   "final",
			   "ERRADO: nada está provado, o banco de dados não pôde ser lido até o "
			   "fim" },
	[W_CURE] = { "Keep the box running, run totem check, and send the file of totem "
		     "support-bundle to "
		     "whoever helps you; totem verify tells whether a backup is whole.",
		     "Deje la máquina en marcha, ejecute totem check y envíe el archivo de totem "
		     "support-bundle a quien le ayuda; totem verify dice si un respaldo está "
		     "completo.",
		     "Deixe a máquina ligada, execute totem check e envie o arquivo de totem "
		     "support-bundle a quem ajuda você; totem verify diz se um backup está "
		     "completo." },
};

struct proof {
	enum lang lang;
	struct cli_table table;
	struct jsonw json;
	bool broken;
	struct audit_proof audit;
};

struct line {
	const char *what;
	enum word shown; /* W_WHAT: `what` itself, a name */
	int64_t accepted, done, discarded, dead, open;
	bool ok;
};

static void add_line(struct proof *p, const struct line *l)
{
	cli_table_text(&p->table, l->shown != W_WHAT ? WORDS[l->shown][p->lang] : l->what);
	cli_table_i64(&p->table, l->accepted);
	cli_table_i64(&p->table, l->done);
	cli_table_i64(&p->table, l->discarded);
	cli_table_i64(&p->table, l->dead);
	cli_table_i64(&p->table, l->open);
	cli_table_text(&p->table, WORDS[l->ok ? W_FINE : W_WRONG][p->lang]);
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
		add_line(p, &(struct line){ queue_name((enum queue_id)q), W_WHAT, n.accepted,
					    n.done, n.discarded, n.dead, n.waiting, rc == RC_OK });
	}
	return RC_OK;
}

/* Every outbound message is in exactly one state of its way. */
static enum rc prove_messages(struct db *db, struct proof *p, struct err *e)
{
	struct message_counts n;

	TRY(message_prove(db, &n, e));
	add_line(p, &(struct line){ "messages out", W_MESSAGES_OUT, n.outbound, n.settled,
				    n.cancelled, n.unknown, n.queued + n.sending,
				    n.outbound == n.settled + n.cancelled + n.unknown + n.queued +
							  n.sending });
	add_line(p, &(struct line){ "messages in", W_MESSAGES_IN, n.inbound, n.inbound, 0, 0, 0,
				    true });
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
	add_line(p, &(struct line){ "deliveries", W_DELIVERIES, newest, kept - aside, newest - kept,
				    aside, 0, newest <= accepted });
	return RC_OK;
}

/* Each row of the audit log fits the one before it. */
static enum rc prove_audit(struct db *db, struct proof *p, struct err *e)
{
	TRY(audit_prove(db, &p->audit, e));
	add_line(p, &(struct line){ "audit log", W_AUDIT, p->audit.rows, p->audit.rows, 0, 0, 0,
				    p->audit.broken_id == 0 });
	return RC_OK;
}

static enum rc open_db(const struct cli *c, struct db **ret, char folder[SUPERVISE_PATH_MAX],
		       struct err *e)
{
	const struct supervise_options o = { .data_dir = c->data_dir,
					     .config_file = c->config_file,
					     .args = c->sets,
					     .arg_count = c->set_count };
	char path[SUPERVISE_PATH_MAX], why[ERR_TEXT_MAX];
	bool damaged;

	TRY(supervise_folder(&o, folder, e));
	TRY(supervise_file(folder, "totem.db", path, e));
	TRY(damage_here(folder, &damaged, why, e));
	if (damaged) /* the numbers of what can still be read would fit */
		return FAIL(e, RC_IO,
			    "the database is damaged, nothing is proven (%.150s): totem check says "
			    "what to do",
			    why);
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

static void print(struct proof *p, bool to_the_end, const char *head)
{
	cli_table_print(&p->table);
	if (!to_the_end) {
		(void)printf("%s\n%s\n", WORDS[W_NOT_PROVEN][p->lang], WORDS[W_CURE][p->lang]);
		return;
	}
	if (p->audit.broken_id != 0)
		(void)printf("%s %lld\n", WORDS[W_AUDIT_BROKEN][p->lang],
			     (long long)p->audit.broken_id);
	(void)printf("%s %s\n", WORDS[W_AUDIT_HEAD][p->lang], head);
	(void)printf("%s\n", WORDS[p->broken ? W_NOT_ALL : W_ALL_THERE][p->lang]);
	if (p->broken)
		(void)printf("%s\n", WORDS[W_CURE][p->lang]);
}

int cmd_prove(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(64 * KIB);
	struct proof p = { .broken = false };
	const char *titles[W_STATE + 1];
	char head[2 * SHA256_BYTES + 1], folder[SUPERVISE_PATH_MAX], why[ERR_TEXT_MAX];
	struct err e = { .rc = RC_OK };
	struct db *db;
	enum rc rc;

	log_set_level(LOG_ERROR);
	if (c->word_count > 0)
		return cli_usage(c, "prove takes options only");
	if (!finding_lang(c, &p.lang))
		return CLI_EXIT_USAGE;
	if (open_db(c, &db, folder, &e) != RC_OK)
		return cli_fail(&e);
	for (size_t i = 0; i < COUNT(titles); i++)
		titles[i] = WORDS[i][p.lang];
	cli_table_begin(&p.table, titles, COUNT(titles));
	jsonw_init(&p.json, &text);
	jsonw_object(&p.json);
	jsonw_karray(&p.json, "data");
	rc = prove_all(db, &p, &e);
	if (rc != RC_OK && db_is_damaged(db))
		(void)damage_explains(folder, why); /* a server beside it sees the mark */
	db_close(db);
	jsonw_end(&p.json);
	enc_hex(p.audit.head, SHA256_BYTES, head);
	jsonw_ktext(&p.json, "audit_head", rc == RC_OK ? head : NULL);
	jsonw_kbool(&p.json, "ok", rc == RC_OK && !p.broken);
	jsonw_end(&p.json);
	if (c->json) {
		(void)printf("%s\n", sbuf_c(&text));
		sbuf_release(&p.table.cells);
	} else {
		print(&p, rc == RC_OK, head);
	}
	if (rc != RC_OK)
		return cli_fail(&e);
	return p.broken ? 1 : 0;
}
