# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from typing import Any

from quart import Quart, request, websocket

app = Quart(__name__)


@app.get("/")
async def index() -> str:
    return "index"


@app.get("/users/<int:user_id>")
async def user(user_id: int) -> dict[str, int]:
    return {"id": user_id}


@app.post("/users")
async def new_user() -> tuple[Any, int]:
    return await request.get_json(), 201


@app.get("/stream")
async def stream() -> Any:
    async def chunks() -> Any:
        for n in range(5):
            yield f"{n}\n".encode()

    return chunks()


@app.get("/teapot")
async def teapot() -> tuple[str, int]:
    return "teapot", 418


@app.get("/fail")
async def fail() -> str:
    raise RuntimeError("no")


@app.websocket("/live/<room>")
async def live(room: str) -> None:
    while True:
        await websocket.send(f"{room}: {await websocket.receive()}")
