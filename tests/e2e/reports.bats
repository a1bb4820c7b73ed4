load run_helper

# poll TIME_MS BODY [ACCOUNT [INTERVAL_MS]]: one capture line.
poll() {
    jq -cn --argjson time "$1" --arg body "$2" --arg account "${3:-main}" --argjson interval "${4:-10000}" \
        '{account: $account, received_ms: $time, interval_ms: $interval, http_status: 200, body: $body}'
}

# leg SIDE AMOUNT UPDATE_MS [FIELD:VALUE...]: a row of an answer, with the documented figures.
leg() {
    local row="{\"symbol\":\"BTCUSD_PERP\",\"positionAmt\":\"$2\",\"entryPrice\":\"11707.70000003\",\"markPrice\":\"11788.66626667\",\"unRealizedProfit\":\"0.00005866\",\"liquidationPrice\":\"11667.63509587\",\"leverage\":\"125\",\"marginType\":\"cross\",\"isolatedMargin\":\"0.00000000\",\"positionSide\":\"$1\",\"updateTime\":$3}"
    shift 3
    for field in "$@"; do
        row=$(jq -c --arg name "${field%%:*}" --arg value "${field#*:}" '.[$name] = $value' <<< "$row")
    done
    printf '%s' "$row"
}

documented() {
    documented_body > body.json
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
}

@test "every report answers the documented example in every format" {
    documented
    for report in pnl margin exposure changes coverage; do
        run --separate-stderr posrec report $report
        assert_equal "$status" 0
        assert_equal "${#lines[@]}" 2
        posrec report $report --format csv > out.csv
        assert_equal "$(wc -l < out.csv)" 2
        assert_equal "$(grep -c $'\r$' out.csv)" 2
        posrec report $report --format json | jq -e 'length == 1' > /dev/null
        posrec report $report --format ndjson | jq -e '.account == "main"' > /dev/null
        posrec report $report --format html --output out.html
        grep -q '<td>main</td>' out.html
        tail -1 out.html | grep -q '</html>'
    done
    # 0.00005866 x 11788.66626667 = 0.6915231632...
    assert_equal "$(posrec report pnl --format csv | tail -1 | tr -d '\r')" \
        "main,BTCUSD_201225,LONG,2021-07-23T07:54:42.000Z,1.0,BTC,0.00005866,0.0,0.00005866,0.00005866,0.69152316,0.0,0.69152316,0.69152316,11707.70000003,11788.66626667,,,,,,,,,,,1.0"
    posrec report exposure --format json > out.json
    assert_equal "$(jq -c '.[0] | [.long_usd, .short_usd, .net_usd, .gross_usd]' out.json)" '[100,0,100,100]'
}

@test "--symbol, --side, --account, --from and --to choose" {
    {
        poll 1700000000000 "[$(leg LONG 1 1),$(leg SHORT -2 1)]"
        poll 1700000010000 "[$(leg LONG 3 2),$(leg SHORT -2 1)]"
        poll 1700000010000 "[$(leg BOTH 5 1)]" other
    } | posrec -q import -
    ids() { posrec report "$@" --format csv | tail -n +2 | cut -d, -f1,3 | sort -u | tr -d '\r' | tr '\n' ' '; }
    assert_equal "$(ids pnl)" "main,LONG main,SHORT other,BOTH "
    assert_equal "$(ids pnl --side short)" "main,SHORT "
    assert_equal "$(ids pnl --account other)" "other,BOTH "
    assert_equal "$(posrec report pnl --side LONG --to 1700000000001 --format json | jq '.[0].position_amount')" 1
    assert_equal "$(posrec report changes --from 1700000000001 --account main --format json | jq -c '.[] | [.change, .previous_position_amount, .position_amount, .held_s]')" \
        '["increase",1,3,0.001]'
    run -2 posrec -q report pnl --symbol ETHUSD_PERP
}

