# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The engine as a process of its own, and what its admin endpoint says."""

from __future__ import annotations

import re
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .process import START_SECONDS, Process, poll

SAMPLE = re.compile(r'^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (?P<value>[^ #]+)(?P<rest>.*)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Engine:
    """Made by ``World.engine``. Paused, killed and restarted by tests; the socket stays the same."""

    def __init__(self, start: Callable[[int], Process], socket: Path, admin_port: int) -> None:
        self._start = start
        self._starts = 0
        self.socket = socket
        self.admin_port = admin_port
        self.process = self._run()

    def _run(self) -> Process:
        process = self._start(self._starts)
        self._starts += 1
        process.until(lambda: self.status("/readyz") == 200, START_SECONDS)
        return process

    def status(self, path: str) -> int:
        """HTTP status of a GET to the admin endpoint, 0 when nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as e:
            return e.code
        except OSError:
            return 0

    def scrape(self, accept: str = "text/plain") -> str:
        """``/metrics`` as text."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin_port}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=10) as response:
            return str(response.read().decode())

    def told(self, prefix: str) -> str:
        """The samples whose name starts so, for failure messages."""
        return "\n".join(line for line in self.scrape().splitlines() if line.startswith(prefix) and not line.endswith(" 0.0"))

    def values(self, name: str) -> dict[tuple[tuple[str, str], ...], float]:
        """All samples of one metric by their labels."""
        return samples(self.scrape()).get(name, {})

    def total(self, name: str, **labels: str) -> float:
        """Sum of one metric's samples that carry these labels; 0 when there is none."""
        wanted = set(labels.items())
        return sum(v for k, v in self.values(name).items() if wanted <= set(k))

    def wait_for_total(self, name: str, expected: float, seconds: float = 20, **labels: str) -> None:
        """Polls until a counter says exactly this."""
        poll(lambda: self.total(name, **labels) == expected, seconds, lambda: f"{name}{labels} is {self.values(name)}, not {expected}")

    def pause(self) -> None:
        """SIGSTOP: connected, but deaf."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL: no farewell, the socket file stays."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """A new engine on the same socket and admin port."""
        self.process = self._run()

    def stop(self) -> int:
        """SIGTERM and wait: everything received is exported before it ends."""
        return self.process.stop()


def samples(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Prometheus text: metric name, then labels, to value."""
    result: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = SAMPLE.match(line)
            if match is None:
                raise AssertionError(f"not an exposition line: {line!r}")
            labels = tuple(sorted(LABEL.findall(match["labels"] or "")))
            result.setdefault(match["name"], {})[labels] = float(match["value"])
    return result
