# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Which sockets a process has open, and which of them listen: as Linux tells it in /proc, no descriptor is touched.

Sockets are told by their inode, a text of digits, which is one in the whole machine as long as the socket lives.
"""

from __future__ import annotations

import os

_LISTEN = b"0A"
_ACCEPTS = 0x10000
"""TCP_LISTEN and __SO_ACCEPTCON as /proc/net shows them."""


def sockets(pid: int) -> set[str]:
    """Empty where the process is gone or another user's."""
    found = set()
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
            except OSError:  # closed meanwhile
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


def listening(pid: int, among: set[str]) -> set[str]:
    """Those of ``among`` that take connections, by TCP or as Unix sockets, in the network that the process sees.
    Without those by which multiprocessing talks to its own processes.
    """
    found: set[str] = set()
    if not among:
        return found
    for table in ("tcp", "tcp6"):
        found.update(row[9].decode() for row in _rows(pid, table) if len(row) > 9 and row[3] == _LISTEN)
    for row in _rows(pid, "unix"):
        if len(row) > 6 and int(row[3], 16) & _ACCEPTS and not (len(row) > 7 and b"/pymp-" in row[7]):
            found.add(row[6].decode())
    return found & among


def _rows(pid: int, table: str) -> list[list[bytes]]:
    try:
        with open(f"/proc/{pid}/net/{table}", "rb") as file:
            return [line.split() for line in file.read().splitlines()[1:]]
    except OSError:  # no IPv6, or no /proc
        return []
