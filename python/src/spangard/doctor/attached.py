# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that run under `spangard attach` now, serve, and are not recorded."""

from __future__ import annotations

import os
import tempfile

from .._marks import RECORDS, marks
from .._sockets import listening, sockets
from ..attach.watch import PREFIX, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .report import Report


def attached(report: Report) -> None:
    """By the marks that their recorders would have made. What is left of commands that have ended is cleared away."""
    directory = tempfile.gettempdir()
    for name in sorted(os.listdir(directory)) if os.path.isdir("/proc") else ():
        path = os.path.join(directory, name)
        if not name.startswith(PREFIX) or os.lstat(path).st_uid != os.geteuid():
            continue
        pids = processes(path)
        if not pids and not _is_running(name[len(PREFIX) :].partition("-")[0]):
            os.unlink(path)
        elif RECORDS not in marks(path):
            serving = [pid for pid in pids if listening(pid, sockets(pid))]
            if serving:
                report.warn(
                    f"nothing is recorded of {_command(serving[0])}, which serves under attach, pid {serving[0]}: "
                    "no ASGI application under a server that attach knows",
                    "serve it by one of those above, or wrap the application: OpenTelemetryMiddleware(app)",
                )


def _is_running(pid: str) -> bool:
    return os.path.exists(f"/proc/{pid}")


def _command(pid: int) -> str:
    """Its name. Not its arguments, which may be secrets."""
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as file:
            return "".join(character if character.isprintable() else "?" for character in file.read().strip())
    except OSError:
        return "a command"
