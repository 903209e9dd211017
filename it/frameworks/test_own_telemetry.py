# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Instrumentation that frameworks bring themselves: each request is recorded once, by us, and its current span is ours."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest
from asgi_call import call
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from spangard import OpenTelemetryMiddleware, _buffer, _frames
from spangard._context import CurrentSpan


pytestmark = pytest.mark.filterwarnings("ignore:.*declared using deprecated")


def has(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its package
        return False


class Theirs(SpanExporter):
    """Names of the spans that a framework's own instrumentation makes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self))

    def export(self, spans: Any) -> SpanExportResult:
        self.names += [span.name for span in spans]
        return SpanExportResult.SUCCESS


class Seen:
    """What the handlers of a test find."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def __call__(self) -> str:
        self.spans.append(trace.get_current_span())
        return "seen"

    def is_ours(self, recorder: _buffer.Recorder) -> None:
        [span] = self.spans
        assert isinstance(span, CurrentSpan)
        finished = [record for record in recorder.records if record[0] in _frames.FINISHED]
        assert [record[4] for record in finished] == [span.span_id]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[_buffer.Recorder]:
    fresh = _buffer.Recorder()
    monkeypatch.setattr(_buffer, "_recorder", fresh)
    yield fresh
    fresh.close()


if has("fastapi.telemetry"):
    from fastapi import FastAPI, WebSocket

    class OfTheUser(OpenTelemetryMiddleware):
        """Somebody's subclass."""

    def fast(seen: Seen, theirs: Theirs) -> FastAPI:
        app = FastAPI(telemetry={"tracer_provider": theirs.provider})
        app.get("/items/{item}")(lambda item: seen())

        @app.websocket("/live")
        async def live(websocket: WebSocket) -> None:
            seen()
            await websocket.accept()
            await websocket.close()

        return app

    def test_fastapi_alone_makes_spans_of_its_own() -> None:
        """Else the tests below would show nothing."""
        theirs = Theirs()
        call(fast(Seen(), theirs), "/items/1")
        assert "GET /items/{item}" in theirs.names

    def test_fastapi_wrapped(recorder: _buffer.Recorder) -> None:
        seen, theirs = Seen(), Theirs()
        call(OpenTelemetryMiddleware(fast(seen, theirs)), "/items/1")
        assert theirs.names == []
        seen.is_ours(recorder)

    @pytest.mark.parametrize("profile", ["stable", "upstream"])
    @pytest.mark.parametrize("made", [OpenTelemetryMiddleware, OfTheUser])
    def test_fastapi_with_add_middleware(recorder: _buffer.Recorder, made: Any, profile: str) -> None:
        seen, theirs = Seen(), Theirs()
        app = fast(seen, theirs)
        app.add_middleware(made, profile=profile)
        call(app, "/items/1")
        assert theirs.names == []
        seen.is_ours(recorder)

    def test_a_websocket_of_fastapi_with_add_middleware(recorder: _buffer.Recorder) -> None:
        seen, theirs = Seen(), Theirs()
        app = fast(seen, theirs)
        app.add_middleware(OpenTelemetryMiddleware)
        call(app, "/live", websocket=True)
        assert theirs.names == []
        seen.is_ours(recorder)

    @pytest.mark.parametrize("added", [True, False])
    def test_fastapi_on_an_excluded_url(recorder: _buffer.Recorder, added: bool) -> None:
        seen, theirs = Seen(), Theirs()
        app: Any = fast(seen, theirs)
        if added:
            app.add_middleware(OpenTelemetryMiddleware, excluded_urls="items")
        else:
            app = OpenTelemetryMiddleware(app, excluded_urls="items")
        assert call(app, "/items/1")[1] == 200
        assert (theirs.names, recorder.records) == ([], [])


if has("starlette.middleware.opentelemetry"):
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.opentelemetry import OpenTelemetryMiddleware as StarlettesOwn
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def star(seen: Seen, theirs: Theirs | None) -> Starlette:
        own = Middleware(StarlettesOwn, tracer_provider=theirs and theirs.provider)
        return Starlette(routes=[Route("/items/{item}", lambda request: PlainTextResponse(seen()))], middleware=[own])

    def test_starlettes_own_middleware_alone_makes_spans() -> None:
        theirs = Theirs()
        call(star(Seen(), theirs), "/items/1")
        assert theirs.names == ["GET /items/{item}"]

    @pytest.mark.parametrize("profile", ["stable", "upstream"])
    @pytest.mark.parametrize("with_sdk", [True, False])
    def test_starlettes_own_middleware(recorder: _buffer.Recorder, profile: str, with_sdk: bool) -> None:
        seen, theirs = Seen(), Theirs()
        call(OpenTelemetryMiddleware(star(seen, theirs if with_sdk else None), profile=profile), "/items/1")
        assert theirs.names == []
        seen.is_ours(recorder)

    def test_starlettes_own_middleware_on_an_excluded_url(recorder: _buffer.Recorder) -> None:
        theirs = Theirs()
        assert call(OpenTelemetryMiddleware(star(Seen(), theirs), excluded_urls="items"), "/items/1")[1] == 200
        assert (theirs.names, recorder.records) == ([], [])


if has("litestar.plugins.opentelemetry") and has("opentelemetry.instrumentation.asgi"):
    from litestar import Litestar
    from litestar import get as litestar_get
    from litestar.plugins.opentelemetry import OpenTelemetryConfig, OpenTelemetryPlugin

    def lite(seen: Seen, theirs: Theirs) -> Litestar:
        @litestar_get("/items/{item:int}")
        async def item(item: int) -> str:
            return seen()

        config = OpenTelemetryConfig(tracer_provider=theirs.provider)
        return Litestar([item], plugins=[OpenTelemetryPlugin(config)], openapi_config=None)

    def test_litestars_plugin_alone_makes_spans() -> None:
        theirs = Theirs()
        call(lite(Seen(), theirs), "/items/1")
        assert theirs.names

    @pytest.mark.parametrize("profile", ["stable", "upstream"])
    def test_litestars_plugin(recorder: _buffer.Recorder, profile: str) -> None:
        seen, theirs = Seen(), Theirs()
        call(OpenTelemetryMiddleware(lite(seen, theirs), profile=profile), "/items/1")
        assert theirs.names == []
        seen.is_ours(recorder)

    def test_litestars_plugin_on_an_excluded_url(recorder: _buffer.Recorder) -> None:
        theirs = Theirs()
        assert call(OpenTelemetryMiddleware(lite(Seen(), theirs), excluded_urls="items"), "/items/1")[1] == 200
        assert (theirs.names, recorder.records) == ([], [])
