#include "store/evidence/archive.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/array.h"
#include "store/evidence/evidence.h"

#define DELTA_LEVEL 1 /* 25 KB in about 10 us; higher levels gain little against a good base */
#define WHOLE_LEVEL 9 /* whole bodies are rare and every delta's size depends on them */

/* Bases kept open: a base costs its bytes and its tables, 240 KB. One that has not been used for
 * so long is given up for another; where all are in use the others pass through one place more, so
 * that too many cost no more than they must. */
#define WARM_BASES_MAX 64
#define WARM_USES 4096

/* zstd would take a body that starts with this for a trained dictionary: never a base. */
#define DICTIONARY_MAGIC "\x37\xa4\x30\xec"

/* Bodies of one account that are like each other: each endpoint's, and of the small ones each kind
 * of the stream's messages and each pair's prices, told apart by how they begin:
 * {"e":"ORDER_TRADE_UPDATE". */
#define SMALL_KINDS 16
#define STREAMS_PER_ACCOUNT ((size_t)ENDPOINT_COUNT + SMALL_KINDS)
#define SMALL_HEAD_SIZE ((size_t)16)

/* Where the bodies of one account and endpoint stand. */
struct stream {
    bool loaded;
    int64_t last_id; /* last payload, 0 for none */
    struct sha256_digest last_sha256;
    int64_t last_base_id; /* the last payload's own base, 0 when it is whole */
    int64_t last_frame_size;
    int64_t base_id; /* base for the next delta, 0 for none */
    int64_t base_frame_size;
    int64_t first_delta_size; /* of that base's first delta, 0 before there is one */
};

struct warm_base {
    int64_t payload_id; /* 0 when the place is free */
    uint64_t used;
    struct text bytes;
    ZSTD_CDict *compressor; /* each made when it is needed */
    ZSTD_DDict *decompressor;
};

enum statement {
    SELECT_PAYLOAD,
    SELECT_LAST,        /* of an account and endpoint: the last payload, ... */
    SELECT_LAST_BASE,   /* ... the base of the last good one, ... */
    SELECT_FIRST_DELTA, /* ... and that base's first delta */
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_PAYLOAD] = "SELECT base_id, size, zstd, sha256 FROM payload WHERE payload_id = ?",
    [SELECT_LAST] =
        ("SELECT y.payload_id, y.sha256, y.base_id, length(y.zstd) FROM capture AS p "
         "JOIN payload AS y USING (payload_id) "
         "WHERE p.account_id = ? AND p.endpoint = ? ORDER BY p.received_ms DESC LIMIT 1"),
    [SELECT_LAST_BASE] = ("SELECT b.payload_id, length(b.zstd) FROM capture AS p JOIN payload AS y "
                          "USING (payload_id) "
                          "JOIN payload AS b ON b.payload_id = coalesce(y.base_id, y.payload_id) "
                          "WHERE p.account_id = ? AND p.endpoint = ? AND p.outcome = 'ok' "
                          "ORDER BY p.received_ms DESC LIMIT 1"),
    /* Deltas follow their base closely; the bound keeps an account that paused from a long search.
     */
    [SELECT_FIRST_DELTA] =
        ("SELECT length(zstd) FROM payload WHERE payload_id = (SELECT min(payload_id) FROM payload "
         "WHERE payload_id BETWEEN ?1 + 1 AND ?1 + 100000 AND base_id = ?1)"),
};

struct archive {
    const struct database *database;
    struct sha256 *sha256;
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    sqlite3_stmt *insert; /* of a payload */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct text frame;
    struct warm_base warm[WARM_BASES_MAX + 1];
    uint64_t uses;
    struct stream *streams; /* by account_id and endpoint */
    size_t stream_capacity;
};

