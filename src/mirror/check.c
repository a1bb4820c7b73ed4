#include "mirror/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/sha256.h"
#include "base/time_text.h"
#include "mirror/copy.h"

#define PART_BITS 6 /* of a digest say in which part of its day a row is */

struct comparison {
    const struct database *database;
    struct server *server;
    struct sha256 *sha256;
    int64_t recorder_id, row_count;
    struct text nobodys; /* the condition on account_id that it is no recorder's */
    struct text row, part, parts;
    struct source source;
    sqlite3_stmt *here; /* account_id, day and digest of each row, in this order */
    enum step step;
};

/* row_digest(recorder_id, ...) in SQLite, as write_question() has it: each column is ended by a
 * comma, a text told by its size first; NULL is nothing. */
static void row_digest(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct comparison *comparison = sqlite3_user_data(context);
    struct text *row = &comparison->row;
    struct sha256_digest digest;
    struct error error = {0};
    text_clear(row);
    for (int i = 0; i < count; i++) {
        if (sqlite3_value_type(values[i]) == SQLITE_TEXT) {
            text_append_int(row, sqlite3_value_bytes(values[i]));
            text_append_char(row, ':');
        }
        if (!copy_append_value(row, values[i], false)) {
            sqlite3_result_error(context, COPY_HAS_NUL, -1);
            return;
        }
        text_append_char(row, ',');
    }
    struct span span = text_span(row);
    if (row->failed || !sha256_of(comparison->sha256, &span, 1, &digest, &error)) {
        sqlite3_result_error_nomem(context);
    } else {
        sqlite3_result_blob(context, digest.bytes, SHA256_SIZE, SQLITE_TRANSIENT);
    }
}

/* What one side says of an account's day. */
struct day {
    int64_t account_id, day, count;
    char digest[SHA256_HEX_SIZE];
};

static int64_t file_account(const struct comparison *comparison, int64_t account_id)
{
    return account_id - comparison->recorder_id * SOURCE_ACCOUNTS;
}

/* The day of a row, and then its digest's arguments. */
static bool append_row(const struct comparison *comparison, bool there, struct text *sql,
                       struct error *error)
{
    const struct source *source = &comparison->source;
    sqlite3_stmt *select =
        database_prepare(comparison->database, text_string(&source->select), error);
    if (select == NULL) {
        return false;
    }
    if (source->time != NULL) {
        text_printf(sql, "%s / %lld", source->time, (long long)DAY_MS);
    } else {
        text_append_char(sql, '0');
    }
    text_append_string(sql, there ? " AS day, sha256(convert_to(concat(recorder_id, ','"
                                  : ", row_digest(?4");
    for (int i = 1; i < sqlite3_column_count(select); i++) {
        const char *name = sqlite3_column_name(select, i);
        if (there && strcmp(sqlite3_column_decltype(select, i), "TEXT") == 0) {
            text_printf(sql, ", octet_length(convert_to(%s, 'UTF8')) || ':' || %s, ','", name,
                        name);
        } else {
            text_printf(sql, ", %s%s", name, there ? ", ','" : "");
        }
    }
    text_append_string(sql, there ? "), 'UTF8'))" : ")");
    sqlite3_finalize(select);
    return true;
}

static bool prepare_here(struct comparison *comparison, int64_t capture_id, struct error *error)
{
    struct text sql = {0};
    text_append_string(&sql, "SELECT account_id, ");
    bool done = append_row(comparison, false, &sql, error);
    text_printf(&sql, " FROM (%s) ORDER BY 1, 2, 3", text_string(&comparison->source.select));
    comparison->here = done ? database_prepare_text(comparison->database, &sql, error) : NULL;
    text_free(&sql);
    if (comparison->here == NULL) {
        return false;
    }
    bind_int(comparison->here, 1, 0);
    bind_int(comparison->here, 2, capture_id);
    bind_int(comparison->here, 3, 0);
    bind_int(comparison->here, 4, comparison->recorder_id);
    return true;
}

