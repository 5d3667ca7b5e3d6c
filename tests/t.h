/* t.h - the test framework: a test is a sentence, runs in its own process and has its own folder.
 *
 *   TEST(a_lost_lease_is_told)
 *   {
 *           static const struct { const char *why; int in, out; } ROWS[] = { { "zero", 0, 0 } };
 *           EACH(r, ROWS)
 *                   CHECK_I64(r->why, f(r->in), r->out);
 *   }
 *
 * A check that fails is printed with its place and the test goes on; MUST ends the test. A test
 * without a check fails. Checks may be made from any thread. Limit: 20 s, 60 s with T_SLOW in the
 * environment. Program: [--list] [-j N] [part of a name]...; last line: "N passed, N failed". */
#ifndef T_H
#define T_H

#include "base/err.h"
#include "base/str.h"

struct t_test {
	const char *name;
	const char *file;
	int line;
	void (*run)(void);
	struct t_test *next;
};

#define TEST(sentence)                                                                          \
	static void sentence(void);                                                             \
	__attribute__((constructor)) static void t_register_##sentence(void)                    \
	{                                                                                       \
		static struct t_test test_ = { #sentence, __FILE__, __LINE__, sentence, NULL }; \
		t_register(&test_);                                                             \
	}                                                                                       \
	static void sentence(void)

#define EACH(row, rows) for (__typeof__(&(rows)[0]) row = (rows); row < (rows) + COUNT(rows); row++)

#define CHECK(cond) t_check((cond), __FILE__, __LINE__, #cond)
/* For places that should not be reached. */
#define T_FAIL(text) t_check(false, __FILE__, __LINE__, (text))
#define CHECK_I64(why, got, wanted) \
	t_check_i64(T_AT, (why), #got, (int64_t)(got), (int64_t)(wanted))
/* C texts; NULL equals only NULL. */
#define CHECK_STR(why, got, wanted) t_check_str(T_AT, (why), #got, str_of(got), str_of(wanted))
/* struct str, may hold NULs */
#define CHECK_SPAN(why, got, wanted) t_check_str(T_AT, (why), #got, (got), (wanted))
/* A verdict that has to be RC_OK; give &t_err to the call, so that its text is shown. */
#define MUST(call) t_must((call), __FILE__, __LINE__, #call)

struct t_at {
	const char *file;
	int line;
};
#define T_AT ((struct t_at){ __FILE__, __LINE__ })

extern struct err t_err; /* cleared before each test */

void t_register(struct t_test *t);
void t_check(bool ok, const char *file, int line, const char *text);
void t_check_i64(struct t_at at, const char *why, const char *what, int64_t got, int64_t wanted);
void t_check_str(struct t_at at, const char *why, const char *what, struct str got,
		 struct str wanted);
void t_must(enum rc rc, const char *file, int line, const char *call);
/* Folder of this test, empty at its start, removed after it. Absolute. */
const char *t_dir(void);
/* Turns bits of the byte at `at` of a file over, as a rotten disk does. */
void t_spoil(const char *path, int64_t at);
/* Runs fn in a child process; true when it ended by abort(), that is by ASSERT, BUG or NEVER. */
bool t_aborts(void (*fn)(void *arg), void *arg);
/* Runs fn in a child process and gives what it wrote to stderr, at most `max` - 1 bytes. */
size_t t_stderr_of(void (*fn)(void *arg), void *arg, char *ret_text, size_t max);
/* CPU time of this process in microseconds, for bounds that a busy machine does not move. */
int64_t t_cpu_us(void);

#endif
