# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of Litestar 2: `/items/{item_id}`, without the parameters' types, as Litestar's own telemetry names them.

Litestar leaves the template in the scope; earlier versions leave only the route handler, and for a mounted
application there is none. Then the application's list of routes tells which of them has this handler.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

MAX_HANDLERS = 4096
"""Handlers whose templates are remembered."""


class LitestarRoutes:
    """Any thread may call `template`."""

    __slots__ = ("_templates",)

    def __init__(self) -> None:
        self._templates: dict[int, tuple[Any, frozenset[str]]] = {}

    def template(self, scope: Mapping[str, Any]) -> str | None:
        """The template below the root path, of a mount with `/{path}` at its end; `scope` has a `route_handler`."""
        return scope.get("path_template") or self._by_handler(scope)

    def _by_handler(self, scope: Mapping[str, Any]) -> str | None:
        handler = scope["route_handler"]
        known = self._templates.get(id(handler))
        if known is None:
            if len(self._templates) >= MAX_HANDLERS:
                self._templates.clear()
            # The handler is kept with its templates, so that its id is not used again.
            known = self._templates[id(handler)] = (handler, frozenset(_templates(_application(scope).routes, handler)))
        if len(known[1]) == 1:
            return next(iter(known[1]))
        names = [f"{{{name}}}" for name in scope.get("path_params") or ()]
        fits = [t for t in known[1] if t.count("{") == len(names) and all(name in t for name in names)]
        return fits[0] if len(fits) == 1 else None


def _application(scope: Mapping[str, Any]) -> Any:
    app = scope.get("litestar_app")  # an application mounted in it may have put itself at "app"
    return scope["app"] if app is None else app


def _templates(routes: Iterable[Any], handler: Any) -> Iterable[str]:
    for route in routes:
        if handler is getattr(route, "route_handler", None):
            tail = "/{path}" if getattr(handler, "is_mount", False) else ""
            yield route.path_format.rstrip("/") + tail if tail else route.path_format
        elif any(handler is one for one in getattr(route, "route_handlers", ())):
            yield route.path_format
