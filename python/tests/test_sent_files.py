# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Files that the server sends itself: what is told of their length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import codes, run
from responses import LENGTH, unsampled
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from engine import FakeEngine


FILE = {"type": "http.response.pathsend", "path": "/f"}


def sending(last: dict[str, Any], headers: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(dict(last))

    return app


@pytest.mark.parametrize("last", [FILE, {"type": "http.response.zerocopysend", "file": 3}])
def test_a_file_has_the_length_that_its_response_promised(engine: FakeEngine, last: dict[str, Any]) -> None:
    run(OpenTelemetryMiddleware(sending(last, LENGTH)))
    events = engine.request()["events"]
    assert codes(events) == [14, 1, 3, 4]
    assert (events[2], events[8]) == (20, -1)


@pytest.mark.parametrize("last", [FILE, {"type": "http.response.zerocopysend", "file": 3}])
def test_a_file_without_a_promised_length_is_of_an_unknown_one(engine: FakeEngine, last: dict[str, Any]) -> None:
    """A look at the file system may block, which the server does elsewhere."""
    run(OpenTelemetryMiddleware(sending(last, [])))
    events = engine.request()["events"]
    assert codes(events) == [1, 3, 4]
    assert events[5] == -1


@pytest.mark.parametrize(("headers", "told"), [(LENGTH, 20), ([], None)])
def test_without_a_span_a_file_has_the_length_that_its_response_promised(
    engine: FakeEngine, off: None, headers: Any, told: int | None
) -> None:
    run(OpenTelemetryMiddleware(sending(FILE, headers)))
    size = unsampled(engine)["response_bytes"]
    assert size == told or (told is None and size < 0)


@pytest.mark.parametrize(("headers", "size"), [(LENGTH, 20), ([], -(1 << 62))])
def test_in_the_upstream_profile_a_file_has_the_length_that_its_response_promised(
    engine: FakeEngine, headers: Any, size: int
) -> None:
    run(OpenTelemetryMiddleware(sending(FILE, headers), profile="upstream"))
    assert engine.upstream()["sent"] == size
