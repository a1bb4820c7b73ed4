#include "mirror/source.h"

#include <string.h>

/* Tables that are no derived rows: their columns after account_id, and where they come from. */
struct plain {
    const char *table, *columns, *from, *time;
};

static const struct plain PLAIN[] = {
    [SOURCE_CAPTURE - ROW_KIND_COUNT] =
        {"capture",
         "r.capture_id, r.endpoint, r.due_ms, r.sent_ms, r.received_ms, r.clock_offset_ms, "
         "r.interval_ms, r.attempt, r.outcome, r.http_status, r.api_code, r.detail, "
         "r.used_weight, r.request, r.row_count, r.payload_id, r.chain",
         " FROM capture AS r WHERE r.capture_id > ?1 AND r.capture_id <= ?2", "received_ms"},
    /* A body belongs to the captures of one account. */
    [SOURCE_PAYLOAD - ROW_KIND_COUNT] =
        {"payload", "r.payload_id, r.base_id, r.size, r.sha256, r.zstd",
         " FROM (SELECT DISTINCT account_id, payload_id FROM capture WHERE capture_id > ?1 "
         "AND capture_id <= ?2 AND payload_id > ?3) AS o JOIN payload AS r USING (payload_id)",
         NULL},
    [SOURCE_ACCOUNT -
        ROW_KIND_COUNT] = {"account", "r.name, r.product", " FROM account AS r", NULL},
    [SOURCE_CONTRACT - ROW_KIND_COUNT] =
        {"contract",
         "r.contract_id, r.product, r.symbol, r.pair, r.margin_asset, r.contract_type, "
         "r.delivery_ms, r.contract_size_e8, r.source",
         " FROM account AS o JOIN contract AS r ON r.product = o.product", NULL},
    [SOURCE_LEG - ROW_KIND_COUNT] = {"leg", "r.leg_id, r.contract_id, r.position_side",
                                     " FROM leg AS r", NULL},
};

static bool has_column(const struct row_kind *kind, const char *name, bool set_only)
{
    for (int i = 0; i < kind->column_count; i++) {
        if (strcmp(kind->columns[i].name, name) == 0) {
            return !set_only || kind->columns[i].fields[NAMING_USUAL].size == 0;
        }
    }
    return false;
}

/* The span of time of each account's captures in the range: times within an account never go back,
 * so that a series, whose time is its capture's, is read by its key. */
#define SPANS(condition)                                                                           \
    " FROM (SELECT account_id, min(received_ms) AS first_ms, max(received_ms) AS last_ms "         \
    "FROM capture WHERE capture_id > ?1 AND capture_id <= ?2" condition                            \
    " GROUP BY account_id) AS o"
#define POLLS " AND endpoint = 'positionRisk'"

/* An hour is written by the first poll of a later one: those from the hour that ran before the
 * range up to the one that runs at its end. */
#define HOURS                                                                                      \
    " r.hour_ms >= coalesce((SELECT max(p.received_ms) FROM capture AS p "                         \
    "WHERE p.account_id = o.account_id" POLLS                                                      \
    " AND p.received_ms < o.first_ms), 0) / 3600000 * 3600000 "                                    \
    "AND r.hour_ms < o.last_ms / 3600000 * 3600000"

static void append_from(const struct row_kind *kind, bool of_leg, struct text *sql)
{
    bool of_capture = row_kind_of_type(kind, COLUMN_CAPTURE) >= 0;
    bool of_hour = has_column(kind, "hour_ms", false);
    if (of_capture && !has_column(kind, "time_ms", true)) { /* a fact, or a position */
        text_printf(sql, " FROM %s AS r%s WHERE r.capture_id > ?1 AND r.capture_id <= ?2",
                    kind->table, of_leg ? " CROSS JOIN leg AS o USING (leg_id)" : "");
        return;
    }
    text_append_string(sql, of_capture ? SPANS("") : SPANS(POLLS));
    if (of_leg) {
        text_append_string(sql, " CROSS JOIN leg AS l ON l.account_id = o.account_id");
    }
    text_printf(sql, " CROSS JOIN %s AS r ON %s AND ", kind->table,
                of_leg ? "r.leg_id = l.leg_id" : "r.account_id = o.account_id");
    text_append_string(sql, of_hour ? HOURS : " r.time_ms BETWEEN o.first_ms AND o.last_ms");
    if (of_capture) {
        text_append_string(sql, " AND r.capture_id > ?1 AND r.capture_id <= ?2");
    }
}

/* The first time of a kind's columns. */
static const char *time_of(const struct row_kind *kind)
{
    for (int i = 0; i < kind->column_count; i++) {
        const char *name = kind->columns[i].name;
        if (strlen(name) > 3 && strcmp(name + strlen(name) - 3, "_ms") == 0) {
            return name;
        }
    }
    return NULL;
}

static void of_kind(const struct row_kind *kind, struct source *source)
{
    bool of_leg = strcmp(kind->columns[0].name, "leg_id") == 0;
    bool of_capture =
        row_kind_of_type(kind, COLUMN_CAPTURE) >= 0 && !has_column(kind, "time_ms", true);
    source->table = kind->table;
    source->time = time_of(kind);
    text_append_string(&source->select,
                       of_capture && !of_leg ? "SELECT r.account_id" : "SELECT o.account_id");
    for (int i = of_leg ? 0 : 1; i < kind->column_count; i++) {
        text_printf(&source->columns, ", %s", kind->columns[i].name);
        text_printf(&source->select, ", r.%s", kind->columns[i].name);
    }
    append_from(kind, of_leg, &source->select);
}

static void of_plain(const struct plain *plain, struct source *source)
{
    bool joined = strstr(plain->from, " AS o") != NULL;
    source->table = plain->table;
    source->time = plain->time;
    text_printf(&source->select, "SELECT %s.account_id, %s%s", joined ? "o" : "r", plain->columns,
                plain->from);
    text_append_string(&source->columns, ", ");
    for (const char *c = plain->columns; *c != '\0'; c++) {
        if (c[0] == 'r' && c[1] == '.') {
            c++;
        } else {
            text_append_char(&source->columns, *c);
        }
    }
}

bool source_of(int number, struct source *source, struct error *error)
{
    *source = (struct source){0};
    text_append_string(&source->columns, "account_id, recorder_id");
    if (number < ROW_KIND_COUNT) {
        of_kind(&ROW_KINDS[number], source);
    } else {
        of_plain(&PLAIN[number - ROW_KIND_COUNT], source);
    }
    if (source->columns.failed || source->select.failed) {
        source_free(source);
        return error_no_memory(error);
    }
    return true;
}

void source_append_where(struct text *sql, int64_t recorder_id)
{
    int64_t first_id = recorder_id * SOURCE_ACCOUNTS;
    text_printf(sql, " WHERE account_id BETWEEN %lld AND %lld", (long long)first_id,
                (long long)(first_id + SOURCE_ACCOUNTS - 1));
}

void source_free(struct source *source)
{
    text_free(&source->columns);
    text_free(&source->select);
    *source = (struct source){0};
}
