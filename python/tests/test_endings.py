# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What is told of responses and WebSockets that end otherwise than by the application's last message."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asgi import Server, codes, http_scope, run, websocket_scope
from engine import UNSAMPLED_FIELDS
from spangard import OpenTelemetryMiddleware
from spangard._endings import CANCELLED, CLIENT_LEFT, EVENT_STREAM, FAILED, promised, said_by, ways_of_the_server
from spangard._messages import EVENTS_KEPT

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


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")


# --- A length that was promised ---------------------------------------------------------------------------------


def test_a_stream_that_is_ended_needs_no_look_at_its_headers(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 20, last=0)))
    assert codes(engine.request()["events"]) == [1, 2, 3, 4]


def test_a_client_that_leaves_before_the_last_message_is_told_with_the_promised_length(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 10, 10, last=0, listens=True)), None, GONE)
    events = engine.request()["events"]
    assert codes(events) == [14, 1, 2, 2, 17, 3, 4]
    assert events[2] == 20


def test_a_stream_that_nobody_ends_is_told_with_the_promised_length(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 20)))
    assert codes(engine.request()["events"]) == [14, 1, 2]


def test_a_stream_that_breaks_is_told_with_the_promised_length(engine: FakeEngine) -> None:
    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        await responding(LENGTH, 20)(scope, receive, send)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run(OpenTelemetryMiddleware(breaks))
    assert codes(engine.request()["events"]) == [14, 1, 2]


def test_parts_that_are_sent_ahead_begin_with_the_promised_length(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, *[1] * (EVENTS_KEPT // 3 + 1), last=0)))
    engine.wait(lambda: len(engine.records()) > 1)
    assert engine.records()[0][3][:3] == [14, 0.0, 20]


@pytest.mark.parametrize(
    ("sent", "left"),
    [((10,), 1), ((10, 10), 2), ((20, 5), 2), ((), 1)],
)
def test_without_a_span_it_is_told_whether_all_that_was_promised_had_been_sent(
    engine: FakeEngine, off: None, sent: tuple[int, ...], left: int
) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, *sent, last=0, listens=True)), None, GONE)
    record = unsampled(engine)
    assert record["left"][1] == left
    assert record["start"] <= record["left"][0] <= record["end"]


def test_without_a_span_a_stream_that_nobody_ends_is_whole_when_the_application_is_done(
    engine: FakeEngine, off: None
) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 20)))
    record = unsampled(engine)
    assert record["left"] == (record["end"], 2)


def test_without_a_span_a_client_that_leaves_before_the_response_left_before_it(engine: FakeEngine, off: None) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await responding([], last=5)(scope, receive, send)

    run(OpenTelemetryMiddleware(app), None, GONE)
    assert unsampled(engine)["left"][1] == 0


def test_without_a_span_a_client_that_leaves_after_the_response_did_not_leave(engine: FakeEngine, off: None) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await responding(LENGTH, last=20)(scope, receive, send)
        await receive()

    run(OpenTelemetryMiddleware(app), None, GONE)
    assert unsampled(engine)["left"] is None


def test_without_single_messages_a_whole_response_ends_when_its_client_leaves(engine: FakeEngine) -> None:
    app = OpenTelemetryMiddleware(responding(LENGTH, 20, last=0, listens=True), exclude_spans=SUMS)
    run(app, None, GONE)
    assert codes(engine.request()["events"]) == [1, 3, 4]


class Odd:
    def __iter__(self) -> Any:
        raise ValueError


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        (LENGTH, 20),
        (((b"Content-Length", b"20"),), 20),
        ([[b"CONTENT-LENGTH", b"20"], [b"content-length", b"20"]], 20),
        ([(b"content-type", b"text/plain"), (b"content-length", b"0")], 0),
        ([(b"content-length", b"20"), (b"content-length", b"21")], None),
        ([(b"content-length", b"20, 20")], None),
        ([(b"content-length", b"+20")], None),
        ([(b"content-length", b" 20")], None),
        ([(b"content-length", b"9" * 19)], None),
        ([(b"content-length", b"")], None),
        ([(b"content-length", b"20"), (b"transfer-encoding", b"chunked")], None),
        ([("content-length", "20")], None),
        ([(b"content-length", 20)], None),
        ([None, (), (b"x",), (b"content-length", b"20", b""), Odd(), 7], None),
        (iter(LENGTH), None),
        (dict(LENGTH), None),
        (Odd(), None),
        (None, None),
        (EVENTS, EVENT_STREAM),
        ([(b"Content-Type", b"TEXT/EVENT-STREAM"), (b"content-length", b"20")], EVENT_STREAM),
        ([(b"content-type", b"text/plain")], None),
    ],
)
def test_a_length_is_promised_by_a_header_that_servers_take_for_one(headers: Any, length: int | None) -> None:
    assert promised({"type": "http.response.start", "status": 200, "headers": headers}) == length


def test_a_length_before_trailers_promises_nothing() -> None:
    assert promised({"headers": LENGTH, "trailers": True}) is None


@pytest.mark.parametrize("start", [None, {}, Odd(), 5])
def test_a_response_that_has_not_begun_promises_nothing(start: Any) -> None:
    assert promised(start) is None


# --- Event streams ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bodies", [(), (5,)])
def test_an_event_stream_that_its_client_leaves_is_told_as_one(engine: FakeEngine, bodies: tuple[int, ...]) -> None:
    run(OpenTelemetryMiddleware(responding(EVENTS, *bodies, listens=True)), None, GONE)
    events = engine.request()["events"]
    assert codes(events) == [14, 1, *[2] * len(bodies), 17]
    assert events[2] == EVENT_STREAM