/* Rows of one digest are one row, which their number tells. */
static bool write_question(const struct comparison *comparison, struct text *sql,
                           struct error *error)
{
    text_printf(sql,
                "SELECT account_id, day, sum(rows), encode(sha256(string_agg(digest, '' ORDER BY "
                "part)), 'hex') FROM (SELECT account_id, day, get_byte(digest, 0) >> %d AS part, "
                "sum(rows) AS rows, sha256(string_agg(digest, '' ORDER BY digest)) AS digest "
                "FROM (SELECT account_id, count(*) AS rows, ",
                8 - PART_BITS);
    bool done = append_row(comparison, true, sql, error);
    text_printf(sql, " AS digest FROM posrec.%s", comparison->source.table);
    source_append_where(sql, comparison->recorder_id);
    text_append_string(sql, " GROUP BY account_id, day, digest) AS r GROUP BY 1, 2, 3) AS p "
                            "GROUP BY 1, 2 ORDER BY 1, 2");
    return done && (!sql->failed || error_no_memory(error));
}

static bool digest_of(const struct comparison *comparison, const struct text *of,
                      struct sha256_digest *digest, struct error *error)
{
    struct span span = text_span(of);
    return of->failed ? error_no_memory(error)
                      : sha256_of(comparison->sha256, &span, 1, digest, error);
}

/* Whether the statement stands on a row of the day. */
static bool stands_in(const struct comparison *comparison, const struct day *day)
{
    return comparison->step == STEP_ROW &&
           file_account(comparison, day->account_id) == sqlite3_column_int64(comparison->here, 0) &&
           day->day == sqlite3_column_int64(comparison->here, 1);
}

static int part_of(const struct comparison *comparison)
{
    return (unsigned char)column_span(comparison->here, 2).data[0] >> (8 - PART_BITS);
}

static bool take_part(struct comparison *comparison, struct day *day, struct error *error)
{
    struct sha256_digest digest;
    int part = part_of(comparison);
    text_clear(&comparison->part);
    while (stands_in(comparison, day) && part_of(comparison) == part) {
        text_append_span(&comparison->part, column_span(comparison->here, 2));
        day->count++;
        comparison->step = database_step(comparison->database, comparison->here, error);
    }
    if (comparison->step == STEP_FAILED ||
        !digest_of(comparison, &comparison->part, &digest, error)) {
        return false;
    }
    text_append(&comparison->parts, digest.bytes, SHA256_SIZE);
    return true;
}

static bool next_here(struct comparison *comparison, struct day *day, bool *there_is,
                      struct error *error)
{
    struct sha256_digest digest;
    *there_is = comparison->step == STEP_ROW;
    if (!*there_is) {
        return true;
    }
    *day = (struct day){comparison->recorder_id * SOURCE_ACCOUNTS +
                            sqlite3_column_int64(comparison->here, 0),
                        sqlite3_column_int64(comparison->here, 1), 0, ""};
    text_clear(&comparison->parts);
    while (stands_in(comparison, day)) {
        if (!take_part(comparison, day, error)) {
            return false;
        }
    }
    if (!digest_of(comparison, &comparison->parts, &digest, error)) {
        return false;
    }
    sha256_hex(&digest, day->digest);
    return true;
}

static bool differ(const struct comparison *comparison, const struct day *day, int64_t here,
                   int64_t there, struct error *error)
{
    char time[TIME_TEXT_SIZE] = "";
    struct error ignored = {0};
    sqlite3_stmt *name = database_prepare(
        comparison->database, "SELECT name FROM account WHERE account_id = ?", &ignored);
    bind_int(name, 1, file_account(comparison, day->account_id));
    struct span account = {"?", 1};
    if (database_step(comparison->database, name, &ignored) == STEP_ROW) {
        account = column_span(name, 0);
    }
    if (comparison->source.time != NULL) {
        time_text_format(day->day * DAY_MS, time);
    }
    error_set(
        error, ERROR_FAILED, "%s of account %.*s%s%.10s differs: %lld rows here, %lld there%s",
        comparison->source.table, (int)account.size, account.data, time[0] != '\0' ? " on " : "",
        time, (long long)here, (long long)there, here == there ? ", of other content" : "");
    sqlite3_finalize(name);
    return false;
}

/* A row of theirs is held against the next of ours. */
static bool compare_day(void *context, const struct span *columns, struct error *error)
{
    struct comparison *comparison = context;
    struct day there = {strtoll(columns[0].data, NULL, 10), strtoll(columns[1].data, NULL, 10),
                        strtoll(columns[2].data, NULL, 10), ""};
    struct day here;
    bool there_is;
    if (!next_here(comparison, &here, &there_is, error)) {
        return false;
    }
    bool here_lacks = !there_is || here.account_id > there.account_id ||
                      (here.account_id == there.account_id && here.day > there.day);
    if (here_lacks) {
        return differ(comparison, &there, 0, there.count, error);
    }
    if (here.account_id != there.account_id || here.day != there.day) {
        return differ(comparison, &here, here.count, 0, error);
    }
    comparison->row_count += here.count;
    return (here.count == there.count && span_is(columns[3], here.digest)) ||
           differ(comparison, &here, here.count, there.count, error);
}

