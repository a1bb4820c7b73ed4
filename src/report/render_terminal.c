#include "report/render_terminal.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/span.h"
#include "base/terminal.h"
#include "base/text.h"
#include "report/columns.h"

#define WIDTH_UNKNOWN 100

/* A text that takes more room than this can do with so much, in several lines, or with what its
 * longest word takes; a word that is longer than a hash is divided. */
#define TEXT_WIDTH_MIN 30
#define WORD_WIDTH_MAX 64

/* Without so many of the columns that matter most there is no table. */
#define SHOWN_MIN 3

#define WHOLE_SECOND "0000-00-00T00:00:00.000Z" /* each 0 before the point is any digit */
#define SECONDS_SIZE 19                         /* up to the point */
#define TIME_SIZE (sizeof WHOLE_SECOND - 1)

#define RED "\033[31m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

struct shape {
    const char *name;
    const char *first; /* the first row's cell */
    size_t text_width;
    size_t word_width;    /* of the longest one */
    size_t before, after; /* of a number: up to its point, and from there on */
    size_t width;
    int rank; /* 0 for what matters most */
    bool is_number;
    bool is_money;         /* a loss is red */
    bool has_milliseconds; /* one of its cells is no time of a whole second */
    bool differs;
    bool is_filled;
    bool is_tried;
    bool is_shown;
    char time[TIME_SIZE + 1];
    struct span rest; /* of the cell that is being printed */
};

struct layout {
    const struct table *table;
    struct shape *columns;
    size_t count, shown;
    bool colours;
    FILE *out;
};

size_t terminal_width(FILE *out)
{
    struct winsize size = {0};
    int file = fileno(out);
    if (!isatty(file)) {
        return 0;
    }
    return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
}

static bool wants_colours(void)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return (none == NULL || none[0] == '\0') && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* Whether a column is of gains and losses, by its name. */
static bool is_money(const char *name)
{
    static const char *const NAMES[] = {"change", "total", "income", "funding", "expectancy"};
    size_t size = strlen(name);
    size -= size > 4 && strcmp(name + size - 4, "_usd") == 0 ? 4 : 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (span_is((struct span){name, size}, NAMES[i])) {
            return true;
        }
    }
    return strstr(name, "pnl") != NULL;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool is_whole_second(const char *cell)
{
    size_t i = 0;
    while (i < TIME_SIZE &&
           (cell[i] == WHOLE_SECOND[i] ||
            (i < SECONDS_SIZE && WHOLE_SECOND[i] == '0' && isdigit((unsigned char)cell[i])))) {
        i++;
    }
    return i == TIME_SIZE && cell[i] == '\0';
}

static void measure_cell(struct shape *column, const char *cell)
{
    size_t size = strlen(cell), before = strcspn(cell, ".");
    column->first = column->first == NULL ? cell : column->first;
    column->differs |= strcmp(column->first, cell) != 0;
    column->is_filled |= size > 0;
    column->has_milliseconds |= size > 0 && !is_whole_second(cell);
    column->text_width = larger(column->text_width, terminal_columns(span_of(cell)));
    for (const char *word = cell; *word != '\0'; word += strspn(word, " ")) {
        size_t end = strcspn(word, " ");
        column->word_width = larger(column->word_width, terminal_columns((struct span){word, end}));
        word += end;
    }
    column->before = larger(column->before, before);
    column->after = larger(column->after, size - before);
}

static void name_column(struct shape *column, const char *name, bool is_number, const char *matter)
{
    column->name = name;
    column->is_number = is_number;
    column->is_money = is_number && is_money(name);
    column->rank = columns_rank(matter == NULL ? "" : matter, name);
}

static void for_each_row(struct layout *layout,
                         const char *(*visit)(struct layout *, const char *cell))
{
    const char *cell = table_rows(layout->table);
    for (size_t i = 0; i < layout->table->row_count; i++) {
        cell = visit(layout, cell);
    }
}

/* Of the row that begins with the cell, as what is done with rows below; returns what follows. */
static const char *measure_row(struct layout *layout, const char *cell)
{
    for (size_t i = 0; i < layout->count; i++, cell = table_next(cell)) {
        measure_cell(&layout->columns[i], cell);
    }
    return cell;
}

