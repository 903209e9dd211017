# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

from common import background, chunks, look, release
from litestar import Litestar, MediaType, Response, WebSocket, get, websocket
from litestar.background_tasks import BackgroundTask
from litestar.response import Stream


@get("/items/{item:int}", media_type=MediaType.TEXT)
async def item(item: int) -> str:
    return look()


@get("/sync/{item:int}", media_type=MediaType.TEXT, sync_to_thread=True)
def sync(item: int) -> str:
    return look()


@get("/fail")
async def fail() -> None:
    raise RuntimeError("no")


@get("/stream")
async def stream() -> Stream:
    return Stream(chunks())


@get("/background")
async def begin() -> Response:
    return Response("begun", background=BackgroundTask(background))


@get("/release", media_type=MediaType.TEXT)
async def end() -> str:
    return await release()


@websocket("/rooms/{room:str}")
async def room(socket: WebSocket, room: str) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


app = Litestar([item, sync, fail, stream, begin, end, room], openapi_config=None)
