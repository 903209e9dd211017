# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Spans on disk outlast the engine: each is delivered by the next one, or counted, and one engine has a spool at a time."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from pathlib import Path

from chaos.case import Books
from kit.engine import Engine
from kit.load import load
from kit.process import poll
from kit.world import Server, World
from otlp_sink import Sink


def spool_of(world: World) -> Path:
    return world.folder / "spool"


def files(spool: Path) -> list[Path]:
    return sorted(spool.glob("*/*.spool"))


def filled(world: World, requests: int, **env: str) -> tuple[Engine, Server, Sink]:
    """So many spans on disk, and the collector down."""
    sink = world.sink()
    engine = world.engine("--spool", str(spool_of(world)))
    server = world.serve("uvicorn", "shop:app", env={**sink.env, **env}, attach=True)
    sink.refuse()
    send(server, requests)
    engine.wait_for_total("spangard_spool_spans", requests, 40)
    return engine, server, sink


def send(server: Server, requests: int) -> None:
    assert load(server.port, requests).statuses == {200: requests}


def settled(engine: Engine, requests: int) -> Counter[str]:
    """Waits until nothing is queued; what was dropped. The sum is right at every instant on the way."""

    def done() -> Books | None:
        books = Books(engine.scrape())
        assert books.balance, engine.told("spangard_requests")
        return books if books.total("seen_total") == requests and books.total("queued") == 0 else None

    books = poll(done, 60, lambda: engine.told("spangard_"))
    assert books is not None
    assert books.total("exported_total") == requests - sum(books.dropped.values())
    return books.dropped


def test_a_killed_engine_leaves_its_spool_to_the_next_one(world: World) -> None:
    engine, server, sink = filled(world, 700)
    engine.kill()
    sink.listen()
    engine.restart()
    assert "has 700 spans of 1 exporters" in engine.process.err
    send(server, 100)
    assert settled(engine, 800) == {}
    assert len({span.span_id for span in sink.spans()}) == sink.span_count == 800
    assert files(spool_of(world)) == []


def test_an_engine_told_to_end_abandons_nothing(world: World) -> None:
    engine, server, sink = filled(world, 300)
    assert engine.stop() == 0
    assert "at the end exported 0 spans of the spool, 300 stay there" in engine.process.err
    sink.listen()
    engine.restart()
    send(server, 100)
    assert settled(engine, 400) == {}
    assert sink.span_count == 400


def test_an_engine_that_is_replaced_hands_its_spool_over(world: World) -> None:
    engine, server, sink = filled(world, 300)
    engine, old = world.engine("--replace", "--spool", str(spool_of(world))), engine
    assert old.process.wait() == 0, old.process.describe()
    sink.listen()
    send(server, 100)
    assert settled(engine, 400) == {}
    assert sink.span_count == 400


def test_a_torn_tail_is_counted_exactly(world: World) -> None:
    engine, server, sink = filled(world, 600, OTEL_BSP_MAX_EXPORT_BATCH_SIZE="100")
    engine.kill()
    newest = files(spool_of(world))[-1]
    os.truncate(newest, newest.stat().st_size - 1)
    sink.listen()
    engine.restart()
    assert "is damaged" in engine.process.err
    send(server, 100)
    dropped = settled(engine, 700)
    assert dropped.keys() == {"spool"}
    assert 0 < dropped["spool"] <= 100
    assert sink.span_count == 700 - dropped["spool"]
    assert engine.total("spangard_spool_damages_total") == 1


def test_a_spool_that_was_taken_away_is_counted_exactly(world: World) -> None:
    engine, server, sink = filled(world, 300)
    engine.kill()
    for file in files(spool_of(world)):
        file.unlink()
    sink.listen()
    engine.restart()
    send(server, 100)
    assert settled(engine, 400) == {"spool": 300}
    assert sink.span_count == 100


def test_another_process_of_the_application_brings_the_spool_to_the_collector(world: World) -> None:
    """It is another instance, so another service: but it has the same collector and the same credentials."""
    engine, server, sink = filled(world, 300)
    engine.kill()
    server.stop()
    sink.listen()
    engine.restart()
    again = world.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    send(again, 100)
    sink.wait_for(400, 40)
    engine.wait_for_total("spangard_spool_spans", 0)
    assert files(spool_of(world)) == []


def test_nothing_goes_to_a_collector_that_it_was_not_meant_for(world: World) -> None:
    engine, server, _ = filled(world, 200)
    engine.kill()
    server.stop()
    other = world.sink()
    engine.restart()
    again = world.serve("uvicorn", "shop:app", env=other.env, attach=True)
    send(again, 100)
    assert settled(engine, 100) == {}
    assert other.span_count == 100
    assert engine.total("spangard_spool_spans") == 200


def test_two_engines_do_not_share_a_spool(world: World) -> None:
    spool = spool_of(world)
    world.engine("--spool", str(spool))
    command = [sys.executable, "-m", "spangard", "engine", "--socket", str(world.folder / "second" / "engine.sock"), "--admin", "off"]
    second = world.run([*command, "--spool", str(spool)], "second")
    assert second.wait() == 3
    assert f"another engine has the spool {spool}" in second.err
    assert len(second.err.splitlines()) == 1


def test_what_is_on_disk_is_this_user_s_alone_and_has_no_credentials(world: World) -> None:
    filled(world, 50, OTEL_EXPORTER_OTLP_HEADERS="api-key=canary-7f3a", OTEL_SERVICE_NAME="canary-service")
    spool = spool_of(world)
    everything = [spool, *spool.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in everything if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in everything if path.is_file()} == {0o600}
    assert not any("canary" in path.name for path in everything)
    assert files(spool) != []
    assert all(b"canary-7f3a" not in path.read_bytes() for path in everything if path.is_file())
