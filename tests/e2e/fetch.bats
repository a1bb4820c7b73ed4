load helper

@test "the documented answer gives three legs, its PnL, and its very bytes back" {
    start_sim
    documented_body > body.json
    serve body.json
    run posrec fetch
    assert_equal "$status" 0
    assert_equal "$(sql 'SELECT count(*) FROM leg')" 3
    assert_equal "$(sql 'SELECT count(*) FROM position')" 3
    assert_equal "$(sql "SELECT printf('%.8f %.8f', unrealized_pnl, expected_pnl) FROM pnl_history
                         WHERE position_side = 'LONG'")" "0.00005866 0.00005866"
    posrec body 1 > got.json
    cmp body.json got.json
}

@test "fetch prints what changed and says how it went" {
    start_sim
    run --separate-stderr posrec fetch
    assert_equal "$status" 0
    assert_contains "$output" "BTCUSD_PERP"
    assert_contains "$output" "open"
    assert_contains "$stderr" "account main: capture 1: 210 rows, 8 changed, 202 flat seen"
}

@test "odd but good bodies are recorded exactly" {
    start_sim
    cat > bodies <<'LINES'
[{"updateTime":5,"positionSide":"BOTH","symbol":"ORDER","leverage":"3"}]
[{"symbol":"EXTRA","positionSide":"BOTH","updateTime":5,"s":"text","n":1.50,"o":{"a":[1]},"z":null}]
[{"symbol":"TYPES","positionSide":"BOTH","updateTime":5,"leverage":20,"isAutoAddMargin":true,"positionAmt":1}]
[{"symbol":"ROUND","positionSide":"BOTH","updateTime":5,"entryPrice":"1.000000005","positionAmt":"1"}]
[{"symbol":"EXP","positionSide":"BOTH","updateTime":5,"markPrice":"1e-7","entryPrice":"-0.0","positionAmt":"-9223372036.85477580"}]
[{"symbol":"МОСТUSD_PERP","positionSide":"BOTH","updateTime":5}]
[]
LINES
    n=0
    while IFS= read -r line; do
        n=$((n + 1))
        printf '%s' "$line" > "body$n"
        serve "body$n"
        posrec -q fetch > /dev/null
    done < bodies
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok'")" 7
    n=0
    for poll in $(sql "SELECT capture_id FROM capture WHERE endpoint = 'positionRisk' ORDER BY capture_id"); do
        n=$((n + 1))
        posrec body "$poll" | cmp - "body$n"
    done
    leg="JOIN leg USING (leg_id) JOIN contract USING (contract_id) WHERE present = 1 AND symbol ="
    assert_equal "$(sql "SELECT extra FROM position $leg 'EXTRA'")" '{"s":"text","n":1.50,"o":{"a":[1]},"z":null}'
    assert_equal "$(sql "SELECT json_extract(extra, '$.o.a[0]') FROM position $leg 'EXTRA'")" 1
    assert_equal "$(sql "SELECT leverage, auto_add_margin, position_amount_e8 FROM position $leg 'TYPES'")" "20|1|100000000"
    assert_equal "$(sql "SELECT entry_price_e8, rounded FROM position $leg 'ROUND'")" "100000000|1"
    assert_equal "$(sql "SELECT position_amount_e8, entry_price_e8, rounded FROM position $leg 'EXP'")" "-922337203685477580|0|0"
    assert_equal "$(sql "SELECT mark_price_e8 FROM valuation JOIN leg USING (leg_id) JOIN contract USING (contract_id) WHERE symbol = 'EXP' ORDER BY time_ms LIMIT 1")" 10
    assert_equal "$(sql "SELECT pair, margin_asset, contract_size_e8 FROM contract WHERE symbol = 'МОСТUSD_PERP'")" "МОСТUSD|МОСТ|1000000000"
    assert_equal "$(sql "SELECT break_even_price_e8 IS NULL FROM position $leg 'ORDER'")" 1
}

# bad NAME OUTCOME: the file bad is answered, recorded as that outcome, kept, and makes no rows.
bad() {
    serve bad "${2:-count=1}"
    run --separate-stderr posrec fetch
    assert_equal "$status" 1
    assert_equal "$output" ""
    assert_equal "${#stderr_lines[@]}" 1
    assert_contains "$stderr" "posrec: fetch: account main: capture"
    assert_equal "$(sql "SELECT outcome FROM capture ORDER BY capture_id DESC LIMIT 1")" "$1"
    posrec body "$(sql 'SELECT max(capture_id) FROM capture')" | cmp - bad
    assert_equal "$(sql "SELECT count(*) FROM position")" 0
}

