/* damage.h - what the box does when its database is damaged: it changes nothing, keeps receiving, and says so.
 *
 * Found by SQLite in any statement, by the check after each start, by the check before each backup, or at the
 * start (a log that rotted or went, a file that is none, a file that is missing or empty where a box was: damage_gone). From then on:
 *
 *   - a file `damaged` in the data folder says why; it is there until a restore takes it away (none for a file that is
 *     missing: the box is whole again once the file is back)
 *   - no job runs, every change through the API is refused (503 "damaged"), /readyz says so, an incident too
 *   - webhooks are acknowledged as before, into `spool.db`, a fresh database of the same form, with the settings of
 *     the damaged one (or of the newest backup, where those cannot be read)
 *   - after `totem restore` the next start takes the spool over: each request is processed as if it came then; what
 *     the restored database knows already is recognized by its ids
 *
 * The damaged files stay as they are. Threads: damage_declare from any, the rest at start from the main thread. */
#ifndef FLOW_DAMAGE_H
#define FLOW_DAMAGE_H

#include "flow/app.h"

/* While the box runs; the first reason counts. Not from inside a unit. */
void damage_declare(struct app *app, const char *why);
/* Once a second: whether a statement met damage since, or a command beside it left the file `damaged`. */
void damage_watch(struct app *app);
/* Where webhooks are stored: the store, or the spool. */
struct store *damage_inbox(struct app *app);

/* totem.db is missing or empty, and yet a box was here: its key file, its log or a backup in backups/ is. A first start has
 * none of them (the key is made after the database), so this is no blank box, and taking it for one would lose everything
 * without a word. Or the log is missing and its index is not: SQLite removes it the other way round, so somebody else did,
 * after a stop that was none. To be asked before SQLite opens the file: it deletes the log beside an empty one, and makes
 * one where there is none. */
bool damage_gone(const char *data_dir, char ret_why[ERR_TEXT_MAX]);
/* Is this box damaged? Before the database is opened, by whoever holds the folder's lock: the file `damaged`, damage_gone,
 * or a log with lost commits. *ret_damaged with `ret_why`; leaves the file `damaged` where the next reader would take away
 * what shows it. */
enum rc damage_look(const char *data_dir, bool *ret_damaged, char ret_why[ERR_TEXT_MAX],
		    struct err *e) MUST_CHECK;
/* The same for a command that does not hold the folder's lock: with a server at work what that found counts, without one
 * the log is looked through. Changes nothing. Every command that reads or changes the database by itself asks first. */
enum rc damage_here(const char *data_dir, bool *ret_damaged, char ret_why[ERR_TEXT_MAX],
		    struct err *e) MUST_CHECK;
/* After opening it failed: is it damage? Leaves the file `damaged` if so. */
bool damage_explains(const char *data_dir, char ret_why[ERR_TEXT_MAX]);
/* The spool becomes the store of this run. */
enum rc damage_start(struct app *app, const char *why, struct err *e) MUST_CHECK;
/* Requests of an earlier spool go into the store; then it is removed. *ret_count: how many. */
enum rc damage_take_over(struct app *app, int64_t *ret_count, struct err *e) MUST_CHECK;
/* At the very end. */
void damage_close(struct app *app);

#endif
