/* Signing against the documented vector, request building, and what answers mean. */
#include "support.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "exchange/base_url.h"
#include "exchange/endpoints.h"
#include "exchange/key_rights.h"
#include "exchange/signer.h"

#define DOCUMENTED_SECRET "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
#define DOCUMENTED_QUERY                                                                           \
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"       \
    "&timestamp=1499827319559"
#define DOCUMENTED_SIGNATURE "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"

static void hmac_gives_the_documented_signature(void **state)
{
    struct error error;
    struct text signature = {0};
    struct signer *signer = signer_new(span_of(DOCUMENTED_SECRET), &error);
    (void)state;
    assert_non_null(signer);
    assert_string_equal(signer_kind(signer), "HMAC-SHA-256");
    assert_true(signer_sign(signer, span_of(DOCUMENTED_QUERY), &signature, &error));
    assert_string_equal(text_string(&signature), DOCUMENTED_SIGNATURE);
    text_free(&signature);
    signer_free(signer);
}

static void what_is_no_secret_is_refused_without_showing_it(void **state)
{
    static const char *const SECRETS[] = {
        "",
        "two words",
        "line\nbreak",
        "-----BEGIN PRIVATE KEY-----\nhidden\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAhidden\n-----END PUBLIC KEY-----\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof SECRETS / sizeof SECRETS[0]; i++) {
        struct error error;
        assert_null(signer_new(span_of(SECRETS[i]), &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_null(strstr(error.text, "hidden"));
        assert_null(strstr(error.text, "words"));
    }
}

static void a_process_that_holds_keys_gives_no_core(void **state)
{
    const struct credentials_source source = {.api_key = "key", .secret = "secret"};
    struct credentials credentials;
    struct rlimit limit;
    struct error error;
    (void)state;
    assert_true(credentials_load(&source, &credentials, &error));
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_max, 0);
#ifndef POSREC_SANITIZE
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
#endif
    credentials_free(&credentials);
}

static void a_request_is_recorded_without_time_and_signature(void **state)
{
    struct error error;
    struct text url = {0}, request = {0};
    struct credentials credentials = {.signer = signer_new(span_of("secret"), &error)};
    struct exchange_account account = {.product = &COIN_M,
                                       .base_url = "https://example.test",
                                       .margin_asset = "B+C",
                                       .recv_window_ms = 5000,
                                       .credentials = &credentials};
    (void)state;
    assert_true(endpoint_ask(&account, &(struct question){.endpoint = ENDPOINT_POSITION_RISK},
                             (struct exchange_time){1499827319559}, &url, &request, &error));
    assert_string_equal(text_string(&request),
                        "/dapi/v1/positionRisk?marginAsset=B%2BC&recvWindow=5000");
    /* printf '...' | openssl dgst -sha256 -hmac secret */
    assert_string_equal(text_string(&url),
                        "https://example.test/dapi/v1/positionRisk?marginAsset=B%2BC"
                        "&recvWindow=5000&timestamp=1499827319559&signature="
                        "628f88a43d528e0ec5675dcc544e09a2d2d35d4d039186192b6bf9613d0c940f");
    text_free(&url);
    text_free(&request);
    signer_free(credentials.signer);
}

static void plain_http_is_for_loopback_only(void **state)
{
    static const char *const GOOD[] = {"https://dapi.binance.com", "http://127.0.0.1:8080",
                                       "http://localhost", "http://[::1]:9", "http://127.9.9.9"};
    static const char *const BAD[] = {
        "http://dapi.binance.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://user:word@host",
        "https://host/?a=b",
        "http://localhost.evil.io",
        "not a url",
        "http://[::2]",
        "http://127.0.0.1\\@example.com",
        "http://127.0.0.1%2eexample.com",
        "https://h\xc3\xb6st",
        "https://ho st",
        "https://host/a b",
        "https://host:65536",
        "host",
        "https://",
    };
    struct text normal = {0};
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        if (!base_url_read(GOOD[i], &normal, &error)) {
            fail_msg("%s: %s", GOOD[i], error.text);
        }
        assert_string_equal(text_string(&normal), GOOD[i]);
        text_clear(&normal);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        if (base_url_read(BAD[i], &normal, &error)) {
            fail_msg("%s was taken", BAD[i]);
        }
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_null(strstr(error.text, "word"));
    }
    text_free(&normal);
}

