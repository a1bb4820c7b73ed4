#include "store/rows/row_count.h"

/* Since when an account's rows come from the captures that were checked: `since`, worked out once,
 * of its last capture of an endpoint before them. */
#define SINCE(endpoint, ms)                                                                        \
    "WITH RECURSIVE since (account_id, ms) AS MATERIALIZED (SELECT a.account_id, (SELECT " ms      \
    " FROM capture AS s WHERE s.account_id = a.account_id "                                        \
    "AND s.endpoint = '" endpoint "' AND +s.capture_id < ?1 AND s.payload_id IS NOT NULL "         \
    "ORDER BY s.received_ms DESC LIMIT 1) FROM account AS a), "
#define SINCE_POLL SINCE("positionRisk", "s.received_ms + 1")
#define SINCE_HOUR SINCE("positionRisk", "s.received_ms - s.received_ms % 3600000")
#define SINCE_ANSWER SINCE("account", "s.received_ms + 1")

/* Whose rows a table holds, those of nobody too: `held`, each found from the one before. */
#define HELD(table, key)                                                                           \
    "held (id) AS (SELECT min(" key ") FROM " table " UNION ALL SELECT (SELECT min(" key           \
    ") FROM " table " WHERE " key " > h.id) FROM held AS h WHERE h.id IS NOT NULL) "

/* Counts the rows of each from its account's time on. */
#define SINCE_THEN " >= coalesce(s.ms, -9223372036854775808)"
#define COUNT_OF_LEGS(table, time)                                                                 \
    HELD(table, "leg_id")                                                                          \
    "SELECT count(*) FROM held AS h LEFT JOIN leg AS l ON l.leg_id = h.id "                        \
    "LEFT JOIN since AS s ON s.account_id = l.account_id "                                         \
    "CROSS JOIN " table " AS r ON r.leg_id = h.id AND r." time SINCE_THEN

#define COUNT_OF_ACCOUNTS(table, time)                                                             \
    HELD(table, "account_id")                                                                      \
    "SELECT count(*) FROM held AS h LEFT JOIN since AS s ON s.account_id = h.id "                  \
    "CROSS JOIN " table " AS r ON r.account_id = h.id AND r." time SINCE_THEN
#define COUNT_OF_ASSETS(table, time)                                                               \
    HELD(table, "account_id")                                                                      \
    ", series (id, asset) AS (SELECT h.id, (SELECT min(asset) FROM " table                         \
    " WHERE account_id = h.id) FROM held AS h UNION ALL SELECT n.id, (SELECT min(asset) "          \
    "FROM " table " WHERE account_id = n.id AND asset > n.asset) FROM series AS n "                \
    "WHERE n.asset IS NOT NULL) SELECT count(*) FROM series AS n "                                 \
    "LEFT JOIN since AS s ON s.account_id = n.id CROSS JOIN " table                                \
    " AS r ON r.account_id = n.id AND r.asset = n.asset AND r." time SINCE_THEN

/* How rows are counted of kinds without such an index. */
static const char *const COUNTS_BY_TIME[ROW_KIND_COUNT] = {
    [ROW_VALUATION] = SINCE_POLL COUNT_OF_LEGS("valuation", "time_ms"),
    [ROW_BALANCE] = SINCE_ANSWER COUNT_OF_ASSETS("balance", "time_ms"),
    [ROW_LEG_MARGIN] = SINCE_ANSWER COUNT_OF_LEGS("leg_margin", "time_ms"),
    [ROW_ACCOUNT_TOTAL] = SINCE_ANSWER COUNT_OF_ACCOUNTS("account_total", "time_ms"),
    [ROW_SYMBOL_CONFIG] =
        SINCE("symbolConfig", "s.received_ms + 1") COUNT_OF_ACCOUNTS("symbol_config", "time_ms"),
    [ROW_ACCOUNT_CONFIG] =
        SINCE("accountConfig", "s.received_ms + 1") COUNT_OF_ACCOUNTS("account_config", "time_ms"),
    [ROW_LEG_HOUR] = SINCE_HOUR COUNT_OF_LEGS("leg_hour", "hour_ms"),
    [ROW_POLL_HOUR] = SINCE_HOUR COUNT_OF_ACCOUNTS("poll_hour", "hour_ms"),
    [ROW_BALANCE_HOUR] = SINCE_HOUR COUNT_OF_ASSETS("balance_hour", "hour_ms"),
    [ROW_BALANCE_CHANGE] = SINCE_HOUR COUNT_OF_ASSETS("balance_change", "time_ms"),
};

/* Counts what the text, which is freed, does; its parameter, if it has one, is the first capture.
 */
static bool count_by(const struct database *database, struct text *sql, int64_t from_capture_id,
                     int64_t *count, struct error *error)
{
    bool done = sql->failed ? error_no_memory(error)
                            : database_integer_of(database, text_string(sql), &from_capture_id, 1,
                                                  count, error);
    text_free(sql);
    return done;
}

bool row_count_all(const struct database *database, const char *table, int64_t *count,
                   struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "SELECT count(*) FROM %s", table);
    return count_by(database, &sql, 1, count, error);
}

bool row_count_from(const struct database *database, const struct row_kind *kind,
                    int64_t from_capture_id, int64_t *count, struct error *error)
{
    struct text sql = {0};
    const char *by_time = COUNTS_BY_TIME[kind - ROW_KINDS];
    if (from_capture_id <= 1) {
        return row_count_all(database, kind->table, count, error);
    }
    if (by_time != NULL) {
        text_append_string(&sql, by_time);
    } else {
        text_printf(&sql, "SELECT count(*) FROM %s WHERE capture_id >= ?", kind->table);
    }
    return count_by(database, &sql, from_capture_id, count, error);
}
