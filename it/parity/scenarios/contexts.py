# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What is current outside: parents near and far, suppression, baggage, middlewares in each other."""

from __future__ import annotations

from typing import Any

from opentelemetry import baggage, context, trace
from opentelemetry.instrumentation.propagators import TraceResponsePropagator, set_global_response_propagator
from opentelemetry.instrumentation.utils import suppress_http_instrumentation, suppress_instrumentation

from ..applications import Receive, Send, body, echo, plain, responds, says, start
from ..scopes import CONNECT, PARENT_ID, TRACE_ID, TRACEPARENT, UNSAMPLED, http, text, websocket
from ..side import Side, scenario


@scenario
async def parent_of_the_client(side: Side) -> None:
    await side.call(plain, http("GET", "/", TRACEPARENT, (b"tracestate", b"a=1,b=2")))


@scenario
async def parent_that_is_not_sampled(side: Side) -> None:
    await side.call(plain, http("GET", "/", UNSAMPLED))


@scenario
async def parent_that_is_no_parent(side: Side) -> None:
    for value in (b"", b"garbage", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", TRACEPARENT[1][:-3], b"ff" + TRACEPARENT[1][2:]):
        await side.call(plain, http("GET", "/", (b"traceparent", value), (b"tracestate", b"a=1")))


@scenario
async def parent_of_a_later_version(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"traceparent", b"cc" + TRACEPARENT[1][2:] + b"-more")))


@scenario
async def parent_in_upper_case_name(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"Traceparent", TRACEPARENT[1])))


@scenario
async def tracestate_twice(side: Side) -> None:
    await side.call(plain, http("GET", "/", TRACEPARENT, (b"tracestate", b"a=1"), (b"tracestate", b"b=2")))


@scenario
async def baggage_of_the_client(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        side.note(sorted(baggage.get_all().items()))
        await send(start())
        await send(body())

    await side.call(app, http("GET", "/", TRACEPARENT, (b"baggage", b"user=7,plan=gold")))


@scenario
async def active_span(side: Side) -> None:
    with side.tracer.start_as_current_span("outer"):
        await side.call(plain, http())


@scenario
async def active_span_and_a_parent_of_the_client(side: Side) -> None:
    with side.tracer.start_as_current_span("outer"):
        await side.call(plain, http("GET", "/", TRACEPARENT))


@scenario
async def active_span_of_another_process(side: Side) -> None:
    far = trace.SpanContext(int(TRACE_ID, 16), int(PARENT_ID, 16), True, trace.TraceFlags(1))
    with trace.use_span(trace.NonRecordingSpan(far)):
        await side.call(plain, http())


@scenario
async def active_span_that_is_not_sampled(side: Side) -> None:
    near = trace.SpanContext(int(TRACE_ID, 16), int(PARENT_ID, 16), False, trace.TraceFlags(0))
    with trace.use_span(trace.NonRecordingSpan(near)):
        await side.call(plain, http())


@scenario
async def active_span_of_a_websocket(side: Side) -> None:
    with side.tracer.start_as_current_span("outer"):
        await side.call(echo, websocket(), [CONNECT, text("a")])


@scenario
async def suppressed(side: Side) -> None:
    with suppress_instrumentation():
        await side.call(plain, http())
    with suppress_http_instrumentation():
        await side.call(plain, http())
    token = context.attach(context.set_value("suppress_instrumentation", True))
    await side.call(plain, http())
    context.detach(token)
    await side.call(plain, http(path="/not"))


@scenario
async def excluded_with_a_parent_of_the_client(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        with side.tracer.start_as_current_span("inside"):
            await send(start())
        await send(body())

    await side.call(app, http("GET", "/health", TRACEPARENT), excluded_urls="health")


@scenario
async def one_middleware_in_another(side: Side) -> None:
    await side.serve(side.middleware(side.middleware(plain)), http())


@scenario
async def response_propagation(side: Side) -> None:
    set_global_response_propagator(TraceResponsePropagator())
    await side.call(responds(200, [(b"x-a", b"1")]), http())


@scenario
async def response_propagation_to_a_traced_client(side: Side) -> None:
    set_global_response_propagator(TraceResponsePropagator())
    await side.call(plain, http("GET", "/", TRACEPARENT))


@scenario
async def response_propagation_over_several_messages(side: Side) -> None:
    set_global_response_propagator(TraceResponsePropagator())
    await side.call(says(start(headers=[]), body(b"a", True), body(b"b")), http())


@scenario
async def response_propagation_over_a_websocket(side: Side) -> None:
    set_global_response_propagator(TraceResponsePropagator())
    await side.call(echo, websocket(), [CONNECT, text("a")])
