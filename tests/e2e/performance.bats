load lines_helper

# Performance, worked out by hand; that of chance is held against a model (performance_model.py).

# has ACCOUNT SECONDS ASSET COINS [UPDATED [FIELDS]]: what an account answered.
has() {
    line "$1" "$2" account "$(account_body "$(balance_row "$3" "$4" "${5:-$2}")")" "${6:-\"interval_ms\":${INTERVAL:-3600000}}"
}

price() { # SECONDS ASSET PRICE
    line prices "$1" premiumIndex "$(printf '[{"symbol":"%sUSD_PERP","pair":"%sUSD","markPrice":"%s","indexPrice":"%s","time":%d}]' \
        "$2" "$2" "$3" "$3" $((T + $1 * 1000)))"
}

row() { # SECONDS TYPE COINS [ASSET]
    income_row "$1" "$2" "$3" "${4:-BTC}" "" $((T + $1 * 1000)) ""
}

# income ACCOUNT SECONDS ROW...: all of it, asked for then.
income() {
    answered "$1" "$2" income "startTime=$((T - 1000))" "${@:3}"
}

columns() { # COLUMNS OPTION...
    local columns=$1
    shift
    posrec -q report performance --format ndjson "$@" | jq -c "[$columns]"
}

CHAIN=".return, .max_drawdown, .drawdown_from, .drawdown_to, .recovered"
FALLEN='[0.3,0.5,"2026-01-01T01:00:00.000Z","2026-01-01T03:00:00.000Z","2026-01-01T05:00:00.000Z"]'

@test "coins that come at the top and leave at the bottom of a drawdown are no return" {
    hours() { # COINS...: at each hour
        local hour=0
        price -1 BTC 100
        for coins; do
            has main $((hour * HOUR)) BTC "$coins"
            hour=$((hour + 1))
        done
    }
    { hours 10 12 12 6 6 12 13; income main $((7 * HOUR)); } | record
    assert_equal "$(columns "$CHAIN")" "$FALLEN"
    assert_equal "$(columns '.equity_first, .equity_last, .transfers, .pnl')" '[1000,1300,0,300]'
    # 10 more at 1.2, of 11 that are left 5 gone at 0.6.
    { hours 10 12 22 11 6 12 13; income main $((7 * HOUR)) "$(row $((HOUR + 60)) TRANSFER 10)" "$(row $((3 * HOUR + 60)) INTERNAL_TRANSFER -5)"; } | record
    assert_equal "$(columns "$CHAIN")" "$FALLEN"
    assert_equal "$(columns '.equity_first, .equity_last, .transfers, .pnl')" '[1000,1300,500,-200]'
    # Each hour's PnL adds up to the whole, and its returns multiply.
    assert_equal "$(columns '.transfers, .pnl, .return' --every 2h)" '[0,200,0.2]
[1000,-1100,-0.5]
[-500,600,1]
[0,100,0.08333333]'
    # The price moves while coins come: at the answer that has them it is 110.
    { hours 10 12 22 11 6 12 13; price $((2 * HOUR - 1)) BTC 110
      income main $((7 * HOUR)) "$(row $((HOUR + 60)) TRANSFER 10)" "$(row $((3 * HOUR + 60)) TRANSFER -5)"; } | record
    assert_equal "$(columns '.transfers, .pnl, .return')" '[550,-120,0.43]' # 1.3 x 1.1
}

