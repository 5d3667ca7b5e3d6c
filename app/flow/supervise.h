/* supervise.h - one Totem below its web side: folder, lock, key, store, configuration, workers, janitor.
 *
 *   supervise_libraries   once per process, before any thread
 *   supervise_open        data folder, lock, key, store, recovery, configuration       (CLI commands stop here)
 *   supervise_run         worker pools, janitor, the check of the file
 *   supervise_wait        signals and the watchdog of the service manager, until SIGTERM
 *   supervise_halt, _stop no new work; running work ends or is left to the next start
 *   supervise_close       store, lock
 *
 * The web listeners and the event stream belong to layers above: cli/serve.c starts them between run and wait. Nothing
 * at start takes long: the check of the whole file runs in the background, at the pace of the check of a backup (backup_check_pace). */
#ifndef FLOW_SUPERVISE_H
#define FLOW_SUPERVISE_H

#include "flow/app.h"

#define SUPERVISE_PATH_MAX 480
#define SUPERVISE_STOP_MS  5000 /* SIGTERM to exit, all parts together */
#define SUPERVISE_POOLS_MS 3500 /* of that for running calls to peers */

struct supervise_options {
	const char *
		data_dir; /* NULL: setting data_dir, else /var/lib/totem when it can be used, else ./totem-data */
	const char *config_file; /* NULL: none */
	const char *const *args; /* "key=value" */
	size_t arg_count;
	bool serve; /* false: one command, no threads */
};

struct supervise;
struct settings;

/* Signals are the caller's business: sys_signals_block before this. */
enum rc supervise_libraries(struct err *e) MUST_CHECK;
/* The folder that these options mean; makes nothing. */
enum rc supervise_folder(const struct supervise_options *o, char ret_path[SUPERVISE_PATH_MAX],
			 struct err *e) MUST_CHECK;
/* The settings of that folder as a server would read them, without opening it for writing; the caller frees. What cannot
 * be read (no database yet, a damaged one, no key file) is passed over. */
enum rc supervise_settings(const struct supervise_options *o, const char *folder,
			   struct settings **ret, struct err *e) MUST_CHECK;
/* A file in the folder: "totem.db". RC_INVALID: too long. */
enum rc supervise_file(const char *folder, const char *name, char ret_path[SUPERVISE_PATH_MAX],
		       struct err *e) MUST_CHECK;
/* RC_CONFLICT: another Totem serves this folder. The options and what they point to must live until close. */
enum rc supervise_open(const struct supervise_options *o, struct supervise **ret, struct err *e)
	MUST_CHECK;
enum rc supervise_run(struct supervise *s, struct err *e) MUST_CHECK;
/* What else a SIGHUP rereads, after the configuration. NULL: nothing. Before supervise_wait. */
void supervise_on_reload(struct supervise *s, void (*fn)(void *arg), void *arg);
/* Returns on SIGTERM or SIGINT. SIGHUP reloads the configuration. */
void supervise_wait(struct supervise *s);
/* First step of a stop: workers take nothing new. The web side may still answer. */
void supervise_halt(struct supervise *s);
/* False: calls to peers did not end in time; nothing may be freed, the process has to exit (nothing is lost: the next
 * start finds it as after a power cut). */
bool supervise_stop(struct supervise *s) MUST_CHECK;
void supervise_close(struct supervise *s);

struct app *supervise_app(struct supervise *s);
/* Whether the last run ended without supervise_close. */
bool supervise_was_unclean(const struct supervise *s);

#endif
