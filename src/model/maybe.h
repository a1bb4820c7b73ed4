/* An integer that may be unknown: a NULL in the database, absent or null in JSON. Never 0 instead.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct maybe_int {
    bool known;
    int64_t value;
};

static inline struct maybe_int maybe_of(int64_t value)
{
    return (struct maybe_int){true, value};
}

static inline bool maybe_equal(struct maybe_int a, struct maybe_int b)
{
    return a.known == b.known && (!a.known || a.value == b.value);
}
