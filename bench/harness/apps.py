# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The applications that are measured: bare ASGI ones, and the same answer by Starlette and FastAPI.

Under a server this module is what it loads (``harness.apps:NAME``); ``BENCH_VARIANT`` says what to wrap around it.
"""

import os
from typing import Any

from harness.variants import wrap

BODY = b'{"message":"Hello, world"}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}
CHUNKS = 20
MESSAGES = 20


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Reads the request's body, as most frameworks do somewhere, and answers 26 bytes."""
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    await receive()
    await send(START)
    await send({"type": "http.response.body", "body": BODY})


async def stream(scope: Any, receive: Any, send: Any) -> None:
    """Twenty chunks of 26 bytes, then the end."""
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for _ in range(CHUNKS):
        await send({"type": "http.response.body", "body": BODY, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """A WebSocket that sends back what it gets until the client goes."""
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": message["text"]})


async def lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def item(request: Any) -> Any:
        return JSONResponse({"item": request.path_params["item_id"]})

    return Starlette(routes=[Route("/items/{item_id:int}", item)])


def _fastapi() -> Any:
    from fastapi import FastAPI

    # FastAPI's own telemetry is off in every variant, so that only the wrappers differ.
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> dict[str, int]:
        return {"item": item_id}

    return app


def __getattr__(name: str) -> Any:
    made = {"served_hello": lambda: hello, "served_starlette": _starlette, "served_fastapi": _fastapi}
    if name not in made:
        raise AttributeError(name)
    return wrap(os.environ["BENCH_VARIANT"], made[name](), export=True)
