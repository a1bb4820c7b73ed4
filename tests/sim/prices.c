#include "prices.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FUNDING_EVERY_MS INT64_C(28800000)
#define ROWS_MAX 1000

void prices_note_funding(struct sim *sim, int symbol, double rate, double mark, int64_t now_ms)
{
    struct sim_funding *last =
        sim->funding_count > 0 ? &sim->fundings[sim->funding_count - 1] : NULL;
    if (last != NULL && last->symbol == symbol && last->time_ms == now_ms) {
        return;
    }
    sim->fundings =
        reallocarray(sim->fundings, (size_t)sim->funding_count + 1, sizeof *sim->fundings);
    if (sim->fundings == NULL) {
        abort();
    }
    sim->fundings[sim->funding_count++] = (struct sim_funding){now_ms, symbol, rate, mark};
}

/* What a contract is worth to everybody: as the first account sees it. */
static double mark_of(const struct sim *sim, int symbol)
{
    return sim->accounts.count > 0 ? sim->accounts.list[0].market.price[symbol]
                                   : sim->symbols[symbol].base_price;
}

/* When funding is paid next, and at which rate it was last. */
static int64_t next_funding_ms(const struct sim *sim, int symbol, double *rate)
{
    int64_t next_ms = (sim_now_ms(sim) / FUNDING_EVERY_MS + 1) * FUNDING_EVERY_MS;
    *rate = 0.0001;
    for (int i = 0; i < sim->funding_count; i++) {
        if (sim->fundings[i].symbol == symbol) {
            next_ms = sim->fundings[i].time_ms + FUNDING_EVERY_MS;
            *rate = sim->fundings[i].rate;
        }
    }
    return next_ms;
}

static void write_mark(FILE *out, const struct sim *sim, int symbol)
{
    const struct market_symbol *contract = &sim->symbols[symbol];
    double mark = mark_of(sim, symbol), rate;
    int64_t next_ms = next_funding_ms(sim, symbol, &rate);
    fprintf(out,
            "{\"symbol\":\"%s\",\"pair\":\"%s\",\"markPrice\":\"%.8f\",\"indexPrice\":\"%.8f\","
            "\"estimatedSettlePrice\":\"%.8f\",",
            contract->name, contract->pair, mark, mark * 0.9999, mark * 0.9998);
    if (contract->perpetual) {
        fprintf(out, "\"lastFundingRate\":\"%.8f\",\"interestRate\":\"0.00010000\",", rate);
    } else {
        fputs("\"lastFundingRate\":\"\",\"interestRate\":\"\",", out);
    }
    fprintf(out, "\"nextFundingTime\":%lld,\"time\":%lld}",
            contract->perpetual ? (long long)next_ms : 0LL, (long long)sim_now_ms(sim));
}

struct reply prices_premium_reply(struct sim *sim, struct request *request)
{
    struct reply reply = {.status = 200};
    const char *symbol = sim_parameter(request, "symbol"), *pair = sim_parameter(request, "pair");
    const char *comma = "";
    if (symbol[0] != '\0' && pair[0] != '\0') {
        return error_reply(400, -1128, "Combination of optional parameters invalid.");
    }
    FILE *out = open_memstream(&reply.body, &reply.size);
    fputc('[', out);
    for (int i = 0; i < sim->symbol_count; i++) {
        if ((symbol[0] == '\0' || strcmp(symbol, sim->symbols[i].name) == 0) &&
            (pair[0] == '\0' || strcmp(pair, sim->symbols[i].pair) == 0)) {
            fputs(comma, out);
            write_mark(out, sim, i);
            comma = ",";
        }
    }
    fputc(']', out);
    fclose(out);
    if (comma[0] == '\0') {
        free(reply.body);
        return error_reply(400, -1121, "Invalid symbol.");
    }
    return reply;
}

static int symbol_of(const struct sim *sim, const char *name)
{
    int symbol = 0;
    while (symbol < sim->symbol_count && strcmp(sim->symbols[symbol].name, name) != 0) {
        symbol++;
    }
    return symbol;
}

/* The newest that are asked for, ascending. */
struct reply prices_rates_reply(struct sim *sim, struct request *request)
{
    struct reply reply = {.status = 200};
    const char *name = sim_parameter(request, "symbol");
    int64_t start_ms = sim_whole_parameter(request, "startTime", 0);
    int64_t end_ms = sim_whole_parameter(request, "endTime", INT64_MAX);
    int64_t limit = sim_whole_parameter(request, "limit", 100), fitting = 0;
    int symbol = symbol_of(sim, name);
    if (name[0] == '\0') {
        return error_reply(400, -1102,
                           "Mandatory parameter 'symbol' was not sent, was empty/null, "
                           "or malformed.");
    }
    if (symbol == sim->symbol_count) {
        return error_reply(400, -1121, "Invalid symbol.");
    }
    if (start_ms == LLONG_MIN || end_ms == LLONG_MIN || limit < 1 || limit > ROWS_MAX) {
        return error_reply(400, -1130, "Parameter 'limit' has an invalid value.");
    }
    FILE *out = open_memstream(&reply.body, &reply.size);
    fputc('[', out);
    for (int pass = 0; pass < 2; pass++) {
        int64_t skipped = pass == 0 ? 0 : fitting - limit;
        const char *comma = "";
        for (int i = 0; i < sim->funding_count; i++) {
            const struct sim_funding *funding = &sim->fundings[i];
            if (funding->symbol != symbol || funding->time_ms < start_ms ||
                funding->time_ms > end_ms) {
                continue;
            }
            if (pass == 0) {
                fitting++;
            } else if (--skipped < 0) {
                fprintf(out,
                        "%s{\"symbol\":\"%s\",\"fundingTime\":%lld,\"fundingRate\":\"%.8f\","
                        "\"markPrice\":\"%.8f\"}",
                        comma, name, (long long)funding->time_ms, funding->rate, funding->mark);
                comma = ",";
            }
        }
    }
    fputc(']', out);
    fclose(out);
    return reply;
}
