# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What tests look at: plain values made from the protobuf messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SERVER = 2
INTERNAL = 1
CLIENT = 3

UNSET, OK, ERROR = 0, 1, 2


@dataclass(frozen=True)
class Event:
    """An event of a span."""

    name: str
    time_ns: int
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Link:
    """A link of a span; ids in lower-case hex."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A span as exported. Ids are lower-case hex, ``parent_span_id`` is ``""`` for a root; times are epoch nanoseconds."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    flags: int
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: tuple[Event, ...]
    links: tuple[Link, ...]
    status: int
    status_message: str
    resource: dict[str, Any] = field(repr=False)
    scope: str = field(repr=False)
    scope_version: str = field(repr=False)
    schema_url: str = field(repr=False)
    scope_attributes: dict[str, Any] = field(default_factory=dict, repr=False)
    dropped: tuple[int, int, int] = field(default=(0, 0, 0), repr=False)
    """Attributes, events and links that did not fit."""

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return (self.end_ns - self.start_ns) / 1e9

    def event(self, name: str) -> Event:
        """The one event of this name."""
        [found] = [e for e in self.events if e.name == name]
        return found


@dataclass(frozen=True)
class Log:
    """A log record; ids in lower-case hex, ``severity`` as OTLP numbers it."""

    event_name: str
    severity: int
    time_ns: int
    trace_id: str
    span_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any] = field(repr=False)
    scope: str = field(repr=False)


ERROR_LOG = 17
"""``severity`` of a record that tells of an error."""


@dataclass(frozen=True)
class Exemplar:
    """A measurement with the span it was made in; ids in lower-case hex."""

    value: float
    trace_id: str
    span_id: str


@dataclass(frozen=True)
class Point:
    """The newest cumulative data point of one series. ``value`` of sums and gauges, ``count``, ``sum``, ``bounds``, ``buckets`` of histograms."""

    name: str
    unit: str
    kind: str
    resource: dict[str, Any] = field(repr=False)
    scope: str = field(repr=False)
    attributes: dict[str, Any]
    start_ns: int
    time_ns: int
    value: float = 0
    count: int = 0
    sum: float = 0
    bounds: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()
    exemplars: tuple[Exemplar, ...] = field(default=(), repr=False)
    monotonic: bool = False
    cumulative: bool = True
    description: str = field(default="", repr=False)
    schema_url: str = field(default="", repr=False)
