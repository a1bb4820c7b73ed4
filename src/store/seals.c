#include "store/seals.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/evidence/capture_reader.h"
#include "store/evidence/tree.h"

enum statement {
    SELECT_HEAD,
    SELECT_LINK,
    SELECT_LAST,
    SELECT_ACCOUNT,
    SELECT_SEALS,
    STATEMENT_COUNT,
};

#define OF_ACCOUNT "SELECT s.received_ms FROM capture AS s WHERE s.account_id = a.account_id "

static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_HEAD] = "SELECT capture_id, chain FROM capture ORDER BY capture_id DESC LIMIT 1",
    [SELECT_LINK] = "SELECT chain FROM capture WHERE capture_id = ?",
    [SELECT_LAST] = ("SELECT max((" OF_ACCOUNT "AND s.endpoint = 'timestamp' AND s.outcome = 'ok' "
                     "ORDER BY s.received_ms DESC LIMIT 1)) FROM account AS a"),
    [SELECT_ACCOUNT] = "SELECT name FROM account ORDER BY account_id LIMIT 1",
    [SELECT_SEALS] = ("SELECT s.capture_id FROM account AS a CROSS JOIN capture AS s "
                      "ON s.account_id = a.account_id AND s.endpoint = 'timestamp' "
                      "AND s.outcome = 'ok' AND +s.capture_id > ? ORDER BY s.capture_id"),
};

