#include "store/rows/row_writer.h"

#include <stdlib.h>

#include "store/rows/hours.h"
#include "store/rows/income_days.h"
#include "store/rows/row_statement.h"
#include "store/rows/tellings.h"
#include "store/rows/trip_parts.h"

enum statement {
    INSERT_ACCOUNT,
    INSERT_CONTRACT,
    UPDATE_CONTRACT,
    INSERT_LEG,
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    [INSERT_ACCOUNT] = "INSERT INTO account (account_id, name, product) VALUES (?, ?, ?)",
    [INSERT_CONTRACT] =
        ("INSERT INTO contract (contract_id, product, symbol, pair, margin_asset, contract_type, "
         "delivery_ms, contract_size_e8, source, capture_id, since_ms) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"),
    [UPDATE_CONTRACT] =
        ("UPDATE contract SET product = ?2, symbol = ?3, pair = ?4, margin_asset = ?5, "
         "contract_type = ?6, delivery_ms = ?7, contract_size_e8 = ?8, source = ?9, "
         "capture_id = ?10, since_ms = ?11 "
         "WHERE contract_id = ?1"),
    [INSERT_LEG] =
        "INSERT INTO leg (leg_id, account_id, contract_id, position_side) VALUES (?, ?, ?, ?)",
};

struct row_writer {
    const struct database *database;
    struct row_sink sink;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    sqlite3_stmt *inserts[ROW_KIND_COUNT]; /* of hours: all of the account's at once */
    struct tellings *tellings;
    struct income_days *days;
    struct trip_parts *parts;
};

static bool put(struct row_writer *writer, enum statement which, struct error *error)
{
    return database_write_row(writer->database, writer->statements[which], error);
}

static bool put_account(void *context, const struct account *account, struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *insert = writer->statements[INSERT_ACCOUNT];
    bind_int(insert, 1, account->account_id);
    bind_span(insert, 2, text_span(&account->name));
    bind_span(insert, 3, span_of(account->product->name));
    return put(writer, INSERT_ACCOUNT, error);
}

static bool put_contract(void *context, const struct contract_entry *entry, bool is_new,
                         struct error *error)
{
    struct row_writer *writer = context;
    enum statement which = is_new ? INSERT_CONTRACT : UPDATE_CONTRACT;
    sqlite3_stmt *statement = writer->statements[which];
    const struct contract *contract = &entry->contract;
    bind_int(statement, 1, entry->contract_id);
    bind_span(statement, 2, span_of(contract->product->name));
    bind_span(statement, 3, text_span(&contract->symbol));
    bind_text_or_null(statement, 4, &contract->pair);
    bind_text_or_null(statement, 5, &contract->margin_asset);
    bind_text_or_null(statement, 6, &contract->contract_type);
    bind_maybe(statement, 7, contract->delivery_ms);
    bind_maybe(statement, 8, contract->contract_size_e8);
    bind_span(statement, 9, span_of(contract_source(contract)));
    bind_int(statement, 10, entry->capture_id);
    bind_maybe(statement, 11, contract_since(entry));
    return (is_new ||
            (income_days_note_contract(writer->days, entry->contract_id, contract, error) &&
             trip_parts_note_contract(writer->parts, entry->contract_id, contract, error))) &&
           put(writer, which, error);
}

static bool put_leg(void *context, const struct account *account, const struct leg *leg,
                    struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *insert = writer->statements[INSERT_LEG];
    bind_int(insert, 1, leg->leg_id);
    bind_int(insert, 2, account->account_id);
    bind_int(insert, 3, leg->contract->contract_id);
    bind_span(insert, 4, subject_side(&leg->subject));
    return income_days_note_leg(writer->days, account->account_id, subject_symbol(&leg->subject),
                                error) &&
           put(writer, INSERT_LEG, error);
}

static bool close_hours(void *context, const struct account *account, const struct hours_over *over,
                        struct error *error)
{
    struct row_writer *writer = context;
    for (int i = 0; i < ROW_KIND_COUNT; i++) {
        if (!row_kind_is_hour(&ROW_KINDS[i])) {
            continue;
        }
        hours_bind(writer->inserts[i], text_span(&account->name), over);
        if (database_step(writer->database, writer->inserts[i], error) != STEP_DONE) {
            return false;
        }
    }
    return income_days_close(writer->days, over->until_ms, error) &&
           trip_parts_close(writer->parts, account->account_id, over, error);
}

static bool put_row(void *context, const struct row *row, const struct leg *leg,
                    struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *insert = writer->inserts[row->kind - ROW_KINDS];
    (void)leg;
    row_bind(insert, row);
    return database_write_row(writer->database, insert, error) &&
           income_days_note_row(writer->days, row, error) &&
           trip_parts_note_row(writer->parts, row, error);
}

static bool find_last(void *context, const struct row *row, struct telling *last,
                      struct error *error)
{
    struct row_writer *writer = context;
    return tellings_find_last(writer->tellings, row, last, error);
}

struct row_writer *row_writer_new(const struct database *database, struct error *error)
{
    struct row_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        error_no_memory(error);
        return NULL;
    }
    writer->database = database;
    writer->sink = (struct row_sink){writer,      put_account, put_contract, put_leg,
                                     close_hours, put_row,     find_last};
    writer->tellings = tellings_new(database, error);
    writer->days = writer->tellings != NULL ? income_days_new(database, error) : NULL;
    writer->parts = writer->days != NULL ? trip_parts_new(database, error) : NULL;
    bool ready = writer->parts != NULL &&
                 database_prepare_all(database, SQL, STATEMENT_COUNT, writer->statements, error);
    for (int i = 0; i < ROW_KIND_COUNT && ready; i++) {
        writer->inserts[i] = row_kind_is_hour(&ROW_KINDS[i])
                                 ? hours_prepare(database, &ROW_KINDS[i], true, error)
                                 : row_statement_insert(database, &ROW_KINDS[i], error);
        ready = writer->inserts[i] != NULL;
    }
    if (!ready) {
        row_writer_free(writer);
        return NULL;
    }
    return writer;
}

void row_writer_free(struct row_writer *writer)
{
    if (writer != NULL) {
        statements_finalize(writer->statements, STATEMENT_COUNT);
        statements_finalize(writer->inserts, ROW_KIND_COUNT);
        income_days_free(writer->days);
        trip_parts_free(writer->parts);
        tellings_free(writer->tellings);
        free(writer);
    }
}

bool row_writer_refresh(struct row_writer *writer, struct error *error)
{
    return income_days_load(writer->days, error) && trip_parts_load(writer->parts, error);
}

const struct row_sink *row_writer_sink(const struct row_writer *writer)
{
    return &writer->sink;
}
