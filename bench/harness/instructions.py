# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Machine instructions of the application's process for one request, counted by valgrind: a number that other work on the machine does not
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
from pathlib import Path

from harness.inprocess import CASES, HERE, start, stop
from harness.server import APPS, COMMON, LOSSLESS, Engine, Sink, free_port, listens, wait_for
from harness.variants import ENVIRONMENT, OURS

FEW, MANY = 1_000, 5_000
"""Requests of the two runs of which the difference is told: what a process needs to start and to end is in both."""
FEW_AND_MANY_CALLS = {"hello": (2_000, 10_000), "stream": (400, 2_000), "echo": (200, 1_000)}
SLOWER = 50
"""How much slower valgrind runs: as much longer are the recorder's and upstream's intervals, so that a batch holds what it holds
without."""
START_S = 300.0
VALGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
COLLECTED = re.compile(r"Collected : (\d+)")


Counts = dict[str, dict[str, float]]
"""Application, or case → variant → instructions a request."""


def in_process(variants: list[str], say: Callable[[str], None]) -> Counts:
    """Of the cases that ``./dev bench attach`` calls without a server."""
    counts: Counts = {}
    with tempfile.TemporaryDirectory(prefix="spangard-bench-") as directory:
        path = f"{directory}/drain.sock"
        drain = start("harness.drain", path, {})
        try:
            assert drain.stdout and drain.stdout.readline() == "ready\n"
            for case in CASES:
                counts[case] = {}
                for variant in variants:
                    settings = {**ENVIRONMENT[variant], "SPANGARD_SOCKET": path, "SPANGARD_ENGINE": "off"}
                    command = [sys.executable, "-m", "harness.driver", variant]
                    few, many = (counted(command, settings, f"{case} {calls}\n") for calls in FEW_AND_MANY_CALLS[case])
                    calls = FEW_AND_MANY_CALLS[case]
                    counts[case][variant] = (many - few) / (calls[1] - calls[0])
                    say(f"{case}, {variant}: {counts[case][variant]:,.0f} instructions a request")
        finally:
            stop(drain)
    return counts


def counted(command: list[str], settings: dict[str, str], given: str) -> int:
    """Instructions of a process that reads ``given`` and ends."""
    environment = {**os.environ, **settings, "BENCH_SLOWER": str(SLOWER), "PYTHONHASHSEED": "0"}
    done = subprocess.run([*VALGRIND, *command], cwd=HERE, env=environment, input=given, text=True, capture_output=True)
    return collected(done.stderr, " ".join(command))


def collected(log: str, what: str) -> int:
    found = COLLECTED.search(log)
    if found is None:
        raise SystemExit(f"bench: valgrind did not count {what}:\n{log[-2000:]}")
    return int(found[1])


def measure(apps: list[str], variants: list[str], say: Callable[[str], None]) -> Counts:
    """Of applications under uvicorn."""
    counts: Counts = {}
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
    return counts


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
    server = [sys.executable, "-m", "uvicorn", f"harness.apps:served_{app}", "--port", str(port), "--log-level", "warning"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([*VALGRIND, *server, "--no-access-log"], cwd=HERE, env=settings, stderr=log)
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
        return collected(log.read(), sender)


def table(what: str, counts: Counts) -> list[str]:
    """The rows of a report: what each variant adds to the bare application."""
    variants = [name for name in next(iter(counts.values())) if name != "bare"]
    lines = [f"| {what} | bare | " + " | ".join(f"{name} adds" for name in variants) + " |", "|---" * (len(variants) + 2) + "|"]
    for app, used in counts.items():
        cells = [f"{used[name] - used['bare']:,.0f}" for name in variants]
        lines.append(f"| {app} | {used['bare']:,.0f} | " + " | ".join(cells) + " |")
    return ["", *lines]


def has_valgrind() -> bool:
    return any((Path(folder) / "valgrind").exists() for folder in os.get_exec_path())
