# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the application hears and says during one request, noted as it passes by.

``MessageRecorder`` notes every message with its times, for a sampled request; what measurements of an HTTP request
need is counted in `_sums`. Both pass every message on as it came. Each belongs to one request and is used on its event
loop.
Codes and layouts: docs/wire-protocol.md, Events.
"""

from __future__ import annotations

from time import perf_counter as clock

from ._answered import answering, closes_for_an_error
from ._endings import CLIENT_LEFT, LOST, close_code_of, lost, promised, ways_of_the_server, websocket_answer
from ._facts import close_of, listed, size_of
from ._values import integer, truth
from ._values import text as text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ._asgi import Message, Receive, Send
    from ._buffer import Recorder
    from ._facts import Failure

    class Middleware(Protocol):
        """What a request's messages need of the middleware that they pass."""

        recorder: Recorder
        capture_response: Callable[[list[Any]], list[bytes] | None] | None


EVENTS_KEPT = 512
"""Elements of an event list (about 128 messages) after which it is sent ahead of the request's record."""

MAX_NAME = 256
"""Of a message's type that is not known here, or a subprotocol."""

WRITTEN_AT_ONCE = 65536
"""Bytes of a body sent whole for which the server does not wait for the client: handing it over is sending it."""

LAST = (3, 8, 21)
"""Codes of the messages after which nothing more is to come for the client."""

UNKNOWN = -1
"""In place of a number of bytes."""

UNKNOWN_SUM = -(1 << 62)


