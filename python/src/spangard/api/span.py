# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A span that the application makes itself: one record when it ends, SPAN of docs/wire-protocol.md."""

from __future__ import annotations

from time import perf_counter as clock

from opentelemetry import trace as trace_api

from .._buffer import NOT_ARMED
from .._facts import failure
from .._span_values import nanos
from .extras import RECORDS, SETS
from .read import ReadSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from .extras import Extras
    from .read import Trace
    from .said import Origin

SPAN = 19
OPEN = 20
"""Kinds of its records."""


class ApiSpan(ReadSpan):
    """Made by a `Tracer`, sampled. Its context, which only those ask for who propagate it, is made when they do."""

    __slots__ = ()

    def __init__(
        self, tracer: Origin, name: str, span_kind: int, trace: Trace, span_id: int, parent_id: int | None
    ) -> None:
        self._tracer = tracer
        self._name = name
        self._span_kind = span_kind
        self.trace = trace
        self.span_id = span_id
        self.parent_id = parent_id
        self._attributes = {}
        self.recording = True
        self.extras = None
        recorder = tracer.recorder
        recorder.running[span_id] = self
        began = self._began = clock()
        if recorder.due == NOT_ARMED:
            recorder.arm_slowly(began)

    def failed(self, error: BaseException, *, escaped: bool) -> None:
        """What was raised inside of it, as far as ``start_span`` was told to say so."""
        on_error = self.more().on_error if self.recording else 0
        if on_error:
            time = clock()  # before the stack trace is written
            said = failure(error)
            if on_error & RECORDS:
                self._exception(said, [], time, str(escaped))
            if on_error & SETS:
                name = said[0].rpartition(".")[2]
                self.set_status(trace_api.StatusCode.ERROR, f"{name}: {said[1]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.failed(error, escaped=True)
        self.end()

    def end(self, end_time: Any = None) -> None:
        if not self.recording:
            return
        now = clock()
        self.recording = False
        recorder = self._tracer.recorder
        if self._began < recorder.began:  # forked since: it is the parent's to tell
            return
        recorder.running.pop(self.span_id, None)
        if recorder.announced_spans:
            recorder.announced_spans.pop(self.span_id, None)
        end = now if end_time is None else nanos(end_time)
        recorder.span_ended(self._record(SPAN, end, self._attributes), now)
        if self._tracer.processors.each:
            self.more().end = end
            self._tracer.processors.ended(self)

    def _record(self, kind: int, end: float | None, attributes: dict[str, Any]) -> tuple[Any, ...]:
        start: float = self._began
        extras = self.extras
        more = None
        if extras is not None:
            more = _told(extras)
            if extras.start is not None:
                start = extras.start
        return (
            kind, start, end, self.trace, self.span_id, self.parent_id, self._name, self._span_kind, attributes, more,
            self._tracer.scope,
        )  # fmt: skip

    def age(self, now: float) -> float:
        """Seconds since it was started, whatever start the application gave it."""
        return now - self._began

    def announcement(self) -> tuple[Any, ...]:
        """The OPEN record: what is said of it by now."""
        return self._record(OPEN, None, self._attributes.copy())


def _told(extras: Extras) -> tuple[Any, ...]:
    """The field ``extras`` of a record; copies, since more may be said while the record waits."""
    events, links, dropped = [value and value.copy() for value in (extras.events, extras.links, extras.dropped)]
    return (events, links, extras.status, dropped, extras.is_remote)
