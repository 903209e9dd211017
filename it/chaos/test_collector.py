# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The collector is ill under load and recovers: no request is lost that fits the queue, none is counted twice, the application never waits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from chaos.case import Case
from kit.process import poll
from kit.world import World
from otlp_sink import Certificates

BEFORE, DURING, AFTER = 300, 1500, 300
"""Requests. All that come during the fault fit the engine's queue of 8,192 spans."""
SPOOLED_AT_ONCE = 400
"""Fits a queue of 512, however long that takes to spool."""


@contextmanager
def refuses(case: Case) -> Iterator[None]:
    case.sink.refuse()
    yield
    case.sink.listen()


@contextmanager
def hangs(case: Case) -> Iterator[None]:
    gate = case.sink.hold()
    yield
    gate.wait_for_arrivals(1)
    # what stands there is answered in the end, so nothing is sent twice
    case.sink.heal()


@contextmanager
def fails(case: Case, status: int = 503, retry_after: int | None = None) -> Iterator[None]:
    case.sink.fail(status, retry_after)
    yield
    case.sink.heal()


@contextmanager
def throttles(case: Case) -> Iterator[None]:
    with fails(case, 429, 1):
        yield


@contextmanager
def resets(case: Case) -> Iterator[None]:
    case.sink.reset()
    yield
    case.sink.heal()


@contextmanager
def is_slow(case: Case) -> Iterator[None]:
    case.sink.slow(0.3)
    yield
    case.sink.heal()


@contextmanager
def never_accepts(case: Case) -> Iterator[None]:
    """As behind a firewall that drops: the handshake of TCP does not end, or nobody reads."""
    case.sink.refuse()
    with socket.create_server(("127.0.0.1", case.sink.port), backlog=0), ExitStack() as fillers:
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", case.sink.port))
        yield
    case.sink.listen()


@contextmanager
def speaks_another_protocol(case: Case) -> Iterator[None]:
    case.sink.refuse()
    with socket.create_server(("127.0.0.1", case.sink.port)) as listener:
        thread = threading.Thread(target=_greet, args=(listener,))
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    case.sink.listen()


def _greet(listener: socket.socket) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            peer.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")


@contextmanager
def certificate_expires(case: Case) -> Iterator[None]:
    case.sink.expire()
    yield
    poll(lambda: case.sink.turned_away > 0, 30, lambda: "nobody minded the certificate")
    case.sink.heal()


Fault = Callable[[Case], AbstractContextManager[None]]
HTTP_FAULTS: dict[str, Fault] = {
    "collector refuses connections": refuses,
    "collector accepts nothing": never_accepts,
    "collector hangs": hangs,
    "collector answers 503": fails,
    "collector answers 429, Retry-After 1": throttles,
    "collector resets": resets,
    "collector is slow": is_slow,
    "something else at the collector's port": speaks_another_protocol,
}
GRPC_FAULTS: dict[str, Fault] = {"gRPC collector is down": refuses, "gRPC collector hangs": hangs, "gRPC collector is UNAVAILABLE": fails}


def recovers(case: Case, name: str, fault: Fault) -> None:
    case.send(BEFORE)
    with fault(case):
        case.send(DURING)
        case.wait_for_books(BEFORE + DURING)
    case.send(AFTER)
    row = case.row(name)
    assert (row.exported, row.dropped) == (BEFORE + DURING + AFTER, {})


@pytest.mark.parametrize("fault", HTTP_FAULTS)
def test_loses_nothing_that_fits_the_queue_over_http(world: World, fault: str) -> None:
    recovers(Case(world), fault, HTTP_FAULTS[fault])


@pytest.mark.parametrize("fault", GRPC_FAULTS)
def test_loses_nothing_that_fits_the_queue_over_grpc(world: World, fault: str) -> None:
    recovers(Case(world, sink=world.sink("grpc")), fault, GRPC_FAULTS[fault])


def test_waits_for_a_certificate_to_be_renewed(world: World) -> None:
    certificates = Certificates(world.folder)
    case = Case(world, sink=world.sink(certificates=certificates), env={"OTEL_EXPORTER_OTLP_CERTIFICATE": str(certificates.ca)})
    recovers(case, "collector's certificate expires", certificate_expires)


def test_counts_what_does_not_fit_the_queue(world: World) -> None:
    case = Case(world, env={"OTEL_BSP_MAX_QUEUE_SIZE": "512", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "128"})
    case.send(BEFORE)
    case.wait_for_export()
    gate = case.sink.hold()
    case.send(DURING)
    books = case.wait_for_books(BEFORE + DURING)
    assert books.total("queued") <= 512 + 128
    assert books.dropped.keys() == {"queue"}
    gate.wait_for_arrivals(1)
    case.sink.heal()
    poll(lambda: case.books().total("queued") == 0, 30, lambda: case.engine.told("spangard_requests"))
    case.send(AFTER)
    row = case.row("collector hangs, a queue of 512")
    assert row.dropped == books.dropped


def test_loses_nothing_that_fits_the_spool(world: World) -> None:
    """Far more than the queue has places for."""
    spool = ("--spool", str(world.folder / "spool"))
    case = Case(world, *spool, env={"OTEL_BSP_MAX_QUEUE_SIZE": "512", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "128"})
    case.send(BEFORE)
    case.wait_for_export()
    case.sink.fail(503)
    for _ in range(5):
        case.send(SPOOLED_AT_ONCE)
        case.wait_for_spool(case.finished - BEFORE)
    case.sink.heal()
    case.send(AFTER)
    row = case.row("collector answers 503, a queue of 512 and a spool")
    assert (row.exported, row.dropped) == (BEFORE + 5 * SPOOLED_AT_ONCE + AFTER, {})


def test_counts_what_does_not_fit_the_spool(world: World) -> None:
    spool = ("--spool", str(world.folder / "spool"), "--spool-max-bytes", "4M")
    case = Case(world, *spool, env={"OTEL_BSP_MAX_QUEUE_SIZE": "512", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "128"})
    case.sink.refuse()
    full = "the spool takes no spans: it is full"
    while full not in case.engine.process.err:
        case.send(SPOOLED_AT_ONCE)
        poll(lambda: full in case.engine.process.err or case.engine.total("spangard_queued_spans") == 0, 30, lambda: case.engine.told("spangard_"))
    assert case.books().dropped == {}
    while case.books().dropped["queue"] == 0:
        case.send(SPOOLED_AT_ONCE)
    books = case.wait_for_books(case.finished)
    assert books.dropped.keys() == {"queue"}
    assert 3 << 20 < case.engine.total("spangard_spool_size_bytes") <= 4 << 20
    case.sink.listen()
    poll(lambda: case.books().total("queued") == 0, 60, lambda: case.engine.told("spangard_"))
    case.send(AFTER)
    row = case.row("collector refuses connections, a spool of 4 MiB")
    assert row.dropped.keys() == {"queue"}


def test_counts_what_the_collector_rejects(world: World) -> None:
    case = Case(world)
    case.send(BEFORE)
    case.wait_for_export()
    case.sink.reject(3)
    case.send(DURING)
    case.wait_for_books(BEFORE + DURING)
    row = case.row("collector rejects three spans of each request")
    assert row.dropped.keys() == {"rejected"}
    assert row.dropped["rejected"] == case.sink.rejected > 0
