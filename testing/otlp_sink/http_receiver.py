# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""OTLP over HTTP/1.1: one blocking thread a connection, a parser that knows only what exporters send."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
from typing import BinaryIO

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from .faults import Faults
from .store import Store

MAX_BODY_BYTES = 64 * 1024 * 1024


class HttpReceiver:
    """Listens from construction until :meth:`close`. ``refuse`` and ``listen`` close and reopen the port."""

    def __init__(self, store: Store, faults: Faults, tls: ssl.SSLContext | None, port: int = 0) -> None:
        self._store = store
        self._faults = faults
        self._tls = tls
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.port = port
        self.listen()

    def serve_with(self, tls: ssl.SSLContext) -> None:
        """From the next connection on; those that are open are cut."""
        self._tls = tls
        self.refuse()
        self.listen()

    def listen(self) -> None:
        """(Re)opens the port that was given or found the first time."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    def refuse(self) -> None:
        """Closes the port and every connection: new ones get ECONNREFUSED. Once more does nothing."""
        if self._listener.fileno() < 0:
            return
        # shutdown wakes the accept that another thread sits in; close alone would leave the port listening under it
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it closed by itself in the meantime

    def close(self) -> None:
        """Refuses, then waits for the threads."""
        self.refuse()
        for thread in list(self._threads):
            thread.join(10)

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        with self._lock:
            self._threads = [t for t in self._threads if t.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.add(connection)
            self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            with plain:
                if self._tls is not None:
                    connection = self._tls.wrap_socket(plain, server_side=True)
                    with self._lock:
                        self._connections.discard(plain)
                        self._connections.add(connection)
                with connection, connection.makefile("rb") as reader:
                    certificate = isinstance(connection, ssl.SSLSocket) and bool(connection.getpeercert())
                    while self._one(connection, reader, certificate):
                        pass
        except ssl.SSLError:
            self._faults.refused += 1
        except OSError:
            pass  # the exporter hung up, or refuse() cut the line
        finally:
            with self._lock:
                self._connections.discard(plain)
                self._connections.discard(connection)

    def _one(self, connection: socket.socket, reader: BinaryIO, certificate: bool) -> bool:
        request_line = reader.readline()
        if not request_line:
            return False
        if not request_line.endswith(b" HTTP/1.1\r\n"):  # such as HTTP/2's first line, which a gRPC exporter sends
            connection.sendall(b"HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            return False
        method, path, _ = request_line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := reader.readline()) not in (b"\r\n", b""):
            name, _, field = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = field.strip()
        body = _body(reader, headers)
        if method == "GET" and path == "/stats":
            self._reply(connection, 200, "application/json", json.dumps(self._store.stats()).encode())
            return True
        if (slow := self._faults.slow) is not None:
            slow.wait(self._faults.seconds)
        if self._faults.gate is not None and not self._faults.gate.pass_through():
            return False
        if self._faults.resets:
            self._faults.refused += 1
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if self._faults.status:
            extra = b"" if self._faults.retry_after is None else b"retry-after: %d\r\n" % self._faults.retry_after
            self._faults.refused += 1
            self._reply(connection, self._faults.status, "text/plain", b"ill", extra)
            return True
        status, answer = self._take(path, headers, body, certificate)
        self._reply(connection, status, "application/x-protobuf", answer)
        return True

    def _take(self, path: str, headers: dict[str, str], body: bytes, certificate: bool) -> tuple[int, bytes]:
        size = len(body)
        try:
            if headers.get("content-type") != "application/x-protobuf":
                raise ValueError(f"content-type {headers.get('content-type')!r}")
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            self._store.body(body)
            if path == "/v1/traces":
                rejected = self._store.add_traces(ExportTraceServiceRequest.FromString(body), headers, size, certificate, self._faults.rejected_spans)
                answer = ExportTraceServiceResponse()
                if rejected:
                    answer.partial_success.rejected_spans = rejected
                    answer.partial_success.error_message = "told to"
                return 200, answer.SerializeToString()
            if path == "/v1/metrics":
                self._store.add_metrics(ExportMetricsServiceRequest.FromString(body), headers, size, certificate)
                return 200, ExportMetricsServiceResponse().SerializeToString()
            if path == "/v1/logs":
                self._store.add_logs(ExportLogsServiceRequest.FromString(body), headers, size, certificate)
                return 200, ExportLogsServiceResponse().SerializeToString()
            raise ValueError(f"path {path!r}")
        except (ValueError, DecodeError, OSError, EOFError) as e:
            self._store.error(f"{type(e).__name__}: {e}")
            return 400, b""

    @staticmethod
    def _reply(connection: socket.socket, status: int, content_type: str, body: bytes, extra: bytes = b"") -> None:
        head = f"HTTP/1.1 {status} x\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n".encode()
        connection.sendall(head + extra + b"\r\n" + body)


def _body(reader: BinaryIO, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return _exactly(reader, int(headers.get("content-length", "0")))
    chunks = []
    total = 0
    while size := int(reader.readline().split(b";")[0], 16):
        total += size
        chunks.append(_exactly(reader, size))
        reader.readline()
        if total > MAX_BODY_BYTES:
            raise OSError("body too large")
    reader.readline()
    return b"".join(chunks)


def _exactly(reader: BinaryIO, size: int) -> bytes:
    if size > MAX_BODY_BYTES:
        raise OSError("body too large")
    data = reader.read(size)
    if len(data) < size:
        raise OSError("cut off")
    return data
