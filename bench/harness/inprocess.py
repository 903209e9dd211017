# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Added CPU with no server in between: every variant in its own process, called in turns."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.variants import ENVIRONMENT, OURS

HERE = Path(__file__).resolve().parent.parent
CASES = ("hello", "stream", "echo")
HEADER_COUNTS = (2, 4, 8, 16, 32, 64)
HEADER_VARIANTS = ("bare", "upstream", "spangard")
CHEAP = {"hello": 6000, "stream": 2400, "echo": 1200}
"""Calls a round of the bare application and of ours: some 40 ms."""
DEAR = {"hello": 400, "stream": 160, "echo": 80}
"""Calls a round of upstream: some 100 ms."""

ENOUGH_S = 180.0
"""On a slow or busy machine fewer rounds have to do."""
FEWEST_ROUNDS = 5
ROUNDS_OF_A_PROCESS = 10

Rounds = list[dict[str, float]]
"""Variant → µs of CPU a call, one entry a round."""


@dataclass(frozen=True)
class InProcess:
    cases: dict[str, Rounds]
    headers: dict[int, Rounds]
    calls: int
    """Requests the recorders were called with."""
    seen: int
    dropped: int
    """What the recorders said of them in their last frames."""
    bytes: int


class Driver:
    """A ``harness.driver`` process."""

    def __init__(self, variant: str, socket: str) -> None:
        self._variant = variant
        self.calls = 0
        settings = {**ENVIRONMENT[variant], "SPANGARD_SOCKET": socket, "SPANGARD_ENGINE": "off"}
        self._process = start("harness.driver", variant, settings)

    def microseconds(self, case: str) -> float:
        count = (DEAR if self._variant.startswith("upstream") else CHEAP)[case.partition("/")[0]]
        self.calls += count
        return float(ask(self._process, f"{case} {count}")) / count * 1e6

    def close(self) -> None:
        stop(self._process)


def measure(
    rounds: int,
    say: Callable[[str], None],
    variants: Sequence[str],
    *,
    header_counts: Sequence[int] = HEADER_COUNTS,
    rounds_of_a_process: int = ROUNDS_OF_A_PROCESS,
    enough_s: float = ENOUGH_S,
) -> InProcess:
    """Runs every case in each of ``variants`` ``rounds`` times or for ``enough_s``.

    Processes of one kind differ by some percent for as long as they live, by where their objects came to lie: so each serves for
    ``rounds_of_a_process``, after one round that does not count.
    """
    give_up = time.monotonic() + enough_s
    with tempfile.TemporaryDirectory(prefix="spangard-bench-") as directory, ExitStack() as stack:
        socket = f"{directory}/drain.sock"
        drain = start("harness.drain", socket, {})
        stack.callback(stop, drain)
        assert drain.stdout and drain.stdout.readline() == "ready\n"
        cases: dict[str, Rounds] = {case: [] for case in CASES}
        headers: dict[int, Rounds] = {count: [] for count in header_counts}
        calls = 0
        for first in range(0, rounds, rounds_of_a_process):
            if first and time.monotonic() > give_up:
                break
            drivers = {variant: Driver(variant, socket) for variant in variants}
            for n in range(first - 1, min(first + rounds_of_a_process, rounds)):
                if n >= FEWEST_ROUNDS and time.monotonic() > give_up:
                    break
                say(f"in process, round {n + 1} of {rounds}")
                for case in CASES:
                    note(cases[case], n, drivers, variants, case, counts=n >= first)
                for count in header_counts:
                    note(headers[count], n, drivers, HEADER_VARIANTS, f"hello/{count}", counts=n >= first)
            for driver in drivers.values():
                driver.close()
            calls += sum(driver.calls for variant, driver in drivers.items() if variant.startswith(OURS))
        counts = json.loads(ask(drain, "counts"))
        return InProcess(cases, headers, calls, counts["seen"], counts["dropped"], counts["bytes"])


def note(rounds: Rounds, n: int, drivers: dict[str, Driver], variants: Sequence[str], case: str, *, counts: bool) -> None:
    """One round, in an order of its own: who comes behind another finds its caches as that one left them."""
    order = list(variants)
    random.Random(n).shuffle(order)
    result = {variant: drivers[variant].microseconds(case) for variant in order}
    if counts:
        rounds.append({variant: result[variant] for variant in variants})  # as reports list them


def start(module: str, argument: str, settings: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, argument]
    return subprocess.Popen(command, cwd=HERE, env={**os.environ, **settings}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def ask(process: subprocess.Popen[Any], line: str) -> str:
    assert process.stdin and process.stdout
    process.stdin.write(line + "\n")
    process.stdin.flush()
    answer: str = process.stdout.readline()
    if not answer:
        raise SystemExit(f"bench: {process.args} ended")
    return answer


def stop(process: subprocess.Popen[Any]) -> None:
    """Ends a process of ours that leaves at the end of its input."""
    if process.stdin and not process.stdin.closed:
        process.stdin.close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
