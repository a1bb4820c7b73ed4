load run_helper

AUTHORITY=$SOURCE/tests/e2e/authority.py

setup_file() {
    python3 "$POSREC_SOURCE/tests/e2e/authority.py" make "$BATS_FILE_TMPDIR/tsa"
}

# start_authority [CERTIFICATE KEY]: an authority whose folder is tsa. URL is where it is asked.
start_authority() {
    [ -d tsa ] || cp -r "$BATS_FILE_TMPDIR/tsa" tsa
    rm -f tsa/port
    python3 "$AUTHORITY" serve tsa "$@" > authority.log 2>&1 3>&- &
    FRONT_PID=$!
    wait_for test -s tsa/port
    URL=http${1:+s}://127.0.0.1:$(cat tsa/port)/tsr
}

stop_authority() {
    kill "$FRONT_PID"
    wait "$FRONT_PID" || true
    FRONT_PID=
}

# answers MODE: how the authority answers from now on.
answers() {
    printf '%s\n' "$1" > tsa/mode.new
    mv tsa/mode.new tsa/mode
}

# seal_config LINE...: lines for the section posrec.
seal_config() {
    local lines
    lines=$(printf '%s\\n' "$@")
    sed -i "s|^\[posrec\]\$|[posrec]\n${lines%\\n}|" posrec.ini
}

some_history() {
    posrec -q -d "${1:-posrec.db}" import "$SOURCE/tests/data/history.ndjson"
}

# seals [OUTCOME]: how many are recorded.
seals() {
    sql "SELECT count(*) FROM capture WHERE endpoint = 'timestamp' AND outcome = '${1:-ok}'" 2> /dev/null || echo 0
}

seals_reach() { # N [OUTCOME]
    [ "$(seals "${2:-ok}")" -ge "$1" ]
}

# asked N: whether the authority has had so many questions.
asked() {
    [ "$(wc -l < tsa/asked)" -ge "$1" ]
}

@test "what is recorded is sealed, and openssl agrees on what was" {
    some_history
    start_authority
    count=$(sql 'SELECT count(*) FROM capture')
    { read -r head; read -r _ root; } < <(posrec -q verify)
    run posrec seal --url "$URL" --ca tsa/ca.pem
    echo "$output"
    assert_equal "$status" 0
    assert_contains "$output" "$count captures are sealed: "
    assert_contains "$output" "by O = Test, CN = authority good; capture $((count + 1)) has the token"
    assert_equal "$(cat tsa/asked)" "/tsr application/timestamp-query application/timestamp-reply"
    assert_equal "$(sql "SELECT account_id, endpoint, outcome, http_status, row_count, attempt, used_weight, api_code, detail FROM capture WHERE capture_id = $count + 1")" \
        "1|timestamp|ok|200|0|1|||"
    [[ $(sql "SELECT request FROM capture WHERE capture_id = $count + 1") =~ ^/posrec-seal-1\?count=$count\&head=$head\&root=$root\&nonce=[0-9a-f]{16}$ ]]
    printf 'posrec seal 1\ncount %s\nhead %s\nroot %s\n' "$count" "$head" "$root" > sealed
    posrec body $((count + 1)) > token.tsr
    openssl ts -verify -data sealed -in token.tsr -CAfile tsa/ca.pem
    # It is evidence like all else: what comes after it is of another root, and export and import keep both.
    posrec -q verify --head "$head" --root "$root" > verified
    [ "$(tail -1 verified)" != "root $root" ]
    posrec export > all.ndjson
    posrec -q -d again.db import all.ndjson
    assert_equal "$(posrec -q -d again.db verify --ca tsa/ca.pem)" "$(cat verified)"
    posrec -q rebuild
    assert_equal "$(posrec -q verify --ca tsa/ca.pem)" "$(cat verified)"
}

@test "over https, by the first account's way" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=web \
        -addext subjectAltName=IP:127.0.0.1 -keyout web.key -out web.pem 2> /dev/null
    some_history
    start_authority web.pem web.key
    write_config http://127.0.0.1:1
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem"
    run posrec seal
    assert_equal "$status" 1
    assert_contains "$output" "tls_error"
    write_config http://127.0.0.1:1 "ca_file = web.pem"
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem"
    posrec seal
    assert_equal "$(seals)" 1
    # No key is needed.
    rm main.key main.secret
    posrec seal
    assert_equal "$(posrec -q verify --ca tsa/ca.pem --format json | jq -c '[.sound, .seals, .sealed_captures, .sealed_by]')" \
        "[true,2,$(($(sql 'SELECT max(capture_id) FROM capture') - 1)),\"O = Test, CN = authority good\"]"
}

