/* The service: polls any number of accounts on their schedules and records every answer, until it
 * is told to stop. One thread, one loop. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ask/sealer.h"
#include "exchange/endpoints.h"
#include "store/file/database.h"

/* After a wish to stop, requests that are out get this long. */
#define RUN_STOP_MS 5000

struct run_settings {
    const struct account_settings *accounts; /* each with its interval */
    size_t account_count;
    const char *metrics_file;           /* NULL for none */
    struct maybe_int for_ms;            /* stop after this long */
    struct maybe_int tick_count;        /* stop when each account has had so many ticks */
    const struct sealer_settings *seal; /* NULL: nothing is sealed */
    bool backfills;                     /* asks for the time before, too (ask/backfill.h) */
};

enum run_end {
    RUN_FINISHED, /* what for_ms or tick_count asked for is done */
    RUN_STOPPED,  /* SIGTERM or SIGINT */
    RUN_RELOAD,   /* SIGHUP: configure again and go on */
};

struct run;

/* Takes the database's run lock. `version` is what its captures say of it. NULL with the error set
 * on failure. The database is used until run_free(). */
struct run *run_new(const struct database *database, const char *version, struct error *error);

/* What still waits to be written is tried once more. */
void run_free(struct run *run);

/* Sets the accounts, which must outlive the next run_configure() or run_free(). Accounts that were
 * there before keep their schedule. */
bool run_configure(struct run *run, const struct run_settings *settings, struct error *error);

/* Records until there is a reason to end. */
bool run_loop(struct run *run, enum run_end *end, struct error *error);
