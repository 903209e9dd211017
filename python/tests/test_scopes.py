# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Scopes of every kind: what a record takes of them, and that they are the application's own."""

from __future__ import annotations

import asyncio
import http
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from asgi import HEADERS, hello, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware
from spangard._facts import MAX_FIELD_TEXT

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder


def test_one_shot_header_iterators_reach_application_and_server_whole(engine: FakeEngine) -> None:
    seen: list[Any] = []

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": iter([(b"x-a", b"1")])})
        await send({"type": "http.response.body", "body": b""})

    app: Any = OpenTelemetryMiddleware(reading, http_capture_headers_server_response=["x-a"])
    server = run(app, http_scope(headers=iter(HEADERS)))
    assert seen == HEADERS
    assert list(server.sent[0]["headers"]) == [(b"x-a", b"1")]
    record = engine.request()
    assert record["host"] == b"shop.example:8443"
    assert record["response_headers"] == [b"x-a", b"1"]


class _RaisesIfAsked(dict):  # type: ignore[type-arg]
    def __contains__(self, key: object) -> bool:
        raise RuntimeError("asked")


@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_a_scope_that_raises_when_it_is_asked_is_the_applications_to_judge(recorder: Recorder, profile: str) -> None:
    for scope in (_RaisesIfAsked(http_scope()), _RaisesIfAsked(websocket_scope())):
        assert len(run(OpenTelemetryMiddleware(hello, profile=profile), scope).sent) == 2
    assert recorder.records == []


@pytest.mark.parametrize(
    "odd",
    [
        {"headers": ((b"host", b"h"),)},
        {"headers": [[b"host", b"h"]]},
        {"headers": None},
        {"headers": ...},
        {"headers": 5},
        {"headers": [(b"host",), "no pair", (b"user-agent", "text"), ("host", b"h"), (bytearray(b"a"), b"b")]},
        {"headers": [(b"traceparent", "text"), (b"baggage", 5)]},
        {"client": None, "server": None},
        {"client": [], "server": []},
        {"client": ["", 0], "server": ["/run/app.sock", None]},
        {"client": ..., "server": ..., "scheme": ..., "http_version": ..., "root_path": ..., "query_string": ...},
        {"root_path": None, "query_string": "text=1", "path": b"/bytes"},
        {"query_string": b"\xff\xfe", "path": "/\udcff"},
        {"method": http.HTTPStatus.OK},
        {"scheme": type("Text", (str,), {})("http")},
        {"client": object()},
        {"headers": [(b"user-agent", b"x" * (1 << 20)), (b"host", b"\xff\\x")], "path": "/" + "p" * 100_000},
    ],
)
def test_an_odd_scope_is_the_applications_own_and_still_one_record(engine: FakeEngine, odd: dict[str, Any]) -> None:
    scope = http_scope(**odd)
    server = run(OpenTelemetryMiddleware(hello), scope)
    assert [message["type"] for message in server.sent] == ["http.response.start", "http.response.body"]
    record = engine.request()
    assert record["status"] == 200
    assert len(record["path"]) <= MAX_FIELD_TEXT
    assert len(record["user_agent"]) <= MAX_FIELD_TEXT
    for name, kind in {"path": str, "query": bytes, "host": bytes, "user_agent": bytes, "tracestate": bytes}.items():
        assert type(record[name]) is kind, name


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_the_scheme_and_version_that_most_requests_have_are_told_in_short(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    app = OpenTelemetryMiddleware(hello)
    again = "".join(["1", ".", "1"])  # as a server has it that decodes each
    for scope in (
        http_scope(),
        http_scope(http_version=again),
        http_scope(scheme="https", http_version="2"),
        http_scope(scheme="ws", http_version=again),
        http_scope(scheme=type("Text", (str,), {})("http"), http_version=type("Text", (str,), {})("1.1")),
        http_scope(scheme=None, http_version=...),
        http_scope(scheme=True, http_version=True),
        websocket_scope(),
        websocket_scope(scheme="wss", http_version="2"),
        websocket_scope(scheme="http"),
    ):
        run(app, scope)
    engine.wait(lambda: len(engine.records()) == 10)
    at = 8 if sampler == "always_on" else 4
    assert [record[at : at + 2] for record in engine.records()] == [
        (True, True),
        (True, True),
        ("https", "2"),
        ("ws", True),
        ("http", "1.1"),
        (None, None),
        (None, None),
        (True, True),
        ("wss", "2"),
        ("http", True),
    ]


def test_a_second_wrapper_records_nothing_more(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(OpenTelemetryMiddleware(hello)))
    engine.request()


def test_other_scopes_pass_untouched(engine: FakeEngine, recorder: Recorder) -> None:
    calls: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        calls.append((scope, receive, send))

    middleware: Any = OpenTelemetryMiddleware(app)
    asyncio.run(middleware({"type": "telepathy"}, 1, 2))
    asyncio.run(middleware({"type": "lifespan"}, 3, 4))
    assert calls[0] == ({"type": "telepathy"}, 1, 2)
    assert calls[1][:2] == ({"type": "lifespan"}, 3)
    assert not recorder.records


OTHER_TEXTS = len(b"shop.example:8443" + b"curl/8.5" + b"q=1" + b"/items/42")


@pytest.mark.parametrize(("length", "kept"), [(8192 - OTHER_TEXTS, 8192 - OTHER_TEXTS), (8193 - OTHER_TEXTS, 2048)])
def test_the_clients_texts_are_bounded_together(engine: FakeEngine, length: int, kept: int) -> None:
    run(OpenTelemetryMiddleware(hello), http_scope(method="M" * length))
    assert len(engine.request()["method"]) == kept


@pytest.mark.parametrize("profile", ["stable", "upstream"])
@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_a_scope_that_takes_no_keys_is_served(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, profile: str, sampler: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    for headers in (list(HEADERS), iter(HEADERS)):
        frozen: Any = MappingProxyType(http_scope(headers=headers))
        server = run(OpenTelemetryMiddleware(hello, profile=profile), frozen)
        assert len(server.sent) == 2
        assert not recorder.live


@pytest.mark.parametrize("field", ["client", "scheme", "http_version", "method"])
@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_no_text_that_a_proxy_or_client_can_choose_is_kept_whole(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, field: str, sampler: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    kept: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        kept.extend(recorder.live.values())
        await hello(scope, receive, send)

    counts_for_all = field == "method" and sampler == "always_on"  # the limit of all texts together
    for length in (MAX_FIELD_TEXT, 60_000 if counts_for_all else MAX_FIELD_TEXT + 1, 60_000):
        text = "x" * length
        run(OpenTelemetryMiddleware(app), http_scope(**{field: (text, 1) if field == "client" else text}))
        kept += recorder.records
        recorder.records.clear()
    assert len(kept) == 6
    fields = [part for record in kept for value in record for part in (value if type(value) is tuple else (value,))]
    longest = max(len(value) for value in fields if isinstance(value, (str, bytes)))
    assert longest == (len("GET") if field == "client" and sampler == "always_off" else MAX_FIELD_TEXT)
