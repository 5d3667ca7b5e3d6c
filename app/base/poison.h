/* poison.h - functions that cannot be used safely; a use is refused by the compiler.
 *
 * Included at the end of base.h only, after the system headers that declare these words. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

/* No bound on what they write: sbuf_*, str_copy, snprintf. With _FORTIFY_SOURCE some compilers see macros. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets
/* A bound, but no end or a surprising one: str_copy. */
#pragma GCC poison strncpy strncat
/* Stack of unbounded size: arena_alloc. */
#undef alloca
#pragma GCC poison alloca
/* Numbers without errors: str_i64. */
#pragma GCC poison atoi atol atoll atof sscanf fscanf vsscanf vfscanf
/* Hidden state shared by threads, or the zone of the machine: clock_text, str_cut. */
#pragma GCC poison strtok gmtime localtime ctime asctime mktime
/* Names of files that somebody else may take first: mkdtemp, mkstemp. */
#pragma GCC poison mktemp tmpnam tempnam
/* Guessable: io/crypto. */
#pragma GCC poison rand srand drand48 lrand48

#endif