@test "where there is nothing to show, a sentence says why" {
    says() { # SENTENCE ARGUMENT...
        local sentence=$1
        shift
        for format in table csv json ndjson; do
            run --separate-stderr posrec "$@" --format $format
            assert_equal "$status" 0
            assert_contains "$stderr" "$sentence"
            case $format in
            table | ndjson) assert_equal "$output" "" ;;
            json) assert_equal "$(jq length <<< "$output")" 0 ;;
            esac
        done
    }
    posrec -q migrate
    for report in equity pnl margin exposure income trades trips performance changes coverage reconcile; do
        says "Nothing is recorded yet" report $report
        posrec report $report --format html > none.html
        grep -q 'class="nothing">Nothing is recorded yet' none.html
    done
    says "Nothing is recorded yet" positions
    posrec report all --format html --output empty.html
    assert_equal "$(grep -c 'Nothing is recorded yet' empty.html)" 12
    printf '%s\n' '{"account":"mute","received_ms":1700000000000,"outcome":"timeout","detail":"no answer"}' |
        posrec -q import -
    says "Account mute never gave a good answer" report pnl
    says "Account mute never gave a good answer" positions
    assert_equal "$(posrec report coverage --format json | jq -c '.[] | [.ok, .failed]')" '[0,1]'
    documented
    poll 1700000001000 "[]" other | posrec -q import -
    says "No symbol BTCUSD_201225 is recorded of account other." report pnl --account other --symbol BTCUSD_201225
    says "No poll is in this range; the history goes from 2021-07-23T07:54:42Z" report pnl --from 2099-01-01
    says "No poll is in this range" report exposure --to 2001-01-01
    says "No position was open in this range" report pnl --side SHORT
    says "No whole step of --every is in this range" report pnl --every 1d
    run --separate-stderr posrec report reconcile --format csv
    assert_equal "$stderr" "No findings: everything in this range adds up."
    assert_equal "$output" $'finding,account,symbol,position_side,capture_id,time,detail,asset\r'
    posrec report all --from 2099-01-01 --format html > all.html
    grep -q 'No poll is in this range' all.html
}

@test "a misspelt account or symbol is an error that says what there is; symbols are taken in any case" {
    refuses() { # TEXT ARGUMENT...
        local text=$1
        shift
        run posrec "$@"
        assert_equal "$output" "posrec: $text"
        assert_equal "$status" 2
    }
    posrec -q migrate
    for words in positions export "report pnl" status; do
        # shellcheck disable=SC2086 # a command and its arguments
        posrec -q $words --account nobody
    done
    posrec -q report pnl --symbol nothing
    documented
    printf '%s\n' '{"account":"mute","received_ms":1700000000000,"outcome":"timeout","detail":"no answer"}' |
        posrec -q import -
    for words in positions export "report pnl" "report all --format html" status; do
        # shellcheck disable=SC2086
        refuses "account nobody: not recorded here (there is: main, mute)" $words --account nobody
    done
    refuses "symbol BTCUSD: not recorded here (there is: BTCUSD_201225)" report pnl --symbol BTCUSD
    assert_equal "$(posrec report pnl --symbol btcusd_201225)" "$(posrec report pnl --symbol BTCUSD_201225)"
    assert_equal "$(posrec report pnl --symbol bTcuSd_201225 --format json | jq -r '.[0].symbol')" BTCUSD_201225
    # What is recorded in another case than the exchange's own is found as it is, and the very same first.
    poll 1700000001000 "[$(leg LONG 1 1000 symbol:btcusd_201225),$(leg LONG 1 1000 symbol:BTCUSD_201225)]" | posrec -q import -
    for symbol in btcusd_201225 BTCUSD_201225; do
        assert_equal "$(posrec report changes --symbol $symbol --format json | jq -r 'map(.symbol) | unique[]')" $symbol
    done
    # A symbol that only income names is none that is misspelt; an account that is configured stands somewhere too.
    jq -cn '{received_ms: 1795560900500, endpoint: "income", http_status: 200, body: ([{symbol: "XRPUSD_PERP",
        incomeType: "FUNDING_FEE", income: "0.1", asset: "XRP", time: 1795560900000, tranId: 1, tradeId: "", info: ""}] | tojson)}' |
        posrec -q import -
    posrec -q report income --symbol xrpusd_perp
    printf '[account fresh]\n' > fresh.ini
    posrec -q -c fresh.ini status --account fresh
    refuses "account nobody: not recorded here (there is: main, mute)" -c fresh.ini status --account nobody
    for n in $(seq -w 20); do
        poll 1700000001000 "[]" "z$n"
    done | posrec -q import -
    refuses "account nobody: not recorded here (there is: main, mute, z01, z02, z03, z04, z05, z06, z07, z08 and 12 more)" \
        positions --account nobody
}

