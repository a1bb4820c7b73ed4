#include "report/page.h"

#include <string.h>

#include "base/time_text.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/people.h"
#include "report/renderers.h"

/* Accounts with charts of their own on one page. */
#define CHART_ACCOUNTS_MAX 12

static void append_time(struct text *text, const char *label, struct maybe_int time_ms)
{
    char time[TIME_TEXT_SIZE];
    if (time_ms.known) {
        time_text_format(time_ms.value, time);
        text_printf(text, "%s<time datetime=\"%s\">", label, time);
        people_append_time(time_ms.value, text);
        text_append_string(text, "</time>");
    }
}

static bool append_range(const struct report_question *question, struct text *text,
                         struct error *error)
{
    sqlite3_stmt *range = report_prepare(question, "range", error);
    enum step step = database_step(question->database, range, error);
    if (step == STEP_ROW) {
        append_time(text, "From ", column_maybe(range, 0));
        append_time(text, " to ", column_maybe(range, 1));
    }
    sqlite3_finalize(range);
    return step != STEP_FAILED;
}

static void append_named(struct text *text, const char *label, const char *value)
{
    if (value != NULL) {
        text_append_string(text, label);
        html_append_text(text, span_of(value));
    }
}

bool page_begin(const struct report_question *question, struct maybe_int refresh_ms, FILE *out,
                struct error *error)
{
    struct text text = {0};
    html_begin(&text, "Position history", refresh_ms);
    text_append_string(&text, "<p class=\"range\">");
    bool done = append_range(question, &text, error);
    append_named(&text, " &middot; account ", question->account);
    append_named(&text, " &middot; symbol ", question->symbol);
    append_named(&text, " &middot; side ", question->side);
    append_time(&text, "<br>Made by posrec at ", maybe_of(question->now_ms));
    text_append_string(&text, ". Times are UTC.</p>\n<noscript><p>The charts need scripts; the "
                              "tables have the figures.</p></noscript>\n");
    if (!done) {
        text_free(&text);
    }
    return done && render_text(&text, out, error);
}

/* A chart for each account that the range has. */
static bool write_charts(const struct report_question *question, const struct report_chart *chart,
                         FILE *out, struct error *error)
{
    sqlite3_stmt *accounts = report_prepare(question, chart->accounts, error);
    struct report_question of_account = *question;
    enum step step = STEP_FAILED;
    bool done = true, drawn;
    int count = 0;
    while (done && count < CHART_ACCOUNTS_MAX &&
           (step = database_step(question->database, accounts, error)) == STEP_ROW) {
        of_account.account = (const char *)sqlite3_column_text(accounts, 0);
        of_account.from_ms = column_maybe(accounts, 1);
        of_account.to_ms = column_maybe(accounts, 2);
        done = chart_write(chart, &of_account, out, &drawn, error);
        count += drawn;
    }
    done = done && step != STEP_FAILED;
    if (done && count == CHART_ACCOUNTS_MAX &&
        database_step(question->database, accounts, error) == STEP_ROW) {
        done = fprintf(out, "<p class=\"note\">There are more accounts than charts on this page: "
                            "--account chooses one.</p>\n") > 0 ||
               error_set_output(error, out, NULL);
    }
    sqlite3_finalize(accounts);
    return done;
}

static bool write_table(const struct report_question *question, const char *name,
                        const struct row_writer *writer, FILE *out, int64_t *row_count,
                        struct error *error)
{
    struct report_question first = *question;
    first.first_rows = writer->rows_max;
    sqlite3_stmt *statement = report_prepare(&first, name, error);
    struct column_list columns;
    *row_count = 0;
    bool done = statement != NULL &&
                columns_choose(&columns, statement, question->columns, error) &&
                render_rows(question->database, &columns, writer, out, row_count, error);
    sqlite3_finalize(statement);
    return done;
}

/* A section of its own, or one of many that is folded. */
static bool write_heading(const char *id, const char *title, const char *about, bool folded,
                          FILE *out, struct error *error)
{
    struct text text = {0};
    text_printf(&text, folded ? "<details id=\"%s\">\n<summary><h3>" : "<section id=\"%s\">\n<h2>",
                id);
    html_append_text(&text, span_of(title));
    text_append_string(&text, folded ? "</h3></summary>\n<p>" : "</h2>\n<p>");
    html_append_text(&text, span_of(about));
    text_append_string(&text, "</p>\n");
    return render_text(&text, out, error);
}

