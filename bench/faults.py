# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``./dev bench faults``: can an application's clients tell that the collector or the engine is ill? Latency with each fault and without, in turns.

One application, one engine, one collector; each round goes through all faults in another order, and a fault's p99 is compared with that of the
same round without one. Prints its table and writes docs/benchmarks/DATE-faults.md. Exits 1 if a request failed or a median is beyond the goal.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from endurance.clients import Tally, pace
from endurance.page import Page, Table
from harness.measure import Spread
from kit.engine import Engine
from kit.world import World

HERE = Path(__file__).resolve().parent
HEALTHY = "none"
COLLECTOR = {
    "collector refuses connections": "refuse",
    "collector hangs": "hold",
    "collector answers 503": "fail 503",
    "collector resets": "reset",
    "collector takes 0.5 s": "slow 0.5",
}
STOPPED, KILLED = "engine stopped (SIGSTOP)", "engine killed (kill -9)"
RATE, REQUESTS, CONNECTIONS = 500, 1500, 8
"""A second, in a round, over so many connections: about a quarter of what the application could serve, so that nothing queues by itself."""
SETTLE_S = 0.5
"""Between a fault's begin and its load."""
GOAL = 1.05


class Collector:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "endurance.ill_sink"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=HERE)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def tell(self, command: str) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=30)


@contextmanager
def fault(name: str, engine: Engine, collector: Collector) -> Iterator[None]:
    """In force while this is open; afterwards all is well again."""
    if name in COLLECTOR:
        collector.tell(COLLECTOR[name])
    elif name == STOPPED:
        engine.pause()
    elif name == KILLED:
        engine.kill()
    yield
    if name in COLLECTOR:
        collector.tell("heal")
    elif name == STOPPED:
        engine.resume()
    elif name == KILLED:
        engine.restart()


def one(port: int) -> tuple[Tally, float, float]:
    """A load; its median and its 99th percentile, ms."""
    tally = Tally()
    asyncio.run(pace(port, ["/"], RATE, REQUESTS / RATE, CONNECTIONS, tally))
    ordered = sorted(tally.latencies)
    return tally, 1e3 * median(ordered), 1e3 * ordered[int(0.99 * len(ordered))]


def measure(rounds: int, names: Sequence[str]) -> tuple[dict[str, list[tuple[float, float]]], int, list[str]]:
    """Each fault's (median, p99) a round; requests answered; requests that failed."""
    world = World()
    collector = Collector()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    answered, failed = 0, []
    try:
        engine = world.engine()
        settings = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{collector.port}",
        }
        server = world.serve("uvicorn", "hello:app", env=settings, attach=True)
        for _ in range(3):  # the just-in-time compiler
            one(server.port)
        for number in range(rounds):
            order = random.Random(number).sample(list(names), len(names))
            for name in order:
                with fault(name, engine, collector):
                    time.sleep(SETTLE_S)
                    tally, middle, high = one(server.port)
                found[name].append((middle, high))
                if name == KILLED:
                    one(server.port)  # the next engine's just-in-time compiler
                answered += tally.answered
                failed += tally.failed
                # what waited is taken before the next, so that no fault pays for the one before
                time.sleep(SETTLE_S)
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    finally:
        collector.close()
        world.close()
    return found, answered, failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench faults", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a smoke run of two rounds, no report")
    quick = parser.parse_args().quick
    page = Page("faults", "Faults: what an application's clients notice of them", " ".join(["./dev bench faults", *sys.argv[1:]]))
    names = [HEALTHY, "none, again", *COLLECTOR, STOPPED, KILLED]
    found, answered, failed = measure(2 if quick else 15, names)
    page.check(f"{answered} requests answered, {len(failed)} failed {failed[:3] or ''}", not failed)
    rows = []
    for name in names:
        times = Spread.of([high / base for (_, high), (_, base) in zip(found[name], found[HEALTHY], strict=True)])
        if name in COLLECTOR or name in (STOPPED, KILLED):
            page.check(f"p99 within {GOAL - 1:.0%}: {name}, {times.median:.3f}×", times.median <= GOAL)
        rows.append(
            [
                name,
                Spread.of([middle for middle, _ in found[name]]).text(2),
                Spread.of([high for _, high in found[name]]).text(2),
                "" if name == HEALTHY else times.text(3),
            ]
        )
    note = (
        f"uvicorn, plain ASGI; {RATE} requests a second over {CONNECTIONS} connections, {REQUESTS} a round, timed from when each was due. Medians of"
        f' {len(found[HEALTHY])} rounds (quartiles); p99 over that of the same round without a fault. "None, again" is a second, healthy part of each round:'
        " what chance does."
    )
    page.tables.append(Table("Latency, ms", note, ["fault", "median", "p99", "p99, times that without"], rows))
    if quick:
        print("quick: a smoke run, not a result; no report is written")
    return page.show(keep=not quick)


if __name__ == "__main__":
    sys.exit(main())
