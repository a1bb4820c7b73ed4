/* What went wrong, in one line, on its way up to the user.
 *
 * A function that can fail returns bool and fills a `struct error` that its caller owns. The text
 * is built where the cause is known; callers add what they were doing with error_context(); main
 * prints it once as `posrec: what: why (what to do)`. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#define ERROR_TEXT_SIZE 1024

enum error_kind {
    ERROR_NONE,
    ERROR_FAILED,      /* exit 1: something did not work */
    ERROR_USAGE,       /* exit 2: bad usage or config */
    ERROR_REFUSED,     /* exit 3: the exchange refuses this key or address */
    ERROR_NO_ROOM,     /* exit 1: the disk is full; the same call can work later */
    ERROR_LOCKED,      /* exit 1: another program holds the database; likewise */
    ERROR_NO_MEMORY,   /* exit 1 */
    ERROR_READER_GONE, /* exit 141, as of SIGPIPE: nobody reads the output any more, no error */
};

struct error {
    enum error_kind kind;
    char text[ERROR_TEXT_SIZE];
};

/* Sets kind and text, cutting the text at ERROR_TEXT_SIZE. Control characters become '?', so that
 * text from outside cannot break the line. Always returns false: `return error_set(...)`. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "CONTEXT: " before the text and keeps the kind. Always returns false. */
bool error_context(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For a write to `out` that failed just now, with errno as its cause: "output NAME: why", or
 * "output: why" where the name is NULL. ERROR_READER_GONE when it is a pipe whose reader has ended.
 * Always returns false. */
bool error_set_output(struct error *error, FILE *out, const char *name);

/* ERROR_NO_MEMORY with "out of memory". Always returns false. */
bool error_no_memory(struct error *error);
