#include "service/descriptor_need.h"

#include "ask/way.h"

/* Database, logs, locks, signals; and streams that are replaced. */
#define OWN 40

/* Each host has room for so many requests, fewer where it has fewer accounts. */
struct descriptor_need descriptor_need_of(const struct account_settings *accounts, size_t count)
{
    struct descriptor_need need = {.others = OWN};
    for (size_t i = 0; i < count; i++) {
        int64_t sharing = 0;
        for (size_t j = 0; j < count && sharing < HOST_OUT_MAX; j++) {
            if (same_host(&accounts[i], &accounts[j])) {
                sharing = j < i ? HOST_OUT_MAX + 1 : sharing + 1; /* counted with the first of it */
            }
        }
        need.others += sharing <= HOST_OUT_MAX ? sharing : 0;
        need.streams += accounts[i].stream_url != NULL;
    }
    return need;
}
