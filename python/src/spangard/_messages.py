# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the application hears and says during one request, noted as it passes by.

``Detailed`` notes every message with its times, for a sampled request; ``Counted`` only what measurements of an HTTP
request need. Both pass every message on as it came. Each belongs to one request and is used on its event loop. Codes
and layouts: docs/wire-protocol.md, Events.
"""

from __future__ import annotations

from time import perf_counter as clock

from ._answered import answering, closes_for_an_error
from ._facts import close_of, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .middleware import Message, OpenTelemetryMiddleware, Receive, Send

EVENTS_KEPT = 512
"""Elements of an event list (about 128 messages) after which it is sent ahead of the request's record."""


WRITTEN_AT_ONCE = 65536
"""Bytes of a body sent whole for which the server does not wait for the client: handing it over is sending it."""


LAST = (3, 8, 21)
"""Codes of the messages after which nothing more is to come for the client."""


class Detailed:
    """The middleware assigns the fields without a default, one by one: that is faster than a constructor."""

    span_id: int
    server_receive: Receive
    server_send: Send
    middleware: OpenTelemetryMiddleware
    messages: list[Any]

    spilled = 0
    spilled_last = False
    status_code: int | None = None
    captured: list[bytes] | None = None
    streams = False  # more bodies than one, or trailers: what ends the response is not the first body
    trailers = False
    touched = False  # one of the fields above is not as it was, or the application did something with the span
    summed = False  # SummedWebSocket

    def send(self, message: Message) -> Any:
        """A plain function that returns what the server's ``send`` returns: a coroutine less per message."""
        completes = False
        messages = self.messages
        try:
            kind = message["type"]
            if kind == "http.response.body":
                body = message.get("body", b"")
                size = len(body) if type(body) is bytes else size_of(body)
                if message.get("more_body"):
                    messages += (2, clock(), size)
                    self.streams = True
                    if len(messages) > EVENTS_KEPT:
                        self.spill()
                elif not self.streams:
                    messages += (3, clock(), size)
                    completes = size > WRITTEN_AT_ONCE
                else:
                    completes = not self.trailers
                    messages += (3 if completes else 2, clock(), size)
            elif kind == "http.response.start":
                messages += (1, clock(), 0)
                if self.status_code is None:  # the server refuses a second start
                    status = message["status"]
                    self.status_code = status = status if type(status) is int else int(status)
                    if status >= 500:
                        answering(self.span_id, status)
                if message.get("trailers"):
                    self.streams = self.trailers = True
                if self.middleware.capture_response is not None:
                    message = self._capture(message)
            else:
                completes, message = self._other(kind, message)
                if len(messages) > EVENTS_KEPT:
                    self.spill()
        except Exception:  # a message that is not what ASGI says is the server's to refuse
            pass
        if completes:
            return self._completing(message)
        server_send = self.server_send
        return server_send(message)

    async def _completing(self, message: Message) -> Any:
        result: Any = await self.server_send(message)  # type: ignore[func-returns-value]
        self.messages += (4, clock(), 0)
        return result

    def _capture(self, message: Message) -> Message:
        """Takes the headers that are asked for; returns the message to pass on, an iterator replaced by its list."""
        capture, headers = self.middleware.capture_response, message.get("headers")
        if capture is not None and headers:
            if not isinstance(headers, (list, tuple)):
                headers = list(headers)
                message = {**message, "headers": headers}
            self.captured = capture(headers)
            self.touched = True
        return message

    def _other(self, kind: str, message: Message) -> tuple[bool, Message]:
        """A WebSocket's messages and rare ones of HTTP: does it complete the response, and the message to pass on."""
        now = clock()
        messages = self.messages
        if kind == "websocket.send":
            text = message.get("text")
            if text is not None:
                messages += (6, now, len(text) if text.isascii() else size_of(text))
            else:
                messages += (7, now, size_of(message.get("bytes") or b""))
        elif kind == "websocket.accept":
            subprotocol = message.get("subprotocol")
            messages += (5, now, (str(subprotocol)[:256] or 0) if subprotocol else 0)
            if self.middleware.capture_response is not None:
                message = self._capture(message)
        elif kind == "websocket.close":
            closed = close_of(message, 1000)
            messages += (8, now, closed)
            code = closed if isinstance(closed, int) else closed[0]
            if closes_for_an_error(code):
                answering(self.span_id, code)
        elif kind == "websocket.http.response.start":
            status = int(message["status"])
            if self.status_code is None:
                self.status_code = status
            messages += (9, now, status)
            if status >= 500:
                answering(self.span_id, status)
            message = self._capture(message)
        elif kind == "websocket.http.response.body":
            messages += (10, now, size_of(message.get("body", b"")))
        elif kind == "http.response.trailers":
            completes = not message.get("more_trailers")
            messages += (3 if completes else 11, now, 0)
            return completes, message
        elif kind == "http.response.pathsend":
            messages += (3, now, 0)
            return True, message
        elif kind == "http.response.zerocopysend":
            completes = not message.get("more_body")
            messages += (3 if completes else 2, now, int(message.get("count") or 0))
            return completes, message
        else:
            messages += (15, now, str(kind)[:64])
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
                messages += (16, asked, got, len(message.get("body", b"")))
            elif kind == "websocket.receive":
                text = message.get("text")
                if text is not None:
                    messages += (19, asked, got, len(text) if text.isascii() else size_of(text))
                else:
                    messages += (20, asked, got, size_of(message.get("bytes") or b""))
            elif kind == "http.disconnect":
                messages += (17, asked, got, 0)
            elif kind == "websocket.connect":
                messages += (18, asked, got, 0)
            elif kind == "websocket.disconnect":
                messages += (21, asked, got, close_of(message, 1005))
            else:
                messages += (31, asked, got, str(kind)[:64])
            if len(messages) > EVENTS_KEPT:
                self.spill()
        except Exception:  # a server's odd message is the application's to judge
            pass
        return message

    def told(self, start: float, end: float) -> list[Any]:
        """The events of the request's record; asked for only when ``touched``."""
        return self.messages

    def has_answered(self) -> bool:
        """Whether the last message of the response was handed over, or the WebSocket closed by either side."""
        messages, at = self.messages, 0
        while at < len(messages):
            if messages[at] in LAST:
                return True
            at += 4 if messages[at] >= 16 else 3
        return self.spilled_last

    def spill(self) -> None:
        """Sends the messages so far ahead, as part ``spilled`` of this request's."""
        self.spilled_last = self.has_answered()
        recorder = self.middleware.recorder
        recorder.records.append((11, self.span_id, self.spilled, self.messages[:]))
        self.spilled += 1
        self.touched = True
        del self.messages[:]
        recorder.appended(clock())


