# USD-M accounts: recorded, explained and proved like those of COIN-M.
load run_helper

T=1767225600000 # 2026-01-01

# line ENDPOINT MS BODY [MEMBER...]: a capture of account u.
line() {
    local endpoint=$1 ms=$2 body=$3 more=
    shift 3
    for member in "$@"; do more+=",$member"; done
    printf '{"account":"u","product":"usd-m","endpoint":"%s","received_ms":%s,"interval_ms":60000,"http_status":200,"body":%s%s}\n' \
        "$endpoint" "$ms" "$body" "$more"
}

index() { # MS SYMBOL INDEX
    line assetIndex "$1" "[{\"symbol\":\"$2\",\"time\":$(($1 - 1000)),\"index\":\"$3\",\"bidBuffer\":\"0.0\",\"askBuffer\":\"0.0\",\"bidRate\":\"1\",\"askRate\":\"1\",\"autoExchangeBidBuffer\":\"0.05\",\"autoExchangeAskBuffer\":\"0.05\",\"autoExchangeBidRate\":\"0.95\",\"autoExchangeAskRate\":\"1.05\"}]"
}

# The documented answer's two rows.
ADA='{"symbol":"ADAUSDT","positionSide":"BOTH","positionAmt":"30","entryPrice":"0.385","breakEvenPrice":"0.385077","markPrice":"0.41047590","unRealizedProfit":"0.76427700","liquidationPrice":"0","isolatedMargin":"0","notional":"12.31427700","marginAsset":"USDT","isolatedWallet":"0","initialMargin":"0.61571385","maintMargin":"0.08004280","positionInitialMargin":"0.61571385","openOrderInitialMargin":"0","adl":2,"bidNotional":"0","askNotional":"0","updateTime":1720736417660}'
COMP='{"symbol":"COMPUSDT","positionSide":"BOTH","positionAmt":"-1.000","entryPrice":"70.92841","breakEvenPrice":"70.900038636","markPrice":"49.72023376","unRealizedProfit":"21.20817624","liquidationPrice":"2260.56757210","isolatedMargin":"0","notional":"-49.72023376","marginAsset":"USDT","isolatedWallet":"0","initialMargin":"2.48601168","maintMargin":"0.49720233","positionInitialMargin":"2.48601168","openOrderInitialMargin":"0","adl":2,"bidNotional":"0","askNotional":"0","updateTime":1708943511656}'
CONFIGS='[{"symbol":"ADAUSDT","marginType":"CROSSED","isAutoAddMargin":false,"leverage":20,"maxNotionalValue":"1000000"},{"symbol":"COMPUSDT","marginType":"ISOLATED","isAutoAddMargin":true,"leverage":5,"maxNotionalValue":"5000.5"}]'

# One listed for an order alone.
RESTING='{"symbol":"ADAUSDT","positionSide":"BOTH","positionAmt":"0","entryPrice":"0.0","breakEvenPrice":"0.0","markPrice":"0.41","unRealizedProfit":"0","liquidationPrice":"0","isolatedMargin":"0","notional":"0","marginAsset":"USDT","isolatedWallet":"0","initialMargin":"0.5","maintMargin":"0","positionInitialMargin":"0","openOrderInitialMargin":"0.5","adl":0,"bidNotional":"10","askNotional":"0","updateTime":1720736417660}'

ndjson() {
    posrec report "$@" --format ndjson
}