static void settle_width(struct shape *column)
{
    bool is_shorter = column->is_filled && !column->has_milliseconds;
    column->text_width = is_shorter ? SECONDS_SIZE + strlen("Z") : column->text_width;
    column->width = larger(terminal_columns(span_of(column->name)),
                           column->is_number ? column->before + column->after : column->text_width);
}

/* How narrow it can be. */
static size_t least_width(const struct shape *column)
{
    size_t word = column->word_width < WORD_WIDTH_MAX ? column->word_width : WORD_WIDTH_MAX;
    size_t least = larger(larger(word, TEXT_WIDTH_MIN), terminal_columns(span_of(column->name)));
    return column->is_number || column->width < least ? column->width : least;
}

/* Whether one column goes before another where there is no room for both. */
static bool gives_way(const struct shape *a, const struct shape *b)
{
    if (a->is_filled != b->is_filled) {
        return !a->is_filled;
    }
    if (a->differs != b->differs) {
        return !a->differs;
    }
    return a->rank > b->rank;
}

/* The column that matters most of those that have not been tried; NULL when there is none. */
static struct shape *next_to_try(struct layout *layout)
{
    struct shape *found = NULL;
    for (size_t i = 0; i < layout->count; i++) {
        struct shape *column = &layout->columns[i];
        if (!column->is_tried && (found == NULL || gives_way(found, column))) {
            found = column;
        }
    }
    return found;
}

/* Shows as many columns as there is room for, none where there is none for those that matter most;
 * texts share what is left, the first the most. */
static void choose_columns(struct layout *layout, size_t width)
{
    struct shape *column;
    size_t used = 0, tried = 0;
    while ((column = next_to_try(layout)) != NULL) {
        size_t more = least_width(column) + (used > 0 ? 1 : 0);
        column->is_tried = true;
        column->is_shown = used + more <= width;
        tried++;
        if (!column->is_shown && tried <= SHOWN_MIN) {
            layout->shown = 0;
            return;
        }
        used += column->is_shown ? more : 0;
        layout->shown += column->is_shown;
    }
    for (size_t i = 0; i < layout->count; i++) {
        column = &layout->columns[i];
        size_t least = least_width(column), wanted = column->width - least;
        if (column->is_shown && wanted > 0) {
            size_t more = wanted < width - used ? wanted : width - used;
            column->width = least + more;
            used += more;
        }
    }
}

static void print_padded(struct layout *layout, size_t left, struct span text, size_t right)
{
    fprintf(layout->out, "%*s%.*s%*s", (int)left, "", (int)text.size, text.data, (int)right, "");
}

/* A cell as it is shown, until the column's next one. */
static struct span shown_cell(struct shape *column, const char *cell)
{
    if (cell[0] == '\0' || column->has_milliseconds) {
        return span_of(cell);
    }
    snprintf(column->time, sizeof column->time, "%.*sZ", SECONDS_SIZE, cell);
    return span_of(column->time);
}

/* The next line of a text, or a number, which has one. */
static void print_piece(struct layout *layout, struct shape *column, bool is_last)
{
    bool is_red =
        layout->colours && column->is_money && column->rest.size > 0 && column->rest.data[0] == '-';
    struct span piece = column->rest;
    size_t left = 0, width = column->width;
    if (column->is_number) {
        const char *point = memchr(piece.data, '.', piece.size);
        size_t before = point == NULL ? piece.size : (size_t)(point - piece.data);
        left = width - column->after - before;
        column->rest = (struct span){"", 0};
    } else {
        piece = terminal_take(&column->rest, width);
    }
    size_t used = left + terminal_columns(piece);
    fputs(is_red ? RED : "", layout->out);
    print_padded(layout, piece.size > 0 ? left : 0, piece,
                 is_last ? 0 : width - (piece.size > 0 ? used : 0));
    fputs(is_red ? PLAIN : "", layout->out);
}

