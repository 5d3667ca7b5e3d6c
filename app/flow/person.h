/* person.h - everything that the box holds of one person, for that person: a tar archive, made while it leaves.
 *
 *   totem-person/README.txt              what the files are, in three languages
 *                contacts-0001.jsonl     rows of each part of person.def, a JSON object a line; 0002 ... when long
 *                media/<sha256>.<end>    the files of the messages that are kept
 *
 * Rows are whole: what is in a table is in the file. Raw requests that name others too come without their bytes (the
 * person's own messages stand in `messages`). Of groups only what the person wrote, did and read there.
 * Read in small steps, so that writers and the write-ahead log are not held up; what comes meanwhile may or may not be in.
 * Threads: any, each with its own struct. */
#ifndef FLOW_PERSON_H
#define FLOW_PERSON_H

#include "flow/app.h"
#include "io/tar.h"

struct person;

/* RC_ABSENT: there is no such contact. */
enum rc person_open(struct app *app, int64_t contact_id, struct person **ret, struct err *e)
	MUST_CHECK;
const char *person_name(
	const struct person *p); /* "totem-person-<id>": what the archive may be called */

struct person_counts {
	int64_t conversations, messages, files, file_bytes;
};
enum rc person_count(const struct person *p, struct person_counts *ret, struct err *e) MUST_CHECK;
/* RC_LIMIT: a page that is too long. RC_RETRY: the pace stopped it. */
enum rc person_write(const struct person *p, struct tempo *pace, tar_sink_fn *sink, void *arg,
		     struct err *e) MUST_CHECK;
void person_close(struct person *p); /* NULL: nothing */

#endif
