# The Debian packages and the tarball, as far as that needs no machine of its own (debian_machine.py has one).

load helper

setup_file() {
    export PACKAGES=$BATS_FILE_TMPDIR
    mkdir -p "$PACKAGES/a" "$PACKAGES/another folder"
    "$POSREC_SOURCE/scripts/dist" "$PACKAGES" > "$PACKAGES/tarball"
    # Built from what the tarball unpacks to, without git, somewhere else.
    tar -xzf "$(cat "$PACKAGES/tarball")" -C "$PACKAGES/another folder"
    (umask 077 && cd "$PACKAGES/another folder"/posrec-* && TZ=Asia/Tokyo LC_ALL=C.UTF-8 scripts/package "../../a" > "$PACKAGES/made")
    dpkg-deb -x "$PACKAGES"/a/posrec_*.deb "$PACKAGES/root"
    dpkg-deb -e "$PACKAGES"/a/posrec_*.deb "$PACKAGES/control"
}

teardown_file() {
    rm -rf "$PACKAGES"
}

@test "what a tarball unpacks to gives the same tarball, and five packages" {
    cd "$PACKAGES/a"
    assert_equal "$(ls ./*.deb | wc -l)" 5
    assert_equal "$(cat ../made)" "$(ls "$PWD"/*.deb | grep -v dbgsym)"
    "$(echo "$PACKAGES/another folder"/posrec-*)/scripts/dist" "$PACKAGES/again"
    cmp "$PACKAGES"/again/*.tar.gz "$(cat "$PACKAGES/tarball")"
}

@test "two builds in two folders give the same packages, byte for byte" {
    [ "${POSREC_TEST_LONG:-0}" = 1 ] || skip "all is built once more with scripts/test --long"
    "$SOURCE/scripts/package" "$PACKAGES/b" > /dev/null
    cd "$PACKAGES/a"
    for made in *.deb; do
        cmp "$made" "../b/$made"
    done
}

@test "lintian finds neither errors nor warnings" {
    run lintian --allow-root --fail-on error,warning "$PACKAGES"/a/*.changes
    echo "$output"
    assert_equal "$status" 0
}

@test "what is installed is what was said, and the configuration is root's alone" {
    version=$(sed -n 's/^project(posrec VERSION \([0-9.]*\).*/\1/p' "$SOURCE/CMakeLists.txt")
    assert_equal "$(dpkg-deb -f "$PACKAGES"/a/posrec_*.deb Version)" "$version"
    assert_equal "$("$PACKAGES/root/usr/bin/posrec" --version | head -n 1)" "posrec $version"
    grep -q "^## $version " "$SOURCE/CHANGES.md"
    dpkg-deb -c "$PACKAGES"/a/posrec_*.deb > contents
    for file in usr/bin/posrec usr/share/man/man1/posrec.1.gz usr/share/man/man1/posrec-report.1.gz \
        usr/share/man/man5/posrec.ini.5.gz usr/share/man/man5/posrec-schema.5.gz usr/share/bash-completion/completions/posrec \
        usr/share/zsh/vendor-completions/_posrec usr/share/fish/vendor_completions.d/posrec.fish \
        usr/share/doc/posrec/README.md usr/lib/[^/]*/posrec.so \
        usr/share/doc/posrec/examples/posrec.ini; do
        grep -q " \./$file\$" contents || { echo "not in the package: $file"; false; }
    done
    grep -q '^drwx------ root/root .* \./etc/posrec/$' contents
    grep -q '^drwx------ root/root .* \./etc/posrec/keys/$' contents
    # The configuration is made once, by postinst: dpkg has nothing to ask at an upgrade.
    run ! grep -q ' \./etc/.*[^/]$' contents
    run ! test -e "$PACKAGES/control/conffiles"
    run ! grep -q 'dapi-sim\|posrec-demo' contents
    dpkg-deb -c "$PACKAGES"/a/posrec-demo_*.deb > contents
    grep -q ' \./usr/bin/posrec-demo$' contents
    grep -q ' \./usr/share/man/man1/posrec-demo.1.gz$' contents
    dpkg-deb -c "$PACKAGES"/a/python3-posrec_*_all.deb > contents
    for file in __init__.py _database.py _replay.py py.typed; do
        grep -q " \./usr/lib/python3/dist-packages/posrec/$file\$" contents
    done
    run ! grep -q pycache contents
    # Nothing of the machine that built it.
    run ! grep -rqa "$PACKAGES\|$SOURCE" "$PACKAGES/root"
}

@test "the pages that are installed name one another where they are" {
    run python3 "$SOURCE/tests/e2e/check_links.py" "$PACKAGES/root/usr/share/doc/posrec"
    echo "$output"
    assert_equal "$status" 0
}

