/* Any sequence of bodies (split at bytes 0x1e), recorded by the quick way of reading and by the
 * plain way: neither may fail, and both must write the same rows. Which bodies can be read at all,
 * and which fields of theirs cannot, is held against the strict reader. Bodies that start with
 * '{"e"' are taken as messages of the stream, with '{"assets"' as answers of account, others that
 * start with '{' as exchangeInfo; lists in which a word of theirs stands, as income or userTrades.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/file/database.h"
#include "store/migrate.h"
#include "store/recorder.h"
#include "strict_reader.h"

#define SEPARATOR 0x1e

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
    struct database database;
    struct recorder *recorder;
    struct text rows;
};

static struct side quick, plain;

static void open_side(struct side *side, bool compares_bytes)
{
    struct error error;
    if (!database_open_memory(&side->database, &error) ||
        !migrate_apply(&side->database, 0, NULL, &error)) {
        abort();
    }
    side->recorder = recorder_new(&side->database, compares_bytes, &error);
    if (side->recorder == NULL) {
        abort();
    }
}

static void append_rows(struct side *side, const char *sql)
{
    struct error error;
    sqlite3_stmt *select = database_prepare(&side->database, sql, &error);
    enum step step;
    while ((step = database_step(&side->database, select, &error)) == STEP_ROW) {
        for (int i = 0; i < sqlite3_column_count(select); i++) {
            struct span value = column_span(select, i);
            text_append_int(&side->rows, sqlite3_column_type(select, i));
            text_append(&side->rows, value.data, value.size);
            text_append_char(&side->rows, '|');
        }
    }
    sqlite3_finalize(select);
    if (step != STEP_DONE) {
        abort();
    }
}

/* Whether the detail names the first odd field, and how many more there are. */
static bool names_odd(const struct capture *capture, const struct strict_odd *odd)
{
    char start[128], end[32] = "";
    const char *detail = text_string(&capture->detail);
    if (odd->count == 0) {
        return capture->detail.size == 0;
    }
    snprintf(start, sizeof start, "element %zu: field %.*s", odd->element,
             (int)(odd->key_size < 58 ? odd->key_size : 58), odd->key);
    if (odd->count > 1) {
        snprintf(end, sizeof end, " (and %zu more)", odd->count - 1);
    }
    size_t size = strlen(end);
    return strncmp(detail, start, strlen(start)) == 0 && capture->detail.size > size &&
           strcmp(detail + capture->detail.size - size, end) == 0;
}

/* Of exchangeInfo and the stream the strict reader only knows whether it is JSON. */
static void check_outcome(const struct capture *capture)
{
    struct strict_odd odd;
    enum verdict verdict = strict_verdict(text_string(&capture->body), capture->body.size, &odd);
    bool is_list = capture->endpoint == ENDPOINT_POSITION_RISK;
    bool was_read = capture->outcome == OUTCOME_OK;
    bool wrong = (was_read && verdict == VERDICT_NOT_JSON) ||
                 (was_read && is_list && verdict == VERDICT_NO_ROWS) ||
                 (!was_read && is_list && verdict == VERDICT_ROWS) ||
                 (was_read && is_list && verdict == VERDICT_ROWS && !names_odd(capture, &odd));
    if (wrong) {
        fprintf(stderr, "%s: %s: %s\n", outcome_name(capture->outcome),
                text_string(&capture->detail), text_string(&capture->body));
        abort();
    }
}

static bool has(struct span body, const char *word)
{
    return memmem(body.data, body.size, word, strlen(word)) != NULL;
}

static enum endpoint endpoint_of(struct span body)
{
    if (body.size > 0 && body.data[0] == '{') {
        return body.size > 4 && memcmp(body.data, "{\"e\"", 4) == 0        ? ENDPOINT_USER_DATA
               : body.size > 9 && memcmp(body.data, "{\"assets\"", 9) == 0 ? ENDPOINT_ACCOUNT
                                                                           : ENDPOINT_EXCHANGE_INFO;
    }
    return has(body, "incomeType")    ? ENDPOINT_INCOME
           : has(body, "orderId")     ? ENDPOINT_USER_TRADES
           : has(body, "indexPrice")  ? ENDPOINT_PREMIUM_INDEX
           : has(body, "fundingTime") ? ENDPOINT_FUNDING_RATE
                                      : ENDPOINT_POSITION_RISK;
}

static void record(struct side *side, struct span body, int64_t received_ms)
{
    struct error error;
    struct recorded recorded;
    struct capture capture = {0};
    capture_clear(&capture);
    text_append_string(&capture.account, "main");
    text_append(&capture.body, body.data, body.size);
    capture.endpoint = endpoint_of(body);
    capture.has_body = true;
    capture.received_ms = received_ms;
    capture_judge(&capture);
    if (!recorder_append(side->recorder, RECORD_IMPORT, &capture, &recorded, &error)) {
        abort();
    }
    check_outcome(&capture);
    capture_free(&capture);
}

/* Records all bodies, takes what that wrote, and rolls it back. */
static void record_all(struct side *side, struct span data)
{
    struct error error;
    int64_t received_ms = 1;
    if (!recorder_begin(side->recorder, &error)) {
        abort();
    }
    while (true) {
        const char *end = memchr(data.data, SEPARATOR, data.size);
        struct span body = {data.data, end == NULL ? data.size : (size_t)(end - data.data)};
        record(side, body, received_ms++);
        if (end == NULL) {
            break;
        }
        data = (struct span){end + 1, data.size - body.size - 1};
    }
    text_clear(&side->rows);
    append_rows(side, "SELECT outcome, detail, row_count, payload_id, chain FROM capture");
    append_rows(side, "SELECT base_id, size, sha256 FROM payload");
    append_rows(side, "SELECT * FROM contract");
    append_rows(side, "SELECT * FROM leg");
    append_rows(side, "SELECT * FROM position");
    append_rows(side, "SELECT * FROM valuation");
    append_rows(side, "SELECT * FROM account_update");
    append_rows(side, "SELECT * FROM position_update");
    append_rows(side, "SELECT * FROM balance_update");
    append_rows(side, "SELECT * FROM leverage_update");
    append_rows(side, "SELECT * FROM margin_call");
    append_rows(side, "SELECT * FROM trade");
    append_rows(side, "SELECT * FROM balance");
    append_rows(side, "SELECT * FROM leg_margin");
    append_rows(side, "SELECT * FROM income");
    int64_t broken;
    if (!database_integer(&side->database,
                          "SELECT count(*) FROM position WHERE extra IS NOT NULL "
                          "AND NOT json_valid(extra)",
                          &broken, &error) ||
        broken > 0) {
        abort();
    }
    recorder_rollback(side->recorder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = {(const char *)(size == 0 ? (const uint8_t *)"" : data), size};
    if (quick.recorder == NULL) {
        open_side(&quick, true);
        open_side(&plain, false);
    }
    record_all(&quick, all);
    record_all(&plain, all);
    if (!span_equal(text_span(&quick.rows), text_span(&plain.rows))) {
        abort();
    }
    return 0;
}