@test "a range in which there is no moment is an error" {
    documented
    for words in "report changes" "report pnl --every 1d" "report all --format html" export; do
        # shellcheck disable=SC2086
        run posrec $words --from 2021-07-24 --to 2021-07-23T12:00
        assert_equal "$status" 2
        assert_equal "$output" "posrec: ${words%% *}: --from 2021-07-24T00:00:00.000Z is not before --to 2021-07-23T12:00:00.000Z"
        run posrec $words --from 2021-07-23T07:54:42Z --to 1627026882
        assert_equal "$status" 2
        assert_contains "$output" "--from 2021-07-23T07:54:42.000Z is not before --to 2021-07-23T07:54:42.000Z"
    done
    assert_equal "$(posrec export --from 2021-07-23T07:54:42Z --to 1627026882001 | wc -l)" 1
}

@test "a range is a day, a month, or two ends as people write them, in UTC" {
    documented # 2021-07-23T07:54:42Z
    export TZ=America/New_York
    count() { posrec export "$@" 2> /dev/null | wc -l; }
    for range in "--month 2021-07" "--day 2021-07-23" "--day 20210723" "--from 2021-07 --to 2021-07" "--to 2021-07-23" \
        "--from 2021-07-23" "--from 1627026882 --to 1627026882001" "--from 1627026882000 --to yesterday" "--from -100y --to now"; do
        # shellcheck disable=SC2086
        assert_equal "$range: $(count $range)" "$range: 1"
    done
    for range in "--month 2021-06" "--month 2021-08" "--day 2021-07-22" "--day 2021-07-24" "--day yesterday" "--from 2021-07-24" \
        "--to 2021-07-22" "--to 2021-07-23T07:54:42Z" "--from 2021-08" "--to 2021-06" "--from -1w" "--from today"; do
        # shellcheck disable=SC2086
        assert_equal "$range: $(count $range)" "$range: 0"
    done
    refuses() { # TEXT OPTION...
        local text=$1
        shift
        run posrec report pnl "$@"
        assert_equal "$output" "posrec: report: $text"
        assert_equal "$status" 2
    }
    refuses "--month is a whole range: it goes without --from and --to" --month 2021-07 --from 2021-07-02
    refuses "--day is a whole range: it goes without --from and --to" --to now --day 2021-07-23
    refuses "--day is a whole range: it goes without --month" --month 2021-07 --day 1969-12-31
    refuses "--month: '2021-07-23' is no month (write 2026-11)" --month 2021-07-23
    refuses "--day: '2021-07' is no day (write 2026-11-24, today or yesterday)" --day 2021-07
    refuses "--day: '-1d' is no day (write 2026-11-24, today or yesterday)" --day -1d
    refuses "--from: time '2021': a number is a date (8 digits), seconds (10 digits) or milliseconds (13 digits) since 1970" --from 2021
    refuses "--from: time '20211301': there is no day 2021-13-01" --from 20211301
    refuses "--to: time 'noon': not understood (write 2026-11-24, 2026-11-24T14:03:10Z, 2026-11, now, today, yesterday, -24h, or epoch seconds or milliseconds)" --to noon
    refuses "--every: step '1': not understood (write 10s, 5m, 1h, 1d, 1w, 1mo or 1y)" --every 1
    refuses "--refresh: duration '1mo': not understood (write 100ms, 10s, 5m, 1h, 1d or 1w)" --refresh 1mo
    # The newest poll is in a range without an end.
    assert_equal "$(posrec report pnl --from 2021-07-23T07:54:42Z --format json | jq '.[0].position_amount')" 1
    # An as-of is of a moment, which is in it.
    assert_equal "$(posrec positions --at 2021-07-23T07:54:42Z --format json | jq length)" 1
    assert_equal "$(posrec -q positions --at 2021-07-23 --format json | jq length)" 0
}

@test "a name that is not there is told the nearest that are" {
    for symbol in AAVE ADA BCH BNB DOGE DOT ETC FIL LINK LTC BTC ETH; do
        poll 1700000000000 "[$(leg LONG 1 1 "symbol:${symbol}USD_PERP")]" "$symbol-desk"
    done | posrec -q import -
    refuses() { # BEGINNING ARGUMENT...
        local text=$1
        shift
        run posrec "$@"
        case $output in "posrec: $text"*" and 2 more)") ;; *) echo "$output"; false ;; esac
        assert_equal "$status" 2
    }
    refuses "symbol ethusd_prep: not recorded here (there is: ETHUSD_PERP, " report pnl --symbol ethusd_prep
    refuses "symbol BTC: not recorded here (there is: BTCUSD_PERP, " report income --symbol BTC
    refuses "account link-dusk: not recorded here (there is: LINK-desk, " positions --account link-dusk
    refuses "account ETH: not recorded here (there is: ETH-desk, " export --account ETH
    assert_equal "$(posrec report pnl --symbol ethusd_perp --format json | jq -r '.[].symbol')" ETHUSD_PERP
}

