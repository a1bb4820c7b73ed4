#include "mirror/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "mirror/check.h"
#include "mirror/copy.h"
#include "mirror/schema.h"

#define RECORDER_BITS 31

struct mirror {
    const struct database *database;
    struct server *server;
    struct mirror_settings settings;
    int64_t recorder_id;         /* 0 while the file has no capture */
    char first[SHA256_HEX_SIZE]; /* the chain's first link */
    int64_t capture_id;          /* the watermark */
    struct maybe_int payload_id;
    int64_t last_capture_id, row_count;
    int64_t name_count; /* accounts, contracts and legs when they were copied last; -1: not yet */
    struct copy copies[SOURCE_COUNT];
    sqlite3_stmt *chain, *informed;
};

int64_t mirror_capture_id(const struct mirror *mirror)
{
    return mirror->capture_id;
}

int64_t mirror_row_count(const struct mirror *mirror)
{
    return mirror->row_count;
}

int64_t mirror_last_capture_id(const struct mirror *mirror)
{
    return mirror->last_capture_id;
}

void mirror_free(struct mirror *mirror)
{
    if (mirror != NULL) {
        for (int i = 0; i < SOURCE_COUNT; i++) {
            copy_close(&mirror->copies[i]);
        }
        sqlite3_finalize(mirror->chain);
        sqlite3_finalize(mirror->informed);
        free(mirror);
    }
}

/* The link of a capture of the file as hex, "" when it is not there. */
static bool link_of(const struct mirror *mirror, int64_t capture_id,
                    char hex[static SHA256_HEX_SIZE], struct error *error)
{
    struct sha256_digest digest;
    bind_int(mirror->chain, 1, capture_id);
    enum step step = database_step(mirror->database, mirror->chain, error);
    hex[0] = '\0';
    if (step == STEP_ROW && sha256_from_bytes(column_span(mirror->chain, 0), &digest)) {
        sha256_hex(&digest, hex);
    }
    sqlite3_reset(mirror->chain);
    return step != STEP_FAILED;
}

/* A recorder's number, of its first link. */
static int64_t number_of(const char *first)
{
    char bits[9] = "";
    memcpy(bits, first, 8);
    return strtoll(bits, NULL, 16) >> (32 - RECORDER_BITS);
}

/* What a server has recorded of this recorder. */
struct recorded {
    const struct mirror *mirror;
    bool found;
    int64_t capture_id;
    struct maybe_int payload_id;
};

static bool take_recorder(void *context, const struct span *columns, int count, struct error *error)
{
    struct recorded *recorded = context;
    const struct mirror *mirror = recorded->mirror;
    char hex[SHA256_HEX_SIZE];
    (void)count;
    if (!span_is(columns[0], mirror->first)) {
        return error_set(error, ERROR_FAILED,
                         "another file is mirrored as '%s': its chain starts with %.16s, this "
                         "one's with %.16s (mirror this file under a --name of its own)",
                         mirror->settings.name, columns[0].data, mirror->first);
    }
    if (recorded->found || strtoll(columns[4].data, NULL, 10) != mirror->recorder_id) {
        return error_set(error, ERROR_FAILED,
                         "posrec.recorder was changed: of this file it has not one row, of "
                         "recorder_id %lld",
                         (long long)mirror->recorder_id);
    }
    recorded->found = true;
    recorded->capture_id = strtoll(columns[1].data, NULL, 10);
    recorded->payload_id =
        columns[3].size > 0 ? maybe_of(strtoll(columns[3].data, NULL, 10)) : (struct maybe_int){0};
    if (!link_of(mirror, recorded->capture_id, hex, error)) {
        return false;
    }
    return span_is(columns[2], hex) ||
           error_set(error, ERROR_FAILED,
                     "the file's chain does not go on as it was mirrored: at capture %lld it has "
                     "%.16s, the mirror %.16s (is it an older copy? 'posrec mirror --restore' "
                     "makes the file from a mirror with bodies)",
                     (long long)recorded->capture_id, hex[0] != '\0' ? hex : "nothing",
                     columns[2].data);
}

static bool find_recorder(const struct mirror *mirror, struct recorded *recorded,
                          struct error *error)
{
    struct text sql = {0};
    *recorded = (struct recorded){.mirror = mirror};
    text_printf(
        &sql,
        "SELECT encode(first_chain, 'hex'), capture_id, encode(chain, 'hex'), payload_id, "
        "recorder_id FROM posrec.recorder WHERE recorder_id = %lld OR first_chain = '\\x%s' "
        "OR name = ",
        (long long)mirror->recorder_id, mirror->first);
    server_append_quoted(&sql, mirror->settings.name);
    bool done = (!sql.failed || error_no_memory(error)) &&
                server_rows(mirror->server, text_string(&sql), take_recorder, recorded, error);
    text_free(&sql);
    return done;
}

