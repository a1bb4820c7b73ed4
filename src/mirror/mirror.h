/* Mirrors a recorder's file into PostgreSQL: ranges of captures, each in one transaction with the
 * watermark, so that whatever is killed on the way leaves nothing missing and nothing double. The
 * file is only read.
 *
 * A recorder's number is the first bits of its chain's first link: no server has to hand it out,
 * and servers agree on it without speaking to one another. */
#pragma once

#include "mirror/server.h"
#include "store/file/database.h"

struct mirror;

struct mirror_settings {
    const char *name; /* of the recorder; one name is one file */
    bool with_bodies; /* payloads too; once they are there they go on being mirrored */
};

/* Both must outlive it. When anything here fails, the server is to be closed, which rolls back what
 * was begun; so it is with all of this room. Reads where the mirror of this file stands; refuses a
 * file whose chain is not the one that was mirrored. NULL with the error set on failure. */
struct mirror *mirror_new(const struct database *database, struct server *server,
                          const struct mirror_settings *settings, int64_t now_ms,
                          struct error *error);
void mirror_free(struct mirror *mirror);

/* Copies the next captures, at most MIRROR_BATCH. *more: whether there were any. */
#define MIRROR_BATCH 2000
bool mirror_step(struct mirror *mirror, int64_t now_ms, bool *more, struct error *error);

struct mirror_progress {
    int64_t capture_id;      /* the last that is mirrored, 0 for none */
    int64_t last_capture_id; /* the file's, as of the last step */
    int64_t row_count;       /* that this run copied */
};
struct mirror_progress mirror_progress(const struct mirror *mirror);

/* How far a server has the file, without changing anything there. */
struct mirror_lag {
    bool mirrored;      /* false: this file is not there, and the rest is 0 */
    int64_t capture_id; /* the watermark */
    int64_t captures;   /* that are recorded after it ... */
    int64_t since_ms;   /* ... the first of them received then; 0 for none */
};

bool mirror_lag(const struct database *database, struct server *server, struct mirror_lag *lag,
                struct error *error);

/* The same by a watermark that is known, without asking a server. */
bool mirror_lag_after(const struct database *database, int64_t capture_id, struct mirror_lag *lag,
                      struct error *error);

/* Compares both sides by table, account and day, up to the watermark (mirror/check.h), and then
 * the schema with what this program makes. Sets the error to the first difference. The file must be
 * frozen and mirrored to its end (store/file/database.h); after it the server is only to be closed.
 * *row_count: the rows compared. */
bool mirror_check(const struct mirror *mirror, int64_t *row_count, struct error *error);
