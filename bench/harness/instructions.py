# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Machine instructions of the server's process for one request, counted by valgrind: a number that other work on the machine does not
move, so that it says of a commit of one line whether it helped. It says nothing of how hot they run, nor of the engine.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.inprocess import HERE
from harness.server import APPS, COMMON, LOSSLESS, Engine, Sink, free_port, listens, wait_for
from harness.variants import ENVIRONMENT, OURS

FEW, MANY = 1_000, 5_000
"""Requests of the two runs of which the difference is told: what a process needs to start and to end is in both."""
SLOWER = 50
"""How much slower valgrind runs: as much longer are the recorder's and upstream's intervals, so that a batch holds what it holds
without."""
START_S = 300.0
COLLECTED = re.compile(r"Collected : (\d+)")


@dataclass(frozen=True)
class Counts:
    """Application → variant → instructions a request."""

    requests: dict[str, dict[str, float]]

    def added(self, app: str, variant: str) -> float:
        return self.requests[app][variant] - self.requests[app]["bare"]


def measure(apps: list[str], variants: list[str], say: Callable[[str], None]) -> Counts:
    counts: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="spangard-bench-") as directory:
        sink = Sink()
        engines = {variant: Engine(directory, variant) for variant in variants if variant.startswith(OURS)}
        try:
            for app in apps:
                counts[app] = {}
                for variant in variants:
                    engine = engines.get(variant)
                    run(app, variant, 1, sink, engine)  # so that no later one compiles what is imported
                    few, many = (run(app, variant, requests, sink, engine) for requests in (FEW, MANY))
                    counts[app][variant] = (many - few) / (MANY - FEW)
                    say(f"{app}, {variant}: {counts[app][variant]:,.0f} instructions a request")
        finally:
            for engine in engines.values():
                engine.close()
            sink.close()
    return Counts(counts)


def run(app: str, variant: str, requests: int, sink: Sink, engine: Engine | None) -> int:
    """Instructions of one server's process from its start to its end."""
    port = free_port()
    sender = f"{app}-{variant}-{requests}"
    settings = {
        **os.environ,
        **COMMON,
        **(LOSSLESS if variant.startswith("upstream") else {}),
        **ENVIRONMENT[variant],
        "BENCH_VARIANT": variant,
        "BENCH_SLOWER": str(SLOWER),
        "OTEL_BSP_SCHEDULE_DELAY": str(1000 * SLOWER),
        "OTEL_SERVICE_NAME": sender,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink.port}/{sender}",
        "SPANGARD_SOCKET": engine.socket if engine else "",
        "SPANGARD_ENGINE": "off",
        "PYTHONHASHSEED": "0",
    }
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    server = [sys.executable, "-m", "uvicorn", f"harness.apps:served_{app}", "--port", str(port), "--log-level", "warning"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([*valgrind, *server, "--no-access-log"], cwd=HERE, env=settings, stderr=log)
        try:
            wait_for(lambda: listens(port) or process.poll() is not None, START_S, f"{sender} to listen")
            if process.poll() is not None:
                log.seek(0)
                raise SystemExit(f"bench: {sender} ended with {process.returncode}:\n{log.read()[-2000:]}")
            load = [sys.executable, "-m", "harness.load", str(port), APPS[app], str(requests), "1"]
            subprocess.run(load, cwd=HERE, check=True, stdout=subprocess.DEVNULL)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_S)
        log.seek(0)
        collected = COLLECTED.search(log.read())
    if collected is None:
        raise SystemExit(f"bench: valgrind did not count {sender}")
    return int(collected[1])


def slow_down(times: int) -> None:
    """In the server's process: the recorder's intervals, as much longer."""
    from spangard import _buffer

    for name in ("TICK_S", "FLUSH_INTERVAL_S", "SLOW_TICK_S", "OPEN_AFTER_S", "LATE_S"):
        if hasattr(_buffer, name):  # not each revision has all
            setattr(_buffer, name, times * getattr(_buffer, name))


def markdown(counts: Counts, heading: list[str]) -> str:
    """The report."""
    variants = [name for name in next(iter(counts.requests.values())) if name != "bare"]
    lines = [
        *heading,
        "",
        "| application | bare | " + " | ".join(f"{name} adds" for name in variants) + " |",
        "|---" * (len(variants) + 2) + "|",
    ]
    for app, used in counts.requests.items():
        cells = [f"{counts.added(app, name):,.0f}" for name in variants]
        lines.append(f"| {app} | {used['bare']:,.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def has_valgrind() -> bool:
    return any((Path(folder) / "valgrind").exists() for folder in os.get_exec_path())
