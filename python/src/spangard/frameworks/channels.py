# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of Channels 4, HTTP and WebSocket consumers below URLRouter: `/ws/chat/<str:room>/`, nested routers joined.

URLRouter gives its consumer a copy of the scope, without the pattern that matched, and keeps nothing itself. So its
`__call__` is wrapped (on the class: routers are made long before) and looks for the first pattern that matches, as
URLRouter will do right after. Converters run twice for it; they are pure here, where a database cannot be read.
"""

from __future__ import annotations

from functools import wraps

from . import wsgi
from .noted import note, noted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is channels.routing."""
    wsgi.mark_as_coroutines()  # synchronous consumers call `send` through async_to_sync
    router: Any = module.URLRouter
    call = router.__call__

    @wraps(call)
    async def routed(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        try:
            _note_match(self.routes, scope)
        except Exception:  # a pattern that raises: for URLRouter to deal with
            pass
        return await call(self, scope, receive, send)

    router.__call__ = routed


def _note_match(routes: Any, scope: Mapping[str, Any]) -> None:
    root: str = scope.get("root_path") or ""
    rest: str | None = scope.get("path_remaining")
    prefix = "/"
    if rest is None:
        path: str = scope["path"]
        rest = path.removeprefix(root)
    else:
        prefix = noted(scope) or "/"
        if rest.startswith("/") and not prefix.endswith("/"):
            prefix += "/"
    path = rest.lstrip("/")
    found = _first(routes, path)
    if found is not None:
        route, remaining = found
        template = str(route.pattern).removeprefix("^")
        # An empty pattern in front of another application matches whatever comes: it is the route of nothing.
        if template or not remaining or _is_router(route.callback):
            note(scope, root, prefix + template)


def _first(routes: Any, path: str) -> tuple[Any, str] | None:
    """The first route that matches, and what remains of the path; a router that finds nothing inside does not."""
    for route in routes:
        match = route.pattern.match(path)
        if match:
            remaining: str = match[0]
            if not _is_router(route.callback) or _first(route.callback.routes, remaining.lstrip("/")):
                return route, remaining
    return None


def _is_router(application: Any) -> bool:
    return getattr(application, "_path_routing", False) is True