@test "reconcile names what does not add up, and the poll that shows it" {
    {
        poll 1700000000000 "[$(leg LONG 1 1000),$(leg SHORT 0 1000),$(leg BOTH 0 0)]"
        poll 1700000010000 "[$(leg LONG 1 1000 leverage:50),$(leg SHORT 3 1001),$(leg BOTH 0 0)]"
        poll 1700000020000 "[$(leg LONG 1 900),$(leg SHORT 0 1002),$(leg BOTH 0 0 isolatedMargin:0.1)]"
        poll 1700000030000 "[$(leg LONG 1 900 unRealizedProfit:0.00005869),$(leg SHORT 0 1002),$(leg BOTH 0 0)]"
        poll 1700000040000 "[$(leg LONG 1 900 unRealizedProfit:0.00005867),$(leg SHORT 0 1002),$(leg BOTH 0 0)]"
        poll 1700000090000 "[$(leg LONG 2 1700000070000 unRealizedProfit:0.00011733),$(leg SHORT 0 1002),$(leg BOTH 0 0)]"
        poll 1700000100000 "[$(leg SHORT 0 1002),$(leg BOTH 0 0)]"
    } | posrec -q import -
    # Flat legs here carry the documented PnL: the exchange would say 0.
    posrec report reconcile --side LONG --format csv | tr -d '\r' | tail -n +2 | cut -d, -f1,4,5 > found
    diff - found << 'EXPECTED'
changed_without_update,LONG,2
update_time_went_back,LONG,3
pnl_difference,LONG,4
not_recorded,,
gap_hides_change,LONG,6
close_never_seen,LONG,7
EXPECTED
    posrec report reconcile --format csv | tr -d '\r' > found
    grep -q '^sign_against_side,main,BTCUSD_PERP,SHORT,2,2023-11-14T22:13:30.000Z,' found
    grep -q '^isolated_margin_on_cross,main,BTCUSD_PERP,BOTH,3,' found
    grep -q 'reported 0.00005869, expected 0.00005866: off by 0.00000003' found
    grep -q 'updateTime 1970-01-01T00:00:00.900Z after 1970-01-01T00:00:01.000Z' found
    grep -q 'leverage 125 to 50' found
    posrec body 3 | jq -e '.[2].isolatedMargin == "0.1"' > /dev/null
    run posrec report reconcile --strict
    assert_equal "$status" 1
    assert_contains "$output" "head_at_end"
    assert_contains "$output" "$(head_of verify)"
    assert_contains "$output" "See an answer as it came: posrec body CAPTURE"
    posrec -q report reconcile --strict --side LONG --to 1700000000001
    posrec report reconcile --format html > audit.html
    grep -q "$(head_of verify)" audit.html
    run posrec report all --strict --format html --output all.html
    assert_equal "$status" 1
}

@test "a poll by hand hides no hole of the service" {
    # The service's last poll, five minutes later one by hand (without an interval), then the service again.
    base=$(($(date +%s) / 120 * 120000 - 1200000))
    {
        for second in 0 10 20 30; do poll $((base + second * 1000)) "[$(leg LONG 1 1000)]"; done
        poll $((base + 330000)) "[$(leg LONG 2 2000 unRealizedProfit:0.00011733)]" main null
        for second in 333 340 350 360 370; do poll $((base + second * 1000)) "[$(leg LONG 2 2000 unRealizedProfit:0.00011733)]"; done
    } | posrec -q import -
    assert_equal "$(sql "SELECT from_ms - $base, to_ms - $base, missed FROM gap")" "30000|330000|29"
    assert_equal "$(posrec report coverage --format ndjson | jq -s 'map(.gaps) | add')" 1
    assert_equal "$(posrec status --format json | jq '.accounts[0].gaps_24h')" 1
    assert_equal "$(posrec report pnl --every 30s --to "$((base + 370000))" --format ndjson | jq -c '.position_amount' | uniq | xargs)" "1 null 2"
    assert_equal "$(posrec report exposure --every 30s --to "$((base + 370000))" --format ndjson | jq -c '.long_usd' | uniq | xargs)" "100 null 200"
    assert_equal "$(accused | jq -r '[.finding, .capture_id] | @csv')" '"gap_hides_change",5'
    posrec report pnl --format html > page.html
    assert_equal "$(grep -oE '"gaps":\[[^]]*\]+' page.html | tr -d '[]' | sort -u)" "\"gaps\":30000,330000"
    # Two polls by hand have no interval that the time between them could be judged by.
    poll $((base + 900000)) "[]" other null | posrec -q import -
    poll $((base + 1000000)) "[]" other null | posrec -q import -
    assert_equal "$(sql "SELECT count(*) FROM gap WHERE account = 'other'")" 0
}

