#include "store/verification.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/rows/state_loader.h"

static struct finding *finding_of(struct verification *run, enum verify_kind kind)
{
    return kind == VERIFY_OUTCOME || kind == VERIFY_ROWS || kind == VERIFY_TREE ? &run->of_rows
                                                                                : &run->of_evidence;
}

bool verification_found(struct verification *run, enum verify_kind kind, const char *format, ...)
{
    struct finding *finding = finding_of(run, kind);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->what, sizeof finding->what, format, arguments);
    va_end(arguments);
    finding->kind = kind;
    return false;
}

bool verification_found_at(struct verification *run, enum verify_kind kind, const char *what)
{
    struct finding *finding = finding_of(run, kind);
    finding->capture_id = maybe_of(run->stored.capture_id);
    finding->time_ms = maybe_of(run->stored.capture.received_ms);
    return verification_found(run, kind, "%s", what);
}

bool verification_found_instead(struct verification *run, enum verify_kind kind,
                                const struct error *why, struct error *error)
{
    if (why->kind == ERROR_FAILED) {
        return verification_found(run, kind, "%s", why->text);
    }
    *error = *why;
    return false;
}

bool verification_checks_all(const struct verification *run)
{
    return run->settings->from_capture_id <= 1;
}

bool verification_rows_failed(const struct verification *run)
{
    return run->of_rows.kind != VERIFY_SOUND;
}

bool verification_rows_stopped(struct verification *run, bool at_capture)
{
    const char *finding = row_checker_finding(run->checker);
    if (finding == NULL) {
        return false;
    }
    return at_capture ? verification_found_at(run, VERIFY_ROWS, finding)
                      : verification_found(run, VERIFY_ROWS, "%s", finding);
}

void verification_note_otherwise(struct verification *run, const char *what)
{
    if (run->report->read_otherwise[0] == '\0') {
        snprintf(run->report->read_otherwise, sizeof run->report->read_otherwise,
                 "capture %lld: %s", (long long)run->stored.capture_id, what);
    }
}

bool verification_take_root(struct verification *run, struct error *error)
{
    if (!run->report->has_root || !tree_root(run->tree, &run->report->root, error)) {
        return !run->report->has_root;
    }
    run->root_found |=
        run->settings->root != NULL && sha256_equal(&run->report->root, run->settings->root);
    return true;
}

void verification_tell(struct verification *run)
{
    struct verify_report *report = run->report;
    bool is_of_rows = report->evidence_sound && verification_rows_failed(run);
    const struct finding *finding = is_of_rows ? &run->of_rows : &run->of_evidence;
    report->kind = finding->kind;
    report->capture_id = finding->capture_id;
    report->time_ms = finding->time_ms;
    memcpy(report->what, finding->what, sizeof report->what);
}

/* The payload number reached before the first capture that is checked. An account's answers of one
 * endpoint never go back to an earlier payload, so it is that of one of the last of them; a message
 * that says what the last of its kind said, to the byte, does. */
static bool load_last_payload(struct verification *run, struct error *error)
{
    sqlite3_stmt *select = database_prepare(
        run->database,
        "SELECT max(iif(?1 = 'userData', (SELECT max(s.payload_id) FROM capture AS s "
        "WHERE s.account_id = a.account_id AND s.endpoint = ?1 AND +s.capture_id < ?2), "
        "(SELECT s.payload_id FROM capture AS s "
        "WHERE s.account_id = a.account_id AND s.endpoint = ?1 AND +s.capture_id < ?2 "
        "AND s.payload_id IS NOT NULL ORDER BY s.received_ms DESC LIMIT 1))) FROM account AS a",
        error);
    enum step step = select != NULL ? STEP_ROW : STEP_FAILED;
    for (int i = 0; i < ENDPOINT_COUNT && step != STEP_FAILED; i++) {
        bind_span(select, 1, span_of(endpoint_name((enum endpoint)i)));
        bind_int(select, 2, run->settings->from_capture_id);
        step = database_step(run->database, select, error);
        int64_t last = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
        run->last_payload_id = last > run->last_payload_id ? last : run->last_payload_id;
        sqlite3_reset(select);
    }
    sqlite3_finalize(select);
    return step != STEP_FAILED;
}

/* Nodes before the first capture that is checked are given, as it is. */
static bool load_tree(struct verification *run, struct error *error)
{
    struct error why;
    run->report->has_root = tree_load(run->tree, run->settings->from_capture_id - 1, &why);
    if (!run->report->has_root) {
        verification_found_instead(run, VERIFY_TREE, &why, error);
        return why.kind == ERROR_FAILED;
    }
    return verification_checks_all(run) || verification_take_root(run, error);
}

/* Where everything stood before the first capture that is checked. */
static bool load_start(struct verification *run, struct error *error)
{
    int64_t from = run->settings->from_capture_id;
    run->next_capture_id = from;
    if (verification_checks_all(run)) {
        return load_tree(run, error);
    }
    if (from > run->last_id) {
        return error_set(error, ERROR_USAGE,
                         "verify: --from: there is no capture %lld, the last is %lld",
                         (long long)from, (long long)run->last_id);
    }
    enum step step = capture_reader_get(run->reader, from - 1, &run->stored, error);
    if (step == STEP_DONE) {
        return error_set(error, ERROR_USAGE, "verify: --from: there is no capture %lld before it",
                         (long long)(from - 1));
    }
    run->report->head = run->stored.chain;
    bool done = step == STEP_ROW && load_tree(run, error) && load_last_payload(run, error) &&
                state_load(run->database, run->derivation, from, error);
    /* All of them now, while contracts are what they were then. */
    struct account_book *accounts = derivation_accounts(run->derivation);
    for (size_t i = 0; i < accounts->count && done; i++) {
        done = state_load_ledger(run->database, run->derivation, accounts->list[i], from, error);
    }
    return done;
}

bool verification_open(struct verification *run, struct error *error)
{
    run->sha256 = sha256_new(error);
    if (run->sha256 == NULL ||
        !database_integer(run->database, "SELECT max(capture_id) FROM capture", &run->last_id,
                          error)) {
        return false;
    }
    run->reader = capture_reader_new(run->database, error);
    run->tree = run->reader != NULL ? tree_new(run->database, run->sha256, error) : NULL;
    run->checker = row_checker_new(run->database, run->settings->from_capture_id, error);
    if (run->tree == NULL || run->checker == NULL) {
        return false;
    }
    run->derivation = derivation_new(row_checker_sink(run->checker), true, error);
    return run->derivation != NULL && load_start(run, error);
}

void verification_close(struct verification *run)
{
    derivation_free(run->derivation);
    row_checker_free(run->checker);
    capture_reader_free(run->reader);
    tree_free(run->tree);
    sha256_free(run->sha256);
    stored_capture_free(&run->stored);
    text_free(&run->present.detail);
    reading_free(&run->reading);
    text_free(&run->canonical);
    text_free(&run->view);
}
