#include "support.h"

#include <string.h>

#include "model/proof.h"

#define CAPTURES 70
#define PROVED 37

struct world {
    struct sha256 *sha256;
    struct error error;
    struct sha256_digest leaves[CAPTURES];
    struct proof proof;
    struct canonical_reading said;
    struct text file;
};

static const char BODY[] =
    "[{\"symbol\":\"BTCUSD_PERP\",\"note\":\"a \\\"quote\\\", \xc3\xa9\x7f\t\r\n\x01\x1f\"}]";

/* What the capture of a number says: one of each kind of field, known and unknown. */
static void write_canonical(struct world *world, int64_t capture_id, struct text *out)
{
    struct capture capture = {.endpoint = ENDPOINT_POSITION_RISK,
                              .received_ms = 1795557590000 + capture_id,
                              .attempt = 1,
                              .outcome = capture_id % 2 == 0 ? OUTCOME_TIMEOUT : OUTCOME_OK};
    const struct canonical canonical = {capture_id, "coin-m", 3, &capture};
    text_append_string(&capture.account, "m\xc3\xa4in");
    text_append_string(&capture.request, "/dapi/v1/positionRisk?a=1,2:3,");
    capture.clock_offset_ms = maybe_of(-12);
    if (capture_id % 2 == 0) {
        text_append_string(&capture.detail, "it said \"no\"");
    }
    assert_true(canonical_write(&canonical, out, &world->error));
    capture_free(&capture);
}

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

static void write_proof(struct world *world)
{
    text_clear(&world->file);
    assert_true(proof_write(&world->proof, world->sha256, &world->file, &world->error));
}

/* Proves a capture among some; `body` NULL for none. */
static void prove(struct world *world, int64_t capture_id, int64_t count, const struct span *body)
{
    struct proof *proof = &world->proof;
    const struct merkle_source source = {world, get};
    struct text canonical = {0};
    proof_free(proof);
    *proof = (struct proof){.count = count, .has_body = body != NULL};
    if (body != NULL) {
        text_append_span(&proof->body, *body);
    }
    for (int i = 0; i < CAPTURES; i++) {
        struct sha256_digest digest = {0};
        write_canonical(world, i + 1, &canonical);
        assert_true(i + 1 != capture_id || body == NULL ||
                    sha256_of(world->sha256, body, 1, &digest, &world->error));
        const struct span parts[] = {text_span(&canonical),
                                     {(const char *)digest.bytes, SHA256_SIZE}};
        assert_true(merkle_leaf(world->sha256, parts, 2, &world->leaves[i], &world->error));
    }
    text_free(&canonical);
    write_canonical(world, capture_id, &proof->canonical);
    assert_true(merkle_prove_inclusion(&source, world->sha256, capture_id - 1, count, &proof->path,
                                       &world->error));
    assert_true(proof_climb(proof, world->sha256, &world->said, &world->error));
    write_proof(world);
}

static bool read_proof(struct world *world, struct span file)
{
    struct proof proof = {0};
    bool read = proof_read(file, world->sha256, &proof, &world->said, &world->error);
    proof_free(&proof);
    return read;
}

static int set_up(void **state)
{
    static struct world world;
    const struct span body = {BODY, sizeof BODY - 1};
    world = (struct world){0};
    world.sha256 = sha256_new(&world.error);
    prove(&world, PROVED, CAPTURES, &body);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    proof_free(&world->proof);
    canonical_reading_free(&world->said);
    text_free(&world->file);
    sha256_free(world->sha256);
    return 0;
}

