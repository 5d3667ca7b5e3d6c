/* called.c - see called.h. */
#include "flow/outside/called.h"

#include "base/enc.h"
#include "io/http.h"

static enum rc called_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct worker_notes *n = arg;

	for (int i = 0; i < n->n; i++)
		TRY(peer_call_add(tx,
				  &(struct peer_call){ .message_id = n->note[i].message_id,
						       .at_ms = n->note[i].at_ms,
						       .took_ms = n->note[i].took_ms,
						       .status = n->note[i].status,
						       .target = str_of(n->note[i].target),
						       .class = str_of(n->note[i].class),
						       .answer = str_of(n->note[i].answer) },
				  e));
	return RC_OK;
}

/* A live secret in Chatwoot's objects (R22): what is shown ends before it. */
static struct str before_secret(struct str text)
{
	ptrdiff_t at = str_find(text, STR("\"pubsub_token\""));

	return at < 0 ? text : str_sub(text, 0, (size_t)at);
}

/* Text as it can be shown; what is none becomes marks. */
static void answer_copy(struct str from, char to[WORK_NOTE_ANSWER])
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * WORK_NOTE_ANSWER);
	struct str text;

	enc_utf8_clean(&b, before_secret(str_sub(from, 0, WORK_NOTE_ANSWER - 1)));
	text = str_sub(sbuf_view(&b), 0, WORK_NOTE_ANSWER - 1);
	while (text.n > 0 && text.n < b.n && ((unsigned char)b.p[text.n] & 0xC0) == 0x80)
		text.n--; /* not in the middle of a character */
	ASSERT(str_copy(text, to, WORK_NOTE_ANSWER));
}

void called_note(struct worker *w, const struct called_peer *c, const struct http_answer *ans,
		 int64_t now_ms)
{
	struct worker_notes *n = &w->notes;
	struct work_note *note;

	if (c->message_id == 0)
		return; /* a look around, about no message */
	if (n->rider.done)
		n->n = 0; /* they are written */
	if (n->n == WORK_NOTES)
		memmove(&n->note[0], &n->note[1], (size_t)--n->n * sizeof(n->note[0]));
	note = &n->note[n->n++];
	*note = (struct work_note){ .message_id = c->message_id,
				    .at_ms = now_ms - ans->duration_ms,
				    .took_ms = ans->duration_ms,
				    .status = c->rc == RC_OK ? ans->status : 0 };
	(void)snprintf(note->target, sizeof(note->target), "%s.%s", c->kind, c->slug);
	(void)snprintf(note->class, sizeof(note->class), "%s", c->class);
	answer_copy(c->rc == RC_OK ? sbuf_view(&ans->body) : str_of(c->why->text), note->answer);
	n->rider = (struct store_rider){ .unit = called_unit, .arg = n };
	store_ride(&n->rider);
}

void called_end(struct worker *w)
{
	store_ride(NULL);
	w->notes.n = 0;
	w->notes.rider.done = false;
}
