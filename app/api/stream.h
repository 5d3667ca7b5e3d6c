/* stream.h - the event stream: topic events as server-sent events. */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "io/sse.h"

/* The source for sse_start; arg is struct app *. */
sse_source stream_source;
/* pass: the row of a session, or minus that of a token. */
sse_alive stream_alive;

#endif
