# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from typing import Any

from sanic import Blueprint, Sanic, response
from sanic.exceptions import ServiceUnavailable

app = Sanic("shop")
users = Blueprint("users", url_prefix="/users", version=1)


@app.get("/")
async def index(request: Any) -> Any:
    return response.text("index")


@users.get("/<user_id:int>")
async def user(request: Any, user_id: int) -> Any:
    return response.json({"id": user_id})


@app.get("/stream")
async def stream(request: Any) -> None:
    answer = await request.respond(content_type="text/plain")
    for n in range(5):
        await answer.send(f"{n}\n")
    await answer.eof()


@app.get("/fail")
async def fail(request: Any) -> Any:
    raise RuntimeError("no")


@app.get("/busy")
async def busy(request: Any) -> Any:
    raise ServiceUnavailable("busy")


@app.websocket("/live/<room>")
async def live(request: Any, ws: Any, room: str) -> None:
    await ws.send(f"{room}: {await ws.recv()}")
    await ws.recv()


app.blueprint(users)
