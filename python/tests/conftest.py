# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a fresh recorder for each test, talking to a hand-written engine over a real Unix socket."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from engine import FakeEngine
from spangard import _buffer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No OTEL_* variable of the machine, no engine started by a test, a socket of the test's own."""
    for name in os.environ:
        if name.startswith(("OTEL_", "SPANGARD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPANGARD_ENGINE", "off")
    monkeypatch.setenv("SPANGARD_SOCKET", str(tmp_path / "engine.sock"))


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[_buffer.Recorder]:
    """The process's recorder, new for this test."""
    fresh = _buffer.Recorder()
    monkeypatch.setattr(_buffer, "_recorder", fresh)
    yield fresh
    fresh.close()


@pytest.fixture
def engine(tmp_path: Path, recorder: _buffer.Recorder) -> Iterator[FakeEngine]:
    fake = FakeEngine(str(tmp_path / "engine.sock"))
    yield fake
    recorder.close()
    fake.stop()