/* Finds the recorder, or makes it; `recorder` has no key, as every key begins with account_id: a
 * lock keeps it single. */
static bool identify(struct mirror *mirror, int64_t first_id, int64_t now_ms, struct error *error)
{
    struct recorded recorded;
    struct error ignored = {0};
    struct text sql = {0};
    if (!link_of(mirror, first_id, mirror->first, error)) {
        return false;
    }
    mirror->recorder_id = number_of(mirror->first);
    bool done = server_run(mirror->server, "BEGIN; LOCK TABLE recorder IN EXCLUSIVE MODE", error) &&
                find_recorder(mirror, &recorded, error);
    if (done && !recorded.found) {
        text_printf(&sql, "INSERT INTO recorder VALUES (%lld, ", (long long)mirror->recorder_id);
        server_append_quoted(&sql, mirror->settings.name);
        text_printf(&sql, ", '\\x%s', 0, '\\x', %lld, NULL)", mirror->first, (long long)now_ms);
        done = server_run_text(mirror->server, &sql, error);
    }
    if (done && server_run(mirror->server, "COMMIT", error)) {
        mirror->capture_id = recorded.capture_id;
        mirror->payload_id = recorded.payload_id;
        return true;
    }
    server_run(mirror->server, "ROLLBACK", &ignored);
    mirror->recorder_id = 0;
    return false;
}

/* The same, once the file has a capture to know it by. */
static bool identify_begun(struct mirror *mirror, int64_t now_ms, struct error *error)
{
    int64_t first_id;
    return mirror->recorder_id != 0 ||
           (database_integer(mirror->database, "SELECT min(capture_id) FROM capture", &first_id,
                             error) &&
            (first_id == 0 || identify(mirror, first_id, now_ms, error)));
}

struct mirror *mirror_new(const struct database *database, struct server *server,
                          const struct mirror_settings *settings, int64_t now_ms,
                          struct error *error)
{
    struct mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror == NULL) {
        error_no_memory(error);
        return NULL;
    }
    *mirror = (struct mirror){
        .database = database, .server = server, .settings = *settings, .name_count = -1};
    bool good = schema_apply(server, now_ms, error);
    for (int i = 0; good && i < SOURCE_COUNT; i++) {
        good = copy_open(database, i, &mirror->copies[i], error);
    }
    mirror->chain =
        good ? database_prepare(database, "SELECT chain FROM capture WHERE capture_id = ?", error)
             : NULL;
    mirror->informed = mirror->chain != NULL
                           ? database_prepare(database,
                                              "SELECT 1 FROM capture WHERE capture_id > ? AND "
                                              "capture_id <= ? AND endpoint = 'exchangeInfo'",
                                              error)
                           : NULL;
    if (mirror->informed == NULL || !identify_begun(mirror, now_ms, error)) {
        mirror_free(mirror);
        return NULL;
    }
    return mirror;
}

static bool copy_one(struct mirror *mirror, int number, struct error *error)
{
    return copy_rows(&mirror->copies[number], mirror->database, mirror->server, mirror->recorder_id,
                     &mirror->row_count, error);
}

/* A number beyond would be one of the next recorder's. */
static bool accounts_fit(const struct mirror *mirror, struct error *error)
{
    char sql[128];
    int64_t wrong_id;
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT account_id FROM account WHERE account_id NOT BETWEEN 0 AND %lld",
                     (long long)SOURCE_ACCOUNTS - 1);
    return database_integer(mirror->database, sql, &wrong_id, error) &&
           (wrong_id == 0 ||
            error_set(error, ERROR_FAILED,
                      "account_id %lld of the file is not within 0 and %lld, as many as "
                      "a mirror has numbers for (record some in a file of their own)",
                      (long long)wrong_id, (long long)SOURCE_ACCOUNTS - 1));
}

/* Accounts, contracts and legs are few: where any was added, or an exchangeInfo may have changed
 * contracts, all are copied anew. */
