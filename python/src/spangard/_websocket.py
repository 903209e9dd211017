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

    from .middleware import Message, Receive


class SummedWebSocket(Detailed):
    """Counts messages and their bytes, without a look at the clock; notes handshake, denial and close as they pass.

    A look at ``receive`` makes both callables, with their counts: variables of a function count in four fifths of the
    time that an object's fields take. docs/wire-protocol.md, Events 12 and 23.
    """

    touched = True  # always ask for what is told

    @property
    def receive(self) -> Receive:  # type: ignore[override]
        server_receive, server_send, heard, said = self.server_receive, self.server_send, self._heard, self._said
        received = bytes_received = sent = bytes_sent = 0

        async def receive() -> Message:
            nonlocal received, bytes_received
            message = await server_receive()
            try:
                if "text" in message and (text := message["text"]) is not None:
                    bytes_received += len(text) if text.isascii() else size_of(text)
                    received += 1
                elif message["type"] == "websocket.receive":
                    bytes_received += size_of(message.get("bytes") or b"")
                    received += 1
                else:
                    heard(message)
            except Exception:  # a server's odd message is the application's to judge
                pass
            return message

        def send(message: Message) -> Any:
            nonlocal sent, bytes_sent
            try:
                if "text" in message and (text := message["text"]) is not None:
                    bytes_sent += len(text) if text.isascii() else size_of(text)
                    sent += 1
                elif message["type"] == "websocket.send":
                    bytes_sent += size_of(message.get("bytes") or b"")
                    sent += 1
                else:
                    message = said(message)
            except Exception:  # a message that is not what ASGI says is the server's to refuse
                pass
            return server_send(message)

        self.send = send  # type: ignore[method-assign]
        self._sums: Callable[[], tuple[int, ...]] = lambda: (received, bytes_received, sent, bytes_sent)
        return receive

    def _heard(self, message: Message) -> None:
        if message["type"] == "websocket.disconnect" and len(self.messages) < EVENTS_KEPT:
            self.messages += (21, 0.0, 0.0, close_of(message, 1005))

    def _said(self, message: Message) -> Message:
        """Returns the message to pass on. So many that the limit counts come from no application that ASGI knows."""
        return self._other(message["type"], message)[1] if len(self.messages) < EVENTS_KEPT else message

    def told(self, start: float, end: float) -> list[Any]:
        """The rare messages, and the sums of the others. Asked once, at the end."""
        del self.send  # which holds this object: a cycle is work for the garbage collector
        messages = self.messages
        received, bytes_received, sent, bytes_sent = self._sums()
        if received:
            messages += (23, received, bytes_received, 0)
        if sent:
            messages += (12, sent, bytes_sent)
        return messages
