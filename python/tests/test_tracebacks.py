# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What users see of us in the tracebacks of their errors: one line at most, none where Python lets us go."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

import pytest

import spangard
from asgi import http_scope, websocket_scope
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from spangard._buffer import Recorder

PACKAGE = os.path.dirname(spangard.__file__) + os.sep
LEAVES = sys.version_info >= (3, 11)
"""Whether `raise` raises what the exception has as its traceback now."""


async def fails(*_: Any) -> Any:
    raise ValueError("its own")


async def reads(scope: Any, receive: Any, send: Any) -> None:
    await receive()


async def sends(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for more in (True, True, False):
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": more})


async def starts(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "lifespan.startup.complete"})


async def takes(message: Any = None) -> dict[str, Any]:
    return {"type": "http.request"}


async def breaks_late(message: Any) -> None:
    if not message.get("more_body", True):
        raise ValueError("its own")


LIFESPAN = {"type": "lifespan"}
CASES = {
    "the application": (fails, http_scope(), takes, takes, 0),
    "a WebSocket's application": (fails, websocket_scope(), takes, takes, 0),
    "a lifespan": (fails, LIFESPAN, takes, takes, 1),
    "the server's receive": (reads, http_scope(), fails, takes, 1),
    "the server's send": (sends, http_scope(), takes, breaks_late, 1),
    "the server's send in a lifespan": (starts, LIFESPAN, takes, fails, 1),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_our_lines_are_not_in_the_traceback_of_an_error(
    case: str, sampler: str, profile: str, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    app, scope, receive, send, most = CASES[case]
    middleware: Any = OpenTelemetryMiddleware(app, profile=profile)
    with pytest.raises(ValueError, match="its own") as caught:
        asyncio.run(middleware(dict(scope), receive, send))
    frames = traceback.extract_tb(caught.value.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(PACKAGE)]
    assert len(ours) <= most + (0 if LEAVES else 1), [f"{frame.filename}:{frame.name}" for frame in ours]
    assert frames[-1].name in ("fails", "breaks_late"), "where it was raised is there"
    assert frames[0].name == "test_our_lines_are_not_in_the_traceback_of_an_error"


def test_an_application_that_cannot_be_called_fails_where_it_is_called(recorder: Recorder) -> None:
    middleware: Any = OpenTelemetryMiddleware(None)
    with pytest.raises(TypeError) as caught:
        asyncio.run(middleware(http_scope(), takes, takes))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "__call__"
