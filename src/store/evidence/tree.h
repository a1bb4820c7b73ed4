/* The Merkle tree over all captures (base/merkle.h): the leaf of capture n, whose index is n - 1,
 * is
 *
 *     its canonical text (model/canonical.h)
 *  || SHA-256 of its payload's bytes, 32 zero bytes when it has none
 *
 * Each TREE_STEP levels the hashes of complete subtrees are stored (table `tree_node`), so that a
 * path among any number of captures takes some dozens of reads a step. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/merkle.h"
#include "store/evidence/capture_reader.h"

#define TREE_STEP 5

struct tree;

/* NULL with the error set on failure. The tree uses the database and `sha256` until tree_free(). */
struct tree *tree_new(const struct database *database, struct sha256 *sha256, struct error *error);
void tree_free(struct tree *tree);

/* Stands after the first `count` captures: reads what the next is added to. */
bool tree_load(struct tree *tree, int64_t count, struct error *error);

/* ERROR_FAILED when one of the nodes that this takes is missing, or not made of what is one step
 * below it: nodes, or captures. For who hands the root out. */
bool tree_check_made(struct tree *tree, int64_t count, struct error *error);

/* Adds the next capture; the body's digest is all zeroes when it has none. */
bool tree_add(struct tree *tree, struct span canonical, const struct sha256_digest *body,
              struct error *error);

/* Stores the subtrees that were completed by the capture added last, once that is stored. */
bool tree_store(const struct tree *tree, struct error *error);

/* Whether they are stored as they are; *wrong_level is the lowest of those that are not. */
bool tree_check(const struct tree *tree, bool *stored, int *wrong_level, struct error *error);

/* How many rows the subtrees of so many captures have. */
int64_t tree_row_count(int64_t count);

/* The root of all that was added. */
bool tree_root(const struct tree *tree, struct sha256_digest *root, struct error *error);

/* The path from a capture to the root of the first `count` captures, which are stored. */
bool tree_prove(struct tree *tree, int64_t capture_id, int64_t count, struct merkle_path *path,
                struct error *error);

/* Makes the table anew from the captures, up to one that cannot be read, within the caller's
 * transaction. `on_progress` may be NULL. */
bool tree_fill(const struct database *database, void *context,
               void (*on_progress)(void *context, int64_t done, int64_t total),
               struct error *error);
