# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The `upstream` profile: what is decided in the application's process."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import context, trace

from asgi import Server, hello, http_scope, run, websocket_scope
from engine import UPSTREAM_FIELDS
from spangard import OpenTelemetryMiddleware
from spangard.upstream.middleware import Upstream

if TYPE_CHECKING:
    from engine import FakeEngine

TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BODY = {"type": "http.request", "body": b"12345", "more_body": False}


def upstream(app: Any, **arguments: Any) -> OpenTelemetryMiddleware:
    return OpenTelemetryMiddleware(app, profile="upstream", **arguments)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await hello(scope, receive, send)


def codes(record: dict[str, Any]) -> list[int]:
    return (record["children"] or [])[::4]


def test_a_request_is_one_record_with_a_child_per_message(engine: FakeEngine) -> None:
    run(upstream(echo), None, dict(BODY))
    record = engine.upstream()
    assert record["kind"] == 12
    assert record["flags"] == 1
    assert (record["method"], record["path"], record["query"]) == ("GET", "/items/42", b"q=1")
    assert (record["server"], record["client"]) == (("127.0.0.1", 8000), ("192.0.2.7", 50123))
    assert (record["host"], record["server_name"]) == (b"shop.example:8443",) * 2
    assert (record["status"], record["received"], record["sent"]) == (200, 5, 5)
    assert codes(record) == [16, 1, 2]
    assert record["start"] < record["ended"] <= record["end"]


def test_the_profile_comes_from_the_environment_too(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_PROFILE", "upstream")
    app = OpenTelemetryMiddleware(hello)
    assert isinstance(app, Upstream)
    monkeypatch.setenv("SPANGARD_PROFILE", "stable")
    assert type(OpenTelemetryMiddleware(hello)) is OpenTelemetryMiddleware


def test_a_subclass_keeps_its_own_methods(engine: FakeEngine) -> None:
    class Mine(OpenTelemetryMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            return await super().__call__({**scope, "path": "/mine"}, receive, send)

    app = Mine(hello, profile="upstream")
    assert isinstance(app, Mine)
    run(app)
    assert engine.upstream()["path"] == "/mine"


def test_a_wrong_profile_is_named_in_one_line(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match="profile must be stable or upstream; got 'upsteam'"):
        OpenTelemetryMiddleware(hello, profile="upsteam")
    monkeypatch.setenv("SPANGARD_PROFILE", "upsteam")
    assert type(OpenTelemetryMiddleware(hello)) is OpenTelemetryMiddleware
    assert "SPANGARD_PROFILE='upsteam' is neither stable nor upstream; using stable" in caplog.text


def test_below_a_current_span_the_request_is_internal_and_its_traceparent_is_not_read(engine: FakeEngine) -> None:
    above = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xB, False, trace.TraceFlags(1)))
    token = context.attach(trace.set_span_in_context(above))
    try:
        app = upstream(hello, http_capture_headers_server_request=["x-a"])
        run(app, http_scope(headers=[(b"traceparent", TRACEPARENT), (b"x-a", b"1")]))
    finally:
        context.detach(token)
    record = engine.upstream()
    assert (record["trace"], record["parent"], record["flags"]) == (0xA, 0xB, 3)
    assert record["request_headers"] is None


def test_the_span_that_stands_for_none_is_no_parent(engine: FakeEngine) -> None:
    token = context.attach(trace.set_span_in_context(trace.INVALID_SPAN))
    try:
        run(upstream(hello), http_scope(headers=[(b"traceparent", TRACEPARENT)]))
    finally:
        context.detach(token)
    record = engine.upstream()
    assert (record["trace"], record["parent"], record["flags"]) == (TRACEPARENT, None, 1)


@pytest.mark.parametrize(
    "key", ["suppress_instrumentation", context._SUPPRESS_HTTP_INSTRUMENTATION_KEY], ids=["any", "http"]
)
def test_where_instrumentation_is_suppressed_nothing_is_recorded(engine: FakeEngine, key: str) -> None:
    app = upstream(hello)
    token = context.attach(context.set_value(key, True))
    try:
        assert len(run(app).sent) == 2
    finally:
        context.detach(token)
    run(app, http_scope(path="/after"))
    assert engine.upstream()["path"] == "/after"


def test_a_child_is_below_the_span_that_is_current_when_the_application_speaks(engine: FakeEngine) -> None:
    inner = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xC, False, trace.TraceFlags(1)))
    unsampled = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xD, False, trace.TraceFlags(0)))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with trace.use_span(inner):
            await receive()
            await send({"type": "http.response.start", "status": 200})
        with trace.use_span(unsampled):
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
        with trace.use_span(trace.INVALID_SPAN):
            await send({"type": "http.response.body", "body": b"b"})

    run(upstream(app), None, dict(BODY))
    record = engine.upstream()
    assert codes(record) == [16, 1, 2]
    receive, start, last = record["children"][3::4]
    assert receive[2] == start[2] == (0xA, 0xC, 1)
    assert start[0] == 200
    trace_id, parent, flags = last[2]
    assert trace_id not in (0, 0xA, record["trace"])
    assert (parent, flags) == (None, 0)


