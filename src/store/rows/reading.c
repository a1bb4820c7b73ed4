#include "store/rows/reading.h"

bool reading_begin(const struct database *database, int64_t from_capture_id, struct error *error)
{
    sqlite3_stmt *insert = database_prepare(
        database, "INSERT INTO read_by (from_capture_id, reader) VALUES (?, ?)", error);
    bind_int(insert, 1, from_capture_id);
    bind_int(insert, 2, READER);
    bool done = database_write_row(database, insert, error);
    sqlite3_finalize(insert);
    return done;
}

bool reading_forget(const struct database *database, struct error *error)
{
    return database_run(database, "DELETE FROM reading; DELETE FROM read_by", error);
}

bool reading_last_reader(const struct database *database, int64_t *reader, struct error *error)
{
    return database_integer(
        database,
        "SELECT coalesce((SELECT reader FROM read_by ORDER BY from_capture_id DESC LIMIT 1), 0)",
        reader, error);
}

/* Whether an outcome says how bytes were read, not why there are none. */
static bool is_judged(const struct capture *capture)
{
    return capture->has_body && outcome_follows_from_response(capture->outcome);
}

bool reading_of(struct derivation *derivation, struct account *account,
                const struct stored_capture *stored, struct capture *present,
                struct reading *reading, struct error *error)
{
    struct text detail = present->detail;
    *present = stored->capture;
    present->detail = detail;
    if (is_judged(present)) {
        capture_judge(present);
    } else {
        text_set(&present->detail, text_span(&stored->capture.detail));
    }
    return derivation_read(derivation, account, present, reading, error);
}

/* Whether what is read is not what was when it was recorded. */
static bool differs(const struct stored_capture *stored, const struct reading *reading)
{
    const struct capture *recorded = &stored->capture, *present = reading->capture;
    return present->outcome != recorded->outcome || reading->row_count != stored->row_count ||
           !span_equal(text_span(&present->detail), text_span(&recorded->detail));
}

bool reading_is_recorded(const struct stored_capture *stored, const struct reading *reading)
{
    const struct capture *present = reading->capture;
    bool is_noted = stored->reading.known;
    return present->outcome == stored->read_outcome &&
           reading->row_count == stored->read_row_count &&
           maybe_equal(present->api_code, stored->capture.api_code) &&
           (!is_noted ||
            (stored->reading.value == READER &&
             span_equal(text_span(&stored->read_detail), text_span(&present->detail)) &&
             differs(stored, reading)));
}

bool reading_note(const struct database *database, const struct stored_capture *stored,
                  const struct reading *reading, struct error *error)
{
    if (!differs(stored, reading)) {
        return true;
    }
    sqlite3_stmt *insert =
        database_prepare(database,
                         "INSERT INTO reading (capture_id, reader, outcome, detail, row_count) "
                         "VALUES (?, ?, ?, ?, ?)",
                         error);
    bind_int(insert, 1, stored->capture_id);
    bind_int(insert, 2, READER);
    bind_span(insert, 3, span_of(outcome_name(reading->capture->outcome)));
    bind_text_or_null(insert, 4, &reading->capture->detail);
    bind_int(insert, 5, reading->row_count);
    bool done = database_write_row(database, insert, error);
    sqlite3_finalize(insert);
    return done;
}
