#include "store/capture_reader.h"

#include <stdlib.h>
#include <string.h>

#include "store/archive.h"

struct capture_reader {
    const struct database *database;
    struct sha256 *sha256;
    struct archive *archive;
    sqlite3_stmt *select;
};

/* The columns of SELECT. */
enum {
    STORED_ID,
    STORED_ACCOUNT_ID,
    STORED_ACCOUNT,
    STORED_PRODUCT,
    STORED_ENDPOINT,
    STORED_DUE_MS,
    STORED_SENT_MS,
    STORED_RECEIVED_MS,
    STORED_CLOCK_OFFSET_MS,
    STORED_INTERVAL_MS,
    STORED_ATTEMPT,
    STORED_OUTCOME,
    STORED_HTTP_STATUS,
    STORED_API_CODE,
    STORED_DETAIL,
    STORED_USED_WEIGHT,
    STORED_REQUEST,
    STORED_ROW_COUNT,
    STORED_PAYLOAD_ID,
    STORED_CHAIN,
};

static const char SELECT[] =
    "SELECT p.capture_id, p.account_id, a.name, a.product, p.endpoint, p.due_ms, p.sent_ms, "
    "p.received_ms, p.clock_offset_ms, p.interval_ms, p.attempt, p.outcome, p.http_status, "
    "p.api_code, p.detail, p.used_weight, p.request, p.row_count, p.payload_id, p.chain "
    "FROM capture AS p LEFT JOIN account AS a ON a.account_id = p.account_id "
    "WHERE p.capture_id >= ? ORDER BY p.capture_id LIMIT 1";

struct capture_reader *capture_reader_new(const struct database *database, struct error *error)
{
    struct capture_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        error_no_memory(error);
        return NULL;
    }
    reader->database = database;
    reader->sha256 = sha256_new(error);
    if (reader->sha256 != NULL) {
        reader->archive = archive_new(database, reader->sha256, error);
    }
    if (reader->archive != NULL) {
        reader->select = database_prepare(database, SELECT, error);
    }
    if (reader->select == NULL) {
        capture_reader_free(reader);
        return NULL;
    }
    return reader;
}

void capture_reader_free(struct capture_reader *reader)
{
    if (reader != NULL) {
        sqlite3_finalize(reader->select);
        archive_free(reader->archive);
        sha256_free(reader->sha256);
        free(reader);
    }
}

bool capture_reader_check_body(struct capture_reader *reader, const struct stored_capture *stored,
                               bool *intact, struct error *error)
{
    struct span body = text_span(&stored->capture.body);
    struct sha256_digest digest;
    if (!sha256_of(reader->sha256, &body, 1, &digest, error)) {
        return false;
    }
    *intact = sha256_equal(&digest, &stored->body_sha256);
    return true;
}

bool stored_capture_is_old_reading(const struct stored_capture *stored, enum outcome outcome,
                                   int64_t row_count)
{
    const struct capture *capture = &stored->capture;
    bool told_nothing = capture->outcome == OUTCOME_OK && stored->row_count == 0;
    return capture->endpoint == ENDPOINT_USER_DATA && told_nothing &&
           (outcome == OUTCOME_UNREADABLE || row_count > 0);
}

void stored_capture_free(struct stored_capture *stored)
{
    text_free(&stored->product);
    capture_free(&stored->capture);
}

static void take_text(sqlite3_stmt *select, int column, struct text *text)
{
    struct span value = column_span(select, column);
    text_clear(text);
    text_append(text, value.data, value.size);
}

/* Where there is nothing to say there is NULL: an empty text is none of posrec's. */
static bool is_empty_text(sqlite3_stmt *select, int column)
{
    return sqlite3_column_type(select, column) != SQLITE_NULL &&
           sqlite3_column_bytes(select, column) == 0;
}