struct seals {
    const struct database *database;
    struct sha256 *sha256;
    struct tree *tree;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* What checking is done with. */
struct checking {
    const struct timestamp_trust *trust;
    struct seals *seals;
    struct capture_reader *reader;
    struct stored_capture stored; /* the one at hand */
    struct seals_report *report;
};

struct seals *seals_new(const struct database *database, struct error *error)
{
    struct seals *seals = calloc(1, sizeof *seals);
    if (seals == NULL) {
        error_no_memory(error);
        return NULL;
    }
    seals->database = database;
    seals->sha256 = sha256_new(error);
    seals->tree = seals->sha256 != NULL ? tree_new(database, seals->sha256, error) : NULL;
    if (seals->tree == NULL ||
        !database_prepare_all(database, SQL, STATEMENT_COUNT, seals->statements, error)) {
        seals_free(seals);
        return NULL;
    }
    return seals;
}

void seals_free(struct seals *seals)
{
    if (seals != NULL) {
        statements_finalize(seals->statements, STATEMENT_COUNT);
        tree_free(seals->tree);
        sha256_free(seals->sha256);
        free(seals);
    }
}

/* The root of the tree over the first `count` captures. */
static bool root_of(struct seals *seals, int64_t count, struct sha256_digest *root,
                    struct error *error)
{
    return tree_load(seals->tree, count, error) && tree_root(seals->tree, root, error);
}

bool seals_stand(struct seals *seals, struct seal *seal, struct error *error)
{
    sqlite3_stmt *select = seals->statements[SELECT_HEAD];
    *seal = (struct seal){0};
    enum step step = database_step(seals->database, select, error);
    bool done = step != STEP_FAILED;
    if (step == STEP_ROW) {
        seal->count = sqlite3_column_int64(select, 0);
        done = sha256_from_bytes(column_span(select, 1), &seal->head) ||
               error_set(error, ERROR_FAILED, "the chain's head is damaged (run 'posrec verify')");
    }
    sqlite3_reset(select);
    return done && (seal->count == 0 || root_of(seals, seal->count, &seal->root, error));
}

bool seals_account(struct seals *seals, struct text *name, struct error *error)
{
    sqlite3_stmt *select = seals->statements[SELECT_ACCOUNT];
    enum step step = database_step(seals->database, select, error);
    if (step == STEP_ROW) {
        text_set(name, column_span(select, 0));
    }
    sqlite3_reset(select);
    return step == STEP_ROW ? !name->failed || error_no_memory(error)
           : step == STEP_DONE
               ? error_set(error, ERROR_FAILED, "%s: nothing is recorded that could be sealed",
                           seals->database->path)
               : false;
}

bool seals_last_ms(struct seals *seals, struct maybe_int *last_ms, struct error *error)
{
    sqlite3_stmt *select = seals->statements[SELECT_LAST];
    enum step step = database_step(seals->database, select, error);
    *last_ms = step == STEP_ROW ? column_maybe(select, 0) : (struct maybe_int){0};
    sqlite3_reset(select);
    return step == STEP_ROW;
}

/* The link of a capture; *is_there: whether there is such a capture. */
static bool link_of(struct seals *seals, int64_t capture_id, bool *is_there,
                    struct sha256_digest *link, struct error *error)
{
    sqlite3_stmt *select = seals->statements[SELECT_LINK];
    bind_int(select, 1, capture_id);
    enum step step = database_step(seals->database, select, error);
    *is_there = step == STEP_ROW && sha256_from_bytes(column_span(select, 0), link);
    sqlite3_reset(select);
    return step != STEP_FAILED;
}

/* Why a seal, which a capture keeps, is not of this history; NULL when it is. */
static bool check_history(struct seals *seals, const struct seal *seal, int64_t capture_id,
                          const char **objection, struct error *error)
{
    struct sha256_digest head, root;
    bool is_there;
    *objection = NULL;
    if (!link_of(seals, seal->count, &is_there, &head, error)) {
        return false;
    }
    if (!is_there || seal->count >= capture_id || !sha256_equal(&head, &seal->head)) {
        *objection = "it seals another head than the chain has there";
        return true;
    }
    if (!root_of(seals, seal->count, &root, error)) {
        return false;
    }
    if (!sha256_equal(&root, &seal->root)) {
        *objection = "it seals another root than the tree has there";
    }
    return true;
}

/* Notes why the seal at hand does not hold. */
static void refuse(struct checking *checking, const char *why)
{
    struct seals_report *report = checking->report;
    report->capture_id = maybe_of(checking->stored.capture_id);
    report->received_ms = maybe_of(checking->stored.capture.received_ms);
    snprintf(report->what, sizeof report->what, "%s", why);
}

static bool check_seal(struct checking *checking, struct error *error)
{
    const struct capture *capture = &checking->stored.capture;
    struct seals_report *report = checking->report;
    struct seal seal;
    struct timestamp timestamp;
    struct error why;
    const char *objection;
    if (!seal_read_request(text_span(&capture->request), &seal)) {
        refuse(checking, "its request says not what is sealed");
        return true;
    }
    if (!check_history(checking->seals, &seal, checking->stored.capture_id, &objection, error)) {
        return false;
    }
    if (objection != NULL) {
        refuse(checking, objection);
        return true;
    }
    if (!seal_verify(&seal, checking->trust, text_span(&capture->body), capture->received_ms,
                     &timestamp, &why)) {
        if (why.kind == ERROR_NO_MEMORY) {
            return error_no_memory(error);
        }
        refuse(checking, why.text);
        return true;
    }
    report->count++;
    if (seal.count > report->sealed) {
        report->sealed = seal.count;
        report->timestamp = timestamp;
    }
    return true;
}

/* Reads the seals after a capture, one after the other: STEP_DONE after the last. The statement is
 * to be reset then. */
static enum step read_next(struct seals *seals, struct capture_reader *reader,
                           struct stored_capture *stored, struct error *error)
{
    sqlite3_stmt *select = seals->statements[SELECT_SEALS];
    enum step step = database_step(seals->database, select, error);
    return step == STEP_ROW
               ? capture_reader_get_proven(reader, sqlite3_column_int64(select, 0), stored, error)
               : step;
}

static bool check_all(struct checking *checking, struct error *error)
{
    struct seals *seals = checking->seals;
    sqlite3_stmt *select = seals->statements[SELECT_SEALS];
    enum step step = STEP_ROW;
    bool done = true;
    bind_int(select, 1, 0);
    while (done && step == STEP_ROW && !checking->report->capture_id.known) {
        step = read_next(seals, checking->reader, &checking->stored, error);
        done = step == STEP_DONE || (step == STEP_ROW && check_seal(checking, error));
    }
    sqlite3_reset(select);
    return done;
}

bool seals_check(const struct database *database, const struct timestamp_trust *trust,
                 struct seals_report *report, struct error *error)
{
    struct checking checking = {.trust = trust, .report = report};
    *report = (struct seals_report){0};
    checking.seals = seals_new(database, error);
    checking.reader = checking.seals != NULL ? capture_reader_new(database, error) : NULL;
    bool done = checking.reader != NULL && check_all(&checking, error);
    capture_reader_free(checking.reader);
    stored_capture_free(&checking.stored);
    seals_free(checking.seals);
    return done;
}

/* Whether the seal of a capture is one that was looked for. */
static bool is_sought(struct seals *seals, const struct stored_capture *stored, int64_t capture_id,
                      int64_t count, struct seal *seal, bool *is_it, struct error *error)
{
    const char *objection = NULL;
    *is_it = seal_read_request(text_span(&stored->capture.request), seal) &&
             seal->count >= capture_id && (count == 0 || seal->count == count);
    if (*is_it && !check_history(seals, seal, stored->capture_id, &objection, error)) {
        return false;
    }
    *is_it &= objection == NULL;
    return true;
}

static bool find(struct seals *seals, struct capture_reader *reader, int64_t capture_id,
                 int64_t count, struct seal *seal, struct text *answer, struct error *error)
{
    sqlite3_stmt *select = seals->statements[SELECT_SEALS];
    struct stored_capture stored = {0};
    enum step step = STEP_ROW;
    bool is_it = false, done = true;
    bind_int(select, 1, capture_id);
    while (done && step == STEP_ROW && !is_it) {
        step = read_next(seals, reader, &stored, error);
        done = step == STEP_DONE || (step == STEP_ROW && is_sought(seals, &stored, capture_id,
                                                                   count, seal, &is_it, error));
    }
    sqlite3_reset(select);
    if (is_it) {
        text_set(answer, text_span(&stored.capture.body));
    } else {
        *seal = (struct seal){0};
    }
    stored_capture_free(&stored);
    return done && (!answer->failed || error_no_memory(error));
}

bool seals_find(const struct database *database, int64_t capture_id, int64_t count,
                struct seal *seal, struct text *answer, struct error *error)
{
    struct seals *seals = seals_new(database, error);
    struct capture_reader *reader = seals != NULL ? capture_reader_new(database, error) : NULL;
    bool done = reader != NULL && find(seals, reader, capture_id, count, seal, answer, error);
    capture_reader_free(reader);
    seals_free(seals);
    return done;
}
