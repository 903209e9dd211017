# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""BlackSheep 2: routes, as they were written (`/items/{id}`, `/items/:id`), and exceptions that it answers.

Its routers return a match and keep nothing, and its middlewares are an application's own. So the method that finds a
match is wrapped, on every class of router that has one; for WebSockets, whose match is found without the scope, it is
looked for once more. Exceptions come by the two methods that choose an answer.
"""

from __future__ import annotations

import sys
from functools import wraps

from .._answered import raised
from .noted import note, note_mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch(module: ModuleType) -> None:
    """`module` is blacksheep.server.application."""
    application: Any = module.Application
    for router in list(vars(sys.modules["blacksheep.server.routing"]).values()):
        if (
            isinstance(router, type)
            and "get_match" in vars(router)
            and not getattr(router, "__abstractmethods__", None)
        ):
            _watch_matches(router)
    mounts = getattr(module, "MountMixin", None)
    if mounts is not None:
        _watch_mounts(mounts)
    _watch_websockets(application)
    for name in ("handle_http_exception", "handle_exception"):
        _watch_exceptions(application, name)


def _watch_matches(router: Any) -> None:
    get = router.get_match

    @wraps(get)
    def get_match(self: Any, request: Any) -> Any:
        match = get(self, request)
        _note_match(self, getattr(request, "scope", None), match)
        return match

    router.get_match = get_match


def _note_match(router: Any, scope: Any, match: Any) -> None:
    try:
        fallback = getattr(router, "fallback", None)  # what answers 404, or everything
        if match is not None and scope and (fallback is None or match.pattern != b"*"):
            note(scope, scope.get("root_path") or "", match.pattern.decode())
    except Exception:  # a router of another make
        pass


def _watch_websockets(application: Any) -> None:
    handle = application._handle_websocket

    @wraps(handle)
    async def handle_websocket(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        try:
            path, root = scope["path"], scope.get("root_path") or ""
            if root and path.startswith(root):
                path = path[len(root) :] or "/"
            if self.started:  # before, what is found would be remembered without the routes that are to come
                _note_match(self.router, scope, self.router.get_match_by_method_and_path("GET_WS", path))
        except Exception:  # a router of another make
            pass
        return await handle(self, scope, receive, send)

    application._handle_websocket = handle_websocket


def _watch_mounts(mixin: Any) -> None:
    handle = mixin.handle_mount_path

    @wraps(handle)
    def handle_mount_path(self: Any, scope: Any, route_match: Any) -> Any:
        try:
            note_mount(scope, scope.get("root_path") or "", route_match.pattern.decode().removesuffix("/*"))
        except Exception:  # a match of another make
            pass
        return handle(self, scope, route_match)

    mixin.handle_mount_path = handle_mount_path


def _watch_exceptions(application: Any, name: str) -> None:
    handle = getattr(application, name)

    @wraps(handle)
    def handled(self: Any, request: Any, exc: Any) -> Any:
        raised(getattr(request, "scope", None) or {}, exc)
        return handle(self, request, exc)

    setattr(application, name, handled)