@test "a change between hedge and one-way mode is nothing wrong" {
    start_sim --symbols 12
    posrec -q fetch > /dev/null
    for hedge in 0 1 0; do
        sim "mode?account=main&hedge=$hedge" > /dev/null
        posrec -q fetch > /dev/null
    done
    # 12 symbols, LONG and SHORT each: they vanish, return and vanish again.
    assert_equal "$(sql "SELECT group_concat(n || change) FROM (SELECT count(*) AS n, change FROM position_change WHERE position_side <> 'BOTH' AND change IN ('vanish', 'return') GROUP BY first_seen_ms)")" "24vanish,24return,24vanish"
    assert_equal "$(posrec report changes --side LONG --format ndjson | jq -r 'select(.change == "vanish" or .change == "return").change' | sort | uniq -c | xargs)" "12 return 24 vanish"
    # The market trades now and then: what is at stake changes by that alone.
    assert_equal "$(accused | jq -r 'select(.finding != "changed_without_update" or (.detail | test("positionAmt"))) | .finding')" ""
    assert_equal "$(sql "SELECT count(*) FROM exposure WHERE long_usd IS NULL OR gross_usd > 100000")" 0
    posrec -q verify > /dev/null
}

@test "a leg that was never used has no update time" {
    poll 1700000000000 "[$(leg BOTH 0 0),$(leg LONG 1 1000)]" | posrec -q import -
    for view in position_history position_change position_now; do
        assert_equal "$(sql "SELECT position_side, update_ms, update_time FROM $view ORDER BY 1")" $'BOTH|0|\nLONG|1000|1970-01-01T00:00:01.000Z'
    done
}

@test "a leg that later polls did not ask for is a close never seen" {
    poll 1700000000000 "[$(leg LONG 1 1000)]" | posrec -q import -
    jq -cn --arg body '[]' '{account:"main",received_ms:1700000010000,interval_ms:10000,request:"/dapi/v1/positionRisk?marginAsset=ETH",body:$body}' |
        posrec -q import -
    assert_equal "$(posrec report reconcile --format json | jq -r '.[] | [.finding, .capture_id] | @csv')" '"close_never_seen",1'
}

@test "an option that says nothing to a report is refused" {
    documented
    for words in "gaps --every 1d" "coverage --symbol X" "changes --every 1h" "exposure --all" "pnl --strict" \
        "reconcile --all" "all" "nonsense" "pnl --side UP" "pnl --every 0s" "pnl --format xml" "pnl --refresh 60s" \
        "all --format html --refresh 999ms"; do
        run posrec report $words
        assert_equal "$status" 2
        assert_equal "${#lines[@]}" 1
    done
}

@test "a page says what it could not draw" {
    legs=$(for i in $(seq 61); do leg LONG 1 1 "symbol:A${i}USD_PERP"; echo ,; done)
    for account in $(seq 13); do
        poll 1700000000000 "[${legs%,}]" "account$account"
    done | posrec -q import -
    posrec report pnl --format html > page.html
    assert_equal "$(grep -c 'Drawn are the first 60 of 61 legs' page.html)" 12
    assert_equal "$(grep -c 'There are more accounts than charts' page.html)" 1
    posrec report pnl --account account3 --symbol A9USD_PERP --format html > page.html
    assert_equal "$(grep -c 'Drawn are the first' page.html)" 0
    grep -q '<td>A9USD_PERP</td>' page.html
}

