# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A result as a page of docs/benchmarks and as text: what was measured, where, with which versions, by which command."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness import machine

REPORTS = Path(__file__).resolve().parent.parent.parent / "docs" / "benchmarks"


@dataclass
class Table:
    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> list[str]:
        lines = ["", f"## {self.title}", "", self.note, "", _row(self.head), _row(["---"] * len(self.head))]
        return [*lines, *(_row(row) for row in self.rows)]

    def terminal(self) -> list[str]:
        rows = [list(self.head), *(list(row) for row in self.rows)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(self.head))]
        return ["", self.title, *("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)]


@dataclass
class Page:
    name: str
    title: str
    command: str
    verdicts: list[tuple[str, bool]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = machine.facts(self.command)
        self.facts += [
            f"Date: {found.date}",
            f"Machine: {found.machine}; load before the run {found.load}",
            f"Runtimes: {found.python}; {found.java}; uvicorn {machine.installed('uvicorn')}",
            f"spangard {found.spangard}",
            f"Command: `{found.command}`",
        ]

    def check(self, what: str, holds: bool) -> None:
        self.verdicts.append((what, holds))

    @property
    def holds(self) -> bool:
        return bool(self.verdicts) and all(holds for _, holds in self.verdicts)

    def show(self, keep: bool) -> int:
        """Prints it, writes it if it is to be kept; the exit code."""
        verdicts = [f"{'✓' if holds else '✗'} {what}" for what, holds in self.verdicts]
        print("\n".join([*verdicts, *(line for table in self.tables for line in table.terminal()), "", *self.facts]))
        if keep:
            lines = [f"# {self.title}", "", *(f"- {fact}" for fact in self.facts), "", *(f"- {v}" for v in verdicts)]
            lines += [line for table in self.tables for line in table.markdown()]
            REPORTS.mkdir(parents=True, exist_ok=True)
            path = REPORTS / f"{datetime.date.today()}-{self.name}.md"
            path.write_text("\n".join(lines) + "\n")
            print(f"written: {path.relative_to(REPORTS.parent.parent)}")
        return 0 if self.holds else 1


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
