# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The current span inside the application, by OpenTelemetry's own API."""

from __future__ import annotations

import asyncio
import datetime
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.propagate import inject

from asgi import hello, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware, _current_span
from spangard._current_span import MAX_ATTRIBUTES, MAX_EVENTS, MAX_TEXT_OF_A_SPAN
from spangard._sampling import keeps, ratio_edges
from spangard._values import MAX_BITS, MAX_VALUE

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
    assert not spans[0].own_attributes
    assert context.get_current() == before


def test_the_span_can_be_read_like_the_sdks(engine: FakeEngine) -> None:
    seen: list[Any] = []

    def look(span: Any) -> None:
        assert span.name == "GET"
        assert (dict(span.attributes), span.events, span.links) == ({}, (), ())
        assert span.status.is_unset
        span.update_name("named")
        span.set_attributes({"a": 1, "list": ["x"]})
        span.add_event("event", {"k": 1}, 5)
        span.add_link(trace.SpanContext(1, 2, False), {"why": "x"})
        span.set_status(trace.StatusCode.ERROR, "bad")
        attributes = span.attributes
        with pytest.raises(TypeError):
            attributes["b"] = 2
        span.set_attribute("later", 1)
        assert attributes == {"a": 1, "list": ("x",)}
        assert span.attributes.get("later") == 1
        assert (span.name, span.kind) == ("named", trace.SpanKind.SERVER)
        assert [(event.name, event.timestamp, event.attributes) for event in span.events] == [("event", 5, {"k": 1})]
        assert [(link.context.trace_id, link.context.span_id, link.attributes) for link in span.links] == [
            (1, 2, {"why": "x"})
        ]
        assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, "bad")
        assert span.context == span.get_span_context()
        assert abs(time.time_ns() - span.start_time) < 60e9
        assert (span.parent.span_id, span.parent.is_remote) == (0xB7AD6B7169203331, True)
        seen.append(span)

    inside(look, http_scope(headers=[(b"traceparent", TRACEPARENT)]))
    engine.request()
    assert (seen[0].name, seen[0].parent.trace_id) == ("named", 0x0AF7651916CD43DD8448EB211C80319C)


@pytest.mark.parametrize("name", ["name", "kind", "start_time", "attributes", "events", "links", "status", "parent"])
def test_a_span_that_is_not_sampled_has_nothing_to_read(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    seen: list[bool] = []
    inside(lambda span: seen.append(hasattr(span, name)))
    engine.wait(engine.records)
    assert seen == [False]


def test_no_method_raises_whatever_it_is_given(engine: FakeEngine) -> None:
    def wrong(span: Any) -> None:
        for method in (
            *(span.set_attribute, span.set_attributes, span.add_event, span.add_link, span.record_exception),
            *(span.set_status, span.update_name, span.end),
        ):
            method()
            method(None)
            method(1, 2, 3, 4, 5, 6)
            method(nothing="known")
        span.add_link(trace.INVALID_SPAN_CONTEXT)
        span.set_status(2, "a number")

    inside(wrong)
    name, attributes, events, status, links = engine.request()["span"]
    assert (name, attributes, status, links) == (None, {}, None, [])
    assert {event[0] for event in events} == {"exception"}


@pytest.mark.parametrize(
    ("given", "nanos"),
    [
        (5, 5),
        (1.7e9, 1_700_000_000_000_000_000),
        (1.7e18, 1_700_000_000_000_000_000),
        (datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc), 1_700_000_000_000_000_000),
    ],
)
def test_the_time_of_an_event_is_understood(engine: FakeEngine, given: Any, nanos: int) -> None:
    inside(lambda span: span.add_event("event", timestamp=given))
    assert engine.request()["span"][2] == [("event", nanos, {})]


@pytest.mark.parametrize("given", [None, 0, -1, -1.5, 2**63, 2**200, 3.5, float("nan"), True, "now", object()])
def test_the_time_of_an_event_that_is_none_is_now(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, given: Any
) -> None:
    monkeypatch.setattr(_current_span, "time_ns", lambda: 77)
    inside(lambda span: span.add_event("event", timestamp=given))
    assert engine.request()["span"][2] == [("event", 77, {})]


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


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize("excluded", [(), ("receive", "send")])
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_no_class_has_a_value_for_a_field_that_every_request_has(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, excluded: tuple[str, ...], profile: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        span = trace.get_current_span()
        seen.append([name for name in vars(span) if hasattr(type(span), name)])

    recorded = OpenTelemetryMiddleware(app, exclude_spans=excluded, profile=profile)
    for scope in (http_scope(), websocket_scope()):
        run(recorded, scope)
    assert seen == [[], []]


def test_a_request_that_is_sampled_out_has_one_trace_id_that_no_sampler_would_keep(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    seen: list[Any] = []
    inside_once = OpenTelemetryMiddleware(_asking(seen))
    for _ in range(64):
        run(inside_once)
    assert {first == again for first, again in seen} == {True}
    ids = [first.trace_id for first, _ in seen]
    assert len(set(ids)) == 64
    assert min(trace_id >> 64 for trace_id in ids) > 0
    sampled = [bool(first.trace_flags) for first, _ in seen]
    assert [keeps(ratio_edges(0.5), trace_id) for trace_id in ids] == sampled
    assert set(sampled) == {True, False}


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")  # the engine's thread; 3.15 makes an error of it
def test_a_child_that_is_forked_in_a_request_that_is_sampled_out_goes_on_in_its_trace(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    def fork(span: Any) -> None:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.write(writer, b"%032x" % span.get_span_context().trace_id)
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reader, 32) == b"%032x" % span.get_span_context().trace_id
        os.close(reader)
        os.close(writer)

    inside(fork)


def _asking(seen: list[Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        span = trace.get_current_span()
        seen.append((span.get_span_context(), trace.get_current_span().get_span_context()))
        await hello(scope, receive, send)

    return app
