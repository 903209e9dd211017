# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Responses that end otherwise than by the application's last message, and the record of one that is sampled out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import UNSAMPLED_FIELDS

if TYPE_CHECKING:
    from engine import FakeEngine


SUMS = ["receive", "send"]
GONE = {"type": "http.disconnect"}
LENGTH = [(b"content-length", b"20")]
EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8")]


def responding(headers: Any, *bodies: int, last: int | None = None, listens: bool = False) -> Any:
    """An application: bodies of these sizes with more to come, then it hears what there is, then its last one."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for size in bodies:
            await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        if listens:
            await receive()
        if last is not None:
            await send({"type": "http.response.body", "body": b"x" * last})

    return app


def unsampled(engine: FakeEngine) -> dict[str, Any]:
    engine.wait(engine.records)
    return dict(zip(UNSAMPLED_FIELDS, engine.records()[0]))


class Odd:
    def __iter__(self) -> Any:
        raise ValueError
