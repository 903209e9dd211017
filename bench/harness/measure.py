# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""CPU time of processes and the arithmetic of rounds."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

CPUCLOCK_SCHED = 2
"""Linux: ``(~pid << 3) | 2`` is the clock of all CPU time of a process, in ns, its ended threads included (clock_getcpuclockid)."""


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    pids = [pid]
    for child in Path(f"/proc/{pid}/task").glob("*/children"):
        for below in child.read_text().split():
            pids += tree(int(below))
    return pids


def cpu_seconds(pids: list[int]) -> float:
    """User and system time so far of these processes and the living ones below them."""
    return sum(time.clock_gettime((~each << 3) | CPUCLOCK_SCHED) for pid in pids for each in tree(pid))


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of one number over the rounds."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: list[float]) -> Spread:
        low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        return Spread(median, low, high)

    def text(self, digits: int = 1) -> str:
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


def added(rounds: list[dict[str, float]], variant: str) -> Spread:
    """What `variant` costs over the bare application, each round compared with its own bare run."""
    return Spread.of([each[variant] - each["bare"] for each in rounds])


def ratio(rounds: list[dict[str, float]], upstream: str, ours: str) -> Spread:
    """How many times more upstream adds: the medians' ratio, between the quartiles of the rounds' own ratios."""
    each = Spread.of([(r[upstream] - r["bare"]) / max(r[ours] - r["bare"], 1e-3) for r in rounds])
    return Spread(added(rounds, upstream).median / max(added(rounds, ours).median, 1e-3), each.low, each.high)