@test "bodies that are no rows are kept as unreadable, with one clear line" {
    start_sim
    printf 'not json at all' > bad && bad unreadable
    printf '{"symbol":"X"}' > bad && bad unreadable
    printf '[{"symbol":"X","positionSide":"BOTH","upda' > bad && bad unreadable
    printf '[{"symbol":"X","positionSide":"BOTH","updateTime":"abc"}]' > bad && bad unreadable
    assert_contains "$stderr" "element 0: field updateTime: not a number"
    printf '[{"symbol":"X","positionSide":"BOTH","updateTime":1},{"symbol":"X","positionSide":"BOTH","updateTime":1}]' > bad
    bad unreadable
    assert_contains "$stderr" "there twice"
    printf '\037\213\377\000' > bad && bad unreadable
    printf '' > bad && bad unreadable
    printf '{"code":-1121,"msg":"Invalid symbol."}' > bad && bad api_error status=400
    assert_contains "$stderr" "-1121 Invalid symbol."
}

@test "an odd field costs that field, and the capture names it" {
    start_sim
    printf '[{"symbol":"BTCUSD_PERP","positionSide":"BOTH","updateTime":1,"positionAmt":"2","unRealizedProfit":"0.5"},{"symbol":"DOGEUSD_PERP","positionSide":"BOTH","updateTime":1,"maxQty":"1e30","leverage":null,"marginType":7}]' > odd
    for i in 1 2; do
        serve odd
        posrec -q fetch
    done
    assert_equal "$(sql "SELECT DISTINCT outcome, detail, row_count FROM capture WHERE endpoint = 'positionRisk'")" 'ok|element 1: field maxQty: out of range: "1e30" (and 1 more)|2'
    assert_equal "$(sql "SELECT extra FROM position WHERE leg_id = 2")" '{"maxQty":"1e30","marginType":7}'
    assert_equal "$(sql "SELECT count(*) FROM pnl_history WHERE symbol = 'BTCUSD_PERP' AND unrealized_pnl = 0.5")" 2
    posrec -q verify
}

@test "a body over 16 MiB is not kept, and says so" {
    start_sim
    sim 'fault?kind=large&size=17825792'
    run --separate-stderr posrec fetch
    assert_equal "$status" 1
    assert_contains "$stderr" "larger than 16777216 bytes"
    assert_equal "$(sql "SELECT outcome, payload_id IS NULL FROM capture")" "unreadable|1"
    run posrec body 1
    assert_equal "$status" 1
    assert_contains "$output" "no body was received"
}

@test "answers are asked for compressed, and what is kept is what they decode to" {
    start_sim
    posrec -q fetch > /dev/null
    sent=$(curl -sS "$SIM/sim/log" | jq -s '.[] | select(.endpoint == "positionRisk") | .bytes')
    kept=$(sql "SELECT body_size FROM poll_log")
    posrec body 1 | jq -e 'length == 210' > /dev/null
    [ "$sent" -lt $((kept / 5)) ]
    posrec -q verify > /dev/null
}

@test "a bomb of zeros is unreadable, and memory stays bounded" {
    start_sim
    memory_of_fetch() {
        run --separate-stderr /usr/bin/time -f "%M KiB" "$BUILD/posrec" fetch
        memory=$(grep -oE '^[0-9]+ KiB' <<< "$stderr")
        memory=${memory% KiB}
    }
    memory_of_fetch
    usual=$memory
    sim 'fault?kind=bomb&size=1000000000' > /dev/null
    memory_of_fetch
    assert_equal "$status" 1
    assert_contains "$stderr" "larger than 16777216 bytes"
    assert_equal "$(sql "SELECT outcome, payload_id IS NULL FROM capture ORDER BY capture_id DESC LIMIT 1")" "unreadable|1"
    # A growing buffer of 16 MiB, not of a billion bytes.
    [ "$memory" -lt $((usual + 100000)) ]
    posrec -q fetch > /dev/null
}

