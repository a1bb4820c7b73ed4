#include "store/rows/contract_terms.h"

#include <string.h>

#include "derive/contract_deriver.h"
#include "model/product.h"
#include "store/evidence/capture_reader.h"
#include "store/rows/row_writer.h"

/* What fills the table. */
struct filling {
    const struct database *database;
    const struct row_sink *sink;
    struct contract_deriver deriver;
    struct capture_reader *reader;
    struct stored_capture stored;
    struct row term;
};

static bool put_term(struct filling *filling, const struct contract_entry *entry,
                     struct error *error)
{
    const struct row_sink *sink = filling->sink;
    return (contract_term_fill(&filling->term, entry) || error_no_memory(error)) &&
           sink->put_contract(sink->context, entry, false, error) && /* the contract is there */
           sink->put_row(sink->context, &filling->term, NULL, error);
}

/* Each contract that rows name, by the first capture that made one, and each exchangeInfo, in the
 * order in which they were recorded. */
static sqlite3_stmt *prepare_tellings(const struct database *database, struct error *error)
{
    struct text sql = {0};
    const char *before = "";
    text_append_string(&sql,
                       "SELECT min(n.capture_id), c.contract_id, c.symbol, 0, c.product FROM (");
    for (int i = 0; i < ROW_KIND_COUNT; i++) {
        const struct row_kind *kind = &ROW_KINDS[i];
        bool of_leg = strcmp(kind->columns[0].name, "leg_id") == 0;
        if (row_kind_of_type(kind, COLUMN_CAPTURE) >= 0 && (of_leg || i == ROW_LEVERAGE_UPDATE)) {
            text_printf(&sql,
                        "%sSELECT contract_id, min(capture_id) AS capture_id FROM %s%s GROUP BY 1",
                        before, kind->table, of_leg ? " JOIN leg USING (leg_id)" : "");
            before = " UNION ALL ";
        }
    }
    text_append_string(
        &sql, ") AS n JOIN contract AS c USING (contract_id) GROUP BY c.contract_id "
              "UNION ALL SELECT s.capture_id, 0, '', s.received_ms, a.product "
              "FROM capture AS s JOIN account AS a USING (account_id) "
              "LEFT JOIN reading AS r USING (capture_id) "
              "WHERE s.endpoint = 'exchangeInfo' AND coalesce(r.outcome, s.outcome) = 'ok' "
              "ORDER BY 1, 2");
    return database_prepare_text(database, &sql, error);
}

/* What cannot be read any more is verify's to tell of. */
static bool take_body(struct filling *filling, const struct product *product, int64_t capture_id,
                      struct error *error)
{
    struct stored_capture *stored = &filling->stored;
    struct contract_list list;
    struct odd_fields odd;
    const struct contract_entry *entry = NULL;
    int64_t count = 0;
    bool is_new, good;
    if (capture_reader_get(filling->reader, capture_id, stored, error) != STEP_ROW ||
        !contract_deriver_read(&filling->deriver, product, text_span(&stored->capture.body), &count,
                               &odd, error)) {
        return error->kind == ERROR_FAILED;
    }
    good = contract_list_open(product, text_span(&stored->capture.body), &list, error);
    do {
        good = good && contract_deriver_next(&filling->deriver, &list, &entry, &is_new, error) &&
               (entry == NULL || put_term(filling, entry, error));
    } while (good && entry != NULL);
    return good;
}

static bool take_telling(struct filling *filling, sqlite3_stmt *tellings, struct error *error)
{
    const struct contract_entry *entry;
    bool is_new;
    int64_t capture_id = sqlite3_column_int64(tellings, 0);
    struct span symbol = column_span(tellings, 2);
    const struct product *product = product_find(column_span(tellings, 4));
    if (product == NULL) {
        return true; /* verify's to tell of, too */
    }
    contract_deriver_hear(&filling->deriver, capture_id, sqlite3_column_int64(tellings, 3));
    return symbol.size == 0 ? take_body(filling, product, capture_id, error)
                            : contract_deriver_find(&filling->deriver, product, symbol, &entry,
                                                    &is_new, error) &&
                                  (!is_new || put_term(filling, entry, error));
}

static bool take_all(struct filling *filling, struct error *error)
{
    sqlite3_stmt *tellings = prepare_tellings(filling->database, error);
    enum step step = STEP_FAILED;
    bool taken = tellings != NULL;
    while (taken && (step = database_step(filling->database, tellings, error)) == STEP_ROW) {
        taken = take_telling(filling, tellings, error);
    }
    sqlite3_finalize(tellings);
    return taken && step == STEP_DONE;
}

bool contract_terms_fill(const struct database *database, struct error *error)
{
    struct filling filling = {.database = database};
    struct row_writer *writer = row_writer_new(database, error);
    filling.reader = writer != NULL ? capture_reader_new(database, error) : NULL;
    bool done = filling.reader != NULL;
    if (done) {
        filling.sink = row_writer_sink(writer);
        done = take_all(&filling, error);
    }
    contract_deriver_free(&filling.deriver);
    capture_reader_free(filling.reader);
    row_writer_free(writer);
    stored_capture_free(&filling.stored);
    row_free(&filling.term);
    return done;
}
