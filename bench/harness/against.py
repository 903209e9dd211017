# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""An older revision of spangard beside today's, in the same rounds: each of our variants a second time, with its files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness import inprocess, variants
from harness.inprocess import Rounds
from harness.measure import Spread, added

ROOT = Path(__file__).resolve().parent.parent.parent
MAY_ADD = 0.02
"""Part of what the older one added that today's may add beyond it."""


ROUNDS = 4
"""Of a process. Between two processes of the same code lies more than `MAY_ADD`, so many are compared, each by its least: what
else the machine does can only add.
"""


@dataclass
class Against:
    revision: str
    cases: dict[str, Rounds] = field(default_factory=dict)
    """In process: bare, and each of ours twice; for each process of one, the least of its rounds."""

    def measure(self, processes: int, say: Callable[[str], None]) -> None:
        names = [name for name in variants.ENVIRONMENT if name == "bare" or name.startswith(variants.OURS)]
        done = inprocess.measure(processes * ROUNDS, say, names, header_counts=(), rounds_of_a_process=ROUNDS, enough_s=3 * inprocess.ENOUGH_S)
        self.cases = {case: least(rounds) for case, rounds in done.cases.items()}


def checkout(revision: str, say: Callable[[str], None]) -> Against:
    """Builds the revision below target/ and enters its variants among those to be measured."""
    command = ["git", "rev-parse", "--short", f"{revision}^{{commit}}"]
    name = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    folder = ROOT / "target" / "against" / name
    if not folder.exists():
        folder.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", name], cwd=ROOT, check=True, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    say(f"building {name}")
    subprocess.run(["./dev", "build"], cwd=folder, check=True)
    for variant, settings in list(variants.ENVIRONMENT.items()):
        if variant.startswith("spangard"):
            before = variant.replace("spangard", "before")
            variants.ENVIRONMENT[before] = {**settings, "PYTHONPATH": str(folder / "python" / "src")}
    return Against(name)


@dataclass(frozen=True)
class Compared:
    """One of our variants in one case, then and now: µs a request, and their ratio."""

    what: str
    before: Spread
    now: Spread
    ratio: Spread

    def holds(self) -> bool:
        return self.ratio.median <= 1 + MAY_ADD

    def cells(self) -> list[str]:
        return [self.what, self.before.text(2), self.now.text(2), self.ratio.text(3), "✓" if self.holds() else "✗"]


def least(rounds: Rounds) -> Rounds:
    """One entry for each process of a variant, of which `ROUNDS` follow each other."""
    groups = [rounds[first : first + ROUNDS] for first in range(0, len(rounds), ROUNDS)]
    return [{variant: min(each[variant] for each in group) for variant in group[0]} for group in groups]


def compared(cases: dict[str, Rounds]) -> list[Compared]:
    return [row for case, rounds in cases.items() for row in _case(case, rounds)]


def _case(case: str, rounds: Rounds) -> Iterator[Compared]:
    for before in rounds[0] if rounds else ():
        if before.startswith("before"):
            now = before.replace("before", "spangard")
            each = Spread.of([(one[now] - one["bare"]) / (one[before] - one["bare"]) for one in rounds])
            yield Compared(f"{case}, {now}", added(rounds, before), added(rounds, now), each)
