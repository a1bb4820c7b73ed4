#include "store/recorder.h"

#include <stdlib.h>

#include "store/archive.h"
#include "store/chain.h"
#include "store/derivation.h"
#include "store/row_writer.h"
#include "store/schema_check.h"
#include "store/state_loader.h"

#define CAPTURE_ID_MAX (INT64_C(1) << 53) /* as many as JSON's numbers hold */

enum statement {
    INSERT_CAPTURE,
    SELECT_HEAD,
    SELECT_SAME_TIME,
    SELECT_DATA_VERSION,
    SELECT_EXCHANGE_INFO,
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    [INSERT_CAPTURE] =
        ("INSERT INTO capture (capture_id, account_id, endpoint, due_ms, sent_ms, received_ms, "
         "clock_offset_ms, interval_ms, attempt, outcome, http_status, api_code, detail, "
         "used_weight, request, row_count, payload_id, chain) "
         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    [SELECT_HEAD] = "SELECT capture_id, chain FROM capture ORDER BY capture_id DESC LIMIT 1",
    [SELECT_SAME_TIME] =
        ("SELECT s.capture_id, s.outcome, coalesce(s.detail, ''), y.sha256 FROM capture AS s "
         "LEFT JOIN payload AS y USING (payload_id) "
         "WHERE s.account_id = ? AND s.endpoint = ? AND s.received_ms = ?"),
    [SELECT_DATA_VERSION] = "PRAGMA data_version",
    [SELECT_EXCHANGE_INFO] =
        "SELECT max(received_ms) FROM capture WHERE endpoint = 'exchangeInfo' AND outcome = 'ok'",
};

struct recorder {
    const struct database *database;
    bool compares_bytes;
    struct sha256 *sha256;
    struct archive *archive;
    struct row_writer *writer;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct text canonical; /* scratch of the chain */

    /* What is remembered of the database; NULL when it must be read again. */
    struct derivation *derivation;
    int64_t data_version;
    int64_t last_capture_id;
    struct sha256_digest head;
};

struct recorder *recorder_new(const struct database *database, bool compares_bytes,
                              struct error *error)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (recorder == NULL) {
        error_no_memory(error);
        return NULL;
    }
    recorder->database = database;
    recorder->compares_bytes = compares_bytes;
    recorder->sha256 = sha256_new(error);
    if (recorder->sha256 != NULL) {
        recorder->archive = archive_new(database, recorder->sha256, error);
    }
    if (recorder->archive != NULL) {
        recorder->writer = row_writer_new(database, error);
    }
    bool ready = recorder->writer != NULL &&
                 (schema_check_tables(database, error) ||
                  error_context(error, "%s: nothing can be recorded", database->path));
    for (int i = 0; i < STATEMENT_COUNT && ready; i++) {
        recorder->statements[i] = database_prepare(database, SQL[i], error);
        ready = recorder->statements[i] != NULL;
    }
    if (!ready) {
        recorder_free(recorder);
        return NULL;
    }
    return recorder;
}

static void forget(struct recorder *recorder)
{
    derivation_free(recorder->derivation);
    recorder->derivation = NULL;
    archive_forget(recorder->archive);
}

void recorder_free(struct recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    if (recorder->archive != NULL) {
        forget(recorder);
    }
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(recorder->statements[i]);
    }
    row_writer_free(recorder->writer);
    archive_free(recorder->archive);
    sha256_free(recorder->sha256);
    text_free(&recorder->canonical);
    free(recorder);
}

static bool load_head(struct recorder *recorder, struct error *error)
{
    sqlite3_stmt *select = recorder->statements[SELECT_HEAD];
    recorder->last_capture_id = 0;
    recorder->head = (struct sha256_digest){0};
    enum step step = database_step(recorder->database, select, error);
    bool taken = step != STEP_FAILED;
    if (step == STEP_ROW) {
        recorder->last_capture_id = sqlite3_column_int64(select, 0);
        taken = (recorder->last_capture_id >= 1 && recorder->last_capture_id < CAPTURE_ID_MAX) ||
                error_set(error, ERROR_FAILED, "capture %lld cannot be (run 'posrec verify')",
                          (long long)recorder->last_capture_id);
        taken = taken && (sha256_from_bytes(column_span(select, 1), &recorder->head) ||
                          error_set(error, ERROR_FAILED,
                                    "the chain's head is damaged (run 'posrec verify')"));
    }
    sqlite3_reset(select);
    return taken;
}

