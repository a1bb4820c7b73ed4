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
};

struct mirror_progress mirror_progress(const struct mirror *mirror)
{
    return (struct mirror_progress){mirror->capture_id, mirror->last_capture_id, mirror->row_count};
}

void mirror_free(struct mirror *mirror)
{
    if (mirror != NULL) {
        for (int i = 0; i < SOURCE_COUNT; i++) {
            copy_close(&mirror->copies[i]);
        }
        free(mirror);
    }
}

/* The link of a capture of the file as hex, "" when it is not there. */
static bool link_of(const struct database *database, int64_t capture_id,
                    char hex[static SHA256_HEX_SIZE], struct error *error)
{
    struct sha256_digest digest;
    sqlite3_stmt *select =
        database_prepare(database, "SELECT chain FROM capture WHERE capture_id = ?", error);
    hex[0] = '\0';
    bind_int(select, 1, capture_id);
    enum step step = database_step(database, select, error);
    if (step == STEP_ROW && sha256_from_bytes(column_span(select, 0), &digest)) {
        sha256_hex(&digest, hex);
    }
    sqlite3_finalize(select);
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

static bool take_recorder(void *context, const struct span *columns, struct error *error)
{
    struct recorded *recorded = context;
    const struct mirror *mirror = recorded->mirror;
    char hex[SHA256_HEX_SIZE];
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
    if (!link_of(mirror->database, recorded->capture_id, hex, error)) {
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
    text_append_quoted(&sql, span_of(mirror->settings.name), '\'');
    return server_rows_text(mirror->server, &sql, take_recorder, recorded, error);
}

/* Finds the recorder, or makes it; `recorder` has no key, as every key begins with account_id: a
 * lock keeps it single. */
static bool identify(struct mirror *mirror, int64_t first_id, int64_t now_ms, struct error *error)
{
    struct recorded recorded;
    struct text sql = {0};
    if (!link_of(mirror->database, first_id, mirror->first, error)) {
        return false;
    }
    mirror->recorder_id = number_of(mirror->first);
    bool done = server_run(mirror->server, "BEGIN; LOCK TABLE recorder IN EXCLUSIVE MODE", error) &&
                find_recorder(mirror, &recorded, error);
    if (done && !recorded.found) {
        text_printf(&sql, "INSERT INTO recorder VALUES (%lld, ", (long long)mirror->recorder_id);
        text_append_quoted(&sql, span_of(mirror->settings.name), '\'');
        text_printf(&sql, ", '\\x%s', 0, '\\x', %lld, NULL)", mirror->first, (long long)now_ms);
        done = server_run_text(mirror->server, &sql, error);
    }
    if (done && server_run(mirror->server, "COMMIT", error)) {
        mirror->capture_id = recorded.capture_id;
        mirror->payload_id = recorded.payload_id;
        return true;
    }
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

static bool copy_one(struct mirror *mirror, int number, struct error *error)
{
    return copy_rows(&mirror->copies[number], mirror->database, mirror->server, mirror->recorder_id,
                     &mirror->row_count, error);
}

/* Copies what is mirrored as a whole anew. */
static bool renew(struct mirror *mirror, int number, struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "DELETE FROM %s", mirror->copies[number].source.table);
    source_append_where(&sql, mirror->recorder_id);
    return server_run_text(mirror->server, &sql, error) && copy_one(mirror, number, error);
}

/* Brings the terms of contracts where a migration of the server has made up one for each. */
static bool renew_terms(struct mirror *mirror, struct error *error)
{
    struct text sql = {0};
    struct maybe_int made_up = {0};
    text_append_string(&sql, "SELECT count(*) FROM contract_term");
    source_append_where(&sql, mirror->recorder_id);
    text_append_string(&sql, " AND capture_id = 0");
    bool done = !sql.failed ? server_integer(mirror->server, text_string(&sql), &made_up, error)
                            : error_no_memory(error);
    text_free(&sql);
    return done && (made_up.value == 0 || (server_run(mirror->server, "BEGIN", error) &&
                                           renew(mirror, SOURCE_TERM, error) &&
                                           server_run(mirror->server, "COMMIT", error)));
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

/* Brings what is known where a migration of the server has made the table: of the captures that
 * were mirrored before. */
static bool bring_spans(struct mirror *mirror, struct error *error)
{
    struct text sql = {0};
    struct maybe_int there = {0};
    int64_t here = 0;
    text_append_string(&sql, "SELECT count(*) FROM known_span");
    source_append_where(&sql, mirror->recorder_id);
    bool done =
        (!sql.failed || error_no_memory(error)) &&
        server_integer(mirror->server, text_string(&sql), &there, error) &&
        database_integer_of(mirror->database,
                            "SELECT EXISTS (SELECT 1 FROM known_span WHERE capture_id <= ?)",
                            &mirror->capture_id, 1, &here, error);
    text_free(&sql);
    return done && (here == 0 || there.value > 0 ||
                    (server_run(mirror->server, "BEGIN", error) &&
                     copy_range(mirror, ROW_KNOWN_SPAN, 0, mirror->capture_id, error) &&
                     server_run(mirror->server, "COMMIT", error)));
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
    if (!good || !identify_begun(mirror, now_ms, error) || !renew_terms(mirror, error) ||
        !bring_spans(mirror, error)) {
        mirror_free(mirror);
        return NULL;
    }
    return mirror;
}

/* A number beyond would be one of the next recorder's. */
static bool accounts_fit(const struct mirror *mirror, struct error *error)
{
    static const char WRONG[] =
        "SELECT account_id FROM account WHERE account_id NOT BETWEEN 0 AND ?";
    const int64_t last_id = SOURCE_ACCOUNTS - 1;
    int64_t wrong_id;
    return database_integer_of(mirror->database, WRONG, &last_id, 1, &wrong_id, error) &&
           (wrong_id == 0 ||
            error_set(error, ERROR_FAILED,
                      "account_id %lld of the file is not within 0 and %lld, as many as "
                      "a mirror has numbers for (record some in a file of their own)",
                      (long long)wrong_id, (long long)last_id));
}

/* Accounts, contracts and legs are few: where any was added, or an exchangeInfo may have changed
 * contracts, all are copied anew. */
static bool copy_names(struct mirror *mirror, int64_t until_id, struct error *error)
{
    static const char COUNT[] = "SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM "
                                "contract) + (SELECT count(*) FROM leg)";
    static const char TOLD[] = "SELECT EXISTS (SELECT 1 FROM capture WHERE capture_id > ? AND "
                               "capture_id <= ? AND endpoint = 'exchangeInfo')";
    const int64_t range[] = {mirror->capture_id, until_id};
    int64_t told, count;
    if (!database_integer_of(mirror->database, TOLD, range, 2, &told, error) ||
        !database_integer(mirror->database, COUNT, &count, error)) {
        return false;
    }
    if (told == 0 && count == mirror->name_count) {
        return true;
    }
    mirror->name_count = count;
    bool done = accounts_fit(mirror, error);
    for (int i = SOURCE_ACCOUNT; done && i <= SOURCE_LEG; i++) {
        done = renew(mirror, i, error);
    }
    return done;
}

/* The last payload of the captures up to one. */
static bool last_payload(const struct mirror *mirror, int64_t until_id, int64_t *payload_id,
                         struct error *error)
{
    return database_integer_of(mirror->database,
                               "SELECT max(payload_id) FROM capture WHERE capture_id <= ?",
                               &until_id, 1, payload_id, error);
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
    struct maybe_int capture_id;
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT capture_id FROM recorder WHERE recorder_id = %lld FOR UPDATE",
                     (long long)mirror->recorder_id);
    return server_run(mirror->server, "BEGIN", error) &&
           server_integer(mirror->server, sql, &capture_id, error) &&
           stands(mirror, capture_id.value, error);
}

static bool set_watermark(struct mirror *mirror, int64_t until_id, int64_t now_ms,
                          struct error *error)
{
    char hex[SHA256_HEX_SIZE];
    struct text sql = {0};
    if (!link_of(mirror->database, until_id, hex, error)) {
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

/* Within a transaction that is never committed: what the schema is held against is made in it. Rows
 * come first, as a difference among them says most. */
bool mirror_check(const struct mirror *mirror, int64_t *row_count, struct error *error)
{
    struct recorded recorded;
    *row_count = 0;
    return server_run(mirror->server,
                      "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL search_path = pg_catalog",
                      error) &&
           (mirror->recorder_id == 0 ||
            (find_recorder(mirror, &recorded, error) &&
             stands(mirror, recorded.capture_id, error) &&
             bodies_stand(mirror, recorded.payload_id, error) &&
             check_sources(mirror->database, mirror->server,
                           &(struct check_scope){mirror->recorder_id, mirror->capture_id,
                                                 recorded.payload_id.known},
                           row_count, error))) &&
           schema_compare(mirror->server, error);
}

bool mirror_lag_after(const struct database *database, int64_t capture_id, struct mirror_lag *lag,
                      struct error *error)
{
    static const char SINCE[] = "SELECT received_ms FROM capture WHERE capture_id > ? "
                                "ORDER BY capture_id LIMIT 1";
    int64_t last_id;
    *lag = (struct mirror_lag){.mirrored = true, .capture_id = capture_id};
    if (!database_integer_of(database, SINCE, &capture_id, 1, &lag->since_ms, error) ||
        !database_integer(database, "SELECT max(capture_id) FROM capture", &last_id, error)) {
        return false;
    }
    lag->captures = last_id > capture_id ? last_id - capture_id : 0;
    return true;
}

bool mirror_lag(const struct database *database, struct server *server, struct mirror_lag *lag,
                struct error *error)
{
    char first[SHA256_HEX_SIZE], sql[96];
    struct maybe_int oid, capture_id;
    int64_t first_id;
    *lag = (struct mirror_lag){0};
    if (!database_integer(database, "SELECT min(capture_id) FROM capture", &first_id, error) ||
        !server_integer(server, "SELECT to_regclass('posrec.recorder')::oid", &oid, error)) {
        return false;
    }
    if (!oid.known || first_id == 0) {
        return true;
    }
    if (!link_of(database, first_id, first, error)) {
        return false;
    }
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT capture_id FROM posrec.recorder WHERE recorder_id = %lld",
                     (long long)number_of(first));
    return server_integer(server, sql, &capture_id, error) &&
           (!capture_id.known || mirror_lag_after(database, capture_id.value, lag, error));
}
