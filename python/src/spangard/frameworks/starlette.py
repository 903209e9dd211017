# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of Starlette 0.27 and later, and of all that is built on it; FastAPI's additions are in `fastapi.py`.

Starlette leaves the outermost router, the last matched endpoint and the concrete path in the scope, never the template
of a mounted route. So the tree of routes is walked once per outermost router into a table from endpoint to template.
An endpoint that serves several templates is told apart by its route object, where the version leaves that in the
scope, else by matching the path.
"""

from __future__ import annotations

import re
import sys
from time import monotonic

from . import fastapi
from .starlette_tree import MOUNT_TAIL, Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .starlette_tree import Leaf

MAX_ROUTERS = 8
"""Outermost routers remembered at a time, and walks made without delay; later walks are spaced by 1 s to 64 s."""
MAX_DELAY_S = 64.0


class StarletteRoutes:
    """The route tables of one application. Any thread may call `name`; tables are replaced whole, never changed."""

    __slots__ = ("_clock", "_current", "_delay_s", "_next_walk_s", "_tables", "_walks")

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._walks = 0
        self._delay_s = 1.0
        self._next_walk_s = 0.0
        self._tables: dict[int, _Table] = {}
        self._current = _Table(None, ())

    def name(self, scope: Mapping[str, Any], router: Any) -> str | None:
        """The full template of the route in `scope`; `router` is `scope["router"]`, the outermost one."""
        table = self._current
        if table.router is not router or len(router.routes) != table.size:
            table = self._table(router)
        endpoint = scope.get("endpoint")
        if endpoint is None:
            template = fastapi.frontend_template(scope)
        else:
            template = table.templates.get(id(endpoint), table)
            if template.__class__ is _Choice:
                template = template.pick(scope)
            if template is table:
                template = self._missing(scope, router, endpoint)
            if template is None:  # it ended at a mounted router, none of whose routes a frontend is
                template = self._current.frontend(scope, endpoint)
        if template is None:
            return None
        root = scope.get("app_root_path")
        if root is None:
            root = scope.get("root_path")
        return root.rstrip("/") + template if root else template

    def _table(self, router: Any) -> _Table:
        """The table of this router; a new one if there is none, or if routes were added, and it is time for a walk."""
        table = self._tables.get(id(router))
        if table is None or table.size != len(router.routes):
            table = self._walk(router) or table or _Table(router, ())
        self._current = table
        return table

    def _walk(self, router: Any) -> _Table | None:
        now = self._clock()
        if now < self._next_walk_s:
            return None
        self._walks += 1
        if self._walks >= MAX_ROUTERS:
            self._next_walk_s = now + self._delay_s
            self._delay_s = min(self._delay_s * 2, MAX_DELAY_S)
        table = _Table(router, Walk().leaves(router.routes))
        tables = self._tables
        if len(tables) >= MAX_ROUTERS and id(router) not in tables:
            tables = {}
        self._tables = {**tables, id(router): table}
        return table

    def _missing(self, scope: Mapping[str, Any], router: Any, endpoint: Any) -> str | None:
        """The route is not in the table: it was added deep in the tree since the walk, or is of another make."""
        table = self._walk(router)
        if table is not None:
            self._current = table
            template = table.templates.get(id(endpoint), table)
            if template.__class__ is _Choice:
                template = template.pick(scope)
            if template is not table:
                return template  # type: ignore[no-any-return]
        if "app_root_path" in scope:
            return None  # mounted somewhere: the scope has only the concrete path of the mount
        for route in (fastapi.effective_route(scope), scope.get("route")):
            if getattr(route, "endpoint", None) is endpoint:
                template = getattr(route, "path_format", None)
                return template if isinstance(template, str) else None
        return None


class _Table:
    """From endpoint to template, for one outermost router. Holds the endpoints and routes, so that no id is reused.

    The template of a mounted router is None; its place is only asked for by its frontends.
    """

    __slots__ = ("_leaves", "_places", "router", "size", "templates")

    def __init__(self, router: Any, leaves: Iterable[Leaf]) -> None:
        self.router = router
        self.size = len(router.routes) if router is not None else -1
        self._leaves = list(leaves)
        by_endpoint: dict[int, list[Leaf]] = {}
        for leaf in self._leaves:
            by_endpoint.setdefault(id(leaf.endpoint), []).append(leaf)
        self.templates: dict[int, Any] = {}
        self._places: dict[int, Any] = {}
        for key, same in by_endpoint.items():
            template = _Choice(same, self) if len({leaf.template for leaf in same}) > 1 else same[0].template
            if all(leaf.is_router for leaf in same):
                self.templates[key], self._places[key] = None, template
            else:
                self.templates[key] = template

    def frontend(self, scope: Mapping[str, Any], app: Any) -> str | None:
        """The whole template of a frontend of ``app``, a mounted FastAPI."""
        below = fastapi.frontend_template(scope)
        place = None if below is None else self._places.get(id(app))
        if place.__class__ is _Choice:
            place = place.pick(scope)
        return place[: -len(MOUNT_TAIL)] + below if isinstance(place, str) and below else None


class _Choice:
    """One endpoint under several templates."""

    __slots__ = ("_by_route", "_leaves", "_missing", "_regex")

    def __init__(self, leaves: list[Leaf], missing: object) -> None:
        self._leaves = leaves
        self._missing = missing
        self._regex: re.Pattern[str] | None = None
        by_route: dict[int, set[str | None]] = {}
        for leaf in leaves:
            by_route.setdefault(id(leaf.route), set()).add(leaf.template)
        self._by_route = {key: next(iter(found)) for key, found in by_route.items() if len(found) == 1}

    def pick(self, scope: Mapping[str, Any]) -> Any:
        """The template of this request, or `missing`. A route that an outer router left in the scope is not in here."""
        missing = self._missing
        template = self._by_route.get(id(fastapi.effective_route(scope)), missing)
        if template is missing:
            template = self._by_route.get(id(scope.get("route")), missing)
        return self._match(scope) if template is missing else template

    def _match(self, scope: Mapping[str, Any]) -> Any:
        regex = self._regex
        if regex is None:
            # One alternation, in the order of the tree, which is the order Starlette tries. The group of a leaf closes
            # after all groups that a convertor may have in it, so it is the last one.
            ways = (f"(?P<r{index}>{leaf.expression()})" for index, leaf in enumerate(self._leaves))
            regex = self._regex = re.compile("|".join(ways))
        match = regex.fullmatch(_path(scope))
        if match is None or match.lastgroup is None:
            return self._missing
        return self._leaves[int(match.lastgroup[1:])].template


def _path(scope: Mapping[str, Any]) -> str:
    """The path below the application's root."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    app_root: str | None = scope.get("app_root_path")
    if app_root is None:
        app_root = root
    if not hasattr(sys.modules["starlette._utils"], "get_route_path"):
        path = root + path  # before 0.33 a mount moved its part of the path to root_path
    if app_root and path.startswith(app_root) and (len(path) == len(app_root) or path[len(app_root)] == "/"):
        return path[len(app_root) :]
    return path
