#include "base/names.h"

#include <string.h>
#include <strings.h>

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, row by row. */
int names_distance(const char *wanted, const char *name)
{
    size_t wanted_size = strnlen(wanted, NAMES_COMPARED_MAX);
    size_t name_size = strnlen(name, NAMES_COMPARED_MAX);
    int row[NAMES_COMPARED_MAX + 1];
    if (strncasecmp(wanted, name, wanted_size < name_size ? wanted_size : name_size) == 0) {
        return 0;
    }
    for (size_t i = 0; i <= name_size; i++) {
        row[i] = (int)i;
    }
    for (size_t w = 0; w < wanted_size; w++) {
        int diagonal = row[0];
        row[0] = (int)w + 1;
        for (size_t i = 0; i < name_size; i++) {
            int exchanged = diagonal + (lower(wanted[w]) != lower(name[i]));
            diagonal = row[i + 1];
            row[i + 1] = least(exchanged, least(row[i], row[i + 1]) + 1);
        }
    }
    return row[name_size];
}

void names_add(struct names *names, const char *name)
{
    int distance = names_distance(names->wanted, name);
    size_t shown = names->count < NAMES_SHOWN_MAX ? (size_t)names->count : NAMES_SHOWN_MAX;
    size_t place = shown;
    names->count++;
    while (place > 0 && names->nearest[place - 1].distance > distance) {
        place--;
    }
    if (place == NAMES_SHOWN_MAX) {
        return;
    }
    size_t last = shown < NAMES_SHOWN_MAX ? shown : NAMES_SHOWN_MAX - 1;
    struct near_name added = {.name = names->nearest[last].name, .distance = distance};
    memmove(&names->nearest[place + 1], &names->nearest[place],
            (last - place) * sizeof names->nearest[0]);
    text_clear(&added.name);
    text_append_string(&added.name, name);
    names->nearest[place] = added;
}

const char *names_string(struct names *names)
{
    for (int64_t i = 0; i < names->count && i < NAMES_SHOWN_MAX; i++) {
        text_append_string(&names->text, i > 0 ? ", " : "");
        text_append_string(&names->text, text_string(&names->nearest[i].name));
    }
    if (names->count > NAMES_SHOWN_MAX) {
        text_printf(&names->text, " and %lld more", (long long)(names->count - NAMES_SHOWN_MAX));
    }
    return text_string(&names->text);
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < NAMES_SHOWN_MAX; i++) {
        text_free(&names->nearest[i].name);
    }
    text_free(&names->text);
}
