# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""One service in each way of being recorded, for all tests of this part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.world import World

from .caller import Caller

OFF = {"OTEL_TRACES_SAMPLER": "always_off"}
ONE_PERCENT = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}
UPSTREAM = {"SPANGARD_PROFILE": "upstream"}
COMPOSITE = {"OTEL_PROPAGATORS": "b3,tracecontext,baggage"}

WAYS = {
    "attached, h11": ("callback:app", ["--http", "h11"], {}),
    "attached, httptools": ("callback:app", ["--http", "httptools", "--loop", "uvloop"], {}),
    "by import": ("callback:wrapped", ["--http", "h11"], {}),
    "sampler off": ("callback:app", ["--http", "h11"], OFF),
    "sampler 1 %": ("callback:app", ["--http", "httptools"], ONE_PERCENT),
    "upstream profile": ("callback:app", ["--http", "h11"], UPSTREAM),
    "more propagators": ("callback:app", ["--http", "h11"], COMPOSITE),
}


@pytest.fixture(scope="session", params=WAYS)
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    application, flags, env = WAYS[request.param]
    world = World()
    try:
        server = world.serve("uvicorn", application, *flags, env=env, attach=application == "callback:app")
        with Caller(server) as caller:
            yield caller
    finally:
        world.close()