struct archive *archive_new(const struct database *database, struct sha256 *sha256,
                            struct error *error)
{
    struct archive *archive = calloc(1, sizeof *archive);
    if (archive == NULL) {
        error_no_memory(error);
        return NULL;
    }
    archive->database = database;
    archive->sha256 = sha256;
    archive->compress = ZSTD_createCCtx();
    archive->decompress = ZSTD_createDCtx();
    if (archive->compress == NULL || archive->decompress == NULL) {
        error_no_memory(error);
    } else if ((archive->insert = evidence_insert(database, EVIDENCE_PAYLOAD, error)) != NULL &&
               database_prepare_all(database, SQL, STATEMENT_COUNT, archive->statements, error)) {
        return archive;
    }
    archive_free(archive);
    return NULL;
}

static void cool(struct warm_base *base)
{
    ZSTD_freeCDict(base->compressor);
    ZSTD_freeDDict(base->decompressor);
    text_free(&base->bytes);
    *base = (struct warm_base){0};
}

void archive_forget(struct archive *archive)
{
    for (size_t i = 0; i <= WARM_BASES_MAX; i++) {
        cool(&archive->warm[i]);
    }
    free(archive->streams);
    archive->streams = NULL;
    archive->stream_capacity = 0;
}

void archive_free(struct archive *archive)
{
    if (archive == NULL) {
        return;
    }
    archive_forget(archive);
    sqlite3_finalize(archive->insert);
    statements_finalize(archive->statements, STATEMENT_COUNT);
    ZSTD_freeCCtx(archive->compress);
    ZSTD_freeDCtx(archive->decompress);
    text_free(&archive->frame);
    free(archive);
}

static bool fits_as_base(struct span body)
{
    return body.size > 0 && (body.size < 4 || memcmp(body.data, DICTIONARY_MAGIC, 4) != 0);
}

/* A payload's digest, as its row has it. */
static bool take_digest(sqlite3_stmt *select, int column, int64_t payload_id,
                        struct sha256_digest *digest, struct error *error)
{
    return sha256_from_bytes(column_span(select, column), digest) ||
           error_set(error, ERROR_FAILED, "archive: payload %lld: its SHA-256 is damaged",
                     (long long)payload_id);
}

/* Stands on what the database has of an account and endpoint; to be reset. */
static enum step find_last(struct archive *archive, enum statement which, int64_t account_id,
                           enum endpoint endpoint, struct error *error)
{
    sqlite3_stmt *select = archive->statements[which];
    bind_int(select, 1, account_id);
    bind_span(select, 2, span_of(endpoint_name(endpoint)));
    return database_step(archive->database, select, error);
}

static bool load_last(struct archive *archive, int64_t account_id, enum endpoint endpoint,
                      struct stream *stream, struct error *error)
{
    sqlite3_stmt *last = archive->statements[SELECT_LAST];
    enum step step = find_last(archive, SELECT_LAST, account_id, endpoint, error);
    if (step == STEP_ROW) {
        stream->last_id = sqlite3_column_int64(last, 0);
        stream->last_base_id = sqlite3_column_int64(last, 2);
        stream->last_frame_size = sqlite3_column_int64(last, 3);
        if (!take_digest(last, 1, stream->last_id, &stream->last_sha256, error)) {
            step = STEP_FAILED;
        }
    }
    sqlite3_reset(last);
    return step != STEP_FAILED;
}

static bool load_base(struct archive *archive, int64_t account_id, enum endpoint endpoint,
                      struct stream *stream, struct error *error)
{
    sqlite3_stmt *base = archive->statements[SELECT_LAST_BASE];
    sqlite3_stmt *first = archive->statements[SELECT_FIRST_DELTA];
    enum step step = find_last(archive, SELECT_LAST_BASE, account_id, endpoint, error);
    if (step == STEP_ROW) {
        stream->base_id = sqlite3_column_int64(base, 0);
        stream->base_frame_size = sqlite3_column_int64(base, 1);
        bind_int(first, 1, stream->base_id);
        step = database_step(archive->database, first, error);
        stream->first_delta_size = step == STEP_ROW ? sqlite3_column_int64(first, 0) : 0;
        sqlite3_reset(first);
    }
    sqlite3_reset(base);
    return step != STEP_FAILED;
}

