# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""One test's (or module's) private surroundings: folder, socket, environment, processes; and the proof that nothing of it is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from otlp_sink import Sink

from .engine import Engine
from .process import Process, poll

APPS = Path(__file__).parent.parent.parent / "it" / "apps"
DURATION = "http.server.request.duration"
WEBSOCKET_DURATION = "spangard.websocket.duration"
BIN = Path(sys.executable).parent
TOKEN = "IT_TOKEN_OF_SPANGARD"
LEAK_SECONDS = 10.0


def free_port() -> int:
    """A port that nobody listens on, below the range the kernel gives to clients, so that no connection of ours takes it first."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Server:
    """A running ASGI server. ``port`` is 0 for one on a Unix socket (``uds``)."""

    def __init__(self, process: Process, port: int, uds: str) -> None:
        self.process = process
        self.port = port
        self.uds = uds

    def connect(self, seconds: float = 30) -> socket.socket:
        """A new connection with a timeout that turns a hang into a failure."""
        if self.uds:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(seconds)
            try:
                connection.connect(self.uds)
            except OSError:
                connection.close()
                raise
            return connection
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def listens(self) -> bool:
        """Whether a connection is accepted. Makes no request."""
        try:
            self.connect(5).close()
        except OSError:
            return False
        return True

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signals the server, waits, gives its exit code."""
        return self.process.stop(number)


class World:
    """Close it: every process is stopped, then anything that carries our token and still runs fails the test."""

    def __init__(self) -> None:
        # short, because a Unix socket's path has 108 bytes
        self.folder = Path(tempfile.mkdtemp(prefix="it-"))
        self.socket = self.folder / "engine.sock"
        self.token = uuid.uuid4().hex
        self._processes: list[Process] = []
        self._sinks: list[Sink] = []
        self._one_per_trace: list[Sink] = []
        self._exact: list[tuple[Sink, int, int]] = []
        self._engines: list[Engine] = []

    # environment

    def env(self, *more: Mapping[str, str]) -> dict[str, str]:
        """Ours without anything that configures telemetry, plus socket, token and ``more``. By default no engine is started by a recorder."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "SPANGARD_", "FASTAPI_", "PYTHON", "PYTEST", "UVICORN_", "WEB_CONC"))}
        kept["PATH"] = f"{BIN}{os.pathsep}{kept['PATH']}"
        kept["XDG_RUNTIME_DIR"] = kept["TMPDIR"] = str(self.folder)
        kept["PYTHONUNBUFFERED"] = "1"
        # an unclosed socket or a coroutine never awaited in the recorder shows in the output of the application
        kept["PYTHONWARNINGS"] = "default::ResourceWarning,default::RuntimeWarning"
        kept["SPANGARD_SOCKET"] = str(self.socket)
        kept["SPANGARD_ENGINE"] = "off"
        kept[TOKEN] = self.token
        for part in more:
            kept.update(part)
        return {k: v for k, v in kept.items() if v is not None}

    # parts

    def sink(self, *args: Any, one_per_trace: bool = False, **kwargs: Any) -> Sink:
        """A sink that is closed with this world and whose errors fail the test, as does, if asked for, a second span of a trace."""
        sink = Sink(*args, **kwargs)
        self._sinks.append(sink)
        if one_per_trace:
            self._one_per_trace.append(sink)
        return sink

    def recorded_exactly(self, sink: Sink, requests: int, websockets: int = 0) -> None:
        """Waits for a span and a duration of each; that no more came is seen at the end, when the engine has exported all it had."""
        sink.wait_for(requests + websockets, 40)
        sink.wait_for_count(DURATION, requests, 40)
        if websockets:
            sink.wait_for_count(WEBSOCKET_DURATION, websockets, 40)
        self._exact.append((sink, requests, websockets))

    def engine(self, *arguments: str, env: Mapping[str, str] | None = None) -> Engine:
        """Starts an engine on this world's socket and waits until it is ready."""
        admin = free_port()
        command = [sys.executable, "-m", "spangard", "engine", "--socket", str(self.socket), "--admin", f"127.0.0.1:{admin}", *arguments]
        engine = Engine(lambda n: self.run(command, f"engine{admin}-{n}", env=env), self.socket, admin)
        self._engines.append(engine)
        return engine

    def run(self, command: Sequence[str], name: str = "", env: Mapping[str, str] | None = None, cwd: Path = APPS, stdout: str = "file") -> Process:
        """Starts any command with this world's environment."""
        name = name or f"{Path(command[0]).name}{len(self._processes)}"
        process = Process(command, self.env(env or {}), cwd, self.folder, name, stdout)
        self._processes.append(process)
        return process

    def serve(
        self,
        kind: str,
        app: str,
        *flags: str,
        env: Mapping[str, str] | None = None,
        attach: bool = False,
        attach_flags: Sequence[str] = (),
        uds: bool = False,
        cwd: Path = APPS,
        stdout: str = "file",
    ) -> Server:
        """Starts a server and waits until it accepts connections. ``attach`` puts ``spangard attach --`` before its command."""
        port = 0 if uds else free_port()
        path = str(self.folder / f"s{len(self._processes)}.sock") if uds else ""
        command = [*command_line(kind, port, path), *flags, app]
        if attach:
            command = [sys.executable, "-m", "spangard", "attach", *attach_flags, "--", *command]
        process = self.run(command, f"{kind}{len(self._processes)}", env, cwd, stdout)
        server = Server(process, port, path)
        process.until(server.listens)
        return server

    # end

    def close(self) -> None:
        """Stops newest first: servers before the engine, so that goodbyes are heard."""
        failures: list[str] = []
        for process in reversed(self._processes):
            try:
                if process.returncode is None:
                    process.send_signal(signal.SIGCONT)
                process.stop()
            except AssertionError as e:
                failures.append(str(e))
        failures += self._orphans()
        for sink, requests, websockets in self._exact:
            counts = (sink.span_count, sink.count(DURATION), sink.count(WEBSOCKET_DURATION))
            if counts != (requests + websockets, requests, websockets):
                failures.append(f"spans, durations of requests and of WebSockets are {counts}, of {requests} and {websockets}")
        for sink in self._sinks:
            failures += [f"sink: {e}" for e in sink.errors]
            failures += duplicates(sink)
            if sink in self._one_per_trace:
                failures += more_than_one_per_trace(sink)
            sink.close()
        if not failures:
            failures += [f"left behind: {p}" for p in self.folder.rglob("*.sock") if p.name.startswith("engine") and not self._killed()]
        shutil.rmtree(self.folder, ignore_errors=True)
        if failures:
            raise AssertionError("\n".join(failures))

    def _killed(self) -> bool:
        return any(e.process.returncode == -signal.SIGKILL for e in self._engines)

    def descendants(self) -> dict[int, str]:
        """Every process of this world that runs, also those that left our process tree: pid to command line.

        An engine that a recorder started has not our environment, but our socket among its arguments.
        """
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if f"{TOKEN}={self.token}".encode() in (folder / "environ").read_bytes().split(b"\0") or str(self.socket) in command:
                        found[int(folder.name)] = command
                except OSError:
                    continue
        return found

    def _orphans(self) -> list[str]:
        try:
            poll(lambda: not self.descendants(), LEAK_SECONDS, lambda: "")
        except AssertionError:
            orphans = self.descendants()
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
            return [f"orphan {pid}: {command}" for pid, command in orphans.items()]
        return []