@test "what the pages and the help of commands name is installed" {
    cd "$PACKAGES/root/usr/share/doc/posrec"
    # Pages about the code name the code.
    pages=$(ls README.md SECURITY.md docs/*.md | grep -v 'architecture\|releasing')
    named=$(grep -ohE '`(docs|examples|sql|tests)/[A-Za-z0-9_./-]+' $pages | tr -d '`' | sort -u)
    named+=" $(grep -ohE '\bdocs/[a-z-]+\.md' "$SOURCE"/src/cli/help/* "$SOURCE"/docs/man/*.scd | sort -u)"
    echo "$named"
    [ "$(wc -w <<< "$named")" -ge 6 ]
    ls -d $named
    for page in $(grep -ohE "\bman posrec[a-z.-]*[a-z]" "$SOURCE"/src/cli/help/* README.md | sed 's/man //' | sort -u); do
        ls "$PACKAGES"/root/usr/share/man/man[15]/"$page".[15].gz
    done
}

@test "the container's and compose's files are whole, and name what is there" {
    python3 - "$SOURCE" << 'PYTHON'
import pathlib, re, sys
import yaml

examples = pathlib.Path(sys.argv[1]) / "examples"
compose = yaml.safe_load((examples / "compose.yaml").read_text())
services = compose["services"]
assert set(services) == {"posrec", "mirror", "postgres", "node-exporter", "prometheus"}
build = services["posrec"]["build"]
assert (examples / build["context"] / build["dockerfile"]).exists()
for service in services.values():
    for volume in service["volumes"]:
        source = volume.split(":")[0]
        assert source in compose["volumes"] or (examples / source).exists() or source == "./etc-posrec", source
    assert set(service.get("depends_on", {})) <= set(services)
prometheus = yaml.safe_load(compose["configs"]["prometheus"]["content"])
assert prometheus["rule_files"] == ["alerts.yml"]
host, port = prometheus["scrape_configs"][0]["static_configs"][0]["targets"][0].split(":")
assert host in services and port == "9100"
assert set(re.findall(r"^([A-Z]+) ", (examples / "Containerfile").read_text(), re.MULTILINE)) == {
    "ARG", "FROM", "COPY", "RUN", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
PYTHON
}

# apt ARGUMENT...: Debian's, with a state of its own that knows our repository alone.
apt() {
    mkdir -p root/lists/partial root/cache/archives/partial root/etc
    : > root/status
    command apt-get -o Dir::Etc="$PWD/root/etc" -o Dir::Etc::sourcelist="$PWD/posrec.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State="$PWD/root" -o Dir::State::status="$PWD/root/status" -o Dir::Cache="$PWD/root/cache" \
        -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

stop_gpg() {
    gpgconf --kill all
}

@test "a repository is one that apt takes by its key, and by no other, and adds to" {
    export GNUPGHOME=$PWD/keys
    install -d -m 700 keys
    for name in ours theirs; do
        gpg --batch --quiet --passphrase '' --quick-generate-key $name@posrec.invalid ed25519 sign 1d 2> /dev/null
    done
    run "$SOURCE/scripts/apt-repository" repository "$PACKAGES"/a/*.deb
    assert_equal "$status" 2
    assert_contains "$output" "--key ID"
    run "$SOURCE/scripts/apt-repository" repository --key nobody@posrec.invalid "$PACKAGES"/a/*.deb
    assert_equal "$status" 2
    assert_contains "$output" "no such secret key"
    # First one package, then all of them.
    "$SOURCE/scripts/apt-repository" repository --key ours@posrec.invalid "$PACKAGES"/a/posrec_*.deb
    assert_equal "$(grep -c '^Package:' repository/dists/stable/main/binary-amd64/Packages)" 1
    "$SOURCE/scripts/apt-repository" repository --key ours@posrec.invalid "$PACKAGES"/a/*.deb
    assert_equal "$(ls repository)" "$(printf 'dists\npool\nposrec.asc')"
    gpg --batch --armor --export theirs@posrec.invalid > theirs.asc
    stop_gpg

    echo "deb [signed-by=$PWD/repository/posrec.asc] file:$PWD/repository stable main" > posrec.list
    apt update
    apt download posrec python3-posrec
    for package in posrec python3-posrec; do
        cmp ./${package}_*.deb "$PACKAGES"/a/${package}_*.deb
    done
    rm ./*.deb
    # A package that is another than what was signed.
    cp -r repository other
    cp other/pool/posrec-demo_*.deb "$(ls other/pool/posrec_*.deb)"
    echo "deb [signed-by=$PWD/repository/posrec.asc] file:$PWD/other stable main" > posrec.list
    apt update
    run apt download posrec
    assert_contains "$output" "Hash Sum mismatch"
    run ! test -e posrec_*.deb
    # A list that is another, and a key that is.
    sed -i 's/^Origin: .*/Origin: another/' other/dists/stable/InRelease
    run apt update
    assert_contains "$output" "BADSIG"
    rm -r root
    run apt update
    [ "$status" != 0 ]
    echo "deb [signed-by=$PWD/theirs.asc] file:$PWD/repository stable main" > posrec.list
    run apt update
    [ "$status" != 0 ]
    assert_contains "$output" "NO_PUBKEY"
}

@test "the extension is found by its name, and Python finds both" {
    documented_body > body.json
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
    dpkg-deb -x "$PACKAGES"/a/python3-posrec_*_all.deb root
    LD_LIBRARY_PATH=$(ls -d "$PACKAGES"/root/usr/lib/*-linux-gnu)
    export LD_LIBRARY_PATH PYTHONPATH=$PWD/root/usr/lib/python3/dist-packages
    assert_equal "$(sqlite3 posrec.db ".load posrec" "SELECT count(*) FROM position_at('2021-07-24', 'main', 1)")" 3
    run /usr/bin/python3 -c 'import posrec
print(posrec.__version__, len(posrec.open("posrec.db").positions(at="2021-07-24", all=True)))'
    assert_equal "$output" "$(sed -n 's/^project(posrec VERSION \([0-9.]*\).*/\1/p' "$SOURCE/CMakeLists.txt") 3"
}

@test "each unit is sound and touches next to nothing" {
    cp -r "$PACKAGES/root/." .
    units=(lib/systemd/system/posrec*)
    assert_equal ${#units[@]} 12
    for unit in "${units[@]}"; do
        run ! grep -q '@[A-Z]' "$unit"
    done
    for name in posrec posrec-mirror posrec-verify posrec-page posrec@two posrec-mirror@two posrec-verify@two posrec-page@two; do
        cp "lib/systemd/system/${name%two}.service" "$name.service"
        # It looks for the program on this machine.
        sed "s|/usr/bin/posrec|$BUILD/posrec|; /^Documentation/d" "$name.service" > "verify-$name.service"
        systemd-analyze verify "./verify-$name.service" 2>&1 | tee verified
        [ ! -s verified ]
        exposure=$(systemd-analyze security --no-pager --offline=true "./$name.service" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
        echo "$name: $exposure"
        [ "$(echo "$exposure <= 1.6" | bc)" = 1 ]
    done
}

@test "posrec takes the configuration that is installed, and says what it lacks" {
    run posrec -c "$PACKAGES/root/usr/share/posrec/posrec.ini" fetch
    assert_equal "$status" 2
    assert_contains "$output" "no account is configured in $PACKAGES/root/usr/share/posrec/posrec.ini"
    sed 's/^#\(\[account\|api_key\|secret\)/\1/' "$PACKAGES/root/usr/share/posrec/posrec.ini" > posrec.ini
    sed -i "s|/etc/posrec/keys|$PWD|; s|/var/lib/posrec|$PWD|; \$a base_url = http://127.0.0.1:9" posrec.ini
    run posrec fetch
    assert_equal "$status" 1
    assert_contains "$output" "network_error"
}

@test "a service of systemd's reads the copies of its keys" {
    start_sim
    mkdir keys credentials
    mv main.key main.secret keys/
    sed -i "s|_file = |&$PWD/keys/|" posrec.ini
    posrec -q fetch > /dev/null
    cp keys/main.key credentials/keys_main.key
    cp keys/main.secret credentials/keys_main.secret
    echo "not the key" > keys/main.key
    run ! posrec -q fetch
    CREDENTIALS_DIRECTORY=$PWD/credentials posrec -q fetch > /dev/null
    rm -r keys
    CREDENTIALS_DIRECTORY=$PWD/credentials posrec -q fetch > /dev/null
    run env CREDENTIALS_DIRECTORY="$PWD/none" "$BUILD/posrec" -q fetch
    assert_equal "$status" 2
    assert_contains "$output" "keys/main.key: No such file"
}

@test "verify writes what it came to for Prometheus" {
    documented_body > body.json
    printf '[posrec]\ndatabase = posrec.db\nverify_metrics_file = verify.prom\n' > posrec.ini
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
    posrec -q verify > /dev/null
    promtool check metrics < verify.prom
    grep -qx 'posrec_verify_ok 1' verify.prom
    grep -qx 'posrec_verify_captures 1' verify.prom
    now=$(date +%s)
    ended=$(sed -n 's/^posrec_verify_timestamp_seconds \([0-9]*\).*/\1/p' verify.prom)
    [ $((now - ended)) -le 600 ]
    sqlite3 posrec.db "UPDATE valuation SET mark_price_e8 = mark_price_e8 + 1"
    run ! posrec -q verify
    grep -qx 'posrec_verify_ok 0' verify.prom
    posrec -q rebuild
    posrec -q verify > /dev/null
    grep -qx 'posrec_verify_ok 1' verify.prom
    # A question that is none proves nothing, neither way.
    run posrec -q verify --head 123
    assert_equal "$status" 2
    grep -qx 'posrec_verify_ok 1' verify.prom
    rm posrec.db
    run ! posrec -q verify
    grep -qx 'posrec_verify_ok 0' verify.prom
    # A file that cannot be written is a failure too.
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
    sed -i 's|verify.prom|no/such/folder|' posrec.ini
    run posrec -q verify
    assert_equal "$status" 1
    assert_contains "$output" "no/such/folder"
}
