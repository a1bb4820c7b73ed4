/* The archive of received bytes (table `payload`).
 *
 * A body is a zstd frame, either whole or with an earlier whole body (its base) as raw dictionary,
 * so any payload opens in at most two steps. Which one is decided from the sizes of what is stored.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "model/capture.h"
#include "store/file/database.h"

/* A base's first delta is kept while it is smaller than this share of the base's own frame. */
#define ARCHIVE_FIRST_DELTA_SHARE 0.5

/* Later deltas grow as the market moves away from the base. One that is larger than the first by
 * more than this share of the base's frame is not kept: a new whole body is stored, which then is
 * the base of those to come. Small, because a whole body pays for itself within some dozens of
 * smaller deltas. */
#define ARCHIVE_GROWTH_SHARE (1.0 / 32)

struct archive;

/* NULL with the error set on failure. The archive uses the database until archive_free(). */
struct archive *archive_new(const struct database *database, struct sha256 *sha256,
                            struct error *error);
void archive_free(struct archive *archive);

/* Forgets all it remembers of the database: after a rollback, or when another program wrote. */
void archive_forget(struct archive *archive);

/* Stores a capture's body inside the caller's transaction, unless it equals the last one of this
 * account and endpoint; sets its id and digest. Later bodies will be like that of a capture whose
 * outcome is OUTCOME_OK, which can be a base. */
bool archive_put(struct archive *archive, int64_t account_id, const struct capture *capture,
                 int64_t *payload_id, struct sha256_digest *digest, struct error *error);

/* Replaces `body` with the bytes of a payload. Fails when the frame, its size or its base is not
 * what the row says; the digest, as the row has it, is the caller's to check. */
bool archive_get(struct archive *archive, int64_t payload_id, struct text *body,
                 struct sha256_digest *stored_sha256, struct error *error);
