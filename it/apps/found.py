# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Says what each request finds current, on connections that carry several. ``/hold`` runs until ``/release`` was asked for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from opentelemetry import baggage, trace

held: list[asyncio.Event] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    if scope["path"] == "/hold":
        held.append(asyncio.Event())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await held[-1].wait()
    else:
        while held and scope["path"] == "/release":
            held.pop().set()
    span = trace.get_current_span().get_span_context()
    found = {"trace": f"{span.trace_id:032x}", "sampled": int(span.trace_flags) & 1, "baggage": dict(baggage.get_all())}
    body = json.dumps(found).encode()
    if scope["path"] != "/hold":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
