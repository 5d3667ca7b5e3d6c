/* err.c - verdicts: names, exit codes, and the text that explains them. No shared state. */
#include "base/err.h"

#include <stdarg.h>

#include "base/enc.h"

/* The exit codes are those of sysexits.h where it has one. */
static const struct {
	const char *name;
	int exit_code;
} RCS[RC_COUNT] = {
	[RC_OK] = { "ok", 0 },
	[RC_ABSENT] = { "absent", 66 },     /* EX_NOINPUT */
	[RC_CONFLICT] = { "conflict", 73 }, /* EX_CANTCREAT */
	[RC_INVALID] = { "invalid", 65 },   /* EX_DATAERR */
	[RC_REFUSED] = { "refused", 77 },   /* EX_NOPERM */
	[RC_LIMIT] = { "limit", 69 },       /* EX_UNAVAILABLE */
	[RC_RETRY] = { "retry", 75 },       /* EX_TEMPFAIL */
	[RC_UNKNOWN] = { "unknown", 76 },   /* EX_PROTOCOL */
	[RC_IO] = { "io", 74 },             /* EX_IOERR */
};

/* Takes the first bytes of a character that did not fit off the end of a text of n bytes. */
static void err_cut_half(char *text, size_t n)
{
	size_t at = n;
	bool ok;

	while (at > 0 && n - at < 3 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)text[at - 1] >= 0xC0) {
		(void)enc_utf8_step(str_n(text + at - 1, n - at + 1), &ok);
		if (!ok)
			text[at - 1] = '\0';
	}
}

enum rc err_set(struct err *e, enum rc rc, const char *file, int line, const char *fmt, ...)
{
	va_list args;
	int n;

	ASSERT(rc > RC_OK && rc < RC_COUNT);
	ASSERT(fmt != NULL);
	if (e == NULL || e->rc != RC_OK)
		return rc;
	e->rc = rc;
	e->file = file;
	e->line = line;
	va_start(args, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, args);
	va_end(args);
	if (n < 0)
		e->text[0] = '\0';
	if (n >= (int)sizeof(e->text))
		err_cut_half(e->text, sizeof(e->text) - 1);
	return rc;
}

void err_clear(struct err *e)
{
	if (e == NULL)
		return;
	memset(e, 0, sizeof(*e));
}

const char *rc_name(enum rc rc)
{
	ASSERT(rc >= RC_OK && rc < RC_COUNT);
	return RCS[rc].name;
}

int rc_exit_code(enum rc rc)
{
	ASSERT(rc >= RC_OK && rc < RC_COUNT);
	return RCS[rc].exit_code;
}
