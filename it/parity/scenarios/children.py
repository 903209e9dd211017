# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The spans of receive and send: which there are, and below which span they hang."""

from __future__ import annotations

import asyncio
from typing import Any

from opentelemetry import trace

from ..applications import Receive, Send, body, plain, says, start
from ..scopes import http, part
from ..side import Side, scenario


@scenario
async def without_receive_spans(side: Side) -> None:
    await side.call(plain, http(), exclude_spans=["receive"])


@scenario
async def without_send_spans(side: Side) -> None:
    await side.call(plain, http(), exclude_spans=["send"])


@scenario
async def without_children(side: Side) -> None:
    await side.call(plain, http(), exclude_spans=["receive", "send"])


@scenario
async def exclude_spans_as_text(side: Side) -> None:
    await side.call(plain, http(), exclude_spans="send")


@scenario
async def exclude_spans_empty_or_unknown(side: Side) -> None:
    for excluded in ([], ["other"]):
        await side.call(plain, http(), exclude_spans=excluded)


@scenario
async def without_send_spans_but_with_trailers(side: Side) -> None:
    end = {"type": "http.response.trailers", "headers": [], "more_trailers": False}
    await side.call(says(start(trailers=True), body(), end), http(), exclude_spans=["send"])


@scenario
async def below_spans_of_the_application(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        with side.tracer.start_as_current_span("reading"):
            await receive()
        with side.tracer.start_as_current_span("answering"):
            await send(start())
            with side.tracer.start_as_current_span("streaming"):
                await send(body(b"a", True))
            await send(body())

    await side.call(app, http())


@scenario
async def spans_of_the_application_beside_them(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        with side.tracer.start_as_current_span("work") as span:
            span.set_attribute("n", 1)
        await send(start())
        await send(body())

    await side.call(app, http())


@scenario
async def in_tasks_of_the_application(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        async def hear() -> None:
            with side.tracer.start_as_current_span("in a task"):
                await receive()

        await asyncio.gather(hear(), hear())
        await send(start())
        await send(body())

    await side.call(app, http(), [part(b"a", True), part(b"b")])


@scenario
async def application_changes_the_current_span(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        span = trace.get_current_span()
        side.note(span.is_recording())
        span.set_attribute("mine", "yes")
        span.add_event("noted", {"a": 1})
        await send(start())
        span.update_name("renamed later")
        await send(body())

    await side.call(app, http())


@scenario
async def application_changes_the_span_after_its_end(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await send(start())
        await send(body())
        span = trace.get_current_span()
        side.note(span.is_recording())
        span.set_attribute("late", True)
        span.add_event("late")
        span.update_name("late")

    await side.call(app, http())


@scenario
async def application_records_an_exception(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        try:
            raise KeyError("handled")
        except KeyError as error:
            trace.get_current_span().record_exception(error)
        await send(start(500))
        await send(body())

    await side.call(app, http())


@scenario
async def application_sets_a_status(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        trace.get_current_span().set_status(trace.Status(trace.StatusCode.ERROR, "mine"))
        await send(start(200))
        await send(body())

    await side.call(app, http())


@scenario
async def application_without_a_last_body_after_send_spans(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await send(start())
        await send(body(b"a", True))
        with side.tracer.start_as_current_span("after"):
            pass

    await side.call(app, http())
