/* posrec: what asks files alone. */
#include "cli/program.h"

static const struct command *const COMMANDS[] = {
    &COMMAND_IMPORT,  &COMMAND_EXPORT, &COMMAND_BODY,    &COMMAND_POSITIONS, &COMMAND_SQL,
    &COMMAND_REPORT,  &COMMAND_STATUS, &COMMAND_VERIFY,  &COMMAND_PROVE,     &COMMAND_CHECK_PROOF,
    &COMMAND_REBUILD, &COMMAND_BACKUP, &COMMAND_MIGRATE,
};

const struct program PROGRAM = {COMMANDS, sizeof COMMANDS / sizeof COMMANDS[0], NULL, NULL};
