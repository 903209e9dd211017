# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""One walk through a tree of Starlette routes: every place where a request can end, with its full template."""

from __future__ import annotations

import re
import sys

from . import fastapi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_ROUTES = 20_000
"""Routes looked at in one tree; those beyond it are named only where the scope alone says enough."""
MAX_DEPTH = 16
"""Mounts within mounts, and wrappers around a mounted application, that are followed."""

_GROUP_NAME = re.compile(r"\(\?P<\w+>")
MOUNT_TAIL = "/{path}"
_MOUNT_TAIL_PATTERN = "/(?P<path>"


class Leaf:
    """A place in the tree where a request can end."""

    __slots__ = ("endpoint", "is_router", "patterns", "route", "template")

    def __init__(
        self, endpoint: Any, route: Any, template: str, patterns: tuple[str, ...], is_router: bool = False
    ) -> None:
        self.endpoint = endpoint
        self.route = route
        self.template = template
        self.is_router = is_router
        """A request that ends at a mounted router has found no route inside."""
        self.patterns = patterns
        """Regular expressions of the mounts on the way and of the route, to be matched one after the other."""

    def expression(self) -> str:
        """One expression for the way here; names are dropped, since a mount and its routes may share them."""
        parts = (pattern.removeprefix("^").removesuffix("$") for pattern in self.patterns)
        return "".join(_GROUP_NAME.sub("(?:", part) for part in parts)


class Walk:
    """One walk through a tree of routes."""

    def __init__(self) -> None:
        self._seen = 0
        routing = sys.modules["starlette.routing"]
        self._mount: type[Any] = routing.Mount
        self._host: type[Any] = routing.Host
        self._base: type[Any] = routing.BaseRoute

    def leaves(
        self, routes: Iterable[Any], prefix: str = "", patterns: tuple[str, ...] = (), depth: int = 0
    ) -> list[Leaf]:
        found: list[Leaf] = []
        for entry in list(routes):
            for route, identity in fastapi.effective_routes(entry):
                self._seen += 1
                if self._seen > MAX_ROUTES:
                    return found
                if isinstance(route, self._mount):
                    found += self._mounted(route, prefix, patterns, depth)
                elif isinstance(route, self._host):
                    found += self._hosted(route, prefix, patterns, depth)
                else:
                    endpoint = getattr(route, "endpoint", None)
                    template = getattr(route, "path_format", None)
                    if endpoint is not None and isinstance(template, str):
                        found.append(Leaf(endpoint, identity, prefix + template, (*patterns, _pattern(route))))
        return found

    def _mounted(self, mount: Any, prefix: str, patterns: tuple[str, ...], depth: int) -> list[Leaf]:
        inside = self._routes_inside(mount.app)
        pattern = _pattern(mount)
        full = prefix + mount.path_format
        if inside is None:
            return [Leaf(mount.app, mount, full, (*patterns, pattern))]
        found = [Leaf(mount.app, mount, full, (*patterns, pattern), is_router=True)]
        if depth < MAX_DEPTH:
            head = pattern[: pattern.rindex(_MOUNT_TAIL_PATTERN)]
            found += self.leaves(inside, full[: -len(MOUNT_TAIL)], (*patterns, head), depth + 1)
        return found

    def _hosted(self, host: Any, prefix: str, patterns: tuple[str, ...], depth: int) -> list[Leaf]:
        found = [Leaf(host.app, host, prefix + MOUNT_TAIL, (*patterns, ".*"), is_router=True)]
        inside = self._routes_inside(host.app)
        if inside is not None and depth < MAX_DEPTH:
            found += self.leaves(inside, prefix, patterns, depth + 1)
        return found

    def _routes_inside(self, app: Any) -> Iterable[Any] | None:
        """The routes of a mounted application, also behind middleware that keeps it in `app`; None if it has none."""
        for _ in range(MAX_DEPTH):
            if isinstance(app, self._base):  # a Mount, which has a path of its own
                return [app]
            routes = getattr(app, "routes", None)
            if isinstance(routes, (list, tuple)) and all(isinstance(route, self._base) for route in routes):
                return routes
            app = getattr(app, "app", None)
            if app is None:
                break
        return None


def _pattern(route: Any) -> str:
    regex = getattr(route, "path_regex", None)
    return regex.pattern if isinstance(regex, re.Pattern) else re.escape(str(getattr(route, "path", "")))
