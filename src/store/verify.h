/* Proves a database: its file, its schema, every link of the chain, every payload, the tree over
 * all captures, and all rows derived again from the bytes. All of one moment, while others may
 * write. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "model/maybe.h"
#include "store/file/database.h"
#include "store/seals.h"

#define VERIFY_WHAT_SIZE 600

/* What kind of thing is wrong. */
enum verify_kind {
    VERIFY_SOUND,
    VERIFY_INTEGRITY,   /* SQLite's own check of the file */
    VERIFY_FOREIGN_KEY, /* a row refers to one that is not there */
    VERIFY_SCHEMA,      /* migrations, tables, indexes, triggers; views, when all else is sound */
    VERIFY_CHAIN,       /* a capture is missing, added, swapped or changed */
    VERIFY_PAYLOAD,     /* bytes are not those that were received */
    VERIFY_OUTCOME,     /* outcome, code or row count are not what is read in the bytes */
    VERIFY_TREE,        /* a node of the tree is missing, changed or too many */
    VERIFY_ROWS,        /* a derived row is missing, changed or too many */
    VERIFY_HEAD,        /* the history up to the noted head is not there any more */
    VERIFY_ROOT,        /* nor that of the noted root */
    VERIFY_SEAL,        /* a seal is of another history, or not by an authority that is trusted */
    VERIFY_SEAL_ROOT,   /* one was made over a damaged tree: it fixes the chain, not its root */
};

struct verify_settings {
    int64_t from_capture_id;             /* 1 for all; what is before, and the file, is given */
    const struct sha256_digest *head;    /* a link that must be there; NULL for none */
    const struct sha256_digest *root;    /* likewise the tree's root after some capture */
    const struct timestamp_trust *trust; /* whom seals must lead to; NULL: they are not checked */
    void *context;                       /* of the callback, which may be NULL */
    void (*on_progress)(void *context, int64_t done, int64_t total);
};

struct verify_report {
    bool evidence_sound;         /* captures, payloads, links, the file and its tables */
    bool rows_sound;             /* and the rows are what is read in them */
    enum verify_kind kind;       /* of the first thing wrong, in the evidence before others */
    struct maybe_int capture_id; /* where it is, when it is at a capture */
    struct maybe_int time_ms;    /* that capture's received_ms */
    char what[VERIFY_WHAT_SIZE]; /* in words */

    int64_t captures; /* that were checked and found sound */
    int64_t payloads;
    int64_t positions;
    int64_t valuations;
    int64_t rows;            /* of all derived tables */
    int64_t last_capture_id; /* 0 for an empty database */
    struct sha256_digest head;
    bool has_root; /* it is known; not where what is before --from lacks nodes */
    struct sha256_digest root;

    struct seals_report seals; /* where they are checked */

    int64_t read_by_others;                /* of the captures checked, by an older posrec */
    char read_otherwise[VERIFY_WHAT_SIZE]; /* what that read otherwise first; "" for nothing */
};

const char *verify_kind_name(enum verify_kind kind);

/* Fills the report. False with the error set only when it could not be carried through. */
bool verify_database(const struct database *database, const struct verify_settings *settings,
                     struct verify_report *report, struct error *error);
