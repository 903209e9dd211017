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
from .extras import Extras
from .values import INT_64, LEFT_OUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .._buffer import Recorder
    from .._facts import Failure
    from .limits import SpanLimits
    from .processors import Processors

    class Origin(Protocol):
        """What is asked of a span's tracer, whose own module imports this one."""

        limits: SpanLimits
        processors: Processors
        recorder: Recorder
        scope: bytes


class SaidSpan(trace_api.Span):
    """What the API has for the application to say."""

    __slots__ = ("_attributes", "_name", "_tracer", "extras", "recording")

    extras: Extras | None
    recording: bool  # until it ends
    # Names that no field of the SDK's spans has: those are views, in `read`.
    _attributes: dict[str, Any]
    _name: str
    _tracer: Origin

    def more(self) -> Extras:
        extras = self.extras
        if extras is None:
            extras = self.extras = Extras(self._tracer.limits.value)
        return extras

    def is_recording(self) -> bool:
        return self.recording

    def given(self, attributes: Any) -> None:
        """At the start: all at once where all are plain and short; else one by one."""
        limits = self._tracer.limits
        short = limits.short
        if type(attributes) is dict and len(attributes) <= limits.attributes:
            for key, value in attributes.items():
                kind = type(value)
                if not (
                    type(key) is str
                    and 0 < len(key) <= short
                    and (
                        (kind is str and len(value) <= short)
                        or (kind is int and -INT_64 <= value < INT_64)
                        or kind is bool
                        or kind is float
                    )
                ):
                    break
            else:
                self._attributes = attributes.copy()
                return
        self.set_attributes(attributes)

    def set_attribute(self, key: Any = None, value: Any = None) -> None:
        kind = type(value)
        limits = self._tracer.limits
        attributes = self._attributes
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

    def set_attributes(self, attributes: Any = None) -> None:
        for key, value in members(attributes):
            self.set_attribute(key, value)

    def _put(self, key: Any, value: Any) -> None:
        """What is not plain and short, or one attribute too many: the oldest gives way, as in the SDK."""
        extras = self.more()
        most = self._tracer.limits.attributes
        name = extras.room.text(key)
        told = LEFT_OUT if not name else extras.room.value(value)
        attributes = self._attributes
        if name and told is not LEFT_OUT and most:
            attributes.pop(name, None)
            if len(attributes) >= most:
                del attributes[next(iter(attributes))]
                extras.drop(0)
            attributes[name] = told
        else:
            extras.drop(0)

    def add_event(self, name: Any = None, attributes: Any = None, timestamp: Any = None) -> None:
        if self.recording:
            room = self.more().room
            time = clock() if timestamp is None else nanos(timestamp)
            told, dropped = room.attributes(attributes, self._tracer.limits.event_attributes)
            self._event((room.text(name) or "", time, told, dropped))

    def _event(self, event: tuple[Any, ...]) -> None:
        extras = self.more()
        if extras.events is None:
            extras.events = []
        extras.events.append(event)
        if len(extras.events) > self._tracer.limits.events:
            del extras.events[0]
            extras.drop(1)

    def record_exception(
        self,
        exception: Any = None,
        attributes: Any = None,
        timestamp: Any = None,
        escaped: Any = False,
    ) -> None:
        if self.recording:
            time = clock() if timestamp is None else nanos(timestamp)  # before the stack trace is written
            self._exception(failure(exception), members(attributes), time, str(truth(escaped)))

    def _exception(self, said: Failure, more: list[tuple[str, Any]], time: float, escaped: str) -> None:
        """Four attributes are ours and bounded already; they do not take from what the application has."""
        kind, message, stacktrace, _ = said
        told, dropped = self.more().room.attributes(dict(more), self._tracer.limits.event_attributes)
        facts = {
            "exception.type": kind,
            "exception.message": message,
            "exception.stacktrace": stacktrace,
            "exception.escaped": escaped,
            **told,
        }
        self._event(("exception", time, facts, dropped))

    def add_link(self, context: Any = None, attributes: Any = None) -> None:
        link = link_of(context) if self.recording else None
        if link is not None:
            extras = self.more()
            limits = self._tracer.limits
            if extras.links is None:
                extras.links = []
            extras.links.append((*link, *extras.room.attributes(attributes, limits.link_attributes)))
            if len(extras.links) > limits.links:
                del extras.links[0]
                extras.drop(2)

    def set_status(self, status: Any = None, description: Any = None) -> None:
        if self.recording:
            value, description = status_code(status, description)
            # https://opentelemetry.io/docs/specs/otel/trace/api/#set-status: UNSET is ignored, OK is final
            extras = self.more()
            if value and (extras.status is None or extras.status[0] != 1):
                extras.status = (value, extras.room.text(description) or None if value == 2 else None)

    def update_name(self, name: Any = None) -> None:
        if self.recording:
            told = self.more().room.text(name)
            if told is not None:
                self._name = told
