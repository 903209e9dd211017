# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the application hears and says during one request, noted as it passes by.

``Detailed`` notes every message with its times, for a sampled request; ``Counted`` only what measurements need. Both pass every
message on as it came. Each belongs to one request and is used on its event loop. Codes and layouts: docs/wire-protocol.md, Events.
"""

from __future__ import annotations

from time import perf_counter as clock

from ._facts import size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ._buffer import Recorder
    from ._settings import HeaderCapture
    from .middleware import Message, Receive, Send

EVENTS_KEPT = 512
"""Elements of an event list (about 128 messages) after which it is sent ahead of the request's record."""


class Detailed:
    __slots__ = ("_add", "_capture", "_receive", "_recorder", "_send", "_span_id", "_trailers", "captured", "events", "length", "spilled", "status")

    def __init__(
        self, receive: Receive, send: Send, capture: HeaderCapture | None, span_id: int, recorder: Recorder
    ) -> None:
        self._receive = receive
        self._send = send
        self._capture = capture
        self._span_id = span_id
        self._recorder = recorder
        self._trailers = False
        self.events: list[Any] = []
        self._add = self.events.extend
        self.spilled = 0
        self.status: int | None = None
        self.length: bytes | None = None
        self.captured: list[bytes] | None = None

    def send(self, message: Message) -> Any:
        """A plain function that returns what the server's ``send`` returns: a coroutine less per message."""
        completes = False
        try:
            kind = message["type"]
            if kind == "http.response.body":
                body = message.get("body", b"")
                size = len(body) if type(body) is bytes else size_of(body)
                completes = not (message.get("more_body") or self._trailers)
                self._add((3 if completes else 2, clock(), size))
            elif kind == "http.response.start":
                self._add((1, clock(), 0))
                message = self._response_start(message)
            else:
                completes, message = self._other(kind, message)
            if len(self.events) > EVENTS_KEPT:
                self.part()
        except Exception:  # a message that is not what ASGI says is the server's to refuse
            pass
        return self._completing(message) if completes else self._send(message)

    async def _completing(self, message: Message) -> Any:
        result = await self._send(message)
        self._add((4, clock(), 0))
        return result

    def _response_start(self, message: Message) -> Message:
        status = message["status"]
        self.status = status if type(status) is int else int(status)
        if "trailers" in message:
            self._trailers = bool(message["trailers"])
        headers = message.get("headers")
        if headers:
            if type(headers) is not list:
                message, headers = with_list(message, headers)
            self.length = dict(headers).get(b"content-length")
            if self._capture is not None:
                self.captured = self._capture(headers)
        return message

    def _other(self, kind: str, message: Message) -> tuple[bool, Message]:
        """A WebSocket's messages, and rare ones of HTTP: whether it completes the response, and the message to pass on."""
        now = clock()
        if kind == "websocket.send":
            text = message.get("text")
            if text is not None:
                self._add((6, now, len(text) if text.isascii() else size_of(text)))
            else:
                self._add((7, now, size_of(message.get("bytes") or b"")))
        elif kind == "websocket.accept":
            self._add((5, now, message.get("subprotocol") or 0))
            if self._capture is not None and message.get("headers"):
                message, headers = with_list(message, message["headers"])
                self.captured = self._capture(headers)
        elif kind == "websocket.close":
            self._add((8, now, int(message.get("code") or 1000)))
        elif kind == "websocket.http.response.start":
            message = self._response_start(message)
            self._add((9, now, self.status))
        elif kind == "websocket.http.response.body":
            self._add((10, now, size_of(message.get("body", b""))))
        elif kind == "http.response.trailers":
            completes = not message.get("more_trailers")
            self._add((3 if completes else 11, now, 0))
            return completes, message
        elif kind == "http.response.pathsend":
            self._add((3, now, 0))
            return True, message
        elif kind == "http.response.zerocopysend":
            completes = not message.get("more_body")
            self._add((3 if completes else 2, now, int(message.get("count") or 0)))
            return completes, message
        else:
            self._add((15, now, str(kind)[:64]))
        return False, message

    async def receive(self) -> Message:
        asked = clock()
        try:
            message = await self._receive()
        except BaseException:
            self._add((22, asked, clock(), 0))
            raise
        got = clock()
        try:
            kind = message["type"]
            if kind == "http.request":
                self._add((16, asked, got, len(message.get("body", b""))))
            elif kind == "websocket.receive":
                text = message.get("text")
                if text is not None:
                    self._add((19, asked, got, len(text) if text.isascii() else size_of(text)))
                else:
                    self._add((20, asked, got, size_of(message.get("bytes") or b"")))
            elif kind == "http.disconnect":
                self._add((17, asked, got, 0))
            elif kind == "websocket.connect":
                self._add((18, asked, got, 0))
            elif kind == "websocket.disconnect":
                self._add((21, asked, got, int(message.get("code") or 1005)))
            else:
                self._add((31, asked, got, str(kind)[:64]))
            if len(self.events) > EVENTS_KEPT:
                self.part()
        except Exception:  # a server's odd message is the application's to judge
            pass
        return message

    def part(self) -> None:
        """Sends the events so far ahead, as part ``spilled`` of this request's."""
        self._recorder.records.append((11, self._span_id, self.spilled, self.events[:]))
        self.spilled += 1
        del self.events[:]
        self._recorder.appended(clock())


class Counted:
    __slots__ = ("_receive", "_send", "complete", "disconnected", "first", "received", "sent", "status")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.status: int | None = None
        self.received = self.sent = self.disconnected = 0
        self.first = self.complete = 0.0

    def send(self, message: Message) -> Any:
        completes = False
        try:
            if "body" in message or message["type"] == "http.response.body":
                body = message.get("body", b"")
                self.sent += len(body) if type(body) is bytes else size_of(body)
                if not self.first:
                    self.first = clock()
                completes = not message.get("more_body")
            elif "status" in message:
                status = message["status"]
                self.status = status if type(status) is int else int(status)
            elif message["type"] == "websocket.accept":
                self.status = 101
            elif message["type"] == "websocket.send":
                text = message.get("text")
                self.sent += size_of(text if text is not None else message.get("bytes") or b"")
            elif message["type"] == "websocket.close" and self.status is None:
                self.status = 403
        except Exception:
            pass
        return self._completing(message) if completes else self._send(message)

    async def _completing(self, message: Message) -> Any:
        result = await self._send(message)
        self.complete = clock()
        return result

    async def receive(self) -> Message:
        message = await self._receive()
        try:
            kind = message["type"]
            if kind == "http.request":
                self.received += len(message.get("body", b""))
            elif kind == "http.disconnect":
                self.disconnected = int(not self.complete)
            elif kind == "websocket.receive":
                text = message.get("text")
                self.received += size_of(text if text is not None else message.get("bytes") or b"")
        except Exception:
            pass
        return message


def with_list(message: Message, headers: Iterable[Any]) -> tuple[Message, Any]:
    """The message to pass on and its headers, readable more than once: a one-shot iterator is read here, into a copy."""
    if isinstance(headers, (list, tuple)):
        return message, headers
    read = list(headers)
    return {**message, "headers": read}, read
