#include "rights.h"

#include <stdlib.h>
#include <string.h>

#define CREATED_MS 1698645219000

/* In the order of the answer. */
static const struct {
    const char *name;
    unsigned right;
} RIGHTS[] = {
    {"ipRestrict", RIGHT_IS_RESTRICTED}, {"enableInternalTransfer", 1u << 2},
    {"enableFutures", 1u << 3},          {"enablePortfolioMarginTrading", 1u << 4},
    {"enableVanillaOptions", 1u << 5},   {"permitsUniversalTransfer", 1u << 6},
    {"enableReading", RIGHT_READS},      {"enableFixApiTrade", 1u << 7},
    {"enableFixReadOnly", 1u << 8},      {"enableSpotAndMarginTrading", 1u << 9},
    {"enableWithdrawals", 1u << 10},     {"enableMargin", 1u << 11},
};

#define RIGHT_COUNT (sizeof RIGHTS / sizeof RIGHTS[0])

bool rights_read(const char *names, unsigned *rights)
{
    *rights = 0;
    while (*names != '\0') {
        size_t size = strcspn(names, ","), i = 0;
        while (i < RIGHT_COUNT &&
               (strlen(RIGHTS[i].name) != size || strncmp(names, RIGHTS[i].name, size) != 0)) {
            i++;
        }
        if (i == RIGHT_COUNT) {
            return false;
        }
        *rights |= RIGHTS[i].right;
        names += size + (names[size] == ',');
    }
    return true;
}

struct reply rights_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    unsigned rights = question->ledger->account->rights;
    FILE *out = open_memstream(&reply.body, &reply.size);
    for (size_t i = 0; i < RIGHT_COUNT; i++) {
        fprintf(out, "%s\"%s\":%s", i == 0 ? "{" : ",", RIGHTS[i].name,
                (rights & RIGHTS[i].right) != 0 ? "true" : "false");
        if (i == 0) {
            fprintf(out, ",\"createTime\":%lld", (long long)CREATED_MS);
        }
    }
    fputc('}', out);
    fclose(out);
    return reply;
}
