# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Uses the current span as a hand-instrumented application does. The OpenTelemetry API only, no SDK."""

from fastapi import FastAPI
from opentelemetry import baggage, propagate, trace
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

app = FastAPI()


def facts() -> dict:
    span = trace.get_current_span()
    context = span.get_span_context()
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "sampled": context.trace_flags.sampled,
        "remote": context.is_remote,
        "valid": context.is_valid,
        "trace_state": context.trace_state.to_header(),
        "recording": span.is_recording(),
        "carrier": carrier,
        "baggage": dict(baggage.get_all()),
    }


@app.get("/facts/{name}")
async def async_facts(name: str) -> dict:
    return facts()


@app.get("/sync/{name}")
def sync_facts(name: str) -> dict:
    trace.get_current_span().set_attribute("from.thread", True)
    return facts()


@app.get("/write/{name}")
async def write(name: str) -> dict:
    span = trace.get_current_span()
    span.set_attribute("shop.text", "text")
    span.set_attribute("shop.number", 7)
    span.set_attributes({"shop.float": 1.5, "shop.flag": True, "shop.list": ["a", "b"], "shop.numbers": (1, 2, 3)})
    span.set_attribute("shop.bad", object())
    span.add_event("packed", {"boxes": 2})
    span.add_event("sent", timestamp=1_700_000_000_000_000_000)
    try:
        raise KeyError("no such box")
    except KeyError as e:
        span.record_exception(e, {"shop.box": 3})
    span.add_link(SpanContext(0xABC, 0xDEF, False, TraceFlags(1)), {"why": "batch"})
    span.update_name(f"write {name}")
    return facts()


@app.get("/status/{kind}")
async def status(kind: str) -> dict:
    span = trace.get_current_span()
    if kind == "error":
        span.set_status(Status(StatusCode.ERROR, "no stock"))
    elif kind == "ok":
        span.set_status(StatusCode.OK)
    elif kind == "ok-then-error":
        span.set_status(StatusCode.OK)
        span.set_status(StatusCode.ERROR, "ignored")
    return facts()


@app.get("/hostile/{kind}")
async def hostile(kind: str) -> dict:
    span = trace.get_current_span()
    match kind:
        case "many":
            for n in range(10_000):
                span.set_attribute(f"k{n}", n)
                span.add_event(f"e{n}")
        case "large":
            span.set_attribute("large", "x" * 5_000_000)
            span.add_event("y" * 1_000_000)
            span.update_name("z" * 1_000_000)
        case "odd":
            span.set_attribute("", "empty key")
            span.set_attribute(7, "number as key")
            span.set_attribute("surrogate", "\udcff")
            span.set_attribute("big", 10**30)
            span.set_attribute("mixed", [1, "a", None, 2.5])
            span.set_attribute("nan", float("nan"))
            span.update_name(None)
            span.add_event(None)
            span.set_status(None)
            span.record_exception(None)
    return {"kind": kind}


@app.get("/ended/{name}")
async def ended(name: str) -> dict:
    trace.get_current_span().end()
    trace.get_current_span().set_attribute("after.end", True)
    return facts()


class Later:
    """Keeps the span beyond its request."""

    span = None


@app.get("/keep/{name}")
async def keep(name: str) -> dict:
    Later.span = trace.get_current_span()
    return facts()


@app.get("/late/{name}")
async def late(name: str) -> dict:
    Later.span.set_attribute("late", True)
    return {"recording": Later.span.is_recording()}
