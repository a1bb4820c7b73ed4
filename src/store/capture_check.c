#include "store/capture_check.h"

#include <stdio.h>

#include "store/evidence/chain.h"
#include "store/rows/reading.h"

static bool check_payload(struct verification *run, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    bool intact;
    if (!stored->payload_id.known) {
        return true;
    }
    if (!capture_reader_check_body(run->reader, stored, &intact, error)) {
        return false;
    }
    if (!intact) {
        return verification_found_at(run, VERIFY_PAYLOAD,
                                     "the bytes do not have the SHA-256 on record");
    }
    if (stored->payload_id.value > run->last_payload_id + 1) {
        return verification_found_at(run, VERIFY_PAYLOAD, "its payload is not the next one");
    }
    if (stored->payload_id.value == run->last_payload_id + 1) {
        run->last_payload_id++;
        run->report->payloads++;
    }
    return true;
}

static bool check_link(struct verification *run, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    const struct canonical canonical = stored_capture_canonical(stored);
    struct sha256_digest next;
    if (!canonical_write(&canonical, &run->canonical, error) ||
        !chain_next(run->sha256, &run->report->head, text_span(&run->canonical),
                    &stored->body_sha256, &next, error)) {
        return false;
    }
    if (!sha256_equal(&next, &stored->chain)) {
        return verification_found_at(
            run, VERIFY_CHAIN, "the link does not follow from the capture and the link before it");
    }
    run->report->head = next;
    run->head_found |= run->settings->head != NULL && sha256_equal(&next, run->settings->head);
    return true;
}

/* The node that is wrong is named by its captures. One over captures that are given is given. */
static bool check_tree(struct verification *run, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    bool good = true;
    int level = 0;
    if (!run->report->has_root) {
        return true;
    }
    if (!tree_add(run->tree, text_span(&run->canonical), &stored->body_sha256, error) ||
        (run->settings->root != NULL && !verification_take_root(run, error)) ||
        (!verification_rows_failed(run) && !tree_check(run->tree, &good, &level, error))) {
        return false;
    }
    int64_t first = stored->capture_id - (INT64_C(1) << level) + 1;
    if (!good && first >= run->settings->from_capture_id) {
        char what[120];
        snprintf(what, sizeof what,
                 "the node over captures %lld to %lld is missing or not made of them",
                 (long long)first, (long long)stored->capture_id);
        verification_found_at(run, VERIFY_TREE, what);
    }
    return true;
}

/* Reads the capture again. One that an older posrec read otherwise goes by what its record says. */
static bool check_outcome(struct verification *run, struct account *account, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    struct capture *present = &run->present;
    if (!reading_of(run->derivation, account, stored, present, &run->reading, error)) {
        return false;
    }
    if (reading_is_recorded(stored, &run->reading)) {
        return true;
    }
    if (!run->is_others) {
        return verification_found_at(
            run, VERIFY_OUTCOME, "outcome, code or row count are not what is read in the bytes");
    }
    verification_note_otherwise(run, "its bytes are read otherwise now");
    if (stored->read_outcome != OUTCOME_OK || stored->read_row_count == 0) {
        present->outcome = OUTCOME_UNREADABLE; /* no rows were made of it */
    }
    return true;
}

/* The account, whose rows may have come to an end. */
static struct account *find_account(struct verification *run, struct error *error)
{
    struct span name = text_span(&run->stored.capture.account);
    struct account_book *accounts = derivation_accounts(run->derivation);
    if (!verification_rows_failed(run)) {
        return derivation_account(run->derivation, name, run->stored.capture.product, error);
    }
    struct account *account = account_book_find(accounts, name);
    if (account == NULL) {
        account = account_book_add(accounts, (int64_t)accounts->count + 1, name,
                                   run->stored.capture.product != NULL ? run->stored.capture.product
                                                                       : PRODUCT_DEFAULT);
    }
    if (account == NULL) {
        error_no_memory(error);
    }
    return account;
}

static bool check_place(struct verification *run, struct account **account, struct error *error)
{
    const struct capture *capture = &run->stored.capture;
    *account = find_account(run, error);
    if (*account == NULL) {
        return verification_rows_stopped(run, true);
    }
    if ((*account)->account_id != run->stored.account_id) {
        return verification_found_at(run, VERIFY_CHAIN, "account_id is not the one its name has");
    }
    return capture->received_ms >= account_earliest_ms(*account, capture) ||
           verification_found_at(run, VERIFY_CHAIN, "its time does not follow the captures before");
}

static bool check_rows(struct verification *run, struct account *account, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    run->is_others = stored->reader.known && stored->reader.value != READER;
    run->report->read_by_others += run->is_others;
    run->readings += stored->reading.known;
    row_checker_tolerate(run->checker, run->is_others);
    if (!check_outcome(run, account, error) ||
        !derivation_put_rows(run->derivation, &run->reading, stored->capture_id, error)) {
        return verification_rows_stopped(run, true);
    }
    const char *tolerated = row_checker_tolerated(run->checker);
    if (tolerated != NULL) {
        verification_note_otherwise(run, tolerated);
    }
    return true;
}

bool capture_check_next(struct verification *run, bool *more, struct error *error)
{
    struct error why;
    run->stored.capture_id = run->next_capture_id;
    enum step step = capture_reader_get_from(run->reader, run->next_capture_id, &run->stored, &why);
    *more = step != STEP_DONE;
    if (step == STEP_DONE) {
        return true;
    }
    if (step == STEP_FAILED) {
        run->of_evidence.capture_id = maybe_of(run->stored.capture_id);
        run->of_evidence.time_ms = maybe_of(run->stored.capture.received_ms);
        return verification_found_instead(run, VERIFY_PAYLOAD, &why, error);
    }
    if (run->stored.capture_id != run->next_capture_id) {
        run->of_evidence.capture_id = maybe_of(run->next_capture_id);
        return verification_found(run, VERIFY_CHAIN, "the capture is missing; the next is %lld",
                                  (long long)run->stored.capture_id);
    }
    struct account *account;
    if (!check_payload(run, error) || !check_link(run, error) || !check_tree(run, error) ||
        !check_place(run, &account, error)) {
        return false;
    }
    if (verification_rows_failed(run)) {
        account_note_capture(account, &run->stored.capture);
    } else if (!check_rows(run, account, error) && !verification_rows_failed(run)) {
        return false;
    }
    run->report->last_capture_id = run->next_capture_id++;
    run->report->captures++;
    if (run->settings->on_progress != NULL) {
        run->settings->on_progress(run->settings->context, run->report->captures,
                                   run->last_id - run->settings->from_capture_id + 1);
    }
    return true;
}
