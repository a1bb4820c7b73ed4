#include "mirror/source.h"

#include <string.h>

#include "store/evidence/evidence.h"

#define PLAIN_COLUMNS_MAX 10

/* Tables that no kind of row describes alone: where their rows come from, and their columns. */
struct plain {
    const char *table, *from, *time;
    const char *columns[PLAIN_COLUMNS_MAX]; /* up to NULL; where there are none, those ... */
    const struct row_kind *kind;            /* ... of this kind, or, where there is none, ... */
    enum evidence evidence;                 /* ... of this evidence */
};

static const struct plain PLAIN[SOURCE_COUNT] = {
    [SOURCE_CAPTURE] = {.table = "capture",
                        .from = " FROM capture AS r WHERE r.capture_id > ?1 AND r.capture_id <= ?2",
                        .time = "received_ms",
                        .evidence = EVIDENCE_CAPTURE},
    /* A body belongs to the captures of one account. */
    [SOURCE_PAYLOAD] =
        {.table = "payload",
         .from = " FROM (SELECT DISTINCT account_id, payload_id FROM capture WHERE capture_id > ?1 "
                 "AND capture_id <= ?2 AND payload_id > ?3) AS o JOIN payload AS r USING "
                 "(payload_id)",
         .evidence = EVIDENCE_PAYLOAD},
    [SOURCE_ACCOUNT] = {.table = "account",
                        .from = " FROM account AS r",
                        .evidence = EVIDENCE_ACCOUNT},
    [SOURCE_CONTRACT] = {.table = "contract",
                         .from = " FROM account AS o JOIN contract AS r ON r.product = o.product",
                         .columns = {"contract_id", "product", "symbol", "pair", "margin_asset",
                                     "contract_type", "delivery_ms", "contract_size_e8", "source"}},
    [SOURCE_TERM] = {.table = "contract_term",
                     .from = " FROM account AS o JOIN contract AS c ON c.product = o.product "
                             "JOIN contract_term AS r ON r.contract_id = c.contract_id",
                     .kind = &ROW_KINDS[ROW_CONTRACT_TERM]},
    [SOURCE_LEG] = {.table = "leg",
                    .from = " FROM leg AS r",
                    .columns = {"leg_id", "contract_id", "position_side"}},
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

/* The span of time of each account's captures in the range that have a body: their times never go
 * back within an account, so that a series, whose time is its capture's, is read by its key. */
#define SPANS(condition)                                                                           \
    " FROM (SELECT account_id, min(received_ms) AS first_ms, max(received_ms) AS last_ms "         \
    "FROM capture WHERE capture_id > ?1 AND capture_id <= ?2 AND payload_id IS NOT NULL" condition \
    " GROUP BY account_id) AS o"
#define POLLS " AND endpoint = 'positionRisk'"

/* An hour is written by the first poll of a later one: those from the hour that ran before the
 * range up to the one that runs at its end. */
#define HOURS                                                                                      \
    " r.hour_ms >= coalesce((SELECT max(p.received_ms) FROM capture AS p "                         \
    "WHERE p.account_id = o.account_id AND p.payload_id IS NOT NULL" POLLS                         \
    " AND p.received_ms < o.first_ms), 0) / 3600000 * 3600000 "                                    \
    "AND r.hour_ms < o.last_ms / 3600000 * 3600000"

/* What a kind's first column is the id of. */
static bool is_of(const struct row_kind *kind, const char *id)
{
    return strcmp(kind->columns[0].name, id) == 0;
}

static void append_from(const struct row_kind *kind, struct text *sql)
{
    bool of_leg = is_of(kind, "leg_id");
    bool of_capture = row_kind_of_type(kind, COLUMN_CAPTURE) >= 0;
    bool of_hour = has_column(kind, "hour_ms", false);
    if (of_capture && !has_column(kind, "time_ms", true)) { /* a fact, or a position */
        text_printf(sql, " FROM %s AS r%s WHERE r.capture_id > ?1 AND r.capture_id <= ?2",
                    kind->table,
                    of_leg                       ? " CROSS JOIN leg AS o USING (leg_id)"
                    : is_of(kind, "contract_id") ? " CROSS JOIN capture AS o USING (capture_id)"
                                                 : "");
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

static void add_column(struct source *source, const char *name)
{
    text_printf(&source->columns, ", %s", name);
    text_printf(&source->select, ", r.%s", name);
}

static void of_kind(const struct row_kind *kind, struct source *source)
{
    bool of_account = is_of(kind, "account_id");
    bool of_capture =
        row_kind_of_type(kind, COLUMN_CAPTURE) >= 0 && !has_column(kind, "time_ms", true);
    source->table = kind->table;
    source->time = time_of(kind);
    text_append_string(&source->select,
                       of_capture && of_account ? "SELECT r.account_id" : "SELECT o.account_id");
    for (int i = of_account ? 1 : 0; i < kind->column_count; i++) {
        add_column(source, kind->columns[i].name);
    }
    append_from(kind, &source->select);
}

/* NULL after the last. */
static const char *plain_column(const struct plain *plain, int column)
{
    if (plain->columns[0] != NULL) {
        return plain->columns[column];
    }
    if (plain->kind != NULL) {
        return column < plain->kind->column_count ? plain->kind->columns[column].name : NULL;
    }
    return column < evidence_column_count(plain->evidence)
               ? evidence_column(plain->evidence, column)
               : NULL;
}

static void of_plain(const struct plain *plain, struct source *source)
{
    bool joined = strstr(plain->from, " AS o") != NULL;
    const char *name;
    source->table = plain->table;
    source->time = plain->time;
    text_printf(&source->select, "SELECT %s.account_id", joined ? "o" : "r");
    for (int i = 0; (name = plain_column(plain, i)) != NULL; i++) {
        if (strcmp(name, "account_id") != 0) {
            add_column(source, name);
        }
    }
    text_append_string(&source->select, plain->from);
}

bool source_of(int number, struct source *source, struct error *error)
{
    *source = (struct source){0};
    text_append_string(&source->columns, "account_id, recorder_id");
    if (number < ROW_CONTRACT_TERM) {
        of_kind(&ROW_KINDS[number], source);
    } else {
        of_plain(&PLAIN[number], source);
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
