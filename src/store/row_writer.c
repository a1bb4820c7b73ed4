#include "store/row_writer.h"

#include <stdlib.h>

enum statement {
    INSERT_ACCOUNT,
    INSERT_CONTRACT,
    UPDATE_CONTRACT,
    INSERT_LEG,
    INSERT_POSITION,
    INSERT_VALUATION,
    SELECT_REVISION,
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    [INSERT_ACCOUNT] = "INSERT INTO account (account_id, name, product) VALUES (?, ?, ?)",
    [INSERT_CONTRACT] =
        ("INSERT INTO contract (contract_id, product, symbol, pair, margin_asset, contract_type, "
         "delivery_ms, contract_size_e8, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
    [UPDATE_CONTRACT] =
        ("UPDATE contract SET product = ?2, symbol = ?3, pair = ?4, margin_asset = ?5, "
         "contract_type = ?6, delivery_ms = ?7, contract_size_e8 = ?8, source = ?9 "
         "WHERE contract_id = ?1"),
    [INSERT_LEG] =
        "INSERT INTO leg (leg_id, account_id, contract_id, position_side) VALUES (?, ?, ?, ?)",
    [INSERT_POSITION] =
        ("INSERT INTO position (leg_id, update_ms, revision, capture_id, position_amount_e8, "
         "entry_price_e8, break_even_price_e8, leverage, max_quantity_e8, auto_add_margin, "
         "isolated_wallet_e8, margin_type, present, rounded, extra) "
         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    [INSERT_VALUATION] =
        ("INSERT INTO valuation (leg_id, time_ms, update_ms, revision, mark_price_e8, "
         "unrealized_pnl_e8, liquidation_price_e8, isolated_margin_e8, notional_value_e8, rounded) "
         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    [SELECT_REVISION] = "SELECT max(revision) FROM position WHERE leg_id = ? AND update_ms = ?",
};

struct row_writer {
    const struct database *database;
    struct row_sink sink;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static bool put(struct row_writer *writer, enum statement which, struct error *error)
{
    return database_step_done(writer->database, writer->statements[which], error);
}

static bool put_account(void *context, const struct account *account, struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *insert = writer->statements[INSERT_ACCOUNT];
    bind_int(insert, 1, account->account_id);
    bind_span(insert, 2, text_span(&account->name));
    bind_span(insert, 3, span_of(PRODUCT_COIN_M));
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
    bind_span(statement, 2, span_of(PRODUCT_COIN_M));
    bind_span(statement, 3, text_span(&contract->symbol));
    bind_text_or_null(statement, 4, &contract->pair);
    bind_text_or_null(statement, 5, &contract->margin_asset);
    bind_text_or_null(statement, 6, &contract->contract_type);
    bind_maybe(statement, 7, contract->delivery_ms);
    bind_maybe(statement, 8, contract->contract_size_e8);
    bind_span(statement, 9, span_of(contract_source(contract)));
    return put(writer, which, error);
}

static bool put_leg(void *context, const struct account *account, const struct leg *leg,
                    struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *insert = writer->statements[INSERT_LEG];
    bind_int(insert, 1, leg->leg_id);
    bind_int(insert, 2, account->account_id);
    bind_int(insert, 3, leg->contract->contract_id);
    bind_span(insert, 4, text_span(&leg->row.position_side));
    return put(writer, INSERT_LEG, error);
}

static bool put_position(void *context, const struct leg *leg, int64_t capture_id,
                         struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *insert = writer->statements[INSERT_POSITION];
    const struct position_row *row = &leg->row;
    bind_int(insert, 1, leg->leg_id);
    bind_int(insert, 2, row->update_ms);
    bind_int(insert, 3, leg->revision);
    bind_int(insert, 4, capture_id);
    for (int i = 0; i < POSITION_COLUMN_COUNT; i++) {
        bind_maybe(insert, 5 + i, position_row_column(row, i));
    }
    if (row->has_margin_type) {
        bind_span(insert, 12, text_span(&row->margin_type));
    } else {
        sqlite3_bind_null(insert, 12);
    }
    bind_int(insert, 13, leg->present);
    bind_int(insert, 14, row->position_rounded);
    bind_text_or_null(insert, 15, &row->extra);
    return put(writer, INSERT_POSITION, error);
}

static bool put_valuation(void *context, const struct leg *leg, int64_t time_ms,
                          struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *insert = writer->statements[INSERT_VALUATION];
    bind_int(insert, 1, leg->leg_id);
    bind_int(insert, 2, time_ms);
    bind_int(insert, 3, leg->row.update_ms);
    bind_int(insert, 4, leg->revision);
    for (int i = POSITION_COLUMN_COUNT; i < COLUMN_COUNT; i++) {
        bind_maybe(insert, 5 + i - POSITION_COLUMN_COUNT, position_row_column(&leg->row, i));
    }
    bind_int(insert, 10, leg->row.valuation_rounded);
    return put(writer, INSERT_VALUATION, error);
}

static bool find_revision(void *context, const struct leg *leg, int64_t capture_id,
                          int64_t *revision, struct error *error)
{
    struct row_writer *writer = context;
    sqlite3_stmt *select = writer->statements[SELECT_REVISION];
    (void)capture_id; /* every row is of an earlier capture */
    bind_int(select, 1, leg->leg_id);
    bind_int(select, 2, leg->row.update_ms);
    enum step step = database_step(writer->database, select, error);
    if (step == STEP_ROW) {
        struct maybe_int highest = column_maybe(select, 0);
        *revision = highest.known ? highest.value : -1;
    }
    sqlite3_reset(select);
    return step == STEP_ROW;
}

struct row_writer *row_writer_new(const struct database *database, struct error *error)
{
    struct row_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        error_no_memory(error);
        return NULL;
    }
    writer->database = database;
    writer->sink = (struct row_sink){writer,       put_account,   put_contract, put_leg,
                                     put_position, put_valuation, find_revision};
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        writer->statements[i] = database_prepare(database, SQL[i], error);
        if (writer->statements[i] == NULL) {
            row_writer_free(writer);
            return NULL;
        }
    }
    return writer;
}

void row_writer_free(struct row_writer *writer)
{
    if (writer != NULL) {
        for (int i = 0; i < STATEMENT_COUNT; i++) {
            sqlite3_finalize(writer->statements[i]);
        }
        free(writer);
    }
}

const struct row_sink *row_writer_sink(const struct row_writer *writer)
{
    return &writer->sink;
}
