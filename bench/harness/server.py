# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Added CPU under a real server, both sides exporting OTLP to the same sink: uvicorn, and for ours the engine beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from harness.inprocess import FEWEST_ROUNDS, HERE, Rounds, ask, start, stop
from harness.measure import cpu_seconds, resident_mb
from harness.variants import ENVIRONMENT, OURS

APPS = {"hello": "/items/42?page=2", "starlette": "/items/42?page=2", "fastapi": "/items/42?page=2"}
VARIANTS = ("bare", "upstream", "upstream-stable", "spangard")
CONNECTIONS = 16
CHEAP, DEAR = 10_000, 2_500
"""Requests a round of bare and ours, and of upstream."""
WARM_UP, WARM_UP_ENGINE = 2_500, 300_000
"""Before the first round: ours enough for the engine's just-in-time compiler, which has most behind it after 60,000 and rests after
250,000, ten seconds of this load. What it takes until then is told apart."""
COLD = 10_000
"""Requests of which the engine's cold cost is told."""
ENOUGH_S = 100.0
"""For the rounds of one application, on a slow or busy machine."""
EXPORTED_WITHIN_S = 20.0

COMMON = {
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_BSP_SCHEDULE_DELAY": "1000",
}
LOSSLESS = {"OTEL_BSP_MAX_QUEUE_SIZE": "65536"}
"""For upstream: with the default of 2,048 it drops spans at this rate, and what is dropped costs nothing."""


@dataclass
class Served:
    rounds: dict[str, Rounds] = field(default_factory=dict)
    engine: dict[str, Rounds] = field(default_factory=dict)
    """App → the engine's part of each of ours, µs a request, one entry a round."""
    cold_engine_s: float = 0.0
    """CPU the engine took for the first 10,000 requests."""
    warm_engine_s: float = 0.0
    """And for those after them, up to the first round."""
    resident_idle_mb: float = 0.0
    resident_loaded_mb: float = 0.0
    faults: list[str] = field(default_factory=list)


class Sink:
    def __init__(self) -> None:
        self._process = start("harness.sink", "", {})
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def counts(self, sender: str) -> dict[str, int]:
        counts: dict[str, int] = json.loads(ask(self._process, sender))
        return counts

    def close(self) -> None:
        stop(self._process)


class Server:
    """One uvicorn with one application in one variant."""

    def __init__(self, app: str, variant: str, sink: Sink, engine: Engine | None, python: str = sys.executable) -> None:
        self.sender = f"{app}-{variant}"
        self.variant = variant
        self._app = app
        self._sink = sink
        self._engine = engine.process.pid if engine else None
        self._spans = self.requests = 0
        self._spans_each: int | None = 0 if variant == "bare" else None
        self.port = free_port()
        settings = {
            **os.environ,
            **COMMON,
            **(LOSSLESS if variant.startswith("upstream") else {}),
            **ENVIRONMENT[variant],
            "BENCH_VARIANT": variant,
            "OTEL_SERVICE_NAME": self.sender,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink.port}/{self.sender}",
            "SPANGARD_SOCKET": engine.socket if engine else "",
            "SPANGARD_ENGINE": "off",
        }
        command = [
            python,
            "-m",
            "uvicorn",
            f"harness.apps:served_{app}",
            "--port",
            str(self.port),
            "--log-level",
            "warning",
        ]
        self.process = subprocess.Popen([*command, "--no-access-log"], cwd=HERE, env=settings)
        wait_for(lambda: listens(self.port), 30, f"{self.sender} to listen")

    def run(self, requests: int) -> tuple[float, float, str | None]:
        """CPU µs a request of server and engine, of the engine alone, and what was wrong. Counts until all is exported."""
        pids = [self.process.pid] + ([self._engine] if self._engine else [])
        before, engine_before = cpu_seconds(pids), self._engine_cpu()
        command = [
            sys.executable,
            "-m",
            "harness.load",
            str(self.port),
            APPS[self._app],
            str(requests),
            str(CONNECTIONS),
        ]
        subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL, timeout=300)
        fault = self._all_exported(requests)
        used, engine_used = cpu_seconds(pids) - before, self._engine_cpu() - engine_before
        self.requests += requests
        return used / requests * 1e6, engine_used / requests * 1e6, fault

    def _engine_cpu(self) -> float:
        return cpu_seconds([self._engine]) if self._engine else 0.0

    def _all_exported(self, requests: int) -> str | None:
        if self._spans_each is None:  # how many spans each makes: asked once, held to ever after
            time.sleep(3)
            self._spans_each, rest = divmod(self._sink.counts(self.sender)["spans"] - self._spans, requests)
            if rest or not self._spans_each:
                return f"{self.sender}: {self._sink.counts(self.sender)['spans']} spans for {requests} requests"
        self._spans += requests * self._spans_each
        end = time.monotonic() + EXPORTED_WITHIN_S
        while (got := self._sink.counts(self.sender)["spans"]) < self._spans and time.monotonic() < end:
            time.sleep(0.02)
        wanted, self._spans = self._spans, got
        return None if got == wanted else f"{self.sender}: {got - wanted:+d} spans of {requests * self._spans_each}"

    def close(self) -> None:
        end(self.process)


