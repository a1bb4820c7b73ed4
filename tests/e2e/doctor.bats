# What doctor says of an account: its key, its clock, its stream, and who else asks from its address.

load run_helper

READS="enableReading,ipRestrict"

# config_of PRODUCT [LINE...]: an account of the product, all of which is recorded.
config_of() {
    local product=$1
    shift
    write_config "$SIM" "product = $product" "stream_url = ws${SIM#http}" \
        "record = positions, stream, account, income, trades, prices" "$@"
}

# doctor: what it says of accounts, and STATUS.
doctor() {
    run --separate-stderr posrec doctor
    STATUS=$status
    for secret in "$KEY" "$SECRET" $(curl -sS "$SIM/sim/keys"); do
        case $output$stderr in *"$secret"*) echo "a secret is told" >&2 && return 1 ;; esac
    done
}

# said WORD TEXT: doctor has a line that begins with the word and ends with the text.
said() {
    grep -qxF "$(printf '%-4s  account main: %s' "$1" "$2")" <<< "$output" || {
        printf 'not said: %s %s\nbut: %s\n' "$1" "$2" "$output" >&2
        return 1
    }
}

@test "what a key may do is said as the exchange's page has it, of both products" {
    start_sim
    for product in coin-m usd-m; do
        config_of $product
        sim "key?account=main" > /dev/null
        doctor
        assert_equal "$STATUS" 0
        said ok "its key may read, and nothing else"
        run ! grep -q '^warn  account' <<< "$output"
        run ! grep -q '^fail' <<< "$output"
        sim "key?account=main&rights=$READS,enableFixReadOnly,enableSpotAndMarginTrading,enableWithdrawals,permitsUniversalTransfer,enableFutures" > /dev/null
        doctor
        assert_equal "$STATUS" 0
        said warn "its key may do more than read: Enable Futures, Permits Universal Transfer, Enable Spot & Margin Trading, Enable Withdrawals (take that away: Enable Reading is enough)"
        said ok "a signed call with its HMAC-SHA-256 key was answered"
        sim "key?account=main&rights=enableReading,enableInternalTransfer,enablePortfolioMarginTrading,enableVanillaOptions,enableFixApiTrade,enableMargin" > /dev/null
        doctor
        said warn "its key may do more than read: Enable Internal Transfer, Enable Portfolio Margin Trading, Enable European Options, Enable FIX API Trading, Enable Margin Loan, Repay & Transfer (take that away: Enable Reading is enough)"
        said warn "its key may be used from any address (restrict it to this machine's)"
        sim "key?account=main&rights=$READS" > /dev/null
    done
    # Each probe asks it once, of a weight that is counted apart.
    asked=$(curl -sS "$SIM/sim/log" | jq -c 'select(.path == "/sapi/v1/account/apiRestrictions") | .status' | sort | uniq -c | xargs)
    assert_equal "$asked" "6 200"
}

@test "a right that has no name yet is said too, and moves no terminal" {
    start_sim
    printf '%s' '{"ipRestrict":true,"createTime":1,"enableReading":true,"enableNew\u001b[2JThing":true,"enableOther":false}' > rights.json
    sim 'fault?kind=body&endpoint=apiRestrictions' --data-binary @rights.json -H 'Content-Type: application/octet-stream' > /dev/null
    doctor
    assert_equal "$STATUS" 0
    assert_contains "$output" "warn  account main: its key may do more than read: enableNew"
    run ! grep -q $'\x1b' <<< "$output"
    run ! grep -q enableOther <<< "$output"
}

@test "where what a key may do is not told, that is said, and nothing fails" {
    start_sim
    could_not="what its key may do could not be told"
    sim 'fault?kind=garbage&endpoint=apiRestrictions' > /dev/null
    doctor
    assert_equal "$STATUS" 0
    assert_contains "$output" "warn  account main: $could_not: unreadable: "
    sim 'fault?kind=status&status=503&endpoint=apiRestrictions' > /dev/null
    doctor
    assert_equal "$STATUS" 0
    assert_contains "$output" "warn  account main: $could_not: server_error: "
    sim 'fault?kind=reset&endpoint=apiRestrictions&count=9' > /dev/null
    doctor
    assert_equal "$STATUS" 0
    assert_contains "$output" "warn  account main: $could_not: network_error: "
    said ok "a signed call with its HMAC-SHA-256 key was answered"
    # Demo and test hosts tell nobody, and are not asked; nobody is there behind this proxy.
    for url in https://demo-dapi.binance.com https://testnet.binancefuture.com https://exchange.example; do
        write_config "$url" "proxy = http://127.0.0.1:1" "record = positions"
        doctor
        assert_equal "$STATUS" 1
        said warn "what its key may do is not told at its base_url (look where it was made: Enable Reading is enough)"
    done
    write_config https://dapi.binance.com "proxy = http://127.0.0.1:1" "record = positions"
    doctor
    assert_equal "$STATUS" 1
    assert_contains "$output" "warn  account main: $could_not: network_error: "
}

