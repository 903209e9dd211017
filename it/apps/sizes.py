# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Plain ASGI: ``/7`` is answered with seven bytes, after a while in which others are answered."""

import asyncio


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    size = int(scope["path"].rpartition("/")[2])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]})
    await asyncio.sleep(size % 7 / 1000)
    await send({"type": "http.response.body", "body": b"x" * size})
