#include "store/recorder.h"

#include <stdlib.h>

#include "store/evidence/archive.h"
#include "store/evidence/chain.h"
#include "store/evidence/evidence.h"
#include "store/evidence/seen.h"
#include "store/evidence/tree.h"
#include "store/rows/income_days.h"
#include "store/rows/reading.h"
#include "store/rows/row_writer.h"
#include "store/rows/state_loader.h"
#include "store/rows/trip_parts.h"
#include "store/schema_check.h"

#define CAPTURE_ID_MAX (INT64_C(1) << 53) /* as many as JSON's numbers hold */

enum statement {
    SELECT_HEAD,
    SELECT_SAME_TIME,
    SELECT_DATA_VERSION,
    SELECT_EXCHANGE_INFO,
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_HEAD] = "SELECT capture_id, chain FROM capture ORDER BY capture_id DESC LIMIT 1",
    [SELECT_SAME_TIME] =
        ("SELECT s.capture_id, s.outcome, coalesce(s.detail, ''), y.sha256 FROM capture AS s "
         "LEFT JOIN payload AS y USING (payload_id) "
         "WHERE s.account_id = ? AND s.endpoint = ? AND s.received_ms = ?"),
    [SELECT_DATA_VERSION] = "PRAGMA data_version",
    [SELECT_EXCHANGE_INFO] =
        ("SELECT max(e.received_ms) FROM capture AS e JOIN account AS a USING (account_id) "
         "LEFT JOIN reading AS r USING (capture_id) WHERE e.endpoint = 'exchangeInfo' "
         "AND a.product = ? AND coalesce(r.outcome, e.outcome) = 'ok'"),
};

struct recorder {
    const struct database *database;
    bool compares_bytes;
    struct sha256 *sha256;
    struct archive *archive;
    struct tree *tree;
    struct row_writer *writer;
    sqlite3_stmt *insert; /* of a capture */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct text canonical; /* of the capture at hand */

    /* What is remembered of the database; NULL when it must be read again. */
    struct derivation *derivation;
    struct reading reading; /* of the capture at hand */
    int64_t last_reader;    /* who made the last captures' rows */
    int64_t data_version;
    int64_t last_capture_id;
    struct sha256_digest head;
    bool has_tree;               /* it stands at the head */
    struct seen seen;            /* of the time at which captures were compared last, */
    struct sha256_digest digest; /* and what the last of them says */
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
        recorder->tree = tree_new(database, recorder->sha256, error);
    }
    if (recorder->tree != NULL) {
        recorder->writer = row_writer_new(database, error);
    }
    bool ready = recorder->writer != NULL &&
                 (schema_check_tables(database, error) ||
                  error_context(error, "%s: nothing can be recorded", database->path)) &&
                 database_prepare_all(database, SQL, STATEMENT_COUNT, recorder->statements, error);
    if (ready) {
        recorder->insert = evidence_insert(database, EVIDENCE_CAPTURE, error);
    }
    if (recorder->insert == NULL) {
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
    seen_clear(&recorder->seen);
}

