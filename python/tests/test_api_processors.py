# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Spans of the application's own as they can be read, and as span processors see them."""

from __future__ import annotations

from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from api_spans import noted
from spangard.trace import TracerProvider

if TYPE_CHECKING:
    from spangard._buffer import Recorder


@pytest.fixture(autouse=True)
def _nobody_reads(recorder: Recorder) -> None:
    recorder.next_flush_at = perf_counter() + 1000


class Seen:
    """A span processor that notes what it sees, and says of each span that it was there."""

    def __init__(self, error: type[BaseException] | None = None) -> None:
        self.calls: list[Any] = []
        self.error = error

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        span.set_attribute("seen", True)
        self._note("start", span.name, span.is_recording(), parent_context)

    def on_end(self, span: Any) -> None:
        self._note("end", span.name, dict(span.attributes), span.start_time <= span.end_time)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        self._note("flush", timeout_millis)
        return True

    def shutdown(self) -> None:
        self._note("shutdown")


def test_processors_see_each_recorded_span_begin_and_end(recorder: Recorder) -> None:
    provider = TracerProvider()
    ours = provider.get_tracer("shop")
    with ours.start_as_current_span("before"):
        seen = Seen()
        provider.add_span_processor(seen)
    given = context.Context()
    with ours.start_as_current_span("work", given, attributes={"a": 1}):
        pass
    unsampled = trace.set_span_in_context(NonRecordingSpan(SpanContext(1, 2, True, TraceFlags(0))), given)
    ours.start_span("unsampled", unsampled).end()
    assert seen.calls[1:] == [("start", "work", True, given), ("end", "work", {"a": 1, "seen": True}, True)]
    assert seen.calls[0][:2] == ("end", "before")
    assert noted(recorder)["work"]["attributes"] == {"a": 1, "seen": True}
    assert provider.force_flush(10)
    provider.shutdown()
    assert seen.calls[-2:] == [("flush", 10), ("shutdown",)]


def test_what_a_processor_raises_is_said_once_and_nobody_elses(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    provider = TracerProvider()
    failing, seen = Seen(RuntimeError), Seen()
    provider.add_span_processor(failing)
    provider.add_span_processor(seen)
    for _ in range(2):
        with provider.get_tracer("shop").start_as_current_span("work") as span:
            assert span.is_recording()
    assert not provider.force_flush(0)
    provider.shutdown()
    assert [call[0] for call in seen.calls] == ["start", "end", "start", "end", "flush", "shutdown"]
    said = "spangard: the span processor test_api_processors.Seen raises RuntimeError"
    assert [record.getMessage() for record in caplog.records] == [said]


def test_a_span_can_be_read_as_those_of_the_sdk() -> None:
    state = TraceState([("vendor", "1")])
    remote = SpanContext(5, 7, True, TraceFlags(3), state)
    given = trace.set_span_in_context(NonRecordingSpan(remote), context.Context())
    before = time_ns()
    span: Any = TracerProvider().get_tracer("shop", "1").start_span("work", given, SpanKind.CLIENT, {"a": [1, 2]})
    span.add_event("packed", {"boxes": 2}, timestamp=5)
    span.add_event("now")
    span.add_link(remote, {"why": "batch"})
    span.set_status(StatusCode.ERROR, "no")
    after = time_ns()
    assert (span.name, span.kind, dict(span.attributes)) == ("work", SpanKind.CLIENT, {"a": (1, 2)})
    assert span.parent == remote
    assert span.context is span.get_span_context()
    packed, now = span.events
    assert (packed.name, packed.attributes, packed.timestamp) == ("packed", {"boxes": 2}, 5)
    assert before - 10**7 <= span.start_time <= now.timestamp <= after + 10**7
    assert (span.links[0].context, dict(span.links[0].attributes)) == (remote, {"why": "batch"})
    assert span.status.status_code is StatusCode.ERROR
    assert isinstance(span.status, Status)
    assert span.end_time is None
    with pytest.raises(TypeError):
        span.attributes["b"] = 1


def test_a_root_has_no_parent_and_its_own_times() -> None:
    span: Any = TracerProvider().get_tracer("shop").start_span("work", context.Context(), start_time=7)
    assert (span.parent, span.start_time, span.events, span.links) == (None, 7, (), ())
    assert span.status.is_unset
