# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The scope of a request that an adapter has brought to a WSGI application: Flask's or Django's, mounted somewhere.

a2wsgi leaves the scope in the environ, as `asgi.scope`. Others leave nothing, so it is put there where they make it.
"""

from __future__ import annotations

import sys
from functools import wraps

from .. import _messages, _sums, _websocket
from .._notes import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any

_SCOPE = "asgi.scope"

_ADAPTERS = {
    "starlette.middleware.wsgi": "WSGIResponder",
    "uvicorn.middleware.wsgi": "WSGIResponder",
    "asgiref.wsgi": "WsgiToAsgiInstance",
}
"""Module → its class of which there is an instance for each request; others derive from these, as mlflow does."""

_watched: set[str] = set()


def watch(module: ModuleType | None = None) -> None:
    """Has the adapters that are loaded by now leave the scope; `module`, one of them, is among these."""
    for name, inside in _ADAPTERS.items():
        responder = getattr(sys.modules.get(name), inside, None)
        if name in _watched or responder is None:
            continue
        _watched.add(name)
        if name == "asgiref.wsgi":
            _leave_scope_when_made(responder)
            mark_as_coroutines()
        else:
            _leave_scope_when_called(responder)


def mark_as_coroutines() -> None:
    """For asgiref's `async_to_sync`, which warns of a `send` that is no coroutine function: ours returns the server's
    coroutine.
    """
    from asgiref.sync import markcoroutinefunction

    markcoroutinefunction(_messages.MessageRecorder.send)
    markcoroutinefunction(_sums.MessageCounter.send)
    _websocket.mark_as_coroutine = markcoroutinefunction


def _leave_scope_when_called(responder: Any) -> None:
    call = responder.wsgi

    @wraps(call)
    def wsgi(self: Any, environ: Any, start_response: Any) -> Any:
        _leave(self.scope, environ)
        return call(self, environ, start_response)

    responder.wsgi = wsgi


def _leave_scope_when_made(responder: Any) -> None:
    build = responder.build_environ

    @wraps(build)
    def build_environ(self: Any, scope: Any, body: Any) -> Any:
        environ = build(self, scope, body)
        _leave(scope, environ)
        return environ

    responder.build_environ = build_environ


def _leave(scope: Any, environ: Any) -> None:
    try:
        if MARK in scope:
            environ.setdefault(_SCOPE, scope)
    except Exception:  # an environ of another make
        pass


def scope_of(environ: Any) -> Mapping[str, Any]:
    """Empty if the request is not recorded, or came by no adapter that is known."""
    scope = environ.get(_SCOPE) if isinstance(environ, dict) else None
    return scope if isinstance(scope, dict) and MARK in scope else {}