@test "the documented samples, field by field" {
    {
        index $T USDTUSD 1.00010000
        line symbolConfig $((T + 1)) "$CONFIGS"
        line positionRisk $((T + 2)) "[$ADA,$COMP]"
    } > lines
    posrec -q import lines
    assert_equal "$(sql "SELECT symbol, position_amount_e8, entry_price_e8, break_even_price_e8, mark_price_e8, unrealized_pnl_e8, expected_pnl_e8,
            liquidation_price_e8, isolated_margin_e8, isolated_wallet_e8, notional_value_e8, update_ms, margin_asset, contract_size_e8, extra
        FROM valuation_history ORDER BY symbol")" \
        'ADAUSDT|3000000000|38500000|38507700|41047590|76427700|76427700|0|0|0|1231427700|1720736417660|USDT|100000000|{"adl":2}
COMPUSDT|-100000000|7092841000|7090003864|4972023376|2120817624|2120817624|226056757210|0|0|-4972023376|1708943511656|USDT|100000000|{"adl":2}'
    # 30 x 0.4104759 / 20; 49.72023376 / 5. In USD at the index: 0.764277 x 1.0001, 21.20817624 x 1.0001.
    assert_equal "$(sql "SELECT symbol, leverage, margin_type, auto_add_margin, round(initial_margin, 8), unrealized_pnl_usd_e8, notional_usd_e8
        FROM valuation_history ORDER BY symbol")" \
        'ADAUSDT|20|cross|0|0.61571385|76435343|1231550843
COMPUSDT|5|isolated|1|9.94404675|2121029706|-4972520578'
    # What the exchange says of margins is account's; the bytes have them.
    assert_equal "$(sql "SELECT symbol, leverage, margin_type, auto_add_margin, max_notional_value FROM symbol_config_history ORDER BY symbol")" \
        'ADAUSDT|20|CROSSED|0|1000000.0
COMPUSDT|5|ISOLATED|1|5000.5'
    assert_equal "$(sql "SELECT DISTINCT outcome, detail FROM capture")" "ok|"
    assert_equal "$(sql "SELECT DISTINCT product FROM account UNION ALL SELECT DISTINCT product FROM contract")" "usd-m
usd-m"
    assert_equal "$(sql "SELECT margin_asset, round(long_usd, 8), round(short_usd, 8), unrealized_pnl FROM exposure")" "USDT|12.31550843|49.72520578|21.97245324"
    assert_equal "$(accused)" ""
    assert_sound
}

@test "what is not listed is flat: closed, never vanished, and back by an opening" {
    {
        index $T USDTUSD 1.0001
        line positionRisk $((T + 1000)) "[$ADA,$COMP]"
        line positionRisk $((T + 2000)) "[$COMP]"
        line positionRisk $((T + 3000)) "[${RESTING/1720736417660/$((T + 1500))}]"
        line positionRisk $((T + 4000)) "[]"
        line positionRisk $((T + 5000)) "[]"
        line positionRisk $((T + 6000)) "[${ADA/1720736417660/$((T + 5500))}]"
        line positionRisk $((T + 7000)) "[${RESTING/1720736417660/$((T + 6500))}]" '"request":"/fapi/v3/positionRisk?symbol=ADAUSDT"'
        line positionRisk $((T + 8000)) "[]" '"request":"/fapi/v3/positionRisk?symbol=COMPUSDT"'
    } > lines
    posrec -q import lines
    assert_equal "$(sql "SELECT first_seen_ms - $T, symbol, change, previous_position_amount, position_amount, present FROM position_change ORDER BY 1, 2")" \
        '1000|ADAUSDT|open||30.0|1
1000|COMPUSDT|open||-1.0|1
2000|ADAUSDT|close|30.0|0.0|0
3000|ADAUSDT|settings|0.0|0.0|1
3000|COMPUSDT|close|-1.0|0.0|0
6000|ADAUSDT|open|0.0|30.0|1
7000|ADAUSDT|close|30.0|0.0|1'
    # Nothing is made up: a close by absence has no updateTime, no price of its own, and a PnL of nothing.
    assert_equal "$(sql "SELECT update_ms, revision, entry_price_e8, isolated_wallet_e8, leverage, extra FROM position JOIN leg USING (leg_id)
        JOIN contract USING (contract_id) WHERE symbol = 'COMPUSDT' AND present = 0")" "1708943511656|1||||"
    assert_equal "$(sql "SELECT mark_price_e8, unrealized_pnl_e8, unrealized_pnl_usd_e8, notional_usd_e8 FROM valuation_history WHERE symbol = 'COMPUSDT' AND time_ms = $((T + 3000))")" \
        "|0|0|0"
    assert_equal "$(posrec positions --at $((T + 4500)) | grep -c USDT)" 0 || true
    assert_equal "$(posrec positions --at $((T + 1500)) --format ndjson | jq -r .symbol | sort | tr '\n' ' ')" "ADAUSDT COMPUSDT "
    assert_equal "$(posrec positions --at $((T + 2500)) --format ndjson | jq -r .symbol)" "COMPUSDT"
    assert_equal "$(accused)" ""
    assert_sound
    posrec -q rebuild
    assert_sound
}

