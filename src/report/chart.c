#include "report/chart.h"

#include <math.h>

#include "report/downsample.h"
#include "report/html.h"
#include "report/renderers.h"
#include "store/rows/hours.h"

#define BUCKETS_PER_CHART 3000 /* shared by its series */
#define BUCKETS_MIN 60
#define BUCKETS_MAX 600
#define SERIES_MAX 60
#define MARKS_MAX 500
#define SHADED_MIN_PART 2000 /* a gap is shaded when it is at least this part of the range */

struct gap {
    int64_t from_ms, to_ms;
};

/* A row of a chart whose statement has a column for each label. */
struct columns {
    int64_t time_ms;
    double values[REPORT_LABELS_MAX];
};

/* One chart in the making. */
struct chart {
    const struct report_chart *kind;
    const struct report_question *question; /* of the one account and its range */
    struct text gaps;                       /* struct gap, one after the other */
    struct text json;
    int buckets;
    int64_t taken; /* points in the database, and points drawn */
    int64_t kept;
    bool by_hour;    /* points are of hours */
    bool risen;      /* some value is not 0 */
    int legs;        /* there are to draw */
    int64_t changes; /* of positions, and marks drawn for them */
    int64_t marks;

    /* The series that is being written */
    struct downsample downsample;
    size_t next_gap;
    bool known; /* `last` is the series' value so far */
    double last;
    bool comma;
};

static bool read_gaps(struct chart *chart, struct error *error)
{
    const struct database *database = chart->question->database;
    sqlite3_stmt *gaps = report_prepare(chart->question, "chart_gaps", error);
    enum step step;
    while ((step = database_step(database, gaps, error)) == STEP_ROW) {
        struct gap gap = {sqlite3_column_int64(gaps, 0), sqlite3_column_int64(gaps, 1)};
        text_append(&chart->gaps, &gap, sizeof gap);
    }
    sqlite3_finalize(gaps);
    return step == STEP_DONE && (!chart->gaps.failed || error_no_memory(error));
}

/* NULL past the last. */
static const struct gap *gap_at(const struct chart *chart, size_t number)
{
    const struct gap *list = (const void *)chart->gaps.data;
    return number < chart->gaps.size / sizeof *list ? &list[number] : NULL;
}

static void write_point(void *context, const struct downsample_point *point)
{
    struct chart *chart = context;
    text_append_string(&chart->json, chart->comma ? "," : "");
    if (point == NULL) {
        text_append_string(&chart->json, "null");
    } else {
        text_printf(&chart->json, "[%lld,%.9g]",
                    (long long)(point->time_ms - chart->question->from_ms.value), point->value);
    }
    chart->comma = true;
}

static void begin_series(struct chart *chart, struct span label, bool first)
{
    text_append_string(&chart->json, first ? "\n{\"label\":" : ",\n{\"label\":");
    html_append_json(&chart->json, label);
    text_append_string(&chart->json, ",\"points\":[");
    downsample_begin(&chart->downsample, chart->question->from_ms.value,
                     chart->question->to_ms.value, chart->buckets, write_point, chart);
    chart->next_gap = 0;
    chart->known = false;
    chart->comma = false;
}

static void end_series(struct chart *chart)
{
    downsample_end(&chart->downsample);
    chart->taken += chart->downsample.taken;
    chart->kept += chart->downsample.kept;
    text_append_string(&chart->json, "]}");
}

/* Interrupts the series where gaps lie between its last point and `time_ms`. A value that stands
 * between changes is drawn up to the gap, and from its end. */
static void pass_gaps(struct chart *chart, int64_t time_ms, bool stands)
{
    const struct gap *gap;
    for (; (gap = gap_at(chart, chart->next_gap)) != NULL && gap->to_ms <= time_ms;
         chart->next_gap++) {
        if (stands && chart->known) {
            downsample_add(&chart->downsample, gap->from_ms, chart->last);
        }
        downsample_break(&chart->downsample);
        if (stands && chart->known && gap->to_ms < time_ms) {
            downsample_add(&chart->downsample, gap->to_ms, chart->last);
        }
    }
}

/* NAN where there is none: SQLite has no such number of its own. */
static double column_value(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? (double)NAN
               : sqlite3_column_double(statement, column);
}

/* Adds a value, NAN for a break. */
static void add_value(struct chart *chart, int64_t time_ms, double value, bool stands)
{
    pass_gaps(chart, time_ms, stands);
    if (isnan(value)) {
        downsample_break(&chart->downsample);
        return;
    }
    chart->last = value;
    chart->known = true;
    chart->risen |= chart->last < 0 || chart->last > 0;
    downsample_add(&chart->downsample, time_ms, chart->last);
}

/* Writes the series that the statement gives: times, and their values. */
static bool write_values(struct chart *chart, sqlite3_stmt *values, struct error *error)
{
    enum step step;
    while ((step = database_step(chart->question->database, values, error)) == STEP_ROW) {
        add_value(chart, sqlite3_column_int64(values, 0), column_value(values, 1), false);
    }
    return step == STEP_DONE;
}