@test "a policy that was asked for is the token's" {
    some_history
    start_authority
    write_config http://127.0.0.1:1
    cp posrec.ini plain.ini
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem" "seal_policy = 1.2.3.4.5"
    posrec seal
    posrec body "$(sql 'SELECT max(capture_id) FROM capture')" > token.tsr
    openssl ts -reply -in token.tsr -text 2> /dev/null | grep -q '^Policy OID: 1.2.3.4.5$'
    [[ $(sql 'SELECT request FROM capture ORDER BY capture_id DESC LIMIT 1') = *'&policy=1.2.3.4.5' ]]
    posrec -q verify --ca tsa/ca.pem > /dev/null
    cp plain.ini posrec.ini
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem" "seal_policy = 1.2.9"
    run posrec seal
    assert_equal "$status" 1
    assert_contains "$output" "the authority refuses (status 2): it does not have that policy"
    for wrong in "seal_policy = x" "seal_url = ftp://127.0.0.1/" "seal_url = http://user@127.0.0.1/" "seal_interval = soon"; do
        cp plain.ini posrec.ini
        seal_config "$wrong"
        run posrec seal
        assert_equal "$status" 2
        assert_contains "$output" "posrec.ini:2:"
    done
}

@test "an answer that is not good is refused, and said" {
    some_history
    start_authority
    seal() { posrec seal --url "$URL" --ca tsa/ca.pem; }
    seal
    answers "again good"
    seal # what signs by hand here is heard, so what is refused below is not refused for that
    bad=0
    while IFS='|' read -r mode outcome words; do
        answers "$mode"
        run seal
        echo "$mode: $output"
        assert_equal "$status" 1
        bad=$((bad + 1))
        id=$(sql 'SELECT max(capture_id) FROM capture')
        assert_contains "$output" "posrec: seal: capture $id: $outcome: "
        assert_contains "$output" "$words"
        assert_equal "$(sql "SELECT endpoint, outcome, payload_id IS NULL OR http_status >= 400 FROM capture WHERE capture_id = $id")" \
            "timestamp|$outcome|1"
        assert_contains "$output" "$(sql "SELECT detail FROM capture WHERE capture_id = $id")"
    done <<'MODES'
again serving|unreadable|unsuitable certificate purpose
good expired|unreadable|certificate has expired
good foreign|unreadable|unable to get local issuer certificate
old past|unreadable|its time is
old good|unreadable|its time is
replay|unreadable|message imprint mismatch
imprint|unreadable|message imprint mismatch
nonce|unreadable|nonce mismatch
changed|unreadable|signature failure
cut|unreadable|no timestamp
longer|unreadable|no timestamp
garbage|unreadable|no timestamp
page|unreadable|no timestamp
empty|unreadable|no timestamp
huge|unreadable|larger than 65536 bytes
refuse|unreadable|the authority refuses (status 2): bad request: no
status 404|api_error|HTTP 404
status 500|server_error|HTTP 500
drop|network_error|
MODES
    assert_equal "$bad" 19
    posrec verify --ca tsa/ca.pem > said 2>&1
    grep -q "sound: $((82 + 2 + bad)) captures" said || cat said
    assert_contains "$(cat said)" ": 2 seals hold; captures 1 to $(($(sql "SELECT max(capture_id) FROM capture WHERE endpoint = 'timestamp' AND outcome = 'ok'") - 1)) are fixed since "
    # What an authority is asked for that never answers, ends.
    answers hang
    write_config http://127.0.0.1:1 "timeout = 300ms"
    run seal
    assert_equal "$status" 1
    assert_contains "$output" ": timeout: "
    posrec export | posrec -q -d again.db import -
    assert_equal "$(posrec -q -d again.db verify --ca tsa/ca.pem)" "$(posrec -q verify)"
}

