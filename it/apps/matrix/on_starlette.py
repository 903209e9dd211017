# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

from common import background, chunks, look, release
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute


async def item(request):
    return PlainTextResponse(look())


def sync(request):
    return PlainTextResponse(look())


async def fail(request):
    raise RuntimeError("no")


async def stream(request):
    return StreamingResponse(chunks())


async def begin(request):
    return PlainTextResponse("begun", background=BackgroundTask(background))


async def end(request):
    return PlainTextResponse(await release())


async def room(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


app = Starlette(
    routes=[
        Route("/items/{item:int}", item),
        Route("/sync/{item:int}", sync),
        Route("/fail", fail),
        Route("/stream", stream),
        Route("/background", begin),
        Route("/release", end),
        WebSocketRoute("/rooms/{room}", room),
    ]
)