/* The stream, found in the database when it is asked for the first time. */
static struct stream *find_stream(struct archive *archive, int64_t account_id,
                                  enum endpoint endpoint, struct span body, struct error *error)
{
    size_t slot = (size_t)endpoint;
    bool is_small = endpoint == ENDPOINT_USER_DATA || endpoint == ENDPOINT_PREMIUM_INDEX;
    if (is_small) {
        unsigned kind = 0;
        for (size_t i = 0; i < body.size && i < SMALL_HEAD_SIZE; i++) {
            kind = kind * 31 + (unsigned char)body.data[i];
        }
        slot = (size_t)ENDPOINT_COUNT + kind % SMALL_KINDS;
    }
    size_t index = (size_t)account_id * STREAMS_PER_ACCOUNT + slot;
    if (!array_grow((void **)&archive->streams, sizeof *archive->streams, &archive->stream_capacity,
                    index + 1)) {
        error_no_memory(error);
        return NULL;
    }
    struct stream *stream = &archive->streams[index];
    if (!stream->loaded && is_small) {
        stream->loaded = true; /* each run begins with a base of its own */
    }
    if (!stream->loaded) {
        stream->loaded = load_last(archive, account_id, endpoint, stream, error) &&
                         load_base(archive, account_id, endpoint, stream, error);
    }
    return stream->loaded ? stream : NULL;
}

static bool zstd_error(const char *doing, size_t result, struct error *error)
{
    return error_set(error, ERROR_FAILED, "archive: %s: %s", doing, ZSTD_getErrorName(result));
}

/* Whether the bytes are one frame of data and nothing else, as large as one can be: frames that are
 * skipped could stand before it, of any size. */
