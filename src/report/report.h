/* The questions posrec answers by itself: queries of sql/reports, on views only, with named
 * parameters. Some begin with texts that they share, such as the range asked for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/error.h"
#include "model/maybe.h"
#include "report/by.h"
#include "report/render.h"
#include "store/file/database.h"

/* What is asked: the named parameters of a report. Texts are NULL for all, and must live as long as
 * the statements made of them. */
struct report_question {
    const struct database *database;
    const char *account;
    const char *symbol;
    const char *side;         /* BOTH, LONG or SHORT */
    struct maybe_int from_ms; /* [from_ms, to_ms); unknown for all there is on that side */
    struct maybe_int to_ms;
    struct calendar_step every; /* of length 0 for one row of the range */
    int64_t first_rows; /* these are all that is read, what follows is counted: a report may leave
                           it empty; 0 for all */
    const struct report_by *by; /* NULL for the report's own rows */
    bool all;
    int64_t now_ms;   /* nothing later is sampled */
    bool running;     /* of status: 'posrec run' is recording */
    const char *kind; /* of nothing: what there is none of */

    /* What is shown of the answer, in which no parameter is. */
    const char *columns; /* as in struct render_choice */
    bool wide;           /* all of them, however wide the terminal is */
};

/* More rows of one leg than these nobody reads, and they would have to fit into memory. */
#define REPORT_STEPS_MAX 1000000

/* ERROR_USAGE when `every` cuts the range into more steps than that. */
bool report_check_steps(const struct report_question *question, struct error *error);

/* The statement of the report of that name in sql/reports, its parameters bound. NULL with the
 * error set on failure. Finalize with sqlite3_finalize(). */
sqlite3_stmt *report_prepare(const struct report_question *question, const char *name,
                             struct error *error);

/* Asks it anew, of another account, symbol or range, what `report_prepare` gave for this report. */
void report_ask_again(const struct report_question *question, sqlite3_stmt *statement);

/* ERROR_USAGE when the report has none of the columns that are asked for. */
bool report_check_columns(const struct report_question *question, const char *name,
                          struct error *error);

/* Runs the report and writes it to `out`. */
bool report_run(const struct report_question *question, const char *name, enum report_format format,
                FILE *out, int64_t *row_count, struct error *error);

/* Keeps the report's rows as a temporary table of the connection, so that several others can ask
 * them. */
bool report_keep(const struct report_question *question, const char *name, const char *table,
                 struct error *error);

/* The one integer that a report gives; unknown when it gives no row or NULL. */
bool report_integer(const struct report_question *question, const char *name,
                    struct maybe_int *value, struct error *error);

/* Why the report called `kind`, or `positions`, has nothing to show, in place of an empty table:
 * appends a sentence with its full stop. The question's names are recorded (report/recorded.h). */
bool report_explain_nothing(const struct report_question *question, const char *kind,
                            struct text *sentence, struct error *error);

/* Which parts of the range are not recorded of what the report called `kind` stands on or, for
 * `positions`, since when it is not: appends a sentence, or nothing where all is recorded. */
bool report_tell_silence(const struct report_question *question, const char *kind,
                         struct text *sentence, struct error *error);

/* What the report called `name` says in a sentence: appends it, or nothing. */
bool report_tell_note(const struct report_question *question, const char *name,
                      struct text *sentence, struct error *error);
