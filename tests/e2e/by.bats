load lines_helper

# Rows summed up by leg, symbol, asset, account, and in all: sums worked out by hand, and held against the rows themselves.

leg() { # SYMBOL AMOUNT MARK UNREALIZED
    leg_row "$1" "$2" $((T - 1000)) "$3" "$4"
}

poll() { # ACCOUNT SECONDS LEG...
    polled "$1" "$2" $HOUR "${@:3}"
}

has() { # ACCOUNT SECONDS ASSET COINS [ASSET COINS]
    line "$1" "$2" account "$(account_body "$(balance_row "$3" "$4" "$2")" ${5:+"$(balance_row "$5" "$6" "$2")"})" "\"interval_ms\":${HOUR}000"
}

row() { # SECONDS TYPE COINS [ASSET [SYMBOL]]
    income_row "$1" "$2" "$3" "${4:-BTC}" "${5-BTCUSD_PERP}" "$1$2" ""
}

# income ACCOUNT ROW...: all of it, asked for after two hours.
income() {
    answered "$1" $((2 * HOUR)) income "startTime=$((T - 1000))" "${@:2}"
}

# Two accounts of one hour: BTC at 50000 USD, ETH at 2000.
setup_accounts() {
    {
        poll main 0 "$(leg BTCUSD_PERP 10 50000 0)" "$(leg ETHUSD_PERP 5 2000 0.001)"
        poll main $HOUR "$(leg BTCUSD_PERP 10 50000 0.001)" "$(leg ETHUSD_PERP 5 2000 -0.01)"
        poll sub 0 "$(leg BTCUSD_PERP -3 50000 0.0005)"
        poll sub $HOUR "$(leg BTCUSD_PERP -3 50000 0.002)"
        has main 0 BTC 2 ETH 10
        has main $HOUR BTC 3 ETH 10
        has sub 0 BTC 1 "${1:-ETH}" "${2:-0}"
        has sub $HOUR BTC 1 "${1:-ETH}" "${2:-0}"
        income main "$(row 600 FUNDING_FEE 0.0001)" "$(row 660 FUNDING_FEE 0.002 ETH ETHUSD_PERP)" "$(row 720 TRANSFER 1 BTC "")"
        income sub "$(row 600 FUNDING_FEE -0.0003)" "$(row 660 INSURANCE_CLEAR -0.0001)" "$(row 720 COMMISSION -0.0002 "${3:-BTC}" "")"
    } | record
}

columns() { # KIND KEY COLUMNS OPTION...
    local kind=$1 key=$2 columns=$3
    shift 3
    posrec -q report "$kind" --by "$key" --format ndjson "$@" | jq -c "[$columns]"
}

# sums_agree KIND KEY COLUMN...: what the rows by that key come to is what the report's own rows do, and in each step.
sums_agree() {
    local kind=$1 key=$2 column options
    shift 2
    for options in "" "--every 30m"; do
        for column; do
            # shellcheck disable=SC2086 # several words
            assert_equal "$(posrec -q report "$kind" --by "$key" $options --format json | sum_of "$column")" \
                "$(posrec -q report "$kind" $options --format json | sum_of "$column")"
        done
    done
}

sum_of() { # COLUMN: by the time's minute
    jq -c "group_by(.time[:16]) | map([.[0].time[:16], (map(.$1 * 1e8 | round) | add)])"
}

@test "pnl by symbol, asset, account and in all, in USD and where it is one asset in that" {
    setup_accounts
    amounts=".unrealized_pnl, .change, .funding, .other, .total"
    usd=".unrealized_pnl_usd, .change_usd, .realized_pnl_usd, .funding_usd, .other_usd, .total_usd, .covered"
    range="--to 2026-01-01T01:00:00.001"
    # shellcheck disable=SC2086 # several words
    {
        assert_equal "$(columns pnl symbol ".symbol, .time, .margin_asset, $amounts, $usd" $range)" \
            '["BTCUSD_PERP","2026-01-01T01:00:00.000Z","BTC",0.003,0.0025,-0.0002,-0.0001,0.0022,150,125,0,-10,-5,110,1]
["ETHUSD_PERP","2026-01-01T01:00:00.000Z","ETH",-0.01,-0.011,0.002,0,-0.009,-20,-22,0,4,0,-18,1]'
        assert_equal "$(columns pnl asset ".margin_asset, $amounts, .total_usd" $range)" '["BTC",0.003,0.0025,-0.0002,-0.0001,0.0022,110]
["ETH",-0.01,-0.011,0.002,0,-0.009,-18]'
        assert_equal "$(columns pnl account ".account, $usd" $range)" '["main",30,28,0,9,0,37,1]
["sub",100,75,0,-15,-5,55,1]'
        assert_equal "$(columns pnl total "$usd" $range)" '[130,103,0,-6,-5,92,1]'
        assert_equal "$(columns pnl total .total_usd $range --account sub --symbol BTCUSD_PERP)" '[55]'
    }
    assert_equal "$(posrec report pnl --by leg --format csv)" "$(posrec report pnl --format csv)"
    run posrec report pnl --by account --format csv
    assert_equal "${lines[0]//$'\r'/}" account,time,unrealized_pnl_usd,change_usd,realized_pnl_usd,funding_usd,commission_usd,other_usd,total_usd,covered
    for key in leg symbol asset account total; do
        sums_agree pnl $key unrealized_pnl_usd change_usd funding_usd other_usd total_usd
    done
    sums_agree pnl symbol total funding
    sums_agree pnl asset total funding
}

