#include "store/verify.h"

#include <stdio.h>
#include <string.h>

#include "store/capture_check.h"
#include "store/evidence/tree.h"
#include "store/file/index_check.h"
#include "store/migrate.h"
#include "store/rows/income_days.h"
#include "store/rows/reading.h"
#include "store/rows/trip_parts.h"
#include "store/schema_check.h"
#include "store/verification.h"

static const char *const KIND_NAMES[] = {
    [VERIFY_SOUND] = "sound",
    [VERIFY_INTEGRITY] = "integrity",
    [VERIFY_FOREIGN_KEY] = "foreign_key",
    [VERIFY_SCHEMA] = "schema",
    [VERIFY_CHAIN] = "chain",
    [VERIFY_PAYLOAD] = "payload",
    [VERIFY_OUTCOME] = "outcome",
    [VERIFY_TREE] = "tree",
    [VERIFY_ROWS] = "rows",
    [VERIFY_HEAD] = "head",
    [VERIFY_ROOT] = "root",
    [VERIFY_SEAL] = "seal",
    [VERIFY_SEAL_ROOT] = "seal_root",
};

const char *verify_kind_name(enum verify_kind kind)
{
    return KIND_NAMES[kind];
}

/* A PRAGMA that checks: its first row is what is wrong, unless it says "ok". */
static bool check_pragma(struct verification *run, const char *sql, enum verify_kind kind,
                         struct error *error)
{
    sqlite3_stmt *statement = database_prepare(run->database, sql, error);
    enum step step = database_step(run->database, statement, error);
    bool good = step == STEP_DONE;
    if (step == STEP_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        const char *first = text != NULL ? text : "";
        good = strcmp(first, "ok") == 0 ||
               verification_found(run, kind, "%s%s", kind == VERIFY_FOREIGN_KEY ? "in table " : "",
                                  first);
    }
    sqlite3_finalize(statement);
    return good;
}

static bool check_file(struct verification *run, struct error *error)
{
    struct error why;
    if (verification_checks_all(run) &&
        !check_pragma(run, "PRAGMA integrity_check(1)", VERIFY_INTEGRITY, error)) {
        return false;
    }
    if (!migrate_check_recorded(run->database, &why) ||
        !schema_check(run->database, &run->view, &why)) {
        return verification_found_instead(run, VERIFY_SCHEMA, &why, error);
    }
    return !verification_checks_all(run) || index_check(run->database, &why) ||
           verification_found_instead(run, VERIFY_INTEGRITY, &why, error);
}

/* Views prove nothing and hide nothing: what is recorded is checked all the same. */
static bool check_views(struct verification *run)
{
    return run->view.size == 0 ||
           verification_found(run, VERIFY_SCHEMA, "the evidence is sound; %s",
                              text_string(&run->view));
}

/* Whether a table of evidence has ids from 1 to `last`; those that were checked are all there. */
static bool check_ids(struct verification *run, const char *table, int64_t last,
                      enum verify_kind kind, struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "SELECT (SELECT min(%s_id) FROM %s), (SELECT max(%s_id) FROM %s)", table,
                table, table, table);
    sqlite3_stmt *select = database_prepare_text(run->database, &sql, error);
    enum step step = database_step(run->database, select, error);
    bool good = step == STEP_ROW;
    if (good) {
        int64_t from = sqlite3_column_int64(select, 0), to = sqlite3_column_int64(select, 1);
        good = (to == last && from == (last > 0)) ||
               verification_found(run, kind, "%s has ids from %lld to %lld, not from 1 to %lld",
                                  table, (long long)from, (long long)to, (long long)last);
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
    bind_bytes(select, 1, head);
    enum step step = database_step(run->database, select, error);
    long long capture_id = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_finalize(select);
    return step == STEP_ROW ? error_set(error, ERROR_USAGE,
                                        "verify: --head is that after capture %lld, which --from "
                                        "takes as given (verify from %lld on, or from the start)",
                                        capture_id, capture_id)
           : step == STEP_DONE
               ? verification_found(run, VERIFY_HEAD,
                                    "the noted head is no link of this history: captures up to it "
                                    "are missing or were changed, or it is of another file")
               : false;
}

static bool miss_root(struct verification *run, struct error *error)
{
    return verification_checks_all(run)
               ? verification_found(
                     run, VERIFY_ROOT,
                     "the noted root is of no captures that this history begins with: some of "
                     "them are missing or were changed, or it is of another file")
               : error_set(error, ERROR_USAGE,
                           "verify: --root is not met from capture %lld on (verify from the start)",
                           (long long)run->settings->from_capture_id);
}

/* Whether there are no more nodes than the captures make; of those each is there. */
static bool check_last_nodes(struct verification *run, struct error *error)
{
    int64_t stored, made = tree_row_count(run->next_capture_id - 1);
    if (!database_integer(run->database, "SELECT count(*) FROM tree_node", &stored, error)) {
        return false;
    }
    if (stored != made && !verification_rows_failed(run)) {
        verification_found(run, VERIFY_TREE, "tree_node has %lld rows, the captures make %lld",
                           (long long)stored, (long long)made);
    }
    return true;
}

