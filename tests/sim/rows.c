#include "rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "product.h"

#define E8 INT64_C(100000000)

void rows_write_e8(FILE *out, const char *name, int64_t value_e8, const char *after)
{
    int64_t size = llabs(value_e8);
    fprintf(out, "\"%s\":\"%s%lld.%08lld\"%s", name, value_e8 < 0 ? "-" : "",
            (long long)(size / E8), (long long)(size % E8), after);
}

/* As USD-M has many: nothing is "0", ... */
static void write_e8_or_0(FILE *out, const char *name, int64_t value_e8)
{
    if (value_e8 == 0) {
        fprintf(out, "\"%s\":\"0\",", name);
    } else {
        rows_write_e8(out, name, value_e8, ",");
    }
}

/* ... and its prices in the book have no zeros at the end. */
static void write_trimmed(FILE *out, const char *name, double value)
{
    char text[40];
    size_t size = (size_t)snprintf(text, sizeof text, "%.8f", value);
    while (text[size - 1] == '0') {
        size--;
    }
    size -= text[size - 1] == '.';
    fprintf(out, "\"%s\":\"%.*s\",", name, (int)size, text);
}

/* A quoted decimal with eight places, or as few as the style likes. */
static void write_decimal(FILE *out, const char *name, double value,
                          const struct market_style *style)
{
    if (value == 0) {
        fprintf(out, "\"%s\":\"%s\",", name, style->short_decimals ? "0" : "0.00000000");
    } else {
        fprintf(out, "\"%s\":\"%.8f\",", name, value);
    }
}

static double liquidation_price(const struct market_leg *leg)
{
    double share = 0.9 / leg->leverage;
    return leg->amount > 0 ? leg->entry_price * (1 - share) : leg->entry_price * (1 + share);
}

static void write_new_fields(FILE *out, const struct market_style *style)
{
    if (style->new_fields) {
        fputs("\"adlQuantile\":3,\"riskTier\":{\"level\":1,\"caps\":[1,2.5]},\"note\":null,"
              "\"venue\":\"sim\",",
              out);
    }
}

void rows_write_coin_m_leg(FILE *out, const struct market_account *account, int index, int side)
{
    const struct market_style *style = &account->market->style;
    const struct market_symbol *symbol = &account->market->symbols[index];
    const struct market_leg *leg = &account->leg[index][side];
    bool open = leg->amount != 0;
    double mark = account->price[index];
    double notional = market_value(account, index, leg->amount, mark);
    double pnl = market_unrealized(account, index, side);
    double wallet = leg->isolated_wallet;
    fprintf(out, "{\"symbol\":\"%s\",\"positionAmt\":\"%lld\",", symbol->name,
            (long long)leg->amount);
    if (open) {
        fprintf(out, "\"entryPrice\":\"%.8f\",\"breakEvenPrice\":\"%.8f\",", leg->entry_price,
                market_break_even(account, leg));
    } else {
        fputs("\"entryPrice\":\"0.0\",\"breakEvenPrice\":\"0.0\",", out);
    }
    write_decimal(out, "markPrice", open ? mark : 0, style);
    write_decimal(out, "unRealizedProfit", pnl, style);
    write_decimal(out, "liquidationPrice", open ? liquidation_price(leg) : 0, style);
    fprintf(out, style->plain_numbers ? "\"leverage\":%d," : "\"leverage\":\"%d\",", leg->leverage);
    fprintf(out, "\"maxQty\":\"%d\",\"marginType\":\"%s\",", symbol->contract_size * 60,
            leg->isolated ? "isolated" : "cross");
    write_decimal(out, "isolatedMargin", wallet != 0 ? wallet + pnl : 0, style);
    fputs(style->plain_numbers ? "\"isAutoAddMargin\":false," : "\"isAutoAddMargin\":\"false\",",
          out);
    fprintf(out, "\"positionSide\":\"%s\",", MARKET_SIDES[side]);
    write_decimal(out, "notionalValue", open ? notional : 0, style);
    write_decimal(out, "isolatedWallet", wallet, style);
    write_new_fields(out, style);
    fprintf(out, "\"updateTime\":%lld}", (long long)leg->update_ms);
}

/* What the margin of a leg comes to. */
struct margin {
    int64_t position_e8, order_e8, maintenance_e8;
};

