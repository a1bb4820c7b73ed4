#include "report/columns.h"

#include <string.h>

#include "base/span.h"
#include "base/text.h"

#define TIME "time " /* matters in rows by --every; else it is much the same in all of them */

static const struct {
    const char *report, *columns;
} THAT_MATTER[] = {
    {"positions",
     "symbol account position_side position_amount unrealized_pnl_usd unrealized_pnl mark_price "
     "entry_price liquidation_price margin_asset leverage time recorded"},
    {"equity",
     TIME "asset account margin_balance_usd margin_balance unrealized_pnl_usd margin_ratio_max "
          "margin_ratio wallet_balance_usd wallet_balance price"},
    {"pnl",
     TIME "symbol account position_side unrealized_pnl_usd total_usd position_amount change_usd "
          "unrealized_pnl total realized_pnl_usd funding_usd commission_usd change margin_asset"},
    {"pnl_by",
     TIME "symbol account margin_asset total_usd unrealized_pnl_usd change_usd realized_pnl_usd "
          "funding_usd commission_usd total unrealized_pnl other_usd covered"},
    {"equity_by", TIME "asset account margin_balance_usd wallet_balance_usd unrealized_pnl_usd "
                       "margin_balance wallet_balance unrealized_pnl covered"},
    {"income_by",
     TIME "symbol asset account income_usd realized_pnl_usd funding_usd commission_usd "
          "transfers_usd other_usd income count covered"},
    {"trips_by",
     "symbol account position_side margin_asset trips won_share net_pnl_usd average_held_s "
     "profit_factor expectancy_usd average_won_usd average_lost_usd net_pnl open known"},
    {"performance_by",
     "from return pnl equity_last max_drawdown sharpe transfers fees funding sortino volatility "
     "worst_day days_won covered"},
    {"exposure", TIME "margin_asset account net_usd gross_usd long_usd short_usd "
                      "unrealized_pnl_usd"},
    {"margin", TIME "symbol account position_side liquidation_distance liquidation_price "
                    "liquidation_distance_min mark_price position_amount leverage margin_type"},
    {"income", TIME "account income_type symbol asset income income_usd count"},
    {"trades",
     "account time symbol position_side side quantity price realized_pnl commission execution"},
    {"trips",
     "symbol account position_side direction closed net_pnl_usd net_pnl max_amount entry_price "
     "exit_price held_s opened missing margin_asset close_kind trip"},
    {"performance",
     "account from return pnl equity_last max_drawdown sharpe transfers fees funding "
     "sortino volatility worst_day days_won covered"},
    {"changes", "account time symbol position_side change realized_pnl amount_change exit_price "
                "position_amount average_entry_price source held_s"},
    {"coverage", "account day share ok failed gaps longest_gap_s stream_share covered_s"},
    {"gaps", "account kind from seconds missed cause to happened"},
    {"reconcile", "finding time detail symbol account position_side capture_id asset"},
    {"audit", "account head_at_end good_polls failed_polls last_received first_received"},
    {"evidence", "account capture_id received hole_before_s hole_after_s command at"},
    {"status",
     "account last_good age_s last_outcome next_due gaps_24h stream outcomes_24h last_detail"},
};

const char *columns_that_matter(const char *report, bool by_step)
{
    for (size_t i = 0; i < sizeof THAT_MATTER / sizeof THAT_MATTER[0]; i++) {
        if (strcmp(THAT_MATTER[i].report, report) == 0) {
            const char *columns = THAT_MATTER[i].columns;
            bool has_time = strncmp(columns, TIME, strlen(TIME)) == 0;
            return columns + (has_time && !by_step ? strlen(TIME) : 0);
        }
    }
    return "";
}

/* Takes the next name off a list, without the blanks around it. */
static struct span next_name(const char **list, char separator)
{
    struct span name = {*list, strcspn(*list, (const char[]){separator, '\0'})};
    *list += name.size + ((*list)[name.size] != '\0');
    while (name.size > 0 && name.data[0] == ' ') {
        name = (struct span){name.data + 1, name.size - 1};
    }
    while (name.size > 0 && name.data[name.size - 1] == ' ') {
        name.size--;
    }
    return name;
}

int columns_rank(const char *list, const char *name)
{
    int rank = 0;
    while (*list != '\0' && !span_is(next_name(&list, ' '), name)) {
        rank++;
    }
    return rank;
}

int columns_number(const struct column_list *columns, int place)
{
    return columns->are_named ? columns->numbers[place] : place;
}

const char *columns_name(const struct column_list *columns, int place)
{
    return sqlite3_column_name(columns->statement, columns_number(columns, place));
}

static bool refuse(sqlite3_stmt *statement, struct span name, struct error *error)
{
    struct text names = {0};
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        text_printf(&names, "%s%s", i > 0 ? ", " : "", sqlite3_column_name(statement, i));
    }
    error_set(error, ERROR_USAGE, "--columns: there is no column '%.*s' (there are: %s)",
              (int)name.size, name.data, text_string(&names));
    text_free(&names);
    return false;
}

static bool add(struct column_list *columns, struct span name, struct error *error)
{
    int number = 0, count = sqlite3_column_count(columns->statement);
    while (number < count && !span_is(name, sqlite3_column_name(columns->statement, number))) {
        number++;
    }
    if (number == count) {
        return refuse(columns->statement, name, error);
    }
    for (int i = 0; i < columns->count; i++) {
        if (columns->numbers[i] == number) {
            return error_set(error, ERROR_USAGE, "--columns: '%.*s' comes twice", (int)name.size,
                             name.data);
        }
    }
    if (columns->count == COLUMNS_NAMED_MAX) {
        return error_set(error, ERROR_USAGE, "--columns: more than %d", COLUMNS_NAMED_MAX);
    }
    columns->numbers[columns->count++] = number;
    return true;
}

bool columns_choose(struct column_list *columns, sqlite3_stmt *statement, const char *names,
                    struct error *error)
{
    *columns = (struct column_list){.statement = statement, .are_named = names != NULL};
    if (names == NULL) {
        columns->count = sqlite3_column_count(statement);
        return true;
    }
    do {
        if (!add(columns, next_name(&names, ','), error)) {
            return false;
        }
    } while (*names != '\0');
    return true;
}
