# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""One request in the `upstream` profile: its messages as they pass by, each a child span.

Belongs to one request and is used on its event loop. Codes: docs/wire-protocol.md, Upstream records.
"""

from __future__ import annotations

from time import perf_counter as clock

from .._answered import answering
from .._endings import promised, ways_of_the_server
from .._facts import listed, size_of
from .._messages import EVENTS_KEPT, MAX_NAME, UNKNOWN_SUM
from .._values import integer, text, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._asgi import Message, Receive, Scope, Send

MAX_CAPTURED_TEXTS = 512
"""Names and values of response headers in one record: an application may send any number of informational messages."""

SAMPLED, INTERNAL = 1, 2
"""Flags of a request's record."""

CANCELLED, DISCONNECTED = 1, 2
"""Flags of how it ended."""

SENT = {
    "http.response.start": 1,
    "http.response.body": 2,
    "websocket.accept": 5,
    "websocket.send": 6,
    "websocket.close": 8,
    "http.response.trailers": 11,
}
RECEIVED = {
    "http.request": 16,
    "http.disconnect": 17,
    "websocket.connect": 18,
    "websocket.receive": 19,
    "websocket.disconnect": 21,
}
OTHER_SENT, FAILED, OTHER_RECEIVED = 15, 22, 31
_WITH_HEADERS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class UpstreamExchange:
    """The middleware assigns the fields without a default."""

    middleware: Any
    scope: Scope
    head: tuple[Any, ...]
    trace: bytes | int | None
    span_id: int
    sampled: bool
    server_receive: Receive
    server_send: Send
    captures: Any
    messages: list[Any]
    recording: bool
    received: int
    sent: int
    status_code: int | str | None
    ended: float  # when the server had taken the last message of the response
    started: Message | None  # http.response.start
    final: bool  # nothing is to come after what was sent
    trailers: bool
    disconnected: bool

    state = b""
    captured: list[bytes] | None = None

    def send(self, message: Message) -> Any:
        """A plain function that returns what the server's ``send`` returns: a coroutine less per message."""
        ends = False
        try:
            kind = message["type"]
            if type(kind) is not str:
                kind = text(kind, MAX_NAME)
            code = SENT.get(kind, OTHER_SENT)
            value: Any = None
            if code == 2:
                body = message.get("body", b"")
                self.sent += len(body) if type(body) is bytes else size_of(body)
                ends = not self.trailers and not truth(message.get("more_body"))
            elif code == 1:
                self.started = message
                value = status_of(message.get("status"))
                if isinstance(value, int) and value >= 500:
                    answering(self.span_id, value)
                self.trailers = truth(message.get("trailers"))
            elif code == 6:
                value = 200
            elif code == 11:
                ends = self.trailers and not truth(message.get("more_trailers"))
            elif code == OTHER_SENT:
                value = text(kind, MAX_NAME) or ""
                if kind == "http.response.pathsend" or kind == "http.response.zerocopysend":
                    self._sends_of_a_file(message)
                    self.final = not truth(message.get("more_body"))
            if self.middleware.sends:
                self.note_sent(code, value if code != 6 else None, message)
            if value is not None and code != OTHER_SENT:
                self.answered(value)
            if "headers" in message:
                message = self._headers(kind, message)
        except Exception:  # a message that is not what ASGI says is the server's to refuse
            pass
        if ends:
            self.final = True
            return self._ending(message)
        return self.server_send(message)

    def has_answered(self) -> bool:
        """Whether the last message of the response was handed over."""
        return self.final

    def _sends_of_a_file(self, message: Message) -> None:
        count = message.get("count")
        if count is not None:
            self.sent += integer(count) or 0
        else:
            length = None if truth(message.get("more_body")) else promised(self.started)
            self.sent = UNKNOWN_SUM if length is None or length < 0 else length

    def _is_whole(self) -> bool:
        """Whether the client had everything, though the application has not said so."""
        if self.started is None:
            return False
        if self.head[9] == "HEAD" or self.status_code in (204, 304):
            return True
        length = promised(self.started)
        return length is not None and 0 <= length <= self.sent

    async def _ending(self, message: Message) -> Any:
        result: Any = await self.server_send(message)  # type: ignore[func-returns-value]
        if not self.ended:
            self.ended = clock()
            self.recording = False
        return result

    async def receive(self) -> Message:
        asked = clock()
        try:
            message = await self.server_receive()
        except BaseException:
            self._note_received(FAILED, asked, None)
            raise
        self._note_received(*self.counted(message, asked))
        return message

    def _note_received(self, code: int, asked: float, value: str | None) -> None:
        if self.middleware.receives and self.sampled:
            self.messages += (code, asked, clock(), value)
            if len(self.messages) > EVENTS_KEPT:
                self.send_ahead()

    def note_sent(self, code: int, value: Any, message: Message) -> None:
        """A child span of no length: upstream ends it before it hands the message on."""
        if self.sampled:
            now = clock()
            self.messages += (code, now, now, value)
            if len(self.messages) > EVENTS_KEPT:
                self.send_ahead()

    def counted(self, message: Message, asked: float) -> tuple[int, float, str | None]:
        """Counts what the message brought: its code, when it was asked for, its type if that is not known."""
        try:
            kind = message["type"]
            if type(kind) is not str:
                kind = text(kind, MAX_NAME)
            code = RECEIVED.get(kind, OTHER_RECEIVED)
            if code == 16:
                self.received += size_of(message.get("body"))
            elif code == 17:
                self.disconnected = not (self.final or self._is_whole())
            elif code == 21:  # lost, where the server can tell that from a close of the client's
                lost = integer(message.get("code")) == 1006
                self.disconnected = lost and ways_of_the_server(self.server_send).tells_closes
            return code, asked, (text(kind, MAX_NAME) or "") if code == OTHER_RECEIVED else None
        except Exception:  # a server's odd message is the application's to judge
            return OTHER_RECEIVED, asked, None

    def answered(self, status: int | str) -> None:
        self.status_code = status

    def _headers(self, kind: str, message: Message) -> Message:
        """Takes the headers that are asked for, adds those of a response propagator, to a copy: the application's
        message stays as it is, and an iterator is read once.
        """
        headers = message["headers"]
        found, instead = listed(headers)
        if instead is not headers:
            message = {**message, "headers": instead}
        if self.captures is not None and found:
            taken = self.captures(found) or []
            known = self.captured or []
            self.captured = known + taken[: MAX_CAPTURED_TEXTS - len(known)]
        return self.propagated(message) if kind in _WITH_HEADERS else message

    def propagated(self, message: Message) -> Message:
        return message

    def send_ahead(self) -> None:
        """Sends the messages so far ahead: their spans need not wait for the end."""
        head, recorder = self.head, self.middleware.recorder
        messages, self.messages = self.messages, []
        recorder.sent_ahead((16, *head[3:7], int(head[0] == 15), head[7], head[9], head[12], messages), clock())

    def span_facts(self) -> Any:
        """What the application did with the span; nothing without OpenTelemetry's API."""
        return None


def status_of(value: Any) -> int | str | None:
    """As upstream reads it: a number, the text of what is none, or None for nothing."""
    number = integer(value)
    return number or None if number is not None else text(value, MAX_NAME) or None


def is_error(status: int | str) -> bool:
    return isinstance(status, str) or status < 100 or status >= 500