static struct margin margin_of(const struct market_account *account, int symbol, int side)
{
    const struct market_leg *leg = &account->leg[symbol][side];
    double notional = market_value(account, symbol, llabs(leg->amount), account->price[symbol]);
    double ordered =
        leg->order_amount == 0
            ? 0
            : market_value(account, symbol, llabs(leg->order_amount), leg->order_price);
    return (struct margin){market_e8(notional / leg->leverage), market_e8(ordered / leg->leverage),
                           market_e8(notional * account->market->product->maintenance_rate)};
}

static void write_usd_m_margin(FILE *out, const struct margin *margin)
{
    write_e8_or_0(out, "initialMargin", margin->position_e8 + margin->order_e8);
    write_e8_or_0(out, "maintMargin", margin->maintenance_e8);
}

static int64_t ordered_e8(const struct market_account *account, int symbol, int side, bool bids)
{
    const struct market_leg *leg = &account->leg[symbol][side];
    if (leg->order_amount == 0 || (leg->order_amount > 0) != bids) {
        return 0;
    }
    return market_e8(market_value(account, symbol, llabs(leg->order_amount), leg->order_price));
}

void rows_write_usd_m_leg(FILE *out, const struct market_account *account, int index, int side)
{
    const struct market *market = account->market;
    const struct market_symbol *symbol = &market->symbols[index];
    const struct market_leg *leg = &account->leg[index][side];
    struct margin margin = margin_of(account, index, side);
    double mark = account->price[index], pnl = market_unrealized(account, index, side);
    char amount[32];
    market_write_amount(amount, symbol, leg->amount);
    fprintf(out, "{\"symbol\":\"%s\",\"positionSide\":\"%s\",\"positionAmt\":\"%s\",", symbol->name,
            MARKET_SIDES[side], amount);
    if (leg->amount != 0) {
        write_trimmed(out, "entryPrice", leg->entry_price);
        write_trimmed(out, "breakEvenPrice", market_break_even(account, leg));
    } else {
        fputs("\"entryPrice\":\"0.0\",\"breakEvenPrice\":\"0.0\",", out);
    }
    fprintf(out, "\"markPrice\":\"%.8f\",\"unRealizedProfit\":\"%.8f\",", mark, pnl);
    write_e8_or_0(out, "liquidationPrice",
                  leg->amount != 0 && leg->isolated ? market_e8(liquidation_price(leg)) : 0);
    write_e8_or_0(out, "isolatedMargin",
                  leg->isolated_wallet > 0 ? market_e8(leg->isolated_wallet + pnl) : 0);
    write_e8_or_0(out, "notional", market_e8(market_value(account, index, leg->amount, mark)));
    fprintf(out, "\"marginAsset\":\"%s\",", market->assets[symbol->asset].name);
    write_e8_or_0(out, "isolatedWallet", market_e8(leg->isolated_wallet));
    write_usd_m_margin(out, &margin);
    write_e8_or_0(out, "positionInitialMargin", margin.position_e8);
    write_e8_or_0(out, "openOrderInitialMargin", margin.order_e8);
    fprintf(out, "\"adl\":%d,", leg->amount != 0 ? 2 : 0);
    write_e8_or_0(out, "bidNotional", ordered_e8(account, index, side, true));
    write_e8_or_0(out, "askNotional", ordered_e8(account, index, side, false));
    write_new_fields(out, &market->style);
    fprintf(out, "\"updateTime\":%lld}", (long long)leg->update_ms);
}

/* A row of a symbol that was not there before, as the product has new ones. */
static void write_new_leg(FILE *out, const struct product *product, const char *symbol)
{
    fprintf(out,
            "{\"symbol\":\"%s\",\"positionSide\":\"BOTH\",\"unRealizedProfit\":\"0.00000000\",%s}",
            symbol, product->new_leg);
}

static bool fits(const char *asked, const char *name)
{
    return asked == NULL || asked[0] == '\0' || strcmp(asked, name) == 0;
}

/* Whether a row is told of: by what was asked for, and by what the product tells. */
static bool is_told(const struct market_account *account, const struct market_style *style,
                    int index, int side)
{
    const struct market *market = account->market;
    const struct market_symbol *symbol = &market->symbols[index];
    const struct market_leg *leg = &account->leg[index][side];
    return strcmp(symbol->name, style->hidden) != 0 && fits(style->symbol, symbol->name) &&
           fits(style->margin_asset, market->assets[symbol->asset].name) &&
           fits(style->pair, symbol->pair) &&
           (market->product->tells_flat || leg->amount != 0 || leg->order_amount != 0);
}

