# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The formats of OTEL_PROPAGATORS beside the packages that read them for OpenTelemetry Python: same headers, same parent and baggage."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.jaeger import JaegerPropagator
from opentelemetry.propagators.ot_trace import OTTracePropagator
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from spangard._propagators import Propagators

from kit.engine import Engine
from kit.http1 import get
from kit.world import World

THEIRS = {
    "tracecontext": TraceContextTextMapPropagator,
    "baggage": W3CBaggagePropagator,
    "b3": B3SingleFormat,
    "b3multi": B3MultiFormat,
    "jaeger": JaegerPropagator,
    "xray": AwsXRayPropagator,
    "ottrace": OTTracePropagator,
}
ID = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
XRAY = f"1-{ID[:8]}-{ID[8:]}"

Headers = list[tuple[bytes, bytes]]

# What their own injectors, their specifications' examples and other implementations send
SEEN: dict[str, list[dict[str, str]]] = {
    "b3": [
        {"b3": f"{ID}-{SPAN}-1"}, {"b3": f"{ID}-{SPAN}-0"}, {"b3": f"{ID}-{SPAN}-d"}, {"b3": f"{ID}-{SPAN}"}, {"b3": f"{ID}-{SPAN}-1-05e3ac9a4f6e3b90"},
        {"b3": f"{ID[:16]}-{SPAN}-1"}, {"b3": "0"}, {"b3": "1"}, {"b3": "d"}, {"b3": ""}, {"b3": f"{ID.upper()}-{SPAN.upper()}-true"},
        {"b3": f"{ID}-{SPAN}-1", "x-b3-traceid": "1" * 32, "x-b3-spanid": "2" * 16},
    ],
    "b3multi": [
        {"X-B3-TraceId": ID, "X-B3-SpanId": SPAN, "X-B3-Sampled": "1"}, {"x-b3-traceid": ID, "x-b3-spanid": SPAN, "x-b3-sampled": "0"},
        {"x-b3-traceid": ID, "x-b3-spanid": SPAN}, {"x-b3-traceid": ID, "x-b3-spanid": SPAN, "x-b3-flags": "1"}, {"x-b3-traceid": ID},
        {"x-b3-traceid": ID[:16], "x-b3-spanid": SPAN, "x-b3-sampled": "True"}, {"x-b3-traceid": ID[:15], "x-b3-spanid": SPAN}, {"x-b3-sampled": "1"},
    ],
    "jaeger": [
        {"uber-trace-id": f"{ID}:{SPAN}:0:1"}, {"uber-trace-id": f"{ID}:{SPAN}:0:0"}, {"uber-trace-id": f"{ID[:16]}:{SPAN}:{SPAN}:3"},
        {"uber-trace-id": "abc:def:0:1"}, {"uber-trace-id": f"{ID}:{SPAN}:0:2"}, {"uber-trace-id": f"{ID}:{SPAN}::0f"}, {"uber-trace-id": f"{ID}:{SPAN}:1"},
        {"uber-trace-id": f"{ID}:{SPAN}:0:1", "uberctx-user": "ann%20lee", "Uberctx-Plan": " gold "}, {"uberctx-user": "nobody asked"},
        {"uber-trace-id": "broken", "uberctx-user": "ann"}, {"uber-trace-id": f"{ID}:{SPAN}:0:g"}, {"uber-trace-id": f"{ID}:{SPAN}:0:"},
    ],
    "xray": [
        {"X-Amzn-Trace-Id": f"Root={XRAY};Parent={SPAN};Sampled=1"}, {"x-amzn-trace-id": f"Sampled=0;Parent={SPAN};Root={XRAY}"},
        {"x-amzn-trace-id": f"Self={XRAY}; Root={XRAY} ; Parent={SPAN} ;Sampled=1;Lineage=a:1"}, {"x-amzn-trace-id": f"Root={XRAY}"},
        {"x-amzn-trace-id": f"Root={XRAY};Parent={SPAN};Sampled=?"}, {"x-amzn-trace-id": f"Root={XRAY};Parent={SPAN}"}, {"x-amzn-trace-id": f"Parent={SPAN}"},
        {"x-amzn-trace-id": f"Root={XRAY};Parent={SPAN};Sampled=1;"}, {"x-amzn-trace-id": f"Root=2{XRAY[1:]};Parent={SPAN}"}, {"x-amzn-trace-id": "Root"},
    ],
    "ottrace": [
        {"ot-tracer-traceid": ID, "ot-tracer-spanid": SPAN, "ot-tracer-sampled": "true"}, {"ot-tracer-traceid": ID[:16], "ot-tracer-spanid": SPAN},
        {"ot-tracer-traceid": ID, "ot-tracer-spanid": SPAN, "ot-tracer-sampled": "1"}, {"ot-tracer-traceid": "abc", "ot-tracer-spanid": "d"},
        {"ot-tracer-traceid": ID.upper(), "ot-tracer-spanid": SPAN}, {"ot-tracer-spanid": SPAN},
        {"ot-tracer-traceid": ID, "ot-tracer-spanid": SPAN, "ot-tracer-sampled": "true", "ot-baggage-user": "ann", "ot-baggage-plan": "gold, or not"},
        {"ot-tracer-spanid": SPAN, "ot-baggage-user": "ann"},
    ],
}  # fmt: skip
CASES = [(name, headers) for name, many in SEEN.items() for headers in many]