@test "a step in which one leg is not known has no sum" {
    { poll main 0 "$(leg BTCUSD_PERP 10 50000 0)"; poll main $HOUR "$(leg BTCUSD_PERP 10 50000 0.001)"
      poll sub 0 "$(leg BTCUSD_PERP 10 50000 0)"; poll sub $((4 * HOUR)) "$(leg BTCUSD_PERP 10 50000 0.001)"
      poll main $((2 * HOUR)) "$(leg BTCUSD_PERP 10 50000 0.002)"; poll main $((3 * HOUR)) "$(leg BTCUSD_PERP 10 50000 0.002)"; } | record
    range="--from 2026-01-01T00:30:00 --to 2026-01-01T03:00:00 --every 1h"
    # shellcheck disable=SC2086 # several words
    assert_equal "$(columns pnl account '.account, .time[11:13], .unrealized_pnl_usd' $range)" '["main","01",0]
["main","02",50]
["main","03",100]
["sub","01",null]
["sub","02",null]
["sub","03",null]'
    # shellcheck disable=SC2086 # several words
    assert_equal "$(columns pnl total '.time[11:13], .unrealized_pnl_usd, .change_usd, .total_usd, .covered' $range)" '["01",null,null,null,0]
["02",null,null,null,0]
["03",null,null,null,0]'
}

@test "a leg that an account's answers do not have hides none of the others" {
    { poll main 0 "$(leg BTCUSD_PERP 10 50000 0.001)"; poll main $HOUR "$(leg BTCUSD_PERP 10 50000 0.001)" "$(leg ETHUSD_PERP 5 2000 0.01)"
    } | record
    assert_equal "$(columns pnl total '.time[11:16], .unrealized_pnl_usd, .change_usd' --every 10m --from 2026-01-01T00:40:00 --to 2026-01-01T01:10:00)" \
        '["00:50",50,null]
["01:00",50,null]
["01:10",70,20]'
    assert_equal "$(columns pnl symbol '.symbol, .unrealized_pnl_usd' --every 10m --from 2026-01-01T00:50:00 --to 2026-01-01T01:00:00)" \
        '["BTCUSD_PERP",50]'
}

@test "income by symbol, asset, account and in all, by what it is" {
    setup_accounts
    usd=".count, .realized_pnl_usd, .funding_usd, .commission_usd, .transfers_usd, .other_usd, .income_usd"
    assert_equal "$(columns income symbol ".symbol, $usd")" '["",2,0,0,-10,50000,0,49990]
["BTCUSD_PERP",3,0,-10,0,0,-5,-15]
["ETHUSD_PERP",1,0,4,0,0,0,4]'
    assert_equal "$(columns income asset ".asset, .income, $usd")" '["BTC",0.9995,5,0,-10,-10,50000,-5,49975]
["ETH",0.002,1,0,4,0,0,0,4]'
    assert_equal "$(columns income account ".account, $usd")" '["main",3,0,9,0,50000,0,50009]
["sub",3,0,-15,-10,0,-5,-30]'
    assert_equal "$(columns income total ".time, $usd" --every 2m)" '["2026-01-01T00:10:00.000Z",4,0,-6,0,0,-5,-11]
["2026-01-01T00:12:00.000Z",2,0,0,-10,50000,0,49990]'
    for key in symbol asset account total; do
        sums_agree income $key count income_usd
    done
    # A price that is not known is in no sum, and makes those in which it would be empty.
    setup_accounts ETH 0 DOGE
    assert_equal "$(columns income account ".account, $usd")" '["main",3,0,9,0,50000,0,50009]
["sub",3,0,-15,null,0,-5,null]'
    assert_equal "$(columns income asset '.asset, .income, .income_usd')" '["BTC",0.9997,49985]
["DOGE",-0.0002,null]
["ETH",0.002,4]'
    assert_equal "$(columns income total ".funding_usd, .commission_usd, .income_usd")" '[-6,null,null]'
}

