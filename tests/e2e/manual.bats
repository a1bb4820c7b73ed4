load helper

# options_of_help COMMAND: the options that `posrec help COMMAND` lists, one a line ("" for the global ones).
options_of_help() {
    posrec help $1 | sed -n '/^Options:$/,/^$/p' | grep -oE '^  (-., |    )--[a-z-]+( [A-Z]+)?' |
        sed -E 's/^ +//; s/^-., //' | sort
}

# options_of_man PAGE HEADING: the options in a page's section, up to the next heading, one a line.
options_of_man() {
    local heading=${2//[][]/.} # which are no set of characters
    sed -n "/^$heading\$/,/^#/p" "$SOURCE/docs/man/$1.scd" | grep -oE '^\*-.*' | grep -oE '\-\-[a-z-]+\* ?(_[A-Z]+_)?' |
        sed -E 's/\* ?/ /; s/_//g; s/ $//' | sort
}

@test "every option of --help is in the manual, and the other way round" {
    assert_equal "$(options_of_man posrec.1 '# OPTIONS OF EVERY COMMAND')" "$(options_of_help '')"
    [ "$(options_of_help '' | wc -l)" -ge 6 ]
    commands=$(posrec help | sed -n '/^Commands:/,/^$/p' | awk 'NF > 1 && $1 != "help" { print $1 }')
    assert_equal "$(grep -c '^## posrec ' "$SOURCE/docs/man/posrec.1.scd")" "$(wc -w <<< "$commands")"
    for command in $commands; do
        heading=$(grep -E "^## posrec $command( |\$)" "$SOURCE/docs/man/posrec.1.scd")
        echo "$command: $heading"
        assert_equal "$(options_of_man posrec.1 "$heading")" "$(options_of_help "$command")"
    done
    assert_equal "$(options_of_man posrec-report.1 '# OPTIONS')" "$(options_of_help report)"
}

@test "every key of the configuration is in the manual, and posrec takes each that is" {
    page=$SOURCE/docs/man/posrec.ini.5.scd
    keys() { sed -n "/^# $1/,/^# /p" "$page" | grep -oE '\*[a-z_]+\* =' | tr -d '*= '; }
    value() {
        case $1 in
        *interval | timeout) echo 10s ;; product) echo coin-m ;; base_url | proxy) echo https://127.0.0.1:9 ;;
        recv_window) echo 5000 ;; *_file) echo main.key ;; *) echo BTC ;;
        esac
    }
    for section in "THE SECTION posrec=posrec" "SECTIONS account=account main"; do
        found=$(keys "${section%=*}")
        for key in $found; do
            printf '[%s]\n%s = %s\n' "${section#*=}" "$key" "$(value $key)" > key.ini
            run posrec -c key.ini -d none.db status
            case $output in *"unknown key"*) echo "$output"; false ;; esac
        done
        echo "$found" >> all
    done
    # The keys that config_file.c has in its tables.
    grep -oE '\{"[a-z_]+", take_' "$SOURCE/src/cli/config_file.c" | grep -oE '"[a-z_]+"' |
        tr -d '"' | sort -u > taken
    diff <(sort -u all) taken
}

@test "the pages are built, and man can show them" {
    for page in posrec.1 posrec-report.1 posrec.ini.5 posrec-schema.5; do
        grep -q '^\.TH ' "$BUILD/man/$page"
    done
    # scdoc writes what groff reads; a page without its parts would be one that was cut off.
    grep -q 'EXIT STATUS' "$BUILD/man/posrec.1"
    grep -q 'reconcile' "$BUILD/man/posrec-report.1"
}

