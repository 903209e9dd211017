# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Spans that the application makes itself: their place, and what was said of them."""

from __future__ import annotations

import contextvars
import datetime
import marshal
import threading
from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import context, trace
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from api_spans import noted, told, tracer
from asgi import TRACEPARENT, http_scope, run
from spangard import OpenTelemetryMiddleware
from spangard.trace import TracerProvider

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder


@pytest.fixture(autouse=True)
def _nobody_reads(recorder: Recorder) -> None:
    recorder.next_flush_at = perf_counter() + 1000


def test_a_span_is_one_record(recorder: Recorder) -> None:
    before = perf_counter()
    with tracer().start_as_current_span("work") as span:
        pass
    context = span.get_span_context()
    [(name, record)] = noted(recorder).items()
    assert name == "work"
    assert before <= record["start"] <= record["end"] <= perf_counter()
    assert (record["trace"], record["span_id"]) == (context.trace_id, context.span_id)
    assert (record["parent"], record["flags"], record["tracestate"]) == (None, 0, b"")
    assert (record["attributes"], record["events"], record["links"], record["status"]) == ({}, None, None, None)
    assert marshal.loads(record["scope"]) == ("shop", None, None, None)
    assert (context.trace_flags, context.is_remote, context.is_valid) == (1, False, True)


def test_a_child_has_the_trace_and_the_parent_of_what_is_current(recorder: Recorder) -> None:
    ours = tracer()
    with ours.start_as_current_span("outer") as outer:
        with ours.start_as_current_span("middle") as middle:
            ours.start_span("inner").end()
        assert trace.get_current_span() is outer
    assert not trace.get_current_span().get_span_context().is_valid
    spans = noted(recorder)
    assert {span["trace"] for span in spans.values()} == {outer.get_span_context().trace_id}
    assert spans["middle"]["parent"] == outer.get_span_context().span_id
    assert spans["inner"]["parent"] == middle.get_span_context().span_id


@pytest.mark.parametrize("headers", [[], [(b"traceparent", TRACEPARENT), (b"tracestate", b"a=b")]])
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_below_a_request_is_its_span(engine: FakeEngine, recorder: Recorder, headers: Any, profile: str) -> None:
    contexts: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with tracer().start_as_current_span("child") as child:
            contexts.append((trace.get_current_span(), child.get_span_context()))
        contexts.append((None, trace.get_current_span().get_span_context()))

    run(OpenTelemetryMiddleware(app, profile=profile), http_scope(headers=headers))
    child = told(engine, 1)["child"]
    (current, own), (_, request) = contexts
    assert current.get_span_context() is own
    assert (own.trace_id, child["parent"]) == (request.trace_id, request.span_id)
    assert own.trace_state.to_header() == child["tracestate"].decode() == ("a=b" if headers else "")
    in_trace = child["trace"]
    trace_id = int(in_trace[3:35], 16) if isinstance(in_trace, bytes) else in_trace
    assert (trace_id, child["span_id"]) == (own.trace_id, own.span_id)
    assert engine.batches[-1][4] == (1, 0)


def test_below_another_process_s_span_is_a_remote_parent(recorder: Recorder) -> None:
    state = TraceState([("vendor", "1")])
    remote = NonRecordingSpan(SpanContext(5, 7, True, TraceFlags(3), state))
    given = trace.set_span_in_context(remote, context.Context())
    span = tracer().start_span("consume", given, SpanKind.CONSUMER)
    span.end()
    assert span.get_span_context().trace_flags == 3
    assert span.get_span_context().trace_state["vendor"] == "1"
    record = noted(recorder)["consume"]
    assert (record["trace"], record["parent"], record["flags"], record["span_kind"]) == (5, 7, 2, 4)
    assert (record["tracestate"], record["is_remote"]) == (b"vendor=1", True)


