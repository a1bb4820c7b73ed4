load helper

# make_ca: a test CA and a certificate for the name in $1 that is valid for $2 days.
make_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test-ca \
        -keyout ca.key -out ca.pem 2> /dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
        -keyout server.key -out server.csr 2> /dev/null
    printf 'subjectAltName=%s\n' "$1" > names
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" \
        -extfile names -out server.pem 2> /dev/null
}

start_tls_sim() {
    start_sim --tls-cert server.pem --tls-key server.key
    SIM=https://127.0.0.1:$(cat port)
}

@test "fetch over TLS trusts the configured CA" {
    make_certificates IP:127.0.0.1 2
    start_tls_sim
    write_config "$SIM" "ca_file = ca.pem"
    run posrec fetch
    assert_equal "$status" 0
    assert_equal "$(sql 'SELECT outcome FROM capture WHERE capture_id = 1')" ok
}

@test "a configured CA stands in the place of the system's" {
    make_certificates IP:127.0.0.1 2
    mkdir certs
    cp ca.pem "certs/$(openssl x509 -in ca.pem -noout -subject_hash).0"
    start_tls_sim
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other-ca \
        -keyout other.key -out other.pem 2> /dev/null
    unshare -rm true || skip "namespaces are not to be had"
    # The sim's CA is in the folder that libcurl has for the system's.
    fetch_with() {
        write_config "$SIM" "ca_file = $1"
        run unshare -rm sh -c 'mount --bind certs /etc/ssl/certs && exec "$@"' - "$BUILD/posrec" fetch
    }
    fetch_with other.pem
    assert_equal "$status" 1
    assert_contains "$output" "tls_error"
    fetch_with ca.pem
    assert_equal "$status" 0
}

@test "of the environment no proxy, no CA and no file for secrets is taken" {
    make_certificates IP:127.0.0.1 2
    start_tls_sim
    write_config "$SIM" "ca_file = ca.pem"
    SSLKEYLOGFILE=$PWD/secrets ALL_PROXY=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 \
        https_proxy=http://127.0.0.1:1 run posrec fetch
    assert_equal "$status" 0
    [ ! -e secrets ]
    write_config "$SIM"
    SSL_CERT_FILE=$PWD/ca.pem run posrec fetch
    assert_equal "$status" 1
    assert_contains "$output" "tls_error"
    # A configured proxy is gone through, whatever the environment says of ways past it.
    write_config "$SIM" "ca_file = ca.pem" "proxy = http://127.0.0.1:1"
    no_proxy=127.0.0.1 NO_PROXY='*' run posrec fetch
    assert_equal "$status" 1
    assert_contains "$output" "network_error"
}

@test "an unknown CA, a wrong name and an expired certificate are tls_error" {
    make_certificates IP:127.0.0.1 2
    start_tls_sim
    write_config "$SIM"
    run posrec fetch
    assert_equal "$status" 1
    assert_contains "$output" "tls_error"
    stop_sim
    make_certificates DNS:other.test 2
    start_tls_sim
    write_config "$SIM" "ca_file = ca.pem"
    run posrec fetch
    assert_equal "$status" 1
    stop_sim
    make_certificates IP:127.0.0.1 -1
    start_tls_sim
    write_config "$SIM" "ca_file = ca.pem"
    run posrec fetch
    assert_equal "$status" 1
    assert_equal "$(sql "SELECT group_concat(outcome) FROM capture")" "tls_error,tls_error,tls_error"
}
