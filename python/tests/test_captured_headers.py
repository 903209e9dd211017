# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Headers that were asked for, and those that proxies add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run
from spangard import OpenTelemetryMiddleware
from spangard._captured_headers import (
    HEADER_NAMES_REMEMBERED,
    MAX_CAPTURED,
    MAX_CAPTURED_NAME,
    MAX_CAPTURED_TEXT,
    MAX_FORWARDED,
    HeaderCapture,
)

if TYPE_CHECKING:
    from engine import FakeEngine


def test_headers_are_captured_by_expression_and_hidden_by_name(engine: FakeEngine) -> None:
    headers = [
        (b"X-A", b"1"),
        (b"x-a", b"2"),
        (b"x-secret-token", b"canary"),
        (b"cookie", b"canary"),
        (b"x-bad", b"\xff\\x"),
    ]
    app: Any = OpenTelemetryMiddleware(
        hello, http_capture_headers_server_request=["X-.*"], http_capture_headers_sanitize_fields=["secret"]
    )
    run(app, http_scope(headers=headers))
    run(app, http_scope(headers=headers))  # their names are known by now
    shown = [b"X-A", b"1", b"x-a", b"2", b"x-secret-token", b"[REDACTED]", b"x-bad", b"\xff\\x"]
    assert [record["request_headers"] for record in engine.requests(2)] == [shown, shown]


def test_response_headers_are_captured_and_hidden_alike(engine: FakeEngine) -> None:
    async def signs_in(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"set-cookie", b"canary"), (b"x-a", b"1"), (b"server", b"s")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    app: Any = OpenTelemetryMiddleware(
        signs_in,
        http_capture_headers_server_response=["x-.*", "set-cookie"],
        http_capture_headers_sanitize_fields=["COOKIE"],
    )
    run(app)
    run(app)
    shown = [b"set-cookie", b"[REDACTED]", b"x-a", b"1"]
    assert [record["response_headers"] for record in engine.requests(2)] == [shown, shown]


def test_what_proxies_say_is_for_the_engine_where_proxies_are_trusted(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = [
        (b"x-forwarded-for", b"192.0.2.1"),
        (b":x-forwarded-for", b"a client's own"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-for", b"192.0.2.7"),
        (b"x-real-ip", b"192.0.2.8"),
    ]
    monkeypatch.setenv("SPANGARD_TRUSTED_PROXIES", "10.0.0.0/8")
    told = [b":x-forwarded-for", b"192.0.2.1", b":x-forwarded-proto", b"https", b":x-forwarded-for", b"192.0.2.7"]
    run(OpenTelemetryMiddleware(hello), http_scope(headers=headers))
    assert engine.request()["request_headers"] == told
    capturing = OpenTelemetryMiddleware(hello, http_capture_headers_server_request=[".*-ip|.x-.*"])
    run(capturing, http_scope(headers=headers))
    assert engine.requests(2)[1]["request_headers"] == [*told, b"x-real-ip", b"192.0.2.8"]


@pytest.mark.parametrize("proxies", ["", " , "])
def test_what_proxies_say_stays_with_the_application_where_none_is_trusted(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    monkeypatch.setenv("SPANGARD_TRUSTED_PROXIES", proxies)
    run(OpenTelemetryMiddleware(hello), http_scope(headers=[(b"x-forwarded-for", b"192.0.2.1")]))
    assert engine.request()["request_headers"] is None


def test_of_what_proxies_say_the_end_is_kept(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_TRUSTED_PROXIES", "*")
    invented, seen, last = b"6" * MAX_FORWARDED, b"1" * (MAX_FORWARDED - 11), b", 192.0.2.7"
    headers = [(b"x-forwarded-for", invented + seen), (b"x-forwarded-for", last)]
    run(OpenTelemetryMiddleware(hello), http_scope(headers=headers))
    told = engine.request()["request_headers"]
    assert told[1::2] == [seen, last]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([b"6" * 9, b"1" * MAX_FORWARDED], [b"1" * MAX_FORWARDED]),
        ([b"67", b"1" * (MAX_FORWARDED - 1)], [b"7", b"1" * (MAX_FORWARDED - 1)]),
        ([b"6"] * 9 + [b"1"] * MAX_CAPTURED, [b"1"] * MAX_CAPTURED),
    ],
    ids=["all room taken", "a byte left", "too many"],
)
def test_what_proxies_say_is_bounded_from_its_end(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, headers: list[bytes], told: list[bytes]
) -> None:
    monkeypatch.setenv("SPANGARD_TRUSTED_PROXIES", "*")
    lines: list[Any] = [(b"x-forwarded-for", value) for value in headers]
    run(OpenTelemetryMiddleware(hello), http_scope(headers=[*lines[:-1], None, (b"x-forwarded-for", 5), lines[-1]]))
    assert engine.request()["request_headers"][1::2] == told


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ([MAX_CAPTURED_TEXT - 3, 9], [MAX_CAPTURED_TEXT - 3]),
        ([MAX_CAPTURED_TEXT, 9], [MAX_CAPTURED_TEXT - 3]),
        ([MAX_CAPTURED_TEXT - 4, 9, 9], [MAX_CAPTURED_TEXT - 4, 0]),
        ([9, MAX_CAPTURED_TEXT], [9, MAX_CAPTURED_TEXT - 15]),
    ],
)
def test_captured_headers_are_bounded_together(
    engine: FakeEngine, sizes: list[int], kept: list[int], count: int
) -> None:
    headers = [(b"x-%d" % at, b"1" * size) for at, size in enumerate(sizes)]
    app = OpenTelemetryMiddleware(hello, http_capture_headers_server_request=["x-.*"])
    for _ in range(count):  # the names are known the second time
        run(app, http_scope(headers=headers))
    captured = engine.requests(count)[-1]["request_headers"]
    assert captured[0::2] == [b"x-%d" % at for at in range(len(kept))]
    assert [len(value) for value in captured[1::2]] == kept


