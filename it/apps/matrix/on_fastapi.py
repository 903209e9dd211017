# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

from common import background, chunks, look, release
from fastapi import BackgroundTasks, FastAPI, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse

app = FastAPI(default_response_class=PlainTextResponse)


@app.get("/items/{item}")
async def item(item: int) -> str:
    return look()


@app.get("/sync/{item}")
def sync(item: int) -> str:
    return look()


@app.get("/fail")
async def fail() -> str:
    raise RuntimeError("no")


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(chunks())


@app.get("/background")
async def begin(tasks: BackgroundTasks) -> str:
    tasks.add_task(background)
    return "begun"


@app.get("/release")
async def end() -> str:
    return await release()


@app.websocket("/rooms/{room}")
async def room(websocket: WebSocket, room: str) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()
