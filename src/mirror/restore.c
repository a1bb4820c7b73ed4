#include "mirror/restore.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/source.h"
#include "store/evidence/evidence.h"

struct restore {
    const struct database *database;
    const struct restore_watch *watch;
    enum evidence evidence;
    sqlite3_stmt *insert;
    struct text bytes[EVIDENCE_COLUMNS_MAX];
    int64_t recorder_id, done, total;
    bool with_bodies;
    int recorders;
    char *head;
};

static bool take_recorder(void *context, const struct span *columns, struct error *error)
{
    struct restore *restore = context;
    (void)error;
    restore->recorders++;
    restore->recorder_id = strtoll(columns[0].data, NULL, 10);
    restore->total = strtoll(columns[1].data, NULL, 10);
    restore->with_bodies = columns[2].data != NULL;
    if (columns[3].size < SHA256_HEX_SIZE) {
        memcpy(restore->head, columns[3].data, columns[3].size + 1);
    }
    return true;
}

static bool find_recorder(struct restore *restore, struct server *server, const char *name,
                          struct error *error)
{
    struct text sql = {0};
    text_append_string(&sql, "SELECT recorder_id, capture_id, payload_id, encode(chain, 'hex') "
                             "FROM recorder");
    if (name != NULL) {
        text_append_string(&sql, " WHERE name = ");
        text_append_quoted(&sql, span_of(name), '\'');
    }
    bool done = server_rows_text(server, &sql, take_recorder, restore, error);
    if (done && restore->recorders != 1) {
        return error_set(error, ERROR_FAILED,
                         restore->recorders == 0 ? "no recorder of that name is mirrored there"
                                                 : "%d recorders are mirrored there (say which "
                                                   "with --name; posrec.recorder has the names)",
                         restore->recorders);
    }
    if (done && !restore->with_bodies) {
        return error_set(error, ERROR_FAILED,
                         "this recorder was mirrored without its bodies, from which alone a file "
                         "can be made again (mirror it --with-bodies)");
    }
    return done;
}

/* Bytes come as \x and hex digits. */
static bool decode(struct text *bytes, struct span *value, struct error *error)
{
    text_clear(bytes);
    if (!text_reserve(bytes, value->size / 2)) {
        return error_no_memory(error);
    }
    if (value->size < 2 || OPENSSL_hexstr2buf_ex((unsigned char *)bytes->data, bytes->capacity,
                                                 &bytes->size, value->data + 2, '\0') != 1) {
        return error_set(error, ERROR_FAILED, "bytes that are no hex digits");
    }
    *value = text_span(bytes);
    return true;
}

static bool take_row(void *context, const struct span *columns, struct error *error)
{
    struct restore *restore = context;
    struct span values[EVIDENCE_COLUMNS_MAX];
    for (int i = 0; i < evidence_column_count(restore->evidence); i++) {
        values[i] = columns[i];
        if (values[i].data != NULL && evidence_is_bytes(restore->evidence, i) &&
            !decode(&restore->bytes[i], &values[i], error)) {
            return false;
        }
    }
    if (restore->evidence == EVIDENCE_CAPTURE && restore->watch->on_progress != NULL) {
        restore->watch->on_progress(restore->watch->context, ++restore->done, restore->total);
    }
    return evidence_put(restore->database, restore->insert, restore->evidence, values, error);
}

/* account_id in the file is the low bits of the mirror's. */
static void append_select(const struct restore *restore, struct text *sql)
{
    const char *table = evidence_table(restore->evidence);
    for (int i = 0; i < evidence_column_count(restore->evidence); i++) {
        const char *name = evidence_column(restore->evidence, i);
        text_printf(sql, "%s%s", i == 0 ? "SELECT " : ", ", name);
        if (strcmp(name, "account_id") == 0) {
            text_printf(sql, " & %d", (1 << SOURCE_ACCOUNT_BITS) - 1);
        }
    }
    text_printf(sql, " FROM %s", table);
    source_append_where(sql, restore->recorder_id);
    text_printf(sql, " ORDER BY %s_id", table);
}

static bool put_table(struct restore *restore, struct server *server, struct error *error)
{
    struct text sql = {0};
    append_select(restore, &sql);
    restore->insert = evidence_insert(restore->database, restore->evidence, error);
    bool done = restore->insert != NULL && server_rows_text(server, &sql, take_row, restore, error);
    sqlite3_finalize(restore->insert);
    text_free(&sql);
    return done || error_context(error, "%s", evidence_table(restore->evidence));
}

bool restore_evidence(struct server *server, const char *name, const struct database *database,
                      const struct restore_watch *watch, char head[static SHA256_HEX_SIZE],
                      struct error *error)
{
    struct restore restore = {.database = database, .watch = watch, .head = head};
    head[0] = '\0';
    bool done = server_run(server, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error) &&
                find_recorder(&restore, server, name, error) &&
                database_run(database, "BEGIN IMMEDIATE", error);
    for (int i = 0; done && i < EVIDENCE_COUNT; i++) {
        restore.evidence = (enum evidence)i;
        done = put_table(&restore, server, error);
    }
    for (int i = 0; i < EVIDENCE_COLUMNS_MAX; i++) {
        text_free(&restore.bytes[i]);
    }
    return done && database_run(database, "COMMIT", error) && server_run(server, "COMMIT", error);
}
