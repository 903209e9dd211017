# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What a recorder says of its process when it connects: `process` of HELLO in docs/wire-protocol.md."""

from __future__ import annotations

import os
import sys

from ._instance import instance
from ._version import __version__

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "x86", "i686": "x86", "armv7l": "arm32"}
"""`uname -m` where the semantic conventions call it something else (`host.arch`)."""

MAX_COMMAND = 200
MAX_SETTINGS = 512
MAX_SETTING_BYTES = 8192
"""Variables that HELLO carries, and the length of one: what the engine accepts."""


def describe() -> dict[str, str | int | None]:
    """New in each call: the process may have been forked, or its output redirected, since the last one."""
    machine = os.uname()
    pid = os.getpid()
    tty, console = _console(pid)
    return {
        "pid": pid,
        "instance": instance(),
        "runtime.name": sys.implementation.name,
        "runtime.version": ".".join(str(part) for part in sys.version_info[:3]),
        "runtime.description": sys.version,
        "host.name": machine.nodename,
        "host.arch": _ARCHITECTURES.get(machine.machine, machine.machine),
        "command": command(sys.argv[0] if sys.argv else "")[:MAX_COMMAND],
        "service": None,  # without OTEL_SERVICE_NAME it is unknown_service:<command>, as the specification has it
        "version": __version__,
        "console": console,
        "tty": tty,
    }


def settings() -> dict[str, str]:
    """The variables that configure the engine's part. One too long is named: with it, HELLO would be refused whole."""
    from ._settings import effective, warn

    found: dict[str, str] = {}
    for name, value in effective(os.environ).items():
        if name.startswith(("OTEL_", "SPANGARD_")) and len(found) < MAX_SETTINGS:
            if len(os.fsencode(name + value)) <= MAX_SETTING_BYTES:
                found[name] = value
            else:
                warn(f"{name[:200]} is longer than {MAX_SETTING_BYTES} bytes and ignored")
    return found


def command(argv0: str) -> str:
    """The name a user knows the process by: `uvicorn` for `/venv/bin/uvicorn` and for `python -m uvicorn`."""
    directory, name = os.path.split(argv0)
    if name == "__main__.py":
        name = os.path.basename(directory)
    return name if name not in ("", "-", "-c", "-m") else "python"


def _console(pid: int) -> tuple[int, str | None]:
    """Whether standard output, descriptor 1 whatever `sys.stdout` is, is a terminal; and a path to open it by."""
    try:
        return 1, os.ttyname(1)
    except OSError:
        pass
    path = f"/proc/{pid}/fd/1"
    if not os.path.exists(path):
        return 0, None
    from ._settings import effective

    environ = effective(os.environ)
    if any("console" in environ.get(name, "") for name in ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER")):
        _share_file(1)
    return 0, path


def _share_file(descriptor: int) -> None:
    """Lets two processes write to one regular file: without O_APPEND each would write over what the other wrote."""
    import fcntl
    from stat import S_ISREG

    try:
        if S_ISREG(os.fstat(descriptor).st_mode):
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
            fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
    except OSError:
        pass  # the file is then as mixed up as it would have been
