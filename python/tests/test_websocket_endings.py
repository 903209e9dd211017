# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What is told of the end of a WebSocket, as far as its server tells it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asgi import Server, codes, websocket_scope
from responses import Odd
from spangard import OpenTelemetryMiddleware
from spangard._endings import ways_of_the_server

if TYPE_CHECKING:
    from engine import FakeEngine


def server_of(module: str, *incoming: dict[str, Any]) -> Server:
    made: type[Server] = type("Protocol", (Server,), {"__module__": module})
    return made(*incoming)


def connected(app: Any, module: str, *incoming: dict[str, Any]) -> Any:
    """The middleware around ``app``, called with a WebSocket by a server whose code is in that module."""
    recorded: Any = OpenTelemetryMiddleware(app)
    server = server_of(module, {"type": "websocket.connect"}, *incoming)

    async def connection() -> None:
        try:
            await recorded(websocket_scope(), server.receive, server.send)
        except RuntimeError:
            pass
        finally:
            recorded.recorder.flush()

    asyncio.run(connection())


async def listens(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize(
    ("module", "code", "told"),
    [
        ("uvicorn.protocols.websockets.websockets_impl", 1006, 1006),
        ("granian._granian", 1006, 1006),
        ("hypercorn.protocol.ws_stream", 1006, 0),
        ("hypercorn.protocol.ws_stream", 1000, 1000),
        ("daphne.server", 1006, 1006),
        ("gunicorn.asgi.websocket", 1006, 1006),
        ("gunicorn.asgi.websocket", 4001, 4001),
        ("somebody.else", 1006, 1006),
    ],
)
def test_a_close_is_told_as_far_as_the_server_tells_it(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, module: str, code: int, told: int, sampler: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    connected(listens, module, {"type": "websocket.disconnect", "code": code})
    engine.wait(engine.records)
    events = engine.records()[0][23 if sampler == "always_on" else 7]
    assert events[events.index(21) + 3] == told


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_a_close_is_told_as_far_as_the_server_tells_it_whatever_is_sent_behind_it(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    async def goes_on(scope: Any, receive: Any, send: Any) -> None:
        await listens(scope, receive, send)
        await send({"type": "websocket.close", "code": 1006})

    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    connected(goes_on, "hypercorn.protocol", {"type": "websocket.disconnect", "code": 1006})
    engine.wait(engine.records)
    events = engine.records()[0][23 if sampler == "always_on" else 7]
    assert events[events.index(21) + 3] == 0
    assert events[events.index(8) + 2] == 1006


async def only_listens(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await receive()


async def accepts_late(scope: Any, receive: Any, send: Any) -> None:
    await only_listens(scope, receive, send)
    await send({"type": "websocket.accept"})


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize("app", [only_listens, accepts_late])
def test_a_close_before_the_answer_is_told_as_far_as_the_server_tells_it(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, app: Any
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    connected(app, "hypercorn.protocol", {"type": "websocket.disconnect", "code": 1006})
    engine.wait(engine.records)
    events = engine.records()[0][23 if sampler == "always_on" else 7]
    assert events[events.index(21) + 3] == 0


async def answers_as_http(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})


async def denies(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.http.response.start", "status": 429, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})


async def raises(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    raise RuntimeError


async def returns(scope: Any, receive: Any, send: Any) -> None:
    await receive()


async def closes(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})


UVICORN, HYPERCORN, GRANIAN = "uvicorn.protocols.websockets.wsproto_impl", "hypercorn.protocol", "granian._granian"
GUNICORN, DAPHNE, OTHER = "gunicorn.asgi.websocket", "daphne.server", "somebody.else"


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize(
    ("app", "module", "answer"),
    [
        *((answers_as_http, server, [13, 500]) for server in (UVICORN, HYPERCORN, OTHER)),
        (answers_as_http, GUNICORN, [13, 403]),
        (answers_as_http, DAPHNE, [13, 0]),
        (answers_as_http, GRANIAN, [9, 404]),
        *((denies, server, [9, 429]) for server in (UVICORN, HYPERCORN, GRANIAN, OTHER)),
        (denies, GUNICORN, [13, 403]),
        (denies, DAPHNE, [13, 0]),
        *((raises, server, [13, 500]) for server in (UVICORN, HYPERCORN, GUNICORN, DAPHNE, OTHER)),
        (raises, GRANIAN, [13, 403]),
        *((returns, server, [13, 500]) for server in (UVICORN, HYPERCORN, OTHER)),
        *((returns, server, [13, 403]) for server in (GUNICORN, GRANIAN)),
        (returns, DAPHNE, [13, 0]),
        *((closes, server, [8, 1000]) for server in (UVICORN, HYPERCORN, GUNICORN, DAPHNE, GRANIAN, OTHER)),
    ],
)
def test_a_websocket_that_was_not_accepted_is_told_with_what_the_server_answered(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, app: Any, module: str, answer: list[int], sampler: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    connected(app, module)
    engine.wait(engine.records)
    record = engine.records()[0]
    events = record[23 if sampler == "always_on" else 7]
    if events[0] == 18:
        events = events[4:]
    assert [events[0], events[2]] == answer
    if sampler == "always_on":
        assert record[20] == (answer[1] if answer[0] == 9 else None)
    bodies = [at for at in range(3, len(events), 3) if events[at] in (2, 3, 10)]
    assert len(bodies) == (answer[0] == 9), "a body that goes nowhere is none"


def test_a_websocket_whose_client_left_before_it_was_answered_was_not_answered(engine: FakeEngine) -> None:
    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await receive()
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        connected(waits, UVICORN, {"type": "websocket.disconnect", "code": 1006})
    assert codes(engine.request()["events"]) == [18, 21]


def test_a_server_whose_callables_were_wrapped_is_the_one_that_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] in ("uvicorn", "hypercorn", "granian")]:
        monkeypatch.delitem(sys.modules, module)

    async def send(message: Any) -> None: ...

    assert ways_of_the_server(send).tells_closes
    monkeypatch.setitem(sys.modules, "hypercorn.app_wrappers", sys)
    assert not ways_of_the_server(send).tells_closes
    monkeypatch.setitem(sys.modules, "uvicorn.protocols.http.flow_control", sys)
    assert ways_of_the_server(send).tells_closes, "who has both serves by the one that was set up to serve"


@pytest.mark.parametrize("send", [None, 5, Odd(), type("Slotted", (), {"__module__": 5})()])
def test_a_server_of_any_kind_has_ways(send: Any) -> None:
    assert ways_of_the_server(send).raised in (403, 500)


def test_in_the_upstream_profile_a_close_that_the_server_does_not_tell_is_no_loss(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANGARD_PROFILE", "upstream")
    connected(listens, "hypercorn.protocol", {"type": "websocket.disconnect", "code": 1006})
    assert engine.upstream()["outcome"] == 0
