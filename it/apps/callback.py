# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What the W3C's Trace Context suite asks of a service: it posts where the body of a request tells it to, as OpenTelemetry has it say.

``app`` for attach, ``wrapped`` recorded by import.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
from opentelemetry.propagate import inject
from spangard import OpenTelemetryMiddleware

JSON = {"content-type": "application/json"}


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        for call in json.loads(body):
            headers: dict[str, str] = {}
            inject(headers)
            await client.post(call["url"], content=json.dumps(call["arguments"]), headers={**JSON, **headers})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"[]"})


wrapped = OpenTelemetryMiddleware(app)
