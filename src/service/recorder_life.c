#include "service/recorder_life.h"

#include <stdio.h>

#include "base/sha256.h"

static struct capture capture_of(const struct account_settings *settings, enum outcome outcome,
                                 const char *detail)
{
    struct capture capture = {.endpoint = ENDPOINT_RECORDER, .attempt = 1, .outcome = outcome};
    text_append_string(&capture.account, settings->account);
    capture_append_detail(&capture, span_of(detail));
    return capture;
}

/* What two runs that ask for the same in the same way have in common; a proxy may hold a secret. */
static bool configuration_digest(const struct account_settings *settings, char *hex,
                                 struct error *error)
{
    struct sha256 *sha256 = sha256_new(error);
    struct sha256_digest digest;
    struct text words = {0};
    text_printf(&words, "%s\n%s\n%lld %lld %lld\n", settings->exchange.base_url,
                settings->stream_url != NULL ? settings->stream_url : "",
                (long long)settings->interval_ms.value, (long long)settings->account_interval_ms,
                (long long)settings->income_interval_ms);
    for (int i = 0; i < ENDPOINT_COUNT; i++) {
        text_append_char(&words, settings->records[i] ? '1' : '0');
    }
    struct span span = text_span(&words);
    bool done = sha256 != NULL && (!words.failed || error_no_memory(error)) &&
                sha256_of(sha256, &span, 1, &digest, error);
    if (done) {
        sha256_hex(&digest, hex);
    }
    text_free(&words);
    sha256_free(sha256);
    return done;
}

bool recorder_life_started(const struct account_settings *settings, const char *version,
                           struct capture *capture, struct error *error)
{
    char hex[SHA256_HEX_SIZE], detail[SHA256_HEX_SIZE + 64];
    if (!configuration_digest(settings, hex, error)) {
        return false;
    }
    snprintf(detail, sizeof detail, "%.32s, configuration %.16s", version, hex);
    *capture = capture_of(settings, OUTCOME_STARTED, detail);
    capture->interval_ms = settings->interval_ms;
    return true;
}

struct capture recorder_life_stopped(const struct account_settings *settings, const char *why)
{
    return capture_of(settings, OUTCOME_STOPPED, why);
}
