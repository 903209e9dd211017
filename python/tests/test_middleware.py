# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What one request's record says, and that the application and the server notice nothing."""

from __future__ import annotations

import asyncio
import http
import os
import subprocess
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from asgi import HEADERS, codes, hello, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware
from spangard._facts import MAX_FIELD_TEXT

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder


def test_a_request_is_recorded_with_the_facts_of_its_scope(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(hello))
    record = engine.request()
    assert record["kind"] == 1
    assert (record["method"], record["scheme"], record["http_version"]) == ("GET", "http", "1.1")
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
    kind, version, recorder_id, sent, seen, dropped, process, settings = engine.hellos[0]
    assert (kind, version, sent, seen, dropped) == (0, 2, 0, 0, 0)
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


@pytest.mark.parametrize("variable", ["OTEL_PYTHON_EXCLUDED_URLS", "argument"])
def test_excluded_urls_are_searched_in_the_url_without_its_query(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    pattern = "shop.example:8443/health$,,"
    if variable != "argument":
        monkeypatch.setenv(variable, pattern)
    app: Any = OpenTelemetryMiddleware(hello, pattern if variable == "argument" else None)
    run(app, http_scope(path="/health"))
    run(app, http_scope(path="/items", query_string=b"/health"))
    assert engine.request()["path"] == "/items"


def test_a_bad_expression_is_an_error_as_an_argument_and_a_warning_from_the_environment(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match=r"excluded_urls: '\('"):
        OpenTelemetryMiddleware(hello, excluded_urls="(")
    monkeypatch.setenv("OTEL_PYTHON_EXCLUDED_URLS", "(,ok")
    OpenTelemetryMiddleware(hello)
    assert "OTEL_PYTHON_EXCLUDED_URLS: '(' is not a regular expression" in caplog.text


@pytest.mark.parametrize("name", ["tracer_provider", "meter_provider", "tracer", "meter"])
def test_a_provider_is_refused_with_the_reason(name: str) -> None:
    refused: dict[str, Any] = {name: object()}
    with pytest.raises(TypeError, match=f"does not take {name}: spans and metrics are made in spangard's engine"):
        OpenTelemetryMiddleware(hello, **refused)


OTHER_TEXTS = len(b"shop.example:8443" + b"curl/8.5" + b"q=1" + b"/items/42")


@pytest.mark.parametrize(("length", "kept"), [(8192 - OTHER_TEXTS, 8192 - OTHER_TEXTS), (8193 - OTHER_TEXTS, 2048)])
def test_the_clients_texts_are_bounded_together(engine: FakeEngine, length: int, kept: int) -> None:
    run(OpenTelemetryMiddleware(hello), http_scope(method="M" * length))
    assert len(engine.request()["method"]) == kept


def test_the_sdk_switch_turns_everything_off(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    scope = http_scope()
    run(OpenTelemetryMiddleware(hello), scope)
    assert "spangard" not in scope
    assert not recorder.records
    assert not engine.records()


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
    assert record["spilled"] == len(parts) > 1
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
    assert not heavy & set(listed.stdout.split())


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
    assert longest == (len("http") if field == "client" and sampler == "always_off" else MAX_FIELD_TEXT)
