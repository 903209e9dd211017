# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The end in good order of a process, or of a server in it: what waits is delivered, if need be to an engine that is
only starting, within a bound. Who has nothing to deliver, or no engine to hope for, does not wait.
"""

from __future__ import annotations

import functools
import os
import sys
from time import perf_counter, sleep

from . import _engine
from ._log import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol

    from ._asgi import Send
    from ._link import Link

    class Recorder(Protocol):
        """What is asked of the recorder, whose own module imports this one."""

        link: Link
        patience: float | None
        has_told_lost: bool

        def delivers(self) -> bool: ...
        def undelivered(self) -> int: ...
        def part(self) -> None: ...


EXIT_WAIT_S = 8.0
"""How long a process waits in all, over every server and test client that ends in it; else SPANGARD_EXIT_WAIT."""
MAX_EXIT_WAIT_S = 3600.0
LOOK_S = 0.02
BRING_AGAIN_S = 0.5
"""Another process may be starting an engine, and die over that. Each time it is twice as long: one that is started and
finds another running ends at once.
"""


def exit_wait(complain: Callable[[str], None] = warn) -> float:
    """SPANGARD_EXIT_WAIT in seconds; what is no such number is complained of."""
    given = os.environ.get("SPANGARD_EXIT_WAIT", "").strip()
    if not given:
        return EXIT_WAIT_S
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if 0.0 <= seconds <= MAX_EXIT_WAIT_S:
        return seconds
    complain(f"SPANGARD_EXIT_WAIT: {given[:80]!r} is no number of seconds; {EXIT_WAIT_S:g} is used")
    return EXIT_WAIT_S


def settle(recorder: Recorder) -> None:
    """Delivers what waits; blocks. For the end of a process, and where no event loop can be waited on."""
    for seconds in _waits(recorder):
        if not recorder.link.wait(seconds):
            sleep(min(seconds, LOOK_S))


def delivered_within(recorder: Recorder, seconds: float) -> bool:
    """Delivers what waits, for whoever asks for it in so many words: blocks as long as that, and no longer."""
    end = perf_counter() + seconds
    while recorder.delivers():
        left = end - perf_counter()
        if left <= 0 or recorder.link.refused:
            return False
        if not recorder.link.wait(min(left, LOOK_S)):
            sleep(min(left, LOOK_S))
    return True


async def settled(recorder: Recorder) -> None:
    """Delivers what waits; lets an event loop of asyncio go on meanwhile, and blocks any other."""
    from asyncio import _get_running_loop
    from asyncio import sleep as pause

    if _get_running_loop() is None:
        settle(recorder)
        return
    for seconds in _waits(recorder):
        await pause(seconds)


def _waits(recorder: Recorder) -> Iterator[float]:
    """Writes what can be written; seconds until the next look, as long as there is use in one."""
    if recorder.patience is None:
        recorder.patience = exit_wait()
    link = recorder.link
    began = perf_counter()
    end = began + recorder.patience
    bring_at = began
    again_s = BRING_AGAIN_S
    try:
        while recorder.delivers():
            now = perf_counter()
            if now >= end or link.refused:
                return
            if not link.connected() and not link.is_busy and now >= bring_at:
                if not _engine.bring(end - now):
                    return
                bring_at = now + again_s
                again_s *= 2
            yield max(0.0, min(end - now, LOOK_S))
    finally:
        recorder.patience = max(0.0, end - perf_counter())


class Lifespan:
    """A lifespan's ``send`` that delivers what waits before the server hears that the application has shut down."""

    def __init__(self, recorder: Recorder, send: Send) -> None:
        self._recorder = recorder
        self._send = send
        self.has_started = False
        """Whether the application has taken part; one that does not fails at once, and nothing is over."""

    def send(self, message: Any) -> Any:
        try:
            kind = message["type"]
            is_last = kind in ("lifespan.shutdown.complete", "lifespan.shutdown.failed")
            if kind == "lifespan.startup.complete":
                self.has_started = True
        except Exception:  # no message: the server's to judge
            is_last = False
        return self._send_last(message) if is_last else self._send(message)

    async def _send_last(self, message: Any) -> Any:
        try:
            await settled(self._recorder)
        except Exception:  # an end is not held up by telemetry
            pass
        return await self._send(message)


def tell_lost(recorder: Recorder) -> None:
    """Says once how many requests were not delivered, unless it has been said that, and why, none are."""
    lost = recorder.undelivered()
    link = recorder.link
    if (not lost and link.is_settled()) or recorder.has_told_lost or link.refused or _engine.has_given_up():
        return
    recorder.has_told_lost = True
    try:
        path = _engine.socket_path()
    except OSError as error:
        path = str(error)
    requests = f"{lost} {'request' if lost == 1 else 'requests'}" if lost else "the last requests"
    if link.connected():
        fate, state = "may not be recorded", "the engine does not read"
    elif lost:
        fate, state = "is not recorded" if lost == 1 else "are not recorded", "no engine answers"
    else:
        fate, state = "may not be recorded", "the engine ended before it had read them"
    warn(f"{requests} {fate}: {state} at {path}, and the process ends (SPANGARD_EXIT_WAIT)")


def watch_uvicorn(recorder: Recorder) -> None:
    """uvicorn ends its process by the signal that it was sent, behind which no exit handler runs; and not every
    application takes part in its lifespan. So its server's end is looked at, once it is loaded.
    """
    server = getattr(sys.modules.get("uvicorn.server"), "Server", None)
    shutdown = getattr(server, "shutdown", None)
    if shutdown is None or hasattr(shutdown, "_spangard"):
        return

    @functools.wraps(shutdown)
    async def settled_shutdown(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = await shutdown(self, *args, **kwargs)
        try:
            await settled(recorder)
            if getattr(self, "_captured_signals", None):
                tell_lost(recorder)
                recorder.part()
        except Exception:
            pass
        return result

    settled_shutdown._spangard = True  # type: ignore[attr-defined]
    server.shutdown = settled_shutdown  # type: ignore[union-attr]
