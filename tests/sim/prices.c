#include "prices.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FUNDING_EVERY_MS INT64_C(28800000)
#define ROWS_MAX 1000

void prices_note_funding(struct market *market, const struct market_funding *funding)
{
    struct market_funding *last =
        market->funding_count > 0 ? &market->fundings[market->funding_count - 1] : NULL;
    if (last != NULL && last->symbol == funding->symbol && last->time_ms == funding->time_ms &&
        last->special == funding->special) {
        return;
    }
    market->fundings =
        reallocarray(market->fundings, (size_t)market->funding_count + 1, sizeof *market->fundings);
    if (market->fundings == NULL) {
        abort();
    }
    market->fundings[market->funding_count++] = *funding;
}

/* What a contract is worth to everybody: as the first account sees it. */
static double mark_of(const struct question *question, int symbol)
{
    const struct sim *sim = question->sim;
    int product = (int)(question->market - sim->markets);
    return sim->accounts.count > 0 ? sim->accounts.list[0].ledgers[product].trader.price[symbol]
                                   : question->market->symbols[symbol].base_price;
}

/* When funding is paid next, and at which rate it was last. */
static int64_t next_funding_ms(const struct question *question, int symbol, double *rate)
{
    const struct market *market = question->market;
    int64_t next_ms = (sim_now_ms(question->sim) / FUNDING_EVERY_MS + 1) * FUNDING_EVERY_MS;
    *rate = 0.0001;
    for (int i = 0; i < market->funding_count; i++) {
        if (market->fundings[i].symbol == symbol && !market->fundings[i].special) {
            next_ms = market->fundings[i].time_ms + FUNDING_EVERY_MS;
            *rate = market->fundings[i].rate;
        }
    }
    return next_ms;
}

static void write_mark(FILE *out, const struct question *question, int symbol)
{
    const struct market_symbol *contract = &question->market->symbols[symbol];
    double mark = mark_of(question, symbol), rate;
    int64_t next_ms = next_funding_ms(question, symbol, &rate);
    fprintf(out, "{\"symbol\":\"%s\",", contract->name);
    if (!question->market->product->no_pairs) {
        fprintf(out, "\"pair\":\"%s\",", contract->pair);
    }
    fprintf(out,
            "\"markPrice\":\"%.8f\",\"indexPrice\":\"%.8f\",\"estimatedSettlePrice\":\"%.8f\",",
            mark, mark * 0.9999, mark * 0.9998);
    if (contract->perpetual) {
        fprintf(out, "\"lastFundingRate\":\"%.8f\",\"interestRate\":\"0.00010000\",", rate);
    } else {
        fputs("\"lastFundingRate\":\"\",\"interestRate\":\"\",", out);
    }
    fprintf(out, "\"nextFundingTime\":%lld,\"time\":%lld}",
            contract->perpetual ? (long long)next_ms : 0LL, (long long)sim_now_ms(question->sim));
}

struct reply prices_premium_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    const struct market *market = question->market;
    const char *symbol = sim_parameter(question->request, "symbol");
    const char *pair = sim_parameter(question->request, "pair");
    const char *comma = "";
    bool is_object = market->product->object_by_symbol && symbol[0] != '\0';
    if (symbol[0] != '\0' && pair[0] != '\0') {
        return error_reply(400, -1128, "Combination of optional parameters invalid.");
    }
    FILE *out = open_memstream(&reply.body, &reply.size);
    fputs(is_object ? "" : "[", out);
    for (int i = 0; i < market->count; i++) {
        if ((symbol[0] == '\0' || strcmp(symbol, market->symbols[i].name) == 0) &&
            (pair[0] == '\0' || strcmp(pair, market->symbols[i].pair) == 0)) {
            fputs(comma, out);
            write_mark(out, question, i);
            comma = ",";
        }
    }
    fputs(is_object ? "" : "]", out);
    fclose(out);
    if (comma[0] == '\0') {
        free(reply.body);
        return error_reply(400, -1121, "Invalid symbol.");
    }
    return reply;
}

static bool is_asked(const struct market_funding *funding, int symbol, int64_t start_ms,
                     int64_t end_ms)
{
    return (symbol < 0 || funding->symbol == symbol) && funding->time_ms >= start_ms &&
           funding->time_ms <= end_ms;
}

