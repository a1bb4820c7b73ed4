#include "messages.h"

#include <stdarg.h>
#include <stdlib.h>

static char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text_of(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) {
        abort();
    }
    va_end(arguments);
    return text;
}

/* The begin of a message: event, times and, where the product tells it, the account's alias. */
static char *head_of(struct sim *sim, const struct sim_ledger *ledger, const char *event,
                     int64_t time_ms)
{
    char *alias = ledger->product->tells_alias ? text_of("\"i\":\"%s\",", ledger->account->name)
                                               : text_of("%s", "");
    char *head = text_of("{\"e\":\"%s\",\"E\":%lld,\"T\":%lld,%s", event,
                         (long long)sim_now_ms(sim), (long long)time_ms, alias);
    free(alias);
    return head;
}

static const struct market_symbol *symbol_of(const struct sim_ledger *ledger, int symbol)
{
    return &ledger->trader.market->symbols[symbol];
}

static const char *asset_of(const struct sim_ledger *ledger, int asset)
{
    return ledger->trader.market->assets[asset].name;
}

/* What of an order only one product tells, and a commission that was taken. */
static char *order_extras(const struct sim_ledger *ledger, const struct market_fill *fill,
                          bool is_trade)
{
    char *fee = is_trade ? text_of("\"N\":\"%s\",\"n\":\"%.8f\",",
                                   asset_of(ledger, fill->commission_asset), fill->commission)
                         : text_of("%s", "");
    char *extras = ledger->product->tells_alias
                       ? text_of("\"ma\":\"%s\",%s",
                                 asset_of(ledger, symbol_of(ledger, fill->symbol)->asset), fee)
                       : text_of("%s\"pP\":false,\"si\":0,\"ss\":0,\"gtd\":0,", fee);
    free(fee);
    return extras;
}

char *message_order(struct sim *sim, const struct sim_ledger *ledger,
                    const struct market_fill *fill, enum message_order what)
{
    const struct market_symbol *symbol = symbol_of(ledger, fill->symbol);
    bool is_trade = what == ORDER_FILLED, rests = fill->trade_id == 0;
    double price = is_trade ? fill->price : 0;
    const char *execution = what == ORDER_NEW        ? "NEW"
                            : what == ORDER_CANCELED ? "CANCELED"
                            : fill->is_liquidation   ? "CALCULATED"
                                                     : "TRADE";
    const char *status = is_trade ? "FILLED" : execution;
    const char *type = rests ? "LIMIT" : "MARKET";
    char quantity[32], filled[32], limit[32];
    market_write_amount(quantity, symbol, llabs(fill->delta));
    market_write_amount(filled, symbol, is_trade ? llabs(fill->delta) : 0);
    snprintf(limit, sizeof limit, rests ? "%.8f" : "0", fill->price);
    char *head = head_of(sim, ledger, "ORDER_TRADE_UPDATE", fill->time_ms);
    char *extras = order_extras(ledger, fill, is_trade);
    char *text = text_of(
        "%s\"o\":{\"s\":\"%s\","
        "\"c\":\"sim-%lld\",\"S\":\"%s\",\"o\":\"%s\",\"f\":\"GTC\",\"q\":\"%s\","
        "\"p\":\"%s\",\"ap\":\"%.8f\",\"sp\":\"0\",\"x\":\"%s\",\"X\":\"%s\",\"i\":%lld,"
        "\"l\":\"%s\",\"z\":\"%s\",\"L\":\"%.8f\",%s"
        "\"T\":%lld,\"t\":%lld,\"rp\":\"%.8f\",\"b\":\"0\",\"a\":\"0\",\"m\":%s,\"R\":false,"
        "\"wt\":\"CONTRACT_PRICE\",\"ot\":\"%s\",\"ps\":\"%s\",\"cp\":false,\"V\":\"NONE\","
        "\"pm\":\"NONE\",\"er\":\"0\"}}",
        head, symbol->name, (long long)fill->order_id, fill->delta > 0 ? "BUY" : "SELL", type,
        quantity, limit, price, execution, status, (long long)fill->order_id, filled, filled, price,
        extras, (long long)fill->time_ms, is_trade ? (long long)fill->trade_id : 0,
        is_trade ? fill->realized : 0, is_trade && fill->is_maker ? "true" : "false", type,
        MARKET_SIDES[fill->side]);
    free(head);
    free(extras);
    return text;
}

char *message_trade_lite(struct sim *sim, const struct sim_ledger *ledger,
                         const struct market_fill *fill)
{
    const struct market_symbol *symbol = symbol_of(ledger, fill->symbol);
    char quantity[32];
    market_write_amount(quantity, symbol, llabs(fill->delta));
    return text_of("{\"e\":\"TRADE_LITE\",\"E\":%lld,\"T\":%lld,\"s\":\"%s\",\"q\":\"%s\",\"p\":"
                   "\"0\",\"m\":%s,\"c\":\"sim-%lld\",\"S\":\"%s\",\"L\":\"%.8f\",\"l\":\"%s\","
                   "\"t\":%lld,\"i\":%lld}",
                   (long long)sim_now_ms(sim), (long long)fill->time_ms, symbol->name, quantity,
                   fill->is_maker ? "true" : "false", (long long)fill->order_id,
                   fill->delta > 0 ? "BUY" : "SELL", fill->price, quantity,
                   (long long)fill->trade_id, (long long)fill->order_id);
}