@test "coins are not looked for in an answer that was asked for before they came" {
    { price -1 BTC 100; has main 0 BTC 10
      has main $((HOUR + 1)) BTC 10 0 "\"interval_ms\":3600000,\"sent_ms\":$((T + HOUR * 1000 - 50))"
      has main $((2 * HOUR)) BTC 15 $HOUR; has main $((3 * HOUR)) BTC 30
      income main $((3 * HOUR + 1)) "$(row $HOUR TRANSFER 5)"; } | record
    assert_equal "$(columns '.transfers, .pnl, .return')" '[500,1500,1]'
    # It was asked for before they came, and says that it has them.
    { price -1 BTC 100; has main 0 BTC 10
      has main $((HOUR + 1)) BTC 15 $HOUR "\"interval_ms\":3600000,\"sent_ms\":$((T + HOUR * 1000 - 50))"
      has main $((2 * HOUR)) BTC 30; income main $((3 * HOUR)) "$(row $HOUR TRANSFER 5)"; } | record
    assert_equal "$(columns '.transfers, .pnl, .return')" '[500,1500,1]'
}

noons() { # FIRST_DAY COINS...: at each noon, a - for none
    local day=$1
    shift
    for coins; do
        [ "$coins" = - ] || INTERVAL=86400000 has main $((day * DAY + DAY / 2)) BTC "$coins"
        day=$((day + 1))
    done
}

@test "daily returns: deviation, downside, the best and the worst" {
    { price -1 BTC 100; noons 0 100 110 99 99 148.5; income main $((5 * DAY)); } | record
    # 0, 0.1, -0.1, 0, 0.5: of mean 0.1 and variance 0.055; a downside of 0.01 / 5.
    assert_equal "$(columns '.sharpe, .sortino, .volatility, .best_day, .worst_day, .days_won' --to 2026-01-06T00:00:00)" \
        '[8.14638793,42.72001873,4.48051336,0.5,-0.1,0.4]'
    assert_equal "$(columns "$CHAIN, .covered" --to 2026-01-06T00:00:00)" \
        '[0.485,0.1,"2026-01-02T12:00:00.000Z","2026-01-03T12:00:00.000Z","2026-01-05T12:00:00.000Z",1]'
    # Of one day, and of the part of one, which has not ended.
    assert_equal "$(columns '.return, .sharpe, .sortino, .volatility, .best_day, .worst_day, .days_won' --day 2026-01-02)" '[0.1,null,null,null,0.1,0.1,1]'
    assert_equal "$(columns '.return, .best_day, .days_won' --from 2026-01-02 --to 2026-01-02T13:00:00)" '[0.1,null,null]'
    assert_equal "$(columns '.from, .return, .best_day' --from 2026-01-02 --to 2026-01-03T20:00:00 --every 1d)" \
        '["2026-01-02T00:00:00.000Z",0.1,0.1]
["2026-01-03T00:00:00.000Z",-0.1,null]'
    # No variance, and no downside.
    { price -1 BTC 100; noons 0 100 110 121; income main $((3 * DAY)); } | record
    assert_equal "$(columns '.return, .max_drawdown, .drawdown_from, .sharpe, .sortino, .volatility, .best_day' --from 2026-01-02 --to 2026-01-04T00:00:00)" \
        '[0.21,0,null,null,null,0,0.1]'
}

@test "a day is left out where a hole is over its beginning or its end" {
    { price -1 BTC 100; noons 0 100 110 - - 121 60.5; income main $((6 * DAY)); } | record
    # Known are the first day and the last: the hole is from the second's noon to the fifth's, half of six days but one noon.
    assert_equal "$(columns '.return, .pnl, .best_day, .worst_day, .days_won, .covered' --to 2026-01-07T00:00:00)" '[-0.395,-3950,0,-0.5,0,0.454545]'
    assert_equal "$(columns '.pnl, .return, .covered' --every 1d --to 2026-01-07T00:00:00)" '[0,0,1]
[1000,0.1,0.5]
[null,null,0]
[null,null,0]
[1100,0.1,0.5]
[-6050,-0.5,1]'
}

