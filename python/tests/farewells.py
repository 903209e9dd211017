# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The clock of a process that ends, an engine that may yet start, and requests that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine import FakeEngine
from spangard import _engine, _farewell

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


class Time:
    """The clock and the sleep of ``_farewell``; waiting costs no time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(_farewell, "perf_counter", lambda: self.now)
        monkeypatch.setattr(_farewell, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds or 1e-6


class Starts:
    """In place of ``_engine.bring``: an engine that listens from the ``after``-th call on, or never."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        self.calls = 0
        self.after: int | None = None
        self.possible = True
        self.engine: FakeEngine | None = None
        self._path = path
        monkeypatch.setattr(_engine, "bring", self)

    def __call__(self, patience_s: float = 0.0) -> bool:
        self.calls += 1
        if self.calls == self.after:
            self.engine = FakeEngine(str(self._path / "engine.sock"))
        return self.possible


def put(recorder: Recorder, count: int) -> None:
    recorder.records.extend((1, number) for number in range(count))


def requests(engine: FakeEngine) -> int:
    return sum(record[0] in (1, 2, 3, 4, 9, 10) for record in engine.records())
