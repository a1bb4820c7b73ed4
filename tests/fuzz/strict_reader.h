/* A second opinion on whether a body can be read: JSON by RFC 8259 to the letter, and what the
 * documentation lets an answer of positionRisk be. Shares nothing with posrec but this question, so
 * that both would have to be wrong in the same way. */
#ifndef FUZZ_STRICT_READER_H
#define FUZZ_STRICT_READER_H

#include <stddef.h>

enum verdict {
    VERDICT_NOT_JSON, /* must not be read */
    VERDICT_NO_ROWS,  /* JSON, but no list of rows: must not be read as one */
    VERDICT_ROWS,     /* must be read */
    VERDICT_JSON, /* JSON; whether it holds rows is not judged: half a surrogate pair, nesting or
                     numbers beyond what this reader follows */
};

/* The fields of rows that cannot have the value they have and are no keys; the first one's key as
 * written, without its quotes. */
struct strict_odd {
    size_t count;
    size_t element;
    const char *key;
    size_t key_size;
};

/* `odd` counts for rows only. */
enum verdict strict_verdict(const char *body, size_t size, struct strict_odd *odd);

#endif
