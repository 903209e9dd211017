# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Notes about running requests, by their mark: what frameworks and applications tell beside the scope.

Most requests have none. One that has is told by its record with the note worked in, when it is over.
"""

from __future__ import annotations

from ._buffer import recorder
from ._endings import said_by
from ._facts import failure
from ._values import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sized
    from typing import Any, Protocol

    class Live(Container[int], Sized, Protocol):
        """Marks of the requests that run."""


MARK = "spangard"
"""Scope key of a request that is being recorded: a second wrapper, ours or nested, records nothing more.

Its value is the span id, which copies of the scope have too.
"""

SLACK = 1024
"""Notes beyond the running requests, at most: some come when their request is just over."""

_ROUTE_AND_FAILURE = {
    1: (19, 25),
    2: (19, 25),
    3: (6, 12),
    4: (6, 8),
    9: (6, 12),
    10: (6, 8),
    12: (23, 29),
    13: (23, 29),
}
"""Kind of a finished record → where it has its route and what the application raised; of kinds 1, 2, 12 and 13 what it
did with the span is right behind."""


class Note:
    """What was told of one running request, on any thread."""

    __slots__ = ("attributes", "error", "route", "status", "traceback")

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}
        """On its measurements."""
        self.route: str | None = None
        """By the application, which knows better than any framework."""
        self.error: Exception | None = None
        """That a framework answers itself. Held with its frames, so no longer than the request."""
        self.traceback: Any = None
        """Of `error`, which some frameworks take it from when they have answered."""
        self.status = 0
        """Of the answer to `error`; 0 while none of 500 or above was sent."""


noted: dict[int, Note] = {}
"""Mark of a running request → its note. A dict's single operations are atomic."""


def mark_of(scope: Any) -> int | None:
    """That of the request with this ``scope``, a dict as every server makes it; None if there is none."""
    mark = dict.get(scope, MARK) if issubclass(type(scope), dict) else None
    return mark if type(mark) is int else None


def note_of(mark: Any) -> Note | None:
    """The note of the request with this mark, made if there was none; None if it is not recorded, or over."""
    live = recorder().live
    if mark not in live:
        return None
    keep_bounded(noted, live)
    return noted.get(mark) or noted.setdefault(mark, Note())


def keep_bounded(notes: dict[int, Any], live: Live) -> None:
    """Forgets notes of requests that are over, when there are more of them than SLACK."""
    if len(notes) > len(live) + SLACK:
        for old in [old for old in list(notes) if old not in live]:
            notes.pop(old, None)


def told(mark: int, record: tuple[Any, ...]) -> tuple[Any, ...]:
    """The finished ``record`` of the request with this mark, with its note worked in. Never raises."""
    note = noted.pop(mark, None)
    if note is None:
        return record
    fields = list(record)
    route_at, failure_at = _ROUTE_AND_FAILURE[record[0]]
    if note.route is not None:
        fields[route_at] = note.route
    if note.status and note.error is not None and fields[failure_at] is None:  # what was raised in the end is told
        try:
            _tell(note, note.error, fields, failure_at)
        except BaseException as raised:  # it has code of its own
            if type(raised) is KeyboardInterrupt:
                raise
    record = tuple(fields)
    return (17, note.attributes, record) if note.attributes else record


def _tell(note: Note, error: Exception, fields: list[Any], failure_at: int) -> None:
    kind = fields[0]
    is_upstream = kind > 10
    if is_upstream or _is_answer(error, note.status):  # says no more of what went wrong than the status does
        if kind < 3 or (is_upstream and fields[2] & 1):
            fields[failure_at + 1] = _with_event(fields[failure_at + 1], failure(error, note.traceback))
    else:
        says = (type_name(type(error)), said_by(error))
        fields[failure_at] = failure(error, note.traceback) if kind < 3 else says


def _is_answer(error: Exception, status: int) -> bool:
    """Whether the exception is a way to give this answer, as `HTTPException(503)` is to a 503."""
    for attribute in ("status_code", "status", "code"):
        value = getattr(error, attribute, None)
        if isinstance(value, int):
            if int.__eq__(value, status):
                return True
        elif isinstance(value, str) and value[:3] == str(status):  # Falcon's "503 Service Unavailable"
            return True
    return False


def _with_event(span: tuple[Any, ...] | None, answered: tuple[Any, ...]) -> tuple[Any, ...]:
    """What the application did with its span, and that this was answered; once, if it has recorded that itself."""
    name, attributes, events, status, links = span or (None, {}, [], None, [])
    kind, message, stacktrace, _ = answered
    for event in events:
        if event[0] == "exception" and event[2].get("exception.type") == kind:
            return (name, attributes, events, status, links)
    facts = {"exception.type": kind, "exception.message": message, "exception.stacktrace": stacktrace}
    return (name, attributes, [*events, ("exception", None, facts)], status, links)
