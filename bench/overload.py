# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``./dev bench overload``: an engine on one core is offered more than it can process; does an application notice, is every request accounted for?

Real recorders in processes of their own (endurance/offer.py) are given finished requests at the rate asked for, and count them, beside an application
with a recorder that serves real requests. All but the engine runs on the other cores. Exits 1 if a request failed, less was offered than asked for,
the identity does not hold, or the engine's memory is beyond its bound. Writes docs/benchmarks/DATE-overload.md with --write.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from statistics import median

from endurance import vitals
from endurance.books import Books
from endurance.clients import Tally, pace
from endurance.page import Page, Table
from faults import Collector
from kit.engine import Engine
from kit.process import poll
from kit.world import World

HERE = Path(__file__).resolve().parent
ENGINE_CORE = 0
RATE, SECONDS = 200_000, 60.0
"""Of records a second, in all; of the flood."""
GENERATORS = 2
APP_RATE, CONNECTIONS = 200, 8
"""Requests a second of the application's clients, from when they are due."""
OFFERED_LEAST = 0.95
"""Of the rate asked for."""
MIB = (1 << 20) / 1e6
HEAP_MB = 96 * MIB
RESIDENT_MB = 300.0
"""What docs/operations.md says is enough for a container."""
SETTLE_S = 90.0
LOOK_EVERY_S = 1.0
WARM_UP_S = 3.0
"""For the just-in-time compiler; its requests count."""


class Overload:
    def __init__(self, world: World, rate: float, seconds: float) -> None:
        self.world = world
        self.rate = rate
        self.seconds = seconds
        self.warmup, self.quiet, self.flooded = Tally(), Tally(), Tally()
        self.heap = 0.0
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {ENGINE_CORE})
        self.engine: Engine = world.engine()
        os.sched_setaffinity(0, cores - {ENGINE_CORE} or cores)
        self.collector = Collector()
        self.settings = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{self.collector.port}",
        }
        self.server = world.serve("uvicorn", "hello:app", env={**self.settings, "OTEL_SERVICE_NAME": "application"}, attach=True)

    def _generator(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "endurance.offer", str(self.rate / GENERATORS), str(self.seconds)]
        environment = self.world.env(self.settings, {"OTEL_SERVICE_NAME": "flood", "PYTHONPATH": os.pathsep.join(sys.path)})
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=HERE)

    async def run(self) -> list[dict[str, float]]:
        """What each generator says."""
        await self._load(self.warmup, WARM_UP_S)
        await self._load(self.quiet, self.seconds)
        generators = [self._generator() for _ in range(GENERATORS)]
        watching = asyncio.create_task(self._watch())
        try:
            told = [asyncio.create_task(asyncio.to_thread(generator.communicate, "go")) for generator in generators]
            await self._load(self.flooded, self.seconds)
            return [json.loads(out) for out, _ in await asyncio.gather(*told)]
        finally:
            watching.cancel()
            for generator in generators:
                generator.kill()
                generator.wait()

    async def _load(self, tally: Tally, seconds: float) -> None:
        await pace(self.server.port, ["/"], APP_RATE, seconds, CONNECTIONS, tally)

    async def _watch(self) -> None:
        while True:
            seen = await asyncio.to_thread(vitals.read, self.engine.process.pid, 0.0)
            if seen is not None:
                self.heap = max(self.heap, seen.heap * MIB)
            await asyncio.sleep(LOOK_EVERY_S)

    def resident(self) -> float:
        """MB, the most that there ever was, by the kernel."""
        status = Path(f"/proc/{self.engine.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench overload", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rate", type=float, default=RATE, help="records a second, in all")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--write", action="store_true", help="keep the result in docs/benchmarks")
    asked = parser.parse_args()
    title = f"Overload: {asked.rate:,.0f} records a second, {asked.seconds:g} s, for an engine on one core"
    page = Page("overload", title, " ".join(["./dev bench overload", *sys.argv[1:]]))
    world = World()
    try:
        overload = Overload(world, asked.rate, asked.seconds)
        try:
            report(overload, asyncio.run(overload.run()), page)
        finally:
            overload.collector.close()
    finally:
        world.close()
    return page.show(keep=asked.write)


def report(overload: Overload, told: list[dict[str, float]], page: Page) -> None:
    tallies = (overload.warmup, overload.quiet, overload.flooded)
    answered, failed = sum(t.answered for t in tallies), [line for t in tallies for line in t.failed]
    page.check(f"{answered} requests of the application answered, {len(failed)} failed {failed[:3] or ''}", not failed)
    offered = round(sum(one["offered"] for one in told))
    rate = sum(one["offered"] / one["seconds"] for one in told)
    page.check(f"{rate:,.0f} records a second offered, of {overload.rate:,.0f}", rate >= OFFERED_LEAST * overload.rate)

    finished = offered + answered
    with suppress(AssertionError):  # that it did not settle shows below
        poll(lambda: Books.of(overload.engine).whole == finished and not Books.of(overload.engine).queued, SETTLE_S, lambda: "")
    books = Books.of(overload.engine)
    terms = f"exported {books.exported} + measured {books.measured} + queued {books.queued} + dropped {books.lost}"
    page.check(f"finished {finished} = {terms}", finished == books.whole)
    arrived = overload.collector.tell("heal")
    page.check(f"the collector has {arrived} spans", arrived == books.exported)
    recorder = round(sum(one["dropped"] for one in told))
    page.check(f"{recorder} dropped by the generators' recorders, as they say", books.dropped.get("recorder", 0) >= recorder)
    resident = overload.resident()
    page.check(f"resident {resident:.0f} MB at most, bound {RESIDENT_MB:.0f} MB", resident <= RESIDENT_MB)
    page.check(f"heap {overload.heap:.0f} MB at most, bound {HEAP_MB:.0f} MB", 0 < overload.heap <= HEAP_MB)
    page.tables += [
        Table(
            "Books",
            f"Finished is what the generators ({GENERATORS} processes, each a real recorder whose record is encoded once) and the application's clients"
            f" counted; the rest the engine says. The rate is what was offered in {overload.seconds:g} s.",
            ["offered/s", "finished", "exported", "measured", "queued", "dropped by reason"],
            [
                [
                    f"{rate:,.0f}",
                    str(finished),
                    str(books.exported),
                    str(books.measured),
                    str(books.queued),
                    ", ".join(f"{reason} {n}" for reason, n in books.dropped.items()) or "0",
                ]
            ],
        ),
        Table(
            "Latency of the application, ms",
            f"uvicorn, plain ASGI; {APP_RATE} requests a second over {CONNECTIONS} connections, from when each was due, for {overload.seconds:g} s each. The"
            " generators, the collector and the clients share its cores: what they take is in the second row.",
            ["", "p50", "p99", "errors"],
            [row("without the flood", overload.quiet), row("with it", overload.flooded)],
        ),
    ]


def row(name: str, tally: Tally) -> list[str]:
    ordered = sorted(tally.latencies)
    return [name, f"{1e3 * median(ordered):.2f}", f"{1e3 * ordered[int(0.99 * len(ordered))]:.2f}", str(len(tally.failed))]


if __name__ == "__main__":
    sys.exit(main())
