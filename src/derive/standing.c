#include "derive/standing.h"

#include <assert.h>
#include <stdlib.h>

#include "base/array.h"
#include "model/e8.h"
#include "model/money_answer.h"
#include "model/row_kinds.h"

static_assert(WALLET_FIGURE_COUNT <= STANDING_FIGURES_MAX, "a row holds a wallet's figures");
static_assert(OPEN_LEG_FIGURE_COUNT <= STANDING_FIGURES_MAX, "and a leg's");

static bool is_perpetual(const struct leg *leg)
{
    return span_is(text_span(&leg->contract->contract.contract_type), "PERPETUAL");
}

static struct maybe_int find_index(const struct standing *standing, struct span asset)
{
    return standing->indexes != NULL ? index_book_find(standing->indexes, asset)
                                     : (struct maybe_int){0};
}

/* An asset's price in USD by the marks of the account's own inverse legs as they stand, the
 * perpetual's before others, and without one its index; older marks, and those of others, are not
 * remembered. False when out of memory. */
static bool find_price(struct standing *standing, const struct account *account, struct span asset,
                       struct maybe_int *price_e8)
{
    *price_e8 = (struct maybe_int){0};
    for (size_t i = 0; i < account->ledger.subjects.count; i++) {
        const struct leg *leg = ledger_leg_at(&account->ledger, i);
        if (account->product->is_linear || leg->contract == NULL || leg->subject.said == NULL ||
            !span_equal(text_span(&leg->contract->contract.margin_asset), asset)) {
            continue;
        }
        if (!leg_said(leg, &standing->leg)) {
            return false;
        }
        struct maybe_int mark_e8 =
            row_number(object_valuation(&standing->leg), VALUATION_MARK_PRICE);
        if (mark_e8.value <= 0) {
            continue;
        }
        if (is_perpetual(leg)) {
            *price_e8 = mark_e8;
            return true;
        }
        *price_e8 = price_e8->known ? *price_e8 : mark_e8;
    }
    *price_e8 = price_e8->known ? *price_e8 : find_index(standing, asset);
    return true;
}

/* A new row of the list; NULL when out of memory. */
static struct standing_row *add_row(struct standing_list *list, const struct account *account,
                                    struct span name, struct span side)
{
    if (!array_grow((void **)&list->rows, sizeof *list->rows, &list->capacity, list->count + 1)) {
        return NULL;
    }
    struct standing_row *row = &list->rows[list->count++];
    *row = (struct standing_row){text_span(&account->name), name, side, {{0}}};
    return row;
}

static bool add_wallet(struct standing *standing, const struct account *account,
                       const struct subject *asset)
{
    if (asset->said == NULL) {
        return true;
    }
    if (!subject_said(asset, &ASSET_OBJECT, &standing->asset)) {
        return false;
    }
    const struct row *balance = &standing->asset.rows[0];
    struct maybe_int balance_e8 = row_number(balance, BALANCE_WALLET_BALANCE);
    struct maybe_int margin_e8 = row_number(balance, BALANCE_MARGIN_BALANCE);
    if (balance_e8.value == 0 && margin_e8.value == 0) {
        return true;
    }
    struct standing_row *row =
        add_row(&standing->wallets, account, subject_symbol(asset), (struct span){"", 0});
    if (row == NULL) {
        return false;
    }
    row->figures[WALLET_BALANCE] = balance_e8;
    row->figures[WALLET_MARGIN_BALANCE] = margin_e8;
    row->figures[WALLET_MARGIN_RATIO] =
        e8_fraction(row_number(balance, BALANCE_MAINTENANCE_MARGIN), margin_e8);
    return find_price(standing, account, row->name, &row->figures[WALLET_PRICE]);
}

/* The fraction of the mark still to go to the liquidation price, as view margin_history has it. */
static struct maybe_int liquidation_distance(int64_t amount_e8, struct maybe_int mark_e8,
                                             int64_t price_e8)
{
    if (mark_e8.value <= 0 || price_e8 <= 0 || amount_e8 == 0) {
        return (struct maybe_int){0};
    }
    return e8_fraction(
        maybe_of(amount_e8 > 0 ? mark_e8.value - price_e8 : price_e8 - mark_e8.value), mark_e8);
}

static bool add_leg(struct standing *standing, const struct account *account, const struct leg *leg)
{
    if (leg->contract == NULL || !leg->is_open) {
        return true;
    }
    struct standing_row *row = add_row(&standing->legs, account, subject_symbol(&leg->subject),
                                       subject_side(&leg->subject));
    if (row == NULL || !leg_said(leg, &standing->leg)) {
        return false;
    }
    const struct row *position = object_position(&standing->leg);
    const struct row *valuation = object_valuation(&standing->leg);
    struct maybe_int amount_e8 = row_number(position, POSITION_AMOUNT);
    struct maybe_int size_e8 = leg->contract->contract.contract_size_e8;
    struct maybe_int mark_e8 = row_number(valuation, VALUATION_MARK_PRICE);
    struct maybe_int pnl_e8 = row_number(valuation, VALUATION_UNREALIZED_PNL);
    row->figures[OPEN_LEG_AMOUNT] = amount_e8;
    row->figures[OPEN_LEG_NOTIONAL_USD] = e8_product(amount_e8, size_e8);
    struct maybe_int price_e8 = mark_e8; /* of the asset that the PnL is in */
    if (account->product->is_linear) {
        price_e8 = find_index(standing, text_span(&leg->contract->contract.margin_asset));
        row->figures[OPEN_LEG_NOTIONAL_USD] =
            e8_product(e8_product(row->figures[OPEN_LEG_NOTIONAL_USD], mark_e8), price_e8);
    }
    /* Of what is no contract of the product's the PnL is in nobody knows what. */
    row->figures[OPEN_LEG_PNL_USD] =
        size_e8.known ? e8_product(pnl_e8, price_e8) : (struct maybe_int){0};
    row->figures[OPEN_LEG_MARK_PRICE] = mark_e8;
    row->figures[OPEN_LEG_LIQUIDATION_DISTANCE] = liquidation_distance(
        amount_e8.value, mark_e8, valuation->values[VALUATION_LIQUIDATION_PRICE]);
    return true;
}

static bool add_known(struct standing *standing, const struct account *account)
{
    if (!array_grow((void **)&standing->known, sizeof *standing->known, &standing->known_capacity,
                    standing->known_count + 1)) {
        return false;
    }
    struct standing_known *known = &standing->known[standing->known_count++];
    known->account = text_span(&account->name);
    for (int kind = 0; kind < KNOWN_KIND_COUNT; kind++) {
        known->last_ms[kind] = known_book_last(&account->known, (enum known_kind)kind);
    }
    return true;
}

bool standing_add(struct standing *standing, const struct account *account)
{
    bool added = add_known(standing, account);
    for (size_t i = 0; i < account->balances.subjects.count && added; i++) {
        added = add_wallet(standing, account, account->balances.subjects.list[i]);
    }
    for (size_t i = 0; i < account->ledger.subjects.count && added; i++) {
        added = add_leg(standing, account, ledger_leg_at(&account->ledger, i));
    }
    return added;
}

void standing_clear(struct standing *standing, const struct index_book *indexes)
{
    standing->indexes = indexes;
    standing->wallets.count = 0;
    standing->legs.count = 0;
    standing->known_count = 0;
}

void standing_free(struct standing *standing)
{
    object_free(&standing->asset);
    object_free(&standing->leg);
    free(standing->wallets.rows);
    free(standing->legs.rows);
    free(standing->known);
    *standing = (struct standing){0};
}
