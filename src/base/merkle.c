#include "base/merkle.h"

#include <assert.h>

static struct span bytes_of(const struct sha256_digest *hash)
{
    return (struct span){(const char *)hash->bytes, SHA256_SIZE};
}

bool merkle_leaf(struct sha256 *sha256, const struct span *parts, size_t count,
                 struct sha256_digest *hash, struct error *error)
{
    struct span spans[3] = {{"\0", 1}};
    assert(count < 3);
    for (size_t i = 0; i < count; i++) {
        spans[i + 1] = parts[i];
    }
    return sha256_of(sha256, spans, count + 1, hash, error);
}

/* `node` may be one of the two. */
static bool hash_node(struct sha256 *sha256, const struct sha256_digest *left,
                      const struct sha256_digest *right, struct sha256_digest *node,
                      struct error *error)
{
    const struct span parts[] = {{"\1", 1}, bytes_of(left), bytes_of(right)};
    return sha256_of(sha256, parts, 3, node, error);
}

int merkle_completed(int64_t count)
{
    return __builtin_ctzll((unsigned long long)count);
}

bool merkle_add(struct merkle_edge *edge, struct sha256 *sha256, int level,
                const struct sha256_digest *hash, struct error *error)
{
    struct sha256_digest node = *hash;
    assert(level < 53 && (edge->count == 0 || merkle_completed(edge->count) >= level));
    edge->count += INT64_C(1) << level;
    assert(edge->count <= MERKLE_COUNT_MAX);
    int top = merkle_completed(edge->count);
    for (; level < top; level++) {
        struct sha256_digest left = edge->last[level];
        edge->last[level] = node;
        if (!hash_node(sha256, &left, &node, &node, error)) {
            return false;
        }
    }
    edge->last[top] = node;
    return true;
}

bool merkle_root(const struct merkle_edge *edge, struct sha256 *sha256, struct sha256_digest *root,
                 struct error *error)
{
    if (edge->count == 0) {
        return sha256_of(sha256, NULL, 0, root, error);
    }
    int level = merkle_completed(edge->count);
    *root = edge->last[level];
    while (edge->count >> ++level > 0) {
        if ((edge->count >> level & 1) != 0 &&
            !hash_node(sha256, &edge->last[level], root, root, error)) {
            return false;
        }
    }
    return true;
}

/* The largest power of two under a count of two or more, as its exponent. */
static int split_level(int64_t count)
{
    return 63 - __builtin_clzll((unsigned long long)count - 1);
}

/* The hash of `count` leaves from one on that begins a subtree of as many, or of more. */
static bool hash_range(const struct merkle_source *source, struct sha256 *sha256, int64_t from,
                       int64_t count, struct sha256_digest *hash, struct error *error)
{
    if ((count & (count - 1)) == 0) {
        int level = merkle_completed(count);
        bool known = true;
        if (!source->get(source->context, level, from >> level, &known, hash, error)) {
            return false;
        }
        if (known) {
            return true;
        }
    }
    int64_t half = INT64_C(1) << split_level(count);
    struct sha256_digest right;
    return hash_range(source, sha256, from, half, hash, error) &&
           hash_range(source, sha256, from + half, count - half, &right, error) &&
           hash_node(sha256, hash, &right, hash, error);
}

/* Appends the hash of a range to the path. */
static bool append_range(const struct merkle_source *source, struct sha256 *sha256, int64_t from,
                         int64_t count, struct merkle_path *path, struct error *error)
{
    assert(path->count < MERKLE_PATH_MAX);
    return hash_range(source, sha256, from, count, &path->hashes[path->count++], error);
}

/* A path among `count` leaves from one on: within the half that has the leaf, and past the other.
 */
static bool prove_leaf(const struct merkle_source *source, struct sha256 *sha256, int64_t index,
                       int64_t from, int64_t count, struct merkle_path *path, struct error *error)
{
    if (count == 1) {
        return true;
    }
    int64_t half = INT64_C(1) << split_level(count);
    return index < half
               ? prove_leaf(source, sha256, index, from, half, path, error) &&
                     append_range(source, sha256, from + half, count - half, path, error)
               : prove_leaf(source, sha256, index - half, from + half, count - half, path, error) &&
                     append_range(source, sha256, from, half, path, error);
}