@test "a settlement asset is worth its index, with its age, and nothing where none is known" {
    local assets='[{"asset":"USDT","walletBalance":"100.00000000","unrealizedProfit":"0","marginBalance":"100.00000000","maintMargin":"1","initialMargin":"0","positionInitialMargin":"0","openOrderInitialMargin":"0","crossWalletBalance":"100","crossUnPnl":"0","availableBalance":"100","maxWithdrawAmount":"100","updateTime":1}]'
    local account="{\"totalWalletBalance\":\"100.01\",\"totalMarginBalance\":\"100.01\",\"totalMaintMargin\":\"1\",\"assets\":$assets,\"positions\":[]}"
    {
        line positionRisk $T "[$ADA]"
        line account $((T + 1)) "$account"
        index $((T + 30000)) USDTUSD 1.00010000
        line positionRisk $((T + 60000)) "[$ADA]"
        line account $((T + 60001)) "$account"
        index $((T + 90000)) USDTUSD 0.99000000
    } > lines
    posrec -q import lines
    assert_equal "$(sql "SELECT time_ms - $T, price, price_ms - $T, margin_balance_usd FROM equity_history ORDER BY 1")" \
        '1|||
60001|1.0001|29000|100.01'
    assert_equal "$(sql "SELECT unrealized_pnl_usd, expected_pnl FROM pnl_history ORDER BY time_ms")" \
        '|0.764277
0.76435343|0.764277'
    assert_equal "$(sql "SELECT time_ms - $T, margin_balance, usd, round(margin_ratio, 6) FROM account_total_history ORDER BY 1")" \
        '1|100.01||0.009999
60001|100.01|100.01|0.009999'
    assert_equal "$(sql "SELECT asset, time_ms - $T, index_price FROM asset_index_history ORDER BY 2")" \
        'USDT|29000|1.0001
USDT|89000|0.99'
    assert_sound
}

@test "an answer of the other product is said, and no number is made of it" {
    # By its request it is the other's.
    {
        line positionRisk $T "[$ADA]" '"request":"/fapi/v3/positionRisk?recvWindow=5000"'
        line positionRisk $((T + 1)) "$(documented_body | tr -d '\n')" '"request":"/dapi/v1/positionRisk"'
        # By its contracts alone.
        line positionRisk $((T + 2)) "$(documented_body | tr -d '\n')"
    } > lines
    posrec -q import lines
    printf '{"account":"c","received_ms":%s,"body":[%s]}\n' $T "$ADA" > others
    posrec -q import others
    assert_equal "$(sql "SELECT capture_id, outcome, row_count, detail FROM capture ORDER BY 1")" \
        '1|ok|1|
2|unreadable|0|an answer of coin-m, and the account is of usd-m
3|ok|3|element 0: BTCUSD_201225 is a contract of coin-m, and the account is of usd-m
4|ok|1|element 0: ADAUSDT is a contract of usd-m, and the account is of coin-m'
    assert_equal "$(sql "SELECT count(*) FROM valuation_history WHERE symbol LIKE 'BTCUSD%' AND (unrealized_pnl_usd_e8 IS NOT NULL
        OR coalesce(notional_usd_e8, 0) <> 0 OR margin_asset IS NOT NULL OR coalesce(expected_pnl_e8, 0) <> 0)")" 0
    assert_equal "$(sql "SELECT count(*) FROM valuation_history WHERE account = 'c' AND (unrealized_pnl_usd_e8 IS NOT NULL
        OR notional_usd_e8 IS NOT NULL OR margin_asset IS NOT NULL OR expected_pnl_e8 IS NOT NULL)")" 0
    assert_sound
    # An account that there is stays of its product whatever was asked, in another run too.
    printf '{"account":"c","received_ms":%s,"request":"/fapi/v3/positionRisk","body":[%s]}\n' $((T + 1)) "$ADA" > later
    posrec -q import later
    assert_equal "$(sql "SELECT outcome, detail FROM capture WHERE capture_id = 5")" "unreadable|an answer of usd-m, and the account is of coin-m"
    # One symbol of one name may be of both: each has a contract of its own.
    assert_equal "$(sql "SELECT product, count(*) FROM contract WHERE symbol = 'ADAUSDT' GROUP BY 1 ORDER BY 1")" 'coin-m|1
usd-m|1'
}

@test "an account stays of its product, and lines say which" {
    line positionRisk $T "[$ADA]" > lines
    posrec -q import lines
    printf '{"account":"u","product":"coin-m","received_ms":%s,"body":[]}\n' $((T + 1)) > coin
    run -1 posrec import coin
    assert_contains "$output" "coin: line 1: account u is of usd-m, not of coin-m"
    printf '{"account":"u","product":"spot","received_ms":%s,"body":[]}\n' $((T + 1)) > spot
    run -1 posrec import spot
    assert_contains "$output" 'field "product": not coin-m or usd-m'
    # A line without it is of the account's; a new account is of what was asked for, or of what the option says.
    printf '{"account":"u","received_ms":%s,"body":[]}\n' $((T + 1)) > plain
    posrec -q import plain
    printf '{"account":"v","received_ms":%s,"request":"/fapi/v3/positionRisk","body":[]}\n' $T > asked
    posrec -q import asked
    echo "[$ADA]" > bare
    posrec -q import --account w --product usd-m --received-at $T bare
    run -2 posrec import --product spot bare
    assert_contains "$output" "--product 'spot': not coin-m or usd-m"
    assert_equal "$(sql "SELECT name, product FROM account ORDER BY 1")" 'u|usd-m
v|usd-m
w|usd-m'
    # What is exported is imported as it was.
    posrec export > all
    assert_equal "$(grep -c '"product":"usd-m"' all)" "$(wc -l < all)"
    posrec -q -d second.db import all
    assert_equal "$(head_of -d second.db verify)" "$(head_of verify)"
    posrec prove 1 -o proof > said
    assert_contains "$(posrec check-proof proof)" "usd-m"
}