@test "what cannot be sealed, or with whom, is said" {
    run posrec seal
    assert_equal "$status" 2
    assert_contains "$output" "no authority is named"
    run posrec seal --url http://127.0.0.1:1/
    assert_equal "$status" 1
    assert_contains "$output" "posrec.db"
    posrec -q migrate
    run posrec seal --url http://127.0.0.1:1/
    assert_equal "$status" 1
    assert_contains "$output" "nothing is recorded that could be sealed"
    some_history
    for ca in none.pem main.secret; do
        run posrec seal --url http://127.0.0.1:1/ --ca $ca
        assert_equal "$status" 2
        assert_contains "$output" "$ca: no certificates in PEM"
        run posrec verify --ca $ca
        assert_equal "$status" 2
    done
    run posrec seal --url 127.0.0.1
    assert_equal "$status" 2
    run posrec seal --url http://127.0.0.1:1/
    assert_equal "$status" 1
    assert_contains "$output" "network_error"
}

@test "a history that was written anew is found by its seals alone" {
    some_history
    start_authority
    posrec -q seal --url "$URL" --ca tsa/ca.pem
    posrec -q seal --url "$URL" --ca tsa/ca.pem
    posrec -q verify --ca tsa/ca.pem
    posrec export > true.ndjson
    sealed=$(sql "SELECT min(capture_id) FROM capture WHERE endpoint = 'timestamp'")
    # expect_found LINES WORDS: a sound database of these lines, but for its seals.
    expect_found() {
        rm -f forged.db*
        posrec -q -d forged.db import "$1"
        posrec -q -d forged.db verify > /dev/null
        run posrec -d forged.db verify --ca tsa/ca.pem
        echo "$output"
        assert_equal "$status" 1
        assert_contains "$output" "seal: $2"
        assert_equal "$(posrec -d forged.db verify --ca tsa/ca.pem --format json | jq -r .kind)" seal
    }
    # A time that is another: links and tree are made again, the seal is of the true ones.
    sed '5s/"sent_ms":\([0-9]*\)[0-9]/"sent_ms":\10/' true.ndjson > forged.ndjson
    ! cmp -s true.ndjson forged.ndjson
    expect_found forged.ndjson "it seals another head than the chain has there"
    # Then the seals say so too; but their authority did not.
    posrec -q -d forged2.db import <(head -n $((sealed - 1)) forged.ndjson)
    { read -r head; read -r _ root; } < <(posrec -q -d forged2.db verify)
    sed "${sealed}s/head=[0-9a-f]*&root=[0-9a-f]*/head=$head\&root=$root/" forged.ndjson | head -n "$sealed" > said.ndjson
    posrec -d lied.db import said.ndjson > lied 2>&1
    assert_equal "$(sqlite3 -readonly lied.db "SELECT outcome, detail FROM capture WHERE capture_id = $sealed")" \
        "unreadable|the answer is not to this question: message imprint mismatch"
    # A root that is none.
    sed "${sealed}s/root=[0-9a-f]*/root=$(printf '0%.0s' {1..64})/" true.ndjson > forged.ndjson
    rm -f forged.db*
    posrec -q -d forged.db import forged.ndjson || true
    assert_equal "$(sqlite3 -readonly forged.db "SELECT outcome FROM capture WHERE capture_id = $sealed")" unreadable
    # Another authority's word is none.
    run posrec verify --ca tsa/foreign-ca.pem
    assert_equal "$status" 1
    assert_contains "$output" "capture $sealed ("
    assert_contains "$output" "seal: the answer is not good: certificate verify error"
    cat tsa/foreign-ca.pem tsa/ca.pem > both.pem
    posrec -q verify --ca both.pem > /dev/null
}

