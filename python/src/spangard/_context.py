# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The current span inside the application, for those who ask OpenTelemetry's API for it.

Imported only when ``opentelemetry-api`` is installed. What the application sets on the span is kept here, bounded, and
travels in the request's record; the span itself is made in the engine.
"""

from __future__ import annotations

from time import time_ns

from opentelemetry import context as _api
from opentelemetry import trace as trace_api
from opentelemetry.context.context import Context

from . import _parents as parents
from ._facts import failure
from ._messages import Detailed
from ._sums import Counted, Summed
from ._tracecontext import tracestate
from ._websocket import SummedWebSocket, UnheardWebSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from opentelemetry.util import types

MAX_ATTRIBUTES = 128
MAX_EVENTS = 128
MAX_LINKS = 128
MAX_VALUE = 4096
MAX_ITEMS = 128
"""Of a list in an attribute's value."""
MAX_BITS = 4096
"""Of a whole number; Python refuses to write much larger ones."""
MAX_TEXT_OF_A_SPAN = 65536
"""Characters of names and values that the application can put on one span; what comes after is left out."""

SPAN_KEY = parents.SPAN_KEY
REQUEST_KEY = parents.REQUEST_KEY

_INT64 = range(-(1 << 63), 1 << 63)


class CurrentSpan(trace_api.Span):
    """The request's span as the application sees it. Used on the application's threads, like any span."""

    trace: bytes | int
    span_id: int
    state = b""  # tracestate
    carrier: Any = None  # the headers that tracestate is still to be taken from, if anybody asks
    over = False  # a child's span that has ended, in the `upstream` profile
    sampled = True
    recording = True  # until the request is over
    touched = False
    name: str | None = None
    attributes: dict[str, Any] | None = None
    events: list[Any] | None = None
    links: list[Any] | None = None
    status: tuple[int, str | None] | None = None
    _room = MAX_TEXT_OF_A_SPAN
    _context: trace_api.SpanContext | None = None

    @property
    def spangard_request(self) -> Any:
        """The request that this span belongs to. Its name tells it from what other spans have."""
        return self

    def get_span_context(self) -> trace_api.SpanContext:
        context = self._context
        if context is None:
            given = self.trace
            if isinstance(given, bytes):
                trace_id = int(given[3:35], 16)
                flags = (int(given[53:55], 16) & 0xFE) | self.sampled
            else:
                trace_id = given
                flags = int(self.sampled)
            if not self.state and self.carrier is not None:
                self.state = tracestate(self.carrier)
            state = parents.trace_state(self.state) if self.state else None
            context = trace_api.SpanContext(trace_id, self.span_id, False, trace_api.TraceFlags(flags), state)
            self._context = context
        return context

    def is_recording(self) -> bool:
        return self.recording

    def end(self, end_time: int | None = None) -> None:
        """Ignored: the request ends the span."""

    def set_attributes(self, attributes: Mapping[str, types.AttributeValue]) -> None:
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def set_attribute(self, key: str, value: types.AttributeValue) -> None:
        if self.recording:
            if self.attributes is None:
                self.attributes = {}
            self._put(self.attributes, key, value)
            self.touched = True

    def add_event(self, name: str, attributes: types.Attributes = None, timestamp: int | None = None) -> None:
        if self.recording:
            if self.events is None:
                self.events = []
            if len(self.events) < MAX_EVENTS:
                self.events.append((self._text(name), timestamp or time_ns(), self._all(attributes)))
            self.touched = True

    def record_exception(
        self,
        exception: BaseException,
        attributes: types.Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        name, message, stacktrace, _ = failure(exception)
        facts: dict[str, Any] = {"exception.type": name, "exception.message": message}
        facts["exception.stacktrace"] = stacktrace
        facts.update(attributes or {})
        self.add_event("exception", facts, timestamp)

    def add_link(self, context: trace_api.SpanContext, attributes: types.Attributes = None) -> None:
        if self.recording:
            if self.links is None:
                self.links = []
            if len(self.links) < MAX_LINKS:
                facts = self._all(attributes)
                self.links.append((context.trace_id, context.span_id, int(context.trace_flags), facts))
            self.touched = True

    def set_status(self, status: Any, description: str | None = None) -> None:
        if not self.recording:
            return
        if isinstance(status, trace_api.Status):
            code, description = status.status_code, status.description
        else:
            code = status
        value = int(getattr(code, "value", 0))
        # https://opentelemetry.io/docs/specs/otel/trace/api/#set-status: UNSET is ignored, OK is final
        if value and (self.status is None or self.status[0] != 1):
            self.status = (value, self._text(description) if description and value == 2 else None)
            self.touched = True

    def update_name(self, name: str) -> None:
        if self.recording:
            self.name = self._text(name)
            self.touched = True

    def taken(self) -> tuple[Any, ...] | None:
        """What the application did with this span: the record's ``span`` field."""
        if not (self.name or self.attributes or self.events or self.status or self.links):
            return None
        return (self.name, self.attributes or {}, self.events or [], self.status, self.links or [])

    def _all(self, attributes: types.Attributes) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in (attributes or {}).items():
            self._put(kept, key, value)
        return kept

    def _put(self, attributes: dict[str, Any], key: str, value: Any) -> None:
        if type(key) is not str or not key:
            return
        key = key[:MAX_VALUE]
        room = self._room
        if key in attributes:
            self._room += _size(attributes[key])
        elif len(attributes) < MAX_ATTRIBUTES and len(key) <= room:
            self._room -= len(key)
        else:
            return
        kept = self._value(value)
        if kept is None:
            self._room = room
        else:
            attributes[key] = kept

    def _value(self, value: Any) -> Any:
        """As in the SDK: a scalar, or a list of scalars of one type; any other value is left out."""
        if not isinstance(value, (list, tuple)):
            return self._scalar(value)
        items = [self._scalar(item) for item in value[: min(MAX_ITEMS, self._room)] if item is not None]
        if None in items or len({type(item) for item in items}) > 1:
            return None
        self._room -= len(items)
        return items

    def _scalar(self, value: Any) -> Any:
        kind = type(value)
        if kind is bool or kind is float:
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            if value in _INT64:
                return int(value)
            return self._text(str(int(value))) if value.bit_length() <= MAX_BITS else None
        if isinstance(value, float):
            return float(value)
        if isinstance(value, bytes):
            return self._text(value.decode("utf-8", "replace"))
        return None

    def _text(self, text: object) -> str:
        kept = str.__str__(text)[:MAX_VALUE] if isinstance(text, str) else str(text)[:MAX_VALUE]
        kept = kept[: self._room]
        self._room -= len(kept)
        return kept


def _size(value: Any) -> int:
    """What an attribute's value took of its span's room."""
    if isinstance(value, list):
        return sum(1 + _size(item) for item in value)
    return len(value) if isinstance(value, str) else 0


def _enter_and_leave() -> tuple[Callable[[], Context], Callable[[Context], Any], Callable[[Any], None]]:
    """The three calls of the context; straight to the context variable where the API keeps it in one."""
    runtime: Any = _api._RUNTIME_CONTEXT
    variable = getattr(runtime, "_current_context", None)
    if variable is not None and type(runtime).__name__ == "ContextVarsRuntimeContext":
        return variable.get, variable.set, variable.reset
    return _api.get_current, _api.attach, _api.detach


current, attach, detach = _enter_and_leave()


def leave(token: Any) -> None:
    """`detach`, also in another context than the one that was entered."""
    try:
        detach(token)
    except ValueError:  # waited for in another task, or closed by the garbage collector
        pass


class NewContext(Context):
    """An empty Context, made without a look for arguments."""

    __slots__ = ()
    __init__ = object.__init__


put = dict.setdefault
"""Into a new Context, which refuses ``[]=``: a third of the work of copying a dict into one."""


class DetailedSpan(Detailed, CurrentSpan):
    """A sampled request's messages and its span: one object where two would cost 0.3 µs more."""


class CountedSpan(Counted, CurrentSpan):
    sampled = recording = False


class SummedSpan(Summed, CurrentSpan):
    touched = True


class CountedWebSocketSpan(SummedWebSocket, CurrentSpan):
    sampled = recording = False
    touched = True


class UnheardWebSocketSpan(UnheardWebSocket, CurrentSpan):
    touched = True


class CountedUnheardWebSocketSpan(UnheardWebSocketSpan):
    sampled = recording = False
