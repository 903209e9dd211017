# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Processes that record one request each. ``together N``: N of them, at once, until SIGTERM. ``in_turn``: one after the other, each
for as long as it takes to write its record, until SIGTERM; then prints how many there were."""

import asyncio
import os
import signal
import sys

from spangard import OpenTelemetryMiddleware
from spangard._buffer import recorder

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"shop.test")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 80),
}


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def receive():
    return {"type": "http.request"}


async def send(message):
    pass


app = OpenTelemetryMiddleware(application)


async def until_closed(pipe):
    closed = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe, closed.set)
    await closed.wait()


async def record_until_closed(pipe):
    await app(dict(SCOPE), receive, send)
    await until_closed(pipe)


async def record_until_written():
    await app(dict(SCOPE), receive, send)
    ours = recorder()
    while ours.records or not ours.link.is_drained() or not ours.link.connected():
        await asyncio.sleep(0.001)  # the timer that writes it is on this loop


def child(coroutine, *arguments):
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        asyncio.run(coroutine(*arguments))
        sys.exit()
    return pid


def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def together(count):
    go, gone = os.pipe()
    end, over = os.pipe()

    async def wait_and_record():
        os.close(gone)
        os.close(over)
        await until_closed(go)
        await record_until_closed(end)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    children = [child(wait_and_record) for _ in range(count)]
    os.close(gone)
    signal.sigwait({signal.SIGTERM})
    os.close(over)
    sys.exit(max(map(ended, children)))


def in_turn():
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    count = 0
    while not asked:
        if ended(child(record_until_written)):
            sys.exit(1)
        count += 1
    print(count)


if sys.argv[1] == "together":
    together(int(sys.argv[2]))
else:
    in_turn()
