# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Head sampling: who is not sampled makes no span, and counts all the same."""

from __future__ import annotations

import pytest

from kit.engine import Engine
from kit.http1 import get
from kit.load import load
from kit.traces import Trace
from kit.world import Server, World
from otlp_sink import Sink

DURATION = "http.server.request.duration"


def served(world: World, sampler: str, argument: str = "") -> tuple[Server, Sink]:
    sink = world.sink()
    env = {**sink.env, "OTEL_TRACES_SAMPLER": sampler}
    if argument:
        env["OTEL_TRACES_SAMPLER_ARG"] = argument
    return world.serve("uvicorn", "shop:app", env=env, attach=True), sink


# what a request without a parent, with a sampled and with an unsampled parent comes to
@pytest.mark.parametrize(
    ("sampler", "argument", "expected"),
    [
        ("always_on", "", (True, True, True)),
        ("always_off", "", (False, False, False)),
        ("parentbased_always_on", "", (True, True, False)),
        ("parentbased_always_off", "", (False, True, False)),
        ("traceidratio", "0", (False, False, False)),
        ("traceidratio", "1.0", (True, True, True)),
        ("parentbased_traceidratio", "0", (False, True, False)),
    ],
)
def test_samples_as_the_specification_says(shared: World, engine: Engine, sampler: str, argument: str, expected: tuple[bool, ...]) -> None:
    server, sink = served(shared, sampler, argument)
    sampled, unsampled = Trace(), Trace(flags="00")
    get(server, "/")
    get(server, "/items/1", sampled.header)
    get(server, "/items/2", unsampled.header)
    sink.wait_for_count(DURATION, 3)
    server.stop()
    traces = {s.trace_id for s in sink.spans()}
    roots = traces - {sampled.trace_id, unsampled.trace_id}
    assert (len(roots) == 1, sampled.trace_id in traces, unsampled.trace_id in traces) == expected
    assert sink.span_count == sum(expected)
    assert sink.count(DURATION) == 3
    assert sum(p.count for p in sink.points("http.server.response.body.size")) == 3


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_measures_behind_a_trusted_proxy_the_same_of_every_request(shared: World, engine: Engine, sampler: str) -> None:
    sink = shared.sink()
    asked = {"SPANGARD_TRUSTED_PROXIES": "127.0.0.1", "SPANGARD_ATTRIBUTES": "server.address,server.port,user_agent.synthetic.type"}
    env = {**sink.env, **asked, "OTEL_TRACES_SAMPLER": sampler}
    server = shared.serve("hypercorn", "shop:app", env=env, attach=True)
    forwarded = [("Forwarded", "for=203.0.113.7;proto=https;host=shop.example"), ("User-Agent", "Googlebot/2.1")]
    assert get(server, "/items/1", *forwarded).status == 200
    [point] = sink.wait_for_count(DURATION, 1)
    server.stop()
    assert (point.attributes["url.scheme"], point.attributes["server.address"], point.attributes["server.port"]) == (
        "https",
        "shop.example",
        443,
    )
    assert point.attributes["user_agent.synthetic.type"] == "bot"


def test_samples_the_same_traces_as_the_specification_s_arithmetic(shared: World, engine: Engine) -> None:
    """A trace is kept if the lower 63 bits of its id are below ratio times 2^63, as the Java SDK computes it."""
    server, sink = served(shared, "traceidratio", "0.25")
    traces = [Trace() for _ in range(200)]
    bound = int(0.25 * (2**63 - 1))
    for trace in traces:
        get(server, "/", trace.header)
    sink.wait_for_count(DURATION, 200)
    server.stop()
    kept = {t.trace_id for t in traces if java_long(t.trace_id) < bound}
    assert {s.trace_id for s in sink.spans()} == kept
    assert 20 < len(kept) < 80


def java_long(trace_id: str) -> int:
    """``OtelEncodingUtils.longFromBase16String(traceId, 16)`` and its absolute value."""
    low = int(trace_id[16:], 16)
    return abs(low - (1 << 64) if low >= 1 << 63 else low)


def test_samples_a_share_of_roots(shared: World, engine: Engine) -> None:
    server, sink = served(shared, "parentbased_traceidratio", "0.1")
    assert load(server.port, 3000).statuses == {200: 3000}
    sink.wait_for_count(DURATION, 3000)
    server.stop()
    # 0.1 of 3000 with a standard deviation of 16: ten of them
    assert 140 < sink.span_count < 460
    assert sink.count(DURATION) == 3000


def test_warns_of_an_unknown_sampler_and_records_on(shared: World, engine: Engine) -> None:
    server, sink = served(shared, "sometimes")
    get(server, "/")
    sink.wait_for(1)
    assert "sometimes" in server.process.err


def test_is_silent_when_the_sdk_is_disabled(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "shop:app", env={**sink.env, "OTEL_SDK_DISABLED": "true"}, attach=True)
    assert get(server, "/").status == 200
    server.stop()
    assert sink.requests == []