static bool copy_names(struct mirror *mirror, int64_t until_id, struct error *error)
{
    static const char COUNT[] = "SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM "
                                "contract) + (SELECT count(*) FROM leg)";
    int64_t count;
    bind_int(mirror->informed, 1, mirror->capture_id);
    bind_int(mirror->informed, 2, until_id);
    enum step step = database_step(mirror->database, mirror->informed, error);
    sqlite3_reset(mirror->informed);
    if (step == STEP_FAILED || !database_integer(mirror->database, COUNT, &count, error)) {
        return false;
    }
    if (step != STEP_ROW && count == mirror->name_count) {
        return true;
    }
    mirror->name_count = count;
    bool done = accounts_fit(mirror, error);
    for (int i = SOURCE_ACCOUNT; done && i <= SOURCE_LEG; i++) {
        struct text sql = {0};
        text_printf(&sql, "DELETE FROM %s", mirror->copies[i].source.table);
        source_append_where(&sql, mirror->recorder_id);
        done = server_run_text(mirror->server, &sql, error) && copy_one(mirror, i, error);
    }
    return done;
}

static bool copy_range(struct mirror *mirror, int number, int64_t after_id, int64_t until_id,
                       struct error *error)
{
    sqlite3_stmt *select = mirror->copies[number].select;
    bind_int(select, 1, after_id);
    bind_int(select, 2, until_id);
    if (number == SOURCE_PAYLOAD) {
        bind_int(select, 3, mirror->payload_id.value);
    }
    return copy_one(mirror, number, error);
}

/* The last payload of the captures up to one. */
static bool last_payload(const struct mirror *mirror, int64_t until_id, int64_t *payload_id,
                         struct error *error)
{
    char sql[128];
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT max(payload_id) FROM capture WHERE capture_id <= %lld",
                     (long long)until_id);
    return database_integer(mirror->database, sql, payload_id, error);
}

/* Bodies of this range; the first time those of all captures before it too. */
static bool copy_bodies(struct mirror *mirror, int64_t until_id, struct error *error)
{
    if (!mirror->settings.with_bodies && !mirror->payload_id.known) {
        return true;
    }
    bool behind = !mirror->payload_id.known;
    return copy_range(mirror, SOURCE_PAYLOAD, behind ? 0 : mirror->capture_id, until_id, error) &&
           last_payload(mirror, until_id, &mirror->payload_id.value, error) &&
           (mirror->payload_id.known = true);
}

/* Another mirror of the same file, or an answer to COMMIT that was lost, shows here. */
static bool stands(const struct mirror *mirror, int64_t capture_id, struct error *error)
{
    return capture_id == mirror->capture_id ||
           error_set(error, ERROR_FAILED,
                     "this recorder's mirror moved from capture %lld to %lld meanwhile "
                     "(is another 'posrec mirror' at work on it?)",
                     (long long)mirror->capture_id, (long long)capture_id);
}

static bool lock_watermark(struct mirror *mirror, struct error *error)
{
    char sql[128];
    int64_t capture_id;
    bool known;
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT capture_id FROM recorder WHERE recorder_id = %lld FOR UPDATE",
                     (long long)mirror->recorder_id);
    return server_run(mirror->server, "BEGIN", error) &&
           server_integer(mirror->server, sql, &capture_id, &known, error) &&
           stands(mirror, known ? capture_id : 0, error);
}

static bool set_watermark(struct mirror *mirror, int64_t until_id, int64_t now_ms,
                          struct error *error)
{
    char hex[SHA256_HEX_SIZE];
    struct text sql = {0};
    if (!link_of(mirror, until_id, hex, error)) {
        return false;
    }
    text_printf(&sql, "UPDATE recorder SET capture_id = %lld, chain = '\\x%s', mirrored_ms = %lld",
                (long long)until_id, hex, (long long)now_ms);
    if (mirror->payload_id.known) {
        text_printf(&sql, ", payload_id = %lld", (long long)mirror->payload_id.value);
    }
    text_printf(&sql, " WHERE recorder_id = %lld; COMMIT", (long long)mirror->recorder_id);
    return server_run_text(mirror->server, &sql, error);
}

static bool copy_batch(struct mirror *mirror, int64_t until_id, int64_t now_ms, struct error *error)
{
    bool done = lock_watermark(mirror, error) && copy_names(mirror, until_id, error) &&
                copy_bodies(mirror, until_id, error);
    for (int i = 0; done && i <= SOURCE_CAPTURE; i++) {
        done = copy_range(mirror, i, mirror->capture_id, until_id, error);
    }
    return done && set_watermark(mirror, until_id, now_ms, error);
}

