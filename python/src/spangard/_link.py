# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The connection to the engine: never waited for, made anew when it breaks.

Not thread-safe: every method is called under the recorder's lock.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

RETRY_S = 1.0
RETRY_REFUSED_S = 60.0
"""Where the engine does not say when it is of use to ask again."""
START_AGAIN_S = 10.0
SEND_BUFFER_BYTES = 1 << 19


class Link:
    __slots__ = (
        "_frame",
        "_frame_finished",
        "_frame_spans",
        "_greeting",
        "_holds",
        "_is_reset",
        "_is_welcome",
        "_offset",
        "_retry",
        "_said",
        "_sent",
        "_sent_before",
        "_sent_spans",
        "_socket",
        "_start_again",
        "is_busy",
        "recorder_id",
        "refused",
    )

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._start_over()

    def _start_over(self) -> None:
        self.recorder_id = int.from_bytes(os.urandom(8), "big") >> 1 or 1  # 0 is nobody
        self._sent = 0  # finished requests in frames wholly written
        self._sent_spans = 0
        self._sent_before = 0  # of the requests, to earlier connections
        self._is_welcome = False  # the engine has answered this connection's HELLO
        self._is_reset = False  # the last connection ended with something in it that was not read, and no engine knows
        self._holds = False  # who was refused writes no record before it is welcome
        self._retry = 0.0
        self._said = ""  # why no engine takes our records
        self._start_again = 0.0
        self.refused = False  # by the engine, or because of what is there in its place
        self.is_busy = False  # the engine is there, and has more connections to accept than its queue holds
        self._greeting = b""  # what is left of HELLO
        self._frame = b""
        self._frame_finished = 0
        self._frame_spans = 0
        self._offset = 0

    def abandon(self) -> None:
        """In a forked child: closes our copy of the parent's descriptor and forgets all that was the parent's."""
        self._close()
        self._start_over()

    def ensure_connected(self, hello: Callable[[int, int], bytes]) -> bool:
        """Connected, or connecting now worked. A refusal or a dead engine is noticed here."""
        if self._socket is not None:
            self._read_answer(self._socket)
        return self._socket is not None or self._connect(hello)

    def connected(self) -> bool:
        return self._socket is not None

    def waiting(self) -> int:
        """How many finished requests are in a frame that is not wholly written, or in a connection that no engine has
        answered: it may still refuse them, or has ended without a look at them.
        """
        is_open = self._socket is not None or self._is_reset
        unanswered = self._sent - self._sent_before if is_open and not self._is_welcome else 0
        return unanswered + (self._frame_finished if self._frame else 0)

    def is_drained(self) -> bool:
        return not self._frame

    def is_settled(self) -> bool:
        """Whether an engine has read all that was written, or will book it as lost."""
        connection = self._socket
        return self._is_welcome and _is_read(connection) if connection is not None else not self._is_reset

    def hurry(self) -> None:
        """Whoever waits for the engine asks for it again at once."""
        if not self.refused:
            self._retry = 0.0

    def queue(self, frame: bytes, finished: int, spans: int) -> None:
        """Hands over the next frame; only when the one before is ``is_drained``."""
        self._frame = frame
        self._frame_finished = finished
        self._frame_spans = spans
        self._offset = 0
        self.write()

    def write(self) -> bool:
        """Writes as much as the socket takes; True if nothing is left."""
        connection = self._socket
        if connection is None:
            return False
        try:
            while self._greeting:
                self._greeting = self._greeting[connection.send(self._greeting) :]
            while self._frame and (self._is_welcome or not self._holds):
                self._offset += connection.send(memoryview(self._frame)[self._offset :])
                if self._offset == len(self._frame):
                    self._frame = b""
                    self._sent += self._frame_finished
                    self._sent_spans += self._frame_spans
        except BlockingIOError:
            return False
        except OSError:
            self._read_answer(connection)  # which may say why
            if self._socket is not None:
                self.broken()
            return False
        return not self._frame

    def broken(self) -> None:
        """The connection is of no use. A frame that was not wholly written goes to the next one, from its start."""
        self._close()
        self._offset = 0
        self._retry = perf_counter() + RETRY_S

    def goodbye(self, frame: bytes) -> None:
        """The last frame; what does not fit any more is not waited for."""
        if self._socket is not None and self.write():
            self._socket.send(frame)
        self._close()

    def wait(self, seconds: float) -> bool:
        """Blocks until the socket may take more, or where all is written until the engine says something, at most
        ``seconds``; False if there is no use in waiting.
        """
        has_to_write = bool(self._greeting or (self._frame and (self._is_welcome or not self._holds)))
        if self._socket is None or seconds <= 0 or (self._is_welcome and not has_to_write):
            return False  # nothing tells that the other end has read
        import select

        try:
            poll = select.poll()
            poll.register(self._socket, select.POLLOUT if has_to_write else select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        except (OSError, TypeError, ValueError):  # closed by another thread meanwhile
            return False

    def _connect(self, hello: Callable[[int, int], bytes]) -> bool:
        now = perf_counter()
        if now < self._retry:
            return False
        self._retry = now + RETRY_S
        import socket

        from ._engine import socket_path, trusted_uids

        try:
            path = socket_path()
            trusted = trusted_uids()
        except OSError as error:
            self._refused(str(error))
            return False
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            connection.connect(path)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        except OSError as error:
            connection.close()
            self.is_busy = isinstance(error, BlockingIOError)
            if not self.is_busy:
                self._want_engine(now)
            return False
        self.is_busy = False
        owner = owner_of(connection)
        if owner is not None and owner[1] not in trusted:
            connection.close()
            self._refused(f"the engine's socket {path} is served by another user (uid {owner[1]})")
            return False
        self._socket = connection
        self._sent_before = self._sent
        self._is_welcome = self._is_reset = self.refused = False
        self._greeting = hello(self._sent, self._sent_spans)
        return True

    def _want_engine(self, now: float) -> None:
        """Nothing answers: has an engine started, on a thread of its own, now and then."""
        if now < self._start_again:
            return
        self._start_again = now + START_AGAIN_S
        from ._engine import bring

        bring()

    def _read_answer(self, connection: socket.socket) -> None:
        """Reads what the engine may have said: WELCOME, REFUSED, or the end."""
        try:
            said = connection.recv(4096)
        except BlockingIOError:
            return
        except OSError as error:
            self.broken()
            self._is_reset = isinstance(error, ConnectionResetError)  # so Linux says that not all was read
            return
        if not said:
            self.broken()
            return
        refusal = _refusal(said)
        if refusal is None:
            self._is_welcome = True
            self._holds = False
            return
        reason, again_s = refusal
        self.broken()
        self._holds = True
        self._refused(f"the engine does not take this process's records: {reason}", again_s)

    def _refused(self, why: str, again_s: float | None = None) -> None:
        """Says it once, and waits before it tries again."""
        self._retry = perf_counter() + (RETRY_REFUSED_S if again_s is None else again_s)
        self.refused = True
        if why != self._said:
            self._said = why
            from ._log import warn

            warn(why)

    def _close(self) -> None:
        connection, self._socket = self._socket, None
        self._greeting = b""
        if connection is not None:
            try:
                connection.close()
            except OSError:
                pass


def _is_read(connection: socket.socket) -> bool:
    """Whether the other end has read all that was written; where the system does not tell, it is taken for read."""
    try:
        from fcntl import ioctl
        from termios import TIOCOUTQ  # Linux: 0 of a Unix socket when nothing waits in it

        return not int.from_bytes(ioctl(connection, TIOCOUTQ, bytes(4)), sys.byteorder)
    except (ImportError, OSError, ValueError):
        return True


def owner_of(connection: socket.socket) -> tuple[int, int] | None:
    """Who listens there: pid and uid. None where the system does not tell. HELLO has credentials: not for anybody."""
    import socket

    option = getattr(socket, "SO_PEERCRED", None)  # Linux: struct ucred, three ints: pid, uid, gid
    if option is None:
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, option, 12)
    return int.from_bytes(credentials[:4], sys.byteorder), int.from_bytes(credentials[4:8], sys.byteorder)


def _refusal(said: bytes) -> tuple[str, float] | None:
    """The reason of a REFUSED frame, and the seconds until it is of use to ask again: short enough to arrive whole.
    marshal is loaded from our own engine only.
    """
    from marshal import loads

    try:
        while said:
            end = 4 + int.from_bytes(said[:4], "big")
            frame = loads(said[4:end])  # noqa: S302
            if frame[0] == 17:
                again_s = max(RETRY_S, float(frame[2])) if len(frame) > 2 else RETRY_REFUSED_S  # NaN is not more
                reason = "".join([letter if letter.isprintable() else " " for letter in str(frame[1])[:500]])
                return reason, min(again_s, RETRY_REFUSED_S)
            said = said[end:]
    except (ValueError, EOFError, TypeError, IndexError, OverflowError):
        pass
    return None
