# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Is there a Java for the engine, a place for its socket, and an engine?"""

from __future__ import annotations

import os

from .. import _engine
from .._java import EngineUnavailableError, java_command, java_version
from .._link import owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .report import Report


def java(report: Report) -> bool:
    """Whether the engine can be run."""
    try:
        path = java_command("engine", [])[0]
    except EngineUnavailableError as error:
        found, _, remedy = str(error).partition(": ")
        report.fail(found, remedy)
        return False
    report.ok(f"Java {java_version(path)} at {path}")
    return True


def socket(report: Report) -> None:
    try:
        path = _engine.socket_path()
    except OSError as error:
        report.fail(str(error), "SPANGARD_SOCKET names a place for the engine's socket")
        return
    try:
        trusted = _engine.trusted_uids()
    except OSError as error:
        report.fail(str(error), "leave it out, or name the uid whose engine is trusted")
        return
    directory = os.path.dirname(path) or "."
    if not os.path.isdir(directory):
        above = _nearest(directory)
        if os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK):
            report.ok(f"{directory} is made, for this user alone, when the engine starts")
        else:
            report.fail(f"{directory} can not be made by this user in {above}", "SPANGARD_SOCKET=PATH")
    elif not _engine.is_private(directory, 0o022):
        report.warn(f"others may write to {directory}, where the engine's socket is", f"chmod 700 {directory}")
    elif not _engine.is_private(directory, 0o066) and not os.path.exists(path):
        report.fail(f"no engine is started in {directory}: others may read it", f"chmod 700 {directory}")
    else:
        report.ok(f"{directory}, where the engine's socket is, is this user's alone")
    _running(report, path, trusted)


def _nearest(directory: str) -> str:
    """What is there of the way to it."""
    while not os.path.lexists(directory):
        directory = os.path.dirname(directory) or "."
    return directory


def _running(report: Report, path: str, trusted: frozenset[int]) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(path)
            pid, uid = owner_of(probe) or (0, os.geteuid())
        except OSError:
            if _engine.is_start_allowed():
                report.ok("no engine runs; the first recorder starts one")
            else:
                report.fail(f"no engine answers at {path}", "start one, or leave SPANGARD_ENGINE=off out")
            return
    if uid not in trusted:
        report.fail(
            f"{path} is served by another user (uid {uid})",
            "SPANGARD_ENGINE_UID says that it is trusted, or SPANGARD_SOCKET names another",
        )
        return
    version = _version(pid)
    report.ok(f"engine {version or 'of unknown version'} answers at {path}" + (f", pid {pid}" if pid else ""))


def _version(pid: int) -> str:
    """Of a running engine, by the jar it has open: that of the installation may have changed since it was started."""
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            try:
                name = os.path.basename(os.readlink(f"/proc/{pid}/fd/{descriptor}")).replace(" (deleted)", "")
            except OSError:
                continue
            if name.startswith("spangard-cli-") and name.endswith(".jar"):
                return name[len("spangard-cli-") : -len(".jar")]
    except OSError:
        pass
    return ""