void rows_write_positions(FILE *out, const struct market_account *account,
                          const struct market_style *style)
{
    const struct market *market = account->market;
    const char *comma = "";
    fputc('[', out);
    for (int i = 0; i < market->count; i++) {
        for (int side = 0; side < (account->hedge ? SIDE_COUNT : 1); side++) {
            if (is_told(account, style, i, side)) {
                fputs(comma, out);
                market->product->write_leg(out, account, i, side);
                comma = ",";
            }
        }
    }
    if (style->added[0] != '\0') {
        fputs(comma, out);
        write_new_leg(out, market->product, style->added);
    }
    fputc(']', out);
}

void rows_write_coin_m_trade(FILE *out, const struct market *market, const struct market_fill *fill)
{
    const struct market_symbol *symbol = &market->symbols[fill->symbol];
    const char *asset = market->assets[symbol->asset].name;
    double base = market->product->value(symbol, llabs(fill->delta), fill->price);
    fprintf(out,
            "{\"symbol\":\"%s\",\"id\":%lld,\"orderId\":%lld,\"pair\":\"%s\",\"side\":\"%s\","
            "\"price\":\"%.8f\",\"qty\":\"%lld\",",
            symbol->name, (long long)fill->trade_id, (long long)fill->order_id, symbol->pair,
            fill->delta > 0 ? "BUY" : "SELL", fill->price, llabs(fill->delta));
    rows_write_e8(out, "realizedPnl", market_e8(fill->realized), ",");
    fprintf(out, "\"marginAsset\":\"%s\",\"baseQty\":\"%.8f\",\"quoteQty\":\"%lld\",", asset, base,
            llabs(fill->delta) * symbol->contract_size);
    rows_write_e8(out, "commission", market_e8(fill->commission), ",");
    fprintf(out,
            "\"commissionAsset\":\"%s\",\"time\":%lld,\"positionSide\":\"%s\",\"buyer\":%s,"
            "\"maker\":%s}",
            market->assets[fill->commission_asset].name, (long long)fill->time_ms,
            MARKET_SIDES[fill->side], fill->delta > 0 ? "true" : "false",
            fill->is_maker ? "true" : "false");
}

void rows_write_usd_m_trade(FILE *out, const struct market *market, const struct market_fill *fill)
{
    const struct market_symbol *symbol = &market->symbols[fill->symbol];
    char amount[32];
    market_write_amount(amount, symbol, llabs(fill->delta));
    fprintf(out, "{\"buyer\":%s,", fill->delta > 0 ? "true" : "false");
    rows_write_e8(out, "commission", market_e8(fill->commission), ",");
    fprintf(out, "\"commissionAsset\":\"%s\",\"id\":%lld,\"maker\":%s,\"orderId\":%lld,",
            market->assets[fill->commission_asset].name, (long long)fill->trade_id,
            fill->is_maker ? "true" : "false", (long long)fill->order_id);
    write_trimmed(out, "price", fill->price);
    fprintf(out, "\"qty\":\"%s\",", amount);
    write_trimmed(out, "quoteQty", market->product->value(symbol, llabs(fill->delta), fill->price));
    fprintf(out, "\"baseQty\":\"%s\",\"marginAsset\":\"%s\",", amount,
            market->assets[symbol->asset].name);
    rows_write_e8(out, "realizedPnl", market_e8(fill->realized), ",");
    fprintf(out,
            "\"side\":\"%s\",\"positionSide\":\"%s\",\"symbol\":\"%s\",\"pair\":\"%s\",\"time\":"
            "%lld}",
            fill->delta > 0 ? "BUY" : "SELL", MARKET_SIDES[fill->side], symbol->name, symbol->pair,
            (long long)fill->time_ms);
}

/* What an asset comes to, with the legs that it is the margin of; or several assets in dollars. */
struct sums {
    int64_t wallet_e8, unrealized_e8, initial_e8, order_e8, maintenance_e8;
};

