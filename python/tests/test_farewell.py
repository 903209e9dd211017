# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The end of a process or of a server in good order: what is told then, to whom, and how long that may take."""

from __future__ import annotations

import asyncio
import socket
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

import child
from asgi import http_scope, websocket_scope
from engine import FakeEngine
from spangard import OpenTelemetryMiddleware, _engine, _farewell, _instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spangard._buffer import Recorder


class Time:
    """The clock and the sleep of ``_farewell``; waiting costs no time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(_farewell, "perf_counter", lambda: self.now)
        monkeypatch.setattr(_farewell, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds or 1e-6


class Starts:
    """In place of ``_engine.bring``: an engine that listens from the ``after``-th call on, or never."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        self.calls = 0
        self.after: int | None = None
        self.possible = True
        self.engine: FakeEngine | None = None
        self._path = path
        monkeypatch.setattr(_engine, "bring", self)

    def __call__(self, patience_s: float = 0.0) -> bool:
        self.calls += 1
        if self.calls == self.after:
            self.engine = FakeEngine(str(self._path / "engine.sock"))
        return self.possible


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recorder: Recorder) -> Iterator[Starts]:
    starts = Starts(monkeypatch, tmp_path)
    yield starts
    if starts.engine is not None:
        recorder.close()
        starts.engine.stop()


def put(recorder: Recorder, count: int) -> None:
    recorder.records.extend((1, number) for number in range(count))


def requests(engine: FakeEngine) -> int:
    return sum(record[0] in (1, 2, 3, 4, 9, 10) for record in engine.records())


def test_an_engine_that_is_only_starting_gets_what_waits(recorder: Recorder, time: Time, starts: Starts) -> None:
    put(recorder, 300)
    starts.after = 4
    recorder.close()
    engine = starts.engine
    assert engine is not None
    engine.wait(lambda: engine.goodbyes)
    assert requests(engine) == 300
    assert engine.goodbyes[0][1:3] == (300, 0)
    assert 1000.0 < time.now < 1000.0 + _farewell.EXIT_WAIT_S


def test_waits_no_longer_than_is_said_and_says_how_many_are_lost(
    recorder: Recorder, time: Time, starts: Starts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPANGARD_EXIT_WAIT", "2.5")
    put(recorder, 7)
    recorder.close()
    assert time.now == pytest.approx(1002.5)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("spangard: 7 requests are not recorded: no engine answers at ")
    assert "SPANGARD_EXIT_WAIT" in line


def test_waits_once_however_many_servers_end_in_the_process(recorder: Recorder, time: Time, starts: Starts) -> None:
    put(recorder, 1)
    for _ in range(10):
        recorder.drain()
    recorder.close()
    assert time.now == pytest.approx(1000.0 + _farewell.EXIT_WAIT_S)


@pytest.mark.parametrize("seconds", ["-1", "soon", "nan", "inf", "1e9"])
def test_a_wait_that_is_no_number_of_seconds_is_a_warning(
    seconds: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPANGARD_EXIT_WAIT", seconds)
    assert _farewell.exit_wait() == _farewell.EXIT_WAIT_S
    assert "SPANGARD_EXIT_WAIT" in caplog.text


@pytest.mark.parametrize("seconds", ["0", " 0.5 ", "3600"])
def test_a_wait_is_a_number_of_seconds(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_EXIT_WAIT", seconds)
    assert _farewell.exit_wait() == float(seconds)


def test_who_has_nothing_to_tell_starts_no_engine_and_does_not_wait(
    recorder: Recorder, time: Time, starts: Starts
) -> None:
    recorder.drain()
    recorder.close()
    assert (time.now, starts.calls) == (1000.0, 0)


def test_does_not_wait_where_no_engine_can_come(
    recorder: Recorder, time: Time, starts: Starts, caplog: pytest.LogCaptureFixture
) -> None:
    starts.possible = False
    put(recorder, 3)
    recorder.close()
    assert time.now == 1000.0
    assert "3 requests are not recorded" in caplog.text


def test_says_nothing_more_where_it_has_been_said_that_nothing_is_recorded(
    recorder: Recorder, time: Time, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("SPANGARD_ENGINE")
    monkeypatch.setattr(_engine, "_hopeless", True)
    put(recorder, 3)
    recorder.close()
    assert time.now == 1000.0
    assert not caplog.records


def test_does_not_wait_for_an_engine_that_refuses(
    engine: FakeEngine, recorder: Recorder, time: Time, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANGARD_ENGINE_UID", "nobody")  # no number: nobody is trusted
    put(recorder, 1)
    recorder.close()
    assert (time.now, starts.calls) == (1000.0, 0)


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
    assert engine.goodbyes[0][3] > 1_700_000_000_000_000_000


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

def serve(app):
    app = app or OpenTelemetryMiddleware(hello)
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


WAYS = (["exit"], ["bare fork"], ["fork"], ["fork", "made before"], ["spawn"], ["forkserver"])


@pytest.mark.parametrize("kind", WAYS, ids=" ".join)
def test_a_process_delivers_as_it_ends_however_it_was_made(kind: list[str], engine: FakeEngine, tmp_path: Path) -> None:
    script = tmp_path / "ends.py"
    script.write_text(ENDS)
    done = child.run("-W", "ignore::DeprecationWarning", script, str(child.SOURCES.parent / "tests"), *kind)
    assert (done.returncode, done.stderr) == (0, "")
    engine.wait(lambda: engine.goodbyes)
    assert requests(engine) == 1
    assert engine.goodbyes[0][1:3] == (1, 0)


def test_an_engine_whose_queue_of_connections_is_full_is_waited_for(
    recorder: Recorder, time: Time, starts: Starts, tmp_path: Path
) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "engine.sock"))
    listener.listen(0)
    waiting = []
    try:
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            try:
                waiting[-1].connect(str(tmp_path / "engine.sock"))
            except BlockingIOError:
                break
        starts.possible = False
        recorder.records.append((3, *[None] * 14))
        looks = _farewell._waits(recorder)
        for _ in range(3):
            next(looks)
        assert recorder.link.is_busy
        assert starts.calls == 0, "it is there"
        for _ in waiting[:-1]:
            listener.accept()[0].close()
        assert list(looks) == []
        assert not recorder.records
    finally:
        for connection in [*waiting, listener]:
            connection.close()


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

    for module, name in ((_instance, "_root"), (_farewell, "watch_uvicorn"), (_farewell, "before_shutdown")):
        with monkeypatch.context() as broken:
            broken.setattr(module, name, forbidden)
            asyncio.run(OpenTelemetryMiddleware(app)({"type": "lifespan"}, receive, send))
    assert seen == ["lifespan.startup", "lifespan.startup.complete"] * 3