/* A wallet as ACCOUNT_UPDATE tells it. */
static char *wallet_of(const struct sim_ledger *ledger, int asset, double isolated,
                       const char *change)
{
    double wallet = ledger->trader.wallet[asset];
    return text_of("{\"a\":\"%s\",\"wb\":\"%.8f\",\"cw\":\"%.8f\",\"bc\":\"%s\"}",
                   asset_of(ledger, asset), wallet, wallet - isolated, change);
}

char *message_account(struct sim *sim, const struct sim_ledger *ledger,
                      const struct market_fill *fill)
{
    const struct market_account *trader = &ledger->trader;
    const struct market_symbol *symbol = symbol_of(ledger, fill->symbol);
    const struct market_leg *leg = &trader->leg[fill->symbol][fill->side];
    bool other = fill->commission_asset != symbol->asset;
    char amount[32];
    market_write_amount(amount, symbol, leg->amount);
    char *head = head_of(sim, ledger, "ACCOUNT_UPDATE", leg->update_ms);
    char *wallet = wallet_of(ledger, symbol->asset, leg->isolated_wallet, "0");
    char *payer = other ? wallet_of(ledger, fill->commission_asset, 0, "0") : text_of("%s", "");
    char *text = text_of(
        "%s\"a\":{\"m\":\"ORDER\",\"B\":[%s%s%s],"
        "\"P\":[{\"s\":\"%s\",\"pa\":\"%s\",\"ep\":\"%.8f\",\"bep\":\"%.8f\",\"cr\":\"%.8f\","
        "\"up\":\"%.8f\",\"mt\":\"%s\",\"iw\":\"%.8f\",\"ps\":\"%s\"}]}}",
        head, wallet, other ? "," : "", payer, symbol->name, amount, leg->entry_price,
        leg->amount == 0 ? 0 : market_break_even(trader, leg), fill->realized,
        market_unrealized(trader, fill->symbol, fill->side), leg->isolated ? "isolated" : "cross",
        leg->isolated_wallet, MARKET_SIDES[fill->side]);
    free(head);
    free(wallet);
    free(payer);
    return text;
}

char *message_balance(struct sim *sim, const struct sim_ledger *ledger, const char *reason,
                      int asset, int symbol, double change)
{
    char changed[40];
    snprintf(changed, sizeof changed, "%.8f", change);
    char *head = head_of(sim, ledger, "ACCOUNT_UPDATE", ledger->books.wallet_ms[asset]);
    char *of =
        symbol >= 0 ? text_of("\"S\":\"%s\",", symbol_of(ledger, symbol)->name) : text_of("%s", "");
    char *wallet = wallet_of(ledger, asset, 0, changed);
    char *text = text_of("%s\"a\":{\"m\":\"%s\",%s\"B\":[%s],\"P\":[]}}", head, reason, of, wallet);
    free(head);
    free(of);
    free(wallet);
    return text;
}

char *message_deposit(struct sim *sim, const struct sim_ledger *ledger, int64_t number)
{
    long long wallet = (long long)(ledger->trader.wallet[0] + 0.5) + number;
    const struct market *market = ledger->trader.market;
    int kinds = market->count < MARKET_ACTIVE_SYMBOLS ? market->count : MARKET_ACTIVE_SYMBOLS;
    char *head = head_of(sim, ledger, "ACCOUNT_UPDATE", sim_now_ms(sim));
    char *text = text_of("%s\"a\":{\"m\":\"DEPOSIT\","
                         "\"B\":[{\"a\":\"%s\",\"wb\":\"%lld.00000000\",\"cw\":\"%lld.00000000\","
                         "\"bc\":\"1\"}],\"P\":[]}}",
                         head, asset_of(ledger, market->symbols[number % kinds].asset), wallet,
                         (long long)number);
    free(head);
    return text;
}

char *message_leverage(struct sim *sim, const struct sim_ledger *ledger, int symbol)
{
    const struct market_account *trader = &ledger->trader;
    return text_of("{\"e\":\"ACCOUNT_CONFIG_UPDATE\",\"E\":%lld,\"T\":%lld,\"ac\":{\"s\":\"%s\","
                   "\"l\":%d}}",
                   (long long)sim_now_ms(sim), (long long)sim_now_ms(sim),
                   symbol_of(ledger, symbol)->name,
                   trader->leg[symbol][trader->hedge ? SIDE_LONG : SIDE_BOTH].leverage);
}

char *message_multi_assets(struct sim *sim, const struct sim_ledger *ledger)
{
    return text_of("{\"e\":\"ACCOUNT_CONFIG_UPDATE\",\"E\":%lld,\"T\":%lld,\"ai\":{\"j\":%s}}",
                   (long long)sim_now_ms(sim), (long long)sim_now_ms(sim),
                   ledger->trader.multi_assets ? "true" : "false");
}

char *message_key_expired(struct sim *sim, const struct sim_ledger *ledger, bool as_text)
{
    const char *quote = as_text ? "\"" : "";
    return text_of("{\"e\":\"listenKeyExpired\",\"E\":%s%lld%s,\"listenKey\":\"%s\"}", quote,
                   (long long)sim_now_ms(sim), quote, ledger->stream.listen_key);
}