class FromScope(Getter[Any]):
    """Upstream's ``asgi_getter`` for ASCII headers."""

    def get(self, carrier: Any, key: str) -> list[str] | None:
        return [v.decode("latin-1") for n, v in carrier if n.decode("latin-1").lower() == key.lower()] or None

    def keys(self, carrier: Any) -> list[str]:
        return [n.decode("latin-1").lower() for n, _ in carrier]


def theirs(names: list[str], headers: Headers) -> tuple[str, str, int, dict[str, object]] | None:
    context = CompositePropagator([THEIRS[name]() for name in names]).extract(headers, Context(), FromScope())
    parent = trace.get_current_span(context).get_span_context()
    carried = dict(baggage.get_all(context))
    if not parent.is_valid:
        return None if not carried else ("", "", 0, carried)
    return f"{parent.trace_id:032x}", f"{parent.span_id:016x}", parent.trace_flags & 1, carried


def ours(names: list[str], headers: Headers) -> tuple[str, str, int, dict[str, object]] | None:
    found = dict(headers)
    parent, _, carried = Propagators(names)(headers, found.get(b"traceparent"), found.get(b"baggage"))
    context = W3CBaggagePropagator().extract({"baggage": carried.decode()}) if carried else Context()
    carried = dict(baggage.get_all(context))
    if parent is None:
        return None if not carried else ("", "", 0, carried)
    text = parent.decode()
    return text[3:35], text[36:52], int(text[53:], 16) & 1, carried


def encoded(headers: dict[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


@pytest.mark.parametrize(("name", "headers"), CASES)
def test_reads_what_is_sent_as_the_package_does(name: str, headers: dict[str, str]) -> None:
    assert ours([name], encoded(headers)) == theirs([name], encoded(headers))


def test_some_of_these_are_parents_and_some_are_not() -> None:
    """Two readers that find nothing agree, too."""
    for name, many in SEEN.items():
        parents = [theirs([name], encoded(headers)) is not None for headers in many]
        assert 2 <= sum(parents) < len(parents), name


# Python's ``int`` takes all of these in a number, and the packages with it; in no format are they part of an identifier.
NOT_COMPARED = set("_+-xX \t")


@pytest.mark.parametrize("name", SEEN)
def test_reads_what_is_damaged_as_the_package_does(name: str) -> None:
    chance = random.Random(name)
    compared = 0
    for _ in range(4_000):
        headers = dict(chance.choice(SEEN[name]))
        victim = chance.choice(list(headers))
        value = list(headers[victim])
        for _ in range(chance.choice([1, 1, 2, 3])):
            at = chance.randrange(len(value) + 1)
            damage = chance.choice(["0", "f", "g", "F", ":", ";", "=", "1", "é", ""])
            value[at : at + chance.choice([0, 1, 1, 5])] = damage
        headers[victim] = "".join(value)
        if set(headers[victim]) & NOT_COMPARED - set(SEEN[name][0][next(iter(SEEN[name][0]))]):
            continue
        compared += 1
        lines = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()]
        assert ours([name], lines) == theirs([name], lines), headers
    assert compared > 2_000


@pytest.mark.parametrize(
    "names",
    [
        ["tracecontext", "baggage", "b3"],
        ["b3", "tracecontext", "baggage"],
        ["xray", "jaeger"],
        ["ottrace", "b3multi", "jaeger", "baggage", "xray", "tracecontext"],
    ],
)
def test_takes_the_same_one_of_several(names: list[str]) -> None:
    chance = random.Random(repr(names))
    for _ in range(500):
        headers = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01", "baggage": "user=w3c,plan=free"} if chance.random() < 0.5 else {}
        for name in chance.sample(list(SEEN), 3):
            headers.update(chance.choice(SEEN[name]))
        assert ours(names, encoded(headers)) == theirs(names, encoded(headers)), headers


def test_the_application_and_the_exported_span_have_the_same_parent(shared: World, engine: Engine) -> None:
    """Also where the propagators are said by a flag, as `opentelemetry-instrument` has it."""
    sink = shared.sink(one_per_trace=True)
    server = shared.serve("uvicorn", "current_span:app", env=sink.env, attach=True, attach_flags=["--propagators", "b3,jaeger,"])
    reply = get(server, "/facts/x", ("b3", f"{ID}-{SPAN}-1"), ("uberctx-user", "not without a uber-trace-id"))
    facts: dict[str, Any] = json.loads(reply.body)
    [span] = sink.wait_for(1)
    assert facts["trace_id"] == span.trace_id == ID
    assert (facts["span_id"], span.parent_span_id) == (span.span_id, SPAN)
    assert facts["baggage"] == {}
    reply = get(server, "/facts/y", ("uber-trace-id", f"{ID[::-1]}:{SPAN}:0:1"), ("uberctx-user", "ann%20lee"))
    assert json.loads(reply.body)["baggage"] == {"user": "ann lee"}
    assert {s.trace_id for s in sink.wait_for(2)} == {ID, ID[::-1]}
