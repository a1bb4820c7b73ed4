#include "store/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/capture_reader.h"
#include "store/chain.h"
#include "store/derivation.h"
#include "store/index_check.h"
#include "store/migrate.h"
#include "store/row_checker.h"
#include "store/schema_check.h"
#include "store/state_loader.h"

static const char *const KIND_NAMES[] = {
    [VERIFY_SOUND] = "sound",
    [VERIFY_INTEGRITY] = "integrity",
    [VERIFY_FOREIGN_KEY] = "foreign_key",
    [VERIFY_SCHEMA] = "schema",
    [VERIFY_CHAIN] = "chain",
    [VERIFY_PAYLOAD] = "payload",
    [VERIFY_OUTCOME] = "outcome",
    [VERIFY_ROWS] = "rows",
    [VERIFY_HEAD] = "head",
};

struct verification {
    const struct database *database;
    const struct verify_settings *settings;
    struct verify_report *report;
    struct sha256 *sha256;
    struct capture_reader *reader;
    struct row_checker *checker;
    struct derivation *derivation;
    struct stored_capture stored; /* the one at hand */
    struct capture derived;       /* what its bytes say of outcome, code and detail */
    struct text canonical;        /* scratch of the chain */
    struct text view;             /* what is to be said of the views */
    int64_t next_capture_id;
    int64_t last_payload_id; /* payloads are numbered in the order of their first capture */
    int64_t last_id;         /* of the captures that there are */
    bool head_found;
};

const char *verify_kind_name(enum verify_kind kind)
{
    return KIND_NAMES[kind];
}

/* Notes the first thing wrong; returns false. */
static bool found(struct verify_report *report, enum verify_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool found(struct verify_report *report, enum verify_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->what, sizeof report->what, format, arguments);
    va_end(arguments);
    report->kind = kind;
    return false;
}

static bool found_at_capture(struct verification *run, enum verify_kind kind, const char *what)
{
    run->report->capture_id = maybe_of(run->stored.capture_id);
    run->report->time_ms = maybe_of(run->stored.capture.received_ms);
    return found(run->report, kind, "%s", what);
}

/* What kept a check from being carried through is a finding, when it lies in the database. */
static bool found_instead(struct verification *run, enum verify_kind kind, const struct error *why,
                          struct error *error)
{
    if (why->kind == ERROR_FAILED) {
        return found(run->report, kind, "%s", why->text);
    }
    *error = *why;
    return false;
}

/* A PRAGMA that checks: its first row is what is wrong, unless it says "ok". */
static bool check_pragma(struct verification *run, const char *sql, enum verify_kind kind,
                         struct error *error)
{
    sqlite3_stmt *statement = database_prepare(run->database, sql, error);
    if (statement == NULL) {
        return false;
    }
    enum step step = database_step(run->database, statement, error);
    bool good = step == STEP_DONE;
    if (step == STEP_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        const char *first = text != NULL ? text : "";
        good =
            strcmp(first, "ok") == 0 ||
            found(run->report, kind, "%s%s", kind == VERIFY_FOREIGN_KEY ? "in table " : "", first);
    }
    sqlite3_finalize(statement);
    return good;
}

static bool check_file(struct verification *run, struct error *error)
{
    struct error why;
    if (!check_pragma(run, "PRAGMA integrity_check(1)", VERIFY_INTEGRITY, error)) {
        return false;
    }
    if (!migrate_check_recorded(run->database, &why) ||
        !schema_check(run->database, &run->view, &why)) {
        return found_instead(run, VERIFY_SCHEMA, &why, error);
    }
    return index_check(run->database, &why) || found_instead(run, VERIFY_INTEGRITY, &why, error);
}

/* Views prove nothing and hide nothing: what is recorded is checked all the same. */
static bool check_views(struct verification *run)
{
    return run->view.size == 0 ||
           found(run->report, VERIFY_SCHEMA, "the evidence is sound; %s", text_string(&run->view));
}

/* The link before the first capture that is checked, and the payload number reached by then. */
static bool load_start(struct verification *run, struct error *error)
{
    int64_t from = run->settings->from_capture_id;
    run->next_capture_id = from;
    if (from <= 1) {
        return true;
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
    sqlite3_stmt *select = database_prepare(
        run->database, "SELECT max(payload_id) FROM capture WHERE capture_id < ?", error);
    if (step == STEP_FAILED || select == NULL) {
        return false;
    }
    bind_int(select, 1, from);
    step = database_step(run->database, select, error);
    run->last_payload_id = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_finalize(select);
    return step == STEP_ROW;
}

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
        return found_at_capture(run, VERIFY_PAYLOAD, "the bytes do not have the SHA-256 on record");
    }
    if (stored->payload_id.value > run->last_payload_id + 1) {
        return found_at_capture(run, VERIFY_PAYLOAD, "its payload is not the next one");
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
    const struct chain_link link = {
        .capture_id = stored->capture_id,
        .product = text_string(&stored->product),
        .row_count = stored->row_count,
        .capture = &stored->capture,
        .body_sha256 = stored->payload_id.known ? &stored->body_sha256 : NULL,
    };
    struct sha256_digest next;
    if (!chain_next(run->sha256, &run->report->head, &link, &run->canonical, &next, error)) {
        return false;
    }
    if (!sha256_equal(&next, &stored->chain)) {
        return found_at_capture(run, VERIFY_CHAIN,
                                "the link does not follow from the capture and the link before it");
    }
    run->report->head = next;
    run->head_found |= run->settings->head != NULL && sha256_equal(&next, run->settings->head);
    return true;
}