@test "a proof has the first seal that is over its capture, and whose word that is is checked" {
    some_history
    start_authority
    seal() { posrec -q seal --url "$URL" --ca tsa/ca.pem; }
    count=$(sql 'SELECT count(*) FROM capture')
    posrec prove 5 -o before.proof
    run posrec check-proof before.proof --ca tsa/ca.pem
    assert_equal "$status" 1
    assert_contains "$output" "it has no timestamp"
    answers "status 500"
    ! seal
    answers good
    seal
    seal
    last=$(sql 'SELECT max(capture_id) FROM capture')
    posrec prove 5 -o first.proof
    assert_equal "$(jq -c '[.count, .head]' first.proof)" "[$((count + 1)),\"$(sql "SELECT lower(hex(chain)) FROM capture WHERE capture_id = $count + 1")\"]"
    python3 "$SOURCE/tests/e2e/check_proof.py" first.proof
    jq -r '"posrec seal 1\ncount \(.count)\nhead \(.head)\nroot \(.root)"' first.proof > sealed
    jq -r .timestamp first.proof | base64 -d > token.tsr
    openssl ts -verify -data sealed -in token.tsr -CAfile tsa/ca.pem
    time=$(posrec check-proof first.proof --ca tsa/ca.pem | sed -n 's/^stamped   \(.*\), by O = Test, CN = authority good$/\1/p')
    assert_equal "$(date -ud "$time" +%s)" "$(openssl ts -reply -in token.tsr -text 2> /dev/null | sed -n 's/^Time stamp: //p' | date -uf - +%s)"
    posrec check-proof first.proof --ca tsa/ca.pem | grep -qx 'fixed     since it was stamped'
    posrec check-proof first.proof | grep -q '^stamped   .*, it says: not verified (--ca FILE)$'
    run posrec check-proof first.proof --ca tsa/foreign-ca.pem
    assert_equal "$status" 1
    assert_contains "$output" "its timestamp: the answer is not good"
    # Under other roots there are other seals, or none; the first seal is itself under the second.
    assert_equal "$(posrec -q prove 5 --count $((count + 2)) | jq -c '[.count, .head == null]')" "[$((count + 2)),false]"
    assert_equal "$(posrec -q prove 5 --count "$last" | jq -c '[.count, .head, .timestamp]')" "[$last,null,null]"
    assert_equal "$(posrec -q prove $((count + 2)) | jq -c '[.count, .head == null]')" "[$((count + 2)),false]"
    assert_equal "$(posrec -q prove "$last" | jq -c '[.count, .timestamp]')" "[$last,null]"
    posrec -q prove $((count + 2)) > seal.proof
    posrec check-proof seal.proof --ca tsa/ca.pem | grep -qx 'endpoint  timestamp'
    # The word on another root is none on this one, whoever makes the file right.
    python3 - first.proof seal.proof <<'PYTHON' > mixed.proof
import hashlib, json, sys
first, second = (open(name).read() for name in sys.argv[1:])
mixed = first.replace(json.loads(first)["timestamp"], json.loads(second)["timestamp"])
before, _, _ = mixed.partition(',\n "sha256": ')
print(before + ',\n "sha256": "' + hashlib.sha256(before.encode()).hexdigest() + '"\n}')
PYTHON
    for ca in "" "--ca tsa/ca.pem"; do
        run posrec check-proof mixed.proof $ca
        assert_equal "$status" 1
        assert_contains "$output" "its timestamp: the answer is not to this question: message imprint mismatch"
    done
}

@test "what was signed in its time holds, however late it is looked at" {
    needs_plain_build
    some_history
    start_authority
    posrec -q seal --url "$URL" --ca tsa/ca.pem
    posrec -q prove 5 -o first.proof
    FAKETIME=+3y "$FAKE_TIME" openssl x509 -in tsa/good.pem -noout -checkend 0 > late || true
    assert_equal "$(cat late)" "Certificate will expire"
    FAKETIME=+3y "$FAKE_TIME" "$BUILD/posrec" check-proof first.proof --ca tsa/ca.pem | grep -qx 'fixed     since it was stamped'
    FAKETIME=+3y "$FAKE_TIME" "$BUILD/posrec" -q verify --ca tsa/ca.pem
}

@test "the service seals each interval, and after another one only when it is due" {
    start_sim
    start_authority
    run_config 200ms
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem"
    start_run
    wait_for seals_reach 1
    wait_for logged 'event=sealed captures=[0-9]* time=.* authority="O = Test, CN = authority good"'
    stop_run
    start_run
    polls=$(polls_there)
    wait_for good_polls $((polls + 3))
    stop_run
    assert_equal "$(seals)" 1 # a day has not passed
    assert_equal "$(sql "SELECT interval_ms, account_id FROM capture WHERE endpoint = 'timestamp'")" "86400000|1"
    seal_config "seal_interval = 300ms"
    start_run
    wait_for seals_reach 4
    # A configuration without an authority has nothing sealed any more, one with it goes on.
    cp posrec.ini sealed.ini
    sed -i '/^seal_/d' posrec.ini
    kill -HUP "$RUN_PID"
    wait_for logged event=config_reloaded
    there=$(seals)
    polls=$(polls_there)
    wait_for good_polls $((polls + 5))
    [ "$(seals)" -le $((there + 1)) ] # one may have been on its way to the file
    cp sealed.ini posrec.ini
    kill -HUP "$RUN_PID"
    wait_for seals_reach $((there + 3))
    stop_run
    posrec -q verify --ca tsa/ca.pem > /dev/null
    assert_sound
}

