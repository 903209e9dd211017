# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A WebSocket told by its sums: one that is not sampled, or whose single messages are not wanted."""

from __future__ import annotations

from ._facts import close_of, size_of
from ._messages import EVENTS_KEPT, Detailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .middleware import Message, Receive, Send


isascii = str.isascii

mark_as_coroutine: Callable[[Send], Any] | None = None
"""Called with each ``send``, a plain function that returns the server's coroutine: for a framework that asks."""


class SummedWebSocket(Detailed):
    """Counts messages and their bytes, without a look at the clock; notes handshake, denial and close as they pass.

    Both callables are functions made for it, whose own variables are read and counted up in less time than an object's
    fields. docs/wire-protocol.md, Events 12 and 23.
    """

    summed = True
    touched = True  # always ask for what is told

    def around(self, server_receive: Receive, server_send: Send) -> tuple[Receive, Send]:
        """What the application is given in place of the server's callables."""
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
                        code = close_of(message, 1005)
                        events.extend((21, 0.0, 0.0, code if code != 1006 else self.lost()))
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
                else:
                    message = self._said(message)
            except Exception:  # a message that is not what ASGI says is the server's to refuse
                pass
            return server_send(message)

        def told(start: float, end: float) -> list[Any]:
            """The rare messages, and the sums of the others."""
            if messages_received:
                events.extend((23, messages_received, bytes_received, 0))
            if messages_sent:
                events.extend((12, messages_sent, bytes_sent))
            return events

        if mark_as_coroutine is not None:
            mark_as_coroutine(send)
        self.told = told  # type: ignore[method-assign]
        return receive if self.hears else server_receive, send

    def _said(self, message: Message) -> Message:
        """Returns the message to pass on. So many that the limit counts come from no application that ASGI knows."""
        return self._other(message["type"], message)[1] if len(self.messages) < EVENTS_KEPT else message


class UnheardWebSocket(SummedWebSocket):
    """One whose messages are wanted in neither direction: as upstream's, the application gets the server's ``receive``.

    A coroutine of ours around each message it receives would cost more than all that is noted of the others.
    """

    hears = False