/* Reads the state again when there is none, or when another connection has written meanwhile. */
static bool refresh(struct recorder *recorder, struct error *error)
{
    sqlite3_stmt *select = recorder->statements[SELECT_DATA_VERSION];
    enum step step = database_step(recorder->database, select, error);
    int64_t data_version = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_reset(select);
    if (step == STEP_FAILED) {
        return false;
    }
    if (recorder->derivation != NULL && recorder->data_version == data_version) {
        return true;
    }
    forget(recorder);
    recorder->data_version = data_version;
    recorder->derivation =
        derivation_new(row_writer_sink(recorder->writer), recorder->compares_bytes, error);
    return recorder->derivation != NULL &&
           state_load(recorder->database, recorder->derivation, STATE_NOW, error) &&
           load_head(recorder, error);
}

bool recorder_begin(struct recorder *recorder, struct error *error)
{
    if (!database_run(recorder->database, "BEGIN IMMEDIATE", error)) {
        return false;
    }
    if (!refresh(recorder, error)) {
        recorder_rollback(recorder);
        return false;
    }
    return true;
}

bool recorder_commit(struct recorder *recorder, struct error *error)
{
    return database_run(recorder->database, "COMMIT", error);
}

void recorder_rollback(struct recorder *recorder)
{
    /* Fails when SQLite has rolled back already, as it does when the disk is full. */
    sqlite3_exec(recorder->database->handle, "ROLLBACK", NULL, NULL, NULL);
    forget(recorder);
}

static bool link_capture(struct recorder *recorder, const struct capture *capture,
                         int64_t capture_id, int64_t row_count,
                         const struct sha256_digest *body_sha256, struct error *error)
{
    struct chain_link link = {capture_id, PRODUCT_COIN_M, row_count, capture, body_sha256};
    struct sha256_digest next;
    if (!chain_next(recorder->sha256, &recorder->head, &link, &recorder->canonical, &next, error)) {
        return false;
    }
    recorder->head = next;
    return true;
}

static bool insert_capture(struct recorder *recorder, const struct account *account,
                           const struct capture *capture, const struct recorded *recorded,
                           struct maybe_int payload_id, struct error *error)
{
    sqlite3_stmt *insert = recorder->statements[INSERT_CAPTURE];
    bind_int(insert, 1, recorded->capture_id);
    bind_int(insert, 2, account->account_id);
    bind_span(insert, 3, span_of(endpoint_name(capture->endpoint)));
    bind_maybe(insert, 4, capture->due_ms);
    bind_maybe(insert, 5, capture->sent_ms);
    bind_int(insert, 6, capture->received_ms);
    bind_maybe(insert, 7, capture->clock_offset_ms);
    bind_maybe(insert, 8, capture->interval_ms);
    bind_int(insert, 9, capture->attempt);
    bind_span(insert, 10, span_of(outcome_name(capture->outcome)));
    bind_maybe(insert, 11, capture->http_status);
    bind_maybe(insert, 12, capture->api_code);
    bind_text_or_null(insert, 13, &capture->detail);
    bind_maybe(insert, 14, capture->used_weight);
    bind_text_or_null(insert, 15, &capture->request);
    bind_int(insert, 16, recorded->row_count);
    bind_maybe(insert, 17, payload_id);
    bind_bytes(insert, 18, (struct span){(const char *)recorder->head.bytes, SHA256_SIZE});
    return database_write_row(recorder->database, insert, error);
}

/* Whether a stored capture of the same time is this one: the same bytes, or, where there are none,
 * the same outcome for the same reason. */
static bool is_same(const struct capture *capture, const struct sha256_digest *digest,
                    sqlite3_stmt *select)
{
    struct span sha256 = {(const char *)digest->bytes, capture->has_body ? SHA256_SIZE : 0};
    return span_equal(column_span(select, 3), sha256) &&
           (capture->has_body || (span_is(column_span(select, 1), outcome_name(capture->outcome)) &&
                                  span_equal(column_span(select, 2), text_span(&capture->detail))));
}

/* Whether the capture is recorded for its time already. */
static bool find_duplicate(struct recorder *recorder, const struct account *account,
                           const struct capture *capture, struct recorded *recorded,
                           struct error *error)
{
    struct span body = text_span(&capture->body);
    struct sha256_digest digest;
    if (!sha256_of(recorder->sha256, &body, 1, &digest, error)) {
        return false;
    }
    sqlite3_stmt *select = recorder->statements[SELECT_SAME_TIME];
    bind_int(select, 1, account->account_id);
    bind_span(select, 2, span_of(endpoint_name(capture->endpoint)));
    bind_int(select, 3, capture->received_ms);
    enum step step = STEP_DONE;
    while (!recorded->is_duplicate &&
           (step = database_step(recorder->database, select, error)) == STEP_ROW) {
        recorded->capture_id = sqlite3_column_int64(select, 0);
        recorded->is_duplicate = is_same(capture, &digest, select);
    }
    sqlite3_reset(select);
    return step != STEP_FAILED;
}

