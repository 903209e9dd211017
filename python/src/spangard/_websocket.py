# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A WebSocket told by its sums: one that is not sampled, or whose single messages are not wanted."""

from __future__ import annotations

from ._endings import LOST, lost
from ._facts import close_of, size_of
from ._messages import EVENTS_KEPT, MessageRecorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._asgi import Message, Receive, Send


isascii = str.isascii

ACCEPTED_AND_LEFT = 7
"""Elements of the events of most conversations: accepted, and then the client's close. Of others that have as many the
client's close is the first, its code the fourth.
"""

mark_as_coroutine: Callable[[Send], Any] | None = None
"""Called with each ``send``, a plain function that returns the server's coroutine: for a framework that asks."""


class WebSocketTotals(MessageRecorder):
    """Counts messages and their bytes, without a look at the clock; notes handshake, denial and close as they pass.

    Both callables are functions made for it, whose own variables are read and counted up in less time than an object's
    fields. docs/wire-protocol.md, Events 12 and 23.
    """

    status_code: int | None = None
    started: Message | None = None
    streams = False

    def around(self, server_receive: Receive, server_send: Send) -> tuple[Receive, Send, Callable[[], list[Any]]]:
        """What the application is given in place of the server's callables; and what tells, at the end, the events."""
        self.server_send = server_send
        events = self.messages
        messages_received = bytes_received = messages_sent = bytes_sent = 0

        async def receive() -> Message:
            nonlocal messages_received, bytes_received
            message = await server_receive()
            try:
                text = message.get("text")
                if text is not None:
                    if isascii(text):
                        bytes_received += len(text)
                    else:
                        bytes_received += size_of(text)
                    messages_received += 1
                else:
                    kind = message["type"]
                    if kind == "websocket.receive":
                        bytes_received += size_of(message.get("bytes"))
                        messages_received += 1
                    elif kind == "websocket.disconnect" and len(events) < EVENTS_KEPT:
                        events.extend((21, 0.0, 0.0, close_of(message, 1005)))
            except Exception:  # a server's odd message is the application's to judge
                pass
            return message

        def send(message: Message) -> Any:
            nonlocal messages_sent, bytes_sent
            try:
                text = message.get("text")
                if text is not None:
                    if isascii(text):
                        bytes_sent += len(text)
                    else:
                        bytes_sent += size_of(text)
                    messages_sent += 1
                elif message["type"] == "websocket.send":
                    bytes_sent += size_of(message.get("bytes"))
                    messages_sent += 1
                elif len(events) < EVENTS_KEPT:  # so many come from no application that ASGI knows
                    message = self._other(message["type"], message)[1]
            except Exception:  # a message that is not what ASGI says is the server's to refuse
                pass
            return server_send(message)

        def sums() -> list[Any]:
            """The rare messages, and the sums of the others."""
            if len(events) != ACCEPTED_AND_LEFT or events[3] == LOST or events[-1] == LOST:
                _tell_lost(events, server_send)
            if messages_received:
                events.extend((23, messages_received, bytes_received, 0))
            if messages_sent:
                events.extend((12, messages_sent, bytes_sent))
            return events

        if mark_as_coroutine is not None:
            mark_as_coroutine(send)
        return receive, send, sums


def _tell_lost(events: list[Any], server_send: Send) -> None:
    """What the server says of a lost WebSocket, by what it means there."""
    at = 0
    while at < len(events):
        if events[at] == 21 and events[at + 3] == LOST:
            events[at + 3] = lost(server_send)
        at += 4 if events[at] >= 16 else 3


class SendOnlyTotals(WebSocketTotals):
    """One whose messages are wanted in neither direction: as upstream's, the application gets the server's ``receive``.

    A coroutine of ours around each message it receives would cost more than all that is noted of the others.
    """

    hears = False
