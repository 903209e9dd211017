# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A small shop: one route of each sort. Nothing in it knows of spangard: `spangard attach -- uvicorn main:app`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

app = FastAPI(title="spangard example")

ITEMS = {1: "anvil", 2: "rocket skates", 3: "giant magnet"}


@app.get("/")
async def index() -> dict[str, str]:
    return {"hello": "world"}


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> dict[str, int | str]:
    if item_id not in ITEMS:
        raise HTTPException(status_code=404, detail=f"no item {item_id}")
    return {"id": item_id, "name": ITEMS[item_id]}


@app.get("/stream")
async def stream(chunks: int = 5) -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        for number in range(min(chunks, 100)):
            yield f"chunk {number}\n".encode()
            await asyncio.sleep(0.01)

    return StreamingResponse(body(), media_type="text/plain")


@app.get("/error")
async def error() -> None:
    raise RuntimeError("the anvil fell on the wrong coyote")


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass
