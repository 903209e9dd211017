# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Where the engine listens, and how one is started when none does. One engine serves all processes of a user."""

from __future__ import annotations

import os
import stat
from time import monotonic, sleep

from ._variables import OFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread

MAX_SOCKET_PATH = 107
"""Bytes that fit into sockaddr_un.sun_path before its closing zero (Linux; 103 on macOS)."""
MAX_LOG_BYTES = 1 << 20
"""A larger log of earlier engines is begun anew."""
START_TIMEOUT_S = 10.0
IDLE_EXIT_S = 60
"""An engine that a recorder started leaves when no recorder has been connected for this long."""
IDLE_EXIT_AT_TERMINAL_S = 10
"""The same where it was started from a terminal, whose user looks for what still runs."""
ALLOWED_ENVIRONMENT = frozenset(
    ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "JAVA_HOME", "JAVA_TOOL_OPTIONS")
)
"""What a started engine gets of our environment: not the application's secrets, nor its OTEL_* settings, which would
become the defaults of other applications; a recorder sends those of its own process when it connects."""

GAVE_WAY = (0, 4)
"""Exit codes of an engine that failed at nothing: told to end, or another one serves the socket (`Main.java`)."""

MAX_FAILURES = 3
"""Engines started in vain by one process before it stops trying."""

_DETACHED = '("$@" >/dev/null; code=$?; trap "" PIPE; echo $code 2>/dev/null; exit 0) &'
_POLL_S = 0.05
_starter: Thread | None = None
_failures = 0
_hopeless = False
"""This process, or the one it was forked from, has found that no engine can be started."""


def socket_path() -> str:
    """Where the engine listens: SPANGARD_SOCKET, else `spangard/engine.sock` in the user's runtime directory, else in
    /tmp. Raises OSError if a path is too long, or if there is no directory that only this user can write to.
    """
    given = os.environ.get("SPANGARD_SOCKET")
    if given:
        if not _fits(given):
            raise OSError(f"SPANGARD_SOCKET is longer than the {_limit()} bytes a Unix socket's path may have: {given}")
        directory = os.path.dirname(os.path.abspath(given))
        if os.path.lexists(directory) and not is_private(directory, 0o022, trusted_uids()):
            raise OSError(f"SPANGARD_SOCKET: {directory} must be a directory of this user that no other may write to")
        return given
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        path = os.path.join(runtime, "spangard", "engine.sock")
        if _fits(path) and is_private(runtime) and _made_private(os.path.dirname(path)):
            return path
    directory = f"/tmp/spangard-{os.geteuid()}"  # noqa: S108 - checked below
    if not _made_private(directory):
        raise OSError(f"{directory} is not a directory that belongs to this user alone; set SPANGARD_SOCKET")
    return os.path.join(directory, "engine.sock")


def trusted_uids() -> frozenset[int]:
    """Whose engine is told our settings, credentials included: root's, this user's, and that of SPANGARD_ENGINE_UID."""
    given = os.environ.get("SPANGARD_ENGINE_UID", "").strip()
    if not given:
        return frozenset((0, os.geteuid()))
    if not given.isdecimal():
        raise OSError(f"SPANGARD_ENGINE_UID must be the number of a user: {given[:80]!r}")
    return frozenset((0, os.geteuid(), int(given)))


def bring(patience_s: float = 0.0) -> bool:
    """Has an engine started on a thread of its own, unless that is under way; False if none can be. Never raises.

    Where no thread is to be had, as in a process that ends, does it here, if that may block so long.
    """
    global _starter
    if _hopeless or not is_start_allowed():
        return False
    if _starter is None or not _starter.is_alive():
        from threading import Thread

        _starter = Thread(target=start_engine, name="spangard-start-engine", daemon=True)
        try:
            _starter.start()
        except RuntimeError:
            if patience_s > 0:
                start_engine(patience_s)
    return not _hopeless


def start_engine(timeout_s: float = START_TIMEOUT_S) -> None:
    """Starts an engine, unless one answers, another process is starting one, or SPANGARD_ENGINE=off.

    Blocks until it answers, has ended, or the time is over. Never raises. What keeps it from starting is said once per
    process family.
    """
    if _hopeless or not is_start_allowed():
        return
    try:
        path = socket_path()
        lock = _lock(path)
        if lock is None:
            return
        try:
            _start(path, lock, timeout_s)
        finally:
            os.close(lock)
    except Exception as error:
        named = getattr(error, "filename", None)  # by the system, not by us
        _give_up(f"no engine can be started, and nothing is recorded: {error}" if named is not None else str(error))


def has_given_up() -> bool:
    """Whether this process will start no engine any more; why has been said."""
    return _hopeless


def is_start_allowed() -> bool:
    """False with SPANGARD_ENGINE=off."""
    return os.environ.get("SPANGARD_ENGINE", "").strip().lower() not in OFF


