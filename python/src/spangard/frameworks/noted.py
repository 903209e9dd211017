# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of frameworks that leave nothing in the scope, and the names of applications that are made of several.

Such a framework is watched at the place where it has found a route (`django.py`, `channels.py`, `quart.py`, `falcon.py`
say where) and the template is noted under the request's mark. The mark is in the scope, so it is found in the copies
of the scope that middleware makes; whatever is written into a copy never comes back.
"""

from __future__ import annotations

from .. import _buffer
from .._notes import keep_bounded
from . import MARK, RouteNames
from .litestar import LitestarRoutes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_MOUNT_TAIL = "/{path}"

_WHOLE = "*"
"""In place of a root path: there was none to cut off."""

_notes: dict[int, tuple[str, str]] = {}
"""Mark → (root path as the framework sees it, template below it). A dict's single operations are atomic."""


def note(scope: Mapping[str, Any], root: str | None, template: str) -> None:
    """A framework has found the route of this request; a later note wins, being the inner framework's.

    `root` is what the framework had cut off the path; None if `template` has matched the whole path.
    """
    mark = scope.get(MARK)
    live = _buffer.recorder().live
    if mark not in live:  # not recorded, or over
        return
    keep_bounded(_notes, live)
    _notes[mark] = (_WHOLE if root is None else root.rstrip("/"), template)


def noted(scope: Mapping[str, Any]) -> str | None:
    """The template that an outer router of the same framework has noted."""
    note = _notes.get(scope.get(MARK, 0))
    return None if note is None else note[1]


def forget(scope: Mapping[str, Any]) -> None:
    """No route matched below a place that was noted."""
    _notes.pop(scope.get(MARK, 0), None)


class AllRouteNames(RouteNames):
    """`RouteNames` of a process with a framework that is not built on Starlette."""

    __slots__ = ("_litestar",)

    are_noted = True

    def __init__(self) -> None:
        super().__init__()
        self._litestar = LitestarRoutes()

    def names(self, scope: Mapping[str, Any]) -> str | None:
        try:
            found = _notes.pop(scope.get(MARK, 0), None)
            root, inner = found or ("", None)
            if root is _WHOLE:
                return inner
            starlette = super().names(scope) if "router" in scope else None
            litestar = self._litestar.template(scope) if "route_handler" in scope else None
            outer = starlette
            if litestar is not None:
                below = (scope.get("root_path") or "").rstrip("/")
                if starlette is None:
                    outer = below + litestar
                elif _is_mount(starlette):
                    inner = litestar
                else:
                    outer, inner = below + litestar, starlette.removeprefix(below)
            if inner is None or (outer is None and "router" in scope):
                return outer
            # A framework below a mount has seen this request's own root path, not the mount's template.
            return root + inner if outer is None else outer[: -len(_MOUNT_TAIL)] + inner if _is_mount(outer) else outer
        except Exception:
            return None


def _is_mount(template: str) -> bool:
    return template.endswith(_MOUNT_TAIL)
