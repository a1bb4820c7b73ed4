#include "messages.h"

#include <stdarg.h>
#include <stdlib.h>

static const char *const SIDES[] = {"BOTH", "LONG", "SHORT"};

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

char *message_order(struct sim *sim, const struct sim_account *account,
                    const struct market_fill *fill, bool is_trade)
{
    const struct market_symbol *symbol = &sim->symbols[fill->symbol];
    long long filled = is_trade ? llabs(fill->delta) : 0;
    double price = is_trade ? fill->price : 0;
    const char *execution = !is_trade ? "NEW" : fill->is_liquidation ? "CALCULATED" : "TRADE";
    char *fee = is_trade ? text_of("\"N\":\"%s\",\"n\":\"%.8f\",", symbol->asset, fill->commission)
                         : text_of("%s", "");
    char *text = text_of(
        "{\"e\":\"ORDER_TRADE_UPDATE\",\"E\":%lld,\"T\":%lld,\"i\":\"%s\",\"o\":{\"s\":\"%s\","
        "\"c\":\"sim-%lld\",\"S\":\"%s\",\"o\":\"MARKET\",\"f\":\"GTC\",\"q\":\"%lld\","
        "\"p\":\"0\",\"ap\":\"%.8f\",\"sp\":\"0\",\"x\":\"%s\",\"X\":\"%s\",\"i\":%lld,"
        "\"l\":\"%lld\",\"z\":\"%lld\",\"L\":\"%.8f\",\"ma\":\"%s\",%s"
        "\"T\":%lld,\"t\":%lld,\"rp\":\"%.8f\",\"b\":\"0\",\"a\":\"0\",\"m\":%s,\"R\":false,"
        "\"wt\":\"CONTRACT_PRICE\",\"ot\":\"MARKET\",\"ps\":\"%s\",\"cp\":false,\"V\":\"NONE\","
        "\"pm\":\"NONE\",\"er\":\"0\"}}",
        (long long)sim_now_ms(sim), (long long)fill->time_ms, account->name, symbol->name,
        (long long)fill->order_id, fill->delta > 0 ? "BUY" : "SELL", llabs(fill->delta), price,
        execution, is_trade ? "FILLED" : "NEW", (long long)fill->order_id, filled, filled, price,
        symbol->asset, fee, (long long)fill->time_ms, is_trade ? (long long)fill->trade_id : 0,
        is_trade ? fill->realized : 0, is_trade && fill->is_maker ? "true" : "false",
        SIDES[fill->side]);
    free(fee);
    return text;
}

char *message_account(struct sim *sim, const struct sim_account *account,
                      const struct market_fill *fill)
{
    const struct market_account *market = &account->market;
    const struct market_symbol *symbol = &sim->symbols[fill->symbol];
    const struct market_leg *leg = &market->leg[fill->symbol][fill->side];
    double wallet = market->wallet[market_wallet_index(sim->symbols, fill->symbol)];
    return text_of(
        "{\"e\":\"ACCOUNT_UPDATE\",\"E\":%lld,\"T\":%lld,\"i\":\"%s\",\"a\":{\"m\":\"ORDER\","
        "\"B\":[{\"a\":\"%s\",\"wb\":\"%.8f\",\"cw\":\"%.8f\",\"bc\":\"0\"}],"
        "\"P\":[{\"s\":\"%s\",\"pa\":\"%lld\",\"ep\":\"%.8f\",\"bep\":\"%.8f\",\"cr\":\"%.8f\","
        "\"up\":\"%.8f\",\"mt\":\"%s\",\"iw\":\"%.8f\",\"ps\":\"%s\"}]}}",
        (long long)sim_now_ms(sim), (long long)leg->update_ms, account->name, symbol->asset, wallet,
        wallet - leg->isolated_wallet, symbol->name, (long long)leg->amount, leg->entry_price,
        leg->amount == 0 ? 0 : market_break_even(leg), fill->realized,
        market_unrealized(market, sim->symbols, fill->symbol, fill->side),
        leg->isolated ? "isolated" : "cross", leg->isolated_wallet, SIDES[fill->side]);
}

char *message_balance(struct sim *sim, const struct sim_account *account, const char *reason,
                      int wallet, int symbol, double change)
{
    char *of =
        symbol >= 0 ? text_of("\"S\":\"%s\",", sim->symbols[symbol].name) : text_of("%s", "");
    char *text =
        text_of("{\"e\":\"ACCOUNT_UPDATE\",\"E\":%lld,\"T\":%lld,\"i\":\"%s\",\"a\":{\"m\":"
                "\"%s\",%s\"B\":[{\"a\":\"%s\",\"wb\":\"%.8f\",\"cw\":\"%.8f\","
                "\"bc\":\"%.8f\"}],\"P\":[]}}",
                (long long)sim_now_ms(sim), (long long)account->books.wallet_ms[wallet],
                account->name, reason, of, sim->symbols[wallet].asset,
                account->market.wallet[wallet], account->market.wallet[wallet], change);
    free(of);
    return text;
}

char *message_deposit(struct sim *sim, const struct sim_account *account, int64_t number)
{
    long long wallet = (long long)(account->market.wallet[0] + 0.5) + number;
    return text_of(
        "{\"e\":\"ACCOUNT_UPDATE\",\"E\":%lld,\"T\":%lld,\"i\":\"%s\",\"a\":{\"m\":\"DEPOSIT\","
        "\"B\":[{\"a\":\"%s\",\"wb\":\"%lld.00000000\",\"cw\":\"%lld.00000000\","
        "\"bc\":\"1\"}],\"P\":[]}}",
        (long long)sim_now_ms(sim), (long long)sim_now_ms(sim), account->name,
        sim->symbols[number % 8].asset, wallet, (long long)number);
}

char *message_leverage(struct sim *sim, const struct sim_account *account, int symbol)
{
    const struct market_account *market = &account->market;
    return text_of("{\"e\":\"ACCOUNT_CONFIG_UPDATE\",\"E\":%lld,\"T\":%lld,\"ac\":{\"s\":\"%s\","
                   "\"l\":%d}}",
                   (long long)sim_now_ms(sim), (long long)sim_now_ms(sim),
                   sim->symbols[symbol].name,
                   market->leg[symbol][market->hedge ? SIDE_LONG : SIDE_BOTH].leverage);
}

char *message_key_expired(struct sim *sim, const struct sim_account *account, bool as_text)
{
    const char *quote = as_text ? "\"" : "";
    return text_of("{\"e\":\"listenKeyExpired\",\"E\":%s%lld%s,\"listenKey\":\"%s\"}", quote,
                   (long long)sim_now_ms(sim), quote, account->stream.listen_key);
}
