# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The engine absent, deaf, killed, restarted, under load: no request fails or waits, and in the end seen = exported + dropped."""

from __future__ import annotations

import signal
import socket

import pytest

from kit.engine import Engine, samples
from kit.http1 import get
from kit.load import Background, load
from kit.process import poll
from kit.world import Server, World
from otlp_sink import Sink

RECORDER_HOLDS = 4096 + 256
ANNOUNCED = 256


class Ledger:
    """The engine's own counts and ours, which must agree to the last request."""

    def __init__(self, engine: Engine, sink: Sink) -> None:
        self._engine = engine
        self._sink = sink

    def settled(self, requests: int) -> dict[str, float]:
        """Waits until every request is accounted for; the drops by reason."""
        engine = self._engine

        def done() -> bool:
            return engine.total("spangard_requests_seen_total") == requests == self._sink.span_count + engine.total("spangard_requests_dropped_total")

        poll(done, 30, lambda: f"{requests} requests, {self._sink.span_count} spans in the sink, engine says:\n{engine.told('spangard_')}")
        return {dict(labels)["reason"]: n for labels, n in engine.values("spangard_requests_dropped_total").items() if n}


def started(world: World) -> tuple[Server, Sink]:
    sink = world.sink()
    return world.serve("uvicorn", "shop:app", env=sink.env, attach=True), sink


def test_keeps_what_it_can_until_an_engine_comes(world: World) -> None:
    server, sink = started(world)
    assert load(server.port, 500).statuses == {200: 500}
    ledger = Ledger(world.engine(), sink)
    assert load(server.port, 500).statuses == {200: 500}
    assert ledger.settled(1000) == {}
    assert sink.span_count == 1000


def test_drops_and_counts_what_is_too_much(world: World) -> None:
    server, sink = started(world)
    result = load(server.port, 12_000)
    assert (result.statuses, result.failed) == ({200: 12_000}, [])
    ledger = Ledger(world.engine(), sink)
    assert load(server.port, 100).statuses == {200: 100}
    drops = ledger.settled(12_100)
    assert drops.keys() == {"recorder"}
    # Requests that ran for more than a second on a busy machine were announced, and wait in the same buffer.
    assert 12_000 - RECORDER_HOLDS <= drops["recorder"] <= 12_000 - 4000 + ANNOUNCED


def test_does_not_wait_for_a_stopped_engine(world: World) -> None:
    engine = world.engine()
    server, sink = started(world)
    assert load(server.port, 100).statuses == {200: 100}
    engine.pause()
    # far more than socket buffer and recorder hold: were a write to block, this would never end
    result = load(server.port, 30_000)
    assert (result.statuses, result.failed) == ({200: 30_000}, [])
    engine.resume()
    assert load(server.port, 100).statuses == {200: 100}
    drops = Ledger(engine, sink).settled(30_200)
    assert drops["recorder"] > 0
    assert drops.keys() == {"recorder"}


def test_stops_under_load_with_the_engine_stopped(world: World) -> None:
    """The end of the process waits for the engine a bounded time, not for ever."""
    engine = world.engine()
    server, _ = started(world)
    engine.pause()
    assert load(server.port, 5_000).statuses == {200: 5_000}
    assert server.stop() == started_bare_code(world)
    engine.resume()


def started_bare_code(world: World) -> int:
    server = world.serve("uvicorn", "shop:app")
    return server.stop()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_goes_on_with_the_next_engine(world: World, end: str) -> None:
    engine = world.engine()
    server, sink = started(world)
    with Background(server.port) as background:
        for _ in range(2):
            busy(background, sink)
            if end == "kill":
                engine.kill()
            else:
                assert engine.stop() == 0
            at = background.answered
            poll(lambda at=at: background.answered > at + 1_000, 30, lambda: f"{background.load.failed}")
            engine.restart()
        busy(background, sink)
    result = background.load
    assert result.failed == []
    assert set(result.statuses) == {200}
    requests = result.answered

    def accounted() -> float:
        return sink.span_count + lost(engine)

    poll(lambda: accounted() >= requests, 30, lambda: f"{requests} requests, {sink.span_count} spans\n{engine.told('spangard_')}")
    unconfirmed = lost(engine, reason="unconfirmed")
    # the last export of a killed engine may have arrived although its answer was never booked
    assert requests <= accounted() <= requests + unconfirmed
    assert end == "kill" or unconfirmed == 0
    assert unbalanced(engine.scrape()) == {}