/* Judges the bytes again into run->derived, whose body is the stored capture's for the time being.
 */
static bool judge_again(struct verification *run, struct account *account, int64_t *row_count,
                        struct error *error)
{
    struct capture *stored = &run->stored.capture, *derived = &run->derived;
    struct text detail = derived->detail;
    *derived = *stored;
    derived->detail = detail;
    if (stored->has_body && outcome_follows_from_response(stored->outcome) &&
        stored->outcome != OUTCOME_UNREADABLE) {
        capture_judge(derived);
    } else {
        text_clear(&derived->detail);
        text_append(&derived->detail, stored->detail.data, stored->detail.size);
    }
    return derivation_read(run->derivation, account, derived, row_count, error);
}

static bool check_outcome(struct verification *run, struct account *account, struct error *error)
{
    const struct capture *stored = &run->stored.capture;
    int64_t row_count;
    if (!judge_again(run, account, &row_count, error)) {
        return false;
    }
    if (stored_capture_is_old_reading(&run->stored, run->derived.outcome, row_count)) {
        run->derived.outcome = OUTCOME_UNREADABLE;
        return true;
    }
    if (run->derived.outcome == stored->outcome &&
        maybe_equal(run->derived.api_code, stored->api_code) &&
        span_equal(text_span(&run->derived.detail), text_span(&stored->detail)) &&
        row_count == run->stored.row_count) {
        return true;
    }
    return found_at_capture(run, VERIFY_OUTCOME,
                            "outcome, code, detail or row count do not follow from the bytes");
}

/* What a step that stopped means: a finding of the row checker's, or a failure. */
static bool rows_stopped(struct verification *run, bool at_capture)
{
    const char *finding = row_checker_finding(run->checker);
    if (finding == NULL) {
        return false;
    }
    return at_capture ? found_at_capture(run, VERIFY_ROWS, finding)
                      : found(run->report, VERIFY_ROWS, "%s", finding);
}

static bool check_rows(struct verification *run, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    struct row_counts counts;
    struct account *account =
        derivation_account(run->derivation, text_span(&stored->capture.account), error);
    if (account == NULL) {
        return rows_stopped(run, true);
    }
    if (account->account_id != stored->account_id) {
        return found_at_capture(run, VERIFY_ROWS, "account_id is not the one its name has");
    }
    if (account->ledger == NULL && !state_load_ledger(run->database, run->derivation, account,
                                                      run->settings->from_capture_id, error)) {
        return false;
    }
    if (stored->capture.received_ms < account_earliest_ms(account, stored->capture.endpoint)) {
        return found_at_capture(run, VERIFY_CHAIN, "its time does not follow the captures before");
    }
    return check_outcome(run, account, error) &&
           (derivation_put_rows(run->derivation, account, &run->derived, stored->capture_id,
                                &counts, error) ||
            rows_stopped(run, true));
}

