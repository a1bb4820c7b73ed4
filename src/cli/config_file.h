/* What the configuration's file says: its sections, its keys, and what each of them may say. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cli/config.h"

/* Reads the file, whose path the config has. ERROR_USAGE with path and line for what is wrong in
 * it; that the file could not be read, ferror() tells. */
bool config_file_read(struct config *config, FILE *file, struct error *error);
