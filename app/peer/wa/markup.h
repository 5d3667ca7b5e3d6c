/* markup.h - WhatsApp's text marks to Markdown (Chatwoot, CommonMark) and back.
 *
 *   WhatsApp     Markdown                        WhatsApp      Markdown
 *   *bold*       **bold**, __bold__ (back only)  `code`        `code`
 *   _italic_     _italic_, *italic* (back only)  ```code```    ```code``` (nothing inside is
 * touched) ~struck~     ~~struck~~                      > quote       > quote
 *
 * Back only: ***x*** to *_x_*, "# title" to *title*, "* item" to "- item", [label](url) to "label
 * (url)", <https://x> to https://x, escapes ("\*" to "*"), hard breaks (backslash or two blanks
 * before the line's end) to a plain line end. A mark counts only when it stands at a word's edge,
 * touches the text inside, and closes on its own line; anything unbalanced stays as it is. Linear
 * in the length; nesting deeper than MARKUP_DEPTH_MAX is copied. Bytes that are not marks pass
 * unchanged, whatever they are. The sbuf's ceiling applies. Pure. */
#ifndef PEER_MARKUP_H
#define PEER_MARKUP_H

#include "base/sbuf.h"

#define MARKUP_DEPTH_MAX 8

void markup_to_markdown(struct str whatsapp, struct sbuf *to);
void markup_to_whatsapp(struct str markdown, struct sbuf *to);

#endif
