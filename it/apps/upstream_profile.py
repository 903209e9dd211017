# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""An application whose telemetry has the upstream profile's shape: hooks, its own spans, a WebSocket, background work."""

import asyncio

from opentelemetry import trace
from opentelemetry.instrumentation.propagators import TraceResponsePropagator, set_global_response_propagator
from spangard import OpenTelemetryMiddleware

set_global_response_propagator(TraceResponsePropagator())
INNER = 0xABCDEF


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"]})
        await send({"type": "websocket.close"})
        return
    await receive()
    if scope["path"] == "/fails":
        raise ValueError("boom")
    if scope["path"] == "/inner":
        above = trace.get_current_span().get_span_context()
        inner = trace.NonRecordingSpan(trace.SpanContext(above.trace_id, INNER, False, above.trace_flags))
        with trace.use_span(inner):
            await answer(send)
        return
    await answer(send)
    if scope["path"] == "/background":
        await asyncio.sleep(0.3)


async def answer(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6"), (b"x-kept", b"yes")]})
    for part in (b"abc", b"def"):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


def on_send(span, scope, message):
    span.set_attribute("hooked", message["type"])


app = OpenTelemetryMiddleware(application, client_response_hook=on_send, http_capture_headers_server_response=["x-kept"])
