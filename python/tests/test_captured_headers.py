# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Headers that were asked for, and those that proxies add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run
from spangard import OpenTelemetryMiddleware
from spangard._settings import MAX_FORWARDED

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


@pytest.mark.parametrize(("value", "kept"), [(8192 - 3, 8192 - 3), (8192, 8192 - 3)])
def test_captured_headers_are_bounded_together(engine: FakeEngine, value: int, kept: int) -> None:
    headers = [(b"x-a", b"1" * value), (b"x-b", b"2" * 8192)]
    run(OpenTelemetryMiddleware(hello, http_capture_headers_server_request=["x-.*"]), http_scope(headers=headers))
    assert engine.request()["request_headers"] == [b"x-a", b"1" * kept]


def test_an_endless_number_of_headers_is_not_captured_whole(engine: FakeEngine) -> None:
    headers = [(b"x-%d" % number, b"") for number in range(1000)]
    run(OpenTelemetryMiddleware(hello, http_capture_headers_server_request=["x-.*"]), http_scope(headers=headers))
    assert len(engine.request()["request_headers"]) == 2 * 128
