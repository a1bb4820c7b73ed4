#include "books.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAINTENANCE_RATE 0.004

static const char *const SIDES[] = {"BOTH", "LONG", "SHORT"};

static int64_t to_e8(double coins)
{
    return (int64_t)llround(coins * 1e8);
}

static void write_e8(FILE *out, const char *name, int64_t value_e8, const char *after)
{
    int64_t size = llabs(value_e8);
    fprintf(out, "\"%s\":\"%s%lld.%08lld\"%s", name, value_e8 < 0 ? "-" : "",
            (long long)(size / 100000000), (long long)(size % 100000000), after);
}

static void *grow(void *items, size_t item_size, size_t *capacity, size_t needed)
{
    if (needed <= *capacity) {
        return items;
    }
    *capacity = *capacity * 2 + 64;
    void *grown = reallocarray(items, *capacity, item_size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

void books_free(struct books *books)
{
    free(books->incomes);
    free(books->trades);
    *books = (struct books){0};
}

void books_add_income(struct books *books, const char *type, const char *asset, const char *symbol,
                      const char *info, int64_t amount_e8, int64_t trade_id, int64_t time_ms)
{
    books->incomes = grow(books->incomes, sizeof *books->incomes, &books->income_capacity,
                          books->income_count + 1);
    struct book_income *income = &books->incomes[books->income_count++];
    *income = (struct book_income){.time_ms = time_ms,
                                   .tran_id = 900000 + ++books->last_tran_id,
                                   .trade_id = trade_id,
                                   .amount_e8 = amount_e8};
    snprintf(income->type, sizeof income->type, "%s", type);
    snprintf(income->asset, sizeof income->asset, "%s", asset);
    snprintf(income->symbol, sizeof income->symbol, "%s", symbol);
    snprintf(income->info, sizeof income->info, "%s", info);
}

static void touch_wallet(struct books *books, int wallet, int64_t time_ms)
{
    if (time_ms > books->wallet_ms[wallet]) {
        books->wallet_ms[wallet] = time_ms;
    }
}

void books_note_fill(struct books *books, const struct market_symbol *symbols,
                     const struct market_fill *fill)
{
    const struct market_symbol *symbol = &symbols[fill->symbol];
    books->trades =
        grow(books->trades, sizeof *books->trades, &books->trade_capacity, books->trade_count + 1);
    books->trades[books->trade_count++] = (struct book_trade){.fill = *fill};
    if (fill->realized < 0 || fill->realized > 0) {
        books_add_income(books, "REALIZED_PNL", symbol->asset, symbol->name, "",
                         to_e8(fill->realized), fill->trade_id, fill->time_ms);
    }
    books_add_income(books, "COMMISSION", symbol->asset, symbol->name, "", -to_e8(fill->commission),
                     fill->trade_id, fill->time_ms);
    touch_wallet(books, market_wallet_index(symbols, fill->symbol), fill->time_ms);
}

void books_move(struct books *books, struct market_account *account,
                const struct market_symbol *symbols, int wallet, int symbol, const char *type,
                const char *info, double coins, int64_t now_ms)
{
    int64_t amount_e8 = to_e8(coins);
    /* The time of a change is later than that of the one before. */
    int64_t time_ms = now_ms > books->wallet_ms[wallet] ? now_ms : books->wallet_ms[wallet];
    account->wallet[wallet] += (double)amount_e8 / 1e8;
    books_add_income(books, type, symbols[wallet].asset, symbol < 0 ? "" : symbols[symbol].name,
                     info, amount_e8, 0, time_ms);
    touch_wallet(books, wallet, time_ms);
}

static bool is_asked(const struct books_query *query, int64_t time_ms)
{
    return time_ms >= query->start_ms && time_ms <= query->end_ms;
}

static void write_income(FILE *out, const struct book_income *income)
{
    fprintf(out, "{\"symbol\":\"%s\",\"incomeType\":\"%s\",", income->symbol, income->type);
    write_e8(out, "income", income->amount_e8, ",");
    fprintf(out,
            "\"asset\":\"%s\",\"info\":\"%s\",\"time\":%lld,\"tranId\":\"%lld\",\"tradeId\":\"",
            income->asset, income->info, (long long)income->time_ms, (long long)income->tran_id);
    if (income->trade_id != 0) {
        fprintf(out, "%lld", (long long)income->trade_id);
    }
    fputs("\"}", out);
}

static int compare_incomes(const void *a, const void *b)
{
    const struct book_income *left = *(struct book_income *const *)a;
    const struct book_income *right = *(struct book_income *const *)b;
    if (left->time_ms != right->time_ms) {
        return left->time_ms < right->time_ms ? -1 : 1;
    }
    return left->tran_id < right->tran_id ? -1 : left->tran_id > right->tran_id;
}

/* Ascending by time. */
void books_write_income(FILE *out, const struct books *books, const struct books_query *query)
{
    struct book_income **sorted = calloc(books->income_count + 1, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < books->income_count; i++) {
        struct book_income *income = &books->incomes[i];
        if (!income->hidden && is_asked(query, income->time_ms) &&
            (query->symbol[0] == '\0' || strcmp(query->symbol, income->symbol) == 0) &&
            (query->type[0] == '\0' || strcmp(query->type, income->type) == 0)) {
            sorted[count++] = income;
        }
    }
    qsort(sorted, count, sizeof *sorted, compare_incomes);
    fputc('[', out);
    for (size_t i = 0; i < count && i < (size_t)query->limit; i++) {
        fputs(i == 0 ? "" : ",", out);
        write_income(out, sorted[i]);
    }
    fputc(']', out);
    free(sorted);
}

static void write_trade(FILE *out, const struct market_fill *fill,
                        const struct market_symbol *symbol)
{
    double base = (double)llabs(fill->delta) * symbol->contract_size / fill->price;
    fprintf(out,
            "{\"symbol\":\"%s\",\"id\":%lld,\"orderId\":%lld,\"pair\":\"%s\",\"side\":\"%s\","
            "\"price\":\"%.8f\",\"qty\":\"%lld\",",
            symbol->name, (long long)fill->trade_id, (long long)fill->order_id, symbol->pair,
            fill->delta > 0 ? "BUY" : "SELL", fill->price, llabs(fill->delta));
    write_e8(out, "realizedPnl", to_e8(fill->realized), ",");
    fprintf(out, "\"marginAsset\":\"%s\",\"baseQty\":\"%.8f\",\"quoteQty\":\"%lld\",",
            symbol->asset, base, llabs(fill->delta) * symbol->contract_size);
    write_e8(out, "commission", to_e8(fill->commission), ",");
    fprintf(out,
            "\"commissionAsset\":\"%s\",\"time\":%lld,\"positionSide\":\"%s\",\"buyer\":%s,"
            "\"maker\":%s}",
            symbol->asset, (long long)fill->time_ms, SIDES[fill->side],
            fill->delta > 0 ? "true" : "false", fill->is_maker ? "true" : "false");
}

static int compare_trades(const void *a, const void *b)
{
    const struct market_fill *left = &(*(struct book_trade *const *)a)->fill;
    const struct market_fill *right = &(*(struct book_trade *const *)b)->fill;
    return left->trade_id < right->trade_id ? -1 : left->trade_id > right->trade_id;
}

void books_write_trades(FILE *out, const struct books *books, const struct market_symbol *symbols,
                        const struct books_query *query)
{
    struct book_trade **sorted = calloc(books->trade_count + 1, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < books->trade_count; i++) {
        struct book_trade *trade = &books->trades[i];
        const struct market_symbol *symbol = &symbols[trade->fill.symbol];
        if (!trade->hidden && is_asked(query, trade->fill.time_ms) &&
            trade->fill.trade_id >= query->from_id &&
            (query->order_id == 0 || trade->fill.order_id == query->order_id) &&
            (query->symbol[0] == '\0' || strcmp(query->symbol, symbol->name) == 0) &&
            (query->pair[0] == '\0' || strcmp(query->pair, symbol->pair) == 0)) {
            sorted[count++] = trade;
        }
    }
    qsort(sorted, count, sizeof *sorted, compare_trades);
    size_t limit = (size_t)query->limit;
    size_t first = query->newest && count > limit ? count - limit : 0;
    fputc('[', out);
    for (size_t i = first; i < count && i < first + limit; i++) {
        fputs(i == first ? "" : ",", out);
        write_trade(out, &sorted[i]->fill, &symbols[sorted[i]->fill.symbol]);
    }
    fputc(']', out);
    free(sorted);
}

/* What the legs of an asset come to. */
struct sums {
    int64_t unrealized_e8, initial_e8, maintenance_e8;
};

static struct sums sum_legs(const struct market_account *account,
                            const struct market_symbol *symbols, int count, int wallet)
{
    struct sums sums = {0};
    for (int i = 0; i < count; i++) {
        if (strcmp(symbols[i].asset, symbols[wallet].asset) != 0) {
            continue;
        }
        for (int side = 0; side < SIDE_COUNT; side++) {
            const struct market_leg *leg = &account->leg[i][side];
            double notional =
                (double)llabs(leg->amount) * symbols[i].contract_size / account->price[i];
            sums.unrealized_e8 += to_e8(market_unrealized(account, symbols, i, side));
            sums.initial_e8 += to_e8(notional / leg->leverage);
            sums.maintenance_e8 += to_e8(notional * MAINTENANCE_RATE);
        }
    }
    return sums;
}

static void write_asset(FILE *out, struct books *books, const struct market_account *account,
                        const struct market_symbol *symbols, int count, int wallet)
{
    struct sums sums = sum_legs(account, symbols, count, wallet);
    int64_t wallet_e8 = to_e8(account->wallet[wallet]) + books->wallet_off_e8;
    int64_t margin_e8 = wallet_e8 + sums.unrealized_e8;
    books->wallet_off_e8 = 0;
    fprintf(out, "{\"asset\":\"%s\",", symbols[wallet].asset);
    write_e8(out, "walletBalance", wallet_e8, ",");
    write_e8(out, "unrealizedProfit", sums.unrealized_e8, ",");
    write_e8(out, "marginBalance", margin_e8, ",");
    write_e8(out, "maintMargin", sums.maintenance_e8, ",");
    write_e8(out, "initialMargin", sums.initial_e8, ",");
    write_e8(out, "positionInitialMargin", sums.initial_e8, ",");
    write_e8(out, "openOrderInitialMargin", 0, ",");
    write_e8(out, "maxWithdrawAmount",
             margin_e8 > sums.initial_e8 ? margin_e8 - sums.initial_e8 : 0, ",");
    write_e8(out, "crossWalletBalance", wallet_e8, ",");
    write_e8(out, "crossUnPnl", sums.unrealized_e8, ",");
    write_e8(out, "availableBalance", margin_e8 > sums.initial_e8 ? margin_e8 - sums.initial_e8 : 0,
             ",");
    fprintf(out, "\"updateTime\":%lld}", (long long)books->wallet_ms[wallet]);
}

static void write_position(FILE *out, const struct market_account *account,
                           const struct market_symbol *symbols, int symbol, int side)
{
    const struct market_leg *leg = &account->leg[symbol][side];
    double notional = (double)leg->amount * symbols[symbol].contract_size / account->price[symbol];
    int64_t initial_e8 = to_e8(fabs(notional) / leg->leverage);
    fprintf(out, "{\"symbol\":\"%s\",\"positionAmt\":\"%lld\",", symbols[symbol].name,
            (long long)leg->amount);
    write_e8(out, "initialMargin", initial_e8, ",");
    write_e8(out, "maintMargin", to_e8(fabs(notional) * MAINTENANCE_RATE), ",");
    write_e8(out, "unrealizedProfit", to_e8(market_unrealized(account, symbols, symbol, side)),
             ",");
    write_e8(out, "positionInitialMargin", initial_e8, ",");
    write_e8(out, "openOrderInitialMargin", 0, ",");
    fprintf(out,
            "\"leverage\":\"%d\",\"isolated\":%s,\"positionSide\":\"%s\",\"entryPrice\":\"%.8f\","
            "\"breakEvenPrice\":\"%.8f\",\"maxQty\":\"%d\",\"updateTime\":%lld,"
            "\"notionalValue\":\"%.8f\"}",
            leg->leverage, leg->isolated ? "true" : "false", SIDES[side], leg->entry_price,
            leg->amount == 0 ? 0 : market_break_even(leg), symbols[symbol].contract_size * 60,
            (long long)leg->update_ms, notional);
}

void books_write_account(FILE *out, struct books *books, const struct market_account *account,
                         const struct market_symbol *symbols, int count,
                         const struct market_style *style)
{
    const char *comma = "";
    fputs("{\"assets\":[", out);
    for (int i = 0; i < count; i++) {
        if (market_wallet_index(symbols, i) == i) {
            fputs(comma, out);
            write_asset(out, books, account, symbols, count, i);
            comma = ",";
        }
    }
    fputs("],\"positions\":[", out);
    comma = "";
    for (int i = 0; i < count; i++) {
        for (int side = 0; side < (account->hedge ? SIDE_COUNT : 1); side++) {
            if (strcmp(symbols[i].name, style->hidden) != 0) {
                fputs(comma, out);
                write_position(out, account, symbols, i, side);
                comma = ",";
            }
        }
    }
    fputs("],\"canDeposit\":true,\"canTrade\":true,\"canWithdraw\":true,\"feeTier\":2,"
          "\"updateTime\":0}",
          out);
}

void books_write(FILE *out, const struct books *books, const struct market_account *account,
                 const struct market_symbol *symbols, int count)
{
    fputs("{\"income\":[", out);
    for (size_t i = 0; i < books->income_count; i++) {
        fputs(i == 0 ? "" : ",", out);
        write_income(out, &books->incomes[i]);
    }
    fputs("],\"trades\":[", out);
    for (size_t i = 0; i < books->trade_count; i++) {
        fputs(i == 0 ? "" : ",", out);
        write_trade(out, &books->trades[i].fill, &symbols[books->trades[i].fill.symbol]);
    }
    fputs("],\"wallets\":{", out);
    const char *after = "";
    for (int i = 0; i < count; i++) {
        if (market_wallet_index(symbols, i) == i) {
            fputs(after, out);
            write_e8(out, symbols[i].asset, to_e8(account->wallet[i]), "");
            after = ",";
        }
    }
    fputs("}}", out);
}

bool books_save(const struct books *books, FILE *file)
{
    return fwrite(books, sizeof *books, 1, file) == 1 &&
           fwrite(books->incomes, sizeof *books->incomes, books->income_count, file) ==
               books->income_count &&
           fwrite(books->trades, sizeof *books->trades, books->trade_count, file) ==
               books->trade_count;
}

bool books_load(struct books *books, FILE *file)
{
    books_free(books);
    if (fread(books, sizeof *books, 1, file) != 1) {
        *books = (struct books){0};
        return false;
    }
    books->income_capacity = books->income_count;
    books->trade_capacity = books->trade_count;
    books->incomes = calloc(books->income_count + 1, sizeof *books->incomes);
    books->trades = calloc(books->trade_count + 1, sizeof *books->trades);
    return fread(books->incomes, sizeof *books->incomes, books->income_count, file) ==
               books->income_count &&
           fread(books->trades, sizeof *books->trades, books->trade_count, file) ==
               books->trade_count;
}