@test "headers, 1xx answers and a proxy's answer without an end are not read on" {
    python3 - <<'PYTHON' > port 2> sim.log 3>&- &
import socketserver

class Flood(socketserver.StreamRequestHandler):
    """What comes again and again is the path that is asked for, or of a proxy a header."""
    def handle(self):
        request = self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        more = b"HTTP/1.1 103 x\r\nA: b\r\n\r\n" if b"/hints/" in request else b"X-Flood: %s\r\n" % (b"x" * 1000)
        try:
            self.wfile.write(b"" if b"/hints/" in request else b"HTTP/1.1 200 x\r\n")
            while True:
                self.wfile.write(more)
        except OSError:
            pass

with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Flood) as server:
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
PYTHON
    SIM_PID=$!
    wait_for test -s port
    SIM=http://127.0.0.1:$(cat port)
    for base in "$SIM/headers" "$SIM/hints" https://exchange.invalid; do
        write_config "$base" "proxy = $SIM"
        case $base in "$SIM"*) sed -i /^proxy/d posrec.ini ;; esac
        run --separate-stderr posrec fetch
        assert_equal "$status" 1
        assert_contains "$stderr" "the answer's headers are larger than 65536 bytes"
    done
}

@test "each failure of the exchange or the network is a poll of its own outcome" {
    start_sim
    check() { # QUERY EXIT OUTCOME
        sim "fault?$1" > /dev/null
        run --separate-stderr posrec fetch
        assert_equal "$status" "$2"
        assert_equal "$(sql 'SELECT outcome FROM capture ORDER BY capture_id DESC LIMIT 1')" "$3"
    }
    check 'kind=status&status=429&code=-1003&retry_after=2' 1 rate_limited
    check 'kind=status&status=418&code=-1003&retry_after=120' 3 banned
    check 'kind=status&status=403' 1 api_error
    check 'kind=status&status=500' 1 server_error
    check 'kind=status&status=503&code=-1008' 1 server_error
    check 'kind=status&status=401&code=-2015' 3 api_error
    check 'kind=status&status=400&code=-1022' 3 api_error
    sed -i 's/^timeout = .*/timeout = 1s/' posrec.ini
    check 'kind=stall' 1 timeout
    sed -i 's/^timeout = .*/timeout = 60s/' posrec.ini
    # libcurl itself asks again when a kept connection dies before the first byte.
    check 'kind=reset&count=2' 1 network_error
    check 'kind=half' 1 network_error
    assert_equal "$(sql 'SELECT http_status, payload_id > 0 FROM capture ORDER BY capture_id DESC LIMIT 1')" "200|1"
    check 'kind=truncated' 1 unreadable
    check 'kind=redirect' 1 api_error
    assert_equal "$(sql 'SELECT count(*) FROM position')" 0
    stop_sim
    run posrec fetch
    assert_equal "$status" 1
    assert_equal "$(sql 'SELECT outcome FROM capture ORDER BY capture_id DESC LIMIT 1')" network_error
}

# page STATUS: the next answer is a page of that status, which is no answer of the exchange's own.
page() {
    curl -sS -f "$SIM/sim/fault?kind=body&status=$1&count=${2:-1}" --data-binary '<html>not here</html>' \
        -H 'Content-Type: application/octet-stream' > /dev/null
}

@test "a firewall and a place that is not served are refusals, and the page they give can be read" {
    start_sim
    page 403
    run --separate-stderr posrec fetch
    assert_equal "$status" 3
    assert_contains "$stderr" "api_error: HTTP 403 (the exchange's firewall stops it, or it does not serve this address; 'posrec body 1' writes its bytes)"
    assert_equal "$(posrec body 1)" "<html>not here</html>"
    page 451
    run --separate-stderr posrec fetch
    assert_equal "$status" 3
    assert_contains "$stderr" "api_error: HTTP 451 (the exchange does not serve the place of this address; 'posrec body 2' writes its bytes)"
    # The exchange's own words for it.
    sim 'fault?kind=status&status=451&code=-9&message=restricted' > /dev/null
    run --separate-stderr posrec fetch
    assert_equal "$status" 3
    assert_contains "$stderr" "api_error: -9 restricted (the exchange does not serve the place of this address)"
    page 451
    run posrec doctor
    assert_equal "$status" 1
    assert_contains "$output" "api_error: HTTP 451 (the exchange does not serve the place of this address)"
    page 403
    run posrec doctor
    assert_contains "$output" "api_error: HTTP 403 (the exchange's firewall stops it, or it does not serve this address)"
}