@test "posrec-schema(5) has every section and every paragraph of docs/schema.md, and roff takes all of it" {
    LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=200 man --warnings -l "$BUILD/man/posrec-schema.5" 2> warnings | col -bx > page
    [ ! -s warnings ]
    python3 - "$SOURCE/docs/schema.md" page << 'PYTHON'
import pathlib, re, sys

source, page = (pathlib.Path(name).read_text() for name in sys.argv[1:])
page = " ".join(page.split())
source = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", source).replace("`", "")
# Headings, paragraphs, points of a list, cells of a table.
parts = [" ".join(part.split()) for part in re.split(r"\n\n+|\n- |\n#+ |\|\n| \|", source)[1:]]
parts = [part.strip("#|- ") for part in parts if part.strip("#|- ")]
missing = [part for part in parts if part not in page]
assert len(parts) > 150 and not missing, missing[:3]
PYTHON
}

@test "bash completes commands, options and values" {
    posrec -q import --account tester --received-at 2021-07-23T07:54:42Z "$SOURCE/tests/data/documented.json"
    export PATH=$BUILD:$PATH
    complete_words() {
        bash -c 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _posrec; printf "%s\n" "${COMPREPLY[@]}"' \
            "$BUILD/completion/posrec" "$@" | sort | tr '\n' ' '
    }
    assert_equal "$(complete_words posrec re)" "rebuild report "
    assert_equal "$(complete_words posrec report pn)" "pnl "
    assert_equal "$(complete_words posrec -v report --s)" "--side --strict --symbol "
    assert_equal "$(complete_words posrec report pnl --format '')" "csv html json ndjson sheet table "
    assert_equal "$(complete_words posrec report pnl --side '')" "BOTH LONG SHORT "
    assert_equal "$(complete_words posrec report pnl --by '')" "account asset leg symbol total "
    assert_equal "$(complete_words posrec positions --account '')" "tester "
    assert_equal "$(complete_words posrec report --symbol BTC)" "BTCUSD_201225 "
    touch some.ini
    assert_equal "$(complete_words posrec -c some)" "some.ini "
}

@test "completions have every command and option of the help, with the same words" {
    posrec help | sed -n '/^Commands:$/,/^$/p' | sed -nE "s/^  ([a-z-]+) +(.*)/\1\t\2/p" > commands
    assert_equal "$(fish --no-config -c "source $BUILD/completion/posrec.fish; complete -C 'posrec '" | sort)" "$(sort commands)"
    for command in $(cut -f1 commands); do
        posrec help $command | sed -n '/^Options/,$p' | sed -nE 's/^  (-., |    )(--[a-z-]+)( [A-Z]+)? +(.*)/\2\t\4/p' | sort -u > options
        [ -s options ] || [ $command = help ]
        fish --no-config -c "source $BUILD/completion/posrec.fish; complete -C 'posrec $command --'" | sort -u > completed
        [ $command = help ] || diff options completed
    done
}

@test "fish completes too, and zsh loads its completion" {
    export PATH=$BUILD:$PATH
    ask() { fish --no-config -c "source $BUILD/completion/posrec.fish; complete -C '$1'" | cut -f1 | sort | tr '\n' ' '; }
    assert_equal "$(ask 'posrec re')" "rebuild report "
    assert_equal "$(ask 'posrec report --s')" "--side --strict --symbol "
    assert_equal "$(ask 'posrec report pnl --format ')" "csv html json ndjson sheet table "
    zsh -fc "fpath=($BUILD/completion \$fpath); autoload -Uz compinit; compinit -u -D; [[ \$_comps[posrec] == _posrec ]] && autoload +X _posrec"
}

@test "dapi-sim --help says its options, and where its admin paths are described" {
    run --separate-stderr "$BUILD/dapi-sim" --help
    assert_equal "$status" 0
    assert_equal "$stderr" ""
    options=$(grep -oE '\{"[a-z-]+", (required|no)_argument' "$SOURCE/tests/sim/main.c" | cut -d'"' -f2 | sort)
    [ "$(wc -w <<< "$options")" -ge 12 ]
    assert_equal "$(grep -oE '^  --[^ ]+|, --[a-z-]+' <<< "$output" | tr -d ' ,' | sed 's/^--//' | sort)" "$options"
    described=$(grep -oE 'tests/[a-z/]+\.c' <<< "$output")
    grep -q '/sim/trade' "$SOURCE/$described"
    run "$BUILD/dapi-sim" --nonsense
    assert_equal "$status" 2
    assert_contains "$output" "see dapi-sim --help"
}
