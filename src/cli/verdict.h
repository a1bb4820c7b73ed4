/* What doctor says of each thing that it looks at: a line for people, and the exit code. */
#pragma once

#include "cli/cli.h"

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

/* A line; after a VERDICT_FAIL the command ends with EXIT_FAILED. */
void verdict_say(struct cli *cli, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
