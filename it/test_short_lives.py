# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Processes that end in good order: before their engine is up, and in the middle of a request. All is told."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.http1 import get
from kit.process import poll
from kit.profiles import PROFILES
from kit.world import DURATION, WEBSOCKET_DURATION, World

SHORT = [sys.executable, "short_lived.py"]


@pytest.fixture
def alone() -> Iterator[World]:
    """A world without an engine, whose processes may start one; it is ended with the world."""
    world = World()
    try:
        yield world
        for pid in world.descendants():
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "java":
                os.kill(pid, signal.SIGTERM)
    finally:
        world.close()


STARTS = {"SPANGARD_ENGINE": ""}


@pytest.mark.parametrize("kind", [["exit", "300"], ["late", "300"], ["children", "fork", "8"], ["children", "spawn", "8"]], ids=" ".join)
def test_a_process_that_ends_before_its_engine_is_up_loses_nothing(alone: World, kind: list[str]) -> None:
    sink = alone.sink()
    process = alone.run([*SHORT, *kind], env={**sink.env, **STARTS})
    assert process.wait(60) == 0, process.describe()
    assert process.err == ""
    alone.recorded_exactly(sink, int(kind[-1]))


@pytest.mark.parametrize("attach", [False, True])
@pytest.mark.parametrize("lifespan", [True, False])
def test_a_uvicorn_that_is_stopped_at_once_loses_nothing(alone: World, lifespan: bool, attach: bool) -> None:
    """It dies by the signal that it was sent: no exit handler of Python's runs."""
    sink = alone.sink()
    env = {**sink.env, "SPANGARD_ENGINE": "off"} if attach else {**sink.env, **STARTS}
    bare, recorded = ("hello:app", "recorded_hello:app") if lifespan else ("recorded_hello:unrecorded", "recorded_hello:lifeless")
    server = alone.serve("uvicorn", bare if attach else recorded, env=env, attach=attach)
    assert get(server, "/").body == b"hello"
    if attach:  # which would have waited for an engine of its own: one that comes when the server is told to end
        engine = alone.engine()
        server.stop()
        alone.recorded_exactly(sink, 1)
        assert engine.total("spangard_requests_seen_total") == 1
        engine.wait_for_total("spangard_recorders", 0)
        assert engine.total("spangard_connections_total", outcome="vanished") == 0
    else:
        server.stop()
        alone.recorded_exactly(sink, 1)
    assert "not recorded" not in server.process.err


def test_a_process_says_how_many_requests_it_could_not_deliver(alone: World) -> None:
    env = {"SPANGARD_ENGINE": "off"}
    process = alone.run([*SHORT, "exit", "7"], env=env)
    assert process.wait(60) == 0
    [line] = process.err.splitlines()
    assert line.startswith("spangard: 7 requests are not recorded: no engine answers at ")


def test_a_process_that_an_engine_refuses_says_why(world: World) -> None:
    """It has written all it has before the engine comes to read who it is."""
    engine = world.engine()
    engine.pause()
    process = world.run([*SHORT, "exit", "7"], env={"OTEL_TRACES_EXPORTER": "zipkin"})
    poll(lambda: has_socket(process.pid), 20, process.describe)
    engine.resume()
    assert process.wait(60) == 0, process.describe()
    [line] = process.err.splitlines()
    assert line.startswith("spangard: the engine does not take this process's records: OTEL_TRACES_EXPORTER")


def test_a_process_whose_engine_does_not_read_says_how_many_requests_are_lost(world: World) -> None:
    engine = world.engine()
    engine.pause()
    process = world.run([*SHORT, "exit", "7"], env={"SPANGARD_EXIT_WAIT": "0.5"})
    assert process.wait(60) == 0, process.describe()
    [line] = process.err.splitlines()
    assert line.startswith("spangard: 7 requests may not be recorded: the engine does not read at ")
    engine.resume()


def has_socket(pid: int) -> bool:
    links = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir() if os.path.lexists(each)]
    return any(link.startswith("socket:") for link in links)


@pytest.mark.parametrize("profile", PROFILES)
def test_requests_in_the_middle_of_which_the_process_ends_are_told(world: World, profile: str) -> None:
    engine = world.engine()
    sink = world.sink()
    process = world.run([*SHORT, "thread"], env={**sink.env, **PROFILES[profile]})
    assert process.wait(60) == 0, process.describe()
    spans = sink.wait_for(3)
    assert {span.attributes["error.type"] for span in spans} == {"worker_exited"}
    sink.wait_for_count(DURATION, 2)
    if profile == "stable":
        sink.wait_for_count(WEBSOCKET_DURATION, 1)
    assert engine.total("spangard_requests_seen_total") == 3
    assert engine.total("spangard_requests_exported_total") == 3
    assert engine.total("spangard_connections_total", outcome="vanished") == 0


def test_unsampled_requests_in_the_middle_of_which_the_process_ends_are_measured(world: World) -> None:
    engine = world.engine()
    sink = world.sink()
    process = world.run([*SHORT, "thread"], env={**sink.env, "OTEL_TRACES_SAMPLER": "always_off"})
    assert process.wait(60) == 0, process.describe()
    points = sink.wait_for_count(DURATION, 2)
    assert {point.attributes["error.type"] for point in points} == {"worker_exited"}
    sink.wait_for_count(WEBSOCKET_DURATION, 1)
    assert engine.total("spangard_requests_measured_total") == 3
    assert sink.span_count == 0


def test_many_workers_that_end_at_once_before_their_engine_is_up_lose_nothing(alone: World) -> None:
    sink = alone.sink()
    env = {**sink.env, **STARTS}
    processes = [alone.run([*SHORT, "exit", "20"], env=env) for _ in range(8)]
    for process in processes:
        assert process.wait(60) == 0, process.describe()
    alone.recorded_exactly(sink, 160)
    log = Path(f"{alone.socket}.log")
    poll(lambda: log.read_text().count(" listens at ") == 1, 5, log.read_text)