static struct sums sum_asset(const struct books *books, const struct market_account *account,
                             int asset)
{
    struct sums sums = {.wallet_e8 = market_e8(account->wallet[asset]) + books->wallet_off_e8};
    for (int i = 0; i < account->market->count; i++) {
        for (int side = 0; side < SIDE_COUNT && account->market->symbols[i].asset == asset;
             side++) {
            struct margin margin = margin_of(account, i, side);
            sums.unrealized_e8 += market_e8(market_unrealized(account, i, side));
            sums.initial_e8 += margin.position_e8;
            sums.order_e8 += margin.order_e8;
            sums.maintenance_e8 += margin.maintenance_e8;
        }
    }
    return sums;
}

static int64_t free_e8(const struct sums *sums)
{
    int64_t free_e8 = sums->wallet_e8 + sums->unrealized_e8 - sums->initial_e8 - sums->order_e8;
    return free_e8 > 0 ? free_e8 : 0;
}

static void write_asset(FILE *out, struct books *books, const struct market_account *account,
                        int asset)
{
    struct sums sums = sum_asset(books, account, asset);
    books->wallet_off_e8 = 0;
    fprintf(out, "{\"asset\":\"%s\",", account->market->assets[asset].name);
    rows_write_e8(out, "walletBalance", sums.wallet_e8, ",");
    rows_write_e8(out, "unrealizedProfit", sums.unrealized_e8, ",");
    rows_write_e8(out, "marginBalance", sums.wallet_e8 + sums.unrealized_e8, ",");
    rows_write_e8(out, "maintMargin", sums.maintenance_e8, ",");
    rows_write_e8(out, "initialMargin", sums.initial_e8 + sums.order_e8, ",");
    rows_write_e8(out, "positionInitialMargin", sums.initial_e8, ",");
    rows_write_e8(out, "openOrderInitialMargin", sums.order_e8, ",");
    rows_write_e8(out, "maxWithdrawAmount", free_e8(&sums), ",");
    rows_write_e8(out, "crossWalletBalance", sums.wallet_e8, ",");
    rows_write_e8(out, "crossUnPnl", sums.unrealized_e8, ",");
    rows_write_e8(out, "availableBalance", free_e8(&sums), ",");
    fprintf(out, "\"updateTime\":%lld}", (long long)books->wallet_ms[asset]);
}

static void write_coin_m_position(FILE *out, const struct market_account *account, int symbol,
                                  int side)
{
    const struct market_symbol *contract = &account->market->symbols[symbol];
    const struct market_leg *leg = &account->leg[symbol][side];
    double notional = market_value(account, symbol, leg->amount, account->price[symbol]);
    struct margin margin = margin_of(account, symbol, side);
    fprintf(out, "{\"symbol\":\"%s\",\"positionAmt\":\"%lld\",", contract->name,
            (long long)leg->amount);
    rows_write_e8(out, "initialMargin", margin.position_e8 + margin.order_e8, ",");
    rows_write_e8(out, "maintMargin", margin.maintenance_e8, ",");
    rows_write_e8(out, "unrealizedProfit", market_e8(market_unrealized(account, symbol, side)),
                  ",");
    rows_write_e8(out, "positionInitialMargin", margin.position_e8, ",");
    rows_write_e8(out, "openOrderInitialMargin", margin.order_e8, ",");
    fprintf(out,
            "\"leverage\":\"%d\",\"isolated\":%s,\"positionSide\":\"%s\",\"entryPrice\":\"%.8f\","
            "\"breakEvenPrice\":\"%.8f\",\"maxQty\":\"%d\",\"updateTime\":%lld,"
            "\"notionalValue\":\"%.8f\"}",
            leg->leverage, leg->isolated ? "true" : "false", MARKET_SIDES[side], leg->entry_price,
            leg->amount == 0 ? 0 : market_break_even(account, leg), contract->contract_size * 60,
            (long long)leg->update_ms, notional);
}

