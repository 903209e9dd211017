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


SIZES_KEPT = 1024
"""Elements of a list of sizes, after which they are added up."""

mark_as_coroutine: Callable[[Send], Any] | None = None
"""Called with each ``send``, a plain function that returns the server's coroutine: for a framework that asks."""


class SummedWebSocket(Detailed):
    """Counts messages and their bytes, without a look at the clock; notes handshake, denial and close as they pass.

    A look at ``receive`` makes both callables: variables of a function are read in half the time that an object's
    fields take, and a size is appended to a list in half the time that two sums take, which are made of it later.
    docs/wire-protocol.md, Events 12 and 23.
    """

    touched = True  # always ask for what is told
    hears = True
    """What the application receives is looked at."""

    @property
    def receive(self) -> Receive:  # type: ignore[override]
        server_receive, server_send = self.server_receive, self.server_send
        received = self._received = [0, 0]  # messages and bytes of them that are added up; sizes of the others
        sent = self._sent = [0, 0]

        async def receive() -> Message:
            message = await server_receive()
            try:
                text = message.get("text")
                if text is not None:
                    received.append(len(text) if text.isascii() else size_of(text))
                elif message["type"] == "websocket.receive":
                    received.append(size_of(message.get("bytes") or b""))
                else:
                    self._heard(message)
                if len(received) > SIZES_KEPT:
                    received[:] = _sums(received)
            except Exception:  # a server's odd message is the application's to judge
                pass
            return message

        def send(message: Message) -> Any:
            try:
                text = message.get("text")
                if text is not None:
                    sent.append(len(text) if text.isascii() else size_of(text))
                elif message["type"] == "websocket.send":
                    sent.append(size_of(message.get("bytes") or b""))
                else:
                    message = self._said(message)
                if len(sent) > SIZES_KEPT:
                    sent[:] = _sums(sent)
            except Exception:  # a message that is not what ASGI says is the server's to refuse
                pass
            return server_send(message)

        if mark_as_coroutine is not None:
            mark_as_coroutine(send)
        self.send = send  # type: ignore[method-assign]
        return receive if self.hears else server_receive

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
        received, sent = self._received, self._sent
        if len(received) > 2 or received[0]:
            messages += (23, *_sums(received), 0)
        if len(sent) > 2 or sent[0]:
            messages += (12, *_sums(sent))
        return messages


class UnheardWebSocket(SummedWebSocket):
    """One whose messages are wanted in neither direction: as upstream's, the application gets the server's ``receive``.

    A coroutine of ours around each message it receives would cost more than all that is noted of the others.
    """

    hears = False


def _sums(sizes: list[int]) -> tuple[int, int]:
    """How many messages there were, and how many bytes: what is added up already, and the rest."""
    return sizes[0] + len(sizes) - 2, sum(sizes) - sizes[0]
