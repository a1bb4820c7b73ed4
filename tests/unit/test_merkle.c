/* RFC 9162's trees. The leaves and the roots of their beginnings are those of the reference
 * implementation's tests (Certificate Transparency, merkle_tree_test.cc). */
#include "support.h"

#include <string.h>

#include "base/merkle.h"

#define LEAVES 8
#define LARGEST 70

static const struct span LEAF[LEAVES] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

/* Of the first 0, 1, 2 ... leaves. */
static const char *const ROOTS[LEAVES + 1] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

struct world {
    struct sha256 *sha256;
    struct error error;
    struct merkle_source source;
    struct sha256_digest leaves[LARGEST];
    struct sha256_digest roots[LARGEST + 1];
};

static bool get(void *context, int level, int64_t index, bool *known, struct sha256_digest *hash,
                struct error *error)
{
    const struct world *world = context;
    (void)error;
    *known = level == 0;
    if (*known) {
        *hash = world->leaves[index];
    }
    return true;
}

static struct sha256_digest digest_of(const char *hex)
{
    struct sha256_digest digest;
    assert_true(sha256_from_hex(span_of(hex), &digest));
    return digest;
}

static int set_up(void **state)
{
    static struct world world;
    struct merkle_edge edge = {0};
    world = (struct world){.source = {&world, get}};
    world.sha256 = sha256_new(&world.error);
    for (int i = 0; i < LARGEST; i++) {
        const unsigned char number = (unsigned char)i;
        const struct span own = {(const char *)&number, 1};
        const struct span *leaf = i < LEAVES ? &LEAF[i] : &own;
        assert_true(merkle_root(&edge, world.sha256, &world.roots[i], &world.error));
        assert_true(merkle_leaf(world.sha256, leaf, 1, &world.leaves[i], &world.error));
        assert_true(merkle_add(&edge, world.sha256, 0, &world.leaves[i], &world.error));
    }
    assert_true(merkle_root(&edge, world.sha256, &world.roots[LARGEST], &world.error));
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    sha256_free(world->sha256);
    return 0;
}

static void the_roots_are_those_of_the_reference(void **state)
{
    const struct world *world = *state;
    char hex[SHA256_HEX_SIZE];
    for (int i = 0; i <= LEAVES; i++) {
        sha256_hex(&world->roots[i], hex);
        assert_string_equal(hex, ROOTS[i]);
    }
}

static void assert_path(const struct merkle_path *path, const char *const *hashes)
{
    int count = 0;
    for (; hashes[count] != NULL; count++) {
        struct sha256_digest hash = digest_of(hashes[count]);
        assert_true(count < path->count && sha256_equal(&hash, &path->hashes[count]));
    }
    assert_int_equal(path->count, count);
}