/* Both sides sort their digests at the same time. */
static bool compare(struct comparison *comparison, struct error *error)
{
    struct text sql = {0};
    struct day here;
    bool there_is;
    bool same = write_question(comparison, &sql, error) &&
                server_ask(comparison->server, text_string(&sql), error) &&
                (comparison->step = database_step(comparison->database, comparison->here, error)) !=
                    STEP_FAILED &&
                server_answer(comparison->server, compare_day, comparison, error) &&
                next_here(comparison, &here, &there_is, error) &&
                (!there_is || differ(comparison, &here, here.count, 0, error));
    text_free(&sql);
    return same;
}

static bool take_text(void *context, const struct span *columns, struct error *error)
{
    struct text *text = context;
    text_append_span(text, columns[0]);
    return !text->failed || error_no_memory(error);
}

/* Between the numbers of one recorder and the next, before the first and after the last. */
static bool find_gaps(struct comparison *comparison, struct error *error)
{
    static const char GAPS[] =
        "SELECT string_agg(format('account_id BETWEEN %s AND %s', (recorder_id + 1) << 20, "
        "coalesce((following << 20) - 1, 9223372036854775807)), ' OR ') FROM (SELECT recorder_id, "
        "lead(recorder_id) OVER (ORDER BY recorder_id) AS following FROM (SELECT recorder_id "
        "FROM posrec.recorder UNION SELECT -8796093022209) AS r) AS g";
    return server_rows(comparison->server, GAPS, take_text, &comparison->nobodys, error);
}

static bool find_nobodys(const struct comparison *comparison, struct error *error)
{
    struct text sql = {0};
    struct maybe_int account_id;
    text_printf(&sql, "SELECT account_id FROM posrec.%s WHERE %s LIMIT 1", comparison->source.table,
                text_string(&comparison->nobodys));
    bool done =
        (!sql.failed || error_no_memory(error)) &&
        server_integer(comparison->server, text_string(&sql), &account_id, error) &&
        (!account_id.known ||
         error_set(error, ERROR_FAILED,
                   "%s has rows of account_id %lld, which is of no recorder that is mirrored there",
                   comparison->source.table, (long long)account_id.value));
    text_free(&sql);
    return done;
}

static bool check_source(struct comparison *comparison, int source, int64_t capture_id,
                         struct error *error)
{
    bool same = source_of(source, &comparison->source, error) &&
                prepare_here(comparison, capture_id, error) && compare(comparison, error) &&
                find_nobodys(comparison, error);
    sqlite3_finalize(comparison->here);
    comparison->here = NULL;
    source_free(&comparison->source);
    return same;
}

bool check_sources(const struct database *database, struct server *server,
                   const struct check_scope *scope, int64_t *row_count, struct error *error)
{
    struct comparison comparison = {.database = database,
                                    .server = server,
                                    .sha256 = sha256_new(error),
                                    .recorder_id = scope->recorder_id};
    bool same = comparison.sha256 != NULL &&
                (sqlite3_create_function(database->handle, "row_digest", -1,
                                         SQLITE_UTF8 | SQLITE_DETERMINISTIC, &comparison,
                                         row_digest, NULL, NULL) == SQLITE_OK ||
                 database_error(database, "row_digest", error)) &&
                find_gaps(&comparison, error);
    for (int i = 0; same && i < SOURCE_COUNT; i++) {
        int64_t until_id = i == SOURCE_PAYLOAD && !scope->with_bodies ? 0 : scope->capture_id;
        same = check_source(&comparison, i, until_id, error);
    }
    *row_count = comparison.row_count;
    sqlite3_create_function(database->handle, "row_digest", -1, SQLITE_UTF8, NULL, NULL, NULL,
                            NULL);
    sha256_free(comparison.sha256);
    text_free(&comparison.nobodys);
    text_free(&comparison.row);
    text_free(&comparison.part);
    text_free(&comparison.parts);
    return same;
}
