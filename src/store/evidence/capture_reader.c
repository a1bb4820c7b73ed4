#include "store/evidence/capture_reader.h"

#include <stdlib.h>
#include <string.h>

#include "model/product.h"
#include "store/evidence/archive.h"
#include "store/evidence/evidence.h"

struct capture_reader {
    const struct database *database;
    struct sha256 *sha256;
    struct archive *archive;
    sqlite3_stmt *select;
    sqlite3_stmt *select_sha256;
};

/* The columns of the SELECT: the capture's own, then these. */
enum {
    STORED_ACCOUNT = CAPTURE_COLUMN_COUNT,
    STORED_PRODUCT,
    STORED_READER,
    STORED_READING,
    STORED_READ_OUTCOME,
    STORED_READ_DETAIL,
    STORED_READ_ROW_COUNT,
};

static sqlite3_stmt *prepare(const struct database *database, struct error *error)
{
    struct text sql = {0};
    text_append_string(&sql, "SELECT ");
    for (int i = 0; i < CAPTURE_COLUMN_COUNT; i++) {
        text_printf(&sql, "p.%s, ", evidence_column(EVIDENCE_CAPTURE, i));
    }
    text_append_string(&sql,
                       "a.name, a.product, "
                       "(SELECT b.reader FROM read_by AS b WHERE b.from_capture_id <= p.capture_id "
                       "ORDER BY b.from_capture_id DESC LIMIT 1), r.reader, r.outcome, r.detail, "
                       "r.row_count "
                       "FROM capture AS p LEFT JOIN account AS a ON a.account_id = p.account_id "
                       "LEFT JOIN reading AS r ON r.capture_id = p.capture_id "
                       "WHERE p.capture_id >= ? ORDER BY p.capture_id LIMIT 1");
    return database_prepare_text(database, &sql, error);
}

struct capture_reader *capture_reader_new(const struct database *database, struct error *error)
{
    struct capture_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        error_no_memory(error);
        return NULL;
    }
    reader->database = database;
    reader->select_sha256 =
        database_prepare(database, "SELECT sha256 FROM payload WHERE payload_id = ?", error);
    if (reader->select_sha256 != NULL) {
        reader->select = prepare(database, error);
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
        sqlite3_finalize(reader->select_sha256);
        archive_free(reader->archive);
        sha256_free(reader->sha256);
        free(reader);
    }
}

/* What bodies are read with is made for the first one. */
static bool open_archive(struct capture_reader *reader, struct error *error)
{
    if (reader->sha256 == NULL) {
        reader->sha256 = sha256_new(error);
    }
    if (reader->sha256 != NULL && reader->archive == NULL) {
        reader->archive = archive_new(reader->database, reader->sha256, error);
    }
    return reader->archive != NULL;
}

bool capture_reader_check_body(struct capture_reader *reader, const struct stored_capture *stored,
                               bool *intact, struct error *error)
{
    struct span body = text_span(&stored->capture.body);
    struct sha256_digest digest;
    if (!open_archive(reader, error) || !sha256_of(reader->sha256, &body, 1, &digest, error)) {
        return false;
    }
    *intact = sha256_equal(&digest, &stored->body_sha256);
    return true;
}

struct canonical stored_capture_canonical(const struct stored_capture *stored)
{
    return (struct canonical){
        .capture_id = stored->capture_id,
        .product = text_string(&stored->product),
        .row_count = stored->row_count,
        .capture = &stored->capture,
    };
}

void stored_capture_free(struct stored_capture *stored)
{
    text_free(&stored->product);
    text_free(&stored->read_detail);
    capture_free(&stored->capture);
}

/* Where there is nothing to say there is NULL: an empty text is none of posrec's. */
static bool take_field(sqlite3_stmt *select, struct capture *capture, enum capture_field_id id,
                       struct error *error)
{
    int column = CAPTURE_COLUMN_FIELDS + (int)id;
    if (!capture_field_is_text(id)) {
        capture_set_number(capture, id, column_maybe(select, column));
        return true;
    }
    struct span text = column_span(select, column);
    if (!capture_set_text(capture, id, text)) {
        return error_set(error, ERROR_FAILED, "endpoint, outcome or chain is damaged");
    }
    return text.size > 0 || sqlite3_column_type(select, column) == SQLITE_NULL ||
           error_set(error, ERROR_FAILED, "detail or request is empty where it would be NULL");
}

