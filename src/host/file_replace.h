/* A file that others read while it is written anew: they see all of it or the one before. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* Writes it beside the file and gives it its name when it is whole. Frees the text. */
bool file_replace(const char *path, struct text *content, struct error *error);