@test "equity by asset, account and in all; nothing of an asset is worth nothing" {
    setup_accounts
    usd=".wallet_balance_usd, .unrealized_pnl_usd, .margin_balance_usd, .covered"
    range="--to 2026-01-01T01:00:00.001"
    # shellcheck disable=SC2086 # several words
    {
        assert_equal "$(columns equity asset ".asset, .wallet_balance, .margin_balance, $usd" $range)" '["BTC",4,4,200000,0,200000,1]
["ETH",10,10,20000,0,20000,1]'
        assert_equal "$(columns equity account ".account, $usd" $range)" '["main",170000,0,170000,1]
["sub",50000,0,50000,1]'
        assert_equal "$(columns equity total ".time, $usd" $range)" '["2026-01-01T01:00:00.000Z",220000,0,220000,1]'
        assert_equal "$(columns equity total ".time[11:16], .margin_balance_usd" $range --every 30m)" '["00:30",170000]
["01:00",170000]'
        for key in asset account total; do
            sums_agree equity $key wallet_balance_usd margin_balance_usd
        done
        setup_accounts DOGE 0
        assert_equal "$(columns equity total "$usd" $range --all)" '[220000,0,220000,1]'
        setup_accounts DOGE 7
        assert_equal "$(columns equity account ".account, $usd" $range)" '["main",170000,0,170000,1]
["sub",null,0,null,1]'
        assert_equal "$(columns equity asset ".asset, .wallet_balance, .margin_balance_usd" $range)" '["BTC",4,200000]
["DOGE",7,null]
["ETH",10,20000]'
        assert_equal "$(columns equity total "$usd" $range)" '[null,0,null,1]'
    }
}

@test "performance by account is the report's own; its total is all together, or the only account" {
    setup_accounts
    assert_equal "$(posrec report performance --by account)" "$(posrec report performance)"
    assert_equal "$(columns performance total '.equity_first, .equity_last, .transfers, .pnl, .return')" '[170000,220000,50000,0,0]'
    assert_equal "$(columns performance total '.equity_first, .equity_last' --account sub)" '[50000,50000]'
    assert_equal "$(columns performance total '.from[11:16], .equity_last' --every 1h)" '["00:00",170000]
["01:00",220000]'
}

# Trips of one contract each: bought, and sold at the price that makes the PnL.
setup_trips() {
    trade() { # SECONDS ID SIDE SYMBOL ASSET REALIZED
        trade_row "$1" "$4" "$2" "$3" 1 1000 "$6" 0.01 "$5"
    }
    traded() { # SECONDS ACCOUNT SYMBOL TRADE...: all of them, asked for then
        answered "$2" "$1" userTrades "symbol=$3&startTime=$T" "${@:4}"
    }
    flat() { # ACCOUNT SYMBOL [SYMBOL]
        local account=$1 second
        shift
        for second in 0 $HOUR $((2 * HOUR - 1)); do
            poll "$account" $second "$(leg "$1" 0 1000 0)" ${2:+"$(leg "$2" 0 1000 0)"}
        done
    }
    {
        flat main BTCUSD_PERP ETHUSD_PERP
        flat sub BTCUSD_PERP
        traded $((2 * HOUR + 1)) main BTCUSD_PERP "$(trade 60 1 BUY BTCUSD_PERP BTC 0)" "$(trade 160 2 SELL BTCUSD_PERP BTC 0.5)" \
            "$(trade 260 3 BUY BTCUSD_PERP BTC 0)" "$(trade 560 4 SELL BTCUSD_PERP BTC -0.1)"
        traded $((2 * HOUR + 2)) main ETHUSD_PERP "$(trade 60 1 BUY ETHUSD_PERP ETH 0)" "$(trade 80 2 SELL ETHUSD_PERP ETH 0.25)"
        traded $((2 * HOUR + 1)) sub BTCUSD_PERP "$(trade 60 1 BUY BTCUSD_PERP BTC 0)" "$(trade 120 2 SELL BTCUSD_PERP BTC 0.1)"
        income main
        income sub
    } | record
}

