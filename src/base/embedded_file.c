#include "base/embedded_file.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

const char *embedded_file_text(const struct embedded_file *files, const char *name)
{
    while (files->name != NULL && strcmp(files->name, name) != 0) {
        files++;
    }
    assert(files->name != NULL);
    return files->text;
}
