# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

import falcon.asgi
from common import background, chunks, look, release


class Item:
    async def on_get(self, req, resp, item):
        resp.text = look()


class Fail:
    async def on_get(self, req, resp):
        raise RuntimeError("no")


class Stream:
    async def on_get(self, req, resp):
        resp.stream = chunks()


class Background:
    async def on_get(self, req, resp):
        resp.schedule(background)
        resp.text = "begun"


class Release:
    async def on_get(self, req, resp):
        resp.text = await release()


class Room:
    async def on_websocket(self, req, ws, room):
        await ws.accept()
        await ws.send_text(await ws.receive_text())
        await ws.close()


app = falcon.asgi.App()
for template, resource in [
    ("/items/{item:int}", Item()),
    ("/fail", Fail()),
    ("/stream", Stream()),
    ("/background", Background()),
    ("/release", Release()),
    ("/rooms/{room}", Room()),
]:
    app.add_route(template, resource)