@test "trips by symbol: the share won and the average time held" {
    setup_trips
    # Each but its commission of 0.02: 0.48 and -0.12 in 100 and 300 s; 0.08 in 60 s; 0.23 in 20 s.
    assert_equal "$(columns trips symbol ".symbol, .margin_asset, .trips, .open, .known, .won_share, .net_pnl, .net_pnl_usd, .profit_factor,
        .average_won_usd, .average_lost_usd, .expectancy_usd, .average_held_s")" \
        '["BTCUSD_PERP","BTC",3,0,3,0.666667,0.44,440,4.666667,280,-120,146.66666667,153.333]
["ETHUSD_PERP","ETH",1,0,1,1,0.23,230,null,230,null,230,20]'
    assert_equal "$(columns trips leg ".account, .symbol, .position_side, .trips, .realized_pnl, .commission, .net_pnl_usd")" \
        '["main","BTCUSD_PERP","BOTH",2,0.4,0.04,360]
["main","ETHUSD_PERP","BOTH",1,0.25,0.02,230]
["sub","BTCUSD_PERP","BOTH",1,0.1,0.02,80]'
    assert_equal "$(columns trips asset ".margin_asset, .trips, .net_pnl")" '["BTC",3,0.44]
["ETH",1,0.23]'
    assert_equal "$(columns trips account ".account, .trips, .net_pnl_usd")" '["main",3,590]
["sub",1,80]'
    assert_equal "$(columns trips total ".trips, .won_share, .net_pnl_usd, .average_held_s")" '[4,0.75,670,120]'
    assert_equal "$(posrec report trips | tail -n 1 | awk '{ print $2, $3, $4, $7, $9 }')" "4 0.75 6.583333 167.5 120"
}

@test "under a table by a key stands the total in USD, and nowhere else" {
    setup_accounts
    run posrec -q report pnl --by symbol --to 2026-01-01T01:00:00.001
    assert_equal "${#lines[@]}" 6
    assert_equal "${lines[3]}" "Total:"
    assert_equal "$(awk '{ print $2, $8 }' <<< "${lines[5]}")" "130 92"
    for question in "pnl --by leg" "income --by asset" "equity --by account"; do
        # shellcheck disable=SC2086 # several words
        assert_equal "$(posrec -q report $question | grep -c '^Total:$')" 1
        # shellcheck disable=SC2086 # several words
        assert_equal "$(posrec -q report $question --format csv | grep -c '^Total:$')" 0
    done
    for question in pnl income equity trips performance "pnl --by total" "income --by total" "performance --by account"; do
        # shellcheck disable=SC2086 # several words
        assert_equal "$(posrec -q report $question | grep -c '^Total:$')" 0
    done
    # By step it is that of the range.
    assert_equal "$(posrec -q report income --by total | tail -n 1)" "$(posrec -q report income --by symbol --every 2m | tail -n 1)"
}

refused() { # ANSWER ARGUMENT...
    local answer=$1
    shift
    run posrec report "$@"
    assert_equal "$status" 2
    assert_equal "$output" "$answer"
}

@test "a key that a report does not take is refused with those that it takes" {
    setup_accounts
    refused "posrec: report pnl: --by takes leg, symbol, asset, account or total, not 'foo'" pnl --by foo
    refused "posrec: report trips: --by takes leg, symbol, asset, account or total, not ''" trips --by ''
    refused "posrec: report income: --by takes symbol, asset, account or total, not 'leg'" income --by leg
    refused "posrec: report equity: --by takes asset, account or total, not 'symbol'" equity --by symbol
    refused "posrec: report performance: --by takes account or total, not 'asset'" performance --by asset
    refused "posrec: report margin: --by says nothing here (see 'posrec help report')" margin --by symbol
    refused "posrec: report: --by is for tables and programs, no page (leave out --format html)" pnl --by symbol --format html
    refused "posrec: report: --by is for tables and programs, no page (leave out --format html)" all --by symbol --format html
    run posrec report pnl --by total --columns symbol
    assert_equal "$status" 2
    assert_contains "$output" "there is no column 'symbol' (there are: time, unrealized_pnl_usd,"
    assert_equal "$(posrec -q report pnl --by symbol --columns total_usd,symbol --format csv --to 2026-01-01T01:00:00.001 | tr -d '\r')" \
        $'total_usd,symbol\n110.0,BTCUSD_PERP\n-18.0,ETHUSD_PERP'
}
