#include "base/names.h"

void names_add(struct names *names, const char *name)
{
    if (names->count++ < NAMES_SHOWN_MAX) {
        text_append_string(&names->text, names->count > 1 ? ", " : "");
        text_append_string(&names->text, name);
    }
}

const char *names_string(struct names *names)
{
    if (names->count > NAMES_SHOWN_MAX) {
        text_printf(&names->text, " and %lld more", (long long)(names->count - NAMES_SHOWN_MAX));
    }
    return text_string(&names->text);
}

void names_free(struct names *names)
{
    text_free(&names->text);
}
