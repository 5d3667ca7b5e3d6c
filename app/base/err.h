/* err.h - verdicts and the error that explains them.
 *
 * The verdict (enum rc) decides what happens next; the text only explains. Callers never look into
 * the text. `struct err` lives on the caller's stack and is filled by the function that knows;
 * the first error wins. Verdict -> HTTP status, exit code and log level: one function each. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

enum rc {
	RC_OK = 0,
	RC_ABSENT,   /* nothing there, nothing due, end of rows */
	RC_CONFLICT, /* somebody was first: lost lease, key used with another body, wrong state */
	RC_INVALID,  /* the input breaks a rule; the same input will break it again */
	RC_REFUSED,  /* not allowed: wrong token, wrong role, closed window */
	RC_LIMIT,    /* a named ceiling was reached; nothing was changed */
	RC_RETRY,    /* weather: the same thing may work later */
	RC_UNKNOWN,  /* it may or may not have happened (a send that timed out) */
	RC_IO,       /* our own disk or library failed */
	RC_COUNT
};

#define ERR_TEXT_MAX 240

struct err {
	enum rc rc;
	int line;
	const char *file;        /* static text */
	char text[ERR_TEXT_MAX]; /* one sentence, no secrets, no message bodies */
};

/* Fills `e` (when not NULL and still empty) and returns rc: `return FAIL(e, RC_IO, "...", ...)`. */
#ifndef __clang_analyzer__
#define FAIL(e, rc, ...) err_set((e), (rc), __FILE__, __LINE__, __VA_ARGS__)
#else
/* The same, with what err_set asserts said where the analyzer sees it. */
#define FAIL(e, verdict, ...)                                                  \
	({                                                                     \
		const enum rc fail_rc_ = (verdict);                            \
		(void)err_set((e), fail_rc_, __FILE__, __LINE__, __VA_ARGS__); \
		ASSERT(fail_rc_ != RC_OK);                                     \
		fail_rc_;                                                      \
	})
#endif

/* The only macro with a hidden return: passes on every verdict but RC_OK. */
#define TRY(call)                         \
	do {                              \
		enum rc try_rc_ = (call); \
		if (try_rc_ != RC_OK)     \
			return try_rc_;   \
	} while (0)

enum rc err_set(struct err *e, enum rc rc, const char *file, int line, const char *fmt, ...)
	PRINTF(5, 6);
void err_clear(struct err *e);
const char *rc_name(enum rc rc); /* "retry" */
int rc_exit_code(enum rc rc);    /* sysexits-like, for the CLI */

#endif
