# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Many processes, one service: counts are exact, series and resource are one, whatever forks and whenever."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from kit.engine import Engine
from kit.http1 import get
from kit.load import load
from kit.process import poll
from kit.world import DURATION, Server, World, free_port
from otlp_sink import Sink

REQUESTS = 20_000

UVICORN_WORKER = ("-k", "uvicorn_worker.UvicornWorker")
SETUPS = {
    "gunicorn, its asgi worker": ("gunicorn", "-w", "3", "-k", "asgi"),
    "gunicorn, its asgi worker, preloaded": ("gunicorn", "-w", "3", "-k", "asgi", "--preload"),
    "gunicorn, uvicorn-worker": ("gunicorn", "-w", "3", *UVICORN_WORKER),
    "gunicorn, uvicorn-worker, preloaded": ("gunicorn", "-w", "3", *UVICORN_WORKER, "--preload"),
    "uvicorn, two workers": ("uvicorn", "--workers", "2"),
}


def resources(sink: Sink) -> set[str]:
    """Every resource that a span or a data point came with."""
    return {repr(sorted(x.resource.items())) for x in [*sink.spans(), *sink.points()]}


@pytest.mark.parametrize("setup", SETUPS)
def test_counts_twenty_thousand_requests_exactly(shared: World, engine: Engine, setup: str) -> None:
    kind, *flags = SETUPS[setup]
    sink = shared.sink()
    server = shared.serve(kind, "shop:app", *flags, env=sink.env, attach=True)
    result = load(server.port, REQUESTS)
    assert result.failed == []
    assert result.statuses == {200: REQUESTS}
    assert server.stop() == 0
    shared.recorded_exactly(sink, REQUESTS)
    [point] = sink.points(DURATION)
    assert point.attributes["http.route"] == "/items/{item_id}"
    assert len(resources(sink)) == 1
    workers = Counter(pid(s.attributes) for s in sink.spans())
    assert len(workers) >= 2, "one process took all the load: nothing was proved about many"


def pid(attributes: dict[str, object]) -> object:
    """The worker that served it, as far as spans say; the peer's port otherwise stands for the connection."""
    return attributes.get("process.pid", attributes["network.peer.port"])


def test_gives_each_server_an_instance_of_its_own(shared: World, engine: Engine) -> None:
    """Two servers from one script, under one attach: two instances, each of all its workers."""
    sink = shared.sink()
    ports = [free_port(), free_port()]
    servers = " & ".join(f"uvicorn shop:app --no-access-log --workers 2 --port {port}" for port in ports)
    script = f'trap "kill %1 %2" TERM; {servers} & wait; wait'
    command = [sys.executable, "-m", "spangard", "attach", "--", "bash", "-c", script]
    process = shared.run(command, "two-servers", env=sink.env)
    both = [Server(process, port, "") for port in ports]
    process.until(lambda: all(s.listens() for s in both))
    for server in both:
        for n in range(40):
            assert get(server, f"/items/{n}").status == 200
    spans = sink.wait_for(80)
    instances = Counter(s.resource["service.instance.id"] for s in spans)
    assert sorted(instances.values()) == [40, 40]
    assert len(resources(sink)) == 2


def test_gives_a_restarted_server_another_instance(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    for _ in range(2):
        server = shared.serve("uvicorn", "shop:app", env=sink.env, attach=True)
        get(server, "/")
        server.stop()
    assert len({s.resource["service.instance.id"] for s in sink.wait_for(2)}) == 2


SUPERVISE = """
import signal, socket, subprocess, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    command = ["uvicorn", "shop:app", "--no-access-log", "--fd", str(listener.fileno())]
    workers = [subprocess.Popen(command, pass_fds=[listener.fileno()]) for _ in range(2)]
    signal.signal(signal.SIGTERM, lambda *_: [worker.terminate() for worker in workers])
    for worker in workers:
        worker.wait()
"""


@pytest.mark.parametrize("attach", [True, False])
def test_workers_executed_around_one_socket_are_one_instance(shared: World, engine: Engine, attach: bool) -> None:
    """As under circus, by bentoml, or supervisord."""
    sink = shared.sink()
    port = free_port()
    command = [sys.executable, "-c", SUPERVISE.replace("shop:app", "shop:app" if attach else "wrapped_shop:app"), str(port)]
    process = shared.run([sys.executable, "-m", "spangard", "attach", "--", *command] if attach else command, env={**sink.env, "SPANGARD_WORKER_PID": "true"})
    server = Server(process, port, "")
    process.until(lambda: server.listens() and get(server, "/").status == 200)
    workers: set[object] = set()

    def both_served() -> bool:
        get(server, "/items/1")
        workers.update(span.attributes["process.pid"] for span in sink.spans())
        return len(workers) == 2

    process.until(both_served)
    assert len(resources(sink)) == 1
    server.stop()


def test_keeps_the_instance_when_a_worker_is_replaced(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("gunicorn", "shop:app", "-w", "1", *UVICORN_WORKER, "--max-requests", "50", env=sink.env, attach=True)
    # gunicorn resets a connection that the leaving worker had accepted and not read: ask again, as any client would
    for n in range(160):
        poll(lambda n=n: get(server, f"/items/{n}").status == 200, 20, server.process.describe)
    shared.recorded_exactly(sink, 160)
    assert len(resources(sink)) == 1
    assert len(sink.points(DURATION)) == 1