def test_hooks_get_spans_that_record(engine: FakeEngine) -> None:
    seen: list[Any] = []

    def on_request(span: Any, scope: Any) -> None:
        span.set_attribute("on", "request")
        seen.append(span.get_span_context())

    def on_receive(span: Any, scope: Any, message: Any) -> None:
        assert trace.get_current_span() is span
        span.set_attribute("on", message["type"])
        span.update_name("heard")
        span.set_status(trace.StatusCode.ERROR, "no")
        seen.append(span.get_span_context())

    def on_send(span: Any, scope: Any, message: Any) -> None:
        assert scope["type"] == "http"
        raise KeyError(message["type"])

    run(
        upstream(echo, server_request_hook=on_request, client_request_hook=on_receive, client_response_hook=on_send),
        None,
        dict(BODY),
    )
    record = engine.upstream()
    assert record["span"][1] == {"on": "request"}
    _, span_id, parent, did, failure = record["children"][3]
    assert (parent, failure) == (None, None)
    assert did == ("heard", {"on": "http.request"}, [], (2, "no"), [])
    assert seen[0].span_id == record["span_id"]
    assert (seen[1].trace_id, seen[1].span_id) == (record["trace"], span_id)
    status, span_id, _, did, _ = record["children"][7]
    assert (status, span_id) == (200, 0)
    name, _, facts = did[2][0]
    assert name == "exception"
    assert facts["exception.type"] == "KeyError"
    assert facts["exception.escaped"] == "False"


def test_a_hook_of_an_excluded_span_is_not_called_and_sizes_are_still_counted(engine: FakeEngine) -> None:
    def hook(*_: Any) -> None:
        raise AssertionError("called")

    app = upstream(echo, exclude_spans=["receive", "send"], client_request_hook=hook, client_response_hook=hook)
    run(app, None, dict(BODY))
    record = engine.upstream()
    assert record["children"] is None
    assert (record["status"], record["received"], record["sent"]) == (200, 5, 5)
    assert record["ended"]


def test_details_give_name_and_attributes_and_their_failure_is_told(engine: FakeEngine) -> None:
    run(upstream(hello, default_span_details=lambda scope: ("mine", {"http.route": "/r", "odd": object()})))
    record = engine.upstream()
    assert (record["name"], record["details"]) == ("mine", {"http.route": "/r"})

    def failing(scope: Any) -> Any:
        raise ValueError("no details")

    run(upstream(hello, default_span_details=failing))
    record = engine.upstreams(2)[1]
    assert (record["name"], record["details"]) == (None, None)
    assert record["span"][2][0][2]["exception.message"] == "no details"


