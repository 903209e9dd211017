# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The doctor's lines: `ok`, `warn` or `fail`, what was found, and below it what to do."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_COLOURS = {"ok": "\033[32m", "warn": "\033[33m", "fail": "\033[31m"}
_MARGIN = 6


class Report:
    """Writes as it is told, each advice once. Colours on a terminal only, and not with NO_COLOR (https://no-color.org)."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colours = out.isatty() and not os.environ.get("NO_COLOR")
        self.healthy = True
        self._advised: set[str] = set()

    def title(self, text: str) -> None:
        self._out.write(text + "\n")

    def ok(self, found: str) -> None:
        self.line("ok", found)

    def warn(self, found: str, remedy: str = "") -> None:
        self.line("warn", found, remedy)

    def fail(self, found: str, remedy: str) -> None:
        self.line("fail", found, remedy)

    def line(self, grade: str, found: str, remedy: str = "") -> None:
        if grade == "fail":
            self.healthy = False
        mark = grade.ljust(_MARGIN)
        if self._colours:
            mark = f"{_COLOURS.get(grade, '')}{mark}\033[0m"
        self._out.write(f"{mark}{found}\n")
        if remedy and remedy not in self._advised:
            self._advised.add(remedy)
            self._out.write(f"{' ' * _MARGIN}{remedy}\n")

    def value(self, name: str, value: str, origin: str) -> None:
        self._out.write(f"{' ' * _MARGIN}{name}={value} ({origin})\n")