static void append_sentence(struct text *text, const char *class, struct text *sentence)
{
    if (sentence->size > 0) {
        text_printf(text, "<p class=\"%s\">", class);
        html_append_text(text, text_span(sentence));
        text_append_string(text, "</p>\n");
        text_clear(sentence);
    }
}

/* What is said under the table of a kind of report: its note, which a part of the page does
 * without, why it is empty, what is silent. */
static bool write_words(const struct report_question *question, const struct report_kind *kind,
                        bool is_part, bool is_empty, FILE *out, struct error *error)
{
    struct text text = {0}, sentence = {0};
    bool done =
        kind->note == NULL || is_part || report_tell_note(question, kind->note, &sentence, error);
    append_sentence(&text, "note", &sentence);
    done = done && (!is_empty || report_explain_nothing(question, kind->name, &sentence, error));
    append_sentence(&text, "nothing", &sentence);
    done = done &&
           (kind->tells_silence || report_tell_silence(question, kind->name, &sentence, error));
    append_sentence(&text, "silence", &sentence);
    text_free(&sentence);
    return render_text(&text, out, error) && done;
}

static bool write_text(const char *text, FILE *out, struct error *error)
{
    return fputs(text, out) >= 0 || error_set_output(error, out, NULL);
}

/* What several parts of the page of all ask of, each asked once: `rows` reads the table where it
 * is a report's own. */
static const struct {
    const char *report, *table, *rows;
} KEPT[] = {{"page_moved", "page_moved", NULL},
            {"page_point", "page_point", NULL},
            {"page_pnl", "page_pnl", NULL},
            {"equity", "page_asset", "page_assets"},
            {"performance", "page_performance", "page_performances"},
            {"reconcile", "page_finding", "page_findings"}};
#define KEPT_COUNT (sizeof KEPT / sizeof KEPT[0])

static bool keep_all(const struct report_question *question, struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < KEPT_COUNT; i++) {
        done = report_keep(question, KEPT[i].report, KEPT[i].table, error);
    }
    return done;
}

/* The name of what gives the rows of a report that the page of all has. */
static const char *kept_rows(const char *report)
{
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        if (KEPT[i].rows != NULL && strcmp(KEPT[i].report, report) == 0) {
            return KEPT[i].rows;
        }
    }
    return report;
}

/* `folded`: as one of many, on the page of all. */
static bool write_kind(const struct report_question *question, const struct report_kind *kind,
                       const struct row_writer *writer, bool folded, FILE *out, int64_t *row_count,
                       struct error *error)
{
    const char *name = folded ? kept_rows(kind->name) : kind->name;
    struct report_question whole = *question;
    int64_t audited, summed;
    whole.columns = NULL;
    return write_heading(kind->name, kind->title, kind->about, folded, out, error) &&
           (kind->chart.quantity == NULL || write_charts(question, &kind->chart, out, error)) &&
           (!kind->is_audit || write_table(&whole, "audit", writer, out, &audited, error)) &&
           write_table(question, name, writer, out, row_count, error) &&
           (kind->summary == NULL || *row_count == 0 ||
            write_table(&whole, kind->summary, writer, out, &summed, error)) &&
           write_words(question, kind, folded, *row_count == 0, out, error) &&
           write_text(folded ? "</details>\n" : "</section>\n", out, error);
}

bool page_section(const struct report_question *question, const struct report_kind *kind, FILE *out,
                  int64_t *row_count, struct error *error)
{
    return write_kind(question, kind, &HTML_WRITER, false, out, row_count, error);
}

bool page_end(FILE *out, struct error *error)
{
    struct text text = {0};
    html_end(&text, true);
    return render_text(&text, out, error);
}

