#include "store/seals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    bool tree_is_sound;
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
    return done && (seal->count == 0 || (tree_check_made(seals->tree, seal->count, error) &&
                                         root_of(seals, seal->count, &seal->root, error)));
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

/* Whether the chain has the head of a seal, which a capture keeps, where it should. */
static bool check_head(struct seals *seals, const struct seal *seal, int64_t capture_id,
                       bool *is_right, struct error *error)
{
    struct sha256_digest head;
    bool is_there;
    if (!link_of(seals, seal->count, &is_there, &head, error)) {
        return false;
    }
    *is_right = is_there && seal->count < capture_id && sha256_equal(&head, &seal->head);
    return true;
}

/* Whether the tree has its root. ERROR_FAILED when that is damaged, which tells nothing of the
 * seal. */
static bool check_root(struct seals *seals, const struct seal *seal, bool *is_right,
                       struct error *error)
{
    struct sha256_digest root;
    if (!root_of(seals, seal->count, &root, error)) {
        return false;
    }
    *is_right = sha256_equal(&root, &seal->root);
    return *is_right || tree_check_made(seals->tree, seal->count, error);
}

/* Notes why the seal at hand does not hold. */
static void refuse(struct checking *checking, const char *why)
{
    struct seals_report *report = checking->report;
    report->capture_id = maybe_of(checking->stored.capture_id);
    report->received_ms = maybe_of(checking->stored.capture.received_ms);
    report->is_of_root = false;
    snprintf(report->what, sizeof report->what, "%s", why);
}

/* The first of its kind is noted, and those after it are looked at. */
static void refuse_root(struct checking *checking)
{
    if (!checking->report->capture_id.known) {
        refuse(checking,
               "its head is right, its root is not: the tree was damaged when it was sealed");
        checking->report->is_of_root = true;
    }
}

/* As check_root(), while the tree can be read. */
static bool check_root_if_sound(struct checking *checking, const struct seal *seal, bool *is_right,
                                struct error *error)
{
    struct error why = {0};
    *is_right = true;
    if (!checking->tree_is_sound || check_root(checking->seals, seal, is_right, &why)) {
        return true;
    }
    if (why.kind != ERROR_FAILED) {
        *error = why;
        return false;
    }
    checking->tree_is_sound = false;
    *is_right = true;
    memcpy(checking->report->tree, why.text, sizeof why.text);
    return true;
}