@test "why a key is refused: a wrong one, Portfolio Margin, no futures account, of both products" {
    start_sim
    refused="api_error: Invalid API-key, IP, or permissions for action."
    for product in coin-m usd-m; do
        config_of $product
        sim "key?account=main&revoked=1" > /dev/null
        doctor
        assert_equal "$STATUS" 1
        said fail "$refused (the key is wrong, lacks Enable Reading, or does not allow this machine's address)"
        # It is refused everywhere: once is enough.
        assert_equal "$(grep -c '^fail' <<< "$output")" 1
        sim "key?account=main&rights=enableFutures,ipRestrict" > /dev/null # no Enable Reading
        doctor
        said fail "$refused (the key is wrong, lacks Enable Reading, or does not allow this machine's address)"
        sim "key?account=main&futures=0&rights=$READS,enablePortfolioMarginTrading" > /dev/null
        doctor
        assert_equal "$STATUS" 1
        said fail "$refused (this looks like a Portfolio Margin account: its positions are under papi, which posrec does not record)"
        sim "key?account=main&futures=0&rights=$READS" > /dev/null
        doctor
        assert_equal "$STATUS" 1
        said fail "$refused (the key is good, but not for futures: open a futures account, and make a key after that; what is in Portfolio Margin posrec does not record)"
        said ok "its key may read, and nothing else"
        # Who cannot ask elsewhere does not guess.
        sim 'fault?kind=status&status=503&endpoint=apiRestrictions' > /dev/null
        doctor
        said fail "$refused (check key, secret, its read permission and its allowed addresses)"
    done
}

@test "how far the clock is off is said with how well that is known" {
    start_sim
    config_of usd-m
    sim 'clock?offset_ms=-90000' > /dev/null
    doctor
    assert_equal "$STATUS" 0
    line=$(grep '^warn  account main: this machine.s clock is off by' <<< "$output")
    [[ $line =~ off\ by\ ([0-9]+)\ ms,\ give\ or\ take\ ([0-9]+)\ \(posrec\ corrects\ it\;\ have\ it\ set\ by\ NTP,\ as\ with\ chrony\)$ ]]
    [ $((BASH_REMATCH[1] - 90000)) -le $((BASH_REMATCH[2] + 5)) ]
    [ $((90000 - BASH_REMATCH[1])) -le $((BASH_REMATCH[2] + 5)) ]
    sim 'clock?offset_ms=0' > /dev/null
    doctor
    grep -qE '^ok    account main: clock within [0-9]+ ms of the exchange.s, give or take [0-9]+$' <<< "$output"
}

@test "a stream that was opened has to answer a ping, of both products" {
    start_sim
    for product in coin-m usd-m; do
        config_of $product
        doctor
        assert_equal "$STATUS" 0
        said ok "the user data stream was opened and answers (it speaks only when something happens in the account)"
        sim "stream?account=main&product=$product&mute=1" > /dev/null
        doctor
        assert_equal "$STATUS" 1
        said fail "stream: closed: a ping was not answered (check stream_url, firewall and proxy; polls go on without it)"
        sim "stream?account=main&product=$product&mute=0" > /dev/null
    done
}

# needed: the weight a minute that doctor has reckoned.
needed() {
    sed -n 's/^ok    weight: \([0-9]*\) a minute of about 1920$/\1/p' <<< "$output" | paste -sd ' '
}

# others_are N: doctor says that others have used so much. A minute may turn at any time: then once more.
others_are() {
    sim reset > /dev/null
    sim "weight?others=$1" > /dev/null
    doctor
    grep -qF "others on its address have used $1 of the 2400 of weight of a minute" <<< "$output"
}

@test "what others on the address use of the weight is said, and whether it leaves enough" {
    start_sim
    for product in coin-m usd-m; do
        write_config "$SIM" "product = $product" "record = positions"
        most=$([ $product = coin-m ] && echo 1915 || echo 1900)
        wait_for others_are 500
        needed=$(needed)
        [ $product = usd-m ] || assert_equal "$needed" 6 # a poll each 10 s
        said ok "others on its address have used 500 of the 2400 of weight of a minute, and this takes $needed"
        wait_for others_are $most
        assert_equal "$STATUS" 0
        said warn "others on its address have used $most of the 2400 of weight of a minute, and this takes $needed (have them ask less, or record from another address)"
    done
}

@test "what posrec itself asks at present is not counted twice" {
    start_sim
    run_config 100ms
    start_run
    wait_for test -s posrec.db
    running_said() {
        sim reset > /dev/null
        sim 'weight?others=1400' > /dev/null # and 600 more would be too many
        doctor
        grep -qE "^ok    account main: others on its address, 'posrec run' among them, have used 1[0-9]{3} of the 2400 of weight of a minute, and this takes 600$" <<< "$output"
    }
    wait_for running_said
    stop_run
}

@test "weight is reckoned for each address: once for all accounts that share it" {
    start_sim
    write_config "$SIM" "record = positions" "interval = 1s"
    printf '[account second]\nbase_url = %s\nproduct = usd-m\napi_key_file = main.key\nsecret_file = main.secret\nrecord = positions\ninterval = 1s\n' "$SIM" >> posrec.ini
    printf '[account third]\nbase_url = %s\napi_key_file = main.key\nsecret_file = main.secret\nrecord = positions\ninterval = 1s\nproxy = http://127.0.0.1:1\n' "$SIM" >> posrec.ini
    run posrec doctor --account second
    usd=$(needed)
    [ "$usd" -ge 300 ] # a poll each second, and what a symbol is set to
    doctor
    # dapi and fapi count together; the third has another address.
    assert_equal "$(needed)" "$((60 + usd)) 60"
    assert_equal "$(grep -c 'weight: ' <<< "$output")" 2
    assert_equal "$(grep -c 'others on its address' <<< "$output")" 1
}
