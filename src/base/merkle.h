/* Merkle trees of SHA-256 over a list that only grows, as RFC 9162 (Certificate Transparency)
 * defines them in its section 2.1:
 *
 *     hash of a leaf    SHA-256(0x00 || the leaf)
 *     hash of a node    SHA-256(0x01 || left || right)
 *     hash of a list    of its first 2^k leaves, the largest such number under its length, and of
 *                       the rest; of one leaf, that leaf's; of none, SHA-256 of nothing
 *
 * A subtree of 2^level leaves that is complete never changes: it is known by its level and its
 * index among those of its level, from 0. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"

#define MERKLE_COUNT_MAX (INT64_C(1) << 53) /* leaves, as many as JSON's numbers hold */
#define MERKLE_LEVELS 54
#define MERKLE_PATH_MAX (MERKLE_LEVELS + 1)

/* The hashes that lead from a leaf, or from a smaller tree, to a root; from the leaves upwards. */
struct merkle_path {
    int count;
    struct sha256_digest hashes[MERKLE_PATH_MAX];
};

/* A tree as it grows: of each level, the hash of the last subtree that is complete. Starts zeroed.
 */
struct merkle_edge {
    int64_t count; /* of leaves */
    struct sha256_digest last[MERKLE_LEVELS];
};

/* Where the hashes of a tree's complete subtrees are had from. `get` sets *hash, or *known to
 * false: then it is made of its halves. Leaves, of level 0, are known always. */
struct merkle_source {
    void *context;
    bool (*get)(void *context, int level, int64_t index, bool *known, struct sha256_digest *hash,
                struct error *error);
};

/* The hash of a leaf that is `count` spans one after the other, two at most. */
bool merkle_leaf(struct sha256 *sha256, const struct span *parts, size_t count,
                 struct sha256_digest *hash, struct error *error);

/* Adds the hash of the next subtree of 2^level leaves; the count must be a multiple of as many. The
 * subtrees that it completes, level by level, are those of merkle_completed() and below. */
bool merkle_add(struct merkle_edge *edge, struct sha256 *sha256, int level,
                const struct sha256_digest *hash, struct error *error);

/* The highest level of a subtree that the last leaf of `count` completes. */
int merkle_completed(int64_t count);

/* The hash of all that was added. */
bool merkle_root(const struct merkle_edge *edge, struct sha256 *sha256, struct sha256_digest *root,
                 struct error *error);

/* The path from the leaf of that index to the root of the first `count` leaves (2.1.3.1). */
bool merkle_prove_inclusion(const struct merkle_source *source, struct sha256 *sha256,
                            int64_t index, int64_t count, struct merkle_path *path,
                            struct error *error);

/* What shows that the first `first` of `count` leaves, one at least, are the leaves of a tree that
 * was as long as that (2.1.4.1). */
bool merkle_prove_consistency(const struct merkle_source *source, struct sha256 *sha256,
                              int64_t first, int64_t count, struct merkle_path *path,
                              struct error *error);

/* The root that a path leads to from the hash of a leaf (2.1.3.2). *leads is false when no path of
 * such a leaf is as long. */
bool merkle_climb(struct sha256 *sha256, const struct sha256_digest *leaf, int64_t index,
                  int64_t count, const struct merkle_path *path, bool *leads,
                  struct sha256_digest *root, struct error *error);

/* Whether a path shows that the tree of `root` begins with that of `first_root` (2.1.4.2). */
bool merkle_is_consistent(struct sha256 *sha256, int64_t first,
                          const struct sha256_digest *first_root, int64_t count,
                          const struct sha256_digest *root, const struct merkle_path *path,
                          bool *consistent, struct error *error);