/* Decides what a time means that cannot follow those that the account has. */
static bool place_in_time(struct recorder *recorder, enum record_mode mode,
                          const struct account *account, struct capture *capture,
                          struct recorded *recorded, struct error *error)
{
    int64_t earliest_ms = account_earliest_ms(account, capture->endpoint);
    bool shares = capture->endpoint == ENDPOINT_USER_DATA; /* a millisecond with others */
    if (capture->received_ms < earliest_ms && mode == RECORD_LIVE) {
        capture->received_ms = earliest_ms;
        recorded->time_moved = !shares;
    }
    if (capture->received_ms > account->last_ms[capture->endpoint] &&
        capture->received_ms >= earliest_ms) {
        return true;
    }
    if (mode == RECORD_LIVE && !shares) {
        return true;
    }
    if (!find_duplicate(recorder, account, capture, recorded, error)) {
        return false;
    }
    if (recorded->is_duplicate || (shares && capture->received_ms >= earliest_ms)) {
        return true;
    }
    if (recorded->capture_id != 0 && !shares) {
        return error_set(error, ERROR_USAGE,
                         "account %s: capture %lld has the same received_ms %lld and other bytes",
                         text_string(&account->name), (long long)recorded->capture_id,
                         (long long)capture->received_ms);
    }
    return error_set(error, ERROR_USAGE,
                     "account %s: received_ms %lld is before its last capture's %lld (sort by "
                     "time; to merge, export both and import into a new database)",
                     text_string(&account->name), (long long)capture->received_ms,
                     (long long)account_last_ms(account));
}

static bool write_capture(struct recorder *recorder, struct account *account,
                          struct capture *capture, struct recorded *recorded, struct error *error)
{
    struct maybe_int payload_id = {0};
    struct sha256_digest digest;
    if (!derivation_read(recorder->derivation, account, capture, &recorded->row_count, error)) {
        return false;
    }
    if (capture->has_body) {
        payload_id.known = true;
        if (!archive_put(recorder->archive, account->account_id, capture->endpoint,
                         text_span(&capture->body), capture->outcome == OUTCOME_OK,
                         &payload_id.value, &digest, error)) {
            return false;
        }
    }
    recorded->capture_id = recorder->last_capture_id + 1;
    struct row_counts counts;
    if (!link_capture(recorder, capture, recorded->capture_id, recorded->row_count,
                      capture->has_body ? &digest : NULL, error) ||
        !insert_capture(recorder, account, capture, recorded, payload_id, error) ||
        !derivation_put_rows(recorder->derivation, account, capture, recorded->capture_id, &counts,
                             error)) {
        return false;
    }
    recorder->last_capture_id = recorded->capture_id;
    recorded->position_count = counts.rows[ROW_POSITION];
    recorded->valuation_count = counts.rows[ROW_VALUATION];
    recorded->income_count = counts.rows[ROW_INCOME];
    recorded->trade_count = counts.rows[ROW_TRADE];
    recorded->new_contract_count = counts.derived_contracts;
    return true;
}

bool recorder_append(struct recorder *recorder, enum record_mode mode, struct capture *capture,
                     struct recorded *recorded, struct error *error)
{
    *recorded = (struct recorded){0};
    struct account *account =
        derivation_account(recorder->derivation, text_span(&capture->account), error);
    if (account == NULL ||
        (account->ledger == NULL &&
         !state_load_ledger(recorder->database, recorder->derivation, account, STATE_NOW, error)) ||
        !place_in_time(recorder, mode, account, capture, recorded, error)) {
        return false;
    }
    return recorded->is_duplicate || write_capture(recorder, account, capture, recorded, error);
}

bool recorder_record(struct recorder *recorder, enum record_mode mode, struct capture *capture,
                     struct recorded *recorded, struct error *error)
{
    if (!recorder_begin(recorder, error)) {
        return false;
    }
    if (recorder_append(recorder, mode, capture, recorded, error) &&
        recorder_commit(recorder, error)) {
        return true;
    }
    recorder_rollback(recorder);
    return false;
}

const struct account *recorder_account(const struct recorder *recorder, struct span name)
{
    const struct account *account =
        recorder->derivation != NULL
            ? account_book_find(derivation_accounts(recorder->derivation), name)
            : NULL;
    return account != NULL && account->ledger != NULL ? account : NULL;
}

bool recorder_exchange_info_ms(struct recorder *recorder, int64_t *received_ms, struct error *error)
{
    sqlite3_stmt *select = recorder->statements[SELECT_EXCHANGE_INFO];
    enum step step = database_step(recorder->database, select, error);
    if (step == STEP_ROW) {
        struct maybe_int last_ms = column_maybe(select, 0);
        *received_ms = last_ms.known ? last_ms.value : INT64_MIN;
    }
    sqlite3_reset(select);
    return step == STEP_ROW;
}