static bool take_row(sqlite3_stmt *select, struct stored_capture *stored, struct error *error)
{
    struct capture *capture = &stored->capture;
    capture_clear(capture);
    stored->capture_id = sqlite3_column_int64(select, STORED_ID);
    stored->account_id = sqlite3_column_int64(select, STORED_ACCOUNT_ID);
    take_text(select, STORED_PRODUCT, &stored->product);
    stored->row_count = sqlite3_column_int64(select, STORED_ROW_COUNT);
    stored->payload_id = column_maybe(select, STORED_PAYLOAD_ID);
    take_text(select, STORED_ACCOUNT, &capture->account);
    capture->due_ms = column_maybe(select, STORED_DUE_MS);
    capture->sent_ms = column_maybe(select, STORED_SENT_MS);
    capture->received_ms = sqlite3_column_int64(select, STORED_RECEIVED_MS);
    capture->clock_offset_ms = column_maybe(select, STORED_CLOCK_OFFSET_MS);
    capture->interval_ms = column_maybe(select, STORED_INTERVAL_MS);
    capture->attempt = sqlite3_column_int64(select, STORED_ATTEMPT);
    capture->http_status = column_maybe(select, STORED_HTTP_STATUS);
    capture->api_code = column_maybe(select, STORED_API_CODE);
    take_text(select, STORED_DETAIL, &capture->detail);
    capture->used_weight = column_maybe(select, STORED_USED_WEIGHT);
    take_text(select, STORED_REQUEST, &capture->request);
    capture->has_body = stored->payload_id.known;
    if (capture_failed(capture) || stored->product.failed) {
        return error_no_memory(error);
    }
    if (!endpoint_from_name(column_span(select, STORED_ENDPOINT), &capture->endpoint) ||
        !outcome_from_name(column_span(select, STORED_OUTCOME), &capture->outcome) ||
        !sha256_from_bytes(column_span(select, STORED_CHAIN), &stored->chain)) {
        return error_set(error, ERROR_FAILED, "endpoint, outcome or chain is damaged");
    }
    return !(is_empty_text(select, STORED_DETAIL) || is_empty_text(select, STORED_REQUEST)) ||
           error_set(error, ERROR_FAILED, "detail or request is empty where it would be NULL");
}

static bool take_body(struct capture_reader *reader, struct stored_capture *stored,
                      struct error *error)
{
    stored->body_sha256 = (struct sha256_digest){0};
    return !stored->payload_id.known ||
           archive_get(reader->archive, stored->payload_id.value, &stored->capture.body,
                       &stored->body_sha256, error);
}

enum step capture_reader_get_from(struct capture_reader *reader, int64_t capture_id,
                                  struct stored_capture *stored, struct error *error)
{
    bind_int(reader->select, 1, capture_id);
    enum step step = database_step(reader->database, reader->select, error);
    if (step != STEP_ROW) {
        return step;
    }
    bool taken = take_row(reader->select, stored, error);
    sqlite3_reset(reader->select);
    if (taken && take_body(reader, stored, error)) {
        return STEP_ROW;
    }
    error_context(error, "capture %lld", (long long)stored->capture_id);
    return STEP_FAILED;
}

enum step capture_reader_get(struct capture_reader *reader, int64_t capture_id,
                             struct stored_capture *stored, struct error *error)
{
    enum step step = capture_reader_get_from(reader, capture_id, stored, error);
    return step == STEP_ROW && stored->capture_id != capture_id ? STEP_DONE : step;
}

enum step capture_reader_get_proven(struct capture_reader *reader, int64_t capture_id,
                                    struct stored_capture *stored, struct error *error)
{
    bool intact = true;
    enum step step = capture_reader_get(reader, capture_id, stored, error);
    if (step == STEP_ROW && stored->payload_id.known &&
        !capture_reader_check_body(reader, stored, &intact, error)) {
        return STEP_FAILED;
    }
    if (!intact) {
        error_set(error, ERROR_FAILED, "capture %lld: the body is not what was received",
                  (long long)capture_id);
        step = STEP_FAILED;
    }
    if (step == STEP_FAILED && error->kind == ERROR_FAILED &&
        strstr(error->text, "posrec verify") == NULL) {
        struct error cause = *error;
        error_set(error, ERROR_FAILED, "%s (run 'posrec verify')", cause.text);
    }
    return step;
}

bool capture_reader_visit(struct capture_reader *reader, const struct capture_range *range,
                          bool (*visit)(void *context, const struct stored_capture *stored,
                                        struct error *error),
                          void *context, struct error *error)
{
    sqlite3_stmt *ids = database_prepare(
        reader->database,
        "SELECT capture_id FROM capture WHERE received_ms BETWEEN ? AND ? AND (?3 = '' OR "
        "account_id = (SELECT account_id FROM account WHERE name = ?3)) ORDER BY capture_id",
        error);
    if (ids == NULL) {
        return false;
    }
    bind_int(ids, 1, range->from_ms);
    bind_int(ids, 2, range->to_ms);
    bind_span(ids, 3, range->account);
    struct stored_capture stored = {0};
    enum step step;
    bool going = true;
    while (going && (step = database_step(reader->database, ids, error)) == STEP_ROW) {
        int64_t capture_id = sqlite3_column_int64(ids, 0);
        enum step found = capture_reader_get_proven(reader, capture_id, &stored, error);
        going = found == STEP_ROW && visit(context, &stored, error);
        if (found == STEP_DONE) {
            error_set(error, ERROR_FAILED, "capture %lld is missing (run 'posrec verify')",
                      (long long)capture_id);
        }
    }
    stored_capture_free(&stored);
    sqlite3_finalize(ids);
    return going && step == STEP_DONE;
}