static void write_usd_m_position(FILE *out, const struct market_account *account, int symbol,
                                 int side)
{
    const struct market_symbol *contract = &account->market->symbols[symbol];
    const struct market_leg *leg = &account->leg[symbol][side];
    struct margin margin = margin_of(account, symbol, side);
    double pnl = market_unrealized(account, symbol, side);
    char amount[32];
    market_write_amount(amount, contract, leg->amount);
    fprintf(out,
            "{\"symbol\":\"%s\",\"positionSide\":\"%s\",\"positionAmt\":\"%s\","
            "\"unrealizedProfit\":\"%.8f\",\"isolatedMargin\":\"%.8f\",",
            contract->name, MARKET_SIDES[side], amount, pnl,
            leg->isolated_wallet > 0 ? leg->isolated_wallet + pnl : 0);
    write_e8_or_0(out, "notional",
                  market_e8(market_value(account, symbol, leg->amount, account->price[symbol])));
    write_e8_or_0(out, "isolatedWallet", market_e8(leg->isolated_wallet));
    write_usd_m_margin(out, &margin);
    fprintf(out, "\"updateTime\":%lld}", (long long)leg->update_ms);
}

static void write_account_rows(FILE *out, struct books *books, const struct market_account *account,
                               void (*write_position)(FILE *out,
                                                      const struct market_account *account,
                                                      int symbol, int side))
{
    const char *comma = "";
    fputs("\"assets\":[", out);
    for (int i = 0; i < account->market->asset_count; i++) {
        fputs(i == 0 ? "" : ",", out);
        write_asset(out, books, account, i);
    }
    fputs("],\"positions\":[", out);
    for (int i = 0; i < account->market->count; i++) {
        for (int side = 0; side < (account->hedge ? SIDE_COUNT : 1); side++) {
            if (is_told(account, &account->market->style, i, side)) {
                fputs(comma, out);
                write_position(out, account, i, side);
                comma = ",";
            }
        }
    }
    fputc(']', out);
}

void rows_write_coin_m_account(FILE *out, struct books *books, const struct market_account *account)
{
    fputc('{', out);
    write_account_rows(out, books, account, write_coin_m_position);
    fputs(",\"canDeposit\":true,\"canTrade\":true,\"canWithdraw\":true,\"feeTier\":2,"
          "\"updateTime\":0}",
          out);
}

/* What an amount is at a rate, both at 10^8. */
static int64_t at_rate(int64_t amount_e8, int64_t rate_e8)
{
    __extension__ __int128 product = (__int128)amount_e8 * rate_e8;
    return (int64_t)((product + (product < 0 ? -E8 / 2 : E8 / 2)) / E8);
}

/* The first asset alone, or all of them in dollars. */
static struct sums sum_account(const struct books *books, const struct market_account *account)
{
    struct sums total = sum_asset(books, account, 0);
    if (!account->multi_assets) {
        return total;
    }
    total = (struct sums){0};
    for (int i = 0; i < account->market->asset_count; i++) {
        struct sums sums = sum_asset(books, account, i);
        int64_t rate_e8 = account->market->assets[i].index_e8;
        total.wallet_e8 += at_rate(sums.wallet_e8, rate_e8);
        total.unrealized_e8 += at_rate(sums.unrealized_e8, rate_e8);
        total.initial_e8 += at_rate(sums.initial_e8, rate_e8);
        total.order_e8 += at_rate(sums.order_e8, rate_e8);
        total.maintenance_e8 += at_rate(sums.maintenance_e8, rate_e8);
    }
    return total;
}

void rows_write_usd_m_account(FILE *out, struct books *books, const struct market_account *account)
{
    struct sums sums = sum_account(books, account);
    fputc('{', out);
    rows_write_e8(out, "totalInitialMargin", sums.initial_e8 + sums.order_e8, ",");
    rows_write_e8(out, "totalMaintMargin", sums.maintenance_e8, ",");
    rows_write_e8(out, "totalWalletBalance", sums.wallet_e8, ",");
    rows_write_e8(out, "totalUnrealizedProfit", sums.unrealized_e8, ",");
    rows_write_e8(out, "totalMarginBalance", sums.wallet_e8 + sums.unrealized_e8, ",");
    rows_write_e8(out, "totalPositionInitialMargin", sums.initial_e8, ",");
    rows_write_e8(out, "totalOpenOrderInitialMargin", sums.order_e8, ",");
    rows_write_e8(out, "totalCrossWalletBalance", sums.wallet_e8, ",");
    rows_write_e8(out, "totalCrossUnPnl", sums.unrealized_e8, ",");
    rows_write_e8(out, "availableBalance", free_e8(&sums), ",");
    rows_write_e8(out, "maxWithdrawAmount", free_e8(&sums), ",");
    write_account_rows(out, books, account, write_usd_m_position);
    fputc('}', out);
}
