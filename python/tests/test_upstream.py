# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The `upstream` profile: what is decided in the application's process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run, websocket_scope
from engine import UPSTREAM_FIELDS
from spangard import OpenTelemetryMiddleware
from spangard.upstream.middleware import Upstream
from upstream import BODY, codes, echo, upstream

if TYPE_CHECKING:
    from engine import FakeEngine


def test_a_request_is_one_record_with_a_child_per_message(engine: FakeEngine) -> None:
    run(upstream(echo), None, dict(BODY))
    record = engine.upstream()
    assert record["kind"] == 12
    assert record["flags"] == 1
    assert (record["method"], record["path"], record["query"]) == ("GET", "/items/42", b"q=1")
    assert (record["server"], record["client"]) == (("127.0.0.1", 8000), ("192.0.2.7", 50123))
    assert (record["host"], record["server_name"]) == (b"shop.example:8443",) * 2
    assert (record["status"], record["received"], record["sent"]) == (200, 5, 5)
    assert codes(record) == [16, 1, 2]
    assert record["start"] < record["ended"] <= record["end"]


def test_the_profile_comes_from_the_environment_too(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_PROFILE", "upstream")
    app = OpenTelemetryMiddleware(hello)
    assert isinstance(app, Upstream)
    monkeypatch.setenv("SPANGARD_PROFILE", "stable")
    assert type(OpenTelemetryMiddleware(hello)) is OpenTelemetryMiddleware


def test_a_subclass_keeps_its_own_methods(engine: FakeEngine) -> None:
    class Mine(OpenTelemetryMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            return await super().__call__({**scope, "path": "/mine"}, receive, send)

    app = Mine(hello, profile="upstream")
    assert isinstance(app, Mine)
    run(app)
    assert engine.upstream()["path"] == "/mine"


def test_a_wrong_profile_is_named_in_one_line(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match="profile must be stable or upstream; got 'upsteam'"):
        OpenTelemetryMiddleware(hello, profile="upsteam")
    monkeypatch.setenv("SPANGARD_PROFILE", "upsteam")
    assert type(OpenTelemetryMiddleware(hello)) is OpenTelemetryMiddleware
    assert "SPANGARD_PROFILE='upsteam' is neither stable nor upstream; using stable" in caplog.text


def test_a_websocket_has_200_once_a_message_was_sent(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "a"})
        await receive()

    run(upstream(app), websocket_scope(), {"type": "websocket.connect"}, {"type": "websocket.disconnect"})
    record = engine.upstream()
    assert record["kind"] == 13
    assert record["status"] == 200
    assert record["ended"] == 0.0
    assert codes(record) == [18, 5, 6, 21]


def test_an_unsampled_request_is_told_without_its_messages(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run(upstream(echo), None, dict(BODY))
    record = engine.upstream()
    assert record["flags"] == 0
    assert record["children"] is None
    assert (record["status"], record["sent"]) == (200, 5)


def test_many_messages_are_sent_ahead(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for _ in range(300):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body"})

    run(upstream(app))
    record = engine.upstream()
    ahead = [r for r in engine.records() if r[0] == 16]
    assert [len(r[9]) // 4 for r in ahead] == [129, 129]
    assert {r[1:5] for r in ahead} == {(record["trace"], record["span_id"], b"", None)}
    assert ahead[0][5:9] == (0, None, "GET", "/items/42")
    assert len(codes(record)) == 302 - 2 * 129


def test_headers_are_captured_and_an_iterator_of_them_reaches_the_server(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert list(scope["headers"]) == [(b"X-A", b"1"), (b"x-b", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": iter([(b"x-c", b"3")])})
        await send({"type": "http.response.body"})

    app_ = upstream(app, http_capture_headers_server_request=["x-a"], http_capture_headers_server_response=["x-.*"])
    server = run(app_, http_scope(headers=iter([(b"X-A", b"1"), (b"x-b", b"2")])))
    record = engine.upstream()
    assert record["request_headers"] == [b"X-A", b"1"]
    assert record["response_headers"] == [b"x-c", b"3"]
    assert server.sent[0]["headers"] == [(b"x-c", b"3")]


@pytest.mark.parametrize(
    "odd",
    [
        {"headers": [(b"user-agent", b"\xff\\x")]},
        {"headers": [("host", "text")]},
        {"headers": [(b"host",), 7]},
        {"query_string": b"\xff"},
        {"client": []},
        {"server": (None, 80)},
        {"path": ...},
        {"path": 7},
        {"method": 7},
        {"scheme": object()},
    ],
)
def test_no_scope_fails_the_request(engine: FakeEngine, odd: dict[str, Any]) -> None:
    assert len(run(upstream(hello), http_scope(**odd)).sent) == 2
    assert engine.upstream()["status"] == 200


def test_two_host_headers_are_the_server_name_and_the_first_is_the_host(engine: FakeEngine) -> None:
    run(upstream(hello), http_scope(headers=[(b"host", b"a"), (b"Host", b"b"), (b"x", b"1")]))
    record = engine.upstream()
    assert (record["host"], record["server_name"]) == (b"a", b"a,b")


def test_the_target_is_the_template_of_a_route_with_path_format(engine: FakeEngine) -> None:
    class Route:
        path_format = "/items/{item}"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["route"] = Route
        await hello(scope, receive, send)

    run(upstream(app), http_scope(root_path="/shop"))
    assert engine.upstream()["target"] == "/shop/items/{item}"


def test_fields_are_as_many_as_the_protocol_says(engine: FakeEngine) -> None:
    run(upstream(hello))
    engine.upstream()
    assert [len(r) for r in engine.records()] == [len(UPSTREAM_FIELDS)]
