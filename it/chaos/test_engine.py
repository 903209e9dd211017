# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The engine is stopped, killed, replaced under load: no request fails or waits, and each is exported, or counted by its reason."""

from __future__ import annotations

import signal
from collections import Counter

from chaos.case import Case, waits
from kit.load import Background
from kit.process import poll
from kit.world import World

RECORDER_HOLDS = 4096


def test_stopped(world: World) -> None:
    case = Case(world)
    case.send(200)
    case.wait_for_export()
    case.engine.pause()
    # more than socket and recorder hold: were a write to block, this would never end
    case.send(20_000)
    case.engine.resume()
    case.send(200)
    row = case.row("engine stopped (SIGSTOP)")
    assert row.dropped.keys() == {"recorder"}


def test_killed_with_nothing_in_hand(world: World) -> None:
    case = Case(world)
    case.send(1_000)
    case.wait_for_export()
    case.engine.kill()
    case.send(RECORDER_HOLDS - 1_000)
    case.engine.restart()
    case.send(1_000)
    row = case.row("engine killed (kill -9), idle")
    assert row.dropped == {}


def test_killed_with_its_hands_full(world: World) -> None:
    """The collector holds what it was given and forgets it, so that what is booked as unconfirmed has certainly not arrived."""
    case = Case(world, env={"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "256"})
    case.send(500)
    case.wait_for_export()
    gate = case.sink.hold()
    with Background(case.server.port) as background:
        gate.wait_for_arrivals(1)
        poll(lambda: case.books().total("queued") > 1_000, 30, lambda: case.engine.told("spangard_"))
        assert case.books().dropped == Counter()
        case.engine.kill()
        at = background.answered
        poll(lambda: background.answered > at + 500, 30, lambda: f"{background.load.failed}")
    assert background.load.failed == []
    case.finished += background.load.answered
    case.sink.forget()
    case.engine.restart()
    case.send(500)
    row = case.row("engine killed (kill -9), collector hangs")
    assert row.dropped.keys() <= {"engine", "unconfirmed", "connection", "recorder"}
    assert row.dropped["engine"] > 0
    assert 0 < row.dropped["unconfirmed"] <= 256


def test_killed_with_its_spool_full_of_spans(world: World) -> None:
    """The collector is down before the engine is killed and after it was started again."""
    case = Case(world, "--spool", str(world.folder / "spool"))
    case.send(500)
    case.wait_for_export()
    case.sink.refuse()
    case.send(3_000)
    case.wait_for_spool(3_000)
    case.engine.kill()
    case.engine.restart()
    case.send(500)
    case.wait_for_spool(3_500)
    case.engine.kill()
    case.sink.listen()
    case.engine.restart()
    case.send(500)
    row = case.row("collector down, engine killed twice (kill -9), spool")
    assert (row.exported, row.dropped) == (4_500, {})


def test_restarted_under_load(world: World) -> None:
    case = Case(world)
    with Background(case.server.port) as background:
        for _ in range(2):
            at = case.exported
            poll(lambda at=at: case.exported > at + 500, 30, lambda: f"{case.exported}, {background.load.failed}")
            assert case.engine.stop() == 0
            case.engine.restart()
    assert background.load.failed == []
    case.finished += background.load.answered
    case.send(100)
    row = case.row("engine restarted twice (SIGTERM)")
    # What waits for the next one, if that takes long to start; what the old one could not read in its two seconds; and spans that the
    # next one, whose code is not compiled yet, has no time for.
    assert row.dropped.keys() <= {"connection", "recorder", "intake"}


def test_replaced_under_load(world: World) -> None:
    case = Case(world)
    with Background(case.server.port) as background:
        for _ in range(2):
            at = case.exported
            poll(lambda at=at: case.exported > at + 500, 30, lambda: f"{case.exported}, {background.load.failed}")
            old, case.engine = case.engine, world.engine("--replace")
            assert old.process.wait() == 0
    assert background.load.failed == []
    case.finished += background.load.answered
    case.send(100)
    row = case.row("engine replaced twice (--replace)")
    # as above, but the next one is there already when the old one goes
    assert row.dropped.keys() <= {"connection", "recorder", "intake"}


def test_its_application_killed(world: World) -> None:
    """What has been told is kept, and what the process was in the middle of becomes a span that says so."""
    case = Case(world)
    case.send(500)
    open_requests = [case.server.connect() for _ in range(3)]
    for connection in open_requests:
        connection.sendall(b"GET /open HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    poll(lambda: case.engine.total("http_server_active_requests") == 3, 30, lambda: case.engine.told("http_server_active"))
    case.wait_for_export()
    case.server.process.send_signal(signal.SIGKILL)
    case.server.process.wait()
    for connection in open_requests:
        connection.close()
    case.finished += len(open_requests)
    case.sink.wait_for(case.finished)
    died = [span for span in case.sink.spans() if span.attributes.get("error.type") == "worker_died"]
    assert len(died) == 3
    case.server = case.serve({})
    case.send(500)
    case.row("application killed (kill -9), 3 requests open")


def test_the_witness_would_see_a_recorder_that_waits(world: World) -> None:
    case = Case(world)
    case.server.stop()
    assert waits(case.witness) == []
    case.server = case.serve({"WITNESS_LETS_BLOCK": "1"})
    with case.server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        poll(lambda: "waits: " in case.witness.read_text(), 20, case.witness.read_text)
    case.server.process.send_signal(signal.SIGKILL)
    case.server.process.wait()
