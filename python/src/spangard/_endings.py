# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""How a request ends, where that takes a second look: what was raised, what the response had promised, and which server
it is. Each is asked for on rare paths only: an exception, a client that leaves, a stream's first chunk, a WebSocket
that was not accepted.
"""

from __future__ import annotations

import sys

from ._values import members_of, own_fields, truth, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._asgi import Send

FAILED, CANCELLED, CLIENT_LEFT = 0, 1, 2
"""What an exception that leaves the application says. docs/wire-protocol.md, failure."""

EVENT_STREAM = -1
"""In place of a length: a response that ends when its client has had enough of it."""

LOST = 1006
"""RFC 6455, 7.4.1: the code of a WebSocket that nobody closed."""

MAX_LENGTH_DIGITS = 18
MAX_HEADERS = 1024
"""Looked at of one response."""

_mro: Any = type.__dict__["__mro__"].__get__  # a metaclass may have its own
_CANCELLATIONS = ("CancelledError", "Cancelled", "GeneratorExit")

_LEFT = {
    "WebSocketDisconnect": ("starlette", "litestar", "lilya"),
    "ClientDisconnect": ("starlette", "lilya"),
    "WebSocketDisconnected": ("falcon",),
    "ClientDisconnected": ("uvicorn", "gunicorn"),
    "RequestAborted": ("django", "channels"),
}
"""Exceptions that frameworks and servers raise in an application because its client is gone: name and packages."""

MAX_GROUPED = 64
"""Exceptions of a group that are looked at."""


def said_by(error: BaseException) -> int:
    """Whether something failed, or the task was cancelled, or the client is gone. A group says what all in it say."""
    said, looked_at, left = CLIENT_LEFT, 0, [error]
    while left:
        one = left.pop()
        looked_at += 1
        says = _said_by_class(type(one))
        if says is None:
            within = members_of(one) if _is_group(type(one)) else None
            if type(within) is not tuple or not within or looked_at + len(left) + len(within) > MAX_GROUPED:
                return FAILED
            left += within
        else:
            said = min(said, says)
    return said


def _said_by_class(kind: type) -> int | None:
    """None for a class that says nothing of the kind, or is a group's."""
    for base in _mro(kind)[:16]:
        package, _, name = type_name(base).partition(".")
        name = name.rpartition(".")[2] or package
        if name in _CANCELLATIONS:
            return CANCELLED
        if name in _LEFT and package in _LEFT[name]:
            return CLIENT_LEFT
    return None


def _is_group(kind: type) -> bool:
    """Python 3.11's, or that of the package exceptiongroup."""
    return any(type_name(base).rpartition(".")[2] == "BaseExceptionGroup" for base in _mro(kind)[:16])


def close_code_of(error: BaseException) -> int:
    """Of an exception that says the client is gone; 0 if it does not tell, or only that the connection was lost."""
    code = own_fields(error).get("code")
    return code if type(code) is int and 1000 <= code < 5000 and code != LOST else 0


def promised(start: Any) -> int | None:
    """What the headers of a response tell of its body: its length, EVENT_STREAM, or None.

    Only lists and tuples of byte strings are read, which is what servers send on: an iterator is theirs to use up.
    Several lengths that differ, one that is no number, a body in chunks and one before trailers promise nothing
    (RFC 9112, 6.3).
    """
    headers = start.get("headers") if type(start) is dict else None
    if type(headers) is not list and type(headers) is not tuple:
        return None
    length = None
    for header in headers[:MAX_HEADERS]:
        if (type(header) is not tuple and type(header) is not list) or len(header) != 2:
            continue
        name, value = header
        if type(name) is not bytes or type(value) is not bytes or len(name) not in (12, 14, 17):
            continue
        name = name.lower()
        if name == b"content-length":
            if not value.isdigit() or len(value) > MAX_LENGTH_DIGITS or (length is not None and length != int(value)):
                return None
            length = int(value)
        elif name == b"content-type":
            if value[:17].lower() == b"text/event-stream":
                return EVENT_STREAM
        elif name == b"transfer-encoding":
            return None
    return None if truth(start.get("trailers")) else length


class Ways:
    """What a server does with a WebSocket. Measured: docs/telemetry.md, WebSockets by server."""

    def __init__(self, raised: int, returned: int, *, denies: bool, answers: bool, tells_closes: bool) -> None:
        self.raised = raised
        """Its status for one whose application failed before it accepted."""
        self.returned = returned
        """The same, where the application returned."""
        self.denies = denies
        """Whether it sends ``websocket.http.response.start``."""
        self.answers = answers
        """Whether it sends ``http.response.start``, which ASGI does not have here."""
        self.tells_closes = tells_closes
        """Whether its 1006 means that the client closed nothing."""


NOTHING = 0
"""No answer: the connection ends without one."""

ANY = Ways(500, 500, denies=True, answers=False, tells_closes=True)

_WAYS = {
    "uvicorn": ANY,
    "hypercorn": Ways(500, 500, denies=True, answers=False, tells_closes=False),
    "granian": Ways(403, 403, denies=True, answers=True, tells_closes=True),
    "gunicorn": Ways(500, 403, denies=False, answers=False, tells_closes=True),
    "daphne": Ways(500, NOTHING, denies=False, answers=False, tells_closes=True),
}

_LOADED_TO_SERVE = {
    "uvicorn": "uvicorn.protocols.http.flow_control",
    "hypercorn": "hypercorn.app_wrappers",
    "granian": "granian.asgi",
    "gunicorn": "gunicorn.workers.gasgi",
    "daphne": "daphne.server",
}
"""In the order of how little else loads them: a Django project may list daphne and be served by another."""


def ways_of_the_server(server_send: Any) -> Ways:
    """Of the server whose ``send`` it is; where that was wrapped on the way, of the one this process has loaded."""
    try:
        owner = getattr(server_send, "__self__", None)
        module = type(owner).__module__ if owner is not None else server_send.__module__
        known = _WAYS.get(module.partition(".")[0])
        if known is not None:
            return known
    except Exception:  # somebody else's callable
        pass
    for name, module in _LOADED_TO_SERVE.items():
        if module in sys.modules:
            return _WAYS[name]
    return ANY


def lost(server_send: Send) -> int:
    """The code of a WebSocket that the server says is lost; 0 where it says so of every close, too."""
    return LOST if ways_of_the_server(server_send).tells_closes else 0


def websocket_answer(messages: list[Any], status: int | None, ways: Ways, says: int | None, end: float) -> int | None:
    """What was answered to a WebSocket that was not accepted; the status that its client saw, None for none.

    Takes out of ``messages``, its events, what the server has not sent; adds what it said of its own.

    :param status: that of the application's answer
    :param says: what the exception says that left the application, None where there was none
    :param end: of the request
    """
    kept: list[Any] = []
    seen = None
    answered = False
    at = 0
    while at < len(messages):
        code = messages[at]
        event = messages[at : at + (3 if code < 16 else 4)]
        at += len(event)
        if code == 1 or code == 9:
            if not (ways.answers if code == 1 else ways.denies):
                continue
            answered = True
            seen = status
            event = [9, event[1], status]
        elif code == 8:
            answered = True
        elif code in (2, 3, 4, 10) and not answered:
            continue
        kept += event
    if not answered and (says is None or says == FAILED):
        kept += (13, end, ways.returned if says is None else ways.raised)
    messages[:] = kept
    return seen
