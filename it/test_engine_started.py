# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The engine that is started where none answers: by whom, for how long, and what it says where it can not."""

from __future__ import annotations

import os
import signal
import socket
import sys

import pytest

from kit.http1 import get
from kit.process import poll
from kit.world import BIN, World


def test_runs_on_with_the_engine_forbidden(world: World) -> None:
    server = world.serve("uvicorn", "shop:app", env={"SPANGARD_ENGINE": "off"}, attach=True)
    for n in range(20):
        assert get(server, f"/items/{n}").status == 200
    server.stop()
    assert not world.socket.exists()


def without_java(world: World) -> dict[str, str]:
    """A PATH with our venv only, so that neither ``java`` nor JAVA_HOME is found."""
    return {"PATH": str(BIN), "JAVA_HOME": "", "SPANGARD_ENGINE": ""}


@pytest.mark.parametrize("old", [False, True])
def test_says_in_one_line_that_java_is_missing_and_runs_on(world: World, old: bool) -> None:
    env = without_java(world)
    if old:
        fake = world.folder / "old-java"
        fake.mkdir()
        (fake / "java").write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\" 2021-10-19' >&2\n")
        (fake / "java").chmod(0o755)
        env["PATH"] = f"{BIN}:{fake}"
    server = world.serve("uvicorn", "shop:app", "--log-level", "error", env=env, attach=True)
    for n in range(20):
        assert get(server, f"/items/{n}").status == 200
    line = poll(lambda: server.process.err, 20, lambda: server.process.describe())
    server.stop()
    assert len(server.process.err.splitlines()) == 1, server.process.err
    for way in ("JAVA_HOME", "PATH", "spangard[jre]"):
        assert way in line


def test_starts_an_engine_when_none_answers(world: World) -> None:
    """One engine, also for many workers that all find none."""
    sink = world.sink()
    env = {**sink.env, "SPANGARD_ENGINE": ""}
    server = world.serve("gunicorn", "shop:app", "-w", "3", "-k", "uvicorn_worker.UvicornWorker", env=env, attach=True)
    for n in range(30):
        assert get(server, f"/items/{n}").status == 200
    sink.wait_for(30, 40)
    assert len(engines(world)) == 1
    server.stop()
    sink.wait_for_count("http.server.request.duration", 30)
    for pid in engines(world):
        os.kill(pid, signal.SIGTERM)


def test_a_recorder_without_attach_starts_an_engine_too(world: World) -> None:
    sink = world.sink()
    server = world.serve("uvicorn", "quickstart:app", env={**sink.env, "SPANGARD_ENGINE": ""})
    assert get(server, "/items/1").status == 200
    sink.wait_for(1, 40)
    server.stop()
    for pid in engines(world):
        os.kill(pid, signal.SIGTERM)


def test_engine_ends_when_nobody_has_needed_it_for_a_while(world: World) -> None:
    sink = world.sink()
    engine = world.engine("--idle-exit", "2")
    server = world.serve("uvicorn", "quickstart:app", env=sink.env)
    get(server, "/items/1")
    sink.wait_for(1)
    server.stop()
    assert engine.process.wait() == 0
    assert not engine.socket.exists()


def engines(world: World) -> list[int]:
    """The Java processes of this world."""
    return [pid for pid in world.descendants() if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "java"]


def test_the_engine_s_socket_is_the_user_s_alone(world: World) -> None:
    engine = world.engine()
    assert engine.socket.stat().st_mode & 0o777 == 0o600


def test_a_second_engine_on_the_same_socket_gives_way(world: World) -> None:
    engine = world.engine()
    second = world.run([sys.executable, "-m", "spangard", "engine", "--socket", str(engine.socket), "--admin", "127.0.0.1:0"])
    assert second.wait() == 4
    assert str(engine.socket) in second.err
    assert "Exception" not in second.err
    assert engine.status("/readyz") == 200


def test_a_port_that_is_taken_is_said_to_who_asked_for_it(world: World) -> None:
    """The default's, which every further engine of a machine finds taken, is nobody's wish."""
    with socket.socket() as first:
        try:
            first.bind(("127.0.0.1", 9464))
            first.listen()
        except OSError:  # an engine of somebody's has it: as good
            pass
        for flags, said in (([], 0), (["--admin", "127.0.0.1:9464"], 1)):
            engine = world.run([sys.executable, "-m", "spangard", "engine", "--socket", str(world.socket), *flags])
            engine.until(lambda: " listens at " in engine.err)
            engine.stop()
            assert engine.err.count("no metrics at ") == said, engine.describe()


def test_refuses_impossible_flags(world: World) -> None:
    for arguments in (["--no-such-flag"], ["--idle-exit", "soon"], ["--admin", "nowhere"]):
        process = world.run([sys.executable, "-m", "spangard", "engine", "--socket", str(world.socket), *arguments])
        assert process.wait() == 2
        assert "\tat " not in process.err
