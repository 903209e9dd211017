# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Says so, in one line, when nothing of CMD is recorded although it serves: takes connections, by TCP or a Unix socket.

Whoever attaches becomes CMD, which may be no Python, or one whose sockets are opened outside of it. So a process of its
own looks from outside: at a mark that the first recorder makes in a file (`_marks`), and at what CMD's processes listen
on. It is there until that mark is made, as any ASGI server has it made at its start; it is nobody's child, and silent
where CMD serves nothing. Linux only.
"""

from __future__ import annotations

import os
import sys
from time import monotonic

from .._marks import ATTACHED, RECORDS, SERVER, marks
from .._sockets import listening, sockets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SERVED_S = 10.0
"""Whoever has served for so long without a recorder has none."""
LOADING_S = 60.0
"""Where a server is loaded that attach knows: it may listen long before its application is loaded."""
WATCH_S = 600.0
"""A CMD that does not listen by then is none that serves."""
LOOK_S = 1.0
PREFIX = "spangard-attached-"
NOTHING = (
    "spangard: nothing was recorded: no ASGI application under a server that attach knows "
    "(uvicorn, gunicorn, hypercorn, daphne, granian); wrap it in the code, or ask spangard doctor\n"
)


def watched() -> dict[str, str]:
    """Has this process, and what it becomes, watched; the variable by which CMD's processes are known. Empty where that
    cannot be done. Only for a process without threads.
    """
    pidfd_open = getattr(os, "pidfd_open", None)
    if pidfd_open is None or not os.path.isdir("/proc/self/fd"):
        return {}
    import tempfile

    try:
        end = pidfd_open(os.getpid())
        mark, path = tempfile.mkstemp(prefix=f"{PREFIX}{os.getpid()}-")
        os.fchmod(mark, 0o666)  # CMD's workers may be another user's; there is nothing in it but marks
        os.close(mark)
    except OSError:
        return {}
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _detached(end, path)
    os.waitpid(child, 0)
    os.close(end)
    return {ATTACHED: path}


def _detached(end: int, path: str) -> None:
    """In a child: in a grandchild that is nobody's child, with nothing of the terminal but standard error."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
            if descriptor > 2 and descriptor != end:  # what CMD was handed, such as sockets, is not ours to hold
                try:
                    os.close(descriptor)
                except OSError:  # that of the list
                    pass
        if Watch(path, _served(path), monotonic, _waits_for(end)).ends_unrecorded():
            os.write(2, NOTHING.encode())
        else:
            os.unlink(path)
    finally:
        os._exit(0)


class Watch:
    """Looks once a second. All that it sees is handed in."""

    def __init__(
        self,
        path: str,
        serves: Callable[[], bool],
        clock: Callable[[], float],
        ended: Callable[[float], bool],
    ) -> None:
        """``ended`` waits for so many seconds, or for the end of CMD, and says whether it came."""
        self._path = path
        self._serves = serves
        self._clock = clock
        self._ended = ended

    def ends_unrecorded(self) -> bool:
        """Waits until it is clear whether CMD has served without being recorded."""
        began = self._clock()
        served: float | None = None
        while True:
            ended = self._ended(LOOK_S)
            made = marks(self._path)
            if RECORDS in made:
                return False
            if ended:
                return served is not None
            now = self._clock()
            if served is None:
                if self._serves():
                    served = now
                elif now - began >= WATCH_S:
                    return False
            elif now - served >= (LOADING_S if SERVER in made else SERVED_S):
                return self._serves()


def _waits_for(end: int) -> Callable[[float], bool]:
    import select

    poll = select.poll()
    poll.register(end, select.POLLIN)
    return lambda seconds: bool(poll.poll(seconds * 1000))


def _served(path: str) -> Callable[[], bool]:
    return lambda: any(listening(pid, sockets(pid)) for pid in processes(path))


def processes(path: str) -> list[int]:
    """Those that came of one attach and may be looked at: all have the mark's variable in their environment."""
    variable = f"{ATTACHED}={path}".encode()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if variable in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:  # it has ended, or is another user's
                continue
    return found
