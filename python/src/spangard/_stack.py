# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""An exception's stack trace in the form of the module `traceback`, in bounded time whatever the exception is made of.

`traceback` itself walks every frame, every cause and every member of a group before it cuts, and asks the objects at
hand for suggestions. Here an exception is read by BaseException's own fields. Its ``__str__`` is not called here.
"""

from __future__ import annotations

from ._values import items, members_of, own_fields, text, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

MAX_FRAMES = 64
"""Of one exception: the innermost."""
MAX_WALKED = 20_000
"""Frames that are passed over on the way to those."""
MAX_CAUSES = 8
"""Exceptions that led to one, the nearest."""
MAX_MEMBERS = 8
"""Of a group, and notes of an exception."""
MAX_EXCEPTIONS = 32
"""In one stack trace."""
MAX_NOTE = 1024

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
_HEAD = "Traceback (most recent call last):\n"

_cause: Any = BaseException.__dict__["__cause__"].__get__
_context: Any = BaseException.__dict__["__context__"].__get__
_suppresses: Any = BaseException.__dict__["__suppress_context__"].__get__
_traceback: Any = BaseException.__dict__["__traceback__"].__get__


class StackTrace:
    """Of one exception; ``message`` gives that of each, and does not raise."""

    def __init__(self, message: Callable[[BaseException], str]) -> None:
        self._message = message
        self._left = MAX_EXCEPTIONS

    def of(self, error: BaseException, seen: Any = None) -> str:
        """``seen`` is a traceback that the exception had before."""
        told = self._one(error, seen)
        above = error
        known = {id(error)}
        for _ in range(MAX_CAUSES):
            cause = _cause(above)
            before = cause if cause is not None or _suppresses(above) else _context(above)
            if before is None or id(before) in known or self._left <= 0:
                break
            told = self._one(before) + (_DURING if cause is None else _CAUSED) + told
            known.add(id(before))
            above = before
        return told

    def _one(self, error: BaseException, seen: Any = None) -> str:
        self._left -= 1
        trace = _innermost(_traceback(error) if seen is None else seen)
        frames = "" if trace is None else _frames(trace)
        message = self._message(error)
        last = type_name(type(error))
        told = (_HEAD if frames else "") + frames + (f"{last}: {message}\n" if message else f"{last}\n")
        for note in items(own_fields(error).get("__notes__"), MAX_MEMBERS) or ():
            told += (text(note, MAX_NOTE) or "") + "\n"
        members = _members(error)
        return self._group(told, members) if members else told

    def _group(self, told: str, members: list[Any]) -> str:
        told = _indented(told, "  | ")
        if told.startswith("  | " + _HEAD):
            told = "  + Exception Group " + told[4:]
        line = "  +-+"
        for number, member in enumerate(members, 1):
            if self._left > 0:
                told += f"{line}---------------- {number} ----------------\n{_indented(self.of(member), '    | ')}"
                line = "    +"
        return told + "    +------------------------------------\n"


def _innermost(trace: TracebackType | None) -> TracebackType | None:
    """What is left of it so that no more than MAX_FRAMES are."""
    last = first = trace
    for walked in range(MAX_WALKED):
        if last is None:
            break
        last = last.tb_next
        if walked >= MAX_FRAMES and first is not None:
            first = first.tb_next
    return first


def _frames(trace: TracebackType) -> str:
    import traceback

    try:
        return "".join(traceback.format_tb(trace, MAX_FRAMES))
    except Exception:  # a source line that can not be had
        return ""


def _members(error: BaseException) -> list[Any]:
    found = items(members_of(error), MAX_MEMBERS) or ()
    return [member for member in found if issubclass(type(member), BaseException)]


def _indented(told: str, margin: str) -> str:
    return "".join([margin + line for line in told.splitlines(keepends=True)])
