/* tables.h - a database that has its tables already. Making them is most of the time of a small test: a program makes them once
 * and copies the file for each world. Not for tests of migrations and of the very first start. */
#ifndef TESTS_TABLES_H
#define TESTS_TABLES_H

#include "base/err.h"

/* Puts a file at the path, whose folder exists, unless there is one already. One thread. */
enum rc tables_put(const char *path, int64_t now_ms, struct err *e) MUST_CHECK;

#endif
