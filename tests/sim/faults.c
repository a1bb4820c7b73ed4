#include "faults.h"

#include <stdlib.h>
#include <string.h>

enum fault_kind fault_kind_from_name(const char *name)
{
    static const char *const NAMES[] = {"none", "status",    "stall",   "reset",
                                        "half", "truncated", "garbage", "large",
                                        "body", "redirect",  "bomb"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(NAMES[i], name) == 0) {
            return (enum fault_kind)i;
        }
    }
    return FAULT_NONE;
}

/* Bodies of faults that are used up go when their place is needed: an answer may still be using
 * one. */
static void drop_used(struct faults *faults)
{
    int kept = 0;
    for (int i = 0; i < faults->count; i++) {
        if (faults->list[i].count > 0) {
            faults->list[kept++] = faults->list[i];
        } else {
            free(faults->list[i].body);
        }
    }
    faults->count = kept;
}

bool faults_add(struct faults *faults, const struct fault *fault)
{
    if (faults->count == FAULTS_MAX) {
        drop_used(faults);
    }
    if (faults->count == FAULTS_MAX) {
        return false;
    }
    faults->list[faults->count++] = *fault;
    return true;
}

void faults_clear(struct faults *faults)
{
    for (int i = 0; i < faults->count; i++) {
        faults->list[i].count = 0;
    }
    drop_used(faults);
}

struct fault faults_take(struct faults *faults, const char *account, const char *product,
                         const char *endpoint)
{
    for (int i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->list[i];
        if (fault->count > 0 &&
            (fault->account[0] == '\0' || strcmp(fault->account, account) == 0) &&
            (fault->product[0] == '\0' || strcmp(fault->product, product) == 0) &&
            (strcmp(fault->endpoint, "any") == 0 || strcmp(fault->endpoint, endpoint) == 0)) {
            fault->count--;
            return *fault;
        }
    }
    return (struct fault){.kind = FAULT_NONE};
}
