#include "books.h"

#include <stdlib.h>
#include <string.h>

#include "product.h"
#include "rows.h"

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

/* The income alone, of a trade (0 for none). */
static void add_income(struct books *books, const char *type, const char *asset, const char *symbol,
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

static void touch_wallet(struct books *books, int asset, int64_t time_ms)
{
    if (time_ms > books->wallet_ms[asset]) {
        books->wallet_ms[asset] = time_ms;
    }
}

void books_note_fill(struct books *books, const struct market *market,
                     const struct market_fill *fill)
{
    const struct market_symbol *symbol = &market->symbols[fill->symbol];
    books->trades =
        grow(books->trades, sizeof *books->trades, &books->trade_capacity, books->trade_count + 1);
    books->trades[books->trade_count++] = (struct book_trade){.fill = *fill};
    if (fill->realized < 0 || fill->realized > 0) {
        add_income(books, "REALIZED_PNL", market->assets[symbol->asset].name, symbol->name, "",
                   market_e8(fill->realized), fill->trade_id, fill->time_ms);
        touch_wallet(books, symbol->asset, fill->time_ms);
    }
    add_income(books, "COMMISSION", market->assets[fill->commission_asset].name, symbol->name, "",
               -market_e8(fill->commission), fill->trade_id, fill->time_ms);
    touch_wallet(books, fill->commission_asset, fill->time_ms);
}

void books_move(struct books *books, struct market_account *account, int asset, int symbol,
                const char *type, const char *info, double coins, int64_t now_ms)
{
    const struct market *market = account->market;
    int64_t amount_e8 = market_e8(coins);
    /* The time of a change is later than that of the one before. */
    int64_t time_ms = now_ms > books->wallet_ms[asset] ? now_ms : books->wallet_ms[asset];
    account->wallet[asset] += (double)amount_e8 / 1e8;
    add_income(books, type, market->assets[asset].name,
               symbol < 0 ? "" : market->symbols[symbol].name, info, amount_e8, 0, time_ms);
    touch_wallet(books, asset, time_ms);
}

static bool is_asked(const struct books_query *query, int64_t time_ms)
{
    return time_ms >= query->start_ms && time_ms <= query->end_ms;
}

static void write_income(FILE *out, const struct book_income *income, bool plain_ids)
{
    const char *quote = plain_ids ? "" : "\"";
    fprintf(out, "{\"symbol\":\"%s\",\"incomeType\":\"%s\",", income->symbol, income->type);
    rows_write_e8(out, "income", income->amount_e8, ",");
    fprintf(out,
            "\"asset\":\"%s\",\"info\":\"%s\",\"time\":%lld,\"tranId\":%s%lld%s,\"tradeId\":\"",
            income->asset, income->info, (long long)income->time_ms, quote,
            (long long)income->tran_id, quote);
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
void books_write_income(FILE *out, const struct books *books, const struct market *market,
                        const struct books_query *query)
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
        write_income(out, sorted[i], market->product->plain_ids);
    }
    fputc(']', out);
    free(sorted);
}

static int compare_trades(const void *a, const void *b)
{
    const struct market_fill *left = &(*(struct book_trade *const *)a)->fill;
    const struct market_fill *right = &(*(struct book_trade *const *)b)->fill;
    return left->trade_id < right->trade_id ? -1 : left->trade_id > right->trade_id;
}

void books_write_trades(FILE *out, const struct books *books, const struct market *market,
                        const struct books_query *query)
{
    struct book_trade **sorted = calloc(books->trade_count + 1, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < books->trade_count; i++) {
        struct book_trade *trade = &books->trades[i];
        const struct market_symbol *symbol = &market->symbols[trade->fill.symbol];
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
        market->product->write_trade(out, market, &sorted[i]->fill);
    }
    fputc(']', out);
    free(sorted);
}

void books_write(FILE *out, const struct books *books, const struct market_account *account)
{
    const struct market *market = account->market;
    fputs("{\"income\":[", out);
    for (size_t i = 0; i < books->income_count; i++) {
        fputs(i == 0 ? "" : ",", out);
        write_income(out, &books->incomes[i], market->product->plain_ids);
    }
    fputs("],\"trades\":[", out);
    for (size_t i = 0; i < books->trade_count; i++) {
        fputs(i == 0 ? "" : ",", out);
        market->product->write_trade(out, market, &books->trades[i].fill);
    }
    fputs("],\"wallets\":{", out);
    for (int i = 0; i < market->asset_count; i++) {
        rows_write_e8(out, market->assets[i].name, market_e8(account->wallet[i]),
                      i + 1 < market->asset_count ? "," : "");
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
