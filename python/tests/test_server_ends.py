# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The ends of servers, lifespans and processes, each of its own kind: what waits is delivered."""

from __future__ import annotations

import asyncio
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

import child
from engine import FakeEngine
from farewells import Starts, Time, put, requests
from spangard import OpenTelemetryMiddleware, _farewell, _instance

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


LIFESPAN = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    for _ in range(2):
        message = await receive()
        await send({"type": message["type"] + ".complete"})


def test_what_waits_is_delivered_before_the_server_hears_of_the_end(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvicorn is killed by the signal that it was sent as soon as the lifespan is over."""
    told: list[tuple[str, int]] = []
    incoming = iter(LIFESPAN)

    async def receive() -> Any:
        message = next(incoming)
        if message["type"] == "lifespan.shutdown":
            put(recorder, 5)
        return message

    async def send(message: Any) -> None:
        told.append((message["type"], len(recorder.records)))

    app: Any = OpenTelemetryMiddleware(lifespan)
    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert told == [("lifespan.startup.complete", 0), ("lifespan.shutdown.complete", 0)]
    engine.wait(lambda: requests(engine) == 5)


def test_an_event_loop_runs_on_while_an_engine_starts(recorder: Recorder, starts: Starts) -> None:
    put(recorder, 1)
    turns = 0

    async def main() -> None:
        nonlocal turns
        delivered = asyncio.ensure_future(_farewell.settled(recorder))
        while not delivered.done():
            turns += 1
            if turns == 10:
                starts.after = starts.calls + 1
            await asyncio.sleep(0)

    asyncio.run(main())
    assert turns > 10
    assert not recorder.records


def test_a_uvicorn_that_ends_delivers_without_a_lifespan(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Server:
        async def shutdown(self, sockets: Any = None) -> str:
            "Shuts down."
            return f"shut {sockets}"

    uvicorn = types.ModuleType("uvicorn.server")
    uvicorn.Server = Server  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "uvicorn.server", uvicorn)
    _farewell.watch_uvicorn(recorder)
    once = Server.shutdown
    _farewell.watch_uvicorn(recorder)
    assert Server.shutdown is once
    put(recorder, 5)
    assert asyncio.run(Server().shutdown([1])) == "shut [1]"
    engine.wait(lambda: requests(engine) == 5)


ENDS = """
import asyncio, multiprocessing, os, sys
sys.path.insert(0, sys.argv[1])
from asgi import hello, http_scope
from spangard import OpenTelemetryMiddleware

async def send(message): ...

AT_IMPORT = OpenTelemetryMiddleware(hello) if "at import" in sys.argv else None

def serve(app):
    app = app or AT_IMPORT or OpenTelemetryMiddleware(hello)
    app.recorder.live[1] = (7, 0.0, 1, "GET", "http", None)
    asyncio.run(app(http_scope(), None, send))  # its record waits, as another request runs
    del app.recorder.live[1]

if __name__ == "__main__":
    if sys.argv[2] == "exit":
        serve(None)
    elif sys.argv[2] == "bare fork":
        app = OpenTelemetryMiddleware(hello)
        if not os.fork():
            serve(app)
            sys.exit()
        os.wait()
    else:
        app = OpenTelemetryMiddleware(hello) if "made before" in sys.argv else None
        child = multiprocessing.get_context(sys.argv[2]).Process(target=serve, args=(app,))
        child.start()
        child.join()
        sys.exit(child.exitcode)
"""


METHODS = ("fork", "spawn", "forkserver")
WAYS = (
    *(["exit"], ["bare fork"], ["fork", "made before"]),
    *([method] for method in METHODS),
    *([method, "at import"] for method in METHODS),
)


@pytest.mark.parametrize("kind", WAYS, ids=" ".join)
def test_a_process_delivers_as_it_ends_however_it_was_made(kind: list[str], engine: FakeEngine, tmp_path: Path) -> None:
    script = tmp_path / "ends.py"
    script.write_text(ENDS)
    done = child.run("-W", "ignore::DeprecationWarning", script, str(child.SOURCES.parent / "tests"), *kind)
    assert (done.returncode, done.stderr) == (0, "")
    engine.wait(lambda: engine.goodbyes)
    assert requests(engine) == 1
    assert engine.goodbyes[0][1:3] == (1, 0)


def test_an_application_without_a_lifespan_is_not_held_up_as_it_starts(
    engine: FakeEngine, recorder: Recorder, time: Time, starts: Starts
) -> None:
    """Its engine is slow to say that the process is welcome: as under SIGSTOP."""

    async def lifeless(scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError(scope["type"])

    engine.answer = None
    put(recorder, 1)
    app = OpenTelemetryMiddleware(lifeless)
    call: Any = app
    with pytest.raises(NotImplementedError):
        asyncio.run(call({"type": "lifespan"}, None, None))
    assert time.now == 1000.0


def test_the_application_starts_whatever_is_wrong_with_the_recorder(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test's tool that forbids reading files in an event loop raises an exception of its own."""

    def forbidden(*_: object) -> None:
        raise RuntimeError("blocking call")

    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((await receive())["type"])
        await send({"type": "lifespan.startup.complete"})

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        seen.append(message["type"])

    for module, name in ((_instance, "_root"), (_farewell, "watch_uvicorn"), (_farewell, "Lifespan")):
        with monkeypatch.context() as broken:
            broken.setattr(module, name, forbidden)
            asyncio.run(OpenTelemetryMiddleware(app)({"type": "lifespan"}, receive, send))
    assert seen == ["lifespan.startup", "lifespan.startup.complete"] * 3