/* The newest that are asked for, ascending. */
struct reply prices_rates_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    struct request *request = question->request;
    const struct market *market = question->market;
    const char *name = sim_parameter(request, "symbol"), *comma = "";
    int64_t start_ms = sim_whole_parameter(request, "startTime", 0);
    int64_t end_ms = sim_whole_parameter(request, "endTime", INT64_MAX);
    int64_t limit = sim_whole_parameter(request, "limit", 100), fitting = 0;
    int symbol = market_find_symbol(market, name);
    if (name[0] == '\0' && !market->product->no_pairs) {
        return error_reply(400, -1102,
                           "Mandatory parameter 'symbol' was not sent, was empty/null, "
                           "or malformed.");
    }
    if (name[0] != '\0' && symbol < 0) {
        return error_reply(400, -1121, "Invalid symbol.");
    }
    if (start_ms == LLONG_MIN || end_ms == LLONG_MIN || limit < 1 || limit > ROWS_MAX) {
        return error_reply(400, -1130, "Parameter 'limit' has an invalid value.");
    }
    for (int i = 0; i < market->funding_count; i++) {
        fitting += is_asked(&market->fundings[i], symbol, start_ms, end_ms);
    }
    FILE *out = open_memstream(&reply.body, &reply.size);
    fputc('[', out);
    for (int i = 0; i < market->funding_count; i++) {
        const struct market_funding *funding = &market->fundings[i];
        if (is_asked(funding, symbol, start_ms, end_ms) && --fitting < limit) {
            fprintf(out,
                    "%s{\"symbol\":\"%s\",\"fundingTime\":%lld,\"fundingRate\":\"%.8f\","
                    "\"markPrice\":\"%.8f\"%s}",
                    comma, market->symbols[funding->symbol].name, (long long)funding->time_ms,
                    funding->rate, funding->mark,
                    !market->product->tells_rate_type ? ""
                    : funding->special                ? ",\"rateType\":\"Special\""
                                                      : ",\"rateType\":\"Regular\"");
            comma = ",";
        }
    }
    fputc(']', out);
    fclose(out);
    return reply;
}

static void write_decimal(FILE *out, const char *name, double value, const char *after)
{
    fprintf(out, "\"%s\":\"%.8f\"%s", name, value, after);
}

static void write_index(FILE *out, const struct market_asset *asset, int64_t now_ms)
{
    double index = (double)asset->index_e8 / 1e8;
    fprintf(out, "{\"symbol\":\"%sUSD\",\"time\":%lld,", asset->name, (long long)now_ms);
    write_decimal(out, "index", index, ",");
    write_decimal(out, "bidBuffer", 0.05, ",");
    write_decimal(out, "askBuffer", 0.05, ",");
    write_decimal(out, "bidRate", index * 0.95, ",");
    write_decimal(out, "askRate", index * 1.05, ",");
    write_decimal(out, "autoExchangeBidBuffer", 0.025, ",");
    write_decimal(out, "autoExchangeAskBuffer", 0.025, ",");
    write_decimal(out, "autoExchangeBidRate", index * 0.975, ",");
    write_decimal(out, "autoExchangeAskRate", index * 1.025, "}");
}

/* Of both products' assets: one that both have is USD-M's. */
struct reply prices_assets_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    const struct market *markets = question->sim->markets;
    const char *symbol = sim_parameter(question->request, "symbol"), *comma = "";
    char name[16];
    FILE *out = open_memstream(&reply.body, &reply.size);
    fputs(symbol[0] != '\0' ? "" : "[", out);
    for (int product = USD_M; product >= COIN_M; product--) {
        for (int i = 0; i < markets[product].asset_count; i++) {
            const struct market_asset *asset = &markets[product].assets[i];
            snprintf(name, sizeof name, "%sUSD", asset->name);
            if ((symbol[0] == '\0' || strcmp(symbol, name) == 0) &&
                (product == USD_M || market_find_asset(&markets[USD_M], asset->name) < 0)) {
                fputs(comma, out);
                write_index(out, asset, sim_now_ms(question->sim));
                comma = ",";
            }
        }
    }
    fputs(symbol[0] != '\0' ? "" : "]", out);
    fclose(out);
    if (comma[0] == '\0') {
        free(reply.body);
        return error_reply(400, -1121, "Invalid symbol.");
    }
    return reply;
}
