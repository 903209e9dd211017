# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A process that holds one variant and calls it directly, no server: reads ``CASE COUNT`` lines, answers the CPU seconds of each.

Started as ``python -m harness.driver VARIANT``. The CPU time is the process's, all threads, user and system.
"""

import asyncio
import sys
import time
from typing import Any

from harness import apps, variants

HEADERS = [
    (b"host", b"shop.example:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"connection", b"keep-alive"),
    (b"referer", b"http://shop.example:8000/items"),
    (b"cookie", b"session=8f2d1c0b7a6e5f4d3c2b1a09; theme=dark"),
]
COMMON = {
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 53412),
    "root_path": "",
    "path": "/items/42",
    "raw_path": b"/items/42",
    "query_string": b"page=2&q=lamp",
}
HTTP = {"type": "http", "scheme": "http", "method": "GET", **COMMON}
WEBSOCKET = {"type": "websocket", "scheme": "ws", "subprotocols": [], **COMMON}
REQUEST = {"type": "http.request", "body": b"", "more_body": False}
CONVERSATION = [
    {"type": "websocket.connect"},
    *[{"type": "websocket.receive", "text": "a message of two dozen."}] * apps.MESSAGES,
    {"type": "websocket.disconnect", "code": 1000, "reason": ""},
]
YIELD_EVERY = 16
"""Calls between two turns of the event loop, for timers; a server yields once a request or once a batch of ready sockets."""
SETTLE_EVERY = {"hello": 400, "stream": 80, "echo": 40}
"""Calls whose spans fit upstream's queue of 2,048."""


def headers_of(count: int) -> list[tuple[bytes, bytes]]:
    more = [(f"x-forwarded-{n:03d}".encode(), b"some value of this header") for n in range(max(0, count - len(HEADERS)))]
    return [*HEADERS[:count], *more]


async def accept(message: Any) -> None:
    """The server's send."""


async def request() -> Any:
    """The server's receive."""
    return REQUEST


async def call(app: Any, case: str, count: int, settle: Any) -> None:
    kind, _, many = case.partition("/")
    template, headers = (WEBSOCKET if kind == "echo" else HTTP), headers_of(int(many or 8))
    every = SETTLE_EVERY[kind]
    for n in range(1, count + 1):
        receive = request
        if kind == "echo":
            messages = iter(CONVERSATION)

            async def receive() -> Any:
                return next(messages)

        await app({**template, "headers": headers.copy(), "state": {}}, receive, accept)
        if n % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        if n % every == 0:
            settle()
    settle()


async def serve(variant: str) -> None:
    wrapped = {name: variants.wrap(variant, getattr(apps, name), export=False) for name in ("hello", "stream", "echo")}
    settle = variants.settler(variant)
    for line in sys.stdin:
        case, count = line.split()
        before = time.process_time()
        await call(wrapped[case.partition("/")[0]], case, int(count), settle)
        print(time.process_time() - before, flush=True)
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