@pytest.mark.parametrize("are_known", [False, True])
@pytest.mark.parametrize("number", [MAX_CAPTURED, MAX_CAPTURED + 1, 1000])
def test_an_endless_number_of_headers_is_not_captured_whole(number: int, are_known: bool) -> None:
    capture = HeaderCapture(lambda name: True, None)
    headers = [(b"x-%d" % at, b"") for at in range(number)]
    if are_known:
        for header in headers:
            capture([header])
    assert len(capture(headers) or ()) == 2 * MAX_CAPTURED


def test_what_is_no_header_costs_none_of_those_beside_it(engine: FakeEngine) -> None:
    app = OpenTelemetryMiddleware(hello, http_capture_headers_server_request=["x-.*"])
    odd = [None, 5, (b"x-b",), ("x-c", b"3"), (b"x-d", 4), (b"x-e", "5")]
    headers = [(b"x-a", b"1"), *odd, (b"x-f", b"6")]
    for _ in range(2):
        run(app, http_scope(headers=headers))
    shown = [b"x-a", b"1", b"x-f", b"6"]
    assert [record["request_headers"] for record in engine.requests(2)] == [shown, shown]


def test_clients_can_not_make_the_memory_of_names_grow() -> None:
    capture = HeaderCapture(None, None)
    longest, longer = b"a" * MAX_CAPTURED_NAME, b"b" * (MAX_CAPTURED_NAME + 1)
    capture([(longest, b""), (longer, b"")])
    assert set(capture._known) == {longest}
    capture([(b"x-%d" % at, b"") for at in range(2 * HEADER_NAMES_REMEMBERED)])
    assert len(capture._known) == HEADER_NAMES_REMEMBERED


def test_a_name_too_long_to_remember_is_cut_and_its_value_hidden_each_time() -> None:
    capture = HeaderCapture(lambda name: True, lambda name: name.endswith("secret"))
    name = b"a" * MAX_CAPTURED_NAME + b"secret"
    for _ in range(2):
        assert capture([(name, b"canary")]) == [name[:MAX_CAPTURED_NAME], b"[REDACTED]"]
