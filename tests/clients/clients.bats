load ../e2e/helper

# Clients that others wrote, against the simulator: so it is not only as strict as we are. What they read must be what
# the simulator holds, and what the exchange refuses must be refused to them.

# The packages of the lock file stay in the build folder.
setup_file() {
    mkdir -p "$BUILD/clients"
    cd "$BUILD/clients"
    cp "$SOURCE"/tests/clients/*.mjs "$SOURCE"/tests/clients/package*.json .
    if ! cmp -s package-lock.json installed.json; then
        rm -f installed.json
        npm ci --ignore-scripts --omit=optional --no-audit --no-fund
        cp package-lock.json installed.json
    fi
}

# run_client SCRIPT: with accounts that sign in each of the three ways.
run_client() {
    local name
    for name in rsa ed25519; do
        openssl genpkey -algorithm $name -out $name.pem 2> /dev/null
        openssl pkey -in $name.pem -pubout -out $name.pub
        echo "$name hedge $name-key pem:$name.pub" >> accounts
    done
    start_sim --steady --no-trades
    SIM=$SIM KEY=$KEY SECRET=$SECRET timeout 120 node "$BUILD/clients/$1"
}

@test "the exchange's own connector runs every call that posrec makes, and the account's stream" {
    run_client connector.mjs
}

@test "ccxt runs every call that posrec makes, and the account's stream" {
    run_client ccxt.mjs
}

@test "the exchange's own connector of USD-M runs every call of that side, and its private stream" {
    run_client connector_usd.mjs
}

@test "ccxt runs every call of USD-M, and its private stream" {
    run_client ccxt_usd.mjs
}
