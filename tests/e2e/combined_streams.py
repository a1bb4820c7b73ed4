#!/usr/bin/env python3
"""The simulator's combined streams, as the documentation of the exchange has them.

    combined_streams.py SIMULATOR API_KEY

For an account `main` in hedge mode that trades only when it is told to.
"""
import json
import sys
import urllib.request

from websocket import WebSocket

SIM, KEY = sys.argv[1:]
STREAMS = SIM.replace("http", "ws", 1)


def ask(path, method="GET"):
    request = urllib.request.Request(SIM + path, method=method, headers={"X-MBX-APIKEY": KEY})
    return urllib.request.urlopen(request).read().decode()


def listen_key():
    return json.loads(ask("/dapi/v1/listenKey", "POST"))["listenKey"]


def deposit():
    ask("/sim/transfer?account=main&asset=BTC&amount=0.5")


def assert_equal(got, expected):
    assert got == expected, f"expected: {expected}\n but got: {got}"


def a_connection_hears_what_it_has_subscribed_to():
    key = listen_key()
    subscribed = WebSocket(f"{STREAMS}/stream")
    by_url = WebSocket(f"{STREAMS}/stream?streams=a@b/{key}")
    raw = WebSocket(f"{STREAMS}/ws/{key}")
    assert_equal(subscribed.ask({"method": "SUBSCRIBE", "params": [key, key], "id": 1}), {"result": None, "id": 1})
    assert_equal(subscribed.ask({"method": "LIST_SUBSCRIPTIONS", "id": 2}), {"result": [key], "id": 2})
    assert_equal(by_url.ask({"method": "LIST_SUBSCRIPTIONS", "id": 0}), {"result": ["a@b", key], "id": 0})
    deposit()
    told = raw.receive()
    assert_equal((told["e"], told["a"]["B"][0]["bc"]), ("ACCOUNT_UPDATE", "0.50000000"))
    assert_equal(subscribed.receive(), {"stream": key, "data": told})
    assert_equal(by_url.receive(), {"stream": key, "data": told})
    assert_equal(subscribed.ask({"method": "UNSUBSCRIBE", "params": [key], "id": 3}), {"result": None, "id": 3})
    deposit()
    assert_equal(by_url.receive(), {"stream": key, "data": raw.receive()})
    assert_equal(subscribed.ask({"method": "LIST_SUBSCRIPTIONS", "id": 4}), {"result": [], "id": 4})


def a_wrong_key_is_taken_and_tells_nothing():
    streams, raw = WebSocket(f"{STREAMS}/stream"), WebSocket(f"{STREAMS}/ws/{listen_key()}")
    assert_equal(streams.ask({"method": "SUBSCRIBE", "params": ["nobodys"], "id": "a1"}), {"result": None, "id": "a1"})
    deposit()
    raw.receive()
    assert_equal(streams.ask({"method": "LIST_SUBSCRIPTIONS", "id": 2}), {"result": ["nobodys"], "id": 2})


def the_envelope_is_a_property():
    key = listen_key()
    streams, raw = WebSocket(f"{STREAMS}/stream?streams={key}"), WebSocket(f"{STREAMS}/ws/{key}")
    assert_equal(streams.ask({"method": "GET_PROPERTY", "params": ["combined"], "id": 1}), {"result": True, "id": 1})
    assert_equal(raw.ask({"method": "GET_PROPERTY", "params": ["combined"], "id": 1}), {"result": False, "id": 1})
    assert_equal(raw.ask({"method": "SET_PROPERTY", "params": ["combined", True], "id": 2}), {"result": None, "id": 2})
    deposit()
    assert_equal(raw.receive(), streams.receive())


def what_is_no_request_is_refused():
    unsigned = "Invalid request: request ID must be an unsigned integer"
    cases = [
        ("subscribe", 3, "Invalid JSON: expected value at line 1 column 1", None),
        ({"params": ["a"], "id": 3}, 2, "Invalid request: missing field `method` at line 1 column 26", 3),
        ({"method": "LISTEN", "params": ["a"], "id": 4}, 2, "Invalid request: unknown variant `LISTEN`", 4),
        ({"method": "SUBSCRIBE", "params": ["a"]}, 2, unsigned, None),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": -1}, 2, unsigned, None),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": 1.5}, 2, unsigned, None),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": "a-b"}, 2, unsigned, None),
        ({"method": "SUBSCRIBE", "id": 5}, 2, "Invalid request: missing field `params` at line 1 column 32", 5),
        ({"method": "SUBSCRIBE", "params": ["not one"], "id": 6}, 2, "Invalid request: invalid stream", 6),
        ({"method": "UNSUBSCRIBE", "params": [7], "id": 7}, 2, "Invalid request: invalid stream", 7),
        ({"method": "SUBSCRIBE", "params": [f"s{i}" for i in range(201)], "id": 8}, 4, "Too many subscriptions", 8),
        ({"method": "GET_PROPERTY", "params": [1], "id": 9}, 2, "Invalid request: property name must be a string", 9),
        ({"method": "GET_PROPERTY", "params": ["colour"], "id": 10}, 0, "Unknown property", 10),
        ({"method": "GET_PROPERTY", "params": ["combined", True], "id": 11}, 2, "Invalid request: too many parameters", 11),
        ({"method": "SET_PROPERTY", "params": ["combined", 1], "id": 12}, 1, "Invalid value type: expected Boolean", 12),
    ]
    for request, code, message, number in cases:
        answer = WebSocket(f"{STREAMS}/stream").ask(request)
        assert_equal(answer.pop("id", None), number)
        assert_equal(answer["error"]["code"], code)
        assert answer["error"]["msg"].startswith(message), answer


def more_than_ten_messages_a_second_end_a_connection():
    streams = WebSocket(f"{STREAMS}/stream")
    # Of two seconds one has eleven of them.
    streams.send(*({"method": "LIST_SUBSCRIPTIONS", "id": number} for number in range(21)))
    answer = streams.receive()
    while isinstance(answer, dict):
        answer = streams.receive()
    assert_equal(answer, (1008, "Too many requests"))


if __name__ == "__main__":
    a_connection_hears_what_it_has_subscribed_to()
    a_wrong_key_is_taken_and_tells_nothing()
    the_envelope_is_a_property()
    what_is_no_request_is_refused()
    more_than_ten_messages_a_second_end_a_connection()
