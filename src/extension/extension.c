/* posrec in SQL: a loadable extension of SQLite's for any client. `.load posrec` in the sqlite3
 * shell, load_extension('posrec') elsewhere. It reads, writes nothing, and trusts no schema
 * (extension/source.h). docs/schema.md describes what it brings. */
#include <sqlite3ext.h>

#include "base/time_text.h"
#include "extension/moment_table.h"
#include "extension/replay_table.h"
#include "extension/table.h"

SQLITE_EXTENSION_INIT1

/* ms(time): milliseconds. Of a text such as 'now' it is one time in all of a statement. */
static void ms_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    struct error error = {0};
    int64_t time_ms;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) {
        return;
    }
    if (argument_time(argv[0], "ms", &time_ms, &error)) {
        sqlite3_result_int64(context, time_ms);
    } else {
        sqlite3_result_error(context, error.text, -1);
    }
}

/* iso(ms): the time as text, in UTC. */
static void iso_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    int type = sqlite3_value_type(argv[0]);
    int64_t time_ms = sqlite3_value_int64(argv[0]);
    char text[TIME_TEXT_SIZE];
    if (type == SQLITE_NULL) {
        return;
    }
    if ((type != SQLITE_INTEGER && type != SQLITE_FLOAT) || time_ms < TIME_MS_MIN ||
        time_ms > TIME_MS_MAX) {
        sqlite3_result_error(context,
                             "iso: this is no number of milliseconds of the years 1 to 9999", -1);
        return;
    }
    time_text_format(time_ms, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* SQLite's name for the entry point of a file posrec.so. */
__attribute__((visibility("default"))) int sqlite3_posrec_init(sqlite3 *handle, char **message,
                                                               const sqlite3_api_routines *api);

int sqlite3_posrec_init(sqlite3 *handle, char **message, const sqlite3_api_routines *api)
{
    static const int FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    (void)message;
    SQLITE_EXTENSION_INIT2(api);
    int code = sqlite3_create_function(handle, "ms", 1, FLAGS, NULL, ms_function, NULL, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_create_function(handle, "iso", 1, FLAGS, NULL, iso_function, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = moment_tables_add(handle);
    }
    return code == SQLITE_OK ? replay_table_add(handle) : code;
}
