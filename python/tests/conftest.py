# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a fresh recorder for each test, talking to a hand-written engine over a real Unix socket.

What several files of tests share stands here, too: profiles, samplers, clocks, and what an engine is started with.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from engine import FakeEngine
from farewells import Starts, Time
from java import FakeJava
from spangard import _buffer, _engine, _java, _link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEST_TIMEOUT_S = 60
"""A test that takes longer hangs: it fails by its name, and the others run."""

_stderr = -1
"""The terminal's, beside what pytest captures."""


def pytest_configure() -> None:
    global _stderr
    _stderr = os.dup(2)


def _hangs(*_: object) -> None:
    pytest.fail(f"hangs: not done after {TEST_TIMEOUT_S} s")  # no Exception: the recorder would survive it


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Interrupts what hangs in set-up, call or tear-down. What no signal interrupts, a loop in C, ends the run later,
    with the stack of every thread: the test's name is in the main thread's.
    """
    before = signal.signal(signal.SIGALRM, _hangs)
    signal.setitimer(signal.ITIMER_REAL, TEST_TIMEOUT_S, TEST_TIMEOUT_S)
    faulthandler.dump_traceback_later(3 * TEST_TIMEOUT_S, exit=True, file=_stderr)
    yield
    faulthandler.cancel_dump_traceback_later()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def _no_child_left() -> Iterator[None]:
    """What a test started it has waited for; another test's children are not for the next one to find."""
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No OTEL_* variable of the machine, no engine started by a test, a socket of the test's own."""
    for name in os.environ:
        if name.startswith(("OTEL_", "SPANGARD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPANGARD_ENGINE", "off")
    monkeypatch.setenv("SPANGARD_SOCKET", str(tmp_path / "engine.sock"))
    api = sys.modules.get("opentelemetry.trace")
    if api is not None:
        monkeypatch.setattr(api, "_TRACER_PROVIDER", None)


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


@pytest.fixture(params=["stable", "upstream"])
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["parentbased_always_on", "parentbased_always_off"])
def _sampler(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, recorder: _buffer.Recorder
) -> Iterator[None]:
    """Sampled and sampled out; either way nothing runs in the end."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", request.param)
    yield
    assert not recorder.live


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are sampled out."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")


@pytest.fixture
def _another_request_runs(recorder: _buffer.Recorder) -> None:
    recorder.live[1] = (7, perf_counter(), 1, "GET", "http", None)


@pytest.fixture
def _reconnects_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_link, "RETRY_S", 0.0)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recorder: _buffer.Recorder) -> Iterator[Starts]:
    starts = Starts(monkeypatch, tmp_path)
    yield starts
    if starts.engine is not None:
        recorder.close()
        starts.engine.stop()


@pytest.fixture
def java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeJava]:
    fake = FakeJava(tmp_path / "runtime")
    monkeypatch.setattr(_java, "JARS", str(fake.jars))
    monkeypatch.setattr(_engine, "_hopeless", False)
    monkeypatch.setattr(_engine, "_failures", 0)
    monkeypatch.setenv("JAVA_HOME", str(fake.home))
    monkeypatch.delenv("SPANGARD_ENGINE")
    yield fake
    fake.stop()


@pytest.fixture
def socket_path() -> str:
    return os.environ["SPANGARD_SOCKET"]
