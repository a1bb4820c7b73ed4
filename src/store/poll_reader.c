#include "store/poll_reader.h"

#include <stdlib.h>

#include "store/archive.h"

struct poll_reader {
    const struct database *database;
    struct sha256 *sha256;
    struct archive *archive;
    sqlite3_stmt *select;
};

/* The columns of SELECT. */
enum {
    POLL_ID,
    POLL_ACCOUNT_ID,
    POLL_ACCOUNT,
    POLL_PRODUCT,
    POLL_ENDPOINT,
    POLL_DUE_MS,
    POLL_SENT_MS,
    POLL_RECEIVED_MS,
    POLL_CLOCK_OFFSET_MS,
    POLL_INTERVAL_MS,
    POLL_ATTEMPT,
    POLL_OUTCOME,
    POLL_HTTP_STATUS,
    POLL_API_CODE,
    POLL_DETAIL,
    POLL_USED_WEIGHT,
    POLL_REQUEST,
    POLL_ROW_COUNT,
    POLL_PAYLOAD_ID,
    POLL_CHAIN,
};

static const char SELECT[] =
    "SELECT p.poll_id, p.account_id, a.name, a.product, p.endpoint, p.due_ms, p.sent_ms, "
    "p.received_ms, p.clock_offset_ms, p.interval_ms, p.attempt, p.outcome, p.http_status, "
    "p.api_code, p.detail, p.used_weight, p.request, p.row_count, p.payload_id, p.chain "
    "FROM poll AS p LEFT JOIN account AS a ON a.account_id = p.account_id "
    "WHERE p.poll_id >= ? ORDER BY p.poll_id LIMIT 1";

struct poll_reader *poll_reader_new(const struct database *database, struct error *error)
{
    struct poll_reader *reader = calloc(1, sizeof *reader);
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
        poll_reader_free(reader);
        return NULL;
    }
    return reader;
}

void poll_reader_free(struct poll_reader *reader)
{
    if (reader != NULL) {
        sqlite3_finalize(reader->select);
        archive_free(reader->archive);
        sha256_free(reader->sha256);
        free(reader);
    }
}

bool poll_reader_check_body(struct poll_reader *reader, const struct stored_poll *poll,
                            bool *intact, struct error *error)
{
    struct span body = text_span(&poll->capture.body);
    struct sha256_digest digest;
    if (!sha256_of(reader->sha256, &body, 1, &digest, error)) {
        return false;
    }
    *intact = sha256_equal(&digest, &poll->body_sha256);
    return true;
}

void stored_poll_free(struct stored_poll *poll)
{
    text_free(&poll->product);
    capture_free(&poll->capture);
}

static void take_text(sqlite3_stmt *select, int column, struct text *text)
{
    struct span value = column_span(select, column);
    text_clear(text);
    text_append(text, value.data, value.size);
}

static bool take_row(sqlite3_stmt *select, struct stored_poll *poll, struct error *error)
{
    struct capture *capture = &poll->capture;
    capture_clear(capture);
    poll->poll_id = sqlite3_column_int64(select, POLL_ID);
    poll->account_id = sqlite3_column_int64(select, POLL_ACCOUNT_ID);
    take_text(select, POLL_PRODUCT, &poll->product);
    poll->row_count = sqlite3_column_int64(select, POLL_ROW_COUNT);
    poll->payload_id = column_maybe(select, POLL_PAYLOAD_ID);
    take_text(select, POLL_ACCOUNT, &capture->account);
    capture->due_ms = column_maybe(select, POLL_DUE_MS);
    capture->sent_ms = column_maybe(select, POLL_SENT_MS);
    capture->received_ms = sqlite3_column_int64(select, POLL_RECEIVED_MS);
    capture->clock_offset_ms = column_maybe(select, POLL_CLOCK_OFFSET_MS);
    capture->interval_ms = column_maybe(select, POLL_INTERVAL_MS);
    capture->attempt = sqlite3_column_int64(select, POLL_ATTEMPT);
    capture->http_status = column_maybe(select, POLL_HTTP_STATUS);
    capture->api_code = column_maybe(select, POLL_API_CODE);
    take_text(select, POLL_DETAIL, &capture->detail);
    capture->used_weight = column_maybe(select, POLL_USED_WEIGHT);
    take_text(select, POLL_REQUEST, &capture->request);
    capture->has_body = poll->payload_id.known;
    if (capture_failed(capture) || poll->product.failed) {
        return error_no_memory(error);
    }
    if (!endpoint_from_name(column_span(select, POLL_ENDPOINT), &capture->endpoint) ||
        !outcome_from_name(column_span(select, POLL_OUTCOME), &capture->outcome) ||
        !sha256_from_bytes(column_span(select, POLL_CHAIN), &poll->chain)) {
        return error_set(error, ERROR_FAILED, "endpoint, outcome or chain is damaged");
    }
    return true;
}

static bool take_body(struct poll_reader *reader, struct stored_poll *poll, struct error *error)
{
    poll->body_sha256 = (struct sha256_digest){0};
    return !poll->payload_id.known || archive_get(reader->archive, poll->payload_id.value,
                                                  &poll->capture.body, &poll->body_sha256, error);
}

enum step poll_reader_get_from(struct poll_reader *reader, int64_t poll_id,
                               struct stored_poll *poll, struct error *error)
{
    bind_int(reader->select, 1, poll_id);
    enum step step = database_step(reader->database, reader->select, error);
    if (step != STEP_ROW) {
        return step;
    }
    bool taken = take_row(reader->select, poll, error);
    sqlite3_reset(reader->select);
    if (taken && take_body(reader, poll, error)) {
        return STEP_ROW;
    }
    error_context(error, "poll %lld", (long long)poll->poll_id);
    return STEP_FAILED;
}

enum step poll_reader_get(struct poll_reader *reader, int64_t poll_id, struct stored_poll *poll,
                          struct error *error)
{
    enum step step = poll_reader_get_from(reader, poll_id, poll, error);
    return step == STEP_ROW && poll->poll_id != poll_id ? STEP_DONE : step;
}

bool poll_reader_visit(struct poll_reader *reader, const struct poll_range *range,
                       bool (*visit)(void *context, const struct stored_poll *poll,
                                     struct error *error),
                       void *context, struct error *error)
{
    sqlite3_stmt *ids = database_prepare(
        reader->database,
        "SELECT p.poll_id FROM account AS a JOIN poll AS p ON p.account_id = a.account_id "
        "WHERE p.received_ms BETWEEN ? AND ? AND (?3 = '' OR a.name = ?3) "
        "ORDER BY p.received_ms, p.poll_id",
        error);
    if (ids == NULL) {
        return false;
    }
    bind_int(ids, 1, range->from_ms);
    bind_int(ids, 2, range->to_ms);
    bind_span(ids, 3, range->account);
    struct stored_poll poll = {0};
    enum step step;
    bool going = true;
    while (going && (step = database_step(reader->database, ids, error)) == STEP_ROW) {
        int64_t poll_id = sqlite3_column_int64(ids, 0);
        enum step found = poll_reader_get(reader, poll_id, &poll, error);
        going = found == STEP_ROW && visit(context, &poll, error);
        if (found == STEP_DONE) {
            error_set(error, ERROR_FAILED, "poll %lld is missing (run 'posrec verify')",
                      (long long)poll_id);
        }
    }
    stored_poll_free(&poll);
    sqlite3_finalize(ids);
    return going && step == STEP_DONE;
}
