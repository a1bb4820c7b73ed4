#include "store/file/view_text.h"

#include <string.h>

void view_text_append(const struct embedded_file *views, const char *name, struct text *sql)
{
    const char *text = strstr(embedded_file_text(views, name), "CREATE VIEW ");
    const char *select = text + strlen("CREATE VIEW ") + strlen(name) + strlen(" AS");
    text_printf(sql, "%s AS NOT MATERIALIZED (", name);
    text_append(sql, select, (size_t)(strrchr(select, ';') - select));
    text_append_char(sql, ')');
}
