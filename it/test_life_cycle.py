# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The beginning and the end of an engine: one for all who want one, and never the end of a record."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from kit.engine import Engine
from kit.load import load
from kit.process import poll
from kit.world import World

PROCESSES = 32
IDLE_EXITS = 3


def engines(world: World) -> list[int]:
    """The processes that hold the ledger of this world's socket open."""
    ledger = f"{world.socket}.ledger"
    found = []
    for pid in world.descendants():
        try:
            if ledger in [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]:
                found.append(pid)
        except OSError:  # it has ended
            continue
    return found


def test_processes_that_start_at_once_have_one_engine(world: World) -> None:
    sink = world.sink()
    env = {**sink.env, "SPANGARD_ENGINE": "auto", "SPANGARD_WORKER_PID": "true"}
    family = world.run([sys.executable, "record_and_leave.py", "together", str(PROCESSES)], env=env)
    sink.wait_for(PROCESSES, 60)
    assert len({span.attributes["process.pid"] for span in sink.spans()}) == PROCESSES
    [engine] = engines(world)
    log = Path(f"{world.socket}.log")
    assert log.read_text().count(" listens at ") == 1, log.read_text()
    assert "another engine is running" not in log.read_text()
    assert family.stop() == 0, family.describe()
    os.kill(engine, signal.SIGTERM)
    poll(lambda: not world.descendants(), 20, lambda: f"{world.descendants()}\n{log.read_text()}")
    assert sink.span_count == PROCESSES


def test_an_idle_exit_loses_no_record(world: World) -> None:
    """Recorders that come, write and go all the time, also in the moment in which the engine decides that nobody is there."""
    sink = world.sink()
    recorders = world.run([sys.executable, "record_and_leave.py", "in_turn"], env=sink.env)
    idle = [sys.executable, "-m", "spangard", "engine", "--socket", str(world.socket), "--admin", "off", "--idle-exit", "0.001"]
    for n in range(IDLE_EXITS):
        engine = world.run(idle, f"idle{n}")
        at = sink.span_count
        assert engine.wait(60) == 0, engine.describe()
        assert "no recorder for long; leaving" in engine.err
        assert sink.span_count > at, engine.describe()
    last = world.engine()
    assert recorders.stop() == 0, recorders.describe()
    requests = int(recorders.out)
    poll(lambda: accounted(last) == requests, 20, lambda: f"{requests} requests\n{last.told('spangard_')}")
    assert last.total("spangard_requests_dropped_total") == 0
    assert sink.span_count == requests


def test_an_engine_whose_socket_was_removed_leaves_to_the_next(world: World) -> None:
    nameless = world.engine()
    world.socket.unlink()
    assert nameless.process.wait(20) == 0, nameless.process.describe()
    assert "was removed or replaced" in nameless.process.err
    assert world.engine().total("spangard_connections") == 0


def accounted(engine: Engine) -> float:
    return engine.total("spangard_requests_exported_total") + engine.total("spangard_requests_dropped_total")


def test_is_alive_and_not_ready_while_it_ends(world: World) -> None:
    engine = world.engine()
    sink = world.sink()
    server = world.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    gate = sink.hold()
    assert load(server.port, 100).statuses == {200: 100}
    gate.wait_for_arrivals(1)
    assert engine.status("/readyz") == 200
    engine.process.send_signal(signal.SIGTERM)
    engine.process.until(lambda: engine.status("/readyz") == 503)
    assert engine.status("/livez") == 200
    assert engine.process.wait() == 0
    assert (engine.status("/readyz"), engine.status("/livez")) == (0, 0)
    assert not engine.socket.exists()
    sink.heal()
    server.stop()
