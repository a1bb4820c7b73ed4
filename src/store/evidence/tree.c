#include "store/evidence/tree.h"

#include <stdlib.h>

#include "model/canonical.h"

enum statement { INSERT_NODE, SELECT_NODE, STATEMENT_COUNT };

static const char *const SQL[STATEMENT_COUNT] = {
    [INSERT_NODE] = "INSERT OR REPLACE INTO tree_node VALUES (?, ?, ?)",
    [SELECT_NODE] = "SELECT sha256 FROM tree_node WHERE capture_id = ? AND level = ?",
};

struct tree {
    const struct database *database;
    struct sha256 *sha256;
    struct capture_reader *reader;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct stored_capture stored;
    struct text canonical;
    struct merkle_edge edge;
};

struct tree *tree_new(const struct database *database, struct sha256 *sha256, struct error *error)
{
    struct tree *tree = calloc(1, sizeof *tree);
    if (tree == NULL) {
        error_no_memory(error);
        return NULL;
    }
    tree->database = database;
    tree->sha256 = sha256;
    tree->reader = capture_reader_new(database, error);
    if (tree->reader == NULL ||
        !database_prepare_all(database, SQL, STATEMENT_COUNT, tree->statements, error)) {
        tree_free(tree);
        return NULL;
    }
    return tree;
}

void tree_free(struct tree *tree)
{
    if (tree != NULL) {
        statements_finalize(tree->statements, STATEMENT_COUNT);
        capture_reader_free(tree->reader);
        stored_capture_free(&tree->stored);
        text_free(&tree->canonical);
        free(tree);
    }
}

static bool hash_leaf(const struct tree *tree, struct span canonical,
                      const struct sha256_digest *body, struct sha256_digest *hash,
                      struct error *error)
{
    const struct span parts[] = {canonical, {(const char *)body->bytes, SHA256_SIZE}};
    return merkle_leaf(tree->sha256, parts, 2, hash, error);
}

/* The leaf of a capture that is stored. */
static bool read_leaf(struct tree *tree, int64_t capture_id, struct sha256_digest *hash,
                      struct error *error)
{
    enum step step = capture_reader_get_bare(tree->reader, capture_id, &tree->stored, error);
    if (step == STEP_DONE) {
        error_set(error, ERROR_FAILED, "capture %lld is missing (run 'posrec verify')",
                  (long long)capture_id);
    }
    const struct canonical canonical = stored_capture_canonical(&tree->stored);
    return step == STEP_ROW && canonical_write(&canonical, &tree->canonical, error) &&
           hash_leaf(tree, text_span(&tree->canonical), &tree->stored.body_sha256, hash, error);
}

static int64_t last_capture_id(int level, int64_t index)
{
    return (index + 1) << level;
}

/* *stored is false when there is none. */
static bool read_node(const struct tree *tree, int64_t capture_id, int level, bool *stored,
                      struct sha256_digest *hash, struct error *error)
{
    sqlite3_stmt *select = tree->statements[SELECT_NODE];
    bind_int(select, 1, capture_id);
    bind_int(select, 2, level);
    enum step step = database_step(tree->database, select, error);
    *stored = step == STEP_ROW && sha256_from_bytes(column_span(select, 0), hash);
    sqlite3_reset(select);
    return step != STEP_FAILED;
}

/* The source of the tree's subtrees. */
static bool get_subtree(void *context, int level, int64_t index, bool *known,
                        struct sha256_digest *hash, struct error *error)
{
    struct tree *tree = context;
    int64_t capture_id = last_capture_id(level, index);
    bool stored;
    if (level == 0) {
        return read_leaf(tree, capture_id, hash, error);
    }
    *known = level % TREE_STEP == 0;
    return !*known ||
           (read_node(tree, capture_id, level, &stored, hash, error) &&
            (stored || error_set(error, ERROR_FAILED,
                                 "the tree's node of level %d after capture %lld is missing "
                                 "('posrec rebuild' makes it again)",
                                 level, (long long)capture_id)));
}

bool tree_load(struct tree *tree, int64_t count, struct error *error)
{
    struct merkle_edge *edge = &tree->edge;
    int level = 0;
    edge->count = 0;
    if (count < 0 || count >= MERKLE_COUNT_MAX) {
        return error_set(error, ERROR_FAILED, "there cannot be %lld captures (run 'posrec verify')",
                         (long long)count);
    }
    while (count >> (level + TREE_STEP) > 0) {
        level += TREE_STEP;
    }
    for (; level >= 0; level -= TREE_STEP) {
        while (edge->count + (INT64_C(1) << level) <= count) {
            struct sha256_digest hash;
            bool known;
            if (!get_subtree(tree, level, edge->count >> level, &known, &hash, error) ||
                !merkle_add(edge, tree->sha256, level, &hash, error)) {
                return false;
            }
        }
    }
    return true;
}