static bool is_one_frame(struct span frame, size_t size)
{
    static const unsigned char MAGIC[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878, section 3.1.1 */
    return frame.size > sizeof MAGIC && memcmp(frame.data, MAGIC, sizeof MAGIC) == 0 &&
           frame.size <= ZSTD_compressBound(size) &&
           ZSTD_findFrameCompressedSize(frame.data, frame.size) == frame.size;
}

/* Opens one frame into `body`; `base` is NULL for a whole one. */
static bool open_frame(struct archive *archive, struct span frame, int64_t size,
                       struct warm_base *base, struct text *body, struct error *error)
{
    text_clear(body);
    if (size < 0 || (uint64_t)size > CAPTURE_BODY_SIZE_MAX) {
        return error_set(error, ERROR_FAILED, "archive: a size of %lld bytes", (long long)size);
    }
    if (!is_one_frame(frame, (size_t)size)) {
        return error_set(error, ERROR_FAILED, "archive: not one frame of %lld bytes",
                         (long long)size);
    }
    if (base != NULL && base->decompressor == NULL) {
        base->decompressor = ZSTD_createDDict(base->bytes.data, base->bytes.size);
    }
    if ((base != NULL && base->decompressor == NULL) || !text_reserve(body, (size_t)size)) {
        return error_no_memory(error);
    }
    size_t result = base == NULL
                        ? ZSTD_decompressDCtx(archive->decompress, body->data, (size_t)size,
                                              frame.data, frame.size)
                        : ZSTD_decompress_usingDDict(archive->decompress, body->data, (size_t)size,
                                                     frame.data, frame.size, base->decompressor);
    if (ZSTD_isError(result)) {
        return zstd_error("frame cannot be opened", result, error);
    }
    if (result != (size_t)size) {
        return error_set(error, ERROR_FAILED, "archive: %zu bytes where %lld should be", result,
                         (long long)size);
    }
    body->size = result;
    body->data[result] = '\0';
    return true;
}

static struct warm_base *coolest_place(struct archive *archive)
{
    struct warm_base *place = &archive->warm[0];
    for (size_t i = 1; i < WARM_BASES_MAX; i++) {
        if (archive->warm[i].used < place->used) {
            place = &archive->warm[i];
        }
    }
    if (place->payload_id != 0 && archive->uses - place->used < WARM_USES) {
        place = &archive->warm[WARM_BASES_MAX];
    }
    cool(place);
    return place;
}

static struct warm_base *find_warm(struct archive *archive, int64_t payload_id)
{
    for (size_t i = 0; i <= WARM_BASES_MAX; i++) {
        if (archive->warm[i].payload_id == payload_id) {
            archive->warm[i].used = ++archive->uses;
            return &archive->warm[i];
        }
    }
    return NULL;
}

/* Keeps the bytes as an open base; they are taken over. */
static struct warm_base *keep_warm(struct archive *archive, int64_t payload_id, struct text *bytes)
{
    struct warm_base *base = coolest_place(archive);
    base->payload_id = payload_id;
    base->used = ++archive->uses;
    base->bytes = *bytes;
    *bytes = (struct text){0};
    return base;
}

/* A base, opened when it is not warm yet. A base that itself has a base is refused. */
static struct warm_base *warm_up(struct archive *archive, int64_t payload_id, struct error *error)
{
    struct warm_base *base = find_warm(archive, payload_id);
    if (base != NULL) {
        return base;
    }
    sqlite3_stmt *select = archive->statements[SELECT_PAYLOAD];
    struct text bytes = {0};
    bind_int(select, 1, payload_id);
    enum step step = database_step(archive->database, select, error);
    bool opened = false;
    if (step == STEP_DONE) {
        error_set(error, ERROR_FAILED, "archive: base %lld is missing", (long long)payload_id);
    } else if (step == STEP_ROW && column_maybe(select, 0).known) {
        error_set(error, ERROR_FAILED, "archive: base %lld is no whole body",
                  (long long)payload_id);
    } else if (step == STEP_ROW) {
        opened = open_frame(archive, column_span(select, 2), sqlite3_column_int64(select, 1), NULL,
                            &bytes, error);
    }
    sqlite3_reset(select);
    if (opened) {
        base = keep_warm(archive, payload_id, &bytes);
    }
    text_free(&bytes);
    return base;
}

bool archive_get(struct archive *archive, int64_t payload_id, struct text *body,
                 struct sha256_digest *stored_sha256, struct error *error)
{
    sqlite3_stmt *select = archive->statements[SELECT_PAYLOAD];
    bind_int(select, 1, payload_id);
    enum step step = database_step(archive->database, select, error);
    if (step == STEP_FAILED) {
        return false;
    }
    if (step == STEP_DONE) {
        return error_set(error, ERROR_FAILED, "archive: payload %lld is missing",
                         (long long)payload_id);
    }
    /* The base may be read with the same statement: take this row's values out first. */
    struct maybe_int base_id = column_maybe(select, 0);
    int64_t size = sqlite3_column_int64(select, 1);
    text_set(&archive->frame, column_span(select, 2));
    bool taken = take_digest(select, 3, payload_id, stored_sha256, error);
    sqlite3_reset(select);
    if (!taken || archive->frame.failed) {
        return taken ? error_no_memory(error) : false;
    }
    struct warm_base *base = NULL;
    if (base_id.known && (base = warm_up(archive, base_id.value, error)) == NULL) {
        return false;
    }
    return open_frame(archive, text_span(&archive->frame), size, base, body, error);
}

/* Compresses into archive->frame; `base` is NULL for a whole frame. */
static bool make_frame(struct archive *archive, struct span body, struct warm_base *base,
                       struct error *error)
{
    if (base != NULL && base->compressor == NULL) {
        base->compressor = ZSTD_createCDict(base->bytes.data, base->bytes.size, DELTA_LEVEL);
        if (base->compressor == NULL) {
            return error_no_memory(error);
        }
    }
    text_clear(&archive->frame);
    size_t bound = ZSTD_compressBound(body.size);
    if (!text_reserve(&archive->frame, bound)) {
        return error_no_memory(error);
    }
    size_t result = base == NULL
                        ? ZSTD_compressCCtx(archive->compress, archive->frame.data, bound,
                                            body.data, body.size, WHOLE_LEVEL)
                        : ZSTD_compress_usingCDict(archive->compress, archive->frame.data, bound,
                                                   body.data, body.size, base->compressor);
    if (ZSTD_isError(result)) {
        return zstd_error("cannot compress", result, error);
    }
    archive->frame.size = result;
    return true;
}

static bool insert_frame(struct archive *archive, int64_t base_id, struct span body,
                         const struct sha256_digest *digest, int64_t *payload_id,
                         struct error *error)
{
    sqlite3_stmt *insert = archive->insert;
    /* The payload's own number is the next one. */
    bind_maybe(insert, PAYLOAD_COLUMN_BASE_ID + 1, (struct maybe_int){base_id != 0, base_id});
    bind_int(insert, PAYLOAD_COLUMN_SIZE + 1, (int64_t)body.size);
    bind_bytes(insert, PAYLOAD_COLUMN_SHA256 + 1,
               (struct span){(const char *)digest->bytes, SHA256_SIZE});
    bind_bytes(insert, PAYLOAD_COLUMN_ZSTD + 1, text_span(&archive->frame));
    if (!database_write_row(archive->database, insert, error)) {
        return false;
    }
    *payload_id = sqlite3_last_insert_rowid(archive->database->handle);
    return true;
}

/* How large a delta may be to be kept. */
static double delta_limit(const struct stream *stream)
{
    double whole = (double)stream->base_frame_size;
    return stream->first_delta_size == 0
               ? ARCHIVE_FIRST_DELTA_SHARE * whole
               : (double)stream->first_delta_size + ARCHIVE_GROWTH_SHARE * whole;
}

/* Makes the frame that is to be stored: *base_id is its base, 0 when it is whole. */
static bool choose_frame(struct archive *archive, const struct stream *stream, struct span body,
                         bool can_be_base, int64_t *base_id, struct error *error)
{
    /* What is no good body is nothing like one: it is stored whole. */
    *base_id = can_be_base ? stream->base_id : 0;
    if (*base_id != 0) {
        struct warm_base *base = warm_up(archive, stream->base_id, error);
        if (base == NULL || !make_frame(archive, body, base, error)) {
            return false;
        }
        if ((double)archive->frame.size <= delta_limit(stream)) {
            return true;
        }
    }
    *base_id = 0;
    return make_frame(archive, body, NULL, error);
}

/* Notes what was stored last, and which base the next delta is against. */
static void advance(struct stream *stream, int64_t payload_id, const struct sha256_digest *digest,
                    int64_t base_id, int64_t frame_size)
{
    stream->last_id = payload_id;
    stream->last_sha256 = *digest;
    stream->last_base_id = base_id;
    stream->last_frame_size = frame_size;
    if (base_id != 0 && stream->first_delta_size == 0) {
        stream->first_delta_size = frame_size;
    }
}

/* A whole body that can be a base is the base of what follows. */
static void settle_base(struct stream *stream, struct span body, bool can_be_base)
{
    if (can_be_base && stream->last_base_id == 0 && stream->base_id != stream->last_id &&
        fits_as_base(body)) {
        stream->base_id = stream->last_id;
        stream->base_frame_size = stream->last_frame_size;
        stream->first_delta_size = 0;
    }
}

bool archive_put(struct archive *archive, int64_t account_id, const struct capture *capture,
                 int64_t *payload_id, struct sha256_digest *digest, struct error *error)
{
    struct span body = text_span(&capture->body);
    bool can_be_base = capture->outcome == OUTCOME_OK;
    struct stream *stream = find_stream(archive, account_id, capture->endpoint, body, error);
    if (stream == NULL || !sha256_of(archive->sha256, &body, 1, digest, error)) {
        return false;
    }
    if (stream->last_id != 0 && sha256_equal(digest, &stream->last_sha256)) {
        *payload_id = stream->last_id;
        settle_base(stream, body, can_be_base);
        return true;
    }
    int64_t base_id;
    if (!choose_frame(archive, stream, body, can_be_base, &base_id, error) ||
        !insert_frame(archive, base_id, body, digest, payload_id, error)) {
        return false;
    }
    advance(stream, *payload_id, digest, base_id, (int64_t)archive->frame.size);
    settle_base(stream, body, can_be_base);
    return true;
}
