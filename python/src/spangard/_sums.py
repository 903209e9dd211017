# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""An HTTP request told by its sums: one that is not sampled, or whose single messages are not wanted.

As in `_messages`, each belongs to one request, and every message passes on as it came.
"""

from __future__ import annotations

from time import perf_counter as clock

from ._answered import answering
from ._endings import EVENT_STREAM, promised
from ._facts import size_of
from ._messages import UNKNOWN, UNKNOWN_SUM, WRITTEN_AT_ONCE
from ._values import integer, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._asgi import Message, Receive, Send

NO_BODY = b""
"""CPython has one of it."""

BEFORE, DURING, WHOLE, ENOUGH = 0, 1, 2, 3
"""How a response that was not ended was left: before it had begun; after that; after all the bytes that had been
promised; or it is an event stream, left after it had begun. docs/wire-protocol.md, kind 3.
"""


class MessageCounter:
    """The middleware assigns all fields, as those of MessageRecorder."""

    span_id: int
    server_receive: Receive
    server_send: Send
    status_code: int | None
    started: Message | None
    received: int
    sent: int
    first: float
    complete: float
    left: tuple[float, int] | None

    def send(self, message: Message) -> Any:
        """Tells messages by their keys, in half the time that a look at the type and a comparison of texts take."""
        try:
            if self.started is None:
                if "status" in message:
                    self.started = message
                    status = message["status"]
                    if type(status) is not int:
                        status = integer(status) or 0
                    self.status_code = status or None
                    if status >= 500:
                        answering(self.span_id, status)
                elif self._other(message["type"], message):
                    return self._completing(message)
            elif "body" in message:
                body = message["body"]
                self.sent += len(body) if type(body) is bytes else size_of(body)
                if "more_body" in message and message["more_body"]:  # noqa: RUF019 - a get costs more
                    if not self.first:
                        self.first = clock()
                else:
                    self.complete = now = clock()
                    if self.first:
                        return self._completing(message)
                    self.first = now
                    if self.sent > WRITTEN_AT_ONCE:
                        return self._completing(message)
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
            if kind == "http.response.body":
                self.sent += size_of(message.get("body"))
            else:
                self._sends_of_a_file(message.get("count"), message)
            if not truth(message.get("more_body")):
                self.complete = now
                return True
        return kind == "http.response.trailers" and not truth(message.get("more_trailers"))

    def _sends_of_a_file(self, count: Any, message: Message) -> None:
        if count is not None:
            self.sent += integer(count) or 0
        else:
            length = promised(self.started)
            known = length is not None and length >= 0 and not truth(message.get("more_body"))
            self.sent = length if known and length is not None else UNKNOWN_SUM

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
                body = message["body"] if "body" in message else NO_BODY  # noqa: SIM401
                if body is not NO_BODY:
                    self.received += len(body) if type(body) is bytes else size_of(body)
            elif kind == "http.disconnect":
                self._leaves()
        except Exception:
            pass
        return message

    def _leaves(self) -> None:
        """The client is gone; after the response that is how a connection ends."""
        if not self.complete and self.left is None:
            self.left = (clock(), BEFORE if self.started is None else self._stage())

    def _stage(self) -> int:
        """Of a response that has begun and was not ended."""
        body = promised(self.started)
        if body is None:
            return DURING
        return ENOUGH if body == EVENT_STREAM else WHOLE if self.sent >= body else DURING

    def broken_off(self, error: BaseException, says: int) -> None:
        """An exception leaves the application; what it broke is found out at the end."""

    def unfinished(self, now: float) -> None:
        """The application is done with no response, or with one that it did not end."""
        if self.left is None and self.started is not None:
            stage = self._stage()
            if stage == WHOLE:
                self.left = (now, WHOLE)
            elif stage == ENOUGH:
                self.left = (0.0, ENOUGH)


class TotalsRecorder(MessageCounter):
    """A sampled HTTP request whose single messages are not wanted (``exclude_spans`` names both): told by its sums."""

    captured = None
    parts_ahead = 0
    touched = True  # always ask for what is told

    def message_events(self, start: float, end: float) -> list[Any]:
        """The fewest events that say the same of sizes and times: one body, handed over when the last was."""
        events: list[Any] = [16, start, start, self.received] if self.received else []
        if self.complete and self.left is None and self.status_code is not None and self.sent >= 0:
            events += (1, self.first, 0, 3, self.first, self.sent, 4, self.complete, 0)
            return events
        if not self.complete:
            self.unfinished(end)
        at, when = self.left if self.left is not None else (0.0, None)
        sent = max(self.sent, UNKNOWN)
        if when == BEFORE:
            events += (17, at, at, 0)
        if self.status_code is not None:
            events += (1, self.first or end, 0)
        if when == WHOLE:
            return [*events, 3, self.first or at, sent, 4, at, 0]
        if when == ENOUGH:
            events += (14, self.first or at or end, EVENT_STREAM)
        if at and when in (DURING, ENOUGH):
            if self.first:
                events += (2, self.first, sent)
            events += (17, at, at, 0)
        elif self.complete:
            events += (3, self.first, sent, 4, self.complete, 0)
        elif self.first:
            events += (2, self.first, sent)
        return events
