# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What FastAPI adds to Starlette's routes.

Until 0.136 `include_router` copies each route with its prefix, and there is nothing to add. Later versions keep the
included router, whose routes know no prefix; an effective route context has the prefixed form of one of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


def effective_routes(route: Any) -> Iterator[tuple[Any, Any]]:
    """The routes that `route` stands for: `(route with its full path, what the scope of a request has of it)`."""
    contexts = getattr(route, "effective_route_contexts", None)
    if contexts is None:
        yield route, route
        return
    for context in contexts():
        yield getattr(context, "starlette_route", None) or context, context


def effective_route(scope: Mapping[str, Any]) -> Any | None:
    """The effective route context a request was routed by, if it went through an included router."""
    state = scope.get("fastapi")
    return state.get("effective_route_context") if isinstance(state, dict) else None


def frontend_template(scope: Mapping[str, Any]) -> str | None:
    """The template of a frontend (`app.frontend(...)`) below the innermost mount.

    It leaves no endpoint, only what is left of the path.
    """
    state = scope.get("fastapi")
    rest = state.get("frontend_path") if isinstance(state, dict) else None
    if rest is None:
        return None
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    if root and path.startswith(root):
        path = path[len(root) :]
    return (path[: len(path) - len(rest)] if rest else path).rstrip("/") + "/{path}"
