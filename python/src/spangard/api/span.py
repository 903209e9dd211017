# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A span that the application makes itself: one record when it ends, SPAN of docs/wire-protocol.md."""

from __future__ import annotations

from time import perf_counter as clock

from opentelemetry import trace as trace_api

from .. import _parents as parents
from .._buffer import NOT_ARMED
from .._facts import failure
from .._span_values import nanos
from .said import SaidSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Protocol

    from opentelemetry.context.context import Context

    from .._buffer import Recorder
    from .limits import SpanLimits

    class Origin(Protocol):
        """What is asked of a span's tracer, whose own module imports this one."""

        limits: SpanLimits
        recorder: Recorder
        scope: bytes


SPAN = 19
OPEN = 20
"""Kinds of its records."""
REMOTE = 0x100
"""Of a span's flags: its parent is another process's."""


class ApiSpan(SaidSpan):
    """Made by a `Tracer`, sampled. Of its context only what propagates it asks, so that is made when it is asked for.

    ``left_for`` is the context to go on with where this span's scope was left without being current: see `scope`.
    """

    __slots__ = (
        "_began", "_context", "_life", "_start", "_tracer", "entered", "flags", "left_for", "on_error", "parent_id",
        "span_id", "span_kind", "state", "trace",
    )  # fmt: skip

    def __init__(
        self,
        tracer: Origin,
        name: str,
        span_kind: int,
        place: tuple[bytes | int, int, int | None, int, bytes],
        start_time: Any,
    ) -> None:
        self._tracer = tracer
        self.limits = tracer.limits
        self.name = name
        self.span_kind = span_kind
        self.trace, self.span_id, self.parent_id, self.flags, self.state = place
        began = self._began = clock()
        self._start: float = began if start_time is None else nanos(start_time)
        recorder = tracer.recorder
        self._life = recorder.life
        self.attributes = {}
        self.recording = True
        self.on_error = 3
        self._room = self._events = self._links = self._status = self._dropped = None
        self._context: trace_api.SpanContext | None = None
        self.entered = False
        self.left_for: Context | None = None
        recorder.running[self.span_id] = self
        if recorder.due == NOT_ARMED:
            recorder.arm_slowly(began)

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
        recorder = self._tracer.recorder
        if self._life is not recorder.life:  # forked since: it is the parent's to tell
            return
        recorder.running.pop(self.span_id, None)
        if recorder.announced_spans:
            recorder.announced_spans.pop(self.span_id, None)
        recorder.span_ended(self._record(SPAN, now if end_time is None else nanos(end_time)), now)

    def _record(self, kind: int, end: float | None) -> tuple[Any, ...]:
        return (
            kind, self._start, end, self.trace, self.span_id, self.parent_id, self.flags, self.state, self.name,
            self.span_kind, self.attributes, self._events, self._links, self._status, self._dropped, self._tracer.scope,
        )  # fmt: skip

    # While it goes on

    def age(self, now: float) -> float:
        """Seconds since it was started, whatever start the application gave it."""
        return now - self._began

    def announcement(self) -> tuple[Any, ...]:
        """The OPEN record: what it holds by now."""
        record = list(self._record(OPEN, None))
        record[10:13] = [value and value.copy() for value in record[10:13]]
        return tuple(record)
