/* export.h - any list as a file: ?format=csv (for people's spreadsheets) or jsonl (for programs). */
#ifndef API_EXPORT_H
#define API_EXPORT_H

#include "api/route.h"

#define EXPORT_PAGE 100       /* rows of one reading */
#define EXPORT_FULL (4 * MIB) /* no further page is read behind so much */

typedef void export_page_fn(struct call *c);

/* Answers c. Without `format` this is one call of `page`. With it `page` is called for each page of the list, from `after` on
 * to the end or as far as an answer may be long; then the header X-Next has the cursor of the rest. What is no list stays as
 * it is; another format is a 422. */
void export_run(struct call *c, export_page_fn *page);

#endif
