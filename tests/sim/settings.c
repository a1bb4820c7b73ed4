#include "settings.h"

#include <stdlib.h>
#include <string.h>

struct reply settings_symbols_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    const struct market *market = question->market;
    const struct market_account *account = &question->ledger->trader;
    const char *asked = sim_parameter(question->request, "symbol"), *comma = "";
    if (asked[0] != '\0' && market_find_symbol(market, asked) < 0) {
        return error_reply(400, -1121, "Invalid symbol.");
    }
    FILE *out = open_memstream(&reply.body, &reply.size);
    fputc('[', out);
    for (int i = 0; i < market->count; i++) {
        const struct market_leg *leg = &account->leg[i][SIDE_BOTH];
        const char *name = market->symbols[i].name;
        if ((asked[0] == '\0' || strcmp(asked, name) == 0) &&
            strcmp(name, market->style.hidden) != 0) {
            fprintf(out,
                    "%s{\"symbol\":\"%s\",\"marginType\":\"%s\",\"isAutoAddMargin\":false,"
                    "\"leverage\":%d,\"maxNotionalValue\":\"1000000\"}",
                    comma, name, leg->isolated ? "ISOLATED" : "CROSSED", leg->leverage);
            comma = ",";
        }
    }
    fputc(']', out);
    fclose(out);
    return reply;
}

struct reply settings_account_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    const struct market_account *account = &question->ledger->trader;
    FILE *out = open_memstream(&reply.body, &reply.size);
    fprintf(out,
            "{\"feeTier\":0,\"canTrade\":true,\"canDeposit\":true,\"canWithdraw\":true,"
            "\"dualSidePosition\":%s,\"updateTime\":0,\"multiAssetsMargin\":%s,\"tradeGroupId\":"
            "-1}",
            account->hedge ? "true" : "false", account->multi_assets ? "true" : "false");
    fclose(out);
    return reply;
}