void recorder_free(struct recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    if (recorder->archive != NULL) {
        forget(recorder);
    }
    sqlite3_finalize(recorder->insert);
    statements_finalize(recorder->statements, STATEMENT_COUNT);
    row_writer_free(recorder->writer);
    tree_free(recorder->tree);
    archive_free(recorder->archive);
    sha256_free(recorder->sha256);
    text_free(&recorder->canonical);
    reading_free(&recorder->reading);
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

/* A file whose tree cannot be gone on with is recorded into all the same, and verify tells. */
static bool load_tree(struct recorder *recorder, struct error *error)
{
    recorder->has_tree = tree_load(recorder->tree, recorder->last_capture_id, error);
    return recorder->has_tree || error->kind == ERROR_FAILED;
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
    return recorder->derivation != NULL && row_writer_refresh(recorder->writer, error) &&
           state_load(recorder->database, recorder->derivation, STATE_NOW, error) &&
           state_load_indexes(recorder->database, recorder->derivation, error) &&
           reading_last_reader(recorder->database, &recorder->last_reader, error) &&
           load_head(recorder, error) && load_tree(recorder, error);
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

bool recorder_sum_up(struct recorder *recorder, struct error *error)
{
    if (!recorder_begin(recorder, error)) {
        return false;
    }
    if (!income_days_fill(recorder->database, false, NULL, error) ||
        !trip_parts_fill(recorder->database, error) ||
        !row_writer_refresh(recorder->writer, error)) {
        recorder_rollback(recorder);
        return false;
    }
    return recorder_commit(recorder, error);
}

static void bind_field(sqlite3_stmt *insert, int index, const struct capture *capture,
                       enum capture_field_id id)
{
    struct span text = {0};
    if (!capture_field_is_text(id)) {
        bind_maybe(insert, index, capture_number(capture, id));
    } else if (text = capture_text(capture, id), text.size > 0) {
        bind_span(insert, index, text);
    } else {
        sqlite3_bind_null(insert, index);
    }
}

static bool insert_capture(struct recorder *recorder, const struct account *account,
                           const struct capture *capture, const struct recorded *recorded,
                           struct maybe_int payload_id, struct error *error)
{
    sqlite3_stmt *insert = recorder->insert;
    struct span chain = {(const char *)recorder->head.bytes, SHA256_SIZE};
    bind_int(insert, CAPTURE_COLUMN_ID + 1, recorded->capture_id);
    bind_int(insert, CAPTURE_COLUMN_ACCOUNT_ID + 1, account->account_id);
    for (int i = 0; i < CAPTURE_FIELD_COUNT; i++) {
        bind_field(insert, CAPTURE_COLUMN_FIELDS + 1 + i, capture, (enum capture_field_id)i);
    }
    bind_int(insert, CAPTURE_COLUMN_ROW_COUNT + 1, recorded->row_count);
    bind_maybe(insert, CAPTURE_COLUMN_PAYLOAD_ID + 1, payload_id);
    bind_bytes(insert, CAPTURE_COLUMN_CHAIN + 1, chain);
    return database_write_row(recorder->database, insert, error);
}

/* The capture goes under the head, which becomes its link, and into the tree. */
static bool insert_link(struct recorder *recorder, const struct account *account,
                        const struct capture *capture, const struct recorded *recorded,
                        struct maybe_int payload_id, const struct sha256_digest *body,
                        struct error *error)
{
    const struct canonical said = {recorded->capture_id, account->product->name,
                                   recorded->row_count, capture};
    if (!canonical_write(&said, &recorder->canonical, error)) {
        return false;
    }
    struct span canonical = text_span(&recorder->canonical);
    return chain_next(recorder->sha256, &recorder->head, canonical, body, &recorder->head, error) &&
           insert_capture(recorder, account, capture, recorded, payload_id, error) &&
           (!recorder->has_tree || (tree_add(recorder->tree, canonical, body, error) &&
                                    tree_store(recorder->tree, error)));
}

/* What a capture says: its bytes, or, where there are none, its outcome and the reason. */
static bool digest_of(struct recorder *recorder, struct span outcome, struct span detail,
                      struct sha256_digest *digest, struct error *error)
{
    const struct span parts[] = {outcome, {"\n", 1}, detail};
    bool done = sha256_of(recorder->sha256, parts, 3, digest, error);
    digest->bytes[SHA256_SIZE - 1] ^= 1; /* the digest of no bytes */
    return done;
}

/* Reads which captures there are of the time of this one. */
static bool load_seen(struct recorder *recorder, const struct account *account,
                      const struct capture *capture, struct error *error)
{
    sqlite3_stmt *select = recorder->statements[SELECT_SAME_TIME];
    struct sha256_digest digest;
    enum step step;
    seen_clear(&recorder->seen);
    bind_int(select, 1, account->account_id);
    bind_span(select, 2, span_of(endpoint_name(capture->endpoint)));
    bind_int(select, 3, capture->received_ms);
    while ((step = database_step(recorder->database, select, error)) == STEP_ROW) {
        if (!sha256_from_bytes(column_span(select, 3), &digest) &&
            !digest_of(recorder, column_span(select, 1), column_span(select, 2), &digest, error)) {
            break;
        }
        if (!seen_add(&recorder->seen, &digest, sqlite3_column_int64(select, 0))) {
            error_no_memory(error);
            break;
        }
    }
    sqlite3_reset(select);
    recorder->seen.account_id = step == STEP_DONE ? account->account_id : 0;
    recorder->seen.endpoint = capture->endpoint;
    recorder->seen.received_ms = capture->received_ms;
    return step == STEP_DONE;
}

/* Whether the capture is recorded for its time already. */
static bool find_duplicate(struct recorder *recorder, const struct account *account,
                           const struct capture *capture, struct recorded *recorded,
                           struct error *error)
{
    struct span body = text_span(&capture->body), detail = text_span(&capture->detail);
    bool done = capture->has_body ? sha256_of(recorder->sha256, &body, 1, &recorder->digest, error)
                                  : digest_of(recorder, span_of(outcome_name(capture->outcome)),
                                              detail, &recorder->digest, error);
    if (!done || (!seen_is_of(&recorder->seen, account->account_id, capture) &&
                  !load_seen(recorder, account, capture, error))) {
        return false;
    }
    recorded->capture_id = seen_find(&recorder->seen, &recorder->digest);
    recorded->is_duplicate = recorded->capture_id != 0;
    return true;
}

/* Moves what was heard to a millisecond that nothing else of its kind has. A message that two
 * connections bring is one; each of their failures is its own. */
static bool find_free_ms(struct recorder *recorder, const struct account *account,
                         struct capture *capture, struct recorded *recorded, struct error *error)
{
    bool shares = capture->endpoint == ENDPOINT_USER_DATA, is_taken = true;
    while (is_taken) {
        if (!find_duplicate(recorder, account, capture, recorded, error)) {
            return false;
        }
        is_taken = shares ? recorded->is_duplicate && !capture->has_body : recorder->seen.count > 0;
        capture->received_ms += is_taken;
    }
    recorded->is_duplicate = recorded->is_duplicate && shares;
    return true;
}

/* Decides what a time means that cannot follow those that the account has, or may be taken. */
static bool place_in_time(struct recorder *recorder, enum record_mode mode,
                          const struct account *account, struct capture *capture,
                          struct recorded *recorded, struct error *error)
{
    int64_t earliest_ms = account_earliest_ms(account, capture);
    bool shares = capture->endpoint == ENDPOINT_USER_DATA; /* a millisecond with others */
    if (capture->received_ms < earliest_ms && mode == RECORD_LIVE) {
        capture->received_ms = earliest_ms;
        recorded->time_moved = !shares;
    }
    if (capture->received_ms > account->taken_ms[capture->endpoint] &&
        capture->received_ms >= earliest_ms) {
        return true;
    }
    if (mode == RECORD_LIVE) {
        return find_free_ms(recorder, account, capture, recorded, error);
    }
    if (!find_duplicate(recorder, account, capture, recorded, error)) {
        return false;
    }
    bool is_taken = recorder->seen.count > 0 && !shares;
    if (recorded->is_duplicate || (!is_taken && capture->received_ms >= earliest_ms)) {
        return true;
    }
    if (is_taken) {
        return error_set(error, ERROR_USAGE,
                         "account %s: capture %lld has the same received_ms %lld and other bytes",
                         text_string(&account->name), (long long)recorder->seen.last_capture_id,
                         (long long)capture->received_ms);
    }
    return error_set(error, ERROR_USAGE,
                     "account %s: received_ms %lld is before its last capture's %lld (sort by "
                     "time; to merge, export both and import into a new database)",
                     text_string(&account->name), (long long)capture->received_ms,
                     (long long)(capture->endpoint == ENDPOINT_TIMESTAMP
                                     ? account->last_ms[ENDPOINT_TIMESTAMP]
                                     : account_last_ms(account)));
}

static bool write_capture(struct recorder *recorder, struct account *account,
                          struct capture *capture, struct recorded *recorded, struct error *error)
{
    struct maybe_int payload_id = {0};
    struct sha256_digest digest = {0};
    struct reading *reading = &recorder->reading;
    if (!derivation_read(recorder->derivation, account, capture, reading, error)) {
        return false;
    }
    recorded->row_count = reading->row_count;
    if (capture->has_body) {
        payload_id.known = true;
        if (!archive_put(recorder->archive, account->account_id, capture, &payload_id.value,
                         &digest, error)) {
            return false;
        }
    }
    recorded->capture_id = recorder->last_capture_id + 1;
    if (recorder->last_reader != READER &&
        !reading_begin(recorder->database, recorded->capture_id, error)) {
        return false;
    }
    recorder->last_reader = READER;
    if (!insert_link(recorder, account, capture, recorded, payload_id, &digest, error) ||
        !derivation_put_rows(recorder->derivation, reading, recorded->capture_id, error)) {
        return false;
    }
    recorder->last_capture_id = recorded->capture_id;
    if (seen_is_of(&recorder->seen, account->account_id, capture) &&
        !seen_add(&recorder->seen, &recorder->digest, recorded->capture_id)) {
        return error_no_memory(error);
    }
    const struct row_counts *counts = &reading->counts;
    recorded->position_count = counts->rows[ROW_POSITION];
    recorded->valuation_count = counts->rows[ROW_VALUATION];
    recorded->income_count = counts->rows[ROW_INCOME];
    recorded->trade_count = counts->rows[ROW_TRADE];
    recorded->new_contract_count = counts->derived_contracts;
    return true;
}

/* The account, and where it is new and nobody says of which product, that which was asked. */
static struct account *account_of(struct recorder *recorder, const struct capture *capture,
                                  struct error *error)
{
    struct span name = text_span(&capture->account);
    const struct product *product = capture->product;
    if (product == NULL &&
        account_book_find(derivation_accounts(recorder->derivation), name) == NULL) {
        product = product_of_request(text_span(&capture->request));
    }
    return derivation_account(recorder->derivation, name, product, error);
}

bool recorder_append(struct recorder *recorder, enum record_mode mode, struct capture *capture,
                     struct recorded *recorded, struct error *error)
{
    *recorded = (struct recorded){0};
    struct account *account = account_of(recorder, capture, error);
    if (account == NULL ||
        (!account->is_loaded &&
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
    return account != NULL && account->is_loaded ? account : NULL;
}

const struct index_book *recorder_indexes(const struct recorder *recorder)
{
    return recorder->derivation != NULL ? derivation_indexes(recorder->derivation) : NULL;
}

bool recorder_exchange_info_ms(struct recorder *recorder, const struct product *product,
                               int64_t *received_ms, struct error *error)
{
    sqlite3_stmt *select = recorder->statements[SELECT_EXCHANGE_INFO];
    bind_span(select, 1, span_of(product->name));
    enum step step = database_step(recorder->database, select, error);
    if (step == STEP_ROW) {
        struct maybe_int last_ms = column_maybe(select, 0);
        *received_ms = last_ms.known ? last_ms.value : INT64_MIN;
    }
    sqlite3_reset(select);
    return step == STEP_ROW;
}