static void a_proof_is_read_as_it_was_written(void **state)
{
    struct world *world = *state;
    struct proof read = {0};
    struct canonical_reading said = {0};
    if (!proof_read(text_span(&world->file), world->sha256, &read, &said, &world->error)) {
        fail_msg("%s", world->error.text);
    }
    assert_int_equal(said.capture_id, PROVED);
    assert_string_equal(text_string(&said.capture.account), "m\xc3\xa4in");
    assert_string_equal(text_string(&said.product), "coin-m");
    assert_int_equal(said.capture.received_ms, 1795557590000 + PROVED);
    assert_int_equal(said.capture.clock_offset_ms.value, -12);
    assert_false(said.capture.due_ms.known || said.capture.http_status.known);
    assert_int_equal(said.row_count, 3);
    assert_int_equal(read.count, CAPTURES);
    assert_true(read.has_body && !read.is_stamped);
    assert_int_equal(read.body.size, sizeof BODY - 1);
    assert_memory_equal(read.body.data, BODY, read.body.size);
    assert_true(sha256_equal(&read.root, &world->proof.root));
    proof_free(&read);
    canonical_reading_free(&said);
}

static void every_capture_of_every_tree_is_proved(void **state)
{
    static const char BYTES[] = "\x00\xff not UTF-8";
    const struct span bodies[] = {{BODY, sizeof BODY - 1}, {"", 0}, {BYTES, sizeof BYTES - 1}};
    struct world *world = *state;
    for (int64_t count = 1; count <= CAPTURES; count += 3) {
        for (int64_t id = 1; id <= count; id++) {
            prove(world, id, count, id % 4 == 0 ? NULL : &bodies[id % 4 - 1]);
            assert_true(read_proof(world, text_span(&world->file)));
            assert_int_equal(world->said.capture_id, id);
        }
    }
}

/* Writes the sum anew that the file ends with. */
static void mend_sum(struct world *world)
{
    static const char SUM[] = ",\n \"sha256\": \"";
    char *end =
        world->file.data + world->file.size - strlen("\"\n}\n") - 2 * SHA256_SIZE - strlen(SUM);
    const struct span before = {world->file.data, (size_t)(end - world->file.data)};
    struct sha256_digest sum;
    char hex[SHA256_HEX_SIZE];
    assert_true(sha256_of(world->sha256, &before, 1, &sum, &world->error));
    sha256_hex(&sum, hex);
    memcpy(end + strlen(SUM), hex, 2 * SHA256_SIZE);
}

static void no_bit_of_a_proof_can_be_another(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < world->file.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            world->file.data[i] ^= (char)(1 << bit);
            if (read_proof(world, text_span(&world->file))) {
                fail_msg("byte %zu, bit %d", i, bit);
            }
            world->file.data[i] ^= (char)(1 << bit);
        }
    }
    assert_true(read_proof(world, text_span(&world->file)));
}

/* The count is bound by whoever notes the root: others have paths of the same shape. */
static void nor_with_a_sum_that_is_right_but_for_the_count(void **state)
{
    struct world *world = *state;
    const char *count = strstr(text_string(&world->file), "\"count\": ") + strlen("\"count\": ");
    size_t at = (size_t)(count - world->file.data);
    struct text original = {0};
    text_set(&original, text_span(&world->file));
    for (size_t i = 0; i < original.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            text_set(&world->file, text_span(&original));
            world->file.data[i] ^= (char)(1 << bit);
            mend_sum(world);
            bool is_other = !span_equal(text_span(&world->file), text_span(&original));
            if (is_other && (i < at || i > at + 1) && read_proof(world, text_span(&world->file))) {
                fail_msg("byte %zu, bit %d", i, bit);
            }
        }
    }
    text_free(&original);
}

static void nor_can_it_be_longer_shorter_or_written_otherwise(void **state)
{
    static const char *const OTHERWISE[][2] = {
        {"{\n", "{\n\n"},
        {"\": \"", "\":\"" /* no blank */},
        {"\\n", "\\u000a"},
        {"\\u001f", "\\u001F"},
        {"\xc3\xa9", "\\u00e9"},
        {"null", " null"},
        {"\n}\n", "\n}"},
        {"\n}\n", "\n}\n\n"},
        {"\n}\n", ",\n \"more\": 1\n}\n"},
        {" \"head\": null,\n", ""},
        {" \"head\"", " \"count\": 70,\n \"head\""},
        {"\"count\": 70", "\"count\": 70.0"},
        {"\"body\"", "\"body_base64\""},
    };
    struct world *world = *state;
    struct text original = {0};
    text_set(&original, text_span(&world->file));
    for (size_t i = 0; i <= original.size; i++) {
        text_clear(&world->file);
        text_append(&world->file, original.data, i);
        assert_true(i == original.size || !read_proof(world, text_span(&world->file)));
    }
    for (size_t i = 0; i < sizeof OTHERWISE / sizeof OTHERWISE[0]; i++) {
        const char *from = strstr(text_string(&original), OTHERWISE[i][0]);
        assert_non_null(from);
        const char *rest = from + strlen(OTHERWISE[i][0]);
        text_clear(&world->file);
        text_append(&world->file, original.data, (size_t)(from - original.data));
        text_append_string(&world->file, OTHERWISE[i][1]);
        text_append_string(&world->file, rest);
        if (read_proof(world, text_span(&world->file))) {
            fail_msg("%s", OTHERWISE[i][1]);
        }
    }
    text_free(&original);
}