@test "an authority that is away, hangs or lies holds nothing up" {
    start_sim
    start_authority
    run_config 200ms
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem" "seal_interval = 300ms"
    answers hang
    start_run
    wait_for asked 1
    wait_for good_polls 10
    assert_equal "$(wc -l < tsa/asked)" 1 # it is out all the while: its time is a minute
    assert_equal "$(seals network_error)" 0
    kill "$RUN_PID"
    gone() { ! kill -0 "$RUN_PID" 2> /dev/null; }
    wait_for gone
    wait "$RUN_PID"
    ! asked 2
    stop_authority
    start_run
    wait_for seals_reach 2 network_error
    polls=$(polls_there)
    wait_for good_polls $((polls + 5))
    stop_run
    start_authority
    answers "good foreign"
    sed -i "s|^seal_url = .*|seal_url = $URL|" posrec.ini
    start_run
    wait_for seals_reach 2 unreadable
    logged 'endpoint=timestamp outcome=unreadable detail="the answer is not good: '
    answers "status 418" # a ban is the exchange's to order
    wait_for seals_reach 1 banned
    polls=$(polls_there)
    wait_for good_polls $((polls + 5))
    stop_run
    answers good
    start_run
    wait_for seals_reach 1
    stop_run
    assert_sound
    posrec -q verify --ca tsa/ca.pem > /dev/null
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome <> 'ok'")" 0
}

@test "a damaged tree is neither sealed nor proved, and no seal is blamed for it" {
    some_history
    start_authority
    posrec -q seal --url "$URL" --ca tsa/ca.pem
    { read -r head; read -r _ root; } < <(posrec -q verify)
    words="the tree's node over captures 1 to 32 is missing or not made of them (run 'posrec verify', then 'posrec rebuild')"
    for damage in "UPDATE tree_node SET sha256 = zeroblob(32)" "DELETE FROM tree_node"; do
        sqlite3 posrec.db "$damage WHERE capture_id = 32"
        run posrec seal --url "$URL" --ca tsa/ca.pem
        assert_equal "$status" 1
        assert_contains "$output" "$words"
        assert_equal "$(wc -l < tsa/asked) $(sql 'SELECT max(capture_id) FROM capture')" "1 90"
        for options in "" "--ca tsa/ca.pem" "--count 90"; do
            run posrec prove 70 -o 70.proof $options
            assert_equal "$status" 1
            assert_contains "$output" "tree's node"
            [ ! -e 70.proof ]
        done
        run posrec verify --ca tsa/ca.pem
        echo "$output"
        assert_equal "$status" 1
        assert_contains "$output" "$head"
        assert_contains "$output" "root $root"
        assert_contains "$output" "tree: the node over captures 1 to 32"
        assert_equal "$(posrec verify --ca tsa/ca.pem --format json | jq -c '[.kind, .evidence_sound, .root, .seals]')" \
            "[\"tree\",true,\"$root\",1]"
        # What is before --from is given; that it is damaged is no fault of the seal.
        assert_equal "$(posrec verify --from 70 --ca tsa/ca.pem --format json | jq -c '[.kind, .evidence_sound, .head, .seals]')" \
            "[\"tree\",true,\"$head\",1]"
    done
    run posrec verify --from 70 --root "$root"
    assert_equal "$status" 1
    assert_contains "$output" "tree: "
    posrec -q rebuild
    posrec -q seal --url "$URL" --ca tsa/ca.pem
    posrec -q verify --ca tsa/ca.pem --root "$root" > /dev/null
}

@test "a seal over a root that never was does not accuse the history" {
    some_history
    start_authority
    seal() { posrec -q seal --url "$URL" --ca tsa/ca.pem; }
    # The last captures are under no node yet, whose leaves are made of what is on record.
    payload=$(sql 'SELECT payload_id FROM capture WHERE capture_id > 64 AND payload_id > (SELECT max(payload_id) FROM capture WHERE capture_id <= 64) LIMIT 1')
    sha256=$(sql "SELECT hex(sha256) FROM payload WHERE payload_id = $payload")
    sqlite3 posrec.db "UPDATE payload SET sha256 = zeroblob(32) WHERE payload_id = $payload"
    seal
    sqlite3 posrec.db "UPDATE payload SET sha256 = x'$sha256' WHERE payload_id = $payload"
    seal
    posrec -q verify > verified
    run posrec verify --ca tsa/ca.pem
    echo "$output"
    assert_equal "$status" 1
    assert_contains "$output" "$(cat verified)"
    assert_contains "$output" "seal_root: its head is right, its root is not: the tree was damaged when it was sealed"
    assert_equal "$(posrec verify --ca tsa/ca.pem --format json | jq -c '[.sound, .evidence_sound, .rows_sound, .kind, .capture, .seals]')" \
        '[false,true,true,"seal_root",90,1]'
    # A proof has the one after it, and what is worse is told first.
    assert_equal "$(posrec -q prove 5 --ca tsa/ca.pem | jq .count)" 90
    run posrec verify --ca tsa/foreign-ca.pem
    assert_contains "$output" " seal: the answer is not good"
}