@test "a clock that is off is measured, and -1021 is answered by one retry" {
    start_sim
    sim 'clock?offset_ms=300000' > /dev/null
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT attempt, outcome, abs(clock_offset_ms - 300000) < 3000 FROM capture WHERE endpoint = 'positionRisk'")" "1|ok|1"
    sim 'fault?kind=status&status=400&code=-1021&message=Timestamp' > /dev/null
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT group_concat(attempt || outcome) FROM capture WHERE endpoint = 'positionRisk'")" "1ok,1api_error,2ok"
    sim 'fault?kind=status&status=400&code=-1021&count=2' > /dev/null
    run posrec fetch
    assert_equal "$status" 1
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE api_code = -1021")" 3
}

@test "without the exchange's time the local clock serves" {
    start_sim
    sim 'fault?kind=status&status=500&endpoint=time' > /dev/null
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT outcome, clock_offset_ms IS NULL FROM capture WHERE capture_id = 1")" "ok|1"
}

@test "exchangeInfo is read when a contract is new or its record is a day old" {
    start_sim
    posrec -q fetch > /dev/null
    posrec -q fetch > /dev/null
    infos="SELECT count(*) FROM capture WHERE endpoint = 'exchangeInfo'"
    assert_equal "$(sql "$infos")" 1
    assert_equal "$(sql "SELECT DISTINCT source FROM contract")" exchangeInfo
    sim 'style?added=NEWUSD_PERP' > /dev/null
    posrec -q fetch > /dev/null
    assert_equal "$(sql "$infos")" 2
    assert_equal "$(sql "SELECT source, contract_size_e8 FROM contract WHERE symbol = 'NEWUSD_PERP'")" "derived|1000000000"
    sim 'clock?offset_ms=90000000' > /dev/null
    posrec -q fetch > /dev/null
    assert_equal "$(sql "$infos")" 3
}

@test "without exchangeInfo the names serve, and fetch succeeds with a warning" {
    start_sim
    sim 'fault?kind=status&status=503&endpoint=exchangeInfo' > /dev/null
    run --separate-stderr posrec fetch
    assert_equal "$status" 0
    assert_contains "$stderr" "warning: exchangeInfo: server_error"
    assert_equal "$(sql "SELECT DISTINCT source FROM contract")" derived
    assert_equal "$(sql "SELECT contract_size_e8 / 100000000 FROM contract WHERE symbol IN ('BTCUSD_PERP', 'ETHUSD_PERP') ORDER BY symbol" | xargs)" "100 10"
    assert_equal "$(sql "SELECT DISTINCT contract_source FROM position_now")" derived
}

@test "a changed leverage, a vanished symbol and its return leave their rows" {
    start_sim
    row='{"symbol":"ETHUSD_PERP","positionAmt":"2","entryPrice":"3000","positionSide":"BOTH","updateTime":7,"leverage":"%s"}'
    for leverage in 20 50; do
        printf "[$row]" $leverage > b && serve b && posrec -q fetch > /dev/null
    done
    assert_equal "$(sql "SELECT group_concat(revision || ':' || leverage) FROM position")" "0:20,1:50"
    printf '[]' > b && serve b && posrec -q fetch > /dev/null
    printf "[$row]" 50 > b && serve b && posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT group_concat(change) FROM (SELECT change FROM position_change ORDER BY first_seen_ms)")" "open,settings,vanish,return"
}

@test "margin_asset and pair narrow the request; a filtered answer vanishes nobody else" {
    start_sim
    posrec -q fetch > /dev/null
    write_config "$SIM" "margin_asset = ETH"
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT request, row_count FROM capture WHERE endpoint = 'positionRisk' ORDER BY capture_id DESC LIMIT 1")" "/dapi/v1/positionRisk?marginAsset=ETH&recvWindow=60000|9"
    assert_equal "$(sql "SELECT count(*) FROM position WHERE present = 0")" 0
    write_config "$SIM" "margin_asset = ETH" "pair = ETHUSD"
    run posrec fetch
    assert_equal "$status" 2
    assert_contains "$output" "posrec.ini:5: account 'main': margin_asset or pair, never both"
}