static bool check_capture(struct verification *run, bool *more, struct error *error)
{
    struct error why;
    run->stored.capture_id = run->next_capture_id;
    enum step step = capture_reader_get_from(run->reader, run->next_capture_id, &run->stored, &why);
    *more = step != STEP_DONE;
    if (step == STEP_DONE) {
        return true;
    }
    if (step == STEP_FAILED) {
        run->report->capture_id = maybe_of(run->stored.capture_id);
        run->report->time_ms = maybe_of(run->stored.capture.received_ms);
        return found_instead(run, VERIFY_PAYLOAD, &why, error);
    }
    if (run->stored.capture_id != run->next_capture_id) {
        run->report->capture_id = maybe_of(run->next_capture_id);
        return found(run->report, VERIFY_CHAIN, "the capture is missing; the next is %lld",
                     (long long)run->stored.capture_id);
    }
    if (!check_payload(run, error) || !check_link(run, error) || !check_rows(run, error)) {
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

/* Whether a table of evidence has the ids from 1 to `count`, and nothing else. */
static bool check_ids(struct verification *run, const char *table, int64_t count,
                      enum verify_kind kind, struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "SELECT count(*), min(%s_id), max(%s_id) FROM %s", table, table, table);
    sqlite3_stmt *select = database_prepare_text(run->database, &sql, error);
    enum step step = select != NULL ? database_step(run->database, select, error) : STEP_FAILED;
    bool good = step == STEP_ROW;
    if (good) {
        long long rows = sqlite3_column_int64(select, 0), first = sqlite3_column_int64(select, 1);
        long long last = sqlite3_column_int64(select, 2);
        good =
            (rows == count && last == count && (count == 0 || first == 1)) ||
            found(run->report, kind, "%s has %lld rows from %lld to %lld, not those from 1 to %lld",
                  table, rows, first, last, (long long)count);
    }
    sqlite3_finalize(select);
    return good;
}

/* A noted head that was not met: of a capture before those that were checked, or of none. */
static bool miss_head(struct verification *run, struct error *error)
{
    sqlite3_stmt *select =
        database_prepare(run->database, "SELECT capture_id FROM capture WHERE chain = ?", error);
    const struct span head = {(const char *)run->settings->head->bytes, SHA256_SIZE};
    if (select != NULL) {
        bind_bytes(select, 1, head);
    }
    enum step step = select != NULL ? database_step(run->database, select, error) : STEP_FAILED;
    long long capture_id = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_finalize(select);
    return step == STEP_ROW ? error_set(error, ERROR_USAGE,
                                        "verify: --head is that after capture %lld, which --from "
                                        "takes as given (verify from %lld on, or from the start)",
                                        capture_id, capture_id)
           : step == STEP_DONE
               ? found(run->report, VERIFY_HEAD,
                       "the noted head is no link of this history: captures up to it "
                       "are missing or were changed, or it is of another file")
               : false;
}

static bool check_end(struct verification *run, struct error *error)
{
    if (!row_checker_finish(run->checker, run->derivation, error)) {
        return rows_stopped(run, false);
    }
    int64_t accounts = (int64_t)derivation_accounts(run->derivation)->count;
    return check_ids(run, "capture", run->next_capture_id - 1, VERIFY_CHAIN, error) &&
           check_ids(run, "payload", run->last_payload_id, VERIFY_PAYLOAD, error) &&
           check_ids(run, "account", accounts, VERIFY_ROWS, error) &&
           (run->settings->head == NULL || run->head_found || miss_head(run, error));
}

static bool check_captures(struct verification *run, struct error *error)
{
    bool more = true;
    /* The head noted may be the one that the first checked capture builds on. */
    run->head_found = run->settings->head != NULL && run->settings->from_capture_id > 1 &&
                      sha256_equal(&run->report->head, run->settings->head);
    while (more) {
        if (!check_capture(run, &more, error)) {
            return false;
        }
    }
    /* After the captures: they name the place, this only the table. */
    return check_end(run, error) &&
           check_pragma(run, "PRAGMA foreign_key_check", VERIFY_FOREIGN_KEY, error);
}

static bool open_verification(struct verification *run, struct error *error)
{
    int64_t from = run->settings->from_capture_id;
    run->sha256 = sha256_new(error);
    if (run->sha256 == NULL ||
        !database_integer(run->database, "SELECT max(capture_id) FROM capture", &run->last_id,
                          error)) {
        return false;
    }
    run->reader = capture_reader_new(run->database, error);
    run->checker = row_checker_new(run->database, from, error);
    if (run->reader == NULL || run->checker == NULL) {
        return false;
    }
    run->derivation = derivation_new(row_checker_sink(run->checker), true, error);
    return run->derivation != NULL && load_start(run, error) &&
           (from <= 1 || state_load(run->database, run->derivation, from, error));
}

static void close_verification(struct verification *run)
{
    derivation_free(run->derivation);
    row_checker_free(run->checker);
    capture_reader_free(run->reader);
    sha256_free(run->sha256);
    stored_capture_free(&run->stored);
    text_free(&run->derived.detail);
    text_free(&run->canonical);
    text_free(&run->view);
}

bool verify_database(const struct database *database, const struct verify_settings *settings,
                     struct verify_report *report, struct error *error)
{
    struct verification run = {.database = database, .settings = settings, .report = report};
    *report = (struct verify_report){0};
    if (!database_freeze(database, error)) {
        return false;
    }
    report->evidence_sound =
        check_file(&run, error) && open_verification(&run, error) && check_captures(&run, error);
    bool done = report->evidence_sound && check_views(&run);
    if (run.checker != NULL) {
        struct row_counts counts = row_checker_counts(run.checker);
        report->positions = counts.rows[ROW_POSITION];
        report->valuations = counts.rows[ROW_VALUATION];
        for (int i = 0; i < ROW_KIND_COUNT; i++) {
            report->rows += counts.rows[i];
        }
    }
    close_verification(&run);
    sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL);
    return done || report->kind != VERIFY_SOUND;
}