/* The same by the hour: the first value of one; where it is summed up its last time and value, its
 * lowest and its highest too. When in the hour those were is not known, nor to be seen. */
static bool write_hours(struct chart *chart, sqlite3_stmt *hours, struct error *error)
{
    enum step step;
    while ((step = database_step(chart->question->database, hours, error)) == STEP_ROW) {
        int64_t first_ms = sqlite3_column_int64(hours, 0);
        add_value(chart, first_ms, column_value(hours, 1), false);
        if (sqlite3_column_type(hours, 2) != SQLITE_NULL) {
            int64_t last_ms = sqlite3_column_int64(hours, 2);
            int64_t third_ms = (last_ms - first_ms) / 3;
            add_value(chart, first_ms + third_ms, column_value(hours, 4), false);
            add_value(chart, last_ms - third_ms, column_value(hours, 5), false);
            add_value(chart, last_ms, column_value(hours, 3), false);
        }
    }
    return step == STEP_DONE;
}

/* `values`: the statement of the leg before it, NULL before the first. */
static bool write_leg(struct chart *chart, sqlite3_stmt *leg, sqlite3_stmt **values,
                      struct error *error)
{
    const struct report_chart *kind = chart->kind;
    struct report_question question = *chart->question;
    question.symbol = (const char *)sqlite3_column_text(leg, 1);
    question.side = (const char *)sqlite3_column_text(leg, 2);
    begin_series(chart, column_span(leg, 0), *values == NULL);
    chart->by_hour = kind->hours != NULL && chart->downsample.bucket_ms >= HOUR_MS;
    if (*values != NULL) {
        report_ask_again(&question, *values);
    } else {
        *values = report_prepare(&question, chart->by_hour ? kind->hours : kind->values, error);
    }
    bool done =
        chart->by_hour ? write_hours(chart, *values, error) : write_values(chart, *values, error);
    end_series(chart);
    return done;
}

static int buckets_for(int series)
{
    int buckets = BUCKETS_PER_CHART / (series > 0 ? series : 1);
    return buckets < BUCKETS_MIN ? BUCKETS_MIN : buckets > BUCKETS_MAX ? BUCKETS_MAX : buckets;
}

/* A series for each leg that was open in the range, or each asset that there was. */
static bool write_legs(struct chart *chart, struct error *error)
{
    sqlite3_stmt *legs = report_prepare(chart->question, chart->kind->series, error);
    enum step step;
    while ((step = database_step(chart->question->database, legs, error)) == STEP_ROW) {
        chart->legs++;
    }
    chart->buckets = buckets_for(chart->legs);
    bool done = step == STEP_DONE;
    sqlite3_stmt *values = NULL;
    for (int i = 0; done && i < chart->legs && i < SERIES_MAX; i++) {
        done = database_step(chart->question->database, legs, error) == STEP_ROW &&
               write_leg(chart, legs, &values, error);
    }
    sqlite3_finalize(values);
    sqlite3_finalize(legs);
    return done;
}

/* Reads the statement once: the series are written one after the other, each of them of all rows.
 */
static bool read_columns(const struct chart *chart, int count, struct text *rows,
                         struct error *error)
{
    sqlite3_stmt *values = report_prepare(chart->question, chart->kind->values, error);
    enum step step;
    while ((step = database_step(chart->question->database, values, error)) == STEP_ROW) {
        struct columns row = {sqlite3_column_int64(values, 0), {0}};
        for (int i = 0; i < count; i++) {
            row.values[i] = column_value(values, i + 1);
        }
        text_append(rows, &row, sizeof row);
    }
    sqlite3_finalize(values);
    return step == STEP_DONE && (!rows->failed || error_no_memory(error));
}

/* A value stands until the next, and the last one to the end, but where it is a curve. */
static void write_column(struct chart *chart, const struct text *rows, int column)
{
    const struct columns *row = (const void *)rows->data;
    for (size_t i = 0; i < rows->size / sizeof *row; i++) {
        add_value(chart, row[i].time_ms, row[i].values[column], !chart->kind->is_curve);
    }
    if (chart->known && !chart->kind->is_curve) {
        pass_gaps(chart, chart->question->to_ms.value, true);
        downsample_add(&chart->downsample, chart->question->to_ms.value, chart->last);
    }
}

static bool write_columns(struct chart *chart, struct error *error)
{
    const struct report_chart *kind = chart->kind;
    struct text rows = {0};
    int count = 0;
    while (kind->labels[count] != NULL) {
        count++;
    }
    bool done = read_columns(chart, count, &rows, error);
    chart->buckets = buckets_for(count);
    for (int i = 0; done && i < count; i++) {
        begin_series(chart, span_of(kind->labels[i]), i == 0);
        write_column(chart, &rows, i);
        end_series(chart);
    }
    text_free(&rows);
    return done;
}

