# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""No framework at all."""

import asyncio

from common import background, chunks, look, release


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        await send({"type": "websocket.close"})
    else:
        await respond(scope["path"].split("/")[1], send)


async def respond(what, send):
    body = b""
    match what:
        case "items":
            body = look().encode()
        case "sync":
            body = (await asyncio.to_thread(look)).encode()
        case "release":
            body = (await release()).encode()
        case "fail":
            raise RuntimeError("no")
    await send({"type": "http.response.start", "status": 200, "headers": [] if what == "stream" else [(b"content-length", b"%d" % len(body))]})
    if what == "stream":
        async for chunk in chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": body})
    if what == "background":
        await background()