@test "accounts in different assets are one together; who comes later brings no profit" {
    { price -1 BTC 100; price -2 ETH 10
      has main 0 BTC 10; has main $HOUR BTC 11; has main $((2 * HOUR)) BTC 11; has main $((3 * HOUR)) BTC 12.1
      has sub $((2 * HOUR)) ETH 110; has sub $((3 * HOUR)) ETH 99
      income main $((4 * HOUR)) "$(row 60 COMMISSION -0.5)" "$(row 61 FUNDING_FEE 0.2)"; income sub $((4 * HOUR)) "$(row $((3 * HOUR - 60)) COMMISSION -1 ETH)"
      line main $((4 * HOUR + 1)) userTrades "[$(trade_row 60 BTCUSD_PERP 1 SELL 3 100 0 0.5 BTC)]"
    } | record
    # 1.1 of main alone, then (1210 + 990) / (1100 + 1100).
    assert_equal "$(columns '.account, .equity_first, .equity_last, .transfers, .pnl, .return, .fees, .funding, .turnover')" \
        '["main",1000,1210,0,210,0.21,-50,20,300]
["sub",1100,990,0,-110,-0.1,-10,0,null]
["",2100,2200,0,100,0.1,-60,20,null]'
    assert_equal "$(columns '.account, .return' --account sub)" '["sub",-0.1]'
}

@test "without a price or without income nothing is said that stands on it" {
    { price -1 BTC 100; has main 0 BTC 10; has main $HOUR BTC 11; has sub 0 DOGE 5; has sub $HOUR DOGE 6; has sub $((2 * HOUR)) DOGE 9; has main $((2 * HOUR)) BTC 11
      price $((HOUR - 1)) DOGE 2; income main $((3 * HOUR)); income sub $((3 * HOUR)) "$(row 60 COMMISSION -1 DOGE)"; } | record
    assert_equal "$(columns '.account, .equity_first, .equity_last, .pnl, .return, .fees')" '["main",1000,1100,100,0.1,0]
["sub",null,18,null,null,null]
["",null,1118,null,null,null]'
    assert_equal "$(columns '.account, .pnl, .return' --from 2026-01-01T02:00:00)" '["main",0,0]
["sub",6,0.5]
["",6,0.00539568]'
    { price -1 BTC 100; has main 0 BTC 10; has main $HOUR BTC 11; } | record
    assert_equal "$(columns '.equity_first, .equity_last, .transfers, .pnl, .return, .max_drawdown, .fees, .funding, .turnover')" \
        '[1000,1100,null,null,null,null,null,null,null]'
}

@test "where there was nothing there is no return" {
    hours() {
        local hour=0
        price -1 BTC 100
        for coins; do
            has main $((hour * HOUR)) BTC "$coins"
            hour=$((hour + 1))
        done
    }
    # It begins with what came first, and stands once all is gone.
    { hours 0 10 11 0 0; income main $((5 * HOUR)) "$(row 60 TRANSFER 10)" "$(row $((2 * HOUR + 60)) TRANSFER -11)"; } | record
    assert_equal "$(columns '.equity_first, .equity_last, .transfers, .pnl, .return, .max_drawdown')" '[0,0,-100,100,0.1,0]'
    # What comes after that is another history.
    { hours 10 11 0 0 5; income main $((5 * HOUR)) "$(row $((HOUR + 60)) TRANSFER -11)" "$(row $((3 * HOUR + 60)) TRANSFER 5)"; } | record
    assert_equal "$(columns '.transfers, .pnl, .return, .max_drawdown')" '[-600,100,null,null]'
    # All is lost, and more.
    { hours 10 0 0; income main $((3 * HOUR)); } | record
    assert_equal "$(columns '.pnl, .return, .max_drawdown, .recovered')" '[-1000,-1,1,null]'
    { hours 10 -2 1; income main $((3 * HOUR)); } | record
    assert_equal "$(columns '.pnl, .return, .max_drawdown')" '[-900,null,null]'
    assert_equal "$(columns '.pnl, .return, .max_drawdown' --to 2026-01-01T02:00:00)" '[-1200,-1.2,1.2]'
}
