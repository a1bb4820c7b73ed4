#include "mirror/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "base/time_text.h"
#include "mirror/copy.h"

#define DAY_MS INT64_C(86400000)
#define DIGEST_SIZE 5 /* bytes; sums of 2^23 of them fit */
#define SEPARATOR '\x1f'

/* row_digest(...) in SQLite. */
static void row_digest(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct sha256 *sha256 = sqlite3_user_data(context);
    struct sha256_digest digest;
    struct error error = {0};
    struct text line = {0};
    for (int i = 0; i < count; i++) {
        if (i > 0) {
            text_append_char(&line, SEPARATOR);
        }
        copy_append_value(&line, values[i], false);
    }
    struct span span = text_span(&line);
    if (line.failed || !sha256_of(sha256, &span, 1, &digest, &error)) {
        sqlite3_result_error_nomem(context);
    } else {
        int64_t number = 0;
        for (int i = 0; i < DIGEST_SIZE; i++) {
            number = number << 8 | digest.bytes[i];
        }
        sqlite3_result_int64(context, number);
    }
    text_free(&line);
}

/* What one side says of an account's day. */
struct day {
    int64_t account_id, day, count, sum;
};

/* The columns after account_id and recorder_id, each as `before` NAME `after`. */
static void append_columns(const struct source *source, const char *before, const char *after,
                           struct text *sql)
{
    const char *name = strstr(text_string(&source->columns), "recorder_id, ");
    for (name += strlen("recorder_id, "); name[-1] != '\0';) {
        size_t size = strcspn(name, ",");
        text_printf(sql, "%s%.*s%s", before, (int)size, name, after);
        name += size;
        if (*name == '\0') {
            break;
        }
        name += 2;
        text_append_string(sql, ", ");
    }
}

static void append_day(const struct source *source, struct text *sql)
{
    if (source->time != NULL) {
        text_printf(sql, "%s / %lld", source->time, (long long)DAY_MS);
    } else {
        text_append_char(sql, '0');
    }
}

static sqlite3_stmt *prepare_here(const struct database *database, const struct source *source,
                                  struct error *error)
{
    struct text sql = {0};
    text_append_string(&sql, "SELECT account_id, ");
    append_day(source, &sql);
    text_append_string(&sql, ", count(*), sum(row_digest(");
    append_columns(source, "", "", &sql);
    text_printf(&sql, ")) FROM (%s) GROUP BY 1, 2 ORDER BY 1, 2", text_string(&source->select));
    return database_prepare_text(database, &sql, error);
}

static void ask_there(const struct source *source, int64_t recorder_id, struct text *sql)
{
    text_append_string(sql, "SELECT account_id, ");
    append_day(source, sql);
    text_append_string(sql, ", count(*), sum(('x' || left(encode(sha256(convert_to(concat_ws("
                            "E'\\x1f', ");
    append_columns(source, "coalesce(", "::text, '\\N')", sql);
    text_printf(sql,
                "), 'UTF8')), 'hex'), 10))::bit(40)::bigint) FROM %s WHERE recorder_id = %lld "
                "GROUP BY 1, 2 ORDER BY 1, 2",
                source->table, (long long)recorder_id);
}

struct comparison {
    const struct database *database;
    const struct source *source;
    sqlite3_stmt *here;
    int64_t recorder_id, row_count;
};

static bool next_here(const struct comparison *comparison, struct day *day, bool *there_is,
                      struct error *error)
{
    enum step step = database_step(comparison->database, comparison->here, error);
    *there_is = step == STEP_ROW;
    if (step == STEP_ROW) {
        *day = (struct day){comparison->recorder_id << SOURCE_ACCOUNT_BITS |
                                sqlite3_column_int64(comparison->here, 0),
                            sqlite3_column_int64(comparison->here, 1),
                            sqlite3_column_int64(comparison->here, 2),
                            sqlite3_column_int64(comparison->here, 3)};
    }
    return step != STEP_FAILED;
}

