# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""An application, an engine and a collector under load, and the books of all three."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.engine import Engine, samples
from kit.load import load
from kit.process import poll
from kit.world import World
from otlp_sink import Sink

SETTLE_SECONDS = 60.0
"""For an exporter's pauses between its tries after the fault."""


@dataclass(frozen=True)
class Row:
    """What became of every request of one case. ``finished`` is what the clients count, ``exported`` what the collector counts."""

    fault: str
    finished: int
    exported: int
    queued: int
    dropped: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """The identity, exactly."""
        return self.finished == self.exported + self.queued + sum(self.dropped.values())

    def cells(self) -> list[str]:
        """For the table."""
        lost = ", ".join(f"{reason} {n}" for reason, n in sorted(self.dropped.items())) or "0"
        return [self.fault, str(self.finished), str(self.exported), str(self.queued), lost, "yes" if self.holds else "NO"]


TABLE: list[Row] = []
"""Of this session, printed at its end."""
HEAD = ["fault", "seen", "exported", "queued", "dropped", "identity holds"]


class Books:
    """The engine's own counters, all of one scrape. They go on over restarts and kills."""

    def __init__(self, text: str) -> None:
        self._samples = samples(text)

    def total(self, name: str) -> int:
        """Of all services."""
        return round(sum(self._samples.get(f"spangard_requests_{name}", {}).values()))

    @property
    def dropped(self) -> Counter[str]:
        """By reason, those that are not 0."""
        found: Counter[str] = Counter()
        for labels, n in self._samples.get("spangard_requests_dropped_total", {}).items():
            found[dict(labels)["reason"]] += round(n)
        return +found

    @property
    def balance(self) -> bool:
        """Whether each request that was seen is somewhere."""
        placed = sum(self.total(name) for name in ("exported_total", "measured_total", "dropped_total", "queued"))
        return self.total("seen_total") == placed


class Case:
    """Made by a test for one fault, ended by :meth:`row`."""

    def __init__(self, world: World, *flags: str, sink: Sink | None = None, env: Mapping[str, str] | None = None) -> None:
        """``flags`` are the engine's."""
        self.world = world
        self.sink = sink or world.sink()
        self.engine: Engine = world.engine(*flags)
        self.witness = world.folder / "witness"
        self.finished = 0
        self.server = self.serve(env or {})

    def serve(self, env: Mapping[str, str]) -> Any:
        """The application, its recorder watched."""
        return self.world.serve("uvicorn", "watched:app", env={**self.sink.env, **env, "WITNESS_FILE": str(self.witness)}, attach=True)

    def send(self, requests: int, connections: int = 16) -> None:
        """Every request is answered, whatever is wrong behind the application."""
        result = load(self.server.port, requests, connections)
        assert (result.statuses, result.failed) == ({200: requests}, [])
        self.finished += requests

    def books(self) -> Books:
        """The engine's."""
        return Books(self.engine.scrape())

    def wait_for_books(self, read: int) -> Books:
        """Those of the engine that has read so many requests. At every instant on the way each that was seen is somewhere."""

        def come() -> Books | None:
            books = self.books()
            assert books.balance, self.engine.told("spangard_requests")
            return books if books.total("seen_total") == books.total("received_total") == read else None

        return poll(come, SETTLE_SECONDS, lambda: f"not {read}:\n{self.engine.told('spangard_')}")  # type: ignore[return-value]

    def wait_for_spool(self, spans: int) -> None:
        """Until so many are on disk: a kill does not take them."""
        self.engine.wait_for_total("spangard_spool_spans", spans, SETTLE_SECONDS)

    def wait_for_export(self) -> None:
        """Until the collector has all that was sent so far, and the engine knows."""
        poll(
            lambda: self.exported == self.finished and (books := self.books()).total("queued") == 0 and books.total("exported_total") == self.finished,
            SETTLE_SECONDS,
            lambda: f"{self.exported} of {self.finished}\n{self.engine.told('spangard_')}",
        )

    @property
    def exported(self) -> int:
        """Spans the collector has accepted, by its own count."""
        return self.sink.span_count - self.sink.rejected

    def row(self, fault: str) -> Row:
        """Waits until every request is accounted for, ends the case, and looks again."""

        def now() -> Row:
            books = self.books()
            return Row(fault, self.finished, self.exported, books.total("queued"), books.dropped)

        def settled() -> Row | None:
            row = now()
            return row if row.holds and not row.queued else None

        try:
            row = poll(settled, SETTLE_SECONDS, lambda: f"{now()}\n{self.engine.told('spangard_')}\n{self.engine.process.describe()}")
        except AssertionError:
            TABLE.append(now())
            raise
        TABLE.append(row)
        self.server.stop()
        self.engine.stop()
        assert self.exported == row.exported, "exported what had been accounted for"
        assert waits(self.witness) == []
        return row  # type: ignore[return-value]


def waits(witness: Path) -> list[str]:
    """What a witness says of waiting; fails when it saw nothing at all."""
    lines = witness.read_text().splitlines()
    calls = [int(line.removeprefix("calls: ")) for line in lines if line.startswith("calls: ")]
    assert calls, "the application did not end in order"
    assert min(calls) > 0, "the witness saw no call of the recorder's"
    return [line for line in lines if not line.startswith("calls: ")]


def table() -> str:
    """All rows so far."""
    rows = [HEAD, *(row.cells() for row in TABLE)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
