# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

from common import background, chunks, look, release
from quart import Quart, websocket

app = Quart(__name__)


@app.get("/items/<int:item>")
async def item(item):
    return look()


@app.get("/sync/<int:item>")
def sync(item):
    return look()


@app.get("/fail")
async def fail():
    raise RuntimeError("no")


@app.get("/stream")
async def stream():
    return chunks()


@app.get("/background")
async def begin():
    app.add_background_task(background)
    return "begun"


@app.get("/release")
async def end():
    return await release()


@app.websocket("/rooms/<room>")
async def room(room):
    await websocket.accept()
    await websocket.send(await websocket.receive())
    await websocket.close(1000)
