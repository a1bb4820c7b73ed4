/* How many descriptors it takes to record accounts. */
#pragma once

#include <stddef.h>

#include "exchange/endpoints.h"

struct descriptor_need {
    int64_t streams; /* a connection each */
    int64_t others;  /* requests, files, and what is replaced beside what it replaces */
};

struct descriptor_need descriptor_need_of(const struct account_settings *accounts, size_t count);