@test "more steps than anybody reads are refused" {
    {
        poll 1600000000000 "[$(leg LONG 1 1)]"
        poll 1700000000000 "[$(leg LONG 1 1)]"
    } | posrec -q import -
    run posrec report pnl --every 1s
    assert_equal "$status" 2
    assert_equal "$output" "posrec: --every: that is 100000000 steps, 1000000 at most (a longer step, or a shorter range)"
}

@test "a table wider than the terminal becomes a list" {
    documented
    COLUMNS= LINES= run script -qec "stty cols 60; '$BUILD/posrec' report pnl --wide" /dev/null
    assert_equal "$status" 0
    assert_contains "$output" $'unrealized_pnl_usd  0.69152316\r'
    run script -qec "stty cols 500; '$BUILD/posrec' report pnl" /dev/null
    assert_equal "${#lines[@]}" 2
    run script -qec "stty cols 100; '$BUILD/posrec' report pnl" /dev/null
    assert_equal "${#lines[@]}" 3
    assert_contains "${lines[2]}" "columns (--wide shows all)"
}

@test "a table for no terminal has each column as wide as its widest cell, and no blanks behind the last" {
    documented
    posrec sql "SELECT 'a' AS text, 1 AS number, NULL AS empty, '日本' AS wide, 10 AS last
                UNION ALL SELECT 'longer', NULL, NULL, NULL, NULL UNION ALL SELECT '', -12.5, NULL, 'x', 2" > shown
    assert_equal "$(cat shown)" 'text   number empty wide last
a           1       日本   10
longer                   
        -12.5       x       2'
    posrec sql "SELECT 1 AS number, 'a' AS last UNION ALL SELECT 20, 'longer' UNION ALL SELECT NULL, NULL" > shown
    assert_equal "$(cat shown)" 'number last
     1 a
    20 longer
       '
    # Many rows are printed as few are.
    posrec sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, 'x' || i AS x FROM n" > shown
    assert_equal "$(wc -l < shown)" 20001
    assert_equal "$(sed -n '2p; $p' shown)" '    1 x1
20000 x20000'
}

# harmless FILE: nothing in it moves a terminal: UTF-8 without control characters but line ends, without C1, and without
# what turns the direction.
harmless() {
    python3 - "$1" <<'PYTHON'
import re, sys
text = open(sys.argv[1], encoding="utf-8", newline="").read().replace("\r\n", "\n")
bad = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)
assert not bad, (bad, text)
PYTHON
}

# The symbol of a leg, in JSON and as it is shown.
HOSTILE='Z\u00fcrich\u001b[2J\u009b2J\u202e\u2028\n_PERP'
SHOWN='Zürich\x1b[2J\xc2\x9b2J\xe2\x80\xae\xe2\x80\xa8\x0a_PERP'

@test "tables and lists show UTF-8 as it is and move no terminal, whatever the locale" {
    leg LONG 1 1 | jq -c ". * {symbol: \"$HOSTILE\"} | [.]" > body.json
    leg LONG 1 1 | jq -c ". * {symbol: \"plain\"} | [.]" > plain.json
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
    posrec -q import --received-at 2021-07-23T07:54:42Z --account other plain.json
    for locale in C C.UTF-8; do
        export LC_ALL=$locale
        posrec positions > shown
        assert_contains "$(cat shown)" "$SHOWN"
        harmless shown
        COLUMNS= LINES= script -qec "stty cols 40; '$BUILD/posrec' positions" /dev/null > shown
        grep -qF "$SHOWN" shown
        grep -qE '^position_side +LONG' shown
        harmless shown
        # A header, a text and bytes that are not UTF-8; columns are as wide as what is shown.
        posrec sql "SELECT 'ä日本' AS \"n"$'\302\233'"\", 1 AS x, x'1b' AS b UNION ALL SELECT CAST(x'1bff' AS text), 2, 3" > shown
        assert_equal "$(cat shown)" 'n\xc2\x9b x b
ä日本     1 1b
\x1b\xff  2 3'
    done
    # What programs read has the very bytes.
    assert_equal "$(posrec positions --format json | jq -c '[.[].symbol] | sort')" "[$(jq -n "\"$HOSTILE\""),\"plain\"]"
    posrec positions --format csv | grep -qF "$(printf 'Zürich\033[2J')"
}