class MessageRecorder:
    """The middleware assigns the fields without a default, one by one: that is faster than a constructor.

    A field that most requests read or change has none: where the class has a value under the name, CPython 3.13 looks
    through all of its bases at each access.
    """

    span_id: int
    server_receive: Receive
    server_send: Send
    middleware: Middleware
    messages: list[Any]
    status_code: int | None
    started: Message | None  # http.response.start
    accepted: bool  # the WebSocket
    streams: bool  # more bodies than one, or trailers: what ends the response is not the first body, and is to come
    touched: bool  # one of the fields below is not as it was, or the application did something with the span

    parts_ahead = 0
    last_is_ahead = False
    hears = True  # what the application receives passes here
    captured: list[bytes] | None = None
    foretold = False  # _foretell has been
    trailers = False

    def send(self, message: Message) -> Any:
        """A plain function that returns what the server's ``send`` returns: a coroutine less per message."""
        completes = False
        messages = self.messages
        try:
            kind = message["type"]
            if kind == "http.response.body":
                body = message["body"] if "body" in message else b""  # noqa: SIM401 - a get costs more
                size = len(body) if type(body) is bytes else size_of(body)
                if "more_body" in message and message["more_body"]:  # noqa: RUF019 - most have none; a get costs more
                    messages += (2, clock(), size)
                    self.streams = True
                    if len(messages) > EVENTS_KEPT:
                        self.send_ahead()
                elif not self.streams:
                    messages += (3, clock(), size)
                    completes = size > WRITTEN_AT_ONCE
                else:
                    completes = not self.trailers
                    messages += (3 if completes else 2, clock(), size)
            elif kind == "http.response.start":
                messages += (1, clock(), 0)
                self.started = message
                if self.status_code is None:  # the server refuses a second start
                    status = message["status"]
                    if type(status) is not int:
                        status = integer(status) or 0
                    self.status_code = status or None
                    if status >= 500:
                        answering(self.span_id, status)
                if "trailers" in message and truth(message["trailers"]):
                    self.streams = self.trailers = True
                if self.middleware.capture_response is not None:
                    message = self._capture(message)
            elif kind == "websocket.send":
                text = message.get("text")
                if type(text) is str:
                    messages += (6, clock(), len(text) if text.isascii() else size_of(text))
                elif text is not None:
                    messages += (6, clock(), size_of(text))
                else:
                    messages += (7, clock(), size_of(message.get("bytes")))
                if len(messages) > EVENTS_KEPT:
                    self.send_ahead()
            else:
                completes, message = self._other(kind, message)
                if len(messages) > EVENTS_KEPT:
                    self.send_ahead()
        except Exception:  # a message that is not what ASGI says is the server's to refuse
            pass
        if completes:
            return self._completing(message)
        server_send = self.server_send
        return server_send(message)

    async def _completing(self, message: Message) -> Any:
        result: Any = await self.server_send(message)  # type: ignore[func-returns-value]
        self.messages += (4, clock(), 0)
        self.streams = False
        return result

    def _foretell(self) -> None:
        """Notes what the response's headers say of its body: when the client had all of it, whatever comes after.

        Only where something may come in between; before all events, so that the engine finds when that was. Should the
        application have changed its headers since they passed, what they say now is believed.
        """
        if self.started is not None and not self.foretold:
            self.foretold = True
            body = promised(self.started)
            if body is not None:
                self.messages[0:0] = (14, 0.0, body)

    def broken_off(self, error: BaseException, says: int) -> None:
        """An exception leaves the application: notes what tells whether it broke anything."""
        try:
            self._foretell()
            if says == CLIENT_LEFT and not self.hears:
                self.messages += (21, 0.0, 0.0, close_code_of(error))
        except Exception:  # an object of the application's
            pass

    def unanswered(self, end: float, failed: Failure | None) -> None:
        """A WebSocket that was not accepted is over: what of its answer the server sent, or what it said of its own."""
        try:
            ways = ways_of_the_server(self.server_send)
            says = None if failed is None else failed[3]
            self.status_code = websocket_answer(self.messages, self.status_code, ways, says, end)
        except Exception:  # a message that nobody knows
            pass

    def _capture(self, message: Message) -> Message:
        """Takes the headers that are asked for; returns the message to pass on, an iterator replaced by its list."""
        capture, headers = self.middleware.capture_response, message.get("headers")
        if capture is not None and headers is not None:
            found, instead = listed(headers)
            if instead is not headers:
                message = {**message, "headers": instead}
            self.captured = capture(found)
            self.touched = True
        return message

    def _other(self, kind: str, message: Message) -> tuple[bool, Message]:
        """What is rare: does it complete the response, and the message to pass on."""
        now = clock()
        messages = self.messages
        if kind == "websocket.accept":
            self.accepted = True
            subprotocol = message.get("subprotocol")
            messages += (5, now, 0 if subprotocol is None else text_of(subprotocol, MAX_NAME) or 0)
            if self.middleware.capture_response is not None:
                message = self._capture(message)
        elif kind == "websocket.close":
            closed = close_of(message, 1000)
            messages += (8, now, closed)
            code = closed if isinstance(closed, int) else closed[0]
            if closes_for_an_error(code):
                answering(self.span_id, code)
        elif kind == "websocket.http.response.start":
            status = integer(message["status"])
            if self.status_code is None:
                self.status_code = status
            messages += (9, now, status)
            if status is not None and status >= 500:
                answering(self.span_id, status)
            message = self._capture(message)
        elif kind == "http.response.start":  # of a WebSocket: some servers answer with it
            self.status_code = integer(message["status"])
            messages += (1, now, 0)
        elif kind in ("websocket.http.response.body", "http.response.body"):
            messages += (10 if truth(message.get("more_body")) else 3, now, size_of(message.get("body")))
        elif kind == "http.response.trailers":
            completes = not truth(message.get("more_trailers"))
            messages += (3 if completes else 11, now, 0)
            return completes, message
        elif kind == "http.response.pathsend":
            self._foretell()
            messages += (3, now, UNKNOWN)
            return True, message
        elif kind == "http.response.zerocopysend":
            completes = not truth(message.get("more_body"))
            count = message.get("count")
            self.streams = True
            self._foretell()
            messages += (3 if completes else 2, now, UNKNOWN if count is None else integer(count) or 0)
            return completes, message
        else:
            messages += (15, now, text_of(kind, MAX_NAME) or "")
        return False, message

    async def receive(self) -> Message:
        messages = self.messages
        asked = clock()
        try:
            server_receive = self.server_receive
            message = await server_receive()
        except BaseException:
            messages += (22, asked, clock(), 0)
            raise
        got = clock()
        try:
            kind = message["type"]
            if kind == "http.request":
                body = message["body"] if "body" in message else b""  # noqa: SIM401
                messages += (16, asked, got, len(body) if type(body) is bytes else size_of(body))
            elif kind == "websocket.receive":
                text = message.get("text")
                if type(text) is str:
                    messages += (19, asked, got, len(text) if text.isascii() else size_of(text))
                elif text is not None:
                    messages += (19, asked, got, size_of(text))
                else:
                    messages += (20, asked, got, size_of(message.get("bytes")))
            elif kind == "http.disconnect":
                self._foretell()
                messages += (17, asked, got, 0)
            elif kind == "websocket.connect":
                messages += (18, asked, got, 0)
            elif kind == "websocket.disconnect":
                code = close_of(message, 1005)
                messages += (21, asked, got, code if code != LOST else lost(self.server_send))
            else:
                messages += (31, asked, got, text_of(kind, MAX_NAME) or "")
            if len(messages) > EVENTS_KEPT:
                self.send_ahead()
        except Exception:  # a server's odd message is the application's to judge
            pass
        return message

    def message_events(self, start: float, end: float) -> list[Any]:
        """The events of the request's record; asked for only when ``touched``, or a stream was not ended."""
        if self.streams:
            self._foretell()
        return self.messages

    def has_answered(self) -> bool:
        """Whether the last message of the response was handed over, or the WebSocket closed by either side."""
        messages, at = self.messages, 0
        while at < len(messages):
            if messages[at] in LAST:
                return True
            at += 4 if messages[at] >= 16 else 3
        return self.last_is_ahead

    def send_ahead(self) -> None:
        """Sends the messages so far ahead, as part ``parts_ahead`` of this request's."""
        self.last_is_ahead = self.has_answered()
        if not self.parts_ahead:
            self._foretell()
        recorder = self.middleware.recorder
        part = (11, self.span_id, self.parts_ahead, self.messages[:])
        self.parts_ahead += 1
        self.touched = True
        del self.messages[:]
        recorder.sent_ahead(part, clock())