static bool check_seal(struct checking *checking, struct error *error)
{
    const struct capture *capture = &checking->stored.capture;
    struct seals_report *report = checking->report;
    struct seal seal;
    struct timestamp timestamp;
    struct error why;
    bool has_head, has_root;
    if (!seal_read_request(text_span(&capture->request), &seal)) {
        refuse(checking, "its request says not what is sealed");
        return true;
    }
    if (!check_head(checking->seals, &seal, checking->stored.capture_id, &has_head, error)) {
        return false;
    }
    if (!has_head) {
        refuse(checking, "it seals another head than the chain has there");
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
    if (!check_root_if_sound(checking, &seal, &has_root, error)) {
        return false;
    }
    if (!has_root) {
        refuse_root(checking);
        return true;
    }
    report->count++;
    if (seal.count > report->sealed) {
        report->sealed = seal.count;
        report->timestamp = timestamp;
    }
    return true;
}

static bool check_all(struct checking *checking, struct error *error)
{
    struct seals *seals = checking->seals;
    sqlite3_stmt *select = seals->statements[SELECT_SEALS];
    enum step step = STEP_ROW;
    bool done = true;
    bind_int(select, 1, 0);
    while (done && step == STEP_ROW &&
           (!checking->report->capture_id.known || checking->report->is_of_root)) {
        step = database_step(seals->database, select, error);
        done = step == STEP_DONE ||
               (step == STEP_ROW &&
                capture_reader_get_proven(checking->reader, sqlite3_column_int64(select, 0),
                                          &checking->stored, error) == STEP_ROW &&
                check_seal(checking, error));
    }
    sqlite3_reset(select);
    return done;
}

bool seals_check(const struct database *database, const struct timestamp_trust *trust,
                 bool tree_is_sound, struct seals_report *report, struct error *error)
{
    struct checking checking = {.trust = trust, .tree_is_sound = tree_is_sound, .report = report};
    *report = (struct seals_report){0};
    checking.seals = seals_new(database, error);
    checking.reader = checking.seals != NULL ? capture_reader_new(database, error) : NULL;
    bool done = checking.reader != NULL && check_all(&checking, error);
    capture_reader_free(checking.reader);
    stored_capture_free(&checking.stored);
    seals_free(checking.seals);
    return done;
}

/* What finding one is done with. */
struct search {
    int64_t capture_id, count;
    const struct timestamp_trust *trust;
    struct seals *seals;
    struct capture_reader *reader;
    struct stored_capture stored; /* the one at hand */
    struct seal *seal;
};

/* Whether it is of this history, over the capture, and of as many as are looked for. */
static bool is_over(struct search *search, bool *is_it, struct error *error)
{
    struct seal *seal = search->seal;
    *is_it = seal_read_request(text_span(&search->stored.capture.request), seal) &&
             seal->count >= search->capture_id &&
             (search->count == 0 || seal->count == search->count);
    return !*is_it || (check_head(search->seals, seal, search->stored.capture_id, is_it, error) &&
                       (!*is_it || check_root(search->seals, seal, is_it, error)));
}

/* Whether the seal at hand has a sound answer, and of one who is trusted. */
static bool is_good(struct search *search, struct error *error)
{
    const struct capture *capture = &search->stored.capture;
    struct timestamp timestamp;
    return capture_reader_get_proven(search->reader, search->stored.capture_id, &search->stored,
                                     error) == STEP_ROW &&
           (search->trust == NULL ||
            seal_verify(search->seal, search->trust, text_span(&capture->body),
                        capture->received_ms, &timestamp, error));
}

/* Whether the seal of a capture is the one. Its body, which may be damaged, is read last. */
static bool is_sought(struct search *search, int64_t id, bool *is_it, struct error *error)
{
    struct error why = {0};
    if (capture_reader_get_bare(search->reader, id, &search->stored, &why) == STEP_ROW) {
        if (!is_over(search, is_it, error)) {
            return false;
        }
        *is_it = *is_it && is_good(search, &why);
    }
    if (!*is_it && why.kind != ERROR_NONE && why.kind != ERROR_FAILED) {
        *error = why;
        return false;
    }
    return true;
}

static bool find(struct search *search, struct text *answer, struct error *error)
{
    sqlite3_stmt *select = search->seals->statements[SELECT_SEALS];
    enum step step = STEP_ROW;
    bool is_it = false, done = true;
    bind_int(select, 1, search->capture_id);
    while (done && step == STEP_ROW && !is_it) {
        step = database_step(search->seals->database, select, error);
        done =
            step == STEP_DONE ||
            (step == STEP_ROW && is_sought(search, sqlite3_column_int64(select, 0), &is_it, error));
    }
    sqlite3_reset(select);
    if (is_it) {
        text_set(answer, text_span(&search->stored.capture.body));
    } else {
        *search->seal = (struct seal){0};
    }
    return done && (!answer->failed || error_no_memory(error));
}

bool seals_find(const struct database *database, int64_t capture_id, int64_t count,
                const struct timestamp_trust *trust, struct seal *seal, struct text *answer,
                struct error *error)
{
    struct search search = {.capture_id = capture_id, .count = count, .trust = trust, .seal = seal};
    search.seals = seals_new(database, error);
    search.reader = search.seals != NULL ? capture_reader_new(database, error) : NULL;
    bool done = search.reader != NULL && find(&search, answer, error);
    capture_reader_free(search.reader);
    stored_capture_free(&search.stored);
    seals_free(search.seals);
    return done;
}