static void a_url_is_written_in_one_way(void **state)
{
    static const struct {
        bool is_stream;
        const char *written, *normal;
    } EXAMPLES[] = {
        {false, "HTTPS://Dapi.Binance.COM:443//", "https://dapi.binance.com"},
        {false, "https://host:0443/", "https://host"},
        {false, "https://host:80/A/b//", "https://host:80/A/b"},
        {false, "Http://LOCALHOST:80/", "http://localhost"},
        {false, "http://[::1]:8080/", "http://[::1]:8080"},
        {true, "WSS://Dstream.Binance.com:443/", "wss://dstream.binance.com"},
        {true, "wss://host:9443/Path/", "wss://host:9443/Path"},
        {true, "ws://127.0.0.1:80", "ws://127.0.0.1"},
    };
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct text normal = {0};
        assert_true(EXAMPLES[i].is_stream
                        ? base_url_read_stream(EXAMPLES[i].written, &normal, &error)
                        : base_url_read(EXAMPLES[i].written, &normal, &error));
        assert_string_equal(text_string(&normal), EXAMPLES[i].normal);
        text_free(&normal);
    }
}

static void the_time_is_read_from_its_answer(void **state)
{
    int64_t server_ms = 0;
    (void)state;
    assert_true(endpoint_read_time(span_of("{\"serverTime\":1499827319559}"), &server_ms));
    assert_int_equal(server_ms, 1499827319559);
    assert_false(endpoint_read_time(span_of("{\"serverTime\":\"soon\"}"), &server_ms));
    assert_false(endpoint_read_time(span_of("{\"serverTime\":-5}"), &server_ms));
    assert_false(endpoint_read_time(span_of("{}"), &server_ms));
    assert_false(endpoint_read_time(span_of("<html>"), &server_ms));
}

static enum outcome outcome_of(enum outcome transport, int64_t status, const char *body,
                               bool *refused, bool *outage)
{
    struct capture capture = {0};
    struct http_response response = {.outcome = transport, .has_body = true};
    if (status != 0) {
        response.status = maybe_of(status);
    }
    text_append_string(&response.body, body);
    endpoint_fill_capture(&response, &capture);
    *refused = endpoint_is_refused(&capture);
    *outage = endpoint_is_outage(&capture);
    enum outcome outcome = capture.outcome;
    assert_string_equal(text_string(&capture.body), body);
    http_response_free(&response);
    capture_free(&capture);
    return outcome;
}

