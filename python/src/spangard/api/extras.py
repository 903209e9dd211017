# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What few spans of the application's own have, beside what each has."""

from __future__ import annotations

from .limits import MAX_TEXT_OF_A_SPAN
from .values import Room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from opentelemetry.context.context import Context
    from opentelemetry.trace import SpanContext

RECORDS, SETS = 1, 2
BOTH = RECORDS | SETS
"""What an exception that leaves a span's scope is: an event, and the span's status."""


class Extras:
    """One object, made when it is needed, where ten fields would cost each span a tenth of its time."""

    __slots__ = (
        "context",
        "dropped",
        "end",
        "events",
        "is_remote",
        "left_for",
        "links",
        "on_error",
        "origin",
        "room",
        "start",
        "status",
    )

    def __init__(self, most: int) -> None:
        self.room = Room(MAX_TEXT_OF_A_SPAN, most)
        self.events: list[Any] | None = None
        self.links: list[Any] | None = None
        self.status: tuple[int, str | None] | None = None
        self.dropped: list[int] | None = None
        """Attributes, events and links."""
        self.end: float | None = None
        """Where somebody processes spans in this process."""
        self.origin: int | None = None
        """Nanoseconds since 1970 of the monotonic clock's 0, once somebody has asked."""
        self.start: int | None = None
        """Where the application gave it."""
        self.is_remote = False
        """Whether the parent is another process's span."""
        self.on_error = BOTH
        self.context: SpanContext | None = None
        self.left_for: Context | None = None
        """The context to go on with where this span's scope was left without being current: see `scope`."""

    def drop(self, which: int) -> None:
        """Counts what finds no place."""
        if self.dropped is None:
            self.dropped = [0, 0, 0]
        self.dropped[which] += 1