@test "several accounts are polled at once; a bad one does not hold up the others" {
    printf '%s\n' "main hedge $KEY $SECRET" "second one-way other-key other-secret" > accounts
    start_sim
    printf 'other-key' > second.key
    printf 'wrong-secret' > second.secret
    chmod 600 second.key second.secret
    printf '[account second]\nbase_url = %s\napi_key_file = second.key\nsecret_file = second.secret\n' "$SIM" >> posrec.ini
    run --separate-stderr posrec fetch
    assert_equal "$status" 3
    assert_contains "$stderr" "account second: capture"
    assert_equal "$(awk '{ print $1 }' <<< "$output" | uniq | xargs)" "account main"
    assert_contains "$stderr" "-1022 Signature for this request is not valid."
    assert_equal "$(sql "SELECT group_concat(name || ' ' || outcome, ', ') FROM (SELECT name, outcome FROM capture JOIN account USING (account_id) WHERE endpoint = 'positionRisk' ORDER BY name)")" "main ok, second api_error"
    printf 'other-secret' > second.secret
    run posrec fetch --account second
    assert_equal "$status" 0
    run posrec fetch --account nobody
    assert_equal "$status" 2
    assert_equal "$output" "posrec: account nobody: not in the config (there is: second, main)"
    for command in run backfill doctor; do
        run posrec $command --account nobody
        assert_equal "$status" 2
        assert_contains "$output" "account nobody: not in the config (there is: second, main)"
    done
    for name in $(seq -w 3 14); do
        printf '[account a%s]\napi_key_file = main.key\nsecret_file = main.secret\n' "$name" >> posrec.ini
    done
    run posrec fetch --account nobody
    assert_equal "$output" "posrec: account nobody: not in the config (there is: second, main, a03, a04, a05, a06, a07, a08, a09, a10 and 4 more)"
}

@test "RSA and Ed25519 keys sign as the exchange checks" {
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2> /dev/null
    openssl genpkey -algorithm ED25519 -out ed.pem
    openssl pkey -in rsa.pem -pubout -out rsa.pub
    openssl pkey -in ed.pem -pubout -out ed.pub
    printf '%s\n' "main hedge $KEY pem:rsa.pub" "second one-way other-key pem:ed.pub" > accounts
    start_sim
    printf 'other-key' > second.key
    chmod 600 second.key rsa.pem ed.pem
    sed -i 's/main.secret/rsa.pem/' posrec.ini
    printf '[account second]\nbase_url = %s\napi_key_file = second.key\nsecret_file = ed.pem\n' "$SIM" >> posrec.ini
    run posrec fetch
    assert_equal "$status" 0
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok'")" 2
}

@test "key and secret may come from the environment" {
    start_sim
    sed -i '/_file/d' posrec.ini
    run posrec fetch
    assert_equal "$status" 2
    assert_contains "$output" "POSREC_API_KEY"
    export POSREC_API_KEY=$KEY POSREC_API_SECRET=$SECRET
    run posrec fetch
    assert_equal "$status" 0
}

@test "key files that others can read are refused" {
    start_sim
    chmod 604 main.secret
    run posrec fetch
    assert_equal "$status" 2
    assert_contains "$output" "main.secret: others can read it (run: chmod 600 main.secret)"
    assert_equal "$(ls posrec.db 2> /dev/null)" ""
}

@test "reading never meets a lock while fetch writes" {
    start_sim
    posrec -q fetch > /dev/null
    # A connection that stays open and waits for nothing, and tools that open the file anew each time.
    python3 - <<'PYTHON' > reader.log 2>&1 3>&- &
import os, sqlite3
database = sqlite3.connect("file:posrec.db?mode=ro", uri=True, timeout=0)
reads = 0
while not os.path.exists("stop"):
    database.execute("SELECT count(*), sum(unrealized_pnl) FROM pnl_history").fetchone()
    reads += 1
    open("reading", "w").close()
print(reads, "reads")
PYTHON
    reader=$!
    # It opens the file while it is alone: who is first goes through the -wal for all, and has the file for itself meanwhile.
    wait_for test -e reading
    (
        while [ ! -e stop ]; do
            sqlite3 -readonly -cmd '.timeout 1000' posrec.db 'SELECT count(*) FROM pnl_history' || touch locked
            "$BUILD/posrec" sql 'SELECT count(*) FROM position_now' || touch locked
        done
    ) > tools.log 2>&1 3>&- &
    tools=$!
    for _ in $(seq 40); do
        posrec -q fetch > /dev/null
    done
    touch stop
    wait "$tools"
    wait "$reader" || { cat reader.log; false; }
    grep -q reads reader.log
    [ ! -e locked ] || { cat tools.log; false; }
}
