# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Which processes are one server.

A server's workers are forked, or spawned by multiprocessing, from one process; two servers have been executed apart,
also when one shell or test run started both. On Linux `/proc/<pid>/auxv` tells: a fork has its parent's, byte for byte,
while each exec gets new random addresses. Workers that a process manager executes apart are one server if it made the
one socket they listen on and still has it: all that the first process of their family listens on, its parent has too.
"""

from __future__ import annotations

import os
import sys

from ._sockets import listening, sockets

MAX_ANCESTORS = 64

_instance: str | None = None


def instance() -> str:
    """A string that is equal in all workers of one server and different in two servers. Made once per process family.

    `SPANGARD_INSTANCE` wins. A forked child keeps what its parent found, also when the parent is gone.
    """
    global _instance
    given = os.environ.get("SPANGARD_INSTANCE")
    if given:
        return given
    if _instance is None:
        _instance = _find()
    return _instance


def _find() -> str:
    try:
        pid = _root(os.getpid())
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = file.read().strip()
        handed = _handed_down(pid)
        if handed:
            return f"{boot}-sockets-{'-'.join(sorted(handed))}"
        # two containers of one machine may have the same pid and start at the same tick
        namespace = os.stat("/proc/self/ns/pid").st_ino
        return f"{boot}-{namespace}-{pid}-{_started(pid)}"
    except Exception:
        # No /proc: the workers of a server share its process group, which a shell makes for each command.
        return f"{os.uname().nodename}-group-{os.getpgrp()}"


def serves_what_it_was_given() -> bool:
    """Whether all that this server listens on so far was handed down to it. A socket of its own makes it another server
    than the one it was handed down from: that shows when it serves, and not yet when it starts.
    """
    try:
        return not os.environ.get("SPANGARD_INSTANCE") and bool(_handed_down(_root(os.getpid())))
    except Exception:  # nothing to read there; or a test's tool that forbids reading in an event loop
        return False


def _handed_down(pid: int) -> set[str]:
    """The sockets this process listens on, if its parent has them all; none if it has one of its own, or if systemd
    holds them, for whom a service that is started again is a new one (sd_listen_fds(3)).
    """
    own = sockets(pid)
    shared = own & sockets(_parent(pid))
    if not listening(pid, shared):
        return set()
    if f"LISTEN_PID={pid}".encode() in _read(pid, "environ").split(b"\0"):
        return set()
    listeners = listening(pid, own)
    return listeners if listeners <= shared else set()


def _root(pid: int) -> int:
    """The oldest ancestor that `pid` is related to."""
    for _ in range(MAX_ANCESTORS):
        parent = _parent(pid)
        if parent <= 0 or not _related(pid, parent):
            break
        pid = parent
    return pid


def _related(pid: int, parent: int) -> bool:
    """Whether the child was forked without exec, or is a helper or child of multiprocessing (spawn, forkserver)."""
    command = _read(pid, "cmdline")
    if b"multiprocessing" in command and (
        b"--multiprocessing-fork" in command or b"multiprocessing.forkserver" in command
    ):
        return True
    if pid == os.getpid() and _multiprocessing_parent() == parent:
        return True
    try:
        return _read(pid, "auxv") == _read(parent, "auxv")
    except PermissionError:
        # The parent kept another user's rights. A fork has its command line, unless the server renames its processes.
        theirs = _read(parent, "cmdline")
        return command == theirs or command.split(b":")[0] == theirs.split(b":")[0] == b"gunicorn"


def _multiprocessing_parent() -> int | None:
    process = sys.modules.get("multiprocessing.process")
    parent = process.parent_process() if process is not None else None
    return None if parent is None else parent.pid


def _read(pid: int, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _started(pid: int) -> int:
    """Clock ticks from boot to the start of the process; an exec does not change it."""
    return int(_stat(pid)[19])


def _stat(pid: int) -> list[bytes]:
    """The fields of proc_pid_stat(5) from the third on; the second, the name, may hold spaces and parentheses."""
    return _read(pid, "stat").rpartition(b")")[2].split()
