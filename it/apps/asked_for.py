# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Tells what is told only when asked for: an exception, messages of a WebSocket, attributes of its own on measurements."""

from fastapi import FastAPI, Request, WebSocket
from spangard import set_metric_attributes

app = FastAPI()


@app.get("/plans/{plan}")
async def plan(plan: str, request: Request) -> dict[str, str]:
    set_metric_attributes(request.scope, {"shop.plan": plan, "http.request.method": "HACK"})
    return {"plan": plan}


@app.get("/fails")
async def fails() -> None:
    raise LookupError("no such anvil")


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    for _ in range(2):
        await websocket.send_text(await websocket.receive_text())
    await websocket.close()