class Counted:
    """Fields as in Detailed; the middleware assigns those too that most requests change."""

    span_id: int
    server_receive: Receive
    server_send: Send

    status_code: int | None = None
    received = sent = disconnected = 0
    first = complete = 0.0

    def send(self, message: Message) -> Any:
        """Tells messages by their keys, in half the time that a look at the type and a comparison of texts take."""
        try:
            if "body" in message:
                body = message["body"]
                self.sent += len(body) if type(body) is bytes else size_of(body)
                if "more_body" in message and message["more_body"]:  # noqa: RUF019 - a get costs more
                    if not self.first:
                        self.first = clock()
                else:
                    self.complete = clock()
                    if self.first:
                        return self._completing(message)
                    self.first = self.complete
                    if self.sent > WRITTEN_AT_ONCE:
                        return self._completing(message)
            elif "status" in message:
                if self.status_code is None:
                    status = message["status"]
                    self.status_code = status = status if type(status) is int else int(status)
                    if status >= 500:
                        answering(self.span_id, status)
            elif self._other(message["type"], message):
                return self._completing(message)
        except Exception:
            pass
        server_send = self.server_send
        return server_send(message)

    def _other(self, kind: str, message: Message) -> bool:
        """A message that is rare: does it complete the response."""
        if kind in ("http.response.body", "http.response.pathsend", "http.response.zerocopysend"):
            now = clock()
            self.first = self.first or now
            self.sent += int(message.get("count") or 0)
            if not message.get("more_body"):
                self.complete = now
                return True
        return False

    async def _completing(self, message: Message) -> Any:
        result: Any = await self.server_send(message)  # type: ignore[func-returns-value]
        self.complete = clock()
        return result

    def has_answered(self) -> bool:
        """Whether the last message of the response was handed over."""
        return bool(self.complete)

    async def receive(self) -> Message:
        server_receive = self.server_receive
        message = await server_receive()
        try:
            kind = message["type"]
            if kind == "http.request":
                if "body" in message and message["body"]:  # noqa: RUF019
                    self.received += len(message["body"])
            elif kind == "http.disconnect":
                self.disconnected = int(not self.complete)
        except Exception:
            pass
        return message


class Summed(Counted):
    """A sampled HTTP request whose single messages are not wanted (``exclude_spans`` names both): told by its sums."""

    middleware: OpenTelemetryMiddleware
    messages: list[Any]

    captured = None
    spilled = 0
    touched = True  # always ask for what is told

    def told(self, start: float, end: float) -> list[Any]:
        """The fewest events that say the same of sizes and times: one body, handed over when the last was."""
        events: list[Any] = [16, start, start, self.received] if self.received else []
        if self.status_code is not None:
            events += (1, self.first or end, 0)
        if self.disconnected:
            events += (17, end, end, 0)
        if self.complete:
            events += (3, self.first, self.sent, 4, self.complete, 0)
        elif self.first:
            events += (2, self.first, self.sent)
        return events
