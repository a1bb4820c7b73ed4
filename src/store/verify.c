#include "store/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/evidence/capture_reader.h"
#include "store/evidence/chain.h"
#include "store/evidence/tree.h"
#include "store/file/index_check.h"
#include "store/migrate.h"
#include "store/rows/reading.h"
#include "store/rows/row_checker.h"
#include "store/rows/state_loader.h"
#include "store/schema_check.h"

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

struct finding {
    enum verify_kind kind; /* VERIFY_SOUND: nothing was found */
    struct maybe_int capture_id, time_ms;
    char what[VERIFY_WHAT_SIZE];
};

struct verification {
    const struct database *database;
    const struct verify_settings *settings;
    struct verify_report *report;
    struct sha256 *sha256;
    struct capture_reader *reader;
    struct tree *tree;
    struct row_checker *checker;
    struct derivation *derivation;
    struct stored_capture stored; /* the one at hand */
    struct capture present;       /* as it is read now, */
    struct reading reading;       /* and what is read in it */
    int64_t readings;             /* captures that are read otherwise than their record says */
    bool is_others;               /* an older posrec made the rows of the one at hand */
    struct finding of_evidence;   /* the first ones; after one of rows the evidence alone is */
    struct finding of_rows;       /* checked, which may be sound all the same */
    struct text canonical;        /* of the one at hand */
    struct text view;             /* what is to be said of the views */
    int64_t next_capture_id;
    int64_t last_payload_id; /* payloads are numbered in the order of their first capture */
    int64_t last_id;         /* of the captures that there are */
    bool head_found, root_found;
};

const char *verify_kind_name(enum verify_kind kind)
{
    return KIND_NAMES[kind];
}

static struct finding *finding_of(struct verification *run, enum verify_kind kind)
{
    return kind == VERIFY_OUTCOME || kind == VERIFY_ROWS || kind == VERIFY_TREE ? &run->of_rows
                                                                                : &run->of_evidence;
}

/* Notes the first thing wrong; returns false. */
static bool found(struct verification *run, enum verify_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool found(struct verification *run, enum verify_kind kind, const char *format, ...)
{
    struct finding *finding = finding_of(run, kind);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->what, sizeof finding->what, format, arguments);
    va_end(arguments);
    finding->kind = kind;
    return false;
}

static bool found_at_capture(struct verification *run, enum verify_kind kind, const char *what)
{
    struct finding *finding = finding_of(run, kind);
    finding->capture_id = maybe_of(run->stored.capture_id);
    finding->time_ms = maybe_of(run->stored.capture.received_ms);
    return found(run, kind, "%s", what);
}

/* What kept a check from being carried through is a finding, when it lies in the database. */
static bool found_instead(struct verification *run, enum verify_kind kind, const struct error *why,
                          struct error *error)
{
    if (why->kind == ERROR_FAILED) {
        return found(run, kind, "%s", why->text);
    }
    *error = *why;
    return false;
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
               found(run, kind, "%s%s", kind == VERIFY_FOREIGN_KEY ? "in table " : "", first);
    }
    sqlite3_finalize(statement);
    return good;
}

/* Whether nothing is taken as given: then the file is checked as a whole too. */
static bool checks_all(const struct verification *run)
{
    return run->settings->from_capture_id <= 1;
}

static bool check_file(struct verification *run, struct error *error)
{
    struct error why;
    if (checks_all(run) &&
        !check_pragma(run, "PRAGMA integrity_check(1)", VERIFY_INTEGRITY, error)) {
        return false;
    }
    if (!migrate_check_recorded(run->database, &why) ||
        !schema_check(run->database, &run->view, &why)) {
        return found_instead(run, VERIFY_SCHEMA, &why, error);
    }
    return !checks_all(run) || index_check(run->database, &why) ||
           found_instead(run, VERIFY_INTEGRITY, &why, error);
}

/* Views prove nothing and hide nothing: what is recorded is checked all the same. */
static bool check_views(struct verification *run)
{
    return run->view.size == 0 ||
           found(run, VERIFY_SCHEMA, "the evidence is sound; %s", text_string(&run->view));
}