@test "a section's product, base_url and filters go together" {
    local section="[account u]\nproduct = usd-m\napi_key_file = main.key\nsecret_file = main.secret\n"
    printf "$section%s\n" "base_url = https://dapi.binance.com" > posrec.ini
    run -2 posrec fetch
    assert_contains "$output" "account 'u': its base_url serves another product than its product"
    printf "$section%s\n" "pair = BTCUSDT" > posrec.ini
    run -2 posrec fetch
    assert_contains "$output" "account 'u': its product knows no margin_asset or pair to ask for"
}

# Both sides of one account, with one key.
start_both() {
    start_sim --steady --no-trades --weight-limit 100000
    local all="record = positions, stream, account, income, trades, prices" stream="stream_url = ws${SIM#http}"
    run_config 400ms "$all" "$stream" "account_interval = 700ms" "income_interval = 1s"
    {
        printf '\n[account u]\nproduct = usd-m\nbase_url = %s\napi_key_file = main.key\nsecret_file = main.secret\n' "$SIM"
        printf '%s\n' "$all" "$stream" "interval = 400ms" "account_interval = 700ms" "income_interval = 1s" "recv_window = 60000"
    } >> posrec.ini
    start_run
    wait_for recorded_of u account 2
    wait_for recorded_of main account 2
    wait_for stream_is_open
}

recorded_of() { # ACCOUNT ENDPOINT N
    [ "$(sql "SELECT count(*) FROM capture JOIN account USING (account_id) WHERE name = '$1' AND endpoint = '$2' AND outcome = 'ok'" 2> /dev/null || echo 0)" -ge "$3" ]
}

stream_is_open() {
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'userData' AND outcome = 'opened'" 2> /dev/null || echo 0)" -ge 2 ]
}

u() { # PATH
    sim "$1&account=main&product=usd-m" > /dev/null
}

books() {
    curl -sS "$SIM/sim/books?account=main&product=usd-m"
}

# Everything that the books of USD-M have is recorded, and income is known after the last wallet.
settled() {
    local income trades
    income=$(books | jq '.income | length') trades=$(books | jq '.trades | length')
    [ "$(sql "SELECT (SELECT count(*) FROM income JOIN account USING (account_id) WHERE product = 'usd-m') = $income
        AND (SELECT count(*) FROM trade JOIN leg USING (leg_id) JOIN account USING (account_id) WHERE product = 'usd-m' AND source = 'rest') = $trades
        AND (SELECT max(k.to_ms) FROM known AS k WHERE k.account = 'u' AND k.kind = 'income')
            > (SELECT max(b.update_ms) FROM balance AS b JOIN account USING (account_id) WHERE product = 'usd-m')" 2> /dev/null)" = 1 ]
}

@test "fetch asks both sides for everything, each for its contracts" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_sim --steady --no-trades --weight-limit 100000
    write_config "$SIM" "record = positions, account, income, trades, prices"
    printf '\n[account u]\nproduct = usd-m\nbase_url = %s\napi_key_file = main.key\nsecret_file = main.secret\nrecv_window = 60000\n' "$SIM" >> posrec.ini
    echo 'record = positions, account, income, trades, prices' >> posrec.ini
    posrec -q fetch > /dev/null
    for endpoint in positionRisk exchangeInfo account income symbolConfig accountConfig assetIndex; do recorded_of u $endpoint 1; done
    for endpoint in positionRisk exchangeInfo account income premiumIndex; do recorded_of main $endpoint 1; done
    assert_equal "$(sql "SELECT count(*) FROM contract WHERE product = 'usd-m' AND source = 'derived'")" 0
    # Another round, on the same day, needs no contracts.
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'exchangeInfo'")" 2
    assert_sound
}

