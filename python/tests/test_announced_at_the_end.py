# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What runs when the process ends is announced, once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from asgi import http_scope, websocket_scope
from engine import FakeEngine
from farewells import Starts, Time
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


def never() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"} if scope["type"] == "websocket" else {"type": "x"})
        await asyncio.Event().wait()

    return app


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_what_runs_is_announced_before_the_goodbye_however_young(
    sampler: str, profile: str, engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    app: Any = OpenTelemetryMiddleware(never(), profile=profile)

    async def main() -> None:
        running = [asyncio.ensure_future(app(scope(), None, ignore)) for scope in (http_scope, websocket_scope)]
        await asyncio.sleep(0)
        recorder.close()
        for request in running:  # a server may still come to this; nobody is told of it twice
            request.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        recorder.flush()

    asyncio.run(main())
    engine.wait(lambda: engine.goodbyes)
    expected = [14, 15] if profile == "upstream" else [5, 6] if sampler == "always_on" else [7, 8]
    assert [record[0] for record in engine.records()] == expected
    assert engine.goodbyes[0][1:3] == (0, 0), "the engine counts them"
    assert engine.goodbyes[0][4] > 1_700_000_000_000_000_000


async def ignore(message: Any) -> None:
    pass


def test_what_runs_is_announced_once_to_an_engine_that_comes_at_the_end(
    recorder: Recorder, time: Time, starts: Starts
) -> None:
    recorder.live[5] = (7, 0.0, 5, "GET", "http", None)
    starts.after = 2
    recorder.close()
    engine = starts.engine
    assert engine is not None
    engine.wait(lambda: engine.goodbyes)
    assert engine.records() == [(7, 0.0, 5, "GET", "http", None)]


def test_an_announcement_that_waits_for_a_new_engine_counts_as_made(recorder: Recorder, tmp_path: Path) -> None:
    """Else the unsampled request would end without its name, and be open in the engine for ever."""
    recorder.live[5] = (7, 0.0, 5, "GET", "http", None)
    recorder.live[6] = (7, 0.0, 6, "GET", "http", None)
    recorder.announced.add(6)  # to an engine before
    recorder._announce(100.0)
    engine = FakeEngine(str(tmp_path / "engine.sock"))
    recorder.link.hurry()
    recorder.flush()
    engine.wait(lambda: engine.records())
    assert recorder.announced == {5}
    recorder.close()
    engine.stop()
