# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The request's span as the application sees it, by OpenTelemetry's API.

Imported only when ``opentelemetry-api`` is installed. What the application sets on the span is kept here, bounded, and
travels in the request's record; the span itself is made in the engine. No method raises, whatever it is given, and none
runs code of what it is given (`_values`).
"""

from __future__ import annotations

import os
from typing import Any

from opentelemetry import trace as trace_api

from . import _parents as parents
from ._attributes import attribute
from ._facts import failure
from ._sampling import LOW_64
from ._span_values import context_ids, nanos, status_code
from ._tracecontext import tracestate
from ._values import MAX_VALUE, members, text, truth

MAX_ATTRIBUTES = 128
MAX_EVENTS = 128
MAX_LINKS = 128
MAX_TEXT_OF_A_SPAN = 65536
"""Characters of names and values that the application can put on one span; what comes after is left out."""

_HERE = int.from_bytes(os.urandom(8), "big")
"""This process and what is forked from it, in the ids of traces that are not sampled."""
_GOLDEN = 0x9E3779B97F4A7C15  # odd, and its bits look random: no two lower halves have one upper half


class CurrentSpan(trace_api.Span):
    """Used on the application's threads, like any span. Surplus arguments are ignored as wrong ones are."""

    trace: bytes | int | None  # None: its own, of which the lower half is span_id, and nobody has asked for the upper
    span_id: int
    local: trace_api.SpanContext | None = None  # the parent, where it is of this process
    state = b""  # tracestate
    carrier: Any = None  # the headers that tracestate is still to be taken from, if anybody asks
    over = False  # a child's span that has ended, in the `upstream` profile
    sampled: bool
    recording: bool  # until the request is over
    touched: bool
    tells_escaped = False
    # Names that no field of the SDK's spans has: what is read there is not to be found here half made.
    own_name: str | None = None
    own_attributes: dict[str, Any] | None = None
    own_events: list[Any] | None = None
    own_links: list[Any] | None = None
    own_status: tuple[int, str | None] | None = None
    _room = MAX_TEXT_OF_A_SPAN
    _own_context: trace_api.SpanContext | None = None

    @property
    def spangard_request(self) -> Any:
        """The request that this span belongs to. Its name tells it from what other spans have."""
        return self

    def get_span_context(self) -> trace_api.SpanContext:
        context = self._own_context
        if context is None:
            given = self.trace
            if isinstance(given, bytes):
                trace_id = int(given[3:35], 16)
                flags = (int(given[53:55], 16) & 0xFE) | self.sampled
            else:
                trace_id = _upper_half(self.span_id) << 64 | self.span_id if given is None else given
                flags = int(self.sampled)
                if self.local is not None:  # W3C Trace Context, level 2: the random flag is passed on
                    flags |= int(self.local.trace_flags) & 0xFE
            if not self.state and self.carrier is not None:
                self.state = tracestate(self.carrier)
            state = parents.trace_state(self.state) if self.state else None
            context = trace_api.SpanContext(trace_id, self.span_id, False, trace_api.TraceFlags(flags), state)
            self._own_context = context
        return context

    def is_recording(self) -> bool:
        return self.recording

    def end(self, end_time: Any = None, *_: Any, **__: Any) -> None:
        """Ignored: the request ends the span."""

    def set_attributes(self, attributes: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            for key, value in members(attributes):
                self.set_attribute(key, value)

    def set_attribute(self, key: Any = None, value: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            if self.own_attributes is None:
                self.own_attributes = {}
            self._put(self.own_attributes, key, value)
            self.touched = True

    def add_event(self, name: Any = None, attributes: Any = None, timestamp: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            self._event(name, members(attributes), nanos(timestamp))

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
            time = nanos(timestamp)  # before the stack trace is written
            name, message, stacktrace, _cancelled = failure(exception)
            facts = [("exception.escaped", str(truth(escaped)))] if self.tells_escaped else []
            facts += [("exception.type", name), ("exception.message", message), ("exception.stacktrace", stacktrace)]
            self._event("exception", facts + members(attributes), time)

    def add_link(self, context: Any = None, attributes: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            ids = context_ids(context)
            if self.own_links is None:
                self.own_links = []
            if ids is not None and len(self.own_links) < MAX_LINKS:
                self.own_links.append((*ids, self._all(members(attributes))))
            self.touched = True

    def set_status(self, status: Any = None, description: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            value, description = status_code(status, description)
            # https://opentelemetry.io/docs/specs/otel/trace/api/#set-status: UNSET is ignored, OK is final
            if value and (self.own_status is None or self.own_status[0] != 1):
                self.own_status = (value, self._text(description) or None if value == 2 else None)
                self.touched = True

    def update_name(self, name: Any = None, *_: Any, **__: Any) -> None:
        if self.recording:
            self.own_name = self._text(name) or self.own_name
            self.touched = True

    def span_facts(self) -> tuple[Any, ...] | None:
        """What the application did with this span: the record's ``span`` field."""
        if not (self.own_name or self.own_attributes or self.own_events or self.own_status or self.own_links):
            return None
        return (
            self.own_name, self.own_attributes or {}, self.own_events or [], self.own_status, self.own_links or []
        )  # fmt: skip

    def _event(self, name: Any, attributes: list[tuple[str, Any]], time: int) -> None:
        if self.own_events is None:
            self.own_events = []
        if len(self.own_events) < MAX_EVENTS:
            named = self._text(name)
            if named is not None:
                self.own_events.append((named, time, self._all(attributes)))
        self.touched = True

    def _all(self, attributes: list[tuple[str, Any]]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in attributes:
            self._put(kept, key, value)
        return kept

    def _put(self, attributes: dict[str, Any], key: Any, value: Any) -> None:
        key = text(key, MAX_VALUE) if issubclass(type(key), str) else None
        if not key:
            return
        room = self._room
        if key in attributes:
            self._room += _size(attributes[key])
        elif len(attributes) < MAX_ATTRIBUTES and len(key) <= room:
            self._room -= len(key)
        else:
            return
        kept, taken = attribute(value, self._room)
        if kept is None:
            self._room = room
        else:
            self._room -= taken
            attributes[key] = kept

    def _text(self, value: Any) -> str | None:
        kept = text(value, min(MAX_VALUE, self._room))
        self._room -= len(kept or "")
        return kept


def _upper_half(lower: int) -> int:
    """Of the id of a trace that is not sampled: always the same, whichever thread or child of this process asks."""
    return (lower * _GOLDEN ^ _HERE) & LOW_64


def _size(value: Any) -> int:
    """What an attribute's value took of its span's room."""
    if isinstance(value, list):
        return sum(1 + _size(item) for item in value)
    return len(value) if isinstance(value, str) else 0