@test "both sides of one account in one service: every coin and every contract is explained" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_both
    sim 'trade?account=main&symbol=BTCUSD_PERP&side=BOTH&amount=3' > /dev/null
    u 'trade?symbol=BTCUSDT&side=BOTH&amount=0.5'
    u 'trade?symbol=BTCUSDT&side=BOTH&amount=0.1'
    u 'fees?asset=BNB'
    u 'trade?symbol=BTCUSDT&side=BOTH&amount=-0.9' # through zero
    u 'trade?symbol=BTCUSDC&side=BOTH&amount=0.2'
    u 'order?symbol=ADAUSDT&side=BOTH&amount=50&price=0.1'
    u 'funding?rate=0.0001'
    u 'transfer?asset=USDT&amount=12.5'
    u 'exchange?from=BNB&to=USDT&amount=0.1'
    u 'liquidate?symbol=BTCUSDC&side=BOTH'
    u 'deliver?symbol=BTCUSDT_261225'
    wait_for settled
    before=$(now_ms) # the books' last wallet is recorded: a poll, and an answer of account, after it
    wait_for polled_after "$before"
    wait_for settled
    stop_run
    assert_equal "$(accused)" ""
    # What the exchange took commission in stands in its own asset, everywhere.
    assert_equal "$(sql "SELECT group_concat(DISTINCT commission_asset) FROM (SELECT commission_asset FROM trade JOIN leg USING (leg_id)
        JOIN account USING (account_id) WHERE product = 'usd-m' ORDER BY 1)")" "BNB,USDT"
    [ "$(ndjson trips --account u --symbol BTCUSDT | jq -s 'map(select(.direction == "short" and .commission == 0)) | length')" -ge 1 ]
    assert_contains "$(posrec report trips --account u 2>&1)" "BNB"
    # The paths that the exchange documents, and no others.
    assert_equal "$(sim log | jq -r .path | grep '^/fapi' | sort -u | tr '\n' ' ')" \
        "/fapi/v1/accountConfig /fapi/v1/assetIndex /fapi/v1/exchangeInfo /fapi/v1/fundingRate /fapi/v1/income /fapi/v1/listenKey /fapi/v1/symbolConfig /fapi/v1/time /fapi/v1/userTrades /fapi/v3/account /fapi/v3/positionRisk "
    # Its stream tells on its own path alone. TRADE_LITE repeats a fill: a capture, and no row.
    [ "$(posrec export --account u 2> /dev/null | grep -c TRADE_LITE)" -ge 4 ]
    # Round trips are linear: what the trades of the first realized is (exit - entry) x amount.
    assert_equal "$(ndjson trips --account u --symbol BTCUSDT | jq -s '[.[] | select(.opened != null and .closed != null and .direction == "long")
        | ((.exit_price - .entry_price) * .exit_amount - .realized_pnl) | fabs < 1e-6] | all')" true
    # Both in one sum.
    assert_equal "$(ndjson equity --by total | jq -r '.margin_balance_usd != null' | tail -1)" true
    assert_sound
    posrec -q rebuild
    assert_sound
}

@test "a change of the position mode is of both sides" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_both
    u 'trade?symbol=BTCUSDT&side=BOTH&amount=0.2'
    sim 'mode?account=main&hedge=1' > /dev/null
    sided() { [ "$(sql "SELECT count(DISTINCT product) FROM leg JOIN account USING (account_id) WHERE position_side IN ('LONG', 'SHORT')")" = 2 ]; }
    wait_for sided
    stop_run
    assert_equal "$(accused | jq -r .finding | sort -u)" ""
    assert_sound
}

@test "in multi-assets mode the account's total is the sum of its assets at their indexes" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_both
    u 'move?symbol=BTCUSDT&share=0&still=1' # so that all is of one moment
    u 'trade?symbol=BTCUSDT&side=BOTH&amount=0.5'
    u 'trade?symbol=BTCUSDC&side=BOTH&amount=-0.2'
    u 'multi?on=1'
    # Each total is rounded to eight places, and so is each of the three assets.
    agreed() { [ "$(sql "SELECT count(*) FROM (SELECT margin_balance, usd FROM account_total_history ORDER BY time_ms DESC LIMIT 2)
        WHERE abs(margin_balance - usd) < 4e-8 AND margin_balance > 20000" 2> /dev/null)" = 2 ]; }
    wait_for agreed
    asset_is() { [ "$(sql "SELECT asset FROM account_total_history ORDER BY time_ms DESC LIMIT 1" 2> /dev/null)" = "$1" ]; }
    wait_for asset_is USD
    u 'multi?on=0' # USDT alone
    alone() { [ "$(sql "SELECT t.margin_balance = b.margin_balance_e8 / 1e8 AND t.usd > t.margin_balance + 1000 FROM account_total_history AS t
        JOIN balance AS b ON b.asset = 'USDT' AND b.time_ms = t.time_ms ORDER BY t.time_ms DESC LIMIT 1" 2> /dev/null)" = 1 ]; }
    wait_for alone
    wait_for asset_is USDT
    stop_run
    # A row for each that differed, however often it was told.
    assert_equal "$(sql "SELECT group_concat(multi_assets_margin, ' ') FROM (SELECT * FROM account_config ORDER BY time_ms)" | sed 's/^0 //')" "1 0"
    assert_sound
    posrec -q rebuild
    assert_sound
}