bool page_moment(const struct report_question *question, FILE *out, int64_t *row_count,
                 struct error *error)
{
    static const struct report_kind LEGS = {
        .name = "positions",
        .title = "Positions",
        .about = "Each leg by its last answer until then.",
    };
    static const struct report_kind EVIDENCE = {
        .name = "evidence",
        .title = "What shows it",
        .about =
            "Of each account the response that shows its legs, when that was received, and how "
            "many seconds nothing was recorded right before and right after it: none where the "
            "record goes on, empty where it begins, or ends, there. The command writes a file "
            "that proves the response to others.",
        .tells_silence = true,
    };
    struct report_question whole = *question;
    struct text text = {0};
    int64_t responses;
    bool is_now = question->to_ms.value > TIME_MS_MAX;
    whole.columns = NULL;
    html_begin(&text, "Positions and what shows them", (struct maybe_int){0});
    append_time(&text, "<p class=\"range\">As of ",
                maybe_of(is_now ? question->now_ms : question->to_ms.value - 1));
    append_named(&text, " &middot; account ", question->account);
    append_time(&text, "<br>Made by posrec at ", maybe_of(question->now_ms));
    text_append_string(&text, ". Times are UTC.</p>\n");
    return render_text(&text, out, error) &&
           write_kind(question, &LEGS, &PAGE_WRITER, false, out, row_count, error) &&
           write_kind(&whole, &EVIDENCE, &PAGE_WRITER, false, out, &responses, error) &&
           page_end(out, error);
}

/* What stands on the page of all before the reports, in this order. */
static const struct part {
    const char *id;
    const char *title;
    const char *about;
    struct report_chart chart;
    const char *tables[2];
    const char *kind;    /* the report whose words stand beneath; NULL for none */
    const char *nothing; /* what is said where there is no row; NULL for the report's words */
} PARTS[] = {
    {.id = "open",
     .title = "Open now",
     .about = "Each position at the last poll of the range, the largest first.",
     .tables = {"page_open"},
     .nothing = "Nothing is open."},
    {.id = "curve",
     .title = "Equity curve",
     .about = "All assets' margin balances in USD, and beneath how far they were below their "
              "highest, transfers taken out.",
     .chart = {.quantity = "equity, USD, and drawdown",
               .accounts = "page_scopes",
               .values = "page_curve",
               .labels = {"equity", "drawdown"},
               .marks = "page_transfers",
               .marked = "transfers",
               .is_curve = true,
               .has_under = true}},
    {.id = "months",
     .title = "PnL by month",
     .about = "What positions earned, in USD: realized, funding, fees, other income and the change "
              "of what is unrealized. What the coins themselves gained or lost in USD is no part "
              "of it.",
     .tables = {"page_calendar", "page_parts"},
     .nothing = "No month is recorded."},
    {.id = "trips",
     .title = "Round trips",
     .about = "Each position from flat to flat, the last first. 'posrec report trips' has more "
              "columns.",
     .tables = {"trips_summary", "page_trips"},
     .kind = "trips"},
};
#define PART_COUNT (sizeof PARTS / sizeof PARTS[0])

static bool write_part(const struct report_question *question, const struct part *part, FILE *out,
                       struct error *error)
{
    int64_t rows = 0;
    bool done = write_heading(part->id, part->title, part->about, false, out, error) &&
                (part->chart.quantity == NULL || write_charts(question, &part->chart, out, error));
    for (size_t i = 0; done && i < 2 && part->tables[i] != NULL; i++) {
        done = write_table(question, part->tables[i], &PART_WRITER, out, &rows, error);
    }
    if (done && rows == 0 && part->nothing != NULL) {
        done = fprintf(out, "<p class=\"nothing\">%s</p>\n", part->nothing) > 0 ||
               error_set_output(error, out, NULL);
    }
    return done &&
           (part->kind == NULL ||
            write_words(question, report_kind_find(part->kind), true, rows == 0, out, error)) &&
           write_text("</section>\n", out, error);
}

static void append_tile(sqlite3_stmt *tile, struct text *out)
{
    static const char *const CLASSES[] = {"loss", "", "gain"};
    const char *unit = (const char *)sqlite3_column_text(tile, 4);
    struct text value = {0};
    int sign = people_append_value(tile, 3, people_unit_named(unit), &value);
    text_printf(out, "<div%s><dt>", sqlite3_column_int(tile, 6) ? " class=\"bad\"" : "");
    html_append_text(out, column_span(tile, 2));
    text_printf(out, "</dt><dd><a href=\"#%s\" class=\"%s\">", sqlite3_column_text(tile, 7),
                CLASSES[sign + 1]);
    text_append_string(out, value.size > 0 ? text_string(&value) : "&ndash;");
    bool is_usd = strcmp(unit, "usd") == 0 || strcmp(unit, "change") == 0;
    text_append_string(out, is_usd && value.size > 0 ? " <i>USD</i></a>" : "</a>");
    text_append_string(out, " <small>");
    html_append_text(out, column_span(tile, 5));
    text_append_string(out, "</small></dd></div>\n");
    out->failed |= value.failed;
    text_free(&value);
}