@pytest.mark.parametrize(
    ("status", "told", "span_status"),
    [
        (404, 404, None),
        (503, 503, (2, None)),
        (99, 99, (2, None)),
        ("201", 201, None),
        ("abc", "abc", (2, "Non-integer HTTP status: abc")),
        (-5, -5, (2, "Non-integer HTTP status: -5")),
        (0, None, None),
        (None, None, None),
    ],
)
def test_statuses_are_told_as_they_are(engine: FakeEngine, status: Any, told: Any, span_status: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    run(upstream(app))
    record = engine.upstream()
    assert record["status"] == told
    assert (record["span"] or (None,) * 5)[3] == span_status


def test_a_status_replaces_what_the_application_said_but_not_ok(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        trace.get_current_span().set_status(trace.StatusCode[scope["path"]], "said")
        await send({"type": "http.response.start", "status": 500})
        await send({"type": "http.response.body"})

    run(upstream(app), http_scope(path="ERROR"))
    run(upstream(app), http_scope(path="OK"))
    first, second = engine.upstreams(2)
    assert first["span"][3] == (2, None)
    assert second["span"][3] == (1, None)


def test_after_its_last_body_the_span_records_no_more_and_a_late_exception_is_still_told(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await hello(scope, receive, send)
        span = trace.get_current_span()
        assert not span.is_recording()
        span.set_attribute("late", 1)
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        run(upstream(app))
    record = engine.upstream()
    assert record["ended"]
    assert record["span"] is None
    assert record["failure"][:2] == ("ValueError", "late")


def test_trailers_end_the_response_also_without_send_spans(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body"})
        assert trace.get_current_span().is_recording()
        await send({"type": "http.response.trailers"})
        assert not trace.get_current_span().is_recording()

    run(upstream(app, exclude_spans=["send"]))
    assert engine.upstream()["ended"]


def test_a_cancelled_request_and_a_client_that_left_can_be_told(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(upstream(app), None, {"type": "http.disconnect"})
    record = engine.upstream()
    assert record["failure"] is None
    assert record["outcome"] == 3
    assert codes(record) == [17]


def test_what_receive_raises_is_told_on_its_span(engine: FakeEngine) -> None:
    async def broken() -> Any:
        raise OSError("gone")

    app: Any = upstream(echo)

    async def request() -> None:
        try:
            await app(http_scope(), broken, Server().send)
        finally:
            app.recorder.flush()

    with pytest.raises(OSError, match="gone"):
        asyncio.run(request())
    record = engine.upstream()
    assert codes(record) == [22]
    assert record["children"][3][4][:2] == ("OSError", "gone")
    assert record["failure"][:2] == ("OSError", "gone")


def test_a_websocket_has_200_once_a_message_was_sent(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "a"})
        await receive()

    run(upstream(app), websocket_scope(), {"type": "websocket.connect"}, {"type": "websocket.disconnect"})
    record = engine.upstream()
    assert record["kind"] == 13
    assert record["status"] == 200
    assert record["ended"] == 0.0
    assert codes(record) == [18, 5, 6, 21]


def test_an_unsampled_request_is_told_without_its_messages(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run(upstream(echo), None, dict(BODY))
    record = engine.upstream()
    assert record["flags"] == 0
    assert record["children"] is None
    assert (record["status"], record["sent"]) == (200, 5)


def test_many_messages_are_sent_ahead(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for _ in range(300):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body"})

    run(upstream(app))
    record = engine.upstream()
    ahead = [r for r in engine.records() if r[0] == 16]
    assert [len(r[9]) // 4 for r in ahead] == [129, 129]
    assert {r[1:5] for r in ahead} == {(record["trace"], record["span_id"], b"", None)}
    assert ahead[0][5:9] == (0, None, "GET", "/items/42")
    assert len(codes(record)) == 302 - 2 * 129


@pytest.mark.parametrize("pair", [list, tuple])
@pytest.mark.parametrize("pairs", [list, tuple])
def test_a_response_propagator_adds_to_the_response_and_to_nothing_of_the_applications(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, pairs: Any, pair: Any
) -> None:
    class Propagator:
        def inject(self, carrier: Any, context: Any, setter: Any) -> None:
            span = trace.get_current_span(context).get_span_context()
            setter.set(carrier, "Traceresponse", f"{span.span_id:016x}")

    class Module:
        get_global_response_propagator = Propagator

    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.propagators", Module)
    shared = pairs([pair((b"a", b"1"))])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": shared})
        await send({"type": "http.response.body"})

    server = run(upstream(app))
    record = engine.upstream()
    added = pair((b"traceresponse", b"%016x" % record["span_id"]))
    assert server.sent[0]["headers"] == pairs([pair((b"a", b"1")), added]), "each in the application's own types"
    assert "headers" not in server.sent[1]
    assert shared == pairs([pair((b"a", b"1"))])


def test_headers_are_captured_and_an_iterator_of_them_reaches_the_server(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert list(scope["headers"]) == [(b"X-A", b"1"), (b"x-b", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": iter([(b"x-c", b"3")])})
        await send({"type": "http.response.body"})

    app_ = upstream(app, http_capture_headers_server_request=["x-a"], http_capture_headers_server_response=["x-.*"])
    server = run(app_, http_scope(headers=iter([(b"X-A", b"1"), (b"x-b", b"2")])))
    record = engine.upstream()
    assert record["request_headers"] == [b"X-A", b"1"]
    assert record["response_headers"] == [b"x-c", b"3"]
    assert server.sent[0]["headers"] == [(b"x-c", b"3")]


@pytest.mark.parametrize(
    "odd",
    [
        {"headers": [(b"user-agent", b"\xff\\x")]},
        {"headers": [("host", "text")]},
        {"headers": [(b"host",), 7]},
        {"query_string": b"\xff"},
        {"client": []},
        {"server": (None, 80)},
        {"path": ...},
        {"path": 7},
        {"method": 7},
        {"scheme": object()},
    ],
)
def test_no_scope_fails_the_request(engine: FakeEngine, odd: dict[str, Any]) -> None:
    assert len(run(upstream(hello), http_scope(**odd)).sent) == 2
    assert engine.upstream()["status"] == 200


def test_what_hooks_did_survives_a_value_that_can_not_be_written(engine: FakeEngine) -> None:
    def on_send(span: Any, scope: Any, message: Any) -> None:
        span.add_event("sent", {"bytes": 5})

    run(upstream(hello, client_response_hook=on_send), http_scope(scheme=object()))
    events = engine.upstream()["children"][3][3][2]
    assert [(name, facts) for name, _, facts in events] == [("sent", {"bytes": 5})]


def test_two_host_headers_are_the_server_name_and_the_first_is_the_host(engine: FakeEngine) -> None:
    run(upstream(hello), http_scope(headers=[(b"host", b"a"), (b"Host", b"b"), (b"x", b"1")]))
    record = engine.upstream()
    assert (record["host"], record["server_name"]) == (b"a", b"a,b")


def test_the_target_is_the_template_of_a_route_with_path_format(engine: FakeEngine) -> None:
    class Route:
        path_format = "/items/{item}"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["route"] = Route
        await hello(scope, receive, send)

    run(upstream(app), http_scope(root_path="/shop"))
    assert engine.upstream()["target"] == "/shop/items/{item}"


def test_fields_are_as_many_as_the_protocol_says(engine: FakeEngine) -> None:
    run(upstream(hello))
    engine.upstream()
    assert [len(r) for r in engine.records()] == [len(UPSTREAM_FIELDS)]
