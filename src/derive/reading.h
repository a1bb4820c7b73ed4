/* What a capture's body says, by its endpoint and its account's product: read, and not yet made
 * rows of. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "derive/account_book.h"
#include "derive/contract_deriver.h"
#include "derive/element_list.h"
#include "model/capture.h"
#include "model/facts.h"
#include "model/row_kinds.h"

struct row_counts {
    int64_t rows[ROW_KIND_COUNT];
    int64_t derived_contracts; /* new ones, known by name alone */
};

/* A capture as it was read, zeroed at first. What is in it holds until the next one is read, or
 * the bytes go. */
struct reading {
    struct account *account; /* whose it is */
    struct capture *capture;
    int64_t row_count; /* of its body */
    struct odd_fields odd;
    struct facts facts;
    struct element_reading positions, assets, margins, configs, settings;
    struct object total;      /* what an account comes to, where the product says it, ... */
    struct text total_text;   /* ... and the members that say it */
    struct row_counts counts; /* of the rows that were put */
};

/* Frees what a reading holds itself. */
void reading_free(struct reading *reading);

/* Reads the body of `capture`, whose outcome is OK, otherwise nothing: as derivation_read(). */
bool reading_read(struct reading *reading, struct account *account, struct capture *capture,
                  struct contract_deriver *contracts, struct error *error);