figure() { # METRIC: of account u, each by its name
    grep "^posrec_$1{account=\"u\"" posrec.prom 2> /dev/null | sed 's/^[^,]*,\([^}]*\)}/\1/' | sort
}

@test "metrics are in USD by the asset's last index, after another start too, and have none where none is known" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_sim --steady --no-trades --weight-limit 100000
    sim 'index?asset=USDT&index=0.9998' > /dev/null
    u 'move?symbol=BTCUSDT&share=0&still=1'
    u 'trade?symbol=BTCUSDT&side=BOTH&amount=-0.5'
    write_config "$SIM" "record = positions, account" "interval = 300ms" "account_interval = 300ms"
    sed -i 's|^database = .*|&\nmetrics_file = posrec.prom|; s|^\[account .*|[account u]\nproduct = usd-m|' posrec.ini
    start_run
    has_leg() { [ -n "$(figure position_amount_contracts)" ] && [ -n "$(figure wallet_balance)" ]; }
    wait_for has_leg
    assert_equal "$(figure position_amount_contracts | grep '"BTCUSDT"')" \
        "$(sql "SELECT printf('symbol=\"BTCUSDT\",position_side=\"BOTH\" %.15g', position_amount) FROM position_now WHERE symbol = 'BTCUSDT' AND position_amount < -0.4")"
    assert_equal "$(figure asset_price_usd; figure position_notional_usd; figure unrealized_pnl_usd)" ""
    stop_run
    sed -i 's/^record = .*/record = positions, account, prices/' posrec.ini
    start_run
    has_price() { [ "$(figure asset_price_usd | grep USDT)" = 'asset="USDT" 0.9998' ]; }
    wait_for has_price
    stop_run
    # What the recorder remembers is what is recorded; the leg's figures are the view's.
    sed -i 's/^record = .*/record = positions, account/' posrec.ini
    rm posrec.prom
    local asked
    asked=$(sql "SELECT count(*) FROM capture WHERE endpoint = 'assetIndex'")
    start_run
    wait_for has_price
    wait_for has_leg
    stop_run
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'assetIndex'")" "$asked"
    told() { figure "$1" | sed -n 's/^symbol="BTCUSDT",.* //p'; }
    assert_equal "$(sql "SELECT notional_usd_e8 = round($(told position_notional_usd) * 1e8), unrealized_pnl_usd_e8 = round($(told unrealized_pnl_usd) * 1e8),
        abs($(told position_notional_usd) - position_amount_e8 / 1e8 * $(told mark_price_usd) * 0.9998) < 1e-7, notional_usd_e8 < 0, unrealized_pnl_usd_e8 <> 0
        FROM valuation_history WHERE symbol = 'BTCUSDT' ORDER BY time_ms DESC LIMIT 1")" "1|1|1|1|1"
    # A later index counts from then on, and one that is not above nothing says nothing.
    index "$(now_ms)" USDTUSD 0.5 > later
    index "$(($(now_ms) + 1))" USDTUSD 0 >> later
    posrec -q import later
    start_run
    has_half() { [ "$(figure asset_price_usd | grep USDT)" = 'asset="USDT" 0.5' ]; }
    wait_for has_half
    stop_run
    promtool check metrics < posrec.prom
    assert_sound
}

