# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""``spangard engine --replace``: one engine goes on where another was, under load, and nobody else is ever sent a signal."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import sys
from pathlib import Path

import pytest

from kit.engine import Engine
from kit.load import Background
from kit.process import Process, poll
from kit.world import Server, World
from otlp_sink import Sink
from test_engine_faults import Ledger, busy, unbalanced

HOLDER_AT = 8
"""Where the ledger says who holds it."""


def replacement(world: World) -> Process:
    """Another engine for the socket of the world's, not waited for."""
    return world.run([sys.executable, "-m", "spangard", "engine", "--socket", str(world.socket), "--admin", "off", "--replace"])


def ledger_of(world: World) -> Path:
    return Path(f"{world.socket}.ledger")


def engines(world: World) -> list[int]:
    """Those that hold the socket's ledger open."""
    found = []
    for pid in world.descendants():
        try:
            files = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:  # it has ended
            continue
        if str(ledger_of(world)) in files:
            found.append(pid)
    return found


def test_takes_over_under_load(world: World) -> None:
    """With recorders that may start engines of their own, whose engine must not come first."""
    first = world.engine()
    sink = world.sink()
    server = world.serve("uvicorn", "shop:app", env={**sink.env, "SPANGARD_ENGINE": "auto"}, attach=True)
    engine = first
    with Background(server.port) as background:
        for _ in range(2):
            busy(background, sink)
            old, engine = engine, world.engine("--replace")
            assert old.process.wait() == 0, old.process.describe()
            poll(lambda engine=engine: engines(world) == [engine.process.pid], 20, lambda: str(world.descendants()))
        busy(background, sink)
    result = background.load
    assert (result.failed, set(result.statuses)) == ([], {200})
    dropped = accounted_for(engine, sink, server, result.answered)
    # as of a restart: what the old one could not read in its two seconds, and what the new one, not yet compiled, has no time for
    assert dropped.keys() <= {"connection", "recorder", "intake"}


def accounted_for(engine: Engine, sink: Sink, server: Server, requests: int) -> dict[str, float]:
    dropped = Ledger(engine, sink).settled(requests)
    assert unbalanced(engine.scrape()) == {}
    server.stop()
    return dropped


def test_starts_where_there_is_no_engine(world: World) -> None:
    engine = world.engine("--replace")
    assert engine.stop() == 0


def test_starts_after_one_that_was_killed(world: World) -> None:
    killed = world.engine()
    killed.kill()
    assert ledger_pid(world) == killed.process.pid
    engine = world.engine("--replace")
    assert ledger_pid(world) == engine.process.pid
    assert engine.stop() == 0
    assert ledger_pid(world) == 0


def ledger_pid(world: World) -> int:
    with ledger_of(world).open("rb") as file:
        file.seek(HOLDER_AT)
        return int.from_bytes(file.read(8), sys.byteorder)


@pytest.mark.parametrize("written", ["another", "none", "absent"])
def test_ends_no_process_that_is_not_the_engine(world: World, written: str) -> None:
    """A number in a file may be anybody's, as of another container's process."""
    engine = world.engine()
    bystander = world.run([sys.executable, "-c", "import signal; signal.pause()"])
    pid = {"another": bystander.pid, "none": 0, "absent": 1 << 40}[written]
    with ledger_of(world).open("r+b") as file:
        file.seek(HOLDER_AT)
        file.write(struct.pack("=q", pid))
    refused = replacement(world)
    assert refused.wait() == 3
    assert refused.err.splitlines() == [
        f"spangard: an engine serves {world.socket}, but which process it is cannot be told from here (in its ledger: {pid}); end it where it was started"
    ]
    assert bystander.returncode is None
    assert engine.status("/readyz") == 200


def test_gives_up_on_one_that_does_not_end(world: World) -> None:
    engine = world.engine()
    engine.pause()
    late = replacement(world)
    assert late.wait(30) == 3
    assert late.err.splitlines()[-1] == f"spangard: the engine at {world.socket}, pid {engine.process.pid}, did not end within 10 s"
    engine.resume()
    assert engine.process.wait() == 0


def test_waits_for_whoever_starts_an_engine(world: World) -> None:
    """A recorder holds this lock until its engine answers, which then is the one to take over from."""
    with open(f"{world.socket}.start", "w") as start:
        fcntl.lockf(start, fcntl.LOCK_EX)
        waiting = replacement(world)
        waiting.until(lambda: waits_for_lock(waiting.pid, f"{world.socket}.start"))
        first = world.engine()
        assert waiting.returncode is None
    assert first.process.wait() == 0
    poll(lambda: engines(world) == [waiting.pid], 20, waiting.describe)
    assert waiting.stop(signal.SIGTERM) == 0


def waits_for_lock(pid: int, path: str) -> bool:
    try:
        return path in [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