def answers(path: str) -> bool:
    """Whether something accepts connections there."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def wait_until(ready: Callable[[], bool], timeout_s: float) -> bool:
    deadline = monotonic() + timeout_s
    while not ready():
        if monotonic() >= deadline:
            return False
        sleep(_POLL_S)
    return True


def _start(path: str, lock: int, timeout_s: float) -> None:
    from ._instance import instance
    from ._java import EngineUnavailableError, engine_command, named

    if answers(path):
        return
    try:
        command = engine_command(["--socket", path, "--idle-exit", str(_idle_exit_s())])
    except EngineUnavailableError as error:
        # The lock file remembers which server has been told, so that each of its workers does not say it again.
        family = instance().encode()
        is_told = os.pread(lock, len(family) + 1, 0) == family
        os.ftruncate(lock, 0)
        os.pwrite(lock, family, 0)
        _give_up(None if is_told else f"{error}; nothing is recorded until an engine answers at {path}")
        return
    log = path + ".log"
    codes = _spawn([named(command[0], os.path.dirname(os.path.abspath(path))), *command[1:]], log)
    try:
        ended: list[int] = []
        wait_until(lambda: answers(path) or _has_ended(codes, ended), timeout_s)
    finally:
        os.close(codes)
    if answers(path) or (not ended and timeout_s < START_TIMEOUT_S):  # the time may have been too short for it
        return
    if not ended or ended[0] not in GAVE_WAY:  # the one it gave way to listens no more: that one is ending
        global _failures
        _failures += 1
        if _failures >= MAX_FAILURES:
            _give_up(f"no engine answers at {path}, {MAX_FAILURES} were started: see {log}")


def _has_ended(codes: int, ended: list[int]) -> bool:
    """Whether the engine has, and with what code: -1 if its shell is gone, too."""
    try:
        ended.append(int(os.read(codes, 16) or b"-1"))
    except BlockingIOError:
        pass
    return bool(ended)


def _idle_exit_s() -> int:
    return IDLE_EXIT_AT_TERMINAL_S if any(os.isatty(standard) for standard in (0, 1, 2)) else IDLE_EXIT_S


def _spawn(command: list[str], log_path: str) -> int:
    """Runs the command detached. Not as our child: a server that waits for its children would stumble over the engine,
    gunicorn even stop when one exits with 3. A shell stays as its parent and turns every exit code into 0, since
    orphans may be handed to a server that is process 1 of a container. It writes the code to the descriptor that is
    returned.
    """
    import subprocess

    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    log = os.open(log_path, flags, 0o600)
    try:
        if os.fstat(log).st_size > MAX_LOG_BYTES:
            os.ftruncate(log, 0)
        codes, told = os.pipe()
        os.set_blocking(codes, False)
        shell = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _DETACHED, "spangard-engine", *command],
            env={name: value for name, value in os.environ.items() if _is_allowed(name)},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=log,
            start_new_session=True,
        )
        os.close(told)
        shell.wait(START_TIMEOUT_S)
        return codes
    finally:
        os.close(log)


def _is_allowed(name: str) -> bool:
    return name in ALLOWED_ENVIRONMENT or name.startswith("LC_") or name.lower().endswith("_proxy")


def _lock(path: str) -> int | None:
    """Exclusive among processes while its descriptor is open, None if another has it. A record lock: a child that is
    forked meanwhile does not hold it too.
    """
    import fcntl

    directory = os.path.dirname(os.path.abspath(path))
    os.makedirs(directory, 0o700, exist_ok=True)
    if not is_private(directory, 0o066):
        raise OSError(f"no engine is started: {directory} must be a directory of this user with mode 0700")
    lock = os.open(path + ".start", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _give_up(message: str | None) -> None:
    global _hopeless
    _hopeless = True
    if message is not None:
        from ._log import warn

        warn(message)


def _limit() -> int:
    import sys

    return MAX_SOCKET_PATH if sys.platform == "linux" else 103


def _fits(path: str) -> bool:
    return len(os.fsencode(path)) <= _limit()


def is_private(directory: str, mask: int = 0o022, owners: frozenset[int] | None = None) -> bool:
    """A directory, not a link to one, that belongs to this user, or one of `owners`, and none of whose mode bits in
    `mask` are set.
    """
    try:
        found = os.lstat(directory)
    except OSError:
        return False
    is_ours = found.st_uid in owners if owners is not None else found.st_uid == os.geteuid()
    return stat.S_ISDIR(found.st_mode) and is_ours and not found.st_mode & mask


def _made_private(directory: str) -> bool:
    try:
        os.mkdir(directory, 0o700)
    except OSError:
        pass  # it is there, or cannot be: the check tells
    return is_private(directory, 0o077)