/* Whether as many readings are noted as were met, by readers and of captures that there are. */
static bool check_readings(struct verification *run, struct error *error)
{
    int64_t noted, strange;
    return database_integer_of(run->database, "SELECT count(*) FROM reading WHERE capture_id >= ?",
                               &run->settings->from_capture_id, 1, &noted, error) &&
           database_integer_of(run->database,
                               "SELECT count(*) + (EXISTS (SELECT 1 FROM capture) AND NOT EXISTS "
                               "(SELECT 1 FROM read_by WHERE from_capture_id = 1)) FROM read_by "
                               "WHERE reader NOT BETWEEN 1 AND ? OR "
                               "from_capture_id > (SELECT max(capture_id) FROM capture)",
                               (const int64_t[]){READER}, 1, &strange, error) &&
           (noted == run->readings ||
            verification_found(run, VERIFY_ROWS, "reading has %lld rows, the captures make %lld",
                               (long long)noted, (long long)run->readings)) &&
           (strange == 0 ||
            verification_found(run, VERIFY_ROWS, "read_by names captures or readers that are not"));
}

/* Whether sums of days, from that of the first capture on that is checked, and parts of trips are
 * what the rows make. */
static bool check_sums(struct verification *run, struct error *error)
{
    int64_t from_ms = INT64_MIN;
    struct text what = {0};
    bool sound = true;
    bool done = (verification_checks_all(run) ||
                 database_integer_of(run->database,
                                     "SELECT received_ms / 86400000 * 86400000 FROM capture "
                                     "WHERE capture_id = ?",
                                     &run->settings->from_capture_id, 1, &from_ms, error)) &&
                income_days_check(run->database, from_ms, &sound, &what, error) &&
                (!sound || trip_parts_check(run->database, &sound, &what, error));
    if (done && what.failed) {
        done = error_no_memory(error);
    } else if (done && !sound) {
        done = verification_found(run, VERIFY_ROWS, "%s", text_string(&what));
    }
    text_free(&what);
    return done;
}

/* That no row is left over shows at the end alone. */
static bool check_last_rows(struct verification *run, struct error *error)
{
    bool done = row_checker_finish(run->checker, run->derivation, error) ||
                verification_rows_stopped(run, false);
    const char *tolerated = row_checker_tolerated(run->checker);
    if (done && tolerated != NULL) {
        verification_note_otherwise(run, tolerated);
    }
    return done && check_readings(run, error) && check_sums(run, error);
}

static bool found_seal(struct verification *run, enum verify_kind kind)
{
    const struct seals_report *seals = &run->report->seals;
    run->of_evidence.capture_id = seals->capture_id;
    run->of_evidence.time_ms = seals->received_ms;
    return verification_found(run, kind, "%s", seals->what);
}

static bool check_seals(struct verification *run, struct error *error)
{
    struct seals_report *seals = &run->report->seals;
    bool tree_is_sound = run->of_rows.kind != VERIFY_TREE;
    if (!seals_check(run->database, run->settings->trust, tree_is_sound, seals, error)) {
        return false;
    }
    if (seals->tree[0] != '\0' && !verification_rows_failed(run)) {
        verification_found(run, VERIFY_TREE, "%s", seals->tree);
    }
    return !seals->capture_id.known || seals->is_of_root || found_seal(run, VERIFY_SEAL);
}

/* History and rows are sound all the same: this is told where nothing else is to be. */
static bool check_seal_roots(struct verification *run)
{
    const struct seals_report *seals = &run->report->seals;
    return !seals->capture_id.known || found_seal(run, VERIFY_SEAL_ROOT);
}

static bool check_end(struct verification *run, struct error *error)
{
    row_checker_tolerate(run->checker, run->report->read_by_others > 0);
    if (!verification_rows_failed(run) && !check_last_rows(run, error) &&
        !verification_rows_failed(run)) {
        return false;
    }
    return check_ids(run, "capture", run->next_capture_id - 1, VERIFY_CHAIN, error) &&
           check_ids(run, "payload", run->last_payload_id, VERIFY_PAYLOAD, error) &&
           check_last_nodes(run, error) && verification_take_root(run, error) &&
           (run->settings->head == NULL || run->head_found || miss_head(run, error)) &&
           (run->settings->root == NULL || run->root_found || !run->report->has_root ||
            miss_root(run, error)) &&
           (run->settings->trust == NULL || check_seals(run, error));
}

static bool check_captures(struct verification *run, struct error *error)
{
    bool more = true;
    /* The head noted may be the one that the first checked capture builds on. */
    run->head_found = run->settings->head != NULL && run->settings->from_capture_id > 1 &&
                      sha256_equal(&run->report->head, run->settings->head);
    while (more) {
        if (!capture_check_next(run, &more, error)) {
            return false;
        }
    }
    /* After the captures: they name the place, this only the table. */
    return check_end(run, error) &&
           (!verification_checks_all(run) || verification_rows_failed(run) ||
            check_pragma(run, "PRAGMA foreign_key_check", VERIFY_FOREIGN_KEY, error));
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
        check_file(&run, error) && verification_open(&run, error) && check_captures(&run, error);
    report->rows_sound = report->evidence_sound && !verification_rows_failed(&run);
    bool done = report->rows_sound && check_seal_roots(&run) && check_views(&run);
    verification_tell(&run);
    if (run.checker != NULL) {
        struct row_counts counts = row_checker_counts(run.checker);
        report->positions = counts.rows[ROW_POSITION];
        report->valuations = counts.rows[ROW_VALUATION];
        for (int i = 0; i < ROW_KIND_COUNT; i++) {
            report->rows += counts.rows[i];
        }
    }
    verification_close(&run);
    sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL);
    return done || report->kind != VERIFY_SOUND;
}
