# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""An engine for tests: reads frames as docs/wire-protocol.md lays them out and keeps them."""

from __future__ import annotations

import marshal
import os
import socket
import threading
from typing import Any

TIMEOUT_S = 10.0
REQUEST_FIELDS = (
    "kind", "start", "end", "trace", "span_id", "tracestate", "parent", "method", "scheme", "http_version",
    "root_path", "path", "query", "server", "client", "host", "user_agent", "request_length",
    "request_headers", "route", "status", "response_length", "response_headers", "events", "parts_ahead",
    "failure", "span", "pid",
)  # fmt: skip
UNSAMPLED_FIELDS = (
    "kind", "start", "end", "method", "scheme", "http_version", "route", "status", "request_bytes",
    "response_bytes", "first_byte", "complete", "failure", "left", "measurement_facts",
)  # fmt: skip
UPSTREAM_FIELDS = (
    "kind", "start", "flags", "trace", "span_id", "tracestate", "parent", "name", "details", "method", "scheme",
    "http_version", "path", "query", "server", "client", "host", "server_name", "user_agent", "request_headers",
    "pid", "end", "ended", "target", "status", "received", "sent", "response_headers", "outcome", "failure", "span",
    "children",
)  # fmt: skip


class FakeEngine:
    """Listens at once; each connection is read on a thread of its own until it ends."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.hellos: list[tuple[Any, ...]] = []
        self.batches: list[tuple[Any, ...]] = []
        self.goodbyes: list[tuple[Any, ...]] = []
        self.answer: bytes | None = frame((16, 3))
        self._changed = threading.Condition()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(16)
        self._start(self._accept)

    def _start(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._start(self._read, connection)

    def _read(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while True:
                try:
                    head = stream.read(4)
                    body = stream.read(int.from_bytes(head, "big")) if len(head) == 4 else b""
                except OSError:
                    return
                if not body:
                    return
                value = marshal.loads(body)
                with self._changed:
                    (self.hellos, self.batches, self.goodbyes)[value[0]].append(value)
                    self._changed.notify_all()
                if value[0] == 0 and self.answer:
                    try:
                        connection.sendall(self.answer)
                    except OSError:  # a peer that has said all and left; what it said is still to be read
                        pass

    def wait(self, condition: Any) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, TIMEOUT_S):
                raise AssertionError(f"not within {TIMEOUT_S} s; records: {self.records()}")

    def records(self) -> list[tuple[Any, ...]]:
        return [record for batch in self.batches for record in batch[7]]

    def requests(self, count: int = 1) -> list[dict[str, Any]]:
        """Waits for ``count`` finished sampled requests: their fields by name."""
        self.wait(lambda: sum(r[0] in (1, 2) for r in self.records()) >= count)
        found = [dict(zip(REQUEST_FIELDS, r)) for r in self.records() if r[0] in (1, 2)]
        assert len(found) == count
        return found

    def upstreams(self, count: int = 1) -> list[dict[str, Any]]:
        """As ``requests``, of the upstream profile."""
        self.wait(lambda: sum(r[0] in (12, 13) for r in self.records()) >= count)
        found = [dict(zip(UPSTREAM_FIELDS, r)) for r in self.records() if r[0] in (12, 13)]
        assert len(found) == count
        return found

    def upstream(self) -> dict[str, Any]:
        return self.upstreams(1)[0]

    def request(self) -> dict[str, Any]:
        return self.requests(1)[0]

    def disconnect(self) -> None:
        """Ends every connection, and accepts new ones."""
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        del self._connections[:]

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.disconnect()
        for thread in self._threads:
            thread.join(TIMEOUT_S)
            assert not thread.is_alive()
        os.unlink(self.path)


def frame(value: tuple[Any, ...]) -> bytes:
    body = marshal.dumps(value, 2)
    return len(body).to_bytes(4, "big") + body
