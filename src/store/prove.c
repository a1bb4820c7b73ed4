#include "store/prove.h"

#include "base/utf8.h"
#include "store/evidence/tree.h"
#include "store/seals.h"

bool prove_find_poll(const struct database *database, struct span account, int64_t at_ms,
                     int64_t *capture_id, struct error *error)
{
    sqlite3_stmt *select = database_prepare(
        database,
        "SELECT s.capture_id FROM capture AS s LEFT JOIN reading AS r USING (capture_id) "
        "WHERE s.account_id = (SELECT account_id FROM account WHERE name = ?) "
        "AND s.endpoint = 'positionRisk' AND s.received_ms <= ? "
        "AND coalesce(r.outcome, s.outcome) = 'ok' ORDER BY s.received_ms DESC LIMIT 1",
        error);
    bind_span(select, 1, account);
    bind_int(select, 2, at_ms);
    enum step step = database_step(database, select, error);
    *capture_id = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_finalize(select);
    return step != STEP_FAILED;
}

static bool choose_count(const struct database *database, int64_t capture_id, int64_t *count,
                         struct error *error)
{
    int64_t last;
    if (!database_integer(database, "SELECT max(capture_id) FROM capture", &last, error)) {
        return false;
    }
    *count = *count == 0 ? last : *count;
    if (capture_id > last) {
        return error_set(error, ERROR_FAILED,
                         "capture %lld: there is none (the view capture_log lists them)",
                         (long long)capture_id);
    }
    return (*count >= capture_id && *count <= last && *count < MERKLE_COUNT_MAX) ||
           error_set(error, ERROR_USAGE,
                     "the tree after %lld captures does not have capture %lld, or is still to come",
                     (long long)*count, (long long)capture_id);
}

static bool choose_root(const struct database *database, int64_t capture_id, int64_t count,
                        const struct timestamp_trust *trust, struct proof *proof,
                        struct error *error)
{
    struct seal seal;
    proof->count = count;
    if (!choose_count(database, capture_id, &proof->count, error) ||
        !seals_find(database, capture_id, count, trust, &seal, &proof->timestamp, error)) {
        return false;
    }
    proof->is_stamped = seal.count > 0;
    if (trust != NULL && !proof->is_stamped) {
        return error_set(error, ERROR_FAILED,
                         "capture %lld: no seal is over it that these certificates verify",
                         (long long)capture_id);
    }
    if (proof->is_stamped) {
        proof->count = seal.count;
        proof->head = seal.head;
    }
    return true;
}

static bool read_capture(const struct database *database, int64_t capture_id, struct proof *proof,
                         struct error *error)
{
    struct stored_capture stored = {0};
    struct capture_reader *reader = capture_reader_new(database, error);
    enum step step = reader != NULL ? capture_reader_get_proven(reader, capture_id, &stored, error)
                                    : STEP_FAILED;
    if (step == STEP_DONE) {
        error_set(error, ERROR_FAILED, "capture %lld is missing (run 'posrec verify')",
                  (long long)capture_id);
    }
    const struct canonical canonical = stored_capture_canonical(&stored);
    bool done = step == STEP_ROW && canonical_write(&canonical, &proof->canonical, error) &&
                (utf8_is_valid(text_span(&proof->canonical)) ||
                 error_set(error, ERROR_FAILED, "capture %lld: its texts are not UTF-8",
                           (long long)capture_id));
    if (done) {
        proof->has_body = stored.payload_id.known;
        proof->body = stored.capture.body; /* which goes over to the proof */
        stored.capture.body = (struct text){0};
    }
    stored_capture_free(&stored);
    capture_reader_free(reader);
    return done;
}

/* The path leads to a root; that of the tree as it stands is had by other nodes. */
static bool find_path(struct tree *tree, struct sha256 *sha256, int64_t capture_id,
                      struct proof *proof, struct canonical_reading *said, struct error *error)
{
    struct sha256_digest root;
    return tree_check_made(tree, proof->count, error) &&
           tree_prove(tree, capture_id, proof->count, &proof->path, error) &&
           proof_climb(proof, sha256, said, error) && tree_load(tree, proof->count, error) &&
           tree_root(tree, &root, error) &&
           (sha256_equal(&root, &proof->root) ||
            error_set(error, ERROR_FAILED,
                      "the tree's nodes are not made of its captures (run 'posrec verify')"));
}

bool prove_capture(const struct database *database, int64_t capture_id, int64_t count,
                   const struct timestamp_trust *trust, struct proof *proof,
                   struct canonical_reading *said, struct error *error)
{
    struct sha256 *sha256 = sha256_new(error);
    struct tree *tree = sha256 != NULL ? tree_new(database, sha256, error) : NULL;
    bool done = tree != NULL && choose_root(database, capture_id, count, trust, proof, error) &&
                read_capture(database, capture_id, proof, error);
    done = done && find_path(tree, sha256, capture_id, proof, said, error);
    tree_free(tree);
    sha256_free(sha256);
    return done;
}
