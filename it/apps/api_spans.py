# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Makes spans of its own by OpenTelemetry's API, as libraries and users' code do. The API only, no SDK."""

import asyncio
import os

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.trace import SpanKind

app = FastAPI()
early = trace.get_tracer("shop.early")  # before anybody has chosen a provider
tracer = trace.get_tracer("shop", "1.2", schema_url="https://opentelemetry.io/schemas/1.45.0", attributes={"team": "a"})


@app.get("/child/{name}")
async def child(name: str) -> dict:
    with tracer.start_as_current_span("SELECT shop", kind=SpanKind.CLIENT, attributes={"db.system.name": "postgresql"}) as outer:
        outer.set_attribute("server.port", 5432)
        outer.add_event("fetched", {"rows": 3})
        with early.start_as_current_span("inner"):
            pass
    return {"outer": f"{outer.get_span_context().span_id:016x}"}


@app.get("/failing/{name}")
def failing(name: str) -> dict:
    try:
        with tracer.start_as_current_span("work"):
            raise KeyError("no such box")
    except KeyError:
        return {"failed": True}


@app.get("/long/{name}")
async def long(name: str) -> dict:
    """Two spans that last: one ends with its request, one with its process."""
    lasting = tracer.start_span("lasting", attributes={"a": 1})
    with tracer.start_as_current_span("slow"):
        await asyncio.sleep(3.5)  # announced by then
    Kept.spans.append(lasting)
    return {"pid": os.getpid()}


class Kept:
    """Spans that nobody ends."""

    spans: list = []


@app.get("/many/{count}")
async def many(count: int) -> dict:
    for n in range(count):
        with tracer.start_as_current_span("one of many") as span:
            span.set_attribute("n", n)
    return {"count": count}
