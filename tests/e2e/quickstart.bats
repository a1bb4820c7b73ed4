load helper

@test "quickstart records, shows and leaves a sound database, and may be run again" {
    for _ in 1 2; do
        run "$SOURCE/scripts/quickstart"
        echo "$output"
        assert_equal "$status" 0
        assert_contains "$output" "== open positions (posrec positions)"
        assert_contains "$output" "BTCUSD_PERP"
        assert_contains "$output" "yours to explore: quickstart/posrec.db"
    done
    posrec -q -d "$SOURCE/quickstart/posrec.db" verify > /dev/null
    grep -q '<figure class="chart">' "$SOURCE/quickstart/report.html"
    # What it said to ask next can be asked.
    cd "$SOURCE"
    printf '%s\n' "$output" | grep '^  build/posrec' > "$BATS_TEST_TMPDIR/commands"
    assert_equal "$(wc -l < "$BATS_TEST_TMPDIR/commands")" 6
    bash -euo pipefail "$BATS_TEST_TMPDIR/commands" > /dev/null
}
