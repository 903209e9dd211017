# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the application says of a span of its own: kept, bounded by the limits of its provider; the oldest gives way, as
in the SDK.

No method raises, whatever it is given, and none runs code of what it is given (`_values`). Used on the application's
threads, like any span: of what two of them set at once it is one or the other.
"""

from __future__ import annotations

from time import perf_counter as clock

from opentelemetry import trace as trace_api

from .._facts import failure
from .._span_values import link_of, nanos, status_code
from .._values import members, truth
from .limits import MAX_TEXT_OF_A_SPAN
from .values import INT_64, LEFT_OUT, Room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._facts import Failure
    from .limits import SpanLimits


class SaidSpan(trace_api.Span):
    """Surplus arguments are ignored as wrong ones are."""

    __slots__ = ("_dropped", "_events", "_links", "_room", "_status", "attributes", "limits", "name", "recording")

    attributes: dict[str, Any]
    limits: SpanLimits
    name: str
    recording: bool  # until it ends
    _dropped: list[int] | None
    _events: list[Any] | None
    _links: list[Any] | None
    _room: Room | None
    _status: tuple[int, str | None] | None

    def is_recording(self) -> bool:
        return self.recording

    def set_attribute(self, key: Any = None, value: Any = None, *_: Any, **__: Any) -> None:
        kind = type(value)
        limits = self.limits
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
        if name and told is not LEFT_OUT and self.limits.attributes:
            attributes.pop(name, None)
            if len(attributes) >= self.limits.attributes:
                del attributes[next(iter(attributes))]
                self.drop(0)
            attributes[name] = told
        else:
            self.drop(0)

    def room(self) -> Room:
        if self._room is None:
            self._room = Room(MAX_TEXT_OF_A_SPAN, self.limits.value)
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
        limits = self.limits
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
        told, dropped = self.room().attributes(dict(more), self.limits.event_attributes)
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
                limits = self.limits
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
