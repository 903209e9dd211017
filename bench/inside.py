# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What a span that the application makes costs its process: the Python SDK with BatchSpanProcessor and OTLP, and spangard.

CPU of the whole process, threads included, in µs a span; rivals take turns in one run, medians and quartiles are told.
``./dev bench inside`` [--rounds N]. Both send to processes of their own that only read.
"""

from __future__ import annotations

import argparse
import gc
import http.server
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SPANS = 3000
ROUNDS = 7
FIVE = {"db.system.name": "postgresql", "db.namespace": "shop"}


class Reader(http.server.BaseHTTPRequestHandler):
    """A collector that reads."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def bare(tracer, n):
    for _ in range(n):
        with tracer.start_as_current_span("SELECT shop"):
            pass


def five(tracer, n):
    from opentelemetry.trace import SpanKind

    for _ in range(n):
        with tracer.start_as_current_span("SELECT shop", kind=SpanKind.CLIENT, attributes=FIVE) as span:
            span.set_attribute("db.query.text", "SELECT * FROM items WHERE id = %s")
            span.set_attribute("server.address", "db.example.org")
            span.set_attribute("server.port", 5432)


def twenty(tracer, n):
    given = {f"attribute.{i}": f"value {i}" for i in range(10)}
    for _ in range(n):
        with tracer.start_as_current_span("work", attributes=given) as span:
            for i in range(10, 20):
                span.set_attribute(f"attribute.{i}", i)


def event(tracer, n):
    for _ in range(n):
        with tracer.start_as_current_span("work") as span:
            span.add_event("fetched", {"rows": 3})


def exception(tracer, n):
    for _ in range(n):
        try:
            with tracer.start_as_current_span("work"):
                raise ValueError("no")
        except ValueError:
            pass


SCENES = {"0 attributes": bare, "5 attributes": five, "20 attributes": twenty, "an event": event, "an exception": exception}


def sdk(endpoint):
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint), max_queue_size=100_000))
    return provider


def ours():
    from spangard.trace import TracerProvider

    return TracerProvider()


def measure(provider, scene, n):
    """µs of CPU a span, all of them delivered."""
    tracer = provider.get_tracer("bench", "1.0")
    gc.collect()
    began = time.process_time()
    with tracer.start_as_current_span("request"):
        for _ in range(0, n, 100):
            scene(tracer, 100)
    provider.force_flush()
    return (time.process_time() - began) / n * 1e6


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "engine.sock")
        os.environ.update(SPANGARD_SOCKET=path, SPANGARD_ENGINE="off")
        here = Path(__file__).parent
        drain = subprocess.Popen([sys.executable, "-m", "harness.drain", path], cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        collector = subprocess.Popen([sys.executable, __file__, "--read"], stdout=subprocess.PIPE, text=True)
        try:
            drain.stdout.readline()
            port = collector.stdout.readline().strip()
            providers = {"sdk": sdk(f"http://127.0.0.1:{port}/v1/traces"), "spangard": ours()}
            print(f"{time.strftime('%Y-%m-%d')}, CPython {platform.python_version()}, {os.cpu_count()} cores, {rounds} rounds of {SPANS} spans")
            for name, scene in SCENES.items():
                found: dict[str, list[float]] = {key: [] for key in providers}
                for turn in range(rounds + 1):
                    for key, provider in providers.items():
                        took = measure(provider, scene, SPANS)
                        if turn:
                            found[key].append(took)
                middle = {key: statistics.median(values) for key, values in found.items()}
                quartiles = {key: statistics.quantiles(values, n=4) for key, values in found.items()}
                told = ", ".join(f"{key} {middle[key]:.2f} ({quartiles[key][0]:.2f} to {quartiles[key][2]:.2f})" for key in providers)
                print(f"{name:>14}: {told}; {middle['sdk'] / middle['spangard']:.1f} times less", flush=True)
        finally:
            drain.kill()
            collector.kill()


if __name__ == "__main__":
    if sys.argv[1:] == ["--read"]:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reader)
        print(server.server_address[1], flush=True)
        server.serve_forever()
    main()