bool mirror_step(struct mirror *mirror, int64_t now_ms, bool *more, struct error *error)
{
    struct error ignored = {0};
    if (!database_integer(mirror->database, "SELECT max(capture_id) FROM capture",
                          &mirror->last_capture_id, error) ||
        !identify_begun(mirror, now_ms, error)) {
        return false;
    }
    bool bodies_lack = mirror->settings.with_bodies && !mirror->payload_id.known;
    *more =
        mirror->last_capture_id > mirror->capture_id || (mirror->recorder_id != 0 && bodies_lack);
    if (!*more) {
        return true;
    }
    int64_t until_id = mirror->capture_id + MIRROR_BATCH < mirror->last_capture_id
                           ? mirror->capture_id + MIRROR_BATCH
                           : mirror->last_capture_id;
    if (!copy_batch(mirror, until_id, now_ms, error)) {
        server_run(mirror->server, "ROLLBACK", &ignored);
        return false;
    }
    mirror->capture_id = until_id;
    return true;
}

/* Which bodies the next batch brings hangs on it. */
static bool bodies_stand(const struct mirror *mirror, struct maybe_int recorded,
                         struct error *error)
{
    int64_t payload_id;
    return !recorded.known ||
           (last_payload(mirror, mirror->capture_id, &payload_id, error) &&
            (payload_id == recorded.value ||
             error_set(error, ERROR_FAILED,
                       "posrec.recorder was changed: it has bodies up to %lld, not %lld",
                       (long long)recorded.value, (long long)payload_id)));
}

/* Within a transaction that is rolled back: what the schema is held against is made in it. Rows
 * come first, as a difference among them says most. */
static bool check_all(const struct mirror *mirror, int64_t *row_count, struct error *error)
{
    struct recorded recorded;
    return server_run(mirror->server,
                      "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL search_path = pg_catalog",
                      error) &&
           (mirror->recorder_id == 0 ||
            (find_recorder(mirror, &recorded, error) &&
             stands(mirror, recorded.capture_id, error) &&
             bodies_stand(mirror, recorded.payload_id, error) &&
             check_sources(mirror->database, mirror->server, mirror->recorder_id,
                           mirror->capture_id, recorded.payload_id.known, row_count, error))) &&
           schema_compare(mirror->server, error);
}

bool mirror_check(const struct mirror *mirror, int64_t *row_count, struct error *error)
{
    struct error ignored = {0};
    *row_count = 0;
    bool same = check_all(mirror, row_count, error);
    server_run(mirror->server, "ROLLBACK", &ignored);
    return same;
}

static bool lag_after(const struct database *database, int64_t capture_id, struct mirror_lag *lag,
                      struct error *error)
{
    char sql[160];
    int64_t last_id;
    *lag = (struct mirror_lag){.mirrored = true, .capture_id = capture_id};
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT received_ms FROM capture WHERE capture_id > %lld "
                     "ORDER BY capture_id LIMIT 1",
                     (long long)capture_id);
    if (!database_integer(database, sql, &lag->since_ms, error) ||
        !database_integer(database, "SELECT max(capture_id) FROM capture", &last_id, error)) {
        return false;
    }
    lag->captures = last_id > capture_id ? last_id - capture_id : 0;
    return true;
}

bool mirror_own_lag(const struct mirror *mirror, struct mirror_lag *lag, struct error *error)
{
    return lag_after(mirror->database, mirror->capture_id, lag, error);
}

bool mirror_lag(const struct database *database, struct server *server, struct mirror_lag *lag,
                struct error *error)
{
    struct mirror mirror = {.database = database};
    char first[SHA256_HEX_SIZE], sql[96];
    int64_t first_id, capture_id;
    bool there;
    *lag = (struct mirror_lag){0};
    if (!database_integer(database, "SELECT min(capture_id) FROM capture", &first_id, error) ||
        !server_integer(server, "SELECT to_regclass('posrec.recorder')::oid", &capture_id, &there,
                        error)) {
        return false;
    }
    if (!there || first_id == 0) {
        return true;
    }
    mirror.chain =
        database_prepare(database, "SELECT chain FROM capture WHERE capture_id = ?", error);
    bool done = mirror.chain != NULL && link_of(&mirror, first_id, first, error);
    sqlite3_finalize(mirror.chain);
    if (done) {
        sqlite3_snprintf(sizeof sql, sql,
                         "SELECT capture_id FROM posrec.recorder WHERE recorder_id = %lld",
                         (long long)number_of(first));
        done = server_integer(server, sql, &capture_id, &there, error) &&
               (!there || lag_after(database, capture_id, lag, error));
    }
    return done;
}
