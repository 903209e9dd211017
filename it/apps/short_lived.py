# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Processes that serve and end at once. ``exit N``: N requests, then the end of the program. ``late N``: the same in an exit
handler, when no thread can be started any more. ``children METHOD N``: a request in each of N children of multiprocessing.
``thread``: uvicorn in a thread that nobody ends, as notebooks run it, with requests at it when the program does end."""

import asyncio
import atexit
import multiprocessing
import socket
import sys
import threading

from spangard import OpenTelemetryMiddleware

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
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


async def record(count):
    app = OpenTelemetryMiddleware(application)
    for n in range(count):
        await app({**SCOPE, "path": f"/{n}"}, receive, send)


def serve(count):
    asyncio.run(record(count))


def children(method, count):
    context = multiprocessing.get_context(method)
    started = [context.Process(target=serve, args=(1,)) for _ in range(count)]
    for child in started:
        child.start()
    for child in started:
        child.join()
    sys.exit(max(child.exitcode for child in started))


def thread():
    import uvicorn

    arrived = threading.Semaphore(0)

    async def endless(scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
        elif scope["path"] == "/begun":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        arrived.release()
        await asyncio.Event().wait()

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(OpenTelemetryMiddleware(endless), lifespan="off", log_level="error"))
    threading.Thread(target=server.run, args=([listener],), daemon=True).start()
    clients = []
    for path in ("/", "/begun", "/ws"):
        client = socket.create_connection(listener.getsockname())
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.test\r\n{UPGRADE if path == '/ws' else ''}\r\n".encode())
        clients.append(client)
        arrived.acquire()


UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    if kind == "exit":
        serve(int(arguments[0]))
    elif kind == "late":
        OpenTelemetryMiddleware(application)
        atexit.register(serve, int(arguments[0]))  # before the recorder's own
    elif kind == "children":
        children(arguments[0], int(arguments[1]))
    else:
        thread()