@test "funding of USD-M is held against the exchange's own rates" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_both
    local held
    held=$(sql "SELECT count(*) FROM position_now JOIN account ON name = account WHERE product = 'usd-m' AND position_amount <> 0 AND symbol NOT LIKE '%\_%' ESCAPE '\'")
    [ "$held" -ge 3 ]
    wait_for recorded_of u fundingRate "$held"
    # A poll sees each position after its last change; the simulator's are older than a minute.
    wait_for good_polls 6
    u 'funding?rate=0.0001'
    u 'funding?rate=0.0007&special=1' # besides it, and told beside it
    # Rates are asked for by the hour, and at the start for what came since the last that is known.
    hear_rates() { # N: so many fundings are told of each symbol that is held
        wait_for settled
        sim "clock?offset_ms=$(($1 * 70000))" > /dev/null # income of the minute after it is waited for
        stop_run
        start_run
        told() { [ "$(sql "SELECT count(DISTINCT r.contract_id || ' ' || r.time_ms) FROM funding_rate AS r JOIN contract AS c USING (contract_id) WHERE c.product = 'usd-m'")" = $(($1 * held)) ]; }
        wait_for told "$1"
        known_on() { [ "$(sql "SELECT max(to_ms) > (SELECT max(time_ms) + 61000 FROM funding_rate) FROM known WHERE account = 'u' AND kind = 'income'")" = 1 ]; }
        wait_for known_on
    }
    hear_rates 1
    assert_equal "$(accused)" ""
    u 'funding?rate=0.0001&paid=0.0002'
    hear_rates 2
    stop_run
    assert_equal "$(sql "SELECT DISTINCT funding_rate FROM funding_rate_history")" 0.0001
    assert_equal "$(accused --account u | jq -r .finding | sort | uniq -c | tr -s ' ')" " $held funding_unexplained"
    # What the rate makes, by the trader's own arithmetic: half of what was paid.
    assert_equal "$(accused --account u --symbol BTCUSDT | jq -r .detail | sed -E 's/^([-0-9.]+) was paid, .* make ([-0-9.]+)$/\1 \2/' | awk '{ print ($1 != 0 && $1 - 2 * $2 < 2e-8 && 2 * $2 - $1 < 2e-8) }')" 1
    assert_equal "$(sim log | jq -r .path | grep -c premiumIndex)" "$(sim log | jq -r .path | grep -c dapi/v1/premiumIndex)"
    assert_sound
}

@test "funding of a position that is listed no more is judged by what there was" {
    # Open until just after the funding, or flat well before it: rates and income tell the same of both.
    local f=$((T + 3600000)) mark='"markPrice":"0.40000000"' row
    row="{\"symbol\":\"ADAUSDT\",\"incomeType\":\"FUNDING_FEE\",\"asset\":\"USDT\",\"info\":\"\",\"time\":$f,\"tranId\":1,\"tradeId\":\"\",\"income\":"
    {
        for i in 0 1 2 3 4 5; do line positionRisk $((f - 300000 + 60000 * i)) "[$ADA]"; done
        for i in 1 2 3; do line positionRisk $((f + 60000 * i)) "$([ $i -lt 3 ] && echo "[$ADA]" || echo "[]")"; done
        line fundingRate $((f + 180001)) "[{\"symbol\":\"ADAUSDT\",\"fundingTime\":$f,\"fundingRate\":\"0.00010000\",$mark}]"
        line income $((f + 180002)) "[$row\"-0.00120000\"}]" "\"request\":\"/fapi/v1/income?startTime=$T&limit=1000\""
    } > lines
    posrec -q import lines
    assert_equal "$(accused)" ""
    # 30 x 0.4 x 0.0001 = 0.0012.
    sed 's/-0.00120000/-0.00110000/' lines | posrec -q -d wrong.db import -
    assert_equal "$(accused -d wrong.db | jq -r '[.account, .symbol, .asset, .detail] | join(" ")')" \
        "u ADAUSDT USDT -0.00110000 was paid, 30 contracts at 0.4 and the rate 0.00010000 make -0.00120000"
    # What was paid in credits is not held against it.
    sed 's/-0.00120000/-0.00110000/; s/\("FUNDING_FEE","asset":"\)USDT/\1BNFCR/' lines | posrec -q -d credits.db import -
    assert_equal "$(sqlite3 credits.db "SELECT asset FROM income")" BNFCR
    assert_equal "$(accused -d credits.db)" ""
    flat_at() { # MS...: nothing is listed then
        local times=$*
        sed -E "s/(\"received_ms\":(${times// /|}),.*\"body\":).*/\1[]}/" lines
    }
    # Listed no more between the polls around it: nobody knows.
    flat_at $((f + 60000)) $((f + 120000)) | sed 's/-0.00120000/-0.00110000/' | posrec -q -d closed.db import -
    assert_equal "$(accused -d closed.db)" ""
    # Closed well before it, by the polls, and paid all the same.
    flat_at $((f - 180000)) $((f - 120000)) $((f - 60000)) $f $((f + 60000)) $((f + 120000)) | posrec -q -d flat.db import -
    assert_equal "$(accused -d flat.db | jq -r .detail)" "-0.00120000 was paid, 0 contracts at 0.4 and the rate 0.00010000 make 0.00000000"
}