/* Whether a node is there and made of what is one step below. */
static bool check_node(struct tree *tree, int level, int64_t index, struct error *error)
{
    struct merkle_edge made = {0};
    struct sha256_digest hash;
    int below = level - TREE_STEP;
    int64_t last = last_capture_id(level, index);
    bool done = true, stored = true;
    for (int64_t i = index << TREE_STEP; i < (index + 1) << TREE_STEP && done && stored; i++) {
        int64_t capture_id = last_capture_id(below, i);
        done = below == 0 ? read_leaf(tree, capture_id, &hash, error)
                          : read_node(tree, capture_id, below, &stored, &hash, error);
        done = done && (!stored || merkle_add(&made, tree->sha256, below, &hash, error));
    }
    if (!done || (stored && !read_node(tree, last, level, &stored, &hash, error))) {
        return false;
    }
    return (stored && sha256_equal(&hash, &made.last[level])) ||
           error_set(error, ERROR_FAILED,
                     "the tree's node over captures %lld to %lld is missing or not made of them "
                     "(run 'posrec verify', then 'posrec rebuild')",
                     (long long)(last_capture_id(level, index - 1) + 1), (long long)last);
}

bool tree_check_made(struct tree *tree, int64_t count, struct error *error)
{
    for (int level = TREE_STEP; level < MERKLE_LEVELS && count >> level > 0; level += TREE_STEP) {
        int64_t index = count >> (level + TREE_STEP) << TREE_STEP; /* the first under none higher */
        for (; index < count >> level; index++) {
            if (!check_node(tree, level, index, error)) {
                return false;
            }
        }
    }
    return true;
}

bool tree_add(struct tree *tree, struct span canonical, const struct sha256_digest *body,
              struct error *error)
{
    struct sha256_digest leaf;
    return hash_leaf(tree, canonical, body, &leaf, error) &&
           merkle_add(&tree->edge, tree->sha256, 0, &leaf, error);
}

bool tree_store(const struct tree *tree, struct error *error)
{
    const struct merkle_edge *edge = &tree->edge;
    sqlite3_stmt *insert = tree->statements[INSERT_NODE];
    for (int level = TREE_STEP; level <= merkle_completed(edge->count); level += TREE_STEP) {
        const struct span hash = {(const char *)edge->last[level].bytes, SHA256_SIZE};
        bind_int(insert, 1, edge->count);
        bind_int(insert, 2, level);
        bind_bytes(insert, 3, hash);
        if (!database_write_row(tree->database, insert, error)) {
            return false;
        }
    }
    return true;
}

bool tree_check(const struct tree *tree, bool *stored, int *wrong_level, struct error *error)
{
    const struct merkle_edge *edge = &tree->edge;
    struct sha256_digest hash;
    *stored = true;
    for (int level = TREE_STEP; *stored && level <= merkle_completed(edge->count);
         level += TREE_STEP) {
        if (!read_node(tree, edge->count, level, stored, &hash, error)) {
            return false;
        }
        *stored = *stored && sha256_equal(&hash, &edge->last[level]);
        *wrong_level = level;
    }
    return true;
}

int64_t tree_row_count(int64_t count)
{
    int64_t rows = 0;
    while ((count >>= TREE_STEP) > 0) {
        rows += count;
    }
    return rows;
}

bool tree_root(const struct tree *tree, struct sha256_digest *root, struct error *error)
{
    return merkle_root(&tree->edge, tree->sha256, root, error);
}

bool tree_prove(struct tree *tree, int64_t capture_id, int64_t count, struct merkle_path *path,
                struct error *error)
{
    const struct merkle_source source = {tree, get_subtree};
    return merkle_prove_inclusion(&source, tree->sha256, capture_id - 1, count, path, error);
}

/* What cannot be read any more is verify's to tell of. */
static bool fill(struct tree *tree, int64_t count, void *context,
                 void (*on_progress)(void *context, int64_t done, int64_t total),
                 struct error *error)
{
    struct sha256_digest leaf;
    for (int64_t id = 1; id <= count; id++) {
        if (!read_leaf(tree, id, &leaf, error)) {
            return error->kind == ERROR_FAILED;
        }
        if (!merkle_add(&tree->edge, tree->sha256, 0, &leaf, error) || !tree_store(tree, error)) {
            return false;
        }
        if (on_progress != NULL) {
            on_progress(context, id, count);
        }
    }
    return true;
}

bool tree_fill(const struct database *database, void *context,
               void (*on_progress)(void *context, int64_t done, int64_t total), struct error *error)
{
    struct sha256 *sha256 = sha256_new(error);
    struct tree *tree = sha256 != NULL ? tree_new(database, sha256, error) : NULL;
    int64_t count;
    bool done = tree != NULL && database_run(database, "DELETE FROM tree_node", error) &&
                database_integer(database, "SELECT max(capture_id) FROM capture", &count, error) &&
                fill(tree, count, context, on_progress, error);
    tree_free(tree);
    sha256_free(sha256);
    return done;
}
