# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A span that the application makes itself: what it says of it is kept, bounded, and one record when it ends.

No method raises, whatever it is given, and none runs code of what it is given (`_values`). Used on the application's
threads, like any span: what two of them set at once is one or the other. The record is SPAN of docs/wire-protocol.md.
"""

from __future__ import annotations

from time import perf_counter as clock

from opentelemetry import trace as trace_api

from .. import _parents as parents
from .._facts import failure
from .._span_values import link_of, nanos, status_code
from .._values import members, truth
from .limits import MAX_TEXT_OF_A_SPAN
from .values import INT_64, LEFT_OUT, Room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Protocol

    from opentelemetry.context.context import Context

    from .._buffer import Recorder
    from .._facts import Failure
    from .limits import SpanLimits

    class Origin(Protocol):
        """What is asked of a span's tracer, whose own module imports this one."""

        limits: SpanLimits
        recorder: Recorder
        scope: bytes


SPAN = 19
"""The record's kind."""
REMOTE = 0x100
"""Of a span's flags: its parent is another process's."""


class ApiSpan(trace_api.Span):
    """Made by a `Tracer`, sampled. Surplus arguments are ignored as wrong ones are."""

    __slots__ = (
        "_context", "_dropped", "_events", "_links", "_room", "_start", "_status", "_tracer", "attributes", "flags",
        "left_for", "name", "on_error", "parent_id", "recording", "span_id", "span_kind", "state", "trace",
    )  # fmt: skip

    def __init__(
        self,
        tracer: Origin,
        name: str,
        span_kind: int,
        place: tuple[bytes | int, int, int | None, int, bytes],
        start: float,
        attributes: dict[str, Any],
    ) -> None:
        self._tracer = tracer
        self.name = name
        self.span_kind = span_kind
        self.trace, self.span_id, self.parent_id, self.flags, self.state = place
        self._start = start
        self.attributes = attributes
        self.recording = True
        self.on_error = 3
        self._room: Room | None = None
        self._events: list[Any] | None = None
        self._links: list[Any] | None = None
        self._status: tuple[int, str | None] | None = None
        self._dropped: list[int] | None = None
        self._context: trace_api.SpanContext | None = None
        self.left_for: Context | None = None

    # What is told of it to others

    def get_span_context(self) -> trace_api.SpanContext:
        context = self._context
        if context is None:
            trace, flags = self.trace, self.flags
            if type(trace) is bytes:
                trace_id = int(trace[3:35], 16)
                flags |= int(trace[53:55], 16)
            else:
                trace_id = trace  # type: ignore[assignment]
            state = parents.trace_state(self.state) if self.state else None
            told = trace_api.TraceFlags((flags & 0xFF) | 1)
            context = self._context = trace_api.SpanContext(trace_id, self.span_id, False, told, state)
        return context

    def is_recording(self) -> bool:
        return self.recording

    # What the application says

    def set_attribute(self, key: Any = None, value: Any = None, *_: Any, **__: Any) -> None:
        kind = type(value)
        limits = self._tracer.limits
        attributes = self.attributes
        if (
            type(key) is str
            and 0 < len(key) <= limits.short
            and (
                (kind is str and len(value) <= limits.short)
                or (kind is int and -INT_64 <= value < INT_64)
                or kind is bool
                or kind is float
            )
            and (len(attributes) < limits.attributes or key in attributes)
            and self.recording
        ):
            attributes[key] = value
        elif self.recording:
            self._put(key, value)

    def set_attributes(self, attributes: Any = None, *_: Any, **__: Any) -> None:
        for key, value in members(attributes):
            self.set_attribute(key, value)

    def _put(self, key: Any, value: Any) -> None:
        """What is not plain and short, or one attribute too many: the oldest gives way, as in the SDK."""
        room = self.room()
        name = room.text(key)
        told = LEFT_OUT if not name else room.value(value)
        attributes = self.attributes
        if name and told is not LEFT_OUT and self._tracer.limits.attributes:
            attributes.pop(name, None)
            if len(attributes) >= self._tracer.limits.attributes:
                del attributes[next(iter(attributes))]
                self.drop(0)
            attributes[name] = told
        else:
            self.drop(0)

    def room(self) -> Room:
        if self._room is None:
            self._room = Room(MAX_TEXT_OF_A_SPAN, self._tracer.limits.value)
        return self._room

    def drop(self, which: int, count: int = 1) -> None:
        """Counts what finds no place: 0 attributes, 1 events, 2 links."""
        if self._dropped is None:
            self._dropped = [0, 0, 0]
        self._dropped[which] += count

    def add_event(self, name: Any = None, attributes: Any = None, timestamp: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            self._event(name, attributes, clock() if timestamp is None else nanos(timestamp))

    def _event(self, name: Any, attributes: Any, time: float) -> None:
        room = self.room()
        limits = self._tracer.limits
        told, dropped = room.attributes(attributes, limits.event_attributes)
        events = self._events
        if events is None:
            events = self._events = []
        events.append((room.text(name) or "", time, told, dropped))
        if len(events) > limits.events:
            del events[0]
            self.drop(1)

    def record_exception(
        self,
        exception: Any = None,
        attributes: Any = None,
        timestamp: Any = None,
        escaped: Any = False,
        *_: Any,
        **__: Any,
    ) -> None:
        if self.recording:
            time = clock() if timestamp is None else nanos(timestamp)  # before the stack trace is written
            self._exception(failure(exception), members(attributes), time, str(truth(escaped)))

    def _exception(self, said: Failure, more: list[tuple[str, Any]], time: float, escaped: str) -> None:
        """The four attributes are ours, bounded already; they do not take from what the application has."""
        kind, message, stacktrace, _ = said
        told, dropped = self.room().attributes(dict(more), self._tracer.limits.event_attributes)
        facts = {
            "exception.type": kind,
            "exception.message": message,
            "exception.stacktrace": stacktrace,
            "exception.escaped": escaped,
        }
        self._event("exception", None, time)
        if self._events:
            self._events[-1] = ("exception", time, {**facts, **told}, dropped)

    def add_link(self, context: Any = None, attributes: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            link = link_of(context)
            links = self._links
            if links is None:
                links = self._links = []
            if link is not None:
                limits = self._tracer.limits
                links.append((*link, *self.room().attributes(attributes, limits.link_attributes)))
                if len(links) > limits.links:
                    del links[0]
                    self.drop(2)

    def set_status(self, status: Any = None, description: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            value, description = status_code(status, description)
            # https://opentelemetry.io/docs/specs/otel/trace/api/#set-status: UNSET is ignored, OK is final
            if value and (self._status is None or self._status[0] != 1):
                self._status = (value, self.room().text(description) or None if value == 2 else None)

    def update_name(self, name: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            told = self.room().text(name)
            if told is not None:
                self.name = told

    # How it ends

    def failed(self, error: BaseException, *, escaped: bool) -> None:
        """What was raised inside of it, as far as ``start_span`` was told to say so."""
        if self.recording and self.on_error:
            time = clock()
            said = failure(error)
            if self.on_error & 1:
                self._exception(said, [], time, str(escaped))
            if self.on_error & 2:
                name = said[0].rpartition(".")[2]
                self.set_status(trace_api.StatusCode.ERROR, f"{name}: {said[1]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.failed(error, escaped=True)
        self.end()

    def end(self, end_time: Any = None, *_: Any, **__: Any) -> None:
        if not self.recording:
            return
        now = clock()
        self.recording = False
        tracer = self._tracer
        tracer.recorder.span_ended((
            SPAN, self._start, now if end_time is None else nanos(end_time), self.trace, self.span_id, self.parent_id,
            self.flags, self.state, self.name, self.span_kind, self.attributes, self._events, self._links, self._status,
            self._dropped, tracer.scope,
        ), now)  # fmt: skip
