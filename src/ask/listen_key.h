/* The listen key of an account, by which its user data stream is opened: asked for by POST, and by
 * POST again every 10 minutes, which keeps it alive (it would end after 60) and tells which key is:
 * when it is another, ours was deleted by another program or expired unseen. The key is a secret:
 * it goes to who listens, and is kept nowhere here. A try that failed is a capture, without its
 * body, which could hold a key. */
#pragma once

#include "ask/asker.h"

#define LISTEN_KEY_KEEP_MS (INT64_C(10) * 60 * 1000)
#define LISTEN_KEY_RETRY_CAP_MS 60000

extern const struct source SOURCE_LISTEN_KEY;

/* The key is no more: another is asked for at once. */
void listen_key_renew(struct asker *asker, struct boot_time now);
