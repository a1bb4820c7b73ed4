load helper

# What no recorder of ours asks of the simulator; tests/clients asks it by clients that others wrote.
@test "the simulator's combined streams are as the exchange documents them" {
    start_sim --steady --no-trades
    python3 "$SOURCE/tests/e2e/combined_streams.py" "$SIM" "$KEY"
}
