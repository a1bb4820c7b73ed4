#include "model/proof.h"

#include "base/base64.h"
#include "base/decimal.h"
#include "base/utf8.h"
#include "model/json_span.h"

#define FORMAT "posrec-proof-1"

void proof_free(struct proof *proof)
{
    text_free(&proof->canonical);
    text_free(&proof->body);
    text_free(&proof->timestamp);
}

bool proof_query(const struct proof *proof, struct timestamp_query *query, struct error *error)
{
    const struct seal seal = {.count = proof->count, .head = proof->head, .root = proof->root};
    bool done = seal_query(&seal, query, error);
    query->policy = ""; /* any; not of the seal, which goes */
    return done;
}

bool proof_climb(struct proof *proof, struct sha256 *sha256, struct canonical_reading *said,
                 struct error *error)
{
    struct sha256_digest body = {0}, leaf;
    struct span bytes = text_span(&proof->body);
    bool leads;
    if (!canonical_read(text_span(&proof->canonical), said, error) ||
        (proof->has_body && !sha256_of(sha256, &bytes, 1, &body, error))) {
        return false;
    }
    const struct span parts[] = {text_span(&proof->canonical),
                                 {(const char *)body.bytes, SHA256_SIZE}};
    return merkle_leaf(sha256, parts, 2, &leaf, error) &&
           merkle_climb(sha256, &leaf, said->capture_id - 1, proof->count, &proof->path, &leads,
                        &proof->root, error) &&
           (leads ||
            error_set(error, ERROR_FAILED,
                      "no path of %d hashes leads from capture %lld to a root of %lld",
                      proof->path.count, (long long)said->capture_id, (long long)proof->count));
}

static void append_name(struct text *out, const char *name)
{
    text_printf(out, ",\n \"%s\": ", name);
}

static void append_base64(struct text *out, struct span bytes)
{
    text_append_char(out, '"');
    base64_encode(bytes, out);
    text_append_char(out, '"');
}

static void append_hash(struct text *out, const struct sha256_digest *hash)
{
    text_append_char(out, '"');
    text_append_hex(out, (struct span){(const char *)hash->bytes, SHA256_SIZE});
    text_append_char(out, '"');
}

static void append_path(struct text *out, const struct merkle_path *path)
{
    text_append_char(out, '[');
    for (int i = 0; i < path->count; i++) {
        text_append_string(out, i == 0 ? "\n  " : ",\n  ");
        append_base64(out, (struct span){(const char *)path->hashes[i].bytes, SHA256_SIZE});
    }
    text_append_string(out, path->count > 0 ? "\n ]" : "]");
}

static void append_stamp(struct text *out, const struct proof *proof)
{
    append_name(out, "head");
    if (proof->is_stamped) {
        append_hash(out, &proof->head);
        append_name(out, "timestamp");
        append_base64(out, text_span(&proof->timestamp));
    } else {
        text_append_string(out, "null");
        append_name(out, "timestamp");
        text_append_string(out, "null");
    }
}

static void append_body(struct text *out, const struct proof *proof)
{
    struct span body = text_span(&proof->body);
    bool is_text = utf8_is_valid(body);
    append_name(out, is_text ? "body" : "body_base64");
    if (!proof->has_body) {
        text_append_string(out, "null");
    } else if (is_text) {
        text_append_json(out, body);
    } else {
        append_base64(out, body);
    }
}

bool proof_write(const struct proof *proof, struct sha256 *sha256, struct text *out,
                 struct error *error)
{
    size_t start = out->size;
    struct sha256_digest sum;
    text_append_string(out, "{\n \"format\": \"" FORMAT "\"");
    append_name(out, "capture");
    text_append_json(out, text_span(&proof->canonical));
    append_name(out, "count");
    text_append_int(out, proof->count);
    append_name(out, "path");
    append_path(out, &proof->path);
    append_name(out, "root");
    append_hash(out, &proof->root);
    append_stamp(out, proof);
    append_body(out, proof);
    if (out->failed) {
        return error_no_memory(error);
    }
    const struct span before = {out->data + start, out->size - start};
    if (!sha256_of(sha256, &before, 1, &sum, error)) {
        return false;
    }
    append_name(out, "sha256");
    append_hash(out, &sum);
    text_append_string(out, "\n}\n");
    return !out->failed || error_no_memory(error);
}

