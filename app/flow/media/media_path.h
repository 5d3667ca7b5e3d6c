/* media_path.h - where the bytes of a file lie; for media_store.c and media_sweep.c only. */
#ifndef FLOW_MEDIA_PATH_H
#define FLOW_MEDIA_PATH_H

#include "flow/media/media_store.h"

#define MEDIA_FILE_NAME (2 * MEDIA_SHA_BYTES + 1)

enum rc media_path_of(struct app *app, const struct media *m, char ret_folder[MEDIA_PATH_MAX],
		      char ret_name[MEDIA_FILE_NAME], struct err *e) MUST_CHECK;

#endif