bool merkle_prove_inclusion(const struct merkle_source *source, struct sha256 *sha256,
                            int64_t index, int64_t count, struct merkle_path *path,
                            struct error *error)
{
    assert(index >= 0 && index < count && count <= MERKLE_COUNT_MAX);
    path->count = 0;
    return prove_leaf(source, sha256, index, 0, count, path, error);
}

/* The same for the first `first` of the leaves: `is_whole` where they are a tree of their own,
 * whose hash is known. */
static bool prove_first(const struct merkle_source *source, struct sha256 *sha256, int64_t first,
                        bool is_whole, int64_t from, int64_t count, struct merkle_path *path,
                        struct error *error)
{
    if (first == count) {
        return is_whole || append_range(source, sha256, from, count, path, error);
    }
    int64_t half = INT64_C(1) << split_level(count);
    return first <= half ? prove_first(source, sha256, first, is_whole, from, half, path, error) &&
                               append_range(source, sha256, from + half, count - half, path, error)
                         : prove_first(source, sha256, first - half, false, from + half,
                                       count - half, path, error) &&
                               append_range(source, sha256, from, half, path, error);
}

bool merkle_prove_consistency(const struct merkle_source *source, struct sha256 *sha256,
                              int64_t first, int64_t count, struct merkle_path *path,
                              struct error *error)
{
    assert(first > 0 && first <= count && count <= MERKLE_COUNT_MAX);
    path->count = 0;
    return prove_first(source, sha256, first, true, 0, count, path, error);
}

/* Where a climb stands: the indexes, on its level, of the node and of the last one there is. */
struct climb {
    int64_t node, last;
};

/* Whether the next hash of a path stands on the left; then the levels are passed over on which the
 * node has no other half. */
static bool comes_from_left(struct climb *climb)
{
    bool is_left = (climb->node & 1) != 0 || climb->node == climb->last;
    while (is_left && (climb->node & 1) == 0 && climb->node != 0) {
        climb->node >>= 1;
        climb->last >>= 1;
    }
    climb->node >>= 1;
    climb->last >>= 1;
    return is_left;
}

bool merkle_climb(struct sha256 *sha256, const struct sha256_digest *leaf, int64_t index,
                  int64_t count, const struct merkle_path *path, bool *leads,
                  struct sha256_digest *root, struct error *error)
{
    struct climb climb = {index, count - 1};
    *root = *leaf;
    *leads = index >= 0 && index < count;
    for (int i = 0; *leads && i < path->count; i++) {
        const struct sha256_digest *other = &path->hashes[i];
        *leads = climb.last > 0;
        bool is_left = comes_from_left(&climb);
        if (!hash_node(sha256, is_left ? other : root, is_left ? root : other, root, error)) {
            return false;
        }
    }
    *leads = *leads && climb.last == 0;
    return true;
}

bool merkle_is_consistent(struct sha256 *sha256, int64_t first,
                          const struct sha256_digest *first_root, int64_t count,
                          const struct sha256_digest *root, const struct merkle_path *path,
                          bool *consistent, struct error *error)
{
    struct climb climb = {first - 1, count - 1};
    bool is_known = (first & (first - 1)) == 0; /* the smaller tree is a subtree of the larger */
    if (first < 1 || first >= count || path->count == 0) {
        *consistent = first == count && path->count == 0 && sha256_equal(first_root, root);
        return true;
    }
    while ((climb.node & 1) != 0) {
        climb.node >>= 1;
        climb.last >>= 1;
    }
    struct sha256_digest small = is_known ? *first_root : path->hashes[0], large = small;
    *consistent = true;
    for (int i = !is_known; *consistent && i < path->count; i++) {
        const struct sha256_digest *other = &path->hashes[i];
        *consistent = climb.last > 0;
        bool is_left = comes_from_left(&climb);
        if ((is_left && !hash_node(sha256, other, &small, &small, error)) ||
            !hash_node(sha256, is_left ? other : &large, is_left ? &large : other, &large, error)) {
            return false;
        }
    }
    *consistent = *consistent && climb.last == 0 && sha256_equal(&small, first_root) &&
                  sha256_equal(&large, root);
    return true;
}
