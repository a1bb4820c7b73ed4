load helper

# A database with some hundred polls, so that the planner has something to lose.
setup_history() {
    python3 "$SOURCE/tests/bench/make_captures.py" 300 > made.ndjson
    posrec -q import made.ndjson
}

# plan QUERY: its query plan. Fails when valuations, positions or polls are scanned, or rows are sorted.
plan() {
    sqlite3 posrec.db -cmd '.parameter set :to_ms 1767226600000' -cmd ".parameter set :all 1" "EXPLAIN QUERY PLAN $1" > plan
    if grep -E 'SCAN (v|p|s|b|q|n|u|valuation|position|capture|position_update|trade|balance|leg_margin|income|i)\b|TEMP B-TREE|AUTOMATIC' plan; then
        echo "in: $1"
        cat plan
        return 1
    fi
    grep -q 'SEARCH' plan
}

# keys QUERY: its plan may sort and go through what it has put together itself, but reaches valuations,
# positions and polls by their keys alone.
keys() {
    sqlite3 posrec.db "EXPLAIN QUERY PLAN $1" > plan
    if grep -E 'SCAN (v|p|s|b|q|n|u|valuation|position|capture|position_update|trade|balance|leg_margin|income|i)\b|SEARCH (v|p|s|b|q|n) USING AUTOMATIC' plan; then
        echo "in: $1"
        cat plan
        return 1
    fi
    grep -q 'SEARCH' plan
}

# sql_text FILE...: their texts, with what is included of sql/shared.
sql_text() {
    awk -v shared="$SOURCE/sql/shared/" '
        $1 == "--include" {
            file = shared $2 ".sql"
            while ((getline line < file) > 0) { if (line !~ /^--/) { print line } }
            close(file)
            next
        }
        { print }' "$@"
}

@test "filters on account, symbol, side and time reach a key" {
    setup_history
    leg="account = 'main' AND symbol = 'ETHUSD_PERP' AND position_side = 'BOTH'"
    range="time_ms BETWEEN 1767226000000 AND 1767227000000"
    for view in pnl_history margin_history; do
        plan "SELECT * FROM $view WHERE $leg ORDER BY time_ms"
        plan "SELECT * FROM $view WHERE $leg AND $range ORDER BY time_ms"
        plan "SELECT * FROM $view WHERE $leg ORDER BY time_ms DESC LIMIT 1"
        plan "SELECT * FROM $view WHERE symbol = 'ETHUSD_PERP'"
        plan "SELECT * FROM $view WHERE account = 'main' AND $range"
        plan "SELECT * FROM $view WHERE $range"
        grep -q 'v USING PRIMARY KEY (leg_id=? AND time_ms>? AND time_ms<?)' plan
    done
    plan "SELECT * FROM position_change WHERE account = 'main' AND first_seen_ms BETWEEN 1767226000000 AND 1767227000000"
    for view in position_timeline timeline_change account_update_history trade_history; do
        keys "SELECT * FROM $view WHERE $leg"
    done
    plan "SELECT * FROM position_history WHERE $leg"
    plan "SELECT * FROM position_change WHERE $leg"
    plan "SELECT * FROM position_now WHERE $leg"
    plan "SELECT * FROM position_now"
    plan "SELECT * FROM capture_pair WHERE account = 'main' AND endpoint = 'positionRisk'"
}

@test "the as-of snapshot and a poll's changes are found by keys" {
    setup_history
    keys "$(cat "$SOURCE/sql/reports/with_moment.sql" "$SOURCE/sql/reports/positions.sql")"
    keys "$(cat "$SOURCE/sql/reports/changes_of_poll.sql")"
}

@test "daily views and exposure reach keys by account, symbol, side and time" {
    setup_history
    leg="account = 'main' AND symbol = 'ETHUSD_PERP' AND position_side = 'BOTH'"
    for view in pnl_daily margin_daily; do
        for filter in "$leg" "$leg AND day_ms = 1767225600000" "symbol = 'ETHUSD_PERP'" "account = 'main'" \
            "day_ms BETWEEN 1767225600000 AND 1767312000000"; do
            keys "SELECT * FROM $view WHERE $filter"
            # A leg's hours are a range of their own, and so are the valuations of the one that runs.
            grep -q 'h USING PRIMARY KEY (leg_id=?' plan
            grep -q 'v USING PRIMARY KEY (leg_id=? AND time_ms>?)' plan
        done
    done
    keys "SELECT * FROM exposure WHERE account = 'main' AND time_ms BETWEEN 1767226000000 AND 1767227000000"
    grep -q 'a USING INDEX sqlite_autoindex_account_1 (name=?)' plan
    grep -q 'v USING PRIMARY KEY (leg_id=? AND time_ms>? AND time_ms<?)' plan
    keys "SELECT * FROM exposure WHERE time_ms = 1767226000000"
    grep -q 'v USING PRIMARY KEY (leg_id=? AND time_ms=?)' plan
}

@test "what is known of a kind is a range of a key, whatever other kinds have" {
    setup_history
    for kind in polls account stream; do
        for filter in "kind = '$kind'" "account = 'main' AND kind = '$kind'"; do
            sqlite3 posrec.db "EXPLAIN QUERY PLAN SELECT * FROM known WHERE $filter" > plan
            grep -q 'SEARCH s USING PRIMARY KEY (account_id=? AND kind=? AND symbol=?)' plan
            assert_equal "$(grep -c 'SCAN known_span' plan)" 0
        done
    done
}

@test "every report reaches keys" {
    setup_history
    # The shell does not have posrec's functions.
    part() { sql_text "${@/#/$SOURCE/sql/reports/}" | sed -E 's/step_(begin|end)\(/max(/g'; }
    points="with_polls.sql with_range.sql with_silence.sql with_samples.sql with_legs.sql with_points.sql"
    # shellcheck disable=SC2086 # several files
    for report in "with_parts.sql with_earning.sql with_income.sql pnl.sql" "with_parts.sql margin.sql" exposure.sql; do
        keys "$(part $points $report)"
    done
    keys "$(part with_polls.sql with_range.sql with_silence.sql with_changed.sql with_money_asked.sql with_money_findings.sql reconcile.sql)"
    keys "$(part with_polls.sql with_range.sql with_money_asked.sql audit.sql)"
    keys "$(part with_balances.sql with_range.sql with_silence.sql with_samples.sql equity.sql)"
    keys "$(part with_money.sql with_range.sql with_silence.sql with_earning.sql with_income.sql income.sql)"
    for report in trades; do
        keys "$(part with_money.sql with_range.sql $report.sql)"
    done
    keys "$(part with_balances.sql with_range.sql chart_assets.sql)"
    # The ledger goes through each leg's states once: what was before decides what a change is.
    legs="with_polls.sql with_range.sql with_change_legs.sql"
    # shellcheck disable=SC2086 # several files
    for report in "with_change_beginnings.sql with_change_told.sql changes_counted.sql" \
        "with_change_judged.sql with_change_told.sql happened.sql"; do
        sqlite3 posrec.db "CREATE TEMP TABLE changes_counted (row_count, until_ms); EXPLAIN QUERY PLAN $(part $legs $report)" > plan
        assert_equal "$(grep -cE 'SCAN (v|valuation|capture|position|position_update)\b' plan)" 0
    done
    for report in chart_pnl chart_margin chart_exposure chart_gaps chart_changes chart_equity; do
        keys "$(part $report.sql)"
    done
    keys "$(part with_earning_charted.sql with_income.sql chart_income.sql)"
    for report in chart_pnl_hours chart_margin_hours; do
        keys "$(part with_chart_hours.sql $report.sql)"
    done
}
