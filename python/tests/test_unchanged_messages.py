# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What passes is not changed by a look at it: not a message either that makes up what it does not have."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from asgi import run
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from engine import FakeEngine


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize("excluded", [None, ["receive", "send"]])
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_a_message_with_defaults_passes_as_it_came(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, excluded: Any, profile: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    messages: list[dict[str, Any]] = [
        {"type": "http.request"},
        {"type": "http.response.start", "status": 200},
        {"type": "http.response.body", "more_body": True},
        {"type": "http.response.body"},
    ]
    passing: list[Any] = [defaultdict(bytes, message) for message in messages]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert await receive() is passing[0]
        for message in passing[1:]:
            await send(message)

    server = run(OpenTelemetryMiddleware(app, exclude_spans=excluded, profile=profile), None, passing[0])
    assert all(sent is message for sent, message in zip(server.sent, passing[1:]))
    assert passing == messages