static const char *print_row(struct layout *layout, const char *cell)
{
    for (size_t i = 0; i < layout->count; i++, cell = table_next(cell)) {
        layout->columns[i].rest = shown_cell(&layout->columns[i], cell);
    }
    bool goes_on;
    do {
        size_t number = 0;
        goes_on = false;
        for (size_t i = 0; i < layout->count; i++) {
            struct shape *column = &layout->columns[i];
            if (column->is_shown) {
                fputs(number > 0 ? " " : "", layout->out);
                print_piece(layout, column, ++number == layout->shown);
                goes_on |= column->rest.size > 0;
            }
        }
        fputc('\n', layout->out);
    } while (goes_on);
    return cell;
}

static void print_header(struct layout *layout)
{
    size_t number = 0;
    for (size_t i = 0; i < layout->count; i++) {
        const struct shape *column = &layout->columns[i];
        if (column->is_shown) {
            size_t space = column->width - terminal_columns(span_of(column->name));
            bool is_last = ++number == layout->shown;
            fputs(number > 1 ? " " : "", layout->out);
            print_padded(layout, column->is_number ? space : 0, span_of(column->name),
                         column->is_number || is_last ? 0 : space);
        }
    }
    fputc('\n', layout->out);
}

/* How many columns there are besides, and of those that say the same in each row what it is, as far
 * as the line goes. */
static bool print_note(struct layout *layout, size_t width)
{
    struct text note = {0};
    text_printf(&note, "%zu of %zu columns (--wide shows all)", layout->shown, layout->count);
    bool begins = true;
    for (size_t i = 0; layout->table->row_count > 1 && i < layout->count; i++) {
        struct shape *column = &layout->columns[i];
        if (!column->is_shown && !column->differs && column->is_filled) {
            size_t size = note.size;
            text_printf(&note, "%s%s ", begins ? "; in each row: " : ", ", column->name);
            text_append_span(&note, shown_cell(column, column->first));
            bool fits = !note.failed && terminal_columns(text_span(&note)) <= width;
            begins = begins && !fits;
            note.size = fits ? note.size : size;
        }
    }
    fprintf(layout->out, "%s%.*s%s\n", layout->colours ? DIM : "", (int)note.size,
            text_string(&note), layout->colours ? PLAIN : "");
    bool done = !note.failed;
    text_free(&note);
    return done;
}

static const char *print_list(struct layout *layout, const char *cell)
{
    size_t widest = 0;
    for (size_t i = 0; i < layout->count; i++) {
        widest = larger(widest, terminal_columns(span_of(layout->columns[i].name)));
    }
    fputs(layout->shown++ > 0 ? "\n" : "", layout->out);
    for (size_t i = 0; i < layout->count; i++, cell = table_next(cell)) {
        struct span name = span_of(layout->columns[i].name);
        print_padded(layout, 0, name, widest - terminal_columns(name));
        fprintf(layout->out, "  %s\n", cell);
    }
    return cell;
}

static bool print(struct layout *layout, const char *matter, size_t width)
{
    for_each_row(layout, measure_row);
    for (size_t i = 0; i < layout->count; i++) {
        settle_width(&layout->columns[i]);
    }
    choose_columns(layout, width);
    if (layout->shown < layout->count && (matter == NULL || layout->shown == 0)) {
        layout->shown = 0;
        for_each_row(layout, print_list);
        return true;
    }
    print_header(layout);
    for_each_row(layout, print_row);
    return layout->shown == layout->count || print_note(layout, width);
}

bool terminal_print(const struct table *table, const char *matter, size_t width, FILE *out,
                    struct error *error)
{
    struct layout layout = {
        .table = table,
        .count = table->column_count,
        .colours = wants_colours(),
        .out = out,
    };
    layout.columns = calloc(layout.count, sizeof *layout.columns);
    const char *name = text_string(&table->texts);
    for (size_t i = 0; layout.columns != NULL && i < layout.count; i++, name = table_next(name)) {
        name_column(&layout.columns[i], name, table->columns[i].is_number, matter);
    }
    bool done = (layout.columns != NULL && print(&layout, matter, width)) || error_no_memory(error);
    free(layout.columns);
    return done && (ferror(out) == 0 || error_set_output(error, out, NULL));
}