def busy(background: Background, sink: Sink) -> None:
    """Waits until the engine at hand has exported something, under load."""
    at, exported = background.answered, sink.span_count
    poll(
        lambda: background.answered > at + 1_000 and sink.span_count > exported + 500,
        30,
        lambda: f"{background.answered - at} answers, {sink.span_count - exported} spans, {background.load.failed}",
    )


def unbalanced(exposition: str) -> dict[str, float]:
    """What is missing in *seen = measured + exported + queued + dropped* of one scrape, by service instance; nothing if it holds."""
    told = samples(exposition)
    missing: dict[str, float] = {}
    for term, sign in (("seen_total", 1), ("measured_total", -1), ("exported_total", -1), ("queued", -1), ("dropped_total", -1)):
        for labels, n in told.get(f"spangard_requests_{term}", {}).items():
            instance = dict(labels).get("service_instance_id", "")  # those of forgotten services have none
            missing[instance] = missing.get(instance, 0) + sign * n
    return {instance: n for instance, n in missing.items() if n}


def test_accounts_balance_at_every_instant(world: World) -> None:
    engine = world.engine()
    server, sink = started(world)
    with Background(server.port) as background:
        queued = 0.0
        for fault in (lambda: sink.fail(503), sink.heal, lambda: sink.hold(), sink.heal):
            fault()
            for _ in range(5):
                at = background.answered
                poll(lambda at=at: background.answered > at + 50, 30, lambda: f"{background.load.failed}")
                exposition = engine.scrape()
                assert unbalanced(exposition) == {}, exposition
                queued = max(queued, sum(samples(exposition).get("spangard_requests_queued", {}).values()))
    assert queued > 0
    requests = background.load.answered
    drops = Ledger(engine, sink).settled(requests)
    assert drops.keys() <= {"queue"}, "a fast machine has more to tell while the collector is away than a queue holds"
    poll(lambda: sum(engine.values("spangard_requests_queued").values()) == 0, 20, lambda: engine.told("spangard_"))
    # over OTLP, to the service's own collector, the same
    sink.wait_until(lambda: otlp_balance(sink)["exported"] == requests - sum(drops.values()), 20)
    balance = otlp_balance(sink)
    assert balance["seen"] + balance["inherited"] == balance["measured"] + balance["exported"] + balance["queued"] + balance["dropped"]
    assert balance["seen"] == requests
    server.stop()


def otlp_balance(sink: Sink) -> dict[str, float]:
    """The newest of each of the engine's sums that the collector has got."""
    terms = ("seen", "received", "measured", "exported", "dropped", "queued", "inherited")
    return {term: sum(p.value for p in sink.points(f"spangard.requests.{term}")) for term in terms}


def lost(engine: Engine, **labels: str) -> float:
    return engine.total("spangard_requests_dropped_total", **labels)


def test_cuts_off_garbage_and_serves_the_others(world: World) -> None:
    engine = world.engine()
    server, sink = started(world)
    for garbage in (b"\xff" * 64, b"\0\0\0\x05(\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff" + b"x" * 100, b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x01N"):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(20)
            peer.connect(str(engine.socket))
            peer.sendall(garbage)
            try:
                while peer.recv(4096):
                    pass
            except ConnectionResetError:
                pass
        assert get(server, "/items/1").status == 200
    assert load(server.port, 994).statuses == {200: 994}
    assert Ledger(engine, sink).settled(1000) == {}
    assert engine.total("spangard_connections_total", outcome="cut_off") == 6


def test_many_silent_peers_harm_nobody(world: World) -> None:
    engine = world.engine()
    server, sink = started(world)
    peers = []
    for _ in range(200):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(str(engine.socket))
        peers.append(peer)
    assert load(server.port, 300).statuses == {200: 300}
    sink.wait_for(300)
    for peer in peers:
        peer.close()
    server.stop()


def test_engine_flushes_when_told_to_end(world: World) -> None:
    engine = world.engine()
    sink = world.sink()
    slow = {**sink.env, "OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_METRIC_EXPORT_INTERVAL": "3600000"}
    server = world.serve("uvicorn", "shop:app", env=slow, attach=True)
    assert load(server.port, 300).statuses == {200: 300}
    poll(lambda: engine.total("spangard_requests_seen_total") == 300, 20, lambda: engine.told("spangard_"))
    assert engine.stop() == 0
    assert sink.span_count == 300
    assert sink.count("http.server.request.duration") == 300
    server.stop()


def test_engine_ends_in_bounded_time_with_the_collector_gone(world: World) -> None:
    engine = world.engine()
    server, sink = started(world)
    sink.hold()
    assert load(server.port, 300).statuses == {200: 300}
    server.stop()
    assert engine.process.stop(signal.SIGTERM, 15) == 0
