#include "support.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "exchange/websocket.h"

/* What the watch was told. */
static struct {
    int opened, pongs;
    struct text messages;
} heard;

static void on_opened(void *context)
{
    (void)context;
    heard.opened++;
}

static void on_message(void *context, struct span message)
{
    (void)context;
    text_printf(&heard.messages, "[%.*s]", (int)message.size, message.data);
}

static void on_pong(void *context)
{
    (void)context;
    heard.pongs++;
}

static const struct websocket_watch WATCH = {NULL, on_opened, on_message, on_pong};
static struct error error;

/* The answer to what the websocket asks; NULL for a right one. */
static struct text answer_to(struct websocket *websocket, const char *accept)
{
    struct text answer = {0}, text = {0}, right = {0};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    const char *mark = "Sec-WebSocket-Key: ";
    const char *nonce = strstr(websocket_output(websocket).data, mark) + strlen(mark);
    text_append(&text, nonce, strcspn(nonce, "\r"));
    text_append_string(&text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    EVP_Digest(text.data, text.size, digest, &size, EVP_sha1(), NULL);
    base64_encode((struct span){(const char *)digest, size}, &right);
    text_printf(&answer,
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, "
                "Upgrade\r\nSec-WebSocket-Accept:  %s \r\n\r\n",
                accept != NULL ? accept : text_string(&right));
    text_free(&text);
    text_free(&right);
    return answer;
}

static struct websocket *new_websocket(void)
{
    heard.opened = heard.pongs = 0;
    text_clear(&heard.messages);
    struct websocket *websocket = websocket_new("host:1", "/ws/secret", &WATCH, &error);
    assert_non_null(websocket);
    return websocket;
}

static struct websocket *open_websocket(void)
{
    struct websocket *websocket = new_websocket();
    struct text answer = answer_to(websocket, NULL);
    websocket_sent(websocket, websocket_output(websocket).size);
    assert_true(websocket_take(websocket, text_span(&answer), &error));
    assert_int_equal(heard.opened, 1);
    text_free(&answer);
    return websocket;
}

static void assert_ends(struct websocket *websocket, const void *bytes, size_t size,
                        const char *why)
{
    if (websocket_take(websocket, (struct span){bytes, size}, &error)) {
        fail_msg("it went on where it should have said: %s", why);
    }
    if (strstr(error.text, why) == NULL) {
        fail_msg("'%s' is not in '%s'", why, error.text);
    }
    websocket_free(websocket);
}

static void the_handshake_asks_and_frames_may_come_with_its_answer(void **state)
{
    struct websocket *websocket = new_websocket();
    struct text answer = answer_to(websocket, NULL);
    (void)state;
    struct span request = websocket_output(websocket);
    assert_memory_equal(request.data, "GET /ws/secret HTTP/1.1\r\nHost: host:1\r\n", 39);
    text_append(&answer, "\x81\x02hi\x81\x03", 6); /* one whole, and the start of another */
    for (size_t i = 0; i < answer.size; i++) {     /* byte by byte */
        assert_true(websocket_take(websocket, (struct span){answer.data + i, 1}, &error));
    }
    assert_string_equal(text_string(&heard.messages), "[hi]");
    assert_true(websocket_take(websocket, span_of("you"), &error));
    assert_string_equal(text_string(&heard.messages), "[hi][you]");
    assert_int_equal(websocket_status(websocket).value, 101);
    text_free(&answer);
    websocket_free(websocket);
}

static void an_answer_that_is_not_an_upgrade_ends_it(void **state)
{
    static const struct {
        const char *answer, *why;
    } EXAMPLES[] = {
        {"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404, not 101"},
        {"HTTP/1.1 101 x\r\n\r\n", "did not upgrade"},
        {"SSH-2.0\r\n\r\n", "not HTTP/1.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        assert_ends(new_websocket(), EXAMPLES[i].answer, strlen(EXAMPLES[i].answer),
                    EXAMPLES[i].why);
    }
    struct websocket *websocket = new_websocket();
    struct text answer = answer_to(websocket, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_ends(websocket, answer.data, answer.size, "Sec-WebSocket-Accept is wrong");
    text_clear(&answer);
    while (answer.size <= WEBSOCKET_ANSWER_SIZE_MAX) {
        text_append_string(&answer, "HTTP/1.1 101 and no end ");
    }
    assert_ends(new_websocket(), answer.data, answer.size, "has no end");
    text_free(&answer);
}

static void fragments_are_one_message_and_pings_are_answered(void **state)
{
    struct websocket *websocket = open_websocket();
    (void)state;
    assert_true(
        websocket_take(websocket, (struct span){"\x01\x02he\x89\x01p\x80\x03llo", 12}, &error));
    assert_string_equal(text_string(&heard.messages), "[hello]");
    struct span pong = websocket_output(websocket);
    assert_int_equal(pong.size, 7); /* masked, as a client's frames are */
    assert_int_equal((unsigned char)pong.data[0], 0x8a);
    assert_int_equal((unsigned char)pong.data[1], 0x81);
    websocket_sent(websocket, pong.size);
    websocket_ping(websocket);
    assert_int_equal((unsigned char)websocket_output(websocket).data[0], 0x89);
    assert_true(websocket_take(websocket, (struct span){"\x8a\x00", 2}, &error));
    assert_int_equal(heard.pongs, 1);
    websocket_free(websocket);
}

/* That these bytes are a pong with this payload of six bytes, masked as a client's frames are. */
static void assert_pong(struct span bytes, const char *payload)
{
    assert_int_equal(bytes.size, 12);
    assert_memory_equal(bytes.data, "\x8a\x86", 2);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(bytes.data[6 + i] ^ bytes.data[2 + i % 4], payload[i]);
    }
}

/* Pings whose payload is their number: the answer to the last of 100,000 is all that waits. */
static void of_many_pings_the_newest_is_answered(void **state)
{
    struct websocket *websocket = open_websocket();
    struct text pings = {0};
    char payload[] = "000000";
    (void)state;
    for (int i = 1; i <= 100000; i++) {
        snprintf(payload, sizeof payload, "%06d", i);
        text_append(&pings, "\x89\x06", 2);
        text_append_string(&pings, payload);
    }
    assert_true(websocket_take(websocket, text_span(&pings), &error));
    assert_pong(websocket_output(websocket), "100000");
    /* One whose first byte is out already stays whole, and the next comes after it. */
    websocket_sent(websocket, 1);
    assert_true(websocket_take(websocket, text_span(&pings), &error));
    struct span output = websocket_output(websocket);
    assert_int_equal(output.size, 11 + 12);
    assert_pong((struct span){output.data + 11, 12}, "100000");
    /* What is not a pong is kept. */
    websocket_ping(websocket);
    assert_true(websocket_take(websocket, text_span(&pings), &error));
    assert_int_equal(websocket_output(websocket).size, 11 + 12 + 6 + 12);
    text_free(&pings);
    websocket_free(websocket);
}

static void a_server_that_reads_nothing_ends_it(void **state)
{
    struct websocket *websocket = open_websocket();
    (void)state;
    for (int i = 0; i < 100000; i++) {
        websocket_ping(websocket);
        assert_true(websocket_output(websocket).size <= WEBSOCKET_OUTPUT_SIZE_MAX);
    }
    assert_ends(websocket, "\x89\x00", 2, "reads nothing");
}

/* A piece of one byte after the other, with pings and empty pieces between. */
static void a_message_in_too_many_pieces_ends_it(void **state)
{
    struct websocket *websocket = open_websocket();
    (void)state;
    for (int message = 0; message < 2; message++) {
        assert_true(websocket_take(websocket, (struct span){"\x01\x01x", 3}, &error));
        for (int i = 2; i < WEBSOCKET_PIECES_MAX; i++) {
            assert_true(websocket_take(websocket, (struct span){"\x00\x01x\x89\x00", 5}, &error));
        }
        assert_true(websocket_take(websocket, (struct span){"\x80\x00", 2}, &error));
        assert_int_equal(heard.messages.size, (message + 1) * (WEBSOCKET_PIECES_MAX - 1 + 2));
    }
    assert_true(websocket_take(websocket, (struct span){"\x01\x00", 2}, &error));
    for (int i = 1; i < WEBSOCKET_PIECES_MAX; i++) {
        assert_true(websocket_take(websocket, (struct span){"\x00\x00", 2}, &error));
    }
    assert_ends(websocket, "\x80\x00", 2, "a message in more than 1024 pieces");
}

static void pieces_together_are_no_larger_than_a_message(void **state)
{
    struct websocket *websocket = open_websocket();
    struct text half = {0};
    (void)state;
    text_append(&half, "\x02\x7f\0\0\0\0\0\x08\0\0", 10);
    while (half.size < 10 + WEBSOCKET_MESSAGE_SIZE_MAX / 2) {
        text_append_char(&half, 'x');
    }
    assert_true(websocket_take(websocket, text_span(&half), &error));
    half.data[0] = '\x00';
    assert_true(websocket_take(websocket, text_span(&half), &error));
    text_free(&half);
    assert_ends(websocket, "\x80\x01x", 3, "more than 1048576 bytes");
}

static void wrong_frames_end_it(void **state)
{
    (void)state;
    assert_ends(open_websocket(), "\x81\x82\x01\x02\x03\x04hi", 8, "against the protocol");
    assert_ends(open_websocket(), "\xc1\x00", 2, "against the protocol");
    assert_ends(open_websocket(), "\x83\x00", 2, "against the protocol");
    assert_ends(open_websocket(), "\x80\x00", 2, "against the protocol");
    assert_ends(open_websocket(), "\x81\x02\xff\xfe", 4, "not UTF-8");
    assert_ends(open_websocket(), "\x81\x7f\0\0\0\0\0\x20\0\0x", 11, "more than 1048576 bytes");
    assert_ends(open_websocket(), "\x88\x05\x03\xe9one", 7, "closed by the server, code 1001: one");
    assert_ends(open_websocket(), "\x88\x00", 2, "closed by the server, code 1005");
    assert_ends(open_websocket(), "\x89\x7e\x00\x7e", 4, "against the protocol"); /* a long ping */
}

static void a_message_of_the_largest_size_is_taken(void **state)
{
    struct websocket *websocket = open_websocket();
    struct text frame = {0};
    (void)state;
    text_append(&frame, "\x82\x7f\0\0\0\0\0\x10\0\0", 10);
    for (size_t i = 0; i < WEBSOCKET_MESSAGE_SIZE_MAX; i++) {
        text_append_char(&frame, 'x');
    }
    assert_true(websocket_take(websocket, text_span(&frame), &error));
    assert_int_equal(heard.messages.size, WEBSOCKET_MESSAGE_SIZE_MAX + 2);
    text_free(&frame);
    websocket_free(websocket);
}

static int end(void **state)
{
    (void)state;
    text_free(&heard.messages);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handshake_asks_and_frames_may_come_with_its_answer),
        cmocka_unit_test(an_answer_that_is_not_an_upgrade_ends_it),
        cmocka_unit_test(fragments_are_one_message_and_pings_are_answered),
        cmocka_unit_test(of_many_pings_the_newest_is_answered),
        cmocka_unit_test(a_server_that_reads_nothing_ends_it),
        cmocka_unit_test(a_message_in_too_many_pieces_ends_it),
        cmocka_unit_test(pieces_together_are_no_larger_than_a_message),
        cmocka_unit_test(wrong_frames_end_it),
        cmocka_unit_test(a_message_of_the_largest_size_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