def duplicates(sink: Sink) -> list[str]:
    """Spans that arrived twice, unless the sink was told to misbehave."""
    if sink.turned_away:
        return []
    seen: set[tuple[str, str]] = set()
    twice = []
    for span in sink.spans():
        if (span.trace_id, span.span_id) in seen:
            twice.append(f"span exported twice: {span}")
        seen.add((span.trace_id, span.span_id))
    return twice[:3]


def more_than_one_per_trace(sink: Sink) -> list[str]:
    """Looked at in the end, when everything is flushed: a request recorded twice would be two spans of one trace."""
    counts = Counter(span.trace_id for span in sink.spans())
    return [f"{n} spans of trace {trace}: {[s.name for s in sink.spans() if s.trace_id == trace]}" for trace, n in counts.items() if n > 1][:3]


def command_line(kind: str, port: int, uds: str) -> list[str]:
    """How each server is told where to listen."""
    match kind:
        case "uvicorn":
            return ["uvicorn", "--no-access-log", *(["--uds", uds] if uds else ["--port", str(port)])]
        case "gunicorn":
            return ["gunicorn", "--log-level", "info", "-b", f"unix:{uds}" if uds else f"127.0.0.1:{port}"]
        case "hypercorn":
            return ["hypercorn", "-b", f"unix:{uds}" if uds else f"127.0.0.1:{port}"]
        case "daphne":
            return ["daphne", *(["-u", uds] if uds else ["-p", str(port)])]
        case "granian":
            return ["granian", "--interface", "asgi", *(["--uds", uds] if uds else ["--port", str(port)])]
    raise ValueError(kind)
