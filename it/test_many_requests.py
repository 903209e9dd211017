# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Ten thousand requests that differ in one thing."""

from __future__ import annotations

import pytest

from kit.engine import Engine
from kit.load import load
from kit.profiles import PROFILES
from kit.world import World

REQUESTS = 10_000


@pytest.mark.parametrize("profile", PROFILES)
def test_adds_up_the_sizes_of_concurrent_responses(shared: World, engine: Engine, profile: str) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "sizes:app", attach=True, env={**sink.env, **PROFILES[profile], "OTEL_TRACES_SAMPLER": "always_off"})
    assert load(server.port, REQUESTS, connections=200, path="/{n}").statuses == {200: REQUESTS}
    expected = sum(range(REQUESTS))
    size = "http.server.response.body.size"
    sink.wait_until(lambda: sum(p.sum for p in sink.points(size)) >= expected, 40, what=f"{expected} bytes")
    server.stop()
    assert sum(p.sum for p in sink.points(size)) == expected
    sink.wait_for_count("http.server.request.duration", REQUESTS)
    assert sink.count("http.server.request.duration") == REQUESTS


def test_makes_one_series_and_one_name_of_many_paths(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "hello:app", attach=True, env=sink.env)
    assert load(server.port, REQUESTS, path="/customers/{n}").statuses == {200: REQUESTS}
    shared.recorded_exactly(sink, REQUESTS)
    assert {span.name for span in sink.spans()} == {"GET"}
    assert len({span.attributes["url.path"] for span in sink.spans()}) == REQUESTS
    [durations] = sink.points("http.server.request.duration")
    assert durations.count == REQUESTS
    assert all(len(sink.points(p.name)) == 1 for p in sink.points() if p.scope != "spangard.engine")
