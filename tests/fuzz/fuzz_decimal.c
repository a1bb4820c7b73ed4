/* Any text: decimal_parse() must agree with a second way of reading it, digit by digit on paper. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

#define PAPER_DIGITS 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The number as digits on a strip of paper with the point in the middle. False: not a number, or
 * one that does not fit on the paper. */
static bool write_on_paper(const char *text, size_t size, char paper[static PAPER_DIGITS],
                           bool *negative)
{
    char copy[64];
    int whole = 0, fraction = 0, read = 0, exponent = 0;
    if (size == 0 || size >= sizeof copy || memchr(text, '\0', size) != NULL) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    const char *p = copy;
    *negative = *p == '-';
    p += *negative;
    whole = (int)strspn(p, "0123456789");
    if (whole == 0) {
        return false;
    }
    const char *digits = p;
    p += whole;
    if (*p == '.') {
        fraction = (int)strspn(p + 1, "0123456789");
        if (fraction == 0) {
            return false;
        }
        p += 1 + fraction;
    }
    if (*p == 'e' || *p == 'E') {
        if (sscanf(p + 1, "%3d%n", &exponent, &read) != 1 || p[1 + read] != '\0' || p[1] == ' ' ||
            strspn(p + 1, " \t\n\v\f\r") != 0) {
            return false;
        }
        p += 1 + read;
    }
    if (*p != '\0' || abs(exponent) > 100) {
        return false;
    }
    memset(paper, '0', PAPER_DIGITS);
    for (int i = 0; i < whole + fraction; i++) {
        char digit = i < whole ? digits[i] : digits[i + 1];
        paper[PAPER_DIGITS / 2 - whole + i - exponent] = digit;
    }
    return true;
}

/* Reads the paper at scale 8, half to even; false when it is out of range. */
static bool read_paper(const char paper[static PAPER_DIGITS], int64_t *value, bool *rounded)
{
    const char *cut = paper + PAPER_DIGITS / 2 + 8;
    unsigned __int128 sum = 0;
    for (const char *p = paper; p < cut; p++) {
        sum = sum * 10 + (unsigned)(*p - '0');
        if (sum > (unsigned __int128)INT64_MAX * 2) {
            return false;
        }
    }
    bool rest = false;
    for (const char *p = cut + 1; p < paper + PAPER_DIGITS; p++) {
        rest |= *p != '0';
    }
    *rounded = *cut != '0' || rest;
    if (*cut > '5' || (*cut == '5' && (rest || sum % 2 == 1))) {
        sum++;
    }
    *value = (int64_t)sum;
    return sum <= (unsigned __int128)INT64_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    char paper[PAPER_DIGITS];
    int64_t value = 0, expected = 0;
    bool rounded = false, expected_rounded = false, negative = false;
    enum decimal_result result = decimal_parse(text, DECIMAL_SCALE, &value, &rounded);
    if (!write_on_paper(text.data, size, paper, &negative)) {
        return 0;
    }
    if (!read_paper(paper, &expected, &expected_rounded)) {
        if (result != DECIMAL_OUT_OF_RANGE) {
            abort();
        }
        return 0;
    }
    if (result != DECIMAL_OK || value != (negative ? -expected : expected) ||
        rounded != expected_rounded) {
        abort();
    }
    char written[DECIMAL_TEXT_SIZE];
    int64_t again = 0;
    size_t length = decimal_format_e8(value, written);
    if (decimal_parse((struct span){written, length}, DECIMAL_SCALE, &again, &rounded) !=
            DECIMAL_OK ||
        again != value || rounded) {
        abort();
    }
    return 0;
}