static void paths_are_those_of_the_reference(void **state)
{
    static const struct {
        int leaf, count;
        const char *path[4];
    } INCLUSION[] = {
        {1, 1, {NULL}},
        {1,
         8,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {6,
         8,
         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {3, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
        {2,
         5,
         {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    };
    struct world *world = *state;
    struct merkle_path path;
    for (size_t i = 0; i < sizeof INCLUSION / sizeof INCLUSION[0]; i++) {
        assert_true(merkle_prove_inclusion(&world->source, world->sha256, INCLUSION[i].leaf - 1,
                                           INCLUSION[i].count, &path, &world->error));
        assert_path(&path, INCLUSION[i].path);
    }
}

static void consistency_is_that_of_the_reference(void **state)
{
    static const struct {
        int first, count;
        const char *path[4];
    } CONSISTENCY[] = {
        {1, 1, {NULL}},
        {1,
         8,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {6,
         8,
         {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {2,
         5,
         {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    };
    struct world *world = *state;
    struct merkle_path path;
    for (size_t i = 0; i < sizeof CONSISTENCY / sizeof CONSISTENCY[0]; i++) {
        assert_true(merkle_prove_consistency(&world->source, world->sha256, CONSISTENCY[i].first,
                                             CONSISTENCY[i].count, &path, &world->error));
        assert_path(&path, CONSISTENCY[i].path);
    }
}

/* Whether a path leads from the leaf to the root of a tree. */
static bool leads(struct world *world, const struct sha256_digest *leaf, int index, int count,
                  const struct merkle_path *path)
{
    struct sha256_digest root;
    bool has_length;
    assert_true(
        merkle_climb(world->sha256, leaf, index, count, path, &has_length, &root, &world->error));
    return has_length && sha256_equal(&root, &world->roots[count]);
}

static void every_leaf_of_every_tree_has_a_path_and_no_other(void **state)
{
    struct world *world = *state;
    struct merkle_path path;
    for (int count = 1; count <= LARGEST; count++) {
        for (int index = 0; index < count; index++) {
            assert_true(merkle_prove_inclusion(&world->source, world->sha256, index, count, &path,
                                               &world->error));
            assert_true(leads(world, &world->leaves[index], index, count, &path));
            assert_false(leads(world, &world->leaves[(index + 1) % LARGEST], index, count, &path));
            path.count++;
            assert_false(leads(world, &world->leaves[index], index, count, &path));
            path.count -= 2;
            assert_false(path.count >= 0 &&
                         leads(world, &world->leaves[index], index, count, &path));
            path.count++;
            for (int i = 0; i < path.count; i++) {
                path.hashes[i].bytes[i] ^= 1;
                assert_false(leads(world, &world->leaves[index], index, count, &path));
                path.hashes[i].bytes[i] ^= 1;
            }
        }
        assert_false(leads(world, &world->leaves[0], count, count, &path));
        assert_false(leads(world, &world->leaves[0], -1, count, &path));
    }
}

static bool is_consistent(struct world *world, int first, const struct sha256_digest *first_root,
                          int count, const struct merkle_path *path)
{
    bool consistent;
    assert_true(merkle_is_consistent(world->sha256, first, first_root, count, &world->roots[count],
                                     path, &consistent, &world->error));
    return consistent;
}

static void every_tree_begins_with_every_smaller_one_and_no_other(void **state)
{
    struct world *world = *state;
    struct merkle_path path;
    for (int count = 1; count <= LARGEST; count++) {
        for (int first = 1; first <= count; first++) {
            struct sha256_digest root = world->roots[first];
            assert_true(merkle_prove_consistency(&world->source, world->sha256, first, count, &path,
                                                 &world->error));
            assert_true(is_consistent(world, first, &root, count, &path));
            root.bytes[first % SHA256_SIZE] ^= 1;
            assert_false(is_consistent(world, first, &root, count, &path));
            for (int i = 0; i < path.count; i++) {
                path.hashes[i].bytes[i] ^= 1;
                assert_false(is_consistent(world, first, &world->roots[first], count, &path));
                path.hashes[i].bytes[i] ^= 1;
            }
            path.count++;
            assert_false(is_consistent(world, first, &world->roots[first], count, &path));
        }
        assert_false(is_consistent(world, count + 1, &world->roots[0], count, &path));
        assert_false(is_consistent(world, 0, &world->roots[0], count, &path));
    }
}

/* As a tree is gone on with that is read back: by its subtrees of some levels. */
static void an_edge_can_be_put_together_of_subtrees(void **state)
{
    struct world *world = *state;
    struct merkle_edge whole = {0}, joined = {0};
    struct sha256_digest root;
    for (int i = 0; i < 32; i++) {
        assert_true(merkle_add(&whole, world->sha256, 0, &world->leaves[i], &world->error));
    }
    assert_int_equal(merkle_completed(whole.count), 5);
    assert_true(merkle_add(&joined, world->sha256, 5, &whole.last[5], &world->error));
    for (int i = 32; i < LARGEST; i++) {
        assert_true(merkle_add(&joined, world->sha256, 0, &world->leaves[i], &world->error));
        assert_true(merkle_root(&joined, world->sha256, &root, &world->error));
        assert_true(sha256_equal(&root, &world->roots[i + 1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_roots_are_those_of_the_reference),
        cmocka_unit_test(paths_are_those_of_the_reference),
        cmocka_unit_test(consistency_is_that_of_the_reference),
        cmocka_unit_test(every_leaf_of_every_tree_has_a_path_and_no_other),
        cmocka_unit_test(every_tree_begins_with_every_smaller_one_and_no_other),
        cmocka_unit_test(an_edge_can_be_put_together_of_subtrees),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
