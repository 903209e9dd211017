# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from spangard import OpenTelemetryMiddleware
from spangard.attach import servers


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serves nothing."""


class ASGIWorker:
    def load_wsgi(self) -> None:
        self.asgi: Any = app


class ASGIWrapper:
    def __init__(self, app: Any) -> None:
        self.app = app


class Server:
    def __init__(self, application: Any, endpoints: Any = None) -> None:
        self.application = application


def patched(name: str, server: type[Any]) -> type[Any]:
    module = ModuleType(name)
    copy = type(server.__name__, (), dict(vars(server)))
    setattr(module, server.__name__, copy)
    servers.patch(module)
    return copy


def test_gunicorns_own_worker_has_its_application_wrapped() -> None:
    worker = patched("gunicorn.workers.gasgi", ASGIWorker)()
    worker.load_wsgi()
    assert isinstance(worker.asgi, OpenTelemetryMiddleware)
    assert worker.asgi.app is app


def test_hypercorns_wrapper_has_its_application_wrapped() -> None:
    wrapper = patched("hypercorn.app_wrappers", ASGIWrapper)(app)
    assert isinstance(wrapper.app, OpenTelemetryMiddleware)


def test_daphnes_server_has_its_application_wrapped() -> None:
    server = patched("daphne.server", Server)(application=app, endpoints=[])
    assert isinstance(server.application, OpenTelemetryMiddleware)


def test_granian_has_what_calls_the_application_and_its_lifespan_wrapped() -> None:
    module: Any = ModuleType("granian.asgi")

    class LifespanProtocol:
        def __init__(self, callable: Any) -> None:  # noqa: A002 - granian's
            self.callable = callable

    module._callback_wrapper = lambda callback, scope_opts, state, access_log_fmt=None: (callback, scope_opts, state)
    module.LifespanProtocol = LifespanProtocol
    servers.patch(module)
    callback, *others = module._callback_wrapper(app, {"url_path_prefix": None}, {})
    assert isinstance(callback, OpenTelemetryMiddleware)
    assert others == [{"url_path_prefix": None}, {}]
    assert isinstance(module.LifespanProtocol(app).callable, OpenTelemetryMiddleware)


def test_what_is_wrapped_is_not_wrapped_again() -> None:
    once = servers.wrap(app)
    assert servers.wrap(once) is once


def test_exception_of_the_server_passes() -> None:
    server = patched("daphne.server", Server)
    with pytest.raises(TypeError):
        server()


def test_application_that_cannot_be_wrapped_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Any:
        raise RuntimeError("no")

    monkeypatch.setattr(servers, "_recorder", fail)
    assert servers.wrap(app) is app
    assert capsys.readouterr().err == "spangard: the application is not recorded: RuntimeError('no')\n"
