# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Route templates: what a framework left in the scope says which route answered.

No framework is imported here. A module of this package is loaded when a scope shows its framework's mark, or when the
framework is already loaded; only frameworks that leave nothing in the scope are patched, each module says where.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .starlette import StarletteRoutes

_WATCHED = {
    "django.core.handlers.base": "django",
    "channels.routing": "channels",
    "quart.signals": "quart",
    "falcon.asgi.app": "falcon",
    "flask.signals": "flask",
    "asgiref.wsgi": "wsgi",
    "connexion.middleware.routing": "connexion",
    "sanic.asgi": "sanic",
    "blacksheep.server.application": "blacksheep",
    "lilya.routing": "lilya",
}
"""A framework's module → the module here that watches it."""

_watched: set[str] = set()


def route_names() -> RouteNames:
    """A new instance, of the kind that the frameworks loaded by now need."""
    try:
        modules = [name for name in _WATCHED if name in sys.modules]
        if not modules and "litestar" not in sys.modules:
            return RouteNames()
        from importlib import import_module

        from .noted import AllRouteNames

        for name in modules:
            if name not in _watched:
                _watched.add(name)
                _watch(sys.modules[name], import_module("." + _WATCHED[name], __name__))
        return AllRouteNames()
    except Exception:
        return RouteNames()


def _watch(framework: Any, watcher: Any) -> None:
    try:
        watcher.watch(framework)
    except Exception:  # a version that is not made as those we know: no http.route, which is optional
        pass


class RouteNames:
    """Names the routes of one application; one instance per middleware, shared by its threads.

    Memory is bounded by `starlette_tree.MAX_ROUTES` and `starlette.MAX_ROUTERS`.
    """

    __slots__ = ("_starlette",)

    are_noted = False
    """Frameworks are loaded that do not leave their router in the scope."""

    def __init__(self) -> None:
        self._starlette: StarletteRoutes | None = None

    def name(self, scope: Mapping[str, Any]) -> str | None:
        """The `http.route` of a finished request: the full template as the client sees it, or None if no route matched.

        `scope` is the dict the application was called with, as the application left it. Never raises.
        """
        try:
            router = scope.get("router")  # Starlette and all built on it, FastAPI among them
            if router is None:
                return None
            routes = self._starlette
            if routes is None:
                from .starlette import StarletteRoutes

                routes = self._starlette = StarletteRoutes()
            return routes.name(scope, router)
        except Exception:
            # A router that looks like none we know: the request stays without http.route, which is optional.
            return None