@test "errors, sentences and lines that are skipped move no terminal" {
    name=$(printf 'a\302\2332J\342\200\256b')
    poll 1700000000000 "[$(leg LONG 1 1)]" > "$name"
    printf '{"received_ms": 1700000000001, "body": "x", "\u009b\u202e": 1}\nno line\n' >> "$name"
    posrec import --skip-bad "$name" > out 2> shown
    assert_contains "$(cat shown)" 'a\xc2\x9b2J\xe2\x80\xaeb: line 3'
    harmless shown
    posrec -d "$name/x" positions 2> shown || true
    assert_contains "$(cat shown)" 'a\xc2\x9b2J\xe2\x80\xaeb'
    harmless shown
    mv posrec.db "$name.db"
    posrec -d "$name.db" verify > out 2> shown
    harmless shown
    posrec -d "$name.db" doctor > shown || true
    assert_contains "$(cat shown)" 'a\xc2\x9b2J\xe2\x80\xaeb.db, schema'
    harmless shown
}

@test "a report is of one moment while polls are being recorded" {
    start_sim
    posrec -q fetch > /dev/null
    sed -i 's/^timeout = .*/&\ninterval = 100ms/' posrec.ini
    start_run
    for _ in $(seq 15); do
        posrec report all --format html > page.html
        # The page's range is read first and the audit last: its last capture was the last when that ended.
        range=$(grep -oE 'datetime="[^"]*' page.html | sed -n 2p | cut -c11-)
        audit=$(sed -n '/id="reconcile"/,$p' page.html | grep -oE '<td class="number">[0-9]+' | sed -n 4p | grep -oE '[0-9]+$')
        assert_equal "$(sql "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', (max(received_ms) + 1) / 1000.0, 'unixepoch') FROM poll_log WHERE capture_id <= $audit")" "$range"
    done
    stop_run
    [ "$(sql 'SELECT count(*) FROM capture')" -gt 2 ]
}

@test "sql can be interrupted, and given a time limit" {
    documented
    endless="WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    run posrec sql --timeout 200ms "$endless"
    assert_equal "$status" 1
    assert_equal "$output" "posrec: sql: not done in time (give it a longer --timeout, or ask for less)"
    # In a shell with job control a background program does not ignore Ctrl-C.
    run bash -mc '"$0" sql "$1" 2> interrupted & pid=$!
        until grep -q "SigCgt:.*[2367abef]$" /proc/$pid/status; do sleep 0.01; done
        kill -INT $pid; wait $pid' "$BUILD/posrec" "$endless"
    assert_equal "$status" 1
    assert_equal "$(cat interrupted)" "posrec: sql: interrupted"
    assert_equal "$(posrec sql --timeout 10s --format csv 'SELECT 1 AS one' | tr -d '\r' | tail -1)" 1
}

@test "sql and positions write HTML too, and show hostile text as text" {
    documented
    posrec sql --format html "SELECT '<script>alert(1)</script>' AS \"<b>\", 1.5 AS n" > out.html
    grep -q '<td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td class="number">1.5</td>' out.html
    grep -q '<th>&lt;b&gt;</th>' out.html
    assert_equal "$(grep -c '<script' out.html)" 0
    posrec positions --format html > out.html
    grep -q '<td>BTCUSD_201225</td>' out.html
}

@test "dygraphs' notice goes wherever dygraphs goes" {
    documented
    notice=$SOURCE/src/report/assets/dygraphs.txt
    posrec report all --format html > page.html
    posrec sql --format html 'SELECT 1' > query.html
    for page in page.html query.html; do
        assert_equal "$(sed -n '/^<!--$/,/^-->$/p' $page | sed '1d;$d')" "$(cat "$notice")"
    done
    grep -qF '@license https://github.com/danvk/dygraphs' page.html
    grep '^Copyright' "$notice" | cut -d' ' -f3- > holders
    assert_equal "$(wc -l < holders)" 12
    while read -r holder; do
        for file in LICENSE debian/copyright; do grep -qF "$holder" "$SOURCE/$file"; done
    done < holders
}

@test "a report over other people's numbers keeps all digits" {
    poll 1700000000000 "[$(leg LONG 1234567 1 entryPrice:60071992.54740991 markPrice:60071992.54740992 unRealizedProfit:-12345678.12345678)]" |
        posrec -q import -
    assert_equal "$(posrec report pnl --format ndjson | grep -o '"entry_price":[^,]*,"mark_price":[^,}]*')" \
        '"entry_price":60071992.54740991,"mark_price":60071992.54740992'
    assert_equal "$(posrec report pnl --format csv | tail -1 | cut -d, -f7)" "-12345678.12345678"
}
