/* What posrec is linked to. To load the libraries of a network takes as long as a short report: so
 * there are two programs. `posrec` has at hand what asks files alone, and becomes `posrec-net`,
 * which has every command, for all else. */
#pragma once

#include "cli/cli.h"
#include "mirror/mirror.h"

struct program {
    const struct command *const *commands;
    size_t command_count;

    /* Of posrec-net alone; NULL in posrec. */
    void (*print_version)(void);
    bool (*ask_mirror)(const struct cli *cli, struct mirror_lag *lag, struct error *error);
};

extern const struct program PROGRAM;

/* Becomes posrec-net, with the same words (ending in NULL). Returns only where it cannot. */
bool program_pass_on(char **words, struct error *error);
