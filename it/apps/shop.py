# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""An ordinary FastAPI application that knows nothing of telemetry."""

import asyncio

from fastapi import APIRouter, FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

app = FastAPI()
inner = FastAPI()
router = APIRouter(prefix="/v1")


@app.get("/")
async def index() -> dict[str, str]:
    return {"hello": "world"}


@app.api_route("/items/{item_id}", methods=["GET", "POST", "PUT"])
async def read_item(item_id: int, request: Request) -> dict[str, int]:
    if item_id == 404:
        raise HTTPException(404)
    return {"id": item_id, "bytes": len(await request.body())}


@app.get("/sync/{name}")
def sync(name: str) -> dict[str, str]:
    return {"name": name}


@router.get("/users/{user}")
async def user(user: str) -> dict[str, str]:
    return {"user": user}


@inner.get("/orders/{order}")
async def order(order: int) -> dict[str, int]:
    return {"order": order}


@app.get("/boom/{kind}")
async def boom(kind: str) -> None:
    raise RuntimeError(f"boom {kind}")


@app.get("/stream/{chunks}")
async def stream(chunks: int) -> StreamingResponse:
    async def body():
        for n in range(chunks):
            yield b"%03d\n" % n
            await asyncio.sleep(0)

    return StreamingResponse(body(), media_type="text/plain")


@app.get("/endless")
async def endless() -> StreamingResponse:
    async def body():
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.01)

    return StreamingResponse(body())


@app.websocket("/rooms/{room}")
async def room(websocket: WebSocket, room: str) -> None:
    await websocket.accept()
    try:
        while True:
            text = await websocket.receive_text()
            if text == "close":
                await websocket.close(4001, "asked to")
                return
            if text == "raise":
                raise RuntimeError("websocket boom")
            await websocket.send_text(text)
    except WebSocketDisconnect:
        pass


@app.websocket("/denied")
async def denied(websocket: WebSocket) -> None:
    await websocket.close(1008)


app.include_router(router)
app.mount("/inner", inner)
