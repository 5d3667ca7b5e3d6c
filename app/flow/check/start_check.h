/* start_check.h - the database is looked through once after each start, in the background.
 *
 * A page that rotted while nobody looked is found before somebody needs it; after an unclean stop, where SQLite needs no
 * repair, so is a disk that lies. It gives way as the check of a backup does (backup_check_pace, lowest priority). Damage is declared
 * (flow/damage/damage.h); a whole database closes the incident, and the note `unclean` goes. */
#ifndef FLOW_START_CHECK_H
#define FLOW_START_CHECK_H

#include "flow/app.h"

struct start_check;
/* After the store runs. */
enum rc start_check_begin(struct app *app, struct start_check **ret, struct err *e) MUST_CHECK;
/* Stops and waits for it; NULL: nothing. Before the store is closed. */
void start_check_end(struct start_check *c);

#endif
