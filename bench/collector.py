# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``./dev bench collector``: does the OpenTelemetry Collector itself count what we say we sent, also when it is killed under load?

By http/protobuf and by gRPC, both with TLS and client certificates: load, ``kill -9`` of the collector, load while it is away, start, load. Builds the
collector first if this checkout has none. Prints its table and writes docs/benchmarks/DATE-collector.md. Exits 1 if the counts do not agree.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from contextlib import suppress

from endurance.books import Books
from endurance.clients import Tally, pace
from endurance.otelcol import BATCH, VERSION, Collector, build
from endurance.page import Page, Table
from kit.process import poll
from kit.world import World

RATE, SECONDS = 400.0, 30.0
AWAY_S = 5.0


def one(protocol: str, page: Page) -> list[str]:
    """The row of one protocol."""
    world = World()
    try:
        collector = Collector(world, build())
        engine = world.engine()
        server = world.serve("uvicorn", "hello:app", env=collector.env(protocol), attach=True)
        tally = Tally()
        load = threading.Thread(target=lambda: asyncio.run(pace(server.port, ["/"], RATE, SECONDS, 8, tally)))
        load.start()
        poll(lambda: collector.accepted > RATE * SECONDS / 4, 60, lambda: f"{collector.accepted} spans, {collector.lives[-1].describe()}")
        before_kill = collector.accepted
        collector.kill()
        threading.Event().wait(AWAY_S)
        collector.start()
        load.join()

        def settled() -> bool:
            books = Books.of(engine)
            return books.exported + books.lost == tally.answered and collector.accepted == collector.logged(1)

        with suppress(AssertionError):  # that it did not settle shows below
            poll(settled, 90, lambda: "")
        books = Books.of(engine)
        first, second, accepted = collector.logged(0), collector.logged(1), collector.accepted
    finally:
        world.close()
    exported, lost = books.exported, books.lost
    twice = first + second - exported
    page.check(f"{protocol}: {tally.answered} requests answered, {len(tally.failed)} failed", not tally.failed)
    page.check(f"{protocol}: finished {tally.answered} = exported {exported} + dropped {lost}", tally.answered == exported + lost)
    page.check(f"{protocol}: nothing dropped over a collector that was away for {AWAY_S:g} s", not lost)
    page.check(f"{protocol}: after its start the collector's metric says {accepted}, its log {second}", accepted == second)
    page.check(f"{protocol}: before it the metric's last word was {before_kill}, the log's {first}", before_kill <= first)
    page.check(f"{protocol}: taken {first + second}, of which {twice} unanswered and sent again, at most a batch of {BATCH}", 0 <= twice <= BATCH)
    return [protocol, str(tally.answered), str(exported), str(lost), str(first), str(second), str(accepted), str(twice)]


def main() -> int:
    argparse.ArgumentParser(prog="./dev bench collector", description=(__doc__ or "").partition("\n\n")[0]).parse_args()
    build()
    page = Page("collector", "The OpenTelemetry Collector's counts and ours", "./dev bench collector")
    page.facts.insert(3, f"OpenTelemetry Collector {VERSION}: otlpreceiver, debugexporter; both protocols with TLS and client certificates")
    rows = [one(protocol, page) for protocol in ("http/protobuf", "grpc")]
    note = (
        f"{RATE:g} requests a second for {SECONDS:g} s; the collector is killed under load and away for {AWAY_S:g} s."
        " Finished: what clients count. Exported and dropped: the engine's books."
        " Taken: spans in the collector's log, which outlives it. Accepted: `otelcol_receiver_accepted_spans` after its start."
        " Sent again: what it had taken and not answered when it was killed; it may be there twice, and is counted as exported once."
    )
    head = ["protocol", "finished", "exported", "dropped", "taken before the kill", "taken after", "accepted after", "sent again"]
    page.tables.append(Table("Counts", note, head, rows))
    return page.show(keep=True)


if __name__ == "__main__":
    sys.exit(main())
