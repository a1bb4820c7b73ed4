/* What verify works with, where it stands and what it has found. Of verify's own files. */
#pragma once

#include "store/evidence/capture_reader.h"
#include "store/evidence/tree.h"
#include "store/rows/row_checker.h"
#include "store/verify.h"

struct finding {
    enum verify_kind kind; /* VERIFY_SOUND: nothing was found */
    struct maybe_int capture_id, time_ms;
    char what[VERIFY_WHAT_SIZE];
};

struct verification {
    const struct database *database;
    const struct verify_settings *settings;
    struct verify_report *report;
    struct sha256 *sha256;
    struct capture_reader *reader;
    struct tree *tree;
    struct row_checker *checker;
    struct derivation *derivation;
    struct stored_capture stored; /* the one at hand */
    struct capture present;       /* as it is read now, */
    struct reading reading;       /* and what is read in it */
    int64_t readings;             /* captures that are read otherwise than their record says */
    bool is_others;               /* an older posrec made the rows of the one at hand */
    struct finding of_evidence;   /* the first ones; after one of rows the evidence alone is */
    struct finding of_rows;       /* checked, which may be sound all the same */
    struct text canonical;        /* of the one at hand */
    struct text view;             /* what is to be said of the views */
    int64_t next_capture_id;
    int64_t last_payload_id; /* payloads are numbered in the order of their first capture */
    int64_t last_id;         /* of the captures that there are */
    bool head_found, root_found;
};

/* Begins where the settings say. False when it cannot be carried through, or something is wrong
 * already. */
bool verification_open(struct verification *run, struct error *error);
void verification_close(struct verification *run);

/* Whether nothing is taken as given: then the file is checked as a whole too. */
bool verification_checks_all(const struct verification *run);

/* Whether something is wrong with the rows: then the evidence alone is checked. */
bool verification_rows_failed(const struct verification *run);

/* Notes the first thing wrong; returns false. */
bool verification_found(struct verification *run, enum verify_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Likewise, at the capture at hand. */
bool verification_found_at(struct verification *run, enum verify_kind kind, const char *what);

/* What kept a check from being carried through is a finding, when it lies in the database. */
bool verification_found_instead(struct verification *run, enum verify_kind kind,
                                const struct error *why, struct error *error);

/* What a step that stopped means: a finding of the row checker's, or a failure. */
bool verification_rows_stopped(struct verification *run, bool at_capture);

/* What an older posrec read otherwise is no finding, and is said once. */
void verification_note_otherwise(struct verification *run, const char *what);

/* The root after the captures so far; whether it is the one noted. */
bool verification_take_root(struct verification *run, struct error *error);

/* Tells what was found first, in the evidence before rows. */
void verification_tell(struct verification *run);
