# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A process that forks: each request is told by one of the two, under an id of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, run
from engine import FakeEngine
from records import numbers, put, request
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from spangard._buffer import Recorder


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")  # the engine's thread
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_a_request_that_forks_is_told_by_the_parent_alone(engine: FakeEngine, recorder: Recorder, profile: str) -> None:
    pids = []

    async def forking(scope: Any, receive: Any, send: Any) -> None:
        pids.append(os.fork())
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(forking, profile=profile))
    if pids == [0]:
        os._exit(len(recorder.records) + recorder._taken)
    assert os.waitpid(pids[0], 0)[1] == 0
    engine.wait(engine.records)
    assert len(engine.records()) == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")  # the engine's thread; 3.15 makes an error of it
def test_a_forked_child_is_a_recorder_of_its_own(engine: FakeEngine, recorder: Recorder) -> None:
    put(recorder, 128)
    recorder.records.append(request(1000))  # the parent's, waiting at the fork
    ids = {recorder.link.recorder_id}
    pid = os.fork()
    if pid == 0:
        try:
            put(recorder, 1, start=2000)
            recorder.close()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0
    recorder.flush()
    engine.wait(lambda: len(engine.records()) == 130)
    assert sorted(numbers(engine)) == [*range(128), 1000, 2000]
    engine.wait(lambda: engine.goodbyes)
    assert [said[:3] for said in engine.goodbyes] == [(2, 1, 0)]
    ids.update(hello_frame[2] for hello_frame in engine.hellos)
    assert len(ids) == 2
