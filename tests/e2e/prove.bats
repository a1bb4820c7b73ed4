load verify_helper

# everything_db DB: captures of every kind.
everything_db() {
    posrec -q -d "$1" import "$SOURCE"/tests/data/{history,stream,money}.ndjson
}

# Both programs say that the file proves what it says.
assert_proves() {
    run posrec check-proof "$@"
    assert_equal "$status" 0
    python3 "$SOURCE/tests/e2e/check_proof.py" "$1" > said
}

@test "every capture of every kind is proved, to a second program too" {
    everything_db posrec.db
    captures=$(sql 'SELECT max(capture_id) FROM capture')
    [ "$captures" -gt 96 ]
    root=$(posrec -q verify | sed -n 's/^root //p')
    python3 "$SOURCE/tests/e2e/tree_model.py" posrec.db > roots
    assert_equal "$(wc -l < roots)" "$captures"
    assert_equal "$(tail -1 roots)" "$root"
    for capture in $(seq "$captures"); do
        posrec -q prove "$capture" -o "$capture.proof"
        if [ $((capture % 9)) = 0 ]; then
            assert_equal "$(posrec check-proof "$capture.proof" --root "$root" | sed -n 's/^capture  *//p')" "$capture"
        fi
    done
    posrec -q export > lines
    python3 - <<'PYTHON'
import base64, json


def body_of(said):
    return said["body"].encode() if said.get("body") is not None else base64.b64decode(said.get("body_base64", "")) or None


for number, line in enumerate(open("lines"), 1):
    assert body_of(json.loads(line)) == body_of(json.load(open(f"{number}.proof"))), number
PYTHON
    python3 "$SOURCE/tests/e2e/check_proof.py" ./*.proof > said
    assert_equal "$(grep -c ": capture .* root $root of $captures captures" said)" "$captures"
    # Under the root of each count from the capture on; the one of another count is no root of it.
    for count in 7 8 31 32 33 64 65 "$captures"; do
        posrec -q prove 7 --count "$count" -o counted.proof
        assert_proves counted.proof --root "$(sed -n "${count}p" roots)"
    done
    run posrec check-proof counted.proof --root "$(sed -n 64p roots)"
    assert_equal "$status" 1
    assert_contains "$output" "its root is another than that of --root"
    run posrec check-proof counted.proof --root x
    assert_equal "$status" 2
    for count in 6 $((captures + 1)); do
        run posrec prove 7 --count "$count"
        assert_equal "$status" 2
    done
    run posrec prove $((captures + 1))
    assert_equal "$status" 1
    assert_contains "$output" "there is none"
}

@test "a noted root proves what was there, from the start and from any capture on" {
    everything_db posrec.db
    python3 "$SOURCE/tests/e2e/tree_model.py" posrec.db > roots
    captures=$(wc -l < roots)
    for count in 1 2 31 32 33 63 64 65 $((captures - 1)) "$captures"; do
        posrec -q verify --root "$(sed -n "${count}p" roots)" > said
        assert_equal "$(sed -n 's/^root //p' said)" "$(tail -1 roots)"
    done
    posrec -q verify --from 40 --root "$(sed -n 39p roots)" | grep -q "^root $(tail -1 roots)$" # what the first checked one is added to
    posrec -q verify --from 40 --root "$(sed -n 40p roots)" > /dev/null
    run posrec verify --from 40 --root "$(sed -n 38p roots)"
    assert_equal "$status" 2
    assert_contains "$output" "is not met from capture 40 on"
    run posrec verify --root "$(tr 0-9 0 <<< "$(tail -1 roots)")"
    assert_equal "$status" 1
    assert_contains "$output" "root: the noted root is of no captures that this history begins with"
    run posrec verify --root "$(printf '' | sha256sum | cut -d ' ' -f 1)"
    assert_equal "$status" 2
    assert_contains "$output" "proves nothing"
    assert_equal "$(posrec verify --format json | jq -r .root)" "$(tail -1 roots)"
}

@test "the root is the same whichever way the captures came" {
    everything_db posrec.db
    said=$(posrec -q verify)
    split -l 13 <(cat "$SOURCE"/tests/data/{history,stream,money}.ndjson) piece. # each by a recorder that begins anew
    for piece in piece.*; do posrec -q -d pieces.db import "$piece"; done
    assert_equal "$(posrec -q -d pieces.db verify)" "$said"
    posrec -q export | posrec -q -d exported.db import -
    assert_equal "$(posrec -q -d exported.db verify | head -1)" "$(head -1 <<< "$said")"
    assert_equal "$(posrec -q -d exported.db verify)" "$said"
    posrec -q rebuild
    assert_equal "$(posrec -q verify)" "$said"
    posrec -q backup copy.db
    assert_equal "$(posrec -q -d copy.db verify)" "$said"
    for old in "$SOURCE"/tests/data/schema-*.db; do
        cp "$old" old.db
        chmod 600 old.db
        posrec -q -d old.db migrate
        python3 "$SOURCE/tests/e2e/tree_model.py" old.db | tail -1 | grep -qx "$(posrec -q -d old.db verify | sed -n 's/^root //p')"
    done
}

@test "the poll that shows the legs at a time is the last that was answered by then" {
    for minute in 10 11 12 14; do
        body='[{"symbol":"BTCUSD_PERP","positionAmt":"'$minute'","entryPrice":"1.0","markPrice":"2.0","unRealizedProfit":"0.5","positionSide":"LONG","updateTime":"1700000000000"},
            {"symbol":"ETHUSD_PERP","positionAmt":"0","entryPrice":"0.0","markPrice":"2.0","positionSide":"LONG","updateTime":"1700000000000"}]'
        posrec -q import --received-at "2026-11-15T14:$minute:00Z" - <<< "$body"
    done
    echo '{"received_ms":1794924780000,"outcome":"timeout"}' | posrec -q import - # 14:13:00
    for at in 14:10:00 14:12:00 14:12:59.999 14:13:30 14:14:00 15:00; do
        expected=$(case $at in 14:10:00) echo 10 ;; 14:14:00|15:00) echo 14 ;; *) echo 12 ;; esac)
        run --separate-stderr posrec prove --at "2026-11-15T${at}Z" --account main -o legs.proof
        assert_equal "$status" 0
        assert_contains "$stderr" "positionRisk of main, received 2026-11-15T14:$expected:00.000Z; under the root of 5 captures"
        assert_proves legs.proof
        run posrec check-proof legs.proof
        assert_contains "$output" "received  2026-11-15T14:$expected:00.000Z"
        assert_contains "$output" "leg       symbol BTCUSD_PERP, positionSide LONG, positionAmt $expected, entryPrice 1.0, markPrice 2.0, unRealizedProfit 0.5, updateTime 1700000000000"
        assert_contains "$output" "open legs 1"
    done
    run posrec prove --at 2026-11-15T14:09:59Z --account main
    assert_equal "$status" 1
    assert_contains "$output" "no poll of main was answered by 2026-11-15T14:09:59.000Z"
    run posrec prove --at 2026-11-15 --account mian
    assert_equal "$status" 2
    assert_contains "$output" "main"
    for wrong in "" "--at 2026-11-15" "--account main" "1 --account main" "1 --at 2026-11-15 --account main" 0 x "1 2"; do
        run posrec prove $wrong
        assert_equal "$status" 2
    done
}

@test "positions --prove says what shows the legs, the holes around it, and the command that proves it" {
    poll() { printf '{"account":"main","received_ms":%s,"interval_ms":10000,"body":[{"symbol":"BTCUSD_PERP","positionAmt":"%s","entryPrice":"60000","markPrice":"61000","unRealizedProfit":"0.1","liquidationPrice":"0","leverage":"10","marginType":"cross","isolatedMargin":"0","positionSide":"BOTH","updateTime":1795557600000}]}\n' "$1" "$2"; }
    # Known from 1795557600 to 1795557620, and from 1795557680 to 1795557690.
    (poll 1795557600000 3; poll 1795557610000 3; poll 1795557620000 4; poll 1795557680000 5; poll 1795557690000 5) | posrec -q import -
    evidence() { posrec -q positions --at "$1" --prove --wide | sed -n '/^account.*capture_id/,$p' | awk 'NR == 2 { print $3, $5, $6, $8 }'; }
    assert_equal "$(evidence 2026-11-24T22:00:00Z)" "1 0 posrec 1" # nothing before it: that column is empty
    assert_equal "$(evidence 2026-11-24T22:00:15Z)" "2 0 0 prove"
    assert_equal "$(evidence 2026-11-24T22:01:00Z)" "3 0 60 prove"
    assert_equal "$(evidence 2026-11-24T22:01:21Z)" "4 60 0 prove"
    assert_equal "$(evidence 2026-11-24T23:00:00Z)" "5 0 posrec 5"
    command=$(posrec -q positions --at 2026-11-24T22:01:00Z --prove --wide | grep -o 'posrec prove.*')
    assert_equal "$command" "posrec prove 3 --output 3.proof"
    eval "$command"
    assert_contains "$(posrec check-proof 3.proof)" BTCUSD_PERP
    posrec -q positions --at 2026-11-24T22:01:00Z --prove --format html > page.html
    assert_contains "$(cat page.html)" "posrec prove 3 --output 3.proof"
    assert_contains "$(cat page.html)" "Not recorded then: main, since 2026-11-24T22:00:20Z"
    assert_equal "$(grep -c '<html' page.html)" 1
    run posrec positions --prove --format csv
    assert_equal "$status" 2
    assert_contains "$output" "--prove is for reading"
    run posrec positions --at 2020-01-01 --prove # before all: no leg, and nothing that shows one
    assert_equal "$status" 0
}

@test "a file that was changed is refused by both programs, whichever byte it was" {
    everything_db posrec.db
    posrec -q prove "$(sql "SELECT capture_id FROM capture_log WHERE endpoint = 'income' AND outcome = 'ok' LIMIT 1")" -o good.proof
    python3 - "$SOURCE" "$BUILD/posrec" <<'PYTHON'
import subprocess, sys

sys.path.insert(0, sys.argv[1] + "/tests/e2e")
from check_proof import check

good = open("good.proof", "rb").read()
check(good)


def refused(data):
    try:
        check(data)
    except (AssertionError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return True
    return False


for i in range(len(good)):
    for bit in range(8):
        assert refused(good[:i] + bytes([good[i] ^ 1 << bit]) + good[i + 1:]), (i, bit)
    assert refused(good[:i]) and refused(good[:i] + good[i + 1:]) and refused(good[:i] + b" " + good[i:]), i
# unit.proof has posrec read each; here it is run for some.
for i in range(0, len(good), max(1, len(good) // 60)):
    bad = good[:i] + bytes([good[i] ^ 1]) + good[i + 1:]
    checked = subprocess.run([sys.argv[2], "check-proof", "-"], input=bad, capture_output=True, check=False)
    assert checked.returncode == 1 and b"posrec: -: " in checked.stderr and not checked.stdout, (i, checked)
PYTHON
    run posrec check-proof nowhere
    assert_equal "$status" 1
    assert_contains "$output" "nowhere: No such file"
    run posrec check-proof .
    assert_equal "$status" 1
    head -c 3000000 /dev/zero > zeros
    run posrec check-proof zeros
    assert_equal "$status" 1
    # A write that fails leaves neither a part nor nothing in place of what was there.
    cp good.proof kept.proof
    run posrec prove 999999 -o kept.proof
    assert_equal "$status" 1
    cmp good.proof kept.proof
}

@test "a file of more captures than there can be is refused, and a node out of place keeps nothing from being recorded" {
    head -60 "$SOURCE/tests/data/history.ndjson" | posrec -q import -
    sqlite3 posrec.db "INSERT INTO tree_node VALUES (64, 5, zeroblob(32))"
    tail -n +61 "$SOURCE/tests/data/history.ndjson" | posrec -q import -
    posrec -q -d other.db import "$SOURCE/tests/data/history.ndjson"
    assert_equal "$(posrec -q verify)" "$(posrec -q -d other.db verify)"
    sqlite3 posrec.db "PRAGMA foreign_keys = 0; UPDATE capture SET capture_id = 1 << 55 WHERE capture_id = (SELECT max(capture_id) FROM capture);
        INSERT INTO tree_node VALUES (1 << 55, 55, zeroblob(32))"
    run posrec prove 5
    [ "$status" = 1 ] || [ "$status" = 2 ]
    run posrec verify
    assert_equal "$status" 1
}

@test "check-proof says what nobody checked, and prints what cannot be as it stands" {
    posrec -q import "$SOURCE/tests/data/history.ndjson"
    posrec -q prove 1 -o 1.proof
    root=$(posrec -q verify | sed -n 's/^root //p')
    assert_contains "$(posrec check-proof 1.proof --root "$root")" "captures  89, as the file says (--count N)"
    posrec check-proof 1.proof --root "$root" --count 89 | grep -qx 'captures  89'
    run posrec check-proof 1.proof --count 88
    assert_equal "$status" 1
    assert_contains "$output" "its root is of 89 captures, as it says, not 88"
    # What others write by the specification: a NUL in a text, bytes that are no UTF-8, a body that is no JSON.
    python3 - <<'PYTHON'
import base64, hashlib

digest = lambda data: hashlib.sha256(data).digest()


def write(path, account, body):
    fields = ["posrec-poll-1", "1", account, "coin-m", "positionRisk", None, None, "1700000000000", None, None, "1", "ok", "200", None, None,
              None, None, "2"]
    text = b"".join(b"-," if f is None else b"%d:%s," % (len(f if isinstance(f, bytes) else f.encode()), f if isinstance(f, bytes) else f.encode())
                    for f in fields)
    root = digest(b"\0" + text + digest(body)).hex()
    quote = lambda data: b'"' + b"".join(b"\\u%04x" % c if c < 32 else b"\\" + bytes([c]) if c in b'"\\' else bytes([c]) for c in data) + b'"'
    members = [b' "format": "posrec-proof-1"', b' "capture": ' + quote(text), b' "count": 1', b' "path": []', b' "root": "' + root.encode() + b'"',
               b' "head": null', b' "timestamp": null', b' "body": ' + quote(body)]
    file = b"{\n" + b",\n".join(members)
    open(path, "wb").write(file + b',\n "sha256": "' + digest(file).hex().encode() + b'"\n}\n')


write("good.proof", "main", b"[]")
write("nul.proof", "main\0-paper", b"[]")
write("utf.proof", b"ma\xffin", b"[]")
write("legs.proof", "main", b'[{"symbol":"A","positionAmt":"1"},{"symbol" x]')
PYTHON
    assert_contains "$(posrec check-proof good.proof)" "open legs 0"
    assert_contains "$(posrec check-proof nul.proof)" 'account   main\x00-paper'
    run posrec check-proof utf.proof
    assert_equal "$status" 1
    assert_equal "$(posrec check-proof legs.proof | grep -c 'open legs')" 0
}

@test "what a file says moves no terminal" {
    body=$(printf '[{"symbol":"A\\u001b[31m\033[31m","positionAmt":"1","positionSide":"LONG","updateTime":"1"}]')
    posrec -q import --received-at 2026-11-15T14:00Z - <<< "$body"
    posrec -q prove 1 -o 1.proof
    assert_proves 1.proof
    run posrec check-proof 1.proof
    case $output in *$'\033'*) false ;; esac
}

@test "captures are recorded though the tree is damaged, which verify says and rebuild mends" {
    everything_db whole.db
    said=$(posrec -q -d whole.db verify)
    for damage in "DELETE FROM tree_node WHERE capture_id = 32" "DELETE FROM tree_node" "UPDATE tree_node SET sha256 = zeroblob(31)" \
        "UPDATE tree_node SET sha256 = zeroblob(32)"; do
        rm -f posrec.db*
        head -70 "$SOURCE/tests/data/history.ndjson" | posrec -q import -
        sqlite3 posrec.db "$damage"
        run --separate-stderr posrec verify
        assert_equal "$status" 1
        assert_contains "$stderr" "tree: the node over captures 1 to 32 is missing or not made of them (the evidence is sound: 'posrec rebuild'"
        root=${lines[1]#root }
        everything_db posrec.db
        assert_equal "$(sql 'SELECT count(*) FROM capture')" "$(sqlite3 whole.db 'SELECT count(*) FROM capture')"
        run --separate-stderr posrec verify --root "$root"
        assert_equal "$status" 1
        assert_equal "$output" "$said"
        assert_contains "$stderr" "tree: the node over captures 1 to 32"
        run posrec prove 3
        assert_equal "$status" 1
        assert_contains "$output" "'posrec "
        posrec -q rebuild
        assert_equal "$(posrec -q verify --root "$root")" "$said"
        posrec -q prove 3 | posrec check-proof - --root "$(sed -n 's/^root //p' <<< "$said")" > /dev/null
    done
}

@test "no proof is made of bytes that are not what was received" {
    history_db
    capture=$(sql "SELECT max(capture_id) FROM capture WHERE payload_id IS NOT NULL")
    sqlite3 posrec.db "UPDATE payload SET sha256 = zeroblob(32) WHERE payload_id = (SELECT payload_id FROM capture WHERE capture_id = $capture)"
    run posrec prove "$capture"
    assert_equal "$status" 1
    assert_contains "$output" "the body is not what was received (run 'posrec verify')"
}

@test "one capture among many is proved at once, in few bytes and little memory" {
    python3 "$SOURCE/tests/e2e/many_captures.py" "$BUILD/posrec" "${POSREC_TEST_LONG:-0}"
}