static bool differ(const struct comparison *comparison, int64_t account_id, int64_t day,
                   int64_t here, int64_t there, struct error *error)
{
    int64_t own_id = account_id & ((INT64_C(1) << SOURCE_ACCOUNT_BITS) - 1);
    char sql[96], time[TIME_TEXT_SIZE] = "";
    struct error ignored = {0};
    sqlite3_snprintf(sizeof sql, sql, "SELECT name FROM account WHERE account_id = %lld",
                     (long long)own_id);
    sqlite3_stmt *name = database_prepare(comparison->database, sql, &ignored);
    struct span account = {"?", 1};
    if (name != NULL && database_step(comparison->database, name, &ignored) == STEP_ROW) {
        account = column_span(name, 0);
    }
    if (comparison->source->time != NULL) {
        time_text_format(day * DAY_MS, time);
    }
    error_set(
        error, ERROR_FAILED, "%s of account %.*s%s%.10s differs: %lld rows here, %lld there%s",
        comparison->source->table, (int)account.size, account.data, time[0] != '\0' ? " on " : "",
        time, (long long)here, (long long)there, here == there ? ", of other content" : "");
    sqlite3_finalize(name);
    return false;
}

/* A row of theirs is held against the next of ours. */
static bool compare_day(void *context, const struct span *columns, int count, struct error *error)
{
    struct comparison *comparison = context;
    struct day there = {strtoll(columns[0].data, NULL, 10), strtoll(columns[1].data, NULL, 10),
                        strtoll(columns[2].data, NULL, 10), strtoll(columns[3].data, NULL, 10)};
    struct day here = {0};
    bool there_is;
    (void)count;
    if (!next_here(comparison, &here, &there_is, error)) {
        return false;
    }
    bool here_lacks = !there_is || here.account_id > there.account_id ||
                      (here.account_id == there.account_id && here.day > there.day);
    if (here_lacks) {
        return differ(comparison, there.account_id, there.day, 0, there.count, error);
    }
    if (here.account_id != there.account_id || here.day != there.day) {
        return differ(comparison, here.account_id, here.day, here.count, 0, error);
    }
    comparison->row_count += here.count;
    return (here.count == there.count && here.sum == there.sum) ||
           differ(comparison, here.account_id, here.day, here.count, there.count, error);
}

static bool compare(struct comparison *comparison, struct server *server, struct error *error)
{
    struct text sql = {0};
    struct day here;
    bool there_is;
    ask_there(comparison->source, comparison->recorder_id, &sql);
    bool same = (!sql.failed || error_no_memory(error)) &&
                server_rows(server, text_string(&sql), compare_day, comparison, error) &&
                next_here(comparison, &here, &there_is, error) &&
                (!there_is || differ(comparison, here.account_id, here.day, here.count, 0, error));
    text_free(&sql);
    return same;
}

bool check_source(const struct database *database, struct server *server, int source,
                  int64_t recorder_id, int64_t capture_id, int64_t *row_count, struct error *error)
{
    struct source of;
    struct sha256 *sha256 = sha256_new(error);
    if (sha256 == NULL || !source_of(source, &of, error)) {
        sha256_free(sha256);
        return false;
    }
    struct comparison comparison = {
        .database = database, .source = &of, .recorder_id = recorder_id};
    bool same = sqlite3_create_function(database->handle, "row_digest", -1,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC, sha256, row_digest,
                                        NULL, NULL) == SQLITE_OK ||
                database_error(database, "row_digest", error);
    comparison.here = same ? prepare_here(database, &of, error) : NULL;
    if (comparison.here != NULL) {
        bind_int(comparison.here, 1, 0);
        bind_int(comparison.here, 2, capture_id);
        bind_int(comparison.here, 3, 0);
        same = compare(&comparison, server, error);
        *row_count += comparison.row_count;
    }
    same = same && comparison.here != NULL;
    sqlite3_finalize(comparison.here);
    source_free(&of);
    sha256_free(sha256);
    return same;
}
