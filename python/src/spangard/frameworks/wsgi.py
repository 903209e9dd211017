# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The scope of a request that an adapter has brought to a WSGI application: Flask's or Django's, mounted somewhere.

a2wsgi leaves the scope in the environ, as `asgi.scope`. Others leave nothing, so it is put there where they make it.
"""

from __future__ import annotations

import sys
from functools import wraps

from .. import _messages, _sums, _websocket
from . import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any

_SCOPE = "asgi.scope"

_ADAPTERS = {"starlette.middleware.wsgi": None, "uvicorn.middleware.wsgi": None, "asgiref.wsgi": "WsgiToAsgiInstance"}
"""Module → its class that has `build_environ`, None where that is a function."""

_watched: set[str] = set()


def watch(module: ModuleType | None = None) -> None:
    """Has the adapters that are loaded by now leave the scope; `module`, one of them, is among these."""
    for name, inside in _ADAPTERS.items():
        loaded = sys.modules.get(name)
        owner = loaded if inside is None else getattr(loaded, inside, None)
        if name not in _watched and hasattr(owner, "build_environ"):
            _watched.add(name)
            _leave_scope(owner)
            if inside is not None:
                mark_as_coroutines()


def mark_as_coroutines() -> None:
    """For asgiref's `async_to_sync`, which warns of a `send` that is no coroutine function: ours returns the server's
    coroutine.
    """
    from asgiref.sync import markcoroutinefunction

    markcoroutinefunction(_messages.Detailed.send)
    markcoroutinefunction(_sums.Counted.send)
    _websocket.mark_as_coroutine = markcoroutinefunction


def _leave_scope(owner: Any) -> None:
    build = owner.build_environ

    @wraps(build)
    def build_environ(*args: Any, **kwargs: Any) -> Any:
        environ = build(*args, **kwargs)
        try:
            for scope in args[:2]:  # of a method the second argument
                if isinstance(scope, dict) and MARK in scope:
                    environ.setdefault(_SCOPE, scope)
        except Exception:  # an environ of another make
            pass
        return environ

    owner.build_environ = build_environ


def scope_of(environ: Any) -> Mapping[str, Any]:
    """Empty if the request is not recorded, or came by no adapter that is known."""
    scope = environ.get(_SCOPE) if isinstance(environ, dict) else None
    return scope if isinstance(scope, dict) and MARK in scope else {}