static void every_answer_has_its_outcome(void **state)
{
    static const struct {
        enum outcome transport;
        int64_t status;
        const char *body;
        enum outcome outcome;
        enum { FINAL, REFUSED, OUTAGE } meaning;
    } EXAMPLES[] = {
        {OUTCOME_OK, 200, "[]", OUTCOME_OK, FINAL},
        {OUTCOME_OK, 400, "{\"code\":-1121,\"msg\":\"x\"}", OUTCOME_API_ERROR, FINAL},
        {OUTCOME_OK, 400, "{\"code\":-1022,\"msg\":\"x\"}", OUTCOME_API_ERROR, REFUSED},
        {OUTCOME_OK, 401, "{\"code\":-2015,\"msg\":\"x\"}", OUTCOME_API_ERROR, REFUSED},
        {OUTCOME_OK, 401, "{\"code\":-2014,\"msg\":\"x\"}", OUTCOME_API_ERROR, REFUSED},
        {OUTCOME_OK, 400, "{\"code\":-1016,\"msg\":\"x\"}", OUTCOME_API_ERROR, OUTAGE},
        {OUTCOME_OK, 200, "{\"code\":-1016,\"msg\":\"x\"}", OUTCOME_OK, OUTAGE},
        {OUTCOME_OK, 400, "{\"code\":-1109,\"msg\":\"x\"}", OUTCOME_API_ERROR, OUTAGE},
        {OUTCOME_OK, 403, "{\"239999\":\"x\"}", OUTCOME_API_ERROR, OUTAGE},
        {OUTCOME_OK, 200, "{\"239999\":\"x\"}", OUTCOME_OK, OUTAGE},
        {OUTCOME_OK, 429, "{\"239999\":\"x\"}", OUTCOME_RATE_LIMITED, FINAL},
        {OUTCOME_OK, 403, "<html>", OUTCOME_API_ERROR, REFUSED},
        {OUTCOME_OK, 403, "{\"code\":-1000}", OUTCOME_API_ERROR, FINAL},
        {OUTCOME_OK, 451, "<html>", OUTCOME_API_ERROR, REFUSED},
        {OUTCOME_OK, 451, "{\"code\":0,\"msg\":\"x\"}", OUTCOME_API_ERROR, REFUSED},
        {OUTCOME_OK, 451, "{\"239999\":\"x\"}", OUTCOME_API_ERROR, OUTAGE},
        {OUTCOME_OK, 408, "", OUTCOME_API_ERROR, OUTAGE},
        {OUTCOME_OK, 302, "", OUTCOME_API_ERROR, FINAL},
        {OUTCOME_OK, 429, "", OUTCOME_RATE_LIMITED, FINAL},
        {OUTCOME_OK, 418, "{\"code\":-1003}", OUTCOME_BANNED, REFUSED},
        {OUTCOME_OK, 500, "x", OUTCOME_SERVER_ERROR, OUTAGE},
        {OUTCOME_OK, 503, "", OUTCOME_SERVER_ERROR, OUTAGE},
        {OUTCOME_TIMEOUT, 0, "", OUTCOME_TIMEOUT, OUTAGE},
        {OUTCOME_NETWORK_ERROR, 200, "[{\"sym", OUTCOME_NETWORK_ERROR, OUTAGE},
        {OUTCOME_NETWORK_ERROR, 200, "", OUTCOME_NETWORK_ERROR, OUTAGE},
        {OUTCOME_NETWORK_ERROR, 103, "", OUTCOME_NETWORK_ERROR, OUTAGE},
        /* Answered, whatever became of the connection then. */
        {OUTCOME_NETWORK_ERROR, 200, "[]", OUTCOME_OK, FINAL},
        {OUTCOME_TIMEOUT, 200, " {\"a\":\"]\"}\n", OUTCOME_OK, FINAL},
        {OUTCOME_NETWORK_ERROR, 401, "{\"code\":-2015}", OUTCOME_API_ERROR, REFUSED},
        {OUTCOME_NETWORK_ERROR, 418, "<html", OUTCOME_BANNED, REFUSED},
        {OUTCOME_TIMEOUT, 429, "", OUTCOME_RATE_LIMITED, FINAL},
        {OUTCOME_TIMEOUT, 503, "", OUTCOME_SERVER_ERROR, OUTAGE},
        {OUTCOME_TLS_ERROR, 0, "", OUTCOME_TLS_ERROR, OUTAGE},
        {OUTCOME_UNREADABLE, 200, "", OUTCOME_UNREADABLE, FINAL},
        {OUTCOME_UNREADABLE, 500, "", OUTCOME_SERVER_ERROR, OUTAGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        bool refused, outage;
        enum outcome outcome = outcome_of(EXAMPLES[i].transport, EXAMPLES[i].status,
                                          EXAMPLES[i].body, &refused, &outage);
        if (outcome != EXAMPLES[i].outcome || refused != (EXAMPLES[i].meaning == REFUSED) ||
            outage != (EXAMPLES[i].meaning == OUTAGE)) {
            fail_msg("example %zu: %s, refused %d, outage %d", i, outcome_name(outcome), refused,
                     outage);
        }
    }
}

static void a_key_has_the_rights_that_are_told_and_known_by_their_names(void **state)
{
    static const struct {
        const char *body;
        bool good, may_read, is_restricted, has_portfolio;
        const char *others;
    } EXAMPLES[] = {
        {"{\"ipRestrict\":false,\"createTime\":1698645219000,\"enableInternalTransfer\":true,"
         "\"enableFutures\":false,\"enablePortfolioMarginTrading\":true,\"enableVanillaOptions\":"
         "true,\"permitsUniversalTransfer\":true,\"enableReading\":true,\"enableFixApiTrade\":"
         "false,"
         "\"enableFixReadOnly\":true,\"enableSpotAndMarginTrading\":false,\"enableWithdrawals\":"
         "false,\"enableMargin\":true}",
         true, true, false, true,
         "Enable Internal Transfer, Enable Portfolio Margin Trading, Enable European Options, "
         "Permits Universal Transfer, Enable Margin Loan, Repay & Transfer"},
        {"{\"ipRestrict\":true,\"enableReading\":true}", true, true, true, false, ""},
        {"{\"ipRestrict\":true,\"enableReading\":false,\"enableNew\":true}", true, false, true,
         false, "enableNew"},
        {"{\"ipRestrict\":true}", false, false, true, false, ""},
        {"{\"enableReading\":true}", false, true, false, false, ""},
        {"{\"ipRestrict\":true,\"enableReading\":true", false, true, true, false, ""},
        {"[]", false, false, false, false, ""},
        {"", false, false, false, false, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct key_rights rights;
        assert_int_equal(key_rights_read(span_of(EXAMPLES[i].body), &rights), EXAMPLES[i].good);
        assert_int_equal(rights.may_read, EXAMPLES[i].may_read);
        assert_int_equal(rights.is_restricted, EXAMPLES[i].is_restricted);
        assert_int_equal(rights.has_portfolio, EXAMPLES[i].has_portfolio);
        assert_string_equal(text_string(&rights.others), EXAMPLES[i].others);
        key_rights_free(&rights);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_gives_the_documented_signature),
        cmocka_unit_test(what_is_no_secret_is_refused_without_showing_it),
        cmocka_unit_test(a_process_that_holds_keys_gives_no_core),
        cmocka_unit_test(a_request_is_recorded_without_time_and_signature),
        cmocka_unit_test(plain_http_is_for_loopback_only),
        cmocka_unit_test(a_url_is_written_in_one_way),
        cmocka_unit_test(the_time_is_read_from_its_answer),
        cmocka_unit_test(every_answer_has_its_outcome),
        cmocka_unit_test(a_key_has_the_rights_that_are_told_and_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
