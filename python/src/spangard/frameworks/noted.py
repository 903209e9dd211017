# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes of frameworks that leave nothing in the scope, and the names of applications that are made of several.

Such a framework is watched at the place where it has found a route (its module here says where) and the template is
noted under the request's mark. The mark is in the scope, so it is found in the copies of the scope that middleware
makes; whatever is written into a copy never comes back.
"""

from __future__ import annotations

from .. import _buffer
from .._notes import MARK, keep_bounded
from . import RouteNames
from .litestar import LitestarRoutes
from .starlette_tree import MOUNT_TAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_WHOLE = "*"
"""In place of a root path: there was none to cut off."""

_notes: dict[int, tuple[str, str, str]] = {}
"""Mark → (root path as the framework sees it, mounts below that, template below these). A dict's single operations are
atomic.
"""


def note(scope: Mapping[str, Any], root: str | None, template: str) -> None:
    """A framework has found the route of this request; a later note wins, being the inner framework's.

    `root` is what the framework had cut off the path; None if `template` has matched the whole path.
    """
    mark = scope.get(MARK)
    live = _buffer.recorder().live
    if mark not in live:  # not recorded, or over
        return
    keep_bounded(_notes, live)
    before = _notes.get(mark)
    if before is not None and before[1]:
        _notes[mark] = (before[0], before[1], template)
    else:
        _notes[mark] = (_WHOLE if root is None else root.rstrip("/"), "", template)


def note_mount(scope: Mapping[str, Any], root: str, prefix: str) -> None:
    """A framework hands the request to an application that it has mounted there; what that notes is below it."""
    note(scope, root, MOUNT_TAIL)
    known = _notes.get(scope.get(MARK, 0))
    if known is not None:
        _notes[scope[MARK]] = (known[0], known[1] + prefix.rstrip("/"), MOUNT_TAIL)


def noted(scope: Mapping[str, Any]) -> str | None:
    """The template that an outer router has noted; None for no more than a mount."""
    known = _notes.get(scope.get(MARK, 0))
    return None if known is None or (known[1] and known[2] == MOUNT_TAIL) else known[2]


def forget(scope: Mapping[str, Any]) -> None:
    """No route matched below a place that was noted."""
    mark = scope.get(MARK, 0)
    known = _notes.pop(mark, None)
    if known is not None and known[1]:
        _notes[mark] = (known[0], known[1], MOUNT_TAIL)


class AllRouteNames(RouteNames):
    """`RouteNames` of a process with a framework that is not built on Starlette."""

    __slots__ = ("_litestar",)

    are_noted = True

    def __init__(self) -> None:
        super().__init__()
        self._litestar = LitestarRoutes()

    def name(self, scope: Mapping[str, Any]) -> str | None:
        try:
            found = _notes.pop(scope.get(MARK, 0), None)
            root, inner = ("", None) if found is None else (found[0], found[1] + found[2])
            if root is _WHOLE:
                return inner
            routed = "router" in scope and not type(scope["router"]).__module__.startswith("lilya.")
            starlette = super().name(scope) if routed else None
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
            if inner is None or (outer is None and routed):
                return outer
            # A framework below a mount has seen this request's own root path, not the mount's template.
            return root + inner if outer is None else outer[: -len(MOUNT_TAIL)] + inner if _is_mount(outer) else outer
        except Exception:
            return None


def _is_mount(template: str) -> bool:
    return template.endswith(MOUNT_TAIL)
