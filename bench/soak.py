# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``./dev bench soak``: three services under a mixed load for some minutes, a fault each minute; does the engine grow, do its books agree?

Ends by itself. Prints its tables and writes docs/benchmarks/DATE-soak.md if it ran for ten minutes or more. Exits 1 if a request failed, the
identity does not hold, or something grew.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from statistics import median

from endurance import vitals
from endurance.books import Books
from endurance.clients import Tally, pace
from endurance.page import Page, Table
from endurance.vitals import Vitals
from kit.engine import Engine
from kit.process import poll
from kit.world import Server, World
from otlp_sink import Sink

MIXED = ["/items/7", "/stream/20", "/items/404", "/boom/x", "/v1/users/eve", "ws:/rooms/1", "/items/8", "/inner/orders/5"]
SERVICES = {
    "shop": ("shop:app", MIXED, 40.0, {}),
    "unsampled": ("shop:app", MIXED, 40.0, {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}),
    "hello": ("hello:app", ["/"], 40.0, {}),
}
"""Application, paths, requests a second, environment."""
LOOK_EVERY_S = 5.0
COLLECT_EVERY = 6
"""Looks at the engine to one after its garbage was collected."""
WINDOW_S = 60.0
"""Of which the least used heap is taken: one after a collection, and while no collector is ill and makes spans wait."""
GROWTH_ALLOWED = 0.10
"""Of the median, by the line through the samples, over the time they were taken in; and one thing of what is counted."""
JUDGED_FROM_S = 600.0
"""A shorter run shows a JVM that warms up: its slopes are printed, no verdict is made of them, and no report."""
SETTLE_S = 90.0