class Engine:
    """The real engine of one of our variants, as ``spangard engine`` starts it."""

    def __init__(self, directory: str, variant: str) -> None:
        self.socket = f"{directory}/{variant}.sock"
        command = [sys.executable, "-m", "spangard", "engine", "--socket", self.socket]
        self.process = subprocess.Popen([*command, "--admin", "off"], cwd=HERE, env={**os.environ, **ENVIRONMENT[variant]})
        wait_for(lambda: Path(self.socket).exists() or self.process.poll() is not None, 30, "the engine")
        if self.process.poll() is not None:
            raise SystemExit(f"bench: the engine ended with {self.process.returncode}")

    def close(self) -> None:
        end(self.process)


def measure(apps: Sequence[str], rounds: int, warm_up: float, say: Callable[[str], None]) -> Served:
    """Every application in every variant ``rounds`` times, after a warm-up of the engine ``warm_up`` times the usual."""
    served = Served()
    with tempfile.TemporaryDirectory(prefix="spangard-bench-") as directory, ExitStack() as stack:
        sink = Sink()
        stack.callback(sink.close)
        variants = [*VARIANTS, *(["before"] if "before" in ENVIRONMENT else [])]
        engines = {variant: Engine(directory, variant) for variant in variants if variant.startswith(OURS)}
        for engine in engines.values():
            stack.callback(engine.close)
        ours = engines["spangard"].process.pid
        served.resident_idle_mb = resident_mb(ours)
        requests: dict[str, int] = {}
        for app in apps:
            with ExitStack() as servers_stack:
                servers = {variant: Server(app, variant, sink, engines.get(variant)) for variant in variants}
                for server in servers.values():
                    servers_stack.callback(server.close)
                one_app(app, servers, rounds, warm_up, served, say)
                requests |= {server.sender: server.requests for server in servers.values() if server.variant != "bare"}
            served.resident_loaded_mb = max(served.resident_loaded_mb, resident_mb(ours))
        for engine in engines.values():
            engine.close()
        for sender, sent in requests.items():
            measured = sink.counts(sender)["measured"]
            if measured != sent:
                served.faults.append(f"{sender}: duration histogram counts {measured} requests of {sent}")
    return served


def one_app(app: str, servers: dict[str, Server], rounds: int, warm_up: float, served: Served, say: Callable[[str], None]) -> None:
    for variant, server in servers.items():
        say(f"{app}: {variant} warms up")
        ours = variant.startswith(OURS)
        _, engine, fault = server.run(COLD if ours else WARM_UP)
        served.faults += [fault] if fault else []
        if ours and not served.rounds:  # the applications have one engine
            if variant == "spangard":
                served.cold_engine_s = engine * COLD / 1e6
            for _ in range(COLD, int(WARM_UP_ENGINE * warm_up), COLD):
                _, engine, fault = server.run(COLD)
                served.faults += [fault] if fault else []
                served.warm_engine_s += engine * COLD / 1e6 if variant == "spangard" else 0.0
    served.rounds[app], served.engine[app] = [], []
    give_up = time.monotonic() + ENOUGH_S
    for n in range(rounds):
        if n >= FEWEST_ROUNDS and time.monotonic() > give_up:
            break
        say(f"{app}: round {n + 1} of {rounds}")
        variants = list(servers)
        order = variants[n % len(variants) :] + variants[: n % len(variants)]
        used: dict[str, float] = {}
        engine_part: dict[str, float] = {}
        faults = []
        for variant in order:
            used[variant], engine_used, fault = servers[variant].run(DEAR if variant.startswith("upstream") else CHEAP)
            faults += [fault] if fault else []
            engine_part[variant] = engine_used
        if faults:  # a round in which something was lost is not a result
            served.faults += [f"round {n + 1} invalid: {fault}" for fault in faults]
        else:
            served.rounds[app].append(used)
            served.engine[app].append(engine_part)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            raise SystemExit(f"bench: waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # on SIGTERM uvicorn dies of the signal, and what runs at exit, upstream's last export, does not
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
