/* help_text.h - the table of commands for other readers: completions of shells and the man page. `make docs` writes what
 * is in packaging/ from it; a test keeps it true. */
#ifndef CLI_HELP_TEXT_H
#define CLI_HELP_TEXT_H

#include "cli/cli.h"

void help_text_bash(struct sbuf *to);
void help_text_zsh(struct sbuf *to);
/* The section COMMANDS. */
void help_text_man(struct sbuf *to);

#endif