def test_an_event_stream_that_is_cancelled_is_told_as_one(engine: FakeEngine) -> None:
    async def cancelled(scope: Any, receive: Any, send: Any) -> None:
        await responding(EVENTS)(scope, receive, send)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(OpenTelemetryMiddleware(cancelled))
    record = engine.request()
    assert codes(record["events"]) == [14, 1]
    assert record["failure"][3] == CANCELLED


def test_without_a_span_an_event_stream_that_its_client_leaves_is_told_as_one(engine: FakeEngine, off: None) -> None:
    run(OpenTelemetryMiddleware(responding(EVENTS, 5, listens=True)), None, GONE)
    record = unsampled(engine)
    assert record["left"][0] > 0
    assert record["left"][1] == 3


def test_without_a_span_an_event_stream_that_is_cancelled_is_told_as_one(engine: FakeEngine, off: None) -> None:
    async def cancelled(scope: Any, receive: Any, send: Any) -> None:
        await responding(EVENTS, 5)(scope, receive, send)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(OpenTelemetryMiddleware(cancelled))
    record = unsampled(engine)
    assert record["left"] == (0.0, 3)
    assert record["failure"] == ("asyncio.exceptions.CancelledError", CANCELLED)


def test_without_single_messages_an_event_stream_that_its_client_leaves_is_told_as_one(engine: FakeEngine) -> None:
    app = OpenTelemetryMiddleware(responding(EVENTS, 5, listens=True), exclude_spans=SUMS)
    run(app, None, GONE)
    assert codes(engine.request()["events"]) == [1, 14, 2, 17]


# --- Files ------------------------------------------------------------------------------------------------------

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


# --- What is raised ---------------------------------------------------------------------------------------------


def kind(name: str, module: str, base: type = Exception) -> Any:
    return type(name, (base,), {"__module__": module})


DISCONNECT = kind("WebSocketDisconnect", "starlette.websockets")


def group(*exceptions: BaseException) -> BaseException:
    """As Python 3.11's and the package exceptiongroup's, on every version."""
    error: Any = kind("BaseExceptionGroup", "builtins")()
    error.exceptions = exceptions
    return error  # type: ignore[no-any-return]


MANY = group(*[asyncio.CancelledError()] * 100)
DEEP: BaseException = asyncio.CancelledError()
for _ in range(100):
    DEEP = group(DEEP)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError(), FAILED),
        (OSError(), FAILED),
        (asyncio.CancelledError(), CANCELLED),
        (GeneratorExit(), CANCELLED),
        (kind("Mine", "shop", asyncio.CancelledError)(), CANCELLED),
        (kind("Cancelled", "trio")(), CANCELLED),
        (DISCONNECT(), CLIENT_LEFT),
        (kind("Mine", "shop", DISCONNECT)(), CLIENT_LEFT),
        (kind("ClientDisconnect", "starlette.requests")(), CLIENT_LEFT),
        (kind("WebSocketDisconnect", "litestar.exceptions.websocket_exceptions")(), CLIENT_LEFT),
        (kind("WebSocketDisconnected", "falcon.errors")(), CLIENT_LEFT),
        (kind("ClientDisconnected", "uvicorn.protocols.utils", OSError)(), CLIENT_LEFT),
        (kind("WebSocketDisconnect", "shop.sockets")(), FAILED),
        (kind("WebSocketDisconnected", "starlette.websockets")(), FAILED),
        (group(asyncio.CancelledError(), DISCONNECT()), CANCELLED),
        (group(DISCONNECT(), group(DISCONNECT())), CLIENT_LEFT),
        (group(DISCONNECT(), ValueError()), FAILED),
        (group(), FAILED),
        (MANY, FAILED),
        (DEEP, FAILED),
    ],
)
def test_an_exception_says_what_its_class_says(error: BaseException, says: int) -> None:
    assert said_by(error) == says


def test_a_websocket_that_is_not_heard_is_told_what_the_exception_says_of_its_end(engine: FakeEngine) -> None:
    gone = DISCONNECT()
    gone.code = 1001

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        raise gone

    with pytest.raises(DISCONNECT):
        run(OpenTelemetryMiddleware(app, exclude_spans=SUMS), websocket_scope())
    record = engine.request()
    assert record["events"][3:] == [21, 0.0, 0.0, 1001]
    assert record["failure"][3] == CLIENT_LEFT


# --- Servers and WebSockets -------------------------------------------------------------------------------------


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


# --- The upstream profile ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers", "bodies", "left"),
    [
        ("GET", LENGTH, (20,), 0),
        ("GET", LENGTH, (10,), 2),
        ("GET", [], (20,), 2),
        ("HEAD", [], (), 0),
    ],
)
def test_in_the_upstream_profile_a_client_that_had_everything_did_not_leave(
    engine: FakeEngine, method: str, headers: Any, bodies: tuple[int, ...], left: int
) -> None:
    app = OpenTelemetryMiddleware(responding(headers, *bodies, listens=True), profile="upstream")
    run(app, http_scope(method=method), GONE)
    assert engine.upstream()["outcome"] == left


@pytest.mark.parametrize(("headers", "size"), [(LENGTH, 20), ([], -(1 << 62))])
def test_in_the_upstream_profile_a_file_has_the_length_that_its_response_promised(
    engine: FakeEngine, headers: Any, size: int
) -> None:
    run(OpenTelemetryMiddleware(sending(FILE, headers), profile="upstream"))
    assert engine.upstream()["sent"] == size


def test_in_the_upstream_profile_a_close_that_the_server_does_not_tell_is_no_loss(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANGARD_PROFILE", "upstream")
    connected(listens, "hypercorn.protocol", {"type": "websocket.disconnect", "code": 1006})
    assert engine.upstream()["outcome"] == 0