/* How the capture was read last: as its record says where nothing else was noted since. */
static bool take_reading(sqlite3_stmt *select, struct stored_capture *stored)
{
    stored->reader = column_maybe(select, STORED_READER);
    stored->reading = column_maybe(select, STORED_READING);
    text_set(&stored->read_detail, column_span(select, STORED_READ_DETAIL));
    stored->read_outcome = stored->capture.outcome;
    stored->read_row_count = stored->row_count;
    if (!stored->reading.known) {
        return true;
    }
    stored->read_row_count = sqlite3_column_int64(select, STORED_READ_ROW_COUNT);
    return outcome_from_name(column_span(select, STORED_READ_OUTCOME), &stored->read_outcome);
}

static bool take_row(sqlite3_stmt *select, struct stored_capture *stored, struct error *error)
{
    struct capture *capture = &stored->capture;
    capture_clear(capture);
    stored->capture_id = sqlite3_column_int64(select, CAPTURE_COLUMN_ID);
    stored->account_id = sqlite3_column_int64(select, CAPTURE_COLUMN_ACCOUNT_ID);
    stored->row_count = sqlite3_column_int64(select, CAPTURE_COLUMN_ROW_COUNT);
    stored->payload_id = column_maybe(select, CAPTURE_COLUMN_PAYLOAD_ID);
    capture->has_body = stored->payload_id.known;
    text_set(&capture->account, column_span(select, STORED_ACCOUNT));
    text_set(&stored->product, column_span(select, STORED_PRODUCT));
    capture->product = product_find(text_span(&stored->product));
    for (int i = 0; i < CAPTURE_FIELD_COUNT; i++) {
        if (!take_field(select, capture, (enum capture_field_id)i, error)) {
            return false;
        }
    }
    if (!take_reading(select, stored) ||
        !sha256_from_bytes(column_span(select, CAPTURE_COLUMN_CHAIN), &stored->chain)) {
        return error_set(error, ERROR_FAILED, "endpoint, outcome or chain is damaged");
    }
    return !(capture_failed(capture) || stored->product.failed || stored->read_detail.failed) ||
           error_no_memory(error);
}

static bool take_body(struct capture_reader *reader, struct stored_capture *stored,
                      struct error *error)
{
    return open_archive(reader, error) &&
           archive_get(reader->archive, stored->payload_id.value, &stored->capture.body,
                       &stored->body_sha256, error);
}

static bool take_sha256(struct capture_reader *reader, struct stored_capture *stored,
                        struct error *error)
{
    sqlite3_stmt *select = reader->select_sha256;
    bind_int(select, 1, stored->payload_id.value);
    enum step step = database_step(reader->database, select, error);
    bool taken =
        step != STEP_FAILED &&
        ((step == STEP_ROW && sha256_from_bytes(column_span(select, 0), &stored->body_sha256)) ||
         error_set(error, ERROR_FAILED, "payload %lld has no SHA-256",
                   (long long)stored->payload_id.value));
    sqlite3_reset(select);
    return taken;
}

static enum step read_capture(struct capture_reader *reader, int64_t capture_id, bool with_body,
                              struct stored_capture *stored, struct error *error)
{
    bind_int(reader->select, 1, capture_id);
    enum step step = database_step(reader->database, reader->select, error);
    if (step != STEP_ROW) {
        return step;
    }
    bool taken = take_row(reader->select, stored, error);
    sqlite3_reset(reader->select);
    stored->body_sha256 = (struct sha256_digest){0};
    if (taken && (!stored->payload_id.known || (with_body ? take_body(reader, stored, error)
                                                          : take_sha256(reader, stored, error)))) {
        return STEP_ROW;
    }
    error_context(error, "capture %lld", (long long)stored->capture_id);
    return STEP_FAILED;
}

enum step capture_reader_get_from(struct capture_reader *reader, int64_t capture_id,
                                  struct stored_capture *stored, struct error *error)
{
    return read_capture(reader, capture_id, true, stored, error);
}

enum step capture_reader_get_bare(struct capture_reader *reader, int64_t capture_id,
                                  struct stored_capture *stored, struct error *error)
{
    enum step step = read_capture(reader, capture_id, false, stored, error);
    return step == STEP_ROW && stored->capture_id != capture_id ? STEP_DONE : step;
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
                          capture_visit *visit, void *context, struct error *error)
{
    sqlite3_stmt *ids = database_prepare(
        reader->database,
        "SELECT capture_id FROM capture WHERE received_ms >= ? AND received_ms < ? AND (?3 = '' OR "
        "account_id = (SELECT account_id FROM account WHERE name = ?3)) ORDER BY capture_id",
        error);
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
