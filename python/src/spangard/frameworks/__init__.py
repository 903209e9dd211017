# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Route templates: what a framework left in the scope says which route answered.

No framework is imported or patched here. A module of this package is loaded when a scope shows its framework's mark.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .starlette import StarletteRoutes


class RouteNames:
    """Names the routes of one application; one instance per middleware, shared by its threads.

    Memory is bounded by `starlette_tree.MAX_ROUTES` and `starlette.MAX_ROUTERS`.
    """

    __slots__ = ("_starlette",)

    def __init__(self) -> None:
        self._starlette: StarletteRoutes | None = None

    def names(self, scope: Mapping[str, Any]) -> str | None:
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
