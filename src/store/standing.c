#include "store/standing.h"

#include <assert.h>
#include <stdlib.h>

#include "model/leg_figures.h"
#include "model/row_kinds.h"

static_assert(WALLET_FIGURE_COUNT <= STANDING_FIGURES_MAX, "a row holds a wallet's figures");
static_assert(OPEN_LEG_FIGURE_COUNT <= STANDING_FIGURES_MAX, "and a leg's");

static bool is_perpetual(const struct leg *leg)
{
    return span_is(text_span(&leg->contract->contract.contract_type), "PERPETUAL");
}

/* An asset's price in USD, as view equity_history has it while one of the asset's legs stands with
 * a mark; older marks are not remembered. */
static struct maybe_int price_of(const struct account *account, struct span asset)
{
    struct maybe_int price_e8 = {0};
    for (size_t i = 0; i < ledger_leg_count(account->ledger); i++) {
        struct leg *leg = ledger_leg_at(account->ledger, i);
        struct maybe_int mark_e8 = row_number(leg_valuation(leg), VALUATION_MARK_PRICE);
        if (leg->contract == NULL || mark_e8.value <= 0 ||
            !span_equal(text_span(&leg->contract->contract.margin_asset), asset)) {
            continue;
        }
        if (is_perpetual(leg)) {
            return mark_e8;
        }
        price_e8 = price_e8.known ? price_e8 : mark_e8;
    }
    return price_e8;
}

/* A new row of the list; NULL when out of memory. */
static struct standing_row *add_row(struct standing_list *list, const struct account *account,
                                    struct span name, struct span side)
{
    if (!element_list_grow((void **)&list->rows, sizeof *list->rows, &list->capacity,
                           list->count + 1)) {
        return NULL;
    }
    struct standing_row *row = &list->rows[list->count++];
    *row = (struct standing_row){text_span(&account->name), name, side, {{0}}};
    return row;
}

static bool add_wallet(struct standing_list *wallets, const struct account *account,
                       const struct object *said)
{
    const struct row *balance = &said->rows[0];
    struct maybe_int balance_e8 = row_number(balance, BALANCE_WALLET_BALANCE);
    struct maybe_int margin_e8 = row_number(balance, BALANCE_MARGIN_BALANCE);
    if (balance_e8.value == 0 && margin_e8.value == 0) {
        return true;
    }
    struct standing_row *row =
        add_row(wallets, account, text_span(&said->symbol), (struct span){"", 0});
    if (row == NULL) {
        return false;
    }
    row->figures[WALLET_BALANCE] = balance_e8;
    row->figures[WALLET_MARGIN_BALANCE] = margin_e8;
    row->figures[WALLET_MARGIN_RATIO] =
        e8_fraction(row_number(balance, BALANCE_MAINTENANCE_MARGIN), margin_e8);
    row->figures[WALLET_PRICE] = price_of(account, row->name);
    return true;
}

static bool add_leg(struct standing_list *legs, const struct account *account, struct leg *leg)
{
    const struct row *position = leg_position(leg), *valuation = leg_valuation(leg);
    struct maybe_int amount_e8 = row_number(position, POSITION_AMOUNT);
    if (leg->contract == NULL || amount_e8.value == 0) {
        return true;
    }
    struct standing_row *row =
        add_row(legs, account, text_span(&leg->state.symbol), text_span(&leg->state.side));
    if (row == NULL) {
        return false;
    }
    struct maybe_int size_e8 = leg->contract->contract.contract_size_e8;
    struct maybe_int figures[LEG_FIGURE_COUNT];
    leg_figures(position, valuation, size_e8, figures);
    row->figures[OPEN_LEG_AMOUNT] = amount_e8;
    row->figures[OPEN_LEG_NOTIONAL_USD] = e8_product(amount_e8, size_e8);
    row->figures[OPEN_LEG_PNL_USD] = figures[LEG_PNL_USD];
    row->figures[OPEN_LEG_MARK_PRICE] = row_number(valuation, VALUATION_MARK_PRICE);
    row->figures[OPEN_LEG_LIQUIDATION_DISTANCE] = figures[LEG_LIQUIDATION_DISTANCE];
    return true;
}

bool standing_add(struct standing *standing, const struct account *account)
{
    bool added = true;
    for (size_t i = 0; i < series_state_count(account->balances) && added; i++) {
        const struct object *said = series_said(account->balances, i);
        added = said == NULL || add_wallet(&standing->wallets, account, said);
    }
    for (size_t i = 0; i < ledger_leg_count(account->ledger) && added; i++) {
        added = add_leg(&standing->legs, account, ledger_leg_at(account->ledger, i));
    }
    return added;
}

void standing_clear(struct standing *standing)
{
    standing->wallets.count = 0;
    standing->legs.count = 0;
}

void standing_free(struct standing *standing)
{
    free(standing->wallets.rows);
    free(standing->legs.rows);
    *standing = (struct standing){0};
}
