# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What one request's record says, and that the application and the server notice nothing."""

from __future__ import annotations

import asyncio
import http
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asgi import codes, hello, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from engine import FakeEngine


def test_a_request_is_recorded_with_the_facts_of_its_scope(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(hello))
    record = engine.request()
    assert record["kind"] == 1
    assert (record["method"], record["scheme"], record["http_version"]) == ("GET", True, True)
    assert (record["path"], record["query"], record["root_path"]) == ("/items/42", b"q=1", None)
    assert (record["host"], record["user_agent"]) == (b"shop.example:8443", b"curl/8.5")
    assert tuple(record["client"]) == ("192.0.2.7", 50123)
    assert record["server"] is None, "the Host header says it"
    assert record["status"] == 200
    assert record["failure"] is None
    assert record["span"] is None
    assert record["pid"] == os.getpid()
    assert record["start"] <= record["events"][1] <= record["events"][4] <= record["end"]
    assert codes(record["events"]) == [1, 3]
    assert record["events"][5] == len(b"hello")


def test_hello_says_who_the_process_is_and_how_it_is_configured(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    run(OpenTelemetryMiddleware(hello))
    engine.request()
    kind, version, recorder_id, sent, seen, dropped, spans, process, settings = engine.hellos[0]
    assert (kind, version, sent, seen, dropped, spans) == (0, 4, 0, 0, 0, None)
    assert recorder_id > 0
    assert process["pid"] == os.getpid()
    assert settings["OTEL_SERVICE_NAME"] == "shop"
    assert all(name.startswith(("OTEL_", "SPANGARD_")) for name in settings)


def test_streamed_chunks_are_counted_and_the_end_is_timed_after_the_last_was_handed_over(engine: FakeEngine) -> None:
    async def streaming(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x" * 10, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    run(OpenTelemetryMiddleware(streaming))
    assert codes(engine.request()["events"]) == [1, 2, 2, 2, 3, 4]


def test_a_response_with_trailers_ends_with_them(engine: FakeEngine) -> None:
    async def with_trailers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body", "body": b"x"})
        await send({"type": "http.response.trailers", "headers": [], "more_trailers": False})

    run(OpenTelemetryMiddleware(with_trailers))
    assert codes(engine.request()["events"]) == [1, 2, 3, 4]


def test_request_bodies_are_counted(engine: FakeEngine) -> None:
    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await hello(scope, receive, send)

    app: Any = OpenTelemetryMiddleware(reading)
    run(
        app,
        http_scope(method="POST"),
        {"type": "http.request", "body": b"x" * 7, "more_body": True},
        {"type": "http.request", "body": b"y" * 5},
    )
    events = engine.request()["events"]
    assert codes(events) == [16, 16, 1, 3]
    assert (events[3], events[7]) == (7, 5)


def test_a_websocket_is_one_record_with_its_messages(engine: FakeEngine) -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept", "subprotocol": "chat"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})

    run(
        OpenTelemetryMiddleware(echo),
        websocket_scope(),
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "h\u00e9"},
        {"type": "websocket.receive", "bytes": b"123"},
        {"type": "websocket.disconnect", "code": 1001},
    )
    record = engine.request()
    assert record["kind"] == 2
    assert record["method"] is None
    events = record["events"]
    assert codes(events) == [18, 5, 19, 6, 20, 7, 21]
    assert events[6] == "chat"
    assert events[10] == 3, "two characters are three bytes of UTF-8"
    assert events[-1] == 1001


def test_the_return_value_passes_through(engine: FakeEngine) -> None:
    async def returning(scope: Any, receive: Any, send: Any) -> str:
        return "something"

    app: Any = OpenTelemetryMiddleware(returning)
    assert asyncio.run(app(http_scope(), None, None)) == "something"


def test_messages_reach_the_server_as_the_same_objects(engine: FakeEngine) -> None:
    messages = [
        {"type": "http.response.start", "status": 200, "headers": ((b"a", b"b"),)},
        {"type": "http.response.body", "body": bytearray(b"xyz")},
        {"type": "http.response.unheard_of", "x": 1},
        {"no": "type"},
    ]

    async def sending(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    server = run(OpenTelemetryMiddleware(sending))
    assert len(server.sent) == len(messages)
    assert all(got is given for got, given in zip(server.sent, messages))
    assert engine.request()["events"][5] == 3


@pytest.mark.parametrize("status", [http.HTTPStatus.CREATED, 201, "201", 201.7])
def test_a_status_of_any_type_is_recorded_as_a_number(engine: FakeEngine, status: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    server = run(OpenTelemetryMiddleware(app))
    assert server.sent[0]["status"] is status
    record = engine.request()
    assert record["status"] == 201
    assert type(record["status"]) is int


@pytest.mark.parametrize(("sampler", "status_field"), [("always_on", 20), ("always_off", 7)])
def test_the_first_start_of_a_response_is_the_one_that_counts(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, status_field: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)

    async def twice(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.start", "status": 500})
        await send({"type": "http.response.body"})

    run(OpenTelemetryMiddleware(twice))
    engine.wait(lambda: bool(engine.records()))
    assert engine.records()[0][status_field] == 200


def test_the_end_of_the_lifespan_flushes(engine: FakeEngine) -> None:
    app: Any = OpenTelemetryMiddleware(hello_and_lifespan)

    async def main() -> None:
        await app(http_scope(), None, ignore)
        await app({"type": "lifespan"}, None, None)

    asyncio.run(main())
    engine.request()


async def hello_and_lifespan(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await hello(scope, receive, send)


async def ignore(message: Any) -> None:
    pass


def test_a_long_streams_events_go_ahead_in_parts(engine: FakeEngine) -> None:
    chunks = 1000

    async def streaming(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for _ in range(chunks):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    run(OpenTelemetryMiddleware(streaming))
    record = engine.request()
    parts = [r for r in engine.records() if r[0] == 11]
    assert record["parts_ahead"] == len(parts) > 1
    assert [part[2] for part in parts] == list(range(len(parts)))
    assert {part[1] for part in parts} == {record["span_id"]}
    together = [code for part in [*parts, (0, 0, 0, record["events"])] for code in codes(part[3])]
    assert together == [1, *[2] * chunks, 3, 4]


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, spangard; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    listed = subprocess.run(
        [sys.executable, "-S", "-c", code], env=environment, capture_output=True, check=True, text=True
    )
    heavy = {"asyncio", "re", "typing", "socket", "threading", "logging", "subprocess", "traceback", "opentelemetry"}
    heavy |= {"functools", "collections", "inspect", "dataclasses", "spangard._metric_attributes"}
    assert not heavy & set(listed.stdout.split())


def test_what_is_imported_later_is_listed_and_anything_else_is_an_attribute_error() -> None:
    import spangard

    assert {"set_route", "set_metric_attributes"} <= set(dir(spangard))
    assert spangard.set_route.__module__ == "spangard._route"
    assert spangard.set_metric_attributes.__module__ == "spangard._metric_attributes"
    with pytest.raises(AttributeError, match="module 'spangard' has no attribute 'nothing'"):
        spangard.nothing  # noqa: B018
