# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What the applications of the matrix have in common: a look at the current span, and work that goes on after the response until it is let go."""

import asyncio

from opentelemetry import trace

CHUNKS = [b"one,", b"two,", b"three"]

_released = asyncio.Event()
_seen = asyncio.Queue()


def look() -> str:
    """The trace that the caller is in."""
    return f"{trace.get_current_span().get_span_context().trace_id:032x}"


async def background() -> None:
    """Goes on until a later request has come."""
    await _released.wait()
    await _seen.put(look())


async def release() -> str:
    """Lets the background work go, and gives the trace that it was in."""
    _released.set()
    return await _seen.get()


async def chunks():
    for chunk in CHUNKS:
        yield chunk
        await asyncio.sleep(0)
