# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What attach says where it records nothing, and what it records though it does not look like ASGI."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from kit.engine import Engine
from kit.http1 import get
from kit.traces import Trace
from kit.world import Server, World, free_port

ATTACH = [sys.executable, "-m", "spangard", "attach", "--"]
NOTHING = "spangard: nothing was recorded: no ASGI application "


def test_a_server_without_an_asgi_application_is_told_so_once(world: World) -> None:
    port = free_port()
    process = world.run([*ATTACH, sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"])
    server = Server(process, port, "")
    process.until(server.listens)
    process.until(lambda: process.err, 40)
    doctor = world.run([sys.executable, "-m", "spangard", "doctor"])
    doctor.wait(60)
    assert f"serves under attach, pid {process.pid}" in doctor.out
    server.stop()
    [line] = process.err.splitlines()
    assert line.startswith(NOTHING)


def test_gunicorn_s_synchronous_workers_are_told_of_when_they_end(world: World) -> None:
    port = free_port()
    command = ["gunicorn", "--log-level", "error", "-w", "2", "-b", f"127.0.0.1:{port}", "wsgi_hello:app"]
    process = world.run([*ATTACH, *command])
    server = Server(process, port, "")
    process.until(lambda: server.listens() and get(server, "/").body == b"hello")
    process.until(lambda: process.err, 40)
    server.stop()
    assert process.err.startswith(NOTHING)


def test_commands_that_serve_nothing_are_told_nothing(world: World) -> None:
    for command in (["sh", "-c", "sleep 2"], [sys.executable, "-c", "import asyncio, socket, multiprocessing; multiprocessing.Manager().list()"]):
        process = world.run([*ATTACH, *command])
        assert process.wait(60) == 0
        assert (process.out, process.err) == ("", "")


def test_a_wsgi_application_that_uvicorn_serves_is_recorded(shared: World, engine: Engine) -> None:
    sink = shared.sink(one_per_trace=True)
    server = shared.serve("uvicorn", "wsgi_hello:app", "--interface", "wsgi", env=sink.env, attach=True)
    trace = Trace()
    assert get(server, "/x", trace.header).body == b"hello"
    span = trace.span(sink)
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET", 200)
    assert span.attributes["http.response.body.size"] == 5
    server.stop()
    shared.recorded_exactly(sink, 1)


def test_the_engine_has_a_name(world: World) -> None:
    engine = world.engine()
    pid = engine.process.pid
    said = [Path(f"/proc/{pid}/{file}").read_text().split("\0")[0].strip() for file in ("comm", "cmdline")]
    assert said == ["spangard-engine", "spangard-engine"]


def test_an_engine_that_a_recorder_started_has_one_too(world: World) -> None:
    process = world.run([sys.executable, "short_lived.py", "exit", "1"], env={"SPANGARD_ENGINE": ""})
    assert process.wait(60) == 0, process.describe()
    [engine] = [pid for pid in world.descendants() if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "java"]
    assert Path(f"/proc/{engine}/comm").read_text() == "spangard-engine\n"
    assert Path(f"/proc/{engine}/cmdline").read_text().split("\0")[0].endswith("/spangard-engine")
    os.kill(engine, signal.SIGTERM)
