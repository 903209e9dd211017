# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""An OTLP http/protobuf collector that keeps nothing: counts spans while it reads, decodes only the last metrics, when asked.

Started as ``python -m harness.sink NAME``; its first line of output is its port. A sender is told apart by the first segment of its
path: ``POST /upstream/v1/traces``. A line on standard input, a sender's name, is answered by one of JSON: its spans, requests, bytes,
and the count of the request duration histograms that came last.
"""

import asyncio
import json
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

ACCEPTED = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n"
HISTOGRAMS = ("http.server.request.duration", "http.server.duration")


@dataclass
class Sender:
    spans: int = 0
    posts: int = 0
    bytes: int = 0
    metrics: dict[bytes, bytes] = field(default_factory=dict)
    """The last body of metrics by its resource, as bytes: cumulative, so that the ones before do not matter."""


senders: dict[str, Sender] = {}


def messages(body: bytes | memoryview, number: int) -> Iterator[memoryview]:
    """The embedded messages with this field number, without decoding what is in them or beside them."""
    view = memoryview(body)
    at, end = 0, len(view)
    while at < end:
        key, at = varint(view, at)
        wire = key & 7
        if wire == 2:
            size, at = varint(view, at)
            if key >> 3 == number:
                yield view[at : at + size]
            at += size
        elif wire == 0:
            _, at = varint(view, at)
        else:
            at += 8 if wire == 1 else 4


def varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def spans_in(body: bytes) -> int:
    """ExportTraceServiceRequest.resource_spans=1, ResourceSpans.scope_spans=2, ScopeSpans.spans=2."""
    return sum(1 for resource in messages(body, 1) for scope in messages(resource, 2) for _ in messages(scope, 2))


def requests_measured(bodies: list[bytes]) -> int:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    decoded = [ExportMetricsServiceRequest.FromString(body) for body in bodies]
    scopes = [scope for each in decoded for resource in each.resource_metrics for scope in resource.scope_metrics]
    metrics = [metric for scope in scopes for metric in scope.metrics if metric.name in HISTOGRAMS]
    return sum(point.count for metric in metrics for point in metric.histogram.data_points)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])}
            body = await reader.readexactly(int(fields[b"content-length"]))
            writer.write(ACCEPTED)
            if fields.get(b"content-encoding") == b"gzip":
                body = zlib.decompress(body, wbits=31)
            _, name, _, signal = head.split(b" ", 2)[1].decode().split("/")
            sender = senders.setdefault(name, Sender())
            sender.posts += 1
            sender.bytes += len(body)
            if signal == "traces":
                sender.spans += spans_in(body)
            elif signal == "metrics":
                for resource in messages(body, 1):
                    sender.metrics[bytes(next(messages(resource, 1), b""))] = body
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def report(loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        sender = senders.get(line.strip(), Sender())
        counts = {"spans": sender.spans, "posts": sender.posts, "bytes": sender.bytes}
        print(json.dumps({**counts, "measured": requests_measured(list(sender.metrics.values()))}), flush=True)
    loop.call_soon_threadsafe(loop.stop)


async def listen() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=report, args=(asyncio.get_running_loop(),), daemon=True).start()


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(listen())
    loop.run_forever()
