# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A child process with its output in files, always stopped by its own pid."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

START_SECONDS = 30.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.01


def poll(ready: Callable[[], T], seconds: float, what: Callable[[], str]) -> T:
    """Asks until the answer is true and returns it; fails with ``what()`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (result := ready()):
        if time.monotonic() > deadline:
            raise AssertionError(what())
        time.sleep(POLL_SECONDS)
    return result


def hear_interrupts() -> None:
    """A shell starts what runs in the background deaf to SIGINT, which is inherited: the tests may run there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Process:
    """One started command. ``out`` and ``err`` can be read at any time, also after its end."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, logs: Path, name: str, stdout: str = "file") -> None:
        """``stdout`` is ``file``, ``pipe`` (as under ``| cat``, or in a container) or ``tty``; ``out`` has what was written in any case."""
        self.command = list(command)
        self.name = name
        self._out = logs / f"{name}.out"
        self._err = logs / f"{name}.err"
        self._reader: threading.Thread | None = None
        out = self._stdout(stdout)
        try:
            with self._err.open("wb") as err:
                # a session of its own: a signal to our group does not reach it, one to its group does not reach us
                self._child = subprocess.Popen(
                    command,
                    env=dict(env),
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                    preexec_fn=hear_interrupts,
                )
        finally:
            os.close(out)

    def _stdout(self, kind: str) -> int:
        if kind == "file":
            return os.open(self._out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        readable, writable = os.pipe() if kind == "pipe" else os.openpty()
        self._out.touch()
        self._reader = threading.Thread(target=self._copy, args=(readable,), daemon=True)
        self._reader.start()
        return writable

    def _copy(self, readable: int) -> None:
        with open(readable, "rb", buffering=0) as source, self._out.open("ab", buffering=0) as target:
            while True:
                try:
                    data = source.read(65536)
                except OSError:  # EIO: a terminal whose last user is gone
                    return
                if not data:
                    return
                target.write(data)

    def wait_for_end_of_output(self, seconds: float = STOP_SECONDS) -> None:
        """Returns when nobody holds our pipe or terminal open any more: a reader behind ``|`` would end now."""
        assert self._reader is not None
        self._reader.join(seconds)
        assert not self._reader.is_alive(), f"somebody still holds the output of {self.describe()}"

    @property
    def pid(self) -> int:
        """The pid of what was started."""
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """As ``Popen``: negative for a signal, None while it runs."""
        return self._child.poll()

    @property
    def out(self) -> str:
        """Standard output so far."""
        return self._out.read_text(errors="replace")

    @property
    def err(self) -> str:
        """Standard error so far."""
        return self._err.read_text(errors="replace")

    def until(self, ready: Callable[[], T], seconds: float = START_SECONDS) -> T:
        """Polls for something the process is to bring about; fails at once, with its output, when it ends instead."""

        def check() -> T | bool:
            if result := ready():
                return result
            if self.returncode is not None:
                raise AssertionError(f"ended early: {self.describe()}")
            return False

        return poll(check, seconds, lambda: f"not ready: {self.describe()}")  # type: ignore[return-value]

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Waits for the end; the exit code as ``Popen`` gives it."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running: {self.describe()}") from None

    def send_signal(self, number: int) -> None:
        """Sends one signal to this process alone."""
        os.kill(self.pid, number)

    def interrupt_group(self) -> None:
        """What a terminal does on Ctrl-C: SIGINT to the whole foreground group."""
        os.killpg(self.pid, signal.SIGINT)

    def stop(self, number: int = signal.SIGTERM, seconds: float = STOP_SECONDS) -> int:
        """Signals and waits; kills what does not end and fails."""
        if self.returncode is None:
            self.send_signal(number)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.send_signal(signal.SIGCONT)
                self._child.kill()
                self._child.wait(10)
                raise AssertionError(f"did not stop on signal {number}: {self.describe()}") from None
        return self._child.returncode

    def describe(self) -> str:
        """Command, state and the ends of both outputs, for failure messages."""
        return f"{' '.join(self.command)} (pid {self.pid}, exit {self.returncode})\n--- stdout\n{self.out[-4000:]}\n--- stderr\n{self.err[-6000:]}"