@test "a seal that is damaged, or of somebody else, makes way for the next" {
    some_history
    start_authority
    answers "good foreign"
    posrec -q seal --url "$URL" --ca tsa/foreign-ca.pem
    answers good
    posrec -q seal --url "$URL" --ca tsa/ca.pem
    posrec -q seal --url "$URL" --ca tsa/ca.pem
    run posrec prove 5 -o any.proof
    assert_contains "$output" ", which has a timestamp, not verified (--ca FILE)"
    assert_equal "$(jq .count any.proof)" 89
    run posrec prove 5 --ca tsa/ca.pem -o first.proof
    assert_contains "$output" ", which is sealed"
    assert_equal "$(jq .count first.proof)" 90
    posrec -q check-proof first.proof --ca tsa/ca.pem
    run posrec prove 91 --ca tsa/foreign-ca.pem -o none.proof
    assert_equal "$status" 1
    assert_contains "$output" "capture 91: no seal is over it that these certificates verify"
    [ ! -e none.proof ]
    # Of those checked: the last seal is over 91.
    run posrec verify --from 60 --ca <(cat tsa/ca.pem tsa/foreign-ca.pem)
    assert_equal "$status" 0
    assert_contains "$output" ": 3 seals hold; of those checked, 60 to 91 are fixed since "
    run posrec verify --from 92 --ca <(cat tsa/ca.pem tsa/foreign-ca.pem)
    assert_contains "$output" ": 3 seals hold; none is over the captures checked"
    # The two of one authority are compressed against each other alone.
    sqlite3 posrec.db "UPDATE payload SET zstd = zeroblob(length(zstd)) WHERE payload_id = (SELECT payload_id FROM capture WHERE capture_id = 90)"
    assert_equal "$(posrec -q prove 5 | jq .count)" 90
    assert_equal "$(posrec -q prove 5 --count 91 --ca tsa/ca.pem | jq .count)" 91
    assert_equal "$(posrec -q prove 5 --count 89 | jq -c '[.count, .timestamp]')" '[89,null]'
}

@test "the service says once that the tree is damaged, and polls on" {
    start_sim
    start_authority
    some_history
    sqlite3 posrec.db "DELETE FROM tree_node WHERE capture_id = 32"
    run_config 200ms
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem"
    start_run
    wait_for logged "event=not_asked .*endpoint=timestamp .*the tree's node"
    polls=$(polls_there)
    wait_for good_polls $((polls + 15)) # three seconds
    stop_run
    assert_equal "$(grep -c event=not_asked run.log)" 1
    assert_equal "$(cat tsa/asked)" ""
}

@test "a token is told of as a seal when it is in the file" {
    start_sim
    start_authority
    run_config 200ms
    seal_config "seal_url = $URL" "seal_ca = tsa/ca.pem" "seal_interval = 300ms"
    start_run
    wait_for seals_reach 1
    # Somebody keeps the file to himself.
    coproc LOCK { python3 -c 'import sqlite3, sys
lock = sqlite3.connect("posrec.db", timeout=60, isolation_level=None)
lock.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()'; }
    local lock_pid=$LOCK_PID
    read -r held <&"${LOCK[0]}"
    assert_equal "$held" held
    there=$(seals)
    before=$(wc -l < tsa/asked)
    wait_for silent_for 2000
    ! asked $((before + 2)) # one may have been on its way
    [ "$(grep -c event=sealed run.log)" -le "$there" ]
    eval "exec ${LOCK[1]}>&-"
    wait "$lock_pid"
    told() { [ "$(grep -c event=sealed run.log)" -ge "$1" ]; }
    wait_for told $((there + 2))
    [ "$(seals)" -ge $((there + 2)) ]
    stop_run
    assert_sound
}