/* Marks closer together than can be told apart are one, with the first one's text. */
static bool write_marks(struct chart *chart, struct error *error)
{
    int64_t from_ms = chart->question->from_ms.value;
    int64_t apart_ms = (chart->question->to_ms.value - from_ms) / MARKS_MAX;
    int64_t next_ms = from_ms;
    sqlite3_stmt *marks = report_prepare(
        chart->question, chart->kind->marks != NULL ? chart->kind->marks : "chart_changes", error);
    enum step step;
    text_append_string(&chart->json, "],\n\"marks\":[");
    while ((step = database_step(chart->question->database, marks, error)) == STEP_ROW) {
        int64_t time_ms = sqlite3_column_int64(marks, 0);
        chart->changes++;
        if (time_ms >= next_ms) {
            text_printf(&chart->json, "%s[%lld,", chart->marks > 0 ? ",\n" : "",
                        (long long)(time_ms - from_ms));
            html_append_json(&chart->json, column_span(marks, 1));
            text_append_char(&chart->json, ']');
            chart->marks++;
            next_ms = time_ms + apart_ms;
        }
    }
    sqlite3_finalize(marks);
    return step == STEP_DONE;
}

static void write_gaps(struct chart *chart)
{
    int64_t from_ms = chart->question->from_ms.value;
    int64_t least_ms = (chart->question->to_ms.value - from_ms) / SHADED_MIN_PART;
    bool comma = false;
    text_append_string(&chart->json, "],\n\"gaps\":[");
    const struct gap *gap;
    for (size_t i = 0; (gap = gap_at(chart, i)) != NULL; i++) {
        if (gap->to_ms - gap->from_ms >= least_ms) {
            text_printf(&chart->json, "%s[%lld,%lld]", comma ? "," : "",
                        (long long)(gap->from_ms - from_ms), (long long)(gap->to_ms - from_ms));
            comma = true;
        }
    }
    text_append_string(&chart->json, "]}");
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static bool build(struct chart *chart, struct error *error)
{
    const struct report_chart *kind = chart->kind;
    text_printf(&chart->json,
                "{\"share\":%s,\"step\":%s,\"under\":%s,\"from\":%lld,\"to\":%lld,\"series\":[",
                truth(kind->is_share), truth(kind->series == NULL && !kind->is_curve),
                truth(kind->has_under), (long long)chart->question->from_ms.value,
                (long long)chart->question->to_ms.value);
    bool done = read_gaps(chart, error) &&
                (kind->series == NULL ? write_columns(chart, error) : write_legs(chart, error));
    if (!done || !write_marks(chart, error)) {
        return false;
    }
    write_gaps(chart);
    return !chart->json.failed || error_no_memory(error);
}

/* The chart's element around its data, and what the reader must know of it. */
static void frame(struct text *page, const struct chart *chart)
{
    const char *account = chart->question->account;
    text_append_string(page, "<figure class=\"chart\" data-account=\"");
    html_append_text(page, span_of(account));
    text_append_string(page, "\"><figcaption>");
    html_append_text(page, span_of(*account != '\0' ? account : "All accounts"));
    text_printf(page, ": %s", chart->kind->quantity);
    text_append_string(page, "</figcaption>\n<script type=\"application/json\">");
    text_append(page, text_string(&chart->json), chart->json.size);
    text_append_string(page, "</script>\n<p class=\"note\">Drag to zoom, double-click to go back. "
                             "Gray: no good poll.");
    if (chart->marks > 0) {
        text_printf(page, " Triangles: %s.",
                    chart->kind->marked != NULL ? chart->kind->marked : "position changes");
    }
    if (chart->by_hour) {
        text_printf(page, " Points are %s.", chart->kind->points);
    }
    if (chart->kept < chart->taken) {
        text_printf(page,
                    " Drawn are %lld of %lld points: of each slice of time the first, the lowest, "
                    "the highest and the last%s.",
                    (long long)chart->kept, (long long)chart->taken,
                    chart->by_hour ? "" : ", so no peak is lost");
    }
    if (chart->legs > SERIES_MAX) {
        text_printf(page, " Drawn are the first %d of %d legs; --symbol chooses.", SERIES_MAX,
                    chart->legs);
    }
    if (chart->marks < chart->changes) {
        text_printf(page, " %lld triangles stand for %lld changes.", (long long)chart->marks,
                    (long long)chart->changes);
    }
    text_append_string(page, "</p></figure>\n");
}

bool chart_write(const struct report_chart *kind, const struct report_question *question, FILE *out,
                 bool *drawn, struct error *error)
{
    struct text page = {0};
    struct chart chart = {.kind = kind, .question = question};
    *drawn = false;
    if (question->from_ms.value >
        question->to_ms.value) { /* 'posrec verify' refuses the database */
        return true;
    }
    bool done = build(&chart, error);
    *drawn = done && chart.risen;
    if (*drawn) {
        frame(&page, &chart);
        done = render_text(&page, out, error);
    }
    text_free(&chart.json);
    text_free(&chart.gaps);
    return done;
}
