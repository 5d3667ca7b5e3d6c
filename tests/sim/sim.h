/* sim.h - the simulator: the real program (store, flow, api) in one thread over a scripted clock and network.
 *
 *   script.c  lines -> steps          run.c    the loop, the clock, the verbs
 *   box.c     start, kill -9, work    net.c    calls of the program: expected, standing, unexpected
 *   peers.c   the world outside: what Meta and Chatwoot have stored; survives a crash
 *   media.c   files: Meta's double, the data folder over a kill
 *   hooks.c   requests to the program door.c   looking into the database
 *   torture.c kills at random moments      errors.c  every error code of Meta
 *
 * clock.c and http.c replace those of the program at link time. The language: README.md. One scenario is one process;
 * what goes wrong ends it (fail). */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/arena.h"
#include "base/sbuf.h"
#include "flow/app.h"
#include "flow/work.h"
#include "io/http.h"
#include "io/json.h"
#include "io/jsonw.h"

#define SIM_STEPS_MAX 8192
#define SIM_WORDS_MAX 48
#define SIM_VARS_MAX  64
#define SIM_LOG_MAX   20
#define SIM_PATH_MAX  400
#define SIM_NEVER     INT64_MAX

enum peer {
	PEER_META,
	PEER_CHATWOOT,
	PEER_N8N,
	PEER_EVOLUTION,
	PEER_LOOKUP,
	PEER_SELF,
	PEER_COUNT
};

struct step {
	int line;
	int64_t from_ms, to_ms; /* wall; a window for expected calls */
	char *text;             /* without "at ..." */
	struct step *during;    /* steps that run while an expected call is under way */
	bool timed;             /* had its own "at" */
	bool claimed;           /* the expected call came */
};

/* The words of a line: blanks part them, quotes and braces hold together. */
struct words {
	struct str w[SIM_WORDS_MAX];
	size_t n;
};

struct var {
	char name[32];
	char value[256];
};

/* One call of the program to a peer. */
struct call_out {
	enum peer peer;
	const char *method;
	struct str path; /* with query */
	struct str body;
	const struct json *json; /* NULL: none */
	const struct http_request *request;
};

struct box;

struct sim {
	const char *file;
	struct arena arena; /* the script */
	struct step *steps[SIM_STEPS_MAX];
	size_t step_count;
	int line; /* of the step that runs, for messages */
	int64_t start_ms, now_ms;
	int64_t last_step_ms; /* of the step before */
	struct var vars[SIM_VARS_MAX];
	size_t var_count;
	char root[SIM_PATH_MAX]; /* folder of this scenario */
	struct box *box;
	bool crashed;    /* the files were taken; what the old process still does does not count */
	int64_t kill_in; /* readings of the clock until a kill; 0: none */
	uint32_t random;
	bool jitter; /* false: waits are exactly on the curve */
	char token[64];
	char log[SIM_LOG_MAX][400];
	size_t log_n;
	int requests; /* made to the program; numbers their ids */
	int hooks_signed;
};

extern struct sim sim;

NORETURN void fail(const char *fmt, ...) PRINTF(1, 2);
void note(const char *fmt, ...) PRINTF(1, 2); /* into the log that is shown on failure */

/* script.c */
void script_read(const char *path);
void words_of(const char *text, struct words *ret);
struct str word_value(const struct words *w, const char *key); /* key=value; STR_NONE */
bool word_there(const struct words *w, const char *word);
int64_t time_of(struct str text); /* "90s", "1m", "250ms" */
/* $name by variable, else by path in `json`, $n by counter; text in the scenario's arena. */
struct str expand(struct str text, const struct json *json);
void var_set(struct str name, struct str value);
struct str arrow_left(const char *text);  /* before " -> " */
struct str arrow_right(const char *text); /* after it; STR_NONE */

/* evolution.c */
void evolution_reset(void);
bool evolution_answer(const struct call_out *c, int *ret_status, struct sbuf *body);
int64_t evolution_count(struct str what); /* sends, twice, disorder */
void step_evolution_has(const struct words *w);

/* clock.c */
int64_t machine_mono_us(void);

/* box.c */
void box_open(void);
void box_kill(void);   /* takes the files as they are; may be called in the middle of anything */
void box_revive(void); /* if killed: throws the old process away, starts the new one */
void box_close(void);
struct app *box_app(void);
const char *box_database(char path[SIM_PATH_MAX]);
int64_t box_files(void); /* in the media folder */
void box_set(struct str key, struct str value);
void box_fact(const char *name, int64_t ms);
bool box_work_once(int depth); /* one round over all queues; true: something was done */
int64_t box_next_due(void);
void box_janitor(void);
bool box_idle(char *why, size_t max);

/* net.c */
enum rc net_call(const struct http_request *q, struct http_answer *ans, struct err *e);
bool peer_of(struct str name, enum peer *ret);
void net_default(const struct words *w, const char *text);
void net_nothing(enum peer p);
void net_overdue(void); /* fails when an expected call did not come */
int64_t net_calls(enum peer p);
void net_faults(int percent); /* torture: answers go wrong now and then */

/* peers.c */
void peers_reset(void);
/* The double's answer: status and body. True: it knows this call. */
bool peers_answer(const struct call_out *c, int *ret_status, struct sbuf *body);
void peers_note_send(const struct call_out *c, struct str wamid);
int64_t peers_count(struct str what);
int64_t peers_serial(const char *text); /* number at the end of a text, "message 12"; -1: none */
const char *peers_twice(void);          /* which text */
/* Statuses that Meta still owes: body of one webhook; false: none. */
bool peers_status_due(struct sbuf *body);
int peers_meta_sends_of(struct str text);
int peers_chatwoot_copies_of(struct str text);
int64_t peers_conversation_of(struct str phone);
int64_t peers_agent_says(int64_t conversation, struct str text); /* the id of the message there */

/* media.c */
void media_reset(void);
int64_t media_count(struct str what); /* uploads, resolves, downloads */
void media_content(struct str id, struct sbuf *to);
struct json *media_form_json(
	const struct http_form *f); /* a form as a call that can be looked at */
bool media_answer(const struct call_out *c, struct sbuf *body); /* false: not a media call */
enum rc media_sink(const struct http_request *q, struct http_answer *ans, struct err *e);
void media_hook_body(struct jsonw *w, const struct words *words);
void media_folder_copy(const char *from, const char *to);
void media_folder_remove(const char *dir);
int64_t media_folder_count(const char *dir);

/* hooks.c */
int request_in(const char *method, const char *path, struct str body, const struct http_header *h,
	       size_t n, struct sbuf *ret_body);
int hook_meta(struct str body);
int hook_evolution(struct str body, bool second);
int hook_chatwoot(struct str body, struct str delivery);
void step_hook(const struct words *w, const char *text);
void step_app(const struct words *w, const char *text);
void meta_text_body(struct sbuf *to, struct str from, struct str id, struct str text,
		    struct str number);
void chatwoot_message_body(struct sbuf *to, const struct words *w);

/* door.c */
void door_select(struct str sql, struct sbuf *to);
void step_db(const char *text);
void step_count(const struct words *w);
void prove(void);

/* run.c */
void run_all(void);
void step_exec(const struct step *s, int depth);
void work_until_idle(int depth);
void advance_to(int64_t at_ms);
void settle(int64_t until_ms); /* goes on while anything is due */

/* errors.c */
void errors_walk(void);

/* torture.c */
void torture(int64_t rounds, int64_t seed);

#endif