/* What it comes to: for all accounts and for each a list of tiles. */
static bool write_answer(const struct report_question *question, FILE *out, struct error *error)
{
    struct text text = {0}, account = {0}, sentence = {0};
    int64_t lists = 0;
    sqlite3_stmt *tiles = report_prepare(question, "page_answer", error);
    enum step step;
    text_append_string(&text, "<section id=\"answer\">\n<h2>Summary</h2>\n");
    while ((step = database_step(question->database, tiles, error)) == STEP_ROW) {
        if (lists == 0 ||
            strcmp(text_string(&account), (const char *)sqlite3_column_text(tiles, 0)) != 0) {
            text_set(&account, column_span(tiles, 0));
            text_append_string(&text,
                               lists++ > 0 ? "</dl>\n<h3 data-account=\"" : "<h3 data-account=\"");
            html_append_text(&text, text_span(&account));
            text_append_string(&text, "\">");
            html_append_text(&text,
                             account.size > 0 ? text_span(&account) : span_of("All accounts"));
            text_append_string(&text, "</h3>\n<dl data-account=\"");
            html_append_text(&text, text_span(&account));
            text_append_string(&text, "\">\n");
        }
        append_tile(tiles, &text);
    }
    sqlite3_finalize(tiles);
    text_append_string(&text, lists > 0 ? "</dl>\n" : "");
    bool done = step == STEP_DONE &&
                (lists > 0 || report_explain_nothing(question, "reconcile", &sentence, error));
    append_sentence(&text, "nothing", &sentence);
    text_append_string(&text, "</section>\n");
    text_free(&account);
    text_free(&sentence);
    return render_text(&text, out, error) && done;
}

/* The choice of an account, which the script shows, and links to the sections; counts whose
 * history there is. */
static bool write_navigation(const struct report_question *question, FILE *out, int64_t *scopes,
                             struct error *error)
{
    struct text text = {0};
    sqlite3_stmt *scope = report_prepare(question, "page_scopes", error);
    enum step step;
    *scopes = 0;
    text_append_string(&text, "<div class=\"bar\">\n<label hidden>Account <select id=\"account\" "
                              "autocomplete=\"off\">");
    while ((step = database_step(question->database, scope, error)) == STEP_ROW) {
        struct span name = column_span(scope, 0);
        text_append_string(&text, "<option value=\"");
        html_append_text(&text, name);
        text_append_string(&text, "\">");
        html_append_text(&text, name.size > 0 ? name : span_of("All accounts"));
        text_append_string(&text, "</option>");
        ++*scopes;
    }
    sqlite3_finalize(scope);
    text_append_string(&text, "</select></label>\n<nav aria-label=\"Sections\">"
                              "<a href=\"#answer\">Summary</a>");
    for (size_t i = 0; i<PART_COUNT && * scopes> 0; i++) {
        text_printf(&text, "<a href=\"#%s\">%s</a>", PARTS[i].id, PARTS[i].title);
    }
    text_append_string(&text, "<a href=\"#rest\">More</a></nav>\n</div>\n<main>\n");
    return render_text(&text, out, error) && step == STEP_DONE;
}

bool page_all(const struct report_question *question, const struct page_watch *watch, FILE *out,
              int64_t *findings, struct error *error)
{
    int64_t scopes;
    bool done = keep_all(question, error) && write_navigation(question, out, &scopes, error) &&
                write_answer(question, out, error);
    for (size_t i = 0; done && i < PART_COUNT && scopes > 0; i++) {
        done = write_part(question, &PARTS[i], out, error);
    }
    done = done && write_text("<section id=\"rest\">\n<h2>More</h2>\n", out, error);
    for (const struct report_kind *kind = REPORT_KINDS; done && kind->name != NULL; kind++) {
        int64_t rows = 0;
        watch->told(watch->context, kind - REPORT_KINDS, REPORT_KIND_COUNT);
        if (strcmp(kind->name, "trips") != 0) {
            done = write_kind(question, kind, &PART_WRITER, true, out, &rows, error);
            *findings += kind->is_audit ? rows : 0;
        }
    }
    return done && write_text("</section>\n</main>\n", out, error);
}
