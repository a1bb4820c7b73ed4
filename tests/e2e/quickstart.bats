load helper

@test "quickstart records, shows and leaves a sound database, and may be run again: the market goes on" {
    rm -rf "$SOURCE/quickstart"
    for _ in 1 2 3; do
        run "$SOURCE/scripts/quickstart"
        echo "$output"
        assert_equal "$status" 0
        assert_contains "$output" "== open positions (posrec positions)"
        assert_contains "$output" "BTCUSD_PERP"
        assert_contains "$output" "yours to explore: quickstart/posrec.db"
    done
    posrec -q -d "$SOURCE/quickstart/posrec.db" verify > /dev/null
    posrec -d "$SOURCE/quickstart/posrec.db" report reconcile --strict
    grep -q '<figure class="chart"' "$SOURCE/quickstart/report.html"
    # What it said to ask next can be asked.
    cd "$SOURCE"
    printf '%s\n' "$output" | grep '^  build/posrec' > "$BATS_TEST_TMPDIR/commands"
    assert_equal "$(wc -l < "$BATS_TEST_TMPDIR/commands")" 7
    bash -euo pipefail "$BATS_TEST_TMPDIR/commands" > /dev/null
}

@test "building and recording needs no package of the tests" {
    sed -n 's/^ \([a-z0-9.+-]*\),$/\1/p' "$SOURCE/debian/control" > packages-build
    [ "$(wc -l < packages-build)" -ge 14 ]
    assert_equal "$(grep -hv '^#' packages-build "$SOURCE/scripts/packages-test" | sort | uniq -d)" ""
    for package in bats chromium libcmocka-dev python3-pandas zsh fish clang; do
        assert_equal "$(grep -cx "$package" packages-build)" 0
    done
    # A configuration without the tests asks for none of theirs.
    run cmake -S "$SOURCE" -B without -G Ninja -DPOSREC_TESTS=OFF --log-level=WARNING
    assert_equal "$status" 0
    assert_equal "$(grep -cE '^(CMOCKA|BATS)' without/CMakeCache.txt)" 0
    assert_equal "$(ninja -C without -t targets all | grep -c '^dapi-sim:')" 1
}
