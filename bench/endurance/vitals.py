# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Heap, resident memory, descriptors and threads of an engine, read now and then, and how they lean."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

USED = re.compile(r"(?:total \d+K, used|used) (\d+)K")
NAMES = ("heap", "resident", "descriptors", "threads")
UNITS = {"heap": "MB", "resident": "MB", "descriptors": "", "threads": ""}


@dataclass(frozen=True)
class Vitals:
    """At one time, seconds since the start."""

    seconds: float
    heap: float
    resident: float
    descriptors: int
    threads: int


def read(pid: int, seconds: float) -> Vitals | None:
    """Of a running JVM; None if it ends meanwhile or does not answer. The heap is what is used, garbage included."""
    process = Path(f"/proc/{pid}")
    try:
        answer = subprocess.run(["jcmd", str(pid), "GC.heap_info"], capture_output=True, text=True, timeout=10).stdout
        heap = sum(int(used) for used in USED.findall(answer.partition("Metaspace")[0])) / 1024
        resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
        descriptors = len(os.listdir(process / "fd"))
        threads = len(os.listdir(process / "task"))
    except (OSError, subprocess.SubprocessError):
        return None
    return Vitals(seconds, heap, resident, descriptors, threads) if heap else None


def collect(pid: int) -> None:
    """Has a JVM's garbage collected, all of it, if it answers: what its old generation took in that died since stays there for hours otherwise."""
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(["jcmd", str(pid), "GC.run"], capture_output=True, timeout=10)


def lowest(series: list[tuple[float, float]], window_s: float) -> list[tuple[float, float]]:
    """The lowest of each window: of a heap, what its garbage collector leaves."""
    best: dict[int, tuple[float, float]] = {}
    for at, value in series:
        window = int(at // window_s)
        if window not in best or value < best[window][1]:
            best[window] = (at, value)
    return [best[window] for window in sorted(best)]


def slope_an_hour(series: list[tuple[float, float]]) -> float:
    """Of the least-squares line; 0 for less than two points."""
    if len(series) < 2:
        return 0.0
    x_mean = sum(x for x, _ in series) / len(series)
    y_mean = sum(y for _, y in series) / len(series)
    spread = sum((x - x_mean) ** 2 for x, _ in series)
    return 3600 * sum((x - x_mean) * (y - y_mean) for x, y in series) / spread if spread else 0.0