static void what_is_said_of_another_capture_or_body_is_refused(void **state)
{
    struct world *world = *state;
    struct proof *proof = &world->proof;
    write_canonical(world, PROVED + 2, &proof->canonical);
    write_proof(world);
    assert_false(read_proof(world, text_span(&world->file)));
    write_canonical(world, PROVED, &proof->canonical);
    write_proof(world);
    assert_true(read_proof(world, text_span(&world->file)));
    proof->has_body = false;
    write_proof(world);
    assert_false(read_proof(world, text_span(&world->file)));
    assert_non_null(strstr(world->error.text, "does not lead to its root"));
    proof->has_body = true;
    text_append_char(&proof->body, ' ');
    write_proof(world);
    assert_false(read_proof(world, text_span(&world->file)));
}

static void a_canonical_text_has_one_way_to_be_written(void **state)
{
    static const char *const BAD[] = {
        "",
        "13:posrec-poll-1,",
        "13:posrec-poll-2,1:1,4:main,6:coin-m,12:positionRisk,-,-,13:1627026882000,-,-,1:1,2:ok,-,"
        "-,-,-,-,1:3,",
        "13:posrec-poll-1,2:01,4:main,6:coin-m,12:positionRisk,-,-,13:1627026882000,-,-,1:1,2:ok,-,"
        "-,-,-,-,1:3,",
        "13:posrec-poll-1,1:1,4:main,6:coin-m,12:positionRisk,-,-,13:1627026882000,-,-,1:1,2:ok,-,"
        "-,0:,-,-,1:3,",
        "13:posrec-poll-1,1:1,4:main,6:coin-m,12:positionRisk,-,-,13:1627026882000,-,-,1:1,2:ok,-,"
        "-,-,-,-,1:3,-,",
        "13:posrec-poll-1,1:1,4:main,6:coin-m,12:positionRisk,-,-,-,-,-,1:1,2:ok,-,-,-,-,-,1:3,",
        "13:posrec-poll-1,1:1,4:main,6:coin-m,12:positionRisk,-,-,13:1627026882000,-,-,1:1,2:ok,-,"
        "-,-,-,-,9999999999:3,",
        "13:posrec-poll-1,1:1,4:main,6:coin-m,12:positionRisk,-,-,13:1627026882000,-,-,1:1,2:no,-,"
        "-,-,-,-,1:3,",
    };
    struct world *world = *state;
    assert_true(canonical_read(
        span_of("13:posrec-poll-1,1:1,4:main,6:coin-m,12:positionRisk,-,-,13:1627026882000,-,-,1:1,"
                "2:ok,-,-,-,-,-,1:3,"),
        &world->said, &world->error));
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(canonical_read(span_of(BAD[i]), &world->said, &world->error));
        assert_int_equal(world->error.kind, ERROR_FAILED);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_proof_is_read_as_it_was_written),
        TEST(every_capture_of_every_tree_is_proved),
        TEST(no_bit_of_a_proof_can_be_another),
        TEST(nor_with_a_sum_that_is_right_but_for_the_count),
        TEST(nor_can_it_be_longer_shorter_or_written_otherwise),
        TEST(what_is_said_of_another_capture_or_body_is_refused),
        TEST(a_canonical_text_has_one_way_to_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