static bool rows_failed(const struct verification *run)
{
    return run->of_rows.kind != VERIFY_SOUND;
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

/* The root after the captures so far; whether it is the one noted. */
static bool take_root(struct verification *run, struct error *error)
{
    if (!run->report->has_root || !tree_root(run->tree, &run->report->root, error)) {
        return !run->report->has_root;
    }
    run->root_found |=
        run->settings->root != NULL && sha256_equal(&run->report->root, run->settings->root);
    return true;
}

/* Nodes before the first capture that is checked are given, as it is. */
static bool load_tree(struct verification *run, struct error *error)
{
    struct error why;
    run->report->has_root = tree_load(run->tree, run->settings->from_capture_id - 1, &why);
    if (!run->report->has_root) {
        found_instead(run, VERIFY_TREE, &why, error);
        return why.kind == ERROR_FAILED;
    }
    return checks_all(run) || take_root(run, error);
}

/* Where everything stood before the first capture that is checked. */
static bool load_start(struct verification *run, struct error *error)
{
    int64_t from = run->settings->from_capture_id;
    run->next_capture_id = from;
    if (checks_all(run)) {
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
    const struct canonical canonical = stored_capture_canonical(stored);
    struct sha256_digest next;
    if (!canonical_write(&canonical, &run->canonical, error) ||
        !chain_next(run->sha256, &run->report->head, text_span(&run->canonical),
                    &stored->body_sha256, &next, error)) {
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

/* The node that is wrong is named by its captures. One over captures that are given is given. */
static bool check_tree(struct verification *run, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    bool good = true;
    int level = 0;
    if (!run->report->has_root) {
        return true;
    }
    if (!tree_add(run->tree, text_span(&run->canonical), &stored->body_sha256, error) ||
        (run->settings->root != NULL && !take_root(run, error)) ||
        (!rows_failed(run) && !tree_check(run->tree, &good, &level, error))) {
        return false;
    }
    int64_t first = stored->capture_id - (INT64_C(1) << level) + 1;
    if (!good && first >= run->settings->from_capture_id) {
        char what[120];
        snprintf(what, sizeof what,
                 "the node over captures %lld to %lld is missing or not made of them",
                 (long long)first, (long long)stored->capture_id);
        found_at_capture(run, VERIFY_TREE, what);
    }
    return true;
}

/* What an older posrec read otherwise is no finding, and is said once. */
static void note_otherwise(struct verification *run, const char *what)
{
    if (run->report->read_otherwise[0] == '\0') {
        snprintf(run->report->read_otherwise, sizeof run->report->read_otherwise,
                 "capture %lld: %s", (long long)run->stored.capture_id, what);
    }
}

/* Reads the capture again. One that an older posrec read otherwise goes by what its record says. */
static bool check_outcome(struct verification *run, struct account *account, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    struct capture *present = &run->present;
    if (!reading_of(run->derivation, account, stored, present, &run->reading, error)) {
        return false;
    }
    if (reading_is_recorded(stored, &run->reading)) {
        return true;
    }
    if (!run->is_others) {
        return found_at_capture(run, VERIFY_OUTCOME,
                                "outcome, code or row count are not what is read in the bytes");
    }
    note_otherwise(run, "its bytes are read otherwise now");
    if (stored->read_outcome != OUTCOME_OK || stored->read_row_count == 0) {
        present->outcome = OUTCOME_UNREADABLE; /* no rows were made of it */
    }
    return true;
}

/* What a step that stopped means: a finding of the row checker's, or a failure. */
static bool rows_stopped(struct verification *run, bool at_capture)
{
    const char *finding = row_checker_finding(run->checker);
    if (finding == NULL) {
        return false;
    }
    return at_capture ? found_at_capture(run, VERIFY_ROWS, finding)
                      : found(run, VERIFY_ROWS, "%s", finding);
}

/* The account, whose rows may have come to an end. */
static struct account *find_account(struct verification *run, struct error *error)
{
    struct span name = text_span(&run->stored.capture.account);
    struct account_book *accounts = derivation_accounts(run->derivation);
    if (!rows_failed(run)) {
        return derivation_account(run->derivation, name, run->stored.capture.product, error);
    }
    struct account *account = account_book_find(accounts, name);
    if (account == NULL) {
        account = account_book_add(accounts, (int64_t)accounts->count + 1, name,
                                   run->stored.capture.product != NULL ? run->stored.capture.product
                                                                       : PRODUCT_DEFAULT);
    }
    if (account == NULL) {
        error_no_memory(error);
    }
    return account;
}

static bool check_place(struct verification *run, struct account **account, struct error *error)
{
    const struct capture *capture = &run->stored.capture;
    *account = find_account(run, error);
    if (*account == NULL) {
        return rows_stopped(run, true);
    }
    if ((*account)->account_id != run->stored.account_id) {
        return found_at_capture(run, VERIFY_CHAIN, "account_id is not the one its name has");
    }
    return capture->received_ms >= account_earliest_ms(*account, capture) ||
           found_at_capture(run, VERIFY_CHAIN, "its time does not follow the captures before");
}

static bool check_rows(struct verification *run, struct account *account, struct error *error)
{
    const struct stored_capture *stored = &run->stored;
    run->is_others = stored->reader.known && stored->reader.value != READER;
    run->report->read_by_others += run->is_others;
    run->readings += stored->reading.known;
    row_checker_tolerate(run->checker, run->is_others);
    if (!check_outcome(run, account, error) ||
        !derivation_put_rows(run->derivation, &run->reading, stored->capture_id, error)) {
        return rows_stopped(run, true);
    }
    const char *tolerated = row_checker_tolerated(run->checker);
    if (tolerated != NULL) {
        note_otherwise(run, tolerated);
    }
    return true;
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
        run->of_evidence.capture_id = maybe_of(run->stored.capture_id);
        run->of_evidence.time_ms = maybe_of(run->stored.capture.received_ms);
        return found_instead(run, VERIFY_PAYLOAD, &why, error);
    }
    if (run->stored.capture_id != run->next_capture_id) {
        run->of_evidence.capture_id = maybe_of(run->next_capture_id);
        return found(run, VERIFY_CHAIN, "the capture is missing; the next is %lld",
                     (long long)run->stored.capture_id);
    }
    struct account *account;
    if (!check_payload(run, error) || !check_link(run, error) || !check_tree(run, error) ||
        !check_place(run, &account, error)) {
        return false;
    }
    if (rows_failed(run)) {
        account_note_capture(account, &run->stored.capture);
    } else if (!check_rows(run, account, error) && !rows_failed(run)) {
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
               found(run, kind, "%s has ids from %lld to %lld, not from 1 to %lld", table,
                     (long long)from, (long long)to, (long long)last);
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
               ? found(run, VERIFY_HEAD,
                       "the noted head is no link of this history: captures up to it "
                       "are missing or were changed, or it is of another file")
               : false;
}

static bool miss_root(struct verification *run, struct error *error)
{
    return checks_all(run)
               ? found(run, VERIFY_ROOT,
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
    if (stored != made && !rows_failed(run)) {
        found(run, VERIFY_TREE, "tree_node has %lld rows, the captures make %lld",
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
            found(run, VERIFY_ROWS, "reading has %lld rows, the captures make %lld",
                  (long long)noted, (long long)run->readings)) &&
           (strange == 0 ||
            found(run, VERIFY_ROWS, "read_by names captures or readers that are not"));
}

/* That no row is left over shows at the end alone. */
static bool check_last_rows(struct verification *run, struct error *error)
{
    bool done =
        row_checker_finish(run->checker, run->derivation, error) || rows_stopped(run, false);
    const char *tolerated = row_checker_tolerated(run->checker);
    if (done && tolerated != NULL) {
        note_otherwise(run, tolerated);
    }
    return done && check_readings(run, error);
}

static bool found_seal(struct verification *run, enum verify_kind kind)
{
    const struct seals_report *seals = &run->report->seals;
    run->of_evidence.capture_id = seals->capture_id;
    run->of_evidence.time_ms = seals->received_ms;
    return found(run, kind, "%s", seals->what);
}

static bool check_seals(struct verification *run, struct error *error)
{
    struct seals_report *seals = &run->report->seals;
    bool tree_is_sound = run->of_rows.kind != VERIFY_TREE;
    if (!seals_check(run->database, run->settings->trust, tree_is_sound, seals, error)) {
        return false;
    }
    if (seals->tree[0] != '\0' && !rows_failed(run)) {
        found(run, VERIFY_TREE, "%s", seals->tree);
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
    if (!rows_failed(run) && !check_last_rows(run, error) && !rows_failed(run)) {
        return false;
    }
    return check_ids(run, "capture", run->next_capture_id - 1, VERIFY_CHAIN, error) &&
           check_ids(run, "payload", run->last_payload_id, VERIFY_PAYLOAD, error) &&
           check_last_nodes(run, error) && take_root(run, error) &&
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
        if (!check_capture(run, &more, error)) {
            return false;
        }
    }
    /* After the captures: they name the place, this only the table. */
    return check_end(run, error) &&
           (!checks_all(run) || rows_failed(run) ||
            check_pragma(run, "PRAGMA foreign_key_check", VERIFY_FOREIGN_KEY, error));
}

static bool open_verification(struct verification *run, struct error *error)
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

static void close_verification(struct verification *run)
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

/* Tells what was found first, in the evidence before rows. */
static void tell_finding(struct verification *run)
{
    struct verify_report *report = run->report;
    bool is_of_rows = report->evidence_sound && rows_failed(run);
    const struct finding *finding = is_of_rows ? &run->of_rows : &run->of_evidence;
    report->kind = finding->kind;
    report->capture_id = finding->capture_id;
    report->time_ms = finding->time_ms;
    memcpy(report->what, finding->what, sizeof report->what);
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
    report->rows_sound = report->evidence_sound && !rows_failed(&run);
    bool done = report->rows_sound && check_seal_roots(&run) && check_views(&run);
    tell_finding(&run);
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
