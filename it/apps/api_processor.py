# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Adds a span processor of the Python SDK to whatever provider there is, as libraries do; shows what it exported."""

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

app = FastAPI()
exported = InMemorySpanExporter()


@app.get("/work/{name}")
async def work(name: str) -> dict:
    if not exported.get_finished_spans():
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exported))
    with trace.get_tracer("shop", "1.2").start_as_current_span("work", attributes={"name": name}) as span:
        span.add_event("packed")
    [told] = exported.get_finished_spans()
    return {"told": told.to_json(), "scope": told.instrumentation_scope.name}
