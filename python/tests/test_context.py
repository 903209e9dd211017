# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The current span inside the application, by OpenTelemetry's own API."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.propagate import inject

from asgi import hello, http_scope, run
from spangard import OpenTelemetryMiddleware
from spangard._context import MAX_ATTRIBUTES, MAX_BITS, MAX_EVENTS, MAX_TEXT_OF_A_SPAN, MAX_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine import FakeEngine

TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def inside(do: Callable[[Any], None], scope: dict[str, Any] | None = None, **arguments: Any) -> None:
    """Runs ``do(current span)`` inside a request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        do(trace.get_current_span())
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(app, **arguments), scope)


def test_the_current_span_has_the_ids_of_the_record(engine: FakeEngine) -> None:
    seen: list[Any] = []
    inside(lambda span: seen.append((span.get_span_context(), span.is_recording())))
    record = engine.request()
    span_context, recording = seen[0]
    assert recording
    assert (span_context.trace_id, span_context.span_id) == (record["trace"], record["span_id"])
    assert span_context.is_valid
    assert span_context.trace_flags.sampled
    assert not span_context.is_remote


def test_it_continues_the_callers_trace_and_its_state_and_baggage_go_on(engine: FakeEngine) -> None:
    carrier: dict[str, str] = {}

    def look(span: Any) -> None:
        inject(carrier)
        assert baggage.get_baggage("user") == "7"

    headers = [(b"traceparent", TRACEPARENT), (b"tracestate", b"a=1"), (b"baggage", b"user=7")]
    inside(look, http_scope(headers=headers))
    record = engine.request()
    assert carrier["traceparent"] == f"00-0af7651916cd43dd8448eb211c80319c-{record['span_id']:016x}-01"
    assert carrier["tracestate"] == "a=1"
    assert carrier["baggage"] == "user=7"


def test_what_the_application_sets_is_in_the_record(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        span.set_attribute("a.text", "x")
        span.set_attributes({"a.int": 1, "a.float": 1.5, "a.bool": True, "a.list": ["x", "y"], "a.object": object()})
        span.add_event("cache.miss", {"key": "k"}, 123)
        span.update_name("renamed")
        span.set_status(trace.StatusCode.ERROR, "bad")
        span.add_link(trace.SpanContext(1, 2, True))
        try:
            raise KeyError("k")
        except KeyError as error:
            span.record_exception(error, {"extra": 1})

    inside(work)
    name, attributes, events, status, links = engine.request()["span"]
    assert name == "renamed"
    assert attributes == {"a.text": "x", "a.int": 1, "a.float": 1.5, "a.bool": True, "a.list": ["x", "y"]}
    assert events[0] == ("cache.miss", 123, {"key": "k"})
    assert events[1][0] == "exception"
    assert events[1][2]["exception.type"] == "KeyError"
    assert events[1][2]["extra"] == 1
    assert "KeyError: 'k'" in events[1][2]["exception.stacktrace"]
    assert status == (2, "bad")
    assert links == [(1, 2, 0, {})]


def test_status_ok_is_final_and_unset_is_ignored(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        span.set_status(trace.Status(trace.StatusCode.OK))
        span.set_status(trace.StatusCode.ERROR, "late")
        span.set_status(trace.StatusCode.UNSET)

    inside(work)
    assert engine.request()["span"][3] == (1, None)


def test_what_one_span_can_hold_is_bounded(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        for number in range(2 * MAX_ATTRIBUTES):
            span.set_attribute(f"key.{number}", "x" * (2 * MAX_VALUE))
        for number in range(2 * MAX_EVENTS):
            span.add_event(f"event {number}")
        span.set_attribute("", 1)
        span.set_attribute("huge", 1 << 70)

    inside(work)
    _, attributes, events, _, _ = engine.request()["span"]
    assert len(attributes) <= MAX_ATTRIBUTES
    assert len(events) == MAX_EVENTS
    text = sum(len(k) + len(v) for k, v in attributes.items()) + sum(len(event[0]) for event in events)
    assert MAX_TEXT_OF_A_SPAN - MAX_VALUE <= text <= MAX_TEXT_OF_A_SPAN


def test_an_attribute_set_again_and_again_keeps_its_last_value(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        for number in range(MAX_TEXT_OF_A_SPAN // 10):
            span.set_attribute("progress", f"message {number:>12}")

    inside(work)
    assert engine.request()["span"][1] == {"progress": f"message {MAX_TEXT_OF_A_SPAN // 10 - 1:>12}"}


def test_an_attribute_that_finds_no_room_is_left_out(engine: FakeEngine) -> None:
    def work(span: Any) -> None:
        for number in range(MAX_TEXT_OF_A_SPAN // MAX_VALUE + 1):
            span.set_attribute(f"{number:02}", "x" * MAX_VALUE)
        span.set_attribute("none", 1)

    inside(work)
    attributes = engine.request()["span"][1]
    assert "" not in attributes
    assert "none" not in attributes


def test_lists_within_lists_are_left_out(engine: FakeEngine) -> None:
    endless: list[Any] = []
    endless.append(endless)

    def work(span: Any) -> None:
        span.set_attributes({"nested": [[1], [2]], "endless": endless, "mixed": [1, "x"], "flat": (1, 2)})

    inside(work)
    assert engine.request()["span"][1] == {"flat": [1, 2]}


def test_a_number_beyond_64_bits_is_its_digits_and_one_without_end_is_left_out(engine: FakeEngine) -> None:
    inside(lambda span: span.set_attributes({"large": 1 << 64, "endless": 1 << (MAX_BITS + 1)}))
    assert engine.request()["span"][1] == {"large": str(1 << 64)}


def test_after_the_request_the_span_records_no_more_and_the_context_is_as_before(engine: FakeEngine) -> None:
    spans: list[Any] = []
    before = context.get_current()
    inside(spans.append)
    engine.request()
    assert not spans[0].is_recording()
    spans[0].set_attribute("late", 1)
    assert spans[0].attributes is None
    assert context.get_current() == before


def test_an_unsampled_span_is_current_and_says_so(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    def look(span: Any) -> None:
        assert not span.is_recording()
        span.set_attribute("ignored", 1)
        assert span.get_span_context().is_valid
        assert not span.get_span_context().trace_flags.sampled

    inside(look)
    engine.wait(engine.records)


def test_what_was_in_the_context_stays_and_an_active_span_is_the_parent(engine: FakeEngine) -> None:
    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            assert context.get_value("theirs") == "kept"

        parent = trace.NonRecordingSpan(trace.SpanContext(0xABC, 0xDEF, False, trace.TraceFlags(1)))
        token = context.attach(trace.set_span_in_context(parent, context.set_value("theirs", "kept")))
        wrapped: Any = OpenTelemetryMiddleware(app)
        await wrapped(http_scope(), None, None)
        assert trace.get_current_span() is parent
        context.detach(token)
        wrapped.recorder.flush()

    asyncio.run(main())
    record = engine.request()
    assert (record["trace"], record["parent"]) == (0xABC, 0xDEF)


def test_hooks_get_the_span_and_their_errors_are_events_on_it(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await hello(scope, receive, send)

    seen: list[str] = []

    def on_send(span: Any, scope: Any, message: Any) -> None:
        seen.append(message["type"])
        raise RuntimeError("hook")

    wrapped: Any = OpenTelemetryMiddleware(
        app,
        default_span_details=lambda scope: ("named", {"detail": 1}),
        server_request_hook=lambda span, scope: span.set_attribute("hook", scope["path"]),
        client_request_hook=lambda span, scope, message: seen.append(message["type"]),
        client_response_hook=on_send,
    )
    server = run(wrapped, None, {"type": "http.request"})
    assert seen == ["http.request", "http.response.start", "http.response.body"]
    assert len(server.sent) == 2
    name, attributes, events, _, _ = engine.request()["span"]
    assert (name, attributes) == ("named", {"detail": 1, "hook": "/items/42"})
    assert [event[2]["exception.message"] for event in events] == ["hook", "hook"]


def test_a_hook_that_ends_the_process_leaves_nothing_behind(engine: FakeEngine) -> None:
    def leave(span: Any, scope: Any) -> None:
        raise SystemExit(3)

    app: Any = OpenTelemetryMiddleware(hello, server_request_hook=leave)

    async def main() -> None:
        before = context.get_current()
        with pytest.raises(SystemExit):
            await app(http_scope(), None, None)
        assert context.get_current() == before

    asyncio.run(main())
    assert not app.recorder.live
    assert engine.request()["failure"][0] == "SystemExit"


def test_hooks_of_excluded_spans_are_not_called(engine: FakeEngine) -> None:
    def never(*arguments: Any) -> None:
        raise AssertionError

    run(OpenTelemetryMiddleware(hello, client_response_hook=never, exclude_spans=["send"]))
    assert engine.request()["span"] is None


def test_without_the_api_everything_else_works(engine: FakeEngine) -> None:
    code = (
        "import sys, asyncio; sys.modules['opentelemetry'] = None\n"
        "from asgi import hello, run\nfrom spangard import OpenTelemetryMiddleware\n"
        "run(OpenTelemetryMiddleware(hello, server_request_hook=print))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "hooks need the package opentelemetry-api" in done.stderr
    record = engine.request()
    assert (record["status"], record["span"]) == (200, None)