class Soak:
    def __init__(self, world: World, seconds: float) -> None:
        self.world = world
        self.seconds = seconds
        self.sinks = {name: world.sink(keep=False) for name in SERVICES}
        self.engine: Engine = world.engine()
        self.tallies = {name: Tally() for name in SERVICES}
        self.samples: list[Vitals] = []
        self.done: list[str] = []
        self.start = time.monotonic()
        self.servers = {name: self._serve(name, app, env) for name, (app, _, _, env) in SERVICES.items()}

    def _serve(self, name: str, app: str, env: dict[str, str]) -> Server:
        settings = {**self.sinks[name].env, "OTEL_SERVICE_NAME": name, "OTEL_METRIC_EXPORT_INTERVAL": "5000", **env}
        return self.world.serve("uvicorn", app, "--log-level", "critical", env=settings, attach=True)

    @property
    def at(self) -> float:
        return time.monotonic() - self.start

    # faults: each ends what it began

    def _ill(self, begin: Callable[[Sink], object], seconds: float = 12.0) -> None:
        for sink in self.sinks.values():
            begin(sink)
        time.sleep(seconds)
        for sink in self.sinks.values():
            sink.heal()

    def refused(self) -> None:
        """collector refuses connections, 12 s"""
        for sink in self.sinks.values():
            sink.refuse()
        time.sleep(12)
        for sink in self.sinks.values():
            sink.listen()

    def unavailable(self) -> None:
        """collector answers 503, 12 s"""
        self._ill(lambda sink: sink.fail(503))

    def throttled(self) -> None:
        """collector answers 429, Retry-After 2, 12 s"""
        self._ill(lambda sink: sink.fail(429, 2))

    def hanging(self) -> None:
        """collector hangs, 8 s"""
        self._ill(lambda sink: sink.hold(), 8)

    def resetting(self) -> None:
        """collector resets, 12 s"""
        self._ill(lambda sink: sink.reset())

    def slow(self) -> None:
        """collector answers after 0.5 s, 20 s"""
        self._ill(lambda sink: sink.slow(0.5), 20)

    def rejecting(self) -> None:
        """collector rejects one span of each request, 5 s"""
        for sink in self.sinks.values():
            sink.reject(1)
        time.sleep(5)
        for sink in self.sinks.values():
            sink.heal()

    def stopped(self) -> None:
        """engine stopped (SIGSTOP), 10 s"""
        self.engine.pause()
        time.sleep(10)
        self.engine.resume()

    def garbage(self) -> None:
        """500 peers send garbage"""
        for _ in range(500):
            with socket.socket(socket.AF_UNIX) as peer, suppress(OSError):
                peer.settimeout(10)
                peer.connect(str(self.engine.socket))
                peer.sendall(random.randbytes(random.randrange(1, 4096)))
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass

    def restarted(self) -> None:
        """engine restarted (SIGTERM)"""
        self.engine.stop()
        self.engine.restart()

    def killed(self) -> None:
        """engine killed (kill -9), collector hangs and forgets"""
        for sink in self.sinks.values():
            sink.hold()
        time.sleep(3)
        self.engine.kill()
        for sink in self.sinks.values():
            sink.forget()
        time.sleep(2)
        self.engine.restart()

    def faults(self) -> list[tuple[float, Callable[[], None]]]:
        """Those that end an engine stand at both ends, so that one engine lives in between and can be seen not to grow."""
        mild = [self.refused, self.stopped, self.unavailable, self.garbage, self.hanging, self.throttled, self.slow, self.resetting, self.rejecting]
        every = min(60.0, self.seconds / 6)
        count = int(self.seconds // every)
        plan: list[tuple[float, Callable[[], None]]] = [(5.0, self.restarted)]
        plan += [(n * every, mild[(n - 1) % len(mild)]) for n in range(1, count - 1)]
        plan.append(((count - 1) * every + 5, self.killed))
        return plan

    async def run(self, say: Callable[[str], None]) -> None:
        plan = self.faults()
        self.warm_until = max(60.0, self.seconds * 0.15) if self.seconds > 200 else self.seconds * 0.3
        self.measure_until = plan[-1][0] - 5
        self.start = time.monotonic()
        clients = [
            asyncio.create_task(pace(self.servers[name].port, paths, rate, self.seconds, 8, self.tallies[name]))
            for name, (_, paths, rate, _) in SERVICES.items()
        ]
        watching = asyncio.create_task(self._watch())
        for at, fault in plan:
            await asyncio.sleep(max(0.0, at - self.at))
            self.done.append(f"{self.at:.0f} s: {fault.__doc__}")
            say(f"{fault.__doc__}; {sum(t.answered for t in self.tallies.values())} answered")
            await asyncio.to_thread(fault)
        await asyncio.gather(*clients)
        watching.cancel()

    async def _watch(self) -> None:
        for look in itertools.count():
            if look % COLLECT_EVERY == 0:
                await asyncio.to_thread(vitals.collect, self.engine.process.pid)
            seen = await asyncio.to_thread(vitals.read, self.engine.process.pid, self.at)
            if seen is not None:
                self.samples.append(seen)
            await asyncio.sleep(LOOK_EVERY_S)

    def exported(self) -> int:
        """By the collectors' own count."""
        return sum(sink.span_count - sink.rejected for sink in self.sinks.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench soak", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    minutes = parser.parse_args().minutes
    page = Page("soak", f"Soak: three services, {minutes:g} minutes, a fault a minute", " ".join(["./dev bench soak", *sys.argv[1:]]))
    world = World()
    soak = Soak(world, minutes * 60)

    def say(text: str) -> None:
        print(f"[{soak.at:5.0f} s] {text}", file=sys.stderr, flush=True)

    try:
        asyncio.run(soak.run(say))
        report(soak, page, say)
    finally:
        world.close()
    return page.show(keep=minutes * 60 >= JUDGED_FROM_S)


def report(soak: Soak, page: Page, say: Callable[[str], None]) -> None:
    answered = sum(tally.answered for tally in soak.tallies.values())
    failed = [line for tally in soak.tallies.values() for line in tally.failed]
    page.check(f"{answered} requests answered, {len(failed)} failed {failed[:3] or ''}", not failed)

    def settled() -> bool:
        books = Books.of(soak.engine)
        return soak.exported() + books.measured + books.lost == answered and not books.queued

    with suppress(AssertionError):  # that it did not settle shows below
        poll(settled, SETTLE_S, lambda: "")
    say("settled, or given up")
    books = Books.of(soak.engine)
    for server in soak.servers.values():
        server.stop()
    identity(soak, page, answered, books)
    leanings(soak, page)
    page.tables.append(Table("Faults", "In the order they came, seconds after the start.", ["fault"], [[line] for line in soak.done]))


def identity(soak: Soak, page: Page, answered: int, books: Books) -> None:
    exported, lost = soak.exported(), books.lost
    whole = answered == exported + books.measured + books.queued + lost
    page.check(f"finished {answered} = exported {exported} + measured {books.measured} + queued {books.queued} + dropped {lost}", whole)
    page.tables.append(
        Table(
            "Books",
            "Finished is what the clients counted, exported what the collectors counted; measured (unsampled), queued and dropped the engine says.",
            ["finished", "exported", "measured", "queued", "dropped by reason"],
            [[str(answered), str(exported), str(books.measured), str(books.queued), ", ".join(f"{r} {n}" for r, n in books.dropped.items()) or "0"]],
        )
    )


def leanings(soak: Soak, page: Page) -> None:
    pid_since = [s for s in soak.samples if soak.warm_until <= s.seconds <= soak.measure_until]
    rows = []
    for name in vitals.NAMES:
        series = [(s.seconds, float(getattr(s, name))) for s in pid_since]
        if name == "heap":
            series = vitals.lowest(series, WINDOW_S)
        values = [value for _, value in series]
        if len(values) < 3:
            page.check(f"{name}: too few samples", False)
            continue
        slope = vitals.slope_an_hour(series)
        grown = slope * (series[-1][0] - series[0][0]) / 3600
        middle = median(values)
        if soak.seconds >= JUDGED_FROM_S:
            page.check(f"{name} flat", grown <= max(GROWTH_ALLOWED * middle, 1.0))
        unit = vitals.UNITS[name]
        span = f"{min(values):.1f} to {max(values):.1f} {unit}"
        rows.append([name, f"{middle:.1f} {unit}", span, f"{slope:+.2f} {unit}/h", f"{grown:+.2f} {unit}", str(len(values))])
    page.tables.append(
        Table(
            "Leanings",
            f"Of one engine, from {soak.warm_until:.0f} s to {soak.measure_until:.0f} s, a sample each {LOOK_EVERY_S:g} s;"
            f" the heap by the least of each {WINDOW_S:g} s, with a collection of all garbage every {COLLECT_EVERY * LOOK_EVERY_S:g} s."
            " The slope is a least-squares line's, what grew is that line's over the time.",
            ["what", "median", "range", "slope", "grew", "samples"],
            rows,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
