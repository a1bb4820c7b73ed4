/* Holds the mirror's tables against the file's. */
#pragma once

#include "mirror/server.h"
#include "mirror/source.h"

struct check_scope {
    int64_t recorder_id;
    int64_t capture_id; /* up to which it is mirrored */
    bool with_bodies;   /* without, there must be none */
};

/* Compares, for each account and day, the number of rows and one SHA-256 of all of them: of the
 * digests of its rows in their order, folded once on the way, so that a day of any size is hashed
 * in little memory. Nobody finds other rows of the same digest, whatever rows he may choose. A
 * row's digest is of all its columns but account_id, each of them ended or of told length, NULL
 * told apart.
 *
 * What is compared there is every row of the recorder's accounts; the schema, which
 * schema_compare() looks at, keeps a row's recorder_id and account_id together. Rows of nobody's
 * accounts are found too.
 *
 * Sets the error to the first difference: table, account and day. Both sides must be frozen at
 * capture_id, the server's in a transaction whose search_path is pg_catalog. *row_count: the rows
 * compared. */
bool check_sources(const struct database *database, struct server *server,
                   const struct check_scope *scope, int64_t *row_count, struct error *error);
