# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions that a framework answers itself: they never reach the server, only the status of the answer does.

Two kinds of frameworks. Most send their answer where they handle the exception, inside the `except` clause (Starlette's
handlers, Litestar, Sanic, connexion, Lilya): whoever sends is asked what it is handling. Others make a response there
and send it later (Django, Quart, Flask, Falcon, BlackSheep): these tell by a signal or hook of their own, `frameworks/`
has which. An exception is told of answers of 500 and above, and of WebSockets that are closed for an error.
"""

from __future__ import annotations

import sys

from ._facts import traceback_of
from ._notes import mark_of, note_of, noted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_MIDDLEWARE = ("spangard.middleware", "spangard.upstream.middleware")

MAX_FRAMES = 256
"""Looked at, of the stack and of a traceback, each."""


def raised(scope: Mapping[str, Any], error: Any, status: int = 0) -> None:
    """A framework has caught this while it served the request of this scope, and answers it. Any thread; never raises.

    ``status`` is given where the answer will not say that something went wrong.
    """
    try:
        if issubclass(type(error), Exception):
            note = note_of(mark_of(scope))
            if note is not None:
                note.error, note.traceback = error, traceback_of(error)
                note.status = note.status or status
    except Exception:  # a scope of another make
        pass


def answering(mark: int, status: int) -> None:
    """By our caller an answer of 500 or above is being sent, or a WebSocket closed for an error: for what is it?"""
    note = noted.get(mark)
    if note is None or note.error is None:
        error = _handled()
        note = None if error is None else note_of(mark)
        if note is None:
            return
        note.error, note.traceback = error, None if error is None else traceback_of(error)
    note.status = status


def closes_for_an_error(code: int) -> bool:
    """1011 is RFC 6455's. Frameworks that close with a status of HTTP's add 3000 (Falcon) or 4000 (Litestar)."""
    return code == 1011 or 3500 <= code < 3600 or 4500 <= code < 4600


def _handled() -> Any:
    """The exception that is being handled between the middleware and here; one that its caller handles is not ours."""
    error = sys.exc_info()[1]
    if error is None or not issubclass(type(error), Exception):
        return None
    frames: set[int] = set()
    traceback = traceback_of(error)
    while traceback is not None and len(frames) < MAX_FRAMES:
        frames.add(id(traceback.tb_frame))
        traceback = traceback.tb_next
    frame: Any = sys._getframe(1)
    for _ in range(MAX_FRAMES):
        if frame is None or _is_ours(frame):
            return None
        if id(frame) in frames:
            return error
        frame = frame.f_back
    return None


def _is_ours(frame: Any) -> bool:
    """Whether it is the middleware's call of the application."""
    return frame.f_globals.get("__name__") in _MIDDLEWARE
