# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What a recorder says of its process when it connects: `process` of HELLO in docs/wire-protocol.md."""

from __future__ import annotations

import os
import sys

from ._instance import instance
from ._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "x86", "i686": "x86", "armv7l": "arm32"}
"""`uname -m` where the semantic conventions call it something else (`host.arch`)."""

MAX_COMMAND = 200
MAX_SETTINGS = 512
MAX_SETTING_BYTES = 8192
MAX_SETTINGS_BYTES = 48 << 10
"""Variables that HELLO carries, the length of one, and of all: what the engine accepts."""


def describe() -> dict[str, str | int | None]:
    """New in each call: the process may have been forked, or its output redirected, since the last one."""
    machine = os.uname()
    _share_output()
    return {
        "pid": os.getpid(),
        "instance": instance(),
        "runtime.name": sys.implementation.name,
        "runtime.version": ".".join(str(part) for part in sys.version_info[:3]),
        "runtime.description": sys.version,
        "host.name": machine.nodename,
        "host.arch": _ARCHITECTURES.get(machine.machine, machine.machine),
        "command": command(sys.argv[0] if sys.argv else "")[:MAX_COMMAND],
        "service": None,  # without OTEL_SERVICE_NAME it is unknown_service:<command>, as the specification has it
        "version": __version__,
        "tty": _terminal(),
    }


def settings() -> dict[str, str]:
    """The variables that configure the engine's part."""
    from ._log import warn
    from ._settings import effective

    return those_told(effective(os.environ), warn)


def those_told(environ: Mapping[str, str], complain: Callable[[str], None]) -> dict[str, str]:
    """Of ``environ`` what HELLO carries. One too long, or one too many, is named: HELLO would be refused for it."""
    found: dict[str, str] = {}
    left = MAX_SETTINGS_BYTES
    for name, value in environ.items():
        if name.startswith(("OTEL_", "SPANGARD_")) and len(found) < MAX_SETTINGS:
            size = len((name + value).encode("utf-8", "surrogatepass"))
            if size > MAX_SETTING_BYTES:
                complain(f"{name[:200]} is longer than {MAX_SETTING_BYTES} bytes and ignored")
            elif size > left:
                complain(
                    f"{name[:200]} is ignored: all variables together would be longer than {MAX_SETTINGS_BYTES} bytes"
                )
            else:
                left -= size
                found[name] = value
    return found


def command(argv0: str) -> str:
    """The name a user knows the process by: `uvicorn` for `/venv/bin/uvicorn` and for `python -m uvicorn`."""
    directory, name = os.path.split(argv0)
    if name == "__main__.py":
        name = os.path.basename(directory)
    return name if name not in ("", "-", "-c", "-m") else "python"


def _terminal() -> str | None:
    """The terminal that is standard output: descriptor 1, whatever `sys.stdout` is. None if that is none."""
    try:
        return os.ttyname(1)
    except OSError:
        return None


def _share_output() -> None:
    """Lets the engine write to a regular file on standard output, where it is asked to: without O_APPEND each would
    write over what the other wrote.
    """
    from ._settings import effective

    environ = effective(os.environ)
    printed = environ.get("OTEL_TRACES_EXPORTER", "") + environ.get("OTEL_METRICS_EXPORTER", "")
    if "console" not in printed and "compact" not in printed:
        return
    import fcntl
    from stat import S_ISREG

    try:
        if S_ISREG(os.fstat(1).st_mode):
            flags = fcntl.fcntl(1, fcntl.F_GETFL)
            fcntl.fcntl(1, fcntl.F_SETFL, flags | os.O_APPEND)
    except OSError:
        pass  # the file is then as mixed up as it would have been
