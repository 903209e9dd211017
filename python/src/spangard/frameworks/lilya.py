# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of Lilya, of includes and of WebSockets: `/users/{user_id}`, without the parameters' types.

Each router gives its routes a copy of the scope with their own template in it, so that nothing comes back of a nested
one. The methods that are called with such a copy are wrapped; how it came there travels in the copies.
"""

from __future__ import annotations

from functools import wraps

from .noted import note, note_mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any


_WAY = "spangard.lilya"
"""Scope key: (root path outside of Lilya, template of the includes on the way)."""

_TAIL = "/{path}"


def watch(module: ModuleType) -> None:
    """`module` is lilya.routing."""
    routing: Any = module
    _watch_routes(routing.Path)
    _watch_routes(routing.WebSocketPath)
    _watch_includes(routing.Include, routing.BasePath)


def _way(scope: Mapping[str, Any]) -> tuple[str, str]:
    return scope.get(_WAY) or (scope.get("root_path") or "", "")


def _watch_routes(route: Any) -> None:
    dispatch = route.handle_dispatch

    @wraps(dispatch)
    def handle_dispatch(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        try:
            root, way = _way(scope)
            note(scope, root, way + self.path_format)
        except Exception:  # a route of another make
            pass
        return dispatch(self, scope, receive, send)

    route.handle_dispatch = handle_dispatch


def _watch_includes(include: Any, base: Any) -> None:
    dispatch = include.handle_dispatch

    @wraps(dispatch)
    def handle_dispatch(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        try:
            root, way = _way({_WAY: scope.get(_WAY), "root_path": scope.get("app_root_path")})
            way += self.path_format.removesuffix(_TAIL)
            if any(isinstance(route, base) for route in self.routes):
                scope[_WAY] = (root, way)
            else:
                note_mount(scope, root, way)
        except Exception:  # a route of another make
            pass
        return dispatch(self, scope, receive, send)

    include.handle_dispatch = handle_dispatch
