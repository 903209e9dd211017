# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Both ends of a service: asks it with the headers of a test, and hears what it sends on."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kit.http1 import head, send
from kit.world import Server

TRACE = "12345678901234567890123456789012"
SPAN = "1234567890123456"
PARENT = f"00-{TRACE}-{SPAN}-01"
UNSAMPLED = f"00-{TRACE}-{SPAN}-00"
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})").fullmatch


class Sent:
    """What the service sent on: one valid traceparent, always."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        [traceparent] = [value for name, value in headers if name.lower() == "traceparent"]
        match = TRACEPARENT(traceparent)
        assert match is not None, traceparent
        self.trace, self.span, flags = match.groups()
        assert self.trace.strip("0")
        assert self.span.strip("0")
        self.flags = int(flags, 16)
        self.tracestate = ",".join(value for name, value in headers if name.lower() == "tracestate")
        self.baggage = ",".join(value for name, value in headers if name.lower() == "baggage")

    @property
    def continues(self) -> bool:
        """Whether the trace is the caller's, with a span of the service's own."""
        assert self.span != SPAN
        return self.trace == TRACE

    @property
    def state(self) -> dict[str, str]:
        pairs = [member.partition("=") for member in self.tracestate.split(",") if member]
        return {key: value for key, _, value in pairs}


class Caller:
    """Called from one test at a time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._heard: list[list[tuple[str, str]]] = []
        heard = self._heard

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                heard.append(self.headers.items())
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._end = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._end.serve_forever)

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.shutdown()
        self._thread.join(10)
        self._end.server_close()

    def ask(self, *headers: tuple[str, str]) -> Sent:
        """A request with these header lines, in their order, each as it is written here."""
        body = json.dumps([{"url": f"http://127.0.0.1:{self._end.server_port}/", "arguments": []}])
        del self._heard[:]
        reply = send(self._server, head("POST", "/", [*headers, ("Content-Length", str(len(body)))]) + body.encode())
        assert reply.status == 200, reply.raw
        [heard] = self._heard
        return Sent(heard)

    def with_parent(self, traceparent: str) -> Sent:
        return self.ask(("traceparent", traceparent))

    def with_state(self, *lines: str, traceparent: str = UNSAMPLED) -> Sent:
        """The trace is the caller's whatever is in tracestate."""
        sent = self.ask(("traceparent", traceparent), *[("tracestate", line) for line in lines])
        assert sent.continues
        return sent