@pytest.mark.parametrize(
    ("sampler", "root", "below_sampled", "below_unsampled"),
    [
        ("parentbased_always_on", True, True, False),
        ("parentbased_always_off", False, True, False),
        ("always_on", True, True, True),
        ("always_off", False, False, False),
        ("traceidratio", True, True, True),
        ("parentbased_traceidratio", True, True, False),
    ],
)
def test_the_sampler_decides_of_roots_and_children(
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    sampler: str,
    root: bool,
    below_sampled: bool,
    below_unsampled: bool,
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    ours = tracer()

    def below(flags: int) -> context.Context:
        return trace.set_span_in_context(
            NonRecordingSpan(SpanContext(5, 7, True, TraceFlags(flags))), context.Context()
        )

    for given, is_kept in ((context.Context(), root), (below(1), below_sampled), (below(0), below_unsampled)):
        with ours.start_as_current_span("span", given) as span:
            assert span.is_recording() == is_kept
            assert span.get_span_context().trace_flags.sampled == is_kept
            assert span.get_span_context().is_valid
            with ours.start_as_current_span("inner") as inner:
                assert inner.get_span_context().trace_id == span.get_span_context().trace_id
        assert len(noted(recorder)) == 2 * is_kept


def test_a_ratio_of_none_keeps_no_root(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    assert not tracer().start_span("span").is_recording()
    assert not recorder.records


def test_times_are_the_applications_where_it_gives_any(recorder: Recorder) -> None:
    start = time_ns() - 10**9
    span = tracer().start_span("work", start_time=start)
    span.add_event("dated", timestamp=start + 1)
    span.add_event("now")
    span.end(start + 2)
    record = noted(recorder)["work"]
    assert (record["start"], record["end"]) == (start, start + 2)
    (_, dated, _, _), (_, now, _, _) = record["events"]
    assert dated == start + 1
    assert type(now) is float


def test_what_is_said_is_told(recorder: Recorder) -> None:
    link = Link(SpanContext(5, 7, True, TraceFlags(1), TraceState([("a", "b")])), {"why": "batch"})
    span = tracer().start_span("first", kind=SpanKind.PRODUCER, attributes={"given": True}, links=[link])
    span.set_attribute("text", "t")
    span.set_attributes({"int": 1, "float": 0.5, "list": ["a", "b"], "bool": False})
    span.set_attribute("given", None)
    span.add_event("packed", {"boxes": 2})
    span.add_link(SpanContext(6, 8, False))
    span.set_status(Status(StatusCode.ERROR, "no stock"))
    span.update_name("second")
    assert span.is_recording()
    span.end()
    assert not span.is_recording()
    record = noted(recorder)["second"]
    assert record["attributes"] == {
        "given": None, "text": "t", "int": 1, "float": 0.5, "list": ["a", "b"], "bool": False
    }  # fmt: skip
    [(name, _, attributes, dropped)] = record["events"]
    assert (name, attributes, dropped) == ("packed", {"boxes": 2}, 0)
    assert record["links"] == [(5, 7, 0x101, b"a=b", {"why": "batch"}, 0), (6, 8, 0, b"", {}, 0)]
    assert (record["span_kind"], record["status"], record["dropped"]) == (3, (2, "no stock"), None)


def test_nothing_is_said_after_the_end(recorder: Recorder) -> None:
    span = tracer().start_span("work")
    span.end()
    span.set_attribute("late", 1)
    span.set_attributes({"late": 1})
    span.add_event("late")
    span.add_link(SpanContext(6, 8, False))
    span.set_status(StatusCode.OK)
    span.update_name("late")
    span.record_exception(ValueError("late"))
    span.end()
    [record] = noted(recorder).values()
    assert (record["name"], record["attributes"], record["events"], record["status"]) == ("work", {}, None, None)


def test_spans_of_threads_and_executors_have_the_parent_of_their_context(recorder: Recorder) -> None:
    ours = tracer()

    def work(name: str) -> None:
        with ours.start_as_current_span(name):
            pass

    with ours.start_as_current_span("outer") as outer:
        copied = contextvars.copy_context()
    threads = [
        threading.Thread(target=copied.run, args=(work, "in a copy")),
        threading.Thread(target=contextvars.Context().run, args=(work, "on its own")),
    ]
    for thread in threads:
        thread.start()
        thread.join()
    spans = noted(recorder)
    assert spans["in a copy"]["parent"] == outer.get_span_context().span_id
    assert spans["in a copy"]["start"] > spans["outer"]["end"], "a child may outlive its parent"
    assert spans["on its own"]["parent"] is None


def test_what_one_thread_says_of_many_spans_is_all_told(engine: FakeEngine, recorder: Recorder) -> None:
    ours = tracer()

    def work(number: int) -> None:
        for i in range(500):
            ours.start_span(f"{number} {i}").end()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    engine.wait(lambda: engine.goodbyes)
    told = sum(record[0] == 19 for record in engine.records())
    assert engine.goodbyes[0][3] == (2000, 2000 - told)
    assert not recorder.others


def test_a_tracer_is_told_by_its_scope(recorder: Recorder) -> None:
    provider = TracerProvider()
    ours = provider.get_tracer("shop", "1.2", "https://example.org/schema", {"team": "a", "odd": object()})
    assert provider.get_tracer("shop", "1.2", "https://example.org/schema", {"team": "a"}) is ours
    assert provider.get_tracer("shop", "1.3") is not ours
    ours.start_span("work").end()
    assert marshal.loads(noted(recorder)["work"]["scope"]) == (
        "shop", "1.2", "https://example.org/schema", {"team": "a"}
    )  # fmt: skip


@pytest.mark.parametrize("name", [None, "", 7, b"bytes", object()])
def test_a_tracer_without_a_name_is_one_too(recorder: Recorder, name: Any) -> None:
    TracerProvider().get_tracer(name, 7, 8, 9).start_span("work").end()
    assert noted(recorder)


def test_a_disabled_sdk_makes_no_spans(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with tracer().start_as_current_span("work") as span:
        assert not span.is_recording()
    assert not recorder.records


@pytest.mark.parametrize(
    "given", [datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc), 1.7e9, -1, "now", 1 << 80, object()]
)
def test_odd_times_are_understood_or_now(recorder: Recorder, given: Any) -> None:
    span = tracer().start_span("work", start_time=given)
    span.add_event("event", timestamp=given)
    span.end(given)
    record = noted(recorder)["work"]
    assert 10**18 < record["start"] < 1 << 63
    assert 10**18 < record["end"] < 1 << 63
