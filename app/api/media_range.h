/* media_range.h - conditional and partial requests (RFC 9110 sections 13 and 14). Pure. */
#ifndef API_MEDIA_RANGE_H
#define API_MEDIA_RANGE_H

#include "base/str.h"

enum media_range { RANGE_WHOLE, RANGE_PART, RANGE_IMPOSSIBLE };

/* "bytes=0-499", "bytes=500-", "bytes=-500". Anything else, several ranges included, means the whole: section 14.2
 * lets a server ignore the header. RANGE_IMPOSSIBLE: 416. */
enum media_range media_range_parse(struct str header, int64_t bytes, int64_t *ret_from,
				   int64_t *ret_bytes);
/* Whether an If-None-Match list names this strong tag (with its quotes) or is "*"; weak comparison. */
bool media_range_matches(struct str header, struct str tag);

#endif