static bool take_string(struct span value, struct text *out)
{
    text_clear(out);
    return json_unescape(value, out);
}

static bool take_base64(struct span value, struct text *out)
{
    text_clear(out);
    return value.size >= 2 && value.data[0] == '"' &&
           base64_decode((struct span){value.data + 1, value.size - 2}, out);
}

static bool take_hash(struct span value, struct sha256_digest *hash)
{
    return value.size >= 2 && sha256_from_hex((struct span){value.data + 1, value.size - 2}, hash);
}

static bool take_path(struct span value, struct merkle_path *path)
{
    struct json_walk walk = json_walk_at(value, 0);
    struct span hash;
    struct text bytes = {0};
    enum json_step step;
    path->count = 0;
    while ((step = json_next_element(&walk, &hash)) == JSON_ITEM) {
        if (path->count == MERKLE_PATH_MAX || !take_base64(hash, &bytes) ||
            !sha256_from_bytes(text_span(&bytes), &path->hashes[path->count])) {
            break;
        }
        path->count++;
    }
    text_free(&bytes);
    return step == JSON_END;
}

static bool take_count(struct span value, int64_t *count)
{
    bool rounded = false;
    return decimal_parse(value, 0, count, &rounded) == DECIMAL_OK && *count <= MERKLE_COUNT_MAX;
}

/* Takes a member; what is none, and what is written in another way, shows when it is written. */
static bool take_member(struct proof *proof, struct span key, struct span value)
{
    bool is_null = span_is(value, "null");
    if (json_key_is(key, "capture")) {
        return take_string(value, &proof->canonical);
    }
    if (json_key_is(key, "count")) {
        return take_count(value, &proof->count);
    }
    if (json_key_is(key, "path")) {
        return take_path(value, &proof->path);
    }
    if (json_key_is(key, "root")) {
        return take_hash(value, &proof->root);
    }
    if (json_key_is(key, "head")) {
        proof->is_stamped = !is_null;
        return is_null || take_hash(value, &proof->head);
    }
    if (json_key_is(key, "timestamp")) {
        return is_null || take_base64(value, &proof->timestamp);
    }
    if (json_key_is(key, "body") || json_key_is(key, "body_base64")) {
        proof->has_body = !is_null;
        return is_null || (json_key_is(key, "body") ? take_string(value, &proof->body)
                                                    : take_base64(value, &proof->body));
    }
    return true;
}

static bool take_members(struct proof *proof, struct span file)
{
    struct json_walk walk = json_walk_at(file, 0);
    struct span key, value;
    enum json_step step;
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        if (!take_member(proof, key, value)) {
            return false;
        }
    }
    return step == JSON_END;
}

static bool is_as_written(const struct proof *proof, struct sha256 *sha256, struct span file,
                          bool *same, struct error *error)
{
    struct text again = {0};
    bool done = proof_write(proof, sha256, &again, error);
    *same = done && span_equal(file, text_span(&again));
    text_free(&again);
    return done;
}

bool proof_read(struct span file, struct sha256 *sha256, struct proof *proof,
                struct canonical_reading *said, struct error *error)
{
    bool same = file.size <= PROOF_SIZE_MAX && utf8_is_valid(file) && take_members(proof, file);
    if (proof->canonical.failed || proof->body.failed || proof->timestamp.failed) {
        return error_no_memory(error);
    }
    if (same && !is_as_written(proof, sha256, file, &same, error)) {
        return false;
    }
    if (!same) {
        return error_set(error, ERROR_FAILED, "no proof as posrec writes it, or changed since");
    }
    struct sha256_digest root = proof->root;
    return proof_climb(proof, sha256, said, error) &&
           (sha256_equal(&root, &proof->root) ||
            error_set(error, ERROR_FAILED, "what it says of capture %lld does not lead to its root",
                      (long long)said->capture_id));
}