@test "a price of one symbol is an object, and read like a list of one" {
    {
        line premiumIndex $T "{\"symbol\":\"ADAUSDT\",\"markPrice\":\"0.41\",\"indexPrice\":\"0.4\",\"estimatedSettlePrice\":\"0.4\",\"lastFundingRate\":\"0.0001\",\"interestRate\":\"0.0001\",\"nextFundingTime\":$((T + 5)),\"time\":$T}"
        index $((T + 1)) USDTUSD 1.0001 | sed 's/"body":\[\(.*\)\]/"body":\1/'
        line fundingRate $((T + 2)) "{}"
    } > lines
    posrec -q import lines
    assert_equal "$(sql "SELECT endpoint, outcome, row_count FROM capture ORDER BY 1")" "assetIndex|ok|1
fundingRate|unreadable|0
premiumIndex|ok|1"
    assert_equal "$(sql "SELECT symbol, mark_price, index_price, funding_rate FROM mark_history")" "ADAUSDT|0.41|0.4|0.0001"
    assert_equal "$(sql "SELECT asset, index_price FROM asset_index_history")" "USDT|1.0001"
    assert_sound
}

@test "what is set of an account has a row when it differs, and says what its totals are in" {
    config() { # MS MULTI [MORE]
        line accountConfig "$1" "{\"feeTier\":2,\"canTrade\":true,\"canDeposit\":true,\"canWithdraw\":false,\"dualSidePosition\":false,\"updateTime\":$1,\"multiAssetsMargin\":$2,\"tradeGroupId\":-1$3}"
    }
    total() { line account "$1" '{"totalWalletBalance":"1","totalMarginBalance":"1","totalMaintMargin":"0","assets":[],"positions":[]}'; }
    {
        total $((T + 500))
        config $((T + 1000)) false; total $((T + 1500))
        config $((T + 2000)) false
        config $((T + 3000)) true; total $((T + 3500))
        config $((T + 4000)) true ',"new":1'
        line accountConfig $((T + 5000)) "[]"
        config $((T + 6000)) 7; total $((T + 6500))
    } > lines
    while read -r one; do echo "$one" | posrec -q import -; done < lines # each in a process of its own
    assert_equal "$(sql "SELECT time_ms - $T, multi_assets_margin, dual_side_position, fee_tier, can_trade, can_deposit, can_withdraw, extra FROM account_config ORDER BY 1")" \
        '1000|0|0|2|1|1|0|
3000|1|0|2|1|1|0|
4000|1|0|2|1|1|0|{"new":1}
6000||0|2|1|1|0|{"multiAssetsMargin":7}'
    assert_equal "$(sql "SELECT time_ms - $T, asset FROM account_total_history ORDER BY 1")" '500|
1500|USDT
3500|USD
6500|USD'
    assert_equal "$(sql "SELECT received_ms - $T, detail FROM capture WHERE endpoint = 'accountConfig' AND detail <> '' ORDER BY 1")" \
        '5000|element 0: not a JSON object
6000|element 0: field multiAssetsMargin: neither true nor false: 7'
    assert_sound
    posrec -q -d whole.db import lines
    assert_equal "$(head_of -d whole.db verify)" "$(head_of verify)"
    assert_equal "$(sqlite3 whole.db 'SELECT * FROM account_config')" "$(sql 'SELECT * FROM account_config')"
}

@test "each lie of the exchange's about USD-M is a finding" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_both
    u 'trade?symbol=BTCUSDT&side=BOTH&amount=0.5'
    wait_for settled
    u 'transfer?asset=USDT&amount=3&hide=1'
    hidden() { [ "$(accused 2> /dev/null | jq -r .finding | sort -u | tr '\n' ' ')" = "wallet_unexplained " ]; }
    wait_for hidden
    stop_run
    assert_contains "$(accused | jq -r '[.account, .asset, .detail] | join(" ")')" "u USDT the wallet went from"
    assert_sound
}

@test "doctor asks each side what it records" {
    printf '%s\n' "main one-way $KEY $SECRET" > accounts
    start_sim
    printf '[posrec]\ndatabase = posrec.db\n[account u]\nproduct = usd-m\nbase_url = %s\nstream_url = ws%s\napi_key_file = main.key\nsecret_file = main.secret\nrecv_window = 60000\n' \
        "$SIM" "${SIM#http}" > posrec.ini
    run posrec doctor
    assert_contains "$output" "account u: account and income and userTrades and symbolConfig and accountConfig and assetIndex are answered"
    assert_contains "$output" "account u: the user data stream was opened"
}
